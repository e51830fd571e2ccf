"""Writes records of key pairs as documents for other programs: CSV or JSON, nothing private."""

import csv
import io
import json
import re

TYPE_CHECKING = False
"""What type checkers take for true; a command that only reads has no time for `typing`."""

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from core.store.records import Record

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


def document(records: "Iterable[Record]", region: str) -> "dict[str, Any]":
    """Return what the JSON of some key pairs is made of, in the spelling of the Region's file."""
    return {"Region": region, "KeyPairs": list(records)}


def as_text(value: object) -> str:
    """Return such a document, or several, as the text of a JSON file."""
    return _ascii(json.dumps(value, indent=2)) + "\n"


def as_csv(regions: "Iterable[tuple[str, Iterable[Record]]]") -> str:
    """Return the key pairs of Regions as CSV (RFC 4180) with a heading; tags as JSON in one column.

    What a spreadsheet would take for a formula gets an apostrophe in front, and what a terminal
    would obey is spelled as `\\u{hex}`; JSON has every text exactly. Tags are exact here, too.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["Region", *_COLUMNS, "Tags"])
    for region, records in regions:
        for record in records:
            cells = [region, *(record[column] for column in _COLUMNS), _tags(record)]
            writer.writerow(map(_cell, cells))
    return text.getvalue()


def _tags(record: "Record") -> str:
    if not record["Tags"]:
        return ""
    tags = json.dumps({tag["Key"]: tag["Value"] for tag in record["Tags"]})
    return _ascii(tags).replace(";", "\\u003b")


def _ascii(document: str) -> str:
    """Return JSON without the one control character that Python leaves in it."""
    return document.replace("\x7f", "\\u007f")


def _cell(text: str) -> str:
    shown = "".join(c if c.isprintable() else f"\\u{{{ord(c):x}}}" for c in text)
    return _FORMULA.sub("'", shown)
