"""Draws a list with a cursor, and of it only what is on the screen."""

from typing import ClassVar

from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.events import Click, Resize
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip


class CursorList(ScrollView, can_focus=True):
    """Rows below an optional heading, one line each, with a cursor on one of them.

    A subclass draws rows in `row` and says in `heading` what stands above them. Textual's own
    lists measure every row before they draw the first, and repaint all of them for each move.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "cursor-list--heading",
        "cursor-list--sorted",
        "cursor-list--cursor",
    }
    """
    | Class | Description |
    | :- | :- |
    | `cursor-list--heading` | The line above the rows. |
    | `cursor-list--sorted` | In it, the name of the column by which they are sorted. |
    | `cursor-list--cursor` | The row under the cursor. |
    """

    DEFAULT_CSS = """
    CursorList {
        scrollbar-size-vertical: 1;
        overflow-x: hidden;
        .cursor-list--heading { color: $text-muted; }
        .cursor-list--sorted { color: $foreground; text-style: bold; }
        .cursor-list--cursor {
            background: $block-cursor-blurred-background;
            color: auto;
        }
        /* Whose field has the focus, and not the list: it is led from there. */
        &:focus .cursor-list--cursor, &.-led .cursor-list--cursor {
            background: $block-cursor-background;
            text-style: bold;
        }
        &:ansi .cursor-list--heading { color: ansi_default; text-style: $muted-style; }
        &:ansi .cursor-list--sorted { color: ansi_default; text-style: bold; }
        &:ansi .cursor-list--cursor {
            background: ansi_default;
            color: ansi_default;
            text-style: underline;
        }
        &:ansi:focus .cursor-list--cursor,
        &:ansi.-led .cursor-list--cursor {
            text-style: reverse;
        }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", show=False),
        Binding("up,k", "move(-1)", show=False),
        Binding("pagedown,ctrl+f", "page(1)", show=False),
        Binding("pageup,ctrl+b", "page(-1)", show=False),
        Binding("home,g", "to_end(-1)", show=False),
        Binding("end,G", "to_end(1)", show=False),
        Binding("enter", "select", show=False),
    ]

    cursor: reactive[int] = reactive(0, repaint=False)
    """The index of the row under the cursor; meaningless while there are no rows."""

    class Highlighted(Message):
        """The cursor is on another row; `control.cursor` says on which."""

        def __init__(self, control: "CursorList") -> None:
            super().__init__()
            self._control = control

        @property
        def control(self) -> "CursorList":
            """The list that sent this."""
            return self._control

    class Selected(Highlighted):
        """The row under the cursor was chosen."""

    def __init__(self) -> None:
        super().__init__()
        self._count = 0

    # What a subclass says -----------------------------------------------------------------------

    heading: ClassVar[bool] = False
    """Whether a line stands above the rows."""

    def heading_line(self) -> list[Segment]:
        """Return the line above the rows."""
        return []

    def row(self, index: int, *, under_cursor: bool) -> list[Segment]:
        """Return a row; it is padded and cut to the width of the list."""
        raise NotImplementedError

    # The rows -----------------------------------------------------------------------------------

    @property
    def count(self) -> int:
        """The number of rows."""
        return self._count

    def _show_rows(self, count: int, cursor: int, top: int | None = None) -> None:
        """Draw so many rows anew, with the cursor on one of them, and `top` at the top if it can.

        Else as little is scrolled as has to be.
        """
        self._count = count
        self.virtual_size = Size(self.size.width, count + self.heading)
        self.set_reactive(CursorList.cursor, max(0, min(cursor, count - 1)))
        if top is not None:
            # Also where all rows were in sight before, and there was no bar to scroll with.
            self.scroll_to(y=top, animate=False, force=True, immediate=True)
        self._follow_cursor()
        self.refresh()
        self.post_message(self.Highlighted(self))

    def _on_resize(self, event: Resize) -> None:
        self.virtual_size = Size(event.size.width, self._count + self.heading)
        if self.cursor < self.size.height - self.heading:
            # What a smaller size had scrolled away is there again.
            self.scroll_to(y=0, animate=False)
        self._follow_cursor()
        if self.show_vertical_scrollbar:
            # Textual tells a bar nothing of what was scrolled while it was hidden.
            self.vertical_scrollbar.position = self.scroll_y

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if self.heading and y == 0:
            style = self.get_component_rich_style("cursor-list--heading")
            return Strip(self.heading_line()).apply_style(style).adjust_cell_length(width, style)
        index = y - self.heading + self.scroll_offset.y
        if index >= self._count:
            return Strip.blank(width, self.rich_style)
        under_cursor = index == self.cursor
        style = self.rich_style
        if under_cursor:
            style = self.get_component_rich_style("cursor-list--cursor")
        row = self.row(index, under_cursor=under_cursor)
        return Strip(row).adjust_cell_length(width).apply_style(style)

    # The cursor ---------------------------------------------------------------------------------

    def validate_cursor(self, cursor: int) -> int:
        return max(0, min(cursor, self._count - 1))

    def watch_cursor(self, before: int, after: int) -> None:
        if before != after:
            self.refresh_row(before)
            self.refresh_row(after)
            self._follow_cursor()
            self.post_message(self.Highlighted(self))

    def refresh_row(self, index: int) -> None:
        """Draw one row anew, if it is on the screen."""
        y = index + self.heading - self.scroll_offset.y
        if self.heading <= y < self.size.height:
            self.refresh(Region(0, y, self.size.width, 1))

    def _follow_cursor(self) -> None:
        """Scroll as little as is needed to have the cursor's row on the screen."""
        if not self.size.height:
            return  # it is not shown, and follows once it has a size
        page = max(self.size.height - self.heading, 1)
        top = self.scroll_offset.y
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False)
        elif self.cursor >= top + page:
            self.scroll_to(y=self.cursor - page + 1, animate=False)

    def action_move(self, step: int) -> None:
        """Move the cursor by some rows."""
        self.cursor += step

    def action_page(self, direction: int) -> None:
        """Move the cursor by a screenful."""
        self.cursor += direction * max(self.size.height - self.heading - 1, 1)

    def action_to_end(self, direction: int) -> None:
        """Move the cursor to the first or the last row."""
        self.cursor = 0 if direction < 0 else self._count - 1

    def action_select(self) -> None:
        """Choose the row under the cursor."""
        if self._count:
            self.post_message(self.Selected(self))

    async def _on_click(self, event: Click) -> None:
        index = event.y - self.heading + self.scroll_offset.y
        if self.heading <= event.y and index < self._count:
            self.cursor = index
            if event.chain == 2:
                self.action_select()
