"""The folder that holds the Regions' files: which one, and whether it may be trusted."""

import os
import stat
from pathlib import Path

from core.errors import StoreError


def check(path: Path) -> None:
    """Refuse a data folder that cannot be written, or in which others could replace our files.

    A folder that does not exist yet is fine where it can be made.

    Raises:
        StoreError: says what is wrong and what to do.
    """
    if not os.path.lexists(path):
        parent = next(folder for folder in path.absolute().parents if os.path.lexists(folder))
        if not parent.is_dir() or not os.access(parent, os.W_OK | os.X_OK):
            raise StoreError(f"Cannot make the folder {path}: {parent} is not writable for you.")
        return
    if not path.is_dir():
        raise StoreError(f"{path} is not a folder. Choose another with --data-dir.")
    status = path.stat()
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise StoreError(f"Others can write in {path}. Make it yours alone: chmod 700 {path}")
    if status.st_uid not in (os.geteuid(), 0):
        raise StoreError(f"{path} belongs to another account. Choose another with --data-dir.")
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        raise StoreError(f"You cannot write in {path}. Choose another with --data-dir.")
