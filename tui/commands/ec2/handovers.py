"""Hands a private key over: to a new file, to the ssh-agent, or to standard output.

Each is looked at before anything is created, and takes the key before the pair is recorded.
"""

import argparse
import io
import json
import os
import re
import select
import stat
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any, Protocol

from core.client import Answer
from core.custody import agent, agent_keys, lifetime, saving
from core.disk import destination
from core.disk.destination import Destination, PathVerdict
from core.errors import KeyPairsError, SettingsError
from core.keys import file_formats
from core.keys import passphrase as passphrases
from core.model import CreatedKeyPair, FileFormat, KeyFormat, KeyType
from core.secret import Passphrase
from core.session import Session
from tui.commands.ec2 import answers, output
from tui.commands.ec2.refusals import say
from tui.commands.ec2.values import STDIN, ValueProblem

_LONGEST_PASSPHRASE_FILE = 64 * 1024

UNTIL_IT_ENDS = "until it ends"
"""What stands for the lifetime of a key in the agent where none was given."""

Search = Callable[[Any], Any]

_GONE = "Its private key is gone"


class NotHandedOver(Exception):
    """The private key did not get where it was asked for, so that no pair was created."""


class Handover(Protocol):
    """Where a private key goes."""

    needs_id: bool
    """Whether it needs the id of the pair, and so is to take the key once the pair stands."""

    takes_back: bool
    """Whether `give_back` leaves nothing behind, in the rule."""

    may_be_cut_off: bool
    """Whether the end of the process may cut `take` off: it leaves nothing that counts."""

    def look(self, made_up: Answer) -> None:
        """Look whether the key can go there; `made_up` is an answer as it will be.

        Raises:
            ValueProblem: it cannot.
            SettingsError: there is no agent, or it cannot be asked.
            KeyPairsError: nobody reads what will be printed.
        """

    def take(self, created: CreatedKeyPair, answer: Answer) -> None:
        """Take the private key of a pair that is about to be recorded.

        Raises:
            NotHandedOver: it was not taken, or not in a way that can be relied on.
        """

    def give_back(self) -> str:
        """Undo `take` as far as that is possible, and return what is left of it in words."""

    def kept(self) -> str:
        """Return where the key is of a pair that may stand or not, as a sentence, or nothing."""

    def give_up_waiting(self) -> None:
        """Have `take` wait no longer for somebody who may never answer."""

    def record(self, created: CreatedKeyPair) -> None:
        """Record where the key of a pair is that was created."""

    def report(self, answer: Answer) -> None:
        """Print where the key of a pair is that was created.

        Raises:
            OSError: standard output did not take the answer.
            ValueProblem: the query failed at this answer, though not at the one made up.
        """

    def where(self) -> str:
        """Return where the key is, in words that follow "its private key"."""


# A new file -----------------------------------------------------------------------------------


