"""`list` and `show`: the app's list and details, for pipes, scripts and screen readers."""

import csv
import io
import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from core.local import quick_look
from core.local.opening import open_local
from core.model import Tag, TagSpecification
from core.session import Session
from core.store import region_file
from tests.core.store_records import encode, key_pair, write_region
from tests.helpers import PUBLIC_KEY, printed_on
from tests.tui.commands.calling import call

ROOT = Path(__file__).parents[3]
Output = pytest.CaptureFixture[str]


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a data folder with pairs in two Regions."""
    folder = tmp_path / "data"
    monkeypatch.setenv("KEYPAIRS_DATA_DIR", str(folder))
    monkeypatch.setenv("HOME", str(tmp_path))
    tags = [TagSpecification("key-pair", [Tag("Env", "prod"), Tag("Odd", "a\tb\x1b[2J\\")])]
    make(open_local(folder, "us-east-1"), "web", tags)
    make(open_local(folder, "us-east-1"), "db two")
    make(open_local(folder, "eu-west-1"), "web-eu")
    return folder


def make(session: Session, name: str, tags: Sequence[TagSpecification] = ()) -> None:
    session.backend.import_key_pair(
        key_name=name, public_key_material=PUBLIC_KEY, tag_specifications=tags
    )


def test_in_a_pipe_each_pair_is_a_line_with_tabs(data: Path, capsys: Output) -> None:
    assert call("list") == 0
    output = capsys.readouterr()
    first, second = (line.split("\t") for line in output.out.splitlines())
    assert first[0] == "db two"
    assert second[:1] + second[2:4] + second[5:] == [
        "web",
        "ed25519",
        "uD/cUEgNe5PmOWBUh69pdxNoBd7Tir4ottSlQJy62y8=",
        "imported",
        "Env=prod",
        r"Odd=a\u{9}b\u{1b}[2J\\",
    ]
    assert output.err == ""


@pytest.mark.parametrize(
    ("filters", "names", "status"),
    [
        (["web"], ["web"], 0),
        (["type:ed25519", "tag:Env=prod"], ["web"], 0),
        (["saved:imported"], ["db two", "web"], 0),
        (["name:db*"], ["db two"], 0),
        (["nothing"], [], 1),
        (["colour:red"], None, 2),
        (["older:soon"], None, 2),
    ],
)
def test_a_filter_is_that_of_the_app(
    filters: list[str], names: list[str] | None, status: int, data: Path, capsys: Output
) -> None:
    assert call("list", *filters) == status
    output = capsys.readouterr()
    assert [line.split("\t")[0] for line in output.out.splitlines()] == (names or [])
    assert bool(output.err) == (status != 0)


def test_all_regions_stand_in_one_list(data: Path, capsys: Output) -> None:
    assert call("list", "--all-regions") == 0
    rows = [line.split("\t")[:2] for line in capsys.readouterr().out.splitlines()]
    assert rows == [["eu-west-1", "web-eu"], ["us-east-1", "db two"], ["us-east-1", "web"]]
    assert call("list", "--all-regions", "--region", "eu-west-1") == 2
    assert "Leave out --region" in capsys.readouterr().err
    assert call("--region", "eu-west-1", "list") == 0
    assert capsys.readouterr().out.startswith("web-eu\t")


def test_documents_are_those_of_the_export(data: Path, capsys: Output) -> None:
    assert call("list", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["Region"] == "us-east-1"
    assert [pair["KeyName"] for pair in document["KeyPairs"]] == ["db two", "web"]
    assert document["KeyPairs"][1]["Tags"][1]["Value"] == "a\tb\x1b[2J\\"
    assert call("list", "--json", "--all-regions") == 0
    documents = json.loads(capsys.readouterr().out)
    assert [each["Region"] for each in documents] == ["eu-west-1", "us-east-1"]
    assert call("list", "--csv", "--all-regions") == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out, newline="")))
    assert [row["Region"] for row in rows] == ["eu-west-1", "us-east-1", "us-east-1"]
    assert {row["KeyName"] for row in rows} == {"web", "db two", "web-eu"}


def on_terminal(columns: int, *arguments: str | Path) -> str:
    """Return what a command prints on a terminal of that width."""
    ours, theirs = pty.openpty()
    try:
        subprocess.run(
            [sys.executable, "-m", "tui", *arguments],
            stdin=theirs,
            stdout=theirs,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "COLUMNS": str(columns), "TZ": "UTC"},
            cwd=ROOT,
            timeout=60,
            check=True,
        )
    finally:
        os.close(theirs)
        printed = printed_on(ours)
        os.close(ours)
    return printed.decode().replace("\r\n", "\n")


@pytest.mark.parametrize("columns", [30, 60, 80, 120])
def test_on_a_terminal_columns_fit_its_width(columns: int, data: Path) -> None:
    make(open_local(data, "us-east-1"), "a-very-long-name-" * 8)
    lines = on_terminal(columns, "list").splitlines()
    assert lines[0].split()[0] == "Name"
    assert ("Fingerprint" in lines[0]) == (columns >= 71)
    assert len(lines) == 4
    assert all(len(line) <= columns for line in lines)
    assert any("web" in line for line in lines)
    assert "\x1b" not in "".join(lines)


def test_a_damaged_region_is_named_and_the_others_are_listed(data: Path, capsys: Output) -> None:
    (data / "us-east-1.json").write_bytes(b"{}")
    assert call("list", "--all-regions") == 2
    output = capsys.readouterr()
    assert output.out.startswith("eu-west-1\tweb-eu\t")
    assert "damaged" in output.err


def test_show_says_what_the_details_say(data: Path, tmp_path: Path, capsys: Output) -> None:
    (tmp_path / "keys").mkdir(0o700)
    path = tmp_path / "keys" / "ci.pem"
    created = ["create-key-pair", "--key-name", "ci", "--key-type", "ed25519"]
    assert call(*created, "--save", path) == 0
    key_pair_id = json.loads(capsys.readouterr().out)["KeyPairId"]
    for thing in ("ci", key_pair_id):
        assert call("show", thing) == 0
        text = capsys.readouterr().out
        assert text.startswith(f"Name: ci\nId: {key_pair_id}\nType: ed25519\n")
        assert "✓ ~/keys/ci.pem: mode 0600" in text
        assert " save by " in text
        assert "ssh-keygen -l" in text
    path.chmod(0o644)
    assert call("show", "ci", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["Region"], document["KeyName"]) == ("us-east-1", "ci")
    (file,) = next(
        section["Facts"]
        for section in document["Sections"]
        if section["Heading"] == "The private key file"
    )
    assert file["Value"].startswith("✗ ")


def test_show_names_the_region_that_has_the_pair(data: Path, capsys: Output) -> None:
    assert call("show", "web-eu") == 1
    assert "There is one in eu-west-1: add --region eu-west-1" in capsys.readouterr().err
    assert call("show", "nobody") == 1
    assert capsys.readouterr().err == "keypairs: there is no key pair nobody in us-east-1.\n"
    assert call("show", "web", "--region", "mars") == 2


def test_show_spells_out_what_would_talk_to_the_terminal(data: Path, capsys: Output) -> None:
    assert call("show", "web") == 0
    text = capsys.readouterr().out
    assert "Tag: Odd = a\\u{9}b\\u{1b}[2J\\\n" in text
    assert "\x1b" not in text


# What a quick look finds, and what a session finds ---------------------------------------------

RECORD_MEMBERS: dict[str, object] = {
    "KeyPairId": "key-1",
    "KeyName": "web",
    "KeyType": "dsa",
    "KeyFingerprint": 1,
    "Fingerprints": {"PKCS8SHA1": None, "SPKIMD5": None, "SSHSHA256": None, "SSHMD5": "a"},
    "PublicKey": None,
    "Tags": [{"Value": "a", "Key": "b"}],
    "CreateTime": "2026-09-25T11:05:17.4691Z",
    "PrivateKey": "saved",
    "SavedTo": "x",
    "Replaces": 7,
    "Else": 1,
}
"""For each member of a record a value that no session writes, or another order."""


def listed(data: Path, *, quickly: bool, options: Sequence[str], capsys: Output) -> tuple[int, str]:
    """Return what `list` prints, looked up quickly or by a session, and its status."""
    with pytest.MonkeyPatch.context() as patch:
        if not quickly:
            patch.setattr(quick_look, "of_this_machine", lambda *_: None)
        status = call("list", *options, "--data-dir", data)
    output = capsys.readouterr()
    return status, output.out + output.err


def quickly_found(data: Path) -> bool:
    """Return whether a quick look answers for a folder at all."""
    look = quick_look.of_this_machine(str(data), "us-east-1", None)
    assert look is not None
    try:
        look.plain_records()
    except quick_look.NotPlainError:
        return False
    return True


def test_a_quick_look_lists_what_a_session_lists(data: Path, capsys: Output) -> None:
    write_region(data, 20)
    session = open_local(data, "us-east-1")
    session.backend.create_key_pair(key_name="b", key_type="rsa", replaces=key_pair(3).key_pair_id)
    make(session, "a")
    session.backend.delete_key_pair(key_name="pair-2")
    assert quickly_found(data)
    for options in ([], ["--json"], ["--csv"]):
        found = listed(data, quickly=True, options=options, capsys=capsys)
        assert found == listed(data, quickly=False, options=options, capsys=capsys)
        assert found[1].count("pair-") >= 19


@pytest.mark.parametrize("member", RECORD_MEMBERS)
def test_what_is_not_plain_is_left_to_the_session(member: str, tmp_path: Path) -> None:
    data = tmp_path / "data"
    write_region(data, 2)
    assert quickly_found(data)
    path = data / "us-east-1.json"
    tables = region_file.decode(path.read_bytes(), "us-east-1")
    tables[region_file.KEY_PAIRS]["2"][member] = RECORD_MEMBERS[member]
    if member in ("KeyName", "KeyPairId"):  # which another has
        tables[region_file.KEY_PAIRS]["1"][member] = RECORD_MEMBERS[member]
    path.write_bytes(encode(tables, "us-east-1", 3))
    assert not quickly_found(data)


def linked(data: Path) -> Path:
    link = data.with_name("link")
    link.symlink_to(data)
    return link


def no_folder(data: Path) -> Path:
    file = data.with_name("file")
    file.touch(0o700)
    return file


def anothers_folder(data: Path) -> Path:
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    os.chown(data, 12345, -1)
    return data


def a_file_gone_whose_backup_is_there(data: Path) -> Path:
    make(open_local(data, "us-east-1"), "another")
    (data / "us-east-1.json").unlink()
    return data


def a_file_too_large(data: Path) -> Path:
    os.truncate(data / "us-east-1.json", region_file.LARGEST + 1)
    return data


@pytest.mark.parametrize(
    "change",
    [linked, no_folder, anothers_folder, a_file_too_large, a_file_gone_whose_backup_is_there],
)
def test_what_is_no_plain_folder_or_file_is_left_to_the_session(
    change: Callable[[Path], Path], data: Path
) -> None:
    assert quickly_found(data)
    assert not quickly_found(change(data))


def test_a_pipe_is_left_to_the_session_whatever_comes_out_of_it(data: Path) -> None:
    path = data / "us-east-1.json"
    whole = path.read_bytes()
    path.unlink()
    os.mkfifo(path)
    pipe = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    try:
        os.write(pipe, whole)
        assert not quickly_found(data)
    finally:
        os.close(pipe)


@pytest.mark.parametrize(
    ("table", "number", "generation"),
    [
        (region_file.KEY_PAIRS, " 1 ", 3),
        (region_file.KEY_PAIRS, "01", 3),
        (region_file.KEY_PAIRS, "\u0661", 3),
        (region_file.DELETED, "x", 3),
        (region_file.DELETED, "9", 2**60),
    ],
)
def test_numbers_that_no_session_writes_are_left_to_the_session(
    table: str, number: str, generation: int, data: Path, capsys: Output
) -> None:
    session = open_local(data, "us-east-1")
    make(session, "gone")
    session.backend.delete_key_pair(key_name="gone")
    path = data / "us-east-1.json"
    tables = region_file.decode(path.read_bytes(), "us-east-1")
    tables[table] = {number: next(iter(tables[table].values()))}
    path.write_bytes(encode(tables, "us-east-1", generation))
    for verb in ("list", "describe-key-pairs"):
        assert call(verb) != 0
        assert "us-east-1.json is damaged" in capsys.readouterr().err


def test_a_policy_and_another_persons_home_are_left_to_the_session(tmp_path: Path) -> None:
    assert quick_look.of_this_machine(str(tmp_path), None, None) is not None
    assert quick_look.of_this_machine(str(tmp_path), None, str(tmp_path / "policy")) is None
    assert quick_look.of_this_machine("~nobody-at-all/data", None, None) is None
    assert call("describe-key-pairs", "--data-dir", "~nobody-at-all/data") == 253


@pytest.mark.parametrize(
    "command",
    [["list"], ["list", "--all-regions"], ["show", "web"], ["find", "web"]],
)
def test_who_could_replace_the_data_folder_is_said_once_and_not_on_stdout(
    data: Path, capsys: Output, command: list[str]
) -> None:
    call(*command)
    before = capsys.readouterr()
    # As the app says when it refuses to start there.
    for folder, said in (
        (data.parent, f"could be replaced by another folder: others can write in {data.parent}"),
        (data, f"others can write in {data}; chmod 700"),
    ):
        mode = folder.stat().st_mode
        folder.chmod(0o777)
        call(*command)
        folder.chmod(mode)
        output = capsys.readouterr()
        assert output.out == before.out
        # What it says besides comes behind it.
        [line] = output.err.removesuffix(before.err).splitlines()
        assert said in line
    # Only owners can rename there, as in /tmp.
    data.parent.chmod(0o1777)
    call(*command)
    assert capsys.readouterr().err == before.err
