"""The recorded answers of EC2, one row each, given through the client.

The letter on a row says how well the answer is known: A is a raw answer of the real service,
recorded between 2024 and 2026; B a real answer quoted in a public log or issue; C its documentation
or API model; D an inference. What is only D is tested for its code, and its text is ours.
"""

import hashlib
import hmac
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_ssh_private_key,
    load_ssh_public_key,
)

from core.client import Client, ClientError
from core.ec2.authorization import Authorizer
from core.ec2.policy import Policy
from core.ec2.regions import region
from core.keys import convert
from core.keys.encoding.sshwire import mpint, string
from core.keys.public_key import PublicKey
from core.local.opening import open_local
from core.session import Session
from core.store.region_store import RegionStore
from tests.each_row import each_row
from tests.helpers import session_over

Request = dict[str, Any]

KEYS_FILE = Path(__file__).parents[2] / "vectors" / "public_keys" / "keys.txt"
KEYS = {
    name: (fingerprint, line)
    for name, fingerprint, line in (
        row.split(" ", 2) for row in KEYS_FILE.read_text().splitlines() if not row.startswith("#")
    )
}
ED = KEYS["ed_a"][1]
RSA = KEYS["rsa_2048"][1]

LIVE, OTHER, GONE = (f"key-0000000000000000{number}" for number in (1, 2, 3))
NEVER = "key-0123456789abcdef0"
ZERO = "key-00000000000000000"


@pytest.fixture
def world(make_session: Callable[..., Session]) -> Client:
    """Return a client that sees the key pairs `live` (tagged) and `other`; `gone` was deleted."""
    ids = (f"key-{number:017x}" for number in count(1))
    client = Client(backend=make_session(new_key_pair_id=lambda: next(ids)).backend)
    tags = [{"ResourceType": "key-pair", "Tags": [tag("Name", "web"), tag("env", "prod")]}]
    client.import_key_pair(KeyName="live", PublicKeyMaterial=ED, TagSpecifications=tags)
    client.import_key_pair(KeyName="other", PublicKeyMaterial=RSA)
    client.import_key_pair(KeyName="gone", PublicKeyMaterial=ED)
    assert client.delete_key_pair(KeyName="gone")["KeyPairId"] == GONE
    return client


def tag(key: str, value: str = "") -> dict[str, str]:
    return {"Key": key, "Value": value}


def call(client: Client, operation: str, request: Request) -> Request:
    method = re.sub("(?<=.)([A-Z])", r"_\1", operation).lower()
    answer: Request = getattr(client, method)(**request)
    return answer


def refusal(client: Client, operation: str, request: Request) -> tuple[str, str, int]:
    with pytest.raises(ClientError) as caught:
        call(client, operation, request)
    error = caught.value.response["Error"]
    assert caught.value.operation_name == operation
    return (
        error["Code"],
        error["Message"],
        caught.value.response["ResponseMetadata"]["HTTPStatusCode"],
    )


def names(client: Client) -> list[str]:
    return [pair["KeyName"] for pair in client.describe_key_pairs()["KeyPairs"]]


def described(client: Client, key_name: str) -> Request:
    answer = client.describe_key_pairs(KeyNames=[key_name], IncludePublicKey=True)
    pair: Request = answer["KeyPairs"][0]
    return pair


# What is refused ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """A refusal; `message` is None where EC2's text is not known."""

    case: str
    evidence: str
    operation: str
    request: Request
    code: str
    message: str | None
    status: int = 400

    def __str__(self) -> str:
        return f"{self.operation}: {self.case} ({self.evidence})"


def tagged(*tags: dict[str, str], resource_type: str | None = "key-pair") -> Request:
    specification: Request = {"Tags": list(tags)}
    if resource_type is not None:
        specification["ResourceType"] = resource_type
    return {"TagSpecifications": [specification]}


def new_pair_rows() -> Iterator[Row]:
    """Yield what CreateKeyPair and ImportKeyPair refuse alike."""
    value = "InvalidParameterValue"
    many = [tag(f"t{number}") for number in range(51)]
    for operation, base in (
        ("CreateKeyPair", {"KeyName": "new", "KeyType": "ed25519"}),
        ("ImportKeyPair", {"KeyName": "new", "PublicKeyMaterial": ED}),
    ):
        for case, evidence, change, code, message in (
            ("name taken", "A", {"KeyName": "live"}, "InvalidKeyPair.Duplicate", DUPLICATE),
            ("name empty", "A", {"KeyName": ""}, "MissingParameter", MISSING.format("KeyName")),
            ("name too long", "A", {"KeyName": 256 * "n"}, value, TOO_LONG.format("KeyName", 255)),
            ("name not ASCII", "A", {"KeyName": "schlüssel"}, value, NOT_ASCII.format("KeyName")),
            ("leading space", "A", {"KeyName": " new"}, value, UNTRIMMED.format(" new")),
            ("trailing space", "C, text D", {"KeyName": "new "}, value, None),
            (
                "newline",
                "A",
                {"KeyName": "n\nm"},
                value,
                "Value for parameter n\nm is invalid. KeyName",
            ),
            (
                "type of an instance",
                "A",
                tagged(tag("a"), resource_type="instance"),
                value,
                WRONG_TYPE,
            ),
            ("no resource type", "B", tagged(tag("a"), resource_type=None), value, NO_TYPE),
            ("empty resource type", "B", tagged(tag("a"), resource_type=""), value, NO_TYPE),
            ("reserved tag", "B", tagged(tag("aws:x")), value, RESERVED),
            ("tag key twice", "B", tagged(tag("Name"), tag("Name", "x")), value, TWICE),
            (
                "tag key twice, in two",
                "B",
                {"TagSpecifications": 2 * tagged(tag("Name"))["TagSpecifications"]},
                value,
                TWICE,
            ),
            ("tag value too long", "B, code D", tagged(tag("a", 257 * "v")), value, VALUE_TOO_LONG),
            ("tag key too long", "D", tagged(tag(129 * "k")), value, None),
            ("empty tag key", "D", tagged(tag("")), value, None),
            ("51 tags", "C, text D", tagged(*many), "TagLimitExceeded", None),
        ):
            yield Row(case, evidence, operation, base | change, code, message)


