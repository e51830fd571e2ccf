"""The list of what was deleted, from which any pair comes back."""

from datetime import timedelta
from pathlib import Path

import pytest
from textual.events import Paste
from textual.pilot import Pilot
from textual.widgets import Input

from core.custody import saving
from core.model import KeptKeyPair, Tag, TagSpecification
from tests.demo import DemoSession
from tests.helpers import SIZES
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
    until_list,
    until_screen,
)
from tui.screens.workbench.grouped_list import GroupedList

ID = "key-0{:016x}"


async def said(pilot: Pilot[None], text: str) -> None:
    """Wait until the list, which may be empty, says that."""
    app = app_of(pilot)
    await until(pilot, lambda: type(app.screen).__name__ == "KeyPairListScreen", "the list")
    await until(pilot, lambda: text_of(pilot, "#fact").replace("\n", " ") == text, text)


async def delete_saved(pilot: Pilot[None], name: str) -> None:
    await until_list(pilot)
    await pilot.press("d")
    await until_screen(pilot, "DeleteKeyPairsScreen")
    await type_text(pilot, name)
    await pilot.press("enter")
    await said(pilot, f"deleted {name}; u brings it back")


async def create_and_delete(pilot: Pilot[None], session: DemoSession) -> None:
    """Create and save a pair called alpha, and delete it."""
    await create(pilot, "alpha")
    await save(pilot)
    await pilot.press("escape")
    await until_screen(pilot, "KeyPairListScreen")
    session.time += timedelta(minutes=1)
    await delete_saved(pilot, "alpha")


async def give_up(pilot: Pilot[None], session: DemoSession) -> None:
    """Create another alpha, and give its private key up together with the pair."""
    await create(pilot, "alpha")
    await pilot.press("escape")
    await until_screen(pilot, "DiscardKeyMaterialScreen")
    session.time += timedelta(minutes=1)
    await type_text(pilot, "alpha")
    await pilot.press("enter")
    brings = "U brings the pair back, without its private key"
    await said(pilot, f"gave up the private key of alpha, and deleted the pair; {brings}")


async def open_deleted(pilot: Pilot[None]) -> GroupedList:
    await pilot.press("U")
    await until_screen(pilot, "DeletedKeyPairsScreen")
    return app_of(pilot).screen.query_one(GroupedList)


def values(rows: GroupedList) -> list[str]:
    return [line.value for line, _ in rows.shown]


