"""The field for the path of a new file, judged while it is typed."""

import asyncio

from textual import on, work
from textual.widgets import Input

from core import destination
from tui import verdict
from tui.tone import Verdict
from tui.widgets.form_field import FormField
from tui.widgets.text_input import TextInput

_GROUP = "path"


class PathField(FormField):
    """A path, with the whole width for itself, and the verdict on it.

    The look is taken in a thread: a network file system may let it wait.
    """

    def __init__(self, path: str) -> None:
        self._input = TextInput(path, id="path")
        super().__init__("Path", self._input, stacked=True)

    @property
    def path(self) -> str:
        """The path as it stands in the field."""
        return self._input.value

    @path.setter
    def path(self, path: str) -> None:
        self._input.value = path

    def focus_input(self) -> None:
        """Put the cursor into the field."""
        self._input.focus()

    @on(Input.Changed)
    @work(exclusive=True, group=_GROUP)
    async def _judge(self) -> None:
        target = await asyncio.to_thread(destination.examine, self.path)
        super().show(verdict.of_destination(target))

    def show(self, verdict: Verdict) -> None:
        """Put another verdict below the field, until the path changes."""
        self.workers.cancel_group(self, _GROUP)
        super().show(verdict)
