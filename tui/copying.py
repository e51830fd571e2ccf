"""The menu of what can be copied of a key pair."""

from textual.app import App

from core.model import KeyPair
from tui import clipboard
from tui.text import shortened, visible
from tui.widgets.pick_list import Item


async def copy_something(app: App[None], key_pair: KeyPair, region: str) -> str | None:
    """Ask what to send to the terminal's clipboard, send it, and return what was sent.

    Must be called in a worker.
    """
    from core.recipes import recipes
    from tui.screens.pick import PickScreen

    texts = {
        "public key": _pasteable(f"{key_pair.public_key} {key_pair.key_name}"),
        "fingerprint": _pasteable(key_pair.key_fingerprint),
        "id": _pasteable(key_pair.key_pair_id),
        "name": _pasteable(key_pair.key_name),
        **{recipe.title: recipe.text for recipe in recipes(key_pair, region)},
    }
    items = [
        Item(title, title, shortened(text.partition("\n")[0])) for title, text in texts.items()
    ]
    title = await app.push_screen_wait(PickScreen(f"Copy from {key_pair.key_name}", items))
    if title is None:
        return None
    await clipboard.send(app, texts[title])
    app.notify(f"{title}: sent to your terminal", markup=False, timeout=3)
    return title


def _pasteable(text: str) -> str:
    """Return a text to be pasted: a line break in a name would make a shell run what follows.

    Recipes see to that by themselves.
    """
    return text if text.isprintable() else visible(text)
