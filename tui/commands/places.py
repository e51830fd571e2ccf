"""Says where the key pairs are that a command, or the app, is to show: this machine or EC2."""

import argparse
import os

from core import choices
from core.disk.mounts import network_note

TYPE_CHECKING = False
if TYPE_CHECKING:
    from core.ec2.place import Ec2Choice

_READS = frozenset(("list", "show", "find"))
"""The commands that look at key pairs wherever the data folder is; EC2's verbs refuse some."""

OPTIONS = ("ec2", "profile", "endpoint_url", "cli_connect_timeout", "cli_read_timeout")
"""The options that choose EC2, or say more of it, as `argparse` names them."""


def not_of_ec2(command: str) -> dict[str, str]:
    """Return the refusals of a command that asks nothing of EC2, by option."""
    return {
        name: f"{command} asks nothing of EC2. Leave out --{name.replace('_', '-')}."
        for name in OPTIONS
    }


def ec2_of(options: argparse.Namespace) -> "Ec2Choice | None":
    """Return how EC2 was chosen, or None for this machine.

    Raises:
        SettingsError: the variable or the configuration file names no such place.
    """
    file = choices.configuration_file()
    says_more = any(getattr(options, name) not in (None, False) for name in OPTIONS)
    if not (says_more or os.environ.get("KEYPAIRS_BACKEND") or os.path.lexists(file)):
        return None
    # Imported here: most who work on this machine have said none of it.
    from tui import config

    return config.chosen_place(options)


def say_where(options: argparse.Namespace) -> None:
    """Say what it means where the data folder is, if others have to do with it.

    That others can replace it is what a change, or the check-up, says by itself.
    """
    folder = os.path.expanduser(choices.data_folder(options.data_dir))  # noqa: PTH111 - a command that only reads has no time for pathlib
    on_network = network_note(folder)
    doubtful = False
    if options.command in _READS:
        # Imported here: EC2's verbs do without it.
        from core.disk.doubtful import is_doubtful

        doubtful = is_doubtful(folder)
    if on_network is not None or doubtful:
        # Imported here: hardly any folder deserves a word.
        from tui.commands.pairs import folder_notes

        folder_notes.say_all(on_network, folder, is_doubtful=doubtful)
