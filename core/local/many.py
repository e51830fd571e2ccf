"""Does one thing to many key pairs: each batch is one change of the Region's file.

A batch ends after a while, so that whoever waits can stop between two, and other sessions get
their turn.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from time import monotonic
from typing import TYPE_CHECKING, TypeVar

from core.ec2 import validation
from core.ec2.authorization import (
    NO_CONTEXT,
    Context,
    new_pair_requests,
    request_tags,
    resource_context,
)
from core.ec2.backend import Batch, NewKeyPair, Refusal, TagChange
from core.errors import EC2Error, InvalidID
from core.local import tag_changes, trash
from core.local.resolving import check_id_once_existed, check_room, invalid_id
from core.model import KeptKeyPair, Tag, TagSpecification
from core.store.access import RegionAccess

if TYPE_CHECKING:
    from core.store.transaction import Transaction

MOST_SECONDS = 0.1
"""The time after which a batch is written; with the records and a full Region it is up to 0.25."""

_CREATE_TAGS, _DELETE_TAGS = "CreateTags", "DeleteTags"
_IMPORT, _DELETE = "ImportKeyPair", "DeleteKeyPair"

_Item = TypeVar("_Item")
Change = Callable[["Transaction", _Item], KeptKeyPair | None]
"""Changes one pair in a transaction, or raises EC2Error before anything is changed.

It returns the pair, or None where nothing was left to do.
"""


def in_batches(
    access: RegionAccess,
    action: str,
    items: Sequence[_Item],
    name_of: Callable[[_Item], str],
    change: Change[_Item],
    clock: Callable[[], float] = monotonic,
) -> Iterator[Batch]:
    """Change one after the other, and yield what came of each batch once it is written.

    A refusal keeps one from being changed, and no other. What keeps a batch from being written
    ends it all: of that batch nothing was done, and nothing of the rest.

    Args:
        action: what is to be allowed, by its name in a policy.
        name_of: what a refusal is to name.
        clock: seconds, an argument so that tests can fix it.

    Raises:
        UnauthorizedOperation: nothing may be changed here at all.
        StoreError: a batch could not be written.
    """
    left = iter(items)
    count = len(items)
    continues = False
    while count:
        access.state_to_change(action)
        done: list[KeptKeyPair] = []
        refused: list[Refusal] = []
        with access.store.transaction(continues=continues) as transaction:
            end = clock() + MOST_SECONDS
            for item in left:
                count -= 1
                try:
                    changed = change(transaction, item)
                except EC2Error as error:
                    refused.append(Refusal(name_of(item), error))
                else:
                    done += [changed] if changed is not None else []
                if clock() >= end:
                    break
        continues = continues or bool(transaction.changes)
        was = transaction.before.key_pairs
        before = tuple(was[each.key_pair_id] for each in done if each.key_pair_id in was)
        yield Batch(tuple(done), tuple(refused), count, before)


def name_of(new: NewKeyPair) -> str:
    """Return what a refusal of a new pair names."""
    return new.key_name


def deleting(access: RegionAccess, delete_time: datetime) -> Change[str]:
    """Return what deletes a pair by its id; the first of a batch empties the trash."""
    last: Transaction | None = None

    def delete(transaction: "Transaction", key_pair_id: str) -> KeptKeyPair | None:
        nonlocal last
        found = transaction.state.key_pairs.get(key_pair_id)
        _check(access, _DELETE, found)
        check_id_once_existed(transaction.state, key_pair_id)
        if found is not None:
            if last is not transaction:
                journal = access.store.journal
                transaction.forget(trash.to_forget(transaction.state, journal.read, access.now()))
                last = transaction
            transaction.remove(key_pair_id, delete_time, _DELETE)
        return found

    return delete


def bringing_back(access: RegionAccess) -> Change[str]:
    """Return what brings a deleted pair back by its id."""
    oldest = access.now() - trash.TRASH_KEEPS

    def bring_back(transaction: "Transaction", key_pair_id: str) -> KeptKeyPair:
        deleted = transaction.state.deleted.get(key_pair_id)
        kept = deleted is not None and deleted.delete_time >= oldest
        key_pair = deleted.key_pair if deleted is not None and kept else None
        _check(access, _DELETE, key_pair)
        if key_pair is None:
            raise invalid_id(key_pair_id)
        check_room(transaction.state, key_pair.key_name)
        return transaction.restore(key_pair_id, "RestoreKeyPair")

    return bring_back


def importing(access: RegionAccess, new_key_pair_id: Callable[[], str]) -> Change[NewKeyPair]:
    """Return what records a public key under a name, in the order of ImportKeyPair's checks."""
    # Imported here: looking at key pairs never needs it.
    from core.local.new_pairs import About, check_given, imported

    def import_one(transaction: "Transaction", new: NewKeyPair) -> KeptKeyPair:
        for action, context in new_pair_requests(_IMPORT, new.key_name, new.tags, NO_CONTEXT):
            access.authorizer.check(action, new.key_name, context)
        validation.check_key_name(new.key_name)
        check_given(new.public_key_material)
        specifications = [TagSpecification("key-pair", new.tags)] if new.tags else []
        tags = validation.check_tag_specifications(specifications)
        check_room(transaction.state, new.key_name)
        key_pair_id = new_key_pair_id()
        while transaction.state.knew(key_pair_id):
            key_pair_id = new_key_pair_id()
        about = About(key_pair_id, new.key_name, tags, access.now())
        key_pair = imported(new.public_key_material, about)
        transaction.insert(key_pair, _IMPORT)
        return key_pair

    return import_one


