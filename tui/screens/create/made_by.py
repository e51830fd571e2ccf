"""Tells the two ways of making a key for EC2 apart: what differs, what is allowed, what asks twice.

Made here, the key is born in this process and EC2 gets the public half. Made by EC2, the private
key crosses the network once.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from core.disk import destination
from core.disk.destination import PathVerdict
from core.ec2.backend import MadeBy
from core.errors import DryRunOperation, EC2Error, KeyPairsError, UnauthorizedOperation
from core.model import KeyFormat, KeyType, TagSpecification
from tui.actions.keymap import key_of
from tui.words.text import short_paths
from tui.words.verdict import Tone, Verdict

if TYPE_CHECKING:
    from core.ec2.place import Ec2Place

_ACTIONS = {MadeBy.HERE: "ec2:ImportKeyPair", MadeBy.EC2: "ec2:CreateKeyPair"}

_WORDS = {MadeBy.HERE: "made here", MadeBy.EC2: "made by EC2"}

_ANY_NAME = "-"
"""A name to ask with while none is typed: permission is decided before names are looked at."""


class AsksAgain(KeyPairsError):
    """A person has to want it a second time; says why."""


def judged(chosen: MadeBy, key_type: str, refused: Mapping[MadeBy, str]) -> Verdict:
    """Return what a way means for a key of a type, and why one that is refused is."""
    if chosen in refused:
        return Verdict(f"refused: {refused[chosen]}", Tone.BAD)
    words = _difference(chosen, key_type)
    for other, why in refused.items():
        words = f"{words}; {_WORDS[other]} is refused: {why}"
    return Verdict(words)


def _difference(chosen: MadeBy, key_type: str) -> str:
    if chosen is MadeBy.EC2:
        return (
            f"EC2 sends the private key once ({_ACTIONS[chosen]});"
            " if that answer is lost, so is the key"
        )
    shown = (
        "EC2 will show the MD5 of the public key"
        if key_type == KeyType.RSA
        else "EC2 shows the same fingerprint either way"
    )
    return f"only the public half is sent ({_ACTIONS[chosen]}); {shown}"


class Question(NamedTuple):
    """What permission depends on: a policy may name pairs, a type, and tags."""

    key_name: str
    key_type: str
    tag_specifications: Sequence[TagSpecification]


def refusals(place: "Ec2Place", question: Question) -> dict[MadeBy, str]:
    """Return why a way is refused, by dry runs of both; blocks.

    Raises:
        NoAnswer, NotReached, CredentialsError: see `core.ec2.unanswered`.
    """
    refused = {}
    for way in MadeBy:
        try:
            place.backend_by(way).create_key_pair(
                key_name=question.key_name or _ANY_NAME,
                key_type=question.key_type,
                tag_specifications=question.tag_specifications,
                dry_run=True,
            )
        except DryRunOperation:
            continue
        except UnauthorizedOperation as error:
            # What follows is for who may decode it.
            said = error.message.partition(" Encoded authorization")[0]
            refused[way] = f"{_ACTIONS[way]}: {said} {error.reason}".strip()
        except EC2Error:
            continue  # a fault in the request says nothing of what is allowed
    return refused


def ask_again(place: "Ec2Place", key_name: str, key_format: str) -> None:
    """Look at what a private key of EC2 would have to go through, before there is one; blocks.

    Raises:
        AsksAgain: it would cross the network in the clear, or could not be saved where it is
            offered to.
    """
    cautions = []
    if place.is_in_the_clear():
        cautions.append("the private key would cross the network unencrypted (http)")
    offered = destination.examine(destination.suggest(key_name, KeyFormat(key_format)))
    if offered.verdict is PathVerdict.REFUSED:
        cautions.append(f"it could not be saved where that is offered: {offered.explanation}")
    if cautions:
        submit = key_of("create.submit")
        raise AsksAgain(
            short_paths(f"{'; '.join(cautions)}. {submit} again creates it all the same")
        )
