"""Makes changes that may take long, and says what is being waited for."""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from typing import TypeVar

from core.process import is_waiting_for_another_session
from tui.widgets.key_hints import KeyHints
from tui.words.verdict import Tone, Verdict

_SOON = 1.0
"""Seconds after which a person wants to know what is being waited for."""

Result = TypeVar("Result")

DISK = "the disk"
"""What a change on this machine may have to wait for where no other session is in the way."""


def still_waiting(back: str, wait_for: str = "another session") -> Verdict:
    """Return what is said when a change has to wait; the key `back` gives it up."""
    return Verdict(f"waiting for {wait_for}; {back} gives up", Tone.CAUTION)


async def run_change(
    call: Callable[[], Result],
    say: Callable[[Verdict], None],
    hints: KeyHints,
    back: str,
    wait_for: str = DISK,
    *,
    tells: bool = False,
) -> Result:
    """Make a change in a thread and return what it returned; say so when it takes long, and why.

    Args:
        call: the change, which blocks.
        say: shows a line to the person.
        hints: the bar that shows how to stop, once it takes long.
        back: the key that gives it up.
        wait_for: what it may have to wait for besides another session, in words.
        tells: the change says by itself how far it is, so that only another session is of note.
    """
    change = asyncio.ensure_future(asyncio.to_thread(call))
    said = None
    with ExitStack() as shown:
        while True:
            done, _ = await asyncio.wait({change}, timeout=_SOON)
            if done:
                return await change
            why = None if tells else still_waiting(back, wait_for)
            if is_waiting_for_another_session():
                why = still_waiting(back)
            if why is not None and why != said:
                say(why)
                shown.enter_context(hints.stopping(back))
            said = why
