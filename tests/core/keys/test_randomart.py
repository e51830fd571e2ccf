import dataclasses
from base64 import b64encode
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from random import Random

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from core.keys import convert
from core.keys.fingerprint import ec2_fingerprint, fingerprints
from core.keys.public_key import PublicKey
from core.keys.randomart import randomart, randomart_of
from core.model import Custody, KeptKeyPair, KeyType, PrivateKeyState
from tests.each_row import each_row
from tests.helpers import Run


@pytest.fixture
def drawn(run: Run, tmp_path: Path) -> Callable[[PublicKey], str]:
    """Return what ssh-keygen draws of a public key."""

    def draw(key: PublicKey) -> str:
        path = tmp_path / "key.pub"
        path.write_text(f"{key.line}\n")
        _, _, picture = run("ssh-keygen", "-lv", "-f", path).stdout.decode().partition("\n")
        return picture.removesuffix("\n")

    return draw


def made_up(key_type: KeyType, bits: int, seed: int) -> PublicKey:
    """Return a key as ssh-keygen reads it: it does not ask whether anyone could use it."""
    chance = Random(seed)  # noqa: S311 - a key that protects nothing
    if key_type is KeyType.ED25519:
        return PublicKey.from_ed25519_point(chance.randbytes(32))
    return PublicKey.from_rsa_numbers(65537, chance.getrandbits(bits) | 1 | 1 << bits - 1)


@pytest.mark.long
@each_row("seed", range(20))
@each_row("key_type", list(KeyType))
def test_the_picture_is_that_of_ssh_keygen(
    key_type: KeyType, seed: int, drawn: Callable[[PublicKey], str]
) -> None:
    key = made_up(key_type, 2048, seed)
    assert randomart(key) == drawn(key)


@pytest.mark.parametrize("bits", [1024, 3072, 4096, 8192])
def test_the_size_stands_in_the_title_as_ssh_keygen_puts_it(
    bits: int, drawn: Callable[[PublicKey], str]
) -> None:
    key = made_up(KeyType.RSA, bits, bits)
    picture = randomart(key)
    assert picture.partition("\n")[0].count(f"[RSA {bits}]") == 1
    assert picture == drawn(key)


@pytest.mark.parametrize(
    ("seed", "seen", "absent"),
    [
        pytest.param(54, "^", "\n", id="the-most-visits"),
        pytest.param(359, "E", "S", id="ends-where-it-began"),
    ],
)
def test_rare_walks_are_drawn_as_ssh_keygen_draws_them(
    seed: int, seen: str, absent: str, drawn: Callable[[PublicKey], str]
) -> None:
    key = made_up(KeyType.ED25519, 256, seed)
    _, *field, _ = randomart(key).splitlines()
    assert seen in "".join(field)
    assert absent not in "".join(field)
    assert randomart(key) == drawn(key)


def test_a_record_is_enough(rsa_keys: Sequence[RSAPrivateKey], fixed_time: datetime) -> None:
    key = convert.public_key(rsa_keys[0])
    kinds = fingerprints(key)
    pair = KeptKeyPair(
        key_pair_id="key-00000000000000001",
        key_name="web",
        key_type=key.key_type,
        key_fingerprint=ec2_fingerprint(key, kinds),
        public_key=key.line,
        tags=(),
        create_time=fixed_time,
        custody=Custody(PrivateKeyState.IMPORTED, kinds),
    )
    assert randomart_of(pair) == randomart(key)
    damaged = dataclasses.replace(pair, public_key="ssh-rsa " + b64encode(b"no key").decode())
    with pytest.raises(ValueError):
        randomart_of(damaged)
