import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from core.checks.deleted import gone_pairs
from core.custody import saving
from core.ec2 import validation
from core.ec2.authorization import Authorizer
from core.ec2.policy import Policy
from core.ec2.regions import region
from core.errors import (
    EC2Error,
    InvalidKeyPairDuplicate,
    InvalidKeyPairNotFound,
    InvalidParameterValue,
    KeyPairLimitExceeded,
    UnauthorizedOperation,
)
from core.local.trash import TRASH_KEEPS
from core.model import KeptKeyPair, Tag, TagSpecification
from core.session import Session
from core.store.region_store import RegionStore
from core.store.transaction import Transaction
from tests.helpers import session_over

MILLISECOND = timedelta(milliseconds=1)


class Clock:
    """A clock that a test sets forward."""

    def __init__(self, time: datetime) -> None:
        self.time = time

    def __call__(self) -> datetime:
        return self.time


@pytest.fixture
def clock(fixed_time: datetime) -> Clock:
    return Clock(fixed_time)


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> RegionStore:
    """Return a store whose journal goes by `clock` as well."""
    return RegionStore(tmp_path / "data", "us-east-1", now=clock)


@pytest.fixture
def trashing(store: RegionStore, clock: Clock) -> Session:
    """Return a session whose time `clock` sets."""
    return session_over(store, now=clock)


def live(session: Session, clock: Clock, days: int) -> None:
    """Let days pass, on each of which somebody changes something."""
    pair = session.backend.describe_key_pairs()[0]
    for _ in range(days):
        clock.time += timedelta(days=1)
        today = Tag("day", clock.time.isoformat())
        session.backend.create_tags(resources=[pair.key_pair_id], tags=[today])


def create(session: Session, name: str, folder: Path | None = None) -> KeptKeyPair:
    """Create a key pair with tags, and save its private key where there is a folder for it."""
    specification = TagSpecification("key-pair", [Tag("Env", "prod"), Tag("Team", "")])
    created = session.backend.create_key_pair(
        key_name=name, key_type="ed25519", tag_specifications=[specification]
    )
    if folder is not None:
        saving.save_key_material(session, created, str(folder / f"{name}.pem"))
    found = session.key_pair_named(name)
    assert found is not None
    return found


def test_a_key_pair_comes_back_as_it_was(
    trashing: Session, store: RegionStore, clock: Clock, tmp_path: Path
) -> None:
    before = create(trashing, "web-1", tmp_path)
    assert before.tags
    assert before.custody.saved_to == (str(tmp_path / "web-1.pem"),)
    clock.time += timedelta(days=3)
    trashing.backend.delete_key_pair(key_name="web-1")
    clock.time += timedelta(days=3)
    assert trashing.backend.restore_key_pair(before.key_pair_id) == before
    for state in (store.read(), RegionStore(store.path.parent, store.region).read()):
        assert state.key_pairs == {before.key_pair_id: before}
        assert state.named("web-1") == before
        assert not state.deleted
    assert trashing.backend.describe_key_pairs(key_pair_ids=[before.key_pair_id]) == (before,)
    assert trashing.backend.deleted_key_pairs() == ()
    assert [entry.operation for entry in trashing.journal()][-2:] == [
        "DeleteKeyPair",
        "RestoreKeyPair",
    ]


def test_it_can_be_deleted_and_brought_back_again(trashing: Session) -> None:
    before = create(trashing, "web-1")
    for _ in range(3):
        assert (
            trashing.backend.delete_key_pair(key_pair_id=before.key_pair_id) == before.key_pair_id
        )
        assert trashing.backend.restore_key_pair(before.key_pair_id) == before
        with pytest.raises(InvalidParameterValue):
            trashing.backend.restore_key_pair(before.key_pair_id)


