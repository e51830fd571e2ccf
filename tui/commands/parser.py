"""Reads the command line: the program's options, before a command or behind it, and the command's.

A command is a module that says which arguments it takes and what it does; it is imported when it is
named, so that no command waits for what another needs.
"""

import argparse
import sys

from tui.commands import streams
from tui.commands.statuses import EC2S, PEOPLES, Statuses

TYPE_CHECKING = False
"""What type checkers take for true; `typing` would cost --help a tenth of its time."""

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any, NoReturn, Protocol

    class Command(Protocol):
        """What a module offers that is a command."""

        HANDLES_KEYS: bool
        """Whether private keys or passphrases may be in its memory."""

        REFUSES: Mapping[str, str]
        """The options of the program that mean nothing to it, each with a sentence about it."""

        def add_arguments(self, parser: argparse.ArgumentParser) -> None:
            """Add its arguments, and what its help says."""

        def run(self, options: argparse.Namespace) -> int:
            """Do it, and return the exit status."""


# argparse looks for a translation of each of its words, for which no Python brings a file; that
# takes a tenth of the time that a command takes which only reads. It asks for that of None as well.
argparse._ = lambda text: text  # type: ignore[attr-defined]

_EC2 = "ec2.verbs"
_COMMANDS = {
    "list": ("pairs.list_pairs", "list key pairs: as columns, or for other programs"),
    "show": ("pairs.show", "say everything about one key pair, line by line"),
    "find": (
        "find",
        "say whose a key is: a file, a folder, a public key, a fingerprint, the agent",
    ),
    "doctor": ("doctor", "look for what is wrong with the store, the pairs and their files"),
    "restore": ("restore", "bring a Region back from the backup from before its last change"),
    "completion": ("completion", "print what makes a shell complete these commands"),
    "create-key-pair": (_EC2, "create a key pair, and hand its private key over"),
    "import-key-pair": (_EC2, "import a public key"),
    "describe-key-pairs": (_EC2, "describe key pairs"),
    "delete-key-pair": (_EC2, "delete a key pair"),
    "create-tags": (_EC2, "set tags of key pairs"),
    "delete-tags": (_EC2, "remove tags from key pairs"),
    "describe-tags": (_EC2, "describe tags"),
    "wait": (_EC2, "wait until key pairs exist"),
}
"""Every command: its module in this folder, and what it does in a few words."""

OPTIONS: "Mapping[str, tuple[str, str]]" = {
    "--region": ("REGION", "the Region to open"),
    "--data-dir": ("FOLDER", "the folder that holds the Regions"),
    "--policy": ("FILE", "the policy that says who may do what"),
    "--read-only": ("", "look only; refuse every change"),
    "--ec2": ("", "show and change the key pairs of EC2 itself, not those of this machine"),
    "--profile": ("NAME", "as --ec2, with this profile of the AWS configuration"),
    "--endpoint-url": ("URL", "as --ec2, but ask this host"),
    "--cli-connect-timeout": ("SECONDS", "how long to wait for a connection to EC2; 5"),
    "--cli-read-timeout": ("SECONDS", "how long to wait for an answer of EC2; 20"),
    "--no-mouse": ("", "leave the mouse to the terminal, for selecting"),
}
"""The options of the program, with what they take and what they are for."""

_PROGRAM = "keypairs"
_ANY_WIDTH = 80

_DESCRIPTION = "Create and keep SSH key pairs the way Amazon EC2 does, on this machine."
_EPILOG = """\
Without a command, the app opens. Options may stand before the command or behind it.

environment variables:
  KEYPAIRS_REGION, AWS_REGION, AWS_DEFAULT_REGION
                        the Region, the first that is set; else us-east-1
  KEYPAIRS_DATA_DIR     the folder that holds the Regions; else keypairs in the usual place for \
data of programs: $XDG_DATA_HOME, or ~/.local/share
  KEYPAIRS_BACKEND      ec2 for EC2 itself, local for this machine
  AWS_PROFILE, AWS_ENDPOINT_URL and the others of AWS
                        once EC2 was chosen, as the AWS CLI has them
  KEYPAIRS_POLICY       the policy file; else /etc/keypairs/policy.json, if it is there
  SSH_AUTH_SOCK         where the ssh-agent listens
  NO_COLOR, TEXTUAL_THEME, TEXTUAL_COLOR_SYSTEM, TEXTUAL_FPS, TEXTUAL_ANIMATIONS, \
TEXTUAL_DISABLE_KITTY_KEY
                        how the app looks and how often it draws

configuration file (keys, theme, mouse, place, profile):
  config.toml in $XDG_CONFIG_HOME/keypairs, or ~/.config/keypairs; on macOS in \
~/Library/Application Support/keypairs"""


def parse(arguments: "Sequence[str] | None" = None) -> argparse.Namespace:
    """Return the options that were given; `command` is None for the app.

    Raises:
        SystemExit: help or the version was printed, or the command line is wrong.
    """
    streams.prepare()
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[-1:] == ["help"] and (len(given) == 1 or (len(given) == 2 and _is_verb(given[0]))):
        given[-1] = "--help"  # as the AWS CLI has it
    # Making the parser of a command takes a while, even of one that has learned nothing yet: but
    # where help is asked for, which lists them all, only those that may be meant are made.
    asks_for_help = {"-h", "--help"}.intersection(given)
    parser = _parser([name for name in _COMMANDS if asks_for_help or name in given])
    options, unknown = parser.parse_known_args(given)
    if unknown:
        # Said by the command, where one was named, in its own words and with its own status.
        usage_error = getattr(options, "usage_error", parser.error)
        usage_error(f"unrecognized arguments: {' '.join(unknown)}")
    return options


