"""The operations of `core.service`, one file for each thing that they are about.

    Operations              the Region's file, who may do what, the clock
    ├── Creating            create, import, the RSA key made ahead
    ├── Describing          key pairs, tags, the journal
    ├── Deleting            delete, and bring back
    ├── Tagging             set and remove tags
    └── Delivering          save, prove, export, the agent, authorized_keys

`KeyPairService` is all of them in one; no file here knows another but this one and `lookup`.
"""

import threading
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from core.ec2.authorization import READS, Authorizer, Context
from core.errors import DryRunOperation

if TYPE_CHECKING:
    from core.store.region_store import RegionState, RegionStore


class Operations:
    """What every operation on a Region starts from.

    The store is opened by the first operation, because importing it takes time that the start of
    the program does not have.
    """

    def __init__(
        self,
        open_store: "Callable[[], RegionStore]",
        authorizer: Authorizer,
        now: Callable[[], datetime],
    ) -> None:
        self._open_store = open_store
        self._opened: RegionStore | None = None
        self._opening = threading.Lock()
        self._authorizer = authorizer
        self._now = now

    @property
    def _store(self) -> "RegionStore":
        with self._opening:
            if self._opened is None:
                self._opened = self._open_store()
            return self._opened

    @property
    def region(self) -> str:
        """The Region's name."""
        return self._authorizer.region.name

    def _begin(
        self, action: str, *, dry_run: bool, key_name: str | None = None, context: Context
    ) -> None:
        """Check whether a call is allowed, and end it there if it is a dry run."""
        self._authorize(action, key_name, context)
        if dry_run:
            raise DryRunOperation

    def _state_to_change(self, action: str, key_name: str | None) -> "RegionState":
        """Return the Region as it is, for a change whose permission depends on it.

        What forbids every change is said before the file is looked at.
        """
        if self._authorizer.read_only or self._store.write_problem() is not None:
            self._authorize(action, key_name, {})
        return self._store.read()

    def _authorize(self, action: str, key_name: str | None, context: Context) -> None:
        # The file system need not be asked for what changes nothing.
        problem = None if action in READS else self._store.write_problem()
        self._authorizer.check(action, key_name, context, problem)
