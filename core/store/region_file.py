"""Turns the bytes of a Region's file into tables and what they mean, and back.

The file is a plain TinyDB document. Its first table, `keypairs`, is one record about the file
itself, which begins with the SHA-256 of every byte that follows.
"""

import gc
import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import orjson

from core.errors import StoreError
from core.model import DeletedKeyPair, KeptKeyPair
from core.store import region_format
from core.store.records import Record, deleted_from_record, from_record
from core.store.region_format import DELETED as DELETED
from core.store.region_format import HEADER, PREFIX, REST, SCHEMA
from core.store.region_format import KEY_PAIRS as KEY_PAIRS
from core.store.region_format import LARGEST as LARGEST

_RECORDS_IN_A_PIECE = 128
_BYTES_IN_A_PIECE = 64 * 1024
"""Less than is asked of the system, and given back, each time (`process.give_memory_back`).

The system empties such memory page by page, which for a full Region takes as long as its digest.
"""

_NEEDLE = 64
"""So many bytes of a piece are looked for first: they hold an id."""

_START_OF_A_RECORD = re.compile(
    rb'"KeyPairId"\s*:\s*"key-[0-9a-f]{17}"\s*,\s*"KeyName"\s*:\s*("(?:[^"\\]|\\.)*")'
)

_BEFORE_KEY_PAIRS = f'}}}},"{KEY_PAIRS}":{{'.encode()
_BEFORE_DELETED = f'}},"{DELETED}":{{'.encode()
_END = b"}}"
"""What stands between the tables of a file that this program has written, and behind them."""

Tables = dict[str, dict[str, Record]]
DocId = Any
"""TinyDB's number of a record, a text as in the file; TinyDB's types know whole numbers alone."""
Piece = bytes | memoryview


@dataclass(frozen=True, slots=True)
class RegionState:
    """What a Region's file says: its key pairs by id, their ids by name, and what was deleted.

    EC2 answers differently for an id that never existed and one that was deleted, so the latter
    are remembered for ever, and what they named for as long as it may be brought back.
    """

    generation: int = 0
    key_pairs: Mapping[str, KeptKeyPair] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    deleted: Mapping[str, DeletedKeyPair] = field(default_factory=dict)

    def knew(self, key_pair_id: str) -> bool:
        """Return whether the id exists or once did."""
        return key_pair_id in self.key_pairs or key_pair_id in self.deleted

    def named(self, key_name: str) -> KeptKeyPair | None:
        """Return the key pair of that name."""
        key_pair_id = self.names.get(key_name)
        return None if key_pair_id is None else self.key_pairs[key_pair_id]


@dataclass(frozen=True, slots=True)
class Content:
    """What was read: the tables, what they mean, and TinyDB's number of each key pair."""

    tables: Tables = field(default_factory=dict)
    state: RegionState = field(default_factory=RegionState)
    doc_ids: Mapping[str, DocId] = field(default_factory=dict)


def pieces(tables: Tables, region: str, generation: int) -> Iterator[tuple[int, Piece]]:
    """Yield a Region's file piece by piece, each with its offset, the start with the digest last.

    A full Region has megabytes, and in one piece they would be the most memory that the program
    ever takes.

    Raises:
        StoreError: a text in it cannot be stored.
    """
    digest = hashlib.sha256()
    offset = REST.start
    for piece in _pieces_after_digest(tables, region, generation):
        digest.update(piece)
        yield offset, piece
        offset += len(piece)
    yield 0, PREFIX + digest.hexdigest().encode()


def _pieces_after_digest(tables: Tables, region: str, generation: int) -> Iterator[Piece]:
    header = {"schema": SCHEMA, "region": region, "generation": generation}
    try:
        between = b'",' + orjson.dumps(header)[1:] + b"}"
        for name in (KEY_PAIRS, DELETED):
            between += f',"{name}":{{'.encode()
            for some in _in_pieces(tables.get(name, {})):
                yield between
                yield _text_of(some)
                between = b","
            between = between.removesuffix(b",") + b"}"
    except orjson.JSONEncodeError as error:
        raise StoreError("A text in it is not Unicode. Nothing was changed.") from error
    yield between + b"}"


