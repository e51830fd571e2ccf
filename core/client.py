"""Offers the key-pair API in boto3's call shape, so that a script written for EC2 runs against it.

    client = Client(region_name="eu-central-1")
    answer = client.create_key_pair(KeyName="ci-deploy", KeyType="ed25519")

It translates and decides nothing: the rules are those of the backend that it is given.
"""

import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from core.ec2 import request_shapes
from core.ec2.answer_shapes import described_key_pair, described_tags
from core.ec2.backend import Backend
from core.ec2.filters import Filter
from core.errors import EC2Error, KeyPairsError
from core.keys import MOST_BYTES_OF_A_KEY_FILE
from core.model import (
    CreatedKeyPair,
    KeyFormat,
    KeyPair,
    KeyType,
    Tag,
    TagSelector,
    TagSpecification,
)
from core.settings import open_session

Answer = dict[str, Any]

_LONGEST_MATERIAL = MOST_BYTES_OF_A_KEY_FILE


class ClientError(Exception):
    """The service refused a call; the attributes are those of botocore's ClientError.

    `response["Error"]` holds `Code` and `Message`, `response["ResponseMetadata"]` the
    `HTTPStatusCode`. What is not EC2's to say - a damaged file, a full disk - has the code
    `InternalError` and the status 500.
    """

    def __init__(self, response: Answer, operation_name: str) -> None:
        error = response["Error"]
        super().__init__(
            f"An error occurred ({error['Code']}) when calling the {operation_name} operation:"
            f" {error['Message']}"
        )
        self.response = response
        self.operation_name = operation_name

    def __reduce__(self) -> tuple[Any, ...]:
        # Else it could not come back from another process.
        return type(self), (self.response, self.operation_name)


class ParamValidationError(Exception):
    """A call has unknown, missing or wrongly typed arguments; nothing was looked at."""

    def __init__(self, report: str) -> None:
        super().__init__(f"Parameter validation failed:\n{report}")
        self.kwargs = {"report": report}

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.kwargs["report"],)


class WaiterError(Exception):
    """A waiter gave up."""

    def __init__(self, name: str, reason: str, last_response: Answer) -> None:
        super().__init__(f"Waiter {name} failed: {reason}")
        self.kwargs = {"name": name, "reason": reason}
        self.last_response = last_response

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (*self.kwargs.values(), self.last_response)


