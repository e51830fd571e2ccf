"""Sending text to the clipboard of the terminal, which may be on another machine."""

import asyncio
import os

from textual.app import App

_TIMEOUT = 2.0


async def send(app: App[None], text: str) -> None:
    """Send text to the terminal's clipboard; whether it arrived no one can know.

    The terminal is asked by OSC 52. tmux drops that by default, but passes on what it is given as
    a buffer, so inside tmux it is given that.
    """
    if not (os.environ.get("TMUX") and await _by_tmux(text)):
        app.copy_to_clipboard(text)


async def _by_tmux(text: str) -> bool:
    try:
        tmux = await asyncio.create_subprocess_exec(
            "tmux",
            "load-buffer",
            "-w",
            "-",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        await asyncio.wait_for(tmux.communicate(text.encode()), _TIMEOUT)
    except (OSError, TimeoutError):
        return False
    return tmux.returncode == 0
