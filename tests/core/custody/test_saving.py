import dataclasses
import os
import shutil
import stat
import subprocess
import sys
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NoReturn

import pytest

from core.custody import proof, saving
from core.custody.export import export
from core.custody.proof import prove
from core.custody.saving import SaveAsks
from core.disk import files
from core.disk.destination import Destination, PathVerdict, examine, public_path, suggest
from core.errors import KeyPairsError, ProofFailed, SaveError
from core.keys import EncodingError, convert, file_formats
from core.model import CreatedKeyPair, FileFormat, KeyFormat, KeyType
from core.secret import Passphrase, PassphraseGone
from core.session import Session
from core.store.journal import Journal
from tests.core.custody import killed_saves
from tests.core.custody.killed_saves import WAYS
from tests.each_row import each_row
from tests.helpers import Run

PHRASE = "two words, gr\u00fcn #1"

KINDS = [
    pytest.param(key_type, file_format, phrase, id=f"{key_type}-{file_format}-{bool(phrase)}")
    for key_type in KeyType
    for file_format in FileFormat
    if file_formats.refusal(file_format, key_type) is None
    for phrase in (None, PHRASE)
    if phrase is None or file_formats.passphrase_refusal(file_format) is None
]

REGION = "us-east-1"


@pytest.fixture
def create(session: Session) -> Callable[..., CreatedKeyPair]:
    def create(key_type: str = "ed25519", key_format: str = "pem") -> CreatedKeyPair:
        return session.backend.create_key_pair(
            key_name="web 1", key_type=key_type, key_format=key_format
        )

    return create


Create = Callable[..., CreatedKeyPair]


def for_openssh(run: Run, path: Path, phrase: str | None, folder: Path) -> Path:
    """Return an unencrypted file for ssh-keygen of the same key, made by the format's own tool."""
    plain = folder / "plain"
    if path.suffix == ".ppk":
        (folder / "phrase").write_text(phrase or "")
        run(
            "puttygen", path, "-O", "private-openssh", "-o", plain,
            "--old-passphrase", folder / "phrase", "--new-passphrase", "/dev/null",
        )  # fmt: skip
    else:
        plain.write_bytes(path.read_bytes())
        plain.chmod(0o600)
        if phrase is not None:
            run("ssh-keygen", "-p", "-P", phrase, "-N", "", "-f", plain)
    return plain


@pytest.mark.long
@pytest.mark.parametrize(("key_type", "file_format", "phrase"), KINDS)
def test_every_file_is_proven_and_read_by_the_tools_it_is_for(
    key_type: KeyType,
    file_format: FileFormat,
    phrase: str | None,
    create: Create,
    session: Session,
    run: Run,
    signs_for: Callable[[Path, str], bool],
    tmp_path: Path,
) -> None:
    created = create(key_type)
    path = tmp_path / f"web{file_formats.suffix(file_format)}"
    passphrase = None if phrase is None else Passphrase(phrase)
    saved = saving.save_key_material(session, created, str(path), file_format, passphrase)

    assert saved.warning is None
    assert saved.path == path
    assert {"synced", "mode 0600, yours", "reads back as this key", "fingerprint equal"} <= {
        *saved.proofs
    }
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    [recorded] = session.backend.describe_key_pairs()
    assert recorded.custody.saved_to == (str(path),)

    plain = for_openssh(run, path, phrase, tmp_path)
    public = run("ssh-keygen", "-y", "-f", plain).stdout.decode().split()
    assert " ".join(public[:2]) == created.key_pair.public_key
    assert signs_for(plain, created.key_pair.public_key)
    if file_format is FileFormat.PKCS8:
        run("openssl", "pkey", "-in", path, "-check", "-noout", "-passin", f"pass:{phrase or ''}")

    # Later, without the passphrase, what can be seen is proven still.
    later = prove(path, recorded)
    assert ("fingerprint equal" in later) == (phrase is None)
    if phrase is not None:
        assert any("encrypted" in said for said in later)
        assert "opens with its passphrase" in saved.proofs
        for guess in ("", phrase[:-1]):
            (tmp_path / "guess").write_text(guess)
            by_puttygen = ["-O", "private-openssh", "-o", tmp_path / "stolen"]
            by_puttygen += ["--old-passphrase", tmp_path / "guess", "--new-passphrase", "/dev/null"]
            assert run("puttygen", path, *by_puttygen, status=None).returncode != 0


