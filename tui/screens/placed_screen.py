"""Gives the screens what all of them have: a place in the table of actions, and a way back."""

from typing import ClassVar, TypeVar

from textual import getters
from textual.screen import Screen

from tui.actions.table import Place
from tui.terminal.terminal_app import TerminalApp
from tui.widgets.key_hints import KeyHints
from tui.words.verdict import Verdict

Result = TypeVar("Result")


class PlacedScreen(Screen[Result]):
    """A screen whose keys stand in the table of actions under `PLACE`."""

    PLACE: ClassVar[Place]

    app = getters.app(TerminalApp)

    def action_back(self) -> object:
        """Go back, with nothing."""
        self.dismiss(None)
        return None

    def say_unforeseen(self, said: Verdict) -> None:
        """Say what went wrong that nobody expected, where there is a place for it."""
        for bar in self.query(KeyHints):
            bar.say(said.text)
