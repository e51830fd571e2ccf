from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate_ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from core.keys import EncodingError, convert, keygen, pem
from core.keys.encoding.sshwire import Reader
from tests.each_row import each_row
from tests.helpers import Run

SEEDS = {
    "first byte 00": bytes([0x00, *range(1, 32)]),
    "first byte 7f": bytes([0x7F, *range(1, 32)]),
    "first byte 80": bytes([0x80, *range(1, 32)]),
    "first byte ff": bytes([0xFF, *range(1, 32)]),
    "ends in zeros": bytes([0x41, *range(1, 24), *bytes(8)]),
    "all zero": bytes(32),
}


def saved(folder: Path, data: bytes) -> Path:
    path = folder / "key"
    path.touch(0o600)
    path.write_bytes(data)
    return path


def body(data: bytes) -> bytes:
    return b64decode(b"".join(data.splitlines()[1:-1]))


def armoured(kind: str, container: bytes) -> bytes:
    text = b64encode(container).decode()
    lines = [text[start : start + 64] for start in range(0, len(text), 64)]
    return "\n".join(
        [f"-----BEGIN {kind} PRIVATE KEY-----", *lines, f"-----END {kind} PRIVATE KEY-----\n"]
    ).encode()


def der(tag: int, content: bytes) -> bytes:
    size = len(content)
    length = size.to_bytes((size.bit_length() + 7) // 8)
    head = [tag, size] if size < 0x80 else [tag, 0x80 | len(length), *length]
    return bytes(head) + content


def pkcs1(*numbers: int) -> bytes:
    integers = (der(0x02, x.to_bytes(x.bit_length() // 8 + 1)) for x in (0, *numbers))
    return armoured("RSA", der(0x30, b"".join(integers)))


def ed25519_fields(data: bytes) -> list[bytes]:
    """Return the strings of an OpenSSH container up to the private half of its ED25519 key."""
    outer = Reader(body(data).removeprefix(b"openssh-key-v1\0"))
    fields = [outer.string() for _ in range(3)]
    count, outer = outer.rest()[:4], Reader(outer.rest()[4:])
    assert count == b"\0\0\0\1"
    fields.append(outer.string())
    private_section = outer.string()
    outer.end()
    assert private_section[:4] == private_section[4:8]
    inner = Reader(private_section[8:])
    return [*fields, *(inner.string() for _ in range(3))]


def test_lines_are_64_wide_end_in_lf_and_the_last_one_ends_too(key: keygen.PrivateKey) -> None:
    data = pem.encode(key)
    assert data.endswith(b"-----\n")
    assert b"\r" not in data
    first, *lines, last, nothing = data.split(b"\n")
    kind = b"RSA" if isinstance(key, RSAPrivateKey) else b"OPENSSH"
    assert first == b"-----BEGIN " + kind + b" PRIVATE KEY-----"
    assert last == b"-----END " + kind + b" PRIVATE KEY-----"
    assert nothing == b""
    assert {len(line) for line in lines[:-1]} == {64}
    assert 1 <= len(lines[-1]) <= 64


def test_ssh_keygen_finds_the_public_key_in_it(
    key: keygen.PrivateKey, tmp_path: Path, run: Run
) -> None:
    done = run("ssh-keygen", "-y", "-f", saved(tmp_path, pem.encode(key)))
    assert done.stdout.decode().strip() == convert.public_key(key).line


def test_ssh_keygen_signs_with_it(
    key: keygen.PrivateKey, tmp_path: Path, signs_for: Callable[[Path, str], bool]
) -> None:
    assert signs_for(saved(tmp_path, pem.encode(key)), convert.public_key(key).line)


def test_puttygen_reads_the_same_private_key(
    key: keygen.PrivateKey, tmp_path: Path, run: Run
) -> None:
    ppk_file, back = tmp_path / "ppk", tmp_path / "back"
    no_passphrase = ("--new-passphrase", "/dev/null")
    run(
        "puttygen",
        saved(tmp_path, pem.encode(key)),
        "-O",
        "private",
        "-o",
        ppk_file,
        *no_passphrase,
    )
    run("puttygen", ppk_file, "-O", "private-openssh", "-o", back, *no_passphrase)
    if isinstance(key, RSAPrivateKey):
        assert back.read_bytes() == pem.encode(key)
    else:
        seeds = [ed25519_fields(data)[-1][:32] for data in (back.read_bytes(), pem.encode(key))]
        assert seeds == [key.private_bytes_raw()] * 2


def test_openssl_finds_nothing_wrong_with_an_rsa_key(
    rsa_key: RSAPrivateKey, tmp_path: Path, run: Run
) -> None:
    path = saved(tmp_path, pem.encode(rsa_key))
    done = run("openssl", "rsa", "-check", "-noout", "-text", "-in", path)
    assert b"RSA key ok" in done.stdout + done.stderr
    assert b"Private-Key: (2048 bit, 2 primes)" in done.stdout
    assert b"publicExponent: 65537 (0x10001)" in done.stdout


def test_openssl_makes_the_same_pkcs8_of_it(
    rsa_key: RSAPrivateKey, tmp_path: Path, run: Run
) -> None:
    path = saved(tmp_path, pem.encode(rsa_key))
    done = run("openssl", "pkcs8", "-topk8", "-nocrypt", "-outform", "DER", "-in", path)
    assert done.stdout == pem.pkcs8_der(rsa_key)


@each_row("seed", SEEDS.values(), ids=SEEDS)
def test_every_ed25519_seed_stands_in_it_whole(
    seed: bytes, tmp_path: Path, signs_for: Callable[[Path, str], bool]
) -> None:
    key = Ed25519PrivateKey.from_private_bytes(seed)
    data = pem.encode(key)
    point = key.public_key().public_bytes_raw()
    assert ed25519_fields(data)[-1] == seed + point
    assert ed25519_fields(data)[-2] == point
    assert signs_for(saved(tmp_path, data), convert.public_key(key).line)
    decoded = convert.decode(data)
    assert isinstance(decoded, Ed25519PrivateKey)
    assert decoded.private_bytes_raw() == seed


def test_an_rsa_key_comes_back_with_all_its_numbers(rsa_key: RSAPrivateKey) -> None:
    decoded = convert.decode(pem.encode(rsa_key))
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
        pytest.param(lambda data: b"\xef\xbb\xbf" + data, id="byte-order mark"),
        pytest.param(lambda data: data.decode().encode("utf-16"), id="UTF-16"),
        pytest.param(lambda data: data.replace(b"\n", b"\n  "), id="indented"),
        pytest.param(lambda data: data.replace(b"\n", b""), id="one line"),
    ],
)
def test_what_other_programs_stumble_over_is_not_taken_for_what_was_written(
    change: Callable[[bytes], bytes], key: keygen.PrivateKey
) -> None:
    with pytest.raises(EncodingError):
        convert.decode(change(pem.encode(key)))


@pytest.mark.parametrize("passphrase", [None, b"secret"])
def test_an_rsa_key_in_pkcs1_with_a_passphrase_is_never_written_and_so_refused(
    passphrase: bytes | None, rsa_key: RSAPrivateKey
) -> None:
    how = PrivateFormat.TraditionalOpenSSL, BestAvailableEncryption(b"secret")
    with pytest.raises(EncodingError, match="never written"):
        convert.decode(rsa_key.private_bytes(Encoding.PEM, *how), passphrase)


def test_a_container_with_a_passphrase_is_refused(tmp_path: Path, run: Run) -> None:
    path = saved(tmp_path, pem.encode(Ed25519PrivateKey.generate()))
    run("ssh-keygen", "-q", "-p", "-N", "a passphrase", "-f", path)
    with pytest.raises(EncodingError, match="encrypted"):
        convert.decode(path.read_bytes())


@pytest.mark.parametrize("private_format", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_a_key_of_another_type_is_refused(private_format: PrivateFormat) -> None:
    key = generate_ec(SECP256R1())
    with pytest.raises(EncodingError, match="only RSA and ED25519"):
        convert.decode(key.private_bytes(Encoding.PEM, private_format, NoEncryption()))


def test_ed25519_as_pkcs8_is_refused() -> None:
    data = Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    with pytest.raises(EncodingError):
        convert.decode(data)


@each_row("places", [(0,), (1,), (2,), (0, 1), (1, 2), (0, 1, 2)])
def test_ed25519_halves_of_different_keys_are_refused(places: tuple[int, ...]) -> None:
    key, other = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    theirs = other.public_key().public_bytes_raw()
    parts = body(pem.encode(key)).split(key.public_key().public_bytes_raw())
    assert len(parts) == 4  # the public half stands in a container three times
    points = [
        theirs if place in places else key.public_key().public_bytes_raw() for place in range(3)
    ]
    mixed = parts[0] + b"".join(point + part for point, part in zip(points, parts[1:], strict=True))
    with pytest.raises(EncodingError):
        convert.decode(armoured("OPENSSH", mixed))


@each_row("changed", ["n", "e", "d", "p", "q", "dmp1", "dmq1", "iqmp"])
def test_rsa_numbers_of_different_keys_are_refused(
    changed: str, rsa_keys: Sequence[RSAPrivateKey]
) -> None:
    ours, theirs = (numbers_of(key) for key in rsa_keys)
    theirs["e"] = 3
    assert pkcs1(*ours.values()) == pem.encode(rsa_keys[0])
    with pytest.raises(EncodingError):
        convert.decode(pkcs1(*(ours | {changed: theirs[changed]}).values()))


def numbers_of(key: RSAPrivateKey) -> dict[str, int]:
    numbers = key.private_numbers()
    public = numbers.public_numbers
    others = ("d", "p", "q", "dmp1", "dmq1", "iqmp")
    return {"n": public.n, "e": public.e} | {name: getattr(numbers, name) for name in others}


def test_rsa_factors_that_are_trivial_are_refused(rsa_key: RSAPrivateKey) -> None:
    numbers = numbers_of(rsa_key)
    n = numbers["n"]
    for d in (numbers["d"], pow(numbers["e"], -1, n - 1)):
        for p, q in ((n, 1), (1, n)):
            trivial = {"d": d, "p": p, "q": q, "dmp1": d, "dmq1": d, "iqmp": 1}
            with pytest.raises(EncodingError):
                convert.decode(pkcs1(*(numbers | trivial).values()))
