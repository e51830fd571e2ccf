"""What the details do with a private key that was saved: the real agent, the real ssh."""

import os
import re
import subprocess
from collections.abc import Callable
from datetime import timedelta
from itertools import takewhile
from pathlib import Path

import pytest
from textual.pilot import Pilot

from core.custody import authorized_keys, saving
from core.custody.authorized_keys import Account
from core.errors import StoreError
from core.keys.file_formats import suffix
from core.model import FileFormat, KeptKeyPair
from core.secret import Passphrase
from core.store.journal import Journal
from tests.demo import DemoSession
from tests.helpers import Agent
from tests.tui.driving import (
    app_of,
    drawn,
    play,
    text_of,
    type_text,
    until,
    until_screen,
)
from tui.screens.pair.details import DetailsScreen
from tui.widgets.choice import Choice
from tui.widgets.key_hints import KeyHints
from tui.widgets.top_bar import TopBar
from tui.words.pairs import moment
from tui.words.verdict import Verdict
from tui.work.exclusive import is_busy


@pytest.fixture(autouse=True)
def config(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file that is written: never that of whoever runs the tests."""
    home.chmod(0o755)
    account = Account("ops", os.geteuid(), home)
    monkeypatch.setattr(authorized_keys, "own_account", lambda: account)
    return account.ssh_config


def make(
    session: DemoSession, name: str = "web", passphrase: str = "", path: str = "~/.ssh/web.pem"
) -> KeptKeyPair:
    created = session.backend.create_key_pair(key_name=name, key_type="ed25519")
    file_format = FileFormat.OPENSSH if passphrase else None
    secret = Passphrase(passphrase) if passphrase else None
    saving.save_key_material(session, created, path, file_format, secret)
    return created.key_pair


async def open_details(pilot: Pilot[None]) -> None:
    await pilot.press("enter")
    await until_screen(pilot, "DetailsScreen")


async def until_said(pilot: Pilot[None], text: str) -> None:
    await until(pilot, lambda: text in " ".join(text_of(pilot, "#fact").split()), text)


@pytest.mark.long
def test_a_saved_key_goes_to_the_agent_and_its_passphrase_is_asked_for(
    empty_session: DemoSession, ssh_agent: Agent
) -> None:
    key_pair = make(empty_session, passphrase="correct horse")

    async def scene(pilot: Pilot[None]) -> None:
        await open_details(pilot)
        await pilot.press("a")
        await until_screen(pilot, "UnlockSavedKeyScreen")
        await type_text(pilot, "battery staple")
        await pilot.press("enter")
        await until_said(pilot, "the passphrase is wrong")
        assert "battery" not in drawn(pilot)
        await type_text(pilot, "correct horse")
        await pilot.press("enter")
        await until_screen(pilot, "AddToAgentScreen")
        assert "holds this key" not in drawn(pilot)
        await type_text(pilot, "2h")
        await pilot.press("enter")
        await until_screen(pilot, "DetailsScreen")
        await until_said(pilot, "In the agent until 13:59; the file stays where it is")
        # As long as the record says so, and before it is added once more.
        now, end = empty_session.now(), empty_session.now() + timedelta(seconds=7199)
        custody = f"was added to the agent at {moment(now)}, to stay until {moment(end)}"
        await until(pilot, lambda: custody in " ".join(drawn(pilot).split()), custody)
        await pilot.press("a")
        await until_screen(pilot, "UnlockSavedKeyScreen")
        await type_text(pilot, "correct horse")
        await pilot.press("enter")
        await until_screen(pilot, "AddToAgentScreen")
        again = "adding it again sets its time and use anew"
        await until_said(pilot, f"the agent holds this key until 13:59; {again}")
        # Who deletes the pair reads that the agent still lets its key be used.
        await pilot.press("escape")
        await until_screen(pilot, "DetailsScreen")
        await pilot.press("d")
        await until_screen(pilot, "DeleteKeyPairsScreen")
        asked = f"Agent the key {custody}"
        await until(pilot, lambda: asked in " ".join(drawn(pilot).replace("┃", "").split()), asked)

    play(empty_session, scene)
    assert key_pair.public_key in ssh_agent.ssh_add("-L").stdout.decode()


@pytest.mark.long
def test_a_saved_key_is_written_in_another_format_and_its_file_is_mended(
    empty_session: DemoSession, home: Path, run: Callable[..., subprocess.CompletedProcess[bytes]]
) -> None:
    key_pair = make(empty_session)
    saved = home / ".ssh" / "web.pem"
    saved.chmod(0o644)

    async def scene(pilot: Pilot[None]) -> None:
        await open_details(pilot)
        await until_said(pilot, "a agent, s save again, m mode, H Host block")
        await pilot.press("a")
        await until_said(pilot, "~/.ssh/web.pem has mode 0644, not 0600; m makes it 0600")
        await pilot.press("m")
        await until_said(pilot, "~/.ssh/web.pem has mode 0600 now, and had 0644")
        await until(pilot, lambda: "✓ ~/.ssh/web.pem" in drawn(pilot), "the file that proves")
        await pilot.press("p")
        await until_said(pilot, "Public key saved to ~/.ssh/web.pub")
        await pilot.press("p")
        await until_said(pilot, "~/.ssh/web.pub is there already, with this key")
        # What is right already is not taught to be mended, and may be asked for.
        screen = app_of(pilot).screen
        assert isinstance(screen, DetailsScreen)
        assert screen.fact_line.at_rest.text == "a agent, s save again, H Host block"
        assert screen.key_hints.muted == {"mode"}
        # One of another key is another thing.
        (home / ".ssh" / "web.pub").write_text("ssh-ed25519 AAAA web\n")
        await pilot.press("p")
        await until_said(pilot, "there is such a file, and none is overwritten")
        await until(pilot, lambda: not is_busy(app_of(pilot).screen), "that it is over")
        await pilot.press("s")
        await until_screen(pilot, "SaveKeyMaterialScreen")
        await pilot.press("tab", "right", "right", "right", "tab")
        for _ in range(2):
            await type_text(pilot, "correct horse")
            await pilot.press("tab")
        await pilot.press("shift+tab", "enter")
        await until_screen(pilot, "DetailsScreen")
        await until_said(pilot, "Saved to ~/.ssh/web.openssh, encrypted")
        await until(pilot, lambda: "web.openssh" in drawn(pilot), "the new file")
        # What follows knows of it, and so does the page to which that leads back.
        await pilot.press("d")
        await until_screen(pilot, "DeleteKeyPairsScreen")
        await until(pilot, lambda: "its 2 files stay" in drawn(pilot), "what becomes of both")
        await pilot.press("escape")
        await until_screen(pilot, "DetailsScreen")
        await until(pilot, lambda: "web.openssh" in drawn(pilot), "the new file")

    play(empty_session, scene, (80, 40))
    assert saved.stat().st_mode & 0o777 == 0o600
    new = home / ".ssh" / "web.openssh"
    line = run("ssh-keygen", "-y", "-P", "correct horse", "-f", new).stdout.decode()
    assert line.startswith(key_pair.public_key)
    assert [(e.operation, e.detail) for e in empty_session.journal()][-2:] == [
        ("MakeFilePrivate", str(saved)),
        ("SaveKeyMaterial", str(new)),
    ]


@pytest.mark.long
def test_what_is_wrong_with_a_file_is_said_at_each_key_and_gives_way_to_the_next(
    empty_session: DemoSession, home: Path
) -> None:
    make(empty_session, passphrase="correct horse")
    saved = home / ".ssh" / "web.pem"
    saved.chmod(0o644)
    taught = "a agent, s save again"

    async def scene(pilot: Pilot[None]) -> None:
        await open_details(pilot)
        assert "H Host block · n replace, I install\n" in re.sub(" +\n", "\n", drawn(pilot))
        # Before its passphrase is asked for, which would not mend it.
        await pilot.press("s")
        await until_said(pilot, "has mode 0644, not 0600; m makes it 0600")
        await pilot.press("down")
        await until_said(pilot, taught)
        saved.unlink()
        for key in ("H", "s"):
            await pilot.press(key)
            await until_said(pilot, "its private key file is not there any more")
            await pilot.press("up")
            await until_said(pilot, taught)

    play(empty_session, scene)


@pytest.mark.long
@pytest.mark.parametrize(
    ("file_format", "passphrase"),
    [
        (FileFormat.PPK3, "correct horse"),
        pytest.param(FileFormat.OPENSSH, "correct horse", marks=pytest.mark.long),
        pytest.param(FileFormat.OPENSSH, "", marks=pytest.mark.long),
        pytest.param(FileFormat.PEM, "", marks=pytest.mark.long),
        pytest.param(FileFormat.PPK2, "", marks=pytest.mark.long),
    ],
)
def test_a_key_is_saved_again_as_its_file_is_and_not_without_its_passphrase_unsaid(
    empty_session: DemoSession, file_format: FileFormat, passphrase: str
) -> None:
    created = empty_session.backend.create_key_pair(key_name="web", key_type="ed25519")
    path = f"~/.ssh/web{suffix(file_format)}"
    secret = Passphrase(passphrase) if passphrase else None
    saving.save_key_material(empty_session, created, path, file_format, secret)

    async def scene(pilot: Pilot[None]) -> None:
        await open_details(pilot)
        await pilot.press("s")
        if passphrase:
            await until_screen(pilot, "UnlockSavedKeyScreen")
            await type_text(pilot, passphrase)
            await pilot.press("enter")
        await until_screen(pilot, "SaveKeyMaterialScreen")
        choice = app_of(pilot).screen.query_one(Choice)
        assert choice.value == file_format.value
        # Nobody knows any more in which format EC2 gave it.
        for each in (each for each in FileFormat if each is not FileFormat.PKCS8):
            choice.index = [*FileFormat].index(each)
            told = (
                "" if each.takes_passphrase or not passphrase else f", but {path} is; {each.value}"
            )
            await until(pilot, lambda t=told: t in " ".join(drawn(pilot).split()), told)  # type: ignore[misc] # its default
            assert "as it was created" not in drawn(pilot)
        choice.index = [*FileFormat].index(FileFormat.OPENSSH)
        empty = (
            "left empty, this copy is not encrypted, but ~/" if passphrase else "left empty, the"
        )
        await until(pilot, lambda: empty in " ".join(drawn(pilot).split()), empty)

    play(empty_session, scene, (100, 30))


@pytest.mark.long
def test_a_mode_that_is_right_already_is_not_in_the_journal_and_a_full_disk_mends_it_all_the_same(
    empty_session: DemoSession, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(empty_session)
    saved = home / ".ssh" / "web.pem"

    def refuse(*_: object) -> None:
        raise StoreError("The disk is full.")

    async def scene(pilot: Pilot[None]) -> None:
        await open_details(pilot)
        await pilot.press("m")
        await until_said(pilot, "~/.ssh/web.pem has mode 0600 already")
        saved.chmod(0o640)
        monkeypatch.setattr(Journal, "record", refuse)
        await pilot.press("m")
        await until_said(pilot, "replace the key. It is not in the journal. The disk is full.")

    play(empty_session, scene)
    assert saved.stat().st_mode & 0o777 == 0o600
    assert "MakeFilePrivate" not in [entry.operation for entry in empty_session.journal()]


@pytest.mark.long
def test_a_host_block_is_written_on_the_second_enter_and_never_twice(
    empty_session: DemoSession,
    home: Path,
    config: Path,
    run: Callable[..., subprocess.CompletedProcess[bytes]],
) -> None:
    make(empty_session)
    before = "Host other\n    User sam"
    config.write_text(before)
    config.chmod(0o640)

    async def fill_in(pilot: Pilot[None]) -> None:
        await pilot.press("H")
        await until_screen(pilot, "AddSshHostScreen")
        await type_text(pilot, "web.example.com")
        await pilot.press("enter")

    async def scene(pilot: Pilot[None]) -> None:
        await open_details(pilot)
        await fill_in(pilot)
        await until_said(pilot, "will be added at the end; press enter again to write it")
        assert config.read_text() == before
        # Another block wants its own yes.
        await pilot.press("x", "backspace", "enter")
        await until_said(pilot, "press enter again to write it")
        assert config.read_text() == before
        await pilot.press("enter")
        await until_screen(pilot, "DetailsScreen")
        await until_said(pilot, "Host web added to ~/.ssh/config; ssh web uses it")
        await fill_in(pilot)
        await until_said(pilot, "Host web is there already, in line 4")
        await pilot.press("escape")

    play(empty_session, scene)
    text = config.read_text()
    assert text.startswith(f"{before}\n\nHost web\n")
    assert text.count("Host web\n") == 1
    assert config.stat().st_mode & 0o777 == 0o640
    found = run("ssh", "-G", "-F", config, "web").stdout.decode().splitlines()
    assert "hostname web.example.com" in found
    assert "user ec2-user" in found
    assert f"identityfile {home}/.ssh/web.pem" in found


@pytest.mark.long
def test_what_is_said_of_the_ssh_configuration_stands_below_its_path(
    empty_session: DemoSession, home: Path
) -> None:
    make(empty_session)

    def below(pilot: Pilot[None], label: str) -> str:
        """Return what stands between a label and the next, but for what is beside it."""
        lines = iter(line[1:] for line in drawn(pilot).split("\n"))
        for line in lines:
            if line.split(" ")[0] == label:
                break
        between = takewhile(lambda line: line.startswith(" "), lines)
        return " ".join(" ".join(between).split())

    async def scene(pilot: Pilot[None]) -> None:
        await open_details(pilot)
        await pilot.press("H")
        await until_screen(pilot, "AddSshHostScreen")
        missing = "the address of the host is missing"
        await until(pilot, lambda: missing in below(pilot, "HostName"), missing)
        await type_text(pilot, "web")
        made = "✓ the file will be made, for this account alone"
        await until(pilot, lambda: made in below(pilot, "File"), made)
        await pilot.press("tab", " ", "x")
        wrong = "✗ the user is a login name such as ec2-user"
        await until(pilot, lambda: wrong in below(pilot, "User"), wrong)

    play(empty_session, scene, (60, 15))


@pytest.mark.long
def test_next_and_previous_and_what_the_list_does_work_in_details(
    empty_session: DemoSession,
) -> None:
    for name in ("a", "b"):
        make(empty_session, name, path=f"~/.ssh/{name}.pem")

    def title(pilot: Pilot[None]) -> str:
        return app_of(pilot).screen.query_one(TopBar).title

    async def scene(pilot: Pilot[None]) -> None:
        await open_details(pilot)
        await pilot.press("[")
        await until_said(pilot, "this is the first pair")
        await pilot.press("]")
        await until(pilot, lambda: title(pilot) == "b", "the next")
        await until_said(pilot, "2 of 2 · ] next, [ previous")
        await pilot.press("]")
        await until_said(pilot, "this is the last pair")
        for key, name in (
            ("n", "CreateKeyPairScreen"),
            ("C", "ImportIntoRegionsScreen"),
            ("I", "InstallPublicKeyScreen"),
        ):
            await pilot.press(key)
            await until_screen(pilot, name)
            await pilot.press("escape")
            await until_screen(pilot, "DetailsScreen")
            assert title(pilot) == "b"
        await pilot.press("escape")
        await until_screen(pilot, "KeyPairListScreen")
        await pilot.press("enter")
        await until(pilot, lambda: title(pilot) == "b", "the cursor where one was")

    play(empty_session, scene)


@pytest.mark.long
def test_a_pair_without_a_file_says_why(empty_session: DemoSession) -> None:
    empty_session.backend.create_key_pair(key_name="web", key_type="ed25519")

    async def scene(pilot: Pilot[None]) -> None:
        await open_details(pilot)
        for key in "aspmH":
            app_of(pilot).screen.say(Verdict(""))  # type: ignore[attr-defined] # it is ours
            await pilot.press(key)
            await until_said(pilot, "its private key was never saved")
        # One colour for key and word: what does nothing is not taught.
        hints = app_of(pilot).screen.query_one(KeyHints).render()
        ends = {hints.plain[span.start : span.end] for span in hints.spans}
        assert {"a agent", "m mode", "d", "y"} <= ends

    play(empty_session, scene, (200, 50))


@pytest.mark.long
def test_of_a_deleted_pair_the_file_is_mended_and_nothing_new_is_made(
    empty_session: DemoSession, home: Path, ssh_agent: Agent, config: Path
) -> None:
    key_pair = make(empty_session)
    saved = home / ".ssh" / "web.pem"
    saved.chmod(0o644)

    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("d")
        await until_screen(pilot, "DeleteKeyPairsScreen")
        await type_text(pilot, "web")
        await pilot.press("enter")
        await until_said(pilot, "deleted web")
        await pilot.press("J")
        await until_screen(pilot, "JournalScreen")
        await pilot.press("enter")
        await until_screen(pilot, "DetailsScreen")
        screen = app_of(pilot).screen
        assert isinstance(screen, DetailsScreen)
        for key in ("s", "p", "H"):
            screen.say(Verdict(""))
            await pilot.press(key)
            await until_said(pilot, "this pair is deleted; u brings it back")
        await pilot.press("m")
        await until_said(pilot, "~/.ssh/web.pem has mode 0600 now, and had 0644")
        await pilot.press("a")
        await until_screen(pilot, "AddToAgentScreen")
        await pilot.press("enter")
        await until_screen(pilot, "DetailsScreen")
        await until_said(pilot, "In the agent")
        saved.unlink()
        await pilot.press("a")
        await until_said(pilot, "its private key file is not there any more")

    play(empty_session, scene)
    assert key_pair.public_key in ssh_agent.ssh_add("-L").stdout.decode()
    assert [path.name for path in (home / ".ssh").iterdir()] == []
