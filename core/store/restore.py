"""Brings a damaged Region's file back from the backup that was kept beside it.

Nothing is thrown away. The damaged file gets another name, and the backup stays where it is.

A Region of this machine is restored when a person agrees, because its file is all that there is of
it. What EC2 said last is renewed by itself: EC2 can be asked again.
"""

import os
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from core import clock
from core.disk import files
from core.errors import StoreDamaged, StoreError, StoreTooNew
from core.store import region_file
from core.store.journal import Change
from core.store.region_file import Content
from core.store.region_store import RegionStore
from core.store.system_errors import explained

_MAKES = ("CreateKeyPair", "ImportKeyPair", "RestoreKeyPair")
_DELETES = "DeleteKeyPair"
_COARSE = timedelta(milliseconds=10)
"""How far the time of a file may lie before the time of the change that wrote it."""


@dataclass(frozen=True, slots=True)
class Restoration:
    """What restoring a Region would do.

    `problem` is what is wrong with the file, `refusal` why it cannot be restored; either is None
    where there is nothing to say. `returning`, `staying` and `lost` are names: of the backup alone,
    of both, and of what is not in the backup, as far as the damaged file can still be read and by
    what the journal says was made since. `since` is what the journal says was done in the Region
    after the backup was written, an operation and the name of a pair each; `undone` is what of that
    was done to pairs of the backup, which come back as they were before. Where it is not known when
    the backup was written, `time` is None, and nothing is known of what was done since.
    """

    path: Path
    backup: Path
    problem: str | None
    refusal: str | None
    generation: int | None = None
    time: datetime | None = None
    key_pairs: int = 0
    returning: tuple[str, ...] = ()
    staying: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    since: tuple[str, ...] = ()
    undone: tuple[str, ...] = ()


class Renewal(NamedTuple):
    """What was found of a damaged file, and what became of it."""

    path: Path
    problem: str
    """What was wrong with it, as a clause."""
    aside: Path | None
    """Where it is now; None where it was missing."""
    made_of: str
    """What the new file holds, in words; nothing where it is empty."""
    is_whole: bool
    """Whether that is all that the damaged one held."""


def examine(folder: Path, region: str) -> Restoration:
    """Return what restoring a Region would do; nothing is changed, and no lock is taken.

    Raises:
        StoreError: the file or the backup cannot be looked at.
    """
    return _examine(RegionStore(folder, region))[0]


