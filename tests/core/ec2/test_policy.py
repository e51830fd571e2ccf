import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.ec2.policy import MAX_SIZE, Decision, Policy, PolicyError, Request
from core.errors import SettingsError
from tests.each_row import each_row

ALLOWED = Decision.ALLOWED
DENIED = Decision.EXPLICIT_DENY
SILENT = Decision.IMPLICIT_DENY

ARN = "arn:aws:ec2:eu-north-1:123456789012:key-pair/"
DEV = ARN + "dev/web-1"
CREATE = "ec2:CreateKeyPair"

Element = dict[str, object]
Context = Mapping[str, str | tuple[str, ...]]


def allow(**elements: object) -> Element:
    return statement("Allow", elements)


def deny(**elements: object) -> Element:
    return statement("Deny", elements)


def statement(effect: str, elements: Element) -> Element:
    made: Element = {"Effect": effect, **elements}
    if "NotAction" not in made:
        made.setdefault("Action", "*")
    if "NotResource" not in made:
        made.setdefault("Resource", "*")
    return made


def policy(*statements: Element) -> Policy:
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    return Policy.parse(json.dumps(document), source="policy.json")


class Case(NamedTuple):
    name: str
    rule: str
    statements: list[Element]
    expected: Decision
    context: Context = MappingProxyType({})
    action: str = CREATE
    resource: str = DEV


class Compared(NamedTuple):
    name: str
    rule: str
    operator: str
    wanted: object
    given: str | tuple[str, ...] | None
    holds: bool


LOGIC = "Evaluation logic: an explicit deny overrides an allow, and the default is an implicit deny"
ACTION = "Action: prefix and name are case-insensitive, * and ? are wildcards in the name"
NOT_ACTION = "NotAction: matches everything except the listed actions"
RESOURCE = "Resource: an ARN with case, wildcards within its segments, * also over slashes"
NOT_RESOURCE = "NotResource: matches every resource except those listed"
SEGMENTS = "Ours, stricter than Resource: a wildcard before the fifth colon stays in its segment"
MISSING = "Condition operators: a key that is absent does not match, and a negated operator holds"
IF_EXISTS = "Condition operators: ...IfExists holds when the key is absent"
NULL = "Condition operators: Null true asks that the key is absent, false that it is present"
STRING = "Condition operators: String is exact, with case, and has wildcards in Like only"
ARNS = "Condition operators: ArnEquals and ArnLike check six segments, each with wildcards"
BOOL = "Condition operators: Bool compares true and false"
NUMERIC = "Condition operators: Numeric compares integers and decimals"
DATE = "Condition operators: Date takes W3C ISO 8601 formats and epoch seconds"
MULTIPLE = "Multiple keys or values: operators AND keys AND values OR, NOR when negated"
SETS = "Multivalued keys: ForAllValues true and ForAnyValue false without the key"
NAMES = "Condition: names of keys, tag keys in them included, are not case-sensitive"
VARIABLES = "Variables: replaced by a single value of the request, after the fifth colon of an ARN"
NO_VALUE = "Variables: without a value nothing is equal to or like it; negated operators match"
SPECIAL = "Variables: ${*}, ${?} and ${$} are the characters themselves"
DEFAULTS = "Variables: a default stands in single quotes after a comma and a space"
UNDEFINED = "Ours, where AWS leaves it undefined: an Allow does not apply and a Deny does"

ENV = "aws:RequestTag/Env"
TEAM = "aws:PrincipalTag/team"
KEYS = "aws:TagKeys"
USER = "aws:username"
MINE = ARN + "${aws:username}"
OR_DEV = ARN + "${aws:username, 'dev'}/*"

