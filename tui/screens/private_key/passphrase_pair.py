"""Takes a passphrase that is typed twice."""

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Static

from tui.screens.private_key.passphrase_input import PassphraseInput


class PassphrasePair(Horizontal):
    """Two fields beside each other; the second must be the same as the first."""

    DEFAULT_CSS = """
    PassphrasePair {
        height: 1;
        PassphraseInput { width: 1fr; }
        Static { width: 9; padding: 0 2; color: $text-muted; }
    }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._first = PassphraseInput(id="passphrase")
        self._again = PassphraseInput(id="again")

    def compose(self) -> ComposeResult:
        yield self._first
        yield Static("again", markup=False)
        yield self._again

    def reveal(self) -> tuple[str, str]:
        """Return what was typed first and what was typed again."""
        return self._first.reveal(), self._again.reveal()

    def focus_first(self) -> None:
        """Put the cursor into the first field."""
        self._first.focus()

    def focus_again(self) -> None:
        """Put the cursor into the second field, which is emptied unless it can go on as it is."""
        first, again = self.reveal()
        if not first.startswith(again):
            with self._again.prevent(PassphraseInput.Changed):
                self._again.clear()
        self._again.focus()