def test_meanwhile_ec2_answers_as_if_it_were_gone(trashing: Session, store: RegionStore) -> None:
    pair = create(trashing, "web-1")
    trashing.backend.delete_key_pair(key_name="web-1")
    assert trashing.backend.describe_key_pairs() == ()
    assert trashing.backend.describe_tags() == ([], None)
    with pytest.raises(InvalidKeyPairNotFound):
        trashing.backend.describe_key_pairs(key_names=["web-1"])
    with pytest.raises(InvalidKeyPairNotFound):
        trashing.backend.describe_key_pairs(key_pair_ids=[pair.key_pair_id])
    assert trashing.backend.delete_key_pair(key_name="web-1") is None
    assert trashing.backend.delete_key_pair(key_pair_id=pair.key_pair_id) is None
    with pytest.raises(EC2Error, match="not valid"):
        trashing.backend.create_tags(resources=[pair.key_pair_id], tags=[Tag("a", "b")])
    assert trashing.key_pair_named("web-1") is None
    # The name is free, and the new pair is another one.
    assert create(trashing, "web-1").key_pair_id != pair.key_pair_id
    assert len(store.read().deleted) == 1


def test_a_name_that_was_given_to_another_is_a_duplicate(
    trashing: Session, store: RegionStore
) -> None:
    old = create(trashing, "web-1")
    trashing.backend.delete_key_pair(key_name="web-1")
    new = create(trashing, "web-1")
    before = store.path.read_bytes()
    with pytest.raises(InvalidKeyPairDuplicate):
        trashing.backend.restore_key_pair(old.key_pair_id)
    assert store.path.read_bytes() == before
    trashing.backend.delete_key_pair(key_pair_id=new.key_pair_id)
    assert trashing.backend.restore_key_pair(old.key_pair_id) == old
    assert [deleted.key_pair for deleted in trashing.backend.deleted_key_pairs()] == [new]


