"""Shows the pair under the cursor beside the list, where the window has room for it."""

import re
from collections.abc import Callable, Iterator
from typing import ClassVar

from textual.content import Content
from textual.geometry import Size
from textual.timer import Timer
from textual.widget import Widget

from core.custody import file_kinds
from core.custody.rotation import Rotation
from core.model import KeptKeyPair, KeyType
from tui.screens.list.columns import Texts, pane_width
from tui.words.details import replacements, where_it_is
from tui.words.pairs import key_lengths, tag_texts
from tui.words.text import fold, short_path, shortened

_PLAIN = re.compile(r"[\w./+,:@-]+", re.ASCII)
"""A path that a shell takes as it stands."""

_RESTS = 0.12
"""Seconds after which a cursor that has not moved again is at rest."""


class SidePane(Widget):
    """What there is to know of a pair; a person can close it, and open it again.

    Not the public key: that costs most to draw for each move, and is there to be copied.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "side-pane--name",
        "side-pane--muted",
        "side-pane--ed25519",
        "side-pane--rsa",
    }
    """
    | Class | Description |
    | :- | :- |
    | `side-pane--name` | The name of the pair. |
    | `side-pane--muted` | Headings, the id, keys of tags. |
    | `side-pane--ed25519`, `side-pane--rsa` | The type. |
    """

    DEFAULT_CSS = """
    SidePane {
        height: 100%;
        padding: 0 2;
        background: $surface;
        .side-pane--name { color: $foreground; text-style: bold; }
        .side-pane--muted { color: $text-muted; }
        .side-pane--ed25519 { color: $text-primary; }
        .side-pane--rsa { color: $text-secondary; }
        &:ansi .side-pane--ed25519, &:ansi .side-pane--rsa { color: ansi_default; }
        &:ansi .side-pane--muted { color: ansi_default; text-style: $muted-style; }
    }
    """

    def __init__(self) -> None:
        super().__init__(id="summary")
        self.is_open = True
        """Whether the person wants it where there is room."""
        self._resting: Timer | None = None
        self._shown: tuple[KeptKeyPair, Rotation] | None = None

    def fit(self, window: int, longest: Texts) -> int:
        """Take the width that there is for it beside the list, and return it; 0 hides it."""
        width = pane_width(window, longest) if self.is_open else 0
        self.display = bool(width)
        if width:
            self.styles.width = width
        return width

    def follow(self, show: Callable[[], None]) -> None:
        """Have it shown anew once the cursor rests: a key that is held moves only rows."""
        if self._resting is not None:
            self._resting.stop()
        self._resting = self.set_timer(_RESTS, show)

    def show(self, key_pair: KeptKeyPair, rotation: Rotation) -> None:
        """Show another pair."""
        if self._shown is None or self._shown[0] is not key_pair or self._shown[1] is not rotation:
            self._shown = key_pair, rotation
            self.refresh()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return container.height

    def render(self) -> Content:
        if self._shown is None:
            return Content()
        return Content("\n").join(self._lines(*self._shown, max(self.size.width, 1)))

    def _lines(self, key_pair: KeptKeyPair, rotation: Rotation, width: int) -> Iterator[Content]:
        for part in fold(shortened(key_pair.key_name), width):
            yield self._part(part, "name")
        yield self._part(key_pair.key_type.value, key_pair.key_type.value) + self._part(
            f" · {key_pair.key_pair_id}", "muted"
        )
        for heading, texts in _sections(key_pair, rotation, width):
            yield Content()
            yield self._part(heading, "muted")
            for text in texts:
                yield from map(Content, fold(text, width))
        if key_pair.tags:
            yield Content()
            yield self._part("Tags", "muted")
            for text, key in zip(tag_texts(key_pair), key_lengths(key_pair), strict=True):
                first, *more = fold(text, width)
                yield self._part(first[:key], "muted") + Content(first[key:])
                yield from map(Content, more)

    def _part(self, text: str, look: str) -> Content:
        return Content.styled(text, self.get_visual_style(f"side-pane--{look}"))


def _sections(
    key_pair: KeptKeyPair, rotation: Rotation, width: int
) -> Iterator[tuple[str, list[str]]]:
    """Yield headings and visible lines, in the order of use."""
    yield "Private key", [shortened(where_it_is(key_pair))]
    saved_to = key_pair.custody.saved_to
    # Other paths need the quoting of a shell; the details have that.
    # ssh reads no PPK.
    is_for_ssh = saved_to and file_kinds.by_name(saved_to[-1]) is not file_kinds.Kind.PPK
    if is_for_ssh and _PLAIN.fullmatch(saved_to[-1]):
        yield "Log in", [f"ssh -i {short_path(saved_to[-1])} ec2-user@HOST"]
    fingerprint = shortened(key_pair.key_fingerprint)
    if key_pair.key_type is KeyType.ED25519:
        yield "Fingerprint", [fingerprint, "ssh shows it without the = at its end"]
    else:
        yield "Fingerprint", _halved(fingerprint, width)
        yield "OpenSSH", [shortened(key_pair.custody.fingerprints.ssh_sha256)]
    for label, text in replacements(key_pair, rotation):
        yield label, [shortened(text)]
    # All else that was done with it is in the journal, which no move of the cursor waits for.
    yield "Created", [f"{key_pair.create_time.astimezone():%Y-%m-%d %H:%M}"]


def _halved(fingerprint: str, width: int) -> list[str]:
    """Return a fingerprint as one line, or as two that part at a colon in its middle."""
    if len(fingerprint) <= width:
        return [fingerprint]
    octets = fingerprint.split(":")
    half = (len(octets) + 1) // 2
    return [":".join(octets[:half]) + ":", ":".join(octets[half:])]
