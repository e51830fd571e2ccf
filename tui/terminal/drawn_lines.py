"""Lets Textual forget what widgets drew that are gone.

A cache of colours in it has the widget's own cache of lines in its key, and so keeps the lines of
the last hundreds of widgets: 80 KB for each dialog.
"""

from textual._styles_cache import StylesCache
from textual.color import Color
from textual.style import Style

_cached = StylesCache.get_inner_outer


def _inner_outer(_: StylesCache, base: Color, view: Color) -> tuple[Style, Style]:
    # The answer depends on the colours alone.
    return _cached(None, base, view)


def let_go() -> None:
    """Take the widget out of the key; to be called once, and harmless when called again."""
    StylesCache.get_inner_outer = _inner_outer  # type: ignore[method-assign, assignment] # see above