DUPLICATE = "The keypair already exists"
MISSING = "The request must contain the parameter {}"
TOO_LONG = "Value for parameter {} is invalid. Length exceeds maximum of {}."
NOT_ASCII = "Value for parameter {} is invalid. Character sets beyond ASCII are not supported."
UNTRIMMED = "Invalid value '{}' for keyName. It should be trimmed"
WRONG_TYPE = "'instance' is not a valid taggable resource type for this operation."
NO_TYPE = "Tag specification resource type must have a value"
RESERVED = "Tag keys starting with 'aws:' are reserved for internal use"
RESERVED_LATER = f"Value ( aws:x ) for parameter key is invalid. {RESERVED}"
TWICE = "Duplicate tag key 'Name' specified."
EMPTY_KEY = "Value ( '' ) for parameter Tag key is invalid. Tag key cannot be null or empty."
VALUE_TOO_LONG = "Tag value exceeds the maximum length of 256 characters"
NOT_IN_ENUM = (
    "1 validation error detected: Value '{}' at '{}' failed to satisfy constraint:"
    " Member must satisfy enum value set: [{}]"
)
NOT_FOUND = "The key pair '{}' does not exist"
NO_SUCH_ID = "Invalid value '{}' for keyPairId."
NOT_AN_ID = "Value for parameter keyPairId is invalid."
BLANK = "Invalid value '' for keyPairNames. It should not be blank"
BOTH = "The parameter 'keyPairId' may not be used in combination with 'keyName'"
BAD_FILTER = "The filter '{}' is invalid"
NO_SELECTOR = "KeyName or KeyPairId must be provided"
NO_KEY = "Key is not in valid OpenSSH public key format"
NO_RESOURCE = "The ID '{}' is not valid"


def of_type(value: str) -> Request:
    return {"KeyName": "new", "KeyType": value}


def of_format(value: str) -> Request:
    return {"KeyName": "new", "KeyType": "ed25519", "KeyFormat": value}


def material(value: str | bytes) -> Request:
    return {"KeyName": "new", "PublicKeyMaterial": value}


def by_filter(name: str) -> Request:
    return {"Filters": [{"Name": name, "Values": ["x"]}]}


def tags_on(key_pair_id: str, *tags: dict[str, str]) -> Request:
    return {"Resources": [key_pair_id], "Tags": list(tags)}


VALUE, COMBINATION, ABSENT = (
    "InvalidParameterValue",
    "InvalidParameterCombination",
    "InvalidKeyPair.NotFound",
)


def rows(operation: str, *answers: tuple[str, str, Request, str, str | None]) -> list[Row]:
    return [
        Row(case, evidence, operation, request, code, message)
        for case, evidence, request, code, message in answers
    ]


