"""Makes key files as other people's tools and hands leave them, and says what each must be told."""

import json
import quopri
import re
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from tests.helpers import Run

PASSPHRASE = "a secret ü"


@dataclass(frozen=True)
class Told:
    """What `find` must say of a file: how each key stands, whose they are, and in which words.

    `words` are regular expressions, of which each must be found in what is said; `never` none.
    """

    standings: tuple[str, ...]
    known: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    never: tuple[str, ...] = ()


@dataclass
class Workshop:
    """Two keys that have a pair, in the forms that the tools write, and a place to make others."""

    folder: Path
    run: Run
    made: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        (self.folder / "secret").write_text(f"{PASSPHRASE}\n")
        (self.folder / "nothing").touch()
        for name, kind in {"rsa": "rsa", "ed": "ed25519"}.items():
            self.keygen(name, "-t", kind, "-C", f"{name}@host")
            self.run(
                "ssh-keygen", "-q", "-p", "-m", "PEM", "-N", "", "-f", self.copied(name, "pem")
            )
        pkcs8 = ["pkcs8", "-topk8", "-nocrypt", "-in"]
        self.keep("rsa.p8", self.openssl(*pkcs8, self.path("rsa.pem")))

    def path(self, name: str) -> Path:
        return self.folder / name

    def data(self, name: str) -> bytes:
        return self.path(name).read_bytes()

    def text(self, name: str) -> str:
        return self.path(name).read_text()

    def keep(self, name: str, data: bytes) -> Path:
        path = self.path(name)
        path.write_bytes(data)
        path.chmod(0o600)
        return path

    def line(self, name: str) -> str:
        """Return the public key without its comment."""
        return " ".join(self.text(f"{name}.pub").split()[:2])

    def copied(self, name: str, suffix: str) -> Path:
        return self.keep(f"{name}.{suffix}", self.data(name))

    def keygen(self, name: str, *options: str) -> None:
        self.path(name).unlink(missing_ok=True)
        self.run("ssh-keygen", "-q", "-N", "", "-f", self.path(name), *options)

    def rewritten(self, name: str, *options: str) -> bytes:
        """Return a private key as ssh-keygen -p writes it."""
        copy = self.copied(name, "copy")
        self.run("ssh-keygen", "-q", "-p", *options, "-f", copy)
        return copy.read_bytes()

    def openssl(self, *words: str | Path) -> bytes:
        return self.run("openssl", *words).stdout

    def puttygen(self, name: str, *options: str | Path) -> bytes:
        out = self.path("out")
        out.unlink(missing_ok=True)
        self.run("puttygen", self.path(name), *options, "-o", out)
        return out.read_bytes()

    def ppk(self, name: str, parameters: str, *, encrypted: bool = False) -> bytes:
        secret = self.path("secret" if encrypted else "nothing")
        how = ["-O", "private", "--ppk-param", parameters]
        return self.puttygen(name, *how, "--new-passphrase", secret)

    def fresh(self, name: str, *options: str) -> bytes:
        """Return a new private key that openssl makes."""
        self.keep(name, self.openssl("genpkey", *options))
        return self.data(name)

    def x509(self, key: str, *options: str) -> bytes:
        return self.openssl("req", "-x509", "-key", self.path(key), "-subj", "/CN=x", *options)


Make = Callable[[Workshop], bytes | str]
KNOWN = ("known",)
UNSUPPORTED = ("unsupported",)


