import errno
import json
import os
import stat
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from core.checks.check_up import check_up
from core.checks.finding import KINDS, Finding, Progress, Severity, Summary
from core.custody import agent_keys, authorized_keys, saving
from core.custody.authorized_keys import Account
from core.disk import files, leftovers, mounts
from core.ec2.authorization import Authorizer
from core.ec2.policy import Policy
from core.ec2.regions import region
from core.errors import StoreError
from core.keys.public_key import PublicKey
from core.local.opening import open_local
from core.model import Custody, KeptKeyPair, PrivateKeyState
from core.session import Session
from core.store import data_dir
from core.store.region_store import RegionStore
from tests.demo import deterministic_keys
from tests.helpers import Agent, kept, session_over

YEAR = timedelta(days=365)


@pytest.fixture
def world(session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator["World"]:
    """Return a store in which nothing is wrong: two saved pairs, an imported one, two Regions."""
    monkeypatch.setattr(mounts, "MOUNTINFO", tmp_path / "no such file")
    account = Account("ops", os.geteuid(), tmp_path)
    monkeypatch.setattr(authorized_keys, "own_account", lambda: account)
    world = World(session, tmp_path / "keys")
    with deterministic_keys(7):
        world.create("rsa", "rsa")
        world.create("ed25519", "ed25519", ".ppk")
        world.session.for_region("eu-west-1").backend.create_key_pair(
            key_name="there", key_type="ed25519"
        )
        world.session.for_region("eu-west-1").backend.delete_key_pair(key_name="there")
        yield world


class World:
    """A store and a folder of saved keys, and ways to spoil them."""

    def __init__(self, session: Session, keys: Path) -> None:
        self.session = session
        self.keys = keys
        keys.mkdir(0o700)

    @property
    def store(self) -> RegionStore:
        return self.session.store

    def create(self, name: str, key_type: str = "ed25519", suffix: str = ".pem") -> KeptKeyPair:
        created = self.session.backend.create_key_pair(
            key_name=name, key_type=key_type, key_format=suffix.removeprefix(".")
        )
        saving.save_key_material(self.session, created, str(self.keys / f"{name}{suffix}"))
        return created.key_pair

    def change(self, name: str, **values: object) -> None:
        """Change a record behind the session's back, so that its checksum is right all the same."""
        of_custody = {key: values.pop(key) for key in Custody._fields if key in values}
        with self.store.transaction() as transaction:
            pair = transaction.state.named(name)
            assert pair is not None
            changed = replace(pair, **values)  # type: ignore[arg-type] # whatever is to be tried
            transaction.update(kept(changed, **of_custody), "Test")

    def check_up(self, older_than: timedelta | None = YEAR) -> list[Finding]:
        *steps, last = check_up(self.session, older_than)
        assert isinstance(last, Summary)
        return [step for step in steps if isinstance(step, Finding)]

    def kinds(self) -> list[str]:
        return [finding.kind for finding in self.check_up()]


def test_nothing_is_found_in_a_clean_store(world: World) -> None:
    assert world.check_up() == []


def test_nothing_is_found_where_there_is_nothing(session: Session) -> None:
    assert list(check_up(session, YEAR)) == [Summary((), 0, (), 0)]
    assert not session.store.folder.exists()


def test_it_says_what_it_looks_at_before_it_does(world: World) -> None:
    *steps, summary = check_up(world.session, YEAR)
    assert steps == [
        Progress("the file of eu-west-1", 0, 2),
        Progress("the file of us-east-1", 1, 2),
        Progress("rsa in us-east-1", 0, 2),
        Progress("ed25519 in us-east-1", 1, 2),
    ]
    assert summary == Summary(("eu-west-1", "us-east-1"), 2, (), 1)


# The planted faults -----------------------------------------------------------------------------


def gone(world: World) -> None:
    (world.keys / "rsa.pem").unlink()


def one_copy_gone(world: World) -> None:
    good, bad = str(world.keys / "rsa.pem"), str(world.keys / "second.pem")
    world.change("rsa", saved_to=(good, bad))


def folder_gone(world: World) -> None:
    world.keys.rename(world.keys.with_name("elsewhere"))


def another_key(world: World) -> None:
    (world.keys / "ed25519.ppk").write_bytes((world.keys / "rsa.pem").read_bytes())


def no_key(world: World) -> None:
    (world.keys / "rsa.pem").write_bytes(b"nothing\n")


def damaged_key(world: World) -> None:
    path = world.keys / "rsa.pem"
    path.write_bytes(path.read_bytes()[:-300])


def foreign_key(world: World) -> None:
    other = world.session.backend.create_key_pair(key_name="other", key_type="rsa")
    (world.keys / "rsa.pem").unlink()
    saving.save_key_material(world.session, other, str(world.keys / "rsa.pem"))
    world.session.backend.delete_key_pair(key_name="other")


def a_link(world: World) -> None:
    path = world.keys / "rsa.pem"
    path.rename(world.keys / "moved")
    path.symlink_to("moved")


def huge(world: World) -> None:
    with (world.keys / "rsa.pem").open("ab") as file:
        file.truncate(1 << 40)


def readable_by_the_group(world: World) -> None:
    (world.keys / "rsa.pem").chmod(0o640)


def writable_folder(world: World) -> None:
    world.keys.chmod(0o770)


def foreign(world: World) -> None:
    if os.geteuid() == 0:
        os.chown(world.keys / "rsa.pem", 12_345, -1)
    else:
        pytest.skip("only root can give a file away")


def on_a_network(world: World) -> None:
    file = Path(mounts.MOUNTINFO)
    file.write_text(f"1 0 0:9 / {world.keys} rw - nfs4 host:/home rw\n")


def never_saved(world: World) -> None:
    world.session.backend.create_key_pair(key_name="lost", key_type="ed25519")


def old(world: World) -> None:
    world.change("rsa", create_time=world.session.now() - timedelta(days=366))


def short(world: World) -> None:
    line = PublicKey.from_rsa_numbers(65537, (1 << 1023) + 1).line
    world.session.backend.import_key_pair(key_name="short", public_key_material=line)


def same_key(world: World) -> None:
    elsewhere = world.session.for_region("eu-west-1")
    for pair in world.session.backend.describe_key_pairs(key_names=["rsa"]):
        elsewhere.backend.import_key_pair(key_name="copied", public_key_material=pair.public_key)


def same_name(world: World) -> None:
    created = world.session.for_region("eu-west-1").backend.create_key_pair(
        key_name="rsa", key_type="ed25519"
    )
    saving.save_key_material(
        world.session.for_region("eu-west-1"), created, str(world.keys / "other.pem")
    )


def wrong_record(world: World) -> None:
    (other,) = world.session.backend.describe_key_pairs(key_names=["ed25519"])
    world.change("rsa", key_fingerprint=other.key_fingerprint)


def unreadable_public_key(world: World) -> None:
    world.change("ed25519", public_key="ssh-ed25519 AAAA", private_key=PrivateKeyState.IMPORTED)


def damaged_store(world: World) -> None:
    world.store.path.write_bytes(world.store.path.read_bytes()[:-1])


def missing_store(world: World) -> None:
    world.store.path.unlink()


def newer_store(world: World) -> None:
    data = world.store.path.read_bytes().replace(b'"schema":1', b'"schema":9')
    start = len(b'{"keypairs":{"1":{"sha256":"')
    digest = sha256(data[start + 64 :]).hexdigest().encode()
    world.store.path.write_bytes(data[:start] + digest + data[start + 64 :])


def damaged_copy(world: World) -> None:
    world.store.previous_path.write_bytes(b"{}")


def open_folder(world: World) -> None:
    world.store.folder.chmod(0o777)


def readable_store(world: World) -> None:
    world.store.folder.chmod(0o755)
    world.store.path.chmod(0o644)


def journal_is_a_folder(world: World) -> None:
    world.store.journal.path.unlink()
    world.store.journal.path.mkdir()


def killed_install(world: World) -> None:
    folder = world.keys.with_name(".ssh")
    folder.mkdir(0o700)
    (folder / ".authorized_keys.0123456789abcdef.tmp").touch(0o600)


def killed_save(world: World) -> None:
    (world.keys / ".keypairs-0123456789abcdef.tmp").touch(0o600)


def gone_in_ec2(world: World) -> None:
    session = open_local(world.store.folder / "ec2" / "123456789012", "us-east-1")
    created = session.backend.create_key_pair(key_name="seen", key_type="ed25519")
    saving.save_key_material(session, created, str(world.keys / "seen.pem"))
    session.backend.delete_key_pair(key_name="seen")


FAULTS: dict[Callable[[World], None], list[str]] = {
    gone: ["file-gone"],
    one_copy_gone: ["spare-gone"],
    folder_gone: ["file-gone", "file-gone"],
    another_key: ["file-changed"],
    no_key: ["file-changed"],
    damaged_key: ["file-changed"],
    a_link: ["file-changed"],
    huge: ["file-changed"],
    foreign: ["file-exposed"],
    readable_by_the_group: ["file-exposed"],
    writable_folder: ["folder-exposed"],
    on_a_network: ["file-unencrypted", "file-unencrypted"],
    never_saved: ["never-saved"],
    old: ["old"],
    short: ["rsa-short"],
    same_key: ["same-key"],
    same_name: ["same-name"],
    wrong_record: ["record-damaged"],
    unreadable_public_key: ["record-damaged", "file-changed"],
    damaged_store: ["store-damaged"],
    missing_store: ["store-damaged"],
    newer_store: ["store-unreadable"],
    damaged_copy: ["store-backup"],
    open_folder: ["store-folder"],
    readable_store: ["store-exposed"],
    journal_is_a_folder: ["store-journal"],
    killed_install: ["install-leftover"],
    killed_save: ["save-leftover"],
    gone_in_ec2: ["pair-gone"],
}


def test_commands_name_the_folder_whatever_it_is_called(tmp_path: Path) -> None:
    folder = tmp_path / "it's $mine"
    session = open_local(folder, "us-east-1")
    session.backend.create_key_pair(key_name="web", key_type="ed25519")
    session.store.path.chmod(0o644)
    folder.chmod(0o711)
    (exposed,) = [f for f in _findings(session) if f.kind == "store-exposed"]
    _run_in_sh(exposed.advice.partition("yours alone: ")[2])
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    folder.chmod(0o777)
    (unusable,) = [f for f in _findings(session) if f.kind == "store-folder"]
    command = unusable.problem.partition("; ")[2].removesuffix(" makes it yours alone.")
    with pytest.raises(StoreError) as refused:
        data_dir.check(folder)
    assert command in str(refused.value)
    _run_in_sh(command)
    data_dir.check(folder)


def test_what_a_killed_install_left_goes_by_the_command_that_is_advised(world: World) -> None:
    killed_install(world)
    (found,) = world.check_up()
    assert found.path is not None
    command = found.advice.partition("so does: ")[2]
    assert command.startswith("rm ")
    subprocess.run(["sh", "-c", command], check=True)
    assert not Path(found.path).exists()
    assert world.check_up() == []


def test_what_a_killed_save_left_is_removed(world: World) -> None:
    killed_save(world)
    in_use = world.keys / ".keypairs-0123456789abcde0.tmp"
    with in_use.open("wb") as file, leftovers.held(file.fileno()):
        (found,) = world.check_up()
        assert in_use.exists()
    assert found.path == str(world.keys / ".keypairs-0123456789abcdef.tmp")
    assert not Path(found.path).exists()
    assert "It was removed just now." in found.advice
    in_use.unlink()
    assert world.check_up() == []


def _findings(session: Session) -> list[Finding]:
    return [step for step in check_up(session, None) if isinstance(step, Finding)]


def _run_in_sh(command: str) -> None:
    assert command.startswith("chmod 700 ")
    subprocess.run(["sh", "-c", command], check=True)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_each_planted_fault_is_found_and_nothing_else(
    world: World, fault: Callable[[World], None]
) -> None:
    fault(world)
    found = world.check_up()
    assert [finding.kind for finding in found] == FAULTS[fault]
    for finding in found:
        assert finding.problem
        assert finding.advice
        assert "-----" not in finding.problem + finding.advice


def test_every_kind_of_finding_is_tested() -> None:
    tested = {kind for kinds in FAULTS.values() for kind in kinds}
    assert tested | {"file-unreadable"} == set(KINDS)


def test_a_file_that_cannot_be_read_is_not_called_gone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = files.read_regular_file

    def refuse(path: Path, limit: int) -> bytes:
        if path.name == "rsa.pem":
            raise OSError(errno.EIO, "Input/output error", str(path))
        return real(path, limit)

    monkeypatch.setattr(files, "read_regular_file", refuse)
    (found,) = world.check_up()
    assert found.kind == "file-unreadable"
    assert found.problem.endswith("cannot be read: Input/output error.")


def test_the_way_back_from_damage_names_the_folder(world: World) -> None:
    damaged_store(world)
    (found,) = world.check_up()
    assert found.advice.endswith(f": keypairs restore us-east-1 --data-dir {world.store.folder}")


def test_a_named_pipe_in_the_place_of_a_key_is_not_opened(world: World) -> None:
    (world.keys / "rsa.pem").unlink()
    os.mkfifo(world.keys / "rsa.pem")
    assert world.kinds() == ["file-changed"]


def test_a_finding_names_the_pair_the_region_and_the_file(world: World) -> None:
    gone(world)
    (found,) = world.check_up()
    (pair,) = world.session.backend.describe_key_pairs(key_names=["rsa"])
    path = str(world.keys / "rsa.pem")
    assert found.as_record() == {
        "kind": "file-gone",
        "severity": "error",
        "problem": f"{path}, the private key of rsa, is gone.",
        "advice": found.advice,
        "region": "us-east-1",
        "key_pairs": [{"region": "us-east-1", "key_pair_id": pair.key_pair_id, "key_name": "rsa"}],
        "path": path,
    }


def test_a_folder_that_is_open_is_reported_once(world: World) -> None:
    for number in range(3):
        world.create(f"more-{number}")
    writable_folder(world)
    assert world.kinds() == ["folder-exposed"]
    world.keys.chmod(0o1777)
    assert world.kinds() == []


def test_a_copy_of_a_key_that_is_fine_does_not_hide_one_that_is_not(world: World) -> None:
    good, bad = str(world.keys / "rsa.pem"), str(world.keys / "second.pem")
    world.change("rsa", saved_to=(good, bad))
    (found,) = world.check_up()
    assert (found.kind, found.severity, found.path) == ("spare-gone", Severity.NOTICE, bad)
    assert f"{bad}, a file with the private key of rsa, is gone." == found.problem
    assert f"Nothing is lost: the key is still in {good}." in found.advice
    files.create_private_file(Path(bad), b"nothing")
    (changed,) = world.check_up()
    assert (changed.kind, changed.path) == ("file-changed", bad)
    assert "delete the pair" not in changed.advice


def test_an_encrypted_file_counts_as_far_as_it_shows_whose_key_it_is(
    world: World, run: Callable[..., object]
) -> None:
    good, bad = str(world.keys / "rsa.p8"), str(world.keys / "rsa.pem")
    encrypt = ["openssl", "pkcs8", "-topk8", "-passout", "pass:secret", "-in", bad, "-out", good]
    run(*encrypt)
    Path(good).chmod(0o600)
    Path(bad).unlink()
    world.change("rsa", saved_to=(good, bad))
    (found,) = world.check_up()
    assert (found.kind, found.path) == ("spare-gone", bad)
    seen = "which key that is shows only with its passphrase"
    assert f"Nothing is lost: the key is still in {good} ({seen})." in found.advice
    Path(good).write_bytes(b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n")
    assert [found.kind for found in world.check_up()] == ["file-changed", "file-gone"]


@pytest.mark.parametrize("spoil", [gone, no_key, damaged_key, foreign_key])
def test_a_copy_that_is_not_this_key_does_not_make_light_of_one_that_is_gone(
    world: World, spoil: Callable[[World], None]
) -> None:
    world.change("rsa", saved_to=(str(world.keys / "rsa.pem"), str(world.keys / "second.pem")))
    spoil(world)
    found = world.check_up()[-1]
    assert (found.kind, found.path) == ("file-gone", str(world.keys / "second.pem"))
    assert "If it is lost, delete the pair" in found.advice


def test_a_text_that_can_be_no_path_is_a_file_that_is_gone(world: World) -> None:
    world.change("rsa", saved_to=("/a\0b",))
    (gone,) = world.check_up()
    assert (gone.kind, gone.path) == ("file-gone", "/a\0b")
    assert "If it is lost, delete the pair" in gone.advice
    world.change("rsa", saved_to=("/a\0b", str(world.keys / "rsa.pem")))
    (gone,) = world.check_up()
    assert (gone.kind, gone.path) == ("spare-gone", "/a\0b")
    (world.keys / "rsa.pem").unlink()
    assert [found.kind for found in world.check_up()] == ["file-gone", "file-gone"]


# In the agent alone -----------------------------------------------------------------------------


def test_a_pair_that_the_agent_holds_is_not_called_useless(
    session: Session, ssh_agent: Agent
) -> None:
    created = session.backend.create_key_pair(key_name="only-there", key_type="ed25519")
    agent_keys.add_to_agent(session, created)
    found = the_finding(session)
    assert "the ssh-agent of this session holds it" in found.problem
    assert "nobody can log in" not in found.problem
    assert not found.advice.startswith("Delete")
    ssh_agent.ssh_add("-D")
    found = the_finding(session)
    assert (
        "does not show it: unless another agent or a copy holds it, nobody can log in with this"
        in found.problem
    )


def test_where_no_agent_answers_one_may_still_hold_the_key(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.backend.create_key_pair(key_name="lost", key_type="ed25519")
    monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "none"))
    found = the_finding(session)
    assert found.problem.endswith(
        "was never saved: unless an agent or a copy holds it, nobody can log in with this pair."
    )
    assert "If nothing does, delete" in found.advice


def the_finding(session: Session) -> Finding:
    (found,) = [step for step in check_up(session, YEAR) if isinstance(step, Finding)]
    assert found.kind == "never-saved"
    return found


@pytest.mark.parametrize(("limit", "expected"), [(366, []), (365, ["old"]), (None, [])])
def test_the_limit_of_age_can_be_chosen(
    world: World, limit: int | None, expected: list[str]
) -> None:
    world.change("rsa", create_time=world.session.now() - timedelta(days=365, hours=12))
    found = world.check_up(None if limit is None else timedelta(days=limit))
    assert [finding.kind for finding in found] == expected


def test_pairs_of_the_same_name_and_key_in_two_regions_are_one_finding(world: World) -> None:
    (pair,) = world.session.backend.describe_key_pairs(key_names=["rsa"])
    world.session.for_region("eu-west-1").backend.import_key_pair(
        key_name="rsa", public_key_material=pair.public_key
    )
    (found,) = world.check_up()
    assert found.kind == "same-key"
    assert [each.region for each in found.key_pairs] == ["eu-west-1", "us-east-1"]


def test_only_what_may_be_described_is_looked_at(world: World, tmp_path: Path) -> None:
    document = {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Action": "ec2:DescribeKeyPairs",
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}},
        },
    }
    path = tmp_path / "policy.json"
    path.write_text(json.dumps(document))
    gone(world)
    world.store.previous_path.unlink()
    authorizer = Authorizer(region("us-east-1"), "sam", policy=Policy.load(path))
    *_, summary = check_up(session_over(world.store, authorizer), YEAR)
    assert summary == Summary(("eu-west-1",), 0, ("us-east-1",), 0)


def test_a_look_changes_nothing(world: World) -> None:
    def state() -> dict[str, tuple[bytes, int]]:
        paths = [*world.store.folder.iterdir(), *world.keys.iterdir()]
        return {str(p): (p.read_bytes(), p.stat().st_mtime_ns) for p in paths if p.is_file()}

    for fault in (gone, damaged_copy, writable_folder):
        fault(world)
    before = state()
    world.check_up()
    assert state() == before


@pytest.mark.long
def test_a_key_with_a_passphrase_on_a_shared_file_system_is_fine(
    world: World, run: Callable[..., object]
) -> None:
    run("ssh-keygen", "-q", "-p", "-N", "secret", "-f", world.keys / "rsa.pem")
    world.change("ed25519", saved_to=(), private_key=PrivateKeyState.IMPORTED)
    on_a_network(world)
    assert world.kinds() == []