CASES = [
    Case("an allow allows", LOGIC, [allow()], ALLOWED),
    Case("silence is an implicit deny", LOGIC, [allow(Action="s3:*")], SILENT),
    Case("a deny alone is explicit", LOGIC, [deny()], DENIED),
    Case("a deny after the allow wins", LOGIC, [allow(), deny(Action=CREATE)], DENIED),
    Case("a deny before the allow wins", LOGIC, [deny(Action=CREATE), allow()], DENIED),
    Case("a deny of something else is harmless", LOGIC, [allow(), deny(Action="s3:*")], ALLOWED),
    Case("one of two allows is enough", LOGIC, [allow(Action="s3:*"), allow()], ALLOWED),
    Case("an action matches itself", ACTION, [allow(Action=CREATE)], ALLOWED),
    Case("an action ignores case", ACTION, [allow(Action="EC2:createKEYpair")], ALLOWED),
    Case("a star ends an action", ACTION, [allow(Action="ec2:Create*")], ALLOWED),
    Case("a star stands for nothing too", ACTION, [allow(Action="ec2:CreateKeyPair*")], ALLOWED),
    Case("a star stands inside an action", ACTION, [allow(Action="ec2:*KeyPair")], ALLOWED),
    Case("several stars stand in an action", ACTION, [allow(Action="ec2:*e*P*r")], ALLOWED),
    Case("a star does not skip the end", ACTION, [allow(Action="ec2:*KeyPairs")], SILENT),
    Case("a question mark is one letter", ACTION, [allow(Action="ec2:CreateKeyPai?")], ALLOWED),
    Case("a question mark is not nothing", ACTION, [allow(Action="ec2:CreateKeyPair?")], SILENT),
    Case("an action is no prefix", ACTION, [allow(Action="ec2:Create")], SILENT),
    Case("a list of actions is an or", ACTION, [allow(Action=["s3:*", CREATE])], ALLOWED),
    Case("another service does not match", ACTION, [allow(Action="s3:CreateKeyPair")], SILENT),
    Case("a listed NotAction is left out", NOT_ACTION, [allow(NotAction=CREATE)], SILENT),
    Case("an unlisted NotAction is meant", NOT_ACTION, [allow(NotAction="ec2:Del*")], ALLOWED),
    Case("NotAction leaves out every entry", NOT_ACTION, [allow(NotAction=["s3:*", "*"])], SILENT),
    Case("NotAction ignores case", NOT_ACTION, [allow(NotAction="ec2:createkeypair")], SILENT),
    Case("a Deny of NotAction denies the rest", NOT_ACTION, [deny(NotAction="ec2:D*")], DENIED),
    Case("a resource matches itself", RESOURCE, [allow(Resource=DEV)], ALLOWED),
    Case("a resource has case", RESOURCE, [allow(Resource=ARN + "Dev/web-1")], SILENT),
    Case("a star covers slashes", RESOURCE, [allow(Resource=ARN + "*")], ALLOWED),
    Case("a star stands between slashes", RESOURCE, [allow(Resource=ARN + "*/web-1")], ALLOWED),
    Case("a question mark in a name", RESOURCE, [allow(Resource=ARN + "dev/web-?")], ALLOWED),
    Case("a question mark is one character", RESOURCE, [allow(Resource=ARN + "dev/we?")], SILENT),
    Case("brackets are characters", RESOURCE, [allow(Resource=ARN + "dev/web-[0-9]")], SILENT),
    Case("a dot is a character", RESOURCE, [allow(Resource=ARN + "dev.web-1")], SILENT),
    Case("another region", RESOURCE, [allow(Resource=DEV.replace("eu-", "us-"))], SILENT),
    Case("a short ARN with a star", RESOURCE, [allow(Resource="arn:aws:ec2:*")], ALLOWED),
    Case("a short ARN elsewhere", RESOURCE, [allow(Resource="arn:aws:s3:*")], SILENT),
    Case("a short ARN of a region", RESOURCE, [allow(Resource="arn:aws:ec2:us-*")], SILENT),
    Case(
        "wildcards in partition, region and account",
        RESOURCE,
        [allow(Resource="arn:aws*:ec2:eu-*-1:????????????:key-pair/*")],
        ALLOWED,
    ),
    Case(
        "an ARN is not the resource of an action that has none",
        RESOURCE,
        [allow(Resource="arn:aws:ec2:*")],
        SILENT,
        action="ec2:DescribeKeyPairs",
        resource="*",
    ),
    Case(
        "a star is the resource of an action that has none",
        RESOURCE,
        [allow(Resource="*")],
        ALLOWED,
        action="ec2:DescribeKeyPairs",
        resource="*",
    ),
    Case(
        "a name with colons does not pass for another name",
        SEGMENTS,
        [allow(Resource="arn:aws:ec2:*:*:key-pair/dev-*")],
        SILENT,
        resource=ARN + "x:key-pair/dev-1",
    ),
    Case(
        "a star covers the colons of a name",
        RESOURCE,
        [allow(Resource=ARN + "x*1")],
        ALLOWED,
        resource=ARN + "x:key-pair/dev-1",
    ),
    Case("a listed NotResource is left out", NOT_RESOURCE, [allow(NotResource=DEV)], SILENT),
    Case("an unlisted one is meant", NOT_RESOURCE, [allow(NotResource=[ARN + "a", MINE])], ALLOWED),
    Case("a Deny of NotResource", NOT_RESOURCE, [deny(NotResource=ARN + "x")], DENIED),
    Case(
        "operators are ANDed",
        MULTIPLE,
        [allow(Condition={"StringEquals": {ENV: "dev"}, "StringLike": {TEAM: "r*"}})],
        SILENT,
        {ENV: "dev", TEAM: "blue"},
    ),
    Case(
        "operators that all hold",
        MULTIPLE,
        [allow(Condition={"StringEquals": {ENV: "dev"}, "StringLike": {TEAM: "r*"}})],
        ALLOWED,
        {ENV: "dev", TEAM: "red"},
    ),
    Case(
        "keys are ANDed",
        MULTIPLE,
        [allow(Condition={"StringEquals": {ENV: "dev", TEAM: "red"}})],
        SILENT,
        {ENV: "dev"},
    ),
    Case(
        "a Null guards ForAllValues",
        SETS,
        [allow(Condition={"ForAllValues:StringEquals": {KEYS: "a"}, "Null": {KEYS: "false"}})],
        SILENT,
    ),
    Case(
        "names of keys have no case",
        NAMES,
        [allow(Condition={"StringEquals": {"AWS:requesttag/ENV": "dev"}})],
        ALLOWED,
        {ENV: "dev"},
    ),
    Case(
        "another tag key is another key",
        NAMES,
        [allow(Condition={"StringEquals": {ENV: "dev"}})],
        SILENT,
        {ENV + "s": "dev"},
    ),
    Case(
        "tags that differ in case must all fit",
        UNDEFINED,
        [allow(Condition={"StringEquals": {ENV: "dev"}})],
        SILENT,
        {ENV: "dev", ENV.lower(): "prod"},
    ),
    Case(
        "of tags that differ in case the first is enough to deny",
        UNDEFINED,
        [allow(), deny(Condition={"StringEquals": {ENV: "dev"}})],
        DENIED,
        {ENV: "dev", ENV.lower(): "prod"},
    ),
    Case(
        "of tags that differ in case the last is enough to deny",
        UNDEFINED,
        [allow(), deny(Condition={"StringEquals": {ENV: "prod"}})],
        DENIED,
        {ENV: "dev", ENV.lower(): "prod"},
    ),
    Case(
        "of several values one is enough to deny",
        UNDEFINED,
        [allow(), deny(Condition={"StringEquals": {KEYS: "a"}})],
        DENIED,
        {KEYS: ("a", "b")},
    ),
    Case(
        "what is no number is denied",
        UNDEFINED,
        [allow(), deny(Condition={"NumericGreaterThan": {ENV: 5}})],
        DENIED,
        {ENV: "NaN"},
    ),
    Case("a variable", VARIABLES, [allow(Resource=MINE + "/*")], ALLOWED, {USER: "dev"}),
    Case("a variable of another", VARIABLES, [allow(Resource=MINE + "/*")], SILENT, {USER: "ops"}),
    Case("a star in a value is text", VARIABLES, [allow(Resource=MINE)], SILENT, {USER: "*"}),
    Case(
        "a variable has no case",
        VARIABLES,
        [allow(Resource=ARN + "${AWS:UserName}/*")],
        ALLOWED,
        {USER: "dev"},
    ),
    Case(
        "several values are no variable",
        VARIABLES,
        [allow(Resource=ARN + "*${aws:TagKeys}*")],
        SILENT,
        {KEYS: ("d", "e")},
    ),
    Case(
        "several values have no default",
        VARIABLES,
        [allow(Resource=ARN + "${aws:TagKeys, 'dev'}/*")],
        SILENT,
        {KEYS: ("d", "e")},
    ),
    Case("no value", NO_VALUE, [allow(Resource=MINE + "*")], SILENT),
    Case("an empty value is none", NO_VALUE, [allow(Resource=MINE + "*")], SILENT, {USER: ""}),
    Case("no value and another entry", NO_VALUE, [allow(Resource=[MINE, DEV])], ALLOWED),
    Case("no value in NotResource", NO_VALUE, [deny(NotResource=MINE + "*")], DENIED),
    Case("a default", DEFAULTS, [allow(Resource=OR_DEV)], ALLOWED),
    Case("a default steps back", DEFAULTS, [allow(Resource=OR_DEV)], SILENT, {USER: "ops"}),
    Case("a star in a default", DEFAULTS, [allow(Resource=ARN + "${a:b, '*'}")], SILENT),
]

