"""Lines to paste elsewhere for a key pair: for ssh, the AWS CLI, boto3, Terraform, openssl.

They are only ever shown and copied; nothing here runs anything. Names, tags and paths may hold
whatever a file edited by hand can hold, so each is quoted for the language it stands in, and no
line holds a character that a terminal would obey. What the person has to fill in stands in
capitals: HOST, ADDRESS, and PRIVATE_KEY_FILE or PUBLIC_KEY_FILE where we know of no file.
"""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from core.custody import file_kinds
from core.custody.file_kinds import Kind
from core.disk.destination import public_file
from core.keys import file_formats, fingerprint_kinds
from core.keys.public_key import named_line
from core.model import FileFormat, KeptKeyPair, KeyType

HOST = "HOST"
ADDRESS = "ADDRESS"
PRIVATE_KEY_FILE = "PRIVATE_KEY_FILE"
PUBLIC_KEY_FILE = "PUBLIC_KEY_FILE"

USER = "ec2-user"
_PPK = file_formats.suffix(FileFormat.PPK2)


@dataclass(frozen=True, slots=True)
class Recipe:
    """A few lines to paste, and what they are; titles are unique among those of a pair."""

    title: str
    text: str


def recipes(
    key_pair: KeptKeyPair, region: str, kinds: Mapping[str, Kind] | None = None
) -> tuple[Recipe, ...]:
    """Return what can be pasted for a key pair of a Region, the most wanted first.

    The file is the one that was saved last and that OpenSSH reads, and openssl too if there is
    such a one. If there are only PPK files, two more recipes come first: PuTTY's own command, and
    the conversion to the `.pem` file, which those that name it begin with as well.

    `kinds` are the files that are there, by path; without it every saved file counts, and is what
    its name says.
    """
    files = _files(key_pair, kinds)
    return tuple(Recipe(title, text) for title, text in _all(key_pair, region, files))


def fingerprint_commands(
    key_pair: KeptKeyPair, kinds: Mapping[str, Kind] | None = None
) -> tuple[tuple[str, str, str], ...]:
    """Return each kind of fingerprint of a key pair: its name, its value, and the command for it.

    The command prints the value, some with words around it. It reads the saved private key file,
    or, where there is none, the public key file that the person names; then a kind that needs
    the private key has PRIVATE_KEY_FILE in its command. `kinds` are as for `recipes`.
    """
    values = key_pair.custody.fingerprints
    files = _files(key_pair, kinds)
    found: list[tuple[str, str, str]] = []
    if values.pkcs8_sha1 is not None:
        found.append((fingerprint_kinds.PKCS8_SHA1, values.pkcs8_sha1, _pkcs8_sha1_command(files)))
    if values.spki_md5 is not None:
        found.append((fingerprint_kinds.SPKI_MD5, values.spki_md5, _spki_md5_command(files)))
    public_line = _public_line_command(files)
    listed = f"{public_line} | ssh-keygen -l -f -"
    if key_pair.key_type is KeyType.ED25519:
        bare = """awk '{ sub("SHA256:", "", $2); print $2 "=" }'"""
        found.append((fingerprint_kinds.EC2_SHA256, key_pair.key_fingerprint, f"{listed} | {bare}"))
    found.append((fingerprint_kinds.SSH_SHA256, values.ssh_sha256, listed))
    found.append(
        (fingerprint_kinds.SSH_MD5, values.ssh_md5, f"{public_line} | ssh-keygen -l -E md5 -f -")
    )
    return tuple(found)


class _Files(NamedTuple):
    """The files to name: `ppk` is set when OpenSSH's `private` has to be made from it first.

    `for_puttygen` is a file that openssl does not read, and puttygen does.
    """

    private: str
    public: str
    ppk: str | None
    known: bool
    for_puttygen: str | None = None

    @property
    def conversion(self) -> str | None:
        if self.ppk is None:
            return None
        pem = _shell(self.private)
        # puttygen overwrites without a word.
        return f"test ! -e {pem} && puttygen {_shell(self.ppk)} -O private-openssh -o {pem}"


