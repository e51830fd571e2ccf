"""Tags set and removed: CreateTags, DeleteTags, and both in one change."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from core.ec2 import validation
from core.ec2.authorization import Context, request_tags, resource_context
from core.errors import DryRunOperation, InvalidID, InvalidParameterValue, MissingParameter
from core.local import Operations
from core.model import KeyPair, Tag, TagSelector

_CREATE_TAGS, _DELETE_TAGS = "CreateTags", "DeleteTags"


class _Asked(NamedTuple):
    """What was found to be allowed: an action in a context, on pairs as they were then."""

    action: str
    context: Context
    found: Mapping[str, KeyPair | None]


class Tagging(Operations):
    """How the tags of key pairs change."""

    def create_tags(
        self, *, resources: Sequence[str], tags: Sequence[Tag], dry_run: bool = False
    ) -> None:
        """Set tags on key pairs, named by their ids; a tag whose key is there is overwritten.

        Either every one is tagged or none.

        Raises:
            UnauthorizedOperation: it is not allowed on one of them.
            DryRunOperation: it is allowed, and `dry_run` was set.
            MissingParameter: no resources.
            InvalidParameterValue: no tags, or a bad one.
            InvalidID: an id that names no key pair.
            TagLimitExceeded: one of them would carry more than 50.
            StoreError: the change could not be written.
        """
        asked = self._begin_tagging(_CREATE_TAGS, resources, request_tags(tags), dry_run)
        if not tags:
            # As dask-ec2#90 (2017) and vagrant-aws#260 (2014) show it.
            raise InvalidParameterValue(
                "You must specify one or more tags to create", parameter="tags"
            )
        validation.check_new_tags(tags)

        def merged(present: tuple[Tag, ...]) -> tuple[Tag, ...]:
            values = {tag.key: tag.value for tag in (*present, *tags)}
            result = tuple(Tag(key, value) for key, value in values.items())
            validation.check_tag_count(result)
            return result

        self._change_tags(_CREATE_TAGS, [asked], merged)

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
        context = request_tags(with_values) | keys
        asked = self._begin_tagging(_DELETE_TAGS, resources, context, dry_run)

        def remaining(present: tuple[Tag, ...]) -> tuple[Tag, ...]:
            if not selectors:
                return ()
            return tuple(t for t in present if not any(s.matches(t) for s in selectors))

        self._change_tags(_DELETE_TAGS, [asked], remaining)

    def set_tags(
        self, *, key_pair_id: str, tags: Sequence[Tag], shown: Sequence[Tag] | None = None
    ) -> None:
        """Make these the tags of a key pair, in one change: what is not among them goes.

        `shown` are the tags that the person began with; None are those that are there now. Set is
        what is not among them, and gone is what was; all else stays as another session has left
        it meanwhile.

        It needs what CreateTags and DeleteTags need for what is set and what goes. Where nothing
        is and nothing does, their order included, nothing is written.

        Raises:
            UnauthorizedOperation: it is not allowed.
            InvalidParameterValue: a bad tag.
            InvalidID: there is no such key pair.
            TagLimitExceeded: more than 50.
            StoreError: the change could not be written.
        """
        found = self._store.read().key_pairs.get(key_pair_id)
        present = shown if shown is not None else found.tags if found else ()
        new = [tag for tag in tags if tag not in present]
        gone = tuple({tag.key for tag in present} - {tag.key for tag in tags})
        requests: list[tuple[str, Context]] = []
        requests += [(_CREATE_TAGS, request_tags(new))] if new else []
        requests += [(_DELETE_TAGS, {"aws:TagKeys": gone})] if gone else []
        asked = [
            self._begin_tagging(action, [key_pair_id], context, dry_run=False)
            for action, context in requests
        ]
        validation.check_new_tags(new)
        validation.check_tags([*new, *(tag for tag in tags if tag in present)])
        if found is None:
            raise InvalidID(key_pair_id)
        if not asked:
            return

        def changed(current: tuple[Tag, ...]) -> tuple[Tag, ...]:
            ours = [tag for tag in tags if tag in new or tag in current]
            decided = {tag.key for tag in ours}.union(gone)
            result = (*ours, *(tag for tag in current if tag.key not in decided))
            validation.check_tag_count(result)
            return result

        self._change_tags("SetTags", asked, changed)

    def _begin_tagging(
        self, action: str, resources: Sequence[str], context: Context, dry_run: bool
    ) -> _Asked:
        state = self._state_to_change(action, None)
        found = {resource: state.key_pairs.get(resource) for resource in resources}
        for key_pair in found.values() or [None]:
            key_name = key_pair.key_name if key_pair else None
            self._authorize(action, key_name, {**context, **resource_context(key_pair)})
        if dry_run:
            raise DryRunOperation
        if not resources:
            # As aws-doc-sdk-examples#1302 (2020) shows it.
            raise MissingParameter(
                "The request must contain the parameter resourceIdSet", parameter="resources"
            )
        return _Asked(action, context, found)

    def _change_tags(
        self,
        operation: str,
        asked: Sequence[_Asked],
        change: Callable[[tuple[Tag, ...]], tuple[Tag, ...]],
    ) -> None:
        with self._store.transaction() as transaction:
            changed = []
            for resource in asked[0].found:
                key_pair = transaction.state.key_pairs.get(resource)
                if key_pair is None:
                    raise InvalidID(resource)
                # Another session may have set a tag by which the policy protects the pair.
                for action, context, found in asked:
                    if key_pair != found[resource]:
                        context = {**context, **resource_context(key_pair)}
                        self._authorize(action, key_pair.key_name, context)
                tags = change(key_pair.tags)
                if tags != key_pair.tags:
                    changed.append(replace(key_pair, tags=tags))
            transaction.update_all(changed, operation)
