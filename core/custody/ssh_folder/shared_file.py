"""Judges and extends a file of ~/.ssh that others write, too, and that OpenSSH must trust.

Text is only ever added at the end, to what was just read, and the file is replaced whole, with its
mode, owner and access control list, or not at all. What OpenSSH would not trust, because others can
write it, is refused with the reason; a link in the file's own place is refused too, because then
something else looks after it, and so is a file with several names, which would be parted.
"""

import errno
import os
import shlex
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from core.disk import files, rewriting
from core.errors import KeyPairsError

LARGEST = 1024 * 1024
"""More bytes than the file may have."""

_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
_MOST_SHOWN = 200


class SharedFileError(KeyPairsError):
    """A file of ~/.ssh is not as it must be, or was not changed; says why."""


class FileReader(NamedTuple):
    """Who reads a file, and what is added to it, in words."""

    program: str
    addition: str


@dataclass(frozen=True, slots=True)
class Account:
    """The account that runs this program, as the account database has it."""

    name: str
    uid: int
    home: Path

    @property
    def authorized_keys(self) -> Path:
        """The file by which keys log in to this account, which need not exist."""
        return self.home / ".ssh" / "authorized_keys"

    @property
    def ssh_config(self) -> Path:
        """The file of ssh's settings, which need not exist."""
        return self.home / ".ssh" / "config"


class SeenFile(NamedTuple):
    """What a file was when it was looked at; both are None where there is none."""

    before: bytes | None
    status: os.stat_result | None


def look(path: Path, account: Account, reader: FileReader) -> SeenFile:
    """Return what a file holds, and check that it and the folders up to the home can be trusted.

    Raises:
        SharedFileError: they cannot be, as a clause.
        OSError: it cannot be read.
    """
    _check_folders(path.parent, account, reader)
    try:
        status = path.lstat()
    except FileNotFoundError:
        return SeenFile(None, None)
    _check_file(path, status, account, reader)
    return SeenFile(files.read_regular_file(path, LARGEST), status)


def append(path: Path, seen: SeenFile, data: bytes) -> None:
    """Add data at the end of a file that was looked at, or make the file and its folder.

    Raises:
        SharedFileError: it was changed since, or could not be written; it is as it was.
        files.ReplaceNotConfirmed: the data are there, but may be gone after a power cut.
    """
    before, status = seen
    with _explained(path):
        if before is None or status is None:
            files.create_private_folder(path.parent)
            files.create_private_file(path, data)
        else:
            rewriting.rewrite_file(
                path,
                before + data,
                like=status,
                size=len(before),
                check=lambda: _check_unchanged(path, before, status),
            )


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except FileExistsError:
        raise _changed(path) from None
    except files.ReplaceNotConfirmed:
        raise
    except OSError as error:
        # Root, too, may not replace what chattr made immutable.
        hint = "; lsattr shows whether it is immutable" if error.errno == errno.EPERM else ""
        raise SharedFileError(f"Not added to {path}: {error.strerror}{hint}.") from error


def _check_unchanged(path: Path, before: bytes, status: os.stat_result) -> None:
    present = files.read_regular_file(path, LARGEST)
    if present != before or _identity(path.lstat()) != _identity(status):
        raise _changed(path)


def _identity(status: os.stat_result) -> tuple[int, ...]:
    """Return what must not change while a file is replaced: which it is, and all about it."""
    return status.st_dev, status.st_ino, status.st_nlink, status.st_ctime_ns


def _changed(path: Path) -> SharedFileError:
    return SharedFileError(f"Not added: {path} was changed meanwhile. Look, and try again.")


def _check_folders(folder: Path, account: Account, reader: FileReader) -> None:
    """Check the folders from the file's up to the home, as sshd does (StrictModes)."""
    home = account.home.resolve()
    if not home.is_dir():
        raise SharedFileError(f"the home {account.home} of {account.name} is not a folder")
    if os.path.lexists(folder) and not folder.is_dir():
        raise SharedFileError(f"{folder} is not a folder")
    lowest = folder.resolve() if folder.is_dir() else home
    for each in (lowest, *lowest.parents):
        _check_trusted(each, each.stat(), account, reader)
        if each == home:
            break
    if not os.access(lowest, os.W_OK | os.X_OK):
        raise SharedFileError(f"you cannot write in {lowest}")


def _check_file(path: Path, status: os.stat_result, account: Account, reader: FileReader) -> None:
    if stat.S_ISLNK(status.st_mode):
        target = shortened(os.fsencode(path.readlink()).decode("utf-8", "replace"))
        raise SharedFileError(
            f"{path} is a link to {target}; add the {reader.addition} where it is kept"
        )
    if not stat.S_ISREG(status.st_mode):
        raise SharedFileError(f"{path} is not a regular file")
    if status.st_nlink > 1:
        # A new file in the place of this name would leave the others with the old one.
        own, new = shlex.quote(str(path)), shlex.quote(f"{path}.new")
        raise SharedFileError(
            f"{path} has another name as well (a hard link), which the {reader.addition} would not"
            f" reach; to part the two: cp -p {own} {new} && mv {new} {own}"
        )
    _check_trusted(path, status, account, reader)
    if account.uid not in (0, status.st_uid):
        raise SharedFileError(f"{path} belongs to root, who must add the {reader.addition}")


def _check_trusted(
    path: Path, status: os.stat_result, account: Account, reader: FileReader
) -> None:
    if status.st_uid not in (0, account.uid):
        raise SharedFileError(
            f"{path} belongs to another account, so {reader.program} would not trust the file"
        )
    if status.st_mode & _OTHERS_WRITE:
        raise SharedFileError(
            f"others can write {path}, so {reader.program} would not trust the file:"
            f" chmod go-w {shlex.quote(str(path))}"
        )


def shortened(text: str) -> str:
    """Return a text of a file, cut where it is longer than a person reads."""
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"
