"""Answers EC2's operations from a Region's file, by EC2's rules, in EC2's order."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from core.ec2 import validation
from core.ec2.authorization import (
    Context,
    new_pair_requests,
    request_tags,
    resource_context,
)
from core.ec2.backend import Batch, Capabilities, NewKeyPair, Retagged, TagChange
from core.errors import (
    DryRunOperation,
    InvalidID,
    InvalidParameterCombination,
    MissingParameter,
    StoreNotConfirmed,
    UnauthorizedOperation,
)
from core.local import many, tag_changes, tag_pages, trash
from core.local.resolving import check_id_once_existed, check_room, identified, invalid_id, named
from core.local.spare_key import SpareKey
from core.model import (
    CreatedKeyPair,
    DeletedKeyPair,
    KeptKeyPair,
    KeyFormat,
    KeyType,
    Tag,
    TagSelector,
    TagSpecification,
)
from core.store.access import RegionAccess

if TYPE_CHECKING:
    from core.ec2.filters import Filter, TagDescription
    from core.keys.keygen import PrivateKey

_CREATE, _IMPORT, _DELETE = "CreateKeyPair", "ImportKeyPair", "DeleteKeyPair"
_CREATE_TAGS, _DELETE_TAGS = "CreateTags", "DeleteTags"


def new_key_pair_id() -> str:
    """Return a random id in EC2's form: `key-0` and 16 more hexadecimal digits."""
    return f"key-0{os.urandom(8).hex()}"


