"""What a passphrase must be, and an honest guess of how long it would stand.

There is no dictionary here but a handful of the commonest words: the estimate knows how people
choose, not what leaked. It is meant to err on the side of weak.
"""

import math
import re
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

MOST_BYTES = 1023
"""What ssh and ssh-add read of a passphrase; of a longer one they would leave the end out."""

_WEAK, _STRONG = 40, 60
"""Bits. Where a guess takes 100 ms, as by bcrypt or Argon2, a thousand machines take some
three years for 2^40 of them."""

_COMMON_WORD = 7.0
_DATE = 14.0
_WORD = 12.9
"""One of the 7,776 of a Diceware list."""
_LETTER_OF_A_WORD = 2.3
"""Of a letter in running text Shannon found 0.6 to 2.3 bits to be news."""
_LONG_WORD = 8
_SAME_AGAIN = 0.5

_COMMON_WORDS = re.compile(
    "password|passwort|passphrase|secret|welcome|letmein|admin|root|login|master|dragon|monkey"
    "|football|sunshine|princess|iloveyou|qwerty|qwertz|azerty|changeme|default|trustno|shadow"
    "|summer|winter|spring|autumn|amazon|ubuntu|linux|debian|server|private|ssh|aws|ec2|key|test"
)
_DATES = re.compile(
    r"(?<!\d)(?:(?:19|20)\d\d(?:[-./]?[01]\d[-./]?[0-3]\d)?"
    r"|[0-3]?\d[-./][01]?\d[-./](?:19|20)?\d\d|[0-3]\d[01]\d(?:19|20)\d\d)(?!\d)"
)
_WORDS = re.compile("[A-ZÀ-Þ]?[a-zß-ÿ]{3,}|[A-ZÀ-Þ]{4,}")
_NO_WORD = re.compile("[b-df-hj-np-tv-xz]{5}", re.IGNORECASE)
_DISGUISES = str.maketrans("013457@$!", "oleastasi")
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "azertyuiop")
_ALPHABETS = (
    (re.compile("[a-z]"), 26),
    (re.compile("[A-Z]"), 26),
    (re.compile("[0-9]"), 10),
    (re.compile("[^a-zA-Z0-9]"), 33),
)


class Strength(Enum):
    """How long a passphrase would stand against someone who has the file."""

    WEAK = "weak"
    FAIR = "fair"
    STRONG = "strong"


@dataclass(frozen=True, slots=True)
class Estimate:
    """An estimate in bits, and what lowered it, in words; nothing of the passphrase itself."""

    bits: int
    remark: str = ""

    @property
    def strength(self) -> Strength:
        """The estimate in one word."""
        if self.bits < _WEAK:
            return Strength.WEAK
        return Strength.STRONG if self.bits >= _STRONG else Strength.FAIR


def problem(text: str) -> str | None:
    """Return why a text can be no passphrase, or None; nothing of it is quoted."""
    if not text:
        return "it is empty"
    if not text.isprintable():
        return "it holds a character that cannot be seen"
    if len(text.encode()) > MOST_BYTES:
        return f"it is longer than the {MOST_BYTES:,} bytes that ssh reads"
    return None


def estimate(text: str) -> Estimate:
    """Return how many guesses a passphrase would stand, as a power of two.

    Each character counts as chance from the alphabets that occur, but: a letter of what looks
    like a word counts little; one that goes on as the two before it counts next to nothing, as
    do spaces and the same mark again; a date counts as a date; a common word as one of a hundred,
    however it is disguised.
    """
    chance = math.log2(sum(size for letters, size in _ALPHABETS if letters.search(text)) or 2)
    costs = [chance] * len(text)
    plain = text.translate(_DISGUISES)
    for word in _WORDS.finditer(plain):
        length = len(word[0])
        letters = sum(character.isalpha() for character in text[word.start() : word.end()])
        if letters * 2 > length and not _NO_WORD.search(word[0]):
            more = max(length - _LONG_WORD, 0) * _LETTER_OF_A_WORD
            _lower(costs, word, min(length * _LETTER_OF_A_WORD, _WORD + more))
    remark = ""
    for position, character in enumerate(text):
        if position >= 2 and _is_run(text[position - 2 : position + 1]):
            costs[position] = _SAME_AGAIN
            remark = "characters in a row"
        elif character == " " or (not character.isalnum() and character in text[:position]):
            costs[position] = _SAME_AGAIN
    for date in _DATES.finditer(text):
        _lower(costs, date, _DATE)
        remark = "a date or a year"
    # Python's lower() makes some characters two; A to Z is all that is needed here.
    lowered = re.sub("[A-Z]", lambda letter: letter[0].lower(), text)
    for spelling in (lowered, lowered.translate(_DISGUISES)):
        for common in _COMMON_WORDS.finditer(spelling):
            _lower(costs, common, _COMMON_WORD)
            remark = "a common word"
    return Estimate(int(sum(costs)), remark)


def _lower(costs: list[float], found: re.Match[str], bits: float) -> None:
    """Let what was found count no more than some bits in all."""
    if sum(costs[found.start() : found.end()]) > bits:
        length = found.end() - found.start()
        costs[found.start() : found.end()] = [bits / length] * length


def _is_run(three: str) -> bool:
    """Tell whether three characters are the same, count up or down, or are keys side by side."""
    low = three.lower()
    steps = {ord(after) - ord(before) for before, after in pairwise(low)}
    if len(steps) == 1 and steps <= {-1, 0, 1}:
        return True
    return any(low in row or low[::-1] in row for row in _ROWS)
