"""The dialog that saves a private key to a new file."""

import asyncio
from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Input

from core import destination
from core.errors import SaveError
from core.model import CreatedKeyPair, SavedKeyMaterial
from tui import verdict
from tui.actions import Place, bindings
from tui.verdict import Tone, Verdict
from tui.widgets.form_field import FormField
from tui.widgets.key_hints import KeyHints
from tui.widgets.text_input import TextInput
from tui.widgets.top_line import TopLine

if TYPE_CHECKING:
    from core.service import KeyPairService


class SaveKeyMaterialScreen(Screen[SavedKeyMaterial | None]):
    """One path, its verdict live; ends with the file that was proven, or None.

    A failure is said below the path, and the path stays for another try.
    """

    CSS_PATH = "save_key_material.tcss"
    BINDINGS = bindings(Place.SAVE)
    AUTO_FOCUS = "#path"

    holds_key = True

    def __init__(self, service: "KeyPairService", created: CreatedKeyPair) -> None:
        super().__init__()
        self._service = service
        self._created = created
        suggestion = destination.suggest(created.key_pair.key_name, created.key_format)
        self._path = TextInput(suggestion, id="path")
        self._field = FormField("Path", self._path, stacked=True)
        self._busy = False

    def compose(self) -> ComposeResult:
        yield TopLine(f"Save the private key of {self._created.key_pair.key_name}")
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
    @work(exclusive=True)
    async def action_submit(self) -> None:
        """Save, read back and prove."""
        if self._busy:
            return
        self._busy = True
        self._field.show(Verdict("saving…"))
        try:
            saved = await asyncio.to_thread(
                self._service.save_key_material, self._created, self._path.value
            )
        except SaveError as error:
            self._field.show(Verdict(str(error), Tone.BAD))
        else:
            self.dismiss(saved)
        finally:
            self._busy = False
