import dataclasses
import json
import re
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from core.custody import file_kinds, saving
from core.custody.file_kinds import Kind
from core.custody.recipes import PRIVATE_KEY_FILE, PUBLIC_KEY_FILE, fingerprint_commands, recipes
from core.disk.destination import public_file
from core.keys.file_formats import suffix
from core.model import (
    FileFormat,
    KeptKeyPair,
    KeyFormat,
    KeyType,
    PrivateKeyState,
    Tag,
    TagSpecification,
)
from core.query import fingerprint_kind
from core.session import Session
from tests.each_row import each_row
from tests.helpers import Run, kept

Save = Callable[..., KeptKeyPair]

REGION = "eu-central-1"
PRINTABLE = "".join(map(chr, range(32, 127)))
INVISIBLE = [
    "a\nb",
    "a\x1b[201~\nid",
    "\u202egnp",
    "zero\u200bwidth",
    "it's!\t\\n",
    "\x7f",
    "\udcff",
]

NAMES = [
    "web",
    "two words",
    "it's",
    '"quoted"',
    "$(touch pwned)",
    "`touch pwned`",
    "$HOME",
    "${HOME}",
    "$${x}",
    "%{if true}",
    "\\",
    "-rf",
    "--dry-run",
    "!!",
    "#",
    "a;b&c|d>e<f",
    "*?[a]",
    "{a,b}",
    "~root",
    "9 lives",
    "!@#",
    "file:///etc/hostname",
    "fileb://x",
    "https://x/",
    PRINTABLE.strip(),
]
ALL_NAMES = [*NAMES, *INVISIBLE]
FILES = [
    "plain.pem",
    "two words.pem",
    "it's.pem",
    '"quoted".pem',
    "$(touch pwned)",
    "back\\slash",
    "two\\\\slashes",
    'slash\\"quote',
    "slash at the end\\",
    "per%cent%d%h",
    "#hash=,;&",
    "tail ",
    "é.pem",
    "$HOME",
    "~",
]


@pytest.fixture
def save(session: Session, tmp_path: Path) -> Save:
    """Return a function that creates an ED25519 or RSA pair, saves it, and returns its record."""

    def create_and_save(
        key_type: KeyType = KeyType.ED25519,
        key_format: KeyFormat = KeyFormat.PEM,
        name: str = "web",
        file: str | None = None,
    ) -> KeptKeyPair:
        created = session.backend.create_key_pair(
            key_name=name,
            key_type=key_type,
            key_format=key_format,
            tag_specifications=[TagSpecification("key-pair", [Tag("Env", "prod")])],
        )
        path = tmp_path / (file or f"{key_type}.{key_format}")
        saving.save_key_material(session, created, str(path))
        pair = session.key_pair_named(name)
        assert pair is not None
        return pair

    return create_and_save


@pytest.fixture
def web(save: Save) -> KeptKeyPair:
    """Return a pair for all rows of a table that need any one."""
    return save()


@pytest.fixture
def imported(session: Session, save: Save) -> Callable[[KeyType], KeptKeyPair]:
    """Return a function that imports a public key under another name."""

    def import_key_pair(key_type: KeyType) -> KeptKeyPair:
        source = save(key_type)
        return session.backend.import_key_pair(
            key_name="theirs", public_key_material=source.public_key
        )

    return import_key_pair


@pytest.fixture
def aws(run: Run, tmp_path: Path) -> Callable[[str], tuple[list[str], str]]:
    """Return what a shell starts the AWS CLI with: its words, and what it is given to read."""

    def started_with(line: str) -> tuple[list[str], str]:
        # Only bash knows $'...', which stands where plain sh could not be told.
        shell = "bash" if "$'" in line else "sh"
        stand_in = "aws() { printf '%s\\0' \"$@\"; cat; }"
        done = run(shell, "-c", f"cd '{tmp_path}' && {stand_in}; {line}")
        assert not (tmp_path / "pwned").exists()
        *words, given = done.stdout.decode("utf-8", "surrogateescape").split("\0")
        return words, given

    return started_with


def text_of(title: str, pair: KeptKeyPair) -> str:
    (text,) = [recipe.text for recipe in recipes(pair, REGION) if recipe.title == title]
    return text


