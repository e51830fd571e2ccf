"""What the details show for pasting, and what is copied."""

from datetime import timedelta
from functools import partial

import pytest
from textual.pilot import Pilot

from core.custody import file_kinds, saving
from core.custody.recipes import recipes
from core.model import FileFormat, KeptKeyPair, Tag
from tests.demo import DemoSession
from tests.each_row import each_row
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
from tui.actions.table import Place
from tui.screens.list.key_pair_list import KeyPairListScreen
from tui.screens.pair import copy_menu
from tui.screens.pair_headline import PairHeadline
from tui.widgets.facts import Facts
from tui.widgets.form_field import FormBody
from tui.widgets.pick_list import PickList
from tui.words import judging
from tui.words.details import sections
from tui.words.text import as_pasted, visible
from tui.words.verdict import Tone

NAME = r"back\slash \\ and \u{e9}"


def make(session: DemoSession) -> KeptKeyPair:
    created = session.backend.create_key_pair(key_name=NAME, key_type="ed25519")
    saving.save_key_material(session, created, "~/.ssh/one.pem")
    saving.save_key_material(session, created, "~/.ssh/putty", FileFormat.PPK2)
    (pair,) = session.backend.describe_key_pairs(key_names=[NAME])
    return pair


def test_what_is_shown_to_be_pasted_is_what_is_copied(empty_session: DemoSession) -> None:
    pair = make(empty_session)
    shown = {
        section.heading: [value for _, value in Facts(section.facts, pasteable=True)._facts]
        for section in sections(empty_session, pair)
        if section.pasteable
    }
    copied = recipes(pair, empty_session.region, file_kinds.by_content(pair.custody.saved_to))
    assert {each.title: each.text.splitlines() for each in copied}.items() <= shown.items()
    assert shown["Public key"] == [f"{pair.public_key} {NAME}"]
    items = {item.value: item.text for item in copy_menu._items(copy_menu._texts(pair))}
    assert items["name"] == f"{'name':<29}{NAME}"
    assert any(r"printf '%s\n'" in line for line in shown["public key file"])


