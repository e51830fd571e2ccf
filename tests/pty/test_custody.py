"""What is done with keys that are there already: by key and by help, in both sizes."""

import sys
from pathlib import Path

import pytest

from core.custody import saving
from core.model import Tag, TagSpecification
from core.session import Session
from tests.helpers import SIZES, Agent
from tests.pty.terminal import OpenApp, Terminal, create_key_pair, flat, wait_until

OTHER = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFyuFkndLSTKM3dPgkULU5I4Mnm84A98t9FYy+SFm1SV other\n"

PLACES = {
    "f": ("Say whose a key is", "Whose key is this?", "esc back"),
    "D": ("Look for what is wrong", "Check-up of all Regions", "esc back"),
    "a": ("What the ssh-agent holds", "The ssh-agent", "r ask again"),
    "I": ("Install the public key", "Install the public key of web", "ctrl+r restrict"),
    "C": ("Import the pair, or the chosen ones", "Import web into other Regions", "space choose"),
    "n": ("Create the pair that replaces", "Replace web", "enter create"),
}
"""The key, how the help puts it, the title of the screen, and one of its hints."""


@pytest.fixture
def session(session: Session, tmp_path: Path) -> Session:
    """Return a store with the saved pair `web`."""
    created = session.backend.create_key_pair(
        key_name="web",
        key_type="ed25519",
        tag_specifications=[TagSpecification("key-pair", [Tag("Env", "prod")])],
    )
    path = tmp_path / "home" / ".ssh" / "web.pem"
    path.parent.mkdir(mode=0o700, parents=True)
    saving.save_key_material(session, created, str(path))
    return session


def back(terminal: Terminal, title: str, hint: str, size: tuple[int, int]) -> None:
    """Wait for a screen, look whether all of it is there, and leave it."""
    screen = terminal.wait_for(lambda screen: title in screen and hint in screen)
    lines = screen.split("\n")
    assert f"› {title} " in f"{lines[0]} "
    # The last line is that of the hints, whole, and nothing is wider than the screen.
    assert hint in lines[-1]
    assert lines[-1].rstrip().endswith(("back", "help"))
    assert len(lines) == size[1]
    terminal.press("Escape")
    terminal.wait_for("c create")


@pytest.mark.long
@SIZES
def test_each_key_leads_there(open_app: OpenApp, session: Session, size: tuple[int, int]) -> None:
    terminal = open_app(size=size)
    terminal.wait_for("Env=prod")
    for key, (_, title, hint) in PLACES.items():
        terminal.press(key)
        back(terminal, title, hint, size)


@pytest.mark.long
@SIZES
@pytest.mark.parametrize("way", ["?", "C-p"])
def test_both_keys_of_the_help_lead_there(
    open_app: OpenApp,
    session: Session,
    size: tuple[int, int],
    way: str,
) -> None:
    terminal = open_app(size=size)
    terminal.wait_for("Env=prod")
    for words, title, hint in PLACES.values():
        terminal.press(way)
        terminal.wait_for("type to narrow")
        terminal.type(words)
        # In the field, in the line that it leaves, and once more in full where that line is cut.
        wait_until(lambda words=words: terminal.screen().count(words) >= 2)  # type: ignore[misc] # mypy cannot infer a lambda with a default
        terminal.press("Enter")
        back(terminal, title, hint, size)


INSTALLING = """
import os, sys
from pathlib import Path
from core.custody import authorized_keys
account = authorized_keys.Account("ops", os.geteuid(), Path.home())
authorized_keys.own_account = lambda: account
from tui.__main__ import main
sys.exit(main())
"""
"""The program, but with the home of the test as that of the account."""


@pytest.mark.long
@SIZES
def test_a_line_is_installed_once_and_with_its_options(
    open_app: OpenApp, session: Session, size: tuple[int, int], tmp_path: Path
) -> None:
    (pair,) = session.backend.describe_key_pairs()
    path = tmp_path / "home" / ".ssh" / "authorized_keys"
    path.write_text(OTHER)
    path.chmod(0o620)
    terminal = open_app(size=size, command=[sys.executable, "-c", INSTALLING])
    terminal.wait_for("Env=prod")
    terminal.press("I")
    terminal.wait_for(lambda screen: "chmod go-w ~/.ssh/authorized_keys" in flat(screen))
    path.chmod(0o600)
    terminal.step("C-r")
    terminal.wait_for("✓ will be added after 1 line")
    terminal.step("C-f")
    terminal.wait_for("put an address in place")
    terminal.type("10.0.0.0/8")
    terminal.wait_for("✓ will be added after 1 line")
    screen = terminal.wait_for('from="10.0.0.0/8" ssh')
    assert "ssh-copy-id -f -i ~/.ssh/web.pub" in flat(screen)
    terminal.press("Enter")
    terminal.wait_for("web: added to ~/.ssh/authorized_keys")
    terminal.press("I")
    terminal.wait_for(lambda screen: "already, in line 2" in flat(screen))
    terminal.press("Enter")
    terminal.wait_for("web: already in ~/.ssh/authorized_keys; unchanged")
    line = f'restrict,from="10.0.0.0/8" {pair.public_key} web\n'
    assert path.read_text() == OTHER + line
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.long
@SIZES
@pytest.mark.parametrize("agreed", [True, False], ids=["agreed", "denied"])
def test_what_is_chosen_on_the_form_reaches_the_agent(
    open_app: OpenApp, ssh_agent: Agent, size: tuple[int, int], agreed: bool
) -> None:
    ssh_agent.answer.write_text(f"#!/bin/sh\nexit {0 if agreed else 1}\n")
    terminal = open_app(size=size, env={"SSH_AUTH_SOCK": str(ssh_agent.path)})
    create_key_pair(terminal, "web", "ed25519")
    terminal.press("a")
    terminal.wait_for("holds 0")
    terminal.type("30s")
    terminal.wait_for("✓ 30s, until")
    terminal.step("Tab", "Right")
    terminal.wait_for("● ask each time")
    terminal.press("Enter")
    terminal.wait_for(lambda screen: "asking each time" in flat(screen))
    listed = ssh_agent.ssh_add("-L").stdout.decode()
    path = ssh_agent.path.with_name("key.pub")
    path.write_text(listed)
    assert (ssh_agent.ssh_add("-T", str(path)).returncode == 0) is agreed
    # It forgets the key by itself.
    terminal.press("Escape")
    terminal.wait_for("the agent forgets it at")
    terminal.press("Escape")
    terminal.wait_for("! web")
    terminal.press("a")
    terminal.wait_for("holds 1 key")
    wait_until(lambda: not ssh_agent.ssh_add("-L").stdout.startswith(b"ssh-"), 60)
    terminal.press("r")
    terminal.wait_for("It holds no key")