def hostile(pair: KeptKeyPair, text: str) -> KeptKeyPair:
    return dataclasses.replace(pair, key_name=text, tags=(Tag(text, text), Tag("a", "")))


def at(pair: KeptKeyPair, path: Path | str) -> KeptKeyPair:
    return kept(pair, saved_to=("/elsewhere/first.pem", str(path)))


# Everything -----------------------------------------------------------------------------------


def test_every_recipe_is_there_for_every_pair(save: Save, session: Session) -> None:
    titles = [
        "ssh command",
        "ssh config",
        "authorized_keys",
        "authorized_keys, restricted",
        "public key file",
        "aws ec2 import-key-pair",
        "boto3",
        "Terraform",
    ]
    pem = save()
    assert [recipe.title for recipe in recipes(pem, REGION)] == titles
    bare = kept(dataclasses.replace(pem, tags=()), private_key=PrivateKeyState.UNSAVED, saved_to=())
    assert [recipe.title for recipe in recipes(bare, REGION)] == titles
    ppk = save(key_format=KeyFormat.PPK, name="putty")
    assert [recipe.title for recipe in recipes(ppk, REGION)] == [
        "PuTTY command",
        "PPK to PEM",
        *titles,
    ]


def test_the_lines_of_a_plain_pair_are_plain(save: Save) -> None:
    pair = kept(dataclasses.replace(save(), tags=()), saved_to=("/home/ann/.ssh/web.pem",))
    key = pair.public_key
    assert {recipe.title: recipe.text for recipe in recipes(pair, REGION)} == {
        "ssh command": "ssh -i /home/ann/.ssh/web.pem ec2-user@HOST",
        "ssh config": (
            "Host web\n    HostName HOST\n    User ec2-user\n"
            "    IdentityFile /home/ann/.ssh/web.pem\n    IdentitiesOnly yes"
        ),
        "authorized_keys": f"{key} web",
        "authorized_keys, restricted": f'restrict,from="ADDRESS" {key} web',
        "public key file": (f"(set -C; printf '%s\\n' '{key} web' > /home/ann/.ssh/web.pub)"),
        "aws ec2 import-key-pair": (
            f"printf '%s\\n' '{key} web' | aws ec2 import-key-pair --region eu-central-1"
            " --key-name web --public-key-material fileb:///dev/stdin"
        ),
        "boto3": (
            "import boto3\n\nec2 = boto3.client(\"ec2\", region_name='eu-central-1')\n"
            "ec2.import_key_pair(\n    KeyName='web',\n"
            f"    PublicKeyMaterial=b'{key}',\n)"
        ),
        "Terraform": (
            f'resource "aws_key_pair" "web" {{\n  key_name   = "web"\n  public_key = "{key}"\n}}'
        ),
    }


def test_a_pair_without_a_file_gets_a_placeholder(
    imported: Callable[[KeyType], KeptKeyPair],
) -> None:
    pair = imported(KeyType.RSA)
    assert text_of("ssh command", pair) == f"ssh -i {PRIVATE_KEY_FILE} ec2-user@HOST"
    assert text_of("public key file", pair).endswith(f" > {PUBLIC_KEY_FILE})")


@each_row("text", ALL_NAMES)
def test_nothing_to_paste_holds_a_character_that_a_terminal_obeys(
    web: KeptKeyPair, text: str
) -> None:
    damaged = dataclasses.replace(hostile(web, text), public_key=f"{web.public_key}{text}")
    for files in ((), (f"/a/{text}",), (f"/a/{text}.ppk",)):
        odd = kept(damaged, saved_to=files)
        lines = [recipe.text for recipe in recipes(odd, REGION)]
        lines += [command for _, _, command in fingerprint_commands(odd)]
        assert all(line.replace("\n", "").isprintable() for line in lines)


# ssh ------------------------------------------------------------------------------------------


def identities(stderr: bytes) -> list[str]:
    """Return the files that ssh -v says it would log in with: those in which it found a key."""
    assert not re.search(rb"no such identity|not accessible", stderr)
    # The log has every unusual byte in octal, and a backslash twice.
    plain = re.sub(
        rb"\\(?:([0-7]{3})|\\)",
        lambda match: bytes([int(match[1], 8)]) if match[1] else b"\\",
        stderr,
    ).decode()
    return re.findall(r"identity file (.*) type (?:0|3)\r?$", plain, re.MULTILINE)


