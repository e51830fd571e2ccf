"""Makes frames up at random, as Textual hands them to what draws them."""

import random
from collections.abc import Iterator, Sequence
from itertools import count, pairwise

from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

WIDTH, HEIGHT = 24, 6
NUMBERS = count()

COLORS = ("#121212", "#e0e0e0", "#0178d4", "red", "bright_black", "default")
ATTRIBUTES = ("bold", "dim", "italic", "underline", "reverse", "strike", "blink", "underline2")
TEXTS = ("a", "key", " ", "    ", "x y", "–", "● rsa", "✓ ")
ODD = ("漢字", "e\u0301", "👍", "a漢 b")


def unlike_others(definition: str) -> Style:
    """Return a style that nothing else has.

    Rich keeps styles, with the codes of the first color system that they met.
    """
    return Style.parse(definition) + Style(meta={"number": next(NUMBERS)})


def style(chance: random.Random) -> Style:
    """Return a made-up style."""
    attributes = chance.sample(ATTRIBUTES, chance.choice((0, 0, 1, 2)))
    color, background = chance.choice(COLORS), chance.choice(COLORS)
    return unlike_others(" ".join((*attributes, color, "on", background)))


def whole(chance: random.Random, texts: Sequence[str]) -> LayoutUpdate:
    """Return an update of everything."""
    return full([strip(chance, WIDTH, texts) for _ in range(HEIGHT)])


def strip(chance: random.Random, width: int, texts: Sequence[str]) -> Strip:
    """Return segments of made-up text and style, as wide as is asked for."""
    segments = [Segment(chance.choice(texts), style(chance)) for _ in range(chance.randint(0, 5))]
    return Strip(segments).adjust_cell_length(width, style(chance))


def full(strips: Sequence[Strip]) -> LayoutUpdate:
    """Return an update of everything, in two parts a line."""
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
    """Yield a frame and some twenty updates of it, whole or in part."""
    chance = random.Random(seed)  # noqa: S311 - pictures, not keys
    yield whole(chance, texts)
    for _ in range(20):
        update = partial(chance, texts)
        if chance.random() < 0.3:
            yield whole(chance, texts)
        elif update.spans:
            yield update
