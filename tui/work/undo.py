"""Undoes what this session changed last: a deletion, or an edit of tags, be it of many pairs."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from core.checks.deleted import explain
from core.ec2.backend import Batch, TagChange
from core.errors import InvalidID, InvalidKeyPairDuplicate, KeyPairsError
from core.model import DeletedKeyPair, KeptKeyPair, Tag
from core.words.plural import n_of
from tui.actions.keymap import key_of
from tui.words.refusals import by_reason, listed, reason
from tui.words.text import named

if TYPE_CHECKING:
    from core.session import Session

GoOn = Callable[[int, int], bool]
"""Is told how many of how many are done, and returns whether to go on."""


class Deletion(NamedTuple):
    """Pairs that this session deleted together, and when it had.

    What is deleted later is somebody else's: the pairs were back meanwhile. Without a time it is
    all the same who deleted them.
    """

    key_pairs: Sequence[KeptKeyPair]
    done_at: datetime | None = None

    @property
    def way(self) -> str:
        """What undoing it does, as a clause behind its key."""
        return f"brings {_who(self.key_pairs)} back"

    def covers(self, gone: DeletedKeyPair) -> bool:
        """Return whether it is by this deletion that a pair is gone, if it is one of these."""
        return self.done_at is None or gone.delete_time <= self.done_at


class TagEdit(NamedTuple):
    """Pairs as they were before this session changed their tags together, and the tags since."""

    key_pairs: Sequence[KeptKeyPair]
    tags: Mapping[str, Sequence[Tag]]
    """By the pair's id."""

    @property
    def way(self) -> str:
        """What undoing it does, as a clause behind its key."""
        return f"undoes the tags set on {_who(self.key_pairs)}"

    def with_ids(self, ids: Mapping[str, str]) -> "TagEdit":
        """Return the same edit of pairs that have other ids since."""
        return TagEdit(
            [
                replace(pair, key_pair_id=ids.get(pair.key_pair_id, pair.key_pair_id))
                for pair in self.key_pairs
            ],
            {ids.get(key, key): tags for key, tags in self.tags.items()},
        )


Act = Deletion | TagEdit


def _who(key_pairs: Sequence[KeptKeyPair]) -> str:
    """Return the name of one pair, and of several how many."""
    return named(key_pairs[0].key_name) if len(key_pairs) == 1 else n_of(len(key_pairs), "pair")


class NewPair(NamedTuple):
    """A pair that this session made, which no undoing takes back.

    `kind` says how it came: `new` or `imported`. `is_deleted` tells one that was given up.
    """

    kind: str
    key_pair: KeptKeyPair
    is_deleted: bool = False

    def stays(self, key_pairs: Mapping[str, KeptKeyPair]) -> str:
        """Return that it stays as it is, by the pairs that are there; nothing where it does not.

        What was deleted may be back, under another name, and what was made deleted elsewhere.
        """
        there = key_pairs.get(self.key_pair.key_pair_id)
        if (there is None) is not self.is_deleted:
            return ""
        name = (there or self.key_pair).key_name
        if self.is_deleted:
            return f"{named(name)} was given up, only {key_of('list.deleted')} brings it back"
        return f"the {self.kind} pair {named(name)} stays"