COMPARED = [
    Compared("equal", STRING, "StringEquals", "dev", "dev", True),
    Compared("equal but for case", STRING, "StringEquals", "dev", "Dev", False),
    Compared("a star is no wildcard", STRING, "StringEquals", "d*", "dev", False),
    Compared("a star is a star", STRING, "StringEquals", "d*", "d*", True),
    Compared("a number is text", STRING, "StringEquals", 10, "10", True),
    Compared("a Boolean is text", STRING, "StringEquals", True, "true", True),
    Compared("an empty value is a value", STRING, "StringEquals", "", "", True),
    Compared("not equal", STRING, "StringNotEquals", "dev", "prod", True),
    Compared("not equal, but equal", STRING, "StringNotEquals", "dev", "dev", False),
    Compared("ignoring case", STRING, "StringEqualsIgnoreCase", "DEV", "dEv", True),
    Compared("ignoring case, no star", STRING, "StringEqualsIgnoreCase", "D*", "dev", False),
    Compared("not, ignoring case", STRING, "StringNotEqualsIgnoreCase", "DEV", "dev", False),
    Compared("not, other text", STRING, "StringNotEqualsIgnoreCase", "DEV", "prod", True),
    Compared("like", STRING, "StringLike", "d*v", "dxxv", True),
    Compared("like one character", STRING, "StringLike", "d?v", "dxxv", False),
    Compared("like, but for case", STRING, "StringLike", "D*", "dev", False),
    Compared("like the whole text", STRING, "StringLike", "de", "dev", False),
    Compared("like over a line end", STRING, "StringLike", "a*b", "a\nb", True),
    Compared("no line end is dropped", STRING, "StringLike", "a", "a\n", False),
    Compared("not like", STRING, "StringNotLike", "d*", "prod", True),
    Compared("not like, but like", STRING, "StringNotLike", "d*", "dev", False),
    Compared("absent", MISSING, "StringEquals", "dev", None, False),
    Compared("absent: no values", MISSING, "StringEquals", "dev", (), False),
    Compared("absent: like a star", MISSING, "StringLike", "*", None, False),
    Compared("absent: negated", MISSING, "StringNotEquals", "dev", None, True),
    Compared("absent: not like", MISSING, "StringNotLike", "*", None, True),
    Compared("absent: not an ARN", MISSING, "ArnNotLike", DEV, None, True),
    Compared("absent: number", MISSING, "NumericLessThan", "5", None, False),
    Compared("absent: not a number", MISSING, "NumericNotEquals", "5", None, True),
    Compared("absent: not a date", MISSING, "DateNotEquals", "2026-01-01", None, True),
    Compared("absent: Bool", MISSING, "Bool", "false", None, False),
    Compared("if exists, absent", IF_EXISTS, "StringEqualsIfExists", "dev", None, True),
    Compared("if exists, other", IF_EXISTS, "StringEqualsIfExists", "dev", "x", False),
    Compared("if exists, equal", IF_EXISTS, "StringEqualsIfExists", "dev", "dev", True),
    Compared("if exists, Bool", IF_EXISTS, "BoolIfExists", "true", None, True),
    Compared("if exists, negated", IF_EXISTS, "StringNotLikeIfExists", "*", None, True),
    Compared("if exists, in set", IF_EXISTS, "ForAnyValue:StringLikeIfExists", "a", None, True),
    Compared("null, absent", NULL, "Null", "true", None, True),
    Compared("null, present", NULL, "Null", "true", "x", False),
    Compared("not null, absent", NULL, "Null", False, None, False),
    Compared("not null, present", NULL, "Null", False, "x", True),
    Compared("not null, several", NULL, "Null", "false", ("a", "b"), True),
    Compared("null or not", NULL, "Null", ["false", "true"], None, True),
    Compared("ARN equal", ARNS, "ArnEquals", DEV, DEV, True),
    Compared("ARN equal by wildcard", ARNS, "ArnEquals", ARN + "*", DEV, True),
    Compared("ARN like", ARNS, "ArnLike", "arn:*:ec2:*:*:*/dev/*", DEV, True),
    Compared("ARN like, but for case", ARNS, "ArnLike", ARN + "DEV/*", DEV, False),
    Compared("ARN segments", ARNS, "ArnLike", "arn:aws:ec2:*:*:x", "arn:aws:ec2:a:b:c:x", False),
    Compared("ARN like what is none", ARNS, "ArnLike", ARN + "*", "dev", False),
    Compared("ARN not equal", ARNS, "ArnNotEquals", ARN + "x", DEV, True),
    Compared("ARN not like", ARNS, "ArnNotLike", ARN + "*", DEV, False),
    Compared("true", BOOL, "Bool", "true", "true", True),
    Compared("not true", BOOL, "Bool", True, "false", False),
    Compared("true without case", BOOL, "Bool", "True", "TRUE", True),
    Compared("number equal", NUMERIC, "NumericEquals", "10", "10.0", True),
    Compared("number not equal", NUMERIC, "NumericNotEquals", 10, "10.00", False),
    Compared("number less", NUMERIC, "NumericLessThan", 10, "9", True),
    Compared("number not less", NUMERIC, "NumericLessThan", 10, "10", False),
    Compared("number at most", NUMERIC, "NumericLessThanEquals", 10, "10", True),
    Compared("number more than most", NUMERIC, "NumericLessThanEquals", 10, "10.1", False),
    Compared("number greater", NUMERIC, "NumericGreaterThan", "-1.5", "-1", True),
    Compared("number not greater", NUMERIC, "NumericGreaterThan", 1, "1", False),
    Compared("number at least", NUMERIC, "NumericGreaterThanEquals", 1, "1", True),
    Compared("number less than least", NUMERIC, "NumericGreaterThanEquals", 1, "0", False),
    Compared("no digit is lost", NUMERIC, "NumericEquals", 2**53 + 1, str(2**53), False),
    Compared("date zones", DATE, "DateEquals", "2026-01-01T00:00Z", "2026-01-01T02:00+02:00", True),
    Compared("date epoch", DATE, "DateEquals", "1767225600", "2026-01-01T00:00:00Z", True),
    Compared("date epoch number", DATE, "DateEquals", 1767225600, "2026-01-01", True),
    Compared("date other", DATE, "DateEquals", "2026-01-01", "2026-01-01T00:00:00.01Z", False),
    Compared("date not", DATE, "DateNotEquals", "2026-01-01", "2026-01-01T00:00Z", False),
    Compared("date before", DATE, "DateLessThan", "2026-01-01T00:00:00.5Z", "2026-01-01", True),
    Compared("date not before", DATE, "DateLessThan", "2026-01-01", "2026-01-01", False),
    Compared("date until", DATE, "DateLessThanEquals", "2026-01-01", "2026-01-01", True),
    Compared("date past", DATE, "DateLessThanEquals", "2026-01-01", "2026-01-02", False),
    Compared("date after", DATE, "DateGreaterThan", "2026-01-01", "2026-01-02", True),
    Compared("date not after", DATE, "DateGreaterThan", "2026-01-01", "2026-01-01", False),
    Compared("date from", DATE, "DateGreaterThanEquals", "2026-01-01", "2026-01-01", True),
    Compared("date too soon", DATE, "DateGreaterThanEquals", "2026-01-01", "2025-12-31", False),
    Compared("date one", DATE, "DateLessThan", "0001-01-01T00:00+14:00", "2026-01-01", False),
    Compared("one of the values", MULTIPLE, "StringEquals", ["prod", "dev"], "dev", True),
    Compared("one of the values, not", MULTIPLE, "StringNotEquals", ["prod", "dev"], "dev", False),
    Compared("none of the values", MULTIPLE, "StringNotEquals", ["prod", "dev"], "qa", True),
    Compared("all in", SETS, "ForAllValues:StringEquals", ["a", "b"], ("b", "a"), True),
    Compared("all but one in", SETS, "ForAllValues:StringEquals", ["a", "b"], ("a", "c"), False),
    Compared("all of none", SETS, "ForAllValues:StringEquals", "a", None, True),
    Compared("all not, but one", SETS, "ForAllValues:StringNotLike", "x*", ("a", "xb"), False),
    Compared("all not", SETS, "ForAllValues:StringNotLike", "x*", ("a", "b"), True),
    Compared("any in", SETS, "ForAnyValue:StringEquals", ["a", "b"], ("c", "b"), True),
    Compared("none in", SETS, "ForAnyValue:StringEquals", "a", ("c", "d"), False),
    Compared("any of none", SETS, "ForAnyValue:StringEquals", "a", None, False),
    Compared("any not", SETS, "ForAnyValue:StringNotEquals", "a", ("a", "b"), True),
    Compared("any not, of none", SETS, "ForAnyValue:StringNotEquals", "a", None, False),
    Compared("any of one text", SETS, "ForAnyValue:StringLike", "a*", "ab", True),
    Compared("several values", UNDEFINED, "StringEquals", "a", ("a", "b"), False),
    Compared("several values that fit", UNDEFINED, "StringEquals", ["a", "b"], ("a", "b"), True),
    Compared("several, negated", UNDEFINED, "StringNotEquals", "a", ("a", "b"), False),
    Compared("no number", UNDEFINED, "NumericNotEquals", 5, "five", False),
    Compared("no date", UNDEFINED, "DateLessThan", "2026-01-01", "2025", False),
    Compared("no Boolean", UNDEFINED, "Bool", "false", "no", False),
    Compared("variable", VARIABLES, "StringEquals", "${aws:username}", "bo", True),
    Compared("tag", VARIABLES, "StringEquals", "${aws:PrincipalTag/team}", "a.c", True),
    Compared("tag is text", VARIABLES, "StringLike", "${aws:PrincipalTag/team}", "abc", False),
    Compared("amid text", VARIABLES, "StringLike", "a-${aws:username}-*", "a-bo-1", True),
    Compared("no case", VARIABLES, "StringEqualsIgnoreCase", "${aws:username}", "BO", True),
    Compared("in an ARN", VARIABLES, "ArnLike", ARN + "${aws:username}/*", ARN + "bo/x", True),
    Compared("no value, equal", NO_VALUE, "StringEquals", "${aws:userid}", "x", False),
    Compared("no value, like", NO_VALUE, "StringLike", "*${aws:userid}*", "x", False),
    Compared("no value, not equal", NO_VALUE, "StringNotEquals", "${aws:userid}", "x", True),
    Compared("star as such", SPECIAL, "StringLike", "a${*}", "a*", True),
    Compared("star as such only", SPECIAL, "StringLike", "a${*}", "ab", False),
    Compared("question mark as such", SPECIAL, "StringLike", "a${?}", "ab", False),
    Compared("dollar as such", SPECIAL, "StringEquals", "${$}{a:b}", "${a:b}", True),
    Compared("a lone dollar is text", SPECIAL, "StringEquals", "$5 {a}", "$5 {a}", True),
]


