import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from core.errors import StoreNotConfirmed
from core.model import KeptKeyPair, KeyPair, KeyType, PrivateKeyState, Tag, TagSpecification
from core.region_imports import ImportedBatch, RegionImporter, fingerprint_elsewhere
from tests.core.store_records import write_region
from tests.demo import DemoSession
from tests.helpers import SIZES, kept
from tests.tui.driving import app_of, drawn, play, type_text, until, until_screen
from tui.screens.pair.import_into_regions import ImportIntoRegionsScreen
from tui.screens.workbench.grouped_list import GroupedList
from tui.widgets.text_input import TextInput
from tui.widgets.verdict_line import VerdictLine
from tui.words import region_imports
from tui.words.region_imports import Imported


def make(session: DemoSession, *names: str, key_type: KeyType = KeyType.ED25519) -> None:
    for name in names:
        session.backend.create_key_pair(
            key_name=name,
            key_type=key_type,
            tag_specifications=[TagSpecification("key-pair", [Tag("Env", "prod")])],
        )


def there(session: DemoSession, region: str) -> list[KeptKeyPair]:
    return list(session.for_region(region).backend.describe_key_pairs())


async def open_it(pilot: Pilot[None]) -> ImportIntoRegionsScreen:
    await pilot.press("C")
    await until_screen(pilot, "ImportIntoRegionsScreen")
    screen = app_of(pilot).screen
    assert isinstance(screen, ImportIntoRegionsScreen)
    assert "Nothing matches" not in drawn(pilot)
    return screen


async def choose(pilot: Pilot[None], *regions: str) -> None:
    screen = app_of(pilot).screen
    for region in regions:
        screen.query_one("#search", TextInput).value = region
        await pilot.pause()
        await pilot.press("space")


def lines(screen: ImportIntoRegionsScreen) -> dict[str, str]:
    """Return the lines of the Regions with the marks, and the remark behind them."""
    shown = screen.query_one(GroupedList).shown
    return {line.value: f"{line.cells[0]}|{line.cells[-1]}" for line, _ in shown}


def state(screen: ImportIntoRegionsScreen) -> str:
    return screen.query_one("#state", VerdictLine).verdict.text


def note(screen: ImportIntoRegionsScreen) -> str:
    return str(screen.query_one("#note", Static).visual)


def full(screen: ImportIntoRegionsScreen) -> str:
    line = screen.query_one("#full", VerdictLine)
    return line.verdict.text if line.display else ""


@pytest.mark.long
def test_space_chooses_the_region_that_is_suggested_and_then_enter_is_taught(
    empty_session: DemoSession,
) -> None:
    make(empty_session, "laptop")

    async def scene(pilot: Pilot[None]) -> None:
        screen = await open_it(pilot)
        assert "enter" not in drawn(pilot)
        # Osaka, where the cursor is, is found by these letters too.
        await type_text(pilot, "osaka")
        await until(pilot, lambda: len(lines(screen)) == 1, "Osaka alone")
        await pilot.press("ctrl+u")
        await type_text(pilot, "sa")
        await until(pilot, lambda: drawn(pilot).count("sa-east-1") == 2, "both of them")
        await pilot.press("space")
        await until(pilot, lambda: state(screen) == "chosen: sa-east-1", "the Region")
        assert "enter import into 1" in drawn(pilot)

    play(empty_session, scene, (60, 15))


@pytest.mark.long
def test_a_pair_is_copied_to_the_chosen_regions(empty_session: DemoSession) -> None:
    make(empty_session, "laptop", key_type=KeyType.RSA)
    [pair] = empty_session.backend.describe_key_pairs()
    make_there = empty_session.for_region("eu-west-3")
    make_there.backend.create_key_pair(key_name="other", key_type="ed25519")

    async def scene(pilot: Pilot[None]) -> None:
        screen = await open_it(pilot)
        names = list(lines(screen))
        assert names[0] == "eu-west-3"
        assert "us-east-1" not in names
        await until(pilot, lambda: "differently" in note(screen), "the note")
        second, third = note(screen).splitlines()
        said = " ".join(drawn(pilot).split())
        assert "! Its private key was never saved: it is of no use elsewhere" in said
        elsewhere = fingerprint_elsewhere(pair)
        assert second == f"Its fingerprint will read differently there: {elsewhere}"
        assert "SHA-1 of the private key" in third
        await choose(pilot, "eu-central-1", "eu-west-3")
        assert state(screen) == "chosen: eu-west-3, eu-central-1"
        await pilot.press("enter")
        await until(pilot, lambda: state(screen).startswith("2 of 2 done"), "the end")
        assert list(lines(screen).items())[:2] == [
            ("eu-west-3", " ✓|imported"),
            ("eu-central-1", " ✓|imported"),
        ]
        [copy] = there(empty_session, "eu-central-1")
        assert f"eu-central-1: imported: {copy.key_pair_id}, {copy.key_fingerprint}" == full(screen)
        await pilot.press("escape")
        await until_screen(pilot, "KeyPairListScreen")
        remark = app_of(pilot).screen.query_one("#fact", Static)
        assert str(remark.visual) == "imported into 2 Regions"

    play(empty_session, scene)
    for region in ("eu-central-1", "eu-west-3"):
        copy = there(empty_session, region)[-1]
        assert (copy.key_name, copy.public_key) == ("laptop", pair.public_key)
        assert (copy.tags, copy.custody.private_key) == (pair.tags, PrivateKeyState.IMPORTED)
        assert copy.key_fingerprint == fingerprint_elsewhere(pair)


