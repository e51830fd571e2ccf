"""Shows labels and values under each other."""

from collections.abc import Iterable, Iterator
from typing import ClassVar

from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from tui.widgets.verdict_line import MARKS
from tui.words.text import as_pasted, fold, fold_command, visible
from tui.words.verdict import Tone

_LABEL_WIDTH = 13


class Facts(Widget):
    """A label and a value a line; a long value goes on below itself, whole.

    Labels are our own text, values may come from anywhere. What is `pasteable` is shown with its
    backslashes as they are, and parted where a command may be. Values that are `judged` begin with
    a mark, and take its colour.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "facts--label",
        "facts--good",
        "facts--caution",
        "facts--bad",
    }
    """
    | Class | Description |
    | :- | :- |
    | `facts--label` | What stands before a value. |
    | `facts--good`, `facts--caution` | The mark of a value that is judged. |
    | `facts--bad` | All of a value that is refused. |
    """

    DEFAULT_CSS = """
    Facts {
        height: auto;
        .facts--label { color: $text-muted; }
        .facts--good { color: $text-success; }
        .facts--caution { color: $text-warning; }
        .facts--bad { color: $text-error; }
        &:ansi .facts--label { color: ansi_default; text-style: $muted-style; }
    }
    """

    def __init__(
        self,
        facts: Iterable[tuple[str, str]] = (),
        *,
        labelled: bool = True,
        pasteable: bool = False,
        judged: bool = False,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self._spell, self._fold = (as_pasted, fold_command) if pasteable else (visible, fold)
        self._judged = judged
        self._label_width = _LABEL_WIDTH if labelled else 0
        self._facts: list[tuple[str, str]] = []
        self.show(facts)

    def show(self, facts: Iterable[tuple[str, str]]) -> None:
        """Show other labels and values."""
        self._facts = [(label, self._spell(value)) for label, value in facts]
        self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(list(self._lines(width)))

    def render(self) -> Content:
        return Content("\n").join(self._lines(self.size.width))

    def _lines(self, width: int) -> Iterator[Content]:
        for label, value in self._facts:
            for part in self._fold(value, max(width - self._label_width, 1)):
                style = self.get_visual_style("facts--label")
                yield Content.styled(label.ljust(self._label_width), style) + self._value(
                    part, value
                )
                label = ""

    def _value(self, part: str, value: str) -> Content:
        """Return a line of a value, in the colour of its mark where it is judged."""
        mark = value[:1] if self._judged else ""
        if mark == MARKS[Tone.BAD].strip():
            return Content.styled(part, self.get_visual_style("facts--bad"))
        for tone in (Tone.GOOD, Tone.CAUTION):
            if mark and mark == part[:1] == MARKS[tone].strip():
                style = self.get_visual_style(f"facts--{tone.value}")
                return Content.styled(mark, style) + Content(part[1:])
        return Content(part)
