"""The application: theme, signals, crash reports, the way out. It owns no flow."""

import asyncio
import signal
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from types import FrameType
from typing import TYPE_CHECKING, ClassVar

import textual
from rich.color import ColorSystem
from rich.console import RenderableType
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.command import CommandPalette, Provider
from textual.events import Event, Key, Paste
from textual.screen import Screen

from core.process import GRACE, end_within
from tui.actions import keymap
from tui.actions.table import Place
from tui.screens.list.key_pair_list import KeyPairListScreen
from tui.terminal import drawn_lines, survival
from tui.terminal.driver import InputLost, SteadyDriver
from tui.terminal.frame_diff import Frame, Wire
from tui.terminal.typing_speed import Strokes
from tui.widgets.key_hints import KeyHints
from tui.words.text import masked, visible
from tui.words.verdict import Verdict
from tui.work.brief_message import forget, toast
from tui.work.exclusive import is_flowing

if TYPE_CHECKING:
    from core.session import Session


def _palette() -> type[Provider]:
    from tui.actions.palette import ActionsProvider

    return ActionsProvider


class KeyPairsApp(App[None]):
    """Key pairs in a terminal."""

    TITLE = "keypairs"
    # Textual never loads the style sheet of a default screen by itself.
    CSS_PATH = ["app.tcss", "screens/list/key_pair_list.tcss"]  # noqa: RUF012 - as Textual declares it
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {_palette}

    # Textual handles Tab where it was typed, when the letters behind it have gone to the old field.
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "focus_next", show=False, priority=True),
        Binding("shift+tab", "focus_previous", show=False, priority=True),
        Binding("ctrl+z", "suspend_process", show=False, priority=True),
        Binding("ctrl+q", "quit_by_key", show=False, priority=True),
        *keymap.bindings(Place.ANYWHERE),
        Binding("ctrl+l", "redraw", show=False, priority=True),
    ]

    def __init__(self, session: "Session", where: str = "") -> None:
        drawn_lines.let_go()
        survival.spread()
        super().__init__(driver_class=SteadyDriver)
        self._session = session
        self._where = where
        self._wire = Wire()
        self.strokes = Strokes()
        self.ended_by: signal.Signals | None = None
        self.left_unsaved = ""
        """The name of the pair whose private key a signal took along."""
        self._failures = survival.Failures()
        self._drawn: Screen[object] | None = None

    def get_default_screen(self) -> Screen[None]:
        return KeyPairListScreen(self._session, self._where)

    def on_load(self) -> None:
        # Before the terminal is changed: as they come, these leave it raw and on the other screen.
        # Not by the event loop, which may wait for a terminal that takes nothing more.
        leave = partial(self._leave_by_signal, asyncio.get_running_loop())
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            signal.signal(number, leave)

    def on_mount(self) -> None:
        # After Ctrl-Z and fg Textual draws only the widget that has the focus.
        self.app_resume_signal.subscribe(self, lambda _: self.action_redraw())
        # At once: what is said next belongs to the screen that comes.
        self.screen_change_signal.subscribe(self, self._forget_what_was_said, immediate=True)

    def _forget_what_was_said(self, _: Screen[object]) -> None:
        forget(self)

    def action_redraw(self) -> None:
        """Send the whole screen again, whatever has been written on the terminal meanwhile."""
        self._wire.forget()
        self.refresh(layout=True)

    def on_resize(self) -> None:
        # Terminals differ in what becomes of what they showed, be the size soon as it was.
        self.action_redraw()

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        # The conditions are Textual's own, under which it sends what it is given.
        sends = self._running and not (self._closed or self.is_headless or self._batch_count)
        if sends and isinstance(renderable, LayoutUpdate | ChopsUpdate):
            if screen is not self._drawn:
                # Whatever else has written on the terminal is gone when another screen comes.
                self._wire.forget()
                self._drawn = screen
            colors = self.console._color_system or ColorSystem.TRUECOLOR
            sequence = self._wire.frame(renderable, colors)
            moved = self.cursor_position != self._previous_cursor_position
            update = Frame(sequence) if sequence or moved else None
            super()._display(screen, update)  # type: ignore[arg-type] # it takes updates as well
        else:
            super()._display(screen, renderable)

    async def on_event(self, event: Event) -> None:
        if isinstance(event, Key) and not event.is_forwarded:
            self.strokes.note(event.key, event.time)
            self._failures.forget()
        if isinstance(event, Paste) and isinstance(self.screen, CommandPalette):
            # Its field is Textual's own, which draws what was pasted as it is.
            event.text = masked(event.text)
        await super().on_event(event)

    def on_app_focus(self) -> None:
        """Look for what other sessions changed while the person was elsewhere."""
        if isinstance(self.screen, KeyPairListScreen):
            self.screen.action_reload()

    def _leave_by_signal(
        self, loop: asyncio.AbstractEventLoop, number: int, _frame: FrameType | None
    ) -> None:
        end_within(GRACE, 128 + number)
        # Without the loop the program is at its end already.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(self._leave, signal.Signals(number))

    def _leave(self, number: signal.Signals) -> None:
        self.ended_by = number
        holders = self._key_holders
        if holders:
            self.left_unsaved = str(getattr(holders[0], "key_name", ""))
        self.exit(return_code=128 + number)

    @property
    def is_key_behind(self) -> bool:
        """Whether more keys have arrived than were handed over."""
        return isinstance(self._driver, SteadyDriver) and self._driver.has_keys_waiting

    @property
    def is_amid_keys(self) -> bool:
        """Whether the key that was pressed last came together with others, as in a pasted text."""
        return self.strokes.close or self.is_key_behind

    async def action_quit_by_key(self) -> None:
        """Quit, if the key stands alone and is not part of a text."""
        # Where a private key is not saved yet, the key does not quit in any case.
        if self.is_amid_keys and not self._key_holders:
            toast(self, "that ctrl+q came amid other keys; to quit, press it alone")
        else:
            await self.action_quit()

    def copy_to_clipboard(self, text: str) -> None:
        """Send text to the terminal's clipboard; no text is not sent, because that empties it."""
        if text:
            super().copy_to_clipboard(text)
        else:
            self.call_later(self.action_help_quit)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Offer what can be done on the screen, from the table of actions, and the themes.

        Textual's own command that writes the screen to a file is not among them.
        """
        place = getattr(screen, "PLACE", None)
        for action in keymap.at(place) if place else ():
            yield SystemCommand(
                action.help,
                keymap.key_label(action.key),
                partial(screen.run_action, action.method),
            )
        yield SystemCommand("Quit", "ctrl+q", self.action_quit)
        yield SystemCommand("Change the theme for this session", "", self.action_change_theme)

    def action_command_palette(self) -> None:
        """Show what can be done on the screen; picking a line does it."""
        if not (isinstance(self.screen, CommandPalette) or is_flowing(self.screen)):
            from tui.actions.palette import Palette

            self.push_screen(Palette("What can be done here"))

    def search_themes(self) -> None:
        """Show the themes; picking one changes to it."""
        from textual.theme import ThemeProvider

        from tui.actions.palette import Palette

        self.push_screen(Palette("Themes, for this session", [ThemeProvider]))

    def action_help(self) -> None:
        """Show what can be done here, then all keys; picking a line does it."""
        # A form that ends would take away what lies over it, and stay itself.
        if not is_flowing(self.screen):
            from tui.work.help_key import show_help

            show_help(self)

    def action_suspend_process(self) -> None:
        """Stop until a shell continues the program, unless that would harm, or none could."""
        from tui.terminal.suspension import refusal

        reason = refusal(self)
        if reason:
            toast(self, reason)
        else:
            super().action_suspend_process()

    def action_screenshot(self, filename: str | None = None, path: str | None = None) -> None:
        """Do nothing: a picture of the screen could hold a private key."""

    async def action_quit(self) -> None:
        """Quit, unless that would lose a private key: then go back to it, or say so there."""
        if not self._key_holders:
            self.exit()
        elif self.screen in self._key_holders[1:]:
            await self.screen.run_action("back")
        else:
            await self._say_how_to_leave()

    async def action_help_quit(self) -> None:  # type: ignore[override] # it may be either
        """Say how to quit: Ctrl+C is pressed out of habit."""
        if self._key_holders:
            await self._say_how_to_leave()
        else:
            toast(self, "ctrl+q quits")

    @property
    def _key_holders(self) -> list[Screen[object]]:
        """The screen of a private key that would be lost, and those that it led to."""
        return [screen for screen in self.screen_stack if getattr(screen, "holds_key", False)]

    async def _say_how_to_leave(self) -> None:
        if self.screen is self._key_holders[0]:
            await self.screen.run_action("say_how_to_leave")
        else:
            toast(self, "the private key is not saved yet; escape goes back to it")

    def outlives(self, error: Exception) -> bool:
        """Go on after an error that nobody expected, where ending would lose a private key.

        It is said on the screen. Returns whether it goes on: not where errors come again and again,
        nor where no key could be pressed any more.
        """
        ends = self._exit or isinstance(error, InputLost) or not self._key_holders
        if ends or self._failures.note():
            return False
        self.call_later(self._say_unforeseen, survival.said_of(error))
        return True

    def _say_unforeseen(self, said: Verdict) -> None:
        first, *others = self._key_holders or [self.screen]
        screen = self.screen
        if screen in others and not screen.query(KeyHints):
            # It failed before there was anything on it.
            screen.dismiss(None)
            screen = first
        say = getattr(screen, "say_unforeseen", None)
        if say is not None:
            say(said)
        elif screen.query(KeyHints):
            toast(self, said.text)

    def _handle_exception(self, error: Exception) -> None:
        if not self.outlives(error):
            super()._handle_exception(error)

    def _fatal_error(self) -> None:
        # Imported here: it takes 30 ms, and brings a highlighter along.
        from rich.traceback import Traceback

        # Textual's own report prints the local variables of every frame.
        self.bell()
        report = Traceback(show_locals=False, width=None, suppress=[textual])
        for stack in report.trace.stacks:
            stack.exc_value = visible(stack.exc_value)
        self.panic(report)
