"""Makes bindings and hints of the table of actions, and puts in the keys that a person chose."""

from collections.abc import Collection, Iterable
from string import punctuation

from textual.binding import Binding, BindingType
from textual.keys import key_to_character

from tui.actions.table import ACTIONS, ONLY_TO_CHANGE, OPENED_BY, Action, Place

bound: tuple[Action, ...] = ACTIONS
"""The table with the keys that are in force."""

TYPING = {
    Place.FILTER,
    Place.CREATE,
    Place.IMPORT,
    Place.SAVE,
    Place.EXPORT,
    Place.MFA_CODE,
    Place.DISCARD,
    Place.UNLOCK,
    Place.SSH_HOST,
    Place.LOST_KEY,
    Place.ADD_TO_AGENT,
    Place.TAGS,
    Place.DELETE,
    Place.DELETED,
    Place.BRING_BACK,
    Place.INSTALL,
    Place.FIND,
    Place.CHECK_UP,
    Place.JOURNAL,
    Place.PICK,
    Place.INTO_REGIONS,
}
"""Places where a letter is text, so that only keys of other kinds can be taught."""


def name_of(character: str) -> str:
    """Return Textual's name for the key of a character, or nothing for one that is a space."""
    if character == ",":  # which parts keys
        return "comma"
    if not character.strip():
        return ""
    [binding] = Binding.make_bindings([Binding(character, "")])
    return binding.key


_CHARACTERS = {name_of(character): character for character in punctuation}
"""The characters that Textual has names for, by these names."""


def at(place: Place) -> tuple[Action, ...]:
    """Return the actions of a place, in the order in which they are to be taught."""
    return tuple(action for action in bound if action.place is place)


def command(action: Action) -> str:
    """Return what Textual is told to run for an action; all of the list go through one door."""
    return f"do('{action.method}')" if action.place is Place.LIST else action.method


def changes(action: Action) -> bool:
    """Return whether an action changes something, so that a session that only reads has not it."""
    return action.changes or action.place in ONLY_TO_CHANGE


def without_changes(shown: Iterable[tuple[str, str]], place: Place) -> tuple[tuple[str, str], ...]:
    """Return of hints of a place those that change nothing."""
    changing = {key_label(action.key) for action in at(place) if changes(action)}
    return tuple(hint for hint in shown if hint[0] not in changing)


def bindings(place: Place) -> list[BindingType]:
    """Return the key bindings of a place."""
    return [
        Binding(
            action.key,
            command(action),
            action.hint or action.help,
            show=False,
            priority=action.priority,
            id=action.id,
        )
        for action in at(place)
        if action.key
    ]


def hints(place: Place) -> tuple[tuple[str, str], ...]:
    """Return what the hint bar of a place shows: keys as they are printed, and their words."""
    taught = [(key_label(action.key), action.hint) for action in at(place) if action.hint]
    for action in at(Place.ANYWHERE):
        if not action.hint:
            continue
        keys = action.key.split(",")
        key = next(key for key in keys if not (place in TYPING and types(key)))
        taught.append((key_label(key), action.hint))
    return tuple(taught)


def wide_hints(place: Place) -> tuple[tuple[str, str], ...]:
    """Return what the hint bar shows as well where the window is wide, likewise."""
    return tuple((key_label(a.key), a.wide_hint) for a in at(place) if a.wide_hint)


def reading_hints(place: Place) -> tuple[tuple[str, str], ...]:
    """Return what the hint bar shows a session that only reads: all of them that change nothing."""
    *taught, help_ = hints(place)
    return (*without_changes((*taught, *wide_hints(place)), place), help_)


def has(actions: Iterable[Action], key: str) -> bool:
    """Return whether one of these actions has this key."""
    return any(key in action.key.split(",") for action in actions)


def key_of(action_id: str) -> str:
    """Return the key that an action has, for a sentence that names it."""
    return next(key_label(action.key) for action in bound if action.id == action_id)


def way_to(action_id: str, here: Collection[Place]) -> str:
    """Return by which keys one comes to something that is done elsewhere, if there are any.

    They are pressed where one is, or in the list.
    """
    actions = {action.id: action for action in bound}
    action, keys = actions[action_id], key_of(action_id)
    while action.place not in (*here, Place.LIST):
        if action.place not in OPENED_BY:
            return ""
        action = actions[OPENED_BY[action.place]]
        keys = f"{key_of(action.id)}, then {keys}"
    return keys if action.place in here else f"in the list, {keys}"


def key_in(place: Place, method: str) -> str:
    """Return the key by which a place does something, for a sentence; as the hints call it."""
    return next(key_label(action.key) for action in at(place) if action.method == method)


def labels() -> frozenset[str]:
    """Return the keys in force as sentences name them."""
    return frozenset(key_label(action.key) for action in bound if action.key)


def key_label(key: str) -> str:
    """Return the first of an action's keys as a person writes it."""
    first = key.partition(",")[0]
    return "esc" if first == "escape" else _CHARACTERS.get(first, first)


def character_of(key: str) -> str | None:
    """Return the character of a key without modifiers, by Textual's name for it, if it has one."""
    return _CHARACTERS.get(key) or key_to_character(key)


def types(key: str) -> bool:
    """Return whether a key is text where text is typed."""
    return (character_of(key) or "\0").isprintable()
