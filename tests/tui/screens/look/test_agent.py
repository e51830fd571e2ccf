import asyncio
import re
import unicodedata
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from textual.pilot import Pilot

from core.checks import agent_stays
from core.custody import agent, agent_keys, saving
from core.custody.agent import AddNotConfirmed, AgentError, AgentIdentity, NoAgent, holdings
from core.custody.agent_keys import AddedToAgent, AgentContents, AgentKey
from core.keys.encoding.sshwire import string
from core.model import CreatedKeyPair, KeyFormat, PrivateKeyState
from core.secret import KeyMaterial
from core.session import Session
from tests.core.custody.test_agent import Doubtful, fake_agent, made_by
from tests.demo import DemoSession
from tests.helpers import SIZES, Agent
from tests.tui.driving import (
    app_of,
    create,
    drawn,
    is_first_hit,
    play,
    press_alone,
    quit_with,
    save,
    type_text,
    until,
    until_list,
    until_screen,
)
from tests.tui.test_hostile_text import BUNDLES, hostile_pair
from tui.screens.list.key_pair_list import KeyPairListScreen
from tui.screens.look.agent_keys import AgentKeysScreen
from tui.screens.private_key.add_to_agent import AddToAgentScreen
from tui.screens.private_key.key_material import KeyMaterialScreen
from tui.screens.workbench.bench import RESTS, RowPane
from tui.screens.workbench.grouped_list import GroupedList
from tui.widgets.fact_line import FactLine
from tui.widgets.form_field import FormField
from tui.widgets.key_hints import KeyHints
from tui.widgets.text_input import TextInput
from tui.words import journal, judging, pairs
from tui.words.verdict import Tone
from tui.work.exclusive import is_busy


def flat(pilot: Pilot[None]) -> str:
    return " ".join(drawn(pilot).split())


async def open_form(pilot: Pilot[None]) -> None:
    await pilot.press("a")
    await until_screen(pilot, "AddToAgentScreen")


def outcome(pilot: Pilot[None]) -> str:
    return app_of(pilot).screen.query_one(FactLine).verdict.text


async def hold(pilot: Pilot[None], session: DemoSession) -> None:
    """Be where creating a pair leads, without the typing."""
    created = session.backend.create_key_pair(key_name="web", key_type="ed25519")
    app_of(pilot).push_screen(KeyMaterialScreen(session, created))
    await until_screen(pilot, "KeyMaterialScreen")


async def add(pilot: Pilot[None], lifetime: str = "", *keys: str) -> None:
    await open_form(pilot)
    await type_text(pilot, lifetime)
    await pilot.press(*keys, "enter")
    await until_screen(pilot, "KeyMaterialScreen")


# Adding -------------------------------------------------------------------------------------


@pytest.mark.long
def test_that_it_is_in_no_file_is_said_once(empty_session: DemoSession, ssh_agent: Agent) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await hold(pilot, empty_session)
        await add(pilot)
        await until(pilot, lambda: "Only in the agent" in drawn(pilot), "the box")
        assert "enter asks where to save it; esc goes back to the list." in flat(pilot)
        assert flat(pilot).count("In no file") == 1

    play(empty_session, scene)