def whole_keys(each: Workshop) -> Iterator[tuple[str, bytes | str, Told]]:
    """Yield whole keys of other kinds."""
    each.keygen("ecdsa", "-t", "ecdsa", "-b", "384")
    for bits in (8200, 16384):
        yield (
            f"RSA of {bits} bits",
            _rsa_line((1 << (bits - 1)) | 1),
            Told(UNSUPPORTED, words=(f"{bits:,}", "8,192"), never=("damaged", "cut")),
        )
    for exponent in (1, 2, 65536):
        odd = (1 << 2047) | 1
        yield (
            f"RSA with the exponent {exponent}",
            _rsa_line(odd, exponent),
            Told(UNSUPPORTED, words=("exponent",), never=("was cut",)),
        )
    for size in (512, 1024, 4096):
        name = f"rsa{size}"
        each.fresh(name, "-algorithm", "RSA", "-pkeyopt", f"rsa_keygen_bits:{size}")
        yield f"RSA of {size} bits, private", each.data(name), Told(("unknown",))
    yield "ECDSA, OpenSSH", each.data("ecdsa"), Told(UNSUPPORTED, words=("ECDSA",))
    yield "ECDSA, a line", each.data("ecdsa.pub"), Told(UNSUPPORTED, words=("ECDSA",))
    types = {
        "ED448": ("-algorithm", "ed448"),
        "X25519": ("-algorithm", "x25519"),
        "RSA-PSS": ("-algorithm", "rsa-pss"),
        "ECDSA": ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"),
    }
    for name, options in types.items():
        pem = each.fresh(f"{name}.pem", *options)
        told = Told(UNSUPPORTED, words=(name,), never=("damaged", "cut"))
        yield f"{name}, PKCS#8", pem, told
        der = each.openssl("pkey", "-in", each.path(f"{name}.pem"), "-outform", "DER")
        yield f"{name}, DER", der, told
        public = each.openssl("pkey", "-in", each.path(f"{name}.pem"), "-pubout")
        yield f"{name}, public", public, told
        (body,) = re.findall(r"-----\n(.*?)-----", public.decode(), re.DOTALL)
        yield f"{name}, public without its BEGIN and END", body, told
    ec = each.openssl("ec", "-in", each.path("ECDSA.pem"))
    yield "ECDSA, SEC 1", ec, Told(UNSUPPORTED, words=("ECDSA",))
    with_parameters = each.openssl("ecparam", "-name", "prime256v1", "-genkey")
    yield "ECDSA behind its parameters", with_parameters, Told(UNSUPPORTED, words=("ECDSA",))
    ppk_types = {"ed448": "ED448", "ecdsa": "ECDSA"}
    for kind, name in ppk_types.items():
        out = each.path("other.ppk")
        out.unlink(missing_ok=True)
        random = ["--random-device", "/dev/urandom"]
        nothing = each.path("nothing")
        each.run("puttygen", "-t", kind, "-o", out, *random, "--new-passphrase", nothing)
        yield f"{name}, PPK", out.read_bytes(), Told(UNSUPPORTED, words=(name,))
        line = each.run("puttygen", out, "-O", "public-openssh").stdout
        yield f"{name}, the line of puttygen", line, Told(UNSUPPORTED, words=(name,))
    for name, usual in {
        "ssh-xmss@openssh.com": "XMSS",
        "sk-ssh-ed25519@openssh.com": "ED25519-SK",
    }.items():
        yield usual, _line(name.encode(), b"x" * 32, b"ssh:"), Told(UNSUPPORTED, words=(usual,))


