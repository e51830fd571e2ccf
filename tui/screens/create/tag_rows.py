"""Takes the tags of a form: one line each, added and removed by keyboard."""

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.suggester import SuggestFromList
from textual.widgets import Input, Static

from core.ec2 import validation
from core.model import Tag
from tui.widgets.text_input import TextInput
from tui.words.text import masked

InUse = Mapping[str, Sequence[str]]
"""The tag keys that key pairs carry, and the values of each; suggested while typing."""


class _TagInput(TextInput):
    """A key or a value, from which the arrows lead to that of another row; Tab goes across."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "change_row(1)", show=False),
        Binding("up", "change_row(-1)", show=False),
    ]

    def action_change_row(self, by: int) -> None:
        """Go to the same column of another row, so many below; behind the last leave the rows."""
        self.query_ancestor(TagRows).change_row(self, by)


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

    def __init__(self, tag: Tag, in_use: InUse, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._key = _TagInput(tag.key, classes="tag-row--key")
        self._value = _TagInput(tag.value, classes="tag-row--value")
        self._key.placeholder, self._value.placeholder = "key", "value or none"
        self._key.suggester = _suggester(in_use)
        self._in_use = in_use

    def compose(self) -> ComposeResult:
        yield self._key
        yield Static("=", classes="tag-row--equals", markup=False)
        yield self._value

    def on_descendant_focus(self) -> None:
        self._value.suggester = _suggester(self._in_use.get(self._key.value, ()))

    @property
    def tag(self) -> Tag:
        """The tag as it stands."""
        return Tag(self._key.value, self._value.value)

    def enter(self) -> None:
        """Put the cursor into the key, at once: what is typed next is for it."""
        self.screen.set_focus(self._key)

    @property
    def key_input(self) -> TextInput:
        """The field of the key."""
        return self._key

    @property
    def value_input(self) -> TextInput:
        """The field of the value."""
        return self._value


def _suggester(texts: Iterable[str]) -> SuggestFromList:
    """Return what suggests these texts, but for those that cannot be drawn as they are.

    Textual would hand the rest of a suggestion to the terminal, escape sequences and all.
    """
    return SuggestFromList([text for text in texts if masked(text) == text])


class TagRows(Vertical):
    """Tags under each other; rows in which nothing was typed do not count.

    Args:
        tags: what to begin with.
        in_use: what to suggest.
        spare: end with an empty row, whose id is `spare`.
    """

    DEFAULT_CSS = """
    TagRows {
        height: auto;
        min-height: 1;
    }
    """

    class Changed(Message):
        """A tag was edited, added or removed."""

    def __init__(
        self,
        tags: Sequence[Tag] = (),
        in_use: InUse | None = None,
        *,
        spare: bool = False,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self._in_use = in_use or {}
        self._rows = [TagRow(tag, self._in_use) for tag in tags]
        if spare:
            self._rows.append(TagRow(Tag(""), self._in_use, id="spare"))

    def compose(self) -> ComposeResult:
        yield from self._rows

    @property
    def tags(self) -> tuple[Tag, ...]:
        """The tags as they stand."""
        return tuple(row.tag for row in self._rows if row.tag != Tag(""))

    @property
    def is_empty(self) -> bool:
        """Whether there is no row, not even one in which nothing was typed."""
        return not self._rows

    @property
    def wrong_inputs(self) -> list[TextInput]:
        """The fields on account of which the tags are refused, of a key twice the later."""
        rows = [row for row in self._rows if row.tag != Tag("")]
        return [
            rows[wrong.place].key_input if wrong.is_key else rows[wrong.place].value_input
            for wrong in validation.wrong_tags([row.tag for row in rows])
        ]

    async def add(self) -> None:
        """Add an empty row and go to it; an empty row that is there already is used instead."""
        row = next((row for row in self._rows if row.tag == Tag("")), None)
        if row is None:
            row = TagRow(Tag(""), self._in_use)
            self._rows.append(row)
            await self.mount(row)
        row.enter()

    @property
    def tag_whose_key_has_focus(self) -> Tag | None:
        """The tag in whose key the cursor is, if it is in one."""
        tags = (row.tag for row in self._rows if row.key_input.has_focus)
        return next((tag for tag in tags if tag != Tag("")), None)

    @property
    def empty_field_with_focus(self) -> TextInput | None:
        """The field in which the cursor is, if that is of a row in which nothing was typed."""
        fields = (
            field
            for row in self._rows
            if row.tag == Tag("")
            for field in (row.key_input, row.value_input)
        )
        return next((field for field in fields if field.has_focus), None)

    def go_to(self, tag: Tag) -> None:
        """Put the cursor into the key of a tag that stands there."""
        self._row_of(tag).enter()

    def go_to_value(self, tag: Tag) -> TextInput:
        """Put the cursor into the value of a tag that stands there, at once; return its field."""
        value = self._row_of(tag).value_input
        self.screen.set_focus(value)
        return value

    def _row_of(self, tag: Tag) -> TagRow:
        return next(row for row in self._rows if row.tag == tag)

    def change_row(self, present: TextInput, by: int) -> None:
        """Go from a field to that of its column in a row so many below, or out of the rows."""
        keys = [row.key_input for row in self._rows]
        values = [row.value_input for row in self._rows]
        column = keys if present in keys else values
        to = column.index(present) + by
        if to in range(len(column)):
            self.screen.set_focus(column[to])
        else:
            order = self.screen.focus_chain
            end = order.index(keys[0] if by < 0 else values[-1])
            self.screen.set_focus(order[(end + by) % len(order)])

    def remove_row(self) -> bool:
        """Remove the row that has the focus, or else the last one; return whether any is left.

        The focus moves to the one that takes its place, or else to the one before.
        """
        if not self._rows:
            return False
        row = next((row for row in self._rows if row.has_focus_within), self._rows[-1])
        index = self._rows.index(row)
        self._rows.remove(row)
        if self._rows:
            self._rows[min(index, len(self._rows) - 1)].enter()
        row.remove()
        self.post_message(self.Changed())
        return bool(self._rows)

    def _on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Changed())
