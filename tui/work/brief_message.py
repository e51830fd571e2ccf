"""Shows a message for a moment, at the end of the hint bar, where it covers nothing."""

from textual.app import App

from tui.widgets.key_hints import KeyHints


def show_briefly(app: App[None], text: str) -> None:
    """Say a visible line for a moment, in the place of the one that was said so before."""
    app.screen.query_one(KeyHints).say(text)


def clear_brief_message(app: App[None]) -> None:
    """Say no longer what was said for a moment."""
    for screen in app.screen_stack:
        for bar in screen.query(KeyHints):
            bar.say("")
