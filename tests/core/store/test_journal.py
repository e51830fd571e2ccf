import errno
import fcntl
import json
import os
import pwd
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from core.custody import saving
from core.disk import files, in_folder
from core.errors import EC2Error, StoreError, StoreLocked
from core.model import Tag
from core.session import Session
from core.store import journal as journal_module
from core.store.journal import Change, Journal
from core.store.region_store import RegionStore
from tests.core.sessions import begin
from tests.core.store_records import key_pair
from tests.helpers import session_over

ROOT = Path(__file__).parents[3]
CHANGE = Change("CreateKeyPair", "web-1", "key-0123456789abcdef0")


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path, environment={})


def lines(journal: Journal) -> list[dict[str, Any]]:
    return [json.loads(line) for line in journal.path.read_text().splitlines()]


def write(journal: Journal, time: datetime, changes: Sequence[Change] = (CHANGE,)) -> None:
    with journal.record("us-east-1", changes, time):
        pass


def test_every_change_is_one_line_with_everything_but_a_secret(
    make_session: Callable[..., Session],
    store: RegionStore,
    fixed_time: datetime,
    tmp_path: Path,
) -> None:
    session = make_session(now=lambda: fixed_time)
    created = session.backend.create_key_pair(key_name="web-1", key_type="ed25519")
    private = created.key_material.encode()
    key_pair_id = created.key_pair.key_pair_id
    saving.save_key_material(session, created, str(tmp_path / "web-1.pem"))
    session.backend.create_tags(resources=[key_pair_id], tags=[Tag("password", "hunter2")])
    session.backend.delete_tags(resources=[key_pair_id])
    session.backend.delete_key_pair(key_name="web-1")
    session.backend.restore_key_pair(key_pair_id)
    found = lines(store.journal)
    assert [line["operation"] for line in found] == [
        "CreateKeyPair",
        "SaveKeyMaterial",
        "CreateTags",
        "DeleteTags",
        "DeleteKeyPair",
        "RestoreKeyPair",
    ]
    about = {
        "SaveKeyMaterial": str(tmp_path / "web-1.pem"),
        "CreateTags": "set password",
        "DeleteTags": "removed password",
    }
    assert {line["operation"]: line["detail"] for line in found if "detail" in line} == about
    for line in found:
        line.pop("detail", None)
        assert list(line) == [
            "time",
            "user",
            "host",
            "client",
            "process",
            "region",
            "operation",
            "key_name",
            "key_pair_id",
            "outcome",
        ]
        assert line["time"].endswith("Z")
        assert line["user"] == pwd.getpwuid(os.getuid()).pw_name
        assert line["host"] == os.uname().nodename
        assert line["process"] == os.getpid()
        assert line["region"] == "us-east-1"
        assert (line["key_name"], line["key_pair_id"]) == ("web-1", key_pair_id)
        assert line["outcome"] == "done"
    data = store.journal.path.read_bytes()
    assert not any(part in data for part in private.splitlines() if part)
    assert b"hunter2" not in data
    assert store.journal.path.stat().st_mode & 0o777 == 0o600
    entries = session.journal()
    assert [entry.operation for entry in entries] == [line["operation"] for line in found]
    assert entries[0].process == os.getpid()


def test_what_is_only_looked_at_or_refused_is_not_recorded(
    session: Session, store: RegionStore
) -> None:
    session.backend.create_key_pair(key_name="web-1", key_type="ed25519")
    before = store.journal.path.read_bytes()
    session.backend.describe_key_pairs()
    session.backend.delete_key_pair(key_name="missing")
    with pytest.raises(EC2Error):
        session.backend.create_key_pair(key_name="web-1", key_type="ed25519")
    with pytest.raises(EC2Error):
        session.backend.create_key_pair(key_name="web-2", key_type="ed25519", dry_run=True)
    assert store.journal.path.read_bytes() == before


@pytest.mark.parametrize(
    ("connection", "address"),
    [
        ("192.0.2.7 50022 198.51.100.1 22", "192.0.2.7"),
        ("2001:db8::7 50022 2001:db8::1 22", "2001:db8::7"),
        ("", None),
        (" ", None),
        (None, None),
        ("\udcff\udc80 1 2 3", "??"),
    ],
)
def test_the_address_of_the_ssh_client_is_recorded(
    connection: str | None, address: str | None, tmp_path: Path, fixed_time: datetime
) -> None:
    environment = {} if connection is None else {"SSH_CONNECTION": connection}
    journal = Journal(tmp_path, environment)
    write(journal, fixed_time)
    assert [entry.client for entry in journal.read()] == [address]


