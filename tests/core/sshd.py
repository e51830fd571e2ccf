"""An OpenSSH server, and the logging in to it by the programs that people have."""

import os
import pwd
import socket
import subprocess
import time
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
