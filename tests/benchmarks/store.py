"""The cost of a change and of looking, beside stock TinyDB.

Both write the same prepared record, so that no key is generated on either side. Both end with the
record on the disk. Ours keeps the Region in memory, as a running session does; TinyDB's handle is
kept open too.
"""

import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

from tinydb import TinyDB, where

from core.store.records import to_record
from core.store.region_store import RegionStore
from tests.benchmarks.figures import Figure
from tests.core.store_records import TIME, key_pair, write_region
from tests.helpers import session_over

SIZES = (0, 1_000, 5_000)
ROUNDS = 15
TARGET = 0.25
"""The most that one create among 5,000 may cost of TinyDB's CPU time."""

Times = tuple[float, float]


def measured(operation: Callable[[], object], between: Callable[[], object]) -> Times:
    """Return the median CPU and wall seconds of an operation; `between` undoes it, unmeasured."""
    cpu, wall = [], []
    for _ in range(ROUNDS):
        cpu_start, wall_start = process_time(), perf_counter()
        operation()
        cpu.append(process_time() - cpu_start)
        wall.append(perf_counter() - wall_start)
        between()
    return median(cpu), median(wall)


def ours(folder: Path, size: int) -> Iterator[tuple[str, Times]]:
    """Yield the times of our store for a Region of so many key pairs."""
    write_region(folder, size)
    store = RegionStore(folder, "us-east-1")
    session = session_over(store)
    store.read()
    numbers = count(1_000_000)
    created = [""]

    def create() -> None:
        new = key_pair(next(numbers))
        with store.transaction() as transaction:
            transaction.insert(new, "CreateKeyPair")
        created[0] = new.key_pair_id

    def delete() -> None:
        with store.transaction() as transaction:
            transaction.remove(created[0], TIME, "DeleteKeyPair")

    yield "create", measured(create, delete)
    create()
    yield "delete", measured(delete, create)
    delete()
    yield "describe all", measured(session.backend.describe_key_pairs, lambda: None)


def stock(folder: Path, size: int) -> Iterator[tuple[str, Times]]:
    """Yield the times of TinyDB's own storage for as many records."""
    with TinyDB(folder / "stock.json") as database:
        table = database.table("key_pairs")
        table.insert_multiple(to_record(key_pair(number)) for number in range(1, size + 1))
        numbers = count(1_000_000)
        created = [""]

        def create() -> None:
            new = key_pair(next(numbers))
            # It checks no name, which would cost it another reading of the whole file.
            table.insert(to_record(new))
            created[0] = new.key_pair_id

        def delete() -> None:
            table.remove(where("KeyPairId") == created[0])

        yield "create", measured(create, delete)
        create()
        yield "delete", measured(delete, create)
        delete()
        yield "describe all", measured(table.all, lambda: None)


def figures() -> Iterator[Figure]:
    """Yield what operations cost beside stock TinyDB; one create among 5,000 has the target."""
    for size in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            pairs = zip(ours(Path(folder), size), stock(Path(folder), size), strict=True)
            for (name, mine), (_, theirs) in pairs:
                target = TARGET if (name, size) == ("create", SIZES[-1]) else None
                yield Figure(
                    f"store, {name}, {size:,} pairs",
                    1000 * mine[0],
                    "ms CPU",
                    target,
                    "stock TinyDB",
                    1000 * theirs[0],
                )
