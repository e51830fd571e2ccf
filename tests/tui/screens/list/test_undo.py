"""What `u` undoes."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from core.ec2 import validation
from core.ec2.backend import Batch
from core.errors import InvalidKeyPairDuplicate, KeyPairsError, StoreError
from core.model import KeptKeyPair, Tag
from core.session import Session
from tests.demo import DemoSession
from tests.helpers import PUBLIC_KEY
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
    until_loaded,
    until_screen,
)
from tui.screens.create.key_text import KeyText
from tui.screens.list.key_pair_list import KeyPairListScreen
from tui.work.exclusive import is_busy
from tui.work.undo import Act, Deletion, NewPair, TagEdit, UndoHistory, Undone, undo_last


def make(session: Session, *names: str) -> None:
    for name in names:
        session.backend.create_key_pair(key_name=name, key_type="ed25519")


def names(session: DemoSession) -> list[str]:
    return [pair.key_name for pair in session.backend.describe_key_pairs()]


def delete(session: DemoSession, *names: str) -> list[Act]:
    """Delete pairs as another session would, and return that as a session's own act."""
    session.time += timedelta(minutes=1)
    pairs = [pair for name in names if (pair := session.key_pair_named(name))]
    for pair in pairs:
        session.backend.delete_key_pair(key_pair_id=pair.key_pair_id, delete_time=session.time)
    return [Deletion(pairs)]


async def delete_here(pilot: Pilot[None], *keys: str, said: str) -> None:
    """Delete in the app, by keys that choose, and wait for what is said then."""
    await pilot.press(*keys, "d")
    await until_screen(pilot, "DeleteKeyPairsScreen")
    await press_alone(pilot, "y")
    await until_screen(pilot, "KeyPairListScreen")
    await until(pilot, lambda: text_of(pilot, "#fact") == said, said)


NOTHING = "this session has nothing to undo"


async def press(pilot: Pilot[None], key: str, remark: str) -> None:
    # What led back to the list may still read it, and no key is heard until it has.
    await until(pilot, lambda: not is_busy(app_of(pilot).screen), "that keys are heard")
    await pilot.press(key)
    await until(pilot, lambda: text_of(pilot, "#fact") == remark, remark)


@pytest.mark.long
def test_one_key_brings_back_all_that_one_deletion_took(empty_session: DemoSession) -> None:
    make(empty_session, "a", "b", "c", "d", "e")
    before = {pair.key_name: pair for pair in empty_session.backend.describe_key_pairs()}
    clock = iter(range(1, 1_000))
    start = empty_session.time
    # Every look at the clock shows another time, as in life.
    empty_session.access.now = lambda: start + timedelta(milliseconds=next(clock))

    async def scene(pilot: Pilot[None]) -> None:
        await delete_here(pilot, "G", said="deleted e; u brings it back")
        three = "deleted 3 pairs; u brings them back"
        await delete_here(pilot, "g", "j", "space", "space", "space", said=three)
        assert names(empty_session) == ["a"]
        await press(pilot, "u", "brought 3 pairs back")
        assert sorted(names(empty_session)) == ["a", "b", "c", "d"]
        await press(pilot, "u", "brought e back")
        assert {
            pair.key_name: pair for pair in empty_session.backend.describe_key_pairs()
        } == before
        await press(pilot, "u", NOTHING)

    play(empty_session, scene)


