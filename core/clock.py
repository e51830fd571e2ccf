"""Tells the time as EC2 keeps it."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the present time: aware, UTC, in whole milliseconds."""
    time = datetime.now(UTC)
    return time.replace(microsecond=time.microsecond // 1000 * 1000)
