"""Holds what a screen that shows keys can end with: a pair, a deleted pair, a key to import."""

from dataclasses import dataclass
from itertools import takewhile

from core.checks.finding import PairReference
from core.ec2.validation import MAX_KEY_NAME


@dataclass(frozen=True, slots=True)
class KeyToImport:
    """An unknown key that is to be imported, and a name to offer for it."""

    key_name: str
    public_key: str


@dataclass(frozen=True, slots=True)
class PairToBringBack:
    """A deleted pair that is to be brought back."""

    pair: PairReference


FollowUp = PairReference | KeyToImport | PairToBringBack
"""What is done next with a key that was shown."""


def name_for(text: str) -> str:
    """Return the name of a pair to offer for a comment or a file name: what of it can be one."""
    usable = takewhile(lambda c: c.isascii() and c.isprintable(), text)
    return "".join(usable).strip()[:MAX_KEY_NAME]
