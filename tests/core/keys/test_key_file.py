"""What each form looks like is checked with the real tools in tests/core/checks."""

import time
from base64 import b64decode, b64encode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.keys.encoding import der
from core.keys.encoding.armour import Armour
from core.keys.encoding.sshwire import string
from core.keys.public_key import PublicKey
from core.keys.reading import key_file
from core.keys.reading.key_in_file import KeyInFile
from tests.each_row import each_row
from tests.helpers import PUBLIC_KEY

RSA = PublicKey.from_rsa_numbers(65537, (1 << 2047) + 1).line
KEY = PublicKey.from_line(PUBLIC_KEY)
BLOB = b64decode(PUBLIC_KEY.split()[1])


def whole(name: str, fields: int) -> str:
    """Return the line of a key of a type that no pair has, with fields that hold anything."""
    blob = string(name.encode()) + string(b"nistp384") * fields
    return f"{name} {b64encode(blob).decode()} sam"


def read(text: str) -> list[KeyInFile]:
    return key_file.read(text.encode())


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
    (key,) = read(f"{options} {PUBLIC_KEY} sam at home\n")
    assert (key.kind, key.public_key, key.comment) == ("authorized key", KEY, "sam at home")
    said = [
        "cert-authority lets in certificates that the key has signed, and not the key,"
        " so sshd lets no one in by this line"
    ]
    assert [*key.remarks] == said * ("cert-authority" in options)


@each_row(
    ("before", "remark"),
    [
        ("host.example", "sshd knows no option host.example"),
        ('"a', "a quote in it is not closed"),
        ("no-such-option", "sshd knows no option no-such-option"),
        ("restrikt", "did you mean restrict"),
        ('command="a', "a quote in it is not closed"),
        ("command=a", "the value of command must be in quotes"),
        ("command=a b", "the value of command must be in quotes"),
        ("1", "sshd knows no option 1"),
        ("sam@example.org", "sshd knows no option sam@example.org"),
        ('permitopen="80"', "host:port"),
    ],
)
def test_what_is_no_option_is_named_and_the_key_is_found(before: str, remark: str) -> None:
    (key,) = read(f"{before} {PUBLIC_KEY} sam")
    assert (key.public_key, key.comment) == (KEY, "sam")
    assert remark in key.remarks[0]


@each_row(
    ("line", "remark"),
    [
        (f"{PUBLIC_KEY.replace(' ', '')} sam", "a space is missing between its type and the key"),
        (f"sam:{PUBLIC_KEY} sam", "in front of it stands sam: as Google Cloud writes it"),
        (f">{PUBLIC_KEY} sam", "in front of it stands >"),
        (f"12.{PUBLIC_KEY} sam", "in front of it stands 12."),
    ],
)
def test_what_is_wrong_around_a_key_is_named_and_the_key_is_found(line: str, remark: str) -> None:
    (key,) = read(line)
    assert (key.public_key, key.comment) == (KEY, "sam")
    assert remark in key.remarks[0]


def test_a_key_of_ssh_1_is_named() -> None:
    (key,) = read(f"1024 65537 {1 << 1023} sam@host")
    assert (key.kind, key.public_key, key.is_damaged) == ("SSH-1 public key", None, False)
    assert "SSH protocol 1, which no longer logs in anywhere" in key.problem


@each_row("before", ["|1|abc=|def=", "@cert-authority *", "@revoked h", "[host]:2222"])
def test_the_keys_of_servers_are_nobodys_pair(before: str) -> None:
    assert read(f"{before} {PUBLIC_KEY}") == []


def test_a_known_hosts_is_told_by_its_name_and_its_keys_are_counted() -> None:
    data = f"host.example {PUBLIC_KEY}\n# x\nhost.example,10.0.0.1 {RSA}\n".encode()
    for name in ("known_hosts", "known_hosts.old", "ssh_known_hosts"):
        (found,) = key_file.read(data, name)
        assert found.is_no_key
        assert found.problem == "2 keys of servers, which are no pairs"
    assert len(key_file.read(data, "hosts")) == 2
    assert key_file.read(b"# nothing yet\n", "known_hosts") == []


def test_no_line_of_an_authorized_keys_is_dropped_without_a_word() -> None:
    lines = ["# a comment", "", "noise", f"{PUBLIC_KEY} a", "ssh-ed25519", f"command={RSA}", "\t"]
    data = "\n".join(lines).encode()
    found = key_file.read(data, "authorized_keys2")
    assert [(each.line, each.is_no_key) for each in found] == [
        (3, True),
        (4, False),
        (5, True),
        (6, False),
    ]
    # Elsewhere a line without a key is any text.
    assert [each.line for each in key_file.read(data, "notes")] == [4, 6]


def test_of_very_many_lines_without_a_key_the_number_is_told() -> None:
    found = key_file.read(b"x\n" * 30_000 + f"{PUBLIC_KEY}\n".encode(), "authorized_keys")
    assert len(found) == 202
    assert found[-2].public_key == KEY
    assert found[-1].problem == "no key in 29,800 more lines"


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
        ("ssh-rsa BAAAC3NzaC1lZDI1NTE5AAAAIIIRGSddLuiVl x", ""),
        ("ssh-dss AAAA", ""),
        ("sk-ssh-ed25519@openssh.com AAAA x", ""),
        ("ssh-rsa-cert-v01@openssh.com AAAA x", ""),
        (whole("ssh-dss", 4), "DSA"),
        (whole("ecdsa-sha2-nistp384", 2), "ECDSA"),
        (whole("sk-ssh-ed25519@openssh.com", 2), "ED25519-SK"),
        (whole("ssh-xmss@openssh.com", 3), "XMSS"),
        (whole("ssh-ed448", 1), "ED448"),
    ],
)
def test_damage_is_told_from_other_types(line: str, other_type: str) -> None:
    (key,) = read(line)
    assert (key.public_key, key.is_damaged) == (None, not other_type)
    assert other_type in key.problem


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
    assert first == KeyInFile("RFC 4716 public key", 1, KEY, "sam at home")
    assert second == KeyInFile("public key", 8, KEY)
    (cut,) = read("\n".join(block[:-2]))
    assert cut.public_key is None


