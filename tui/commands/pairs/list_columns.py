"""Prints the columns of `keypairs list`, fitted to the width of the terminal."""

from collections import namedtuple
from datetime import datetime

from core import clock
from tui.commands.streams import terminal_width
from tui.commands.wrapping import tell
from tui.words.cells import cell_len
from tui.words.pairs import MARKS, day, first_tag, tag_text
from tui.words.text import fit, shortened

TYPE_CHECKING = False
"""What type checkers take for true; a command that only reads has no time for `typing`."""

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, NamedTuple

    class _Column(NamedTuple):
        heading: str
        share: int
        """Of the width that is left over; 0 takes what it needs."""
        since: int = 0
        """The width of the terminal from which the column is shown."""

else:
    _Column = namedtuple("_Column", ("heading", "share", "since"), defaults=(0,))

_COLUMNS = {
    "region": _Column("Region", 0),
    "name": _Column("Name", 4),
    "type": _Column("Type", 0, 35),
    "fingerprint": _Column("Fingerprint", 4, 71),
    "created": _Column("Created", 0, 47),
    "tags": _Column("Tags", 3, 59),
}
_GAP = "  "


def print_columns(
    found: "Sequence[tuple[str, Sequence[dict[str, Any]]]]", *, all_regions: bool
) -> None:
    """Print records of key pairs, each a row; with its Region where there is more than one."""
    width = terminal_width()
    now = clock.now().astimezone()
    rows = [
        {
            "region": region,
            "name": f"{MARKS.get(record['PrivateKey'], ' ')} {shortened(record['KeyName'])}",
            "type": record["KeyType"],
            "fingerprint": shortened(record["KeyFingerprint"]),
            "created": day(datetime.fromisoformat(record["CreateTime"]), now),
            "tags": first_tag([tag_text(tag["Key"], tag["Value"]) for tag in record["Tags"]]),
        }
        for region, records in found
        for record in records
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
    headings: "Mapping[str, str]",
    rows: "Sequence[Mapping[str, str]]",
    shown: "Mapping[str, _Column]",
    width: int,
) -> "dict[str, int]":
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
