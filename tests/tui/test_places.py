"""Turning to other places and Regions from within the app, over an EC2 on loopback."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from core.ec2.place import REGION_TO_ASK_IN
from core.local.opening import open_local
from tests.ec2_server import ACCOUNT, Ec2Server
from tests.tui.driving import Scene, app_of, drawn, type_text, until, until_screen
from tests.tui.over_ec2 import first_line, server
from tests.tui.test_list_over_ec2 import add, words
from tui.app import KeyPairsApp
from tui.commands.parser import parse
from tui.places import Places
from tui.widgets.pick_list import PickList, narrowed
from tui.words.place import NOT_ENABLED, region_heading, region_items

__all__ = ["server"]

SIZES = [(80, 24), (60, 15)]
CREDENTIALS = "aws_access_key_id = A\naws_secret_access_key = s\n"

Play = Callable[..., int | None]


@pytest.fixture
def play_places(server: Ec2Server, home: Path, monkeypatch: pytest.MonkeyPatch) -> Play:
    """Runs the app as the program starts it, with profiles instead of variables."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"):
        monkeypatch.delenv(name)
    (home / "config").write_text(
        "[default]\nregion = us-east-1\n[profile prod]\nregion = eu-west-1\n[profile bare]\n"
    )
    (home / "credentials").write_text(
        "".join(f"[{name}]\n{CREDENTIALS}" for name in ("default", "prod", "bare"))
    )

    def play(
        scene: Scene, *arguments: str, size: tuple[int, int] = (80, 24), asks_region: bool = False
    ) -> int | None:
        from tui.commands.places import ec2_of

        options = parse([*arguments, "--data-dir", str(home / "data")])
        places = Places(options, lambda device: None)
        session = places.open(ec2_of(options), REGION_TO_ASK_IN if asks_region else None)
        app = KeyPairsApp(session, "", places, asks_region=asks_region)

        async def run() -> None:
            async with app.run_test(size=size, notifications=True) as pilot:
                await scene(pilot)

        asyncio.run(run())
        return app.return_code

    return play


def title(pilot: Pilot[None]) -> str:
    return first_line(pilot)


def says(pilot: Pilot[None], *parts: str) -> bool:
    """Return whether the top bar says all of that, in this order."""
    places = [title(pilot).find(part) for part in parts]
    return -1 not in places and places == sorted(places)


@pytest.mark.long
@pytest.mark.parametrize("size", SIZES)
def test_from_this_machine_to_a_profile_and_back(
    size: tuple[int, int], play_places: Play, server: Ec2Server, home: Path
) -> None:
    open_local(home / "data", "us-east-1").backend.create_key_pair(
        key_name="mine", key_type="ed25519"
    )
    server.client_of("eu-west-1").create_key_pair(KeyName="theirs", KeyType="ed25519")

    async def scene(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "mine" in drawn(pilot), "the local pair")
        assert not server.calls
        await pilot.press("P")
        await until_screen(pilot, "PickScreen")
        shown = drawn(pilot)
        assert "• This machine" in shown
        assert "EC2 default" in shown
        assert "EC2 prod" in shown and "eu-west-1     not known yet" in shown
        assert not server.calls, "looking at the places asked EC2"
        await type_text(pilot, "prod")
        await pilot.press("enter")
        await until(pilot, lambda: "theirs" in drawn(pilot), "the pair of EC2")
        assert "mine" not in drawn(pilot)
        assert says(pilot, "EC2 prod", "eu-west-1", "1 pair")
        await pilot.press("P")
        await until_screen(pilot, "PickScreen")
        assert "• EC2 prod" in drawn(pilot)
        assert ACCOUNT in drawn(pilot)
        await pilot.press("home", "enter")
        await until(pilot, lambda: "mine" in drawn(pilot), "the local pair again")
        assert "EC2" not in title(pilot)

    play_places(scene, size=size)


