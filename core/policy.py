"""Who may do what: one IAM identity policy, evaluated offline by AWS's rules.

The grammar is closed: a document with anything unknown in it is refused as a whole, its place
named, for the statement that would be skipped may be the one that denies. The names in quotes
below are pages of the IAM User Guide. Where those leave a comparison undefined - one value is
asked for and the request has several, or a value is no number or date - an Allow does not apply
and a Deny does.
"""

import json
import operator
import os
import re
import stat
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum, StrEnum
from pathlib import Path
from typing import NamedTuple, Self, TypeAlias, TypeVar

from core.errors import SettingsError

VERSION = "2012-10-17"
MAX_SIZE = 1024 * 1024

_Context: TypeAlias = Mapping[str, tuple[str, ...]]
_Matcher: TypeAlias = Callable[[str, _Context], bool]
_Compiler: TypeAlias = Callable[[str], _Matcher]
_T = TypeVar("_T")


class PolicyError(SettingsError):
    """The policy cannot be read or understood, so nothing may be allowed; the text says where."""


class Effect(StrEnum):
    """What a statement does with the requests that it applies to; case matters ("Effect")."""

    ALLOW = "Allow"
    DENY = "Deny"


class Decision(Enum):
    """The answer to a request; only `ALLOWED` lets it through."""

    ALLOWED = "allowed"
    EXPLICIT_DENY = "explicit deny"
    IMPLICIT_DENY = "implicit deny"


@dataclass(frozen=True, slots=True)
class Request:
    """One call to be judged.

    `action` is `ec2:CreateKeyPair`; `resource` an ARN, or `*` for an action that has none;
    `context` the condition keys, where a key with no values is as good as absent.
    """

    action: str
    resource: str
    context: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """The values of one element or key: true if one matches or, `negated`, if none does."""

    matchers: tuple[_Matcher, ...]
    negated: bool

    def __call__(self, value: str, context: _Context) -> bool:
        return any(matches(value, context) for matches in self.matchers) != self.negated


@dataclass(frozen=True, slots=True)
class Condition:
    """One operator applied to one key; `quantifier` is its set operator, or empty."""

    key: str
    values: AnyOf
    quantifier: str
    when_missing: bool

    def holds(self, context: _Context, effect: Effect) -> bool:
        """Whether the request meets it, for a statement of this effect ("Multivalued keys")."""
        if not (present := context.get(self.key)):
            return self.when_missing
        default = "ForAnyValue" if effect is Effect.DENY else "ForAllValues"
        combine = any if (self.quantifier or default) == "ForAnyValue" else all
        return combine(self._holds_for(value, context, effect) for value in present)

    def _holds_for(self, value: str, context: _Context, effect: Effect) -> bool:
        try:
            return self.values(value, context)
        except _KindError:
            return effect is Effect.DENY


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement: it applies when its action, its resource and every condition match."""

    sid: str
    effect: Effect
    actions: AnyOf
    resources: AnyOf
    conditions: tuple[Condition, ...]

    def applies(self, request: Request, context: _Context) -> bool:
        """Whether it is about this request ("Multiple keys or values": conditions are ANDed)."""
        return (
            self.actions(request.action, context)
            and self.resources(request.resource, context)
            and all(condition.holds(context, self.effect) for condition in self.conditions)
        )


@dataclass(frozen=True, slots=True)
class Policy:
    """An identity policy of which every part was understood."""

    statements: tuple[Statement, ...]

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the policy in a regular file of at most 1 MiB in UTF-8, or raise `PolicyError`."""
        return cls.parse(_read(path), source=str(path))

    @classmethod
    def parse(cls, text: str, *, source: str) -> Self:
        """Understand a document ("Grammar"), or raise `PolicyError`; `source` names it there."""
        members = _object(_json(text, source), source, known=("Version", "Id", "Statement"))
        if members.get("Version") != VERSION:
            raise PolicyError(f'{source}: Version: only "{VERSION}" is accepted')
        _text(members.get("Id", ""), f"{source}: Id")
        if "Statement" not in members:
            raise PolicyError(f"{source}: Statement: missing")
        sids: set[str] = set()
        nodes = _one_or_more(members["Statement"], f"{source}: Statement")
        return cls(tuple(_statement(node, where, sids) for where, node in nodes))

    def evaluate(self, request: Request) -> Decision:
        """Judge a request: a Deny beats every Allow, and silence denies ("Evaluation logic")."""
        context = _by_name(request.context)
        effects = {each.effect for each in self.statements if each.applies(request, context)}
        if Effect.DENY in effects:
            return Decision.EXPLICIT_DENY
        return Decision.ALLOWED if Effect.ALLOW in effects else Decision.IMPLICIT_DENY


