"""Asks EC2 what is in a Region while the list goes on, and shows the answer there."""

import asyncio
import time
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from core.ec2.unanswered import CredentialsError, NextStep, NotReached
from core.errors import EC2Error, KeyPairsError, ServiceError
from tui.actions.keymap import key_of
from tui.words.place import Whereabouts, as_of, last_answer, whereabouts
from tui.words.text import said_by, short_paths
from tui.words.verdict import Tone, Verdict
from tui.work.batches import is_running
from tui.work.own_thread import in_own_thread

if TYPE_CHECKING:
    from core.ec2.place import Ec2Facts
    from core.model import KeptKeyPair
    from core.session import Session
    from tui.screens.placed_screen import PlacedScreen

_GROUP = "ask EC2"

SETTLES_WITHIN = 30.0
"""Seconds for which EC2 is asked after a change, until it shows it."""

_ASKING_AGAIN = "asking EC2 again…"

_PAUSES = (0.5, 1.0, 2.0, 4.0)
"""Seconds between two questions; the last goes on."""


class _List(Protocol):
    """The list in which the answers are shown."""

    screen: "PlacedScreen[None]"
    session: "Session"

    async def take(self, session: "Session", key_pairs: "tuple[KeptKeyPair, ...]") -> None:
        """Show the pairs of a session."""

    def show_top(self) -> None:
        """Show anew where the pairs are."""

    def say(self, said: Verdict | str) -> None:
        """Say what came of something."""

    def stop_saying(self, beginning: str) -> None:
        """Say no longer what begins so."""

    def say_unanswered(self, text: str) -> None:
        """Say why EC2 did not answer."""


