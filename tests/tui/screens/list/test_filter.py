"""The filter above the list."""

import pytest
from textual.events import Paste
from textual.pilot import Pilot
from textual.widgets import Input

from core.model import Tag
from core.query import completion
from tests.demo import DemoSession
from tests.helpers import PUBLIC_KEY
from tests.tui.driving import app_of, drawn, play, text_of, type_text, until, until_screen
from tui.screens.list.filter.field import FilterInput
from tui.screens.list.key_pair_list import KeyPairListScreen

KEYS_AND_WHAT_THEY_LEAVE = (
    (("n",), "n"),
    (("end", "x"), "webx"),
    (("left", "x"), "xweb"),
    (("backspace",), ""),
)


async def filter_by(pilot: Pilot[None], text: str) -> FilterInput:
    await pilot.press("slash")
    await until(pilot, lambda: isinstance(app_of(pilot).focused, FilterInput), "the filter")
    await type_text(pilot, text)
    return app_of(pilot).screen.query_one(FilterInput)


@pytest.mark.long
def test_coming_back_to_the_filter_typing_replaces_it_and_moving_keeps_it(
    empty_session: DemoSession,
) -> None:
    for name in ("web-blue", "web-green", "nightly"):
        empty_session.backend.create_key_pair(key_name=name, key_type="ed25519")

    async def scene(pilot: Pilot[None]) -> None:
        for keys, then in KEYS_AND_WHAT_THEY_LEAVE:
            field = await filter_by(pilot, "web")
            await pilot.press("enter")
            await until(pilot, lambda: text_of(pilot, "#count") == "2 of 3 match", "the count")
            await filter_by(pilot, "")
            assert field.selected_text == "web"
            await pilot.press(*keys)
            assert field.value == then, keys
            await pilot.press("escape")

    play(empty_session, scene)


@pytest.mark.long
def test_the_cursor_goes_to_the_first_that_matches_and_back_to_where_it_was(
    empty_session: DemoSession,
) -> None:
    for name in ("db-1", "db-2", "db-3", *(f"web-{number}" for number in range(100, 140))):
        empty_session.backend.import_key_pair(
            key_name=name, public_key_material=PUBLIC_KEY.encode()
        )

    async def scene(pilot: Pilot[None]) -> None:
        screen = app_of(pilot).screen
        assert isinstance(screen, KeyPairListScreen)
        table = screen.view.table

        def stands(name: str, top: float) -> bool:
            pair = screen.view.highlighted
            return pair is not None and (pair.key_name, table.scroll_offset.y) == (name, top)

        await pilot.press("G", *"kkkkkk")
        top = table.scroll_offset.y
        assert top > 0
        assert stands("web-133", top)
        await filter_by(pilot, "web-13")
        await until(pilot, lambda: stands("web-133", 0), "what passes")
        await pilot.press("ctrl+u")
        await type_text(pilot, "db-")
        await until(pilot, lambda: stands("db-1", 0), "the first")
        # What is not understood leaves nothing out, and so does nothing.
        await pilot.press("ctrl+u")
        await type_text(pilot, "is:foo")
        await until(pilot, lambda: stands("web-133", top), "where it was")
        await pilot.press("ctrl+u")
        await type_text(pilot, "db-")
        await pilot.press("enter", "j")
        await until(pilot, lambda: stands("db-2", 0), "the second")
        await pilot.press("escape")
        await until(pilot, lambda: stands("web-133", top), "where it was")

    play(empty_session, scene)


@pytest.mark.long
def test_what_is_typed_on_the_way_to_a_filter_leads_nowhere(empty_session: DemoSession) -> None:
    for name in ("a-1", "b-team", "c-tam", "d-team"):
        empty_session.backend.import_key_pair(
            key_name=name, public_key_material=PUBLIC_KEY.encode()
        )

    async def scene(pilot: Pilot[None]) -> None:
        screen = app_of(pilot).screen
        assert isinstance(screen, KeyPairListScreen)

        def stands(name: str, count: int) -> bool:
            pair = screen.view.highlighted
            at = "" if pair is None else pair.key_name
            return (at, len(screen.view.shown)) == (name, count)

        assert stands("a-1", 4)
        await filter_by(pilot, "t")
        await until(pilot, lambda: stands("b-team", 3), "the first")
        await type_text(pilot, "am")
        await until(pilot, lambda: stands("c-tam", 1), "the only one")
        await pilot.press("backspace", "backspace")
        await until(pilot, lambda: stands("b-team", 3), "the first, not where one came by")
        # Where the person moved the cursor, it stays as long as that is there.
        await pilot.press("enter", "j", "j")
        await until(pilot, lambda: stands("d-team", 3), "the last")
        await pilot.press("slash", "end")
        await type_text(pilot, "e")
        await until(pilot, lambda: stands("d-team", 2), "where it was moved to")
        await type_text(pilot, "a")
        await until(pilot, lambda: stands("d-team", 2), "where it was moved to")

    play(empty_session, scene)


