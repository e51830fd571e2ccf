"""Connects an app with its terminal: what is sent to it, what comes from it, how errors end.

Overrides what Textual has no public way for; the table of them is in `tui.terminal`.
"""

import os
from base64 import b64encode
from typing import Protocol

import textual
from rich.color import ColorSystem
from rich.console import COLOR_SYSTEMS, RenderableType
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.app import App
from textual.events import Event, Key
from textual.geometry import Offset
from textual.screen import Screen

from tui.terminal import unforeseen
from tui.terminal.driver import InputLost, SteadyDriver
from tui.terminal.frame_diff import Frame, FrameDiff
from tui.terminal.signs import for_terminal, is_console
from tui.terminal.typing_speed import TypingSpeed
from tui.words.place import Whereabouts
from tui.words.text import visible
from tui.words.verdict import Verdict


class KeyHolder(Protocol):
    """The screen of a private key, or of a form that waits for one."""

    @property
    def holds_key(self) -> bool:
        """Whether leaving the program now would lose the private key."""
        ...

    @property
    def is_active(self) -> bool:
        """Whether it is on top."""
        ...

    @property
    def key_name(self) -> str:
        """The name of the pair."""
        ...

    def say_unforeseen(self, said: Verdict) -> None:
        """Say what went wrong that nobody expected."""
        ...

    def action_say_how_to_leave(self) -> None:
        """Say what keeps the private key, and what gives it up."""
        ...


class TerminalApp(App[None]):
    """An app that sends only what changed, outlives errors, and knows how keys arrived.

    `key_holder` is the screen of a private key while there is one: where leaving would lose the
    key, an error that nobody expected does not end the app. `whereabouts` is what the bar at the
    top of every screen says.
    """

    def __init__(self) -> None:
        unforeseen.catch_errors()
        super().__init__(driver_class=SteadyDriver)
        self.typing = TypingSpeed(
            lambda: isinstance(self._driver, SteadyDriver) and self._driver.has_keys_waiting
        )
        self.key_holder: KeyHolder | None = None
        self.whereabouts = Whereabouts()
        self._frames = FrameDiff(for_terminal(os.environ), is_console=is_console(os.environ))
        self._cursor_sent: Offset | None = None
        self._failures = unforeseen.Failures()
        self._ends = False

    def get_theme_variable_defaults(self) -> dict[str, str]:
        # A Linux console shows dim text as a grey that has 2.8:1 on black.
        return {"muted-style": "none" if is_console(os.environ) else "dim"}

    # What is sent -------------------------------------------------------------------------------

    def send_whole_frames(self) -> None:
        """Take nothing for granted of what the terminal shows: send the next frame whole."""
        self._frames.forget()

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        is_sent = not (self.is_headless or self._batch_count)
        if is_sent and isinstance(renderable, LayoutUpdate | ChopsUpdate):
            self._send(screen, renderable)
        else:
            super()._display(screen, renderable)

    def _send(self, screen: Screen[object], update: LayoutUpdate | ChopsUpdate) -> None:
        """Send what an update changes, and nothing where that is nothing."""
        colors = COLOR_SYSTEMS.get(self.console.color_system or "", ColorSystem.TRUECOLOR)
        try:
            frame = Frame(self._frames.frame(update, colors))
        except Exception as error:  # noqa: BLE001 - reported as Textual does where it draws
            self._handle_exception(error)
            return
        if frame.is_empty and self.cursor_position == self._cursor_sent:
            # Else the terminal would be told that a frame begins and ends.
            self.post_display_hook()
            return
        super()._display(screen, frame)  # type: ignore[arg-type] # it takes updates as well
        self._cursor_sent = self.cursor_position
        if not frame.is_sent:
            self.send_whole_frames()

    def copy_secret_to_clipboard(self, secret: bytes) -> None:
        """Send a secret to the terminal's clipboard; Textual's own way would remember it."""
        if self._driver is not None:
            self._driver.write(f"\x1b]52;c;{b64encode(secret).decode()}\a")

    # What comes ---------------------------------------------------------------------------------

    async def on_event(self, event: Event) -> None:
        if isinstance(event, Key) and not event.is_forwarded:
            self.typing.note(event.key, event.time)
            self._failures.forget()
        await super().on_event(event)

    @property
    def lost_by_leaving(self) -> KeyHolder | None:
        """The screen of a private key that leaving the program now would lose, if there is one."""
        holder = self.key_holder
        return holder if holder is not None and holder.holds_key else None

    # How errors end -----------------------------------------------------------------------------

    def exit(
        self,
        result: None = None,
        return_code: int = 0,
        message: RenderableType | None = None,
    ) -> None:
        self._ends = True
        super().exit(result, return_code, message)

    def outlives(self, error: Exception) -> bool:
        """Go on after an error that nobody expected, where ending would lose a private key.

        It is said on the screen. Returns whether it goes on: not where errors come again and again,
        nor where no key could be pressed any more.
        """
        ends = self._ends or isinstance(error, InputLost) or self.lost_by_leaving is None
        if ends or self._failures.note():
            return False
        self.call_later(self.say_unforeseen, unforeseen.said_of(error))
        return True

    def say_unforeseen(self, said: Verdict) -> None:
        """Say on the screen what went wrong that nobody expected."""
        raise NotImplementedError

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
