import json
import stat
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from core.checks.finding import KINDS
from core.clock import now as time_now
from core.custody import saving
from core.disk import mounts
from core.local.opening import open_local
from core.region_imports import RegionImporter
from core.store.region_store import RegionStore
from tests.helpers import kept, session_over
from tests.tui.commands.calling import call

ROOT = Path(__file__).parents[3]
Output = pytest.CaptureFixture[str]


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a data folder with one pair, 40 days old, saved in `tmp_path`."""
    monkeypatch.setattr(mounts, "MOUNTINFO", tmp_path / "none")
    session = session_over(
        RegionStore(tmp_path / "data", "us-east-1"), now=lambda: time_now() - timedelta(days=40)
    )
    created = session.backend.create_key_pair(key_name="web", key_type="ed25519")
    saving.save_key_material(session, created, str(tmp_path / "web.pem"))
    return tmp_path / "data"


def test_a_clean_store_is_fine(data: Path, capsys: Output) -> None:
    assert call("doctor", "--data-dir", data) == 0
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err == "keypairs: looked at 1 key pair in 1 Region: nothing found.\n"


def test_a_folder_in_which_nothing_is_is_named(tmp_path: Path, capsys: Output) -> None:
    (tmp_path / "empty").mkdir(mode=0o700)
    assert call("doctor", "--data-dir", tmp_path / "empty") == 0
    assert f"no Region is in use in {tmp_path}/empty." in capsys.readouterr().err


def test_a_folder_that_is_not_there_is_not_well(
    tmp_path: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    typo = tmp_path / "typo"
    assert call("doctor", "--data-dir", typo) == 2
    assert capsys.readouterr() == ("", f"keypairs: There is no folder {typo}.\n")
    # Only the usual one may still have to come, with the first key pair.
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    assert call("doctor") == 0
    assert not typo.exists()


def test_findings_come_the_worst_first_with_what_to_do(
    data: Path, tmp_path: Path, capsys: Output
) -> None:
    open_local(data, "eu-west-1").backend.create_key_pair(key_name="lost", key_type="ed25519")
    (tmp_path / "web.pem").chmod(0o644)
    assert call("--data-dir", data, "doctor", "--older-than", "30d") == 1
    output = capsys.readouterr()
    lines = output.out.splitlines()
    assert lines[0] == "error    Others can read a saved private key: 1 [file-exposed]"
    assert lines[1] == (
        f"{'':<9}Others can get at {tmp_path}/web.pem: its mode is 0644. [us-east-1]"
    )
    assert lines[2].endswith(f"chmod 600 {tmp_path}/web.pem")
    assert [line.split()[0] for line in lines[::3]] == ["error", "warning", "notice"]
    assert output.err == (
        "keypairs: looked at 2 key pairs in 2 Regions: 1 error, 1 warning, 1 notice.\n"
    )


def test_findings_of_one_kind_stand_together_and_can_be_had_alone(
    data: Path, tmp_path: Path, capsys: Output
) -> None:
    session = open_local(data, "us-east-1")
    for name in ("a", "b", "c"):
        session.backend.create_key_pair(key_name=name, key_type="ed25519")
    (tmp_path / "web.pem").chmod(0o644)

    def out(*options: str, status: int = 1) -> list[str]:
        assert call("doctor", *options, "--older-than", "30d", "--data-dir", data) == status
        return capsys.readouterr().out.splitlines()

    together = out()
    heading = "warning  The private key was never saved: 3 [never-saved]"
    warnings = together[together.index(heading) :][:5]
    # What is the same for all of them is said once.
    assert ["was never saved" in line for line in warnings] == [True, True, True, True, False]
    assert [line for line in warnings if "keypairs find --agent" in line] == warnings[4:]
    assert out("--kind", "never-saved") == warnings
    assert out("--kind", "never-saved", "--kind", "old") == together[3:]
    assert out("--errors-only") == together[:3]
    assert out("--kind", "same-key", status=0) == []
    assert out("--kind", "rsa-short", "--kind", "file-exposed", "--errors-only") == together[:3]
    document = json.loads("\n".join(out("--json", "--errors-only")))
    assert [finding["kind"] for finding in document["findings"]] == ["file-exposed"]
    assert document["key_pairs"] == 4
    assert call("doctor", "--kind", "old", "--errors-only", "--data-dir", data) == 2
    assert "--errors-only leaves none" in capsys.readouterr().err
    with pytest.raises(SystemExit) as caught:
        call("doctor", "--kind", "none", "--data-dir", data)
    assert caught.value.code == 2


def test_a_command_to_paste_is_printed_as_the_shell_takes_it(data: Path, capsys: Output) -> None:
    session = open_local(data, "us-east-1")
    path = data.parent / r"back\slash\\es" / "x y.pem"
    path.parent.mkdir(0o700)
    created = session.backend.create_key_pair(key_name="x", key_type="ed25519")
    saving.save_key_material(session, created, str(path))
    path.chmod(0o644)
    assert call("--data-dir", data, "doctor") == 1
    command = capsys.readouterr().out.splitlines()[2].partition("Either way: ")[2]
    subprocess.run(["sh", "-c", command], check=True)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_nothing_in_a_path_is_printed_that_a_terminal_obeys(data: Path, capsys: Output) -> None:
    path = data.parent / "\x1b]0;x\x07\n\u202e"
    path.write_text("-----BEGIN PRIVATE KEY-----\n")
    path.chmod(0o600)
    with open_local(data, "us-east-1").store.transaction() as transaction:
        (pair,) = transaction.state.key_pairs.values()
        transaction.update(kept(pair, saved_to=(str(path),)), "Test")
    assert call("--data-dir", data, "doctor") == 1
    output = capsys.readouterr().out
    assert all(line.isprintable() for line in output.split("\n"))
    assert len(output.splitlines()) == 3
    assert "keypairs find" in output
    assert r"\u{1b}]0;x" in output.splitlines()[2]


def test_findings_of_one_key_in_several_regions_are_told_apart(data: Path, capsys: Output) -> None:
    home = open_local(data, "us-east-1")
    (pair,) = home.backend.describe_key_pairs()
    for name in ("eu-west-1", "eu-west-2"):
        [_] = RegionImporter(home).import_pairs([pair], name)
    call("doctor", "--older-than", "0h", "--data-dir", data)
    lines = [line for line in capsys.readouterr().out.splitlines() if " days old" in line]
    assert len(lines) == 3
    assert {line.partition("[")[2] for line in lines} == {
        "eu-west-1]",
        "eu-west-2]",
        "us-east-1]",
    }


@pytest.mark.parametrize(("age", "status"), [("5w", 1), ("41d", 0), ("never", 0), ("1H", 1)])
def test_the_age_can_be_chosen(data: Path, capsys: Output, age: str, status: int) -> None:
    assert call("doctor", "--older-than", age, "--data-dir", data) == status


@pytest.mark.parametrize("age", ["", "5", "d", "-5d", "\x1b[31m", "99999999d"])
def test_an_age_that_is_none_is_refused(data: Path, capsys: Output, age: str) -> None:
    with pytest.raises(SystemExit) as caught:
        call("doctor", f"--older-than={age}", "--data-dir", data)
    assert caught.value.code == 2
    error = capsys.readouterr().err
    assert "is no age" in error
    assert "\x1b" not in error


def test_the_json_document_is_what_the_help_says(
    data: Path, tmp_path: Path, capsys: Output
) -> None:
    (tmp_path / "web.pem").unlink()
    assert call("doctor", "--json", "--data-dir", data) == 1
    document = json.loads(capsys.readouterr().out)
    types: dict[str, type] = {
        "version": int,
        "regions": list,
        "regions_not_allowed": list,
        "key_pairs": int,
        "findings": list,
    }
    assert {key: type(value) for key, value in document.items()} == types
    assert document["version"] == 1
    (finding,) = document["findings"]
    (pair,) = finding["key_pairs"]
    assert list(finding) == [
        "kind",
        "severity",
        "problem",
        "advice",
        "region",
        "key_pairs",
        "path",
    ]
    assert (finding["kind"], finding["severity"]) == ("file-gone", "error")
    assert finding["path"] == str(tmp_path / "web.pem")
    assert (pair["region"], pair["key_name"]) == ("us-east-1", "web")
    with pytest.raises(SystemExit):
        call("doctor", "--help")
    text = capsys.readouterr().out
    assert all(word in text for word in [*types, *finding, *pair, *KINDS])


def test_a_clean_store_has_a_document_as_well(data: Path, capsys: Output) -> None:
    assert call("doctor", "--json", "--data-dir", data) == 0
    assert json.loads(capsys.readouterr().out) == {
        "version": 1,
        "regions": ["us-east-1"],
        "regions_not_allowed": [],
        "key_pairs": 1,
        "findings": [],
    }


def test_a_policy_that_forbids_all_makes_it_unusable(
    data: Path, tmp_path: Path, capsys: Output
) -> None:
    policy = tmp_path / "policy.json"
    statement = {"Effect": "Deny", "Action": "*", "Resource": "*"}
    policy.write_text(json.dumps({"Version": "2012-10-17", "Statement": statement}))
    assert call("doctor", "--policy", policy, "--data-dir", data) == 2
    assert "left out us-east-1: you are not allowed" in capsys.readouterr().err
    assert call("--policy", tmp_path / "none", "doctor", "--data-dir", data) == 2


def test_hostile_names_are_spelled_out(data: Path, capsys: Output) -> None:
    session = open_local(data, "us-east-1")
    with session.store.transaction() as transaction:
        pair = transaction.state.named("web")
        assert pair is not None
        transaction.update(kept(pair, saved_to=("/\x1b[31m\u202e/x\n",)), "Test")
    assert call("doctor", "--data-dir", data) == 1
    output = capsys.readouterr()
    assert "\x1b" not in output.out + output.err
    assert len(output.out.splitlines()) == 3
    assert r"\u{1b}[31m\u{202e}/x\u{a}" in output.out


def test_a_folder_in_which_others_can_write_is_a_finding(data: Path, capsys: Output) -> None:
    data.chmod(0o777)
    assert call("doctor", "--data-dir", data) == 1
    assert "[store-folder]" in capsys.readouterr().out


@pytest.mark.long
def test_the_check_up_never_loads_textual(data: Path) -> None:
    code = (
        "import sys\nfrom tui.__main__ import main\n"
        f"status = main(['doctor', '--data-dir', {str(data)!r}])\n"
        "assert status in (0, 1) and 'core.checks.check_up' in sys.modules\n"
        "assert not {'textual', 'asyncio'} & sys.modules.keys(), sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], timeout=60, check=True, cwd=ROOT)
