"""Everything a front end may ask: the operations of EC2's key-pair API, and saving a private key.

The operations check in EC2's order: dry run, parameters, quota, duplicate. What they answer are
values of `core.model`; what they refuse, they refuse with errors of `core.errors`.
"""

import os
import secrets
import stat
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from core import destination, files, validation
from core.errors import (
    DryRunOperation,
    InvalidKeyPairDuplicate,
    InvalidParameterValue,
    KeyPairLimitExceeded,
    MissingParameter,
    ProofFailed,
    SaveError,
    StoreError,
)
from core.model import (
    CreatedKeyPair,
    KeyFormat,
    KeyPair,
    KeyType,
    PrivateKeyState,
    SavedKeyMaterial,
    Tag,
    TagSpecification,
)
from core.secret import KeyMaterial

if TYPE_CHECKING:
    from core.store import RegionState, RegionStore

_LARGEST_KEY_FILE = 64 * 1024


def now() -> datetime:
    """Return the time as EC2 keeps it: aware, UTC, whole milliseconds."""
    time = datetime.now(UTC)
    return time.replace(microsecond=time.microsecond // 1000 * 1000)


def new_key_pair_id() -> str:
    """Return a random id in EC2's form: `key-0` and 16 more hexadecimal digits."""
    return f"key-0{secrets.token_hex(8)}"


class KeyPairService:
    """The key pairs of one Region.

    Methods block (an RSA key takes 50 ms, a write waits for the disk) and may be called from any
    thread. `now` and `new_key_pair_id` are arguments so that tests can fix them.
    """

    def __init__(
        self,
        store: "RegionStore",
        *,
        now: Callable[[], datetime] = now,
        new_key_pair_id: Callable[[], str] = new_key_pair_id,
    ) -> None:
        self._store = store
        self._now = now
        self._new_key_pair_id = new_key_pair_id

    @classmethod
    def open(cls, data_dir: Path, region: str) -> "KeyPairService":
        """Return the service of a Region whose file is in `data_dir`; nothing is read yet."""
        from core.store import RegionStore

        return cls(RegionStore(data_dir, region))

    @property
    def region(self) -> str:
        """The Region's name."""
        return self._store.region

    def now(self) -> datetime:
        """Return the present time as this service takes it."""
        return self._now()

    def create_key_pair(
        self,
        *,
        key_name: str,
        key_type: str = KeyType.RSA,
        key_format: str = KeyFormat.PEM,
        tag_specifications: Sequence[TagSpecification] = (),
        dry_run: bool = False,
    ) -> CreatedKeyPair:
        """Create a key pair, record it, and hand its private key over: the only time it exists.

        Raises:
            DryRunOperation: `dry_run` was set; nothing else was looked at.
            MissingParameter, InvalidParameterValue, TagLimitExceeded: see `core.validation`.
            KeyPairLimitExceeded: the Region holds 5,000 key pairs.
            InvalidKeyPairDuplicate: the name is taken.
            StoreError: the record could not be written; no key pair exists.
        """
        if dry_run:
            raise DryRunOperation
        validation.check_key_name(key_name)
        checked_type = validation.check_key_type(key_type)
        checked_format = validation.check_key_format(key_format)
        tags = validation.check_tag_specifications(tag_specifications)
        # Looked at before the key is made, which takes long, and again under the lock.
        _check_room(self._store.read(), key_name)
        created = self._generate(key_name, checked_type, checked_format, tags)
        try:
            with self._store.transaction() as transaction:
                _check_room(transaction.state, key_name)
                transaction.insert(created.key_pair)
        except BaseException:
            created.key_material.wipe()
            raise
        return created

    def _generate(
        self, key_name: str, key_type: KeyType, key_format: KeyFormat, tags: tuple[Tag, ...]
    ) -> CreatedKeyPair:
        # Imported here: cryptography takes some 70 ms that looking at key pairs never needs.
        from core import keygen
        from core.encoding import pem, private
        from core.fingerprint import ec2_fingerprint, fingerprints

        private_key = keygen.generate(key_type)
        public_key = private.public_key(private_key)
        kinds = fingerprints(public_key, pem.pkcs8_der(private_key))
        key_pair = KeyPair(
            key_pair_id=self._new_key_pair_id(),
            key_name=key_name,
            key_type=key_type,
            key_fingerprint=ec2_fingerprint(public_key, kinds),
            fingerprints=kinds,
            public_key=public_key.line,
            tags=tags,
            create_time=self._now(),
            private_key=PrivateKeyState.UNSAVED,
        )
        material = KeyMaterial(private.encode(private_key, key_format, comment=key_name))
        return CreatedKeyPair(key_pair, key_format, material)

    def describe_key_pairs(self) -> tuple[KeyPair, ...]:
        """Return the key pairs of the Region, in the order in which they were made.

        Raises:
            StoreError: the Region's file cannot be read.
        """
        return tuple(self._store.read().key_pairs.values())

    def key_pair_named(self, key_name: str) -> KeyPair | None:
        """Return the key pair of that name, or None; cheap enough to ask on every key press.

        Raises:
            StoreError: the Region's file cannot be read.
        """
        return self._store.read().named(key_name)

    def delete_key_pair(
        self,
        *,
        key_name: str | None = None,
        key_pair_id: str | None = None,
        dry_run: bool = False,
    ) -> str | None:
        """Delete a key pair by name or id, and return the id of what was deleted.

        When both are given the id decides. A name that does not exist and an id that existed
        once are no errors: nothing is deleted and the answer is None.

        Raises:
            DryRunOperation: `dry_run` was set; nothing else was looked at.
            MissingParameter: neither was given.
            InvalidParameterValue: an id that never existed, or is none.
            StoreError: the change could not be written; nothing was deleted.
        """
        if dry_run:
            raise DryRunOperation
        if not key_name and not key_pair_id:
            raise MissingParameter("KeyName or KeyPairId must be provided")
        with self._store.transaction() as transaction:
            state = transaction.state
            if key_pair_id:
                _check_id_once_existed(state, key_pair_id)
                found = state.key_pairs.get(key_pair_id)
            else:
                found = state.named(key_name or "")
            if found is None:
                return None
            transaction.remove(found.key_pair_id, self._now())
            return found.key_pair_id

    def save_key_material(self, created: CreatedKeyPair, path_text: str) -> SavedKeyMaterial:
        """Write the private key to a new file of mode 0600, read it back, and record where it is.

        A missing folder is made with mode 0700. Nothing is ever overwritten, and a failure leaves
        no file behind; the key stays in hand.

        Raises:
            SaveError: the path is no good or the file could not be written; says why.
            ProofFailed: the file did not read back as the key; it was removed.
        """
        target = destination.examine(path_text)
        if target.path is None or not target.usable:
            raise SaveError(f"Not saved: {target.explanation}.")
        path = target.path
        try:
            files.create_private_folder(path.parent)
            files.create_private_file(path, created.key_material.encode())
        except FileExistsError:
            raise SaveError(f"Not saved: {path} exists, and is never overwritten.") from None
        except OSError as error:
            raise SaveError(f"Not saved to {path}: {error.strerror}.") from error
        try:
            proofs = _prove(path, created.key_pair)
        except BaseException:
            with suppress(OSError):
                path.unlink()
            raise
        return SavedKeyMaterial(path, proofs, self._record_saved(created.key_pair, path))

    def _record_saved(self, key_pair: KeyPair, path: Path) -> str | None:
        try:
            with self._store.transaction() as transaction:
                current = transaction.state.key_pairs.get(key_pair.key_pair_id)
                if current is None:
                    return "The file is fine, but the key pair was deleted meanwhile."
                saved_to = (*current.saved_to, str(path))
                transaction.update(
                    replace(current, private_key=PrivateKeyState.SAVED, saved_to=saved_to)
                )
        except StoreError as error:
            return f"The file is fine, but the record still says never saved. {error}"
        return None


def _check_room(state: "RegionState", key_name: str) -> None:
    if len(state.key_pairs) >= validation.MAX_KEY_PAIRS:
        raise KeyPairLimitExceeded(validation.MAX_KEY_PAIRS)
    if key_name in state.names:
        raise InvalidKeyPairDuplicate


def _check_id_once_existed(state: "RegionState", key_pair_id: str) -> None:
    if not validation.is_key_pair_id(key_pair_id):
        raise InvalidParameterValue(
            "Value for parameter keyPairId is invalid.", parameter="key_pair_id"
        )
    if key_pair_id not in state.key_pairs and key_pair_id not in state.deleted_ids:
        raise InvalidParameterValue(
            f"Invalid value '{key_pair_id}' for keyPairId.", parameter="key_pair_id"
        )


def _prove(path: Path, key_pair: KeyPair) -> tuple[str, ...]:
    """Read a private key file back and return what was found to hold.

    Raises:
        ProofFailed: something does not hold.
    """
    from core.encoding import EncodingError, pem, private
    from core.fingerprint import fingerprints

    try:
        status = path.lstat()
        private_key = private.decode(files.read_private_file(path, _LARGEST_KEY_FILE))
    except OSError as error:
        raise ProofFailed(f"{path} could not be read back: {error.strerror}.") from error
    except EncodingError as error:
        raise ProofFailed(f"{path} did not read back: {error}.") from None
    public_key = private.public_key(private_key)
    mode = stat.S_IMODE(status.st_mode)
    held = {
        f"mode {mode:04o}": mode == files.PRIVATE_FILE,
        "owned by you": status.st_uid == os.geteuid(),
        "reads back as this key": public_key.line == key_pair.public_key,
        "fingerprint equal": fingerprints(public_key, pem.pkcs8_der(private_key))
        == key_pair.fingerprints,
    }
    for proof, holds in held.items():
        if not holds:
            raise ProofFailed(f"{path} was removed, because this did not hold: {proof}.")
    return ("written, synced", *held)
