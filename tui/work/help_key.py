"""The way to the help and back."""

from textual.app import App

from tui.actions import keymap


def show_help(app: App[None]) -> None:
    """Show what can be done here, then all keys; do what is picked where the person was.

    What belongs to another screen is not done.
    """
    from tui.screens.look.help import HelpScreen, places

    below = app.screen
    if isinstance(below, HelpScreen):
        return

    here = places(below)

    def do(action_id: str | None) -> None:
        for place, node in here.items():
            for action in keymap.at(place):
                if action.id == action_id:
                    app.call_after_refresh(node.run_action, action.method)

    app.push_screen(HelpScreen(below), do)
