"""Defines the theme `keypairs`, and makes other themes legible where there are only 256 colours."""

import colorsys
from dataclasses import replace

from textual.color import Color
from textual.theme import Theme

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


def in_256_colours(theme: Theme) -> Theme:
    """Return a theme for 256 colours, with greys for its dark surfaces that have some colour.

    A dark colour of some saturation has nothing near it among the 256: nord's surfaces would
    become teal. A grey of its lightness has.
    """
    if theme.ansi or theme is KEYPAIRS:
        return theme
    colours = theme.to_color_system().generate()
    background, surface, panel = (_grey(Color.parse(colours[name])) for name in _SURFACES)
    return replace(
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
