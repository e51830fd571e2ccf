"""Shows what was done in a Region, when, by whom and how it ended."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.events import Key
from textual.widgets import Input, Static

from core.words.plural import n_of
from tui.actions.keymap import bindings, hints
from tui.actions.table import Place
from tui.screens.placed_screen import PlacedScreen, ScreenKind
from tui.screens.workbench.bench import NOTHING, Bench, RowFacts, RowPane, Said
from tui.screens.workbench.grouped_list import GroupedList, Line, SearchAndOpen
from tui.screens.workbench.widths import Column
from tui.widgets.cursor_list import CursorList
from tui.widgets.search_input import NOTHING_MATCHES, type_on
from tui.words import journal as words
from tui.words.journal import Act
from tui.words.text import shortened, visible
from tui.words.verdict import Tone, Verdict

if TYPE_CHECKING:
    from core.store.journal import JournalEntry

_COLUMNS = (
    Column("Time", 8, look="muted"),
    Column("Action", 12),
    Column("Name", 40),
    Column("Id", 21, rank=2, least=21, in_pane=True, look="muted"),
    Column("Who", 16, rank=1, least=4, look="muted"),
    Column("Outcome", 28, look="muted"),
)
_NAMES = 2
"""The column that says of an act of several pairs how many they are."""

_MOST_NAMED = 20
_MOST_DETAILS = 5
_LOOKS = {Tone.PLAIN: "muted", Tone.GOOD: "good", Tone.CAUTION: "caution", Tone.BAD: "bad"}


class Narrowed(NamedTuple):
    """To what the journal was narrowed, and the value of the line under the cursor."""

    search: str = ""
    value: str | None = None


class JournalScreen(PlacedScreen[str | None]):
    """What was done, by days, the last first; what was done to many at once is a line that opens.

    Ends with the id of the pair to go to, or None.

    Args:
        region: the Region's name.
        entries: its lines of the journal, the oldest first.
        now: an aware time in the person's zone.
        narrowed: how it was left, where the person comes back.
    """

    CSS_PATH = "journal.tcss"
    PLACE = Place.JOURNAL
    KIND = ScreenKind.WORKBENCH
    BINDINGS = bindings(PLACE)
    AUTO_FOCUS = "#search"

    def __init__(
        self,
        region: str,
        entries: "Sequence[JournalEntry]",
        now: datetime,
        narrowed: Narrowed | None = None,
    ) -> None:
        super().__init__("Journal")
        self._acts = {str(n): act for n, act in enumerate(words.acts(entries))}
        self._entries: dict[str, JournalEntry] = {}
        self._now = now
        self._region = region
        self._first = narrowed or Narrowed()
        self._search = SearchAndOpen()
        self._search.value = self._first.search
        self._list = GroupedList(_COLUMNS, led=True)
        self._empty = Static(markup=False, id="empty")
        self._pane = RowPane()
        self._bench = Bench(
            [self._search],
            self._list,
            [self._empty],
            [self._pane],
            lambda: self._pane.show(self._about(self._list.picked)),
            is_beside_only=True,
        )

    def content(self) -> ComposeResult:
        yield self._bench

    def on_key(self, event: Key) -> None:
        type_on(self._search, event)

    def on_mount(self) -> None:
        self._list.load(list(self._days()), self._first.value)
        self._narrow()

    @property
    def narrowed(self) -> Narrowed:
        """How it is narrowed now."""
        picked = self._list.picked
        return Narrowed(self._search.value, picked.value if picked else None)

    def _days(self) -> list[Line]:
        days: dict[str, list[Line]] = {}
        for value, act in self._acts.items():
            day = words.day(act.time, self._now)
            days.setdefault(day, []).append(self._act(value, act))
        return [
            Line(f"day {day}", title=day, parts=lines, opens=False) for day, lines in days.items()
        ]

    def _act(self, value: str, act: Act) -> Line:
        if len(act.entries) == 1:
            return self._entry(value, act.entries[0])
        parts = [
            self._entry(f"{value}.{n}", entry) for n, entry in enumerate(reversed(act.entries))
        ]
        self._entries.pop(value, None)
        return self._line(value, act, n_of(len(parts), "pair"), "", parts)._replace(counts=_NAMES)

    def _entry(self, value: str, entry: "JournalEntry") -> Line:
        self._entries[value] = entry
        name = shortened(entry.key_name or "the whole Region")
        return self._line(value, Act((entry,)), name, visible(entry.key_pair_id or ""), ())

    def _line(self, value: str, act: Act, name: str, id_: str, parts: Sequence[Line]) -> Line:
        word, look = words.action(act.operation)
        outcome, tone = words.outcome(act)
        day, details = act.time.astimezone(self._now.tzinfo), words.details(act)
        time = f"{day:%H:%M:%S}"
        return Line(
            value,
            (time, word, name, id_, shortened(act.user), outcome),
            looks=("", look, "", "", "", _LOOKS[tone]),
            words=visible(" ".join([f"{day:%Y-%m-%d}", act.operation, act.where_from, *details])),
            parts=parts,
        )

    @on(Input.Changed, "#search")
    def _narrow(self) -> None:
        self._list.narrow(self._search.value)
        self._list.display = bool(self._list.shown)
        self._empty.display = not self._list.shown
        nothing = f"Nothing was done in {self._region} yet."
        self._empty.update(NOTHING_MATCHES if self._acts else nothing)
        self._follow()

    @on(CursorList.Highlighted)
    def _follow(self) -> None:
        """Say of the line under the cursor also what it has no room for."""
        picked = self._list.picked
        act = self._act_of(picked)
        if picked is not None and act is not None:
            self.fact_line.about(picked.value, words.remarks(act))
        else:
            self.fact_line.clear()
        go, *others = hints(self.PLACE)
        word = ""
        if act is not None:
            word = "go to pair" if act.key_pair_id else ""
            word = "open, close" if len(act.entries) > 1 else word
        self.key_hints.show((*([(go[0], word)] if word else []), *others))

    def _act_of(self, line: Line | None) -> Act | None:
        if line is None:
            return None
        entry = self._entries.get(line.value)
        return Act((entry,)) if entry is not None else self._acts.get(line.value)

    def _about(self, line: Line | None) -> RowFacts:
        act = self._act_of(line)
        if act is None or line is None:
            return NOTHING
        outcome, tone = words.outcome(act)
        ids = [Said(visible(act.key_pair_id))] if act.key_pair_id else []
        names = [shortened(entry.key_name or "") for entry in act.entries]
        more = len(names) - _MOST_NAMED
        return RowFacts(
            f"{line.cells[1]} {line.cells[2]}",
            ids[0].text if ids else "",
            [
                ("When", [Said(words.when(act))]),
                ("Who", [Said(shortened(words.who(act)))]),
                (
                    "What",
                    [
                        Said(shortened(f"{act.operation} in {act.entries[0].region}")),
                        *(Said(visible(each)) for each in words.details(act)[:_MOST_DETAILS]),
                        Said(outcome, _LOOKS[tone]),
                        *(Said(text, "muted") for text in words.meaning(act)),
                    ],
                ),
                *(
                    [
                        (
                            "Pairs",
                            [
                                *map(Said, names[:_MOST_NAMED]),
                                *([Said(f"and {more:,} more", "muted")] if more > 0 else []),
                            ],
                        )
                    ]
                    if len(names) > 1
                    else []
                ),
            ],
        )

    @on(Input.Submitted)
    @on(CursorList.Selected)
    def action_go(self) -> None:
        """Open or close a line of many pairs; of one pair, go to it."""
        if self._list.turn():
            return
        act = self._act_of(self._list.picked)
        if act is not None and act.key_pair_id:
            self.dismiss(act.key_pair_id)
        elif act is not None:
            self.say(Verdict("that is about no pair of its own"))
