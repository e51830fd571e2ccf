import base64
import copy
import io
import logging
import pickle
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import botocore.exceptions  # type: ignore[import-untyped]  # botocore has no types
import botocore.session  # type: ignore[import-untyped]  # botocore has no types
import botocore.validate  # type: ignore[import-untyped]  # botocore has no types
import botocore.waiter  # type: ignore[import-untyped]  # botocore has no types
import pytest

from core import choices
from core.client import (
    Client,
    ClientError,
    KeyPairExistsWaiter,
    ParamValidationError,
    WaiterError,
)
from core.disk import replacing
from core.ec2 import regions, request_shapes
from core.ec2.authorization import Authorizer
from core.errors import StoreError
from core.local.opening import open_local
from core.secret import KeyMaterial, KeyMaterialGone
from core.store.region_store import RegionStore
from tests.core.keys.test_public import KNOWN, PRIVATE, PRIVATE_DER, Vector
from tests.each_row import each_row
from tests.helpers import session_over

Answer = dict[str, Any]
Request = dict[str, Any]

SESSION = botocore.session.Session()
MODEL = SESSION.get_service_model("ec2")
METHODS = {
    "CreateKeyPair": "create_key_pair",
    "ImportKeyPair": "import_key_pair",
    "DescribeKeyPairs": "describe_key_pairs",
    "DeleteKeyPair": "delete_key_pair",
    "CreateTags": "create_tags",
    "DeleteTags": "delete_tags",
    "DescribeTags": "describe_tags",
}
ED25519 = KNOWN["ed_a"].line
TAGS = [{"Key": "Name", "Value": "web"}]


def call(client: Client, operation: str, request: Request) -> Answer:
    answer: Answer = getattr(client, METHODS[operation])(**request)
    return answer


def refusal(client: Client, operation: str, request: Request) -> ClientError:
    with pytest.raises(ClientError) as caught:
        call(client, operation, request)
    return caught.value


# The service model ----------------------------------------------------------------------------

SCALARS = {"string": (str,), "boolean": (bool,), "integer": (int,)}


def in_our_words(shape: Any) -> request_shapes.Shape:
    assert not {"min", "max", "pattern"} & set(shape.metadata), shape
    match shape.type_name:
        case "structure":
            members = {name: in_our_words(member) for name, member in shape.members.items()}
            return request_shapes.Structure(members, tuple(shape.required_members))
        case "list":
            return request_shapes.ListOf(in_our_words(shape.member))
        case "blob":
            return request_shapes.Blob()
        case scalar:
            return request_shapes.Scalar(SCALARS[scalar])


@each_row("operation", METHODS)
def test_the_members_of_a_request_are_those_of_the_service_model(operation: str) -> None:
    expected = in_our_words(MODEL.operation_model(operation).input_shape)
    assert request_shapes.REQUESTS[operation] == expected
    # Our reports list the members in the order of the model.
    assert repr(request_shapes.REQUESTS[operation]) == repr(expected)


def test_there_is_a_method_for_each_operation_and_no_other() -> None:
    assert set(request_shapes.REQUESTS) == set(METHODS)
    public = {name for name in vars(Client) if not name.startswith("_")}
    assert public == {*METHODS.values(), "get_waiter", "exceptions"}
    for operation, method in METHODS.items():
        assert botocore.xform_name(operation) == method


def paths(shape: Any, place: str = "") -> Iterator[str]:
    """Yield every member of an answer that has no members itself."""
    match shape.type_name:
        case "structure":
            for name, member in shape.members.items():
                yield from paths(member, f"{place}.{name}")
        case "list":
            yield from paths(shape.member, f"{place}[]")
        case _:
            yield place