@pytest.mark.parametrize("file", FILES)
def test_ssh_logs_in_with_the_file_by_its_command_and_by_its_config(
    file: str, save: Save, run: Run, tmp_path: Path
) -> None:
    pair = save()
    path = tmp_path / file
    Path(pair.custody.saved_to[-1]).rename(path)
    pair = at(pair, path)
    # A connection that ends at once: the key files have been read by then.
    talk = "-v -o ProxyCommand=true"
    command = text_of("ssh command", pair)
    assert command.startswith("ssh ")
    line = command.replace("ssh ", f"ssh -F none {talk} ", 1)
    done = run("sh", "-c", f"cd '{tmp_path}' && {line}", status=255)
    assert identities(done.stderr) == [str(path)]
    config = tmp_path / "config"
    config.write_text(text_of("ssh config", pair) + "\n")
    line = f"ssh -F '{config}' {talk} web"
    done = run("sh", "-c", line, status=255)
    assert identities(done.stderr) == [str(path)]
    assert not (tmp_path / "pwned").exists()


@pytest.mark.long
@each_row("name", ALL_NAMES)
def test_the_config_block_of_any_name_is_one_that_ssh_reads(
    name: str, web: KeptKeyPair, run: Run, tmp_path: Path
) -> None:
    text = text_of("ssh config", hostile(at(web, "/k/web.pem"), name))
    alias = text.partition("\n")[0].removeprefix("Host ")
    assert re.fullmatch(r"[A-Za-z0-9_][\w.-]*", alias)
    config = tmp_path / "config"
    config.write_text(f"{text}\n")
    shown = run("ssh", "-G", "-F", config, alias).stdout.decode().splitlines()
    assert {
        "hostname HOST".lower(),
        "user ec2-user",
        "identityfile /k/web.pem",
        "identitiesonly yes",
    } <= {line.replace("HOST", "host") for line in shown}


@pytest.mark.parametrize("file", ["x${HOME}y", "a\nProxyCommand touch pwned", "\x1b]0;x\x07"])
def test_a_path_that_ssh_cannot_be_given_is_said_to_be_one(
    file: str, save: Save, run: Run, tmp_path: Path
) -> None:
    pair = at(save(), tmp_path / file)
    text = text_of("ssh config", pair)
    assert "rename the file" in text
    config = tmp_path / "config"
    config.write_text(f"{text}\n")
    shown = run("ssh", "-G", "-F", config, "web").stdout.decode()
    assert "proxycommand" not in shown
    assert f"identityfile {PRIVATE_KEY_FILE}" in shown


def test_a_path_with_a_variable_in_it_is_not_given_to_ssh(save: Save) -> None:
    comment, command = text_of("ssh command", at(save(), "/x${HOME}")).splitlines()
    assert comment.startswith("# ")
    assert command == f"ssh -i {PRIVATE_KEY_FILE} ec2-user@HOST"


@pytest.mark.parametrize("title", ["authorized_keys", "authorized_keys, restricted"])
def test_an_authorized_keys_line_is_one_line_of_this_key(
    title: str, web: KeptKeyPair, run: Run, tmp_path: Path
) -> None:
    lines = {name: text_of(title, hostile(web, name)) for name in ALL_NAMES}
    assert [name for name, line in lines.items() if len(line.splitlines()) != 1] == []
    path = tmp_path / "authorized_keys"
    path.write_text("".join(f"{line}\n" for line in lines.values()))
    shown = run("ssh-keygen", "-l", "-f", path).stdout.decode("latin-1").splitlines()
    fingerprints = [line.split()[1] for line in shown]
    assert fingerprints == [web.custody.fingerprints.ssh_sha256] * len(ALL_NAMES)


# The shell ------------------------------------------------------------------------------------


