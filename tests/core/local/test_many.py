"""What is done to many key pairs at once: each batch one change, each pair judged by itself."""

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from core.ec2 import validation
from core.ec2.authorization import Authorizer
from core.ec2.backend import Batch, NewKeyPair, TagChange
from core.ec2.policy import Policy
from core.ec2.regions import region
from core.errors import (
    EC2Error,
    InvalidID,
    InvalidKeyFormat,
    InvalidKeyPairDuplicate,
    InvalidParameterValue,
    KeyPairLimitExceeded,
    KeyPairsError,
    StoreError,
    TagLimitExceeded,
    UnauthorizedOperation,
)
from core.local import many, trash
from core.local.opening import open_local
from core.model import KeptKeyPair, Tag
from core.region_imports import RegionImporter
from core.session import Session
from core.store.records import to_record
from tests.core.store_records import write_region
from tests.helpers import session_over

NOW = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
ED = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILR+zNQbYY5ORuhYXGMTSnjRLzS9C5dUdWRKdlqi20q2"
COUNT = 40


@pytest.fixture
def full(tmp_path: Path) -> Session:
    """Return a session over a Region of 40 pairs, named pair-1 and so on."""
    write_region(tmp_path / "data", COUNT)
    return open_local(tmp_path / "data", "us-east-1")


def pairs_of(session: Session) -> tuple[KeptKeyPair, ...]:
    return session.backend.describe_key_pairs()


def ids_of(session: Session) -> list[str]:
    return [pair.key_pair_id for pair in pairs_of(session)]


def names(pairs: tuple[KeptKeyPair, ...]) -> list[str]:
    return [pair.key_name for pair in pairs]


def limited(folder: Path, *statements: dict[str, object]) -> Session:
    """Return a session of `sam` under a policy that allows all but what it denies."""
    allow = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [allow, *statements]}
    policy = Policy.parse(json.dumps(document), source="the test")
    return open_local(folder, "us-east-1", Authorizer(region("us-east-1"), "sam", policy=policy))


def denied(action: str, name: str) -> dict[str, object]:
    resource = f"arn:aws:ec2:*:*:key-pair/{name}"
    return {"Effect": "Deny", "Action": f"ec2:{action}", "Resource": resource}


def refusals(batches: list[Batch]) -> dict[str, type[KeyPairsError]]:
    return {name: type(error) for batch in batches for name, error in batch.refused}


def journal_of(session: Session, operation: str) -> list[tuple[str | None, str]]:
    return [(e.key_name, e.outcome) for e in session.journal() if e.operation == operation]


# Each pair by itself ------------------------------------------------------------------------


def test_pairs_are_deleted_and_come_back_to_the_last_byte(full: Session) -> None:
    before = {pair.key_pair_id: orjson.dumps(to_record(pair)) for pair in pairs_of(full)}
    chosen = ids_of(full)[5:25]
    [batch] = full.backend.delete_key_pairs(chosen, delete_time=NOW)
    assert [pair.key_pair_id for pair in batch.done] == chosen
    assert (batch.refused, batch.left) == ((), 0)
    assert set(ids_of(full)) == set(before) - set(chosen)
    assert {gone.delete_time for gone in full.store.read().deleted.values()} == {NOW}
    assert [name for name, _ in journal_of(full, "DeleteKeyPair")] == names(batch.done)
    [back] = full.backend.restore_key_pairs(chosen)
    assert names(back.done) == names(batch.done)
    again = open_local(full.store.folder, "us-east-1")
    assert {p.key_pair_id: orjson.dumps(to_record(p)) for p in pairs_of(again)} == before
    assert again.store.read().deleted == {}
    assert journal_of(full, "RestoreKeyPair") == [(name, "done") for name in names(batch.done)]


