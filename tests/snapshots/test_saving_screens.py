from pathlib import Path

import pytest
from textual.events import Paste
from textual.pilot import Pilot

from core.model import FileFormat
from tests.demo import DemoSession
from tests.helpers import BOTH_SIZES
from tests.snapshots.conftest import SnapCompare
from tests.tui.driving import app_of, create, save, until, until_loaded, until_screen
from tui.app import KeyPairsApp
from tui.screens.private_key.passphrase_input import PassphraseInput
from tui.screens.private_key.saved_file import SavedFile
from tui.widgets.choice import Choice
from tui.widgets.path_field import PathField
from tui.widgets.toggle import Toggle
from tui.widgets.verdict_line import VerdictLine


async def open_dialog(pilot: Pilot[None], file_format: FileFormat) -> None:
    """Open the dialog, with the public key wanted, in a format that takes a passphrase."""
    await pilot.press("s")
    await until_screen(pilot, "SaveKeyMaterialScreen")
    screen = app_of(pilot).screen
    screen.query_one(Choice).index = list(FileFormat).index(file_format)
    screen.query_one(Toggle).value = True
    await pilot.pause()


async def paste_passphrase(pilot: Pilot[None]) -> None:
    for field in app_of(pilot).screen.query(PassphraseInput):
        field.focus()
        field.post_message(Paste("Summer2026!"))
        await pilot.pause()


@pytest.mark.long
@BOTH_SIZES
def test_dialog_that_asks(
    snap_compare: SnapCompare, empty_session: DemoSession, home: Path, size: tuple[int, int]
) -> None:
    home.chmod(0o755)

    async def ask(pilot: Pilot[None]) -> None:
        await until_loaded(pilot)
        await create(pilot, "reporting")
        await open_dialog(pilot, FileFormat.PPK3)
        await paste_passphrase(pilot)
        field = app_of(pilot).screen.query_one(PathField)
        field.path = "~/reporting.ppk"
        await pilot.pause()
        await pilot.press("enter")
        verdict = field.query_one(VerdictLine)
        await until(pilot, lambda: "enter again" in verdict.verdict.text, "the question")

    assert snap_compare(KeyPairsApp(empty_session), run_before=ask, terminal_size=size)


@pytest.mark.long
@BOTH_SIZES
def test_several_files(
    snap_compare: SnapCompare, empty_session: DemoSession, size: tuple[int, int]
) -> None:
    async def save_two(pilot: Pilot[None]) -> None:
        await until_loaded(pilot)
        await create(pilot, "reporting")
        await save(pilot)
        await open_dialog(pilot, FileFormat.PPK3)
        await paste_passphrase(pilot)
        await pilot.press("enter")
        await until_screen(pilot, "KeyMaterialScreen")
        screen = app_of(pilot).screen
        await until(pilot, lambda: len(screen.query(SavedFile)) == 3, "what was saved")

    assert snap_compare(KeyPairsApp(empty_session), run_before=save_two, terminal_size=size)
