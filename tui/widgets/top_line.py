"""Shows the top line of a screen: its title, and where one is."""

from rich.cells import cell_len
from textual.content import Content
from textual.widget import Widget

from tui.words.text import clip, fit, shortened


class TopLine(Widget):
    """A title at the left and, if there is room, a remark at the right."""

    DEFAULT_CSS = """
    TopLine {
        dock: top;
        height: 1;
        text-style: bold;
    }
    """

    def __init__(self, title: str, remark: str = "") -> None:
        super().__init__()
        self._title = shortened(title)
        self._remark = shortened(remark)

    def show(self, title: str) -> None:
        """Replace the title."""
        shown = shortened(title)
        if shown != self._title:
            self._title = shown
            self.refresh()

    def render(self) -> Content:
        width = self.size.width
        title = clip(self._title, width)
        left = width - cell_len(self._remark)
        if not self._remark or left < cell_len(title) + 2:
            return Content(title)
        return Content(fit(title, left)) + Content.styled(self._remark, "not bold dim")
