"""What would be skipped without a word is refused, and what is long costs no more for it."""

import json
import re
import sys
from collections.abc import Callable
from types import FrameType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.ec2.authorization import Authorizer
from core.ec2.policy import Decision, Policy, PolicyError, Request, vocabulary
from core.ec2.policy.document import MAX_PATTERNS
from core.ec2.policy.patterns import KindError, resource
from core.ec2.regions import region

Element = dict[str, object]

CREATE = "ec2:CreateKeyPair"
DEV = "arn:aws:ec2:eu-north-1:123456789012:key-pair/dev"
KEY_PAIR = "arn:aws:ec2:*:*:key-pair/"


def statement(effect: str, **elements: object) -> Element:
    made: Element = {"Effect": effect, **elements}
    made |= {} if "NotAction" in made else {"Action": made.get("Action", "*")}
    return made | ({} if "NotResource" in made else {"Resource": made.get("Resource", "*")})


def parsed(*statements: Element, account: str | None = None) -> Policy:
    text = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    return Policy.parse(text, source="p", account=account)


def refusal(element: Element, account: str | None = None) -> str:
    """Return why a document with this second statement is refused, or nothing."""
    try:
        parsed(statement("Allow"), element, account=account)
    except PolicyError as error:
        assert str(error).startswith("p: Statement[1]")
        return str(error)
    return ""


# ARNs ---------------------------------------------------------------------------------------

MATCHES_NOTHING = [
    "arn:aws:ec2:*:*:keypair/*",
    "arn:aws:ec2:*:*:key-pairs/x",
    "arn:aws:ec2:*:*:Key-pair/*",
    "arn:aws:ec2:*:*:instance/*",
    "arn:aws:ec2:*:*:key-pair/",
    "arn:aws:ec2:*:*:key-pai",
    "arn:aws:ec2:*::key-pair/*",
    "arn:aws:ec2::*:key-pair/*",
    "arn:aws:ec2:*:12:key-pair/*",
    "arn:aws:ec2:*:12345678901x:key-pair/*",
    "arn:aws:ec2:*:1234567890123*:key-pair/*",
    "arn:amazon:ec2:*:*:key-pair/*",
    "arn:aws-x*:ec2:*:*:key-pair/*",
    "arn:aws-cn:ec2:us-east-1:*:key-pair/*",
    "arn:aws:ec2:useast1:*:key-pair/*",
    "arn:aws:EC2:*:*:key-pair/*",
    "arn:aws:ec2:US-*:*:key-pair/*",
    "arn:aws:ec2:us-*-1:key-pair/prod",
    "arn:aws:ec2:eu-north-1:key-pair/x",
    "arn:aws:ec2:*:*:",
    "arn:aws:s3:::",
    "arn:aws:s3:a/b:*:x",
    "arn:aws:ec2",
]
MATCHES_SOMETHING = [
    KEY_PAIR + "*",
    KEY_PAIR + "?",
    KEY_PAIR + "${*}",
    "arn:aws:ec2:*:*:*",
    "arn:aws:ec2:*:*:*/prod-*",
    "arn:aws:ec2:*:*:k?y-pair/x",
    "arn:aws:ec2:*:*:key*",
    "arn:aws:ec2:*:*:${aws:username}*",
    "arn:aws:ec2:xx-new-9:*:key-pair/x",
    "arn:aws*:ec2:*:*:key-pair/x",
    "arn:aws:ec2:us-east-?:0*0:key-pair/x",
    "arn:aws-cn:ec2:cn-*",
    "arn:aws:s3:::b/*",
    "arn:aws:iam::aws:policy/x",
]
MATCHES_WHERE_IT_FORBIDS = [
    "arn:aws:ec2:*:key-pair/prod-*",
    "arn:aws:ec2:*:*key-pair/prod-*",
    "arn:aws:ec2:*:key-pair/x",
    "arn:aws:ec2:us-*:key-pair/*",
    "arn:aws:ec2:*:?ey-pair/prod-*",
]


