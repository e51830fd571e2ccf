"""Telling what a person types from text that a terminal pours in.

A terminal without bracketed paste sends what is pasted as keys. Nothing tells them from typing but
that they are many, and that nobody types so fast.
"""

from collections import deque
from time import monotonic

_MANY = 16
_WITHIN = 1.0
"""Seconds; a fast typist makes nine strokes in one."""

ALONE = 0.2
"""Seconds without a key after an answer that is not part of a text."""

_TOGETHER = 0.05
"""Seconds in which nobody presses one key after another."""


class Strokes:
    """The keys that came last; one that is held down counts once."""

    def __init__(self) -> None:
        self._times: deque[float] = deque(maxlen=_MANY)
        self._last = ""
        self._is_letter = self._after_letter = False
        self.count = 0
        """How many there were."""

    def note(self, key: str, *, is_printable: bool) -> None:
        """Note a key that has just come."""
        if key != self._last:
            self._times.append(monotonic())
            self._after_letter, self._is_letter = self._is_letter, is_printable
            self.count += 1
        self._last = key

    @property
    def pouring(self) -> bool:
        """Whether more keys came of late than a person makes."""
        return len(self._times) == _MANY and monotonic() - self._times[0] < _WITHIN

    @property
    def close(self) -> bool:
        """Whether the last key came closer behind a letter than a person presses it."""
        return self._after_letter and monotonic() - self._times[-2] < _TOGETHER
