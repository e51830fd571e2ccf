"""Gives actions other keys: knows which names are keys, and which keys are free in a place.

Imported only where a person has chosen keys.
"""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches

from textual.keys import Keys

from core.errors import SettingsError
from tui.actions import keymap
from tui.actions.keymap import TYPING, character_of, key_label, name_of, types
from tui.actions.table import ACTIONS, Action, Place

_LONGEST = 60

OF_THE_APP: Mapping[str, str] = {
    "tab": "going to the next field",
    "shift+tab": "going to the field before",
    "ctrl+c": "copying what is selected",
    "super+c": "copying what is selected",
    "ctrl+l": "drawing the screen anew",
    "ctrl+p": "app.help",
    "ctrl+q": "app.leave",
    "ctrl+z": "suspending the program",
}
"""Keys that do the same everywhere, and what they do; an id is that of the action in the table."""

MOVING = {*"jkgG", "up", "down", "home", "end", "pageup", "pagedown", "ctrl+b", "ctrl+f"}
"""Keys that move in a list."""

SCROLLING = {"up", "down", "left", "right", "home", "end", "pageup", "pagedown"} | {
    "ctrl+pageup",
    "ctrl+pagedown",
}
"""Keys that scroll a page."""

EDITING = {
    *("left", "right", "shift+left", "shift+right", "ctrl+left", "ctrl+right"),
    *("ctrl+shift+left", "ctrl+shift+right", "home", "end", "shift+home", "shift+end"),
    *("up", "down", "pageup", "pagedown", "ctrl+pageup", "ctrl+pagedown"),
    *("backspace", "delete", "ctrl+backspace", "alt+backspace", "super+backspace"),
    *(f"ctrl+{letter}" for letter in "adehkuvwx"),
    "ctrl+shift+a",
}
"""Keys that edit a text or leave its field; an action that comes before them can have one."""

EDITING_LINES = {
    *("shift+up", "shift+down", "f6", "f7", "alt+delete", "ctrl+y", "ctrl+shift+k"),
    *("super+x", "super+y", "super+z"),
}
"""Keys that edit a text of several lines, besides those."""

_WITH_LIST = {Place.LIST, Place.AGENT, Place.CHECK_UP, Place.FIND, Place.PICK}
_TAKEN = dict.fromkeys(_WITH_LIST, (MOVING, "moving in the list")) | dict.fromkeys(
    (Place.DETAILS, Place.KEY_MATERIAL), (SCROLLING, "scrolling")
)
_TAKEN[Place.IMPORT] = (EDITING_LINES, "editing the public key")
_ENTER = {
    action.place: action.id
    for action in ACTIONS
    if "enter" in action.key.split(",") and action.place in TYPING | _WITH_LIST
}
"""The action of a place that Enter does in any case: its list or its text field says so."""


def rebind(keys: Mapping[str, str]) -> None:
    """Give actions other keys; must be done before the screens are imported.

    Raises:
        SettingsError: as `rebound`.
    """
    keymap.bound = rebound(keymap.bound, keys)


def rebound(table: Sequence[Action], keys: Mapping[str, str]) -> tuple[Action, ...]:
    """Return a table with other keys, as Textual names them; `keys` are by the ids of actions.

    Raises:
        SettingsError: an unknown id or key, a key that two things of one place would share,
            or one that is text where it would have to work.
    """
    known = {action.id for action in table}
    for action_id in keys:
        if action_id not in known:
            closest = get_close_matches(action_id, known, n=1)
            hint = f"; did you mean {closest[0]}?" if closest else "."
            raise SettingsError(f"[keys] {action_id[:_LONGEST]}: there is no such action{hint}")
    changed = tuple(
        _with_keys(action, keys[action.id]) if action.id in keys else action for action in table
    )
    for place in Place:
        _check(place, [each for each in changed if each.place in (place, Place.ANYWHERE)])
    return changed


def _with_keys(action: Action, keys: str) -> Action:
    """Return an action with other keys; its help names the one that works where text is typed."""
    key = _named(action.id, keys)
    changed = action._replace(key=key)
    if action.place is Place.ANYWHERE:
        plain = next((each for each in key.split(",") if not types(each)), "")
        changed = changed._replace(help=action.help.replace("f1", key_label(plain)))
    return changed


