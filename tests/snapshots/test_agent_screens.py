from pathlib import Path

import pytest
from textual.pilot import Pilot

from core.custody import agent_keys, installing
from core.custody.agent import AgentIdentity
from core.custody.agent_keys import AgentContents, AgentKey
from core.custody.authorized_keys import Addition, InstallationPlan, line_of
from core.keys.encoding.sshwire import string
from core.model import KeptKeyPair
from core.session import Session
from tests.demo import DemoSession
from tests.helpers import BOTH_SIZES
from tests.snapshots.conftest import SnapCompare
from tests.tui.driving import app_of, type_text, until, until_loaded, until_screen
from tui.app import KeyPairsApp
from tui.screens.private_key.add_to_agent import AddToAgentScreen
from tui.screens.workbench.bench import RowPane
from tui.widgets.fact_line import FactLine
from tui.widgets.facts import Facts

SOCKET = "/run/user/1000/agent"


def identity(number: int, comment: str) -> AgentIdentity:
    return AgentIdentity(
        "ssh-ed25519", string(b"ssh-ed25519") + string(bytes([number]) * 32), comment
    )


@pytest.mark.long
def test_add_to_agent(
    snap_compare: SnapCompare, empty_session: DemoSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = AgentContents(SOCKET, True, (AgentKey(identity(1, "laptop"), None),))
    monkeypatch.setattr(agent_keys, "in_agent", lambda _: held)

    async def fill_in(pilot: Pilot[None]) -> None:
        await until_loaded(pilot)
        created = empty_session.backend.create_key_pair(key_name="reporting", key_type="ed25519")
        app_of(pilot).push_screen(AddToAgentScreen(empty_session, created))
        await until_screen(pilot, "AddToAgentScreen")
        await type_text(pilot, "1h30m")
        await pilot.press("tab", "right")
        outcome = app_of(pilot).screen.query_one(FactLine)
        await until(pilot, lambda: "forwarded" in outcome.verdict.text, "the agent")

    assert snap_compare(KeyPairsApp(empty_session), run_before=fill_in, terminal_size=(60, 15))


def test_what_the_agent_holds(
    snap_compare: SnapCompare, demo_session: DemoSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = demo_session.key_pair_named("ci-deploy")
    keys = (AgentKey(identity(1, "sam@laptop \x1b[31m"), None), AgentKey(identity(2, "x"), pair))
    held = AgentContents(SOCKET, False, keys)
    monkeypatch.setattr(agent_keys, "in_agent", lambda _: held)

    async def look(pilot: Pilot[None]) -> None:
        await until_loaded(pilot)
        await pilot.press("a")
        await until_screen(pilot, "AgentKeysScreen")
        pane = app_of(pilot).screen.query_one(RowPane)
        await until(pilot, lambda: bool(pane.about.brief), "the keys")

    assert snap_compare(KeyPairsApp(demo_session), run_before=look, terminal_size=(80, 24))


@pytest.mark.long
@BOTH_SIZES
def test_install(
    snap_compare: SnapCompare,
    demo_session: DemoSession,
    monkeypatch: pytest.MonkeyPatch,
    size: tuple[int, int],
) -> None:
    def plan(session: Session, key_pair: KeptKeyPair, options: str = "") -> InstallationPlan:
        # The file's path is shown whole, and that of the test would differ from run to run.
        path = Path("/home/ops/.ssh/authorized_keys")
        words = "will be added after 3 lines"
        return InstallationPlan(path, line_of(key_pair, options), Addition.ADDABLE, words)

    monkeypatch.setattr(installing, "installation", plan)
    monkeypatch.setenv("HOME", "/home/ops")  # where the file is: else the form speaks of both
    monkeypatch.setenv("SSH_CONNECTION", "203.0.113.7 50000 10.0.0.1 22")

    async def look(pilot: Pilot[None]) -> None:
        await until_loaded(pilot)
        await pilot.press("j", "j", "I")
        await until_screen(pilot, "InstallPublicKeyScreen")
        await pilot.press("ctrl+r", "ctrl+f")
        facts = app_of(pilot).screen.query_one("#facts", Facts)
        await until(pilot, lambda: "restrict,from" in str(facts._facts), "the line")

    assert snap_compare(KeyPairsApp(demo_session), run_before=look, terminal_size=size)
