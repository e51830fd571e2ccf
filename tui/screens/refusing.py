"""Says in a form why what a field holds was refused, so that it is in sight at every size."""

from typing import Any

from tui.screens.placed_screen import PlacedScreen
from tui.widgets.form_field import FormField
from tui.words.judging import briefly
from tui.words.verdict import Tone, Verdict

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
