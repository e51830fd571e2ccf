"""Decides how long a deleted key pair can be brought back."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from core.model import DeletedKeyPair

if TYPE_CHECKING:
    from core.store.region_file import RegionState

TRASH_KEEPS = timedelta(days=30)
"""How long a deleted key pair can be brought back."""


def oldest_kept(now: datetime) -> datetime:
    """Return the time before which what was deleted is forgotten, but for its id."""
    return now - TRASH_KEEPS


def kept(state: "RegionState", now: datetime) -> tuple[DeletedKeyPair, ...]:
    """Return the deleted key pairs that can be brought back, the last deleted first."""
    oldest = oldest_kept(now)
    found = [
        deleted
        for deleted in state.deleted.values()
        if deleted.key_pair is not None and deleted.delete_time >= oldest
    ]
    return tuple(sorted(found, key=lambda deleted: deleted.delete_time, reverse=True))
