"""The arguments of the subcommands, and what their help says."""

import argparse
import re
import textwrap
from datetime import timedelta
from shutil import get_terminal_size
from types import MappingProxyType

from core.checks.finding import KINDS, OLD
from core.query import age

_NEVER = "never"
_WIDEST = 79


class _Help(argparse.HelpFormatter):
    """Keeps the lines of a text, and breaks each that is too long for the terminal.

    What goes on stands below the text of its second column, which two spaces set off.
    """

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=min(_WIDEST, get_terminal_size().columns - 1))

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n".join(self._filled(line, width) for line in text.splitlines())

    def _filled(self, line: str, width: int) -> str:
        start = re.match(r" *(?:\S.*?  +)?", line)
        hang = " " * (start.end() if start else 0)
        return textwrap.fill(
            line, width, subsequent_indent=hang, break_long_words=False, break_on_hyphens=False
        )


_DOCTOR = """\
Look for what is wrong, in all Regions in use: saved private keys that are gone, changed, open to \
others or unencrypted on a shared file system; pairs that were never saved, are weak, old or there \
twice; the health of the store itself. Nothing is changed, and no passphrase is asked for."""

_DOCTOR_EPILOG = """\
exit status:
  0 nothing found; 1 something found; 2 unusable options or folder, or nothing may be looked at

with --json, one document:
  version              1; another number would mean another schema
  regions              names of the Regions that were looked at
  regions_not_allowed  names of those that the policy does not let you describe
  key_pairs            how many pairs were looked at
  findings             a list, the worst first, of:
    kind                 one of those below
    severity             "error", "warning" or "notice"
    problem, advice      sentences: what it is, and what to do
    region               its name, or null where it is about several or none
    key_pairs            a list of {region, key_pair_id, key_name}, empty for the store itself
    path                 the file or folder, or null

kinds of findings:
"""


def _doctor(parser: argparse.ArgumentParser) -> None:
    parser.description = _DOCTOR
    parser.epilog = _DOCTOR_EPILOG + "\n".join(
        f"  {kind:<17} {k.severity}: {k.meaning}" for kind, k in KINDS.items()
    )
    parser.formatter_class = _Help
    _add_shared(parser, "--data-dir", "--policy")
    parser.add_argument(
        "--older-than",
        metavar="AGE",
        type=_age,
        default=OLD,
        help=f"report pairs from this age on: a number and h, d, w, m or y, or never ({OLD.days}d)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")


_FIND = """\
Look up whose keys these are, among the pairs of all Regions in use. THING is a private key file \
(PEM, DER, OpenSSH, PPK), a .pub, an authorized_keys, a certificate, a folder of such files, or \
the text of a public key or a fingerprint in any spelling. A link that is named is followed; \
links in a folder are not. Nothing private is ever printed."""

_FIND_EPILOG = """\
A passphrase is asked for on the terminal, and only where an encrypted file does not show its \
public half (PEM, DER) and has no .pub beside it.

exit status:
  0 everything is the key of a pair; 1 something is not; 2 unusable options, folder or agent, or \
no pairs may be looked at

with --json, one document:
  version        1; another number would mean another schema
  found          a list of:
    source         the path, "the agent", or empty for a text
    line           the line, where a file holds several keys, or null
    standing       "known", "deleted", "unknown", "needs-passphrase", "halves-disagree", \
"damaged", "unsupported", "no-key", "not-read" or "unreadable"
    kind           in which form the key stands
    key_type, bits, fingerprint, public_key
                   of the key, or null where it is not seen; the fingerprint is OpenSSH's SHA-256
    comment, note  texts, often empty
    key_pairs      a list of {region, key_pair_id, key_name, tags, key_fingerprint, matched}, \
where tags are {key, value} and matched says which fingerprint agreed
    deleted_key_pairs
                   where there are none: a list of {region, key_pair_id, key_name}, of those that \
u in the list of the Region still brings back"""


def _find(parser: argparse.ArgumentParser) -> None:
    parser.description = _FIND
    parser.epilog = _FIND_EPILOG
    parser.formatter_class = _Help
    parser.add_argument("things", metavar="THING", nargs="*", help="a path, a key or a fingerprint")
    _add_shared(parser, "--data-dir", "--policy")
    parser.add_argument("--agent", action="store_true", help="look up the keys of the ssh-agent")
    parser.add_argument("--all", action="store_true", help="name also what is no key in a folder")
    parser.add_argument("--no-ask", action="store_true", help="ask for no passphrase")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def _restore(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Show what is wrong with a Region's file and what the copy before its last change would"
        " bring back, and put that in its place when you agree. The damaged file is kept under"
        " another name."
    )
    parser.epilog = (
        "Exit status: 0 restored; 1 nothing to restore, or refused; 2 unusable options, folder or"
        " terminal."
    )
    parser.formatter_class = _Help
    parser.add_argument("named_region", metavar="REGION", help="the Region to restore")
    _add_shared(parser, "--data-dir")
    parser.add_argument("--yes", action="store_true", help="do not ask")


ARGUMENTS = MappingProxyType({"doctor": _doctor, "find": _find, "restore": _restore})
"""What gives the parser of a subcommand its arguments and its help, by the command's name."""

_SHARED = {
    "--data-dir": ("FOLDER", "the folder that holds the Regions"),
    "--policy": ("FILE", "the policy that says who may do what"),
}


def _add_shared(parser: argparse.ArgumentParser, *options: str) -> None:
    """Add options that may stand before the command as well."""
    for option in options:
        metavar, what = _SHARED[option]
        # Suppressed, so that its absence here does not undo what stands before the command.
        parser.add_argument(option, metavar=metavar, default=argparse.SUPPRESS, help=what)


def _age(text: str) -> timedelta | None:
    found = age(text)
    if found is None and text != _NEVER:
        raise argparse.ArgumentTypeError(
            f"{text[:20]!a} is no age; write a number and h, d, w, m or y, or never"
        )
    return found
