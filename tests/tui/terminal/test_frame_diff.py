import random
from typing import Literal

import pytest
from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from tests.each_row import each_row
from tests.emulator import Emulator
from tests.frames import HEIGHT, ODD, TEXTS, WIDTH, full, unlike_others, updates, whole
from tui.terminal.frame_diff import FrameDiff

TRUE = ColorSystem.TRUECOLOR
NAMES: dict[ColorSystem, Literal["truecolor", "256", "standard"]] = {
    TRUE: "truecolor",
    ColorSystem.EIGHT_BIT: "256",
    ColorSystem.STANDARD: "standard",
}


@pytest.mark.long
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


@pytest.mark.long
@each_row("seed", range(12))
def test_text_that_is_not_one_cell_a_character_is_never_patched(seed: int) -> None:
    frames, ours, theirs = FrameDiff(), Emulator(WIDTH, HEIGHT), Emulator(WIDTH, HEIGHT)
    chance = random.Random(seed)  # noqa: S311 - likewise
    for _ in range(10):
        # Rows whole, as widgets draw them, with cuts between the odd texts.
        update = whole(chance, (*TEXTS, *ODD))
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


COLOURED = [("#a0a1a2", "Env="), ("#d7dae0", "prod"), ("#a0a1a2", " Team="), ("#d7dae0", "t-")]


def coloured(number: int) -> LayoutUpdate:
    """Return rows in which two colours follow each other again and again."""
    segments = [
        Segment(f"{text}{number}", unlike_others(f"{color} on #121417")) for color, text in COLOURED
    ]
    return full([Strip(segments).adjust_cell_length(WIDTH) for _ in range(HEIGHT)])


def test_a_colour_that_many_rows_have_is_set_once_in_a_frame() -> None:
    sent = FrameDiff().frame(coloured(1), TRUE)
    assert sent.count("38;2;160;161;162") == sent.count("38;2;215;218;224") == 1
    assert sent.count("48;2;18;20;23") == 1


def test_a_foreground_that_two_backgrounds_share_is_set_once_where_that_is_shorter() -> None:
    # A form after Tab: the label and the chosen option of the field with the focus are alike.
    label, field = Style.parse("bold #87d7ff on #121417"), Style.parse("bold #87d7ff on #272b30")
    edge, left = Style.parse("#5fafd7 on #272b30"), Style.parse("#a0a1a2 on #121417")
    rows = [
        Strip([Segment("Type", left)]).adjust_cell_length(WIDTH, left),
        Strip([Segment("Name  ", label), Segment("|", edge), Segment("pem", field)]),
    ]
    assert FrameDiff().frame(full(rows), TRUE).count("38;2;135;215;255") == 1
