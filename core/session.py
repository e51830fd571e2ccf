"""Holds what a front end works with in one Region: the backend, the store, the clock.

What is built around EC2's operations stands in the room that it is about, and is handed the
session: saving and the agent in `core.custody`, the look-up and the check-up in `core.checks`,
imports into other Regions in `core.region_imports`.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

from core.errors import SettingsError, StoreError, UnauthorizedOperation
from core.local.spare_key import SpareKey
from core.model import AgentStay, KeptKeyPair
from core.store.access import RegionAccess

if TYPE_CHECKING:
    from core.ec2.backend import Backend
    from core.ec2.place import Ec2Place
    from core.keys.public_key import PublicKey
    from core.store.journal import JournalEntry
    from core.store.region_store import NamedPair, RegionStore


class Session:
    """The key pairs of one Region, in one place.

    Methods may block and may be called from any thread; making a session reads nothing.

    Args:
        open_backend: opens what answers EC2's operations; it is called once, by who needs it first.
        access: the Region's file on this machine, who may do what, and the clock.
        spare_key: the RSA key made ahead.
        sibling: makes the session of another Region in the same place; may raise SettingsError.
        place: EC2, and who is asked there; None is this machine.
        to_look_at: makes the session of another Region in which only its file is asked; where it
            is None, `sibling` does.
    """

    def __init__(
        self,
        open_backend: "Callable[[], Backend]",
        access: RegionAccess,
        spare_key: SpareKey,
        sibling: "Callable[[str], Session]",
        place: "Ec2Place | None" = None,
        to_look_at: "Callable[[str], Session] | None" = None,
    ) -> None:
        self._open_backend = open_backend
        self._opening = threading.Lock()
        self._backend: Backend | None = None
        self.place = place
        self.access = access
        self.spare_key = spare_key
        self._sibling, self._to_look_at = sibling, to_look_at or sibling
        self.in_agent: dict[str, AgentStay] = {}
        """What was added to an agent, by the ids of the pairs; the same in every Region."""

    def for_region(self, name: str) -> "Session":
        """Return the session of another Region.

        Raises:
            SettingsError: there is none of that name.
        """
        return self._knowing_agent(self._sibling(name))

    def _looking_at(self, name: str) -> "Session":
        return self._knowing_agent(self._to_look_at(name))

    def _knowing_agent(self, session: "Session") -> "Session":
        session.in_agent = self.in_agent
        return session

    @property
    def backend(self) -> "Backend":
        """What answers EC2's operations; of EC2 the first use of it imports botocore."""
        with self._opening:
            if self._backend is None:
                self._backend = self._open_backend()
            return self._backend

    @property
    def region(self) -> str:
        """The Region's name."""
        return self.access.region

    @property
    def store(self) -> "RegionStore":
        """The Region's file on this machine; the first use of it takes some 20 ms."""
        return self.access.store

    def now(self) -> datetime:
        """Return the present time as this session takes it."""
        return self.access.now()

    @property
    def marks(self) -> tuple[str, ...]:
        """What limits this session, in words: `read-only`, `policy`."""
        authorizer = self.access.authorizer
        marks = {"read-only": authorizer.read_only, "policy": authorizer.has_policy}
        return tuple(word for word, holds in marks.items() if holds)

    @property
    def read_only(self) -> bool:
        """Whether this session refuses every change."""
        return self.access.authorizer.read_only

    def give_up_waiting(self) -> None:
        """Refuse the change that waits for another session, with StoreLocked; never blocks.

        What EC2 is asked again and again is asked no more.
        """
        if self.place is not None:
            self.place.give_up_waiting()
        self.access.give_up_waiting()

    # The Region ---------------------------------------------------------------------------------

    def key_pair_named(self, key_name: str) -> KeptKeyPair | None:
        """Return the key pair of that name, or None; cheap enough to ask on every key press.

        Raises:
            UnauthorizedOperation: the caller may not describe key pairs.
            StoreError: the Region's file cannot be read.
        """
        self.access.authorize("DescribeKeyPairs")
        return self.store.read().named(key_name)

    def key_pairs_of(self, public_key: "PublicKey") -> tuple[KeptKeyPair, ...]:
        """Return the key pairs that have this public key, whatever their names.

        Raises:
            UnauthorizedOperation: the caller may not describe key pairs.
            StoreError: the Region's file cannot be read.
        """
        self.access.authorize("DescribeKeyPairs")
        pairs = self.store.read().key_pairs.values()
        return tuple(pair for pair in pairs if pair.public_key == public_key.line)

    def key_names(self) -> frozenset[str]:
        """Return the names of the Region's key pairs.

        Raises:
            UnauthorizedOperation: the caller may not describe key pairs.
            StoreError: the Region's file cannot be read.
        """
        self.access.authorize("DescribeKeyPairs")
        return frozenset(self.store.read().names)

    def journal(self) -> "list[JournalEntry]":
        """Return what was done to the key pairs of this Region, the oldest first.

        EC2 has no such operation; who may describe key pairs may also see what became of them.

        Raises:
            UnauthorizedOperation: it is not allowed.
            StoreError: the journal cannot be read.
        """
        self.access.authorize("DescribeKeyPairs")
        return [entry for entry in self.store.journal.read() if entry.region == self.region]

    def record(self, operation: str, key_pair: "NamedPair", detail: str = "") -> str | None:
        """Write into the journal what was done, and return what went wrong with that, if it did.

        That keeps nobody from what is to be done with a private key. `detail` is that of the
        journal.
        """
        try:
            with self.store.journaled(operation, key_pair, self.now(), detail):
                return None
        except StoreError as error:
            return f"It is not in the journal. {error}"

    # All Regions together -----------------------------------------------------------------------

    def regions_in_use(self) -> dict[str, int | None]:
        """Return the Regions that have a file, the last changed first, and how many pairs each has.

        EC2 is not asked: what it said last is counted.

        The number is None where the file cannot be read, or the pairs may not be described.
        """
        counts: dict[str, int | None] = {}
        for name in self.store.regions_in_use():
            try:
                counts[name] = len(self._looking_at(name).backend.describe_key_pairs())
            except (StoreError, UnauthorizedOperation):
                counts[name] = None
        return counts

    def in_every_region(self) -> "list[Session]":
        """Return the sessions of the Regions that are in use, or once were, by name.

        They are there to look at what is known on this machine: EC2 is not asked.
        """
        names = [*self.store.regions_in_use(), *self.store.regions_once_in_use()]
        sessions = []
        for name in sorted(names):
            with suppress(SettingsError):  # a file that only looks like that of a Region
                sessions.append(self._looking_at(name))
        return sessions
