import re
from pathlib import Path

import pytest

from core.custody import saving
from core.model import CreatedKeyPair, KeyFormat, KeyType
from core.session import Session
from tests.core.sshd import Server, by_plink, by_ssh
from tests.helpers import Run

CLIENTS = {KeyFormat.PEM: by_ssh, KeyFormat.PPK: by_plink}


def saved(
    session: Session, folder: Path, key_type: KeyType, key_format: KeyFormat
) -> tuple[CreatedKeyPair, Path]:
    created = session.backend.create_key_pair(
        key_name="login", key_type=key_type, key_format=key_format
    )
    return created, saving.save_key_material(
        session, created, str(folder / f"login.{key_format}")
    ).path


@pytest.mark.long
@pytest.mark.parametrize("key_type", KeyType)
@pytest.mark.parametrize("key_format", KeyFormat)
def test_a_server_lets_the_saved_key_in_once_its_public_key_is_installed(
    key_type: KeyType,
    key_format: KeyFormat,
    server: Server,
    run: Run,
    session: Session,
    tmp_path: Path,
) -> None:
    created, path = saved(session, tmp_path, key_type, key_format)
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
    key_format: KeyFormat, server: Server, run: Run, session: Session, tmp_path: Path
) -> None:
    _, path = saved(session, tmp_path, KeyType.ED25519, key_format)
    other = session.backend.create_key_pair(key_name="other", key_type="ed25519")
    server.authorized_keys.write_text(f"{other.key_pair.public_key}\n")
    refused = CLIENTS[key_format](run, server, path)
    assert refused.returncode != 0
    assert refused.stdout == b""


@pytest.mark.long
def test_ssh_takes_the_saved_file_only_because_it_is_private(
    server: Server, run: Run, session: Session, tmp_path: Path
) -> None:
    created, path = saved(session, tmp_path, KeyType.ED25519, KeyFormat.PEM)
    server.authorized_keys.write_text(f"{created.key_pair.public_key}\n")
    assert by_ssh(run, server, path).stdout == b"logged in"
    path.chmod(0o644)
    refused = by_ssh(run, server, path)
    assert refused.returncode != 0
    assert b"bad permissions" in refused.stderr
