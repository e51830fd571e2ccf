import json
import os
import pwd
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, NoReturn

import pytest

from core import choices, settings
from core.client import Client, ClientError
from core.ec2.authorization import Authorizer
from core.ec2.policy import Policy
from core.ec2.regions import region
from core.errors import (
    DryRunOperation,
    EC2Error,
    SettingsError,
    StoreError,
    UnauthorizedOperation,
)
from core.keys.reading import import_material
from core.local.opening import open_local
from core.model import Tag
from core.session import Session
from core.store.region_store import RegionStore
from core.store.transaction import Transaction
from tests.each_row import each_row
from tests.helpers import session_over

Request = dict[str, Any]
Statement = dict[str, Any]

ED = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILR+zNQbYY5ORuhYXGMTSnjRLzS9C5dUdWRKdlqi20q2"
NEVER = "key-0123456789abcdef0"
LIVE = "LIVE"  # stands for the id of the pair `live`


def allow(*actions: str, **more: Any) -> Statement:
    return {
        "Effect": "Allow",
        "Action": [f"ec2:{action}" for action in actions],
        "Resource": "*",
    } | more


def deny(*actions: str, **more: Any) -> Statement:
    return allow(*actions, **more) | {"Effect": "Deny"}


def when(operator: str, **keys: Any) -> Statement:
    named = {name.replace("__", ":").replace("_SLASH_", "/"): keys[name] for name in keys}
    return {"Condition": {operator: named}}


def document(*statements: Statement) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


@pytest.fixture
def live(session: Session) -> str:
    """Return the id of `live`, of type ed25519 and tagged env=prod; made without a policy."""
    client = Client(backend=session.backend)
    tags = [{"ResourceType": "key-pair", "Tags": [{"Key": "env", "Value": "prod"}]}]
    answer = client.import_key_pair(KeyName="live", PublicKeyMaterial=ED, TagSpecifications=tags)
    return f"{answer['KeyPairId']}"


def limited(store: RegionStore, *statements: Statement, read_only: bool = False) -> Client:
    policy = Policy.parse(document(*statements), source="test") if statements else None
    authorizer = Authorizer(region(store.region), "tester", policy=policy, read_only=read_only)
    return Client(backend=session_over(store, authorizer).backend)


def call(client: Client, method: str, request: Request, live: str) -> Request:
    text = json.dumps(request).replace(f'"{LIVE}"', f'"{live}"')
    answer: Request = getattr(client, method)(**json.loads(text))
    return answer


def answer_of(
    client: Client, method: str, request: Request, live: str = ""
) -> tuple[str, str, int]:
    with pytest.raises(ClientError) as caught:
        call(client, method, request, live)
    error = caught.value.response["Error"]
    status = caught.value.response["ResponseMetadata"]["HTTPStatusCode"]
    return error["Code"], error["Message"], status


def tagged(**tags: str) -> Request:
    items = [{"Key": key, "Value": value} for key, value in tags.items()]
    return {"TagSpecifications": [{"ResourceType": "key-pair", "Tags": items}]}


CREATE: Request = {"KeyName": "new", "KeyType": "ed25519"}
IMPORT: Request = {"KeyName": "new", "PublicKeyMaterial": ED}
SET_TAG: Request = {"Resources": [LIVE], "Tags": [{"Key": "team", "Value": "ops"}]}

OPERATIONS: dict[str, tuple[str, Request]] = {
    "CreateKeyPair": ("create_key_pair", CREATE),
    "ImportKeyPair": ("import_key_pair", IMPORT),
    "DescribeKeyPairs": ("describe_key_pairs", {}),
    "DeleteKeyPair": ("delete_key_pair", {"KeyName": "live"}),
    "CreateTags": ("create_tags", SET_TAG),
    "DeleteTags": ("delete_tags", {"Resources": [LIVE], "Tags": [{"Key": "env"}]}),
    "DescribeTags": ("describe_tags", {}),
}
READS = ("DescribeKeyPairs", "DescribeTags")
WRITES = [action for action in OPERATIONS if action not in READS]

