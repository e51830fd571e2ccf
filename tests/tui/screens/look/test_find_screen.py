import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from textual.events import Paste
from textual.pilot import Pilot
from textual.widgets import Input

from core.checks import look_up as find
from core.checks.answers import Found
from tests.demo import DemoSession
from tests.helpers import PUBLIC_KEY, Agent
from tests.tui.driving import (
    app_of,
    drawn,
    play,
    text_of,
    type_text,
    until,
    until_loaded,
    until_screen,
)
from tests.tui.loop import in_loop
from tui.app import KeyPairsApp
from tui.screens.create.import_key_pair import ImportKeyPairScreen
from tui.screens.create.key_text import KeyText
from tui.screens.list.key_pair_list import KeyPairListScreen
from tui.screens.look.find import FindScreen
from tui.widgets.key_hints import KeyHints
from tui.widgets.pick_list import PickList
from tui.widgets.search_input import SearchInput
from tui.widgets.text_input import TAKES
from tui.words.verdict import Tone

HOSTILE = "\x1b]0;owned\x07 [/b] [@click=app.quit]x[/] \u202e"


@pytest.fixture
def keys(demo_session: DemoSession, home: Path) -> Path:
    """Return ~/keys: a known private key, a known and an unknown .pub, and what is no key."""
    folder = home / "keys"
    folder.mkdir()
    (folder / "a").write_bytes((home / ".ssh" / "ci-deploy.pem").read_bytes())
    (pair,) = demo_session.backend.describe_key_pairs(key_names=["web-blue"])
    frankfurt = demo_session.for_region("eu-west-1")
    frankfurt.backend.import_key_pair(key_name="blue", public_key_material=pair.public_key)
    (folder / "b.pub").write_text(PUBLIC_KEY + " sam@laptop\n")
    created = frankfurt.backend.create_key_pair(key_name="there", key_type="ed25519")
    (folder / "c.pub").write_text(created.key_pair.public_key)
    (folder / "notes").write_text("nothing\n")
    return folder


async def open_screen(pilot: Pilot[None], text: str) -> FindScreen:
    """Open the screen from the list, fill its field, and press Enter."""
    await until_loaded(pilot)
    await pilot.press("f")
    await until_screen(pilot, "FindScreen")
    screen = app_of(pilot).screen
    assert isinstance(screen, FindScreen)
    screen._thing.value = text
    await pilot.press("enter")
    return screen


async def look_up(pilot: Pilot[None], text: str) -> FindScreen:
    """Do so, and wait until all is looked up."""
    screen = await open_screen(pilot, text)
    await until(pilot, lambda: "looked at" in said(screen) and "…" not in said(screen), "the end")
    return screen


def said(screen: FindScreen) -> str:
    return screen._status.verdict.text


def rows(screen: FindScreen) -> list[tuple[str, str]]:
    return [(item.text, item.remark) for item in screen.query_one(PickList)._items]


def hint(screen: FindScreen) -> str:
    """Return the first of the hints: what Enter does, if it does anything."""
    return " ".join(screen.query_one(KeyHints)._hints[0])


def highlighted(pilot: Pilot[None]) -> str:
    screen = app_of(pilot).screen
    assert isinstance(screen, KeyPairListScreen)
    pair = screen.view.highlighted
    return f"{pair.key_name if pair else None} in {screen.view.session.region}"


@pytest.mark.long
@in_loop
async def test_a_folder_is_looked_up_and_enter_goes_to_the_pair(
    demo_session: DemoSession, keys: Path
) -> None:
    async with KeyPairsApp(demo_session).run_test() as pilot:
        screen = await look_up(pilot, "~/keys")
        assert rows(screen) == [
            ("✓ a", "ci-deploy in us-east-1"),
            ("? b.pub  sam@laptop", "unknown"),
            ("✓ c.pub", "there in eu-west-1"),
        ]
        marks = [(item.text[: item.key_length], item.tone) for item in screen._list.items]
        assert marks == [("✓", Tone.GOOD), ("?", Tone.CAUTION), ("✓", Tone.GOOD)]
        assert said(screen) == "looked at 4 files; 3 keys, 2 known."
        assert hint(screen) == "enter go to pair"
        await pilot.press("enter")
        await until(pilot, lambda: highlighted(pilot) == "ci-deploy in us-east-1", "the pair")


