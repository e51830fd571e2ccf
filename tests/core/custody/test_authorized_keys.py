import errno
import fcntl
import os
import pwd
import shlex
import shutil
import stat
import struct
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from core.custody import authorized_keys, installing
from core.custody.authorized_keys import (
    LARGEST,
    Account,
    AddedNotConfirmed,
    Addition,
    AuthorizedKeysError,
    InstallationPlan,
    line_of,
    lines_with,
)
from core.disk import files, rewriting
from core.ec2.authorization import Authorizer
from core.ec2.regions import region
from core.errors import KeyPairsError
from core.keys.reading import authorized_line
from core.model import KeptKeyPair, KeyFormat, KeyType
from core.session import Session
from core.store.region_store import RegionStore
from tests.core.custody.test_login import saved
from tests.core.sshd import Server, by_ssh
from tests.core.store.test_store_faults import NUMBERS, Faults
from tests.helpers import SECONDS, Run, session_over

OTHER = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFyuFkndLSTKM3dPgkULU5I4Mnm84A98t9FYy+SFm1SV other"
BEFORE = f'# mine\n\n{OTHER}\nfrom="10.0.0.1",command="a b" {OTHER}\nno line at all\n'.encode()


@pytest.fixture
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Account:
    """Return the account whose file is written: that of a home of the test's own."""
    home = tmp_path / "home"
    (home / ".ssh").mkdir(0o700, parents=True)
    home.chmod(0o755)
    found = Account("ops", os.geteuid(), home)
    monkeypatch.setattr(authorized_keys, "own_account", lambda: found)
    return found


@pytest.fixture
def path(account: Account) -> Path:
    return account.authorized_keys


@pytest.fixture
def key_pair(session: Session) -> KeptKeyPair:
    return session.backend.create_key_pair(key_name="web blue", key_type="ed25519").key_pair


def litter(folder: Path) -> list[str]:
    return sorted(found.name for found in folder.iterdir() if found.name != "authorized_keys")


# The line -----------------------------------------------------------------------------------


def test_the_line_is_added_behind_what_is_there(
    path: Path, key_pair: KeptKeyPair, session: Session
) -> None:
    path.write_bytes(BEFORE)
    path.chmod(0o640)
    plan = installing.installation(session, key_pair)
    assert (plan.addition, plan.explanation) == (Addition.ADDABLE, "will be added after 3 lines")
    assert path.read_bytes() == BEFORE
    installing.install_public_key(session, key_pair)
    assert path.read_bytes() == BEFORE + f"{key_pair.public_key} web blue\n".encode()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert litter(path.parent) == []


def test_options_stand_before_the_key(path: Path, key_pair: KeptKeyPair, session: Session) -> None:
    path.touch(0o600)
    installing.install_public_key(session, key_pair, 'restrict,from="10.0.0.0/8"')
    line = f'restrict,from="10.0.0.0/8" {key_pair.public_key} web blue\n'
    assert path.read_text() == line


def test_wrong_options_are_refused_before_the_file_is_touched(
    path: Path, key_pair: KeptKeyPair, session: Session
) -> None:
    path.write_bytes(BEFORE)
    with pytest.raises(AuthorizedKeysError, match=r"^Not added: .*did you mean restrict\?"):
        installing.install_public_key(session, key_pair, "restrikt")
    assert path.read_bytes() == BEFORE


def test_a_last_line_without_an_end_gets_one(
    path: Path, key_pair: KeptKeyPair, session: Session
) -> None:
    path.write_bytes(BEFORE.removesuffix(b"\n"))
    installing.install_public_key(session, key_pair)
    assert path.read_bytes() == BEFORE + f"{key_pair.public_key} web blue\n".encode()


def test_a_missing_file_and_folder_are_made_private(
    path: Path, key_pair: KeptKeyPair, session: Session, umask: Callable[[int], None]
) -> None:
    path.parent.rmdir()
    umask(0o277)
    plan = installing.install_public_key(session, key_pair)
    assert plan.addition is Addition.NEW_FILE
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text() == f"{key_pair.public_key} web blue\n"
    assert litter(path.parent) == []


