"""Whose key it is, in words: the same in the command and on the screen."""

from collections.abc import Sequence

from core.found import IS_NO_KEY, Found, Match, Standing
from tui.text import visible


def line(found: Found) -> str:
    """Return what was found as one line: where, whose, and how that is known."""
    where = visible(found.source + (f":{found.line}" if found.line else ""))
    return ": ".join(filter(None, (where, answer(found))))


def answer(found: Found) -> str:
    """Return whose key it is, in words; all of it has been made visible."""
    kind = found.kind or "key"
    comment = f", comment {visible(found.comment)}" if found.comment else ""
    note = f"; {visible(found.note)}" if found.note else ""
    match found.standing:
        case Standing.KNOWN:
            pairs = " and ".join(map(_pair, found.matches))
            how = found.matches[0].fingerprint_kind
            return f"{pairs} ({kind}{comment}; by {how}{note})"
        case Standing.UNKNOWN:
            key = found.public_key
            what = f"{key.key_type} {key.bits} bits {found.fingerprint}, " if key else ""
            return f"unknown ({what}{kind}{comment}{note})"
        case Standing.NO_KEY | Standing.NOT_READ | Standing.UNREADABLE:
            return visible(found.note)
        case _:
            return f"{found.standing.value.replace('-', ' ')} ({kind}{comment}{note})"


def _pair(match: Match) -> str:
    tags = ", ".join(f"{tag.key}={tag.value}" for tag in match.key_pair.tags)
    return visible(f"{match.key_pair.key_name} in {match.region}" + (f" [{tags}]" if tags else ""))


def summed_up(found: Sequence[Found], count: int) -> str:
    """Return in one sentence how much of what was looked at is known."""
    keys = [each for each in found if each.standing not in IS_NO_KEY]
    known = sum(each.standing is Standing.KNOWN for each in keys)
    return f"looked at {count:,}; {len(keys):,} key{'s' * (len(keys) != 1)}, {known:,} known."
