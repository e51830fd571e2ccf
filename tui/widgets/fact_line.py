"""Shows the line above the hints: the next fact, or what came of something."""

from collections.abc import Sequence
from functools import partial

from rich.cells import cell_len
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Static

from tui.actions.keymap import labels
from tui.widgets.verdict_line import MARKS
from tui.words.text import clip, fold_items, pinched, shortened
from tui.words.verdict import Tone, Verdict

_MOST_LINES, _MOST_LINES_IF_LOW, _LOW = 3, 2, 12
"""Lines for what is said, and the rows of the window below which there are fewer of them."""

_TINY = 8
"""Rows of the window below which there is one line alone."""

_SHORT = 24
"""Cells of a word of which nothing is left out."""

_GRAVE = (Tone.CAUTION, Tone.BAD)
"""The tones of which nothing may be lost, as long as a third of the window has room for it."""

_SECONDS = 3
"""How long a person has for what is said briefly."""


class FactLine(Static):
    """One line that grows for what is said, and shrinks again when that is over.

    Every screen has one, in the same place. What came of something, and every refusal, is said
    here, so that it is seen when its field is not.
    """

    DEFAULT_CSS = """
    FactLine {
        dock: bottom;
        height: 1;
        margin-bottom: 1;
        padding: 0 1;
        color: $text-muted;
        text-wrap: nowrap;
        text-overflow: ellipsis;
        &.-said { color: $foreground; }
        &.-good { color: $text-success; }
        &.-caution { color: $text-warning; }
        &.-bad { color: $text-error; }
        &:ansi { color: ansi_default; text-style: $muted-style; }
        &:ansi.-said { color: ansi_default; text-style: none; }
        &:ansi.-good { color: $text-success; text-style: none; }
        &:ansi.-caution { color: $text-warning; text-style: none; }
        &:ansi.-bad { color: $text-error; text-style: none; }
    }
    """

    def __init__(self, *, id: str | None = "fact") -> None:
        super().__init__(markup=False, id=id)
        self._said = Verdict("")
        self._said_at: str | None = None
        self._said_of: Widget | None = None
        self._briefly = ""
        self._timer: Timer | None = None
        self._at_rest = Verdict("")
        self._taught: Sequence[str] = ()
        self._remarks: Sequence[str] = ("",)

    # What is said -------------------------------------------------------------------------------

    def say(self, said: Verdict | str, row: str | None = None) -> None:
        """Say what came of something; with a row of a list, until the cursor is on another.

        The text may come from anywhere: what is invisible in it is spelled out.
        """
        self._said = said if isinstance(said, Verdict) else Verdict(said)
        self._said_at, self._said_of = row, None
        if self._said.text:
            self._end_briefly()
        self._draw()

    def say_of(self, field: Widget, said: Verdict) -> None:
        """Say what is to be done in the field that has the focus, until another has it."""
        self.say(said)
        self._said_of = field

    def forget_field(self) -> None:
        """Say no longer what is to be done in a field."""
        if self._said_of is not None:
            self.forget()

    def _follow_focus(self, focused: Widget | None) -> None:
        # Nothing has it while the terminal is not the person's.
        if focused not in (None, self._said_of):
            self.forget_field()

    def say_briefly(self, text: str) -> None:
        """Say something for a moment, in front of all else; no longer, if it is empty."""
        self._end_briefly()
        self._briefly = text
        if text:
            self._timer = self.set_timer(_SECONDS, partial(self.say_briefly, ""))
        self._draw()

    def _end_briefly(self) -> None:
        self._briefly = ""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def rest(self, verdict: Verdict) -> None:
        """Say this wherever there is nothing else to say."""
        self._at_rest = verdict
        self._draw()

    def teach(self, *how: str) -> None:
        """Say also how something is done, behind what is said at rest, if both fit into a line.

        Of several texts, the longest first, the first is said that fits. Behind a caution or a
        refusal nothing is taught.
        """
        if how != self._taught:
            self._taught = how
            self._draw()

    @property
    def at_rest(self) -> Verdict:
        """What is said wherever there is nothing else to say."""
        return self._at_rest

    def about(self, row: str, remarks: Sequence[str]) -> None:
        """Say what the row under the cursor is.

        Of these visible texts, the longest first, the first is shown that fits.
        """
        self._remarks = remarks
        if row != self._said_at:
            self._said, self._said_at, self._said_of = Verdict(""), None, None
        self._draw()

    def forget(self) -> None:
        """Say no longer what came of something."""
        if self._said.text:
            self._said, self._said_at, self._said_of = Verdict(""), None, None
            self._draw()

    def clear(self) -> None:
        """Say nothing, and nothing of any row."""
        self._said, self._said_at, self._said_of = Verdict(""), None, None
        self._remarks = ("",)
        self._draw()

    @property
    def verdict(self) -> Verdict:
        """What came of something, as long as it is said."""
        return self._said

    @property
    def said(self) -> str:
        """The text of that, made visible."""
        return shortened(self._said.text)

    @property
    def said_briefly(self) -> str:
        """What is said for a moment."""
        return self._briefly

    # How it is drawn ----------------------------------------------------------------------------

    def on_mount(self) -> None:
        self.watch(self.screen, "focused", self._follow_focus, init=False)
        self._draw()

    def on_resize(self) -> None:
        self._draw()

    def _draw(self) -> None:
        if not self.is_attached:
            return
        shown = Verdict(self._briefly) if self._briefly else self._said
        # Of the line's own size nothing is known before it was laid out.
        width = max((self.size.width or self.screen.size.width - 2), 1)
        if not shown.text:
            shown = self._resting(width)
        if shown.text:
            lines = self._lines(shown, width)
        else:
            fitting = (text for text in self._remarks if cell_len(text) <= width)
            lines = [next(fitting, self._remarks[-1])]
        is_said = bool(shown.text)
        tones = {f"-{tone.value}": is_said and tone is shown.tone for tone in Tone}
        self.update_classes({**tones, "-said": is_said, "-silent": lines == [""]})
        # Of another height the screen would be laid out anew.
        self.styles.height = len(lines)
        self.update("\n".join(lines), layout=False)

    def _resting(self, width: int) -> Verdict:
        """Return what is said at rest: what is to be known before what is taught."""
        known = self._at_rest
        if known.text and known.tone in _GRAVE:
            return known  # keys that have nothing to do with it would be taken for its way on
        for how in filter(None, self._taught):
            text = " · ".join(filter(None, (known.text, how)))
            if cell_len(MARKS[known.tone] + shortened(text)) <= width:
                return Verdict(text, known.tone)
        return known if known.text else Verdict("".join(self._taught[-1:]))

    def _lines(self, shown: Verdict, width: int) -> list[str]:
        text = MARKS[shown.tone] + shortened(shown.text)
        keys = labels()
        lines = fold_items(text, width, keys)
        height = self.screen.size.height
        most = _MOST_LINES if height >= _LOW else _MOST_LINES_IF_LOW if height >= _TINY else 1
        if shown.tone in _GRAVE and height >= _TINY:
            most = max(most, height // 3)
        while len(lines) > most and (shorter := _with_longest_pinched(text)) != text:
            # What came of something is to be in sight, not all of a path.
            text = shorter
            lines = fold_items(text, width, keys)
        if len(lines) > most:
            lines[most - 1 :] = [clip(" ".join(lines[most - 1 :]), width)]
        return lines


def _with_longest_pinched(text: str) -> str:
    """Return a text with its longest word halved, if it is long: it is a name, or a path."""
    longest = max(text.split(" "), key=cell_len)
    width = max(_SHORT, cell_len(longest) // 2)
    return text.replace(longest, pinched(longest, width)) if cell_len(longest) > _SHORT else text
