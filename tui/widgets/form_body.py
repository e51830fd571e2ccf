"""Holds the fields of a form, between its title and its hints."""

from textual.containers import VerticalScroll
from textual.events import Resize


class FormBody(VerticalScroll):
    """Fields that scroll where they do not all fit; the one that has the focus stays in sight."""

    def __init__(self, *, can_focus: bool = False) -> None:
        super().__init__(can_focus=can_focus, classes="body")

    async def _on_resize(self, event: Resize) -> None:
        # Textual scrolls to a field only when it gets the focus.
        focused = self.screen.focused
        if focused is not None and self in focused.ancestors:
            self.call_after_refresh(focused.scroll_visible, animate=False)
