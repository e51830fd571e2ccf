"""Whom sshd lets in by a line of authorized_keys: what we say of each, and what sshd does."""

import os
import re
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from core.checks import look_up
from core.custody import authorized_keys, key_options
from core.custody.authorized_keys import Account, Addition
from core.custody.key_options import OptionsError
from core.keys.encoding.sshwire import Reader, string
from core.keys.public_key import PublicKey
from core.keys.reading import line_access
from core.keys.reading.authorized_line import AuthorizedLine
from core.model import KeyPair
from core.session import Session
from tests.core.keys.test_authorized_line import REFUSED, TAKEN
from tests.core.sshd import Server, accepted_by, serving
from tests.helpers import Run

CLIENT = "127.0.0.1"

FROM = [
    "127.0.0.1",
    "127.0.0.1/32",
    "127.0.0.0/8",
    "127.*",
    "127.0.0.?",
    "127.*.*.1",
    "127.1",
    "0x7f.0.0.1",
    "*",
    "**",
    "?*",
    "0.0.0.0/0",
    "::/0",
    "::1",
    "::ffff:127.0.0.1",
    "10.0.0.0/8",
    "10.0.0.0/8,127.0.0.1",
    "!10.0.0.0/8,127.0.0.1",
    "127.0.0.1,!10.0.0.0/8",
    "*,!10.0.0.1",
    "*,!127.0.0.1",
    "*,!127.*",
    "127.0.0.0/8,!127.0.0.0/16",
    "127.0.0.0/16,!127.0.0.0/8",
    "127.0.0.1,!127.0.0.1",
    "*,!*",
    "127.0.0.1,!*",
    "!127.0.0.1",
    "!10.0.0.1",
    "!*",
    "!10.0.0.1,!*.example.com",
    "!",
    "",
    ",",
    "127.0.0.1,",
    ",127.0.0.1",
    "127.0.0.1,!",
    "10.0.0.1/8",
    "127.0.0.1,10.0.0.1/8",
    "127.0.0.1/8",
    "127.0.0.1/33",
    "127.0.0.1/129",
    "127.0.0.1/",
    "127.0.0.1/x",
    "127.0.0.1/255.0.0.0",
    "!10.0.0.1/8,127.0.0.1",
    " 127.0.0.1",
    "127.0.0.1 ",
    "127.0.0.1, 10.0.0.1",
    "10.0.0.1, 127.0.0.1",
    "127.0.0.1 10.0.0.1",
    "[127.0.0.1]",
    "127.0.0.1:22",
    "localhost",
    "localhost,127.0.0.1",
    "*.example.com",
    "*.example.com,127.0.0.1",
    "127.0.0.1,!localhost",
    "127.0.0.1,!*.example.com",
    "2001:db8::/32,127.0.0.1",
    "2001:db8::1/32,127.0.0.1",
    "fe80::1%lo,127.0.0.1",
    "127.0.0.1," + ",".join(f"10.0.0.{number}" for number in range(99)),
    "a" * 70 + ",127.0.0.1",
]

EXPIRY = [
    "20200101",
    "20200101Z",
    "202001010000",
    "20200101000000",
    "19700102",
    "20200231",
    "99991231",
]

OPTIONS = [
    *TAKEN,
    *REFUSED,
    *(f'from="{value}"' for value in FROM),
    *(f'expiry-time="{value}"' for value in EXPIRY),
    'expiry-time="20200101",expiry-time="20990101"',
    'expiry-time="20990101",expiry-time="20200101"',
    'restrict,from="127.0.0.1",command="x"',
    'restrict,from="10.0.0.1",expiry-time="20200101"',
    'cert-authority,from="127.0.0.1"',
    'principals="root"',
    'cert-authority,principals="root"',
    "CERT-AUTHORITY",
    'quux="a b"',
]
"""What may stand before a key, as a word of its own."""

OTHER = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFyuFkndLSTKM3dPgkULU5I4Mnm84A98t9FYy+SFm1SV"

