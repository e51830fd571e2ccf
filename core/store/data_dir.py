"""Chooses the folder that holds the Regions' files, and judges whether it may be trusted."""

import os
import shlex
import stat
from collections.abc import Mapping
from pathlib import Path

from core import choices
from core.errors import SettingsError, StoreError


def data_folder(
    folder: str | Path | None = None, environment: Mapping[str, str] = os.environ
) -> Path:
    """Return the folder that holds the Regions, as `open_session` chooses it."""
    return expanded(choices.data_folder(folder, environment)).absolute()


def expanded(path: str | Path) -> Path:
    """Return a path with the home of `~` or `~user` in its place.

    Raises:
        SettingsError: there is no such user.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise SettingsError(f"{path}: there is no such user.") from None


def restore_command(folder: Path, region: str) -> str:
    """Return what to type to restore a Region of a data folder, quoted for a POSIX shell.

    The folder is named unless it is the one that is taken when nothing names another.
    """
    words = ["keypairs", "restore", region]
    if folder != data_folder(environment={}):
        words += ["--data-dir", str(folder)]
    return shlex.join(words)


def check(path: Path) -> None:
    """Refuse a data folder that `problem` has something against.

    Raises:
        StoreError: says what is wrong and what to do.
    """
    found = problem(path)
    if found is not None:
        raise StoreError(f"{found[0].upper()}{found[1:]}.")


def is_on_read_only_disk(path: Path) -> bool:
    """Return whether a folder, or where it would be made, is on a disk mounted read-only."""
    places = (path.absolute(), *path.absolute().parents)
    place = next(place for place in places if os.path.lexists(place))
    try:
        return bool(os.statvfs(place).f_flag & os.ST_RDONLY)
    except OSError:  # a link that leads nowhere, or a disk that is gone: `problem` says so
        return False


def problem(path: Path) -> str | None:
    """Return why a data folder cannot be used for changes, as a clause, or None if it can.

    That is a folder that cannot be written, or in which others could replace our files. One that
    does not exist yet is fine where it can be made.
    """
    if not os.path.lexists(path):
        parent = next(folder for folder in path.absolute().parents if os.path.lexists(folder))
        if not parent.is_dir() or not os.access(parent, os.W_OK | os.X_OK):
            return f"you cannot make the folder {path}, because you cannot write in {parent}"
        return None
    if not path.is_dir():
        return f"{path} is not a folder; choose another with --data-dir"
    status = path.stat()
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        # No full stop may come to stand behind the path.
        return (
            f"others can write in {path}; chmod 700 {shlex.quote(str(path))} makes it yours alone"
        )
    if status.st_uid not in (os.geteuid(), 0):
        return f"{path} belongs to another account; choose another with --data-dir"
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        return f"you cannot write in {path}; choose another with --data-dir"
    return None
