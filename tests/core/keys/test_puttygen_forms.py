"""Every form in which puttygen itself writes a key that it made: read, or refused with the reason.

Nothing here was written by this program, so that no mistake can be made twice.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfile

import pytest

from core.keys import EncodingError, convert
from core.keys.reading import private_file
from core.keys.reading.private_file import FileKind, NotRead, UnsupportedKey, WrongPassphrase
from core.model import KeyFormat
from tests.helpers import Run

PASSPHRASE = "clasp yearly ü".encode()
COMMENT = "web-1 of Ü"

RANDOM = ("--random-device", "/dev/urandom")
SMALL = "memory=64,passes=1"
"""So little work that a file can be tried hundreds of times."""


@dataclass(frozen=True)
class Key:
    """A key that puttygen made, as a PPK without a passphrase, and its public key as a line."""

    path: Path
    line: str


class Puttygen:
    """Makes keys, each kind once, and writes them in its forms."""

    def __init__(self, folder: Path, run: Run) -> None:
        self._run = run
        self._made: dict[tuple[str, ...], Key] = {}
        self._folder = folder
        self.secret, self.nothing = folder / "secret", folder / "nothing"
        self.secret.write_bytes(PASSPHRASE)
        self.nothing.touch()

    def key(self, *kind: str) -> Key:
        if kind not in self._made:
            path = self._folder / f"{len(self._made)}.ppk"
            if kind in STORED:
                copyfile(STORED[kind], path)
            else:
                options = ("-C", COMMENT, "--new-passphrase", self.nothing, *RANDOM)
                self._run("puttygen", "-q", "-t", *kind, *options, "-o", path)
            line = self._run("puttygen", "-L", path).stdout.decode()
            self._made[kind] = Key(path, " ".join(line.split()[:2]))
        return self._made[kind]

    def write(self, key: Key, *options: str | Path, encrypted: bool) -> bytes:
        out = self._folder / "out"
        out.unlink(missing_ok=True)
        # Asked for even where there is none: else it finds that nothing is to be done.
        secret = ["-P", "--new-passphrase", self.secret if encrypted else self.nothing]
        self._run("puttygen", key.path, *options, *secret, "-o", out)
        return out.read_bytes()


@pytest.fixture(scope="module")
def puttygen(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Puttygen:
    return Puttygen(tmp_path_factory.mktemp("puttygen"), run)


def ppk(parameters: str) -> tuple[str, ...]:
    return "-O", "private", "--ppk-param", parameters


KINDS = {
    "rsa": ("rsa", "-b", "2048"),
    "strong rsa": ("rsa", "-b", "2048", "--strong-rsa"),
    "odd rsa": ("rsa", "-b", "2047"),
    "small rsa": ("rsa", "-b", "1024"),
    "large rsa": ("rsa", "-b", "4096"),
    "ed25519": ("ed25519",),
    "eddsa": ("eddsa", "-b", "255"),
}

STORED = {
    KINDS[kind]: Path(__file__).parents[2]
    / "vectors"
    / "puttygen"
    / f"{kind.replace(' ', '-')}.ppk"
    for kind in ("strong rsa", "odd rsa", "large rsa")
}
"""Keys that puttygen 0.78 made, as it takes up to ten seconds to find the primes of each."""

FORMS = {
    "2": (ppk("version=2"), FileKind.PPK2),
    "3": (ppk("version=3"), FileKind.PPK3),
    "openssh": (("-O", "private-openssh"), FileKind.OPENSSH),
    "openssh new": (("-O", "private-openssh-new"), FileKind.OPENSSH),
}
ENCRYPTED_FORMS = FORMS | {
    f"3 {kdf} {parameters}": (ppk(f"version=3,kdf={kdf},{parameters}"), FileKind.PPK3)
    for kdf in ("argon2id", "argon2i", "argon2d")
    for parameters in (
        SMALL,
        "memory=8192,time=20",
        "memory=1024,passes=21,parallelism=4",
        "memory=65536,passes=2",
    )
}
CASES = [
    (kind, form, encrypted)
    for encrypted, forms in ((False, FORMS), (True, ENCRYPTED_FORMS))
    for kind in KINDS
    for form in forms
]


def is_quick(kind: str, form: str, encrypted: bool) -> bool:
    """Return whether a case is one of those of the plain run, which stand for the others."""
    return kind in ("rsa", "ed25519") and (not encrypted or form == "2" or form.endswith(SMALL))


def case(kind: str, form: str, encrypted: bool) -> object:
    marks = () if is_quick(kind, form, encrypted) else (pytest.mark.long,)
    name = f"{kind}, {form}{', encrypted' if encrypted else ''}"
    return pytest.param(kind, form, encrypted, marks=marks, id=name)


@pytest.mark.parametrize(("kind", "form", "encrypted"), [case(*each) for each in CASES])
def test_it_is_read_and_signs_as_the_key_that_puttygen_shows(
    kind: str,
    form: str,
    encrypted: bool,
    puttygen: Puttygen,
    signs_for: Callable[[Path, str], bool],
    tmp_path: Path,
) -> None:
    key = puttygen.key(*KINDS[kind])
    options, container = ENCRYPTED_FORMS[form]
    data = puttygen.write(key, *options, encrypted=encrypted)
    if kind.endswith("rsa") and form == "openssh":
        container = FileKind.PKCS1  # in which nothing is seen without the passphrase
    found = private_file.examine(data)
    assert (found.container, found.encrypted) == (container, encrypted)
    seen = container is not FileKind.PKCS1 or not encrypted
    assert (found.public_key.line if found.public_key else None) == (key.line if seen else None)
    if container in (FileKind.PPK2, FileKind.PPK3):
        assert found.comment == COMMENT
    if encrypted:
        for wrong in (None, PASSPHRASE.upper()):
            with pytest.raises(WrongPassphrase):
                private_file.unlock(data, wrong)
    private_key = private_file.unlock(data, PASSPHRASE if encrypted else None)
    path = tmp_path / "key"
    path.touch(0o600)
    path.write_bytes(convert.encode(private_key, KeyFormat.PEM, ""))
    assert signs_for(path, key.line)


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("encrypted", [False, True])
@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_a_certificate_in_the_public_half_is_of_the_key(
    kind: str, encrypted: bool, version: int, puttygen: Puttygen, run: Run, tmp_path: Path
) -> None:
    key = puttygen.key(*KINDS[kind])
    certificate = certified(key, run, tmp_path)
    options = ppk(f"version={version},{SMALL}")
    data = puttygen.write(key, *options, "--certificate", certificate, encrypted=encrypted)
    assert b"-cert-v01@openssh.com" in data.partition(b"\n")[0]
    found = private_file.examine(data)
    assert found.public_key is not None
    assert found.public_key.line == key.line
    private_key = private_file.unlock(data, PASSPHRASE if encrypted else None)
    assert convert.public_key(private_key).line == key.line


def certified(key: Key, run: Run, folder: Path) -> Path:
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "ca")
    (folder / "key.pub").write_text(f"{key.line}\n")
    run("ssh-keygen", "-q", "-s", folder / "ca", "-I", "x", "-n", "x", folder / "key.pub")
    return folder / "key-cert.pub"


def test_a_certificate_that_is_not_whole_is_refused(
    puttygen: Puttygen, run: Run, tmp_path: Path
) -> None:
    key = puttygen.key("ed25519")
    options = ppk("version=3")
    certificate = certified(key, run, tmp_path)
    rows = puttygen.write(key, *options, "--certificate", certificate, encrypted=False).splitlines(
        keepends=True
    )
    count = int(rows[3].split()[1])
    for number in range(4, 4 + count):
        short = [*rows[:3], b"Public-Lines: %d\n" % (count - 1), *rows[4:number]]
        with pytest.raises(EncodingError):
            private_file.examine(b"".join([*short, *rows[number + 1 :]]))


@pytest.mark.parametrize("encrypted", [False, True])
def test_the_export_for_ssh_com_is_refused_with_the_way_out(
    encrypted: bool, puttygen: Puttygen
) -> None:
    data = puttygen.write(puttygen.key(*KINDS["rsa"]), "-O", "private-sshcom", encrypted=encrypted)
    assert private_file.looks_private(data)
    for read in (private_file.examine, private_file.unlock):
        with pytest.raises(NotRead, match="convert it with puttygen FILE -O private-openssh"):
            read(data)


@pytest.mark.long
@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (("ecdsa", "-b", "256"), "ECDSA"),
        (("ed448",), "ED448"),
        (("dsa", "-b", "1024"), "DSA"),
        (("rsa1", "-b", "1024"), "SSH-1"),
    ],
)
@pytest.mark.parametrize("encrypted", [False, True])
def test_a_key_of_another_type_is_named(
    kind: tuple[str, ...], name: str, encrypted: bool, puttygen: Puttygen, tmp_path: Path, run: Run
) -> None:
    path = tmp_path / "key"
    secret = puttygen.secret if encrypted else puttygen.nothing
    run("puttygen", "-q", "-t", *kind, "--new-passphrase", secret, *RANDOM, "-o", path)
    data = path.read_bytes()
    assert private_file.looks_private(data)
    for read in (private_file.examine, private_file.unlock):
        with pytest.raises(UnsupportedKey, match=rf"type {name},"):
            read(data)


@pytest.mark.parametrize("encrypted", [False, True])
@pytest.mark.parametrize("version", [2, 3])
def test_a_flipped_bit_anywhere_is_refused_or_harmless(
    version: int, encrypted: bool, puttygen: Puttygen
) -> None:
    key = puttygen.key("ed25519")
    data = puttygen.write(key, *ppk(f"version={version},{SMALL}"), encrypted=encrypted)
    passphrase = PASSPHRASE if encrypted else None
    accepted = []
    for place in range(len(data)):
        damaged = bytearray(data)
        damaged[place] ^= 1 << place % 7
        if bytes(damaged).lower() == data.lower() and b"-Salt: " in data[place - 50 : place]:
            continue  # the same in capitals, which puttygen takes as well
        try:
            private_key = private_file.unlock(bytes(damaged), passphrase)
        except EncodingError:
            continue
        accepted.append(place)
        assert convert.public_key(private_key).line == key.line
    # The last newline need not be there, nor be one.
    assert accepted in ([], [len(data) - 1])
