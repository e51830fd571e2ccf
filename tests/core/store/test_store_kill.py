import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.store.journal import Journal
from core.store.region_store import RegionStore
from tests.core.sessions import Worker, begin, let_go, line_of
from tests.core.store_records import TIME, key_pair, write_region

PAIRS = 5_000
LONGEST = 0.12
"""Seconds of work before the kill: some changes long."""


def waiting_writer(folder: Path) -> Worker:
    """Start a writer, which waits with everything loaded but the Region."""
    return begin("churn", folder, "us-east-1")


def killed_in_work(writer: Worker, seconds: float) -> list[list[str]]:
    """Let a writer go, kill it after some time of work, and return what it said."""
    with writer:
        let_go(writer)
        first = line_of(writer)
        assert first.startswith("creating")
        second = line_of(writer)  # the file was parsed; from here on it only changes
        time.sleep(seconds)
        writer.kill()
        assert writer.stdout is not None
        rest = writer.stdout.read()
        assert writer.wait() == -signal.SIGKILL
    return [line.split() for line in (first + second + rest).splitlines()]


def rounds(folder: Path, count: int, seed: int) -> Iterator[str]:
    """Kill writers, insist after each that nothing is lost, and yield what each was doing.

    That the tidied file is good on the disk too is what the next round starts with.
    """
    write_region(folder, PAIRS)
    chance = random.Random(seed)  # noqa: S311 - when a test kills is no secret
    expected = set(RegionStore(folder, "us-east-1").read().key_pairs)
    writer = waiting_writer(folder)
    for number in range(count):
        said = killed_in_work(writer, chance.uniform(0, LONGEST))
        if number < count - 1:
            writer = waiting_writer(folder)  # it starts while we look
        for verb, key_pair_id in said:
            if verb == "created":
                expected.add(key_pair_id)
            elif verb == "deleted":
                expected.discard(key_pair_id)
        store = RegionStore(folder, "us-east-1")
        state = store.read()
        found = set(state.key_pairs)
        # What was begun and not acknowledged may be there or not; nothing else may differ.
        last_verb, begun = said[-1]
        pending = {begun} if last_verb.endswith("ing") else set()
        assert expected ^ found <= pending, number
        for deleted_id in {words[1] for words in said if words[0] == "deleted"}:
            assert deleted_id in state.deleted
        # The next session's change tidies up, and nothing else.
        with store.transaction() as transaction:
            last = key_pair(10_000_000 + number)
            transaction.insert(last, "CreateKeyPair")
            transaction.remove(last.key_pair_id, TIME, "DeleteKeyPair")
        assert set(store.read().key_pairs) == found
        assert {path.name for path in folder.iterdir()} <= {
            "journal.jsonl",
            "journal.jsonl.1",
            "us-east-1.json",
            "us-east-1.json.bak",
            "us-east-1.json.lock",
        }
        expected = found
        yield last_verb
        if number % 5:
            continue
        entries = Journal(folder).read()
        assert {entry.outcome for entry in entries} <= {"begun", "done"}
        done = {
            (entry.operation, entry.key_pair_id) for entry in entries if entry.outcome == "done"
        }
        for verb, key_pair_id in said:
            if verb == "created":
                assert ("CreateKeyPair", key_pair_id) in done


@pytest.mark.long
def test_a_writer_that_is_killed_loses_nothing(tmp_path: Path) -> None:
    assert len(list(rounds(tmp_path / "data", 5, seed=1))) == 5


@pytest.mark.long
@pytest.mark.parametrize("seed", [2, 3, 4])
def test_a_writer_that_is_killed_a_hundred_times_loses_nothing(tmp_path: Path, seed: int) -> None:
    moments = list(rounds(tmp_path / "data", 100, seed))
    assert len(moments) == 100
    # Most were killed in the middle of a change, some while creating and some while deleting.
    assert sum(verb.endswith("ing") for verb in moments) > 60
    assert {"creating", "deleting"} <= set(moments)