@each_row("case", CASES, ids=lambda case: case.name)
def test_a_request_is_judged_by_the_rule(case: Case) -> None:
    request = Request(case.action, case.resource, case.context)
    assert policy(*case.statements).evaluate(request) is case.expected, case.rule


@each_row("case", COMPARED, ids=lambda case: case.name)
def test_a_condition_holds_by_the_rule(case: Compared) -> None:
    context: dict[str, str | tuple[str, ...]] = {USER: "bo", TEAM: "a.c"}
    if case.given is not None:
        context[ENV] = case.given
    guard = policy(allow(Condition={case.operator: {ENV: case.wanted}}))
    expected = ALLOWED if case.holds else SILENT
    assert guard.evaluate(Request(CREATE, DEV, context)) is expected, case.rule


def refused(text: str) -> str:
    with pytest.raises(PolicyError) as caught:
        Policy.parse(text, source="policy.json")
    return str(caught.value)


def of(*statements: object) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def whose(**elements: object) -> str:
    return of(allow(), allow(**elements))


def conditioned(operator: str, key: str = ENV, value: object = "x") -> str:
    return whose(Condition={operator: {key: value}})


DEEP = '{"Version": "2012-10-17", "Statement": ' + "[" * 200_000

MALFORMED = [
    # JSON
    ("empty text", "", "policy.json: not JSON"),
    ("broken JSON names line and column", '{\n "Version"', "at line 2 column 11"),
    ("more after the end", of(allow()) + "x", "policy.json: not JSON"),
    ("a byte order mark", "\ufeff" + of(allow()), "policy.json: not JSON"),
    ("NaN", conditioned("NumericEquals").replace('"x"', "NaN"), "policy.json: not JSON: NaN"),
    ("Infinity", conditioned("Bool").replace('"x"', "-Infinity"), "not JSON: -Infinity"),
    ("a deep nest", DEEP, "policy.json: nested too deeply"),
    ("a list", "[]", "policy.json: must be an object"),
    ("an empty object", "{}", "policy.json: must be an object, and not an empty one"),
    # The document
    ("no Version", '{"Statement": []}', 'policy.json: Version: only "2012-10-17" is accepted'),
    ("the old Version", of(allow()).replace("2012", "2008"), "policy.json: Version: only"),
    ("a number as Version", '{"Version": 2012, "Statement": []}', "policy.json: Version: only"),
    ("no Statement", '{"Version": "2012-10-17"}', "policy.json: Statement: missing"),
    ("no statements", of(), "policy.json: Statement: must not be empty"),
    ("a text as Statement", '{"Version": "2012-10-17", "Statement": "x"}', "Statement: must be an"),
    ("a text in Statement", of(allow(), "x"), "policy.json: Statement[1]: must be an object"),
    ("an unknown member", of(allow()).replace("{", '{"Ttl": 1, ', 1), 'unknown element "Ttl"'),
    ("a member twice", of(allow()).replace("{", '{"Version": 1, ', 1), '"Version" stands twice'),
    ("a number as Id", of(allow()).replace("{", '{"Id": 1, ', 1), "policy.json: Id: must be a str"),
    # The statement
    ("an unknown element", whose(Actoin="*"), 'Statement[1]: unknown element "Actoin"'),
    ("an element in lower case", whose(effect="Deny"), 'Statement[1]: unknown element "effect"'),
    ("an element twice", whose(Sid="a").replace('"Sid"', '"Effect"'), '[1]: "Effect" stands twice'),
    ("a Principal", whose(Principal="*"), "Statement[1]: Principal is not allowed in an identity"),
    ("a NotPrincipal", whose(NotPrincipal="*"), "Statement[1]: NotPrincipal is not allowed"),
    ("a Sid with a space", whose(Sid="a b"), "Statement[1].Sid: only letters and digits"),
    ("a Sid with a line end", whose(Sid="a\n"), "Statement[1].Sid: only letters and digits"),
    ("a Sid that is a number", whose(Sid=1), "Statement[1].Sid: must be a string"),
    (
        "a Sid twice",
        of(allow(Sid="a"), allow(Sid="a")),
        'Statement[1].Sid: "a" stands in an earlie',
    ),
    ("no Effect", of({"Action": "*", "Resource": "*"}), "Statement[0].Effect: must be"),
    ("an Effect in lower case", whose(Effect="allow"), "Statement[1].Effect: must be"),
    ("a list as Effect", whose(Effect=["Allow"]), "Statement[1].Effect: must be"),
    # Action and Resource
    ("Action and NotAction", whose(Action="*", NotAction="*"), "Statement[1]: needs one of Action"),
    ("no Action", of({"Effect": "Allow", "Resource": "*"}), "[0]: needs one of Action and NotAct"),
    ("an empty Action", whose(Action=[]), "Statement[1].Action: must not be empty"),
    ("a number as Action", whose(Action=["*", 1]), "Statement[1].Action[1]: must be a string"),
    ("a null as Action", whose(Action=None), "Statement[1].Action: must be a string"),
    ("a list in Action", whose(Action=[["*"]]), "Statement[1].Action[0]: must be a string"),
    ("an action without service", whose(Action="Create*"), '.Action: "Create*" is not an action'),
    (
        "a wildcard service",
        whose(NotAction="ec*:Create*"),
        'NotAction: "ec*:Create*" is not an act',
    ),
    ("a variable in an action", whose(Action="ec2:${aws:username}"), "is not an action"),
    (
        "Resource and NotResource",
        whose(Resource="*", NotResource="*"),
        "one of Resource and NotRes",
    ),
    ("no Resource", of({"Effect": "Deny", "Action": "*"}), "[0]: needs one of Resource and NotRes"),
    ("an empty Resource", whose(Resource=[]), "Statement[1].Resource: must not be empty"),
    ("a Resource that is no ARN", whose(Resource="key-pair/*"), '"key-pair/*" is not an ARN'),
    ("an empty text as Resource", whose(Resource=""), 'Statement[1].Resource: "" is not an ARN'),
    ("an ARN that stops short", whose(Resource="arn:aws:ec2:eu-north-1:1"), "is not an ARN"),
    ("an ARN without resource", whose(Resource="arn:aws:ec2:::"), "is not an ARN"),
    (
        "an ARN for all services",
        whose(Resource="arn:aws:*"),
        "no wildcard may stand in the service",
    ),
    ("a wildcard in the service", whose(NotResource="arn:aws:ec?:::x"), "in the service of an ARN"),
    ("a variable as account", whose(Resource="arn:aws:ec2::${aws:username}:x"), "after the fifth"),
    ("an open variable", whose(Resource=ARN + "${aws:username"), 'not a policy variable: "${aws'),
    ("an empty variable", whose(Resource=ARN + "${}"), 'Resource: not a policy variable: "${}"'),
    ("a nameless variable", whose(Resource=ARN + "${username}"), 'variable: "${username}"'),
    ("a default without quotes", whose(Resource=ARN + "${aws:username, x}"), "not a policy variab"),
    ("a default without space", whose(Resource=ARN + "${aws:username,'x'}"), "not a policy variab"),
    # Condition
    ("a list as Condition", whose(Condition=[]), "Statement[1].Condition: must be an object"),
    ("an empty Condition", whose(Condition={}), "Statement[1].Condition: must be an object"),
    (
        "an unknown operator",
        conditioned("StringLikee"),
        'Condition: unknown operator "StringLikee"',
    ),
    ("an operator in lower case", conditioned("stringEquals"), 'unknown operator "stringEquals"'),
    ("an unknown set operator", conditioned("ForSome:StringLike"), "unknown operator"),
    ("a set operator alone", conditioned("ForAllValues:"), 'unknown operator "ForAllValues:"'),
    ("NullIfExists", conditioned("NullIfExists"), 'unknown operator "NullIfExists"'),
    ("a set operator on Null", conditioned("ForAnyValue:Null"), "unknown operator"),
    ("IfExists twice", conditioned("BoolIfExistsIfExists"), "unknown operator"),
    ("IpAddress", conditioned("IpAddress"), 'Condition: unknown operator "IpAddress"'),
    ("a text as operator", whose(Condition={"Bool": "x"}), "Condition.Bool: must be an object"),
    (
        "an operator without keys",
        whose(Condition={"Bool": {}}),
        "Condition.Bool: must be an object",
    ),
    ("a key without service", conditioned("Bool", "Env"), 'Bool["Env"]: not the name of a cond'),
    ("a tag without tag key", conditioned("Bool", "aws:RequestTag"), "not the name of a condition"),
    ("an empty tag key", conditioned("Bool", "aws:RequestTag/"), "not the name of a condition key"),
    ("no values", conditioned("Bool", value=[]), 'Bool["aws:RequestTag/Env"]: must not be empty'),
    (
        "a null value",
        conditioned("StringLike", value=["a", None]),
        'Env"][1]: must be a string, a n',
    ),
    ("an object as value", conditioned("StringLike", value={"a": 1}), "must be a string, a number"),
    ("a word for Bool", conditioned("Bool", value="yes"), '"yes" is neither true nor false'),
    ("a word for Null", conditioned("Null", value="no"), '"no" is neither true nor false'),
    ("a word for a number", conditioned("NumericLessThan", value="1e5"), '"1e5" is not a number'),
    ("a digit that is not ASCII", conditioned("NumericEquals", value="\u0665"), "is not a number"),
    ("a variable for a number", conditioned("NumericEquals", value="${a:b}"), "is not a number"),
    ("a year for a date", conditioned("DateEquals", value="2026"), '"2026" is not a date'),
    ("a date without zone", conditioned("DateEquals", value="2026-01-01T00:00"), "is not a date"),
    ("a day that is none", conditioned("DateEquals", value="2026-02-30"), "is not a date"),
    ("a date without hyphens", conditioned("DateEquals", value=20260101), "is not a date"),
    ("a short ARN for ArnLike", conditioned("ArnLike", value="arn:aws:ec2:*"), "is not an ARN"),
    ("no ARN for ArnLike", conditioned("ArnLike", value="*"), 'Env"]: "*" is not an ARN'),
    (
        "a space in a variable",
        conditioned("StringLike", value="${a b:c}"),
        "not a policy variab",
    ),
]


