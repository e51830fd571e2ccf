"""The texts of `tests/vectors/hostile_strings.py`, over the service, the client, filters, exports.

Each test goes through the whole table and compares what came of all texts at once: what differs
is named by the difference.
"""

import ast
import csv
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from core.client import Client, ClientError
from core.custody import export
from core.custody.recipes import PUBLIC_KEY_FILE, recipes
from core.errors import EC2Error
from core.keys.reading import import_material
from core.model import KeptKeyPair, Tag
from core.query import parse, searchable
from core.session import Session
from core.store.region_store import RegionStore
from tests.helpers import Run, kept
from tests.vectors.hostile_strings import EVERYTHING, IGNORED, OK, STRINGS, Hostile

LINE = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ/w1k2nQG8f8rPzUxRrZ3rL0O0aVnH6iJ0yqzXQ4q1m"
REGION = "us-east-1"


def code_of(call: Callable[[], object]) -> str:
    """Return the code with which the service or the client refuses a call."""
    try:
        call()
    except EC2Error as error:
        assert len(str(error)) < 1_500_000
        return error.code
    except ClientError as error:
        code: str = error.response["Error"]["Code"]
        return code
    return OK


def test_there_are_enough_and_each_is_another() -> None:
    assert len(STRINGS) >= 120
    assert len({each.id for each in STRINGS}) == len({each.text for each in STRINGS})


def test_as_the_name_of_a_new_pair(client: Client, store: RegionStore) -> None:
    got = {
        each.id: code_of(partial(client.create_key_pair, KeyName=each.text, KeyType="ed25519"))
        for each in STRINGS
    }
    assert got == {each.id: each.name for each in STRINGS}
    kept = RegionStore(store.path.parent, REGION).read().names
    assert set(kept) == {each.text for each in STRINGS if each.name == OK}
    described = client.describe_key_pairs(IncludePublicKey=True)["KeyPairs"]
    assert all(p["PublicKey"].split(" ", 2)[2] == p["KeyName"] + "\n" for p in described)


@pytest.mark.long
def test_as_the_name_of_an_import_and_in_every_question_about_it(
    client: Client, session: Session
) -> None:
    """Names are also asked for, deleted, and given as ids; nothing but EC2's refusals comes."""
    allowed = [each for each in STRINGS if each.name == OK][::4]
    for each in allowed:
        client.import_key_pair(KeyName=each.text, PublicKeyMaterial=f"{LINE} x".encode())
        (found,) = client.describe_key_pairs(KeyNames=[each.text])["KeyPairs"]
        assert found["KeyName"] == each.text
        client.delete_key_pair(KeyName=each.text)
    questions: list[Callable[[str], object]] = [
        lambda text: client.describe_key_pairs(KeyNames=[text]),
        lambda text: client.describe_key_pairs(KeyPairIds=[text]),
        lambda text: client.delete_key_pair(KeyPairId=text) if text else None,
        lambda text: client.create_tags(Resources=[text], Tags=[{"Key": "k", "Value": "v"}]),
        lambda text: client.describe_key_pairs(Filters=[{"Name": text, "Values": [text]}]),
        lambda text: client.describe_tags(Filters=[{"Name": "key", "Values": [text]}]),
        lambda text: client.describe_tags(NextToken=text),
        lambda text: client.create_key_pair(KeyName="x", KeyType=text),
        lambda text: client.create_key_pair(KeyName="x", KeyFormat=text),
        lambda text: client.create_key_pair(
            KeyName="x", TagSpecifications=[{"ResourceType": text}]
        ),
        lambda text: session.backend.restore_key_pair(text),
    ]
    codes = {code_of(partial(ask, each.text)) for ask in questions for each in STRINGS}
    assert codes <= {
        OK,
        "MissingParameter",
        "InvalidParameterValue",
        "InvalidKeyPair.NotFound",
        "InvalidID",
        "FilterLimitExceeded",
    }


