"""The command `keypairs`: arguments, environment, the service, the app, the exit status.

What needs no screen is a subcommand, and never loads Textual.
"""

import argparse
import io
import os
import sys
from importlib.metadata import version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping, Sequence
    from typing import NoReturn

UNUSABLE = 2
"""The exit status when an option, a variable, a folder or the terminal rules a start out."""


def main(arguments: "Sequence[str] | None" = None) -> int:
    """Run the program and return its exit status."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that is not UTF-8 gets what it cannot show spelled out, and no traceback.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    options = _parser().parse_args(arguments)
    if options.command == "restore":
        from tui.restore import restore

        return restore(options.named_region, options.data_dir, agreed=options.yes)
    return _run_app(options)


def _run_app(options: argparse.Namespace) -> int:
    # Imported here, after --help and --version are answered.
    from core.errors import KeyPairsError
    from core.settings import open_service
    from tui import config

    try:
        _check_terminal(os.environ)
        service = open_service(
            options.region, options.data_dir, options.policy, read_only=options.read_only
        )
        settings = config.load(config.default_path())
        _set_environment(os.environ, settings.theme)
        from tui import actions

        # Before the screens are imported: they take their keys from the table when they are made.
        actions.rebind(settings.keys)
    except KeyPairsError as error:
        print(f"keypairs: {_printable(error)}", file=sys.stderr)
        return UNUSABLE
    from tui.app import KeyPairsApp

    app = KeyPairsApp(service, _where(os.environ))
    app.run(mouse=settings.mouse and not options.no_mouse)
    return app.return_code or 0


_DATA_DIR_HELP = "the folder that holds the Regions"


class _Parser(argparse.ArgumentParser):
    """An argument parser that does not hand to the terminal what it quotes of the arguments."""

    def error(self, message: str) -> "NoReturn":
        from tui.text import shortened

        super().error(shortened(message))


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="keypairs",
        description="Create and keep SSH key pairs the way Amazon EC2 does, on this machine.",
        epilog="Without options: the Region of KEYPAIRS_REGION, AWS_REGION or AWS_DEFAULT_REGION,"
        " else us-east-1; the folder of KEYPAIRS_DATA_DIR, else the usual place for data"
        " of programs.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"keypairs {version('keypairs')}")
    parser.add_argument("--region", metavar="REGION", help="the Region to open")
    parser.add_argument("--data-dir", metavar="FOLDER", help=_DATA_DIR_HELP)
    parser.add_argument("--policy", metavar="FILE", help="the policy that says who may do what")
    parser.add_argument("--read-only", action="store_true", help="look only; refuse every change")
    parser.add_argument(
        "--no-mouse", action="store_true", help="leave the mouse to the terminal, for selecting"
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    restore = commands.add_parser(
        "restore",
        help="bring a Region back from the copy before its last change",
        description="Show what is wrong with a Region's file and what the copy before its last"
        " change would bring back, and put that in its place when you agree. The damaged file is"
        " kept under another name.",
        epilog="Exit status: 0 restored; 1 nothing to restore, or refused; 2 unusable options,"
        " folder or terminal.",
        allow_abbrev=False,
    )
    restore.add_argument("named_region", metavar="REGION", help="the Region to restore")
    # Suppressed, so that its absence here does not undo what stands before the command.
    restore.add_argument(
        "--data-dir", metavar="FOLDER", default=argparse.SUPPRESS, help=_DATA_DIR_HELP
    )
    restore.add_argument("--yes", action="store_true", help="do not ask")
    return parser


def _check_terminal(environment: "Mapping[str, str]") -> None:
    from core.errors import SettingsError

    # Textual draws on stderr, so a redirect would get the whole screen, and a private key with it.
    for name, stream in (("input", sys.stdin), ("output", sys.stdout), ("error", sys.stderr)):
        if stream is None or not stream.isatty():
            raise SettingsError(
                f"Standard {name} is not a terminal. Run it in one, without redirects."
            )
    if environment.get("TERM", "dumb") == "dumb":
        raise SettingsError("This terminal (TERM=dumb) cannot show screens. Use another.")


def _where(environment: "Mapping[str, str]") -> str:
    """Return where the keys are made, if that is not under the person's hands."""
    if not (environment.get("SSH_CONNECTION") or environment.get("SSH_TTY")):
        return ""
    import socket

    from core.account import user

    return f"on {socket.gethostname()} as {user()}"


_KEPT = {"TEXTUAL_THEME", "TEXTUAL_COLOR_SYSTEM", "TEXTUAL_FPS", "TEXTUAL_DISABLE_KITTY_KEY"}
"""What a person may still tell Textual by its own variables."""


def _set_environment(environment: "MutableMapping[str, str]", theme: str | None) -> None:
    """Set what Textual reads while it is imported.

    The variables by which it logs, photographs and types by itself are taken away.

    Raises:
        SettingsError: there is no such theme.
    """
    for name in [name for name in environment if name.startswith("TEXTUAL_") and name not in _KEPT]:
        del environment[name]
    if environment.get("NO_COLOR"):
        # Textual turns NO_COLOR into greys; only the themes of 16 colours leave colour out.
        theme = "ansi-dark"
    theme = theme or environment.get("TEXTUAL_THEME")
    if theme:
        environment["TEXTUAL_THEME"] = theme
        from textual.theme import BUILTIN_THEMES

        from core.errors import SettingsError

        if theme not in BUILTIN_THEMES:
            known = ", ".join(sorted(BUILTIN_THEMES))
            raise SettingsError(f"There is no theme {theme}; there are {known}.")


def _printable(error: Exception) -> str:
    from tui.text import sentence

    return sentence(error)


if __name__ == "__main__":
    sys.exit(main())