@each_row("name", ALL_NAMES)
def test_the_public_key_file_is_written_once(
    name: str, web: KeptKeyPair, run: Run, tmp_path: Path
) -> None:
    file = re.sub(r"[/\0]", "_", name)
    pair = at(hostile(web, name), tmp_path / file)
    command = text_of("public key file", pair)
    shell = "bash" if "$'" in command else "sh"
    run(shell, "-c", command)
    path = Path(public_file(str(tmp_path / file)))
    line = text_of("authorized_keys", pair)
    assert path.read_text() == f"{line}\n"
    path.write_text("precious")
    run(shell, "-c", command, status=None)
    assert path.read_text() == "precious"
    assert not (tmp_path / "pwned").exists()


def options(words: Sequence[str]) -> dict[str, str]:
    """Return the options of a command of the AWS CLI, given in two words or in one."""
    found: dict[str, str] = {}
    rest = list(words)
    while rest:
        name, equals, value = rest.pop(0).partition("=")
        if not equals:
            value = rest.pop(0)
            assert not value.startswith("-")  # it would be taken for the next option
        found[name] = value
    return found


@each_row("name", ALL_NAMES)
def test_the_aws_command_imports_under_the_very_name(
    name: str, web: KeptKeyPair, aws: Callable[[str], tuple[list[str], str]]
) -> None:
    pair = hostile(at(web, "/k/web.pem"), name)
    (ec2, operation, *rest), stdin = aws(text_of("aws ec2 import-key-pair", pair))
    given = options(rest)
    assert [ec2, operation] == ["ec2", "import-key-pair"]
    # No file is named: none need be there.
    assert stdin == f"{text_of('authorized_keys', pair)}\n"
    assert given.pop("--region") == REGION
    assert given.pop("--public-key-material") == "fileb:///dev/stdin"
    (tags,) = json.loads(given.pop("--tag-specifications"))
    expected = [{"Key": name, "Value": name}, {"Key": "a", "Value": ""}]
    assert tags == {"ResourceType": "key-pair", "Tags": expected}
    if "--key-name" in given:
        assert not name.startswith(("file", "http"))  # would be read, not taken
        assert given == {"--key-name": name}
    else:
        assert {key: json.loads(text) for key, text in given.items()} == {
            "--cli-input-json": {"KeyName": name}
        }


# Other languages ------------------------------------------------------------------------------


@each_row("name", ALL_NAMES)
def test_the_boto3_lines_import_under_the_very_name(
    name: str, web: KeptKeyPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[dict[str, Any]] = []

    def client(session: str, *, region_name: str) -> SimpleNamespace:
        assert (session, region_name) == ("ec2", REGION)
        return SimpleNamespace(import_key_pair=lambda **arguments: calls.append(arguments))

    monkeypatch.setitem(sys.modules, "boto3", SimpleNamespace(client=client))
    pair = hostile(web, name)
    exec(compile(text_of("boto3", pair), "boto3", "exec"), {})  # noqa: S102 - it is what we wrote
    tags = [{"Key": name, "Value": name}, {"Key": "a", "Value": ""}]
    assert calls == [
        {
            "KeyName": name,
            "PublicKeyMaterial": pair.public_key.encode(),
            "TagSpecifications": [{"ResourceType": "key-pair", "Tags": tags}],
        }
    ]


def hcl_strings(text: str) -> list[str]:
    """Return the texts of the quoted templates; each must be free of interpolation."""
    found = []
    for quoted in re.findall(r'"((?:[^"\\\n]|\\.)*)"', text):
        assert not re.search(r"(?<![$])[$]\{|(?<!%)%\{", quoted)
        plain = quoted.replace("$${", "${").replace("%%{", "%{")
        found.append(
            re.sub(
                r'\\(?:(["\\])|u(.{4})|U(.{8}))',
                lambda match: match[1] or chr(int(match[2] or match[3], 16)),
                plain,
            )
        )
    return found


@each_row("name", ALL_NAMES)
def test_the_terraform_block_has_the_very_name(name: str, web: KeptKeyPair) -> None:
    pair = hostile(web, name)
    text = text_of("Terraform", pair)
    resource, label, *strings = hcl_strings(text)
    assert resource == "aws_key_pair"
    assert re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]*", label)
    assert strings == [name, pair.public_key, name, name, "a", ""]
    assert text.count("{") - text.count("\\{") >= 2
    assert text.endswith("\n}")


