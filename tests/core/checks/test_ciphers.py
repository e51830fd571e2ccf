"""Every cipher, key derivation and container that the tools can write: what is said without the
passphrase, and with it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.checks import look_up
from core.checks.answers import Found
from core.keys import EncodingError, NotRead, WrongPassphrase, convert
from core.keys.reading import private_file
from core.secret import Passphrase
from core.session import Session
from core.store.region_store import RegionStore
from tests.core.checks.key_files import PASSPHRASE, Workshop
from tests.helpers import Run, session_over

_LEGACY = ("-provider", "legacy", "-provider", "default")
_SECRET = f"pass:{PASSPHRASE}"
_PLAIN_RUN = frozenset(
    {
        *("aes256-ctr", "chacha20-poly1305@openssh.com", "-v2 AES-256-CBC", "-v2 CAMELLIA-128-CBC"),
        *("-v2 AES-128-OFB", "-v1 PBE-SHA1-3DES", "-v1 PBE-MD5-DES", "-traditional AES-192-CBC"),
        *("-v2prf hmacWithSHA512", "-v2prf hmacWithSHA512-256", "-scrypt", "version=3,kdf=argon2d"),
        *("-traditional CAMELLIA-256-CBC", "-traditional SEED-CBC", "version=2"),
    }
)
"""The part that the plain run tries; the long one tries all."""


@pytest.fixture(scope="module")
def workshop(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """Return the place where the files are made."""
    return Workshop(tmp_path_factory.mktemp("workshop"), run)


@pytest.fixture(scope="module")
def pairs(workshop: Workshop, tmp_path_factory: pytest.TempPathFactory) -> Session:
    """Return a session that has the pairs `rsa` and `ed`."""
    session = session_over(RegionStore(tmp_path_factory.mktemp("data"), "us-east-1"))
    for name in ("rsa", "ed"):
        session.backend.import_key_pair(
            key_name=name, public_key_material=workshop.line(name), tag_specifications=()
        )
    return session


def by_ssh_keygen(each: Workshop) -> Iterator[tuple[str, str]]:
    """Yield the name of each way, and of the key that is written."""
    for cipher in each.run("ssh", "-Q", "cipher").stdout.decode().split():
        yield cipher, "ed"


def made_by_ssh_keygen(each: Workshop, cipher: str, path: Path) -> bool:
    path.write_bytes(each.rewritten("ed", "-N", PASSPHRASE, "-Z", cipher, "-a", "1"))
    path.chmod(0o600)
    each.run("ssh-keygen", "-y", "-P", PASSPHRASE, "-f", path)  # so it is a file of ssh-keygen's
    return True


def by_openssl(each: Workshop) -> Iterator[tuple[str, str]]:
    listed = each.openssl("list", "-1", "-cipher-algorithms", *_LEGACY).decode().split()
    ciphers = sorted({name for name in listed if name.isupper() or name[0].isupper()})
    for cipher in ciphers:
        yield f"-v2 {cipher}", "rsa"
        yield f"-traditional {cipher}", "rsa"
    for digest in ("MD2", "MD5", "SHA1"):
        for old in ("DES", "RC2-64"):
            yield f"-v1 PBE-{digest}-{old}", "rsa"
    for old in ("RC4-128", "RC4-40", "3DES", "2DES", "RC2-128", "RC2-40"):
        yield f"-v1 PBE-SHA1-{old}", "rsa"
    for bits in ("SHA1", "SHA224", "SHA256", "SHA384", "SHA512", "SHA512-224", "SHA512-256", "MD5"):
        yield f"-v2prf hmacWith{bits}", "rsa"
    yield "-scrypt", "rsa"


def made_by_openssl(each: Workshop, way: str, path: Path) -> bool:
    """Return whether openssl can write it, and read what it wrote."""
    option, _, value = way.partition(" ")
    if option == "-traditional":
        made = ["rsa", "-traditional", f"-{value}"]
    else:
        made = ["pkcs8", "-topk8", *way.split()]
    path.unlink(missing_ok=True)
    given = ["-in", each.path("rsa.pem"), "-passout", _SECRET, "-out", path, *_LEGACY]
    if each.run("openssl", *made, *given, status=None).returncode:
        return False
    read = ["pkey", "-in", path, "-passin", _SECRET, "-noout", *_LEGACY]
    return each.run("openssl", *read, status=None).returncode == 0


def by_puttygen(_: Workshop) -> Iterator[tuple[str, str]]:
    yield "version=2", "rsa"
    for kdf in ("argon2id", "argon2i", "argon2d"):
        yield f"version=3,kdf={kdf}", "rsa"


def made_by_puttygen(each: Workshop, way: str, path: Path) -> bool:
    more = ",passes=1,memory=64" if "kdf" in way else ""
    path.write_bytes(each.ppk("rsa", way + more, encrypted=True))
    return True


TOOLS = {
    "ssh-keygen": (by_ssh_keygen, made_by_ssh_keygen, 10),
    "openssl": (by_openssl, made_by_openssl, 60),
    "puttygen": (by_puttygen, made_by_puttygen, 4),
}


def wrongly_told(path: Path, pairs: Session, key: str, line: str) -> str:
    """Return what is wrong with what is said of an encrypted file, or nothing."""
    asked: list[str] = []

    def ask(file: str) -> Passphrase:
        asked.append(file)
        return Passphrase(PASSPHRASE)

    (without,) = look_up.finder(pairs).look(str(path))
    (with_it,) = look_up.finder(pairs, ask).look(str(path))
    data = path.read_bytes()
    obstacle = private_file.examine(data).obstacle
    try:
        opened = convert.public_key(private_file.unlock(data, PASSPHRASE.encode())).line == line
    except WrongPassphrase:
        return "the right passphrase is called wrong"
    except NotRead as error:
        opened = False
        if not obstacle or str(error) != obstacle:
            return f"it is not said before that it is not read: {error}"
        if "unknown" in obstacle:
            return f"what it is encrypted with is not named: {obstacle}"
    except EncodingError as error:
        return f"called damaged: {error}"
    if opened == bool(obstacle):
        return f"opened: {opened}, though said: {obstacle!r}"
    if _known(without) == [key]:
        return "" if not asked else "a passphrase was asked for in vain"
    if opened and (without.standing.value, _known(with_it)) != ("needs-passphrase", [key]):
        return f"{without.standing} without, {with_it.standing} {_known(with_it)} with it"
    if not opened and (asked or without.standing.value != "unsupported"):
        return f"{without.standing}, asked: {bool(asked)}"
    return ""


def _known(found: Found) -> list[str]:
    return [match.key_pair.key_name for match in found.matches]


@pytest.mark.long
@pytest.mark.parametrize("program", TOOLS)
def test_some_ways_to_encrypt_are_told_right(
    program: str, workshop: Workshop, pairs: Session, tmp_path: Path
) -> None:
    assert told_wrong(program, workshop, pairs, tmp_path, _PLAIN_RUN)[0] == {}


@pytest.mark.long
@pytest.mark.parametrize("program", TOOLS)
def test_every_way_to_encrypt_is_told_right(
    program: str, workshop: Workshop, pairs: Session, tmp_path: Path
) -> None:
    wrong, made = told_wrong(program, workshop, pairs, tmp_path, None)
    assert wrong == {}
    assert made >= TOOLS[program][2]


def told_wrong(
    program: str, each: Workshop, pairs: Session, folder: Path, only: frozenset[str] | None
) -> tuple[dict[str, str], int]:
    """Return what is told wrong of which way, and how many ways the tool could write."""
    ways, make, _ = TOOLS[program]
    wrong, made = {}, 0
    for way, key in ways(each):
        if only is not None and way not in only:
            continue
        if make(each, way, folder / "key"):
            made += 1
            if problem := wrongly_told(folder / "key", pairs, key, each.line(key)):
                wrong[way] = problem
    assert made
    return wrong, made