def certificate(
    *, name: str = "ssh-ed25519", key: bytes = BLOB[-36:], cut: int = 0, more: bytes = b""
) -> str:
    name = f"{name}-cert-v01@openssh.com"
    fields = [string(name.encode()), string(bytes(32)), key]
    fields += [bytes(12), string(b"id"), string(b""), bytes(16)]
    fields += [string(b"")] * 3 + [string(BLOB), string(b"signature")]
    blob = b"".join(fields)
    return f"{name} {b64encode(blob[: len(blob) - cut] + more).decode()}"


def test_a_certificate_is_of_the_key_in_it_if_it_is_whole() -> None:
    (entry,) = read(certificate())
    assert entry == KeyInFile("certificate", 1, KEY)
    for cut in range(1, 150, 3):
        (entry,) = read(certificate(cut=cut))
        assert entry.public_key is None, cut
    (entry,) = read(certificate(more=b"x"))
    assert entry.public_key is None


def test_a_certificate_of_a_key_on_a_token_is_named() -> None:
    key = BLOB[-36:] + string(b"ssh:")
    (entry,) = read(certificate(name="sk-ssh-ed25519", key=key))
    assert (entry.kind, entry.public_key, entry.is_damaged) == ("certificate", None, False)
    assert entry.problem == "a pair is RSA or ED25519, and this is ED25519-SK"


# What stands in something else ------------------------------------------------------------------


def test_what_is_no_text_in_json_is_read_over() -> None:
    (key,) = read(f'{{"count": 1, "next": null, "keys": [true, "{PUBLIC_KEY} sam", 0.5]}}')
    assert (key.public_key, key.comment) == (KEY, "sam")
    assert "it stands in JSON" in key.remarks[0]


def test_a_letter_that_rtf_writes_as_a_number_is_that_letter() -> None:
    (key,) = read(rf"{{\rtf1\ansi {PUBLIC_KEY} J\'fcrgen\par}}")
    assert (key.public_key, key.comment) == (KEY, "Jürgen")
    assert "it stands in RTF" in key.remarks[0]


def test_the_one_line_of_a_short_key_is_told_from_line_breaks_that_are_gone() -> None:
    block = Armour("PUBLIC KEY", {}, KEY.spki_der()).render().decode()
    (key,) = read(block)
    assert (key.public_key, key.remarks) == (KEY, ())
    (key,) = read(block.replace("\n", ""))
    assert key.public_key == KEY
    assert "its line breaks are gone" in key.remarks[0]


def test_base64_within_base64_is_not_looked_into() -> None:
    def pem(key: PublicKey) -> bytes:
        return Armour("PUBLIC KEY", {}, key.spki_der()).render()

    inner = b64encode(pem(PublicKey.from_line(RSA)))
    (key,) = key_file.read(b64encode(pem(KEY) + inner))
    assert key.public_key == KEY
    assert "it stands in base64" in key.remarks[0]


# DER --------------------------------------------------------------------------------------------

ECDSA = der.sequence(der.object_identifier("1.2.840.10045.2.1"))
TIME = der.encode(0x17, b"260101000000Z")


def signed(*fields: bytes) -> bytes:
    """Return what somebody signed."""
    return der.sequence(der.sequence(*fields), ECDSA, der.encode(der.BIT_STRING, b"\0signature"))


@each_row(
    ("data", "kind"),
    [
        (
            der.sequence(der.object_identifier("1.2.840.113549.1.7.2"), der.encode(0xA0, b"")),
            "PKCS#7 file of certificates",
        ),
        (signed(der.integer(1), ECDSA, der.sequence(), TIME), "X.509 revocation list"),
    ],
)
def test_what_is_no_key_of_a_pair_is_named_in_der(data: bytes, kind: str) -> None:
    (found,) = key_file.read(data)
    assert (found.kind, found.public_key, found.is_private) == (kind, None, False)
    assert found.problem.startswith(f"this is a {kind}".replace("a X", "an X"))


@each_row(
    "data",
    [
        pytest.param(signed(), id="nothing that is signed"),
        pytest.param(signed(der.integer(1), ECDSA), id="neither a key nor a time"),
        pytest.param(der.sequence(der.integer(3), der.sequence(der.integer(0))), id="no PKCS#12"),
    ],
)
def test_what_only_begins_like_one_is_no_key(data: bytes) -> None:
    assert key_file.read(data) == []


@given(st.binary(max_size=400))
@example(b"\x30\x82")
@example(b"\x30" * 400)
@example(b"\xff\xfe\x00")
@example(b"MII" + b"A" * 100)
@example(b"-----BEGIN PUBLIC KEY-----\n")
@example(b"ssh-rsa " + b64encode(string(b"ssh-rsa") + b"\xff\xff\xff\xff"))
def test_nothing_makes_it_stumble(data: bytes) -> None:
    for entry in key_file.read(data):
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
    assert entry == KeyInFile("public key", 2, KEY, "sam")


@pytest.mark.long
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
    key_file.read(data + b"\n---- END SSH2 PUBLIC KEY ----\n")
    assert time.process_time() - start < 10