def _files(key_pair: KeptKeyPair, kinds: Mapping[str, Kind] | None) -> _Files:
    if kinds is None:
        kinds = {path: file_kinds.by_name(path) for path in key_pair.custody.saved_to}
    newest_first = [path for path in reversed(key_pair.custody.saved_to) if path in kinds]
    for kind in Kind:  # what openssl reads too comes first, and PPK last
        for path in newest_first:
            if kinds[path] is kind is Kind.PPK:
                pem = f"{path[: -len(_PPK)] if path.lower().endswith(_PPK) else path}.pem"
                return _Files(pem, public_file(pem), path, known=True, for_puttygen=path)
            if kinds[path] is kind:
                container = path if kind is Kind.OPENSSH else None
                return _Files(path, public_file(path), None, known=True, for_puttygen=container)
    return _Files(PRIVATE_KEY_FILE, PUBLIC_KEY_FILE, ppk=None, known=False)


def _all(key_pair: KeptKeyPair, region: str, files: _Files) -> Iterator[tuple[str, str]]:
    if files.ppk:
        yield "PuTTY command", f"plink -i {_shell(files.ppk)} {USER}@{HOST}"
    if files.conversion:
        yield "PPK to PEM", files.conversion
    first = f"{files.conversion}\n" if files.conversion else ""
    yield "ssh command", first + ssh_command(files.private)
    comment = f"# First, in a shell: {first}" if first else ""
    yield "ssh config", comment + _ssh_config(key_pair.key_name, files.private)
    line = named_line(key_pair)
    yield "authorized_keys", line
    yield "authorized_keys, restricted", f'restrict,from="{ADDRESS}" {line}'
    # set -C: an existing file is not overwritten.
    yield (
        "public key file",
        f"(set -C; printf '%s\\n' {_shell(line)} > {_shell(files.public)})",
    )
    yield "aws ec2 import-key-pair", _aws_command(key_pair, region)
    yield "boto3", _boto3(key_pair, region)
    yield "Terraform", _terraform(key_pair)


# The shell ------------------------------------------------------------------------------------


def _shell(text: str) -> str:
    """Return a word of a POSIX shell that stands for exactly this text.

    Invisible characters are spelled as `$'...'`, which bash, zsh, ksh and POSIX of 2024 know: a
    terminal would obey some of them while they are pasted.
    """
    if text.isprintable():
        return shlex.quote(text)
    spelled = (
        character if character.isprintable() and character not in "\\'!" else _octal(character)
        for character in text
    )
    return f"$'{''.join(spelled)}'"


def _octal(character: str) -> str:
    return "".join(f"\\{byte:03o}" for byte in _bytes(character))


