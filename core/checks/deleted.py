"""Says which deleted key pairs can be brought back, who deleted them, and for how long still."""

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from core.errors import InvalidID, InvalidKeyPairNotFound, StoreError, UnauthorizedOperation
from core.local.trash import TRASH_KEEPS
from core.model import KeptKeyPair

if TYPE_CHECKING:
    from collections.abc import Container, Iterable
    from datetime import datetime

    from core.errors import KeyPairsError
    from core.session import Session
    from core.store.journal import JournalEntry

_DAY = "%Y-%m-%d %H:%M"
_ONE_DAY = timedelta(days=1)

NOT_THERE = "it is not there any more"
"""What is said where it is not known who deleted a pair."""

ELSEWHERE = ", in another session"
"""What is added where another session deleted a pair: its user may be the same."""


class GonePair(NamedTuple):
    """A deleted key pair that can be brought back.

    Attributes:
        by: who deleted it, or None where the journal does not know it any more.
        days_left: in how many days it can be brought back, with the last; None without an end.
        given_up: its private key was given up with it.
        name_taken: another pair has its name now.
    """

    key_pair: KeptKeyPair
    delete_time: "datetime"
    by: str | None
    days_left: int | None
    given_up: bool
    name_taken: bool


def gone_pairs(session: "Session") -> list[GonePair]:
    """Return what can be brought back, the last deleted first, what was given up after the rest.

    Raises:
        UnauthorizedOperation: the caller may not describe key pairs.
        StoreError: the Region's file cannot be read.
    """
    deleted = session.backend.deleted_key_pairs()
    entries = deletions(session) if deleted else {}
    names = session.key_names() if deleted else frozenset()
    ends = session.backend.capabilities.brings_back
    found = [
        GonePair(
            gone.key_pair,
            gone.delete_time,
            entry.user if (entry := entries.get(gone.key_pair_id)) else None,
            -((session.now() - gone.delete_time - TRASH_KEEPS) // _ONE_DAY) if ends else None,
            gone.given_up,
            gone.key_pair.key_name in names,
        )
        for gone in deleted
        if gone.key_pair is not None
    ]
    return sorted(found, key=lambda gone: gone.given_up)


def by_whom(entry: "JournalEntry", now: "datetime") -> str:
    """Return who did it and when: of what was done on the day of `now`, the time of day alone."""
    time = entry.time.astimezone()
    is_today = time.date() == now.astimezone().date()
    return f"by {entry.user} at {time:{'%H:%M' if is_today else _DAY}}"


def explain(
    session: "Session", errors: "Iterable[KeyPairsError]", *, was_there: bool = True
) -> None:
    """Give what EC2 refuses because a pair was deleted the reason: by whom, and when; blocks.

    What was there, and was not deleted here, is said to be there no more.
    """
    unexplained = [
        error
        for error in errors
        if isinstance(error, InvalidID | InvalidKeyPairNotFound) and not error.reason
    ]
    entries = deletions(session).values() if unexplained else ()
    for error in unexplained:
        named = (
            entry
            for entry in entries
            if any(f"'{each}'" in error.message for each in (entry.key_pair_id, entry.key_name))
        )
        last = max(named, key=lambda entry: entry.time, default=None)
        if last is not None:
            how = by_whom(last, session.now())
            error.reason = f"deleted {how}{ELSEWHERE if was_there else ''}"
        elif was_there:
            error.reason = NOT_THERE


def deletions(session: "Session") -> "dict[str, JournalEntry]":
    """Return the last deletion of each pair by its id, as `last_entries` does."""
    return last_entries(session, ("DeleteKeyPair",))


def last_entries(session: "Session", operations: "Container[str]") -> "dict[str, JournalEntry]":
    """Return the last of some operations on each pair by its id; of an unreadable journal, none.

    Who may not describe key pairs may not read it.
    """
    try:
        entries = session.journal()
    except (StoreError, UnauthorizedOperation):
        return {}
    return {
        entry.key_pair_id: entry
        for entry in entries
        if entry.operation in operations
        and entry.outcome != "failed"
        and entry.key_pair_id is not None
    }
