"""Policies whose effect AWS documents, decided the same or refused as not understood.

Each row has the rule that decides it, as a page of the IAM User Guide or of the Service
Authorization Reference gives it; where the page takes longer to say it, in short.
Each policy limits the user `sam` of account 000000000000 in us-east-1.
"""

import json
from datetime import UTC, datetime
from typing import Any, NamedTuple

from core.ec2.authorization import ACCOUNT, Authorizer, Context, request_tags
from core.ec2.policy import Policy, PolicyError
from core.ec2.regions import region
from core.errors import UnauthorizedOperation
from core.model import Tag

Statement = dict[str, Any]
ALLOWED, DENIED = "allowed", "denied"
NOW = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)


class Documented(NamedTuple):
    page: str
    sentence: str
    statements: list[Statement]
    by_aws: str
    refused: str = ""
    """What the refusal names, where we do not decide."""
    action: str = "DeleteKeyPair"
    key_name: str | None = "prod-db"
    context: Context = {}  # noqa: RUF012 - of a tuple, and never changed


def allow(action: object = "*", resource: object = "*", **more: Any) -> Statement:
    return {"Effect": "Allow", "Action": action, "Resource": resource} | more


def deny(action: object = "*", resource: object = "*", **more: Any) -> Statement:
    return allow(action, resource, **more) | {"Effect": "Deny"}


def when(operator: str, key: str, value: object) -> Statement:
    return {"Condition": {operator: {key: value}}}


def instead(statement: Statement, **elements: object) -> Statement:
    return {name: value for name, value in statement.items() if f"Not{name}" not in elements} | (
        elements
    )


def key_pair(name: str, where: str = "*:*") -> str:
    return f"arn:aws:ec2:{where}:key-pair/{name}"


TEAM_OPS = request_tags([Tag("team", "ops")])
TWO_TAGS = request_tags([Tag("team", "ops"), Tag("env", "prod")])
IS_PROD: Context = {"aws:ResourceTag/env": "prod", "ec2:ResourceTag/env": "prod"}

LOGIC = "Policy evaluation logic"
ACTION = "Action"
NOT_ACTION = "NotAction"
RESOURCE = "Resource"
NOT_RESOURCE = "NotResource"
OPERATORS = "Condition operators"
BLOCK = "Conditions with multiple context keys or values"
SETS = "Multivalued context keys"
VARIABLES = "Variables and tags"
GLOBAL = "Global condition context keys"
KEYS = "Condition"
EFFECT = "Effect"
GRAMMAR = "Grammar"
REFERENCE = "Service Authorization Reference, Amazon EC2"

EXPANDS = (
    "If the * wildcard is the last character of a resource ARN segment, it can expand to match"
    " beyond the colon boundaries."
)
SIX = (
    "Each of the six colon-delimited components of the ARN is checked separately and each can"
    " include multi-character match wildcards (*) or single-character match wildcards (?)."
)
MISSING = (
    "If the key that you specify in a policy condition is not present in the request context, the"
    " values do not match and the condition is false."
)
NEGATED_MISSING = (
    "If the policy condition requires that the key is not matched, such as StringNotLike or"
    " ArnNotLike, and the right key is not present, the condition is true."
)
IF_EXISTS = (
    "If the condition key is present in the context of the request, process the key as specified"
    " in the policy. If the key is not present, evaluate the condition element as true."
)
NULL = (
    "Use a Null condition operator to check if a condition key is absent at the time of"
    " authorization."
)
ALWAYS = "This key is included in the request context for all requests."
LONG_TERM = (
    "The aws:MultiFactorAuthPresent key is not present when an API or CLI command is called with"
    " long-term credentials"
)

