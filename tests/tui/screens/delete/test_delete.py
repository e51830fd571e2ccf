"""What the question before a deletion says, and what answers it."""

from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot

from core.custody import saving
from core.custody.rotation import NOTHING_REPLACED
from core.disk.keys_in_hand import KeyInHand
from tests.demo import DemoSession
from tests.helpers import quickly
from tests.tui.driving import app_of, drawn, play, press_alone, until, until_screen
from tui.screens.delete.many_to_delete import NamesToDelete
from tui.screens.delete.question import DeletionQuestion

NEEDS_NO_NAME = "nightly"
"""Its private key was never saved."""


def words(pilot: Pilot[None]) -> str:
    return " ".join(drawn(pilot).replace("┃", " ").split())


async def ask(pilot: Pilot[None], *keys: str) -> None:
    await pilot.press(*keys, "d")
    await until_screen(pilot, "DeleteKeyPairsScreen")


@pytest.mark.long
def test_one_pair_is_named_with_what_becomes_of_it(demo_session: DemoSession) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await ask(pilot)
        stays = "Private key  ~/.ssh/batch-runner.pem stays where it is"
        await until(pilot, lambda: stays in drawn(pilot), "the file")
        for said in (
            "batch-runner  rsa · key-00000000000000001 · created 2026-11-02",
            "Servers      authorized_keys are not touched",
            "Undo         u in this session, U within 30 days",
            "To delete it, type batch-runner",
        ):
            assert said in drawn(pilot)
        # What the list said of the pair under its cursor is not said below the question.
        assert "was saved to" not in drawn(pilot)

    play(demo_session, scene)


def test_of_an_imported_pair_every_screen_says_the_same(demo_session: DemoSession) -> None:
    [pair] = demo_session.backend.describe_key_pairs(key_names=["nightly"])
    demo_session.backend.import_key_pair(
        key_name="aaa", public_key_material=pair.public_key.encode()
    )
    said = "imported: only its public key came here"

    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("j", "k")
        await until(pilot, lambda: said in drawn(pilot), "it in the list")
        for key, screen in (("enter", "DetailsScreen"), ("d", "DeleteKeyPairsScreen")):
            await pilot.press(key)
            await until_screen(pilot, screen)
            await until(pilot, lambda: said in drawn(pilot), "it there")
            await pilot.press("escape")
            await until_screen(pilot, "KeyPairListScreen")

    play(demo_session, scene)


def test_a_number_is_typed_with_commas_or_without(demo_session: DemoSession) -> None:
    pair = demo_session.backend.describe_key_pairs()[0]
    many = DeletionQuestion([pair] * 1_200, NOTHING_REPLACED)
    assert many.title == "Delete these 1,200 key pairs?"
    assert many.is_answered_by("delete 1200")
    assert many.is_answered_by("delete 1,200")
    assert not many.is_answered_by("delete 120")
    # A comma in a name is part of it.
    one = DeletionQuestion([replace(pair, key_name="a,b")], NOTHING_REPLACED)
    assert one.is_answered_by("a,b")
    assert not one.is_answered_by("ab")


@pytest.mark.parametrize("key", quickly(["enter", "x"], "x"))
def test_where_a_key_deletes_the_page_says_which(demo_session: DemoSession, key: str) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await ask(pilot, "j", "j")
        assert f"{NEEDS_NO_NAME}  rsa" in drawn(pilot)
        assert "To delete it, press y" in drawn(pilot)
        await pilot.press("question_mark")
        await until_screen(pilot, "HelpScreen")
        await pilot.press("escape")
        await until_screen(pilot, "DeleteKeyPairsScreen")
        assert "y deletes it" not in drawn(pilot)  # which is no answer to a key that does something
        await pilot.press(key)
        await until(pilot, lambda: "y deletes it; esc goes back" in drawn(pilot), "the answer")
        assert app_of(pilot).screen.is_active

    play(demo_session, scene)
    assert len(demo_session.backend.describe_key_pairs()) == 6


