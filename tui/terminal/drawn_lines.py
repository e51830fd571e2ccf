"""Makes Textual forget the lines that it drew.

A cache of colours in it has each widget's cache of drawn lines in its key, and so keeps the lines
of widgets that are gone, a private key among them.
"""

from textual._styles_cache import StylesCache


def forget_drawn_lines() -> None:
    """Empty that cache; the colours are found anew when they are needed."""
    StylesCache.get_inner_outer.cache_clear()
