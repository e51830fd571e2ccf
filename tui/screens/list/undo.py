"""Brings back what was deleted last: everything that one deletion took."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from core.errors import (
    EC2Error,
    InvalidKeyPairDuplicate,
    KeyPairLimitExceeded,
    KeyPairsError,
    UnauthorizedOperation,
)
from core.model import KeptKeyPair
from tui.words.plural import n_of
from tui.words.text import said_by, short_paths, shortened

if TYPE_CHECKING:
    from core.session import Session


@dataclass(frozen=True, slots=True)
class BroughtBack:
    """What came back, and which pairs did not, with the reason; those can still come later."""

    restored: Sequence[KeptKeyPair]
    refused: Sequence[tuple[KeptKeyPair, KeyPairsError]]

    @property
    def words(self) -> str:
        """All of it in a line, not yet made visible."""
        if not self.restored and not self.refused:
            return "nothing left to bring back; what is deleted is kept for 30 days"
        count = len(self.restored)
        name = self.restored[0].key_name if count == 1 else n_of(count, "pair")
        reasons: dict[str, list[str]] = {}
        for key_pair, error in self.refused:
            reasons.setdefault(_reason(error), []).append(key_pair.key_name)
        missing = "; ".join(f"{', '.join(names)}: {why}" for why, names in reasons.items())
        if not missing:
            return f"brought {name} back"
        return f"brought {name} back, but not {missing}" if count else f"not back: {missing}"


def bring_back_last(session: "Session") -> BroughtBack:
    """Bring back, one after the other, all pairs that were deleted together with the last one.

    A pair that cannot come back does not keep the others from it, neither those that went with it
    nor, where none of these can come back, those that were deleted before.

    Raises:
        StoreError: the Region's file cannot be read.
    """
    first: BroughtBack | None = None
    for _, deleted in groupby(
        session.backend.deleted_key_pairs(), key=lambda gone: gone.delete_time
    ):
        together = [gone.key_pair for gone in deleted if gone.key_pair is not None]
        brought = _bring_back(session, together)
        if brought.restored:
            return BroughtBack(
                brought.restored, (*(first.refused if first else ()), *brought.refused)
            )
        first = first or brought
        if not all(isinstance(error, _OF_THE_PAIR) for _, error in brought.refused):
            break
    return first or BroughtBack((), ())


def _bring_back(session: "Session", together: Sequence[KeptKeyPair]) -> BroughtBack:
    restored: list[KeptKeyPair] = []
    refused: list[tuple[KeptKeyPair, KeyPairsError]] = []
    for at, key_pair in enumerate(together):
        try:
            restored.append(session.backend.restore_key_pair(key_pair.key_pair_id))
        except EC2Error as error:
            refused.append((key_pair, error))
        except KeyPairsError as error:
            # What keeps one from being written keeps all from it.
            refused += [(left, error) for left in together[at:]]
            break
    return BroughtBack(restored, refused)


_OF_THE_PAIR = (InvalidKeyPairDuplicate, UnauthorizedOperation)
"""What keeps a pair from coming back, and says nothing about others."""


def _reason(error: KeyPairsError) -> str:
    match error:
        case InvalidKeyPairDuplicate():
            return "another pair has the name"
        case KeyPairLimitExceeded():
            return "the Region is full"
        case UnauthorizedOperation():
            # The whole of it would be cut before the reason, which stands at its end.
            return shortened(short_paths(f"not allowed, {error.reason}"))
        case _:
            return said_by(error)
