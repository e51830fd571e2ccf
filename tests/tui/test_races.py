"""What comes at the wrong moment: a second Enter, another Region, a reading that comes late."""

from pathlib import Path
from threading import Event
from typing import Any

import pytest
from textual.pilot import Pilot

from core.custody import export, saving
from core.errors import StoreError
from core.local import many
from core.model import KeptKeyPair
from tests.demo import DemoSession
from tests.tui.driving import (
    app_of,
    create,
    drawn,
    play,
    text_of,
    type_text,
    until,
    until_screen,
)
from tui.screens.list.key_pair_list import KeyPairListScreen
from tui.widgets.fact_line import FactLine
from tui.widgets.form_field import FormField
from tui.widgets.pick_list import PickList
from tui.widgets.text_input import TextInput
from tui.work.exclusive import is_busy


class Held:
    """What begins when it is called, and waits until it may go on."""

    def __init__(self, owner: object, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls = 0
        self.go_on = Event()
        self._method = getattr(owner, name)
        monkeypatch.setattr(owner, name, self)

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        self.calls += 1
        assert self.go_on.wait(60)
        return self._method(*arguments, **named)

    def has_begun(self) -> bool:
        return self.calls > 0


@pytest.mark.long
def test_a_second_enter_while_tags_are_saved_changes_nothing(
    demo_session: DemoSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held(demo_session.backend, "set_tags", monkeypatch)

    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("t")
        await until_screen(pilot, "EditTagsScreen")
        await type_text(pilot, "Team")
        await pilot.press("tab", "enter")
        await until(pilot, held.has_begun, "the saving")
        await pilot.press("enter")
        held.go_on.set()
        await until_screen(pilot, "KeyPairListScreen")
        await until(pilot, lambda: "tags saved" in drawn(pilot), "the word of it")
        assert held.calls == 1

    play(demo_session, scene)


@pytest.mark.long
def test_a_second_enter_while_a_pair_is_given_up_changes_nothing(
    empty_session: DemoSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held(empty_session.backend, "delete_key_pair", monkeypatch)

    async def scene(pilot: Pilot[None]) -> None:
        await create(pilot, "web")
        await pilot.press("escape")
        await until_screen(pilot, "DiscardKeyMaterialScreen")
        await type_text(pilot, "web")
        await pilot.press("enter")
        await until(pilot, held.has_begun, "the deletion")
        await pilot.press("enter")
        held.go_on.set()
        await until_screen(pilot, "KeyPairListScreen")
        await until(pilot, lambda: "and deleted the pair" in drawn(pilot), "the word of it")
        assert held.calls == 1

    play(empty_session, scene)


@pytest.mark.long
@pytest.mark.parametrize("second", ["submit", "back"])
def test_what_comes_close_behind_the_enter_that_keeps_a_pair_closes_nothing_else(
    empty_session: DemoSession, second: str
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await create(pilot, "web")
        await pilot.press("escape")
        await until_screen(pilot, "DiscardKeyMaterialScreen")
        screen = app_of(pilot).screen
        await type_text(pilot, "web")
        await pilot.press("tab", "right")
        # As from the queue of the screen, before the app has turned to another.
        await screen.run_action("submit")
        await screen.run_action(second)
        await until_screen(pilot, "KeyPairListScreen")
        await until(pilot, lambda: "the pair stays" in drawn(pilot), "the word of it")

    play(empty_session, scene)


@pytest.mark.long
def test_what_is_found_out_late_about_a_name_does_not_cover_its_refusal(
    empty_session: DemoSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held(empty_session, "key_pair_named", monkeypatch)

    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("i")
        await until_screen(pilot, "ImportKeyPairScreen")
        await until(pilot, held.has_begun, "the question whether the name is free")
        await pilot.press("enter")
        held.go_on.set()
        await until(
            pilot,
            lambda: "key-name" not in [worker.group for worker in app_of(pilot).workers],
            "the answer",
        )
        await until(pilot, lambda: "it is empty" in text_of(pilot, "FactLine"), "the refusal")
        await pilot.pause()
        said = app_of(pilot).screen.query(FormField).first().verdict.text
        assert "The request must contain the parameter KeyName" in said

    play(empty_session, scene)


@pytest.mark.long
def test_a_form_that_is_told_late_of_its_first_name_keeps_the_refusal(
    empty_session: DemoSession,
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("i")
        await until_screen(pilot, "ImportKeyPairScreen")
        form = app_of(pilot).screen
        field = form.query_one("#key-name", TextInput)
        await pilot.press("enter")
        await until(pilot, lambda: "it is empty" in text_of(pilot, "FactLine"), "the refusal")
        field.post_message(TextInput.Changed(field, ""))
        await pilot.pause(0.3)
        assert "it is empty" in text_of(pilot, "FactLine")
        assert "it is empty" in form.query(FormField).first().verdict.text
        # What is typed is news, and so is what is there again then.
        await pilot.press("x", "backspace")
        await until(pilot, lambda: "it is empty" not in drawn(pilot), "no refusal")

    play(empty_session, scene)


SAVINGS: dict[str, tuple[object, str, tuple[str, ...], str, tuple[str, ...]]] = {
    "export": (export, "export", ("e",), "ExportScreen", ()),
    "save": (saving, "save_key_material", ("s",), "SaveKeyMaterialScreen", ()),
    "copy": (many, "in_batches", ("C",), "ImportIntoRegionsScreen", ("space",)),
}


@pytest.mark.long
@pytest.mark.parametrize("what", SAVINGS)
def test_neither_a_second_enter_nor_escape_disturbs_what_is_under_way(
    demo_session: DemoSession, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    owner, function, keys, name, more = SAVINGS[what]
    held = Held(owner, function, monkeypatch)

    async def scene(pilot: Pilot[None]) -> None:
        if what == "save":
            await create(pilot, "web")
        await pilot.press(*keys)
        await until_screen(pilot, name)
        screen = app_of(pilot).screen
        await pilot.press(*more, "enter")
        await until(pilot, held.has_begun, "the work")
        await pilot.press("enter", "escape")
        assert app_of(pilot).screen is screen
        held.go_on.set()
        if what == "copy":
            await until(pilot, lambda: "1 of 1 done" in drawn(pilot), "the copy")
        else:
            await until(pilot, lambda: app_of(pilot).screen is not screen, "the end")
        assert held.calls == 1

    play(demo_session, scene)


async def turn_to(pilot: Pilot[None], region: str) -> None:
    """Look at another Region."""
    await pilot.press("r")
    await until_screen(pilot, "PickRegionScreen")
    await type_text(pilot, region)
    items = app_of(pilot).screen.query_one(PickList)
    await until(pilot, lambda: items.count == 1, "one Region")
    await pilot.press("enter")
    app = app_of(pilot)
    await until(pilot, lambda: isinstance(app.screen, KeyPairListScreen), "the list")


@pytest.mark.long
def test_a_reading_of_the_region_that_was_left_is_not_shown(
    demo_session: DemoSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        held = Held(demo_session.backend, "describe_key_pairs", monkeypatch)
        await pilot.press("R")
        await until(pilot, held.has_begun, "the reading")
        await turn_to(pilot, "eu-west-3")
        await until(pilot, lambda: "No key pairs in eu-west-3" in drawn(pilot), "the other Region")
        held.go_on.set()
        await pilot.pause(0.3)
        assert "No key pairs in eu-west-3" in drawn(pilot)
        assert "ci-deploy" not in drawn(pilot)

    play(demo_session, scene)


@pytest.mark.long
def test_a_region_that_cannot_be_read_leaves_no_pairs_to_act_on(
    demo_session: DemoSession, home: Path
) -> None:
    (home / "data" / "eu-west-3.json").write_text('{"key_pairs": {"1"')

    async def scene(pilot: Pilot[None]) -> None:
        await turn_to(pilot, "eu-west-3")
        await until(pilot, lambda: "damaged" in text_of(pilot, "#empty"), "the damage")
        assert drawn(pilot).startswith(" keypairs  eu-west-3 ")
        await until(pilot, lambda: not is_busy(app_of(pilot).screen), "that keys are heard")
        # What can only be refused is so at once, with the way on, and no form is filled in first.
        refused = "eu-west-3 cannot be read: first do what stands above; r leads elsewhere"
        for key in ("c", "i", "d", "t", "enter", "e", "u", "U", "slash"):
            app_of(pilot).screen.query_one(FactLine).forget()
            await pilot.press(key)
            await until(pilot, lambda: text_of(pilot, "#fact") == f"✗ {refused}", refused)
            assert isinstance(app_of(pilot).screen, KeyPairListScreen)
        # What is read once more, as when its file is seen to change, leaves what is said.
        screen = app_of(pilot).screen
        assert isinstance(screen, KeyPairListScreen)
        await screen.view.read()
        assert text_of(pilot, "#fact") == f"✗ {refused}"
        # Who asks for it by a key is told.
        await pilot.press("R")
        again = "it still cannot be read"
        await until(pilot, lambda: again in text_of(pilot, "#fact"), again)
        await pilot.press("question_mark")
        await until_screen(pilot, "HelpScreen")
        taught = {item.value for item in app_of(pilot).screen.query_one(PickList).items}
        assert {"list.find", "list.region", "list.check-up", "list.journal"} < taught
        assert not {"key-pair.create", "key-pair.details", "list.choose", "key-pair.undo"} & taught

    play(demo_session, scene)


def test_without_pairs_what_needs_one_says_how_there_comes_to_be_one(
    empty_session: DemoSession,
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        said = "there are no pairs in us-east-1: c creates one, i imports one"
        for key in ("d", "t", "enter", "y", "asterisk", "slash"):
            app_of(pilot).screen.query_one(FactLine).forget()
            await pilot.press(key)
            await until(pilot, lambda: text_of(pilot, "#fact") == said, said)

    play(empty_session, scene)


@pytest.mark.long
def test_a_reading_that_succeeds_again_takes_the_error_away(
    demo_session: DemoSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> tuple[KeptKeyPair, ...]:
        raise StoreError("The disk is gone.")

    async def scene(pilot: Pilot[None]) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(demo_session.backend, "describe_key_pairs", fail)
            await pilot.press("R")
            await until(pilot, lambda: "The disk is gone." in drawn(pilot), "the error")
            await pilot.press("R")
            again = "it still cannot be read"
            await until(pilot, lambda: again in text_of(pilot, "#fact"), again)
        # As when it is seen that another session has put it right.
        screen = app_of(pilot).screen
        assert isinstance(screen, KeyPairListScreen)
        await screen.view.read()
        await until(pilot, lambda: "ci-deploy" in drawn(pilot), "the pairs")
        assert again not in text_of(pilot, "#fact")
        # Read once more, it is what it was, and that is said.
        await pilot.press("R")
        await until(pilot, lambda: "read again at" in text_of(pilot, "#fact"), "that")
        assert text_of(pilot, "#fact").endswith(": nothing is new")

    play(demo_session, scene)


def test_the_command_for_a_damaged_file_stands_on_a_line_of_its_own(
    demo_session: DemoSession,
) -> None:
    demo_session.store.path.write_bytes(b"{}")

    async def scene(pilot: Pilot[None]) -> None:
        *_, command, how = text_of(pilot, "#empty").splitlines()
        assert command.startswith("$ keypairs restore us-east-1 --data-dir ")
        assert how == "A shell is another terminal, or this one after q."

    play(demo_session, scene, (60, 15))
