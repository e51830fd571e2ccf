"""The flows over EC2 in a real terminal, by keyboard alone, at both sizes."""

import json
import signal
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from core import clock
from core.client import Client
from core.store.region_store import RegionStore
from tests.ec2_server import Ec2Server, Fault
from tests.helpers import BOTH_SIZES, Agent, session_over
from tests.pty.terminal import OpenApp, Terminal, flat, lend_to_agent, wait_until
from tests.pty.test_custody import INSTALLING
from tests.pty.test_over_ec2 import server, surroundings

__all__ = ["server", "surroundings"]  # fixtures

pytestmark = pytest.mark.long

REGION = "eu-west-1"
"""That of the profile `prod`."""

Size = tuple[int, int]


def add(server: Ec2Server, *names: str, tags: Sequence[dict[str, str]] = ()) -> None:
    """Have somebody else make pairs."""
    for name in names:
        given = [{"ResourceType": "key-pair", "Tags": [*tags]}] if tags else []
        server.client_of(REGION).create_key_pair(
            KeyName=name, KeyType="ed25519", TagSpecifications=given
        )


def names(server: Ec2Server, region: str = REGION) -> list[str]:
    """Return the names of the pairs that stand in a Region."""
    return [pair["KeyName"] for pair in server.client_of(region).describe_key_pairs()["KeyPairs"]]


def wait_for_words(terminal: Terminal, words: str) -> str:
    """Return the screen once it says something, be it broken across lines."""
    return terminal.wait_for(lambda screen: words in flat(screen))


def choose_ec2(terminal: Terminal, key_name: str) -> None:
    """Open the form, type a name, and choose that EC2 makes the key."""
    terminal.press("c")
    terminal.wait_for("made by EC2")
    terminal.type(key_name)
    terminal.step("Tab", "Tab", "Tab", "Right")
    terminal.wait_for("● made by EC2")


@BOTH_SIZES
def test_a_lost_private_key_is_named_its_pair_deleted_and_made_again(
    open_app: OpenApp, server: Ec2Server, surroundings: dict[str, str], size: Size
) -> None:
    server.faults["CreateKeyPair"] = [Fault.CUT]
    terminal = open_app("--profile", "prod", size=size, env=surroundings)
    terminal.wait_for("No key pairs")
    choose_ec2(terminal, "ci")
    terminal.press("Enter")
    wait_for_words(terminal, "nobody has its private key")
    (orphan,) = server.client_of(REGION).describe_key_pairs()["KeyPairs"]
    assert orphan["KeyPairId"] in terminal.screen()
    terminal.type("ci")
    terminal.press("Enter")
    wait_for_words(terminal, "creates ci again")
    assert names(server) == []
    terminal.press("Enter")
    terminal.wait_for("key of ci")
    assert server.calls["CreateKeyPair"] == 2


@BOTH_SIZES
def test_a_pair_of_somebody_else_is_never_claimed_and_what_was_not_made_is_said(
    open_app: OpenApp, server: Ec2Server, surroundings: dict[str, str], size: Size
) -> None:
    terminal = open_app("--profile", "prod", size=size, env=surroundings)
    terminal.wait_for("No key pairs")
    choose_ec2(terminal, "ci")
    # The dry runs, of the empty form and of the name, would have it made too early.
    wait_until(lambda: server.dry_runs["CreateKeyPair"] == 2)

    def make_theirs() -> None:
        if not names(server):
            add(server, "ci")  # of another type than the form asks for

    server.before["CreateKeyPair"] = make_theirs
    server.refusals["CreateKeyPair"] = ("InternalError", "An internal error", 500)
    terminal.press("Enter")
    wait_for_words(terminal, "somebody else's")
    # Nothing more is asked for that name, which is theirs.
    assert names(server) == ["ci"]
    assert server.calls["DeleteKeyPair"] == 0
    server.before.clear()
    terminal.step("BTab", "BTab", "BTab")
    terminal.type("-2")
    terminal.press("Enter")
    terminal.press("Escape")
    wait_for_words(terminal, "You gave up waiting")
    assert server.calls["CreateKeyPair"] == 2


@BOTH_SIZES
def test_the_program_is_not_left_while_ec2_makes_a_key_and_a_signal_says_what_it_took_along(
    open_app: OpenApp, server: Ec2Server, surroundings: dict[str, str], size: Size
) -> None:
    server.delays["CreateKeyPair"] = 60.0
    terminal = open_app("--profile", "prod", size=size, env=surroundings)
    terminal.wait_for("No key pairs")
    choose_ec2(terminal, "ci")
    terminal.press("Enter")
    # What is pressed right behind Enter is for the screen that comes.
    terminal.wait_for("waiting for EC2")
    terminal.press("C-q")
    wait_for_words(terminal, "alone holds the private key")
    terminal.signal(signal.SIGTERM)
    assert terminal.wait_for_end() == 128 + signal.SIGTERM
    wait_for_words(terminal, "The private key of ci was not saved and is gone: delete the pair.")


