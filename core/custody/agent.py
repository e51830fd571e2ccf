"""The ssh-agent of this session: what it holds, and how a private key gets into it.

What it holds is asked of the agent itself, in the protocol of draft-ietf-sshm-ssh-agent: the
comments that ssh-add prints may hold line breaks, and so cannot be told from more keys. A key is
added by ssh-add, which reads it from its standard input: it is in no file, no argument and no
environment. Whatever the agent does, nothing here waits longer than `SECONDS`, or reads more
than an agent may answer.
"""

import hashlib
import os
import socket
import struct
import subprocess
from base64 import b64encode
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from shutil import which
from time import monotonic

from core.errors import KeyPairsError, NotConfirmed
from core.keys.encoding.sshwire import Reader, WireError, string

SECONDS = 5.0
"""The longest that an agent is waited for."""

_LARGEST = 256 * 1024
"""The longest message of OpenSSH's agent; a longer one is refused unread."""

_REQUEST_IDENTITIES, _IDENTITIES_ANSWER = b"\x0b", b"\x0c"
_NO_AGENT = 2
"""The exit status of ssh-add when there is no agent."""

_CUT_OFF = "communication with agent failed"
"""What OpenSSH's ssherr.c says where a request was sent, and no whole answer came."""

_MOST_WORDS = 200


class AgentError(KeyPairsError):
    """The agent cannot be asked, or did not take a key; says what to do.

    `reason` is the message without the advice, for where that is another.
    """

    def __init__(self, reason: str, advice: str = "") -> None:
        super().__init__(f"{reason} {advice}" if advice else reason)
        self.reason = reason


class NoAgent(AgentError):
    """This session has no agent, and can get none without being started again."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            reason,
            'Start one with eval "$(ssh-agent)", then start keypairs again in that shell.',
        )


class AddNotConfirmed(AgentError, NotConfirmed):
    """A key was on its way to the agent, which may hold it now, or later; says how to look."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, "The agent may hold the key: ssh-add -l lists what it holds.")


@dataclass(frozen=True, slots=True)
class Identity:
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
    person came from, and a key that is added goes there.
    """

    path: str
    forwarded: bool
    identities: tuple[Identity, ...]


def _socket_path() -> str:
    """Return where the agent of this session listens.

    Raises:
        NoAgent: there is none.
    """
    path = os.environ.get("SSH_AUTH_SOCK", "")
    if not path:
        raise NoAgent("There is no ssh-agent: SSH_AUTH_SOCK is not set.")
    return path


def holdings() -> Holdings:
    """Return what the agent of this session holds; a locked one says that it holds nothing.

    Raises:
        AgentError: there is none, it does not answer, or its answer is none.
    """
    path = _socket_path()
    deadline = monotonic() + SECONDS
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(SECONDS)
            connection.connect(path)
            forwarded = _is_of_sshd(connection)
            connection.sendall(string(_REQUEST_IDENTITIES))
            length = int.from_bytes(_receive(connection, 4, deadline), "big")
            if not 0 < length <= _LARGEST:
                raise AgentError(f"What listens at {path} is no ssh-agent.")
            answer = _receive(connection, length, deadline)
    except TimeoutError:
        raise AgentError(f"The agent at {path} did not answer in {SECONDS:g} seconds.") from None
    except (OSError, ValueError) as error:  # a ValueError is of a path that can be no path
        raise _unreachable(path, error) from error
    return Holdings(path, forwarded, _identities(answer, path))


def _unreachable(path: str, error: Exception) -> NoAgent:
    why = error.strerror if isinstance(error, OSError) else None
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


def _identities(answer: bytes, path: str) -> tuple[Identity, ...]:
    try:
        head, count, reader = answer[:1], answer[1:5], Reader(answer[5:])
        if head != _IDENTITIES_ANSWER or len(count) < 4:
            raise WireError("it is another answer")
        found = []
        # What is counted must be there, so that a false count ends with the answer.
        for _ in range(int.from_bytes(count, "big")):
            blob, comment = reader.string(), reader.string()
            algorithm = Reader(blob).string().decode("ascii", "replace")
            found.append(Identity(algorithm, blob, comment.decode("utf-8", "replace")))
        reader.end()
    except WireError:
        raise AgentError(f"The agent at {path} gave an answer that is none.") from None
    return tuple(found)


def _is_of_sshd(connection: socket.socket) -> bool:
    """Tell whether sshd made the socket, where the system says who did."""
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return False
    try:
        process, _, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, option, 12))
        return Path(f"/proc/{process}/comm").read_text(errors="replace").startswith("sshd")
    except OSError:
        return False


def add(
    private_key: bytearray, *, lifetime: timedelta | None = None, confirm: bool = False
) -> None:
    """Give a private key to the agent of this session, through the standard input of ssh-add.

    Args:
        private_key: an unencrypted file that OpenSSH reads: PKCS#1, or an OpenSSH container.
        lifetime: after which the agent forgets it, in whole seconds; None is never.
        confirm: the agent asks before each use.

    Raises:
        AddNotConfirmed: ssh-add or the agent ended, or took too long, before there was an answer.
        AgentError: there is no ssh-add or no agent, or it refused.
    """
    path = _socket_path()
    program = which("ssh-add")
    if program is None:
        raise AgentError("ssh-add is not installed: install the OpenSSH client.")
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
            env={"SSH_AUTH_SOCK": path, "SSH_ASKPASS_REQUIRE": "never", "LC_ALL": "C"},
        )
    except OSError as error:
        raise AgentError(f"{program} could not be started: {error.strerror}.") from error
    with process:
        try:
            # Any buffer will do, and this one is wiped; typeshed knows only bytes.
            _, said = process.communicate(private_key, SECONDS)  # type: ignore[arg-type]
        except subprocess.TimeoutExpired:
            process.kill()
            # What has reached the agent's socket it may still read.
            raise AddNotConfirmed(
                f"The agent at {path} did not answer in {SECONDS:g} seconds; ssh-add was ended."
            ) from None
    words = _words(said)
    if process.returncode == _NO_AGENT:
        raise _unreachable(path, AgentError(words))
    if process.returncode < 0:
        raise AddNotConfirmed(f"ssh-add was ended by signal {-process.returncode}.")
    if process.returncode != 0 and words.endswith(_CUT_OFF):
        raise AddNotConfirmed(f"The agent at {path} gave no answer ({words}).")
    if process.returncode != 0:
        raise AgentError(
            f"The agent refused the key ({words}).",
            "A locked agent refuses every key (ssh-add -X unlocks it), and some refuse a lifetime"
            " or being asked.",
        )


def _words(said: bytes) -> str:
    """Return the last line that ssh-add said, bounded."""
    lines = said.decode("utf-8", "replace").strip().splitlines()
    return lines[-1][:_MOST_WORDS] if lines else "it did not say why"
