"""The list over EC2: what it said last, then its answer, and what is said where none comes."""

import threading
from pathlib import Path

import pytest
from textual.pilot import Pilot

from core.ec2.place import Ec2Choice
from core.settings import open_session
from tests.ec2_server import ACCOUNT, Ec2Server
from tests.tui.driving import create, drawn, save, type_text, until, until_screen
from tests.tui.over_ec2 import Play, first_line, play_over_ec2, server
from tui.screens.list import ec2_questions
from tui.work.batches import is_running

__all__ = ["play_over_ec2", "server"]


def add(server: Ec2Server, *names: str) -> None:
    """Create pairs in EC2 behind the app's back."""
    for name in names:
        server.client_of("us-east-1").create_key_pair(KeyName=name, KeyType="ed25519")


def words(pilot: Pilot[None]) -> str:
    """Return what is on the screen, wherever its lines end."""
    return " ".join(drawn(pilot).split())


def seen_before(home: Path) -> None:
    """Have EC2's pairs on this machine, as another session of the program leaves them."""
    open_session(None, home / "data", ec2=Ec2Choice()).backend.describe_key_pairs()


def test_the_top_line_says_whose_pairs_these_are_and_who_answers(
    play_over_ec2: Play, server: Ec2Server
) -> None:
    add(server, "ci")
    host = server.url.removeprefix("http://")

    async def scene(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "1 pair " in first_line(pilot), "the pair")
        assert first_line(pilot).startswith("EC2 default · us-east-1 · 1 pair ")
        assert first_line(pilot).endswith(f"{host} · {ACCOUNT} anna")

    play_over_ec2(scene)


def test_what_ec2_said_last_is_there_while_it_does_not_answer(
    play_over_ec2: Play, server: Ec2Server, home: Path
) -> None:
    add(server, "ci", "web")
    seen_before(home)
    add(server, "new")
    answered = threading.Event()
    act = server.client_of

    def held_back(region: str) -> object:
        assert answered.wait(30)
        return act(region)

    server.client_of = held_back  # type: ignore[assignment] # waits, then answers

    async def scene(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "2 pairs" in drawn(pilot), "what was seen last")
        assert "as of " in first_line(pilot)
        # Typing waits for nobody.
        await pilot.press("slash")
        await type_text(pilot, "ci")
        await until(pilot, lambda: "1 of 2" in drawn(pilot), "the filter")
        answered.set()
        await until(pilot, lambda: "1 of 3" in drawn(pilot), "the answer")
        assert "as of " not in drawn(pilot)

    play_over_ec2(scene)


def test_the_key_and_the_focus_ask_again(play_over_ec2: Play, server: Ec2Server) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "No key pairs in us-east-1" in drawn(pilot), "the empty Region")
        add(server, "one")
        await pilot.press("R")
        await until(pilot, lambda: "1 pair " in first_line(pilot), "the first")
        add(server, "two")
        pilot.app.on_app_focus()  # type: ignore[attr-defined] # ours
        await until(pilot, lambda: "2 pairs" in first_line(pilot), "the second")

    play_over_ec2(scene)


@pytest.mark.parametrize("size", [(80, 24), (60, 15)])
def test_a_new_pair_is_shown_at_once_and_asked_for_until_ec2_shows_it(
    size: tuple[int, int],
    play_over_ec2: Play,
    server: Ec2Server,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ec2_questions, "_PAUSES", (0.05,))

    async def scene(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "No key pairs" in drawn(pilot), "the empty Region")
        server.hidden = 60.0
        await create(pilot, "ci")
        await save(pilot)
        asked = server.calls["DescribeKeyPairs"]
        await pilot.press("q")
        await until_screen(pilot, "KeyPairListScreen")
        await until(pilot, lambda: "1 pair " in first_line(pilot), "the new pair")
        await until(pilot, lambda: server.calls["DescribeKeyPairs"] > asked + 1, "more questions")
        assert "ci " in drawn(pilot)
        server.hidden = 0.0
        screen = pilot.app.screen
        await until(
            pilot,
            lambda: not is_running(screen, ec2_questions._GROUP),
            "the end of the questions",
        )
        assert "ci " in drawn(pilot)

    play_over_ec2(scene, size)


def test_what_ec2_refuses_is_said_and_asked_again(
    play_over_ec2: Play, server: Ec2Server, home: Path
) -> None:
    refusal = ("UnauthorizedOperation", "You are not authorized\u202e.", 403)
    server.refusals["DescribeKeyPairs"] = refusal

    async def scene(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "R asks again" in words(pilot), "the refusal")
        assert "authorized" in words(pilot), drawn(pilot)
        assert "\u202e" not in drawn(pilot)
        # Nothing can be done to pairs that nobody knows; and nothing breaks.
        for key in ("c", "D", "u", "J", "e"):
            await pilot.press(key)
            await pilot.pause()
            assert "EC2 has not answered yet" in words(pilot)
        del server.refusals["DescribeKeyPairs"]
        add(server, "ci")
        await pilot.press("R")
        await until(pilot, lambda: "1 pair " in first_line(pilot), "the pair")
        # The list stays while the next question is refused.
        server.refusals["DescribeKeyPairs"] = refusal
        await pilot.press("R")
        await until(pilot, lambda: "R asks again" in words(pilot), "the second refusal")
        assert "1 pair " in first_line(pilot)

    play_over_ec2(scene)


def test_another_account_than_the_last_time_is_not_mixed_with_it(
    play_over_ec2: Play, server: Ec2Server, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(server, "theirs")
    monkeypatch.setattr("tests.ec2_server.ACCOUNT", "111111111111")
    seen_before(home)
    monkeypatch.setattr("tests.ec2_server.ACCOUNT", ACCOUNT)
    (pair,) = server.client_of("us-east-1").describe_key_pairs()["KeyPairs"]
    server.client_of("us-east-1").delete_key_pair(KeyPairId=pair["KeyPairId"])
    add(server, "ours")

    async def scene(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "ours " in drawn(pilot), "the pair of this account")
        assert ACCOUNT in first_line(pilot)

    play_over_ec2(scene)
    (file,) = (home / "data" / "ec2").glob("111111111111*/us-east-1.json")
    assert b"ours" not in file.read_bytes()
    assert b'"theirs"' in file.read_bytes()


def test_find_and_check_up_ask_ec2_nothing(play_over_ec2: Play, server: Ec2Server) -> None:
    add(server, "ci")

    async def scene(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "1 pair " in first_line(pilot), "the pair")
        server.refusals["DescribeKeyPairs"] = ("InternalError", "no", 400)
        asked = server.calls["DescribeKeyPairs"]
        await pilot.press("D")
        await until_screen(pilot, "CheckUpScreen")
        await until(pilot, lambda: "in 1 Region" in drawn(pilot), "the end of the check-up")
        await pilot.press("escape")
        await until_screen(pilot, "KeyPairListScreen")
        await pilot.press("r")
        await until_screen(pilot, "PickScreen")
        assert "1 pair" in drawn(pilot)
        assert server.calls["DescribeKeyPairs"] == asked

    play_over_ec2(scene)
