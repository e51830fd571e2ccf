"""Runs the application: theme, signals, the way out. It owns no flow."""

import asyncio
import os
import signal
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from types import FrameType
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.screen import Screen

from core.process import GRACE, end_within
from tui import screens, themes
from tui.actions import keymap
from tui.actions.table import Place
from tui.screens.list.key_pair_list import KeyPairListScreen
from tui.screens.placed_screen import PlacedScreen
from tui.terminal import suspension
from tui.terminal.style_sheet import SteadyStylesheet, forget_what_was_drawn
from tui.terminal.terminal_app import TerminalApp
from tui.widgets.key_hints import KeyHints
from tui.widgets.pick_list import Item
from tui.words.place import whereabouts
from tui.words.verdict import Verdict
from tui.work.brief_message import clear_brief_message, show_briefly
from tui.work.exclusive import is_busy

if TYPE_CHECKING:
    from core.session import Session
    from tui.places import Places


class KeyPairsApp(TerminalApp):
    """Key pairs in a terminal."""

    TITLE = "keypairs"
    # Textual never loads the style sheet of a default screen by itself.
    CSS_PATH = ["app.tcss", "screens/list/key_pair_list.tcss"]  # noqa: RUF012 - as Textual declares it
    # The list of all that can be done is the help.
    ENABLE_COMMAND_PALETTE = False

    # Textual handles Tab where it was typed, when the letters behind it have gone to the old field.
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "focus_next", show=False, priority=True),
        Binding("shift+tab", "focus_previous", show=False, priority=True),
        Binding("ctrl+z", "suspend_process", show=False, priority=True),
        *keymap.bindings(Place.ANYWHERE),
        Binding("ctrl+l", "redraw", show=False, priority=True),
    ]

    def __init__(
        self,
        session: "Session",
        where: str = "",
        places: "Places | None" = None,
        *,
        asks_region: bool = False,
    ) -> None:
        super().__init__()
        themes.register(self.register_theme)
        themes.choose(self, os.environ.get("TEXTUAL_THEME", themes.KEYPAIRS.name))
        # Those of the default theme come before anything is parsed, those of another only after.
        is_default = self.theme == themes.KEYPAIRS.name
        variables = {} if is_default else self.get_css_variables()
        self.stylesheet = SteadyStylesheet(variables=variables)
        self._session = session
        self._where = where
        self._places = places
        self._asks_region = asks_region
        self.whereabouts = whereabouts(session, where)
        if asks_region:
            self.whereabouts = self.whereabouts._replace(region="", city="")
        self.ended_by: signal.Signals | None = None
        self.left_unsaved = ""
        """The name of the pair whose private key a signal took along."""

    def get_default_screen(self) -> Screen[None]:
        return KeyPairListScreen(
            self._session, self._where, self._places, asks_region=self._asks_region
        )

    def on_load(self) -> None:
        # Before the terminal is changed: as they come, these leave it raw and on the other screen.
        # Not by the event loop, which may wait for a terminal that takes nothing more.
        loop = asyncio.get_running_loop()
        leave = partial(self._leave_by_signal, loop)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            # This has every signal wake the loop. Python calls a handler in the first thread alone,
            # which sleeps on where the system gave the signal to another, or just before it slept.
            loop.add_signal_handler(number, lambda: None)
            signal.signal(number, leave)

    def on_mount(self) -> None:
        # After Ctrl-Z and fg Textual draws only the widget that has the focus.
        self.app_resume_signal.subscribe(self, lambda _: self.action_redraw())
        # At once: what is said next belongs to the screen that comes.
        self.screen_change_signal.subscribe(
            self, lambda _: clear_brief_message(self), immediate=True
        )
        self.screen_change_signal.subscribe(self, lambda _: forget_what_was_drawn())

    def action_redraw(self) -> None:
        """Send the whole screen again, whatever has been written on the terminal meanwhile."""
        self.send_whole_frames()
        self.refresh(layout=True)

    def on_resize(self) -> None:
        # Terminals differ in what becomes of what they showed, be the size soon as it was.
        self.action_redraw()

    def on_app_focus(self) -> None:
        """Look for what other sessions changed while the person was elsewhere."""
        if isinstance(self.screen, KeyPairListScreen):
            self.screen.reload()

    def _leave_by_signal(
        self, loop: asyncio.AbstractEventLoop, number: int, _frame: FrameType | None
    ) -> None:
        end_within(GRACE, 128 + number)
        # Without the loop the program is at its end already.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(self._leave, signal.Signals(number))

    def _leave(self, number: signal.Signals) -> None:
        self.ended_by = number
        if self.lost_by_leaving is not None:
            self.left_unsaved = self.lost_by_leaving.key_name
        self.exit(return_code=128 + number)

    async def action_quit_by_key(self) -> None:
        """Quit, if the key stands alone and is not part of a text."""
        # Where a private key is not saved yet, the key does not quit in any case.
        if self.typing.is_amid_others and self.lost_by_leaving is None:
            show_briefly(self, "that ctrl+q came amid other keys; to quit, press it alone")
        else:
            await self.action_quit()

    def copy_to_clipboard(self, text: str) -> None:
        """Send text to the terminal's clipboard; no text is not sent, because that empties it."""
        if text:
            super().copy_to_clipboard(text)
        else:
            self.call_later(self.action_help_quit)

    def action_change_theme(self) -> None:
        """Change the theme, until the program ends."""

        def change(theme: str | None) -> None:
            if theme is not None:
                themes.choose(self, theme)

        # The present one is marked as the present Region is.
        items = [
            Item(name, f"{'•' if name == self.theme else ' '} {name}")
            for name in sorted(self.available_themes)
        ]
        title = "Themes, for this session"
        self.push_screen(screens.PickScreen(title, items, present=self.theme), change)

    def action_help(self) -> None:
        """Show what can be done here, then all keys; picking a line does it."""
        # A form that ends would take away what lies over it, and stay itself.
        if not is_busy(self.screen):
            screens.show_help(self)

    def action_suspend_process(self) -> None:
        """Stop until a shell continues the program, unless that would harm, or none could."""
        reason = suspension.refusal(self)
        if reason:
            show_briefly(self, reason)
        else:
            super().action_suspend_process()

    def action_screenshot(self, filename: str | None = None, path: str | None = None) -> None:
        """Do nothing: a picture of the screen could hold a private key."""

    async def action_quit(self) -> None:
        """Quit, unless that would lose a private key: then go back to it and say so there."""
        if self.lost_by_leaving is None:
            self.exit()
        elif self.key_holder is not None and self.key_holder.is_active:
            self._say_how_to_leave()
        else:
            await self.screen.run_action("back")
            # The key was pressed to quit: that something closed is no answer.
            self._say_how_to_leave()

    def action_help_quit(self) -> None:
        """Say how to quit: Ctrl+C is pressed out of habit."""
        if self.lost_by_leaving is None:
            show_briefly(self, "ctrl+q quits")
        else:
            self._say_how_to_leave()

    def _say_how_to_leave(self) -> None:
        if self.key_holder is not None and self.key_holder.is_active:
            self.key_holder.action_say_how_to_leave()
        else:
            show_briefly(self, "the private key is not saved yet; esc goes back to it")

    def say_unforeseen(self, said: Verdict) -> None:
        """Say what went wrong on the screen where it did, or on that of the private key."""
        screen = self.screen
        if self.key_holder is not None and not (
            self.key_holder.is_active or screen.query(KeyHints)
        ):
            # It failed before there was anything on it.
            screen.dismiss(None)
            self.key_holder.say_unforeseen(said)
        elif isinstance(screen, PlacedScreen):
            screen.say_unforeseen(said)


def ask_code(app: KeyPairsApp, device: str) -> str | None:
    """Ask for the code of an MFA device in the app, and return it, or None where none was given.

    It blocks, and is for the threads in which credentials are looked for.
    """
    answers: SimpleQueue[str | None] = SimpleQueue()

    def ask() -> None:
        app.push_screen(screens.MfaCodeScreen(device), answers.put)

    with suppress(RuntimeError):  # the app has ended
        app.call_from_thread(ask)
        return answers.get()
    return None