def containers(each: Workshop) -> Iterator[tuple[str, bytes | str, Told]]:
    """Yield files that hold keys and are no key files of SSH, each with the way out."""
    each.fresh("ed.p8", "-algorithm", "ed25519")
    for key in ("rsa.pem", "ed.p8"):
        for form in ("PEM", "DER"):
            told = Told(UNSUPPORTED, words=(r"X\.509 certificate", "openssl x509"))
            yield f"X.509 of {key}, {form}", each.x509(key, "-outform", form), told
            request = each.openssl(
                *("req", "-new", "-key", each.path(key), "-subj", "/CN=x", "-outform", form)
            )
            told = Told(UNSUPPORTED, words=("certificate request", "openssl req"))
            yield f"a request of {key}, {form}", request, told
    each.keep("c.pem", each.x509("rsa.pem"))
    rsa, certificate = each.path("rsa.pem"), each.path("c.pem")
    ways = {
        "as it is": (),
        "without a MAC": ("-nomac",),
        "with 3DES": ("-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES"),
        "as of old": ("-legacy",),
    }
    for name, way in ways.items():
        export = ["pkcs12", "-export", *way, "-passout", "pass:x"]
        bundle = each.openssl(*export, "-inkey", rsa, "-in", certificate)
        told = Told(UNSUPPORTED, words=("PKCS#12", "openssl pkcs12"))
        yield f"PKCS#12 {name}", bundle, told
    p7 = each.openssl("crl2pkcs7", "-nocrl", "-certfile", each.path("c.pem"))
    yield "PKCS#7", p7, Told(UNSUPPORTED, words=("PKCS#7",))
    out = each.path("dropbear")
    each.keygen("ecdsa", "-t", "ecdsa", "-b", "384")
    for key in ("rsa", "ed", "ecdsa"):
        each.run("dropbearconvert", "openssh", "dropbear", each.path(key), out)
        yield f"Dropbear {key}", out.read_bytes(), Told(UNSUPPORTED, words=("dropbearconvert",))
    for name, secret in {"plain": "nothing", "locked": "secret"}.items():
        made = each.puttygen("rsa", "-O", "private-sshcom", "--new-passphrase", each.path(secret))
        yield f"ssh.com, {name}", made, Told(UNSUPPORTED, words=("puttygen",))
    java = each.path("java.jks")
    java.unlink(missing_ok=True)
    key_pair = ["-genkeypair", "-keyalg", "RSA", "-alias", "a", "-dname", "CN=x"]
    how = ["-storepass", "secret", "-keypass", "secret", "-storetype", "JKS"]
    each.run("keytool", *key_pair, "-keystore", java, *how)
    yield "a Java key store", java.read_bytes(), Told(UNSUPPORTED, words=("keytool",))


def authorized(each: Workshop) -> Iterator[tuple[str, bytes | str, Told]]:
    """Yield files of public keys in which something else stands, or stands in the wrong place."""
    rsa, ed = each.line("rsa"), each.line("ed")
    both = Told(("known", "known"), ("ed", "rsa"))
    begin = "-----BEGIN RSA PRIVATE KEY-----"
    for name, note in {
        "a comment": f"# never paste {begin} here\n",
        "the comment of a key": "",
        "a comment of PuTTY": "# PuTTY-User-Key-File-2: ssh-rsa is for Windows\n",
        "a long comment": "#" * 70_000 + f"\n# {begin}\n",
    }.items():
        behind = f" {begin}" if not note else ""
        yield f"authorized_keys: {name} names a private key", f"{note}{ed}{behind}\n{rsa} b\n", both
    for key in ("rsa.pem", "rsa", "rsa.p8"):
        text = f"{ed} a\n{each.text(key)}{rsa} b\n"
        told = Told(("known", "known", "known"), ("ed", "rsa", "rsa"))
        yield f"authorized_keys: {key} between two", text, told
        yield f"two private keys, {key} first", each.text(key) + each.text("ed"), both
    cut = each.text("rsa.pem")[:600]
    told = Told(("known", "damaged", "known"), ("ed", "rsa"))
    yield "authorized_keys: half a private key between two", f"{ed} a\n{cut}\n{rsa} b\n", told
    for name, options in {
        "an unknown option": "frobnicate",
        "a misspelt option": "restrikt",
        "principals": "sam@example.org",
        "a value without quotes": "command=uptime",
        "a value without quotes and with spaces": "command=ls -l /",
        "a list of values": "from=10.0.0.1,10.0.0.2",
    }.items():
        told = Told(("known", "known"), ("ed", "rsa"), ("option|quotes",))
        yield f"authorized_keys: {name}", f"{options} {rsa} x\n{ed} y\n", told
    for name, line, words in (
        ("user: of Google", f"sam:{ed} sam@host", "Google"),
        ("double quotes around", f'"{ed} sam"', "quotes"),
        ("single quotes around", f"'{ed}'", "quotes"),
        ("typographic quotes around", f"“{ed}”", "quotes"),
        ("a list mark in front", f"- {ed}", "no option -,"),
        ("a number in front", f"1. {ed}", r"1\."),
        ("a mail quote in front", f"> {ed}", ">"),
        ("capitals", ed.replace("ssh-ed25519", "SSH-ED25519"), "capitals"),
        ("no type", ed.split()[1], "type is missing"),
        ("no space behind the type", ed.replace(" ", "", 1), "a space is missing"),
        ("%20 for spaces", quote(ed), "URL"),
        ("the base64 of the line", _base64(ed), "base64 of its line"),
    ):
        yield f"a line with {name}", line + "\n", Told(KNOWN, ("ed",), (words,))
    for width in (40, 64, 80):
        text = f"{rsa} sam@host"
        wrapped = "\n".join(text[at : at + width] for at in range(0, len(text), width))
        told = Told(KNOWN, ("rsa",), ("line breaks",), ("was cut",))
        yield f"wrapped at {width}", wrapped, told
    rows = textwrap.wrap(f"{rsa} sam@host", 70, break_on_hyphens=False)
    yield "wrapped with a backslash", "\\\n".join(rows), Told(KNOWN, ("rsa",), ("line breaks",))
    for name, text in {
        "without a space": f"{ed} a{rsa} b\n",
        "with a space": f"{ed} {rsa}\n",
        "behind a comment": f"{ed} sam@host {rsa} b\n",
    }.items():
        yield f"two keys on one line, {name}", text, Told(KNOWN, ("ed",), ("another key",))
    yield (
        "two keys without anything between",
        f"{ed}{rsa} b\n",
        Told(("known", "known"), ("ed", "rsa"), ("line break",)),
    )


