from pathlib import Path

import pytest
from textual.pilot import Pilot

from core.errors import SettingsError
from tests.demo import DemoService
from tests.tui.driving import play, text_of
from tui import keymap
from tui.actions import Place
from tui.config import Config, load


def test_a_file_that_is_missing_says_nothing(tmp_path: Path) -> None:
    assert load(tmp_path / "config.toml") == Config(theme=None, mouse=True, keys={})


def test_everything_that_can_be_said_is_read(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('theme = "nord"\nmouse = false\n[keys]\n"key-pair.create" = "f2"\n')
    assert load(path) == Config("nord", mouse=False, keys={"key-pair.create": "f2"})


@pytest.mark.parametrize(
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
    keymap.rebind({"key-pair.create": "f2"})
    assert ("f2", "create") in keymap.hints(Place.LIST)
    assert all(action.key != "c" for action in keymap.at(Place.LIST))


@pytest.mark.parametrize(
    ("keys", "complaint"),
    [
        ({"key-pair.creat": "f2"}, "did you mean key-pair.create"),
        ({"key-pair.create": "q"}, "app.quit"),
        ({"key-pair.create": "j"}, "moving in the list"),
        ({"key-pair.create": "f2,i"}, "key-pair.create"),
        ({"agent.reload": "j"}, "moving in the list"),
        ({"check-up.back": "ctrl+f"}, "moving in the list"),
    ],
)
def test_an_unknown_id_or_a_key_with_two_owners_is_refused(
    table: None, keys: dict[str, str], complaint: str
) -> None:
    before = keymap.bound
    with pytest.raises(SettingsError, match=complaint):
        keymap.rebind(keys)
    assert before == keymap.bound


def test_keys_can_be_exchanged(table: None) -> None:
    keymap.rebind({"key-pair.create": "i", "key-pair.import": "c"})
    assert [a.key for a in keymap.at(Place.LIST)][:2] == ["i", "c"]


def test_no_two_actions_of_a_place_share_an_id_or_a_key() -> None:
    assert len({action.id for action in keymap.bound}) == len(keymap.bound)
    for place in Place:
        keys = [key for action in keymap.at(place) for key in action.key.split(",")]
        assert len(keys) == len(set(keys)), place


def test_what_the_screens_say_names_the_keys_that_are_in_force(
    table: None, empty_service: DemoService
) -> None:
    keymap.rebind({"key-pair.create": "f2"})

    async def scene(pilot: Pilot[None]) -> None:
        assert "Press f2 to create one, i to import" in text_of(pilot, "#empty")

    play(empty_service, scene)
