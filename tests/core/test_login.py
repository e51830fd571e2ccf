import os
import pwd
import re
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.model import CreatedKeyPair, KeyFormat, KeyType
from core.service import KeyPairService
from tests.helpers import Run

SECONDS = 20
USER = pwd.getpwuid(os.geteuid()).pw_name
COMMAND = "printf 'logged in'"


@dataclass
class Server:
    """An OpenSSH server on this machine that lets in whoever is in `authorized_keys`."""

    port: int
    authorized_keys: Path
    host_key_line: str
    host_key_fingerprint: str


@pytest.fixture(scope="module")
def privilege_separation_folder() -> None:
    """Make the empty folder that sshd wants when root starts it, as its package does at boot."""
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(0o755, exist_ok=True)


@pytest.fixture
def server(
    tool: Callable[[str], str], run: Run, tmp_path: Path, privilege_separation_folder: None
) -> Iterator[Server]:
    host_key = tmp_path / "host_key"
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", host_key)
    shown = run("ssh-keygen", "-l", "-f", host_key).stdout.decode()
    authorized_keys = tmp_path / "authorized_keys"
    authorized_keys.touch(0o600)
    port = free_port()
    configuration = tmp_path / "sshd_config"
    configuration.write_text(
        f"ListenAddress 127.0.0.1:{port}\n"
        f"HostKey {host_key}\n"
        f"AuthorizedKeysFile {authorized_keys}\n"
        "PidFile none\n"
        "UsePAM no\n"
        "StrictModes no\n"
        "PermitRootLogin yes\n"
        "PasswordAuthentication no\n"
        "KbdInteractiveAuthentication no\n"
        "PrintLastLog no\n"
        "UseDNS no\n"
    )
    log = tmp_path / "sshd.log"
    with log.open("wb") as log_file:
        process = subprocess.Popen(
            # sshd starts itself again for each connection, and so wants its absolute path.
            [tool("sshd"), "-D", "-e", "-f", configuration],
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


CLIENTS = {KeyFormat.PEM: by_ssh, KeyFormat.PPK: by_plink}


def saved(
    service: KeyPairService, folder: Path, key_type: KeyType, key_format: KeyFormat
) -> tuple[CreatedKeyPair, Path]:
    created = service.create_key_pair(key_name="login", key_type=key_type, key_format=key_format)
    return created, service.save_key_material(created, str(folder / f"login.{key_format}")).path


@pytest.mark.parametrize("key_type", KeyType)
@pytest.mark.parametrize("key_format", KeyFormat)
def test_a_server_lets_the_saved_key_in_once_its_public_key_is_installed(
    key_type: KeyType,
    key_format: KeyFormat,
    server: Server,
    run: Run,
    service: KeyPairService,
    tmp_path: Path,
) -> None:
    created, path = saved(service, tmp_path, key_type, key_format)
    log_in = CLIENTS[key_format]

    refused = log_in(run, server, path)
    assert refused.returncode != 0
    assert refused.stdout == b""
    assert re.search(rb"Permission denied \(publickey\)|refused our key", refused.stderr)

    server.authorized_keys.write_text(
        f"{created.key_pair.public_key} {created.key_pair.key_name}\n"
    )
    accepted = log_in(run, server, path)
    assert accepted.stdout == b"logged in", accepted.stderr
    assert accepted.returncode == 0


@pytest.mark.parametrize("key_format", KeyFormat)
def test_a_server_does_not_let_another_key_in(
    key_format: KeyFormat, server: Server, run: Run, service: KeyPairService, tmp_path: Path
) -> None:
    _, path = saved(service, tmp_path, KeyType.ED25519, key_format)
    other = service.create_key_pair(key_name="other", key_type="ed25519")
    server.authorized_keys.write_text(f"{other.key_pair.public_key}\n")
    refused = CLIENTS[key_format](run, server, path)
    assert refused.returncode != 0
    assert refused.stdout == b""


def test_ssh_takes_the_saved_file_only_because_it_is_private(
    server: Server, run: Run, service: KeyPairService, tmp_path: Path
) -> None:
    created, path = saved(service, tmp_path, KeyType.ED25519, KeyFormat.PEM)
    server.authorized_keys.write_text(f"{created.key_pair.public_key}\n")
    assert by_ssh(run, server, path).stdout == b"logged in"
    path.chmod(0o644)
    refused = by_ssh(run, server, path)
    assert refused.returncode != 0
    assert b"bad permissions" in refused.stderr
