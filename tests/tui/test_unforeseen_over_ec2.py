"""What nobody expected of an answer of EC2 is a question that failed, with a way on."""

from typing import NoReturn

import pytest
from textual.pilot import Pilot

from core.aws import opted_in, usage
from core.aws.backend import Ec2Backend
from core.aws.opening import Ec2Account
from tests.ec2_server import Ec2Server
from tests.tui.driving import drawn, press_alone, save, type_text, until, until_screen
from tests.tui.over_ec2 import Play, first_line, play_over_ec2, server
from tests.tui.test_list_over_ec2 import add, words
from tests.tui.test_usage_over_ec2 import open_question

__all__ = ["play_over_ec2", "server"]

SECRET = "tell-nobody"
SAID = "Something unforeseen went wrong here (KeyError)."


def fail(*_: object, **__: object) -> NoReturn:
    raise KeyError(SECRET)


@pytest.mark.long
@pytest.mark.parametrize("owner", [Ec2Backend, Ec2Account], ids=["pairs", "identity"])
def test_the_list_says_so_and_asks_again(
    play_over_ec2: Play, server: Ec2Server, monkeypatch: pytest.MonkeyPatch, owner: type[object]
) -> None:
    add(server, "ci")
    method = "describe_key_pairs" if owner is Ec2Backend else "facts"

    async def scene(pilot: Pilot[None]) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(owner, method, fail)
            await until(pilot, lambda: f"{SAID} R asks again" in words(pilot), "what went wrong")
        assert SECRET not in drawn(pilot)
        await pilot.press("R")
        await until(pilot, lambda: "1 pair " in first_line(pilot), "the pair")

    play_over_ec2(scene)


@pytest.mark.long
def test_what_uses_a_pair_is_not_known_and_it_can_be_deleted(
    play_over_ec2: Play, server: Ec2Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usage, "usages", fail)
    add(server, "ci")

    async def scene(pilot: Pilot[None]) -> None:
        await open_question(pilot)
        await until(pilot, lambda: "which instances use it is not known" in words(pilot), "that")
        await press_alone(pilot, "y")
        await until_screen(pilot, "KeyPairListScreen")

    play_over_ec2(scene)
    assert server.calls["DeleteKeyPair"] == 1


@pytest.mark.long
def test_the_other_questions_leave_what_they_were_asked_for(
    play_over_ec2: Play, server: Ec2Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opted_in, "regions", fail)
    monkeypatch.setattr("tui.screens.create.made_by.refusals", fail)

    async def scene(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "No key pairs" in drawn(pilot), "the empty Region")
        await pilot.press("r")
        await until(pilot, lambda: SAID in words(pilot), "that the Regions are not known")
        await pilot.press("escape", "c")
        await until_screen(pilot, "CreateKeyPairScreen")
        await type_text(pilot, "ci")
        await pilot.press("tab", "right", "enter")
        await until_screen(pilot, "KeyMaterialScreen")
        with monkeypatch.context() as patch:
            patch.setattr(Ec2Account, "facts", fail)
            await pilot.press("l")
            await until(pilot, lambda: SAID in words(pilot), "that the login is not known")
        await save(pilot)

    play_over_ec2(scene)