def test_an_arn_that_can_match_nothing_is_refused_wherever_it_stands() -> None:
    places = [(e, f"{no}Resource") for e in ("Allow", "Deny") for no in ("", "Not")]
    allows = [("Allow", "Resource"), ("Deny", "NotResource")]
    wrong = [
        (effect, element, text)
        for texts, refused_in in (
            (MATCHES_NOTHING, places),
            (MATCHES_SOMETHING, []),
            (MATCHES_WHERE_IT_FORBIDS, allows),
        )
        for text in texts
        for effect, element in places
        if bool(refusal(statement(effect, **{element: text})))
        is not ((effect, element) in refused_in)
    ]
    assert not wrong


def test_what_is_about_other_services_may_name_their_resources_and_keys() -> None:
    elsewhere: Element = {
        "Resource": "arn:aws:ec2:*:*:instance/*",
        "Condition": {"StringNotEquals": {"ec2:InstanceType": "t3.micro"}},
    }
    for others in ("ec2:RunInstances", "s3:*", ["ec2:StopInstances", "iam:*"]):
        assert not refusal(statement("Deny", Action=others, **elsewhere))
    for ours in ("*", "ec2:*", "ec2:??lete*", ["ec2:RunInstances", "ec2:CREATEtags"]):
        assert refusal(statement("Deny", Action=ours, **elsewhere))
    assert refusal(statement("Deny", NotAction="iam:*", **elsewhere))


def test_an_arn_of_another_account_is_refused_for_the_key_pairs_of_this_one() -> None:
    for effect in ("Allow", "Deny"):
        for account in ("000000000000", "*", "0*", "????????????"):
            text = f"arn:aws:ec2:*:{account}:key-pair/x"
            assert not refusal(statement(effect, Resource=text), "000000000000")
        for account in ("123456789012", "1*"):
            element = statement(effect, Resource=f"arn:aws:ec2:*:{account}:key-pair/x")
            assert ":000000000000:key-pair/NAME" in refusal(element, "000000000000")


@given(st.text("abc*:", min_size=1, max_size=9), st.text("abc:", max_size=9))
def test_an_expanding_star_matches_as_the_definition_does(pattern: str, text: str) -> None:
    # A `*` at the end of a segment crosses colons and any other stays in its segment; the last
    # segment, or what stands behind the fifth colon, is one text.
    whole, value = f"arn:aws:s3:{pattern}", f"arn:aws:s3:{text}"
    try:
        test = resource(whole, forbids=True)({})
    except KindError:
        return
    *segments, last = (re.escape(each) for each in whole.split(":", 5))
    expected = ""
    for segment in segments:
        expected += re.sub(r"(?:\\\*)+$", ".*", segment).replace(r"\*", "[^:]*") + ":"
    expected += last.replace(r"\*", ".*")
    fits = value.count(":") >= 5 and re.fullmatch(expected, value, re.DOTALL) is not None
    assert test(value) is fits


# Condition keys -----------------------------------------------------------------------------

UNKNOWABLE = [
    "aws:SourceIp",
    "aws:userid",
    "aws:PrincipalOrgID",
    "aws:PrincipalTag/team",
    "aws:MultiFactorAuthPresent",
    "aws:SourceVpce",
    "aws:TokenIssueTime",
    "aws:CalledVia",
    "aws:Usrname",
]
WHEN_MISSING = [
    "StringNotEquals",
    "StringNotLike",
    "StringEqualsIfExists",
    "ForAllValues:StringLike",
    "ForAnyValue:StringLikeIfExists",
    "Null",
]
WHEN_PRESENT = ["StringEquals", "StringLike", "ForAnyValue:StringEquals", "Bool"]


def test_what_no_request_says_neither_forbids_nor_opens() -> None:
    wrong: list[object] = []
    for key in UNKNOWABLE:
        for name in WHEN_MISSING + WHEN_PRESENT:
            for effect in ("Allow", "Deny"):
                element = statement(effect, Condition={name: {key: "true"}})
                must = effect == "Deny" or name in WHEN_MISSING
                place = f'p: Statement[1].Condition.{name}["{key}"]: {effect}: no request here says'
                if refusal(element).startswith(place) is not must:
                    wrong.append(element)
                if not must and parsed(element).evaluate(Request(CREATE, DEV)) is Decision.ALLOWED:
                    wrong.append(element)
        variable = "${" + key + ", 'x'}"
        forbidding = [
            statement("Deny", Resource=KEY_PAIR + variable),
            statement("Allow", NotResource=KEY_PAIR + variable),
            statement("Deny", Condition={"StringEquals": {"aws:TagKeys": variable}}),
        ]
        wrong += [element for element in forbidding if key.lower() not in refusal(element)]
    assert not wrong


