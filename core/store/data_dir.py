"""The folder that holds the Regions' files: which one, and whether it may be trusted."""

import os
import stat
from pathlib import Path

from core.errors import StoreError


def check(path: Path) -> None:
    """Refuse a data folder that `problem` has something against.

    Raises:
        StoreError: says what is wrong and what to do.
    """
    found = problem(path)
    if found is not None:
        raise StoreError(f"{found[0].upper()}{found[1:]}.")


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
        import shlex  # the start of the program has no time for it

        # No full stop may come to stand behind the path.
        return (
            f"others can write in {path}; chmod 700 {shlex.quote(str(path))} makes it yours alone"
        )
    if status.st_uid not in (os.geteuid(), 0):
        return f"{path} belongs to another account; choose another with --data-dir"
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        return f"you cannot write in {path}; choose another with --data-dir"
    return None
