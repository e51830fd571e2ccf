"""What the first screen shows: the key pairs of a Region, filtered, ordered and chosen from."""

import asyncio
import gc
from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.screen import Screen
from textual.widgets import Input, Static

from core.ec2.regions import REGIONS
from core.errors import KeyPairsError
from core.model import KeptKeyPair
from core.store.data_dir import network_note
from tui.actions.keymap import hints, key_in, key_of, reading_hints, wide_hints
from tui.actions.table import Place
from tui.screens.list.filter_bar import FilterBar
from tui.screens.list.filter_input import FilterInput
from tui.screens.list.key_pair_table import KeyPairTable
from tui.screens.list.listing import Listing
from tui.screens.list.remark_line import RemarkLine
from tui.widgets.cursor_list import CursorList
from tui.widgets.facts import Facts
from tui.widgets.key_hints import WIDE, KeyHints
from tui.widgets.top_line import TopLine
from tui.words import details
from tui.words.rows import remarks, wants_attention
from tui.words.text import sentence
from tui.words.verdict import Tone, Verdict
from tui.work import preload
from tui.work.read_only import READ_ONLY

if TYPE_CHECKING:
    from core.session import Session

_WITH_CHOSEN = (
    ("key-pair.tags", "tags"),
    ("key-pair.delete", "delete"),
    ("list.export", "export"),
    ("list.show-all", "none"),
)
"""The actions that the hint bar teaches while pairs are chosen, and their words."""


