"""Computes Argon2 (RFC 9106), from which an encrypted PPK of version 3 gets its keys."""

import secrets
from dataclasses import dataclass

from core.keys import EncodingError, NotRead

_MOST_MEMORY = 1024 * 1024
_MOST_WORK = 8 * _MOST_MEMORY
_MOST_THREADS = 50_000


@dataclass(frozen=True, slots=True)
class Parameters:
    """What a file says about its derivation; `flavour` is as in PPK, `memory` is in KiB."""

    flavour: str
    memory: int
    passes: int
    parallelism: int
    salt: bytes


def new_parameters() -> Parameters:
    """Return puttygen's own numbers, with a new salt.

    puttygen takes as many passes as fit into 100 ms, which is about 13; a fixed number makes files
    that do not tell how fast the machine was.
    """
    return Parameters("Argon2id", 8192, 13, 1, secrets.token_bytes(16))


def check(parameters: Parameters) -> None:
    """Insist that the numbers are possible.

    Raises:
        EncodingError: they are not.
    """
    memory, passes, lanes = parameters.memory, parameters.passes, parameters.parallelism
    if parameters.flavour not in ("Argon2id", "Argon2i", "Argon2d"):
        raise EncodingError("the key derivation of this PPK is unknown, or was changed")
    if not lanes or not passes or memory < 8 * lanes:
        raise EncodingError("the Argon2 numbers of this PPK are impossible, so it was changed")


def obstacle(parameters: Parameters) -> str:
    """Return why the numbers are not tried, if they cost more than some seconds and 1 GiB."""
    memory, passes, lanes = parameters.memory, parameters.passes, parameters.parallelism
    # Each pass starts a thread or more for each lane.
    if memory <= _MOST_MEMORY and memory * passes <= _MOST_WORK and passes * lanes <= _MOST_THREADS:
        return ""
    return (
        f"its passphrase takes {memory:,} KiB and {passes:,} passes of Argon2, which is more than"
        f" is tried here, {_SAVE_ANEW}"
    )


_SAVE_ANEW = "so save it anew with puttygen FILE -P -O private -o NEW"


def derive(parameters: Parameters, passphrase: bytes, size: int) -> bytes:
    """Return bytes that only this passphrase gives; takes about 100 ms, with no lock held.

    Raises:
        NotRead: there is not enough memory, or the library cannot do it.
    """
    from core.keys.encoding import ciphers

    not_read = NotRead(f"this kind of Argon2 is not read here, {_SAVE_ANEW}")
    flavour = getattr(ciphers.argon2, parameters.flavour, None)
    if flavour is None:  # versions of the library before 47 have Argon2id only
        raise not_read
    try:
        stream = flavour(
            salt=parameters.salt,
            length=size,
            iterations=parameters.passes,
            lanes=parameters.parallelism,
            memory_cost=parameters.memory,
        ).derive(passphrase)
    except MemoryError:
        raise NotRead(
            f"its passphrase takes {parameters.memory:,} KiB of memory, which are not free"
        ) from None
    except (ciphers.UnsupportedAlgorithm, ValueError):
        # A salt of less than 8 bytes is a ValueError.
        raise not_read from None
    return bytes(stream)
