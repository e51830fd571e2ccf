"""Makes answers up, in the shapes of the service model: to try a query on, and as examples."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Answer = dict[str, Any]

CREATE = "CreateKeyPair"

_TAGS: "list[Answer]" = [{"Key": "Key", "Value": "Value"}]
_NEW: "Answer" = {
    "KeyPairId": "KeyPairId",
    "Tags": _TAGS,
    "KeyName": "KeyName",
    "KeyFingerprint": "KeyFingerprint",
}
EXAMPLES: "dict[str, Answer]" = {
    CREATE: _NEW | {"KeyMaterial": "KeyMaterial"},
    "ImportKeyPair": _NEW,
    "DescribeKeyPairs": {
        "KeyPairs": [
            {
                "KeyPairId": "KeyPairId",
                "KeyType": "KeyType",
                "Tags": _TAGS,
                "PublicKey": "PublicKey",
                "CreateTime": "1970-01-01T00:00:00",
                "KeyName": "KeyName",
                "KeyFingerprint": "KeyFingerprint",
            }
        ]
    },
    "DeleteKeyPair": {"Return": True, "KeyPairId": "KeyPairId"},
    "CreateTags": {},
    "DeleteTags": {},
    "DescribeTags": {
        "Tags": [
            {
                "Key": "Key",
                "ResourceId": "ResourceId",
                "ResourceType": "key-pair",
                "Value": "Value",
            }
        ]
    },
}
"""One answer of each operation with every member, as `--generate-cli-skeleton output` prints it."""

_ID = "key-0123456789abcdef0"
_FINGERPRINT = "1f:51:ae:28:bf:89:e9:d8:1f:25:5d:37:2d:7d:b8:ca:9f:f5:f1:6f"


def made_up(operation: str, request: "Answer") -> "Answer":
    """Return an answer of the shape that this request will get, with a made-up key."""
    if operation in ("CreateKeyPair", "ImportKeyPair"):
        answer: Answer = {
            "KeyPairId": _ID,
            "KeyName": request["KeyName"],
            "KeyFingerprint": _FINGERPRINT,
        }
        if tags := _tags(request):
            answer["Tags"] = tags
        if operation == CREATE:
            answer["KeyMaterial"] = _key(request)
        return answer
    return EXAMPLES[operation]


def _tags(request: "Answer") -> "list[Answer]":
    return [
        {"Key": tag.get("Key", ""), "Value": tag.get("Value", "")}
        for specification in request.get("TagSpecifications", ())
        for tag in specification.get("Tags", ())
    ]


def _key(request: "Answer") -> str:
    """Return lines such as a private key of that type and format has."""
    if request.get("KeyFormat") == "ppk":
        kind = "ssh-ed25519" if request.get("KeyType") == "ed25519" else "ssh-rsa"
        first, last = f"PuTTY-User-Key-File-2: {kind}", "Private-MAC: 0123456789abcdef"
    else:
        kind = "OPENSSH" if request.get("KeyType") == "ed25519" else "RSA"
        first, last = f"-----BEGIN {kind} PRIVATE KEY-----", f"-----END {kind} PRIVATE KEY-----"
    return "\n".join([first, *("MadeUp+Line/" * 5 + str(n) for n in range(20)), last, ""])
