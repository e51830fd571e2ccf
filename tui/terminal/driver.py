"""Drives the terminal as Textual does, and is not upset by bad input, a flood, or a lost terminal.

As it comes, bytes that are not UTF-8 (a paste in another encoding) or a control sequence with an
absurd number end the program, and a terminal that is gone makes it spin for ever.

One thread reads whatever arrives, at once, and another hands it to the app, key by key.
"""

import asyncio
import os
import select
import selectors
import signal
from codecs import getincrementaldecoder
from concurrent.futures import CancelledError
from contextlib import suppress
from threading import Thread
from time import monotonic
from typing import Any, NoReturn
from weakref import ref

from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Key, Paste
from textual.message import Message
from textual.message_pump import MessagePump
from textual.worker import Worker

from tui.terminal.input_queue import Dropped, InputQueue, Keystroke, Waiting
from tui.terminal.paste import Pasted, PasteFilter
from tui.work.brief_message import show_briefly
from tui.work.exclusive import at_work

_CHUNK = 4096
_TICK = 0.1
_MOMENT = 0.005
_PATIENCE = 0.5
"""Seconds of work after which it is to be seen what goes on, and a key is for that."""
_MOST_PATIENCE = 10.0
"""Seconds after which the next key is handed over where nothing at all comes of the last one."""


class InputLost(Exception):
    """Nothing that is typed arrives any more; its cause says why."""


