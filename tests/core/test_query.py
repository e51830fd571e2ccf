import dataclasses
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.keys.fingerprint import ec2_fingerprint, fingerprints, pkcs8_sha1
from core.keys.public_key import PublicKey
from core.model import Custody, KeptKeyPair, KeyType, PrivateKeyState, Tag
from core.query import LONGEST, Query, fingerprint_kind, parse, searchable, unfinished
from tests.each_row import each_row
from tests.helpers import Run
from tests.yardstick import yardsticks

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def pair(
    name: str = "web",
    *,
    number: int = 1,
    key_type: KeyType = KeyType.ED25519,
    tags: tuple[Tag, ...] = (),
    age: timedelta = timedelta(days=1),
    private_key: PrivateKeyState = PrivateKeyState.SAVED,
) -> KeptKeyPair:
    chance = Random(number)  # noqa: S311 - a key that protects nothing
    if key_type is KeyType.ED25519:
        key = PublicKey.from_ed25519_point(chance.randbytes(32))
    else:
        key = PublicKey.from_rsa_numbers(65537, chance.getrandbits(2048) | 1 | 1 << 2047)
    kinds = fingerprints(key)
    if key_type is KeyType.RSA and private_key is not PrivateKeyState.IMPORTED:
        kinds = kinds._replace(pkcs8_sha1=pkcs8_sha1(chance.randbytes(1200)))
    return KeptKeyPair(
        key_pair_id=f"key-0{number:016x}",
        key_name=name,
        key_type=key_type,
        key_fingerprint=ec2_fingerprint(key, kinds),
        public_key=key.line,
        tags=tags,
        create_time=NOW - age,
        custody=Custody(private_key, kinds),
    )


WEB = pair(
    "web-1",
    number=0xA1,
    key_type=KeyType.RSA,
    tags=(Tag("Env", "prod"), Tag("Owner", "Ann Lee"), Tag("a=b", "c")),
    age=timedelta(days=100),
)
DB = pair(
    "DB main",
    number=0xB2,
    tags=(Tag("Env", "test"), Tag("empty")),
    age=timedelta(days=10),
    private_key=PrivateKeyState.UNSAVED,
)
OLD = pair(
    "old:laptop",
    number=0xC3,
    key_type=KeyType.RSA,
    age=timedelta(days=800),
    private_key=PrivateKeyState.IMPORTED,
)
PAIRS = (WEB, DB, OLD)


def found(text: str, pairs: tuple[KeptKeyPair, ...] = PAIRS) -> list[str]:
    query = parse(text)
    assert not query.problems
    return [item.key_pair.key_name for item in query.select([*map(searchable, pairs)], NOW)]


