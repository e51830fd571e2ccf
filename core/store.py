"""One Region on disk: a TinyDB file that survives crashes, full disks and other sessions.

The file is a plain TinyDB document, so stock TinyDB reads it. Its first table, `keypairs`, is one
record about the file itself, which begins with the SHA-256 of every byte that follows: what was
cut, flipped or edited by hand is refused, not guessed at.

A change is one transaction: take the Region's lock, reread the file if another session wrote it,
check and change in memory, write a new file beside the old one, sync it, put it in place, sync
the folder, release. Readers take no lock; they see the old file or the new one, never half of
one. The file that was replaced stays beside it as `REGION.json.bak`.
"""

import errno
import hashlib
import os
import stat
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from filelock import Timeout, UnixFileLock
from tinydb import TinyDB, where
from tinydb.storages import Storage

from core import data_dir, files
from core.errors import StoreDamaged, StoreError, StoreLocked, StoreNotConfirmed, StoreTooNew
from core.journal import Change, Journal
from core.model import DeletedKeyPair, KeyPair
from core.records import deleted_from_record, deleted_to_record, from_record, to_record

SCHEMA = 1
LOCK_TIMEOUT = 10.0
"""Seconds to wait for another session before giving up."""

_POLL = 0.01
_MAX_FILE = 256 * 1024 * 1024

_HEADER = "keypairs"
_KEY_PAIRS = "key_pairs"
_DELETED = "deleted_key_pairs"

_PREFIX = b'{"keypairs":{"1":{"sha256":"'
_DIGEST = slice(len(_PREFIX), len(_PREFIX) + 64)
_REST = slice(len(_PREFIX) + 64, None)

