from collections.abc import Callable

import pytest

from core.aws.backend import Ec2Backend
from core.ec2.backend import MadeBy
from core.ec2.unanswered import NameOfAnother, NotMade, PrivateKeyLost
from core.errors import InvalidKeyPairDuplicate, UnauthorizedOperation
from core.keys import convert
from core.model import KeyType, PrivateKeyState, Tag, TagSpecification
from core.store.access import RegionAccess
from tests.ec2_server import LOST, Ec2Server, Fault

Open = Callable[..., Ec2Backend]

TAGS = (TagSpecification("key-pair", (Tag("Env", "prod"),)),)


@pytest.mark.parametrize("fault", [None, *LOST])
def test_made_here_the_key_is_in_hand_whatever_becomes_of_the_answer(
    fault: Fault | None, server: Ec2Server, open_backend: Open
) -> None:
    backend = open_backend(MadeBy.HERE, fault)
    server.faults["ImportKeyPair"] = [] if fault is None else [fault]
    created = backend.create_key_pair(
        key_name="ci", key_type="ed25519", key_format="pem", tag_specifications=TAGS
    )
    (shown,) = backend.describe_key_pairs()
    public_key = convert.public_key(convert.decode(created.key_material.encode()))
    assert shown.public_key == public_key.line
    assert shown.tags == (Tag("Env", "prod"),)
    assert shown.custody.private_key is PrivateKeyState.UNSAVED
    assert shown.key_pair_id == created.key_pair.key_pair_id
    assert server.calls["CreateKeyPair"] == 0


def test_made_here_a_pair_that_was_there_is_a_duplicate(
    server: Ec2Server, open_backend: Open
) -> None:
    backend = open_backend(MadeBy.HERE)
    backend.create_key_pair(key_name="ci", key_type="ed25519")
    server.faults["ImportKeyPair"] = [Fault.RESET]
    with pytest.raises(InvalidKeyPairDuplicate):
        backend.create_key_pair(key_name="ci", key_type="ed25519")


@pytest.mark.parametrize("fault", LOST)
def test_made_by_ec2_a_lost_answer_is_one_call_and_a_named_orphan(
    fault: Fault, server: Ec2Server, open_backend: Open, access: RegionAccess
) -> None:
    backend = open_backend(MadeBy.EC2, fault)
    server.faults["CreateKeyPair"] = [fault]
    with pytest.raises(PrivateKeyLost) as lost:
        backend.create_key_pair(key_name="ci", key_type="ed25519", tag_specifications=TAGS)
    assert server.calls["CreateKeyPair"] == 1
    (shown,) = backend.describe_key_pairs()
    assert lost.value.key_pair.key_pair_id == shown.key_pair_id
    assert shown.key_pair_id in str(lost.value)
    (entry,) = access.store.journal.read()
    assert (entry.operation, entry.outcome) == ("CreateKeyPair", "begun")


@pytest.mark.parametrize("key_type", KeyType)
@pytest.mark.parametrize("key_format", ["pem", "ppk"])
def test_made_by_ec2_the_key_is_that_of_the_pair(
    key_type: KeyType, key_format: str, open_backend: Open, server: Ec2Server
) -> None:
    backend = open_backend(MadeBy.EC2)
    created = backend.create_key_pair(key_name="ci", key_type=key_type, key_format=key_format)
    (shown,) = backend.describe_key_pairs()
    public_key = convert.public_key(convert.decode(created.key_material.encode()))
    assert shown.public_key == public_key.line
    assert created.key_pair.key_fingerprint == shown.key_fingerprint
    assert created.warning is None
    assert server.calls["CreateKeyPair"] == 1


def test_a_pair_that_somebody_else_made_meanwhile_is_not_claimed(
    server: Ec2Server, open_backend: Open
) -> None:
    backend = open_backend(MadeBy.EC2)
    server.refusals["CreateKeyPair"] = ("InternalError", "An internal error", 500)
    theirs = server.client_of("us-east-1")

    def imported_meanwhile(region: str) -> object:
        theirs.create_key_pair(KeyName="ci", KeyType="ed25519")
        server.client_of = lambda _: theirs
        return theirs

    asked = iter(range(9))

    def after_the_first_look(region: str) -> object:
        return theirs if next(asked) == 0 else imported_meanwhile(region)

    server.client_of = after_the_first_look  # type: ignore[assignment]
    with pytest.raises(NameOfAnother):
        backend.create_key_pair(key_name="ci", key_type="rsa")
    assert len(theirs.describe_key_pairs()["KeyPairs"]) == 1


def test_what_ec2_never_made_is_said_not_to_be_made(server: Ec2Server, open_backend: Open) -> None:
    backend = open_backend(MadeBy.EC2)
    server.refusals["CreateKeyPair"] = ("InternalError", "An internal error", 500)
    with pytest.raises(NotMade):
        backend.create_key_pair(key_name="ci", key_type="rsa")
    assert server.calls["CreateKeyPair"] == 1


@pytest.mark.parametrize("made_by", MadeBy)
def test_a_clear_refusal_is_given_on(
    made_by: MadeBy, server: Ec2Server, open_backend: Open
) -> None:
    refused = ("UnauthorizedOperation", "You are not authorized to perform this operation.", 403)
    server.refusals = {"CreateKeyPair": refused, "ImportKeyPair": refused}
    with pytest.raises(UnauthorizedOperation) as error:
        open_backend(made_by).create_key_pair(key_name="ci")
    assert error.value.message == "You are not authorized to perform this operation."
