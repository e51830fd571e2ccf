"""A private key on its way to the agent, and which key pairs the keys of an agent are."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from core import agent
from core.model import CreatedKeyPair, FileFormat, KeyPair


@dataclass(frozen=True, slots=True)
class AgentKey:
    """A key that the agent holds, and the pair that it is, if it is one of the Region's."""

    identity: agent.Identity
    key_pair: KeyPair | None


@dataclass(frozen=True, slots=True)
class AgentContents:
    """What an agent holds; `path` is where it listens, `forwarded` as in `agent.Holdings`."""

    path: str
    forwarded: bool
    keys: tuple[AgentKey, ...]


@dataclass(frozen=True, slots=True)
class AddedToAgent:
    """A private key that the agent was seen to hold.

    `until` is when it forgets the key, None if it never does by itself. `warning` is set when
    something else is not as it should be.
    """

    until: datetime | None
    confirm: bool
    forwarded: bool
    warning: str | None = None


def contents(holdings: agent.Holdings, key_pairs: Iterable[KeyPair]) -> AgentContents:
    """Return what an agent holds with the key pair that each is."""
    known = {key_pair.public_key: key_pair for key_pair in key_pairs}
    keys = (AgentKey(each, known.get(each.public_key)) for each in holdings.identities)
    return AgentContents(holdings.path, holdings.forwarded, tuple(keys))


def add_to_agent(
    created: CreatedKeyPair,
    *,
    lifetime: timedelta | None,
    confirm: bool,
    now: Callable[[], datetime],
) -> AddedToAgent:
    """Add a private key to the agent, and look whether it is there.

    Raises:
        AgentError: there is no agent, it refused, or it does not list the key afterwards.
    """
    # Imported here: cryptography takes some 70 ms that asking an agent never needs.
    from core.encoding import private

    # A forgotten key must not be believed to be there. The time runs from before it was added, and
    # OpenSSH's agent counts whole seconds of a clock of its own, so that it may be one short.
    until = None if lifetime is None else now() + lifetime - timedelta(seconds=1)
    private_key = private.decode(created.key_material.encode())
    # In OpenSSH's own format, because only in that does the agent get the name as the comment.
    comment = created.key_pair.key_name
    material = bytearray(private.encode_as(private_key, FileFormat.OPENSSH, comment))
    try:
        agent.add(material, lifetime=lifetime, confirm=confirm)
    finally:
        material[:] = bytes(len(material))
    held = agent.holdings()
    if all(each.public_key != created.key_pair.public_key for each in held.identities):
        raise agent.AgentError("ssh-add reported success, but the agent does not list the key.")
    return AddedToAgent(until, confirm, held.forwarded)
