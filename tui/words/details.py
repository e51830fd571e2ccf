"""Says what the details show of a key pair."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from core.checks.agent_stays import stays
from core.custody.rotation import NOTHING_REPLACED, Rotation
from core.disk.keys_in_hand import held
from core.errors import KeyPairsError, ProofFailed
from core.model import KeptKeyPair, PrivateKeyState, Tag
from core.words.plural import n_of
from tui.words import journal
from tui.words.pairs import IMPORTED, IN_HAND, added_to_agent, of_agent_stay, of_elsewhere
from tui.words.text import clip, pasteable, said_by, short_path, visible
from tui.words.verdict import Tone

if TYPE_CHECKING:
    from core.custody.recipes import Recipe
    from core.session import Session


class Part(Enum):
    """Which part of the page a section belongs to."""

    SUMMARY = auto()
    """What `keypairs show` begins with; the page has it in its headline and its other parts."""
    USE = auto()
    """What is needed to log in with the pair."""
    PROOF = auto()
    """What tells it from others, and what was done with it; beside the former where it fits."""
    MORE = auto()


class Section(NamedTuple):
    """A heading, and labels with their values; the values have not been made visible yet.

    What is `pasteable` is shown as it is copied; what is `judged` begins with a mark.
    """

    part: Part
    heading: str
    facts: Sequence[tuple[str, str]]
    pasteable: bool = False
    judged: bool = False


_MOST_HISTORY = 20
_TAG_AT_MOST = 30
"""Cells in which a tag is named that was set on several pairs."""
_LOG_IN = "ssh command"
"""The recipe up to which all of them serve to log in."""


def summary(
    key_pair: KeptKeyPair, rotation: Rotation = NOTHING_REPLACED
) -> Iterator[tuple[str, str]]:
    """Yield what is known of a pair at a glance, which the page has in its headline."""
    yield "Name", key_pair.key_name
    yield "Id", key_pair.key_pair_id
    yield "Type", key_pair.key_type.value
    yield "Created", f"{key_pair.create_time.astimezone():%Y-%m-%d %H:%M:%S %Z}"
    yield "EC2", key_pair.key_fingerprint
    yield "OpenSSH", key_pair.custody.fingerprints.ssh_sha256
    yield "Private key", where_it_is(key_pair)
    yield from replacements(key_pair, rotation)
    for tag in key_pair.tags:
        yield "Tag", f"{tag.key} = {tag.value}"


def created(key_pair: KeptKeyPair, now: datetime, form: str) -> str:
    """Return when a pair was created: of the last hour how long ago, as its key may be in hand.

    Args:
        now: an aware time.
        form: how an earlier time is written, as `strftime` has it.
    """
    ago = int((now - key_pair.create_time).total_seconds())
    if not 0 <= ago < 3600:
        return f"created {key_pair.create_time.astimezone():{form}}"
    return f"created {n_of(ago // 60, 'minute')} ago" if ago >= 60 else "created just now"


def named_tags(tags: Sequence[Tag]) -> str:
    """Return the first of some tags, cut if it is long, and how many more there are."""
    first = clip(visible(f"{tags[0].key}={tags[0].value}".removesuffix("=")), _TAG_AT_MOST)
    return first + f" and {n_of(len(tags) - 1, 'more tag')}" * (len(tags) > 1)


def replacements(
    key_pair: KeptKeyPair, rotation: Rotation = NOTHING_REPLACED
) -> Iterator[tuple[str, str]]:
    """Yield which pair a pair replaces, and which one replaces it, where there are such."""
    if key_pair.custody.replaces:
        predecessor = rotation.predecessor(key_pair)
        name = f"{predecessor.key_name} · " if predecessor else "deleted since · "
        yield "Replaces", name + key_pair.custody.replaces
    if successor := rotation.successor(key_pair):
        yield "Replaced by", f"{successor.key_name} · {successor.key_pair_id}"


def where_it_is(key_pair: KeptKeyPair) -> str:
    """Return what became of the private key, in words."""
    match key_pair.custody.private_key:
        case PrivateKeyState.UNSAVED:
            return "never saved: nobody can log in with it, unless an agent or a copy holds it"
        case PrivateKeyState.SAVED:
            return "was saved to " + ", ".join(map(short_path, key_pair.custody.saved_to))
        case PrivateKeyState.IMPORTED:
            return IMPORTED
        case PrivateKeyState.ELSEWHERE:
            return of_elsewhere(key_pair.custody)[0]


def sections(
    session: "Session", key_pair: KeptKeyPair, rotation: Rotation = NOTHING_REPLACED
) -> list[Section]:
    """Return the whole page, its sections in the order of use.

    It reads the saved files and the journal, so that it is not for the event loop.
    """
    from core.custody import file_kinds, recipes
    from core.keys.randomart import randomart_of

    kinds = file_kinds.by_content(key_pair.custody.saved_to)
    fingerprints: list[tuple[str, str]] = []
    for kind, value, command in recipes.fingerprint_commands(key_pair, kinds):
        fingerprints += [("", f"{kind}:"), ("", f"  {value}"), ("", f"  $ {command}")]
    try:
        art = randomart_of(key_pair)
    except ValueError:
        art = "the public key in the record is damaged"
    public_key = f"{key_pair.public_key} {key_pair.key_name}"
    to_paste = recipes.recipes(key_pair, session.region, kinds)
    titles = [recipe.title for recipe in to_paste]
    first_of_others = titles.index(_LOG_IN) + 1
    return [
        Section(Part.SUMMARY, "", list(summary(key_pair, rotation))),
        Section(Part.USE, "The private key file", list(_files(session, key_pair)), judged=True),
        *(_to_paste(Part.USE, recipe) for recipe in to_paste[:first_of_others]),
        Section(Part.USE, "Public key", [("", pasteable(public_key))], pasteable=True),
        Section(Part.PROOF, "Fingerprints, and how to get them", fingerprints, pasteable=True),
        Section(Part.PROOF, "History", list(_history(session, key_pair))),
        *(_to_paste(Part.MORE, recipe) for recipe in to_paste[first_of_others:]),
        Section(Part.MORE, "Randomart", [("", line) for line in art.splitlines()]),
    ]


def _to_paste(part: Part, recipe: "Recipe") -> Section:
    lines = [("", line) for line in recipe.text.splitlines()]
    return Section(part, recipe.title, lines, pasteable=True)


def _files(session: "Session", key_pair: KeptKeyPair) -> Iterator[tuple[str, str]]:
    stay = stays(session).get(key_pair.key_pair_id)
    if not key_pair.custody.saved_to:
        is_unsaved = key_pair.custody.private_key is PrivateKeyState.UNSAVED
        if is_unsaved and key_pair.key_pair_id in held(session.store.folder):
            yield "", IN_HAND
        else:
            yield "", of_agent_stay(stay)[0] if stay and is_unsaved else where_it_is(key_pair)
        return
    # Imported here: cryptography takes some 70 ms.
    from core.custody import proof

    for path in key_pair.custody.saved_to:
        try:
            proofs = proof.prove(Path(path), key_pair)
        except ProofFailed as error:
            yield "", f"✗ {said_by(error)}"
        else:
            yield "", f"✓ {short_path(path)}: {', '.join(proofs)}"
    if stay:
        yield "", added_to_agent(stay)


def _history(session: "Session", key_pair: KeptKeyPair) -> Iterator[tuple[str, str]]:
    try:
        entries = [e for e in session.journal() if e.key_pair_id == key_pair.key_pair_id]
    except KeyPairsError as error:
        yield "", said_by(error)
        return
    for entry in entries[-_MOST_HISTORY:]:
        act = journal.Act((entry,))
        client = f" from {entry.client}" if entry.client else ""
        ended, tone = journal.outcome(act)
        word, _ = journal.action(act.operation)
        said = [
            f"{act.time.astimezone():%H:%M} {word} by {act.user}{client}",
            *journal.details(act),
            *([ended] if tone is not Tone.PLAIN else []),
        ]
        yield f"{act.time.astimezone():%Y-%m-%d}", " · ".join(said)
