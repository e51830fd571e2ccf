"""Says what a passphrase must be, and how long one would stand, by the estimate of zxcvbn."""

import math
from dataclasses import dataclass
from enum import Enum

MOST_BYTES = 1023
"""What ssh and ssh-add read of a passphrase; of a longer one they would leave the end out."""

_WEAK, _STRONG = 40, 60
"""Bits. Where a guess takes 100 ms, as by bcrypt or Argon2, a thousand machines take some
three years for 2^40 of them."""

_LOOKED_AT = 40
"""Characters; more take long to look at, and cannot make it weaker."""

_REMARKS = {
    "dictionary": "a common word",
    "spatial": "characters in a row",
    "repeat": "characters in a row",
    "sequence": "characters in a row",
    "date": "a date or a year",
    "regex": "a date or a year",
}
"""What lowers an estimate, by the patterns of zxcvbn."""


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


def estimate(text: str) -> Estimate | None:
    """Return how many guesses a passphrase would stand, as a power of two.

    Returns None where zxcvbn cannot be loaded: an upgrade may take the files of the program while a
    key is on the screen, which can be encrypted all the same.

    It is that of zxcvbn (Wheeler, USENIX Security 2016), which knows the commonest passwords,
    names and words, however they are disguised, dates, repeats and rows of keys. Of what it does
    not know it takes each character for one of ten, so that it errs on the side of weak.
    """
    if not text:
        return Estimate(0)
    # Imported here: it takes 40 ms and 15 MB, and few type a passphrase.
    try:
        from zxcvbn import zxcvbn
    except ImportError:
        return None

    # A few letters become two in lower case, at which zxcvbn loses count.
    plain = "".join(each if len(each.lower()) == 1 else "?" for each in text[:_LOOKED_AT])
    found = zxcvbn(plain)
    bits = max(0, round(float(found["guesses_log10"]) * math.log2(10)))
    known = [match for match in found["sequence"] if match["pattern"] in _REMARKS]
    if bits >= _STRONG or not known:
        return Estimate(bits)
    longest = max(known, key=lambda match: len(match["token"]))
    return Estimate(bits, _REMARKS[longest["pattern"]])
