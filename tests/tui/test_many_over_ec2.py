"""What is done to many pairs over an EC2 on loopback: a few at a time, and told exactly."""

import threading

import pytest
from textual.pilot import Pilot

from core.ec2 import several
from tests.ec2_server import Ec2Server, _error
from tests.tui.driving import drawn, type_text, until, until_screen
from tests.tui.over_ec2 import Play, first_line, play_over_ec2, server
from tests.tui.test_list_over_ec2 import add, words

__all__ = ["play_over_ec2", "server"]

COUNT = 10
NAMES = [f"pair-{number:02}" for number in range(COUNT)]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(several, "_PAUSES", (0.01, 0.01, 0.01))


def protected(server: Ec2Server) -> None:
    """Create the pairs, so that to delete them a text has to be typed."""
    for name in NAMES:
        server.client_of("us-east-1").create_key_pair(
            KeyName=name,
            KeyType="ed25519",
            TagSpecifications=[
                {"ResourceType": "key-pair", "Tags": [{"Key": "Protected", "Value": "yes"}]}
            ],
        )


def left(server: Ec2Server) -> int:
    return len(server.client_of("us-east-1").describe_key_pairs()["KeyPairs"])


async def begin_deleting(pilot: Pilot[None]) -> None:
    await until(pilot, lambda: f"{COUNT} pairs" in first_line(pilot), "the pairs")
    await pilot.press("asterisk", "d")
    await until_screen(pilot, "DeleteKeyPairsScreen")
    await until(pilot, lambda: "In use: 0 instances" in words(pilot), "what uses them")
    await type_text(pilot, f"delete {COUNT}")
    await pilot.press("enter")


@pytest.mark.long
def test_a_few_are_deleted_at_a_time_and_throttling_is_waited_out(
    play_over_ec2: Play, server: Ec2Server
) -> None:
    protected(server)
    # As often as botocore tries by itself, for three pairs, and once more.
    server.throttled["DeleteKeyPair"] = 10
    server.delays["DeleteKeyPair"] = 0.1
    act, lock = server._act, threading.Lock()
    under_way = most = 0

    def counted(region: str, operation: str, request: dict[str, object]) -> object:
        nonlocal under_way, most
        with lock:
            under_way += operation == "DeleteKeyPair"
            most = max(most, under_way)
        try:
            threading.Event().wait(0.05)
            return act(region, operation, request)
        finally:
            with lock:
                under_way -= operation == "DeleteKeyPair"

    server._act = counted  # type: ignore[method-assign,assignment] # counts, then acts

    async def scene(pilot: Pilot[None]) -> None:
        await begin_deleting(pilot)
        await until_screen(pilot, "KeyPairListScreen")
        await until(pilot, lambda: f"deleted {COUNT} pairs" in words(pilot), "what was done")

    play_over_ec2(scene)
    assert left(server) == 0
    assert 1 < most <= several.AT_ONCE


@pytest.mark.long
def test_escape_stops_and_what_was_done_is_said_exactly(
    play_over_ec2: Play, server: Ec2Server
) -> None:
    protected(server)
    server.delays["DeleteKeyPair"] = 0.5

    async def scene(pilot: Pilot[None]) -> None:
        await begin_deleting(pilot)
        await until(pilot, lambda: server.calls["DeleteKeyPair"] > 0, "the first")
        await pilot.press("escape")
        await until_screen(pilot, "KeyPairListScreen")
        done = COUNT - left(server)
        assert 0 < done < COUNT
        said = f"deleted {done} of {COUNT} pairs"
        await until(pilot, lambda: said in words(pilot), "what was done")
        rest = f"stopped before {COUNT - done} more"
        await until(pilot, lambda: rest in words(pilot), "why not the others")
        await until(pilot, lambda: f"{COUNT - done} pairs" in first_line(pilot), "the rest")

    play_over_ec2(scene)


