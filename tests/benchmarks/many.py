"""Does a thing to many key pairs, and looks at many, in a full Region and in a small one."""

import gc
import os
import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from time import perf_counter
from types import MappingProxyType

import orjson

from core.ec2.backend import Batch, NewKeyPair
from core.keys import convert, keygen, pem
from core.keys.keygen import PrivateKey
from core.keys.public_key import PublicKey
from core.local.new_pairs import About, new_key_pair
from core.local.opening import open_local
from core.model import KeptKeyPair, KeyFormat, KeyType, PrivateKeyState, Tag
from core.region_imports import ImportedBatch, RegionImporter
from core.session import Session
from core.store import region_file
from core.store.records import to_record
from tests.benchmarks.figures import Figure
from tests.benchmarks.program import KEYPAIRS, PATIENCE, Program
from tests.core.store_records import encode, write_region

FULL, SOME = 5_000, 500
RSA_KEYS = 40
"""RSA keys that are really made, which takes long; they stand in the saved files."""
FILES = 2_000
CHANGES = 200
Work = Callable[[], Iterator[Batch] | Iterator[ImportedBatch]]
NOW = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)


def figures(folder: Path, rounds: int) -> Iterator[Figure]:
    """Yield what many at once take; `folder` should be on a disk, because each batch is synced."""
    chance = random.Random(0)  # noqa: S311 - the private halves of these keys do not exist
    keys = [_public_key(chance) for _ in range(FULL + SOME)]
    yield from _some(folder, keys, rounds)
    yield from _all(folder, keys)
    yield from _in_the_app(folder, rounds)
    yield from _looking(folder, keys, rounds)
    yield from _two_sessions(folder, keys)


# Changes ------------------------------------------------------------------------------------------


def _some(folder: Path, keys: Sequence[PublicKey], rounds: int) -> Iterator[Figure]:
    lines = [key.line for key in keys[FULL:]]
    taken: dict[str, list[float]] = {}
    writes: list[float] = []
    for number in range(rounds):
        for count in (SOME, FULL):
            session = _opened(folder / f"some-{number}-{count}", keys[:count])
            pairs = session.backend.describe_key_pairs()[:SOME]
            # As the app does once a list is read: a look at all of it costs as much as 500 changes.
            gc.collect()
            gc.freeze()
            if count == FULL:
                writes.append(_seconds(partial(_touch, session, pairs[0].key_pair_id)))
            new = [NewKeyPair(f"new-{index}", line) for index, line in enumerate(lines)]
            for what, work in _works(session, pairs, new).items():
                taken.setdefault(f"{what} {count}", []).append(_time_of(work))
    write = median(writes)
    limits = {"delete": 0.6, "bring back": 0.6, "copy": 0.6, "import": 1.2, "tag": None}
    for what, limit in limits.items():
        full, alone = median(taken[f"{what} {FULL}"]), median(taken[f"{what} {SOME}"])
        yield Figure(f"{what} {SOME} of {FULL:,}", full, "s", limit)
        # Writing a full Region takes what it takes, once a batch.
        if what != "copy":
            name = f"{what} {SOME} of {FULL:,}, less a write"
            yield Figure(name, full - write, "s", 1.5, f"the same of {SOME}", alone)


def _works(
    session: Session, pairs: Sequence[KeptKeyPair], new: Sequence[NewKeyPair]
) -> dict[str, Work]:
    """Return what is done to the pairs, in this order; what is new takes their place in the end."""
    backend, ids = session.backend, [pair.key_pair_id for pair in pairs]

    def delete() -> Iterator[Batch]:
        return backend.delete_key_pairs(ids, delete_time=NOW)

    return {
        "delete": delete,
        "bring back": lambda: backend.restore_key_pairs(ids),
        "tag": lambda: backend.tag_key_pairs(ids, [Tag("Env", "x")]),
        "copy": lambda: RegionImporter(session).import_pairs(pairs, "eu-west-1"),
        "delete again": delete,
        "import": lambda: backend.import_key_pairs(new),
    }


def _all(folder: Path, keys: Sequence[PublicKey]) -> Iterator[Figure]:
    session = _opened(folder / "all", keys[:FULL])
    before = _records(session)
    ids = list(before)
    slowest = 0.0
    works: dict[str, Callable[[], Iterator[Batch]]] = {
        "delete": lambda: session.backend.delete_key_pairs(ids, delete_time=NOW),
        "bring back": lambda: session.backend.restore_key_pairs(ids),
    }
    for what, work in works.items():
        start = last = perf_counter()
        for _ in work():
            slowest, last = max(slowest, perf_counter() - last), perf_counter()
        yield Figure(f"{what} all of {FULL:,}", last - start, "s", 3.0)
    yield Figure("the longest batch of these", slowest, "s", 0.3)
    same = _records(open_local(session.store.folder, session.region)) == before
    yield Figure("records that came back otherwise", float(not same), "", 0.0)


