"""What is made of the table of actions: bindings, hints, and the keys that a person chose."""

from collections.abc import Mapping
from difflib import get_close_matches

from textual.binding import Binding, BindingType

from core.errors import SettingsError
from tui.actions import ACTIONS, Action, Place

bound: tuple[Action, ...] = ACTIONS
"""The table with the keys that are in force."""

_TYPING = {
    Place.FILTER,
    Place.CREATE,
    Place.IMPORT,
    Place.SAVE,
    Place.EXPORT,
    Place.DISCARD,
    Place.ADD_TO_AGENT,
    Place.TAGS,
    Place.DELETE,
    Place.INSTALL,
    Place.FIND,
    Place.PICK,
    Place.COPY_TO,
}
"""Places where a letter is text, so that only keys of other kinds can be taught."""

_MOVING = {*"jkgG", "up", "down", "home", "end", "pageup", "pagedown", "ctrl+b", "ctrl+f"}
_TAKEN = dict.fromkeys((Place.LIST, Place.AGENT, Place.CHECK_UP), _MOVING)
"""Keys that move in the list of a place, and so can be given to no action of it."""


def rebind(keys: Mapping[str, str]) -> None:
    """Give actions other keys; must be done before the screens are imported.

    Raises:
        SettingsError: an id that is none, or a key that two actions of one place would share.
    """
    global bound  # it is changed once, before anything reads it
    known = {action.id for action in ACTIONS}
    for action_id in keys:
        if action_id not in known:
            closest = get_close_matches(action_id, known, n=1)
            hint = f"; did you mean {closest[0]}?" if closest else "."
            raise SettingsError(f"[keys] {action_id[:60]}: there is no such action{hint}")
    rebound = tuple(action._replace(key=keys.get(action.id, action.key)) for action in bound)
    for place in Place:
        owners = dict.fromkeys(_TAKEN.get(place, ()), "moving in the list")
        for action in rebound:
            if action.place not in (place, Place.ANYWHERE):
                continue
            for key in action.key.split(","):
                if key in owners:
                    raise SettingsError(
                        f"[keys] {key}: {action.id} cannot have it, because {owners[key]} has it."
                    )
                owners[key] = action.id
    bound = rebound


def at(place: Place) -> tuple[Action, ...]:
    """Return the actions of a place, in the order in which they are to be taught."""
    return tuple(action for action in bound if action.place is place)


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
    taught = [(key_label(action.key), action.hint) for action in at(place) if action.hint]
    for action in at(Place.ANYWHERE):
        keys = action.key.split(",")
        taught.append((key_label(keys[-1] if place in _TYPING else keys[0]), action.hint))
    return tuple(taught)


def wide_hints(place: Place) -> tuple[tuple[str, str], ...]:
    """Return what the hint bar shows as well where the window is wide, likewise."""
    return tuple((key_label(a.key), a.wide_hint) for a in at(place) if a.wide_hint)


def key_of(action_id: str) -> str:
    """Return the key that an action has, for a sentence that names it."""
    return next(key_label(action.key) for action in bound if action.id == action_id)


_LABELS = {"escape": "esc", "question_mark": "?", "slash": "/", "asterisk": "*"}


def key_label(key: str) -> str:
    """Return the first of an action's keys as a person writes it."""
    first = key.partition(",")[0]
    return _LABELS.get(first, first)