@each_row(
    ("text", "names"),
    [
        ("", ["web-1", "DB main", "old:laptop"]),
        ("  ", ["web-1", "DB main", "old:laptop"]),
        ('""', ["web-1", "DB main", "old:laptop"]),
        ("WEB", ["web-1"]),
        ("db", ["DB main"]),
        ("a", ["web-1", "DB main", "old:laptop"]),
        ("main db", ["DB main"]),
        ('"db main"', ["DB main"]),
        ('"main db"', []),
        ('db" "main', ["DB main"]),
        ("key-000000000000000c3", ["old:laptop"]),
        ("env=prod", ["web-1"]),
        ("ann", ["web-1"]),
        ("nothing", []),
        ('"old:laptop"', ["old:laptop"]),
        ("web*", ["web-1"]),
        ("*ain", ["DB main"]),
        ("*b-?", ["web-1"]),
        ("eb*", []),  # it is the whole of a text
        ("env=pr*", ["web-1"]),
        ("key-*c3", ["old:laptop"]),
        ("*-*c3", []),  # the id does not show, and so finds nothing by chance
        ("key*", []),
        ("-web*", ["DB main", "old:laptop"]),
        ("we…", ["web-1"]),
        ("we..", ["web-1"]),
        ("we~", ["web-1"]),
        ("eb-1…", []),  # it begins so
        ("env=pro…", ["web-1"]),
        ('"Owner=Ann L…"', ["web-1"]),
        ("key-000000000000000c…", ["old:laptop"]),
        ("-we...", ["DB main", "old:laptop"]),
        ("name:WE…", ["web-1"]),
        ("id:key-000000000000000b…", ["DB main"]),
        ("tag:Env=pr…", ["web-1"]),
        ("tag:Env=pr..", ["web-1"]),
        ("tag-key:ow…", ["web-1"]),
        (r"web\*", []),
        ("type:rsa", ["web-1", "old:laptop"]),
        ("TYPE:ED25519", ["DB main"]),
        ("type:rsa web", ["web-1"]),
        ("name:web-1", ["web-1"]),
        ("name:web", []),
        ("name:WEB*", ["web-1"]),
        ("name:web-?", ["web-1"]),
        ("name:*:*", ["old:laptop"]),
        ('name:"db main"', ["DB main"]),
        (r"name:web\-1", ["web-1"]),
        (r"name:web\*", []),
        ("id:key-0000000000000", ["web-1", "DB main", "old:laptop"]),
        ("id:KEY-000000000000000A1", ["web-1"]),
        ("id:*b2", ["DB main"]),
        ("id:key-000000000000000?2", ["DB main"]),
        ("id:b2", []),
        ("tag:Env", ["web-1", "DB main"]),
        ("tag:env=PROD", ["web-1"]),
        ("tag:Env=pro", []),
        ("tag:Env=pr*", ["web-1"]),
        ("tag:Env=????", ["web-1", "DB main"]),
        ("tag:E*", ["web-1", "DB main"]),
        ('tag:"Owner=Ann Lee"', ["web-1"]),
        ('tag:Owner="Ann Lee"', ["web-1"]),
        ("tag:empty=", ["DB main"]),
        ("tag:Env=", []),
        ("tag:a=b=c", ["web-1"]),
        ("tag-key:a=b", ["web-1"]),
        ("tag-key:Env", ["web-1", "DB main"]),
        ("tag-key:En", []),
        ("saved:yes", ["web-1"]),
        ("saved:no", ["DB main"]),
        ("saved:Imported", ["old:laptop"]),
        ("older:90d", ["web-1", "old:laptop"]),
        ("older:100d", ["old:laptop"]),  # it is exactly so old
        ("older:2y", ["old:laptop"]),
        ("older:999999y", []),
        ("newer:2w", ["DB main"]),
        ("newer:240h", ["DB main"]),
        ("newer:239h", []),
        ("newer:4m", ["web-1", "DB main"]),
        ("newer:999999y", ["web-1", "DB main", "old:laptop"]),
        ("older:50d newer:1y", ["web-1"]),
        ("type:rsa tag:Env=prod older:1w saved:yes WEB", ["web-1"]),
        ("is:saved", ["web-1"]),
        ("is:unsaved", ["DB main"]),
        ("IS:Imported", ["old:laptop"]),
        ("is:replaced", []),
        ("is:chosen", []),
        ("-is:chosen", ["web-1", "DB main", "old:laptop"]),
        ("-type:rsa", ["DB main"]),
        ("-tag:Env=prod", ["DB main", "old:laptop"]),
        ("-web", ["DB main", "old:laptop"]),
        ('-"db main"', ["web-1", "old:laptop"]),
        ("-type:rsa -is:unsaved", []),
        ("type:rsa -web", ["old:laptop"]),
        ("-older:100d", ["web-1", "DB main"]),
        ("-replaced:no", []),
        ("-", ["web-1", "DB main", "old:laptop"]),
        ("web -", ["web-1"]),
        ("b-1", ["web-1"]),  # a minus within a text is one
        ('"-1"', ["web-1"]),
        ("--", []),
    ],
)
def test_a_query_finds_what_its_terms_say(text: str, names: list[str]) -> None:
    assert found(text) == names


