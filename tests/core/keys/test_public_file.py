"""What each form looks like is checked with the real tools in tests/core/test_find.py."""

import time
from base64 import b64decode, b64encode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.keys.encoding.sshwire import string
from core.keys.public_key import PublicKey
from core.keys.reading import public_file
from core.keys.reading.public_file import Entry
from tests.each_row import each_row
from tests.helpers import PUBLIC_KEY

RSA = PublicKey.from_rsa_numbers(65537, (1 << 2047) + 1).line
KEY = PublicKey.from_line(PUBLIC_KEY)
BLOB = b64decode(PUBLIC_KEY.split()[1])


def read(text: str) -> list[Entry]:
    return public_file.read(text.encode())


@each_row(
    "options",
    [
        "no-pty",
        "restrict,pty",
        'command="a b"',
        'command="say \\"ssh-rsa AAAA\\", please",no-agent-forwarding',
        'FROM="10.0.0.0/8,!10.1.0.0/16",Environment="A=\'b\'"',
        'permitopen="host:1",permitopen="host:2",tunnel="0"',
        'expiry-time="20300101",verify-required,no-touch-required,cert-authority,principals="a,b"',
    ],
)
def test_options_before_a_key_are_read_over(options: str) -> None:
    (entry,) = read(f"{options} {PUBLIC_KEY} sam at home\n")
    assert entry == Entry("authorized key", 1, KEY, "sam at home")


@each_row(
    "before",
    [
        "host.example",
        "|1|abc=|def=",
        "@cert-authority *",
        '"a',
        "no-such-option",
        'command="a',
        "1",
    ],
)
def test_what_is_no_option_makes_no_key_of_a_line(before: str) -> None:
    assert read(f"{before} {PUBLIC_KEY}") == []


def test_lines_are_counted_whatever_ends_them() -> None:
    entries = read(f"# one\r\n\r\n  \t{PUBLIC_KEY}\ta\r{RSA}\n#{RSA}\n")
    assert [(entry.line, entry.comment) for entry in entries] == [(3, "a"), (4, "")]


@each_row(
    ("line", "other_type"),
    [
        ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5", ""),
        (PUBLIC_KEY[:-4], ""),
        (PUBLIC_KEY.replace("ssh-ed25519", "ssh-rsa"), ""),
        ("ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIIIRGSddLuiVl_GOw0Dp", ""),
        ("ssh-dss AAAA", "DSA"),
        ("ecdsa-sha2-nistp384 AAAA", "ECDSA"),
        ("sk-ssh-ed25519@openssh.com AAAA x", "ED25519-SK"),
        ("ecdsa-sha2-nistp256-cert-v01@openssh.com AAAA x", "ECDSA"),
        ("sk-ssh-ed25519-cert-v01@openssh.com AAAA x", "ED25519-SK"),
        ("ssh-rsa-cert-v01@openssh.com AAAA x", ""),
    ],
)
def test_damage_is_told_from_other_types(line: str, other_type: str) -> None:
    (entry,) = read(line)
    assert (entry.public_key, entry.other_type) == (None, other_type)


@each_row("text", ["", "ssh-rsa", "use ssh-rsa keys", "ssh-", "AAAA ssh-rsa", "MIIx"])
def test_prose_is_no_key(text: str) -> None:
    assert read(text) == []


def test_a_block_with_continued_headers_gives_its_comment() -> None:
    body = PUBLIC_KEY.split()[1]
    block = [
        "---- BEGIN SSH2 PUBLIC KEY ----",
        'Comment: "sam\\',
        ' at home"',
        "x-note: a:b",
        body[:40],
        body[40:],
        "---- END SSH2 PUBLIC KEY ----",
        PUBLIC_KEY,
    ]
    first, second = read("\n".join(block))
    assert first == Entry("RFC 4716 public key", 1, KEY, "sam at home")
    assert second == Entry("public key", 8, KEY)
    (cut,) = read("\n".join(block[:-2]))
    assert cut.public_key is None


def certificate(*, cut: int = 0, more: bytes = b"") -> str:
    fields = [string(b"ssh-ed25519-cert-v01@openssh.com"), string(bytes(32)), BLOB[-36:]]
    fields += [bytes(12), string(b"id"), string(b""), bytes(16)]
    fields += [string(b"")] * 3 + [string(BLOB), string(b"signature")]
    blob = b"".join(fields)
    return f"ssh-ed25519-cert-v01@openssh.com {b64encode(blob[: len(blob) - cut] + more).decode()}"


def test_a_certificate_is_of_the_key_in_it_if_it_is_whole() -> None:
    (entry,) = read(certificate())
    assert entry == Entry("certificate", 1, KEY)
    for cut in range(1, 150, 3):
        (entry,) = read(certificate(cut=cut))
        assert entry.public_key is None, cut
    (entry,) = read(certificate(more=b"x"))
    assert entry.public_key is None


@given(st.binary(max_size=400))
@example(b"\x30\x82")
@example(b"\x30" * 400)
@example(b"\xff\xfe\x00")
@example(b"MII" + b"A" * 100)
@example(b"-----BEGIN PUBLIC KEY-----\n")
@example(b"ssh-rsa " + b64encode(string(b"ssh-rsa") + b"\xff\xff\xff\xff"))
def test_nothing_makes_it_stumble(data: bytes) -> None:
    for entry in public_file.read(data):
        assert entry.line >= 1


@given(st.sampled_from([PUBLIC_KEY, RSA, certificate()]), st.data())
def test_what_is_read_of_a_changed_key_is_a_key(line: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(line) - 1))
    changed = line[:at] + data.draw(st.characters(codec="ascii")) + line[at + 1 :]
    for entry in read(changed):
        if entry.public_key is not None:
            assert PublicKey.from_line(entry.public_key.line) == entry.public_key


def test_a_text_that_begins_with_a_zero_is_a_text() -> None:
    (entry,) = read(f"0 is no option, and this no key\n{PUBLIC_KEY} sam\n")
    assert entry == Entry("public key", 2, KEY, "sam")


@pytest.mark.parametrize(
    "data",
    [
        b"0\0" * 2_000_000,
        b"---- BEGIN SSH2 PUBLIC KEY ----\nComment: " + b"\\" * 4_000_000,
        b"---- BEGIN SSH2 PUBLIC KEY ----\nComment: " + b"x\\\n" * 1_000_000,
    ],
    ids=["DER", "backslashes", "continued"],
)
def test_the_time_grows_with_the_size_and_not_with_its_square(data: bytes) -> None:
    start = time.process_time()
    public_file.read(data + b"\n---- END SSH2 PUBLIC KEY ----\n")
    assert time.process_time() - start < 10