class LocalBackend:
    """The key pairs of one Region as its file on this machine has them.

    The operations are those of `core.ec2.backend.Backend`. An RSA key takes 50 ms, a write waits
    for the disk.

    Args:
        access: the Region's file, who may do what, and the clock.
        new_key_pair_id: makes ids, an argument so that tests can fix them.
    """

    capabilities = Capabilities(brings_back=True, exact_at_once=True)
    agrees = True
    notice = ""

    def __init__(
        self, access: RegionAccess, new_key_pair_id: Callable[[], str] = new_key_pair_id
    ) -> None:
        self._access = access
        self._new_key_pair_id = new_key_pair_id
        self.spare_key = SpareKey(self._make_spare_key)
        """The RSA key of the next CreateKeyPair."""

    @property
    def region(self) -> str:
        """The Region's name."""
        return self._access.region

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
        hand_over: Callable[[CreatedKeyPair], None] = lambda created: None,
    ) -> CreatedKeyPair:
        """Create a key pair, record it, and hand its private key over.

        A record that was written, but is not confirmed by the disk, is a `warning` of the answer.
        `hand_over` is called within the change, so that nothing is written where it raises.
        """
        self._begin_new(_CREATE, key_name, tag_specifications, {"ec2:KeyPairType": key_type})
        if replaces is not None:
            # EC2 knows nothing of it: whether there is such a pair is for those who may look.
            self._access.authorize("DescribeKeyPairs")
        if dry_run:
            raise DryRunOperation
        validation.check_key_name(key_name)
        checked_type = validation.check_key_type(key_type)
        checked_format = validation.check_key_format(key_format)
        tags = validation.check_tag_specifications(tag_specifications)
        # Looked at before the key is made, which takes long, and again under the lock.
        check_room(self._access.store.read(), key_name, replaces)
        from core.local.new_pairs import About, created  # cryptography takes some 70 ms

        spare = self.spare_key.take() if checked_type is KeyType.RSA else None
        about = About(self._new_key_pair_id(), key_name, tags, self._access.now(), replaces)
        key_pair, material = created(checked_type, checked_format, spare, about)

        def before_writing(recorded: KeptKeyPair) -> None:
            hand_over(CreatedKeyPair(recorded, checked_format, material))

        try:
            recorded, unconfirmed = self._insert(key_pair, _CREATE, before_writing)
        except BaseException:
            material.wipe()
            raise
        # The pair is there, and this is the one time its private key is.
        warning = None if unconfirmed is None else str(unconfirmed)
        return CreatedKeyPair(recorded, checked_format, material, warning)

    def import_key_pair(
        self,
        *,
        key_name: str,
        public_key_material: str | bytes,
        tag_specifications: Sequence[TagSpecification] = (),
        dry_run: bool = False,
    ) -> KeptKeyPair:
        """Record a public key under a name.

        A taken name is answered before the material is looked at, as the service was seen to do.
        """
        self._begin_new(_IMPORT, key_name, tag_specifications, {})
        if dry_run:
            raise DryRunOperation
        validation.check_key_name(key_name)
        from core.local.new_pairs import About, check_given, imported  # see `create_key_pair`

        check_given(public_key_material)
        tags = validation.check_tag_specifications(tag_specifications)
        check_room(self._access.store.read(), key_name)
        about = About(self._new_key_pair_id(), key_name, tags, self._access.now())
        key_pair = imported(public_key_material, about)
        recorded, unconfirmed = self._insert(key_pair, _IMPORT)
        if unconfirmed is not None:
            raise unconfirmed
        return recorded

    def _begin_new(
        self,
        action: str,
        key_name: str,
        specifications: Sequence[TagSpecification],
        context: Context,
    ) -> None:
        tags = [tag for specification in specifications for tag in specification.tags]
        for each, about in new_pair_requests(action, key_name, tags, context):
            self._access.authorize(each, key_name, about)

    def _insert(
        self,
        key_pair: KeptKeyPair,
        operation: str,
        before_writing: Callable[[KeptKeyPair], None] = lambda recorded: None,
    ) -> tuple[KeptKeyPair, StoreNotConfirmed | None]:
        """Record a key pair, under another id if need be; return it, and what is not confirmed."""
        try:
            with self._access.store.transaction() as transaction:
                check_room(transaction.state, key_pair.key_name, key_pair.custody.replaces)
                while transaction.state.knew(key_pair.key_pair_id):
                    key_pair = replace(key_pair, key_pair_id=self._new_key_pair_id())
                transaction.insert(key_pair, operation)
                before_writing(key_pair)
        except StoreNotConfirmed as error:
            return key_pair, error
        return key_pair, None

    def _make_spare_key(self) -> "PrivateKey | None":
        try:
            # No name is known yet: `*` is a name that a policy for all names allows.
            self._access.authorize(_CREATE, "*", {"ec2:KeyPairType": KeyType.RSA})
        except UnauthorizedOperation:
            return None
        from core.keys import keygen  # see `create_key_pair`

        return keygen.generate(KeyType.RSA)

    # Looking ------------------------------------------------------------------------------------

    def describe_key_pairs(
        self,
        *,
        key_names: Sequence[str] = (),
        key_pair_ids: Sequence[str] = (),
        filters: "Sequence[Filter]" = (),
        dry_run: bool = False,
    ) -> tuple[KeptKeyPair, ...]:
        """Return the key pairs asked for, each once, in the order in which they came here."""
        self._access.begin("DescribeKeyPairs", dry_run=dry_run)
        if key_names and key_pair_ids:
            raise InvalidParameterCombination(
                "The parameter 'keyPairId' may not be used in combination with 'keyName'"
            )
        state = self._access.store.read()
        wanted = {named(state, key_name).key_pair_id for key_name in key_names}
        wanted |= {identified(state, key_pair_id).key_pair_id for key_pair_id in key_pair_ids}
        everything = not (key_names or key_pair_ids)
        found = (
            key_pair
            for key_pair_id, key_pair in state.key_pairs.items()
            if everything or key_pair_id in wanted
        )
        if not filters:
            return tuple(found)
        from core.ec2 import filters as ec2_filters  # a list without filters does not need them

        return tuple(ec2_filters.select_key_pairs(found, filters))

    def describe_tags(
        self,
        *,
        filters: "Sequence[Filter]" = (),
        max_results: int | None = None,
        next_token: str | None = None,
        dry_run: bool = False,
    ) -> "tuple[list[TagDescription], str | None]":
        """Return tags and, where there are more than `max_results`, a token for them."""
        self._access.begin("DescribeTags", dry_run=dry_run)
        from core.ec2 import filters as ec2_filters  # see `describe_key_pairs`

        asked = tag_pages.asked(max_results, next_token)
        rows = (
            (key_pair.key_pair_id, tag)
            for key_pair in self._access.store.read().key_pairs.values()
            for tag in key_pair.tags
        )
        return tag_pages.page(ec2_filters.select_tags(rows, filters), asked)

    # Deleting, and bringing back ----------------------------------------------------------------

    def delete_key_pair(
        self,
        *,
        key_name: str | None = None,
        key_pair_id: str | None = None,
        dry_run: bool = False,
        delete_time: datetime | None = None,
        given_up: bool = False,
    ) -> str | None:
        """Delete a key pair by name or id, and return the id of what was deleted."""
        state = self._access.state_to_change(_DELETE, key_name)
        found = state.key_pairs.get(key_pair_id) if key_pair_id else state.named(key_name or "")
        by_id = found is not None and found.key_name != key_name
        self._access.begin(
            _DELETE,
            key_name=found.key_name if found else key_name,
            context=resource_context(found),
            dry_run=dry_run,
            by_id=by_id,
        )
        if not key_name and not key_pair_id:
            raise MissingParameter("KeyName or KeyPairId must be provided")
        if key_pair_id:
            check_id_once_existed(state, key_pair_id)
        if found is None:
            return None
        with self._access.store.transaction() as transaction:
            # Another session may have been faster; then it is as if it had never been there. Or it
            # may have set a tag by which the policy protects the pair.
            current = transaction.state.key_pairs.get(found.key_pair_id)
            if current is None:
                return None
            if current != found:
                context = resource_context(current)
                self._access.authorize(_DELETE, current.key_name, context, by_id=by_id)
            now = self._access.now()
            old = trash.to_forget(transaction.state, self._access.store.journal.read, now)
            transaction.forget(old)
            transaction.remove(found.key_pair_id, delete_time or now, _DELETE, given_up=given_up)
        return found.key_pair_id

    def deleted_key_pairs(self) -> tuple[DeletedKeyPair, ...]:
        """Return the deleted key pairs that can be brought back, the last deleted first."""
        self._access.authorize("DescribeKeyPairs")
        return trash.kept(self._access.store.read(), self._access.now())

    def restore_key_pair(self, key_pair_id: str, key_name: str | None = None) -> KeptKeyPair:
        """Bring a deleted key pair back, with the same id and everything else but its name."""
        kept = trash.kept(self._access.store.read(), self._access.now())
        key_pair = next((gone.key_pair for gone in kept if gone.key_pair_id == key_pair_id), None)
        name = key_pair.key_name if key_pair else None
        self._access.authorize(_DELETE, name, resource_context(key_pair), by_id=True)
        if key_pair is None:
            raise invalid_id(key_pair_id)
        if key_name is not None:
            # Otherwise a policy could be got round by which only some names may be given.
            for action, context in new_pair_requests(_IMPORT, key_name, key_pair.tags, {}):
                self._access.authorize(action, key_name, context)
            validation.check_key_name(key_name)
        with self._access.store.transaction() as transaction:
            # Another session may have brought it back meanwhile, or emptied the trash.
            deleted = transaction.state.deleted.get(key_pair_id)
            if deleted is None or deleted.key_pair is None:
                raise invalid_id(key_pair_id)
            check_room(transaction.state, key_name or key_pair.key_name)
            return transaction.restore(key_pair_id, "RestoreKeyPair", key_name)

    # Tags ---------------------------------------------------------------------------------------

    def create_tags(
        self, *, resources: Sequence[str], tags: Sequence[Tag], dry_run: bool = False
    ) -> None:
        """Set tags on key pairs; either every one is tagged or none."""
        asked = tag_changes.begin(
            self._access, _CREATE_TAGS, resources, request_tags(tags), dry_run=dry_run
        )
        tag_changes.check_any(tags)
        tag_changes.apply(self._access, _CREATE_TAGS, [asked], tag_changes.merging(tags))

    def delete_tags(
        self,
        *,
        resources: Sequence[str],
        tags: Sequence[TagSelector] | None = None,
        dry_run: bool = False,
    ) -> None:
        """Remove tags from key pairs; either from every one or from none."""
        selectors = tuple(tags or ())
        with_values = [Tag(s.key, s.value) for s in selectors if s.value is not None]
        keys = {"aws:TagKeys": tuple(selector.key for selector in selectors)}
        context = request_tags(with_values) | keys
        asked = tag_changes.begin(self._access, _DELETE_TAGS, resources, context, dry_run=dry_run)
        tag_changes.apply(self._access, _DELETE_TAGS, [asked], tag_changes.removing(selectors))

    def set_tags(
        self, *, key_pair_id: str, tags: Sequence[Tag], shown: Sequence[Tag] | None = None
    ) -> Retagged:
        """Make these the tags of a key pair, in one change.

        Where nothing is set and nothing goes, their order included, nothing is written.
        """
        if shown is None:
            # What is set and what goes depends on what is there, and so would a refusal.
            self._access.authorize("DescribeKeyPairs")
        found = self._access.store.read().key_pairs.get(key_pair_id)
        present = shown if shown is not None else found.tags if found else ()
        new = [tag for tag in tags if tag not in present]
        gone = tuple({tag.key for tag in present} - {tag.key for tag in tags})
        requests: list[tuple[str, Context]] = []
        requests += [(_CREATE_TAGS, request_tags(new))] if new else []
        requests += [(_DELETE_TAGS, {"aws:TagKeys": gone})] if gone else []
        if not requests:
            self._access.authorize("DescribeKeyPairs")
        asked = [
            tag_changes.begin(self._access, action, [key_pair_id], context, dry_run=False)
            for action, context in requests
        ]
        validation.check_new_tags(new)
        validation.check_tags([*new, *(tag for tag in tags if tag in present)])
        if found is None:
            raise InvalidID(key_pair_id)
        if not asked:
            return Retagged(found, found)
        change = tag_changes.setting(tags, new, gone)
        [retagged] = tag_changes.apply(self._access, "SetTags", asked, change)
        return retagged

    # Many at once -------------------------------------------------------------------------------

    def delete_key_pairs(
        self, key_pair_ids: Sequence[str], *, delete_time: datetime
    ) -> Iterator[Batch]:
        """Delete key pairs by their ids; they can be brought back together."""
        change = many.deleting(self._access, delete_time)
        return many.in_batches(self._access, _DELETE, key_pair_ids, str, change)

    def restore_key_pairs(self, key_pair_ids: Sequence[str]) -> Iterator[Batch]:
        """Bring deleted key pairs back; who may delete one may also bring it back."""
        change = many.bringing_back(self._access)
        return many.in_batches(self._access, _DELETE, key_pair_ids, str, change)

    def import_key_pairs(self, new: Sequence[NewKeyPair]) -> Iterator[Batch]:
        """Record public keys under their names, in that order."""
        change = many.importing(self._access, self._new_key_pair_id)
        return many.in_batches(self._access, _IMPORT, new, many.name_of, change)

    def tag_key_pairs(self, key_pair_ids: Sequence[str], tags: Sequence[Tag]) -> Iterator[Batch]:
        """Set tags on key pairs, by their ids; a tag whose key is there is overwritten."""
        tag_changes.check_any(tags)
        change = many.tagging(self._access, tags)
        return many.in_batches(self._access, _CREATE_TAGS, key_pair_ids, str, change)

    def set_tags_of_many(self, changes: Sequence[TagChange]) -> Iterator[Batch]:
        """Give each of these pairs the tags that it is to have, as `set_tags` does."""
        change = many.setting_tags(self._access)
        return many.in_batches(self._access, _CREATE_TAGS, changes, many.id_of, change)
