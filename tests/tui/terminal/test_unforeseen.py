"""A private key outlives whatever goes wrong unforeseen: in workers, handlers, timers, drawing."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NoReturn

import pytest
from textual.pilot import Pilot

from core.custody import agent_keys, saving
from core.local.backend import LocalBackend
from core.store.region_store import RegionStore
from tests.demo import DemoSession
from tests.tui.driving import (
    app_of,
    create,
    drawn,
    play,
    save,
    text_of,
    type_text,
    until,
    until_loaded,
    until_screen,
)
from tui.app import KeyPairsApp
from tui.screens.private_key.add_to_agent import AddToAgentScreen
from tui.screens.private_key.discard_key_material import DiscardKeyMaterialScreen
from tui.screens.private_key.key_material import KeyMaterialScreen
from tui.screens.private_key.key_material_view import KeyMaterialView
from tui.screens.private_key.save_key_material import SaveKeyMaterialScreen
from tui.terminal.driver import InputLost
from tui.widgets.text_input import TextInput

LONG = pytest.mark.long

SECRET = "tell-nobody"


class Unheard(Exception):
    """One that nothing expects."""


class Unseen(Exception):
    """Another, so that what is said of it is not what was said of the first."""


class Untimely(Exception):
    """A third."""


def failing(kind: type[Exception]) -> Callable[..., NoReturn]:
    def fail(*_: object, **__: object) -> NoReturn:
        raise kind(SECRET)

    return fail


fail = failing(Unheard)


async def until_said(pilot: Pilot[None], kind: type[Exception] = Unheard) -> None:
    """Wait until the error is on the screen, by its type and without its text."""
    said = f"Unforeseen {kind.__name__}:"
    await until(pilot, lambda: said in drawn(pilot), "what went wrong")
    assert SECRET not in drawn(pilot)


def outcome(session: DemoSession, scene: Callable[[Pilot[None]], Awaitable[None]]) -> KeyPairsApp:
    """Run the app until a scene is over, or until it ends with an error; return the app."""
    app = KeyPairsApp(session)

    async def run() -> None:
        async with app.run_test(size=(80, 24)) as pilot:
            await until_loaded(pilot)
            await scene(pilot)

    asyncio.run(run())
    return app


STEPS: dict[str, tuple[object, str, str, str]] = {
    "save": (saving, "save_key_material", "s", "SaveKeyMaterialScreen"),
    "agent": (agent_keys, "add_to_agent", "a", "AddToAgentScreen"),
    "discard": (LocalBackend, "delete_key_pair", "escape", "DiscardKeyMaterialScreen"),
}


@pytest.mark.long
@pytest.mark.parametrize(
    "step",
    ["save", *[pytest.param(step, marks=LONG) for step in ("agent", "discard")]],
)
def test_an_error_in_what_a_form_does_leaves_the_form_and_it_can_be_tried_again(
    empty_session: DemoSession, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    owner, method, key, screen = STEPS[step]

    async def scene(pilot: Pilot[None]) -> None:
        await create(pilot, "web")
        await pilot.press(key)
        await until_screen(pilot, screen)
        typed = "web" if step == "discard" else "1"
        await type_text(pilot, typed)
        form = app_of(pilot).screen
        value = form.focused.value if isinstance(form.focused, TextInput) else ""
        for kind in (Unheard, Unseen):
            with monkeypatch.context() as patch:
                patch.setattr(owner, method, failing(kind))
                await pilot.press("enter")
                await until_said(pilot, kind)
                assert app_of(pilot).screen is form
        assert not isinstance(form.focused, TextInput) or form.focused.value == value
        if step == "agent":
            await pilot.press("escape")
            await until_screen(pilot, "KeyMaterialScreen")
            await save(pilot)
        else:
            await pilot.press("enter")
        await until(pilot, lambda: app_of(pilot).screen is not form, "the second try")

    play(empty_session, scene)
    pairs = empty_session.backend.describe_key_pairs()
    assert (
        [pair.custody.private_key.value for pair in pairs] == [] if step == "discard" else ["saved"]
    )


WAYS = {
    "s": SaveKeyMaterialScreen,
    "a": AddToAgentScreen,
    "escape": DiscardKeyMaterialScreen,
}


@pytest.mark.long
@pytest.mark.parametrize(
    ("key", "method"),
    [
        *[("s", method) for method in ("compose", "_is_complete")],
        *[pytest.param("s", method, marks=LONG) for method in ("__init__", "on_mount")],
        *[
            pytest.param(key, method, marks=LONG)
            for key in ("a", "escape")
            for method in ("__init__", "compose", "on_mount")
        ],
        pytest.param("a", "_add", marks=LONG),
    ],
)
def test_a_screen_that_fails_leads_back_to_the_key(
    empty_session: DemoSession, monkeypatch: pytest.MonkeyPatch, key: str, method: str
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await create(pilot, "web")
        with monkeypatch.context() as patch:
            patch.setattr(WAYS[key], method, fail, raising=False)
            await pilot.press(key)
            if method in ("_is_complete", "_add"):
                await until_screen(pilot, WAYS[key].__name__)
                await pilot.press("enter")
            await until_said(pilot)
            if method not in ("__init__", "compose"):
                await pilot.press("escape")
            await until_screen(pilot, "KeyMaterialScreen")
        await save(pilot)
        await until(pilot, lambda: "Saved to" in drawn(pilot), "the saved file")

    play(empty_session, scene)


@pytest.mark.long
@pytest.mark.parametrize(
    "method",
    ["action_toggle_shown", *(pytest.param(m, marks=LONG) for m in ("action_copy", "_show_hints"))],
)
def test_the_screen_of_the_key_goes_on_after_an_error_of_its_own(
    empty_session: DemoSession, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await create(pilot, "web")
        with monkeypatch.context() as patch:
            patch.setattr(KeyMaterialScreen, method, fail)
            await pilot.press("y" if method == "action_copy" else "v")
            await until_said(pilot)
        screen = app_of(pilot).screen
        screen.call_after_refresh(failing(Unseen))
        await until_said(pilot, Unseen)
        screen.set_timer(0.01, failing(Untimely))
        await until_said(pilot, Untimely)
        await save(pilot)
        await until(pilot, lambda: "Saved to" in drawn(pilot), "the saved file")

    play(empty_session, scene)


@pytest.mark.long
def test_a_widget_that_failed_still_takes_what_is_typed(
    empty_session: DemoSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await create(pilot, "web")
        await pilot.press("escape")
        await until_screen(pilot, "DiscardKeyMaterialScreen")
        with monkeypatch.context() as patch:
            patch.setattr(TextInput, "_on_key", fail)
            await pilot.press("w")
            await until_said(pilot)
        await type_text(pilot, "web")
        await pilot.press("enter")
        await until_screen(pilot, "KeyPairListScreen")

    play(empty_session, scene)
    assert empty_session.backend.describe_key_pairs() == ()


@pytest.mark.long
def test_errors_that_a_person_makes_come_again_never_end_it(
    empty_session: DemoSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await create(pilot, "web")
        with monkeypatch.context() as patch:
            patch.setattr(KeyMaterialScreen, "action_toggle_shown", fail)
            await pilot.press(*["v"] * 40)
        await save(pilot)

    play(empty_session, scene)


@pytest.mark.long
@pytest.mark.parametrize("way", ["a timer", pytest.param("saying it", marks=LONG)])
def test_an_error_that_comes_by_itself_again_and_again_ends_it(
    empty_session: DemoSession, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    times = 0

    def fail_and_count(*_: object) -> NoReturn:
        nonlocal times
        times += 1
        raise Unheard(SECRET)

    async def scene(pilot: Pilot[None]) -> None:
        await create(pilot, "web")
        screen = app_of(pilot).screen
        if way == "a timer":
            screen.set_interval(0.01, fail_and_count)
        else:
            monkeypatch.setattr(KeyMaterialScreen, "say_unforeseen", fail_and_count)
            screen.call_later(fail_and_count)
        await until(pilot, lambda: app_of(pilot)._exception is not None, "the end")

    with pytest.raises(Unheard):
        outcome(empty_session, scene)
    assert 10 < times < 100


@pytest.mark.long
@pytest.mark.parametrize("method", ["render_line", pytest.param("render_lines", marks=LONG)])
def test_a_key_that_cannot_be_drawn_can_be_saved(
    empty_session: DemoSession, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await create(pilot, "web")
        with monkeypatch.context() as patch:
            patch.setattr(KeyMaterialView, method, fail)
            await pilot.press("v")
            # It fails with every frame, and is hidden before the program would give up.
            await until(pilot, lambda: "Unheard" in text_of(pilot, "#fact"), "what went wrong")
            await pilot.pause(1)
            assert app_of(pilot)._exception is None
            assert "v show" in drawn(pilot)
            await pilot.press("s")
            await until_screen(pilot, "SaveKeyMaterialScreen")
        await pilot.press("enter")
        await until_screen(pilot, "KeyMaterialScreen")

    play(empty_session, scene)
    assert empty_session.backend.describe_key_pairs()[0].custody.saved_to


@pytest.mark.long
@pytest.mark.parametrize("when", ["on the list", "saved"])
def test_an_error_ends_the_program_where_no_key_would_be_lost(
    empty_session: DemoSession, when: str
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        if when == "saved":
            await create(pilot, "web")
            await save(pilot)
        app_of(pilot).screen.call_later(fail)
        await until(pilot, lambda: app_of(pilot)._exception is not None, "the end")

    with pytest.raises(Unheard):
        outcome(empty_session, scene)


@pytest.mark.long
def test_where_no_key_arrives_any_more_the_program_ends(empty_session: DemoSession) -> None:
    def lose_input() -> NoReturn:
        raise InputLost from Unheard(SECRET)

    async def scene(pilot: Pilot[None]) -> None:
        await create(pilot, "web")
        app_of(pilot).call_later(lose_input)
        await until(pilot, lambda: app_of(pilot)._exception is not None, "the end")

    with pytest.raises(InputLost):
        outcome(empty_session, scene)


@pytest.mark.long
def test_a_key_is_kept_where_it_was_written_to_though_the_answer_is_lost(
    empty_session: DemoSession, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await create(pilot, "web")
        with monkeypatch.context() as patch:
            patch.setattr(RegionStore, "transaction", fail)
            await pilot.press("s")
            await until_screen(pilot, "SaveKeyMaterialScreen")
            await pilot.press("enter")
            await until_said(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: "there is such a file" in drawn(pilot), "what is there already")

    play(empty_session, scene)
    assert (home / ".ssh" / "web.pem").exists()
