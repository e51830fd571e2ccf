import os
import unicodedata
from pathlib import Path

import pytest
from textual.pilot import Pilot

from core.custody import authorized_keys
from core.custody.authorized_keys import Account
from core.disk import rewriting
from core.model import KeptKeyPair
from tests.demo import DemoSession
from tests.tui.driving import app_of, drawn, play, type_text, until, until_screen
from tests.tui.test_hostile_text import BUNDLES, hostile_pair
from tui.screens.list.key_pair_list import KeyPairListScreen
from tui.screens.pair.install_public_key import InstallPublicKeyScreen
from tui.terminal import clipboard
from tui.widgets.fact_line import FactLine
from tui.widgets.form_field import FormField
from tui.widgets.text_input import TextInput
from tui.widgets.verdict_line import VerdictLine

OTHER = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFyuFkndLSTKM3dPgkULU5I4Mnm84A98t9FYy+SFm1SV other\n"


@pytest.fixture(autouse=True)
def path(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file that is written: never that of whoever runs the tests."""
    home.chmod(0o755)
    account = Account("ops", os.geteuid(), home)
    monkeypatch.setattr(authorized_keys, "own_account", lambda: account)
    monkeypatch.delenv("SSH_CONNECTION", raising=False)
    return account.authorized_keys


@pytest.fixture
def key_pair(empty_session: DemoSession) -> KeptKeyPair:
    return empty_session.backend.create_key_pair(key_name="web blue", key_type="ed25519").key_pair


async def open_it(pilot: Pilot[None]) -> InstallPublicKeyScreen:
    await pilot.press("I")
    await until_screen(pilot, "InstallPublicKeyScreen")
    screen = app_of(pilot).screen
    assert isinstance(screen, InstallPublicKeyScreen)
    return screen


def options(screen: InstallPublicKeyScreen) -> str:
    return screen.query_one("#options", TextInput).value


def verdict(screen: InstallPublicKeyScreen) -> str:
    return screen.query_one(FormField).query_one(VerdictLine).verdict.text


@pytest.mark.long
def test_the_line_is_shown_judged_and_added(
    empty_session: DemoSession, key_pair: KeptKeyPair, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSH_CONNECTION", "203.0.113.7 5 10.0.0.1 22")
    path.write_text(OTHER)
    path.chmod(0o600)

    async def scene(pilot: Pilot[None]) -> None:
        screen = await open_it(pilot)
        await until(pilot, lambda: verdict(screen) == "will be added after 1 line", "the verdict")
        assert "never saved: works only while an agent or a copy holds it" in drawn(pilot)
        await pilot.press("ctrl+r", "ctrl+f")
        assert options(screen) == 'restrict,from="203.0.113.7"'
        await pilot.press("ctrl+r")
        assert options(screen) == 'from="203.0.113.7"'
        await until(pilot, lambda: 'from="203.0.113.7" ssh-ed25519' in drawn(pilot), "the line")
        await pilot.press("enter")
        await until_screen(pilot, "KeyPairListScreen")
        await until(
            pilot, lambda: "web blue: added to ~/.ssh/authorized_keys" in drawn(pilot), "it"
        )
        # Once more: it is there, and Enter says so and changes nothing.
        screen = await open_it(pilot)
        await until(pilot, lambda: "already, in line 2" in verdict(screen), "the verdict")
        await pilot.press("enter")
        await until(
            pilot, lambda: "already in ~/.ssh/authorized_keys" in drawn(pilot), "the remark"
        )

    play(empty_session, scene)
    line = f'from="203.0.113.7" {key_pair.public_key} web blue\n'
    assert path.read_text() == OTHER + line


@pytest.mark.long
def test_what_is_wrong_is_said_and_loses_nothing_typed(
    empty_session: DemoSession, key_pair: KeptKeyPair, path: Path
) -> None:
    path.write_text(OTHER)
    path.chmod(0o620)

    async def scene(pilot: Pilot[None]) -> None:
        screen = await open_it(pilot)
        await until(pilot, lambda: "chmod go-w ~/.ssh/authorized_keys" in verdict(screen), "why")
        await pilot.press("enter")
        await pilot.pause(0.1)
        # Repeated above the hints: the field may be out of sight.
        assert "chmod go-w ~/.ssh/authorized_keys" in screen.query_one(FactLine).said
        await pilot.press("ctrl+f")
        await until(pilot, lambda: "put an address in place" in verdict(screen), "the placeholder")
        assert "once the options are right" in drawn(pilot)
        await pilot.press("ctrl+f")
        await type_text(pilot, "pty")
        await until(pilot, lambda: "others can write" in verdict(screen), "why")
        # Mended in another terminal; Enter looks anew.
        path.chmod(0o600)
        await pilot.press("enter")
        await until_screen(pilot, "KeyPairListScreen")

    play(empty_session, scene)
    assert path.read_text() == f"{OTHER}pty {key_pair.public_key} web blue\n"


@pytest.mark.long
def test_escape_asks_once_where_options_were_typed(
    empty_session: DemoSession, key_pair: KeptKeyPair, path: Path
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        screen = await open_it(pilot)
        await type_text(pilot, "pty")
        await pilot.press("escape")
        await until(pilot, lambda: "again discards" in screen.query_one(FactLine).said, "asking")
        assert options(screen) == "pty"
        await pilot.press("escape")
        await until_screen(pilot, "KeyPairListScreen")
        # Nothing typed is nothing lost.
        await open_it(pilot)
        await pilot.press("escape")
        await until_screen(pilot, "KeyPairListScreen")

    play(empty_session, scene)
    assert not path.exists() or key_pair.public_key not in path.read_text()


@pytest.mark.long
def test_an_address_is_typed_over_its_placeholder(
    empty_session: DemoSession, key_pair: KeptKeyPair, path: Path
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        screen = await open_it(pilot)
        await pilot.press("ctrl+r", "ctrl+f")
        assert options(screen) == 'restrict,from="ADDRESS"'
        await type_text(pilot, "10.0.0.0/8")
        assert options(screen) == 'restrict,from="10.0.0.0/8"'
        await until(pilot, lambda: "will be made" in verdict(screen), "the verdict")
        # The .pub that ssh-copy-id is given is written by a command before it.
        assert "after writing that .pub; ctrl+y copies both" in drawn(pilot)
        await pilot.press("enter")
        await until_screen(pilot, "KeyPairListScreen")

    play(empty_session, scene, (60, 15))
    assert path.read_text() == f'restrict,from="10.0.0.0/8" {key_pair.public_key} web blue\n'


@pytest.mark.long
def test_a_refusal_while_it_is_written_stays_on_the_form(
    empty_session: DemoSession, key_pair: KeptKeyPair, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_text(OTHER)
    path.chmod(0o600)

    def refuse(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(rewriting, "rewrite_file", refuse)

    async def scene(pilot: Pilot[None]) -> None:
        screen = await open_it(pilot)
        await pilot.press("ctrl+r", "enter")
        words = "Not added to ~/.ssh/authorized_keys: No space left on device."
        await until(pilot, lambda: screen.query_one(FactLine).verdict.text == words, "it")
        assert options(screen) == "restrict"
        assert screen.focused is screen.query_one("#options")
        # It is not said of what is typed next.
        await pilot.press("ctrl+r")
        await until(pilot, lambda: not screen.query_one(FactLine).said, "its end")
        await pilot.press("escape")
        await until_screen(pilot, "KeyPairListScreen")

    play(empty_session, scene)
    assert path.read_text() == OTHER


@pytest.mark.long
def test_the_commands_for_another_host_are_sent_and_not_run(
    empty_session: DemoSession, key_pair: KeptKeyPair, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []

    async def send(_: object, text: str) -> None:
        sent.append(text)

    monkeypatch.setattr(clipboard, "send", send)

    async def scene(pilot: Pilot[None]) -> None:
        screen = await open_it(pilot)
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "restrict ssh-ed25519" in drawn(pilot), "the line")
        assert "ssh-copy-id -f -i ~/.ssh/web_blue.pub ec2-user@HOST" in drawn(pilot)
        await pilot.press("ctrl+y")
        await until(pilot, lambda: bool(sent), "the clipboard")
        # A list of options that is wrong leads to no command.
        await type_text(pilot, ",x")
        await until(pilot, lambda: "knows no option" in verdict(screen), "the verdict")
        await pilot.press("ctrl+y")
        said = "nothing was copied: the options are wrong"
        outcome = screen.query_one(FactLine)
        await until(pilot, lambda: outcome.verdict.text == said and outcome.display, said)
        await pilot.press("escape", "escape")
        await until_screen(pilot, "KeyPairListScreen")

    play(empty_session, scene)
    (text,) = sent
    assert text.splitlines()[0].startswith("(set -C; printf '%s\\n' 'restrict ssh-ed25519 AAAA")
    assert text.splitlines()[1] == "ssh-copy-id -f -i ~/.ssh/web_blue.pub ec2-user@HOST"
    assert list(path.parent.iterdir()) == []


def test_with_no_pair_there_is_nothing_to_install(empty_session: DemoSession) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("I")
        await pilot.pause(0.1)
        assert isinstance(app_of(pilot).screen, KeyPairListScreen)

    play(empty_session, scene)


@pytest.mark.long
def test_hostile_names_and_lines_are_inert(
    empty_session: DemoSession, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs = [hostile_pair(empty_session, BUNDLES["sequences"])]
    raw = f"\x1b]0;x\x07,restrict {pairs[0].public_key}\n"
    path.write_text(raw)
    path.chmod(0o600)
    seen: list[str] = []

    async def scene(pilot: Pilot[None]) -> None:
        screen = await open_it(pilot)
        await until(pilot, lambda: "line 1 has the key, but" in verdict(screen), "the verdict")
        assert "sshd knows no option" in verdict(screen)
        seen.append(drawn(pilot))
        screen.query_one("#options", TextInput).value = BUNDLES["sequences"]
        await until(pilot, lambda: "printable ASCII" in verdict(screen), "the verdict")
        seen.append(drawn(pilot))

    play(empty_session, scene)
    text = "".join(seen).replace("\n", "")
    assert all(c.isprintable() for c in text if not unicodedata.combining(c))
    assert "\\u{1b}" in text


@pytest.mark.long
def test_another_home_than_that_of_home_is_said_and_asked_for(
    empty_session: DemoSession,
    key_pair: KeptKeyPair,
    path: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = tmp_path / "elsewhere"
    other.mkdir()
    monkeypatch.setenv("HOME", str(other))

    async def scene(pilot: Pilot[None]) -> None:
        screen = await open_it(pilot)
        outcome = screen.query_one(FactLine)
        said = f"HOME is {other}, but sshd reads {path}"
        await until(pilot, lambda: outcome.verdict.text == said, "the caution")
        await pilot.press("enter")
        asked = f"press enter again to write {path}"
        await until(pilot, lambda: outcome.verdict.text == asked, "the question")
        assert outcome.display
        # What was asked of one line is not answered for another.
        await pilot.press("ctrl+r")
        await until(pilot, lambda: outcome.verdict.text == said, "the caution")
        await pilot.press("enter")
        await until(pilot, lambda: outcome.verdict.text == asked, "the question")
        assert not path.exists()
        await pilot.press("enter")
        await until_screen(pilot, "KeyPairListScreen")
        await until(pilot, lambda: "web blue: added to" in drawn(pilot), "it")
        # Said once: who comes back from elsewhere finds what the row is.
        await pilot.press("question_mark")
        await until_screen(pilot, "HelpScreen")
        await pilot.press("escape")
        await until_screen(pilot, "KeyPairListScreen")
        assert "added to" not in drawn(pilot)

    play(empty_session, scene)
    assert path.read_text() == f"restrict {key_pair.public_key} web blue\n"


@pytest.mark.long
def test_in_the_home_of_home_nothing_is_asked(
    empty_session: DemoSession, key_pair: KeptKeyPair, path: Path
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        screen = await open_it(pilot)
        await until(pilot, lambda: "will be made" in verdict(screen), "the verdict")
        assert not screen.query_one(FactLine).said
        await pilot.press("enter")
        await until_screen(pilot, "KeyPairListScreen")

    play(empty_session, scene)
    assert key_pair.public_key in path.read_text()
