"""A session that only reads: what would change something says so at its key."""

import asyncio
import re
from pathlib import Path

import pytest
from textual.pilot import Pilot

from core.custody.saving import record_saved
from core.ec2.authorization import Authorizer
from core.ec2.policy import Policy
from core.ec2.regions import region
from tests.demo import DemoSession
from tests.tui.driving import app_of, play, text_of, until, until_screen
from tui.actions.keymap import at
from tui.actions.table import Place
from tui.widgets.fact_line import FactLine
from tui.widgets.key_hints import KeyHints
from tui.words import judging
from tui.work.undo import Deletion, undo_last

SAID = "this session is read-only"
CHANGES = {
    "c": "create",
    "i": "import",
    "t": "tags",
    "d": "delete",
    "n": "replace",
    "C": "import into Regions",
    "u": "undo",
}


def read_only(session: DemoSession) -> DemoSession:
    session.access.authorizer = Authorizer(region(session.region), "ops", read_only=True)
    return session


@pytest.mark.long
def test_a_change_is_refused_at_its_key_and_nothing_opens(empty_session: DemoSession) -> None:
    for name in ("a", "b", "gone"):
        empty_session.backend.create_key_pair(key_name=name, key_type="ed25519")
    empty_session.backend.delete_key_pair(key_name="gone")
    before = empty_session.backend.describe_key_pairs()

    async def scene(pilot: Pilot[None]) -> None:
        for key, what in CHANGES.items():
            await pilot.press("j", "k")
            assert "read-only" not in text_of(pilot, "#fact")
            await pilot.press(key)
            await until(pilot, lambda: text_of(pilot, "#fact") == SAID, what)
            await pilot.pause(0.05)
            assert type(app_of(pilot).screen).__name__ == "KeyPairListScreen"

    play(read_only(empty_session), scene)
    assert empty_session.backend.describe_key_pairs() == before


def hints(pilot: Pilot[None]) -> str:
    """Return the bottom line of the screen on top, its gaps all alike."""
    line = app_of(pilot).screen.query_one(KeyHints).render().plain
    return re.sub(" {3,}", "   ", line)


def test_the_table_says_which_keys_those_are() -> None:
    assert {action.key for action in at(Place.LIST) if action.changes} == CHANGES.keys()


@pytest.mark.long
def test_no_change_is_taught(empty_session: DemoSession) -> None:
    created = empty_session.backend.create_key_pair(key_name="b", key_type="ed25519")
    # Of an imported pair there is nothing to heed, and so room for a lesson.
    empty_session.backend.import_key_pair(
        key_name="a", public_key_material=created.key_pair.public_key
    )

    async def scene(pilot: Pilot[None]) -> None:
        everyday = "/ filter   enter details   f find   y copy   space choose   s sort   ? help"
        assert hints(pilot) == everyday
        assert "imported" in text_of(pilot, "#fact")
        await pilot.press("space")
        await until(
            pilot,
            lambda: hints(pilot) == "e export 1   enter details   esc choose none   ? help",
            "chosen",
        )
        await pilot.press("/", "a", "enter")
        await until(
            pilot,
            lambda: hints(pilot) == "e export 1   enter details   esc show all   ? help",
            "filtered",
        )
        await pilot.press("escape", "escape")
        await until(pilot, lambda: hints(pilot) == everyday, "the hints of before")

    play(read_only(empty_session), scene)


@pytest.mark.long
def test_no_change_is_taught_of_a_pair_that_was_replaced(empty_session: DemoSession) -> None:
    create = empty_session.backend.create_key_pair
    old = create(key_name="a", key_type="ed25519").key_pair
    new = create(key_name="b", key_type="ed25519", replaces=old.key_pair_id).key_pair
    record_saved(empty_session, new, Path("/keys/b.pem"))

    async def scene(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "replaced by b" in text_of(pilot, "#fact"), "the pair")
        assert "deletes" not in text_of(pilot, "#fact")

    play(read_only(empty_session), scene)