class Client:
    """Key pairs of one Region.

    Args:
        region_name: the Region; None takes it from the environment, as `core.settings` says.
        data_dir: the folder that holds the Regions; None likewise.
        backend: what answers instead, in which Region and from where it does.

    Every method takes the keyword arguments of boto3's method of the same name and answers the
    same dictionary.

    Raises:
        ClientError: the service refused, or could not do it.
        ParamValidationError: the arguments are not those of the operation.
    """

    exceptions = SimpleNamespace(ClientError=ClientError, WaiterError=WaiterError)

    def __init__(
        self,
        region_name: str | None = None,
        data_dir: str | Path | None = None,
        *,
        backend: Backend | None = None,
    ) -> None:
        self._backend = backend or open_session(region_name, data_dir).backend

    def create_key_pair(self, **request: Any) -> Answer:
        """Create a key pair; `KeyMaterial` in the answer is its private key.

        The answer has no place for the warning that the disk did not confirm the record.
        """

        def call() -> Answer:
            created = self._backend.create_key_pair(**_new_pair(request))
            answer = _created(created.key_pair)
            answer["KeyMaterial"] = created.key_material.reveal()
            created.key_material.wipe()
            return answer

        return _answered("CreateKeyPair", request, call)

    def import_key_pair(self, **request: Any) -> Answer:
        """Record a public key."""

        def call() -> Answer:
            return _imported(
                self._backend.import_key_pair(
                    key_name=request["KeyName"],
                    public_key_material=_bytes(request["PublicKeyMaterial"]),
                    tag_specifications=_tag_specifications(request),
                    dry_run=request.get("DryRun", False),
                )
            )

        return _answered("ImportKeyPair", request, call)

    def describe_key_pairs(self, **request: Any) -> Answer:
        """Describe key pairs; `PublicKey` only with `IncludePublicKey`."""

        def call() -> Answer:
            found = self._backend.describe_key_pairs(
                key_names=request.get("KeyNames", ()),
                key_pair_ids=request.get("KeyPairIds", ()),
                filters=_filters(request),
                dry_run=request.get("DryRun", False),
            )
            include_public_key = request.get("IncludePublicKey", False)
            return {"KeyPairs": [_described(pair, include_public_key) for pair in found]}

        return _answered("DescribeKeyPairs", request, call)

    def delete_key_pair(self, **request: Any) -> Answer:
        """Delete a key pair."""

        def call() -> Answer:
            deleted = self._backend.delete_key_pair(
                key_name=request.get("KeyName"),
                key_pair_id=request.get("KeyPairId"),
                dry_run=request.get("DryRun", False),
            )
            return {"Return": True} | ({"KeyPairId": deleted} if deleted else {})

        return _answered("DeleteKeyPair", request, call)

    def create_tags(self, **request: Any) -> Answer:
        """Set tags on key pairs."""

        def call() -> Answer:
            self._backend.create_tags(
                resources=request["Resources"],
                tags=[_tag(tag) for tag in request["Tags"]],
                dry_run=request.get("DryRun", False),
            )
            return {}

        return _answered("CreateTags", request, call)

    def delete_tags(self, **request: Any) -> Answer:
        """Remove tags from key pairs."""

        def call() -> Answer:
            self._backend.delete_tags(
                resources=request["Resources"],
                tags=[
                    TagSelector(tag.get("Key", ""), tag.get("Value"))
                    for tag in request.get("Tags", ())
                ],
                dry_run=request.get("DryRun", False),
            )
            return {}

        return _answered("DeleteTags", request, call)

    def describe_tags(self, **request: Any) -> Answer:
        """Describe the tags of key pairs, in pages."""

        def call() -> Answer:
            found, token = self._backend.describe_tags(
                filters=_filters(request),
                max_results=request.get("MaxResults"),
                next_token=request.get("NextToken"),
                dry_run=request.get("DryRun", False),
            )
            return described_tags(found, token)

        return _answered("DescribeTags", request, call)

    def get_waiter(self, waiter_name: str) -> "KeyPairExistsWaiter":
        """Return the waiter of that name; there is one, `key_pair_exists`.

        Raises:
            ValueError: there is no such waiter.
        """
        if waiter_name != "key_pair_exists":
            raise ValueError(f"Waiter does not exist: {waiter_name}")
        return KeyPairExistsWaiter(self)


class KeyPairExistsWaiter:
    """Waits until a key pair can be described: every 5 seconds, 6 times, unless told otherwise."""

    name = "KeyPairExists"

    def __init__(self, client: Client, sleep: Callable[[float], None] | None = None) -> None:
        self._client = client
        self._sleep = sleep or time.sleep

    def wait(self, **request: Any) -> None:
        """Wait; takes the arguments of `describe_key_pairs`, and `WaiterConfig`.

        Raises:
            WaiterError: there was none in time, or an error other than that it does not exist.
        """
        config: Mapping[str, int] = request.pop("WaiterConfig", {})
        given_up = "Max attempts exceeded"
        for attempt in count(1):
            try:
                answer = self._client.describe_key_pairs(**request)
            except ClientError as error:
                answer = error.response
                code, message = answer["Error"]["Code"], answer["Error"]["Message"]
                if code != "InvalidKeyPair.NotFound":
                    reason = f"An error occurred ({code}): {message}"
                    raise WaiterError(self.name, reason, answer) from error
                given_up = (
                    "Max attempts exceeded. Previously accepted state:"
                    f" Matched expected service error code: {code}"
                )
            else:
                if answer["KeyPairs"]:
                    return
            if attempt >= config.get("MaxAttempts", 6):
                raise WaiterError(self.name, given_up, answer)
            self._sleep(config.get("Delay", 5))