def _in_pieces(records: dict[str, Record]) -> Iterator[dict[str, Record]]:
    left = iter(records.items())
    while some := dict(islice(left, _RECORDS_IN_A_PIECE)):
        yield some


def _text_of(records: dict[str, Record]) -> memoryview:
    """Return records as they stand in the file, without braces around them."""
    return memoryview(orjson.dumps(records))[1:-1]


def start_of(data: bytes) -> bytes:
    """Return the start of a file's bytes: up to the digest, which stands for all that follows."""
    return data[: REST.start]


def start_of_file(file: int) -> bytes:
    """Return the same of an open file.

    Raises:
        OSError: it cannot be read.
    """
    return os.pread(file, REST.start, 0)


def is_whole(file: int) -> bool:
    """Return whether the digest of an open file is that of its bytes; takes little memory.

    Raises:
        OSError: it cannot be read.
    """
    digest = hashlib.sha256()
    offset = REST.start
    while piece := os.pread(file, _BYTES_IN_A_PIECE, offset):
        digest.update(piece)
        offset += len(piece)
    return start_of_file(file) == PREFIX + digest.hexdigest().encode()


def decode(data: bytes, region: str, known: Tables | None = None) -> Tables:
    """Return the tables of a Region's file; records of `known` that it still has are those.

    Raises:
        StoreTooNew, ValueError: see `region_format.decode`.
    """
    return region_format.decode(data, region, lambda text: _parsed(text, known or {}))


def read(data: bytes, region: str, known: Content | None = None) -> Content:
    """Return the content of a Region's file; of `known`, which is older, it keeps what still holds.

    Another session changes a record or two: thousands twice would be megabytes, and parsing them
    takes most of the time.

    Raises:
        StoreTooNew: a newer version of the program wrote it.
        ValueError: it is not the file of that Region, whole and unchanged; says what is wrong.
    """
    try:
        with _without_collections():
            known = known or Content()
            return _content(decode(data, region, known.tables), known)
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"a record has the wrong shape: {type(error).__name__} {error}") from error


def _parsed(data: bytes, known: Tables) -> Any:
    """Return what `orjson.loads` would; records are parsed only where the bytes differ.

    Another session changes a record or two. What stands before and behind them is the same to the
    byte, and the same bytes between the same borders are the same records.
    """
    tables = _parsed_in_part(data, known) if known else None
    return orjson.loads(data) if tables is None else tables


def _parsed_in_part(data: bytes, known: Tables) -> Tables | None:
    """Return the tables, or None where the file is laid out otherwise than we write it."""
    header_end, border = data.find(_BEFORE_KEY_PAIRS), data.rfind(_BEFORE_DELETED)
    if not (0 <= header_end < border and data.endswith(_END)):
        return None
    places = {
        KEY_PAIRS: (header_end + len(_BEFORE_KEY_PAIRS), border),
        DELETED: (border + len(_BEFORE_DELETED), len(data) - len(_END)),
    }
    try:
        tables: Tables = orjson.loads(data[:header_end] + b"}}}")
        for name, (start, end) in places.items():
            records = _parsed_records(data, start, end, known.get(name, {}))
            if records is None:
                return None
            tables[name] = records
    except ValueError:
        return None  # what was taken for a border is part of something else
    return tables


