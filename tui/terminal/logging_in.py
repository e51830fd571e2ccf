"""Runs the program that logs in to AWS, in the terminal, while the app waits."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence

from textual.app import App, SuspendNotSupported

from tui.words.text import visible

_UNKNOWN_OPTION = 252
"""What the AWS CLI ends with where it does not know an option, as versions before 2.22 do."""

_REMOTELY = {"sso": ("--use-device-code", "--no-browser"), "login": ("--remote",)}
"""What has the AWS CLI show a code instead of a browser, by the command."""


def log_in(
    app: App[None], command: Sequence[str], environment: Mapping[str, str] = os.environ
) -> str:
    """Run a login command with the app out of the way; return what went wrong, or nothing.

    Over SSH it is told to show a code, because its browser would open where nobody sits.
    """
    told = _REMOTELY.get(command[1], ()) if environment.get("SSH_CONNECTION") else ()
    try:
        with app.suspend():
            return _run(command, told)
    except SuspendNotSupported:
        return "this terminal cannot be left for it"


def _run(command: Sequence[str], told: Sequence[str]) -> str:
    # Ctrl-C is for the command. Not ignored, which it would inherit.
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        status = subprocess.run([*command, *told], check=False).returncode
        if told and status == _UNKNOWN_OPTION:
            status = subprocess.run(command, check=False).returncode
        if status != 0:
            # Else what it said would be gone before anybody has read it.
            print(f"\nkeypairs: {command[0]} ended with {status}; enter goes back ", end="")
            _wait_for_enter()
    except FileNotFoundError:
        return f"there is no program {command[0]} here"
    except OSError as error:
        return visible(f"{command[0]} cannot be run: {error.strerror}")
    finally:
        signal.signal(signal.SIGINT, before)
    return "" if status == 0 else f"{command[0]} ended with {status}"


def _wait_for_enter() -> None:
    try:
        input()
    except EOFError:
        return
