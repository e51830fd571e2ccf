"""New key pairs: CreateKeyPair, ImportKeyPair, and the RSA key made ahead."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from core.ec2 import validation
from core.ec2.authorization import Authorizer, Context, request_tags
from core.errors import DryRunOperation, StoreNotConfirmed, UnauthorizedOperation
from core.local import Operations
from core.local.resolving import check_room
from core.local.spare_key import SpareKey
from core.model import (
    CreatedKeyPair,
    KeyFormat,
    KeyPair,
    KeyType,
    PrivateKeyState,
    Tag,
    TagSpecification,
)
from core.secret import KeyMaterial

if TYPE_CHECKING:
    from core.keys.keygen import PrivateKey
    from core.keys.public_key import PublicKey
    from core.store.region_store import RegionStore

_CREATE, _IMPORT, _CREATE_TAGS = "CreateKeyPair", "ImportKeyPair", "CreateTags"


class Creating(Operations):
    """How key pairs come to be."""

    def __init__(
        self,
        open_store: "Callable[[], RegionStore]",
        authorizer: Authorizer,
        now: Callable[[], datetime],
        new_key_pair_id: Callable[[], str],
    ) -> None:
        super().__init__(open_store, authorizer, now)
        self._new_key_pair_id = new_key_pair_id
        self._spare_key = SpareKey()

    def create_key_pair(
        self,
        *,
        key_name: str,
        key_type: str = KeyType.RSA,
        key_format: str = KeyFormat.PEM,
        tag_specifications: Sequence[TagSpecification] = (),
        replaces: str | None = None,
        dry_run: bool = False,
    ) -> CreatedKeyPair:
        """Create a key pair, record it, and hand its private key over: the only time it exists.

        `replaces` is the id of the pair that it is to take the place of, which EC2 knows nothing
        of; that pair stays until it is deleted.

        Raises:
            UnauthorizedOperation: it is not allowed; nothing else was looked at.
            DryRunOperation: it is allowed, and `dry_run` was set.
            MissingParameter, InvalidParameterValue, TagLimitExceeded: see `core.ec2.validation`;
                also where there is no pair to replace.
            KeyPairLimitExceeded: the Region holds 5,000 key pairs.
            InvalidKeyPairDuplicate: the name is taken.
            StoreError: the record could not be written; no key pair exists. One that was written,
                but is not confirmed by the disk, is a `warning` of the answer.
        """
        self._begin_new(
            _CREATE, key_name, tag_specifications, dry_run, {"ec2:KeyPairType": key_type}
        )
        validation.check_key_name(key_name)
        checked_type = validation.check_key_type(key_type)
        checked_format = validation.check_key_format(key_format)
        tags = validation.check_tag_specifications(tag_specifications)
        # Looked at before the key is made, which takes long, and again under the lock.
        check_room(self._store.read(), key_name, replaces)
        key_pair, material = self._generate(key_name, checked_type, checked_format, tags)
        try:
            recorded, unconfirmed = self._insert(replace(key_pair, replaces=replaces), _CREATE)
        except BaseException:
            material.wipe()
            raise
        # The pair is there, and this is the one time its private key is.
        warning = None if unconfirmed is None else str(unconfirmed)
        return CreatedKeyPair(recorded, checked_format, material, warning)

    def _generate(
        self, key_name: str, key_type: KeyType, key_format: KeyFormat, tags: tuple[Tag, ...]
    ) -> tuple[KeyPair, KeyMaterial]:
        # Imported here: cryptography takes some 70 ms that looking at key pairs never needs.
        from core.keys import convert, keygen, pem

        private_key = self._spare_key.take() if key_type is KeyType.RSA else None
        if private_key is None:
            private_key = keygen.generate(key_type)
        key_pair = self._key_pair(
            key_name,
            convert.public_key(private_key),
            tags,
            private_key_der=pem.pkcs8_der(private_key),
        )
        return key_pair, KeyMaterial(convert.encode(private_key, key_format, comment=key_name))

    def import_key_pair(
        self,
        *,
        key_name: str,
        public_key_material: str | bytes,
        tag_specifications: Sequence[TagSpecification] = (),
        dry_run: bool = False,
    ) -> KeyPair:
        """Record a public key under a name.

        A taken name is answered before the material is looked at, as the service was seen to do.

        Raises:
            UnauthorizedOperation: it is not allowed; nothing else was looked at.
            DryRunOperation: it is allowed, and `dry_run` was set.
            MissingParameter, InvalidParameterValue, TagLimitExceeded: see `core.ec2.validation` and
                `core.keys.reading.import_material`.
            KeyPairLimitExceeded: the Region holds 5,000 key pairs.
            InvalidKeyPairDuplicate: the name is taken.
            InvalidKeyFormat: it is no public key that EC2 takes; `reason` says why.
            StoreNotConfirmed: it was imported, and may be gone after a power cut.
            StoreError: the record could not be written; nothing was imported.
        """
        from core.keys.reading.import_material import check_given, read_public_key_material

        self._begin_new(_IMPORT, key_name, tag_specifications, dry_run, {})
        validation.check_key_name(key_name)
        check_given(public_key_material)
        tags = validation.check_tag_specifications(tag_specifications)
        check_room(self._store.read(), key_name)
        public_key = read_public_key_material(public_key_material)
        imported, unconfirmed = self._insert(self._key_pair(key_name, public_key, tags), _IMPORT)
        if unconfirmed is not None:
            raise unconfirmed
        return imported

    def read_public_key(self, material: str) -> "PublicKey":
        """Return the public key in a material as ImportKeyPair would read it, importing nothing.

        Raises:
            MissingParameter, InvalidParameterValue, InvalidKeyFormat: as ImportKeyPair.
        """
        from core.keys.reading.import_material import read_public_key_material

        return read_public_key_material(material)

    def private_key_refusal(self, text: str) -> str | None:
        """Return why a text is not even to be shown, if it is a private key given by mistake."""
        from core.keys.reading.import_material import private_key_refusal

        return private_key_refusal(text)

    def imported_fingerprint(self, public_key: "PublicKey") -> str:
        """Return the fingerprint that EC2 shows for a public key once it is imported."""
        from core.keys.fingerprint import ec2_fingerprint, fingerprints

        return ec2_fingerprint(public_key, fingerprints(public_key))

    def _begin_new(
        self,
        action: str,
        key_name: str,
        specifications: Sequence[TagSpecification],
        dry_run: bool,
        context: Context,
    ) -> None:
        tags = [tag for specification in specifications for tag in specification.tags]
        tag_context = {**request_tags(tags), **context}
        self._authorize(action, key_name, tag_context)
        if tags:
            # Tagging while creating is a permission of its own, with keys of its own.
            about = {"ec2:CreateAction": action, "ec2:KeyPairName": key_name}
            self._authorize(_CREATE_TAGS, key_name, {**tag_context, **about})
        if dry_run:
            raise DryRunOperation

    def _key_pair(
        self,
        key_name: str,
        public_key: "PublicKey",
        tags: tuple[Tag, ...],
        private_key_der: bytes | None = None,
    ) -> KeyPair:
        from core.keys.fingerprint import ec2_fingerprint, fingerprints

        kinds = fingerprints(public_key, private_key_der)
        created = private_key_der is not None
        return KeyPair(
            key_pair_id=self._new_key_pair_id(),
            key_name=key_name,
            key_type=public_key.key_type,
            key_fingerprint=ec2_fingerprint(public_key, kinds),
            fingerprints=kinds,
            public_key=public_key.line,
            tags=tags,
            create_time=self._now(),
            private_key=PrivateKeyState.UNSAVED if created else PrivateKeyState.IMPORTED,
        )

    def _insert(
        self, key_pair: KeyPair, operation: str
    ) -> tuple[KeyPair, StoreNotConfirmed | None]:
        """Record a key pair, under another id if need be; return it, and what is not confirmed."""
        try:
            with self._store.transaction() as transaction:
                check_room(transaction.state, key_pair.key_name, key_pair.replaces)
                while transaction.state.knew(key_pair.key_pair_id):
                    key_pair = replace(key_pair, key_pair_id=self._new_key_pair_id())
                transaction.insert(key_pair, operation)
        except StoreNotConfirmed as error:
            return key_pair, error
        return key_pair, None

    # The RSA key made ahead ----------------------------------------------------------------------

    def prepare_spare_key(self) -> None:
        """Have the RSA key of the next CreateKeyPair made in a thread, if it may be created.

        It returns at once. What is in hand already, or on its way, is not made again.
        """
        self._spare_key.prepare(self._make_spare_key)

    def _make_spare_key(self) -> "PrivateKey | None":
        try:
            # No name is known yet: `*` is a name that a policy for all names allows.
            self._authorize(_CREATE, "*", {"ec2:KeyPairType": KeyType.RSA})
        except UnauthorizedOperation:
            return None
        from core.keys import keygen

        return keygen.generate(KeyType.RSA)

    def drop_spare_key(self) -> None:
        """Forget the key that was made ahead; it was never written anywhere."""
        self._spare_key.drop()
