"""Asks the ssh-agent of this session what it holds, and gives it private keys.

It is asked in the protocol of draft-ietf-sshm-ssh-agent: the comments that ssh-add prints may hold
line breaks, so its lines cannot be counted. A key is added by ssh-add, which reads it from its
standard input: it is in no file, no argument and no environment. Asking takes at most `SECONDS` and
a bounded answer. Adding takes longer where the agent asks a person first, as gpg-agent does for a
passphrase; whoever waits can stop waiting.

Whose agent it is, the system says: the account of the process that made the socket (SO_PEERCRED,
unix(7)). After `su` the variable may still name the agent of the account before. The socket is
opened once, so that the one that was judged is the one that gets the key.
"""

import errno
import hashlib
import os
import pwd
import socket
import struct
import subprocess
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from shutil import which
from threading import Event
from time import monotonic
from typing import NamedTuple

from core.errors import KeyPairsError, NotConfirmed
from core.keys.encoding.sshwire import Reader, WireError, string

SECONDS = 5.0
"""The longest that an answer is waited for which no person has to give."""

SECONDS_TO_ADD = 300.0
"""The longest that adding is waited for: the agent may be asking a person."""

TO_START = 'eval "$(ssh-agent)"'
TO_LIST, TO_UNLOCK = "ssh-add -l", "ssh-add -X"
"""The commands that are advised."""

_LARGEST = 256 * 1024
"""The longest message of OpenSSH's agent; a longer one is refused unread."""

_VARIABLE = "SSH_AUTH_SOCK"

_REQUEST_IDENTITIES, _IDENTITIES_ANSWER = b"\x0b", b"\x0c"
_REMOVE_IDENTITY, _SUCCESS = b"\x12", b"\x06"
_FAILURES = (b"\x05", b"\x1e", b"\x66")
"""SSH_AGENT_FAILURE, and the numbers that older agents use for it (OpenSSH, authfd.c)."""

_NO_AGENT = 2
"""The exit status of ssh-add when there is no agent."""

_CUT_OFF = "communication with agent failed"
"""What OpenSSH's ssherr.c says where a request was sent, and no whole answer came."""

_MOST_WORDS = 160
_STEP = 0.05
"""Seconds between two looks at whether to go on waiting."""


def is_named() -> bool:
    """Return whether this session names an agent at all; none is asked."""
    return bool(os.environ.get(_VARIABLE))


class AgentError(KeyPairsError):
    """The agent cannot be asked, or did not take a key; says what to do.

    `reason` is the message without the advice, for where that is another.
    """

    def __init__(self, reason: str, advice: str = "") -> None:
        super().__init__(f"{reason} {advice}" if advice else reason)
        self.reason = reason


class NoAgent(AgentError):
    """This session has no agent, and gets one only when it is started again."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            reason,
            f"Start one with {TO_START}, then start keypairs again in that shell.",
        )


class AddNotConfirmed(AgentError, NotConfirmed):
    """A key was on its way to the agent, which may hold it now, or later; says how to look."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, f"The agent may hold the key: {TO_LIST} lists what it holds.")


@dataclass(frozen=True, slots=True)
class AgentOwner:
    """The account whose agent it is, where that is not the account that runs this program."""

    uid: int
    name: str


class AgentAsks(AgentError):
    """The key was not added yet, because the agent is another account's: that takes a second yes.

    `owner` is what to give back as `accepted` once the person has read whose agent it is.
    """

    def __init__(self, path: str, owner: AgentOwner) -> None:
        super().__init__(
            f"Not added yet: the agent at {path} belongs to {owner.name},"
            " who can log in with every key in it.",
            f"For an agent of your own: {TO_START}, then start keypairs again in that shell.",
        )
        self.owner = owner


