"""Tells what a person types from text that a terminal pours in.

A terminal without bracketed paste sends what is pasted as keys. Nothing tells them from typing but
that they are many, and that nobody types so fast. What counts is when a key arrived; it may have
waited long until it was handed over.
"""

from collections import deque
from collections.abc import Callable

_MANY = 16
_WITHIN = 1.0
"""Seconds; a fast typist makes nine strokes in one."""

ALONE = 0.2
"""Seconds without a key after an answer that is not part of a text."""

_TOGETHER = 0.05
"""Seconds in which nobody presses one key after another."""


class TypingSpeed:
    """The keys that came last, by the times at which they arrived.

    Args:
        more_wait: returns whether more keys have arrived than were noted.
    """

    def __init__(self, more_wait: Callable[[], bool] = lambda: False) -> None:
        self.more_wait = more_wait
        self._times: deque[float] = deque(maxlen=_MANY)
        self._key = ""
        self._arrived = float("-inf")
        self._is_close = False
        self.count = 0
        """How many there were; a key that is held down counts once."""

    def note(self, key: str, arrived: float) -> None:
        """Note a key, and when it arrived: seconds of `time.monotonic`."""
        self._is_close = arrived - self._arrived < _TOGETHER
        if key != self._key or arrived - self._arrived >= ALONE:
            self._times.append(arrived)
            self.count += 1
        self._key, self._arrived = key, arrived

    @property
    def arrived(self) -> float:
        """When the last key arrived: seconds of `time.monotonic`."""
        return self._arrived

    @property
    def is_amid_others(self) -> bool:
        """Whether the last key came closer to others than a person presses it."""
        return self._is_close or self.more_wait()

    @property
    def pouring(self) -> bool:
        """Whether more keys came at once than a person makes."""
        return len(self._times) == _MANY and self._times[-1] - self._times[0] < _WITHIN
