"""Makes rows of the table of key pairs: short, aligned, and safe to draw."""

from datetime import datetime

from core.custody.rotation import NOTHING_REPLACED, Rotation, is_delivered
from core.model import AgentStay, KeptKeyPair, PrivateKeyState
from core.words.plural import n_of
from tui.actions.keymap import key_of
from tui.screens.list.key_pair_table import Row
from tui.words.pairs import (
    IMPORTED,
    MARKS,
    day_or_time,
    key_lengths,
    may_be_lost,
    of_agent_stay,
    of_elsewhere,
    tag_texts,
)
from tui.words.text import named, short_path, shortened


def row_of(key_pair: KeptKeyPair, today: datetime) -> Row:
    """Return the row of a key pair; `today` is an aware time of the present day."""
    state = key_pair.custody.private_key
    return Row(
        mark=MARKS[PrivateKeyState.UNSAVED] if may_be_lost(key_pair) else MARKS.get(state, ""),
        name=shortened(key_pair.key_name),
        key_type=key_pair.key_type.value,
        fingerprint=shortened(key_pair.key_fingerprint),
        created=day_or_time(key_pair.create_time, today),
        tags=tag_texts(key_pair),
        tag_keys=key_lengths(key_pair),
    )


def wants_attention(key_pair: KeptKeyPair, rotation: Rotation) -> bool:
    """Return whether something is to be done about a pair."""
    unsaved = key_pair.custody.private_key is PrivateKeyState.UNSAVED
    return unsaved or may_be_lost(key_pair) or rotation.successor(key_pair) is not None


def remarks(
    key_pair: KeptKeyPair,
    rotation: Rotation = NOTHING_REPLACED,
    stay: AgentStay | None = None,
    *,
    deletes: bool = True,
) -> list[str]:
    """Return the line about the pair under the cursor, the longest first, each shorter than before.

    It says which pair replaces which, where the private key is, and the id. What is to be done
    stands in front, where it is left out last; the id stands last, and goes first. `stay` is that
    of its private key in an agent, where it was added here; `deletes` says whether the key that
    deletes is about this pair now.
    """
    shorter: list[str] = []
    match key_pair.custody.private_key:
        case PrivateKeyState.UNSAVED:
            states = ["its private key was never saved"]
            if stay is not None:
                shorter = of_agent_stay(stay)
                states = [f"its private key {each}" for each in shorter]
        case PrivateKeyState.SAVED:
            # Not "is": looking for the file of every row would let a slow disk stop the list. The
            # label tells it from what is said when a key has just been saved.
            *others, last = key_pair.custody.saved_to
            path = short_path(last)
            more = f" and {n_of(len(others), 'more file')}" * bool(others)
            name = f"…/{path.rpartition('/')[2]}{more}"
            states = [
                f"its private key was saved to {path}{more}",
                f"its private key was saved to {name}",
            ]
            shorter = [f"was saved to {name}"]
        case PrivateKeyState.IMPORTED:
            states = [IMPORTED]
        case PrivateKeyState.ELSEWHERE:
            states = of_elsewhere(key_pair.custody)
    parts = []
    if successor := rotation.successor(key_pair):
        # Nobody can log in with the successor before somebody has its private key.
        is_over = deletes and is_delivered(successor)
        next_ = f"; {key_of('key-pair.delete')} deletes this pair" * is_over
        parts.append(f"replaced by {named(successor.key_name)}{next_}")
    if predecessor := rotation.predecessor(key_pair):
        parts.append(f"replaces {named(predecessor.key_name)}")
    wholes = [[*parts, state, key_pair.key_pair_id] for state in states]
    wholes += [[*parts, state] for state in (*states, *shorter)]
    wholes += [parts] if parts else []
    return [shortened(" · ".join(whole)) for whole in wholes]
