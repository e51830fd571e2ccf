import re
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from core.keys import EncodingError, NotRead, convert, pem, ppk
from core.keys import pkcs8 as pkcs
from core.keys.encoding import armour, der
from core.keys.encoding.sshwire import mpint, string
from core.keys.keygen import PrivateKey
from core.keys.reading import key_file, other_kinds, private_file
from core.keys.reading.other_kinds import OtherKind
from core.keys.reading.private_file import (
    FileKind,
    HalvesDisagree,
    UnsupportedKey,
    WrongPassphrase,
)
from core.model import KeyType
from tests.each_row import each_row
from tests.helpers import Run, quickly

PASSPHRASE = "correct horse ü".encode()
COMMENT = "web-1 of Ü"
SEED = bytes(range(101, 133))


@dataclass(frozen=True)
class Sample:
    """A private key file that some program wrote."""

    key: PrivateKey
    data: bytes
    container: FileKind
    encrypted: bool = False
    comment: str = ""

    @property
    def passphrase(self) -> bytes | None:
        return PASSPHRASE if self.encrypted else None

    @property
    def shows_public_half(self) -> bool:
        return not self.encrypted or self.container not in (PKCS1, PKCS8, DER)


class Maker:
    """Has the programs that people have write private key files."""

    def __init__(self, folder: Path, run: Run) -> None:
        self._run = run
        self._path = folder / "key"
        self._out = folder / "out"
        self._secret = folder / "secret"
        self._nothing = folder / "nothing"
        self._secret.write_bytes(PASSPHRASE)
        self._nothing.touch()

    def _start(self, key: PrivateKey) -> None:
        self._path.unlink(missing_ok=True)
        self._path.touch(0o600)
        self._path.write_bytes(pem.encode(key))

    def ssh_keygen(self, key: PrivateKey, *options: str, encrypted: bool) -> bytes:
        self._start(key)
        if "-m" not in options:  # an ED25519 container has no comment yet, and PKCS#1 cannot
            self._run("ssh-keygen", "-q", "-p", "-N", "", "-f", self._path)
            self._run("ssh-keygen", "-q", "-c", "-C", COMMENT, "-f", self._path)
        passphrase = PASSPHRASE.decode() if encrypted else ""
        self._run("ssh-keygen", "-q", "-p", "-N", passphrase, *options, "-f", self._path)
        return self._path.read_bytes()

    def puttygen(self, key: PrivateKey, *parameters: str, encrypted: bool) -> bytes:
        self._path.write_bytes(ppk.encode(key, convert.public_key(key), COMMENT))
        secret = self._secret if encrypted else self._nothing
        how = ["-P", "--new-passphrase", secret, "--ppk-param", ",".join(parameters)]
        self._run("puttygen", self._path, "-O", "private", "-o", self._out, *how)
        return self._out.read_bytes()

    def openssl(self, key: PrivateKey, *command: str) -> bytes:
        self._path.unlink(missing_ok=True)
        self._path.write_bytes(pkcs8(key))
        words = [word if word != "PASS" else f"file:{self._secret}" for word in command]
        return self._run("openssl", *words, "-in", self._path).stdout


