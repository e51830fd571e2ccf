"""Asks EC2 by dry runs which ways of making a key are allowed, and forbids what is refused."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from core.ec2.backend import MadeBy
from core.errors import KeyPairsError
from tui.screens.create import made_by
from tui.screens.create.made_by import Question
from tui.work.own_thread import in_own_thread

if TYPE_CHECKING:
    from textual.screen import Screen
    from textual.timer import Timer

    from core.ec2.place import Ec2Place
    from tui.widgets.choice import Choice

_RESTS = 0.6
"""Seconds without a change after which EC2 is asked about what stands in the form."""


class AllowedWays:
    """What is known of the ways that are refused for what stands in a form.

    Args:
        screen: the form, whose timers and workers are used.
        choice: who makes the key; what is refused cannot be chosen there.
        question: returns what stands in the form, or None while it is being acted on.
        show: shows what is known now.
    """

    def __init__(
        self,
        screen: "Screen[Any]",
        choice: "Choice",
        question: Callable[[], Question | None],
        show: Callable[[], None],
    ) -> None:
        self._screen = screen
        self._choice = choice
        self._question = question
        self._show = show
        self._asked: Question | None = None
        self._resting: Timer | None = None
        self.refused: Mapping[MadeBy, str] = {}
        """Why a way is refused; what is not known is not in it."""

    def ask_once_it_rests(self, place: "Ec2Place") -> None:
        """Ask as soon as nothing was changed for a while."""
        if self._resting is not None:
            self._resting.stop()
        self._resting = self._screen.set_timer(_RESTS, lambda: self.ask(place))

    def ask(self, place: "Ec2Place") -> None:
        """Ask for both ways, unless that was asked already."""
        question = self._question()
        if question is not None and question != self._asked:
            self._asked = question
            asking = self._forbid_what_is_refused(place, question)
            self._screen.run_worker(asking, group="dry runs", exclusive=True)

    async def _forbid_what_is_refused(self, place: "Ec2Place", question: Question) -> None:
        try:
            refused = await in_own_thread(lambda: made_by.refusals(place, question))
        except KeyPairsError:
            # It is not known; what is wrong is said where something is asked for.
            self._asked, refused = None, {}
        if self._question() is None:
            self._asked = None  # what is under way goes on as it was begun
            return
        self.refused = refused
        self._choice.forbid({each.value for each in refused})
        self._show()
