import random
from collections.abc import Iterator, Sequence
from itertools import count, pairwise
from typing import Literal

from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from tests.each_row import each_row
from tests.emulator import Emulator
from tui.terminal.frame_diff import FrameDiff

WIDTH, HEIGHT = 24, 6
NUMBERS = count()
TRUE = ColorSystem.TRUECOLOR
NAMES: dict[ColorSystem, Literal["truecolor", "256", "standard"]] = {
    TRUE: "truecolor",
    ColorSystem.EIGHT_BIT: "256",
    ColorSystem.STANDARD: "standard",
}

COLORS = ("#121212", "#e0e0e0", "#0178d4", "red", "bright_black", "default")
ATTRIBUTES = ("bold", "dim", "italic", "underline", "reverse", "strike", "blink", "underline2")
TEXTS = ("a", "key", " ", "    ", "x y", "–", "● rsa", "✓ ")
ODD = ("漢字", "e\u0301", "👍", "a漢 b")


def style(chance: random.Random) -> Style:
    attributes = chance.sample(ATTRIBUTES, chance.choice((0, 0, 1, 2)))
    color, background = chance.choice(COLORS), chance.choice(COLORS)
    parsed = Style.parse(" ".join((*attributes, color, "on", background)))
    # Unlike any other: rich keeps styles, with the codes of the first color system that met them.
    return parsed + Style(meta={"number": next(NUMBERS)})


def strip(chance: random.Random, width: int, texts: Sequence[str]) -> Strip:
    """Return segments of made-up text and style, as wide as is asked for."""
    segments = [Segment(chance.choice(texts), style(chance)) for _ in range(chance.randint(0, 5))]
    return Strip(segments).adjust_cell_length(width, style(chance))


def full(strips: Sequence[Strip]) -> LayoutUpdate:
    lines = [[line.crop(0, 7), line.crop(7)] for line in strips]
    return LayoutUpdate(lines, Region(0, 0, WIDTH, len(strips)))  # type: ignore[arg-type] # as Textual does


CUTS = (0, 7, WIDTH)


def partial(chance: random.Random, texts: Sequence[str]) -> ChopsUpdate:
    """Return an update of some rows, of which parts are not rendered or not in a span."""
    spans = []
    chops: list[dict[int, Strip | None]] = []
    for y in range(HEIGHT):
        chops.append({x: strip(chance, end - x, texts) for x, end in pairwise(CUTS)})
        if chance.random() < 0.6:
            x1, x2 = chance.choice(((0, WIDTH), (0, 7), (7, WIDTH), (0, 3), (7, 10)))
            spans.append((y, x1, x2))
        if chance.random() < 0.2:
            chops[y][chance.choice((0, 7))] = None
    return ChopsUpdate(chops, spans, [list(CUTS[1:])] * HEIGHT)


def updates(seed: int, texts: Sequence[str]) -> Iterator[LayoutUpdate | ChopsUpdate]:
    chance = random.Random(seed)  # noqa: S311 - pictures, not keys
    yield full([strip(chance, WIDTH, texts) for _ in range(HEIGHT)])
    for _ in range(20):
        update = partial(chance, texts)
        if chance.random() < 0.3:
            yield full([strip(chance, WIDTH, texts) for _ in range(HEIGHT)])
        elif update.spans:
            yield update


@each_row("colors", NAMES)
@each_row("seed", range(12))
def test_the_screen_is_what_textual_would_have_made_of_it(seed: int, colors: ColorSystem) -> None:
    console = Console(color_system=NAMES[colors])
    frames, ours, theirs = FrameDiff(), Emulator(WIDTH, HEIGHT), Emulator(WIDTH, HEIGHT)
    for update in updates(seed, TEXTS):
        ours.feed(frames.frame(update, colors))
        theirs.feed(update.render_segments(console))
        assert ours.picture() == theirs.picture()
        assert ours.look == theirs.look


@each_row("seed", range(12))
def test_text_that_is_not_one_cell_a_character_is_never_patched(seed: int) -> None:
    frames, ours, theirs = FrameDiff(), Emulator(WIDTH, HEIGHT), Emulator(WIDTH, HEIGHT)
    chance = random.Random(seed)  # noqa: S311 - likewise
    for _ in range(10):
        # Rows whole, as widgets draw them, with cuts between the odd texts.
        update = full([strip(chance, WIDTH, (*TEXTS, *ODD)) for _ in range(HEIGHT)])
        ours.feed(frames.frame(update, TRUE))
        theirs.feed(update.render_segments(Console(color_system="truecolor")))
        assert ours.picture() == theirs.picture()


def plain(*lines: str) -> LayoutUpdate:
    look = Style.parse("#e0e0e0 on #121212")
    strips = [Strip([Segment(line, look)]).adjust_cell_length(WIDTH, look) for line in lines]
    return full(strips)


def test_what_is_there_is_not_sent_again() -> None:
    frames = FrameDiff()
    picture = plain("one", "two", "three")
    assert len(frames.frame(picture, TRUE)) > 3 * WIDTH
    assert frames.frame(picture, TRUE) == ""
    assert frames.frame(plain("one", "two!", "three"), TRUE).count("!") == 1
    assert len(frames.frame(plain("one", "two?", "three"), TRUE)) < 60


def test_after_forgetting_and_at_another_size_everything_is_sent() -> None:
    frames = FrameDiff()
    whole = frames.frame(plain("one", "two"), TRUE)
    frames.forget()
    assert frames.frame(plain("one", "two"), TRUE) == whole
    frames.frame(plain("one", "two", "three"), TRUE)
    assert frames.frame(plain("one", "two"), TRUE) == whole


def beside(text: str, remark: str) -> LayoutUpdate:
    look = Style.parse("#e0e0e0 on #121212")
    segments = [Segment(text, look), Segment(remark, look), Segment(" end", look)]
    return LayoutUpdate([[Strip(segments)]], Region(0, 0, WIDTH, 1))


def test_a_wide_character_is_written_again_with_its_row_and_the_place_taken_anew() -> None:
    # A terminal that counts it otherwise must not get the rest of the row in the wrong place.
    frames = FrameDiff()
    frames.frame(beside("漢字", "rsa"), TRUE)
    patch = frames.frame(beside("漢字", "dsa"), TRUE)
    assert "漢字\x1b[5Gdsa" in patch
    assert "end" in patch
    frames.frame(beside("e\u0301", "rsa"), TRUE)
    assert "e\u0301\x1b[2Gdsa" in frames.frame(beside("e\u0301", "dsa"), TRUE)
    frames.frame(beside("pair", "rsa"), TRUE)
    assert "pair" not in frames.frame(beside("pair", "dsa"), TRUE)