@BOTH_SIZES
def test_a_private_key_that_would_cross_in_the_clear_takes_a_second_yes(
    open_app: OpenApp, server: Ec2Server, surroundings: dict[str, str], size: Size
) -> None:
    # The host is nowhere; what leads to it is on loopback.
    surroundings |= {"HTTP_PROXY": server.url, "AWS_ENDPOINT_URL": "http://ec2.example.com"}
    terminal = open_app("--profile", "prod", size=size, env=surroundings)
    terminal.wait_for("No key pairs")
    assert "ec2.example.com" in terminal.screen().split("\n")[0]
    choose_ec2(terminal, "ci")
    terminal.press("Enter")
    wait_for_words(terminal, "would cross the network unencrypted")
    assert server.calls["CreateKeyPair"] == 0
    terminal.press("Enter")
    terminal.wait_for("key of ci")
    assert server.calls["CreateKeyPair"] == 1


ROLE = """[profile prod]
role_arn = arn:aws:iam::123456789012:role/admin
source_profile = base
mfa_serial = arn:aws:iam::123456789012:mfa/anna
region = eu-west-1
"""


@BOTH_SIZES
def test_the_code_of_an_mfa_device_is_asked_for(
    open_app: OpenApp, server: Ec2Server, surroundings: dict[str, str], tmp_path: Path, size: Size
) -> None:
    add(server, "ci")
    (tmp_path / "home" / "config").write_text(ROLE)
    credentials = "[base]\naws_access_key_id = A\naws_secret_access_key = s\n"
    (tmp_path / "home" / "credentials").write_text(credentials)
    terminal = open_app("--profile", "prod", size=size, env=surroundings)
    terminal.wait_for("mfa/anna")
    terminal.press("Escape")
    wait_for_words(terminal, "none was given")
    terminal.press("R")
    terminal.wait_for("mfa/anna")
    terminal.type("12345")
    terminal.press("Enter")
    terminal.wait_for("six digits")
    terminal.type("6")
    terminal.press("Enter")
    terminal.wait_for("1 pair")
    assert server.calls["AssumeRole"] == 1
    # Nothing of it was asked on the terminal below.
    assert b"Enter MFA code" not in terminal.output()


@BOTH_SIZES
def test_the_last_answer_is_there_at_once_and_what_vanished_can_be_imported_again(
    open_app: OpenApp,
    server: Ec2Server,
    surroundings: dict[str, str],
    tmp_path: Path,
    size: Size,
) -> None:
    # Of a pair that was made a moment ago it would be thought that EC2 shows it late.
    earlier = clock.now() - timedelta(minutes=5)
    store = RegionStore(tmp_path / "in-ec2", REGION)
    client = Client(backend=session_over(store, now=lambda: earlier).backend)
    server.client_of = lambda region: client
    add(server, "ci", "web")
    terminal = open_app("--profile", "prod", size=size, env=surroundings)
    terminal.wait_for("2 pairs")
    terminal.press("q")
    assert terminal.wait_for_end() == 0
    server.client_of(REGION).delete_key_pair(KeyName="web")
    server.delays["DescribeKeyPairs"] = 60.0
    terminal = open_app("--profile", "prod", size=size, env=surroundings)
    screen = terminal.wait_for("2 pairs")
    assert "as of " in screen
    terminal.wait_for("asking EC2…")
    terminal.press("Escape")
    wait_for_words(terminal, "gave up asking EC2")
    server.delays.clear()
    terminal.press("R")
    terminal.wait_for("1 pair")
    terminal.wait_until_gone("as of ")
    terminal.press("U")
    terminal.wait_for("web")
    terminal.press("Enter")
    wait_for_words(terminal, "brought web back")
    assert sorted(names(server)) == ["ci", "web"]


@BOTH_SIZES
def test_what_uses_a_pair_is_in_its_details(
    open_app: OpenApp, server: Ec2Server, surroundings: dict[str, str], size: Size
) -> None:
    add(server, "ci")
    server.instances.append({"InstanceId": "i-1", "KeyName": "ci", "State": {"Name": "running"}})
    server.refusals["DescribeLaunchTemplateVersions"] = (
        "UnauthorizedOperation",
        "You are not authorized to perform this operation.",
        403,
    )
    terminal = open_app("--profile", "prod", size=size, env=surroundings)
    terminal.wait_for("1 pair")
    terminal.press("Enter")
    terminal.wait_for("ed25519")

    def is_in_sight() -> bool:
        # EC2 may answer when the place of its answer was passed already.
        before = terminal.rest()
        if "i-1 running" not in before:
            terminal.press("NPage")
            if terminal.rest() == before:
                terminal.press("Home")
        return "i-1 running" in terminal.screen()

    wait_until(is_in_sight)
    wait_for_words(terminal, "which launch templates name it is not known")


