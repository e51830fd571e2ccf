"""Whose a key is and what is wrong, by keyboard alone in both sizes of terminal."""

from pathlib import Path

import pytest

from core.custody import saving
from core.session import Session
from tests.helpers import SIZES
from tests.pty.terminal import OpenApp, flat


@pytest.fixture
def session(session: Session, tmp_path: Path) -> Session:
    created = session.backend.create_key_pair(key_name="web", key_type="ed25519")
    folder = tmp_path / "home" / ".ssh"
    folder.mkdir(mode=0o700, parents=True)
    saving.save_key_material(session, created, str(folder / "web.pem"))
    session.for_region("eu-west-1").backend.create_key_pair(key_name="lost", key_type="ed25519")
    return session


@SIZES
def test_a_folder_is_looked_up_and_leads_to_a_pair(
    open_app: OpenApp, session: Session, size: tuple[int, int]
) -> None:
    terminal = open_app("--region", "eu-west-1", size=size)
    terminal.wait_for("lost")
    terminal.press("f")
    terminal.wait_for("Whose key is this?")
    terminal.type("~/.ssh")
    terminal.press("Enter")
    terminal.wait_for("1 key, 1 known")
    # What is known of the one under the cursor, and what can be done, may come a frame later.
    terminal.wait_for(lambda screen: "OpenSSH private key; by EC2's SHA-256" in flat(screen))
    screen = terminal.wait_for("enter go to pair   esc back")
    assert "✓ web.pem" in screen
    assert "web in us-east-1" in screen
    terminal.press("Enter")
    terminal.wait_for("us-east-1 N. Virginia   1 pair")
    terminal.wait_for("/web.pem")


@pytest.mark.long
@SIZES
def test_the_check_up_leads_to_a_pair(
    open_app: OpenApp, session: Session, tmp_path: Path, size: tuple[int, int]
) -> None:
    (tmp_path / "home" / ".ssh" / "web.pem").chmod(0o640)
    terminal = open_app(size=size)
    terminal.wait_for("web")
    terminal.press("D")
    terminal.wait_for("1 warning")
    # What is said of the one under the cursor comes once that rests.
    terminal.wait_for("ctrl+o chmod 600")
    about = "Others can get at ~/.ssh/web.pem: its mode is 0640."
    terminal.wait_for(lambda screen: about in flat(screen))
    # Over the heading of the next kind to what is of that kind.
    terminal.step("Down")
    terminal.step("Down")
    terminal.wait_for(lambda screen: "The private key of lost was never saved" in flat(screen))
    terminal.press("Enter")
    terminal.wait_for("eu-west-1 Ireland   1 pair")
