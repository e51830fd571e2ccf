"""Reads the patterns of a policy: wildcards, policy variables, ARNs, actions.

Each is read once, with the document. What comes of it, a `Matcher`, is given the condition keys of
a request, puts them in the place of its variables, and returns the test of one value.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple, TypeAlias

from core.ec2.wildcards import Wildcard, WildcardPattern

Context: TypeAlias = Mapping[str, tuple[str, ...]]
Test: TypeAlias = Callable[[str], bool]
Matcher: TypeAlias = Callable[[Context], Test]
Compiler: TypeAlias = Callable[[str], Matcher]


class KindError(ValueError):
    """A text is not of the kind that its place asks for; the caller knows the place."""


def quoted(text: str) -> str:
    """Return text of the document for a message: short, and without control characters."""
    shown = json.dumps(text if len(text) <= 60 else text[:59] + "\u2026")
    return shown.replace("\x7f", "\\u007f")  # which Python leaves as it is


# A tag condition that names no tag key (`aws:RequestTag`) could never match.
KEY = re.compile(r"[a-z0-9-]+:(?:[a-z0-9-]+/.+|[a-z0-9-]+(?<!tag))", re.IGNORECASE)
_PIECE = re.compile(
    r"\$\{(?:(?P<literal>[*?$])|(?P<key>[^\s{}'*?$,]+)(?:, '(?P<default>[^'{}]*)')?)\}"
    r"|(?P<broken>\$\{)|(?P<run>\*+)|(?P<one>\?)|\$|[^$*?]+"
)


class _Variable(NamedTuple):
    key: str
    default: str | None

    def value(self, context: Context) -> str | None:
        """Return the text it stands for, or None ("Variables": with several values, none).

        An empty value counts as none, or `${aws:PrincipalTag/team}*` would become `*`.
        """
        values = [value for value in context.get(self.key, ()) if value]
        return values[0] if len(values) == 1 else None if values else self.default


def pattern(text: str, *, wildcards: bool = True, ignore_case: bool = False) -> Matcher:
    """Return the matcher of a text with wildcards and variables.

    `${*}`, `${?}` and `${$}` are the characters ("Variables"). A variable without a value makes
    the pattern match nothing. A value's own `*` is no wildcard.

    Raises:
        KindError: it holds what looks like a variable but is not one.
    """
    fold = _without_case if ignore_case else str
    pieces: list[str | Wildcard | _Variable] = []
    for match in _PIECE.finditer(text):
        if match["broken"] or (match["key"] and not KEY.fullmatch(match["key"])):
            raise KindError(f"not a policy variable: {quoted(text[match.start() :])}")
        if match["key"]:
            pieces.append(_Variable(match["key"].lower(), match["default"]))
        elif match["run"] and wildcards:
            pieces.append(Wildcard.RUN)
        elif match["one"] and wildcards:
            pieces.append(Wildcard.ONE)
        else:
            pieces.append(fold(match["literal"] or match[0]))

    def test_of(found: WildcardPattern) -> Test:
        return (lambda value: found.matches(fold(value))) if ignore_case else found.matches

    fixed = [piece for piece in pieces if not isinstance(piece, _Variable)]
    if len(fixed) == len(pieces):
        test = test_of(WildcardPattern(fixed))
        return lambda context: test

    def matcher(context: Context) -> Test:
        tokens: list[str | Wildcard] = []
        for piece in pieces:
            token = piece.value(context) if isinstance(piece, _Variable) else piece
            if token is None:
                return _nothing
            tokens.append(fold(token) if isinstance(token, str) else token)
        return test_of(WildcardPattern(tokens))

    return matcher


def variables(text: str) -> Iterator[str]:
    """Return the condition keys that a text of the document uses as policy variables."""
    return (match["key"].lower() for match in _PIECE.finditer(text) if match["key"])


def arn(text: str) -> Matcher:
    """Return the matcher of an ARN whose six segments are each checked separately.

    "Condition operators": ArnLike and ArnEquals. After the fifth colon, `:` and `/` are characters
    like any other.

    Raises:
        KindError: it is no ARN, or can match none.
    """
    return _matcher(segments_of(text), expanding=False)


def resource(text: str, *, forbids: bool) -> Matcher:
    """Return the matcher of a resource: `*`, or an ARN.

    "Resource": "If the * wildcard is the last character of a resource ARN segment, it can expand
    to match beyond the colon boundaries." So it does where a match `forbids` something. Where a
    match allows something it stays in its segment: a key name may hold colons, and
    `x:key-pair/dev` is not the name `dev` of another account.

    Raises:
        KindError: it is neither, or can match no ARN.
    """
    if text == "*":
        return pattern(text)
    return _matcher(segments_of(text, expanding=forbids, cut_short=True), expanding=forbids)


def action(text: str) -> Matcher:
    """Return the matcher of `*`, or of a service and a name with wildcards, without case.

    Raises:
        KindError: it is no action ("Action").
    """
    if not re.fullmatch(r"\*|[A-Za-z0-9-]+:[A-Za-z0-9*?]+", text):
        raise KindError(f"{quoted(text)} is not an action")
    return pattern(text, ignore_case=True)


def segments_of(text: str, *, expanding: bool = False, cut_short: bool = False) -> list[str]:
    """Return the segments of an ARN pattern: six, or fewer if a `*` may be several of them.

    Raises:
        KindError: it is no ARN, or one of its segments can match none of any ARN.
    """
    segments = text.split(":", 5)
    if cut_short and not expanding and text.endswith("*"):
        segments += ["*"] * (6 - len(segments))
    several = expanding and any(segment.endswith("*") for segment in segments[1:])
    if segments[0] != "arn" or not all(segments[1:3] + segments[5:]):
        raise KindError(f"{quoted(text)} is not an ARN")
    if len(segments) < (4 if several else 6):
        raise KindError(f"{quoted(text)} is not an ARN")
    if any("${" in segment for segment in segments[:5]):
        raise KindError("a policy variable may stand only after the fifth colon of an ARN")
    if set("*?") & set(segments[2]):
        raise KindError("no wildcard may stand in the service of an ARN")
    # Names of partitions, services and Regions, and numbers of accounts: no slash, no capital.
    whole = len(segments) == 6
    for segment in segments[1 : 5 if whole else len(segments) - 1]:
        if not re.fullmatch("[a-z0-9*?-]*", segment):
            raise KindError(f"{quoted(text)} can match no ARN, because of {quoted(segment)}")
    return segments


def _matcher(segments: list[str], *, expanding: bool) -> Matcher:
    first = [pattern(segment)({}) for segment in segments[:-1]]
    last = pattern(segments[-1])
    open_ended = [expanding and segment.endswith("*") for segment in segments]

    def matcher(context: Context) -> Test:
        rest = last(context)

        def test(value: str) -> bool:
            parts = value.split(":")
            if len(parts) < 6:
                return False
            at = places(open_ended, len(parts), lambda i, part: first[i](parts[part]))
            return any(rest(":".join(parts[part:])) for part in at)

        return test

    return matcher


def places(
    open_ended: list[bool], parts: int, fits: Callable[[int, int], bool]
) -> "set[int] | range":
    """Return at which parts of an ARN the last segment of a pattern may begin.

    Every other segment covers one part that `fits` it, given the numbers of both, and those that
    are open-ended any number of parts behind that.
    """
    starts: set[int] | range = {0}
    for segment, is_open in enumerate(open_ended[:-1]):
        starts = {part + 1 for part in starts if part + 1 < parts and fits(segment, part)}
        if is_open and starts:
            starts = range(min(starts), parts)
    return starts


def _without_case(text: str) -> str:
    """Return what is equal for texts that differ in case only, character by character.

    Some characters are several in the other case; these are left as they are (`str.casefold`
    would make ß equal to ss).
    """
    if text.isascii():
        return text.lower()
    upper = (up if len(up := character.upper()) == 1 else character for character in text)
    return "".join(character.lower()[0] for character in upper)


def _nothing(_: str) -> bool:
    return False
