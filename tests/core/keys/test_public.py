import base64
import hashlib
import re
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import EC2Error, InvalidKeyFormat, InvalidParameterValue, MissingParameter
from core.keys import public_key as public
from core.keys.public_key import PublicKey
from core.keys.reading import import_material
from core.keys.reading.import_material import read_public_key_material
from core.model import KeyType
from tests.each_row import each_row

VECTORS = Path(__file__).parents[2] / "vectors" / "public_keys"


# The vectors; their format is described in the README beside them ----------------------------


@dataclass(frozen=True)
class Vector:
    file: str
    title: str
    source: str
    line: str | None
    error: str | None
    reason: str
    material: str

    def __str__(self) -> str:
        return f"{self.file}: {self.title}"


@dataclass(frozen=True)
class Known:
    name: str
    fingerprint: str
    line: str


def read_known() -> dict[str, Known]:
    lines = (VECTORS / "keys.txt").read_text().splitlines()
    fields = (line.split(" ", 2) for line in lines if not line.startswith("#"))
    return {name: Known(name, fingerprint, line) for name, fingerprint, line in fields}


KNOWN = read_known()
ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "e": "\x1b", "0": "\0", "\\": "\\"}


def expand(text: str) -> str:
    def replace(match: re.Match[str]) -> str:
        name, escape = match["name"], match["escape"]
        if escape:
            return ESCAPES.get(escape) or chr(int(escape[1:], 16))
        if name == "none":
            return ""
        if name[-1] in "-x" and name[:-1].isdigit():
            return name[-1] * int(name[:-1])
        return KNOWN[name].line

    escape = r"x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8}|[nrte0\\]"
    return re.sub(rf"\{{(?P<name>[\w-]+)\}}|\\(?P<escape>{escape})", replace, text)


def read_vectors() -> Iterator[Vector]:
    for path in sorted(VECTORS.glob("*.txt")):
        if path.name == "keys.txt":
            continue
        for block in re.split(r"\n\n(?=\[)", path.read_text().rstrip("\n"))[1:]:
            title, *lines = block.splitlines()
            fields = [line.split(": ", 1) for line in lines]
            once = {name: value for name, value in fields if name != "material"}
            assert not once.keys() - {"source", "line", "error", "reason"}, title
            yield Vector(
                file=path.stem,
                title=title.strip("[]"),
                source=once["source"],
                line=expand(once["line"]) if "line" in once else None,
                error=once.get("error"),
                reason=once.get("reason", ""),
                material=expand("\n".join(v for name, v in fields if name == "material")),
            )


ALL_VECTORS = list(read_vectors())
REFUSED = [vector for vector in ALL_VECTORS if vector.error is not None]
PRIVATE = [vector for vector in ALL_VECTORS if vector.file == "private"]
PRIVATE_DER = [vector for vector in ALL_VECTORS if vector.file == "private_der"]


def known(*names: str) -> pytest.MarkDecorator:
    chosen = names or tuple(KNOWN)
    return pytest.mark.parametrize("key", [KNOWN[name] for name in chosen], ids=chosen)


# Helpers --------------------------------------------------------------------------------------


