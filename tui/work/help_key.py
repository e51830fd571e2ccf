"""Shows the help, and does what is picked in it."""

from textual.app import App
from textual.widget import Widget

from tui.actions import keymap
from tui.actions.table import Place


def show_help(app: App[None]) -> None:
    """Show what can be done here, then all keys; do what is picked where the person was.

    What belongs to another screen is not done.
    """
    from tui.screens.look.help import HelpScreen, places

    below = app.screen
    if isinstance(below, HelpScreen):
        return

    here: dict[Place, Widget | App[None]] = {**places(below), Place.ANYWHERE: app}

    def do(action_id: str | None) -> None:
        for place, node in here.items():
            for action in keymap.at(place):
                if action.id == action_id:
                    app.call_after_refresh(node.run_action, action.method)

    app.push_screen(HelpScreen(below), do)
