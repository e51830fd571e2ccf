"""Journals who changed what and when, one line of JSON for each change of any Region.

A line is written before its change is made, so that no change of a Region can happen unrecorded,
with the outcome `begun`; the outcome is then overwritten in its place by `done` or `failed`, and so
is the id of a pair that got it by the change. A line that stays `begun` is of a session that died
in between, or of a change that the disk, or the ssh-agent, did not confirm.
The journal holds nothing private: names, ids, addresses, files and the keys of tags, whose values
may be secrets. It is bounded: a full one becomes
`journal.jsonl.1`, and the one before that goes.
"""

import fcntl
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import orjson

from core.account import user
from core.disk import files, in_folder
from core.errors import NotConfirmed, StoreError, StoreLocked
from core.store.locks import open_locked
from core.store.records import format_time, parse_time

FULL = 1024 * 1024
"""The size in bytes from which a journal is put aside."""

_LARGEST = 16 * FULL
"""More bytes than a journal can have: one change of all key pairs may still follow a full one."""

_LONGEST_CLIENT = 64
_LONGEST_DETAIL = 300
"""Characters, so that one change of all key pairs stays readable."""
_TIMEOUT = 10.0
_OUTCOME = b'"outcome":'
_OUTCOME_WIDTH = len('"failed"')
_ID_WIDTH = len('"key-0123456789abcdef0"')


@dataclass(frozen=True, slots=True)
class Change:
    """A change to one key pair, or to a whole Region when it names none."""

    operation: str
    key_name: str | None = None
    key_pair_id: str | None = None
    detail: str | None = None
    """Which file it is about, or which keys of tags; never the values of these."""
    continues: bool = False
    """Whether it belongs with what the same process journaled before, as a part of one act."""


@dataclass(frozen=True, slots=True)
class JournalEntry:
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
    detail: str | None = None
    continues: bool = False


