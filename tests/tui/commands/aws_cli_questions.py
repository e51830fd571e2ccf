"""Command lines as people write them for `aws ec2`, and answers as EC2 gives them."""

from typing import Any

from tests.helpers import PUBLIC_KEY

FILES = {
    "tags.json": b'[{"Key": "a", "Value": "b"}, {"Key": "c"}]',
    "specifications.json": b'[{"ResourceType": "key-pair", "Tags": [{"Key": "a", "Value": "b"}]}]',
    "filters.txt": b"Name=key-name,Values=from-file",
    "name.txt": b"named-by-a-file",
    "id.pub": f"{PUBLIC_KEY} me\n".encode(),
    "input.json": b'{"KeyName": "from-json", "KeyType": "ed25519"}',
    "value.txt": b"the value",
}
"""Files that the command lines name."""

_CREATE = ["create-key-pair", "--key-name", "x"]
_TAGS = "ResourceType=key-pair,Tags="

REQUESTS: list[list[str]] = [
    _CREATE,
    ["create-key-pair", "--key-name=x"],
    ["create-key-pair", "--key-name", "two words"],
    ["create-key-pair", "--key-name", ""],
    ["create-key-pair", "--key-name", "x", "--key-name", "y"],
    ["create-key-pair", "--key-name", "file://name.txt"],
    [*_CREATE, "--key-type", "ed25519", "--key-format", "ppk"],
    [*_CREATE, "--key-ty", "rsa", "--key-f", "pem"],
    [*_CREATE, "--dry-run"],
    [*_CREATE, "--no-dry-run"],
    [*_CREATE, "--dry-run", "--no-dry-run"],
    [*_CREATE, "--tag-specifications", _TAGS + "[{Key=a,Value=b}]"],
    [*_CREATE, "--tag-specifications", _TAGS + "[{Key=a,Value=b},{Key=c,Value=d}]"],
    [*_CREATE, "--tag-specifications", _TAGS + "[{Key=a,Value=b}, {Key=c, Value=d}]"],
    [*_CREATE, "--tag-specifications", _TAGS + "[{Key=Cost Center,Value=one two}]"],
    [*_CREATE, "--tag-specifications", _TAGS + "[{Key='a,b',Value=\"c,d\"}]"],
    [*_CREATE, "--tag-specifications", _TAGS + '[{Key=a,Value="with \\"quotes\\""}]'],
    [*_CREATE, "--tag-specifications", _TAGS + "[{Key=a,Value='it\\'s'}]"],
    [*_CREATE, "--tag-specifications", _TAGS + "[{Key=a,Value=b\\,c}]"],
    [*_CREATE, "--tag-specifications", _TAGS + "[{Key=a,Value=x=y}]"],
    [*_CREATE, "--tag-specifications", _TAGS + "[{Key=a,Value=}]"],
    [*_CREATE, "--tag-specifications", _TAGS + "[{Key=url,Value=https://x.example/a:b?c=d}]"],
    [*_CREATE, "--tag-specifications", _TAGS + "[]"],
    [*_CREATE, "--tag-specifications", _TAGS + "{Key=a,Value=b}"],
    [*_CREATE, "--tag-specifications", "ResourceType=key-pair"],
    [*_CREATE, "--tag-specifications", "Tags=[{Key=a,Value=b}]"],
    [*_CREATE, "--tag-spec", _TAGS + "[{Key=a,Value=é}]"],
    [*_CREATE, "--tag-specifications", _TAGS + "[{Key=a,Value@=file://value.txt}]"],
    [*_CREATE, "--tag-specifications", _TAGS + "[{Key=a}]", _TAGS + "[{Key=b}]"],
    [*_CREATE, "--tag-specifications", "file://specifications.json"],
    [*_CREATE, "--tag-specifications", FILES["specifications.json"].decode()],
    [*_CREATE, "--tag-specifications", FILES["specifications.json"].decode()[1:-1]],
    [*_CREATE, "--tag-specifications", "ResourceType:key-pair"],
    [*_CREATE, "--tag-specifications", _TAGS + "[{Key=a,Value=b}"],
    [*_CREATE, "--tag-specifications", _TAGS + "[{Key=a Value=b}]"],
    [*_CREATE, "--tag-specifications", _TAGS + "[{Key=a,Colour=b}]"],
    [*_CREATE, "--tag-specifications", "ResourceType=a,ResourceType=b"],
    [*_CREATE, "--tag-specifications", ""],
    [*_CREATE, "--tag-specifications", "[{"],
    [*_CREATE, "--tag-specifications"],
    [*_CREATE, "--tag-specifications", "file://missing.json"],
    ["create-key-pair"],
    [*_CREATE, "--no-such-option"],
    [*_CREATE, "more"],
    [*_CREATE, "--key", "y"],
    ["create-key-pair", "--cli-input-json", "file://input.json"],
    ["create-key-pair", "--cli-input-json", "file://input.json", "--key-name", "x"],
    ["create-key-pair", "--cli-input-json", '{"KeyName": "x", "DryRun": false}'],
    ["create-key-pair", "--cli-input-json", '{"KeyType": "rsa"}'],
    ["create-key-pair", "--cli-input-json", '{"KeyName": 5}'],
    ["create-key-pair", "--cli-input-json", '{"Keyname": "x"}'],
    ["create-key-pair", "--cli-input-json", "{"],
    ["import-key-pair", "--key-name", "x", "--public-key-material", "fileb://id.pub"],
    ["import-key-pair", "--key-name", "x", "--public-key-material", "file://id.pub"],
    ["import-key-pair", "--key-name", "x", "--public-key-material", FILES["id.pub"].decode()],
    ["import-key-pair", "--key-name", "x", "--public-key-material", ""],
    ["import-key-pair", "--key-name", "x", "--public-key-material", "fileb://missing"],
    ["import-key-pair", "--key-name", "x"],
    ["describe-key-pairs"],
    ["describe-key-pairs", "--key-names", "a", "b", "c"],
    ["describe-key-pairs", "--key-name", "a"],
    ["describe-key-pairs", "--key-names", '["a", "b"]'],
    ["describe-key-pairs", "--key-names"],
    ["describe-key-pairs", "--key-names", "a", "--key-pair-ids", "key-0123456789abcdef0"],
    ["describe-key-pairs", "--include-public-key"],
    ["describe-key-pairs", "--no-include-public-key"],
    ["describe-key-pairs", "--filters", "Name=key-name,Values=a"],
    ["describe-key-pairs", "--filters", "Name=key-name,Values=a,b,c"],
    ["describe-key-pairs", "--filters", "Name=tag:Env,Values=prod", "Name=tag-key,Values=Team"],
    ["describe-key-pairs", "--filters", "Name=tag:Name,Values='a,b',\"c d\""],
    ["describe-key-pairs", "--filters", "Name=tag:Name,Values=a\\,b,c"],
    ["describe-key-pairs", "--filters", "Name=tag:Name,Values=[a,b]"],
    ["describe-key-pairs", "--filters", "Name=fingerprint,Values=1f:51:ae:28"],
    ["describe-key-pairs", "--filters", "Name=key-name,Values=web*,?b"],
    ["describe-key-pairs", "--filters", "Values=a,Name=key-name"],
    ["describe-key-pairs", "--filters", "Values=a,b,Name=key-name"],
    ["describe-key-pairs", "--filters", "Name=key-name,Values="],
    ["describe-key-pairs", "--filters", "Name = key-name , Values = a , b"],
    ["describe-key-pairs", "--filters", "Name=key-name,Values=a,Values=b"],
    ["describe-key-pairs", "--filters", "key-name=a"],
    ["describe-key-pairs", "--filters", "key-name"],
    ["describe-key-pairs", "--filters", '[{"Name": "key-name", "Values": ["a"]}]'],
    ["describe-key-pairs", "--filters", '{"Name": "key-name", "Values": ["a"]}'],
    ["describe-key-pairs", "--filters", '[{"Name": "key-name", "Values": "a"}]'],
    ["describe-key-pairs", "--output", "text", "--query", "KeyPairs[].KeyName"],
    ["describe-key-pairs", "--query", "[a"],
    ["describe-key-pairs", "--output", "nonsense"],
    ["describe-key-pairs", "--max-items", "5"],
    ["describe-key-pairs", "--no-paginate", "--color", "off"],
    ["delete-key-pair", "--key-name", "x"],
    ["delete-key-pair", "--key-pair-id", "key-0123456789abcdef0"],
    ["delete-key-pair"],
    ["create-tags", "--resources", "key-0123456789abcdef0", "--tags", "Key=a,Value=b"],
    ["create-tags", "--resources", "key-1", "key-2", "--tags", "Key=a,Value=b", "Key=c,Value=d e"],
    ["create-tags", "--resources", "key-1", "--tags", "Key=a,Value="],
    ["create-tags", "--resources", "key-1", "--tags", "Key=a"],
    ["create-tags", "--resources", "key-1", "--tags", 'Key="a b",Value=c', "Key=d,Value='e,f'"],
    ["create-tags", "--resources", "key-1", "--tags", '[{"Key": "a", "Value": "b"}]'],
    ["create-tags", "--resources", "key-1", "--tags", "file://tags.json"],
    ["create-tags", "--resources", "key-1", "--tags", "a=b"],
    ["create-tags", "--resources", "key-1", "--tags", "Key=a,Value=b Key=c,Value=d"],
    ["create-tags", "--resources", "key-1"],
    ["create-tags", "--tags", "Key=a,Value=b"],
    ["delete-tags", "--resources", "key-1"],
    ["delete-tags", "--resources", "key-1", "--tags", "Key=a"],
    ["delete-tags", "--resources", "key-1", "--tags", "Key=a,Value=", "Key=b"],
    ["describe-tags", "--filters", "Name=resource-id,Values=key-1"],
    ["describe-tags", "--filters", "Name=key,Values=a,b", "Name=value,Values=x"],
    ["describe-tags", "--max-results", "5"],
    ["describe-tags", "--max-items", "x"],
]
"""Command lines whose requests are compared."""

