"""Takes the path of a new file, and judges it while it is typed."""

import asyncio
from collections.abc import Callable
from functools import partial

from textual import on, work
from textual.suggester import Suggester
from textual.widget import Widget
from textual.widgets import Input

from core.custody.saving import SaveAsks
from core.disk import destination, typed_path
from core.disk.destination import Destination
from core.errors import SaveError
from tui.actions.keymap import key_of
from tui.widgets.form_field import FormField
from tui.widgets.text_input import TextInput
from tui.words import judging as verdict
from tui.words.text import short_paths
from tui.words.verdict import Tone, Verdict

_GROUP = "path"


class PathSuggester(Suggester):
    """Completes the last name of a path; what it reads is read in a thread."""

    def __init__(self, *, only_folders: bool = False) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._only_folders = only_folders

    async def get_suggestion(self, value: str) -> str | None:
        complete = partial(typed_path.completed, value, only_folders=self._only_folders)
        return await asyncio.to_thread(complete)


class PathField(FormField):
    """A path, with the whole width for itself, and the verdict on it.

    The look is taken in a thread: a network file system may let it wait. A place that deserves a
    second yes gets it by a second Enter, as long as the path stays what it is.

    Args:
        path: what to begin with.
        holds: says what a file of a name will hold, where that depends on the name, or refuses it.
        asks: tells whether a place asks for a second Enter.
        plain_name: the name that the path to begin with would have if that were not taken.
        examine: returns what a path is good for; it is called in a thread.
    """

    def __init__(
        self,
        path: str,
        holds: Callable[[str], Verdict] = lambda path: Verdict(""),
        asks: Callable[[Destination], bool] = lambda place: place.asks,
        plain_name: str = "",
        examine: Callable[[str], Destination] = destination.examine,
    ) -> None:
        self._input = TextInput(path, id="path")
        self._input.suggester = PathSuggester(only_folders=True)
        self._holds, self._asks, self._examine = holds, asks, examine
        super().__init__("Path", self._input, stacked=True)
        self._offered, self._plain_name = path, plain_name
        self.accepted: Destination | None = None
        """What the next Enter says yes to."""

    @property
    def path(self) -> str:
        """The path as it stands in the field."""
        return self._input.value

    @path.setter
    def path(self, path: str) -> None:
        self._input.value = path
        # What is typed next belongs behind it.
        self._input.cursor_position = len(path)

    def offer(self, path: str, plain_name: str) -> None:
        """Offer another path; `plain_name` is its name where that is not taken."""
        self._offered, self._plain_name = path, plain_name
        self.path = path

    @property
    def _why_offered(self) -> str:
        """Why the path is not the plain one, as long as it is the one that was offered."""
        is_plain = self._offered.rpartition("/")[2] == self._plain_name
        if self.path != self._offered or is_plain or not self._plain_name:
            return ""
        return f"{self._plain_name} is there already"

    def refuse_save(self, error: SaveError) -> Verdict:
        """Say why nothing was saved, and return what is said; ask, where a second Enter would do.

        That says yes to this place as it is now, and to nothing else.
        """
        if not isinstance(error, SaveAsks):
            return self._refuse_with(verdict.refusal(error))
        self.accepted = error.destination
        explanation = short_paths(error.destination.explanation)
        again = f"{explanation}; press {key_of('save.submit')} again to save here all the same"
        self._input.focus()
        return self._refuse_with(Verdict(again, Tone.CAUTION))

    def _refuse_with(self, said: Verdict) -> Verdict:
        self.show(said)
        self.call_after_refresh(self.scroll_visible, animate=False)
        return said

    @on(Input.Changed)
    def _forget_yes(self) -> None:
        self.accepted = None

    @on(Input.Changed)
    @work(exclusive=True, group=_GROUP)
    async def _judge(self) -> None:
        target = await asyncio.to_thread(self._examine, self.path)
        judged, holds = verdict.of_destination(target), self._holds(self.path)
        if holds.tone is Tone.BAD and target.path is not None:
            judged = holds
        asks = f"; {key_of('save.submit')} asks first" if self._asks(target) else ""
        # The mark that comes before it all is that of the place.
        texts = [f"{judged.text}{asks}"]
        if judged.tone is not Tone.BAD:
            texts += [holds.text, self._why_offered]
        super().show(Verdict(" · ".join(filter(None, texts)), judged.tone))

    def show(self, verdict: Verdict, *wrong: Widget) -> None:
        """Put another verdict below the field, until the path changes."""
        self.workers.cancel_group(self, _GROUP)
        super().show(verdict, *wrong)
