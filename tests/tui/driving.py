"""Ways to drive the app from inside, for tests that need no terminal."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

from textual.events import Key
from textual.pilot import Pilot, WaitForScreenTimeout
from textual.widgets import Static

from tests.demo import DemoSession
from tui.app import KeyPairsApp
from tui.screens.list.key_pair_list import KeyPairListScreen
from tui.terminal.typing_speed import ALONE
from tui.widgets.pick_list import PickList
from tui.work.exclusive import is_busy

_PATIENCE = 60.0
"""Seconds to wait for what should be there at once; a loaded machine takes its time."""

Scene = Callable[[Pilot[None]], Awaitable[None]]


def play(session: DemoSession, scene: Scene, size: tuple[int, int] = (80, 24)) -> int | None:
    """Run the app until a scene is over, and return what it left with, if it did."""
    app = KeyPairsApp(session)

    async def run() -> None:
        async with app.run_test(size=size, notifications=True) as pilot:
            await until_loaded(pilot)
            await scene(pilot)

    asyncio.run(run())
    return app.return_code


def app_of(pilot: Pilot[None]) -> KeyPairsApp:
    """Return the app that a pilot steers."""
    assert isinstance(pilot.app, KeyPairsApp)
    return pilot.app


def drawn(pilot: Pilot[None]) -> str:
    """Return what is on the screen, line by line."""
    strips = app_of(pilot).screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip) for strip in strips)


def is_first_hit(pilot: Pilot[None], text: str) -> bool:
    """Return whether the help has found something and puts a line with that text first."""
    picked = app_of(pilot).screen.query_one(PickList).picked
    return picked is not None and text in picked.text


def text_of(pilot: Pilot[None], selector: str) -> str:
    """Return what a Static of the screen says, whether or not there is room for it."""
    return str(app_of(pilot).screen.query_one(selector, Static).visual)


async def until(pilot: Pilot[None], condition: Callable[[], bool], what: str) -> None:
    """Wait until something holds; workers and threads take their time."""
    end = time.monotonic() + _PATIENCE
    while not condition():
        assert time.monotonic() < end, f"waited in vain for {what}"
        # Not by the pilot's pause, which has every widget answer and draws the screen each time.
        await asyncio.sleep(0.01)
    # A page of a thousand lines may keep a loaded machine busy for longer than Textual waits.
    with suppress(WaitForScreenTimeout):
        await pilot.pause()


async def until_loaded(pilot: Pilot[None]) -> None:
    """Wait until the list of key pairs shows what is stored."""
    screen = app_of(pilot).screen
    assert isinstance(screen, KeyPairListScreen)
    await until(pilot, lambda: screen.view.loaded, "the list")


async def until_screen(pilot: Pilot[None], name: str) -> None:
    """Wait until a screen of that class is on top and has its focus."""
    app = app_of(pilot)
    await until(
        pilot,
        lambda: type(app.screen).__name__ == name and app.screen.focused is not None,
        name,
    )


async def until_list(pilot: Pilot[None]) -> None:
    """Wait until the list is on top, and has done what it does with the screen before it.

    Until then its keys begin nothing.
    """
    app = app_of(pilot)
    await until(
        pilot,
        lambda: isinstance(app.screen, KeyPairListScreen) and not is_busy(app.screen),
        "the keys of the list",
    )


async def type_text(pilot: Pilot[None], text: str) -> None:
    """Type text into what has the focus, faster than it is drawn.

    Only after the last letter is waited until all is drawn and judged, as `press` does after each.
    """
    app = app_of(pilot)
    for character in text[:-1]:
        app.post_message(Key(_NAMES.get(character, character), character).set_sender(app))
    await pilot.press(*(_NAMES.get(character, character) for character in text[-1:]))


async def press_alone(pilot: Pilot[None], key: str) -> None:
    """Press a key at the pace of a person: amid others it neither quits nor deletes.

    Nor does it within a second of many.
    """
    few = app_of(pilot).typing.count < 12
    await asyncio.sleep(ALONE if few else 1.0)
    await pilot.press(key)


async def quit_with(pilot: Pilot[None], key: str) -> None:
    """Press a key that ends the app, and wait until it has: the end of a scene would hide it."""
    await asyncio.sleep(ALONE)
    app = app_of(pilot)
    # Not `press`, which waits for the answer of every widget, and these may be gone by then.
    await app._press_keys([key])
    end = time.monotonic() + _PATIENCE
    while app.return_code is None:
        assert time.monotonic() < end, f"{key} does not quit"
        await asyncio.sleep(0.01)


_NAMES = {" ": "space", "-": "minus", "/": "slash", ".": "full_stop", "~": "tilde"}


async def create(pilot: Pilot[None], key_name: str, *keys: str) -> None:
    """Create a key pair from the list: its name, then keys, then Enter."""
    await until_list(pilot)
    await pilot.press("c")
    await until_screen(pilot, "CreateKeyPairScreen")
    await type_text(pilot, key_name)
    await pilot.press(*keys, "enter")
    await until_screen(pilot, "KeyMaterialScreen")


async def save(pilot: Pilot[None]) -> None:
    """Save the private key where it is offered to be saved."""
    await pilot.press("s")
    await until_screen(pilot, "SaveKeyMaterialScreen")
    await pilot.press("enter")
    await until_screen(pilot, "KeyMaterialScreen")
