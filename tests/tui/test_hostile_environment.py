"""What comes from the environment, the command line and the disk: bounded and inert."""

import asyncio
import io
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console
from textual.events import Paste
from textual.widgets import Static

from core.custody import pub_files
from core.ec2.policy import Policy, PolicyError
from core.errors import SettingsError
from core.local.opening import open_local
from core.model import Tag, TagSpecification
from core.session import Session
from core.store.journal import Journal
from core.store.region_store import RegionStore
from tests.each_row import each_row
from tests.helpers import session_over
from tests.tui.driving import until, until_loaded, until_screen
from tests.tui.test_hostile_text import check_inert, drawn, hostile_pair
from tests.vectors.hostile_strings import STRINGS
from tui import __main__ as command
from tui import config, environment
from tui.actions import keymap
from tui.actions.rebinding import rebind
from tui.app import KeyPairsApp
from tui.terminal import clipboard
from tui.words.place import region_items

ROOT = Path(__file__).parents[2]
ESCAPES = "\x1b]52;c;QUJD\x07\x1b[2J\x9b31m\u202e"
ARGUMENTS = [each.text for each in STRINGS if "\0" not in each.text and len(each.text) < 50_000]


def run(
    *arguments: str | Path, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "tui", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        check=False,
    )


def check_plain(output: bytes) -> str:
    """Check that output is lines that a terminal obeys nothing in, and not too long."""
    text = output.decode()
    assert all(line.isprintable() for line in text.split("\n")), ascii(text)
    assert len(text) < 30_000
    return text