def test_the_quota_holds_for_what_comes_back(
    trashing: Session, store: RegionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(validation, "MAX_KEY_PAIRS", 2)
    old = create(trashing, "web-1")
    trashing.backend.delete_key_pair(key_name="web-1")
    create(trashing, "web-2")
    create(trashing, "web-3")
    before = store.path.read_bytes()
    with pytest.raises(KeyPairLimitExceeded):
        trashing.backend.restore_key_pair(old.key_pair_id)
    assert store.path.read_bytes() == before
    trashing.backend.delete_key_pair(key_name="web-3")
    assert trashing.backend.restore_key_pair(old.key_pair_id) == old


def test_it_is_kept_for_thirty_days_and_no_longer(trashing: Session, clock: Clock) -> None:
    assert timedelta(days=30) == TRASH_KEEPS
    old, other = create(trashing, "web-1"), create(trashing, "web-2")
    trashing.backend.delete_key_pair(key_name="web-1")
    clock.time += TRASH_KEEPS
    assert trashing.backend.restore_key_pair(old.key_pair_id) == old
    trashing.backend.delete_key_pair(key_name="web-1")
    clock.time += TRASH_KEEPS + MILLISECOND
    assert trashing.backend.deleted_key_pairs() == ()
    with pytest.raises(InvalidParameterValue, match=old.key_pair_id):
        trashing.backend.restore_key_pair(old.key_pair_id)
    assert trashing.backend.describe_key_pairs() == (other,)


def test_the_next_deletion_empties_the_trash_but_for_the_ids(
    trashing: Session, store: RegionStore, clock: Clock
) -> None:
    create(trashing, "stays")
    old, later, last = (create(trashing, name) for name in ("old", "later", "last"))
    trashing.backend.delete_key_pair(key_name="old")
    live(trashing, clock, 1)
    trashing.backend.delete_key_pair(key_name="later")
    live(trashing, clock, TRASH_KEEPS.days)
    assert old.public_key.encode() in store.path.read_bytes()
    trashing.backend.delete_key_pair(key_name="last")
    data = store.path.read_bytes()
    assert old.public_key.encode() not in data
    assert later.public_key.encode() in data
    deleted = RegionStore(store.path.parent, store.region).read().deleted
    assert {key: gone.key_pair for key, gone in deleted.items()} == {
        old.key_pair_id: None,
        later.key_pair_id: later,
        last.key_pair_id: last,
    }
    with pytest.raises(InvalidKeyPairNotFound):
        trashing.backend.describe_key_pairs(key_pair_ids=[old.key_pair_id])
    assert [gone.key_pair for gone in trashing.backend.deleted_key_pairs()] == [last, later]


def test_a_clock_that_jumps_ahead_and_back_empties_nothing(
    trashing: Session, clock: Clock, store: RegionStore
) -> None:
    create(trashing, "stays")
    old = create(trashing, "old")
    trashing.backend.delete_key_pair(key_name="old")
    true_time = clock.time
    for days in (40, 80, 4000):
        clock.time = true_time + timedelta(days=days)
        for number in range(3):
            create(trashing, f"x-{days}-{number}")
            trashing.backend.delete_key_pair(key_name=f"x-{days}-{number}")
        assert old not in [gone.key_pair for gone in trashing.backend.deleted_key_pairs()]
        clock.time = true_time
    assert trashing.backend.restore_key_pair(old.key_pair_id) == old
    # And time that passes empties it all the same, though the clock was wrong once.
    trashing.backend.delete_key_pair(key_name="old")
    live(trashing, clock, 31)
    trashing.backend.delete_key_pair(key_name="stays")
    deleted = RegionStore(store.path.parent, store.region).read().deleted
    assert deleted[old.key_pair_id].key_pair is None


@pytest.mark.parametrize("journal", ["gone", "unreadable"])
def test_without_the_journal_nothing_is_forgotten(
    trashing: Session, clock: Clock, store: RegionStore, journal: str
) -> None:
    create(trashing, "stays")
    old = create(trashing, "old")
    trashing.backend.delete_key_pair(key_name="old")
    live(trashing, clock, 31)
    store.journal.path.unlink()
    if journal == "unreadable":
        store.journal.previous_path.mkdir()
    trashing.backend.delete_key_pair(key_name="stays")
    deleted = RegionStore(store.path.parent, store.region).read().deleted
    assert deleted[old.key_pair_id].key_pair == old


def test_emptying_the_trash_in_a_change_that_fails_empties_nothing(
    trashing: Session, store: RegionStore, clock: Clock
) -> None:
    old, kept = create(trashing, "old"), create(trashing, "kept")
    trashing.backend.delete_key_pair(key_name="old")
    before = store.read()
    with pytest.raises(ZeroDivisionError), store.transaction() as transaction:
        transaction.forget({old.key_pair_id})
        raise ZeroDivisionError
    assert store.read() == before
    trashing.backend.create_tags(resources=[kept.key_pair_id], tags=[Tag("a", "b")])
    deleted = RegionStore(store.path.parent, store.region).read().deleted
    assert deleted[old.key_pair_id].key_pair == old


@pytest.mark.parametrize("key_pair_id", ["key-0123456789abcdef0", "", "web-1"])
def test_what_was_never_deleted_cannot_be_brought_back(key_pair_id: str, trashing: Session) -> None:
    create(trashing, "web-1")
    with pytest.raises(InvalidParameterValue):
        trashing.backend.restore_key_pair(key_pair_id)


def test_a_session_brings_back_what_another_deleted(
    trashing: Session, store: RegionStore, clock: Clock
) -> None:
    other = session_over(RegionStore(store.path.parent, store.region), now=clock)
    pair = create(trashing, "web-1")
    trashing.backend.delete_key_pair(key_name="web-1")
    assert other.backend.restore_key_pair(pair.key_pair_id) == pair
    assert trashing.backend.describe_key_pairs() == (pair,)
    with pytest.raises(InvalidParameterValue):
        trashing.backend.restore_key_pair(pair.key_pair_id)


def test_what_another_session_threw_out_meanwhile_cannot_be_brought_back(
    trashing: Session,
    store: RegionStore,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    old = create(trashing, "old")
    trashing.backend.delete_key_pair(key_name="old")
    transaction = store.transaction

    @contextmanager
    def later() -> Iterator[Transaction]:
        with transaction() as changes:
            changes.forget({old.key_pair_id})
            yield changes

    monkeypatch.setattr(store, "transaction", later)
    with pytest.raises(InvalidParameterValue, match=old.key_pair_id):
        trashing.backend.restore_key_pair(old.key_pair_id)


def test_who_may_not_describe_pairs_does_not_see_deleted_ones_but_may_bring_one_back(
    trashing: Session, store: RegionStore, clock: Clock
) -> None:
    old = create(trashing, "old")
    trashing.backend.delete_key_pair(key_name="old")
    statements = [{"Effect": "Allow", "Action": "ec2:DeleteKeyPair", "Resource": "*"}]
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    policy = Policy.parse(document, source="policy.json")
    authorizer = Authorizer(region(store.region), "tester", policy=policy)
    limited = session_over(store, authorizer, now=clock)
    with pytest.raises(UnauthorizedOperation, match="ec2:DescribeKeyPairs"):
        limited.backend.deleted_key_pairs()
    assert limited.backend.restore_key_pair(old.key_pair_id) == old


def test_a_pair_comes_back_under_another_name_with_all_else(trashing: Session) -> None:
    first = trashing.backend.create_key_pair(key_name="a", key_type="ed25519").key_pair
    trashing.backend.delete_key_pair(key_name="a")
    trashing.backend.create_key_pair(key_name="a", key_type="ed25519")
    backend = trashing.backend
    for bad, error in (
        ("a", InvalidKeyPairDuplicate),
        ("", EC2Error),
        ("é", EC2Error),
        (" a", EC2Error),
    ):
        with pytest.raises(error):
            backend.restore_key_pair(first.key_pair_id, bad)
    assert backend.restore_key_pair(first.key_pair_id, "b") == replace(first, key_name="b")
    assert trashing.key_pair_named("b") == replace(first, key_name="b")
    assert backend.deleted_key_pairs() == ()
    assert trashing.journal()[-1].operation == "RestoreKeyPair"
    assert trashing.journal()[-1].key_name == "b"


def test_another_name_needs_the_right_to_give_it(trashing: Session) -> None:
    first = trashing.backend.create_key_pair(key_name="a", key_type="ed25519").key_pair
    trashing.backend.delete_key_pair(key_name="a")
    allow = '{"Effect": "Allow", "Action": "*", "Resource": "*"}'
    deny = (
        '{"Effect": "Deny", "Action": "ec2:ImportKeyPair", "Resource": "arn:aws:ec2:*:key-pair/x*"}'
    )
    document = f'{{"Version": "2012-10-17", "Statement": [{allow}, {deny}]}}'
    policy = Policy.parse(document, source="p")
    trashing.access.authorizer = Authorizer(region("us-east-1"), "ops", policy=policy)
    with pytest.raises(UnauthorizedOperation):
        trashing.backend.restore_key_pair(first.key_pair_id, "x1")
    assert trashing.backend.restore_key_pair(first.key_pair_id, "y1").key_name == "y1"


def test_that_a_pair_was_given_up_is_remembered_and_only_of_that_one(trashing: Session) -> None:
    for name in ("a", "b"):
        trashing.backend.create_key_pair(key_name=name, key_type="ed25519")
    trashing.backend.delete_key_pair(key_name="a", given_up=True)
    trashing.backend.delete_key_pair(key_name="b")
    again = trashing.for_region(trashing.region)
    assert {
        gone.key_pair.key_name: gone.given_up
        for gone in again.backend.deleted_key_pairs()
        if gone.key_pair
    } == {"a": True, "b": False}
    records = json.loads(trashing.store.path.read_bytes())["deleted_key_pairs"].values()
    # A record of any other deletion is as the first versions wrote it.
    assert sorted("GivenUp" in record for record in records) == [False, True]
    assert [gone.key_pair.key_name for gone in gone_pairs(again)] == ["b", "a"]


def test_a_pair_that_another_session_deletes_first_was_never_there(
    session: Session, meanwhile: Callable[[Callable[[Session], object]], None]
) -> None:
    session.backend.create_key_pair(key_name="web", key_type="ed25519")
    meanwhile(lambda other: other.backend.delete_key_pair(key_name="web"))
    assert session.backend.delete_key_pair(key_name="web") is None
    assert len(session.backend.deleted_key_pairs()) == 1
    operations = [entry.operation for entry in session.journal()]
    assert operations.count("DeleteKeyPair") == 1
