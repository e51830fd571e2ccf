"""What the first screen says of itself, and of private keys that the last session lost."""

import asyncio
import signal
from pathlib import Path

import pytest
from textual.pilot import Pilot

from core.custody import saving
from core.disk.keys_in_hand import KeyInHand, lost
from tests.demo import DemoSession
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
from tui.widgets.key_hints import KeyHints


@pytest.mark.long
def test_an_empty_list_says_what_the_program_is_and_how_to_leave(
    empty_session: DemoSession, home: Path
) -> None:
    for name in ("laptop.pub", "work.pub", "laptop"):
        (home / ".ssh" / name).write_text("")

    async def scene(pilot: Pilot[None]) -> None:
        text = " ".join(drawn(pilot).split())
        for said in (
            "No key pairs in us-east-1 yet.",
            "c create a key pair",
            "i import a public key; 2 public keys wait in ~/.ssh",
            "q leave",
            "keypairs creates and keeps SSH key pairs as Amazon EC2 does.",
            "They are kept in ~/data, on this machine: nothing is sent anywhere.",
        ):
            assert said in text
        hints = " ".join(app_of(pilot).screen.query_one(KeyHints).render().plain.split())
        assert hints == "c create i import r Region f find q leave ? help"
        await create(pilot, "web", "tab", "right")
        await save(pilot)
        await press_alone(pilot, "q")
        await until_screen(pilot, "KeyPairListScreen")
        await until(pilot, lambda: "enter details" in drawn(pilot), "the keys of a pair")

    play(empty_session, scene, (60, 15))


def test_where_all_are_deleted_none_is_said_to_be_yet_to_come(empty_session: DemoSession) -> None:
    empty_session.backend.create_key_pair(key_name="a", key_type="ed25519")
    empty_session.backend.delete_key_pair(key_name="a")

    async def scene(pilot: Pilot[None]) -> None:
        assert "No key pairs in us-east-1.  " in drawn(pilot)
        assert "U  bring 1 deleted pair back" in drawn(pilot)

    play(empty_session, scene)


def test_what_this_session_deleted_last_comes_back_by_the_key_that_undoes(
    empty_session: DemoSession,
) -> None:
    for name in ("a", "b", "c"):
        empty_session.backend.create_key_pair(key_name=name, key_type="ed25519")

    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("asterisk", "d")
        await until_screen(pilot, "DeleteKeyPairsScreen")
        await press_alone(pilot, "y")
        said = "u  bring 3 deleted pairs back; U only some of them"
        await until(pilot, lambda: said in drawn(pilot), said)
        # Where it is all of them that are meant, one key chooses them.
        await pilot.press("U")
        await until_screen(pilot, "DeletedKeyPairsScreen")
        assert "* chooses all" in drawn(pilot)
        await pilot.press("asterisk", "enter")
        await until_screen(pilot, "KeyPairListScreen")
        await until(pilot, lambda: "3 pairs" in drawn(pilot), "all three")

    play(empty_session, scene, (60, 15))


@pytest.mark.long
def test_a_key_that_a_killed_session_took_along_is_named_once(empty_session: DemoSession) -> None:
    empty_session.backend.create_key_pair(key_name="aaa", key_type="ed25519")

    async def end(pilot: Pilot[None]) -> None:
        await create(pilot, "web", "tab", "right")
        await until(pilot, lambda: len(notes(empty_session)) == 1, "the note")
        app_of(pilot)._leave(signal.SIGHUP)
        await asyncio.sleep(0.01)

    assert play(empty_session, end) == 129

    async def told(pilot: Pilot[None]) -> None:
        said = "The last session ended before the private key of web was saved"
        await until(pilot, lambda: said in text_of(pilot, "#fact"), said)
        await pilot.press("d")
        await until_screen(pilot, "DeleteKeyPairsScreen")
        await until(pilot, lambda: "web  ed25519 · key-" in drawn(pilot), "the pair")
        assert "Delete this key pair?" in drawn(pilot)
        await pilot.press("escape")

    play(empty_session, told)
    assert not notes(empty_session)


@pytest.mark.long
def test_of_a_lost_key_in_another_region_it_is_said_how_to_get_there(
    empty_session: DemoSession,
) -> None:
    empty_session.backend.create_key_pair(key_name="aaa", key_type="ed25519")
    paris = empty_session.for_region("eu-west-3")

    def lose(key_name: str) -> None:
        created = paris.backend.create_key_pair(key_name=key_name, key_type="ed25519")
        KeyInHand(paris.store.folder, paris.region, created.key_pair.key_pair_id).release()

    def told(end: str) -> None:
        async def scene(pilot: Pilot[None]) -> None:
            await until(pilot, lambda: " ".join(text_of(pilot, "#fact").split()).endswith(end), end)

        # `d` alone would be about aaa, the pair under the cursor.
        play(empty_session, scene)

    lose("web")
    told("r turns to eu-west-3, where d deletes the pair.")
    lose("db")
    lose("ci")
    told("r turns to their Region, where d deletes such a pair.")


@pytest.mark.long
def test_nothing_is_lost_of_a_key_that_is_safe_or_given_up(empty_session: DemoSession) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await create(pilot, "safe", "tab", "right")
        await save(pilot)
        await press_alone(pilot, "escape")
        await until_screen(pilot, "KeyPairListScreen")
        await create(pilot, "gone", "tab", "right")
        await press_alone(pilot, "escape")
        await until_screen(pilot, "DiscardKeyMaterialScreen")
        await type_text(pilot, "gone")
        await pilot.press("enter")
        await until_screen(pilot, "KeyPairListScreen")
        await until(pilot, lambda: not notes(empty_session), "no note")

    play(empty_session, scene)


def test_a_key_that_was_saved_before_the_kill_is_not_lost(empty_session: DemoSession) -> None:
    folder = empty_session.store.folder
    held = []
    for name in ("saved", "first", "second"):
        created = empty_session.backend.create_key_pair(key_name=name, key_type="ed25519")
        held.append(KeyInHand(folder, "us-east-1", created.key_pair.key_pair_id))
        if name == "saved":
            saving.save_key_material(empty_session, created, "~/.ssh/saved.pem")
    assert not list(lost(folder))  # their session lives
    for note in held:
        note.release()

    async def scene(pilot: Pilot[None]) -> None:
        said = "the private keys of first and second were saved"
        await until(pilot, lambda: said in text_of(pilot, "#fact").replace("\n", " "), said)

    play(empty_session, scene, (200, 24))


def notes(session: DemoSession) -> list[Path]:
    return list(session.store.folder.glob("key-in-hand-*"))
