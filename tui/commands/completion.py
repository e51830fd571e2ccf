"""Prints what makes a shell complete the commands: a script made when the package was built."""

import argparse
from collections.abc import Mapping
from importlib.resources import files

HANDLES_KEYS = False
_MEANS_NOTHING = "completion prints a fixed text. Leave out {}."
REFUSES: Mapping[str, str] = {
    name: _MEANS_NOTHING.format(f"--{name.replace('_', '-')}")
    for name in ("region", "data_dir", "policy", "read_only")
}

SCRIPTS = {"bash": "keypairs.bash", "zsh": "_keypairs", "fish": "keypairs.fish"}

_EPILOG = """\
to have it in every shell from now on:
  keypairs completion bash \\
    > ~/.local/share/bash-completion/completions/keypairs
  keypairs completion zsh > ~/.zfunc/_keypairs
    with ~/.zfunc in fpath, before compinit
  keypairs completion fish \\
    > ~/.config/fish/completions/keypairs.fish

Names of key pairs are completed from the store of this machine.

exit status:
  0 printed; 2 unusable options"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `completion` takes."""
    parser.description = "Print the script by which a shell completes the commands and options."
    parser.epilog = _EPILOG
    parser.add_argument("shell", metavar="SHELL", choices=[*SCRIPTS], help="bash, zsh or fish")


def run(options: argparse.Namespace) -> int:
    """Print the script, and return the exit status."""
    script = files(__package__) / "generated" / SCRIPTS[options.shell]
    print(script.read_text("utf-8"), end="")
    return 0