TABLE = [
    # Effect and evaluation
    Documented(LOGIC, "By default, all requests are implicitly denied.", [allow("s3:*")], DENIED),
    Documented(
        LOGIC,
        "An explicit allow in an identity-based policy overrides this default.",
        [allow("ec2:DeleteKeyPair", key_pair("*"))],
        ALLOWED,
    ),
    Documented(
        LOGIC,
        "An explicit deny in any policy overrides any allows.",
        [allow(), deny("ec2:DeleteKeyPair", key_pair("prod-*"))],
        DENIED,
    ),
    Documented(
        EFFECT,
        "The Effect value is case sensitive.",
        [allow() | {"Effect": "allow"}],
        DENIED,
        "Eff",
    ),
    Documented(
        GRAMMAR,
        "Identity-based policies do not have a Principal element.",
        [allow(Principal="*")],
        DENIED,
        "Principal",
    ),
    # Action
    Documented(
        ACTION,
        "The prefix and the action name are case insensitive.",
        [allow("EC2:deletekeypair")],
        ALLOWED,
    ),
    Documented(
        ACTION,
        "You can also use wildcards (* or ?) as part of the action name.",
        [allow(), deny("ec2:Delete*")],
        DENIED,
    ),
    Documented(
        ACTION,
        "You can use multi-character match wildcards (*) and single-character ones (?).",
        [allow("ec2:DeleteKeyPai?")],
        ALLOWED,
    ),
    Documented(
        NOT_ACTION,
        "NotAction explicitly matches everything except the specified list of actions.",
        [instead(allow(), NotAction="ec2:Delete*")],
        DENIED,
    ),
    Documented(
        NOT_ACTION,
        "NotAction with Deny denies every action but those listed.",
        [allow(), instead(deny(), NotAction=["ec2:Describe*", "iam:*"])],
        DENIED,
    ),
    # Resource
    Documented(
        RESOURCE,
        "You can use wildcard characters within the individual segments of an ARN.",
        [allow("*", "arn:aws:ec2:us-*-1:????????????:key-pair/*-db")],
        ALLOWED,
    ),
    Documented(RESOURCE, EXPANDS, [allow(), deny("*", "arn:aws:ec2:*:key-pair/prod-*")], DENIED),
    Documented(RESOURCE, EXPANDS, [allow(), deny("*", "arn:aws:ec2:*:*key-pair/prod-*")], DENIED),
    Documented(
        RESOURCE, EXPANDS, [allow(), deny("ec2:*", "arn:aws:ec2:*:key-pair/prod-db")], DENIED
    ),
    Documented(
        RESOURCE,
        EXPANDS,
        [allow(), deny("*", "arn:aws:ec2:us-*/prod-db")],
        ALLOWED,
        "is not an ARN",
    ),
    Documented(RESOURCE, EXPANDS, [allow(), deny("*", "arn:aws:ec2:*")], DENIED),
    Documented(
        RESOURCE,
        EXPANDS,
        [allow(), deny("*", "arn:aws:ec2:*:key-pair/test-*")],
        ALLOWED,
    ),
    Documented(
        RESOURCE,
        EXPANDS,
        [allow("*", "arn:aws:ec2:*:key-pair/prod-*")],
        ALLOWED,
        "can match no",
    ),
    Documented(
        NOT_RESOURCE,
        "NotResource explicitly matches every resource except those specified.",
        [instead(allow("ec2:*"), NotResource=key_pair("prod-*"))],
        DENIED,
    ),
    Documented(
        NOT_RESOURCE,
        EXPANDS,
        [instead(allow("ec2:*"), NotResource="arn:aws:ec2:*:key-pair/prod-*")],
        DENIED,
    ),
    Documented(
        NOT_RESOURCE,
        "NotResource with Deny denies access to all resources not listed.",
        [allow(), instead(deny("ec2:*"), NotResource=key_pair("dev-*"))],
        DENIED,
    ),
    Documented(
        RESOURCE,
        "You can't use a wildcard in the service segment that identifies the AWS product.",
        [allow(), deny("*", "arn:aws:*:us-east-1:*:key-pair/prod-*")],
        DENIED,
        "wildcard may stand in the service",
    ),
    Documented(
        REFERENCE,
        "key-pair: arn:${Partition}:ec2:${Region}:${Account}:key-pair/${KeyPairName}",
        [allow(), deny("ec2:DeleteKeyPair", "arn:aws:ec2:*:*:keypair/prod-*")],
        ALLOWED,
        "can match no key pair",
    ),
    Documented(
        REFERENCE,
        "DescribeKeyPairs does not support resource types: use * as the resource.",
        [allow("ec2:DescribeKeyPairs", key_pair("*"))],
        DENIED,
        action="DescribeKeyPairs",
        key_name=None,
    ),
    Documented(
        REFERENCE,
        "ec2:CreateTags is a dependent action of CreateKeyPair with tags.",
        [allow("ec2:CreateTags", **when("StringEquals", "ec2:CreateAction", "RunInstances"))],
        DENIED,
        action="CreateTags",
        context=TEAM_OPS | {"ec2:CreateAction": "CreateKeyPair"},
    ),
    # Conditions
    Documented(
        OPERATORS,
        "StringEquals: exact matching, case sensitive.",
        [allow("*", **when("StringEquals", "aws:username", "Sam"))],
        DENIED,
    ),
    Documented(
        OPERATORS,
        "StringEqualsIgnoreCase: exact matching, ignoring case.",
        [allow(), deny("*", **when("StringEqualsIgnoreCase", "aws:username", "SAM"))],
        DENIED,
    ),
    Documented(
        OPERATORS,
        "StringLike: the values can include a multi-character match wildcard (*).",
        [allow(), deny("*", **when("StringLike", "ec2:KeyPairName", "prod-*"))],
        DENIED,
        context={"ec2:KeyPairName": "prod-db"},
    ),
    Documented(
        OPERATORS,
        NEGATED_MISSING,
        [allow(), deny("*", **when("StringNotEquals", "aws:RequestTag/team", "ops"))],
        DENIED,
    ),
    Documented(
        OPERATORS,
        MISSING,
        [allow("*", **when("StringEquals", "aws:ResourceTag/env", "prod"))],
        DENIED,
    ),
    Documented(
        OPERATORS,
        IF_EXISTS,
        [allow("*", **when("StringEqualsIfExists", "aws:RequestTag/team", "ops"))],
        ALLOWED,
    ),
    Documented(
        OPERATORS,
        NULL,
        [allow(), deny("*", **when("Null", "aws:RequestTag/team", "true"))],
        DENIED,
        action="CreateKeyPair",
    ),
    Documented(
        OPERATORS,
        SIX,
        [allow(), deny("*", **when("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:user/s*"))],
        DENIED,
    ),
    Documented(
        OPERATORS,
        SIX,
        [allow("*", **when("ArnLike", "aws:PrincipalArn", "arn:aws:iam:*:*:user/*/sam"))],
        DENIED,
    ),
    Documented(
        OPERATORS,
        "DateLessThan: matching before a specific date and time.",
        [allow("*", **when("DateLessThan", "aws:CurrentTime", "2026-11-24T20:00:00Z"))],
        DENIED,
    ),
    Documented(
        OPERATORS,
        "NumericLessThanEquals: less-than or equals matching.",
        [allow("*", **when("NumericLessThanEquals", "aws:EpochTime", int(NOW.timestamp())))],
        ALLOWED,
    ),
    Documented(
        BLOCK,
        "If your policy has multiple keys, all must resolve to true: a logical AND.",
        [allow(Condition={"StringEquals": {"aws:username": "sam", "ec2:Region": "us-west-2"}})],
        DENIED,
    ),
    Documented(
        BLOCK,
        "If a single condition key has multiple values, they are evaluated with a logical OR.",
        [allow("*", **when("StringEquals", "aws:RequestedRegion", ["us-west-2", "us-east-1"]))],
        ALLOWED,
    ),
    Documented(
        BLOCK,
        "With a negated matching operator, multiple values are evaluated with a logical NOR.",
        [allow("*", **when("StringNotEquals", "aws:RequestedRegion", ["us-west-2", "us-east-1"]))],
        DENIED,
    ),
    Documented(
        SETS,
        "ForAllValues: true if every key value in the request matches a value in the policy.",
        [allow("*", **when("ForAllValues:StringEquals", "aws:TagKeys", ["team"]))],
        DENIED,
        action="CreateTags",
        context=TWO_TAGS,
    ),
    Documented(
        SETS,
        "ForAllValues also returns true if there are no context keys in the request.",
        [allow("*", **when("ForAllValues:StringEquals", "aws:TagKeys", ["team"]))],
        ALLOWED,
    ),
    Documented(
        SETS,
        "ForAnyValue: true if any one of the context key values matches.",
        [allow(), deny("*", **when("ForAnyValue:StringEquals", "aws:TagKeys", ["env"]))],
        DENIED,
        action="CreateTags",
        context=TWO_TAGS,
    ),
    Documented(
        KEYS,
        "Condition key names are not case-sensitive.",
        [allow(), deny("*", **when("StringEquals", "AWS:resourcetag/ENV", "prod"))],
        DENIED,
        context=IS_PROD,
    ),
    Documented(
        VARIABLES,
        "When this policy is evaluated, IAM replaces the variable ${aws:username}.",
        [allow("*", key_pair("${aws:username}-*"))],
        DENIED,
    ),
    Documented(
        VARIABLES,
        "If a variable has no value, the whole statement might be invalid and match nothing.",
        [allow("*", key_pair("${aws:PrincipalTag/team}*"))],
        DENIED,
    ),
    Documented(
        VARIABLES,
        "The Version element is required and its value must be set to 2012-10-17 for variables.",
        [allow(), deny("*", key_pair("${aws:PrincipalTag/team}*"))],
        ALLOWED,
        "aws:principaltag/team",
    ),
    # Global condition keys
    Documented(
        GLOBAL,
        f"aws:SecureTransport: {ALWAYS}",
        [allow(), deny("*", **when("Bool", "aws:SecureTransport", "true"))],
        DENIED,
    ),
    Documented(
        GLOBAL,
        "aws:SecureTransport: check whether the request was sent using TLS.",
        [allow(), deny("*", **when("Bool", "aws:SecureTransport", "false"))],
        ALLOWED,
    ),
    Documented(
        GLOBAL,
        "aws:ViaAWSService: false when the principal makes the call directly.",
        [allow(), deny("*", **when("Bool", "aws:ViaAWSService", "false"))],
        DENIED,
    ),
    Documented(
        GLOBAL,
        "aws:PrincipalIsAWSService: false when the call is not made by a service principal.",
        [allow(), deny("*", **when("BoolIfExists", "aws:PrincipalIsAWSService", "false"))],
        DENIED,
    ),
    Documented(
        GLOBAL,
        "aws:ResourceAccount: always included for most service actions.",
        [allow(), deny("*", **when("StringEquals", "aws:ResourceAccount", ACCOUNT))],
        DENIED,
    ),
    Documented(
        GLOBAL,
        f"aws:UserAgent: {ALWAYS}",
        [allow(), deny("*", **when("Null", "aws:UserAgent", "false"))],
        DENIED,
    ),
    *(
        Documented(
            GLOBAL,
            f"{key}: {ALWAYS}",
            [allow(), deny("*", **when("Null", key, "false"))],
            DENIED,
        )
        for key in (
            "aws:CurrentTime",
            "aws:EpochTime",
            "aws:PrincipalArn",
            "aws:PrincipalAccount",
            "aws:PrincipalType",
            "aws:RequestedRegion",
            "aws:username",
        )
    ),
    *(
        Documented(GLOBAL, f"{key}: {ALWAYS}", [allow(), deny("*", **condition)], DENIED, key)
        for key in ("aws:userid", "aws:SourceIp")
        for condition in (when("Null", key, "false"), when("StringLike", key, "*"))
    ),
    Documented(
        GLOBAL,
        LONG_TERM,
        [allow(), deny("*", **when("BoolIfExists", "aws:MultiFactorAuthPresent", "false"))],
        DENIED,
        "aws:MultiFactorAuthPresent",
    ),
    Documented(
        GLOBAL,
        LONG_TERM,
        [allow("*", **when("Bool", "aws:MultiFactorAuthPresent", "true"))],
        DENIED,
    ),
    Documented(
        GLOBAL,
        "aws:PrincipalOrgID: only included if the principal is a member of an organization.",
        [allow("*", **when("StringNotEquals", "aws:PrincipalOrgID", "o-1"))],
        ALLOWED,
        "aws:PrincipalOrgID",
    ),
    Documented(
        GLOBAL,
        "aws:SourceVpce: only if the requester uses a VPC endpoint to make the request.",
        [allow(), deny("*", **when("StringNotEquals", "aws:SourceVpce", "vpce-1"))],
        DENIED,
        "aws:SourceVpce",
    ),
    Documented(
        GLOBAL,
        "aws:CalledVia: only if a service makes requests on behalf of the principal.",
        [allow("*", **when("ForAllValues:StringEquals", "aws:CalledVia", ["a.amazonaws.com"]))],
        ALLOWED,
        "aws:CalledVia",
    ),
    Documented(
        OPERATORS,
        "NotIpAddress: all IP addresses except the specified IP address or range.",
        [allow(), deny("*", **when("NotIpAddress", "aws:SourceIp", "192.0.2.0/24"))],
        DENIED,
        "NotIpAddress",
    ),
]


def decision(row: Documented) -> str:
    """Return what the authorizer decides, or the refusal of the document."""
    text = json.dumps({"Version": "2012-10-17", "Statement": row.statements})
    try:
        policy = Policy.parse(text, source="p", account=ACCOUNT)
    except PolicyError as error:
        return f"refused: {error}"
    authorizer = Authorizer(region("us-east-1"), "sam", policy=policy, now=lambda: NOW)
    try:
        authorizer.check(row.action, row.key_name, row.context)
    except UnauthorizedOperation:
        return DENIED
    return ALLOWED


def test_each_documented_policy_is_decided_as_aws_decides_or_refused() -> None:
    assert len(TABLE) >= 40
    wrong = []
    for row in TABLE:
        found = decision(row)
        as_expected = found == row.by_aws if not row.refused else row.refused in found
        if not as_expected or (row.refused and not found.startswith("refused: p: Statement[")):
            wrong.append(f"{row.page}: {row.sentence}\n  {row.statements}\n  {found}")
    assert not wrong, "\n".join(wrong)
