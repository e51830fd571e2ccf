"""Keeps the program from being left while EC2's answer decides over a private key."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from core.ec2.backend import MadeBy
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


class AwaitedAnswer:
    """A form's answer of EC2, for the app what the screen of a private key is.

    Args:
        form: where it is waited for.
        key_name: the field with the name of the pair.
        made_by: who makes the key.
    """

    def __init__(self, form: "PlacedScreen[Any]", key_name: "TextInput", made_by: "Choice") -> None:
        self._form = form
        self._key_name = key_name
        self._made_by = made_by
        self._is_under_way = False

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """Have it waited for during a block, in whatever thread."""
        self._is_under_way = True
        try:
            yield
        finally:
            self._is_under_way = False

    @property
    def holds_key(self) -> bool:
        """Whether leaving now would lose a private key."""
        return self._is_under_way

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
        self._form.say(WAITED_FOR if self._made_by.value == MadeBy.EC2.value else SENT)

    def say_waiting(self, said: Verdict) -> None:
        """Say what is being waited for; who wanted to leave has been told more than that."""
        if self._form.fact_line.verdict not in (WAITED_FOR, SENT):
            self._form.say(said)
