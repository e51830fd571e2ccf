from collections.abc import Callable

import pytest
from textual.pilot import Pilot

from tests.demo import DemoService
from tests.tui.driving import app_of, create, play, type_text, until, until_screen
from tui.screens.create.create_key_pair import CreateKeyPairScreen


@pytest.fixture
def calls(empty_service: DemoService, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what the screens ask the service for, as they ask."""
    calls: list[str] = []
    for name in ("prepare_spare_key", "create_key_pair", "drop_spare_key"):
        monkeypatch.setattr(empty_service, name, noted(calls, getattr(empty_service, name), name))
    return calls


def noted(calls: list[str], method: Callable[..., object], name: str) -> Callable[..., object]:
    def call(**arguments: object) -> object:
        calls.append(name)
        return method(**arguments)

    return call


def test_it_is_made_when_the_form_opens_and_dropped_when_it_is_left(
    empty_service: DemoService, calls: list[str]
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        assert calls == []
        await pilot.press("c")
        await until_screen(pilot, "CreateKeyPairScreen")
        await until(pilot, lambda: calls == ["prepare_spare_key"], "the key to be begun")
        await pilot.press("escape")
        await until_screen(pilot, "KeyPairListScreen")
        assert calls == ["prepare_spare_key", "drop_spare_key"]

    play(empty_service, scene)


def test_it_is_replaced_while_the_private_key_is_on_the_screen(
    empty_service: DemoService, calls: list[str]
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await create(pilot, "web")
        await until(pilot, lambda: len(calls) == 3, "the next key to be begun")
        assert calls == ["prepare_spare_key", "create_key_pair", "prepare_spare_key"]

    play(empty_service, scene)


def test_a_refusal_leaves_the_form_with_one_in_hand(
    empty_service: DemoService, calls: list[str]
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("c")
        await until_screen(pilot, "CreateKeyPairScreen")
        await type_text(pilot, "web ")
        await pilot.press("enter")
        screen = app_of(pilot).screen
        assert isinstance(screen, CreateKeyPairScreen)
        await until(pilot, lambda: len(calls) == 3, "the refusal")
        assert calls == ["prepare_spare_key", "create_key_pair", "prepare_spare_key"]

    play(empty_service, scene)
