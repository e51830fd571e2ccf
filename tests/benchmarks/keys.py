"""Creating a key pair, from the call to the disk, beside what ssh-keygen takes."""

import threading
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from core.service import KeyPairService
from tests.benchmarks.figures import Figure, Sample, Time, medians, timed, timed_command
from tests.core.store_records import write_region

FEW, MANY = 100, 4_900
"""Pairs stored; a Region holds 5,000, and some are added while measuring."""


def figures(folder: Path, rounds: int) -> Iterator[Figure]:
    """Yield what a create takes; `folder` should be on a disk, because each is synced."""
    few, many = (opened(folder / str(size), size) for size in (FEW, MANY))
    numbers = count()

    def create(service: KeyPairService, key_type: str) -> Sample:
        return lambda: timed(
            lambda: service.create_key_pair(key_name=f"new-{next(numbers)}", key_type=key_type)
        )

    def with_spare(service: KeyPairService) -> Sample:
        def sample() -> Time:
            service.prepare_spare_key()
            wait_for_spare()
            return create(service, "rsa")()

        return sample

    def keygen(*options: str) -> Sample:
        command = ["ssh-keygen", "-q", "-N", "", *options, "-f"]
        return lambda: timed_command([*command, folder / f"key-{next(numbers)}"])

    times = medians(
        {
            "rsa": create(few, "rsa"),
            "ssh-keygen rsa": keygen("-t", "rsa", "-b", "2048"),
            "spare": with_spare(few),
            "ed25519": create(few, "ed25519"),
            "ssh-keygen ed25519": keygen("-t", "ed25519"),
            "spare of many": with_spare(many),
            "ed25519 of many": create(many, "ed25519"),
        },
        rounds,
    )
    rsa, ed25519 = times["ssh-keygen rsa"], times["ssh-keygen ed25519"]
    for name, mine, yardstick, theirs, target in (
        ("create RSA, durable", times["rsa"], "ssh-keygen -t rsa -b 2048", rsa, 0.25),
        ("create RSA, key made ahead", times["spare"], "ssh-keygen -t ed25519", ed25519, 1.0),
        ("create ED25519, durable", times["ed25519"], "ssh-keygen -t ed25519", ed25519, 0.5),
    ):
        full = f"{name}, {FEW} pairs"
        yield Figure(full, mine.wall, "ms", target, yardstick, theirs.wall)
        yield Figure(full, mine.cpu, "ms CPU", None, yardstick, theirs.cpu)
    for name, key in (("RSA, key made ahead", "spare of many"), ("ED25519", "ed25519 of many")):
        limit = 30.0 if key == "spare of many" else None
        yield Figure(f"create {name}, {MANY:,} pairs", times[key].cpu, "ms CPU", limit)


def opened(folder: Path, size: int) -> KeyPairService:
    """Return a service that has read its Region and imported what it needs."""
    write_region(folder, size)
    service = KeyPairService.open(folder, "us-east-1")
    service.describe_key_pairs()
    service.make_ready()
    return service


def wait_for_spare() -> None:
    """Wait until the key made ahead is there."""
    for thread in threading.enumerate():
        if thread.name == "spare-key":
            thread.join()
