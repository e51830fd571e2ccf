"""Does what a key does to the list itself: filter, order, choice, waiting."""

from collections.abc import Callable, Mapping
from time import monotonic

from tui.actions.keymap import hints, key_in, key_of
from tui.actions.table import Place
from tui.screens.list.columns import PANE_FROM
from tui.screens.list.key_pair_table import HEADINGS
from tui.screens.list.list_view import BeforeFilter, ListView
from tui.words.text import shortened
from tui.words.verdict import Tone, Verdict
from tui.work.exclusive import is_busy

_OF_SHOWN_PAIRS = {
    *("details", "edit_tags", "delete", "replace_key_pair", "copy", "install"),
    *("import_into_regions", "export", "choose", "choose_all"),
}
"""What needs a pair that is shown, as the table of actions calls it."""

_OF_PAIRS = {*_OF_SHOWN_PAIRS, "filter", "sort", "reverse"}
"""What needs a pair of the Region."""

_UNSEEN = 0.1
"""Seconds in which nobody has seen what has just been said: it has to be drawn, and to be read."""


def refuses(view: ListView, method: str) -> bool:
    """Say what is to be done first, where an action can only be refused; return whether so."""
    region = view.session.region
    if method in view.screen.refused and view.session.place is not None:
        again, place = key_of("list.reload"), key_of("list.place")
        ways = f"{again} asks again, {place} turns elsewhere"
        is_over = view.questions.error is not None and not view.questions.is_asking
        first = ": first do what stands above" if is_over else ""
        view.say(Verdict(f"EC2 has not answered yet{first}; {ways}", Tone.BAD))
        return True
    if method in view.screen.refused:
        other = key_of("list.region")
        words = f"{region} cannot be read: first do what stands above; {other} leads elsewhere"
        view.say(Verdict(words, Tone.BAD))
        return True
    if method in _OF_PAIRS and view.loaded and not (view.unread or view.listing.key_pairs):
        create, import_ = key_of("key-pair.create"), key_of("key-pair.import")
        ways = "" if view.session.read_only else f": {create} creates one, {import_} imports one"
        view.say(f"there are no pairs in {region}{ways}")
        return True
    if method in _OF_SHOWN_PAIRS and view.listing.key_pairs and not (view.unread or view.shown):
        view.say(f"{_NONE_SHOWN}: {key_of('list.show-all')} shows all")
        return True
    return False


_NONE_SHOWN = "no pair is shown"
"""What is said of keys that need one, as long as the filter leaves none."""

MORE_GRAMMAR = "all terms must hold; also fp: saved:no older:90d newer:2w"
"""What the empty filter has no room for; one line of the smallest window."""


async def show_filter(view: ListView) -> None:
    """Go to the filter."""
    if view.lesson:
        view.stop_saying(view.lesson)  # these keys would be typed now
    if not view.filter_bar.text:
        at = view.table.highlighted
        view.before_filter = BeforeFilter(at, view.table.scroll_offset.y, led_to=at)
        view.say(MORE_GRAMMAR)
    await view.filter_bar.enter()
    view.key_hints.show(hints(Place.FILTER))


def narrow(view: ListView) -> None:
    """Show what passes the filter as it is typed now."""
    # It was about the filter before.
    view.stop_saying(_NONE_SHOWN)
    view.stop_saying(_chooses_nothing())
    if view.filter_bar.text:
        view.stop_saying(MORE_GRAMMAR)
    elif view.filter_bar.has_focus_within:
        view.say(MORE_GRAMMAR)
    view.listing.filter(view.filter_bar.text, is_whole=not view.filter_bar.has_focus_within)
    view.show(view.table.highlighted, by_filter=True)


def leave_filter(view: ListView, *, clear: bool) -> None:
    """Go from the filter to the list."""
    view.stop_saying(MORE_GRAMMAR)
    view.filter_bar.leave(clear=clear)
    if not clear:
        # What is done to all that are shown is not to be done to what a half-typed tag let through.
        view.listing.filter(view.filter_bar.text, is_whole=True)
        view.show(view.table.highlighted, by_filter=True)
    view.key_hints.show(view.hints())
    view.table.focus()


