"""Reads the text of a policy into statements; what is not understood is refused, and named."""

import json
import re
from collections.abc import Callable, Collection, Mapping

from core.ec2.policy import vocabulary
from core.ec2.policy.operators import OPERATOR, OPERATORS
from core.ec2.policy.patterns import (
    KEY,
    Compiler,
    KindError,
    Matcher,
    action,
    quoted,
    resource,
    variables,
)
from core.ec2.policy.statements import AnyOf, Condition, Effect, Statement
from core.errors import SettingsError

VERSION = "2012-10-17"

MAX_PATTERNS = 10_000
"""More values than any policy has: AWS takes at most 10,240 characters ("Quotas").

Each may be compared with each of 50 tags of a request.
"""


class PolicyError(SettingsError):
    """The policy cannot be read or understood, so nothing may be allowed; the text says where."""


def statements(text: str, source: str, account: str | None) -> tuple[Statement, ...]:
    """Return the statements of a document ("Grammar"); `source` names it in errors.

    `account` has the key pairs that the policy is about; None stands for any.

    Raises:
        PolicyError: it is no JSON, holds anything that is not known, or forbids something by a
            resource or a condition key that no request here has.
    """
    members = _object(_json(text, source), source, known=("Version", "Id", "Statement"))
    if members.get("Version") != VERSION:
        raise PolicyError(f'{source}: Version: only "{VERSION}" is accepted')
    _text(members.get("Id", ""), f"{source}: Id")
    if "Statement" not in members:
        raise PolicyError(f"{source}: Statement: missing")
    sids: set[str] = set()
    nodes = _one_or_more(members["Statement"], f"{source}: Statement")
    made: list[Statement] = []
    patterns = 0
    for where, node in nodes:
        made.append(_statement(node, where, sids, account))
        patterns += made[-1].patterns
        if patterns > MAX_PATTERNS:
            raise PolicyError(f"{where}: more than {MAX_PATTERNS:,} values stand up to here")
    return tuple(made)


class _Number(str):
    """A JSON number as it was written: no digit is lost, and no huge one is computed."""

    __slots__ = ()


def _json(text: str, source: str) -> object:
    """Return JSON with objects as tuples of pairs, so that a name that stands twice is seen."""

    def refuse(constant: str) -> None:
        raise PolicyError(f"{source}: not JSON: {constant}")

    try:
        return json.loads(
            text,
            object_pairs_hook=tuple,
            parse_int=_Number,
            parse_float=_Number,
            parse_constant=refuse,
        )
    except json.JSONDecodeError as error:
        where = f"line {error.lineno} column {error.colno}"
        raise PolicyError(f"{source}: not JSON: {error.msg} at {where}") from error
    except RecursionError as error:
        raise PolicyError(f"{source}: nested too deeply") from error


def _object(node: object, where: str, *, known: Collection[str] = ()) -> dict[str, object]:
    """Return the members of a non-empty object; without `known` names, any are let through."""
    if not isinstance(node, tuple) or not node:
        raise PolicyError(f"{where}: must be an object, and not an empty one")
    members: dict[str, object] = {}
    for name, value in node:
        if name in members:
            raise PolicyError(f"{where}: {quoted(name)} stands twice")
        if known and name in ("Principal", "NotPrincipal"):
            raise PolicyError(f"{where}: {name} is not allowed in an identity policy")
        if known and name not in known:
            raise PolicyError(f"{where}: unknown element {quoted(name)}")
        members[name] = value
    return members


def _one_or_more(node: object, where: str) -> list[tuple[str, object]]:
    """Return a value, or those of a list that is not empty, each with its place."""
    if not isinstance(node, list):
        return [(where, node)]
    if not node:
        raise PolicyError(f"{where}: must not be empty")
    return [(f"{where}[{index}]", item) for index, item in enumerate(node)]


def _text(node: object, where: str) -> str:
    if not isinstance(node, str) or isinstance(node, _Number):
        raise PolicyError(f"{where}: must be a string")
    return node


def _scalar(node: object, where: str) -> str:
    if isinstance(node, bool):
        return "true" if node else "false"
    if not isinstance(node, str):
        raise PolicyError(f"{where}: must be a string, a number or a Boolean")
    return str(node)


