"""The command `keypairs`: arguments, environment, the service, the app, the exit status."""

import argparse
import os
import sys
from importlib.metadata import version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

UNUSABLE = 2
"""The exit status when an option, a variable, a folder or the terminal rules a start out."""


def main(arguments: "Sequence[str] | None" = None) -> int:
    """Run the program and return its exit status."""
    options = _parser().parse_args(arguments)
    # Imported here, after --help and --version are answered.
    from core.errors import KeyPairsError
    from core.settings import open_service

    try:
        _check_terminal(os.environ)
        service = open_service(options.region, options.data_dir)
    except KeyPairsError as error:
        print(f"keypairs: {_printable(error)}", file=sys.stderr)
        return UNUSABLE
    _clear_environment(os.environ)
    from tui.app import KeyPairsApp

    app = KeyPairsApp(service, _where(os.environ))
    app.run()
    return app.return_code or 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="keypairs",
        description="Create and keep SSH key pairs the way Amazon EC2 does, on this machine.",
        epilog="Without options: the Region of KEYPAIRS_REGION, AWS_REGION or AWS_DEFAULT_REGION,"
        " else us-east-1; the folder of KEYPAIRS_DATA_DIR, else the usual place for data"
        " of programs.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"keypairs {version('keypairs')}")
    parser.add_argument("--region", metavar="REGION", help="the Region to open")
    parser.add_argument("--data-dir", metavar="FOLDER", help="the folder that holds the Regions")
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
    import getpass
    import socket

    return f"on {socket.gethostname()} as {getpass.getuser()}"


_KEPT = {"TEXTUAL_THEME", "TEXTUAL_COLOR_SYSTEM", "TEXTUAL_FPS", "TEXTUAL_DISABLE_KITTY_KEY"}
"""What a person may still tell Textual by its own variables."""


def _clear_environment(environment: "os._Environ[str]") -> None:
    """Take away the variables by which Textual logs, photographs and types by itself."""
    for name in [name for name in environment if name.startswith("TEXTUAL_") and name not in _KEPT]:
        del environment[name]
    if environment.get("NO_COLOR"):
        # Textual turns NO_COLOR into greys; only the themes of 16 colours leave colour out.
        environment["TEXTUAL_THEME"] = "ansi-dark"


def _printable(error: Exception) -> str:
    from tui.text import sentence

    return sentence(error)


if __name__ == "__main__":
    sys.exit(main())
