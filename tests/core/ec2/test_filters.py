import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.ec2.filters import (
    Filter,
    TagDescription,
    select_key_pairs,
    select_tags,
    wildcard,
)
from core.errors import EC2Error, FilterLimitExceeded, InvalidParameterValue
from core.model import KeyPair, KeyType, Tag
from tests.each_row import each_row


def key_pair(number: int, name: str, fingerprint: str, *tags: Tag) -> KeyPair:
    return KeyPair(
        key_pair_id=f"key-{number:017x}",
        key_name=name,
        key_type=KeyType.ED25519,
        key_fingerprint=fingerprint,
        public_key="ssh-ed25519 AAAA",
        tags=tags,
        create_time=datetime(2026, 9, 25, 11, 5, 17, 469_000, UTC),
    )


ALPHA = key_pair(0xA, "alpha", "aa:01", Tag("Owner", "TeamA"), Tag("Stage", "prod"))
BETA = key_pair(0xB, "beta", "bb:02", Tag("Owner", "TeamB"), Tag("Note"))
GAMMA = key_pair(0xC, "Gamma*?\\", "cc+/=")
DELTA = key_pair(0xD, "al", "aa:04", Tag("owner", "TeamA"), Tag("tag:Owner", "TeamA"))
PAIRS = [ALPHA, BETA, GAMMA, DELTA]


@each_row(
    ("pattern", "text", "matches"),
    [
        ("", "", True),
        ("", "a", False),
        ("abc", "abc", True),
        ("abc", "abcd", False),
        ("abc", "xabc", False),
        ("abc", "ABC", False),
        ("*", "", True),
        ("*", "two\nlines", True),
        ("**", "", True),
        ("a*", "a", True),
        ("a*", "ba", False),
        ("*a", "ba", True),
        ("*a", "ab", False),
        ("a*a", "a", False),
        ("a*a", "aa", True),
        ("a*b*c", "a-b-b-c", True),
        ("a*b*c", "a-c-b", False),
        ("*ab*abc", "ababc", True),
        ("*ab*abc", "abcabc", True),
        ("*ab*abc", "abc", False),
        ("?", "", False),
        ("?", "a", True),
        ("?", "\n", True),
        ("?", "aa", False),
        ("?", "\N{GRINNING FACE}", True),
        ("database?", "database", False),
        ("database?", "database1", True),
        ("?*", "", False),
        ("*?", "a", True),
        ("*a?c*", "-aacc", True),
        ("*a?c*", "bbbbb", False),
        ("*a?c*", "a-a-a", False),
        (r"\*amazon\?\\", "*amazon?\\", True),
        (r"\*amazon\?\\", "xamazonx\\", False),
        (r"\\*", "\\anything", True),
        (r"\\*", "anything", False),
        (r"\a", "a", True),
        (r"\a", "\\a", False),
        ("a\\", "a\\", True),
        ("a\\", "a", False),
        ("a.c", "abc", False),
        ("[ab]", "a", False),
        ("a|b", "a", False),
        ("^a$", "a", False),
        ("(a", "(a", True),
        ("a", "a\n", False),
    ],
)
def test_a_value_matches_as_the_api_reference_says(pattern: str, text: str, matches: bool) -> None:
    assert wildcard(pattern)(text) is matches


def matches_by_brute_force(pattern: str, text: str) -> bool:
    if not pattern:
        return not text
    first, rest = pattern[0], pattern[1:]
    if first == "*":
        return any(matches_by_brute_force(rest, text[skip:]) for skip in range(len(text) + 1))
    if first == "\\" and rest:
        first, rest = rest[0], rest[1:]
    elif first == "?":
        return bool(text) and matches_by_brute_force(rest, text[1:])
    return text[:1] == first and matches_by_brute_force(rest, text[1:])


@given(st.text("ab*?\\\n", max_size=8), st.text("ab*?\\\n", max_size=8))
def test_a_value_matches_as_the_definition_does(pattern: str, text: str) -> None:
    assert wildcard(pattern)(text) is matches_by_brute_force(pattern, text)


@pytest.mark.long
@given(st.text())
def test_a_text_with_every_character_escaped_matches_itself(text: str) -> None:
    escaped = "".join(f"\\{character}" for character in text)
    assert wildcard(escaped)(text)