def seen(shape: Any, value: Any, place: str = "") -> Iterator[str]:
    """Check the types of an answer against its shape and yield the members that are there."""
    match shape.type_name:
        case "structure":
            assert isinstance(value, dict), place
            assert set(value) <= set(shape.members), place
            for name, item in value.items():
                yield from seen(shape.members[name], item, f"{place}.{name}")
        case "list":
            assert isinstance(value, list), place
            for item in value:
                yield from seen(shape.member, item, f"{place}[]")
        case "timestamp":
            assert value.utcoffset() == timedelta(0), place
            yield place
        case scalar:
            assert type(value) in SCALARS[scalar], place
            yield place


def test_the_members_of_the_answers_are_those_of_the_service_model(client: Client) -> None:
    specifications = [{"ResourceType": "key-pair", "Tags": TAGS}]
    many = [{"Key": f"{number}", "Value": "x"} for number in range(9)]
    found: dict[str, set[str]] = {operation: set() for operation in METHODS}

    def check(operation: str, **request: Any) -> Answer:
        answer = call(client, operation, request)
        shape = MODEL.operation_model(operation).output_shape
        members = {name: item for name, item in answer.items() if name != "ResponseMetadata"}
        if shape is None:
            assert members == {}
        else:
            found[operation] |= set(seen(shape, members))
        return answer

    new: Request = {"KeyType": "ed25519", "TagSpecifications": specifications}
    made = check("CreateKeyPair", KeyName="a", **new)
    check("CreateKeyPair", KeyName="b")
    check("ImportKeyPair", KeyName="c", PublicKeyMaterial=ED25519)
    new = {"PublicKeyMaterial": ED25519, "TagSpecifications": specifications}
    check("ImportKeyPair", KeyName="d", **new)
    check("DescribeKeyPairs")
    check("DescribeKeyPairs", KeyNames=["a"], IncludePublicKey=True)
    check("CreateTags", Resources=[made["KeyPairId"]], Tags=many)
    check("DescribeTags")
    check("DescribeTags", MaxResults=5)
    check("DeleteTags", Resources=[made["KeyPairId"]])
    check("DeleteKeyPair", KeyName="a")
    check("DeleteKeyPair", KeyName="a")
    for operation in METHODS:
        shape = MODEL.operation_model(operation).output_shape
        # Each member of the model was answered by one of these calls.
        assert found[operation] == (set() if shape is None else set(paths(shape)))


# The call shape -------------------------------------------------------------------------------


def test_an_answer_has_boto3s_metadata(client: Client) -> None:
    metadata = [client.describe_key_pairs()["ResponseMetadata"] for _ in range(2)]
    metadata.append(refusal(client, "DeleteKeyPair", {}).response["ResponseMetadata"])
    for each in metadata:
        uuid = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
        assert re.fullmatch(uuid, each.pop("RequestId"))
    assert metadata == [
        {"HTTPStatusCode": status, "HTTPHeaders": {}, "RetryAttempts": 0}
        for status in (200, 200, 400)
    ]


def test_every_request_has_an_id_of_its_own(client: Client) -> None:
    ids = [client.describe_key_pairs()["ResponseMetadata"]["RequestId"] for _ in range(20)]
    assert len(set(ids)) == 20


def test_arguments_are_keywords_only_as_boto3s_are(client: Client) -> None:
    with pytest.raises(TypeError):
        client.create_key_pair("web")  # type: ignore[call-arg]  # that is the point


def test_a_client_of_a_region_and_a_folder_finds_what_another_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KEYPAIRS_POLICY", raising=False)
    monkeypatch.setattr(choices, "SYSTEM_POLICY", tmp_path / "none")
    folder = tmp_path / "data"
    Client("eu-central-1", folder).import_key_pair(KeyName="web", PublicKeyMaterial=ED25519)
    again = Client(region_name="eu-central-1", data_dir=str(folder))
    assert [pair["KeyName"] for pair in again.describe_key_pairs()["KeyPairs"]] == ["web"]
    other = Client(region_name="eu-west-1", data_dir=folder)
    assert other.describe_key_pairs()["KeyPairs"] == []