@BOTH_SIZES
def test_pairs_are_copied_to_regions(
    open_app: OpenApp, server: Ec2Server, surroundings: dict[str, str], size: Size
) -> None:
    add(server, "ci", "web")
    server.not_opted_in = {"af-south-1"}
    server.client_of("eu-west-3").create_key_pair(KeyName="web", KeyType="ed25519")
    terminal = open_app("--profile", "prod", size=size, env=surroundings)
    terminal.wait_for("2 pairs")
    terminal.press("*", "C")
    terminal.wait_for("none chosen yet")
    terminal.type("af-south-1")
    terminal.wait_for("not enabled")
    terminal.press("Space")
    wait_for_words(terminal, "af-south-1 is not enabled")
    terminal.press("C-u")
    terminal.type("eu-west-3")
    terminal.wait_for(lambda screen: screen.count("eu-west-3") == 2)
    terminal.press("Space")
    terminal.wait_for("chosen: eu-west-3")
    terminal.press("Enter")
    wait_for_words(terminal, "0 of 1 done: 1 of 2 imported, 1 not")
    assert sorted(names(server, "eu-west-3")) == ["ci", "web"]
    assert {region for region, _ in server.asked} <= {REGION, "us-east-1", "eu-west-3"}
    terminal.press("Escape")
    terminal.wait_for("2 pairs")


@BOTH_SIZES
def test_several_pairs_are_tagged_and_deleted_while_ec2_is_busy_and_escape_stops(
    open_app: OpenApp, server: Ec2Server, surroundings: dict[str, str], size: Size
) -> None:
    many = [f"ci-{number}" for number in range(9)]
    add(server, *many)
    terminal = open_app("--profile", "prod", size=size, env=surroundings)
    terminal.wait_for("9 pairs")
    # As often as botocore tries by itself, and once more.
    server.throttled["CreateTags"] = 4
    terminal.press("*", "t")
    terminal.wait_for("Add tags to 9")
    terminal.type("Env")
    terminal.press("Tab")
    terminal.type("prod")
    terminal.press("Enter")
    wait_for_words(terminal, "Env=prod set on 9 pairs")
    server.delays["DeleteKeyPair"] = 0.5
    terminal.press("d")
    wait_for_words(terminal, "In use: 0 instances")
    terminal.press("y")
    terminal.wait_for("█")
    terminal.press("Escape")
    screen = wait_for_words(terminal, "deleted")
    left = len(names(server))
    assert 0 < left < len(many)
    assert f"deleted {len(many) - left} of 9 pairs; " in flat(screen)
    server.delays.clear()
    terminal.press("u")
    wait_for_words(terminal, f"brought {len(many) - left} pairs back")
    assert sorted(names(server)) == many


@BOTH_SIZES
def test_a_file_is_looked_up_and_leads_to_its_pair_in_ec2(
    open_app: OpenApp, server: Ec2Server, surroundings: dict[str, str], tmp_path: Path, size: Size
) -> None:
    client = server.client_of(REGION)
    made = client.create_key_pair(KeyName="ci", KeyType="ed25519")
    add(server, "another")
    key_file = tmp_path / "home" / "found.pem"
    key_file.write_text(made["KeyMaterial"])
    key_file.chmod(0o600)
    terminal = open_app("--profile", "prod", size=size, env=surroundings)
    terminal.wait_for("2 pairs")
    asked = server.asked.copy()
    terminal.press("f")
    terminal.wait_for("Whose key is this?")
    terminal.type("~/found.pem")
    terminal.press("Enter")
    terminal.wait_for("1 key, 1 known")
    wait_for_words(terminal, "ci in eu-west-1")
    terminal.wait_for("enter go to pair")
    # What EC2 said last is looked through; EC2 is not asked for it.
    assert server.asked == asked
    terminal.press("Enter")
    terminal.wait_for("2 pairs")
    wait_for_words(terminal, made["KeyPairId"])