def test_a_refusal_names_its_pair_and_stops_no_other(full: Session) -> None:
    folder = full.store.folder
    ids = ids_of(full)[:4]
    guarded = limited(folder, denied("DeleteKeyPair", "pair-2"), denied("CreateTags", "pair-3"))
    never = "key-0fffffffffffffff0"
    [batch] = guarded.backend.delete_key_pairs([*ids, never], delete_time=NOW)
    assert names(batch.done) == ["pair-1", "pair-3", "pair-4"]
    denials: dict[str, type[EC2Error]] = {ids[1]: UnauthorizedOperation}
    assert refusals([batch]) == denials | {never: InvalidParameterValue}
    # What was deleted meanwhile is neither done nor refused.
    [batch] = guarded.backend.delete_key_pairs([ids[0], ids[2]], delete_time=NOW)
    assert batch == Batch((), (), 0)
    full.backend.delete_key_pair(key_name="pair-2")
    full.backend.import_key_pair(key_name="pair-3", public_key_material=ED)
    [batch] = guarded.backend.restore_key_pairs([ids[2], *ids, never])
    assert names(batch.done) == ["pair-1", "pair-4"]
    assert refusals([batch]) == denials | {
        ids[2]: InvalidKeyPairDuplicate,
        never: InvalidParameterValue,
    }


def test_tags_are_set_on_each_that_can_have_them(full: Session) -> None:
    folder = full.store.folder
    ids = ids_of(full)[:4]
    crowded = [Tag(f"k{number}") for number in range(validation.MAX_TAGS - 2)]
    full.backend.create_tags(resources=[ids[1]], tags=crowded)
    guarded = limited(folder, denied("CreateTags", "pair-3"))
    never = "key-0fffffffffffffff0"
    tags = [Tag("Env", "test"), Tag("New")]
    [batch] = guarded.backend.tag_key_pairs([*ids, never], tags)
    assert names(batch.done) == ["pair-1", "pair-4"]
    assert refusals([batch]) == {
        ids[1]: TagLimitExceeded,
        ids[2]: UnauthorizedOperation,
        never: InvalidID,
    }
    for pair in pairs_of(guarded)[:4]:
        is_tagged = pair.key_pair_id in (ids[0], ids[3])
        assert (Tag("New") in pair.tags) is is_tagged
    for bad in ([], [Tag("")], [Tag("aws:x")]):
        with pytest.raises(InvalidParameterValue):
            guarded.backend.tag_key_pairs(ids, bad)


