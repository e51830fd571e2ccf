"""Says why something was refused: in a form so that it is in sight, on a page of a list's key."""

from typing import Any

from textual.events import Key

from tui.actions import keymap
from tui.actions.table import Place
from tui.screens.placed_screen import PlacedScreen
from tui.widgets.form_field import FormField
from tui.words.judging import briefly
from tui.words.verdict import Tone, Verdict
from tui.work.brief_message import show_briefly

_ROOMY = 20
"""Rows of the window from which a refusal stands in full at its field and above the hints."""


def say_refused(screen: PlacedScreen[Any], field: FormField, said: Verdict) -> None:
    """Say it above the hints, and at the field too where that does not say as much already.

    In a low window it is said once in full, where it is meant, and does not hide itself.
    """
    is_low = screen.app.size.height < _ROOMY
    screen.say(briefly(said) if is_low else said)
    if is_low or field.verdict.tone is not Tone.BAD:
        field.show(said)


def say_if_of_list(screen: PlacedScreen[Any], event: Key) -> None:
    """Say of a key that the list has, and a page over it has not, why nothing comes of it."""
    here = (*keymap.at(screen.PLACE), *keymap.at(Place.ANYWHERE))
    if not keymap.has(here, event.key) and keymap.has(keymap.at(Place.LIST), event.key):
        key, back = keymap.key_label(event.key), keymap.key_in(screen.PLACE, "back")
        show_briefly(screen.app, f"{key} is a key of the list: {back} goes back")
