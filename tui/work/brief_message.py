"""Shows a message for a moment, in the line above the hints."""

from textual.app import App

from tui.widgets.fact_line import FactLine


def show_briefly(app: App[None], text: str) -> None:
    """Say a visible line for a moment, in the place of the one that was said so before."""
    app.screen.query_one(FactLine).say_briefly(text)


def stop_saying_briefly(app: App[None], text: str) -> None:
    """Say a line no longer, unless another has taken its place."""
    line = app.screen.query_one(FactLine)
    if line.said_briefly == text:
        line.say_briefly("")


def clear_brief_message(app: App[None]) -> None:
    """Say no longer what was said for a moment."""
    for screen in app.screen_stack:
        for line in screen.query(FactLine):
            line.say_briefly("")