def test_what_another_session_deleted_is_never_brought_back_and_that_is_said(
    empty_session: DemoSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.store.journal.user", lambda: "boris")
    make(empty_session, "a", "b")
    delete(empty_session, "a", "b")
    said = f"{NOTHING}; U lists 2 deleted pairs, the last by boris"

    async def scene(pilot: Pilot[None]) -> None:
        await press(pilot, "u", said)

    play(empty_session, scene, (100, 24))
    assert names(empty_session) == []


@pytest.mark.long
def test_what_was_back_and_another_session_deleted_then_is_not_brought_back(
    empty_session: DemoSession, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.store.journal.user", lambda: "boris")
    make(empty_session, "a", "b")

    async def scene(pilot: Pilot[None]) -> None:
        await delete_here(pilot, said="deleted a; u brings it back")
        await pilot.press("U")
        await until_screen(pilot, "DeletedKeyPairsScreen")
        await pilot.press("enter")
        await until_screen(pilot, "KeyPairListScreen")
        await until(pilot, lambda: text_of(pilot, "#fact") == "brought a back", "the pair")
        delete(DemoSession(home / "data"), "a")
        await until(pilot, lambda: "1 pair " in drawn(pilot), "the loss")
        await press(pilot, "u", f"{NOTHING}; U lists 1 deleted pair, the last by boris")

    play(empty_session, scene)
    assert names(empty_session) == ["b"]


@pytest.mark.long
def test_another_region_has_nothing_to_undo_but_says_which_one_has(
    empty_session: DemoSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.store.journal.user", lambda: "boris")
    make(empty_session, "a", "b")
    # That a pair is deleted there can wait until nothing is left to undo.
    paris = empty_session.for_region("eu-west-3")
    make(paris, "c", "d")
    [gone, _] = paris.backend.describe_key_pairs()
    paris.backend.delete_key_pair(key_pair_id=gone.key_pair_id)

    async def turn(pilot: Pilot[None], region: str, there: str) -> None:
        await pilot.press("r")
        await until_screen(pilot, "PickRegionScreen")
        await type_text(pilot, region)
        await pilot.press("enter")
        await until_screen(pilot, "KeyPairListScreen")
        await until(pilot, lambda: f"{region} {there}" in drawn(pilot), region)
        await until_loaded(pilot)

    async def scene(pilot: Pilot[None]) -> None:
        await delete_here(pilot, "G", said="deleted b; u brings it back")
        await turn(pilot, "eu-west-3", "Paris")
        await press(pilot, "u", f"{NOTHING} in eu-west-3, but in us-east-1: r turns there")
        await turn(pilot, "us-east-1", "N. Virginia")
        await press(pilot, "u", "brought b back")
        await turn(pilot, "eu-west-3", "Paris")
        await press(pilot, "u", f"{NOTHING}; U lists 1 deleted pair, the last by boris")

    play(empty_session, scene, (100, 24))
    assert names(empty_session) == ["a", "b"]


@pytest.mark.long
def test_a_name_given_to_another_keeps_back_one_and_loses_nothing(
    empty_session: DemoSession,
) -> None:
    make(empty_session, "a", "b", "c")
    taken = "another pair has the name; U brings it back under another name"

    async def scene(pilot: Pilot[None]) -> None:
        three = "deleted 3 pairs; u brings them back"
        await delete_here(pilot, "asterisk", said=three)
        make(empty_session, "b")
        # It stays what u is about: what was deleted before is not in its turn yet.
        await press(pilot, "u", f"brought 2 pairs back, but not b: {taken}")
        await press(pilot, "u", f"b is not back: {taken}")
        await press(pilot, "u", f"b is not back: {taken}")

    play(empty_session, scene, (100, 24))
    assert sorted(names(empty_session)) == ["a", "b", "c"]
    [left] = empty_session.backend.deleted_key_pairs()
    assert left.key_pair is not None
    assert left.key_pair.key_name == "b"
    delete(empty_session, "b")
    newer, older = empty_session.backend.deleted_key_pairs()
    assert older == left
    assert empty_session.backend.restore_key_pair(left.key_pair_id) == left.key_pair
    assert newer.key_pair_id != left.key_pair_id


@pytest.mark.long
def test_what_cannot_come_back_says_that_older_steps_wait_behind_it(
    empty_session: DemoSession,
) -> None:
    make(empty_session, "a", "b")
    taken = "another pair has the name; U brings it back under another name"

    async def scene(pilot: Pilot[None]) -> None:
        await delete_here(pilot, "g", said="deleted a; u brings it back")
        await delete_here(pilot, "g", said="deleted b; u brings it back")
        make(empty_session, "b")
        await press(pilot, "u", f"b is not back: {taken}; u again brings a back")
        # What cannot come back does not keep what is older from it.
        await press(pilot, "u", "brought a back")
        await press(pilot, "u", f"b is not back: {taken}")
        await press(pilot, "u", f"b is not back: {taken}")
        # Nor is there a promise of what cannot come back either.
        await delete_here(pilot, "g", said="deleted a; u brings it back")
        make(empty_session, "a")
        await pilot.press("R")
        await until(pilot, lambda: "2 pairs" in drawn(pilot), "the new pair")
        await press(pilot, "u", f"a is not back: {taken}")
        await press(pilot, "u", f"a is not back: {taken}")

    play(empty_session, scene, (130, 24))


@pytest.mark.long
def test_what_a_second_press_is_said_to_undo_is_what_it_undoes(empty_session: DemoSession) -> None:
    make(empty_session, "second", "a")

    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("G", "t")
        await until_screen(pilot, "EditTagsScreen")
        await pilot.press("ctrl+t", "x", "tab", "enter")
        await until(
            pilot, lambda: text_of(pilot, "#fact") == "tags saved: second; u undoes it", "it"
        )
        await delete_here(pilot, "g", said="deleted a; u brings it back")
        # Another of that name keeps the deleted one back, so that the tags are what can be undone.
        await create(pilot, "a")
        await save(pilot)
        await pilot.press("escape")
        await until_screen(pilot, "KeyPairListScreen")
        taken = "another pair has the name; U brings it back under another name"
        await press(pilot, "u", f"a is not back: {taken}; u again undoes the tags set on second")
        await press(pilot, "u", "the tags of second are as before")
        await press(pilot, "u", f"a is not back: {taken}")

    play(empty_session, scene, (130, 24))


@pytest.mark.long
def test_what_came_back_by_its_list_is_promised_no_more(empty_session: DemoSession) -> None:
    make(empty_session, "a")
    taken = "another pair has the name; U brings it back under another name"

    async def scene(pilot: Pilot[None]) -> None:
        await delete_here(pilot, "g", said="deleted a; u brings it back")
        empty_session.time += timedelta(minutes=1)
        make(empty_session, "a")
        await pilot.press("R")
        await until(pilot, lambda: "1 pair " in drawn(pilot), "the other pair of that name")
        await delete_here(pilot, "g", said="deleted a; u brings it back")
        await pilot.press("U")
        await until_screen(pilot, "DeletedKeyPairsScreen")
        await pilot.press("down", "enter")
        await until_screen(pilot, "KeyPairListScreen")
        await until(pilot, lambda: text_of(pilot, "#fact") == "brought a back", "the first")
        for _ in range(3):
            await press(pilot, "u", f"a is not back: {taken}")

    play(empty_session, scene, (130, 24))


@pytest.mark.long
def test_tags_of_one_pair_and_of_many_are_as_before_they_were_edited(
    empty_session: DemoSession,
) -> None:
    make(empty_session, "a", "b", "c")
    ids = [pair.key_pair_id for pair in empty_session.backend.describe_key_pairs()]
    empty_session.backend.create_tags(resources=ids[1:2], tags=[Tag("Env", "dev"), Tag("x", "1")])
    before = empty_session.backend.describe_key_pairs()

    async def tag(pilot: Pilot[None], *keys: str, said: str) -> None:
        await pilot.press(*keys, "t")
        await until_screen(pilot, "EditTagsScreen")
        await type_text(pilot, "Env")
        await pilot.press("tab")
        await type_text(pilot, "prod")
        await pilot.press("enter")
        await until_screen(pilot, "KeyPairListScreen")
        await until(pilot, lambda: text_of(pilot, "#fact") == said, said)

    async def scene(pilot: Pilot[None]) -> None:
        await tag(pilot, "g", said="tags saved: a; u undoes it")
        await pilot.press("asterisk")
        await tag(pilot, said="Env=prod set on 3 pairs, 1 of which had it already; u undoes it")
        await pilot.press("G")
        # What another session does meanwhile stays.
        empty_session.backend.create_tags(resources=ids[:1], tags=[Tag("Team", "ops")])
        assert all(Tag("Env", "prod") in pair.tags for pair in current())
        # Of three pairs, the first had the tag already.
        await press(pilot, "u", "the tags of 2 pairs are as before")
        screen = app_of(pilot).screen
        assert isinstance(screen, KeyPairListScreen) and screen.view.highlighted is not None
        assert screen.view.highlighted.key_name == "c"
        assert [pair.tags for pair in current()][1:] == [pair.tags for pair in before][1:]
        stays = "but what another session changed since stays: Team=ops"
        await press(pilot, "u", f"the tags of a are as before, {stays}")
        await press(pilot, "u", NOTHING)

    def current() -> tuple[KeptKeyPair, ...]:
        return empty_session.backend.describe_key_pairs()

    play(empty_session, scene, (100, 24))
    assert [pair.tags for pair in current()] == [
        (Tag("Team", "ops"),),
        *(pair.tags for pair in before[1:]),
    ]
    *_, others, fourth, third, last = [entry.operation for entry in empty_session.journal()]
    assert [others, fourth, third, last] == ["CreateTags", *["RestoreTags"] * 3]


def test_a_full_region_takes_back_as_many_as_it_has_room_for(
    empty_session: DemoSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(empty_session, "a", "b", "c")
    acts = delete(empty_session, "a", "b", "c")
    make(empty_session, "new")
    monkeypatch.setattr(validation, "MAX_KEY_PAIRS", 2)
    brought = undo_last(empty_session, acts)
    assert brought.words == "brought a back, but not b, c: the Region is full"
    assert names(empty_session) == ["new", "a"]
    delete(empty_session, "new")
    assert [len(deleted.key_pair_id) for deleted in empty_session.backend.deleted_key_pairs()] == [
        21
    ] * 3


def test_what_cannot_be_written_is_said_of_all_that_is_left(
    empty_session: DemoSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(empty_session, "a", "b", "c")
    acts = delete(empty_session, "a", "b", "c")
    real = empty_session.backend.restore_key_pairs

    def restore(key_pair_ids: Sequence[str]) -> Iterator[Batch]:
        [batch] = real(key_pair_ids[:1])
        yield Batch(batch.done, (), len(key_pair_ids) - 1)
        raise StoreError("the disk is full")

    monkeypatch.setattr(empty_session.backend, "restore_key_pairs", restore)
    assert undo_last(empty_session, acts).words == (
        "brought a back, but not b, c: the disk is full"
    )
    monkeypatch.undo()
    assert undo_last(empty_session, acts).words == "brought 2 pairs back"
    assert names(empty_session) == ["a", "b", "c"]


def test_of_tags_whose_pair_is_gone_nothing_is_said_to_be_as_before(
    empty_session: DemoSession,
) -> None:
    make(empty_session, "a")
    (pair,) = empty_session.backend.describe_key_pairs()
    acts: list[Act] = [TagEdit([pair], {pair.key_pair_id: [Tag("New", "1")]})]
    delete(empty_session, "a")
    said = undo_last(empty_session, acts).words
    assert re.fullmatch(r"no tags were undone: a: deleted by .* at .*, in another session", said)


@pytest.mark.long
def test_what_an_error_says_is_spelled_out_once_and_its_paths_are_short(
    empty_session: DemoSession, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(empty_session, "a")

    def fail(*_: object) -> None:
        raise StoreError(f"{home}/odd\\u{{name}} is damaged")

    async def scene(pilot: Pilot[None]) -> None:
        # One that looks like a spelling is shown as two; four would be twice spelled out.
        shown = "~/odd\\\\u{name} is damaged"
        await delete_here(pilot, said="deleted a; u brings it back")
        for owner, name, key, remark in (
            (empty_session.backend, "restore_key_pairs", "u", f"a is not back: {shown}"),
            (empty_session, "journal", "J", f"✗ {shown}"),
        ):
            monkeypatch.setattr(owner, name, fail)
            await press(pilot, key, remark)

    play(empty_session, scene)


def test_a_name_that_several_have_is_said_once(empty_session: DemoSession) -> None:
    make(empty_session, "a")
    [pair] = empty_session.backend.describe_key_pairs()
    taken: list[tuple[KeptKeyPair, KeyPairsError]] = [(pair, InvalidKeyPairDuplicate())] * 2
    act = Deletion([pair])
    assert Undone(act, [], taken).words == "a (2) are not back: another pair has the name"
    full = StoreError("the disk is full")
    other: list[tuple[KeptKeyPair, KeyPairsError]] = [(replace(pair, key_name="b"), full)]
    words = (
        "brought a back, but not the other a (2): another pair has the name; b: the disk is full"
    )
    assert Undone(act, [pair], taken + other).words == words
    assert Undone(act, [], taken + other).words.startswith("not back: a (2): ")


def test_of_a_pair_nothing_is_said_that_is_no_longer_so(empty_session: DemoSession) -> None:
    make(empty_session, "a")
    history, [pair] = UndoHistory(), empty_session.backend.describe_key_pairs()
    back = replace(pair, key_name="a-2")
    for is_deleted, there, said in (
        (False, pair, "the new pair a stays"),
        (False, None, ""),
        (True, None, "a was given up, only U brings it back"),
        (True, back, ""),
    ):
        history.note_what_stays(empty_session, NewPair("new", pair, is_deleted=is_deleted))
        pairs = {there.key_pair_id: there} if there else {}
        assert history.what_stays(empty_session, pairs) == said
    # What is imported into EC2 again has another id.
    history.note_what_stays(empty_session, NewPair("new", pair, is_deleted=True))
    again = replace(pair, key_pair_id="key-0")
    history.follow(empty_session, [pair], [again])
    assert history.what_stays(empty_session, {"key-0": again}) == ""


@pytest.mark.long
def test_what_was_created_or_imported_since_is_said_to_stay(
    empty_session: DemoSession, home: Path
) -> None:
    (home / ".ssh" / "laptop.pub").write_text(PUBLIC_KEY)
    make(empty_session, "a", "b")

    async def scene(pilot: Pilot[None]) -> None:
        await delete_here(pilot, said="deleted a; u brings it back")
        await pilot.press("i")
        await until_screen(pilot, "ImportKeyPairScreen")
        app_of(pilot).screen.query_one(KeyText).text = "~/.ssh/laptop.pub"
        await until(pilot, lambda: "ed25519 256 bits" in drawn(pilot), "the key")
        await pilot.press("enter")
        await until_screen(pilot, "KeyPairListScreen")
        # Who presses it once may have meant that; what is older is another matter.
        await press(pilot, "u", "the imported pair laptop stays; u again brings a back")
        assert [pair.key_name for pair in empty_session.backend.describe_key_pairs()] == [
            "b",
            "laptop",
        ]
        await press(pilot, "u", "brought a back")
        await press(pilot, "u", f"{NOTHING}; the imported pair laptop stays")
        await create(pilot, "web", "tab", "right")
        await save(pilot)
        await pilot.press("q")
        await until_screen(pilot, "KeyPairListScreen")
        await press(pilot, "u", f"{NOTHING}; the new pair web stays")
        await delete_here(pilot, "g", said="deleted a; u brings it back")
        await press(pilot, "u", "brought a back")

    play(empty_session, scene, (100, 30))


def change_between(
    session: DemoSession, monkeypatch: pytest.MonkeyPatch, operation: str, *tags: Tag
) -> None:
    """Have another session set tags on all pairs when the app begins to set its own, once."""
    real = getattr(session.backend, operation)

    def set_after_another(*arguments: Any, **named: Any) -> Any:
        monkeypatch.undo()
        ids = [pair.key_pair_id for pair in session.backend.describe_key_pairs()]
        session.backend.create_tags(resources=ids, tags=tags)
        return real(*arguments, **named)

    monkeypatch.setattr(session.backend, operation, set_after_another)


async def tag_env_prod(pilot: Pilot[None], *keys: str) -> None:
    """Set the first tag, or the one that is added, to Env=prod, and wait for the list."""
    await pilot.press(*keys, "t")
    await until_screen(pilot, "EditTagsScreen")
    await type_text(pilot, "Env")
    await pilot.press("tab")
    await type_text(pilot, "prod")
    await pilot.press("enter")
    await until_screen(pilot, "KeyPairListScreen")
    await until(pilot, lambda: "; u undoes it" in text_of(pilot, "#fact"), "the word of it")


@pytest.mark.long
@pytest.mark.parametrize(
    ("operation", "keys", "count"),
    [("set_tags", ["g"], 1), ("tag_key_pairs", ["asterisk"], 2)],
    ids=["one", "several"],
)
def test_what_another_session_set_just_before_the_change_comes_back(
    empty_session: DemoSession,
    monkeypatch: pytest.MonkeyPatch,
    operation: str,
    keys: list[str],
    count: int,
) -> None:
    make(empty_session, *("a", "b")[:count])
    theirs = Tag("Env", "stage"), Tag("Team", "ops")
    change_between(empty_session, monkeypatch, operation, *theirs)

    async def scene(pilot: Pilot[None]) -> None:
        await tag_env_prod(pilot, *keys)
        assert {pair.tags for pair in empty_session.backend.describe_key_pairs()} == {
            (Tag("Env", "prod"), Tag("Team", "ops"))
        }
        whose = "a" if count == 1 else "2 pairs"
        await press(pilot, "u", f"the tags of {whose} are as before")

    play(empty_session, scene)
    assert {frozenset(pair.tags) for pair in empty_session.backend.describe_key_pairs()} == {
        frozenset(theirs)
    }


@pytest.mark.long
@pytest.mark.parametrize("begins", ["set_tags_of_many", ""], ids=["just before", "long before"])
def test_what_another_session_has_set_since_stays_and_is_named(
    empty_session: DemoSession, monkeypatch: pytest.MonkeyPatch, begins: str
) -> None:
    make(empty_session, "a")
    [pair] = empty_session.backend.describe_key_pairs()
    empty_session.backend.create_tags(resources=[pair.key_pair_id], tags=[Tag("Team", "ops")])

    async def scene(pilot: Pilot[None]) -> None:
        await tag_env_prod(pilot, "g")
        if begins:
            change_between(empty_session, monkeypatch, begins, Tag("Env", "stage"))
        else:
            empty_session.backend.create_tags(
                resources=[pair.key_pair_id], tags=[Tag("Env", "stage")]
            )
        kept = "but what another session changed since stays: Env=stage"
        await press(pilot, "u", f"the tags of a are as before, {kept}")

    play(empty_session, scene, (100, 24))
    [pair] = empty_session.backend.describe_key_pairs()
    assert set(pair.tags) == {Tag("Env", "stage"), Tag("Team", "ops")}