# The command line -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        (ESCAPES,),
        (f"--{ESCAPES}",),
        ("--region", ESCAPES),
        ("restore", ESCAPES),
        ("restore", "us-east-1", ESCAPES),
        ("restore", "us-east-1", f"--{ESCAPES}=x"),
        ("restore", "us-east-1", "--data-dir", f"/nowhere/{ESCAPES}"),
        ("restore", "us-east-1", "--data-dir", f"~{ESCAPES}/x"),
        ("--policy", f"/nowhere/{ESCAPES}", "--data-dir", f"/nowhere/{ESCAPES}"),
    ],
    ids=repr,
)
def test_what_is_quoted_of_the_arguments_is_inert(
    arguments: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(environment, "check_terminal", lambda environment: None)
    try:
        status = command.main(arguments)
    except SystemExit as refusal:
        status = int(refusal.code or 0)
    assert status in (1, 2)
    output = capsys.readouterr()
    check_plain((output.out + output.err).encode())
    # argparse says which command's arguments they are.
    assert re.search(r"^keypairs( restore)?: ", output.err, re.MULTILINE)


@pytest.mark.long
def test_every_hostile_string_as_an_argument(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(environment, "check_terminal", lambda environment: None)
    for text in ARGUMENTS:
        for arguments in ((text, "x"), ("--region", f"x{text}"), ("restore", f"x{text}")):
            try:
                status = command.main(arguments)
            except SystemExit as refusal:
                status = int(refusal.code or 0)
            assert status == 2, arguments
            output = capsys.readouterr()
            # Marks stay on the letter before them, as everywhere.
            check_plain(output.err.replace("\u0301", "").encode())


def test_a_locale_that_is_not_utf_8_gets_no_traceback(tmp_path: Path) -> None:
    store = RegionStore(tmp_path / "data", "us-east-1")
    session = session_over(store)
    for name in ("web-1", "web-2"):
        session.backend.create_key_pair(key_name=name, key_type="ed25519")
    damaged = store.path.read_bytes().replace(b'"web-2"', '"\u94a5\u5319"'.encode())
    store.path.write_bytes(damaged)
    narrow = {"PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0"}
    done = run("restore", "us-east-1", "--data-dir", store.path.parent, environment=narrow)
    assert b"Traceback" not in done.stderr
    assert rb"Lost: \u94a5\u5319" in done.stdout


# The environment ------------------------------------------------------------------------------


def test_who_and_where_is_asked_of_the_system_and_shown_inert(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("USER", "LOGNAME", "LNAME", "USERNAME", "TERM", "COLORTERM", "LANG"):
        monkeypatch.setenv(name, ESCAPES)
    monkeypatch.setenv("SSH_CONNECTION", f"{ESCAPES}{'9' * 5_000} 1 2 3")
    system = SimpleNamespace(nodename=f"host{ESCAPES}\udcff")
    monkeypatch.setattr(os, "uname", lambda: system)
    session = open_local(tmp_path / "data", "us-east-1")
    session.backend.create_key_pair(key_name="web", key_type="ed25519")
    (entry,) = session.journal()
    assert entry.client is not None
    assert len(entry.client) <= 64
    where = environment.where(os.environ)
    assert where.startswith(f"{entry.user}@")

    async def look() -> None:
        async with KeyPairsApp(session, where).run_test(size=(160, 24)) as pilot:
            await until_loaded(pilot)
            text = check_inert(pilot.app.screen._compositor.render_strips(), 160)
            assert r"host\u{1b}]52;c;QUJD\u{7}" in text

    asyncio.run(look())


def test_names_of_the_system_that_are_no_utf_8_can_be_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.store import journal

    monkeypatch.setattr(journal, "user", lambda: "j\udcf6rg")
    session = open_local(tmp_path / "data", "us-east-1")
    session.backend.create_key_pair(key_name="web", key_type="ed25519")
    (entry,) = session.journal()
    assert entry.user == "j?rg"
    assert Journal(tmp_path, {"SSH_CONNECTION": ""}) is not None


def test_a_crash_report_is_inert(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = KeyPairsApp(open_local(tmp_path / "data", "us-east-1"))
    parts: list[Any] = []
    panic = app.panic

    def keep(*renderables: Any) -> None:
        parts.extend(renderables)
        panic(*renderables)

    monkeypatch.setattr(app, "panic", keep)

    async def crash() -> None:
        async with app.run_test(size=(80, 24)) as pilot:
            await until_loaded(pilot)
            app.call_later(fail)
            await until(pilot, lambda: app._exception is not None, "the end")

    def fail() -> None:
        raise ValueError(ESCAPES)

    with pytest.raises(ValueError, match="52;c"):
        asyncio.run(crash())
    report = io.StringIO()
    console = Console(file=report, width=100)
    console.print(*parts)
    assert r"\u{1b}]52;c;QUJD\u{7}" in report.getvalue()
    assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(report.getvalue())


# Files ----------------------------------------------------------------------------------------


def test_only_files_of_regions_are_offered_as_regions(
    tmp_path: Path, home: Path, session: Session
) -> None:
    folder = tmp_path / "data"
    session.backend.create_key_pair(key_name="web", key_type="ed25519")
    for name in (f"a-{ESCAPES}-1", "us-east-99999", "../us-east-1".replace("/", "-"), "a-b-c"):
        (folder / f"{name}.json").write_bytes(b"{}")
    os.mkfifo(folder / "eu-west-1.json")
    counts = session.regions_in_use()
    assert counts == {"us-east-1": 1}
    assert all(item.text.isprintable() for item in region_items(counts))


def write_hole(path: Path, size: int) -> Path:
    """Write a file that is large and takes no room."""
    with path.open("wb") as file:
        file.truncate(size)
    return path


MEASURE = """
import resource, sys, time
from pathlib import Path
{setup}
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
start = time.process_time()
try:
    {call}
except {refusal} as error:
    print(error)
else:
    sys.exit("not refused")
assert time.process_time() - start < 2
assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 16 * 1024
"""


@pytest.mark.long
@each_row(
    ("size", "setup", "call", "refusal"),
    [
        (
            1 << 30,
            "from core.custody import pub_files as p",
            "p.read(sys.argv[1])",
            "p.PublicFileError",
        ),
        (100 << 20, "from tui import config as p", "p.load(Path(sys.argv[1]))", "p.SettingsError"),
        (
            100 << 20,
            "from core.ec2 import policy as p",
            "p.Policy.load(Path(sys.argv[1]))",
            "p.PolicyError",
        ),
        (
            1 << 30,
            "from core.store import region_store as p; from core.errors import StoreError",
            "p.RegionStore(Path(sys.argv[1]).parent, 'us-east-1').read()",
            "StoreError",
        ),
    ],
    ids=["a public key of 1 GB", "a configuration of 100 MB", "a policy of 100 MB", "a Region"],
)
def test_a_huge_file_is_refused_in_a_moment_and_in_little_memory(
    size: int, setup: str, call: str, refusal: str, tmp_path: Path
) -> None:
    path = write_hole(tmp_path / "us-east-1.json", size)
    code = MEASURE.format(setup=setup, call=call, refusal=refusal)
    done = subprocess.run(
        [sys.executable, "-c", code, path], capture_output=True, text=True, timeout=60, cwd=ROOT
    )
    assert done.returncode == 0, done
    assert done.stdout.strip()


@each_row("what", ["/dev/zero", "/dev/stdin", "fifo", "folder", "link to itself"])
def test_what_is_no_regular_file_is_refused_at_once(what: str, tmp_path: Path) -> None:
    path = Path(what) if what.startswith("/") else tmp_path / what
    if what == "fifo":
        os.mkfifo(path)
    elif what == "folder":
        path.mkdir()
    elif what.startswith("link"):
        path.symlink_to(path)
    with pytest.raises(pub_files.PublicFileError):
        pub_files.read(str(path))
    with pytest.raises(SettingsError):
        config.load(path)
    with pytest.raises(PolicyError):
        Policy.load(path)


@each_row(
    "text",
    [
        "a." * 20_000 + "b = 1",
        "x = " + "9" * 5_000,
        "x = " + "[" * 900,
        '[keys]\n"key-pair.create" = "\\u001b]0;x"',
        '[keys]\n"key-pair.create" = ","',
        '[keys]\n"key-pair.create" = "f2,"',
        '[keys]\n"key-pair.create" = "' + "x" * 500 + '"',
    ],
)
def test_a_configuration_that_would_take_long_or_crash_is_refused(
    text: str, tmp_path: Path
) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=r"config\.toml") as refusal:
        config.load(path)
    assert len(str(refusal.value)) < 500


@pytest.mark.long
def test_a_bracket_can_be_a_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It stands in the help, as any key."""
    monkeypatch.setattr(keymap, "bound", keymap.bound)
    path = tmp_path / "config.toml"
    path.write_text('[keys]\n"key-pair.create" = "["\n')
    rebind(config.load(path).keys)
    session = open_local(tmp_path / "data", "us-east-1")

    async def look() -> None:
        async with KeyPairsApp(session).run_test(size=(80, 24)) as pilot:
            await until_loaded(pilot)
            await pilot.press("ctrl+p", *"save")
            await until(pilot, lambda: "Create a key pair" in drawn(pilot), "the help")

    asyncio.run(look())


# What leaves, and what is asked ---------------------------------------------------------------


@pytest.mark.long
def test_what_is_copied_of_a_hostile_pair_cannot_run_when_it_is_pasted(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = open_local(tmp_path / "data", "us-east-1")
    hostile_pair(session, "x\ntouch pwned\n\x1b[201~")
    sent: list[str] = []

    async def send(app: Any, text: str) -> None:
        sent.append(text)

    monkeypatch.setattr(clipboard, "send", send)

    async def copy() -> None:
        async with KeyPairsApp(session).run_test(size=(80, 40)) as pilot:
            await until_loaded(pilot)
            for index in range(6):  # the rest are recipes, which see to that by themselves
                await pilot.press("y")
                await until_screen(pilot, "PickScreen")
                await pilot.press(*["down"] * index, "enter")
                await until(pilot, lambda n=index: len(sent) == n + 1, "what was sent")  # type: ignore[misc] # the default binds the number

    asyncio.run(copy())
    assert all(line.isprintable() for text in sent for line in text.split("\n"))
    name = r"x\u{a}touch pwned\u{a}\u{1b}[201~"
    assert name in sent
    assert any(text.startswith("ssh-ed25519 ") and text.endswith(name) for text in sent)


@pytest.mark.long
@pytest.mark.parametrize("name", ["a\\b", "$(x)\x1b[2J", "web\u202e"])
def test_a_pair_is_deleted_by_typing_what_the_screen_says(
    name: str, tmp_path: Path, home: Path
) -> None:
    session = open_local(tmp_path / "data", "us-east-1")
    hostile_pair(session, name)

    async def delete() -> None:
        async with KeyPairsApp(session).run_test(size=(80, 24)) as pilot:
            await until_loaded(pilot)
            await pilot.press("d")
            await until_screen(pilot, "DeleteKeyPairsScreen")
            text = str(pilot.app.screen.query_one("#expected", Static).content)
            pilot.app.post_message(Paste(text.partition("To delete it, type ")[2]))
            await pilot.pause()
            await pilot.press("enter")
            await until(pilot, lambda: session.backend.describe_key_pairs() == (), "the deletion")

    asyncio.run(delete())


def test_half_a_surrogate_pair_is_refused_and_nothing_is_lost(session: Session) -> None:
    from core.errors import InvalidParameterValue

    tags = [TagSpecification("key-pair", [Tag("Env", "\ud800")])]
    with pytest.raises(InvalidParameterValue, match="not valid Unicode") as refusal:
        session.backend.create_key_pair(key_name="web", key_type="ed25519", tag_specifications=tags)
    assert refusal.value.parameter == "tags"
    assert session.backend.describe_key_pairs() == ()
