"""The list of key pairs as a file for other programs: CSV or JSON, nothing private."""

import csv
import io
import json
from collections.abc import Iterable

from core.model import KeyPair
from core.records import to_record

_COLUMNS = (
    "KeyPairId",
    "KeyName",
    "KeyType",
    "KeyFingerprint",
    "CreateTime",
    "PrivateKey",
    "PublicKey",
)
# A spreadsheet takes a cell that begins like this for a formula, and runs it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_json(key_pairs: Iterable[KeyPair], region: str) -> str:
    """Return the key pairs as one JSON document, in the spelling of the Region's file."""
    document = {"Region": region, "KeyPairs": [to_record(key_pair) for key_pair in key_pairs]}
    return json.dumps(document, indent=2) + "\n"


def as_csv(key_pairs: Iterable[KeyPair], region: str) -> str:
    """Return the key pairs as CSV (RFC 4180) with a heading; tags as JSON in one column.

    A cell that a spreadsheet would take for a formula gets an apostrophe in front.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["Region", *_COLUMNS, "Tags"])
    for key_pair in key_pairs:
        record = to_record(key_pair)
        tags = json.dumps({tag.key: tag.value for tag in key_pair.tags}) if key_pair.tags else ""
        cells = [region, *(record[column] for column in _COLUMNS), tags]
        writer.writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells])
    return text.getvalue()