@each_row(
    ("text", "place"),
    [(text, place) for _, text, place in MALFORMED],
    ids=[name for name, _, _ in MALFORMED],
)
def test_a_malformed_document_is_refused_with_its_place(text: str, place: str) -> None:
    message = refused(text)
    assert message.startswith("policy.json: ")
    assert place in message


def test_a_refusal_carries_no_control_characters_and_stays_short() -> None:
    message = refused(whose(**{"\x1b[2J" + "x" * 1000: 1}))
    assert message.isprintable()
    assert len(message) < 200


def test_a_refusal_is_an_error_of_the_settings() -> None:
    assert issubclass(PolicyError, SettingsError)


def test_one_statement_needs_no_brackets_and_an_id_is_let_through() -> None:
    text = json.dumps({"Id": "guard rail", "Statement": allow(), "Version": "2012-10-17"})
    understood = Policy.parse(text, source="policy.json")
    assert understood.evaluate(Request(CREATE, DEV)) is ALLOWED
    wrong = json.dumps({"Version": "2012-10-17", "Statement": allow(Sid="-")})
    assert refused(wrong).startswith("policy.json: Statement.Sid: ")


def test_empty_sids_may_stand_in_many_statements() -> None:
    assert len(policy(allow(Sid=""), deny(Sid="")).statements) == 2


