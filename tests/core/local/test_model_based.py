"""Random sequences of all operations, against a plain model and the store on disk.

The model knows nothing of the core: it is written from the documented behaviour of the API, over
lists and dictionaries.
"""

import shutil
import tempfile
from base64 import b64decode, b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from core.client import Client, ClientError
from core.store.region_store import RegionStore
from tests.helpers import session_over

Request = dict[str, Any]
Answer = dict[str, Any]

HEAD = bytes.fromhex("0000000b 7373682d65643235353139 00000020")
NEVER = "key-0123456789abcdef0"


def public_key(number: int) -> str:
    return f"ssh-ed25519 {b64encode(HEAD + bytes([number]) * 32).decode()}"


def fingerprint(line: str) -> str:
    return b64encode(sha256(b64decode(line.split()[1])).digest()).decode()


class Refused(Exception):
    """The model refuses; the text is EC2's code."""


class Model:
    """A Region as the documentation describes it."""

    def __init__(self) -> None:
        self.pairs: list[Answer] = []
        self.dead: set[str] = set()

    def named(self, name: str) -> Answer | None:
        return next((pair for pair in self.pairs if pair["KeyName"] == name), None)

    def identified(self, key_pair_id: str) -> Answer | None:
        return next((pair for pair in self.pairs if pair["KeyPairId"] == key_pair_id), None)

    def check_new(self, request: Request) -> list[Answer]:
        if request.get("DryRun"):
            raise Refused("DryRunOperation")
        name = request["KeyName"]
        if not name:
            raise Refused("MissingParameter")
        if name[0] == " " or len(name) > 255 or any(not " " <= each <= "~" for each in name):
            raise Refused("InvalidParameterValue")
        if request.get("PublicKeyMaterial") == "":
            raise Refused("MissingParameter")
        if request.get("KeyType", "rsa") not in ("rsa", "ed25519"):
            raise Refused("InvalidParameterValue")
        tags: list[Answer] = []
        for specification in request.get("TagSpecifications", []):
            if specification.get("ResourceType") != "key-pair":
                raise Refused("InvalidParameterValue")
            tags += specification["Tags"]
        self.check_tags(tags)
        if len(tags) > 50:
            raise Refused("TagLimitExceeded")
        if self.named(name):
            raise Refused("InvalidKeyPair.Duplicate")
        if not request.get("PublicKeyMaterial", "ssh-").startswith("ssh-"):
            raise Refused("InvalidKey.Format")
        return tags

    @staticmethod
    def check_tags(tags: list[Answer]) -> None:
        keys = [tag["Key"] for tag in tags]
        if len(set(keys)) < len(keys) or any(key == "" or key[:4] == "aws:" for key in keys):
            raise Refused("InvalidParameterValue")

    def add(self, key_pair_id: str, name: str, line: str, tags: list[Answer]) -> None:
        self.pairs.append(
            {
                "KeyPairId": key_pair_id,
                "KeyType": "ed25519",
                "KeyName": name,
                "KeyFingerprint": fingerprint(line),
                "PublicKey": f"{line} {name}\n",
                "Tags": [dict(tag) for tag in tags],
            }
        )

    def delete(self, request: Request) -> Answer:
        name, key_pair_id = request.get("KeyName"), request.get("KeyPairId")
        if request.get("DryRun"):
            raise Refused("DryRunOperation")
        if not name and not key_pair_id:
            raise Refused("MissingParameter")
        if not key_pair_id:
            found = self.named(name or "")
        else:
            found = self.identified(key_pair_id)
            if not found and key_pair_id not in self.dead:
                raise Refused("InvalidParameterValue")
        if not found:
            return {"Return": True}
        self.pairs.remove(found)
        self.dead.add(found["KeyPairId"])
        return {"Return": True, "KeyPairId": found["KeyPairId"]}

    def describe(self, request: Request) -> list[Answer]:
        names, ids = request.get("KeyNames", []), request.get("KeyPairIds", [])
        if request.get("DryRun"):
            raise Refused("DryRunOperation")
        if names and ids:
            raise Refused("InvalidParameterCombination")
        for name in names:
            if not name:
                raise Refused("InvalidParameterValue")
            if not self.named(name):
                raise Refused("InvalidKeyPair.NotFound")
        for each in ids:
            if each in self.dead:
                raise Refused("InvalidKeyPair.NotFound")
            if not self.identified(each):
                raise Refused("InvalidParameterValue")
        found = self.pairs
        if names or ids:
            found = [p for p in found if p["KeyName"] in names or p["KeyPairId"] in ids]
        for each in request.get("Filters", []):
            found = [pair for pair in found if self.passes(pair, each["Name"], each["Values"])]
        return found

    @staticmethod
    def passes(pair: Answer, name: str, values: list[str]) -> bool:
        tags = {tag["Key"]: tag["Value"] for tag in pair["Tags"]}
        match name:
            case "key-name":
                have = {pair["KeyName"]}
            case "key-pair-id":
                have = {pair["KeyPairId"]}
            case "tag-key":
                have = set(tags)
            case "tag-value":
                have = set(tags.values())
            case "tag:a":
                have = {tags["a"]} if "a" in tags else set()
            case _:
                raise Refused("InvalidParameterValue")
        return not have.isdisjoint(values) or ("*" in values and bool(have))

    def resources(self, request: Request) -> list[Answer]:
        found = [self.identified(each) for each in request["Resources"]]
        if None in found:
            raise Refused("InvalidID")
        return [pair for pair in found if pair]

    def create_tags(self, request: Request) -> None:
        if request.get("DryRun"):
            raise Refused("DryRunOperation")
        if not request["Resources"]:
            raise Refused("MissingParameter")
        if not request["Tags"]:
            raise Refused("InvalidParameterValue")
        self.check_tags(request["Tags"])
        new = {tag["Key"]: tag["Value"] for tag in request["Tags"]}
        merged = []
        # The first resource with something wrong gives the answer.
        for each in request["Resources"]:
            (pair,) = self.resources({"Resources": [each]})
            tags = {tag["Key"]: tag["Value"] for tag in pair["Tags"]} | new
            if len(tags) > 50:
                raise Refused("TagLimitExceeded")
            merged.append((pair, tags))
        for pair, tags in merged:
            pair["Tags"] = [{"Key": key, "Value": value} for key, value in tags.items()]

    def delete_tags(self, request: Request) -> None:
        if request.get("DryRun"):
            raise Refused("DryRunOperation")
        if not request["Resources"]:
            raise Refused("MissingParameter")
        for pair in self.resources(request):
            pair["Tags"] = [
                tag
                for tag in pair["Tags"]
                if request.get("Tags")
                and not any(
                    tag["Key"] == each["Key"] and each.get("Value", tag["Value"]) == tag["Value"]
                    for each in request["Tags"]
                )
            ]

    def tags(self) -> list[Answer]:
        return [
            {"ResourceId": pair["KeyPairId"], "ResourceType": "key-pair", **tag}
            for pair in self.pairs
            for tag in pair["Tags"]
        ]


