"""Shows the menus of what can be copied of a key pair, and copies what is picked."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from core.custody import file_kinds
from core.custody.recipes import recipes
from core.model import CreatedKeyPair, KeptKeyPair
from core.words.plural import n_of
from tui.screens.look.pick import PickScreen
from tui.terminal import clipboard
from tui.terminal.terminal_app import TerminalApp
from tui.widgets.pick_list import Item
from tui.words.text import as_pasted, pasteable

if TYPE_CHECKING:
    from core.session import Session

_LONGEST = 2_000
_TITLE_WIDTH = len("OpenSSH SHA-256 fingerprint") + 2
_PUBLIC_KEY, _PRIVATE_KEY = "public key", "private key"
_NO, _YES = "no", "yes"
_QUESTION = (
    Item(_NO, "no, go back"),
    Item(_YES, "yes, give it to your terminal to copy; it cannot be taken back"),
)


async def copy_something(app: TerminalApp, session: "Session", key_pair: KeptKeyPair) -> None:
    """Ask what to send to the terminal's clipboard, and send it.

    Must be called in a worker.
    """
    kinds = await asyncio.to_thread(file_kinds.by_content, key_pair.custody.saved_to)
    texts = _texts(key_pair)
    texts |= {recipe.title: recipe.text for recipe in recipes(key_pair, session.region, kinds)}
    title = await _pick(app, key_pair, _items(texts))
    if title is not None:
        await clipboard.send(app, texts[title])
        clipboard.say_sent(app, title)


async def copy_public_keys(app: TerminalApp, key_pairs: Sequence[KeptKeyPair], more: str) -> None:
    """Send the public keys of several pairs to the terminal's clipboard, one a line.

    `more` is what is said besides how many they were.
    """
    lines = [_texts(key_pair)[_PUBLIC_KEY] for key_pair in key_pairs]
    await clipboard.send(app, "".join(f"{line}\n" for line in lines))
    what = n_of(len(lines), _PUBLIC_KEY)
    clipboard.say_sent(app, f"{what}, one a line", more)


async def copy_of_new(app: TerminalApp, created: CreatedKeyPair) -> bool:
    """Do the same for a pair whose private key is at hand; that one goes only after a question.

    Returns whether that one was sent. Must be called in a worker.
    """
    key_pair = created.key_pair
    texts = _texts(key_pair)
    items = [*_items(texts), _item(_PRIVATE_KEY, "the private key itself", "asks first")]
    title = await _pick(app, key_pair, items)
    if title == _PRIVATE_KEY:
        question = PickScreen(f"Send the private key of {key_pair.key_name}?", _QUESTION)
        question.about = [key_pair]
        if await app.push_screen_wait(question) == _YES:
            await clipboard.send_private(app, created.key_material)
            clipboard.say_sent(app, _PRIVATE_KEY)
            return True
    elif title is not None:
        await clipboard.send(app, texts[title])
        clipboard.say_sent(app, title)
    return False


def _texts(key_pair: KeptKeyPair) -> dict[str, str]:
    fingerprints = key_pair.custody.fingerprints
    texts = {
        _PUBLIC_KEY: f"{key_pair.public_key} {key_pair.key_name}",
        "EC2 fingerprint": key_pair.key_fingerprint,
        "OpenSSH SHA-256 fingerprint": fingerprints.ssh_sha256,
        "OpenSSH MD5 fingerprint": fingerprints.ssh_md5,
        "id": key_pair.key_pair_id,
        "name": key_pair.key_name,
    }
    # Recipes see to it by themselves.
    return {title: pasteable(text) for title, text in texts.items()}


def _items(texts: Mapping[str, str]) -> list[Item]:
    return [_item(title, title, _first(text)) for title, text in texts.items()]


def _item(value: str, title: str, text: str) -> Item:
    return Item(value, f"{title:<{_TITLE_WIDTH}}{text}", muted_from=_TITLE_WIDTH)


def _first(text: str) -> str:
    """Return the first line of a text, and how many there are."""
    first, *others = text.splitlines() or [""]
    count = f"{n_of(len(others) + 1, 'line')}: " * bool(others)
    return f"{count}{as_pasted(first[:_LONGEST])}"


async def _pick(app: TerminalApp, key_pair: KeptKeyPair, items: Sequence[Item]) -> str | None:
    screen = PickScreen(f"Copy from {key_pair.key_name}", items, verb="copy")
    screen.about = [key_pair]
    return await app.push_screen_wait(screen)