def _in_the_app(folder: Path, rounds: int) -> Iterator[Figure]:
    """Delete all and bring all back in the app, and stop each with Escape.

    It is measured from outside, by what is typed and what is drawn: nothing is left out that a
    person waits for. Escape is pressed as soon as the app says that it stops, when there is most
    still to do.
    """
    home, place = folder / "home-of-the-app", folder / "app"
    home.mkdir(mode=0o700)
    write_region(place, FULL)
    quiet: dict[str, list[float]] = {"deleting": [], "undoing": []}
    stopped_in: dict[str, list[float]] = {"deleting": [], "undoing": []}
    with Program([KEYPAIRS, "--data-dir", place], home) as program:
        program.wait_for(f"{FULL:,} pairs")
        for is_stopped in (*[False] * rounds, *[True] * rounds):
            for key, text in ((b"*", "chosen"), (b"d", "Delete these")):
                program.settle()
                program.send(key)
                program.wait_for(text)
            program.settle()
            program.send(f"delete {FULL}".encode())
            longest = stopped_in if is_stopped else quiet
            for what, key, end in (("deleting", b"\r", "deleted"), ("undoing", b"u", "brought")):
                longest[what].append(_longest(program, key, end, is_stopped=is_stopped))
            if "stopped before" in program.shown:
                _longest(program, b"u", "brought", is_stopped=False)
    for what in quiet:
        yield Figure(f"{what} {FULL:,}, longest without a word", median(quiet[what]), "s", 0.25)
        yield Figure(f"{what} {FULL:,}, from Escape to the end", median(stopped_in[what]), "s", 0.3)


def _longest(program: Program, key: bytes, end: str, *, is_stopped: bool) -> float:
    """Press a key, and return the longest time in which nothing new was said until the end.

    If it is stopped, it is the time from Escape on.
    """
    program.settle()
    said: list[str] = []
    last = perf_counter()
    longest, escaped, deadline = 0.0, False, last + PATIENCE
    program.send(key)
    while not any(line.startswith(f" {end} ") for line in program.shown.splitlines()):
        program.read(0.005)
        if perf_counter() > deadline:
            raise AssertionError(f"it did not end: {program.shown}")
        if is_stopped and not escaped and "esc stop" in program.shown:
            program.send(b"\x1b")
            last, escaped = perf_counter(), True
        before, said = said, re.findall(rf"([\d,]+) of {FULL:,}|esc stop", program.shown)
        if said != before and not is_stopped:
            longest, last = max(longest, perf_counter() - last), perf_counter()
    return max(longest, perf_counter() - last)


def _records(session: Session) -> dict[str, bytes]:
    pairs = session.backend.describe_key_pairs()
    return {pair.key_pair_id: orjson.dumps(to_record(pair)) for pair in pairs}


def _two_sessions(folder: Path, keys: Sequence[PublicKey]) -> Iterator[Figure]:
    place = folder / "two"
    _opened(place, keys[: FULL - 1])
    context = get_context("spawn")
    times = []
    for sessions in (1, 2):
        each = 2 * CHANGES // sessions
        with context.Pool(sessions) as pool:
            pool.map(_prepare, [place] * sessions)
            start = perf_counter()
            pool.starmap(_change, [(place, number, each) for number in range(sessions)])
            times.append(perf_counter() - start)
        state = open_local(place, "us-east-1").store.read()
        tags = {tag.key for pair in state.key_pairs.values() for tag in pair.tags}
        lost = sum(f"t{n}-{i}" not in tags for n in range(sessions) for i in range(each))
        if sessions == 2:
            yield Figure("changes of two sessions that were lost", lost, "", 0.0)
    one, two = times
    name = f"two sessions, {CHANGES} changes each"
    yield Figure(name, two, "s", 2.2, f"one session, {2 * CHANGES}", one)


def _prepare(place: Path) -> None:
    open_local(place, "us-east-1").backend.describe_key_pairs()


def _change(place: Path, number: int, count: int) -> None:
    session = open_local(place, "us-east-1")
    ids = [pair.key_pair_id for pair in session.backend.describe_key_pairs()]
    for index in range(count):
        own = ids[number * 2 * CHANGES + index]
        session.backend.create_tags(resources=[own], tags=[Tag(f"t{number}-{index}")])


