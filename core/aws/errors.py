"""Turns the errors of botocore and the refusals of EC2 into ours.

botocore's own errors can hold an answer of the service, and so a private key: a ResponseParserError
quotes it. None of their texts is repeated here but those that are known to be harmless.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from botocore import exceptions  # type: ignore[import-untyped]  # botocore has no types
from botocore.parsers import (  # type: ignore[import-untyped]  # likewise
    ResponseParserError,
)

from core import errors
from core.aws import credentials
from core.ec2.several import THROTTLED
from core.ec2.unanswered import NoAnswer, NotReached
from core.errors import EC2Error, KeyPairsError, ServiceError

_REFUSALS: Mapping[str, tuple[type[EC2Error], str | None]] = {
    "MissingParameter": (errors.MissingParameter, None),
    "InvalidParameterValue": (errors.InvalidParameterValue, None),
    "InvalidParameterCombination": (errors.InvalidParameterCombination, None),
    "InvalidID": (errors.InvalidID, "resources"),
    "InvalidKey.Format": (errors.InvalidKeyFormat, "public_key_material"),
    "InvalidKeyPair.Duplicate": (errors.InvalidKeyPairDuplicate, "key_name"),
    "InvalidKeyPair.NotFound": (errors.InvalidKeyPairNotFound, "key_names"),
    "FilterLimitExceeded": (errors.FilterLimitExceeded, "filters"),
    "KeyPairLimitExceeded": (errors.KeyPairLimitExceeded, None),
    "TagLimitExceeded": (errors.TagLimitExceeded, "tags"),
    "UnauthorizedOperation": (errors.UnauthorizedOperation, None),
    "DryRunOperation": (errors.DryRunOperation, None),
}
"""Each code with its class here, and the argument that it blames where it always is the same."""

_PARAMETERS: Mapping[str, str] = {
    "KeyName": "key_name",
    "keyName": "key_name",
    "keyType": "key_type",
    "keyFormat": "key_format",
    "PublicKeyMaterial": "public_key_material",
    "keyPairId": "key_pair_id",
    "keyPairNames": "key_names",
}
"""The names by which EC2's texts call the arguments of its operations."""


def refusal(code: str, message: str, status: int) -> EC2Error:
    """Return EC2's refusal as the error that `core.errors` has for its code."""
    known = _REFUSALS.get(code)
    if known is None:
        return ServiceError(code, message, status)
    kind, parameter = known
    return kind.answered(message, parameter or _blamed(message))


def _blamed(message: str) -> str | None:
    if "ag key" in message or "ag value" in message or "taggable" in message:
        return "tags"
    words = message.replace("'", " ").replace(".", " ").replace(",", " ").split()
    return next((_PARAMETERS[word] for word in reversed(words) if word in _PARAMETERS), None)


@contextmanager
def translated(host: str, profile: str) -> Iterator[None]:
    """Raise our errors in place of botocore's, with nothing of theirs attached.

    Args:
        host: whom the request is sent to, for the sentences.
        profile: whose credentials it is signed with, likewise.

    Raises:
        EC2Error: the service refused; a 4xx.
        NoAnswer: it may have acted.
        NotReached: it was not asked.
        CredentialsError: there was nothing to sign the request with.
    """
    error: KeyPairsError | None = None
    try:
        yield
    except exceptions.ClientError as refused:
        error = _of_answer(refused.response)
    except ResponseParserError:
        error = NoAnswer("what came back was cut off, or is no answer of EC2")
    except (exceptions.EndpointConnectionError, exceptions.ConnectTimeoutError):
        error = NotReached(host, "there is no connection to it")
    except exceptions.ProxyConnectionError:
        error = NotReached(host, "the proxy that the environment names does not answer")
    except exceptions.SSLError:
        error = NotReached(host, "its certificate is not one that this machine trusts")
    except exceptions.ReadTimeoutError:
        error = NoAnswer("it took longer than is waited for")
    except exceptions.HTTPClientError:
        error = NoAnswer("the connection broke off")
    except exceptions.ParamValidationError as invalid:
        error = errors.InvalidParameterValue(str(invalid.kwargs["report"]))
    except (
        exceptions.NoCredentialsError,
        exceptions.PartialCredentialsError,
        exceptions.CredentialRetrievalError,
        exceptions.TokenRetrievalError,
        exceptions.SSOError,
        exceptions.LoginError,
    ) as expired:
        # They were found before the call; what goes wrong now is that they could not be renewed.
        error = credentials.explanation(expired, profile)
    except KeyPairsError:
        raise
    except KeyError:  # an answer without what every answer of the operation has
        error = NoAnswer("what came back is no answer of EC2")
    # Not all that botocore raises is its own, such as what reading an odd answer comes to.
    except Exception as unforeseen:  # noqa: BLE001 - see above; it is named, never passed over
        error = NoAnswer(f"botocore stopped with {type(unforeseen).__name__}")
    if error is not None:
        raise error


def _of_answer(response: Mapping[str, Any]) -> KeyPairsError:
    status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    said = response.get("Error", {})
    if not 400 <= status < 500 and said.get("Code") not in THROTTLED:
        return NoAnswer(f"it answered with status {status}")
    return refusal(str(said.get("Code", "")), str(said.get("Message", "")), status)
