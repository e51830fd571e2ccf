"""Runs `create-key-pair`, so that its private key cannot be lost.

Where the key goes is looked at before anything is created, and it goes there before the pair is
recorded, or its public half sent to EC2: a pair that stands has its key where it was asked for,
whatever fails or stops the program in between. Only a key that EC2 makes, and one that is printed
together with the id that EC2 gives its pair, come after their pair.
"""

import argparse
import os
import signal
import threading
import time
from dataclasses import replace
from types import FrameType
from typing import NoReturn

from core.client import Answer, Client, ClientError, create_and_hand_over
from core.ec2.backend import Backend, MadeBy
from core.ec2.unanswered import NotTakenBack, PrivateKeyLost
from core.errors import KeyPairsError, NotConfirmed
from core.model import CreatedKeyPair, FileFormat
from core.process import GRACE, forbid_dumps
from core.secret import KeyMaterial
from core.session import Session
from tui.commands.ec2 import answers
from tui.commands.ec2.handovers import (
    UNTIL_IT_ENDS,
    Handover,
    NotHandedOver,
    Search,
    ToAgent,
    ToFile,
    ToOutput,
)
from tui.commands.ec2.refusals import say
from tui.commands.ec2.values import ValueProblem
from tui.commands.statuses import DONE, FAILED

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_SIGNALLED = 128
_STEP = 0.05
_MOMENT = 0.1
"""Seconds after a signal until it is said what is waited for; it is answered within twice that."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options by which the key is kept."""
    places = parser.add_mutually_exclusive_group()
    places.add_argument(
        "--save",
        metavar="PATH",
        help="keep the private key in this new file, or in one in this folder: mode 0600, read back"
        " and proven; the answer has SavedTo and Proofs, and no KeyMaterial",
    )
    places.add_argument(
        "--agent",
        metavar="LIFETIME",
        nargs="?",
        const=UNTIL_IT_ENDS,
        help="add the private key to the ssh-agent, for a time (8h, 1h30m) or until it ends",
    )
    parser.add_argument(
        "--save-format",
        choices=[each.value for each in FileFormat],
        help="of the file; as EC2 gives it when left out",
    )
    parser.add_argument(
        "--passphrase-file",
        metavar="FILE",
        help="encrypt the file with the first line of this one, or of standard input (-)",
    )
    parser.add_argument(
        "--made-by",
        choices=[each.value for each in MadeBy],
        help="with EC2: who makes the key. Made here, only its public half is sent (ImportKeyPair),"
        " as it is with --save and --agent; else EC2 makes it (CreateKeyPair, called once)",
    )
    parser.add_argument(
        "--delete-orphan",
        action="store_true",
        help="with EC2: delete a pair that EC2 made and whose private key was lost on the way",
    )
    parser.add_argument(
        "--yes", action="store_true", help="agree to make a folder, or to one that others can read"
    )


def run(session: Session, request: Answer, options: argparse.Namespace, search: Search) -> int:
    """Create a key pair, hand its private key over, and return the exit status.

    Raises:
        ValueProblem: an option cannot be meant so; nothing was created.
        ClientError, KeyPairsError: it was refused, or went wrong; nothing was created.
    """
    forbid_dumps()
    if options.save is None and (options.save_format or options.passphrase_file):
        raise ValueProblem("--save-format and --passphrase-file need --save PATH")
    handover: Handover
    if options.save is not None:
        handover = ToFile(session, request, options, search)
    elif options.agent is not None:
        handover = ToAgent(session, options, search)
    else:
        handover = ToOutput(options, search)
    handover.look(answers.made_up(answers.CREATE, request))
    return _Creation(session, handover, request, deletes_orphan=options.delete_orphan).run()


