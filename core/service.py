"""Everything a front end may ask: the operations of EC2's key-pair API, and saving a private key.

Every operation checks in EC2's order: authorization, dry run, parameters, quota, duplicate. What
they answer are values of `core.model`; what they refuse, they refuse with errors of `core.errors`.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from core import files, rotation, validation
from core.authorization import Authorizer, Context, request_tags, resource_context
from core.errors import (
    DryRunOperation,
    InvalidID,
    InvalidKeyPairDuplicate,
    InvalidKeyPairNotFound,
    InvalidParameterCombination,
    InvalidParameterValue,
    KeyPairLimitExceeded,
    MissingParameter,
    SettingsError,
    StoreError,
    UnauthorizedOperation,
)
from core.filters import Filter, TagDescription, select_key_pairs, select_tags
from core.findings import OLD
from core.model import (
    CreatedKeyPair,
    DeletedKeyPair,
    FileFormat,
    KeyFormat,
    KeyPair,
    KeyType,
    PrivateKeyState,
    SavedKeyMaterial,
    SavedPublicKey,
    Tag,
    TagSelector,
    TagSpecification,
)
from core.regions import region
from core.secret import KeyMaterial, Passphrase
from core.spare_key import SpareKey

if TYPE_CHECKING:
    from core.authorized_keys import Plan as InstallationPlan
    from core.delivery import AddedToAgent, AgentContents
    from core.destination import Destination
    from core.doctor import Progress, Summary
    from core.encoding.public import PublicKey
    from core.find import Ask, Finder
    from core.findings import Finding
    from core.journal import Entry as JournalEntry
    from core.keygen import PrivateKey
    from core.store import RegionState, RegionStore

_CREATE, _IMPORT, _DELETE = "CreateKeyPair", "ImportKeyPair", "DeleteKeyPair"
_DESCRIBE, _DESCRIBE_TAGS = "DescribeKeyPairs", "DescribeTags"
_CREATE_TAGS, _DELETE_TAGS = "CreateTags", "DeleteTags"

_FEWEST_RESULTS, _MOST_RESULTS = 5, 1000

TRASH_KEEPS = timedelta(days=30)
"""How long a deleted key pair can be brought back."""


def now() -> datetime:
    """Return the time as EC2 keeps it: aware, UTC, whole milliseconds."""
    time = datetime.now(UTC)
    return time.replace(microsecond=time.microsecond // 1000 * 1000)


def new_key_pair_id() -> str:
    """Return a random id in EC2's form: `key-0` and 16 more hexadecimal digits."""
    import secrets

    return f"key-0{secrets.token_hex(8)}"