def show_all(view: ListView) -> None:
    """Give up what waits for another session, or for EC2; else clear the filter or the choice."""
    if is_busy(view.screen):
        view.is_stopped = True
        view.session.give_up_waiting()
    elif view.questions.is_asking:
        view.questions.give_up()
    elif view.filter_bar.text:
        before, was_on = view.before_filter, view.table.highlighted
        view.clear_filter()
        view.before_filter = before
        view.show(was_on, by_filter=True)
        view.before_filter = None
        if view.table.highlighted != was_on:
            words = "filter cleared; the cursor is where it was before it"
            view.screen.fact_line.say_briefly(words)
        answer_late_stop(view)
    elif view.listing.chosen:
        view.listing.chosen.clear()
        view.table.refresh()
        view.say_count()
    else:
        answer_late_stop(view)


def answer_late_stop(view: ListView) -> None:
    """Say that an Escape came too late, if it came before it was seen that all was over."""
    is_unseen = view.screen.app.typing.arrived < view.over_since + _UNSEEN
    if view.over and is_unseen and view.screen.fact_line.said == shortened(view.over):
        _say_too_late(view)


def _say_too_late(view: ListView) -> None:
    view.say(f"{view.over}; {key_in(Place.LIST, 'show_all')} came too late to stop it")


def say_over(view: ListView, said: str, *, is_stopped: bool) -> None:
    """Have an Escape answered that came, or is still on its way, when there was nothing to stop."""
    view.over, view.over_since = said, monotonic()
    if is_stopped or view.is_stopped:
        _say_too_late(view)


def sort(view: ListView) -> None:
    """Sort by the next column."""
    view.listing.sort_by_next()
    _show_in_order(view)


def reverse(view: ListView) -> None:
    """Reverse the order."""
    view.listing.turn_round()
    _show_in_order(view)


_SORTED = "sorted by "


def _show_in_order(view: ListView) -> None:
    """Show the pairs as they are sorted now; by which column, where it is not on the screen."""
    view.stop_saying(_SORTED)
    # Who is at the top wants to see what comes first.
    view.show(view.table.highlighted if view.table.cursor else None)
    column = view.listing.column
    if view.shown and not view.table.shows(column):
        other_way = ", the other way round" if view.listing.reverse else ""
        view.say(f"{_SORTED}{HEADINGS[column].lower()}{other_way}: no room for that column here")


def choose(view: ListView) -> None:
    """Choose the pair under the cursor, or no longer, and go on to the next."""
    key_pair = view.highlighted
    if key_pair is not None:
        view.listing.chosen ^= {key_pair.key_pair_id}
        view.table.refresh_row(view.table.cursor)
        view.table.action_move(1)
        view.say_count()


def choose_all(view: ListView) -> None:
    """Choose all pairs that are shown, besides those that are chosen already.

    Not while a part of the filter is not understood: it narrows nothing, and all would be chosen.
    """
    if problems := view.listing.query.problems:
        view.say(Verdict(f"{_chooses_nothing()}: {problems[0]}", Tone.CAUTION))
    elif view.shown:
        view.listing.chosen.update(pair.key_pair_id for pair in view.shown)
        view.table.refresh()
        view.say_count()


def _chooses_nothing() -> str:
    return f"{key_of('list.choose-all')} chooses nothing by this filter"


def turn_pane(view: ListView) -> None:
    """Close the pane at the right, or open it again where there is room for it."""
    is_shown = view.pane.display
    view.pane.is_open = not is_shown
    view.fit_window()
    if is_shown:
        view.say(f"the pane is closed; {key_of('list.pane')} opens it")
    elif not view.pane.display:
        width = view.screen.app.size.width
        view.say(f"the pane at the right needs {PANE_FROM} columns; this window has {width}")


LIST_ACTIONS: Mapping[str, Callable[[ListView], None]] = {
    "show_all": show_all,
    "sort": sort,
    "reverse": reverse,
    "choose": choose,
    "choose_all": choose_all,
    "turn_pane": turn_pane,
}
"""The actions of the list that lead nowhere, by what the table of actions calls them."""
