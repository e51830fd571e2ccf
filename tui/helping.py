"""The way to the help and back."""

from textual.app import App

from tui import keymap


def show_help(app: App[None]) -> None:
    """Show what can be done here, then all keys; do what is picked on the screen below.

    What belongs to another screen is not done.
    """
    from tui.screens.help import HelpScreen

    below = app.screen
    if isinstance(below, HelpScreen):
        return

    def do(action_id: str | None) -> None:
        place = getattr(below, "PLACE", None)
        for action in keymap.at(place) if place else ():
            if action.id == action_id:
                app.call_after_refresh(below.run_action, action.method)

    app.push_screen(HelpScreen(below), do)