def _by_name(context: Mapping[str, str | tuple[str, ...]]) -> _Context:
    # "Condition": names of keys have no case, and the tag key in aws:RequestTag/Env is part of the
    # name. EC2 takes the tags Env and env side by side: their values join.
    values: dict[str, tuple[str, ...]] = {}
    for key, value in context.items():
        more = (value,) if isinstance(value, str) else value
        values[key.lower()] = values.get(key.lower(), ()) + more
    return values


# --- The document -------------------------------------------------------------------------------


class _KindError(ValueError):
    """A text is not of the kind that its place asks for; the caller knows the place."""


class _Number(str):
    """A JSON number as it was written: no digit is lost, and no huge one is computed."""

    __slots__ = ()


def _read(path: Path) -> str:
    def without_waiting(name: str, flags: int) -> int:
        # Opening a pipe that nobody writes to would otherwise wait for ever.
        return os.open(name, flags | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)

    try:
        with open(path, "rb", opener=without_waiting) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise PolicyError(f"{path}: not a regular file")
            content = file.read(MAX_SIZE + 1)
    except (OSError, ValueError) as error:  # ValueError: a path that no file can have
        reason = error.strerror if isinstance(error, OSError) else error
        raise PolicyError(f"{path}: cannot be read: {reason}") from error
    if len(content) > MAX_SIZE:
        raise PolicyError(f"{path}: larger than 1 MiB")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise PolicyError(f"{path}: not UTF-8 at byte {error.start}") from error


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
            raise PolicyError(f"{where}: {_quoted(name)} stands twice")
        if known and name in ("Principal", "NotPrincipal"):
            raise PolicyError(f"{where}: {name} is not allowed in an identity policy")
        if known and name not in known:
            raise PolicyError(f"{where}: unknown element {_quoted(name)}")
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


def _quoted(text: str) -> str:
    """Text of the document for a message: short, and without control characters."""
    shown = json.dumps(text if len(text) <= 60 else text[:59] + "\u2026")
    return shown.replace("\x7f", "\\u007f")  # which Python leaves as it is


def _statement(node: object, where: str, sids: set[str]) -> Statement:
    known = ("Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition")
    members = _object(node, where, known=known)
    sid = _text(members.get("Sid", ""), f"{where}.Sid")
    if not re.fullmatch("[A-Za-z0-9]*", sid):
        raise PolicyError(f"{where}.Sid: only letters and digits are allowed")
    if sid and sid in sids:
        raise PolicyError(f"{where}.Sid: {_quoted(sid)} stands in an earlier statement")
    sids.add(sid)
    if members.get("Effect") not in ("Allow", "Deny"):
        raise PolicyError(f'{where}.Effect: must be "Allow" or "Deny"')
    return Statement(
        sid=sid,
        effect=Effect(str(members["Effect"])),
        actions=_element(members, "Action", _action, where),
        resources=_element(members, "Resource", _resource, where),
        conditions=_conditions(members, f"{where}.Condition"),
    )


def _element(members: Mapping[str, object], name: str, read: _Compiler, where: str) -> AnyOf:
    present = [each for each in (name, f"Not{name}") if each in members]
    if len(present) != 1:
        raise PolicyError(f"{where}: needs one of {name} and Not{name}, and not both")
    nodes = _one_or_more(members[present[0]], f"{where}.{present[0]}")
    matchers = tuple(_compiled(read, _text(node, at), at) for at, node in nodes)
    return AnyOf(matchers, negated=present[0] != name)


def _compiled(read: _Compiler, text: str, where: str) -> _Matcher:
    try:
        return read(text)
    except _KindError as error:
        raise PolicyError(f"{where}: {error}") from error


def _conditions(members: Mapping[str, object], where: str) -> tuple[Condition, ...]:
    if "Condition" not in members:
        return ()
    conditions = []
    for name, keys in _object(members["Condition"], where).items():
        match = _OPERATOR.fullmatch(name)
        if not match or (match[2] not in _OPERATORS and name != "Null"):
            raise PolicyError(f"{where}: unknown operator {_quoted(name)}")
        for key, node in _object(keys, f"{where}.{name}").items():
            place = f"{where}.{name}[{_quoted(key)}]"
            if not _KEY.fullmatch(key):
                raise PolicyError(f"{place}: not the name of a condition key")
            texts = [(at, _scalar(value, at)) for at, value in _one_or_more(node, place)]
            build = _null if name == "Null" else _condition
            conditions.append(build(match, key.lower(), texts))
    return tuple(conditions)


