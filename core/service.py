"""Everything a front end may ask: EC2's key-pair API, and what is built around it.

That is saving a private key, the agent, authorized_keys, finding, the check-up and the copies in
other Regions. Every operation checks in EC2's order: authorization, dry run, parameters, quota,
duplicate. What they answer are values of `core.model`; what they refuse, they refuse with errors of
`core.errors`.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from core.custody import rotation
from core.ec2.authorization import Authorizer
from core.ec2.regions import region
from core.errors import (
    InvalidKeyPairDuplicate,
    KeyPairLimitExceeded,
    SettingsError,
    StoreError,
    UnauthorizedOperation,
)
from core.local.creating import Creating
from core.local.deleting import Deleting
from core.local.delivering import Delivering
from core.local.describing import Describing
from core.local.tagging import Tagging
from core.model import KeyPair, TagSpecification

if TYPE_CHECKING:
    from core.checks.check_up import Progress, Summary
    from core.checks.finding import Finding
    from core.checks.look_up import Ask, Finder
    from core.custody.agent_keys import AgentContents
    from core.store.region_store import RegionStore


def now() -> datetime:
    """Return the time as EC2 keeps it: aware, UTC, whole milliseconds."""
    time = datetime.now(UTC)
    return time.replace(microsecond=time.microsecond // 1000 * 1000)


def new_key_pair_id() -> str:
    """Return a random id in EC2's form: `key-0` and 16 more hexadecimal digits."""
    import secrets

    return f"key-0{secrets.token_hex(8)}"


