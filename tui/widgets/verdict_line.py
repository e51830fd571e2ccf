"""Shows a line that says how something stands."""

from textual.content import Content
from textual.geometry import Size
from textual.widgets import Static

from tui.words.text import fold, shortened
from tui.words.verdict import Tone, Verdict

MARKS = {Tone.PLAIN: "", Tone.GOOD: "✓ ", Tone.CAUTION: "! ", Tone.BAD: "✗ "}
"""What stands before a text of each tone, so that colour alone carries no meaning."""


class VerdictLine(Static):
    """Shows a verdict: a mark, a colour, and the text with everything invisible spelled out."""

    DEFAULT_CSS = """
    VerdictLine {
        height: auto;
        min-height: 1;
        color: $text-muted;
        &.-good { color: $text-success; }
        &.-bad { color: $text-error; }
        &.-caution { color: $text-warning; }
        &:ansi { color: ansi_default; text-style: $muted-style; }
        &:ansi.-good { color: $text-success; text-style: none; }
        &:ansi.-bad { color: $text-error; text-style: none; }
        &:ansi.-caution { color: $text-warning; text-style: none; }
    }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, markup=False)
        self._verdict = Verdict("")

    @property
    def verdict(self) -> Verdict:
        """What is shown."""
        return self._verdict

    # By our own rule, which parts a fingerprint behind a colon.

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._lines(width))

    def render(self) -> Content:
        return Content("\n").join(map(Content, self._lines(self.size.width)))

    def _lines(self, width: int) -> list[str]:
        return fold(str(self.visual), max(width, 1))

    def show(self, verdict: Verdict) -> None:
        """Show another verdict; nothing is drawn if it is the same."""
        if verdict == self._verdict:
            return
        self._verdict = verdict
        for tone in Tone:
            self.set_class(tone is verdict.tone, f"-{tone.value}")
        self.update(MARKS[verdict.tone] * bool(verdict.text) + shortened(verdict.text))