# PPK ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key_type", list(KeyType))
def test_a_ppk_file_is_converted_for_the_other_recipes_and_never_over_another_file(
    key_type: KeyType, save: Save, run: Run, tool: Callable[[str], str], tmp_path: Path
) -> None:
    tool("puttygen")
    pair = save(key_type, KeyFormat.PPK, file="it's mine.ppk")
    ppk = shlex.quote(pair.custody.saved_to[-1])
    assert text_of("PuTTY command", pair) == f"plink -i {ppk} ec2-user@HOST"
    command = text_of("PPK to PEM", pair)
    pem = tmp_path / "it's mine.pem"
    ssh = f"ssh -i {shlex.quote(str(pem))} ec2-user@HOST"
    assert text_of("ssh command", pair) == f"{command}\n{ssh}"
    first, host, *_ = text_of("ssh config", pair).splitlines()
    assert (first, host) == (f"# First, in a shell: {command}", "Host web")
    run("sh", "-c", command)
    assert run("ssh-keygen", "-y", "-f", pem).stdout.decode().split()[:2] == pair.public_key.split()
    assert pem.stat().st_mode & 0o777 == 0o600
    pem.write_text("precious")
    run("sh", "-c", command, status=1)
    assert pem.read_text() == "precious"


def test_a_pem_file_is_preferred_to_a_ppk_file_that_was_saved_later(save: Save) -> None:
    pair = kept(save(), saved_to=("/k/a.pem", "/k/b.PPK"))
    assert text_of("ssh command", pair) == "ssh -i /k/a.pem ec2-user@HOST"


def there(pair: KeptKeyPair) -> dict[str, Kind]:
    return file_kinds.by_content(pair.custody.saved_to)


def test_a_file_that_is_gone_is_not_named(save: Save, tmp_path: Path) -> None:
    first = save().custody.saved_to[0]
    pair = kept(save(name="b", file="b.pem"), saved_to=(first, "/gone/x.pem"))
    commands = [recipe.text for recipe in recipes(pair, REGION, there(pair))]
    commands += [command for _, _, command in fingerprint_commands(pair, there(pair))]
    assert f"ssh -i {first} ec2-user@HOST" in commands
    assert f"ssh-keygen -y -f {first} | ssh-keygen -l -f -" in commands
    assert not any("/gone" in text for text in commands)
    pair = kept(pair, saved_to=("/gone/x.pem", str(tmp_path / "b.pem" / "y")))
    assert recipes(pair, REGION, there(pair))[0].text == f"ssh -i {PRIVATE_KEY_FILE} ec2-user@HOST"


@pytest.mark.parametrize("key_type", list(KeyType))
def test_a_ppk_file_is_known_by_what_is_in_it(
    key_type: KeyType, save: Save, run: Run, tool: Callable[[str], str]
) -> None:
    tool("puttygen")
    pair = save(key_type, KeyFormat.PPK, file="deploy")
    assert check_commands(pair, run, kinds=there(pair)) == KINDS[key_type]
    convert = recipes(pair, REGION, there(pair))[1]
    assert convert.title == "PPK to PEM"
    run("sh", "-c", convert.text)
    assert Path(f"{pair.custody.saved_to[0]}.pem").exists()


def test_a_container_of_openssh_is_known_by_what_is_in_it(save: Save, tmp_path: Path) -> None:
    pem, other = save(KeyType.RSA).custody.saved_to[0], str(tmp_path / "other.pem")
    Path(other).write_text("-----BEGIN OPENSSH PRIVATE KEY-----\n")
    found = file_kinds.by_content([pem, other, "/gone/x.pem", f"{pem}/x", "a\0b"])
    assert found == {pem: Kind.PEM, other: Kind.OPENSSH}


# Fingerprints ---------------------------------------------------------------------------------


def check_commands(
    pair: KeptKeyPair,
    run: Run,
    stand_in: Callable[[str], str] = str,
    kinds: Mapping[str, Kind] | None = None,
) -> list[str]:
    """Run every command and return the kinds; each must give the value, and nothing like it."""
    seen = []
    for kind, value, command in fingerprint_commands(pair, kinds):
        shown = run("sh", "-c", stand_in(command)).stdout.decode()
        assert value in shown.split(), (kind, shown)
        # What a person sees there, or copies from there, is known to the filter by that name.
        assert fingerprint_kind(value, pair) == kind
        assert fingerprint_kind(shown.strip(), pair) == kind
        seen.append(kind)
    return seen


