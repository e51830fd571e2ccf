"""Says of many key pairs that are to be deleted what they are, before they are named one by one."""

from collections.abc import Iterator, Sequence

from rich.segment import Segment
from textual.content import Content

from core.model import KeptKeyPair, PrivateKeyState
from tui.widgets.pick_list import Item, PickList
from tui.words.cells import cell_len
from tui.words.pairs import PROTECTED, is_protected
from tui.words.text import ELLIPSIS, fit, pinched, visible

ALWAYS_TYPED_FROM = 10
"""So many pairs are never deleted by one key, whatever they are."""

WAS_SAVED = "was saved to "
"""What stands before the path of a private key file."""

_COLUMN, _NAME_AT_MOST = 20, 40
"""Cells in which names are aligned, and of a longer one."""

_KINDS = (
    (PrivateKeyState.SAVED, "saved; their files are not touched"),
    (PrivateKeyState.UNSAVED, "never saved"),
    (PrivateKeyState.IMPORTED, "imported"),
    (PrivateKeyState.ELSEWHERE, "not made with keypairs, as far as is known"),
)


class NamesToDelete(PickList):
    """All of them, to look through and not to pick from: what moves a cursor elsewhere scrolls."""

    def __init__(self, items: Sequence[Item]) -> None:
        super().__init__(items)
        self.cursor = 0
        self._judged: Sequence[Item] = ()
        self._width = self._cut = 0

    def validate_cursor(self, cursor: int) -> int:
        return -1  # no row has it

    def row(self, index: int, *, under_cursor: bool) -> list[Segment]:
        item = self.items[index]
        if self._judged is not self.items or self._width != self.size.width:
            self._judged, self._width = self.items, self.size.width
            self._cut = self._cut_of_all()
        room, fate = self._room_of(item), _shorter(item.remark)[self._cut]
        return [
            Segment(item.text),
            Segment(fate if cell_len(fate) <= room else pinched(item.remark, room)),
        ]

    def _room_of(self, item: Item) -> int:
        return max(self.size.width - 2 - cell_len(item.text), 1)

    def _cut_of_all(self) -> int:
        """Return how much all are cut, so that one thing is said in one way: as little as fits."""
        texts = [
            (_shorter(item.remark), self._room_of(item))
            for item in self.items
            if WAS_SAVED in item.remark
        ]
        fitting = (
            cut for cut in range(2) if all(cell_len(each[cut]) <= room for each, room in texts)
        )
        return next(fitting, 2)

    def action_move(self, step: int) -> None:
        """Scroll by some rows."""
        self.scroll_to(y=self.scroll_offset.y + step, animate=False)

    def action_page(self, direction: int) -> None:
        """Scroll by a screenful."""
        self.action_move(direction * self.size.height)

    def action_to_end(self, direction: int) -> None:
        """Scroll to the first row or the last."""
        self.action_move(direction * self.count)


def _shorter(fate: str) -> tuple[str, str, str]:
    """Return it whole, and then cut before the name of a file, which tells it from others."""
    before, saved, path = fate.rpartition(WAS_SAVED)
    if saved and "/" in path:
        name = f"{ELLIPSIS}/{path.rpartition('/')[2]}"
        return fate, f"{before}{saved}{name}", f"{before}{name}"
    return fate, fate, fate


def summed_up(key_pairs: Sequence[KeptKeyPair]) -> Iterator[Content]:
    """Yield how many there are of each kind, numbers aligned at the right, risky ones in red."""
    width = len(f"{len(key_pairs):,}")
    for state, words in _KINDS:
        count = sum(pair.custody.private_key is state for pair in key_pairs)
        if count:
            yield Content.styled(f"{count:>{width},}", "bold") + Content(f"  {words}")
    count = sum(map(is_protected, key_pairs))
    if count:
        yield Content.styled(f"{count:>{width},}", "bold $text-error") + Content(
            f"  tagged {PROTECTED}"
        )


def items(key_pairs: Sequence[KeptKeyPair], fates: Sequence[str]) -> list[Item]:
    """Return a line of each: name, type, and what else is to be known of it."""
    names = [visible(key_pair.key_name) for key_pair in key_pairs]
    widths = [min(cell_len(name), _NAME_AT_MOST) for name in names]
    column = min(max(widths, default=0), _COLUMN)
    return [
        Item(pair.key_pair_id, f"{fit(name, max(width, column))}  {pair.key_type:<7}  ", fate)
        for pair, name, width, fate in zip(
            key_pairs, names, widths, map(visible, fates), strict=True
        )
    ]
