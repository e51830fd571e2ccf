"""The tags of a form: one line each, added and removed by keyboard."""

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input, Static

from core.model import Tag
from tui.widgets.text_input import TextInput


class TagRow(Horizontal):
    """A key and a value."""

    DEFAULT_CSS = """
    TagRow {
        height: 1;
        .tag-row--key { width: 2fr; }
        .tag-row--equals { width: 3; text-align: center; }
        .tag-row--value { width: 3fr; }
    }
    """

    def __init__(self, tag: Tag) -> None:
        super().__init__()
        self._key = TextInput(tag.key, classes="tag-row--key")
        self._value = TextInput(tag.value, classes="tag-row--value")

    def compose(self) -> ComposeResult:
        yield self._key
        yield Static("=", classes="tag-row--equals", markup=False)
        yield self._value

    @property
    def tag(self) -> Tag:
        """The tag as it stands."""
        return Tag(self._key.value, self._value.value)

    def enter(self) -> None:
        """Put the cursor into the key."""
        self._key.focus()


class TagRows(Vertical):
    """Tags under each other; rows in which nothing was typed do not count."""

    DEFAULT_CSS = """
    TagRows {
        height: auto;
        min-height: 1;
    }
    """

    class Changed(Message):
        """A tag was edited, added or removed."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._rows: list[TagRow] = []

    @property
    def tags(self) -> tuple[Tag, ...]:
        """The tags as they stand."""
        return tuple(row.tag for row in self._rows if row.tag != Tag(""))

    def add(self) -> None:
        """Add an empty row and go to it; an empty row that is there already is used instead."""
        for row in self._rows:
            if row.tag == Tag(""):
                row.enter()
                return
        row = TagRow(Tag(""))
        self._rows.append(row)
        self.mount(row)
        row.call_after_refresh(row.enter)

    def remove_row(self) -> bool:
        """Remove the row that has the focus, or else the last one; tell whether any is left.

        The focus moves to the neighbour.
        """
        if not self._rows:
            return False
        row = next((row for row in self._rows if row.has_focus_within), self._rows[-1])
        index = self._rows.index(row)
        self._rows.remove(row)
        if self._rows:
            self._rows[max(index - 1, 0)].enter()
        row.remove()
        self.post_message(self.Changed())
        return bool(self._rows)

    def _on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Changed())
