"""Reads the format of a Region's file: bytes to tables.

The file is a plain TinyDB document. Its first table, `keypairs`, is one record about the file
itself, which begins with the SHA-256 of every byte that follows.
"""

from core.errors import StoreTooNew

TYPE_CHECKING = False
"""What type checkers take for true; a command that only reads has no time for `typing`."""

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
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


_MOST_GENERATIONS = 2**53
"""More than a file ever has, and no more than a number in JSON holds exactly."""

_LONGEST_DOC_ID, _LONGEST_SHOWN = 18, 40


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
    # Imported here: it brings OpenSSL, which a list of a Region without a file has no time for.
    import hashlib

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


def check_numbers(generation: object, doc_ids: "Iterable[str]") -> None:
    """Insist on a generation that a file can have, and on numbers of records as TinyDB has them.

    Raises:
        TypeError, ValueError: one of them is not; TinyDB would not find `01` or ` 1 ` again.
    """
    if type(generation) is not int:
        raise TypeError("the generation is no number")
    if not 0 <= generation < _MOST_GENERATIONS:
        raise ValueError("no file has had that many generations")
    for doc_id in doc_ids:
        is_number = doc_id.isascii() and doc_id.isdigit() and len(doc_id) <= _LONGEST_DOC_ID
        if not is_number or (doc_id[0] == "0" and doc_id != "0"):
            raise ValueError(f"{doc_id[:_LONGEST_SHOWN]!r} is no number of a record")
