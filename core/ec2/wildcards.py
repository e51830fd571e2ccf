"""Matches texts against patterns with wildcards, for filters and for policies."""

from collections.abc import Iterable
from enum import Enum, auto


class Wildcard(Enum):
    """What may stand for other characters; what a pattern writes for it, its language says."""

    RUN = auto()
    """Any run of characters, also none."""
    ONE = auto()
    """Exactly one character."""


class WildcardPattern:
    """A pattern that was read once and matches a text as a whole, with case.

    The time to match grows with the length of the text and of the pattern, never with their
    powers: what stands between two runs is looked for once, at the first place where it fits.
    The first place is always good enough, because what follows is looked for after it.

    Args:
        tokens: texts, which stand for themselves, and wildcards.
    """

    __slots__ = ("_pieces", "_shortest", "_tokens")

    def __init__(self, tokens: Iterable[str | Wildcard]) -> None:
        self._tokens = tuple(tokens)
        self._shortest = sum(
            len(token) if isinstance(token, str) else token is Wildcard.ONE
            for token in self._tokens
        )
        self._pieces: list[_Literal | _WithGaps] = []

    def matches(self, text: str) -> bool:
        """Return whether the whole text is as the pattern says."""
        if len(text) < self._shortest:
            return False
        if not self._pieces:  # a pattern that is longer than every text is never taken apart
            self._pieces = _pieces(self._tokens)
        first, last = self._pieces[0], self._pieces[-1]
        start, end = first.length, len(text) - last.length
        if not (first.fits(text, 0) and last.fits(text, end)):
            return False
        if len(self._pieces) == 1:
            return end == 0
        for piece in self._pieces[1:-1]:
            found = piece.find(text, start, end)
            if found < 0:
                return False
            start = found + piece.length
        return True


class _Literal:
    """Characters that stand for themselves."""

    __slots__ = ("_text", "length")

    def __init__(self, characters: list[str | None]) -> None:
        self._text = "".join(filter(None, characters))
        self.length = len(self._text)

    def fits(self, text: str, at: int) -> bool:
        return text.startswith(self._text, at)

    def find(self, text: str, start: int, end: int) -> int:
        return text.find(self._text, start, end)


class _WithGaps:
    """Characters of which some, None, may be any."""

    __slots__ = ("_accepting", "_characters", "_gaps", "_longest", "length")

    def __init__(self, characters: list[str | None]) -> None:
        self._characters = characters
        self.length = len(characters)
        self._longest = max(_between_gaps(characters), key=len)
        self._accepting: dict[str, int] = {}
        self._gaps = 0

    def fits(self, text: str, at: int) -> bool:
        return all(
            character is None or character == text[at + index]
            for index, character in enumerate(self._characters)
        )

    def find(self, text: str, start: int, end: int) -> int:
        if self._longest not in text:
            return -1
        # Every place is tried at once, one bit for each ("shift and"): after each character, bit n
        # says whether the last n + 1 characters fit the first n + 1 of the piece.
        if not self._gaps:  # only when a text is long enough, for a piece may be very long
            for index, character in enumerate(self._characters):
                if character is None:
                    self._gaps |= 1 << index
            for index, character in enumerate(self._characters):
                if character is not None:
                    known = self._accepting.get(character, self._gaps)
                    self._accepting[character] = known | 1 << index
        fitting, whole = 0, 1 << (self.length - 1)
        for index in range(start, end):
            fitting = (fitting << 1 | 1) & self._accepting.get(text[index], self._gaps)
            if fitting & whole:
                return index + 1 - self.length
        return -1


def _between_gaps(characters: list[str | None]) -> list[str]:
    texts = [""]
    for character in characters:
        if character is None:
            texts.append("")
        else:
            texts[-1] += character
    return texts


def _pieces(tokens: Iterable[str | Wildcard]) -> list[_Literal | _WithGaps]:
    """Return what stands before, between and after the runs."""
    pieces: list[list[str | None]] = [[]]
    for token in tokens:
        if token is Wildcard.ONE:
            pieces[-1].append(None)
        elif isinstance(token, str):
            pieces[-1].extend(token)
        elif pieces[-1] or len(pieces) == 1:  # several runs in a row are as good as one
            pieces.append([])
    return [_WithGaps(piece) if None in piece else _Literal(piece) for piece in pieces]
