import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.local import backend
from core.secret import KeyMaterial
from tests.core.sshd import Server, free_port, wait_until_it_listens
from tests.helpers import SECONDS, Run


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[KeyMaterial]:
    """Return the list of the private keys that are handed over from here on."""
    made: list[KeyMaterial] = []

    def observed(material: bytes) -> KeyMaterial:
        made.append(KeyMaterial(material))
        return made[-1]

    monkeypatch.setattr(backend, "KeyMaterial", observed)
    return made


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