class Journal:
    """The journal of a data folder; sessions take turns at it under a lock.

    Args:
        folder: the data folder.
        environment: where the address of the SSH client stands.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str] = os.environ) -> None:
        self.path = folder / "journal.jsonl"
        client = next(iter(environment.get("SSH_CONNECTION", "").split()), None)
        self._client = client and client[:_LONGEST_CLIENT].encode("ascii", "replace").decode()

    @property
    def previous_path(self) -> Path:
        """The journal that was full."""
        return self.path.with_name(f"{self.path.name}.1")

    @contextmanager
    def record(
        self,
        region: str,
        changes: Sequence[Change],
        time: datetime,
        given_up: Callable[[], bool] = lambda: False,
        *,
        in_turn: bool = True,
    ) -> Iterator[list[Change]]:
        """Record changes around the block that makes them, which is given a list of them.

        Where EC2 is to say the id of a pair, the block puts the change with its id in that list.
        `given_up` is asked while another session writes the journal; true ends the waiting.
        Without `in_turn` the others write it while the block runs, which may take long; the outcome
        still gets into its line, which nobody else writes.

        Raises:
            StoreLocked: another session has been writing it for too long, or the waiting was given
                up; the block was not run.
            StoreError: the journal cannot be written; the block was not run.
        """
        try:
            file = self._open(given_up)
        except OSError as error:
            raise self._refusal(error) from error
        try:
            try:
                heads = self._heads(region, changes, time)
                start = self._append(file, _lines(heads, "begun"))
            except OSError as error:
                raise self._refusal(error) from error
            if not in_turn:
                fcntl.flock(file, fcntl.LOCK_UN)
            made = list(changes)
            try:
                yield made
            except (files.ReplaceNotConfirmed, NotConfirmed):
                raise  # neither done nor failed
            except BaseException:
                self._settle(file, start, _lines(heads, "failed"))
                raise
            ended = heads if made == [*changes] else self._heads(region, made, time)
            # What stands in for EC2 may have ids of another width, which would spoil the lines.
            is_as_wide = [*map(len, ended)] == [*map(len, heads)]
            self._settle(file, start, _lines(ended if is_as_wide else heads, "done"))
        finally:
            with suppress(OSError):
                os.close(file)

    def _refusal(self, error: OSError) -> StoreError:
        return StoreError(
            f"Cannot write the journal {self.path}: {error.strerror}. Nothing was changed."
        )

    def _open(self, given_up: Callable[[], bool]) -> int:
        while True:
            file = open_locked(self.path, _TIMEOUT, given_up)
            if file is None:
                waited = (
                    "this one gave up waiting"
                    if given_up()
                    else f"has not finished in {_TIMEOUT:g} seconds"
                )
                raise StoreLocked(
                    f"Another session is writing the journal {self.path} and {waited}."
                    " Nothing was changed; try again."
                )
            try:
                if os.fstat(file).st_size < FULL:
                    return file
                self.path.replace(self.previous_path)
            except BaseException:
                os.close(file)
                raise
            os.close(file)

    def _heads(self, region: str, changes: Sequence[Change], time: datetime) -> list[bytes]:
        """Return the lines, each up to its outcome, with room for an id that is to come."""
        circumstances = {
            "time": format_time(time),
            "user": _encodable(user()),
            "host": _encodable(os.uname().nodename),
            "client": self._client,
            "process": os.getpid(),
            "region": region,
        }
        return [
            orjson.dumps(
                {
                    **circumstances,
                    "operation": change.operation,
                    "key_name": change.key_name,
                    "key_pair_id": change.key_pair_id,
                }
                | ({"detail": _short(change.detail)} if change.detail else {})
                | ({"continues": True} if change.continues else {})
            )[:-1]
            + b" " * (_ID_WIDTH - len("null")) * (change.key_pair_id is None)
            for change in changes
        ]

    @staticmethod
    def _append(file: int, lines: bytes) -> int:
        """Append lines, all or none, and return where the first begins."""
        end = os.lseek(file, 0, os.SEEK_END)
        # What a crash left of a line must not spoil ours.
        break_ = b"\n" if end and os.pread(file, 1, end - 1) != b"\n" else b""
        try:
            with _appending(file):
                in_folder.write_all(file, break_ + lines)
            os.fsync(file)
        except BaseException:
            os.ftruncate(file, end)
            raise
        # Others may have written behind what was the end, if the lock keeps nobody out.
        return os.lseek(file, 0, os.SEEK_CUR) - len(lines)

    @staticmethod
    def _settle(file: int, start: int, lines: bytes) -> None:
        """Write the same lines again with their outcome, which is as wide as it was."""
        # The change is made, or is not, whatever the journal still takes.
        with suppress(OSError):
            os.pwrite(file, lines, start)

    def read(self) -> list[JournalEntry]:
        """Return the entries, the oldest first; other lines are left out.

        Raises:
            StoreError: a journal is there but cannot be read.
        """
        while True:
            put_aside = _identity(self.previous_path)
            entries = [*_entries(self.previous_path), *_entries(self.path)]
            # Another session may have put a full one aside in between; then it is in neither.
            if _identity(self.previous_path) == put_aside:
                return entries

    def unanswered(self, region: str, operation: str) -> list[JournalEntry]:
        """Return the entries of an operation of which it is not known if it was done.

        Only these are parsed: it is asked often, of a journal that may be full.

        Raises:
            StoreError: as `read`.
        """
        wanted = (_OUTCOME + b'"begun"', operation.encode(), region.encode())
        lines = [*_lines_of(self.previous_path), *_lines_of(self.path)]
        found = (_entry(line) for line in lines if all(each in line for each in wanted))
        return [
            entry
            for entry in found
            if entry is not None
            and (entry.region, entry.operation, entry.outcome) == (region, operation, "begun")
        ]


@contextmanager
def _appending(file: int) -> Iterator[None]:
    """Have what is written go to the end of a file, even if others write it at the same time."""
    flags = fcntl.fcntl(file, fcntl.F_GETFL)
    fcntl.fcntl(file, fcntl.F_SETFL, flags | os.O_APPEND)
    try:
        yield
    finally:
        # Linux would append what is to be written elsewhere, too (pwrite(2)).
        fcntl.fcntl(file, fcntl.F_SETFL, flags)


def _entries(path: Path) -> Iterator[JournalEntry]:
    yield from filter(None, map(_entry, _lines_of(path)))


def _lines_of(path: Path) -> Sequence[bytes]:
    try:
        return files.read_regular_file(path, _LARGEST).splitlines()
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise StoreError(f"Cannot read the journal {path}: {error.strerror}.") from error


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.lstat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _lines(heads: Sequence[bytes], outcome: str) -> bytes:
    """Return lines with an outcome, always of one width, so that it can be overwritten."""
    tail = b"," + _OUTCOME + f'"{outcome}"'.ljust(_OUTCOME_WIDTH).encode() + b"}\n"
    return b"".join(head + tail for head in heads)


def _entry(line: bytes) -> JournalEntry | None:
    try:
        values = orjson.loads(line)
        values["time"] = parse_time(values["time"])
        entry = JournalEntry(**values)
    except (KeyError, TypeError, ValueError):
        return None
    texts = (entry.user, entry.host, entry.region, entry.operation, entry.outcome)
    maybe = (entry.client, entry.key_name, entry.key_pair_id, entry.detail)
    fits = (
        all(isinstance(text, str) for text in texts)
        and all(text is None or isinstance(text, str) for text in maybe)
        and isinstance(entry.process, int)
        and isinstance(entry.continues, bool)
    )
    return entry if fits else None


def _short(detail: str) -> str:
    cut = detail if len(detail) <= _LONGEST_DETAIL else f"{detail[:_LONGEST_DETAIL]}…"
    return _encodable(cut)


def _encodable(text: str) -> str:
    """Return a name of the system, whose bytes need not be UTF-8, as JSON can hold it."""
    return text.encode("utf-8", "replace").decode()
