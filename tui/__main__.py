"""The command `keypairs`: arguments, environment, the service, the app, the exit status.

What needs no screen is a subcommand, and never loads Textual.
"""

import argparse
import gc
import io
import os
import signal
import sys

TYPE_CHECKING = False
"""What type checkers take for true; `typing` would cost --help a tenth of its time."""

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, NoReturn

    from tui.app import KeyPairsApp

UNUSABLE = 2
"""The exit status when an option, a variable, a folder or the terminal rules a start out."""

_BROKEN_PIPE = 128 + signal.SIGPIPE
_INTERRUPTED = 128 + signal.SIGINT


def main(arguments: "Sequence[str] | None" = None) -> int:
    """Run the program and return its exit status."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that is not UTF-8 gets what it cannot show spelled out, and no traceback.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    options = _parser().parse_args(arguments)
    if options.command is not None:
        return _run_command(options)
    try:
        return _run_app(options)
    except KeyboardInterrupt:
        # Before the app is there to be told.
        return _INTERRUPTED


def _run_command(options: argparse.Namespace) -> int:
    from core.errors import KeyPairsError, SettingsError
    from core.process import forbid_dumps

    _stand_in_for_closed_streams()
    try:
        _check_options(options)
        forbid_dumps()
        status = _COMMANDS[options.command](options)
        sys.stdout.flush()
        return status
    except SettingsError as error:
        return _refused(error)
    except BrokenPipeError:
        # Whoever reads it has seen enough.
        return _BROKEN_PIPE
    except OSError as error:
        # What the core cannot read or write it says in errors of its own. This is the output: the
        # disk it goes to is full, say, and no other status may stand for what was not said.
        return _refused(KeyPairsError(f"The output ended early: {error.strerror}."))
    except KeyboardInterrupt:
        print("\nkeypairs: stopped.", file=sys.stderr)
        return _INTERRUPTED
    finally:
        _let_go_of_lost_streams()


def _refused(error: Exception) -> int:
    """Say why it is not possible, and return the exit status."""
    from contextlib import suppress

    from tui.words.text import sentence

    # Nobody can be told where stderr is full; the status says it, too.
    with suppress(OSError):
        print(f"keypairs: {sentence(error)}", file=sys.stderr)
    return UNUSABLE


def _stand_in_for_closed_streams() -> None:
    """Put an empty stream where the caller closed one, for the commands to ask and to write to.

    The app has no use for one: it needs terminals, and says on what is left that it does.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            # Open until the end; and pathlib is not there, because --help does without it.
            stream = open(os.devnull, mode, encoding="utf-8")  # noqa: PTH123, SIM115 - see above
            setattr(sys, name, stream)


def _check_options(options: argparse.Namespace) -> None:
    """Refuse an option of the app in front of a command that would not heed it.

    Raises:
        SettingsError: says what to do instead.
    """
    from core.errors import SettingsError

    command = options.command
    if options.region is not None and command == "restore":
        raise SettingsError(
            "restore takes no --region. Name the Region behind it: keypairs restore REGION."
        )
    if options.region is not None:
        raise SettingsError(f"{command} looks at all Regions. Leave out --region.")
    if options.policy is not None and command == "restore":
        raise SettingsError("restore asks no policy. Leave out --policy.")
    if options.no_mouse:
        raise SettingsError(f"{command} shows no screen. Leave out --no-mouse.")


def _restore(options: argparse.Namespace) -> int:
    from tui.commands.restore import restore

    return restore(
        options.named_region, options.data_dir, agreed=options.yes, read_only=options.read_only
    )


def _doctor(options: argparse.Namespace) -> int:
    from tui.commands.doctor import doctor

    return doctor(options.data_dir, options.policy, options.older_than, as_json=options.json)


def _find(options: argparse.Namespace) -> int:
    from core.errors import SettingsError

    if not (options.things or options.agent):
        raise SettingsError("Name something to look up, or add --agent.")
    from tui.commands.find import find

    return find(
        options.things,
        options.data_dir,
        options.policy,
        agent=options.agent,
        ask=not options.no_ask,
        everything=options.all,
        as_json=options.json,
    )


