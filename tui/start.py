"""Starts the app: settings, surroundings, the first screen, the exit status."""

import argparse
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from core.ec2.place import REGION_TO_ASK_IN
from core.errors import KeyPairsError, NoRegionChosen
from core.process import end_between_changes, forbid_dumps, give_memory_back
from core.store import data_dir
from tui import config, environment
from tui.commands.places import ec2_of
from tui.commands.streams import let_go_of_lost
from tui.places import Places
from tui.plain_asyncio import asyncio
from tui.words.text import sentence, shortened

if TYPE_CHECKING:
    from tui.app import KeyPairsApp

UNUSABLE = 2
"""The exit status when an option, a variable, a folder or the terminal rules a start out."""


_MOMENT = 0.05
"""Seconds for threads to come to their end, once the app is left and nothing is changed."""


def run(options: argparse.Namespace) -> int:
    """Run the app until the person leaves it, and return the exit status."""
    app: KeyPairsApp | None = None
    try:
        forbid_dumps()
        give_memory_back()
        environment.check_terminal(os.environ)
        # Credentials are sought once the app is there.
        places = Places(
            options, lambda device: None if app is None else the_app.ask_code(app, device)
        )
        choice, asks_region = ec2_of(options), None
        try:
            session = places.open(choice)
        except NoRegionChosen as error:
            # The app asks: EC2 knows which Regions the account has.
            asks_region = error
            session = places.open(choice, REGION_TO_ASK_IN)
        if session.place is None:
            data_dir.check_is_there(data_dir.data_folder(options.data_dir))
        settings = config.load(config.default_path())
        environment.prepare(os.environ, settings.theme)
        if settings.keys:
            from tui.actions.rebinding import rebind

            # Before the screens are imported: they take their keys from the table when made.
            rebind(settings.keys)
    except KeyPairsError as error:
        _say(error)
        return UNUSABLE
    # Not before its variables are set: Textual reads them while it is imported.
    from tui import app as the_app

    where = environment.where(os.environ)
    app = the_app.KeyPairsApp(session, where, places, asks_region=asks_region is not None)
    mouse = settings.mouse and not options.no_mouse
    asyncio.run(_until_left(app, asks_region, mouse=mouse))
    return app.return_code or 0


def _say(error: KeyPairsError) -> None:
    # On one line, which a terminal breaks itself: it may be copied. Where standard error is closed,
    # it goes to what is left.
    with suppress(OSError):
        print(f"keypairs: {sentence(error)}", file=sys.stderr or sys.stdout)


def _say_what_ended(app: "KeyPairsApp") -> None:
    """Say that a signal ended the app, and which private key went with it."""
    if app.ended_by is None:
        return
    line = f"keypairs: ended by {app.ended_by.name}."
    if app.left_unsaved:
        name = shortened(app.left_unsaved)
        line += f"\nThe private key of {name} was not saved and is gone: delete the pair."
    # The terminal itself may be what is gone.
    with suppress(OSError):
        print(line, file=sys.stderr)


async def _until_left(
    app: "KeyPairsApp", asks_region: NoRegionChosen | None, *, mouse: bool
) -> None:
    await app.run_async(mouse=mouse)
    if asks_region is not None and app.return_code == UNUSABLE:
        _say(asks_region)
    _say_what_ended(app)
    let_go_of_lost()
    # From here on asyncio, and Python after it, would wait for every thread, be it one that looks
    # at a disk that never answers, or waits for another session. All has been said.
    end_between_changes(_MOMENT, app.return_code or 0)
