"""Reads public key files with care, as a path can name anything."""

import os
import re
from pathlib import Path

from core.disk import files, typed_path
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


_MAY_BE_A_KEY = re.compile(
    r"(ssh-|ecdsa-sha2-|sk-)[\w@.-]+\s+\S|(\A|\s)(AAAA|MI|c3NoL)[A-Za-z0-9+/]{30}|BEGIN |://"
    r"|\b(SHA256|SHA1|MD5):|\A([A-Za-z0-9+/]{43}=?\Z|\|1\||[\[{<#])"
)
"""What stands in no path as it is typed, but in keys, fingerprints and what holds them."""


def looks_like_path(text: str) -> bool:
    """Return whether what was typed cannot but be a path, be it one of a shell."""
    text = text.strip()
    # A shell's `my\ key.pub` is one word.
    words = re.sub(r"\\.", "_", text).split(None, 1)
    return typed_path.begins_like_one(text) or (len(words) == 1 and text.endswith(".pub"))


def may_be_path(text: str) -> bool:
    """Return whether what was typed is a path, or can be one: a line that is no public key."""
    text = text.strip()
    is_line = text.isprintable() and text != ""
    return looks_like_path(text) or (is_line and not _MAY_BE_A_KEY.search(text))


def is_path(text: str) -> bool:
    """Return whether what was typed is taken for a path: a relative one, or a name of a file here.

    Looks on the disk where nothing else tells.
    """
    if looks_like_path(text):
        return True
    text = text.strip()
    return may_be_path(text) and ("/" in text or "\\" in text or os.path.lexists(text))


def path_of(text: str) -> Path:
    """Return the absolute path that was typed, links as they are.

    Raises:
        PublicFileError: it is no path, or none of this system; says why.
    """
    text = typed_path.without_scheme(text.strip())
    if not text.isprintable():
        raise PublicFileError("control characters cannot be part of the path")
    if problem := typed_path.problem(text) or typed_path.too_long(text):
        raise PublicFileError(problem)
    try:
        path = Path(os.path.abspath(Path(text).expanduser()))  # noqa: PTH100 - links stay
    except FileNotFoundError:
        words = "the folder you started in is gone; begin the path with / or ~"
        raise PublicFileError(words) from None
    return path


def read(path_text: str) -> str:
    """Return the text of a regular file of at most 64 KiB.

    Raises:
        PublicFileError: it cannot be read, is no regular file, is too large or is no ASCII text.
    """
    path = path_of(path_text)
    try:
        data = files.read_regular_file(path.resolve(), LARGEST)
    except RuntimeError:
        raise PublicFileError("a link leads to itself") from None
    except OSError as error:
        where = f"{path} " if typed_path.is_relative(path_text) else ""
        raise PublicFileError(f"{where}cannot be read: {error.strerror}") from error
    try:
        return data.decode("ascii")
    except UnicodeDecodeError:
        reason = import_material.why_not_taken(data) or "It is not a public key file."
        raise PublicFileError(reason) from None
