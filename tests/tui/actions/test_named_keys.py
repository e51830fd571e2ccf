"""What the screens say names the keys that are in force, whatever a person chose."""

import asyncio
import importlib
import os
import pkgutil
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from core.checks.finding import Progress
from core.custody import agent_keys, authorized_keys
from core.custody.agent_keys import AgentContents, AgentKey
from core.custody.authorized_keys import Account
from tests.demo import DemoSession
from tests.helpers import PUBLIC_KEY
from tests.tui.driving import app_of, drawn, play, type_text, until, until_list, until_screen
from tests.tui.screens.look.test_agent import key
from tui import screens
from tui.actions import keymap
from tui.actions.rebinding import rebind
from tui.actions.table import ACTIONS, Place
from tui.screens.delete.delete_key_pairs import DeleteKeyPairsScreen
from tui.screens.look.check_up import CheckUpScreen
from tui.screens.look.find import FindScreen
from tui.screens.look.help import help_items
from tui.screens.private_key.key_material import KeyMaterialScreen
from tui.screens.workbench.bench import RESTS
from tui.widgets.fact_line import FactLine
from tui.widgets.path_field import PathField
from tui.widgets.verdict_line import VerdictLine
from tui.words import judging as verdict
from tui.words.verdict import Verdict
from tui.work.slow_changes import still_waiting

# A screen takes its keys from the table when it is imported. All are, so that here, where what is
# said names other keys, and in the tests that come after, the default keys do what they always did.
for _screen in pkgutil.walk_packages(screens.__path__, "tui.screens."):
    importlib.import_module(_screen.name)

_FREE = [f"{held}f{n}" for held in ("", "shift+", "ctrl+", "alt+") for n in range(8, 25)] + [
    f"{held}+f{n}"
    for held in ("ctrl+alt+shift", "ctrl+shift", "alt+shift", "ctrl+alt")
    for n in range(8, 25)
]
_DEFAULT = re.compile(
    # `a` and `I` are words, and a letter may be the end of one: `EC2's`.
    r"(?<![\w'+./-])(escape|esc|enter|f1|ctrl\+[dfoprty]|[b-hj-zB-HJ-Z])(?![\w'+./-])"
)


@pytest.fixture(autouse=True)
def other_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give every action a key that is no other's default."""
    monkeypatch.setattr(keymap, "bound", keymap.bound)
    keys = {action.id: key for action, key in zip(ACTIONS, _FREE, strict=False)}
    assert len(keys) == len(ACTIONS)
    rebind(keys)


_FINGERPRINT = re.compile(r"(?:[0-9a-f]{2}:){2,}[0-9a-f]*…?")


