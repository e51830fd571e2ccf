"""A session that only reads: no screen that it gets to teaches or does what changes something."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from core.custody import saving
from core.ec2.authorization import Authorizer
from core.ec2.regions import region
from core.model import FileFormat
from core.secret import Passphrase
from tests.demo import DemoSession
from tests.helpers import Agent
from tests.tui.driving import app_of, drawn, play, type_text, until, until_screen
from tui.actions.keymap import at, changes, key_label
from tui.actions.table import ONLY_TO_CHANGE, Place
from tui.screens.list.key_pair_list import KeyPairListScreen
from tui.screens.placed_screen import PlacedScreen
from tui.words.verdict import READ_ONLY
from tui.work.exclusive import is_busy

WAYS: Mapping[Place, tuple[str, Sequence[str]]] = {
    Place.DETAILS: ("DetailsScreen", ("enter",)),
    Place.UNLOCK: ("UnlockSavedKeyScreen", ("enter", "a")),
    Place.ADD_TO_AGENT: ("AddToAgentScreen", ("j", "enter", "a")),
    Place.EXPORT: ("ExportScreen", ("e",)),
    Place.DELETED: ("DeletedKeyPairsScreen", ("U",)),
    Place.AGENT: ("AgentKeysScreen", ("a",)),
    Place.INSTALL: ("InstallPublicKeyScreen", ("I",)),
    Place.FIND: ("FindScreen", ("f",)),
    Place.CHECK_UP: ("CheckUpScreen", ("D",)),
    Place.JOURNAL: ("JournalScreen", ("J",)),
    Place.PICK: ("PickRegionScreen", ("r",)),
    # The order may be another one, once these keys were pressed.
    Place.FILTER: ("KeyPairListScreen", ("slash",)),
    Place.LIST: ("KeyPairListScreen", ()),
}
"""The screen on which each place is, and the keys that lead there from the list."""

ASKED_FOR_EC2 = {Place.MFA_CODE, Place.LOG_IN}
"""Places that ask for what EC2 wants to know before it answers."""

HARMLESS = {"submit", "pick", "quit", "quit_by_key"}
"""What may be done: a list written to a file, a key added to the agent; and what leads away."""

CHANGES_IN_WORDS = ("bring", "imports it", "creates", "asks for another", "chooses all", "(n in")


@pytest.fixture
def session(empty_session: DemoSession, home: Path, ssh_agent: Agent) -> DemoSession:
    """A Region with something of each kind, of a session that only reads."""
    backend = empty_session.backend
    made = {
        name: backend.create_key_pair(key_name=name, key_type="ed25519")
        for name in ("a-locked", "b-saved", "c-exposed", "gone", "never")
    }
    secret = Passphrase("correct horse")
    path = "~/.ssh/a-locked.pem"
    saving.save_key_material(empty_session, made["a-locked"], path, FileFormat.OPENSSH, secret)
    saving.save_key_material(empty_session, made["b-saved"], "~/.ssh/b-saved.pem")
    saving.save_key_material(empty_session, made["c-exposed"], "~/.ssh/c-exposed.pem")
    (home / ".ssh" / "c-exposed.pem").chmod(0o644)
    (home / ".ssh" / "gone.pub").write_text(made["gone"].key_pair.public_key)
    backend.delete_key_pair(key_name="gone")
    backend.create_key_pair(key_name="gone", key_type="ed25519")
    unknown = home / "unknown"
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(unknown)]
    subprocess.run(command, check=True, timeout=60)
    ssh_agent.ssh_add(str(unknown))
    empty_session.access.authorizer = Authorizer(region("us-east-1"), "ops", read_only=True)
    return empty_session


async def go(pilot: Pilot[None], place: Place) -> PlacedScreen[Any]:
    """Go to a place, from wherever one is."""
    app = app_of(pilot)
    while not isinstance(app.screen, KeyPairListScreen):
        await pilot.press("escape")
    await until(pilot, lambda: not is_busy(app.screen), "the list")
    await pilot.press("escape", "g")
    name, keys = WAYS[place]
    for key in keys:
        before = app.screen
        await pilot.press(key)
        if key not in ("j", "slash"):
            await until(pilot, lambda before=before: app.screen is not before, f"{key} to {place}")  # type: ignore[misc] # its default
    await until_screen(pilot, name)
    screen = app.screen
    assert isinstance(screen, PlacedScreen)
    return screen


def test_each_place_is_one_that_is_walked_below_or_one_for_a_change() -> None:
    walked = WAYS.keys() | ASKED_FOR_EC2 | {Place.ANYWHERE}
    assert walked | ONLY_TO_CHANGE == {*Place}
    assert not walked & ONLY_TO_CHANGE


@pytest.mark.long
def test_the_help_has_what_is_refused_with_a_mark_beside_it(session: DemoSession) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await go(pilot, Place.DELETED)
        assert "enter" not in drawn(pilot)
        await pilot.press("f1")
        await until_screen(pilot, "HelpScreen")
        await type_text(pilot, "bring back")
        await until(pilot, lambda: "Bring back the chosen pairs" in drawn(pilot), "the help")
        lines = [line for line in drawn(pilot).splitlines() if "Bring back the chosen" in line]
        assert all("read-only" in line for line in lines)
        await pilot.press("enter")
        await until(pilot, lambda: READ_ONLY in drawn(pilot), "the refusal")

    play(session, scene, (160, 40))


@pytest.mark.long
def test_no_screen_teaches_what_changes_something(session: DemoSession, home: Path) -> None:
    def teaches_nothing(pilot: Pilot[None], place: Place) -> None:
        screen = app_of(pilot).screen
        assert isinstance(screen, PlacedScreen)
        taught = screen.key_hints.render().plain.split("   ")
        keys = {key_label(action.key) for action in at(place) if changes(action)}
        assert {hint for hint in taught if hint.strip().partition(" ")[0] in keys} == set(), place
        assert [words for words in CHANGES_IN_WORDS if words in drawn(pilot)] == [], place

    async def scene(pilot: Pilot[None]) -> None:
        for place in WAYS:
            screen = await go(pilot, place)
            if place is Place.AGENT:
                await until(pilot, lambda: "in no Region" in drawn(pilot), "the unknown key")
            if place is Place.CHECK_UP:
                await until(pilot, lambda: "1 error" in drawn(pilot), "the findings")
            teaches_nothing(pilot, place)
            for path, words in {"gone.pub": "of the deleted", "unknown.pub": "unknown"}.items():
                if place is Place.FIND:
                    await pilot.press("ctrl+u")
                    await type_text(pilot, f"{home}/{'.ssh/' * (path[0] == 'g')}{path}")
                    await pilot.press("enter")
                    await until(pilot, lambda words=words: words in drawn(pilot), words)  # type: ignore[misc] # its default
                    await pilot.pause()
                    teaches_nothing(pilot, place)
                    assert "enter" not in screen.key_hints.render().plain
                    await pilot.press("enter")
                    await until(pilot, lambda: READ_ONLY in drawn(pilot), "the refusal")

    play(session, scene, (160, 40))


@pytest.mark.long
def test_no_key_changes_anything_and_those_that_would_say_why(
    session: DemoSession, home: Path
) -> None:
    def everything() -> dict[Path, tuple[int, bytes]]:
        files = [path for path in home.rglob("*") if path.is_file()]
        return {path: (path.stat().st_mode, path.read_bytes()) for path in files}

    async def scene(pilot: Pilot[None]) -> None:
        for place in WAYS:
            for action in at(place):
                if not action.key or (action.method in HARMLESS and not changes(action)):
                    continue
                screen = await go(pilot, place)
                if place is Place.AGENT:
                    await until(pilot, lambda: "in no Region" in drawn(pilot), "the unknown key")
                if action.id == "check-up.close-file":
                    await until(pilot, lambda: "1 error" in drawn(pilot), "the findings")
                    await type_text(pilot, "mode 0644")
                    await pilot.press("down")
                    await until(pilot, lambda: "copies the command" in drawn(pilot), "what to do")
                    assert "does it here" not in drawn(pilot)
                await pilot.press(action.key.partition(",")[0])
                if changes(action):
                    await until(pilot, lambda: READ_ONLY in drawn(pilot), action.id)
                    assert app_of(pilot).screen is screen, action.id
                await pilot.pause()
                assert everything() == before, action.id

    before = everything()
    play(session, scene, (160, 40))
    assert everything() == before
