"""Shows the key pairs of a Region, filtered, ordered and chosen from, and what is said of them."""

import asyncio
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from textual.containers import Horizontal
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from core.checks.agent_stays import stays
from core.errors import KeyPairsError
from core.model import KeptKeyPair, PrivateKeyState
from core.words.plural import n_of
from tui.actions.keymap import at, hints, key_of, reading_hints, wide_hints
from tui.actions.table import Place
from tui.screens.list import welcome
from tui.screens.list.ec2_questions import Ec2Questions
from tui.screens.list.filter.bar import FilterBar
from tui.screens.list.key_pair_table import KeyPairTable
from tui.screens.list.listing import Chosen, Listing
from tui.screens.list.rows import remarks, wants_attention
from tui.screens.list.side_pane import SidePane
from tui.screens.placed_screen import PlacedScreen, Result
from tui.widgets.key_hints import WIDE
from tui.widgets.text_input import TAKES
from tui.words.text import said_by, shortened
from tui.words.verdict import READ_ONLY, Tone, Verdict
from tui.work.undo import UndoHistory

if TYPE_CHECKING:
    from core.session import Session
    from tui.places import Places

_WITH_CHOSEN = (
    ("key-pair.tags", "tags"),
    ("key-pair.delete", "delete"),
    ("list.export", "export"),
    ("list.show-all", "choose none"),
)
"""The actions that the hint bar teaches while pairs are chosen, and their words."""

_NEW = ("key-pair.create", "key-pair.import")
"""The actions that make a pair."""

_READING_WITHOUT_PAIRS = (("list.region", "Region"), ("list.find", "find"), ("app.quit", "leave"))
_WITHOUT_PAIRS = (
    ("key-pair.create", "create"),
    ("key-pair.import", "import"),
    *_READING_WITHOUT_PAIRS,
)
"""The same while there are no pairs, of which those that need one would do nothing."""

_WITHOUT_ANSWER = (
    ("list.reload", "ask again"),
    ("list.place", "place"),
    ("list.region", "Region"),
    ("app.quit", "leave"),
)
"""The same while EC2 has not said what there is."""

_WITHOUT_EC2 = {"region", "place", "log_in", "reload", "quit", "show_all"}
"""What can be done then, as the table of actions calls it."""

_WITHOUT_FILE = {
    *("region", "place", "log_in", "reload", "quit"),
    *("find", "journal", "agent", "check_up", "show_all", "turn_pane"),
}
"""What can be done where the Region's file cannot be read, as the table of actions calls it."""

NONE_CHOSEN = "none chosen"
"""What is said where no pair is chosen any more, until the next key."""

_MOST_TAUGHT = 6
"""As many keys as fit into the line above the hints."""


class BeforeFilter(NamedTuple):
    """Where the list was before the filter: the pair under the cursor, and the first row.

    And the pair to which the filter led the cursor last; if it is elsewhere, the person moved it.
    """

    key_pair_id: str | None
    top: int
    led_to: str | None


