"""Runs `keypairs list`: columns for a terminal, and for other programs tabs, JSON or CSV."""

import argparse
import sys

from core.local import quick_look
from core.store import documents
from tui.commands.help import JSON
from tui.commands.pairs.list_columns import print_columns
from tui.commands.places import ec2_of
from tui.commands.wrapping import tell
from tui.words.text import for_programs

TYPE_CHECKING = False
"""What type checkers take for true; a command that only reads has no time for `typing`."""

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    Record = dict[str, Any]
    Found = Sequence[tuple[str, Sequence[Record]]]
    """The records of key pairs, with the Region that they are in."""

HANDLES_KEYS = False
REFUSES: "Mapping[str, str]" = {}

LISTED, NONE, UNUSABLE = 0, 1, 2

_LIST_EPILOG = """\
FILTER is what the filter of the app takes; several have to hold together:
  prod                 in the name, the id, a fingerprint or a tag
  web*                 the whole of one of these; * is any run of characters, ? is one
  name:web*            the whole name, or a pattern
  id:key-0ab           how the id begins, or a pattern
  fp:SHA256:47DEQ      how a fingerprint begins, in any spelling
  type:rsa             rsa or ed25519
  tag:Env, tag:Env=prod, tag-key:Env
                       has the tag, with any value or this one
  saved:no             whether the private key was saved: yes, no or imported
  replaced:yes         whether there is a pair that was made to take its place
  older:90d, newer:2w  the age: a number and h, d, w, m or y

In a pipe each pair is a line, and its columns stand between tabs: the name, the id, the type, the \
fingerprint, the time, what became of the private key (saved, unsaved, imported), and the tags as \
KEY=VALUE; with --all-regions the Region stands in front. Characters that are not seen are spelled \
\\u{hex}, and a backslash is doubled; --json has every text exactly.

examples:
  keypairs list saved:no older:90d
  keypairs list --all-regions --csv > key-pairs.csv

exit status:
  0 listed; 1 the filter matches no pair; 2 unusable options, filter, folder or Region"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `list` takes."""
    parser.description = "List the key pairs of a Region, or those that a filter matches."
    parser.epilog = _LIST_EPILOG
    parser.add_argument("filters", metavar="FILTER", nargs="*", help="what to look for; see below")
    parser.add_argument("--all-regions", action="store_true", help="list all Regions in use")
    formats = parser.add_mutually_exclusive_group()
    formats.add_argument("--json", action="store_true", help=JSON)
    formats.add_argument("--csv", action="store_true", help="print CSV with a heading")


def run(options: argparse.Namespace) -> int:
    """Print the key pairs, and return the exit status."""
    found, is_whole = _looked_up(options), True
    if found is None:
        # Imported here: it takes longer than most lists do, which need no session.
        from tui.commands.pairs import list_sessions

        found, is_whole = list_sessions.selected(options)
    _print(found, options)
    sys.stdout.flush()
    count = sum(len(records) for _, records in found)
    if not is_whole:
        return UNUSABLE
    if not count:
        tell("no key pair matches." if options.filters else "there are no key pairs.")
    return NONE if options.filters and not count else LISTED


def _looked_up(options: argparse.Namespace) -> "Found | None":
    """Return what a quick look finds, or None where sessions have to look."""
    if options.filters or options.all_regions or ec2_of(options) is not None:
        return None
    look = quick_look.of_this_machine(options.data_dir, options.region, options.policy)
    if look is None:
        return None
    try:
        records = look.plain_records()
    except quick_look.NotPlainError:
        return None
    return [(look.region, sorted(records, key=lambda record: record["KeyName"]))]


def _print(found: "Found", options: argparse.Namespace) -> None:
    if options.json:
        made = [documents.document(records, region) for region, records in found]
        print(documents.as_text(made if options.all_regions else made[0]), end="")
    elif options.csv:
        # RFC 4180 ends lines in CR and LF, and they are written as they are.
        sys.stdout.flush()
        sys.stdout.buffer.write(documents.as_csv(found).encode())
    elif sys.stdout.isatty():
        print_columns(found, all_regions=options.all_regions)
    else:
        _print_lines(found, all_regions=options.all_regions)


def _print_lines(found: "Found", *, all_regions: bool) -> None:
    for region, records in found:
        for record in records:
            cells = [
                record["KeyName"],
                record["KeyPairId"],
                record["KeyType"],
                record["KeyFingerprint"],
                record["CreateTime"],
                record["PrivateKey"],
                *(f"{tag['Key']}={tag['Value']}" for tag in record["Tags"]),
            ]
            print("\t".join(map(for_programs, [region] * all_regions + cells)))
