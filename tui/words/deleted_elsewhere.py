"""Says which key pairs other sessions deleted, when and by whom; all of it reads the journal."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.checks.deleted import ELSEWHERE, by_whom, deletions
from core.model import KeptKeyPair
from core.words.plural import n_of
from tui.words.refusals import listed
from tui.words.text import named

if TYPE_CHECKING:
    from core.session import Session


def how_deleted(session: "Session", key_pairs: Sequence[KeptKeyPair]) -> str:
    """Return when and by whom pairs were deleted, as far as that is the same of all; blocks."""
    known = deletions(session)
    entries = [known.get(pair.key_pair_id) for pair in key_pairs]
    hows = {entry and by_whom(entry, session.now()) for entry in entries}
    users = {entry and entry.user for entry in entries}
    if len(hows) == 1 and (how := hows.pop()):
        return f"deleted {how}{ELSEWHERE}"
    if len(users) == 1 and (user := users.pop()):
        return f"deleted by {user}{ELSEWHERE}"
    return f"deleted{ELSEWHERE.replace(',', '')}"


def of_some(session: "Session", key_pairs: Sequence[KeptKeyPair], what: str = "of these") -> str:
    """Return that of one pair by its name, and of several by their count; blocks.

    Args:
        what: which pairs several are, in words.
    """
    if len(key_pairs) == 1:
        return f"{named(key_pairs[0].key_name)} was {how_deleted(session, key_pairs)}"
    return f"{n_of(len(key_pairs), 'pair')} {what} were {how_deleted(session, key_pairs)}"


def of_chosen(session: "Session", key_pairs: Sequence[KeptKeyPair]) -> str:
    """Return that of pairs that were chosen in the list; blocks."""
    if len(key_pairs) == 1:
        how = how_deleted(session, key_pairs)
        return f"{named(key_pairs[0].key_name)}, which was chosen, was {how}"
    return of_some(session, key_pairs, "that were chosen")


def of_each(session: "Session", key_pairs: Sequence[KeptKeyPair]) -> str:
    """Return that of pairs by their names; blocks."""
    were = "was" if len(key_pairs) == 1 else "were"
    names = listed([pair.key_name for pair in key_pairs])
    return f"{names} {were} {how_deleted(session, key_pairs)}"