def test_as_the_key_and_the_value_of_a_tag(client: Client, store: RegionStore) -> None:
    answer = client.create_key_pair(KeyName="tagged", KeyType="ed25519")
    resources = [answer["KeyPairId"]]
    kept: dict[str, str] = {}
    for start in range(0, len(STRINGS), 25):
        tags: dict[str, str] = {}
        for each in STRINGS[start : start + 25]:
            for refusal, tag in (
                (each.tag_key, Tag(each.text, "")),
                (each.tag_value, Tag(each.id, each.text)),
            ):
                wire = [{"Key": tag.key, "Value": tag.value}]
                if refusal == OK:
                    tags[tag.key] = tag.value
                    continue
                create = partial(client.create_tags, Resources=resources, Tags=wire)
                assert (each.id, code_of(create)) == (each.id, refusal)
        client.delete_tags(Resources=resources)
        client.create_tags(
            Resources=resources, Tags=[{"Key": k, "Value": v} for k, v in tags.items()]
        )
        # As another session reads them from the disk.
        pair = RegionStore(store.path.parent, REGION).read().named("tagged")
        assert pair is not None
        assert {tag.key: tag.value for tag in pair.tags} == tags
        kept |= tags
    assert {"caf\u00e9", "cafe\u0301"} <= kept.keys(), "two spellings are two keys"


def test_as_the_comment_of_a_public_key(session: Session) -> None:
    def read(text: str, *, as_bytes: bool) -> str:
        material = f"{LINE} {text}"
        given = material.encode("utf-8", "surrogatepass") if as_bytes else material
        return code_of(lambda: import_material.read_public_key_material(given))

    for as_bytes in (False, True):
        got = {each.id: read(each.text, as_bytes=as_bytes) for each in STRINGS}
        assert got == {each.id: each.comment for each in STRINGS}
    keys = {
        import_material.read_public_key_material(f"{LINE} {e.text}").line
        for e in STRINGS
        if e.comment == OK
    }
    assert keys == {LINE}, "the comment is dropped"


@pytest.fixture
def pair(session: Session) -> KeptKeyPair:
    """Return a pair to put the texts into, as a file that was edited by hand could hold them."""
    return session.backend.create_key_pair(key_name="plain", key_type="ed25519").key_pair


@pytest.fixture
def pairs(pair: KeptKeyPair) -> list[tuple[Hostile, KeptKeyPair]]:
    """Return a pair for each text, which is its name, a tag's key and a tag's value."""
    return [
        (each, replace(pair, key_name=each.text, tags=(Tag(each.text, each.text),)))
        for each in STRINGS
    ]


def test_as_a_filter(
    pair: KeptKeyPair, pairs: list[tuple[Hostile, KeptKeyPair]], session: Session
) -> None:
    plain = searchable(replace(pair, key_pair_id="key-0"))
    for each, hostile in pairs:
        both = [plain, searchable(hostile)]
        quoted = each.text.replace('"', '""')
        for term in (f'"{quoted}"', f'tag-key:"{_escaped(each.text)}"'):
            query = parse(term)
            found = query.select(both, session.now())
            if each.as_filter == IGNORED:
                assert query.problems, each.id
                assert found == both, each.id
            elif each.as_filter == EVERYTHING:
                assert found == both, each.id
            elif len(term) <= 1_000:
                assert both[1] in found, (each.id, query)
        # Without quotes it may mean anything, but it means something, and says nothing unsafe.
        raw = parse(each.text)
        raw.select(both, session.now())
        assert all(problem.isascii() and problem.isprintable() for problem in raw.problems)


def _escaped(text: str) -> str:
    return re.sub(r"([*?\\])", r"\\\1", text).replace('"', '""')


def test_as_a_filter_of_ec2(client: Client) -> None:
    answer = client.create_key_pair(KeyName="tagged", KeyType="ed25519")
    fitting = [e for e in STRINGS if e.tag_value == OK and len(_escaped(e.text)) < 256]
    for start in range(0, len(fitting), 50):
        part = fitting[start : start + 50]
        client.delete_tags(Resources=[answer["KeyPairId"]])
        tags = [{"Key": each.id, "Value": each.text} for each in part]
        client.create_tags(Resources=[answer["KeyPairId"]], Tags=tags)
        for each in part:
            value = re.sub(r"([*?\\])", r"\\\1", each.text)
            filters = [{"Name": f"tag:{each.id}", "Values": [value]}]
            assert client.describe_key_pairs(Filters=filters)["KeyPairs"], each.id


