"""The journal: who changed what and when, one line of JSON for each change of any Region.

A line is written before its change is made, so that no change can happen unrecorded, with the
outcome `begun`; the outcome is then overwritten in its place by `done` or `failed`. A line that
stays `begun` is of a session that died in between. The journal holds nothing private: names, ids
and addresses. It is bounded: a full one becomes `journal.jsonl.1`, and the one before that goes.
"""

import fcntl
import os
import pwd
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import orjson

from core import files
from core.errors import StoreError
from core.records import format_time, parse_time

FULL = 1024 * 1024
"""The size in bytes from which a journal is put aside."""

_LONGEST_LINE = 64 * 1024
_OUTCOME = b'"outcome":'
_OUTCOME_WIDTH = len('"failed"')


@dataclass(frozen=True, slots=True)
class Change:
    """A change to one key pair, or to a whole Region when it names none."""

    operation: str
    key_name: str | None = None
    key_pair_id: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the journal; any text in it may have been edited by hand."""

    time: datetime
    user: str
    host: str
    client: str | None
    process: int
    region: str
    operation: str
    key_name: str | None
    key_pair_id: str | None
    outcome: str


class Journal:
    """The journal of a data folder; sessions take turns at it under a lock.

    Args:
        folder: the data folder.
        environment: where the address of the SSH client stands.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str] = os.environ) -> None:
        self.path = folder / "journal.jsonl"
        self._client = next(iter(environment.get("SSH_CONNECTION", "").split()), None)

    @property
    def previous_path(self) -> Path:
        """The journal that was full."""
        return self.path.with_name(f"{self.path.name}.1")

    @contextmanager
    def record(self, region: str, changes: Sequence[Change], time: datetime) -> Iterator[None]:
        """Record changes around the block that makes them.

        Raises:
            StoreError: the journal cannot be written; the block was not run.
        """
        try:
            file = self._open()
        except OSError as error:
            raise self._refusal(error) from error
        try:
            try:
                marks = [self._write(file, self._line(region, change, time)) for change in changes]
            except OSError as error:
                raise self._refusal(error) from error
            try:
                yield
            except BaseException:
                self._settle(file, marks, "failed")
                raise
            self._settle(file, marks, "done")
        finally:
            os.close(file)

    def _refusal(self, error: OSError) -> StoreError:
        return StoreError(
            f"Cannot write the journal {self.path}: {error.strerror}. Nothing was changed."
        )

    def _open(self) -> int:
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        while True:
            file = os.open(self.path, flags, files.PRIVATE_FILE)
            try:
                fcntl.flock(file, fcntl.LOCK_EX)
                status = os.fstat(file)
                # While we waited another session may have put this file aside.
                if os.path.samestat(status, self.path.lstat()):
                    if status.st_size < FULL:
                        os.fchmod(file, files.PRIVATE_FILE)
                        return file
                    self.path.replace(self.previous_path)
            except FileNotFoundError:
                pass
            except BaseException:
                os.close(file)
                raise
            os.close(file)

    def _line(self, region: str, change: Change, time: datetime) -> bytes:
        head = orjson.dumps(
            {
                "time": format_time(time),
                "user": _user(),
                "host": os.uname().nodename,
                "client": self._client,
                "process": os.getpid(),
                "region": region,
                "operation": change.operation,
                "key_name": change.key_name,
                "key_pair_id": change.key_pair_id,
            }
        )
        return head[:-1] + b"," + _OUTCOME + _outcome("begun") + b"}\n"

    @staticmethod
    def _write(file: int, line: bytes) -> int:
        """Append a line and return where its outcome stands."""
        start = os.lseek(file, 0, os.SEEK_END)
        try:
            files.write_all(file, line)
        except BaseException:
            os.ftruncate(file, start)
            raise
        return start + len(line) - _OUTCOME_WIDTH - len(b"}\n")

    @staticmethod
    def _settle(file: int, marks: Sequence[int], outcome: str) -> None:
        for mark in marks:
            os.pwrite(file, _outcome(outcome), mark)

    def read(self) -> list[Entry]:
        """Return the entries, the oldest first; lines that are none are left out.

        Raises:
            StoreError: a journal is there but cannot be read.
        """
        entries: list[Entry] = []
        for path in (self.previous_path, self.path):
            try:
                data = files.read_private_file(path, FULL + _LONGEST_LINE)
            except FileNotFoundError:
                continue
            except OSError as error:
                raise StoreError(f"Cannot read the journal {path}: {error.strerror}.") from error
            entries += filter(None, map(_entry, data.splitlines()))
        return entries


def _outcome(outcome: str) -> bytes:
    """Return an outcome as JSON, always of one width, so that it can be overwritten."""
    return f'"{outcome}"'.ljust(_OUTCOME_WIDTH).encode()


def _entry(line: bytes) -> Entry | None:
    try:
        values = orjson.loads(line)
        values["time"] = parse_time(values["time"])
        return Entry(**values)
    except (KeyError, TypeError, ValueError):
        return None


def _user() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
