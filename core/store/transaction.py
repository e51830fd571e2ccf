"""Makes changes to a Region in memory, by TinyDB, that are written together or not at all.

The tables are TinyDB's, so that stock TinyDB reads and queries the file; it numbers and updates the
records here, too, because only it knows its own format. What it cannot do is in `region_store`:
keep other processes out, and write a file whole.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, MutableMapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from tinydb import TinyDB
from tinydb.table import Document, Table

from core.errors import StoreError
from core.model import DeletedKeyPair, KeptKeyPair
from core.store.journal import Change
from core.store.records import Record, deleted_to_record, to_record, update_record
from core.store.region_file import DELETED, KEY_PAIRS, Content, DocId, RegionState, Tables


class _Memory:
    """A storage of TinyDB for the length of one transaction; the commit writes what it holds."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables

    def read(self) -> Tables:
        # TinyDB puts a changed table into what it reads; the caller's tables must not see that.
        return dict(self.tables)

    def write(self, data: Tables) -> None:
        self.tables = data

    def detach(self, table: str, doc_ids: Iterable[DocId]) -> None:
        """Put copies in the place of records, because TinyDB updates a record where it is.

        The caller's record must not change: it is what the next transaction starts from, when
        this one fails.
        """
        records = dict(self.tables[table])
        for doc_id in doc_ids:
            records[doc_id] = dict(records[doc_id])
        self.tables = {**self.tables, table: records}


class _Table(Table):
    """A table of TinyDB that takes the numbers of the records as the file has them, as texts.

    It would turn all of them into numbers and back for each change.
    """

    document_id_class = str  # type: ignore[assignment] # TinyDB documents that it may be any class

    def _update_table(self, updater: Callable[[dict[int, Mapping[str, Any]]], None]) -> None:
        # TinyDB's own makes two new tables, record by record, for numbers that are not texts.
        tables = self._storage.read() or {}
        table: dict[Any, Mapping[str, Any]] = dict(tables.get(self.name, {}))
        updater(table)
        tables[self.name] = table
        self._storage.write(tables)
        self.clear_cache()


class _Database(TinyDB):
    table_class = _Table