def test_the_history_has_the_words_of_the_journal_and_what_each_act_was_about(
    empty_session: DemoSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.store.journal.user", lambda: "anna")
    pair = make(empty_session)
    empty_session.backend.create_tags(resources=[pair.key_pair_id], tags=[Tag("Env", "prod")])
    [history] = [each for each in sections(empty_session, pair) if each.heading == "History"]
    assert [said[len("12:00 ") :] for _, said in history.facts] == [
        "create by anna",
        "save by anna · ~/.ssh/one.pem",
        "save by anna · ~/.ssh/putty",
        "tag by anna · set Env",
    ]
    journal = empty_session.store.journal.path
    journal.write_bytes(journal.read_bytes().replace(b'"done"', b'"begun"'))
    [history] = [each for each in sections(empty_session, pair) if each.heading == "History"]
    assert history.facts[0][1].endswith("create by anna · ! not confirmed")


@pytest.mark.long
def test_the_copy_menu_has_titles_and_muted_texts_in_two_columns(
    empty_session: DemoSession,
) -> None:
    make(empty_session)

    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("y")
        await until_screen(pilot, "PickScreen")
        lines = app_of(pilot).screen.query_one(PickList)
        muted = lines.get_component_rich_style("pick-list--remark").color
        assert lines.count > 9
        texts = []
        for row, item in enumerate(lines.items[: lines.size.height]):
            title, text, *_ = lines.render_line(row)
            if row:  # on the first is the cursor
                assert title.text.rstrip() == item.value and title.text.endswith("  ")
                assert text.style is not None and text.style.color == muted
                texts.append(drawn(pilot).splitlines()[lines.region.y + row].index(text.text[:9]))
        assert len(set(texts)) == 1
        # What is cut stands whole below, without its title, and apart: it is no line to pick.
        assert text_of(pilot, "#whole").startswith("ssh-")
        last = lines.region.y + lines.count - 1
        assert lines.count == lines.size.height
        below = [line.strip("│ ") for line in drawn(pilot).splitlines()[last + 1 :]]
        assert below[0] == "" and below[1].startswith("ssh-")
        # Typing narrows by what is read of a line, and not by base64.
        await type_text(pilot, "AAA")
        await until(pilot, lambda: "Nothing matches" in drawn(pilot), "no line")
        await pilot.press("ctrl+u")
        # Enter copies, as the bar says.
        assert "enter copy" in drawn(pilot)

    play(empty_session, scene)


@pytest.mark.long
def test_the_details_show_it_on_the_screen(empty_session: DemoSession) -> None:
    make(empty_session)

    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("enter")
        await until_screen(pilot, "DetailsScreen")
        await until(pilot, lambda: len(app_of(pilot).screen.query(Facts)) > 5, "the page")
        lines = [str(facts.render()) for facts in app_of(pilot).screen.query(Facts)]
        assert any(r"printf '%s\n'" in text for text in lines)
        assert not any("ssh-keygen -y -f" in text and "putty" in text for text in lines)

    play(empty_session, scene, (200, 50))


def test_only_a_backslash_is_shown_otherwise_than_in_other_texts() -> None:
    zero_width, backslash = chr(0x200B), chr(92)
    assert (
        as_pasted(backslash + zero_width + backslash * 2) == backslash + r"\u{200b}" + backslash * 2
    )
    for text in ("plain", "\x1b[31m", zero_width, "é"):
        assert as_pasted(text) == visible(text)


@pytest.mark.long
def test_of_the_chosen_the_details_count_only_the_others(empty_session: DemoSession) -> None:
    for name in ("a", "b", "c"):
        empty_session.backend.create_key_pair(key_name=name, key_type="ed25519")

    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("asterisk", "enter")
        await until_screen(pilot, "DetailsScreen")
        said = "about this pair, not the 2 others chosen"
        await until(pilot, lambda: said in drawn(pilot), said)

    play(empty_session, scene)


@pytest.mark.long
def test_what_was_opened_from_the_details_leads_back_there(empty_session: DemoSession) -> None:
    pair = empty_session.backend.create_key_pair(key_name="web", key_type="ed25519").key_pair

    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("enter")
        for key, name in (("t", "EditTagsScreen"), ("d", "DeleteKeyPairsScreen")):
            await until_screen(pilot, "DetailsScreen")
            await pilot.press(key)
            await until_screen(pilot, name)
            await pilot.press("escape")
        await until_screen(pilot, "DetailsScreen")
        await pilot.press("t")
        await until_screen(pilot, "EditTagsScreen")
        await type_text(pilot, "Env")
        await pilot.press("tab", "enter")
        await until_screen(pilot, "DetailsScreen")
        await until(pilot, lambda: "Env" in drawn(pilot), "the tag that was added")
        await pilot.press("d")
        await until_screen(pilot, "DeleteKeyPairsScreen")
        await press_alone(pilot, "y")
        # An empty list has no focus.
        app = app_of(pilot)
        await until(pilot, lambda: isinstance(app.screen, KeyPairListScreen), "the list")

    play(empty_session, scene)
    assert empty_session.key_pair_named(pair.key_name) is None


@each_row(
    ("tag", "tone"),
    [
        (Tag("Env=prod"), Tone.CAUTION),
        (Tag("Env=prod", "x"), Tone.PLAIN),
        (Tag("Env", "a=b"), Tone.PLAIN),
        (Tag("Env"), Tone.PLAIN),
    ],
)
def test_a_tag_typed_into_its_key_is_said_to_be_that(tag: Tag, tone: Tone) -> None:
    assert judging.of_tags([Tag("a", "b"), tag], Place.CREATE).tone is tone


def test_beside_what_is_wrong_with_tags_stands_how_one_is_removed() -> None:
    judged = judging.of_tags([Tag("aws:a"), Tag("b")], Place.CREATE)
    assert judged.tone is Tone.BAD
    assert judged.text.endswith("; ctrl+r there removes it")


@pytest.mark.long
def test_a_wide_window_has_what_proves_the_pair_beside_what_it_is_used_with(
    empty_session: DemoSession,
) -> None:
    pair = make(empty_session)
    panels = {80: 80, 100: 100, 102: 92, 119: 92, 120: 120, 133: 133, 134: 124, 200: 124}

    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("enter")
        await until_screen(pilot, "DetailsScreen")
        await until(pilot, lambda: "Public key" in drawn(pilot), "the page")
        strips = app_of(pilot).screen._compositor.render_strips()
        kind, after = (
            next(each.style for strip in strips for each in strip if each.text.startswith(text))
            for text in ("ed25519", f" · {pair.key_pair_id}")
        )
        assert kind is not None and after is not None and kind.color != after.color
        for width, panel in panels.items():
            await pilot.resize_terminal(width, 40)
            await until(pilot, partial(_has_width, pilot, panel), f"{panel} of {width}")
            (first,) = (line for line in drawn(pilot).splitlines() if "private key file" in line)
            assert ("Fingerprints" in first) == (width >= 120), width
            assert pair.key_fingerprint in drawn(pilot), width

    play(empty_session, scene)


def _has_width(pilot: Pilot[None], width: int) -> bool:
    return app_of(pilot).screen.query_one(FormBody).outer_size.width == width


@pytest.mark.long
def test_tags_are_said_to_be_saved_where_they_were_edited_and_undone_there(
    empty_session: DemoSession,
) -> None:
    for name in ("a", "b"):
        empty_session.backend.create_key_pair(key_name=name, key_type="ed25519")

    def tags() -> list[tuple[Tag, ...]]:
        return [pair.tags for pair in empty_session.backend.describe_key_pairs()]

    async def scene(pilot: Pilot[None]) -> None:
        async def says(words: str) -> None:
            await until_screen(pilot, "DetailsScreen")
            await until(pilot, lambda: words in text_of(pilot, "#fact").replace("\n", " "), words)

        await pilot.press("enter")
        await until_screen(pilot, "DetailsScreen")
        await pilot.press("u")
        await says("nothing to undo here: u undoes tags just set on this pair, or brings it back")
        await pilot.press("t")
        await until_screen(pilot, "EditTagsScreen")
        await pilot.press("ctrl+t")
        await type_text(pilot, "Env")
        await pilot.press("tab", "enter")
        await says("tags saved: a; u undoes it")
        assert tags() == [(Tag("Env", ""),), ()]
        # Of another pair it is not undone.
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: "2 of 2" in text_of(pilot, "#fact"), "the other pair")
        await pilot.press("u")
        await says("nothing to undo here")
        await pilot.press("left_square_bracket")
        await until(pilot, lambda: "1 of 2" in text_of(pilot, "#fact"), "the pair")
        await pilot.press("u")
        await says("the tags of a are as before")
        assert tags() == [(), ()]

    play(empty_session, scene, (60, 15))


