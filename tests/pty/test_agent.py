from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers import Agent
from tests.pty.terminal import KEYPAIRS, OpenApp, create_key_pair, fact, flat, lend_to_agent


@pytest.mark.long
@pytest.mark.parametrize("key_type", ["rsa", "ed25519"])
@pytest.mark.parametrize("size", [(80, 24), (60, 15)])
def test_a_new_key_goes_to_the_agent_and_to_no_file(
    open_app: OpenApp, ssh_agent: Agent, tmp_path: Path, key_type: str, size: tuple[int, int]
) -> None:
    terminal = open_app(size=size, env={"SSH_AUTH_SOCK": str(ssh_agent.path)})
    key_pair_id = fact(create_key_pair(terminal, "web", key_type), "Id")
    lend_to_agent(terminal)
    terminal.wait_for("! web")
    terminal.press("a")
    screen = terminal.wait_for(f"web ({key_pair_id})")
    assert [key_type, "web", "web"] in [line.split()[:3] for line in screen.split("\n")]
    if size == (80, 24):  # where there is room to say it once more
        assert fact(screen, "Comment") == "web"
    terminal.press("Escape")
    terminal.wait_for("! web")
    terminal.press("q")
    assert terminal.wait_for_end() == 0

    assert ssh_agent.ssh_add("-L").stdout.decode().endswith(" web\n")
    files = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert "us-east-1.json" in files
    assert b"PRIVATE" not in b"".join(p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())
    assert not (tmp_path / "home" / ".ssh").exists()
    assert b"PRIVATE" not in terminal.output()


@pytest.mark.long
def test_an_agent_that_ends_with_the_program_is_no_place_to_leave_a_key(
    open_app: OpenApp, tool: Callable[[str], str]
) -> None:
    terminal = open_app(command=[tool("ssh-agent"), KEYPAIRS])
    create_key_pair(terminal, "web", "ed25519")
    terminal.press("a")
    held = "holds 0 keys; it ends with keypairs, and its keys with it"
    terminal.wait_for(lambda screen: held in flat(screen))
    terminal.press("Enter")
    terminal.wait_for("Only in the agent until keypairs ends")
    terminal.wait_for("! In the agent; the agent ends with keypairs")
    assert "lost when keypairs ends" in flat(terminal.screen())
    terminal.press("Escape")
    terminal.wait_for("the agent forgets it when keypairs ends")
    terminal.press("Escape")
    terminal.wait_for("web is only in the agent until keypairs ends")
    # It is the last moment: a key that quits asks once.
    terminal.rest()
    terminal.press("q")
    lost = "q again loses the private key of web: in no file, and the agent ends too"
    terminal.wait_for(lambda screen: lost in flat(screen))
    # Once it is out of the agent, nothing is left to be lost.
    terminal.press("a")
    terminal.wait_for("take out")
    terminal.press("d")
    terminal.wait_for("y takes it out")
    terminal.press("y")
    terminal.wait_for("is out of the agent")
    terminal.press("Escape")
    terminal.wait_for("! web")
    terminal.rest()
    terminal.press("q")
    assert terminal.wait_for_end() == 0
    # Nor does another session take it for one that an agent has.
    later = open_app()
    later.wait_for("private key was never saved")
    later.press("d")
    later.wait_for("To delete it, press y")
