import io
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest

from core.aws import credentials, opted_in
from core.aws.backend import Ec2Backend
from core.aws.bounds.patience import Patience
from core.aws.connection import Connection
from core.aws.usage import usage
from core.ec2.authorization import Authorizer
from core.ec2.backend import MadeBy, NewKeyPair, TagChange
from core.ec2.filters import Filter
from core.ec2.place import Ec2Choice
from core.ec2.regions import region
from core.ec2.unanswered import CredentialsError, NextStep
from core.errors import (
    DryRunOperation,
    InvalidID,
    InvalidKeyPairNotFound,
    InvalidParameterValue,
    KeyPairsError,
    ServiceError,
    UnauthorizedOperation,
)
from core.model import PrivateKeyState, Tag, TagSelector
from core.store.access import RegionAccess
from tests.ec2_server import ACCOUNT, LOST, Ec2Server, Fault
from tests.helpers import PUBLIC_KEY

Open = Callable[..., Ec2Backend]
HERE, EC2 = MadeBy.HERE, MadeBy.EC2


def test_what_is_seen_is_kept_with_what_is_known_here(
    server: Ec2Server, open_backend: Open, access: RegionAccess
) -> None:
    backend = open_backend(HERE)
    backend.create_key_pair(key_name="ours", key_type="ed25519")
    server.client_of("us-east-1").create_key_pair(KeyName="theirs", KeyType="rsa")
    found = {pair.key_name: pair for pair in backend.describe_key_pairs()}
    assert {name: pair.custody.private_key for name, pair in found.items()} == {
        "ours": PrivateKeyState.UNSAVED,
        "theirs": PrivateKeyState.ELSEWHERE,
    }
    assert found["theirs"].custody.fingerprints.ssh_sha256.startswith("SHA256:")
    assert len(found["theirs"].key_fingerprint) == 59
    kept = access.store.read().key_pairs
    assert {pair.key_name: pair for pair in kept.values()} == found


def test_a_look_that_shows_nothing_new_writes_nothing(
    open_backend: Open, access: RegionAccess
) -> None:
    backend = open_backend(HERE)
    backend.create_key_pair(key_name="ours", key_type="ed25519")
    backend.describe_key_pairs()
    before = access.store.path.read_bytes()
    backend.describe_key_pairs()
    assert access.store.path.read_bytes() == before


def test_a_pair_that_vanished_keeps_its_custody(
    server: Ec2Server, open_backend: Open, access: RegionAccess
) -> None:
    backend = open_backend(HERE)
    created = backend.create_key_pair(key_name="ours", key_type="ed25519")
    now = access.now
    access.now = lambda: now() + timedelta(minutes=5)
    server.client_of("us-east-1").delete_key_pair(KeyName="ours")
    assert backend.describe_key_pairs() == ()
    (gone,) = backend.deleted_key_pairs()
    assert gone.key_pair is not None
    assert gone.key_pair.custody == created.key_pair.custody


def test_a_new_pair_that_is_shown_late_is_not_taken_for_deleted(
    server: Ec2Server, open_backend: Open
) -> None:
    backend = open_backend(HERE)
    backend.describe_key_pairs()
    server.hidden = 60.0
    created = backend.create_key_pair(key_name="ours", key_type="ed25519")
    assert [p.key_name for p in backend.describe_key_pairs()] == ["ours"]
    assert backend.deleted_key_pairs() == ()
    server.hidden = 0.0
    (shown,) = backend.describe_key_pairs()
    assert shown.key_pair_id == created.key_pair.key_pair_id
    assert shown.custody == created.key_pair.custody


def test_deleting_is_by_id_and_can_be_repeated(server: Ec2Server, open_backend: Open) -> None:
    backend = open_backend(HERE)
    pair = backend.create_key_pair(key_name="ours", key_type="ed25519").key_pair
    assert backend.delete_key_pair(key_name="ours") == pair.key_pair_id
    assert backend.delete_key_pair(key_pair_id=pair.key_pair_id) is None
    assert backend.delete_key_pair(key_name="ours") is None
    with pytest.raises(InvalidParameterValue):
        backend.delete_key_pair(key_pair_id="key-0123456789abcdef0")