# What leaves the program ----------------------------------------------------------------------


@pytest.mark.long
def test_no_recipe_holds_what_a_terminal_obeys(pairs: list[tuple[Hostile, KeptKeyPair]]) -> None:
    for each, pair in pairs:
        for saved_to in ((), (f"/x/{each.text}",), (f"/x/{each.text}.ppk",)):
            for recipe in recipes(kept(pair, saved_to=saved_to), REGION):
                lines = recipe.text.split("\n")
                assert all(line.isprintable() for line in lines), (each.id, recipe)


def short(pairs: list[tuple[Hostile, KeptKeyPair]]) -> Iterator[tuple[str, KeptKeyPair]]:
    """Yield the pairs whose name an argument can be: not too long for one, and without NUL."""
    for each, pair in pairs:
        if "\0" not in each.text and len(each.text) < 100_000:
            yield each.id, pair


def text_of(title: str, pair: KeptKeyPair) -> str:
    (text,) = [recipe.text for recipe in recipes(pair, REGION) if recipe.title == title]
    return text


@pytest.mark.long
def test_the_shell_gives_the_aws_command_the_very_name_and_tags(
    pairs: list[tuple[Hostile, KeptKeyPair]], run: Run, tmp_path: Path
) -> None:
    chosen = list(short(pairs))
    script = tmp_path / "script"
    lines = [text_of("aws ec2 import-key-pair", pair) for _, pair in chosen]
    assert all("\n" not in line for line in lines)
    head = f"cd '{tmp_path}' || exit\naws() {{ printf '%s\\0' \"$@\" END; }}\n"
    script.write_text(head + "\n".join(lines) + "\n")
    words = run("bash", script).stdout.decode("utf-8", "surrogateescape").split("\0")
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["script"]
    for name, pair in chosen:
        end = words.index("END")
        arguments, words = words[:end], words[end + 1 :]
        assert arguments[:4] == ["ec2", "import-key-pair", "--region", REGION], name
        if "--cli-input-json" in arguments:
            given = json.loads(arguments[arguments.index("--cli-input-json") + 1])["KeyName"]
        elif "--key-name" in arguments:
            given = arguments[arguments.index("--key-name") + 1]
            assert not given.startswith("-"), name
        else:
            given = arguments[4].removeprefix("--key-name=")
        assert given.encode("utf-8", "surrogateescape") == as_bytes(pair.key_name), name
        (specification,) = json.loads(arguments[arguments.index("--tag-specifications") + 1])
        assert specification["Tags"] == [{"Key": pair.tags[0].key, "Value": pair.tags[0].value}]


