"""Lists the deleted key pairs that can be brought back, and lets one be picked."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from functools import partial

from textual import on, work
from textual.app import ComposeResult
from textual.events import Key
from textual.widgets import Input, Static

from core.checks.deleted import GonePair
from core.errors import KeyPairsError
from core.model import KeptKeyPair, PrivateKeyState
from core.query import Searchable, parse, searchable
from core.words.plural import n_of
from tui.actions.keymap import bindings, hints, key_of
from tui.actions.table import Place
from tui.screens.placed_screen import PlacedScreen, RegionChanged, ScreenKind, refuses_changes
from tui.screens.workbench.grouped_list import GroupedList, Line, goes_on_with_space
from tui.screens.workbench.widths import Column
from tui.widgets.cursor_list import CursorList
from tui.widgets.search_input import NOTHING_MATCHES, SearchWord, type_on
from tui.words.pairs import may_be_lost, may_be_saved, moment
from tui.words.refusals import listed
from tui.words.text import said_by, short_path, shortened, visible
from tui.words.verdict import Tone, Verdict

_COLUMNS = (
    Column("", 1),
    Column("Name", 40),
    Column("Id", 21, rank=3),
    Column("Deleted", 16, rank=0),
    Column("By", 16, rank=2),
    Column("Private key", 13, rank=0),
    Column("Left", 7, rank=1, right=True),
)
_STATES = {
    PrivateKeyState.SAVED: "saved",
    PrivateKeyState.UNSAVED: "never saved",
    PrivateKeyState.IMPORTED: "imported",
    PrivateKeyState.ELSEWHERE: "not made here",
}


_ORDER = "newest first, given up last"
_NARROW = "type to narrow the list"


class DeletedKeyPairsScreen(PlacedScreen[Sequence[str] | None]):
    """Deleted pairs, narrowed by typing; ends with the ids of those to bring back, or None.

    That is the one under the cursor, where none is chosen. What is typed finds what a line shows,
    and what it would find in the list of the pairs.

    Args:
        region: the Region's name.
        gone: the pairs, in order.
        now: an aware time in the person's zone.
        read: returns them as they are later, when other sessions delete others or bring some back;
            it blocks.
    """

    CSS_PATH = "deleted_key_pairs.tcss"
    PLACE = Place.DELETED
    KIND = ScreenKind.WORKBENCH
    BINDINGS = bindings(PLACE)
    AUTO_FOCUS = "#search"
    VERTICAL_BREAKPOINTS = [(0, "-tiny"), (8, "-roomy")]  # noqa: RUF012 - as Textual declares it

    def __init__(
        self,
        region: str,
        gone: Sequence[GonePair],
        now: datetime,
        read: Callable[[], Sequence[GonePair]] = list,
    ) -> None:
        super().__init__(_title(gone))
        self._region = region
        self._gone = _by_id(gone)
        self._searchable: Sequence[Searchable] = ()
        """What a filter looks at of each, made once it is wanted: that takes a while."""
        self._now = now
        self._read = read
        self._chosen: set[str] = set()
        self._list = GroupedList(_COLUMNS, led=True)
        # The star looks like text here, and the hint bar of a small window has no room for it.
        self._search = SearchWord(
            partial(goes_on_with_space, self._list),
            _NARROW,
        )
        self._empty = Static(markup=False, id="empty")

    def content(self) -> ComposeResult:
        yield self._search
        yield self._list
        yield self._empty

    def on_key(self, event: Key) -> None:
        type_on(self._search, event)

    def on_mount(self) -> None:
        self._narrow()

    def _load(self) -> None:
        picked, found = self._list.picked, self._found_by_filter()
        lines = [
            _line(pair, self._now, self._search.value if key in found else "", key in self._chosen)
            for key, pair in self._gone.items()
        ]
        self._list.load(lines, picked.value if picked else None)
        self._hint()

    def _found_by_filter(self) -> Collection[str]:
        """Return the ids of the pairs that the filter of the list finds by what is typed."""
        query = parse(self._search.value)
        if not query.narrows:
            return ()
        if not self._searchable:
            self._searchable = [searchable(gone.key_pair) for gone in self._gone.values()]
        found = query.select(self._searchable, self._now)
        return {each.key_pair.key_pair_id for each in found}

    @on(RegionChanged)
    @work(exclusive=True)
    async def _follow(self) -> None:
        """Show what other sessions deleted or brought back, the cursor on the same pair."""
        try:
            gone = _by_id(await asyncio.to_thread(self._read))
        except KeyPairsError as error:
            self.say(Verdict(said_by(error), Tone.BAD))
            return
        if gone != self._gone or self.fact_line.verdict.tone is Tone.BAD:
            # It is over: that a pair was back, or that the file cannot be read.
            self.say(Verdict(""))
        if gone == self._gone:
            return
        picked, row = self._list.picked, self._list.cursor
        meant = {*self._chosen, picked.value if picked else ""}
        back = [
            pair.key_pair.key_name
            for key, pair in self._gone.items()
            if key in meant and key not in gone
        ]
        self._gone, self._searchable = gone, ()
        self._chosen &= gone.keys()
        self._load()
        if picked and picked.value not in gone:
            self._list.cursor = row
        self._narrow()
        if back:
            at = self._list.picked
            said = f"another session brought {listed(back)} back"
            self.fact_line.say(said, at.value if at else None)

    def key_pairs(self, ids: Sequence[str]) -> list[KeptKeyPair]:
        """Return the deleted pairs of some ids."""
        return [self._gone[each].key_pair for each in ids]

    def _hint(self) -> None:
        """Teach what does something now."""
        chosen = f" {len(self._chosen):,}" if self._chosen else ""
        (first, word), *others = hints(self.PLACE)
        choose, all_ = key_of("deleted.choose"), key_of("deleted.choose-all")
        does = {
            first: bool(self._list.shown or self._chosen),
            choose: bool(self._list.shown) and not self._search.types(choose),
            all_: bool(self._list.shown),
        }
        taught = ((first, f"{word}{chosen}"), *others)
        self.key_hints.show(tuple(hint for hint in taught if does.get(hint[0], True)))
        # Where there is nothing, there is nothing to narrow or to choose.
        chooses = "" if self.app.whereabouts.reads_only else f"; {all_} chooses all"
        self._search.placeholder = f"{_NARROW}{chooses}" if self._gone else ""

    @on(Input.Changed, "#search")
    def _narrow(self) -> None:
        self._load()
        self._list.narrow(self._search.value)
        self.top_bar.entitle(_title(self._gone.values(), len(self._list.shown)))
        self._list.display = bool(self._list.shown)
        self._empty.display = not self._list.shown
        nothing = f"There are no deleted pairs in {self._region} to bring back."
        self._empty.update(NOTHING_MATCHES if self._gone else nothing)
        self._hint()
        self._say_all()

    @on(CursorList.Highlighted)
    def _say_all(self) -> None:
        """Say of the pair under the cursor also what its line has no room for.

        What is chosen and out of sight comes first: Enter brings it back.
        """
        shown = {line.value for line, _ in self._list.shown}
        hidden = [
            pair.key_pair.key_name
            for key, pair in self._gone.items()
            if key in self._chosen and key not in shown
        ]
        chosen = f"chosen: {listed(hidden)}, not in sight" if hidden else ""
        self.fact_line.rest(Verdict(chosen, Tone.CAUTION))
        picked = self._list.picked
        if picked:
            self.fact_line.about(
                picked.value,
                _about(
                    self._gone[picked.value],
                    back=not self.app.whereabouts.reads_only,
                    order=_ORDER * any(gone.given_up for gone in self._gone.values()),
                ),
            )
        else:
            self.fact_line.clear()

    @on(Input.Submitted)
    @on(CursorList.Selected)
    def action_bring_back(self) -> None:
        """Bring back the chosen pairs, or the one under the cursor."""
        picked = self._list.picked
        if refuses_changes(self):
            return
        if self._chosen:
            chosen = [key for key in self._gone if key in self._chosen]
            # Of several that had one name, the first comes back: better one that somebody can use.
            self.dismiss(sorted(chosen, key=lambda key: _is_lost(self._gone[key])))
        elif picked is not None:
            self.dismiss([picked.value])

    def action_back(self) -> None:
        """Go back; where pairs are chosen, ask once."""
        asked = _drops(len(self._chosen))
        if not self._chosen or self.fact_line.verdict == asked:
            self.dismiss(None)
        else:
            picked = self._list.picked
            self.fact_line.say(asked, picked.value if picked else None)

    @on(SearchWord.Due)
    def _do(self, event: SearchWord.Due) -> None:
        event.do()

    def action_choose(self) -> None:
        """Choose the pair under the cursor, or no longer, and go on to the next."""
        self._search.in_turn(key_of("deleted.choose"), self._choose)

    def _choose(self) -> None:
        picked = self._list.picked
        if picked is not None and not refuses_changes(self):
            self._chosen ^= {picked.value}
            self._load()
            self._list.action_move(1)

    def action_choose_all(self) -> None:
        """Choose all that are shown, or none of them if all are."""
        self._search.in_turn(key_of("deleted.choose-all"), self._choose_all)

    def _choose_all(self) -> None:
        if refuses_changes(self):
            return
        shown = {line.value for line, _ in self._list.shown}
        self._chosen = self._chosen - shown if shown <= self._chosen else self._chosen | shown
        self._load()


def _title(gone: Collection[GonePair], shown: int | None = None) -> str:
    of_all = "" if shown in (None, len(gone)) else f"{shown:,} of "
    return f"Deleted: {of_all}{n_of(len(gone), 'pair')}"


def _drops(chosen: int) -> Verdict:
    """Return what is said before a choice is given up."""
    back, bring = key_of("deleted.back"), key_of("deleted.bring-back")
    words = f"{n_of(chosen, 'pair')} chosen: {bring} brings back, {back} again drops the choice"
    return Verdict(words, Tone.CAUTION)


def _by_id(gone: Sequence[GonePair]) -> dict[str, GonePair]:
    return {pair.key_pair.key_pair_id: pair for pair in gone}


def _line(gone: GonePair, now: datetime, found_by: str, chosen: bool) -> Line:
    """Return the line of a deleted pair; `found_by` is what was typed, where it finds the pair."""
    key_pair = gone.key_pair
    time = gone.delete_time.astimezone(now.tzinfo)
    is_today = time.date() == now.date()
    left = "" if gone.days_left is None else n_of(gone.days_left, "day")
    look = "caution" if gone.given_up else ""
    bright = "chosen" if chosen else look
    return Line(
        key_pair.key_pair_id,
        (
            "*" if chosen else " ",
            shortened(key_pair.key_name),
            visible(key_pair.key_pair_id),
            f"{time:%H:%M:%S}" if is_today else f"{time:%Y-%m-%d %H:%M}",
            shortened(gone.by or "–"),
            _state(gone),
            left,
        ),
        looks=(bright, bright, *[look] * (len(_COLUMNS) - 2)),
        words=visible(f"{key_pair.key_type} {found_by}"),
    )


def _is_lost(gone: GonePair) -> bool:
    """Return whether nobody here can log in with it."""
    return gone.given_up or gone.key_pair.custody.private_key is PrivateKeyState.UNSAVED


def _state(gone: GonePair) -> str:
    if gone.given_up:
        return "! given up"
    if may_be_lost(gone.key_pair):
        return "! lost?"
    if may_be_saved(gone.key_pair):
        return "not known"
    return _STATES[gone.key_pair.custody.private_key]


def _about(gone: GonePair, *, back: bool, order: str) -> list[str]:
    """Return what there is to know about a deleted pair, made visible, the longest first.

    `back` says whether it can be brought back in this session, `order` in which order all stand.
    """
    key_pair = gone.key_pair
    by = f" by {gone.by}" if gone.by else ""
    made = f"{key_pair.key_type}, created {moment(key_pair.create_time)}"
    when = f"deleted {gone.delete_time.astimezone():%Y-%m-%d %H:%M}{by}"
    said = []
    if gone.name_taken:
        another = f": {key_of('deleted.bring-back')} asks for another" * back
        said.append(f"its name is taken{another}")
    if gone.given_up:
        said.append("comes back without its private key")
    elif key_pair.custody.private_key is PrivateKeyState.UNSAVED:
        said.append("its private key was never saved")
    elif key_pair.custody.saved_to:
        said.append(f"key saved to {short_path(key_pair.custody.saved_to[-1])}")
    ids = [key_pair.key_pair_id]
    wholes = [[*said, made, when, *ids], [*said, when, *ids], [*said, made], [*said, *ids], said]
    if gone.name_taken:
        # Of two that had the name, the file tells which one it is.
        wholes += [["its name is taken", *said[1:]]]
    wholes += [[*said[:1], made], [*said[:1], *ids], said[:1], ids]
    if order:
        # When it was deleted stands in its line too.
        shortest = [[*said, order]] * gone.given_up
        wholes = [[*wholes[0], order], [*wholes[1], order], *shortest, *wholes]
    return [shortened(" · ".join(whole)) for whole in wholes if whole]