@pytest.mark.long
@pytest.mark.parametrize("size", SIZES)
def test_where_nothing_names_a_region_it_is_asked_and_escape_turns_nowhere(
    size: tuple[int, int], play_places: Play, server: Ec2Server
) -> None:
    server.client_of("eu-west-3").create_key_pair(KeyName="theirs", KeyType="ed25519")
    server.not_opted_in = {"af-south-1"}

    async def scene(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "No key pairs" in drawn(pilot), "the empty Region")
        for _ in range(2):
            await pilot.press("P")
            await until_screen(pilot, "PickScreen")
            await type_text(pilot, "bare")
            assert "to be chosen" in drawn(pilot)
            await pilot.press("enter")
            await until_screen(pilot, "PickRegionScreen")
            assert "In which Region of EC2 bare?" in drawn(pilot)
            if not server.calls["DescribeKeyPairs"]:
                await pilot.press("escape")
                await until_screen(pilot, "KeyPairListScreen")
                assert "EC2" not in title(pilot)
                assert server.calls["DescribeKeyPairs"] == 0
                server.calls["DescribeKeyPairs"] += 1  # the next round picks one
        server.calls["DescribeKeyPairs"] = 0
        await type_text(pilot, "af-south")
        await until(pilot, lambda: "not enabled" in drawn(pilot), "EC2's Regions")
        await pilot.press("enter")
        await pilot.pause()
        assert type(pilot.app.screen).__name__ == "PickRegionScreen"
        assert "af-south-1 is not enabled for this account" in words(pilot)
        await pilot.press("ctrl+u")
        await type_text(pilot, "eu-west-3")
        await pilot.press("enter")
        await until(pilot, lambda: "theirs" in drawn(pilot), "the pair")
        assert says(pilot, "EC2 bare", "eu-west-3")
        # Asked again, it begins where one was in that place last.
        await pilot.press("P")
        await until_screen(pilot, "PickScreen")
        await type_text(pilot, "bare")
        await pilot.press("enter")
        await until_screen(pilot, "PickRegionScreen")
        picked = app_of(pilot).screen.query_one(PickList).picked
        assert picked is not None and picked.text.split() == ["eu-west-3", "Paris", "1"]

    play_places(scene, size=size)


@pytest.mark.long
def test_a_start_without_a_region_asks_for_one(play_places: Play, server: Ec2Server) -> None:
    server.client_of("eu-west-3").create_key_pair(KeyName="theirs", KeyType="ed25519")

    async def scene(pilot: Pilot[None]) -> None:
        await until_screen(pilot, "PickRegionScreen")
        assert server.calls["DescribeKeyPairs"] == 0
        await type_text(pilot, "eu-west-3")
        await pilot.press("enter")
        await until(pilot, lambda: "theirs" in drawn(pilot), "the pair")
        assert says(pilot, "EC2 bare", "eu-west-3")

    play_places(scene, "--profile", "bare", asks_region=True)


@pytest.mark.long
def test_a_start_without_a_region_ends_where_none_is_given(
    play_places: Play, server: Ec2Server
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await until_screen(pilot, "PickRegionScreen")
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app._exit, "the end")

    assert play_places(scene, "--profile", "bare", asks_region=True) == 2
    assert server.calls["DescribeKeyPairs"] == 0


@pytest.mark.long
def test_the_regions_are_those_of_the_account_and_one_that_is_not_enabled_is_never_called(
    play_places: Play, server: Ec2Server
) -> None:
    server.not_opted_in = {"af-south-1"}

    async def scene(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "No key pairs" in drawn(pilot), "the empty Region")
        await pilot.press("r")
        await until_screen(pilot, "PickRegionScreen")
        await type_text(pilot, "not enabled")
        await until(pilot, lambda: "af-south-1" in drawn(pilot), "EC2's Regions")
        await pilot.press("ctrl+u")
        await type_text(pilot, "cn-north")
        await until(pilot, lambda: "Nothing matches" in drawn(pilot), "no other partition")

    play_places(scene, "--ec2")
    assert {region for region, _ in server.asked} == {"us-east-1"}


@pytest.mark.long
@pytest.mark.parametrize("may_look", [True, False])
def test_a_region_that_is_not_enabled_is_told_from_wrong_credentials(
    may_look: bool, play_places: Play, server: Ec2Server
) -> None:
    server.not_opted_in = {"eu-west-1"}
    if not may_look:
        server.refusals["DescribeRegions"] = ("UnauthorizedOperation", "You are not.", 403)
    said = (
        "eu-west-1 is not enabled for this account; the credentials are good."
        if may_look
        else "work in us-east-1, so most likely eu-west-1 is not enabled"
    )

    async def scene(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: said in words(pilot), said)

    play_places(scene, "--profile", "prod")


