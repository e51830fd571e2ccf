"""Lays a table out with what there is to know of its row: in a pane beside it, or below it."""

from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Vertical, VerticalScroll
from textual.content import Content
from textual.events import DescendantBlur, DescendantFocus
from textual.geometry import Size
from textual.timer import Timer
from textual.widget import Widget

from tui.screens.workbench.grouped_list import GroupedList
from tui.screens.workbench.widths import pane_width
from tui.widgets.cursor_list import CursorList
from tui.widgets.fact_line import FactLine
from tui.words.text import fold

RESTS = 0.12
"""Seconds after which a cursor that has not moved again is at rest."""

_HIGH = 20
"""Rows of the window from which there may be a pane."""

_LABEL = 12
_BESIDE = "-beside"


class Said(NamedTuple):
    """A text of `RowFacts`, which may stand behind a label; both have passed `tui.words.text`.

    `look` is a class of `RowPane` without its prefix.
    """

    text: str
    look: str = ""
    label: str = ""


class RowFacts(NamedTuple):
    """What there is to know of a row, as text that has passed `tui.words.text`.

    In the pane stand title, subtitle and sections with their headings; below the table stands
    `brief`, where there is no pane.
    """

    title: str
    subtitle: str = ""
    sections: Sequence[tuple[str, Sequence[Said]]] = ()
    brief: Sequence[Said] = ()


NOTHING = RowFacts("")


