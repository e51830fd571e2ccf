"""The verbs over EC2, which is our own core behind HTTP on loopback."""

import json
import os
import pty
import subprocess
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.ec2_server import ARN, AT_ONCE, Ec2Server, Fault, ec2_server, environment
from tests.forking import python
from tests.helpers import PUBLIC_KEY

ROOT = Path(__file__).parents[3]
Keypairs = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Ec2Server]:
    with ec2_server(tmp_path / "in-ec2") as running:
        yield running


@pytest.fixture
def keypairs(server: Ec2Server, tmp_path: Path) -> Keypairs:
    """Runs the program with the AWS variables, and without what is named in `without`."""
    variables = {
        **environment(server, tmp_path),
        "PATH": os.environ["PATH"],
        "KEYPAIRS_DATA_DIR": str(tmp_path / "here"),
        "PYTHONPATH": str(ROOT),
    }

    def run(
        *arguments: str, without: str = "", stdin: int = subprocess.DEVNULL, **more: str
    ) -> "subprocess.CompletedProcess[str]":
        chosen = {name: value for name, value in (variables | more).items() if name != without}
        return subprocess.run(
            [*python(), "-m", "tui", *arguments],
            env=chosen,
            stdin=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            cwd=tmp_path,
        )

    return run


def test_without_a_choice_the_aws_variables_lead_nowhere(
    keypairs: Keypairs, server: Ec2Server
) -> None:
    done = keypairs("describe-key-pairs")
    assert (done.returncode, json.loads(done.stdout)) == (0, {"KeyPairs": []})
    assert server.calls.total() == 0


@pytest.mark.parametrize("way", ["--ec2", "KEYPAIRS_BACKEND", "config.toml"])
def test_each_way_to_choose_ec2_asks_it(
    way: str, keypairs: Keypairs, server: Ec2Server, tmp_path: Path
) -> None:
    if way == "config.toml":
        (tmp_path / ".config" / "keypairs").mkdir(parents=True)
        (tmp_path / ".config" / "keypairs" / "config.toml").write_text('place = "ec2"\n')
    options = ["--ec2"] if way == "--ec2" else []
    variables = {"KEYPAIRS_BACKEND": "ec2"} if way == "KEYPAIRS_BACKEND" else {}
    done = keypairs(*options, "describe-key-pairs", **variables)
    assert done.returncode == 0, done.stderr
    assert server.calls["DescribeKeyPairs"] == 1


def test_a_saved_key_is_made_here_and_never_sent(
    keypairs: Keypairs, server: Ec2Server, tmp_path: Path
) -> None:
    done = keypairs("create-key-pair", "--ec2", "--key-name", "ci", "--save", "ci.pem", "--yes")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["SavedTo"] == str(tmp_path / "ci.pem")
    assert (server.calls["ImportKeyPair"], server.calls["CreateKeyPair"]) == (1, 0)
    public_key = subprocess.run(
        ["ssh-keygen", "-y", "-f", tmp_path / "ci.pem"], capture_output=True, text=True, check=True
    ).stdout.split()
    shown = json.loads(keypairs("describe-key-pairs", "--ec2", "--include-public-key").stdout)
    assert shown["KeyPairs"][0]["PublicKey"].split()[:2] == public_key[:2]
    listed = keypairs("list", "--ec2", "--json")
    assert "ci.pem" in listed.stdout


def test_printed_it_is_made_by_ec2_as_aws_has_it(keypairs: Keypairs, server: Ec2Server) -> None:
    done = keypairs(
        "create-key-pair", "--ec2", "--key-name", "ci", "--key-type", "ed25519",
        "--query", "KeyMaterial", "--output", "text",
    )  # fmt: skip
    assert done.stdout.startswith("-----BEGIN OPENSSH PRIVATE KEY-----")
    assert (server.calls["ImportKeyPair"], server.calls["CreateKeyPair"]) == (0, 1)


@pytest.mark.parametrize(
    "fault",
    [pytest.param(each, marks=[] if each is Fault.CUT else pytest.mark.long) for each in AT_ONCE],
)
def test_a_lost_answer_names_the_orphan_and_deletes_it_only_if_asked(
    fault: Fault, keypairs: Keypairs, server: Ec2Server
) -> None:
    server.faults["CreateKeyPair"] = [fault, fault]
    done = keypairs("create-key-pair", "--ec2", "--key-name", "ci")
    assert (done.returncode, done.stdout) == (255, "")
    (pair,) = server.client_of("us-east-1").describe_key_pairs()["KeyPairs"]
    assert pair["KeyPairId"] in done.stderr
    assert "PRIVATE KEY" not in done.stderr
    done = keypairs("create-key-pair", "--ec2", "--key-name", "other", "--delete-orphan")
    assert done.returncode == 255
    assert "was deleted again" in done.stderr
    names = [p["KeyName"] for p in server.client_of("us-east-1").describe_key_pairs()["KeyPairs"]]
    assert names == ["ci"]
    assert server.calls["CreateKeyPair"] == 2


