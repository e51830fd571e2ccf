"""Where a private key may be saved: what a path means, and a path to suggest.

`examine` looks and never writes. Its verdict is shown while a person types; `core.custody.saving`
looks again when it writes, so that nothing rests on a look that is a moment old.
"""

import os
import pwd
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from core.disk import mounts
from core.keys import file_formats
from core.model import FileFormat, KeyFormat

_LONGEST_STEM = 100
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
_OTHERS_LIST = stat.S_IRGRP | stat.S_IROTH
_OTHERS_ENTER = stat.S_IXGRP | stat.S_IXOTH


class PathVerdict(Enum):
    """What a path is good for."""

    FREE = auto()
    """A new file in a folder that only the person can read."""

    ASKS = auto()
    """Something can be saved there, but a private key only after a second yes."""

    FOLDER_MISSING = auto()
    """The folder can be made."""

    REFUSED = auto()
    """Nothing can be saved there."""


@dataclass(frozen=True, slots=True)
class Destination:
    """A path a person typed and what it is good for.

    `path` is absolute, with `~` expanded, or None when the text is no path. `explanation` is a
    sentence fragment for the line below the field; it may quote the text as it was typed. `makes`
    is a missing folder that is made only after a second yes, as a slip of the finger names one
    too. Two are equal only if all of it is: who said yes to one has not said yes to the other.
    """

    path: Path | None
    verdict: PathVerdict
    explanation: str
    makes: Path | None = None

    @property
    def usable(self) -> bool:
        """Whether a save may be tried."""
        return self.verdict is not PathVerdict.REFUSED


def suggest(key_name: str, file_format: KeyFormat | FileFormat, home: Path | None = None) -> str:
    """Return the path to offer for a new private key: `~/.ssh/NAME.pem` or the next free one.

    What no file name should hold becomes `_`; leading dots and dashes go; a long name is cut.
    """
    if isinstance(file_format, KeyFormat):
        file_format = file_formats.of_key_format(file_format)
    return f"~/.ssh/{offered_name((home or Path.home()) / '.ssh', key_name, file_format)}"


def offered_name(folder: Path, key_name: str, file_format: FileFormat) -> str:
    """Return the name to offer for a new private key in a folder, one that is free."""
    stem = re.sub(r"[^A-Za-z0-9._ -]", "_", key_name).replace(" ", "_").lstrip(".-")
    return _free_name(folder, stem[:_LONGEST_STEM] or "key-pair", file_formats.suffix(file_format))


def suggest_export(region: str) -> str:
    """Return the path to offer for the list of a Region's pairs, one that is free."""
    return f"~/{_free_name(Path.home(), f'key-pairs-{region}', '.json')}"


def public_path(path_text: str) -> str:
    """Return the path of the public key that belongs beside a private one, both as typed."""
    return public_file(path_text.strip(" "))


def public_file(path: str) -> str:
    """Return the file of the public key that belongs beside a private one.

    That is what OpenSSH looks for, `NAME.pub`, except that an ending of ours is replaced.
    """
    stem, dot, ending = path.rpartition(".")
    is_ours = f"{dot}{ending}" in file_formats.PRIVATE_SUFFIXES and stem.rpartition("/")[2]
    return f"{stem if is_ours else path}.pub"


def _free_name(folder: Path, stem: str, suffix: str) -> str:
    name = f"{stem}{suffix}"
    number = 2
    while os.path.lexists(folder / name):
        name = f"{stem}-{number}{suffix}"
        number += 1
    return name


def examine(text: str) -> Destination:
    """Return what the typed path is good for; spaces around it are not part of it."""
    text = text.strip(" ")
    if not text:
        return _refused(None, "type the path of a new file")
    if not text.isprintable():
        return _refused(None, "control characters cannot be part of the path")
    try:
        # abspath, not resolve: a link in the last component must be seen, not followed.
        path = Path(os.path.abspath(Path(text).expanduser()))  # noqa: PTH100 - see above
    except RuntimeError:
        return _refused(None, "there is no such user")
    except FileNotFoundError:
        return _refused(None, "the folder you started in is gone; begin the path with / or ~")
    if text.endswith("/") or path == Path("/"):
        return _refused(path, "this is a folder; add a file name")
    try:
        return _examine_file(path)
    except OSError as error:
        return _refused(path, f"refused: {error.strerror}")
    except UnicodeEncodeError:
        return _refused(None, "your locale has no such letters in names of files")


def _examine_file(path: Path) -> Destination:
    if _exists(path):
        return _refused(path, _what_stands_there(path))
    if not os.path.lexists(path.parent):
        return _examine_missing_folder(path)
    folder = path.parent
    if not folder.is_dir():
        return _refused(path, f"{folder} is not a folder")
    if others_can_replace_in(folder):
        return _refused(path, "others can write in this folder, and so replace the key")
    if not os.access(folder, os.W_OK | os.X_OK):
        return _refused(path, "you cannot write in this folder")
    mode = folder.stat().st_mode
    cautions = list(_cautions(folder))
    if mode & _OTHERS_LIST:
        cautions.insert(0, "others can list its folder")
    elif mode & _OTHERS_ENTER:
        cautions.insert(0, "others can enter its folder")
    if cautions:
        explanation = f"new file, readable by you alone; {'; '.join(cautions)}"
        return Destination(path, PathVerdict.ASKS, explanation)
    return Destination(path, PathVerdict.FREE, "new file in a folder only you can read")


def others_can_replace_in(folder: Path) -> bool:
    """Tell whether others can put their own files in the place of those in a folder.

    Raises:
        OSError: it cannot be looked at.
    """
    mode = folder.stat().st_mode
    return bool(mode & _OTHERS_WRITE and not mode & stat.S_ISVTX)


def _cautions(folder: Path) -> Iterator[str]:
    """Yield what should be known before a key goes below a folder that exists."""
    owner = folder.stat().st_uid
    if owner != os.geteuid():
        yield f"{folder} belongs to {_name(owner)}"
    # Who can rename a folder away can put another in its place, and a file of that name into it.
    for above in folder.resolve().parents:
        owner = above.stat().st_uid
        if owner not in (os.geteuid(), 0):
            yield f"{above} belongs to {_name(owner)}"
        elif others_can_replace_in(above):
            yield f"others can write in {above}, and so replace what is in it"
    kind = mounts.network_file_system(folder)
    if kind is not None:
        yield f"{kind} may keep it on another machine"


def _name(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"user {user}"


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
    if others_can_replace_in(parent):
        return _refused(path, f"others can write in {parent}, and so replace the key")
    folder = path.parent
    missing = f"the folder {folder} is missing; it will be made for you alone"
    if parent != folder.parent:
        missing += f", like all below {parent}"
    # ssh-keygen makes this one without asking, too.
    makes = None if folder == Path.home() / ".ssh" else folder
    cautions = list(_cautions(parent))
    if cautions:
        return Destination(path, PathVerdict.ASKS, "; ".join([missing, *cautions]), makes)
    return Destination(path, PathVerdict.FOLDER_MISSING, missing, makes)


def _refused(path: Path | None, explanation: str) -> Destination:
    return Destination(path, PathVerdict.REFUSED, explanation)