LINES = [
    "\ufeff{key}",
    "\ufeffrestrict {key}",
    "{key}",
    "{key} user@host",
    "{key}\r",
    "{key} user@host\r",
    "\t {key}",
    "{type}\t{blob}",
    "{type}  \t {blob}\tuser",
    "{key} -----BEGIN OPENSSH PRIVATE KEY-----",
    "{key} # x",
    "{key} “ä” \udcff",
    "{key} a\0b",
    "{key}\0b",
    "\0{key}",
    " \0{key}",
    "\v{key}",
    "\f{key}",
    "\r{key}",
    "#{key}",
    "# {key}",
    " #{key}",
    "restrict\t{key}",
    "restrict \t {key} a b",
    "restrict restrict {key}",
    "restrict pty,{key}",
    "restrict, pty {key}",
    "restrict,{key}",
    "{key},restrict",
    "{type},restrict {blob}",
    "{blob}",
    "{blob} user",
    "{type} user {blob}",
    "{upper} {blob}",
    "{type}\u00a0{blob}",
    "{type}\v{blob}",
    "{type}-cert-v01@openssh.com {blob}",
    "ssh-dss {blob}",
    "ssh-rsa {blob}",
    "rsa-sha2-512 {blob}",
    "{type} {cut}",
    "{key}=",
    "{key}A",
    "{key}AAAA",
    "{key}*",
    "{key}{key}",
    "{type} {half} {rest}",
    "{type} {half}\v{rest}",
    "{type} {half}\f{rest}",
    "{type} {half}\r{rest}",
    "{type} {half}\n{rest}",
    "{type} {half}\\\n{rest}",
    "{type}\n{blob}",
    "{type} \\\n{blob}",
    "root:{key}",
    "user@host {key}",
    "* {key}",
    "> {key}",
    "1 {key}",
    "'{key}'",
    '"{key}"',
    "“{key}”",
    '"" {key}',
    "{other} {key}",
    'command="{key}" {other}',
    'command="x {key} y" {other}',
    'command="unclosed {key}',
    'command="a b" {key}',
    'command="a b"  {key}',
    "command='a b' {key}",
    "command=a {key}",
    "host,10.0.0.1 {key}",
    "@cert-authority * {key}",
    'user namespaces="git" {key}',
    # Several lines: sshd goes on where one does not let the key in.
    'expiry-time="20200101" {key}\n{key}',
    "cert-authority {key}\n{key}",
    'from="10.0.0.1" {key}\n{key}',
    "quux {key}\n{key}",
    'from="10.0.0.1" {key}\nfrom="127.0.0.1" {key}',
    'expiry-time="20200101" {key}\nfrom="!127.0.0.1" {key}',
    '{key}\nexpiry-time="20200101" {key}',
    "# {key}\nquux {key}\ncert-authority {key}",
    'command="unclosed {key}\n{key}',
    "{key} {key}\n{key}",
]
"""Whole lines; `half` and `rest` are parts of the base64."""

RSA_LINES = [
    "{key}",
    "rsa-sha2-256 {blob}",
    "rsa-sha2-512 {blob} x",
    "RSA-SHA2-512 {blob}",
    "ssh-rsa {padded}",
    "rsa-sha2-512 {padded}",
    "restrict ssh-rsa {padded} x",
    "cert-authority rsa-sha2-256 {blob}",
    "ssh-ed25519 {blob}",
]

STRICTER = {
    "": "an option is missing",
    ",restrict": "an option is missing",
    "restrict,": "an option is missing",
    ",,": "an option is missing",
    "restrict,,pty": "an option is missing",
    'command=""': "is empty",
    'from="127.0.0.1, 10.0.0.1"': "without spaces",
}
"""What sshd takes, but nobody means; a person who types it is told."""


@dataclass
class Row:
    """Lines of the file that are about one key; `options` where they are one word before it."""

    template: str
    key: PublicKey
    options: str | None = None

    @property
    def text(self) -> str:
        key_type, blob = self.key.line.split()
        fields = {
            "key": self.key.line,
            "type": key_type,
            "upper": key_type.upper(),
            "blob": blob,
            "cut": blob[:-8],
            "half": blob[:20],
            "rest": blob[20:],
            "other": OTHER,
            "padded": b64encode(padded(self.key)).decode(),
        }
        text = self.template
        for name, value in fields.items():
            text = text.replace(f"{{{name}}}", value)
        return text


def padded(key: PublicKey) -> bytes:
    """Return an RSA key on the wire with zeros in front of its numbers, which sshd takes."""
    if not key.line.startswith("ssh-rsa"):
        return key.blob
    reader = Reader(key.blob)
    name, exponent, modulus = reader.string(), reader.string(), reader.string()
    return b"".join(map(string, [name, bytes(3) + exponent, bytes(2) + modulus]))


