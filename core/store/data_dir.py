"""Chooses the folder that holds the Regions' files, and judges whether it may be trusted."""

import errno
import grp
import os
import pwd
import shlex
import stat
from collections.abc import Mapping
from contextlib import closing
from itertools import takewhile
from pathlib import Path

from core import choices
from core.disk.path_walk import Step, Walk, who_can_redirect
from core.errors import SettingsError, StoreError

_OF_THE_PATH = {errno.EACCES, errno.ELOOP, errno.ENAMETOOLONG}
"""The errors that another try would give again."""

_WAY_ON = "choose another with --data-dir"


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
    """Refuse a data folder that `problem` has something against, or that cannot be made.

    Raises:
        StoreError: says what is wrong and what to do.
    """
    found = problem(path) or _why_not_made(path)
    if found is not None:
        raise StoreError(f"{found[0].upper()}{found[1:]}.")


def check_is_there(path: Path) -> None:
    """Refuse a data folder of a session that only reads where there is none and can be none.

    Raises:
        StoreError: says so.
    """
    if not os.path.lexists(path) and is_on_read_only_disk(path):
        raise StoreError(
            f"There is no folder {path}, and none can be made: its disk is mounted read-only."
            " Choose another with --data-dir."
        )


def _why_not_made(path: Path) -> str | None:
    """Return why a folder that is missing cannot be made, as a clause, or None.

    Permissions do not say it all: nobody can make one in /proc. So one is made where the first that
    is missing would be, and removed again. It has a name of its own: another session may make that
    folder at this moment, and must find it there still.
    """
    above = (path, *path.parents)
    missing = list(takewhile(lambda folder: not os.path.lexists(folder), above))
    if not missing:
        return None
    try:
        probe = missing[-1].parent / f".keypairs-{os.urandom(8).hex()}"
        probe.mkdir(0o700)
        probe.rmdir()
    except OSError as error:
        return f"the folder {path} cannot be made ({error.strerror}); {_WAY_ON}"
    return None


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

    That is a folder that cannot be written, or in which others could replace our files, or whose
    path others could have lead to another folder. One that does not exist yet is fine where it can
    be made.

    Raises:
        StoreError: the disk, say, does not answer.
    """
    if _is_surely_fine(str(path.absolute())):
        return None
    try:
        with closing(Walk(path.absolute())) as way:
            return _problem_of(path, way)
    except NotADirectoryError:
        if os.path.lexists(path):
            return f"{path} is not a folder; {_WAY_ON}"
        why = "because what is above it is not a folder"
        return f"you cannot make the folder {path}, {why}; {_WAY_ON}"
    except OSError as error:
        if error.errno in _OF_THE_PATH:
            return f"{path} cannot be looked at ({error.strerror}); {_WAY_ON}"
        raise StoreError(
            f"Cannot look at {path}: {error.strerror}. Nothing was changed."
        ) from error


def _is_surely_fine(path: str) -> bool:
    """Return whether `problem` has surely nothing against an absolute path of a folder.

    It is asked twice for each change. Most folders have nothing about them that would have to be
    explained: no link on the way, and root and this account alone can change them and what is
    above. One look at each tells; where it does not, the way is walked.
    """
    place, may_be_kept, own = path, False, (0, os.geteuid())
    try:
        while True:
            status = os.lstat(place)
            others_write = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
            is_kept = may_be_kept and status.st_mode & stat.S_ISVTX
            is_own = stat.S_ISDIR(status.st_mode) and status.st_uid in own
            if not is_own or (others_write and not is_kept):
                return False
            if place == "/":
                return os.access(path, os.R_OK | os.W_OK | os.X_OK)
            place, may_be_kept = os.path.dirname(place), True  # noqa: PTH120 - no time for pathlib
    except OSError:
        return False


def _problem_of(path: Path, way: Walk) -> str | None:
    above = way.steps if way.missing else way.steps[:-1]
    who = next(who_can_redirect([step for step in above if not _is_of_own_group(step)]), None)
    if who is not None:
        return f"{path} could be replaced by another folder: {who}; {_WAY_ON}"
    if way.missing:
        if way.is_writable():
            return None
        return f"you cannot make the folder {path}, because you cannot write in {way.path}"
    status = way.steps[-1].status
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        # No full stop may come to stand behind the path.
        return (
            f"others can write in {path}; chmod 700 {shlex.quote(str(path))} makes it yours alone"
        )
    if status.st_uid not in (os.geteuid(), 0):
        return f"{path} belongs to another account; {_WAY_ON}"
    if not (way.is_writable() and os.access(path, os.R_OK)):
        return f"you cannot write in {path}; {_WAY_ON}"
    return None


def _is_of_own_group(step: Step) -> bool:
    """Return whether a folder that its group can write is of the account's own group.

    Many systems give each account a group of its own, and a umask that lets it write.
    """
    mode, group = step.status.st_mode, step.status.st_gid
    if not mode & stat.S_IWGRP or mode & stat.S_IWOTH:
        return False
    try:
        account, own = pwd.getpwuid(os.geteuid()), grp.getgrgid(group)
    except KeyError:
        return False
    return (
        step.status.st_uid in (os.geteuid(), 0)
        and account.pw_gid == group
        and own.gr_name == account.pw_name
        and {*own.gr_mem} <= {account.pw_name}
    )