class ToFile:
    """A private key on its way to a new file that is read back and proven."""

    needs_id = False
    takes_back = True
    may_be_cut_off = False

    def __init__(
        self, session: Session, request: Answer, options: argparse.Namespace, search: Search
    ) -> None:
        self._session = session
        self._request = request
        self._options = options
        self._search = search
        self._path_text = ""
        self._accepted: Destination | None = None
        self._format: FileFormat | None = None
        self._passphrase: Passphrase | None = None
        self._saved: tuple[Path, tuple[str, ...]] | None = None
        self._status: os.stat_result | None = None

    def look(self, made_up: Answer) -> None:
        key_type, key_format = _kind(self._request)
        chosen = self._options.save_format
        as_created = file_formats.of_key_format(key_format)
        self._format = FileFormat(chosen) if chosen else None
        file_format = self._format or as_created
        if reason := file_formats.refusal(file_format, key_type):
            raise ValueProblem(f"--save-format: {reason}")
        if self._options.passphrase_file is not None:
            if reason := file_formats.passphrase_refusal(file_format):
                raise ValueProblem(f"--passphrase-file: {reason}; add --save-format")
            self._passphrase = _passphrase(self._options.passphrase_file)
        self._path_text = _path_text(self._options.save, self._request["KeyName"], file_format)
        target = destination.examine_for_private_key(self._path_text)
        if not target.usable:
            named = target.path or self._path_text.strip()
            raise ValueProblem(f"--save: {f'{named}: ' if named else ''}{target.explanation}")
        if (target.verdict is PathVerdict.ASKS or target.makes) and not self._options.yes:
            raise ValueProblem(f"--save: {target.path}: {target.explanation}; --yes agrees to that")
        self._accepted = target
        # What a query makes of the answer must not fail once there is a pair.
        del made_up["KeyMaterial"]
        shown = made_up | self._added(str(target.path), ("mode 0600",))
        _rendered(self._search(shown), self._options)

    def take(self, created: CreatedKeyPair, answer: Answer) -> None:
        try:
            self._saved = saving.save_private_key(
                self._session,
                created,
                self._path_text,
                self._format,
                self._passphrase,
                self._accepted,
            )
        except KeyPairsError as error:
            raise NotHandedOver(str(error)) from None
        self._status = self._saved[0].lstat()

    def give_back(self) -> str:
        if self._saved is None or self._status is None:
            return ""
        path = self._saved[0]
        try:
            if _is_same(path.lstat(), self._status):
                path.unlink()
                return ""
        except FileNotFoundError:
            return ""
        except OSError as error:
            return f" {path} holds the key of no pair, and stays: {error.strerror}."
        return f" {path} is not the file any more that was written, and stays; look at it."

    def kept(self) -> str:
        return f" Its private key is in {self._saved[0]}." if self._saved else ""

    def give_up_waiting(self) -> None:
        """Do nothing: a disk is all that is waited for."""

    def record(self, created: CreatedKeyPair) -> None:
        if self._saved is None:
            return
        warning = saving.record_saved(self._session, created.key_pair, self._saved[0])
        if warning is not None:
            say(f"keypairs: {warning}")

    def report(self, answer: Answer) -> None:
        if self._saved is None:
            return
        path, proofs = self._saved
        _print(self._search(answer | self._added(str(path), proofs)), self._options)

    def where(self) -> str:
        return f"is in {self._saved[0] if self._saved else self._path_text}"

    @staticmethod
    def _added(path: str, proofs: tuple[str, ...]) -> Answer:
        return {"SavedTo": path, "Proofs": list(proofs)}


def _is_same(status: os.stat_result, before: os.stat_result) -> bool:
    """Return whether a file is as it was left; some systems give an inode out again at once."""
    written = (before.st_mtime_ns, before.st_size)
    return os.path.samestat(status, before) and (status.st_mtime_ns, status.st_size) == written


def _path_text(text: str, key_name: str, file_format: FileFormat) -> str:
    """Return the path to save to; in a folder it is the name that the app would offer."""
    text = re.sub("^fileb?://", "", text)
    with suppress(RuntimeError, OSError, ValueError):  # it is no path, which `examine` says
        folder = Path(text).expanduser()
        # Nothing would be this folder to pathlib, and / with a name behind it.
        if text and (text.endswith("/") or folder.is_dir()):
            name = destination.offered_name(folder, key_name, file_format)
            return f"{text.rstrip('/')}/{name}"
    return text


