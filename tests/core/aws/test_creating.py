from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from core.aws import credentials
from core.aws.backend import Ec2Backend
from core.ec2.backend import MadeBy
from core.ec2.unanswered import (
    CredentialsError,
    NameOfAnother,
    NextStep,
    NoAnswer,
    NotKnown,
    NotMade,
    NotSeen,
    PrivateKeyLost,
)
from core.errors import (
    DryRunOperation,
    InvalidKeyFormat,
    InvalidKeyPairDuplicate,
    ServiceError,
    UnauthorizedOperation,
)
from core.keys import convert, keygen
from core.model import KeptKeyPair, KeyType, PrivateKeyState, Tag, TagSpecification
from core.store.access import RegionAccess, open_region
from core.store.journal import Change
from tests.ec2_server import AT_ONCE, LOST, Ec2Server, Fault
from tests.helpers import PUBLIC_KEY, quickly

Open = Callable[..., Ec2Backend]

_LOST = quickly(LOST, *AT_ONCE[:2])
"""A connection that stays open in silence is as slow as an answer that stays unfinished."""

TAGS = (TagSpecification("key-pair", (Tag("Env", "prod"),)),)


@pytest.mark.parametrize("fault", [None, *_LOST])
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
    assert not created.by_ec2
    assert server.calls["CreateKeyPair"] == 0


def test_made_here_a_pair_that_was_there_is_a_duplicate(
    server: Ec2Server, open_backend: Open
) -> None:
    backend = open_backend(MadeBy.HERE)
    backend.create_key_pair(key_name="ci", key_type="ed25519")
    server.faults["ImportKeyPair"] = [Fault.RESET]
    with pytest.raises(InvalidKeyPairDuplicate):
        backend.create_key_pair(key_name="ci", key_type="ed25519")


@pytest.mark.parametrize("fault", _LOST)
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
    assert shown.custody.private_key is PrivateKeyState.UNSAVED
    (entry,) = access.store.journal.read()
    assert (entry.operation, entry.outcome) == ("CreateKeyPair", "begun")