@pytest.fixture(autouse=True)
def verdicts(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Keep what verdict lines say, also for a moment only; none of it may name a default key."""
    said: list[str] = []
    show, say = VerdictLine.show, FactLine.say

    def keep(line: VerdictLine, verdict: Verdict) -> None:
        said.append(verdict.text)
        show(line, verdict)

    def keep_fact(line: FactLine, verdict: Verdict | str, row: str | None = None) -> None:
        said.append(verdict if isinstance(verdict, str) else verdict.text)
        say(line, verdict, row)

    monkeypatch.setattr(VerdictLine, "show", keep)
    monkeypatch.setattr(FactLine, "say", keep_fact)
    yield said
    assert [text for text in said if stale(text)] == []


def stale(text: str) -> list[str]:
    """Return the default keys that a text names; the digits of a fingerprint are none."""
    return [match[1] for match in _DEFAULT.finditer(_FINGERPRINT.sub("", text))]


def look(pilot: Pilot[None], *expected: str) -> None:
    """Read all of the screen, which must say what is expected and name no default key."""
    said = [str(static.visual) for static in app_of(pilot).screen.query(Static)]
    flat = " ".join(" ".join([*said, drawn(pilot)]).split())
    for text in expected:
        assert text in flat
    assert stale(flat) == [], flat


def test_the_search_sees_default_keys_and_no_words() -> None:
    assert stale("looking… 3; esc stops (ctrl+t adds one), y: press enter") == [
        *("esc", "ctrl+t", "y", "enter")
    ]
    assert stale("EC2's answers, a pair that I have; ctrl+alt+f9 entered ~/c.pub") == []


@pytest.mark.long
def test_of_lists(demo_session: DemoSession) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        look(pilot)
        await pilot.press("space")
        look(pilot, "1 chosen")
        await pilot.press("slash")
        await type_text(pilot, "zzz")
        await until(pilot, lambda: "Nothing matches" in drawn(pilot), "it")
        look(pilot, f"Press {keymap.key_of('list.show-all')} to show all pairs again.")

    play(demo_session, scene)


def test_of_an_empty_list(empty_session: DemoSession) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        create, import_ = keymap.key_of("key-pair.create"), keymap.key_of("key-pair.import")
        look(pilot, f"{create} create a key pair", f"{import_} import a public key")

    play(empty_session, scene)


@pytest.mark.long
@pytest.mark.parametrize(
    ("way", "screen", "adds"),
    [
        ("c", "CreateKeyPairScreen", "create.add-tag"),
        ("i", "ImportKeyPairScreen", ""),
        ("t", "EditTagsScreen", "tags.add"),
    ],
)
def test_of_forms(demo_session: DemoSession, way: str, screen: str, adds: str) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press(way)
        await until_screen(pilot, screen)
        look(pilot)
        await pilot.press("ctrl+t")
        await pilot.pause()
        await type_text(pilot, "Key")
        await pilot.pause()
        look(pilot, *([f"{keymap.key_of(adds)} adds one"] if adds else []))

    play(demo_session, scene)


@pytest.mark.long
def test_of_deleting(demo_session: DemoSession) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("d")
        await until_screen(pilot, "DeleteKeyPairsScreen")
        await pilot.press("a", "enter")
        await pilot.pause()
        look(pilot, "this is not it: type ", f"; {keymap.key_of('delete.back')} goes back")
        await pilot.press("escape")
        await until_list(pilot)
        await pilot.press("j", "j", "d")
        await until_screen(pilot, "DeleteKeyPairsScreen")
        dialog = app_of(pilot).screen
        assert isinstance(dialog, DeleteKeyPairsScreen)
        await pilot.press("a")
        dialog.action_yes()
        await pilot.pause()
        look(pilot, f"that {keymap.key_of('delete.yes')} came amid other keys")

    play(demo_session, scene)


@pytest.mark.long
def test_of_copying_to_regions(demo_session: DemoSession) -> None:
    there = demo_session.for_region("us-east-2")
    there.backend.create_key_pair(key_name="batch-runner", key_type="ed25519")

    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("C")
        await until_screen(pilot, "ImportIntoRegionsScreen")
        await pilot.press("enter")
        await pilot.pause()
        look(pilot, f"{keymap.key_of('into-regions.choose')} chooses the Region")
        await type_text(pilot, "us-east-2")
        await pilot.press("space", "enter")
        await until(pilot, lambda: "tries again" in drawn(pilot), "the refusal")
        again = keymap.key_of("into-regions.submit")
        look(pilot, f"nothing was imported; {again} tries again")
        there.backend.delete_key_pair(key_name="batch-runner")
        await pilot.press("enter")
        await until(pilot, lambda: "1 of 1 done" in drawn(pilot), "the copy")
        look(pilot, f"{keymap.key_of('into-regions.back')} goes back")

    play(demo_session, scene)


@pytest.mark.long
def test_of_finding(
    demo_session: DemoSession,
    home: Path,
    verdicts: list[str],
    run: Callable[..., object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    locked = str(home / "locked")
    run(*("ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "s3same", "-f", locked))
    Path(f"{locked}.pub").unlink()
    there = demo_session.for_region("eu-west-1")
    material = there.backend.create_key_pair(
        key_name="gone", key_type="ed25519"
    ).key_pair.public_key
    there.backend.delete_key_pair(key_name="gone")

    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("f")
        await until_screen(pilot, "FindScreen")
        screen = app_of(pilot).screen
        assert isinstance(screen, FindScreen)
        look(pilot)
        for text in (PUBLIC_KEY, material):
            screen._thing.value = text
            await pilot.press("enter")
            await until(pilot, lambda: "looked at" in screen._status.verdict.text, "the end")
            look(pilot)
        look(pilot, f"{keymap.key_of('find.submit')} brings it back")
        await pilot.press("a")
        await pilot.pause()
        look(pilot, f"{keymap.key_of('find.submit')} looks up what is typed now")
        back = keymap.key_of("find.back")
        assert any(f"{back} stops" in text for text in verdicts)
        screen._thing.value = locked
        await pilot.press("enter")
        await until(pilot, lambda: screen._passphrase.has_focus, "the question")
        await pilot.press("enter")
        await until(pilot, lambda: f"or {back} leaves it locked" in drawn(pilot), "it")
        look(pilot)
        await pilot.press("a", "enter")
        again = f"try again, or {back} leaves"
        await until(pilot, lambda: again in verdicts[-1], "the refusal")
        look(pilot)
        with monkeypatch.context() as patch:
            patch.setattr(FindScreen, "_is_looking", True)
            screen._take()
        assert verdicts[-1].startswith(f"still looking; {back} stops")

    play(demo_session, scene)


@pytest.mark.long
def test_of_the_check_up(demo_session: DemoSession) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("D")
        await until_screen(pilot, "CheckUpScreen")
        screen = app_of(pilot).screen
        assert isinstance(screen, CheckUpScreen)
        await until(pilot, lambda: "1 Region" in drawn(pilot), "the end")
        for _ in range(screen._list.count):
            look(pilot)
            await pilot.press("down")
            await asyncio.sleep(2 * RESTS)
            await pilot.pause()
        screen._say(Progress("a file", 1, 2))
        assert f"{keymap.key_of('check-up.back')} stops" in screen._status.verdict.text
        look(pilot, f"Replace it ({keymap.key_of('key-pair.replace')} in the list of key pairs)")

    play(demo_session, scene)


@pytest.mark.long
@pytest.mark.parametrize("keys", [(), (AgentKey(key(1, "laptop"), None),)], ids=["none", "unknown"])
def test_of_the_agent(
    empty_session: DemoSession, monkeypatch: pytest.MonkeyPatch, keys: tuple[AgentKey, ...]
) -> None:
    held = AgentContents("/tmp/agent.1", False, keys)  # noqa: S108 - nothing is made there
    monkeypatch.setattr(agent_keys, "in_agent", lambda _: held)

    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("a")
        await until_screen(pilot, "AgentKeysScreen")
        await until(pilot, lambda: "the agent at" in drawn(pilot), "the agent")
        look(pilot, *([f"{keymap.key_of('agent.go')} imports it"] if keys else []))

    play(empty_session, scene)


@pytest.mark.long
def test_of_saving(empty_session: DemoSession) -> None:
    created = empty_session.backend.create_key_pair(key_name="web", key_type="ed25519")

    async def scene(pilot: Pilot[None]) -> None:
        app_of(pilot).push_screen(KeyMaterialScreen(empty_session, created))
        await until_screen(pilot, "KeyMaterialScreen")
        look(pilot, f"{keymap.key_of('key-material.show')} Show it here")
        await pilot.press("s")
        await until_screen(pilot, "SaveKeyMaterialScreen")
        look(pilot)
        app_of(pilot).screen.query_one(PathField).path = "~/kyes/web.pem"
        await pilot.press("enter")
        again = f"press {keymap.key_of('save.submit')} again"
        await until(pilot, lambda: again in " ".join(drawn(pilot).split()), "the question")
        look(pilot)

    play(empty_session, scene)


@pytest.mark.long
def test_of_installing(
    demo_session: DemoSession, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = Account("ops", os.geteuid(), home)
    monkeypatch.setattr(authorized_keys, "own_account", lambda: account)
    other = tmp_path / "elsewhere"
    other.mkdir()
    monkeypatch.setenv("HOME", str(other))

    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("I")
        await until_screen(pilot, "InstallPublicKeyScreen")
        await until(pilot, lambda: "authorized_keys" in drawn(pilot), "the plan")
        look(pilot, f"{keymap.key_of('install.restrict')}: restrict")
        await until(pilot, lambda: "HOME is" in drawn(pilot), "the caution")
        await pilot.press("enter")
        again = f"press {keymap.key_of('install.submit')} again"
        await until(pilot, lambda: again in drawn(pilot), "the question")
        look(pilot)

    play(demo_session, scene)


def sentences() -> Iterator[str]:
    """Yield what takes more than a key to come to the screen."""
    for place in Place:
        if any(action.method == "back" for action in keymap.at(place)):
            yield still_waiting(keymap.key_in(place, "back")).text
    yield verdict.of_tags((), Place.IMPORT).text


def test_of_the_help_and_of_what_takes_long(demo_session: DemoSession) -> None:
    assert keymap.key_of("import.add-tag") in verdict.of_tags((), Place.IMPORT).text
    assert all(stale(text) == [] for text in sentences())

    async def scene(pilot: Pilot[None]) -> None:
        items = [item for item in help_items(app_of(pilot).screen) if item.value]
        assert {item.value for item in items} == {action.id for action in ACTIONS}
        assert all(stale(item.text) == [] for item in items), [item.text for item in items]

    play(demo_session, scene)