@each_row(
    ("text", "says"),
    [
        ("type:", "rsa or ed25519"),
        ("type:dsa", "rsa or ed25519"),
        ("saved:maybe", "yes, no or imported"),
        ("is:", "is: takes unsaved, saved, imported, replaced or chosen"),
        ("is:gone", "is: takes unsaved, saved, imported, replaced or chosen"),
        ("-type:dsa", "rsa or ed25519"),
        ('-"two words', "Close the quotes"),
        ("older:", "older: takes a number and h, d, w, m or y"),
        ("older:90", "as in older:90d"),
        ("older:-1d", "as in older:90d"),
        ("newer:٣d", "as in newer:90d"),
        ("newer:9999999d", "as in newer:90d"),
        ("tag:", "tag:Env=prod"),
        ("tag:", "tag: takes a key, or a key and a value as in tag:Env=prod"),
        ("tag-key:", "tag-key: takes a key, as in tag-key:Env; a = belongs to the key"),
        ("name:", "name:web*"),
        ("id:", "id:key-0ab"),
        ("fp:", "start of a fingerprint"),
        ("fp:what?", "start of a fingerprint"),
        ("fp:SHA512:abcd", "start of a fingerprint"),
        ("fp:a:bc", "start of a fingerprint"),
        ("fp:SHA2", "start of a fingerprint"),
        ("fp:MD5:" + "ab" * 17, "start of a fingerprint"),
        ("fp:SHA1:" + "ab" * 21, "start of a fingerprint"),
        ("fp:" + "a" * 64, "start of a fingerprint"),
        ("nmae:web", "did you mean name:?"),
        ("tags:Env", "did you mean tag:?"),
        ("created:today", "older, newer"),
        ("old:laptop", '"quotes"'),
        ("zzz:1", "type, tag, tag-key, name"),
        ('"two words', "Close the quotes"),
        ('name:"two words', "Close the quotes"),
        ('type:"rsa', "Close the quotes"),
        ('older:"90d', "Close the quotes"),
        ('newer:"2w', "Close the quotes"),
        ('replaced:"yes', "Close the quotes"),
    ],
)
def test_a_bad_term_says_what_is_possible_and_narrows_nothing(text: str, says: str) -> None:
    query = parse(text)
    (problem,) = query.problems
    assert says in problem
    assert len(problem) < 140
    assert not query.narrows
    items = [*map(searchable, PAIRS)]
    assert query.select(items, NOW) == items
    beside = parse(f"db {text}")
    assert beside.problems == (problem,)
    assert beside.narrows
    assert [item.key_pair for item in beside.select(items, NOW)] == [DB]


@each_row(
    ("term", "why"),
    [
        ("tag:E", "tag:E is no tag in use"),
        ("-TAG:e", "TAG:e is no tag in use"),
        ('tag:"Owner"=Ann', 'tag:"Owner"=Ann is no tag in use'),
        ("tag-key:a=", "tag-key:a= is no tag in use"),
        ('name:"db m"', 'name:"db m" is no name in use'),
        ("-t", "-t may become -type:"),
        ("-Saved", "-Saved may become -saved:"),
        # These narrow, say themselves what is wrong, or are the start of nothing.
        ("tag:Env", ""),
        ("tag:E*", ""),
        ("tag:x", ""),
        ("tag:", ""),
        ('tag:"Ow', ""),
        ("name:web-1", ""),
        ("t", ""),
        ("-web", ""),
        ('-"t"', ""),
        ("-type:r", ""),
        ("--t", ""),
        ("-", ""),
    ],
)
def test_a_term_that_is_on_the_way_to_another_says_so(term: str, why: str) -> None:
    found = unfinished(term, PAIRS, is_last=True)
    assert (found.why if found else "") == why
    if found and "in use" in why:
        # Without the minus: what is searched for is what begins so.
        assert parse(found.pattern).select(list(map(searchable, PAIRS)), NOW)
        assert found.pattern == f"{term.removeprefix('-')}*"
    elif found:
        assert found.pattern == ""
    if why.startswith("-"):  # what is behind it says that it is whole
        assert unfinished(term, PAIRS, is_last=False) is None


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=255))
@example('say "hi"')
@example('"')
@example("type:rsa")
def test_any_name_is_found_by_quoting_it(name: str) -> None:
    quoted = '"' + name.replace('"', '""') + '"'
    assert found(quoted, (pair(name), DB))[0] == name
    escaped = "".join(f"\\{character}" if character in "*?\\" else character for character in name)
    assert found('name:"' + escaped.replace('"', '""') + '"', (pair(name),)) == [name]


def spelled(text: str) -> list[str]:
    prefix, _, rest = text.partition(":") if text[:4] in ("MD5:", "SHA2") else ("", "", text)
    if len(rest) < 45:
        bare = rest.rstrip("=")
        return [bare, f"{bare}=", f"SHA256:{bare}", f"SHA256:{bare}=", f"sha256:{bare}"]
    prefix = "SHA1" if len(rest) == 59 else "MD5"
    shapes = [rest, rest.upper(), rest.replace(":", ""), rest.replace(":", "").upper()]
    return [*shapes, *(f"{prefix}:{shape}" for shape in shapes), f"{prefix.lower()}:{rest}"]


