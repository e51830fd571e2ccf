"""Answers DescribeTags page by page."""

from binascii import a2b_base64, b2a_base64

from core.errors import InvalidParameterValue

TYPE_CHECKING = False
"""What type checkers take for true; a command that only reads has no time for `typing`."""

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeVar

    _Item = TypeVar("_Item")

_FEWEST_RESULTS, _MOST_RESULTS = 5, 1000


def asked(max_results: int | None, next_token: str | None) -> slice:
    """Return which part of the results is asked for.

    Raises:
        InvalidParameterValue: a bad number or a token that is not ours.
    """
    if max_results is not None and not _FEWEST_RESULTS <= max_results <= _MOST_RESULTS:
        word, bound = (
            ("greater", _FEWEST_RESULTS)
            if max_results < _FEWEST_RESULTS
            else ("less", _MOST_RESULTS)
        )
        raise InvalidParameterValue(
            f"Value ( {max_results} ) for parameter maxResults is invalid."
            f" Expecting a value {word} than {bound}.",
            parameter="max_results",
        )
    start = 0 if next_token is None else _position(next_token)
    return slice(start, start + (max_results or _MOST_RESULTS))


def page(found: "Sequence[_Item]", asked: slice) -> "tuple[list[_Item], str | None]":
    """Return a part of the results and, where there are more after it, a token for them."""
    return list(found[asked]), _token(asked.stop) if asked.stop < len(found) else None


def _token(position: int) -> str:
    return b2a_base64(str(position).encode(), newline=False).decode()


def _position(token: str) -> int:
    try:
        position = int(a2b_base64(token.encode(), strict_mode=True).decode("ascii"))
    except ValueError:  # binascii.Error is one
        position = -1
    if position < 0:
        raise InvalidParameterValue("Unable to parse pagination token", parameter="next_token")
    return position