def pkcs8(key: PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.fixture(scope="session")
def maker(tmp_path_factory: pytest.TempPathFactory, run: Run) -> Maker:
    return Maker(tmp_path_factory.mktemp("made"), run)


@pytest.fixture(scope="session")
def keys(rsa_keys: Sequence[RSAPrivateKey]) -> Mapping[KeyType, PrivateKey]:
    return {
        KeyType.RSA: rsa_keys[0],
        KeyType.ED25519: Ed25519PrivateKey.from_private_bytes(SEED),
    }


def ssh_keygen(
    key_type: KeyType,
    container: FileKind,
    *options: str,
    encrypted: bool = False,
    comment: str = COMMENT,
) -> tuple[KeyType, Callable[[Maker, PrivateKey], Sample]]:
    def make(maker: Maker, key: PrivateKey) -> Sample:
        data = maker.ssh_keygen(key, *options, encrypted=encrypted)
        shown = "" if encrypted else comment
        return Sample(key, data, container, encrypted, shown)

    return key_type, make


def puttygen(
    key_type: KeyType, container: FileKind, *parameters: str, encrypted: bool = False
) -> tuple[KeyType, Callable[[Maker, PrivateKey], Sample]]:
    version = "2" if container is FileKind.PPK2 else "3"

    def make(maker: Maker, key: PrivateKey) -> Sample:
        data = maker.puttygen(key, f"version={version}", *parameters, encrypted=encrypted)
        assert data.startswith(f"PuTTY-User-Key-File-{version}: ".encode())
        return Sample(key, data, container, encrypted, COMMENT)

    return key_type, make


def openssl(
    key_type: KeyType, container: FileKind, *command: str, encrypted: bool = False
) -> tuple[KeyType, Callable[[Maker, PrivateKey], Sample]]:
    def make(maker: Maker, key: PrivateKey) -> Sample:
        return Sample(key, maker.openssl(key, *command), container, encrypted)

    return key_type, make


RSA, ED25519 = KeyType.RSA, KeyType.ED25519
PKCS1, PKCS8, DER, OPENSSH, PPK2, PPK3 = FileKind
TOPK8 = ("pkcs8", "-topk8", "-passout", "PASS")
TRADITIONAL = ("rsa", "-traditional", "-passout", "PASS")

MADE = {
    "rsa ssh-keygen PEM": ssh_keygen(RSA, PKCS1, "-m", "PEM", comment=""),
    "rsa ssh-keygen PEM encrypted": ssh_keygen(RSA, PKCS1, "-m", "PEM", encrypted=True),
    "rsa ssh-keygen PKCS8": ssh_keygen(RSA, PKCS8, "-m", "PKCS8", comment=""),
    "rsa ssh-keygen PKCS8 encrypted": ssh_keygen(RSA, PKCS8, "-m", "PKCS8", encrypted=True),
    "rsa openssl PKCS8": openssl(RSA, PKCS8, "pkcs8", "-topk8", "-nocrypt"),
    "rsa openssl PKCS8 v2": openssl(RSA, PKCS8, *TOPK8, "-v2", "aes-256-cbc", encrypted=True),
    "rsa openssl PKCS8 3DES": openssl(RSA, PKCS8, *TOPK8, "-v1", "PBE-SHA1-3DES", encrypted=True),
    "rsa openssl PKCS8 scrypt": openssl(RSA, PKCS8, *TOPK8, "-scrypt", encrypted=True),
    "rsa openssl PKCS1": openssl(RSA, PKCS1, "rsa", "-traditional"),
    "rsa openssl PKCS1 3DES": openssl(RSA, PKCS1, *TRADITIONAL, "-des3", encrypted=True),
    "rsa openssl PKCS1 AES-192": openssl(RSA, PKCS1, *TRADITIONAL, "-aes192", encrypted=True),
    "rsa openssl PKCS1 AES-128": openssl(RSA, PKCS1, *TRADITIONAL, "-aes128", encrypted=True),
    "rsa openssl PKCS1 AES-256": openssl(RSA, PKCS1, *TRADITIONAL, "-aes256", encrypted=True),
    "ed25519 openssl PKCS8": openssl(ED25519, PKCS8, "pkcs8", "-topk8", "-nocrypt"),
    "ed25519 openssl PKCS8 v2": openssl(
        ED25519, PKCS8, *TOPK8, "-v2", "aes-256-cbc", encrypted=True
    ),
}
for _type in KeyType:
    MADE |= {
        f"{_type} ssh-keygen": ssh_keygen(_type, OPENSSH),
        f"{_type} ssh-keygen encrypted": ssh_keygen(_type, OPENSSH, encrypted=True),
        f"{_type} puttygen 2": puttygen(_type, PPK2),
        f"{_type} puttygen 2 encrypted": puttygen(_type, PPK2, encrypted=True),
        f"{_type} puttygen 3": puttygen(_type, PPK3),
        f"{_type} puttygen 3 encrypted": puttygen(_type, PPK3, encrypted=True),
    }
    for _kdf in ("argon2id", "argon2i", "argon2d"):
        _parameters = (f"kdf={_kdf}", "memory=1024", "passes=3", "parallelism=2")
        MADE[f"{_type} puttygen 3 {_kdf}"] = puttygen(_type, PPK3, *_parameters, encrypted=True)
for _cipher in ("aes128-ctr", "aes192-ctr", "aes128-cbc", "aes256-cbc", "aes256-gcm@openssh.com"):
    MADE[f"ed25519 ssh-keygen {_cipher}"] = ssh_keygen(
        ED25519, OPENSSH, "-Z", _cipher, "-a", "1", encrypted=True
    )

_made: dict[str, Sample] = {}


@pytest.fixture
def make(maker: Maker, keys: Mapping[KeyType, PrivateKey]) -> Callable[[str], Sample]:
    """Return a function that makes a file of MADE, once."""

    def made(name: str) -> Sample:
        if name not in _made:
            key_type, function = MADE[name]
            _made[name] = function(maker, keys[key_type])
        return _made[name]

    return made


def numbers(key: PrivateKey) -> object:
    return key.private_numbers() if isinstance(key, RSAPrivateKey) else key.private_bytes_raw()


def refused(data: bytes, passphrase: bytes | None = None) -> EncodingError:
    """Insist that a file is refused, in words that quote nothing and name no cause."""
    with pytest.raises(EncodingError) as caught:
        private_file.unlock(data, passphrase)
    error = caught.value
    assert error.__suppress_context__ or error.__context__ is None
    text = str(error)
    for kind in OTHER_KINDS:  # whose commands hold other characters
        text = text.replace(kind.sentence, "")
    assert re.fullmatch(r"[A-Za-z0-9 ,.-]*", text)
    return error


OTHER_KINDS = [kind for kind in vars(other_kinds).values() if isinstance(kind, OtherKind)]


@pytest.mark.long
@each_row("name", MADE)
def test_what_other_programs_write_is_read(name: str, make: Callable[[str], Sample]) -> None:
    sample = make(name)
    assert private_file.looks_private(sample.data)
    public_key = convert.public_key(sample.key) if sample.shows_public_half else None
    assert private_file.examine(sample.data) == private_file.PrivateKeyFile(
        sample.container, sample.encrypted, public_key, sample.comment
    )
    assert numbers(private_file.unlock(sample.data, sample.passphrase)) == numbers(sample.key)


@pytest.mark.long
@each_row("name", MADE)
def test_a_passphrase_must_be_the_right_one_where_one_is_needed(
    name: str, make: Callable[[str], Sample]
) -> None:
    sample = make(name)
    wrong = PASSPHRASE + b" "
    if not sample.encrypted:
        assert numbers(private_file.unlock(sample.data, wrong)) == numbers(sample.key)
        return
    for missing in (None, b""):
        with pytest.raises(WrongPassphrase, match="give its passphrase"):
            private_file.unlock(sample.data, missing)
    assert isinstance(refused(sample.data, wrong), WrongPassphrase)


# Leniency --------------------------------------------------------------------------------------

PLAIN = [
    "rsa ssh-keygen PEM",
    "rsa openssl PKCS8",
    "ed25519 openssl PKCS8",
    "rsa ssh-keygen",
    "ed25519 ssh-keygen",
    "rsa puttygen 2",
    "ed25519 puttygen 3",
]


@each_row("name", PLAIN)
@each_row(
    "change",
    [
        pytest.param(lambda data: data[:-1], id="no final newline"),
        pytest.param(lambda data: data.replace(b"\n", b"\r\n"), id="CRLF"),
        pytest.param(lambda data: data.replace(b"\n", b"\r"), id="CR"),
        pytest.param(lambda data: b"\xef\xbb\xbf" + data, id="byte-order mark"),
        pytest.param(lambda data: b"\n\n" + data, id="blank lines in front"),
        pytest.param(lambda data: data + b"\nblank lines and text behind\n", id="text behind"),
    ],
)
def test_what_editors_and_mail_do_to_a_file_is_put_up_with(
    change: Callable[[bytes], bytes], name: str, make: Callable[[str], Sample]
) -> None:
    sample = make(name)
    data = change(sample.data)
    assert numbers(private_file.unlock(data)) == numbers(sample.key)
    assert private_file.examine(data) == private_file.examine(sample.data)


@pytest.mark.parametrize("name", PLAIN)
def test_nothing_is_odd_about_what_programs_write(name: str, make: Callable[[str], Sample]) -> None:
    (key,) = key_file.read(make(name).data)
    assert (key.remarks, key.problem) == ((), "")


@pytest.mark.parametrize("name", [name for name in PLAIN if "puttygen" not in name])
def test_a_pem_block_may_stand_in_text_indented_and_of_any_width(
    name: str, make: Callable[[str], Sample]
) -> None:
    sample = make(name)
    block = armour.parse(sample.data)
    for width in (16, 76, 10_000):
        assert numbers(private_file.unlock(block.render(width))) == numbers(sample.key)
    text = b"Bag Attributes\n    friendlyName: web\n" + sample.data.replace(b"\n", b"\n  ")
    assert numbers(private_file.unlock(text)) == numbers(sample.key)


@pytest.mark.parametrize(
    "name", ["rsa ssh-keygen PEM", "rsa openssl PKCS8", "ed25519 openssl PKCS8"]
)
def test_a_private_key_under_the_label_of_a_public_one_is_found_to_be_private(
    name: str, make: Callable[[str], Sample]
) -> None:
    sample = make(name)
    data = replace(armour.parse(sample.data), label="PUBLIC KEY").render()
    assert private_file.looks_private(data)
    (key,) = key_file.read(data)
    assert "its BEGIN line says PUBLIC KEY, but what follows is " in key.remarks[0]
    assert key.private is not None
    assert numbers(private_file.unlock(key.private)) == numbers(sample.key)


def test_what_cannot_be_seen_in_a_block_is_left_out_and_said(
    make: Callable[[str], Sample],
) -> None:
    sample = make("rsa ssh-keygen PEM")
    head, rest = sample.data[:100], sample.data[100:]
    (key,) = key_file.read(head + "\u200b".encode() + rest)
    assert "characters that cannot be seen stand in it" in key.remarks[0]
    assert key.private is not None
    assert numbers(private_file.unlock(key.private)) == numbers(sample.key)


def test_an_encrypted_block_whose_line_breaks_became_spaces_is_opened(
    make: Callable[[str], Sample],
) -> None:
    sample = make("rsa openssl PKCS1 AES-128")
    (key,) = key_file.read(sample.data.replace(b"\n", b" "))
    assert "spaces stand where its line breaks were" in key.remarks[0]
    assert key.private is not None
    assert numbers(private_file.unlock(key.private, PASSPHRASE)) == numbers(sample.key)


@pytest.mark.parametrize("name", quickly(PLAIN, *PLAIN[:2]))
def test_a_file_cut_anywhere_or_with_a_line_missing_is_refused(
    name: str, make: Callable[[str], Sample]
) -> None:
    data = make(name).data
    for end in {*range(0, len(data), 23), *range(len(data) - 30, len(data) - 1)}:
        refused(data[:end])
    rows = data.splitlines(keepends=True)
    for number in range(len(rows)):
        refused(b"".join(rows[:number] + rows[number + 1 :]))


# Damage ----------------------------------------------------------------------------------------


def flips(sample: Sample, step: int, start: int = 0) -> int:
    """Flip bits all over a file and return how many flips were not noticed.

    What is not noticed must be harmless: it is the same key, with everything that belongs to it.
    """
    unnoticed = 0
    for place in range(start, len(sample.data), step):
        damaged = bytearray(sample.data)
        damaged[place] ^= 1 << place % 7
        try:
            key = private_file.unlock(bytes(damaged), sample.passphrase)
        except EncodingError:
            continue
        assert numbers(key) == numbers(sample.key), place
        unnoticed += 1
    return unnoticed


SEED_ONLY = {"ed25519 openssl PKCS8", "ed25519 openssl PKCS8 v2"}
"""These hold the seed and nothing to compare it with: one that was changed is another key's."""


@pytest.mark.parametrize(
    "name", quickly([each for each in PLAIN if each not in SEED_ONLY], PLAIN[0])
)
def test_a_flipped_bit_is_refused_or_harmless(name: str, make: Callable[[str], Sample]) -> None:
    sample = make(name)
    unnoticed = flips(sample, 3)
    # The comment of a container is guarded by nothing, and the last newline need not be there.
    assert unnoticed <= (8 if sample.container is OPENSSH else 1)


@pytest.mark.parametrize(
    "name",
    quickly(
        [
            "ed25519 puttygen 2 encrypted",
            "rsa puttygen 3 argon2id",
            "ed25519 ssh-keygen aes256-cbc",
        ],
        "ed25519 puttygen 2 encrypted",
    ),
)
def test_a_flipped_bit_of_an_encrypted_file_is_refused_or_harmless(
    name: str, make: Callable[[str], Sample]
) -> None:
    sample = make(name)
    assert flips(sample, 37) <= 1


def step_of(name: str, sample: Sample) -> int:
    """Return how far to go from flip to flip; each takes as long as the passphrase is hashed."""
    if "scrypt" in name or (sample.encrypted and sample.container is OPENSSH):
        return 37
    return 17 if sample.encrypted and sample.container is PPK3 else 1


@pytest.mark.long
@pytest.mark.parametrize("name", [name for name in MADE if name not in SEED_ONLY])
def test_many_flipped_bits_are_refused_or_harmless(
    name: str, make: Callable[[str], Sample]
) -> None:
    sample = make(name)
    unnoticed = flips(sample, step_of(name, sample))
    # The comment of a container is guarded by nothing. The IV of a DEK-Info line is hex in either
    # case, as for openssl.
    harmless = {OPENSSH: 40, PKCS1: 32 if sample.encrypted else 2}
    assert unnoticed <= harmless.get(sample.container, 2)


# Halves ----------------------------------------------------------------------------------------


def other(key: PrivateKey, rsa_keys: Sequence[RSAPrivateKey]) -> PrivateKey:
    return rsa_keys[1] if isinstance(key, RSAPrivateKey) else Ed25519PrivateKey.generate()


@pytest.mark.long
@each_row("version", [2, 3])
@each_row("passphrase", [None, PASSPHRASE], ids=["plain", "encrypted"])
@each_row("key_type", KeyType)
def test_a_ppk_whose_halves_disagree_is_said_to_be_so(
    key_type: KeyType,
    passphrase: bytes | None,
    version: int,
    keys: Mapping[KeyType, PrivateKey],
    rsa_keys: Sequence[RSAPrivateKey],
) -> None:
    key = keys[key_type]
    wrong_half = convert.public_key(other(key, rsa_keys))
    data = ppk.encode(key, wrong_half, "x", version=version, passphrase=passphrase)
    with pytest.raises(HalvesDisagree, match="different keys"):
        private_file.unlock(data, passphrase)
    if passphrase is None:
        with pytest.raises(HalvesDisagree):
            private_file.examine(data)


@pytest.mark.parametrize("name", ["rsa ssh-keygen", "ed25519 ssh-keygen"])
def test_a_container_whose_halves_disagree_is_said_to_be_so(
    name: str, make: Callable[[str], Sample], rsa_keys: Sequence[RSAPrivateKey]
) -> None:
    sample = make(name)
    block = armour.parse(sample.data)
    ours = convert.public_key(sample.key).blob
    theirs = convert.public_key(other(sample.key, rsa_keys)).blob
    assert block.body.count(string(ours)) == 1
    mixed = replace(block, body=block.body.replace(string(ours), string(theirs))).render()
    with pytest.raises(HalvesDisagree):
        private_file.examine(mixed)
    refused(mixed)


@pytest.mark.parametrize("places", [(1,), (2,), (1, 2)])
def test_an_ed25519_container_of_two_keys_is_said_to_be_so(
    places: tuple[int, ...], make: Callable[[str], Sample]
) -> None:
    sample = make("ed25519 ssh-keygen")
    block = armour.parse(sample.data)
    ours = convert.public_key(sample.key).blob[-32:]
    theirs = convert.public_key(Ed25519PrivateKey.generate()).blob[-32:]
    parts = block.body.split(ours)
    assert len(parts) == 4
    points = [theirs if place in places else ours for place in range(3)]
    mixed = parts[0] + b"".join(point + part for point, part in zip(points, parts[1:], strict=True))
    with pytest.raises(HalvesDisagree):
        private_file.unlock(replace(block, body=mixed).render())


def test_a_pkcs1_file_of_two_keys_is_refused(rsa_keys: Sequence[RSAPrivateKey]) -> None:
    ours, theirs = (key.private_numbers() for key in rsa_keys)
    data = pem.encode(rsa_keys[0])
    block = armour.parse(data)
    n, other_n = (key.public_numbers.n.to_bytes(256) for key in (ours, theirs))
    mixed = replace(block, body=block.body.replace(n, other_n)).render()
    assert mixed != data
    with pytest.raises(HalvesDisagree):
        private_file.examine(mixed)


def ed25519_pkcs8(*more: bytes, seed: bytes = SEED) -> bytes:
    """Return ED25519 in PKCS#8, with what RFC 5958 lets follow."""
    algorithm, key = der.sequence(der.ID_ED25519), der.octet_string(der.octet_string(seed))
    return armour.Armour(
        "PRIVATE KEY", {}, der.sequence(der.integer(1), algorithm, key, *more)
    ).render()


def test_a_public_half_that_follows_in_pkcs8_must_be_that_of_the_key() -> None:
    key = Ed25519PrivateKey.from_private_bytes(SEED)
    attributes = der.encode(0xA0, b"")
    right = der.encode(0x81, b"\0" + key.public_key().public_bytes_raw())
    for more in ([], [attributes], [right], [attributes, right]):
        assert numbers(private_file.unlock(ed25519_pkcs8(*more))) == SEED
    wrong = der.encode(0x81, bytes(33))
    for more in ([wrong], [attributes, wrong]):
        with pytest.raises(HalvesDisagree):
            private_file.examine(ed25519_pkcs8(*more))


def test_a_seed_that_is_not_32_bytes_is_refused() -> None:
    for seed in (b"", SEED[:-1], SEED + b"x"):
        assert "damaged" in str(refused(ed25519_pkcs8(seed=seed)))


# What is not taken -----------------------------------------------------------------------------


@pytest.mark.parametrize("form", [["-traditional"], []], ids=["PKCS1", "PKCS8"])
def test_an_rsa_key_of_three_primes_is_refused_as_such(form: list[str], run: Run) -> None:
    data = run("openssl", "genrsa", *form, "-primes", "3", "2048").stdout
    error = refused(data)
    assert isinstance(error, UnsupportedKey)
    assert "more than two primes" in str(error)


@pytest.mark.long
@each_row(
    ("options", "key_type"),
    [
        (["-t", "ecdsa"], "ECDSA"),
        (["-t", "ecdsa", "-m", "PEM"], "ECDSA"),
        (["-t", "ecdsa", "-m", "PKCS8"], "ECDSA"),
        (["-t", "dsa"], "DSA"),
        (["-t", "dsa", "-m", "PEM"], "DSA"),
        (["-t", "dsa", "-m", "PKCS8"], "DSA"),
        (["-t", "ecdsa", "-N", "a passphrase"], "ECDSA"),
    ],
)
def test_a_key_of_another_type_is_named(
    options: Sequence[str], key_type: str, tmp_path: Path, run: Run
) -> None:
    path = tmp_path / "key"
    run("ssh-keygen", "-q", "-N", "", "-f", path, *options)
    for read in (private_file.unlock, private_file.examine):
        with pytest.raises(UnsupportedKey, match=rf"type {key_type},") as caught:
            read(path.read_bytes())
        assert caught.value.key_type == key_type


@pytest.mark.parametrize("kind", ["ecdsa", "ed448"])  # a DSA key takes five seconds to make
def test_a_ppk_of_another_type_is_named(kind: str, tmp_path: Path, run: Run) -> None:
    path, nothing = tmp_path / "key.ppk", tmp_path / "nothing"
    nothing.touch()
    run(
        "puttygen",
        "-t",
        kind,
        "-o",
        path,
        "--new-passphrase",
        nothing,
        "--random-device",
        "/dev/urandom",
    )
    with pytest.raises(UnsupportedKey, match=kind.upper()):
        private_file.examine(path.read_bytes())


@each_row(
    ("data", "word"),
    [
        (b"-----BEGIN PGP PRIVATE KEY BLOCK-----\n", "OpenPGP"),
        (b"SSH PRIVATE KEY FILE FORMAT 1.1\n\0\0\0", "SSH-1"),
        (b"AGE-SECRET-KEY-1QQQQ\n", "age"),
        (b"---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\n", "puttygen"),
        (b"PuTTY-User-Key-File-1: ssh-rsa\n", "version"),
        (b"PuTTY-User-Key-File-4: ssh-rsa\n", "version"),
        (b"Here it is:\nPuTTY-User-Key-File-2: ssh-rsa\n", "in front"),
        (b"-----BEGIN ANY PRIVATE KEY-----\nMAAA\n-----END ANY PRIVATE KEY-----\n", "BEGIN"),
    ],
)
def test_other_private_keys_are_seen_to_be_private_and_named(data: bytes, word: str) -> None:
    assert private_file.looks_private(data)
    assert word in str(refused(data))


@each_row(
    "data",
    [b"", b"\n", b"ssh-ed25519 AAAA\n", b"\0" * 99, "Schlüssel".encode(), b"-----BEGIN RSA PUBLIC"],
)
def test_what_is_no_private_key_does_not_look_like_one(data: bytes) -> None:
    assert not private_file.looks_private(data)
    assert "no private key" in str(refused(data))


@pytest.mark.long
def test_a_cipher_that_is_not_read_is_said_to_be_so(
    maker: Maker, rsa_keys: Sequence[RSAPrivateKey]
) -> None:
    old = maker.openssl(rsa_keys[0], *TRADITIONAL, "-camellia192")
    rare = maker.ssh_keygen(rsa_keys[0], "-Z", "chacha20-poly1305@openssh.com", encrypted=True)
    for data, name in ((old, "CAMELLIA-192-CBC"), (rare, "chacha20-poly1305")):
        obstacle = str(refused(data, PASSPHRASE))
        assert f"with the cipher {name}, which is not read" in obstacle
        assert "convert it with " in obstacle
        found = private_file.examine(data)
        assert (found.encrypted, found.obstacle) == (True, obstacle)
    # The public half of an OpenSSH container stands in the clear, whatever the cipher.
    assert private_file.examine(rare).public_key == convert.public_key(rsa_keys[0])


def test_two_keys_in_one_file_are_refused(make: Callable[[str], Sample]) -> None:
    data = make("rsa ssh-keygen PEM").data
    assert "more than one" in str(refused(data + data))
    assert "NUL" in str(refused(data.decode().encode("utf-16")))


# Hostile files ---------------------------------------------------------------------------------


def test_a_huge_file_is_refused_unread() -> None:
    assert "64 KiB" in str(refused(b"-----BEGIN RSA PRIVATE KEY-----\n" * 10_000))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("Memory", 104_857_600),
        ("Memory", 4_294_967_295),
        ("Memory", 0),
        ("Memory", 15),
        ("Passes", 0),
        ("Passes", 999_999_999),
        ("Passes", 10_000),
        ("Parallelism", 0),
        ("Parallelism", 100_000),
    ],
)
def test_absurd_argon2_numbers_are_refused_at_once(
    field: str, value: int, make: Callable[[str], Sample]
) -> None:
    data = make("ed25519 puttygen 3 argon2id").data
    pattern = rf"Argon2-{field}: \d+".encode()
    assert re.search(pattern, data)
    absurd = re.sub(pattern, f"Argon2-{field}: {value}".encode(), data)
    assert "Argon2" in str(refused(absurd, PASSPHRASE))