def restore(
    folder: Path,
    region: str,
    shown: Restoration | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Path | None:
    """Put what the backup holds in the place of a damaged file, and return where that file is now.

    The answer is None if the file was missing. What comes back gets a generation above that of
    both files, so that running sessions take it for what it is: the newest.

    Args:
        folder: the data folder.
        region: the name of a Region, already checked to be one.
        shown: what the person agreed to; if it is no longer so, nothing is done.
        now: the clock.

    Raises:
        StoreLocked: another session held the Region's lock for too long.
        StoreError: there is nothing to restore, or nothing to restore from, or it failed;
            nothing was changed.
    """
    store = RegionStore(folder, region, now=now)
    with store.locked():
        damaged = _bytes_of(store.path)
        found, content = _examine(store)
        if found.refusal is not None or content is None:
            raise StoreError(f"Not restored: {found.refusal}.")
        if shown is not None and shown != found:
            raise StoreError(
                f"Not restored: {found.path} or its backup has changed meanwhile. Look again."
            )
        # Two above the backup: the file that is damaged was one above it.
        pieces = region_file.pieces(content.tables, region, content.state.generation + 2)
        changes = [Change("RestoreRegion")]
        if damaged is None:
            store.replace(pieces, store.previous_path, changes, check=None)
            return None

        aside = _free_name(store.path, now())
        store.replace(pieces, aside, changes, _refusing_another(store.path, damaged))
        return aside


def renew(store: RegionStore) -> Renewal | None:
    """Put a new file in the place of a damaged one; None where it is not damaged any more.

    It holds what this session read last or else what the backup holds, or nothing.

    Raises:
        StoreError: it is not damaged but unusable in another way, or could not be replaced; it is
            left as it was.
    """
    with store.locked():
        try:
            store.read()
        except StoreDamaged as error:
            damage = error
        else:
            return None
        damaged = _bytes_of(store.path)
        if damaged is not None and _content_of(damaged, store.region) is not None:
            raise damage  # it is whole: an older file was put there, or a link
        content, made_of, is_whole = _best(store)
        pieces = region_file.pieces(content.tables, store.region, content.state.generation + 2)
        changes = [Change("RestoreRegion")]
        if damaged is None:
            aside = None
            store.replace(pieces, store.previous_path, changes, check=None)
        else:
            aside = _free_name(store.path, datetime.now(UTC))
            store.replace(pieces, aside, changes, _refusing_another(store.path, damaged))
        return Renewal(store.path, _cause(damage), aside, made_of, is_whole)


def _best(store: RegionStore) -> tuple[Content, str, bool]:
    """Return the newest content that is known, what it is in words, and whether it is all."""
    known, path = store.last_read, store.previous_path
    backup = None
    with explained(path, "read"):
        data = _bytes_of(path)
        if data is not None:
            status = path.lstat()
            backup = _content_of(data, store.region) if _owned(status) else None
            if backup is None:
                # The next change would put another in its place.
                path.rename(_free_name(path, datetime.now(UTC)))
    if backup is None:
        return known, "what this session knew of it" if known.tables else "", False
    if backup.state.generation < known.state.generation:
        # The backup is what was there before the damaged file, and so was nothing newer.
        return known, "what this session knew of it", True
    time = clock.of_file(status.st_mtime)
    of_when = f" of {time.astimezone():%Y-%m-%d %H:%M}" if time else ""
    return backup, f"the backup{of_when}", False


def _content_of(data: bytes, region: str) -> Content | None:
    try:
        return region_file.read(data, region)
    except (StoreError, ValueError):
        return None


def _examine(store: RegionStore) -> tuple[Restoration, Content | None]:
    """Return what restoring would do, and what the backup holds if it can be done."""
    path, backup = store.path, store.previous_path

    def refused(problem: str | None, why: str) -> tuple[Restoration, None]:
        return Restoration(path, backup, problem, why), None

    with explained(path, "read"):
        try:
            store.read()
        except StoreTooNew as error:
            return refused(str(error), _clause(error))
        except StoreDamaged as error:
            problem = _cause(error)
        else:
            why = f"{path} is not damaged" if path.exists() else f"there is no file {path}"
            return refused(None, why)
        readable = region_file.names_still_readable(_bytes_of(path) or b"")
    try:
        content, time = _backup_of(store)
    except _NoBackup as error:
        return refused(problem, str(error))
    return _compared(store, problem, readable, content, time), content


class _NoBackup(Exception):
    """The backup cannot be used; says why, as a clause."""


def _backup_of(store: RegionStore) -> tuple[Content, datetime | None]:
    """Return what the backup holds, and when it was written, if that is known.

    Raises:
        StoreError: it cannot be read.
    """
    backup = store.previous_path
    with explained(backup, "read"):
        try:
            with files.opened_regular_file(backup) as file:
                status = os.fstat(file)
                data = files.read_opened(file, region_file.LARGEST)
            content = region_file.read(data, store.region)
        except FileNotFoundError:
            raise _NoBackup(f"there is no backup {backup}") from None
        except (StoreTooNew, ValueError) as error:
            why = f"the backup {backup} cannot be used either ({error})"
            raise _NoBackup(why) from error
    if not _owned(status):
        raise _NoBackup(f"the backup {backup} belongs to another account")
    return content, clock.of_file(status.st_mtime)


def _compared(
    store: RegionStore, problem: str, readable: Set[str], content: Content, time: datetime | None
) -> Restoration:
    """Return what comes back, what stays and what is lost, beside the names `readable` still."""
    kept = content.state.names.keys()
    since = () if time is None else _done_since(store, time)
    made = {name for operation, name in since if name and operation in _MAKES}
    gone = {name for operation, name in since if name and operation == _DELETES}
    return Restoration(
        store.path,
        store.previous_path,
        problem,
        None,
        content.state.generation,
        time,
        len(kept),
        returning=tuple(sorted(kept - readable)),
        staying=tuple(sorted(kept & readable)),
        # What was made and deleted again since then is no loss.
        lost=tuple(sorted((readable | (made - gone)) - kept)),
        since=tuple(" ".join(filter(None, each)) for each in since),
        undone=tuple(
            f"{operation} {name}"
            for operation, name in since
            if name in kept and operation not in (*_MAKES, _DELETES)
        ),
    )


def _done_since(store: RegionStore, time: datetime) -> Sequence[tuple[str, str | None]]:
    try:
        entries = store.journal.read()
    except StoreError:
        return ()  # the way back does not depend on it
    return tuple(
        (entry.operation, entry.key_name)
        for entry in entries
        if entry.region == store.region
        and entry.outcome != "failed"
        and entry.time > time + _COARSE
    )


def _refusing_another(path: Path, damaged: bytes) -> Callable[[int], None]:
    """Return what refuses to replace a file that is not the damaged one any more."""

    def check(file: int) -> None:
        if os.pread(file, len(damaged) + 1, 0) != damaged:
            raise StoreError(f"Not restored: {path} has changed meanwhile. Look again.")

    return check


def _owned(status: os.stat_result) -> bool:
    """Return whether a file is this account's, or root's."""
    return status.st_uid in (os.geteuid(), 0)


def _bytes_of(path: Path) -> bytes | None:
    """Return what stands in a Region's file or its backup, None where it is missing.

    Raises:
        OSError: it cannot be read.
    """
    try:
        return files.read_regular_file(path, region_file.LARGEST)
    except FileNotFoundError:
        return None


def _clause(error: Exception) -> str:
    return str(error).removesuffix(".")


def _cause(error: StoreDamaged) -> str:
    """Return what is wrong with a file, as a clause."""
    return str(error.__cause__) if error.__cause__ else "it is missing"


def _free_name(path: Path, time: datetime) -> Path:
    """Return a name beside the file that nothing has; the holder of the lock may use it."""
    stem = f"{path.name}.damaged-{time.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    number = 1
    name = path.with_name(stem)
    while name.is_symlink() or name.exists():
        number += 1
        name = path.with_name(f"{stem}-{number}")
    return name
