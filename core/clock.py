"""Tells the time as EC2 keeps it, and the times of files."""

from datetime import MAXYEAR, MINYEAR, UTC, datetime


def now() -> datetime:
    """Return the present time: aware, UTC, in whole milliseconds."""
    time = datetime.now(UTC)
    return time.replace(microsecond=time.microsecond // 1000 * 1000)


def of_file(seconds: float) -> datetime | None:
    """Return the time of a file, or None where it is one that no calendar has.

    A file may have been given any, and what a damaged disk says is none.
    """
    try:
        time = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    # In every time zone it must be one, and what is counted from it.
    return time if MINYEAR < time.year < MAXYEAR else None
