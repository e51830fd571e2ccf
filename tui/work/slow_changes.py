"""Makes changes that may have to wait for another session, and says when they do."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from tui.words.verdict import Tone, Verdict

_SOON = 1.0
"""Seconds after which a person wants to know what is being waited for."""

Result = TypeVar("Result")


def still_waiting(back: str) -> Verdict:
    """Return what is said when a change has to wait; the key `back` gives it up."""
    words = f"waiting for another session, or for the disk; {back} gives up"
    return Verdict(words, Tone.CAUTION)


async def run_change(
    call: Callable[[], Result], say: Callable[[Verdict], None], back: str
) -> Result:
    """Make a change in a thread and return what it returned; say so when it has to wait.

    Args:
        call: the change, which blocks.
        say: shows a line to the person.
        back: the key that gives it up.
    """
    change = asyncio.ensure_future(asyncio.to_thread(call))
    done, _ = await asyncio.wait({change}, timeout=_SOON)
    if not done:
        say(still_waiting(back))
    return await change
