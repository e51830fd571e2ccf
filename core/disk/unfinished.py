"""Remembers private keys that are being written under a temporary name, and removes what is left.

Most file systems can write a file that has no name until it is whole (open(2), O_TMPFILE): then a
session that is killed leaves nothing. On the others it leaves a hidden file. A note in the data
folder says where that is until the key has its own name; the next save and the check-up read it.
"""

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from core.disk import files, in_folder, leftovers

_NOTE = "unfinished-save-"
_LARGEST = 64 * 1024


class UnfinishedSaves:
    """The notes of a data folder.

    Args:
        folder: the data folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def noted(self, temporary: Path, path: Path) -> Iterator[None]:
        """Keep a note while a key is written as `temporary`, on its way to be named `path`.

        Without a data folder that can be written there is no note, and the key is saved still.
        """
        note = self._folder / f"{_NOTE}{os.urandom(8).hex()}"
        text = b"\0".join(map(os.fsencode, (temporary, path)))
        with _held_note(note, text):
            try:
                yield
            finally:
                # What could not be removed must not be forgotten.
                if not os.path.lexists(temporary):
                    with suppress(OSError):
                        note.unlink()

    def _notes(self) -> list[Path]:
        try:
            names = sorted(os.listdir(self._folder))  # noqa: PTH208 - only names are wanted
        except OSError:  # without a data folder there are none
            return []
        return [self._folder / name for name in names if name.startswith(_NOTE)]

    def sweep(self, folders: Iterable[Path] = ()) -> tuple[Path, ...]:
        """Remove the keys that killed sessions left, by the notes and in some folders.

        Returns the files that were there; one that could not be removed is there still.
        """
        found: dict[Path, None] = {}
        for note in self._notes():
            with suppress(OSError):
                # Root may remove what others left, but does not do what their notes say.
                if leftovers.is_left(note) and note.lstat().st_uid == os.geteuid():
                    for leftover in _cleared(note):
                        found[leftover] = None
        for folder in folders:
            for leftover in leftovers.of_new_files(folder):
                found[leftover] = None
                with suppress(OSError):
                    leftover.unlink()
        return tuple(found)


@contextmanager
def _held_note(note: Path, text: bytes) -> Iterator[None]:
    """Write a note and mark it as one of a session that lives, where that is possible."""
    try:
        with in_folder.opened_folder(note.parent) as folder:
            file = in_folder.open_exclusively(note.name, folder)
    except OSError:
        yield
        return
    with leftovers.held(file):
        with suppress(OSError):
            in_folder.write_and_sync(file, [(0, text)])
        with suppress(OSError):
            os.close(file)
        yield


def _cleared(note: Path) -> Iterator[Path]:
    """Yield what a note speaks of and is there, remove it, and then the note."""
    temporary, _, path = (
        Path(os.fsdecode(part)) for part in files.read_regular_file(note, _LARGEST).partition(b"\0")
    )
    is_noted = leftovers.is_new_file_name(temporary.name)  # it may have been killed before
    if is_noted and leftovers.is_left(temporary):
        yield temporary
        temporary.unlink()
        if _is_reserved(path):
            yield path
            path.unlink()
    if not is_noted or not os.path.lexists(temporary):
        note.unlink()


def _is_reserved(path: Path) -> bool:
    """Return whether a file is what `in_folder.rename_to_free` leaves when it is killed."""
    try:
        status = path.lstat()
    except OSError:
        return False
    return (
        stat.S_ISREG(status.st_mode)
        and status.st_size == 0
        and status.st_uid == os.geteuid()
        and stat.S_IMODE(status.st_mode) == in_folder.PRIVATE_FILE
    )
