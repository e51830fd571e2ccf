"""Tells at once whether a folder is worth a close look at who could replace what is in it.

The close look, `core.store.data_dir.problem`, takes longer to import than a list takes to print.
"""

import os
import stat

_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def is_doubtful(folder: str) -> bool:
    """Return whether a folder, or one or a link on the way to it, is not the account's own alone.

    What is root's, and a folder above where only owners can rename, as `/tmp`, are no reason.
    """
    ways = {os.path.abspath(folder), os.path.realpath(folder)}  # noqa: PTH100 - see above
    return any(_is_doubtful(way) for way in ways)


def _is_doubtful(path: str) -> bool:
    is_last = True
    while True:
        try:
            status = os.lstat(path)
        except OSError:  # it is not there, or says nothing: what reads it says so
            is_last = False
        else:
            if status.st_uid not in (0, os.geteuid()):
                return True
            is_sticky = status.st_mode & stat.S_ISVTX and not is_last
            if status.st_mode & _OTHERS_WRITE and not (is_sticky or stat.S_ISLNK(status.st_mode)):
                return True
            is_last = False
        above = os.path.dirname(path)  # noqa: PTH120 - see above
        if above == path:
            return False
        path = above