def run(*arguments: str | Path, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(arguments, input=stdin, capture_output=True, timeout=60, check=False)


def output(*arguments: str | Path, stdin: bytes = b"") -> bytes:
    done = run(*arguments, stdin=stdin)
    assert done.returncode == 0, done.stderr
    return done.stdout


def refusal(material: str | bytes) -> EC2Error:
    with pytest.raises(EC2Error) as caught:
        read_public_key_material(material)
    return caught.value


def everything_said(error: BaseException | None) -> str:
    said = ""
    while error is not None:
        said += repr(error.args) + repr(vars(error)) + str(error)
        said += repr(getattr(error, "__notes__", ""))
        error = error.__cause__ or error.__context__
    return said


def colons(digest: bytes) -> str:
    return digest.hex(":")


def body_of(pem: str) -> str:
    return "".join(pem.strip().splitlines()[1:-1])


# What is read and what is refused -------------------------------------------------------------


@each_row("vector", ALL_VECTORS, ids=str)
@each_row("kind", [str, bytes])
def test_a_vector_is_read_or_refused_as_it_says(vector: Vector, kind: type) -> None:
    material = vector.material if kind is str else vector.material.encode()
    if vector.line is not None:
        assert read_public_key_material(material).line == vector.line
        return
    error = refusal(material)
    assert error.code == vector.error
    if isinstance(error, InvalidKeyFormat):
        assert error.message == "Key is not in valid OpenSSH public key format"
        assert vector.reason in error.reason
    else:
        assert error.message == vector.reason
    assert error.parameter == "public_key_material"


@each_row("vector", REFUSED, ids=str)
def test_no_error_holds_a_part_of_the_material(vector: Vector) -> None:
    said = everything_said(refusal(vector.material))
    for part in re.findall(r"[\w+/=-]{16,}", vector.material):
        assert part[:16] not in said


def test_every_vector_has_a_title_of_its_own() -> None:
    assert len({str(vector) for vector in ALL_VECTORS}) == len(ALL_VECTORS)
    assert {vector.source for vector in ALL_VECTORS} == {"EC2", "documented", "ours"}


def test_raw_der_is_refused_as_not_ascii() -> None:
    error = refusal(PublicKey.from_line(KNOWN["rsa_2048"].line).spki_der())
    assert isinstance(error, InvalidParameterValue)
    assert error.message.endswith("Character sets beyond ASCII are not supported.")


def test_no_bytes_are_a_missing_parameter() -> None:
    assert isinstance(refusal(b""), MissingParameter)


@pytest.mark.parametrize("material", ["A" * 10_000_000, b"A" * 10_000_000, "é" * 10_000_000])
def test_ten_megabytes_are_refused_without_being_copied(material: str | bytes) -> None:
    tracemalloc.start()
    error = refusal(material)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert error.message.endswith("Length exceeds maximum of 2048.")
    assert peak < 1_000_000


# Private keys pasted by mistake ---------------------------------------------------------------


def is_refused_as_private(material: str | bytes) -> bool:
    error = refusal(material)
    return isinstance(error, InvalidKeyFormat) and "This is a private key" in error.reason


@pytest.mark.long
@each_row("vector", PRIVATE, ids=str)
def test_a_private_key_is_recognised_wherever_it_stands(vector: Vector) -> None:
    key = vector.material
    assert is_refused_as_private(" \t\r\n\n" + key)
    assert is_refused_as_private("Here is my key, bye:\n> " + key)
    assert is_refused_as_private("é\ufeff" + key)
    assert is_refused_as_private(key.lower())
    assert is_refused_as_private(key.replace("\n", "\r\n"))
    assert is_refused_as_private(key + "x" * 200_000)
    assert is_refused_as_private("x" * 60_000 + "\n" + key)
    assert is_refused_as_private(KNOWN["rsa_512"].line + "\n" + key)


@each_row("vector", PRIVATE, ids=str)
@each_row("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
def test_a_private_key_is_recognised_in_any_encoding(vector: Vector, encoding: str) -> None:
    assert is_refused_as_private(vector.material.encode(encoding))


def test_the_reason_for_a_private_key_says_what_became_of_it_and_what_to_give() -> None:
    error = refusal(PRIVATE[0].material)
    assert isinstance(error, InvalidKeyFormat)
    assert "Nothing of it was kept" in error.reason
    assert ".pub" in error.reason


def test_a_private_key_that_begins_far_behind_is_still_refused() -> None:
    error = refusal("x" * 100_000 + "\n" + PRIVATE[0].material)
    assert error.message.endswith("Length exceeds maximum of 2048.")


@each_row("vector", PRIVATE + PRIVATE_DER, ids=str)
def test_no_frame_of_ours_in_the_traceback_holds_a_private_key(vector: Vector) -> None:
    error = refusal(vector.material)
    assert error.__context__ is None
    assert error.__cause__ is None
    traceback = error.__traceback__
    ours = []
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename in (import_material.__file__, public.__file__):
            ours.append(repr(traceback.tb_frame.f_locals))
        traceback = traceback.tb_next
    assert ours
    for part in re.findall(r"[\w+/=-]{16,}", vector.material):
        assert all(part not in variables for variables in ours)


@pytest.mark.long
@each_row(
    "arguments",
    [
        ("-t", "rsa", "-b", "1024", "-m", "PEM"),
        ("-t", "rsa", "-b", "1024", "-m", "PKCS8"),
        ("-t", "rsa", "-b", "1024"),
        ("-t", "ecdsa", "-m", "PEM"),
        ("-t", "ed25519"),
    ],
    ids=" ".join,
)
@each_row("passphrase", ["", "correct horse"])
def test_a_private_key_of_ssh_keygen_is_recognised(
    arguments: tuple[str, ...], passphrase: str, tmp_path: Path
) -> None:
    output("ssh-keygen", "-q", "-N", passphrase, *arguments, "-f", tmp_path / "key")
    material = (tmp_path / "key").read_text()
    assert is_refused_as_private(material)
    assert is_refused_as_private(material.encode())
    body = body_of(material)
    if passphrase == "" and len(body) <= 2048:
        assert is_refused_as_private(body)


# A PublicKey and its other forms --------------------------------------------------------------


@known()
def test_the_fingerprint_of_a_known_key_is_the_one_that_ec2_answered(key: Known) -> None:
    public_key = PublicKey.from_line(key.line)
    if public_key.key_type is KeyType.RSA:
        digest = hashlib.md5(public_key.spki_der(), usedforsecurity=False).digest()
        assert colons(digest) == key.fingerprint
    else:
        digest = hashlib.sha256(public_key.blob).digest()
        assert base64.b64encode(digest).decode() == key.fingerprint


@known()
def test_a_known_key_is_written_as_it_was_read(key: Known) -> None:
    assert PublicKey.from_line(key.line).line == key.line
    assert read_public_key_material(key.line) == PublicKey.from_line(key.line)


@each_row("bits", [512, 768, 1023, 1025, 1536, 8192])
def test_an_rsa_key_is_built_from_its_numbers(bits: int) -> None:
    key = PublicKey.from_rsa_numbers(65537, 2 ** (bits - 1) + 65537)
    assert key.line == KNOWN[f"rsa_{bits}"].line
    assert key.bits == bits
    assert key.key_type is KeyType.RSA


def test_an_ed25519_key_is_built_from_its_point() -> None:
    point = PublicKey.from_line(KNOWN["ed_a"].line).blob[-32:]
    key = PublicKey.from_ed25519_point(point)
    assert key.line == KNOWN["ed_a"].line
    assert key.bits == 256
    assert key.key_type is KeyType.ED25519
    assert key.spki_der() == bytes.fromhex("302a300506032b6570032100") + point


@pytest.mark.parametrize("length", [0, 31, 33])
def test_an_ed25519_point_has_32_bytes(length: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        PublicKey.from_ed25519_point(b"\1" * length)


@each_row(
    "text",
    [
        "",
        " ",
        "ssh-ed25519",
        "{ed_a} ada",
        "{ed_a} ",
        " {ed_a}",
        r"{ed_a}\n",
        "ssh-ed25519  AAAA",
        r"ssh-ed25519\tAAAA",
        "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAILR+zNQbYY5ORuhYXGMTSnjRLzS9C5dUdWRKdlqi20q2",
        "ssh-ed25519 é",
    ],
)
def test_a_stored_line_is_nothing_but_type_and_key(text: str) -> None:
    with pytest.raises(ValueError, match=r"\."):
        PublicKey.from_line(expand(text))


@each_row("vector", REFUSED, ids=str)
def test_a_stored_line_is_never_more_than_what_could_be_imported(vector: Vector) -> None:
    with pytest.raises(ValueError, match=r"\.") as caught:
        PublicKey.from_line(vector.material)
    assert caught.value.__context__ is None


def test_cryptography_is_not_imported() -> None:
    code = "import sys, core.keys.reading.import_material; sys.exit('cryptography' in sys.modules)"
    output(sys.executable, "-c", code)


# The real tools -------------------------------------------------------------------------------


def openssl_reads(key: PublicKey) -> bool:
    done = run(
        "openssl", "pkey", "-pubin", "-inform", "DER", "-outform", "DER", stdin=key.spki_der()
    )
    return done.returncode == 0 and done.stdout == key.spki_der()


def ssh_keygen_reads(key: PublicKey) -> bool:
    if key.bits < 1024:  # ssh-keygen refuses shorter RSA keys, which EC2 takes
        return True
    digest = base64.b64encode(hashlib.sha256(key.blob).digest()).decode().rstrip("=")
    done = run("ssh-keygen", "-l", "-f", "-", stdin=f"{key.line}\n".encode())
    return done.stdout.startswith(f"{key.bits} SHA256:{digest} ".encode())


@known()
def test_openssl_and_ssh_keygen_read_a_known_key(key: Known) -> None:
    public_key = PublicKey.from_line(key.line)
    assert openssl_reads(public_key)
    assert ssh_keygen_reads(public_key)


@pytest.mark.long
@pytest.mark.parametrize("bits", [1024, 2048, 3072])
def test_every_form_of_an_rsa_key_of_ssh_keygen_is_the_same_key(bits: int, tmp_path: Path) -> None:
    comment = "Ada's key <ada@example.org>"
    key_file, pub_file = tmp_path / "key", tmp_path / "key.pub"
    output(
        "ssh-keygen", "-q", "-N", "", "-t", "rsa", "-b", f"{bits}", "-C", comment, "-f", key_file
    )
    key = read_public_key_material(pub_file.read_bytes())
    assert (key.key_type, key.bits) == (KeyType.RSA, bits)
    assert f"{key.line} {comment}\n" == pub_file.read_text()
    assert ssh_keygen_reads(key)

    rfc4716 = output("ssh-keygen", "-e", "-m", "RFC4716", "-f", pub_file)
    assert read_public_key_material(rfc4716) == key

    pem = output("ssh-keygen", "-e", "-m", "PKCS8", "-f", pub_file).decode()
    assert base64.b64decode(body_of(pem)) == key.spki_der()
    assert read_public_key_material(body_of(pem)) == key
    assert read_public_key_material("\n".join(pem.splitlines()[1:-1])) == key
    assert isinstance(refusal(pem), InvalidKeyFormat)

    pkcs1 = output("ssh-keygen", "-e", "-m", "PEM", "-f", pub_file).decode()
    assert isinstance(refusal(pkcs1), InvalidKeyFormat)
    assert isinstance(refusal(body_of(pkcs1)), InvalidKeyFormat)


def test_of_an_ed25519_key_of_ssh_keygen_only_the_line_is_taken(tmp_path: Path) -> None:
    key_file, pub_file = tmp_path / "key", tmp_path / "key.pub"
    output("ssh-keygen", "-q", "-N", "", "-t", "ed25519", "-C", "", "-f", key_file)
    key = read_public_key_material(pub_file.read_bytes())
    assert key.key_type is KeyType.ED25519
    assert key.line == pub_file.read_text().strip()
    assert ssh_keygen_reads(key)
    assert openssl_reads(key)
    assert isinstance(
        refusal(output("ssh-keygen", "-e", "-m", "RFC4716", "-f", pub_file)), InvalidKeyFormat
    )
    assert isinstance(refusal(base64.b64encode(key.spki_der())), InvalidKeyFormat)


def test_openssl_writes_the_base64_der_that_is_read(tmp_path: Path) -> None:
    key = tmp_path / "key"
    output("openssl", "genrsa", "-traditional", "-out", key, "1024")
    der = output("openssl", "rsa", "-in", key, "-pubout", "-outform", "DER")
    wrapped = output("openssl", "base64", stdin=der)
    assert read_public_key_material(wrapped).spki_der() == der
    assert read_public_key_material(base64.b64encode(der)).spki_der() == der


# Mutations ------------------------------------------------------------------------------------


def materials() -> list[bytes]:
    found = [vector.material for vector in ALL_VECTORS if vector.line is not None]
    return [material.encode() for material in found]


MATERIALS = materials()


@st.composite
def mutated_text(draw: st.DrawFn) -> bytes:
    material = bytearray(draw(st.sampled_from(MATERIALS)))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(material)))
        match draw(st.sampled_from(["insert", "delete", "change", "repeat"])):
            case "insert":
                material[at:at] = draw(st.binary(min_size=1, max_size=8))
            case "delete":
                del material[at : at + draw(st.integers(1, 40))]
            case "change":
                material[at : at + 1] = draw(st.binary(min_size=1, max_size=1))
            case _:
                material[at:at] = material[at : at + draw(st.integers(1, 200))]
    return bytes(material)


@st.composite
def mutated_binary(draw: st.DrawFn) -> bytes:
    """Return a line or base64 DER whose base64 is right and whose bytes are not what they were."""
    name = draw(st.sampled_from(["ed_a", "rsa_512", "rsa_1025", "rsa_2048"]))
    key = PublicKey.from_line(KNOWN[name].line)
    der = draw(st.booleans())
    data = bytearray(key.spki_der() if der else key.blob)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, min(len(data), 60)))
        if draw(st.booleans()):
            data[at : at + 1] = draw(st.binary(max_size=3))
        else:
            data[-1 - at : len(data) - at] = draw(st.binary(max_size=3))
    encoded = base64.b64encode(data)
    return encoded if der else key.line.split()[0].encode() + b" " + encoded


