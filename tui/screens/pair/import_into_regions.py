"""Imports the public half of key pairs into other Regions."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult
from textual.events import Key
from textual.widgets import Input, Static

from core.errors import KeyPairsError, NoCredentials
from core.model import KeptKeyPair
from core.region_imports import RegionImporter
from core.words.plural import n_of
from tui.actions.keymap import bindings, hints, key_in, key_of
from tui.actions.table import Place
from tui.screens.pair.batch_progress import BatchProgress
from tui.screens.placed_screen import PlacedScreen, ScreenKind
from tui.screens.workbench.bench import Bench
from tui.screens.workbench.grouped_list import GroupedList, Line, goes_on_with_space
from tui.screens.workbench.widths import Column
from tui.widgets.cursor_list import CursorList
from tui.widgets.pick_list import distance
from tui.widgets.search_input import NOTHING_MATCHES, FirstLine, SearchWord, type_on
from tui.widgets.verdict_line import VerdictLine
from tui.words import region_imports
from tui.words.place import NOT_ENABLED, city, region_items, waited_for
from tui.words.region_imports import Imported
from tui.words.text import visible
from tui.words.verdict import Tone, Verdict
from tui.work.exclusive import exclusively, is_busy, unless_busy
from tui.work.login import logged_in
from tui.work.own_thread import in_own_thread
from tui.work.slow_changes import run_change

if TYPE_CHECKING:
    from core.ec2.place import Ec2Place
    from core.session import Session

_CHOSEN, _DONE, _FAILED, _BEGUN = "*", "✓", "✗", "…"
_MOST_NAMED = 3
_COLUMNS = (
    Column("", 2),
    Column("Region", 24),
    Column("City", 30, rank=1, look="muted"),
    Column("State", 48, look="muted"),
)


class ImportIntoRegionsScreen(PlacedScreen[int]):
    """Regions to choose, and what came of each; ends with how many have the key pairs now.

    What was refused stays chosen, so that Enter tries it again. The line under the cursor is
    explained in full below the list.

    Args:
        counts: the Regions in use and how many pairs each has, as the session says.
    """

    CSS_PATH = "import_into_regions.tcss"
    PLACE = Place.INTO_REGIONS
    KIND = ScreenKind.WORKBENCH
    BINDINGS = bindings(PLACE)
    AUTO_FOCUS = "#search"
    VERTICAL_BREAKPOINTS = [(0, "-short"), (20, "-tall")]  # noqa: RUF012 - as Textual declares it

    def __init__(
        self,
        session: "Session",
        key_pairs: Sequence[KeptKeyPair],
        counts: Mapping[str, int | None],
    ) -> None:
        count = len(key_pairs)
        what = key_pairs[0].key_name if count == 1 else n_of(count, "key pair")
        super().__init__(f"Import {what} into other Regions")
        self._importer = RegionImporter(session)
        self._session = session
        self._place = session.place
        self._key_pairs = self.about = key_pairs
        self._regions = {
            item.value: item for item in region_items(counts) if item.value != session.region
        }
        self._not_enabled: frozenset[str] = frozenset()
        self._chosen: set[str] = set()
        self._outcomes: dict[str, dict[str, Imported]] = {}
        self._stop = False
        # One field has the focus all the time: letters narrow, arrows move, space chooses.
        self._list = GroupedList(_COLUMNS, led=True)
        self._search = SearchWord(partial(goes_on_with_space, self._list))
        self._search.suggester = FirstLine(lambda typed: self._found(typed)[0])
        self._empty = Static(NOTHING_MATCHES, markup=False, id="empty")
        self._caution = VerdictLine(id="caution")
        self._note = Static(markup=False, id="note")
        self._full = VerdictLine(id="full")
        self._state = VerdictLine(id="state")
        self._bench = Bench(
            [self._search],
            self._list,
            [self._empty],
            [self._caution, self._note, self._full],
            self._explain,
        )

        self._progress = BatchProgress(
            self._state,
            self.key_hints,
            title="",
            stop=key_of("into-regions.back"),
            then="what is imported until then stays",
        )

    def content(self) -> ComposeResult:
        yield self._bench
        yield self._state
        yield self._progress

    def on_key(self, event: Key) -> None:
        type_on(self._search, event)

    def on_mount(self) -> None:
        self._full.display = self._empty.display = False
        caution = region_imports.caution(self._key_pairs)
        self._caution.show(Verdict(caution, Tone.CAUTION if caution else Tone.PLAIN))
        self._load()
        self._show_choice()
        self._say_what_changes()
        if self._place is not None:
            self._ask_which_are_enabled(self._place)

    @work(group="note")
    async def _say_what_changes(self) -> None:
        note = await asyncio.to_thread(region_imports.note, self._key_pairs)
        self._note.update("\n".join(map(visible, note.split("\n"))))

    @work(group="ask which are enabled")
    async def _ask_which_are_enabled(self, place: "Ec2Place") -> None:
        """Mark the Regions that are not enabled for the account: they are never called."""
        try:
            enabled = await in_own_thread(place.regions)
        except KeyPairsError:
            return  # a Region that is not enabled says so when it is asked
        self._not_enabled = frozenset(self._regions) - {n for n, on in enabled.items() if on}
        for name in self._not_enabled:
            self._regions[name] = self._regions[name]._replace(remark=NOT_ENABLED)
        if not is_busy(self):
            self._chosen -= self._not_enabled
            self._load()
            self._show_choice()

    # The Regions --------------------------------------------------------------------------------

    @on(Input.Changed, "#search")
    def _narrow(self) -> None:
        search = self._search.value
        self._load()
        self._list.narrow(search)
        if search:
            self._list.cursor = 0  # which is what is suggested
        self._list.display = bool(self._list.shown)
        self._empty.display = not self._list.shown
        self._hint()
        if not (self._chosen or is_busy(self)) and self._state.verdict.tone is Tone.CAUTION:
            self._show_choice()  # it was about what was there to choose

    def _load(self) -> None:
        """Draw the Regions as they stand now; without one that is chosen there is nothing to do."""
        self._hint()
        picked = self._list.picked
        lines = list(map(self._line, self._found(self._search.value)))
        self._list.load(lines, picked.value if picked else None)

    def _found(self, typed: str) -> list[str]:
        """Return all Regions, those first that begin with what is typed."""
        return sorted(self._regions, key=lambda name: distance(self._regions[name].text, typed))

    def _hint(self) -> None:
        """Teach Enter once something is chosen, and the space bar where it chooses."""
        if self._progress.display:
            return  # which teaches what stops it
        (key, word), *others = hints(self.PLACE)
        into = [(key, f"{word} into {len(self._chosen)}")] if self._chosen else []
        shown = [*into, *(hint for hint in others if not self._search.types(hint[0]))]
        self.key_hints.show(tuple(shown))

    def _line(self, name: str) -> Line:
        item = self._regions[name]
        outcomes = self._outcomes.get(name, {}).values()
        mark = " "
        if outcomes:
            failed = any(not each.done for each in outcomes)
            mark = _FAILED if failed else _DONE if self._is_done(name) else _BEGUN
        chosen = _CHOSEN if name in self._chosen else " "
        remark = visible(region_imports.summary(outcomes)) if outcomes else item.remark
        look = {_DONE: "good", _FAILED: "bad"}.get(mark, "")
        bright = "chosen" if name in self._chosen else ""
        cells = (f"{chosen}{mark}", visible(name), city(name), remark)
        return Line(name, cells, looks=(look or bright, bright, "", look), words=item.words)

    def _is_done(self, name: str) -> bool:
        return all(self._is_there(name, key_pair) for key_pair in self._key_pairs)

    def _show(self) -> None:
        """Draw the Regions anew, after something came of one."""
        self._load()
        self._explain()

    @on(CursorList.Highlighted)
    def _explain(self) -> None:
        """Say of the Region under the cursor what was refused and why, and how many were not."""
        picked = self._list.picked
        outcomes = self._outcomes.get(picked.value, {}) if picked else {}
        if picked and outcomes:
            names = {pair.key_pair_id: pair.key_name for pair in self._key_pairs}
            came = [(names[key], outcome) for key, outcome in outcomes.items()]
            tone = Tone.GOOD if self._is_done(picked.value) else Tone.PLAIN
            if not all(each.done for each in outcomes.values()):
                tone = Tone.BAD
            said = region_imports.explained(came, of=len(names))
            self._full.show(Verdict(f"{picked.value}: {said}", tone))
        self._full.display = bool(outcomes)
        self._note.display = not outcomes
        self._caution.display = bool(self._caution.verdict.text) and not outcomes

    def _show_choice(self) -> None:
        chosen = [name for name in self._regions if name in self._chosen]
        named = ", ".join(chosen[:_MOST_NAMED])
        more = f" and {len(chosen) - _MOST_NAMED} more" if len(chosen) > _MOST_NAMED else ""
        self._state.show(Verdict(f"chosen: {named}{more}" if chosen else "none chosen yet"))

    @on(SearchWord.Due)
    def _do(self, event: SearchWord.Due) -> None:
        event.do()

    def action_choose(self) -> None:
        """Choose the Region under the cursor, or no longer, and go on to the next."""
        self._search.in_turn(key_of("into-regions.choose"), self._choose)

    @on(CursorList.Selected)
    def _choose(self) -> None:
        picked = self._list.picked
        if picked is not None and picked.value in self._not_enabled:
            self._state.show(Verdict(f"{picked.value} is {NOT_ENABLED}", Tone.BAD))
        elif picked is not None and not is_busy(self):
            self._chosen ^= {picked.value}
            if self._is_done(picked.value):
                # Once more, then: who chooses it again knows why.
                del self._outcomes[picked.value]
            self._show()
            self._show_choice()
            self._list.action_move(1)

    # The importing --------------------------------------------------------------------------------

    @on(Input.Submitted)
    @unless_busy
    def action_submit(self) -> None:
        """Import into the chosen Regions, one after the other."""
        if not self._chosen:
            chooses = f"{key_of('into-regions.choose')} chooses the Region under the cursor"
            text = chooses if self._list.shown else "no Region matches what was typed"
            self._state.show(Verdict(text, Tone.CAUTION))
            return
        self._stop = False
        # What is worked on stands together, at the top, however the list was narrowed.
        self._regions = dict(sorted(self._regions.items(), key=lambda r: r[0] not in self._chosen))
        self._search.value = ""
        self._load()
        self._narrow()
        jobs: dict[str, list[KeptKeyPair]] = {}
        for name in filter(self._chosen.__contains__, self._regions):
            missing = [pair for pair in self._key_pairs if not self._is_there(name, pair)]
            if missing:
                jobs[name] = missing
        self._import(jobs)

    @exclusively
    async def _import(self, jobs: Mapping[str, Sequence[KeptKeyPair]]) -> None:
        total, number = sum(map(len, jobs.values())), 0
        refused: list[KeyPairsError] = []
        back = key_in(self.PLACE, "back")
        for name, key_pairs in jobs.items():
            batches = region_imports.import_pairs(self._importer, key_pairs, name)
            left = len(key_pairs)
            while left and not self._stop:
                self._progress.step(number, total, name)
                self._go_to(name)
                step = partial(next, batches)
                waits_for = waited_for(self._session)
                done = await run_change(step, self.say, self.key_hints, back, waits_for)
                self._outcomes.setdefault(name, {}).update(done)
                left, number = left - len(done), number + len(done)
                refused = [each.error for each in done.values() if each.error]
                # Without credentials no other Region is asked.
                self._stop |= any(isinstance(each, NoCredentials) for each in refused)
                self._show()
        self._progress.end()
        self.say(Verdict(""))
        self._sum_up()
        await logged_in(self, self._session, *refused)

    def _is_there(self, name: str, key_pair: KeptKeyPair) -> bool:
        outcome = self._outcomes.get(name, {}).get(key_pair.key_pair_id)
        return outcome is not None and outcome.done

    def _sum_up(self) -> None:
        """Say how far it got, and leave chosen what Enter is to try again."""
        asked = len(self._chosen)
        came = [each for name in self._chosen for each in self._outcomes.get(name, {}).values()]
        for name in filter(self._is_done, list(self._chosen)):
            self._chosen.discard(name)
        self._show()
        done = f"{asked - len(self._chosen)} of {asked} done"
        if len(self._key_pairs) > 1:
            # Of the Regions that were asked for, those that are done are chosen no longer.
            total = len(self._key_pairs) * asked
            missing = sum(
                not self._is_there(name, pair) for name in self._chosen for pair in self._key_pairs
            )
            others = f", {missing:,} not" if missing else ""
            done += f": {total - missing:,} of {total:,} imported{others}"
        else:
            total = missing = 0
        if len(self._chosen) == asked and total == missing:
            done = "nothing was imported"
        elif not self._chosen and all(each == region_imports.ALREADY_THERE for each in came):
            done = "already there, nothing to do"
        if not self._chosen:
            self._state.show(
                Verdict(f"{done}; {key_in(Place.INTO_REGIONS, 'back')} goes back", Tone.GOOD)
            )
            return
        stopped = "stopped, " if self._stop else ""
        # Where nothing came of any, there are no others.
        refused = len(self._chosen) == asked
        next_ = "goes on with the others"
        if refused:
            next_ = "goes on" if self._stop else "tries again"
        again = f"{stopped}{done}; {key_of('into-regions.submit')} {next_}"
        self._state.show(Verdict(again, Tone.CAUTION))
        self._go_to(next(name for name in self._regions if name in self._chosen))

    def _go_to(self, name: str) -> None:
        for index, (line, _) in enumerate(self._list.shown):
            if line.value == name:
                self._list.cursor = index

    def action_back(self) -> None:
        """Go back, or stop before the next one, and give up waiting for another session."""
        if is_busy(self):
            self._stop = True
            self._importer.give_up_waiting()
        else:
            self.dismiss(sum(map(self._is_done, self._outcomes)))