def test_a_damaged_file_is_named_and_ec2s_answer_printed(
    keypairs: Keypairs, server: Ec2Server, tmp_path: Path
) -> None:
    server.client_of("us-east-1").create_key_pair(KeyName="ci", KeyType="ed25519")
    assert keypairs("list", "--ec2").returncode == 0
    (path,) = tmp_path.glob("**/ec2/*/us-east-1.json")
    path.write_bytes(b"rubbish")
    # What changes nothing leaves it alone.
    for command in ("list", "show ci", "describe-key-pairs --read-only"):
        done = keypairs(*command.split(), "--ec2")
        assert done.returncode == 0, done.stderr
        assert "ci" in done.stdout
        assert f"{path} is damaged" in done.stderr
        assert "Shown is what EC2 says" in done.stderr
        assert path.read_bytes() == b"rubbish"
    done = keypairs("describe-key-pairs", "--ec2")
    assert done.returncode == 0, done.stderr
    assert '"KeyName": "ci"' in done.stdout
    (aside,) = path.parent.glob("*.damaged-*")
    assert aside.read_bytes() == b"rubbish"
    assert f"{path} was damaged" in done.stderr
    assert f"kept beside the new one as {aside.name}." in done.stderr
    assert keypairs("list", "--ec2").stderr == ""


def test_refusals_settings_and_silence_have_the_statuses_of_the_aws_cli(
    keypairs: Keypairs, server: Ec2Server
) -> None:
    found = {
        "an unknown name": keypairs("describe-key-pairs", "--ec2", "--key-names", "zz"),
        "no Region": keypairs("describe-key-pairs", "--ec2", without="AWS_REGION"),
        "half a key": keypairs("describe-key-pairs", "--ec2", without="AWS_SECRET_ACCESS_KEY"),
        "no such profile": keypairs("describe-key-pairs", "--profile", "zz"),
        "nobody there": keypairs("describe-key-pairs", "--endpoint-url", "http://127.0.0.1:9"),
        "no such place": keypairs("describe-key-pairs", KEYPAIRS_BACKEND="cloud"),
        "read-only": keypairs("delete-key-pair", "--ec2", "--key-name", "a", "--read-only"),
        "nothing of EC2": keypairs("find", "x", "--ec2"),
    }
    assert {case: done.returncode for case, done in found.items()} == {
        "an unknown name": 254,
        "no Region": 253,
        "half a key": 253,
        "no such profile": 253,
        "nobody there": 255,
        "no such place": 253,
        "read-only": 254,
        "nothing of EC2": 2,
    }
    assert all(done.stdout == "" for done in found.values())
    assert all("Traceback" not in done.stderr for done in found.values())
    assert "The key pair 'zz' does not exist" in found["an unknown name"].stderr
    assert ARN not in found["read-only"].stderr


def test_what_took_the_name_while_it_was_asked_is_not_deleted(
    keypairs: Keypairs, server: Ec2Server
) -> None:
    ec2 = server.client_of("us-east-1")
    ec2.create_key_pair(KeyName="web", KeyType="ed25519")

    def act() -> None:
        del server.after["DescribeKeyPairs"]
        ec2.delete_key_pair(KeyName="web")
        ec2.create_key_pair(KeyName="web", KeyType="ed25519")

    server.after["DescribeKeyPairs"] = act
    ours, theirs = pty.openpty()
    try:
        os.write(ours, b"y\n")
        done = keypairs("delete-key-pair", "--ec2", "--key-name", "web", stdin=theirs)
        assert done.returncode == 252, done.stderr
        assert "nothing was deleted: since you were asked, key-" in done.stderr
        assert server.calls["DeleteKeyPair"] == 0
        os.write(ours, b"y\n")
        done = keypairs("delete-key-pair", "--ec2", "--key-name", "web", stdin=theirs)
    finally:
        os.close(ours)
        os.close(theirs)
    assert done.returncode == 0, done.stderr
    assert ec2.describe_key_pairs()["KeyPairs"] == []


