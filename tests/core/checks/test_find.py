import errno
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

import pytest

from core.checks import look_up
from core.checks.answers import Found, Standing
from core.checks.finding import PairReference
from core.custody import saving
from core.disk import files
from core.keys import fingerprint_kinds
from core.keys.encoding import argon2
from core.model import Tag, TagSpecification
from core.process import interruptible
from core.secret import Passphrase
from core.session import Session
from core.store.region_store import RegionStore
from tests import key_zoo
from tests.each_row import each_row
from tests.helpers import PUBLIC_KEY, SECONDS, Run, session_over
from tests.key_zoo import PASSPHRASE, Zoo
from tests.yardstick import yardsticks


@pytest.fixture(scope="module")
def zoo(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Zoo:
    """Return the folder of 300 files."""
    return key_zoo.build(tmp_path_factory.mktemp("zoo"), tmp_path_factory.mktemp("work"), run)


@pytest.fixture(scope="module")
def everywhere(zoo: Zoo, tmp_path_factory: pytest.TempPathFactory) -> Session:
    """Return a service that knows the keys of the folder, in two Regions in turn."""
    folder = tmp_path_factory.mktemp("data")
    session = session_over(RegionStore(folder, "us-east-1"))
    regions = [session, session.for_region("eu-west-1")]
    for number, (name, line) in enumerate(zoo.known.items()):
        tags = [TagSpecification("key-pair", [Tag("Number", str(number))])]
        regions[number % 2].backend.import_key_pair(
            key_name=name, public_key_material=line, tag_specifications=tags
        )
    return session


def by_name(folder: Path, found: Iterator[Found]) -> dict[str, Found]:
    rows = [(str(Path(row.source).relative_to(folder)), row) for row in found]
    assert len(dict(rows)) == len(rows), "a file was named twice"
    return dict(rows)


@pytest.mark.long
def test_every_file_of_a_mixed_folder_is_named_correctly(zoo: Zoo, everywhere: Session) -> None:
    assert len(zoo.expected) == key_zoo.FILES
    found = by_name(zoo.folder, look_up.finder(everywhere).look(str(zoo.folder)))
    assert found.keys() == zoo.expected.keys()
    wrong = []
    for name, expected in zoo.expected.items():
        row = found[name]
        line = zoo.lines.get(expected.key or "")
        ok = (
            row.standing == expected.standing
            and (row.public_key.line if row.public_key else None) == line
            and row.kind.startswith(expected.kind)
            and [match.key_pair.key_name for match in row.matches]
            == ([expected.key] if expected.standing == "known" else [])
        )
        if not ok:
            wrong.append((name, expected, row))
    assert wrong == []


@pytest.mark.long
def test_a_passphrase_is_asked_for_only_where_nothing_else_tells(
    zoo: Zoo, everywhere: Session
) -> None:
    asked: list[str] = []

    def ask(path: str) -> Passphrase:
        asked.append(str(Path(path).relative_to(zoo.folder)))
        return Passphrase(PASSPHRASE)

    found = by_name(zoo.folder, look_up.finder(everywhere, ask).look(str(zoo.folder)))
    locked = [name for name, each in zoo.expected.items() if each.standing == "needs-passphrase"]
    assert sorted(asked) == sorted(locked)
    for name in locked:
        key = "other-rsa" if "other-rsa" in name else "rsa"
        assert found[name].public_key is not None, name
        if name.startswith("copies/"):
            continue  # the number does not say of which key it is
        assert found[name].standing == zoo.standing(key), name


@pytest.mark.long
def test_a_wrong_passphrase_and_none_leave_it_locked(zoo: Zoo, everywhere: Session) -> None:
    path = str(zoo.folder / "rsa-pkcs8-encrypted.pem")
    typed: list[Passphrase] = [Passphrase("wrong")]
    answers: list[Passphrase | None] = [typed[0], None]
    finder = look_up.finder(everywhere, lambda _: answers.pop(0))
    (wrong,) = finder.look(path)
    (none,) = finder.look(path)
    assert (wrong.standing, none.standing) == (Standing.LOCKED, Standing.LOCKED)
    assert "wrong" in wrong.note
    assert none.note == "it does not show its public half"
    with pytest.raises(Exception, match="no longer in memory"):
        typed[0].encode()


@pytest.mark.long
def test_no_passphrase_is_worked_on_and_no_prime_is_tested(
    zoo: Zoo, everywhere: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    import bcrypt

    def never(*_: object, **__: object) -> NoReturn:
        raise AssertionError("a passphrase was worked on")

    monkeypatch.setattr(bcrypt, "kdf", never)
    monkeypatch.setattr(argon2, "derive", never)
    finder = look_up.finder(everywhere)
    found: list[Found] = []

    def look() -> None:
        found[:] = finder.look(str(zoo.folder))

    # Testing the primes of the RSA keys alone would take 20 yardsticks; it takes about one.
    assert yardsticks(look, 10) <= 10
    assert len(found) == key_zoo.FILES


@pytest.mark.long
def test_each_small_regular_file_is_opened_once_and_nothing_else(
    zoo: Zoo, everywhere: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, opened = files.read_regular_file, []

    def record(path: Path, limit: int, *, folder: int | None) -> bytes:
        opened.append(str(path.relative_to(zoo.folder)))
        return real(path, limit, folder=folder)

    finder = look_up.finder(everywhere)
    monkeypatch.setattr(files, "read_regular_file", record)
    list(finder.look(str(zoo.folder)))
    expected = {name for name, each in zoo.expected.items() if each.standing != "not-read"}
    beside = [name for name in opened if name.endswith(".pub") and name not in expected]
    once = [name for name in opened if not name.endswith(".pub")]
    assert set(opened) - set(beside) == expected
    assert len(once) == len(set(once))


@pytest.mark.long
def test_nothing_private_is_in_what_is_said(zoo: Zoo, everywhere: Session) -> None:
    from tui.words.look_up import line

    finder = look_up.finder(everywhere, lambda _: Passphrase(PASSPHRASE))
    found = list(finder.look(str(zoo.folder)))
    said = json.dumps([each.as_record() for each in found], ensure_ascii=False)
    said += "\n".join(map(line, found)) + repr(found)
    assert zoo.known["rsa"] in said
    private = [
        row.strip().decode("latin-1")
        for name in zoo.expected
        if "PRIVATE KEY" in (text := _text(zoo.folder / name)) or "PuTTY" in text
        for row in (zoo.folder / name).read_bytes().splitlines()[-8:-2]
    ]
    assert len(private) > 500
    public = "".join(zoo.lines.values())
    assert not [row for row in private if len(row) > 30 and row in said and row not in public]
    assert PASSPHRASE not in said


def _text(path: Path) -> str:
    return path.read_text("latin-1") if path.is_file() and not path.is_symlink() else ""


# Files ------------------------------------------------------------------------------------------


@pytest.fixture
def box(tmp_path: Path) -> Path:
    """Return an empty folder."""
    folder = tmp_path / "box"
    folder.mkdir()
    return folder


@pytest.fixture
def laptop(session: Session) -> str:
    """Return the public key of the pair `laptop`."""
    created = session.backend.create_key_pair(key_name="laptop", key_type="ed25519")
    return created.key_pair.public_key


def test_a_link_is_followed_where_it_is_named(session: Session, laptop: str, box: Path) -> None:
    (box / "a.pub").write_text(laptop)
    (box / "link").symlink_to("a.pub")
    (found,) = look_up.finder(session).look(str(box / "link"))
    assert (found.standing, found.source) == (Standing.KNOWN, str(box / "link"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("9iZUb", "no pair has that name, and of a fingerprint 8 characters are needed"),
        ("cafe1234cafe1234", "no pair has that name, and no fingerprint begins so"),
        ("what is it", "no pair has that name, and it is neither a public key nor a fingerprint"),
        (
            "SHA256:" + "A/" * 22,
            "it has 44 characters after SHA256:, and such a fingerprint has 43",
        ),
        ("256 SHA512:" + "a" * 87 + " me@here", "it has 87 characters after SHA512:"),
    ],
)
def test_what_is_no_fingerprint_says_why(session: Session, text: str, words: str) -> None:
    (found,) = look_up.finder(session).look(text)
    assert found.standing is Standing.NO_KEY
    assert words in found.note


def test_a_named_pipe_does_not_hold_anyone_up(session: Session, box: Path) -> None:
    os.mkfifo(box / "pipe")
    (found,) = look_up.finder(session).look(str(box / "pipe"))
    assert (found.standing, found.note) == (Standing.NOT_READ, "a named pipe")


def test_the_lines_of_authorized_keys_are_named_one_by_one(
    session: Session, laptop: str, zoo: Zoo, box: Path
) -> None:
    path = box / "authorized_keys2"
    rows = ["# mine", f'from="10.0.0.0/8,!x",RESTRICT {laptop} sam', "", zoo.lines["rsa"], "noise"]
    path.write_text("\n".join([*rows, "#" * 100_000, f"host.example {laptop}"]))
    found = list(look_up.finder(session).look(str(box)))
    assert [(each.line, each.standing.value, each.kind, each.comment) for each in found] == [
        (2, "known", "authorized key", "sam"),
        (4, "unknown", "public key", ""),
        (5, "no-key", "line", ""),
        (7, "known", "authorized key", ""),
    ]
    assert "sshd knows no option host.example" in found[-1].note


def test_a_pub_of_another_key_beside_a_private_key_is_said(
    session: Session, laptop: str, zoo: Zoo, box: Path
) -> None:
    (box / "id").write_bytes((zoo.folder / "ed25519-openssh").read_bytes())
    (box / "id.pub").write_text(laptop)
    private, public = look_up.finder(session).look(str(box))
    assert (private.standing, private.note) == (
        Standing.UNKNOWN,
        "the .pub beside it is of another key",
    )
    assert public.standing is Standing.KNOWN


@pytest.mark.parametrize("beside", ["key.pem.pub", "key.pub"])
def test_the_pub_beside_an_encrypted_key_is_taken_as_a_hint(
    everywhere: Session, zoo: Zoo, box: Path, beside: str
) -> None:
    (box / "key.pem").write_bytes((zoo.folder / "rsa-pkcs1-encrypted.pem").read_bytes())
    (box / beside).write_text(zoo.lines["rsa"])

    def never(_: str) -> NoReturn:
        raise AssertionError("a passphrase was asked for")

    (found,) = look_up.finder(everywhere, never).look(str(box / "key.pem"))
    assert found.standing is Standing.KNOWN
    assert found.note == "by the .pub beside it; no passphrase was asked for"


def test_the_walk_ends_somewhere(
    session: Session, box: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(look_up, "MOST_ENTRIES", 5)
    for number in range(9):
        (box / str(number)).touch()
    *found, last = look_up.finder(session).look(str(box))
    assert len(found) == 5
    assert last.note == "only the first 5 names were looked at"


@pytest.mark.parametrize("lines", [0, 2])
def test_a_pub_beside_that_does_not_hold_one_key_is_passed_over(
    lines: int, everywhere: Session, zoo: Zoo, box: Path
) -> None:
    (box / "key.pem").write_bytes((zoo.folder / "rsa-pkcs1-encrypted.pem").read_bytes())
    (box / "key.pem.pub").write_text(f"{PUBLIC_KEY}\n" * lines)
    (box / "key.pub").write_text(zoo.lines["rsa"])
    (found,) = look_up.finder(everywhere).look(str(box / "key.pem"))
    assert (found.standing, found.source) == (Standing.KNOWN, str(box / "key.pem"))


def test_a_folder_is_walked_down_only_so_far_and_that_is_said(
    session: Session, laptop: str, box: Path
) -> None:
    deep = box.joinpath(*["d"] * 66)
    deep.mkdir(parents=True)
    for folder in (deep.parent.parent, deep):
        (folder / "key.pub").write_text(laptop)
    found = [(each.source, each.note) for each in look_up.finder(session).look(str(box))]
    above = str(deep.parent.parent / "key.pub")
    assert found == [(str(deep.parent), "too deep"), (above, "")]


def test_more_than_a_key_from_a_pipe_is_not_read(session: Session, laptop: str) -> None:
    finder = look_up.finder(session)
    data = laptop.encode() + b"\n" * look_up.LARGEST
    (found,) = finder.in_data(data, "standard input")
    assert (found.standing, found.note) == (Standing.NOT_READ, "too large for a key")
    (found,) = finder.in_data(data[: look_up.LARGEST], "standard input")
    assert found.standing is Standing.KNOWN


def test_a_folder_that_cannot_be_listed_does_not_end_the_walk(
    session: Session, laptop: str, box: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (box / "a").mkdir()
    (box / "b.pub").write_text(laptop)
    real = os.open

    def refuse(path: str, flags: int, *, dir_fd: int | None = None) -> int:
        if path == "a":
            raise PermissionError(13, "Permission denied", path)
        return real(path, flags, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", refuse)
    notes = {found.source: found.note for found in look_up.finder(session).look(str(box))}
    assert notes[str(box / "a")] == "cannot be read: Permission denied"
    assert len(notes) == 2


# Regions ----------------------------------------------------------------------------------------


def test_a_key_of_several_pairs_names_them_all(session: Session, laptop: str) -> None:
    session.for_region("eu-west-1").backend.import_key_pair(
        key_name="copy", public_key_material=laptop
    )
    (found,) = look_up.finder(session).look(laptop)
    assert [(match.region, match.key_pair.key_name) for match in found.matches] == [
        ("eu-west-1", "copy"),
        ("us-east-1", "laptop"),
    ]


def test_a_region_that_cannot_be_read_is_said_and_does_not_hide_the_others(
    session: Session, laptop: str
) -> None:
    damaged = session.for_region("eu-west-1")
    damaged.backend.create_key_pair(key_name="x", key_type="ed25519")
    damaged.store.path.write_bytes(b"{}")
    finder = look_up.finder(session)
    assert len(finder.problems) == 1
    assert finder.problems[0].startswith("The pairs of eu-west-1 are not known: ")
    (found,) = finder.look(laptop)
    assert found.standing is Standing.KNOWN


# Text -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key_type", ["rsa", "ed25519"])
def test_what_the_tools_say_of_a_key_finds_its_pair(
    session: Session, run: Run, tmp_path: Path, key_type: str
) -> None:
    created = session.backend.create_key_pair(key_name="one", key_type=key_type)
    path = tmp_path / "key"
    path.write_bytes(created.key_material.encode())
    path.chmod(0o600)
    public = tmp_path / "key.pub"
    public.write_text(created.key_pair.public_key)
    outputs = {
        run("ssh-keygen", "-l", "-f", public).stdout: fingerprint_kinds.SSH_SHA256,
        run("ssh-keygen", "-l", "-E", "md5", "-f", public).stdout: fingerprint_kinds.SSH_MD5,
        run("puttygen", "-l", public).stdout: fingerprint_kinds.SSH_SHA256,
        run("puttygen", "-l", "-E", "md5", public).stdout: fingerprint_kinds.SSH_MD5,
        created.key_pair.key_fingerprint.encode(): fingerprint_kinds.PKCS8_SHA1
        if key_type == "rsa"
        else fingerprint_kinds.EC2_SHA256,
    }
    if key_type == "rsa":
        der = run("openssl", "pkcs8", "-topk8", "-nocrypt", "-outform", "DER", "-in", path).stdout
        outputs[run("openssl", "sha1", "-c", stdin=der).stdout] = fingerprint_kinds.PKCS8_SHA1
        spki = run("openssl", "rsa", "-in", path, "-pubout", "-outform", "DER").stdout
        outputs[run("openssl", "md5", "-c", stdin=spki).stdout] = fingerprint_kinds.SPKI_MD5
    finder = look_up.finder(session)
    for text, kind in outputs.items():
        found = list(finder.look(text.decode()))
        assert [match.fingerprint_kind for each in found for match in each.matches] == [kind], text
        assert found[0].standing is Standing.KNOWN


@each_row("digest", ["md5", "sha1", "sha256", "sha384", "sha512"])
def test_the_start_of_a_fingerprint_finds_its_pair(
    digest: str, everywhere: Session, zoo: Zoo, run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "key.pub"
    path.write_text(f"{zoo.lines['rsa']} sam\n")
    whole = run("ssh-keygen", "-l", "-E", digest, "-f", path).stdout.decode().split()[1]
    name, _, value = whole.partition(":")
    count = len(value.replace(":", ""))
    finder = look_up.finder(everywhere)
    length = 11 if digest == "md5" else 8
    eight = value[:length]
    assert len(eight.replace(":", "")) == 8
    texts = [f"{name}:{eight}", f"{name}:{eight}…", f"{name}:{eight}...", whole[:-1]]
    if digest == "md5":
        texts += [eight, eight.upper(), eight.replace(":", "")]
    elif digest == "sha256":
        texts += [eight, f"{eight}…"]
    for text in texts:
        (found,) = finder.look(text)
        assert [match.key_pair.key_name for match in found.matches] == ["rsa"], text
        assert found.kind.startswith("the start of a fingerprint, "), text
    assert found.standing is Standing.KNOWN
    # Of another key nothing begins so, and that it was not whole is said.
    (other,) = finder.look(f"{name}:{value[-length:]}")
    assert other.standing is Standing.UNKNOWN
    assert f"of its {count} characters" in other.kind


def test_what_ec2_shows_of_a_pair_may_be_cut_as_the_list_cuts_it(session: Session) -> None:
    rsa = session.backend.create_key_pair(key_name="rsa", key_type="rsa").key_pair
    finder = look_up.finder(session)
    as_long_as_md5 = rsa.key_fingerprint[:47]
    for text in (
        f"{rsa.key_fingerprint[:17]}…",
        rsa.key_fingerprint[:-1],
        as_long_as_md5,
        f"{as_long_as_md5}…",
        as_long_as_md5.replace(":", ""),
    ):
        (found,) = finder.look(text)
        assert [match.fingerprint_kind for match in found.matches] == [fingerprint_kinds.PKCS8_SHA1]
    assert found.kind == "the start of a fingerprint, 32 of its 40 characters"
    session.backend.delete_key_pair(key_name="rsa")
    (found,) = look_up.finder(session).look(f"{rsa.key_fingerprint[:17]}…")
    assert found.standing is Standing.DELETED


@pytest.mark.parametrize("key_format", ["pem", "ppk"])
def test_the_file_of_a_pair_agrees_with_what_ec2_shows(
    session: Session, box: Path, key_format: str
) -> None:
    for key_type in ("rsa", "ed25519"):
        created = session.backend.create_key_pair(
            key_name=key_type, key_type=key_type, key_format=key_format
        )
        (box / key_type).write_bytes(created.key_material.encode())
    kinds = {
        match.key_pair.key_name: match.fingerprint_kind
        for found in look_up.finder(session).look(str(box))
        for match in found.matches
    }
    assert kinds == {"rsa": fingerprint_kinds.PKCS8_SHA1, "ed25519": fingerprint_kinds.EC2_SHA256}


def test_a_pasted_key_says_which_fingerprint_agreed(session: Session, zoo: Zoo) -> None:
    created = session.backend.create_key_pair(key_name="made", key_type="rsa").key_pair
    session.backend.import_key_pair(key_name="rsa", public_key_material=zoo.lines["rsa"])
    session.backend.import_key_pair(key_name="ed25519", public_key_material=zoo.lines["ed25519"])
    finder = look_up.finder(session)
    kinds = {
        line: [match.fingerprint_kind for found in finder.look(line) for match in found.matches]
        for line in (created.public_key, zoo.lines["rsa"], zoo.lines["ed25519"])
    }
    assert [*kinds.values()] == [
        [fingerprint_kinds.SSH_SHA256],
        [fingerprint_kinds.SPKI_MD5],
        [fingerprint_kinds.EC2_SHA256],
    ]


@pytest.mark.parametrize(
    ("text", "standing", "note"),
    [
        ("SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU", Standing.UNKNOWN, ""),
        ("d4:1d:8c:d9:8f:00:b2:04:e9:80:09:98:ec:f8:42:7e", Standing.UNKNOWN, ""),
        ("SHA256:47DEQ", Standing.NO_KEY, "5 of its 43 characters; 8 are needed"),
        ("SHA512:47DEQ", Standing.NO_KEY, "5 of its 86 characters; 8 are needed"),
        ("d4:1d:8c", Standing.NO_KEY, "6 of its 32 or 40 characters; 8 are needed"),
        ("MD5:d4:1d", Standing.NO_KEY, "4 of its 32 characters; 8 are needed"),
        ("47DEQpj8", Standing.NO_KEY, "no such file"),
        ("web-servers", Standing.NO_KEY, "no such file"),
        ("", Standing.NO_KEY, "no such file"),
        ("/no/such/file", Standing.NO_KEY, "no such file"),
        ("~nobody-of-that-name/x", Standing.NO_KEY, "there is no such user"),
        ('~/"my keys"', Standing.NO_KEY, "the quotes would be part of the name"),
        ("sub\\x.pem", Standing.NO_KEY, "type / between folders"),
        ("a\0b", Standing.NO_KEY, "no such file"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nabc", Standing.NO_KEY, "name of its file"),
        ("ssh-ed25519 AAAA sam", Standing.DAMAGED, "cut or changed"),
        ("sk-ssh-ed25519@openssh.com AAAA sam", Standing.DAMAGED, "cut or changed"),
        ("x" * 5_000, Standing.NO_KEY, "no such file"),
    ],
)
def test_other_texts_are_named_for_what_they_are(
    session: Session, laptop: str, text: str, standing: Standing, note: str
) -> None:
    (found,) = look_up.finder(session).look(text)
    assert found.standing is standing
    assert note in found.note


# The agent --------------------------------------------------------------------------------------


def test_the_keys_of_the_agent_are_looked_up(
    everywhere: Session,
    zoo: Zoo,
    tool: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    socket = tmp_path_factory.mktemp("a") / "s"
    process = subprocess.Popen([tool("ssh-agent"), "-D", "-a", socket], stdout=subprocess.DEVNULL)
    try:
        while not socket.exists():
            time.sleep(0.01)
        monkeypatch.setenv("SSH_AUTH_SOCK", str(socket))
        (nothing,) = look_up.finder(everywhere).in_agent()
        for name in ("rsa-openssh", "other-ed25519-openssh", "ecdsa-openssh"):
            subprocess.run([tool("ssh-add"), "-q", zoo.folder / name], check=True)
        found = list(look_up.finder(everywhere).in_agent())
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()
    assert nothing.standing is Standing.NO_KEY
    assert "ssh-add -X" in nothing.note
    assert [(each.source, each.standing.value, each.comment) for each in found] == [
        ("the agent", "known", "rsa@host"),
        ("the agent", "unknown", "other-ed25519@host"),
        ("the agent", "unsupported", "ecdsa@host"),
    ]


# Deleted pairs ----------------------------------------------------------------------------------


def test_the_key_of_a_deleted_pair_is_said_to_be_that(session: Session, tmp_path: Path) -> None:
    there = session.for_region("eu-west-1")
    path = tmp_path / "web.pem"
    created = there.backend.create_key_pair(key_name="web", key_type="rsa")
    saving.save_key_material(there, created, str(path))
    pair = created.key_pair
    things = [str(path), pair.public_key, pair.key_fingerprint, pair.custody.fingerprints.ssh_md5]
    there.backend.delete_key_pair(key_name="web")
    for thing in things:
        (found,) = look_up.finder(session).look(thing)
        assert (found.standing, found.matches) == (Standing.DELETED, ())
        assert found.deleted == (PairReference("eu-west-1", pair.key_pair_id, "web"),)
    session.backend.import_key_pair(key_name="again", public_key_material=pair.public_key)
    for thing in things[:2]:
        (found,) = look_up.finder(session).look(thing)
        assert (found.standing, found.deleted) == (Standing.KNOWN, ())
    session.backend.delete_key_pair(key_name="again")
    there.backend.restore_key_pair(pair.key_pair_id)
    (found,) = look_up.finder(session).look(str(path))
    assert [match.key_pair.key_name for match in found.matches] == ["web"]


def test_a_pair_that_can_no_longer_be_brought_back_is_unknown(
    make_session: Callable[..., Session],
) -> None:
    session = make_session()
    pair = session.backend.create_key_pair(key_name="web", key_type="ed25519").key_pair
    session.backend.delete_key_pair(key_name="web")
    later = make_session(now=lambda: session.now() + timedelta(days=31))
    (found,) = look_up.finder(later).look(pair.public_key)
    assert (found.standing, found.deleted) == (Standing.UNKNOWN, ())


class UntypedEntry:
    """A name in a folder of a file system that does not say what it is, and then fails."""

    def __init__(self, entry: "os.DirEntry[str]") -> None:
        self.name, self.path = entry.name, entry.path
        self._entry = entry

    def is_dir(self, *, follow_symlinks: bool = True) -> bool:
        if self.name == "stale":
            raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))
        return self._entry.is_dir(follow_symlinks=follow_symlinks)

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        return self._entry.stat(follow_symlinks=follow_symlinks)


def test_a_name_whose_type_the_file_system_cannot_tell_ends_nothing(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "network"
    (folder / "fine").mkdir(parents=True)
    for name in ("a", "stale", "z", "fine/b"):
        (folder / name).write_text("nothing")
    scandir = os.scandir

    @contextmanager
    def untyped(path: str) -> Iterator[list[UntypedEntry]]:
        with scandir(path) as entries:
            yield [UntypedEntry(entry) for entry in entries]

    monkeypatch.setattr(os, "scandir", untyped)
    found = {Path(row.source).name: row for row in look_up.finder(session).look(str(folder))}
    assert found.keys() == {"a", "stale", "z", "b"}
    assert found["stale"].standing is Standing.UNREADABLE
    assert found["stale"].note == f"cannot be read: {os.strerror(errno.ESTALE)}"
    assert not found["stale"].minor


def test_a_folder_that_became_a_link_meanwhile_is_not_walked_into(
    everywhere: Session, tmp_path: Path
) -> None:
    top, secret = tmp_path / "top", tmp_path / "secret"
    for folder in (top, top / "a", top / "b", top / "c", secret):
        folder.mkdir()
    (top / "a" / "noise").write_text("no key")
    for folder in (top / "b", secret):
        (folder / "key.pub").write_text(f"{PUBLIC_KEY} {folder.name}\n")
    found = look_up.finder(everywhere).look(str(top))
    assert Path(next(found).source).name == "noise"  # all three were listed by now
    (top / "b").rename(top / "moved")
    (top / "b").symlink_to(secret)
    (top / "c").rmdir()
    (top / "c").symlink_to(top / "moved")
    rows = [(Path(each.source).name, each.standing, each.note) for each in found]
    link = "a link, which is not followed"
    assert rows == [("b", Standing.NOT_READ, link), ("c", Standing.NOT_READ, link)]


def test_a_folder_that_is_moved_while_it_is_walked_is_read_to_its_end(
    everywhere: Session, tmp_path: Path
) -> None:
    top, secret = tmp_path / "top", tmp_path / "secret"
    for folder in (top, top / "a", secret):
        folder.mkdir()
    for name in ("1.pub", "2.pub"):
        (top / "a" / name).write_text(f"{PUBLIC_KEY} ours\n")
        (secret / name).write_text(f"{PUBLIC_KEY} secret\n")
    found = look_up.finder(everywhere).look(str(top))
    assert next(found).comment == "ours"
    (top / "a").rename(top / "moved")
    (top / "a").symlink_to(secret)
    assert [each.comment for each in found] == ["ours"]


def test_ctrl_c_is_answered_while_a_passphrase_is_tried() -> None:
    started, go_on = threading.Event(), threading.Event()

    def deaf() -> None:
        started.set()
        go_on.wait(SECONDS)

    def interrupt() -> None:
        started.wait(SECONDS)
        os.kill(os.getpid(), signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Thread(target=interrupt).start()
    try:
        with pytest.raises(KeyboardInterrupt):
            interruptible(deaf)
        assert not go_on.is_set()
    finally:
        signal.signal(signal.SIGINT, before)
        go_on.set()
    assert interruptible(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        interruptible(lambda: 1 // 0)


@each_row("digest", ["sha1", "sha384", "sha512"])
def test_a_fingerprint_of_another_digest_finds_its_pair_and_is_named(
    digest: str, everywhere: Session, zoo: Zoo, run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "key.pub"
    path.write_text(f"{zoo.lines['rsa']} sam\n")
    shown = run("ssh-keygen", "-l", "-E", digest, "-f", path).stdout.decode()
    for text in (shown, shown.split()[1]):
        (found,) = look_up.finder(everywhere).look(text)
        (match,) = found.matches
        assert (match.key_pair.key_name, found.standing) == ("rsa", Standing.KNOWN)
        assert match.fingerprint_kind == f"OpenSSH SHA-{digest[3:]}"
    name, _, value = shown.split()[1].partition(":")
    other = f"{name}:{value[::-1]}"
    (found,) = look_up.finder(everywhere).look(other)
    assert found.standing is Standing.UNKNOWN
    assert found.kind == f"fingerprint, OpenSSH SHA-{digest[3:]}"


def test_a_locked_file_of_any_kind_is_told_by_the_pub_beside_it(
    everywhere: Session, zoo: Zoo, run: Run, tmp_path: Path
) -> None:
    run("dropbearconvert", "openssh", "dropbear", zoo.folder / "rsa-openssh", tmp_path / "dropbear")
    for name in ("dropbear", "rsa-pkcs8-encrypted.pem"):
        path = tmp_path / name
        if not path.exists():
            path.write_bytes((zoo.folder / name).read_bytes())
        path.with_name(f"{name}.pub").write_text(zoo.lines["rsa"])
        (found,) = look_up.finder(everywhere).look(str(path))
        assert (found.standing, found.matches[0].key_pair.key_name) == (Standing.KNOWN, "rsa")
        assert "by the .pub beside it" in found.note
