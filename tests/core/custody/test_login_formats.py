"""Logging in with a saved file of every format, with the programs that read it as it is."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from core.custody import saving
from core.keys import file_formats
from core.model import FileFormat, KeyType
from core.secret import Passphrase
from core.session import Session
from tests.core.sshd import COMMAND, USER, Server, by_plink, by_ssh
from tests.helpers import SECONDS, Run

Client = Callable[[Run, Server, Path], subprocess.CompletedProcess[bytes]]

PHRASE = "clasp yearly gotten"
PEM, PPK2, PPK3, OPENSSH, PKCS8 = FileFormat


def by_dbclient(run: Run, server: Server, key_file: Path) -> subprocess.CompletedProcess[bytes]:
    """Log in with Dropbear's client, which wants its own format."""
    converted = key_file.with_name("dropbear")
    run("dropbearconvert", "openssh", "dropbear", key_file, converted)
    where = ["-p", str(server.port), f"{USER}@127.0.0.1"]
    # Its list of hosts is in the home; there is one server here.
    return run("dbclient", "-y", "-y", "-T", "-i", converted, *where, COMMAND, status=None)


CLIENTS = {
    PEM: [by_ssh, by_dbclient],
    OPENSSH: [by_ssh, by_dbclient],
    PKCS8: [by_ssh],
    PPK2: [by_plink],
    PPK3: [by_plink],
}


def case(key_type: KeyType, file_format: FileFormat, log_in: Client) -> object:
    # Those of ED25519 stand for the others in the plain run; test_login has the formats of EC2.
    quick = file_format is PKCS8 or (key_type is KeyType.ED25519 and file_format in (OPENSSH, PPK3))
    name = f"{key_type} {file_format} {log_in.__name__}"
    marks = () if quick else (pytest.mark.long,)
    return pytest.param(key_type, file_format, log_in, id=name, marks=marks)


@pytest.mark.long
@pytest.mark.parametrize(
    ("key_type", "file_format", "log_in"),
    [
        case(key_type, file_format, log_in)
        for key_type in KeyType
        for file_format in FileFormat
        for log_in in CLIENTS[file_format]
        if file_formats.refusal(file_format, key_type) is None
    ],
)
def test_a_server_lets_a_file_of_every_format_in(
    key_type: KeyType,
    file_format: FileFormat,
    log_in: Client,
    server: Server,
    run: Run,
    session: Session,
    tmp_path: Path,
) -> None:
    created = session.backend.create_key_pair(key_name="login", key_type=key_type)
    path = saving.save_key_material(session, created, str(tmp_path / "key"), file_format).path
    assert log_in(run, server, path).stdout == b""
    server.authorized_keys.write_text(f"{created.key_pair.public_key}\n")
    done = log_in(run, server, path)
    assert done.stdout == b"logged in", done.stderr


@pytest.mark.long
@pytest.mark.parametrize("key_type", [KeyType.RSA, KeyType.ED25519])
def test_ssh_logs_in_with_the_passphrase_and_not_without(
    key_type: KeyType,
    server: Server,
    tool: Callable[[str], str],
    session: Session,
    tmp_path: Path,
) -> None:
    created = session.backend.create_key_pair(key_name="login", key_type=key_type)
    path = saving.save_key_material(
        session, created, str(tmp_path / "key"), OPENSSH, Passphrase(PHRASE)
    ).path
    server.authorized_keys.write_text(f"{created.key_pair.public_key}\n")
    answer = tmp_path / "answer"
    said = []
    for phrase in (PHRASE, PHRASE.upper()):
        answer.write_text(f"#!/bin/sh\necho '{phrase}'\n")
        answer.chmod(0o700)
        options = ["IdentitiesOnly=yes", "IdentityAgent=none", "StrictHostKeyChecking=no"]
        options += ["UserKnownHostsFile=/dev/null", "PasswordAuthentication=no"]
        arguments = [part for option in options for part in ("-o", option)]
        where = ["-p", str(server.port), f"{USER}@127.0.0.1", COMMAND]
        done = subprocess.run(
            [tool("ssh"), "-F", "none", "-i", path, *arguments, *where],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            env={
                "PATH": os.environ.get("PATH", os.defpath),
                "SSH_ASKPASS": str(answer),
                "SSH_ASKPASS_REQUIRE": "force",
            },
            check=False,
        )
        said.append(done.stdout)
    assert said == [b"logged in", b""]
