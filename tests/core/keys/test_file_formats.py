import functools
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from hypothesis import given
from hypothesis import strategies as st

from core.keys import EncodingError, openssh, pem, ppk
from core.keys import convert as private
from core.keys.encoding import armour, der
from core.keys.keygen import PrivateKey
from core.keys.public_key import named_line
from core.keys.reading import private_file
from core.model import FileFormat, KeyType
from tests.core.store_records import key_pair
from tests.each_row import each_row
from tests.helpers import Run

PASSPHRASE = "correct horse ü".encode()
COMMENT = "web-1 of Ü"
SEED = bytes(range(101, 133))
TO_OPENSSH = ("-O", "private-openssh", "--new-passphrase", "/dev/null")

PEM, PPK2, PPK3, OPENSSH, PKCS8 = FileFormat
PPK = (PPK2, PPK3)


class Written(NamedTuple):
    """A key in one format, as a file of mode 0600."""

    key: PrivateKey
    file_format: FileFormat
    passphrase: bytes | None
    data: bytes
    path: Path

    @property
    def public_line(self) -> str:
        return private.public_key(self.key).line


COMBINATIONS = [
    (key_type, file_format, passphrase)
    for key_type in KeyType
    for file_format in FileFormat
    for passphrase in ([None, PASSPHRASE] if file_format.takes_passphrase else [None])
    if (key_type, file_format) != (KeyType.ED25519, PKCS8)
]


def name(combination: object) -> str:
    assert isinstance(combination, tuple)
    key_type, file_format, passphrase = combination
    return f"{key_type}-{file_format}{'-encrypted' if passphrase else ''}"


@pytest.fixture(scope="session")
def encoded(rsa_keys: Sequence[RSAPrivateKey]) -> Callable[[object], tuple[PrivateKey, bytes]]:
    """Return a function that encodes a key once for each combination; a passphrase takes long."""

    @functools.cache
    def encode(combination: tuple[KeyType, FileFormat, bytes | None]) -> tuple[PrivateKey, bytes]:
        key_type, file_format, passphrase = combination
        rsa = key_type is KeyType.RSA
        key = rsa_keys[0] if rsa else Ed25519PrivateKey.from_private_bytes(SEED)
        return key, private.encode_as(key, file_format, COMMENT, passphrase)

    return encode


def costly(combination: tuple[KeyType, FileFormat, bytes | None]) -> bool:
    """Return whether deriving its key takes long, again and again."""
    key_type, file_format, passphrase = combination
    return bool(passphrase) and (key_type is KeyType.RSA or file_format is OPENSSH)


@pytest.fixture(
    params=[
        pytest.param(each, marks=pytest.mark.long if costly(each) else ()) for each in COMBINATIONS
    ],
    ids=name,
)
def written(
    request: pytest.FixtureRequest,
    encoded: Callable[[object], tuple[PrivateKey, bytes]],
    tmp_path: Path,
) -> Written:
    _, file_format, passphrase = request.param
    key, data = encoded(request.param)
    return Written(key, file_format, passphrase, data, saved(tmp_path / "key", data))


@pytest.fixture(params=KeyType)
def key(request: pytest.FixtureRequest, rsa_keys: Sequence[RSAPrivateKey]) -> PrivateKey:
    return rsa_keys[0] if request.param is KeyType.RSA else Ed25519PrivateKey.generate()


def saved(path: Path, data: bytes) -> Path:
    path.touch(0o600)
    path.write_bytes(data)
    return path


def numbers(key: PrivateKey) -> object:
    return key.private_numbers() if isinstance(key, RSAPrivateKey) else key.private_bytes_raw()


def old_passphrase(written: Written, passphrase: bytes | None) -> list[str | Path]:
    if not passphrase:
        return []
    return ["--old-passphrase", saved(written.path.with_name("secret"), passphrase)]


def test_there_are_fourteen_combinations() -> None:
    assert len(COMBINATIONS) == 14


def test_it_comes_back(written: Written) -> None:
    found = private_file.examine(written.data)
    assert found.encrypted is bool(written.passphrase)
    shows_key = written.file_format is not PKCS8 or not written.passphrase
    assert found.public_key == (private.public_key(written.key) if shows_key else None)
    shows_comment = written.file_format in PPK or (
        written.file_format is OPENSSH and not written.passphrase
    )
    assert found.comment == (COMMENT if shows_comment else "")
    decoded = private.decode(written.data, written.passphrase)
    assert numbers(decoded) == numbers(written.key)


