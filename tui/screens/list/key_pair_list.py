"""Shows the first screen: the key pairs of a Region, and the way to everything else."""

import asyncio
import gc
from functools import partial
from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult
from textual.events import DescendantBlur, DescendantFocus, Key
from textual.timer import Timer
from textual.widgets import Input

from core.disk.mounts import network_note
from core.errors import KeyPairsError
from core.words.plural import n_of
from tui.actions import keymap
from tui.actions.keymap import bindings, key_of
from tui.actions.table import Place
from tui.screens.list.filter.bar import FilterBar
from tui.screens.list.flows import FLOWS, first_region
from tui.screens.list.list_actions import LIST_ACTIONS, leave_filter, narrow, refuses, show_filter
from tui.screens.list.list_view import NONE_CHOSEN, ListView
from tui.screens.list.welcome import lost_keys
from tui.screens.others_changes import OthersChanges
from tui.screens.placed_screen import OVER_THE_LIST, PlacedScreen, ScreenKind
from tui.terminal.style_sheet import read_ahead
from tui.terminal.typing_speed import ALONE
from tui.widgets.cursor_list import CursorList
from tui.words.refusals import listed
from tui.words.text import said_by
from tui.words.verdict import Tone, Verdict
from tui.work import preload
from tui.work.exclusive import GROUP, is_busy
from tui.work.login import logged_in

if TYPE_CHECKING:
    from core.session import Session
    from tui.places import Places


_ANYWHERE = ("region", "place", "log_in")
"""What may be done before EC2 said whose pairs are shown."""