class _Creation:
    """Creates a pair in a thread, while the main one hears signals."""

    def __init__(
        self, session: Session, handover: Handover, request: Answer, *, deletes_orphan: bool
    ) -> None:
        self._session = session
        self._deletes_orphan = deletes_orphan
        self._handover = handover
        self._request = request
        self._signals: list[int] = []
        self._turn = threading.Lock()
        self._can_be_left = session.place is None
        self._stands = False
        self._error: BaseException | None = None

    def run(self) -> int:
        """Return the exit status once the pair stands, or once it is known that none does."""
        before = {each: signal.getsignal(each) for each in _SIGNALS}
        heard = [each for each, handler in before.items() if handler is not signal.SIG_IGN]
        thread = threading.Thread(target=self._work, daemon=True)
        for each in heard:
            signal.signal(each, self._hear)
        try:
            thread.start()
            self._wait_for(thread)
        finally:
            for each in heard:
                signal.signal(each, before[each])
        return self._status()

    def _hear(self, number: int, _frame: FrameType | None) -> None:
        self._signals.append(number)
        # Not in a handler, which may stand within the lock: a thread of its own.
        threading.Thread(target=self._give_up_waiting, daemon=True).start()

    def _give_up_waiting(self) -> None:
        self._session.store.give_up_waiting()
        self._handover.give_up_waiting()

    def _wait_for(self, thread: threading.Thread) -> None:
        while not self._signals and thread.is_alive():
            thread.join(_STEP)
        if thread.is_alive():
            # Held to the end, if it comes: no step begins that would be cut off.
            with self._turn:
                if self._can_be_left:
                    self._end(self._outcome(None))
        thread.join(_MOMENT)
        if not thread.is_alive():
            return
        heard, deadline = len(self._signals), time.monotonic() + GRACE
        here = self._session.place is None
        what = "the change that is under way" if here else "the answer of EC2"
        say(f"keypairs: waiting for {what}. Another signal stops at once.")
        while thread.is_alive():
            thread.join(_STEP)
            if len(self._signals) > heard or (here and time.monotonic() > deadline):
                whether = "there is a" if here else "EC2 has the"
                self._end(
                    f"Whether {whether} key pair {self._request['KeyName']} now is not known. Look"
                    f" for it before you try again.{self._handover.kept()}"
                )

    def _end(self, what: str) -> NoReturn:
        say(f"keypairs: stopped. {what}")
        os._exit(_SIGNALLED + self._signals[0])

    def _begin(self, *, can_be_left: bool) -> None:
        """Begin a step: one that a signal may cut off, or one whose end is waited for."""
        with self._turn:
            self._can_be_left = can_be_left

    def _work(self) -> None:
        try:
            created, answer = self._created()
            self._stands = True
            if created.warning is not None:
                say(f"keypairs: {created.warning}")
            created.key_material.wipe()
            self._handover.record(created)
            # It may go to a pipe that nobody reads.
            self._begin(can_be_left=True)
            self._handover.report(answer)
        except BaseException as error:  # noqa: BLE001 - raised in the main thread
            self._error = error

    def _created(self) -> tuple[CreatedKeyPair, Answer]:
        backend = self._session.backend
        if backend.capabilities.hands_over_with_id:
            return create_and_hand_over(backend, self._request, self._take)
        if self._handover.needs_id:
            return self._held_until_it_has_an_id(backend)
        if not self._handover.takes_back:
            _ask_whether_allowed(backend, self._request)
        return create_and_hand_over(backend, self._request, self._take)

    def _held_until_it_has_an_id(self, backend: Backend) -> tuple[CreatedKeyPair, Answer]:
        """Create a pair, then hand its key over with its id; in doubt without, so that it is kept.

        Where it cannot be handed over the pair is deleted again.
        """
        held: list[tuple[CreatedKeyPair, Answer]] = []

        def hold(created: CreatedKeyPair, answer: Answer) -> None:
            # What was created is wiped where it does not come to a pair for certain.
            copy = KeyMaterial(created.key_material.encode())
            del answer["KeyPairId"]
            held.append((replace(created, key_material=copy), answer))

        try:
            created, answer = create_and_hand_over(backend, self._request, hold)
        except ClientError as error:
            if held and _in_doubt(error) is not None:
                try:
                    self._handover.take(*held[0])
                except NotHandedOver as not_taken:
                    say(f"keypairs: {not_taken}")
            raise
        finally:
            for kept, _ in held:
                kept.key_material.wipe()
        try:
            self._take(created, answer)
        except BaseException:
            created.key_material.wipe()
            try:
                backend.delete_key_pair(key_pair_id=created.key_pair.key_pair_id)
            except KeyPairsError as error:
                raise NotTakenBack(created.key_pair, str(error)) from error
            raise
        return created, answer

    def _take(self, created: CreatedKeyPair, answer: Answer) -> None:
        if self._signals:
            raise NotHandedOver("")
        # What EC2 was asked already would have to be undone.
        here = self._session.place is None
        self._begin(can_be_left=here and self._handover.may_be_cut_off)
        self._handover.take(created, answer)
        self._begin(can_be_left=False)

    def _status(self) -> int:
        error = self._error
        in_doubt = _in_doubt(error)
        if self._signals:
            say(f"keypairs: stopped. {self._outcome(in_doubt)}")
            return _SIGNALLED + self._signals[0]
        if error is None:
            return DONE
        if self._stands:
            if not isinstance(error, OSError | ValueProblem):
                raise error
            why = error.strerror if isinstance(error, OSError) else error
            say(
                f"keypairs: the answer could not be printed: {why}. The key pair was"
                f" created, and its private key {self._handover.where()}."
            )
            return FAILED
        if isinstance(error, NotHandedOver):
            say(f"keypairs: {error} No key pair was created.")
            return FAILED
        lost = error.__cause__
        if isinstance(lost, PrivateKeyLost) and self._deletes_orphan:
            key_pair_id = lost.key_pair.key_pair_id
            try:
                self._session.backend.delete_key_pair(key_pair_id=key_pair_id)
            except KeyPairsError as refusal:
                raise NotTakenBack(lost.key_pair, str(refusal)) from lost
            say(f"keypairs: {lost.how} {key_pair_id} was deleted again; its private key was lost.")
            return FAILED
        left = self._handover.give_back() if in_doubt is None else self._handover.kept()
        if left:
            say(f"keypairs:{left}")
        raise error

    def _outcome(self, in_doubt: NotConfirmed | None) -> str:
        """Return what has become of the pair and its key, and take the key back without a pair."""
        if self._stands:
            return f"The key pair was created, and its private key {self._handover.where()}."
        if in_doubt is not None:
            return f"{in_doubt}{self._handover.kept()}"
        return f"No key pair was created.{self._handover.give_back()}"


def _ask_whether_allowed(backend: Backend, request: Answer) -> None:
    """Raise what refuses a call before the private key goes where it cannot be taken back from."""
    try:
        Client(backend=backend).create_key_pair(**request | {"DryRun": True})
    except ClientError as error:
        if error.response["Error"]["Code"] != "DryRunOperation":
            raise


def _in_doubt(error: BaseException | None) -> NotConfirmed | None:
    """Return what says that the pair may stand in spite of the error, or None if it does not."""
    for each in (error, error.__cause__ if error is not None else None):
        if isinstance(each, NotConfirmed):
            return each
    return None
