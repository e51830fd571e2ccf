"""Made-up input for everything that reads what others wrote.

Whatever is read ends in a value or in an error of our own tree, and in a moment: no other
exception, no hang. The plain run tries some hundred inputs of each kind, the long one goes on for a
minute. A job of its own lets coverage guide them.
"""

import base64
import copy
import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from types import FrameType
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from textual.binding import Binding

from core.checks.look_up import Finder
from core.client import Client, ClientError
from core.custody import export
from core.custody.recipes import fingerprint_commands, recipes
from core.ec2.filters import wildcard
from core.ec2.policy import Policy, PolicyError, Request
from core.errors import EC2Error, KeyPairsError, SettingsError, StoreError
from core.keys.encoding.sshwire import string
from core.keys.fingerprint import ec2_fingerprint, fingerprints
from core.keys.public_key import PublicKey
from core.keys.reading import import_material, key_file
from core.keys.reading.import_material import read_public_key_material
from core.local.opening import open_local
from core.model import KeptKeyPair, Tag, TagSpecification
from core.query import fingerprint_kind, parse, searchable
from core.store import region_file
from core.store.journal import Journal
from core.store.region_store import RegionStore
from tests.helpers import session_over
from tests.hostile_keys import hostile_files
from tests.vectors.hostile_strings import STRINGS
from tests.yardstick import yardsticks
from tui import config
from tui.actions import keymap
from tui.actions.rebinding import rebind
from tui.actions.table import Place
from tui.screens.list.listing import Listing
from tui.screens.list.rows import remarks
from tui.words import journal as journal_words
from tui.words.details import summary
from tui.words.text import visible

Check = Callable[[Any], None]

GUIDED_SECONDS = 30

MOMENT = 10
"""Seconds after which an input counts as one that hangs, on a machine that is busy."""

REGION = "us-east-1"
VECTORS = Path(__file__).parents[1] / "vectors" / "public_keys"
NOW = datetime(2026, 9, 25, 11, 5, tzinfo=UTC)


@contextmanager
def no_hang() -> Iterator[None]:
    def late(number: int, frame: FrameType | None) -> None:
        raise AssertionError(f"took more than {MOMENT} seconds")

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, MOMENT)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def fuzz(inputs: st.SearchStrategy[Any], check: Check, examples: int, seconds: float = 0) -> None:
    """Try so many inputs, and then others until the time is over."""

    # Nothing is left on the disk: what fails is printed, and so is what brings it back.
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=False,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(inputs)
    def once(value: Any) -> None:
        with no_hang():
            check(value)

    end = monotonic() + seconds
    once()
    while monotonic() < end:
        once()


# How many seconds the long run goes on with each; the guided run makes a minute of it.
KINDS = {
    "import": 30,
    "find": 30,
    "filter": 30,
    "policy": 30,
    "config": 30,
    "store": 30,
    "journal": 20,
}


# What is made up ------------------------------------------------------------------------------

TEXTS = st.one_of(
    st.text(max_size=60),
    st.sampled_from([each.text for each in STRINGS if len(each.text) < 300]),
)


