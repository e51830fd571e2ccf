"""What other sessions change is seen without a key."""

import asyncio
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Static

from core.model import Tag, TagSelector
from core.store.region_store import RegionState
from tests.demo import DemoSession
from tests.helpers import PUBLIC_KEY, SIZES
from tests.tui.driving import (
    app_of,
    create,
    drawn,
    play,
    press_alone,
    save,
    text_of,
    type_text,
    until,
    until_screen,
)
from tui.screens.delete.delete_key_pairs import DeleteKeyPairsScreen
from tui.screens.list.key_pair_list import KeyPairListScreen
from tui.screens.placed_screen import PlacedScreen
from tui.screens.workbench.grouped_list import GroupedList
from tui.widgets.facts import Facts
from tui.widgets.form_field import FormBody
from tui.words.verdict import Verdict
from tui.work import file_watch


@pytest.fixture
def other(demo_session: DemoSession, monkeypatch: pytest.MonkeyPatch) -> DemoSession:
    """Return another session over the same folder, of boris, whose changes are soon looked for."""
    monkeypatch.setattr(file_watch, "SECONDS", 0.02)
    monkeypatch.setattr("core.store.journal.user", lambda: "boris")
    other = DemoSession(demo_session.store.folder)
    other.time = demo_session.time
    return other


def deleter(session: DemoSession) -> Callable[[str], None]:
    def delete(name: str) -> None:
        pair = session.key_pair_named(name)
        assert pair is not None
        session.backend.delete_key_pair(key_pair_id=pair.key_pair_id, delete_time=session.time)

    return delete


async def until_drawn(pilot: Pilot[None], text: str) -> None:
    await until(pilot, lambda: text in drawn(pilot), text)


def said_in(pilot: Pilot[None]) -> str:
    """Return what the line above the hints says, without its mark, in one line."""
    return text_of(pilot, "#fact").replace("\n", " ").removeprefix("! ")


async def until_said(pilot: Pilot[None], beginning: str) -> None:
    await until(pilot, lambda: said_in(pilot).startswith(beginning), beginning)


