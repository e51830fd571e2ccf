"""Writes the list of key pairs to a file for other programs: CSV or JSON, nothing private."""

import csv
import io
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from core.custody import saving
from core.disk.destination import Destination
from core.model import KeptKeyPair
from core.process import changing
from core.store.records import to_record

_COLUMNS = (
    "KeyPairId",
    "KeyName",
    "KeyType",
    "KeyFingerprint",
    "CreateTime",
    "PrivateKey",
    "PublicKey",
)
# A spreadsheet takes a cell that begins like this for a formula, and runs it. The semicolon ends a
# cell where the comma is the decimal sign; some take the wide forms of East Asia for the narrow.
_FORMULA = re.compile(r"(?:^|(?<=;))(?=\s*[=+\-@\uff1d\uff0b\uff0d\uff20])")


@changing()
def export(
    key_pairs: Iterable[KeptKeyPair],
    region: str,
    path_text: str,
    *,
    accepted: Destination | None = None,
) -> Path:
    """Write key pairs to a new file of mode 0600: CSV where its name says so, else JSON.

    Raises:
        SaveAsks: a folder would be made, and `accepted` does not say yes to that.
        SaveError: the path is no good or the file could not be written; says why.
    """
    is_csv = path_text.strip().casefold().endswith(".csv")
    text = (as_csv if is_csv else as_json)(key_pairs, region)
    return saving.save_text(path_text, text, accepted)


def as_json(key_pairs: Iterable[KeptKeyPair], region: str) -> str:
    """Return the key pairs as one JSON document, in the spelling of the Region's file."""
    return as_text(document(key_pairs, region))


def document(key_pairs: Iterable[KeptKeyPair], region: str) -> dict[str, Any]:
    """Return what the JSON of some key pairs is made of."""
    return {"Region": region, "KeyPairs": [to_record(key_pair) for key_pair in key_pairs]}


def as_text(value: object) -> str:
    """Return such a document, or several, as the text of a JSON file."""
    return _ascii(json.dumps(value, indent=2)) + "\n"


def as_csv(key_pairs: Iterable[KeptKeyPair], region: str) -> str:
    """Return the key pairs as CSV (RFC 4180) with a heading; tags as JSON in one column.

    What a spreadsheet would take for a formula gets an apostrophe in front, and what a terminal
    would obey is spelled as `\\u{hex}`; `as_json` has every text exactly. Tags are exact here, too.
    """
    return regions_as_csv([(region, key_pairs)])


def regions_as_csv(regions: Iterable[tuple[str, Iterable[KeptKeyPair]]]) -> str:
    """Return the key pairs of several Regions as CSV with one heading; see `as_csv`."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["Region", *_COLUMNS, "Tags"])
    for region, key_pairs in regions:
        for key_pair in key_pairs:
            record = to_record(key_pair)
            cells = [region, *(record[column] for column in _COLUMNS), _tags(key_pair)]
            writer.writerow(map(_cell, cells))
    return text.getvalue()


def _tags(key_pair: KeptKeyPair) -> str:
    if not key_pair.tags:
        return ""
    tags = json.dumps({tag.key: tag.value for tag in key_pair.tags})
    return _ascii(tags).replace(";", "\\u003b")


def _ascii(document: str) -> str:
    """Return JSON without the one control character that Python leaves in it."""
    return document.replace("\x7f", "\\u007f")


def _cell(text: str) -> str:
    shown = "".join(c if c.isprintable() else f"\\u{{{ord(c):x}}}" for c in text)
    return _FORMULA.sub("'", shown)