@pytest.mark.long
@in_loop
async def test_a_fingerprint_that_the_list_is_filtered_by_is_looked_up_at_once(
    demo_session: DemoSession, keys: Path
) -> None:
    frankfurt = demo_session.for_region("eu-west-1")
    (there,) = frankfurt.backend.describe_key_pairs(key_names=["there"])
    async with KeyPairsApp(demo_session).run_test() as pilot:
        await until_loaded(pilot)
        await pilot.press("slash")
        await type_text(pilot, there.custody.fingerprints.ssh_sha256)
        await pilot.press("enter", "f")
        await until_screen(pilot, "FindScreen")
        screen = app_of(pilot).screen
        assert isinstance(screen, FindScreen)
        assert screen._thing.value == there.custody.fingerprints.ssh_sha256
        await until(pilot, lambda: "there in eu-west-1" in str(rows(screen)), "whose it is")
        # What else the list is filtered by is none of its business.
        await pilot.press("escape")
        await until_screen(pilot, "KeyPairListScreen")
        await pilot.press("slash")
        await type_text(pilot, "web")
        await pilot.press("enter", "f")
        await until_screen(pilot, "FindScreen")
        assert app_of(pilot).screen.query_one(SearchInput).value == ""


@pytest.mark.long
@in_loop
async def test_a_comment_that_is_the_name_of_the_pair_is_not_said_twice(
    demo_session: DemoSession, keys: Path
) -> None:
    line = (keys / "c.pub").read_text().strip()
    (keys / "c.pub").write_text(f"{line} there\n")
    async with KeyPairsApp(demo_session).run_test() as pilot:
        screen = await look_up(pilot, "~/keys/c.pub")
        assert [remark for _, remark in rows(screen)] == ["there in eu-west-1"]
        assert "there" not in rows(screen)[0][0]


@pytest.mark.long
@in_loop
async def test_enter_on_a_pair_of_another_region_turns_to_that(
    demo_session: DemoSession, keys: Path
) -> None:
    async with KeyPairsApp(demo_session).run_test() as pilot:
        await until_loaded(pilot)
        await pilot.press("slash", "w", "enter")
        await look_up(pilot, "~/keys/c.pub")
        await pilot.press("enter")
        await until(pilot, lambda: highlighted(pilot) == "there in eu-west-1", "the pair")


@pytest.mark.long
@in_loop
async def test_a_pair_that_the_filter_hides_is_shown(demo_session: DemoSession, keys: Path) -> None:
    async with KeyPairsApp(demo_session).run_test() as pilot:
        await until_loaded(pilot)
        await pilot.press("slash", *"nightly", "enter")
        await look_up(pilot, "~/keys/a")
        await pilot.press("enter")
        await until(pilot, lambda: highlighted(pilot) == "ci-deploy in us-east-1", "the pair")


@in_loop
@pytest.mark.long
async def test_a_key_of_pairs_in_two_regions_has_a_line_for_each_that_at_hand_first(
    demo_session: DemoSession, keys: Path
) -> None:
    (pair,) = demo_session.backend.describe_key_pairs(key_names=["web-blue"])
    async with KeyPairsApp(demo_session).run_test() as pilot:
        screen = await look_up(pilot, pair.custody.fingerprints.ssh_sha256)
        assert rows(screen) == [
            ("✓ what you typed", "web-blue in us-east-1"),
            ("✓ what you typed", "blue in eu-west-1"),
        ]
        assert said(screen) == "looked at 8 pairs; 2 have this."
        await pilot.press("down")
        assert "blue in eu-west-1 (" in text_of(pilot, "#answer")
        await pilot.press("enter")
        await until(pilot, lambda: highlighted(pilot) == "blue in eu-west-1", "the pair")
        screen = await look_up(pilot, pair.custody.fingerprints.ssh_sha256)
        await pilot.press("enter")
        await until(pilot, lambda: highlighted(pilot) == "blue in eu-west-1", "the pair at hand")