def test_an_orphan_that_cannot_be_asked_about_is_in_doubt_and_is_marked_later(
    server: Ec2Server, open_backend: Open, access: RegionAccess, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = open_backend(MadeBy.EC2)
    refused = ("AuthFailure", "AWS was not able to validate the credentials", 401)
    server.faults["CreateKeyPair"] = [Fault.RESET]
    server.after["CreateKeyPair"] = lambda: server.refusals.update(DescribeKeyPairs=refused)
    with pytest.raises(NotKnown, match=f"{refused[1]}. Look for it .* private key is lost"):
        backend.create_key_pair(key_name="ci", key_type="ed25519")
    server.refusals.clear()
    (call,) = access.store.journal.read()
    assert call.outcome == "begun"
    assert marked(backend.describe_key_pairs()) == {"ci": call.time}
    # So it is where the credentials end meanwhile, which nobody is asked for again and again.
    asked: list[object] = []

    def find(session: object) -> str:
        if server.calls["CreateKeyPair"] > 1:
            asked.append(session)
            raise CredentialsError("The session has expired.", NextStep.LOG_IN)
        return "env"

    monkeypatch.setattr(credentials, "find", find)
    server.faults["CreateKeyPair"], server.after = [Fault.RESET], {}
    with pytest.raises(NotKnown, match="cannot be asked: The session has expired"):
        backend.create_key_pair(key_name="web", key_type="ed25519")
    assert len(asked) == 1
    assert [each.outcome for each in access.store.journal.read()] == ["begun", "begun"]


def test_nobody_waits_for_the_journal_while_ec2_makes_a_key(
    server: Ec2Server, open_backend: Open, access: RegionAccess
) -> None:
    backend = open_backend(MadeBy.EC2)
    other = open_region(lambda: access.store.folder, access.region, access.authorizer)
    seen: list[list[tuple[str | None, str]]] = []

    def write_meanwhile() -> None:
        journal = other.store.journal
        with journal.record(other.region, [Change("DeleteKeyPair", "other")], other.now()):
            seen.append([(entry.key_name, entry.outcome) for entry in journal.read()])

    server.before["CreateKeyPair"] = write_meanwhile
    backend.create_key_pair(key_name="ci", key_type="ed25519")
    assert seen == [[("ci", "begun"), ("other", "begun")]]
    assert {entry.outcome for entry in access.store.journal.read()} == {"done"}


@pytest.mark.parametrize("made_by", MadeBy)
def test_a_new_pair_is_one_line_of_the_journal_with_its_id(
    made_by: MadeBy, open_backend: Open, access: RegionAccess
) -> None:
    created = open_backend(made_by).create_key_pair(key_name="ci", key_type="ed25519")
    (entry,) = access.store.journal.read()
    assert (entry.operation, entry.key_name, entry.outcome) == ("CreateKeyPair", "ci", "done")
    assert entry.key_pair_id == created.key_pair.key_pair_id


def test_an_orphan_that_is_deleted_is_not_journalled_as_seen(
    server: Ec2Server, open_backend: Open, access: RegionAccess
) -> None:
    server.faults["CreateKeyPair"] = [Fault.RESET]
    backend = open_backend(MadeBy.EC2)
    with pytest.raises(PrivateKeyLost) as lost:
        backend.create_key_pair(key_name="ci", key_type="ed25519")
    backend.delete_key_pair(key_pair_id=lost.value.key_pair.key_pair_id)
    operations = [entry.operation for entry in access.store.journal.read()]
    assert operations == ["CreateKeyPair", "DeleteKeyPair"]


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
    assert created.by_ec2
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

    server.client_of = after_the_first_look  # type: ignore[assignment] # asks, then answers
    with pytest.raises(NameOfAnother):
        backend.create_key_pair(key_name="ci", key_type="rsa")
    assert len(theirs.describe_key_pairs()["KeyPairs"]) == 1


def test_what_ec2_never_made_is_said_not_to_be_made(server: Ec2Server, open_backend: Open) -> None:
    backend = open_backend(MadeBy.EC2)
    server.refusals["CreateKeyPair"] = ("InternalError", "An internal error", 500)
    with pytest.raises(NotMade):
        backend.create_key_pair(key_name="ci", key_type="rsa")
    assert server.calls["CreateKeyPair"] == 1


def marked(pairs: Sequence[KeptKeyPair]) -> dict[str, datetime | None]:
    """Return of which unanswered call each pair may be, by its name."""
    assert all(pair.custody.private_key is PrivateKeyState.ELSEWHERE for pair in pairs)
    return {pair.key_name: pair.custody.unanswered for pair in pairs}


def not_made(backend: Ec2Backend, server: Ec2Server, key_type: str = "ed25519") -> None:
    """Have EC2 be called for `ci` and not answer, and show no pair of that name."""
    server.faults["CreateKeyPair"] = [Fault.RESET]
    with pytest.raises(NotMade):
        backend.create_key_pair(key_name="ci", key_type=key_type)


@pytest.mark.long
def test_what_ec2_shows_later_may_be_of_the_call_that_was_not_answered(
    server: Ec2Server, open_backend: Open, access: RegionAccess
) -> None:
    server.hidden = 600.0
    not_made(open_backend(MadeBy.EC2), server)
    server.hidden = 0.0
    server.client_of("us-east-1").create_key_pair(KeyName="web", KeyType="ed25519")
    (call,) = access.store.journal.read()
    assert marked(open_backend().describe_key_pairs()) == {"ci": call.time, "web": None}
    # It is in the file, too.
    again = open_backend(anew=True)
    assert marked(again.describe_key_pairs()) == {"ci": call.time, "web": None}
    # What is known better goes out of the file again.
    with access.store.transaction() as transaction:
        shown = transaction.state.named("ci")
        assert shown is not None
        known = shown.custody._replace(unanswered=None)
        transaction.update(replace(shown, custody=known), None)
    state = access.for_region(access.region).store.read()
    assert marked([*state.key_pairs.values()]) == {"ci": None, "web": None}
    # Who made it anew knows it.
    again.delete_key_pair(key_name="ci")
    again.create_key_pair(key_name="ci", key_type="ed25519")
    (ci, _) = sorted(open_backend(anew=True).describe_key_pairs(), key=lambda p: p.key_name)
    assert ci.custody.private_key is PrivateKeyState.UNSAVED
    assert ci.custody.unanswered is None


def test_a_pair_that_the_call_cannot_have_made_is_not_said_to_be_of_it(
    server: Ec2Server, open_backend: Open, access: RegionAccess
) -> None:
    backend = open_backend(MadeBy.EC2)
    server.hidden = 600.0
    not_made(backend, server, "rsa")
    theirs = server.client_of("us-east-1")
    theirs.delete_key_pair(KeyName="ci")
    # An RSA key that was imported has another kind of fingerprint.
    line = convert.public_key(keygen.generate(KeyType.RSA)).line
    theirs.import_key_pair(KeyName="ci", PublicKeyMaterial=line.encode())
    server.hidden = 0.0
    assert marked(backend.describe_key_pairs()) == {"ci": None}


def test_a_pair_that_is_older_than_the_call_is_not_said_to_be_of_it(
    server: Ec2Server, open_backend: Open
) -> None:
    backend = open_backend(MadeBy.EC2)
    server.hidden = 600.0
    not_made(backend, server)
    server.hidden = 0.0
    old = "<keySet><item><keyPairId>key-00000000000000001</keyPairId><keyName>ci</keyName>"
    old += "<keyFingerprint>AAAA</keyFingerprint><keyType>ed25519</keyType>"
    old += "<createTime>2026-01-01T00:00:00.000Z</createTime></item></keySet>"
    server.bodies["DescribeKeyPairs"] = old
    assert marked(backend.describe_key_pairs()) == {"ci": None}


@pytest.mark.parametrize("made_by", MadeBy)
def test_a_clear_refusal_is_given_on(
    made_by: MadeBy, server: Ec2Server, open_backend: Open
) -> None:
    refused = ("UnauthorizedOperation", "You are not authorized to perform this operation.", 403)
    server.refusals = {"CreateKeyPair": refused, "ImportKeyPair": refused}
    with pytest.raises(UnauthorizedOperation) as error:
        open_backend(made_by).create_key_pair(key_name="ci")
    assert error.value.message == "You are not authorized to perform this operation."


def _of_76_columns(text: str) -> str:
    first, *lines, last = text.splitlines()
    body = "".join(lines)
    return "\n".join([first, *(body[i : i + 76] for i in range(0, len(body), 76)), last])


@pytest.mark.parametrize("key_type", KeyType)
@pytest.mark.parametrize(
    "laid_out", [_of_76_columns, lambda text: text.replace("\n", "\r\n"), str.rstrip]
)
def test_however_ec2_lays_out_a_private_key_it_can_be_kept(
    laid_out: Callable[[str], str],
    key_type: KeyType,
    server: Ec2Server,
    open_backend: Open,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = server.client_of("us-east-1")
    create = client.create_key_pair

    def created(**request: Any) -> dict[str, Any]:
        answer = create(**request)
        return answer | {"KeyMaterial": laid_out(answer["KeyMaterial"])}

    monkeypatch.setattr(client, "create_key_pair", created)
    made = open_backend(MadeBy.EC2).create_key_pair(key_name="ci", key_type=key_type)
    (shown,) = open_backend().describe_key_pairs()
    # Also to the last byte, as a file is proven.
    private_key = convert.decode(made.key_material.encode())
    assert convert.public_key(private_key).line == shown.public_key
    assert (made.warning, server.calls["CreateKeyPair"]) == (None, 1)


def test_a_private_key_in_another_format_than_was_asked_for_is_written_in_that(
    server: Ec2Server, open_backend: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = server.client_of("us-east-1")
    create = client.create_key_pair
    monkeypatch.setattr(
        client, "create_key_pair", lambda **asked: create(**{**asked, "KeyFormat": "pem"})
    )
    made = open_backend(MadeBy.EC2).create_key_pair(key_name="ci", key_format="ppk")
    assert made.key_material.reveal().startswith("PuTTY-User-Key-File-2: ssh-rsa")


def test_an_answer_without_a_private_key_in_it_is_a_lost_one(
    server: Ec2Server, open_backend: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = server.client_of("us-east-1")
    create = client.create_key_pair
    monkeypatch.setattr(
        client, "create_key_pair", lambda **asked: create(**asked) | {"KeyMaterial": "none"}
    )
    with pytest.raises(PrivateKeyLost):
        open_backend(MadeBy.EC2).create_key_pair(key_name="ci", key_type="ed25519")


@pytest.mark.parametrize("fault", _LOST)
def test_an_import_whose_answer_was_lost_is_no_duplicate(
    fault: Fault, server: Ec2Server, open_backend: Open
) -> None:
    backend = open_backend(MadeBy.HERE, fault)
    server.faults["ImportKeyPair"] = [fault]
    imported = backend.import_key_pair(key_name="me", public_key_material=PUBLIC_KEY)
    assert backend.describe_key_pairs() == (imported,)
    with pytest.raises(InvalidKeyPairDuplicate):
        backend.import_key_pair(key_name="me", public_key_material=PUBLIC_KEY)


def test_an_import_in_doubt_does_not_ask_on_where_the_login_has_ended(
    server: Ec2Server, open_backend: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def find(session: object) -> str:
        if server.calls["ImportKeyPair"]:
            asked.append(session)
            raise CredentialsError("The session has expired.", NextStep.LOG_IN)
        return "env"

    backend = open_backend()
    monkeypatch.setattr(credentials, "find", find)
    server.faults["ImportKeyPair"] = [Fault.RESET]
    with pytest.raises(NotSeen, match="the connection broke off"):
        backend.import_key_pair(key_name="me", public_key_material=PUBLIC_KEY)
    assert len(asked) == 2


def test_a_busy_ec2_is_asked_again(server: Ec2Server, open_backend: Open) -> None:
    server.throttled["ImportKeyPair"] = 3
    open_backend(MadeBy.HERE).create_key_pair(key_name="ci", key_type="ed25519")
    assert server.calls["ImportKeyPair"] == 4


def test_a_deletion_whose_answer_was_lost_is_said_to_be_done(
    server: Ec2Server, open_backend: Open
) -> None:
    backend = open_backend(MadeBy.HERE)
    pair = backend.create_key_pair(key_name="ci", key_type="ed25519").key_pair
    server.faults["DeleteKeyPair"] = [Fault.RESET]
    assert backend.delete_key_pair(key_name="ci") == pair.key_pair_id


@pytest.mark.parametrize("fault", _LOST)
def test_a_deletion_of_which_no_answer_comes_is_looked_up(
    fault: Fault, server: Ec2Server, open_backend: Open
) -> None:
    backend = open_backend(MadeBy.HERE, fault)
    pair = backend.create_key_pair(key_name="ci", key_type="ed25519").key_pair
    server.faults["DeleteKeyPair"] = [fault] * 3
    assert backend.delete_key_pair(key_name="ci") == pair.key_pair_id
    (gone,) = backend.deleted_key_pairs()
    assert gone.key_pair is not None
    assert gone.key_pair.key_name == "ci"


def test_what_became_of_a_change_without_an_answer_is_not_claimed(
    server: Ec2Server, open_backend: Open
) -> None:
    backend = open_backend(MadeBy.HERE)
    pair = backend.create_key_pair(key_name="ci", key_type="ed25519").key_pair
    # It never acts.
    for operation in ("DeleteKeyPair", "CreateTags", "DeleteTags"):
        server.refusals[operation] = ("InternalError", "An internal error", 500)
    with pytest.raises(NoAnswer, match="status 500; whether ci was deleted is not known"):
        backend.delete_key_pair(key_name="ci")
    with pytest.raises(NoAnswer, match="whether the tags were changed is not known"):
        backend.create_tags(resources=[pair.key_pair_id], tags=[Tag("a", "b")])
    with pytest.raises(NoAnswer, match="whether the tags were changed is not known"):
        backend.delete_tags(resources=[pair.key_pair_id])
    with pytest.raises(NoAnswer, match=r"status 500\.$"):
        backend.create_tags(resources=[pair.key_pair_id], tags=[Tag("a", "b")], dry_run=True)
    assert [shown.key_name for shown in backend.describe_key_pairs()] == ["ci"]


def test_an_import_without_an_answer_is_not_taken_for_the_pair_of_another_key(
    server: Ec2Server, open_backend: Open
) -> None:
    server.client_of("us-east-1").create_key_pair(KeyName="me", KeyType="ed25519")
    server.refusals["ImportKeyPair"] = ("InternalError", "An internal error", 500)
    with pytest.raises(InvalidKeyPairDuplicate):
        open_backend().import_key_pair(key_name="me", public_key_material=PUBLIC_KEY)
    assert server.calls["ImportKeyPair"] == 1


def test_a_private_key_is_sent_nowhere_though_ec2_would_refuse_it(
    server: Ec2Server, open_backend: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = open_backend(MadeBy.HERE)
    created = backend.create_key_pair(key_name="ci", key_type="ed25519")
    private = bytes(created.key_material.encode())
    sent: list[str] = []

    def answer(region: str, operation: str, fields: Mapping[str, str]) -> tuple[int, str]:
        sent.append(fields.get("PublicKeyMaterial", ""))
        return Ec2Server.answer(server, region, operation, fields)

    monkeypatch.setattr(server, "answer", answer)
    with pytest.raises(InvalidKeyFormat) as refused:
        backend.import_key_pair(key_name="me", public_key_material=private)
    assert refused.value.reason.startswith("This is a private key.")
    assert sent == []
    with pytest.raises(DryRunOperation):
        backend.import_key_pair(key_name="me", public_key_material=private.decode(), dry_run=True)
    assert [b64decode(each) for each in sent] == [b"-"]


def test_an_ec2_that_stays_busy_has_made_nothing(server: Ec2Server, open_backend: Open) -> None:
    server.throttled["ImportKeyPair"] = 1_000
    backend = open_backend()
    with pytest.raises(ServiceError, match="Request limit exceeded") as error:
        backend.import_key_pair(key_name="me", public_key_material=PUBLIC_KEY)
    assert error.value.code == "RequestLimitExceeded"
    assert 3 < server.calls["ImportKeyPair"] < 30
    assert backend.describe_key_pairs() == ()