def _bytes(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")  # as Python spells file names
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


# OpenSSH --------------------------------------------------------------------------------------

_RENAME = "# OpenSSH cannot be given this file's path: rename the file, then fill it in."


def ssh_command(path: str) -> str:
    """Return the line that logs in with a private key file, fit to be pasted into a shell."""
    destination = f"{USER}@{HOST}"
    if "%" not in path and "${" not in path:
        return f"ssh -i {_shell(path)} {destination}"
    # ssh takes % and ${ in a path for its own, also in that of -i. There, but not in a setting,
    # it looks first whether the file of the very name exists, so that no spelling would do.
    value = ssh_setting(path)
    if value is None:
        return f"{_RENAME}\nssh -i {PRIVATE_KEY_FILE} {destination}"
    return f"ssh -o {_shell(f'IdentityFile={value}')} {destination}"


def _ssh_config(key_name: str, path: str) -> str:
    alias = re.sub(r"[^A-Za-z0-9._-]+", "-", key_name).strip("-.") or "key-pair"
    value = ssh_setting(path)
    return "\n".join(
        [
            f"Host {alias}",
            f"    HostName {HOST}",
            f"    User {USER}",
            *([f"    {_RENAME}"] if value is None else []),
            f"    IdentityFile {PRIVATE_KEY_FILE if value is None else value}",
            "    IdentitiesOnly yes",
        ]
    )


def ssh_setting(path: str) -> str | None:
    """Return a path as it stands in ssh_config, or None if it cannot stand there.

    There is no way to write a line break, nor a `${` that is not the start of a variable.
    """
    if not path.isprintable() or "${" in path:
        return None
    value = path.replace("%", "%%")
    if re.fullmatch(r"[\w./%+,:@-]+", value):
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _public_line_command(files: _Files) -> str:
    if files.ppk:
        return f"puttygen -L {_shell(files.ppk)}"
    if files.known:
        # Not -l at once: it would read a .pub file beside the private key, whoever's that is.
        return f"ssh-keygen -y -f {_shell(files.private)}"
    return f"cat {_shell(files.public)}"


def _pkcs8_sha1_command(files: _Files) -> str:
    digest = "openssl sha1 -c"
    options = "-inform PEM -outform DER -topk8 -nocrypt"
    if files.for_puttygen:
        pem = f"puttygen {_shell(files.for_puttygen)} -O private-openssh -o /dev/stdout"
        return f"{pem} | openssl pkcs8 {options} | {digest}"
    return f"openssl pkcs8 -in {_shell(files.private)} {options} | {digest}"


def _spki_md5_command(files: _Files) -> str:
    digest = "openssl md5 -c"
    if files.known and not files.for_puttygen:
        return f"openssl rsa -in {_shell(files.private)} -pubout -outform DER | {digest}"
    der = "openssl rsa -RSAPublicKey_in -outform DER"
    if files.for_puttygen:
        return (
            f"{_public_line_command(files)} | ssh-keygen -e -m PEM -f /dev/stdin | {der} | {digest}"
        )
    return f"ssh-keygen -e -m PEM -f {_shell(files.public)} | {der} | {digest}"


# AWS ------------------------------------------------------------------------------------------

_READ_BY_THE_CLI = ("file://", "fileb://", "http://", "https://")


def _aws_command(key_pair: KeptKeyPair, region: str) -> str:
    words = ["aws", "ec2", "import-key-pair", "--region", region]
    name = key_pair.key_name
    if name.startswith(_READ_BY_THE_CLI):
        # As the value of an option it would be taken for a file to read.
        words += ["--cli-input-json", json.dumps({"KeyName": name})]
    elif name.startswith("-"):
        words += [f"--key-name={name}"]
    else:
        words += ["--key-name", name]
    if key_pair.tags:
        words += ["--tag-specifications", json.dumps(_tag_specifications(key_pair))]
    # fileb, because version 2 wants base64 behind anything else, and version 1 takes it as well.
    # From a pipe, because no .pub file need be there.
    words += ["--public-key-material", "fileb:///dev/stdin"]
    line = _shell(named_line(key_pair))
    return f"printf '%s\\n' {line} | {' '.join(map(_shell, words))}"


def _tag_specifications(key_pair: KeptKeyPair) -> list[dict[str, object]]:
    tags = [{"Key": tag.key, "Value": tag.value} for tag in key_pair.tags]
    return [{"ResourceType": "key-pair", "Tags": tags}]


def _boto3(key_pair: KeptKeyPair, region: str) -> str:
    lines = [
        "import boto3",
        "",
        f'ec2 = boto3.client("ec2", region_name={region!r})',
        "ec2.import_key_pair(",
        f"    KeyName={key_pair.key_name!r},",
        f"    PublicKeyMaterial={_bytes(key_pair.public_key)!r},",
    ]
    if key_pair.tags:
        lines.append(f"    TagSpecifications={_tag_specifications(key_pair)!r},")
    return "\n".join([*lines, ")"])


def _terraform(key_pair: KeptKeyPair) -> str:
    label = re.sub(r"[^A-Za-z0-9_-]", "_", key_pair.key_name)
    if not re.match(r"[A-Za-z_]", label):
        label = f"key_{label}"
    lines = [
        f'resource "aws_key_pair" "{label}" {{',
        f"  key_name   = {_hcl(key_pair.key_name)}",
        f"  public_key = {_hcl(key_pair.public_key)}",
    ]
    if key_pair.tags:
        tags = [f"    {_hcl(tag.key)} = {_hcl(tag.value)}" for tag in key_pair.tags]
        lines += ["", "  tags = {", *tags, "  }"]
    return "\n".join([*lines, "}"])


def _hcl(text: str) -> str:
    """Return a quoted template of HCL that stands for exactly this text."""
    spelled = "".join(_hcl_character(character) for character in text)
    return '"' + spelled.replace("${", "$${").replace("%{", "%%{") + '"'


def _hcl_character(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
