"""Every text stands out from what is behind it, in every theme and state."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from itertools import chain
from pathlib import Path

import pytest
from rich.color import Color as RichColor
from rich.color import ColorSystem
from rich.segment import Segment
from textual.color import Color
from textual.drivers.headless_driver import HeadlessDriver
from textual.pilot import Pilot
from textual.theme import BUILTIN_THEMES

from tests.demo import DemoSession
from tests.tui.driving import (
    app_of,
    create,
    drawn,
    type_text,
    until,
    until_loaded,
    until_screen,
)
from tui.app import KeyPairsApp
from tui.terminal.frame_diff import Look
from tui.themes import KEYPAIRS, choose, legible

ENOUGH = 4.5
"""WCAG 2.2, success criterion 1.4.3."""

CONSOLE = [
    Color.parse(colour)
    for colour in (
        *("#000", "#a00", "#0a0", "#a50", "#00a", "#a0a", "#0aa", "#aaa"),
        *("#555", "#f55", "#5f5", "#ff5", "#55f", "#f5f", "#5ff", "#fff"),
    )
]
"""The colours of a Linux console, in the order of SGR; of the last eight it writes alone."""

OTHERS = sorted(name for name, theme in BUILTIN_THEMES.items() if not theme.ansi)

Table = dict[tuple[str, str, str], float]
"""Contrast by state, text and colours."""


def ratio(text: Color, behind: Color) -> float:
    """Return the contrast of two colours as WCAG computes it, from 1 to 21."""
    lighter, darker = sorted((_luminance(text), _luminance(behind)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: Color) -> float:
    red, green, blue = (
        value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4
        for value in (part / 255 for part in colour.rgb)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_the_ratio_is_that_of_wcag() -> None:
    assert ratio(Color.parse("#000"), Color.parse("#fff")) == pytest.approx(21)
    assert ratio(Color.parse("#777"), Color.parse("#fff")) == pytest.approx(4.48, abs=0.01)


async def _chosen(pilot: Pilot[None]) -> None:
    await pilot.press("space", "j")


async def _filter(pilot: Pilot[None]) -> None:
    await pilot.press("slash", "e")


async def _refused(pilot: Pilot[None]) -> None:
    await pilot.press("c")
    await until_screen(pilot, "CreateKeyPairScreen")
    await type_text(pilot, "web-blue")
    await pilot.press("tab", "right", "shift+tab", "enter")
    line = app_of(pilot).screen.query_one("#fact")
    await until(pilot, lambda: line.has_class("-bad"), "the refusal")


async def _key(pilot: Pilot[None]) -> None:
    await create(pilot, "reporting")


async def _delete(pilot: Pilot[None]) -> None:
    await pilot.press("d")
    await until_screen(pilot, "DeleteKeyPairsScreen")
    await type_text(pilot, "x")
    await pilot.press("enter")


async def _region(pilot: Pilot[None]) -> None:
    await pilot.press("r")
    await until_screen(pilot, "PickRegionScreen")


async def _details(pilot: Pilot[None]) -> None:
    await pilot.press("enter")
    await until_screen(pilot, "DetailsScreen")
    await until(pilot, lambda: "Public key" in drawn(pilot), "the page")


async def _overwriting(pilot: Pilot[None]) -> None:
    await pilot.press("asterisk", "t")
    await until_screen(pilot, "EditTagsScreen")
    await type_text(pilot, "Env")
    await until(pilot, lambda: "overwrites" in drawn(pilot), "the warning")


async def _help(pilot: Pilot[None]) -> None:
    await pilot.press("question_mark")
    await until_screen(pilot, "HelpScreen")


# Where each fills the window: what lies dimmed below a frame is not there to be read.
STATES: dict[str, tuple[Callable[[Pilot[None]], Awaitable[None]], tuple[int, int]]] = {
    "list": (_chosen, (120, 24)),
    "filter": (_filter, (80, 24)),
    "refused": (_refused, (80, 24)),
    "key": (_key, (80, 24)),
    "delete": (_delete, (60, 15)),
    "Region": (_region, (60, 15)),
    "details": (_details, (80, 24)),
    "overwriting": (_overwriting, (80, 24)),
    "help": (_help, (60, 15)),
}


def contrasts(session: DemoSession, state: str, themes: list[str]) -> dict[str, Table]:
    """Return the contrast of every text of a state, in each theme."""
    scene, size = STATES[state]
    found: dict[str, Table] = {}

    async def look() -> None:
        app = KeyPairsApp(session, "ops@bastion-1")
        async with app.run_test(size=size) as pilot:
            await until_loaded(pilot)
            await scene(pilot)
            for name in themes:
                choose(app, name)
                await pilot.pause(0.05)
                strips = app.screen._compositor.render_strips()
                found[name] = {
                    (state, segment.text.strip()[:24], f"{text.hex} on {behind.hex}"): ratio(
                        text, behind
                    )
                    for strip in strips
                    for segment, text, behind in _texts(list(strip))
                }

    asyncio.run(look())
    return found


def _texts(segments: list[Segment]) -> Iterator[tuple[Segment, Color, Color]]:
    """Yield the segments with letters or digits, and the colours of text and of what is behind."""
    for segment in segments:
        style = segment.style
        if style is None or not any(character.isalnum() for character in segment.text):
            continue
        assert not style.dim, segment.text
        text, behind = style.color, style.bgcolor
        assert isinstance(text, RichColor), segment.text
        assert isinstance(behind, RichColor), segment.text
        pair = Color.from_rich_color(text), Color.from_rich_color(behind)
        yield segment, *(reversed(pair) if style.reverse else pair)


@pytest.mark.long
@pytest.mark.parametrize("state", STATES)
def test_in_our_theme_no_text_is_hard_to_read(
    demo_session: DemoSession, home: Path, state: str
) -> None:
    table = contrasts(demo_session, state, [KEYPAIRS.name])[KEYPAIRS.name]

    assert len(table) > 10
    assert {text: round(value, 2) for text, value in table.items() if value < ENOUGH} == {}


@pytest.mark.long
@pytest.mark.parametrize("state", STATES)
def test_in_no_theme_a_text_is_hard_to_read(
    demo_session: DemoSession, home: Path, state: str
) -> None:
    below: dict[str, Table] = {}
    for name, table in contrasts(demo_session, state, OTHERS).items():
        hard = {text: round(value, 2) for text, value in table.items() if value < ENOUGH}
        if hard:
            below[name] = hard
    assert below == {}


def _on_console(look: Look) -> tuple[Color, Color]:
    """Return the colours of letters and of what is behind them, as the kernel has them (vt.c)."""
    bright = "1" in look.attributes
    letters = 7
    if look.foreground:
        letters, bright = int(look.foreground[-1]), bright or look.foreground.startswith("9")
    behind = int(look.background[-1]) if look.background else 0
    if "4" in look.attributes:
        letters = 6
    elif "2" in look.attributes and not bright:
        letters = 8
    if "7" in look.attributes:
        letters, behind = letters & 8 | behind, letters & 7
    if bright:
        letters ^= 8
    return CONSOLE[letters], CONSOLE[behind]


def test_a_console_brightens_what_it_has_reversed() -> None:
    seen = [
        _on_console(Look(frozenset(attributes), foreground))
        for attributes, foreground in (("7", ""), ("17", ""), ("7", "91"), ("27", ""))
    ]
    black, red, white, grey = (CONSOLE[number] for number in (0, 1, 7, 8))
    assert seen == [(black, white), (grey, white), (grey, red), (grey, black)]


@pytest.mark.long
@pytest.mark.parametrize("state", STATES)
def test_on_a_linux_console_no_text_is_hard_to_read(
    demo_session: DemoSession, home: Path, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "linux")
    monkeypatch.setattr(HeadlessDriver, "is_headless", False)
    monkeypatch.setattr(HeadlessDriver, "write", lambda *_: None)
    scene, _ = STATES[state]
    hard: dict[str, float] = {}
    seen = ""

    async def look() -> None:
        nonlocal seen
        app = KeyPairsApp(demo_session, "ops@bastion-1")
        app.theme = "ansi-dark"
        async with app.run_test(size=(80, 24)) as pilot:
            assert app.console.color_system == "standard"
            await until_loaded(pilot)
            await scene(pilot)
            await pilot.pause(0.1)
            for text, look in filter(None, chain.from_iterable(app._frames._rows)):
                seen += text
                # Dim is what is not there yet: an example in an empty field, a suggestion.
                least = ENOUGH if "2" not in look.attributes or "7" in look.attributes else 2.8
                if text.isalnum() and (value := ratio(*_on_console(look))) < least:
                    hard[f"{text} {look}"] = round(value, 2)

    asyncio.run(look())

    assert len(seen.split()) > 10
    assert hard == {}


@pytest.mark.parametrize("name", OTHERS)
def test_256_colours_leave_each_hue_what_it_is(name: str) -> None:
    theme = legible(name, true_colour=False)
    for hue in ("primary", "secondary", "accent", "warning", "error", "success"):
        meant = Color.parse(legible(name, true_colour=True).variables[f"text-{hue}"])
        red, green, blue = (
            RichColor.parse(theme.variables[f"text-{hue}"])
            .downgrade(ColorSystem.EIGHT_BIT)
            .get_truecolor()
        )
        seen = Color(red, green, blue)
        apart = abs(meant.hsl.h - seen.hsl.h) * 360
        # A red that leans to blue is nearer to violet than to any other of the 256.
        most = 25 if hue == "error" else 45
        assert seen.hsl.s > 0.1 or meant.hsl.s < 0.15, hue
        assert seen.hsl.s < 0.1 or min(apart, 360 - apart) <= most, hue