class Ec2Questions:
    """What EC2 is asked for the list, one question at a time, and what is known of the place.

    Who the caller is is asked before anything else: the profile may lead to another account than
    it did the last time, and what EC2 says must not be taken for what is in that one.
    """

    def __init__(self, view: _List, where: str) -> None:
        self._view = view
        self._where = where
        self._last_answer: datetime | None = None
        self._asked_again = asyncio.Event()
        self._poll_until = 0.0
        self._waits = self._tells = False
        self.facts: Ec2Facts | None = None
        """Who asks, as EC2 said in this session; None until it did."""
        self._answered_for: Session | None = None
        """The session that was answered since it was turned to."""
        self._noticed = ""
        self.error: KeyPairsError | None = None
        """Why the last question was not answered."""

    @property
    def whereabouts(self) -> Whereabouts:
        """Where the list is, as is known by now."""
        session = self._view.session
        facts = self.facts if session.place else None
        return whereabouts(session, self._where, facts, self._last_answer)

    async def read_last_answer(self, session: "Session") -> "tuple[KeptKeyPair, ...] | None":
        """Return what EC2 said last of a Region, from the disk, or None where it never did.

        Raises:
            StoreError: the file cannot be read.
        """
        found = await asyncio.to_thread(last_answer, session)
        if found is None:
            return None
        key_pairs, time = found
        if session is not self._answered_for:
            self._last_answer = time
        return key_pairs

    def ask(self, *, after_change: bool = False) -> None:
        """Ask for the pairs, and after a change go on until EC2 shows it."""
        if after_change:
            self._poll_until = time.monotonic() + SETTLES_WITHIN
        elif self._last_answer is not None:
            self._view.say(f"{as_of(self._last_answer)}; asking EC2…")
        if is_running(self._view.screen, _GROUP):
            self._asked_again.set()
        else:
            self._view.screen.run_worker(self._ask(), group=_GROUP)

    def tell(self) -> None:
        """Say when EC2 has answered what it is asked now, because a person asked for it."""
        self._tells = True
        if self.is_answered:
            self._view.say(_ASKING_AGAIN)

    @property
    def is_answered(self) -> bool:
        """Whether EC2 has said in this session what is in the Region that is shown."""
        return self._answered_for is self._view.session

    @property
    def is_asking(self) -> bool:
        """Whether an answer of EC2 is waited for now."""
        return self._waits and is_running(self._view.screen, _GROUP)

    @property
    def login(self) -> "CredentialsError | None":
        """What says that a login has expired, if that is why the last question had no answer."""
        error = self.error
        if isinstance(error, CredentialsError) and error.next_step is NextStep.LOG_IN:
            return error
        return None

    def give_up(self) -> None:
        """Wait no longer for the answer; what is shown stays."""
        self._view.screen.workers.cancel_group(self._view.screen, _GROUP)
        self._waits, self._tells, self._poll_until = False, False, 0.0
        since = f"{as_of(self._last_answer)}; " if self._last_answer else ""
        again = key_of("list.reload")
        self._view.say_unanswered(f"{since}gave up asking EC2; {again} asks again.")

    def begin_anew(self, *, another_place: bool = False) -> None:
        """Ask nothing more for the Region that is left, and know nothing of `another_place`."""
        if another_place:
            self.facts = self.error = None
        self._view.screen.workers.cancel_group(self._view.screen, _GROUP)
        self._poll_until, self._tells = 0.0, False
        self._last_answer = self._answered_for = None
        self._noticed = ""

    async def _ask(self) -> None:
        pauses = iter(_PAUSES)
        pause = 0.0
        while True:
            self._asked_again.clear()
            session = self._view.session
            self._waits = True
            try:
                agrees = await self._answered(session)
            except KeyPairsError as error:
                self._fail(error)
                agrees = True
            self._waits = False
            if self._asked_again.is_set():
                continue
            if agrees or time.monotonic() > self._poll_until:
                return
            pause = next(pauses, pause)
            try:
                await asyncio.wait_for(self._asked_again.wait(), pause)
            except TimeoutError:
                continue

    async def _answered(self, session: "Session") -> bool:
        """Ask once and show the answer; return whether EC2 showed every change."""
        place = session.place
        if place is None:
            return True
        if isinstance(self.error, CredentialsError | NotReached | ServiceError):
            # What was wrong may have been put right, as by a login, or in the AWS files.
            await in_own_thread(place.forget_credentials)
        if self.facts is None:
            remembered = await asyncio.to_thread(place.remembered)
            self.facts = await in_own_thread(place.ask)
            if remembered and remembered[:1] != self.facts[:1]:
                # What was shown is another account's.
                session = self._view.session = session.for_region(session.region)
            self._view.show_top()
        backend = await in_own_thread(lambda: session.backend)
        key_pairs = await in_own_thread(backend.describe_key_pairs)
        if session is self._view.session:
            self.error, self._answered_for = None, session
            if self._last_answer is not None:
                self._view.stop_saying(as_of(self._last_answer))
                self._last_answer = None
            await self._view.take(session, key_pairs)
            if self._tells:
                self._tells = False
                self._view.stop_saying(_ASKING_AGAIN)
                now = session.now().astimezone()
                self._view.screen.fact_line.say_briefly(f"EC2 answered at {now:%H:%M:%S}")
            if backend.notice != self._noticed:
                self._noticed = backend.notice
                self._view.say(Verdict(short_paths(backend.notice), Tone.CAUTION))
        return backend.agrees

    def _fail(self, error: KeyPairsError) -> None:
        self.error, self._tells = error, False
        since = f"{as_of(self._last_answer)}: " if self._last_answer else ""
        again = f"{key_of('list.reload')} asks again."
        if isinstance(error, CredentialsError):
            again = f"{_next_step(error)}; {again}"
        why = f" {error.reason}" if isinstance(error, EC2Error) and error.reason else ""
        self._view.say_unanswered(f"{since}{said_by(error)}{why} {again}")


def _next_step(error: CredentialsError) -> str:
    match error.next_step:
        case NextStep.LOG_IN:
            return f"{key_of('list.log-in')} runs `{error.command_line}`"
        case NextStep.CHOOSE:
            return f"{key_of('list.place')} turns to another profile, or to this machine"
        case NextStep.MEND:
            return "put that right"
        case NextStep.ASK_AGAIN:
            return f"{key_of('list.place')} turns to another profile"