def locked(each: Workshop) -> Iterator[tuple[str, bytes | str, Told]]:
    """Yield locked files whose public half tells, or whose encryption is not read."""
    for cipher in ("chacha20-poly1305@openssh.com", "3des-cbc", "aes256-gcm@openssh.com"):
        data = each.rewritten("ed", "-N", PASSPHRASE, "-Z", cipher, "-a", "1")
        yield f"OpenSSH, {cipher}", data, Told(KNOWN, ("ed",))
    for parameters in ("memory=4194304", "passes=4000000", "parallelism=300000"):
        name, _, value = parameters.partition("=")
        ppk = each.ppk("rsa", "version=3,passes=1", encrypted=True).decode()
        changed = re.sub(rf"Argon2-{name.title()}: \d+", f"Argon2-{name.title()}: {value}", ppk)
        if name == "parallelism":
            changed = re.sub(r"Argon2-Memory: \d+", "Argon2-Memory: 3000000", changed)
        yield f"PPK, Argon2 with {parameters}", changed, Told(KNOWN, ("rsa",), never=("damaged",))
    rsa = each.path("rsa.pem")
    topk8 = ["pkcs8", "-topk8", "-passout", "pass:secret"]
    for name, options, words in (
        ("Camellia", ("-v2", "camellia-256-cbc"), "Camellia"),
        ("ARIA", ("-v2", "aria-128-cbc"), "ARIA"),
        ("SM4", ("-v2", "sm4-cbc"), "SM4"),
        ("HMAC-SHA-512-256", ("-v2prf", "hmacWithSHA512-256"), "SHA-512-256"),
        ("PBE-MD5-DES", ("-v1", "PBE-MD5-DES", *_LEGACY), "MD5 and DES"),
        ("PBE-SHA1-RC2-40", ("-v1", "PBE-SHA1-RC2-40", *_LEGACY), "RC2"),
        ("SEED", ("-v2", "seed-cbc", *_LEGACY), "SEED"),
        ("CAST5", ("-v2", "cast5-cbc", *_LEGACY), "CAST5"),
        ("Blowfish", ("-v2", "bf-cbc", *_LEGACY), "Blowfish"),
    ):
        told = Told(UNSUPPORTED, words=(words, "not read", "openssl pkey"), never=("is wrong",))
        yield f"PKCS#8, {name}", each.openssl(*topk8, *options, "-in", rsa), told
    for name in ("camellia128", "aria256", "des"):
        legacy = _LEGACY if name == "des" else ()
        traditional = ["rsa", "-traditional", f"-{name}", "-passout", "pass:secret", *legacy]
        pem = each.openssl(*traditional, "-in", rsa)
        told = Told(UNSUPPORTED, words=("cipher", "not read"), never=("is wrong",))
        yield f"PKCS#1, {name}", pem, told
    sealed = each.rewritten("rsa", "-m", "PEM", "-N", PASSPHRASE).decode()
    lost = re.sub(r"DEK-Info.*\n", "", sealed)
    yield "PEM without its DEK-Info", lost, Told(("damaged",), words=("DEK-Info",))
    both_lost = re.sub(r"(?:Proc-Type|DEK-Info).*\n", "", sealed)
    yield "PEM without its headers", both_lost, Told(("damaged",), words=("headers|Proc-Type",))


