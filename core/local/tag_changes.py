"""Changes the tags of key pairs, each change in one transaction and by leave of the policy."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from core.ec2 import validation
from core.ec2.authorization import Context, resource_context
from core.ec2.backend import Retagged
from core.errors import DryRunOperation, InvalidID, InvalidParameterValue, MissingParameter
from core.model import KeptKeyPair, Tag, TagSelector
from core.store.access import RegionAccess

Tags = tuple[Tag, ...]


class AllowedTagging(NamedTuple):
    """What was found to be allowed: an action in a context, on pairs as they were then."""

    action: str
    context: Context
    found: Mapping[str, KeptKeyPair | None]


def begin(
    access: RegionAccess, action: str, resources: Sequence[str], context: Context, *, dry_run: bool
) -> AllowedTagging:
    """Check that tags of key pairs may be changed, and end the call here if it is a dry run.

    Raises:
        UnauthorizedOperation: it is not allowed on one of them.
        DryRunOperation: it is allowed, and `dry_run` was set.
        MissingParameter: no resources.
    """
    state = access.state_to_change(action)
    found = {resource: state.key_pairs.get(resource) for resource in resources}
    for key_pair in found.values() or [None]:
        key_name = key_pair.key_name if key_pair else None
        context_here = {**context, **resource_context(key_pair)}
        access.authorize(action, key_name, context_here, by_id=True)
    if dry_run:
        raise DryRunOperation
    if not resources:
        # As aws-doc-sdk-examples#1302 (2020) shows it.
        raise MissingParameter(
            "The request must contain the parameter resourceIdSet", parameter="resources"
        )
    return AllowedTagging(action, context, found)


def check_any(tags: Sequence[Tag]) -> None:
    """Raise InvalidParameterValue unless these are tags to set, and at least one."""
    if not tags:
        # As dask-ec2#90 (2017) and vagrant-aws#260 (2014) show it.
        raise InvalidParameterValue("You must specify one or more tags to create", parameter="tags")
    validation.check_new_tags(tags)


def apply(
    access: RegionAccess,
    operation: str,
    allowed: Sequence[AllowedTagging],
    change: Callable[[Tags], Tags],
) -> list[Retagged]:
    """Change the tags of the pairs that were asked for; `operation` is the journal's word.

    Returned is each as it was under the lock of the Region, and as it is since.

    Raises:
        UnauthorizedOperation: it is not allowed any more.
        InvalidID: an id that names no key pair.
        TagLimitExceeded: one of them would carry more than 50.
        StoreError: the change could not be written.
    """
    with access.store.transaction() as transaction:
        retagged: list[Retagged] = []
        for resource in allowed[0].found:
            key_pair = transaction.state.key_pairs.get(resource)
            if key_pair is None:
                raise InvalidID(resource)
            # Another session may have set a tag by which the policy protects the pair.
            for action, context, found in allowed:
                if key_pair != found[resource]:
                    context = {**context, **resource_context(key_pair)}
                    access.authorize(action, key_pair.key_name, context, by_id=True)
            retagged.append(Retagged(key_pair, replace(key_pair, tags=change(key_pair.tags))))
        for each in retagged:
            if each.after != each.before:
                transaction.update(each.after, operation)
    return retagged


def merging(tags: Sequence[Tag]) -> Callable[[Tags], Tags]:
    """Return what adds tags to those of a pair; a tag whose key is there is overwritten."""

    def merged(present: Tags) -> Tags:
        values = {tag.key: tag.value for tag in (*present, *tags)}
        result = tuple(Tag(key, value) for key, value in values.items())
        validation.check_tag_count(result)
        return result

    return merged


def removing(selectors: Sequence[TagSelector]) -> Callable[[Tags], Tags]:
    """Return what takes tags from those of a pair; without selectors all of them."""

    def remaining(present: Tags) -> Tags:
        if not selectors:
            return ()
        return tuple(t for t in present if not any(s.matches(t) for s in selectors))

    return remaining


def setting(tags: Sequence[Tag], new: Sequence[Tag], gone: Sequence[str]) -> Callable[[Tags], Tags]:
    """Return what makes `tags` those of a pair, of which `new` are set and the keys `gone` go.

    What another session has set meanwhile stays.
    """

    def changed(current: Tags) -> Tags:
        ours = [tag for tag in tags if tag in new or tag in current]
        decided = {tag.key for tag in ours}.union(gone)
        result = (*ours, *(tag for tag in current if tag.key not in decided))
        validation.check_tag_count(result)
        return result

    return changed
