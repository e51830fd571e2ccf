import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from rich.segment import Segment
from textual.pilot import Pilot

from core.checks.finding import MADE_PRIVATE
from core.local import many
from core.model import Tag
from core.store.journal import JournalEntry
from core.store.region_store import RegionStore
from tests.demo import NOW, DemoSession
from tests.helpers import session_over
from tests.tui.driving import app_of, drawn, play, type_text, until, until_list, until_screen
from tui.screens.look.journal import JournalScreen
from tui.screens.workbench.grouped_list import GroupedList, Line, SearchAndOpen, narrowed
from tui.words.journal import action, acts

ROOT = Path(__file__).parents[4]
FIRST = JournalEntry(
    NOW - timedelta(days=1),
    "anna",
    "bastion",
    "203.0.113.7",
    4711,
    "us-east-1",
    "CreateKeyPair",
    "web",
    "key-01",
    "done",
)
ENTRIES = [
    FIRST,
    # Done by the same session, but something else, and later.
    replace(FIRST, operation="SaveKeyMaterial"),
    # Nor is what another session does at the same time.
    replace(
        FIRST,
        operation="SaveKeyMaterial",
        process=9,
        key_name="db",
        key_pair_id="key-02",
        time=FIRST.time + timedelta(seconds=1),
    ),
    *(
        replace(
            FIRST,
            time=NOW + timedelta(seconds=number // 3),
            continues=number >= 3,
            user="boris",
            client=None,
            process=1,
            operation="DeleteKeyPair",
            key_name=f"old-{number}",
            key_pair_id=f"key-1{number}",
            outcome="failed" if number == 4 else "done",
        )
        for number in range(6)
    ),
    replace(FIRST, time=NOW, process=2, key_name="left", key_pair_id="key-03", outcome="begun"),
]


def test_whatever_is_journaled_has_a_word() -> None:
    written = "\n".join(path.read_text() for path in (ROOT / "core").rglob("*.py"))
    operations = set(re.findall(r'(?:journaled|Change)\(\s*"([A-Z]\w+)"', written))
    operations |= {"AddToAgent", "RemoveFromAgent", MADE_PRIVATE}
    assert operations >= {"RestoreRegion", "AddSshHost", "InstallPublicKey"}
    assert not [each for each in operations if action(each)[0] == each]


def test_what_was_done_to_many_at_once_is_one_act() -> None:
    found = [(act.operation, len(act.entries)) for act in acts(ENTRIES)]
    assert found == [
        ("CreateKeyPair", 1),
        ("DeleteKeyPair", 6),
        ("SaveKeyMaterial", 1),
        ("SaveKeyMaterial", 1),
        ("CreateKeyPair", 1),
    ]


def test_an_id_is_found_by_its_start_or_end_and_an_act_says_how_much_of_it_is_found() -> None:
    ids = [f"key-0{number:015x}b" for number in range(9)]
    cells = ("12:00:00", "delete")
    parts = [Line(each, (*cells, f"web-{n}", each)) for n, each in enumerate(ids)]
    lines = [Line("all", (*cells, "9 pairs"), parts=parts, counts=2)]
    assert narrowed(lines, "0b") == []  # by chance in the middle of words
    for start_or_end in ("key-0000000000000003", "0000000000000003", "000000000000003b", "003b"):
        (found,) = narrowed(lines, start_or_end)
        assert (found.cells[2], [each.value for each in found.parts]) == ("1 of 9 pairs", [ids[3]])


def test_what_was_done_by_hand_one_after_the_other_is_an_act_each() -> None:
    def deletions(*seconds: float, continues: bool = False) -> list[JournalEntry]:
        return [
            replace(
                FIRST,
                time=FIRST.time + timedelta(seconds=second),
                operation="DeleteKeyPair",
                key_pair_id=f"key-{number}",
                continues=continues and second > 0,
            )
            for number, second in enumerate(seconds)
        ]

    for seconds, counts in (
        ((0, 1), [1, 1]),  # by hand
        ((0, 0, 0, 1), [1, 3]),
        ((0, 0, 0, 1, 1), [2, 3]),
        ((0, 0.3, 0.6, 0.9), [4]),  # over EC2
    ):
        assert [len(act.entries) for act in acts(deletions(*seconds))] == counts, seconds
    in_batches = deletions(0, 0, 4, 4, 9, continues=True)
    assert [len(act.entries) for act in acts(in_batches)] == [5]


def test_batches_of_one_deletion_are_an_act_and_two_deletions_are_two(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # So that each pair is a batch of its own.
    monkeypatch.setattr(many, "MOST_SECONDS", -1)
    now = [NOW]
    store = RegionStore(tmp_path / "data", "us-east-1", now=lambda: now[0])
    backend = session_over(store).backend
    keys = [backend.create_key_pair(key_name=f"web-{n}", key_type="ed25519") for n in range(5)]
    ids = [key.key_pair.key_pair_id for key in keys]
    for each in (ids[:3], ids[3:]):
        for _ in backend.delete_key_pairs(each, delete_time=NOW):
            now[0] += timedelta(seconds=1)
    found = acts(store.journal.read())
    assert [len(act.entries) for act in found if act.operation == "DeleteKeyPair"] == [2, 3]


@pytest.mark.long
def test_the_journal_by_days_with_seconds_ids_who_and_outcome(empty_session: DemoSession) -> None:
    def rows(screen: JournalScreen) -> list[str]:
        return [line.title or " ".join(line.cells) for line, _ in screen._list.shown]

    async def scene(pilot: Pilot[None]) -> None:
        ended: list[str | None] = []
        screen = JournalScreen("us-east-1", ENTRIES, NOW.astimezone())
        app_of(pilot).push_screen(screen, ended.append)
        await until(pilot, lambda: app_of(pilot).screen.focused is not None, "the journal")
        second = f"{NOW.astimezone() + timedelta(seconds=1):%H:%M:%S}"
        assert rows(screen) == [
            "Today",
            f"{NOW.astimezone():%H:%M:%S} create left key-03 anna ! not confirmed",
            f"{second} delete 6 pairs  boris ✗ 1 of 6 failed",
            "Yesterday",
            f"{second} save db key-02 anna done",
            f"{NOW.astimezone():%H:%M:%S} save web key-01 anna done",
            f"{NOW.astimezone():%H:%M:%S} create web key-01 anna done",
        ]
        # At 60x15 there is no room for ids in the line, so they stand below.
        assert "key-03" in drawn(pilot)
        await pilot.press("down", "right")
        assert rows(screen)[4] == f"{second} delete old-4 key-14 boris ✗ failed"
        await pilot.press("down", "left")
        assert len(rows(screen)) == 7
        # What is found as a whole stays closed, and opens.
        await pilot.press(*"boris")
        await until(pilot, lambda: len(rows(screen)) == 2, "the act alone")
        await pilot.press("right")
        assert len(rows(screen)) == 8
        await pilot.press("ctrl+u", *"key", "minus", *"14")
        await until(pilot, lambda: len(rows(screen)) == 3, "the one")
        await pilot.press("ctrl+u")
        await type_text(pilot, f"{NOW.astimezone() - timedelta(days=1):%Y-%m-%d} save")
        await until(pilot, lambda: len(rows(screen)) == 3, "what was saved on that day")
        await pilot.press("ctrl+u", *"yesterday")
        await until(pilot, lambda: rows(screen)[0] == "Yesterday", "the day")
        await pilot.resize_terminal(120, 36)
        await pilot.press("ctrl+u", *"from", "ctrl+u", *"old", "minus", "4")
        await until(pilot, lambda: "DeleteKeyPair in us-east-1" in drawn(pilot), "the pane")
        await pilot.press("down", "enter")
        await until(pilot, lambda: ended == ["key-14"], "the pair")

    play(empty_session, scene, (60, 15))


@pytest.mark.long
def test_from_the_details_of_a_deleted_pair_the_way_back_is_to_the_journal_as_it_was(
    empty_session: DemoSession,
) -> None:
    for name in ("alpha", "beta"):
        empty_session.backend.create_key_pair(key_name=name, key_type="ed25519")
        empty_session.backend.delete_key_pair(key_name=name)

    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("J")
        await until_screen(pilot, "JournalScreen")
        await type_text(pilot, "alpha")
        await pilot.press("down")
        for _ in range(2):
            await pilot.press("enter")
            await until_screen(pilot, "DetailsScreen")
            await pilot.press("escape")
            await until_screen(pilot, "JournalScreen")
            screen = app_of(pilot).screen
            assert isinstance(screen, JournalScreen)
            assert screen.query_one(SearchAndOpen).value == "alpha"
            picked = screen._list.picked
            assert picked is not None
            assert picked.cells[1:3] == ("create", "alpha")
            assert "beta" not in drawn(pilot)
        # Once it is back there is the list, with the cursor on it.
        await pilot.press("enter")
        await until_screen(pilot, "DetailsScreen")
        await pilot.press("u")
        await until_list(pilot)
        await until(pilot, lambda: "brought alpha back" in drawn(pilot), "that it is back")

    play(empty_session, scene)


@pytest.mark.long
def test_which_file_and_which_tags_a_line_was_about_is_said(demo_session: DemoSession) -> None:
    pair = demo_session.backend.create_key_pair(key_name="web", key_type="ed25519").key_pair
    ids = [pair.key_pair_id]
    demo_session.backend.create_tags(resources=ids, tags=[Tag("Env", "secret"), Tag("Team", "ops")])
    demo_session.backend.set_tags(key_pair_id=pair.key_pair_id, tags=[Tag("Team", "dev")])

    for size in ((120, 30), (80, 24)):

        async def scene(pilot: Pilot[None]) -> None:
            await pilot.press("J")
            await until(pilot, lambda: isinstance(app_of(pilot).screen, JournalScreen), "it")
            await until(pilot, lambda: "set Team; removed Env" in drawn(pilot), "the last change")
            await pilot.press("down")
            await until(pilot, lambda: "set Env, Team" in drawn(pilot), "the one before")
            assert "secret" not in drawn(pilot)
            # Typing finds a line by what it was about.
            await pilot.press(*"removed")
            rows = app_of(pilot).screen.query_one(GroupedList)
            await until(
                pilot,
                lambda: [row.cells[1] for row, _ in rows.shown if not row.title] == ["tag"],
                "the line",
            )

        play(demo_session, scene, size)


@pytest.mark.long
@pytest.mark.parametrize("size", [(60, 15), (120, 36)])
def test_no_frame_has_rows_that_are_cut_to_nothing(
    empty_session: DemoSession, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    rows: list[str] = []
    draw = GroupedList.row

    def row(table: GroupedList, index: int, *, under_cursor: bool) -> list[Segment]:
        drawn = draw(table, index, under_cursor=under_cursor)
        rows.append("".join(part.text for part in drawn))
        return drawn

    monkeypatch.setattr(GroupedList, "row", row)

    async def scene(pilot: Pilot[None]) -> None:
        app_of(pilot).push_screen(JournalScreen("us-east-1", ENTRIES, NOW.astimezone()))
        await until(pilot, lambda: "Yesterday" in drawn(pilot), "the journal")
        assert any("left" in row for row in rows)
        assert not [row for row in rows if "…" in row]

    play(empty_session, scene, size)