@pytest.mark.long
def test_the_details_refuse_at_their_keys(empty_session: DemoSession) -> None:
    for name in ("a", "b"):
        empty_session.backend.create_key_pair(key_name=name, key_type="ed25519")

    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("enter")
        await until_screen(pilot, "DetailsScreen")
        assert hints(pilot) == (
            "y copy   esc back   ] next   [ previous   a agent   I install   ? help"
        )
        # The keys that the hints teach are taught once.
        assert text_of(pilot, "#fact") == "1 of 2"
        for action in at(Place.DETAILS):
            if action.changes:
                await pilot.press(action.key)
                await until(pilot, lambda: SAID in text_of(pilot, "#fact"), action.key)
                app_of(pilot).screen.query_one(FactLine).forget()
        assert type(app_of(pilot).screen).__name__ == "DetailsScreen"

    play(read_only(empty_session), scene)


def test_an_empty_region_teaches_no_change(empty_session: DemoSession) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        first, keys, _ = text_of(pilot, "#empty").split("\n\n")
        assert first == "No key pairs in us-east-1."
        assert keys == "r  look at another Region\nq  leave"

    play(read_only(empty_session), scene, (60, 15))


def test_deleted_pairs_are_there_to_be_seen(empty_session: DemoSession) -> None:
    empty_session.backend.create_key_pair(key_name="gone", key_type="ed25519")
    empty_session.backend.delete_key_pair(key_name="gone")

    async def scene(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "U  see 1 deleted pair" in text_of(pilot, "#empty"), "the way")
        assert "bring" not in text_of(pilot, "#empty")

    play(read_only(empty_session), scene, (60, 15))


def test_in_an_empty_region_it_is_said_too(empty_session: DemoSession) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("c")
        await until(pilot, lambda: "read-only" in text_of(pilot, "#fact"), "the refusal")

    play(read_only(empty_session), scene, (60, 15))


@pytest.mark.long
def test_what_only_looks_stays(empty_session: DemoSession) -> None:
    empty_session.backend.create_key_pair(key_name="a", key_type="ed25519")

    async def scene(pilot: Pilot[None]) -> None:
        for key, name in (("J", "JournalScreen"), ("I", "InstallPublicKeyScreen")):
            await pilot.press(key)
            await until_screen(pilot, name)
            await pilot.press("escape")
            await until_screen(pilot, "KeyPairListScreen")

    play(read_only(empty_session), scene)


def test_a_name_is_not_called_free_to_those_who_may_not_see_the_others(
    empty_session: DemoSession,
) -> None:
    empty_session.backend.create_key_pair(key_name="web-blue", key_type="ed25519")
    statement = '{"Effect": "Allow", "Action": "ec2:CreateKeyPair", "Resource": "*"}'
    policy = Policy.parse(f'{{"Version": "2012-10-17", "Statement": [{statement}]}}', source="p")
    empty_session.access.authorizer = Authorizer(region("us-east-1"), "ops", policy=policy)

    def said(name: str) -> str:
        return asyncio.run(judging.of_key_name_here(empty_session, name)).text

    assert said("web-blue") == "8/255 · you may not see whether it is free"
    assert said("web-green") == "9/255 · you may not see whether it is free"
    assert said(" web") == "4/255 · begins with a space"


def test_a_refused_undo_says_the_reason_first(empty_session: DemoSession) -> None:
    created = empty_session.backend.create_key_pair(key_name="web-blue", key_type="ed25519")
    empty_session.backend.delete_key_pair(key_name="web-blue")
    statement = '{"Effect": "Allow", "Action": "ec2:Describe*", "Resource": "*"}'
    policy = Policy.parse(f'{{"Version": "2012-10-17", "Statement": [{statement}]}}', source="p")
    empty_session.access.authorizer = Authorizer(region("us-east-1"), "ops", policy=policy)
    assert undo_last(empty_session, [Deletion([created.key_pair])]).words == (
        "web-blue is not back: not allowed,"
        " because no identity-based policy allows the ec2:DeleteKeyPair action"
    )
