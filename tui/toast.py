"""What is said for a moment, over whatever is on the screen."""

from textual.app import App

_SECONDS = 3


def toast(app: App[None], text: str) -> None:
    """Say a line for a moment, in the place of the one that was said so before."""
    # One at a time: the next would stand below it, over what is read there.
    app.clear_notifications()
    app.notify(text, markup=False, timeout=_SECONDS)
