"""EC2 in a real terminal, by keyboard alone, over a server on loopback."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ec2_server import ACCOUNT, Ec2Server, Fault, ec2_server, environment
from tests.helpers import SIZES
from tests.pty.terminal import OpenApp


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Ec2Server]:
    with ec2_server(tmp_path / "in-ec2") as running:
        yield running


@pytest.fixture
def surroundings(server: Ec2Server, tmp_path: Path) -> dict[str, str]:
    """The AWS variables by which the program asks the server, and a home with two profiles."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    variables = environment(server, home)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "HOME"):
        del variables[name]
    credentials = "aws_access_key_id = A\naws_secret_access_key = s\n"
    (home / "config").write_text("[profile prod]\nregion = eu-west-1\n[profile bare]\n")
    (home / "credentials").write_text(f"[prod]\n{credentials}[bare]\n{credentials}")
    return variables


@pytest.mark.long
@SIZES
def test_the_place_is_changed_and_a_region_asked_for(
    open_app: OpenApp, server: Ec2Server, surroundings: dict[str, str], size: tuple[int, int]
) -> None:
    server.client_of("eu-west-1").create_key_pair(KeyName="in-prod", KeyType="ed25519")
    server.client_of("eu-north-1").create_key_pair(KeyName="in-bare", KeyType="ed25519")
    terminal = open_app(size=size, env=surroundings)
    terminal.wait_for("No key pairs")
    assert not server.calls
    terminal.press("P")
    terminal.wait_for("EC2 prod")
    terminal.type("prod")
    terminal.wait_until_gone("This machine")
    terminal.press("Enter")
    terminal.wait_for("in-prod")
    assert {"EC2", "prod", "eu-west-1"} <= set(terminal.screen().split("\n")[0].split())
    terminal.press("P")
    terminal.wait_for(ACCOUNT)
    terminal.type("bare")
    terminal.wait_until_gone("This machine")
    terminal.press("Enter")
    terminal.wait_for("In which Region of EC2 bare?")
    terminal.type("stockholm")
    terminal.wait_until_gone("us-east-1")
    terminal.press("Enter")
    terminal.wait_for("in-bare")
    assert {"EC2", "bare", "eu-north-1"} <= set(terminal.screen().split("\n")[0].split())


def test_a_start_without_a_region_asks_and_escape_leaves_with_a_sentence(
    open_app: OpenApp, server: Ec2Server, surroundings: dict[str, str]
) -> None:
    terminal = open_app("--profile", "bare", env=surroundings)
    terminal.wait_for("In which Region of EC2 bare?")
    terminal.press("Escape")
    assert terminal.wait_for_end() == 2
    assert "No Region is chosen" in terminal.screen()
    assert server.calls["DescribeKeyPairs"] == 0


SSO = """[profile prod]
sso_session = w
sso_account_id = 1
sso_role_name = r
region = eu-west-1
[sso-session w]
sso_start_url = https://example.awsapps.com/start
sso_region = us-east-1
"""

LOGIN = """#!/bin/sh
echo "$@" >"$HOME/called"
echo 'a page of the login'
[ -e "$HOME/refuse" ] && exit 1
cat >"$HOME/config" <<END
[profile prod]
region = eu-west-1
END
cat >"$HOME/credentials" <<END
[prod]
aws_access_key_id = A
aws_secret_access_key = s
END
"""


@pytest.mark.long
@SIZES
def test_an_expired_login_is_renewed_from_within_and_what_was_typed_stays(
    open_app: OpenApp,
    server: Ec2Server,
    surroundings: dict[str, str],
    tmp_path: Path,
    size: tuple[int, int],
) -> None:
    home = tmp_path / "home"
    server.client_of("eu-west-1").create_key_pair(KeyName="in-prod", KeyType="ed25519")
    (home / "config").write_text(SSO)
    (home / "credentials").write_text("")
    program = tmp_path / "bin" / "aws"
    program.parent.mkdir()
    program.write_text(LOGIN)
    program.chmod(0o755)
    (home / "refuse").touch()
    surroundings["PATH"] = f"{program.parent}:/usr/bin:/bin"
    terminal = open_app("--profile", "prod", size=size, env=surroundings)
    terminal.wait_for("l runs")
    terminal.press("l")
    terminal.wait_for("a page of the login")
    terminal.wait_for("enter goes back")
    terminal.press("Enter")
    terminal.wait_for("aws ended with 1")
    (home / "refuse").unlink()
    terminal.press("l")
    terminal.wait_for("in-prod")
    assert "a page of the login" not in terminal.screen()
    assert (home / "called").read_text() == "sso login --profile prod\n"


@pytest.mark.long
@SIZES
def test_a_pair_is_made_by_ec2_seen_to_be_in_use_and_deleted(
    open_app: OpenApp, server: Ec2Server, surroundings: dict[str, str], size: tuple[int, int]
) -> None:
    terminal = open_app("--profile", "prod", size=size, env=surroundings)
    terminal.wait_for("No key pairs")
    terminal.press("c")
    terminal.wait_for("made by EC2")
    terminal.type("ci")
    terminal.step("Tab", "Tab", "Tab", "Right")
    terminal.press("Enter")
    terminal.wait_for("› The private key of ci" if size[0] >= 80 else "key of ci")
    assert server.calls["CreateKeyPair"] == 1
    server.instances.append({"InstanceId": "i-1", "KeyName": "ci", "State": {"Name": "running"}})
    terminal.press("s")
    terminal.wait_for("ci.pem")
    terminal.press("Enter")
    terminal.wait_for("Saved to")
    terminal.press("q")
    terminal.wait_for("1 pair")
    terminal.press("d")
    terminal.wait_for("i-1 running")
    terminal.type("ci used")
    terminal.press("Enter")
    terminal.wait_for("imports it again")
    assert server.client_of("eu-west-1").describe_key_pairs()["KeyPairs"] == []


@pytest.mark.long
@SIZES
def test_a_pair_is_made_here_survives_a_lost_answer_and_is_imported_again_after_its_deletion(
    open_app: OpenApp,
    server: Ec2Server,
    surroundings: dict[str, str],
    tmp_path: Path,
    size: tuple[int, int],
) -> None:
    server.faults["ImportKeyPair"] = [Fault.RESET]
    terminal = open_app("--profile", "prod", size=size, env=surroundings)
    terminal.wait_for("No key pairs")
    terminal.press("c")
    terminal.wait_for("made by EC2")
    terminal.type("ci")
    terminal.step("Tab", "Right")
    terminal.press("Enter")
    terminal.wait_for("key of ci")
    # A login that is good is said to be; the key stays.
    terminal.press("l")
    terminal.wait_for("the login is good")
    terminal.press("s")
    terminal.wait_for("ci.pem")
    terminal.press("Enter")
    terminal.wait_for("Saved to")
    terminal.press("q")
    terminal.wait_for("1 pair")
    client = server.client_of("eu-west-1")
    (made,) = client.describe_key_pairs(IncludePublicKey=True)["KeyPairs"]
    terminal.press("d")
    terminal.wait_for("0 instances")
    assert "deletes for good" in terminal.screen()
    terminal.type("ci")
    terminal.press("Enter")
    terminal.wait_for("imports it again")
    terminal.press("u")
    terminal.wait_for("1 pair")
    (again,) = client.describe_key_pairs(IncludePublicKey=True)["KeyPairs"]
    assert (again["KeyName"], again["PublicKey"]) == (made["KeyName"], made["PublicKey"])
    assert again["KeyPairId"] != made["KeyPairId"]
    assert server.calls["CreateKeyPair"] == 0
