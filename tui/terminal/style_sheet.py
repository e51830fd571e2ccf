"""Parses each style once, as long as the colours stay the same."""

from textual.cache import LRUCache
from textual.css.stylesheet import Stylesheet

_SOURCES = 256
"""More than all the style sheets and widgets there are: who asks in turn for one more than a cache
of this kind holds, finds nothing in it."""


class SteadyStylesheet(Stylesheet):
    """A style sheet that remembers what it parsed.

    Textual parses everything anew for each screen that brings a style sheet of its own, while the
    person waits for that screen.
    """

    def __init__(self, *, variables: dict[str, str]) -> None:
        super().__init__(variables=variables)
        self._parse_cache = LRUCache(_SOURCES)

    def reparse(self) -> None:
        """Parse what was not parsed yet."""
        self.parse()
