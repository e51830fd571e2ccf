"""Runs `keypairs list`: columns for a terminal, and for other programs tabs, JSON or CSV."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from shutil import get_terminal_size
from typing import NamedTuple

from core import query
from core.custody import export
from core.errors import EC2Error, SettingsError, StoreError
from core.model import KeptKeyPair
from core.session import Session
from core.settings import open_to_look
from tui.commands.help import JSON
from tui.commands.places import ec2_of
from tui.commands.wrapping import tell
from tui.opening import open_and_ask
from tui.words.cells import cell_len
from tui.words.pairs import MARKS, day, tags
from tui.words.text import fit, sentence, shortened, visible

HANDLES_KEYS = False
REFUSES: Mapping[str, str] = {}

LISTED, NONE, UNUSABLE = 0, 1, 2

_LIST_EPILOG = """\
FILTER is what the filter of the app takes; several have to hold together:
  prod                 in the name, the id, a fingerprint or a tag
  name:web*            the whole name; * is any run of characters, ? is one
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


class _Column(NamedTuple):
    heading: str
    share: int
    """Of the width that is left over; 0 takes what it needs."""
    since: int = 0
    """The width of the terminal from which the column is shown."""


_COLUMNS = {
    "region": _Column("Region", 0),
    "name": _Column("Name", 4),
    "type": _Column("Type", 0, 35),
    "fingerprint": _Column("Fingerprint", 4, 71),
    "created": _Column("Created", 0, 47),
    "tags": _Column("Tags", 3, 59),
}
_GAP = "  "


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
    wanted = query.parse(" ".join(options.filters))
    if wanted.problems:
        raise SettingsError(" ".join(wanted.problems))
    found, is_whole = _selected(_sessions(options), wanted)
    if options.json:
        _print_json(found, options.all_regions)
    elif options.csv:
        _print_csv(found)
    elif sys.stdout.isatty():
        _print_columns(found, options.all_regions)
    else:
        _print_lines(found, options.all_regions)
    sys.stdout.flush()
    count = sum(len(pairs) for _, pairs in found)
    if not is_whole:
        return UNUSABLE
    if not count:
        tell("no key pair matches." if options.filters else "there are no key pairs.")
    return NONE if options.filters and not count else LISTED


Found = list[tuple[Session, Sequence[KeptKeyPair]]]


def _sessions(options: argparse.Namespace) -> list[Session]:
    if not options.all_regions:
        return [open_and_ask(options, read_only=True)]
    if options.region is not None:
        raise SettingsError("--all-regions lists every Region. Leave out --region.")
    if ec2_of(options) is not None:
        raise SettingsError("--all-regions lists those of this machine. For EC2, name a --region.")
    return open_to_look(options.data_dir, options.policy).in_every_region()


def _selected(sessions: Sequence[Session], wanted: query.Query) -> tuple[Found, bool]:
    """Return the pairs of each Region that match, and whether all could be looked at."""
    found: Found = []
    is_whole = True
    for session in sessions:
        try:
            pairs = session.backend.describe_key_pairs()
        except (EC2Error, StoreError) as error:
            tell(sentence(error))
            is_whole = False
            continue
        if wanted.narrows:
            items = wanted.select([query.searchable(pair) for pair in pairs], session.now())
            pairs = tuple(item.key_pair for item in items)
        found.append((session, sorted(pairs, key=lambda pair: pair.key_name)))
    return found, is_whole


def _print_json(found: Found, all_regions: bool) -> None:
    documents = [export.document(pairs, session.region) for session, pairs in found]
    print(export.as_text(documents if all_regions else documents[0]), end="")


def _print_csv(found: Found) -> None:
    # RFC 4180 ends lines in CR and LF, and they are written as they are.
    text = export.regions_as_csv((session.region, pairs) for session, pairs in found)
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode())


def _print_lines(found: Found, all_regions: bool) -> None:
    for session, pairs in found:
        for pair in pairs:
            cells = [
                pair.key_name,
                pair.key_pair_id,
                pair.key_type.value,
                pair.key_fingerprint,
                pair.create_time.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                pair.custody.private_key.value,
                *(f"{tag.key}={tag.value}" for tag in pair.tags),
            ]
            print("\t".join(map(visible, [session.region] * all_regions + cells)))


def _print_columns(found: Found, all_regions: bool) -> None:
    width = get_terminal_size().columns
    rows = [
        {
            "region": session.region,
            "name": f"{MARKS.get(pair.custody.private_key, ' ')} {shortened(pair.key_name)}",
            "type": pair.key_type.value,
            "fingerprint": shortened(pair.key_fingerprint),
            "created": day(pair.create_time, session.now().astimezone()),
            "tags": tags(pair),
        }
        for session, pairs in found
        for pair in pairs
    ]
    if not rows:
        return
    shown = {
        name: column
        for name, column in _COLUMNS.items()
        if width >= column.since and (name != "region" or all_regions)
    }
    headings = {name: column.heading for name, column in shown.items()}
    headings["name"] = f"  {headings['name']}"
    widths = _widths(headings, rows, shown, width)
    for row in (headings, *rows):
        print(_GAP.join(fit(row[name], widths[name]) for name in shown).rstrip())
    if any(row["name"].startswith("!") for row in rows):
        tell("! marks a pair whose private key was never saved.")


def _widths(
    headings: Mapping[str, str],
    rows: Sequence[Mapping[str, str]],
    shown: Mapping[str, _Column],
    width: int,
) -> dict[str, int]:
    """Return a width for each column: what it needs, or where that is too much its share."""
    needed = {name: max(cell_len(row[name]) for row in [headings, *rows]) for name in shown}
    left = width - len(_GAP) * (len(shown) - 1)
    left -= sum(needed[name] for name, column in shown.items() if not column.share)
    result = dict(needed)
    sharing = {name: column.share for name, column in shown.items() if column.share}
    # Who needs less than its share leaves the rest to the others.
    while sharing:
        shares = sum(sharing.values())
        modest = [name for name in sharing if needed[name] * shares <= left * sharing[name]]
        if not modest:
            for name, share in sharing.items():
                result[name] = max(left * share // shares, 1)
            break
        for name in modest:
            left -= needed[name]
            del sharing[name]
    return result
