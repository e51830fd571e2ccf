import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.keys.encoding.sshwire import Reader, WireError, mpint, string
from tests.each_row import each_row


@pytest.mark.parametrize(
    ("data", "encoded"),
    [
        (b"", "00000000"),
        (b"testing", "00000007 74657374696e67"),
        (b"\0", "00000001 00"),
    ],
)
def test_a_string_is_its_length_and_its_bytes(data: bytes, encoded: str) -> None:
    assert string(data) == bytes.fromhex(encoded)


@each_row(
    ("value", "encoded"),
    [
        # The examples of RFC 4251 section 5.
        (0, "00000000"),
        (0x9A378F9B2E332A7, "00000008 09a378f9b2e332a7"),
        (0x80, "00000002 0080"),
        # Where the top bit comes and goes.
        (1, "00000001 01"),
        (0x7F, "00000001 7f"),
        (0xFF, "00000002 00ff"),
        (0x100, "00000002 0100"),
        (0x7FFF, "00000002 7fff"),
        (0x8000, "00000003 008000"),
    ],
)
def test_an_mpint_is_as_short_as_it_can_be_and_never_negative(value: int, encoded: str) -> None:
    assert mpint(value) == bytes.fromhex(encoded)


def test_there_is_no_negative_mpint() -> None:
    with pytest.raises(ValueError, match="never negative"):
        mpint(-1)


@given(st.lists(st.one_of(st.binary(max_size=80), st.integers(1, 2**600))), st.binary(max_size=9))
def test_what_was_written_is_read_back(fields: list[bytes | int], rest: bytes) -> None:
    encoded = b"".join(string(x) if isinstance(x, bytes) else mpint(x) for x in fields)
    reader = Reader(encoded + rest)
    for field in fields:
        assert (reader.string() if isinstance(field, bytes) else reader.mpint()) == field
    assert reader.rest() == rest
    assert reader.rest() == rest  # looking does not read


@each_row(
    "encoded",
    [
        "",
        "00",
        "000000",
        "00000001",
        "00000002 61",
        "00000100 6161",
        "7fffffff 61",
        "ffffffff 61",
    ],
)
def test_a_field_that_is_not_whole_is_refused(encoded: str) -> None:
    reader = Reader(bytes.fromhex(encoded))
    with pytest.raises(WireError):
        reader.string()
    assert reader.rest() == bytes.fromhex(encoded)


@each_row(
    ("encoded", "why"),
    [
        ("00000000", "not positive"),
        ("00000001 00", "not positive"),
        ("00000001 80", "not positive"),
        ("00000001 ff", "not positive"),
        ("00000002 ff7f", "not positive"),
        ("00000002 0001", "padded"),
        ("00000003 000080", "padded"),
        ("00000002 00", "longer than what is left"),
        ("000000", "cut off"),
    ],
)
def test_an_mpint_that_no_key_has_is_refused(encoded: str, why: str) -> None:
    with pytest.raises(WireError, match=why):
        Reader(bytes.fromhex(encoded)).mpint()


def test_a_number_is_four_bytes_and_not_fewer() -> None:
    reader = Reader(bytes.fromhex("00000102 ffffff"))
    assert reader.uint32() == 0x102
    with pytest.raises(WireError, match="cut off"):
        reader.uint32()
    assert reader.rest() == b"\xff" * 3


def test_the_end_is_where_everything_was_read() -> None:
    reader = Reader(string(b"a") + b"\0")
    reader.string()
    with pytest.raises(WireError, match="something follows"):
        reader.end()
    reader = Reader(string(b"a"))
    reader.string()
    reader.end()
