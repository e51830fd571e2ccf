import hashlib
import hmac
from base64 import b64encode
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from core.keys import EncodingError, keygen, pem, ppk
from core.keys import convert as private
from core.keys.encoding.sshwire import Reader, mpint, string
from core.model import KeyFormat, KeyType
from tests.each_row import each_row
from tests.helpers import Run

NO_PASSPHRASE = ("--new-passphrase", "/dev/null")

SEEDS = {
    "first byte 00": bytes([0x00, *range(1, 32)]),
    "first bytes 00 and 80": bytes([0x00, 0x80, *range(2, 32)]),
    "first byte 7f": bytes([0x7F, *range(1, 32)]),
    "first byte 80": bytes([0x80, *range(1, 32)]),
    "first byte ff": bytes([0xFF, *range(1, 32)]),
    "ends in a zero": bytes([0x41, *range(1, 31), 0]),
    "ends in zeros": bytes([0x41, *range(1, 24), *bytes(8)]),
    "all zero": bytes(32),
}


@pytest.fixture
def converted(tmp_path: Path, run: Run) -> Callable[[bytes], Path]:
    """Return the file that puttygen makes of a PPK: it has to load the private half for that."""

    def convert(data: bytes) -> Path:
        ppk_file, openssh_file = tmp_path / "key.ppk", tmp_path / "key"
        ppk_file.write_bytes(data)
        openssh_file.unlink(missing_ok=True)
        run("puttygen", ppk_file, "-O", "private-openssh", "-o", openssh_file, *NO_PASSPHRASE)
        return openssh_file

    return convert


def encoded(key: keygen.PrivateKey, comment: str = "web-1") -> bytes:
    return ppk.encode(key, private.public_key(key), comment)


def sections(data: bytes) -> dict[str, str]:
    """Return the headers of a PPK, with the base64 of a blob under the name of its count."""
    found = {}
    lines = iter(data.decode().split("\n"))
    for line in lines:
        name, _, value = line.partition(": ")
        found[name] = value
        if name.endswith("-Lines"):
            found[name] = "\n".join(next(lines) for _ in range(int(value)))
    return found


def built(
    algorithm: bytes, public_blob: bytes, private_blob: bytes, comment: bytes = b"x"
) -> bytes:
    """Return a PPK with these blobs and the MAC over them, written by the rules of its manual."""
    mac_key = hashlib.sha1(b"putty-private-key-file-mac-key").digest()
    fields = (algorithm, b"none", comment, public_blob, private_blob)
    mac = hmac.new(mac_key, b"".join(map(string, fields)), "sha1").hexdigest().encode()
    lines = [b"PuTTY-User-Key-File-2: " + algorithm, b"Encryption: none", b"Comment: " + comment]
    for title, blob in ((b"Public", public_blob), (b"Private", private_blob)):
        text = b64encode(blob)
        rows = [text[start : start + 64] for start in range(0, len(text), 64)]
        lines += [title + b"-Lines: %d" % len(rows), *rows]
    return b"\n".join([*lines, b"Private-MAC: " + mac, b""])


def built_ed25519(point: bytes, private_blob: bytes) -> bytes:
    return built(b"ssh-ed25519", string(b"ssh-ed25519") + string(point), private_blob)


def built_rsa(e: int, n: int, *private_numbers: int) -> bytes:
    public_blob = string(b"ssh-rsa") + mpint(e) + mpint(n)
    return built(b"ssh-rsa", public_blob, b"".join(map(mpint, private_numbers)))


def test_the_layout_is_the_one_of_version_2_without_encryption(key: keygen.PrivateKey) -> None:
    algorithm = "ssh-rsa" if isinstance(key, RSAPrivateKey) else "ssh-ed25519"
    text = encoded(key).decode()
    lines = text.split("\n")
    assert lines[:3] == [
        f"PuTTY-User-Key-File-2: {algorithm}",
        "Encryption: none",
        "Comment: web-1",
    ]
    assert list(sections(encoded(key))) == [
        "PuTTY-User-Key-File-2",
        "Encryption",
        "Comment",
        "Public-Lines",
        "Private-Lines",
        "Private-MAC",
        "",
    ]
    assert "\r" not in text
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


