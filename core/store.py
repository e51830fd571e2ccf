"""One Region on disk: a TinyDB file that survives crashes, full disks and other sessions.

The file is a plain TinyDB document, so stock TinyDB reads it; its format is in `core.region_file`.
What was cut, flipped or edited by hand is refused, not guessed at.

A change is one transaction: take the Region's lock, reread the file if another session wrote it,
check and change in memory, write a new file beside the old one, sync it, put it in place, sync
the folder, release. Readers take no lock; they see the old file or the new one, never half of
one. The file that was replaced stays beside it as `REGION.json.bak`.

Readers need no TinyDB either: it, and the lock, are imported by the first change.
"""

import errno
import os
import stat
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from core import data_dir, files, region_file
from core.errors import StoreDamaged, StoreError, StoreLocked, StoreNotConfirmed, StoreTooNew
from core.journal import Change, Journal
from core.model import DeletedKeyPair, KeyPair
from core.records import deleted_to_record, to_record
from core.region_file import DELETED, KEY_PAIRS, Content, Tables
from core.region_file import RegionState as RegionState
from core.regions import is_region

LOCK_TIMEOUT = 10.0
"""Seconds to wait for another session before giving up."""

_POLL = 0.01


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A reading of the file, and what identifies the file that was read."""

    identity: tuple[int, int, int] | None = None
    content: Content = field(default_factory=Content)


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
        from tinydb import TinyDB

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

    def insert(self, key_pair: KeyPair, operation: str) -> None:
        """Add a key pair whose id and name are new; `operation` is what the journal calls this."""
        doc_id = self._database.table(KEY_PAIRS).insert(to_record(key_pair))
        self._doc_ids[key_pair.key_pair_id] = doc_id
        self._key_pairs[key_pair.key_pair_id] = key_pair
        self._names[key_pair.key_name] = key_pair.key_pair_id
        self._note(operation, key_pair)

    def update(self, key_pair: KeyPair, operation: str) -> None:
        """Put a key pair in the place of the one with its id; ids and names do not change."""
        doc_id = self._doc_ids[key_pair.key_pair_id]
        self._memory.detach(KEY_PAIRS, [doc_id])
        self._database.table(KEY_PAIRS).update(to_record(key_pair), doc_ids=[doc_id])
        self._key_pairs[key_pair.key_pair_id] = key_pair
        self._note(operation, key_pair)

    def remove(self, key_pair_id: str, delete_time: datetime, operation: str) -> None:
        """Remove a key pair and remember it among the deleted ones."""
        key_pair = self._key_pairs.pop(key_pair_id)
        del self._names[key_pair.key_name]
        deleted = DeletedKeyPair(key_pair_id, delete_time, key_pair)
        self._database.table(KEY_PAIRS).remove(doc_ids=[self._doc_ids.pop(key_pair_id)])
        self._database.table(DELETED).insert(deleted_to_record(deleted))
        self._deleted[key_pair_id] = deleted
        self._note(operation, key_pair)

    def restore(self, key_pair_id: str, operation: str) -> KeyPair:
        """Bring a deleted key pair back as it was; its name must be free."""
        key_pair = self._deleted.pop(key_pair_id).key_pair
        if key_pair is None:
            raise ValueError("this key pair can no longer be brought back")
        from tinydb import where

        self._database.table(DELETED).remove(where("KeyPairId") == key_pair_id)
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
        from tinydb import where

        table = self._database.table(DELETED)
        found = table.search(where("KeyPairId").test(old.__contains__))
        doc_ids = [document.doc_id for document in found]
        self._memory.detach(DELETED, doc_ids)
        table.update({"KeyPair": None}, doc_ids=doc_ids)
        for key_pair_id in old:
            self._deleted[key_pair_id] = replace(self._deleted[key_pair_id], key_pair=None)

    def _note(self, operation: str, key_pair: KeyPair) -> None:
        self.changes.append(Change(operation, key_pair.key_name, key_pair.key_pair_id))

    def result(self) -> Content:
        """Return what the file is to hold, in its next generation."""
        state = replace(self.state, generation=self._generation + 1)
        return Content(self._memory.tables, state, self._doc_ids)


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
        self._given_up = threading.Event()
        self._loaded = _Loaded()

    @property
    def region(self) -> str:
        """The Region's name."""
        return self._region

    def for_region(self, region: str) -> "RegionStore":
        """Return the store of another Region in the same folder."""
        return RegionStore(self._folder, region, self._lock_timeout, self._now)

    def regions_in_use(self) -> list[str]:
        """Return the names of the Regions that have a file, the last changed first."""
        try:
            paths = [
                path
                for path in self._folder.glob("*-*-*.json")
                if is_region(path.stem) and path.is_file()
            ]
            return [path.stem for path in sorted(paths, key=_changed, reverse=True)]
        except OSError:
            return []

    def regions_once_in_use(self) -> list[str]:
        """Return the names of the Regions of which only the copy before a change is left."""
        suffix = ".json.bak"
        try:
            copies = {
                path.name.removesuffix(suffix) for path in self._folder.glob(f"*-*-*{suffix}")
            }
        except OSError:
            return []
        return sorted(copies.difference(self.regions_in_use()))

    @property
    def folder(self) -> Path:
        """The data folder."""
        return self._folder

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
        with explained(self.path, "read"):
            return self._refresh().content.state

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Hold the Region's lock, and write what was changed when the block ends well.

        Raises:
            StoreLocked: another session held the lock for too long.
            StoreDamaged, StoreTooNew: it is not a file that this version may change.
            StoreNotConfirmed: written, but the disk did not confirm it.
            StoreError: it could not be written; nothing was changed.
        """
        with self.locked():
            content = self._refresh().content
            transaction = Transaction(content)
            yield transaction
            result = transaction.result()
            if result.tables is not content.tables:
                self._commit(result, transaction.changes)

    def give_up_waiting(self) -> None:
        """Refuse the change that waits for another session now; without one, do nothing."""
        self._given_up.set()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the Region's lock in a folder that may be trusted, and explain what goes wrong.

        Raises:
            StoreLocked: another session held the lock for too long, or the waiting was given up.
            StoreError: the folder cannot be used, or the block was refused by the system.
        """
        with explained(self.path, "change"):
            self._prepare_folder()
            with self._threads, self._lock():
                self._sweep()
                self._check_owner()
                yield

    def _prepare_folder(self) -> None:
        if self._loaded.identity is not None and not self._folder.is_dir():
            raise StoreError(
                f"The folder {self._folder} is gone, and {self.path.name} with it."
                " Nothing was changed. Bring it back, or start again with an empty one."
            )
        files.create_private_folder(self._folder)
        data_dir.check(self._folder)

    def _check_owner(self) -> None:
        with suppress(FileNotFoundError):
            if self.path.lstat().st_uid not in (os.geteuid(), 0):
                raise StoreError(
                    f"{self.path} belongs to another account. Nothing was changed;"
                    " whoever owns it has to make the change, or give the file away."
                )

    @contextmanager
    def _lock(self) -> Iterator[None]:
        from filelock import Timeout, UnixFileLock

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
        self._given_up.clear()
        try:
            lock.acquire(cancel_check=self._given_up.is_set)
        except Timeout:
            waited = (
                "this one gave up waiting"
                if self._given_up.is_set()
                else f"has not finished in {self._lock_timeout:g} seconds"
            )
            raise StoreLocked(
                f"Another session ({_signature(path)}) is changing {self._region} and"
                f" {waited}. Nothing was changed; try again."
            ) from None
        except OSError as error:
            error.filename = str(path)
            raise
        try:
            yield
        finally:
            # What was changed is changed, whatever becomes of the lock.
            with suppress(OSError):
                lock.release()

    def tidy(self) -> None:
        """Remove what writers left that were killed, if there is anything and nobody is writing.

        Every change does so by itself; this is for a session that only looks.
        """
        if any(self._leftovers()):
            with suppress(StoreError), self.locked():
                pass

    def _leftovers(self) -> Iterator[Path]:
        return self._folder.glob(f"{self.path.name}.tmp-*")

    def _sweep(self) -> None:
        """Remove what writers left that were killed; safe because we hold the lock."""
        for leftover in self._leftovers():
            leftover.unlink()

    @property
    def temporary_name(self) -> str:
        """The name of a file that is being written; only the holder of the lock may use it."""
        return f"{self.path.name}.tmp-{os.getpid()}"

    def _refresh(self) -> _Loaded:
        known = self._loaded
        identity = self._identity()
        if identity is None and os.path.lexists(self.previous_path):
            # Another session may have made both since we looked.
            identity = self._identity()
        if identity is None:
            if known.identity is not None or os.path.lexists(self.previous_path):
                raise StoreDamaged(f"{self.path} is missing. {self._way_back()}")
            return known
        if identity == known.identity:
            return known
        content = self._load(files.read_private_file(self.path, region_file.LARGEST))
        if content.state.generation < known.content.state.generation:
            raise StoreDamaged(
                f"{self.path} is older than what this session has seen of it"
                f" (generation {content.state.generation} after"
                f" {known.content.state.generation}): an old copy was put in its place."
                " Nothing was changed. Start keypairs again if that was meant."
            )
        self._loaded = loaded = _Loaded(identity, content)
        return loaded

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

    def _load(self, data: bytes) -> Content:
        try:
            return region_file.read(data, self._region)
        except StoreTooNew as error:
            raise StoreTooNew(
                f"{self.path} cannot be used: {error}. Nothing was changed. Use the newer version."
            ) from error
        except ValueError as error:
            raise StoreDamaged(f"{self.path} is damaged ({error}). {self._way_back()}") from error

    def _way_back(self) -> str:
        if not os.path.lexists(self.previous_path):
            return f"Nothing was changed. There is no earlier copy ({self.previous_path})."
        return (
            f"Nothing was changed. To go back to the copy before the last change,"
            f" {self.previous_path}: keypairs restore {self._region}"
        )

    def _commit(self, content: Content, changes: Sequence[Change]) -> None:
        pieces = region_file.pieces(content.tables, self._region, content.state.generation)
        self.replace(pieces, self.previous_path, changes)
        # The change is made; if this fails, the file is read again when it is needed.
        with suppress(OSError):
            self._loaded = _Loaded(self._identity(), content)

    def replace(self, pieces: files.Pieces, previous: Path, changes: Sequence[Change]) -> None:
        """Put a new file in place, given in pieces, keep the old one as `previous`, and journal it.

        The caller holds the lock.

        Raises:
            StoreNotConfirmed: written, but the disk did not confirm it.
            StoreError: the journal cannot be written; nothing was changed.
            OSError: nothing was changed.
        """
        try:
            with self._journal.record(self._region, changes, self._now()):
                files.replace_file(
                    self.path, pieces, temporary=self.temporary_name, previous=previous.name
                )
        except files.ReplaceNotConfirmed as error:
            raise StoreNotConfirmed(
                f"The change is in {self.path}, but the disk did not confirm it"
                f" ({error.strerror}). Look again before relying on it."
            ) from error


def _changed(path: Path) -> float:
    return path.stat().st_mtime


def _sign(lock_file: int) -> None:
    if not stat.S_ISREG(os.fstat(lock_file).st_mode):
        raise OSError(errno.EINVAL, "it is not a regular file")
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
    errno.EOPNOTSUPP: "the file system has no locks",
    errno.ELOOP: "a link stands in its place",
}


@contextmanager
def explained(path: Path, verb: str) -> Iterator[None]:
    """Turn an error of the operating system into a sentence that names the file and the cause."""
    try:
        yield
    except OSError as error:
        cause = _SENTENCES.get(error.errno or 0, error.strerror or type(error).__name__)
        blamed = error.filename
        if isinstance(blamed, str) and Path(blamed).is_absolute() and blamed != str(path):
            cause = f"{cause} ({blamed})"
        raise StoreError(f"Cannot {verb} {path}: {cause}. Nothing was changed.") from error