def test_the_private_key_is_in_the_answer_and_its_holder_is_wiped(
    client: Client, made: list[KeyMaterial]
) -> None:
    answer = client.create_key_pair(KeyName="web", KeyType="ed25519")
    assert answer["KeyMaterial"].startswith("-----BEGIN OPENSSH PRIVATE KEY-----\n")
    assert len(made) == 1
    with pytest.raises(KeyMaterialGone):
        made[0].reveal()
    described = client.describe_key_pairs(IncludePublicKey=True)
    assert "KeyMaterial" not in described["KeyPairs"][0]


class Reader:
    """A file-like object that notes how it was read."""

    def __init__(self, content: str | bytes) -> None:
        self.file: Any = io.StringIO(content) if isinstance(content, str) else io.BytesIO(content)
        self.sizes: list[int] = []

    def read(self, size: int = -1) -> Any:
        self.sizes.append(size)
        return self.file.read(size)


@pytest.mark.parametrize(
    "wrap",
    [
        str,
        str.encode,
        lambda line: bytearray(line.encode()),
        io.StringIO,
        lambda line: io.BytesIO(line.encode()),
        Reader,
        lambda line: Reader(line.encode()),
    ],
)
def test_a_public_key_may_be_text_bytes_or_a_file(
    wrap: Callable[[str], Any], client: Client
) -> None:
    answer = client.import_key_pair(KeyName="web", PublicKeyMaterial=wrap(f"{ED25519} me\n"))
    assert answer["KeyFingerprint"] == KNOWN["ed_a"].fingerprint