class SteadyDriver(LinuxDriver):
    """A driver for a program that must not lose a private key to a stray byte."""

    _watcher: Thread | None = None
    _queue: InputQueue | None = None
    _is_reading = False
    _at_work_since: float | None = None
    _work: tuple[ref[Worker[Any]], float] | None = None
    """What the last key waited for, and since when: the next may find it still under way.

    No more than a reference that keeps nothing: its screen may be one of a private key.
    """

    def run_input_thread(self) -> None:
        """Hand over what is typed until the program ends or the terminal is gone."""
        if self._is_reading:
            return
        self._is_reading = True
        try:
            self._hand_over()
        except Exception as error:  # noqa: BLE001 - raised where the app reports it
            # Textual would end with status 0, as if nothing had happened.
            self._app.call_later(_raise, error)
        finally:
            self._is_reading = False

    def _hand_over(self) -> None:
        parser = XTermParser()
        self._queue = queue = InputQueue()
        reader = Thread(target=self._read_into, args=(queue,), name="terminal-reader", daemon=True)
        reader.start()
        arrived = monotonic()
        while not (self.exit_event.is_set() or queue.has_ended):
            waiting = queue.take(_TICK)
            if isinstance(waiting, Keystroke):
                arrived = waiting.arrived
                parser = self._hand_over_stroke(parser, waiting)
            elif waiting is not None:
                # A parser that holds the start of a mark would make keys of it.
                parser = _started_again(parser)
                self._hand_over_other(waiting)
            for event in parser.tick():
                # Escape is one when nothing has followed it for a while.
                event.time = arrived
                self.process_message(event)
        # Until then what is typed would be taken from whatever has the terminal next. Not after an
        # error: it ends the app, which the reader is waiting for.
        reader.join()

    def _hand_over_stroke(self, parser: XTermParser, stroke: Keystroke) -> XTermParser:
        """Hand over what a parser makes of a stroke, and return the parser for the next one."""
        # One by one: what follows a sequence that means nothing is not lost with it.
        for character in stroke.text:
            try:
                for event in parser.feed(character):
                    event.time = stroke.arrived
                    self.process_message(event)
            except (ValueError, OverflowError):
                parser = _started_again(parser)
        return parser

    def _hand_over_other(self, waiting: Waiting) -> None:
        if isinstance(waiting, Pasted):
            if waiting.text:
                self.process_message(Paste(waiting.text))
        elif isinstance(waiting, Dropped):
            self._app.call_later(show_briefly, self._app, waiting.value)

    def _read_into(self, queue: InputQueue) -> None:
        """Read whatever arrives until the program ends or the terminal is gone."""
        pastes = PasteFilter()
        decode = getincrementaldecoder("utf-8")(errors="replace").decode
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(self.fileno, selectors.EVENT_READ)
                while not self.exit_event.is_set():
                    if not selector.select(_TICK):
                        if pastes.give_up(monotonic()):
                            queue.put(Dropped.UNENDED_PASTE, monotonic())
                        continue
                    data = self._read()
                    if not data:
                        break  # the terminal is gone, of which the watcher tells
                    now = monotonic()
                    for piece in pastes.feed(decode(data), now):
                        queue.put(piece, now)
        except Exception as error:  # noqa: BLE001 - raised where the app reports it
            queue.end(error)
        else:
            queue.end()

    @property
    def has_keys_waiting(self) -> bool:
        """Whether a key was pressed that has not been handed over yet."""
        return self._queue is not None and self._queue.has_keys

    def _sigcont_application(self, *arguments: object) -> None:
        """Take the terminal over again; not amid what the signal found the program at."""
        if self._is_reading:
            self._loop.call_soon_threadsafe(super()._sigcont_application)
        else:
            super()._sigcont_application(*arguments)

    def start_application_mode(self) -> None:
        """Take the terminal over, and watch from then on whether it is still there.

        Who was stopped by SIGSTOP has not given it back, and has read on since it was continued:
        a second thread that reads would mix the keys up. What the shell did to the terminal
        meanwhile is made good, and what it was like before stays known.
        """
        if self._watcher is None:
            self._watcher = Thread(target=self._watch, name="terminal-watcher", daemon=True)
            self._watcher.start()
        reader, before = self._key_thread, self.attrs_before
        was_reading = self._is_reading
        if was_reading:
            self.close()  # another thread will write
            self._must_signal_resume = True
        super().start_application_mode()  # type: ignore[no-untyped-call]  # as Textual has it
        if was_reading:
            self._key_thread, self.attrs_before = reader, before

    def _watch(self) -> None:
        """End the program when the terminal goes, be it told of that or not.

        The input thread would find out late: it waits for what the last keys do, and that may be
        waiting for the terminal.
        """
        poll = select.poll()
        poll.register(self.fileno, 0)  # nothing but that it is gone
        poll.poll()
        os.kill(os.getpid(), signal.SIGHUP)

    def _get_terminal_size(self) -> tuple[int, int]:
        """Return the size as Rich sees it; of a terminal that says 0 by 0, Textual's is another.

        With two sizes it would draw for ever, for the one and then for the other.
        """
        return self._app.console.size

    def stop_application_mode(self) -> None:
        """Wipe the screen, then give the terminal back.

        Where the terminal has no other screen to go back to, what was on it would stay there. Line
        by line, because many terminals keep a screen that is cleared at once for scrolling back.
        """
        rows = range(1, self._get_terminal_size()[1] + 1)
        self.write("\x1b[0m" + "".join(f"\x1b[{row}H\x1b[2K" for row in rows))
        super().stop_application_mode()

    def process_message(self, message: Message) -> None:
        """Hand over an event; after a key, wait until what it does is done.

        Textual would hand the next key to whatever has the focus before the first one has moved
        it: of `/quit` typed fast, on a slow line, the letters would go to the list, and quit.
        """
        super().process_message(message)
        if isinstance(message, Key | Paste):
            self._at_work_since = None  # the wait for the key before may not have been left yet
            try:
                handled = asyncio.run_coroutine_threadsafe(self._handled(), self._loop)
            except RuntimeError:
                return  # the loop is closed: the program is over
            handed_over = monotonic()
            while not self.exit_event.is_set() and self._waits_on(handed_over):
                with suppress(TimeoutError, CancelledError):
                    handled.result(_TICK / 10)
                    return
            handled.cancel()

    def _waits_on(self, handed_over: float) -> bool:
        """Return whether the next key has still to wait for what the last one does.

        While a screen is at work, what was typed ahead until then waits for the screen that comes
        of it. What was pressed later, when it was to be seen what goes on, is for this one. Until
        the work begins nothing is to be seen, and a busy machine may take its time.
        Where Escape waits behind keys, they do not keep it from work that was to be seen already.
        """
        now, since = monotonic(), self._at_work_since
        if self._queue is not None and self._queue.has_urgent_keys():
            return now < (handed_over if since is None else since) + _PATIENCE
        if since is None:
            return now < handed_over + _MOST_PATIENCE
        first = self._queue.first_key() if self._queue is not None else None
        return (now if first is None else first.arrived) <= since + _PATIENCE

    async def _handled(self) -> None:
        """Return when the key that was handed over last has had its effect."""
        app = self._app
        screen = app.screen
        await _drained(app)
        for node in (app.focused or app.screen).ancestors_with_self:
            await _drained(node)
        try:
            # The list, to which one screen leads back, may be about to open the next.
            while (work := at_work(app.screen)) is not None:
                if self._at_work_since is None:
                    is_same = self._work is not None and self._work[0]() is work
                    self._at_work_since = self._work[1] if self._work and is_same else monotonic()
                self._work = ref(work), self._at_work_since
                await asyncio.sleep(_MOMENT)
        finally:
            self._at_work_since = None
        # By turns and not by the clock: so long a screen that opens may take to find its focus.
        for _ in range(round(_PATIENCE / _MOMENT)):
            if app.screen is screen or app.focused is not None:
                return
            await asyncio.sleep(_MOMENT)

    def _read(self) -> bytes:
        try:
            return os.read(self.fileno, _CHUNK)
        except OSError:
            return b""


def _started_again(parser: XTermParser) -> XTermParser:
    """Return a parser that knows of the terminal what another knew, and nothing else."""
    fresh = XTermParser()
    fresh.mouse_pixels = parser.mouse_pixels
    fresh.terminal_size = parser.terminal_size
    fresh.terminal_pixel_size = parser.terminal_pixel_size
    fresh.last_x, fresh.last_y = parser.last_x, parser.last_y
    return fresh


def _raise(error: Exception) -> NoReturn:
    raise InputLost from error


async def _drained(pump: MessagePump) -> None:
    """Return when a part of the app has worked off what it was sent until now."""
    done = asyncio.Event()
    if pump.call_later(done.set):
        while pump.is_running and not done.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(done.wait(), _TICK)