@each_row(
    ("pattern", "length"),
    [
        # With backtracking the first takes many seconds and fails; the second would never end.
        ("*a" * 3 + "b", 3_000),
        ("*a" * 100 + "b", 10_000),
        ("*a" * 100, 10_000),
        ("*" + "?" * 200 + "b", 10_000),
        ("*" + "a" * 200 + "b*", 10_000),
        ("*" * 1_000 + "b", 10_000),
    ],
    ids=["three", "hundred", "hundred that match", "any before b", "long run", "only stars"],
)
def test_many_stars_do_not_make_matching_slow(pattern: str, length: int) -> None:
    matches = wildcard(pattern)
    before = time.process_time()
    assert matches("a" * length) is pattern.endswith("a")
    assert time.process_time() - before < 1


@each_row(
    ("filters", "selected"),
    [
        ([], PAIRS),
        ([Filter("key-name", ("alpha",))], [ALPHA]),
        ([Filter("key-name", ("al",))], [DELTA]),
        ([Filter("key-name", ("al*",))], [ALPHA, DELTA]),
        ([Filter("key-name", ("ALPHA",))], []),
        ([Filter("key-name", ("?eta",))], [BETA]),
        ([Filter("key-name", (r"*\*\?\\",))], [GAMMA]),
        ([Filter("key-name", ("beta", "alpha"))], [ALPHA, BETA]),
        ([Filter("key-name", ())], []),
        ([Filter("key-name", ("",))], []),
        ([Filter("key-pair-id", (ALPHA.key_pair_id,))], [ALPHA]),
        ([Filter("key-pair-id", ("key-*",))], PAIRS),
        ([Filter("fingerprint", ("aa:01",))], [ALPHA]),
        ([Filter("fingerprint", ("cc+/=",))], [GAMMA]),
        ([Filter("fingerprint", ("SHA256:other",))], []),
        ([Filter("tag-key", ("Owner",))], [ALPHA, BETA]),
        ([Filter("tag-key", ("*",))], [ALPHA, BETA, DELTA]),
        ([Filter("tag-value", ("TeamA",))], [ALPHA, DELTA]),
        ([Filter("tag-value", ("",))], [BETA]),
        ([Filter("tag:Owner", ("TeamA",))], [ALPHA]),
        ([Filter("tag:Owner", ("*",))], [ALPHA, BETA]),
        ([Filter("tag:owner", ("TeamA",))], [DELTA]),
        ([Filter("tag:tag:Owner", ("TeamA",))], [DELTA]),
        ([Filter("tag:Note", ("",))], [BETA]),
        ([Filter("tag:Note", ("*",))], [BETA]),
        ([Filter("tag:Own*", ("*",))], []),
        ([Filter("tag:", ("*",))], []),
        ([Filter("tag:Owner", ())], []),
        ([Filter("key-name", ("al*",)), Filter("tag:Owner", ("*",))], [ALPHA]),
        ([Filter("key-name", ("al*",)), Filter("key-name", ("*a",))], [ALPHA]),
        ([Filter("key-name", ("alpha",)), Filter("key-name", ("beta",))], []),
        ([Filter("key-name", ("alpha",)), Filter("key-name", ())], []),
        # Each tag filter looks at all tags: key and value need not belong together.
        ([Filter("tag-key", ("Owner",)), Filter("tag-value", ("prod",))], [ALPHA]),
        ([Filter("tag:Owner", ("TeamA",)), Filter("tag:Stage", ("prod",))], [ALPHA]),
    ],
)
def test_key_pairs_are_selected_by_their_filters(
    filters: list[Filter], selected: list[KeyPair]
) -> None:
    assert select_key_pairs(iter(PAIRS), filters) == selected


ROWS = [
    ("key-1", Tag("Owner", "TeamA")),
    ("key-1", Tag("Stage", "prod")),
    ("key-2", Tag("Owner", "TeamB")),
    ("key-2", Tag("owner", "")),
]
OWNER_1, STAGE_1, OWNER_2, LOWER_2 = DESCRIPTIONS = [
    TagDescription(resource_id="key-1", resource_type="key-pair", key="Owner", value="TeamA"),
    TagDescription(resource_id="key-1", resource_type="key-pair", key="Stage", value="prod"),
    TagDescription(resource_id="key-2", resource_type="key-pair", key="Owner", value="TeamB"),
    TagDescription(resource_id="key-2", resource_type="key-pair", key="owner", value=""),
]


