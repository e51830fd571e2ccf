"""Reads the values that stand in a condition, as its operator asks."""

import operator
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TypeVar

from core.ec2.policy.patterns import Compiler, KindError, Matcher, arn, pattern, quoted

_T = TypeVar("_T")


def _equals(text: str) -> Matcher:
    return pattern(text, wildcards=False)


def _equals_ignoring_case(text: str) -> Matcher:
    return pattern(text, wildcards=False, ignore_case=True)


def _compared(read: Callable[[str], _T], test: Callable[[_T, _T], bool]) -> Compiler:
    """Return the reader for an operator on a type of its own ("Variables": it takes none)."""

    def compiler(text: str) -> Matcher:
        bound = read(text)
        return lambda context: lambda value: test(read(value), bound)

    return compiler


def _boolean(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise KindError(f"{quoted(text)} is neither true nor false")
    return text.lower() == "true"


def _number(text: str) -> Decimal:
    if not re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?", text):
        raise KindError(f"{quoted(text)} is not a number")
    return Decimal(text)


def _instant(text: str) -> timedelta:
    """Return the time since 1970 of a W3C date, in UTC if it names no zone, or of UNIX seconds.

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
        raise KindError(f"{quoted(text)} is not a date") from error
    return moment.replace(tzinfo=moment.tzinfo or UTC) - datetime(1970, 1, 1, tzinfo=UTC)


OPERATOR = re.compile(r"(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?")
# How the values of each are read, and whether it holds when none of them matches. BinaryEquals and
# IpAddress are left out on purpose: no request of ours carries a key for them.
OPERATORS: dict[str, tuple[Compiler, bool]] = {
    "StringEquals": (_equals, False),
    "StringNotEquals": (_equals, True),
    "StringEqualsIgnoreCase": (_equals_ignoring_case, False),
    "StringNotEqualsIgnoreCase": (_equals_ignoring_case, True),
    "StringLike": (pattern, False),
    "StringNotLike": (pattern, True),
    "ArnEquals": (arn, False),
    "ArnLike": (arn, False),
    "ArnNotEquals": (arn, True),
    "ArnNotLike": (arn, True),
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