ROWS = [
    *new_pair_rows(),
    *rows(
        "CreateKeyPair",
        (
            "type",
            "A",
            of_type("ecdsa"),
            VALUE,
            NOT_IN_ENUM.format("ecdsa", "keyType", "rsa, ed25519"),
        ),
        ("empty type", "B", of_type(""), VALUE, NOT_IN_ENUM.format("", "keyType", "rsa, ed25519")),
        (
            "format",
            "A",
            of_format("der"),
            VALUE,
            NOT_IN_ENUM.format("der", "keyFormat", "ppk, pem"),
        ),
    ),
    *rows(
        "ImportKeyPair",
        ("no key", "A", material("no key"), "InvalidKey.Format", NO_KEY),
        ("nothing", "A", material(""), "MissingParameter", MISSING.format("PublicKeyMaterial")),
        ("no bytes", "A", material(b""), "MissingParameter", MISSING.format("PublicKeyMaterial")),
        (
            "not ASCII",
            "A",
            material(f"{ED} é".encode()),
            VALUE,
            NOT_ASCII.format("PublicKeyMaterial"),
        ),
        (
            "2,049 characters",
            "A",
            material(f"{ED} ".ljust(2049, "c")),
            VALUE,
            TOO_LONG.format("PublicKeyMaterial", 2048),
        ),
    ),
    *rows(
        "DescribeKeyPairs",
        ("no such name", "A", {"KeyNames": ["nobody"]}, ABSENT, NOT_FOUND.format("nobody")),
        ("a deleted name", "A", {"KeyNames": ["gone"]}, ABSENT, NOT_FOUND.format("gone")),
        (
            "first missing name",
            "A",
            {"KeyNames": ["live", "b", "a"]},
            ABSENT,
            NOT_FOUND.format("b"),
        ),
        ("well-formed id", "A", {"KeyPairIds": [NEVER]}, VALUE, NO_SUCH_ID.format(NEVER)),
        ("one id of two", "A", {"KeyPairIds": [LIVE, NEVER]}, VALUE, NO_SUCH_ID.format(NEVER)),
        ("malformed id", "A", {"KeyPairIds": ["key-1"]}, VALUE, NO_SUCH_ID.format("key-1")),
        ("id of a deleted pair", "D", {"KeyPairIds": [GONE]}, ABSENT, None),
        ("blank name", "A", {"KeyNames": [""]}, VALUE, BLANK),
        ("names and ids", "A", {"KeyNames": ["live"], "KeyPairIds": [LIVE]}, COMBINATION, BOTH),
        ("unknown filter", "A", by_filter("x"), VALUE, BAD_FILTER.format("x")),
        ("filter key-type", "A", by_filter("key-type"), VALUE, BAD_FILTER.format("key-type")),
    ),
    *rows(
        "DeleteKeyPair",
        ("id that never was", "A", {"KeyPairId": ZERO}, VALUE, NO_SUCH_ID.format(ZERO)),
        (
            "that and a live name",
            "A",
            {"KeyName": "live", "KeyPairId": ZERO},
            VALUE,
            NO_SUCH_ID.format(ZERO),
        ),
        ("malformed id", "A", {"KeyPairId": "key-1"}, VALUE, NOT_AN_ID),
        ("no selector", "A", {}, "MissingParameter", NO_SELECTOR),
    ),
    *rows(
        "CreateTags",
        ("reserved tag", "B", tags_on(LIVE, tag("aws:x")), VALUE, RESERVED_LATER),
        ("tag key twice", "B", tags_on(LIVE, tag("Name"), tag("Name", "x")), VALUE, TWICE),
        ("empty tag key", "B", tags_on(LIVE, tag("")), VALUE, EMPTY_KEY),
        (
            "tag value too long",
            "B, code D",
            tags_on(LIVE, tag("a", 257 * "v")),
            VALUE,
            VALUE_TOO_LONG,
        ),
        ("tag key too long", "D", tags_on(LIVE, tag(129 * "k")), VALUE, None),
        (
            "51 tags",
            "C, text D",
            tags_on(OTHER, *[tag(f"t{n}") for n in range(51)]),
            "TagLimitExceeded",
            None,
        ),
        (
            "51 with those there",
            "C, text D",
            tags_on(LIVE, *[tag(f"t{n}") for n in range(49)]),
            "TagLimitExceeded",
            None,
        ),
        ("bad id", "B", tags_on("x", tag("a")), "InvalidID", NO_RESOURCE.format("x")),
        ("name for an id", "B", tags_on("live", tag("a")), "InvalidID", NO_RESOURCE.format("live")),
        ("deleted pair", "D", tags_on(GONE, tag("a")), "InvalidID", None),
        (
            "one bad id of two",
            "B",
            {"Resources": [LIVE, "x"], "Tags": [tag("a")]},
            "InvalidID",
            NO_RESOURCE.format("x"),
        ),
        (
            "no resources",
            "B",
            {"Resources": [], "Tags": [tag("a")]},
            "MissingParameter",
            MISSING.format("resourceIdSet"),
        ),
        (
            "no tags",
            "B",
            {"Resources": [LIVE], "Tags": []},
            VALUE,
            "You must specify one or more tags to create",
        ),
    ),
    *rows(
        "DeleteTags",
        ("bad id", "D", {"Resources": ["x"]}, "InvalidID", None),
        ("no resources", "D", {"Resources": []}, "MissingParameter", None),
    ),
    *rows(
        "DescribeTags",
        ("too few results", "C, text D", {"MaxResults": 4}, VALUE, None),
        ("too many results", "C, text D", {"MaxResults": 1001}, VALUE, None),
        ("unknown filter", "D", by_filter("x"), VALUE, None),
        ("token that is none", "D", {"NextToken": "x"}, VALUE, None),
        ("token below zero", "D", {"NextToken": b64encode(b"-2").decode()}, VALUE, None),
    ),
]


@each_row("row", ROWS, ids=str)
def test_a_refusal_has_ec2s_code_text_and_status_and_changes_nothing(
    row: Row, world: Client, store: RegionStore
) -> None:
    before = on_disk(store.path.parent)
    code, message, status = refusal(world, row.operation, row.request)
    assert (code, status) == (row.code, row.status)
    assert message == row.message or row.message is None
    assert on_disk(store.path.parent) == before


