"""The dialog that saves something to a new file: a private key, or the list."""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

from textual import on, work
from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Input

from core import destination
from core.errors import SaveError
from tui import verdict
from tui.actions import Place, bindings
from tui.verdict import Tone, Verdict
from tui.widgets.form_field import FormField
from tui.widgets.key_hints import KeyHints
from tui.widgets.text_input import TextInput
from tui.widgets.top_line import TopLine

Saved = TypeVar("Saved")


class SaveFileScreen(Screen[Saved | None], Generic[Saved]):
    """One path, its verdict live; ends with what `save` returned, or None.

    A failure is said below the path, and the path stays for another try.

    Args:
        title: what is saved.
        path: the path to offer.
        save: writes to a path as it was typed, in a thread; raises SaveError.
        holds_key: leaving the program now would lose a private key.
    """

    CSS_PATH = "save_file.tcss"
    PLACE = Place.SAVE
    BINDINGS = bindings(PLACE)
    AUTO_FOCUS = "#path"

    def __init__(
        self, title: str, path: str, save: Callable[[str], Saved], *, holds_key: bool = False
    ) -> None:
        super().__init__()
        self._title = title
        self._save = save
        self.holds_key = holds_key
        self._path = TextInput(path, id="path")
        self._field = FormField("Path", self._path, stacked=True)
        self._busy = False

    def compose(self) -> ComposeResult:
        yield TopLine(self._title)
        yield self._field
        yield KeyHints(Place.SAVE)

    @on(Input.Changed, "#path")
    def _judge(self) -> None:
        self._field.show(verdict.of_destination(destination.examine(self._path.value)))

    def action_back(self) -> None:
        """Go back; nothing is saved."""
        if not self._busy:
            self.dismiss(None)

    @on(Input.Submitted)
    @work(exclusive=True, group="flow")
    async def action_submit(self) -> None:
        """Save, read back and prove."""
        if self._busy:
            return
        self._busy = True
        self._field.show(Verdict("saving…"))
        try:
            saved = await asyncio.to_thread(self._save, self._path.value)
        except SaveError as error:
            self._field.show(Verdict(str(error), Tone.BAD))
        else:
            self.dismiss(saved)
        finally:
            self._busy = False
