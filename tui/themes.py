"""Defines the theme `keypairs`, and makes every other theme legible."""

import colorsys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial

from rich.color import ColorSystem
from textual.app import App
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

_ANSI_DARK = replace(
    BUILTIN_THEMES["ansi-dark"], error="ansi_bright_red", warning="ansi_bright_yellow"
)
"""The red of a console has 2.7:1 on its black, and its yellow, which is a brown, 4.0:1."""

_ANSI_LIGHT = replace(BUILTIN_THEMES["ansi-light"], accent="ansi_blue", warning="ansi_magenta")
"""Textual warns in a bright red, which is pale on white and looks like danger."""

_SURFACES = ("background", "surface", "panel")
_HUES = ("primary", "secondary", "accent", "warning", "error", "success")
_COLOURLESS_BELOW = 0.15
_DARK_BELOW = 0.35
_GREY_BELOW = 0.1
_OTHER_HUE, _NO_RED = 40, 20
"""Degrees of hue by which a colour, or a red, is another colour; no red may become a violet."""
_STEPS = (0, 95, 135, 175, 215, 255)
"""The parts of red, green and blue that 256 colours have, apart from 24 greys."""

_ENOUGH = 4.6
"""The least contrast of text with what is behind it; WCAG 2.2 (1.4.3) asks for 4.5:1."""


def register(add: Callable[[Theme], None]) -> None:
    """Hand the themes that Textual has not, or has otherwise, to `App.register_theme`."""
    for theme in (KEYPAIRS, _ANSI_DARK, _ANSI_LIGHT):
        add(theme)


def choose(app: App[None], name: str) -> None:
    """Have an app take a theme, if it is one of Textual's in the form in which it is legible."""
    # Not for all of them at the start: that takes a while.
    if name in BUILTIN_THEMES and not BUILTIN_THEMES[name].ansi:
        app.register_theme(legible(name, true_colour=app.console.color_system == "truecolor"))
    app.theme = name


def legible(name: str, *, true_colour: bool) -> Theme:
    """Return a theme of Textual's in which every text can be read, changed no more than that."""
    theme = BUILTIN_THEMES[name]
    if not true_colour:
        theme = _in_256_colours(theme)
    extreme = Color.parse("white" if theme.dark else "black")
    # The name of the program stands on it.
    primary = _moved(Color.parse(theme.primary), extreme, _bears_text)
    theme = replace(theme, primary=primary.hex)
    colours = theme.to_color_system().generate()
    surfaces = [Color.parse(colours[name]) for name in _SURFACES]

    def readable(name: str, behind: Sequence[Color]) -> str:
        fits = partial(_stands_out, behind=behind)
        colour = _moved(Color.parse(colours[name]), extreme, fits)
        if not true_colour:
            most = _NO_RED if name.endswith("error") else _OTHER_HUE
            colour = _of_its_hue(colour, most, fits)
        return colour.hex

    variables = {f"text-{hue}": readable(f"text-{hue}", surfaces) for hue in _HUES}
    variables["text-muted"] = f"auto {_share(surfaces)}%"
    return replace(
        theme,
        foreground=readable("foreground", surfaces),
        # The bar of danger, in which the text has the colour of the page.
        error=readable("error", surfaces[:1]),
        variables={**theme.variables, **variables},
    )


def _moved(colour: Color, towards: Color, fits: Callable[[Color], bool]) -> Color:
    """Return a colour moved towards another until it fits."""
    steps = (colour.blend(towards, step / 20) for step in range(20))
    return next(filter(fits, steps), towards)


def _of_its_hue(colour: Color, most: float, fits: Callable[[Color], bool]) -> Color:
    """Return a colour, or if 256 colours would give it another hue, the most alike that fits.

    Another is one more than `most` degrees away. The nearest by red, green and blue, which Rich
    takes, makes violet of a dark red, and grey of a dark green.
    """
    if _unlike(colour, _nearest(colour)) <= most:
        return colour
    cube = (Color(red, green, blue) for red in _STEPS for green in _STEPS for blue in _STEPS)
    return min(filter(fits, cube), key=partial(_distance, colour), default=colour)


def _nearest(colour: Color) -> Color:
    """Return what is seen of a colour where there are 256."""
    red, green, blue = colour.rich_color.downgrade(ColorSystem.EIGHT_BIT).get_truecolor()
    return Color(red, green, blue)


def _unlike(one: Color, other: Color) -> float:
    """Return how many degrees of hue two colours are apart; grey is as far from all but grey."""
    (hue, _, saturation), (other_hue, _, other_saturation) = map(_hls, (one, other))
    if min(saturation, other_saturation) < _GREY_BELOW:
        return 180.0 * (max(saturation, other_saturation) >= _COLOURLESS_BELOW)
    apart = abs(hue - other_hue) * 360
    return min(apart, 360 - apart)


def _distance(one: Color, other: Color) -> float:
    """Return how unlike two colours look, the hue before lightness and saturation."""
    (_, lightness, saturation), (_, other_lightness, other_saturation) = map(_hls, (one, other))
    rest = abs(lightness - other_lightness) + abs(saturation - other_saturation) / 2
    return _unlike(one, other) / 60 + rest


def _hls(colour: Color) -> tuple[float, float, float]:
    """Return hue, lightness and saturation, each from 0 to 1."""
    return colorsys.rgb_to_hls(*colour.normalized)


def _bears_text(colour: Color) -> bool:
    return _stands_out(colour + colour.get_contrast_text(0.87), [colour])


def _share(behind: Iterable[Color]) -> int:
    """Return how much of black or white muted text must have to be read on each of some colours."""
    shares = range(60, 100, 5)
    fit = (
        share
        for share in shares
        if all(_stands_out(c + c.get_contrast_text(share / 100), [c]) for c in behind)
    )
    return next(fit, 100)


def _stands_out(text: Color, behind: Iterable[Color]) -> bool:
    return all(_contrast(text, each) >= _ENOUGH for each in behind)


def _contrast(one: Color, other: Color) -> float:
    """Return the contrast of two colours as WCAG computes it, from 1 to 21."""
    darker, lighter = sorted(map(_luminance, (one, other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: Color) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4
        for part in colour.normalized
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _in_256_colours(theme: Theme) -> Theme:
    """Return a theme with greys for its dark surfaces of some colour.

    Such a colour has nothing near it among the 256: nord's surfaces would become teal. A grey of
    its lightness has.
    """
    colours = theme.to_color_system().generate()
    greys = {name: _grey(Color.parse(colours[name])) for name in _SURFACES}
    return replace(
        theme,
        background=greys["background"] or theme.background,
        surface=greys["surface"] or theme.surface,
        panel=greys["panel"] or theme.panel,
    )


def _grey(colour: Color) -> str | None:
    """Return the grey of a dark colour's lightness, or None where the colour may stay."""
    _, lightness, saturation = _hls(colour)
    if saturation < _COLOURLESS_BELOW or lightness >= _DARK_BELOW:
        return None
    value = round(lightness * 255)
    return Color(value, value, value).hex