def shown(pilot: Pilot[None]) -> list[str]:
    screen = app_of(pilot).screen
    assert isinstance(screen, KeyPairListScreen)
    return [pair.key_name for pair in screen.view.shown]


@pytest.mark.long
def test_a_tag_that_is_being_typed_narrows_nothing_until_it_is_one(
    demo_session: DemoSession,
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        everything = shown(pilot)
        await filter_by(pilot, "tag:E")
        assert shown(pilot) == everything
        await type_text(pilot, "nv")
        assert len(shown(pilot)) == 4
        await type_text(pilot, "=stag")
        assert shown(pilot) == everything
        await type_text(pilot, "ing")
        assert shown(pilot) == ["web-green"]
        # Left, it is taken as it stands: what is done to all that are shown comes next.
        await pilot.press(*["backspace"] * 3)
        await until(pilot, lambda: "tag:Env=stag is no tag in use" in drawn(pilot), "why all")
        for leave in ("enter", "tab"):
            await pilot.press(leave)
            await until(pilot, lambda: shown(pilot) == [], "no such tag")
            why = "Nothing matches: tag:Env=stag is no tag in use; tag:Env=stag* finds what begins"
            assert text_of(pilot, "#empty").startswith(why)
            assert "narrows nothing yet" not in drawn(pilot)
            await pilot.press("slash", "end")
            await until(pilot, lambda: shown(pilot) == everything, "all, while it is typed")
        await type_text(pilot, "ing")
        assert shown(pilot) == ["web-green"]
        # What is the start of no tag finds nothing, as it is.
        await type_text(pilot, "x")
        assert shown(pilot) == []

    play(demo_session, scene)


@pytest.mark.long
def test_all_terms_must_hold_and_of_two_that_exclude_each_other_that_is_said(
    demo_session: DemoSession,
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        field = await filter_by(pilot, "")
        assert "all terms must hold" in text_of(pilot, "#fact")
        await type_text(pilot, "tag:Env=prod tag:Env=staging")
        assert "all terms must hold" not in text_of(pilot, "#fact")
        assert shown(pilot) == []
        why = "each term finds pairs, but no pair has both: all terms must hold"
        await until(pilot, lambda: why in text_of(pilot, "#note"), "why")
        await pilot.press("enter")
        assert why in text_of(pilot, "#note")
        # A term that is on the way to a tag narrows nothing, whatever the others let through.
        await filter_by(pilot, "")
        field.value = "type:ed25519 tag:En"
        await until(pilot, lambda: "tag:En is no tag in use" in text_of(pilot, "#note"), "why")
        assert shown(pilot)

    play(demo_session, scene)


@pytest.mark.long
@pytest.mark.parametrize("size", [(60, 15), (100, 24)], ids=str)
def test_an_order_is_said_whose_column_is_not_on_the_screen(
    demo_session: DemoSession, size: tuple[int, int]
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("s", "s")
        is_hidden = "Fingerprint" not in drawn(pilot)
        assert is_hidden is (size[0] == 60)
        said = "sorted by fingerprint: no room for that column here" if is_hidden else ""
        assert ("sorted by" in text_of(pilot, "#fact")) is is_hidden
        assert said in text_of(pilot, "#fact")
        await pilot.press("S")
        assert ("the other way round" in text_of(pilot, "#fact")) is is_hidden
        await pilot.press("s")
        assert "sorted by" not in text_of(pilot, "#fact")

    play(demo_session, scene, size)


@pytest.mark.long
def test_after_escape_the_cursor_is_where_it_was_before_the_filter(
    demo_session: DemoSession,
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        screen = app_of(pilot).screen
        assert isinstance(screen, KeyPairListScreen)
        await pilot.press("j", "j")
        before = screen.view.table.highlighted
        # On the way to its end it finds one pair, and the cursor goes there.
        await filter_by(pilot, "web-g")
        assert screen.view.table.highlighted != before
        await pilot.press("escape")
        await until(pilot, lambda: len(shown(pilot)) == 6, "all pairs")
        assert screen.view.table.highlighted == before
        await filter_by(pilot, "web-g")
        await pilot.press("enter", "escape")
        await until(pilot, lambda: len(shown(pilot)) == 6, "all pairs")
        assert screen.view.table.highlighted == before
        # Who has left the field meanwhile, and looked at another pair, is told of the jump.
        said = "filter cleared; the cursor is where it was before it"
        assert screen.fact_line.said_briefly == said

    play(demo_session, scene)


@pytest.mark.long
@pytest.mark.parametrize("size", [(80, 24), (60, 15)], ids=str)
def test_the_empty_field_shows_what_can_be_typed_and_chosen_pairs_are_found(
    demo_session: DemoSession, size: tuple[int, int]
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("space", "space")
        await filter_by(pilot, "")
        grammar = "name, key-…, fingerprint, type:rsa, tag:Env=prod, is:unsaved, -not"
        if size[0] == 60:
            grammar = "name, id, fingerprint, type:, tag:Env=prod, is:, -not"
        await until(pilot, lambda: grammar in drawn(pilot), "the grammar")
        await type_text(pilot, "is:chosen")
        chosen = ["batch-runner", "ci-deploy"]
        await until(pilot, lambda: shown(pilot) == chosen, "those chosen")
        await pilot.press("ctrl+u")
        await type_text(pilot, "-is:chosen")
        await until(pilot, lambda: "4 of 6 match" in drawn(pilot), "the others")
        assert len(shown(pilot)) == 4

    play(demo_session, scene, size)


def test_no_keys_of_the_list_are_taught_while_they_would_be_typed(
    empty_session: DemoSession,
) -> None:
    # Of an imported pair there is nothing to heed, and so room to teach.
    empty_session.backend.import_key_pair(key_name="a", public_key_material=PUBLIC_KEY.encode())

    async def scene(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "f find" in text_of(pilot, "#fact"), "what is taught")
        await filter_by(pilot, "")
        assert "f find" not in text_of(pilot, "#fact")

    play(empty_session, scene)


def words(pilot: Pilot[None]) -> str:
    """Return what is drawn, its lines joined."""
    return " ".join(drawn(pilot).replace("│", " ").split())


@pytest.mark.long
@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU", "fingerprint"),
        ("256 SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU a b (ED25519)", "fingerprint"),
        (f"{PUBLIC_KEY} sam@laptop", "public key"),
        ("zebra", ""),
        ("ssh-ed25519", ""),
    ],
)
def test_where_no_pair_has_a_fingerprint_it_is_said_what_looks_further(
    demo_session: DemoSession, text: str, what: str
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await filter_by(pilot, text)
        await until(pilot, lambda: "Nothing matches." in drawn(pilot), "that there is none")
        for keys, press in (("enter, then f", "enter"), ("f", "slash"), ("enter, then f", "enter")):
            # Letters that are typed into the filter are no keys of the list.
            further = f"; {keys} looks for a {what} in all Regions and among the deleted pairs."
            said = f"Press esc to show all pairs again{further if what else '.'}"
            await until(pilot, lambda said=said: said in words(pilot), said)  # type: ignore[misc] # its default
            await pilot.press(press)
        if what:
            await pilot.press("f")
            await until_screen(pilot, "FindScreen")

    play(demo_session, scene)


COMPLETIONS = (
    # What is typed, and what the right arrow makes of it.
    ("ty", "type:"),
    ("type:R", "type:Rsa"),
    ("web is:u", "web is:unsaved"),
    ("tag:e", "tag:env"),
    ("-tag:Env=s", "-tag:Env=staging"),
    ("tag:Env", "tag:Env=prod"),
    ("tag-key:own", "tag-key:owner"),
    ('tag:Owner="Ja', 'tag:Owner="Jane Doe"'),
    # Quotes go round what has a blank or a quote in it, and what was typed of it.
    ("tag:Owner=Ja", 'tag:"Owner=Jane Doe"'),
    ("tag:C", 'tag:"Cost Center"'),
    ("web -tag-key:co", 'web -tag-key:"Cost Center"'),
    ('tag:"Cost C', 'tag:"Cost Center"'),
    ('tag:"Cost Center"=', 'tag:"Cost Center=R & D"'),
    ('tag:"Cost Center=R', 'tag:"Cost Center=R & D"'),
    ('tag:"Cost Center"=l', 'tag:"Cost Center"=lab'),
    ("tag:Q", 'tag:"Quote""d"'),
    ('tag:"Quote""', 'tag:"Quote""d"'),
    ("web ", None),
    ("zz", None),
    ("older:", None),
)


def test_the_last_term_goes_on_with_fields_and_with_tags_in_use() -> None:
    tags = {
        "Env": ["prod", "staging"],
        "Owner": ["Jane Doe"],
        "Cost Center": ["R & D", "lab"],
        'Quote"d': [""],
    }
    found = {text: completion(text, lambda: tags) for text, _ in COMPLETIONS}
    assert [(text, made and made.taken) for text, made in found.items()] == [*COMPLETIONS]
    # It is drawn behind what was typed.
    assert all(made is None or made.shown.startswith(text) for text, made in found.items())


UNFINISHED = (
    # What is typed on the way, and what is said of it.
    ("tag:E", "tag:E is no tag in use"),
    ("-tag:E", "tag:E is no tag in use"),
    ("tag:E type:rsa", "tag:E is no tag in use"),
    ('tag:"Cost Center"=', 'tag:"Cost Center"= wants a value'),
    ('tag:"Cost Center"=R web', 'tag:"Cost Center"=R is no tag in use'),
    ('tag:"Cost C"', 'tag:"Cost C" is no tag in use'),
    ("tag-key:Ow", "tag-key:Ow is no tag in use"),
    ("name:web-", "name:web- is no name in use"),
    ("-t", "-t may become -type:"),
    ("-ta", "-ta may become -tag:"),
    ("web -name", "-name may become -name:"),
)


@pytest.mark.long
def test_what_is_on_the_way_to_another_term_narrows_nothing_wherever_it_stands(
    demo_session: DemoSession,
) -> None:
    ids = [demo_session.backend.describe_key_pairs()[0].key_pair_id]
    demo_session.backend.create_tags(resources=ids, tags=[Tag("Cost Center", "R & D")])

    async def scene(pilot: Pilot[None]) -> None:
        field = await filter_by(pilot, "x")
        for text, why in UNFINISHED:
            field.value = text
            said = f"{why}, and narrows nothing yet"
            if text == "name:web-":  # where the rest is not suggested
                said += "; name:web-* finds what begins so"
            await until(pilot, lambda said=said: said in words(pilot), said)  # type: ignore[misc] # its default
            rest = [term for term in text.split() if term in ("type:rsa", "web")]
            whole = shown(pilot)
            field.value = " ".join(rest)
            await until(pilot, lambda: "narrows nothing yet" not in drawn(pilot), "the rest")
            assert shown(pilot) == whole, text
        assert field.value == "web"
        # A term that narrows is not held up.
        for text, count in (("-web", 4), ("-tag:Env", 2), ("name:web-*", 2), ("-x", 6)):
            field.value = text
            await until(pilot, lambda count=count: len(shown(pilot)) == count, text)  # type: ignore[misc] # its default
        # The right arrow puts the quotes where they belong.
        field.value = ""
        await type_text(pilot, "tag:Cos")
        await until(pilot, lambda: "tag:Cost Center" in drawn(pilot), "how it goes on")
        await pilot.press("right")
        assert field.value == 'tag:"Cost Center"'
        await until(pilot, lambda: len(shown(pilot)) == 1, "the pair")

    play(demo_session, scene)


@pytest.mark.long
def test_the_right_arrow_takes_what_is_suggested_and_tab_never_does(
    demo_session: DemoSession,
) -> None:
    hostile = Tag("Env\x1b[31m", "x")
    ids = [demo_session.backend.describe_key_pairs()[0].key_pair_id]
    demo_session.backend.create_tags(resources=ids, tags=[hostile])

    async def scene(pilot: Pilot[None]) -> None:
        field = await filter_by(pilot, "tag:Env=st")
        await until(pilot, lambda: "tag:Env=staging" in drawn(pilot), "the suggestion")
        taught = "narrows nothing yet; → takes what is grey"
        await until(pilot, lambda: taught in " ".join(drawn(pilot).split()), taught)
        await pilot.press("tab")
        assert field.value == "tag:Env=st"
        # Leaving the field and coming back suggests it again.
        await pilot.press("slash")
        await until(pilot, lambda: "tag:Env=staging" in drawn(pilot), "the suggestion again")
        await pilot.press("end", "a")
        await until(pilot, lambda: "tag:Env=staging" in drawn(pilot), "the suggestion")
        await pilot.press("right")
        assert field.value == "tag:Env=staging"
        await until(pilot, lambda: shown(pilot) == ["web-green"], "the pair")
        await pilot.press("ctrl+u")
        await type_text(pilot, "tag:Env")
        await until(pilot, lambda: "tag:Env=prod" in drawn(pilot), "the suggestion")
        # Regions are completed where they are looked for.
        await pilot.press("enter", "r")
        await until_screen(pilot, "PickRegionScreen")
        await type_text(pilot, "EU-West-2")
        await pilot.press("backspace", "backspace")
        await until(pilot, lambda: "EU-West-1" in drawn(pilot), "the Region")
        await pilot.press("right")
        assert app_of(pilot).screen.query_one("#search", Input).value == "eu-west-1"

    play(demo_session, scene)


@pytest.mark.long
def test_filter_and_order_stay_for_the_session(demo_session: DemoSession) -> None:
    async def turn(pilot: Pilot[None], region: str) -> None:
        await pilot.press("r")
        await until_screen(pilot, "PickRegionScreen")
        await type_text(pilot, region)
        await pilot.press("enter")
        top = f"keypairs  {region} "
        await until(pilot, lambda: drawn(pilot).lstrip().startswith(top), region)

    async def scene(pilot: Pilot[None]) -> None:
        await filter_by(pilot, "e")
        await pilot.press("enter", "S")
        before = shown(pilot)
        assert before == ["web-green", "web-blue", "old-laptop", "ci-deploy", "batch-runner"]
        await turn(pilot, "eu-west-1")
        await until(pilot, lambda: "No key pairs in eu-west-1" in drawn(pilot), "none there")
        assert "/ ▌ e " in drawn(pilot)
        await turn(pilot, "us-east-1")
        await until(pilot, lambda: shown(pilot) == before, "the same again")
        assert text_of(pilot, "#count") == "5 of 6 match"

    play(demo_session, scene)


@pytest.mark.long
def test_while_a_filter_is_on_the_way_back_to_all_is_taught(demo_session: DemoSession) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await filter_by(pilot, "web")
        await pilot.press("enter")
        await until(pilot, lambda: "enter details" in drawn(pilot), "the keys of the list")
        assert "esc show all" in drawn(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: "esc show all" not in drawn(pilot), "all of them")
        # Where there is room, also what a wide window teaches without a filter.
        await filter_by(pilot, "web")
        await pilot.press("enter")
        await pilot.resize_terminal(160, 40)
        await until(pilot, lambda: "space choose" in drawn(pilot), "what there is room for")
        assert "esc show all" in drawn(pilot)

    play(demo_session, scene)


@pytest.mark.long
def test_what_the_filter_knows_no_word_for_is_said_and_what_it_suggests_how_to_take(
    demo_session: DemoSession,
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        for text, word in (("web or nightly", "or"), ("web|nightly", "|")):
            await filter_by(pilot, text)
            said = f"{word} is looked for as it stands: all terms must hold"
            await until(pilot, lambda said=said: said in drawn(pilot), said)  # type: ignore[misc] # its default
            await pilot.press("ctrl+u")
        await type_text(pilot, "tag:Env")
        await until(pilot, lambda: "→ takes what is grey" in drawn(pilot), "how it is taken")
        # In the list nothing takes it any more, be there a pair or not.
        await pilot.press("enter")
        await until(pilot, lambda: "→ takes what is grey" not in drawn(pilot), "nothing of it")

    play(demo_session, scene)


@pytest.mark.long
def test_an_m_is_said_to_be_months(demo_session: DemoSession) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        for text, said in (
            ("newer:5m", "m is months: 5m is 5 months"),
            ("-older:1M", "m is months: 1M is 1 month"),
            ("newer:5d", ""),
        ):
            await filter_by(pilot, text)
            await until(pilot, lambda s=said: text_of(pilot, "#note") == s, text)  # type: ignore[misc] # its default
            await pilot.press("escape")

    play(demo_session, scene)


async def until_fact(pilot: Pilot[None], text: str) -> None:
    await until(pilot, lambda: text_of(pilot, "#fact") == text, text)


@pytest.mark.long
def test_of_new_pairs_it_is_said_where_the_filter_hides_them(empty_session: DemoSession) -> None:
    for name in ("web", "db", "db-2", "zeta"):
        empty_session.backend.create_key_pair(key_name=name, key_type="ed25519")

    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("asterisk", "G", "space", "d")
        await until_screen(pilot, "DeleteKeyPairsScreen")
        await pilot.press("y")
        await until_screen(pilot, "KeyPairListScreen")
        await filter_by(pilot, "web")
        await pilot.press("enter", "u")
        await until_fact(pilot, "brought 3 pairs back; the filter hides 2 of them")
        await pilot.press("i")
        await until_screen(pilot, "ImportKeyPairScreen")
        await type_text(pilot, "laptop")
        await pilot.press("tab")
        await pilot.pause()
        app_of(pilot).post_message(Paste(PUBLIC_KEY))
        await until(pilot, lambda: "EC2 will show" in drawn(pilot), "the key")
        await pilot.press("enter")
        await until_fact(pilot, "imported laptop; the filter hides it")

    play(empty_session, scene)
