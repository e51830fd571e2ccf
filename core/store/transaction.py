"""Makes changes to a Region in memory, by TinyDB, that are written together or not at all."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from tinydb import TinyDB, where

from core.model import DeletedKeyPair, KeptKeyPair
from core.store.journal import Change
from core.store.records import deleted_to_record, to_record
from core.store.region_file import DELETED, KEY_PAIRS, Content, RegionState, Tables


class _Memory:
    """A storage of TinyDB for the length of one transaction; the commit writes what it holds."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables

    def read(self) -> Tables:
        # TinyDB puts a changed table into what it reads; the caller's tables must not see that.
        return dict(self.tables)

    def write(self, data: Tables) -> None:
        self.tables = data

    def detach(self, table: str, doc_ids: Iterable[int]) -> None:
        """Put copies in the place of records, because TinyDB updates a record where it is.

        The caller's record must not change: it is what the next transaction starts from, when
        this one fails.
        """
        records = dict(self.tables[table])
        for doc_id in map(str, doc_ids):
            records[doc_id] = dict(records[doc_id])
        self.tables = {**self.tables, table: records}


class Transaction:
    """Changes to a Region that will be written together, or not at all."""

    def __init__(self, content: Content) -> None:
        self._memory = memory = _Memory(content.tables)
        # No way back from it to this transaction, whose copies of the tables go when it ends.
        self._database = TinyDB(storage=lambda: memory)
        self._key_pairs = dict(content.state.key_pairs)
        self._names = dict(content.state.names)
        self._deleted = dict(content.state.deleted)
        self._doc_ids = dict(content.doc_ids)
        self._generation = content.state.generation
        self.changes: list[Change] = []
        """What the journal is to say."""

    @property
    def state(self) -> RegionState:
        """The Region as this transaction has it so far."""
        return RegionState(self._generation, self._key_pairs, self._names, self._deleted)

    def insert(self, key_pair: KeptKeyPair, operation: str | None) -> None:
        """Add a key pair whose id and name are new; `operation` is what the journal calls this.

        The journal is not told where there is none, as of what EC2 shows of itself.
        """
        self.insert_all([key_pair], operation)

    def insert_all(self, key_pairs: Sequence[KeptKeyPair], operation: str | None) -> None:
        """Do the same for several, going through the table only once."""
        if not key_pairs:
            return
        doc_ids = self._database.table(KEY_PAIRS).insert_multiple(map(to_record, key_pairs))
        for key_pair, doc_id in zip(key_pairs, doc_ids, strict=True):
            self._doc_ids[key_pair.key_pair_id] = doc_id
            self._key_pairs[key_pair.key_pair_id] = key_pair
            self._names[key_pair.key_name] = key_pair.key_pair_id
            self._note(operation, key_pair)

    def update(self, key_pair: KeptKeyPair, operation: str | None) -> None:
        """Put a key pair in the place of the one with its id; ids and names do not change."""
        self.update_all([key_pair], operation)

    def update_all(self, key_pairs: Sequence[KeptKeyPair], operation: str | None) -> None:
        """Do the same for several, going through the table only once."""
        doc_ids = [self._doc_ids[key_pair.key_pair_id] for key_pair in key_pairs]
        if not doc_ids:
            return
        records = {key_pair.key_pair_id: to_record(key_pair) for key_pair in key_pairs}
        self._memory.detach(KEY_PAIRS, doc_ids)
        self._database.table(KEY_PAIRS).update(
            lambda record: record.update(records[record["KeyPairId"]]), doc_ids=doc_ids
        )
        for key_pair in key_pairs:
            self._key_pairs[key_pair.key_pair_id] = key_pair
            self._note(operation, key_pair)

    def remove(self, key_pair_id: str, delete_time: datetime, operation: str | None) -> None:
        """Remove a key pair and remember it among the deleted ones."""
        self.remove_all([key_pair_id], delete_time, operation)

    def remove_all(
        self, key_pair_ids: Sequence[str], delete_time: datetime, operation: str | None
    ) -> None:
        """Do the same for several, going through the tables only once."""
        if not key_pair_ids:
            return
        doc_ids = [self._doc_ids.pop(key_pair_id) for key_pair_id in key_pair_ids]
        self._database.table(KEY_PAIRS).remove(doc_ids=doc_ids)
        gone = [
            DeletedKeyPair(key_pair_id, delete_time, self._key_pairs.pop(key_pair_id))
            for key_pair_id in key_pair_ids
        ]
        self._database.table(DELETED).insert_multiple(map(deleted_to_record, gone))
        for deleted in gone:
            self._deleted[deleted.key_pair_id] = deleted
            if deleted.key_pair is not None:
                del self._names[deleted.key_pair.key_name]
                self._note(operation, deleted.key_pair)

    def restore(self, key_pair_id: str, operation: str | None) -> KeptKeyPair:
        """Bring a deleted key pair back as it was; its name must be free."""
        key_pair = self._deleted.pop(key_pair_id).key_pair
        if key_pair is None:
            raise ValueError("this key pair can no longer be brought back")
        self._database.table(DELETED).remove(where("KeyPairId") == key_pair_id)
        self.insert(key_pair, operation)
        return key_pair

    def forget(self, key_pair_ids: Collection[str]) -> None:
        """Forget key pairs that were deleted, but for their ids."""
        if not key_pair_ids:
            return
        table = self._database.table(DELETED)
        found = table.search(where("KeyPairId").test(key_pair_ids.__contains__))
        doc_ids = [document.doc_id for document in found]
        self._memory.detach(DELETED, doc_ids)
        table.update({"KeyPair": None}, doc_ids=doc_ids)
        for key_pair_id in key_pair_ids:
            self._deleted[key_pair_id] = replace(self._deleted[key_pair_id], key_pair=None)

    def _note(self, operation: str | None, key_pair: KeptKeyPair) -> None:
        if operation is not None:
            self.changes.append(Change(operation, key_pair.key_name, key_pair.key_pair_id))

    def result(self) -> Content:
        """Return what the file is to hold, in its next generation."""
        state = replace(self.state, generation=self._generation + 1)
        return Content(self._memory.tables, state, self._doc_ids)
