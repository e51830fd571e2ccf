"""Writes the list of key pairs to a file for other programs: CSV or JSON, nothing private."""

from collections.abc import Iterable
from pathlib import Path

from core.custody import saving
from core.disk.destination import Destination
from core.errors import SaveError
from core.keys.file_formats import PRIVATE_SUFFIXES
from core.model import KeptKeyPair
from core.process import changing
from core.store import documents
from core.store.records import to_record

CSV, JSON = "CSV", "JSON"
ENDINGS = "a name in .csv makes it CSV, any other JSON"
_SPREADSHEETS = (".xls", ".xlsx", ".ods", ".numbers")
_TEXTS = (".yaml", ".yml", ".xml", ".toml", ".html", ".tsv", ".pdf")
_OTHERS = {
    **dict.fromkeys((*PRIVATE_SUFFIXES, ".pub"), "a key"),
    **dict.fromkeys(_SPREADSHEETS, "a spreadsheet, which reads .csv"),
    **dict.fromkeys(_TEXTS, "another format"),
}
"""Endings by which a program takes a file for what an export is not, and what that is."""


class WrongEnding(SaveError):
    """The ending of a name says that the file is something that an export is not."""


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
        WrongEnding: the name says that the file is something else.
        SaveAsks: a folder would be made, and `accepted` does not say yes to that.
        SaveError: the path is no good or the file could not be written; says why.
    """
    text = (as_csv if format_of(path_text) == CSV else as_json)(key_pairs, region)
    return saving.save_text(path_text, text, accepted)


def format_of(path_text: str) -> str:
    """Return what a file of this name holds, CSV or JSON.

    Raises:
        WrongEnding: who opens a file of this name expects something else in it.
    """
    ending = Path(path_text.strip(" ")).suffix.casefold()
    if ending in _OTHERS:
        raise WrongEnding(f"{ending} is for {_OTHERS[ending]}: {ENDINGS}")
    return CSV if ending == ".csv" else JSON


def as_json(key_pairs: Iterable[KeptKeyPair], region: str) -> str:
    """Return the key pairs as one JSON document."""
    return documents.as_text(documents.document(map(to_record, key_pairs), region))


def as_csv(key_pairs: Iterable[KeptKeyPair], region: str) -> str:
    """Return the key pairs as CSV; see `documents.as_csv`."""
    return documents.as_csv([(region, map(to_record, key_pairs))])
