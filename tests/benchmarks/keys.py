"""Creating a key pair, from the call to the disk, beside what OpenSSL and ssh-keygen take."""

import threading
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path

from core.keys.keygen import generate
from core.local.opening import open_local
from core.model import KeyType
from core.session import Session
from tests.benchmarks.figures import Figure, Sample, Time, medians, timed, timed_command
from tests.core.store_records import write_region
from tui.work import preload

FEW, MANY = 100, 4_700
"""Pairs stored; a Region holds 5,000, and some are added while measuring."""

_MORE = 6
"""Times as many rounds for RSA, whose time is a lottery: primes are sought until two are found."""


def figures(folder: Path, rounds: int) -> Iterator[Figure]:
    """Yield what a create takes; `folder` should be on a disk, because each is synced."""
    numbers = count()

    def create(size: int, key_type: str, *, key_made_ahead: bool = False) -> Sample:
        """Return what creates one key pair after the other in a Region of its own."""
        session = opened(folder / str(next(numbers)), size)

        def sample() -> Time:
            if key_made_ahead:
                session.spare_key.prepare()
                wait_for_spare()
            name = f"new-{next(numbers)}"
            return timed(lambda: session.backend.create_key_pair(key_name=name, key_type=key_type))

        return sample

    def keygen(*options: str) -> Sample:
        command = ["ssh-keygen", "-q", "-N", "", *options, "-f"]
        return lambda: timed_command([*command, folder / f"key-{next(numbers)}"])

    rsa = medians(
        {
            "RSA key alone, by OpenSSL": lambda: timed(lambda: generate(KeyType.RSA)),
            f"create RSA, durable, {FEW} pairs": create(FEW, "rsa"),
            f"create RSA, durable, {MANY:,} pairs": create(MANY, "rsa"),
            "yardstick": keygen("-t", "rsa", "-b", "2048"),
        },
        _MORE * rounds,
    )
    # What OpenSSL takes for the key alone, in the same rounds, is the yardstick: what ssh-keygen
    # takes is decided by other primes.
    alone, few, many_, keygen_alone = rsa.items()
    yield from _compared(dict([few, many_, alone]), alone[0], (1.2, 1.6))
    yield from _compared(dict([alone, few, many_, keygen_alone]), "ssh-keygen -t rsa -b 2048")
    ed25519 = medians(
        {
            f"create RSA, key made ahead, {FEW} pairs": create(FEW, "rsa", key_made_ahead=True),
            f"create ED25519, durable, {FEW} pairs": create(FEW, "ed25519"),
            "yardstick": keygen("-t", "ed25519"),
        },
        rounds,
    )
    yield from _compared(ed25519, "ssh-keygen -t ed25519", (1.0, 0.5))
    many = medians(
        {
            f"create RSA, key made ahead, {MANY:,} pairs": create(MANY, "rsa", key_made_ahead=True),
            f"create ED25519, {MANY:,} pairs": create(MANY, "ed25519"),
        },
        rounds,
    )
    for (name, time), limit in zip(many.items(), (30.0, None), strict=True):
        yield Figure(name, time.cpu, "ms CPU", limit)


def _compared(
    times: dict[str, Time], command: str, targets: Sequence[float | None] = (None, None, None)
) -> Iterator[Figure]:
    """Yield the times and what a command takes, which comes last in them."""
    *mine, (_, yardstick) = times.items()
    for (name, time), target in zip(mine, targets, strict=True):
        yield Figure(name, time.wall, "ms", target, command, yardstick.wall)
        yield Figure(name, time.cpu, "ms CPU", None, command, yardstick.cpu)


def opened(folder: Path, size: int) -> Session:
    """Return a session that has read its Region and imported what it needs."""
    write_region(folder, size)
    session = open_local(folder, "us-east-1")
    session.backend.describe_key_pairs()
    preload.load(preload.FOR_A_CHANGE)
    session.store.tidy()
    return session


def wait_for_spare() -> None:
    """Wait until the key made ahead is there."""
    for thread in threading.enumerate():
        if thread.name == "spare-key":
            thread.join()
