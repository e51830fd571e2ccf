"""Keeps which pairs the list shows, in which order, and which of them are chosen."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

from core.custody.rotation import NOTHING_REPLACED, Rotation
from core.model import KeptKeyPair
from tui.screens.list.columns import Texts, longest_texts
from tui.screens.list.key_pair_table import HEADINGS, Row
from tui.screens.list.rows import row_of

if TYPE_CHECKING:
    from core.query import Completion, Query, Searchable, Unfinished

_SORT_KEYS: dict[str, Callable[[KeptKeyPair], Any]] = {
    "name": lambda pair: (pair.key_name.casefold(), pair.key_name, pair.key_pair_id),
    "key_type": lambda pair: pair.key_type.value,
    "fingerprint": lambda pair: pair.key_fingerprint,
    "created": lambda pair: pair.create_time,
    "tags": lambda pair: [(tag.key, tag.value) for tag in pair.tags],
}


class Reading(NamedTuple):
    """The pairs of a Region by their ids, and what is made of them once."""

    key_pairs: dict[str, KeptKeyPair]
    rotation: Rotation
    items: "Sequence[Searchable]"
    longest: Texts


class Chosen(NamedTuple):
    """How many pairs are chosen and shown, and how many more the filter hides."""

    shown: int
    hidden: int

    @property
    def words(self) -> str:
        """Both in a sentence; nothing where no pair is chosen."""
        if not self.shown:
            return f"{self.hidden:,} chosen, hidden by the filter" if self.hidden else ""
        more = f", {self.hidden:,} more hidden by the filter" if self.hidden else ""
        return f"{self.shown:,} chosen{more}"

    @property
    def in_short(self) -> str:
        """Both where there is little room."""
        if not self.shown:
            return f"{self.hidden:,} chosen, hidden" if self.hidden else ""
        return f"{self.shown:,} chosen" + (f", {self.hidden:,} more hidden" if self.hidden else "")


class Listing:
    """The key pairs of a Region as a person looks at them.

    Search texts are made once for each reading of the store, so that a letter in the filter costs
    one pass over strings. What searches is loaded by the first of either, because
    the first frame, which has neither, is not to wait for it.
    """

    def __init__(self) -> None:
        self.key_pairs: dict[str, KeptKeyPair] = {}
        self.rotation = NOTHING_REPLACED
        self.longest = Texts()
        self.chosen: set[str] = set()
        self.query_text = ""
        self.is_whole = False
        """Whether the filter is whole, and not being typed."""
        self.unfinished: Unfinished | None = None
        """Why something that was typed narrows nothing yet: it may still become another."""
        self.not_together = 0
        """Of how many terms each finds pairs, where no pair passes all of them; else 0."""
        self.not_in_use: Unfinished | None = None
        """Why a whole filter finds nothing: it names what no pair has, but only what begins so."""
        self.column = "name"
        self.reverse = False
        self._query: Query | None = None
        self._items: Sequence[Searchable] = ()
        self._today = datetime.min

    @property
    def query(self) -> "Query":
        """What was typed, parsed."""
        if self._query is None:
            self._query = _parsed(self.query_text)
        return self._query

    def prepare(self, key_pairs: Sequence[KeptKeyPair]) -> "Reading":
        """Return what takes time about another reading of the store; made for a thread."""
        searchable: Callable[[KeptKeyPair], Searchable] = _filtering().searchable
        # What did not change is kept: a change of one pair in thousands should cost that of one.
        kept = {id(item.key_pair): item for item in self._items}
        return Reading(
            {pair.key_pair_id: pair for pair in key_pairs},
            Rotation(key_pairs),
            [kept.get(id(pair)) or searchable(pair) for pair in key_pairs],
            longest_texts(key_pairs),
        )

    def load(self, reading: "Reading", now: datetime) -> None:
        """Take another reading of the store; `now` is an aware time in the person's zone."""
        self.key_pairs = reading.key_pairs
        self.rotation = reading.rotation
        self.longest = reading.longest
        self.chosen &= self.key_pairs.keys()
        self._items = reading.items
        self._today = now
        self._sort()

    def is_of_another_day(self, now: datetime) -> bool:
        """Return whether the rows say `today` of a day that is over."""
        return now.date() != self._today.date()

    def _sort(self) -> None:
        items = self._items
        # Those that are equal by a column stand by their names, whatever the order was before.
        orders = (("name", False), (self.column, self.reverse))
        for column, reverse in orders[self.column == "name" :]:
            key = _SORT_KEYS[column]
            # A new list: a thread may be going through the old one.
            items = sorted(items, key=lambda item: key(item.key_pair), reverse=reverse)
        self._items = items

    def sort_by_next(self) -> None:
        """Sort by the next column, upwards."""
        names = [*HEADINGS]
        self.column = names[(names.index(self.column) + 1) % len(names)]
        self.reverse = False
        self._sort()

    def turn_round(self) -> None:
        """Reverse the order."""
        self.reverse = not self.reverse
        self._sort()

    def filter(self, text: str, *, is_whole: bool = False) -> None:
        """Narrow the list by what was typed, and is whole or still being typed."""
        self.query_text = text
        self.is_whole = is_whole
        self._query = None

    def shown(self, now: datetime) -> list[KeptKeyPair]:
        """Return the pairs that pass the filter, in order."""
        terms = _terms(self.query_text) if self.query_text else []
        why = {} if self.is_whole else self._unfinished(terms)
        self.unfinished = next(iter(why.values()), None)
        self.not_together = 0
        rest = [term for term in terms if term not in why]
        # What is typed now may still become another: until then it narrows nothing.
        query = _parsed(" ".join(rest)) if why else self.query
        found = query.select(self._items, now, self.chosen)
        self.not_in_use = None
        if not found and self.is_whole:
            reasons = self._unfinished(terms).items()
            wanted = (reason for term, reason in reasons if not term.startswith("-"))
            self.not_in_use = next(wanted, None)
        if not found and len(rest) > 1 and all(self._finds(term, now) for term in rest):
            self.not_together = len(rest)
        return [item.key_pair for item in found]

    def _unfinished(self, terms: Sequence[str]) -> dict[str, "Unfinished"]:
        """Return of each term that is on the way to another why it narrows nothing."""
        why = {}
        for number, term in enumerate(terms, start=1):
            is_last = number == len(terms) and self.query_text.endswith(term)
            why[term] = _filtering().unfinished(term, self.key_pairs.values(), is_last=is_last)
        return {term: reason for term, reason in why.items() if reason}

    def _finds(self, term: str, now: datetime) -> bool:
        """Return whether any pair passes a term alone."""
        return bool(_parsed(term).select(self._items, now, self.chosen))

    def row(self, key_pair: KeptKeyPair) -> Row:
        """Return the row of a pair."""
        return row_of(key_pair, self._today)

    @property
    def looked_up_elsewhere(self) -> str:
        """What was typed that is looked for elsewhere too, in words, or nothing.

        That is a public key, or a whole fingerprint, be it in a line of `ssh-keygen -l`.
        """
        if _filtering().has_public_key(self.query_text):
            return "a public key"
        return "a fingerprint" if _filtering().has_fingerprint(self.query_text) else ""

    def kind(self, found: Sequence[KeptKeyPair]) -> str | None:
        """Return which kind of fingerprint was typed, if it was one and found its pair."""
        return self.query.fingerprint_kind(found[0]) if len(found) == 1 else None

    def tags_in_use(self) -> dict[str, list[str]]:
        """Return the tag keys that pairs carry, and the values of each."""
        found: dict[str, dict[str, None]] = {}
        for key_pair in self.key_pairs.values():
            for tag in key_pair.tags:
                found.setdefault(tag.key, {})[tag.value] = None
        return {key: list(values) for key, values in sorted(found.items())}


def completed(
    text: str, tags_in_use: Callable[[], Mapping[str, Sequence[str]]]
) -> "Completion | None":
    """Return how the last term of a filter goes on, as `core.query.completion` does."""
    found: Completion | None = _filtering().completion(text, tags_in_use)
    return found


def _parsed(text: str) -> "Query":
    parsed: Query = _filtering().parse(text)
    return parsed


def _terms(text: str) -> list[str]:
    found: list[str] = _filtering().terms(text)
    return found


def _filtering() -> ModuleType:
    from core import query

    return query
