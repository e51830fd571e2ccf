"""What is wrong with a private key file is said without a byte of the key or the passphrase.

Searched is all that an error says or carries, and all that led to it: a crash report prints the
causes, too, and an error of a decoder carries the whole text.
"""

import random
from collections.abc import Iterator, Sequence

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from core.keys import EncodingError, convert
from core.model import FileFormat
from tests.each_row import each_row
from tests.pty.canary import forms, holds_key, passphrase, private_key, seed

FORMATS = [
    (key_type, file_format, encrypted)
    for key_type in ("rsa", "ed25519")
    for file_format in FileFormat
    for encrypted in (False, True)
    if (key_type, file_format) != ("ed25519", FileFormat.PKCS8)
    and (file_format.takes_passphrase or not encrypted)
]


def damaged(data: bytes) -> Iterator[bytes]:
    """Yield a file with single bytes that are others, gone, doubled, or no text; and cut files."""
    for at in range(0, len(data), max(len(data) // 30, 1)):
        for instead in (b"", b"A", b"8", b"\xff", b"=\n", data[at : at + 1] * 2):
            yield data[:at] + instead + data[at + 1 :]
        yield data[:at]


def said_and_carried(error: BaseException | None) -> Iterator[bytes]:
    while error is not None:
        carried = [*vars(error).values(), *error.args, getattr(error, "object", "")]
        for each in [str(error), repr(error), *carried]:
            yield each if isinstance(each, bytes) else str(each).encode("utf-8", "surrogateescape")
        error = error.__cause__ or error.__context__


def secrets(key: RSAPrivateKey | None) -> Sequence[bytes]:
    if key is None:
        return [seed()]
    numbers = key.private_numbers()
    return [n.to_bytes((n.bit_length() + 7) // 8, "big") for n in (numbers.d, numbers.p, numbers.q)]


@pytest.mark.long
@each_row(("key_type", "file_format", "encrypted"), FORMATS)
def test_no_error_of_a_damaged_file_tells_or_carries_the_key(
    rsa_keys: Sequence[RSAPrivateKey], key_type: str, file_format: FileFormat, encrypted: bool
) -> None:
    rsa = rsa_keys[0] if key_type == "rsa" else None
    word = passphrase().encode() if encrypted else None
    data = convert.encode_as(rsa or private_key(), file_format, "canary", word)
    hidden = [*secrets(rsa), passphrase().encode()]
    known = forms([*hidden, *(repr(each)[2:-1].encode() for each in hidden)], hidden)
    files = list(damaged(data))
    if encrypted:
        # Each try to open one takes a tenth of a second.
        files = random.Random(5).sample(files, 4)  # noqa: S311 - which bytes break is no secret
    refused = 0
    for file in files:
        for given in {word, b"another"} if encrypted else {None}:
            try:
                convert.decode(file, given)
            except EncodingError as error:
                refused += 1
                assert not any(holds_key(text, known) for text in said_and_carried(error))
    # What was put elsewhere than into the key may be read over.
    assert refused > len(files) // 2
    # This proves that the search above finds a key where there is one.
    assert encrypted or holds_key(data, known)
