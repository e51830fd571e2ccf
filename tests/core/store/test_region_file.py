"""A Region's file is written in pieces, and is one plain document all the same."""

import gc
import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import orjson
import pytest

from core.errors import StoreError
from core.model import DeletedKeyPair, KeptKeyPair, Tag
from core.store import region_file
from core.store.records import Record, deleted_to_record, from_record, to_record
from core.store.region_file import Tables
from core.store.region_store import RegionStore
from tests.core.store_records import encode, key_pair, write_region
from tests.each_row import each_row

# A piece holds 256 records: none, one less, just one piece, one more, and several.
COUNTS = (0, 1, 255, 256, 257, 700)


def tables(key_pairs: int, others: int = 0) -> Tables:
    def table(count: int) -> dict[str, Record]:
        return {str(number): to_record(key_pair(number)) for number in range(count)}

    return {region_file.KEY_PAIRS: table(key_pairs), region_file.DELETED: table(others)}


@pytest.mark.long
@each_row("others", COUNTS)
@each_row("key_pairs", COUNTS)
def test_the_pieces_are_the_document_as_json_writes_it(key_pairs: int, others: int) -> None:
    stored = tables(key_pairs, others)
    data = encode(stored, "us-east-1", 7)
    digest = hashlib.sha256(data[92:]).hexdigest()
    header = {"sha256": digest, "schema": 1, "region": "us-east-1", "generation": 7}
    whole = {"keypairs": {"1": header}, **stored}
    assert data == json.dumps(whole, separators=(",", ":"), ensure_ascii=False).encode()
    assert region_file.decode(data, "us-east-1") == whole


def test_no_piece_is_large_however_full_the_region_is() -> None:
    sizes = [len(piece) for _, piece in region_file.pieces(tables(5_000), "us-east-1", 1)]
    assert max(sizes) < sum(sizes) / 15


def test_what_another_session_left_alone_is_kept_and_not_made_again() -> None:
    stored = tables(10)
    known = region_file.read(encode(stored, "us-east-1", 1), "us-east-1")
    changed = stored[region_file.KEY_PAIRS]["4"]
    changed["Tags"] = [{"Key": "Env", "Value": "dev"}]
    del stored[region_file.KEY_PAIRS]["7"]
    stored[region_file.KEY_PAIRS]["10"] = to_record(key_pair(10))
    data = encode(stored, "us-east-1", 2)
    content = region_file.read(data, "us-east-1", known)
    assert content == region_file.read(data, "us-east-1")
    kept = [
        key
        for key, pair in content.state.key_pairs.items()
        if pair is known.state.key_pairs.get(key)
    ]
    assert kept == [key_pair(number).key_pair_id for number in (0, 1, 2, 3, 5, 6, 8, 9)]
    was, table = known.tables[region_file.KEY_PAIRS], content.tables[region_file.KEY_PAIRS]
    assert [number for number in table if table[number] is was.get(number)] == list("01235689")


def test_a_tag_that_many_pairs_have_is_in_memory_once() -> None:
    stored = tables(3)
    odd = {"Key": "Env", "Value": "prod", "Since": "a later version"}
    stored[region_file.KEY_PAIRS]["2"]["Tags"][0] = odd
    content = region_file.read(encode(stored, "us-east-1", 1), "us-east-1")
    one, other, another = content.tables[region_file.KEY_PAIRS].values()
    assert one["Tags"][0] is other["Tags"][0]
    # Members that are not known here stay with their record.
    assert another["Tags"][0] == odd
    first, second, third = content.state.key_pairs.values()
    assert first.tags[0] is second.tags[0] is third.tags[0]


def test_a_collector_that_was_off_stays_off() -> None:
    data = encode(tables(3), "us-east-1", 1)
    gc.enable()  # an app that an earlier test ended at once has left it off
    region_file.read(data, "us-east-1")
    assert gc.isenabled()
    gc.disable()
    try:
        region_file.read(data, "us-east-1")
        assert not gc.isenabled()
    finally:
        gc.enable()


KEYS, GONE = region_file.KEY_PAIRS, region_file.DELETED


def deleted(number: int) -> Record:
    gone = key_pair(number)
    return deleted_to_record(DeletedKeyPair(gone.key_pair_id, gone.create_time, gone))


def retag(stored: Tables, doc_id: str) -> None:
    record = stored[KEYS][doc_id]
    stored[KEYS][doc_id] = {**record, "Tags": [{"Key": "Env", "Value": '},"deleted_key_pairs":{'}]}


def delete(stored: Tables, *numbers: int) -> None:
    for number in numbers:
        del stored[KEYS][str(number)]
        stored[GONE][str(number)] = deleted(number)


def bring_back(stored: Tables, *numbers: int) -> None:
    for number in numbers:
        del stored[GONE][str(number)]
        stored[KEYS][str(number)] = to_record(key_pair(number))


