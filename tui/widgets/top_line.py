"""Shows the top line of a screen: its title, and where one is."""

from collections.abc import Sequence

from rich.cells import cell_len
from textual.content import Content
from textual.widget import Widget

from tui.words.text import clip, fit, shortened


class TopLine(Widget):
    """A title at the left and, at the right, the first of the remarks for which there is room."""

    DEFAULT_CSS = """
    TopLine {
        dock: top;
        height: 1;
        text-style: bold;
    }
    """

    def __init__(self, title: str, remarks: Sequence[str] = ()) -> None:
        super().__init__()
        self._title = shortened(title)
        self._remarks = [shortened(remark) for remark in remarks]

    def show(self, title: str, remarks: Sequence[str]) -> None:
        """Replace the title and the remarks."""
        shown = shortened(title), [shortened(remark) for remark in remarks]
        if shown != (self._title, self._remarks):
            self._title, self._remarks = shown
            self.refresh()

    def render(self) -> Content:
        width = self.size.width
        title = clip(self._title, width)
        room = width - cell_len(title) - 2
        remark = next((each for each in self._remarks if cell_len(each) <= room), "")
        if not remark:
            return Content(title)
        left = width - cell_len(remark)
        return Content(fit(title, left)) + Content.styled(remark, "not bold dim")