def as_bytes(text: str) -> bytes:
    """Return text as the system has it: half surrogates are bytes that are no UTF-8."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


@pytest.mark.long
def test_every_line_for_a_shell_is_one_command_and_starts_no_other(
    pairs: list[tuple[Hostile, KeptKeyPair]], run: Run, tmp_path: Path
) -> None:
    titles = ("ssh command", "PuTTY command", "PPK to PEM", "public key file")
    lines: list[str] = []
    expected: list[str] = []
    for _, pair in short(pairs):
        for path in (f"/nowhere/{pair.key_name}", f"/nowhere/{pair.key_name}.ppk"):
            saved = kept(replace(pair, key_name="plain"), saved_to=(path,))
            for recipe in recipes(saved, REGION):
                if recipe.title in titles:
                    assert "/nowhere" in recipe.text or "PRIVATE_KEY_FILE" in recipe.text
                    lines.append(recipe.text)
        named = text_of("public key file", pair)
        lines.append(f"{named}; cat {PUBLIC_KEY_FILE}; rm {PUBLIC_KEY_FILE}")
        expected.append(text_of("authorized_keys", pair))
    stubs = "ssh() { :; }\nplink() { :; }\nputtygen() { :; }\n"
    script = tmp_path / "script"
    script.write_text(f"cd '{tmp_path}' || exit\n{stubs}" + "\n".join(lines) + "\n")
    run("bash", "-n", script)
    plain = tmp_path / "plain"
    plain.write_text("\n".join(line for line in lines if "$'" not in line) + "\n")
    run("sh", "-n", plain)
    plain.unlink()
    done = run("bash", script, status=None)
    assert done.stdout.decode().splitlines() == expected
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["script"]


def test_the_ssh_settings_are_one_host_and_one_file(
    pairs: list[tuple[Hostile, KeptKeyPair]], run: Run, tmp_path: Path
) -> None:
    """ssh reads the block back: it has our host and file, and nothing that a name added."""
    script = tmp_path / "script"
    blocks = [
        text_of("ssh config", kept(pair, saved_to=(f"/x/{pair.key_name}",)))
        for _, pair in short(pairs)
    ]
    for block in blocks:
        host, *settings = block.split("\n")
        assert re.fullmatch(r"Host [A-Za-z0-9._-]+", host)
        keywords = [line.split()[0] for line in settings if not line.strip().startswith("#")]
        assert keywords == ["HostName", "User", "IdentityFile", "IdentitiesOnly"]
    script.write_text("\n\n".join(blocks) + "\n")
    run("ssh", "-G", "-F", script, "example.org")


@pytest.mark.long
def test_python_and_terraform_read_the_very_name(pairs: list[tuple[Hostile, KeptKeyPair]]) -> None:
    for each, pair in pairs:
        call = ast.parse(text_of("boto3", pair)).body[-1]
        assert isinstance(call, ast.Expr)
        assert isinstance(call.value, ast.Call)
        given = {keyword.arg: ast.literal_eval(keyword.value) for keyword in call.value.keywords}
        assert given["KeyName"] == each.text
        assert given["TagSpecifications"][0]["Tags"] == [{"Key": each.text, "Value": each.text}]
        block = text_of("Terraform", pair)
        _, label, name, _, key, value = re.findall(r'"((?:[^"\\]|\\.)*)"', block)
        assert re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]*", label), each.id
        for quoted in (name, key, value):
            assert not re.search(r"(?<!\$)\$\{|(?<!%)%\{", quoted), each.id
            plain = quoted.replace("$${", "${").replace("%%{", "%{")
            assert _unescaped(plain) == each.text, each.id


def _unescaped(text: str) -> str:
    def character(match: re.Match[str]) -> str:
        return match[1] or chr(int(match[2] or match[3], 16))

    return re.sub(r'\\(?:(["\\])|u(.{4})|U(.{8}))', character, text)


def test_an_export_holds_no_formula_and_nothing_for_a_terminal(
    pairs: list[tuple[Hostile, KeptKeyPair]],
) -> None:
    # Python's own reader takes no longer cell.
    pairs = [(each, pair) for each, pair in pairs if len(each.text) < csv.field_size_limit()]
    key_pairs = [pair for _, pair in pairs]
    document = export.as_json(key_pairs, REGION)
    assert all(line.isascii() and line.isprintable() for line in document.split("\n"))
    records = json.loads(document)["KeyPairs"]
    assert [record["KeyName"] for record in records] == [each.text for each, _ in pairs]
    table = export.as_csv(key_pairs, REGION)
    assert all(line.isprintable() for line in table.split("\r\n"))
    table.encode()
    rows = list(csv.DictReader(table.split("\r\n")))
    for (each, _), row in zip(pairs, rows, strict=True):
        for cell in row.values():
            # As it is split where the comma is the decimal sign, too.
            for part in (cell, *cell.split(";")):
                assert not part.lstrip(" \t").startswith(("=", "+", "-", "@", "\uff1d")), each.id
        assert json.loads(row["Tags"]) == {each.text: each.text}
        if each.text.isprintable() and not re.search(r"(^|;) *[=+\-@\uff1d]", each.text):
            assert row["KeyName"] == each.text