BAD: dict[str, Request] = {
    "CreateKeyPair": {"KeyName": "", "KeyType": "dsa", "KeyFormat": "der"} | tagged(x=300 * "x"),
    "ImportKeyPair": {"KeyName": "live", "PublicKeyMaterial": "nonsense"},
    "DescribeKeyPairs": {"KeyNames": ["nobody"], "KeyPairIds": [NEVER]},
    "DeleteKeyPair": {},
    "CreateTags": {"Resources": [], "Tags": []},
    "DeleteTags": {"Resources": ["nonsense"]},
    "DescribeTags": {"MaxResults": 1, "NextToken": "x"},
}


def on_disk(folder: Path) -> dict[str, bytes]:
    return {f"{path}": path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# Every operation ------------------------------------------------------------------------------


@pytest.mark.parametrize("action", OPERATIONS)
def test_an_operation_needs_a_statement_that_allows_it(
    action: str, store: RegionStore, live: str, tmp_path: Path
) -> None:
    method, request = OPERATIONS[action]
    others = [each for each in OPERATIONS if each != action]
    before = on_disk(tmp_path)
    refused = answer_of(limited(store, allow(*others)), method, request, live)
    assert (refused[0], refused[2]) == ("UnauthorizedOperation", 403)
    assert refused[1].endswith(f"because no identity-based policy allows the ec2:{action} action")
    assert on_disk(tmp_path) == before
    answer = call(limited(store, allow(action)), method, request, live)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200


@pytest.mark.parametrize("action", OPERATIONS)
def test_an_explicit_deny_beats_every_allow(
    action: str, store: RegionStore, live: str, tmp_path: Path
) -> None:
    method, request = OPERATIONS[action]
    before = on_disk(tmp_path)
    client = limited(store, allow("*"), deny(action))
    code, message, status = answer_of(client, method, request, live)
    assert (code, status) == ("UnauthorizedOperation", 403)
    assert message.endswith("with an explicit deny in an identity-based policy")
    assert on_disk(tmp_path) == before


@pytest.mark.parametrize("request_", ["good", "bad"])
@pytest.mark.parametrize("action", OPERATIONS)
def test_a_dry_run_is_412_or_403_whatever_the_parameters_and_changes_nothing(
    action: str, request_: str, store: RegionStore, live: str, tmp_path: Path
) -> None:
    method, request = OPERATIONS[action]
    request = (request if request_ == "good" else BAD[action]) | {"DryRun": True}
    before = on_disk(tmp_path)
    for client in (limited(store), limited(store, allow("*"))):
        dry = ("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412)
        assert answer_of(client, method, request, live) == dry
    for client in (limited(store, deny("*")), limited(store, allow("RunInstances"))):
        code, _, status = answer_of(client, method, request, live)
        assert (code, status) == ("UnauthorizedOperation", 403)
    assert on_disk(tmp_path) == before


@pytest.mark.parametrize("action", OPERATIONS)
def test_a_dry_run_in_an_empty_place_leaves_it_empty(
    action: str, store: RegionStore, tmp_path: Path
) -> None:
    method, request = OPERATIONS[action]
    code, _, status = answer_of(limited(store), method, request | {"DryRun": True}, NEVER)
    assert (code, status) == ("DryRunOperation", 412)
    assert list(tmp_path.iterdir()) == []


# Conditions -----------------------------------------------------------------------------------


def only(action: str, **keys: str) -> list[Statement]:
    return [allow(action, **when("StringEquals", **keys))]


def keys(quantifier: str, *tag_keys: str) -> list[Statement]:
    return [allow("*", **when(f"{quantifier}:StringEquals", aws__TagKeys=tag_keys))]


def on(action: str, resource: str) -> list[Statement]:
    return [allow(action, Resource=resource)]


def tagging(made_by: str, tagged_by: str) -> list[Statement]:
    return [allow(made_by), *only("CreateTags", ec2__CreateAction=tagged_by)]


OPS = only("*", aws__RequestTag_SLASH_team="ops")


@pytest.mark.parametrize(
    ("statements", "action", "more", "allowed"),
    [
        # What is asked for.
        (only("CreateKeyPair", ec2__KeyPairType="ed25519"), "CreateKeyPair", {}, True),
        (
            only("CreateKeyPair", ec2__KeyPairType="ed25519"),
            "CreateKeyPair",
            {"KeyType": "rsa"},
            False,
        ),
        (only("*", ec2__Region="us-east-1"), "CreateKeyPair", {}, True),
        (only("*", ec2__Region="eu-west-1"), "CreateKeyPair", {}, False),
        (only("*", ec2__Region="us-east-1"), "DescribeKeyPairs", {}, True),
        (only("*", ec2__Region="eu-west-1"), "DescribeTags", {}, False),
        # The tags of the request.
        (OPS, "CreateKeyPair", tagged(team="ops"), True),
        (OPS, "CreateKeyPair", tagged(team="dev"), False),
        (OPS, "CreateKeyPair", {}, False),
        (OPS, "ImportKeyPair", tagged(team="ops"), True),
        (OPS, "ImportKeyPair", tagged(Team="dev"), False),
        (OPS, "CreateTags", {}, True),
        (only("*", aws__RequestTag_SLASH_team="dev"), "CreateTags", {}, False),
        (OPS, "DeleteTags", {"Tags": [{"Key": "team", "Value": "ops"}]}, True),
        (OPS, "DeleteTags", {"Tags": [{"Key": "team", "Value": "dev"}]}, False),
        (OPS, "DeleteTags", {"Tags": [{"Key": "team"}]}, False),
        (keys("ForAllValues", "team", "env"), "CreateKeyPair", tagged(team="ops", env="x"), True),
        (keys("ForAllValues", "team"), "CreateKeyPair", tagged(team="ops", env="x"), False),
        (keys("ForAllValues", "team"), "ImportKeyPair", tagged(env="x"), False),
        (keys("ForAnyValue", "env"), "DeleteTags", {}, True),
        (keys("ForAnyValue", "team"), "DeleteTags", {}, False),
        # Tagging what is made needs CreateTags, only if there are tags.
        ([allow("CreateKeyPair")], "CreateKeyPair", {}, True),
        ([allow("CreateKeyPair")], "CreateKeyPair", tagged(), True),
        ([allow("CreateKeyPair")], "CreateKeyPair", tagged(team="ops"), False),
        ([allow("ImportKeyPair")], "ImportKeyPair", tagged(team="ops"), False),
        (tagging("CreateKeyPair", "CreateKeyPair"), "CreateKeyPair", tagged(team="ops"), True),
        (tagging("CreateKeyPair", "ImportKeyPair"), "CreateKeyPair", tagged(team="ops"), False),
        (tagging("ImportKeyPair", "ImportKeyPair"), "ImportKeyPair", tagged(team="ops"), True),
        (tagging("ImportKeyPair", "CreateKeyPair"), "ImportKeyPair", tagged(team="ops"), False),
        (only("CreateTags", ec2__CreateAction="CreateKeyPair"), "CreateTags", {}, False),
        ([allow("CreateTags")], "CreateKeyPair", tagged(team="ops"), False),
        *(
            ([allow(action), *only("CreateTags", ec2__KeyPairName=name)], action, more, allowed)
            for action in ("CreateKeyPair", "ImportKeyPair")
            for name, more, allowed in (
                ("new", tagged(team="ops"), True),
                ("other", tagged(team="ops"), False),
                ("other", {}, True),
            )
        ),
        # Who asks.
        *(
            (statements, "CreateKeyPair", {"KeyName": "tester-1"}, allowed)
            for statements, allowed in (
                (only("*", aws__username="tester"), True),
                (only("*", aws__username="live"), False),
                (only("*", aws__PrincipalArn="arn:aws:iam::000000000000:user/tester"), True),
                (only("*", aws__PrincipalArn="arn:aws:iam::000000000000:user/live"), False),
                (only("*", aws__PrincipalAccount="000000000000"), True),
                (only("*", aws__PrincipalAccount="000000000001"), False),
                (only("*", aws__PrincipalType="User"), True),
                (only("*", aws__PrincipalType="Account"), False),
                (on("*", "arn:aws:ec2:*:*:key-pair/${aws:username}-*"), True),
                (on("*", "arn:aws:ec2:*:*:key-pair/live-${aws:username}"), False),
                ([allow("*"), deny("*", **when("StringLike", aws__username="test*"))], False),
                ([allow("*"), deny("*", **when("Null", aws__username="false"))], False),
            )
        ),
        # What it is done to.
        *(
            (only("*", **{key: value}), action, {}, allowed)
            for action in ("DeleteKeyPair", "CreateTags", "DeleteTags")
            for key, value, allowed in (
                ("aws__ResourceTag_SLASH_env", "prod", True),
                ("aws__ResourceTag_SLASH_env", "test", False),
                ("ec2__ResourceTag_SLASH_env", "prod", True),
                ("ec2__ResourceTag_SLASH_none", "prod", False),
                ("ec2__KeyPairName", "live", True),
                ("ec2__KeyPairName", "other", False),
                ("ec2__KeyPairType", "ed25519", True),
                ("ec2__KeyPairType", "rsa", False),
                ("ec2__Region", "us-east-1", True),
                ("ec2__Region", "us-east-2", False),
            )
        ),
        (
            only("DeleteKeyPair", ec2__KeyPairName="live"),
            "DeleteKeyPair",
            {"KeyName": "x", "KeyPairId": LIVE},
            True,
        ),
        (only("DeleteKeyPair", ec2__KeyPairName="live"), "DeleteKeyPair", {"KeyName": "x"}, False),
        (on("DeleteKeyPair", "arn:aws:ec2:*:*:key-pair/li*"), "DeleteKeyPair", {}, True),
        (on("DeleteKeyPair", "arn:aws:ec2:*:*:key-pair/x*"), "DeleteKeyPair", {}, False),
        (
            on("DeleteKeyPair", "arn:aws:ec2:*:*:key-pair/x*"),
            "DeleteKeyPair",
            {"KeyName": "x", "KeyPairId": LIVE},
            False,
        ),
        (on("CreateKeyPair", "arn:aws:ec2:us-east-1:*:key-pair/n*"), "CreateKeyPair", {}, True),
        (on("CreateKeyPair", "arn:aws:ec2:us-east-2:*:key-pair/n*"), "CreateKeyPair", {}, False),
        (on("DescribeKeyPairs", "arn:aws:ec2:*:*:key-pair/*"), "DescribeKeyPairs", {}, False),
        (on("CreateTags", "arn:aws:ec2:*:*:key-pair/live"), "CreateTags", {}, True),
        (
            on("CreateTags", "arn:aws:ec2:*:*:key-pair/live"),
            "CreateTags",
            {"Resources": [LIVE, NEVER]},
            False,
        ),
    ],
)
def test_a_condition_decides(
    statements: list[Statement],
    action: str,
    more: Request,
    allowed: bool,
    store: RegionStore,
    live: str,
    tmp_path: Path,
) -> None:
    method, request = OPERATIONS[action]
    client = limited(store, *statements)
    if allowed:
        call(client, method, request | more, live)
        return
    before = on_disk(tmp_path)
    code, _, status = answer_of(client, method, request | more, live)
    assert (code, status) == ("UnauthorizedOperation", 403)
    assert on_disk(tmp_path) == before


@pytest.mark.parametrize("key", ["aws__CurrentTime", "aws__EpochTime"])
@pytest.mark.parametrize(
    ("until", "allowed"), [("2026-11-24T20:00:01Z", True), ("2026-11-24T20:00:00Z", False)]
)
def test_a_policy_can_end(key: str, until: str, allowed: bool, store: RegionStore) -> None:
    policy = Policy.parse(
        document(allow("*", **when("DateLessThan", **{key: until}))), source="test"
    )

    def now() -> datetime:
        return datetime(2026, 11, 24, 22, 0, 0, 900_000, tzinfo=timezone(timedelta(hours=2)))

    authorizer = Authorizer(region("eu-west-1"), "tester", policy=policy, now=now)
    session = session_over(store, authorizer.for_region(region(store.region)))
    with pytest.raises(DryRunOperation if allowed else UnauthorizedOperation):
        session.backend.create_key_pair(key_name="new", dry_run=True)


def test_who_may_not_describe_pairs_sees_them_in_no_other_way(
    store: RegionStore, live: str
) -> None:
    policy = Policy.parse(document(allow("*"), deny("DescribeKeyPairs")), source="test")
    authorizer = Authorizer(region(store.region), "tester", policy=policy)
    session = session_over(store, authorizer)
    key = import_material.read_public_key_material(ED)
    looks: list[Callable[[], object]] = [
        session.journal,
        session.backend.deleted_key_pairs,
        lambda: session.key_pair_named("live"),
        lambda: session.key_pair_named("none"),
        lambda: session.key_pairs_of(key),
    ]
    for look in looks:
        with pytest.raises(UnauthorizedOperation):
            look()
    assert session.regions_in_use() == {store.region: None}
    assert session_over(store).regions_in_use() == {store.region: 1}


# Texts ----------------------------------------------------------------------------------------


@each_row(
    ("name", "partition"),
    [
        ("us-east-1", "aws"),
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        ("us-iso-east-1", "aws-iso"),
        ("eusc-de-east-1", "aws-eusc"),
    ],
)
@each_row("action", OPERATIONS)
def test_the_text_names_caller_action_and_resource_by_their_arns(
    action: str, name: str, partition: str, tmp_path: Path
) -> None:
    store = RegionStore(tmp_path, name)
    key_name = {"CreateKeyPair": "new", "ImportKeyPair": "new", "DeleteKeyPair": "live"}.get(action)
    arn = f"arn:{partition}:ec2:{name}:000000000000:key-pair/{key_name}"
    method, request = OPERATIONS[action]
    _, message, _ = answer_of(limited(store, allow("RunInstances")), method, request, NEVER)
    # What EC2 answers to Describe calls names no resource.
    resource = "" if action in READS else f" on resource: {arn if key_name else '*'}"
    assert message == (
        "You are not authorized to perform this operation."
        f" User: arn:{partition}:iam::000000000000:user/tester is not authorized to perform:"
        f" ec2:{action}{resource}"
        f" because no identity-based policy allows the ec2:{action} action"
    )


@pytest.mark.parametrize(
    ("method", "request_"),
    [
        ("delete_key_pair", {"KeyPairId": LIVE}),
        ("delete_key_pair", {"KeyName": "live"}),
        ("create_tags", {"Resources": [LIVE], "Tags": [{"Key": "env", "Value": "test"}]}),
        ("delete_tags", {"Resources": [LIVE], "Tags": [{"Key": "env"}]}),
        ("delete_tags", {"Resources": [LIVE]}),
    ],
)
def test_a_tag_set_while_the_lock_is_waited_for_protects_its_pair(
    method: str,
    request_: Request,
    store: RegionStore,
    live: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    overtaken_by(
        monkeypatch,
        lambda: limited(store).create_tags(
            Resources=[live], Tags=[{"Key": "keep", "Value": "yes"}]
        ),
    )
    kept = when("StringEquals", ec2__ResourceTag_SLASH_keep="yes")
    client = limited(store, allow("*"), deny("*", **kept))
    code, message, _ = answer_of(client, method, request_, live)
    assert code == "UnauthorizedOperation"
    assert message.endswith("with an explicit deny in an identity-based policy")
    [key_pair] = limited(store).describe_key_pairs()["KeyPairs"]
    assert {tag["Key"]: tag["Value"] for tag in key_pair["Tags"]} == {"env": "prod", "keep": "yes"}


def test_so_do_the_tags_that_a_form_sets_in_one_change(
    store: RegionStore, live: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    overtaken_by(
        monkeypatch,
        lambda: limited(store).create_tags(
            Resources=[live], Tags=[{"Key": "keep", "Value": "yes"}]
        ),
    )
    statements = allow("*"), deny("*", **when("StringEquals", ec2__ResourceTag_SLASH_keep="yes"))
    policy = Policy.parse(document(*statements), source="test")
    session = session_over(store, Authorizer(region(store.region), "tester", policy=policy))
    with pytest.raises(UnauthorizedOperation):
        session.backend.set_tags(key_pair_id=live, tags=[Tag("a")])
    [key_pair] = limited(store).describe_key_pairs()["KeyPairs"]
    assert [tag["Key"] for tag in key_pair["Tags"]] == ["env", "keep"]


def overtaken_by(monkeypatch: pytest.MonkeyPatch, change: Callable[[], object]) -> None:
    """Let another session make a change before the next one has the lock."""
    real = RegionStore.transaction

    def transaction(store: RegionStore) -> AbstractContextManager[Transaction]:
        monkeypatch.undo()
        change()
        return real(store)

    monkeypatch.setattr(RegionStore, "transaction", transaction)


# Reading only, and files that forbid ----------------------------------------------------------


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_session_that_only_reads_refuses_every_write(
    dry_run: bool, store: RegionStore, live: str, tmp_path: Path
) -> None:
    before = on_disk(tmp_path)
    for client in (limited(store, read_only=True), limited(store, allow("*"), read_only=True)):
        for action in WRITES:
            method, request = OPERATIONS[action]
            code, message, status = answer_of(client, method, request | {"DryRun": dry_run}, live)
            assert (code, status) == ("UnauthorizedOperation", 403)
            assert message.endswith("because this session only reads")
        assert len(client.describe_key_pairs()["KeyPairs"]) == 1
        assert len(client.describe_tags()["Tags"]) == 1
    assert on_disk(tmp_path) == before


def others_can_write(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    folder.chmod(0o777)
    return folder


def it_is_a_file(folder: Path) -> Path:
    folder.touch()
    return folder


def it_is_below_a_file(folder: Path) -> Path:
    folder.touch()
    return folder / "data"


ADDITIONS = ["CreateKeyPair", "ImportKeyPair"]


@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize(
    ("spoil", "action"),
    [
        *((others_can_write, action) for action in WRITES),
        *((it_is_a_file, action) for action in ADDITIONS),
        *((it_is_below_a_file, action) for action in ADDITIONS),
    ],
)
def test_a_folder_that_must_not_be_written_forbids_every_write(
    spoil: Callable[[Path], Path], action: str, dry_run: bool, tmp_path: Path
) -> None:
    session = open_local(spoil(tmp_path / "place"), "us-east-1")
    before = on_disk(tmp_path)
    method, request = OPERATIONS[action]
    code, message, status = answer_of(
        Client(backend=session.backend), method, request | {"DryRun": dry_run}, NEVER
    )
    assert (code, status) == ("UnauthorizedOperation", 403)
    assert str(tmp_path / "place") in message
    assert on_disk(tmp_path) == before


# Settings -------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def no_policy_of_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(choices, "SYSTEM_POLICY", tmp_path / "etc" / "policy.json")
    yield


REGION, AWS, DEFAULT = "KEYPAIRS_REGION", "AWS_REGION", "AWS_DEFAULT_REGION"


@pytest.mark.parametrize(
    ("argument", "environment", "expected"),
    [
        (None, {}, "us-east-1"),
        (None, {DEFAULT: "eu-west-1"}, "eu-west-1"),
        (None, {DEFAULT: "eu-west-1", AWS: "eu-west-2"}, "eu-west-2"),
        (None, {DEFAULT: "eu-west-1", AWS: "eu-west-2", REGION: "eu-west-3"}, "eu-west-3"),
        (None, {DEFAULT: "eu-west-1", AWS: "", REGION: ""}, "eu-west-1"),
        ("cn-north-1", {REGION: "eu-west-3"}, "cn-north-1"),
        ("xx-new-9", {}, "xx-new-9"),
    ],
)
def test_the_region_is_the_argument_or_the_first_variable_or_us_east_1(
    argument: str | None, environment: dict[str, str], expected: str, tmp_path: Path
) -> None:
    session = settings.open_session(argument, tmp_path / "data", environment=environment)
    assert session.region == expected


def test_a_region_that_is_none_is_refused(tmp_path: Path) -> None:
    for argument, environment in (("../x", {}), (None, {REGION: "nowhere"})):
        with pytest.raises(SettingsError, match="is not a Region"):
            settings.open_session(argument, tmp_path / "data", environment=environment)


def test_the_folder_is_the_argument_or_the_variable(tmp_path: Path) -> None:
    environment = {"KEYPAIRS_DATA_DIR": str(tmp_path / "variable")}
    for argument, expected in ((tmp_path / "argument", "argument"), (None, "variable")):
        session = settings.open_session(None, argument, environment=environment)
        session.backend.import_key_pair(key_name="a", public_key_material=ED)
        assert (tmp_path / expected / "us-east-1.json").exists()


def write_policy(path: Path, *statements: Statement) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(document(*statements))
    return path


@pytest.mark.parametrize(
    ("given", "denied"),
    [
        ((), None),
        (("etc",), "etc"),
        (("etc", "variable"), "variable"),
        (("etc", "argument"), "argument"),
        (("etc", "variable", "argument"), "argument"),
        (("variable", "argument"), "argument"),
        (("variable",), "variable"),
    ],
)
def test_the_policy_is_the_argument_or_the_variable_or_the_administrators(
    given: tuple[str, ...], denied: str | None, tmp_path: Path
) -> None:
    # Each policy denies the deletion of what has its own name.
    paths = {
        place: write_policy(
            tmp_path / place / "policy.json",
            allow("*"),
            deny("DeleteKeyPair", Resource=f"arn:*:ec2:*:*:key-pair/{place}"),
        )
        for place in given
    }
    environment = {"KEYPAIRS_POLICY": str(paths["variable"])} if "variable" in paths else {}
    session = settings.open_session(
        None, tmp_path / "data", paths.get("argument"), environment=environment
    )
    codes = {}
    for place in ("etc", "variable", "argument"):
        try:
            session.backend.delete_key_pair(key_name=place)
        except EC2Error as error:
            codes[place] = error.code
    assert codes == ({denied: "UnauthorizedOperation"} if denied else {})


@pytest.mark.parametrize("place", ["etc", "variable", "argument"])
@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("{", "not JSON"),
        ("", "not JSON"),
        ('{"Version": "2008-10-17"}', "Version"),
        (document(allow("*", **when("Sounds", ec2__Region="x"))), "Condition: unknown operator"),
        (document(allow("*", Colour="red")), "unknown element"),
        (document(allow("*", Principal="*")), "Principal is not allowed"),
        (None, "cannot be read"),
    ],
)
def test_a_policy_that_is_not_understood_stops_everything_and_names_the_place(
    content: str | None, why: str, place: str, tmp_path: Path
) -> None:
    path = tmp_path / place / "policy.json"
    path.parent.mkdir()
    if content is None:
        path.symlink_to("nothing")
    else:
        path.write_text(content)
    environment = {"KEYPAIRS_POLICY": str(path)} if place == "variable" else {}
    argument = path if place == "argument" else None
    for read_only in (False, True):
        with pytest.raises(SettingsError, match=why) as caught:
            settings.open_session(
                None, tmp_path / "data", argument, read_only=read_only, environment=environment
            )
        assert str(path) in str(caught.value)
    assert not (tmp_path / "data").exists()


def a_folder(path: Path) -> None:
    path.mkdir(parents=True)


def a_link_to_itself(path: Path) -> None:
    path.parent.mkdir()
    path.symlink_to(path)


def a_pipe(path: Path) -> None:
    path.parent.mkdir()
    os.mkfifo(path)


def a_policy_in_utf_16(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(document(allow("*")).encode("utf-16"))


def in_a_folder_that_cannot_be_looked_into(path: Path) -> None:
    # A loop, because nothing is closed to root.
    path.parent.symlink_to(path.parent)


@pytest.mark.parametrize(
    "make",
    [
        a_folder,
        a_link_to_itself,
        a_pipe,
        a_policy_in_utf_16,
        in_a_folder_that_cannot_be_looked_into,
    ],
)
def test_what_stands_in_the_administrators_place_does_not_open_the_door(
    make: Callable[[Path], None], tmp_path: Path
) -> None:
    make(Path(choices.SYSTEM_POLICY))
    with pytest.raises(SettingsError) as caught:
        settings.open_session(None, tmp_path / "data", environment={})
    assert str(caught.value).startswith(f"{choices.SYSTEM_POLICY}: ")


def test_an_option_that_names_no_policy_does_not_open_the_door(tmp_path: Path) -> None:
    # As in --policy "$POLICY" where the variable is not set.
    with pytest.raises(SettingsError):
        settings.open_session(None, tmp_path / "data", "", environment={})


def test_an_empty_variable_leaves_the_administrators_policy_in_force(tmp_path: Path) -> None:
    write_policy(Path(choices.SYSTEM_POLICY), allow("RunInstances"))
    environment = {"KEYPAIRS_POLICY": ""}
    session = settings.open_session(None, tmp_path / "data", environment=environment)
    with pytest.raises(EC2Error, match="no identity-based policy allows"):
        session.backend.describe_key_pairs()


def test_a_client_asks_the_policy_of_the_environment_and_names_the_login(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = write_policy(tmp_path / "variable" / "policy.json", allow("Describe*"))
    monkeypatch.setenv("KEYPAIRS_POLICY", str(policy))
    client = Client(region_name="cn-north-1", data_dir=tmp_path / "data")
    assert client.describe_key_pairs()["KeyPairs"] == []
    login = pwd.getpwuid(os.getuid()).pw_name
    code, message, _ = answer_of(client, "create_key_pair", CREATE)
    assert code == "UnauthorizedOperation"
    assert f"User: arn:aws-cn:iam::000000000000:user/{login} is not authorized" in message


def test_an_account_without_a_name_is_called_by_its_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(uid: int) -> NoReturn:
        raise KeyError(uid)

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    session = settings.open_session(None, tmp_path, read_only=True, environment={})
    _, message, _ = answer_of(Client(backend=session.backend), "create_key_pair", CREATE)
    assert f"user/{os.getuid()} is not authorized" in message


def test_a_session_that_only_reads_may_open_a_folder_that_it_cannot_use(tmp_path: Path) -> None:
    folder = others_can_write(tmp_path / "data")
    with pytest.raises(StoreError, match="Others can write"):
        settings.open_session(None, folder, environment={})
    session = settings.open_session(None, folder, read_only=True, environment={})
    assert session.backend.describe_key_pairs() == ()


def test_a_home_of_nobody_is_refused_in_a_sentence() -> None:
    nobody = "~no-such-user/x"
    for arguments in ((None, nobody), (None, None, nobody)):
        with pytest.raises(SettingsError, match="there is no such user"):
            settings.open_session(*arguments, environment={})