def tagging(access: RegionAccess, tags: Sequence[Tag]) -> Change[str]:
    """Return what sets tags on a pair, named by its id."""
    context = request_tags(tags)
    merge = tag_changes.merging(tags)

    def tag(transaction: "Transaction", key_pair_id: str) -> KeptKeyPair:
        key_pair = transaction.state.key_pairs.get(key_pair_id)
        _check(access, _CREATE_TAGS, key_pair, context)
        if key_pair is None:
            raise InvalidID(key_pair_id)
        changed = replace(key_pair, tags=merge(key_pair.tags))
        if changed != key_pair:
            transaction.update(changed, _CREATE_TAGS)
        return changed

    return tag


def id_of(change: TagChange) -> str:
    """Return what a refusal of a change of tags names."""
    return change.key_pair_id


def setting_tags(access: RegionAccess) -> Change[TagChange]:
    """Return what gives a pair the tags that it is to have, in the place of those shown before."""

    def set_tags(transaction: "Transaction", change: TagChange) -> KeptKeyPair:
        key_pair = transaction.state.key_pairs.get(change.key_pair_id)
        new = [tag for tag in change.tags if tag not in change.shown]
        gone = tuple({tag.key for tag in change.shown} - {tag.key for tag in change.tags})
        if new:
            _check(access, _CREATE_TAGS, key_pair, request_tags(new))
        if gone:
            _check(access, _DELETE_TAGS, key_pair, {"aws:TagKeys": gone})
        validation.check_new_tags(new)
        if key_pair is None:
            raise InvalidID(change.key_pair_id)
        if change.undoes:
            change = change.without_others(key_pair.tags)
            new = [tag for tag in new if tag in change.tags]
            gone = tuple(tag.key for tag in change.shown if tag.key in gone)
        tags = tag_changes.setting(change.tags, new, gone)(key_pair.tags)
        changed = replace(key_pair, tags=tags)
        if changed != key_pair:
            transaction.update(changed, "RestoreTags" if change.undoes else "SetTags")
        return changed

    return set_tags


def _check(
    access: RegionAccess, action: str, key_pair: KeptKeyPair | None, context: Context = NO_CONTEXT
) -> None:
    """Raise unless the policy allows it on this pair; the folder was looked at for the batch."""
    key_name = None if key_pair is None else key_pair.key_name
    about = {**context, **resource_context(key_pair)}
    access.authorizer.check(action, key_name, about, by_id=True)
