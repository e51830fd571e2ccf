"""The everyday work on pairs of EC2 in a real terminal, by keyboard alone, at both sizes."""

import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core import clock
from core.client import Client
from core.store.region_store import RegionStore
from tests.ec2_server import Ec2Server, Fault
from tests.helpers import BOTH_SIZES, PUBLIC_KEY, session_over
from tests.pty.terminal import OpenApp, Terminal, save_key_material, wait_until
from tests.pty.test_everyday import FINGERPRINT
from tests.pty.test_flows_over_ec2 import REGION, add, choose_ec2, names, wait_for_words
from tests.pty.test_over_ec2 import server, surroundings

__all__ = ["server", "surroundings"]  # fixtures

pytestmark = pytest.mark.long

Size = tuple[int, int]

REFUSED = (
    "UnauthorizedOperation",
    "You are not authorized to perform this operation.",
    403,
)


def client_of(earlier: datetime, tmp_path: Path) -> Client:
    """Return what makes pairs as of another time."""
    store = RegionStore(tmp_path / "in-ec2", REGION)
    return Client(backend=session_over(store, now=lambda: earlier).backend)


def open_form_of_ec2(terminal: Terminal, server: Ec2Server, key_name: str) -> None:
    """Open the form and type a name, once EC2 has said what is allowed."""
    before = server.dry_runs.total()
    terminal.press("c")
    terminal.wait_for("made by EC2")
    wait_until(lambda: server.dry_runs.total() == before + 2)
    terminal.type(key_name)


@BOTH_SIZES
def test_a_public_key_is_imported_tagged_and_its_tags_taken_back(
    open_app: OpenApp, server: Ec2Server, surroundings: dict[str, str], size: Size
) -> None:
    terminal = open_app("--profile", "prod", size=size, env=surroundings)
    terminal.wait_for("No key pairs")
    terminal.press("i")
    terminal.wait_for("Import a public key")
    terminal.type("laptop")
    terminal.step("Tab")
    terminal.paste(f"{PUBLIC_KEY} sam@laptop\n")
    terminal.wait_for(FINGERPRINT[:9])  # the end of a line may part it
    server.faults["ImportKeyPair"] = [Fault.CUT]
    terminal.press("Enter")
    terminal.wait_for("imported laptop")
    client = server.client_of(REGION)
    (pair,) = client.describe_key_pairs()["KeyPairs"]
    assert (pair["KeyName"], pair["KeyFingerprint"]) == ("laptop", FINGERPRINT)
    terminal.press("t")
    terminal.wait_for("Tags of laptop")
    terminal.type("Env")
    terminal.press("Tab")
    terminal.type("prod")
    terminal.wait_for("1 of 50")
    terminal.press("Enter")
    terminal.wait_for("tags saved")
    assert client.describe_tags()["Tags"][0]["Value"] == "prod"
    terminal.press("u")
    wait_until(lambda: client.describe_tags()["Tags"] == [])
    terminal.wait_for("1 pair")


@BOTH_SIZES
def test_the_filter_and_the_copies_never_wait_for_ec2(
    open_app: OpenApp, server: Ec2Server, surroundings: dict[str, str], size: Size
) -> None:
    add(server, "web-blue", "batch")
    terminal = open_app("--profile", "prod", size=size, env=surroundings)
    terminal.wait_for("2 pairs")
    terminal.press("q")
    assert terminal.wait_for_end() == 0
    server.delays["GetCallerIdentity"] = server.delays["DescribeKeyPairs"] = 60.0
    terminal = open_app("--profile", "prod", size=size, env=surroundings)
    terminal.wait_for("asking EC2…")
    terminal.press("/")
    terminal.type("web")
    terminal.wait_for("1 of 2 match")
    terminal.press("Enter")
    # Nobody here made it.
    wait_for_words(terminal, "not made with keypairs")
    terminal.press("y")
    terminal.wait_for("Copy from web-blue")
    terminal.press("Enter")
    terminal.wait_for("given to your terminal to copy")
    pairs = server.client_of(REGION).describe_key_pairs(IncludePublicKey=True)["KeyPairs"]
    (line,) = (pair["PublicKey"].strip() for pair in pairs if pair["KeyName"] == "web-blue")
    expected = b"\x1b]52;c;" + b64encode(f"{line}".encode())
    wait_until(lambda: expected in terminal.output(), complaint=lambda: "nothing was sent")
    terminal.press("Escape")
    terminal.wait_for("2 pairs")


@BOTH_SIZES
def test_a_new_pair_is_in_the_list_before_ec2_shows_it(
    open_app: OpenApp, server: Ec2Server, surroundings: dict[str, str], size: Size
) -> None:
    terminal = open_app("--profile", "prod", size=size, env=surroundings)
    terminal.wait_for("No key pairs")
    server.hidden = 4.0
    open_form_of_ec2(terminal, server, "ci")
    terminal.step("Tab", "Right")
    terminal.press("Enter")
    terminal.wait_for("asks before it leaves")
    save_key_material(terminal)
    terminal.press("q")
    terminal.wait_for("1 pair")
    asked = server.calls["DescribeKeyPairs"]
    wait_until(lambda: server.calls["DescribeKeyPairs"] > asked + 1)
    assert "ci.pem" in terminal.screen()
    server.hidden = 0.0
    terminal.press("R")
    terminal.wait_until_gone("as of ")
    assert "1 pair" in terminal.rest()