def test_a_kind_of_argon2_that_an_older_library_lacks_is_said_to_be_so(
    make: Callable[[str], Sample], monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.keys.encoding import ciphers

    data = make("ed25519 puttygen 3 argon2d").data
    monkeypatch.delattr(ciphers.argon2, "Argon2d", raising=False)
    error = refused(data, PASSPHRASE)
    assert isinstance(error, NotRead)
    assert "this kind of Argon2 is not read here, so save it anew with puttygen" in str(error)


def test_absurd_bcrypt_rounds_are_refused_at_once(make: Callable[[str], Sample]) -> None:
    block = armour.parse(make("ed25519 ssh-keygen aes128-ctr").data)
    start = block.body.index(b"bcrypt") + len(b"bcrypt") + 4 + 4 + 16
    for rounds in (0, 1025, 2**32 - 1):
        body = block.body[:start] + rounds.to_bytes(4) + block.body[start + 4 :]
        error = refused(replace(block, body=body).render(), PASSPHRASE)
        assert not isinstance(error, WrongPassphrase)
        assert "bcrypt" in str(error) or not rounds


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("rsa openssl PKCS8 v2", "02020800", "02047fffffff"),
        ("rsa openssl PKCS8 3DES", "02020800", "02047fffffff"),
        ("rsa openssl PKCS8 scrypt", "02024000", "020440000000"),
    ],
)
def test_absurd_iterations_of_pkcs8_are_refused_at_once(
    name: str, old: str, new: str, make: Callable[[str], Sample]
) -> None:
    block = armour.parse(make(name).data)
    body = patched(block.body, bytes.fromhex(old), bytes.fromhex(new))
    absurd = replace(block, body=body).render()
    assert "too " in str(refused(absurd, PASSPHRASE))
    assert "convert" in private_file.examine(absurd).obstacle


