"""Gives access to one Region on this machine: its file, who may do what with it, and the clock."""

import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from core import clock
from core.ec2.authorization import NO_CONTEXT, READS, Authorizer, Context
from core.ec2.regions import region
from core.errors import DryRunOperation

if TYPE_CHECKING:
    from core.store.region_file import RegionState
    from core.store.region_store import RegionStore


class RegionAccess:
    """What everything that is done in a Region starts from; may be used from several threads.

    The store is opened by whoever needs it first: importing it takes time that the start of the
    program does not have.

    Args:
        open_store: opens the Region's store; it is called once.
        authorizer: who may do what.
        now: the clock, an argument so that tests can fix it.
    """

    def __init__(
        self,
        open_store: "Callable[[], RegionStore]",
        authorizer: Authorizer,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        self._open_store = open_store
        self._opened: RegionStore | None = None
        self._opening = threading.Lock()
        self.authorizer = authorizer
        self.now = now

    @property
    def store(self) -> "RegionStore":
        """The Region's store."""
        with self._opening:
            if self._opened is None:
                self._opened = self._open_store()
            return self._opened

    def give_up_waiting(self) -> None:
        """Refuse the change that waits for another session, with StoreLocked; never blocks."""
        opened = self._opened
        if opened is not None:
            opened.give_up_waiting()

    @property
    def region(self) -> str:
        """The Region's name."""
        return self.authorizer.region.name

    def for_region(self, name: str) -> "RegionAccess":
        """Return the access to another Region in the same folder, with the same permissions.

        Raises:
            SettingsError: there is no such Region.
        """
        chosen = region(name)
        authorizer = self.authorizer.for_region(chosen)
        return RegionAccess(lambda: self.store.for_region(chosen.name), authorizer, self.now)

    def authorize(
        self,
        action: str,
        key_name: str | None = None,
        context: Context = NO_CONTEXT,
        *,
        by_id: bool = False,
    ) -> None:
        """Raise unless the caller may do this, to the key pair of that name if one is named.

        `by_id` says that the caller gave its id and not its name, as in `Authorizer.check`.

        Raises:
            UnauthorizedOperation: names the caller, the action, the resource and the reason.
        """
        # The file system need not be asked for what changes nothing.
        problem = None if action in READS else self.store.write_problem()
        self.authorizer.check(action, key_name, context, problem, by_id=by_id)

    def begin(
        self,
        action: str,
        *,
        dry_run: bool,
        key_name: str | None = None,
        context: Context = NO_CONTEXT,
        by_id: bool = False,
    ) -> None:
        """Raise unless a call is allowed, and end it here if it is a dry run."""
        self.authorize(action, key_name, context, by_id=by_id)
        if dry_run:
            raise DryRunOperation

    def state_to_change(self, action: str, key_name: str | None = None) -> "RegionState":
        """Return the Region as it is, for a change whose permission depends on it.

        What forbids every change is said before the file is looked at.
        """
        if self.authorizer.read_only or self.store.write_problem() is not None:
            self.authorize(action, key_name)
        return self.store.read()


def open_region(folder: Callable[[], Path], name: str, authorizer: Authorizer) -> RegionAccess:
    """Return the access to a Region whose file is in a folder; nothing is asked or read yet."""

    def open_store() -> "RegionStore":
        from core.store.region_store import RegionStore

        return RegionStore(folder(), name)

    return RegionAccess(open_store, authorizer)
