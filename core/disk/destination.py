"""Judges where a private key may be saved, and suggests a path.

`examine` looks and never writes. Its verdict is shown while a person types; `core.custody.saving`
looks again when it writes, so that nothing rests on a look that is a moment old.
"""

import os
import re
import stat
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from enum import Enum, auto
from pathlib import Path

from core.disk import mounts, typed_path
from core.disk.path_walk import Step, Walk, account_name, who_can_redirect
from core.keys import file_formats
from core.model import FileFormat, KeyFormat

IS_FOLDER = "this is a folder; add a file name"
"""What a path is refused with that leads to a folder."""

_LONGEST_STEM = 100
_READ_BY_SSH = frozenset(
    ("authorized_keys", "authorized_keys2", "config", "environment", "known_hosts", "rc")
)
"""Names in `~/.ssh` under which ssh or sshd look for something that is no private key."""
_EXPORT = ".json"
_OF_THE_SYSTEM = ("/proc", "/sys", "/dev")
_MEMORY = "/dev/shm"  # noqa: S108 - for files, which live until the machine is switched off
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
    too. `folder` is the device and the inode of the folder that the path leads to, the last one
    that is there. Two are equal only if all of it is: who said yes to one has not said yes to the
    other.
    """

    path: Path | None
    verdict: PathVerdict
    explanation: str
    makes: Path | None = None
    folder: tuple[int, int] | None = None

    @property
    def usable(self) -> bool:
        """Whether a save may be tried."""
        return self.verdict is not PathVerdict.REFUSED

    @property
    def asks(self) -> bool:
        """Whether a private key is saved there only after a second yes."""
        return self.verdict is PathVerdict.ASKS or self.makes is not None


def suggest(key_name: str, file_format: KeyFormat | FileFormat, home: Path | None = None) -> str:
    """Return the path to offer for a new private key: `~/.ssh/NAME.pem` or the next free one.

    What no file name should hold becomes `_`; leading dots and dashes go; a long name is cut.
    """
    if isinstance(file_format, KeyFormat):
        file_format = file_formats.of_key_format(file_format)
    return f"~/.ssh/{offered_name((home or Path.home()) / '.ssh', key_name, file_format)}"


def offered_name(folder: Path, key_name: str, file_format: FileFormat) -> str:
    """Return the name to offer for a new private key in a folder, one that is free."""
    return _free_name(folder, _stem(key_name), file_formats.suffix(file_format))


def plain_name(key_name: str, file_format: FileFormat) -> str:
    """Return the name that is offered for a new private key unless it is taken."""
    return f"{_stem(key_name)}{file_formats.suffix(file_format)}"


def _stem(key_name: str) -> str:
    stem = re.sub(r"[^A-Za-z0-9._ -]", "_", key_name).replace(" ", "_").lstrip(".-")
    return stem[:_LONGEST_STEM] or "key-pair"


def suggest_export(region: str) -> str:
    """Return the path to offer for the list of a Region's pairs, one that is free."""
    return f"~/{_free_name(Path.home(), _export_stem(region), _EXPORT)}"


def plain_export_name(region: str) -> str:
    """Return the name that is offered for such a list unless it is taken."""
    return f"{_export_stem(region)}{_EXPORT}"


def _export_stem(region: str) -> str:
    return f"key-pairs-{region}"


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
    with examined(text) as (found, _):
        return found


def examine_for_private_key(text: str) -> Destination:
    """Return what the typed path is good for where a private key is to go."""
    return for_private_key(examine(text))


def for_private_key(found: Destination) -> Destination:
    """Return what a place is good for where a private key is to go, by its name as well."""
    if found.path is None or not found.usable or found.path.suffix.lower() != ".pub":
        return found
    explanation = f"{found.explanation}; .pub is the ending of public keys"
    return replace(found, verdict=PathVerdict.ASKS, explanation=explanation)


@contextmanager
def examined(text: str) -> Iterator[tuple[Destination, Walk | None]]:
    """Yield the same, and the way to the folder, held open, or None where nothing can be saved.

    What is written to that folder goes where it was judged, whatever becomes of the path.
    """
    path = _path_of(text.strip(" "))
    if isinstance(path, Destination):
        yield path, None
        return
    is_relative = typed_path.is_relative(text)
    with ExitStack() as held:
        try:
            found, way = _examined(path, held)
        except OSError as error:
            found, way = _refused(path, f"refused: {error.strerror}"), None
        except UnicodeEncodeError:
            found, way = _refused(None, "your locale has no such letters in names of files"), None
        if is_relative and found.usable:
            found = replace(found, explanation=f"{path}: {found.explanation}")
        yield found, way if found.usable else None