def labels(each: Workshop) -> Iterator[tuple[str, bytes | str, Told]]:
    """Yield private keys under a BEGIN line that is another's."""
    names = {"rsa.pem": "RSA PRIVATE KEY", "rsa.p8": "PRIVATE KEY", "rsa": "OPENSSH PRIVATE KEY"}
    for name, label in names.items():
        for other in names.values():
            if other != label:
                text = each.text(name).replace(f" {label}-", f" {other}-")
                yield f"{label} under {other}", text, Told(KNOWN, ("rsa",), (label,))


def shapes(each: Workshop) -> Iterator[tuple[str, bytes | str, Told]]:
    """Yield private keys whose text suffered on the way."""
    for name, known in {"rsa.pem": "rsa", "ed": "ed", "rsa.p8": "rsa", "v3.ppk": "rsa"}.items():
        if name == "v3.ppk":
            each.keep(name, each.ppk("rsa", "version=3"))
        text = each.text(name)
        is_ppk = name.endswith("ppk")
        yield (
            f"{name}, line breaks as \\n",
            text.replace("\n", "\\n"),
            Told(KNOWN, (known,), (r"\\n", "printf")),
        )
        yield (
            f"{name}, line breaks as \\r\\n",
            text.replace("\n", "\\r\\n"),
            Told(KNOWN, (known,), (r"\\n",)),
        )
        yield (
            f"{name}, spaces for line breaks",
            text.replace("\n", " "),
            Told(KNOWN, (known,), ("spaces",)),
        )
        if not is_ppk:
            gone = text.replace("\n", "")
            yield f"{name}, no line breaks", gone, Told(KNOWN, (known,), ("line breaks are gone",))
            bare = "".join(text.splitlines()[1:-1])
            yield (
                f"{name} without BEGIN and END",
                bare,
                Told(KNOWN, (known,), ("BEGIN and END lines are missing",)),
            )
        yield f"{name}, mail quotes", re.sub("^", "> ", text, flags=re.M), Told(KNOWN, (known,))
        table = "".join(f"| {row} |\n" for row in text.splitlines())
        yield f"{name}, a table", table, Told(KNOWN, (known,), ("stand around",))
        quotes = "".join(f'"{row}"\n' for row in text.splitlines())
        yield f"{name}, quotes", quotes, Told(KNOWN, (known,))
        yield f"{name}, UTF-16", text.encode("utf-16"), Told(KNOWN, (known,), ("UTF-16",))
        yield (
            f"{name}, UTF-16 without a mark",
            text.encode("utf-16-le"),
            Told(KNOWN, (known,), ("UTF-16",)),
        )
        yield f"{name}, BOM", b"\xef\xbb\xbf" + text.encode(), Told(KNOWN, (known,))
        answer = json.dumps({"KeyName": "x", "KeyMaterial": text, "KeyPairId": "key-0"}, indent=4)
        yield f"{name} in JSON", answer, Told(KNOWN, (known,), ("JSON",))
        nested = json.dumps({"keys": [{"private": text}, {"public": each.line("ed")}]})
        yield (
            f"{name} in nested JSON",
            nested,
            Told(("known", "known"), tuple(sorted((known, "ed"))), ("JSON",)),
        )
        yaml = "key:\n  material: |\n" + re.sub("^", "    ", text, flags=re.M)
        yield f"{name} in YAML", yaml, Told(KNOWN, (known,))
        paragraphs = text.strip().replace("\n", "\n\n    ")
        yield (
            f"{name} in YAML of the AWS CLI",
            f"KeyMaterial: '{paragraphs}\n\n    '\nKeyName: x\n",
            (Told(KNOWN, (known,)) if not is_ppk else Told(("damaged",))),
        )
        rtf = "{\\rtf1\\ansi{\\fonttbl\\f0 Courier;}\\f0 " + text.replace("\n", "\\par\n") + "}"
        yield f"{name} in RTF", rtf, Told(KNOWN, (known,), ("RTF",))
        yield f"{name}, UTF-32", text.encode("utf-32"), Told(KNOWN, (known,), ("UTF-32",))
        url = Told(KNOWN, (known,), ("URL",))
        yield from [(f"{name} in a URL", quote(text), url)] if not is_ppk else []
        encoded = _base64(text)
        in_base64 = Told(KNOWN, (known,), ("base64",))
        yield f"{name} in base64", encoded, in_base64
        wrapped = "\n    ".join(textwrap.wrap(encoded, 76))
        for what, secret in {"folded": f">-\n    {wrapped}", "in one line": encoded}.items():
            manifest = f"kind: Secret\ndata:\n  ssh-privatekey: {secret}\n  other: eHl6\n"
            yield f"{name} in a Secret, {what}", manifest, in_base64
        if not is_ppk:
            yield from _marked(name, text, known)
        assigned = f'export KEY="{text.strip()}"\n'
        yield f"{name} in a variable", assigned, Told(KNOWN, (known,))