@BOTH_SIZES
def test_a_way_that_is_refused_cannot_be_chosen_and_the_other_makes_the_pair(
    open_app: OpenApp, server: Ec2Server, surroundings: dict[str, str], size: Size
) -> None:
    server.refusals["CreateKeyPair"] = REFUSED
    terminal = open_app("--profile", "prod", size=size, env=surroundings)
    terminal.wait_for("No key pairs")
    open_form_of_ec2(terminal, server, "ci")
    wait_for_words(terminal, "made by EC2 is refused: ec2:CreateKeyPair")
    terminal.step("Tab", "Tab", "Tab")
    terminal.press("Right", "Right", "Enter")
    terminal.wait_for("key of ci")
    assert (server.calls["CreateKeyPair"], server.calls["ImportKeyPair"]) == (0, 1)
    assert names(server) == ["ci"]


@BOTH_SIZES
def test_a_key_in_doubt_is_kept_for_the_next_try(
    open_app: OpenApp, server: Ec2Server, surroundings: dict[str, str], size: Size
) -> None:
    terminal = open_app("--profile", "prod", size=size, env=surroundings)
    terminal.wait_for("No key pairs")
    open_form_of_ec2(terminal, server, "ci")
    terminal.step("Tab", "Right")
    server.faults["ImportKeyPair"] = [Fault.RESET] * 40
    server.refusals["DescribeKeyPairs"] = ("InternalError", "An internal error", 500)
    terminal.press("Enter")
    wait_until(lambda: names(server) == ["ci"])
    terminal.press("Escape")
    wait_for_words(terminal, "is kept while the program runs")
    client = server.client_of(REGION)
    (there,) = client.describe_key_pairs(IncludePublicKey=True)["KeyPairs"]
    server.faults.clear()
    server.refusals.clear()
    terminal.press("Enter")
    terminal.wait_for("asks before it leaves")
    assert client.describe_key_pairs(IncludePublicKey=True)["KeyPairs"] == [there]
    assert there["KeyFingerprint"][:20] in terminal.screen()


@BOTH_SIZES
def test_the_check_up_names_a_saved_key_whose_pair_is_gone(
    open_app: OpenApp, server: Ec2Server, surroundings: dict[str, str], tmp_path: Path, size: Size
) -> None:
    # Of a pair that was made a moment ago it would be thought that EC2 shows it late.
    earlier = clock.now() - timedelta(minutes=5)
    client = client_of(earlier, tmp_path)
    server.client_of = lambda region: client
    terminal = open_app("--profile", "prod", size=size, env=surroundings)
    terminal.wait_for("No key pairs")
    choose_ec2(terminal, "ci")
    terminal.press("Enter")
    terminal.wait_for("asks before it leaves")
    save_key_material(terminal)
    terminal.press("q")
    terminal.wait_for("1 pair")
    # That is known once EC2 has shown it.
    terminal.press("R")
    terminal.wait_for(f" {earlier:%H:%M} ")
    client.delete_key_pair(KeyName="ci")
    terminal.press("R")
    terminal.wait_for("No key pairs")
    asked = server.asked.copy()
    terminal.press("D")
    wait_for_words(terminal, "which EC2 has not shown since")
    assert server.asked == asked


@BOTH_SIZES
def test_a_pair_is_replaced_and_retired(
    open_app: OpenApp, server: Ec2Server, surroundings: dict[str, str], size: Size
) -> None:
    add(server, "ci", tags=[{"Key": "Env", "Value": "prod"}])
    server.instances.append({"InstanceId": "i-1", "KeyName": "ci", "State": {"Name": "running"}})
    terminal = open_app("--profile", "prod", size=size, env=surroundings)
    terminal.wait_for("1 pair")
    terminal.press("n")
    terminal.wait_for("Replace ci")
    terminal.wait_for("save it as ~/")
    terminal.press("Enter")
    terminal.wait_for("asks before it leaves")
    save_key_material(terminal)
    terminal.press("q")
    terminal.wait_for("2 pairs")
    terminal.press("g")
    wait_for_words(terminal, "replaced by ci-2")
    terminal.press("d")
    # It is replaced here; the instances that were launched with it know nothing of that.
    wait_for_words(terminal, "i-1 running")
    terminal.type("ci used")
    terminal.press("Enter")
    terminal.wait_for("imports it again")
    (left,) = server.client_of(REGION).describe_key_pairs()["KeyPairs"]
    assert (left["KeyName"], left["Tags"]) == ("ci-2", [{"Key": "Env", "Value": "prod"}])


@BOTH_SIZES
def test_a_form_outlives_credentials_that_cannot_be_renewed(
    open_app: OpenApp, server: Ec2Server, surroundings: dict[str, str], tmp_path: Path, size: Size
) -> None:
    home = tmp_path / "home"
    program = home / "credentials-program"
    # So near to their end that they are renewed for each call.
    until = (datetime.now(UTC) + timedelta(minutes=5)).isoformat()
    printed = {"Version": 1, "AccessKeyId": "A", "SecretAccessKey": "s", "Expiration": until}
    good = f"#!/bin/sh\necho '{json.dumps(printed)}'\n"
    program.write_text("#!/bin/sh\necho the token is over >&2\nexit 1\n")
    program.chmod(0o700)
    (home / "config").write_text(
        f"[profile prod]\nregion = {REGION}\ncredential_process = {program}\n"
    )
    (home / "credentials").write_text("")
    terminal = open_app("--profile", "prod", size=size, env=surroundings)
    wait_for_words(terminal, "the token is over")
    program.write_text(good)
    terminal.press("R")
    terminal.wait_for("No key pairs")
    open_form_of_ec2(terminal, server, "ci")
    program.write_text("#!/bin/sh\nexec yes\n")
    terminal.press("Enter")
    wait_for_words(terminal, "printed more than 1 MiB")
    assert names(server) == []
    program.write_text(good)
    terminal.press("Enter")
    terminal.wait_for("key of ci")
    assert names(server) == ["ci"]
