"""From the text of a policy to its statements; what is not understood is refused, and named."""

import json
import re
from collections.abc import Collection, Mapping

from core.ec2.policy.operators import OPERATOR, OPERATORS
from core.ec2.policy.patterns import KEY, Compiler, KindError, Matcher, action, quoted, resource
from core.ec2.policy.statements import AnyOf, Condition, Effect, Statement
from core.errors import SettingsError

VERSION = "2012-10-17"


class PolicyError(SettingsError):
    """The policy cannot be read or understood, so nothing may be allowed; the text says where."""


def statements(text: str, source: str) -> tuple[Statement, ...]:
    """Return the statements of a document ("Grammar"); `source` names it in errors.

    Raises:
        PolicyError: it is no JSON, or holds anything that is not known.
    """
    members = _object(_json(text, source), source, known=("Version", "Id", "Statement"))
    if members.get("Version") != VERSION:
        raise PolicyError(f'{source}: Version: only "{VERSION}" is accepted')
    _text(members.get("Id", ""), f"{source}: Id")
    if "Statement" not in members:
        raise PolicyError(f"{source}: Statement: missing")
    sids: set[str] = set()
    nodes = _one_or_more(members["Statement"], f"{source}: Statement")
    return tuple(_statement(node, where, sids) for where, node in nodes)


class _Number(str):
    """A JSON number as it was written: no digit is lost, and no huge one is computed."""

    __slots__ = ()


def _json(text: str, source: str) -> object:
    """JSON with objects as tuples of pairs, so that a name that stands twice is still seen."""

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
    """The members of a non-empty object, by name; without `known` names, any are let through."""
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
    """A value, or those of a list that is not empty, each with its place."""
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


def _statement(node: object, where: str, sids: set[str]) -> Statement:
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
    return Statement(
        sid=sid,
        effect=Effect(str(members["Effect"])),
        actions=_element(members, "Action", action, where),
        resources=_element(members, "Resource", resource, where),
        conditions=_conditions(members, f"{where}.Condition"),
    )


def _element(members: Mapping[str, object], name: str, read: Compiler, where: str) -> AnyOf:
    present = [each for each in (name, f"Not{name}") if each in members]
    if len(present) != 1:
        raise PolicyError(f"{where}: needs one of {name} and Not{name}, and not both")
    nodes = _one_or_more(members[present[0]], f"{where}.{present[0]}")
    matchers = tuple(_compiled(read, _text(node, at), at) for at, node in nodes)
    return AnyOf(matchers, negated=present[0] != name)


def _compiled(read: Compiler, text: str, where: str) -> Matcher:
    try:
        return read(text)
    except KindError as error:
        raise PolicyError(f"{where}: {error}") from error


def _conditions(members: Mapping[str, object], where: str) -> tuple[Condition, ...]:
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
            texts = [(at, _scalar(value, at)) for at, value in _one_or_more(node, place)]
            build = _null if name == "Null" else _condition
            conditions.append(build(match, key.lower(), texts))
    return tuple(conditions)


def _condition(match: re.Match[str], key: str, texts: list[tuple[str, str]]) -> Condition:
    # "Condition operators": without the key, a negated operator holds, and so does IfExists.
    # "Multivalued keys": without the key, ForAllValues holds and ForAnyValue does not.
    read, negated = OPERATORS[match[2]]
    quantifier = match[1] or ""
    missing = {"": negated, "ForAllValues": True, "ForAnyValue": False}[quantifier]
    values = AnyOf(tuple(_compiled(read, text, at) for at, text in texts), negated)
    return Condition(key, values, quantifier, when_missing=missing or match[3] is not None)


def _null(_: re.Match[str], key: str, texts: list[tuple[str, str]]) -> Condition:
    # "Condition operators": `true` asks that the key does not exist, `false` that it does.
    for at, text in texts:
        _compiled(OPERATORS["Bool"][0], text, at)
    wanted = {text.lower() for _, text in texts}
    present = AnyOf((lambda value, context: "false" in wanted,), negated=False)
    return Condition(key, present, "", when_missing="true" in wanted)