MOST_ITERATIONS = 5_000_000


def iterated(count: int, maker: Maker, keys: Mapping[KeyType, PrivateKey], *how: str) -> bytes:
    return maker.openssl(keys[ED25519], *TOPK8, *how, "-iter", str(count))


@pytest.mark.long
@pytest.mark.parametrize("how", [(), ("-v1", "PBE-SHA1-3DES")])
def test_one_iteration_of_pkcs8_too_many_is_refused_unread(
    how: tuple[str, ...], maker: Maker, keys: Mapping[KeyType, PrivateKey]
) -> None:
    data = iterated(MOST_ITERATIONS + 1, maker, keys, *how)
    assert "too many iterations" in private_file.examine(data).obstacle
    assert isinstance(refused(data, PASSPHRASE), NotRead)


@pytest.mark.long
def test_as_many_iterations_of_pkcs8_as_are_allowed_are_read(
    maker: Maker, keys: Mapping[KeyType, PrivateKey]
) -> None:
    data = iterated(MOST_ITERATIONS, maker, keys)
    assert numbers(private_file.unlock(data, PASSPHRASE)) == numbers(keys[ED25519])


@pytest.mark.parametrize("key_length", ["020100", "020120"])
def test_a_key_length_beside_the_iterations_hides_none_of_them(
    key_length: str, make: Callable[[str], Sample]
) -> None:
    block = armour.parse(make("ed25519 openssl PKCS8 v2").data)
    iterations = bytes.fromhex("02020800")
    for count, few in ((MOST_ITERATIONS, True), (MOST_ITERATIONS + 1, False)):
        more = der.integer(count) + bytes.fromhex(key_length)
        changed = replace(block, body=patched(block.body, iterations, more))
        assert ("too many iterations" in pkcs.parse(changed).obstacle) != few


