"""Says whether Ctrl-Z may stop the program now."""

from typing import Any

from textual.app import App

from core.process import can_be_continued
from tui.work.exclusive import is_busy


def refusal(app: App[Any]) -> str:
    """Return why the program is not to be stopped, in words for the hint bar, or nothing."""
    # Stopped now, it would keep the locks of the Region and of its journal. The screens below only
    # wait for the one above; the help lies over none that is at something.
    if is_busy(app.screen):
        return "ctrl+z works again when this is done"
    return "" if can_be_continued() else "ctrl+z: no shell to come back from"
