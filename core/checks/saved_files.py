"""Finds what has become of the files that private keys were saved to."""

import errno
import os
import shlex
import stat
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

from core.checks.finding import Finding, PairReference
from core.disk import files
from core.disk.destination import others_can_replace_in
from core.disk.mounts import network_file_system
from core.keys import EncodingError
from core.keys.reading import private_file
from core.keys.reading.private_file import PrivateKeyFile
from core.model import KeptKeyPair

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class SavedFileChecks:
    """Checks saved files, asking about each folder only once."""

    def __init__(self) -> None:
        self._network_file_system = cache(network_file_system)
        self._folders_said: set[Path] = set()
        # What was read of the files of the pair that is checked.
        self._data: dict[Path, bytes] = {}

    def check(self, reference: PairReference, pair: KeptKeyPair) -> Iterator[Finding]:
        """Yield what is wrong with the files of a pair; no passphrase is asked for."""
        self._data.clear()
        for text in pair.custody.saved_to:
            for kind, problem, advice, *more in self._check(Path(text), pair):
                yield Finding(kind, problem, advice, reference.region, (reference,), text, *more)

    def _check(self, path: Path, pair: KeptKeyPair) -> Iterator[tuple[str, ...]]:
        """Yield kind, problem, advice, and then what there is of detail and command."""
        name, quoted = pair.key_name, shlex.quote(str(path))
        look = f"See whose key the file is: keypairs find {quoted}"
        try:
            status = path.lstat()
            if not stat.S_ISREG(status.st_mode):
                thing = "a link" if stat.S_ISLNK(status.st_mode) else "no regular file"
                yield "file-changed", f"{path} is {thing} now, not the private key of {name}.", look
                return
            data = self._read(path)
        except (FileNotFoundError, NotADirectoryError, ValueError):  # or a text that is no path
            good = self._other_files(path, pair)
            gone, which = ("spare-gone", "a file with the") if good else ("file-gone", "the")
            yield gone, f"{path}, {which} private key of {name}, is gone.", _way_out(good)
            return
        except OSError as error:
            if error.errno == errno.EFBIG:
                yield "file-changed", f"{path} is too large to be the private key of {name}.", look
                return
            problem = f"{path}, the private key of {name}, cannot be read: {error.strerror}."
            yield "file-unreadable", problem, "Look as the account that saved it."
            return
        yield from self._check_access(path, status)
        change, found = _examined(data, pair)
        if change is not None:
            way_out = _way_out(self._other_files(path, pair))
            # Of a file without a key there is nothing to look up.
            advice = f"{look}. {way_out}" if private_file.looks_private(data) else way_out
            yield "file-changed", f"{path} {change}.", advice
        elif found is not None and not found.encrypted:
            kind = self._network_file_system(path.parent)
            if kind is not None:
                yield (
                    "file-unencrypted",
                    f"{path} has no passphrase, and lies on a file system that other machines see"
                    f" ({kind}).",
                    "Move it to a disk of this machine, or give it a passphrase:"
                    f" ssh-keygen -p -f {quoted} (puttygen -P for a .ppk)",
                    kind,
                )

    def _read(self, path: Path) -> bytes:
        if path not in self._data:
            self._data[path] = files.read_regular_file(path, private_file.LARGEST)
        return self._data[path]

    def _other_files(self, path: Path, pair: KeptKeyPair) -> list[str]:
        """Return the other files of a pair that are its private key, as far as that shows."""
        good = []
        for other in {Path(text): None for text in pair.custody.saved_to if text != str(path)}:
            with suppress(OSError, ValueError):  # or a text that is no path
                change, found = _examined(self._read(other), pair)
                if change is None and found is not None:
                    sealed = " (which key that is shows only with its passphrase)"
                    good.append(f"{other}{sealed * (found.public_key is None)}")
        return good

    def _check_access(self, path: Path, status: os.stat_result) -> Iterator[tuple[str, ...]]:
        mode = stat.S_IMODE(status.st_mode)
        replace = "If others may have read it, replace the key. Either way:"
        if mode & _OTHERS:
            command = f"chmod 600 {shlex.quote(str(path))}"
            yield (
                "file-exposed",
                f"Others can get at {path}: its mode is {mode:04o}.",
                f"{replace} {command}",
                f"mode {mode:04o}",
                command,
            )
        if status.st_uid not in (os.geteuid(), 0):
            command = f"chown {os.geteuid()} {shlex.quote(str(path))}"
            yield (
                "file-exposed",
                f"{path} belongs to another account (uid {status.st_uid}), which can read it.",
                f"{replace} {command}",
                f"of uid {status.st_uid}",
                command,
            )
        folder = path.parent
        if folder not in self._folders_said and others_can_replace_in(folder):
            self._folders_said.add(folder)
            command = f"chmod go-w {shlex.quote(str(folder))}"
            yield (
                "folder-exposed",
                f"Others can write in {folder}, and so put another file in the place of {path}.",
                command,
                f"mode {stat.S_IMODE(folder.stat().st_mode):04o}",
                command,
            )


def _way_out(good: Sequence[str]) -> str:
    if good:
        there = " and ".join(good)
        return f"Nothing is lost: the key is still in {there}. If you removed it, all is well."
    return (
        "Bring it back from a backup, or look where it went: keypairs find FOLDER."
        " If it is lost, delete the pair and create another."
    )


def _examined(data: bytes, pair: KeptKeyPair) -> tuple[str | None, PrivateKeyFile | None]:
    """Return why a file is not the private key of a pair, as far as that shows, and what it is."""
    if not private_file.looks_private(data):
        return "holds no private key any more", None
    try:
        found = private_file.examine(data)
    except private_file.HalvesDisagree:
        return "has a private and a public half of different keys", None
    except EncodingError as error:
        return f"does not read back as a private key: {error}", None
    if found.public_key is not None and found.public_key.line != pair.public_key:
        return f"is the private key of another pair now, not of {pair.key_name}", found
    return None, found