@pytest.mark.parametrize("key_format", KeyFormat)
def test_without_a_format_the_file_is_what_ec2_gave(
    key_format: KeyFormat, create: Create, session: Session, tmp_path: Path
) -> None:
    created = create("rsa", key_format)
    saving.save_key_material(session, created, str(tmp_path / "a"))
    saving.save_key_material(
        session, created, str(tmp_path / "b"), file_formats.of_key_format(key_format)
    )
    assert (tmp_path / "a").read_bytes() == created.key_material.encode()
    assert (tmp_path / "b").read_bytes() == created.key_material.encode()


def test_a_file_that_was_removed_and_saved_anew_is_one_file(
    create: Create, session: Session, tmp_path: Path
) -> None:
    created = create("ed25519", KeyFormat.PEM)
    for name in ("a", "b", "a", "a"):
        (tmp_path / name).unlink(missing_ok=True)
        saving.save_key_material(session, created, str(tmp_path / name))
    (pair,) = session.backend.describe_key_pairs()
    assert pair.custody.saved_to == (str(tmp_path / "b"), str(tmp_path / "a"))
    details = [entry.detail for entry in session.journal() if entry.operation == "SaveKeyMaterial"]
    assert details == [str(tmp_path / name) for name in ("a", "b", "a", "a")]


def test_one_reveal_gives_as_many_files_as_are_wanted(
    create: Create, session: Session, tmp_path: Path
) -> None:
    created = create("rsa", "ppk")
    paths = []
    for file_format in FileFormat:
        paths.append(str(tmp_path / f"web-{file_format}"))
        saving.save_key_material(session, created, paths[-1], file_format)
    saving.save_public_key(created.key_pair, str(tmp_path / "web.pub"))
    [recorded] = session.backend.describe_key_pairs()
    assert recorded.custody.saved_to == tuple(paths)
    for path in recorded.custody.saved_to:
        assert "fingerprint equal" in prove(Path(path), recorded)


@pytest.mark.parametrize("key_type", KeyType)
@pytest.mark.parametrize("file_format", FileFormat)
@pytest.mark.parametrize("phrase", [None, PHRASE])
def test_what_cannot_be_is_refused_with_its_reason_by_all_who_are_asked(
    key_type: KeyType,
    file_format: FileFormat,
    phrase: str | None,
    create: Create,
    session: Session,
    tmp_path: Path,
) -> None:
    reason = file_formats.refusal(file_format, key_type)
    if phrase is not None:
        reason = reason or file_formats.passphrase_refusal(file_format)
    created = create(key_type)
    key = convert.decode(created.key_material.encode())
    secret = None if phrase is None else phrase.encode()
    if reason is None:
        convert.encode_as(key, file_format, "web", secret)
        return
    with pytest.raises(EncodingError):
        convert.encode_as(key, file_format, "web", secret)
    passphrase = None if phrase is None else Passphrase(phrase)
    with pytest.raises(SaveError) as refused:
        saving.save_key_material(session, created, str(tmp_path / "new"), file_format, passphrase)
    assert str(refused.value) == f"Not saved: {reason}."
    assert not (tmp_path / "new").exists()
    assert session.backend.describe_key_pairs() == (created.key_pair,)


# Places that ask --------------------------------------------------------------------------------


@pytest.fixture
def open_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "open"
    folder.mkdir()
    folder.chmod(0o755)
    return folder


