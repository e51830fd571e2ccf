"""Decides how long a deleted key pair can be brought back, and when it is forgotten for good.

It can be brought back for 30 days of the clock. It is forgotten only when 30 days have also passed
while the program saw it: a clock that jumps ahead and back must not empty the trash. What the
program saw is what the journal says: between two of its lines a day at most counts as passed.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from core.errors import StoreError
from core.model import DeletedKeyPair

if TYPE_CHECKING:
    from core.store.journal import JournalEntry
    from core.store.region_file import RegionState

TRASH_KEEPS = timedelta(days=30)
"""How long a deleted key pair can be brought back."""

_MOST_BETWEEN_LINES = timedelta(days=1)


def kept(state: "RegionState", now: datetime) -> tuple[DeletedKeyPair, ...]:
    """Return the deleted key pairs that can be brought back, the last deleted first."""
    oldest = now - TRASH_KEEPS
    found = [
        deleted
        for deleted in state.deleted.values()
        if deleted.key_pair is not None and deleted.delete_time >= oldest
    ]
    return tuple(sorted(found, key=lambda deleted: deleted.delete_time, reverse=True))


def to_forget(
    state: "RegionState", read_journal: "Callable[[], Iterable[JournalEntry]]", now: datetime
) -> frozenset[str]:
    """Return the ids of the deleted key pairs that are to be forgotten, but for these ids.

    The journal is read only if there is one that is old by the clock. Where it cannot be read,
    nothing is forgotten; of a deletion that it has not, all that it has is later.
    """
    oldest = now - TRASH_KEEPS
    old = {
        key_pair_id
        for key_pair_id, deleted in state.deleted.items()
        if deleted.key_pair is not None and deleted.delete_time < oldest
    }
    if not old:
        return frozenset()
    try:
        entries = list(read_journal())
    except StoreError:
        return frozenset()
    passed = timedelta()
    later = now
    recent: set[str] = set()
    for entry in reversed(entries):
        passed += min(max(later - entry.time, timedelta()), _MOST_BETWEEN_LINES)
        later = entry.time
        if passed > TRASH_KEEPS:
            break
        if entry.operation == "DeleteKeyPair" and entry.key_pair_id is not None:
            recent.add(entry.key_pair_id)
    else:
        return frozenset()  # less has passed since its first line
    return frozenset(old - recent)