def on_disk(folder: Path) -> dict[str, bytes]:
    return {f"{path}": path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_text_of_a_row_is_left_out_exactly_where_it_is_not_known() -> None:
    for row in ROWS:
        assert (row.message is None) == (row.evidence == "D" or row.evidence.endswith("text D"))


@pytest.mark.long
def test_with_5000_key_pairs_the_quota_is_reached_in_this_region_only(
    world: Client, store: RegionStore
) -> None:
    # C; the text is ours.
    pair = store.read().key_pairs[LIVE]
    with store.transaction() as transaction:
        for number in range(3, 5_000):
            another = replace(pair, key_pair_id=f"key-1{number:016x}", key_name=f"pair-{number}")
            transaction.insert(another, "ImportKeyPair")
    create = {"KeyName": "new", "KeyType": "ed25519"}
    call(world, "CreateKeyPair", create)
    elsewhere = Client(backend=session_over(RegionStore(store.path.parent, "eu-central-1")).backend)
    for operation, request in (("CreateKeyPair", create), ("ImportKeyPair", material(ED))):
        another_name = request | {"KeyName": operation}
        code, _, status = refusal(world, operation, another_name)
        assert (code, status) == ("KeyPairLimitExceeded", 400)
        call(elsewhere, operation, another_name)


def test_who_is_not_allowed_is_told_the_caller_the_action_and_the_arn_by_name(
    store: RegionStore,
) -> None:
    # B; the service goes on with an encoded message that only it can decode.
    code, message, status = refusal(
        denied(store), "CreateKeyPair", {"KeyName": "web 1", "KeyType": "ed25519"}
    )
    assert (code, status) == ("UnauthorizedOperation", 403)
    assert message == (
        "You are not authorized to perform this operation. User:"
        " arn:aws:iam::000000000000:user/tester is not authorized to perform: ec2:CreateKeyPair"
        " on resource: arn:aws:ec2:us-east-1:000000000000:key-pair/web 1"
        " because no identity-based policy allows the ec2:CreateKeyPair action"
    )


def denied(store: RegionStore) -> Client:
    policy = Policy.parse(
        '{"Version": "2012-10-17", "Statement":'
        ' {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}',
        source="test",
    )
    authorizer = Authorizer(region("us-east-1"), "tester", policy=policy)
    return Client(backend=session_over(store, authorizer).backend)


# The order of the checks ----------------------------------------------------------------------


@each_row("row", ROWS, ids=str)
def test_dry_run_comes_before_every_parameter_and_authorization_before_dry_run(
    row: Row, world: Client, store: RegionStore
) -> None:
    # A for all of CreateKeyPair, ImportKeyPair, DescribeKeyPairs and DeleteKeyPair but tags; D for
    # bad tags and for the operations on tags.
    before = on_disk(store.path.parent)
    dry = row.request | {"DryRun": True}
    assert refusal(world, row.operation, dry) == (
        "DryRunOperation",
        "Request would have succeeded, but DryRun flag is set.",
        412,
    )
    for request in (dry, row.request):
        code, message, status = refusal(denied(store), row.operation, request)
        assert (code, status) == ("UnauthorizedOperation", 403)
        assert message.startswith("You are not authorized to perform this operation.")
    assert on_disk(store.path.parent) == before


@pytest.mark.parametrize("bad", ["no key", "ecdsa-sha2-nistp256 AAAA", " \n"])
def test_an_import_looks_at_the_name_before_the_material(bad: str, world: Client) -> None:
    # A
    request = {"KeyName": "live", "PublicKeyMaterial": bad}
    assert refusal(world, "ImportKeyPair", request) == ("InvalidKeyPair.Duplicate", DUPLICATE, 400)


# Deleting and describing ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "answer", "left"),
    [
        ({"KeyName": "live"}, LIVE, ["other"]),
        ({"KeyPairId": LIVE}, LIVE, ["other"]),
        ({"KeyName": "nobody"}, None, ["live", "other"]),
        ({"KeyName": "gone"}, None, ["live", "other"]),
        ({"KeyName": "live", "KeyPairId": OTHER}, OTHER, ["live"]),
        ({"KeyName": "nobody", "KeyPairId": OTHER}, OTHER, ["live"]),
        ({"KeyPairId": GONE}, None, ["live", "other"]),
        ({"KeyName": "live", "KeyPairId": GONE}, None, ["live", "other"]),
    ],
    ids=str,
)
def test_a_deletion_follows_the_recorded_rules(
    request_: Request, answer: str | None, left: list[str], world: Client
) -> None:
    # All A.
    given = world.delete_key_pair(**request_)
    del given["ResponseMetadata"]
    assert given == {"Return": True} | ({"KeyPairId": answer} if answer else {})
    assert names(world) == left


def filters(*pairs: tuple[str, list[str]]) -> Request:
    return {"Filters": [{"Name": name, "Values": values} for name, values in pairs]}


