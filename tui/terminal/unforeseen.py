"""Catches errors that nobody expected, so that the program outlives them with an unsaved key.

Textual ends an app at every error that nobody expected, in a worker, a handler, a timer or while
drawing. Where the error came in the handling of a message, it stops handling those of that widget
as well; so such an error must be caught before Textual sees it.
"""

from collections import deque
from time import monotonic

from textual.message import Message
from textual.message_pump import MessagePump
from textual.worker import WorkerFailed

from tui.words.verdict import Tone, Verdict

_MANY, _WITHIN = 20, 5.0
# A person who tries again presses a key, which begins the count anew. What comes by itself, such
# as an error in a timer or in saying that there was one, would keep the program busy for ever.
# A cursor that fails each time it blinks, twice a second, stays below the bound.

dispatch_of_textual = MessagePump._dispatch_message
"""What handles a message, if nothing is caught."""


class Failures:
    """The times at which something went wrong since the last key."""

    def __init__(self) -> None:
        self._times: deque[float] = deque(maxlen=_MANY)

    def forget(self) -> None:
        """Begin anew: the person has done something."""
        self._times.clear()

    def note(self) -> bool:
        """Note one, and return whether they come by themselves, again and again."""
        self._times.append(monotonic())
        return len(self._times) == _MANY and self._times[-1] - self._times[0] < _WITHIN


def said_of(error: Exception) -> Verdict:
    """Return what to say of an error, without its text, which may quote anything: a secret, too."""
    cause = error.error if isinstance(error, WorkerFailed) else error
    kind = type(cause).__name__
    return Verdict(f"Unforeseen {kind}: the private key is still here, try again.", Tone.BAD)


async def _handle(pump: MessagePump, message: Message) -> None:
    _rich_traceback_omit = True
    try:
        await dispatch_of_textual(pump, message)
    except Exception as error:
        # An app of another kind, as in a test of a widget, has no such thing.
        outlives = getattr(pump.app, "outlives", None)
        if outlives is None or not outlives(error):
            raise


def catch_errors() -> None:
    """Ask the app before an error ends it; to be called once, and harmless when called again."""
    MessagePump._dispatch_message = _handle  # type: ignore[method-assign, assignment] # see above
