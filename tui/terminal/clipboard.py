"""Sends text to the clipboard of the terminal, which may be on another machine."""

import asyncio
import os

from textual.app import App

from core.secret import KeyMaterial
from tui.terminal.terminal_app import TerminalApp
from tui.work.brief_message import show_briefly

TO_COPY = "given to your terminal to copy"
"""What is said wherever something was sent."""

_TIMEOUT = 2.0


async def send(app: App[None], text: str) -> None:
    """Send text to the terminal's clipboard; whether it arrived no one can know.

    The terminal is asked by OSC 52. tmux drops that by default, but passes on what it is given as
    a buffer, so inside tmux it is given that.
    """
    if not await _by_tmux(text.encode()):
        app.copy_to_clipboard(text)


async def send_private(app: TerminalApp, material: KeyMaterial) -> None:
    """Send a private key to the terminal's clipboard, and keep nothing of it.

    Textual's own way would keep it for pasting into the next field.
    """
    if not await _by_tmux(material.encode()):
        app.copy_secret_to_clipboard(material.encode())


def say_sent(app: App[None], what: str, more: str = "") -> None:
    """Say what was sent, and more; not that it arrived, which terminals do not tell."""
    show_briefly(app, f"{what}: {TO_COPY}; your terminal does not say whether it worked{more}")


async def _by_tmux(data: bytes) -> bool:
    if not os.environ.get("TMUX"):
        return False
    try:
        # The text goes through a pipe: arguments can be read by everyone on the machine.
        tmux = await asyncio.create_subprocess_exec(
            "tmux",
            "load-buffer",
            "-w",
            "-",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError:
        return False
    try:
        await asyncio.wait_for(tmux.communicate(data), _TIMEOUT)
    except (OSError, TimeoutError):
        tmux.kill()
        return False
    return tmux.returncode == 0
