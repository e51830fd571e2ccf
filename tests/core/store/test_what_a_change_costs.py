"""What a change asks of the system and of Python, counted: it does not depend on the machine."""

import fcntl
import os
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from time import sleep
from types import FrameType
from typing import Any

import pytest

from core import process
from core.errors import StoreError
from core.local.opening import open_local
from core.session import Session
from core.store import region_file
from core.store.region_store import RegionStore
from tests.core.store_records import TIME, key_pair, write_region


@pytest.fixture
def sized(tmp_path: Path) -> Callable[[int], Session]:
    """Return a function that makes a session over so many pairs, which has made one change."""

    def make(count: int) -> Session:
        folder = tmp_path / f"of-{count}"
        write_region(folder, count)
        session = open_local(folder, "us-east-1")
        session.backend.create_key_pair(key_name="first", key_type="ed25519")
        return session

    return make


def create(session: Session) -> None:
    session.backend.create_key_pair(key_name="second", key_type="ed25519")


def calls_of(work: Callable[[], object]) -> Counter[str]:
    """Return which functions of the system work calls, and how often each."""
    calls: Counter[str] = Counter()

    def note(frame: FrameType, event: str, function: Any) -> None:
        if event == "c_call" and function.__module__ in ("posix", "fcntl", "pwd"):
            calls[function.__name__] += 1

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    del calls["fspath"]  # which asks nobody
    return calls


def lines_of(work: Callable[[], None]) -> int:
    """Return how many lines of Python work runs, each turn of a loop counted."""
    lines = 0

    def note(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal lines
        lines += event == "line"
        return note

    before = sys.gettrace()
    sys.settrace(note)
    try:
        work()
    finally:
        sys.settrace(before)
    return lines


def test_a_create_asks_the_system_no_more_than_it_has_to(
    sized: Callable[[int], Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    session = sized(10)
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    calls = calls_of(lambda: create(session))
    # The journal, the new file and the folder: none of them can be left out.
    assert len(synced) == 3
    # The Region's file twice, to see whether another session wrote it; its lock; the folder for
    # what killed writers left, and again to work in it; a claim, for theirs and for ours; the
    # journal; the new file.
    assert calls["open"] + calls["scandir"] <= 9
    # The way to the data folder counts, once for the permission and once under the lock.
    levels = len(session.store.folder.parts)
    assert calls["stat"] + calls["lstat"] + calls["fstat"] <= 2 * levels + 26
    assert sum(calls.values()) <= 2 * levels + 90


def test_what_a_create_does_for_each_pair_it_does_not_do_in_python(
    sized: Callable[[int], Session],
) -> None:
    few, many = sized(100), sized(1_100)
    more = lines_of(lambda: create(many)) - lines_of(lambda: create(few))
    # Some lines for each piece that is written, and none for each pair.
    assert more < 1_000 / 2


def test_looking_again_opens_the_file_once_and_reads_its_start(
    sized: Callable[[int], Session],
) -> None:
    session = sized(10)
    calls = calls_of(session.store.read)
    assert (calls["open"], calls["pread"], calls["close"]) == (1, 1, 1)
    assert calls["lstat"] + calls["stat"] == 0


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc is told to give memory back")
def test_a_change_of_a_full_region_takes_no_block_that_goes_back_to_the_system(
    tmp_path: Path,
) -> None:
    path = write_region(tmp_path / "data", 3_000)
    content = region_file.read(path.read_bytes(), "us-east-1")
    pieces = region_file.pieces(content.tables, "us-east-1", 1)
    # orjson takes twice as much as it has, until that is enough.
    assert max(len(piece) for _, piece in pieces) < process.LARGE / 2
    taken: list[int] = []
    with path.open("rb") as file, pytest.MonkeyPatch.context() as patched:
        read = os.pread

        def noted(descriptor: int, size: int, offset: int) -> bytes:
            taken.append(size)
            return read(descriptor, size, offset)

        patched.setattr(os, "pread", noted)
        assert region_file.is_whole(file.fileno())
    assert max(taken) < process.LARGE / 2


def test_a_lock_file_that_is_put_aside_while_a_change_waits_is_not_relied_on(
    sized: Callable[[int], Session],
) -> None:
    session = sized(3)
    lock = session.store.path.with_name(f"{session.store.path.name}.lock")
    aside = lock.with_name("aside")
    with lock.open("r+") as held, ThreadPoolExecutor(1) as threads:
        fcntl.flock(held, fcntl.LOCK_EX)
        waiting = threads.submit(create, session)
        while not process.is_waiting_for_another_session():
            sleep(0.001)
        lock.rename(aside)
        fcntl.flock(held, fcntl.LOCK_UN)
        waiting.result()
    # It has signed the one that others would find, and not the one that it waited for.
    assert lock.read_text() == f"process {os.getpid()}\n"


def test_two_pairs_never_get_one_name(sized: Callable[[int], Session]) -> None:
    store = sized(3).store
    before = store.path.read_bytes()
    pairs = list(store.read().key_pairs.values())

    def refused(change: Callable[..., None]) -> None:
        with pytest.raises(StoreError, match="the same name"), store.transaction() as transaction:
            change(transaction)
        assert store.path.read_bytes() == before

    twin = key_pair(9, pairs[0].key_name)
    refused(lambda transaction: transaction.insert(twin, None))
    renamed = replace(pairs[1], key_name=pairs[0].key_name)
    refused(lambda transaction: transaction.update(renamed, None))
    # In whichever order they come: the name is its own when the other has gone.
    with store.transaction() as transaction:
        transaction.insert(twin, None)
        transaction.remove(pairs[0].key_pair_id, TIME, None)
        assert transaction.state.named(twin.key_name) == twin
    again = RegionStore(store.folder, store.region).read()
    assert again.named(twin.key_name) == twin
    assert len(again.names) == len(again.key_pairs)
