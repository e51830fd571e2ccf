"""Reads public key files with care, as a path can name anything."""

from pathlib import Path

from core.disk import files
from core.errors import KeyPairsError
from core.keys import MOST_BYTES_OF_A_KEY_FILE
from core.keys.reading import import_material

LARGEST = MOST_BYTES_OF_A_KEY_FILE
"""More than any public key has; a larger file is refused unread."""


class PublicFileError(KeyPairsError):
    """A path that leads to no public key file; says why."""


def candidates() -> list[Path]:
    """Return the `.pub` files in `~/.ssh`, by name."""
    folder = Path.home() / ".ssh"
    try:
        return sorted(folder.glob("*.pub"))
    except OSError:
        return []


def looks_like_path(text: str) -> bool:
    """Return whether what was typed is a path rather than a key."""
    word, *others = text.split(None, 1) or [""]
    return word.startswith(("/", "~", "./", "../")) or (not others and word.endswith(".pub"))


def read(path_text: str) -> str:
    """Return the text of a regular file of at most 64 KiB.

    Raises:
        PublicFileError: it cannot be read, is no regular file, is too large or is no ASCII text.
    """
    text = path_text.strip()
    if not text.isprintable():
        raise PublicFileError("control characters cannot be part of the path")
    try:
        path = Path(text).expanduser().resolve()
        data = files.read_regular_file(path, LARGEST)
    except RuntimeError:
        raise PublicFileError("there is no such user, or a link leads to itself") from None
    except OSError as error:
        raise PublicFileError(f"cannot be read: {error.strerror}") from error
    try:
        return data.decode("ascii")
    except UnicodeDecodeError:
        reason = import_material.why_not_taken(data) or "It is not a public key file."
        raise PublicFileError(reason) from None
