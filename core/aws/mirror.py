"""Keeps what EC2 said last of a Region, and what this machine knows of its pairs.

The file has the format of the Regions of this machine. EC2 is the truth: what it shows is taken
over, and what it no longer shows becomes a deleted pair that keeps its custody. The journal is not
told of it, because nobody here did it.

A damaged file does not keep anybody from what EC2 says. It is put aside, and a new one takes its
place; where that cannot be, it is left alone. Either is said in `notice`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from core.aws import answers
from core.aws.new_pairs.lost_answers import calls_that_may_have_made
from core.disk import files
from core.errors import StoreDamaged, StoreError, StoreNotConfirmed
from core.model import Custody, KeptKeyPair, PrivateKeyState
from core.store import last_look, restore
from core.store.access import RegionAccess
from core.store.journal import JournalEntry
from core.store.region_store import RegionState
from core.words.plural import n_of

if TYPE_CHECKING:
    from core.store.transaction import Transaction

SHOWN_WITHIN = timedelta(seconds=60)
"""How long EC2 may go on to show a pair that was deleted, or not to show a new one."""


class Mirror:
    """The file of a Region of EC2 on this machine.

    Args:
        access: the Region's file.
    """

    def __init__(self, access: RegionAccess) -> None:
        self._access = access
        self.agrees = True
        """Whether EC2 shows every pair that it acknowledged, and none that it deleted."""
        self.notice = ""
        """What is to be said of the file: that it was damaged, or cannot be used."""
        self._renewed: datetime | None = None
        self._unusable: datetime | None = None
        self._not_noted: dict[str, int] = {}
        self._deleted: set[str] = set()  # which the file may not say

    @property
    def state(self) -> RegionState:
        """The Region as it was seen last; a damaged file is replaced, but in a read-only session.

        Raises:
            StoreError: the file cannot be read, and is left as it is.
        """
        try:
            return self._access.store.read()
        except StoreDamaged:
            if self._access.authorizer.read_only:
                raise  # a session that changes nothing restores nothing
            renewed = restore.renew(self._access.store)
            if renewed is not None:
                self.notice = _said_of(renewed)
                self._renewed = None if renewed.is_whole else self._access.now()
            return self._access.store.read()

    def check(self) -> None:
        """Refuse what could not be noted, before EC2 does it.

        Raises:
            StoreError: the file cannot be read, and so not be changed.
        """
        _ = self.state

    @contextmanager
    def noting(self, did: str, key_names: Sequence[str]) -> Iterator[None]:
        """Note in the block what EC2 did to these pairs; where that fails, say both in `notice`.

        It is no failure of what was asked for: EC2 keeps it, and would refuse it once more.
        """
        try:
            yield
        except StoreError as error:
            count = self._not_noted[did] = self._not_noted.get(did, 0) + len(key_names)
            what = f"the key pair {key_names[0]}" if count == 1 else n_of(count, "key pair")
            self.notice = f"EC2 {did} {what}. {not_noted(error)}"

    @contextmanager
    def _transaction(self) -> "Iterator[Transaction]":
        self.check()  # a damaged file is replaced before
        with self._access.store.transaction() as transaction:
            yield transaction

    def seen(self, described: Iterable[Mapping[str, Any]]) -> tuple[KeptKeyPair, ...]:
        """Return pairs as EC2 describes them, with what is known of them here."""
        try:
            known: Mapping[str, KeptKeyPair] = self.state.key_pairs
            self._unusable = None
        except StoreError as error:
            # Whatever is the matter with the file is no reason to hide what EC2 said.
            self.notice = f"{error} Shown is what EC2 says, without what is known on this machine."
            known, self._unusable = {}, self._unusable or self._access.now()
        found = [_with_custody(each, known) for each in described]
        unknown = [pair for pair in found if pair.key_pair_id not in known]
        marked = {pair.key_pair_id: pair for pair in self._marked(unknown)}
        return tuple(marked.get(pair.key_pair_id, pair) for pair in found)

    def _marked(self, unknown: Sequence[KeptKeyPair]) -> Iterator[KeptKeyPair]:
        """Yield pairs of which nothing is known, with what may be said of them all the same."""
        unanswered: Sequence[JournalEntry] = ()
        if unknown:
            with suppress(StoreError):  # then there is nothing to compare them with
                store = self._access.store
                unanswered = store.journal.unanswered(self._access.region, "CreateKeyPair")
        forgotten = self._unusable or self._renewed
        for pair in unknown if unanswered or forgotten else ():
            calls = calls_that_may_have_made(pair, unanswered)
            custody = pair.custody._replace(
                unanswered=calls[-1].time if calls else None,
                forgotten=forgotten,
            )
            yield replace(pair, custody=custody)

    def take_over(self, described: Sequence[Mapping[str, Any]]) -> tuple[KeptKeyPair, ...]:
        """Make the file what EC2 shows of the whole Region, and return its pairs.

        Raises:
            StoreError: the file could not be written.
        """
        found = self.seen(described)
        known = self.state.key_pairs
        self.agrees = True
        if len(found) == len(known) and all(known.get(p.key_pair_id) == p for p in found):
            self._note_look()
            return found
        with self._transaction() as transaction:
            now = self._access.now()
            shown = {pair.key_pair_id: pair for pair in found}
            names = {pair.key_name for pair in found}
            # EC2 shows a change late: what was made or deleted a moment ago is as we know it.
            lately = now - SHOWN_WITHIN
            known = transaction.state.key_pairs
            for key_pair_id, pair in list(known.items()):
                is_over = pair.create_time < lately or pair.key_name in names
                is_over = is_over or key_pair_id in self._deleted
                if key_pair_id not in shown and is_over:
                    transaction.remove(key_pair_id, now, None)
            for key_pair_id, gone in list(transaction.state.deleted.items()):
                if key_pair_id in shown and gone.delete_time < lately:
                    transaction.restore(key_pair_id, None, forgotten=shown[key_pair_id])
            known, deleted = transaction.state.key_pairs, transaction.state.deleted
            # Another session may have noted a file since the first look.
            current = [
                _merged(pair, known.get(pair.key_pair_id))
                for pair in found
                if pair.key_pair_id not in deleted
            ]
            for pair in current:
                if pair.key_pair_id not in known:
                    transaction.insert(pair, None)
                elif known[pair.key_pair_id] != pair:
                    transaction.update(pair, None)
            self.agrees = shown.keys() == transaction.state.key_pairs.keys()
            taken = tuple(transaction.state.key_pairs.values())
        self._note_look()
        return taken

    def _note_look(self) -> None:
        """Note that the file has what EC2 shows now, and that nothing is left to be noted."""
        self._renewed = None
        self._not_noted.clear()
        folder = self._access.store.folder
        with suppress(OSError):  # the next look notes it
            files.create_private_folder(folder)
            last_look.note(folder, self._access.region, self._access.now())

    def add(
        self, key_pair: KeptKeyPair, operation: str | None, *, in_place_of: str | None = None
    ) -> None:
        """Note a pair that EC2 acknowledged; the journal is told where there is an `operation`.

        `in_place_of` is the id of the deleted pair as which it was brought back. Of that only the
        id stays known: it is no longer there to be brought back.

        Raises:
            StoreError: the file could not be written.
        """
        with self._transaction() as transaction:
            known = transaction.state.named(key_pair.key_name)
            if known is not None and known.key_pair_id != key_pair.key_pair_id:
                transaction.remove(known.key_pair_id, self._access.now(), None)
            if key_pair.key_pair_id in transaction.state.key_pairs:
                transaction.update(key_pair, operation)
            else:
                transaction.insert(key_pair, operation)
            if in_place_of is not None and in_place_of in transaction.state.deleted:
                transaction.forget([in_place_of])

    def remove(
        self, key_pair_id: str, delete_time: datetime, operation: str, *, given_up: bool = False
    ) -> None:
        """Note that EC2 deleted a pair; without one of this id nothing is done.

        Raises:
            StoreError: the file could not be written.
        """
        self._deleted.add(key_pair_id)
        with self._transaction() as transaction:
            if key_pair_id in transaction.state.key_pairs:
                transaction.remove(key_pair_id, delete_time, operation, given_up=given_up)

    def update(self, described: Iterable[Mapping[str, Any]], operation: str) -> None:
        """Note what EC2 shows of some pairs now.

        Raises:
            StoreError: the file could not be written.
        """
        with self._transaction() as transaction:
            known = transaction.state.key_pairs
            for pair in [_with_custody(each, known) for each in described]:
                if pair.key_pair_id in known:
                    transaction.update(pair, operation)


def not_noted(error: StoreError) -> str:
    """Return why something that EC2 did is not noted, without a word on what was changed."""
    if isinstance(error, StoreNotConfirmed):
        return str(error)
    cause, _, _ = str(error).partition(" Nothing was changed")
    return f"It is not noted on this machine: {cause}"


def _said_of(renewed: restore.Renewal) -> str:
    found = f"{renewed.path} was missing."
    if renewed.aside is not None:
        kept = f"it is kept beside the new one as {renewed.aside.name}"
        found = f"{renewed.path} was damaged ({renewed.problem}); {kept}."
    if not renewed.made_of:
        return f"{found} There is no usable backup: where private keys are is not known any more."
    found = f"{found} In its place is {renewed.made_of}."
    if renewed.is_whole:
        return found
    return f"{found} Where private keys are that only the lost file knew is not known any more."


def _with_custody(described: Mapping[str, Any], known: Mapping[str, KeptKeyPair]) -> KeptKeyPair:
    before = known.get(str(described["KeyPairId"]))
    return answers.key_pair(described, None if before is None else before.custody)


def _merged(key_pair: KeptKeyPair, current: KeptKeyPair | None) -> KeptKeyPair:
    return key_pair if current is None else replace(key_pair, custody=current.custody)


def custody_after(key_pair: KeptKeyPair, custody: Custody) -> KeptKeyPair:
    """Return a pair that was brought back, with the custody of the one that was deleted."""
    return replace(key_pair, custody=custody._replace(replaces=None))


def known_to_be(state: PrivateKeyState, custody: Custody) -> Custody:
    """Return a custody by what is known of the private key now, and no longer guessed."""
    return custody._replace(private_key=state, unanswered=None, forgotten=None)
