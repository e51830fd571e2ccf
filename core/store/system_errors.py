"""Turns errors of the operating system into sentences about a Region's file."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import StoreError

_SENTENCES = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "your disk quota is used up",
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "you have no permission",
    errno.EPERM: "you have no permission",
    errno.EFBIG: "the file would be too large",
    errno.ENOLCK: "the file system has no locks",
    errno.ENOSYS: "the file system has no locks",
    errno.EOPNOTSUPP: "the file system has no locks",
    errno.ELOOP: "a link stands in its place",
}


@contextmanager
def explained(path: Path, verb: str) -> Iterator[None]:
    """Turn an error of the operating system into a sentence that names the file and the cause."""
    try:
        yield
    except OSError as error:
        cause = _SENTENCES.get(error.errno or 0, error.strerror or type(error).__name__)
        blamed = error.filename
        if isinstance(blamed, str) and Path(blamed).is_absolute() and blamed != str(path):
            cause = f"{cause} ({blamed})"
        raise StoreError(f"Cannot {verb} {path}: {cause}. Nothing was changed.") from error
