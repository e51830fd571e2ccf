"""Lists what can be done where the person is, then all keys, and does what is picked."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from textual import on
from textual.app import App
from textual.screen import Screen
from textual.widget import Widget

from tui.actions.keymap import at, changes, command, key_label, way_to
from tui.actions.table import WIDGET_KEYS, Action, Place
from tui.screens.list.columns import PANE_FROM
from tui.screens.look.pick import PickScreen
from tui.screens.placed_screen import PlacedScreen
from tui.widgets.cursor_list import CursorList
from tui.widgets.pick_list import Item
from tui.words.place import READING
from tui.words.verdict import READ_ONLY, Verdict

_GROUPS = (
    (
        "This pair",
        (
            "key-pair.details",
            "key-pair.tags",
            "key-pair.copy",
            "key-pair.replace",
            "key-pair.install",
            "key-pair.delete",
        ),
    ),
    (
        "Several",
        (
            "list.choose",
            "list.choose-all",
            "key-pair.import-into-regions",
            "list.export",
            "key-pair.undo",
            "list.deleted",
        ),
    ),
    ("New", ("key-pair.create", "key-pair.import")),
)
"""The actions of the list by what they are done to; all others look at something."""

_COLOURS = (
    ("plain", "key, chosen", "A key that does something, and a pair that is chosen."),
    ("primary", "ed25519", "The type ed25519, and in a form the field with the focus."),
    ("secondary", "rsa", "The type rsa."),
    ("good", "✓ good", "Done, and all is well."),
    ("caution", "! caution", "Wants attention: look before you go on."),
    ("bad", "✗ refused", "Refused, wrong or damaged."),
    ("danger", " danger ", "Bar and frame look so where something is destroyed."),
)
"""What each colour means, beside a word that has it: a look of the list, the word, a sentence."""

_ROOMY = 20
"""Rows of the window from which a blank line parts the groups."""

_LEGEND = "legend colors meaning"

_ONLY_READING = f"({READING})"

_KEYS_WIDTH = 12
_NO_KEY = "(enter here)"
"""What stands where other lines have a key: nothing else does it."""

_IN_A_SHELL = "in a shell"

_MARK = "mark "
"""How the key of a line begins that explains a mark."""


class HelpScreen(PickScreen):
    """Every action with its key, those of the focused thing and of its screen first.

    Ends with the id of the action that was picked, or None. What belongs to another screen cannot
    be picked.
    """

    def __init__(self, screen: Screen[Any]) -> None:
        items = list(help_items(screen))
        if isinstance(screen, PlacedScreen) and screen.app.whereabouts.reads_only:
            changing = {action.id for place in Place for action in at(place) if changes(action)}
            items = [
                item._replace(remark=_ONLY_READING) if item.value in changing else item
                for item in items
            ]
        if screen.size.height >= _ROOMY:
            items = [each for item in items for each in _parted(item)][1:]
        super().__init__("Help", items, verb="do it")
        self._hints = self._hints[:-1]  # this is the help
        self._here = [*places(screen), Place.ANYWHERE]
        self._done_here = {action.id for place in self._here for action in at(place)}

    def narrowed(self, search: str) -> list[Item]:
        items = super().narrowed(search)
        if search.split():
            # First what the hint bar calls so.
            word = search.strip().casefold()
            called = {a.id for place in self._here for a in at(place) if a.hint == word}
            return sorted(items, key=lambda item: item.value not in called)
        # What the heading says is not said at the end of each line below it.
        said = {*(place.value for place in Place), _IN_A_SHELL}
        return [
            item._replace(remark="") if item.remark.strip("()") in said else item for item in items
        ]

    def refusal(self, item: Item) -> str:
        if item.remark == _ONLY_READING:
            return READ_ONLY
        if not item.value:
            return "this line explains something; there is nothing to do"
        if item.value in self._done_here:
            return ""
        way = way_to(item.value, self._here)
        return (
            f"that is done elsewhere: {way}" if way else "that is done elsewhere, where it comes up"
        )

    def is_taught(self, item: Item) -> bool:
        return not self.refusal(item)

    @on(CursorList.Highlighted)
    def _forget_what_was_said(self) -> None:
        self.say(Verdict(""))


def places(screen: Screen[Any]) -> dict[Place, Widget]:
    """Return the places of what has the focus now, the nearest first, and what each one is."""
    nodes = (screen.focused or screen).ancestors_with_self
    return {
        node.PLACE: node for node in nodes if isinstance(node, Widget) and hasattr(node, "PLACE")
    }


def help_items(screen: Screen[Any]) -> Iterator[Item]:
    """Return the lines of the help, for a screen with its focus as it is now."""
    here = [_key_item(keys, what) for keys, what in _keys_of(screen.focused)]
    nearest = [*places(screen), Place.ANYWHERE]
    is_list = nearest[0] is Place.LIST
    colours = [_key_item(word, what, words=_LEGEND, look=look) for look, word, what in _COLOURS]
    if not is_list:
        yield from _under("Here", here)
    for place in [*nearest, *(place for place in Place if place not in nearest)]:
        remark = "" if place in nearest else f"({place.value})"
        if place is Place.LIST:
            refused = screen.refused if isinstance(screen, PlacedScreen) else ()
            yield from _of_list(remark, refused, has_pane=screen.size.width >= PANE_FROM)
        else:
            yield from _under(
                _capitalised(place.value), [_item(action, remark) for action in at(place)]
            )
        if place is nearest[0] and is_list:
            marks = [item for item in here if item.text.startswith(_MARK)]
            yield from _under("Marks", marks)
            yield from _under("Colours", colours)
            yield from _under(_capitalised(_IN_A_SHELL), [_RESTORE])
            yield from _under("Moving", [item for item in here if item not in marks])
    if not is_list:
        yield from _under("Colours", colours)


def _parted(item: Item) -> tuple[Item, ...]:
    return (Item("", "", is_heading=True), item) if item.is_heading else (item,)


def _of_list(remark: str, refused: Collection[str], *, has_pane: bool) -> Iterator[Item]:
    """Yield what can be done on the list, by what it is done to, and is not refused there now."""
    left = {action.id: action for action in at(Place.LIST) if action.method not in refused}
    place = f"{_capitalised(Place.LIST.value)} · " if remark else ""
    for heading, ids in _GROUPS:
        yield from _under(
            place + heading,
            [_item(left.pop(each), remark, heading) for each in ids if each in left],
        )
    # Here a key of which nothing comes says so, as it does when it is pressed.
    remarks = {} if has_pane or remark else {"list.pane": "(no room for it)"}
    look = [_item(action, remarks.get(action.id, remark)) for action in left.values()]
    yield from _under(f"{place}Look", look)


def _capitalised(text: str) -> str:
    return text[0].upper() + text[1:]


def _under(heading: str, items: Sequence[Item]) -> Iterator[Item]:
    if items:
        yield Item("", heading, is_heading=True)
        yield from items


def _item(action: Action, remark: str = "", heading: str = "") -> Item:
    words = f"{action.id} {action.hint} {action.words} {heading}"
    if not action.key:
        what = f"{_NO_KEY:<{_KEYS_WIDTH}} {action.help}"
        return Item(action.id, what, remark, words)
    keys = " ".join(map(key_label, action.key.split(",")))
    return _key_item(keys, action.help, value=action.id, remark=remark, words=words)


def _key_item(
    keys: str, what: str, *, value: str = "", remark: str = "", words: str = "", look: str = ""
) -> Item:
    text = f"{keys:<{_KEYS_WIDTH}} {what}"
    return Item(value, text, remark, words, key_length=len(keys), look=look)


def _keys_of(widget: Widget | None) -> tuple[tuple[str, str], ...]:
    names = (kind.__name__ for kind in type(widget).__mro__)
    return next((WIDGET_KEYS[name] for name in names if name in WIDGET_KEYS), ())


_RESTORE = _key_item(
    "keypairs restore REGION",
    "A Region's file, from its backup.",
    remark=f"({_IN_A_SHELL})",
    words="damaged recover bring back",
)
"""What is not done in the app, and may be looked for here."""


def show_help(app: App[None]) -> None:
    """Show what can be done here, then all keys; do what is picked where the person was."""
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