CREATED_RSA, IMPORTED_RSA = WEB, OLD
FULL = [
    (found_pair, spelling, kind)
    for found_pair, value, kind in [
        (
            CREATED_RSA,
            CREATED_RSA.custody.fingerprints.pkcs8_sha1,
            "EC2's SHA-1 of the private key",
        ),
        (
            CREATED_RSA,
            CREATED_RSA.custody.fingerprints.spki_md5,
            "the MD5 EC2 shows for an imported key",
        ),
        (CREATED_RSA, CREATED_RSA.custody.fingerprints.ssh_md5, "OpenSSH MD5"),
        (CREATED_RSA, CREATED_RSA.custody.fingerprints.ssh_sha256, "OpenSSH SHA-256"),
        (IMPORTED_RSA, IMPORTED_RSA.key_fingerprint, "the MD5 EC2 shows for an imported key"),
        (DB, DB.custody.fingerprints.ssh_md5, "OpenSSH MD5"),
        (DB, DB.key_fingerprint, "EC2's SHA-256"),
    ]
    for spelling in spelled(value or "")
]


@each_row(("wanted", "text", "kind"), FULL, ids=[text for _, text, _ in FULL])
def test_a_fingerprint_in_any_spelling_finds_its_pair_and_says_which_kind_it_is(
    wanted: KeptKeyPair, text: str, kind: str
) -> None:
    if kind == "EC2's SHA-256" and text[:7].upper() == "SHA256:":
        kind = "OpenSSH SHA-256"  # the same value as OpenSSH writes it
    for typed in (
        text,
        f"fp:{text}",
        f'fp:"{text}"',
        f" {text} ",
        f"type:{wanted.key_type} {text}",
    ):
        assert found(typed) == [wanted.key_name]
        assert fingerprint_kind(typed, wanted) == kind
        assert all(fingerprint_kind(typed, other) is None for other in PAIRS if other != wanted)


@each_row("text", [text for _, text, _ in FULL])
def test_the_start_of_a_fingerprint_is_enough_for_fp_but_is_no_kind(text: str) -> None:
    whole = {item.key_name for item in PAIRS if fingerprint_kind(text, item)}
    for length in range(len(text.rstrip("=")) - 1, 1, -1):
        query = parse(f"fp:{text[:length]}")
        if query.problems:
            assert text.upper().startswith(("MD5:", "SHA"))
            assert ":" not in text[: length - 1]  # no more than the prefix
            continue
        names = {item.key_pair.key_name for item in query.select([*map(searchable, PAIRS)], NOW)}
        assert whole <= names
        assert not any(fingerprint_kind(text[:length], item) for item in PAIRS)


def test_fp_looks_at_the_start_only() -> None:
    middle = (WEB.custody.fingerprints.pkcs8_sha1 or "")[3:]
    assert found(middle) == ["web-1"]
    assert found(f"fp:{middle}") == []
    assert found("fp:MD5:" + (WEB.custody.fingerprints.pkcs8_sha1 or "")[:8]) == []


def test_a_short_plain_term_is_not_looked_for_where_chance_rules() -> None:
    pairs = tuple(pair(f"host {number}", number=number) for number in range(200))
    by_chance = [each for each in pairs if "db" in searchable(each).text]
    assert len(by_chance) > 20
    assert found("db", (*pairs, DB)) == ["DB main"]
    assert found(f"fp:{by_chance[0].custody.fingerprints.ssh_sha256[7:9]}", (by_chance[0],))
    for_four = searchable(WEB).key_pair.key_fingerprint[-5:]
    assert found(for_four) == ["web-1"]


def test_base64_of_another_case_is_no_kind() -> None:
    assert fingerprint_kind(DB.key_fingerprint.swapcase(), DB) is None