@pytest.fixture(scope="module")
def server(
    tool: Callable[[str], str], run: Run, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("sshd")
    with serving(run, tool, folder, "MaxAuthTries 200", "LoginGraceTime 300") as server:
        yield server


@pytest.fixture
def account(tmp_path: Path) -> Account:
    home = tmp_path / "home"
    (home / ".ssh").mkdir(0o700, parents=True)
    home.chmod(0o755)
    return Account("ops", os.geteuid(), home)


def rows() -> list[Row]:
    def ed25519() -> PublicKey:
        return PublicKey.from_ed25519_point(
            Ed25519PrivateKey.generate().public_key().public_bytes_raw()
        )

    def rsa() -> PublicKey:
        numbers = generate_private_key(65537, 2048).public_key().public_numbers()
        return PublicKey.from_rsa_numbers(numbers.e, numbers.n)

    return [
        *(Row(line, ed25519()) for line in LINES),
        *(Row(f"{options} {{key}} x", ed25519(), options) for options in OPTIONS),
        *(Row(line, rsa()) for line in RSA_LINES),
    ]


@pytest.fixture(scope="module")
def tried(
    server: Server, run: Run, tmp_path_factory: pytest.TempPathFactory
) -> list[tuple[Row, bool]]:
    """Return every row, and whether sshd lets its key in from here, by one file of all of them."""
    tried = rows()
    data = "\n".join(row.text for row in tried) + "\n"
    server.authorized_keys.write_bytes(data.encode("utf-8", "surrogateescape"))
    lines = [row.key.line for row in tried]
    accepted = accepted_by(run, server, tmp_path_factory.mktemp("keys"), lines)
    return [(row, number in accepted) for number, row in enumerate(tried)]


@pytest.fixture
def pair(session: Session) -> Callable[[PublicKey], KeyPair]:
    created = session.backend.create_key_pair(key_name="web", key_type="ed25519").key_pair

    def of(key: PublicKey) -> KeyPair:
        return replace(created, public_key=key.line, key_type=key.key_type)

    return of


@pytest.mark.long
def test_the_form_says_of_each_line_what_sshd_does_with_it(
    tried: list[tuple[Row, bool]],
    account: Account,
    pair: Callable[[PublicKey], KeyPair],
) -> None:
    assert len(tried) >= 250
    assert 100 <= sum(accepted for _, accepted in tried) <= len(tried) - 100
    account.authorized_keys.touch(0o600)
    now = datetime.now(UTC)
    wrong = []
    for row, accepted in tried:
        data = row.text.encode("utf-8", "surrogateescape") + b"\n"
        account.authorized_keys.write_bytes(data)
        plan = authorized_keys.plan(pair(row.key), "", account)
        found = [each.line for each in authorized_keys.lines_with(data, row.key.line)]
        usable = [line for line in found if not line_access.why_no_one(line, now)]
        # A line with another `from` lets the key in all the same, if not from here.
        here = any(map(admits_from_here, usable))
        present = plan.addition is Addition.PRESENT
        only_elsewhere = "unless from other addresses" in plan.explanation
        says_why = present or not found or "but lets no one in: " in plan.cautions[0]
        if (
            here != accepted
            or present != bool(usable)
            or (present and not accepted and not only_elsewhere)
            or not says_why
        ):
            wrong.append((row.template, accepted, plan.addition.name, plan.explanation))
    assert wrong == []


@pytest.mark.long
def test_find_says_of_each_line_what_sshd_does_with_it(
    tried: list[tuple[Row, bool]], tmp_path: Path, session: Session
) -> None:
    finder = look_up.finder(session)
    path = tmp_path / "authorized_keys"
    wrong = []
    for row, accepted in tried:
        path.write_bytes(row.text.encode("utf-8", "surrogateescape") + b"\n")
        said = [
            (found.note, _NOT_IN.search(found.note) is None)
            for found in finder.look(str(path))
            if found.public_key is not None and found.public_key.line == row.key.line
        ]
        lets_in = any(good for _, good in said)
        # It does not look at who asks: a line with another `from` lets in some.
        data = path.read_bytes()
        now = datetime.now(UTC)
        found = authorized_keys.lines_with(data, row.key.line)
        usable = any(not line_access.why_no_one(each.line, now) for each in found)
        if lets_in != usable or (accepted and not lets_in):
            wrong.append((row.template, accepted, usable, said))
    assert wrong == []


_NOT_IN = re.compile("so sshd (lets no one in|reads no key|sees no key|does not see)")


def admits_from_here(line: AuthorizedLine) -> bool:
    values = [option.value for option in line.options if option.name == "from"]
    return all(line_access.admits(value or "", CLIENT) for value in values)


@pytest.mark.long
def test_what_the_form_takes_for_options_lets_the_key_in(tried: list[tuple[Row, bool]]) -> None:
    wrong = []
    for row, accepted in tried:
        if row.options is None:
            continue
        try:
            options = key_options.check(row.options)
            said = key_options.cautions(options, CLIENT)
        except OptionsError as error:
            stricter = STRICTER.get(row.options)
            if accepted and not (stricter and stricter in str(error)):
                wrong.append((row.options, "sshd takes it", str(error)))
        else:
            caution = any(f"does not let in {CLIENT}" in each for each in said)
            names = any("UseDNS yes" in each for each in said)
            if not accepted and not (caution or names):
                wrong.append((row.options, "sshd refuses it", str(said)))
            if accepted and caution:
                wrong.append((row.options, "sshd lets it in from here", str(said)))
    assert wrong == []