@pytest.mark.long
def test_every_encryption_has_a_salt_of_its_own(key: PrivateKey) -> None:
    containers = [
        openssh.parse(armour.parse(private.encode_as(key, OPENSSH, COMMENT, PASSPHRASE)))
        for _ in range(2)
    ]
    ppks = [ppk.parse(private.encode_as(key, PPK3, COMMENT, PASSPHRASE)) for _ in range(2)]
    assert containers[0].salt != containers[1].salt
    assert containers[0].section[:16] != containers[1].section[:16]
    salts = {file.derivation.salt for file in ppks if file.derivation}
    assert len(salts) == 2
    assert ppks[0].private[:16] != ppks[1].private[:16]


def test_ssh_keygen_reads_it(written: Written, run: Run) -> None:
    passphrase = (written.passphrase or b"").decode()
    command = ["ssh-keygen", "-y", "-P", passphrase, "-f", written.path]
    if written.file_format in PPK:
        run(*command, status=255)
        return
    shown = run(*command).stdout.decode().split()
    assert " ".join(shown[:2]) == written.public_line
    if written.passphrase:
        wrong = ["ssh-keygen", "-y", "-P", passphrase + " ", "-f", written.path]
        assert b"incorrect passphrase" in run(*wrong, status=255).stderr


def test_openssl_reads_it_if_it_is_its_own_kind_of_file(written: Written, run: Run) -> None:
    if written.file_format is PKCS8 or (
        written.file_format is PEM and isinstance(written.key, RSAPrivateKey)
    ):
        command = ["openssl", "rsa", "-check", "-noout", "-in", written.path]
        if written.passphrase:
            wrong = run(*command, "-passin", "pass:wrong", status=1)
            assert b"RSA key ok" not in wrong.stdout + wrong.stderr
            command += ["-passin", f"pass:{written.passphrase.decode()}"]
        done = run(*command)
        assert b"RSA key ok" in done.stdout + done.stderr
        der = run("openssl", "pkcs8", "-topk8", "-nocrypt", "-outform", "DER", *command[4:])
        assert isinstance(written.key, RSAPrivateKey)
        assert der.stdout == pem.pkcs8_der(written.key)
    else:
        assert run("openssl", "pkey", "-noout", "-in", written.path, status=None).returncode


def test_puttygen_reads_the_same_private_half(written: Written, run: Run) -> None:
    out = written.path.with_name("out.ppk")
    how = ["-P", "--new-passphrase", "/dev/null", "--ppk-param", "version=2", "-C", "converted"]
    command = ["puttygen", written.path, "-O", "private", "-o", out, *how]
    if written.file_format is PKCS8:
        run(*command, status=1)
        return
    run(*command, *old_passphrase(written, written.passphrase))
    public_key = private.public_key(written.key)
    assert out.read_bytes() == ppk.encode(written.key, public_key, "converted")
    if written.passphrase:
        out.unlink()
        done = run(*command, *old_passphrase(written, b"wrong"), status=1)
        assert b"wrong passphrase" in done.stderr or b"decryption check failed" in done.stderr
        assert not out.exists()


def test_dropbear_reads_it_where_it_can(written: Written, run: Run) -> None:
    out = written.path.with_name("out")
    convert = ["dropbearconvert", "openssh", "dropbear", written.path, out]
    if written.file_format not in (PEM, OPENSSH) or written.passphrase:
        run(*convert, status=1)
        return
    run(*convert)
    shown = run("dropbearkey", "-y", "-f", out).stdout.decode()
    assert written.public_line in shown


def test_a_signature_made_with_it_verifies(
    written: Written, run: Run, signs_for: Callable[[Path, str], bool]
) -> None:
    path = written.path
    if written.file_format in PPK:
        path = written.path.with_name("converted")
        options = old_passphrase(written, written.passphrase)
        run("puttygen", written.path, *options, *TO_OPENSSH, "-o", path)
    elif written.passphrase:
        passphrase = written.passphrase.decode()
        run("ssh-keygen", "-q", "-p", "-P", passphrase, "-N", "", "-f", path)
    assert signs_for(path, written.public_line)


def test_the_comment_is_the_one_that_programs_show(written: Written, run: Run) -> None:
    if written.file_format in PPK:
        shown = run("puttygen", "-L", written.path).stdout.decode()
        assert shown == f"{written.public_line} {COMMENT}\n"
    elif written.file_format is OPENSSH:
        if written.passphrase:
            passphrase = written.passphrase.decode()
            run("ssh-keygen", "-q", "-p", "-P", passphrase, "-N", "", "-f", written.path)
        # With -y and -C it would be ours; -l spells what is not ASCII in octal.
        shown = run("ssh-keygen", "-y", "-f", written.path).stdout.decode()
        assert shown == f"{written.public_line} {COMMENT}\n"


