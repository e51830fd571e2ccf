"""Says whose key it is: the same in the command and on the screen."""

from collections.abc import Sequence

from core.checks.answers import IS_NO_KEY, PRIVATE, THE_AGENT, TOO_SHORT, Found, Match, Standing
from core.words.plural import n_of
from tui.words.pairs import what_comes_back
from tui.words.text import visible


def line(found: Found) -> str:
    """Return what was found as one line: where, whose, and how that is known."""
    where = visible(found.source + (f":{found.line}" if found.line else ""))
    return ": ".join(filter(None, (where, answer(found))))


def answer(found: Found, back: str = "U in the list there") -> str:
    """Return whose key it is, in words; all of it has been made visible.

    `back` is what brings a deleted pair back, and is empty where nothing does; commands know the
    key in the table.
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
            way = f"; {back} {what_comes_back(given_up=found.given_up)}" if back else ""
            return f"of the deleted pair {pairs}{way} ({kind}{comment}{note})"
        case Standing.UNKNOWN:
            key = found.public_key
            what = f"{key.key_type} {key.bits} bits {found.fingerprint}, " if key else ""
            return f"unknown ({what}{kind}{comment}{note})"
        case Standing.NO_KEY | Standing.NOT_READ | Standing.UNREADABLE:
            return visible(found.note)
        case _:
            return f"{found.standing.value.replace('-', ' ')} ({kind}{comment}{note})"


def not_looked_up(found: Found) -> str:
    """Return why a text was compared with nothing, where it was not."""
    is_text = not found.source and found.standing is Standing.NO_KEY
    return found.kind if is_text and found.kind in (TOO_SHORT, PRIVATE) else ""


def _pair(match: Match, *, how: bool) -> str:
    """Return a pair with its tags; with `how`, also which of its fingerprints said so."""
    tags = ", ".join(f"{tag.key}={tag.value}" for tag in match.key_pair.tags)
    where = f"{match.key_pair.key_name} in {match.region}"
    by = f" by {match.fingerprint_kind}" if how else ""
    return visible(where + (f" [{tags}]" if tags else "") + by)


def summed_up(
    found: Sequence[Found], count: int, pairs: int, links: int = 0, all_names: str = ""
) -> str:
    """Return in one sentence what was looked at, how many keys are known, and what was left out.

    Args:
        found: what there is to be said of it.
        count: of how many things that is a part.
        pairs: how many key pairs there are to compare with.
        links: how many were not followed.
        all_names: the option that has them named, where there is one.
    """
    keys = [each for each in found if each.standing not in IS_NO_KEY]
    known = sum(each.standing is Standing.KNOWN for each in keys)
    if why := len(found) == 1 and not_looked_up(found[0]):
        return f"not looked up: {why}."
    if count == 1 and found and not found[0].source:
        return f"looked at {n_of(pairs, 'pair')}; {_who_has_it(found[0])}."
    sources = [each.source for each in found]
    agents = {source for source in sources if f"{source} ".startswith(f"{THE_AGENT} ")}
    # One may hold several keys; of what is not named, each is one.
    looked_at = count - len(sources) + len(set(sources))
    files = looked_at - len(agents)
    what = [n_of(files, "file")] if files or not agents else []
    words = f"looked at {' and '.join((*what, *map(visible, sorted(agents))))}"
    if not count:
        words = "there is nothing to look at in it"
    elif keys:
        words += f"; {n_of(len(keys), 'key')}, {known:,} known"
    else:
        words += f"; no key in {'it' if looked_at == 1 else 'them'}"
    if not links:
        return f"{words}."
    named = f"; {all_names} names them" if all_names else ""
    return f"{words}; {n_of(links, 'link')} not followed{named}."


def _who_has_it(found: Found) -> str:
    """Return how many pairs have what was typed."""
    if found.matches:
        return f"{len(found.matches):,} {'has' if len(found.matches) == 1 else 'have'} this"
    return "none has this, but a deleted one had" if found.deleted else "none has this"