def test_a_yes_is_to_one_place_as_it_was(
    create: Create, session: Session, open_folder: Path
) -> None:
    created = create()
    first, second = (str(open_folder / name) for name in ("first", "second"))
    with pytest.raises(SaveAsks, match=r"Not saved yet: .*others can list its folder") as asked:
        saving.save_key_material(session, created, first)
    accepted = asked.value.destination
    assert accepted == examine(first)
    with pytest.raises(SaveAsks):
        saving.save_key_material(session, created, second, accepted=accepted)
    open_folder.chmod(0o711)
    with pytest.raises(SaveAsks, match="others can enter its folder"):
        saving.save_key_material(session, created, first, accepted=accepted)
    open_folder.chmod(0o755)
    assert list(open_folder.iterdir()) == []
    assert saving.save_key_material(session, created, first, accepted=accepted).path == Path(first)
    # A yes to what is refused, or to what is there by now, is none.
    with pytest.raises(SaveError, match="none is overwritten"):
        saving.save_key_material(session, created, first, accepted=accepted)
    with pytest.raises(SaveError, match="none is overwritten"):
        saving.save_key_material(session, created, first, accepted=examine(first))


@pytest.mark.parametrize("path", ["new/web.pem", "new/folder/web.pem"])
def test_a_folder_is_made_only_after_a_second_yes(
    create: Create, session: Session, tmp_path: Path, path: str
) -> None:
    created = create()
    target = tmp_path / path
    calls: list[Callable[[Destination | None], object]] = [
        lambda accepted: saving.save_key_material(session, created, str(target), accepted=accepted),
        lambda accepted: export([created.key_pair], REGION, f"{target}.csv", accepted=accepted),
    ]
    for call in calls:
        with pytest.raises(SaveAsks, match=rf"the folders? .*{target.parent} (is|are) m") as asked:
            call(None)
        assert not (tmp_path / "new").exists()
        call(asked.value.destination)
        assert stat.S_IMODE(target.parent.stat().st_mode) == 0o700
        shutil.rmtree(tmp_path / "new")