@pytest.mark.parametrize(
    ("n", "r", "p", "few"), [(2**20, 8, 1, True), (2**20, 8, 2, False), (2**24, 1, 1, False)]
)
def test_the_bound_of_scrypt_is_what_its_numbers_come_to_together(
    n: int, r: int, p: int, few: bool, make: Callable[[str], Sample]
) -> None:
    block = armour.parse(make("rsa openssl PKCS8 scrypt").data)
    old = der.integer(2**14) + der.integer(8) + der.integer(1)
    new = der.integer(n) + der.integer(r) + der.integer(p)
    changed = replace(block, body=patched(block.body, old, new))
    assert ("too much of scrypt" in pkcs.parse(changed).obstacle) != few


@pytest.mark.parametrize("new", ["02024001", "02020000", "02020001", "0202ffff", "02027fff"])
def test_impossible_numbers_of_scrypt_are_refused(new: str, make: Callable[[str], Sample]) -> None:
    block = armour.parse(make("rsa openssl PKCS8 scrypt").data)
    body = patched(block.body, bytes.fromhex("02024000"), bytes.fromhex(new))
    refused(replace(block, body=body).render(), PASSPHRASE)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("rsa openssl PKCS8 v2", "02020800", "020100"),
        ("rsa openssl PKCS8 3DES", "02020800", "020100"),
        ("rsa openssl PKCS8 scrypt", "02024000", "04024000"),
    ],
    ids=["no iteration", "no iteration of 3DES", "a text for a number of scrypt"],
)
def test_impossible_parameters_of_pkcs8_are_refused(
    name: str, old: str, new: str, make: Callable[[str], Sample]
) -> None:
    block = armour.parse(make(name).data)
    body = patched(block.body, bytes.fromhex(old), bytes.fromhex(new))
    damaged = replace(block, body=body).render()
    assert "what it says of its encryption is damaged" in str(refused(damaged, PASSPHRASE))


