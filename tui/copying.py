"""The menus of what can be copied of a key pair."""

from collections.abc import Mapping, Sequence

from textual.app import App

from core.model import CreatedKeyPair, KeyPair
from tui import clipboard
from tui.text import shortened, visible
from tui.widgets.pick_list import Item

_PRIVATE_KEY = "private key"
_NO, _YES = "no", "yes"
_QUESTION = (
    Item(_NO, "no, go back"),
    Item(_YES, "yes, send it to your terminal; it cannot be taken back"),
)


async def copy_something(app: App[None], key_pair: KeyPair, region: str) -> str | None:
    """Ask what to send to the terminal's clipboard, send it, and return what was sent.

    Must be called in a worker.
    """
    from core.recipes import recipes

    texts = _texts(key_pair)
    texts |= {recipe.title: recipe.text for recipe in recipes(key_pair, region)}
    title = await _pick(app, f"Copy from {key_pair.key_name}", _items(texts))
    if title is not None:
        await clipboard.send(app, texts[title])
        _say(app, f"{title}: sent to your terminal")
    return title


async def copy_of_new(app: App[None], created: CreatedKeyPair, *, holds_key: bool) -> bool:
    """Do the same for a pair whose private key is at hand; that one goes only after a question.

    Returns whether that one was sent. Must be called in a worker.
    """
    key_pair = created.key_pair
    texts = _texts(key_pair)
    items = [*_items(texts), Item(_PRIVATE_KEY, "the private key itself", "asks first")]
    title = await _pick(app, f"Copy from {key_pair.key_name}", items, holds_key=holds_key)
    if title == _PRIVATE_KEY:
        question = f"Send the private key of {key_pair.key_name}?"
        if await _pick(app, question, _QUESTION, holds_key=holds_key) == _YES:
            await clipboard.send_private(app, created.key_material)
            _say(app, "private key: sent to your terminal; it cannot be taken back")
            return True
    elif title is not None:
        await clipboard.send(app, texts[title])
        _say(app, f"{title}: sent to your terminal")
    return False


def _texts(key_pair: KeyPair) -> dict[str, str]:
    fingerprints = key_pair.fingerprints
    texts = {
        "public key": f"{key_pair.public_key} {key_pair.key_name}",
        "EC2 fingerprint": key_pair.key_fingerprint,
        "OpenSSH SHA-256 fingerprint": fingerprints.ssh_sha256,
        "OpenSSH MD5 fingerprint": fingerprints.ssh_md5,
        "id": key_pair.key_pair_id,
        "name": key_pair.key_name,
    }
    return {title: _pasteable(text) for title, text in texts.items()}


def _items(texts: Mapping[str, str]) -> list[Item]:
    return [Item(title, title, shortened(text.partition("\n")[0])) for title, text in texts.items()]


async def _pick(
    app: App[None], title: str, items: Sequence[Item], *, holds_key: bool = False
) -> str | None:
    from tui.screens.pick import PickScreen

    return await app.push_screen_wait(PickScreen(title, items, holds_key=holds_key))


def _say(app: App[None], text: str) -> None:
    app.clear_notifications()  # one at a time
    app.notify(text, markup=False, timeout=3)


def _pasteable(text: str) -> str:
    """Return a text to be pasted: a line break in a name would make a shell run what follows.

    Recipes see to that by themselves.
    """
    return text if text.isprintable() else visible(text)
