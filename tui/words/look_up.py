"""Says whose key it is: the same in the command and on the screen."""

from collections.abc import Sequence

from core.checks.answers import IS_NO_KEY, Found, Match, Standing
from core.words.plural import n_of
from tui.words.text import visible


def line(found: Found) -> str:
    """Return what was found as one line: where, whose, and how that is known."""
    where = visible(found.source + (f":{found.line}" if found.line else ""))
    return ": ".join(filter(None, (where, answer(found))))


def answer(found: Found, back: str = "U in the list there brings it back") -> str:
    """Return whose key it is, in words; all of it has been made visible.

    `back` says how a deleted pair is brought back; commands know the key in the table.
    """
    kind = found.kind or "key"
    comment = f", comment {visible(found.comment)}" if found.comment else ""
    note = f"; {visible(found.note)}" if found.note else ""
    match found.standing:
        case Standing.KNOWN:
            how = {match.fingerprint_kind for match in found.matches}
            pairs = " and ".join(_pair(match, how=len(how) > 1) for match in found.matches)
            by = f"; by {how.pop()}" if len(how) == 1 else ""
            return f"{pairs} ({kind}{comment}{by}{note})"
        case Standing.DELETED:
            places = [f"{pair.key_name} in {pair.region}" for pair in found.deleted]
            pairs = visible(" and ".join(places))
            return f"of the deleted pair {pairs}; {back} ({kind}{comment}{note})"
        case Standing.UNKNOWN:
            key = found.public_key
            what = f"{key.key_type} {key.bits} bits {found.fingerprint}, " if key else ""
            return f"unknown ({what}{kind}{comment}{note})"
        case Standing.NO_KEY | Standing.NOT_READ | Standing.UNREADABLE:
            return visible(found.note)
        case _:
            return f"{found.standing.value.replace('-', ' ')} ({kind}{comment}{note})"


def _pair(match: Match, *, how: bool) -> str:
    """Return a pair with its tags; with `how`, also which of its fingerprints said so."""
    tags = ", ".join(f"{tag.key}={tag.value}" for tag in match.key_pair.tags)
    where = f"{match.key_pair.key_name} in {match.region}"
    by = f" by {match.fingerprint_kind}" if how else ""
    return visible(where + (f" [{tags}]" if tags else "") + by)


def summed_up(found: Sequence[Found], count: int, links: int = 0, all_names: str = "") -> str:
    """Return in one sentence how much of what was looked at is known, and what was left out.

    `links` were not followed; `all_names` is the option that has them named, where there is one.
    """
    keys = [each for each in found if each.standing not in IS_NO_KEY]
    known = sum(each.standing is Standing.KNOWN for each in keys)
    words = f"looked at {count:,}; {n_of(len(keys), 'key')}, {known:,} known"
    if not links:
        return f"{words}."
    named = f"; {all_names} names them" if all_names else ""
    return f"{words}; {n_of(links, 'link')} not followed{named}."
