"""Words the question before key pairs are deleted: what is lost, what stays, what is typed."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from types import MappingProxyType

from textual.content import Content

from core.custody.rotation import Rotation, is_delivered
from core.disk import files
from core.model import AgentStay, KeptKeyPair, PrivateKeyState
from tui.actions.keymap import key_of
from tui.screens.delete import many_to_delete
from tui.widgets.pick_list import Item
from tui.words.pairs import (
    IMPORTED,
    IN_HAND,
    added_to_agent,
    is_protected,
    of_agent_stay,
    of_elsewhere,
    wants_care,
)
from tui.words.text import short_path, visible

MOST_NAMED = many_to_delete.ALWAYS_TYPED_FROM - 1
"""Of more there is a list, which is looked through from the field where something is typed."""

_IN_USE = "used"


class DeletionQuestion:
    """What is asked about some pairs as they are.

    Args:
        in_agent: since when an agent has private keys that were added to it here, by the ids of the
            pairs: where no file has such a key, it is the one that can be used.
        in_use: the names of those with which something was launched.
        in_hand: the ids of those whose private keys other sessions may still save.
    """

    def __init__(
        self,
        key_pairs: Sequence[KeptKeyPair],
        rotation: Rotation,
        in_use: Collection[str] = (),
        in_agent: Mapping[str, AgentStay] = MappingProxyType({}),
        in_hand: Collection[str] = (),
    ) -> None:
        self.key_pairs = key_pairs
        self.ids = {pair.key_pair_id for pair in key_pairs}
        self.rotation = rotation
        self.strandable = [
            pair
            for pair in key_pairs
            # What nobody can log in with strands nobody; nor does it matter what a successor is
            # worth that goes together with it.
            if (is_delivered(pair) or pair.key_pair_id in in_agent)
            and (successor := rotation.successor(pair)) is not None
            and successor.key_pair_id not in self.ids
        ]
        """Those that are replaced, and let in who has their private key, until they go."""
        self.stranded = [pair for pair in self.strandable if _is_stranded(pair, rotation)]
        stranded = {pair.key_pair_id for pair in self.stranded}
        self._listed = sorted(key_pairs, key=lambda pair: pair.key_pair_id not in stranded)
        self.named = self._listed[:MOST_NAMED]
        is_in_use = any(pair.key_name in in_use for pair in key_pairs)
        count = len(key_pairs)
        self.them = "it" if count == 1 else "them"
        which = "this key pair" if count == 1 else f"these {count:,} key pairs"
        self.title = f"Delete {which}?"
        words = [key_pairs[0].key_name if count == 1 else f"delete {count}"]
        words += ["anyway"] if self.stranded else []
        words += [_IN_USE] if is_in_use else []
        self.expected = " ".join(words)
        """What is typed where something has to be."""
        self._in_agent = in_agent
        self._in_hand = {
            pair.key_pair_id
            for pair in key_pairs
            if pair.key_pair_id in in_hand and pair.custody.private_key is PrivateKeyState.UNSAVED
        }
        self._in_agent_alone = {
            pair.key_pair_id: in_agent[pair.key_pair_id]
            for pair in key_pairs
            if pair.key_pair_id in in_agent and pair.custody.private_key is PrivateKeyState.UNSAVED
        }
        self.wants_words = (
            is_in_use
            or bool(self._in_agent_alone or self._in_hand)
            or bool(self.stranded)
            or count >= many_to_delete.ALWAYS_TYPED_FROM
            or any(map(wants_care, key_pairs))
        )

    @property
    def why_words(self) -> str:
        """Why something has to be typed for one pair, where a key is enough for another."""
        (pair,) = self.key_pairs
        if pair.custody.private_key is PrivateKeyState.SAVED:
            return "It has a saved key."
        if is_protected(pair):
            return "A tag protects it."
        if self._in_hand:
            return "Another session may still save its key."
        return "Its key is in an agent." if self._in_agent_alone else "It may be in use."

    def is_answered_by(self, typed: str) -> bool:
        """Return whether that is what has to be typed; of a number, also as it is shown."""
        if len(self.key_pairs) > 1:
            typed = typed.replace(",", "")
        # What the screen asks for must do, also where the name itself cannot be typed.
        return typed in (self.expected, visible(self.expected))

    def items(self) -> Sequence[Item]:
        """Return a line of each, to look through."""
        fates = [_fate(pair, self.rotation) for pair in self._listed]
        return many_to_delete.items(self._listed, fates)

    def lines(self, files: Mapping[str, str]) -> Content:
        """Return the names of a few, with what is lost with them."""
        lines: list[Content] = []
        for key_pair in self.named:
            fate = visible(f" · {self._what_is_lost(key_pair, files)}")
            lines.append(Content.assemble((visible(key_pair.key_name), "bold"), fate))
            if successor := self.rotation.successor(key_pair):
                text = visible(f"  replaced by {successor.key_name} · {_where(successor)}")
                lines.append(Content(text))
        return Content("\n").join(lines)

    def about_one(self, files: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        """Yield what becomes of the private key, where it is asked about one pair alone."""
        (key_pair,) = self.key_pairs
        yield "Private key", self._what_is_lost(key_pair, files)
        stay = self._in_agent.get(key_pair.key_pair_id)
        if stay and key_pair.key_pair_id not in self._in_agent_alone:
            yield "Agent", f"the key {added_to_agent(stay)}{', where it stays' * (not stay.until)}"
        if successor := self.rotation.successor(key_pair):
            yield "Replaced by", f"{successor.key_name} · {_where(successor)}"

    def way_back(self, *, brings_back: bool) -> str:
        """Return how it is undone."""
        undo = key_of("key-pair.undo")
        if brings_back:
            return f"{undo} in this session, {key_of('list.deleted')} within 30 days"
        ids = "a new id" if len(self.key_pairs) == 1 else "new ids"
        return (
            f"EC2 deletes for good: pressing {undo} only imports the public half of {self.them}"
            f" again, with {ids}"
        )

    def _what_is_lost(self, key_pair: KeptKeyPair, files: Mapping[str, str]) -> str:
        if key_pair.key_pair_id in self._in_hand:
            return IN_HAND
        if stay := self._in_agent_alone.get(key_pair.key_pair_id):
            return of_agent_stay(stay)[0]
        match key_pair.custody.private_key:
            case PrivateKeyState.SAVED:
                return files.get(key_pair.key_pair_id, _saved_to(key_pair))
            case PrivateKeyState.UNSAVED:
                return "never saved: gone, unless an agent or a copy holds it"
            case PrivateKeyState.IMPORTED:
                return IMPORTED
            case PrivateKeyState.ELSEWHERE:
                return of_elsewhere(key_pair.custody)[-1]


def _is_stranded(key_pair: KeptKeyPair, rotation: Rotation) -> bool:
    """Return whether nobody can have the private key of the pair that replaces this one."""
    successor = rotation.successor(key_pair)
    return successor is not None and not is_delivered(successor)


def _fate(key_pair: KeptKeyPair, rotation: Rotation) -> str:
    """Return what is to be known of one of many: its successor, or its private key file."""
    if successor := rotation.successor(key_pair):
        return f"replaced by {successor.key_name}, {_where(successor)}"
    return _saved_to(key_pair) if key_pair.custody.saved_to else ""


def _saved_to(key_pair: KeptKeyPair) -> str:
    return f"{many_to_delete.WAS_SAVED}{short_path(key_pair.custody.saved_to[-1])}"


def _where(successor: KeptKeyPair) -> str:
    if successor.custody.saved_to:
        return _saved_to(successor)
    return "delivered" if is_delivered(successor) else "never saved"


def files_of(key_pair: KeptKeyPair) -> str:
    """Return what becomes of the private key files of a pair, in words; blocks."""
    paths = key_pair.custody.saved_to
    try:
        there = len(files.present(paths))
    except OSError as error:
        return f"its file cannot be looked at: {error.strerror}"
    if len(paths) == 1:
        return f"{short_path(paths[0])} {'stays where it is' if there else 'is gone'}"
    if there == len(paths):
        return f"its {there} files stay where they are"
    if not there:
        return "its files are gone"
    return f"{there} of its {len(paths)} files stay{'s' * (there == 1)}; the rest is gone"


def has_lost_its_files(key_pair: KeptKeyPair) -> bool:
    """Return whether no file to which a private key was saved is there any more; blocks."""
    try:
        return bool(key_pair.custody.saved_to) and not files.present(key_pair.custody.saved_to)
    except OSError:
        return False  # it is not known