@pytest.mark.long
@settings(max_examples=400, deadline=None)
@given(st.one_of(mutated_text(), mutated_binary(), st.binary(max_size=300)))
def test_whatever_is_given_is_a_key_or_one_of_the_documented_errors(material: bytes) -> None:
    try:
        key = read_public_key_material(material)
    except (InvalidKeyFormat, InvalidParameterValue, MissingParameter):
        return
    assert PublicKey.from_line(key.line) == key


@settings(max_examples=60, deadline=None)
@given(st.one_of(mutated_text(), mutated_binary()))
def test_what_is_taken_of_a_mutated_key_is_read_by_the_real_tools_too(material: bytes) -> None:
    try:
        key = read_public_key_material(material)
    except EC2Error:
        return
    assert openssl_reads(key)
    assert ssh_keygen_reads(key)


def test_random_numbers_make_the_same_key_in_every_form() -> None:
    random = Random(4716)  # noqa: S311 - chance here guards nothing
    for _ in range(200):
        n = random.getrandbits(random.randrange(520, 2048)) | (1 << 512) | 1
        e = random.getrandbits(random.randrange(2, 64)) | 3
        key = PublicKey.from_rsa_numbers(e, n)
        block = f"---- BEGIN SSH2 PUBLIC KEY ----\n{key.line.split()[1]}\n"
        block += "---- END SSH2 PUBLIC KEY ----"
        assert key.bits == n.bit_length()
        assert read_public_key_material(key.line) == key
        assert read_public_key_material(block) == key
        assert read_public_key_material(base64.b64encode(key.spki_der())) == key


