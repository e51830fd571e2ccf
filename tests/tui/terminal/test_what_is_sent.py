"""What each key sends to a terminal of 80 columns and 24 rows, in bytes (a count, not a time)."""

import pytest
from textual.drivers.headless_driver import HeadlessDriver
from textual.pilot import Pilot

from tests.demo import DemoSession
from tests.tui.driving import app_of, play, type_text, until, until_screen

DIALOG, CLOSED = 4200, 5000
KEYS = {
    "a row down": ("down", 420),
    "the filter opened": ("slash", 3200),
    "a letter in it": ("p", 1500),
    "the filter closed": ("escape", CLOSED),
    "create opened": ("c", DIALOG),
    "tab in the form": ("tab", 395),
    "tab from a choice to the next": ("tab", 395),
    "create closed": ("escape", CLOSED),
    "details opened": ("enter", DIALOG),
    "details closed": ("escape", CLOSED),
    "tags opened": ("t", DIALOG),
    "tags closed": ("escape", CLOSED),
    "copy opened": ("y", DIALOG),
    "copy closed": ("escape", CLOSED),
    "help opened": ("question_mark", DIALOG),
    "help closed": ("escape", CLOSED),
    "delete opened": ("d", DIALOG),
}


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let the app write as to a terminal; return what it has written."""
    written: list[str] = []
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setattr(HeadlessDriver, "is_headless", False)
    monkeypatch.setattr(HeadlessDriver, "write", lambda _, data: written.append(data))
    monkeypatch.setattr(HeadlessDriver, "flush", lambda _: None)
    return written


@pytest.mark.long
def test_no_key_sends_more_than_its_share(demo_session: DemoSession, sent: list[str]) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        assert app_of(pilot).console.color_system == "truecolor"
        too_much = []
        for what, (key, most) in KEYS.items():
            await pilot.pause()
            sent.clear()
            await pilot.press(key)
            await pilot.pause(0.1)
            count = len("".join(sent).encode())
            if not 0 < count <= most:
                too_much.append(f"{what}: {count} bytes, at most {most}")
        assert not too_much

    play(demo_session, scene)


@pytest.mark.long
def test_no_list_flashes_between_two_screens(demo_session: DemoSession, sent: list[str]) -> None:
    async def sent_by(pilot: Pilot[None], key: str, screen: str) -> str:
        await pilot.pause()
        sent.clear()
        await pilot.press(key)
        await until_screen(pilot, screen)
        await pilot.pause(0.2)
        return "".join(sent)

    async def scene(pilot: Pilot[None]) -> None:
        listed = "batch-runner"
        assert listed in await sent_by(pilot, "ctrl+l", "KeyPairListScreen")
        await sent_by(pilot, "enter", "DetailsScreen")
        following = await sent_by(pilot, "right_square_bracket", "DetailsScreen")
        assert listed in await sent_by(pilot, "escape", "KeyPairListScreen")
        await sent_by(pilot, "c", "CreateKeyPairScreen")
        await type_text(pilot, "made")
        made = await sent_by(pilot, "enter", "KeyMaterialScreen")
        for text in (following, made):
            assert listed not in text
            assert 0 < len(text.encode()) <= DIALOG

    play(demo_session, scene)


@pytest.mark.long
def test_a_dialog_is_drawn_where_it_stays_and_an_unchanged_screen_not_at_all(
    demo_session: DemoSession, sent: list[str]
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        app = app_of(pilot)
        sent.clear()
        await pilot.press("d")
        await until_screen(pilot, "DeleteKeyPairsScreen")
        assert "".join(sent).count("┏") == 1
        sent.clear()
        app.refresh(layout=True)
        await pilot.pause(0.1)
        assert sent == []
        app.action_redraw()
        await until(pilot, lambda: "┏" in "".join(sent), "the whole screen")
        assert len("".join(sent)) > DIALOG / 2

    play(demo_session, scene)


def test_what_textual_did_not_take_is_not_taken_for_shown(
    demo_session: DemoSession, sent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        app = app_of(pilot)
        with monkeypatch.context() as patch:
            patch.setattr(app, "_running", False)
            app.send_whole_frames()
            sent.clear()
            app._display(app.screen, app.screen._compositor.render_full_update())
            assert sent == []
        app._display(app.screen, app.screen._compositor.render_full_update())
        assert "Fingerprint" in "".join(sent)

    play(demo_session, scene)