@BOTH_SIZES
def test_the_pairs_of_ec2_are_exported(
    open_app: OpenApp, server: Ec2Server, surroundings: dict[str, str], tmp_path: Path, size: Size
) -> None:
    add(server, "ci", "web", tags=[{"Key": "Env", "Value": "prod"}])
    terminal = open_app("--profile", "prod", size=size, env=surroundings)
    terminal.wait_for("2 pairs")
    terminal.press("e")
    terminal.wait_for("Export 2 key pairs")
    terminal.press("C-u")
    terminal.type("~/list.json")
    terminal.press("Enter")
    terminal.wait_for("exported 2")
    shown = server.client_of(REGION).describe_key_pairs()["KeyPairs"]
    written = json.loads((tmp_path / "home" / "list.json").read_text())
    assert written["Region"] == REGION
    for member in ("KeyPairId", "KeyName", "KeyFingerprint", "Tags"):
        assert [pair[member] for pair in written["KeyPairs"]] == [pair[member] for pair in shown]


@BOTH_SIZES
def test_the_public_key_of_a_pair_of_ec2_is_installed(
    open_app: OpenApp, server: Ec2Server, surroundings: dict[str, str], tmp_path: Path, size: Size
) -> None:
    add(server, "ci")
    (pair,) = server.client_of(REGION).describe_key_pairs(IncludePublicKey=True)["KeyPairs"]
    command = [sys.executable, "-c", INSTALLING]
    terminal = open_app("--profile", "prod", size=size, env=surroundings, command=command)
    terminal.wait_for("1 pair")
    terminal.wait_until_gone("as of ")
    terminal.press("I")
    wait_for_words(terminal, "the file, and its folder, will be made")
    terminal.step("C-r")
    terminal.wait_for("restrict ssh-ed25519")
    terminal.press("Enter")
    terminal.wait_for("ci: added to ~/.ssh/authorized_keys")
    path = tmp_path / "home" / ".ssh" / "authorized_keys"
    public_key = " ".join(pair["PublicKey"].split()[:2])
    assert path.read_text() == f"restrict {public_key} ci\n"


@BOTH_SIZES
def test_a_key_of_ec2_goes_to_the_agent_and_to_no_file(
    open_app: OpenApp,
    server: Ec2Server,
    surroundings: dict[str, str],
    ssh_agent: Agent,
    tmp_path: Path,
    size: Size,
) -> None:
    surroundings["SSH_AUTH_SOCK"] = str(ssh_agent.path)
    terminal = open_app("--profile", "prod", size=size, env=surroundings)
    terminal.wait_for("No key pairs")
    choose_ec2(terminal, "ci")
    terminal.press("Enter")
    terminal.wait_for("key of ci")
    lend_to_agent(terminal)
    terminal.wait_for("1 pair")
    (pair,) = server.client_of(REGION).describe_key_pairs(IncludePublicKey=True)["KeyPairs"]
    terminal.press("a")
    terminal.wait_for(f"ci ({pair['KeyPairId']})")
    held = ssh_agent.ssh_add("-L").stdout.decode().split()
    assert held[:2] == pair["PublicKey"].split()[:2]
    assert server.calls["CreateKeyPair"] == 1
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert tmp_path / "data" in {parent for path in kept for parent in path.parents}
    assert not [path for path in kept if b"PRIVATE KEY" in path.read_bytes()]


@BOTH_SIZES
def test_a_session_that_only_reads_looks_at_everything_and_sends_no_change(
    open_app: OpenApp, server: Ec2Server, surroundings: dict[str, str], size: Size
) -> None:
    add(server, "ci")
    terminal = open_app("--profile", "prod", "--read-only", size=size, env=surroundings)
    terminal.wait_for("1 pair")
    for key in ("c", "i", "d", "t", "u"):
        terminal.press(key)
        wait_for_words(terminal, "read-only")
        terminal.press("Down")
    terminal.press("D")
    wait_for_words(terminal, "1 Region")
    terminal.press("Escape")
    terminal.wait_for("1 pair")
    terminal.press("J")
    terminal.wait_for("› Journal")
    terminal.press("Escape")
    terminal.wait_for("1 pair")
    assert {operation for _, operation in server.asked} <= {
        "GetCallerIdentity",
        "DescribeKeyPairs",
    }


@BOTH_SIZES
def test_a_region_that_is_not_enabled_is_told_from_wrong_credentials(
    open_app: OpenApp, server: Ec2Server, surroundings: dict[str, str], size: Size
) -> None:
    server.not_opted_in = {"af-south-1"}
    add(server, "ci")
    terminal = open_app("--profile", "prod", "--region", "af-south-1", size=size, env=surroundings)
    wait_for_words(terminal, "af-south-1 is not enabled for this account")
    terminal.press("r")
    terminal.wait_for("us-east-1")
    terminal.type("cape")
    terminal.wait_for("not enabled")
    terminal.press("Enter")
    wait_for_words(terminal, "af-south-1 is not enabled")
    terminal.press("C-u")
    terminal.type("ireland")
    terminal.wait_until_gone("us-east-1")
    terminal.press("Enter")
    terminal.wait_for("1 pair")
    assert "eu-west-1" in terminal.screen().split("\n")[0]