def create_and_hand_over(
    backend: Backend, request: Answer, hand_over: Callable[[CreatedKeyPair, Answer], None]
) -> tuple[CreatedKeyPair, Answer]:
    """Create a key pair whose private key is handed over before the pair is recorded.

    This is what boto3 has not. `hand_over` gets the pair and the answer, which is without
    `KeyMaterial`; where it raises, there is no pair, and the error comes out here, a KeyPairsError
    as a ClientError.

    Raises:
        ClientError, ParamValidationError: as `Client.create_key_pair`.
    """
    made: list[CreatedKeyPair] = []

    def call() -> Answer:
        created = backend.create_key_pair(
            **_new_pair(request),
            hand_over=lambda created: hand_over(created, _created(created.key_pair)),
        )
        made.append(created)
        return _created(created.key_pair)

    answer = _answered("CreateKeyPair", request, call)
    del answer["ResponseMetadata"]
    return made[0], answer


def _answered(operation: str, request: Answer, call: Callable[[], Answer]) -> Answer:
    problems = request_shapes.check(operation, request)
    if problems:
        raise ParamValidationError("\n".join(problems))
    try:
        return call() | _metadata(200)
    except EC2Error as error:
        raise _client_error(operation, error.code, error.message, error.status) from None
    except KeyPairsError as error:
        raise _client_error(operation, "InternalError", str(error), 500) from error


def _metadata(status: int) -> Answer:
    return {
        "ResponseMetadata": {
            "RequestId": str(uuid.uuid4()),
            "HTTPStatusCode": status,
            "HTTPHeaders": {},
            "RetryAttempts": 0,
        }
    }


def _client_error(operation: str, code: str, message: str, status: int) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}} | _metadata(status), operation)


def _bytes(material: Any) -> str | bytes:
    if isinstance(material, str | bytes):
        return material
    if isinstance(material, bytearray):
        return bytes(material)
    read: str | bytes = material.read(_LONGEST_MATERIAL)
    return read


def _tag(tag: Mapping[str, str]) -> Tag:
    return Tag(tag.get("Key", ""), tag.get("Value", ""))


def _tag_specifications(request: Answer) -> list[TagSpecification]:
    return [
        TagSpecification(item.get("ResourceType"), [_tag(tag) for tag in item.get("Tags", ())])
        for item in request.get("TagSpecifications", ())
    ]


def _new_pair(request: Answer) -> dict[str, Any]:
    return {
        "key_name": request["KeyName"],
        "key_type": request.get("KeyType", KeyType.RSA.value),
        "key_format": request.get("KeyFormat", KeyFormat.PEM.value),
        "tag_specifications": _tag_specifications(request),
        "dry_run": request.get("DryRun", False),
    }


def _filters(request: Answer) -> list[Filter]:
    return [
        Filter(item.get("Name", ""), tuple(item.get("Values", ())))
        for item in request.get("Filters", ())
    ]


# The members of both stand in the order of the service model, in which botocore has them. The
# service leaves Tags out of these two answers when there are none.


def _created(key_pair: KeyPair) -> Answer:
    return {
        "KeyPairId": key_pair.key_pair_id,
        **({"Tags": _tags(key_pair.tags)} if key_pair.tags else {}),
        "KeyName": key_pair.key_name,
        "KeyFingerprint": key_pair.key_fingerprint,
    }


def _imported(key_pair: KeyPair) -> Answer:
    return {
        "KeyFingerprint": key_pair.key_fingerprint,
        "KeyName": key_pair.key_name,
        "KeyPairId": key_pair.key_pair_id,
        **({"Tags": _tags(key_pair.tags)} if key_pair.tags else {}),
    }


def _described(key_pair: KeyPair, include_public_key: bool) -> Answer:
    return described_key_pair(
        key_pair_id=key_pair.key_pair_id,
        key_name=key_pair.key_name,
        key_type=key_pair.key_type.value,
        key_fingerprint=key_pair.key_fingerprint,
        create_time=key_pair.create_time,
        tags=_tags(key_pair.tags),
        public_key=key_pair.public_key if include_public_key else None,
    )


def _tags(tags: Iterable[Tag]) -> list[Answer]:
    return [{"Key": tag.key, "Value": tag.value} for tag in tags]
