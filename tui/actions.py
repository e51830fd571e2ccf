"""The one table of actions: bindings, the hint bar, the help and the palette read it.

An action belongs to a place, which is a screen or a kind of screen. Its id is what the
configuration file calls it; its key is the default.
"""

from dataclasses import dataclass
from enum import Enum

from textual.binding import Binding, BindingType


class Place(Enum):
    """Where an action can be done; the value is the heading in the help."""

    LIST = "The list of key pairs"
    CREATE = "Creating a key pair"
    KEY_MATERIAL = "The private key"
    SAVE = "Saving the private key"
    DISCARD = "Leaving without the private key"
    MESSAGE = "A message"


@dataclass(frozen=True, slots=True)
class Action:
    """Something a person can do.

    `hint` is the word beside the key in the hint bar, or empty when the bar need not teach it.
    `help` is a sentence. `priority` makes the key work while a text field has the focus.
    """

    id: str
    place: Place
    key: str
    method: str
    hint: str
    help: str
    priority: bool = False


ACTIONS = (
    Action(
        "key-pair.create",
        Place.LIST,
        "c",
        "create_key_pair",
        "create",
        "Create a key pair and save its private key.",
    ),
    Action("list.reload", Place.LIST, "R", "reload", "", "Read the Region's file again."),
    Action("app.quit", Place.LIST, "q", "app.quit", "quit", "Quit."),
    Action(
        "create.submit", Place.CREATE, "enter", "submit", "create", "Create the key pair as shown."
    ),
    Action(
        "create.add-tag", Place.CREATE, "ctrl+t", "add_tag", "add tag", "Add a tag.", priority=True
    ),
    Action(
        "create.remove-tag",
        Place.CREATE,
        "ctrl+r",
        "remove_tag",
        "",
        "Remove the tag that has the focus, or the last one.",
        priority=True,
    ),
    Action(
        "create.dry-run",
        Place.CREATE,
        "ctrl+d",
        "dry_run",
        "dry run",
        "Ask whether you may create it, without creating anything.",
        priority=True,
    ),
    Action("create.back", Place.CREATE, "escape", "back", "back", "Go back; nothing is created."),
    Action("key-material.save", Place.KEY_MATERIAL, "s", "save", "save", "Save it to a new file."),
    Action(
        "key-material.show",
        Place.KEY_MATERIAL,
        "v",
        "toggle_shown",
        "show",
        "Show or hide the private key; whatever records this terminal records it too.",
    ),
    Action(
        "key-material.leave",
        Place.KEY_MATERIAL,
        "escape",
        "back",
        "leave",
        "Leave. Unless it was saved, the pair's name must be typed first.",
    ),
    Action("save.submit", Place.SAVE, "enter", "submit", "save", "Save, read back and prove."),
    Action("save.back", Place.SAVE, "escape", "back", "back", "Go back; nothing is saved."),
    Action(
        "discard.submit", Place.DISCARD, "enter", "submit", "discard", "Give the private key up."
    ),
    Action(
        "discard.back", Place.DISCARD, "escape", "back", "back", "Go back; the key is still there."
    ),
    Action("message.close", Place.MESSAGE, "escape,enter", "close", "close", "Close the message."),
)


def at(place: Place) -> tuple[Action, ...]:
    """Return the actions of a place, in the order in which they are to be taught."""
    return tuple(action for action in ACTIONS if action.place is place)


def bindings(place: Place) -> list[BindingType]:
    """Return the key bindings of a place."""
    return [
        Binding(
            action.key,
            action.method,
            action.hint or action.help,
            show=False,
            priority=action.priority,
            id=action.id,
        )
        for action in at(place)
    ]


def hints(place: Place) -> tuple[tuple[str, str], ...]:
    """Return what the hint bar of a place shows: keys as they are printed, and their words."""
    return tuple((key_label(action.key), action.hint) for action in at(place) if action.hint)


_LABELS = {"escape": "esc", "question_mark": "?", "slash": "/"}


def key_label(key: str) -> str:
    """Return the first of an action's keys as a person writes it."""
    first = key.partition(",")[0]
    return _LABELS.get(first, first)
