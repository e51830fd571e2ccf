"""A Region's file is written in pieces, and is one plain document all the same."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import StoreError
from core.model import Tag
from core.store import region_file
from core.store.records import Record, to_record
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


def test_a_text_that_cannot_be_stored_changes_nothing(tmp_path: Path) -> None:
    store = RegionStore(write_region(tmp_path / "data", 300).parent, "us-east-1")
    before = store.path.read_bytes()
    new = replace(key_pair(301), tags=(Tag("Env", "\ud800"),))
    with pytest.raises(StoreError, match="not Unicode"), store.transaction() as transaction:
        transaction.insert(new, "CreateKeyPair")
    assert store.path.read_bytes() == before
    assert not list(store.folder.glob("*.tmp-*"))
    assert "failed" in store.journal.path.read_text().splitlines()[-1]
