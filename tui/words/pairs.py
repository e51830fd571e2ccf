"""Says in a few characters what lists show of a key pair: its mark, its day, its tags."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from tui.words.cells import cell_len
from tui.words.text import clip, shortened

TYPE_CHECKING = False
"""What type checkers take for true; a command that only reads has no time for `typing`."""

if TYPE_CHECKING:
    from core.model import AgentStay, Custody, KeptKeyPair

MARKS: Mapping[str, str] = {"unsaved": "!", "imported": "↓"}
"""The marks at the left of a row, by what became of the private key (`PrivateKeyState`).

`remarks` says in words what they mean.
"""


IMPORTED = "imported: only its public key came here"
"""What is known of the private key of such a pair; whoever imported it may have that at hand."""

PROTECTED = "protected"
"""The key of such a tag, in capitals or not."""

IN_HAND = "not saved yet: the session that created it still has its private key"
"""What is said of a pair whose private key another session holds in memory alone."""

_NOT_MADE_HERE = "not made with keypairs"


def moment(time: datetime) -> str:
    """Return a time in the person's own time zone: of today's the time of day alone."""
    local = time.astimezone()
    is_today = local.date() == datetime.now(local.tzinfo).date()
    return f"{local:%H:%M}" if is_today else f"{local:%Y-%m-%d %H:%M}"


def of_elsewhere(custody: "Custody") -> list[str]:
    """Return what is known of a pair that nobody here is known to have made, the longest first."""
    if custody.unanswered is not None:
        call = f"may be the pair whose answer was lost at {moment(custody.unanswered)}"
        return [f"{call}; then its private key is nowhere", f"{call}: no private key"]
    if custody.forgotten is not None:
        since = f"could not be read at {moment(custody.forgotten)}"
        return [
            f"the file that said where its private key is {since}",
            "where its private key is, is not known",
        ]
    return ["not made with keypairs: who has its private key is not known", _NOT_MADE_HERE]


def what_comes_back(*, given_up: bool) -> str:
    """Return what a key does that brings a deleted pair back: of what was given up, less."""
    return "brings the pair back, without its private key" if given_up else "brings it back"


def of_agent_stay(stay: "AgentStay") -> list[str]:
    """Return what became of the private key of a pair that an agent alone got, longest first."""
    added = added_to_agent(stay)
    return [f"{added}; never saved to a file", f"{added}; never saved"]


def added_to_agent(stay: "AgentStay") -> str:
    """Return when a private key was added to an agent, and until when, as far as is known."""
    until = f", to stay until {moment(stay.until)}" if stay.until else ""
    # Whether it still is there, nobody has asked the agent.
    return f"was added to the agent at {moment(stay.since)}{until}"


def may_be_lost(key_pair: "KeptKeyPair") -> bool:
    """Return whether a pair may be one whose private key was lost with EC2's answer."""
    return _is_elsewhere(key_pair) and key_pair.custody.unanswered is not None


def may_be_saved(key_pair: "KeptKeyPair") -> bool:
    """Return whether a file that cannot be read may say that the private key was saved."""
    return _is_elsewhere(key_pair) and key_pair.custody.forgotten is not None


def is_protected(key_pair: "KeptKeyPair") -> bool:
    """Return whether a tag says that the pair is to be deleted with care."""
    return any(tag.key.casefold() == PROTECTED for tag in key_pair.tags)


def wants_care(key_pair: "KeptKeyPair") -> bool:
    """Return whether its name has to be typed before a pair is deleted."""
    is_saved = key_pair.custody.private_key == "saved" or may_be_saved(key_pair)
    return is_saved or may_be_lost(key_pair) or is_protected(key_pair)


def _is_elsewhere(key_pair: "KeptKeyPair") -> bool:
    return key_pair.custody.private_key == "elsewhere"


def day(time: datetime, today: datetime) -> str:
    """Return the day of a time in the person's own time zone, or `today`."""
    local = time.astimezone(today.tzinfo)
    return "today" if local.date() == today.date() else local.date().isoformat()


def day_or_time(time: datetime, today: datetime) -> str:
    """Return the day of a time in the person's own time zone, or of today's the time of day."""
    local = time.astimezone(today.tzinfo)
    return f"{local:%H:%M}" if local.date() == today.date() else local.date().isoformat()


NO_TAGS = "–"
TAG_GAP = "  "


def first_tag(texts: Sequence[str]) -> str:
    """Return the first of some tags, as `tag_text` has them, and how many more there are."""
    return tags_with_more(texts[:1], len(texts)) if texts else NO_TAGS


def tag_text(key: str, value: str) -> str:
    """Return a tag as `key=value`, or as its key where it has no value."""
    return shortened(f"{key}={value}" if value else key)


def tag_texts(key_pair: "KeptKeyPair") -> tuple[str, ...]:
    """Return the text of each tag of a key pair."""
    return tuple(tag_text(tag.key, tag.value) for tag in key_pair.tags)


def key_lengths(key_pair: "KeptKeyPair") -> tuple[int, ...]:
    """Return how many characters of each of these texts are the key with its equals sign."""
    return tuple(len(shortened(f"{tag.key}=")) if tag.value else 0 for tag in key_pair.tags)


def tags_within(texts: Sequence[str], width: int) -> str:
    """Return as many whole tags as fit in so many cells, and how many more there are.

    If not even the first fits, it is cut; how many more there are is not.
    """
    if not texts:
        return NO_TAGS
    for count in range(len(texts), 0, -1):
        line = tags_with_more(texts[:count], len(texts))
        if cell_len(line) <= width:
            return line
    more = f" +{len(texts) - 1}" if len(texts) > 1 else ""
    if width <= len(more):
        return clip(texts[0], width)
    return clip(texts[0], width - len(more)) + more


def tags_with_more(texts: Sequence[str], total: int) -> str:
    """Return some tags of so many on one line, and how many more there are."""
    more = total - len(texts)
    return TAG_GAP.join(texts) + (f" +{more}" if more else "")
