"""Shows the bar at the top of every screen: where one is."""

from collections.abc import Iterator
from enum import IntEnum, auto
from typing import ClassVar, NamedTuple

from rich.cells import cell_len
from textual import getters
from textual.content import Content
from textual.widget import Widget

from tui.terminal.terminal_app import TerminalApp
from tui.words.place import READING
from tui.words.text import clip, pinched, shortened

_PROGRAM = "keypairs"
_APART = 2
"""The least columns between what stands at the left and what stands at the right."""

_HOST_AT_LEAST = 12
"""To how many cells a host is shortened before a title is cut."""


class _Goes(IntEnum):
    """What is left out where there is no room, one after the other, the first first."""

    CITY = auto()
    CALLER = auto()
    USER = auto()
    POLICY = auto()
    PROFILE = auto()
    PROGRAM = auto()
    PLACE = auto()  # where a host says already that it is not this machine
    HOST = auto()  # is shortened, and stays
    NEVER = auto()


class _Part(NamedTuple):
    """A visible text of the bar, its look, and when it goes; `before` parts it from the left."""

    text: str
    look: str
    goes: _Goes
    before: str = ""


class TopBar(Widget):
    """Place, Region and city; on the list what is in it, elsewhere the title; who, and limits.

    Where there is not room for all, one thing goes at a time, and a title is cut last of all. The
    host that answers in AWS's place is a stranger's, perhaps: it is shortened, and never goes.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "top-bar--program",
        "top-bar--ec2",
        "top-bar--bright",
        "top-bar--plain",
        "top-bar--muted",
        "top-bar--chosen",
    }
    """
    | Class | Description |
    | :- | :- |
    | `top-bar--program` | The name of the program. |
    | `top-bar--ec2` | That the key pairs are EC2's, and by which profile. |
    | `top-bar--bright` | The Region, and the title. |
    | `top-bar--plain` | How many there are. |
    | `top-bar--muted` | All that may go. |
    | `top-bar--chosen` | How many are chosen. |
    """

    DEFAULT_CSS = """
    TopBar {
        dock: top;
        height: 1;
        background: $panel;
        color: $foreground;
        .top-bar--program { background: $primary; color: $text; text-style: bold; }
        .top-bar--ec2 { background: $warning; color: $text; text-style: bold; }
        .top-bar--bright { color: $foreground; text-style: bold; }
        .top-bar--plain { color: $foreground; }
        .top-bar--muted { color: $text-muted; }
        .top-bar--chosen { color: $text-accent; text-style: bold; }
        &:ansi {
            background: ansi_default;
            color: ansi_default;
            text-style: reverse;
            .top-bar--program, .top-bar--ec2, .top-bar--bright, .top-bar--chosen {
                background: ansi_default;
                color: ansi_default;
                text-style: bold reverse;
            }
            .top-bar--plain, .top-bar--muted {
                background: ansi_default;
                color: ansi_default;
                text-style: reverse;
            }
        }
    }
    """

    app = getters.app(TerminalApp)

    def __init__(self, title: str = "") -> None:
        super().__init__()
        self._title = title
        self._counts = self._chosen = self._in_short = ""

    @property
    def title(self) -> str:
        """What the screen is for."""
        return self._title

    def entitle(self, title: str) -> None:
        """Show another title."""
        self._title = title
        self.refresh()

    def count(self, pairs: str, chosen: str = "", in_short: str = "") -> None:
        """Show how many there are, and how many of them are chosen, in words.

        `in_short` says the latter in the place of `chosen` where there is too little room for that.
        """
        if (pairs, chosen) != (self._counts, self._chosen):
            self._counts, self._chosen, self._in_short = pairs, chosen, in_short or chosen
            self.refresh()

    def _left(self) -> Iterator[_Part]:
        here = self.app.whereabouts
        yield _Part(f" {_PROGRAM} ", "program", _Goes.PROGRAM)
        if here.place:
            goes = _Goes.PLACE if here.host else _Goes.NEVER
            yield _Part(f" {here.place}", "ec2", goes)
            if here.profile:
                yield _Part(f" {here.profile}", "ec2", _Goes.PROFILE)
            yield _Part(" ", "ec2", goes)
        if here.host:
            yield _Part(here.host, "muted", _Goes.HOST, " ")
        yield _Part(here.region, "bright", _Goes.NEVER, " ")
        if here.city:
            yield _Part(here.city, "muted", _Goes.CITY, " ")
        if self._title:
            yield _Part("› ", "muted", _Goes.NEVER, "  ")
            # Where there is no colour to say so, the frame may not be there either.
            is_marked = self.screen.has_class("-danger") and self.app.current_theme.ansi
            yield _Part("! " * is_marked + self._title, "bright", _Goes.NEVER)
        if self._counts:
            yield _Part(self._counts, "plain", _Goes.NEVER, "   ")
        if self._chosen:
            yield _Part(self._chosen, "chosen", _Goes.NEVER, " · ")
        if here.since:
            yield _Part(here.since, "plain", _Goes.NEVER, " · ")

    def _right(self) -> Iterator[_Part]:
        here = self.app.whereabouts
        if here.caller:
            yield _Part(here.caller, "muted", _Goes.CALLER, " · ")
        if here.user:
            yield _Part(here.user, "muted", _Goes.USER, " · ")
        for limit in here.limits:
            is_read_only = limit == READING
            goes = _Goes.NEVER if is_read_only else _Goes.POLICY
            yield _Part(limit, "plain" if is_read_only else "muted", goes, " · ")

    def render(self) -> Content:
        width = self.size.width
        left, right = _visible(self._left()), _begun(_visible(self._right()))
        for goes in _Goes:
            if _width(left) + _APART + _width(right) + 1 <= width:
                break
            if goes < _Goes.HOST:
                left = [part for part in left if part.goes is not goes]
                right = _begun([part for part in right if part.goes is not goes])
        room = width - (_width(right) + _APART + 1 if right else 0)
        if _width(left) > room:
            left = [
                part._replace(text=self._in_short) if part.text == self._chosen else part
                for part in left
            ]
        left = _with_short_host(left, room)
        line = self._drawn(left, room)
        if not right:
            return line.append(" " * (width - line.cell_length))
        ends = self._drawn(right, width - line.cell_length - _APART)
        blank = " " * (width - line.cell_length - ends.cell_length - 1)
        return line.append(blank).append(ends).append(" ")

    def _drawn(self, parts: list[_Part], width: int) -> Content:
        """Return parts beside each other in so many cells, the last of them cut if it must be."""
        line = Content()
        for part in parts:
            for text, look in ((part.before, "muted"), (part.text, part.look)):
                shown = clip(text, max(width - line.cell_length, 0))
                style = self.get_visual_style(f"top-bar--{look}")
                line = line.append(Content.styled(shown, style))
        return line


def _visible(parts: Iterator[_Part]) -> list[_Part]:
    return [part._replace(text=shortened(part.text)) for part in parts]


def _begun(parts: list[_Part]) -> list[_Part]:
    """Return the parts with nothing before the first of them."""
    return [parts[0]._replace(before=""), *parts[1:]] if parts else []


def _with_short_host(parts: list[_Part], width: int) -> list[_Part]:
    """Return parts of which the host, if there is one, is shortened for them to fit."""
    too_much = max(_width(parts) - width, 0)
    return [
        part._replace(text=pinched(part.text, max(cell_len(part.text) - too_much, _HOST_AT_LEAST)))
        if part.goes is _Goes.HOST
        else part
        for part in parts
    ]


def _width(parts: list[_Part]) -> int:
    return sum(cell_len(part.before + part.text) for part in parts)
