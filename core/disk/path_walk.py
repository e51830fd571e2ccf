"""Walks a path one component at a time, and holds the folder that it ends at.

Whoever can change a folder or a link on the way decides where the path leads; looking only at what
it leads to at the moment would miss them. The folder is held open, so that what was judged is what
is written to, whatever becomes of the path (path_resolution(7)).
"""

import errno
import os
import pwd
import stat
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from core.disk import in_folder

_MOST_LINKS = 40
"""As many as Linux follows in one path."""

# A folder need not be readable to be on the way. Only Linux has a flag for that.
_ON_THE_WAY = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC

_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


class Step(NamedTuple):
    """A folder, or a link, on the way; `path` has no link in it but perhaps the last component."""

    path: Path
    status: os.stat_result

    @property
    def is_link(self) -> bool:
        """Whether it is a link."""
        return stat.S_ISLNK(self.status.st_mode)

    @property
    def others_can_replace(self) -> bool:
        """Whether others can put their own files in the place of those in this folder."""
        mode = self.status.st_mode
        return not self.is_link and bool(mode & _OTHERS_WRITE and not mode & stat.S_ISVTX)


class Walk:
    """The way to a folder, as far as there is one.

    `path` is where it ends, without links; `folder` is the descriptor of that folder, good only
    for looking things up in it; `missing` are the names of the folders below it that are not
    there. `steps` are the folders and links on the way, that folder last.

    Args:
        path: an absolute path of a folder.

    Raises:
        NotADirectoryError: something on the way is no folder, or a link that leads nowhere.
        OSError: something cannot be looked at, or links lead in a circle.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path("/")
        self.folder = os.open("/", _ON_THE_WAY)
        self.steps = [Step(self.path, os.fstat(self.folder))]
        self.missing: tuple[str, ...] = ()
        try:
            self._follow(path)
        except BaseException:
            self.close()
            raise

    def _follow(self, path: Path) -> None:
        # The next name stands last. What a link leads to is told from what was asked for.
        ahead = [(name, False) for name in reversed(path.parts[1:])]
        links = 0
        while ahead:
            name, of_link = ahead.pop()
            try:
                status = os.stat(name, dir_fd=self.folder, follow_symlinks=False)
            except FileNotFoundError:
                if of_link:
                    raise _error(errno.ENOTDIR, self.path / name) from None
                self.missing = (name, *(name for name, _ in reversed(ahead)))
                return
            if not stat.S_ISLNK(status.st_mode):
                self._enter(name)
                continue
            links += 1
            if links > _MOST_LINKS:
                raise _error(errno.ELOOP, self.path / name)
            self.steps.append(Step(self.path / name, status))
            target = Path(os.readlink(name, dir_fd=self.folder))
            if target.is_absolute():
                self._enter("/")
            ahead += [(name, True) for name in reversed(target.parts) if name != "/"]

    def _enter(self, name: str) -> None:
        folder = os.open(name, _ON_THE_WAY, dir_fd=self.folder)
        self.close()
        self.folder = folder
        # The names have no link in them any more.
        self.path = self.path.parent if name == ".." else self.path / name
        self.steps.append(Step(self.path, os.fstat(folder)))

    def is_writable(self) -> bool:
        """Return whether the account may make files in the folder."""
        return os.access(".", os.W_OK | os.X_OK, dir_fd=self.folder)

    def make_missing(self) -> None:
        """Make the folders that are missing, with mode 0700 each, sync them, and go to the last.

        Raises:
            OSError: one of them cannot be made, or another account has made it meanwhile.
        """
        while self.missing:
            name, *rest = self.missing
            with in_folder.opened_folder(Path(), self.folder) as parent:
                # Another session of this account may make it at the same moment.
                with suppress(FileExistsError):
                    os.mkdir(name, in_folder.PRIVATE_FOLDER, dir_fd=parent)
                    # mkdir() takes the umask off the mode, and a umask may take too much.
                    os.chmod(name, in_folder.PRIVATE_FOLDER, dir_fd=parent)
                os.fsync(parent)
            self._enter(name)
            if self.steps[-1].status.st_uid != os.geteuid():
                raise _error(errno.EEXIST, self.path)
            self.missing = tuple(rest)

    def close(self) -> None:
        """Close the folder."""
        # Closing a folder reports nothing about what is in it.
        with suppress(OSError):
            os.close(self.folder)


def who_can_redirect(steps: Sequence[Step]) -> Iterator[str]:
    """Yield who, but for root, could have a path lead elsewhere, a clause for each step.

    Who can rename a folder away can put another in its place, and a file of that name into it; who
    owns a link, or the folder that it is in, can let it lead elsewhere. The nearest comes first.
    """
    for step in dict.fromkeys(reversed(steps)):
        owner = step.status.st_uid
        if owner not in (os.geteuid(), 0):
            thing = "the link " if step.is_link else ""
            yield f"{thing}{step.path} belongs to {account_name(owner)}"
        elif step.others_can_replace:
            yield f"others can write in {step.path}, and so replace what is in it"


def account_name(user: int) -> str:
    """Return the name of an account, or its number where it has none."""
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"user {user}"


def _error(number: int, path: Path) -> OSError:
    # Python makes it the class that belongs to the number.
    return OSError(number, os.strerror(number), str(path))