def mostly(good: st.SearchStrategy[Any], *others: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Draw four times of five what is good; `one_of` takes every way as often as the others."""
    return st.integers(0, 4).flatmap(lambda number: st.one_of(*others) if number == 4 else good)


@st.composite
def damaged(draw: st.DrawFn, whole: st.SearchStrategy[bytes]) -> bytes:
    """Draw bytes that were cut, doubled, overwritten or mixed in a few places."""
    data = draw(whole)
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.integers(0, 40)))
        piece = draw(
            st.one_of(
                st.just(b""),
                st.binary(max_size=8),
                st.just(data[start:end] * 2),
                TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass")),
            )
        )
        data = data[:start] + piece + data[end:]
    return data


def materials() -> st.SearchStrategy[str | bytes]:
    vectors = st.sampled_from([path.read_bytes() for path in sorted(VECTORS.glob("*.txt"))])
    fields = st.one_of(
        st.binary(max_size=300).map(string),
        st.sampled_from([string(b"ssh-rsa"), string(b"ssh-ed25519"), b"\xff\xff\xff\xff", b""]),
    )
    blobs = st.lists(fields, max_size=5).map(b"".join)
    lines = st.builds(
        lambda name, blob, rest: b" ".join((name, base64.b64encode(blob), rest)),
        st.sampled_from([b"ssh-rsa", b"ssh-ed25519", b"ecdsa-sha2-nistp256", b""]),
        blobs,
        st.binary(max_size=20),
    )
    points = st.binary(min_size=32, max_size=32).map(PublicKey.from_ed25519_point)
    numbers = st.integers(2**1023, 2**1025).map(lambda n: PublicKey.from_rsa_numbers(65537, n | 1))
    keys = st.one_of(points, numbers)
    good = st.one_of(
        st.builds(
            lambda key, comment: f"{key.line} {comment}".encode("ascii", "replace"), keys, TEXTS
        ),
        numbers.map(lambda key: base64.encodebytes(key.spki_der())),
    )
    tags = st.sampled_from([b"\x30", b"\x02", b"\x03", b"\x30\x80", b"\x30\x84\xff\xff\xff\xff"])
    der = st.lists(st.one_of(tags, st.binary(max_size=40)), max_size=8).map(b"".join)
    data = mostly(good, damaged(good), damaged(vectors), lines, der.map(base64.b64encode), blobs)
    return st.one_of(
        data, data.map(lambda each: each.decode("utf-8", "surrogateescape")), st.text()
    )


def check_import(material: str | bytes) -> None:
    try:
        key = read_public_key_material(material)
    except EC2Error as error:
        assert str(error).isprintable()
        assert len(str(error)) < 300
        return
    event("taken")
    assert PublicKey.from_line(key.line) == key
    assert len(ec2_fingerprint(key, fingerprints(key))) in (44, 47)
    assert key.bits >= 256


def key_files() -> st.SearchStrategy[bytes]:
    """Make up files of keys: real ones, hostile ones and pieces of them, mixed and damaged."""
    hostile = [data[:4096] for data in hostile_files().values()]
    whole = [data for data in hostile_files().values() if len(data) < 4096]
    vectors = [path.read_bytes() for path in sorted(VECTORS.glob("*.txt"))]
    marks = [
        b"-----BEGIN RSA PRIVATE KEY-----",
        b"-----END RSA PRIVATE KEY-----",
        b"-----BEGIN PUBLIC KEY-----",
        b"---- BEGIN SSH2 PUBLIC KEY ----",
        b"PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n",
        b"Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n",
        b'command="',
        b"ssh-rsa AAAAB3NzaC1yc2EA",
        b"ssh-ed25519 ",
        b"\\n",
        b"\n",
        b"> ",
        b"{\\rtf1 ",
        b'{"a": "',
        b"\x30\x82",
    ]
    pieces = st.one_of(st.sampled_from([*marks, *hostile]), st.binary(max_size=60))
    mixed = st.lists(pieces, max_size=8).map(b"".join)
    real = st.sampled_from([*whole, *vectors])
    return st.one_of(mixed, damaged(real), damaged(mixed), damaged(mixed).map(base64.b64encode))


def check_key_file(data: bytes, folder: Path) -> None:
    path = folder / "authorized_keys"
    path.write_bytes(data)
    for found in Finder([]).look(str(path)):
        assert visible(found.note).isprintable()
        event(found.standing.value)
    assert yardsticks(lambda: list(Finder([]).look(str(path))), 10) <= 10
    for key in key_file.read(data):
        assert key.line >= 1
        assert key.problem.isprintable()
        if key.public_key is not None:
            assert PublicKey.from_line(key.public_key.line) == key.public_key
    reason = import_material.private_key_refusal(data.decode("latin-1"))
    assert reason is None or reason.isprintable()


def queries() -> st.SearchStrategy[str]:
    names = ["type:", "tag:", "tag-key:", "name:", "id:", "fp:", "saved:", "older:", "newer:", "x:"]
    marks = ['"', '""', "*", "?", "\\", "=", ":", " ", "\t", "\n", "MD5:", "SHA256:", "(stdin)= "]
    values = [
        "rsa",
        "90d",
        "older:999999y ",
        "yes",
        "SHA1:",
        "ab:cd",
        "2048 SHA256:x y (RSA)",
        "key-0",
    ]
    pieces = st.one_of(st.sampled_from([*names, *marks, *values]), TEXTS)
    return st.lists(pieces, max_size=12).map("".join)


def check_query(text: str, items: list[Any]) -> None:
    query = parse(text)
    event("taken" if query.narrows else "refused")
    found = query.select(items, NOW)
    assert len(found) <= len(items)
    assert query.narrows or found == items
    assert all(problem.isascii() and problem.isprintable() for problem in query.problems)
    for item in items:
        fingerprint_kind(text, item.key_pair)
    matches = wildcard(text[:255])
    assert matches(item.text) in (True, False)


def policies() -> st.SearchStrategy[bytes]:
    def some(good: list[Any]) -> st.SearchStrategy[Any]:
        one = st.sampled_from(good)
        return mostly(st.one_of(one, st.lists(one, min_size=1, max_size=3)), _scalars())

    texts = [
        "*",
        "a*b*c?d*" * 20,
        "${*}${?}${$}",
        "${aws:username, 'y'}*",
        "${ec2:Region}",
        "é[(",
        "\\",
    ]
    arns = [
        "arn:aws:ec2:*:*:key-pair/${aws:username}*",
        "arn:aws:ec2:us-east-1:000000000000:key-pair/x:y/*",
        "arn:aw*:ec2:?s-*:*:*",
    ]
    operators: dict[str, list[Any]] = {
        "StringLike": texts,
        "StringNotEqualsIgnoreCaseIfExists": texts,
        "ForAllValues:StringNotLike": texts,
        "ArnLike": arns,
        "Bool": [True, "false"],
        "Null": ["true", False],
        "NumericLessThan": [1, -0.5, "9" * 5_000, 10**400],
        "ForAnyValue:DateGreaterThanEquals": ["2026-01-01", "2026-01-01T00:00:00Z", 999999999999],
        "Strange": [1],
    }
    keys = st.sampled_from(["aws:RequestTag/Env", "aws:TagKeys", "ec2:Region", "ec2:KeyPairType"])
    condition = st.sampled_from(sorted(operators)).flatmap(
        lambda name: st.dictionaries(keys, some(operators[name]), min_size=1, max_size=2).map(
            lambda values: {name: values}
        )
    )
    statement = st.fixed_dictionaries(
        {
            "Effect": st.sampled_from(["Allow", "Deny"]),
            "Action": some(["*", "ec2:*", "ec2:CreateKeyPair", "ec2:*?Key*"]),
            "Resource": some(["*", *arns]),
        },
        optional={"Condition": condition, "Sid": st.sampled_from(["", "a1", "b2"])},
    )
    document = st.fixed_dictionaries(
        {
            "Version": st.just("2012-10-17"),
            "Statement": st.one_of(statement, st.lists(statement, min_size=1, max_size=3)),
        },
    )
    whole = document.map(lambda each: json.dumps(each).encode())
    strange = document.flatmap(changed).map(lambda each: json.dumps(each).encode())
    junk = st.one_of(st.binary(max_size=200), _nested(b"[", b'{"Version":'))
    return mostly(whole, strange, damaged(whole), junk)


def _scalars() -> st.SearchStrategy[Any]:
    return st.one_of(TEXTS, st.none(), st.booleans(), st.integers(), st.floats(), st.just({}))


def _nested(*openings: bytes) -> st.SearchStrategy[bytes]:
    return st.builds(
        lambda opening, count: opening * count, st.sampled_from(openings), st.integers(1, 40_000)
    )


def check_policy(data: bytes, folder: Path) -> None:
    path = folder / "policy.json"
    path.write_bytes(data)
    try:
        policy = Policy.load(path)
    except PolicyError as error:
        assert len(str(error)) < 2_000
        return
    event("taken")
    contexts: list[dict[str, str | tuple[str, ...]]] = [
        {},
        {"ec2:Region": "x", "aws:RequestTag/Env": "prod", "aws:TagKeys": ("a",)},
    ]
    for context in contexts:
        for resource in ("*", "arn:aws:ec2:us-east-1:000000000000:key-pair/x:y/z"):
            policy.evaluate(Request("ec2:CreateKeyPair", resource, context))


def configs() -> st.SearchStrategy[bytes]:
    ids = [action.id for action in keymap.bound]
    good = ["f2", "ctrl+n", "f5,f6", "[", "$", "question_mark", "ctrl+underscore"]
    bad = [",", "", " ", "ctrl+", "\x1b", "a b", "j", "escape", "é", "\u212a", "f2,", "x" * 100]
    lines = [
        "theme = 1",
        "mouse = no",
        "mouse = false",
        "[[keys]]",
        "keys = []",
        "a.b.c = 1",
        "x = " + "9" * 5_000,
        "theme = " + "9" * 900,
        "x = 1979-99-99",
        "x = inf",
        "[keys",
        "a = {b = [{}]}",
        ".".join("a" * 900),
        'theme = "\\u001b]0;x"',
    ]
    names = mostly(st.sampled_from(ids), TEXTS).map(_toml)
    values = mostly(st.sampled_from(good), st.sampled_from(bad), TEXTS).map(_toml)
    whole = st.builds(
        lambda top, below: "\n".join([*top, "[keys]", *map(" = ".join, below.items())]).encode(),
        mostly(st.just([]), st.lists(st.sampled_from(lines), max_size=2)),
        st.dictionaries(names, values, max_size=3),
    )
    junk = st.one_of(st.binary(max_size=200), _nested(b"x=[", b"a.", b"{"))
    return mostly(whole, damaged(whole), junk)


def _toml(text: str) -> str:
    return json.dumps(text.encode("utf-8", "replace").decode(), ensure_ascii=False)


def check_config(data: bytes, folder: Path) -> None:
    path = folder / "config.toml"
    path.write_bytes(data)
    table = keymap.bound
    try:
        settings = config.load(path)
        rebind(settings.keys)
        for place in Place:
            # As the screens will do it, with a traceback for a key that is none.
            list(Binding.make_bindings(keymap.bindings(place)))
            assert all(key.isascii() and key.isprintable() for key, _ in keymap.hints(place))
    except SettingsError as error:
        assert len(str(error)) < 1_000
    else:
        event("taken")
    finally:
        keymap.bound = table


@st.composite
def changed(draw: st.DrawFn, document: Any) -> Any:
    """Draw a JSON document in which some values are others, or gone, or there twice."""
    unicode = TEXTS.map(lambda text: text.encode("utf-8", "replace").decode())
    values = st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**63), 2**64 - 1),
        st.floats(allow_nan=False, allow_infinity=False),
        unicode,
        st.sampled_from([[], {}, "0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z", "saved"]),
        st.just(["x"]),
    )

    for _ in range(draw(st.integers(0, 2))):
        places = list(_places(document))
        if places:
            *way, last = draw(st.sampled_from(places))
            document = copy.deepcopy(document)
            node = document
            for step in way:
                node = node[step]
            if draw(st.integers(0, 3)):
                is_text = isinstance(node[last], str)
                node[last] = draw(mostly(unicode, values) if is_text else values)
            else:
                del node[last]
    return document


def _places(node: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to each value of a JSON document."""
    inner = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in inner:
        yield (*way, key)
        if isinstance(value, dict | list):
            yield from _places(value, (*way, key))


def sealed(tables: Any) -> bytes:
    """Return tables as a file whose checksum is right."""
    data = orjson.dumps(tables, option=orjson.OPT_NON_STR_KEYS)
    header, _, rest = data.partition(b'"sha256":"')
    return header + b'"sha256":"' + hashlib.sha256(rest[64:]).hexdigest().encode() + rest[64:]


def check_store(data: bytes, folder: Path) -> None:
    store = RegionStore(folder, REGION)
    store.path.write_bytes(data)
    session = session_over(RegionStore(folder, REGION), now=lambda: NOW)
    try:
        pairs = session.backend.describe_key_pairs()
        session.backend.deleted_key_pairs()
    except StoreError as error:
        assert str(error)
        region_file.names_still_readable(data)
        return
    event("taken")
    listing = Listing()
    listing.load(listing.prepare(pairs), NOW)
    for column in range(6):
        listing.sort_by_next()
        assert len(listing.shown(NOW)) == len(pairs), column
    listing.tags_in_use()
    for pair in pairs:
        remarks(pair)
        list(summary(pair))
        recipes(pair, REGION)
        fingerprint_commands(pair)
    export.as_csv(pairs, REGION)
    export.as_json(pairs, REGION)
    client = Client(backend=session.backend)
    client.describe_key_pairs(IncludePublicKey=True)
    for pair in pairs[:1]:
        try:
            client.create_tags(Resources=[pair.key_pair_id], Tags=[{"Key": "k", "Value": "v"}])
            client.delete_key_pair(KeyPairId=pair.key_pair_id)
            session.backend.restore_key_pair(pair.key_pair_id)
        except (ClientError, KeyPairsError):
            return


def check_journal(data: bytes, folder: Path) -> None:
    journal = Journal(folder)
    journal.path.write_bytes(data)
    for act in journal_words.acts(journal.read()):
        for text in (*journal_words.remarks(act), journal_words.outcome(act)[0]):
            assert text.isprintable() or "\u0301" in text
            assert "\x1b" not in text


# The runs -------------------------------------------------------------------------------------


def made_up(kind: str, folder: Path) -> tuple[st.SearchStrategy[Any], Check]:
    """Return what to make up, and what to do with it in an empty folder."""
    pair, file, lines = _real(folder / "made")
    data = folder / "data"
    data.mkdir(mode=0o700)
    match kind:
        case "import":
            return materials(), check_import
        case "find":
            return key_files(), lambda content: check_key_file(content, data)
        case "filter":
            items = [searchable(pair)]
            return queries(), lambda text: check_query(text, items)
        case "policy":
            return policies(), lambda document: check_policy(document, data)
        case "config":
            return configs(), lambda document: check_config(document, data)
        case "store":
            tables = changed(orjson.loads(file)).map(_sealed_or_not)
            files = mostly(tables, damaged(st.just(file)))
            return files, lambda content: check_store(content, data)
        case _:
            entries = changed([orjson.loads(line) for line in lines.splitlines()])
            journals = entries.map(lambda made: b"\n".join(map(orjson.dumps, made)))
            either = st.one_of(journals, damaged(st.just(lines)))
            return either, lambda content: check_journal(content, data)


def _real(folder: Path) -> tuple[KeptKeyPair, bytes, bytes]:
    """Return a pair, the file that holds it and a deleted one, and the journal."""
    session = open_local(folder, REGION)
    session.backend.create_key_pair(key_name="gone", key_type="ed25519")
    session.backend.delete_key_pair(key_name="gone")
    tags = [TagSpecification("key-pair", [Tag("Env", "prod"), Tag("protected")])]
    created = session.backend.create_key_pair(
        key_name="web", key_type="ed25519", tag_specifications=tags
    )
    file, journal = (folder / f"{REGION}.json", folder / "journal.jsonl")
    return created.key_pair, file.read_bytes(), journal.read_bytes()


def _sealed_or_not(tables: Any) -> bytes:
    try:
        return sealed(tables)
    except (IndexError, TypeError):
        return orjson.dumps(tables)


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
def test_some_made_up_input(kind: str, tmp_path: Path) -> None:
    fuzz(*made_up(kind, tmp_path), examples=100)


@pytest.mark.long
@pytest.mark.parametrize(("kind", "seconds"), KINDS.items())
def test_half_a_minute_of_made_up_input(kind: str, seconds: int, tmp_path: Path) -> None:
    fuzz(*made_up(kind, tmp_path), examples=500, seconds=seconds)


@pytest.mark.guided
@pytest.mark.parametrize("kind", KINDS)
def test_half_a_minute_guided_by_coverage(kind: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "tests.fuzz.guided", kind),
            *(f"-max_total_time={GUIDED_SECONDS}", f"-artifact_prefix={tmp_path}/"),
        ],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=GUIDED_SECONDS + 60,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-5_000:]