def test_a_pattern_of_many_stars_is_judged_at_once() -> None:
    guard = policy(deny(Resource=ARN + "*a" * 100 + "b"))
    start = time.thread_time()
    assert guard.evaluate(Request(CREATE, ARN + "a" * 255)) is SILENT
    assert time.thread_time() - start < 1


def test_a_policy_is_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "policy.json"
    path.write_text(of(allow(Resource=ARN + "gr\u00fcn")), "utf-8")
    assert Policy.load(path).evaluate(Request(CREATE, ARN + "gr\u00fcn")) is ALLOWED


def test_a_policy_of_just_the_largest_size_is_read(tmp_path: Path) -> None:
    path = tmp_path / "policy.json"
    path.write_text(of(allow()).ljust(MAX_SIZE))
    assert Policy.load(path).statements
    path.write_text(of(allow()).ljust(MAX_SIZE + 1))
    with pytest.raises(PolicyError, match=r"policy\.json: larger than 1 MiB"):
        Policy.load(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"policy\.json: cannot be read: No such file"):
        Policy.load(tmp_path / "policy.json")


def test_a_path_that_no_file_can_have_is_refused() -> None:
    with pytest.raises(PolicyError, match="cannot be read: embedded null byte"):
        Policy.load(Path("a\0b"))