CHANGES: dict[str, list[Callable[[Tables], object]]] = {
    "nothing": [],
    "the first": [lambda t: retag(t, "0")],
    "the last of a piece, and the first of one": [
        lambda t: retag(t, "255"),
        lambda t: retag(t, "512"),
    ],
    "the last": [lambda t: retag(t, "699")],
    "one is gone": [lambda t: delete(t, 300)],
    "the first is gone": [lambda t: delete(t, 0)],
    "some are gone, some are new": [
        lambda t: delete(t, 0, 1, 255, 256, 699),
        lambda t: t[KEYS].update({str(n): to_record(key_pair(n)) for n in (700, 701)}),
    ],
    "a whole piece is gone": [lambda t: delete(t, *range(256, 512))],
    "all are gone": [lambda t: delete(t, *range(700))],
    "some came back": [lambda t: bring_back(t, 1000, 1100, 1299)],
    "another order": [lambda t: t.update({KEYS: dict(reversed(t[KEYS].items()))})],
    "pieces in another order": [
        lambda t: t.update(
            {KEYS: {str(n): t[KEYS][str(n)] for n in (*range(256, 700), *range(256))}}
        )
    ],
}


@pytest.mark.long
@each_row("changes", CHANGES.values(), ids=CHANGES)
def test_read_by_what_differs_a_file_says_the_same(
    changes: list[Callable[[Tables], object]],
) -> None:
    stored = tables(700)
    stored[GONE] = {str(number): deleted(number) for number in range(1000, 1300)}
    known = region_file.read(encode(stored, "us-east-1", 1), "us-east-1")
    for change in changes:
        change(stored)
    data = encode(stored, "us-east-1", 2)
    whole, in_part = region_file.read(data, "us-east-1"), region_file.read(data, "us-east-1", known)
    assert in_part == whole
    for name in (KEYS, GONE):
        assert [*in_part.tables[name].items()] == [*whole.tables[name].items()]
    assert [*in_part.state.key_pairs] == [*whole.state.key_pairs]


@pytest.mark.long
def test_of_a_file_that_another_session_changed_little_is_parsed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stored = tables(5_000, 0)
    known = region_file.read(encode(stored, "us-east-1", 1), "us-east-1")
    retag(stored, "17")
    delete(stored, 2500)
    stored[KEYS]["5000"] = to_record(key_pair(5_000))
    data = encode(stored, "us-east-1", 2)
    parsed: list[int] = []

    def loads(text: bytes) -> object:
        parsed.append(len(text))
        return orjson.loads(text)

    made: list[Record] = []

    def made_of(record: Record) -> KeptKeyPair:
        made.append(record)
        return from_record(record)

    fake = SimpleNamespace(loads=loads, dumps=orjson.dumps)
    monkeypatch.setattr(region_file, "orjson", fake)
    monkeypatch.setattr(region_file, "from_record", made_of)
    content = region_file.read(data, "us-east-1", known)
    assert [record["KeyPairId"] for record in made] == [
        key_pair(number).key_pair_id for number in (17, 5_000)
    ]
    assert sum(parsed) < len(data) / 8  # three pieces of twenty, and the header
    assert len(content.state.key_pairs) == 5_000


def signed(text: str) -> bytes:
    """Return a file's text with the digest of what it holds."""
    data = text.encode()
    return data[:28] + hashlib.sha256(data[92:]).hexdigest().encode() + data[92:]


def test_what_is_laid_out_otherwise_or_is_no_json_is_read_as_without_a_known_one() -> None:
    stored = tables(600)
    data = encode(stored, "us-east-1", 1)
    known = region_file.read(data, "us-east-1")
    text = data.decode()
    header, rest = text[:92], json.loads(text)
    spaced = header + json.dumps(rest)[len('{"keypairs": {"1": {"sha256": "') + 64 :]
    assert region_file.read(signed(spaced), "us-east-1", known).state == known.state
    border = '},"deleted_key_pairs":{'
    record = text.rindex('"599":')
    for wrong in (
        text.replace(border, "," + border),
        text.replace(border, border + ","),
        text.replace('"key_pairs":{', '"key_pairs":{,'),
        text.replace(border, '}},"deleted_key_pairs":{'),
        text[:record] + f'"9":{{{border}' + text[record:],
        text.replace('"256":', '"x":{"256":'),
        text.replace('"599":', '"05":'),
        text[:-1],
    ):
        for older in (None, known):
            with pytest.raises(ValueError):
                region_file.read(signed(wrong), "us-east-1", older)
    # JSON takes the last of two, and no reading of ours may take the first.
    twice = signed(text.replace('"599":', '"1":'))
    assert region_file.read(twice, "us-east-1", known) == region_file.read(twice, "us-east-1")


def test_a_text_that_cannot_be_stored_changes_nothing(tmp_path: Path) -> None:
    store = RegionStore(write_region(tmp_path / "data", 300).parent, "us-east-1")
    before = store.path.read_bytes()
    new = replace(key_pair(301), tags=(Tag("Env", "\ud800"),))
    with pytest.raises(StoreError, match="not Unicode"), store.transaction() as transaction:
        transaction.insert(new, "CreateKeyPair")
    assert store.path.read_bytes() == before
    assert not list(store.folder.glob("*.tmp-*"))
    assert "failed" in store.journal.path.read_text().splitlines()[-1]