class RowPane(Widget):
    """What there is to know of a row, folded into its width."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "row-pane--bold",
        "row-pane--muted",
        "row-pane--good",
        "row-pane--caution",
        "row-pane--bad",
    }
    """
    | Class | Description |
    | :- | :- |
    | `row-pane--bold` | What the row is about. |
    | `row-pane--muted` | Headings, labels, and what is of less interest. |
    | `row-pane--good`, `row-pane--caution`, `row-pane--bad` | How something stands. |
    """

    DEFAULT_CSS = """
    RowPane {
        height: auto;
        margin-right: 1;  /* a blank before the scrollbar, where there is one */
        .row-pane--bold { color: $foreground; text-style: bold; }
        .row-pane--muted { color: $text-muted; }
        .row-pane--good { color: $text-success; }
        .row-pane--caution { color: $text-warning; }
        .row-pane--bad { color: $text-error; }
        &:ansi .row-pane--bold { color: ansi_default; text-style: bold; }
        &:ansi .row-pane--muted { color: ansi_default; text-style: $muted-style; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self.about = NOTHING

    @property
    def is_beside(self) -> bool:
        """Whether it stands beside the table, and not below it."""
        return any(isinstance(node, Bench) and node.has_class(_BESIDE) for node in self.ancestors)

    def show(self, about: RowFacts) -> None:
        """Show what there is to know of another row."""
        if about != self.about:
            self.about = about
            self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(list(self._lines(max(width, 1))))

    def render(self) -> Content:
        lines = self._lines(max(self.size.width, 1))
        return Content("\n").join(
            Content.assemble(*(self._part(text, look) for text, look in line)) for line in lines
        )

    def _part(self, text: str, look: str) -> Content:
        if not look:
            return Content(text)
        return Content.styled(text, self.get_visual_style(f"row-pane--{look}"))

    def _lines(self, width: int) -> Iterator[list[tuple[str, str]]]:
        about = self.about
        if not self.is_beside:
            for said in about.brief:
                yield from _folded(said, width)
            return
        for text, look in ((about.title, "bold"), (about.subtitle, "muted")):
            if text:
                yield from _folded(Said(text, look), width)
        for heading, texts in about.sections:
            yield []
            yield [(heading, "muted")]
            for said in texts:
                yield from _folded(said, width)


def _folded(said: Said, width: int) -> Iterator[list[tuple[str, str]]]:
    label = said.label.ljust(_LABEL) if said.label else ""
    for part in fold(said.text, max(width - len(label), 1)):
        yield [(label, "muted"), (part, said.look)] if label else [(part, said.look)]
        label = " " * len(label)


class Bench(Container):
    """A table, and from 120 columns on a pane about its row; else what is most needed below it.

    The pane follows the cursor once that rests, as a key that is held would send all of it for
    each row. Below the table it gets the rows that the table leaves empty. Where it does not fit
    it is scrolled: tab goes to it, and the line above the hints says so.

    Args:
        above: what stands above the table.
        table: the table.
        below: what takes its place while it is empty.
        about: what says all of the row under the cursor.
        show: has it do so; called when the cursor has come to rest.
        is_beside_only: whether there is nothing to say below the table.
    """

    DEFAULT_CSS = """
    Bench {
        width: 100%;  /* of 1fr Textual takes the margins of others off */
        height: 1fr;
        layout: vertical;
        & > Vertical { width: 100%; height: 1fr; }
        & > VerticalScroll { height: auto; max-height: 8; margin: 0 1; }
        &.-alone > VerticalScroll { display: none; }
        &.-beside { layout: horizontal; }
        &.-beside > Vertical { width: 1fr; }
        &.-beside > VerticalScroll {
            display: block;
            height: 100%;
            max-height: 100%;
            margin: 0;
            padding: 0 2;
            background: $surface;
        }
        &.-beside:ansi > VerticalScroll {
            background: ansi_default;
            border-left: solid ansi_default;
            padding: 0 1 0 2;
        }
    }
    """

    def __init__(
        self,
        above: Sequence[Widget],
        table: GroupedList,
        below: Sequence[Widget],
        about: Sequence[Widget],
        show: Callable[[], None],
        *,
        is_beside_only: bool = False,
    ) -> None:
        super().__init__(classes="-alone" if is_beside_only else "")
        self._above, self._table, self._below = above, table, below
        self._show_row = show
        self._room = VerticalScroll(*about, id="about")
        self._resting: Timer | None = None
        self._has_shown = False
        self._gave = False

    def compose(self) -> ComposeResult:
        with Vertical():
            yield from self._above
            yield self._table
            yield from self._below
        yield self._room

    @on(GroupedList.Loaded)
    def fit(self) -> None:
        """Open the pane where the window has room for it, or close it."""
        window = self.app.size
        table = self._table
        width = pane_width(window.width, table.columns, table.needs, table.around)
        if window.height < _HIGH:
            width = 0
        if width:
            self._room.styles.width = width
        else:
            self._room.styles.clear_rule("width")
        if self.has_class(_BESIDE) is not bool(width):
            self.set_class(bool(width), _BESIDE)
            for pane in self._room.query(RowPane):
                pane.refresh(layout=True)
        if self._gave:
            self._gave = False
            self._room.styles.clear_rule("max_height")
        self.call_after_refresh(self._give_room)

    def on_resize(self) -> None:
        self.fit()

    def _give_room(self) -> None:
        """Give what stands below the table the rows that this leaves empty, as far as needed."""
        room, table = self._room, self._table
        if not self.is_attached:
            return  # the screen ended meanwhile
        empty = table.size.height - table.virtual_size.height
        if not self.has_class(_BESIDE) and empty > 0 and room.max_scroll_y:
            self._gave = True
            room.styles.max_height = room.size.height + min(empty, room.max_scroll_y)
            self.call_after_refresh(self._teach_scrolling)
        else:
            self._teach_scrolling()

    @on(DescendantFocus)
    @on(DescendantBlur)
    def _teach_scrolling(self) -> None:
        """Say how the rest of a text comes into sight, while there is one."""
        if not self.is_attached:
            return
        how = "↑ ↓ scroll the text" if self._room.has_focus else "tab, then ↓: the rest of the text"
        is_cut = self._room.display and self._room.max_scroll_y
        # A screen that ends loses its focus too, and perhaps its lines before that.
        for line in self.screen.query(FactLine):
            line.teach(how if is_cut else "")

    @on(CursorList.Highlighted)
    def follow(self) -> None:
        """Show what there is to know of the row under the cursor, once that rests there."""
        if self._resting is not None:
            self._resting.stop()
        if self._has_shown:
            self._resting = self.set_timer(RESTS, self._show)
        elif self._table.shown:
            self._show()

    def _show(self) -> None:
        self._has_shown = True
        self._show_row()
        self._room.scroll_home(animate=False)
        self.call_after_refresh(self._give_room)