class Transaction:
    """Changes to a Region that will be written together, or not at all.

    They are made to what the tables mean at once, and to the tables when the result is asked for:
    TinyDB goes through a whole table for each change. One that continues another is journaled as a
    part of the same act.
    """

    def __init__(self, content: Content, *, continues: bool = False) -> None:
        self._content = content
        self._continues = continues
        self._key_pairs = dict(content.state.key_pairs)
        self._names = dict(content.state.names)
        self._deleted = dict(content.state.deleted)
        self._doc_ids = dict(content.doc_ids)
        self._inserted: dict[str, KeptKeyPair] = {}
        self._updated: dict[str, KeptKeyPair] = {}
        self._removed: list[DocId] = []
        self._newly_deleted: dict[str, DeletedKeyPair] = {}
        self._updated_deleted: set[str] = set()
        self._brought_back: set[str] = set()
        self._forgotten: set[str] = set()
        self.changes: list[Change] = []
        """What the journal is to say."""

    @property
    def state(self) -> RegionState:
        """The Region as this transaction has it so far."""
        generation = self._content.state.generation
        return RegionState(generation, self._key_pairs, self._names, self._deleted)

    @property
    def before(self) -> RegionState:
        """The Region as it was when this transaction began, which nobody else can change."""
        return self._content.state

    def insert(self, key_pair: KeptKeyPair, operation: str | None) -> None:
        """Add a key pair whose id and name are new; `operation` is what the journal calls this.

        The journal is not told where there is none, as of what EC2 shows of itself.
        """
        self._inserted[key_pair.key_pair_id] = key_pair
        self._put(key_pair)
        self._note(operation, key_pair)

    def update(self, key_pair: KeptKeyPair, operation: str | None, detail: str = "") -> None:
        """Put a key pair in the place of the one with its id.

        `detail` is what the journal says of it, where that is not how the two differ.
        """
        before = self._key_pairs[key_pair.key_pair_id]
        detail = detail or _what_changed(before, key_pair)
        changed = self._inserted if key_pair.key_pair_id in self._inserted else self._updated
        changed[key_pair.key_pair_id] = key_pair
        self._free_name(before)
        self._put(key_pair)
        self._note(operation, key_pair, detail)

    def remove(
        self,
        key_pair_id: str,
        delete_time: datetime,
        operation: str | None,
        *,
        given_up: bool = False,
    ) -> None:
        """Remove a key pair and remember it among the deleted ones."""
        key_pair = self._key_pairs.pop(key_pair_id)
        self._free_name(key_pair)
        if self._inserted.pop(key_pair_id, None) is None:
            self._updated.pop(key_pair_id, None)
            self._removed.append(self._doc_ids.pop(key_pair_id))
        deleted = DeletedKeyPair(key_pair_id, delete_time, key_pair, given_up)
        self._deleted[key_pair_id] = self._newly_deleted[key_pair_id] = deleted
        self._note(operation, key_pair)

    def update_deleted(self, key_pair: KeptKeyPair, operation: str | None, detail: str) -> None:
        """Put a key pair in the place of the deleted one with its id, as which it would come back.

        `detail` is what the journal says of it.
        """
        key_pair_id = key_pair.key_pair_id
        updated = self._deleted[key_pair_id]._replace(key_pair=key_pair)
        self._deleted[key_pair_id] = updated
        if key_pair_id in self._newly_deleted:
            self._newly_deleted[key_pair_id] = updated
        else:
            self._updated_deleted.add(key_pair_id)
        self._note(operation, key_pair, detail)

    def restore(
        self,
        key_pair_id: str,
        operation: str | None,
        key_name: str | None = None,
        *,
        forgotten: KeptKeyPair | None = None,
    ) -> KeptKeyPair:
        """Bring a deleted key pair back as it was, or under another name; it must be free.

        `forgotten` is what it is now where what it was is forgotten.
        """
        key_pair = self._deleted[key_pair_id].key_pair or forgotten
        if key_pair is None:
            raise ValueError("this key pair can no longer be brought back")
        if key_name is not None:
            key_pair = replace(key_pair, key_name=key_name)
        del self._deleted[key_pair_id]
        if self._newly_deleted.pop(key_pair_id, None) is None:
            self._updated_deleted.discard(key_pair_id)
            self._brought_back.add(key_pair_id)
        self.insert(key_pair, operation)
        return key_pair

    def forget(self, key_pair_ids: Collection[str]) -> None:
        """Forget key pairs that were deleted, but for their ids."""
        for key_pair_id in key_pair_ids:
            forgotten = self._deleted[key_pair_id]._replace(key_pair=None)
            self._deleted[key_pair_id] = forgotten
            if key_pair_id in self._newly_deleted:
                self._newly_deleted[key_pair_id] = forgotten
            else:
                self._updated_deleted.discard(key_pair_id)
                self._forgotten.add(key_pair_id)

    def _put(self, key_pair: KeptKeyPair) -> None:
        self._key_pairs[key_pair.key_pair_id] = key_pair
        self._names[key_pair.key_name] = key_pair.key_pair_id

    def _free_name(self, key_pair: KeptKeyPair) -> None:
        if self._names.get(key_pair.key_name) == key_pair.key_pair_id:
            del self._names[key_pair.key_name]

    def _note(self, operation: str | None, key_pair: KeptKeyPair, detail: str = "") -> None:
        if operation is not None:
            name, key_pair_id = key_pair.key_name, key_pair.key_pair_id
            self.changes.append(Change(operation, name, key_pair_id, detail, self._continues))

    def result(self) -> Content:
        """Return what the file is to hold, in its next generation; to be asked for once.

        Raises:
            StoreError: two key pairs would have one name, which no file may hold.
        """
        if len(self._names) < len(self._key_pairs):
            raise StoreError("Two key pairs would have the same name. Nothing was changed.")
        memory = _Memory(self._content.tables)
        database = _Database(storage=lambda: memory)
        self._change_key_pairs(memory, database.table(KEY_PAIRS))
        self._change_deleted(memory, database.table(DELETED))
        state = replace(self.state, generation=self._content.state.generation + 1)
        return Content(memory.tables, state, self._doc_ids)

    def _change_key_pairs(self, memory: _Memory, table: Table) -> None:
        if self._removed:
            table.remove(doc_ids=self._removed)
        if self._updated:
            doc_ids = [self._doc_ids[key_pair_id] for key_pair_id in self._updated]
            memory.detach(KEY_PAIRS, doc_ids)
            table.update(
                lambda record: update_record(record, self._updated[record["KeyPairId"]]),
                doc_ids=doc_ids,
            )
        if self._inserted:
            records = map(to_record, self._inserted.values())
            documents = [*_numbered(records, memory.tables.get(KEY_PAIRS, {}))]
            table.insert_multiple(documents)
            numbers = (document.doc_id for document in documents)
            self._doc_ids.update(zip(self._inserted, numbers, strict=True))

    def _change_deleted(self, memory: _Memory, table: Table) -> None:
        if self._brought_back or self._forgotten or self._updated_deleted:
            records = memory.tables[DELETED].items()
            doc_ids: dict[str, DocId] = {record["KeyPairId"]: each for each, record in records}
            if forgotten := [doc_ids[each] for each in self._forgotten]:
                memory.detach(DELETED, forgotten)
                table.update({"KeyPair": None}, doc_ids=forgotten)
            if updated := [doc_ids[each] for each in self._updated_deleted]:
                memory.detach(DELETED, updated)
                table.update(self._update_deleted_record, doc_ids=updated)
            if self._brought_back:
                table.remove(doc_ids=[doc_ids[each] for each in self._brought_back])
        if self._newly_deleted:
            deleted = map(deleted_to_record, self._newly_deleted.values())
            table.insert_multiple(_numbered(deleted, memory.tables.get(DELETED, {})))

    def _update_deleted_record(self, record: MutableMapping[str, Any]) -> None:
        """Make the pair in a deleted pair's record what it is now."""
        key_pair = self._deleted[record["KeyPairId"]].key_pair
        if key_pair is not None:
            record["KeyPair"] = dict(record["KeyPair"])  # that of the caller must not change
            update_record(record["KeyPair"], key_pair)


def _what_changed(before: KeptKeyPair, after: KeptKeyPair) -> str:
    """Return to which files its private key was saved, and which keys its tags got and lost."""
    files = [path for path in after.custody.saved_to if path not in before.custody.saved_to]
    got = [tag.key for tag in after.tags if tag not in before.tags]
    kept = {tag.key for tag in after.tags}
    lost = [tag.key for tag in before.tags if tag.key not in kept]
    set_ = [f"set {', '.join(got)}"] if got else []
    return "; ".join([*files, *set_, *([f"removed {', '.join(lost)}"] if lost else [])])


def _numbered(records: Iterable[Record], table: Mapping[str, Record]) -> Iterator[Document]:
    """Yield records with numbers that follow on those of a table, as TinyDB counts."""
    first = max(map(int, table), default=0) + 1
    for number, record in enumerate(records, first):
        doc_id: DocId = str(number)
        yield Document(record, doc_id)