def _condition(match: re.Match[str], key: str, texts: list[tuple[str, str]]) -> Condition:
    # "Condition operators": without the key, a negated operator holds, and so does IfExists.
    # "Multivalued keys": without the key, ForAllValues holds and ForAnyValue does not.
    read, negated = _OPERATORS[match[2]]
    quantifier = match[1] or ""
    missing = {"": negated, "ForAllValues": True, "ForAnyValue": False}[quantifier]
    values = AnyOf(tuple(_compiled(read, text, at) for at, text in texts), negated)
    return Condition(key, values, quantifier, when_missing=missing or match[3] is not None)


def _null(_: re.Match[str], key: str, texts: list[tuple[str, str]]) -> Condition:
    # "Condition operators": `true` asks that the key does not exist, `false` that it does.
    for at, text in texts:
        _compiled(_OPERATORS["Bool"][0], text, at)
    wanted = {text.lower() for _, text in texts}
    present = AnyOf((lambda value, context: "false" in wanted,), negated=False)
    return Condition(key, present, "", when_missing="true" in wanted)


# --- Patterns -----------------------------------------------------------------------------------


# A tag condition that names no tag key (`aws:RequestTag`) could never match.
_KEY = re.compile(r"[a-z0-9-]+:(?:[a-z0-9-]+/.+|[a-z0-9-]+(?<!tag))", re.IGNORECASE)
_PIECE = re.compile(
    r"\$\{(?:(?P<literal>[*?$])|(?P<key>[^\s{}'*?$,]+)(?:, '(?P<default>[^'{}]*)')?)\}"
    r"|(?P<broken>\$\{)|(?P<wildcard>[*?])|\$|[^$*?]+"
)


class _Variable(NamedTuple):
    key: str
    default: str | None

    def value(self, context: _Context) -> str | None:
        """The text it stands for, or None ("Variables": a key with several values is no variable).

        An empty value counts as none, or `${aws:PrincipalTag/team}*` would become `*`.
        """
        values = [value for value in context.get(self.key, ()) if value]
        return values[0] if len(values) == 1 else None if values else self.default


def _pattern(text: str, *, wildcards: bool = True, flags: int = 0) -> _Matcher:
    """A text with wildcards and variables ("Variables": `${*}`, `${?}`, `${$}` are characters).

    A variable without a value makes it match nothing. A value's own `*` is no wildcard.
    """
    pieces: list[str | _Variable] = []
    for match in _PIECE.finditer(text):
        if match["broken"] or (match["key"] and not _KEY.fullmatch(match["key"])):
            raise _KindError(f"not a policy variable: {_quoted(text[match.start() :])}")
        if match["key"]:
            pieces.append(_Variable(match["key"].lower(), match["default"]))
        elif match["wildcard"] and wildcards:
            pieces.append("." if match[0] == "?" else "*")
        else:
            pieces.append(re.escape(match["literal"] or match[0]))

    def matches(value: str, context: _Context) -> bool:
        chunks = [""]
        for piece in pieces:
            if piece == "*":
                chunks.append("")
                continue
            found = piece.value(context) if isinstance(piece, _Variable) else piece
            if found is None:
                return False
            chunks[-1] += re.escape(found) if isinstance(piece, _Variable) else found
        return re.fullmatch(_expression(chunks), value, flags | re.DOTALL) is not None

    return matches


def _expression(chunks: list[str]) -> str:
    """The chunks with anything between them; atomic groups, so that many `*` cannot explode."""
    if len(chunks) == 1:
        return chunks[0]
    first, *middle, last = chunks
    return first + "".join(f"(?>.*?{chunk})" for chunk in middle) + ".*" + last


