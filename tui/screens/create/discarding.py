"""Asks once before a form is left with what was typed into it."""

from tui.actions.keymap import key_in
from tui.screens.placed_screen import PlacedScreen, Result
from tui.words.verdict import Tone, Verdict


def may_discard(form: PlacedScreen[Result]) -> bool:
    """Return whether the form says already that what was typed is discarded; if not, say so.

    A form says it no longer once something else is said or typed: then it is asked anew.
    """
    back = key_in(form.PLACE, "back")
    question = Verdict(f"{back} again discards what you typed", Tone.CAUTION)
    if form.fact_line.verdict == question:
        return True
    form.say(question)
    return False
