"""Labels and values under each other."""

from collections.abc import Iterable

from textual.content import Content
from textual.widgets import Static

from tui.text import visible

_LABEL_WIDTH = 11


class Facts(Static):
    """A label and a value a line; a long value goes on below itself, whole.

    Labels are our own text, values may come from anywhere.
    """

    DEFAULT_CSS = """
    Facts { height: auto; }
    """

    def __init__(self, facts: Iterable[tuple[str, str]]) -> None:
        super().__init__(markup=False)
        self._facts = [(label, visible(value)) for label, value in facts]

    def render(self) -> Content:
        width = max(self.size.width - _LABEL_WIDTH, 1)
        lines: list[Content] = []
        for label, value in self._facts:
            parts = [value[start : start + width] for start in range(0, len(value), width)] or [""]
            for index, part in enumerate(parts):
                head = label if index == 0 else ""
                lines.append(Content.styled(head.ljust(_LABEL_WIDTH), "dim") + Content(part))
        return Content("\n").join(lines)
