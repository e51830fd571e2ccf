"""The list of key pairs: marks and what is said below it."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from textual.pilot import Pilot

from core.custody import saving
from tests.demo import DemoSession
from tests.each_row import each_row
from tests.helpers import PUBLIC_KEY
from tests.tui.driving import (
    app_of,
    drawn,
    play,
    press_alone,
    text_of,
    type_text,
    until,
    until_screen,
)
from tui.actions.keymap import labels
from tui.screens.list.key_pair_list import KeyPairListScreen
from tui.screens.workbench.grouped_list import GroupedList
from tui.words.text import fold, fold_command, fold_items


def fill(session: DemoSession, home: Path) -> None:
    """Make one pair of each kind: saved, not saved, imported."""
    saved = session.backend.create_key_pair(key_name="a-saved", key_type="ed25519")
    saving.save_key_material(session, saved, str(home / ".ssh" / "a.pem"))
    session.backend.create_key_pair(key_name="b-unsaved", key_type="ed25519")
    session.backend.import_key_pair(key_name="c-imported", public_key_material=PUBLIC_KEY)


def rows(pilot: Pilot[None]) -> list[str]:
    """Return the rows of the list up to the end of the names."""
    lines = drawn(pilot).split("\n")
    return [line.partition(" ed25519")[0].rstrip() for line in lines if " ed25519" in line]


@pytest.mark.long
@pytest.mark.parametrize("size", [(80, 24), (60, 15), (36, 10), (140, 40)])
def test_choosing_hides_no_mark(
    empty_session: DemoSession, home: Path, size: tuple[int, int]
) -> None:
    fill(empty_session, home)

    async def scene(pilot: Pilot[None]) -> None:
        assert rows(pilot) == ["   a-saved", " ! b-unsaved", " ↓ c-imported"]
        await pilot.press("space", "space", "space")
        assert rows(pilot) == ["*  a-saved", "*! b-unsaved", "*↓ c-imported"]
        assert "3 pairs · 3 chosen" in drawn(pilot)
        await pilot.press("g", "space")
        assert rows(pilot) == ["   a-saved", "*! b-unsaved", "*↓ c-imported"]

    play(empty_session, scene, size)


@each_row(
    ("text", "width", "lines"),
    [
        ("", 5, [""]),
        ("one two three", 7, ["one two", "three"]),
        ("one two three", 6, ["one", "two", "three"]),
        ("saved to ~/.ssh/a-long-name.pem", 10, ["saved to ~", "/.ssh/a-lo", "ng-name.pe", "m"]),
        ("a word toolongforaline", 10, ["a word too", "longforali", "ne"]),
        ("  $ indented", 20, ["  $ indented"]),
        ("日本 日本語", 6, ["日本", "日本語"]),
        # A fingerprint is parted behind a colon, and what ends base64 stands on no line alone.
        ("MD5:9c:7f:c3:aa:b2:01", 13, ["MD5:9c:7f:c3:", "aa:b2:01"]),
        ("MD5:9c:7f:c3:aa:b2:01", 14, ["MD5:9c:7f:c3:", "aa:b2:01"]),
        ("MD5:9c:7f:c3:aa:b2:01", 15, ["MD5:9c:7f:c3:", "aa:b2:01"]),
        ("MD5:9c:7f:c3:aa:b2:01", 16, ["MD5:9c:7f:c3:aa:", "b2:01"]),
        ("AAAAC3NzaC1l=", 12, ["AAAAC3NzaC1", "l="]),
    ],
)
def test_lines_end_between_words(text: str, width: int, lines: list[str]) -> None:
    assert fold(text, width) == lines


DETAILS = (
    "about this pair, not the 201 others chosen · 2 of 202 · ] next, [ previous"
    " · a agent, s save again, m mode, H Host block"
)


@each_row(
    ("text", "width", "lines"),
    [
        ("", 5, [""]),
        ("short · too", 20, ["short · too"]),
        # No line ends between items with a dot, nor between a key and its word.
        (
            DETAILS,
            58,
            [
                "about this pair, not the 201 others chosen · 2 of 202",
                "] next, [ previous · a agent, s save again, m mode,",
                "H Host block",
            ],
        ),
        ("deleted web; u brings it back", 15, ["deleted web;", "u brings it", "back"]),
        ("f find  n replace  u undo", 20, ["f find  n replace", "u undo"]),
        ("saved to ~/a-long-name.pem · x", 10, ["saved to ~", "/a-long-na", "me.pem · x"]),
    ],
)
def test_lines_end_between_items(text: str, width: int, lines: list[str]) -> None:
    assert fold_items(text, width, labels()) == lines


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (80, ["  $ ssh-keygen -y -f a.pem | ssh-keygen -l -E md5 -f -"]),
        (52, ["  $ ssh-keygen -y -f a.pem |", "ssh-keygen -l -E md5 -f -"]),
        # One with room for both an option and its value parts neither, nor what is one word.
        (24, ["  $ ssh-keygen -y", "-f a.pem |", "ssh-keygen -l -E md5", "-f -"]),
        (10, ["  $", "ssh-keygen", "-y", "-f a.pem |", "ssh-keygen", "-l -E md5", "-f -"]),
    ],
)
def test_a_command_is_parted_behind_its_pipe_and_never_behind_an_option(
    width: int, lines: list[str]
) -> None:
    command = "  $ ssh-keygen -y -f a.pem | ssh-keygen -l -E md5 -f -"
    assert fold_command(command, width) == lines
    assert " ".join(lines) == command


def remark(pilot: Pilot[None]) -> str:
    return text_of(pilot, "#fact")


async def until_remark(pilot: Pilot[None], text: str) -> None:
    await until(pilot, lambda: remark(pilot) == text, text)


TAUGHT = "f find  u undo  y copy  space choose  s sort  r Region"


@pytest.mark.long
@pytest.mark.parametrize(
    ("size", "drawn_there", "taught"),
    [
        ((80, 24), "   t tags   d delete", TAUGHT),
        ((60, 15), "", "t tags  d delete  f find  u undo  y copy  space choose"),
    ],
    ids=["80", "60"],
)
def test_what_the_hint_bar_has_no_room_for_is_taught_once(
    empty_session: DemoSession, home: Path, size: tuple[int, int], drawn_there: str, taught: str
) -> None:
    fill(empty_session, home)
    elsewhere = empty_session.for_region("eu-west-3")
    elsewhere.backend.create_key_pair(key_name="there", key_type="ed25519")

    async def scene(pilot: Pilot[None]) -> None:
        await until_remark(pilot, taught)
        everyday = f"c create   i import   / filter   enter details{drawn_there}   ? help"
        assert hints_drawn(pilot) == everyday
        await pilot.press("j")
        await until(pilot, lambda: "never saved" in remark(pilot), "the pair")
        await pilot.press("r")
        await until_screen(pilot, "PickRegionScreen")
        await type_text(pilot, "eu-west-3")
        await pilot.press("enter")
        await until_screen(pilot, "KeyPairListScreen")
        await until(pilot, lambda: "eu-west-3 Paris   1 pair" in drawn(pilot), "the other Region")
        await until(pilot, lambda: "never saved" in remark(pilot), "the pair there")

    play(empty_session, scene, size)


@pytest.mark.long
def test_the_region_that_is_suggested_is_the_one_that_enter_takes(
    empty_session: DemoSession,
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("r")
        await until_screen(pilot, "PickRegionScreen")
        # In the order of the list, Osaka comes before Sao Paulo.
        await type_text(pilot, "sa")
        await until(pilot, lambda: drawn(pilot).count("sa-east-1") == 2, "both of them")
        await pilot.press("enter")
        await until(pilot, lambda: "sa-east-1 Sao Paulo" in drawn(pilot), "the Region")

    play(empty_session, scene, (60, 15))


def test_nothing_is_taught_over_what_wants_attention(empty_session: DemoSession) -> None:
    empty_session.backend.create_key_pair(key_name="b-unsaved", key_type="ed25519")

    async def scene(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "its private key was never saved" in remark(pilot), "the pair")

    play(empty_session, scene)


def hints_drawn(pilot: Pilot[None]) -> str:
    """Return the bottom line, its gaps all alike."""
    return re.sub(" {3,}", "   ", drawn(pilot).split("\n")[-1].strip())


@pytest.mark.long
def test_enter_in_the_journal_goes_to_the_pair_or_to_the_details_of_a_deleted_one(
    demo_session: DemoSession,
) -> None:
    demo_session.backend.delete_key_pair(key_name="nightly")

    async def scene(pilot: Pilot[None]) -> None:
        for name, leads_to in (("web-blue", "KeyPairListScreen"), ("nightly", "DetailsScreen")):
            await pilot.press("J")
            await until_screen(pilot, "JournalScreen")
            await type_text(pilot, f"create {name}")
            items = app_of(pilot).screen.query_one(GroupedList)
            await until(
                pilot,
                lambda items=items, name=name: bool(items.picked and name in items.picked.cells),  # type: ignore[misc]  # the defaults bind what the loop has
                "the line",
            )
            assert hints_drawn(pilot).startswith("enter go to pair")
            await pilot.press("enter")
            await until_screen(pilot, leads_to)
            if leads_to == "KeyPairListScreen":
                await until(
                    pilot, lambda: "its private key was saved to" in remark(pilot), "the pair"
                )
        # A deleted pair has no row to go to, but details of what it was.
        await until(pilot, lambda: "nightly" in drawn(pilot), "the deleted pair")

    play(demo_session, scene)


@pytest.mark.long
def test_a_wide_window_teaches_more_in_the_hint_bar(empty_session: DemoSession, home: Path) -> None:
    fill(empty_session, home)

    async def scene(pilot: Pilot[None]) -> None:
        assert "key-" in remark(pilot)
        assert hints_drawn(pilot).endswith("t tags   d delete   f find   n replace   ? help")
        await pilot.press("slash")
        await pilot.pause()
        assert hints_drawn(pilot) == "enter to the list   esc show all   f1 help"
        await pilot.press("escape")
        await pilot.resize_terminal(99, 24)
        await pilot.pause()
        assert hints_drawn(pilot).endswith("? help")

    play(empty_session, scene, (100, 24))


@pytest.mark.long
def test_a_remark_leaves_out_what_it_must_and_cuts_no_word(
    empty_session: DemoSession, home: Path
) -> None:
    path = home / ".ssh" / "a folder with a long name" / "ci-deploy-of-the-shop.pem"
    path.parent.mkdir(mode=0o700)
    empty_session.backend.create_key_pair(key_name="aaa", key_type="ed25519")
    created = empty_session.backend.create_key_pair(key_name="ci", key_type="ed25519")
    saving.save_key_material(empty_session, created, str(path))
    key = created.key_pair.key_pair_id
    twice = empty_session.backend.create_key_pair(key_name="two", key_type="ed25519")
    for name in ("two.pem", "two-2.pem"):
        saving.save_key_material(empty_session, twice, str(home / ".ssh" / name))

    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("G")
        id_of_two = twice.key_pair.key_pair_id
        saved_twice = "its private key was saved to ~/.ssh/two-2.pem and 1 more file"
        await until_remark(pilot, f"{saved_twice} · {id_of_two}")
        await pilot.press("g", "j")
        whole = f"its private key was saved to ~/.ssh/a folder with a long name/{path.name} · {key}"
        for width, text in (
            (114, whole),
            (84, f"its private key was saved to …/{path.name} · {key}"),
            (64, f"its private key was saved to …/{path.name}"),
            (50, f"was saved to …/{path.name}"),
            (114, whole),
        ):
            await pilot.resize_terminal(width, 24)
            await until_remark(pilot, text)
            assert f" {text} " in drawn(pilot)

    play(empty_session, scene, (90, 24))


@pytest.mark.long
def test_what_is_said_at_length_is_said_whole(empty_session: DemoSession) -> None:
    def make_four() -> None:
        for number in range(4):
            empty_session.backend.create_key_pair(
                key_name=f"name-of-a-pair-{number}", key_type="ed25519"
            )

    make_four()

    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("asterisk", "d")
        await until_screen(pilot, "DeleteKeyPairsScreen")
        await press_alone(pilot, "y")
        app = app_of(pilot)
        await until(pilot, lambda: type(app.screen).__name__ == "KeyPairListScreen", "the list")
        await until(pilot, lambda: "deleted 4 pairs" in remark(pilot), "the deletion")
        make_four()
        await pilot.press("u")
        await until(pilot, lambda: "not back" in remark(pilot), "the refusal")
        assert remark(pilot) == (
            "name-of-a-pair-0, name-of-a-pair-1, name-of-a-pair-2,\n"
            "name-of-a-pair-3 are not back: another pair has the name;\n"
            "U brings them back under other names"
        )
        assert "\n U brings" in drawn(pilot)
        assert len(rows(pilot)) == 4
        await pilot.press("j")
        await until(pilot, lambda: "never saved" in remark(pilot), "the pair")
        assert "\n U brings" not in drawn(pilot)

    play(empty_session, scene, (60, 15))


def test_in_the_smallest_window_a_row_is_left(empty_session: DemoSession, home: Path) -> None:
    fill(empty_session, home)

    async def scene(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: remark(pilot).startswith("t tags"), "what is taught")
        assert " a-saved" in drawn(pilot)
        assert hints_drawn(pilot) == "c create   ? help"

    play(empty_session, scene, (20, 5))


@pytest.mark.long
def test_what_the_hint_bar_has_room_for_now_is_not_taught_twice(
    empty_session: DemoSession, home: Path
) -> None:
    fill(empty_session, home)

    async def scene(pilot: Pilot[None]) -> None:
        await until_remark(pilot, TAUGHT)
        await pilot.resize_terminal(200, 60)
        wide = "space choose   s sort   r Region"
        await until(pilot, lambda: wide in hints_drawn(pilot), "the hints of a wide window")
        await until(pilot, lambda: drawn(pilot).count("n replace") == 1, "it once")
        assert hints_drawn(pilot).endswith("? help")

    play(empty_session, scene)


@pytest.mark.parametrize(
    ("region", "is_said"), [("us-east-9", True), ("us-east-2", False)], ids=["unknown", "known"]
)
def test_an_empty_region_that_is_not_known_says_so(home: Path, region: str, is_said: bool) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        said = text_of(pilot, "#empty")
        assert f"No key pairs in {region}" in said
        assert ("not a Region that is known here" in said) is is_said
        assert "r  look at another Region" in said

    play(DemoSession(home / "data", region), scene, (60, 15))


@pytest.mark.long
def test_a_filter_that_is_not_understood_chooses_nothing(
    empty_session: DemoSession, home: Path
) -> None:
    fill(empty_session, home)

    async def scene(pilot: Pilot[None]) -> None:
        for text, count in (("is:unsave", "shows all"), ("is:saved is:unsave", "1 of 3 match")):
            await pilot.press("slash")
            await type_text(pilot, text)
            await until(pilot, lambda c=count: f"  {c} " in drawn(pilot), count)  # type: ignore[misc] # its default
            await pilot.press("enter", "asterisk")
            said = "! * chooses nothing by this filter: is: takes unsaved, saved, "
            await until(pilot, lambda s=said: s in drawn(pilot), said)  # type: ignore[misc] # its default
            assert "chosen  " not in drawn(pilot)
        await pilot.press("escape", "asterisk")
        await until(pilot, lambda: "3 pairs · 3 chosen  " in drawn(pilot), "the choice")

    play(empty_session, scene)


@pytest.mark.long
def test_escape_clears_the_filter_and_then_the_choice(
    empty_session: DemoSession, home: Path
) -> None:
    fill(empty_session, home)

    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("slash")
        await type_text(pilot, "saved")
        await pilot.press("enter", "asterisk")
        await until(pilot, lambda: "3 pairs · 2 chosen  " in drawn(pilot), "the choice")
        # It is said at the top, and so not once more at the bottom.
        assert drawn(pilot).count("chosen") == 1
        assert (
            hints_drawn(pilot)
            == "t tags 2   d delete 2   e export 2   enter details   esc show all   ? help"
        )
        await pilot.press("escape")
        await until(pilot, lambda: len(rows(pilot)) == 3, "all pairs")
        assert (
            hints_drawn(pilot)
            == "t tags 2   d delete 2   e export 2   enter details   esc choose none   ? help"
        )
        assert rows(pilot) == ["*  a-saved", "*! b-unsaved", " ↓ c-imported"]
        await pilot.press("escape")
        await until_remark(pilot, "none chosen")
        assert rows(pilot) == ["   a-saved", " ! b-unsaved", " ↓ c-imported"]
        assert hints_drawn(pilot).startswith("c create")
        # What is done now is done to the pair under the cursor alone.
        await pilot.press("j", "d")
        await until_screen(pilot, "DeleteKeyPairsScreen")
        await until(pilot, lambda: "b-unsaved  ed25519 · key-" in drawn(pilot), "the one pair")
        assert "Delete this key pair?" in drawn(pilot)

    play(empty_session, scene)


@pytest.mark.long
@pytest.mark.parametrize("size", [(80, 24), (50, 15)])
def test_the_chosen_that_the_filter_hides_are_counted_and_said_to_be_left(
    empty_session: DemoSession, home: Path, size: tuple[int, int]
) -> None:
    fill(empty_session, home)
    is_wide = size[0] >= 80

    async def until_counted(pilot: Pilot[None], said: str, in_short: str = "") -> None:
        shown = said if is_wide or not in_short else in_short
        await until(pilot, lambda: f"3 pairs · {shown}  " in drawn(pilot).split("\n")[0], shown)
        assert said not in remark(pilot)

    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("space", "space")
        await until_counted(pilot, "2 chosen")
        await pilot.press("slash")
        await type_text(pilot, "imported")
        await until_counted(pilot, "2 chosen, hidden by the filter", "2 chosen, hidden")
        await pilot.press("enter", "d")
        await until_screen(pilot, "DeleteKeyPairsScreen")
        assert "Delete this key pair?" in drawn(pilot)
        left = "2 chosen, but hidden by the filter, and left as they are"
        await until(pilot, lambda: left in " ".join(drawn(pilot).split()), left)
        await pilot.press("escape")
        await until_screen(pilot, "KeyPairListScreen")
        await pilot.press("space")
        said = "1 chosen, 2 more hidden by the filter"
        await until_counted(pilot, said, "1 chosen, 2 more hidden")
        assert hints_drawn(pilot).startswith("t tags 1   d delete 1   ")
        await pilot.press("t")
        await until_screen(pilot, "EditTagsScreen")
        left = left.replace("2 chosen", "2 more are chosen")
        await until(pilot, lambda: left in " ".join(drawn(pilot).split()), left)
        await pilot.press("escape")
        await until_screen(pilot, "KeyPairListScreen")
        await pilot.press("asterisk")
        await until_counted(pilot, said, "1 chosen, 2 more hidden")
        await pilot.press("escape")
        await until_counted(pilot, "3 chosen")

    play(empty_session, scene, size)


@pytest.mark.long
def test_today_is_said_of_no_day_that_is_over(demo_session: DemoSession) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("j")
        await until(pilot, lambda: "12:00" in drawn(pilot), "the row of today")
        # At noon: two hours later it is the same day, and nothing changes.
        demo_session.time += timedelta(hours=2)
        await pilot.press("R")
        await pilot.pause(0.1)
        assert "12:00" in drawn(pilot)
        demo_session.time += timedelta(days=1)
        await pilot.press("R")
        await until(pilot, lambda: "2026-11-24" in drawn(pilot), "the day")
        assert "12:00" not in drawn(pilot)
        screen = app_of(pilot).screen
        assert isinstance(screen, KeyPairListScreen)
        assert screen.view.highlighted is not None
        assert screen.view.highlighted.key_name == "ci-deploy"

    play(demo_session, scene)


@pytest.mark.long
def test_what_was_said_of_a_filter_goes_with_it_and_its_pairs_come_first(
    empty_session: DemoSession, home: Path
) -> None:
    fill(empty_session, home)

    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("slash")
        await type_text(pilot, "tag:")
        await pilot.press("enter", "asterisk")
        said = "* chooses nothing by this filter: tag: takes a key, or a key and a value"
        await until(pilot, lambda: said in " ".join(drawn(pilot).split()), said)
        await pilot.press("escape")
        await until(
            pilot, lambda: "chooses nothing" not in " ".join(drawn(pilot).split()), "silence"
        )
        await pilot.press("slash")
        await type_text(pilot, "is:saved")
        await pilot.press("enter")
        for width, keys in (
            (90, "/ filter   enter details   t tags   d delete   c create   esc show all"),
            (80, "/ filter   enter details   t tags   d delete   esc show all"),
            (60, "/ filter   enter details   t tags   esc show all"),
        ):
            await pilot.resize_terminal(width, 24)
            await until(pilot, lambda k=keys: k in drawn(pilot), keys)  # type: ignore[misc] # its default

    play(empty_session, scene)