def whole_parser() -> argparse.ArgumentParser:
    """Return the parser with the arguments of all commands, for completion and the manual."""
    parser = _parser([*_COMMANDS])
    for command in _commands(parser):
        command.learn()
    return parser


def command_of(name: str) -> "Command":
    """Return the module of a command."""
    full_name = f"{__package__}.{_COMMANDS[name][0]}"
    # Not by importlib, which takes longer to import than it saves to write.
    __import__(full_name)
    module: Any = sys.modules[full_name]
    command: Command = module
    return command


def statuses_of(name: str) -> Statuses:
    """Return the exit statuses of a command's family."""
    return EC2S if _is_verb(name) else PEOPLES


def _is_verb(name: str) -> bool:
    return name in _COMMANDS and _COMMANDS[name][0] == _EC2


class _Version(argparse.Action):
    """Answers --version; what knows the version takes longer to import than --help takes."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from tui.commands import version

        print("\n".join(version.lines()))
        parser.exit()


class _Parser(argparse.ArgumentParser):
    """An argument parser that does not hand to the terminal what it quotes of the arguments."""

    usage_status = PEOPLES.usage

    def __init__(self, **options: "Any") -> None:
        # Each argument that is added makes a formatter. Without a width it would look for that of
        # the terminal, which takes longer than a command may.
        super().__init__(**options, formatter_class=_formatter)

    def format_help(self) -> str:
        self._fit_to_terminal()
        return super().format_help()

    def format_usage(self) -> str:
        self._fit_to_terminal()
        return super().format_usage()

    def _fit_to_terminal(self) -> None:
        from tui.commands.help import Help

        self.formatter_class = Help

    def error(self, message: str) -> "NoReturn":
        self.print_usage(sys.stderr)
        self.exit(self.usage_status, _wrong(message, self.prog))

    def _check_value(self, action: argparse.Action, value: "Any") -> None:
        # argparse has no other place to say more about a command that there is not.
        if isinstance(action, argparse._SubParsersAction) and value not in _COMMANDS:
            raise argparse.ArgumentError(None, _wrong(str(value)))
        super()._check_value(action, value)


def _wrong(what: str, program: str | None = None) -> str:
    """Return what is said of a command line of a program, or of a word that is no command."""
    from tui.commands import usage

    return usage.no_command(what, _COMMANDS) if program is None else usage.wrong(program, what)


def _formatter(prog: str) -> argparse.HelpFormatter:
    return argparse.HelpFormatter(prog, width=_ANY_WIDTH)


class _CommandParser(_Parser):
    """The parser of a command, which learns its arguments when it is the one that was named."""

    def __init__(self, **options: "Any") -> None:
        super().__init__(**options, add_help=False)
        self._command = self.prog.split()[-1]
        self._has_learned = False
        self.usage_status = statuses_of(self._command).usage
        # The AWS CLI takes the start of an option for the option; scripts may have it so.
        self.allow_abbrev = _is_verb(self._command)

    def learn(self) -> None:
        """Add the arguments of the command, and the program's options behind it."""
        if self._has_learned:
            return
        self._has_learned = True
        command = command_of(self._command)
        command.add_arguments(self)
        refused = [f"--{name.replace('_', '-')}" for name in command.REFUSES]
        _add_options(self, unmentioned=[*refused, "--no-mouse"])
        self.add_argument("-h", "--help", action="help", help="show this help message and exit")
        self.set_defaults(usage_error=self.error)

    def parse_known_args(self, args: "Any" = None, namespace: "Any" = None) -> "Any":
        self.learn()
        return super().parse_known_args(args, namespace)


def _add_options(parser: argparse.ArgumentParser, unmentioned: "Sequence[str]") -> None:
    """Add the program's options to a command; those that it refuses are not in its help."""
    for option, (metavar, what) in OPTIONS.items():
        # Suppressed, so that its absence here does not undo what stands before the command.
        kind = _kind(metavar)
        what = argparse.SUPPRESS if option in unmentioned else what
        parser.add_argument(option, default=argparse.SUPPRESS, help=what, **kind)


def _kind(metavar: str) -> "dict[str, Any]":
    if not metavar:
        return {"action": "store_true"}
    return {"metavar": metavar, "type": _seconds if metavar == "SECONDS" else _named}


def _named(text: str) -> str:
    # A variable of a script that is not set, say: what is usual was not meant by it.
    if not text.strip():
        raise argparse.ArgumentTypeError("it is empty; leave it out, or say which one")
    return text


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value <= 3600:
        raise ValueError
    return value


def _parser(names: "Sequence[str]") -> argparse.ArgumentParser:
    parser = _Parser(
        prog=_PROGRAM,
        description=_DESCRIPTION,
        epilog=_EPILOG,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--version", action=_Version, nargs=0, help="show program's version number and exit"
    )
    for option, (metavar, what) in OPTIONS.items():
        parser.add_argument(option, help=what, **_kind(metavar))
    commands = parser.add_subparsers(
        prog=_PROGRAM,
        dest="command",
        metavar="COMMAND",
        title="commands",
        parser_class=_CommandParser,
    )
    for name in names:
        what = _COMMANDS[name][1]
        commands.add_parser(name, help=what, description=f"{what[0].upper()}{what[1:]}.")
    return parser


def _commands(parser: argparse.ArgumentParser) -> "Iterator[_CommandParser]":
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            yield from action.choices.values()
