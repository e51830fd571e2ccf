"""Draws the picture that `ssh-keygen -lv` draws of a key: the walk of a drunken bishop."""

import hashlib

from core.keys.public_key import PublicKey
from core.model import KeptKeyPair

_WIDTH, _HEIGHT = 17, 9
_MARKS = " .o+=*BOX@%&#/^"
"""What stands on a square that was visited so often; the last one also for more visits."""


def randomart(public_key: PublicKey) -> str:
    """Return the eleven lines of the picture, equal to those of `ssh-keygen -lv`.

    It is drawn from the SHA-256 fingerprint as `fingerprint_randomart` in OpenSSH's `sshkey.c`
    does it: each byte is four steps of two bits, lowest first; each step is diagonal and slides
    along the walls.
    """
    visits = [[0] * _WIDTH for _ in range(_HEIGHT)]
    x, y = start = _WIDTH // 2, _HEIGHT // 2
    for byte in hashlib.sha256(public_key.blob).digest():
        for shift in (0, 2, 4, 6):
            step = byte >> shift
            x = min(max(x + (1 if step & 1 else -1), 0), _WIDTH - 1)
            y = min(max(y + (1 if step & 2 else -1), 0), _HEIGHT - 1)
            visits[y][x] += 1
    lines = ["".join(_MARKS[min(count, len(_MARKS) - 1)] for count in row) for row in visits]
    for (column, row), mark in ((start, "S"), ((x, y), "E")):  # E is seen where they meet
        lines[row] = lines[row][:column] + mark + lines[row][column + 1 :]
    return "\n".join(
        [
            _border(f"[{public_key.key_type.upper()} {public_key.bits}]"),
            *(f"|{line}|" for line in lines),
            _border("[SHA256]"),
        ]
    )


def randomart_of(key_pair: KeptKeyPair) -> str:
    """Return the picture of a key pair's public key, for those who hold only the record.

    Raises:
        ValueError: the record has no such public key, as after an edit by hand.
    """
    return randomart(PublicKey.from_line(key_pair.public_key))


def _border(title: str) -> str:
    left = (_WIDTH - len(title)) // 2
    return f"+{'-' * left}{title}{'-' * (_WIDTH - left - len(title))}+"