def test_an_iv_of_pkcs8_that_is_too_short_is_refused(make: Callable[[str], Sample]) -> None:
    block = armour.parse(make("rsa openssl PKCS8 v2").data)
    aes_256_cbc = der.object_identifier("2.16.840.1.101.3.4.1.42")
    start = block.body.index(aes_256_cbc) + len(aes_256_cbc)
    iv = block.body[start : start + 18]
    assert iv.startswith(b"\x04\x10")
    body = patched(block.body, iv, der.octet_string(iv[2:-1]))
    damaged = replace(block, body=body).render()
    assert "what it says of its encryption is damaged" in str(refused(damaged, PASSPHRASE))


def patched(data: bytes, old: bytes, new: bytes) -> bytes:
    """Replace a number in DER, and correct the lengths of the sequences around it."""
    place = data.index(old)
    grown = len(new) - len(old)
    body = bytearray(data.replace(old, new, 1))
    position = 0
    while position < place:
        tag, length, head = body[position], body[position + 1], 2
        if length >= 0x80:
            head += length & 0x7F
            length = int.from_bytes(body[position + 2 : position + head])
        if tag == 0x30 and position + head + length >= place + len(old):
            size = max(head - 2, 1)
            first = position + (2 if head > 2 else 1)
            body[first : first + size] = (length + grown).to_bytes(size)
            position += head
        else:
            position += head + length
    return bytes(body)


