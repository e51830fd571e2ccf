"""Says of which of several key pairs something was not done, and why."""

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
        reasons.setdefault(_reason(error), []).append(name)
    return "; ".join(f"{listed(names)}: {why}" for why, names in reasons.items())


def listed(names: list[str]) -> str:
    """Return names in a line, of many the first ones and how many more there are."""
    more = len(names) - _MOST_NAMED
    return ", ".join(map(named, names[:_MOST_NAMED])) + (f" and {more:,} more" if more > 0 else "")


def _reason(error: KeyPairsError) -> str:
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
