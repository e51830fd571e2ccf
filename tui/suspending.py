"""Whether Ctrl-Z may stop the program now."""

from typing import Any

from textual.app import App
from textual.command import CommandPalette

from core.process import can_be_continued
from tui.background import is_running
from tui.driver import FLOW


def refusal(app: App[Any]) -> str:
    """Return why the program is not to be stopped, in words for the hint bar, or nothing."""
    if _is_busy(app):
        # Stopped now, it would keep the locks of the Region and of its journal until then.
        return "ctrl+z works again when this is done"
    return "" if can_be_continued() else "ctrl+z: no shell to come back from"


def _is_busy(app: App[Any]) -> bool:
    """Tell whether the screen is at something; to wait for the one above it does not count."""
    from tui.screens.help import HelpScreen

    for screen in reversed(app.screen_stack):
        if is_running(screen, FLOW):
            return True
        # These two come over any screen, also over one that is at something.
        if not isinstance(screen, CommandPalette | HelpScreen):
            break
    return False
