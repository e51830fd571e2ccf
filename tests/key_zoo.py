"""A folder of 300 files as people have them: keys in every format, made by the real tools, and all
that lies around beside keys; with what each of them is."""

import hashlib
import hmac
import os
import socket
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from pathlib import Path

from tests.helpers import Run

PASSPHRASE = "a secret ü"
FILES = 300


@dataclass(frozen=True)
class Expected:
    """What a file is: its standing, the name of its key or None, and the start of its kind."""

    standing: str
    key: str | None = None
    kind: str = ""


@dataclass
class Zoo:
    """The folder, what is in it, and the public keys by name: `TYPE BASE64`."""

    folder: Path
    expected: dict[str, Expected] = field(default_factory=dict)
    lines: dict[str, str] = field(default_factory=dict)

    @property
    def known(self) -> dict[str, str]:
        """The keys that have a pair."""
        return {name: line for name, line in self.lines.items() if not name.startswith("other-")}

    def standing(self, key: str) -> str:
        return "known" if key in self.known else "unknown"

    def add(self, name: str, data: bytes, expected: Expected) -> None:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
        path.chmod(0o600)
        self.expected[name] = expected


def build(folder: Path, work: Path, run: Run) -> Zoo:
    """Fill a folder; `work` is another one, for what the tools need on the way."""
    zoo = Zoo(folder)
    secret = work / "passphrase"
    secret.write_text(f"{PASSPHRASE}\n")
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", work / "ca")
    base: dict[str, tuple[bytes, Expected]] = {}
    for key, kind in _KEYS.items():
        for name, (data, expected) in _forms(zoo, key, kind, work, secret, run).items():
            base[name] = (data, expected)
    for name, (data, expected) in base.items():
        zoo.add(name, data, expected)
        # What editors and mail programs do to files.
        zoo.add(f"crlf/{name}", data.replace(b"\n", b"\r\n"), expected)
        zoo.add(f"names/\x1b[31m {name} ü", data, expected)
        zoo.add(f"cut/{name}", data[: len(data) * 2 // 3], _cut(name, expected))
    _add_more(zoo, base, work, run)
    left = FILES - len(zoo.expected)
    assert left > 0, len(zoo.expected)
    for number in range(left):
        zoo.add(f"copies/{number}", *list(base.values())[number % len(base)])
    return zoo


_KEYS = {
    "rsa": "rsa",
    "other-rsa": "rsa",
    "ed25519": "ed25519",
    "other-ed25519": "ed25519",
    "openssl": "ed25519",
    "ecdsa": "ecdsa",
}


def _forms(
    zoo: Zoo, key: str, kind: str, work: Path, secret: Path, run: Run
) -> dict[str, tuple[bytes, Expected]]:
    if key == "openssl":
        return _openssl_forms(zoo, work, run)
    path, public = work / key, work / f"{key}.pub"
    size = ["-b", "2048"] if kind == "rsa" else []
    run("ssh-keygen", "-q", "-t", kind, *size, "-N", "", "-C", f"{key}@host", "-f", path)
    if kind == "ecdsa":
        unsupported = Expected("unsupported")
        pem = run("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout").stdout
        return {
            "ecdsa-openssh": (path.read_bytes(), unsupported),
            "ecdsa.pub": (public.read_bytes(), unsupported),
            "ecdsa-pem": (pem, unsupported),
        }
    zoo.lines[key] = " ".join(public.read_text().split()[:2])
    standing = zoo.standing(key)

    def is_(kind: str) -> Expected:
        return Expected(standing, key, kind)

    locked = Expected("needs-passphrase", None, "PEM")

    def rewritten(*options: str) -> bytes:
        """Return the private key as ssh-keygen -p writes it with some options."""
        copy = work / "copy"
        copy.write_bytes(path.read_bytes())
        copy.chmod(0o600)
        run("ssh-keygen", "-q", "-p", *options, "-f", copy)
        return copy.read_bytes()

    def putty(version: int, *options: str | Path) -> bytes:
        out = work / "out.ppk"
        out.unlink(missing_ok=True)
        parameters = ["--ppk-param", f"version={version}"]
        run("puttygen", path, "-O", "private", *parameters, *options, "-o", out)
        return out.read_bytes()

    line = public.read_bytes()
    run("ssh-keygen", "-q", "-s", work / "ca", "-I", "sam", "-n", "sam", public)
    certificate = work / f"{key}-cert.pub"
    forms = {
        "openssh": (path.read_bytes(), is_("OpenSSH private key")),
        "openssh-encrypted": (
            rewritten("-N", PASSPHRASE),
            is_("OpenSSH private key, encrypted"),
        ),
        "line.pub": (line, is_("public key")),
        "authorized": (b'command="echo \\"ssh-rsa x\\"",no-pty ' + line, is_("authorized key")),
        "rfc4716": (run("ssh-keygen", "-e", "-f", public).stdout, is_("RFC 4716")),
        "cert.pub": (certificate.read_bytes(), is_("certificate")),
        "v2.ppk": (putty(2), is_("PPK version 2 private key")),
        "v3.ppk": (putty(3), is_("PPK version 3 private key")),
        "cert.ppk": (putty(3, "--certificate", certificate), is_("PPK version 3 private key")),
        "v2-encrypted.ppk": (
            putty(2, "--new-passphrase", secret),
            is_("PPK version 2 private key, encrypted"),
        ),
        "v3-encrypted.ppk": (
            putty(3, "--new-passphrase", secret),
            is_("PPK version 3 private key, encrypted"),
        ),
    }
    if kind == "rsa":
        pkcs1 = rewritten("-m", "PEM", "-N", "")
        pkcs8 = ["pkcs8", "-topk8", "-in", path.with_name("copy")]
        forms |= {
            "pkcs1.pem": (pkcs1, is_("PEM (PKCS#1) private key")),
            "pkcs8.pem": (
                run("openssl", *pkcs8, "-nocrypt").stdout,
                is_("PEM (PKCS#8) private key"),
            ),
            "pkcs8-encrypted.pem": (
                run("openssl", *pkcs8, "-passout", f"file:{secret}").stdout,
                locked,
            ),
            "pkcs1-encrypted.pem": (rewritten("-m", "PEM", "-N", PASSPHRASE), locked),
            "public-pkcs1.pem": (
                run("ssh-keygen", "-e", "-m", "PEM", "-f", public).stdout,
                is_("PEM public key"),
            ),
            "public-pkcs8.pem": (
                run("ssh-keygen", "-e", "-m", "PKCS8", "-f", public).stdout,
                is_("PEM public key"),
            ),
        }
    return {f"{key}-{name}": form for name, form in forms.items()}


def _openssl_forms(zoo: Zoo, work: Path, run: Run) -> dict[str, tuple[bytes, Expected]]:
    """Return the forms of an ED25519 key in which only openssl writes it."""
    pkcs8 = run("openssl", "genpkey", "-algorithm", "ed25519").stdout
    (work / "openssl.pem").write_bytes(pkcs8)
    pkey = ["pkey", "-in", work / "openssl.pem", "-pubout"]
    der = run("openssl", *pkey, "-outform", "DER").stdout
    blob = b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + der[-32:]
    zoo.lines["openssl"] = f"ssh-ed25519 {b64encode(blob).decode()}"
    public = Expected("known", "openssl", "PEM public key")
    return {
        "openssl-pkcs8.pem": (pkcs8, Expected("known", "openssl", "PEM (PKCS#8) private key")),
        "openssl-public.pem": (run("openssl", *pkey).stdout, public),
    }


def _cut(name: str, expected: Expected) -> Expected:
    """Return what is left of a key of which the last third is missing."""
    if expected.kind == "DER public key":
        return Expected("no-key")
    if name.startswith("ecdsa"):
        # Types that are not taken are told from their first words.
        return Expected("unsupported" if name == "ecdsa-pem" else "damaged")
    return Expected("damaged")


def _add_more(zoo: Zoo, base: dict[str, tuple[bytes, Expected]], work: Path, run: Run) -> None:
    rsa, ed25519 = zoo.lines["rsa"], zoo.lines["ed25519"]
    no_key, not_read = Expected("no-key"), Expected("not-read")
    der = run("openssl", "pkey", "-in", work / "openssl.pem", "-pubout", "-outform", "DER").stdout
    zoo.add("public.der", der, Expected("known", "openssl", "DER public key"))
    spki = run("ssh-keygen", "-e", "-m", "PKCS8", "-f", work / "rsa.pub").stdout
    body = b"".join(spki.splitlines()[1:-1])
    zoo.add("public.b64", body, Expected("known", "rsa", "base64 DER public key"))
    utf_16 = f"{rsa} sam\r\n".encode("utf-16")
    zoo.add("powershell.pub", utf_16, Expected("known", "rsa", "public key"))
    zoo.add("bom.pub", b"\xef\xbb\xbf" + rsa.encode(), Expected("known", "rsa", "public key"))
    zoo.add("mixed.pub", b"# sam\n\n  " + rsa.encode(), Expected("known", "rsa", "public key"))
    zoo.add("locked.pem", base["rsa-pkcs8-encrypted.pem"][0], Expected("known", "rsa", "PEM"))
    zoo.add("locked.pem.pub", f"{rsa} x\n".encode(), Expected("known", "rsa", "public key"))
    zoo.add("swapped.ppk", _swapped_ppk(base), Expected("halves-disagree"))
    zoo.add("swapped", _swapped_openssh(base), Expected("halves-disagree"))
    zoo.add("flipped.ppk", _flipped_mac(base["rsa-v2.ppk"][0]), Expected("damaged"))
    # What a byte more or less would make something else of stands here only as it is.
    key = ["-in", work / "rsa-pkcs1"]
    (work / "rsa-pkcs1").write_bytes(base["rsa-pkcs1.pem"][0])
    known, out = Expected("known", "rsa", "DER private key"), work / "out"
    pkcs1 = run("openssl", "rsa", *key, "-traditional", "-outform", "DER").stdout
    to_pkcs8 = ["pkcs8", *key, "-topk8", "-outform", "DER"]
    zoo.add("pkcs1.der", pkcs1, known)
    zoo.add("pkcs8.der", run("openssl", *to_pkcs8, "-nocrypt").stdout, known)
    encrypted = run("openssl", *to_pkcs8, "-passout", f"file:{work / 'passphrase'}").stdout
    zoo.add("locked.der", encrypted, Expected("needs-passphrase", None, "DER private key, enc"))
    run("dropbearconvert", "openssh", "dropbear", work / "ed25519", out)
    zoo.add("dropbear", out.read_bytes(), Expected("unsupported"))
    run("puttygen", work / "rsa", "-O", "private-sshcom", "-o", out)
    zoo.add("ssh.com", out.read_bytes(), Expected("unsupported"))
    zoo.add("empty", b"", no_key)
    zoo.add("blank", b" \n\n", no_key)
    zoo.add("noise", bytes(range(256)) * 40, no_key)
    zoo.add("zeros", bytes(1000), no_key)
    zoo.add("config", b"Host *\n  IdentityFile ~/.ssh/id_rsa\n", no_key)
    zoo.add("known_hosts", f"host.example {ed25519}\n|1|a=|b= {rsa}\n".encode(), no_key)
    zoo.add("notes.md", b"Run `ssh-keygen -t rsa` for a ssh-rsa key.\n", no_key)
    self_signed = ["-x509", "-key", work / "openssl.pem", "-subj", "/CN=x"]
    x509 = Expected("unsupported", None, "X.509 certificate")
    zoo.add("x509.pem", run("openssl", "req", *self_signed).stdout, x509)
    zoo.add("x509.der", run("openssl", "req", *self_signed, "-outform", "DER").stdout, x509)
    zoo.add("large.pem", base["rsa-pkcs1.pem"][0] + bytes(64 * 1024), not_read)
    request = run("openssl", "req", *self_signed[1:], "-new").stdout
    zoo.add("certificate-request", request, Expected("unsupported", None, "X.509 certificate req"))
    os.mkfifo(zoo.folder / "pipe")
    (zoo.folder / "link").symlink_to("rsa-openssh")
    (zoo.folder / "dangling").symlink_to("nowhere")
    (zoo.folder / "loop").symlink_to(".")
    with socket.socket(socket.AF_UNIX) as listener:
        here = Path.cwd()
        os.chdir(zoo.folder)  # the path of a socket has room for 108 bytes
        try:
            listener.bind("socket")
        finally:
            os.chdir(here)
    zoo.expected |= dict.fromkeys(["pipe", "link", "dangling", "loop", "socket"], not_read)


def _flipped_mac(ppk: bytes) -> bytes:
    digit = ppk.rstrip()[-1:]
    return ppk.rstrip()[:-1] + (b"0" if digit != b"0" else b"1") + b"\n"


def _swapped_ppk(base: dict[str, tuple[bytes, Expected]]) -> bytes:
    """Return a PPK of version 2 with the private half of another key and a MAC that is right."""

    def rows(name: str) -> list[bytes]:
        return base[name][0].splitlines()

    ours, theirs = rows("ed25519-v2.ppk"), rows("other-ed25519-v2.ppk")
    ours[-2] = theirs[-2]
    public_blob, private_blob = b64decode(b"".join(ours[4:6])), b64decode(ours[-2])
    comment = ours[2].removeprefix(b"Comment: ")
    message = b"".join(
        len(part).to_bytes(4, "big") + part
        for part in (b"ssh-ed25519", b"none", comment, public_blob, private_blob)
    )
    key = hashlib.sha1(b"putty-private-key-file-mac-key").digest()
    ours[-1] = b"Private-MAC: " + hmac.new(key, message, "sha1").hexdigest().encode()
    return b"\n".join([*ours, b""])


def _swapped_openssh(base: dict[str, tuple[bytes, Expected]]) -> bytes:
    """Return an OpenSSH container with the public half of another key in front."""

    def inside(name: str) -> bytes:
        return b64decode(b"".join(base[name][0].splitlines()[1:-1]))

    ours, theirs = inside("ed25519-openssh"), inside("other-ed25519-openssh")
    start = ours.index(b"ssh-ed25519") + len(b"ssh-ed25519") + 4
    changed = ours[:start] + theirs[start : start + 32] + ours[start + 32 :]
    text = b64encode(changed)
    lines = [text[at : at + 70] for at in range(0, len(text), 70)]
    begin, end = (b"-----%s OPENSSH PRIVATE KEY-----" % word for word in (b"BEGIN", b"END"))
    return b"\n".join([begin, *lines, end, b""])
