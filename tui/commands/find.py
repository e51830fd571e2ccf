"""Runs the command `keypairs find`: whose keys these are on stdout, talk on stderr."""

import argparse
import json
import os
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from getpass import getpass
from typing import TYPE_CHECKING

from core.checks import look_up
from core.checks.answers import IS_NO_KEY, Found, Standing
from core.checks.look_up import LARGEST
from core.errors import KeyPairsError, SettingsError
from core.secret import Passphrase
from core.settings import open_to_look
from core.store.data_dir import data_folder
from tui.commands.help import JSON
from tui.commands.places import not_of_ec2
from tui.commands.wrapping import say, tell, tell_of
from tui.words.look_up import line, summed_up
from tui.words.text import visible

if TYPE_CHECKING:
    from core.checks.look_up import Ask, Finder

HANDLES_KEYS = True
REFUSES: Mapping[str, str] = {
    "region": "find looks at all Regions. Leave out --region.",
    **not_of_ec2("find"),
}

STDIN = "-"

_INDENT = 4
ALL_KNOWN, NOT_ALL, UNUSABLE = 0, 1, 2

_FIND = """\
Look up whose keys these are, among the pairs of all Regions in use. THING is a private key file \
(PEM, DER, OpenSSH, PPK), a .pub, an authorized_keys, a certificate, a folder of such files, or \
the text of a public key, a fingerprint in any spelling, or the name of a key pair; - is what \
standard input holds, and so is none where something is piped in. A link that is named is \
followed; links in a folder are not. Nothing private is ever printed."""

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


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `find` takes."""
    parser.description = _FIND
    parser.epilog = _FIND_EPILOG
    parser.add_argument(
        "things",
        metavar="THING",
        nargs="*",
        help="a path, a key, a fingerprint, the name of a key pair, or -",
    )
    parser.add_argument("--agent", action="store_true", help="look up the keys of the ssh-agent")
    parser.add_argument("--all", action="store_true", help="name also what is no key in a folder")
    parser.add_argument("--no-ask", action="store_true", help="ask for no passphrase")
    parser.add_argument("--json", action="store_true", help=JSON)


def run(options: argparse.Namespace) -> int:
    """Do as the options say, and return the exit status."""
    if not (options.things or options.agent or _is_piped()):
        raise SettingsError("Name something to look up, or add --agent.")
    return find(
        options.things or ([] if options.agent else [STDIN]),
        options.data_dir,
        options.policy,
        agent=options.agent,
        ask=not options.no_ask,
        everything=options.all,
        as_json=options.json,
    )


def _is_piped() -> bool:
    """Return whether something was piped into the program, or a file put in its input."""
    try:
        mode = os.fstat(sys.stdin.fileno()).st_mode
    except (OSError, ValueError):  # it is closed, or in memory
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISREG(mode)


def find(
    things: Sequence[str],
    folder: str | None,
    policy: str | None,
    *,
    agent: bool,
    ask: bool,
    everything: bool,
    as_json: bool,
) -> int:
    """Look up paths, keys and fingerprints, and print whose they are.

    Returns the exit status.
    """
    where = data_folder(folder)
    if where.exists() and not where.is_dir():
        tell(f"{visible(str(where))} is a file, not a data folder.")
        return UNUSABLE
    try:
        session = open_to_look(folder, policy)
        finder = look_up.finder(session, _asker() if ask else None)
    except KeyPairsError as error:
        tell_of(error)
        return UNUSABLE
    for problem in finder.problems:
        tell(visible(problem))
    if finder.not_allowed and not finder.known:
        return UNUSABLE  # nothing may be said to be unknown
    if not finder.pairs and not finder.problems:
        tell(f"there are no key pairs in {visible(str(where))} to compare with.")
    found: list[Found] = []
    count = links = 0
    try:
        for each in _looked_up(finder, things, agent=agent):
            count += 1
            links += each.is_link
            if everything or not each.minor:
                found.append(each)
                if not as_json:
                    say(line(each), indent=_INDENT)
    except KeyPairsError as error:  # the agent's
        tell_of(error)
        return UNUSABLE
    if as_json:
        print(json.dumps({"version": 1, "found": [each.as_record() for each in found]}, indent=2))
    sys.stdout.flush()
    tell(summed_up(found, count, len(finder.pairs), links, "" if everything else "--all"))
    keys = [each for each in found if each.standing not in IS_NO_KEY]
    fine = keys and all(each.standing is Standing.KNOWN for each in keys)
    return ALL_KNOWN if fine and len(keys) == len(found) else NOT_ALL


def _looked_up(finder: "Finder", things: Iterable[str], *, agent: bool) -> Iterator[Found]:
    for thing in things:
        if thing == STDIN:
            yield from finder.in_data(sys.stdin.buffer.read(LARGEST + 1), "standard input")
        else:
            yield from finder.look(thing)
    if agent:
        yield from finder.in_agent()


def _asker() -> "Ask | None":
    """Return what asks on the terminal, or None where there is none to ask on."""
    if not (sys.stdin and sys.stdin.isatty() and sys.stderr and sys.stderr.isatty()):
        return None

    def ask(path: str) -> Passphrase | None:
        # A ValueError: what was typed, nothing say, can be no passphrase.
        with suppress(EOFError, ValueError):
            return Passphrase(getpass(f"Passphrase of {visible(path)} (empty leaves it locked): "))
        return None

    return ask