def test_base64_lines_are_64_wide(key: keygen.PrivateKey) -> None:
    for name in ("Public-Lines", "Private-Lines"):
        *full, last = sections(encoded(key))[name].split("\n")
        assert {len(line) for line in full} <= {64}
        assert 1 <= len(last) <= 64


def test_it_is_what_the_manual_says_byte_for_byte(rsa_key: RSAPrivateKey) -> None:
    numbers = rsa_key.private_numbers()
    assert encoded(rsa_key, "x") == built_rsa(
        65537, numbers.public_numbers.n, numbers.d, numbers.p, numbers.q, numbers.iqmp
    )
    assert numbers.p > numbers.q
    assert numbers.iqmp == pow(numbers.q, -1, numbers.p)


@each_row("seed", SEEDS.values(), ids=SEEDS)
def test_the_private_half_of_ed25519_is_the_seed_in_32_bytes(seed: bytes) -> None:
    key = Ed25519PrivateKey.from_private_bytes(seed)
    point = key.public_key().public_bytes_raw()
    assert encoded(key, "x") == built_ed25519(point, b"\0\0\0\x20" + seed)
    decoded = private.decode(encoded(key))
    assert isinstance(decoded, Ed25519PrivateKey)
    assert decoded.private_bytes_raw() == seed


@pytest.mark.parametrize("seed", SEEDS.values(), ids=SEEDS)
def test_ssh_keygen_signs_with_what_puttygen_makes_of_it(
    seed: bytes, converted: Callable[[bytes], Path], signs_for: Callable[[Path, str], bool]
) -> None:
    key = Ed25519PrivateKey.from_private_bytes(seed)
    assert signs_for(converted(encoded(key)), private.public_key(key).line)


@pytest.mark.long
def test_eight_new_keys_sign(
    converted: Callable[[bytes], Path], signs_for: Callable[[Path, str], bool]
) -> None:
    for _ in range(8):
        created_key_signs(converted, signs_for)


@pytest.mark.long
def test_a_hundred_new_keys_sign(
    converted: Callable[[bytes], Path], signs_for: Callable[[Path, str], bool]
) -> None:
    for _ in range(100):
        created_key_signs(converted, signs_for)


def created_key_signs(
    converted: Callable[[bytes], Path], signs_for: Callable[[Path, str], bool]
) -> None:
    key = keygen.generate(KeyType.ED25519)
    data = private.encode(key, KeyFormat.PPK, "web-1")
    # The seed in the message is of a key that nothing but this test ever had.
    assert signs_for(converted(data), private.public_key(key).line), data


def test_a_private_half_of_another_key_does_not_sign(
    converted: Callable[[bytes], Path], signs_for: Callable[[Path, str], bool]
) -> None:
    key, other = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    point = key.public_key().public_bytes_raw()
    mixed = built_ed25519(point, string(other.private_bytes_raw()))
    # puttygen converts it without complaint, so the signature is the proof and not its exit status.
    assert not signs_for(converted(mixed), private.public_key(key).line)


def test_puttygen_makes_the_same_rsa_key_of_it(
    rsa_key: RSAPrivateKey,
    converted: Callable[[bytes], Path],
    signs_for: Callable[[Path, str], bool],
) -> None:
    openssh_file = converted(encoded(rsa_key))
    assert openssh_file.read_bytes() == pem.encode(rsa_key)
    assert signs_for(openssh_file, private.public_key(rsa_key).line)


@pytest.mark.parametrize("comment", ["web-1", "", "two words", " outer ", "a: b", "x" * 255])
def test_puttygen_finds_the_comment_and_the_public_key(
    comment: str, key: keygen.PrivateKey, tmp_path: Path, run: Run, converted: Callable[..., Path]
) -> None:
    data = encoded(key, comment)
    converted(data)
    listed = run("puttygen", "-L", tmp_path / "key.ppk").stdout.decode().removesuffix("\n")
    assert listed == f"{private.public_key(key).line} {comment}"


@each_row("comment", ["a\nb", "a\rb", "\r\n", "a\n"])
def test_a_comment_with_a_line_break_is_no_comment(comment: str) -> None:
    with pytest.raises(ValueError, match="one line"):
        encoded(Ed25519PrivateKey.generate(), comment)