def test_a_file_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "policy.json"
    path.write_bytes(b'{"Id": "\xff"}')
    with pytest.raises(PolicyError, match=r"policy\.json: not UTF-8 at byte 8"):
        Policy.load(path)


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="cannot be read: Is a directory"):
        Policy.load(tmp_path)


def test_a_device_is_refused() -> None:
    with pytest.raises(PolicyError, match="/dev/zero: not a regular file"):
        Policy.load(Path("/dev/zero"))


def test_a_pipe_is_refused_without_waiting(tmp_path: Path) -> None:
    path = tmp_path / "policy.json"
    os.mkfifo(path)
    with pytest.raises(PolicyError, match=r"policy\.json: not a regular file"):
        Policy.load(path)


ACTIONS = st.sampled_from(["*", "ec2:*", CREATE, "ec2:*KeyPair", "ec2:Describe*", "s3:*"])
RESOURCES = st.sampled_from(["*", DEV, ARN + "*", ARN + "${aws:username}/*", "arn:aws:s3:*"])
OPERATORS = st.sampled_from(
    ["StringEquals", "StringNotLike", "ForAllValues:StringLike", "ForAnyValue:StringNotEquals"]
)
TEXTS = st.sampled_from(["dev", "prod", "d*", "${aws:username}", "true"])
SOME_KEYS = st.sampled_from([ENV, KEYS, "aws:username"])
CONDITIONS = st.dictionaries(
    OPERATORS | OPERATORS.map("{}IfExists".format),
    st.dictionaries(SOME_KEYS, st.lists(TEXTS, min_size=1, max_size=2), min_size=1),
    min_size=1,
    max_size=2,
)