Tables = dict[str, dict[str, dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class RegionState:
    """What a Region's file says: its key pairs by id, their ids by name, and what was deleted.

    EC2 answers differently for an id that never existed and one that was deleted, so the latter
    are remembered for ever, and what they named for as long as it may be brought back.
    """

    generation: int = 0
    key_pairs: Mapping[str, KeyPair] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    deleted: Mapping[str, DeletedKeyPair] = field(default_factory=dict)

    def knew(self, key_pair_id: str) -> bool:
        """Tell whether the id exists or once did."""
        return key_pair_id in self.key_pairs or key_pair_id in self.deleted

    def named(self, key_name: str) -> KeyPair | None:
        """Return the key pair of that name."""
        key_pair_id = self.names.get(key_name)
        return None if key_pair_id is None else self.key_pairs[key_pair_id]


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A reading of the file: what identifies it, its tables, and what they mean."""

    identity: tuple[int, int, int] | None
    tables: Tables
    state: RegionState
    doc_ids: Mapping[str, int]


class _Memory(Storage):
    """TinyDB's storage for the length of one transaction; the commit writes what it holds."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables

    def read(self) -> Tables:
        # TinyDB puts a changed table into what it reads; the caller's tables must not see that.
        return dict(self.tables)

    def write(self, data: Tables) -> None:
        self.tables = data


class Transaction:
    """Changes to a Region that will be written together, or not at all."""

    def __init__(self, loaded: _Loaded) -> None:
        self._memory = _Memory(loaded.tables)
        self._database = TinyDB(storage=lambda: self._memory)
        self._key_pairs = dict(loaded.state.key_pairs)
        self._names = dict(loaded.state.names)
        self._deleted = dict(loaded.state.deleted)
        self._doc_ids = dict(loaded.doc_ids)
        self._generation = loaded.state.generation
        self.changes: list[Change] = []
        """What the journal is to say."""

    @property
    def state(self) -> RegionState:
        """The Region as this transaction has it so far."""
        return RegionState(self._generation, self._key_pairs, self._names, self._deleted)

    def insert(self, key_pair: KeyPair, operation: str) -> None:
        """Add a key pair whose id and name are new; `operation` is what the journal calls this."""
        doc_id = self._database.table(_KEY_PAIRS).insert(to_record(key_pair))
        self._doc_ids[key_pair.key_pair_id] = doc_id
        self._key_pairs[key_pair.key_pair_id] = key_pair
        self._names[key_pair.key_name] = key_pair.key_pair_id
        self._note(operation, key_pair)

    def update(self, key_pair: KeyPair, operation: str) -> None:
        """Put a key pair in the place of the one with its id; ids and names do not change."""
        doc_id = self._doc_ids[key_pair.key_pair_id]
        self._database.table(_KEY_PAIRS).update(to_record(key_pair), doc_ids=[doc_id])
        self._key_pairs[key_pair.key_pair_id] = key_pair
        self._note(operation, key_pair)

    def remove(self, key_pair_id: str, delete_time: datetime, operation: str) -> None:
        """Remove a key pair and remember it among the deleted ones."""
        key_pair = self._key_pairs.pop(key_pair_id)
        del self._names[key_pair.key_name]
        deleted = DeletedKeyPair(key_pair_id, delete_time, key_pair)
        self._database.table(_KEY_PAIRS).remove(doc_ids=[self._doc_ids.pop(key_pair_id)])
        self._database.table(_DELETED).insert(deleted_to_record(deleted))
        self._deleted[key_pair_id] = deleted
        self._note(operation, key_pair)

    def restore(self, key_pair_id: str, operation: str) -> KeyPair:
        """Bring a deleted key pair back as it was; its name must be free."""
        key_pair = self._deleted.pop(key_pair_id).key_pair
        if key_pair is None:
            raise ValueError("this key pair can no longer be brought back")
        self._database.table(_DELETED).remove(where("KeyPairId") == key_pair_id)
        self.insert(key_pair, operation)
        return key_pair

    def empty_trash(self, before: datetime) -> None:
        """Forget what was deleted before a time, but for the ids."""
        old = {
            key_pair_id
            for key_pair_id, deleted in self._deleted.items()
            if deleted.key_pair is not None and deleted.delete_time < before
        }
        if not old:
            return
        self._database.table(_DELETED).update(
            {"KeyPair": None}, where("KeyPairId").test(old.__contains__)
        )
        for key_pair_id in old:
            self._deleted[key_pair_id] = replace(self._deleted[key_pair_id], key_pair=None)

    def _note(self, operation: str, key_pair: KeyPair) -> None:
        self.changes.append(Change(operation, key_pair.key_name, key_pair.key_pair_id))

    def result(self, generation: int) -> tuple[Tables, RegionState, Mapping[str, int]]:
        """Return what the file is to hold, as tables and as a state."""
        self._generation = generation
        return self._memory.tables, self.state, self._doc_ids


class RegionStore:
    """The file of one Region; may be used from several threads.

    Args:
        folder: the data folder; it is made, for its owner alone, by the first change.
        region: the name of a Region, already checked to be one.
        lock_timeout: seconds to wait for another session.
        now: the clock of the journal.
    """

    def __init__(
        self,
        folder: Path,
        region: str,
        lock_timeout: float = LOCK_TIMEOUT,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._folder = folder
        self._journal = Journal(folder)
        self._now = now
        self._region = region
        self._lock_timeout = lock_timeout
        self._threads = threading.Lock()
        self._loaded = _Loaded(None, {}, RegionState(), {})

    @property
    def region(self) -> str:
        """The Region's name."""
        return self._region

    @property
    def journal(self) -> Journal:
        """The journal of the data folder."""
        return self._journal

    @property
    def path(self) -> Path:
        """The Region's file."""
        return self._folder / f"{self._region}.json"

    @property
    def previous_path(self) -> Path:
        """The file as it was before the last change."""
        return self.path.with_name(f"{self.path.name}.bak")

    def write_problem(self) -> str | None:
        """Return why the file permissions forbid changes, or None where they do not."""
        return data_dir.problem(self._folder)

    def read(self) -> RegionState:
        """Return the Region as it is on disk now; parses only if another session wrote it.

        Raises:
            StoreDamaged, StoreTooNew: it is not a file that this version may read.
            StoreError: it cannot be read.
        """
        with _explained(self.path, "read"):
            self._refresh()
        return self._loaded.state

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Hold the Region's lock, and write what was changed when the block ends well.

        Raises:
            StoreLocked: another session held the lock for too long.
            StoreDamaged, StoreTooNew: it is not a file that this version may change.
            StoreNotConfirmed: written, but the disk did not confirm it.
            StoreError: it could not be written; nothing was changed.
        """
        with _explained(self.path, "change"):
            self._prepare_folder()
            with self._threads, self._lock():
                self._sweep()
                self._refresh()
                transaction = Transaction(self._loaded)
                yield transaction
                self._commit(transaction)

    def _prepare_folder(self) -> None:
        files.create_private_folder(self._folder)
        data_dir.check(self._folder)

    @contextmanager
    def _lock(self) -> Iterator[None]:
        path = self.path.with_name(f"{self.path.name}.lock")
        lock = UnixFileLock(
            path,
            timeout=self._lock_timeout,
            mode=files.PRIVATE_FILE,
            poll_interval=_POLL,
            # A lock that is no lock would be worse than the error.
            fallback_to_soft=False,
            preserve_lock_file=True,
            on_acquired=_sign,
        )
        try:
            lock.acquire()
        except Timeout:
            raise StoreLocked(
                f"Another session ({_signature(path)}) is changing {self._region} and has not"
                f" finished in {self._lock_timeout:g} seconds. Nothing was changed; try again."
            ) from None
        try:
            yield
        finally:
            lock.release()

    def _sweep(self) -> None:
        """Remove what writers left that were killed; safe because we hold the lock."""
        for leftover in self._folder.glob(f"{self.path.name}.tmp-*"):
            leftover.unlink()

    def _refresh(self) -> None:
        loaded = self._loaded
        identity = self._identity()
        if identity is not None and identity == loaded.identity:
            return
        if identity is None:
            if self.previous_path.exists():
                raise StoreDamaged(
                    f"{self.path} is missing, but an earlier copy of it is there."
                    f" Nothing was changed. The copy is {self.previous_path}."
                )
            self._loaded = _Loaded(None, {}, RegionState(), {})
            return
        self._loaded = self._load(files.read_private_file(self.path, _MAX_FILE), identity)

    def _identity(self) -> tuple[int, int, int] | None:
        try:
            status = self.path.lstat()
        except FileNotFoundError:
            return None
        if not stat.S_ISREG(status.st_mode):
            raise StoreError(
                f"{self.path} is not a regular file (a link, perhaps). Put the file itself there."
            )
        return status.st_ino, status.st_size, status.st_mtime_ns

    def _load(self, data: bytes, identity: tuple[int, int, int]) -> _Loaded:
        try:
            tables = decode(data, self._region)
            records = tables[_KEY_PAIRS]
            key_pairs = {}
            doc_ids = {}
            for doc_id, record in records.items():
                key_pair = from_record(record)
                key_pairs[key_pair.key_pair_id] = key_pair
                doc_ids[key_pair.key_pair_id] = int(doc_id)
            names = {key_pair.key_name: key for key, key_pair in key_pairs.items()}
            if not len(names) == len(key_pairs) == len(records):
                raise ValueError("two records share a name or an id")
            state = RegionState(
                generation=tables[_HEADER]["1"]["generation"],
                key_pairs=key_pairs,
                names=names,
                deleted={
                    record["KeyPairId"]: deleted_from_record(record)
                    for record in tables[_DELETED].values()
                },
            )
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise StoreDamaged(
                f"{self.path} is damaged ({error}). Nothing was changed."
                f" The copy before the last change is {self.previous_path}."
            ) from error
        return _Loaded(identity, tables, state, doc_ids)

    def _commit(self, transaction: Transaction) -> None:
        generation = self._loaded.state.generation + 1
        tables, state, doc_ids = transaction.result(generation)
        if tables is self._loaded.tables:
            return
        data = encode(tables, self._region, generation)
        try:
            with self._journal.record(self._region, transaction.changes, self._now()):
                files.replace_file(
                    self.path,
                    data,
                    temporary=f"{self.path.name}.tmp-{os.getpid()}",
                    previous=self.previous_path.name,
                )
        except files.ReplaceNotConfirmed as error:
            raise StoreNotConfirmed(
                f"The change is in {self.path}, but the disk did not confirm it"
                f" ({error.strerror}). Look again before relying on it."
            ) from error
        self._loaded = _Loaded(self._identity(), tables, state, doc_ids)


def encode(tables: Tables, region: str, generation: int) -> bytes:
    """Return the bytes of a Region's file: its header first, the digest of the rest before that."""
    header = {"sha256": "0" * 64, "schema": SCHEMA, "region": region, "generation": generation}
    document = {
        _HEADER: {"1": header},
        _KEY_PAIRS: tables.get(_KEY_PAIRS, {}),
        _DELETED: tables.get(_DELETED, {}),
    }
    data = bytearray(orjson.dumps(document))
    data[_DIGEST] = hashlib.sha256(data[_REST]).hexdigest().encode()
    return bytes(data)


def decode(data: bytes, region: str) -> Tables:
    """Return the tables of a Region's file.

    Raises:
        StoreTooNew: a newer version of the program wrote it.
        ValueError: it is not the file of that Region, whole and unchanged; says what is wrong.
    """
    if not data:
        raise ValueError("it is empty")
    if not data.startswith(_PREFIX):
        raise ValueError("it does not begin as a file of keypairs does")
    if hashlib.sha256(data[_REST]).hexdigest().encode() != data[_DIGEST]:
        raise ValueError("its checksum does not match: it was cut off or changed")
    tables: Tables = orjson.loads(data)
    header = tables[_HEADER]["1"]
    if header["schema"] > SCHEMA:
        raise StoreTooNew(
            f"The file of {region} was written by a newer version of keypairs"
            f" (schema {header['schema']}; this version reads {SCHEMA}). Nothing was changed."
            " Use the newer version."
        )
    if header["region"] != region:
        raise ValueError("it is the file of another Region")
    return tables


def _sign(lock_file: int) -> None:
    os.ftruncate(lock_file, 0)
    os.pwrite(lock_file, f"process {os.getpid()}\n".encode(), 0)


def _signature(lock_file: Path) -> str:
    with suppress(OSError):
        return files.read_private_file(lock_file, 64).decode("ascii", "replace").strip()
    return "unknown"


_SENTENCES = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "your disk quota is used up",
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "you have no permission",
    errno.EPERM: "you have no permission",
    errno.EFBIG: "the file would be too large",
    errno.ENOLCK: "the file system has no locks",
    errno.ENOSYS: "the file system has no locks",
    errno.ELOOP: "a link stands in its place",
}


@contextmanager
def _explained(path: Path, verb: str) -> Iterator[None]:
    """Turn an error of the operating system into a sentence that names the file and the cause."""
    try:
        yield
    except OSError as error:
        cause = _SENTENCES.get(error.errno or 0, error.strerror or type(error).__name__)
        raise StoreError(f"Cannot {verb} {path}: {cause}. Nothing was changed.") from error
