"""Defines the theme `keypairs`, and makes other themes legible where there are only 256 colours."""

import colorsys
from collections.abc import Callable, Iterable
from dataclasses import replace

from textual.color import Color
from textual.theme import BUILTIN_THEMES, Theme

from tui.environment import DEFAULT_THEME

KEYPAIRS = Theme(
    DEFAULT_THEME,
    dark=True,
    primary="#5fafd7",
    secondary="#af87d7",
    accent="#ffaf5f",
    warning="#ffd75f",
    error="#d75f5f",
    success="#87d787",
    foreground="#d7dae0",
    background="#121417",
    surface="#1b1e22",
    panel="#272b30",
    variables={
        "text-primary": "#87d7ff",
        "text-secondary": "#d7afff",
        "text-accent": "#ffaf5f",
        "text-warning": "#ffd75f",
        "text-error": "#ff8787",
        "text-success": "#87d787",
        "border-blurred": "#4b525a",
        "block-cursor-background": "#005f87",
        "block-cursor-foreground": "#ffffff",
        "block-cursor-blurred-background": "#33383e",
        "input-selection-background": "#005f87",
    },
)
"""The default. Its surfaces have so little colour that 256 colours turn them into greys, and its
hues stand in the palette of 256 as they are: a terminal without true colour shows the same."""

_SURFACES = ("background", "surface", "panel")
_COLOURLESS_BELOW = 0.15
_DARK_BELOW = 0.35


def register(add: Callable[[Theme], None], *, true_colour: bool) -> None:
    """Hand the themes to `App.register_theme`: ours and, where colours are few, the grey ones."""
    add(KEYPAIRS)
    if not true_colour:
        for theme in in_256_colours(BUILTIN_THEMES.values()):
            add(theme)


def in_256_colours(themes: Iterable[Theme]) -> Iterable[Theme]:
    """Yield the themes that have to change for 256 colours, with greys for their dark surfaces.

    A dark colour of some saturation has nothing near it among the 256: nord's surfaces would
    become teal. A grey of its lightness has.
    """
    for theme in themes:
        if theme.ansi:
            continue
        colours = theme.to_color_system().generate()
        background, surface, panel = (_grey(Color.parse(colours[name])) for name in _SURFACES)
        if background or surface or panel:
            yield replace(
                theme,
                background=background or theme.background,
                surface=surface or theme.surface,
                panel=panel or theme.panel,
            )


def _grey(colour: Color) -> str | None:
    """Return the grey of a dark colour's lightness, or None where the colour may stay."""
    red, green, blue = (value / 255 for value in colour.rgb)
    _, lightness, saturation = colorsys.rgb_to_hls(red, green, blue)
    if saturation < _COLOURLESS_BELOW or lightness >= _DARK_BELOW:
        return None
    value = round(lightness * 255)
    return Color(value, value, value).hex