_PAIRS: list[dict[str, Any]] = [
    {
        "KeyPairId": "key-0123456789abcdef0",
        "KeyType": "ed25519",
        "Tags": [{"Key": "Env", "Value": "prod"}, {"Key": "Owner", "Value": "Zoë"}],
        "CreateTime": "2026-09-25T11:05:17.469000+00:00",
        "KeyName": "ci-deploy",
        "KeyFingerprint": "4LmcYnyBOqlloHZ5TKAxfa8BgMK2wL6WeOOTvXVdhmw=",
    },
    {
        "KeyPairId": "key-0fedcba9876543210",
        "KeyType": "rsa",
        "Tags": [],
        "CreateTime": "2026-09-25T11:05:18+00:00",
        "KeyName": "two words",
        "KeyFingerprint": "9a:c9:9c:35:5b:af:8d:2c:1a:6a:61:b3:06:eb:e5:25",
        "PublicKey": "ssh-rsa AAAA two words\n",
    },
]
_NEW = {
    "KeyPairId": "key-0123456789abcdef0",
    "Tags": [{"Key": "Env", "Value": "prod"}],
    "KeyName": "x",
    "KeyFingerprint": "4LmcYnyBOqlloHZ5TKAxfa8BgMK2wL6WeOOTvXVdhmw=",
}
_KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk\n-----END OPENSSH PRIVATE KEY-----\n"
_TAG_ROWS = [
    {"Key": "Env", "ResourceId": "key-1", "ResourceType": "key-pair", "Value": "prod"},
    {"Key": "Owner", "ResourceId": "key-2", "ResourceType": "key-pair", "Value": ""},
]

