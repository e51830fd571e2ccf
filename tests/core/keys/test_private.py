import re
from collections.abc import Callable, Sequence

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from core.keys import EncodingError, convert, keygen
from core.model import KeyFormat, KeyType
from tests.each_row import each_row

KINDS = [
    pytest.param((key_type, key_format), id=f"{key_type}-{key_format}")
    for key_type in KeyType
    for key_format in KeyFormat
]

comments = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=80)
seeds = st.binary(min_size=32, max_size=32)


@pytest.fixture(params=KINDS)
def material(request: pytest.FixtureRequest, rsa_keys: Sequence[RSAPrivateKey]) -> bytes:
    key_type, key_format = request.param
    key = rsa_keys[0] if key_type is KeyType.RSA else Ed25519PrivateKey.from_private_bytes(SEED)
    return convert.encode(key, key_format, "web-1")


SEED = bytes(range(101, 133))


def refuse(data: bytes, original: bytes) -> None:
    """Insist that `data` is refused, with an error that says nothing of what it was given."""
    with pytest.raises(EncodingError) as caught:
        convert.decode(data)
    error = caught.value
    assert error.__cause__ is None
    assert error.__suppress_context__ or error.__context__ is None
    # Hypothesis tries what stands in the code, such as the marks of other formats: the dot is that
    # of ssh.com, and the command for a Java key store has the rest.
    assert re.fullmatch(r"[A-Za-z0-9 ,.#&()-]+", str(error))
    for line in original.splitlines():
        if re.fullmatch(rb"[A-Za-z0-9+/=]{20,}", line):
            quoted = (line[start : start + 8].decode() for start in range(len(line) - 8))
            assert not any(part in str(error) for part in quoted)


@given(seed=seeds, comment=comments, key_format=st.sampled_from(KeyFormat))
def test_an_ed25519_key_comes_back_whatever_the_comment(
    seed: bytes, comment: str, key_format: KeyFormat
) -> None:
    key = Ed25519PrivateKey.from_private_bytes(seed)
    decoded = convert.decode(convert.encode(key, key_format, comment))
    assert isinstance(decoded, Ed25519PrivateKey)
    assert decoded.private_bytes_raw() == seed


@given(comment=comments, key_format=st.sampled_from(KeyFormat))
def test_an_rsa_key_comes_back_whatever_the_comment(
    comment: str, key_format: KeyFormat, rsa_keys: Sequence[RSAPrivateKey]
) -> None:
    decoded = convert.decode(convert.encode(rsa_keys[0], key_format, comment))
    assert isinstance(decoded, RSAPrivateKey)
    assert decoded.private_numbers() == rsa_keys[0].private_numbers()


def test_only_ppk_carries_the_comment() -> None:
    key = Ed25519PrivateKey.generate()
    assert b"Comment: web-1\n" in convert.encode(key, KeyFormat.PPK, "web-1")
    assert b"web-1" not in convert.encode(key, KeyFormat.PEM, "web-1")


@pytest.mark.parametrize("key_type", KeyType)
def test_the_public_key_is_the_one_of_the_private_key(
    key_type: KeyType, rsa_keys: Sequence[RSAPrivateKey]
) -> None:
    key = rsa_keys[0] if key_type is KeyType.RSA else keygen.generate(key_type)
    expected = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    assert convert.public_key(key).line == expected.decode()
    assert convert.public_key(key).key_type is key_type


def test_a_file_that_was_cut_anywhere_is_refused(material: bytes) -> None:
    convert.decode(material)
    places = {*range(0, len(material), 7), *range(len(material) - 70, len(material)), *range(70)}
    for place in places:
        refuse(material[:place], material)


@pytest.mark.long
def test_a_file_with_a_changed_bit_is_refused(material: bytes) -> None:
    for place in range(0, len(material), 3):
        for bit in (0x01, 0x20, 0x80):
            damaged = bytearray(material)
            damaged[place] ^= bit
            refuse(bytes(damaged), material)


def test_a_file_with_a_line_missing_is_refused(material: bytes) -> None:
    lines = material.splitlines(keepends=True)
    for number in range(len(lines)):
        refuse(b"".join(lines[:number] + lines[number + 1 :]), material)


@each_row(
    "change",
    [
        pytest.param(lambda data: data[:-1], id="no final newline"),
        pytest.param(lambda data: data + b"\n", id="two final newlines"),
        pytest.param(lambda data: data.replace(b"\n", b"\r\n"), id="CRLF"),
        pytest.param(lambda data: data + data, id="twice"),
        pytest.param(lambda data: b"\n" + data, id="blank line in front"),
        pytest.param(lambda data: data.decode().encode("utf-16"), id="UTF-16"),
        pytest.param(lambda data: data + b"\0", id="NUL behind"),
    ],
)
def test_a_file_that_another_program_touched_is_refused(
    change: Callable[[bytes], bytes], material: bytes
) -> None:
    refuse(change(material), material)


@each_row(
    "data",
    [
        b"",
        b"\n",
        b"\0" * 100,
        b"-----BEGIN OPENSSH PRIVATE KEY-----",
        b"-----BEGIN OPENSSH PRIVATE KEY-----\n-----END OPENSSH PRIVATE KEY-----\n",
        b"-----BEGIN OPENSSH PRIVATE KEY-----\n====\n-----END OPENSSH PRIVATE KEY-----\n",
        b"-----BEGIN RSA PRIVATE KEY-----\n-----END RSA PRIVATE KEY-----\n",
        b"-----BEGIN RSA PRIVATE KEY-----\nMAA=\n-----END RSA PRIVATE KEY-----\n",
        b"PuTTY-User-Key-File-",
        b"PuTTY-User-Key-File-2: ssh-rsa\n",
        b"PuTTY-User-Key-File-2: ssh-rsa\nEncryption: none\nComment: \nPublic-Lines: 0\n"
        b"Private-Lines: 0\nPrivate-MAC: \n",
        b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILR+zNQbYY5ORuhYXGMTSnjRLzS9C5dUdWRKdlqi20q2\n",
        "Schlüssel".encode(),
    ],
)
def test_what_is_no_private_key_is_refused(data: bytes) -> None:
    refuse(data, data)


@given(st.binary(max_size=200), st.sampled_from([b"", b"PuTTY-User-Key-File-2: ssh-rsa\n"]))
def test_noise_is_refused(noise: bytes, start: bytes) -> None:
    refuse(start + noise, b"")


@given(st.binary(max_size=200))
def test_noise_in_armour_is_refused(noise: bytes) -> None:
    for kind in (b"OPENSSH", b"RSA", b"EC"):
        armour = b"-----BEGIN %b PRIVATE KEY-----\n%b\n-----END %b PRIVATE KEY-----\n"
        refuse(armour % (kind, noise, kind), b"")