def test_of_more_than_was_asked_for_the_pair_of_the_name_is_meant(
    keypairs: Keypairs, server: Ec2Server
) -> None:
    ec2 = server.client_of("us-east-1")
    ids = {
        name: ec2.create_key_pair(KeyName=name, KeyType="ed25519")["KeyPairId"]
        for name in ("other", "web")
    }
    items = (
        f"<item><keyPairId>{key_pair_id}</keyPairId><keyName>{name}</keyName>"
        f"<keyType>ed25519</keyType><publicKey>{PUBLIC_KEY}</publicKey></item>"
        for name, key_pair_id in ids.items()
    )
    server.bodies["DescribeKeyPairs"] = f"<keySet>{''.join(items)}</keySet>"
    done = keypairs("create-tags", "--ec2", "--resources", "web", "--tags", "Key=a")
    assert (done.returncode, done.stderr) == (0, f"keypairs: web is {ids['web']}.\n")
    ours, theirs = pty.openpty()
    try:
        os.write(ours, b"y\n")
        done = keypairs("delete-key-pair", "--ec2", "--key-name", "web", stdin=theirs)
    finally:
        os.close(ours)
        os.close(theirs)
    assert "Delete web? [y/N]" in done.stderr
    assert [pair["KeyName"] for pair in ec2.describe_key_pairs()["KeyPairs"]] == ["other"]


def test_what_ec2_says_is_kept_for_the_account_of_today(
    keypairs: Keypairs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = keypairs("create-key-pair", "--ec2", "--key-name", "ci", "--save", "ci.pem", "--yes")
    assert done.returncode == 0, done.stderr
    (first,) = (tmp_path / "here" / "ec2").glob("*/us-east-1.json")
    before = first.read_bytes()
    monkeypatch.setattr("tests.ec2_server.ACCOUNT", "999988887777")
    assert keypairs("describe-key-pairs", "--ec2").returncode == 0
    key = PUBLIC_KEY
    imported = keypairs("import-key-pair", "--ec2", "--key-name", "b", "--public-key-material", key)
    assert imported.returncode == 0, imported.stderr
    assert first.read_bytes() == before
    (second,) = (tmp_path / "here" / "ec2").glob("999988887777*/us-east-1.json")
    assert '"b"' in second.read_text()


def test_a_caller_whom_aws_does_not_know_is_refused_as_the_aws_cli_says_it(
    keypairs: Keypairs, server: Ec2Server
) -> None:
    server.refusals["GetCallerIdentity"] = ("InvalidClientTokenId", "No.", 403)
    done = keypairs("delete-key-pair", "--ec2", "--key-name", "ci")
    said = "An error occurred (InvalidClientTokenId) when calling the GetCallerIdentity operation:"
    assert (done.returncode, done.stderr) == (254, f"{said} No.\n")
    assert server.calls["DeleteKeyPair"] == 0


def test_a_region_that_is_not_enabled_is_told_from_wrong_credentials(
    keypairs: Keypairs, server: Ec2Server
) -> None:
    server.not_opted_in = {"af-south-1"}
    done = keypairs("describe-key-pairs", "--ec2", "--region", "af-south-1")
    assert done.returncode == 254
    assert "(AuthFailure)" in done.stderr
    assert "af-south-1 is not enabled for this account; the credentials are good" in done.stderr
    for command in (["list"], ["show", "a"]):
        done = keypairs(*command, "--ec2", "--region", "af-south-1")
        assert (done.returncode, done.stderr) == (
            2,
            "keypairs: AWS was not able to validate the provided access credentials."
            " af-south-1 is not enabled for this account; the credentials are good.\n",
        )


def test_read_only_asks_nothing_before_it_refuses(keypairs: Keypairs, server: Ec2Server) -> None:
    done = keypairs("create-key-pair", "--ec2", "--read-only", "--key-name", "ci", "--save", "x")
    assert done.returncode == 254, done.stderr
    assert server.calls.total() == 0


def test_doctor_has_a_line_on_the_place_that_is_chosen(
    keypairs: Keypairs, server: Ec2Server
) -> None:
    server.not_opted_in = {"af-south-1"}
    key = PUBLIC_KEY
    done = keypairs("import-key-pair", "--ec2", "--key-name", "a", "--public-key-material", key)
    assert done.returncode == 0, done.stderr
    host = server.url.removeprefix("http://")
    done = keypairs("doctor", "--ec2")
    assert done.stdout == (
        "ec2      profile default, us-east-1; credentials from the environment;"
        f" account 123456789012, anna; the host {host}; the clocks agree; us-east-1 is enabled\n"
    )
    assert (done.returncode, "1 key pair in 1 Region" in done.stderr) == (0, True), done.stderr
    server.clock_skew = timedelta(minutes=9)
    done = keypairs("doctor", "--ec2")
    assert (done.returncode, "seconds ahead of this one" in done.stdout) == (1, True)
    server.clock_skew = timedelta()
    done = keypairs("doctor", "--ec2", "--region", "af-south-1")
    assert done.returncode == 1
    assert "af-south-1 is not enabled" in done.stdout
    done = keypairs("doctor", "--ec2", without="AWS_SECRET_ACCESS_KEY")
    assert done.returncode == 1
    assert "Half of the credentials is missing" in done.stdout
    asked = server.calls.total()
    assert keypairs("doctor").returncode == 0
    assert server.calls.total() == asked