class UndoHistory:
    """What this session changed, by the Region's file; the last is undone first."""

    def __init__(self) -> None:
        self._acts: dict[Path, list[Act]] = {}
        self._stays: dict[Path, str | NewPair] = {}

    def note(self, session: "Session", act: Act) -> None:
        """Remember what was done in a Region; nothing where nothing was done."""
        if act.key_pairs:
            self.acts(session).append(act)
            # The Region of what was done last is the last of them.
            self._acts[session.store.path] = self._acts.pop(session.store.path)
            self._stays.pop(session.store.path, None)

    def note_what_stays(self, session: "Session", what: str | NewPair) -> None:
        """Remember what was made in a Region later than all that can be undone there.

        `what` is a pair, or a clause: `what was imported into other Regions stays`.
        """
        self._stays[session.store.path] = what

    def what_stays(self, session: "Session", key_pairs: Mapping[str, KeptKeyPair]) -> str:
        """Return that, as a clause, or nothing; `key_pairs` are those there."""
        what = self._stays.get(session.store.path)
        return (what.stays(key_pairs) if isinstance(what, NewPair) else what) or ""

    def acts(self, session: "Session") -> list[Act]:
        """Return what was done in a session's Region, the last at the end, to be changed there."""
        return self._acts.setdefault(session.store.path, [])

    def follow(
        self, session: "Session", gone: Sequence[KeptKeyPair], back: Sequence[KeptKeyPair]
    ) -> None:
        """Be about these deleted pairs as they came back, under the same names.

        EC2 gives a public half that is imported again a new id; its tags can be undone all the
        same.
        """
        now_of = {pair.key_name: pair.key_pair_id for pair in back}
        ids = {pair.key_pair_id: now_of.get(pair.key_name, pair.key_pair_id) for pair in gone}
        acts = self.acts(session)
        acts[:] = [act.with_ids(ids) if isinstance(act, TagEdit) else act for act in acts]
        stays = self._stays.get(session.store.path)
        if isinstance(stays, NewPair) and stays.key_pair.key_pair_id in ids:
            new_id = ids[stays.key_pair.key_pair_id]
            key_pair = replace(stays.key_pair, key_pair_id=new_id)
            self._stays[session.store.path] = stays._replace(key_pair=key_pair)

    def brings_back(self, session: "Session") -> int:
        """Return how many deleted pairs come back where the last that was done is undone."""
        *_, last = [None, *self.acts(session)]
        return len(last.key_pairs) if isinstance(last, Deletion) else 0

    def elsewhere(self, session: "Session") -> Path | None:
        """Return the file of the other Region in which the last was done that can be undone."""
        here = session.store.path
        return next(
            (path for path in reversed(self._acts) if self._acts[path] and path != here), None
        )


class Undone(NamedTuple):
    """What was undone, and of which pairs not, with the reason; those can still come later.

    `left` are those that were not tried, because the person stopped it.
    """

    act: Act | None
    done: Sequence[KeptKeyPair] = ()
    refused: Sequence[tuple[KeptKeyPair, KeyPairsError]] = ()
    left: int = 0

    @property
    def words(self) -> str:
        """All of it in a line, not yet made visible."""
        count = len(self.done)
        name = named(self.done[0].key_name) if count == 1 else n_of(count, "pair")
        back = {pair.key_name for pair in self.done}
        missing = by_reason(
            (f"{'the other ' * (pair.key_name in back)}{pair.key_name}", error)
            for pair, error in self.refused
        )
        stopped = f"; stopped before {self.left:,} more" if self.left else ""
        if isinstance(self.act, TagEdit):
            said = f"the tags of {name} are as before" if count else "no tags were undone"
            said += self._what_stays
        else:
            said = f"brought {name} back" if count else "not back" if missing else "nothing is back"
            reasons = {reason(error) for _, error in self.refused}
            if not count and len(reasons) == 1:
                names = [key_pair.key_name for key_pair, _ in self.refused]
                are = "is" if len(names) == 1 else "are"
                return f"{listed(names)} {are} not back: {reasons.pop()}{stopped}"
        if not missing:
            return said + stopped
        return f"{said}, but not {missing}{stopped}" if count else f"{said}: {missing}{stopped}"

    @property
    def _what_stays(self) -> str:
        """What other sessions have made of these tags meanwhile, which stays."""
        if not isinstance(self.act, TagEdit):
            return ""
        before = {pair.key_pair_id: pair.tags for pair in self.act.key_pairs}
        theirs: list[str] = []
        for pair in self.done:
            was, now = (
                {tag.key: tag.value for tag in tags}
                for tags in (before[pair.key_pair_id], pair.tags)
            )
            # Ours are as they were, so all that is not is somebody else's.
            for key in sorted(key for key in {*was, *now} if now.get(key) != was.get(key)):
                theirs.append(f"{key}={now[key]}" if key in now else f"{key} gone")
        if not theirs:
            return ""
        what = ", ".join(dict.fromkeys(theirs)) if len(self.done) == 1 else n_of(len(theirs), "tag")
        return f", but what another session changed since stays: {what}"

    @property
    def taken_names(self) -> int:
        """Of how many that did not come back another pair has the name."""
        return sum(isinstance(error, InvalidKeyPairDuplicate) for _, error in self.refused)


