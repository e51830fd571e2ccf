"""Shows the line below the list: about the row under the cursor, or what came of something."""

from collections.abc import Sequence

from rich.cells import cell_len
from textual.widgets import Static

from tui.words.text import clip, fold, visible

_MOST_LINES = 3
_ROOMY = 12
"""Lines of the window from which what is said may have more than one of them."""


class RemarkLine(Static):
    """One line, or up to three for what was said last, which stays until the cursor moves."""

    DEFAULT_CSS = """
    RemarkLine {
        dock: bottom;
        height: 1;
        margin-bottom: 1;
        padding: 0 1;
        color: $text-muted;
        text-wrap: nowrap;
        text-overflow: ellipsis;
    }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(markup=False, id=id)
        self._said = ""
        self._said_at: str | None = None
        self._remarks: Sequence[str] = ("",)

    def say(self, text: str, row: str | None) -> None:
        """Say what came of something, with the cursor on a row, until it is on another."""
        self._said, self._said_at = visible(text), row
        self._draw()

    def about(self, row: str, remarks: Sequence[str]) -> None:
        """Say what the row under the cursor is.

        Of these visible texts, the longest first, the first is shown that fits.
        """
        self._remarks = remarks
        if row != self._said_at:
            self._said, self._said_at = "", None
        self._draw()

    @property
    def said(self) -> str:
        """What came of something, made visible, as long as it is said."""
        return self._said

    def forget(self) -> None:
        """Say no longer what came of something."""
        if self._said:
            self._said, self._said_at = "", None
            self._draw()

    def clear(self) -> None:
        """Say nothing."""
        self._said, self._said_at, self._remarks = "", None, ("",)
        self._draw()

    def on_resize(self) -> None:
        self._draw()

    def _draw(self) -> None:
        width = self.size.width
        if self._said:
            lines = fold(self._said, max(width, 1))
            most = _MOST_LINES if self.screen.size.height >= _ROOMY else 1
            if len(lines) > most:
                lines[most - 1 :] = [clip(" ".join(lines[most - 1 :]), width)]
        else:
            fitting = (text for text in self._remarks if cell_len(text) <= width)
            lines = [next(fitting, self._remarks[-1])]
        # Of another height the list would be laid out anew.
        self.styles.height = len(lines)
        self.update("\n".join(lines), layout=False)
