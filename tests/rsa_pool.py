"""Gives out RSA keys whose primes were found before: the search costs more than many a test.

A test gets each key once, and after the last one keys that are made for it. Only keys of the size
and exponent of `rsa_primes.txt` come from there. The programs that tests start make their own.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from unittest import mock

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from core.keys import keygen

_PRIMES = Path(__file__).with_name("vectors") / "rsa_primes.txt"
_EXPONENT, _BITS = 65537, 2048

made = generate_private_key
"""Makes a key as the program does."""

_left: Iterator[RSAPrivateKey] = iter(())


def from_primes(p: int, q: int) -> RSAPrivateKey:
    """Return the key of two primes, which are not looked at again."""
    d = pow(_EXPONENT, -1, (p - 1) * (q - 1))
    return rsa.RSAPrivateNumbers(
        p,
        q,
        d,
        rsa.rsa_crt_dmp1(d, p),
        rsa.rsa_crt_dmq1(d, q),
        rsa.rsa_crt_iqmp(p, q),
        rsa.RSAPublicNumbers(_EXPONENT, p * q),
    ).private_key(unsafe_skip_rsa_key_validation=True)


def rows(path: Path) -> Iterator[list[int]]:
    """Yield the numbers of each row of a file of primes."""
    for row in path.read_text().splitlines():
        if not row.startswith("#"):
            yield [int(number, 16) for number in row.split()]


def start() -> None:
    """Have `keygen.generate` take its RSA keys from here."""
    mock.patch.object(keygen, "generate_private_key", _given).start()


def begin() -> None:
    """Give out the keys from the first one on, as to the next test."""
    global _left
    _left = (_key(number) for number in range(len(_primes())))


def _given(public_exponent: int, key_size: int) -> RSAPrivateKey:
    key = None
    if (public_exponent, key_size) == (_EXPONENT, _BITS):
        key = next(_left, None)
    return made(public_exponent, key_size) if key is None else key


@cache
def _key(number: int) -> RSAPrivateKey:
    return from_primes(*_primes()[number])


@cache
def _primes() -> list[list[int]]:
    return [*rows(_PRIMES)]
