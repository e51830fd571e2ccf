"""Shows labels and values under each other."""

from collections.abc import Iterable, Iterator
from typing import ClassVar

from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from tui.words.text import as_pasted, fold, visible

_LABEL_WIDTH = 13


class Facts(Widget):
    """A label and a value a line; a long value goes on below itself, whole.

    Labels are our own text, values may come from anywhere. What is `pasteable` is shown with its
    backslashes as they are.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"facts--label"}
    """
    | Class | Description |
    | :- | :- |
    | `facts--label` | What stands before a value. |
    """

    DEFAULT_CSS = """
    Facts {
        height: auto;
        .facts--label { color: $text-muted; }
        &:ansi .facts--label { color: ansi_default; text-style: dim; }
    }
    """

    def __init__(
        self,
        facts: Iterable[tuple[str, str]] = (),
        *,
        labelled: bool = True,
        pasteable: bool = False,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self._spell = as_pasted if pasteable else visible
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
            for part in fold(value, max(width - self._label_width, 1)):
                style = self.get_visual_style("facts--label")
                yield Content.styled(label.ljust(self._label_width), style) + Content(part)
                label = ""