@pytest.mark.parametrize(
    ("request_", "found"),
    [
        ({}, ["live", "other"]),
        ({"KeyNames": [], "KeyPairIds": [], "Filters": []}, ["live", "other"]),
        ({"KeyNames": ["live"]}, ["live"]),
        ({"KeyNames": ["live", "live"]}, ["live"]),
        ({"KeyPairIds": [OTHER]}, ["other"]),
        (filters(("key-name", ["live"])), ["live"]),
        (filters(("key-name", ["LIVE"])), []),
        (filters(("key-name", ["li*"])), ["live"]),
        (filters(("key-name", ["?????"])), ["other"]),  # C
        (filters(("key-pair-id", [OTHER])), ["other"]),
        (filters(("fingerprint", [KEYS["ed_a"][0]])), ["live"]),
        (filters(("fingerprint", [KEYS["rsa_2048"][0]])), ["other"]),
        (filters(("tag-key", ["Name"])), ["live"]),
        (filters(("tag-value", ["prod"])), ["live"]),
        (filters(("tag:env", ["prod"])), ["live"]),
        (filters(("tag:env", ["web"])), []),
        (filters(("key-name", ["live", "other"])), ["live", "other"]),
        (filters(("key-name", ["live", "other"]), ("tag-key", ["env"])), ["live"]),
        (filters(("key-name", ["other"]), ("tag-key", ["env"])), []),
        ({"KeyNames": ["live"]} | filters(("key-name", ["other"])), []),
        (filters(("key-name", [])), []),
    ],
    ids=str,
)
def test_a_description_follows_the_recorded_rules(
    request_: Request, found: list[str], world: Client
) -> None:
    # All A but for the question mark.
    pairs = world.describe_key_pairs(**request_)["KeyPairs"]
    assert [pair["KeyName"] for pair in pairs] == found


def test_tags_are_in_every_description_and_in_a_new_pairs_answer_only_if_it_has_some(
    client: Client,
) -> None:
    # A
    base: Request = {"KeyType": "ed25519"}
    bare = client.create_key_pair(KeyName="bare", **base)
    bare_import = client.import_key_pair(KeyName="bare import", PublicKeyMaterial=ED)
    empty = client.create_key_pair(KeyName="empty", **base, **tagged())
    assert all("Tags" not in answer for answer in (bare, bare_import, empty))
    tags = tagged(tag("Name", "web"), tag("no value"))
    full = client.create_key_pair(KeyName="full", **base, **tags)
    full_import = client.import_key_pair(KeyName="full import", PublicKeyMaterial=ED, **tags)
    expected = [tag("Name", "web"), tag("no value")]
    assert full["Tags"] == full_import["Tags"] == expected
    for name in ("bare", "bare import", "empty"):
        assert described(client, name)["Tags"] == []
    for name in ("full", "full import"):
        assert described(client, name)["Tags"] == expected


# The members of the answers -------------------------------------------------------------------


def test_the_members_of_the_answers_are_the_recorded_ones(client: Client) -> None:
    # A
    created = client.create_key_pair(KeyName="c", KeyType="ed25519")
    imported = client.import_key_pair(KeyName="i", PublicKeyMaterial=ED)
    metadata = {"ResponseMetadata"}
    assert created.keys() - metadata == {"KeyPairId", "KeyName", "KeyFingerprint", "KeyMaterial"}
    assert imported.keys() - metadata == {"KeyPairId", "KeyName", "KeyFingerprint"}
    plain = {"KeyPairId", "KeyType", "Tags", "CreateTime", "KeyName", "KeyFingerprint"}
    for name, answer in (("c", created), ("i", imported)):
        for include, members in ((None, plain), (False, plain), (True, plain | {"PublicKey"})):
            option = {} if include is None else {"IncludePublicKey": include}
            pair = client.describe_key_pairs(KeyNames=[name], **option)["KeyPairs"][0]
            assert pair.keys() == members
            assert pair["KeyType"] == "ed25519"
            assert all(pair[each] == answer[each] for each in ("KeyPairId", "KeyFingerprint"))


def test_an_id_is_key_and_17_hexadecimal_digits_of_which_the_first_is_0(client: Client) -> None:
    # A
    ids = {
        client.import_key_pair(KeyName=f"{number}", PublicKeyMaterial=ED)["KeyPairId"]
        for number in range(5)
    }
    assert len(ids) == 5
    assert all(re.fullmatch("key-0[0-9a-f]{16}", key_pair_id) for key_pair_id in ids)


def test_times_are_in_milliseconds_and_imported_pairs_have_one_too(client: Client) -> None:
    # A
    before = datetime.now(UTC)
    client.import_key_pair(KeyName="i", PublicKeyMaterial=ED)
    client.create_key_pair(KeyName="c", KeyType="ed25519")
    for pair in client.describe_key_pairs()["KeyPairs"]:
        time = pair["CreateTime"]
        assert time.microsecond % 1000 == 0
        assert -0.001 < (time - before).total_seconds() < 60