def test_what_was_deleted_comes_back_as_a_new_pair_with_its_custody(
    open_backend: Open, access: RegionAccess
) -> None:
    backend = open_backend(HERE)
    pair = backend.create_key_pair(key_name="ours", key_type="rsa").key_pair
    backend.delete_key_pair(key_pair_id=pair.key_pair_id)
    again = backend.restore_key_pair(pair.key_pair_id)
    assert again.key_pair_id != pair.key_pair_id
    assert again.public_key == pair.public_key
    assert again.custody.private_key is PrivateKeyState.UNSAVED
    assert [p.key_pair_id for p in backend.describe_key_pairs()] == [again.key_pair_id]


def test_what_was_brought_back_is_no_longer_among_the_deleted_pairs(
    server: Ec2Server, open_backend: Open, access: RegionAccess
) -> None:
    backend = open_backend(HERE)
    ids = [
        backend.import_key_pair(key_name=name, public_key_material=PUBLIC_KEY).key_pair_id
        for name in ("ours", "web")
    ]
    for key_pair_id in ids:
        backend.delete_key_pair(key_pair_id=key_pair_id)
    before = len(access.store.journal.read())
    backend.restore_key_pair(ids[0])
    (batch,) = backend.restore_key_pairs([ids[1]])
    assert (len(batch.done), batch.refused) == (1, ())
    # Each is one act.
    entries = access.store.journal.read()[before:]
    assert [(entry.operation, entry.key_name) for entry in entries] == [
        ("RestoreKeyPair", "ours"),
        ("RestoreKeyPair", "web"),
    ]
    for each in (backend, open_backend(anew=True)):
        assert [pair.key_name for pair in each.describe_key_pairs()] == ["ours", "web"]
        assert each.deleted_key_pairs() == ()
        with pytest.raises(InvalidParameterValue, match=f"'{ids[0]}'"):
            each.restore_key_pair(ids[0])
    # EC2 answers otherwise for ids that were there once.
    assert {*ids} == access.store.read().deleted.keys()
    # What EC2 shows is shown, whatever was thought of it.
    now = access.now
    access.now = lambda: now() + timedelta(minutes=5)
    again = f"<item><keyPairId>{ids[0]}</keyPairId><keyName>ours</keyName></item>"
    server.bodies["DescribeKeyPairs"] = f"<keySet>{again}</keySet>"
    assert [pair.key_pair_id for pair in backend.describe_key_pairs()] == [ids[0]]
    assert backend.agrees


class Hasty(Patience):
    """Waits for no time, but knows that it was given up."""

    def wait(self, seconds: float) -> bool:
        return super().wait(0)


def test_who_gave_up_waiting_gave_up_only_what_was_under_way(
    server: Ec2Server, access: RegionAccess
) -> None:
    patience = Hasty()
    backend = Ec2Backend(Connection(Ec2Choice()), access, patience=patience)

    def is_given_up_after(call: Callable[[], object]) -> bool:
        patience.give_up()
        call()
        return patience.wait(0)

    server.throttled["ImportKeyPair"] = 1
    assert not is_given_up_after(
        lambda: backend.import_key_pair(key_name="a", public_key_material=PUBLIC_KEY)
    )
    (pair,) = backend.describe_key_pairs()
    backend.delete_key_pair(key_name="a")
    server.throttled["ImportKeyPair"] = 1
    assert not is_given_up_after(lambda: backend.restore_key_pair(pair.key_pair_id))
    (pair,) = backend.describe_key_pairs()
    ids, tags = [pair.key_pair_id], [Tag("x", "1")]
    assert not is_given_up_after(lambda: [*backend.tag_key_pairs(ids, tags)])
    change = TagChange(pair.key_pair_id, (), tags)
    assert not is_given_up_after(lambda: [*backend.set_tags_of_many([change])])
    # What is given up while several are imported or brought back stays given up for all of them.
    server.before["ImportKeyPair"] = patience.give_up
    (batch,) = backend.import_key_pairs([NewKeyPair("b", PUBLIC_KEY)])
    assert not batch.refused
    assert patience.wait(0)
    backend.delete_key_pair(key_name="b")
    (gone,) = backend.deleted_key_pairs()
    (batch,) = backend.restore_key_pairs([gone.key_pair_id])
    assert not batch.refused
    assert patience.wait(0)