def test_a_public_key_may_be_an_open_file(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "id.pub"
    path.write_text(f"{ED25519} me\n")
    with path.open("rb") as file:
        client.import_key_pair(KeyName="web-1", PublicKeyMaterial=file)
    with path.open() as text_file:
        client.import_key_pair(KeyName="web-2", PublicKeyMaterial=text_file)
    pairs = client.describe_key_pairs()["KeyPairs"]
    assert [pair["KeyFingerprint"] for pair in pairs] == 2 * [KNOWN["ed_a"].fingerprint]


def test_of_a_large_file_only_the_beginning_is_read(client: Client) -> None:
    reader = Reader(b"x" * 10_000_000)
    error = refusal(client, "ImportKeyPair", {"KeyName": "a", "PublicKeyMaterial": reader})
    assert error.response["Error"]["Message"].endswith("Length exceeds maximum of 2048.")
    assert len(reader.sizes) == 1
    assert 2048 < reader.sizes[0] <= 1_000_000


# Errors of the service ------------------------------------------------------------------------


REFUSALS: list[tuple[str, Request]] = [
    ("CreateKeyPair", {"KeyName": ""}),
    ("CreateKeyPair", {"KeyName": "web", "DryRun": True}),
    ("ImportKeyPair", {"KeyName": "web", "PublicKeyMaterial": "nonsense"}),
    ("DescribeKeyPairs", {"KeyNames": ["nobody"]}),
    ("DeleteKeyPair", {}),
    ("CreateTags", {"Resources": ["nobody"], "Tags": TAGS}),
    ("DeleteTags", {"Resources": ["nobody"]}),
    ("DescribeTags", {"MaxResults": 1}),
]


@pytest.mark.parametrize(("operation", "request_"), REFUSALS)
def test_an_error_is_the_one_that_botocore_makes_of_the_same_response(
    operation: str, request_: Request, client: Client
) -> None:
    error = refusal(client, operation, request_)
    theirs = botocore.exceptions.ClientError(error.response, operation)
    assert str(error) == str(theirs)
    assert error.args == theirs.args
    assert error.operation_name == theirs.operation_name == operation
    assert vars(error) == vars(theirs)
    assert set(error.response) == {"Error", "ResponseMetadata"}
    assert set(error.response["Error"]) == {"Code", "Message"}


def test_the_exceptions_of_a_client_hold_its_error(client: Client) -> None:
    try:
        client.delete_key_pair()
    except client.exceptions.ClientError as error:
        assert error.response["Error"]["Code"] == "MissingParameter"
    assert client.exceptions.ClientError is ClientError


def test_errors_survive_the_way_to_another_process(client: Client) -> None:
    errors: list[Any] = [refusal(client, "DeleteKeyPair", {})]
    with pytest.raises(ParamValidationError) as bad:
        client.delete_key_pair(Name="web")
    errors.append(bad.value)
    with pytest.raises(WaiterError) as waited:
        client.get_waiter("key_pair_exists").wait(
            KeyNames=["nobody"], WaiterConfig={"MaxAttempts": 1}
        )
    errors.append(waited.value)
    for error in errors:
        for other in (pickle.loads(pickle.dumps(error)), copy.copy(error)):  # noqa: S301 - our own bytes
            assert type(other) is type(error)
            assert str(other) == str(error)
            assert vars(other) == vars(error)


def damage(store: RegionStore) -> None:
    store.path.write_bytes(store.path.read_bytes()[:-1])


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("CreateKeyPair", {"KeyName": "new", "KeyType": "ed25519"}),
        ("ImportKeyPair", {"KeyName": "new", "PublicKeyMaterial": ED25519}),
        ("DescribeKeyPairs", {}),
        ("DeleteKeyPair", {"KeyName": "web"}),
        ("CreateTags", {"Resources": ["key-0123456789abcdef0"], "Tags": TAGS}),
        ("DeleteTags", {"Resources": ["key-0123456789abcdef0"]}),
        ("DescribeTags", {}),
    ],
)
def test_a_damaged_file_is_an_internal_error_and_stays_as_it_is(
    operation: str, request_: Request, client: Client, store: RegionStore
) -> None:
    client.import_key_pair(KeyName="web", PublicKeyMaterial=ED25519)
    damage(store)
    content = store.path.read_bytes()
    error = refusal(client, operation, request_)
    assert error.response["Error"]["Code"] == "InternalError"
    assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    assert str(store.path) in error.response["Error"]["Message"]
    assert isinstance(error.__cause__, StoreError)
    assert error.response["Error"]["Message"] == str(error.__cause__)
    assert str(error) == str(botocore.exceptions.ClientError(error.response, operation))
    assert store.path.read_bytes() == content