class KeyPairService(Creating, Describing, Deleting, Tagging, Delivering):
    """The key pairs of one Region.

    Methods block (an RSA key takes 50 ms, a write waits for the disk) and may be called from any
    thread. `store` is the Region's store, or what opens it once it is needed. `now` and
    `new_key_pair_id` are arguments so that tests can fix them. Without an authorizer everything is
    allowed that the files allow.
    """

    def __init__(
        self,
        store: "RegionStore | Callable[[], RegionStore]",
        authorizer: Authorizer | None = None,
        *,
        now: Callable[[], datetime] = now,
        new_key_pair_id: Callable[[], str] = new_key_pair_id,
    ) -> None:
        open_store = store if callable(store) else lambda: store
        authorizer = authorizer or Authorizer(region(open_store().region), "nobody")
        super().__init__(open_store, authorizer, now, new_key_pair_id)
        self._copying_to: KeyPairService | None = None

    @classmethod
    def open(
        cls, data_dir: Path, region: str, authorizer: Authorizer | None = None
    ) -> "KeyPairService":
        """Return the service of a Region whose file is in `data_dir`; nothing is read yet."""

        def open_store() -> "RegionStore":
            from core.store.region_store import RegionStore

            return RegionStore(data_dir, region)

        return cls(open_store, authorizer)

    @property
    def marks(self) -> tuple[str, ...]:
        """What limits this session, in words: `read-only`, `policy`."""
        marks = {"read-only": self._authorizer.read_only, "policy": self._authorizer.has_policy}
        return tuple(word for word, holds in marks.items() if holds)

    @property
    def read_only(self) -> bool:
        """Whether this session refuses every change."""
        return self._authorizer.read_only

    def now(self) -> datetime:
        """Return the present time as this service takes it."""
        return self._now()

    def for_region(self, name: str) -> "KeyPairService":
        """Return the service of another Region in the same folder, with the same permissions.

        Raises:
            SettingsError: there is no such Region.
        """
        chosen = region(name)
        return KeyPairService(
            self._store.for_region(chosen.name),
            self._authorizer.for_region(chosen),
            now=self._now,
            new_key_pair_id=self._new_key_pair_id,
        )

    def tidy(self) -> None:
        """Remove what sessions left in the Region's folder that were killed; for the start."""
        if not self._authorizer.read_only:
            self._store.tidy()

    def give_up_waiting(self) -> None:
        """Refuse the change that waits for another session now, with StoreLocked.

        That may be one that a copy makes in another Region.
        """
        self._store.give_up_waiting()
        if self._copying_to is not None:
            self._copying_to.give_up_waiting()

    def make_ready(self) -> None:
        """Do ahead what the first change would wait for, when nobody is waiting: import, tidy."""
        import filelock  # noqa: F401 - imported to be there when they are needed
        import tinydb  # noqa: F401 - likewise

        from core.keys import (
            convert,  # noqa: F401 - likewise
            fingerprint,  # noqa: F401 - likewise
            keygen,  # noqa: F401 - likewise
        )

        self.tidy()

    def regions_in_use(self) -> dict[str, int | None]:
        """Return the Regions that have a file, the last changed first, and how many pairs each has.

        The number is None where the file cannot be read, or the pairs may not be described.
        """
        counts: dict[str, int | None] = {}
        for name in self._store.regions_in_use():
            try:
                counts[name] = len(self.for_region(name).describe_key_pairs())
            except (StoreError, UnauthorizedOperation):
                counts[name] = None
        return counts

    # Successors, and copies in other Regions ----------------------------------------------------

    def successor_name(self, key_name: str) -> str:
        """Return a free name for the pair that is to take the place of this one.

        Raises:
            StoreError: the Region's file cannot be read.
        """
        return rotation.successor_name(key_name, self._store.read().names)

    def copy_to_region(self, key_pair: KeyPair, name: str) -> KeyPair | None:
        """Import the public half of a pair into another Region, with its name and its tags.

        The answer is None where that very key stands there under that name already.

        Raises:
            SettingsError: there is no such Region.
            InvalidKeyPairDuplicate: the name belongs to another key there.
            EC2Error, StoreError: see `import_key_pair`.
        """
        there = self._copying_to = self.for_region(name)
        tags = [TagSpecification("key-pair", key_pair.tags)] if key_pair.tags else []
        try:
            return there.import_key_pair(
                key_name=key_pair.key_name,
                public_key_material=key_pair.public_key,
                tag_specifications=tags,
            )
        except (InvalidKeyPairDuplicate, KeyPairLimitExceeded):
            holder = there._store.read().named(key_pair.key_name)
            if holder is None or holder.public_key != key_pair.public_key:
                raise
            return None

    def fingerprint_elsewhere(self, key_pair: KeyPair) -> str:
        """Return the fingerprint that a pair will have in the Regions it is copied to.

        It differs for RSA pairs created here: EC2 takes the SHA-1 of the private key for those,
        and the MD5 of the public key for imported ones.

        Raises:
            EC2Error: the public key in the record is damaged.
        """
        return self.imported_fingerprint(self.read_public_key(key_pair.public_key))

    # All Regions together -----------------------------------------------------------------------

    def in_every_region(self) -> "list[KeyPairService]":
        """Return the services of the Regions that are in use, or once were, by name."""
        names = [*self._store.regions_in_use(), *self._store.regions_once_in_use()]
        services = []
        for name in sorted(names):
            with suppress(SettingsError):  # a file that only looks like that of a Region
                services.append(self.for_region(name))
        return services

    def finder(self, ask: "Ask | None" = None) -> "Finder":
        """Return what finds the pair of a key in all Regions; reads them all.

        `ask` is asked for the passphrase of a file that does not show its public half.
        """
        from core.checks.look_up import Finder

        regions = self.in_every_region()
        return Finder(
            ((each.region, each.describe_key_pairs) for each in regions),
            ask,
            ((each.region, each.deleted_key_pairs) for each in regions),
        )

    def agent(self) -> "AgentContents":
        """Return what the ssh-agent of this session holds, and which pair each is.

        The pairs of a Region that may not be described count as unknown.

        Raises:
            AgentError: there is no agent, or it cannot be asked.
            StoreError: the Region's file cannot be read.
        """
        from core.custody.agent import holdings
        from core.custody.agent_keys import contents

        others = (
            (each.region, each.describe_key_pairs)
            for each in self.in_every_region()
            if each.region != self.region
        )
        held = holdings()
        here: Sequence[KeyPair] = ()
        with suppress(UnauthorizedOperation):
            here = self.describe_key_pairs()
        return contents(held, here, others)

    def check_up(self, older_than: timedelta | None) -> "Iterator[Progress | Finding | Summary]":
        """Look for what is wrong with the store, the pairs and the saved files.

        Pairs of any age are as good as new where no `older_than` is given.

        Each step blocks no longer than the reading of a pair's files or an agent's answer, and
        nothing is changed.
        """
        from core.checks.check_up import check_up

        regions = [(each._store, each.describe_key_pairs) for each in self.in_every_region()]
        return check_up(self._store.folder, regions, older_than, self._now())