@pytest.mark.long
@pytest.mark.parametrize("size", [(80, 24), (60, 15)])
def test_a_key_that_an_agent_holds_may_be_left_and_stays_marked(
    empty_session: DemoSession, ssh_agent: Agent, size: tuple[int, int]
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await create(pilot, "web", "tab", "right")
        await add(pilot, "8h", "tab", "right")
        shown = drawn(pilot)
        assert "In the agent until 19:59, asking each time" in flat(pilot)
        assert "In no file: lost when the agent forgets it or ends" in flat(pilot)
        # In the title of the box, and with what else is known of its stay.
        assert flat(pilot).count("19:59") == 2
        assert "esc leave" in shown
        await pilot.press("escape")
        await until(pilot, lambda: "the agent forgets it at 19:59: s saves" in flat(pilot), "it")
        await pilot.press("escape")
        await until_screen(pilot, "KeyPairListScreen")
        await until(pilot, lambda: "web is only in the agent until 19:59" in drawn(pilot), "it")
        assert "! web" in drawn(pilot)

    play(empty_session, scene, size)
    (pair,) = empty_session.backend.describe_key_pairs()
    assert pair.custody.private_key is PrivateKeyState.UNSAVED
    (identity,) = holdings().identities
    assert (identity.public_key, identity.comment) == (pair.public_key, "web")


@pytest.mark.long
def test_quitting_is_free_once_an_agent_holds_the_key(
    empty_session: DemoSession, ssh_agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = Event(), Event()
    calls: list[CreatedKeyPair] = []
    original = agent_keys.add_to_agent

    def count(
        session: Session,
        created: CreatedKeyPair,
        *,
        lifetime: timedelta | None = None,
        confirm: bool = False,
        **others: Any,
    ) -> AddedToAgent:
        calls.append(created)
        begun.set()
        assert go_on.wait(60)
        return original(session, created, lifetime=lifetime, confirm=confirm, **others)

    monkeypatch.setattr(agent_keys, "add_to_agent", count)

    async def scene(pilot: Pilot[None]) -> None:
        await hold(pilot, empty_session)
        await open_form(pilot)
        # Quitting from the form leads back to the key, which is still only here.
        await pilot.press("ctrl+q")
        await until_screen(pilot, "KeyMaterialScreen")
        await open_form(pilot)
        await pilot.press("enter")
        await until(pilot, begun.is_set, "the key to be handed over")
        await pilot.press("enter")
        go_on.set()
        await until_screen(pilot, "KeyMaterialScreen")
        await quit_with(pilot, "ctrl+q")

    assert play(empty_session, scene) == 0
    assert len(calls) == 1


@pytest.mark.long
@pytest.mark.parametrize("key", ["ctrl+q", "escape", "q"])
def test_what_an_agent_will_forget_is_left_by_the_second_key_that_says_so(
    empty_session: DemoSession, ssh_agent: Agent, key: str
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await hold(pilot, empty_session)
        await add(pilot, "30m")
        screen = app_of(pilot).screen
        assert isinstance(screen, KeyMaterialScreen)
        assert screen.holds_key
        await pilot.press(key)
        await until(pilot, lambda: "forgets it at 12:29:59: s saves it" in flat(pilot), "the word")
        assert app_of(pilot).screen is screen
        # Said anew after something else.
        await pilot.press("s")
        await until_screen(pilot, "SaveKeyMaterialScreen")
        await pilot.press("escape")
        await until_screen(pilot, "KeyMaterialScreen")
        assert "forgets it at" not in flat(pilot)
        await pilot.press(key)
        await until(pilot, lambda: "forgets it at 12:29:59: s saves it" in flat(pilot), "the word")
        if key == "ctrl+q":
            await quit_with(pilot, key)
        else:
            await press_alone(pilot, key)
            await until(pilot, lambda: app_of(pilot).screen is not screen, "out")

    assert play(empty_session, scene) == (0 if key == "ctrl+q" else None)


@pytest.mark.long
@pytest.mark.parametrize("passed", [timedelta(seconds=2), timedelta(hours=-1)], ids=str)
def test_that_the_agent_has_forgotten_it_is_said_by_itself(
    empty_session: DemoSession, ssh_agent: Agent, passed: timedelta
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await hold(pilot, empty_session)
        await add(pilot, "2s")
        # It may be set back: an agent has a clock of its own.
        empty_session.time += passed
        await until(pilot, lambda: "The agent has forgotten it" in flat(pilot), "the word")
        await pilot.press("ctrl+q")
        await until(pilot, lambda: "Not saved yet: s saves it" in flat(pilot), "the sentence")

    play(empty_session, scene)


@pytest.mark.long
def test_the_guard_is_back_once_the_agent_has_forgotten_the_key_until_it_is_saved(
    empty_session: DemoSession, ssh_agent: Agent
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await hold(pilot, empty_session)
        await add(pilot, "30m")
        empty_session.time += timedelta(minutes=30)
        await pilot.press("escape")
        await until_screen(pilot, "DiscardKeyMaterialScreen")
        await pilot.press("escape")
        await until_screen(pilot, "KeyMaterialScreen")
        await save(pilot)
        shown = drawn(pilot)
        assert "Saved to ~/.ssh/web.pem" in shown
        assert "In the agent for 30m, until" in shown
        assert "In no file" not in shown
        await pilot.press("escape")
        await until_screen(pilot, "KeyPairListScreen")

    play(empty_session, scene)


@pytest.mark.long
def test_what_is_wrong_is_said_and_loses_nothing_typed(empty_session: DemoSession) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await hold(pilot, empty_session)
        await open_form(pilot)
        screen = app_of(pilot).screen
        assert isinstance(screen, AddToAgentScreen)
        lifetime = screen.query_one("#lifetime", TextInput)
        await until(pilot, lambda: "esc, then s" in outcome(pilot), "the advice")
        assert "start keypairs again" not in outcome(pilot)
        await type_text(pilot, "8x")
        assert "not a time" in drawn(pilot)
        # Enter from the choice, too, and the focus goes to what is wrong.
        await pilot.press("tab", "enter")
        await until(pilot, lambda: screen.focused is lifetime, "the focus")
        assert not outcome(pilot).startswith("Not added")
        await pilot.press("backspace", "h", "enter")
        await until(pilot, lambda: outcome(pilot).startswith("Not added. There is no"), "refusal")
        assert lifetime.value == "8h"
        assert screen.focused is lifetime
        await pilot.press("escape")
        await until_screen(pilot, "KeyMaterialScreen")
        await pilot.press("escape")
        await until_screen(pilot, "DiscardKeyMaterialScreen")

    play(empty_session, scene)


@pytest.mark.long
@pytest.mark.parametrize("size", [(80, 24), (60, 15)])
def test_a_key_that_the_agent_may_hold_is_said_to_be_perhaps_there_and_is_guarded(
    empty_session: DemoSession,
    short_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    tool: Callable[[str], str],
    size: tuple[int, int],
) -> None:
    tool("ssh-add")
    monkeypatch.setattr(agent, "SECONDS_TO_ADD", 0.3)
    path = short_folder / "agent"
    monkeypatch.setenv("SSH_AUTH_SOCK", str(path))

    async def scene(pilot: Pilot[None]) -> None:
        await hold(pilot, empty_session)
        await open_form(pilot)
        await type_text(pilot, "8h")
        await pilot.press("enter")
        await until(pilot, lambda: outcome(pilot).startswith("Perhaps added."), "the doubt")
        assert "Not added" not in flat(pilot)
        assert "enter tries again" in flat(pilot)
        await pilot.press("escape")
        await until_screen(pilot, "KeyMaterialScreen")
        await until(pilot, lambda: "Perhaps in the agent" in flat(pilot), "the doubt")
        assert "not confirmed; a tries again" in flat(pilot)
        assert "There is perhaps no other copy" in flat(pilot)
        await pilot.press("ctrl+q")
        await until(pilot, lambda: "Not saved yet: s saves it" in flat(pilot), "the guard")
        await pilot.press("escape")
        await until_screen(pilot, "DiscardKeyMaterialScreen")
        framed = flat(pilot).replace(" ┃ ┃ ", " ")
        assert "may be in the ssh-agent (the list's a shows what it holds)" in framed
        assert "exists nowhere" not in flat(pilot)
        await pilot.press("escape")
        await until_screen(pilot, "KeyMaterialScreen")
        await save(pilot)
        # It stays said: the file is not the only copy.
        assert "Perhaps in the agent" in flat(pilot)
        await pilot.press("escape")
        await until_screen(pilot, "KeyPairListScreen")

    with fake_agent(path, Doubtful("add", "late")):
        play(empty_session, scene, size)
    outcomes = [(entry.operation, entry.outcome) for entry in empty_session.journal()]
    assert ("AddToAgent", "begun") in outcomes


@pytest.mark.long
@pytest.mark.parametrize("seen", ["before", "after"])
def test_what_was_seen_last_of_the_agent_counts(
    empty_session: DemoSession, monkeypatch: pytest.MonkeyPatch, seen: str
) -> None:
    fails = iter([False, True] if seen == "before" else [True, False])

    def answer(*_: object, **__: object) -> AddedToAgent:
        if next(fails):
            raise AddNotConfirmed("The agent did not answer.")
        return AddedToAgent(None, confirm=False, forwarded=False)

    monkeypatch.setattr(agent_keys, "add_to_agent", answer)

    async def scene(pilot: Pilot[None]) -> None:
        await hold(pilot, empty_session)
        screen = app_of(pilot).screen
        assert isinstance(screen, KeyMaterialScreen)
        if seen == "before":
            await add(pilot)
            assert "In the agent" in flat(pilot)
            await open_form(pilot)
            await pilot.press("enter")
            await until(pilot, lambda: outcome(pilot).startswith("Perhaps"), "the doubt")
            await pilot.press("escape")
            await until_screen(pilot, "KeyMaterialScreen")
            assert screen.holds_key
            assert "In the agent" not in flat(pilot)
        else:
            await open_form(pilot)
            await pilot.press("enter")
            await until(pilot, lambda: outcome(pilot).startswith("Perhaps"), "the doubt")
            await pilot.press("enter")
            await until_screen(pilot, "KeyMaterialScreen")
            assert not screen.holds_key
            assert "Perhaps" not in flat(pilot)

    play(empty_session, scene)


@pytest.mark.long
@pytest.mark.parametrize("size", [(80, 24), (60, 15)])
def test_another_accounts_agent_gets_the_key_by_the_second_key_that_says_so(
    empty_session: DemoSession,
    ssh_agent: Agent,
    monkeypatch: pytest.MonkeyPatch,
    size: tuple[int, int],
) -> None:
    made_by(monkeypatch, 54321)

    async def scene(pilot: Pilot[None]) -> None:
        await hold(pilot, empty_session)
        await open_form(pilot)
        await until(pilot, lambda: "it belongs to user 54321" in outcome(pilot), "the owner")
        await pilot.press("enter")
        await until(pilot, lambda: "press enter again" in flat(pilot), "the question")
        assert holdings().identities == ()
        await pilot.press("enter")
        await until_screen(pilot, "KeyMaterialScreen")
        assert "In the agent of user 54321" in flat(pilot)
        await pilot.press("escape")
        await until_screen(pilot, "KeyPairListScreen")
        await open_agent(pilot)
        await until(pilot, lambda: "it belongs to user 54321, who can log in" in flat(pilot), "it")

    play(empty_session, scene, size)
    assert len(holdings().identities) == 1


@pytest.mark.long
@pytest.mark.parametrize("size", [(80, 24), (60, 15)])
def test_an_agent_that_asks_is_waited_for_until_escape(
    empty_session: DemoSession,
    short_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    tool: Callable[[str], str],
    size: tuple[int, int],
) -> None:
    tool("ssh-add")
    path = short_folder / "agent"
    monkeypatch.setenv("SSH_AUTH_SOCK", str(path))

    async def scene(pilot: Pilot[None]) -> None:
        await hold(pilot, empty_session)
        await open_form(pilot)
        await until(pilot, lambda: "holds 0 keys" in flat(pilot), "the agent")
        await pilot.press("enter")
        assert "esc stop waiting" in drawn(pilot)
        await until(pilot, lambda: "esc stops waiting" in flat(pilot), "what is waited for")
        assert "as gpg-agent asks for a passphrase" in flat(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: "You stopped waiting" in outcome(pilot), "the end of it")
        assert outcome(pilot).startswith("Perhaps added.")
        assert "esc back" in drawn(pilot)
        await pilot.press("escape")
        await until_screen(pilot, "KeyMaterialScreen")
        await save(pilot)

    with fake_agent(path, Doubtful("add", "late")):
        play(empty_session, scene, size)


# What the agent holds -----------------------------------------------------------------------


def key(number: int, comment: str) -> AgentIdentity:
    return AgentIdentity(
        "ssh-ed25519", string(b"ssh-ed25519") + string(bytes([number]) * 32), comment
    )


async def open_agent(pilot: Pilot[None]) -> AgentKeysScreen:
    await pilot.press("a")
    await until_screen(pilot, "AgentKeysScreen")
    screen = app_of(pilot).screen
    assert isinstance(screen, AgentKeysScreen)
    return screen


@pytest.mark.long
def test_the_keys_of_the_agent_lead_to_their_pairs(
    empty_session: DemoSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("nightly", "web-blue"):
        empty_session.backend.create_key_pair(key_name=name, key_type="ed25519")
    pairs = {pair.key_name: pair for pair in empty_session.backend.describe_key_pairs()}
    keys = (
        AgentKey(key(1, "laptop"), None),
        AgentKey(key(2, "mine"), pairs["web-blue"]),
    )
    held = AgentContents("/tmp/agent.1", False, keys)  # noqa: S108 - nothing is made there
    monkeypatch.setattr(agent_keys, "in_agent", lambda _: held)

    async def scene(pilot: Pilot[None]) -> None:
        # The pair is out of sight: the filter gives way.
        await pilot.press("slash")
        await pilot.pause()
        await type_text(pilot, "ni")
        await pilot.press("enter")
        screen = await open_agent(pilot)
        await until(pilot, lambda: "laptop" in drawn(pilot), "the keys")
        assert "enter import" in drawn(pilot)
        assert screen.is_active
        await pilot.press("j")
        await until(pilot, lambda: f"({pairs['web-blue'].key_pair_id})" in drawn(pilot), "the pair")
        assert key(2, "").fingerprint in drawn(pilot)
        await pilot.press("enter")
        await until_screen(pilot, "KeyPairListScreen")
        listing = app_of(pilot).screen
        assert isinstance(listing, KeyPairListScreen)
        await until(pilot, lambda: listing.view.highlighted == pairs["web-blue"], "the cursor")
        assert len(listing.view.shown) == len(pairs)

    play(empty_session, scene)


@pytest.mark.long
def test_a_key_of_another_region_leads_there_and_an_unknown_one_is_imported(
    empty_session: DemoSession, ssh_agent: Agent, run: Callable[..., object]
) -> None:
    ireland = empty_session.for_region("eu-west-1")
    created = ireland.backend.create_key_pair(key_name="there", key_type="ed25519")
    agent_keys.add_to_agent(ireland, created, lifetime=timedelta(hours=2))
    path = ssh_agent.path.with_name("id")
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "sam@laptop", "-f", path)
    ssh_agent.ssh_add("-q", str(path))

    async def scene(pilot: Pilot[None]) -> None:
        await open_agent(pilot)
        await until(pilot, lambda: "there in eu-west-1" in drawn(pilot), "the keys")
        # The Region of the pair has in its journal how long it stays.
        assert ", as asked when it was added" in drawn(pilot)
        assert f"({created.key_pair.key_pair_id})" in " ".join(drawn(pilot).split())
        await pilot.press("enter")
        await until(pilot, lambda: "1 pair " in drawn(pilot).splitlines()[0], "the Region")
        listing = app_of(pilot).screen
        assert isinstance(listing, KeyPairListScreen)
        await until(pilot, lambda: listing.view.highlighted == created.key_pair, "the cursor")
        await open_agent(pilot)
        # Now it is one of the Region at hand, and the other is still none.
        await until(pilot, lambda: "enter go to pair" in drawn(pilot), "the keys")
        assert "there in eu-west-1" not in drawn(pilot)
        await pilot.press("j")
        await until(pilot, lambda: "enter import" in drawn(pilot), "the other key")
        await pilot.press("enter")
        await until_screen(pilot, "ImportKeyPairScreen")
        await pilot.press("escape")
        await until_screen(pilot, "AgentKeysScreen")
        await until(pilot, lambda: "enter go to pair" in drawn(pilot), "the keys again")
        await pilot.press("j", "enter")
        await until_screen(pilot, "ImportKeyPairScreen")
        await pilot.press("enter")
        await until(pilot, lambda: "imported sam@laptop" in drawn(pilot), "the import")

    play(empty_session, scene, (60, 15))
    public_key = " ".join(path.with_name("id.pub").read_text().split()[:2])
    (pair,) = ireland.backend.describe_key_pairs(key_names=["sam@laptop"])
    assert pair.public_key == public_key


def test_a_key_that_no_pair_can_be_leads_nowhere(
    empty_session: DemoSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = AgentContents(
        "/run/agent", False, (AgentKey(AgentIdentity("ecdsa-sha2-nistp256", b"x", "old"), None),)
    )
    monkeypatch.setattr(agent_keys, "in_agent", lambda _: held)

    async def scene(pilot: Pilot[None]) -> None:
        screen = await open_agent(pilot)
        await until(pilot, lambda: "a pair is RSA or ED25519" in drawn(pilot), "the reason")
        assert "Time left   agents do not say\n" in "\n".join(
            map(str.rstrip, drawn(pilot).split("\n"))
        )
        assert "enter" not in drawn(pilot)
        await pilot.press("enter")
        assert screen.is_active

    play(empty_session, scene)


@pytest.mark.long
def test_how_long_a_key_stays_is_said_where_it_was_added_here(
    empty_session: DemoSession, ssh_agent: Agent
) -> None:
    names = {"long": None, "none": None, "short": timedelta(hours=2)}
    for name, kept in names.items():
        created = empty_session.backend.create_key_pair(key_name=name, key_type="ed25519")
        agent_keys.add_to_agent(empty_session, created, lifetime=kept)
        if name == "none":  # what wrote no more than that into the journal
            unlimited = agent_keys.AddedToAgent(until=None, confirm=False, forwarded=False)
            agent_keys.record_added(empty_session, created.key_pair, unlimited)
            empty_session.record("AddToAgent", created.key_pair, "")
    until_ = judging.moment(empty_session.now() + timedelta(minutes=119), empty_session.now())

    async def scene(pilot: Pilot[None]) -> None:
        await open_agent(pilot)
        told = "Time left   no limit, as asked when it was added"
        await until(pilot, lambda: told in drawn(pilot), told)
        await pilot.press("down")
        await until(pilot, lambda: "Time left   agents do not say" in drawn(pilot), "the second")
        await pilot.press("down")
        told = f"Time left   until {until_}, as asked when it was added"
        await until(pilot, lambda: told in drawn(pilot), told)
        # What was said then is over: whoever added it again did not do so here.
        empty_session.time += timedelta(hours=2)
        await pilot.press("r")
        await until(pilot, lambda: "until" not in drawn(pilot), "nothing of a time that is over")

    play(empty_session, scene)
    details = {each.key_name: each.detail for each in empty_session.journal() if each.detail}
    # A person reads the time as elsewhere.
    acts = [journal.Act((each,)) for each in empty_session.journal() if each.key_name == "short"]
    end = pairs.moment(empty_session.now() - timedelta(seconds=1))
    assert journal.details(acts[-1]) == [f"until {end}"]
    assert details["long"] == "without a limit"


@pytest.mark.long
def test_a_key_that_the_agent_has_forgotten_leaves_its_page_by_itself(
    empty_session: DemoSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = empty_session.now()
    ends = now + timedelta(seconds=10)
    keys = (
        AgentKey(key(1, "laptop-1"), None, until=ends),
        AgentKey(key(2, "laptop-2"), None, until=now + timedelta(hours=5)),
    )
    asked: list[int] = []

    def holds(_: Session) -> AgentContents:
        asked.append(len(asked))
        left = keys if len(asked) == 1 else keys[1:]
        return AgentContents("/tmp/agent.1", False, left)  # noqa: S108 - nothing is made there

    monkeypatch.setattr(agent_keys, "in_agent", holds)
    monkeypatch.setattr("tui.screens.look.agent_keys._LATER", -9.9)

    async def scene(pilot: Pilot[None]) -> None:
        await open_agent(pilot)
        # Without a key.
        await until(pilot, lambda: len(asked) > 1, "the second look")
        await until(pilot, lambda: "holds 1 key" in drawn(pilot), "what is left")
        assert "laptop-1" not in drawn(pilot)
        screen = app_of(pilot).screen
        assert isinstance(screen, AgentKeysScreen)
        # One timer, for the next end; nothing is asked before it.
        assert len(asked) == 2
        assert screen._next_end is not None
        assert f"until {judging.moment(keys[1].until or now, now)}, as asked" in drawn(pilot)

    play(empty_session, scene)


@pytest.mark.long
def test_a_key_that_is_in_the_agent_alone_is_said_to_be_there_and_deleted_by_its_name(
    empty_session: DemoSession, ssh_agent: Agent
) -> None:
    for name in ("aa", "bb"):
        empty_session.backend.create_key_pair(key_name=name, key_type="ed25519")

    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("R")
        await until(pilot, lambda: "2 pairs" in drawn(pilot), "the pairs")
        since = f"was added to the agent at {pairs.moment(empty_session.now())}"
        created = empty_session.backend.create_key_pair(key_name="cc", key_type="ed25519")
        app_of(pilot).push_screen(KeyMaterialScreen(empty_session, created))
        await until_screen(pilot, "KeyMaterialScreen")
        await add(pilot, "2h")
        await pilot.press("escape", "escape")
        await until_list(pilot)
        await pilot.press("R")
        await until(pilot, lambda: "read again at" in drawn(pilot), "that it is read")
        await pilot.press("G")
        await until(pilot, lambda: f" {since}, to stay until " in flat(pilot), "the remark")
        await pilot.press("enter")
        await until_screen(pilot, "DetailsScreen")
        until_ = pairs.moment(empty_session.now() + timedelta(seconds=7199))
        whole = f"{since}, to stay until {until_};"
        await until(pilot, lambda: whole in flat(pilot), whole)
        assert "never saved to a file" in " ".join(drawn(pilot).replace("│", " ").split())
        # It is the one copy that can be used.
        await pilot.press("d")
        await until_screen(pilot, "DeleteKeyPairsScreen")
        assert "To delete it, type cc" in flat(pilot)
        assert since in flat(pilot)
        await pilot.press("escape", "escape")
        await until_screen(pilot, "KeyPairListScreen")
        # Once that is over, it is as one that was never added.
        empty_session.time += timedelta(hours=2)
        await pilot.press("g", "G")
        await until(pilot, lambda: "its private key was never saved" in flat(pilot), "the remark")
        await pilot.press("d")
        await until_screen(pilot, "DeleteKeyPairsScreen")
        assert "To delete it, press y" in flat(pilot)

    play(empty_session, scene, (100, 30))


def test_a_time_is_spelled_the_same_before_and_after_a_key_is_added(
    empty_session: DemoSession,
) -> None:
    now = empty_session.now()
    end = f"{(now + timedelta(seconds=12)).astimezone():%H:%M:%S}"
    # A number alone is seconds, which is said.
    assert judging.of_lifetime("12", now).text == f"12s, until {end}"
    assert judging.of_lifetime("3600", now).text.startswith("1h, until ")
    assert judging.of_lifetime("12s", now).text == f"12s, until {end}"
    added = AddedToAgent(now + timedelta(seconds=12), False, False, lifetime=timedelta(seconds=12))
    said = judging.of_added_to_agent(added, now).text
    assert said == f"In the agent for 12s, until {end}"


@pytest.mark.long
def test_an_agent_that_comes_later_is_seen_when_asked_again(
    empty_session: DemoSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Session) -> AgentContents:
        raise NoAgent("There is no ssh-agent.")

    monkeypatch.setattr(agent_keys, "in_agent", refuse)

    async def scene(pilot: Pilot[None]) -> None:
        screen = await open_agent(pilot)
        # What is to be pasted begins a line, and no other stands in it.
        lines = ["Start one with", 'eval "$(ssh-agent)"', "then start keypairs again"]
        advice = re.compile(r" *\n\s*".join(map(re.escape, lines)))
        await until(pilot, lambda: bool(advice.search(drawn(pilot))), "the advice")
        await pilot.press("enter", "j")
        held = AgentContents("/run/agent", True, ())
        monkeypatch.setattr(agent_keys, "in_agent", lambda _: held)
        await pilot.press("r")
        await until(pilot, lambda: "ssh-add -X" in drawn(pilot), "the empty agent")
        assert "the machine you came from" in " ".join(drawn(pilot).split())
        held = AgentContents("/run/agent", False, (AgentKey(key(1, "laptop"), None),))
        await pilot.press("r")
        await until(pilot, lambda: "laptop" in drawn(pilot), "the key")
        await until(pilot, lambda: "asked again at " in drawn(pilot), "that it was")
        assert screen.focused is not None
        await pilot.press("q")
        await until_screen(pilot, "KeyPairListScreen")

    play(empty_session, scene)


@pytest.mark.long
def test_a_key_that_left_the_agent_leaves_the_screen(
    empty_session: DemoSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [AgentKey(key(1, "laptop"), None), AgentKey(key(2, "tablet"), None)]

    def held(_: Session) -> AgentContents:
        return AgentContents("/tmp/agent.1", False, tuple(keys))  # noqa: S108 - nothing is made there

    monkeypatch.setattr(agent_keys, "in_agent", held)

    async def scene(pilot: Pilot[None]) -> None:
        await open_agent(pilot)
        await until(pilot, lambda: "tablet" in drawn(pilot), "the keys")
        await pilot.press("G")
        keys.pop()
        await pilot.press("r")
        await until(pilot, lambda: "tablet" not in drawn(pilot), "the end of one")
        assert "laptop" in drawn(pilot)
        keys.pop()
        await pilot.press("r")
        await until(pilot, lambda: "It holds no key" in flat(pilot), "the end of both")

    play(empty_session, scene)


@pytest.mark.long
def test_a_key_is_taken_out_of_the_agent_and_asked_for_where_it_is_in_no_file(
    empty_session: DemoSession, ssh_agent: Agent, home: Path
) -> None:
    for name in ("saved", "unsaved"):
        created = empty_session.backend.create_key_pair(key_name=name, key_type="ed25519")
        agent_keys.add_to_agent(empty_session, created)
        if name == "saved":
            path = str(home / ".ssh" / "saved.pem")
            saving.save_key_material(empty_session, created, path)

    def names() -> list[str]:
        return [each.comment for each in holdings().identities]

    async def scene(pilot: Pilot[None]) -> None:
        await open_agent(pilot)
        await until(pilot, lambda: "unsaved" in drawn(pilot), "the keys")
        await pilot.press("d")
        await until(pilot, lambda: outcome(pilot) == "saved is out of the agent", "the first")
        assert names() == ["unsaved"]
        await until(pilot, lambda: "holds 1 key" in drawn(pilot), "what is left")
        await pilot.press("y")
        assert names() == ["unsaved"]
        await pilot.press("d")
        lost = "out of the agent it is gone, unless another agent or a copy holds it"
        asks = f"unsaved is in no file that is known here: {lost}; y takes it out"
        await until(pilot, lambda: outcome(pilot) == asks, asks)
        await pilot.press("escape")
        await until(pilot, lambda: outcome(pilot) == "", "that it stays")
        assert isinstance(app_of(pilot).screen, AgentKeysScreen)
        await pilot.press("d")
        await until(pilot, lambda: outcome(pilot) == asks, asks)
        # The key that asked does not answer as well, be it held.
        await pilot.press("d", "d")
        await until(pilot, lambda: not is_busy(app_of(pilot).screen), "that it is heard")
        assert names() == ["unsaved"]
        assert outcome(pilot) == asks
        await pilot.press("y")
        await until(pilot, lambda: outcome(pilot) == "unsaved is out of the agent", "the other")
        assert names() == []

    play(empty_session, scene, (60, 15))


@pytest.mark.long
def test_an_agent_that_hangs_is_not_waited_for_where_a_key_is_taken_out(
    empty_session: DemoSession, monkeypatch: pytest.MonkeyPatch, short_folder: Path
) -> None:
    keys = (AgentKey(key(1, "laptop"), None),)
    held = AgentContents("/tmp/agent.1", False, keys)  # noqa: S108 - nothing is made there
    monkeypatch.setattr(agent_keys, "in_agent", lambda _: held)
    monkeypatch.setattr(agent, "SECONDS", 0.2)
    monkeypatch.setenv("SSH_AUTH_SOCK", str(short_folder / "agent"))
    over = Event()

    def hang(_: object) -> None:
        over.wait(60)

    async def scene(pilot: Pilot[None]) -> None:
        await open_agent(pilot)
        await pilot.press("d")
        await until(pilot, lambda: "y takes it out" in outcome(pilot), "the question")
        await pilot.press("y")
        await until(pilot, lambda: "did not answer" in outcome(pilot), "what went wrong")
        assert outcome(pilot).startswith("laptop was not taken out. The agent at ")
        over.set()

    with fake_agent(short_folder / "agent", hang):
        play(empty_session, scene)


@pytest.mark.long
def test_a_certificate_is_called_one_and_gets_no_wrong_fingerprint(
    empty_session: DemoSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = AgentIdentity("ssh-ed25519-cert-v01@openssh.com", b"x", "signed")
    held = AgentContents("/run/agent", False, (AgentKey(certificate, None),))
    monkeypatch.setattr(agent_keys, "in_agent", lambda _: held)

    async def scene(pilot: Pilot[None]) -> None:
        await open_agent(pilot)
        await until(pilot, lambda: "a certificate" in drawn(pilot), "the certificate")
        assert "SHA256:" not in drawn(pilot)

    play(empty_session, scene)


@pytest.mark.long
def test_hostile_comments_names_and_errors_are_inert(
    empty_session: DemoSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = hostile_pair(empty_session, BUNDLES["sequences"])
    keys = [AgentKey(key(1, text), pair) for text in BUNDLES.values()]
    keys += [AgentKey(AgentIdentity(text, string(b"x"), text), None) for text in BUNDLES.values()]
    held = AgentContents(BUNDLES["sequences"], True, tuple(keys))
    monkeypatch.setattr(agent_keys, "in_agent", lambda _: held)
    seen: list[str] = []

    async def scene(pilot: Pilot[None]) -> None:
        screen = await open_agent(pilot)
        await until(pilot, lambda: bool(screen.query_one(RowPane).about.brief), "the keys")
        seen.append(drawn(pilot))
        # All stand in the list at once, and the last ones below it, one by one.
        for number in range(len(BUNDLES), len(keys)):
            screen.query_one(GroupedList).cursor = number
            await asyncio.sleep(2 * RESTS)
            await pilot.pause()
            seen.append(drawn(pilot))
        await pilot.press("escape")
        await until_screen(pilot, "KeyPairListScreen")
        created = CreatedKeyPair(pair, KeyFormat.PEM, KeyMaterial(b"no key"))

        def refuse(*_: object, **__: object) -> None:
            raise AgentError(BUNDLES["sequences"])

        monkeypatch.setattr(agent_keys, "add_to_agent", refuse)
        app_of(pilot).push_screen(AddToAgentScreen(empty_session, created))
        await until_screen(pilot, "AddToAgentScreen")
        await pilot.press("enter")
        await until(pilot, lambda: outcome(pilot).startswith("Not added"), "the refusal")
        seen.append(drawn(pilot))

    play(empty_session, scene)
    assert len(seen) == len(BUNDLES) + 2
    text = "".join(seen).replace("\n", "")
    assert all(c.isprintable() for c in text if not unicodedata.combining(c))
    assert "\\u{1b}]52" in text


# Where it is taught -------------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.parametrize("size", [(80, 24), (60, 15)])
@pytest.mark.parametrize(
    ("words", "line", "name"),
    [
        ("ssh-agent holds", "What the ssh-agent holds", "AgentKeysScreen"),
        ("authorized_keys", "Install the public key", "InstallPublicKeyScreen"),
    ],
)
def test_both_keys_of_the_help_lead_there(
    words: str, line: str, name: str, demo_session: DemoSession, size: tuple[int, int]
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("question_mark")
        await until_screen(pilot, "HelpScreen")
        await type_text(pilot, words)
        await pilot.press("enter")
        await until_screen(pilot, name)
        await pilot.press("escape")
        await until_screen(pilot, "KeyPairListScreen")
        await pilot.press("ctrl+p")
        await until_screen(pilot, "HelpScreen")
        await type_text(pilot, words)
        await until(pilot, lambda: is_first_hit(pilot, line), "what is sought")
        await pilot.press("enter")
        await until_screen(pilot, name)

    play(demo_session, scene, size)


@pytest.mark.long
def test_what_the_agent_would_refuse_is_muted_and_said(
    empty_session: DemoSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)

    async def scene(pilot: Pilot[None]) -> None:
        await hold(pilot, empty_session)
        await open_form(pilot)
        await until(pilot, lambda: "There is no ssh-agent" in outcome(pilot), "the agent's absence")
        bar = app_of(pilot).screen.query_one(KeyHints)
        assert bar.muted == {"add"}
        await type_text(pilot, "soon")
        await pilot.press("enter")
        field = app_of(pilot).screen.query_one(FormField)
        await until(pilot, lambda: field.verdict.tone is Tone.BAD, "the refusal")
        # That is not what is in the way.
        assert "There is no ssh-agent" in outcome(pilot)

    play(empty_session, scene)


@pytest.mark.long
def test_a_time_that_is_none_mutes_the_key_that_adds(
    empty_session: DemoSession, ssh_agent: Agent
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await hold(pilot, empty_session)
        await open_form(pilot)
        bar = app_of(pilot).screen.query_one(KeyHints)
        await until(pilot, lambda: "holds 0 keys" in flat(pilot), "the agent")
        assert not bar.muted
        await type_text(pilot, "soon")
        await until(pilot, lambda: bar.muted == {"add"}, "the muted key")
        await pilot.press("ctrl+u")
        await until(pilot, lambda: not bar.muted, "the key")

    play(empty_session, scene)


@pytest.mark.long
def test_the_list_knows_what_was_added_to_an_agent_by_another_session(
    empty_session: DemoSession, ssh_agent: Agent
) -> None:
    created = empty_session.backend.create_key_pair(key_name="web", key_type="ed25519")
    agent_keys.add_to_agent(empty_session, created)
    later = DemoSession(empty_session.store.folder)

    async def scene(pilot: Pilot[None]) -> None:
        words = "its private key was added to the agent at"
        await until(pilot, lambda: words in drawn(pilot), words)
        # And once one comes back to its Region.
        for region, there in (("eu-central-1", "No key pairs"), ("us-east-1", words)):
            await pilot.press("r")
            await until_screen(pilot, "PickRegionScreen")
            await type_text(pilot, region)
            await pilot.press("enter")
            await until(pilot, lambda there=there: there in drawn(pilot), there)  # type: ignore[misc] # its default

    play(later, scene)


def test_what_ends_with_the_program_is_known_in_every_region_and_never_in_a_later_session(
    empty_session: DemoSession,
) -> None:
    created = empty_session.backend.create_key_pair(key_name="web", key_type="ed25519")
    hour = empty_session.now() + timedelta(hours=1)
    for until_, detail in ((hour, "until "), (None, "until the end of keypairs")):
        added = agent_keys.AddedToAgent(until_, False, False, ends_with_program=True)
        agent_keys.record_added(empty_session, created.key_pair, added)
        key_pair_id = created.key_pair.key_pair_id
        there = empty_session.for_region("eu-west-1").for_region("us-east-1")
        assert agent_stays.stays(there)[key_pair_id].until == until_
        assert not agent_stays.stays(DemoSession(empty_session.store.folder))
        *_, entry = empty_session.journal()
        [said] = journal.details(journal.Act((entry,)))
        assert said.startswith(detail)
        assert said.endswith("the end of keypairs")
    # It is over with the agent's time too.
    assert "or the end of keypairs" in str(empty_session.journal()[-2].detail)


@pytest.mark.long
def test_who_has_saved_the_key_is_not_told_to_save_it(
    empty_session: DemoSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)

    async def scene(pilot: Pilot[None]) -> None:
        await hold(pilot, empty_session)
        for told in (True, False):
            await open_form(pilot)
            await until(pilot, lambda: "There is no ssh-agent" in outcome(pilot), "its absence")
            assert ("Save the key to a file" in outcome(pilot)) is told
            await pilot.press("escape")
            await until_screen(pilot, "KeyMaterialScreen")
            await save(pilot)

    play(empty_session, scene)


@pytest.mark.long
@SIZES
def test_the_key_of_a_deleted_pair_leads_back_to_that(
    empty_session: DemoSession, ssh_agent: Agent, size: tuple[int, int]
) -> None:
    created = empty_session.backend.create_key_pair(key_name="web", key_type="ed25519")
    agent_keys.add_to_agent(empty_session, created)
    empty_session.backend.delete_key_pair(key_name="web")

    async def scene(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "U  bring 1 deleted pair back" in drawn(pilot), "the list")
        await open_agent(pilot)
        await until(pilot, lambda: "web, deleted" in drawn(pilot), "whose it is")
        assert "web in us-east-1, which was deleted; enter brings it back" in flat(pilot)
        assert "enter bring back" in drawn(pilot)
        await pilot.press("enter")
        await until_screen(pilot, "KeyPairListScreen")
        await until(pilot, lambda: "brought web back" in drawn(pilot), "that it is back")

    play(empty_session, scene, size)
    assert empty_session.key_pair_named("web") == created.key_pair


@pytest.mark.long
def test_a_low_window_shows_several_keys_of_the_agent(
    empty_session: DemoSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = tuple(
        AgentKey(key(number, f"laptop-{number} {'x' * 60} end"), None) for number in range(1, 6)
    )
    held = AgentContents("/tmp/agent.1", False, keys)  # noqa: S108 - nothing is made there
    monkeypatch.setattr(agent_keys, "in_agent", lambda _: held)

    async def scene(pilot: Pilot[None]) -> None:
        await open_agent(pilot)
        await until(pilot, lambda: "Fingerprint" in drawn(pilot), "what there is to know of one")
        assert drawn(pilot).count("laptop-") >= 4
        assert "in no Region; enter imports it" in drawn(pilot)
        # Where not all of it fits, it is said how one comes to the rest.
        await until(pilot, lambda: "tab, then ↓: the rest of the text" in drawn(pilot), "the way")
        await pilot.press("tab")
        await until(pilot, lambda: "↑ ↓ scroll the text" in drawn(pilot), "the other")
        await pilot.press("pagedown")
        await until(pilot, lambda: " end" in flat(pilot), "the rest")

    play(empty_session, scene, (60, 15))


@pytest.mark.long
def test_what_stands_below_a_short_table_takes_the_rows_that_it_leaves(
    empty_session: DemoSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = tuple(AgentKey(key(number, "x" * 50), None) for number in range(1, 7))
    held = [AgentContents("/tmp/agent.1", False, keys[:1])]  # noqa: S108 - nothing is made there
    monkeypatch.setattr(agent_keys, "in_agent", lambda _: held[-1])

    async def scene(pilot: Pilot[None]) -> None:
        await open_agent(pilot)
        await until(pilot, lambda: "Time left" in drawn(pilot), "all of it")
        assert "the rest of the text" not in drawn(pilot)
        # It gives them back to a table that needs them.
        held.append(AgentContents("/tmp/agent.1", False, keys))  # noqa: S108 - as above
        await pilot.press("r")
        await until(pilot, lambda: drawn(pilot).count("ed25519  ") >= 4, "the others")
        await until(pilot, lambda: "the rest of the text" in drawn(pilot), "the way")

    play(empty_session, scene, (60, 15))