@pytest.mark.long
def test_the_headline_breaks_before_what_does_not_fit_into_it(empty_session: DemoSession) -> None:
    empty_session.backend.create_key_pair(key_name="bastion-2", key_type="ed25519")
    empty_session.time += timedelta(minutes=4)

    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("enter")
        await until_screen(pilot, "DetailsScreen")
        headline = app_of(pilot).screen.query_one(PairHeadline)
        first, second, *_ = str(headline.render()).splitlines()
        assert first.endswith("00001")
        assert second.strip() == "created 4 minutes ago"

    play(empty_session, scene, (60, 15))


@pytest.mark.long
def test_tags_that_were_set_on_several_are_said_to_be_undone_in_the_list(
    empty_session: DemoSession,
) -> None:
    for name in ("a", "b", "c"):
        empty_session.backend.create_key_pair(key_name=name, key_type="ed25519")

    async def scene(pilot: Pilot[None]) -> None:
        async def says_in_details(words: str) -> None:
            await pilot.press("enter")
            await until_screen(pilot, "DetailsScreen")
            await pilot.press("u")
            await until(pilot, lambda: words in text_of(pilot, "#fact").replace("\n", " "), words)
            await pilot.press("escape")
            await until_screen(pilot, "KeyPairListScreen")

        await pilot.press("space", "space", "t")
        await until_screen(pilot, "EditTagsScreen")
        await type_text(pilot, "Env")
        await pilot.press("enter", "enter")
        await until_screen(pilot, "KeyPairListScreen")
        await pilot.press("escape", "g")
        await says_in_details("tags were just set on 2 pairs together: u in the list undoes that")
        await pilot.press("G")
        await says_in_details("nothing to undo here")

    play(empty_session, scene, (60, 15))


@pytest.mark.long
def test_a_key_of_the_list_says_on_a_page_that_it_is_one(demo_session: DemoSession) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("enter")
        await until_screen(pilot, "DetailsScreen")
        for key, name in (("f", "f"), ("slash", "/"), ("asterisk", "*")):
            await pilot.press(key)
            said = f"{name} is a key of the list: esc goes back"
            await until(pilot, lambda said=said: said in drawn(pilot), said)  # type: ignore[misc]  # mypy cannot infer the default
        await pilot.press("x", "t")  # which is none at all, and one of the page's own
        await until_screen(pilot, "EditTagsScreen")

    play(demo_session, scene)