@pytest.mark.parametrize("iv", [b"", b"00", b"0" * 30, b"0" * 33, b"Z" * 32])
def test_an_impossible_iv_in_a_dek_info_line_is_refused(
    iv: bytes, make: Callable[[str], Sample]
) -> None:
    data = make("rsa openssl PKCS1 AES-128").data
    damaged = re.sub(rb"CBC,[0-9A-F]+", b"CBC," + iv, data)
    assert "DEK-Info" in str(refused(damaged, PASSPHRASE))


FUZZED = [
    "rsa ssh-keygen PEM",
    "rsa openssl PKCS1 AES-128",
    "rsa openssl PKCS8",
    "ed25519 openssl PKCS8 v2",
    "ed25519 ssh-keygen",
    "ed25519 ssh-keygen aes256-gcm@openssh.com",
    "ed25519 puttygen 2 encrypted",
    "ed25519 puttygen 3",
    "ed25519 puttygen 3 argon2d",
]


@pytest.mark.long
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(data=st.data())
@pytest.mark.parametrize("name", FUZZED)
def test_nothing_but_an_encoding_error_comes_of_a_mutated_file(
    name: str, data: st.DataObject, make: Callable[[str], Sample]
) -> None:
    sample = make(name)
    mutated = data.draw(mutations(sample.data))
    attempt(mutated, None if name in SEED_ONLY else sample.key)


