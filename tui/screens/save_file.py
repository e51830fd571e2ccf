"""The dialog that saves something without secrets to a new file: the list."""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Input

from core.destination import Destination
from core.errors import SaveError
from tui.actions import Place
from tui.flow import flow, is_flowing, once
from tui.keymap import bindings
from tui.tone import Verdict
from tui.widgets.form_body import FormBody
from tui.widgets.key_hints import KeyHints
from tui.widgets.path_field import PathField
from tui.widgets.top_line import TopLine

Saved = TypeVar("Saved")


class SaveFileScreen(Screen[Saved | None], Generic[Saved]):
    """One path, its verdict live; ends with what `save` returned, or None.

    A failure is said below the path, and the path stays for another try.

    Args:
        title: what is saved.
        path: the path to offer.
        save: writes to a path as it was typed, in a thread, with what a second Enter said yes to;
            raises SaveError.
    """

    PLACE = Place.EXPORT
    BINDINGS = bindings(PLACE)
    AUTO_FOCUS = "#path"

    def __init__(
        self, title: str, path: str, save: Callable[[str, Destination | None], Saved]
    ) -> None:
        super().__init__()
        self._title = title
        self._save = save
        self._path = PathField(path)

    def compose(self) -> ComposeResult:
        yield TopLine(self._title)
        with FormBody():
            yield self._path
        yield KeyHints(Place.EXPORT)

    def action_back(self) -> None:
        """Go back; nothing is saved."""
        if not is_flowing(self):
            self.dismiss(None)

    @on(Input.Submitted)
    @once
    def action_submit(self) -> None:
        """Save."""
        self._submit()

    @flow
    async def _submit(self) -> None:
        self._path.show(Verdict("saving…"))
        try:
            saved = await asyncio.to_thread(self._save, self._path.path, self._path.accepted)
        except SaveError as error:
            self._path.refuse(error)
        else:
            self.dismiss(saved)
