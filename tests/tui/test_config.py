import re
from pathlib import Path
from string import punctuation

import pytest
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.dom import DOMNode
from textual.pilot import Pilot
from textual.screen import Screen
from textual.scroll_view import ScrollView

from core.errors import SettingsError
from tests.demo import DemoSession
from tests.each_row import each_row
from tests.tui.driving import play, text_of
from tui.actions import keymap, rebinding
from tui.actions.rebinding import rebind
from tui.actions.table import ACTIONS, Place
from tui.app import KeyPairsApp
from tui.config import Config, load
from tui.screens.create.key_text import KeyText
from tui.screens.private_key.passphrase_input import PassphraseInput
from tui.widgets.cursor_list import CursorList
from tui.widgets.search_input import SearchInput
from tui.widgets.text_input import TextInput


def test_a_file_that_is_missing_says_nothing(tmp_path: Path) -> None:
    assert load(tmp_path / "config.toml") == Config(theme=None, mouse=True, keys={})


def test_everything_that_can_be_said_is_read(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('theme = "nord"\nmouse = false\n[keys]\n"key-pair.create" = "f2"\n')
    assert load(path) == Config("nord", mouse=False, keys={"key-pair.create": "f2"})


@each_row(
    ("text", "complaint"),
    [
        ("theme = 1", "theme must be a string"),
        ("mouse = 'no'", "mouse must be true or false"),
        ("keys = 3", "keys must be a table"),
        ("colour = 'red'", "unknown setting colour"),
        ("[keys]\na = 1", "must be the name of a key"),
        ("[keys]\na = ''", "must be the name of a key"),
        ("theme = ", "is not TOML"),
        ("x" * 70_000, "Cannot read"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=complaint) as refusal:
        load(path)
    assert str(path) in str(refusal.value)


def test_what_is_no_file_or_no_text_is_refused_at_once(tmp_path: Path) -> None:
    import os

    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "latin").write_bytes(b"\xff\xfe")
    (tmp_path / "folder").mkdir()
    for name in ("fifo", "latin", "folder"):
        with pytest.raises(SettingsError, match=name):
            load(tmp_path / name)


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keymap, "bound", keymap.bound)


def test_an_action_gets_another_key(table: None) -> None:
    rebind({"key-pair.create": "f2"})
    assert ("f2", "create") in keymap.hints(Place.LIST)
    assert all(action.key != "c" for action in keymap.at(Place.LIST))


@each_row(
    ("keys", "complaint"),
    [
        ({"key-pair.creat": "f2"}, "did you mean key-pair.create"),
        ({"key-pair.create": "q"}, "app.quit"),
        ({"key-pair.create": "j"}, "moving in the list"),
        ({"key-pair.create": "f2,i"}, "key-pair.create"),
        ({"agent.reload": "j"}, "moving in the list"),
        ({"check-up.back": "ctrl+f"}, "moving in the list"),
        # Textual binds a character by its name.
        ({"key-pair.import": "/"}, "/: list.filter cannot have it, because key-pair.import has"),
        ({"key-pair.create": "?"}, "because key-pair.create has it"),
        ({"key-pair.create": "*"}, "because key-pair.create has it"),
        ({"details.copy": "?"}, "because details.copy has it"),
        # The list and the fields do it by themselves.
        ({"key-pair.create": "enter", "key-pair.details": "o"}, "key-pair.details always has it"),
        ({"agent.reload": "enter", "agent.go": "o"}, "agent.go always has it"),
        ({"create.back": "enter", "create.submit": "f2"}, "create.submit always has it"),
        ({"create.submit": "ctrl+u"}, "editing a text has it"),
        ({"import.submit": "f6"}, "editing the public key has it"),
        ({"details.copy": "pagedown"}, "scrolling has it"),
        # A letter is text in a field; before that, an action with priority would swallow it.
        ({"filter.clear": "x"}, "text there"),
        ({"create.add-tag": "x"}, "text there"),
        ({"create.submit": "space"}, "text there"),
        ({"create.submit": "%"}, "text there"),
        ({"pick.pick": "f2,section_sign"}, "section_sign: pick.pick cannot have it"),
        ({"into-regions.choose": "x"}, "text there"),
        ({"into-regions.submit": "space", "into-regions.choose": "f2"}, "text there"),
        ({"app.help": "h"}, 'needs a second key that is not text, such as f1: "h,f1"'),
        # What is no key would never do anything.
        ({"key-pair.create": "banana"}, "no key banana. Choose one such as f2"),
        ({"key-pair.create": "f2,banana"}, "no key banana"),
        ({"key-pair.create": "F2"}, "no key F2; did you mean f2"),
        ({"key-pair.create": "Ctrl+N"}, "did you mean ctrl\\+n"),
        ({"key-pair.create": "ctrl+N"}, "did you mean ctrl\\+n"),
        ({"key-pair.create": "shift+b"}, "did you mean B"),
        ({"key-pair.create": "shift+slash"}, "no key"),
        ({"key-pair.create": "esc"}, "did you mean escape"),
        ({"key-pair.create": "alt+pgup"}, "did you mean alt\\+pageup"),
        ({"key-pair.create": "hyphen_minus"}, "no key hyphen_minus"),
        ({"key-pair.create": "cmd+b"}, "no key"),
        ({"key-pair.create": "ctrl+ctrl"}, "no key"),
        ({"details.copy": "ctrl+i"}, "terminals send tab for it"),
        ({"key-material.copy": "ctrl+m"}, "terminals send enter for it"),
        ({"details.copy": "return"}, "terminals send enter for it"),
    ],
)
def test_what_would_not_do_what_its_owner_thinks_is_refused(
    table: None, keys: dict[str, str], complaint: str
) -> None:
    before = keymap.bound
    with pytest.raises(SettingsError, match=complaint) as refusal:
        rebind(keys)
    assert before == keymap.bound
    assert len(str(refusal.value).splitlines()) == 1


@pytest.mark.parametrize("key", ["tab", "shift+tab", "ctrl+z", "ctrl+q", "ctrl+p", "ctrl+l"])
def test_no_action_gets_a_key_of_the_app(table: None, key: str) -> None:
    for action in ACTIONS:
        if key in action.key.split(","):
            continue  # it is its own
        with pytest.raises(SettingsError, match=rf"{re.escape(key)}: {action.id} cannot have it"):
            rebind({action.id: key})


@each_row(
    ("keys", "bound"),
    [
        ({"key-pair.import": "/", "list.filter": "f3"}, {"key-pair.import": "slash"}),
        ({"key-pair.create": "+"}, {"key-pair.create": "plus"}),
        ({"key-pair.create": "shift+ctrl+alt+n"}, {"key-pair.create": "alt+ctrl+shift+n"}),
        ({"key-pair.create": "ctrl+/,alt+enter"}, {"key-pair.create": "ctrl+slash,alt+enter"}),
        ({"key-pair.create": "section_sign"}, {"key-pair.create": "section_sign"}),
        ({"key-pair.create": "menu,shift+f2"}, {"key-pair.create": "menu,shift+f2"}),
        ({"key-pair.details": "o,enter"}, {"key-pair.details": "o,enter"}),
        ({"details.copy": "enter", "details.back": "q"}, {"details.copy": "enter"}),
        # No name has to be typed where it works.
        ({"delete.yes": "Y"}, {"delete.yes": "Y"}),
        ({"into-regions.choose": "f2,space"}, {"into-regions.choose": "f2,space"}),
        ({"create.add-tag": "ctrl+u"}, {"create.add-tag": "ctrl+u"}),
        ({"filter.done": "up"}, {"filter.done": "up"}),
        ({"app.help": "h,f1"}, {"app.help": "h,f1"}),
        ({action.id: action.key for action in ACTIONS if action.key}, {}),
    ],
)
def test_what_works_is_taken_as_textual_names_it(
    table: None, keys: dict[str, str], bound: dict[str, str]
) -> None:
    rebind(keys)
    assert {each.id: each.key for each in keymap.bound if each.id in bound} == bound


def test_the_help_is_taught_by_a_key_that_is_not_text_where_text_is_typed(table: None) -> None:
    rebind({"app.help": "f9,h"})
    assert keymap.hints(Place.LIST)[-1] == keymap.hints(Place.CREATE)[-1] == ("f9", "help")
    rebind({"app.help": "h,f9,Q"})
    assert keymap.hints(Place.LIST)[-1] == ("h", "help")
    assert keymap.hints(Place.CREATE)[-1] == ("f9", "help")


def test_a_character_is_shown_as_it_is_written(table: None) -> None:
    for character in set(punctuation) - set(",/?*"):
        rebind({"key-pair.create": character})
        assert keymap.hints(Place.LIST)[0] == (character, "create")


def keys_of(*widgets: type[DOMNode]) -> set[str]:
    """Return the keys that kinds of widgets do something with."""
    declared = [
        binding
        for widget in widgets
        for kind in widget.__mro__
        for binding in vars(kind).get("BINDINGS", ())
    ]
    return {binding.key for binding in Binding.make_bindings(declared)}


def test_the_keys_that_are_not_free_are_those_that_widgets_and_the_app_have() -> None:
    in_fields = keys_of(TextInput, SearchInput, PassphraseInput)
    ours = {key for action in ACTIONS for key in action.key.split(",")}
    everywhere = set(rebinding.OF_THE_APP)
    assert keys_of(CursorList) >= rebinding.MOVING
    assert rebinding.MOVING | rebinding.SCROLLING | {"enter"} >= keys_of(CursorList)
    assert keys_of(VerticalScroll, ScrollView) == rebinding.SCROLLING
    assert in_fields - {"enter", "ctrl+c", "super+c"} == rebinding.EDITING
    several = keys_of(KeyText) - everywhere - rebinding.EDITING
    assert several == rebinding.EDITING_LINES
    assert keys_of(KeyPairsApp, Screen) - ours | {"ctrl+p", "ctrl+q"} == everywhere


def test_keys_can_be_exchanged(table: None) -> None:
    rebind({"key-pair.create": "i", "key-pair.import": "c"})
    assert [a.key for a in keymap.at(Place.LIST)][:2] == ["i", "c"]


def test_no_two_actions_of_a_place_share_an_id_or_a_key() -> None:
    assert len({action.id for action in keymap.bound}) == len(keymap.bound)
    for place in Place:
        keys = [key for action in keymap.at(place) for key in action.key.split(",")]
        assert len(keys) == len(set(keys)), place


def test_what_the_screens_say_names_the_keys_that_are_in_force(
    table: None, empty_session: DemoSession
) -> None:
    rebind({"key-pair.create": "f2"})

    async def scene(pilot: Pilot[None]) -> None:
        said = text_of(pilot, "#empty")
        assert "f2  create a key pair" in said
        assert "i  import a public key" in said

    play(empty_session, scene)


def test_the_file_may_be_a_link_to_where_a_person_keeps_such_files(tmp_path: Path) -> None:
    kept = tmp_path / "dotfiles" / "keypairs.toml"
    kept.parent.mkdir()
    kept.write_text('theme = "nord"\n')
    folder = tmp_path / "config"
    folder.mkdir()
    (folder / "again.toml").symlink_to(kept)
    (folder / "config.toml").symlink_to("again.toml")
    assert load(folder / "config.toml").theme == "nord"


def test_a_link_that_leads_nowhere_is_refused_and_not_taken_for_no_file(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.symlink_to(tmp_path / "gone.toml")
    with pytest.raises(SettingsError, match=r"config\.toml is a link, and there is no file behind"):
        load(path)
