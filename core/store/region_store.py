"""Keeps one Region on disk: a TinyDB file that survives crashes, full disks and other sessions.

The file is a plain TinyDB document, so stock TinyDB reads it; its format is in
`core.store.region_file`. What was cut, flipped or edited by hand is refused, not guessed at.

A change is one transaction: take the Region's lock, reread the file if another session wrote it,
check and change in memory, write a new file beside the old one, sync it, make sure that the old
one is still what was read, put the new one in its place, sync the folder, release. Readers take no
lock; they see the old file or the new one, never half of one. The file that was replaced stays
beside it as `REGION.json.bak`.

Readers need no TinyDB either: it is imported by the first change.
"""

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from core.disk import files, in_folder, replacing
from core.disk.files import ReplaceNotConfirmed
from core.disk.mounts import network_file_system
from core.ec2.regions import is_region
from core.errors import StoreDamaged, StoreError, StoreNotConfirmed, StoreTooNew
from core.process import changing
from core.store import data_dir, region_file
from core.store.data_dir import restore_command
from core.store.journal import Change, Journal
from core.store.locks import RegionLock
from core.store.region_file import Content
from core.store.region_file import RegionState as RegionState
from core.store.system_errors import explained

if TYPE_CHECKING:
    from core.store.transaction import Transaction

LOCK_TIMEOUT = 10.0
"""Seconds to wait for another session before giving up."""