RSA_KINDS = [
    "EC2's SHA-1 of the private key",
    "the MD5 EC2 shows for an imported key",
    "OpenSSH SHA-256",
    "OpenSSH MD5",
]
ED25519_KINDS = ["EC2's SHA-256", "OpenSSH SHA-256", "OpenSSH MD5"]
KINDS = {KeyType.RSA: RSA_KINDS, KeyType.ED25519: ED25519_KINDS}


@pytest.mark.parametrize("key_format", list(KeyFormat))
@pytest.mark.parametrize("key_type", list(KeyType))
def test_the_commands_give_the_fingerprints_of_a_saved_key(
    key_type: KeyType, key_format: KeyFormat, save: Save, run: Run, tool: Callable[[str], str]
) -> None:
    if key_format is KeyFormat.PPK:
        tool("puttygen")
    pair = save(key_type, key_format, file=f"it's $(touch pwned) %d.{key_format}")
    assert check_commands(pair, run) == KINDS[key_type]


@pytest.mark.parametrize("file_format", [FileFormat.PPK3, FileFormat.OPENSSH, FileFormat.PKCS8])
def test_the_commands_give_the_fingerprints_of_a_key_saved_in_another_format(
    file_format: FileFormat,
    session: Session,
    run: Run,
    tool: Callable[[str], str],
    tmp_path: Path,
) -> None:
    tool("puttygen")
    created = session.backend.create_key_pair(key_name="web", key_type=KeyType.RSA)
    path = tmp_path / f"it's $(touch pwned) %d{suffix(file_format)}"
    saving.save_key_material(session, created, str(path), file_format)
    pair = session.key_pair_named("web")
    assert pair is not None
    assert check_commands(pair, run) == RSA_KINDS


def test_a_file_that_openssl_reads_is_preferred_to_a_container(save: Save) -> None:
    pair = kept(save(), saved_to=("/k/a.p8", "/k/b.openssh", "/k/c.ppk"))
    assert text_of("ssh command", pair) == "ssh -i /k/a.p8 ec2-user@HOST"
    pair = kept(pair, saved_to=("/k/b.openssh", "/k/c.ppk"))
    assert text_of("ssh command", pair) == "ssh -i /k/b.openssh ec2-user@HOST"


@pytest.mark.parametrize("key_type", list(KeyType))
def test_the_commands_are_not_fooled_by_another_public_key_beside_the_file(
    key_type: KeyType, save: Save, run: Run
) -> None:
    pair = save(key_type)
    other = save(key_type, name="other", file="other.pem")
    Path(f"{pair.custody.saved_to[-1]}.pub").write_text(f"{other.public_key}\n")
    assert check_commands(pair, run) == KINDS[key_type]


@pytest.mark.parametrize("key_type", list(KeyType))
def test_the_commands_give_the_fingerprints_of_an_imported_key(
    key_type: KeyType, imported: Callable[[KeyType], KeptKeyPair], run: Run, tmp_path: Path
) -> None:
    pair = imported(key_type)
    path = tmp_path / "theirs.pub"
    path.write_text(f"{pair.public_key} somebody\n")

    def stand_in(command: str) -> str:
        assert PRIVATE_KEY_FILE not in command
        assert PUBLIC_KEY_FILE in command
        return command.replace(PUBLIC_KEY_FILE, str(path))

    kinds = check_commands(pair, run, stand_in)
    assert kinds == [kind for kind in KINDS[key_type] if "private key" not in kind]
    assert pair.key_fingerprint in [value for _, value, _ in fingerprint_commands(pair)]


def test_the_sha_1_of_a_pair_that_was_never_saved_asks_for_the_private_key(save: Save) -> None:
    pair = kept(save(KeyType.RSA), saved_to=())
    (_, value, command), *_ = fingerprint_commands(pair)
    assert value == pair.key_fingerprint
    assert f"-in {PRIVATE_KEY_FILE} " in command