# Looking ------------------------------------------------------------------------------------------


def _looking(folder: Path, keys: Sequence[PublicKey], rounds: int) -> Iterator[Figure]:
    home, place, saved = folder / "home", folder / "looking", folder / "saved"
    for each in (home, saved):
        each.mkdir(mode=0o700)
    own = [keygen.generate(KeyType.RSA) for _ in range(RSA_KEYS)]
    own += [keygen.generate(KeyType.ED25519) for _ in range(SOME - RSA_KEYS)]
    paths = []
    for number, key in enumerate(own):
        path = saved / f"key-{number}.pem"
        path.write_bytes(bytes(convert.encode(key, KeyFormat.PEM, comment="")))
        path.chmod(0o600)
        paths.append(str(path))
    _opened(place, keys[: FULL - SOME], dict(zip(paths, own, strict=True)))
    for number, public_key in enumerate(keys[: FILES - SOME]):
        (saved / f"{number}.pub").write_text(f"{public_key.line} comment {number}\n")
    command: list[str | Path] = [KEYPAIRS, "--data-dir", place]
    commands: dict[str, tuple[list[str | Path], tuple[int, ...]]] = {
        f"doctor, {FULL:,} pairs, {SOME} saved files": (["doctor"], (0, 1)),
        f"find in {FILES:,} files": (["find", saved], (0,)),
    }
    for what, (more, statuses) in commands.items():
        taken = [_run([*command, *more], home, statuses) for _ in range(rounds)]
        yield Figure(what, median(cpu for cpu, _ in taken), "s CPU", 1.5)
        yield Figure(f"{what}, peak", max(memory for _, memory in taken), "MB", 60.0)


def _run(command: Sequence[str | Path], home: Path, statuses: Sequence[int]) -> tuple[float, float]:
    """Run a command; return its CPU seconds and its most memory in MB."""
    environment = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(home)}
    # Not waited for by this process: the memory of a child counts from before it became another
    # program, and would be what this one has.
    answer = subprocess.run(
        [sys.executable, "-c", _RUN, *command],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        check=True,
    )
    status, cpu, memory = orjson.loads(answer.stdout)
    if status not in statuses:
        sys.exit(f"{command} ended with {status}")
    return cpu, memory / 1024


_RUN = """
import json, resource, subprocess, sys
status = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([status, used.ru_utime + used.ru_stime, used.ru_maxrss]))
"""


# What is measured ---------------------------------------------------------------------------------


def _opened(
    folder: Path, keys: Sequence[PublicKey], saved: Mapping[str, PrivateKey] = MappingProxyType({})
) -> Session:
    """Write a Region of imported pairs and of saved ones, and return a session that has read it."""
    folder.mkdir(mode=0o700)
    pairs = [_pair(number, key) for number, key in enumerate(keys, start=1)]
    for number, (path, key) in enumerate(saved.items(), start=len(keys) + 1):
        pair = _pair(number, convert.public_key(key), pem.pkcs8_der(key))
        custody = pair.custody._replace(private_key=PrivateKeyState.SAVED, saved_to=(path,))
        pairs.append(replace(pair, custody=custody))
    records = {str(number): to_record(pair) for number, pair in enumerate(pairs, start=1)}
    path_of_region = folder / "us-east-1.json"
    data = encode({region_file.KEY_PAIRS: records}, "us-east-1", len(pairs))
    path_of_region.write_bytes(data)
    path_of_region.chmod(0o600)
    session = open_local(folder, "us-east-1")
    session.backend.describe_key_pairs()
    # The first change brings TinyDB, and makes the copy of the file.
    _touch(session, pairs[-1].key_pair_id)
    return session


def _public_key(chance: random.Random) -> PublicKey:
    return PublicKey.from_rsa_numbers(65537, chance.getrandbits(2048) | 1 << 2047 | 1)


def _pair(number: int, key: PublicKey, private_key_der: bytes | None = None) -> KeptKeyPair:
    return new_key_pair(
        key,
        private_key_der,
        About(
            f"key-0{number:016x}",
            f"pair-{number}",
            (Tag("Env", "prod"), Tag("Team", f"team-{number % 7}")),
            NOW,
        ),
    )


def _touch(session: Session, key_pair_id: str) -> None:
    session.backend.create_tags(resources=[key_pair_id], tags=[Tag("Touched", f"{perf_counter()}")])


def _time_of(work: Work) -> float:
    def all_of_it() -> None:
        for batch in work():
            if batch.refused:
                sys.exit(f"refused: {batch.refused[0]}")

    return _seconds(all_of_it)


def _seconds(work: Callable[[], object]) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start