def _run_app(options: argparse.Namespace) -> int:
    # All of what is imported and read now stays; the list screen switches it on when it is there.
    gc.disable()
    # Imported here, after --help and --version are answered.
    from core.errors import KeyPairsError
    from core.process import forbid_dumps, give_memory_back
    from core.settings import open_session
    from tui import config, environment

    try:
        forbid_dumps()
        give_memory_back()
        environment.check_terminal(os.environ)
        session = open_session(
            options.region, options.data_dir, options.policy, read_only=options.read_only
        )
        settings = config.load(config.default_path())
        environment.prepare(os.environ, settings.theme)
        from tui.actions import keymap

        # Before the screens are imported: they take their keys from the table when they are made.
        keymap.rebind(settings.keys)
    except KeyPairsError as error:
        return _refused(error)
    import asyncio

    from tui.app import KeyPairsApp

    app = KeyPairsApp(session, environment.where(os.environ))
    asyncio.run(_until_left(app, mouse=settings.mouse and not options.no_mouse))
    _say_what_ended(app)
    _let_go_of_lost_streams()
    return app.return_code or 0


def _say_what_ended(app: "KeyPairsApp") -> None:
    """Say that a signal ended the app, and which private key went with it."""
    from contextlib import suppress

    from tui.words.text import shortened

    if app.ended_by is None:
        return
    line = f"keypairs: ended by {app.ended_by.name}."
    if app.left_unsaved:
        name = shortened(app.left_unsaved)
        line += f"\nThe private key of {name} was not saved and is gone: delete the pair."
    # The terminal itself may be what is gone.
    with suppress(OSError):
        print(line, file=sys.stderr)


async def _until_left(app: "KeyPairsApp", *, mouse: bool) -> None:
    from core.process import GRACE, end_between_changes

    await app.run_async(mouse=mouse)
    # From here on asyncio, and Python after it, would wait for every thread, be it one that looks
    # at a disk that never answers.
    end_between_changes(GRACE, app.return_code or 0)


def _let_go_of_lost_streams() -> None:
    """Give up what could not be written, because Python would try again and end with 120."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


_COMMANDS = {"restore": _restore, "find": _find, "doctor": _doctor}


class _Version(argparse.Action):
    """Answers --version; what knows the version takes longer to import than --help takes."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        print(f"keypairs {version('keypairs')}")
        parser.exit()


class _Parser(argparse.ArgumentParser):
    """An argument parser that does not hand to the terminal what it quotes of the arguments."""

    def error(self, message: str) -> "NoReturn":
        from tui.words.text import shortened

        super().error(shortened(message))


class _Command(_Parser):
    """The parser of a subcommand, which learns its arguments when it is the one that was named."""

    def parse_known_args(self, args: "Any" = None, namespace: "Any" = None) -> "Any":
        from tui.commands.arguments import ARGUMENTS

        ARGUMENTS[self.prog.split()[-1]](self)
        return super().parse_known_args(args, namespace)


_COMMANDS_HELP = {
    "find": "say whose a key is: a file, a folder, a public key, a fingerprint, the agent",
    "doctor": "look for what is wrong with the store, the pairs and their files",
    "restore": "bring a Region back from the copy before its last change",
}


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="keypairs",
        description="Create and keep SSH key pairs the way Amazon EC2 does, on this machine.",
        epilog="Without options: the Region of KEYPAIRS_REGION, AWS_REGION or AWS_DEFAULT_REGION,"
        " else us-east-1; the folder of KEYPAIRS_DATA_DIR, else the usual place for data"
        " of programs.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--version", action=_Version, nargs=0, help="show program's version number and exit"
    )
    parser.add_argument("--region", metavar="REGION", help="the Region to open")
    parser.add_argument("--data-dir", metavar="FOLDER", help="the folder that holds the Regions")
    parser.add_argument("--policy", metavar="FILE", help="the policy that says who may do what")
    parser.add_argument("--read-only", action="store_true", help="look only; refuse every change")
    parser.add_argument(
        "--no-mouse", action="store_true", help="leave the mouse to the terminal, for selecting"
    )
    commands = parser.add_subparsers(
        dest="command", metavar="COMMAND", title="commands", parser_class=_Command
    )
    for name, what in _COMMANDS_HELP.items():
        commands.add_parser(name, help=what, allow_abbrev=False)
    return parser


if __name__ == "__main__":
    sys.exit(main())
