from collections.abc import Callable

import pytest
from textual.pilot import Pilot

from tests.demo import DemoSession
from tests.tui.driving import app_of, create, play, type_text, until, until_screen
from tui.screens.create.create_key_pair import CreateKeyPairScreen


@pytest.fixture
def calls(empty_session: DemoSession, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what the screens ask the session for, as they ask."""
    calls: list[str] = []
    for owner, name in (
        (empty_session.spare_key, "prepare"),
        (empty_session.backend, "create_key_pair"),
        (empty_session.spare_key, "drop"),
    ):
        monkeypatch.setattr(owner, name, noted(calls, getattr(owner, name), name))
    return calls


def noted(calls: list[str], method: Callable[..., object], name: str) -> Callable[..., object]:
    def call(**arguments: object) -> object:
        calls.append(name)
        return method(**arguments)

    return call


@pytest.mark.long
def test_it_is_made_when_the_form_opens_and_dropped_when_it_is_left(
    empty_session: DemoSession, calls: list[str]
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        assert calls == []
        await pilot.press("c")
        await until_screen(pilot, "CreateKeyPairScreen")
        await until(pilot, lambda: calls == ["prepare"], "the key to be begun")
        await pilot.press("escape")
        await until(pilot, lambda: calls == ["prepare", "drop"], "the key to be dropped")

    play(empty_session, scene)


@pytest.mark.long
def test_it_is_replaced_while_the_private_key_is_on_the_screen(
    empty_session: DemoSession, calls: list[str]
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await create(pilot, "web")
        await until(pilot, lambda: len(calls) == 3, "the next key to be begun")
        assert calls == ["prepare", "create_key_pair", "prepare"]

    play(empty_session, scene)


@pytest.mark.long
def test_a_refusal_leaves_the_form_with_one_in_hand(
    empty_session: DemoSession, calls: list[str]
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("c")
        await until_screen(pilot, "CreateKeyPairScreen")
        await type_text(pilot, "web ")
        await pilot.press("enter")
        screen = app_of(pilot).screen
        assert isinstance(screen, CreateKeyPairScreen)
        await until(pilot, lambda: len(calls) == 3, "the refusal")
        assert calls == ["prepare", "create_key_pair", "prepare"]

    play(empty_session, scene)
