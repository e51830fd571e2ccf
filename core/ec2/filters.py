r"""Applies the filters of DescribeKeyPairs and DescribeTags.

The values of a filter are joined with OR, the filters with AND; names and values are
case-sensitive (API reference, Filter). In a value `*` stands for any run of characters, `?` for
exactly one, and a backslash takes the meaning from the character after it.
"""

from collections import namedtuple

from core.ec2.wildcards import Wildcard, WildcardPattern
from core.errors import FilterLimitExceeded, InvalidParameterValue

TYPE_CHECKING = False
"""What type checkers take for true; a command that only reads has no time for `typing`."""

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import NamedTuple, Protocol, TypeVar

    class Taggable(Protocol):
        """A tag, whoever keeps it."""

        @property
        def key(self) -> str: ...

        @property
        def value(self) -> str: ...

    class Filterable(Protocol):
        """A key pair, as far as filters judge it."""

        @property
        def key_pair_id(self) -> str: ...

        @property
        def key_name(self) -> str: ...

        @property
        def key_fingerprint(self) -> str: ...

        @property
        def tags(self) -> Sequence[Taggable]: ...

    _Item = TypeVar("_Item")
    _KeyPair = TypeVar("_KeyPair", bound=Filterable)

    class Filter(NamedTuple):
        """A filter of a describe call: what to look at, and the values that are wanted there."""

        name: str
        values: tuple[str, ...]

    class TagDescription(NamedTuple):
        """A tag together with the resource that carries it, as DescribeTags answers it."""

        resource_id: str
        resource_type: str
        key: str
        value: str

else:
    Filter = namedtuple("Filter", ("name", "values"))
    TagDescription = namedtuple("TagDescription", ("resource_id", "resource_type", "key", "value"))

_KEY_PAIR_FILTERS = frozenset({"key-pair-id", "fingerprint", "key-name", "tag-key", "tag-value"})
_TAG_FILTERS = frozenset({"key", "value", "resource-id", "resource-type"})
_WILDCARDS = {"*": Wildcard.RUN, "?": Wildcard.ONE}
_MOST_VALUES = 200
_LONGEST_VALUE = 255


def wildcard(pattern: str) -> "Callable[[str], bool]":
    r"""Return what tells whether a text matches a filter's value as a whole.

    `\*amazon\?\\` matches `*amazon?\` and nothing else (API reference; the user guide once says
    that `?` stands for zero or one character, and in its example that it is exactly one). A
    backslash at the very end stands for itself.
    """
    tokens: list[str | Wildcard] = []
    characters = iter(pattern)
    for character in characters:
        if character == "\\":
            tokens.append(next(characters, "\\"))
        else:
            tokens.append(_WILDCARDS.get(character, character))
    return WildcardPattern(tokens).matches


def select_key_pairs(pairs: "Iterable[_KeyPair]", filters: "Sequence[Filter]") -> "list[_KeyPair]":
    """The pairs that pass every filter, in the order in which they came.

    The filters are `key-pair-id`, `fingerprint`, `key-name`, `tag-key`, `tag:<key>` (API
    reference) and `tag-value` (recorded from the service); `key-type` is none (recorded). A
    filter without values lets nothing through (recorded). `InvalidParameterValue` answers an
    unknown name, also if there are no pairs.
    """
    passes = _all_of(filters, _KEY_PAIR_FILTERS, _key_pair_attributes)
    return [pair for pair in pairs if passes(pair)]


def select_tags(
    rows: "Iterable[tuple[str, Taggable]]", filters: "Sequence[Filter]"
) -> "list[TagDescription]":
    """The tags that pass every filter, in the order in which they came.

    Each row is the id of a key pair and one of its tags. The filters are `key`, `value`,
    `resource-id`, `resource-type` and `tag:<key>` (API reference); they are judged tag by tag,
    so that a pair's other tags do not come along.
    """
    passes = _all_of(filters, _TAG_FILTERS, _tag_attributes)
    descriptions = (
        TagDescription(resource_id, "key-pair", tag.key, tag.value) for resource_id, tag in rows
    )
    return [description for description in descriptions if passes(description)]


def _key_pair_attributes(pair: "Filterable") -> "Iterator[tuple[str, str]]":
    yield "key-pair-id", pair.key_pair_id
    yield "fingerprint", pair.key_fingerprint
    yield "key-name", pair.key_name
    for tag in pair.tags:
        yield "tag-key", tag.key
        yield "tag-value", tag.value
        yield f"tag:{tag.key}", tag.value


def _tag_attributes(tag: "TagDescription") -> "Iterator[tuple[str, str]]":
    yield "key", tag.key
    yield "value", tag.value
    yield "resource-id", tag.resource_id
    yield "resource-type", tag.resource_type
    yield f"tag:{tag.key}", tag.value


def _all_of(
    filters: "Sequence[Filter]",
    known_names: frozenset[str],
    attributes_of: "Callable[[_Item], Iterable[tuple[str, str]]]",
) -> "Callable[[_Item], bool]":
    """One function for all the filters; the attributes of an item are named as the filters are."""
    _refuse_unknown_names(filters, known_names)
    _refuse_excess(filters)
    wanted = [(each.name, [wildcard(value) for value in each.values]) for each in filters]

    def passes(item: "_Item") -> bool:
        attributes = list(attributes_of(item))
        return all(
            any(
                attribute == name and any(matches(value) for matches in matchers)
                for attribute, value in attributes
            )
            for name, matchers in wanted
        )

    return passes


def _refuse_unknown_names(filters: "Sequence[Filter]", known_names: frozenset[str]) -> None:
    for each in filters:
        if each.name not in known_names and not each.name.startswith("tag:"):
            raise InvalidParameterValue(f"The filter '{each.name}' is invalid", parameter="filters")


def _refuse_excess(filters: "Sequence[Filter]") -> None:
    # Both texts are the service's, quoted in ansible/ansible#16184 and #84327. The first was the
    # answer to 200 values of one filter beside one of another, and 199 beside one passed: the sum
    # counts. The user guide also says 50 filters in one call, but no answer to more is known.
    if sum(len(each.values) for each in filters) > _MOST_VALUES:
        raise FilterLimitExceeded(
            f"The maximum number of filter values specified on a single call is {_MOST_VALUES}"
        )
    if any(len(value) > _LONGEST_VALUE for each in filters for value in each.values):
        raise FilterLimitExceeded(
            f"The maximum length for a filter value is {_LONGEST_VALUE} characters"
        )
