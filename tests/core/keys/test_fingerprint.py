import re
from base64 import b64decode
from collections.abc import Sequence
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from core.keys import convert as private
from core.keys import fingerprint, fingerprint_kinds, pem
from core.keys.public_key import PublicKey
from core.model import KeyFormat
from tests.core.store_records import key_pair
from tests.helpers import PUBLIC_KEY, Run, kept


@pytest.fixture
def rsa_key(rsa_keys: Sequence[RSAPrivateKey]) -> RSAPrivateKey:
    return rsa_keys[0]


@pytest.fixture
def rsa_file(rsa_key: RSAPrivateKey, tmp_path: Path) -> Path:
    path = tmp_path / "rsa"
    path.touch(0o600)
    path.write_bytes(pem.encode(rsa_key))
    return path


def after_equals_sign(done: CompletedProcess[bytes]) -> str:
    """Return the digest in openssl's `MD5(stdin)= 00:11:...`."""
    return done.stdout.decode().partition("= ")[2].strip()


def test_a_created_rsa_pair_has_the_fingerprint_of_the_guides_command(
    rsa_key: RSAPrivateKey, rsa_file: Path, run: Run
) -> None:
    options = ["-inform", "PEM", "-outform", "DER", "-topk8", "-nocrypt"]
    der = run("openssl", "pkcs8", "-in", rsa_file, *options).stdout
    expected = after_equals_sign(run("openssl", "sha1", "-c", stdin=der))
    public_key = private.public_key(rsa_key)
    kinds = fingerprint.fingerprints(public_key, pem.pkcs8_der(rsa_key))
    assert kinds.pkcs8_sha1 == expected
    assert fingerprint.ec2_fingerprint(public_key, kinds) == expected
    assert re.fullmatch(r"[0-9a-f]{2}(:[0-9a-f]{2}){19}", expected)
    assert len(expected) == 59


def test_an_imported_rsa_key_has_the_fingerprint_of_both_commands_of_the_guide(
    rsa_key: RSAPrivateKey, rsa_file: Path, tmp_path: Path, run: Run
) -> None:
    public_key = private.public_key(rsa_key)
    from_private = run("openssl", "rsa", "-in", rsa_file, "-pubout", "-outform", "DER").stdout
    public_file = tmp_path / "rsa.pub"
    public_file.write_text(f"{public_key.line} somebody\n")
    pkcs1 = run("ssh-keygen", "-ef", public_file, "-m", "PEM").stdout
    convert = ["-RSAPublicKey_in", "-outform", "DER"]
    from_public = run("openssl", "rsa", *convert, stdin=pkcs1).stdout
    expected = after_equals_sign(run("openssl", "md5", "-c", stdin=from_private))
    assert after_equals_sign(run("openssl", "md5", "-c", stdin=from_public)) == expected
    kinds = fingerprint.fingerprints(public_key)
    assert kinds.pkcs8_sha1 is None
    assert kinds.spki_md5 == expected
    assert fingerprint.ec2_fingerprint(public_key, kinds) == expected
    assert re.fullmatch(r"[0-9a-f]{2}(:[0-9a-f]{2}){15}", expected)
    assert len(expected) == 47


def test_created_and_imported_the_same_rsa_key_shows_two_fingerprints(
    rsa_key: RSAPrivateKey,
) -> None:
    public_key = private.public_key(rsa_key)
    created = fingerprint.fingerprints(public_key, pem.pkcs8_der(rsa_key))
    imported = fingerprint.fingerprints(public_key)
    assert created.spki_md5 == imported.spki_md5
    assert fingerprint.ec2_fingerprint(public_key, created) == created.pkcs8_sha1
    assert fingerprint.ec2_fingerprint(public_key, imported) == imported.spki_md5


def test_an_ed25519_pair_has_the_fingerprint_of_ssh_keygen_with_its_padding(
    tmp_path: Path, run: Run
) -> None:
    key = Ed25519PrivateKey.generate()
    path = tmp_path / "ed25519"
    path.touch(0o600)
    path.write_bytes(pem.encode(key))
    shown = run("ssh-keygen", "-l", "-f", path).stdout.decode().split()[1]
    expected = shown.removeprefix("SHA256:") + "="
    public_key = private.public_key(key)
    created = fingerprint.fingerprints(public_key, pem.pkcs8_der(key))
    assert created == fingerprint.fingerprints(public_key)
    assert created.pkcs8_sha1 is created.spki_md5 is None
    assert fingerprint.ec2_fingerprint(public_key, created) == expected
    assert len(expected) == 44