@pytest.mark.parametrize(
    "name", ["n" * 255, "a name with  spaces", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"]
)
def test_a_name_of_255_printable_ascii_characters_is_taken(name: str, client: Client) -> None:
    # C
    client.import_key_pair(KeyName=name, PublicKeyMaterial=ED)
    assert names(client) == [name]


def test_names_are_unique_in_a_region_and_one_key_may_have_many(
    client: Client, tmp_path: Path
) -> None:
    # A; that names belong to a Region is C.
    client.import_key_pair(KeyName="one", PublicKeyMaterial=ED)
    client.import_key_pair(KeyName="two", PublicKeyMaterial=ED)
    assert names(client) == ["one", "two"]
    elsewhere = Client(backend=open_local(tmp_path / "data", "eu-west-1").backend)
    elsewhere.import_key_pair(KeyName="one", PublicKeyMaterial=RSA)
    assert described(elsewhere, "one")["PublicKey"] == f"{RSA} one\n"
    assert described(client, "one")["PublicKey"] == f"{ED} one\n"


# Tags -----------------------------------------------------------------------------------------


def test_the_longest_tags_of_any_characters_are_taken(world: Client) -> None:
    # C
    tags = [tag(127 * "ü", 256 * "🔑"), tag("a"), tag("A", "1"), tag("Aws:x"), tag("x aws:")]
    world.create_tags(Resources=[OTHER], Tags=tags)
    assert described(world, "other")["Tags"] == tags


def test_at_50_tags_one_can_be_overwritten_but_none_added(world: Client) -> None:
    # B; the refusal is C.
    tags = [tag(f"t{number}", "old") for number in range(50)]
    world.create_tags(Resources=[OTHER], Tags=tags)
    world.create_tags(Resources=[OTHER], Tags=[tag("t7", "new")])
    code, _, _ = refusal(world, "CreateTags", tags_on(OTHER, tag("t50")))
    assert code == "TagLimitExceeded"
    found = {each["Key"]: each["Value"] for each in described(world, "other")["Tags"]}
    assert found == {f"t{number}": "old" for number in range(50)} | {"t7": "new"}


def test_50_tags_may_be_given_at_once(client: Client) -> None:
    # C
    tags = [tag(f"t{number}") for number in range(50)]
    answer = client.import_key_pair(KeyName="new", PublicKeyMaterial=ED, **tagged(*tags))
    assert answer["Tags"] == tags


def test_a_new_pair_whose_tags_are_refused_is_not_made(client: Client) -> None:
    # C
    for operation, base in (
        ("CreateKeyPair", {"KeyName": "new", "KeyType": "ed25519"}),
        ("ImportKeyPair", {"KeyName": "new", "PublicKeyMaterial": ED}),
    ):
        refusal(client, operation, base | tagged(tag("fine"), tag("aws:x")))
        assert names(client) == []


@pytest.mark.parametrize(
    ("tags", "left"),
    [
        ({}, []),
        ({"Tags": []}, []),
        ({"Tags": [{"Key": "env"}]}, ["Name", "empty"]),
        ({"Tags": [tag("env", "prod")]}, ["Name", "empty"]),
        ({"Tags": [tag("env", "test")]}, ["Name", "env", "empty"]),
        ({"Tags": [tag("env", "")]}, ["Name", "env", "empty"]),
        ({"Tags": [tag("empty", "")]}, ["Name", "env"]),
        ({"Tags": [{"Key": "ENV"}]}, ["Name", "env", "empty"]),
        ({"Tags": [{"Key": "nothing"}]}, ["Name", "env", "empty"]),
        ({"Tags": [{"Key": "env"}, {"Key": "Name"}]}, ["empty"]),
    ],
    ids=str,
)
def test_tags_are_deleted_by_key_or_by_key_and_value_or_all(
    tags: Request, left: list[str], world: Client
) -> None:
    # C
    world.create_tags(Resources=[LIVE, OTHER], Tags=[tag("empty")])
    world.delete_tags(Resources=[LIVE], **tags)
    assert [each["Key"] for each in described(world, "live")["Tags"]] == left
    assert described(world, "other")["Tags"] == [tag("empty")]


@pytest.mark.parametrize(
    ("request_", "found"),
    [
        ({}, ["Name", "env"]),
        (filters(("key", ["env"])), ["env"]),
        (filters(("value", ["web", "x"])), ["Name"]),
        (filters(("resource-id", [OTHER])), []),
        (filters(("resource-type", ["key-pair"])), ["Name", "env"]),
        (filters(("resource-type", ["instance"])), []),
        (filters(("tag:env", ["prod"])), ["env"]),
    ],
    ids=str,
)
def test_tags_are_described_by_the_documented_filters(
    request_: Request, found: list[str], world: Client
) -> None:
    # C
    answer = world.describe_tags(**request_)
    assert [each["Key"] for each in answer["Tags"]] == found
    for each in answer["Tags"]:
        assert (each["ResourceId"], each["ResourceType"]) == (LIVE, "key-pair")


@pytest.mark.parametrize("size", [5, 6, 12, 13, 1000])
def test_tags_are_described_in_pages_of_5_to_1000(size: int, world: Client) -> None:
    # C
    world.create_tags(Resources=[OTHER], Tags=[tag(f"t{number:02}") for number in range(10)])
    found: list[str] = []
    request: Request = {"MaxResults": size}
    while True:
        page = world.describe_tags(**request)
        assert 0 < len(page["Tags"]) <= size
        found += [each["Key"] for each in page["Tags"]]
        if "NextToken" not in page:
            break
        request["NextToken"] = page["NextToken"]
    assert found == ["Name", "env", *(f"t{number:02}" for number in range(10))]


# Fingerprints ---------------------------------------------------------------------------------


@each_row("name", KEYS)
def test_an_imported_key_has_the_fingerprint_that_ec2_answered(name: str, client: Client) -> None:
    # A
    fingerprint, line = KEYS[name]
    answer = client.import_key_pair(KeyName=name, PublicKeyMaterial=line)
    assert answer["KeyFingerprint"] == fingerprint
    assert described(client, name)["KeyFingerprint"] == fingerprint
    assert len(fingerprint) == (44 if line.startswith("ssh-ed25519") else 47)


@pytest.mark.parametrize("key_format", ["pem", "ppk"])
def test_a_created_rsa_pair_has_the_sha1_of_its_pkcs8_and_imported_again_another(
    key_format: str, client: Client
) -> None:
    # A
    answer = client.create_key_pair(KeyName="c", KeyFormat=key_format)
    key = convert.decode(answer["KeyMaterial"].encode())
    assert isinstance(key, RSAPrivateKey)
    der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    digest = hashlib.sha1(der, usedforsecurity=False).hexdigest()
    assert answer["KeyFingerprint"] == ":".join(re.findall("..", digest))
    line = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    spki = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    md5 = hashlib.md5(spki, usedforsecurity=False).hexdigest()
    again = client.import_key_pair(KeyName="i", PublicKeyMaterial=line)
    assert again["KeyFingerprint"] == ":".join(re.findall("..", md5))


@pytest.mark.parametrize("key_format", ["pem", "ppk"])
def test_a_created_ed25519_pair_has_the_padded_sha256_of_its_blob_and_imported_again_the_same(
    key_format: str, client: Client
) -> None:
    # A
    answer = client.create_key_pair(KeyName="c", KeyType="ed25519", KeyFormat=key_format)
    key = convert.decode(answer["KeyMaterial"].encode())
    line = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    digest = hashlib.sha256(b64decode(line.split()[1])).digest()
    assert answer["KeyFingerprint"] == b64encode(digest).decode()
    again = client.import_key_pair(KeyName="i", PublicKeyMaterial=line)
    assert again["KeyFingerprint"] == answer["KeyFingerprint"]


# Key material ---------------------------------------------------------------------------------


def test_without_a_type_and_a_format_it_is_rsa_of_2048_bits_in_pkcs1_pem(client: Client) -> None:
    # A
    text = client.create_key_pair(KeyName="c")["KeyMaterial"]
    assert text.startswith("-----BEGIN RSA PRIVATE KEY-----\n")
    key = load_pem_private_key(text.encode(), None)
    assert isinstance(key, RSAPrivateKey)
    assert key.key_size == 2048
    assert described(client, "c")["KeyType"] == "rsa"


def test_ed25519_in_pem_is_an_openssh_private_key(client: Client) -> None:
    # A
    text = client.create_key_pair(KeyName="c", KeyType="ed25519", KeyFormat="pem")["KeyMaterial"]
    assert text.startswith("-----BEGIN OPENSSH PRIVATE KEY-----\n")
    key = load_ssh_private_key(text.encode(), None)
    line = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    assert described(client, "c")["PublicKey"] == f"{line} c\n"


@pytest.mark.parametrize(("key_type", "name"), [("rsa", "ssh-rsa"), ("ed25519", "ssh-ed25519")])
def test_ppk_is_version_2_with_the_key_name_as_comment_and_a_valid_mac(
    key_type: str, name: str, client: Client
) -> None:
    # A
    answer = client.create_key_pair(KeyName="my key", KeyType=key_type, KeyFormat="ppk")
    lines = answer["KeyMaterial"].splitlines()
    assert lines[:3] == [
        f"PuTTY-User-Key-File-2: {name}",
        "Encryption: none",
        "Comment: my key",
    ]
    blobs = [
        b64decode("".join(lines[start + 1 : start + 1 + int(lines[start].split()[1])]))
        for start in (i for i, line in enumerate(lines) if re.match("(Public|Private)-Lines", line))
    ]
    if key_type == "ed25519":
        assert (len(blobs[1]), blobs[1][:4]) == (36, b"\0\0\0\x20")
    parts = [name.encode(), b"none", b"my key", *blobs]
    mac_key = hashlib.sha1(b"putty-private-key-file-mac-key", usedforsecurity=False).digest()
    data = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    assert lines[-1] == f"Private-MAC: {hmac.new(mac_key, data, 'sha1').hexdigest()}"


# The public key -------------------------------------------------------------------------------


def body(data: bytes) -> str:
    return b64encode(data).decode()


def rfc4716(line: str, *headers: str) -> str:
    encoded = line.split()[1]
    rows = [encoded[start : start + 70] for start in range(0, len(encoded), 70)]
    return "\n".join(
        ["---- BEGIN SSH2 PUBLIC KEY ----", *headers, *rows, "---- END SSH2 PUBLIC KEY ----", ""]
    )


def exported(line: str, encoding: Encoding, form: PublicFormat) -> bytes:
    return load_ssh_public_key(line.encode()).public_bytes(encoding, form)


def built(bits: int) -> str:
    return PublicKey.from_rsa_numbers(65537, 2 ** (bits - 1) + 65537).line


DER, PEM = Encoding.DER, Encoding.PEM
SPKI, PKCS1 = PublicFormat.SubjectPublicKeyInfo, PublicFormat.PKCS1


@each_row("kind", [str, bytes])
@each_row(
    ("evidence", "material_", "line"),
    [
        pytest.param(*row, id=name)
        for name, row in {
            "RSA line": ("A", RSA, RSA),
            "RSA line with a comment": ("A", f"{RSA} me@home", RSA),
            "ED25519 line": ("A", ED, ED),
            "ED25519 line with a comment": ("A", f"{ED} a comment with spaces\n", ED),
            "RFC 4716, RSA": ("A", rfc4716(RSA), RSA),
            "RFC 4716, RSA, with headers": ("D", rfc4716(RSA, 'Comment: "x"', "x-y: z"), RSA),
            "base64 of SubjectPublicKeyInfo, RSA": ("A", body(exported(RSA, DER, SPKI)), RSA),
            "exactly 2,048 characters": ("A", f"{RSA} ".ljust(2048, "c"), RSA),
            **{
                f"RSA, {bits} bits": ("A", built(bits), built(bits))
                for bits in (512, 768, 1023, 1024, 1025, 1536, 8192)
            },
            "RSA, 3072 bits": ("A", KEYS["rsa_3072"][1], KEYS["rsa_3072"][1]),
            "RSA, 4096 bits": ("A", KEYS["rsa_4096"][1], KEYS["rsa_4096"][1]),
        }.items()
    ],
)
def test_what_is_imported_reads_back_as_type_base64_key_name_and_a_newline(
    evidence: str, material_: str, line: str, kind: type, client: Client
) -> None:
    given = material_ if kind is str else material_.encode()
    client.delete_key_pair(KeyName="my key")  # that of the row before
    client.import_key_pair(KeyName="my key", PublicKeyMaterial=given)
    pair = described(client, "my key")
    assert pair["PublicKey"] == f"{line} my key\n"
    assert pair["KeyType"] == line.split()[0].removeprefix("ssh-")
    assert evidence in "AD"


@pytest.mark.parametrize("key_type", ["rsa", "ed25519"])
def test_what_was_created_reads_back_in_the_same_form(key_type: str, client: Client) -> None:
    # A
    answer = client.create_key_pair(KeyName="my key", KeyType=key_type)
    key = convert.decode(answer["KeyMaterial"].encode()).public_key()
    line = key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    assert described(client, "my key")["PublicKey"] == f"{line} my key\n"


def ecdsa() -> str:
    key = ec.derive_private_key(7, ec.SECP256R1()).public_key()
    return key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


DSA_BLOB = string(b"ssh-dss") + b"".join(map(mpint, (2**1023 + 1, 2**159 + 1, 2, 3)))
PRIVATE_KEY = "-----BEGIN {0}PRIVATE KEY-----\nAAAA\n-----END {0}PRIVATE KEY-----\n"


@each_row(
    ("evidence", "material_"),
    [
        pytest.param(*row, id=name)
        for name, row in {
            "RFC 4716, ED25519": ("A", rfc4716(ED)),
            "PEM of SubjectPublicKeyInfo, RSA": ("A", exported(RSA, PEM, SPKI).decode()),
            "PEM of PKCS#1": ("A", exported(RSA, PEM, PKCS1).decode()),
            "PEM of SubjectPublicKeyInfo, ED25519": ("A", exported(ED, PEM, SPKI).decode()),
            "base64 of PKCS#1": ("A", body(exported(RSA, DER, PKCS1))),
            "options before the key": ("A", f"no-pty,command=/bin/date {ED}"),
            "ECDSA": ("A", ecdsa()),
            "arbitrary text": ("A", "This is not a key."),
            "DSA": ("B", f"ssh-dss {body(DSA_BLOB)}"),
            "a comment line first": ("D", f"# mine\n{ED}\n"),
            "a second key": ("D", f"{ED}\n{RSA}\n"),
            "text after it": ("D", f"{ED}\nand more\n"),
            "a private key": ("D", PRIVATE_KEY.format("OPENSSH ")),
        }.items()
    ],
)
def test_a_form_that_ec2_does_not_take_is_an_invalid_key_format(
    evidence: str, material_: str, client: Client
) -> None:
    code, message, status = refusal(client, "ImportKeyPair", material(material_))
    assert (code, status) == ("InvalidKey.Format", 400)
    assert message == NO_KEY or evidence == "D"
    assert names(client) == []


def test_raw_der_is_not_ascii(client: Client) -> None:
    # A
    request = material(exported(RSA, DER, SPKI))
    answer = ("InvalidParameterValue", NOT_ASCII.format("PublicKeyMaterial"), 400)
    assert refusal(client, "ImportKeyPair", request) == answer


def test_an_rsa_key_of_16384_bits_is_too_long(client: Client) -> None:
    # A
    request = material(built(16384))
    answer = ("InvalidParameterValue", TOO_LONG.format("PublicKeyMaterial", 2048), 400)
    assert refusal(client, "ImportKeyPair", request) == answer


def test_the_filters_of_an_empty_region_are_checked_too(client: Client) -> None:
    # A
    code, message, _ = refusal(client, "DescribeKeyPairs", by_filter("key-type"))
    assert (code, message) == ("InvalidParameterValue", BAD_FILTER.format("key-type"))
