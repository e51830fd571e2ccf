"""Adds private keys to the agent, and says which key pairs the keys of an agent are."""

from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Event

from core.checks.agent_stays import ADDED, REMOVED, detail_of, stays
from core.checks.finding import PairReference
from core.custody import agent
from core.errors import EC2Error, StoreError, UnauthorizedOperation
from core.keys import ssh_types
from core.model import AgentStay, CreatedKeyPair, FileFormat, KeptKeyPair, PrivateKeyState
from core.process import changing
from core.session import Session


@dataclass(frozen=True, slots=True)
class AgentKey:
    """A key that the agent holds, and the pair of the Region that has it, if one has.

    `elsewhere` is a pair of another Region that has it, where none of this Region does. A
    certificate counts as the key that it certifies.
    """

    identity: agent.AgentIdentity
    key_pair: KeptKeyPair | None
    elsewhere: PairReference | None = None
    until: datetime | None = None
    """When the agent forgets it, where it was added here for a time and that is not over."""
    for_good: bool = False
    """Whether it was added here without a limit, as far as is known."""
    saved_to: tuple[str, ...] = ()
    """The files to which the private key of the pair was saved."""
    deleted: PairReference | None = None
    """The deleted pair that has it, the last of them, where no other pair does."""


@dataclass(frozen=True, slots=True)
class AgentContents:
    """What an agent holds; all but `keys` as in `agent.Holdings`."""

    path: str
    forwarded: bool
    keys: tuple[AgentKey, ...]
    owner: agent.AgentOwner | None = None
    ends_with_program: bool = False


@dataclass(frozen=True, slots=True)
class AddedToAgent:
    """A private key that the agent was seen to hold.

    `until` is when it forgets the key, None if it never does by itself. `owner` is the other
    account whose agent it is, if it is. `warning` is set when something else is not as it should
    be. `lifetime` is how long it was to keep the key, if not for good; `ends_with_program` as in
    `agent.Holdings`.
    """

    until: datetime | None
    confirm: bool
    forwarded: bool
    warning: str | None = None
    owner: agent.AgentOwner | None = None
    lifetime: timedelta | None = None
    ends_with_program: bool = False


NamedRegions = Iterable[tuple[str, Callable[[], Sequence[KeptKeyPair]]]]
"""The name of each Region, and how to ask for its pairs as far as allowed."""


def in_agent(session: Session) -> AgentContents:
    """Return what the ssh-agent of this session holds, and which pair each is.

    The pairs of a Region that may not be described count as unknown.

    Raises:
        AgentError: there is no agent, or it cannot be asked.
        StoreError: the Region's file cannot be read.
    """
    sessions = {each.region: each for each in session.in_every_region()}
    sessions[session.region] = session
    others = (
        (region, each.backend.describe_key_pairs)
        for region, each in sessions.items()
        if region != session.region
    )
    held = agent.holdings()
    here: Sequence[KeptKeyPair] = ()
    with suppress(UnauthorizedOperation):
        session.access.authorize("DescribeKeyPairs")
        # Of EC2, too, what is known here is enough: the agent is asked, and no network.
        here = tuple(session.store.read().key_pairs.values())
    found = contents(held, here, others)
    recorded, keys = {}, []
    for key in _with_deleted(found.keys, sessions):
        pair = key.key_pair or key.elsewhere
        region = key.elsewhere.region if key.elsewhere else session.region
        if region not in recorded:
            recorded[region] = stays(sessions[region])
        stay = recorded[region].get(pair.key_pair_id) if pair else None
        known = replace(key, until=stay.until, for_good=stay.for_good) if stay else key
        keys.append(known)
    return replace(found, keys=tuple(keys))


def _with_deleted(keys: Sequence[AgentKey], sessions: Mapping[str, Session]) -> list[AgentKey]:
    """Return keys with the deleted pairs of those that no pair has, as far as one may know."""
    if all(key.key_pair or key.elsewhere for key in keys):
        return [*keys]
    gone: dict[str, tuple[PairReference, KeptKeyPair]] = {}
    for region, session in sessions.items():
        with suppress(EC2Error, StoreError):  # of what cannot be seen nothing is known
            for each in session.backend.deleted_key_pairs():
                if (pair := each.key_pair) is not None:
                    reference = PairReference(region, pair.key_pair_id, pair.key_name)
                    gone.setdefault(pair.public_key, (reference, pair))
    found = []
    for key in keys:
        deleted = gone.get(_line_of(key.identity))
        if deleted is None or key.key_pair or key.elsewhere:
            found.append(key)
        else:
            reference, pair = deleted
            found.append(replace(key, deleted=reference, saved_to=pair.custody.saved_to))
    return found


def contents(
    holdings: agent.Holdings, key_pairs: Iterable[KeptKeyPair], others: NamedRegions
) -> AgentContents:
    """Return what an agent holds with the key pair that each is.

    The other Regions are searched only for keys that no pair of this Region has. Where several
    pairs have one key, one that was created here is named before those that were imported.
    """
    lines = [_line_of(identity) for identity in holdings.identities]
    created_last = sorted(
        key_pairs, key=lambda p: p.custody.private_key is not PrivateKeyState.IMPORTED
    )
    here = {key_pair.public_key: key_pair for key_pair in created_last}
    elsewhere = _elsewhere({*lines} - {*here}, others)
    keys = []
    for identity, line in zip(holdings.identities, lines, strict=True):
        region, pair = elsewhere.get(line, ("", here.get(line)))
        saved_to = pair.custody.saved_to if pair else ()
        if pair and region:
            reference = PairReference(region, pair.key_pair_id, pair.key_name)
            keys.append(AgentKey(identity, None, reference, saved_to=saved_to))
        else:
            keys.append(AgentKey(identity, pair, saved_to=saved_to))
    return AgentContents(
        holdings.path,
        holdings.forwarded,
        tuple(keys),
        holdings.owner,
        holdings.ends_with_program,
    )


