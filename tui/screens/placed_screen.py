"""Gives the screens what all of them have: three fixed lines, keys of the table, a way back."""

from collections.abc import Collection, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from textual import getters, on
from textual.app import ComposeResult
from textual.events import Event, Resize, ScreenResume, ScreenSuspend
from textual.message import Message
from textual.screen import Screen

from core.custody.rotation import Rotation
from core.model import KeptKeyPair
from tui.actions.table import Place
from tui.terminal.terminal_app import TerminalApp
from tui.widgets.fact_line import FactLine
from tui.widgets.key_hints import KeyHints
from tui.widgets.top_bar import TopBar
from tui.words.verdict import READ_ONLY, Tone, Verdict

Result = TypeVar("Result")

OVER_THE_LIST = Path(__file__).with_name("over_the_list.tcss")
"""The style sheet of what lies over the list: the first frame does not wait for it."""


class PairsDeleted(Message):
    """Another session deleted pairs that a screen is about; it is `said` there already."""

    def __init__(self, said: Verdict) -> None:
        super().__init__()
        self.said = said


class PairsBack(Message):
    """Another session brought back all the pairs of which a screen says that they are deleted."""


class RegionChanged(Message):
    """Another session changed something in the Region, of which the list shows all by now.

    Args:
        key_pairs: the pairs as they are now, by their ids.
        rotation: which of them replaces which.
    """

    def __init__(self, key_pairs: Mapping[str, KeptKeyPair], rotation: Rotation) -> None:
        super().__init__()
        self.key_pairs = key_pairs
        self.rotation = rotation


class ScreenKind(Enum):
    """How a screen lies over the list; the value is its class in the style sheets."""

    LIST = "-list"
    PAGE = "-page"
    """The whole window, and where that is large a panel over the dimmed list."""
    DIALOG = "-dialog"
    """A frame over the dimmed list, and where the window is small the whole of it."""
    WORKBENCH = "-workbench"
    """The whole window: a table, and where there is room a pane about its row."""


_PANELLED = (100, 30)
"""Columns and rows of the window from which a page is a panel."""

_LEAST_BESIDE = 10
"""Columns beside a panel, at its two sides together."""

_FRAMED = (70, 20)
"""Columns and rows of the window from which a dialog has a frame."""


class PlacedScreen(Screen[Result]):
    """A screen whose keys stand in the table of actions under `PLACE`.

    Its first line says where one is, the line above the last the next fact, the last which keys
    there are. Between them stands what `content` yields.

    Args:
        title: what the screen is for, in a few words; it may hold text from anywhere.
    """

    PLACE: ClassVar[Place]
    KIND: ClassVar[ScreenKind] = ScreenKind.PAGE
    IS_DANGEROUS: ClassVar[bool] = False
    """Whether what is asked here destroys something: bar and frame are red then."""

    PANELS: ClassVar[Mapping[int, int]] = {0: 92}
    """Columns of the window from which the panel of a page is so wide, as the style sheet has it.

    Where it would leave too little beside it, it takes the whole width.
    """

    about: Sequence[KeptKeyPair] = ()
    """The pairs that the screen is about: it says so when another session deletes one of them."""

    gone: Collection[str] = ()
    """The ids of those of them of which it says so."""

    how_gone: str = ""
    """What it says of them."""

    if_tagged: str = ""
    """What follows where it says that another session changed the tags of some of them."""

    refused: Collection[str] = ()
    """What the table of actions calls what can only be refused now: the help does not teach it."""

    app = getters.app(TerminalApp)

    def __init__(self, title: str = "") -> None:
        super().__init__(classes=f"{self.KIND.value}{' -danger' * self.IS_DANGEROUS}")
        if self.KIND is not ScreenKind.LIST:
            # Before the screen's own, which says otherwise of some of it.
            self.css_path = [OVER_THE_LIST, *self.css_path]
        self.top_bar = TopBar(title)
        self.fact_line = FactLine()
        self.key_hints = KeyHints(self.PLACE)

    def compose(self) -> ComposeResult:
        # Before there are widgets: each of them would be styled anew with the screen.
        self._note_size_and_place()
        yield self.top_bar
        yield from self.content()
        yield self.fact_line
        yield self.key_hints

    def content(self) -> ComposeResult:
        """Yield what stands between the bars."""
        raise NotImplementedError

    def say(self, said: Verdict) -> None:
        """Say what came of something, above the hints; an empty verdict says no longer."""
        self.fact_line.say(said)

    # All at once: with each change all widgets of the screen are styled anew. Textual's own class
    # for a screen that lies below another is given to one that ends as well.
    @on(Resize)
    @on(ScreenResume)
    @on(ScreenSuspend)
    def _note_size_and_place(self, event: Event | None = None) -> None:
        if isinstance(event, ScreenResume):
            # Every widget was styled as it was mounted, and is again where a class changes.
            event.refresh_styles = False
        self.key_hints.reads_only = self.app.whereabouts.reads_only
        width, height = self.app.size
        panel = max(panel for least, panel in self.PANELS.items() if width >= least)
        self.update_classes(
            {
                "-panelled": width >= _PANELLED[0] and height >= _PANELLED[1],
                "-filled": width < panel + _LEAST_BESIDE,
                "-framed": width >= _FRAMED[0] and height >= _FRAMED[1],
                "-suspended": self in self.app.screen_stack[:-1],
                **_reached(width, self.HORIZONTAL_BREAKPOINTS or []),
                **_reached(height, self.VERTICAL_BREAKPOINTS or []),
            }
        )

    def action_back(self) -> object:
        """Go back, with nothing."""
        self.dismiss(None)
        return None

    def say_unforeseen(self, said: Verdict) -> None:
        """Say what went wrong that nobody expected, where there is a place for it."""
        self.say(said)


class Retractable:
    """What a screen says of something that may change: it is said no longer then.

    What was said since of something else stays.
    """

    def __init__(self, screen: PlacedScreen[Any]) -> None:
        self._screen = screen
        self._said = Verdict("")

    def say(self, said: Verdict) -> None:
        """Say it."""
        self._said = said
        self._screen.say(said)

    def forget(self) -> None:
        """Say it no longer."""
        if self._screen.fact_line.verdict == self._said:
            self._screen.say(Verdict(""))


def refuses_changes(screen: PlacedScreen[Result]) -> bool:
    """Say that this session only reads, if it does, and return whether it does."""
    if screen.app.whereabouts.reads_only:
        screen.say(Verdict(READ_ONLY, Tone.CAUTION))
    return screen.app.whereabouts.reads_only


def end_before_another(screen: PlacedScreen[Result], result: Result) -> None:
    """End a screen behind which another may follow at once: the list would only flash between."""
    screen.app.delay_update()
    screen.dismiss(result)


def _reached(length: int, breakpoints: Sequence[tuple[int, str]]) -> dict[str, bool]:
    """Return of each class of breakpoints whether it is that of a length, as Textual has it."""
    last = max((least for least, _ in breakpoints if least <= length), default=None)
    return {name: least == last for least, name in breakpoints}
