"""What `y` sends arrives: in a plain terminal, and through a tmux that runs in another terminal."""

import tempfile
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from subprocess import run as run_program

import pytest

from core.local.opening import open_local
from tests.helpers import SIZES
from tests.pty.terminal import (
    KEYPAIRS,
    OpenApp,
    Terminal,
    create_key_pair,
    text_of,
    wait_until,
)

INNER_SETTINGS = [
    pytest.param((), id="default settings"),
    pytest.param(
        ("set-option", "-s", "set-clipboard", "on", ";"),
        id="set-clipboard on",
        marks=pytest.mark.long,
    ),
]


class TerminalWithClipboard(Terminal):
    """A terminal that has a clipboard, which OSC 52 fills: what tmux makes of `set-clipboard on`.

    The program in it is another tmux, with a server of its own, that runs the program of the test.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        home: Path,
        size: tuple[int, int] = (80, 24),
        env: Mapping[str, str] | None = None,
        settings: Sequence[str] = (),
    ) -> None:
        # Not in a test's own folder: the path of a socket has room for 108 bytes.
        self._inner_folder = tempfile.TemporaryDirectory(prefix="pty-")
        self._inner = ["tmux", "-S", f"{self._inner_folder.name}/s", "-f", "/dev/null"]
        inner = [*self._inner, "start-server", ";", *settings, "new-session", *command]
        super().__init__(inner, home=home, size=size, env=env)

    def _start(self) -> None:
        super()._start()
        self._tmux("set-option", "-s", "set-clipboard", "on")

    def close(self) -> None:
        run_program([*self._inner, "kill-server"], capture_output=True, timeout=10, check=False)
        try:
            super().close()
        finally:
            self._inner_folder.cleanup()

    def clipboard(self) -> str:
        """Return what is in the terminal's clipboard."""
        return self._tmux("show-buffer", check=False).decode()

    def inner_setting(self, name: str) -> str:
        """Return a setting of the inner tmux's server."""
        asked = [*self._inner, "show-options", "-s", "-v", name]
        return run_program(
            asked, capture_output=True, timeout=10, check=True, text=True
        ).stdout.strip()


@pytest.fixture
def public_key(tmp_path: Path) -> str:
    """Return the line that is to arrive: the public key of the one pair there is."""
    session = open_local(tmp_path / "data", "us-east-1")
    created = session.backend.create_key_pair(key_name="web", key_type="ed25519").key_pair
    return f"{created.public_key} web"


@pytest.fixture
def open_in_tmux(
    tool: Callable[[str], str], tmp_path: Path
) -> Iterator[Callable[[Sequence[str]], TerminalWithClipboard]]:
    """Return a function that opens the program within two tmux servers of its own."""
    tool("tmux")
    with ExitStack() as terminals:

        def start(settings: Sequence[str]) -> TerminalWithClipboard:
            command: list[str | Path] = [KEYPAIRS, "--data-dir", tmp_path / "data"]
            # The inner one takes a row of its own for its status line.
            terminal = TerminalWithClipboard(
                command, home=tmp_path / "home", size=(80, 25), settings=settings
            )
            return terminals.enter_context(terminal)

        yield start


def send_public_key(terminal: Terminal) -> str:
    """Pick the public key from the menu, and return the screen that says what came of it."""
    terminal.wait_for("1 pair")
    terminal.press("y")
    terminal.wait_for("Copy from web")
    terminal.press("Enter")
    terminal.wait_until_gone("Copy from web")
    return terminal.wait_for("given to your terminal to copy")


@SIZES
def test_outside_tmux_the_public_key_is_sent_by_osc_52(
    open_app: OpenApp, public_key: str, size: tuple[int, int]
) -> None:
    terminal = open_app(size=size)
    screen = send_public_key(terminal)
    assert "public key: given to your terminal to copy" in screen
    expected = b"\x1b]52;c;" + b64encode(public_key.encode())
    wait_until(lambda: expected in terminal.output(), complaint=lambda: "nothing was sent")
    terminal.rest()
    assert terminal.output().count(expected) == 1
    assert b"copied" not in text_of(terminal.output()).lower()


@pytest.mark.long
def test_what_the_details_send_is_the_same(open_app: OpenApp, public_key: str) -> None:
    terminal = open_app()
    terminal.wait_for("1 pair")
    terminal.press("Enter")
    terminal.wait_for("y copy")
    terminal.press("y")
    terminal.wait_for("Copy from web")
    terminal.type("fingerprint")
    terminal.wait_until_gone("Terraform")
    terminal.press("C-u")
    terminal.type("public key")
    terminal.press("Enter")
    terminal.wait_for("public key: given to your terminal to copy")
    expected = b"\x1b]52;c;" + b64encode(public_key.encode())
    wait_until(lambda: expected in terminal.output(), complaint=lambda: "nothing was sent")


@pytest.mark.long
@pytest.mark.parametrize("settings", INNER_SETTINGS)
def test_within_tmux_the_public_key_arrives_in_the_clipboard_of_the_terminal_around_it(
    open_in_tmux: Callable[[Sequence[str]], TerminalWithClipboard],
    public_key: str,
    settings: Sequence[str],
) -> None:
    terminal = open_in_tmux(settings)
    terminal.wait_for("1 pair")
    assert terminal.inner_setting("set-clipboard") == ("on" if settings else "external")
    assert terminal.clipboard() == ""
    screen = send_public_key(terminal)
    assert "copied" not in screen.lower()
    wait_until(terminal.clipboard, complaint=lambda: "nothing arrived")
    assert terminal.clipboard() == public_key


def mouse(button: int, x: int, y: int, *, up: bool = False) -> str:
    """Return what a terminal sends for the mouse (xterm, SGR)."""
    return f"\x1b[<{button};{x};{y}{'m' if up else 'M'}"


@pytest.mark.long
@SIZES
def test_ctrl_c_never_empties_the_clipboard(open_app: OpenApp, size: tuple[int, int]) -> None:
    """Neither after a drag over what gives no text, nor in a field with nothing selected."""
    terminal = open_app(size=size)
    create_key_pair(terminal, "web", "ed25519")
    for line in (3, 8):  # the facts, and the box of the key
        terminal.type(mouse(0, 5, line) + mouse(32, 9, line) + mouse(32, 40, line + 1))
        terminal.type(mouse(0, 40, line + 1, up=True))
        terminal.press("C-c")
        terminal.rest()
    terminal.press("s")
    terminal.wait_for("Path")
    terminal.press("C-c")
    terminal.rest()
    assert b"\x1b]52;c;\x07" not in terminal.output()
    # A message says that something was heard, whichever it is.
    terminal.press("Escape")
    terminal.wait_for("asks before it leaves")