class NamedPair(Protocol):
    """What the journal has to know of a pair."""

    @property
    def key_pair_id(self) -> str:
        """Its id."""

    @property
    def key_name(self) -> str:
        """Its name."""


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A reading of the file, and what identifies the file that was read.

    What stands in the file decides: where time stamps are coarse, another file may have the same
    status, and its inode after a while. `start` holds the digest of all that follows.
    """

    status: tuple[int, int, int] | None = None
    start: bytes = b""
    content: Content = field(default_factory=Content)


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
        self.path = folder / f"{region}.json"
        """The Region's file."""
        self.previous_path = folder / f"{region}.json.bak"
        """The file as it was before the last change."""
        self._claim_path = folder / f"{region}.json.claim"
        self._journal = Journal(folder)
        self._now = now
        self._region = region
        self._lock_timeout = lock_timeout
        self._lock = RegionLock(folder / f"{region}.json.lock", region, lock_timeout)
        self._loaded = _Loaded()
        self.written: tuple[int, int, int] | None = None
        """Inode, size and time of the file as this session wrote it last."""

    @property
    def region(self) -> str:
        """The Region's name."""
        return self._region

    def for_region(self, region: str) -> "RegionStore":
        """Return the store of another Region in the same folder."""
        return RegionStore(self._folder, region, self._lock_timeout, self._now)

    def regions_in_use(self) -> list[str]:
        """Return the names of the Regions that have a file, the last changed first."""
        changed: dict[str, int] = {}
        for path in self._files("*-*-*.json"):
            with suppress(OSError):  # one that is gone again hides no other
                status = path.stat()
                if is_region(path.stem) and stat.S_ISREG(status.st_mode):
                    changed[path.stem] = status.st_mtime_ns
        return sorted(changed, key=lambda name: changed[name], reverse=True)

    def regions_once_in_use(self) -> list[str]:
        """Return the names of the Regions of which only the backup from before a change is left."""
        suffix = ".json.bak"
        backups = {path.name.removesuffix(suffix) for path in self._files(f"*-*-*{suffix}")}
        return sorted(backups.difference(self.regions_in_use()))

    def _files(self, pattern: str) -> list[Path]:
        try:
            return list(self._folder.glob(pattern))
        except OSError:  # a folder that cannot be read: nothing can be in use in it
            return []

    @property
    def last_read(self) -> Content:
        """What this session read or wrote last; empty before that."""
        return self._loaded.content

    @property
    def folder(self) -> Path:
        """The data folder."""
        return self._folder

    @property
    def journal(self) -> Journal:
        """The journal of the data folder."""
        return self._journal

    def journaled(
        self, operation: str, key_pair: NamedPair, time: datetime, detail: str = ""
    ) -> AbstractContextManager[object]:
        """Record in the journal what changes no record, around the block that does it.

        `detail` is which file it is about, or until when it holds, if anything.

        Raises:
            StoreError: the journal cannot be written; the block was not run.
        """
        change = Change(operation, key_pair.key_name, key_pair.key_pair_id, detail)
        return self._journal.record(self._region, [change], time)

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
    def transaction(self, *, continues: bool = False) -> "Iterator[Transaction]":
        """Hold the Region's lock, and write what was changed when the block ends well.

        One that continues the one before is journaled as a part of the same act.

        Raises:
            StoreLocked: another session held the lock for too long.
            StoreDamaged, StoreTooNew: it is not a file that this version may change.
            StoreNotConfirmed: written, but the disk did not confirm it.
            StoreError: it could not be written; nothing was changed.
        """
        from core.store.transaction import Transaction  # it brings TinyDB, which takes 20 ms

        with self.locked():
            content = self._refresh().content
            transaction = Transaction(content, continues=continues)
            yield transaction
            result = transaction.result()
            if result.tables is not content.tables:
                self._commit(result, transaction.changes)

    def give_up_waiting(self) -> None:
        """Refuse the change that waits for another session now; without one, do nothing."""
        self._lock.give_up_waiting()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the Region's lock in a folder that may be trusted, and explain what goes wrong.

        Raises:
            StoreLocked: another session held the lock for too long, or the waiting was given up.
            StoreError: the folder cannot be used, or the block was refused by the system.
        """
        with self._locked(self._lock.held):
            self._check_owner()
            yield

    @contextmanager
    def _locked(self, hold: Callable[[], AbstractContextManager[None]]) -> Iterator[None]:
        with explained(self.path, "change"):
            self._prepare_folder()
            # Not while it waits for the lock: nothing is under way yet.
            with hold(), changing():
                self._sweep()
                yield

    def _prepare_folder(self) -> None:
        if not self._folder.is_dir():
            if self._loaded.start:
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

    def tidy(self) -> None:
        """Remove what writers left that were killed, if there is anything and nobody is writing.

        Every change does so by itself; this is for a session that only looks.
        """
        if any(self._leftovers()) or os.path.lexists(self._claim_path):
            with suppress(StoreError), self._locked(self._lock.held_at_once):
                pass

    def _leftovers(self) -> Iterator[Path]:
        return self._folder.glob(f"{self.path.name}.tmp-*")

    def _sweep(self) -> None:
        """Remove what writers left that were killed; safe because we hold the lock."""
        for leftover in self._leftovers():
            leftover.unlink(missing_ok=True)
        self._finish_replacement()

    def _finish_replacement(self) -> None:
        """Keep the old file that a writer had replaced, but not kept yet when it was killed.

        A claim on the present file is left alone: if the lock keeps nobody out, its writer may be
        about to replace it.
        """
        with suppress(FileNotFoundError), files.opened_regular_file(self._claim_path) as claim:
            present = self._identity()
            if present is None or present[1] != region_file.start_of_file(claim):
                if region_file.is_whole(claim) and os.fstat(claim).st_uid in (os.geteuid(), 0):
                    self._claim_path.replace(self.previous_path)
                else:
                    self._claim_path.unlink()

    def _refresh(self) -> _Loaded:
        known = self._loaded
        found = self._identity()
        if found is None and os.path.lexists(self.previous_path):
            # Another session may have made both since we looked.
            found = self._identity()
        if found is None:
            if known.start or os.path.lexists(self.previous_path):
                raise self._damaged(f"{self.path} is missing")
            return known
        if found == (known.status, known.start):
            return known
        data = files.read_regular_file(self.path, region_file.LARGEST)
        content = self._load(data)
        if content.state.generation < known.content.state.generation:
            raise StoreDamaged(
                f"{self.path} is older than what this session has seen of it"
                f" (generation {content.state.generation} after"
                f" {known.content.state.generation}): an older file was put in its place."
                " Nothing was changed. Start keypairs again if that was meant."
            )
        # Should it have been replaced in between, its start is not the one we know.
        self._loaded = loaded = _Loaded(found[0], region_file.start_of(data), content)
        return loaded

    def _identity(self) -> tuple[tuple[int, int, int], bytes] | None:
        """Return what the system says of the file and what stands at its start."""
        try:
            # Opening also has a network file system look, which answers lstat() from memory.
            with files.opened_regular_file(self.path) as file:
                return _status(os.fstat(file)), region_file.start_of_file(file)
        except FileNotFoundError:
            return None
        except OSError:
            if stat.S_ISREG(self.path.lstat().st_mode):
                raise
            raise StoreError(
                f"{self.path} is not a regular file (a link, perhaps). Put the file itself there."
            ) from None

    def _load(self, data: bytes) -> Content:
        try:
            return region_file.read(data, self._region, self._loaded.content)
        except StoreTooNew as error:
            raise StoreTooNew(
                f"{self.path} cannot be used: {error}. Nothing was changed. Use the newer version."
            ) from error
        except ValueError as error:
            raise self._damaged(f"{self.path} is damaged ({error})") from error

    def _damaged(self, what: str) -> StoreDamaged:
        """Return the error that says what is wrong, and the way back to the backup."""
        if not os.path.lexists(self.previous_path):
            none = f"There is no backup ({self.previous_path})."
            return StoreDamaged(f"{what}. Nothing was changed. {none}")
        way = "To go back to the backup from before the last change,"
        return StoreDamaged(
            f"{what}. Nothing was changed. {way} {self.previous_path}, type in a shell:",
            restore_command(self._folder, self._region),
        )

    def _commit(self, content: Content, changes: Sequence[Change]) -> None:
        start = b""

        def pieces() -> Iterator[tuple[int, region_file.Piece]]:
            nonlocal start
            written = region_file.pieces(content.tables, self._region, content.state.generation)
            for offset, piece in written:
                if offset == 0:
                    start = bytes(piece)
                yield offset, piece

        check = self._check_unchanged if self._loaded.start else None
        status = self.replace(pieces(), self.previous_path, changes, check)
        self.written = _status(status)
        self._loaded = _Loaded(self.written, start, content)

    def _check_unchanged(self, file: int) -> None:
        """Refuse to replace a file that is not the one that was read, or not whole any more."""
        if region_file.start_of_file(file) != self._loaded.start:
            raise self._changed_meanwhile()
        if not region_file.is_whole(file):
            raise self._damaged(f"{self.path} was damaged just now")

    def _changed_meanwhile(self) -> StoreError:
        kind = network_file_system(self._folder)
        where = f", which {kind} may not keep" if kind else ""
        return StoreError(
            f"Another session or program wrote {self.path} while this session held its"
            f" lock{where}. Nothing was changed; look again, and try once more."
        )

    def replace(
        self,
        pieces: in_folder.Pieces,
        previous: Path,
        changes: Sequence[Change],
        check: Callable[[int], None] | None,
    ) -> os.stat_result:
        """Put a new file in place, given in pieces, keep the old one as `previous`, and journal it.

        The caller holds the lock. `check` gets the old file and raises if it is not the one that
        is to be replaced; without it there is none. Returned is the status of the new file.

        Raises:
            StoreNotConfirmed: written, but the disk did not confirm it.
            StoreError: the journal cannot be written, or another session did not heed the lock;
                nothing was changed.
            OSError: nothing was changed.
        """
        temporary = f"{self.path.name}.tmp-{os.getpid()}-{os.urandom(8).hex()}"
        try:
            given_up = self._lock.waiting_is_given_up
            with self._journal.record(self._region, changes, self._now(), given_up):
                return replacing.replace_file(
                    self.path,
                    pieces,
                    temporary=temporary,
                    claim=self._claim_path.name,
                    previous=previous.name,
                    check=check,
                )
        except (FileExistsError, FileNotFoundError) as error:
            raise self._changed_meanwhile() from error
        except ReplaceNotConfirmed as error:
            raise StoreNotConfirmed(
                f"The change is in {self.path}, but the disk did not confirm it"
                f" ({error.strerror}). Look again before relying on it."
            ) from error


def _status(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_ino, status.st_size, status.st_mtime_ns
