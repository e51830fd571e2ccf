"""Offers to log in again where a login has expired, while what stands on a screen stays."""

from typing import TYPE_CHECKING, Any

from core.ec2.unanswered import CredentialsError, NextStep
from core.errors import KeyPairsError
from tui import screens
from tui.words.verdict import Tone, Verdict
from tui.work.own_thread import in_own_thread

if TYPE_CHECKING:
    from core.session import Session
    from tui.screens.placed_screen import PlacedScreen


async def logged_in(
    screen: "PlacedScreen[Any]",
    session: "Session",
    error: KeyPairsError,
    said: str = "logged in; now once more",
) -> bool:
    """Offer to log in if that is what an error asks for; return whether it was done.

    Nothing is repeated here: what was asked for changes something. Must be called in a worker.
    `said` is what the screen says of a login that went well.
    """
    if not isinstance(error, CredentialsError) or error.next_step is not NextStep.LOG_IN:
        return False
    if not await screen.app.push_screen_wait(screens.LogInScreen(error)):
        return False
    if session.place is not None:
        await in_own_thread(session.place.forget_credentials)
    screen.say(Verdict(said, Tone.GOOD))
    return True