def test_a_full_disk_is_an_internal_error_and_nothing_is_made(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(*arguments: object, **options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(replacing, "replace_file", no_space)
    error = refusal(client, "CreateKeyPair", {"KeyName": "web", "KeyType": "ed25519"})
    assert error.response["Error"]["Code"] == "InternalError"
    assert "the disk is full" in error.response["Error"]["Message"]
    monkeypatch.undo()
    assert client.describe_key_pairs()["KeyPairs"] == []


# Arguments that boto3 refuses -----------------------------------------------------------------

BAD: list[tuple[str, Request]] = [
    ("CreateKeyPair", {}),
    ("CreateKeyPair", {"KeyName": None}),
    ("CreateKeyPair", {"KeyName": b"web"}),
    ("CreateKeyPair", {"KeyName": 5, "KeyType": 6, "KeyFormat": [], "DryRun": "yes"}),
    ("CreateKeyPair", {"key_name": "web"}),
    ("CreateKeyPair", {"KeyName": "web", "keyName": "web", "Nothing": None}),
    ("CreateKeyPair", {"KeyName": "web", "DryRun": 1}),
    ("CreateKeyPair", {"KeyName": "web", "DryRun": None}),
    ("CreateKeyPair", {"KeyName": "web", "TagSpecifications": {}}),
    ("CreateKeyPair", {"KeyName": "web", "TagSpecifications": "key-pair"}),
    ("CreateKeyPair", {"KeyName": "web", "TagSpecifications": ["key-pair", None]}),
    ("CreateKeyPair", {"KeyName": "web", "TagSpecifications": [{"ResourceType": 1, "Tags": 2}]}),
    (
        "CreateKeyPair",
        {
            "TagSpecifications": [
                {"Tags": TAGS},
                {"Tags": [{"Key": 1, "Value": None}, {"key": "Name"}, "Name"], "tags": []},
            ]
        },
    ),
    ("ImportKeyPair", {}),
    ("ImportKeyPair", {"KeyName": "web"}),
    ("ImportKeyPair", {"PublicKeyMaterial": ED25519}),
    ("ImportKeyPair", {"KeyName": "web", "PublicKeyMaterial": ED25519, "KeyType": "ed25519"}),
    ("ImportKeyPair", {"KeyName": 1, "PublicKeyMaterial": ED25519, "DryRun": 0}),
    ("DescribeKeyPairs", {"KeyNames": "web"}),
    ("DescribeKeyPairs", {"KeyNames": {"web"}, "KeyPairIds": (1, "key-1", 2.5)}),
    ("DescribeKeyPairs", {"Filters": [{"Name": "key-name", "Values": "web"}]}),
    ("DescribeKeyPairs", {"Filters": [{"name": "key-name"}, {"Name": None, "Values": [True]}]}),
    ("DescribeKeyPairs", {"IncludePublicKey": "true"}),
    ("DescribeKeyPairs", {"MaxResults": 5, "NextToken": "x"}),
    ("DeleteKeyPair", {"KeyName": ["web"], "KeyPairId": 1}),
    ("DeleteKeyPair", {"Name": "web"}),
    ("CreateTags", {}),
    ("CreateTags", {"Resources": "key-1", "Tags": {"Name": "web"}}),
    ("CreateTags", {"Resources": [None], "Tags": [["Name", "web"]]}),
    ("DeleteTags", {}),
    ("DeleteTags", {"Resources": ["key-1"], "Tags": [{"Key": "a", "Values": "b"}]}),
    ("DescribeTags", {"MaxResults": "5", "NextToken": 5}),
    ("DescribeTags", {"MaxResults": 5.0, "Filters": None}),
]


def botocores_report(operation: str, request: Request) -> str:
    shape = MODEL.operation_model(operation).input_shape
    report: str = botocore.validate.ParamValidator().validate(request, shape).generate_report()
    return report


@each_row(("operation", "request_"), BAD)
def test_bad_arguments_are_refused_in_botocores_words(
    operation: str, request_: Request, client: Client, store: RegionStore
) -> None:
    report = botocores_report(operation, request_)
    theirs = botocore.exceptions.ParamValidationError(report=report)
    assert report
    with pytest.raises(ParamValidationError) as caught:
        call(client, operation, request_)
    assert str(caught.value) == str(theirs)
    assert caught.value.kwargs == theirs.kwargs
    assert list(store.folder.parent.iterdir()) == []


@each_row(
    ("operation", "request_"),
    [
        ("CreateKeyPair", {"KeyName": "web", "KeyType": "dsa", "KeyFormat": "", "DryRun": True}),
        ("CreateKeyPair", {"KeyName": "web", "TagSpecifications": ({}, {"Tags": ({},)})}),
        ("ImportKeyPair", {"KeyName": "web", "PublicKeyMaterial": bytearray(b"x")}),
        ("DescribeKeyPairs", {"KeyNames": ("a",), "Filters": [{}], "IncludePublicKey": False}),
        ("DeleteKeyPair", {}),
        ("CreateTags", {"Resources": [], "Tags": []}),
        ("DeleteTags", {"Resources": [], "Tags": [{"Key": "a"}]}),
        ("DescribeTags", {"MaxResults": True}),
        ("DescribeTags", {"MaxResults": -1, "NextToken": ""}),
    ],
)
def test_what_botocore_lets_through_is_left_to_the_service(
    operation: str, request_: Request
) -> None:
    assert botocores_report(operation, request_) == ""
    assert request_shapes.check(operation, request_) == []


@pytest.mark.long
@each_row("dry_run", [True, False])
@each_row(("operation", "request_"), BAD)
def test_bad_arguments_are_refused_before_anything_else(
    operation: str, request_: Request, dry_run: bool, tmp_path: Path
) -> None:
    # Neither the authorization nor the damaged file is reached.
    store = RegionStore(tmp_path, "us-east-1")
    open_local(tmp_path, "us-east-1").backend.import_key_pair(
        key_name="web", public_key_material=ED25519
    )
    damage(store)
    authorizer = Authorizer(regions.region("us-east-1"), "ada", read_only=True)
    forbidding = Client(backend=session_over(store, authorizer).backend)
    with pytest.raises(ParamValidationError):
        call(forbidding, operation, {"DryRun": dry_run} | request_)


# Private keys given by mistake ----------------------------------------------------------------


def everything_said(error: BaseException | None) -> str:
    """Return all that an error and those it came from show, but for their frames."""
    said, errors = "", [error]
    while errors:
        each = errors.pop()
        if each is not None:
            said += f"{each} {each!r} {each.args!r} {vars(each)!r}"
            said += repr(getattr(each, "__notes__", ""))
            errors += [each.__cause__, each.__context__]
    return said


WRAPS: list[Callable[[str], Any]] = [
    str,
    str.encode,
    lambda text: bytearray(text.encode()),
    lambda text: text.encode("utf-16"),
    io.StringIO,
    lambda text: io.BytesIO(text.encode()),
]


@each_row("wrap", WRAPS)
@each_row("vector", PRIVATE + PRIVATE_DER, ids=str)
def test_nothing_of_a_private_key_is_in_the_error_for_it(
    vector: Vector,
    wrap: Callable[[str], Any],
    client: Client,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    store: RegionStore,
) -> None:
    caplog.clear()
    caplog.set_level(logging.DEBUG)
    request = {"KeyName": "web", "PublicKeyMaterial": wrap(vector.material)}
    error = refusal(client, "ImportKeyPair", request)
    assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    said = everything_said(error) + caplog.text + "".join(capfd.readouterr())
    assert_holds_nothing_of(vector.material, said)
    assert list(store.folder.parent.iterdir()) == []


@each_row("other", [0, None, ["KEY"], ("KEY",), {"KEY": "KEY"}, {"KEY"}])
@each_row("vector", PRIVATE[:1] + PRIVATE_DER[:1], ids=str)
def test_material_of_a_wrong_type_is_refused_in_botocores_words_but_not_shown(
    vector: Vector, other: Any, client: Client
) -> None:
    material = other
    match other:
        case list() | tuple() | set():
            material = type(other)([vector.material])
        case dict():
            material = {vector.material: vector.material}
    request = {"KeyName": "web", "PublicKeyMaterial": material}
    with pytest.raises(ParamValidationError) as caught:
        client.import_key_pair(**request)
    theirs = botocore.exceptions.ParamValidationError(
        report=botocores_report("ImportKeyPair", request)
    )
    assert str(caught.value) == str(theirs).replace(f"value: {material},", "value: (not shown),")
    assert_holds_nothing_of(vector.material, everything_said(caught.value))


def assert_holds_nothing_of(material: str, said: str) -> None:
    parts = re.findall(r"[\w+/=-]{16,}", material)
    assert parts
    for part in parts:
        assert part[:16] not in said
        assert base64.b64encode(part.encode()).decode()[:16] not in said


# The waiter -----------------------------------------------------------------------------------


def botocores_waiter(client: Client) -> Any:
    def describe(**request: Any) -> Answer:
        try:
            return client.describe_key_pairs(**request)
        except ClientError as error:
            return error.response

    config = SESSION.get_waiter_model("ec2").get_waiter("KeyPairExists")
    return botocore.waiter.Waiter("KeyPairExists", config, describe)


def filtered(*values: str) -> Request:
    return {"Filters": [{"Name": "key-name", "Values": list(values)}]}


@each_row(
    ("request_", "made_after"),
    [
        ({"KeyNames": ["web"]}, 0),
        ({"KeyNames": ["web"]}, 1),
        ({"KeyNames": ["web"]}, 5),
        ({"KeyNames": ["web"]}, 6),
        ({"KeyNames": ["web", "old"]}, 2),
        ({"KeyNames": ["web"], "WaiterConfig": {}}, 6),
        ({"KeyNames": ["web"], "WaiterConfig": {"Delay": 1, "MaxAttempts": 3}}, 2),
        ({"KeyNames": ["web"], "WaiterConfig": {"Delay": 1, "MaxAttempts": 3}}, 3),
        ({"KeyNames": ["web"], "WaiterConfig": {"MaxAttempts": 1}}, 0),
        ({"KeyNames": ["web"], "WaiterConfig": {"MaxAttempts": 1}}, 1),
        ({"KeyNames": ["web"], "WaiterConfig": {"MaxAttempts": 0}}, 1),
        ({"KeyNames": ["old"], "WaiterConfig": {"MaxAttempts": 0}}, 1),
        ({"KeyNames": ["web"], "WaiterConfig": {"Delay": 9}}, 3),
        (filtered("w*"), 2),
        (filtered("w*"), 9),
        (filtered(), 9),
        ({}, 9),
        # Other errors end it at once.
        ({"KeyPairIds": ["key-0123456789abcdef0"]}, 9),
        ({"KeyNames": ["web"], "KeyPairIds": ["key-0123456789abcdef0"]}, 9),
        ({"KeyNames": ["web"], "DryRun": True}, 9),
    ],
)
def test_the_waiter_waits_and_gives_up_as_botocores_does(
    request_: Request, made_after: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def outcome(name: str) -> tuple[str, str, list[float], Answer]:
        client = Client(backend=open_local(tmp_path / name, "us-east-1").backend)
        client.import_key_pair(KeyName="old", PublicKeyMaterial=ED25519)
        sleeps: list[float] = []

        def sleep(seconds: float) -> None:
            sleeps.append(seconds)
            if len(sleeps) == made_after:
                client.import_key_pair(KeyName="web", PublicKeyMaterial=ED25519)

        if made_after == 0:
            client.import_key_pair(KeyName="web", PublicKeyMaterial=ED25519)
        waiter: Any
        if name == "theirs":
            monkeypatch.setattr(botocore.waiter.time, "sleep", sleep)
            waiter = botocores_waiter(client)
        else:
            waiter = KeyPairExistsWaiter(client, sleep)
        try:
            assert waiter.wait(**copy.deepcopy(request_)) is None
        except (WaiterError, botocore.exceptions.WaiterError) as error:
            last = {name: error.last_response.get(name) for name in ("Error", "KeyPairs")}
            return str(error), str(error.kwargs), sleeps, last
        return "", "", sleeps, {}

    assert outcome("ours") == outcome("theirs")


def test_the_waiter_of_a_client_has_botocores_name_and_patience(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiter = client.get_waiter("key_pair_exists")
    assert waiter.name == "KeyPairExists"
    client.import_key_pair(KeyName="web", PublicKeyMaterial=ED25519)
    waiter.wait(KeyNames=["web"])
    with pytest.raises(ParamValidationError):
        waiter.wait(Names=["web"])
    with pytest.raises(WaiterError) as caught:
        waiter.wait(KeyNames=["nobody"], WaiterConfig={"Delay": 0})
    assert caught.value.last_response["Error"]["Code"] == "InvalidKeyPair.NotFound"


def test_there_is_no_other_waiter(client: Client) -> None:
    with pytest.raises(ValueError, match="Waiter does not exist: instance_running"):
        client.get_waiter("instance_running")
