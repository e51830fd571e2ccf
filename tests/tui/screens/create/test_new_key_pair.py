"""What the two forms that make a key pair do alike."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from textual.pilot import Pilot

from core.errors import TagLimitExceeded
from tests.demo import DemoSession
from tests.helpers import PUBLIC_KEY
from tests.tui.driving import app_of, type_text, until, until_loaded, until_screen
from tui.app import KeyPairsApp
from tui.screens.create.key_text import KeyText
from tui.screens.create.new_key_pair import NewKeyPairScreen
from tui.screens.create.tag_rows import TagRow
from tui.widgets.text_input import TextInput
from tui.widgets.verdict_line import VerdictLine

FORMS = pytest.mark.parametrize(
    ("key", "screen", "method", "then"),
    [
        ("c", "CreateKeyPairScreen", "create_key_pair", "KeyMaterialScreen"),
        ("i", "ImportKeyPairScreen", "import_key_pair", "KeyPairListScreen"),
    ],
)


@contextmanager
def held_up(
    session: DemoSession, method: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[threading.Event]:
    """Let a method of the service wait until an event is set."""
    go_on = threading.Event()
    real = getattr(session.backend, method)

    def wait(**request: object) -> object:
        assert go_on.wait(60)
        return real(**request)

    monkeypatch.setattr(session.backend, method, wait)
    try:
        yield go_on
    finally:
        go_on.set()


async def fill_in(pilot: Pilot[None], key: str, screen: str) -> NewKeyPairScreen[object]:
    await pilot.press(key)
    await until_screen(pilot, screen)
    form = app_of(pilot).screen
    assert isinstance(form, NewKeyPairScreen)
    form.query_one("#key-name", TextInput).value = "reporting"
    if key == "i":
        form.query_one(KeyText).text = PUBLIC_KEY
    return form


@pytest.mark.long
@FORMS
def test_keys_that_follow_enter_neither_cancel_it_nor_leave(
    empty_session: DemoSession,
    monkeypatch: pytest.MonkeyPatch,
    key: str,
    screen: str,
    method: str,
    then: str,
) -> None:
    async def run(go_on: threading.Event) -> None:
        async with KeyPairsApp(empty_session).run_test(size=(80, 24)) as pilot:
            await until_loaded(pilot)
            form = await fill_in(pilot, key, screen)
            # Twice at once, as a burst over a slow link comes.
            field = form.query_one("#key-name", TextInput)
            field.post_message(TextInput.Submitted(field, field.value))
            field.post_message(TextInput.Submitted(field, field.value))
            await pilot.press("enter", "escape", "ctrl+o", "ctrl+d", "ctrl+t", "enter")
            assert app_of(pilot).screen is form
            assert not form.query(TagRow)
            go_on.set()
            await until_screen(pilot, then)

    with held_up(empty_session, method, monkeypatch) as go_on:
        asyncio.run(run(go_on))
    assert [pair.key_name for pair in empty_session.backend.describe_key_pairs()] == ["reporting"]


@pytest.mark.long
@FORMS
def test_a_refusal_stands_at_its_field_and_takes_the_focus_there(
    empty_session: DemoSession,
    monkeypatch: pytest.MonkeyPatch,
    key: str,
    screen: str,
    method: str,
    then: str,
) -> None:
    def refuse(**request: object) -> None:
        raise TagLimitExceeded

    monkeypatch.setattr(empty_session.backend, method, refuse)

    async def run() -> None:
        async with KeyPairsApp(empty_session).run_test(size=(80, 24)) as pilot:
            await until_loaded(pilot)
            form = await fill_in(pilot, key, screen)
            await pilot.press("ctrl+t")
            await pilot.pause()
            await type_text(pilot, "Env")
            await pilot.press("shift+tab", "enter")

            def said() -> bool:
                return any("TagLimitExceeded" in v.verdict.text for v in form.query(VerdictLine))

            await until(pilot, said, "the refusal")
            assert form.focused is form.query("TagRow TextInput").first()
            assert form.query_one("#key-name", TextInput).value == "reporting"

    asyncio.run(run())
