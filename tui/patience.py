"""Changes that may have to wait for another session."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from tui.actions import Place
from tui.keymap import key_in
from tui.tone import Tone, Verdict

_SOON = 1.0
"""Seconds after which a person wants to know what is being waited for."""

Result = TypeVar("Result")


def still_waiting(place: Place) -> Verdict:
    """Return what is said when a change that was begun in a place has to wait."""
    back = key_in(place, "back")
    words = f"waiting for another session, or for the disk; {back} gives up"
    return Verdict(words, Tone.CAUTION)


async def patiently(
    call: Callable[[], Result], say: Callable[[Verdict], None], place: Place = Place.CREATE
) -> Result:
    """Make a change in a thread and return what it returned; say so when it has to wait.

    Args:
        call: the change, which blocks.
        say: shows a line to the person.
        place: where the person is; the way back from there gives up.
    """
    change = asyncio.ensure_future(asyncio.to_thread(call))
    done, _ = await asyncio.wait({change}, timeout=_SOON)
    if not done:
        say(still_waiting(place))
    return await change