@pytest.mark.long
def test_what_fails_half_way_says_what_was_done_before_it(
    play_over_ec2: Play, server: Ec2Server
) -> None:
    protected(server)
    server.delays["DeleteKeyPair"] = 0.5

    async def scene(pilot: Pilot[None]) -> None:
        await begin_deleting(pilot)
        await until(pilot, lambda: server.calls["DeleteKeyPair"] >= several.AT_ONCE, "the first")
        server.refusals["DeleteKeyPair"] = ("InternalError", "An internal error", 500)
        server.delays.clear()
        said = f"deleted {several.AT_ONCE} of {COUNT}; then: EC2 gave no answer"
        await until(pilot, lambda: said in words(pilot), "how far it came")
        assert left(server) == COUNT - several.AT_ONCE
        # The others can be tried again from here.
        server.refusals.clear()
        await pilot.press("enter")
        await until_screen(pilot, "KeyPairListScreen")

    play_over_ec2(scene)
    assert left(server) == 0


@pytest.mark.long
def test_a_refusal_of_one_stops_no_other(play_over_ec2: Play, server: Ec2Server) -> None:
    protected(server)
    refused = "pair-03"

    async def scene(pilot: Pilot[None]) -> None:
        await begin_deleting(pilot)
        said = f"deleted {COUNT - 1}, but not {refused}"
        await until(pilot, lambda: said in words(pilot), "the refusal")

    answer = server.answer

    def refusing(region: str, operation: str, fields: dict[str, str]) -> tuple[int, str]:
        if operation == "DeleteKeyPair" and fields["KeyPairId"] == wanted:
            return 403, _error("UnauthorizedOperation", "You are not authorized.")
        return answer(region, operation, fields)

    pairs = server.client_of("us-east-1").describe_key_pairs()["KeyPairs"]
    wanted = next(pair["KeyPairId"] for pair in pairs if pair["KeyName"] == refused)
    server.answer = refusing  # type: ignore[method-assign,assignment] # refuses one
    play_over_ec2(scene)
    assert left(server) == 1


@pytest.mark.long
def test_a_pair_that_was_deleted_elsewhere_is_said_to_be_gone_before_what_ec2_says(
    play_over_ec2: Play, server: Ec2Server
) -> None:
    protected(server)

    async def scene(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: f"{COUNT} pairs" in first_line(pilot), "the pairs")
        await pilot.press("t")
        await until_screen(pilot, "EditTagsScreen")
        server.client_of("us-east-1").delete_key_pair(KeyName=NAMES[0])
        await type_text(pilot, "Env")
        await pilot.press("tab", "enter")
        said = "✗ it is not there any more (Invalid"
        await until(pilot, lambda: said in words(pilot), "that it is gone")

    play_over_ec2(scene)


@pytest.mark.long
def test_escape_gives_up_a_read_at_once(play_over_ec2: Play, server: Ec2Server) -> None:
    add(server, "ci")

    async def scene(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "1 pair " in first_line(pilot), "the pair")
        server.delays["DescribeKeyPairs"] = 3.0
        asked = server.calls["DescribeKeyPairs"]
        await pilot.press("R")
        await until(pilot, lambda: server.calls["DescribeKeyPairs"] > asked, "the question")
        await pilot.press("escape")
        await until(pilot, lambda: "gave up asking EC2" in words(pilot), "that it was given up")
        assert "ci" in drawn(pilot)
        server.delays.clear()
        add(server, "new")
        await pilot.press("R")
        await until(pilot, lambda: "2 pairs" in first_line(pilot), "the next answer")

    play_over_ec2(scene)


@pytest.mark.long
def test_pairs_are_copied_to_regions_that_are_enabled_and_to_no_other(
    play_over_ec2: Play, server: Ec2Server
) -> None:
    add(server, "ci")
    server.not_opted_in = {"af-south-1"}

    async def scene(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "1 pair " in first_line(pilot), "the pair")
        await pilot.press("C")
        await until_screen(pilot, "ImportIntoRegionsScreen")
        await type_text(pilot, "af-south-1")
        await until(pilot, lambda: "not enabled for this account" in drawn(pilot), "the answer")
        await pilot.press("space", "enter")
        await until(pilot, lambda: "space chooses" in words(pilot), "that nothing is chosen")
        await pilot.press("ctrl+u")
        await type_text(pilot, "eu-west-3")
        await pilot.press("space", "enter")
        await until(pilot, lambda: "1 of 1 done" in words(pilot), "the copy")

    play_over_ec2(scene)
    assert {region for region, _ in server.asked} == {"us-east-1", "eu-west-3"}
    assert server.client_of("eu-west-3").describe_key_pairs()["KeyPairs"]