@dataclass(frozen=True, slots=True)
class AgentIdentity:
    """A key that an agent holds; the comment may be any text.

    `algorithm` is the name that stands in the blob, `blob` the public key on the wire.
    """

    algorithm: str
    blob: bytes
    comment: str

    @property
    def is_certificate(self) -> bool:
        """Whether it is a certificate, whose fingerprint is that of the key in it."""
        return "-cert-v0" in self.algorithm

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of `ssh-keygen -l`; of a certificate it is not that, but of all of it."""
        return f"SHA256:{b64encode(hashlib.sha256(self.blob).digest()).decode().rstrip('=')}"

    @property
    def public_key(self) -> str:
        """The key as `TYPE BASE64`."""
        return f"{self.algorithm} {b64encode(self.blob).decode()}"


@dataclass(frozen=True, slots=True)
class Holdings:
    """What an agent holds, and which agent it is.

    `forwarded` is set when its socket is one of sshd's: then it runs on the machine that the
    person came from, and a key that is added goes there. `owner` is None where it is the person's
    own agent. `ends_with_program` is set when it was started for this program alone, as by
    `ssh-agent keypairs`, and ends with it.
    """

    path: str
    forwarded: bool
    identities: tuple[AgentIdentity, ...]
    owner: AgentOwner | None = None
    ends_with_program: bool = False


def holdings() -> Holdings:
    """Return what the agent of this session holds; OpenSSH's, when locked, says that it is empty.

    Raises:
        AgentError: there is none, it does not answer, it refuses to list its keys, or its answer
            is not one of an agent.
    """
    with _held_socket() as held:
        answer, found = _asked(held, _REQUEST_IDENTITIES)
    return Holdings(
        held.path,
        found.forwarded,
        _identities(answer, held.path),
        found.owner,
        found.ends_with_program,
    )


def remove(identity: AgentIdentity) -> None:
    """Have the agent of this session forget a key, or a certificate.

    Raises:
        AgentError: there is none, it does not answer, or it did not do it.
    """
    with _held_socket() as held:
        answer, _ = _asked(held, _REMOVE_IDENTITY + string(identity.blob))
    if answer != _SUCCESS:
        raise AgentError(
            f"The agent at {held.path} is there, but did not do it.",
            f"It is locked ({TO_UNLOCK} unlocks it), or holds the key no longer.",
        )


class _Whose(NamedTuple):
    """Whose agent it is; see `Holdings`."""

    owner: AgentOwner | None
    forwarded: bool
    ends_with_program: bool


def _asked(held: "_HeldSocket", request: bytes) -> tuple[bytes, _Whose]:
    """Return what an agent answers, and whose it is."""
    deadline = monotonic() + SECONDS
    try:
        with _connection(held, deadline) as connection:
            owner, forwarded = _owner(connection, held), _is_of_sshd(connection)
            whose = _Whose(owner, forwarded, _is_of_this_program(connection))
            connection.settimeout(SECONDS)
            connection.sendall(string(request))
            length = int.from_bytes(_receive(connection, 4, deadline), "big")
            if not 0 < length <= _LARGEST:
                raise AgentError(f"What listens at {held.path} is not an ssh-agent.")
            return _receive(connection, length, deadline), whose
    except TimeoutError:
        raise AgentError(
            f"The agent at {held.path} did not answer in {SECONDS:g} seconds.",
            "It hangs, or waits for someone to unlock it.",
        ) from None
    except OSError as error:
        raise _unreachable(held.path, error) from error


def _identities(answer: bytes, path: str) -> tuple[AgentIdentity, ...]:
    if answer in _FAILURES:
        raise AgentError(
            f"The agent at {path} refuses to list its keys.",
            "It is locked, or waits for its token or vault to be opened: unlock it, and try again.",
        )
    try:
        head, count, reader = answer[:1], answer[1:5], Reader(answer[5:])
        if head != _IDENTITIES_ANSWER or len(count) < 4:
            raise WireError("it is another answer")
        found = []
        # What is counted must be there, so that a false count ends with the answer.
        for _ in range(int.from_bytes(count, "big")):
            blob, comment = reader.string(), reader.string()
            algorithm = Reader(blob).string().decode("ascii", "replace")
            found.append(AgentIdentity(algorithm, blob, comment.decode("utf-8", "replace")))
        reader.end()
    except WireError:
        raise AgentError(
            f"The answer of the agent at {path} breaks the protocol of agents.",
            "Restart it, or use another.",
        ) from None
    return tuple(found)


# Which agent it is ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _HeldSocket:
    """A socket in the file system: `path` names it, `address` leads to it whatever path becomes."""

    path: str
    address: str
    file: int | None


@contextmanager
def _held_socket() -> Iterator[_HeldSocket]:
    """Hold the socket of the session's agent, so that no other can take its place.

    Raises:
        NoAgent: there is none.
    """
    path = os.environ.get(_VARIABLE, "")
    if not path:
        raise NoAgent(f"There is no ssh-agent: {_VARIABLE} is not set.")
    flag = getattr(os, "O_PATH", None)
    if flag is None or not Path("/proc/self/fd").is_dir():
        yield _HeldSocket(path, path, None)
        return
    try:
        file = os.open(path, flag | os.O_CLOEXEC)
    except (OSError, ValueError) as error:  # a ValueError is of a path that can be no path
        raise _unreachable(path, error) from error
    try:
        yield _HeldSocket(path, f"/proc/self/fd/{file}", file)
    finally:
        os.close(file)


@contextmanager
def _connection(held: _HeldSocket, deadline: float) -> Iterator[socket.socket]:
    """Connect, waiting for a place in the queue of an agent that is busy.

    Raises:
        OSError: it cannot be reached.
    """
    with socket.socket(socket.AF_UNIX) as connection:
        while True:
            connection.settimeout(max(deadline - monotonic(), _STEP))
            try:
                connection.connect(held.address)
                break
            except BlockingIOError:  # the queue is full
                if monotonic() > deadline:
                    raise
                time.sleep(_STEP)
        yield connection


def _unreachable(path: str, error: Exception) -> AgentError:
    number = error.errno if isinstance(error, OSError) else None
    why = error.strerror if isinstance(error, OSError) else None
    if number == errno.EAGAIN:
        return AgentError(
            f"The agent at {path} is busy: its queue of connections is full.",
            "Try again; if that does not help, it hangs, and has to be restarted.",
        )
    if number in (errno.EACCES, errno.EPERM):
        return NoAgent(
            f"The agent at {path} does not let you in: {why}. It belongs to another account, as"
            " after su."
        )
    return NoAgent(
        f"No ssh-agent answers at {path}: {why or error}. It has ended, or belongs to a login that"
        " is over."
    )


def _receive(connection: socket.socket, size: int, deadline: float) -> bytes:
    data = bytearray()
    while len(data) < size:
        left = deadline - monotonic()
        if left <= 0:
            raise TimeoutError
        connection.settimeout(left)
        part = connection.recv(size - len(data))
        if not part:
            raise ConnectionResetError(0, "it closed the connection")
        data += part
    return bytes(data)


def _peer(connection: socket.socket) -> tuple[int, int] | None:
    """Return the process and the account that made a socket, where the system says so."""
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return None
    process, uid, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, option, 12))
    return process, uid


def _owner(connection: socket.socket, held: _HeldSocket) -> AgentOwner | None:
    """Return the other account whose agent it is; where nothing tells, whose file the socket is."""
    peer = _peer(connection)
    uid = Path(held.path).stat().st_uid if peer is None else peer[1]
    if uid == os.geteuid():
        return None
    try:
        return AgentOwner(uid, pwd.getpwuid(uid).pw_name)
    except KeyError:
        return AgentOwner(uid, f"user {uid}")


def _is_of_this_program(connection: socket.socket) -> bool:
    """Return whether the process that is this program now made the socket.

    `ssh-agent COMMAND` listens, leaves the agent to a child, and becomes the command; the child
    ends once its parent has (ssh-agent(1)).
    """
    peer = _peer(connection)
    return peer is not None and peer[0] == os.getpid()


def _is_of_sshd(connection: socket.socket) -> bool:
    """Return whether sshd made the socket, where the system says who did."""
    peer = _peer(connection)
    if peer is None:
        return False
    try:
        return Path(f"/proc/{peer[0]}/comm").read_text(errors="replace").startswith("sshd")
    except OSError:
        return False


# Adding ---------------------------------------------------------------------------------------


def add(
    private_key: bytearray,
    *,
    lifetime: timedelta | None = None,
    confirm: bool = False,
    accepted: AgentOwner | None = None,
    stop: Event | None = None,
) -> None:
    """Give a private key to the agent of this session, through the standard input of ssh-add.

    Args:
        private_key: an unencrypted file that OpenSSH reads: PKCS#1, or an OpenSSH container.
        lifetime: after which the agent forgets it, in whole seconds; None is never.
        confirm: the agent asks before each use.
        accepted: the owner of an `AgentAsks` that the person said yes to.
        stop: is set when the person does not want to wait any longer.

    Raises:
        AgentAsks: the agent is another account's; nothing was added.
        AddNotConfirmed: ssh-add or the agent ended, or was no longer waited for, before there was
            an answer.
        AgentError: there is no ssh-add or no agent, or it refused.
    """
    with _held_socket() as held:
        program = which("ssh-add")
        if program is None:
            raise AgentError("ssh-add is not installed: install the OpenSSH client.")
        _check_owner(held, accepted)
        options = ["-t", str(int(lifetime.total_seconds()))] if lifetime is not None else []
        options += ["-c"] if confirm else []
        try:
            process = subprocess.Popen(
                [program, *options, "-"],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                # It looks for a certificate in its folder, and for someone to ask on its terminal.
                cwd="/",
                start_new_session=True,
                pass_fds=[] if held.file is None else [held.file],
                env={
                    _VARIABLE: held.address,
                    "SSH_ASKPASS_REQUIRE": "never",
                    "LC_ALL": "C",
                },
            )
        except OSError as error:
            raise AgentError(f"{program} could not be started: {error.strerror}.") from error
        with process:
            words = _words(_said(process, private_key, held.path, stop))
    if process.returncode != 0:
        raise _refusal(process.returncode, words, held.path)


def _check_owner(held: _HeldSocket, accepted: AgentOwner | None) -> None:
    try:
        with _connection(held, monotonic() + SECONDS) as connection:
            owner = _owner(connection, held)
    except OSError as error:
        raise _unreachable(held.path, error) from error
    if owner is not None and owner != accepted:
        raise AgentAsks(held.path, owner)


def _said(
    process: subprocess.Popen[bytes], private_key: bytearray, path: str, stop: Event | None
) -> bytes:
    """Hand the key to ssh-add, wait for its end as long as is wanted, and return what it said.

    Raises:
        AddNotConfirmed: it was no longer waited for; it is ended.
    """
    deadline = monotonic() + SECONDS_TO_ADD
    given: bytearray | None = private_key
    while True:
        try:
            # Any buffer will do, and this one is wiped; typeshed knows only bytes.
            _, said = process.communicate(given, _STEP)  # type: ignore[arg-type]
        except subprocess.TimeoutExpired:
            given = None  # it is handed over once, however often is looked
            # What has reached the agent's socket it may still read.
            if stop is not None and stop.is_set():
                process.kill()
                raise AddNotConfirmed(
                    f"You stopped waiting for the agent at {path}, which had not answered yet."
                ) from None
            if monotonic() > deadline:
                process.kill()
                raise AddNotConfirmed(
                    f"The agent at {path} did not answer in {SECONDS_TO_ADD:g} seconds; ssh-add was"
                    " ended."
                ) from None
        else:
            return said


def _refusal(status: int, words: str, path: str) -> AgentError:
    """Return what an ssh-add that did not succeed means."""
    if status == _NO_AGENT:
        return _unreachable(path, AgentError(words))
    if status < 0:
        return AddNotConfirmed(f"ssh-add was ended by signal {-status}.")
    if words.endswith(_CUT_OFF):
        return AddNotConfirmed(f"The agent at {path} gave no answer ({words}).")
    return AgentError(
        f"The agent at {path} is there, but refused the key ({words}).",
        f"A locked agent refuses every key ({TO_UNLOCK} unlocks it), some refuse a lifetime or"
        " being asked, and those of a token or a vault take no keys.",
    )


def _words(said: bytes) -> str:
    """Return the last line that ssh-add said, bounded."""
    lines = said.decode("utf-8", "replace").strip().splitlines()
    return lines[-1][:_MOST_WORDS] if lines else "it did not say why"