def _line_of(identity: agent.AgentIdentity) -> str:
    """Return the key as it stands in a record, for a certificate the key in it."""
    if not identity.is_certificate:
        return identity.public_key
    algorithm = ssh_types.certified_type(identity.algorithm)
    return f"{algorithm} {b64encode(ssh_types.certified(identity.blob)).decode()}"


def keys_in_agent() -> frozenset[str] | None:
    """Return the public keys that the person's agent lists, or None where none of theirs answers.

    After `su` the one that answers may be that of the account before, which is not meant.
    """
    try:
        held = agent.holdings()
    except agent.AgentError:
        return None
    return frozenset(map(_line_of, held.identities)) if held.owner is None else None


def _elsewhere(lines: set[str], others: NamedRegions) -> dict[str, tuple[str, KeptKeyPair]]:
    found: dict[str, tuple[str, KeptKeyPair]] = {}
    for region, describe in others if lines else ():
        try:
            key_pairs = describe()
        except (EC2Error, StoreError):  # what is wrong with it is for the check-up to say
            continue
        for pair in key_pairs:
            if pair.public_key in lines:
                found.setdefault(pair.public_key, (region, pair))
    return found


@changing()
def add_to_agent(
    session: Session,
    created: CreatedKeyPair,
    *,
    lifetime: timedelta | None = None,
    confirm: bool = False,
    accepted: agent.AgentOwner | None = None,
    stop: Event | None = None,
) -> AddedToAgent:
    """Add the private key to the ssh-agent of this session, from memory.

    The record goes on saying that it was never saved: an agent forgets. That it was added, or
    may have been, stands in the journal. With a `lifetime` the agent forgets it after that;
    with `confirm` it asks before each use. `accepted` is the owner of an `AgentAsks` that the
    person said yes to; `stop` is set when they do not want to wait any longer.

    Raises:
        AgentAsks: the agent is another account's; nothing was added.
        AddNotConfirmed: the agent may hold it, but was not seen to.
        AgentError: there is no agent, or it refused.
    """
    try:
        added = put_into_agent(
            created,
            lifetime=lifetime,
            confirm=confirm,
            now=session.now,
            accepted=accepted,
            stop=stop,
        )
    except agent.AddNotConfirmed as doubt:
        try:
            with session.store.journaled(ADDED, created.key_pair, session.now()):
                raise
        except StoreError as error:
            reason = f"{doubt.reason} It is not in the journal. {error}"
            raise agent.AddNotConfirmed(reason) from None
    return replace(added, warning=record_added(session, created.key_pair, added))


def record_added(session: Session, key_pair: KeptKeyPair, added: AddedToAgent) -> str | None:
    """Write into the journal that an agent has a key, and return what went wrong, if it did."""
    ends = added.ends_with_program
    stay = AgentStay(session.now(), added.until, added.until is None, ends)
    session.in_agent[key_pair.key_pair_id] = stay
    return session.record(ADDED, key_pair, detail_of(added.until, ends_with_program=ends))


@changing()
def remove_from_agent(session: Session, key: AgentKey) -> str | None:
    """Have the agent forget a key, and return what went wrong with the journal, if anything did.

    Raises:
        AgentError: it was not done.
    """
    agent.remove(key.identity)
    pair = key.key_pair or key.elsewhere
    known = pair or key.deleted
    if known is None or key.identity.is_certificate:  # the key of a certificate may be there still
        return None
    session.in_agent.pop(known.key_pair_id, None)
    if pair is None:
        return None
    whose = session.for_region(key.elsewhere.region) if key.elsewhere else session
    return whose.record(REMOVED, pair)


def put_into_agent(
    created: CreatedKeyPair,
    *,
    lifetime: timedelta | None,
    confirm: bool,
    now: Callable[[], datetime],
    accepted: agent.AgentOwner | None = None,
    stop: Event | None = None,
) -> AddedToAgent:
    """Add a private key to the agent, and look whether it is there.

    `accepted` and `stop` are those of `agent.add`.

    Raises:
        AgentAsks: the agent is another account's; nothing was added.
        AddNotConfirmed: the agent may hold it, but was not seen to.
        AgentError: there is no agent, or it refused.
    """
    # Imported here: cryptography takes some 70 ms that asking an agent never needs.
    from core.keys import convert

    # A forgotten key must not be believed to be there. The time runs from before it was added, and
    # OpenSSH's agent counts whole seconds of a clock of its own, so that it may be one short.
    until = None if lifetime is None else now() + lifetime - timedelta(seconds=1)
    private_key = convert.decode(created.key_material.encode())
    # In OpenSSH's own format, because only in that does the agent get the name as the comment.
    comment = created.key_pair.key_name
    material = bytearray(convert.encode_as(private_key, FileFormat.OPENSSH, comment))
    try:
        agent.add(material, lifetime=lifetime, confirm=confirm, accepted=accepted, stop=stop)
    finally:
        material[:] = bytes(len(material))
    try:
        held = agent.holdings()
    except agent.AgentError as error:
        raise agent.AddNotConfirmed(f"ssh-add reported success. {error.reason}") from None
    if all(each.public_key != created.key_pair.public_key for each in held.identities):
        raise agent.AddNotConfirmed(
            "ssh-add reported success, but the agent does not list the key."
        )
    return AddedToAgent(
        until,
        confirm,
        held.forwarded,
        owner=held.owner,
        lifetime=lifetime,
        ends_with_program=held.ends_with_program,
    )
