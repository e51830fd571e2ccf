"""Policies whose effect AWS documents, decided the same or refused as not understood.

Each row has the sentence that decides it, word for word from the named page of the IAM User Guide,
of the EC2 User Guide or of the Service Authorization Reference. AWS rewords its pages from time to
time: the global condition keys and NotResource are quoted from the edition of 2022 and 2023.
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
ACTION = "IAM JSON policy elements: Action"
NOT_ACTION = "IAM JSON policy elements: NotAction"
RESOURCE = "IAM JSON policy elements: Resource"
NOT_RESOURCE = "IAM JSON policy elements: NotResource"
OPERATORS = "IAM JSON policy elements: Condition operators"
BLOCK = "Conditions with multiple context keys or values"
SETS = "Single-valued vs. multivalued context keys"
VARIABLES = "IAM policy elements: Variables and tags"
GLOBAL = "AWS global condition context keys"
KEYS = "IAM JSON policy elements: Condition"
EFFECT = "IAM JSON policy elements: Effect"
PRINCIPAL = "AWS JSON policy elements: Principal"
REFERENCE = "Service Authorization Reference, Actions, resources, and condition keys for Amazon EC2"
DESCRIBING = "Amazon EC2 User Guide, Grant permissions to use EC2 Instance Connect Endpoint"
TAGGING = "Amazon EC2 User Guide, Grant permission to tag Amazon EC2 resources during creation"

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
ALWAYS = "This key is always included in the request context."
ONLY_BY_VPC = (
    "This key is included in the request context only if the requester uses a VPC endpoint to make"
    " the request."
)
UNRESOLVED = (
    "If AWS cannot resolve a variable, this might cause the entire statement to be invalid."
)
LONG_TERM = (
    "The aws:MultiFactorAuthPresent key is not present when an API or CLI command is called with"
    " long-term credentials"
)

TABLE = [
    # Effect and evaluation
    Documented(
        LOGIC,
        "By default, all requests are implicitly denied with the exception of the AWS account root"
        " user, which has full access.",
        [allow("s3:*")],
        DENIED,
    ),
    Documented(
        LOGIC,
        "An explicit allow in an identity-based or resource-based policy overrides this default.",
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
        PRINCIPAL,
        "You cannot use the Principal element in an identity-based policy.",
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
        "You can use multi-character match wildcards (*) and single-character match wildcards (?)"
        " to give access to all the actions the specific AWS product offers.",
        [allow("ec2:DeleteKeyPai?")],
        ALLOWED,
    ),
    Documented(
        NOT_ACTION,
        "NotAction is an advanced policy element that explicitly matches everything except the"
        " specified list of actions.",
        [instead(allow(), NotAction="ec2:Delete*")],
        DENIED,
    ),
    Documented(
        NOT_ACTION,
        "In addition, such unlisted actions or services are denied if you use the Deny effect.",
        [allow(), instead(deny(), NotAction=["ec2:Describe*", "iam:*"])],
        DENIED,
    ),
    # Resource
    Documented(
        RESOURCE,
        "You can use wildcard characters (* and ?) within the individual segments of an ARN (the"
        " parts separated by colons)",
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
        "NotResource is an advanced policy element that explicitly matches every resource except"
        " those specified.",
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
        'Using the NotResource element and "Effect": "Deny" in the same statement denies access to'
        " all resources, for the services specified in the statement, that are not explicitly"
        " listed.",
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
        "arn:${Partition}:ec2:${Region}:${Account}:key-pair/${KeyPairName}",
        [allow(), deny("ec2:DeleteKeyPair", "arn:aws:ec2:*:*:keypair/prod-*")],
        ALLOWED,
        "can match no key pair",
    ),
    Documented(
        DESCRIBING,
        "the ec2:Describe* API actions do not support resource-level permissions. Therefore, the *"
        " wildcard is necessary in the Resource element.",
        [allow("ec2:DescribeKeyPairs", key_pair("*"))],
        DENIED,
        action="DescribeKeyPairs",
        key_name=None,
    ),
    Documented(
        TAGGING,
        "In the IAM policy definition for the ec2:CreateTags action, use the Condition element with"
        " the ec2:CreateAction condition key to give tagging permissions to the action that creates"
        " the resource.",
        [allow("ec2:CreateTags", **when("StringEquals", "ec2:CreateAction", "RunInstances"))],
        DENIED,
        action="CreateTags",
        context=TEAM_OPS | {"ec2:CreateAction": "CreateKeyPair"},
    ),
    # Conditions
    Documented(
        OPERATORS,
        "StringEquals: Exact matching, case sensitive",
        [allow("*", **when("StringEquals", "aws:username", "Sam"))],
        DENIED,
    ),
    Documented(
        OPERATORS,
        "StringEqualsIgnoreCase: Exact matching, ignoring case",
        [allow(), deny("*", **when("StringEqualsIgnoreCase", "aws:username", "SAM"))],
        DENIED,
    ),
    Documented(
        OPERATORS,
        "StringLike: Case-sensitive matching. The values can include multi-character match"
        " wildcards (*) and single-character match wildcards (?) anywhere in the string.",
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
        "DateLessThan: Matching before a specific date and time",
        [allow("*", **when("DateLessThan", "aws:CurrentTime", "2026-11-24T20:00:00Z"))],
        DENIED,
    ),
    Documented(
        OPERATORS,
        'NumericLessThanEquals: "Less than or equals" matching',
        [allow("*", **when("NumericLessThanEquals", "aws:EpochTime", int(NOW.timestamp())))],
        ALLOWED,
    ),
    Documented(
        BLOCK,
        "If your policy statement has multiple context keys attached to a single condition"
        " operator, the context keys are evaluated using a logical AND.",
        [allow(Condition={"StringEquals": {"aws:username": "sam", "ec2:Region": "us-west-2"}})],
        DENIED,
    ),
    Documented(
        BLOCK,
        "If a single condition operator includes multiple values for a context key, those values"
        " are evaluated using a logical OR.",
        [allow("*", **when("StringEquals", "aws:RequestedRegion", ["us-west-2", "us-east-1"]))],
        ALLOWED,
    ),
    Documented(
        BLOCK,
        "If a single negated matching condition operator includes multiple values for a context"
        " key, those values are evaluated using a logical NOR.",
        [allow("*", **when("StringNotEquals", "aws:RequestedRegion", ["us-west-2", "us-east-1"]))],
        DENIED,
    ),
    Documented(
        SETS,
        "The condition returns true if every context key value in the request matches a context"
        " key value in the policy.",
        [allow("*", **when("ForAllValues:StringEquals", "aws:TagKeys", ["team"]))],
        DENIED,
        action="CreateTags",
        context=TWO_TAGS,
    ),
    Documented(
        SETS,
        "It also returns true if there are no context keys in the request",
        [allow("*", **when("ForAllValues:StringEquals", "aws:TagKeys", ["team"]))],
        ALLOWED,
    ),
    Documented(
        SETS,
        "The condition returns true if any one of the context key values in the request matches"
        " any one of the context key values in the policy.",
        [allow(), deny("*", **when("ForAnyValue:StringEquals", "aws:TagKeys", ["env"]))],
        DENIED,
        action="CreateTags",
        context=TWO_TAGS,
    ),
    Documented(
        KEYS,
        "Context key names are not case-sensitive.",
        [allow(), deny("*", **when("StringEquals", "AWS:resourcetag/ENV", "prod"))],
        DENIED,
        context=IS_PROD,
    ),
    Documented(
        VARIABLES,
        "When this policy is evaluated, IAM replaces the variable ${aws:username} with the friendly"
        " name of the actual current user.",
        [allow("*", key_pair("${aws:username}-*"))],
        DENIED,
    ),
    Documented(
        VARIABLES,
        UNRESOLVED,
        [allow("*", key_pair("${aws:PrincipalTag/team}*"))],
        DENIED,
    ),
    Documented(
        VARIABLES,
        UNRESOLVED,
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
        "aws:SecureTransport: Use this key to check whether the request was sent using SSL.",
        [allow(), deny("*", **when("Bool", "aws:SecureTransport", "false"))],
        ALLOWED,
    ),
    Documented(
        GLOBAL,
        "aws:ViaAWSService: The request context key also returns false when the principal makes the"
        " call directly.",
        [allow(), deny("*", **when("Bool", "aws:ViaAWSService", "false"))],
        DENIED,
    ),
    Documented(
        GLOBAL,
        "aws:PrincipalIsAWSService: This key is present in the request context for all signed API"
        " requests that use AWS credentials.",
        [allow(), deny("*", **when("BoolIfExists", "aws:PrincipalIsAWSService", "false"))],
        DENIED,
    ),
    Documented(
        GLOBAL,
        "aws:ResourceAccount: This key is always included in the request context for most service"
        " actions.",
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
        )
    ),
    Documented(
        GLOBAL,
        "aws:username: This key is always included in the request context for IAM users.",
        [allow(), deny("*", **when("Null", "aws:username", "false"))],
        DENIED,
    ),
    *(
        Documented(GLOBAL, f"{key}: {sentence}", [allow(), deny("*", **condition)], DENIED, key)
        for key, sentence in (
            (
                "aws:userid",
                "This key is included in the request context for all signed requests.",
            ),
            (
                "aws:SourceIp",
                "This key is included in the request context, except when the requester uses a VPC"
                " endpoint to make the request.",
            ),
        )
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
        "aws:PrincipalOrgID: This key is included in the request context only if the principal is a"
        " member of an organization.",
        [allow("*", **when("StringNotEquals", "aws:PrincipalOrgID", "o-1"))],
        ALLOWED,
        "aws:PrincipalOrgID",
    ),
    Documented(
        GLOBAL,
        f"aws:SourceVpce: {ONLY_BY_VPC}",
        [allow(), deny("*", **when("StringNotEquals", "aws:SourceVpce", "vpce-1"))],
        DENIED,
        "aws:SourceVpce",
    ),
    Documented(
        GLOBAL,
        "aws:CalledVia: This key is also not present when the principal makes the call directly.",
        [allow("*", **when("ForAllValues:StringEquals", "aws:CalledVia", ["a.amazonaws.com"]))],
        ALLOWED,
        "aws:CalledVia",
    ),
    Documented(
        OPERATORS,
        "NotIpAddress: All IP addresses except the specified IP address or range",
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