class ListScreen(Screen[None]):
    """The list of key pairs; `tui.screens.list.key_pair_list` adds the ways to other screens.

    The first frame is drawn before the store is read; the pairs follow from a thread. From 110
    columns on, the details stand at the right.
    """

    AUTO_FOCUS = "KeyPairTable"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012 - as Textual has it

    VERTICAL_BREAKPOINTS = [(0, "-tiny"), (8, "-roomy")]  # noqa: RUF012 - as Textual has it

    def __init__(self, session: "Session", where: str) -> None:
        super().__init__()
        self._session = session
        self._listing = Listing()
        self._shown: list[KeptKeyPair] = []
        # Why the listing is not what the Region holds: it is not shown then, nor acted on.
        self._unread = ""
        self._taught = False
        self.loaded = False
        """Whether the first reading of the store has been shown."""
        self._top_line = TopLine(session.region, " · ".join(filter(None, (*session.marks, where))))
        self._filter_bar = FilterBar()
        self._table = KeyPairTable()
        self._summary = Facts(id="summary")
        self._panes = Horizontal(self._table, self._summary, id="panes")
        self._empty = Static(markup=False, id="empty")
        self._remark = RemarkLine(id="remark")
        self._key_hints = KeyHints(Place.LIST)

    def compose(self) -> ComposeResult:
        yield self._top_line
        yield self._filter_bar
        yield self._panes
        yield self._empty
        yield self._remark
        yield self._key_hints

    def on_mount(self) -> None:
        self._empty.display = False
        self._key_hints.show(self._hints())
        # The first frame does not share the processor with the reading.
        self.call_after_refresh(self._reload)

    @work(group="make ready")
    async def _make_ready(self) -> None:
        """Do what can wait until the pairs are on the screen."""
        note = await asyncio.to_thread(_make_ready, self._session)
        if note is not None:
            self._say(note)
        if not gc.isenabled():
            # What is there now stays: looking through it again and again would stop the keys.
            gc.freeze()
            gc.enable()

    # What is read -------------------------------------------------------------------------------

    def action_reload(self) -> None:
        """Read the Region's file again; nothing is parsed if no other session wrote it."""
        self._reload()

    @work(exclusive=True, group="reload")
    async def _reload(self) -> None:
        await self._read()

    async def _read(self, keep: str | None = None, say: str = "") -> None:
        """Read and show the pairs, with the cursor on the pair `keep`."""
        session = self._session
        try:
            key_pairs = await asyncio.to_thread(session.backend.describe_key_pairs)
        except KeyPairsError as error:
            if session is self._session:
                self._unread = sentence(error)
                self._show(self._table.highlighted)
                self._loaded_first()
            return
        if session is not self._session:
            return  # the person has turned to another Region meanwhile
        now = session.now().astimezone()
        is_same = key_pairs == tuple(self._listing.key_pairs.values())
        if not is_same or not self._shown or self._listing.is_of_another_day(now):
            reading = await asyncio.to_thread(self._listing.prepare, key_pairs)
            if session is not self._session:
                return
            self._listing.load(reading, now)
            self._unread = ""
            self._show(keep or self._table.highlighted)
            self._loaded_first()
        if say:
            self._say(say)

    def _loaded_first(self) -> None:
        if not self.loaded:
            self.loaded = True
            self._teach()
            self.call_after_refresh(self._make_ready)

    def _teach(self) -> None:
        """Say once, above the hint bar, what that has no room for, if there is nothing to heed."""
        key_pair = self._highlighted
        heed = key_pair is None or wants_attention(key_pair, self._listing.rotation)
        if not (heed or self._taught or self.app.size.width >= WIDE or self._session.read_only):
            self._say(self._lesson)
        self._taught = True

    @property
    def _lesson(self) -> str:
        return "  ".join(f"{key} {word}" for key, word in wide_hints(Place.LIST))

    def _look_at(self, region: str) -> None:
        """Turn to a Region; what it holds is not read yet."""
        if region == self._session.region:
            return
        self._session = self._session.for_region(region)
        self._unread = f"Reading {region}…"
        self._clear_filter()
        self._listing.chosen.clear()
        self.loaded = False

    # What is shown ------------------------------------------------------------------------------

    def _show(self, keep: str | None) -> None:
        """Draw the list as it is filtered and sorted now."""
        if self._unread:
            self._shown = []
            self._top_line.show(self._session.region)
            self._filter_bar.show("", Verdict(""))
            self._show_empty(self._unread)
            return
        listing = self._listing
        total = len(listing.key_pairs)
        says_count = self._remark.said == self._count
        self._shown = listing.shown(self._session.now())
        self._show_top()
        if says_count:
            self._say(self._count)
        count = f"{len(self._shown):,} of {total:,}" if listing.query_text else ""
        self._filter_bar.show(count, self._note())
        if self._shown:
            self._empty.display = False
            self._panes.display = True
            self._table.show(
                self._shown,
                listing.row,
                keep,
                chosen=listing.chosen,
                sorted_by=(listing.column, listing.reverse),
            )
            if self.focused is None:
                self._table.focus()
        elif total:
            show_all = key_in(Place.LIST, "show_all")
            self._show_empty(f"Nothing matches.\n\nPress {show_all} to show all pairs again.")
        else:
            self._show_empty(_no_pairs(self._session.region, read_only=self._session.read_only))

    def _show_top(self) -> None:
        total, chosen = len(self._listing.key_pairs), len(self._chosen())
        pairs = f"{self._session.region} · {total:,} pair{'s' * (total != 1)}"
        self._top_line.show(f"{pairs} · {chosen:,} chosen" if chosen else pairs)
        if not self._filter_bar.has_focus_within:
            self._key_hints.show(self._hints())

    def _hints(self) -> tuple[tuple[str, str], ...]:
        """Return what the hint bar shows: where pairs are chosen, what is done to several."""
        read_only = self._session.read_only
        taught = reading_hints(Place.LIST) if read_only else hints(Place.LIST)
        if not self._chosen():
            return taught
        *_, help_ = taught
        *others, (show_all, none) = _WITH_CHOSEN[-2:] if read_only else _WITH_CHOSEN
        # A filter goes before the choice does.
        done = (*others, (show_all, "all" if self._filter_bar.text else none))
        return (*((key_of(action_id), word) for action_id, word in done), help_)

    def _note(self) -> Verdict:
        """Return what is wrong with the filter, or which kind of fingerprint it is."""
        kind = self._listing.kind(self._shown)
        if self._listing.query.problems:
            return Verdict(self._listing.query.problems[0], Tone.CAUTION)
        return Verdict(f"that is {kind}", Tone.GOOD) if kind else Verdict("")

    def _show_empty(self, text: str) -> None:
        self._panes.display = False
        self._empty.display = True
        self._empty.update(text)
        self._remark.clear()

    @on(CursorList.Highlighted)
    def _show_remark(self) -> None:
        key_pair = self._highlighted
        if key_pair:
            self._remark.about(key_pair.key_pair_id, remarks(key_pair, self._listing.rotation))
        self._show_summary()

    def _say(self, text: str) -> None:
        """Say in the line below the list what came of something, until the cursor moves."""
        self._remark.say(text, self._table.highlighted)

    def refuses_changes(self) -> bool:
        """Say that this session only reads, if it does, and return whether it does."""
        if self._session.read_only:
            self._say(READ_ONLY)
        return self._session.read_only

    def on_screen_suspend(self) -> None:
        # It was true when it was said; who comes back later would take it for what is.
        self._remark.forget()

    def _show_summary(self) -> None:
        key_pair = self._highlighted
        if key_pair and self.has_class("-wide"):
            self._summary.show(details.summary(key_pair, self._listing.rotation))

    def on_resize(self) -> None:
        if self.app.size.width >= WIDE and self._remark.said == self._lesson:
            self._remark.forget()  # the hint bar teaches it now
        self.call_after_refresh(self._show_summary)

    @property
    def _highlighted(self) -> KeptKeyPair | None:
        # While nothing is shown, the table keeps the row to come back to, out of sight.
        return self._listing.key_pairs.get(self._table.highlighted or "") if self._shown else None

    def _chosen(self) -> list[KeptKeyPair]:
        """Return the chosen pairs that are shown."""
        if not self._listing.chosen:
            return []
        return [pair for pair in self._shown if pair.key_pair_id in self._listing.chosen]

    def _affected(self) -> list[KeptKeyPair]:
        """Return the chosen pairs that are shown, or else the one under the cursor."""
        return self._chosen() or [pair for pair in (self._highlighted,) if pair]

    # The filter, the order and the choice -------------------------------------------------------

    def action_filter(self) -> None:
        """Go to the filter."""
        self._filter_bar.enter()
        self._key_hints.show(hints(Place.FILTER))

    @on(Input.Changed, "#filter")
    def _narrow(self) -> None:
        self._listing.filter(self._filter_bar.text)
        self._show(self._table.highlighted)

    @on(FilterInput.Done)
    def _leave_filter(self, event: FilterInput.Done) -> None:
        self._filter_bar.leave(clear=event.clear)
        self._key_hints.show(self._hints())
        self._table.focus()

    def action_show_all(self) -> None:
        """Clear the filter and show all pairs; where there is no filter, choose none."""
        if self._filter_bar.text:
            self._clear_filter()
            self._show(self._table.highlighted)
        elif self._listing.chosen:
            self._listing.chosen.clear()
            self._table.refresh()
            self._say_count()

    def _clear_filter(self) -> None:
        self._filter_bar.leave(clear=True)
        self._listing.filter("")

    def action_sort(self) -> None:
        """Sort by the next column."""
        self._listing.sort_by_next()
        self._show(self._table.highlighted)

    def action_reverse(self) -> None:
        """Reverse the order."""
        self._listing.turn_round()
        self._show(self._table.highlighted)

    def action_choose(self) -> None:
        """Choose the pair under the cursor, or no longer, and go on to the next."""
        key_pair = self._highlighted
        if key_pair is not None:
            self._listing.chosen ^= {key_pair.key_pair_id}
            self._table.refresh_row(self._table.cursor)
            self._table.action_move(1)
            self._say_count()

    def action_choose_all(self) -> None:
        """Choose all pairs that are shown, besides those that are chosen already."""
        if self._shown:
            self._listing.chosen.update(pair.key_pair_id for pair in self._shown)
            self._table.refresh()
            self._say_count()

    def _say_count(self) -> None:
        self._show_top()
        self._say(self._count)

    @property
    def _count(self) -> str:
        chosen = len(self._chosen())
        return f"{chosen:,} chosen" if chosen else "none chosen"


def _make_ready(session: "Session") -> str | None:
    """Load what the first change needs, and remove what sessions left that were killed; blocks.

    Returns what is to be said of the data folder.
    """
    preload.load(preload.FOR_A_CHANGE)
    if not session.read_only:
        session.store.tidy()
    return network_note(session.store.folder)


def _no_pairs(region: str, *, read_only: bool) -> str:
    """Return what an empty Region says: the next keys, and whether it may be a slip of the pen."""
    create, import_ = key_of("key-pair.create"), key_of("key-pair.import")
    look = key_of("list.region")
    if read_only:
        unknown = "" if region in REGIONS else ", which is not a Region that is known here"
        return f"No key pairs in {region}{unknown}.\n\nPress {look} to look at another Region."
    if region in REGIONS:
        return (
            f"No key pairs in {region} yet.\n\n"
            f"Press {create} to create one, {import_} to import a public key,"
            f" {look} to look at another Region."
        )
    return (
        f"No key pairs in {region}, which is not a Region that is known here.\n\n"
        f"Press {look} to look at another Region. If it is a new one, press {create} to create a"
        f" key pair in it, {import_} to import a public key."
    )
