"""Parts what is pasted from what is typed, and makes it harmless before Textual takes it apart.

Textual reads escape sequences also inside of a paste: from `ESC dydy…` in the middle of one it
makes key presses, and those delete key pairs. And of a paste whose end never comes it would never
hand on another key.
"""

from collections.abc import Iterator
from typing import NamedTuple

START, END = "\x1b[200~", "\x1b[201~"
"""What a terminal puts around a paste (xterm, bracketed paste mode)."""

LONGEST = 128 * 1024
"""The characters of a paste that are handed on; fields refuse far shorter ones as too long."""

SILENCE = 2.0
"""Seconds without a byte after which a paste that has not ended is given up."""

_LATE = 10.0
"""Seconds in which the rest of a paste that was given up may still come."""

_MOST_TYPED = 16
"""More characters than that in one piece are no typing, where the rest of a paste may come."""

_ESCAPE, _PICTURE = "\x1b", "␛"


class Typed(NamedTuple):
    """Text that came as keys."""

    text: str


class PasteStarted(NamedTuple):
    """A paste has begun; what began as an escape sequence before it was the start of its mark."""


class Pasted(NamedTuple):
    """A whole paste."""

    text: str


Input = Typed | PasteStarted | Pasted


class PasteFilter:
    """Returns typed text at once and unchanged, and a paste when it has ended.

    A paste is cut at `LONGEST`, and each escape character in it is replaced by a picture of it. A
    terminal sees to it that a paste cannot hold its own end. One that does not end is given up
    after `SILENCE` seconds, and nothing of it is kept.
    """

    def __init__(self) -> None:
        self.inside = False
        """Whether a paste has begun and not ended."""
        self._seen = ""  # what was typed last, in which a start may have begun
        self._held = ""  # what may be the beginning of an end
        self._body: list[str] = []
        self._room = 0
        self._heard = self._given_up = float("-inf")

    def feed(self, text: str, now: float) -> Iterator[Input]:
        """Yield what the next piece of input is, however it was cut up; `now` is in seconds."""
        self._heard = now
        if not self.inside and now - self._given_up < _LATE:
            text = self._without_late_rest(text)
        while text:
            if self.inside:
                ended, text = self._pasted(text)
                if ended:
                    yield Pasted("".join(self._body).replace("\0", ""))
                    self._body.clear()
            else:
                typed, text, has_started = self._typed(text)
                if typed:
                    yield Typed(typed)
                if has_started:
                    yield PasteStarted()

    def give_up(self, now: float) -> bool:
        """Give up a paste of which nothing has come for long; return whether there was one."""
        if not self.inside or now - self._heard < SILENCE:
            return False
        self.inside, self._held = False, ""
        self._body.clear()
        self._given_up = now
        return True

    def _without_late_rest(self, text: str) -> str:
        """Return what of a text is not the rest of a paste that was given up."""
        rest, end, after = text.partition(END)
        if START in rest:
            end, after = START, text[rest.index(START) :]
        if end:
            self._given_up = float("-inf")
            return after
        is_rest = len(rest) > _MOST_TYPED and not rest.startswith(_ESCAPE)
        return "" if is_rest else text

    def _typed(self, text: str) -> tuple[str, str, bool]:
        """Return what was typed, what follows the start of a paste, and whether there was one."""
        known = len(self._seen)
        whole = self._seen + text
        at = whole.find(START)
        if at < 0:
            self._seen = whole[1 - len(START) :]
            return text, "", False
        self.inside, self._room, self._seen = True, LONGEST, ""
        return whole[known:at], whole[at + len(START) :], True

    def _pasted(self, text: str) -> tuple[bool, str]:
        """Keep what of a text belongs to the paste; return whether it ended, and what follows."""
        whole = self._held + text
        body, end, rest = whole.partition(END)
        self._held = ""
        if end:
            self.inside = False
        else:
            self._held = next((END[:n] for n in range(5, 0, -1) if whole.endswith(END[:n])), "")
            body = whole.removesuffix(self._held)
        shown = body[: self._room].replace(_ESCAPE, _PICTURE)
        self._room -= len(shown)
        self._body.append(shown)
        return bool(end), rest