def _arn(text: str, *, cut_short: bool = False) -> _Matcher:
    """An ARN, each of its six segments checked separately ("Condition operators": ArnLike).

    "Resource" says the same of wildcards, and lets a `*` at the end of a segment run on past the
    colon. Here it does not: a key name may hold colons, and `x:key-pair/dev` is not the name `dev`
    of another account. After the fifth colon, `:` and `/` are characters like any other.
    """
    segments = text.split(":", 5)
    if cut_short and text.endswith("*"):
        segments += ["*"] * (6 - len(segments))
    if segments[0] != "arn" or len(segments) < 6 or not all(segments[1:3] + segments[5:]):
        raise _KindError(f"{_quoted(text)} is not an ARN")
    if any("${" in segment for segment in segments[:5]):
        raise _KindError("a policy variable may stand only after the fifth colon of an ARN")
    if set("*?") & set(segments[2]):
        raise _KindError("no wildcard may stand in the service of an ARN")
    matchers = [_pattern(segment) for segment in segments]

    def matches(value: str, context: _Context) -> bool:
        parts = value.split(":", 5)
        return len(parts) == 6 and all(
            match(part, context) for match, part in zip(matchers, parts, strict=True)
        )

    return matches


def _resource(text: str) -> _Matcher:
    """`*` or an ARN; one that ends in `*` may lack the segments after it ("Resource")."""
    return _pattern(text) if text == "*" else _arn(text, cut_short=True)


def _action(text: str) -> _Matcher:
    """`*`, or a service and a name with wildcards, without regard to case ("Action")."""
    if not re.fullmatch(r"\*|[A-Za-z0-9-]+:[A-Za-z0-9*?]+", text):
        raise _KindError(f"{_quoted(text)} is not an action")
    return _pattern(text, flags=re.IGNORECASE)


# --- The operators ------------------------------------------------------------------------------


def _equals(text: str) -> _Matcher:
    return _pattern(text, wildcards=False)


def _equals_ignoring_case(text: str) -> _Matcher:
    return _pattern(text, wildcards=False, flags=re.IGNORECASE)


def _compared(read: Callable[[str], _T], test: Callable[[_T, _T], bool]) -> _Compiler:
    """An operator on a type of its own ("Variables": it takes no policy variable)."""

    def compiler(text: str) -> _Matcher:
        bound = read(text)
        return lambda value, context: test(read(value), bound)

    return compiler


def _boolean(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise _KindError(f"{_quoted(text)} is neither true nor false")
    return text.lower() == "true"


def _number(text: str) -> Decimal:
    if not re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?", text):
        raise _KindError(f"{_quoted(text)} is not a number")
    return Decimal(text)


def _instant(text: str) -> timedelta:
    """The time since 1970 of a W3C date, in UTC if it names no zone, or of UNIX seconds.

    `2024` and `20240101` could be either, so seconds have nine digits or more.
    """
    date = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
    time = r"[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})"
    if re.fullmatch("[0-9]{9,12}", text):
        return timedelta(seconds=int(text))
    try:
        if not re.fullmatch(f"{date}(T{time})?", text):
            raise ValueError
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise _KindError(f"{_quoted(text)} is not a date") from error
    return moment.replace(tzinfo=moment.tzinfo or UTC) - datetime(1970, 1, 1, tzinfo=UTC)


_OPERATOR = re.compile(r"(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?")
# How the values of each are read, and whether it holds when none of them matches. BinaryEquals and
# IpAddress are left out on purpose: no request of ours carries a key for them.
_OPERATORS: dict[str, tuple[_Compiler, bool]] = {
    "StringEquals": (_equals, False),
    "StringNotEquals": (_equals, True),
    "StringEqualsIgnoreCase": (_equals_ignoring_case, False),
    "StringNotEqualsIgnoreCase": (_equals_ignoring_case, True),
    "StringLike": (_pattern, False),
    "StringNotLike": (_pattern, True),
    "ArnEquals": (_arn, False),
    "ArnLike": (_arn, False),
    "ArnNotEquals": (_arn, True),
    "ArnNotLike": (_arn, True),
    "Bool": (_compared(_boolean, operator.eq), False),
    "NumericEquals": (_compared(_number, operator.eq), False),
    "NumericNotEquals": (_compared(_number, operator.eq), True),
    "NumericLessThan": (_compared(_number, operator.lt), False),
    "NumericLessThanEquals": (_compared(_number, operator.le), False),
    "NumericGreaterThan": (_compared(_number, operator.gt), False),
    "NumericGreaterThanEquals": (_compared(_number, operator.ge), False),
    "DateEquals": (_compared(_instant, operator.eq), False),
    "DateNotEquals": (_compared(_instant, operator.eq), True),
    "DateLessThan": (_compared(_instant, operator.lt), False),
    "DateLessThanEquals": (_compared(_instant, operator.le), False),
    "DateGreaterThan": (_compared(_instant, operator.gt), False),
    "DateGreaterThanEquals": (_compared(_instant, operator.ge), False),
}