class ListView:
    """The list on its screen: what it shows, which pair is meant, and what it says.

    It is no widget; its screen composes the widgets. What a key does to it is a function in
    `tui.screens.list.list_actions`, and what leads to another screen one in `flows`.
    """

    def __init__(
        self,
        screen: PlacedScreen[None],
        session: "Session",
        where: str,
        places: "Places | None" = None,
    ) -> None:
        self.screen = screen
        self.session = session
        self.places = places
        """What else can be turned to."""
        self.listing = Listing()
        self.shown: list[KeptKeyPair] = []
        """The pairs that are shown, in order."""
        self.is_stopped = False
        """Whether the person stopped what is done in batches."""
        self.over = ""
        """What was said of many pairs when all of them were done."""
        self.over_since = 0.0
        """When that was said: seconds of `time.monotonic`."""
        self.loaded = False
        """Whether the first reading of the store has been shown."""
        self.when_loaded: Callable[[], None] = lambda: None
        """Is called when that was shown of a Region."""
        self.unread = ""
        """Why the listing is not what the Region holds: it is not shown then, nor acted on."""
        self._unreadable = ""
        """Why what EC2 said last cannot be read, until EC2 has answered."""
        self._taught = False
        self.lesson = ""
        """What was taught once above the hint bar, which has no room for it."""
        self._waiting = 0, 0
        self.questions = Ec2Questions(self, where)
        self.undo_history = UndoHistory()
        self.in_agent_alone: dict[str, str] = {}
        """The names, by the ids, of the new pairs whose private keys were left to an agent alone
        that ends with the program.
        """
        self.in_hand: dict[str, KeptKeyPair] = {}
        """By its id the pair that was just created, which the listing does not have yet."""
        self.before_filter: BeforeFilter | None = None
        """Where the list goes back to when the filter leaves out nothing any more."""
        self.deleted_elsewhere = ""
        """What was said last of pairs that other sessions deleted."""
        self.passed_over = ""
        """What was said to be newer than what was undone then."""
        self.waits_behind = ""
        """What was said of a deletion that could not be undone, behind which others wait."""
        self.filter_bar = FilterBar(lambda: self.listing.tags_in_use())
        self.table = KeyPairTable()
        self.pane = SidePane()
        self._panes = Horizontal(self.table, self.pane, id="panes")
        self._empty = Static(markup=False, id="empty")
        self._nothing = Horizontal(self._empty, id="nothing")
        self._remark = screen.fact_line
        self.key_hints = screen.key_hints

    def widgets(self) -> Iterator[Widget]:
        """Yield what stands between the bars, from the top."""
        yield self.filter_bar
        yield self._panes
        yield self._nothing

    async def open(self, screen: Screen[Result]) -> Result | None:
        """Open another screen and return what it ends with; must be called in a worker."""
        return await self.screen.app.push_screen_wait(screen)

    def begin(self) -> None:
        """Show what there is to show before anything was read."""
        self._empty.display = False
        self.key_hints.show(self.hints())

    # What is read -------------------------------------------------------------------------------

    async def read(
        self,
        keep: str | None = None,
        say: str = "",
        *,
        new: Sequence[str] = (),
        asks_ec2: bool = True,
    ) -> None:
        """Read and show the pairs, with the cursor on the pair `keep`.

        Of `new` pairs, by their ids, it is said where the filter hides them. Of EC2 what it said
        last is shown, and it is asked: the answer is shown when it comes.
        """
        session = self.session
        try:
            key_pairs: tuple[KeptKeyPair, ...] | None
            if session.place is None:
                key_pairs = await asyncio.to_thread(session.backend.describe_key_pairs)
            else:
                key_pairs = await self.questions.read_last_answer(session)
        except KeyPairsError as error:
            if session is not self.session:
                return
            if session.place is None:
                why = welcome.cannot_be_read(error)
                # Read once more in vain, it leaves what was said meanwhile.
                if why != self.unread:
                    self.unread = why
                    self.show(self.table.highlighted)
                self._loaded_first()
                return
            # EC2 knows all but what is known here alone.
            key_pairs, self._unreadable = None, f"{said_by(error)} "
        if key_pairs is not None:
            await self.take(session, key_pairs, keep)
        elif session is self.session and not self.loaded:
            self.unread = shortened(f"{self._unreadable}Asking EC2 what is in {session.region}…")
            self.show(None)
        if say and session is self.session:
            self.say(say + _how_hidden(self, new))
        if asks_ec2 and session.place is not None and session is self.session:
            self.questions.ask(after_change=bool(say))

    async def take(
        self,
        session: "Session",
        key_pairs: "tuple[KeptKeyPair, ...]",
        keep: str | None = None,
    ) -> None:
        """Show the pairs of a session, unless the person has turned to another meanwhile."""
        if session is not self.session:
            return
        now = session.now().astimezone()
        waiting = (0, 0) if key_pairs else await asyncio.to_thread(welcome.waiting, session)
        known = (tuple(self.listing.key_pairs.values()), self._waiting)
        is_same = (key_pairs, waiting) == known
        # The same comes twice, of EC2 or after a change, and what is said of a change stays.
        stands = self.loaded and not self.unread
        if not is_same or not stands or self.listing.is_of_another_day(now):
            reading = await asyncio.to_thread(self.listing.prepare, key_pairs)
            if session is not self.session:
                return
            self._waiting = waiting
            self.listing.load(reading, now)
            if self.unread and self.loaded and self._remark.verdict.tone is Tone.BAD:
                # What was refused, or read once more in vain, was so because of that.
                self._remark.forget()
            self.unread = self._unreadable = ""
            self.show(keep or self.table.highlighted)
            self._loaded_first()
        else:
            if keep is not None:
                self.show(keep)
            if session.place is not None:
                self.show_top()  # since when it is so has changed

    def say_unanswered(self, text: str) -> None:
        """Say why EC2 did not answer: below the list, or in its place where there is none."""
        if self.shown or not self.unread:
            self.say(text)
        else:
            self.unread = shortened(f"{self._unreadable}{text}")
            self.show(None)

    def _loaded_first(self) -> None:
        if not self.loaded:
            self.loaded = True
            self.show_top()
            self._teach()
            self.when_loaded()
            states = {pair.custody.private_key for pair in self.listing.key_pairs.values()}
            if PrivateKeyState.UNSAVED in states:
                self.screen.run_worker(_learn_what_agents_hold(self, self.session))

    def _teach(self) -> None:
        """Say once, above the hint bar, what that has no room for, if there is nothing to heed."""
        if self.session.place is not None and not self.questions.is_answered:
            return  # it is said what is being waited for
        key_pair = self.highlighted
        heed = key_pair is None or wants_attention(key_pair, self.listing.rotation)
        if not (
            heed or self._taught or self.screen.app.size.width >= WIDE or self.session.read_only
        ):
            self.lesson = _lesson(self.key_hints.left_out)
            self.say(self.lesson)
        self._taught = True

    def look_at(self, region: str) -> None:
        """Turn to a Region; what it holds is not read yet."""
        if region == self.session.region:
            return
        self.turn_to(self.session.for_region(region))

    def turn_to(self, session: "Session", *, another_place: bool = False) -> None:
        """Turn to another Region, or to `another_place`; what it holds is not read yet."""
        self.session.spare_key.drop()
        self.questions.begin_anew(another_place=another_place)
        region = session.region
        session.in_agent = self.session.in_agent
        self.session = session
        self.unread, self._unreadable = f"Reading {region}…", ""
        self.before_filter = None
        self.listing.chosen.clear()
        self.loaded = False

    async def go_to(self, key_pair_id: str) -> None:
        """Put the cursor on a pair of this Region, without the filter where that hides it."""
        await self.read(key_pair_id)
        if all(shown.key_pair_id != key_pair_id for shown in self.shown):
            self.clear_filter()
        self.show(key_pair_id)

    # What is shown ------------------------------------------------------------------------------

    def show(self, keep: str | None, *, by_filter: bool = False) -> None:
        """Draw the list as it is filtered and sorted now, with the cursor on the pair `keep`.

        Where that is not shown, it is on the row on which it was; but `by_filter`, which leaves
        other pairs out than before, on the first, or again where it was before the filter.
        """
        if self.unread:
            self.shown = []
            self.show_top()
            self.filter_bar.show("", Verdict(""))
            self._show_empty(self.unread)
            return
        listing = self.listing
        total = len(listing.key_pairs)
        self.shown = listing.shown(self.session.now())
        self.show_top()
        count = f"{len(self.shown):,} of {total:,} match" if listing.query_text else ""
        if listing.query.problems and not listing.query.narrows:
            count = "shows all"
        self.filter_bar.show(count, self._note())
        if self.shown:
            self._empty.display = False
            self._panes.display = True
            self.fit_window()
            top = None
            if by_filter:
                before = self.before_filter
                keep, top = _led_by_filter(keep, self.shown, total, before)
                if before is not None and keep != self.table.highlighted:
                    self.before_filter = before._replace(led_to=keep)
            self.table.show(
                self.shown,
                listing.row,
                keep,
                top=top,
                chosen=listing.chosen,
                sorted_by=(listing.column, listing.reverse),
            )
            if self.screen.focused is None:
                self.table.focus()
        elif total:
            further = listing.looked_up_elsewhere
            typing = not listing.is_whole
            said = welcome.nothing_matches(further, listing.not_in_use, is_typing=typing)
            self._show_empty(said)
        else:
            undone = self.undo_history.brings_back(self.session)
            self._show_empty(welcome.no_pairs(self.session, *self._waiting, undone))

    def show_top(self) -> None:
        """Show how many pairs there are, and what can be done with those that are chosen."""
        total, choice = len(self.listing.key_pairs), self.choice
        self.screen.app.whereabouts = self.questions.whereabouts
        pairs = "" if self.unread else n_of(total, "pair")
        self.screen.top_bar.count(pairs, choice.words, choice.in_short)
        self.screen.top_bar.refresh()
        self.screen.refused = _refused(self)
        if not self.filter_bar.has_focus_within:
            self.key_hints.show(self.hints())

    def hints(self) -> tuple[tuple[str, str], ...]:
        """Return what the hint bar shows: where pairs are chosen, what is done to several.

        Where there are none, nothing is taught that needs one.
        """
        read_only = self.session.read_only
        taught = reading_hints(Place.LIST) if read_only else hints(Place.LIST)
        # Until they are read nobody knows whether there are any.
        is_damaged = bool(self.screen.refused)
        if is_damaged and self.session.place is not None:
            login = (key_of("list.log-in"), "log in")
            there = tuple((key_of(key), word) for key, word in _WITHOUT_ANSWER)
            return (*((login,) if self.questions.login else ()), *there, taught[-1])
        if is_damaged or (self.loaded and not (self.unread or self.listing.key_pairs)):
            there = _READING_WITHOUT_PAIRS if read_only or is_damaged else _WITHOUT_PAIRS
            return (*((key_of(key), word) for key, word in there), taught[-1])
        choice = self.choice
        help_ = taught[-1]
        if not choice.shown:
            whole = (key_of("list.show-all"), "show all")
            if not self.filter_bar.text:
                return taught
            if self.loaded and not self.unread and not self.shown:
                taught = tuple(hint for hint in taught if hint[0] != key_of("key-pair.details"))
                return (*taught[:-1], whole, help_)
            # What was looked for is there: what is done to it comes before what makes another.
            asked = () if read_only else _WITH_CHOSEN[:2]
            new = [hint for hint in taught[:-1] if hint[0] in map(key_of, _NEW)]
            others = [hint for hint in taught[:-1] if hint not in new]
            others += [(key_of(key), word) for key, word in asked]
            wide = [hint for hint in wide_hints(Place.LIST) if hint not in others]
            return (*others, *new, *wide, whole, help_)
        *others, (show_all, none) = _WITH_CHOSEN[-2:] if read_only else _WITH_CHOSEN
        # A filter goes before the choice does.
        details = ("key-pair.details", "details")
        done = (*others, details, (show_all, "show all" if self.filter_bar.text else none))
        words = {action_id: f"{word} {choice.shown:,}" for action_id, word in others}
        return (*((key_of(key), words.get(key, word)) for key, word in done), help_)

    def _note(self) -> Verdict:
        """Return what is wrong with the filter, or what it takes something in it for."""
        kind = self.listing.kind(self.shown)
        if unfinished := self.listing.unfinished:
            begins = f"{unfinished.pattern} finds what begins so" if unfinished.pattern else ""
            more = TAKES if self.filter_bar.goes_on else begins
            said = f"{unfinished.why}, and narrows nothing yet"
            return Verdict(f"{said}; {more}" if more else said)
        if self.listing.query.problems:
            more = f" {TAKES}." * self.filter_bar.goes_on
            return Verdict(self.listing.query.problems[0] + more, Tone.CAUTION)
        if terms := self.listing.not_together:
            both = "both" if terms == 2 else f"all {terms}"
            return Verdict(f"each term finds pairs, but no pair has {both}: all terms must hold")
        if kind:
            return Verdict(f"that is {kind}", Tone.GOOD)
        if not self.shown and (word := _or_in(self.listing.query_text)):
            return Verdict(f"{word} is looked for as it stands: all terms must hold")
        if months := self.listing.query.months:
            return Verdict(f"m is months: {months[0]} is {n_of(int(months[0][:-1]), 'month')}")
        return Verdict(TAKES if self.filter_bar.goes_on else "")

    def _show_empty(self, text: str | Content) -> None:
        self._panes.display = False
        self._empty.display = True
        self._empty.update(text)
        here = self.questions.whereabouts
        self._empty.border_title = Content(f"{here.region} {here.city}".strip())
        self._remark.clear()

    def show_remark(self) -> None:
        """Show what there is to know about the pair under the cursor."""
        key_pair = self.highlighted
        if key_pair:
            stay = self.session.in_agent.get(key_pair.key_pair_id)
            stay = None if stay is None or stay.is_over(self.session.now()) else stay
            # Else the key is about others, or does nothing here.
            is_on_top = self.screen.app.screen is self.screen
            deletes = is_on_top and not (self.session.read_only or self.chosen())
            told = remarks(key_pair, self.listing.rotation, stay, deletes=deletes)
            self._remark.about(key_pair.key_pair_id, told)
        self.pane.follow(self._show_summary)

    def say(self, said: Verdict | str) -> None:
        """Say in the line below the list what came of something, until the cursor moves."""
        self._remark.say(said, self.table.highlighted)

    def stop_saying(self, beginning: str) -> None:
        """Say no longer what begins so, if it is said."""
        if self._remark.said.startswith(beginning):
            self._remark.forget()
            self._teach()

    def refuses_changes(self) -> bool:
        """Say why nothing can be changed, where that is so, and return whether it is.

        What EC2 said last is shown before it is known who asks: the profile may lead to another
        account now, and what is done there would be noted with the pairs of this one.
        """
        if self.session.read_only:
            self.say(READ_ONLY)
            return True
        is_unknown = self.session.place is not None and self.questions.facts is None
        if is_unknown:
            again = key_of("list.reload")
            self.say(f"EC2 has not said yet whose pairs these are; {again} asks again")
        return is_unknown

    def forget_what_was_said(self) -> None:
        """Say no longer what was said: who comes back later would take it for what is."""
        self._remark.forget()

    def _show_summary(self) -> None:
        key_pair = self.highlighted
        if key_pair and self.pane.display:
            self.pane.show(key_pair, self.listing.rotation)

    def fit_window(self) -> None:
        """Show what the size of the window has room for."""
        window, longest = self.screen.app.size.width, self.listing.longest
        self.table.share_width(window, longest, self.pane.fit(window, longest))
        if self.screen.app.size.width >= WIDE and self._remark.said == self.lesson:
            self._remark.forget()  # the hint bar teaches it now
        self.screen.call_after_refresh(self._show_summary)

    @property
    def highlighted(self) -> KeptKeyPair | None:
        """The pair under the cursor."""
        # While nothing is shown, the table keeps the row to come back to, out of sight.
        return self.listing.key_pairs.get(self.table.highlighted or "") if self.shown else None

    def chosen(self) -> list[KeptKeyPair]:
        """Return the chosen pairs that are shown."""
        if not self.listing.chosen:
            return []
        return [pair for pair in self.shown if pair.key_pair_id in self.listing.chosen]

    def affected(self) -> list[KeptKeyPair]:
        """Return the chosen pairs that are shown, or else the one under the cursor."""
        return self.chosen() or [pair for pair in (self.highlighted,) if pair]

    def clear_filter(self) -> None:
        """Show all pairs, once `show` is called."""
        self.before_filter = None
        self.filter_bar.leave(clear=True)
        self.listing.filter("")

    def say_count(self) -> None:
        """Say how many pairs are chosen: in the bar at the top, which says nothing of none."""
        self.show_top()
        self.show_remark()
        if self.listing.chosen:
            self._remark.forget()
        else:
            self.say(NONE_CHOSEN)

    @property
    def choice(self) -> Chosen:
        """How many are chosen, shown or not."""
        shown = len(self.chosen())
        return Chosen(shown, len(self.listing.chosen) - shown)


