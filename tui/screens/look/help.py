"""Lists what can be done where the person is, then all keys, and does what is picked."""

from collections.abc import Iterator
from typing import Any

from textual.app import App
from textual.screen import Screen
from textual.widget import Widget

from tui.actions.keymap import at, command, key_label
from tui.actions.table import WIDGET_KEYS, Place
from tui.screens.look.pick import PickScreen
from tui.widgets.pick_list import Item


class HelpScreen(PickScreen):
    """Every action with its key, those of the focused thing and of its screen first.

    Ends with the id of the action that was picked, or None.
    """

    def __init__(self, screen: Screen[Any]) -> None:
        super().__init__("Help", list(help_items(screen)))


def places(screen: Screen[Any]) -> dict[Place, Widget]:
    """Return the places of what has the focus now, the nearest first, and what each one is."""
    nodes = (screen.focused or screen).ancestors_with_self
    return {
        node.PLACE: node for node in nodes if isinstance(node, Widget) and hasattr(node, "PLACE")
    }


def help_items(screen: Screen[Any]) -> Iterator[Item]:
    """Return the lines of the help, for a screen with its focus as it is now."""
    if screen.focused is not None:
        for keys, what in _keys_of(screen.focused):
            yield Item("", _line(keys, what))
    nearest = [*places(screen), Place.ANYWHERE]
    for place in [*nearest, *(place for place in Place if place not in nearest)]:
        for action in at(place):
            keys = " ".join(map(key_label, action.key.split(",")))
            remark = "" if place in nearest else place.value
            words = f"{action.id} {action.hint} {action.words}"
            yield Item(action.id, _line(keys, action.help), remark, words)


def _keys_of(widget: Widget) -> tuple[tuple[str, str], ...]:
    names = (kind.__name__ for kind in type(widget).__mro__)
    return next((WIDGET_KEYS[name] for name in names if name in WIDGET_KEYS), ())


def _line(keys: str, what: str) -> str:
    return f"{keys:<12} {what}"


def show_help(app: App[None]) -> None:
    """Show what can be done here, then all keys; do what is picked where the person was.

    What belongs to another screen is not done.
    """
    below = app.screen
    if isinstance(below, HelpScreen):
        return
    here: dict[Place, Widget | App[None]] = {**places(below), Place.ANYWHERE: app}

    def do(action_id: str | None) -> None:
        for place, node in here.items():
            for action in at(place):
                if action.id == action_id:
                    app.call_after_refresh(node.run_action, command(action))

    app.push_screen(HelpScreen(below), do)
