"""Holds what was typed, with the time at which it arrived, until the app can be handed it.

Keys are handed over one by one, each when the one before has had its effect: some 460 a second.
What a terminal pours in comes a hundred times as fast, and would keep the keyboard for minutes.
"""

import re
from collections import deque
from enum import Enum
from threading import Condition
from typing import NamedTuple, TypeGuard

from tui.terminal.paste import Input, Pasted, PasteStarted, Typed

MOST = 2048
"""As many keys as wait are typed ahead; more are a flood, of which nothing is handed over."""

CALM = 0.3
"""Seconds without a byte after which a flood is over."""

_FEW = 64
"""With more keys than that in front of it, Ctrl+C or Escape comes first, and they are dropped."""

_STROKE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|.", re.DOTALL)

_URGENT = re.compile(r"\x03|\x1b\[(?:99;5|27)(?:[;:][0-9;:]*)?u|\x1b\Z")
"""Ctrl+C and Escape, also as the keyboard protocol of Kitty sends them."""

_REPORT = re.compile(r"\x1b\[48;[0-9;:]+t|\x1b\[\?[0-9;]+\$y")
"""What a terminal tells of its size and its modes, which no flood may take along."""

_NO_KEY = re.compile(rf"\x1b\[[<IO]|{_REPORT.pattern}")
"""What the mouse does, that the window was entered or left, and such a report."""


class Keystroke(NamedTuple):
    """A character or a control sequence that was typed, and when it arrived, in seconds."""

    text: str
    arrived: float


class Dropped(Enum):
    """What was dropped, and why."""

    FLOOD = "too many keys came at once and were dropped; paste in one go"
    UNENDED_PASTE = "a paste did not end: nothing of it was taken"


Waiting = Keystroke | PasteStarted | Pasted | Dropped


class InputQueue:
    """A queue between the thread that reads the keyboard and the one that hands over."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._waiting: deque[Waiting] = deque()
        self._strokes = 0
        self._flooded = False
        self._last = float("-inf")
        self._ended = False
        self._error: Exception | None = None

    def put(self, piece: Input | Dropped, arrived: float) -> None:
        """Add what has arrived."""
        with self._changed:
            if isinstance(piece, Typed):
                self._put_typed(piece.text, arrived)
            else:
                self._waiting.append(piece)
            self._last = arrived
            self._changed.notify()

    def _put_typed(self, text: str, arrived: float) -> None:
        self._flooded = self._flooded and arrived - self._last < CALM
        urgent = list(_URGENT.finditer(text))
        if not self._flooded and urgent and self._strokes + urgent[-1].start() > _FEW:
            # As terminals have it: the interrupt key drops what was typed before it.
            self._drop_strokes()
            start = urgent[-1].start()
            text = "".join(_REPORT.findall(text[:start])) + text[start:]
        strokes = _STROKE.findall(text)
        if not self._flooded and self._strokes + len(strokes) > MOST:
            self._flooded = True
            self._drop_strokes()
            self._waiting.append(Dropped.FLOOD)
        if self._flooded:
            strokes = [*_REPORT.findall(text), *(match.group() for match in urgent[-1:])]
        self._waiting.extend(Keystroke(stroke, arrived) for stroke in strokes)
        self._strokes += len(strokes)

    def _drop_strokes(self) -> None:
        kept = [
            each
            for each in self._waiting
            if not isinstance(each, Keystroke) or _REPORT.fullmatch(each.text)
        ]
        self._waiting = deque(kept)
        self._strokes = sum(isinstance(each, Keystroke) for each in kept)

    def take(self, timeout: float) -> Waiting | None:
        """Return what waits longest, or None if nothing comes for some seconds.

        Raises:
            Exception: what ended the reading.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._ended, timeout)
            if not self._waiting:
                if self._error is not None:
                    raise self._error
                return None
            first = self._waiting.popleft()
            self._strokes -= isinstance(first, Keystroke)
            return first

    @property
    def has_keys(self) -> bool:
        """Whether a key waits; not what the mouse does or the terminal tells."""
        with self._changed:
            return any(
                isinstance(each, Keystroke) and not each.text.startswith("\x1b[")
                for each in self._waiting
            )

    def first_key(self) -> Keystroke | None:
        """Return the key that waits longest; not what the mouse does."""
        with self._changed:
            return next(filter(_is_key, self._waiting), None)

    def has_urgent_keys(self) -> bool:
        """Whether Ctrl+C or Escape waits."""
        with self._changed:
            return any(_is_key(each) and _URGENT.fullmatch(each.text) for each in self._waiting)

    @property
    def has_ended(self) -> bool:
        """Whether nothing waits and nothing more will come."""
        with self._changed:
            return self._ended and not self._waiting

    def end(self, error: Exception | None = None) -> None:
        """Say that nothing more will come, and what ended the reading if that was an error."""
        with self._changed:
            self._ended, self._error = True, error
            self._changed.notify()


def _is_key(waiting: Waiting) -> TypeGuard[Keystroke]:
    return isinstance(waiting, Keystroke) and not _NO_KEY.match(waiting.text)
