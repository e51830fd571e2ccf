"""Ways to drive the app from inside, for tests that need no terminal."""

from collections.abc import Callable

from textual.pilot import Pilot

from tui.app import KeyPairsApp
from tui.screens.key_pair_list import KeyPairListScreen


def app_of(pilot: Pilot[None]) -> KeyPairsApp:
    """Return the app that a pilot steers."""
    assert isinstance(pilot.app, KeyPairsApp)
    return pilot.app


async def until(pilot: Pilot[None], condition: Callable[[], bool], what: str) -> None:
    """Wait until something holds; workers and threads take their time."""
    for _ in range(500):
        if condition():
            await pilot.pause()
            return
        await pilot.pause(0.01)
    raise AssertionError(f"waited in vain for {what}")


async def until_loaded(pilot: Pilot[None]) -> None:
    """Wait until the list of key pairs shows what is stored."""
    screen = app_of(pilot).screen
    assert isinstance(screen, KeyPairListScreen)
    await until(pilot, lambda: screen.loaded, "the list")


async def until_screen(pilot: Pilot[None], name: str) -> None:
    """Wait until a screen of that class is on top and has its focus."""
    app = app_of(pilot)
    await until(
        pilot,
        lambda: type(app.screen).__name__ == name and app.screen.focused is not None,
        name,
    )


async def type_text(pilot: Pilot[None], text: str) -> None:
    """Type text into what has the focus."""
    await pilot.press(*(_NAMES.get(character, character) for character in text))


_NAMES = {" ": "space", "-": "minus", "/": "slash", ".": "full_stop", "~": "tilde"}


async def create(pilot: Pilot[None], key_name: str, *keys: str) -> None:
    """Create a key pair from the list: its name, then keys, then Enter."""
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