def test_ssh_keygen_and_the_agent_show_the_comment(
    key: PrivateKey, tmp_path: Path, run: Run, tool: Callable[[str], str]
) -> None:
    path = saved(tmp_path / "key", private.encode_as(key, OPENSSH, "web-1"))
    assert b" web-1 (" in run("ssh-keygen", "-l", "-f", path).stdout
    script = f"{tool('ssh-add')} -q {path} && {tool('ssh-add')} -L"
    shown = run("ssh-agent", "sh", "-c", script).stdout.decode()
    assert shown == f"{private.public_key(key).line} web-1\n"


def test_a_flipped_byte_is_refused(written: Written) -> None:
    step = 611 if written.passphrase else 23
    places = {*range(step // 2, len(written.data), step), len(written.data) - 1}
    accepted = [place for place in sorted(places) if not is_refused(written, place)]
    # The comment in a container is guarded by nothing; it says nothing about the key.
    assert len(accepted) <= (2 if written.file_format is OPENSSH else 0), accepted


@pytest.mark.long
def test_any_flipped_byte_is_refused(written: Written) -> None:
    step = 37 if written.passphrase else 1
    accepted = [
        place for place in range(0, len(written.data), step) if not is_refused(written, place)
    ]
    assert len(accepted) <= (4 * len(COMMENT) if written.file_format is OPENSSH else 0), accepted


def is_refused(written: Written, place: int) -> bool:
    """Flip a bit; if the file is taken for one of ours, the key must be the same."""
    damaged = bytearray(written.data)
    damaged[place] ^= 1 << place % 7
    try:
        decoded = private.decode(bytes(damaged), written.passphrase)
    except EncodingError:
        return True
    assert numbers(decoded) == numbers(written.key)
    return False


@each_row(
    "change",
    [
        pytest.param(lambda data: data[:-1], id="no final newline"),
        pytest.param(lambda data: data + b"\n", id="two final newlines"),
        pytest.param(lambda data: data.replace(b"\n", b"\r\n"), id="CRLF"),
        pytest.param(lambda data: b"\n" + data, id="blank line in front"),
        pytest.param(lambda data: data + b"junk\n", id="junk behind"),
    ],
)
def test_only_the_very_layout_is_taken_for_ours(
    change: Callable[[bytes], bytes], written: Written
) -> None:
    data = change(written.data)
    with pytest.raises(EncodingError):
        private_file.check_layout(data)
    with pytest.raises(EncodingError):
        private.decode(data, written.passphrase)


def test_other_der_of_the_same_key_is_not_taken_for_ours(rsa_keys: Sequence[RSAPrivateKey]) -> None:
    """Some programs leave out the NULL that belongs to the name of RSA."""
    numbers_of_key = der.octet_string(armour.parse(pem.encode(rsa_keys[0])).body)
    for algorithm in (der.RSA_ENCRYPTION, der.RSA_ENCRYPTION[:-2]):
        body = der.sequence(der.integer(0), der.sequence(algorithm), numbers_of_key)
        data = armour.Armour("PRIVATE KEY", {}, body).render()
        assert numbers(private_file.unlock(data)) == numbers(rsa_keys[0])
        if algorithm == der.RSA_ENCRYPTION:
            assert numbers(private.decode(data)) == numbers(rsa_keys[0])
        else:
            with pytest.raises(EncodingError, match="was written by another program"):
                private.decode(data)


def test_a_wrong_passphrase_is_refused(written: Written) -> None:
    if written.passphrase:
        for wrong in (None, b"", PASSPHRASE.upper()):
            with pytest.raises(private_file.WrongPassphrase):
                private.decode(written.data, wrong)


def test_version_3_has_the_numbers_of_puttygen(key: PrivateKey) -> None:
    text = private.encode_as(key, PPK3, COMMENT, PASSPHRASE)
    for line in (
        b"Encryption: aes256-cbc",
        b"Key-Derivation: Argon2id",
        b"Argon2-Memory: 8192",
        b"Argon2-Passes: 13",
        b"Argon2-Parallelism: 1",
    ):
        assert line in text.splitlines()


@pytest.mark.long
def test_a_container_is_laid_out_as_ssh_keygen_does_it(
    key: PrivateKey, tmp_path: Path, run: Run
) -> None:
    path = saved(tmp_path / "key", private.encode_as(key, OPENSSH, "", PASSPHRASE))
    ours = path.read_bytes()
    run("ssh-keygen", "-q", "-p", "-P", PASSPHRASE.decode(), "-N", "other", "-f", path)
    theirs = path.read_bytes()
    assert theirs != ours
    assert [len(line) for line in ours.split(b"\n")] == [len(line) for line in theirs.split(b"\n")]
    fields = [openssh.parse(armour.parse(data)) for data in (ours, theirs)]
    assert {(field.cipher, field.rounds, len(field.salt)) for field in fields} == {
        (b"aes256-ctr", 16, 16)
    }


@pytest.mark.long
def test_an_encrypted_pkcs8_is_laid_out_as_openssl_does_it(
    rsa_keys: Sequence[RSAPrivateKey], tmp_path: Path, run: Run
) -> None:
    path = saved(tmp_path / "key", private.encode_as(rsa_keys[0], PKCS8, "", PASSPHRASE))
    theirs = saved(tmp_path / "theirs", b"")
    secret = f"pass:{PASSPHRASE.decode()}"
    how = ["-topk8", "-v2", "aes-256-cbc", "-iter", "600000", "-passin", secret, "-passout", secret]
    run("openssl", "pkcs8", *how, "-in", path, "-out", theirs)
    shown = [run("openssl", "asn1parse", "-in", each).stdout.decode() for each in (path, theirs)]
    # Without the lengths: older versions of openssl take a salt of 8 bytes.
    fields, same = (re.findall(r"d=\d|(?:prim|cons): [^\[\n]*", text) for text in shown)
    assert len(fields) == 32
    assert fields == same
    # The salt, the IV and what is encrypted.
    ours, others = (set(re.findall(r"\[HEX DUMP\]:(.*)", text)) for text in shown)
    assert len(ours) == 3
    assert not ours & others
    assert numbers(private.decode(theirs.read_bytes(), PASSPHRASE)) == numbers(rsa_keys[0])


@pytest.mark.parametrize("file_format", [PEM, PPK2])
def test_a_passphrase_where_it_would_be_unsafe_or_unread_is_refused_and_others_are_named(
    file_format: FileFormat, key: PrivateKey
) -> None:
    assert not file_format.takes_passphrase
    says = f"^{file_format} gets no passphrase here; ppk3, openssh and pkcs8 do$"
    with pytest.raises(EncodingError, match=says):
        private.encode_as(key, file_format, COMMENT, PASSPHRASE)


def test_ed25519_in_pkcs8_is_refused_with_the_reason() -> None:
    with pytest.raises(EncodingError, match="ssh, PuTTY and Dropbear refuse ED25519"):
        private.encode_as(Ed25519PrivateKey.generate(), PKCS8, COMMENT)


@each_row("file_format", [OPENSSH, PPK3])
@each_row("passphrase", [b"", b"a\nb", b"a\rb", b"a\0b", b"x" * 1024])
def test_a_passphrase_that_no_one_could_type_is_refused(
    passphrase: bytes, file_format: FileFormat, key: PrivateKey
) -> None:
    with pytest.raises(EncodingError, match="passphrase"):
        private.encode_as(key, file_format, COMMENT, passphrase)


@each_row("file_format", FileFormat)
@each_row("comment", ["a\nb", "a\r", "\udc80"])
def test_a_comment_that_is_not_one_line_of_text_is_refused(
    comment: str, file_format: FileFormat, rsa_keys: Sequence[RSAPrivateKey]
) -> None:
    with pytest.raises(EncodingError, match="comment"):
        private.encode_as(rsa_keys[0], file_format, comment)


def test_a_container_takes_no_comment_with_nul_which_openssh_would_not_read(
    key: PrivateKey,
) -> None:
    with pytest.raises(EncodingError, match="no comment with NUL"):
        private.encode_as(key, OPENSSH, "a\0b")


@pytest.mark.long
@given(
    comment=st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=80),
    file_format=st.sampled_from([PPK2, PPK3, OPENSSH]),
    seed=st.binary(min_size=32, max_size=32),
)
def test_any_comment_and_any_seed_come_back(
    comment: str, file_format: FileFormat, seed: bytes
) -> None:
    key = Ed25519PrivateKey.from_private_bytes(seed)
    data = private.encode_as(key, file_format, comment)
    assert private_file.examine(data).comment == comment
    assert numbers(private.decode(data)) == seed


@pytest.mark.parametrize("comment", ["web-1", "two words", "", "bell \x07 and \x1b[31m", "ü"])
def test_a_public_line_is_one_that_ssh_keygen_reads(
    comment: str, key: PrivateKey, tmp_path: Path, run: Run
) -> None:
    record = replace(key_pair(1), key_name=comment, public_key=private.public_key(key).line)
    line = named_line(record)
    assert line.isprintable()
    done = run("ssh-keygen", "-l", "-f", saved(tmp_path / "key.pub", f"{line}\n".encode()))
    assert f"{private.public_key(key).bits} SHA256:" in done.stdout.decode()
    assert (b"web-1" in done.stdout) is (comment == "web-1")
