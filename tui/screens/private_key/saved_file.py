"""Shows a file that was saved, with what was proven of it."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from tui.widgets.verdict_line import VerdictLine
from tui.words.verdict import Verdict


class SavedFile(Vertical):
    """Where it is, or why it is nowhere, and below that the proofs, if there are any."""

    DEFAULT_CSS = """
    SavedFile {
        height: auto;
        .saved-file--proofs { height: auto; padding-left: 2; color: $text-muted; }
        &:ansi .saved-file--proofs { color: ansi_default; text-style: $muted-style; }
    }
    """

    def __init__(self, verdict: Verdict, proofs: Sequence[str] = ()) -> None:
        super().__init__()
        self._where = VerdictLine()
        self._where.show(verdict)
        self._proofs = proofs

    def compose(self) -> ComposeResult:
        yield self._where
        if self._proofs:
            proofs = " · ".join(self._proofs)
            yield Static(proofs, classes="saved-file--proofs", markup=False)