def _marked(name: str, text: str, known: str) -> Iterator[tuple[str, bytes | str, Told]]:
    """Yield a PEM file with marks in each line, or with a first and last line that were changed."""
    around = Told(KNOWN, (known,), ("stand around",))
    rows = text.splitlines()
    yield f"{name} in a diff", "".join(f"+{row}\n" for row in rows), around
    yield f"{name} as a list", "".join(f"- {row}\n" for row in rows), around
    numbered = "".join(f"{number:4d}  {row}\n" for number, row in enumerate(rows, 1))
    yield f"{name} with numbers", numbered, around
    yield f"{name} in HTML", "".join(f"{row}<br/>\n" for row in rows), around
    yield f"{name} in XML", f"<key>{text.replace(chr(10), '&#10;')}</key>", around
    yield f"{name} of mail", quopri.encodestring(text.encode()), Told(KNOWN, (known,))
    odd = Told(KNOWN, (known,), ("hyphens",))
    for what, dashes in {"em dashes": "\u2014\u2014", "four": "----", "six": "------"}.items():
        yield f"{name} between {what}", text.replace("-----", dashes), odd
    yield f"{name} with one dash changed", text.replace("-----END", "----END"), odd
    yield f"{name} in small letters", f"{rows[0].lower()}\n" + text.partition("\n")[2], odd
    yield f"{name} with fixed spaces", text.replace(" ", "\u00a0"), odd
    no_begin = Told(KNOWN, (known,), ("BEGIN line is missing",))
    yield f"{name} without BEGIN", f"Here it is:\n{text.partition(chr(10))[2]}", no_begin
    no_end = Told(KNOWN, (known,), ("END line is missing",))
    yield f"{name} without END", "".join(f"{row}\n" for row in rows[:-1]), no_end


def _base64(text: str) -> str:
    from base64 import b64encode

    return b64encode(text.encode()).decode()


def _rsa_line(n: int, e: int = 65537) -> str:
    numbers = [value.to_bytes(value.bit_length() // 8 + 1) for value in (e, n)]
    return _line(b"ssh-rsa", *numbers)


def _line(name: bytes, *fields: bytes) -> str:
    from base64 import b64encode

    blob = b"".join(len(each).to_bytes(4) + each for each in (name, *fields))
    return f"{name.decode()} {b64encode(blob).decode()} sam\n"


_LEGACY = ("-provider", "legacy", "-provider", "default")
KINDS = (whole_keys, containers, authorized, locked, labels, shapes)