@pytest.mark.long
@SIZES
def test_a_question_about_a_pair_that_is_gone_leaves_only_the_way_back(
    demo_session: DemoSession, other: DemoSession, size: tuple[int, int]
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        for name, keys, asks in (
            ("batch-runner", "gd", "To delete it, type batch-runner"),
            ("nightly", "gjjd", "To delete it, press y"),
        ):
            await pilot.press(*keys)
            await until_screen(pilot, "DeleteKeyPairsScreen")
            await until_drawn(pilot, asks)
            pair = other.key_pair_named(name)
            assert pair is not None
            deleter(other)(name)
            await until_said(pilot, f"{name} was deleted by boris at ")
            await until(pilot, lambda: "To delete it" not in drawn(pilot), "no question")
            await until_drawn(pilot, "esc goes back")
            last = drawn(pilot).split("\n")[-1]
            assert last.split() == ["esc", "back", "f1", "help"]
            other.backend.restore_key_pair(pair.key_pair_id)
            await until_drawn(pilot, asks)
            await until(pilot, lambda: "delete" in drawn(pilot).split("\n")[-1], "the key")
            await pilot.press("escape")
            await until_screen(pilot, "KeyPairListScreen")

    play(demo_session, scene, size)


@pytest.mark.long
def test_the_create_form_offers_the_path_that_is_free_now(
    demo_session: DemoSession, other: DemoSession, home: Path
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("c")
        await until_screen(pilot, "CreateKeyPairScreen")
        await type_text(pilot, "race")
        await until_drawn(pilot, "you can save it as ~/.ssh/race.pem")
        (home / ".ssh").mkdir(exist_ok=True)
        (home / ".ssh" / "race.pem").write_text("theirs")
        deleter(other)("ci-deploy")
        await until_drawn(pilot, "you can save it as ~/.ssh/race-2.pem")
        # Of a name that is refused nothing is offered.
        await type_text(pilot, "ü")
        await until_drawn(pilot, "you can save it to a file")
        await pilot.press("backspace")
        await until_drawn(pilot, "you can save it as ~/.ssh/race-2.pem")

    play(demo_session, scene)


def test_the_list_its_count_and_its_cursor_follow(
    demo_session: DemoSession, other: DemoSession
) -> None:
    delete = deleter(other)

    async def scene(pilot: Pilot[None]) -> None:
        screen = app_of(pilot).screen
        assert isinstance(screen, KeyPairListScreen)
        await pilot.press("j")
        other.backend.import_key_pair(
            key_name="aaa-new",
            public_key_material=demo_session.backend.describe_key_pairs()[0].public_key.encode(),
        )
        await until_drawn(pilot, "7 pairs")
        assert " aaa-new " in drawn(pilot)
        # The cursor is still on the same pair.
        assert screen.view.highlighted is not None
        assert screen.view.highlighted.key_name == "ci-deploy"
        ids = [screen.view.highlighted.key_pair_id]
        other.backend.create_tags(resources=ids, tags=[Tag("Zone", "9")])
        await until(
            pilot, lambda: Tag("Zone", "9") in getattr(screen.view.highlighted, "tags", ()), "tag"
        )
        delete("ci-deploy")
        await until_drawn(pilot, "6 pairs")
        # What was said before and is still so stays, if the cursor did not move.
        said = "ci-deploy was deleted; aaa-new was imported, both by boris at "
        await until(pilot, lambda: text_of(pilot, "#fact").startswith(said), said)

    play(demo_session, scene)


def test_the_empty_list_says_what_can_be_brought_back_since(
    empty_session: DemoSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_watch, "SECONDS", 0.02)
    other = DemoSession(empty_session.store.folder)

    async def scene(pilot: Pilot[None]) -> None:
        await until_drawn(pilot, "No key pairs in us-east-1 yet.")
        other.backend.import_key_pair(
            key_name="short-lived", public_key_material=PUBLIC_KEY.encode()
        )
        deleter(other)("short-lived")
        await until_drawn(pilot, "bring 1 deleted pair back")

    play(empty_session, scene)


@pytest.mark.long
def test_what_is_back_is_no_longer_said_to_be_deleted(
    demo_session: DemoSession, other: DemoSession
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        pair = other.key_pair_named("batch-runner")
        assert pair is not None
        deleter(other)("batch-runner")
        await until_said(pilot, "batch-runner was deleted by boris")
        other.backend.restore_key_pair(pair.key_pair_id)
        await until_drawn(pilot, "6 pairs")
        # Who read of it is told, without a key between.
        await until_said(pilot, "batch-runner was brought back by boris")
        # So it is of what this session deleted.
        await pilot.press("g", "d")
        await until_screen(pilot, "DeleteKeyPairsScreen")
        await type_text(pilot, "batch-runner")
        await pilot.press("enter")
        await until_said(pilot, "deleted batch-runner; u brings it back")
        other.backend.restore_key_pair(pair.key_pair_id)
        await until_drawn(pilot, "6 pairs")
        await until(pilot, lambda: "deleted" not in text_of(pilot, "#fact"), "silence")

    play(demo_session, scene)


@pytest.mark.long
def test_what_another_session_deleted_is_asked_about_before_older_tags_are_undone(
    demo_session: DemoSession, other: DemoSession
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("t")
        await until_screen(pilot, "EditTagsScreen")
        await type_text(pilot, "Zone")
        await pilot.press("enter", "enter")
        await until_said(pilot, "tags saved: batch-runner; u undoes it")
        deleter(other)("old-laptop")
        await until_said(pilot, "old-laptop was deleted by boris")
        await pilot.press("u")
        again = "u again undoes the tags set on batch-runner"
        await until_said(pilot, f"what another session deleted, U brings back; {again}")
        pair = demo_session.key_pair_named("batch-runner")
        assert pair is not None
        assert Tag("Zone") in pair.tags
        await pilot.press("u")
        await until_said(pilot, "the tags of batch-runner are as before")
        assert demo_session.key_pair_named("old-laptop") is None

    play(demo_session, scene, (120, 24))


@pytest.mark.long
def test_what_another_session_does_takes_the_place_of_what_is_to_be_typed(
    demo_session: DemoSession, other: DemoSession
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        pair = other.key_pair_named("batch-runner")
        assert pair is not None
        await pilot.press("t")
        await until_screen(pilot, "EditTagsScreen")
        await type_text(pilot, "Zone")
        await pilot.press("enter")
        await until_said(pilot, "type the value of Zone")
        other.backend.create_tags(resources=[pair.key_pair_id], tags=[Tag("Theirs", "9")])
        await until_said(pilot, "another session changed the tags of batch-runner: Theirs=9")

    play(demo_session, scene)


@pytest.mark.long
def test_what_is_open_says_that_its_pair_is_back(
    demo_session: DemoSession, other: DemoSession
) -> None:
    delete = deleter(other)

    async def scene(pilot: Pilot[None]) -> None:
        pair = other.key_pair_named("batch-runner")
        assert pair is not None
        for key, screen in (("t", "EditTagsScreen"), ("enter", "DetailsScreen")):
            await pilot.press("g", key)
            await until_screen(pilot, screen)
            hints = drawn(pilot).splitlines()[-1]
            delete("batch-runner")
            await until_drawn(pilot, "batch-runner was deleted by boris at ")
            other.backend.restore_key_pair(pair.key_pair_id)
            await until_drawn(pilot, "another session brought batch-runner back")
            assert "deleted" not in drawn(pilot)
            await until(pilot, lambda h=hints: drawn(pilot).splitlines()[-1] == h, hints)  # type: ignore[misc] # its default
            if screen == "EditTagsScreen":
                await pilot.press("escape")
                await until_screen(pilot, "KeyPairListScreen")
        # Its keys do again what they did.
        await pilot.press("t")
        await until_screen(pilot, "EditTagsScreen")

    play(demo_session, scene, (100, 30))


@pytest.mark.long
def test_of_many_that_are_open_those_are_named_that_are_still_deleted(
    demo_session: DemoSession, other: DemoSession
) -> None:
    delete = deleter(other)

    async def scene(pilot: Pilot[None]) -> None:
        pairs = [other.key_pair_named(name) for name in ("batch-runner", "ci-deploy")]
        await pilot.press("*", "t")
        await until_screen(pilot, "EditTagsScreen")
        for name in ("batch-runner", "ci-deploy"):
            delete(name)
        await until_drawn(pilot, "2 pairs of these were deleted by boris")
        for pair, said in zip(
            pairs,
            ("ci-deploy was deleted by boris", "another session brought ci-deploy back"),
            strict=True,
        ):
            assert pair is not None
            other.backend.restore_key_pair(pair.key_pair_id)
            await until_drawn(pilot, said)

    play(demo_session, scene, (100, 30))


@pytest.mark.long
def test_what_different_people_deleted_is_not_put_down_to_one_of_them(
    demo_session: DemoSession, other: DemoSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    delete = deleter(other)

    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("*", "t")
        await until_screen(pilot, "EditTagsScreen")
        delete("batch-runner")
        await until_drawn(pilot, "batch-runner was deleted by boris at ")
        monkeypatch.setattr("core.store.journal.user", lambda: "anna")
        delete("ci-deploy")
        await until_drawn(pilot, "2 pairs of these were deleted in another session")

    play(demo_session, scene, (100, 30))


@pytest.mark.long
def test_what_is_open_says_that_its_pair_was_deleted(
    demo_session: DemoSession, other: DemoSession
) -> None:
    delete = deleter(other)

    async def scene(pilot: Pilot[None]) -> None:
        for name, key, screen in (
            ("batch-runner", "t", "EditTagsScreen"),
            ("ci-deploy", "d", "DeleteKeyPairsScreen"),
            ("nightly", "C", "ImportIntoRegionsScreen"),
            ("old-laptop", "I", "InstallPublicKeyScreen"),
            ("web-blue", "n", "CreateKeyPairScreen"),
            ("web-green", "enter", "DetailsScreen"),
        ):
            await pilot.press(key)
            await until_screen(pilot, screen)
            delete(name)
            said = f"{name} was deleted by boris at "
            await until(pilot, lambda s=said: s in drawn(pilot), said)  # type: ignore[misc] # its default
            if screen == "EditTagsScreen":
                # It stays said, whatever is typed.
                await type_text(pilot, "x")
                await until_drawn(pilot, said)
            if screen == "DetailsScreen":
                # From there it is brought back, and that very one.
                await pilot.press("t")
                await until_drawn(pilot, "this pair is deleted; u brings it back")
                assert "u bring back   y copy   esc back" in " ".join(drawn(pilot).split(" "))
                await pilot.press("u")
                await until(pilot, lambda: demo_session.key_pair_named("web-green"), "it")  # type: ignore[arg-type,return-value] # a pair is true
                await until_screen(pilot, "DetailsScreen")
                await until_drawn(pilot, "brought web-green back")
            await pilot.press("escape")
            await until_screen(pilot, "KeyPairListScreen")

    play(demo_session, scene, (100, 30))


@pytest.mark.long
def test_a_new_pair_whose_private_key_is_at_hand_is_said_to_be_deleted(
    demo_session: DemoSession, other: DemoSession, home: Path
) -> None:
    said = "kx was deleted by boris at "

    async def scene(pilot: Pilot[None]) -> None:
        await create(pilot, "kx")
        await pilot.press("y")
        await until_screen(pilot, "PickScreen")
        deleter(other)("kx")
        await until_said(pilot, said)
        await pilot.press("escape")
        await until_screen(pilot, "KeyMaterialScreen")
        await until_said(pilot, said)
        await save(pilot)
        # It stays said beside the file, and is said in the list at last.
        await until_said(pilot, said)
        await pilot.press("escape")
        await until_said(pilot, "the private key of kx was saved to ~/.ssh/kx.pem; " + said)
        assert "6 pairs" in drawn(pilot)

    play(demo_session, scene)


@pytest.mark.long
def test_a_pair_that_is_to_be_replaced_and_is_gone_is_named_with_the_way_on(
    demo_session: DemoSession, other: DemoSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    way = "; esc goes back, and c creates a pair that replaces none"

    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("g", "n")
        await until_screen(pilot, "CreateKeyPairScreen")
        deleter(other)("batch-runner")
        await until_said(pilot, "batch-runner was deleted by boris at ")
        await pilot.press("enter")
        await until(pilot, lambda: said_in(pilot).endswith(way), way)
        assert said_in(pilot).startswith("batch-runner was deleted by boris at ")
        assert "Invalid" not in drawn(pilot)
        await pilot.press("escape")
        # So it is where nobody has noticed yet.
        await until_screen(pilot, "KeyPairListScreen")
        monkeypatch.setattr(file_watch, "SECONDS", 60)
        await pilot.press("n")
        await until_screen(pilot, "CreateKeyPairScreen")
        deleter(other)("ci-deploy")
        await pilot.press("enter")
        await until(pilot, lambda: said_in(pilot).endswith(way), way)
        assert said_in(pilot).startswith("ci-deploy")

    play(demo_session, scene)


@pytest.mark.long
def test_each_dialog_over_the_details_says_that_their_pair_was_deleted(
    demo_session: DemoSession, other: DemoSession, home: Path
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        pair = other.key_pair_named("batch-runner")
        assert pair is not None
        await pilot.press("g", "enter")
        await until_screen(pilot, "DetailsScreen")
        for key, screen in (
            ("s", "SaveKeyMaterialScreen"),
            ("H", "AddSshHostScreen"),
            ("y", "PickScreen"),
        ):
            await pilot.press(key)
            await until_screen(pilot, screen)
            deleter(other)("batch-runner")
            await until_said(pilot, "batch-runner was deleted by boris at ")
            await pilot.press("escape")
            await until_screen(pilot, "DetailsScreen")
            await until_said(pilot, "batch-runner was deleted by boris at ")
            other.backend.restore_key_pair(pair.key_pair_id)
            await until_said(pilot, "another session brought batch-runner back")

    play(demo_session, scene)


@pytest.mark.long
def test_a_name_that_another_session_takes_is_judged_anew(
    demo_session: DemoSession, other: DemoSession
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("c")
        await until_screen(pilot, "CreateKeyPairScreen")
        await type_text(pilot, "nk")
        await until_drawn(pilot, "free in us-east-1")
        other.backend.create_key_pair(key_name="nk", key_type="ed25519")
        await until_drawn(pilot, "taken by key-")

    play(demo_session, scene)


@pytest.mark.long
def test_a_form_says_that_another_session_changed_the_tags(
    demo_session: DemoSession, other: DemoSession
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("t")
        await until_screen(pilot, "EditTagsScreen")
        pair = other.key_pair_named("batch-runner")
        assert pair is not None
        other.backend.create_tags(resources=[pair.key_pair_id], tags=[Tag("Zone", "9")])
        await until_drawn(pilot, "another session changed the tags of batch-runner: Zone=9")
        await pilot.press("escape")
        await until_screen(pilot, "KeyPairListScreen")
        await pilot.press("enter")
        await until_screen(pilot, "DetailsScreen")
        other.backend.delete_tags(resources=[pair.key_pair_id], tags=[TagSelector("Zone")])
        await until_drawn(pilot, "another session changed the tags of batch-runner: Zone gone")

    play(demo_session, scene)


@pytest.mark.long
@pytest.mark.parametrize(
    ("ago", "said"),
    [
        (30, "created just now"),
        (60, "created 1 minute ago"),
        (3599, "created 59 minutes ago"),
        (3600, "created 2026-"),
    ],
)
def test_of_a_new_pair_details_and_question_say_how_new_it_is(
    empty_session: DemoSession, ago: int, said: str
) -> None:
    empty_session.backend.create_key_pair(key_name="a", key_type="ed25519")
    empty_session.time += timedelta(seconds=ago)

    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("enter")
        await until_screen(pilot, "DetailsScreen")
        await until(pilot, lambda: said in " ".join(drawn(pilot).split()), said)
        await pilot.press("d")
        await until_screen(pilot, "DeleteKeyPairsScreen")
        await until(pilot, lambda: said in " ".join(drawn(pilot).split()), said)

    play(empty_session, scene, (60, 15))


def test_nothing_is_read_or_sent_while_nothing_changes(
    demo_session: DemoSession, other: DemoSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[Path] = []
    done: list[str] = []
    status_of, read = file_watch.status_of, demo_session.store.read

    def look(path: Path) -> file_watch.Status:
        looks.append(path)
        return status_of(path)

    def read_it() -> RegionState:
        done.append("read")
        return read()

    monkeypatch.setattr(file_watch, "status_of", look)

    async def scene(pilot: Pilot[None]) -> None:
        # The first look finds what the list has read already.
        await until(pilot, lambda: len(looks) > 3, "some looks")
        app = app_of(pilot)
        assert app._driver is not None
        monkeypatch.setattr(app._driver, "write", done.append)
        monkeypatch.setattr(app.screen, "refresh", lambda *_, **__: done.append("drawn"))
        monkeypatch.setattr(demo_session.store, "read", read_it)
        count = len(looks)
        while len(looks) < count + 10:
            await asyncio.sleep(0.01)
        assert done == []
        deleter(other)("nightly")
        await until(pilot, lambda: "read" in done, "a change")

    play(demo_session, scene)


@pytest.mark.long
def test_a_refusal_says_first_who_deleted_the_pair(
    demo_session: DemoSession, other: DemoSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_watch, "SECONDS", 600)
    delete = deleter(other)
    said = r"deleted by boris at \d{4}-\d\d-\d\d \d\d:\d\d, in another session"

    async def scene(pilot: Pilot[None]) -> None:
        ids = {
            pair.key_name: pair.key_pair_id for pair in demo_session.backend.describe_key_pairs()
        }
        await pilot.press("t")
        await until_screen(pilot, "EditTagsScreen")
        delete("batch-runner")
        await type_text(pilot, "x")
        await pilot.press("tab", "enter")
        refused = re.escape(f"(InvalidID: The ID '{ids['batch-runner']}' is not valid)")
        await until(pilot, lambda: re.search(f"{said} {refused}", drawn(pilot)) is not None, said)
        await pilot.press("escape", "escape")  # the first asks
        await until_screen(pilot, "KeyPairListScreen")
        # The list has been read again, and says why nothing came of it.
        await until_said(pilot, "batch-runner was deleted by boris at ")
        await pilot.press("space", "space", "t")
        await until_screen(pilot, "EditTagsScreen")
        delete("ci-deploy")
        await type_text(pilot, "x")
        await pilot.press("tab", "enter")
        # There is nothing to try again: the form ends, and the list says it.
        await until_screen(pilot, "KeyPairListScreen")
        several = f"x set on 1 of 2 pairs; u undoes it; ci-deploy was {said}"
        await until(pilot, lambda: re.fullmatch(several, said_in(pilot)) is not None, several)

    play(demo_session, scene, (140, 30))


@pytest.mark.long
def test_the_details_show_what_another_session_made_of_the_pair(
    demo_session: DemoSession, other: DemoSession
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        pair = other.key_pair_named("batch-runner")
        assert pair is not None
        await pilot.press("enter")
        await until_screen(pilot, "DetailsScreen")
        await until_on_page(pilot, "Env=prod")
        page = app_of(pilot).screen.query_one(FormBody)
        await pilot.press("down", "down")
        await until(pilot, lambda: page.scroll_offset.y == 2, "scrolled")
        # What was said before is older news.
        screen = app_of(pilot).screen
        assert isinstance(screen, PlacedScreen)
        screen.say(Verdict("brought batch-runner back"))
        other.backend.create_tags(resources=[pair.key_pair_id], tags=[Tag("Zone", "9")])
        await until_on_page(pilot, "Zone=9")
        await until_said(pilot, "another session changed the tags of batch-runner: Zone=9")
        await until_on_page(pilot, "tag by boris")
        assert page.scroll_offset.y == 2
        # Gone and back, under another name and with other tags, it is shown as it is then.
        deleter(other)("batch-runner")
        await until_on_page(pilot, "delete by boris")
        other.backend.restore_key_pair(pair.key_pair_id, key_name="back-again")
        other.backend.create_tags(resources=[pair.key_pair_id], tags=[Tag("Zone", "10")])
        await until_on_page(pilot, "Zone=10")
        await until_on_page(pilot, "back by boris")
        top = drawn(pilot).splitlines()[0]
        assert "back-again" in top and "batch-runner" not in top
        assert "back-again  rsa" in on_page(pilot)

    play(demo_session, scene)


@pytest.mark.long
def test_what_the_details_lead_to_is_about_the_pair_as_it_is_by_then(
    demo_session: DemoSession, other: DemoSession
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        pair = other.key_pair_named("ci-deploy")
        assert pair is not None
        await pilot.press("j", "enter")
        await until_screen(pilot, "DetailsScreen")
        assert said_in(pilot).startswith("2 of 6 ")
        # Where it stands follows what others delete and create.
        deleter(other)("batch-runner")
        await until_said(pilot, "1 of 5 ")
        other.backend.import_key_pair(
            key_name="aaa-new", public_key_material=pair.public_key.encode()
        )
        await until_said(pilot, "2 of 6 ")
        other.backend.create_tags(resources=[pair.key_pair_id], tags=[Tag("Zone", "9")])
        await until_on_page(pilot, "Zone=9")
        await pilot.press("t")
        await until_screen(pilot, "EditTagsScreen")
        fields = app_of(pilot).screen.query(Input)
        assert {"Zone", "9"} <= {field.value for field in fields}
        await pilot.press("escape")
        await until_screen(pilot, "DetailsScreen")
        other.backend.create_tags(resources=[pair.key_pair_id], tags=[Tag("Protected")])
        await until_on_page(pilot, "Protected")
        await pilot.press("d")
        await until_screen(pilot, "DeleteKeyPairsScreen")
        assert "To delete it, type ci-deploy" in drawn(pilot)

    play(demo_session, scene)


def on_page(pilot: Pilot[None]) -> str:
    """Return all that the details hold, in sight or not."""
    page = app_of(pilot).screen.query_one(FormBody)
    return "\n".join(
        str(widget.render()) for widget in page.query("*") if isinstance(widget, Static | Facts)
    )


async def until_on_page(pilot: Pilot[None], text: str) -> None:
    await until(pilot, lambda: text in on_page(pilot), text)


@pytest.mark.long
def test_the_cursor_is_on_the_pair_that_went_from_under_it_and_is_back(
    demo_session: DemoSession, other: DemoSession
) -> None:
    delete = deleter(other)

    async def scene(pilot: Pilot[None]) -> None:
        screen = app_of(pilot).screen
        assert isinstance(screen, KeyPairListScreen)
        ids = {pair.key_name: pair.key_pair_id for pair in other.backend.describe_key_pairs()}

        def is_on(name: str) -> bool:
            return getattr(screen.view.highlighted, "key_name", "") == name

        await pilot.press("j")
        # One after the other from under it; the first is where it was left.
        for name, then in (("ci-deploy", "nightly"), ("nightly", "old-laptop")):
            delete(name)
            await until(pilot, lambda n=then: is_on(n), then)  # type: ignore[misc] # its default
        for name in ("nightly", "ci-deploy"):
            other.backend.restore_key_pair(ids[name])
            await until(pilot, lambda n=name: is_on(n), name)  # type: ignore[misc] # its default
        # Not once it was moved.
        delete("ci-deploy")
        await until(pilot, lambda: is_on("nightly"), "the next")
        await pilot.press("j")
        other.backend.restore_key_pair(ids["ci-deploy"])
        await until_drawn(pilot, "6 pairs")
        assert is_on("old-laptop")

    play(demo_session, scene)


@pytest.mark.long
def test_after_the_details_the_cursor_is_on_the_pair_that_was_looked_at(
    demo_session: DemoSession, other: DemoSession
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        screen = app_of(pilot).screen
        assert isinstance(screen, KeyPairListScreen)
        pair = other.key_pair_named("batch-runner")
        assert pair is not None
        await pilot.press("enter")
        await until_screen(pilot, "DetailsScreen")
        deleter(other)("batch-runner")
        await until_drawn(pilot, "batch-runner was deleted by boris at ")
        # However it came to stand elsewhere.
        screen.view.table.action_move(1)
        other.backend.restore_key_pair(pair.key_pair_id)
        await until_drawn(pilot, "another session brought batch-runner back")
        await pilot.press("escape")
        await until_screen(pilot, "KeyPairListScreen")
        await until(pilot, lambda: screen.view.highlighted == pair, "the pair")

    play(demo_session, scene)


@pytest.mark.long
def test_the_list_says_which_chosen_pairs_are_gone(
    demo_session: DemoSession, other: DemoSession
) -> None:
    delete = deleter(other)
    demo_session.time = other.time = datetime.now(UTC)  # the clock of the journal
    at = r"at \d\d:\d\d, in another session"

    async def until_line(pilot: Pilot[None], line: str) -> None:
        await until(pilot, lambda: re.fullmatch(line, text_of(pilot, "#fact")) is not None, line)

    async def scene(pilot: Pilot[None]) -> None:
        ids = {pair.key_name: pair.key_pair_id for pair in other.backend.describe_key_pairs()}
        await pilot.press("space", "space", "j", "space", "k")
        await until_drawn(pilot, "3 chosen")
        delete("ci-deploy")
        await until_line(pilot, f"ci-deploy, which was chosen, was deleted by boris {at}")
        assert "2 chosen" in drawn(pilot)
        # One after the other they are counted, and what was only under the cursor is named.
        delete("batch-runner")
        await until_line(pilot, f"2 pairs that were chosen were deleted by boris {at}")
        delete("old-laptop")
        await until_drawn(pilot, "3 pairs")
        counted = f"3 pairs that were chosen were deleted by boris {at}"
        await until_line(pilot, counted.replace("\n", ""))
        for name in ("ci-deploy", "old-laptop"):
            other.backend.restore_key_pair(ids[name])
        left = "batch-runner, which was chosen, was deleted"
        await until_line(pilot, f"{left}; 2 pairs were brought back, both by boris {at}")
        other.backend.restore_key_pair(ids["batch-runner"])
        await until_line(pilot, f"3 pairs were brought back by boris {at}")
        # And so once more, without a key between.
        delete("batch-runner")
        gone = "batch-runner was deleted; 2 pairs were brought back, both by boris"
        await until_line(pilot, f"{gone} {at}")
        other.backend.restore_key_pair(ids["batch-runner"])
        await until_line(pilot, f"3 pairs were brought back by boris {at}")

    play(demo_session, scene, (120, 24))


@pytest.mark.long
def test_the_list_says_what_others_made_and_tagged_and_that_takes_the_place_of_the_old(
    demo_session: DemoSession, other: DemoSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    demo_session.time = other.time = datetime.now(UTC)  # the clock of the journal
    at = r"at \d\d:\d\d, in another session"

    async def until_line(pilot: Pilot[None], line: str) -> None:
        await until(pilot, lambda: re.fullmatch(line, said_in(pilot)) is not None, line)

    def make(name: str) -> str:
        public_key = PUBLIC_KEY.encode()
        made = other.backend.import_key_pair(key_name=name, public_key_material=public_key)
        return made.key_pair_id

    async def scene(pilot: Pilot[None]) -> None:
        ids = {pair.key_name: pair.key_pair_id for pair in other.backend.describe_key_pairs()}
        await pilot.press("t")
        await until_screen(pilot, "EditTagsScreen")
        await pilot.press("x", "enter", "enter")
        await until_said(pilot, "tags saved: batch-runner; u undoes it")
        # What this session did itself is no news.
        await asyncio.sleep(10 * file_watch.SECONDS)
        assert said_in(pilot) == "tags saved: batch-runner; u undoes it"
        web = make("web-9")
        await until_line(pilot, f"web-9 was imported by boris {at}")
        other.backend.create_key_pair(key_name="web-10", key_type="ed25519")
        await until_line(pilot, "2 pairs are new")
        other.backend.create_tags(resources=[ids["nightly"], web], tags=[Tag("Zone", "9")])
        await until_line(pilot, f"2 pairs are new; tags of nightly were changed by boris {at}")
        deleter(other)("old-laptop")
        await until_said(pilot, "old-laptop was deleted by boris at ")
        await pilot.press("j")
        other.backend.create_tags(resources=[ids["nightly"]], tags=[Tag("Zone", "10")])
        await until_line(pilot, f"tags of nightly were changed by boris {at}")
        deleter(other)("web-green")
        both = "web-green was deleted; tags of nightly were changed, both by boris"
        await until_line(pilot, f"{both} {at}")
        monkeypatch.setattr("core.store.journal.user", lambda: "anna")
        make("web-11")
        await until_said(pilot, "web-green was deleted by boris at ")
        await until_line(pilot, f".*; web-11 was imported by anna {at}; tags of nightly .* {at}")

    play(demo_session, scene, (160, 24))


async def choose(pilot: Pilot[None], count: int, key: str, screen: str) -> None:
    """Choose the first pairs of the list, and press a key that is about them."""
    await pilot.press("g", *["space"] * count, key)
    await until_screen(pilot, screen)


@pytest.mark.long
def test_the_question_before_a_deletion_is_about_those_that_are_there(
    demo_session: DemoSession, other: DemoSession
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        ids = {pair.key_name: pair.key_pair_id for pair in other.backend.describe_key_pairs()}
        await choose(pilot, 3, "d", "DeleteKeyPairsScreen")
        title = "Delete these 3 key pairs?"
        assert title in drawn(pilot)
        await type_text(pilot, "delete 2")
        deleter(other)("ci-deploy")
        await until_drawn(pilot, "ci-deploy was deleted by boris at ")
        await until_drawn(pilot, "Delete these 2 key pairs?")
        await until(pilot, lambda: title not in drawn(pilot), "the old title to go")
        names = app_of(pilot).screen.query_one("#names", Static)
        assert "ci-deploy" not in str(names.visual) and "nightly" in str(names.visual)
        assert "To delete them, type delete 2" in drawn(pilot)
        # What was typed is what has to be typed now, and was kept.
        assert app_of(pilot).screen.key_hints.muted == set()  # type: ignore[attr-defined] # ours
        other.backend.restore_key_pair(ids["ci-deploy"])
        await until_drawn(pilot, "To delete them, type delete 3")
        assert title in drawn(pilot)
        deleter(other)("nightly")
        await until_drawn(pilot, "To delete them, type delete 2")
        await pilot.press("enter")
        await until_screen(pilot, "KeyPairListScreen")
        # All that was chosen is accounted for.
        said = "deleted 2 of 3 pairs; u brings them back; nightly was deleted by boris at "
        await until_said(pilot, said)

    play(demo_session, scene, (100, 30))


@pytest.mark.long
def test_where_no_pair_is_left_nothing_is_deleted(
    demo_session: DemoSession, other: DemoSession
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        pair = other.key_pair_named("nightly")
        assert pair is not None
        await pilot.press("j", "j", "d")
        await until_screen(pilot, "DeleteKeyPairsScreen")
        screen = app_of(pilot).screen
        assert isinstance(screen, PlacedScreen)
        deleter(other)("nightly")
        await until_drawn(pilot, "nightly was deleted by boris at ")
        assert "yes, delete" not in dict(screen.key_hints.shown).values()
        await press_alone(pilot, "y")
        refused = r"nightly was deleted by boris at [^;]*, in another session; esc goes back"
        await until(pilot, lambda: re.search(refused, text_of(pilot, "#fact")) is not None, refused)
        # Where it is back, it is asked about again.
        other.backend.restore_key_pair(pair.key_pair_id)
        shown = screen.key_hints
        await until(pilot, lambda: "yes, delete" in dict(shown.shown).values(), "the key")
        await press_alone(pilot, "y")
        await until_screen(pilot, "KeyPairListScreen")
        await until_said(pilot, "deleted nightly; u brings it back")

    play(demo_session, scene, (100, 30))


@pytest.mark.long
@pytest.mark.parametrize("count", [1, 2])
def test_what_was_gone_already_is_named_after_deleting(
    demo_session: DemoSession, other: DemoSession, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr(file_watch, "SECONDS", 600)

    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("j", "j", *["space"] * count, "d")
        await until_screen(pilot, "DeleteKeyPairsScreen")
        deleter(other)("nightly")
        if count == 1:
            await press_alone(pilot, "y")
        else:
            await type_text(pilot, "delete 2")
            await pilot.press("enter")
        await until_screen(pilot, "KeyPairListScreen")
        others = "" if count == 1 else "deleted 1 of 2 pairs; u brings it back; "
        await until_said(pilot, f"{others}nightly was deleted by boris at ")

    play(demo_session, scene, (100, 30))


@pytest.mark.long
def test_more_care_is_asked_for_where_another_session_protects_a_pair(
    demo_session: DemoSession, other: DemoSession
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        pair = other.key_pair_named("nightly")
        assert pair is not None
        await pilot.press("j", "j", "d")
        await until_screen(pilot, "DeleteKeyPairsScreen")
        await until_drawn(pilot, "To delete it, press y")
        await pilot.press("enter")
        await until_said(pilot, "y deletes it; esc goes back")
        # What has nothing to do with what is asked takes away nothing that was said of it.
        other.backend.create_tags(resources=[pair.key_pair_id], tags=[Tag("Zone", "9")])
        await until(pilot, lambda: bool(tags_shown(pilot)), "the tag")
        assert said_in(pilot) == "y deletes it; esc goes back"
        other.backend.create_tags(resources=[pair.key_pair_id], tags=[Tag("Protected")])
        await until_drawn(pilot, "To delete it, type nightly")
        await until(pilot, lambda: "y deletes" not in drawn(pilot), "the old answer")

    play(demo_session, scene)


@pytest.mark.long
def test_an_answer_is_none_to_the_question_that_another_session_made_of_it(
    demo_session: DemoSession, other: DemoSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The time in which keys close behind the answer would make it doubtful.
    monkeypatch.setattr("tui.screens.delete.delete_key_pairs.ALONE", 30)

    async def scene(pilot: Pilot[None]) -> None:
        pair = other.key_pair_named("nightly")
        assert pair is not None
        await pilot.press("j", "j", "d")
        await until_screen(pilot, "DeleteKeyPairsScreen")
        await press_alone(pilot, "y")
        screen = app_of(pilot).screen
        assert isinstance(screen, DeleteKeyPairsScreen) and screen._answer
        other.backend.create_tags(resources=[pair.key_pair_id], tags=[Tag("Protected")])
        await until_drawn(pilot, "To delete it, type nightly")
        assert screen._answer is None

    play(demo_session, scene)


def tags_shown(pilot: Pilot[None]) -> tuple[Tag, ...]:
    """Return the tags of the one pair that the question before a deletion is about."""
    screen = app_of(pilot).screen
    assert isinstance(screen, DeleteKeyPairsScreen)
    return screen._question.key_pairs[0].tags


@pytest.mark.long
def test_a_form_forgets_what_was_said_of_what_others_have_changed_since(
    demo_session: DemoSession, other: DemoSession
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        pair = other.key_pair_named("batch-runner")
        assert pair is not None
        ids = [pair.key_pair_id]
        await pilot.press("t")
        await until_screen(pilot, "EditTagsScreen")
        await type_text(pilot, "Mine")
        await pilot.press("tab", "1")
        other.backend.create_tags(resources=ids, tags=[Tag("Mine", "2")])
        both = "Mine=2; you changed Mine too: enter asks before it overwrites theirs"
        await until_said(pilot, f"another session changed the tags of batch-runner: {both}")
        await pilot.press("enter")
        asks = "enter again overwrites what another session changed meanwhile: Mine="
        await until_said(pilot, f"{asks}2")
        other.backend.create_tags(resources=ids, tags=[Tag("Mine", "3")])
        await until(pilot, lambda: "Mine=2" not in said_in(pilot), "the old question")
        await pilot.press("enter")
        await until_said(pilot, f"{asks}3")
        # Nor is it agreed to once the pair was gone meanwhile, and nobody sees the question.
        deleter(other)("batch-runner")
        await until_said(pilot, "batch-runner was deleted by boris")
        other.backend.restore_key_pair(pair.key_pair_id)
        await until_said(pilot, "another session brought batch-runner back")
        await pilot.press("enter")
        await until_said(pilot, f"{asks}3")
        await pilot.press("escape", "escape")
        await until_screen(pilot, "KeyPairListScreen")
        # A name that was taken, and is free again.
        await pilot.press("c")
        await until_screen(pilot, "CreateKeyPairScreen")
        await type_text(pilot, "nightly")
        await pilot.press("enter")
        await until_said(pilot, "✗ the name: taken by key-")
        assert "free: nightly-2" in said_in(pilot)
        deleter(other)("nightly")
        await until_drawn(pilot, "free in us-east-1")
        await until(pilot, lambda: "taken" not in drawn(pilot), "the refusal")

    play(demo_session, scene)


@pytest.mark.long
def test_the_tags_form_says_what_it_saves_and_keeps_what_others_set(
    demo_session: DemoSession, other: DemoSession
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        pair = other.key_pair_named("batch-runner")
        assert pair is not None
        await pilot.press("t")
        await until_screen(pilot, "EditTagsScreen")
        theirs = [Tag("Zone", "9"), Tag("Env", "theirs")]
        other.backend.create_tags(resources=[pair.key_pair_id], tags=theirs)
        whose = "another session changed the tags of batch-runner"
        which = "Env=theirs, Zone=9"
        await until_said(
            pilot, f"{whose}: {which}; enter saves only the rows you changed, theirs stay"
        )
        await type_text(pilot, "Mine")
        await pilot.press("tab", "enter")
        await until_said(pilot, "tags saved")
        now = demo_session.key_pair_named("batch-runner")
        assert now is not None
        assert {*now.tags} == {*theirs, Tag("Mine")}
        # So with several.
        await choose(pilot, 2, "t", "EditTagsScreen")
        other.backend.create_tags(resources=[pair.key_pair_id], tags=[Tag("Zone", "10")])
        whose = "another session changed the tags of batch-runner: Zone=10"
        await until_said(pilot, f"{whose}; enter only adds yours to what is there")
        await type_text(pilot, "Zone")
        await pilot.press("tab")
        await type_text(pilot, "10")
        await until(pilot, lambda: "overwrites" not in drawn(pilot), "what is there now")
        await pilot.press("backspace")
        await until_drawn(pilot, "overwrites what 1 of 2 pairs have there")
        await until_drawn(pilot, "Overwrite tags of 1 of 2 key pairs")
        assert "of 50" not in drawn(pilot)

    play(demo_session, scene, (100, 30))


@pytest.mark.long
def test_the_tags_form_is_about_those_that_are_there(
    demo_session: DemoSession, other: DemoSession
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        ids = {pair.key_name: pair.key_pair_id for pair in other.backend.describe_key_pairs()}
        await choose(pilot, 2, "t", "EditTagsScreen")
        await type_text(pilot, "x")
        await until_drawn(pilot, "Add tags to 2 key pairs")
        deleter(other)("ci-deploy")
        await until_drawn(pilot, "Add tags to 1 key pair ")
        assert "batch-runner, ci-deploy" not in drawn(pilot)
        deleter(other)("batch-runner")
        await until_drawn(pilot, "2 pairs of these were deleted by boris at ")
        await pilot.press("enter")
        await until_drawn(pilot, "; esc goes back")
        for name in ("ci-deploy", "batch-runner"):
            other.backend.restore_key_pair(ids[name])
        await until_drawn(pilot, "Add tags to 2 key pairs")
        await pilot.press("tab", "enter")
        await until_said(pilot, "x set on 2 pairs; u undoes it")

    play(demo_session, scene, (100, 30))


@pytest.mark.long
def test_the_list_of_the_deleted_follows(demo_session: DemoSession, other: DemoSession) -> None:
    delete = deleter(other)
    demo_session.time = other.time = datetime.now(UTC)  # one that may be brought back now

    async def scene(pilot: Pilot[None]) -> None:
        ids = {pair.key_name: pair.key_pair_id for pair in other.backend.describe_key_pairs()}
        for name in ("batch-runner", "nightly", "old-laptop"):
            delete(name)
            other.time += timedelta(seconds=1)
        await until_drawn(pilot, "3 pairs")
        await pilot.press("U")
        await until_screen(pilot, "DeletedKeyPairsScreen")
        lines = app_of(pilot).screen.query_one(GroupedList)

        def is_on(name: str) -> bool:
            return lines.picked is not None and lines.picked.value == ids[name]

        await type_text(pilot, "rsa")
        await pilot.press("down")
        await until(pilot, lambda: is_on("nightly"), "the second")
        # One more is before it, of which the filter lets nothing through.
        delete("ci-deploy")
        await until_drawn(pilot, "Deleted: 3 of 4 pairs")
        assert is_on("nightly") and "ci-deploy" not in drawn(pilot)
        assert app_of(pilot).screen.query_one("#search", Input).value == "rsa"
        other.backend.restore_key_pair(ids["nightly"])
        await until_drawn(pilot, "Deleted: 2 of 3 pairs")
        await until(pilot, lambda: is_on("batch-runner"), "what is in its place")
        await until_drawn(pilot, "another session brought nightly back")
        delete("nightly")
        await until_drawn(pilot, "Deleted: 3 of 4 pairs")
        await until(pilot, lambda: "brought" not in said_in(pilot), "what is no longer so")
        other.backend.restore_key_pair(ids["nightly"])
        await until_drawn(pilot, "Deleted: 2 of 3 pairs")
        await pilot.press(*["backspace"] * 3)
        await until_drawn(pilot, "ci-deploy")
        # What is chosen and back is not to be brought back again.
        await pilot.press("asterisk")
        await until_drawn(pilot, "bring back 3")
        for name in ("old-laptop", "ci-deploy"):
            other.backend.restore_key_pair(ids[name])
        await until_drawn(pilot, "bring back 1")
        await pilot.press("enter")
        await until_screen(pilot, "KeyPairListScreen")
        await until_said(pilot, "brought batch-runner back")

    play(demo_session, scene)
