"""Reads how long an agent is to keep a key, written as for `ssh-add -t` (sshd_config(5))."""

import re
from datetime import timedelta

from core.errors import KeyPairsError

LONGEST = timedelta(seconds=2**31 - 1)
"""What ssh-add takes at most."""

_TIME = re.compile(r"(?:[0-9]+[wdhms])*[0-9]*", re.IGNORECASE)
_PART = re.compile(r"([0-9]+)([wdhms]?)", re.IGNORECASE)
_LONGEST_TIME = 40
_UNITS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1, "": 1}


class LifetimeError(KeyPairsError):
    """A text that is no time for an agent; a clause says why."""


def parse(text: str) -> timedelta | None:
    """Return a time as ssh-add writes it (sshd_config(5), TIME FORMATS), or None for no text.

    Raises:
        LifetimeError: it is no such time, is nothing, or is longer than an agent counts.
    """
    written = text.strip()
    if not written:
        return None
    if len(written) > _LONGEST_TIME or not _TIME.fullmatch(written):
        raise LifetimeError("not a time: write 8h, 30m, 1h30m, 2d")
    seconds = sum(int(count) * _UNITS[unit.casefold()] for count, unit in _PART.findall(written))
    if seconds == 0:
        raise LifetimeError("no time at all; leave it empty for no limit")
    if seconds > LONGEST.total_seconds():
        raise LifetimeError("longer than an agent counts; leave it empty for no limit")
    return timedelta(seconds=seconds)


def span(lifetime: timedelta) -> str:
    """Return a time in its largest units: `1h 30m`."""
    left = int(lifetime.total_seconds())
    parts: list[str] = []
    for unit, size in _UNITS.items():
        count, left = divmod(left, size)
        if unit and count:
            parts.append(f"{count}{unit}")
    return " ".join(parts)
