"""Brings back what was deleted last: everything that one deletion took."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from core.errors import InvalidKeyPairDuplicate, KeyPairsError, UnauthorizedOperation
from core.model import KeptKeyPair
from tui.words.plural import n_of
from tui.words.refusals import by_reason

if TYPE_CHECKING:
    from core.session import Session

GoOn = Callable[[int, int], bool]
"""Is told how many of how many are done, and returns whether to go on."""


@dataclass(frozen=True, slots=True)
class BroughtBack:
    """What came back, and which pairs did not, with the reason; those can still come later.

    `left` are those that were not tried, because the person stopped it.
    """

    restored: Sequence[KeptKeyPair]
    refused: Sequence[tuple[KeptKeyPair, KeyPairsError]]
    left: int = 0

    @property
    def words(self) -> str:
        """All of it in a line, not yet made visible."""
        if not (self.restored or self.refused or self.left):
            return "nothing left to bring back; what is deleted is kept for 30 days"
        count = len(self.restored)
        name = self.restored[0].key_name if count == 1 else n_of(count, "pair")
        missing = by_reason((key_pair.key_name, error) for key_pair, error in self.refused)
        stopped = f"; stopped before {self.left:,} more" if self.left else ""
        if not missing:
            return f"brought {name} back{stopped}"
        said = f"brought {name} back, but not {missing}" if count else f"not back: {missing}"
        return said + stopped


def bring_back_last(session: "Session", go_on: GoOn = lambda done, of: True) -> BroughtBack:
    """Bring back all pairs that were deleted together with the last one.

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
        brought = _bring_back(session, together, go_on)
        if brought.restored or brought.left:
            refused = (*(first.refused if first else ()), *brought.refused)
            return BroughtBack(brought.restored, refused, brought.left)
        first = first or brought
        if not all(isinstance(error, _OF_THE_PAIR) for _, error in brought.refused):
            break
    return first or BroughtBack((), ())


def _bring_back(session: "Session", together: Sequence[KeptKeyPair], go_on: GoOn) -> BroughtBack:
    restored: list[KeptKeyPair] = []
    refused: list[tuple[KeptKeyPair, KeyPairsError]] = []
    by_id = {key_pair.key_pair_id: key_pair for key_pair in together}
    left = len(by_id)
    try:
        for batch in session.backend.restore_key_pairs(list(by_id)):
            left = batch.left
            restored += batch.done
            refused += [(by_id[each.name], each.error) for each in batch.refused]
            if left and not go_on(len(by_id) - left, len(by_id)):
                break
    except KeyPairsError as error:
        # What keeps a batch from being written keeps all from it.
        refused += [(key_pair, error) for key_pair in list(by_id.values())[-left:]]
        left = 0
    return BroughtBack(restored, refused, left)


_OF_THE_PAIR = (InvalidKeyPairDuplicate, UnauthorizedOperation)
"""What keeps a pair from coming back, and says nothing about others."""
