"""Keeps the program from being left while EC2, or the disk, decides over a new private key."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from core.ec2.backend import MadeBy
from core.process import is_waiting_for_another_session
from tui.words.verdict import Tone, Verdict

if TYPE_CHECKING:
    from tui.screens.placed_screen import PlacedScreen
    from tui.widgets.choice import Choice
    from tui.widgets.text_input import TextInput

WAITED_FOR = Verdict(
    "EC2's answer alone holds the private key: it is waited for. What would be asked after it is"
    " given up.",
    Tone.CAUTION,
)

SENT = Verdict(
    "EC2 may have the public half already, and the private key is only here: its answer is waited"
    " for.",
    Tone.CAUTION,
)

WRITTEN = Verdict(
    "The pair is being written, and its private key is only here: the disk is waited for.",
    Tone.CAUTION,
)


class AwaitedAnswer:
    """The answer that a form waits for, for the app what the screen of a private key is.

    Args:
        form: where it is waited for.
        key_name: the field with the name of the pair.
        made_by: who makes the key in EC2; without it, the pair is made on this machine.
    """

    def __init__(
        self, form: "PlacedScreen[Any]", key_name: "TextInput", made_by: "Choice | None"
    ) -> None:
        self._form = form
        self._key_name = key_name
        self._made_by = made_by
        self._is_under_way = False

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """Have it waited for during a block, in whatever thread.

        What came of it is a private key: until its screen is there, it is held here.
        """
        self._is_under_way = True
        try:
            yield
        except BaseException:
            self._is_under_way = False
            raise

    @property
    def holds_key(self) -> bool:
        """Whether leaving now would lose a private key."""
        # Here nothing is made before it is this session's turn.
        waits = self._made_by is None and is_waiting_for_another_session()
        return self._is_under_way and not waits

    @property
    def is_active(self) -> bool:
        """Whether the form is on top."""
        return self._form.is_active

    @property
    def key_name(self) -> str:
        """The name of the pair."""
        return self._key_name.value

    def say_unforeseen(self, said: Verdict) -> None:
        """Say what went wrong that nobody expected."""
        self._form.say_unforeseen(said)

    def action_say_how_to_leave(self) -> None:
        """Say that the answer is waited for."""
        if self._made_by is None:
            self._form.say(WRITTEN)
        else:
            self._form.say(WAITED_FOR if self._made_by.value == MadeBy.EC2.value else SENT)

    def say_waiting(self, said: Verdict) -> None:
        """Say what is being waited for; who wanted to leave has been told more than that."""
        if self._form.fact_line.verdict not in (WAITED_FOR, SENT, WRITTEN):
            self._form.say(said)
