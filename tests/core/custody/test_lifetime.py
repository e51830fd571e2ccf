from datetime import timedelta

import pytest

from core.custody.lifetime import LifetimeError, parse, span
from tests.each_row import each_row


@each_row(
    ("text", "seconds", "shown"),
    [
        ("8h", 28_800, "8h"),
        ("30m", 1_800, "30m"),
        (" 1H30m ", 5_400, "1h 30m"),
        ("90", 90, "1m 30s"),
        ("1w2d3h4m5s", 788_645, "1w 2d 3h 4m 5s"),
        ("1h30", 3_630, "1h 30s"),
        ("2147483647", 2**31 - 1, "3550w 5d 3h 14m 7s"),
    ],
)
def test_a_lifetime_is_what_ssh_add_understands(text: str, seconds: int, shown: str) -> None:
    lifetime = parse(text)
    assert lifetime == timedelta(seconds=seconds)
    assert span(lifetime) == shown


def test_no_lifetime_is_none() -> None:
    assert parse("  ") is None


@each_row(
    ("text", "words"),
    [
        ("0", "no time at all"),
        ("0h0m", "no time at all"),
        ("2147483648", "longer than an agent counts"),
        ("9" * 40, "longer than an agent counts"),
        ("9" * 41, "not a time"),
        ("8 h", "not a time"),
        ("h", "not a time"),
        ("-1", "not a time"),
        ("1.5h", "not a time"),
        ("1y", "not a time"),
        ("٣h", "not a time"),
        ("for ever", "not a time"),
    ],
)
def test_what_is_no_lifetime_is_refused(text: str, words: str) -> None:
    with pytest.raises(LifetimeError, match=words):
        parse(text)
