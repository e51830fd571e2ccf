"""Reads the format of a Region's file: bytes to tables.

The file is a plain TinyDB document. Its first table, `keypairs`, is one record about the file
itself, which begins with the SHA-256 of every byte that follows.
"""

import hashlib

from core.errors import StoreTooNew

TYPE_CHECKING = False
"""What type checkers take for true; a command that only reads has no time for `typing`."""

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

SCHEMA = 1
LARGEST = 256 * 1024 * 1024
"""More bytes than any Region's file has."""

KEY_PAIRS = "key_pairs"
DELETED = "deleted_key_pairs"
HEADER = "keypairs"

PREFIX = b'{"keypairs":{"1":{"sha256":"'
REST = slice(len(PREFIX) + 64, None)
"""What the digest is of."""

_DIGEST = slice(len(PREFIX), len(PREFIX) + 64)


def decode(
    data: bytes, region: str, loads: "Callable[[bytes], Any]"
) -> "dict[str, dict[str, dict[str, Any]]]":
    """Return the tables of a Region's file; `loads` reads JSON.

    Raises:
        StoreTooNew: a newer version of the program wrote it.
        ValueError: it is not the file of that Region, whole and unchanged; says what is wrong.
    """
    if not data:
        raise ValueError("it is empty")
    if not data.startswith(PREFIX):
        raise ValueError("it does not begin as a file of keypairs does")
    if hashlib.sha256(memoryview(data)[REST]).hexdigest().encode() != data[_DIGEST]:
        raise ValueError("its checksum does not match: it was cut off or changed")
    tables: dict[str, dict[str, dict[str, Any]]] = loads(data)
    header = tables[HEADER]["1"]
    if header["schema"] > SCHEMA:
        raise StoreTooNew(
            f"it was written by a newer version of keypairs (schema {header['schema']};"
            f" this version reads {SCHEMA})"
        )
    if header["region"] != region:
        raise ValueError("it is the file of another Region")
    return tables
