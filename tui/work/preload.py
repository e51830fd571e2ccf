"""Loads ahead what would be too late, or would keep a person waiting, when it is needed.

An upgrade, or a disk that goes away, may take the files of the program while a key is on the screen
that exists nowhere else. What was not imported by then cannot be, and would leave no way to save
it. The style sheets of these screens come with the form that creates: see `CreateKeyPairScreen`.
That of all screens over the list is read when the list is there: see `KeyPairListScreen`.
"""

from collections.abc import Iterable
from importlib import import_module

FOR_A_CHANGE = (
    "tinydb",
    "core.keys.convert",
    "core.keys.fingerprint",
    "core.keys.keygen",
    "core.local.new_pairs",
    "core.store.transaction",
)
"""What the first change would wait for."""

FOR_A_KEY = ("tui.screens.list.filter.field", *FOR_A_CHANGE)
"""What the first key would wait for; it is loaded when the list is on the screen."""

FOR_A_PRIVATE_KEY = (
    *FOR_A_KEY,
    "bcrypt",
    "rich.traceback",
    "textual.scrollbar",
    "textual.theme",
    "core.custody.agent_keys",
    "core.custody.proof",
    "core.custody.saving",
    "core.keys.encoding.ciphers",
    "core.keys.passphrase",
    "core.store.restore",
    "tui.screens.look.help",
    "tui.screens.look.pick",
    "tui.screens.private_key.add_to_agent",
    "tui.screens.private_key.discard_key_material",
    "tui.screens.private_key.key_material",
    "tui.screens.private_key.save_key_material",
    "tui.terminal.suspension",
    "tui.screens.pair.copy_menu",
)
"""What a key on the screen can lead to; it is loaded before there is one."""


def load(modules: Iterable[str]) -> None:
    """Import modules; blocks, and may be called in any thread."""
    for name in modules:
        import_module(name)