@pytest.mark.parametrize("options", ["", 'restrict,command="a b"', '  from="1.2.3.4"'])
def test_a_key_that_is_there_is_not_added_again_whatever_its_options(
    options: str, path: Path, key_pair: KeptKeyPair, session: Session
) -> None:
    present = BEFORE + f"\t{options} {key_pair.public_key}\tsomeone else\r\n".encode()
    path.write_bytes(present)
    path.chmod(0o600)
    before = path.stat()
    plan = installing.installation(session, key_pair, "no-pty")
    assert plan.addition is Addition.PRESENT
    assert "in line 6, " in plan.explanation
    assert (options.strip() or "without options") in plan.explanation
    installing.install_public_key(session, key_pair, "no-pty")
    assert path.read_bytes() == present
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert [entry.operation for entry in session.journal()] == ["CreateKeyPair"]


def test_a_line_that_lets_the_key_in_from_elsewhere_only_is_said_and_not_enough(
    path: Path, key_pair: KeptKeyPair, session: Session
) -> None:
    before = f'from="10.0.0.1" {key_pair.public_key} web\n'
    path.write_text(before)
    path.chmod(0o600)
    plan = installing.installation(session, key_pair, 'from="10.0.0.2"')
    assert plan.addition is Addition.ADDABLE
    assert 'line 1 lets the key in, but only from="10.0.0.1"' in plan.cautions
    installing.install_public_key(session, key_pair, 'from="10.0.0.2"')
    assert path.read_text() == f'{before}from="10.0.0.2" {key_pair.public_key} web blue\n'


def test_installing_twice_is_installing_once(
    path: Path, key_pair: KeptKeyPair, session: Session
) -> None:
    installing.install_public_key(session, key_pair)
    once = path.read_bytes()
    assert installing.install_public_key(session, key_pair, "restrict").addition is Addition.PRESENT
    assert path.read_bytes() == once


@pytest.mark.parametrize(
    "line",
    [
        "# {key}",
        'command="echo {key}" ' + OTHER,
        'command="x {key} y" ' + OTHER,
        'command="unclosed {key}',
        "{key}x",
        "ssh-rsa {blob}",
        "two words {key}",
        "\x0b{key}",
    ],
)
def test_what_sshd_would_not_take_for_the_key_is_not_the_key(
    line: str, key_pair: KeptKeyPair
) -> None:
    blob = key_pair.public_key.split()[1]
    text = line.format(key=key_pair.public_key, blob=blob).encode()
    assert list(lines_with(text, key_pair.public_key)) == []


def test_what_is_done_is_journaled(path: Path, key_pair: KeptKeyPair, session: Session) -> None:
    installing.install_public_key(session, key_pair)
    last = session.journal()[-1]
    assert (last.operation, last.outcome) == ("InstallPublicKey", "done")
    assert last.key_pair_id == key_pair.key_pair_id


def test_without_a_journal_nothing_is_installed(
    path: Path, key_pair: KeptKeyPair, session: Session, store: RegionStore
) -> None:
    path.write_bytes(BEFORE)
    store.journal.path.unlink()
    store.journal.path.mkdir()
    with pytest.raises(KeyPairsError, match="Cannot write the journal"):
        installing.install_public_key(session, key_pair)
    assert path.read_bytes() == BEFORE


def test_a_session_that_only_reads_installs_nothing(
    path: Path, key_pair: KeptKeyPair, store: RegionStore
) -> None:
    reader = session_over(store, Authorizer(region("us-east-1"), "ops", read_only=True))
    assert installing.installation(reader, key_pair).addition is Addition.REFUSED
    with pytest.raises(AuthorizedKeysError, match="this session is read-only"):
        installing.install_public_key(reader, key_pair)
    assert not path.exists()


def test_a_record_that_was_edited_cannot_smuggle_a_line(
    path: Path, key_pair: KeptKeyPair, session: Session
) -> None:
    assert line_of(replace(key_pair, key_name=f"a\n{OTHER}\x1b[2J")).count("\n") == 0
    for public_key in (f"{key_pair.public_key}\n{OTHER}", "ssh-rsa AAAA", f"pty {OTHER}", ""):
        with pytest.raises(AuthorizedKeysError, match="The public key in the record is damaged"):
            installing.install_public_key(session, replace(key_pair, public_key=public_key))
    assert not path.exists()


