"""Puts a usable file in the place of a damaged one, for a Region that can be asked what is in it.

Nothing is thrown away: the damaged file gets another name, and so does a backup that is unusable.
A Region of this machine is never renewed, because its file is all that there is of it; it is for a
person to restore (`core.store.restore`).
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from core.errors import StoreDamaged, StoreError
from core.store import region_file
from core.store.journal import Change
from core.store.region_file import Content
from core.store.region_store import RegionStore
from core.store.restore import bytes_of, cause, free_name, owned, refusing_another
from core.store.system_errors import explained


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
        damaged = bytes_of(store.path)
        if damaged is not None and _content(damaged, store.region) is not None:
            raise damage  # it is whole: an older file was put there, or a link
        content, made_of, is_whole = _best(store)
        pieces = region_file.pieces(content.tables, store.region, content.state.generation + 2)
        changes = [Change("RestoreRegion")]
        if damaged is None:
            aside = None
            store.replace(pieces, store.previous_path, changes, check=None)
        else:
            aside = free_name(store.path, datetime.now(UTC))
            store.replace(pieces, aside, changes, refusing_another(store.path, damaged))
        return Renewal(store.path, cause(damage), aside, made_of, is_whole)


def _best(store: RegionStore) -> tuple[Content, str, bool]:
    """Return the newest content that is known, what it is in words, and whether it is all."""
    known, path = store.last_read, store.previous_path
    backup = None
    with explained(path, "read"):
        data = bytes_of(path)
        if data is not None:
            status = path.lstat()
            backup = _content(data, store.region) if owned(status) else None
            if backup is None:
                # The next change would put another in its place.
                path.rename(free_name(path, datetime.now(UTC)))
    if backup is None:
        return known, "what this session knew of it" if known.tables else "", False
    if backup.state.generation < known.state.generation:
        # The backup is what was there before the damaged file, and so was nothing newer.
        return known, "what this session knew of it", True
    time = datetime.fromtimestamp(status.st_mtime).astimezone()
    return backup, f"the backup of {time:%Y-%m-%d %H:%M}", False


def _content(data: bytes, region: str) -> Content | None:
    try:
        return region_file.read(data, region)
    except (StoreError, ValueError):
        return None
