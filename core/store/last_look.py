"""Remembers when EC2 last said what is in a Region, as the time of an empty file beside it."""

import os
from datetime import datetime
from pathlib import Path

from core import clock


def _path(folder: Path, region: str) -> Path:
    return folder / f"{region}.seen"


def note(folder: Path, region: str, time: datetime) -> None:
    """Note that EC2 said at this time what is in a Region; the folder is there.

    Raises:
        OSError: it could not be noted.
    """
    descriptor = os.open(_path(folder, region), os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        os.utime(descriptor, (time.timestamp(), time.timestamp()))
    finally:
        os.close(descriptor)


def time_of(folder: Path, region: str) -> datetime | None:
    """Return when EC2 last said what is in a Region, or None where that is not known."""
    try:
        seen = _path(folder, region).lstat().st_mtime
    except OSError:
        return None
    return clock.of_file(seen)