def test_tags_that_are_set_are_no_failure_where_the_login_ends_meanwhile(
    server: Ec2Server, open_backend: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = open_backend(HERE)
    pair = backend.import_key_pair(key_name="ours", public_key_material=PUBLIC_KEY)

    def expire() -> None:
        def find(session: object) -> str:
            raise CredentialsError("The session has expired.", NextStep.LOG_IN)

        patch.setattr(credentials, "find", find)

    server.after["CreateTags"] = expire
    with monkeypatch.context() as patch:
        backend.create_tags(resources=[pair.key_pair_id], tags=[Tag("x", "1")])
    (shown,) = backend.describe_key_pairs()
    assert shown.tags == (Tag("x", "1"),)


def test_tags_are_set_in_ec2_and_noted_here(open_backend: Open, access: RegionAccess) -> None:
    backend = open_backend(HERE)
    pair = backend.create_key_pair(key_name="ours", key_type="ed25519").key_pair
    ids = [pair.key_pair_id]
    backend.create_tags(resources=ids, tags=[Tag("a", "1"), Tag("b", "2")])
    backend.delete_tags(resources=ids, tags=[TagSelector("a")])
    backend.set_tags(key_pair_id=pair.key_pair_id, tags=[Tag("c", "3")])
    (shown,) = backend.describe_key_pairs()
    assert shown.tags == (Tag("c", "3"),)
    assert access.store.read().key_pairs[pair.key_pair_id].tags == (Tag("c", "3"),)
    rows, token = backend.describe_tags()
    assert [(row.resource_id, row.key, row.value) for row in rows] == [(ids[0], "c", "3")]
    assert token is None
    with pytest.raises(InvalidID):
        backend.create_tags(resources=["key-0123456789abcdef0"], tags=[Tag("a")])


def test_names_ids_and_filters_are_ec2s_to_judge(open_backend: Open) -> None:
    backend = open_backend(HERE)
    pair = backend.import_key_pair(key_name="a*b", public_key_material=PUBLIC_KEY)
    assert backend.describe_key_pairs(key_names=["a*b"]) == (pair,)
    assert backend.describe_key_pairs(key_pair_ids=[pair.key_pair_id]) == (pair,)
    assert backend.describe_key_pairs(filters=[Filter("key-name", ("a*",))]) == (pair,)
    with pytest.raises(InvalidKeyPairNotFound) as error:
        backend.describe_key_pairs(key_names=["zz"])
    assert error.value.message == "The key pair 'zz' does not exist"


def test_a_read_only_session_sends_no_change(
    server: Ec2Server, open_backend: Open, access: RegionAccess
) -> None:
    access.authorizer = Authorizer(region("us-east-1"), "anna", read_only=True)
    backend = open_backend(HERE)
    for change in (
        lambda: backend.create_key_pair(key_name="a"),
        lambda: backend.import_key_pair(key_name="a", public_key_material=PUBLIC_KEY),
        lambda: backend.delete_key_pair(key_name="a"),
        lambda: backend.create_tags(resources=["x"], tags=[Tag("a")]),
        lambda: backend.delete_tags(resources=["x"]),
    ):
        with pytest.raises(UnauthorizedOperation):
            change()
    assert server.calls.total() + server.dry_runs.total() == 0


def test_an_unknown_refusal_keeps_its_code_text_and_status(
    server: Ec2Server, open_backend: Open
) -> None:
    server.refusals["DescribeKeyPairs"] = ("PendingVerification", "Your account …", 402)
    with pytest.raises(ServiceError) as error:
        open_backend(HERE).describe_key_pairs()
    assert (error.value.code, error.value.message, error.value.status) == (
        "PendingVerification",
        "Your account …",
        402,
    )


@pytest.mark.long
def test_reads_are_repeated_when_ec2_is_busy(server: Ec2Server, open_backend: Open) -> None:
    server.throttled["DescribeKeyPairs"] = 2
    assert open_backend(HERE).describe_key_pairs() == ()
    assert server.calls["DescribeKeyPairs"] == 3


def test_who_is_asked_and_as_whom(server: Ec2Server) -> None:
    connection = Connection(Ec2Choice())
    identity = connection.identity("us-east-1")
    assert (identity.account, identity.user) == (ACCOUNT, "anna")
    assert connection.foreign_host("us-east-1") == server.url.removeprefix("http://")
    assert not connection.is_in_the_clear("us-east-1")


@pytest.mark.parametrize(
    ("url", "in_the_clear"),
    [
        ("http://127.0.0.1:9", False),
        ("http://localhost:9", False),
        ("http://[::1]:9", False),
        ("http://10.0.0.1", True),
        ("http://127.evil.example", True),
        ("https://10.0.0.1", False),
    ],
)
def test_http_to_another_machine_is_in_the_clear(
    url: str, in_the_clear: bool, server: Ec2Server
) -> None:
    connection = Connection(Ec2Choice(endpoint_url=url))
    assert connection.is_in_the_clear("us-east-1") is in_the_clear


def test_what_was_launched_with_a_pair_is_told(server: Ec2Server) -> None:
    server.instances = [
        {
            "InstanceId": "i-1",
            "KeyName": "ci",
            "State": {"Code": 16, "Name": "running"},
            "Tags": [{"Key": "Name", "Value": "web"}],
        },
        {"InstanceId": "i-2", "KeyName": "other", "State": {"Code": 80, "Name": "stopped"}},
    ]
    server.templates = [
        {
            "LaunchTemplateId": "lt-1",
            "LaunchTemplateName": "fleet",
            "VersionNumber": number,
            "DefaultVersion": number == 1,
            "LaunchTemplateData": {"KeyName": "ci"},
        }
        for number in (1, 2)
    ]
    found = usage(Connection(Ec2Choice()), "us-east-1", "ci")
    assert [(i.instance_id, i.name, i.state) for i in found.instances or ()] == [
        ("i-1", "web", "running")
    ]
    assert [(t.template_id, t.name) for t in found.templates or ()] == [("lt-1", "fleet")]
    server.refusals["DescribeInstances"] = ("UnauthorizedOperation", "no", 403)
    found = usage(Connection(Ec2Choice()), "us-east-1", "ci")
    assert found.instances is None
    assert not found.is_known


@pytest.mark.long
@pytest.mark.parametrize("fault", LOST)
def test_no_log_and_no_error_holds_the_private_key(
    fault: Fault, server: Ec2Server, open_backend: Open
) -> None:
    log = io.StringIO()
    handler = logging.StreamHandler(log)
    logging.root.addHandler(handler)
    level = logging.root.level
    logging.root.setLevel(logging.DEBUG)
    for name in ("botocore", "botocore.parsers", "urllib3"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    try:
        backend = open_backend(EC2, fault)
        server.faults["CreateKeyPair"] = [fault]
        with suppress(KeyPairsError):
            backend.create_key_pair(key_name="ci", key_type="ed25519")
        backend.delete_key_pair(key_name="ci")
        created = backend.create_key_pair(key_name="ci", key_type="ed25519")
        material = created.key_material.reveal()
    finally:
        logging.root.removeHandler(handler)
        logging.root.setLevel(level)
        for name in ("botocore", "botocore.parsers", "urllib3"):
            logging.getLogger(name).setLevel(logging.NOTSET)
    assert "PRIVATE KEY" in material
    assert "PRIVATE KEY" not in log.getvalue()
    assert material.splitlines()[3] not in log.getvalue()


def test_regions_that_are_not_enabled_are_told_apart(server: Ec2Server) -> None:
    server.not_opted_in = {"af-south-1"}
    connection = Connection(Ec2Choice())
    found = opted_in.regions(connection, "us-east-1")
    assert [name for name, enabled in found.items() if not enabled] == ["af-south-1"]
    assert found["eu-west-1"]
    with pytest.raises(ServiceError) as error:
        connection.call("DescribeKeyPairs", "af-south-1")
    assert (error.value.code, error.value.status) == ("AuthFailure", 401)


@pytest.mark.parametrize(
    "operation", ["ImportKeyPair", "DeleteKeyPair", "CreateTags", "DeleteTags"]
)
def test_a_dry_run_is_ec2s_to_judge_and_changes_nothing(
    operation: str, server: Ec2Server, open_backend: Open
) -> None:
    backend = open_backend()
    pair = backend.create_key_pair(key_name="ours", key_type="ed25519").key_pair
    ids, tags = [pair.key_pair_id], [Tag("a", "1")]
    backend.create_tags(resources=ids, tags=tags)
    before = server.calls.copy()
    change: dict[str, Callable[[], object]] = {
        "ImportKeyPair": lambda: backend.import_key_pair(
            key_name="new", public_key_material=PUBLIC_KEY, dry_run=True
        ),
        "DeleteKeyPair": lambda: backend.delete_key_pair(key_name="ours", dry_run=True),
        "CreateTags": lambda: backend.create_tags(resources=ids, tags=[Tag("b")], dry_run=True),
        "DeleteTags": lambda: backend.delete_tags(resources=ids, dry_run=True),
    }
    with pytest.raises(DryRunOperation):
        change[operation]()
    assert [*server.dry_runs.elements()] == [operation]
    assert server.calls == before
    (shown,) = backend.describe_key_pairs()
    assert (shown.key_pair_id, shown.tags) == (pair.key_pair_id, tuple(tags))


def test_a_pair_that_was_never_seen_here_comes_back_after_it_was_deleted(
    server: Ec2Server, open_backend: Open
) -> None:
    theirs = server.client_of("us-east-1").create_key_pair(KeyName="theirs", KeyType="ed25519")
    backend = open_backend()
    assert backend.delete_key_pair(key_name="theirs") == theirs["KeyPairId"]
    (gone,) = backend.deleted_key_pairs()
    again = backend.restore_key_pair(theirs["KeyPairId"])
    assert gone.key_pair is not None
    assert again.public_key == gone.key_pair.public_key != ""
    assert [pair.key_name for pair in backend.describe_key_pairs()] == ["theirs"]


def test_what_was_never_deleted_does_not_come_back(server: Ec2Server, open_backend: Open) -> None:
    backend = open_backend()
    pair = backend.create_key_pair(key_name="ours", key_type="ed25519").key_pair
    with pytest.raises(InvalidParameterValue, match=f"'{pair.key_pair_id}'"):
        backend.restore_key_pair(pair.key_pair_id)
    assert server.calls["ImportKeyPair"] == 1


def test_only_tags_that_change_are_sent(server: Ec2Server, open_backend: Open) -> None:
    backend = open_backend()
    pair = backend.create_key_pair(key_name="ours", key_type="ed25519").key_pair
    tags = [Tag("a", "1"), Tag("b", "2")]
    first = backend.set_tags(key_pair_id=pair.key_pair_id, tags=tags)
    again = backend.set_tags(key_pair_id=pair.key_pair_id, tags=tags)
    assert first is not None
    assert again is not None
    assert again.before == again.after == first.after
    assert (server.calls["CreateTags"], server.calls["DeleteTags"]) == (1, 0)
    fewer = backend.set_tags(key_pair_id=pair.key_pair_id, tags=tags[:1])
    assert fewer is not None
    assert fewer.after.tags == (Tag("a", "1"),)
    assert (server.calls["CreateTags"], server.calls["DeleteTags"]) == (1, 1)
    assert backend.set_tags(key_pair_id="key-0123456789abcdef0", tags=[]) is None


def test_pairs_are_tagged_together_or_not_at_all(server: Ec2Server, open_backend: Open) -> None:
    backend = open_backend()
    ids = [
        backend.create_key_pair(key_name=name, key_type="ed25519").key_pair.key_pair_id
        for name in "ab"
    ]
    (batch,) = backend.tag_key_pairs(ids, [Tag("Env", "prod")])
    assert [pair.tags for pair in batch.done] == [(Tag("Env", "prod"),)] * 2
    assert [pair.tags for pair in batch.before] == [(), ()]
    unknown = "key-0123456789abcdef0"
    (batch,) = backend.tag_key_pairs([*ids, unknown], [Tag("Env", "test")])
    assert [refusal.name for refusal in batch.refused] == [*ids, unknown]
    assert batch.done == ()
    assert {pair.tags for pair in backend.describe_key_pairs()} == {(Tag("Env", "prod"),)}


@pytest.mark.parametrize("undoes", [False, True])
def test_what_is_undone_leaves_what_somebody_else_has_set_since(
    undoes: bool, server: Ec2Server, open_backend: Open
) -> None:
    backend = open_backend()
    pair = backend.create_key_pair(key_name="ours", key_type="ed25519").key_pair
    before, ours = [Tag("a", "1"), Tag("b", "1")], [Tag("a", "2"), Tag("b", "2")]
    backend.set_tags(key_pair_id=pair.key_pair_id, tags=ours)
    server.client_of("us-east-1").create_tags(
        Resources=[pair.key_pair_id], Tags=[{"Key": "a", "Value": "3"}]
    )
    (batch,) = backend.set_tags_of_many([TagChange(pair.key_pair_id, before, ours, undoes)])
    expected = {Tag("a", "3" if undoes else "1"), Tag("b", "1")}
    (done,) = batch.done
    (shown,) = backend.describe_key_pairs()
    assert {*done.tags} == {*shown.tags} == expected


def test_tags_of_a_pair_that_was_never_seen_here_are_set(
    server: Ec2Server, open_backend: Open, access: RegionAccess
) -> None:
    theirs = server.client_of("us-east-1").create_key_pair(KeyName="theirs", KeyType="ed25519")
    backend = open_backend()
    backend.create_tags(resources=[theirs["KeyPairId"]], tags=[Tag("a", "1")])
    assert access.store.read().key_pairs == {}
    (shown,) = backend.describe_key_pairs()
    assert shown.tags == (Tag("a", "1"),)
    assert shown.custody.private_key is PrivateKeyState.ELSEWHERE


# Regions that refuse --------------------------------------------------------------------------


def test_where_a_region_refuses_another_says_which_are_enabled(server: Ec2Server) -> None:
    server.not_opted_in = {"af-south-1"}
    found = opted_in.regions(Connection(Ec2Choice()), "af-south-1")
    assert [name for name, enabled in found.items() if not enabled] == ["af-south-1"]
    assert [region for region, _ in server.asked] == ["af-south-1", "us-east-1"]


def test_where_the_region_that_knows_refuses_no_other_is_asked(server: Ec2Server) -> None:
    server.refusals["DescribeRegions"] = ("UnauthorizedOperation", "You are not authorized.", 403)
    with pytest.raises(UnauthorizedOperation, match="You are not authorized"):
        opted_in.regions(Connection(Ec2Choice()), "us-east-1")
    assert server.asked == [("us-east-1", "DescribeRegions")]


def reason(connection: Connection, region: str) -> str:
    """Return why a Region refuses to describe key pairs, as far as it can be told."""
    with pytest.raises(ServiceError) as refused:
        connection.call("DescribeKeyPairs", region)
    return opted_in.why_refused(connection, region, refused.value)


@pytest.mark.parametrize(
    ("region", "code", "said", "asked"),
    [
        ("us-east-1", "ExpiredToken", "The credentials are those of a session that is over", 0),
        ("us-east-1", "AuthFailure", "", 0),  # no other Region would tell more
        ("af-south-1", "AuthFailure", "", 1),  # it is enabled, and so it must be something else
    ],
)
def test_only_a_reason_that_is_known_is_given_for_a_refusal(
    region: str, code: str, said: str, asked: int, server: Ec2Server
) -> None:
    server.refusals["DescribeKeyPairs"] = (code, "refused", 401)
    found = reason(Connection(Ec2Choice()), region)
    assert found.startswith(said) if said else found == ""
    assert server.calls["DescribeRegions"] == asked


@pytest.mark.parametrize("date", ["", "yesterday", "Mon, 30 Nov 2026 10:00:00"])
def test_of_a_host_that_does_not_tell_its_time_no_clock_is_blamed(
    date: str, server: Ec2Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.refusals["DescribeKeyPairs"] = ("AuthFailure", "refused", 401)
    server.clock_skew = timedelta(hours=1)
    connection = Connection(Ec2Choice())
    assert reason(connection, "us-east-1").startswith("This machine's clock is 60 minutes behind")
    monkeypatch.setattr("tests.ec2_server._Handler.date_time_string", lambda *_: date)
    assert reason(connection, "us-east-1") == ""
    assert connection.skew is None