def _check(place: Place, actions: Sequence[Action]) -> None:
    """Refuse keys that would do in a place what nobody expects of them."""
    taken, owner = _TAKEN.get(place, ((), ""))
    owners = {**dict.fromkeys(taken, owner), **OF_THE_APP}
    if place in _ENTER:
        owners["enter"] = _ENTER[place]
    for action in actions:
        if not action.key:
            continue
        for key in action.key.split(","):
            if owners.setdefault(key, action.id) != action.id:
                always = " always" * (key == "enter" and place in _ENTER)
                raise _refused(key, action, f"{owners[key]}{always} has it")
            if place not in TYPING or place is not action.place:
                continue
            if types(key) and not _may_be_text(action, key):
                raise _refused(key, action, "it is text there")
            # The keys of the filter are those of its field, and so come first.
            if key in EDITING and not action.priority and place is not Place.FILTER:
                raise _refused(key, action, "editing a text has it")
        if action.place is Place.ANYWHERE and all(map(types, action.key.split(","))):
            raise SettingsError(
                f"[keys] {key_label(action.key)}: {action.id} needs a second key that is not text,"
                f' such as f1: "{key_label(action.key)},f1".'
            )


def _may_be_text(action: Action, key: str) -> bool:
    """Return whether an action may have a key that is text elsewhere in its place.

    Its own one, which the field leaves to it; or any, where it is for when there is no field.
    """
    default = next(each.key for each in ACTIONS if each.id == action.id).split(",")
    return key in default or (not action.priority and any(map(types, default)))


def _refused(key: str, action: Action, because: str) -> SettingsError:
    return SettingsError(
        f"[keys] {key_label(key)}: {action.id} cannot have it, because {because}."
        " Choose another key, such as f2."
    )


# The names of keys ------------------------------------------------------------------------------

_MODIFIERS = {"alt", "ctrl", "hyper", "meta", "shift", "super"}
_NAMES = ({key.value for key in Keys if key.value.isalnum()} - {"return"}) | {
    *(f"f{number}" for number in range(25, 36)),
    *("menu", "pause", "print_screen", "caps_lock", "num_lock", "scroll_lock"),
    *("add", "decimal", "divide", "equal", "kp_begin", "multiply", "separator", "subtract"),
}
"""Keys that are no characters: those that Textual knows, and those that only new terminals send."""

_SENT_AS = {
    "ctrl+h": "backspace",
    "ctrl+i": "tab",
    "ctrl+left_square_bracket": "escape",
    "ctrl+m": "enter",
    "return": "enter",
}
"""What most terminals send for a key that has a name of its own."""


def _named(action_id: str, keys: str) -> str:
    """Return keys, with commas between them, as Textual names them when they are pressed."""
    names = [_spelled(name) for name in keys.split(",")]
    for given, name in zip(keys.split(","), names, strict=True):
        if name in _SENT_AS:
            hint = f"; terminals send {_SENT_AS[name]} for it."
        elif _is_key(name):
            continue
        else:
            meant = next(_meant(name), "")
            hint = f"; did you mean {meant}?" if meant else ". Choose one such as f2 or ctrl+n."
        raise SettingsError(f"[keys] {action_id}: there is no key {given[:_LONGEST]}{hint}")
    return ",".join(names)


def _spelled(name: str) -> str:
    """Return a name with its modifiers in Textual's order, and a character by its name."""
    if len(name) == 1:
        return name_of(name)
    *modifiers, key = name.split("+")
    return "+".join([*sorted(set(modifiers)), name_of(key) if len(key) == 1 else key])


def _is_key(name: str) -> bool:
    """Return whether a terminal can send what Textual calls so."""
    *modifiers, key = name.split("+")
    character = character_of(key)
    if key not in _NAMES and not (
        # Any character has a name, among them BANANA; keyboards have those of Latin-1.
        character is not None
        and character.isprintable()
        and character < "\u0100"
        and name_of(character) == key
    ):
        return False
    # Shift makes another character of one, and Ctrl, Alt and the like go with small letters.
    if modifiers == ["shift"]:
        return not types(key)
    return _MODIFIERS.issuperset(modifiers) and not (modifiers and key.isupper())


def _meant(name: str) -> Iterator[str]:
    """Yield what an unknown name may have been meant for."""
    lower = name.lower()
    if _is_key(lower):
        yield lower
    *modifiers, key = lower.split("+")
    if modifiers == ["shift"] and key.isalpha() and len(key) == 1:
        yield key.upper()
    elif _MODIFIERS.issuperset(modifiers):
        names = _NAMES | {name_of(chr(code)) for code in range(0x21, 0x7F)}
        for close in get_close_matches(key, sorted(names), n=1):
            yield "+".join([*modifiers, close])