def test_credentials_that_no_region_takes_are_not_put_down_to_the_region(
    play_places: Play, server: Ec2Server
) -> None:
    server.refusals["GetCallerIdentity"] = server.refusals["DescribeRegions"] = (
        "AuthFailure",
        "AWS was not able to validate the provided access credentials",
        401,
    )

    async def scene(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "R asks again" in words(pilot), "the refusal")
        assert "not able to validate" in words(pilot)
        assert "enabled" not in words(pilot)

    play_places(scene, "--profile", "prod")


@pytest.mark.long
def test_a_clock_that_is_wrong_is_said_with_how_much(play_places: Play, server: Ec2Server) -> None:
    from datetime import timedelta

    server.clock_skew = timedelta(minutes=42)
    server.refusals["GetCallerIdentity"] = ("RequestExpired", "Request has expired.", 400)

    async def scene(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "clock is 42 minutes behind EC2's" in words(pilot), "the clock")

    play_places(scene, "--ec2")


@pytest.mark.long
def test_places_without_an_ec2_answer_change_nothing(play_places: Play, server: Ec2Server) -> None:
    """A place that cannot be opened is said, and the list stays what it was."""
    add(server, "ci")

    async def scene(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "1 pair " in title(pilot), "the pair")
        await pilot.press("P")
        await until_screen(pilot, "PickScreen")
        await pilot.press("escape")
        await until_screen(pilot, "KeyPairListScreen")
        assert "ci" in drawn(pilot)

    play_places(scene, "--ec2")


def test_regions_stand_in_columns_with_the_present_one_marked() -> None:
    counts = {"us-east-1": 1_234, "eu-west-1": 0, "eu-west-2": None, "mars\u202e": 1}
    items = {item.value: item for item in region_items(counts, present="eu-west-1")}

    lines = [
        region_heading(has_counts=True),
        *(items[name].text for name in ("us-east-1", "eu-west-1")),
    ]
    assert [len(line) for line in lines] == [38] * 3
    assert [line.split() for line in lines] == [
        ["Region", "City", "Pairs"],
        ["us-east-1", "N.", "Virginia", "1,234"],
        ["•", "eu-west-1", "Ireland", "–"],
    ]
    assert items["eu-west-2"].remark == "cannot be read"
    assert items["sa-east-1"].text.endswith(" –")
    # Where nobody counted, nothing is said of how many there are.
    assert {item.text[-1:] for item in region_items({}, is_counted=False)}.isdisjoint(
        "–0123456789 "
    )
    assert region_heading(has_counts=False).split() == ["Region", "City"]
    assert "\u202e" not in items["mars\u202e"].text
    # It is found by the part of the world as well, of which there is no column.
    assert {item.value for item in narrowed([*items.values()], "europe ireland")} == {"eu-west-1"}
    # What is typed begins one before it is only part of one: the code, then a word of the city.
    everywhere = region_items({})
    assert [item.value for item in narrowed(everywhere, "sa")][:2] == [
        "sa-east-1",
        "ap-northeast-3",
    ]
    assert [item.value for item in narrowed(everywhere, "ca")][:4] == [
        "ca-central-1",
        "ca-west-1",
        "af-south-1",
        "us-west-1",
    ]
    refused = region_items(counts, {"eu-west-1": False})
    assert [item.remark for item in refused if item.value == "eu-west-1"] == [NOT_ENABLED]


@pytest.mark.long
def test_that_ec2_cannot_be_asked_here_is_marked_as_a_refusal(
    play_places: Play, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_local(home / "data", "us-east-1").backend.create_key_pair(
        key_name="mine", key_type="ed25519"
    )

    async def scene(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "mine" in drawn(pilot), "the local pair")
        monkeypatch.setattr("core.settings.find_spec", lambda _: None)
        await pilot.press("P")
        await until_screen(pilot, "PickScreen")
        await type_text(pilot, "prod")
        await pilot.press("enter")
        await until(pilot, lambda: " ✗ EC2 needs botocore: " in drawn(pilot), "the refusal")

    play_places(scene)
