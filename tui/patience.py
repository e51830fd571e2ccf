"""Changes that may have to wait for another session."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from tui.tone import Tone, Verdict

_SOON = 1.0
"""Seconds after which a person wants to know what is being waited for."""

Result = TypeVar("Result")

STILL_WAITING = Verdict(
    "waiting for another session, or for the disk; escape gives up", Tone.CAUTION
)


async def patiently(call: Callable[[], Result], say: Callable[[Verdict], None]) -> Result:
    """Make a change in a thread and return what it returned; say so when it has to wait.

    Args:
        call: the change, which blocks.
        say: shows a line to the person.
    """
    change = asyncio.ensure_future(asyncio.to_thread(call))
    done, _ = await asyncio.wait({change}, timeout=_SOON)
    if not done:
        say(STILL_WAITING)
    return await change