@each_row(
    ("material", "said"),
    [
        ("{ed} Jürgen@host", "The comment behind the key holds ü"),
        ("{ed} a b ☃", "The comment behind the key holds ☃"),
        ("{ed} a\u200bb", "The comment behind the key holds U\\+200B"),
        ("{rsa16384}", "has 16,384 bits, and only 512 to 8,192 bits are taken"),
        ("{ed} " + "x" * 3000, "^$"),
        ("sam:{ed} sam", "In front of it stands sam: as Google Cloud writes it"),
        ("'{ed}'", "Quotes stand around it"),
        ("PuTTY-User-Key-File-3: ssh-rsa\nEncryption: none\n", "puttygen FILE -O public-openssh"),
    ],
)
def test_what_is_refused_is_said_in_plain_words_beside_those_of_ec2(
    material: str, said: str
) -> None:
    known = {"ed": KNOWN["ed_a"].line, "rsa16384": rsa_line((1 << 16383) | 1)}
    error = refusal(material.format(**known))
    assert re.search(said, error.reason), error.reason
    assert "ssh-keygen -y" not in error.reason
    assert error.reason.isprintable()


def test_a_whole_key_whose_comment_names_a_private_one_is_taken() -> None:
    line = KNOWN["ed_a"].line
    material = f"{line} not the -----BEGIN OPENSSH PRIVATE KEY----- one"
    assert read_public_key_material(material).line == line


def rsa_line(n: int) -> str:
    return PublicKey.from_rsa_numbers(65537, n).line
