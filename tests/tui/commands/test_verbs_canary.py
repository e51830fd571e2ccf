"""A known key is led through `create-key-pair`; any 16 bytes of it are searched for everywhere.

Searched are standard error, every file but the one it was asked for, and the command line and the
environment of the program and of those it starts. A passphrase must be nowhere at all.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.each_row import each_row
from tests.forking import python
from tests.helpers import Agent
from tests.pty.canary import NAME, holds_key, passphrase, pieces, pieces_of_passphrase

ROOT = Path(__file__).parents[3]
PIECES, PIECES_OF_PASSPHRASE = pieces(), pieces_of_passphrase()

PROGRAM = """
import sys
from core.keys import keygen
from tests.pty.canary import private_key
from tui.__main__ import main
keygen.generate = private_key
{fault}
status = main(sys.argv[1:])
sys.stdout = open("/dev/null", "w") if sys.stdout is None else sys.stdout
with open("seen", "ab") as seen:
    for name in ("cmdline", "environ"):
        try:
            seen.write(open(f"/proc/self/{{name}}", "rb").read())
        except OSError:
            pass
sys.exit(status)
"""

SSH_ADD = """#!/bin/sh
{{ tr '\\0' '\\n' </proc/$$/cmdline; env; }} >>{folder}/seen
exec {ssh_add} "$@"
"""

CRASH = """
from core.store import region_store
def crash(*_, **__):
    raise RuntimeError("nobody expected this")
region_store.RegionStore._commit = crash
"""
FULL = """
from core.store import region_store
def fail(*_, **__):
    raise OSError(28, "No space left on device")
region_store.RegionStore._commit = fail
"""

WAYS: list[tuple[str, list[str], str, str | None, bool, int]] = [
    ("saved", ["--save", "keys/x.pem"], "", "keys/x.pem", False, 0),
    ("saved for PuTTY", ["--key-format", "ppk", "--save", "keys/x"], "", "keys/x", False, 0),
    (
        "saved with a passphrase",
        ["--save", "keys/x", "--save-format", "openssh", "--passphrase-file", "-"],
        "",
        "keys/x",
        False,
        0,
    ),
    ("to the agent", ["--agent"], "", None, False, 0),
    ("printed", ["--query", "KeyMaterial", "--output", "text"], "", None, True, 0),
    ("printed as JSON", [], "", None, True, 0),
    ("saved, and the record fails", ["--save", "keys/x.pem"], FULL, None, False, 255),
    ("saved, and it crashes", ["--save", "keys/x.pem"], CRASH, None, False, 1),
    ("printed, and it crashes", [], CRASH, None, True, 1),
    ("a query that prints none of it", ["--query", "KeyName"], "", None, False, 252),
    ("a taken name", ["--key-name", "taken", "--save", "keys/x.pem"], "", None, False, 254),
]


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="there is no /proc")
@each_row("what, arguments, fault, path, printed, status", WAYS)
def test_nothing_but_where_it_was_asked_for_holds_the_key(
    what: str,
    arguments: list[str],
    fault: str,
    path: str | None,
    printed: bool,
    status: int,
    tmp_path: Path,
    ssh_agent: Agent,
) -> None:
    for name in ("keys", "home", "tmp", "tools"):
        (tmp_path / name).mkdir(0o700)
    ssh_add = tmp_path / "tools" / "ssh-add"
    ssh_add.write_text(SSH_ADD.format(folder=tmp_path, ssh_add=ssh_agent.tool("ssh-add")))
    ssh_add.chmod(0o755)
    environment = {
        **ssh_agent.environment,
        "PATH": f"{tmp_path / 'tools'}:{os.environ['PATH']}",
        "HOME": str(tmp_path / "home"),
        "TMPDIR": str(tmp_path / "tmp"),
        "PYTHONPATH": str(ROOT),
        "KEYPAIRS_DATA_DIR": str(tmp_path / "data"),
    }

    def run(
        code: str, *words: str, by: Sequence[str] = (sys.executable,)
    ) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [*by, "-c", code, *words],
            cwd=tmp_path,
            env=environment,
            input=f"{passphrase()}\n".encode(),
            capture_output=True,
            timeout=60,
            check=False,
        )

    taken = ["import-key-pair", "--key-name", "taken", "--public-key-material", PUBLIC_KEY]
    imports = "from tui.__main__ import program; program()"
    assert run(imports, *taken, by=python()).returncode == 0
    done = run(PROGRAM.format(fault=fault), "create-key-pair", "--key-name", NAME, *arguments)
    assert done.returncode == status, done.stderr
    assert holds_key(done.stdout, PIECES) == printed
    assert not holds_key(done.stderr, PIECES)
    files = [each for each in tmp_path.rglob("*") if each.is_file()]
    holding = {each for each in files if holds_key(each.read_bytes(), PIECES)}
    encrypted = "--passphrase-file" in arguments
    assert holding == ({tmp_path / path} if path and not encrypted else set())
    assert path is None or (tmp_path / path).is_file()
    for text in (done.stdout, done.stderr, *(each.read_bytes() for each in files)):
        assert not holds_key(text, PIECES_OF_PASSPHRASE)
    if "--agent" in arguments:
        assert b"SSH_AUTH_SOCK" in (tmp_path / "seen").read_bytes()
        assert NAME.encode() in ssh_agent.ssh_add("-L").stdout
        ssh_agent.ssh_add("-D")


PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILR+zNQbYY5ORuhYXGMTSnjRLzS9C5dUdWRKdlqi20q2"
