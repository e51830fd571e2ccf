"""Says of which of several key pairs something was not done, and why."""

from collections import Counter
from collections.abc import Iterable

from core.errors import (
    InvalidID,
    InvalidKeyPairDuplicate,
    InvalidKeyPairNotFound,
    KeyPairLimitExceeded,
    KeyPairsError,
    UnauthorizedOperation,
)
from tui.words.text import named, said_by, short_paths, shortened

_MOST_NAMED = 4


def by_reason(refused: Iterable[tuple[str, KeyPairsError]]) -> str:
    """Return the names of key pairs and why they were refused, each reason once, in a line."""
    reasons: dict[str, list[str]] = {}
    for name, error in refused:
        reasons.setdefault(reason(error), []).append(name)
    return "; ".join(f"{listed(names)}: {why}" for why, names in reasons.items())


def listed(names: list[str]) -> str:
    """Return names in a line, of many the first ones and how many more there are.

    Pairs that were deleted can have one name, which stands there once, with how many have it.
    """
    counts = list(Counter(names).items())
    each = [named(name) + f" ({count})" * (count > 1) for name, count in counts[:_MOST_NAMED]]
    more = sum(count for _, count in counts[_MOST_NAMED:])
    return ", ".join(each) + (f" and {more:,} more" if more else "")


def reason(error: KeyPairsError) -> str:
    """Return why something was refused, in few words."""
    match error:
        case InvalidKeyPairDuplicate():
            return "another pair has the name"
        case KeyPairLimitExceeded():
            return "the Region is full"
        case UnauthorizedOperation():
            # The whole of it would be cut before the reason, which stands at its end.
            return shortened(short_paths(f"not allowed, {error.reason}"))
        case InvalidID() | InvalidKeyPairNotFound() if error.reason:
            return error.reason
        case _:
            return said_by(error)
