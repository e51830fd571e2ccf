"""Writes the list of key pairs to a file for other programs: CSV or JSON, nothing private."""

from collections.abc import Iterable
from pathlib import Path

from core.custody import saving
from core.disk.destination import Destination
from core.model import KeptKeyPair
from core.process import changing
from core.store import documents
from core.store.records import to_record


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
    """Return the key pairs as one JSON document."""
    return documents.as_text(documents.document(map(to_record, key_pairs), region))


def as_csv(key_pairs: Iterable[KeptKeyPair], region: str) -> str:
    """Return the key pairs as CSV; see `documents.as_csv`."""
    return documents.as_csv([(region, map(to_record, key_pairs))])