def test_the_line_is_on_the_disk_before_the_change_is_made(
    journal: Journal, fixed_time: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[bytes] = []
    fsync = os.fsync

    def observed_fsync(file: int) -> None:
        fsync(file)
        synced.append(journal.path.read_bytes())

    monkeypatch.setattr(os, "fsync", observed_fsync)
    with journal.record("us-east-1", [CHANGE], fixed_time):
        assert [entry.outcome for entry in journal.read()] == ["begun"]
        assert synced == [journal.path.read_bytes()]
    assert [entry.outcome for entry in journal.read()] == ["done"]


def test_a_change_that_fails_is_recorded_as_failed(journal: Journal, fixed_time: datetime) -> None:
    changes = [CHANGE, Change("DeleteKeyPair", "web-2", "key-0123456789abcdef1")]
    with (
        pytest.raises(ZeroDivisionError),
        journal.record("us-east-1", changes, fixed_time),
    ):
        raise ZeroDivisionError
    write(journal, fixed_time)
    assert [line["outcome"] for line in lines(journal)] == ["failed", "failed", "done"]


def test_a_change_that_takes_long_lets_the_others_write_and_finds_its_line_again(
    journal: Journal, fixed_time: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Change("DeleteKeyPair", "web-2", "key-0123456789abcdef1")
    with journal.record("us-east-1", [CHANGE], fixed_time, in_turn=False):
        write(journal, fixed_time, [other])
        assert [entry.outcome for entry in journal.read()] == ["begun", "done"]
    assert [entry.outcome for entry in journal.read()] == ["done", "done"]
    with (
        pytest.raises(ZeroDivisionError),
        journal.record("us-east-1", [CHANGE], fixed_time, in_turn=False),
    ):
        monkeypatch.setattr(journal_module, "FULL", 1)
        write(journal, fixed_time, [other])
        assert [line["key_name"] for line in lines(journal)] == ["web-2"]
        raise ZeroDivisionError
    outcomes = [(entry.key_name, entry.outcome) for entry in journal.read()]
    assert outcomes[-2:] == [("web-1", "failed"), ("web-2", "done")]


@pytest.mark.long
def test_a_line_of_a_session_that_was_killed_in_between_stays_begun(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom core.disk import replacing\n"
        "from core.local.opening import open_local\n"
        "replacing.replace_file = lambda *a, **o: os.kill(os.getpid(), signal.SIGKILL)\n"
        "session = open_local(Path(sys.argv[1]), 'us-east-1')\n"
        "session.backend.create_key_pair(key_name='web-1', key_type='ed25519')\n"
    )
    folder = tmp_path / "data"
    done = subprocess.run([sys.executable, "-c", code, folder], cwd=ROOT, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    store = RegionStore(folder, "us-east-1")
    session_over(store).backend.create_key_pair(key_name="web-2", key_type="ed25519")
    assert [(entry.key_name, entry.outcome) for entry in store.journal.read()] == [
        ("web-1", "begun"),
        ("web-2", "done"),
    ]
    assert set(store.read().names) == {"web-2"}


@pytest.mark.parametrize("rest", [b'{"time": "2026', b"\x00\x00\x00", b"x"])
def test_half_a_line_does_not_spoil_the_next_one(
    rest: bytes, journal: Journal, fixed_time: datetime
) -> None:
    write(journal, fixed_time)
    with journal.path.open("ab") as file:
        file.write(rest)
    write(journal, fixed_time)
    assert [entry.outcome for entry in journal.read()] == ["done", "done"]
    assert journal.path.read_bytes().splitlines()[1] == rest


# Refused before the change --------------------------------------------------------------------


def folder_in_its_place(path: Path) -> None:
    path.unlink()
    path.mkdir()


def link_in_its_place(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


def full_with_nowhere_to_go(path: Path) -> None:
    path.write_bytes(b"\n" * journal_module.FULL)
    path.with_name("journal.jsonl.1").mkdir()


@pytest.mark.parametrize("spoil", [folder_in_its_place, link_in_its_place, full_with_nowhere_to_go])
def test_a_change_that_cannot_be_recorded_is_not_made(
    spoil: Callable[[Path], None], session: Session, store: RegionStore
) -> None:
    created = session.backend.create_key_pair(key_name="web-1", key_type="ed25519")
    spoil(store.journal.path)
    before, state = store.path.read_bytes(), store.read()
    changes: list[Callable[[], object]] = [
        lambda: session.backend.create_key_pair(key_name="web-2", key_type="ed25519"),
        lambda: session.backend.delete_key_pair(key_name="web-1"),
        lambda: session.backend.create_tags(
            resources=[created.key_pair.key_pair_id], tags=[Tag("a", "b")]
        ),
    ]
    for change in changes:
        with pytest.raises(StoreError) as caught:
            change()
        assert str(caught.value).startswith(f"Cannot write the journal {store.journal.path}: ")
        assert str(caught.value).endswith(" Nothing was changed.")
    assert store.path.read_bytes() == before
    assert store.read() == RegionStore(store.path.parent, store.region).read() == state
    assert session.backend.describe_key_pairs() == (created.key_pair,)


@pytest.mark.parametrize("name", ["open", "write", "fsync"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_an_error_while_recording_leaves_no_part_of_a_line(
    name: str,
    number: int,
    journal: Journal,
    fixed_time: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write(journal, fixed_time)
    before = journal.path.read_bytes()
    original: Callable[..., Any] = getattr(os, name)

    def failing(file: Any, *arguments: Any) -> Any:
        if name == "write":
            original(file, arguments[0][:20])
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, name, failing)
    ran = False
    with (
        pytest.raises(StoreError, match=os.strerror(number)),
        journal.record("us-east-1", [CHANGE, CHANGE], fixed_time),
    ):
        ran = True
    monkeypatch.undo()
    assert not ran
    assert journal.path.read_bytes() == before


def test_a_line_of_a_session_that_the_lock_did_not_keep_out_stays(
    journal: Journal, fixed_time: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_all = in_folder.write_all

    def another_is_faster(file: int, data: bytes) -> None:
        with journal.path.open("ab") as other:
            other.write(b'{"theirs":1}\n')
        write_all(file, data)

    monkeypatch.setattr(in_folder, "write_all", another_is_faster)
    write(journal, fixed_time)
    theirs, ours = lines(journal)
    assert theirs == {"theirs": 1}
    assert ours["outcome"] == "done"


def test_an_outcome_that_cannot_be_written_does_not_undo_the_change(
    session: Session, store: RegionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    pwrite = os.pwrite

    def failing(file: int, data: bytes, place: int) -> int:
        if b"done" in data:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return pwrite(file, data, place)

    monkeypatch.setattr(os, "pwrite", failing)
    session.backend.create_key_pair(key_name="web-1", key_type="ed25519")
    assert "web-1" in RegionStore(store.path.parent, store.region).read().names
    assert [entry.outcome for entry in store.journal.read()] == ["begun"]


def test_a_session_that_holds_the_journal_is_not_waited_for_for_ever(
    journal: Journal, fixed_time: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "_TIMEOUT", 0.1)
    write(journal, fixed_time)
    before = journal.path.read_bytes()
    with journal.path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(StoreLocked, match="journal"):
            write(journal, fixed_time)
    assert journal.path.read_bytes() == before
    write(journal, fixed_time)


def test_waiting_for_the_journal_can_be_given_up(session: Session, store: RegionStore) -> None:
    session.backend.create_key_pair(key_name="web-1", key_type="ed25519")
    with store.journal.path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        giving_up = threading.Timer(0.2, store.give_up_waiting)
        giving_up.start()
        with pytest.raises(StoreLocked, match=r"journal\.jsonl and this one gave up waiting"):
            session.backend.create_key_pair(key_name="web-2", key_type="ed25519")
        giving_up.join()
    assert len(session.backend.describe_key_pairs()) == 1
    session.backend.create_key_pair(key_name="web-2", key_type="ed25519")


# Many lines -----------------------------------------------------------------------------------


def test_a_full_journal_is_put_aside_once(
    journal: Journal, fixed_time: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "FULL", 2000)
    names = [f"web-{number}" for number in range(60)]
    for name in names:
        write(journal, fixed_time, [Change("CreateKeyPair", name, "key-0123456789abcdef0")])
        sizes = [path.stat().st_size for path in journal.path.parent.iterdir()]
        assert len(sizes) <= 2
        assert max(sizes) < 2000 + 400
    read = [entry.key_name for entry in journal.read()]
    assert 8 <= len(read) < 30
    assert read == names[-len(read) :]
    assert {path.name for path in journal.path.parent.iterdir()} == {
        "journal.jsonl",
        "journal.jsonl.1",
    }
    assert {path.stat().st_mode & 0o777 for path in journal.path.parent.iterdir()} == {0o600}


def test_a_journal_that_is_put_aside_while_it_is_read_is_read_again(
    journal: Journal, fixed_time: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(journal, fixed_time, [Change("CreateKeyPair", "web-1")])
    read_file = files.read_regular_file

    def put_aside_first(path: Path, limit: int) -> bytes:
        if path == journal.path:
            monkeypatch.undo()
            path.replace(journal.previous_path)
            write(journal, fixed_time, [Change("CreateKeyPair", "web-2")])
        return read_file(path, limit)

    monkeypatch.setattr(files, "read_regular_file", put_aside_first)
    assert [entry.key_name for entry in journal.read()] == ["web-1", "web-2"]


@pytest.mark.long
def test_a_change_of_very_many_key_pairs_can_still_be_read(
    journal: Journal, fixed_time: datetime
) -> None:
    journal.path.write_bytes(b"x" * (journal_module.FULL - 2) + b"\n")
    journal.path.chmod(0o600)
    changes = [
        Change("CreateTags", "n" * 255, key_pair(n).key_pair_id, "\N{OK HAND SIGN}" * 6_000)
        for n in range(5000)
    ]
    write(journal, fixed_time, changes)
    assert len(journal.read()) == 5000
    write(journal, fixed_time)
    assert len(journal.read()) == 5001


@pytest.mark.long
def test_sessions_of_several_regions_leave_whole_lines_only(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    regions = ["us-east-1", "us-east-2", "eu-west-1", "eu-west-1"]
    workers = []
    for number, region in enumerate(regions):
        names = [f"pair-{number}-{n}" for n in range(20)]
        workers.append(begin("regions", folder, region, *names))
    for worker in workers:
        output, _ = worker.communicate("go\n", timeout=60)
        assert worker.returncode == 0
        assert output.count("created") == 20
    journal = Journal(folder)
    found = lines(journal)
    assert len(found) == len(journal.read()) == 80
    assert {line["outcome"] for line in found} == {"done"}
    assert {(line["region"], line["key_name"]) for line in found} == {
        (region, f"pair-{number}-{n}") for number, region in enumerate(regions) for n in range(20)
    }
    assert {line["process"] for line in found} == {worker.pid for worker in workers}


@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"not JSON",
        b"\xff\xfe",
        b"7",
        b"null",
        b"[]",
        b'"text"',
        b"{}",
        b'{"time": 7}',
        b"[" * 5000,
    ],
)
def test_a_line_that_is_no_entry_is_left_out(
    garbage: bytes, journal: Journal, fixed_time: datetime
) -> None:
    write(journal, fixed_time)
    journal.path.write_bytes(garbage + b"\n" + journal.path.read_bytes() + garbage)
    assert [entry.operation for entry in journal.read()] == ["CreateKeyPair"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("time", "yesterday"),
        ("time", "2026-09-25T11:05:17"),
        ("user", None),
        ("host", 7),
        ("client", []),
        ("process", "7"),
        ("region", {}),
        ("key_name", 7),
        ("outcome", None),
        ("extra", "x"),
    ],
)
def test_a_line_with_a_field_of_another_kind_is_left_out(
    name: str, value: object, journal: Journal, fixed_time: datetime
) -> None:
    write(journal, fixed_time)
    line = json.dumps({**lines(journal)[0], name: value})
    write(journal, fixed_time)
    with journal.path.open("a") as file:
        file.write(f"{line}\n")
    assert len(journal.read()) == 2


def test_a_journal_that_cannot_be_read_is_an_error(journal: Journal) -> None:
    assert journal.read() == []
    journal.path.mkdir()
    with pytest.raises(StoreError, match="Cannot read the journal"):
        journal.read()


@pytest.mark.parametrize("key_pair_id", ["key-0123456789abcdef0", "key-of-another-width" * 9])
def test_an_id_that_comes_with_the_answer_gets_into_the_line_or_spoils_none(
    journal: Journal, fixed_time: datetime, key_pair_id: str
) -> None:
    change = Change("CreateKeyPair", "web")
    with journal.record("us-east-1", [change], fixed_time, in_turn=False) as recorded:
        write(journal, fixed_time, [Change("DeleteKeyPair", "other", "key-1")])
        recorded[0] = replace(change, key_pair_id=key_pair_id)
    created, deleted = journal.read()
    fits = len(key_pair_id) == len("key-0123456789abcdef0")
    assert (created.outcome, created.key_pair_id) == ("done", key_pair_id if fits else None)
    assert (deleted.outcome, deleted.key_pair_id) == ("done", "key-1")
