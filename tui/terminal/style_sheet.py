"""Parses each style once, and keeps nothing of what was drawn on screens that are gone."""

from pathlib import Path

from textual._styles_cache import StylesCache
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


def read_ahead(sheet: Stylesheet, path: Path) -> None:
    """Read and parse styles before a screen comes that brings them."""
    if not sheet.has_source(str(path)):
        sheet.read(path)
        sheet.parse()


def forget_what_was_drawn() -> None:
    """Let go of the lines that screens which are gone had drawn.

    Textual remembers the borders' colours of the last 1,024 widgets together with the widgets'
    caches of lines: 0.2 MB for each dialog.
    """
    StylesCache.get_inner_outer.cache_clear()
