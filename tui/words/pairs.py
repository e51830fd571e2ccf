"""Says in a few characters what lists show of a key pair: its mark, its day, its tags."""

from datetime import datetime

from core.model import KeptKeyPair, PrivateKeyState
from tui.words.text import shortened

MARKS = {PrivateKeyState.UNSAVED: "!", PrivateKeyState.IMPORTED: "↓"}
"""The marks at the left of a row; `remarks` says in words what they mean."""


def day(time: datetime, today: datetime) -> str:
    """Return the day of a time in the person's own time zone, or `today`."""
    local = time.astimezone(today.tzinfo)
    return "today" if local.date() == today.date() else local.date().isoformat()


def tags(key_pair: KeptKeyPair) -> str:
    """Return the first tag and how many more there are."""
    if not key_pair.tags:
        return "–"
    first, *rest = key_pair.tags
    text = f"{first.key}={first.value}" if first.value else first.key
    return shortened(text) + (f" +{len(rest)}" if rest else "")
