"""A world that is the same every time: fixed keys, ids and clock, for snapshots and screenshots."""

import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from unittest import mock

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from core.custody import saving
from core.keys import keygen
from core.local.spare_key import SpareKey
from core.model import KeyFormat, KeyType, Tag, TagSpecification
from core.session import Session
from core.store.region_store import RegionStore
from tests.helpers import session_over
from tests.rsa_pool import from_primes, rows

_PRIMES = Path(__file__).with_name("vectors") / "demo_primes.txt"

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


class _NoSpareKey(SpareKey):
    """Makes no key ahead: when a thread comes to it is chance."""

    def prepare(self) -> None:
        pass


class DemoSession(Session):
    """A real session over a real store, of which only chance and time are taken away."""

    def __init__(self, data_dir: Path, region: str = "us-east-1") -> None:
        self.time = NOW
        numbers = iter(range(1, 10_000))
        session = session_over(
            RegionStore(data_dir, region),
            now=lambda: self.time,
            new_key_pair_id=lambda: f"key-0{next(numbers):016x}",
        )
        super().__init__(
            lambda: session.backend, session.access, _NoSpareKey(lambda: None), session.for_region
        )


def fill(session: DemoSession, home: Path) -> None:
    """Create the key pairs of the screenshots, each on its day, some saved below `home`."""
    with deterministic_keys():
        for name, key_type, age, tags, saved in _PAIRS:
            session.time = NOW - timedelta(days=age)
            specification = TagSpecification("key-pair", [Tag(*tag) for tag in tags])
            created = session.backend.create_key_pair(
                key_name=name,
                key_type=key_type,
                key_format=KeyFormat.PEM,
                tag_specifications=[specification],
            )
            if saved:
                saving.save_key_material(session, created, str(home / ".ssh" / f"{name}.pem"))
    session.time = NOW


_PAIRS: tuple[tuple[str, KeyType, int, list[tuple[str, str]], bool], ...] = (
    ("batch-runner", KeyType.RSA, 22, [("Env", "prod")], True),
    ("ci-deploy", KeyType.ED25519, 4, [("Team", "ci"), ("Env", "prod")], True),
    ("nightly", KeyType.RSA, 0, [], False),
    ("old-laptop", KeyType.RSA, 620, [("Owner", "sam")], True),
    ("web-blue", KeyType.ED25519, 90, [("Env", "prod"), ("Team", "web"), ("Colour", "blue")], True),
    ("web-green", KeyType.ED25519, 61, [("Env", "staging")], True),
)


def deterministic_keys(seed: int = 0) -> "mock._patch[object]":
    """Make key generation give the same keys in the same order, until the patch is undone."""
    chance = random.Random(seed)  # noqa: S311 - keys of screenshots protect nothing

    def generate(key_type: KeyType) -> keygen.PrivateKey:
        number = chance.getrandbits(64)
        if key_type is KeyType.RSA:
            return _rsa_key(number)
        return Ed25519PrivateKey.from_private_bytes(number.to_bytes(32, "big"))

    return mock.patch.object(keygen, "generate", generate)


@cache
def _rsa_key(number: int) -> rsa.RSAPrivateKey:
    return from_primes(*_primes()[number])


@cache
def _primes() -> Mapping[int, tuple[int, int]]:
    """Return the primes of each key by the number that it is made from; the search takes long."""
    return {number: (p, q) for number, p, q in rows(_PRIMES)}
