"""Where a private key may be saved: what a path means, and a path to suggest.

`examine` looks and never writes. Its verdict is shown while a person types; `core.files` decides
again when it writes, so that nothing rests on a look that is a moment old.
"""

import os
import re
import stat
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from core.model import KeyFormat

_LONGEST_STEM = 100
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
_OTHERS_READ = stat.S_IRGRP | stat.S_IXGRP | stat.S_IROTH | stat.S_IXOTH


class Verdict(Enum):
    """What a path is good for."""

    FREE = auto()
    """A new file in a folder that only the person can read."""

    FREE_BUT_READABLE = auto()
    """A new file in a folder that others can look into; the file itself stays private."""

    FOLDER_MISSING = auto()
    """The folder can be made."""

    REFUSED = auto()
    """Nothing can be saved there."""


@dataclass(frozen=True, slots=True)
class Destination:
    """A path a person typed and what it is good for.

    `path` is absolute, with `~` expanded, or None when the text is no path. `explanation` is a
    sentence fragment for the line below the field; it may quote the text as it was typed.
    """

    path: Path | None
    verdict: Verdict
    explanation: str

    @property
    def usable(self) -> bool:
        """Whether a save may be tried."""
        return self.verdict is not Verdict.REFUSED


def suggest(key_name: str, key_format: KeyFormat, home: Path | None = None) -> str:
    """Return the path to offer for a new private key: `~/.ssh/NAME.pem` or the next free one.

    What no file name should hold becomes `_`; leading dots and dashes go; a long name is cut.
    """
    stem = re.sub(r"[^A-Za-z0-9._ -]", "_", key_name).replace(" ", "_").lstrip(".-")
    stem = stem[:_LONGEST_STEM] or "key-pair"
    folder = (home or Path.home()) / ".ssh"
    return f"~/.ssh/{_free_name(folder, stem, f'.{key_format}')}"


def _free_name(folder: Path, stem: str, suffix: str) -> str:
    name = f"{stem}{suffix}"
    number = 2
    while os.path.lexists(folder / name):
        name = f"{stem}-{number}{suffix}"
        number += 1
    return name


def examine(text: str) -> Destination:
    """Return what the typed path is good for."""
    if not text.strip():
        return _refused(None, "type the path of a new file")
    if not text.isprintable():
        return _refused(None, "control characters cannot be part of the path")
    try:
        # abspath, not resolve: a link in the last component must be seen, not followed.
        path = Path(os.path.abspath(Path(text).expanduser()))  # noqa: PTH100 - see above
    except RuntimeError:
        return _refused(None, "there is no such user")
    if text.endswith("/") or path == Path("/"):
        return _refused(path, "this is a folder; add a file name")
    try:
        return _examine_file(path)
    except OSError as error:
        return _refused(path, f"refused: {error.strerror}")


def _examine_file(path: Path) -> Destination:
    if _exists(path):
        return _refused(path, _what_stands_there(path))
    if not os.path.lexists(path.parent):
        return _examine_missing_folder(path)
    if not path.parent.is_dir():
        return _refused(path, f"{path.parent} is not a folder")
    mode = path.parent.stat().st_mode
    if mode & _OTHERS_WRITE and not mode & stat.S_ISVTX:
        return _refused(path, "others can write in this folder, and so replace the key")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        return _refused(path, "you cannot write in this folder")
    if mode & _OTHERS_READ:
        return Destination(
            path,
            Verdict.FREE_BUT_READABLE,
            "new file, readable by you alone; others can list its folder",
        )
    return Destination(path, Verdict.FREE, "new file in a folder only you can read")


def _exists(path: Path) -> bool:
    """Tell whether something has that name; os.path.lexists() takes a name too long for free."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def _what_stands_there(path: Path) -> str:
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        return "a link; a key is never saved through one"
    if stat.S_ISDIR(mode):
        return "this is a folder; add a file name"
    if not stat.S_ISREG(mode):
        return "not a regular file"
    free = _free_name(path.parent, path.stem, path.suffix)
    return f"exists, and is never overwritten; free: {free}"


def _examine_missing_folder(path: Path) -> Destination:
    parent = next(folder for folder in path.parents if os.path.lexists(folder))
    if not parent.is_dir() or not os.access(parent, os.W_OK | os.X_OK):
        return _refused(path, f"the folder is missing, and you cannot make one in {parent}")
    return Destination(
        path, Verdict.FOLDER_MISSING, "the folder is missing; it will be made for you alone"
    )


def _refused(path: Path | None, explanation: str) -> Destination:
    return Destination(path, Verdict.REFUSED, explanation)
