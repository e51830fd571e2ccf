"""Says what came of importing key pairs into another Region."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from core import errors
from core.model import KeptKeyPair, PrivateKeyState
from core.region_imports import RegionImporter, fingerprint_elsewhere
from tui.words.refusals import listed

_WORDS: tuple[tuple[type[errors.KeyPairsError], str], ...] = (
    (errors.InvalidKeyPairDuplicate, "name taken by another key"),
    (errors.UnauthorizedOperation, "not allowed"),
    (errors.KeyPairLimitExceeded, "quota reached"),
    (errors.StoreDamaged, "file damaged"),
    (errors.StoreTooNew, "file of a newer version"),
    (errors.StoreLocked, "busy"),
    (errors.StoreNotConfirmed, "not confirmed"),
    (errors.NotConfirmed, "not confirmed"),
    (errors.NoCredentials, "no credentials"),
    (errors.KeyPairsError, "failed"),
)

_MOST_NAMED = 4

_WHY = (
    "EC2 shows SHA-1 of the private key for pairs it created and MD5 of the public key for"
    " imported ones."
)


@dataclass(frozen=True, slots=True)
class Imported:
    """The outcome for one pair in one Region: a word or two for its line, and everything.

    `done` says that the key stands there now, `error` why it does not, and `notice` what is to be
    said of the file there. The texts have not been made visible yet.
    """

    word: str
    text: str
    done: bool
    error: errors.KeyPairsError | None = field(default=None, compare=False)
    notice: str = ""


def import_pairs(
    importer: RegionImporter, key_pairs: Sequence[KeptKeyPair], region: str
) -> Iterator[dict[str, Imported]]:
    """Import pairs into a Region, and yield what came of some of them, by their ids; blocks."""
    ids = {key_pair.key_name: key_pair.key_pair_id for key_pair in key_pairs}
    left = len(key_pairs)
    try:
        for batch in importer.import_pairs(key_pairs, region):
            left = batch.left
            outcomes = {
                ids[there.key_name]: _imported(there, batch.notice) for there in batch.imported
            }
            outcomes |= {ids[name]: ALREADY_THERE for name in batch.already_there}
            yield outcomes | {ids[name]: _refused(error) for name, error in batch.refused}
    except errors.KeyPairsError as error:
        yield {each: _refused(error) for each in list(ids.values())[-left:]}


ALREADY_THERE = Imported("already there", "the same key stands there under this name", done=True)


def _imported(there: KeptKeyPair, notice: str) -> Imported:
    text = f"{there.key_pair_id}, {there.key_fingerprint}"
    return Imported("imported", text, done=True, notice=notice)


def _refused(error: errors.KeyPairsError) -> Imported:
    word = next(word for kind, word in _WORDS if isinstance(error, kind))
    code = f"{error.code}: " if isinstance(error, errors.EC2Error) else ""
    return Imported(word, f"{code}{error}", done=False, error=error)


def summary(outcomes: Iterable[Imported]) -> str:
    """Return what stands beside a Region: the one outcome, or how many there are of each."""
    counts = Counter(imported.word for imported in outcomes)
    if sum(counts.values()) == 1:
        return next(iter(counts))
    return ", ".join(f"{count:,} {word}" for word, count in counts.items())


def explained(came: Sequence[tuple[str, Imported]], of: int) -> str:
    """Return what came of pairs, by their names, in a line: first what was refused, and why.

    Args:
        came: the pairs of which that is known, and what came of each.
        of: how many there are in all; of one alone everything is said.
    """
    if of == 1:
        [(_, imported)] = came
        return "; ".join(filter(None, (f"{imported.word}: {imported.text}", imported.notice)))
    refused: dict[str, list[tuple[str, Imported]]] = {}
    for name, imported in came:
        if not imported.done:
            refused.setdefault(imported.word, []).append((name, imported))
    parts = [
        f"{listed([name for name, _ in each])}: {word}"
        + (f": {each[0][1].text}" if len(each) == 1 else "")
        for word, each in refused.items()
    ]
    done = [imported for _, imported in came if imported.done]
    parts += [f"{count:,} {word}" for word, count in Counter(c.word for c in done).items()]
    if len(came) < of:
        parts.append(f"{of - len(came):,} not yet")
    # What was said later counts what was said before.
    parts += [imported.notice for imported in done if imported.notice][-1:]
    return "; ".join(parts)


def caution(key_pairs: Sequence[KeptKeyPair]) -> str:
    """Return which pairs are of no use anywhere, or nothing."""
    unsaved = [p.key_name for p in key_pairs if p.custody.private_key is PrivateKeyState.UNSAVED]
    if not unsaved:
        return ""
    its = "Its private key was"
    if len(key_pairs) > 1:
        key = "The private key" if len(unsaved) == 1 else "The private keys"
        its = f"{key} of {listed(unsaved)} {'was' if len(unsaved) == 1 else 'were'}"
    are, them = ("it is", "it") if len(unsaved) == 1 else ("they are", "them")
    return f"{its} never saved: {are} of no use elsewhere, unless an agent or a copy holds {them}."


def note(key_pairs: Sequence[KeptKeyPair]) -> str:
    """Return what becomes of the fingerprints, in lines."""
    there = [_fingerprint(pair) for pair in key_pairs]
    others = [
        (pair, fingerprint)
        for pair, fingerprint in zip(key_pairs, there, strict=True)
        if fingerprint != pair.key_fingerprint
    ]
    if not others:
        whose = "Its fingerprint" if len(key_pairs) == 1 else "Their fingerprints"
        return f"{whose} will read the same there."
    if len(key_pairs) == 1:
        # The fingerprint first: in a small window, the reason is what has to be scrolled to.
        return f"Its fingerprint will read differently there: {there[0]}\n{_WHY}"
    which = f"The fingerprints of {_some_of(len(others), key_pairs)}"
    named = [f"{pair.key_name}: {fingerprint}" for pair, fingerprint in others[:_MOST_NAMED]]
    more = [f"and {len(others) - _MOST_NAMED:,} more"] if len(others) > _MOST_NAMED else []
    return "\n".join([f"{which} will read differently there: {_WHY}", *named, *more])


def _some_of(count: int, key_pairs: Sequence[KeptKeyPair]) -> str:
    all_ = len(key_pairs)
    return f"all {all_:,} pairs" if count == all_ else f"{count:,} of the {all_:,} pairs"


def _fingerprint(key_pair: KeptKeyPair) -> str:
    try:
        return fingerprint_elsewhere(key_pair)
    except errors.EC2Error as error:
        return str(error)
