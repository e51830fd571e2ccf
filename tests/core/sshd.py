"""An OpenSSH server, and the logging in to it by the programs that people have."""

import os
import pwd
import re
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.helpers import SECONDS, Run

USER = pwd.getpwuid(os.geteuid()).pw_name
COMMAND = "printf 'logged in'"


@dataclass
class Server:
    """An OpenSSH server on this machine that lets in whoever is in `authorized_keys`."""

    port: int
    authorized_keys: Path
    host_key_line: str
    host_key_fingerprint: str


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def wait_until_it_listens(process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + SECONDS
    while b"Server listening" not in log.read_bytes():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.01)


@contextmanager
def serving(
    run: Run, tool: Callable[[str], str], folder: Path, *configuration: str
) -> Iterator[Server]:
    """Run an OpenSSH server whose files are in a folder; further lines of sshd_config win."""
    if os.geteuid() == 0:
        # The empty folder that sshd wants when root starts it, as its package makes it at boot.
        Path("/run/sshd").mkdir(0o755, exist_ok=True)
    host_key = folder / "host_key"
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", host_key)
    shown = run("ssh-keygen", "-l", "-f", host_key).stdout.decode()
    authorized_keys = folder / "authorized_keys"
    authorized_keys.touch(0o600)
    port = free_port()
    settings = [
        *configuration,
        f"ListenAddress 127.0.0.1:{port}",
        f"HostKey {host_key}",
        f"AuthorizedKeysFile {authorized_keys}",
        "PidFile none",
        "UsePAM no",
        "StrictModes no",
        "PermitRootLogin yes",
        "PasswordAuthentication no",
        "KbdInteractiveAuthentication no",
        "PrintLastLog no",
        "UseDNS no",
    ]
    (folder / "sshd_config").write_text("".join(f"{line}\n" for line in settings))
    log = folder / "sshd.log"
    with log.open("wb") as log_file:
        process = subprocess.Popen(
            # sshd starts itself again for each connection, and so wants its absolute path.
            [tool("sshd"), "-D", "-e", "-f", folder / "sshd_config"],
            stdin=subprocess.DEVNULL,
            stdout=log_file,
            stderr=log_file,
        )
    try:
        wait_until_it_listens(process, log)
        yield Server(
            port=port,
            authorized_keys=authorized_keys,
            host_key_line=host_key.with_suffix(".pub").read_text().strip(),
            host_key_fingerprint=shown.split()[1],
        )
    finally:
        process.terminate()
        try:
            process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(SECONDS)


_MOST_IDENTITIES = 90
"""How many keys ssh takes at once is 100 (SSH_MAX_IDENTITY_FILES)."""


def accepted_by(run: Run, server: Server, folder: Path, lines: Sequence[str]) -> set[int]:
    """Return which public keys, counted from 0, the server would let in with a signature.

    It is asked about many in one connection: ssh has no private key to go on with. The server must
    allow as many tries (MaxAuthTries).
    """
    known_hosts = folder / "known_hosts"
    known_hosts.write_text(f"[127.0.0.1]:{server.port} {server.host_key_line}\n")
    options = [
        "IdentitiesOnly=yes",
        "IdentityAgent=none",
        "BatchMode=yes",
        "StrictHostKeyChecking=yes",
        f"UserKnownHostsFile={known_hosts}",
        "GlobalKnownHostsFile=/dev/null",
        f"ConnectTimeout={SECONDS}",
    ]
    arguments = [word for option in options for word in ("-o", option)]
    accepted = set()
    for start in range(0, len(lines), _MOST_IDENTITIES):
        numbers = range(start, min(start + _MOST_IDENTITIES, len(lines)))
        for number in numbers:
            (folder / f"{number}.pub").write_text(f"{lines[number]}\n")
        # Not -i, which leaves out what is not there.
        keys = [
            word for number in numbers for word in ("-o", f"IdentityFile={folder / str(number)}")
        ]
        where = ["-p", str(server.port), f"{USER}@127.0.0.1", COMMAND]
        done = run("ssh", "-F", "none", "-v", *keys, *arguments, *where, status=255)
        log = done.stderr.decode("utf-8", "replace")
        offered = re.findall(r"Offering public key: (\S+)", log)
        assert len(set(offered)) == len(numbers), log
        accepted |= {int(Path(path).name) for path in re.findall(r"accepts key: (\S+)", log)}
    return accepted


def by_ssh(run: Run, server: Server, key_file: Path) -> subprocess.CompletedProcess[bytes]:
    known_hosts = key_file.with_name("known_hosts")
    known_hosts.write_text(f"[127.0.0.1]:{server.port} {server.host_key_line}\n")
    options = [
        "IdentitiesOnly=yes",
        "IdentityAgent=none",
        "BatchMode=yes",
        "StrictHostKeyChecking=yes",
        f"UserKnownHostsFile={known_hosts}",
        "GlobalKnownHostsFile=/dev/null",
        f"ConnectTimeout={SECONDS}",
    ]
    arguments = [argument for option in options for argument in ("-o", option)]
    where = ["-p", str(server.port), f"{USER}@127.0.0.1"]
    return run("ssh", "-F", "none", "-i", key_file, *arguments, *where, COMMAND, status=None)


def by_plink(run: Run, server: Server, key_file: Path) -> subprocess.CompletedProcess[bytes]:
    options = ["-batch", "-ssh", "-noagent", "-hostkey", server.host_key_fingerprint]
    where = ["-P", str(server.port), f"{USER}@127.0.0.1"]
    return run("plink", *options, "-i", key_file, *where, COMMAND, status=None)