@each_row(
    ("filters", "selected"),
    [
        ([], DESCRIPTIONS),
        ([Filter("key", ("Owner",))], [OWNER_1, OWNER_2]),
        ([Filter("key", ("?wner",))], [OWNER_1, OWNER_2, LOWER_2]),
        ([Filter("key", ())], []),
        ([Filter("value", ("TeamA", "prod"))], [OWNER_1, STAGE_1]),
        ([Filter("value", ("",))], [LOWER_2]),
        ([Filter("resource-id", ("key-2",))], [OWNER_2, LOWER_2]),
        ([Filter("resource-type", ("key-pair",))], DESCRIPTIONS),
        ([Filter("resource-type", ("key-*",))], DESCRIPTIONS),
        ([Filter("resource-type", ("instance",))], []),
        ([Filter("tag:Owner", ("Team*",))], [OWNER_1, OWNER_2]),
        ([Filter("tag:Owner", ("TeamA",))], [OWNER_1]),
        ([Filter("tag:owner", ("*",))], [LOWER_2]),
        ([Filter("tag:*", ("*",))], []),
        ([Filter("key", ("Owner",)), Filter("value", ("prod",))], []),
        ([Filter("key", ("Owner",)), Filter("resource-id", ("key-1",))], [OWNER_1]),
        ([Filter("key", ("O*",)), Filter("key", ("o*",))], []),
    ],
)
def test_tags_are_selected_by_their_filters(
    filters: list[Filter], selected: list[TagDescription]
) -> None:
    assert select_tags(iter(ROWS), filters) == selected


@each_row(
    "name", ["x", "key-type", "", "Key-Name", "tag", "Tag:Owner", "key", "create-time", "key-name "]
)
def test_an_unknown_filter_of_key_pairs_is_refused_even_when_there_are_none(name: str) -> None:
    with pytest.raises(InvalidParameterValue) as refusal:
        select_key_pairs([], [Filter("key-name", ("a",)), Filter(name, ())])
    assert refusal.value.message == f"The filter '{name}' is invalid"
    assert refusal.value.parameter == "filters"


@each_row("name", ["x", "tag-key", "tag-value", "key-name", "", "tag", "Key"])
def test_an_unknown_filter_of_tags_is_refused_even_when_there_are_none(name: str) -> None:
    with pytest.raises(InvalidParameterValue) as refusal:
        select_tags([], [Filter("key", ("a",)), Filter(name, ())])
    assert refusal.value.message == f"The filter '{name}' is invalid"
    assert refusal.value.parameter == "filters"


@pytest.mark.parametrize(
    "filters",
    [
        [Filter("tag:Owner", ("TeamA",) * 201)],
        [Filter("tag:Owner", ("TeamA",)), Filter("tag:Stage", ("prod",) * 200)],
    ],
)
def test_more_than_200_values_in_one_call_are_refused(filters: list[Filter]) -> None:
    text = "The maximum number of filter values specified on a single call is 200"
    for refused in (lambda: select_key_pairs(PAIRS, filters), lambda: select_tags([], filters)):
        with pytest.raises(FilterLimitExceeded) as refusal:
            refused()
        assert refusal.value.message == text
        assert refusal.value.parameter == "filters"


def test_a_value_of_more_than_255_characters_is_refused() -> None:
    filters = [Filter("tag:Owner", ("TeamA", "a" * 256))]
    text = "The maximum length for a filter value is 255 characters"
    for refused in (lambda: select_key_pairs(PAIRS, filters), lambda: select_tags([], filters)):
        with pytest.raises(FilterLimitExceeded) as refusal:
            refused()
        assert refusal.value.message == text
        assert refusal.value.parameter == "filters"


def test_200_values_and_255_characters_are_taken() -> None:
    filters = [
        Filter("key-name", ("x",) * 99 + ("alpha",)),
        Filter("tag:Owner", ("x" * 255,) * 99 + ("TeamA",)),
    ]
    assert select_key_pairs(PAIRS, filters) == [ALPHA]


def test_the_limit_error_is_one_of_ec2() -> None:
    assert issubclass(FilterLimitExceeded, EC2Error)
    assert (FilterLimitExceeded.code, FilterLimitExceeded.status) == ("FilterLimitExceeded", 400)
