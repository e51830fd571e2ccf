import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from core.custody.proof import make_private, open_proven, prove
from core.errors import ProofFailed
from core.keys import convert, file_formats, ppk
from core.keys.keygen import PrivateKey
from core.model import CreatedKeyPair, FileFormat, KeptKeyPair, KeyType
from core.secret import Passphrase
from core.session import Session
from tests.helpers import Run

PASSPHRASE = "correct horse ü".encode()
MODE = "mode 0600, yours"
WHOLE = ("reads back as this key", "fingerprint equal")
SEEN = "its public half is this key"
FORMATS = [
    pytest.param((key_type, file_format), id=f"{key_type}-{file_format}")
    for key_type in KeyType
    for file_format in FileFormat
    if (key_type, file_format) != (KeyType.ED25519, FileFormat.PKCS8)
]


@pytest.fixture(params=KeyType)
def created(request: pytest.FixtureRequest, session: Session) -> CreatedKeyPair:
    return session.backend.create_key_pair(key_name="web-1", key_type=request.param)


def key_of(created: CreatedKeyPair) -> PrivateKey:
    return convert.decode(created.key_material.encode())


def saved(path: Path, data: bytes) -> Path:
    path.touch(0o600)
    path.write_bytes(data)
    return path


@pytest.fixture
def sealed(session: Session) -> CreatedKeyPair:
    """Return one pair for what takes its time with a passphrase and is the same for each type."""
    return session.backend.create_key_pair(key_name="sealed", key_type="ed25519")


def encrypted(created: CreatedKeyPair) -> Iterator[bytes]:
    for file_format in FileFormat:
        refusal = file_formats.refusal(file_format, created.key_pair.key_type)
        if file_format.takes_passphrase and refusal is None:
            yield convert.encode_as(key_of(created), file_format, "web-1", PASSPHRASE)


@pytest.mark.parametrize("form", FORMATS)
def test_a_key_proves_in_every_format(
    form: tuple[KeyType, FileFormat], session: Session, tmp_path: Path
) -> None:
    key_type, file_format = form
    created = session.backend.create_key_pair(key_name="web-1", key_type=key_type)
    path = saved(tmp_path / "key", convert.encode_as(key_of(created), file_format, "web-1"))
    assert prove(path, created.key_pair) == (MODE, *WHOLE)
    with pytest.raises(ProofFailed, match="not encrypted"):
        prove(path, created.key_pair, PASSPHRASE)


@pytest.mark.long
def test_an_encrypted_key_proves_with_its_passphrase_and_its_public_half_without(
    created: CreatedKeyPair, tmp_path: Path
) -> None:
    for data in encrypted(created):
        path = saved(tmp_path / "key", data)
        with_it = prove(path, created.key_pair, PASSPHRASE)
        assert with_it == (MODE, "opens with its passphrase", *WHOLE)
        without_it = prove(path, created.key_pair)
        seen = "its passphrase is needed to see which key" if b"BEGIN ENCRYPTED" in data else SEEN
        assert without_it == (MODE, f"encrypted; {seen}")
        for wrong in (b"wrong", b""):
            with pytest.raises(ProofFailed, match="passphrase"):
                prove(path, created.key_pair, wrong)


@pytest.mark.long
def test_another_key_does_not_prove(
    sealed: CreatedKeyPair, session: Session, tmp_path: Path
) -> None:
    other = session.backend.create_key_pair(key_name="other", key_type="ed25519").key_pair
    for data in encrypted(sealed):
        path = saved(tmp_path / "key", data)
        for passphrase in (None, PASSPHRASE):
            with pytest.raises(ProofFailed, match="another key"):
                prove(path, other, passphrase)


@pytest.mark.long
def test_an_encrypted_key_that_others_may_read_does_not_prove(
    sealed: CreatedKeyPair, tmp_path: Path
) -> None:
    for data in encrypted(sealed):
        path = saved(tmp_path / "key", data)
        path.chmod(0o640)
        for passphrase in (None, PASSPHRASE):
            with pytest.raises(ProofFailed, match="mode 0640"):
                prove(path, sealed.key_pair, passphrase)


def test_a_text_that_can_be_no_path_is_missing(sealed: CreatedKeyPair, tmp_path: Path) -> None:
    with pytest.raises(ProofFailed, match="could not be read back: it is missing"):
        prove(tmp_path / "a\0b", sealed.key_pair)


