"""Holds what a form says about something: a line, and how it is meant."""

from enum import Enum
from typing import NamedTuple


class Tone(Enum):
    """How a verdict is meant; shown by a mark and a colour."""

    PLAIN = "plain"
    GOOD = "good"
    CAUTION = "caution"
    BAD = "bad"


class Verdict(NamedTuple):
    """A line below a field; the text may quote what was typed and is made visible when shown."""

    text: str
    tone: Tone = Tone.PLAIN


READ_ONLY = "this session is read-only"
"""What a session that only reads says instead of making a change."""