def _statement(node: object, where: str, sids: set[str], account: str | None) -> Statement:
    known = ("Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition")
    members = _object(node, where, known=known)
    sid = _text(members.get("Sid", ""), f"{where}.Sid")
    if not re.fullmatch("[A-Za-z0-9]*", sid):
        raise PolicyError(f"{where}.Sid: only letters and digits are allowed")
    if sid and sid in sids:
        raise PolicyError(f"{where}.Sid: {quoted(sid)} stands in an earlier statement")
    sids.add(sid)
    if members.get("Effect") not in ("Allow", "Deny"):
        raise PolicyError(f'{where}.Effect: must be "Allow" or "Deny"')
    effect = Effect(str(members["Effect"]))
    actions = _element(members, "Action", lambda text, _: action(text), where)
    is_about_us = any(map(actions({}), vocabulary.ACTIONS))

    def read_resource(text: str, negated: bool) -> Matcher:
        forbids = negated is (effect is Effect.ALLOW)
        matcher = resource(text, forbids=forbids)
        if is_about_us:
            vocabulary.check_can_be_key_pair(text, forbids=forbids, account=account)
        if is_about_us and forbids:
            _check_variables(text)
        return matcher

    return Statement(
        sid=sid,
        effect=effect,
        actions=actions,
        resources=_element(members, "Resource", read_resource, where),
        conditions=_conditions(members, f"{where}.Condition", effect, is_about_us),
    )


def _element(
    members: Mapping[str, object], name: str, read: Callable[[str, bool], Matcher], where: str
) -> AnyOf:
    """Read Action, Resource or the `Not` of it; `read` is told whether it is that."""
    present = [each for each in (name, f"Not{name}") if each in members]
    if len(present) != 1:
        raise PolicyError(f"{where}: needs one of {name} and Not{name}, and not both")
    negated = present[0] != name
    nodes = _one_or_more(members[present[0]], f"{where}.{present[0]}")
    return AnyOf(_read_each(nodes, lambda text: read(text, negated), _text), negated)


def _read_each(
    nodes: list[tuple[str, object]], read: Compiler, text_of: Callable[[object, str], str]
) -> tuple[Matcher, ...]:
    matchers: dict[str, Matcher] = {}  # a text that stands there twice is judged once
    for where, node in nodes:
        text = text_of(node, where)
        if text not in matchers:
            try:
                matchers[text] = read(text)
            except KindError as error:
                raise PolicyError(f"{where}: {error}") from error
    return tuple(matchers.values())


def _check_variables(text: str) -> None:
    for key in variables(text):
        if not vocabulary.is_known(key):
            raise KindError(_unknowable(quoted(key)))


def _unknowable(key: str) -> str:
    return f"no request here says what {key} is, so it cannot decide what is forbidden"


def _conditions(
    members: Mapping[str, object], where: str, effect: Effect, is_about_us: bool
) -> tuple[Condition, ...]:
    if "Condition" not in members:
        return ()
    conditions = []
    for name, keys in _object(members["Condition"], where).items():
        match = OPERATOR.fullmatch(name)
        if not match or (match[2] not in OPERATORS and name != "Null"):
            raise PolicyError(f"{where}: unknown operator {quoted(name)}")
        for key, node in _object(keys, f"{where}.{name}").items():
            place = f"{where}.{name}[{quoted(key)}]"
            if not KEY.fullmatch(key):
                raise PolicyError(f"{place}: not the name of a condition key")
            nodes = _one_or_more(node, place)
            forbids = is_about_us and effect is Effect.DENY
            build = _null if name == "Null" else _condition
            condition = build(match, key, nodes, forbids)
            # Without the key a Deny is skipped, or it is a guess; and an Allow must not open the
            # door only because the key is not there.
            opens = is_about_us and effect is Effect.ALLOW and condition.when_missing
            if (forbids or opens) and not vocabulary.is_known(key):
                raise PolicyError(f"{place}: {effect}: {_unknowable(quoted(key))}")
            conditions.append(condition)
    return tuple(conditions)


def _condition(
    match: re.Match[str], key: str, nodes: list[tuple[str, object]], forbids: bool
) -> Condition:
    # "Condition operators": without the key, a negated operator holds, and so does IfExists.
    # "Multivalued keys": without the key, ForAllValues holds and ForAnyValue does not.
    read, negated = OPERATORS[match[2]]
    quantifier = match[1] or ""
    missing = {"": negated, "ForAllValues": True, "ForAnyValue": False}[quantifier]

    def read_value(text: str) -> Matcher:
        matcher = read(text)
        if forbids:
            _check_variables(text)
        return matcher

    values = AnyOf(_read_each(nodes, read_value, _scalar), negated)
    return Condition(key.lower(), values, quantifier, when_missing=missing or match[3] is not None)


def _null(_: re.Match[str], key: str, nodes: list[tuple[str, object]], __: bool) -> Condition:
    # "Condition operators": `true` asks that the key does not exist, `false` that it does.
    _read_each(nodes, OPERATORS["Bool"][0], _scalar)
    wanted = {_scalar(node, where).lower() for where, node in nodes}
    present = AnyOf((lambda context: lambda value: "false" in wanted,), negated=False)
    return Condition(key.lower(), present, "", when_missing="true" in wanted)