@in_loop
@pytest.mark.long
async def test_an_unknown_key_is_imported_from_there(demo_session: DemoSession, keys: Path) -> None:
    async with KeyPairsApp(demo_session).run_test() as pilot:
        screen = await look_up(pilot, "~/keys")
        await pilot.press("down")
        await until(pilot, lambda: "import" in hint(screen), "the hint")
        await pilot.press("enter")
        await until_screen(pilot, "ImportKeyPairScreen")
        form = app_of(pilot).screen
        assert isinstance(form, ImportKeyPairScreen)
        assert (form._key_name.value, form._material.text) == ("sam@laptop", PUBLIC_KEY)
        # Escape leads back to what was found.
        await pilot.press("escape")
        await until_screen(pilot, "FindScreen")
        again = app_of(pilot).screen
        assert isinstance(again, FindScreen)
        await until(pilot, lambda: hint(again) == "enter import", "the same row")
        assert again._thing.value == "~/keys"
        await pilot.press("enter")
        await until_screen(pilot, "ImportKeyPairScreen")
        await pilot.press("enter")
        await until_screen(pilot, "KeyPairListScreen")
        await until(pilot, lambda: highlighted(pilot) == "sam@laptop in us-east-1", "the pair")
    (pair,) = demo_session.backend.describe_key_pairs(key_names=["sam@laptop"])
    assert pair.public_key == PUBLIC_KEY


@pytest.mark.long
@in_loop
async def test_another_text_is_looked_up_anew(demo_session: DemoSession, keys: Path) -> None:
    async with KeyPairsApp(demo_session).run_test() as pilot:
        screen = await look_up(pilot, "nonsense")
        assert rows(screen) == [("✗ what you typed", "no key")]
        assert hint(screen) == "esc back"
        await pilot.press("enter")  # there is nothing to take
        assert app_of(pilot).screen is screen
        await pilot.press("x")
        assert hint(screen) == "enter find"
        # What stands below is the answer to another text, and is said to be.
        assert (
            said(screen) == "enter looks up what is typed now; this answers what was typed before"
        )
        # An empty field is nothing to look up: there is no key for it.
        screen._thing.value = ""
        await until(
            pilot, lambda: "whose each key in a folder is" in drawn(pilot), "what can be typed"
        )
        assert text_of(pilot, "#status") == ""  # nor a mark
        assert hint(screen) == "esc back"
        await pilot.press("enter")
        await until(pilot, lambda: said(screen).startswith("type a path, a public key"), "a word")
        assert "what you typed" not in drawn(pilot)
        # Once the field was emptied, the old answer does not come back beside another text.
        await pilot.press("n")
        await until(pilot, lambda: said(screen) == "", "the word to be gone")
        assert "what you typed" not in drawn(pilot)
        assert "whose each key in a folder is" in drawn(pilot)
        # Nor beside what begins like the old text.
        screen._thing.value = "nonsense"
        await until(pilot, lambda: hint(screen) == "enter find", "the hint")
        assert "what you typed" not in drawn(pilot)
        await pilot.press("x")
        assert said(screen) == ""
        screen._thing.value = "~/keys/a"
        await pilot.press("enter")
        await until(pilot, lambda: "ci-deploy" in str(rows(screen)), "the other answer")
        await pilot.press("escape")
        await until_loaded(pilot)


@pytest.mark.long
@in_loop
async def test_the_list_can_be_walked_with_the_keyboard_alone(
    demo_session: DemoSession, keys: Path
) -> None:
    async with KeyPairsApp(demo_session).run_test(size=(60, 15)) as pilot:
        screen = await look_up(pilot, "~/keys")
        await pilot.press("tab")
        assert screen.focused is screen.query_one(PickList)
        await pilot.press("end", "enter")
        await until(pilot, lambda: highlighted(pilot) == "there in eu-west-1", "the pair")


