"""Offers to log in again where a login has expired, while what stands on a screen stays."""

from typing import TYPE_CHECKING, Any

from core.ec2.unanswered import CredentialsError
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
    *errors: KeyPairsError,
    said: str = "logged in; now once more",
) -> bool:
    """Offer to log in if that is what one of the errors asks for; return whether it was done.

    Nothing is repeated here: what was asked for changes something. Must be called in a worker.
    `said` is what the screen says of a login that went well.
    """
    expired = [each for each in errors if isinstance(each, CredentialsError) and each.login]
    if not expired or not await screen.app.push_screen_wait(screens.LogInScreen(expired[0])):
        return False
    if session.place is not None:
        await in_own_thread(session.place.forget_credentials)
    screen.say(Verdict(said, Tone.GOOD))
    return True