@pytest.mark.long
def test_each_region_says_what_came_of_it_and_the_failed_ones_are_tried_again(
    empty_session: DemoSession, home: Path
) -> None:
    make(empty_session, "laptop")
    [pair] = empty_session.backend.describe_key_pairs()
    [_] = RegionImporter(empty_session).import_pairs([pair], "eu-west-1")
    make_there = empty_session.for_region("eu-west-2")
    make_there.backend.create_key_pair(key_name="laptop", key_type="ed25519")
    write_region(home / "data", 5_000, "eu-north-1")
    damaged = home / "data" / "eu-south-1.json"
    damaged.write_bytes(b"{")

    async def scene(pilot: Pilot[None]) -> None:
        screen = await open_it(pilot)
        assert lines(screen)["eu-south-1"] == "  |cannot be read"
        await until(pilot, lambda: "the same there" in note(screen), "the note")
        regions = ["eu-west-1", "eu-west-2", "eu-north-1", "eu-south-1", "eu-west-3"]
        await choose(pilot, *regions)
        await pilot.press("enter")
        await until(pilot, lambda: state(screen).startswith("2 of 5 done"), "the end")
        assert {name: lines(screen)[name] for name in regions} == {
            "eu-west-1": " ✓|already there",
            "eu-west-2": "*✗|name taken by another key",
            "eu-north-1": "*✗|quota reached",
            "eu-south-1": "*✗|file damaged",
            "eu-west-3": " ✓|imported",
        }
        # The first that failed is under the cursor, and explained to the end.
        picked = screen.query_one(GroupedList).picked
        assert picked is not None
        assert full(screen).startswith(f"{picked.value}: ")
        for _ in regions:
            await pilot.press("up")
        said = []
        for _ in regions:
            said.append(full(screen))
            await pilot.press("down")
        assert [text.partition(":")[0] for text in said] == list(lines(screen))[:5]
        assert any("The keypair already exists" in text for text in said)
        assert any("limit of 5,000" in text for text in said)
        assert any("is damaged" in text for text in said)

        damaged.unlink()
        make_there.backend.delete_key_pair(key_name="laptop")
        await pilot.press("enter")
        await until(pilot, lambda: state(screen).startswith("2 of 3 done"), "the second end")
        assert lines(screen)["eu-west-2"] == lines(screen)["eu-south-1"] == " ✓|imported"
        assert lines(screen)["eu-north-1"] == "*✗|quota reached"

    play(empty_session, scene)
    assert [len(there(empty_session, name)) for name in ("eu-west-1", "eu-west-3")] == [1, 1]