@pytest.mark.long
def test_enter_and_letters_do_the_same_wherever_the_focus_is(
    demo_session: DemoSession, keys: Path
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        screen = await look_up(pilot, "~/keys/notes")
        screen._thing.value = "~/keys/c.pu"
        await pilot.press("tab")
        assert screen.focused is screen._list
        assert hint(screen) == "enter find"
        await pilot.press("b")
        assert screen._thing.value == "~/keys/c.pub"
        await pilot.press("tab", "enter")
        await until(
            pilot, lambda: rows(screen)[-1:] == [("✓ ~/keys/c.pub", "there in eu-west-1")], "it"
        )
        assert hint(screen) == "enter go to pair"
        await pilot.press("escape")
        # So beside every list that is narrowed by typing.
        for key, name in (
            ("r", "PickRegionScreen"),
            ("D", "CheckUpScreen"),
            ("J", "JournalScreen"),
        ):
            await until_screen(pilot, "KeyPairListScreen")
            await pilot.press(key)
            await until_screen(pilot, name)
            await pilot.press("tab", "j")
            assert app_of(pilot).screen.query_one("#search", Input).value == "j"
            await pilot.press("escape")

    play(demo_session, scene)


@pytest.mark.long
@in_loop
async def test_escape_stops_a_long_search_first(
    demo_session: DemoSession, keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, go_on, steps = find.Finder.look, threading.Event(), []

    def slow(self: find.Finder, text: str) -> Iterator[Found]:
        for found in real(self, text):
            steps.append(found)
            yield found
            go_on.wait(60)

    monkeypatch.setattr(find.Finder, "look", slow)
    async with KeyPairsApp(demo_session).run_test() as pilot:
        screen = await open_screen(pilot, "~/keys")
        await until(pilot, lambda: "esc stops" in said(screen), "the first step")
        assert ("esc", "stop") in screen.key_hints.shown
        await pilot.press("escape")
        await until(pilot, lambda: ("esc", "back") in screen.key_hints.shown, "the way back")
        assert app_of(pilot).screen is screen
        assert said(screen) == "stopped; looked at 1 file; 1 key, 1 known."
        go_on.set()
        await pilot.press("escape")
        await until_loaded(pilot)
    assert len(steps) <= 2


@pytest.mark.long
@in_loop
async def test_a_passphrase_is_not_asked_for_while_others_are_looked_at(
    demo_session: DemoSession,
    keys: Path,
    run: Callable[..., object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make = ["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "s3same"]
    run(*make, "-f", keys / "0.pem")
    (keys / "0.pem.pub").unlink()
    real, go_on = find.Finder.look, threading.Event()

    def slow(self: find.Finder, text: str) -> Iterator[Found]:
        for found in real(self, text):
            yield found
            go_on.wait(60)

    monkeypatch.setattr(find.Finder, "look", slow)
    async with KeyPairsApp(demo_session).run_test() as pilot:
        screen = await open_screen(pilot, "~/keys")
        await until(pilot, lambda: hint(screen) == "enter unlock", "the locked file")
        await pilot.press("enter")
        assert not screen._passphrase_row.display
        go_on.set()
        await until(pilot, lambda: "looked at" in said(screen) and "…" not in said(screen), "all")
        await pilot.press("enter")
        assert screen._passphrase_row.display


@pytest.mark.long
@in_loop
async def test_enter_asks_again_what_could_not_be_asked(
    demo_session: DemoSession, keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with KeyPairsApp(demo_session).run_test() as pilot:
        screen = await open_screen(pilot, "agent")
        await until(pilot, lambda: "SSH_AUTH_SOCK" in said(screen), "the agent's absence")
        assert hint(screen) == "enter find"
        monkeypatch.setattr(find.Finder, "in_agent", lambda _: iter(()))
        await pilot.press("enter")
        await until(
            pilot, lambda: said(screen).startswith("there is nothing to look at"), "the agent"
        )


@in_loop
@pytest.mark.long
async def test_an_agent_is_no_file_that_was_looked_at(
    demo_session: DemoSession, keys: Path, ssh_agent: Agent
) -> None:
    async with KeyPairsApp(demo_session).run_test() as pilot:
        screen = await open_screen(pilot, "agent")
        await until(pilot, lambda: said(screen) == "looked at the agent; no key in it.", "that")
        (keys / "a").chmod(0o600)
        assert ssh_agent.ssh_add(str(keys / "a")).returncode == 0
        screen._thing.value = "agent "
        await pilot.press("enter")
        held = "looked at the agent; 1 key, 1 known."
        await until(pilot, lambda: said(screen) == held, held)


@pytest.mark.long
@in_loop
async def test_what_cannot_be_asked_is_said(demo_session: DemoSession, keys: Path) -> None:
    damaged = keys.parent / "data" / "eu-west-1.json"
    damaged.write_bytes(b"{}")
    async with KeyPairsApp(demo_session).run_test() as pilot:
        screen = await open_screen(pilot, "agent")
        await until(pilot, lambda: "SSH_AUTH_SOCK" in said(screen), "the agent's absence")
        screen._thing.value = "~/keys"
        await pilot.press("enter")
        await until(pilot, lambda: "The pairs of eu-west-1 are not known" in said(screen), "it")
        assert len(rows(screen)) == 3


@pytest.mark.long
@in_loop
async def test_hostile_names_and_comments_are_shown_inert(
    demo_session: DemoSession, keys: Path
) -> None:
    folder = keys.parent / "odd"
    folder.mkdir()
    (folder / HOSTILE.replace("/", "_")).write_text(f"{PUBLIC_KEY} {HOSTILE}")
    async with KeyPairsApp(demo_session).run_test() as pilot:
        screen = await look_up(pilot, "~/odd")
        shown = str(rows(screen)) + str(screen._answer.render())
        assert r"\u{1b}]0;owned\u{7}" in shown
        assert not set("\x1b\x07\u202e") & set(shown)
        await pilot.press("enter")
        await until_screen(pilot, "ImportKeyPairScreen")
        form = app_of(pilot).screen
        assert isinstance(form, ImportKeyPairScreen)
        assert form._key_name.value == ""


@in_loop
async def test_of_a_private_key_that_was_pasted_no_line_is_said_to_be_taken(
    empty_session: DemoSession,
) -> None:
    async with KeyPairsApp(empty_session).run_test() as pilot:
        await pilot.press("f")
        await until_screen(pilot, "FindScreen")
        screen = app_of(pilot).screen
        assert isinstance(screen, FindScreen)
        for before in ("", "nothing"):
            screen._thing.value = before
            app_of(pilot).post_message(Paste("-----BEGIN OPENSSH PRIVATE KEY-----\nAA\nAA\n"))
            await until(pilot, lambda: said(screen).startswith("This is a private key."), "that")
            await pilot.pause()
            assert (screen._thing.value, screen.fact_line.said_briefly) == ("", "")
            screen._thing.value = "x"
            await until(pilot, lambda: "private key" not in said(screen), "it gone")


@in_loop
async def test_a_private_key_is_not_taken_for_a_text(demo_session: DemoSession, keys: Path) -> None:
    async with KeyPairsApp(demo_session).run_test() as pilot:
        await until_loaded(pilot)
        await pilot.press("f")
        await until_screen(pilot, "FindScreen")
        screen = app_of(pilot).screen
        assert isinstance(screen, FindScreen)
        # By its mark, and the body of one without a mark, which the import form refuses as well.
        body = b64encode(bytes.fromhex("302e020100300506032b657004220420") + bytes(32)).decode()
        for private in ("-----BEGIN OPENSSH PRIVATE KEY-----", body):
            screen._thing.value = "nothing"
            screen._thing.value = private
            assert screen._thing.value == ""
            await until(
                pilot,
                lambda: "give the name of its file" in str(screen._status.render()),
                "the refusal",
            )
            assert rows(screen) == []
        # An answer that stands there does not take the place of the refusal.
        await pilot.press("x", "enter")
        await until(pilot, lambda: rows(screen) == [("✗ what you typed", "no key")], "an answer")
        screen._thing.value = body
        await until(
            pilot, lambda: screen._status.verdict.text.endswith("the name of its file."), "it again"
        )


@pytest.mark.long
@in_loop
async def test_a_passphrase_is_asked_for_when_the_person_wants_it(
    demo_session: DemoSession, keys: Path, run: Callable[..., object]
) -> None:
    make = ["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "s3same"]
    run(*make, "-f", keys / "z.pem")
    (keys / "z.pem.pub").unlink()
    async with KeyPairsApp(demo_session).run_test(size=(60, 15)) as pilot:
        screen = await look_up(pilot, "~/keys")
        assert rows(screen)[-1] == ("· z.pem", "needs its passphrase")
        await pilot.press("tab", "end")
        await until(pilot, lambda: hint(screen) == "enter unlock", "the hint")
        await pilot.press("enter", *"wrong", "enter")
        refusal = "the passphrase is wrong, or the file is damaged; try again, or esc leaves it"
        await until(pilot, lambda: refusal in said(screen), "the refusal")
        assert hint(screen) == "enter unlock"
        await pilot.press("x")  # which is typed as another try, out of sight
        assert screen._passphrase.reveal() == "x"
        assert screen._thing.value == "~/keys"
        await pilot.press("escape")  # esc gives only the asking up
        assert not screen._passphrase_row.display
        assert screen._passphrase.reveal() == ""
        await pilot.press("enter", *"s3same", "enter")
        await until(pilot, lambda: rows(screen)[-1] == ("? z.pem", "unknown"), "the key")
        assert hint(screen) == "enter import"
        assert not screen._passphrase_row.display
        await pilot.press("x")  # nor does what is typed too late show
        assert screen._thing.value == "~/keys"
        assert "s3same" not in str(rows(screen)) + str(screen._answer.render()) + said(screen)


@pytest.mark.long
@in_loop
async def test_enter_does_what_the_field_that_has_the_focus_is_for(
    demo_session: DemoSession, keys: Path, run: Callable[..., object]
) -> None:
    make = ["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "s3same"]
    run(*make, "-f", keys / "z.pem")
    (keys / "z.pem.pub").unlink()
    async with KeyPairsApp(demo_session).run_test() as pilot:
        screen = await look_up(pilot, "~/keys/z.pem")
        # Of one file alone the passphrase is asked for at once: nothing else could be typed next.
        await until(pilot, lambda: screen._passphrase.has_focus, "the passphrase field")
        await pilot.press("enter")
        assert said(screen) == "type its passphrase, or esc leaves it locked"
        await pilot.press(*"s3sam")
        assert screen._thing.value == "~/keys/z.pem"
        assert hint(screen) == "enter unlock"
        await pilot.press("tab")
        assert screen._thing.has_focus
        await pilot.press(*"/..")
        await until(pilot, lambda: hint(screen) == "enter find", "the hint")
        screen._thing.value = "~/keys/c.pub"
        await pilot.press("enter")
        await until(pilot, lambda: "looked at" in said(screen), "the answer")
        assert [whose for _, whose in rows(screen)] == ["there in eu-west-1"]
        # The field of the file that is no longer there is gone, with what was typed.
        assert not screen._passphrase_row.display
        assert screen._passphrase.reveal() == ""
        assert hint(screen) == "enter go to pair"


@pytest.mark.long
@in_loop
async def test_a_passphrase_ends_with_the_screen_however_that_ends(
    demo_session: DemoSession, keys: Path, run: Callable[..., object]
) -> None:
    make = ["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "s3same"]
    run(*make, "-f", keys / "z.pem")
    (keys / "z.pem.pub").unlink()
    async with KeyPairsApp(demo_session).run_test() as pilot:
        screen = await look_up(pilot, "~/keys")
        await pilot.press("tab", "end", "enter", *"s3same")
        assert screen._passphrase.reveal() == "s3same"
        # The list stays at hand: another key that is known leads away from the screen.
        screen._list.focus()
        screen._list.cursor = next(
            index for index, found in enumerate(screen._found) if found.matches
        )
        await pilot.press("enter")
        await until_screen(pilot, "KeyPairListScreen")
        assert screen._passphrase.reveal() == ""


@pytest.mark.long
def test_the_key_of_a_deleted_pair_is_said_to_be_that(
    demo_session: DemoSession, keys: Path
) -> None:
    demo_session.for_region("eu-west-1").backend.delete_key_pair(key_name="there")

    async def scene(pilot: Pilot[None]) -> None:
        screen = await look_up(pilot, f"{keys}/c.pub")
        assert rows(screen)[0][0].startswith("! ")
        assert rows(screen)[0][1] == "there in eu-west-1, deleted"
        said = str(screen._answer.content)
        assert "of the deleted pair there in eu-west-1; enter brings it back" in said
        assert hint(screen) == "enter bring it back"
        await pilot.press("enter")
        await until_screen(pilot, "KeyPairListScreen")
        back = "brought there back"
        await until(pilot, lambda: text_of(pilot, "#fact") == back, back)

    before = demo_session.for_region("eu-west-1").backend.deleted_key_pairs()
    play(demo_session, scene)
    there = demo_session.for_region("eu-west-1").key_pair_named("there")
    assert [there] == [gone.key_pair for gone in before]


@pytest.mark.long
@in_loop
async def test_a_relative_path_says_where_it_leads(
    demo_session: DemoSession, keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(keys.parent)
    async with KeyPairsApp(demo_session).run_test() as pilot:
        screen = await look_up(pilot, "keys/c.pub")
        assert said(screen) == "~/keys/c.pub: looked at 1 file; 1 key, 1 known."
        for text, words in (("keys/d.pub", f"{keys}/d.pub"), ("whose", "as whose,")):
            screen._thing.value = text
            await pilot.press("enter")
            await until(pilot, lambda text=text: screen._looked_up == text, text)  # type: ignore[misc] # mypy cannot infer the default
            await until(pilot, lambda: said(screen).endswith(" none has this."), "the end")
            assert words in screen._found[0].note


@pytest.mark.long
@in_loop
async def test_how_a_suggestion_is_taken_is_said_as_long_as_there_is_one(
    demo_session: DemoSession, keys: Path
) -> None:
    async with KeyPairsApp(demo_session).run_test() as pilot:
        screen = await open_screen(pilot, "")
        await until(pilot, lambda: said(screen).startswith("type a path"), "what can be typed")
        await type_text(pilot, "~/ke")
        await until(pilot, lambda: said(screen) == TAKES, "how")
        await pilot.press("x")
        await until(pilot, lambda: said(screen) == "", "no more of it")
        await pilot.press("backspace")
        await until(pilot, lambda: said(screen) == TAKES, "how, again")
        await pilot.press("right")
        await until(pilot, lambda: screen._thing.value == "~/keys/", "that it is taken")


@pytest.mark.long
@in_loop
async def test_what_was_looked_up_is_not_suggested_to_go_on_until_it_is_edited(
    demo_session: DemoSession, keys: Path
) -> None:
    async with KeyPairsApp(demo_session).run_test() as pilot:
        screen = await open_screen(pilot, "")
        await type_text(pilot, "~/ke")
        await until(pilot, lambda: screen._thing._suggestion == "~/keys/", "the suggestion")
        await pilot.press("enter")
        await until(pilot, lambda: screen._looked_up == "~/ke", "the answer")
        await until(pilot, lambda: screen._thing._suggestion == "", "that it is of no other")
        # Nor is it once the field has the focus again.
        screen._list.focus()
        screen._thing.focus()
        await pilot.pause()
        await pilot.press("y", "backspace")
        assert screen._thing._suggestion == ""
        await pilot.press("y")
        await until(pilot, lambda: screen._thing._suggestion == "~/keys/", "the next")


@pytest.mark.long
@in_loop
async def test_a_path_is_completed_and_one_of_a_shell_is_named_as_what_it_is(
    demo_session: DemoSession, keys: Path
) -> None:
    async with KeyPairsApp(demo_session).run_test() as pilot:
        screen = await look_up(pilot, f"file://{keys}/c.pub")
        assert [remark for _, remark in rows(screen)] == ["there in eu-west-1"]
        field = screen._thing

        def suggests(whole: str) -> bool:
            return field._suggestion == whole

        def answers(text: str) -> bool:
            return screen._looked_up == text and bool(screen._found)

        field.value = "~/ke"
        for whole in ("~/keys/", "~/keys/c.pub"):
            if whole.endswith("pub"):
                await pilot.press("c")
            await until(pilot, partial(suggests, whole), whole)
            await pilot.press("right")
            assert field.value == whole
        shells = {
            "'~/keys/c.pub'": "quotes",
            "my\\ keys/c.pub": "type the character behind it",
            "$HOME/keys": "variable of the shell",
            "C:\\keys": "path of Windows",
            "whose?": "neither a public key",
        }
        for text, words in shells.items():
            field.value = text
            await pilot.press("enter")
            await until(pilot, partial(answers, text), text)
            assert words in screen._found[0].note


@pytest.mark.long
def test_a_path_that_is_too_long_is_refused_while_it_is_typed(demo_session: DemoSession) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("f")
        await until_screen(pilot, "FindScreen")
        field = app_of(pilot).screen.query_one("#thing", Input)
        for path, words in TOO_LONG.items():
            field.value = path
            await until(pilot, lambda: words in " ".join(drawn(pilot).split()), words)  # noqa: B023 - waited for at once
        field.value = "~/x"
        await until(pilot, lambda: "is too long" not in drawn(pilot), "the end of it")
        await pilot.press("escape", "i")
        await until_screen(pilot, "ImportKeyPairScreen")
        for path, words in TOO_LONG.items():
            app_of(pilot).screen.query_one(KeyText).text = path
            await until(pilot, lambda: words in " ".join(drawn(pilot).split()), words)  # noqa: B023 - waited for at once

    play(demo_session, scene, (120, 36))


TOO_LONG = {
    "~/keys/" + "x" * 300 + ".pub": "is too long: 304 bytes, at most 255",
    "/a" * 3000 + ".pub": "the path is too long: 6,004 bytes, at most 4,095",
}


@in_loop
async def test_what_leads_to_no_pair_says_what_was_looked_at(
    demo_session: DemoSession, keys: Path
) -> None:
    for folder, files in (("empty", ()), ("no keys", ("a", "b"))):
        (keys / folder).mkdir()
        for name in files:
            (keys / folder / name).write_text("text")
    (keys / "nothing").touch()
    digest = "SHA256:" + "A" * 42 + "E"
    expected = {
        "~/keys/empty": "there is nothing to look at in it.",
        "~/keys/no keys": "looked at 2 files; no key in them.",
        "~/keys/nothing": "looked at 1 file; no key in it.",
        "~/keys/b.pub": "looked at 1 file; 1 key, 0 known.",
        digest: "looked at 8 pairs; none has this.",
        "batch-runner": "looked at 8 pairs; 1 has this.",
        # Too few to tell whose it is, they were compared with nothing.
        "cf:03:64": "not looked up: too short.",
    }
    async with KeyPairsApp(demo_session).run_test() as pilot:
        screen = await open_screen(pilot, "")
        for text, words in expected.items():
            screen._thing.value = text
            await pilot.press("enter")
            await until(pilot, lambda words=words: said(screen) == words, words)  # type: ignore[misc] # mypy cannot infer the default


@in_loop
@pytest.mark.long
async def test_of_a_fingerprint_nobody_has_it_is_said_what_it_is_and_was_compared_with(
    demo_session: DemoSession, keys: Path
) -> None:
    hex_, compared = ":".join(["ab"] * 20), "compared with"
    expected = {
        hex_: f"unknown (a SHA-1 fingerprint; {compared} EC2's SHA-1 of 8 pairs)",
        f"MD5:{hex_[:47]}": f"(an MD5 fingerprint; {compared} EC2's MD5 and OpenSSH's of 8 pairs)",
        hex_[:47]: f"unknown (an MD5 fingerprint; {compared} EC2's MD5 and OpenSSH's of 8 pairs)",
        "A" * 42 + "E=": f"(a SHA-256 fingerprint; {compared} EC2's SHA-256 and OpenSSH's of 8",
        "SHA1:" + "A" * 27: f"OpenSSH SHA-1; {compared} that of the public keys of 8 pairs)",
        "cf:03:64": "the start of a fingerprint, 6 of its 32 or 40 characters",
    }
    (keys / "nothing").write_text("text")
    async with KeyPairsApp(demo_session).run_test() as pilot:
        screen = await open_screen(pilot, "")
        for text, words in expected.items():
            screen._thing.value = text
            await pilot.press("enter")
            await until(pilot, lambda words=words: words in text_of(pilot, "#answer"), words)  # type: ignore[misc] # mypy cannot infer the default
        assert rows(screen) == [("✗ what you typed", "too short")]
        screen._thing.value = "~/keys/nothing"
        await pilot.press("enter")
        await until(pilot, lambda: rows(screen) == [("✗ ~/keys/nothing", "no key")], "the file")
        assert text_of(pilot, "#answer") == ""