NAMES = st.sampled_from(["a", "b", "c", "A", "", " a", "ü", "n\nn", "x" * 256])
GOOD_NAMES = st.sampled_from(["a", "b", "c", "A"])
KEYS = st.sampled_from([*6 * ["a", "b", "A"], "", "aws:x"])
VALUES = st.sampled_from(["", "1", "2"])
TAG = st.fixed_dictionaries({"Key": KEYS, "Value": VALUES})
TAGS = st.lists(TAG, max_size=3, unique_by=lambda tag: tag["Key"]) | st.lists(TAG, max_size=3)
MANY_TAGS = st.integers(20, 51).map(
    lambda size: [{"Key": f"t{number}", "Value": ""} for number in range(size)]
)
SPECIFICATIONS = st.lists(
    st.fixed_dictionaries(
        {"ResourceType": st.sampled_from(["key-pair"] * 5 + ["instance"]), "Tags": TAGS | MANY_TAGS}
    ),
    max_size=2,
)
DRY = st.sampled_from([{}] * 8 + [{"DryRun": True}, {"DryRun": False}])
FILTERS = st.lists(
    st.fixed_dictionaries(
        {
            "Name": st.sampled_from(["key-name", "tag-key", "tag-value", "tag:a", "key-type"]),
            "Values": st.lists(st.sampled_from(["a", "b", "1", "", "*"]), max_size=2),
        }
    ),
    max_size=2,
)