@pytest.mark.long
def test_escape_stops_before_the_next_one_and_enter_goes_on(
    empty_session: DemoSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(empty_session, "laptop")
    begun, go_on = threading.Event(), threading.Event()
    asked: list[str] = []
    real = RegionImporter.import_pairs

    def wait(
        importer: RegionImporter, key_pairs: Sequence[KeyPair], name: str
    ) -> Iterator[ImportedBatch]:
        asked.append(name)
        begun.set()
        assert go_on.wait(60)
        yield from real(importer, key_pairs, name)

    monkeypatch.setattr(RegionImporter, "import_pairs", wait)

    async def scene(pilot: Pilot[None]) -> None:
        screen = await open_it(pilot)
        await choose(pilot, "eu-west-1", "eu-west-2", "eu-west-3")
        await pilot.press("enter")
        await until(pilot, begun.is_set, "the first")
        await until(pilot, lambda: "  0 of 3" in drawn(pilot), "the bar")
        assert "esc stops before the next one; what is imported until then stays" in drawn(pilot)
        assert drawn(pilot).rstrip().endswith("f1 help")
        # Neither a second Enter nor choosing disturbs what is going on.
        await pilot.press("enter", "down", "space", "escape")
        assert app_of(pilot).screen is screen
        go_on.set()
        await until(pilot, lambda: state(screen).startswith("stopped"), "the stop")
        assert "0 of 3" not in drawn(pilot)
        assert state(screen) == "stopped, 1 of 3 done; enter goes on with the others"
        assert list(lines(screen).values())[:3] == [" ✓|imported", "* |", "* |"]
        assert there(empty_session, "eu-west-2") == []
        await pilot.press("enter")
        await until(pilot, lambda: state(screen).startswith("2 of 2 done"), "the rest")
        await pilot.press("escape")
        await until_screen(pilot, "KeyPairListScreen")

    play(empty_session, scene)
    assert asked == ["eu-west-1", "eu-west-2", "eu-west-3"]
    assert [len(there(empty_session, name)) for name in asked] == [1, 1, 1]


@pytest.mark.long
def test_several_pairs_go_together(empty_session: DemoSession) -> None:
    make(empty_session, "a-rsa", key_type=KeyType.RSA)
    make(empty_session, "b", "c")
    other = empty_session.for_region("eu-west-1")
    other.backend.create_key_pair(key_name="b", key_type="ed25519")

    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("space", "space", "space")
        screen = await open_it(pilot)
        await until(pilot, lambda: "a-rsa: " in note(screen), "the note")
        assert "! The private keys of a-rsa, b, c were never saved" in " ".join(
            drawn(pilot).split()
        )
        assert "The fingerprints of 1 of the 3 pairs will read differently" in note(screen)
        await choose(pilot, "eu-west-1", "eu-west-2")
        await pilot.press("enter")
        await until(pilot, lambda: state(screen).startswith("1 of 2 done"), "the end")
        assert lines(screen)["eu-west-2"] == " ✓|3 imported"
        assert lines(screen)["eu-west-1"] == "*✗|2 imported, 1 name taken by another key"
        # What went wrong comes first.
        assert full(screen).startswith("eu-west-1: b: name taken by another key: InvalidKeyPair")
        assert full(screen).endswith("; 2 imported")
        assert state(screen) == "1 of 2 done: 5 of 6 imported, 1 not; enter goes on with the others"
        # Only what failed is tried again: the others would be there already.
        other.backend.delete_key_pair(key_name="b")
        await pilot.press("enter")
        await until(pilot, lambda: state(screen).startswith("1 of 1 done"), "the second end")
        assert lines(screen)["eu-west-1"] == " ✓|3 imported"

    play(empty_session, scene)
    assert [pair.key_name for pair in there(empty_session, "eu-west-2")] == ["a-rsa", "b", "c"]


@pytest.mark.long
def test_a_city_of_two_words_is_typed_and_the_hints_count_what_is_chosen(
    empty_session: DemoSession,
) -> None:
    make(empty_session, "laptop")

    async def scene(pilot: Pilot[None]) -> None:
        screen = await open_it(pilot)
        await type_text(pilot, "hong kon")
        assert [*lines(screen)] == ["ap-east-1"]
        assert state(screen) == "none chosen yet"
        await pilot.press("space")
        assert state(screen) == "chosen: ap-east-1"
        assert drawn(pilot).splitlines()[-1].startswith(" enter import into 1   space choose")
        # A word to which a line goes on is no choice yet.
        await pilot.press("ctrl+u")
        await type_text(pilot, "tel")
        assert drawn(pilot).splitlines()[-1].startswith(" enter import into 1   esc back")

    play(empty_session, scene)


@pytest.mark.long
@SIZES
def test_nothing_chosen_copies_nothing_and_a_done_region_can_be_chosen_again(
    empty_session: DemoSession, size: tuple[int, int]
) -> None:
    make(empty_session, "laptop")

    async def scene(pilot: Pilot[None]) -> None:
        screen = await open_it(pilot)
        await pilot.press("enter")
        assert state(screen) == "space chooses the Region under the cursor"
        assert empty_session.regions_in_use().keys() == {"us-east-1"}
        await type_text(pilot, "lond")
        assert state(screen) == "none chosen yet"
        await pilot.press("space", "space", "space", "enter")
        await until(pilot, lambda: state(screen).startswith("1 of 1 done"), "the end")
        assert screen.query_one(GroupedList).size.height >= 3
        empty_session.for_region("eu-west-2").backend.delete_key_pair(key_name="laptop")
        await pilot.press("space", "enter")
        await until(pilot, lambda: len(there(empty_session, "eu-west-2")) == 1, "the second copy")
        await until(pilot, lambda: state(screen).startswith("1 of 1 done"), "the second end")
        await type_text(pilot, "zzz")
        assert not screen.query_one(GroupedList).display
        await pilot.press("space", "enter")
        assert state(screen) == "no Region matches what was typed"
        await pilot.press("ctrl+u")
        await type_text(pilot, "lond")
        await pilot.press("space", "enter")
        told = "already there, nothing to do; esc goes back"
        await until(pilot, lambda: state(screen) == told, told)

    play(empty_session, scene, size)


def test_of_several_that_are_of_no_use_it_is_spoken_in_the_plural(
    empty_session: DemoSession,
) -> None:
    make(empty_session, "a", "b")
    a, b = empty_session.backend.describe_key_pairs()
    for pairs, its, are, them in (
        ([a], "Its private key was", "it is", "it"),
        ([a, b], "The private keys of a, b were", "they are", "them"),
        (
            [kept(a, private_key=PrivateKeyState.SAVED), b],
            "The private key of b was",
            "it is",
            "it",
        ),
    ):
        no_use = f"{are} of no use elsewhere, unless an agent or a copy holds {them}."
        assert region_imports.caution(pairs) == f"{its} never saved: {no_use}"


def test_many_are_explained_by_counts_and_what_was_refused_by_its_names() -> None:
    done = Imported("imported", "key-1, SHA256:abc", done=True)
    taken = Imported("name taken by another key", "The keypair already exists", done=False)
    quota = Imported("quota reached", "You are over your limit of 5,000", done=False)
    came = [(f"web-{number}", taken) for number in range(9)]
    came += [("db", quota), *((f"ok-{number}", done) for number in range(190))]
    assert region_imports.explained(came, of=300) == (
        "web-0, web-1, web-2, web-3 and 5 more: name taken by another key; "
        "db: quota reached: You are over your limit of 5,000; 190 imported; 100 not yet"
    )
    assert region_imports.explained([("web", done)], of=1) == "imported: key-1, SHA256:abc"
    # What is not noted is said of one and of many.
    notices = [f"EC2 imported {number} key pairs. It is not noted" for number in (2, 4)]
    noted = [replace(done, notice=each) for each in notices]
    said = region_imports.explained([("web", noted[0])], of=1)
    assert said == f"imported: key-1, SHA256:abc; {notices[0]}"
    said = region_imports.explained([("a", noted[0]), ("b", noted[1])], of=2)
    assert said == f"2 imported; {notices[1]}"


def test_every_refusal_has_its_word(empty_session: DemoSession) -> None:
    make(empty_session, "laptop")
    [pair] = empty_session.backend.describe_key_pairs()

    class Unsure(RegionImporter):
        def import_pairs(self, key_pairs: Sequence[KeyPair], name: str) -> Iterator[ImportedBatch]:
            raise StoreNotConfirmed("The change is in the file.")

    unsure = Unsure(empty_session)
    assert list(region_imports.import_pairs(unsure, [pair], "eu-west-1")) == [
        {pair.key_pair_id: Imported("not confirmed", "The change is in the file.", done=False)}
    ]
    # Every word but that of the root is that of its own kind, not of one that stands above it.
    kinds = [kind for kind, _ in region_imports._WORDS]
    assert not any(
        issubclass(later, kind) for i, kind in enumerate(kinds) for later in kinds[i + 1 :]
    )


@pytest.mark.long
def test_where_the_only_region_refuses_there_are_no_others(empty_session: DemoSession) -> None:
    make(empty_session, "laptop")
    empty_session.for_region("eu-west-2").backend.create_key_pair(
        key_name="laptop", key_type="ed25519"
    )

    async def scene(pilot: Pilot[None]) -> None:
        screen = await open_it(pilot)
        await choose(pilot, "eu-west-2")
        await pilot.press("enter")
        await until(
            pilot, lambda: state(screen) == "nothing was imported; enter tries again", "the end"
        )
        await choose(pilot, "eu-west-3")
        await pilot.press("enter")
        await until(
            pilot,
            lambda: state(screen) == "1 of 2 done; enter goes on with the others",
            "the second end",
        )

    play(empty_session, scene)