@pytest.mark.parametrize("place", ["Comment", "Public-Lines", "Private-Lines", "Private-MAC"])
def test_puttygen_and_we_refuse_a_byte_that_was_changed(
    place: str, key: keygen.PrivateKey, tmp_path: Path, run: Run
) -> None:
    text = encoded(key).decode()
    value = sections(text.encode())[place]
    middle = next(n for n in range(len(value) // 2, len(value)) if value[n].isalnum())
    changed = value[:middle] + ("0" if value[middle] != "0" else "1") + value[middle + 1 :]
    assert text.count(value) == 1
    damaged = text.replace(value, changed).encode()
    ppk_file, out = tmp_path / "key.ppk", tmp_path / "out"
    ppk_file.write_bytes(damaged)
    convert = ["-O", "private-openssh", "-o", out, *NO_PASSPHRASE]
    done = run("puttygen", ppk_file, *convert, status=None)
    assert done.returncode != 0
    assert not out.exists()
    with pytest.raises(EncodingError, match="MAC"):
        private.decode(damaged)


def test_an_rsa_key_comes_back_with_all_its_numbers(rsa_key: RSAPrivateKey) -> None:
    decoded = private.decode(encoded(rsa_key))
    assert isinstance(decoded, RSAPrivateKey)
    assert decoded.private_numbers() == rsa_key.private_numbers()


@each_row(
    "change",
    [
        pytest.param(lambda data: data[:-1], id="no final newline"),
        pytest.param(lambda data: data + b"\n", id="two final newlines"),
        pytest.param(lambda data: data.replace(b"\n", b"\r\n"), id="CRLF"),
        pytest.param(lambda data: data + b"junk\n", id="junk behind"),
        pytest.param(lambda data: data + data, id="twice"),
        pytest.param(lambda data: b"\n" + data, id="blank line in front"),
        pytest.param(lambda data: data.replace(b"none", b"none "), id="space behind a value"),
        pytest.param(lambda data: data.replace(b"File-2", b"File-1"), id="version 1"),
        pytest.param(lambda data: data.replace(b"File-2", b"File-3"), id="version 3"),
        pytest.param(lambda data: data.replace(b": none", b": aes256-cbc"), id="encrypted"),
        pytest.param(lambda data: data.replace(b"Public-Lines: ", b"Public-Lines: x"), id="count"),
        pytest.param(lambda data: data.replace(b"Public-Lines: ", b"Public-Lines: -"), id="minus"),
        pytest.param(lambda data: data.replace(b"Public-Lines: ", b"Public-Lines: 99999"), id="9s"),
        pytest.param(lambda data: data.replace(b"Private-Lines: ", b"Private-Lines: 9"), id="more"),
        pytest.param(lambda data: data.replace(b"AAAA", b"AA=A"), id="padding inside"),
        pytest.param(lambda data: data.replace(b"AAAA", b"AA-A"), id="not base64"),
        pytest.param(lambda data: data.replace(b"Private-MAC: ", b"Private-Hash: "), id="hash"),
    ],
)
def test_what_was_not_written_like_this_is_refused(
    change: Callable[[bytes], bytes], key: keygen.PrivateKey
) -> None:
    with pytest.raises(EncodingError):
        private.decode(change(encoded(key)))


@pytest.mark.parametrize("version", ["2", "3"])
@pytest.mark.parametrize("passphrase", [b"", b"a passphrase"], ids=["plain", "encrypted"])
def test_what_puttygen_writes_is_laid_out_like_ours(
    version: str, passphrase: bytes, key: keygen.PrivateKey, tmp_path: Path, run: Run
) -> None:
    ppk_file, out, secret = tmp_path / "key.ppk", tmp_path / "out.ppk", tmp_path / "passphrase"
    ppk_file.write_bytes(encoded(key))
    secret.write_bytes(passphrase)
    options = ["-P", "--new-passphrase", secret, "--ppk-param", f"version={version}"]
    run("puttygen", ppk_file, "-O", "private", "-o", out, *options)
    written = out.read_bytes()
    assert written.startswith(f"PuTTY-User-Key-File-{version}".encode())
    if not passphrase:
        public_key = private.public_key(key)
        assert written == ppk.encode(key, public_key, "web-1", version=int(version))
        private.decode(written)
    else:
        private.decode(written, passphrase)
        with pytest.raises(EncodingError):
            private.decode(written)


def test_ed25519_halves_of_different_keys_are_refused() -> None:
    key, other = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    point = key.public_key().public_bytes_raw()
    private.decode(built_ed25519(point, string(key.private_bytes_raw())))
    with pytest.raises(EncodingError, match="different keys"):
        private.decode(built_ed25519(point, string(other.private_bytes_raw())))


@each_row("size", [0, 31, 33, 64])
def test_an_ed25519_seed_of_another_size_is_refused(size: int) -> None:
    with pytest.raises(EncodingError, match="32 bytes"):
        private.decode(built_ed25519(bytes(32), string(bytes(size))))


@each_row("changed", ["n", "e", "d", "p", "q", "iqmp"])
def test_rsa_numbers_of_different_keys_are_refused(
    changed: str, rsa_keys: Sequence[RSAPrivateKey]
) -> None:
    ours, theirs = (numbers_of(key) for key in rsa_keys)
    theirs["e"] = 3
    private.decode(built_rsa(*ours.values()))
    with pytest.raises(EncodingError):
        private.decode(built_rsa(*(ours | {changed: theirs[changed]}).values()))


def numbers_of(key: RSAPrivateKey) -> dict[str, int]:
    numbers = key.private_numbers()
    public = numbers.public_numbers
    return {"e": public.e, "n": public.n} | {
        name: getattr(numbers, name) for name in ("d", "p", "q", "iqmp")
    }


def test_impossible_rsa_numbers_are_refused(rsa_key: RSAPrivateKey) -> None:
    n = numbers_of(rsa_key)
    carmichael = (n["p"] - 1) * (n["q"] - 1)
    for change in (
        {"p": n["n"], "q": 1, "iqmp": 1},
        {"p": 1, "q": n["n"], "iqmp": 1},
        {"e": 1, "d": 1},
        {"d": n["d"] + carmichael},
        {"iqmp": n["iqmp"] + n["p"]},
        {"p": 0},
        {"d": 0},
        dict.fromkeys(n, 0),
        dict.fromkeys(n, 1),
    ):
        with pytest.raises(EncodingError):
            private.decode(built_rsa(*(n | change).values()))


@each_row(
    ("algorithm", "public_blob", "private_blob"),
    [
        (b"ssh-rsa", b"", b""),
        (b"ssh-rsa", string(b"ssh-ed25519") + string(bytes(32)), string(bytes(32))),
        (b"ssh-dss", string(b"ssh-dss") + mpint(5), mpint(7)),
        (b"ssh-ed25519", string(b"ssh-ed25519"), string(bytes(32))),
        (b"ssh-ed25519", string(b"ssh-ed25519") + string(bytes(32)), b""),
        (b"ssh-ed25519", string(b"ssh-ed25519") + b"\xff\xff\xff\xff", string(bytes(32))),
        (b"ssh-rsa", string(b"ssh-rsa") + string(b"\0\0\1") + mpint(5), mpint(7)),
        (b"ssh-rsa", string(b"ssh-rsa") + string(b"\xff") + mpint(5), mpint(7)),
        (b"\xff\xfe", string(b"\xff\xfe"), b""),
    ],
)
def test_blobs_that_hold_no_key_are_refused_in_spite_of_a_right_mac(
    algorithm: bytes, public_blob: bytes, private_blob: bytes
) -> None:
    with pytest.raises(EncodingError):
        private.decode(built(algorithm, public_blob, private_blob))


def test_bytes_behind_the_last_field_are_refused() -> None:
    key = Ed25519PrivateKey.generate()
    point, seed = string(key.public_key().public_bytes_raw()), string(key.private_bytes_raw())
    name = b"ssh-ed25519"
    private.decode(built(name, string(name) + point, seed))
    for public_rest, private_rest in ((b"\0", b""), (b"", b"\0")):
        with pytest.raises(EncodingError):
            private.decode(built(name, string(name) + point + public_rest, seed + private_rest))


def test_the_public_half_of_the_file_is_the_ssh_blob(key: keygen.PrivateKey) -> None:
    text = sections(encoded(key))["Public-Lines"].replace("\n", "")
    algorithm = sections(encoded(key))["PuTTY-User-Key-File-2"]
    assert private.public_key(key).line == f"{algorithm} {text}"
    assert Reader(private.public_key(key).blob).string().decode() == algorithm
