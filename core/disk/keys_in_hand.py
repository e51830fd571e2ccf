"""Remembers private keys that are in memory alone, so that the next start can say which were lost.

A session keeps a note in the data folder from the creation of a pair until its private key is safe
or given up. It holds the Region and the id of the pair. The note is locked; the lock ends with the
process, so what nobody has locked is of a session that was killed, or ended by a signal.
"""

import os
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import NamedTuple

from core.disk import files, in_folder, leftovers
from core.process import changing

_NOTE = "key-in-hand-"
_LARGEST = 1024


class LostKey(NamedTuple):
    """The pair whose private key a session took along: its Region and its id."""

    region: str
    key_pair_id: str


class KeyInHand:
    """The note of one private key; without a data folder that can be written there is none.

    Args:
        folder: the data folder.
        region, key_pair_id: the pair.
    """

    def __init__(self, folder: Path, region: str, key_pair_id: str) -> None:
        self._path = folder / f"{_NOTE}{os.urandom(8).hex()}"
        self._file: int | None = None
        text = f"{region}\0{key_pair_id}".encode()
        with suppress(OSError), in_folder.opened_folder(folder) as opened:
            self._file = in_folder.open_exclusively(self._path.name, opened)
            leftovers.lock(self._file)
            in_folder.write_and_sync(self._file, [(0, text)])

    def forget(self) -> None:
        """Remove the note: the private key is safe, or was given up."""
        if self._file is not None:
            with suppress(OSError):
                self._path.unlink()
        self.release()

    def release(self) -> None:
        """Leave the note, if it is still there, to the next start."""
        if self._file is not None:
            with suppress(OSError):
                os.close(self._file)
            self._file = None


def note_ahead(folder: Path, region: str, key_pair_id: str) -> Future[KeyInHand]:
    """Make the note of a private key in a thread, and return it when it is made.

    The person does not wait for the disk; the end of the program does, as for any change.
    """
    future: Future[KeyInHand] = Future()
    mark = ExitStack()
    mark.enter_context(changing())

    def make() -> None:
        with mark:
            try:
                future.set_result(KeyInHand(folder, region, key_pair_id))
            except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
                future.set_exception(error)

    threading.Thread(target=make, name="key-in-hand", daemon=True).start()
    return future


def lost(folder: Path) -> Iterator[LostKey]:
    """Yield each private key whose session ended without it being safe or given up; each but once.

    Of several sessions that start at once, one is told.
    """
    for note in _notes(folder):
        if leftovers.is_left(note):
            with suppress(OSError, UnicodeDecodeError):
                found = _read(note)
                note.unlink()
                yield found


def held(folder: Path) -> frozenset[str]:
    """Return the ids of the pairs whose private keys running sessions have in memory alone."""
    ids = set()
    for note in _notes(folder):
        if not leftovers.is_left(note):
            with suppress(OSError, UnicodeDecodeError):
                ids.add(_read(note).key_pair_id)
    return frozenset(ids)


def _notes(folder: Path) -> Iterator[Path]:
    with suppress(OSError):  # without a data folder there are none
        names = sorted(os.listdir(folder))  # noqa: PTH208 - only names are wanted
        yield from (folder / name for name in names if name.startswith(_NOTE))


def _read(note: Path) -> LostKey:
    region, _, key_pair_id = files.read_regular_file(note, _LARGEST).decode("ascii").partition("\0")
    return LostKey(region, key_pair_id)