class KeyPairService:
    """The key pairs of one Region.

    Methods block (an RSA key takes 50 ms, a write waits for the disk) and may be called from any
    thread. `now` and `new_key_pair_id` are arguments so that tests can fix them. Without an
    authorizer everything is allowed that the files allow.
    """

    def __init__(
        self,
        store: "RegionStore",
        authorizer: Authorizer | None = None,
        *,
        now: Callable[[], datetime] = now,
        new_key_pair_id: Callable[[], str] = new_key_pair_id,
    ) -> None:
        self._store = store
        self._authorizer = authorizer or Authorizer(region(store.region), "nobody")
        self._now = now
        self._new_key_pair_id = new_key_pair_id
        self._spare_key = SpareKey()

    @classmethod
    def open(
        cls, data_dir: Path, region: str, authorizer: Authorizer | None = None
    ) -> "KeyPairService":
        """Return the service of a Region whose file is in `data_dir`; nothing is read yet."""
        from core.store import RegionStore

        return cls(RegionStore(data_dir, region), authorizer)

    @property
    def region(self) -> str:
        """The Region's name."""
        return self._store.region

    @property
    def marks(self) -> tuple[str, ...]:
        """What limits this session, in words: `read-only`, `policy`."""
        marks = {"read-only": self._authorizer.read_only, "policy": self._authorizer.has_policy}
        return tuple(word for word, holds in marks.items() if holds)

    def now(self) -> datetime:
        """Return the present time as this service takes it."""
        return self._now()

    def for_region(self, name: str) -> "KeyPairService":
        """Return the service of another Region in the same folder, with the same permissions.

        Raises:
            SettingsError: there is no such Region.
        """
        chosen = region(name)
        return KeyPairService(
            self._store.for_region(chosen.name),
            self._authorizer.for_region(chosen),
            now=self._now,
            new_key_pair_id=self._new_key_pair_id,
        )

    def tidy(self) -> None:
        """Remove what sessions left in the Region's folder that were killed; for the start."""
        if not self._authorizer.read_only:
            self._store.tidy()

    def give_up_waiting(self) -> None:
        """Refuse the change that waits for another session now, with StoreLocked."""
        self._store.give_up_waiting()

    def make_ready(self) -> None:
        """Do ahead what the first change would wait for, when nobody is waiting: import, tidy."""
        import filelock  # noqa: F401 - imported to be there when they are needed
        import tinydb  # noqa: F401 - likewise

        from core import fingerprint, keygen  # noqa: F401 - likewise
        from core.encoding import private  # noqa: F401 - likewise

        self.tidy()

    def regions_in_use(self) -> dict[str, int | None]:
        """Return the Regions that have a file, the last changed first, and how many pairs each has.

        The number is None where the file cannot be read.
        """
        counts: dict[str, int | None] = {}
        for name in self._store.regions_in_use():
            try:
                counts[name] = len(self._store.for_region(name).read().key_pairs)
            except StoreError:
                counts[name] = None
        return counts

    def _begin(
        self, action: str, *, dry_run: bool, key_name: str | None = None, context: Context
    ) -> None:
        """Check whether a call is allowed, and end it there if it is a dry run."""
        self._authorize(action, key_name, context)
        if dry_run:
            raise DryRunOperation

    def _state_to_change(self, action: str, key_name: str | None) -> "RegionState":
        """Return the Region as it is, for a change whose permission depends on it.

        What forbids every change is said before the file is looked at.
        """
        if self._authorizer.read_only or self._store.write_problem() is not None:
            self._authorize(action, key_name, {})
        return self._store.read()

    def _authorize(self, action: str, key_name: str | None, context: Context) -> None:
        self._authorizer.check(action, key_name, context, self._store.write_problem())

    # New key pairs ------------------------------------------------------------------------------

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
            MissingParameter, InvalidParameterValue, TagLimitExceeded: see `core.validation`; also
                where there is no pair to replace.
            KeyPairLimitExceeded: the Region holds 5,000 key pairs.
            InvalidKeyPairDuplicate: the name is taken.
            StoreError: the record could not be written; no key pair exists.
        """
        self._begin_new(
            _CREATE, key_name, tag_specifications, dry_run, {"ec2:KeyPairType": key_type}
        )
        validation.check_key_name(key_name)
        checked_type = validation.check_key_type(key_type)
        checked_format = validation.check_key_format(key_format)
        tags = validation.check_tag_specifications(tag_specifications)
        # Looked at before the key is made, which takes long, and again under the lock.
        _check_room(self._store.read(), key_name, replaces)
        key_pair, material = self._generate(key_name, checked_type, checked_format, tags)
        try:
            recorded = self._insert(replace(key_pair, replaces=replaces), _CREATE)
        except BaseException:
            material.wipe()
            raise
        return CreatedKeyPair(recorded, checked_format, material)

    def _generate(
        self, key_name: str, key_type: KeyType, key_format: KeyFormat, tags: tuple[Tag, ...]
    ) -> tuple[KeyPair, KeyMaterial]:
        # Imported here: cryptography takes some 70 ms that looking at key pairs never needs.
        from core import keygen
        from core.encoding import pem, private

        private_key = self._spare_key.take() if key_type is KeyType.RSA else None
        if private_key is None:
            private_key = keygen.generate(key_type)
        key_pair = self._key_pair(
            key_name,
            private.public_key(private_key),
            tags,
            private_key_der=pem.pkcs8_der(private_key),
        )
        return key_pair, KeyMaterial(private.encode(private_key, key_format, comment=key_name))

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
            MissingParameter, InvalidParameterValue, TagLimitExceeded: see `core.validation` and
                `core.encoding.public`.
            KeyPairLimitExceeded: the Region holds 5,000 key pairs.
            InvalidKeyPairDuplicate: the name is taken.
            InvalidKeyFormat: it is no public key that EC2 takes; `reason` says why.
            StoreError: the record could not be written; nothing was imported.
        """
        from core.encoding.public import check_given, read_public_key_material

        self._begin_new(_IMPORT, key_name, tag_specifications, dry_run, {})
        validation.check_key_name(key_name)
        check_given(public_key_material)
        tags = validation.check_tag_specifications(tag_specifications)
        _check_room(self._store.read(), key_name)
        public_key = read_public_key_material(public_key_material)
        return self._insert(self._key_pair(key_name, public_key, tags), _IMPORT)

    def read_public_key(self, material: str) -> "PublicKey":
        """Return the public key in a material as ImportKeyPair would read it, importing nothing.

        Raises:
            MissingParameter, InvalidParameterValue, InvalidKeyFormat: as ImportKeyPair.
        """
        from core.encoding.public import read_public_key_material

        return read_public_key_material(material)

    def imported_fingerprint(self, public_key: "PublicKey") -> str:
        """Return the fingerprint that EC2 shows for a public key once it is imported."""
        from core.fingerprint import ec2_fingerprint, fingerprints

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
            # Tagging while creating is a permission of its own.
            self._authorize(_CREATE_TAGS, key_name, {**tag_context, "ec2:CreateAction": action})
        if dry_run:
            raise DryRunOperation

    def _key_pair(
        self,
        key_name: str,
        public_key: "PublicKey",
        tags: tuple[Tag, ...],
        private_key_der: bytes | None = None,
    ) -> KeyPair:
        from core.fingerprint import ec2_fingerprint, fingerprints

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

    def _insert(self, key_pair: KeyPair, operation: str) -> KeyPair:
        with self._store.transaction() as transaction:
            _check_room(transaction.state, key_pair.key_name, key_pair.replaces)
            while transaction.state.knew(key_pair.key_pair_id):
                key_pair = replace(key_pair, key_pair_id=self._new_key_pair_id())
            transaction.insert(key_pair, operation)
        return key_pair

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
        from core import keygen

        return keygen.generate(KeyType.RSA)

    def drop_spare_key(self) -> None:
        """Forget the key that was made ahead; it was never written anywhere."""
        self._spare_key.drop()

    # Looking ------------------------------------------------------------------------------------

    def describe_key_pairs(
        self,
        *,
        key_names: Sequence[str] = (),
        key_pair_ids: Sequence[str] = (),
        filters: Sequence[Filter] = (),
        dry_run: bool = False,
    ) -> tuple[KeyPair, ...]:
        """Return the key pairs asked for, each once, in the order in which they were made.

        Without names, ids and filters that is all of them.

        Raises:
            UnauthorizedOperation: it is not allowed; nothing else was looked at.
            DryRunOperation: it is allowed, and `dry_run` was set.
            InvalidParameterCombination: both names and ids.
            InvalidParameterValue: a blank name, an id that never existed, an unknown filter.
            FilterLimitExceeded: too many filter values, or one too long.
            InvalidKeyPairNotFound: a name that does not exist, or an id that did once.
            StoreError: the Region's file cannot be read.
        """
        self._begin(_DESCRIBE, dry_run=dry_run, context={})
        if key_names and key_pair_ids:
            raise InvalidParameterCombination(
                "The parameter 'keyPairId' may not be used in combination with 'keyName'"
            )
        state = self._store.read()
        wanted = {_named(state, key_name).key_pair_id for key_name in key_names}
        wanted |= {_identified(state, key_pair_id).key_pair_id for key_pair_id in key_pair_ids}
        everything = not (key_names or key_pair_ids)
        found = (
            key_pair
            for key_pair_id, key_pair in state.key_pairs.items()
            if everything or key_pair_id in wanted
        )
        return tuple(select_key_pairs(found, filters))

    def key_pair_named(self, key_name: str) -> KeyPair | None:
        """Return the key pair of that name, or None; cheap enough to ask on every key press.

        Raises:
            StoreError: the Region's file cannot be read.
        """
        return self._store.read().named(key_name)

    # The end ------------------------------------------------------------------------------------

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
            UnauthorizedOperation: it is not allowed; nothing else was looked at.
            DryRunOperation: it is allowed, and `dry_run` was set.
            MissingParameter: neither was given.
            InvalidParameterValue: an id that never existed, or is none.
            StoreError: the change could not be written; nothing was deleted.
        """
        state = self._state_to_change(_DELETE, key_name)
        found = state.key_pairs.get(key_pair_id) if key_pair_id else state.named(key_name or "")
        self._begin(
            _DELETE,
            key_name=found.key_name if found else key_name,
            context=resource_context(found),
            dry_run=dry_run,
        )
        if not key_name and not key_pair_id:
            raise MissingParameter("KeyName or KeyPairId must be provided")
        if key_pair_id:
            _check_id_once_existed(state, key_pair_id)
        if found is None:
            return None
        with self._store.transaction() as transaction:
            # Another session may have been faster; then it is as if it had never been there.
            if found.key_pair_id not in transaction.state.key_pairs:
                return None
            transaction.empty_trash(self._now() - TRASH_KEEPS)
            transaction.remove(found.key_pair_id, self._now(), _DELETE)
        return found.key_pair_id

    def deleted_key_pairs(self) -> tuple[DeletedKeyPair, ...]:
        """Return the deleted key pairs that can be brought back, the last deleted first.

        Raises:
            StoreError: the Region's file cannot be read.
        """
        oldest = self._now() - TRASH_KEEPS
        kept = [
            deleted
            for deleted in self._store.read().deleted.values()
            if deleted.key_pair is not None and deleted.delete_time >= oldest
        ]
        return tuple(sorted(kept, key=lambda deleted: deleted.delete_time, reverse=True))

    def restore_key_pair(self, key_pair_id: str) -> KeyPair:
        """Bring a deleted key pair back, with the same id and everything else.

        EC2 has no such operation; who may delete a key pair may also bring it back.

        Raises:
            UnauthorizedOperation: it is not allowed.
            InvalidParameterValue: it was not deleted, or too long ago.
            KeyPairLimitExceeded: the Region holds 5,000 key pairs.
            InvalidKeyPairDuplicate: its name was given to another.
            StoreError: the change could not be written.
        """
        deleted = next((d for d in self.deleted_key_pairs() if d.key_pair_id == key_pair_id), None)
        if deleted is None or deleted.key_pair is None:
            raise _invalid_id(key_pair_id)
        self._authorize(_DELETE, deleted.key_pair.key_name, resource_context(deleted.key_pair))
        with self._store.transaction() as transaction:
            if key_pair_id not in transaction.state.deleted:
                raise _invalid_id(key_pair_id)
            _check_room(transaction.state, deleted.key_pair.key_name)
            return transaction.restore(key_pair_id, "RestoreKeyPair")

    def journal(self) -> "list[JournalEntry]":
        """Return what was done to the key pairs of this Region, the oldest first.

        Raises:
            StoreError: the journal cannot be read.
        """
        return [entry for entry in self._store.journal.read() if entry.region == self.region]

    # Tags ---------------------------------------------------------------------------------------

    def create_tags(
        self, *, resources: Sequence[str], tags: Sequence[Tag], dry_run: bool = False
    ) -> None:
        """Set tags on key pairs, named by their ids; a tag whose key is there is overwritten.

        Either every one is tagged or none.

        Raises:
            UnauthorizedOperation: it is not allowed on one of them.
            DryRunOperation: it is allowed, and `dry_run` was set.
            MissingParameter: no resources, or no tags.
            InvalidParameterValue: a bad tag.
            InvalidID: an id that names no key pair.
            TagLimitExceeded: one of them would carry more than 50.
            StoreError: the change could not be written.
        """
        self._begin_tagging(_CREATE_TAGS, resources, request_tags(tags), dry_run)
        if not tags:
            raise MissingParameter("The request must contain the parameter Tags", parameter="tags")
        validation.check_new_tags(tags)

        def merged(present: tuple[Tag, ...]) -> tuple[Tag, ...]:
            values = {tag.key: tag.value for tag in (*present, *tags)}
            result = tuple(Tag(key, value) for key, value in values.items())
            validation.check_tag_count(result)
            return result

        self._change_tags(_CREATE_TAGS, resources, merged)

    def delete_tags(
        self,
        *,
        resources: Sequence[str],
        tags: Sequence[TagSelector] | None = None,
        dry_run: bool = False,
    ) -> None:
        """Remove tags from key pairs, named by their ids; None or nothing removes all.

        Raises:
            UnauthorizedOperation: it is not allowed on one of them.
            DryRunOperation: it is allowed, and `dry_run` was set.
            MissingParameter: no resources.
            InvalidID: an id that names no key pair.
            StoreError: the change could not be written.
        """
        selectors = tuple(tags or ())
        with_values = [Tag(s.key, s.value) for s in selectors if s.value is not None]
        keys = {"aws:TagKeys": tuple(selector.key for selector in selectors)}
        self._begin_tagging(_DELETE_TAGS, resources, request_tags(with_values) | keys, dry_run)

        def remaining(present: tuple[Tag, ...]) -> tuple[Tag, ...]:
            if not selectors:
                return ()
            return tuple(t for t in present if not any(s.matches(t) for s in selectors))

        self._change_tags(_DELETE_TAGS, resources, remaining)

    def set_tags(self, *, key_pair_id: str, tags: Sequence[Tag]) -> None:
        """Make these the tags of a key pair, in one change: what is not among them goes.

        It needs what CreateTags and DeleteTags need for what is set and what goes.

        Raises:
            UnauthorizedOperation: it is not allowed.
            InvalidParameterValue: a bad tag.
            InvalidID: there is no such key pair.
            TagLimitExceeded: more than 50.
            StoreError: the change could not be written.
        """
        found = self._store.read().key_pairs.get(key_pair_id)
        present = found.tags if found else ()
        new = [tag for tag in tags if tag not in present]
        gone = tuple({tag.key for tag in present} - {tag.key for tag in tags})
        if new:
            self._begin_tagging(_CREATE_TAGS, [key_pair_id], request_tags(new), dry_run=False)
        if gone:
            self._begin_tagging(_DELETE_TAGS, [key_pair_id], {"aws:TagKeys": gone}, dry_run=False)
        validation.check_new_tags(new)
        validation.check_tags([*new, *(tag for tag in tags if tag in present)])
        self._change_tags("SetTags", [key_pair_id], lambda _: tuple(tags))

    def _begin_tagging(
        self, action: str, resources: Sequence[str], context: Context, dry_run: bool
    ) -> None:
        state = self._state_to_change(action, None)
        for found in [state.key_pairs.get(resource) for resource in resources] or [None]:
            key_name = found.key_name if found else None
            self._authorize(action, key_name, {**context, **resource_context(found)})
        if dry_run:
            raise DryRunOperation
        if not resources:
            raise MissingParameter(
                "The request must contain the parameter ResourceId", parameter="resources"
            )

    def _change_tags(
        self,
        operation: str,
        resources: Iterable[str],
        change: Callable[[tuple[Tag, ...]], tuple[Tag, ...]],
    ) -> None:
        with self._store.transaction() as transaction:
            for resource in dict.fromkeys(resources):
                key_pair = transaction.state.key_pairs.get(resource)
                if key_pair is None:
                    raise InvalidID(resource)
                tags = change(key_pair.tags)
                if tags != key_pair.tags:
                    transaction.update(replace(key_pair, tags=tags), operation)

    def describe_tags(
        self,
        *,
        filters: Sequence[Filter] = (),
        max_results: int | None = None,
        next_token: str | None = None,
        dry_run: bool = False,
    ) -> tuple[list[TagDescription], str | None]:
        """Return tags and, where there are more than `max_results` (5 to 1,000), a token for them.

        Raises:
            UnauthorizedOperation: it is not allowed; nothing else was looked at.
            DryRunOperation: it is allowed, and `dry_run` was set.
            InvalidParameterValue: an unknown filter, a bad number or a token that is none.
            StoreError: the Region's file cannot be read.
        """
        self._begin(_DESCRIBE_TAGS, dry_run=dry_run, context={})
        if max_results is not None and not _FEWEST_RESULTS <= max_results <= _MOST_RESULTS:
            word, bound = (
                ("greater", _FEWEST_RESULTS)
                if max_results < _FEWEST_RESULTS
                else ("less", _MOST_RESULTS)
            )
            raise InvalidParameterValue(
                f"Value ( {max_results} ) for parameter maxResults is invalid."
                f" Expecting a value {word} than {bound}.",
                parameter="max_results",
            )
        start = 0 if next_token is None else _position(next_token)
        rows = (
            (key_pair.key_pair_id, tag)
            for key_pair in self._store.read().key_pairs.values()
            for tag in key_pair.tags
        )
        found = select_tags(rows, filters)
        end = start + (max_results or _MOST_RESULTS)
        return found[start:end], _token(end) if end < len(found) else None

    # The private key ----------------------------------------------------------------------------

    def save_key_material(
        self,
        created: CreatedKeyPair,
        path_text: str,
        file_format: FileFormat | None = None,
        passphrase: Passphrase | None = None,
        *,
        accepted: "Destination | None" = None,
    ) -> SavedKeyMaterial:
        """Write the private key to a new file of mode 0600, read it back, and record where it is.

        A missing folder is made with mode 0700. Nothing is ever overwritten, and a failure leaves
        no file behind; the key stays in hand, for another file in another format. Without a
        format it is the one it was created in. `accepted` is the destination of a `SaveAsks` that
        the person said yes to.

        Raises:
            SaveAsks: the place deserves a second yes; nothing was saved.
            SaveError: the path is no good, the format does not go with the type or a passphrase,
                or the file could not be written; says why.
            ProofFailed: the file did not read back as the key; it was removed.
        """
        from core import saving

        path, proofs = saving.save_private_key(
            created, path_text, file_format, passphrase, accepted
        )
        warning = self._record_saved(created.key_pair, path)
        return SavedKeyMaterial(path, proofs, warning)

    def save_public_key(self, key_pair: KeyPair, path_text: str) -> SavedPublicKey:
        """Write the public key of a pair to a new file of mode 0644, and read it back.

        Raises:
            SaveError: the path is no good or the file could not be written; says why.
            ProofFailed: the file did not read back as the key; it was removed.
        """
        from core import saving

        return saving.save_public_key(key_pair, path_text)

    def prove(self, key_pair: KeyPair, path: str) -> tuple[str, ...]:
        """Return what holds of a file in which the private key of a pair was saved.

        Raises:
            ProofFailed: it is not there any more, or is not what it was.
        """
        from core.proof import prove

        return prove(Path(path), key_pair)

    def export(self, key_pairs: Sequence[KeyPair], path_text: str) -> Path:
        """Write key pairs to a new file of mode 0600: CSV where its name says so, else JSON.

        Raises:
            SaveError: the path is no good or the file could not be written; says why.
        """
        from core import inventory, saving

        is_csv = path_text.strip().casefold().endswith(".csv")
        text = (inventory.as_csv if is_csv else inventory.as_json)(key_pairs, self.region)
        return saving.save_text(path_text, text)

    # The agent and authorized_keys -------------------------------------------------------------

    def agent(self) -> "AgentContents":
        """Return what the ssh-agent of this session holds, and which pair each is.

        Raises:
            AgentError: there is no agent, or it cannot be asked.
            StoreError: the Region's file cannot be read.
        """
        from core.agent import holdings
        from core.delivery import contents

        others = (
            (each.region, each.describe_key_pairs)
            for each in self.in_every_region()
            if each.region != self.region
        )
        return contents(holdings(), self._store.read().key_pairs.values(), others)

    def add_to_agent(
        self, created: CreatedKeyPair, *, lifetime: timedelta | None = None, confirm: bool = False
    ) -> "AddedToAgent":
        """Add the private key to the ssh-agent of this session, from memory.

        The record goes on saying that it was never saved: an agent forgets. That it was added
        stands in the journal. With a `lifetime` the agent forgets it after that; with `confirm`
        it asks before each use.

        Raises:
            AgentError: there is no agent, it refused, or it does not list the key afterwards.
        """
        from core.delivery import add_to_agent

        added = add_to_agent(created, lifetime=lifetime, confirm=confirm, now=self._now)
        try:
            with self._journaled("AddToAgent", created.key_pair):
                pass
        except StoreError as error:
            return replace(added, warning=f"It is not in the journal. {error}")
        return added

    def installation(self, key_pair: KeyPair, options: str = "") -> "InstallationPlan":
        """Return what adding a pair to the login account's authorized_keys would do.

        Raises:
            AuthorizedKeysError: the record holds no key, or there is no such account.
        """
        from core import authorized_keys

        found = authorized_keys.plan(key_pair, options, authorized_keys.own_account())
        return found.refused("this session is read-only") if self._authorizer.read_only else found

    def install_public_key(self, key_pair: KeyPair, options: str = "") -> "InstallationPlan":
        """Add a pair to the login account's authorized_keys, and return what was done.

        If the key is there already, nothing is changed and nothing journaled.

        Raises:
            AuthorizedKeysError: it was not added; says why.
            AddedNotConfirmed: it was added, but the disk did not confirm it.
            StoreError: the journal cannot be written; nothing was added.
        """
        from core import authorized_keys

        found = self.installation(key_pair, options)
        if found.changes_nothing:
            authorized_keys.add(found)
            return found
        try:
            with self._journaled("InstallPublicKey", key_pair):
                authorized_keys.add(found)
        except files.ReplaceNotConfirmed as error:
            raise authorized_keys.AddedNotConfirmed(
                f"The line is in {found.path}, but the disk did not confirm it ({error.strerror})."
            ) from error
        return found

    def copy_id_commands(self, key_pair: KeyPair, line: str) -> tuple[str, ...]:
        """Return the commands that install a line of authorized_keys on another host."""
        from core.copy_id import commands

        return commands(key_pair, line)

    def _journaled(self, operation: str, key_pair: KeyPair) -> AbstractContextManager[None]:
        """Record in the journal what changes no record."""
        from core.journal import Change

        change = Change(operation, key_pair.key_name, key_pair.key_pair_id)
        return self._store.journal.record(self.region, [change], self._now())

    def _record_saved(self, key_pair: KeyPair, path: Path) -> str | None:
        try:
            with self._store.transaction() as transaction:
                current = transaction.state.key_pairs.get(key_pair.key_pair_id)
                if current is None:
                    return "The file is fine, but the key pair was deleted meanwhile."
                saved_to = (*current.saved_to, str(path))
                saved = replace(current, private_key=PrivateKeyState.SAVED, saved_to=saved_to)
                transaction.update(saved, "SaveKeyMaterial")
        except StoreError as error:
            return f"The file is fine, but the record still says never saved. {error}"
        return None

    # Successors, and copies in other Regions ----------------------------------------------------

    def successor_name(self, key_name: str) -> str:
        """Return a free name for the pair that is to take the place of this one.

        Raises:
            StoreError: the Region's file cannot be read.
        """
        return rotation.successor_name(key_name, self._store.read().names)

    def copy_to_region(self, key_pair: KeyPair, name: str) -> KeyPair | None:
        """Import the public half of a pair into another Region, with its name and its tags.

        The answer is None where that very key stands there under that name already.

        Raises:
            SettingsError: there is no such Region.
            InvalidKeyPairDuplicate: the name belongs to another key there.
            EC2Error, StoreError: see `import_key_pair`.
        """
        there = self.for_region(name)
        tags = [TagSpecification("key-pair", key_pair.tags)] if key_pair.tags else []
        try:
            return there.import_key_pair(
                key_name=key_pair.key_name,
                public_key_material=key_pair.public_key,
                tag_specifications=tags,
            )
        except InvalidKeyPairDuplicate:
            holder = there.key_pair_named(key_pair.key_name)
            if holder is None or holder.public_key != key_pair.public_key:
                raise
            return None

    def fingerprint_elsewhere(self, key_pair: KeyPair) -> str:
        """Return the fingerprint that a pair will have in the Regions it is copied to.

        It differs for RSA pairs created here: EC2 takes the SHA-1 of the private key for those,
        and the MD5 of the public key for imported ones.

        Raises:
            EC2Error: the public key in the record is damaged.
        """
        return self.imported_fingerprint(self.read_public_key(key_pair.public_key))

    # All Regions together -----------------------------------------------------------------------

    def in_every_region(self) -> "list[KeyPairService]":
        """Return the services of the Regions that are in use, or once were, by name."""
        names = [*self._store.regions_in_use(), *self._store.regions_once_in_use()]
        services = []
        for name in sorted(names):
            with suppress(SettingsError):  # a file that only looks like that of a Region
                services.append(self.for_region(name))
        return services

    def finder(self, ask: "Ask | None" = None) -> "Finder":
        """Return what finds the pair of a key in all Regions; reads them all.

        `ask` is asked for the passphrase of a file that does not show its public half.
        """
        from core.find import Finder

        regions = self.in_every_region()
        return Finder(((each.region, each.describe_key_pairs) for each in regions), ask)

    def check_up(
        self, older_than: timedelta | None = OLD
    ) -> "Iterator[Progress | Finding | Summary]":
        """Look for what is wrong with the store, the pairs and the saved files; see `core.doctor`.

        Each step blocks no longer than the reading of one file, and nothing is changed.
        """
        from core.doctor import check_up

        regions = [(each._store, each.describe_key_pairs) for each in self.in_every_region()]
        return check_up(self._store.folder, regions, older_than, self._now())


def _check_room(state: "RegionState", key_name: str, replaces: str | None = None) -> None:
    if len(state.key_pairs) >= validation.MAX_KEY_PAIRS:
        raise KeyPairLimitExceeded(validation.MAX_KEY_PAIRS)
    if key_name in state.names:
        raise InvalidKeyPairDuplicate
    if replaces is not None and replaces not in state.key_pairs:
        raise InvalidParameterValue(
            f"Invalid value '{replaces}' for replaces. There is no such key pair any more.",
            parameter="replaces",
        )


def _named(state: "RegionState", key_name: str) -> KeyPair:
    if not key_name:
        raise InvalidParameterValue(
            "Invalid value '' for keyPairNames. It should not be blank", parameter="key_names"
        )
    found = state.named(key_name)
    if found is None:
        raise InvalidKeyPairNotFound(key_name)
    return found


def _identified(state: "RegionState", key_pair_id: str) -> KeyPair:
    found = state.key_pairs.get(key_pair_id)
    if found is None:
        if key_pair_id in state.deleted:
            raise InvalidKeyPairNotFound(key_pair_id)
        raise _invalid_id(key_pair_id)
    return found


def _check_id_once_existed(state: "RegionState", key_pair_id: str) -> None:
    if not validation.is_key_pair_id(key_pair_id):
        raise InvalidParameterValue(
            "Value for parameter keyPairId is invalid.", parameter="key_pair_id"
        )
    if not state.knew(key_pair_id):
        raise _invalid_id(key_pair_id)


def _invalid_id(key_pair_id: str) -> InvalidParameterValue:
    return InvalidParameterValue(
        f"Invalid value '{key_pair_id}' for keyPairId.", parameter="key_pair_id"
    )


def _token(position: int) -> str:
    return urlsafe_b64encode(str(position).encode()).decode()


def _position(token: str) -> int:
    with suppress(ValueError):  # binascii.Error is one
        position = int(urlsafe_b64decode(token.encode()).decode("ascii"))
        if position >= 0:
            return position
    raise InvalidParameterValue("Unable to parse pagination token", parameter="next_token")
