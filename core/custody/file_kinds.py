"""Tells what a private key file is to the programs that read it, by its content or its name."""

from collections.abc import Iterable
from enum import Enum
from pathlib import Path

from core.disk import files
from core.keys import MOST_BYTES_OF_A_KEY_FILE, file_formats
from core.model import FileFormat

LARGEST = MOST_BYTES_OF_A_KEY_FILE
"""More bytes than any private key file has."""


class Kind(Enum):
    """Which programs read a file."""

    PEM = "pem"
    """OpenSSH and openssl."""

    OPENSSH = "openssh"
    """OpenSSH and PuTTYgen."""

    PPK = "ppk"
    """PuTTY alone."""


_BEGINNINGS = {
    b"PuTTY-User-Key-File-": Kind.PPK,
    b"-----BEGIN OPENSSH PRIVATE KEY-----": Kind.OPENSSH,
    b"-----BEGIN ": Kind.PEM,
}
_ENDINGS = {
    file_formats.suffix(FileFormat.PPK2): Kind.PPK,
    file_formats.suffix(FileFormat.OPENSSH): Kind.OPENSSH,
}


def by_name(path: str) -> Kind:
    """Return the kind that the ending of a path speaks for; without one of ours it is PEM."""
    kinds = (kind for ending, kind in _ENDINGS.items() if path.lower().endswith(ending))
    return next(kinds, Kind.PEM)


def by_content(paths: Iterable[str]) -> dict[str, Kind]:
    """Return the kind of each file that is there; one that cannot be read goes by its name."""
    found = {}
    for path in paths:
        try:
            data = files.read_regular_file(Path(path), LARGEST)
        except (FileNotFoundError, NotADirectoryError, ValueError):  # or a text that is no path
            continue
        except OSError:
            data = b""
        kinds = (kind for begin, kind in _BEGINNINGS.items() if data.startswith(begin))
        found[path] = next(kinds, by_name(path))
    return found