def test_whole_lines_of_the_tools_are_taken_for_their_fingerprint(run: Run) -> None:
    key_line = f"{WEB.public_key} a comment (of mine)\n".encode()
    for kind, name in (("sha256", "OpenSSH SHA-256"), ("md5", "OpenSSH MD5")):
        line = run("ssh-keygen", "-l", "-E", kind, "-f", "-", stdin=key_line).stdout.decode()
        assert found(line) == ["web-1"]
        assert fingerprint_kind(line, WEB) == name
    der = PublicKey.from_line(WEB.public_key).spki_der()
    line = run("openssl", "md5", "-c", stdin=der).stdout.decode()
    assert "stdin" in line
    assert found(line) == ["web-1"]
    assert fingerprint_kind(line, WEB) == "the MD5 EC2 shows for an imported key"
    assert found(f"SHA1(stdin)= {WEB.key_fingerprint}") == ["web-1"]
    assert found(f"(stdin)= {WEB.key_fingerprint}") == ["web-1"]


@given(st.text())
@example('a:"')
@example('""""""')
@example("tag:" + "*" * 900 + "x")
@example("fp:MD5:")
@example("fp:\n")
@example("\ud800:")
@example("older:000000h")
def test_no_text_makes_it_raise(text: str) -> None:
    for typed in (text, f"tag:{text}", f"fp:{text}", f"older:{text}", f"x:{text}", f'"{text}'):
        query = parse(typed)
        assert set(query.select([*map(searchable, PAIRS)], NOW)) <= {*map(searchable, PAIRS)}
        assert all(problem.isprintable() and problem.isascii() for problem in query.problems)
        fingerprint_kind(typed, WEB)


@given(st.lists(st.sampled_from(['"', ":", " ", "tag", "fp", "a", "=", "*", "\\", "é", "\n"])))
def test_no_mixture_of_what_has_a_meaning_makes_it_raise(pieces: list[str]) -> None:
    query = parse("".join(pieces))
    query.select([*map(searchable, PAIRS)], NOW)


def test_an_endless_text_is_refused_at_once() -> None:
    for text in ("a" * 10_000_000, '"' * 10_000_000, "tag:" + "*" * 10_000_000):
        query = parse(text)
        assert fingerprint_kind(text, WEB) is None
        assert yardsticks(partial(parse, text), 0.5) <= 0.5
        assert yardsticks(partial(fingerprint_kind, text, WEB), 0.5) <= 0.5
        assert "1,000" in query.problems[0]
        assert not query.narrows
        assert len(query.text) == LONGEST
    assert not parse("a" * LONGEST).problems


def test_queries_of_one_text_are_equal() -> None:
    assert parse("type:rsa web") == parse("type:rsa web") != parse("type:rsa")
    with pytest.raises(dataclasses.FrozenInstanceError):
        parse("").text = "x"  # type: ignore[misc]  # that is the point
    assert isinstance(hash(parse("name:a*")), int)
    assert parse("a A a").words == ("a",)
    assert Query("").narrows is False


@pytest.mark.long
def test_thousands_of_pairs_are_searched_within_a_key_press() -> None:
    one, other = searchable(WEB), searchable(DB)
    items = [one, other] * 2_500
    for text in ("w", "web-1 prod", "tag:Env=pr*", "fp:a", "older:90d", 'type:rsa "ann l" id:*1'):
        select = partial(parse(text).select, items, NOW)
        assert yardsticks(select, 0.4) <= 0.4, text


def test_nothing_heavy_is_imported_for_it() -> None:
    code = "import core.query, core.keys.randomart, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, timeout=60)
    assert not {"cryptography", "tinydb", "orjson", "textual"} & {*done.stdout.decode().split()}


@pytest.mark.parametrize("cut", ["…", "..", "...", "~"])
@pytest.mark.parametrize("field", ["", "fp:"])
def test_a_fingerprint_is_found_as_a_list_shows_it_cut(field: str, cut: str) -> None:
    for each in PAIRS:
        fingerprint = each.key_fingerprint
        for length in (4, 6, 12, 19, 30):
            assert found(f"{field}{fingerprint[:length]}{cut}") == [each.key_name], fingerprint
        # It begins so: what stands in the middle is another's beginning at most.
        assert not found(f"{field}{fingerprint[6:20]}{cut}")
    assert found(f"{DB.custody.fingerprints.ssh_sha256[:20]}{cut}") == ["DB main"]


def test_an_ellipsis_that_is_part_of_a_text_is_found_too() -> None:
    pairs = (pair("a...", number=1), pair("x", number=2, tags=(Tag("note", "and so on…"),)))
    assert found("so…", pairs) == []
    assert found("on…", pairs) == ["x"]
    assert found("a...", pairs) == ["a..."]
    assert found("…", pairs) == ["x"]
