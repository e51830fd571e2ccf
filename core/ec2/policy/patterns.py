"""The patterns of a policy: wildcards, policy variables, ARNs, actions."""

import json
import re
from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeAlias

from core.ec2.wildcards import expression

Context: TypeAlias = Mapping[str, tuple[str, ...]]
Matcher: TypeAlias = Callable[[str, Context], bool]
Compiler: TypeAlias = Callable[[str], Matcher]


class KindError(ValueError):
    """A text is not of the kind that its place asks for; the caller knows the place."""


def quoted(text: str) -> str:
    """Text of the document for a message: short, and without control characters."""
    shown = json.dumps(text if len(text) <= 60 else text[:59] + "\u2026")
    return shown.replace("\x7f", "\\u007f")  # which Python leaves as it is


# A tag condition that names no tag key (`aws:RequestTag`) could never match.
KEY = re.compile(r"[a-z0-9-]+:(?:[a-z0-9-]+/.+|[a-z0-9-]+(?<!tag))", re.IGNORECASE)
_PIECE = re.compile(
    r"\$\{(?:(?P<literal>[*?$])|(?P<key>[^\s{}'*?$,]+)(?:, '(?P<default>[^'{}]*)')?)\}"
    r"|(?P<broken>\$\{)|(?P<wildcard>[*?])|\$|[^$*?]+"
)


class _Variable(NamedTuple):
    key: str
    default: str | None

    def value(self, context: Context) -> str | None:
        """The text it stands for, or None ("Variables": a key with several values is no variable).

        An empty value counts as none, or `${aws:PrincipalTag/team}*` would become `*`.
        """
        values = [value for value in context.get(self.key, ()) if value]
        return values[0] if len(values) == 1 else None if values else self.default


def pattern(text: str, *, wildcards: bool = True, flags: int = 0) -> Matcher:
    """A text with wildcards and variables ("Variables": `${*}`, `${?}`, `${$}` are characters).

    A variable without a value makes it match nothing. A value's own `*` is no wildcard.
    """
    pieces: list[str | _Variable] = []
    for match in _PIECE.finditer(text):
        if match["broken"] or (match["key"] and not KEY.fullmatch(match["key"])):
            raise KindError(f"not a policy variable: {quoted(text[match.start() :])}")
        if match["key"]:
            pieces.append(_Variable(match["key"].lower(), match["default"]))
        elif match["wildcard"] and wildcards:
            pieces.append("." if match[0] == "?" else "*")
        else:
            pieces.append(re.escape(match["literal"] or match[0]))

    def matches(value: str, context: Context) -> bool:
        chunks = [""]
        for piece in pieces:
            if piece == "*":
                chunks.append("")
                continue
            found = piece.value(context) if isinstance(piece, _Variable) else piece
            if found is None:
                return False
            chunks[-1] += re.escape(found) if isinstance(piece, _Variable) else found
        return re.fullmatch(expression(chunks), value, flags | re.DOTALL) is not None

    return matches


def arn(text: str, *, cut_short: bool = False) -> Matcher:
    """An ARN, each of its six segments checked separately ("Condition operators": ArnLike).

    "Resource" says the same of wildcards, and lets a `*` at the end of a segment run on past the
    colon. Here it does not: a key name may hold colons, and `x:key-pair/dev` is not the name `dev`
    of another account. After the fifth colon, `:` and `/` are characters like any other.
    """
    segments = text.split(":", 5)
    if cut_short and text.endswith("*"):
        segments += ["*"] * (6 - len(segments))
    if segments[0] != "arn" or len(segments) < 6 or not all(segments[1:3] + segments[5:]):
        raise KindError(f"{quoted(text)} is not an ARN")
    if any("${" in segment for segment in segments[:5]):
        raise KindError("a policy variable may stand only after the fifth colon of an ARN")
    if set("*?") & set(segments[2]):
        raise KindError("no wildcard may stand in the service of an ARN")
    matchers = [pattern(segment) for segment in segments]

    def matches(value: str, context: Context) -> bool:
        parts = value.split(":", 5)
        return len(parts) == 6 and all(
            match(part, context) for match, part in zip(matchers, parts, strict=True)
        )

    return matches


def resource(text: str) -> Matcher:
    """`*` or an ARN; one that ends in `*` may lack the segments after it ("Resource")."""
    return pattern(text) if text == "*" else arn(text, cut_short=True)


def action(text: str) -> Matcher:
    """`*`, or a service and a name with wildcards, without regard to case ("Action")."""
    if not re.fullmatch(r"\*|[A-Za-z0-9-]+:[A-Za-z0-9*?]+", text):
        raise KindError(f"{quoted(text)} is not an action")
    return pattern(text, flags=re.IGNORECASE)