def elements(effects: st.SearchStrategy[str]) -> st.SearchStrategy[Element]:
    return st.builds(
        lambda effect, action, resource, condition: {
            "Effect": effect,
            action[0]: action[1],
            resource[0]: resource[1],
            **({"Condition": condition} if condition else {}),
        },
        effects,
        st.tuples(st.sampled_from(["Action", "NotAction"]), ACTIONS),
        st.tuples(st.sampled_from(["Resource", "NotResource"]), RESOURCES),
        st.none() | CONDITIONS,
    )


REQUESTS = st.builds(
    Request,
    st.sampled_from([CREATE, "ec2:DescribeKeyPairs"]),
    st.sampled_from([DEV, ARN + "prod/db", "*"]),
    st.dictionaries(SOME_KEYS, TEXTS | st.lists(TEXTS, max_size=3).map(tuple)),
)


@pytest.mark.long
@given(
    statements=st.lists(elements(st.sampled_from(["Allow", "Deny"])), min_size=1, max_size=4),
    added=elements(st.just("Deny")),
    position=st.integers(0, 4),
    request_=REQUESTS,
)
def test_adding_a_deny_never_allows_more(
    statements: list[Element], added: Element, position: int, request_: Request
) -> None:
    before = policy(*statements).evaluate(request_)
    after = policy(*statements[:position], added, *statements[position:]).evaluate(request_)
    assert after is before or after is DENIED


@pytest.mark.long
@given(statements=st.lists(elements(st.just("Deny")), min_size=1), request_=REQUESTS)
def test_without_an_allow_nothing_is_allowed(statements: list[Element], request_: Request) -> None:
    assert policy(*statements).evaluate(request_) is not ALLOWED


@pytest.mark.long
@given(position=st.integers(0, 200), removed=st.integers(0, 3), added=st.text(max_size=3))
def test_a_damaged_document_is_understood_or_refused(
    position: int, removed: int, added: str
) -> None:
    text = of(deny(Resource=MINE, Condition={"DateEqualsIfExists": {ENV: ["2026-01-01", 1e9]}}))
    with suppress(PolicyError):
        Policy.parse(text[:position] + added + text[position + removed :], source="policy.json")
