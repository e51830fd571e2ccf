"""Files of 64 KiB that are made to cost much: huge numbers, deep nesting, endless repetition."""

from base64 import b64encode
from collections.abc import Iterator

from core.keys.encoding import der
from core.keys.encoding.sshwire import mpint, string

SIZE = 64 * 1024


def hostile_files() -> dict[str, bytes]:
    """Return the files by what they are, none larger than any file that is read."""
    files = dict(_numbers())
    files |= dict(_structures())
    files |= {name: data[:SIZE] for name, data in _texts()}
    assert all(len(data) <= SIZE for data in files.values())
    return files


def _sequence(*parts: bytes) -> bytes:
    return der.encode(der.SEQUENCE, b"".join(parts))


def _identifier(digits: str) -> bytes:
    return der.encode(der.OBJECT, bytes.fromhex(digits))


def _pem(label: str, data: bytes) -> bytes:
    text = b64encode(data)
    rows = [text[at : at + 64] for at in range(0, len(text), 64)]
    return b"\n".join(
        [f"-----BEGIN {label}-----".encode(), *rows, f"-----END {label}-----".encode()]
    )


_DSA, _EC = "2a8648ce380401", "2a8648ce3d0201"


def _odd(bits: int) -> int:
    return (1 << (bits - 1)) | (1 << (bits // 2)) | 1


def _numbers() -> Iterator[tuple[str, bytes]]:
    i = der.integer
    for bits in (32_000, 65_000, 170_000):
        p = q = g = _odd(bits)
        parameters = _sequence(i(p), i(q | 2), i(g | 4))
        x = i(p - 2) if bits < 100_000 else i(3)
        dsa = _sequence(
            i(0), _sequence(_identifier(_DSA), parameters), der.encode(der.OCTET_STRING, x)
        )
        traditional = _sequence(i(0), i(p), i(q), i(g), i(p - 2), x)
        for name, data in {"PKCS#8": dsa, "traditional": traditional}.items():
            if len(data) <= SIZE:
                yield f"DSA of {bits} bits, {name}", data
            if len(data) < 46_000:
                label = "PRIVATE KEY" if data is dsa else "DSA PRIVATE KEY"
                yield f"DSA of {bits} bits, {name} in PEM", _pem(label, data)
    for name, (n, e, d, p, q, *more) in _rsa_numbers().items():
        numbers = [n, e, d, p, q, *more]
        pkcs1 = _sequence(i(0), *map(i, numbers))
        pkcs8 = _sequence(
            i(0), _sequence(der.RSA_ENCRYPTION), der.encode(der.OCTET_STRING, pkcs1)
        ).replace(_sequence(der.RSA_ENCRYPTION), _sequence(der.RSA_ENCRYPTION))
        yield f"RSA, {name}, PKCS#1", pkcs1
        yield f"RSA, {name}, PKCS#8", pkcs8
        blob = string(b"ssh-rsa") + mpint(e) + mpint(n)
        line = b"ssh-rsa " + b64encode(blob)
        if len(line) <= SIZE:
            yield f"RSA, {name}, a line", line
        yield f"RSA, {name}, PKCS#1 public", _sequence(i(n), i(e))
        private = mpint(d) + mpint(p) + mpint(q) + mpint(more[-1])
        section = bytes(8) + string(b"ssh-rsa") + b"".join(map(mpint, (n, e, d, more[-1], p, q)))
        section += string(b"") + bytes(range(1, -(len(section) + 4) % 8 + 1))
        outer = string(b"none") * 2 + string(b"") + b"\0\0\0\1" + string(blob) + string(section)
        container = _pem("OPENSSH PRIVATE KEY", b"openssh-key-v1\0" + outer)
        if len(container) <= SIZE:
            yield f"RSA, {name}, OpenSSH", container
        ppk = _ppk(blob, private)
        if len(ppk) <= SIZE:
            yield f"RSA, {name}, PPK", ppk


def _ppk(blob: bytes, private: bytes) -> bytes:
    rows = [b"PuTTY-User-Key-File-2: ssh-rsa", b"Encryption: none", b"Comment: x"]
    for title, data in ((b"Public", blob), (b"Private", private)):
        text = b64encode(data)
        lines = [text[at : at + 64] for at in range(0, len(text), 64)]
        rows += [title + b"-Lines: %d" % len(lines), *lines]
    return b"\n".join([*rows, b"Private-MAC: " + b"0" * 40, b""])


def _rsa_numbers() -> dict[str, list[int]]:
    """Return n, e, d, p, q, dp, dq and qinv, of which some are huge, even or otherwise no key's."""
    small = [_odd(2048), 65537, _odd(2047), _odd(1024), _odd(1023), 5, 7, 9]
    half = _odd(40_000)
    made = {
        "all huge": [_odd(80_000), _odd(79_999), _odd(79_998), half, half, half, half, half],
        "a huge modulus": [_odd(400_000), *small[1:]],
        "a huge exponent": [small[0], _odd(400_000), *small[2:]],
        "a huge d": [*small[:2], _odd(400_000), *small[3:]],
        "huge factors": [*small[:3], _odd(200_000), _odd(200_000), *small[5:]],
        "8,192 bits and all that goes with it": [
            *(_odd(8192), _odd(8191), _odd(8190)),
            *(_odd(8189), _odd(8188), _odd(8187), _odd(8186), _odd(8185)),
        ],
        "even": [2**8190, 2**4000, 2**8189, 2**4095, 2**4095, 2**4000, 2**4000, 2**4000],
        "ones": [_odd(2048), 1, 1, 1, 1, 1, 1, 1],
        "zeros": [0] * 8,
    }
    return {name: numbers for name, numbers in made.items() if len(numbers) == 8}


def _structures() -> Iterator[tuple[str, bytes]]:
    i = der.integer
    field = _sequence(_identifier("2a8648ce3d0101"), i(_odd(100_000)))
    curve = _sequence(der.encode(der.OCTET_STRING, bytes(10)), der.encode(der.OCTET_STRING, b"\7"))
    explicit = _sequence(i(1), field, curve, der.encode(der.OCTET_STRING, b"\4" + bytes(64)), i(7))
    yield (
        "EC with a curve of its own",
        _sequence(
            i(0), _sequence(_identifier(_EC), explicit), der.encode(der.OCTET_STRING, bytes(40))
        ),
    )
    yield "DH parameters", _sequence(i(_odd(400_000)), i(2))
    nested = b""
    while len(nested) < 60_000:
        nested = _sequence(nested)
    yield "nested sequences", nested
    yield "many sequences", _sequence(b"\x30\x00" * 32_000)
    yield "many numbers", _sequence(b"\x02\x01\x00" * 21_000)
    yield "an endless length", b"\x30\x84\xff\xff\xff\xff" + bytes(1000)
    for name, numbers in {"PBKDF2": i(2**62), "PBKDF2 and more": i(5_000_000)}.items():
        function = _sequence(
            _identifier("2a864886f70d01050c"),
            _sequence(der.encode(der.OCTET_STRING, bytes(60_000)), numbers),
        )
        aes = _sequence(_identifier("60864801650304012a"), der.encode(der.OCTET_STRING, bytes(16)))
        scheme = _sequence(_identifier("2a864886f70d01050d"), _sequence(function, aes))
        yield name, _sequence(scheme, der.encode(der.OCTET_STRING, bytes(64)))
    scrypt = _sequence(
        _identifier("2b06010401da47040b"),
        _sequence(der.encode(der.OCTET_STRING, b"x" * 8), i(2**40), i(2**20), i(2**20)),
    )
    aes = _sequence(_identifier("60864801650304012a"), der.encode(der.OCTET_STRING, bytes(16)))
    scheme = _sequence(_identifier("2a864886f70d01050d"), _sequence(scrypt, aes))
    yield "scrypt", _sequence(scheme, der.encode(der.OCTET_STRING, bytes(64)))
    fields = string(b"ssh-rsa-cert-v01@openssh.com") + string(b"") * 10_000
    yield "a certificate of many fields", b"ssh-rsa-cert-v01@openssh.com " + b64encode(fields)


def _texts() -> Iterator[tuple[str, bytes]]:
    line = b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIIRGSddLuiVl/GOw0Dp5qWTswtUtUBJNpzS8zyLNhoY"
    repeated = {
        "keys": line + b"\n",
        "keys on one line": line + b" ",
        "keys behind an unknown option": b"restrikt-%d " + line + b"\n",
        "keys behind services": b'permitopen="a:x%d" ' + line + b"\n",
        "BEGIN lines": b"-----BEGIN RSA PRIVATE KEY-----\n",
        "BEGIN lines without an end": b"-----BEGIN RSA PRIVATE KEY-----",
        "BEGIN and END": b"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n",
        "BEGIN lines of public keys": b"-----BEGIN PUBLIC KEY-----\n",
        "END lines": b"A" * 64 + b"\n-----END RSA PRIVATE KEY-----\n",
        "END lines in one": b"-----END RSA PRIVATE KEY-----",
        "odd BEGIN lines": b"----BEGIN rsa PRIVATE KEY----" + b"A" * 32 + b"\n",
        "em dashes": "\u2014".encode(),
        "base64 of BEGIN lines": b"LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQo=\n",
        "one base64 of BEGIN lines": b"LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQ" * 2,
        "URLs": b"BEGIN%20RSA%20PRIVATE%20KEY",
        "markup": b"-----BEGIN RSA PRIVATE KEY-----<br>&#10;",
        "numbered lines": b"1 -----BEGIN RSA PRIVATE KEY-----\n2 AAAA\n",
        "RFC 4716": b"---- BEGIN SSH2 PUBLIC KEY ----\n",
        "continued headers": b"Comment: \\\n",
        "PPK": b"PuTTY-User-Key-File-2: ssh-rsa\n",
        "keys of age on one line": b"AGE-SECRET-KEY-1ABCD",
        "types": b"ssh-rsa ",
        "types in lines": b"ssh-rsa AAAA\n",
        "open quotes": b'"',
        "open quotes in lines": b'command="a ssh-rsa\n',
        "backslashes": b"\\",
        "escaped quotes": b'\\"',
        "escaped line breaks": b"\\n",
        "commas": b",",
        "options": b"pty,",
        "environments": b'environment="A=b",',
        "base64": b"A",
        "wrapped base64": b"A" * 64 + b"\n",
        "DER in base64": b"MII",
        "spaces": b" ",
        "line breaks": b"\n",
        "carriage returns": b"\r",
        "zeros": b"\0",
        "brackets": b"[",
        "braces": b'{"a":',
        "RTF": b"{\\rtf1 ",
        "mail quotes": b"> ",
        "mail quotes in lines": b"> > ssh-rsa AAAA\n",
        "dashes": b"-",
        "colons": b"a:",
        "digits": b"1 ",
        "a letter beyond ASCII": "é".encode(),
        "numbers of SSH-1": b"1024 65537 1234567 x\n",
    }
    for name, piece in repeated.items():
        many = SIZE // len(piece) + 1
        numbered = piece if b"%d" in piece else None
        data = b"".join(numbered % number for number in range(many)) if numbered else piece * many
        yield name, data
        yield f"{name}, UTF-16", data[: SIZE // 2 - 2].decode("latin-1").encode("utf-16")
    for start in (
        b"ssh-rsa ",
        b'command="',
        b"-----BEGIN RSA PRIVATE KEY-----\n",
        b"{\\rtf1 ",
        b"M",
    ):
        for rest in (b"A", b"A\n", b" ", b"\\n", b"\n", b'"', b"A "):
            yield f"{start!r} and {rest!r}", start + rest * SIZE
