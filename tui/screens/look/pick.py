"""Lets a person pick a line: a Region, something to copy, a public key, an action."""

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.events import Key
from textual.widgets import Input, Static

from tui.actions.keymap import bindings, hints
from tui.actions.table import Place
from tui.screens.placed_screen import PlacedScreen, ScreenKind
from tui.widgets.cursor_list import CursorList
from tui.widgets.form_field import FormBody
from tui.widgets.pick_list import Item, PickList, narrowed
from tui.widgets.search_input import NOTHING_MATCHES, SearchInput, type_on
from tui.words.text import ELLIPSIS, clip, fold
from tui.words.verdict import Tone, Verdict

_WHOLE_LINES = 2
"""As many as the style sheet gives them."""


class PickScreen(PlacedScreen[str | None]):
    """Lines narrowed by typing; ends with the value of the one that was picked, or None.

    Args:
        title: what is to be picked.
        items: the lines, in order.
        empty: what to say when there are none.
        verb: what picking a line does.
        heading: the names of the columns, where the lines have columns.
        present: the value of the line on which the cursor begins.
    """

    CSS_PATH = "pick.tcss"
    PLACE = Place.PICK
    KIND = ScreenKind.DIALOG
    BINDINGS = bindings(PLACE)
    AUTO_FOCUS = "#search"
    VERTICAL_BREAKPOINTS = [(0, "-tiny"), (8, "-roomy")]  # noqa: RUF012 - as Textual declares it

    def __init__(
        self,
        title: str,
        items: Sequence[Item],
        empty: str = "Nothing here.",
        *,
        verb: str = "pick",
        heading: str = "",
        present: str | None = None,
    ) -> None:
        super().__init__(title)
        # Known before the first frame, which would else be followed by another a row higher.
        self.set_class(any(item.muted_from is not None for item in items), "-titled")
        self._items = items
        self._empty_text = empty
        self._begins_at = present
        (key, _), *others = hints(Place.PICK)
        self._pick_hint, self._hints = (key, verb), others
        self._search = SearchInput()
        self._heading = Static(heading, markup=False, id="heading")
        self._heading.display = bool(heading)
        self._list = PickList(items)
        self._empty = Static(markup=False, id="empty")
        self._whole = Static(markup=False, id="whole")

    def content(self) -> ComposeResult:
        with FormBody():
            yield self._search
            yield self._heading
            yield self._list
            yield self._empty
            yield self._whole

    def on_key(self, event: Key) -> None:
        type_on(self._search, event)

    def on_mount(self) -> None:
        self._narrow()

    @on(Input.Changed, "#search")
    def _narrow(self) -> None:
        items = self.narrowed(self._search.value)
        values = [item.value for item in items]
        is_there = not self._search.value and self._begins_at in values
        self._list.set_items(items, values.index(self._begins_at or "") if is_there else 0)
        self._list.display = bool(items)
        self._empty.display = not items
        self._empty.update(self._empty_text if not self._items else NOTHING_MATCHES)
        self._teach()
        # A list that was hidden has its size again only then.
        self.call_after_refresh(self._show_whole)

    @on(CursorList.Highlighted)
    def _teach(self) -> None:
        """Teach what does something now."""
        picked = self._list.picked
        pick = [self._pick_hint] if picked is not None and self.is_taught(picked) else []
        move = [("↑↓", "move")] if len(self._list.items) > 1 else []
        self.key_hints.show((*pick, *move, *self._hints))

    @on(CursorList.Highlighted)
    def _show_whole(self) -> None:
        """Below lines that are cut, show the one under the cursor whole."""
        if not self._list.size.width:
            return
        self.set_class(any(map(self._list.is_cut, self._items)), "-cut")
        picked = self._list.picked
        is_cut = picked is not None and self._list.is_cut(picked)
        # A column before it stands whole in the line itself.
        text = (
            f"{picked.text[picked.muted_from or 0 :]} {picked.remark}" if is_cut and picked else ""
        )
        width = self._list.size.width
        lines = fold(" ".join(text.split()), width)
        if len(lines) > _WHOLE_LINES:
            lines = lines[:_WHOLE_LINES]
            lines[-1] = clip(lines[-1].ljust(width) + ELLIPSIS, width)
        self._whole.update("\n".join(lines))

    def on_resize(self) -> None:
        self.call_after_refresh(self._show_whole)

    @on(Input.Submitted)
    @on(PickList.Selected)
    def action_pick(self) -> None:
        """Pick the line under the cursor."""
        picked = self._list.picked
        refusal = self.refusal(picked) if picked is not None else ""
        if refusal:
            # What stands for nothing only explains: to pick it is no error.
            self.say(Verdict(refusal, Tone.BAD if picked and picked.value else Tone.PLAIN))
        elif picked is not None:
            self.dismiss(picked.value)

    def narrowed(self, search: str) -> list[Item]:
        """Return the lines that are shown while this is typed."""
        return narrowed(self._items, search)

    def is_taught(self, item: Item) -> bool:
        """Return whether it is taught that a line can be picked."""
        return True

    def refusal(self, item: Item) -> str:
        """Return why a line cannot be picked, or nothing."""
        return ""

    def show_items(self, items: Sequence[Item]) -> None:
        """Show other lines, with the cursor on the one that it is on."""
        picked = self._list.picked
        self._items = items
        self._narrow()
        values = [item.value for item in self._list.items]
        if picked is not None and picked.value in values:
            self._list.cursor = values.index(picked.value)
