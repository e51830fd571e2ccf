"""Names, tags and texts that would talk to the terminal or to the widgets: shown inert."""

import asyncio
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.screen import Screen

from core.model import CreatedKeyPair, FileFormat, KeyFormat, KeyPair, PrivateKeyState, Tag
from core.rotation import Rotation
from core.secret import KeyMaterial
from core.service import KeyPairService
from core.store import RegionStore
from tests.tui.driving import app_of, until, until_loaded
from tui.app import KeyPairsApp
from tui.copies import Copied
from tui.screens.copy_to_regions import CopyToRegionsScreen
from tui.screens.create_key_pair import CreateKeyPairScreen
from tui.screens.delete_key_pairs import DeleteKeyPairsScreen
from tui.screens.details import DetailsScreen
from tui.screens.discard_key_material import DiscardKeyMaterialScreen
from tui.screens.edit_tags import EditTagsScreen
from tui.screens.import_key_pair import ImportKeyPairScreen
from tui.screens.key_material import KeyMaterialScreen
from tui.screens.pick import PickScreen
from tui.screens.save_file import SaveFileScreen
from tui.screens.save_key_material import SaveKeyMaterialScreen
from tui.text import clip, fit, fold, visible
from tui.widgets.cursor_list import CursorList
from tui.widgets.pick_list import Item

PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))
HOSTILE = {
    "markup": "[/foo] [b]x[/b] a[/",
    "link": "[@click=app.quit]x[/] [link=http://x]z",
    "ascii": PRINTABLE,
    "escape": "\x1b]52;c;QUJD\x07\x1b[2J\x1b]0;title\x07",
    "controls": "a\x00b\tc\rd\ne\x7ff\x9b31m",
    "bidi": "\u202eexe.pem\u2066x\u2069\u200f",
    "zero width": "a\u200bb\u2060c\ufeffd\u00ade",
    "marks": "a" + "\u0301" * 40,
    "wide": "钥匙對" * 30,
    "spaces": "a\u00a0b\u2003c\u2028d\u2029e",
    "long": "x" * 255,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_visible_text_holds_nothing_that_a_terminal_obeys(name: str) -> None:
    shown = visible(HOSTILE[name])
    assert all(unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"} for c in shown)
    assert "\u0301\u0301\u0301" not in shown


def test_visible_text_is_unambiguous() -> None:
    assert visible("\\u{1b}") != visible("\x1b")
    assert visible("a\\b") == "a\\\\b"
    assert visible("plain ASCII, with spaces") == "plain ASCII, with spaces"


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("width", [1, 2, 7, 40])
def test_fitted_text_has_exactly_the_width(name: str, width: int) -> None:
    from rich.cells import cell_len

    shown = visible(HOSTILE[name])
    assert cell_len(fit(shown, width)) == width
    assert cell_len(clip(shown, width)) <= width
    assert "".join(fold(shown, max(width, 2))) == shown


def hostile_pair(service: KeyPairService, text: str) -> KeyPair:
    """Put a pair with such a name and tags into the file, past every check, as an editor could."""
    created = service.create_key_pair(key_name="plain", key_type="ed25519").key_pair
    pair = replace(created, key_name=text, tags=(Tag(text, text), Tag("protected", text)))
    store: RegionStore = service._store
    with store.transaction() as transaction:
        transaction.remove(created.key_pair_id, service.now(), "Test")
        transaction.insert(replace(pair, key_pair_id="key-0ffffffffffffffff"), "Test")
    return replace(pair, key_pair_id="key-0ffffffffffffffff")


def screens(service: KeyPairService, pair: KeyPair) -> Iterator[Screen[Any]]:
    created = CreatedKeyPair(pair, KeyFormat.PEM, KeyMaterial(b"no key"))
    yield KeyMaterialScreen(service, created)
    create = CreateKeyPairScreen(service)
    create._key_name.value = pair.key_name
    yield create
    importing = ImportKeyPairScreen(service)
    importing._key_name.value = pair.key_name
    importing._material.text = pair.key_name
    yield importing
    yield DetailsScreen(service, pair)
    yield DiscardKeyMaterialScreen(service, pair)
    yield DeleteKeyPairsScreen(service, [pair])
    yield EditTagsScreen(service, [pair], {pair.key_name: [pair.key_name]})
    yield PickScreen(pair.key_name, [Item("x", visible(pair.key_name))])
    yield SaveKeyMaterialScreen(service, created, FileFormat.PEM, holds_key=True)
    yield SaveFileScreen(pair.key_name, pair.key_name, lambda path: path)
    yield CreateKeyPairScreen(service, pair, pair.key_name)
    successor = replace(pair, replaces=pair.key_pair_id, private_key=PrivateKeyState.UNSAVED)
    rotation = Rotation([replace(successor, key_pair_id=pair.key_name), pair])
    yield DetailsScreen(service, pair, rotation)
    yield DeleteKeyPairsScreen(service, [pair], rotation)
    copying = CopyToRegionsScreen(service, [replace(pair, public_key=pair.key_name)], {})
    copying._copies["eu-west-1"] = {pair.key_pair_id: Copied("failed", pair.key_name, done=False)}
    copying._chosen.add("eu-west-1")
    copying._list.set_reactive(CursorList.cursor, list(copying._regions).index("eu-west-1"))
    yield copying


@pytest.mark.parametrize("name", HOSTILE)
def test_every_screen_and_toast_shows_it_inert(name: str, tmp_path: Path, home: Path) -> None:
    service = KeyPairService.open(tmp_path / "data", "us-east-1")
    pair = hostile_pair(service, HOSTILE[name])
    drawn: list[str] = []

    def draw(pilot: Pilot[None]) -> None:
        strips = pilot.app.screen._compositor.render_strips()
        drawn.extend(segment.text for strip in strips for segment in strip)

    async def look() -> None:
        app = KeyPairsApp(service, f"on host as {HOSTILE[name]}")
        async with app.run_test(size=(80, 24), notifications=True) as pilot:
            await until_loaded(pilot)
            draw(pilot)
            for screen in screens(service, pair):
                app.push_screen(screen)
                await until(pilot, lambda: app_of(pilot).screen.is_current, "the screen")
                await pilot.pause(0.05)
                draw(pilot)
                app.pop_screen()
                await pilot.pause()
            app.notify(visible(HOSTILE[name]), markup=False)
            await pilot.pause(0.05)
            draw(pilot)

    asyncio.run(look())
    text = "".join(drawn)
    assert len(text) > 80 * 24 * 9
    assert all(c.isprintable() or c in "\u2028" for c in text if not unicodedata.combining(c)), {
        c for c in text if not c.isprintable()
    }
