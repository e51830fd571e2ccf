"""Makes changes that may have to wait for another session, and says when they do."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from tui.words.verdict import Tone, Verdict

_SOON = 1.0
"""Seconds after which a person wants to know what is being waited for."""

Result = TypeVar("Result")


OTHERS = "another session, or for the disk"
"""What a change on this machine may have to wait for."""


def still_waiting(back: str, wait_for: str = OTHERS) -> Verdict:
    """Return what is said when a change has to wait; the key `back` gives it up."""
    return Verdict(f"waiting for {wait_for}; {back} gives up", Tone.CAUTION)


async def run_change(
    call: Callable[[], Result],
    say: Callable[[Verdict], None],
    back: str,
    wait_for: str = OTHERS,
) -> Result:
    """Make a change in a thread and return what it returned; say so when it has to wait.

    Args:
        call: the change, which blocks.
        say: shows a line to the person.
        back: the key that gives it up.
        wait_for: what it may have to wait for, in words.
    """
    change = asyncio.ensure_future(asyncio.to_thread(call))
    done, _ = await asyncio.wait({change}, timeout=_SOON)
    if not done:
        say(still_waiting(back, wait_for))
    return await change