def undoable(session: "Session", acts: Sequence[Act]) -> tuple[int, Act] | None:
    """Return the last of these acts of which something can be undone now, and its place; blocks.

    It is about the pairs of which that is so: a deleted pair whose name another has cannot come
    back, nor does a pair that is gone have tags.

    Raises:
        StoreError: the Region's file cannot be read.
    """
    present = session.store.read().key_pairs
    names = {pair.key_name for pair in present.values()}
    for place, act in reversed([*enumerate(acts)]):
        if isinstance(act, Deletion):
            pairs = [pair for pair in _still_gone(session, act) if pair.key_name not in names]
        else:
            pairs = [pair for pair in act.key_pairs if pair.key_pair_id in present]
        if pairs:
            return place, act._replace(key_pairs=pairs)
    return None


def forget_what_is_back(session: "Session", acts: list[Act]) -> None:
    """Take away deletions of which every pair is back, or gone by another deletion; blocks.

    Raises:
        StoreError: the Region's file cannot be read.
    """
    acts[:] = [act for act in acts if isinstance(act, TagEdit) or _still_gone(session, act)]


def _still_gone(session: "Session", act: Deletion) -> list[KeptKeyPair]:
    """Return which of some pairs are gone by this deletion still."""
    deleted = session.backend.deleted_key_pairs()
    gone = {each.key_pair_id for each in deleted if act.covers(each)}
    return [pair for pair in act.key_pairs if pair.key_pair_id in gone]


def undo_last(session: "Session", acts: list[Act], go_on: GoOn = lambda done, of: True) -> Undone:
    """Undo the last of these acts, and take from it what is done.

    A pair that cannot come back does not keep the others from it, and stays what `u` is about,
    unless it came back in another way.

    Raises:
        StoreError: the Region's file cannot be read.
    """
    while acts:
        act = acts[-1]
        if isinstance(act, Deletion):
            pairs = _still_gone(session, act)
            ids = [pair.key_pair_id for pair in pairs]
            begin = partial(session.backend.restore_key_pairs, ids)
        else:
            pairs = [*act.key_pairs]
            changes = [
                TagChange(pair.key_pair_id, pair.tags, act.tags[pair.key_pair_id], undoes=True)
                for pair in pairs
            ]
            begin = partial(session.backend.set_tags_of_many, changes)
        acts.pop()
        if not pairs:
            continue
        undone = _run(act, pairs, begin, go_on)
        explain(session, (error for _, error in undone.refused))
        refused = [pair for pair, error in undone.refused if not isinstance(error, InvalidID)]
        if waiting := [*refused, *pairs[len(pairs) - undone.left :]]:
            # What is left of it is still the last that this session did.
            acts.append(act._replace(key_pairs=waiting))
        return undone
    return Undone(None)


def _run(
    act: Act,
    pairs: Sequence[KeptKeyPair],
    begin: Callable[[], Iterator[Batch]],
    go_on: GoOn,
) -> Undone:
    done: list[KeptKeyPair] = []
    refused: list[tuple[KeptKeyPair, KeyPairsError]] = []
    by_id = {key_pair.key_pair_id: key_pair for key_pair in pairs}
    left = len(by_id)
    try:
        for batch in begin():
            left = batch.left
            done += batch.done
            refused += [(by_id[each.name], each.error) for each in batch.refused]
            if left and not go_on(len(by_id) - left, len(by_id)):
                break
    except KeyPairsError as error:
        # What keeps a batch from being written keeps all from it.
        refused += [(key_pair, error) for key_pair in list(by_id.values())[-left:]]
        left = 0
    return Undone(act, done, refused, left)