def _passphrase(path: str) -> Passphrase:
    """Return the first line of a file, or of standard input."""
    try:
        if path == STDIN:
            data = sys.stdin.buffer.readline(_LONGEST_PASSPHRASE_FILE)
        else:
            with Path(path).expanduser().open("rb") as file:
                data = file.readline(_LONGEST_PASSPHRASE_FILE)
    except (OSError, ValueError, RuntimeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no path"
        raise ValueProblem(f"--passphrase-file: cannot read {path}: {reason}") from None
    try:
        text = data.removesuffix(b"\n").removesuffix(b"\r").decode()
    except UnicodeDecodeError:
        raise ValueProblem(f"--passphrase-file: {path} is not UTF-8") from None
    if (reason := passphrases.problem(text)) is not None:
        raise ValueProblem(f"--passphrase-file: {reason}")
    return Passphrase(text)


# The agent ------------------------------------------------------------------------------------


class ToAgent:
    """A private key on its way to the ssh-agent; nothing goes to disk."""

    needs_id = False
    takes_back = False
    may_be_cut_off = False

    def __init__(self, session: Session, options: argparse.Namespace, search: Search) -> None:
        self._session = session
        self._options = options
        self._search = search
        self._lifetime: timedelta | None = None
        self._owner: agent.AgentOwner | None = None
        self._added: agent_keys.AddedToAgent | None = None
        self._stop = Event()
        self._in_doubt = False

    def look(self, made_up: Answer) -> None:
        self._lifetime = _lifetime(self._options.agent)
        try:
            held = agent.holdings()
        except agent.AgentError as error:
            raise SettingsError(str(error)) from error
        if held.ends_with_program:
            raise SettingsError(
                "The ssh-agent was started for this command alone and ends with it: the private key"
                " would be lost. Start one for your shell: eval $(ssh-agent)."
            )
        owner = held.owner
        if owner is not None and not self._options.yes:
            raise ValueProblem(
                f"--agent: the agent belongs to {owner.name}, who can log in with every key in it;"
                " --yes agrees to that"
            )
        self._owner = owner
        # What a query makes of the answer must not fail once there is a pair.
        del made_up["KeyMaterial"]
        added: Answer = {"AddedToAgent": True} | ({"Until": ""} if self._lifetime else {})
        _rendered(self._search(made_up | added), self._options)

    def take(self, created: CreatedKeyPair, answer: Answer) -> None:
        try:
            self._added = agent_keys.put_into_agent(
                created,
                lifetime=self._lifetime,
                confirm=False,
                now=self._session.now,
                accepted=self._owner,
                stop=self._stop,
            )
        except KeyPairsError as error:
            self._in_doubt = isinstance(error, agent.AddNotConfirmed)
            raise NotHandedOver(str(error)) from None

    def give_back(self) -> str:
        if self._in_doubt:
            return " The ssh-agent may hold the key of no pair."
        return " The ssh-agent holds the key of no pair." if self._added else ""

    def kept(self) -> str:
        return " Its private key is in the ssh-agent." if self._added else ""

    def give_up_waiting(self) -> None:
        self._stop.set()

    def record(self, created: CreatedKeyPair) -> None:
        if self._added is None:
            return
        warning = agent_keys.record_added(self._session, created.key_pair, self._added)
        if warning is not None:
            say(f"keypairs: {warning}")

    def report(self, answer: Answer) -> None:
        if self._added is None:
            return
        until = self._added.until
        added = {"AddedToAgent": True} | ({"Until": until.isoformat()} if until else {})
        _print(self._search(answer | added), self._options)

    def where(self) -> str:
        return "is in the ssh-agent"


def _lifetime(text: str) -> timedelta | None:
    """Return how long the agent is to keep a key; it is for good only where nothing was given."""
    if text == UNTIL_IT_ENDS:
        return None
    if not text.strip():
        raise ValueProblem("--agent: the time is empty; leave it out for no limit")
    try:
        return lifetime.parse(text)
    except lifetime.LifetimeError as error:
        raise ValueProblem(f"--agent: {error}") from None


# Standard output ------------------------------------------------------------------------------


class ToOutput:
    """A private key on its way to standard output, as `aws ec2 create-key-pair` has it."""

    takes_back = False
    may_be_cut_off = True

    def __init__(self, options: argparse.Namespace, search: Search) -> None:
        self._options = options
        self._search = search
        self.needs_id = True
        self._printed = False
        self._all_printed = False

    def look(self, made_up: Answer) -> None:
        if self._options.output == "table":
            raise ValueProblem(
                "--output table: a table cannot carry the private key; take json or text, or --save"
            )
        if not self._carries(made_up):
            raise ValueProblem(_no_key(self._options.query))
        if not _is_read():
            raise KeyPairsError(
                "Nobody reads standard output, where the private key was to go. No key pair was"
                " created."
            )
        other = made_up | {"KeyPairId": f"{made_up['KeyPairId']}0"}
        self.needs_id = self._rendered(made_up) != self._rendered(other)
        if sys.stdout.isatty():
            say(
                "keypairs: the private key goes to this terminal, and to whatever records it;"
                " --save PATH would keep it in a file."
            )

    def take(self, created: CreatedKeyPair, answer: Answer) -> None:
        whole = answer | {"KeyMaterial": created.key_material.reveal()}
        try:
            carries = self._carries(whole)
        except ValueProblem:
            carries = False  # what it says may quote what it found, the private key
        if not carries:
            raise NotHandedOver(f"{_no_key(self._options.query)}.")
        try:
            _close_to_others()
            self._printed = True
            output.write(self._rendered(whole), synced=True)
            self._all_printed = True
        except OSError as error:
            raise NotHandedOver(
                f"Standard output did not take the private key: {error.strerror}."
            ) from None

    def give_back(self) -> str:
        return " What was printed is the key of no pair." if self._printed else ""

    def kept(self) -> str:
        return f" {'What was printed is its private key' if self._all_printed else _GONE}."

    def give_up_waiting(self) -> None:
        """Do nothing: it may be cut off."""

    def record(self, created: CreatedKeyPair) -> None:
        """Do nothing: nobody knows where standard output goes."""

    def report(self, answer: Answer) -> None:
        """Do nothing: it was all printed."""

    def where(self) -> str:
        return "was printed"

    def _rendered(self, answer: Answer) -> str:
        return _rendered(self._search(answer), self._options)

    def _carries(self, answer: Answer) -> bool:
        """Return whether the whole key is in what will be printed."""
        key: str = answer["KeyMaterial"]
        written = json.dumps(key)[1:-1] if self._options.output == "json" else key
        return written in self._rendered(answer)


def _close_to_others() -> None:
    """Take a new file on standard output from all but its owner, before the key is in it."""
    try:
        descriptor = sys.stdout.fileno()
        status = os.fstat(descriptor)
    except (OSError, ValueError):  # it is in memory
        return
    is_new = stat.S_ISREG(status.st_mode) and status.st_size == 0
    if is_new and status.st_uid == os.geteuid():
        os.fchmod(descriptor, status.st_mode & 0o700)


def _no_key(query: str | None) -> str:
    """Return why a query does not print the key, with the one that does."""
    if query is None:
        return "The private key would not be printed whole"
    quoted = query.strip().strip("'\"`") == "KeyMaterial" and query.strip() != "KeyMaterial"
    why = "is the word itself" if quoted else "does not print the whole private key"
    return f"--query {query}: {why}; --query KeyMaterial does, and --save PATH needs none"


def _kind(request: Answer) -> tuple[KeyType, KeyFormat]:
    """Return the type and the format that are asked for; what EC2 refuses counts as left out."""
    key_type, key_format = KeyType.RSA, KeyFormat.PEM
    with suppress(ValueError):
        key_type = KeyType(request.get("KeyType", key_type))
    with suppress(ValueError):
        key_format = KeyFormat(request.get("KeyFormat", key_format))
    return key_type, key_format


def _print(answer: Any, options: argparse.Namespace) -> None:
    output.write(_rendered(answer, options))


def _rendered(answer: Any, options: argparse.Namespace) -> str:
    return output.rendered(answer, options.output, answers.CREATE)


def _is_read() -> bool:
    """Return whether somebody is there to read standard output, if it is a pipe."""
    try:
        descriptor = sys.stdout.fileno()
    except io.UnsupportedOperation:  # it is in memory
        return True
    found = select.poll()
    found.register(descriptor, 0)
    return not any(event & select.POLLERR for _, event in found.poll(0))
