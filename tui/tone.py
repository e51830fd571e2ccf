"""What a form says about something: a line, and how it is meant."""

from dataclasses import dataclass
from enum import Enum


class Tone(Enum):
    """How a verdict is meant; shown by a mark and a colour."""

    PLAIN = "plain"
    GOOD = "good"
    CAUTION = "caution"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A line below a field; the text may quote what was typed and is made visible when shown."""

    text: str
    tone: Tone = Tone.PLAIN
