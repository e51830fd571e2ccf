"""Says what other sessions did to key pairs, when and by whom; all of it reads the journal."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from core.checks.deleted import ELSEWHERE, by_whom, deletions, last_entries
from core.model import KeptKeyPair
from core.words.plural import n_of
from tui.words.refusals import listed
from tui.words.text import named

if TYPE_CHECKING:
    from core.session import Session
    from core.store.journal import JournalEntry

_MADE = {
    "CreateKeyPair": "created",
    "ImportKeyPair": "imported",
    "RestoreKeyPair": "brought back",
}
"""What is said of a pair that is there since, by the operation that the journal names."""

_TAGGED = ("CreateTags", "DeleteTags", "SetTags", "RestoreTags")


class Done(NamedTuple):
    """What was done to which pairs, and how: by whom and when, as far as that is known."""

    what: str
    how: str


def in_a_line(done: Sequence[Done]) -> str:
    """Return all of it; what was done by one person at one time says so once."""
    if len(done) > 1 and len({each.how for each in done}) == 1:
        how = done[0].how and f", {'both' if len(done) == 2 else 'all'}{done[0].how}"
        return "; ".join(each.what for each in done) + how
    return "; ".join(f"{each.what}{each.how}" for each in done)


def _how(
    session: "Session", key_pairs: Sequence[KeptKeyPair], known: "Mapping[str, JournalEntry]"
) -> str:
    """Return when and by whom that was done, as far as it is the same of all pairs."""
    entries = [known.get(pair.key_pair_id) for pair in key_pairs]
    hows = {entry and by_whom(entry, session.now()) for entry in entries}
    users = {entry and entry.user for entry in entries}
    if len(hows) == 1 and (how := hows.pop()):
        return f" {how}{ELSEWHERE}"
    if len(users) == 1 and (user := users.pop()):
        return f" by {user}{ELSEWHERE}"
    return ELSEWHERE.replace(",", "")


def _deleted(session: "Session", who: str, key_pairs: Sequence[KeptKeyPair]) -> Done:
    were = "was" if len(key_pairs) == 1 else "were"
    return Done(f"{who} {were} deleted", _how(session, key_pairs, deletions(session)))


def _counted(key_pairs: Sequence[KeptKeyPair], what: str = "") -> str:
    """Return the name of one pair, and of several how many; `what` says which these are."""
    if len(key_pairs) == 1:
        return named(key_pairs[0].key_name)
    return n_of(len(key_pairs), "pair") + what


def deleted(session: "Session", key_pairs: Sequence[KeptKeyPair]) -> Done:
    """Return that pairs were deleted; blocks."""
    return _deleted(session, _counted(key_pairs), key_pairs)


def chosen_deleted(session: "Session", key_pairs: Sequence[KeptKeyPair]) -> Done:
    """Return that of pairs that were chosen in the list; blocks."""
    who = _counted(key_pairs, " that were chosen")
    return _deleted(session, f"{who}, which was chosen," if len(key_pairs) == 1 else who, key_pairs)


def made(session: "Session", key_pairs: Sequence[KeptKeyPair]) -> Done:
    """Return that pairs are there since: created, imported, or brought back; blocks."""
    known = last_entries(session, _MADE)
    entries = [known.get(pair.key_pair_id) for pair in key_pairs]
    verbs = {entry and _MADE[entry.operation] for entry in entries}
    who, is_one = _counted(key_pairs), len(key_pairs) == 1
    if len(verbs) == 1 and (verb := verbs.pop()):
        return Done(f"{who} {'was' if is_one else 'were'} {verb}", _how(session, key_pairs, known))
    # As of what EC2 has told another session, which need not have made it.
    return Done(f"{who} {'is' if is_one else 'are'} new", "")


def tagged(session: "Session", key_pairs: Sequence[KeptKeyPair]) -> Done:
    """Return that the tags of pairs were changed; blocks."""
    known = last_entries(session, _TAGGED)
    is_known = all(pair.key_pair_id in known for pair in key_pairs)
    how = _how(session, key_pairs, known) if is_known else ""
    return Done(f"tags of {_counted(key_pairs)} were changed", how)


def of_some(session: "Session", key_pairs: Sequence[KeptKeyPair]) -> str:
    """Return of some of the pairs that a screen is about that they were deleted; blocks."""
    return "".join(_deleted(session, _counted(key_pairs, " of these"), key_pairs))


def of_each(session: "Session", key_pairs: Sequence[KeptKeyPair]) -> str:
    """Return that pairs were deleted, by their names; blocks."""
    return "".join(_deleted(session, listed([pair.key_name for pair in key_pairs]), key_pairs))
