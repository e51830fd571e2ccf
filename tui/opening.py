"""Opens the session that the options ask for: this machine, or EC2."""

import argparse
import sys
from collections.abc import Callable
from getpass import getpass

from core.ec2.backend import MadeBy
from core.session import Session
from core.settings import open_session
from tui.commands.places import ec2_of
from tui.words.text import shortened


def open_place(
    options: argparse.Namespace,
    *,
    read_only: bool,
    made_by: MadeBy = MadeBy.HERE,
    ask_code: Callable[[str], str | None] | None = None,
) -> Session:
    """Return the session that the options ask for; `made_by` and `ask_code` count for EC2 alone.

    Without an `ask_code` the codes of MFA devices are asked for on the terminal.

    Raises:
        SettingsError, StoreError: see `core.settings.open_session`.
    """
    return open_session(
        options.region,
        options.data_dir,
        options.policy,
        read_only=read_only,
        ec2=ec2_of(options),
        made_by=made_by,
        ask_code=ask_code or _ask_code,
    )


def open_and_ask(
    options: argparse.Namespace, *, read_only: bool, made_by: MadeBy = MadeBy.HERE
) -> Session:
    """Return the session that the options ask for, once EC2, if it was chosen, has said who asks.

    The account of the last time may not be that of today's credentials, and what EC2 says is kept
    under the account.

    Raises:
        SettingsError, StoreError: see `open_place`.
        CredentialsError, EC2Error, NoAnswer, NotReached: see `core.aws.errors`.
    """
    session = open_place(options, read_only=read_only, made_by=made_by)
    if session.place is not None:
        session.place.ask()
    return session


def _ask_code(device: str) -> str | None:
    """Ask for the code of an MFA device on the terminal; None where there is none to ask on."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    return getpass(f"MFA code of {shortened(device)}: ", stream=sys.stderr).strip() or None