def _path_of(text: str) -> Path | Destination:
    """Return the absolute path of a text, or why it is not one."""
    if not text:
        return _refused(None, "type the path of a new file")
    if not text.isprintable():
        return _refused(None, "control characters cannot be part of the path")
    text = typed_path.without_scheme(text)
    problem = typed_path.problem(text) or typed_path.too_long(text)
    if problem is not None:
        return _refused(None, problem)
    try:
        # abspath, not resolve: a link in the last component must be seen, not followed.
        path = Path(os.path.abspath(Path(text).expanduser()))  # noqa: PTH100 - see above
    except FileNotFoundError:
        return _refused(None, "the folder you started in is gone; begin the path with / or ~")
    if text.endswith("/") or path == Path("/"):
        return _refused(path, IS_FOLDER)
    return path


def _examined(path: Path, held: ExitStack) -> tuple[Destination, Walk | None]:
    if path.parent.name == ".ssh" and path.name in _READ_BY_SSH:
        return _refused(path, f"ssh reads {path.name} there for something else"), None
    if _exists(path):
        return _refused(path, _what_stands_there(path)), None
    try:
        way = held.enter_context(closing(Walk(path.parent)))
    except NotADirectoryError:
        return _refused(path, _what_is_no_folder(path)), None
    system = next((name for name in _OF_THE_SYSTEM if way.path.is_relative_to(name)), None)
    if system is not None and not way.path.is_relative_to(_MEMORY):
        return _refused(
            path, f"{system} is the system's own and keeps no files; choose another"
        ), None
    judge = _judge_missing_folder if way.missing else _judge_folder
    status = way.steps[-1].status
    return replace(judge(path, way), folder=(status.st_dev, status.st_ino)), way


def _judge_folder(path: Path, way: Walk) -> Destination:
    folder = way.steps[-1]
    if folder.others_can_replace:
        return _refused(path, "others can write in this folder, and so replace the key")
    if not way.is_writable():
        return _refused(path, "you cannot write in this folder")
    cautions = list(_cautions(way))
    if folder.status.st_mode & _OTHERS_LIST:
        cautions.insert(0, "others can list its folder")
    elif folder.status.st_mode & _OTHERS_ENTER:
        cautions.insert(0, "others can enter its folder")
    if cautions:
        explanation = f"new file, readable by you alone; {'; '.join(cautions)}"
        return Destination(path, PathVerdict.ASKS, explanation)
    return Destination(path, PathVerdict.FREE, "new file in a folder only you can read")


def _judge_missing_folder(path: Path, way: Walk) -> Destination:
    if not way.is_writable():
        return _refused(path, f"the folder is missing, and you cannot make one in {way.path}")
    if way.steps[-1].others_can_replace:
        return _refused(path, f"others can write in {way.path}, and so replace the key")
    folder = path.parent
    missing = f"the folder {folder} is missing; it will be made, readable by you alone"
    if (count := len(way.missing)) > 1:
        first = folder.parents[count - 2]
        which = f"{first} and {folder}" if count == 2 else f"from {first} down to {folder}"
        missing = f"the folders {which} are missing; they will be made, readable by you alone"
    # ssh-keygen makes this one without asking, too.
    makes = None if folder == Path.home() / ".ssh" else folder
    cautions = list(_cautions(way))
    if cautions:
        return Destination(path, PathVerdict.ASKS, "; ".join([missing, *cautions]), makes)
    return Destination(path, PathVerdict.FOLDER_MISSING, missing, makes)


def others_can_replace_in(folder: Path) -> bool:
    """Return whether others can put their own files in the place of those in a folder.

    Raises:
        OSError: it cannot be looked at.
    """
    return Step(folder, folder.stat()).others_can_replace


def _cautions(way: Walk) -> Iterator[str]:
    """Yield what should be known before a key goes below a folder that exists."""
    *above, folder = way.steps
    owner = folder.status.st_uid
    if owner != os.geteuid():
        yield f"{folder.path} belongs to {account_name(owner)}"
    yield from who_can_redirect(above)
    kind = mounts.network_file_system(way.path)
    if kind is not None:
        yield f"{kind} may keep it on another machine"


def _exists(path: Path) -> bool:
    """Return whether something has that name; os.path.lexists() takes a name too long for free."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def _what_stands_there(path: Path) -> str:
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        return "this is a link; a key is never saved through one"
    if stat.S_ISDIR(mode):
        return IS_FOLDER
    if not stat.S_ISREG(mode):
        return "this is not a regular file"
    free = _free_name(path.parent, path.stem, path.suffix)
    return f"there is such a file, and none is overwritten; {free} is free"


def _what_is_no_folder(path: Path) -> str:
    if os.path.lexists(path.parent):
        return f"{path.parent} is not a folder"
    parent = next(folder for folder in path.parents if os.path.lexists(folder))
    return f"the folder is missing, and you cannot make one in {parent}"


def _refused(path: Path | None, explanation: str) -> Destination:
    return Destination(path, PathVerdict.REFUSED, explanation)
