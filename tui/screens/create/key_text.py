"""Takes a public key of several lines, pasted or typed, or the path of one, which it completes."""

import asyncio
import re
from collections.abc import Callable

from rich.text import Text
from textual import on, work
from textual.events import Key, Paste
from textual.message import Message
from textual.widgets import TextArea
from textual.widgets.text_area import Edit, EditResult

from core.custody.pub_files import LARGEST, may_be_path
from core.disk import typed_path
from tui.terminal.typing_speed import TypingSpeed
from tui.words.text import masked

_BEGIN, _END = "---- BEGIN ", "---- END "
"""What RFC 4716 puts around a public key."""

_BEGINS = re.compile(r"\s*(ssh-(rsa|ed25519) AAAA|" + _BEGIN + ")")
"""How a public key begins, in one line or in several."""


class KeyText(TextArea):
    """Textual's TextArea, plain: Enter submits, Tab moves on, a huge paste is refused whole.

    Within a block of RFC 4716 Enter begins a line. A private key is neither shown nor kept: a
    paste of one is refused whole, and of one that is typed nothing stays, not even to be undone.

    Args:
        refusal: says why a text is not taken if it is a private key; else None.
    """

    DEFAULT_CSS = """
    KeyText {
        height: 4;
        padding: 0 0 0 1;
        background: $surface;
        scrollbar-size-vertical: 1;
        &:focus { background: $panel; }
        /* Textual's own has no border, and says so with importance. */
        &.-textual-compact { border-left: outer $foreground 25% !important; }
        &.-textual-compact:focus { border-left: outer $primary !important; }
        &.-textual-compact:ansi {
            border-left: solid ansi_default !important;
            border-right: solid ansi_default !important;
        }
        &.-textual-compact:ansi:focus {
            border-left: outer ansi_default !important;
            border-right: outer ansi_default !important;
        }
        &.-textual-compact.-refused { border-left: outer $error !important; }
        &.-textual-compact.-refused:ansi { border-left: solid $error !important; }
        &.-textual-compact.-refused:focus { border-left: outer $error !important; }
    }
    """

    class Submitted(Message):
        """Enter was pressed."""

    class TooLarge(Message):
        """What was pasted is larger than any public key, and was not taken."""

    class Private(Message):
        """What was pasted or typed is a private key, of which nothing is left; says why."""

        def __init__(self, reason: str) -> None:
            super().__init__()
            self.reason = reason

    def __init__(self, refusal: Callable[[str], str | None], text: str = "", *, id: str) -> None:
        # Given here, it is no change, of which a message would come while the form is used already.
        super().__init__(
            text,
            id=id,
            soft_wrap=True,
            tab_behavior="focus",
            compact=True,
            highlight_cursor_line=False,
        )
        self.cursor_blink = False
        self._refusal = refusal
        self._strokes = TypingSpeed()
        self._after_private = False
        self._wrapped_at = 0

    def on_resize(self) -> None:
        # Textual wraps before it knows whether there will be scroll bars.
        self.call_after_refresh(self._wrap_anew)

    def _wrap_anew(self) -> None:
        if self._wrapped_at != self.wrap_width:
            self._wrapped_at = self.wrap_width
            self.soft_wrap = False
            self.soft_wrap = True

    def get_line(self, line_index: int) -> Text:
        # Textual would hand what was pasted to the terminal as it is, escape sequences and all.
        line = super().get_line(line_index)
        return Text(masked(line.plain), end="", no_wrap=True)

    # Textual calls the handlers of the base class by itself, unless the default is prevented.

    async def _on_key(self, event: Key) -> None:
        self._strokes.note(event.key, event.time)
        # Where a terminal pours in a private key, its secret comes behind its mark.
        self._after_private = self._after_private and self._strokes.pouring
        if self._after_private:
            event.stop()
            event.prevent_default()
        elif event.key == "enter" and not self._is_unfinished:
            event.stop()
            event.prevent_default()
            self.post_message(self.Submitted())

    # Textual's own delete to the ends of a row of the screen, of which a key takes many, and join
    # with the next line where such a row ends.

    def action_delete_to_start_of_line(self) -> None:
        row, column = end = self.selection.end
        if end == self.document.end:
            # As it empties every other field; of a wrapped key it would take a press a line.
            self._delete_via_keyboard((0, 0), end)
        elif column:
            self._delete_via_keyboard((row, 0), end)
        else:
            super().action_delete_to_start_of_line()

    def action_delete_to_end_of_line(self) -> None:
        row, _ = self.selection.end
        self._delete_via_keyboard(self.selection.end, (row, len(self.document.get_line(row))))

    async def action_delete_to_end_of_line_or_delete_line(self) -> None:
        row, column = self.selection.end
        if column < len(self.document.get_line(row)):
            self.action_delete_to_end_of_line()
        else:
            await super().action_delete_to_end_of_line_or_delete_line()

    @property
    def _is_unfinished(self) -> bool:
        """Whether this is a block of lines that has begun and not ended.

        A terminal without bracketed paste sends the line breaks of one as the Enter key.
        """
        text = self.text.strip()
        return text.startswith(_BEGIN) and _END not in text

    async def _on_paste(self, event: Paste) -> None:
        if len(event.text) > LARGEST:
            event.stop()
            event.prevent_default()
            self.post_message(self.TooLarge())
        elif reason := self._refusal(event.text):
            event.stop()
            event.prevent_default()
            event.text = ""
            self.post_message(self.Private(reason))
        elif _BEGINS.match(event.text) and _BEGINS.search(self.text):
            # A whole key takes the place of what was pasted before it.
            self.select_all()

    @on(TextArea.SelectionChanged)
    def update_suggestion(self) -> None:
        """Suggest how a path goes on, which the right arrow takes at its end."""
        self.suggestion = ""
        if self.is_running and self._is_at_end_of_path:
            self._suggest(self.text)

    @property
    def _is_at_end_of_path(self) -> bool:
        return may_be_path(self.text) and self.cursor_location == self.document.end

    @work(exclusive=True, group="suggestion")
    async def _suggest(self, path: str) -> None:
        done = await asyncio.to_thread(typed_path.completed, path, ".pub")
        if done and path == self.text and self._is_at_end_of_path:
            self.suggestion = done.removeprefix(path)

    def edit(self, edit: Edit) -> EditResult:
        result = super().edit(edit)
        if reason := self._refusal(self.text):
            self.load_text("")  # it forgets what could be undone as well
            self._after_private = True
            self.post_message(self.Private(reason))
            return EditResult((0, 0), "")
        return result
