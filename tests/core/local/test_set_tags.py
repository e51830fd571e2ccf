"""SetTags is ours: EC2 has CreateTags and DeleteTags. What it may do is what both may."""

from collections.abc import Callable

import pytest

from core.ec2.authorization import Authorizer
from core.ec2.regions import region
from core.errors import (
    InvalidID,
    InvalidParameterValue,
    TagLimitExceeded,
    UnauthorizedOperation,
)
from core.model import Tag
from core.session import Session
from core.store.region_store import RegionStore
from tests.core.store_records import key_pair, write_region
from tests.helpers import session_over

A, B, C = Tag("a", "1"), Tag("b", "2"), Tag("c", "3")
PAIR = key_pair(1).key_pair_id


@pytest.fixture
def tagged(store: RegionStore) -> Session:
    """Return a service whose only pair has the tags A and B."""
    write_region(store.path.parent, 1)
    session = session_over(store)
    session.backend.delete_tags(resources=[PAIR])
    session.backend.create_tags(resources=[PAIR], tags=[A, B])
    return session


def tags_of(session: Session) -> tuple[Tag, ...]:
    (pair,) = session.backend.describe_key_pairs(key_pair_ids=[PAIR])
    return pair.tags


def test_what_is_not_among_them_goes(tagged: Session) -> None:
    tagged.backend.set_tags(key_pair_id=PAIR, tags=[C, Tag("a", "new")])
    assert tags_of(tagged) == (C, Tag("a", "new"))
    assert tagged.journal()[-1].operation == "SetTags"
    tagged.backend.set_tags(key_pair_id=PAIR, tags=[])
    assert tags_of(tagged) == ()


@pytest.mark.parametrize("tags", [[A, B], [B, A]])
def test_the_same_tags_in_any_order_change_nothing(
    tags: list[Tag], tagged: Session, store: RegionStore
) -> None:
    before = store.path.read_bytes()
    reading = session_over(store, Authorizer(region(store.region), "tester", read_only=True))
    for session in (tagged, reading):
        session.backend.set_tags(key_pair_id=PAIR, tags=tags)
    assert store.path.read_bytes() == before
    with pytest.raises(UnauthorizedOperation):
        reading.backend.set_tags(key_pair_id=PAIR, tags=[A])


@pytest.mark.parametrize("tags", [[], [A]])
def test_a_pair_that_is_not_there_has_no_tags_to_set(tags: list[Tag], tagged: Session) -> None:
    with pytest.raises(InvalidID):
        tagged.backend.set_tags(key_pair_id="key-0123456789abcdef0", tags=tags)


def test_a_key_may_not_stand_twice(tagged: Session) -> None:
    for tags in ([A, A], [A, Tag("a", "new")], [C, C]):
        with pytest.raises(InvalidParameterValue, match="Duplicate"):
            tagged.backend.set_tags(key_pair_id=PAIR, tags=tags)


@pytest.mark.parametrize(
    ("act", "expected"),
    [
        (
            lambda other: other.backend.create_tags(resources=[PAIR], tags=[C]),
            {A, Tag("b", "new"), C},
        ),
        (lambda other: other.backend.delete_tags(resources=[PAIR]), {Tag("b", "new")}),
        (
            lambda other: other.backend.create_tags(resources=[PAIR], tags=[Tag("a", "theirs")]),
            {Tag("a", "theirs"), Tag("b", "new")},
        ),
    ],
    ids=["set another", "removed all", "overwrote"],
)
def test_what_another_session_does_to_the_tags_meanwhile_stays(
    act: Callable[[Session], object],
    expected: set[Tag],
    tagged: Session,
    meanwhile: Callable[[Callable[[Session], object]], None],
) -> None:
    meanwhile(act)
    tagged.backend.set_tags(key_pair_id=PAIR, tags=[A, Tag("b", "new")])
    assert set(tags_of(tagged)) == expected


def test_both_sessions_together_set_no_more_than_fifty(
    tagged: Session, meanwhile: Callable[[Callable[[Session], object]], None]
) -> None:
    meanwhile(lambda other: other.backend.create_tags(resources=[PAIR], tags=[C]))
    with pytest.raises(TagLimitExceeded):
        tagged.backend.set_tags(key_pair_id=PAIR, tags=[Tag(f"x-{n}") for n in range(50)])


def test_a_pair_that_another_session_deletes_meanwhile_is_not_there(
    tagged: Session, meanwhile: Callable[[Callable[[Session], object]], None]
) -> None:
    meanwhile(lambda other: other.backend.delete_key_pair(key_pair_id=PAIR))
    with pytest.raises(InvalidID):
        tagged.backend.set_tags(key_pair_id=PAIR, tags=[C])


# What a form showed -----------------------------------------------------------------------------


@pytest.fixture
def other(store: RegionStore) -> Session:
    """Return the service of another session."""
    return session_over(RegionStore(store.folder, store.region))


@pytest.mark.parametrize(
    ("theirs", "ours", "expected"),
    [
        ([A, B, C], [A, Tag("b", "new")], {A, Tag("b", "new"), C}),
        ([Tag("a", "theirs"), B], [A, B, C], {Tag("a", "theirs"), B, C}),
        ([B], [A, B, C], {B, C}),
        ([Tag("a", "theirs"), B], [B], {B}),
        ([Tag("a", "theirs"), B], [Tag("a", "ours"), B], {Tag("a", "ours"), B}),
        ([B], [Tag("a", "ours"), B], {Tag("a", "ours"), B}),
        ([C], [A, B], {C}),
    ],
    ids=["added", "changed", "removed", "ours goes", "ours wins", "ours comes back", "nothing"],
)
def test_only_what_the_person_changed_is_changed(
    theirs: list[Tag],
    ours: list[Tag],
    expected: set[Tag],
    tagged: Session,
    other: Session,
) -> None:
    shown = tags_of(tagged)
    other.backend.set_tags(key_pair_id=PAIR, tags=theirs)
    tagged.backend.set_tags(key_pair_id=PAIR, tags=ours, shown=shown)
    assert set(tags_of(other)) == expected


def test_with_what_others_set_there_are_no_more_than_fifty(tagged: Session, other: Session) -> None:
    shown = tags_of(tagged)
    other.backend.create_tags(resources=[PAIR], tags=[Tag(f"x-{n}") for n in range(48)])
    with pytest.raises(TagLimitExceeded):
        tagged.backend.set_tags(key_pair_id=PAIR, tags=[A, B, C], shown=shown)
    assert C not in tags_of(other)
