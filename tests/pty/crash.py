"""The program with one fault planted, for test_life: it crashes with a private key in reach.

CRASH_IN says where, CRASH_KEY_FILE which file gets the key, for the test to look for it. With
CRASH_REPORT=textual the report is Textual's own, which shows local variables.
"""

import os
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NoReturn
from unittest.mock import patch

from cryptography.hazmat.primitives.serialization import load_ssh_private_key
from textual import work
from textual.app import App
from textual.strip import Strip

from core.model import CreatedKeyPair
from core.secret import KeyMaterial
from core.service import KeyPairService
from tui.__main__ import main
from tui.app import KeyPairsApp
from tui.screens.key_material import KeyMaterialScreen
from tui.widgets.key_material_view import KeyMaterialView


def fail(key_material: KeyMaterial) -> NoReturn:
    """Fail with the private key in local variables, in each of the forms a program may hold."""
    text = key_material.reveal()
    lines = text.splitlines()
    seed = load_ssh_private_key(text.encode(), None).private_bytes_raw()  # type: ignore[union-attr]  # it is an ED25519 key
    Path(os.environ["CRASH_KEY_FILE"]).write_text(text)
    raise RuntimeError(f"planted, with {len(text)}, {len(lines)} and {len(seed)} in reach")


def in_a_handler(screen: KeyMaterialScreen) -> None:
    """Stand in for the action of `v`."""
    fail(screen._created.key_material)


async def in_a_worker(screen: KeyMaterialScreen) -> None:
    """Stand in for the action of `v`, as a worker."""
    fail(screen._created.key_material)


def in_a_thread(service: KeyPairService, created: CreatedKeyPair, path_text: str) -> None:
    """Stand in for what the save dialog calls in a thread."""
    fail(created.key_material)


def while_drawing(
    view: KeyMaterialView, y: int, draw: Callable[..., Strip] = KeyMaterialView.render_line
) -> Strip:
    """Stand in for the drawing of a line of the key that is shown."""
    return fail(view._material) if view.shown else draw(view, y)


FAULTS: dict[str, tuple[type, str, Callable[..., Any]]] = {
    "handler": (KeyMaterialScreen, "action_toggle_shown", in_a_handler),
    "worker": (KeyMaterialScreen, "action_toggle_shown", work(in_a_worker)),
    "thread": (KeyPairService, "save_key_material", in_a_thread),
    "drawing": (KeyMaterialView, "render_line", while_drawing),
}

if __name__ == "__main__":
    with ExitStack() as faults:
        faults.enter_context(patch.object(*FAULTS[os.environ["CRASH_IN"]]))
        if os.environ.get("CRASH_REPORT") == "textual":
            faults.enter_context(patch.object(KeyPairsApp, "_fatal_error", App._fatal_error))
        sys.exit(main())