def test_public_keys_are_imported_in_their_order(
    full: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    guarded = limited(full.store.folder, denied("ImportKeyPair", "secret"))
    monkeypatch.setattr(validation, "MAX_KEY_PAIRS", COUNT + 2)
    new = [
        NewKeyPair("a", ED, [Tag("Env", "x")]),
        NewKeyPair("pair-1", ED),
        NewKeyPair("secret", ED),
        NewKeyPair("bad", "nonsense"),
        NewKeyPair("a", ED),
        NewKeyPair("b", ED),
        NewKeyPair("too-many", ED),
    ]
    [batch] = guarded.backend.import_key_pairs(new)
    assert names(batch.done) == ["a", "b"]
    assert batch.done[0].tags == (Tag("Env", "x"),)
    assert [(name, type(error)) for name, error in batch.refused] == [
        ("pair-1", InvalidKeyPairDuplicate),
        ("secret", UnauthorizedOperation),
        ("bad", InvalidKeyFormat),
        ("a", InvalidKeyPairDuplicate),
        ("too-many", KeyPairLimitExceeded),
    ]
    assert names(pairs_of(guarded))[-2:] == ["a", "b"]


def test_tags_take_the_place_of_those_that_were_shown(full: Session) -> None:
    one, two = pairs_of(full)[:2]
    never, new = "key-0fffffffffffffff0", Tag("New")
    kept = Tag("Kept")
    full.backend.create_tags(resources=[two.key_pair_id], tags=[kept])  # not shown, so it stays
    changes = [TagChange(pair.key_pair_id, [new], pair.tags) for pair in (one, two)]
    [batch] = full.backend.set_tags_of_many([*changes, TagChange(never, [new], [])])
    assert [set(pair.tags) for pair in batch.done] == [{new}, {new, kept}]
    assert refusals([batch]) == {never: InvalidID}
    assert [set(pair.tags) for pair in pairs_of(full)[:2]] == [{new}, {new, kept}]
    assert journal_of(full, "SetTags") == [(name, "done") for name in names(batch.done)]


def test_an_id_that_is_taken_or_was_is_given_to_no_other(full: Session) -> None:
    taken, gone = ids_of(full)[:2]
    full.backend.delete_key_pair(key_pair_id=gone)
    made = iter(
        [taken, gone, "key-0fffffffffffffff0", "key-0fffffffffffffff0", "key-0fffffffffffffff1"]
    )
    session = session_over(full.store, new_key_pair_id=lambda: next(made))
    [batch] = session.backend.import_key_pairs([NewKeyPair("a", ED), NewKeyPair("b", ED)])
    assert [pair.key_pair_id for pair in batch.done] == [
        "key-0fffffffffffffff0",
        "key-0fffffffffffffff1",
    ]
    assert len(pairs_of(full)) == COUNT + 1


def test_what_changes_nothing_at_all_is_refused_before_the_lock(full: Session) -> None:
    folder = full.store.folder
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    reader = open_local(folder, "us-east-1", Authorizer(region("us-east-1"), "x", read_only=True))
    ids = ids_of(reader)
    works: list[Iterator[Batch]] = [
        reader.backend.delete_key_pairs(ids, delete_time=NOW),
        reader.backend.restore_key_pairs(ids),
        reader.backend.tag_key_pairs(ids, [Tag("a")]),
        reader.backend.import_key_pairs([NewKeyPair("new", ED)]),
    ]
    for work in works:
        with pytest.raises(UnauthorizedOperation):
            next(work)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


# Batches ------------------------------------------------------------------------------------


@contextmanager
def batches_of(size: int) -> Iterator[None]:
    """Have the time of a batch be over after so many pairs."""
    with pytest.MonkeyPatch.context() as patch:
        real: Callable[..., Iterator[Batch]] = many.in_batches

        def in_batches(*given: Any) -> Iterator[Batch]:
            # Asked for when a batch begins, and after each pair.
            ticks = (0 if number % (size + 1) < size else 1e9 for number in range(10**6))
            return real(*given, lambda: next(ticks))

        patch.setattr(many, "in_batches", in_batches)
        yield


def test_a_batch_ends_when_its_time_is_over_and_can_be_the_last(full: Session) -> None:
    with batches_of(15):
        deleting = full.backend.delete_key_pairs(ids_of(full), delete_time=NOW)
        first = next(deleting)
        assert (len(first.done), first.left) == (15, 25)
        # Between two batches other sessions get their turn.
        other = open_local(full.store.folder, "us-east-1")
        other.backend.import_key_pair(key_name="other", public_key_material=ED)
        second = next(deleting)
        assert (len(second.done), second.left) == (15, 10)
        deleting.close()  # type: ignore[attr-defined] # an iterator that is a generator
    assert len(pairs_of(other)) == 10 + 1


def test_of_a_batch_that_is_not_written_nothing_was_done(
    full: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    with batches_of(15):
        deleting = full.backend.delete_key_pairs(ids_of(full), delete_time=NOW)
        next(deleting)
        written = full.store.path.read_bytes()
        real = os.fsync

        def fail(file: int) -> None:
            if ".tmp" in str(Path(f"/proc/self/fd/{file}").readlink()):
                raise OSError(28, "No space left on device")
            real(file)

        monkeypatch.setattr(os, "fsync", fail)
        with pytest.raises(StoreError, match="the disk is full"):
            next(deleting)
        monkeypatch.undo()
    assert full.store.path.read_bytes() == written
    assert len(pairs_of(full)) == 25
    outcomes = Counter(outcome for _, outcome in journal_of(full, "DeleteKeyPair"))
    assert outcomes == {"done": 15, "failed": 15}


CALLS = ("fsync", "open", "pwrite", "write", "rename", "replace", "link", "unlink", "ftruncate")


def calls_during(work: Callable[[], object]) -> Counter[str]:
    """Return how often each function of the system that touches files was called."""
    counts: Counter[str] = Counter()
    with pytest.MonkeyPatch.context() as patch:
        for name in (*CALLS, "lstat", "stat", "fstat", "pread", "read"):
            real = getattr(os, name)

            def counted(*given: Any, _name: str = name, _real: Any = real, **named: Any) -> Any:
                counts[_name] += 1
                return _real(*given, **named)

            patch.setattr(os, name, counted)
        work()
    return counts


def test_many_pairs_cost_the_file_system_what_one_costs(tmp_path: Path) -> None:
    found: dict[str, list[Counter[str]]] = {}
    for count in (1, 30):
        write_region(tmp_path / f"{count}", COUNT)
        session = open_local(tmp_path / f"{count}", "us-east-1")
        ids = ids_of(session)[:count]
        new = [NewKeyPair(f"new-{number}", ED) for number in range(count)]
        session.backend.import_key_pair(key_name="first", public_key_material=ED)
        works: dict[str, Callable[[], object]] = {
            "delete": lambda: list(session.backend.delete_key_pairs(ids, delete_time=NOW)),  # noqa: B023 - called at once
            "restore": lambda: list(session.backend.restore_key_pairs(ids)),  # noqa: B023 - likewise
            "tag": lambda: list(session.backend.tag_key_pairs(ids, [Tag("a")])),  # noqa: B023 - likewise
            "import": lambda: list(session.backend.import_key_pairs(new)),  # noqa: B023 - likewise
        }
        for name, work in works.items():
            before = len(session.journal())
            found.setdefault(name, []).append(calls_during(work))
            assert len(session.journal()) == before + count, name
    for name, (one, several) in found.items():
        # The file is written in pieces; all else is the same.
        assert several - Counter(write=several["write"]) == one - Counter(write=one["write"]), name
        assert several["write"] <= one["write"] + 2, name
        assert several["fsync"] <= 4, name


def test_copies_go_to_the_other_region_together_and_say_what_is_there(full: Session) -> None:
    mine = [NewKeyPair(f"k{number}", ED) for number in range(5)]
    [batch] = full.backend.import_key_pairs(mine)
    there = full.for_region("eu-west-1")
    there.backend.import_key_pair(key_name="k1", public_key_material=ED)
    other = full.backend.create_key_pair(key_name="other", key_type="ed25519").key_pair
    there.backend.import_key_pair(key_name="k2", public_key_material=other.public_key)
    [copied] = RegionImporter(full).import_pairs(batch.done, "eu-west-1")
    assert names(copied.imported) == ["k0", "k3", "k4"]
    assert copied.already_there == ("k1",)
    assert [(name, type(error)) for name, error in copied.refused] == [
        ("k2", InvalidKeyPairDuplicate)
    ]
    assert copied.left == 0


def test_the_trash_is_emptied_once_in_a_batch(
    full: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, *rest = ids_of(full)[:4]
    list(full.backend.delete_key_pairs([old], delete_time=NOW))
    asked = []

    def to_forget(*_: object) -> frozenset[str]:
        asked.append(old)
        return frozenset(asked)

    monkeypatch.setattr(trash, "to_forget", to_forget)
    list(full.backend.delete_key_pairs(rest, delete_time=NOW))
    assert asked == [old]
    deleted = open_local(full.store.folder, "us-east-1").store.read().deleted
    assert deleted[old].key_pair is None
    assert all(deleted[each].key_pair is not None for each in rest)