class Region(RuleBasedStateMachine):
    """The client over a store on disk, beside the model."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="keypairs-test-"))
        self.model = Model()
        self.known = [NEVER]
        self.other = self.opened()
        self.reopen()

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    @initialize()
    def begin_with_something_to_change(self) -> None:
        tags = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}]
        specifications = [{"ResourceType": "key-pair", "Tags": tags}]
        for number, name in enumerate("abc"):
            request: Request = {"KeyName": name, "PublicKeyMaterial": public_key(number)}
            self.new("import_key_pair", request | {"TagSpecifications": specifications})
        self.delete({"KeyName": "c"})

    def opened(self) -> Client:
        return Client(backend=session_over(RegionStore(self.folder / "d", "us-east-1")).backend)

    @rule()
    def reopen(self) -> None:
        self.client = self.opened()

    @rule()
    def go_on_in_another_session(self) -> None:
        self.client, self.other = self.other, self.client

    def ids(self, data: st.DataObject, sizes: tuple[int, ...] = (0, 1, 1, 1, 2, 2)) -> list[str]:
        size = data.draw(st.sampled_from(sizes))
        return data.draw(st.lists(st.sampled_from(self.known), min_size=size, max_size=size))

    def ours(self, method: str, request: Request) -> Answer | str:
        """Return the answer, or the code of the refusal."""
        try:
            answer: Answer = getattr(self.client, method)(**request)
        except ClientError as error:
            return f"{error.response['Error']['Code']}"
        assert answer.pop("ResponseMetadata")["HTTPStatusCode"] == 200
        return answer

    def new(self, method: str, request: Request) -> None:
        answer = self.ours(method, request)
        try:
            tags = self.model.check_new(request)
        except Refused as refused:
            assert answer == str(refused)
            return
        assert isinstance(answer, dict)
        assert answer["KeyName"] == request["KeyName"]
        assert answer.get("Tags", []) == tags
        assert answer["KeyPairId"] not in self.known
        self.known.append(answer["KeyPairId"])
        line = request.get("PublicKeyMaterial")
        if line is None:
            assert answer["KeyMaterial"]
            line = self.line_of(answer["KeyPairId"])
        self.model.add(answer["KeyPairId"], request["KeyName"], line, tags)
        assert answer["KeyFingerprint"] == fingerprint(line)

    def line_of(self, key_pair_id: str) -> str:
        pairs = self.client.describe_key_pairs(KeyPairIds=[key_pair_id], IncludePublicKey=True)
        return " ".join(pairs["KeyPairs"][0]["PublicKey"].split(" ")[:2])

    @rule(name=NAMES | GOOD_NAMES, key_type=st.sampled_from(["ed25519"] * 5 + ["dsa"]),
          specifications=SPECIFICATIONS, dry=DRY)  # fmt: skip
    def create_key_pair(
        self, name: str, key_type: str, specifications: list[Answer], dry: Request
    ) -> None:
        request = {"KeyName": name, "KeyType": key_type, "TagSpecifications": specifications}
        self.new("create_key_pair", request | dry)

    @rule(name=NAMES | GOOD_NAMES, specifications=SPECIFICATIONS, dry=DRY,
          line=st.integers(1, 5).map(public_key) | st.sampled_from(["", "nonsense"]))  # fmt: skip
    def import_key_pair(
        self, name: str, line: str, specifications: list[Answer], dry: Request
    ) -> None:
        request = {
            "KeyName": name,
            "PublicKeyMaterial": line,
            "TagSpecifications": specifications,
        }
        self.new("import_key_pair", request | dry)

    @rule(data=st.data(), names=st.lists(NAMES, max_size=1), dry=DRY)
    def delete_key_pair(self, data: st.DataObject, names: list[str], dry: Request) -> None:
        request: Request = dict(zip(["KeyName"], names, strict=False))
        request |= zip(["KeyPairId"], self.ids(data, (0, 1)), strict=False)
        self.delete(request | dry)

    def delete(self, request: Request) -> None:
        answer = self.ours("delete_key_pair", request)
        try:
            assert answer == self.model.delete(request)
        except Refused as refused:
            assert answer == str(refused)

    @rule(data=st.data(), names=st.lists(GOOD_NAMES, max_size=2), filters=FILTERS, dry=DRY)
    def describe_key_pairs(
        self, data: st.DataObject, names: list[str], filters: list[Answer], dry: Request
    ) -> None:
        ids = self.ids(data) if not names or data.draw(st.integers(0, 3)) == 0 else []
        request = {"KeyNames": names, "KeyPairIds": ids, "Filters": filters} | dry
        answer = self.ours("describe_key_pairs", request)
        try:
            expected = self.model.describe(request)
        except Refused as refused:
            assert answer == str(refused)
            return
        # An unknown filter is refused in an empty Region too, which the model cannot see.
        if any(each["Name"] == "key-type" for each in filters):
            assert answer == "InvalidParameterValue"
            return
        assert isinstance(answer, dict)
        shown = [pair["KeyPairId"] for pair in answer["KeyPairs"]]
        assert shown == [pair["KeyPairId"] for pair in expected]

    @rule(data=st.data(), tags=TAGS | TAGS | TAGS | MANY_TAGS, dry=DRY)
    def create_tags(self, data: st.DataObject, tags: list[Answer], dry: Request) -> None:
        request = {"Resources": self.ids(data), "Tags": tags} | dry
        answer = self.ours("create_tags", request)
        try:
            self.model.create_tags(request)
        except Refused as refused:
            assert answer == str(refused)
        else:
            assert answer == {}

    @rule(data=st.data(), tags=TAGS, keys=st.lists(KEYS, max_size=2), dry=DRY)
    def delete_tags(
        self, data: st.DataObject, tags: list[Answer], keys: list[str], dry: Request
    ) -> None:
        selectors = [*tags, *({"Key": key} for key in keys)]
        request = {"Resources": self.ids(data), "Tags": selectors} | dry
        answer = self.ours("delete_tags", request)
        try:
            self.model.delete_tags(request)
        except Refused as refused:
            assert answer == str(refused)
        else:
            assert answer == {}

    @rule(size=st.integers(5, 60))
    def describe_tags(self, size: int) -> None:
        found: list[Answer] = []
        request: Request = {"MaxResults": size}
        while True:
            page = self.client.describe_tags(**request)
            found += page["Tags"]
            if "NextToken" not in page:
                break
            assert len(page["Tags"]) == size
            request["NextToken"] = page["NextToken"]
        assert found == self.model.tags()

    @invariant()
    def both_hold_the_same(self) -> None:
        self.check(self.client)

    @rule()
    def it_is_so_on_disk(self) -> None:
        self.check(self.opened())

    def check(self, client: Client) -> None:
        pairs = client.describe_key_pairs(IncludePublicKey=True)["KeyPairs"]
        times = [pair.pop("CreateTime") for pair in pairs]
        assert times == sorted(times)
        assert pairs == self.model.pairs


def run(examples: int, steps: int) -> None:
    run_state_machine_as_test(
        Region,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.long
def test_random_sequences_are_answered_as_the_model_answers_them() -> None:
    run(examples=60, steps=30)


@pytest.mark.long
def test_many_long_random_sequences_are_answered_as_the_model_answers_them() -> None:
    run(examples=200, steps=60)