class KeyPairListScreen(PlacedScreen[None]):
    """The key pairs of a Region, and what can be done with them.

    The first frame is drawn before the store is read; the pairs follow from a thread. Where the
    window has room for it, a pane about the pair under the cursor stands at the right.

    Args:
        session: the first that is shown; where it `asks_region`, only what asks for the Region.
        where: the host on which the program runs, if that is not under the person's hands.
        places: what else can be turned to.
        asks_region: nothing names the Region, and the person is asked.
    """

    CSS_PATH = "key_pair_list.tcss"
    PLACE = Place.LIST
    KIND = ScreenKind.LIST
    BINDINGS = bindings(PLACE)
    AUTO_FOCUS = "KeyPairTable"
    VERTICAL_BREAKPOINTS = [(0, "-tiny"), (8, "-roomy")]  # noqa: RUF012 - as Textual has it

    def __init__(
        self,
        session: "Session",
        where: str,
        places: "Places | None" = None,
        *,
        asks_region: bool = False,
    ) -> None:
        super().__init__()
        self.view = ListView(self, session, where, places)
        self.view.when_loaded = self._begin_in_background
        self._others = OthersChanges(self.view)
        self._is_ready = False
        self._quitting: Timer | None = None
        self._text_until = float("-inf")
        """Until when a key belongs to one text with a `q`: seconds of `time.monotonic`."""
        self._asks_region = asks_region

    def content(self) -> ComposeResult:
        yield from self.view.widgets()

    def on_mount(self) -> None:
        self.view.begin()
        if self._asks_region:
            self.run_worker(first_region(self.view), group=GROUP, exclusive=True)
        else:
            # The first frame does not share the processor with the reading.
            self.call_after_refresh(self.reload)

    @work(exclusive=True, group="reload")
    async def reload(self) -> None:
        """Read the Region's file again; nothing is parsed if no other session wrote it."""
        await self.view.read()

    @work(exclusive=True, group="reload")
    async def _reload_and_say(self) -> None:
        """Do that because a person asked for it, who is told for a moment that it was done."""
        view = self.view
        session, before = view.session, view.listing.key_pairs
        await view.read()
        if session is not view.session:
            return
        if session.place is not None:
            view.questions.tell()
            return
        again = f"read again at {session.now().astimezone():%H:%M:%S}"
        if view.unread:
            view.say(Verdict(f"{again}: it still cannot be read", Tone.BAD))
        elif view.listing.key_pairs == before:
            self.fact_line.say_briefly(f"{again}: nothing is new")
        else:
            count = n_of(len(view.listing.key_pairs), "pair")
            self.fact_line.say_briefly(f"{again}: {count}")

    def _begin_in_background(self) -> None:
        """Begin what can wait until the first pairs are on the screen, once."""
        if not self._is_ready:
            self._is_ready = True
            self._others.begin()
            self.call_after_refresh(self._make_ready)

    @work(group="make ready")
    async def _make_ready(self) -> None:
        """Do what can wait until the pairs are on the screen."""
        read_ahead(self.app.stylesheet, OVER_THE_LIST)
        note = await asyncio.to_thread(_make_ready, self.view.session)
        await self.view.filter_bar.fill()
        if note is not None:
            self.view.say(note)
        session = self.view.session
        lost = None if session.read_only else await asyncio.to_thread(lost_keys, session)
        if lost is not None:
            if lost.key_pair_id and session is self.view.session:
                self.view.show(lost.key_pair_id)
            self.view.say(lost.text)
        if not gc.isenabled():
            # What is there now stays: looking through it again and again would stop the keys.
            gc.freeze()
            # A screen that is gone is some ten thousand objects, old ones by then: as they come,
            # old ones are looked through too seldom, and lie about by the megabyte.
            gc.set_threshold(700, 10, 2)
            gc.enable()

    # What keys do -------------------------------------------------------------------------------

    def on_key(self, event: Key) -> None:
        """Say of a letter that does nothing here where those are that do."""
        self.fact_line.say_briefly("")
        if not event.is_printable or event.key in self.active_bindings:
            return
        # Of a key that has to wait for what is under way it would not be true.
        if not any(
            keymap.has(keymap.at(place), event.key) for place in (Place.LIST, Place.ANYWHERE)
        ):
            help_ = key_of("app.help")
            said = f"{keymap.key_label(event.key)} does nothing here; {help_} lists the keys"
            self.fact_line.say_briefly(said)

    def on_paste(self) -> None:
        """Say of what was pasted where it would be taken."""
        ways = f"{key_of('list.filter')} filters by a text, {key_of('list.find')} finds a key"
        self.fact_line.say_briefly(f"nothing was pasted: {ways}")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool:
        # What is typed while a screen is on its way is not meant for the list: a name that begins
        # with "d" and "y" must not delete anything. To give up waiting does no harm.
        return (action, parameters) == ("do", ("show_all",)) or not is_busy(self)

    async def action_do(self, method: str) -> None:
        """Do what the table of actions calls so."""
        # It is about the key before this one, and the cursor need not have moved.
        self.view.stop_saying(NONE_CHOSEN)
        if self._is_of_text(method):
            return
        asked = [action for action in keymap.at(Place.LIST) if action.method == method]
        if any(map(keymap.changes, asked)) and self.view.refuses_changes():
            return
        if refuses(self.view, method):
            return
        if method in FLOWS:
            if self._is_known_enough_for(method):
                self.run_worker(self._flow(method), group=GROUP, exclusive=True)
        elif method == "filter":
            await show_filter(self.view)
        elif method in LIST_ACTIONS:
            LIST_ACTIONS[method](self.view)
        elif method == "reload":
            self._reload_and_say()
        else:
            self._quit_if_alone()

    def _is_known_enough_for(self, method: str) -> bool:
        """Say so where EC2 has not told yet whose pairs these are, and an action needs that."""
        view = self.view
        is_known = view.session.place is None or view.loaded or method in _ANYWHERE
        if not is_known:
            view.say(f"EC2 has not answered yet; {key_of('list.reload')} asks again")
        return is_known

    async def _flow(self, method: str) -> None:
        try:
            await FLOWS[method](self.view)
        except KeyPairsError as error:
            if not await logged_in(self, self.view.session, error):
                self.view.say(Verdict(said_by(error), Tone.BAD))

    def _quit_if_alone(self) -> None:
        """Quit, if the key stands alone and is not part of a text."""
        if self.app.typing.is_amid_others:
            self._doubt()
        elif self._quitting is None:
            self._quitting = self.set_timer(
                ALONE, partial(self._quit_or_doubt, self.app.typing.count)
            )

    async def _quit_or_doubt(self, count: int) -> None:
        self._quitting = None
        in_agent, now = self.view.session.in_agent, self.view.session.now()
        names = [
            name
            for key_pair_id, name in self.view.in_agent_alone.items()
            if key_pair_id in in_agent and not in_agent[key_pair_id].is_over(now)
        ]
        lost, s = listed(names), "s" * (len(names) > 1)
        said = (
            f"{key_of('app.quit')} again loses the private key{s} of {lost}: in no file, and the"
            " agent ends too"
        )
        asked = not names or self.fact_line.verdict.text == said
        if self.app.typing.count == count and not self.app.typing.more_wait():
            if asked:
                await self.app.run_action("quit")
            else:
                self.view.say(Verdict(said, Tone.CAUTION))
        elif self.is_active:
            self._doubt()

    def _is_of_text(self, method: str) -> bool:
        """Return whether a key came so close behind one that quits that it does nothing.

        Who quits and types on, or pastes a text with that letter, means none of it for the list.
        """
        arrived = self.app.typing.arrived
        if method == "quit" or (self._quitting is None and arrived >= self._text_until):
            return False
        self._doubt()
        return True

    def _doubt(self) -> None:
        if self._quitting is not None:
            self._quitting.stop()
            self._quitting = None
        self._text_until = self.app.typing.arrived + ALONE
        self.view.say(f"that {key_of('app.quit')} came amid other keys; to quit, press it alone")

    # What widgets tell --------------------------------------------------------------------------

    @on(CursorList.Selected)
    async def _open_details(self) -> None:
        # Not called: while something else is under way, it would take its place.
        await self.run_action("do('details')")

    @on(CursorList.Highlighted)
    def _show_remark(self) -> None:
        self.view.show_remark()

    @on(Input.Changed, "#filter")
    @on(DescendantFocus, "#filter")
    @on(DescendantBlur, "#filter")
    def _narrow(self) -> None:
        narrow(self.view)

    @on(FilterBar.Done)
    def _leave_filter(self, event: FilterBar.Done) -> None:
        leave_filter(self.view, clear=event.clear)

    def on_unmount(self) -> None:
        self._others.end()

    def on_screen_suspend(self) -> None:
        self.view.forget_what_was_said()
        self.view.show_remark()

    def on_screen_resume(self) -> None:
        self.view.show_remark()

    def on_resize(self) -> None:
        self.view.fit_window()


def _make_ready(session: "Session") -> str | None:
    """Load what the first key needs, and remove what sessions left that were killed; blocks.

    Returns what is to be said of the data folder.
    """
    preload.load(preload.FOR_A_KEY)
    if not session.read_only:
        session.store.tidy()
    return network_note(session.store.folder)