def test_each_key_of_a_request_is_known_to_the_policy_and_none_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[Request] = []

    def evaluate(policy: Policy, request: Request) -> Decision:
        asked.append(request)
        return Decision.ALLOWED

    monkeypatch.setattr(Policy, "evaluate", evaluate)
    authorizer = Authorizer(region("us-east-1"), "sam", policy=parsed(statement("Allow")))
    authorizer.check("CreateKeyPair", "x", {})
    of_each_request = {key.lower() for key in asked[0].context}
    assert all(map(vocabulary.is_known, of_each_request))
    of_some = {"aws:tagkeys", "ec2:createaction", "ec2:keypairname", "ec2:keypairtype"}
    for key in UNKNOWABLE:
        assert not vocabulary.is_known(key)
        assert key.lower() not in of_each_request | of_some
    for key in of_some | {"aws:RequestTag/a", "aws:ResourceTag/a", "ec2:ResourceTag/a"}:
        assert vocabulary.is_known(key)


def test_case_is_ignored_character_by_character() -> None:
    def is_equal(wanted: str, value: str) -> bool:
        condition = {"StringEqualsIgnoreCase": {"aws:TagKeys": wanted}}
        guard = parsed(statement("Deny", Condition=condition))
        request = Request(CREATE, DEV, {"aws:TagKeys": value})
        return guard.evaluate(request) is Decision.EXPLICIT_DENY

    for one, other in (("É", "é"), ("K", "\u212a"), ("s", "\u017f"), ("i", "\u0130"), ("Σ", "ς")):
        assert is_equal(one, other), one
        assert is_equal(other, one), one
        assert re.fullmatch(one, other, re.IGNORECASE), "or Python thinks otherwise"
    for one, other in (("ß", "ss"), ("SS", "ß"), ("e", "é")):
        assert not is_equal(one, other), one


# Work ---------------------------------------------------------------------------------------

HUGE = 100_000
LONG = {
    "stars": "*" * HUGE,
    "stars and an end": "*" * HUGE + "b",
    "stars between letters": "*a" * (HUGE // 2),
    "stars between gaps": "*?" * (HUGE // 2),
    "gaps": "?" * HUGE,
    "gaps between letters": "a?" * (HUGE // 2),
}


def calls_of(judged: Callable[[], object]) -> int:
    """Return how many functions were called, those that are not Python's own words included."""
    calls = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        judged()
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.long
def test_a_huge_pattern_costs_no_more_to_ask_than_a_small_one() -> None:
    request = Request(CREATE, DEV + "a" * 251, {"aws:TagKeys": ("a" * 128,) * 50})
    too_many = {}
    for name, text in LONG.items():
        elements: list[Element] = [
            {"Resource": KEY_PAIR + text},
            {"Condition": {"StringLike": {"aws:TagKeys": text}}},
        ]
        for element in elements:
            guard = parsed(statement("Deny", **element))
            guard.evaluate(request)
            calls = calls_of(lambda: guard.evaluate(request))  # noqa: B023 - asked at once
            if calls > 1_000:
                too_many[name] = calls
    assert not too_many


def test_of_the_same_value_many_times_one_is_judged() -> None:
    many = statement("Deny", Resource=[KEY_PAIR + "*a*b"] * 5_000, Action=["ec2:*"] * 20_000)
    guard = parsed(many)
    assert calls_of(lambda: guard.evaluate(Request(CREATE, DEV))) < 200


@pytest.mark.long
def test_a_document_has_no_more_values_than_can_be_judged_at_once() -> None:
    one = statement("Deny", Action=[f"ec2:*{number}*" for number in range(MAX_PATTERNS - 1)])
    assert parsed(one).evaluate(Request(CREATE, DEV)) is Decision.IMPLICIT_DENY
    with pytest.raises(PolicyError, match=r"Statement\[1\]: more than 10,000 values"):
        parsed(one, statement("Deny", Action="ec2:x"))
