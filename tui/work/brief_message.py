"""What is said for a moment, at the end of the hint bar, where it covers nothing that is read."""

from textual.app import App

from tui.widgets.key_hints import KeyHints


def toast(app: App[None], text: str) -> None:
    """Say a visible line for a moment, in the place of the one that was said so before."""
    app.screen.query_one(KeyHints).say(text)


def forget(app: App[None]) -> None:
    """Say no longer what was said for a moment."""
    for screen in app.screen_stack:
        for bar in screen.query(KeyHints):
            bar.say("")
