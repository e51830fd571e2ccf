"""Makes the completion scripts and the manual page of the parser: what lies in `generated`.

python -m tests.tui.commands.generated
"""

import argparse
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import shtab
from argparse_manpage.manpage import (  # type: ignore[import-untyped] # it has no types
    Manpage,
)

from core.ec2.regions import REGIONS
from tui.actions.keymap import key_label
from tui.actions.table import ACTIONS, Place
from tui.commands import generated
from tui.commands.completion import SCRIPTS
from tui.commands.help import Help
from tui.commands.parser import whole_parser

FOLDER = Path(generated.__file__).parent
MANUAL = "keypairs.1"
README = Path(__file__).parents[3] / "README.md"
_MANUAL_WIDTH = 72

_NAMES = {
    # Names are never expanded, whatever is in them, and quoted where a shell would part them.
    "bash": r"""
_keypairs_names() {
  local name
  while IFS= read -r name; do
    [[ "$name" == "${1//\\/}"* ]] && printf '%q\n' "$name"
  done < <(KEYPAIRS_BACKEND=local keypairs list 2>/dev/null | cut -f1)
}
_keypairs_regions() {
  compgen -W "@REGIONS@" -- "$1"
}
""",
    "zsh": r"""
_keypairs_names() {
  local -a names
  names=("${(@f)$(KEYPAIRS_BACKEND=local keypairs list 2>/dev/null | cut -f1)}")
  compadd -a names
}
_keypairs_regions() {
  compadd @REGIONS@
}
""",
    "fish": "",
}
_PAIRS = {
    "bash": "_keypairs_names",
    "zsh": "_keypairs_names",
    "fish": "(env KEYPAIRS_BACKEND=local keypairs list 2>/dev/null | cut -f1)",
}
_REGIONS = {
    "bash": "_keypairs_regions",
    "zsh": "_keypairs_regions",
    "fish": f"(string split ' ' '{' '.join(REGIONS)}')",
}
_OF_DEST: Mapping[str, Any] = {
    "KeyNames": _PAIRS,
    "Resources": _PAIRS,
    "named": _PAIRS,
    "region": _REGIONS,
    "named_region": _REGIONS,
    "data_dir": shtab.DIRECTORY,
    "policy": shtab.FILE,
    "passphrase_file": shtab.FILE,
    "save": shtab.FILE,
    "things": shtab.FILE,
    "PublicKeyMaterial": shtab.FILE,
}


def made() -> dict[str, str]:
    """Return each file of `generated` by its name, as the parser of today makes it."""
    files = {}
    # The width of help texts is that of the terminal.
    os.environ["COLUMNS"] = "80"
    for shell, name in SCRIPTS.items():
        preamble = _NAMES[shell].replace("@REGIONS@", " ".join(REGIONS))
        files[name] = shtab.complete(_completed(), shell=shell, preamble=preamble)
    files[MANUAL] = _manual()
    return {name: re.sub(r"[ \t]+(?=\n)", "", text).rstrip() + "\n" for name, text in files.items()}


def _completed() -> argparse.ArgumentParser:
    parser = whole_parser()
    for command, action in _actions(parser):
        # A new pair's name is completed by nothing.
        old_name = action.dest == "KeyName" and command == "delete-key-pair"
        complete = _PAIRS if old_name else _OF_DEST.get(action.dest)
        if complete is not None:
            action.complete = complete  # type: ignore[attr-defined] # shtab looks for it there
    return parser


def _actions(
    parser: argparse.ArgumentParser, command: str = ""
) -> Iterator[tuple[str, argparse.Action]]:
    for action in parser._actions:
        yield command, action
        if isinstance(action, argparse._SubParsersAction):
            for name, each in action.choices.items():
                yield from _actions(each, name)


def _manual() -> str:
    os.environ["SOURCE_DATE_EPOCH"] = "0"
    parser = whole_parser()
    # It would run their lines together.
    notes = {"keypairs": parser.epilog or ""}
    parser.epilog = None
    notes |= {f"keypairs {name}": each.epilog for name, each in _commands(parser) if each.epilog}
    data = {
        "prog": "keypairs",
        "project_name": "keypairs",
        "description": "create and keep SSH key pairs the way Amazon EC2 does",
        "manual_section": "1",
        "manual_title": "keypairs",
    }
    page = str(Manpage(parser, _data=data))
    # Undated, because it is made anew whenever the parser changes.
    page = re.sub(r'(\.TH \S+ "1") "[^"]*"', r'\1 ""', page)
    sections = [f".SS {name}\n.nf\n{_verbatim(text)}\n.fi" for name, text in notes.items()]
    keys = [".SH KEYS", _KEYS, *_keys()]
    ec2 = [".SH EC2 ITSELF", *_of_readme("EC2 itself")]
    return "\n".join([page.rstrip(), *keys, *ec2, ".SH NOTES", *sections])


def _of_readme(title: str) -> Iterator[str]:
    """Yield a chapter of the README as roff: its paragraphs, and its blocks of code as they are."""
    chapter = README.read_text().partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    for number, block in enumerate(re.split(r"^```\w*\n", chapter, flags=re.MULTILINE)):
        if number % 2:
            yield f".PP\n.nf\n{_escaped_lines(block)}\n.fi"
            continue
        for paragraph in block.strip().split("\n\n"):
            yield f".PP\n{re.sub('`([^`]+)`', _BOLD, _escaped_lines(paragraph))}"


def _escaped_lines(text: str) -> str:
    return "\n".join(map(_escaped, text.strip().splitlines()))


_BOLD = r"\\fB\1\\fR"


_KEYS = """\
What the app does, by the place in it. In brackets is the id by which [keys] of
~/.config/keypairs/config.toml gives an action another key."""


def _keys() -> Iterator[str]:
    for place in Place:
        yield f".SS {place.value}"
        for action in ACTIONS:
            if action.place is place:
                keys = " ".join(key_label(key) for key in action.key.split(",") if key) or "no key"
                yield f".TP\n{_escaped(f'{keys}  [{action.id}]')}\n{_escaped(action.help)}"


def _commands(
    parser: argparse.ArgumentParser,
) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            yield from action.choices.items()


def _verbatim(text: str) -> str:
    """Return lines as roff prints them: its own signs are spelled."""
    lines = Help("keypairs")._fill_text(text, _MANUAL_WIDTH, "").splitlines()
    return "\n".join(map(_escaped, lines))


def _escaped(line: str) -> str:
    escaped = line.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped


if __name__ == "__main__":
    for name, text in made().items():
        (FOLDER / name).write_text(text)