@st.composite
def mutations(draw: st.DrawFn, data: bytes) -> bytes:
    """Change a file as text, or the bytes within its armour."""
    block = armour.parse(data) if b"-----BEGIN" in data and draw(st.booleans()) else None
    content = block.body if block else data
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(content)))
        end = min(len(content), start + draw(st.sampled_from([0, 1, 4, 64])))
        piece = draw(st.binary(max_size=6) | st.just(content[start : start + 70]))
        content = content[:start] + piece + content[end:]
    return replace(block, body=content).render() if block else content


def attempt(data: bytes, key: PrivateKey | None) -> None:
    """Read a mutated file; it must be refused or be harmless, unless any key will do."""
    private_file.looks_private(data)

    def opened() -> None:
        found = private_file.unlock(data, PASSPHRASE)
        assert key is None or numbers(found) == numbers(key)

    for read in (
        lambda: private_file.examine(data),
        lambda: private_file.unlock(data),
        opened,
    ):
        try:
            read()
        except EncodingError as error:
            assert re.fullmatch(r"[A-Za-z0-9 ,.-]+", str(error))


@given(
    noise=st.binary(max_size=300),
    start=st.sampled_from(
        [
            b"",
            b"PuTTY-User-Key-File-2: ssh-rsa\nEncryption: none\nComment: ",
            b"PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: aes256-cbc\nComment: x\nPublic-",
        ]
    ),
)
@example(noise=b"\xce\xce\xce\xce\0\0\0", start=b"")  # as a Java key store begins
def test_noise_is_refused(noise: bytes, start: bytes) -> None:
    refused(start + noise, b"x")


@given(
    noise=st.binary(max_size=300),
    label=st.sampled_from(
        [b"OPENSSH PRIVATE KEY", b"RSA PRIVATE KEY", b"PRIVATE KEY", b"ENCRYPTED PRIVATE KEY"]
    ),
    magic=st.booleans(),
)
def test_noise_in_armour_is_refused(noise: bytes, label: bytes, magic: bool) -> None:
    content = b64encode((b"openssh-key-v1\0" if magic else b"") + noise)
    refused(b"-----BEGIN %b-----\n%b\n-----END %b-----\n" % (label, content, label), b"x")


@pytest.mark.long
def test_deep_and_endless_der_is_refused() -> None:
    body = b""
    while len(body) < 40_000:
        size = len(body)
        length = size.to_bytes((size.bit_length() + 7) // 8)
        body = bytes([0x30, 0x80 | len(length)]) + length + body if size else b"\x30\0"
    for content in (body, b"\x02\0" * 20_000, b"\x30\x80" * 20_000):
        for label in ("ENCRYPTED PRIVATE KEY", "PRIVATE KEY", "RSA PRIVATE KEY"):
            refused(armour.Armour(label, {}, content).render(), b"x")


def test_an_even_modulus_and_a_number_of_zero_are_refused() -> None:
    for e, n, d in ((3, 2**1024, 5), (0, 15, 3), (3, 15, 0)):
        public_blob = string(b"ssh-rsa") + string(e.to_bytes(1)) + mpint(n)
        section = bytes(8) + string(b"ssh-rsa") + mpint(n) + mpint(e) + mpint(d) + mpint(1) * 3
        section += string(b"") + bytes(range(1, -(len(section) + 4) % 8 + 1))
        outer = string(b"none") * 2 + string(b"") + b"\0\0\0\1"
        body = b"openssh-key-v1\0" + outer + string(public_blob) + string(section)
        refused(armour.Armour("OPENSSH PRIVATE KEY", {}, body).render())