@pytest.mark.parametrize("is_rsa", [True, False], ids=["rsa", "ed25519"])
def test_the_other_two_are_those_of_ssh_keygen(
    is_rsa: bool, rsa_key: RSAPrivateKey, tmp_path: Path, run: Run
) -> None:
    public_key = private.public_key(rsa_key if is_rsa else Ed25519PrivateKey.generate())
    path = tmp_path / "key.pub"
    path.write_text(f"{public_key.line}\n")
    kinds = fingerprint.fingerprints(public_key)
    for kind, shown in (("sha256", kinds.ssh_sha256), ("md5", kinds.ssh_md5)):
        assert run("ssh-keygen", "-l", "-E", kind, "-f", path).stdout.decode().split()[1] == shown


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        # Answers that EC2 itself gave.
        (
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILR+zNQbYY5ORuhYXGMTSnjRLzS9C5dUdWRKdlqi20q2",
            "4LmcYnyBOqlloHZ5TKAxfa8BgMK2wL6WeOOTvXVdhmw=",
        ),
        (
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMduvWA7Q35QVLBez30EIH7qXgyHjmUqQgB6+Klj7oM1",
            "HMXWyhG4gbktWdKgkzX/THR2+GMkRLG8rKsKj1oW86k=",
        ),
        (
            PUBLIC_KEY,
            "uD/cUEgNe5PmOWBUh69pdxNoBd7Tir4ottSlQJy62y8=",
        ),
    ],
)
def test_ed25519_fingerprints_are_those_that_ec2_answered(line: str, expected: str) -> None:
    public_key = PublicKey.from_line(line)
    kinds = fingerprint.fingerprints(public_key)
    assert fingerprint.ec2_fingerprint(public_key, kinds) == expected
    assert kinds.ssh_sha256 == "SHA256:" + expected[:-1]
    assert fingerprint.ec2_sha256(b64decode(line.split()[1])) == expected


@pytest.mark.parametrize(
    ("bits", "expected"),
    [
        # Answers of EC2 to keys that were built, not generated: N = 2^(bits - 1) + 65537.
        (512, "34:38:83:18:89:df:de:bc:68:7a:99:4b:28:1b:de:e7"),
        (8192, "0e:7c:24:b1:9f:70:17:e2:99:4a:cc:4c:6e:52:13:a5"),
    ],
)
def test_imported_rsa_fingerprints_are_those_that_ec2_answered(bits: int, expected: str) -> None:
    public_key = PublicKey.from_rsa_numbers(65537, (1 << bits - 1) + 65537)
    kinds = fingerprint.fingerprints(public_key)
    assert fingerprint.ec2_fingerprint(public_key, kinds) == expected


def test_pem_and_ppk_of_one_rsa_key_have_one_fingerprint(rsa_key: RSAPrivateKey) -> None:
    found = {
        fingerprint.pkcs8_sha1(pem.pkcs8_der(private.decode(private.encode(rsa_key, kind, "web"))))
        for kind in KeyFormat
    }
    assert found == {fingerprint.pkcs8_sha1(pem.pkcs8_der(rsa_key))}


def test_the_start_of_each_fingerprint_is_told_by_its_kind(rsa_key: RSAPrivateKey) -> None:
    kinds = fingerprint.fingerprints(private.public_key(rsa_key), pem.pkcs8_der(rsa_key))
    pair = kept(key_pair(1), fingerprints=kinds)
    for whole, kind in (
        (kinds.pkcs8_sha1, fingerprint_kinds.PKCS8_SHA1),
        (kinds.spki_md5, fingerprint_kinds.SPKI_MD5),
        (kinds.ssh_md5, fingerprint_kinds.SSH_MD5),
        (kinds.ssh_sha256, fingerprint_kinds.SSH_SHA256),
    ):
        assert whole is not None
        start = fingerprint_kinds.cut_short(f"{whole[:-6]}…")
        assert start is not None
        assert start.kind(pair) == kind
        other = fingerprint_kinds.cut_short(f"{whole[:-7]}{'0' if whole[-7] != '0' else '1'}")
        assert other is not None
        assert other.kind(pair) is None