def test_the_account_is_that_of_the_database_not_of_home(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    entry = pwd.getpwuid(os.geteuid())
    found = authorized_keys.own_account()
    assert (found.name, found.home) == (entry.pw_name, Path(entry.pw_dir))
    assert found.authorized_keys == Path(entry.pw_dir, ".ssh", "authorized_keys")

    def unknown(uid: int) -> None:
        raise KeyError(uid)

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    with pytest.raises(AuthorizedKeysError, match="has no account"):
        authorized_keys.own_account()


# What sshd would not trust ------------------------------------------------------------------


def refusal(session: Session, key_pair: KeptKeyPair) -> str:
    plan = installing.installation(session, key_pair)
    assert plan.addition is Addition.REFUSED, plan
    with pytest.raises(AuthorizedKeysError):
        installing.install_public_key(session, key_pair)
    return plan.explanation


@pytest.mark.parametrize("mode", [0o020, 0o002])
@pytest.mark.parametrize("name", ["home", "home/.ssh", "home/.ssh/authorized_keys"])
def test_what_others_can_write_is_refused(
    name: str, mode: int, path: Path, key_pair: KeptKeyPair, session: Session, tmp_path: Path
) -> None:
    path.write_bytes(BEFORE)
    path.chmod(0o600)
    loose = tmp_path / name
    loose.chmod(stat.S_IMODE(loose.stat().st_mode) | mode)
    said = refusal(session, key_pair)
    assert said == f"others can write {loose}, so sshd would not trust the file: chmod go-w {loose}"
    assert path.read_bytes() == BEFORE
    subprocess.run(["chmod", *said.partition(": chmod ")[2].split()], check=True)
    assert installing.installation(session, key_pair).addition is Addition.ADDABLE


def test_the_command_against_it_is_quoted(
    key_pair: KeptKeyPair, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home of $me"
    (home / ".ssh").mkdir(0o700, parents=True)
    home.chmod(0o775)
    found = Account("ops", os.geteuid(), home)
    monkeypatch.setattr(authorized_keys, "own_account", lambda: found)
    command = refusal(session, key_pair).partition("the file: ")[2]
    assert shlex.split(command) == ["chmod", "go-w", str(home)]
    subprocess.run(["sh", "-c", command], check=True)
    assert installing.installation(session, key_pair).addition is Addition.NEW_FILE


def test_folders_above_the_home_do_not_matter(
    path: Path, key_pair: KeptKeyPair, session: Session, tmp_path: Path
) -> None:
    tmp_path.chmod(0o777)
    assert installing.installation(session, key_pair).addition is Addition.NEW_FILE


def test_a_folder_elsewhere_is_followed_to_the_root(
    path: Path, key_pair: KeptKeyPair, session: Session, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "loose" / "ssh"
    elsewhere.mkdir(0o700, parents=True)
    elsewhere.parent.chmod(0o777)
    path.parent.rmdir()
    path.parent.symlink_to(elsewhere)
    assert f"others can write {elsewhere.parent}" in refusal(session, key_pair)
    assert not path.exists()


def test_a_folder_elsewhere_in_which_nobody_else_can_write_is_taken(
    path: Path, key_pair: KeptKeyPair, session: Session
) -> None:
    path.parent.rmdir()
    path.parent.symlink_to("/")  # the way up from there never comes to the home
    plan = installing.installation(session, key_pair)
    expected = "the file will be made, for this account alone"
    assert plan.explanation == (expected if os.geteuid() == 0 else "you cannot write in /")


def test_a_folder_in_which_nothing_can_be_written_is_said_before(
    path: Path, key_pair: KeptKeyPair, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.parent.chmod(0o500)
    if os.geteuid() == 0:  # whom only a disk that is read-only keeps from it
        monkeypatch.setattr(os, "access", lambda *_, **__: False)
    assert refusal(session, key_pair) == f"you cannot write in {path.parent}"
    assert not path.exists()


def test_what_belongs_to_another_is_refused(
    path: Path, key_pair: KeptKeyPair, account: Account
) -> None:
    path.touch(0o600)
    other = replace(account, uid=account.uid + 12345)
    if account.uid == 0:  # what root owns is trusted, but cannot be replaced
        plan = authorized_keys.plan(key_pair, "", other)
        assert "belongs to root, who must add the line" in plan.explanation
        os.chown(path, 54321, 54321)
    plan = authorized_keys.plan(key_pair, "", other)
    assert plan.addition is Addition.REFUSED
    assert "belongs to another account" in plan.explanation


@pytest.mark.parametrize("target", ["elsewhere", "nowhere"])
def test_a_link_is_refused_and_stays(
    target: str, path: Path, key_pair: KeptKeyPair, session: Session, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").write_bytes(BEFORE)
    path.symlink_to(tmp_path / target)
    assert f"is a link to {tmp_path / target}" in refusal(session, key_pair)
    assert path.is_symlink()
    assert (tmp_path / "elsewhere").read_bytes() == BEFORE
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("kind", ["folder", "pipe", "large", "file for folder", "no home"])
def test_what_is_no_such_file_is_refused(
    kind: str, path: Path, key_pair: KeptKeyPair, session: Session, account: Account
) -> None:
    match kind:
        case "folder":
            path.mkdir(0o700)
            words = "is not a regular file"
        case "pipe":
            os.mkfifo(path, 0o600)
            words = "is not a regular file"
        case "large":
            path.write_bytes(b"#" * (LARGEST + 1))
            path.chmod(0o600)
            words = "File too large"
        case "file for folder":
            path.parent.rmdir()
            path.parent.touch(0o600)
            words = "is not a folder"
        case _:
            shutil.rmtree(account.home)
            words = "is not a folder"
    assert words in refusal(session, key_pair)


# What belongs to the file -------------------------------------------------------------------


def test_a_file_with_two_names_is_not_quietly_parted(
    path: Path, key_pair: KeptKeyPair, session: Session, tmp_path: Path
) -> None:
    path.write_bytes(BEFORE)
    path.chmod(0o600)
    other = tmp_path / "other name"
    other.hardlink_to(path)
    said = refusal(session, key_pair)
    assert said.startswith(f"{path} has another name as well (a hard link)")
    assert (path.read_bytes(), other.read_bytes(), path.samefile(other)) == (BEFORE, BEFORE, True)
    subprocess.run(["sh", "-c", said.partition("to part the two: ")[2]], check=True)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    installing.install_public_key(session, key_pair)
    assert path.read_bytes() == BEFORE + f"{key_pair.public_key} web blue\n".encode()
    assert other.read_bytes() == BEFORE
    assert litter(path.parent) == []


READABLE_BY_ONE_MORE = struct.pack("<I", 2) + b"".join(
    struct.pack("<HHI", *entry)  # linux/posix_acl_xattr.h: tag, permissions, id
    for entry in [
        (0x01, 6, 0xFFFFFFFF),
        (0x02, 4, 12345),
        (0x04, 0, 0xFFFFFFFF),
        (0x10, 4, 0xFFFFFFFF),
        (0x20, 0, 0xFFFFFFFF),
    ]
)
ACL, DEFAULT_ACL = "system.posix_acl_access", "system.posix_acl_default"


def give(path: Path, attribute: str, value: bytes) -> None:
    try:
        os.setxattr(path, attribute, value)
    except OSError as error:
        pytest.skip(f"{path} can have no {attribute}: {error.strerror}")


def attributes_of(path: Path) -> dict[str, bytes]:
    return {name: os.getxattr(path, name) for name in os.listxattr(path)}


def test_an_access_control_list_and_other_attributes_are_kept(
    path: Path, key_pair: KeptKeyPair, session: Session
) -> None:
    path.write_bytes(BEFORE)
    path.chmod(0o600)
    give(path, ACL, READABLE_BY_ONE_MORE)
    give(path, "user.note", b"kept by ansible")
    before, mode = attributes_of(path), path.stat().st_mode
    installing.install_public_key(session, key_pair)
    assert path.read_bytes() != BEFORE
    assert attributes_of(path) == before
    assert path.stat().st_mode == mode


def test_a_file_without_an_access_control_list_gets_none_from_its_folder(
    path: Path, key_pair: KeptKeyPair, session: Session
) -> None:
    path.write_bytes(BEFORE)
    path.chmod(0o640)
    give(path.parent, DEFAULT_ACL, READABLE_BY_ONE_MORE)
    installing.install_public_key(session, key_pair)
    assert attributes_of(path) == {}
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_an_attribute_that_cannot_be_kept_is_a_reason_not_to_install(
    path: Path, key_pair: KeptKeyPair, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_bytes(BEFORE)
    path.chmod(0o600)
    give(path, "user.note", b"kept by ansible")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "setxattr", refuse)
    with pytest.raises(AuthorizedKeysError, match=r"attribute user\.note cannot be kept"):
        installing.install_public_key(session, key_pair)
    assert path.read_bytes() == BEFORE
    assert attributes_of(path) == {"user.note": b"kept by ansible"}
    assert litter(path.parent) == []


KILLED = """
import os, sys
from pathlib import Path
from core.custody import authorized_keys
from core.keys.public_key import PublicKey
from core.local.opening import open_local
account = authorized_keys.Account("ops", os.geteuid(), Path(sys.argv[1]))
session = open_local(Path(sys.argv[2]), "us-east-1")
line = PublicKey.from_ed25519_point(b"x" * 32).line
pair = session.backend.import_key_pair(key_name="web", public_key_material=line)
def replace(*_, **__):
    print("ready", flush=True)
    sys.stdin.read()
plan = authorized_keys.plan(pair, "", account)
os.replace = replace
authorized_keys.add(plan)
"""


@pytest.mark.long
def test_what_a_killed_session_left_goes_at_the_next_install_and_not_what_is_in_use(
    path: Path, account: Account, key_pair: KeptKeyPair, session: Session, tmp_path: Path
) -> None:
    path.write_bytes(BEFORE)
    path.chmod(0o600)
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, account.home, tmp_path / "theirs"],
        cwd=Path(__file__).parents[3],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        (left,) = litter(path.parent)
        # It is one of a session that is at work.
        assert authorized_keys.leftovers_of_installing(account) == ()
        process.kill()
        process.wait(SECONDS)
    assert path.read_bytes() == BEFORE
    assert authorized_keys.leftovers_of_installing(account) == (path.with_name(left),)
    others = [f".{path.name}.old.tmp", f".{left}", f"{left}~", ".0123456789abcdef.tmp"]
    for name in others:
        path.with_name(name).touch()
    installing.install_public_key(session, key_pair)
    assert path.read_bytes() == BEFORE + f"{key_pair.public_key} web blue\n".encode()
    assert litter(path.parent) == sorted(others)


# Faults -------------------------------------------------------------------------------------

CALLS = (
    "open",
    "write",
    "fsync",
    "fchmod",
    "fchown",
    "fstat",
    "lstat",
    "stat",
    "link",
    "listxattr",
    "getxattr",
    "mkdir",
    "chmod",
    "replace",
    "unlink",
    "close",
)


@pytest.mark.parametrize("there", ["file", "no file", "no folder"])
@pytest.mark.parametrize("name", CALLS)
def test_a_call_that_fails_leaves_the_file_as_it_was(
    name: str, there: str, path: Path, account: Account, key_pair: KeptKeyPair
) -> None:
    complete = f"{key_pair.public_key} web blue\n".encode()
    number = 0
    while True:
        number += 1
        shutil.rmtree(path.parent, ignore_errors=True)
        before = None
        if there != "no folder":
            path.parent.mkdir(0o700)
        if there == "file":
            path.write_bytes(BEFORE)
            path.chmod(0o640)
            before = BEFORE
        plan: InstallationPlan | None = None
        confirmed = done = True
        with Faults(name, number, NUMBERS[number % len(NUMBERS)]) as faults:
            try:
                plan = authorized_keys.plan(key_pair, "", account)
                authorized_keys.add(plan)
            except AuthorizedKeysError:
                done = False
            except files.ReplaceNotConfirmed:
                confirmed = False
        if faults.calls < number:
            break
        found = path.read_bytes() if path.exists() else None
        if done:
            # The call was of no importance, or all that is missing is the disk's confirmation.
            assert confirmed or name == "fsync"
            assert found == (before or b"") + complete
        else:
            assert found == before, (name, number)
        if path.exists():
            assert stat.S_IMODE(path.stat().st_mode) == (0o640 if before else 0o600)
        assert not path.parent.exists() or litter(path.parent) == [], (name, number)
        with suppress(AuthorizedKeysError):
            authorized_keys.add(authorized_keys.plan(key_pair, "", account))
        assert path.read_bytes() == (before or b"") + complete
    assert path.read_bytes() == (before or b"") + complete


def test_faults_were_injected_where_it_matters(
    path: Path, account: Account, key_pair: KeptKeyPair
) -> None:
    for name in ("open", "write", "fsync", "fchmod", "fstat", "replace", "close"):
        path.write_bytes(BEFORE)
        path.chmod(0o600)
        with Faults(name) as faults:
            authorized_keys.add(authorized_keys.plan(key_pair, "", account))
        assert faults.calls > 0, name


def test_a_line_that_the_disk_did_not_confirm_is_said_to_be_there(
    path: Path, key_pair: KeptKeyPair, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_bytes(BEFORE)
    path.chmod(0o600)
    fsync = os.fsync

    def refuse_folders(file: int) -> None:
        if stat.S_ISDIR(os.fstat(file).st_mode):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        fsync(file)

    monkeypatch.setattr(os, "fsync", refuse_folders)
    with pytest.raises(AddedNotConfirmed, match=r"The line is in .* did not confirm it"):
        installing.install_public_key(session, key_pair)
    assert path.read_bytes() == BEFORE + f"{key_pair.public_key} web blue\n".encode()
    assert session.journal()[-1].outcome == "begun"


def test_an_immutable_file_is_said_to_be_one(
    path: Path, account: Account, key_pair: KeptKeyPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_bytes(BEFORE)
    path.chmod(0o600)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(AuthorizedKeysError, match="not permitted; lsattr shows whether"):
        authorized_keys.add(authorized_keys.plan(key_pair, "", account))
    assert path.read_bytes() == BEFORE
    assert litter(path.parent) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may make a file immutable")
def test_the_command_that_is_advised_shows_that_a_file_is_immutable(
    path: Path, account: Account, key_pair: KeptKeyPair, tool: Callable[[str], str]
) -> None:
    path.write_bytes(BEFORE)
    path.chmod(0o600)
    if subprocess.run([tool("chattr"), "+i", path], capture_output=True, check=False).returncode:
        pytest.skip("no file can be made immutable here")
    try:
        with pytest.raises(AuthorizedKeysError, match="; lsattr shows whether"):
            authorized_keys.add(authorized_keys.plan(key_pair, "", account))
        shown = subprocess.run([tool("lsattr"), path], capture_output=True, check=True).stdout
    finally:
        subprocess.run([tool("chattr"), "-i", path], check=True)
    assert b"i" in shown.split()[0]
    assert path.read_bytes() == BEFORE
    assert litter(path.parent) == []


def edit(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"# added by another\n")


def replace_equally(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(path.read_bytes())
    other.chmod(0o600)
    other.replace(path)


@pytest.mark.parametrize(
    "change", [edit, replace_equally, Path.unlink, lambda path: path.chmod(0o400)]
)
def test_what_another_does_meanwhile_is_noticed(
    change: Callable[[Path], None], path: Path, account: Account, key_pair: KeptKeyPair
) -> None:
    path.write_bytes(BEFORE)
    path.chmod(0o600)
    plan = authorized_keys.plan(key_pair, "", account)
    change(path)
    after = path.read_bytes() if path.exists() else None
    with pytest.raises(AuthorizedKeysError, match="Not added"):
        authorized_keys.add(plan)
    assert (path.read_bytes() if path.exists() else None) == after
    assert litter(path.parent) == []


def test_a_file_that_another_makes_meanwhile_is_not_overwritten(
    path: Path, account: Account, key_pair: KeptKeyPair
) -> None:
    plan = authorized_keys.plan(key_pair, "", account)
    assert plan.addition is Addition.NEW_FILE
    path.write_bytes(BEFORE)
    with pytest.raises(AuthorizedKeysError, match="was changed meanwhile"):
        authorized_keys.add(plan)
    assert path.read_bytes() == BEFORE


def test_what_is_appended_after_the_last_look_is_carried_over(
    path: Path, account: Account, key_pair: KeptKeyPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_bytes(BEFORE)
    path.chmod(0o600)
    replace: Callable[..., None] = os.replace

    def append_and_replace(old: str, new: str, **folders: int) -> None:
        edit(path)
        replace(old, new, **folders)

    monkeypatch.setattr(os, "replace", append_and_replace)
    authorized_keys.add(authorized_keys.plan(key_pair, "", account))
    line = f"{key_pair.public_key} web blue\n".encode()
    assert path.read_bytes() == BEFORE + line + b"# added by another\n"
    assert litter(path.parent) == []


def test_another_session_that_is_at_the_same_step_is_waited_for(
    path: Path, account: Account, key_pair: KeptKeyPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_bytes(BEFORE)
    path.chmod(0o600)
    plan = authorized_keys.plan(key_pair, "", account)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        monkeypatch.setattr(rewriting, "_TURN", 0.1)
        with pytest.raises(AuthorizedKeysError, match="Not added"):
            authorized_keys.add(plan)
        assert path.read_bytes() == BEFORE
        assert litter(path.parent) == []
        monkeypatch.setattr(rewriting, "_TURN", 20.0)
        with ThreadPoolExecutor() as threads:
            adding = threads.submit(authorized_keys.add, plan)
            assert not wait([adding], 0.1).done
            assert path.read_bytes() == BEFORE
            fcntl.flock(folder, fcntl.LOCK_UN)
            adding.result(SECONDS)
    finally:
        os.close(folder)
    assert path.read_bytes() == BEFORE + f"{key_pair.public_key} web blue\n".encode()


ADDING = """
import os, sys
from pathlib import Path
from core.custody import authorized_keys
from core.keys.public_key import PublicKey
from core.local.opening import open_local
account = authorized_keys.Account("ops", os.geteuid(), Path(sys.argv[1]))
session = open_local(Path(sys.argv[2]), "us-east-1")
for number in range(30):
    name = f"{sys.argv[3]}-{number}"
    line = PublicKey.from_ed25519_point(name.encode().ljust(32)).line
    pair = session.backend.import_key_pair(key_name=name, public_key_material=line)
    while True:
        try:
            authorized_keys.add(authorized_keys.plan(pair, "", account))
            break
        except authorized_keys.AuthorizedKeysError:
            pass
"""


@pytest.mark.long
def test_sessions_that_add_at_the_same_time_lose_no_line(path: Path, account: Account) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", ADDING, account.home, account.home / f"data-{name}", name],
            cwd=Path(__file__).parents[3],
        )
        for name in "abcdef"
    ]
    assert [process.wait(120) for process in processes] == [0] * 6
    names = {line.split()[2] for line in path.read_text().splitlines()}
    assert names == {f"{name}-{number}" for name in "abcdef" for number in range(30)}
    assert litter(path.parent) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_root_keeps_the_owner_of_the_file(
    path: Path, account: Account, key_pair: KeptKeyPair, session: Session
) -> None:
    path.write_bytes(BEFORE)
    path.chmod(0o600)
    os.chown(path, 0, 54321)
    installing.install_public_key(session, key_pair)
    assert (path.stat().st_uid, path.stat().st_gid) == (0, 54321)


# Logging in, here and elsewhere -------------------------------------------------------------


FOR_KEYS = (authorized_line.FLAGS | authorized_line.VALUED) - {"cert-authority", "principals"}
EVERY_OPTION = ",".join(
    [
        *sorted(FOR_KEYS & authorized_line.FLAGS),
        'environment="A=b"',
        'expiry-time="20990101"',
        'from="127.0.0.1,!10.0.0.0/8,*.example.com"',
        'permitlisten="8080"',
        'permitopen="localhost:80"',
        'tunnel="0"',
        r'command="printf \"logged in\""',
    ]
)


def test_every_option_that_is_known_is_tried() -> None:
    assert {option.name for option in authorized_line.parse_options(EVERY_OPTION)} == FOR_KEYS


@pytest.mark.long
@pytest.mark.parametrize(
    ("options", "lets_in"),
    [
        ('restrict,from="127.0.0.0/8",command="printf \'logged in\'"', True),
        ('from="10.0.0.0/8"', False),
        (EVERY_OPTION, True),
    ],
    ids=["restrict and command", "from elsewhere", "every option"],
)
def test_sshd_reads_the_line_as_it_was_meant(
    options: str,
    lets_in: bool,
    account: Account,
    path: Path,
    server: Server,
    run: Run,
    session: Session,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    created, key_file = saved(session, tmp_path, KeyType.ED25519, KeyFormat.PEM)
    path.write_bytes(BEFORE.removesuffix(b"\n"))
    path.chmod(0o600)
    installing.install_public_key(session, created.key_pair, options)
    server.authorized_keys.unlink()
    server.authorized_keys.symlink_to(path)
    assert (by_ssh(run, server, key_file).stdout == b"logged in") is lets_in


@pytest.fixture
def stub_ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file that gets what ssh-copy-id would send to the other host."""
    folder = tmp_path / "bin"
    folder.mkdir()
    sent = tmp_path / "sent"
    (folder / "ssh").write_text(f'#!/bin/sh\ncase "$*" in *exec*) cat >> {sent} ;; esac\n')
    (folder / "ssh").chmod(0o700)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return sent


@pytest.mark.parametrize("name", ["web", "it's $(touch pwned) `id`", "--", "../../etc/x"])
def test_the_commands_for_another_host_send_the_line(
    name: str, session: Session, account: Account, stub_ssh: Path, tool: Callable[[str], str]
) -> None:
    tool("ssh-copy-id")
    key_pair = session.backend.create_key_pair(key_name=name, key_type="ed25519").key_pair
    line = installing.installation(session, key_pair, 'restrict,from="10.0.0.0/8"').line
    environment = {**os.environ, "HOME": str(account.home)}

    def paste(text: tuple[str, ...]) -> None:
        pasted = "\n".join(text).replace("HOST", "host")
        subprocess.run(["sh", "-ec", pasted], env=environment, check=True, capture_output=True)

    first = installing.copy_id_commands(key_pair, line, account.home)
    assert len(first) == 2
    paste(first)
    assert stub_ssh.read_text() == f"{line}\n"
    # The file that is there now is used again, but only for the very same line.
    assert installing.copy_id_commands(key_pair, line, account.home) == first[1:]
    plain = installing.installation(session, key_pair).line
    second = installing.copy_id_commands(key_pair, plain, account.home)
    assert second[1] != first[1]
    stub_ssh.unlink()
    paste(second)
    assert stub_ssh.read_text() == f"{plain}\n"
    assert not (account.home / "pwned").exists()
    assert shlex.split(second[1])[:3] == ["ssh-copy-id", "-f", "-i"]


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_the_commands_make_the_folder_where_there_is_none(
    shell: str,
    session: Session,
    account: Account,
    stub_ssh: Path,
    tool: Callable[[str], str],
) -> None:
    tool("ssh-copy-id")
    folder = account.home / ".ssh"
    key_pair = session.backend.create_key_pair(key_name="web", key_type="ed25519").key_pair
    line = installing.installation(session, key_pair).line
    there = installing.copy_id_commands(key_pair, line, account.home)
    folder.rmdir()
    commands = installing.copy_id_commands(key_pair, line, account.home)
    assert commands == (f"mkdir -m 700 -p ~/.ssh && {there[0]}", there[1])
    pasted = "\n".join(commands).replace("HOST", "host")
    environment = {**os.environ, "HOME": str(account.home)}
    command = [tool(shell), "-c", f"umask 002\n{pasted}"]
    subprocess.run(command, env=environment, check=True, capture_output=True)
    assert stub_ssh.read_text() == f"{line}\n"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_no_other_line_is_sent_when_the_file_came_up_meanwhile(
    session: Session, account: Account, stub_ssh: Path, tool: Callable[[str], str]
) -> None:
    tool("ssh-copy-id")
    key_pair = session.backend.create_key_pair(key_name="web", key_type="ed25519").key_pair
    line = installing.installation(session, key_pair, "restrict").line
    commands = installing.copy_id_commands(key_pair, line, account.home)
    (account.home / ".ssh").mkdir(mode=0o700, exist_ok=True)
    (account.home / ".ssh" / "web.pub").write_text(f"{key_pair.public_key}\n")
    pasted = "\n".join(commands).replace("HOST", "host")
    environment = {**os.environ, "HOME": str(account.home)}
    subprocess.run(["sh", "-c", pasted], env=environment, capture_output=True, check=False)
    assert not stub_ssh.exists()