@pytest.mark.long
@SIZES
def test_two_pairs_of_one_name_and_one_that_was_given_up(
    empty_session: DemoSession, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.store.journal.user", lambda: "boris")
    first: list[KeptKeyPair] = []

    async def scene(pilot: Pilot[None]) -> None:
        await create_and_delete(pilot, empty_session)
        await create_and_delete(pilot, empty_session)
        await give_up(pilot, empty_session)
        first.extend(
            gone.key_pair
            for gone in empty_session.backend.deleted_key_pairs()
            if gone.key_pair and gone.key_pair.key_pair_id == ID.format(1)
        )
        # What was given up is no deletion to undo.
        await pilot.press("u")
        await said(pilot, "alpha was given up, only U brings it back; u again brings alpha back")
        assert empty_session.key_pair_named("alpha") is None
        await pilot.press("u")
        await said(pilot, "brought alpha back")
        assert empty_session.key_pair_named("alpha").key_pair_id == ID.format(2)  # type: ignore[union-attr] # it was said to be there
        await delete_saved(pilot, "alpha")
        rows = await open_deleted(pilot)
        # The last deleted first, what was given up after all others.
        assert values(rows) == [ID.format(2), ID.format(1), ID.format(3)]
        screen = drawn(pilot)
        assert screen.count(" saved  ") == 2
        assert (size[0] < 80) or "boris" in screen
        assert "! given up" in screen
        assert "30 days" in screen
        # Of two that had the name it is said when each was made, and at 60 columns its id.
        assert "created" in text_of(pilot, "#fact") or size[0] < 80
        assert ID.format(2) in screen
        order = "newest first, given up last"
        await pilot.resize_terminal(130, size[1])
        await until(pilot, lambda: order in text_of(pilot, "#fact"), order)
        await pilot.resize_terminal(*size)
        await until(pilot, lambda: order not in text_of(pilot, "#fact"), "the line without it")
        # Of what was given up, which stands where nobody looks for it, it comes before the id.
        await pilot.press("down", "down")
        lost = "comes back without its private key"
        await until(pilot, lambda: lost in text_of(pilot, "#fact"), lost)
        assert (order in text_of(pilot, "#fact")) is (size[0] >= 80)
        await pilot.press("up", "up")
        await type_text(pilot, ID.format(1)[-4:])
        await until(pilot, lambda: values(rows) == [ID.format(1)], "the first alpha")
        await pilot.press("enter")
        await said(pilot, "brought alpha back")
        assert empty_session.backend.describe_key_pairs() == tuple(first)
        # The second is still what this session deleted last, but its name is taken now.
        await pilot.press("u")
        way_on = "U brings it back under another name"
        await until(pilot, lambda: way_on in text_of(pilot, "#fact").replace("\n", " "), way_on)
        await open_deleted(pilot)
        # Which of the two it is, its file tells, at any size.
        fact = text_of(pilot, "#fact")
        assert "its name is taken" in fact
        assert "key saved to ~/.ssh/alpha-2.pem" in fact
        await pilot.press("enter")
        await until_screen(pilot, "BringBackAsScreen")
        assert "alpha-2" in drawn(pilot)
        if size == (80, 24):
            # One blank line, as between all that stands there.
            above = drawn(pilot).split("  Name ")[0].splitlines()
            assert [bool(line.strip()) for line in above[-2:]] == [True, False]
        await until(pilot, lambda: "free in us-east-1" in drawn(pilot), "the verdict")
        await pilot.press("enter")
        await said(pilot, "brought alpha back as alpha-2")
        # Nor does the key that undoes say otherwise of one that was given up and is back.
        await open_deleted(pilot)
        # What comes back is the pair alone, which is said wherever it is offered.
        assert "comes back without its private key" in text_of(pilot, "#fact").replace("\n", " ")
        await pilot.press("enter")
        await until_screen(pilot, "BringBackAsScreen")
        words = " ".join(drawn(pilot).split())
        assert "comes back as it was, but without its private key, which was given up." in words
        await until(pilot, lambda: "free in us-east-1" in drawn(pilot), "the verdict")
        await pilot.press("enter")
        await said(pilot, "brought alpha back as alpha-3, without its private key")
        await pilot.press("u")
        await said(pilot, "this session has nothing to undo")

    play(empty_session, scene, size)
    assert {
        pair.key_name: pair.key_pair_id for pair in empty_session.backend.describe_key_pairs()
    } == {
        "alpha": ID.format(1),
        "alpha-2": ID.format(2),
        "alpha-3": ID.format(3),
    }


@pytest.mark.long
def test_escape_from_another_name_leads_back_to_the_list_of_the_deleted(
    empty_session: DemoSession,
) -> None:
    for _ in range(2):
        empty_session.backend.create_key_pair(key_name="a", key_type="ed25519")
        empty_session.backend.delete_key_pair(key_name="a")
    empty_session.backend.create_key_pair(key_name="a", key_type="ed25519")

    async def scene(pilot: Pilot[None]) -> None:
        await open_deleted(pilot)
        await pilot.press("enter")
        await until_screen(pilot, "BringBackAsScreen")
        await pilot.press("backspace", "backspace")
        await until(pilot, lambda: "taken by" in drawn(pilot), "the verdict")
        await pilot.press("enter")
        await until(pilot, lambda: "InvalidKeyPair.Duplicate" in drawn(pilot), "the refusal")
        await pilot.press("escape")
        await until_screen(pilot, "DeletedKeyPairsScreen")
        await pilot.press("escape")
        await until_screen(pilot, "KeyPairListScreen")

    play(empty_session, scene)
    assert len(empty_session.backend.deleted_key_pairs()) == 2


@pytest.mark.long
def test_several_that_are_chosen_come_back_together(empty_session: DemoSession) -> None:
    for name in ("a-1", "a-2", "b-1"):
        empty_session.backend.create_key_pair(key_name=name, key_type="ed25519")
        empty_session.backend.delete_key_pair(key_name=name)

    def names() -> set[str]:
        return {pair.key_name for pair in empty_session.backend.describe_key_pairs()}

    async def scene(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "U  bring 3 deleted pairs back" in drawn(pilot), "U")
        rows = await open_deleted(pilot)
        await type_text(pilot, "a-")
        await until(pilot, lambda: len(values(rows)) == 2, "two of them")
        await pilot.press("space")
        chosen = rows.get_component_rich_style("grouped-list--chosen")
        # On the other is the cursor.
        _, mark, _, name, *_ = rows.render_line(1)
        assert (mark.text, name.text.strip()) == ("*", "a-1")
        assert mark.style == name.style == chosen
        await pilot.press("asterisk")
        await until(pilot, lambda: "enter bring back 2" in drawn(pilot), "how many are chosen")
        await pilot.press("asterisk", "asterisk", "enter")
        await said(pilot, "brought 2 pairs back")
        assert names() == {"a-1", "a-2"}
        await open_deleted(pilot)
        await pilot.press("space", "enter")
        await said(pilot, "brought b-1 back")

    play(empty_session, scene)
    assert names() == {"a-1", "a-2", "b-1"}


@pytest.mark.long
def test_of_two_of_one_name_that_whose_key_is_saved_comes_back(
    empty_session: DemoSession, home: Path
) -> None:
    for place in (str(home / ".ssh" / "web.pem"), ""):
        created = empty_session.backend.create_key_pair(key_name="web", key_type="ed25519")
        if place:
            saving.save_key_material(empty_session, created, place)
        empty_session.time += timedelta(minutes=1)
        empty_session.backend.delete_key_pair(key_name="web")

    async def scene(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "U  bring 2 deleted pairs back" in drawn(pilot), "U")
        rows = await open_deleted(pilot)
        await until(pilot, lambda: len(values(rows)) == 2, "both of them")
        await pilot.press("asterisk", "enter")
        back = "brought web back, but not the other web: another pair has the name"
        await until(pilot, lambda: back in text_of(pilot, "#fact").replace("\n", " "), back)

    play(empty_session, scene)
    (web,) = empty_session.backend.describe_key_pairs()
    assert web.custody.saved_to == (str(home / ".ssh" / "web.pem"),)


@pytest.mark.long
def test_a_name_with_a_space_is_typed_and_what_is_chosen_out_of_sight_is_named(
    empty_session: DemoSession,
) -> None:
    for name in ("web ppk", "web-prod", "db"):
        empty_session.backend.create_key_pair(key_name=name, key_type="ed25519")
        empty_session.backend.delete_key_pair(key_name=name)

    async def scene(pilot: Pilot[None]) -> None:
        rows = await open_deleted(pilot)
        await type_text(pilot, "web")
        assert "space choose" not in drawn(pilot)
        await type_text(pilot, " pp")
        await until(pilot, lambda: [line.cells[1] for line, _ in rows.shown] == ["web ppk"], "it")
        await pilot.press("space")
        assert rows.shown[0][0].cells[0] == "*"
        assert "not in sight" not in drawn(pilot)
        await type_text(pilot, "x")
        assert not rows.shown
        assert "chosen: web ppk, not in sight" in text_of(pilot, "#fact")
        assert "enter bring back 1 " in drawn(pilot)
        await pilot.press("ctrl+u")
        app_of(pilot).screen.focused.post_message(Paste("web ppk"))  # type: ignore[union-attr] # it has the focus
        await until(pilot, lambda: len(rows.shown) == 1, "what was pasted")
        await until(pilot, lambda: "Deleted: 1 of 3 pairs" in drawn(pilot), "how many are shown")
        await pilot.press("ctrl+u")
        await until(pilot, lambda: "Deleted: 3 pairs" in drawn(pilot), "how many there are")
        await type_text(pilot, "db")
        assert "chosen: web ppk, not in sight" in text_of(pilot, "#fact")
        # What was chosen is not dropped for one key.
        drops = "1 pair chosen: enter brings back, esc again drops the choice"
        await pilot.press("escape")
        await until(pilot, lambda: drops in drawn(pilot), drops)
        await pilot.press("ctrl+u", "enter")
        await said(pilot, "brought web ppk back")
        await open_deleted(pilot)
        await pilot.press("space", "escape")
        await until(pilot, lambda: drops in drawn(pilot), drops)
        await pilot.press("escape")
        await until_screen(pilot, "KeyPairListScreen")

    play(empty_session, scene)


def test_where_nothing_was_deleted_it_says_so(empty_session: DemoSession) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await open_deleted(pilot)
        said = "There are no deleted pairs in us-east-1 to bring back."
        assert text_of(pilot, "#empty") == said
        # No key is taught that would do nothing.
        assert drawn(pilot).split("\n")[-1].split() == ["esc", "back", "f1", "help"]
        await pilot.press("enter", "escape")
        await until_screen(pilot, "KeyPairListScreen")

    play(empty_session, scene)


def test_nothing_deleted_is_nothing_to_narrow(empty_session: DemoSession) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await open_deleted(pilot)
        await until(pilot, lambda: "There are no deleted pairs" in drawn(pilot), "that")
        assert "narrow" not in drawn(pilot)

    play(empty_session, scene)


@pytest.mark.long
def test_what_is_typed_finds_what_it_finds_in_the_list_of_the_pairs(
    empty_session: DemoSession,
) -> None:
    fingerprints = {}
    for name, team in (("web", "web"), ("db", "data"), ("ops", "web")):
        created = empty_session.backend.create_key_pair(
            key_name=name,
            key_type="ed25519",
            tag_specifications=[TagSpecification("key-pair", (Tag("Team", team),))],
        )
        fingerprints[name] = created.key_pair.key_fingerprint
        empty_session.backend.delete_key_pair(key_name=name)

    async def scene(pilot: Pilot[None]) -> None:
        rows = await open_deleted(pilot)
        for text, found in (
            ("web", {"web", "ops"}),  # as a tag it is found there, too
            ("tag:Team=data", {"db"}),
            ("-tag:Team=data", {"web", "ops"}),
            ("type:rsa", set[str]()),
            (fingerprints["db"], {"db"}),
            (fingerprints["db"][:12], {"db"}),
            # Nobody sees so little of a fingerprint, which is not shown.
            (fingerprints["db"][5:8], set[str]()),
            ("never", {"web", "db", "ops"}),
        ):
            app_of(pilot).screen.query_one("#search", Input).value = text
            await until(
                pilot,
                lambda found=found: {line.cells[1] for line, _ in rows.shown} == found,  # type: ignore[misc] # its default
                text,
            )

    play(empty_session, scene)


@pytest.mark.long
def test_where_a_part_came_back_it_is_said_what_brings_the_rest(empty_session: DemoSession) -> None:
    for name in ("a", "b", "c"):
        empty_session.backend.create_key_pair(key_name=name, key_type="ed25519")

    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("asterisk", "d")
        await until_screen(pilot, "DeleteKeyPairsScreen")
        await press_alone(pilot, "y")
        await said(pilot, "deleted 3 pairs; u brings them back")
        await open_deleted(pilot)
        await pilot.press("space", "space", "enter")
        await said(pilot, "brought 2 pairs back; u brings c back")
        await until_list(pilot)
        await pilot.press("u")
        await said(pilot, "brought c back")

    play(empty_session, scene)
