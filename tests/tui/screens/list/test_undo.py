"""What `u` brings back."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from textual.pilot import Pilot

from core.ec2 import validation
from core.ec2.backend import Batch
from core.errors import StoreError
from tests.demo import DemoSession
from tests.tui.driving import play, text_of, until, until_screen
from tui.screens.list.undo import bring_back_last


def make(session: DemoSession, *names: str) -> None:
    for name in names:
        session.backend.create_key_pair(key_name=name, key_type="ed25519")


def names(session: DemoSession) -> list[str]:
    return [pair.key_name for pair in session.backend.describe_key_pairs()]


def delete(session: DemoSession, *names: str) -> None:
    """Delete pairs together, later than what was deleted before."""
    session.time += timedelta(minutes=1)
    for name in names:
        session.backend.delete_key_pair(key_name=name, delete_time=session.time)


async def press(pilot: Pilot[None], key: str, remark: str) -> None:
    await pilot.press(key)
    await until(pilot, lambda: text_of(pilot, "#fact") == remark, remark)


def test_one_key_brings_back_all_that_one_deletion_took(empty_session: DemoSession) -> None:
    make(empty_session, "a", "b", "c", "d", "e")
    before = {pair.key_name: pair for pair in empty_session.backend.describe_key_pairs()}
    delete(empty_session, "e")
    clock = iter(range(1, 1_000))
    start = empty_session.time
    # Every look at the clock shows another time, as in life.
    empty_session.access.now = lambda: start + timedelta(milliseconds=next(clock))

    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("j", "space", "space", "space", "d")
        await until_screen(pilot, "DeleteKeyPairsScreen")
        await pilot.press("y")
        await until_screen(pilot, "KeyPairListScreen")
        await until(
            pilot,
            lambda: text_of(pilot, "#fact") == "deleted 3 pairs; u brings them back",
            "the deletion",
        )
        assert names(empty_session) == ["a"]
        await press(pilot, "u", "brought 3 pairs back")
        assert sorted(names(empty_session)) == ["a", "b", "c", "d"]
        await press(pilot, "u", "brought e back")
        assert {
            pair.key_name: pair for pair in empty_session.backend.describe_key_pairs()
        } == before
        await press(pilot, "u", "nothing left to bring back; what is deleted is kept for 30 days")

    play(empty_session, scene)


def test_a_name_given_to_another_keeps_back_one_and_loses_nothing(
    empty_session: DemoSession,
) -> None:
    make(empty_session, "a", "b", "c")
    delete(empty_session, "a", "b", "c")
    make(empty_session, "b")

    async def scene(pilot: Pilot[None]) -> None:
        await press(pilot, "u", "brought 2 pairs back, but not b: another pair has the name")
        await press(pilot, "u", "not back: b: another pair has the name")

    play(empty_session, scene)
    assert sorted(names(empty_session)) == ["a", "b", "c"]
    [left] = empty_session.backend.deleted_key_pairs()
    assert left.key_pair is not None
    assert left.key_pair.key_name == "b"
    delete(empty_session, "b")
    newer, older = empty_session.backend.deleted_key_pairs()
    assert older == left
    assert empty_session.backend.restore_key_pair(left.key_pair_id) == left.key_pair
    assert newer.key_pair_id != left.key_pair_id


def test_what_cannot_come_back_does_not_bar_the_way_to_what_was_deleted_before(
    empty_session: DemoSession,
) -> None:
    make(empty_session, "a", "b", "c")
    before = empty_session.key_pair_named("a")
    for name in ("a", "b", "c"):
        delete(empty_session, name)
    make(empty_session, "b", "c")

    async def scene(pilot: Pilot[None]) -> None:
        await press(pilot, "u", "brought a back, but not c: another pair has the name")
        await press(pilot, "u", "not back: c: another pair has the name")

    play(empty_session, scene)
    assert empty_session.key_pair_named("a") == before
    assert len(empty_session.backend.deleted_key_pairs()) == 2


def test_a_full_region_takes_back_as_many_as_it_has_room_for(
    empty_session: DemoSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(empty_session, "a", "b", "c")
    delete(empty_session, "a", "b", "c")
    make(empty_session, "new")
    monkeypatch.setattr(validation, "MAX_KEY_PAIRS", 2)
    brought = bring_back_last(empty_session)
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
    delete(empty_session, "a", "b", "c")
    real = empty_session.backend.restore_key_pairs

    def restore(key_pair_ids: Sequence[str]) -> Iterator[Batch]:
        [batch] = real(key_pair_ids[:1])
        yield Batch(batch.done, (), len(key_pair_ids) - 1)
        raise StoreError("the disk is full")

    monkeypatch.setattr(empty_session.backend, "restore_key_pairs", restore)
    assert bring_back_last(empty_session).words == (
        "brought a back, but not b, c: the disk is full"
    )
    monkeypatch.undo()
    assert bring_back_last(empty_session).words == "brought 2 pairs back"
    assert names(empty_session) == ["a", "b", "c"]


def test_what_an_error_says_is_spelled_out_once_and_its_paths_are_short(
    empty_session: DemoSession, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(empty_session, "a")
    delete(empty_session, "a")

    def fail(*_: object) -> None:
        raise StoreError(f"{home}/odd\\name is damaged")

    async def scene(pilot: Pilot[None]) -> None:
        # One backslash is shown as two; four would be twice spelled out.
        shown = "~/odd\\\\name is damaged"
        for owner, name, key, remark in (
            (empty_session.backend, "restore_key_pairs", "u", f"not back: a: {shown}"),
            (empty_session, "journal", "J", shown),
        ):
            monkeypatch.setattr(owner, name, fail)
            await press(pilot, key, remark)

    play(empty_session, scene)
