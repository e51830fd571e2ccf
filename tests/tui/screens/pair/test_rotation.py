import threading
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import pytest
from textual.pilot import Pilot

from core.custody import saving
from core.custody.rotation import Rotation
from core.ec2.backend import Batch
from core.model import AgentStay, KeptKeyPair, KeyType, PrivateKeyState, Tag, TagSpecification
from tests.demo import DemoSession
from tests.helpers import SIZES, kept
from tests.tui.driving import (
    app_of,
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
from tui.screens.create.create_key_pair import CreateKeyPairScreen
from tui.screens.create.tag_rows import TagRows
from tui.screens.delete.delete_key_pairs import DeleteKeyPairsScreen
from tui.screens.delete.question import DeletionQuestion
from tui.screens.list.rows import remarks
from tui.screens.list.side_pane import SidePane
from tui.widgets.choice import Choice
from tui.widgets.fact_line import FactLine
from tui.widgets.facts import Facts
from tui.widgets.form_field import WhatToType
from tui.widgets.pick_list import PickList
from tui.widgets.text_input import TextInput
from tui.widgets.verdict_line import VerdictLine


def pair(session: DemoSession, name: str) -> KeptKeyPair:
    found = session.key_pair_named(name)
    assert found is not None
    return found


def make(session: DemoSession, name: str, replaces: str | None = None) -> None:
    session.backend.create_key_pair(
        key_name=name,
        key_type=KeyType.ED25519,
        tag_specifications=[TagSpecification("key-pair", [Tag("Env", "prod"), Tag("Team")])],
        replaces=pair(session, replaces).key_pair_id if replaces else None,
    )


def note_saved(session: DemoSession, name: str) -> None:
    """Note a pair as one whose private key is in a file."""
    saving.record_saved(session, pair(session, name), Path(f"/keys/{name}.pem"))


async def until_remark(pilot: Pilot[None], text: str) -> None:
    await until(pilot, lambda: text in text_of(pilot, "#fact"), text)


@pytest.mark.long
def test_the_form_begins_with_what_the_old_pair_has(
    empty_session: DemoSession, tmp_path: Path
) -> None:
    created = empty_session.backend.create_key_pair(
        key_name="ci-deploy-01",
        key_type="ed25519",
        key_format="ppk",
        tag_specifications=[TagSpecification("key-pair", [Tag("Env", "prod"), Tag("Team")])],
    )
    saving.save_key_material(empty_session, created, str(tmp_path / "ci-deploy-01.ppk"))
    make(empty_session, "ci-deploy-01-2")

    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("n")
        await until_screen(pilot, "CreateKeyPairScreen")
        form = app_of(pilot).screen
        assert isinstance(form, CreateKeyPairScreen)
        assert form.top_bar.title == "Replace ci-deploy-01"
        assert form.query_one("#key-name", TextInput).value == "ci-deploy-01-3"
        assert form.query_one("#key-format", Choice).value == "ppk"
        assert form.focused is form.query_one("#key-name")
        assert form.query_one("#key-type", Choice).value == "ed25519"
        assert form.query_one(TagRows).tags == (Tag("Env", "prod"), Tag("Team"))
        await pilot.press("escape")
        await until_screen(pilot, "KeyPairListScreen")

    play(empty_session, scene)
    assert len(empty_session.backend.describe_key_pairs()) == 2


def test_the_line_says_first_what_to_do_and_then_what_is_wrong(
    empty_session: DemoSession,
) -> None:
    make(empty_session, "old")
    make(empty_session, "new", "old")
    rotation = Rotation(empty_session.backend.describe_key_pairs())
    # Nobody has the private key of the new pair: nothing invites to retire the old one.
    assert remarks(pair(empty_session, "old"), rotation) == [
        "replaced by new · its private key was never saved · key-00000000000000001",
        "replaced by new · its private key was never saved",
        "replaced by new",
    ]
    old, new = pair(empty_session, "old"), pair(empty_session, "new")
    rotation = Rotation([old, kept(new, private_key=PrivateKeyState.SAVED)])
    replaced = "replaced by new; d deletes this pair"
    assert remarks(old, rotation) == [
        f"{replaced} · its private key was never saved · key-00000000000000001",
        f"{replaced} · its private key was never saved",
        replaced,
    ]
    reading = remarks(old, rotation, deletes=False)
    assert [said.partition(" · ")[0] for said in reading] == ["replaced by new"] * 3


@pytest.mark.long
def test_a_pair_is_replaced_and_its_predecessor_retired(empty_session: DemoSession) -> None:
    make(empty_session, "ci-deploy")

    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("n")
        await until_screen(pilot, "CreateKeyPairScreen")
        await pilot.press("enter")
        await until_screen(pilot, "KeyMaterialScreen")
        await save(pilot)
        await pilot.press("escape")
        await until_screen(pilot, "KeyPairListScreen")
        said = "the private key of ci-deploy-2 was saved to ~/.ssh/ci-deploy-2.pem; "
        said += "next: I installs the new key on servers, then ci-deploy can go"
        await until(pilot, lambda: text_of(pilot, "#fact").replace("\n", " ") == said, said)
        await pilot.press("k")
        invites = "replaced by ci-deploy-2; d deletes this pair"
        await until_remark(pilot, invites)
        # While others are chosen the key is about these, and under a dialog it does nothing.
        await pilot.press("j", "space", "k")
        await until_remark(pilot, "replaced by ci-deploy-2 · ")
        await pilot.press("escape")
        await until_remark(pilot, "none chosen")
        await pilot.press("j", "k")
        await until_remark(pilot, invites)
        await pilot.press("question_mark")
        await until_screen(pilot, "HelpScreen")
        below = app_of(pilot).screen_stack[0].query_one(FactLine)
        await until(pilot, lambda: str(below.visual).startswith("replaced by ci-deploy-2 · "), "it")
        await pilot.press("escape")
        await until_screen(pilot, "KeyPairListScreen")
        await until_remark(pilot, invites)
        await pilot.press("d")
        await until_screen(pilot, "DeleteKeyPairsScreen")
        assert "Replaced by  ci-deploy-2 · was saved to ~/.ssh/ci-deploy-2.pem" in drawn(pilot)
        assert "Private key  never saved: gone, unless an agent or a copy holds it" in drawn(pilot)
        await press_alone(pilot, "y")
        await until_screen(pilot, "KeyPairListScreen")
        await until_remark(pilot, "deleted ci-deploy")

    play(empty_session, scene)
    [new] = empty_session.backend.describe_key_pairs()
    assert (new.key_name, new.custody.private_key) == ("ci-deploy-2", PrivateKeyState.SAVED)
    assert new.tags == (Tag("Env", "prod"), Tag("Team"))
    assert new.custody.replaces == empty_session.backend.deleted_key_pairs()[0].key_pair_id


@pytest.mark.long
def test_keys_about_one_pair_are_about_the_one_that_is_chosen(empty_session: DemoSession) -> None:
    for name in ("a", "b", "c"):
        make(empty_session, name)

    async def scene(pilot: Pilot[None]) -> None:
        # The cursor goes on to another than the chosen one.
        await pilot.press("space", "n")
        await until_screen(pilot, "CreateKeyPairScreen")
        assert "Replace a" in drawn(pilot)
        await pilot.press("escape")
        await until_list(pilot)
        await pilot.press("I")
        await until_screen(pilot, "InstallPublicKeyScreen")
        assert "of a" in drawn(pilot).splitlines()[0]
        await pilot.press("escape")
        await until_screen(pilot, "KeyPairListScreen")
        await pilot.press("space")
        for key, what in (("n", "pair at a time is replaced"), ("I", "public key at a time")):
            await pilot.press(key)
            await until_remark(pilot, f"! one {what}")
        await pilot.press("escape", "n")
        await until_screen(pilot, "CreateKeyPairScreen")
        assert "Replace c" in drawn(pilot)

    play(empty_session, scene)


@pytest.mark.long
@SIZES
def test_that_the_file_of_the_new_key_is_gone_is_said_before_the_old_pair_goes(
    empty_session: DemoSession, home: Path, size: tuple[int, int]
) -> None:
    make(empty_session, "ci-deploy")
    note_saved(empty_session, "ci-deploy")
    old = pair(empty_session, "ci-deploy")
    created = empty_session.backend.create_key_pair(
        key_name="ci-deploy-2", key_type="ed25519", replaces=old.key_pair_id
    )
    saved = saving.save_key_material(empty_session, created, "~/.ssh/ci-deploy-2.pem")

    async def scene(pilot: Pilot[None]) -> None:
        caution = "#stranded"
        await pilot.press("d")
        await until_screen(pilot, "DeleteKeyPairsScreen")
        assert not app_of(pilot).screen.query_one(caution).display
        await pilot.press("escape")
        await until_screen(pilot, "KeyPairListScreen")
        saved.path.unlink()
        await pilot.press("d")
        await until_screen(pilot, "DeleteKeyPairsScreen")
        said = app_of(pilot).screen.query_one(caution, VerdictLine)
        await until(pilot, lambda: said.display, "the caution")
        assert said.verdict.text == (
            "The private key file of ci-deploy-2 is gone: without ci-deploy you may be locked out."
        )
        assert app_of(pilot).screen.query_one(".body").max_scroll_y == 0

    play(empty_session, scene, size)


@pytest.mark.long
@SIZES
def test_while_nobody_has_the_new_key_the_old_pair_goes_by_one_word_more(
    empty_session: DemoSession, size: tuple[int, int]
) -> None:
    make(empty_session, "ci-deploy")
    note_saved(empty_session, "ci-deploy")
    make(empty_session, "ci-deploy-2", replaces="ci-deploy")

    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("d")
        await until_screen(pilot, "DeleteKeyPairsScreen")
        screen = app_of(pilot).screen
        assert isinstance(screen, DeleteKeyPairsScreen)
        caution = screen.query_one("#stranded", VerdictLine)
        assert "The private key of ci-deploy-2 was never saved" in caution.verdict.text
        # All of it is on the screen, without scrolling.
        body = screen.query_one(".body")
        assert body.max_scroll_y == 0
        screen.query_one("#typed", TextInput).value = "ci-deploy"
        await pilot.press("enter")
        await until(
            pilot,
            lambda: any("not it" in line.verdict.text for line in screen.query(VerdictLine)),
            "the refusal",
        )
        assert len(empty_session.backend.describe_key_pairs()) == 2
        screen.query_one("#typed", TextInput).value = "ci-deploy anyway"
        await pilot.press("enter")
        await until_screen(pilot, "KeyPairListScreen")

    play(empty_session, scene, size)
    assert [pair.key_name for pair in empty_session.backend.describe_key_pairs()] == ["ci-deploy-2"]


@pytest.mark.long
def test_of_several_the_ones_without_a_way_in_are_named_first(empty_session: DemoSession) -> None:
    for number in range(10):
        make(empty_session, f"plain-{number}")
    make(empty_session, "zz")
    note_saved(empty_session, "zz")
    make(empty_session, "zz-2", replaces="zz")

    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press(*["space"] * 11, "d")  # all but zz-2
        await until_screen(pilot, "DeleteKeyPairsScreen")
        first, *_ = app_of(pilot).screen.query_one(PickList).items
        assert first.text.split() == ["zz", "ed25519"]
        assert first.remark == "replaced by zz-2, never saved"
        assert "10  never saved" in text_of(pilot, "#names")
        # What has to be typed stands on a line of its own.
        asked = "30 days.\nTo delete them, type delete 11 anyway"
        await until(
            pilot,
            lambda: asked in str(app_of(pilot).screen.query_one("#expected", WhatToType).visual),
            asked,
        )
        await pilot.press(*"delete", "space", "1", "1", "enter")
        said = "✗ this is not it: type delete 11 anyway; esc goes back"
        await until_remark(pilot, said)

    play(empty_session, scene)


@pytest.mark.parametrize(
    ("old", "in_agent", "together", "words"),
    [
        (PrivateKeyState.SAVED, False, False, "old anyway"),
        (PrivateKeyState.IMPORTED, False, False, "old anyway"),
        (PrivateKeyState.UNSAVED, True, False, "old anyway"),
        (PrivateKeyState.UNSAVED, False, False, "old"),
        (PrivateKeyState.SAVED, False, True, "delete 2"),
    ],
)
def test_it_is_warned_of_being_locked_out_where_the_old_key_lets_in_and_the_new_one_stays(
    empty_session: DemoSession, old: PrivateKeyState, in_agent: bool, together: bool, words: str
) -> None:
    for name in ("old", "new"):
        make(empty_session, name)
    before = kept(pair(empty_session, "old"), private_key=old)
    after = kept(pair(empty_session, "new"), replaces=before.key_pair_id)
    stay = {before.key_pair_id: AgentStay(before.create_time, None, True)} if in_agent else {}
    gone = [before, after] if together else [before]
    question = DeletionQuestion(gone, Rotation([before, after]), in_agent=stay)
    assert question.expected == words


@pytest.mark.long
def test_a_second_y_neither_deletes_twice_nor_leaves_the_screen_busy(
    empty_session: DemoSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(empty_session, "ci-deploy")
    go_on = threading.Event()
    asked: list[str] = []
    real = empty_session.backend.delete_key_pairs

    def wait(key_pair_ids: Sequence[str], *, delete_time: datetime) -> Iterator[Batch]:
        asked.extend(key_pair_ids)
        assert go_on.wait(60)
        yield from real(key_pair_ids, delete_time=delete_time)

    monkeypatch.setattr(empty_session.backend, "delete_key_pairs", wait)

    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("d")
        await until_screen(pilot, "DeleteKeyPairsScreen")
        await press_alone(pilot, "y")
        await until(pilot, lambda: bool(asked), "the deletion")
        await press_alone(pilot, "y")
        go_on.set()
        await until_screen(pilot, "KeyPairListScreen")

    play(empty_session, scene)
    assert len(asked) == 1
    assert empty_session.backend.describe_key_pairs() == ()


@pytest.mark.long
@pytest.mark.parametrize("size", [(80, 24), (140, 40)], ids=["page", "pane"])
def test_the_details_show_both_sides(empty_session: DemoSession, size: tuple[int, int]) -> None:
    make(empty_session, "ci-deploy")
    make(empty_session, "ci-deploy-2", replaces="ci-deploy")

    def facts(pilot: Pilot[None]) -> str:
        screen = app_of(pilot).screen
        shown = [*screen.query(Facts), *screen.query(SidePane)]
        text = " ".join(str(facts.render()) for facts in shown)
        return " ".join(text.split())  # wherever the lines are folded

    async def look(pilot: Pilot[None], expected: str) -> None:
        if size[0] < 110:
            await pilot.press("enter")
            await until_screen(pilot, "DetailsScreen")
        await until(pilot, lambda: expected in facts(pilot), expected)
        if size[0] < 110:
            await pilot.press("escape")
            await until_screen(pilot, "KeyPairListScreen")

    async def scene(pilot: Pilot[None]) -> None:
        await look(pilot, "Replaced by ci-deploy-2 · key-")
        await pilot.press("j")
        await look(pilot, "Replaces ci-deploy · key-")
        empty_session.backend.delete_key_pair(key_name="ci-deploy")
        await pilot.press("R")
        await until_remark(pilot, "read again at")
        await look(pilot, "Replaces deleted since · key-")
        app_of(pilot).screen.query_one(FactLine).forget()
        await until_remark(pilot, "key-")
        await until(pilot, lambda: "replaces" not in text_of(pilot, "#fact"), "the remark")

    play(empty_session, scene, size)


@pytest.mark.long
def test_the_old_pair_can_go_while_the_form_is_open(empty_session: DemoSession) -> None:
    make(empty_session, "ci-deploy")

    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("n")
        await until_screen(pilot, "CreateKeyPairScreen")
        empty_session.backend.delete_key_pair(key_name="ci-deploy")
        await pilot.press("enter")
        outcome = app_of(pilot).screen.query_one(FactLine)
        await until(pilot, lambda: "replaces none" in outcome.verdict.text, "the refusal")
        field = app_of(pilot).screen.query_one("#key-name", TextInput)
        assert field.value == "ci-deploy-2"
        assert field.has_focus

    play(empty_session, scene)
    assert empty_session.backend.describe_key_pairs() == ()


@pytest.mark.long
def test_a_deleted_successor_names_the_pair_that_it_replaced(empty_session: DemoSession) -> None:
    make(empty_session, "ci-deploy")
    make(empty_session, "ci-deploy-2", replaces="ci-deploy")
    empty_session.backend.delete_key_pair(key_name="ci-deploy-2")

    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("R", "J")
        await until_screen(pilot, "JournalScreen")
        await type_text(pilot, "ci-deploy-2")
        await pilot.press("enter")
        await until_screen(pilot, "DetailsScreen")
        replaced = f"ci-deploy · {pair(empty_session, 'ci-deploy').key_pair_id}"
        await until(pilot, lambda: replaced in drawn(pilot), replaced)

    play(empty_session, scene)


@pytest.mark.long
def test_the_filter_lists_what_waits_to_be_retired(empty_session: DemoSession) -> None:
    make(empty_session, "ci-deploy")
    make(empty_session, "other")
    make(empty_session, "ci-deploy-2", replaces="ci-deploy")

    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("slash")
        await pilot.pause()
        app_of(pilot).screen.query_one("#filter", TextInput).value = "replaced:yes"
        await until(pilot, lambda: "1 of 3" in text_of(pilot, "#count"), "the count")

    play(empty_session, scene)


def test_an_empty_list_has_nothing_to_replace_or_to_copy(empty_session: DemoSession) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("n", "C")
        await pilot.pause(0.05)
        assert type(app_of(pilot).screen).__name__ == "KeyPairListScreen"

    play(empty_session, scene)