def _parsed_records(
    data: bytes, start: int, end: int, known: dict[str, Record]
) -> dict[str, Record] | None:
    """Return the records between two places, or None where they are not what we write.

    Known records are looked for piece by piece; what stands between these is parsed.
    """
    parts: list[dict[str, Record]] = []
    for piece in _in_pieces(known):
        text = _text_of(piece)
        at = start if data.startswith(text, start) else data.find(text[:_NEEDLE], start, end)
        behind = at + len(text)
        if at < 0 or behind > end or not data.startswith(text, at):
            continue
        if not (at == start or data.startswith(b",", at - 1)):
            return None
        if at > start:
            parts.append(_parsed_members(data[start : at - 1]))
        parts.append(piece)
        start = behind + 1
        if not (behind == end or data.startswith(b",", behind)):
            return None
    if start <= end and (parts or start < end):
        parts.append(_parsed_members(data[start:end]))
    return {doc_id: record for part in parts for doc_id, record in part.items()}


def _parsed_members(text: bytes) -> dict[str, Record]:
    records: dict[str, Record] = orjson.loads(b"{" + text + b"}")
    if not records:
        raise ValueError("a comma stands beside nothing")
    return records


def _content(tables: Tables, known: Content) -> Content:
    records = tables[KEY_PAIRS]
    known_records = known.tables.get(KEY_PAIRS, {})
    generation = tables[HEADER]["1"]["generation"]
    known_deleted = known.tables.get(DELETED, {})
    numbers = {*records, *tables[DELETED]}.difference(known_records, known_deleted)
    region_format.check_numbers(generation, numbers)
    key_pairs: dict[str, KeptKeyPair] = {}
    doc_ids: dict[str, DocId] = {}
    texts: dict[str, str] = {}
    tags: dict[tuple[str, str], dict[str, str]] = {}
    for doc_id, record in records.items():
        known_record = known_records.get(doc_id)
        if record is known_record or record == known_record:
            records[doc_id] = known_record
            key_pair = known.state.key_pairs[record["KeyPairId"]]
        else:
            _share(record, texts, tags)
            key_pair = from_record(record)
        key_pairs[key_pair.key_pair_id] = key_pair
        doc_ids[key_pair.key_pair_id] = doc_id
    names = {key_pair.key_name: key for key, key_pair in key_pairs.items()}
    if not len(names) == len(key_pairs) == len(records):
        raise ValueError("two records share a name or an id")
    deleted = {
        record["KeyPairId"]: known.state.deleted[record["KeyPairId"]]
        if record is known_deleted.get(doc_id)
        else deleted_from_record(record)
        for doc_id, record in tables[DELETED].items()
    }
    if len(deleted) != len(tables[DELETED]) or not deleted.keys().isdisjoint(key_pairs):
        raise ValueError("two records share an id")
    for key_pair_id, gone in deleted.items():
        if gone.key_pair is not None and gone.key_pair.key_pair_id != key_pair_id:
            raise ValueError("a deleted key pair has two ids")
    return Content(tables, RegionState(generation, key_pairs, names, deleted), doc_ids)


def _share(
    record: Record, texts: dict[str, str], tags: dict[tuple[str, str], dict[str, str]]
) -> None:
    """Keep what many records hold in memory once; in a full Region that is megabytes."""
    for member in ("KeyType", "PrivateKey"):
        record[member] = texts.setdefault(record[member], record[member])
    record["Tags"] = [
        tags.setdefault((tag["Key"], tag["Value"]), tag) if len(tag) == 2 else tag
        for tag in record["Tags"]
    ]
    for fingerprint in record["Fingerprints"].values():
        if fingerprint == record["KeyFingerprint"]:
            record["KeyFingerprint"] = fingerprint


def names_still_readable(data: bytes) -> frozenset[str]:
    """Return the names of the key pairs that can be made out in a file, be it damaged."""
    names = set()
    for match in _START_OF_A_RECORD.finditer(data.partition(f'"{DELETED}"'.encode())[0]):
        try:
            names.add(orjson.loads(match[1]))
        except ValueError:
            continue
    return frozenset(names)


@contextmanager
def _without_collections() -> Iterator[None]:
    """Keep the collector from walking through thousands of new records again and again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