def test_only_what_is_wrong_with_the_access_is_said_and_how_to_mend_it(
    sealed: CreatedKeyPair, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved(tmp_path / "it's mine", sealed.key_material.encode())
    path.chmod(0o644)
    with pytest.raises(ProofFailed) as caught:
        prove(path, sealed.key_pair)
    said, _, command = str(caught.value).partition(": ")
    assert said == f"{path} has mode 0644, not 0600"
    run("sh", "-c", command)
    assert prove(path, sealed.key_pair)
    owner = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    with pytest.raises(ProofFailed) as caught:
        prove(path, sealed.key_pair)
    assert "mode" not in str(caught.value)
    assert f"belongs to another account (uid {owner})" in str(caught.value)
    assert f": chown {owner + 1} '{tmp_path}" in str(caught.value)


@pytest.mark.long
def test_an_encrypted_key_that_was_changed_does_not_prove(
    sealed: CreatedKeyPair, tmp_path: Path
) -> None:
    for data in encrypted(sealed):
        middle = len(data) * 2 // 3
        damaged = data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]
        for change in (damaged, data[:-1], data.replace(b"\n", b"\r\n")):
            with pytest.raises(ProofFailed, match="did not read back"):
                prove(saved(tmp_path / "key", change), sealed.key_pair, PASSPHRASE)


def test_halves_that_disagree_are_said_to_do_so(session: Session, tmp_path: Path) -> None:
    created = session.backend.create_key_pair(key_name="web-1", key_type="ed25519")
    public_half = convert.public_key(key_of(created))
    data = ppk.encode(Ed25519PrivateKey.generate(), public_half, "web-1")
    with pytest.raises(ProofFailed, match="of different keys"):
        prove(saved(tmp_path / "key", data), created.key_pair)


@pytest.mark.long
def test_a_key_whose_passphrase_ssh_keygen_changed_still_proves(
    created: CreatedKeyPair, tmp_path: Path, run: Run
) -> None:
    data = convert.encode_as(key_of(created), FileFormat.OPENSSH, "web-1")
    path = saved(tmp_path / "key", data)
    run("ssh-keygen", "-q", "-p", "-N", "another one", "-f", path)
    assert "fingerprint equal" in prove(path, created.key_pair, b"another one")


def test_a_kind_of_file_that_is_never_written_does_not_prove(
    session: Session, tmp_path: Path, run: Run
) -> None:
    created = session.backend.create_key_pair(key_name="web-1", key_type="rsa")
    path = saved(tmp_path / "key", created.key_material.encode())
    run("ssh-keygen", "-q", "-p", "-m", "PEM", "-N", "another one", "-f", path)
    for passphrase in (None, b"another one"):
        with pytest.raises(ProofFailed, match="never written"):
            prove(path, created.key_pair, passphrase)


def test_the_private_key_of_an_imported_pair_proves(
    created: CreatedKeyPair, session: Session, tmp_path: Path
) -> None:
    imported: KeptKeyPair = session.backend.import_key_pair(
        key_name="imported", public_key_material=created.key_pair.public_key
    )
    path = saved(tmp_path / "key", created.key_material.encode())
    assert prove(path, imported) == (MODE, *WHOLE)


def test_a_sealed_key_is_opened_with_its_passphrase_alone(
    sealed: CreatedKeyPair, tmp_path: Path
) -> None:
    data = convert.encode_as(key_of(sealed), FileFormat.OPENSSH, "web-1", PASSPHRASE)
    path = saved(tmp_path / "key", data)
    with pytest.raises(ProofFailed, match="is encrypted: give its passphrase"):
        open_proven(path, sealed.key_pair)
    opened = open_proven(path, sealed.key_pair, Passphrase(PASSPHRASE.decode()))
    assert convert.public_key(key_of(opened)).line == sealed.key_pair.public_key


def test_only_the_mode_of_ones_own_file_of_this_key_is_changed(
    sealed: CreatedKeyPair, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = session.backend.create_key_pair(key_name="other", key_type="ed25519").key_pair
    path = saved(tmp_path / "key", sealed.key_material.encode())
    path.chmod(0o644)
    with pytest.raises(ProofFailed, match="is another key; its mode is as it was"):
        make_private(path, other)
    owner = os.geteuid()
    with monkeypatch.context() as patch:
        patch.setattr(os, "geteuid", lambda: owner + 1)
        with pytest.raises(ProofFailed, match=f"belongs to another account .uid {owner}"):
            make_private(path, sealed.key_pair)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert make_private(path, sealed.key_pair) == 0o644
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