_QUERIES = {
    "describe-key-pairs": (
        None,
        "KeyPairs[].KeyName",
        "KeyPairs[*].[KeyName,KeyPairId]",
        "KeyPairs[0]",
        "KeyPairs[].Tags",
        "KeyPairs[].{n:KeyName,t:Tags[].Key}",
        "length(KeyPairs)",
        "KeyPairs[?KeyType=='rsa'].KeyName | [0]",
        "Nothing",
        "KeyPairs[0].Tags[0].Value",
        "KeyPairs[?KeyName=='none']",
        "[`1`, `true`, `null`]",
    ),
    "create-key-pair": (None, "KeyMaterial", "[KeyName, KeyMaterial]", "{k: KeyMaterial}"),
    "import-key-pair": (None, "KeyPairId", "Tags[0]"),
    "delete-key-pair": (None, "Return", "KeyPairId"),
    "create-tags": (None, "Nothing"),
    "describe-tags": (None, "Tags[].[Key,Value]"),
}

_ANSWERED: list[tuple[list[str], dict[str, Any]]] = [
    (["describe-key-pairs"], {"KeyPairs": _PAIRS}),
    (["describe-key-pairs"], {"KeyPairs": []}),
    (["create-key-pair", "--key-name", "x"], _NEW | {"KeyMaterial": _KEY}),
    (["import-key-pair", "--key-name", "x", "--public-key-material", "k"], _NEW),
    (["delete-key-pair", "--key-name", "x"], {"Return": True, "KeyPairId": "key-1"}),
    (["delete-key-pair", "--key-name", "x"], {"Return": True}),
    (["create-tags", "--resources", "key-1", "--tags", "Key=a"], {}),
    (["describe-tags"], {"Tags": _TAG_ROWS}),
    (["describe-tags"], {"Tags": []}),
    (["describe-tags", "--max-items", "1"], {"Tags": _TAG_ROWS}),
]

PRINTED = [
    (
        [*arguments, "--output", output, *(["--query", query] if query else [])],
        answer,
    )
    for arguments, answer in _ANSWERED
    for query in _QUERIES[arguments[0]]
    for output in ("json", "text", "table")
]
"""Command lines with the answer that each gets, whose output is compared."""