def _how_hidden(view: ListView, new: Sequence[str]) -> str:
    """Return how many of some pairs, by their ids, the filter hides, as a clause, or nothing."""
    shown = {pair.key_pair_id for pair in view.shown}
    there = [each for each in new if each in view.listing.key_pairs]
    hidden = [each for each in there if each not in shown]
    if not hidden:
        return ""
    them = "it" if len(there) == 1 else "them"
    them = them if len(hidden) == len(there) else f"{len(hidden):,} of them"
    return f"; the filter hides {them}"


async def _learn_what_agents_hold(view: ListView, session: "Session") -> None:
    """Know of a session's Region which keys were added to an agent, by whatever session."""
    known = await asyncio.to_thread(stays, session)
    session.in_agent.update({**known, **session.in_agent})
    if known and session is view.session:
        view.show_remark()


def _led_by_filter(
    keep: str | None, shown: Sequence[KeptKeyPair], total: int, before: BeforeFilter | None
) -> tuple[str | None, int | None]:
    """Return the pair to which a filter leads the cursor, and the row at the top, if one has to be.

    Of a filter that leaves nothing out the list is not to be seen to have moved. What was typed on
    the way to the whole filter leads nowhere; to where the person moved the cursor, it stays.
    """
    ids = [pair.key_pair_id for pair in shown]
    if before is not None and before.key_pair_id in ids:
        if len(ids) == total:
            return before.key_pair_id, before.top
        if keep not in ids or keep == before.led_to:
            return before.key_pair_id, None
    is_led = before is not None and keep == before.led_to
    return (keep if keep in ids and not is_led else ids[0]), None


def _refused(view: ListView) -> Collection[str]:
    """Return what can only be refused: almost all where the Region's file was read in vain.

    And where EC2 has not said what there is.
    """
    methods = {action.method for action in at(Place.LIST)}
    if view.unread and view.session.place is not None:
        return methods - _WITHOUT_EC2
    if view.loaded and view.unread:
        return methods - _WITHOUT_FILE
    return ()


def _or_in(text: str) -> str:
    """Return what in a filter would mean that one of two terms is enough, where there were that."""
    words = text.casefold().split()
    return next((word for word in ("or", "||") if word in words), "|" if "|" in text else "")


def _lesson(keys: Sequence[tuple[str, str]]) -> str:
    # Of all that is done to a pair, this is wanted least, and several are chosen often.
    taught = [(key, word) for key, word in keys if key != key_of("key-pair.replace")]
    return "  ".join(f"{key} {word}" for key, word in taught[:_MOST_TAUGHT])