def test_the_folder_of_ssh_is_made_without_a_question(
    create: Create, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    created = create()
    assert "/.ssh is missing; it will be made" in examine("~/.ssh/web.pem").explanation
    assert saving.save_key_material(session, created, "~/.ssh/web.pem").path.exists()


def test_what_holds_no_secret_asks_nothing(
    create: Create, session: Session, open_folder: Path
) -> None:
    created = create()
    assert examine(str(open_folder / "web.pub")).verdict is PathVerdict.ASKS
    saving.save_public_key(created.key_pair, str(open_folder / "web.pub"))
    export([created.key_pair], REGION, str(open_folder / "list.csv"))
    assert sorted(path.name for path in open_folder.iterdir()) == ["list.csv", "web.pub"]


# The public key beside it -------------------------------------------------------------------------


def test_a_public_key_file_is_what_ssh_keygen_would_write(
    create: Create, session: Session, run: Run, tmp_path: Path, umask: Callable[[int], None]
) -> None:
    umask(0o077)
    created = create()
    path = tmp_path / "keys" / "web.pub"
    saved = saving.save_public_key(created.key_pair, str(path))
    assert saved.path == path
    assert saved.proofs == ("synced", "mode 0644", "reads back as this public key")
    assert path.read_text() == f"{created.key_pair.public_key} web 1\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    listed = run("ssh-keygen", "-l", "-f", path).stdout.decode()
    assert created.key_pair.custody.fingerprints.ssh_sha256 in listed
    assert "web 1" in listed
    # It is not where the private key is.
    assert session.backend.describe_key_pairs() == (created.key_pair,)
    with pytest.raises(SaveError, match="none is overwritten"):
        saving.save_public_key(created.key_pair, str(path))


def test_a_name_with_a_line_break_in_an_old_file_adds_no_key(
    create: Create, session: Session, tmp_path: Path
) -> None:
    hostile = dataclasses.replace(create().key_pair, key_name="x\nssh-ed25519 AAAA evil")
    saving.save_public_key(hostile, str(tmp_path / "web.pub"))
    assert len((tmp_path / "web.pub").read_text().splitlines()) == 1


def test_what_took_its_name_during_the_proof_is_not_removed(
    create: Create, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "web.pem"

    opened = files.opened_regular_file

    def replaced(path: Path, folder: int | None = None) -> AbstractContextManager[int]:
        (tmp_path / "other").write_bytes(b"somebody else's")
        (tmp_path / "other").replace(path)
        return opened(path, folder)

    created = create()
    monkeypatch.setattr(files, "opened_regular_file", replaced)
    with pytest.raises(ProofFailed):
        saving.save_key_material(session, created, str(path))
    with pytest.raises(ProofFailed):
        saving.save_public_key(created.key_pair, str(tmp_path / "web.pub"))
    assert path.read_bytes() == (tmp_path / "web.pub").read_bytes() == b"somebody else's"


@pytest.mark.parametrize("when", ["before it is written", "while it is proven"])
def test_a_key_goes_to_the_folder_that_was_judged_and_nowhere_else(
    when: str,
    create: Create,
    session: Session,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A folder on the way is replaced by a link between the judgement and the last step."""
    (tmp_path / "judged").mkdir(0o700)
    (tmp_path / "other").mkdir(0o777)

    def swap() -> None:
        if not (tmp_path / "moved").exists():
            (tmp_path / "judged").rename(tmp_path / "moved")
            (tmp_path / "judged").symlink_to("other")

    writes, opened = files.create_private_file, files.opened_regular_file

    def write(*arguments: Any, **options: Any) -> os.stat_result:
        swap()
        return writes(*arguments, **options)

    def read(path: Path, folder: int | None = None) -> AbstractContextManager[int]:
        swap()
        return opened(path, folder)

    created = create()
    if when == "before it is written":
        monkeypatch.setattr(files, "create_private_file", write)
    else:
        monkeypatch.setattr(files, "opened_regular_file", read)
    with pytest.raises(ProofFailed, match="was replaced"):
        saving.save_key_material(session, created, str(tmp_path / "judged" / "web.pem"))
    assert list((tmp_path / "other").iterdir()) == []
    assert list((tmp_path / "moved").iterdir()) == []
    assert session.backend.describe_key_pairs() == (created.key_pair,)


@pytest.mark.long
@pytest.mark.parametrize("way", WAYS)
def test_a_killed_save_leaves_nothing_of_the_key_beyond_the_next_one(
    way: str, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, killed_saves.__file__, way, tmp_path],
        env={**os.environ, "HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    *faults, summary = done.stdout.splitlines()
    assert faults == []
    assert int(summary.split()[1]) > 40, "it was hardly ever killed"


@pytest.mark.parametrize("damage", [b"", b"ssh-ed25519 AAAA\n"])
def test_a_public_key_that_does_not_read_back_is_removed(
    damage: bytes,
    create: Create,
    session: Session,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def damaged(path: Path, data: bytes, **_: object) -> os.stat_result:
        path.write_bytes(damage)
        path.chmod(0o644)
        return path.lstat()

    monkeypatch.setattr(files, "create_public_file", damaged)
    with pytest.raises(ProofFailed, match="reads back as something else"):
        saving.save_public_key(create().key_pair, str(tmp_path / "web.pub"))
    assert not (tmp_path / "web.pub").exists()


@each_row(
    ("private_path", "public"),
    [
        ("~/.ssh/web.pem", "~/.ssh/web.pub"),
        ("~/.ssh/web.ppk", "~/.ssh/web.pub"),
        ("~/.ssh/web.openssh", "~/.ssh/web.pub"),
        ("~/.ssh/web.p8", "~/.ssh/web.pub"),
        (" web.key ", "web.pub"),
        ("web", "web.pub"),
        ("web.prod", "web.prod.pub"),
        ("web.prod.pem", "web.prod.pub"),
        ("web.pub", "web.pub.pub"),
        (".pem", ".pem.pub"),
        ("keys/.pem", "keys/.pem.pub"),
        ("keys.pem/web", "keys.pem/web.pub"),
        ("", ".pub"),
    ],
)
def test_where_the_public_key_belongs(private_path: str, public: str) -> None:
    assert public_path(private_path) == public


@each_row("file_format", FileFormat)
def test_every_format_has_an_ending_that_its_readers_know(
    file_format: FileFormat, tmp_path: Path
) -> None:
    path = suggest("web", file_format, tmp_path)
    assert path == f"~/.ssh/web{file_formats.suffix(file_format)}"
    assert public_path(path) == "~/.ssh/web.pub"
    for as_created in map(file_formats.of_key_format, KeyFormat):
        words = file_formats.readers(file_format, as_created)
        assert ("as it was created" in words) == (file_format is as_created)
    assert len({file_formats.readers(each, FileFormat.PEM) for each in FileFormat}) == 5


# Passphrases leave no trace -------------------------------------------------------------------


@pytest.mark.long
def test_a_passphrase_is_in_no_error_record_journal_or_other_file(
    create: Create, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    created = create("rsa")
    passphrase = Passphrase(PHRASE)
    caught: list[KeyPairsError] = []

    def attempt(path: str, file_format: FileFormat) -> None:
        with pytest.raises(SaveError) as refused:
            saving.save_key_material(session, created, path, file_format, passphrase)
        caught.append(refused.value)

    def fails(*_: object, **__: object) -> NoReturn:
        raise ProofFailed("It did not read back.")

    attempt(str(tmp_path / "new"), FileFormat.PPK2)
    attempt(str(tmp_path), FileFormat.PPK3)
    with monkeypatch.context() as patched:
        patched.setattr(proof, "prove", fails)
        attempt(str(tmp_path / "new"), FileFormat.OPENSSH)
    saving.save_key_material(session, created, str(tmp_path / "a"), FileFormat.OPENSSH, passphrase)
    saving.save_key_material(session, created, str(tmp_path / "b"), FileFormat.PPK3, passphrase)

    shown = [repr(session.backend.describe_key_pairs()), repr(Journal(tmp_path / "data").read())]
    for error in caught:
        shown += [str(error), repr(error), repr(vars(error))]
        shown += traceback.format_exception(error)
    written = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) >= 4
    for part in (PHRASE, "gr\u00fcn", repr(PHRASE.encode())[2:-1]):
        assert not any(part in text for text in shown)
        assert not any(part.encode() in data for data in written)


def test_a_file_that_was_not_encrypted_as_asked_is_removed(
    create: Create, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    created = create()
    encode_as = convert.encode_as
    monkeypatch.setattr(
        convert, "encode_as", lambda key, form, comment, secret: encode_as(key, form, comment)
    )
    for file_format in (FileFormat.OPENSSH, FileFormat.PPK3):
        with pytest.raises(ProofFailed, match="not encrypted"):
            saving.save_key_material(
                session, created, str(tmp_path / "a"), file_format, Passphrase(PHRASE)
            )
        assert not (tmp_path / "a").exists()


def test_a_wiped_passphrase_saves_nothing_unencrypted(
    create: Create, session: Session, tmp_path: Path
) -> None:
    created = create()
    passphrase = Passphrase(PHRASE)
    passphrase.wipe()
    with pytest.raises(PassphraseGone):
        saving.save_key_material(session, created, str(tmp_path / "a"), FileFormat.PPK3, passphrase)
    assert not (tmp_path / "a").exists()


def test_where_every_file_has_another_mode_that_is_said(
    session: Session, create: Create, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So it is on exFAT, whose files have the mode that it was mounted with."""
    change_mode = os.fchmod
    monkeypatch.setattr(os, "fchmod", lambda file, mode: change_mode(file, 0o700))
    created = create()
    tmp_path.chmod(0o700)
    with pytest.raises(ProofFailed, match=r"has mode 0700 at .*Choose another folder"):
        saving.save_key_material(session, created, str(tmp_path / "web.pem"))
    assert not (tmp_path / "web.pem").exists()


def test_a_public_key_file_of_another_mode_is_removed_and_said(
    create: Create, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key_pair = create().key_pair
    change_mode = os.fchmod
    monkeypatch.setattr(os, "fchmod", lambda file, mode: change_mode(file, 0o700))
    with pytest.raises(ProofFailed, match="has mode 0700, not 0644"):
        saving.save_public_key(key_pair, str(tmp_path / "web.pub"))
    assert not (tmp_path / "web.pub").exists()