@pytest.mark.long
@pytest.mark.parametrize("size", [(80, 24), (60, 15)])
def test_danger_is_marked_where_there_is_no_colour(
    demo_session: DemoSession, size: tuple[int, int]
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        app_of(pilot).theme = "ansi-dark"
        await ask(pilot)
        await until(pilot, lambda: "› ! Delete this key pair?" in drawn(pilot), "the mark")
        # To its right edge the bar is reversed.
        [bar, *_] = app_of(pilot).screen._compositor.render_strips()
        assert all(segment.style and segment.style.reverse for segment in bar if segment.text)

    play(demo_session, scene, size)


@pytest.mark.long
@pytest.mark.parametrize("size", [(60, 15), (80, 24)])
def test_more_names_than_fit_are_looked_through_from_the_field(
    empty_session: DemoSession, size: tuple[int, int]
) -> None:
    for number in range(20):
        empty_session.backend.create_key_pair(key_name=f"host-{number:02}", key_type="ed25519")

    async def scene(pilot: Pilot[None]) -> None:
        await ask(pilot, "asterisk")
        await until(pilot, lambda: "↑↓ look through" in drawn(pilot), "the hint")
        names = app_of(pilot).screen.query_one(NamesToDelete)
        page = names.size.height

        def seen() -> list[str]:
            return [names.render_line(row).text.split()[0] for row in range(page)]

        assert seen() == every[:page]
        # No row looks as if it were picked, nor is a key lost to a cursor that nobody sees.
        cursor = names.get_component_rich_style("cursor-list--cursor").bgcolor
        segments = [segment for row in range(page) for segment in names.render_line(row)]
        assert all(segment.style and segment.style.bgcolor != cursor for segment in segments)
        await pilot.press("down")
        await until(pilot, lambda: seen() == every[1 : page + 1], "one line more")
        await pilot.press("pagedown")
        await until(pilot, lambda: seen() == every[page + 1 : 2 * page + 1], "a page more")
        await pilot.press("end")
        await until(pilot, lambda: seen() == every[-page:], "the last")

    every = [f"host-{number:02}" for number in range(20)]
    play(empty_session, scene, size)


@pytest.mark.long
def test_where_all_names_fit_no_key_is_taught_that_looks_through_them(
    empty_session: DemoSession,
) -> None:
    for number in range(10):
        empty_session.backend.create_key_pair(key_name=f"host-{number:02}", key_type="ed25519")

    async def scene(pilot: Pilot[None]) -> None:
        await ask(pilot, "asterisk")
        await until(pilot, lambda: "host-09" in drawn(pilot), "the last name")
        await pilot.pause()
        assert "↑↓" not in drawn(pilot)
        await pilot.resize_terminal(60, 15)
        await until(pilot, lambda: "↑↓ look through" in drawn(pilot), "the hint")

    play(empty_session, scene, (110, 36))


@pytest.mark.long
def test_a_low_window_shows_as_many_names_as_fit_and_the_end_of_each_file(
    empty_session: DemoSession, home: Path
) -> None:
    for number in range(20):
        created = empty_session.backend.create_key_pair(
            key_name=f"host-{number:02}", key_type="ed25519"
        )
        path = home / ".ssh" / f"host-{number:02}.pem"
        saving.save_key_material(empty_session, created, str(path))
    long = empty_session.backend.create_key_pair(
        key_name="host-00-of-a-long-name", key_type="ed25519"
    )
    saving.save_key_material(empty_session, long, str(home / ".ssh" / "host-00-of-a-long-name.pem"))

    async def scene(pilot: Pilot[None]) -> None:
        await ask(pilot, "asterisk")
        await until(pilot, lambda: "host-06.pem" in drawn(pilot), "the eighth of them")
        lines = [line for line in drawn(pilot).splitlines() if "ed25519" in line]
        assert len(lines) == 8
        assert lines[0].split()[-1] == "…/host-00.pem"
        assert lines[1].split()[-1].endswith("…ng-name.pem")
        # Where all but one have room for more, they are cut alike.
        await pilot.resize_terminal(70, 15)
        last = "…/host-00-of-a-long-name.pem"
        await until(pilot, lambda: last in drawn(pilot), "the long one")
        assert "was saved to" not in drawn(pilot)
        await pilot.resize_terminal(110, 15)
        await until(pilot, lambda: "was saved to ~/.ssh/host-00.pem" in drawn(pilot), "all of it")

    play(empty_session, scene, (60, 15))


@pytest.mark.long
def test_an_answer_is_doubted_close_behind_another_key_and_not_seconds_later(
    demo_session: DemoSession,
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await ask(pilot, "j", "j")
        await press_alone(pilot, "x")
        await press_alone(pilot, "y")
        await until(pilot, lambda: "that y came amid other keys" in drawn(pilot), "the doubt")
        await pilot.press("escape")
        await ask(pilot)
        await pilot.press("x")
        # The clock of the keys says that it was long ago.
        app_of(pilot).screen._other_key -= 3.0  # type: ignore[attr-defined] # of this screen
        await press_alone(pilot, "y")
        await until_screen(pilot, "KeyPairListScreen")
        await until(pilot, lambda: f"deleted {NEEDS_NO_NAME}" in drawn(pilot), "that it is deleted")

    play(demo_session, scene)


@pytest.mark.long
def test_a_key_that_another_session_may_still_save_is_not_said_to_be_gone(
    empty_session: DemoSession,
) -> None:
    pair = empty_session.backend.create_key_pair(key_name="web", key_type="ed25519").key_pair
    note = KeyInHand(empty_session.store.folder, empty_session.region, pair.key_pair_id)
    said = "not saved yet: the session that created it still has its private key"

    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("enter")
        await until_screen(pilot, "DetailsScreen")
        await until(pilot, lambda: said in " ".join(drawn(pilot).split()), said)
        await pilot.press("escape")
        await until_screen(pilot, "KeyPairListScreen")
        await ask(pilot)
        why = "Another session may still save its key. To delete it, type web"
        await until(pilot, lambda: why in words(pilot), why)
        assert said in words(pilot)
        await pilot.press("escape")
        await until_screen(pilot, "KeyPairListScreen")
        # It was given up there.
        note.forget()
        await ask(pilot)
        await until(pilot, lambda: "never saved: gone" in drawn(pilot), "that")
        assert "To delete it, press y" in drawn(pilot)

    play(empty_session, scene)
