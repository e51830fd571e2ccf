import errno

import pytest
from textual.pilot import Pilot

from core import files
from tests.demo import DemoService
from tests.tui.driving import app_of, play, type_text, until, until_screen
from tui.screens.create_key_pair import CreateKeyPairScreen
from tui.widgets.text_input import TextInput
from tui.widgets.verdict_line import VerdictLine


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EROFS, "the file system is read-only"),
        (errno.EIO, "Input/output error"),
    ],
)
def test_a_store_that_cannot_be_written_leaves_the_form_as_it_was(
    empty_service: DemoService, monkeypatch: pytest.MonkeyPatch, code: int, words: str
) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise OSError(code, "Input/output error")

    monkeypatch.setattr(files, "replace_file", refuse)

    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("c")
        await until_screen(pilot, "CreateKeyPairScreen")
        await type_text(pilot, "reporting")
        await pilot.press("enter")
        screen = app_of(pilot).screen
        assert isinstance(screen, CreateKeyPairScreen)
        outcome = screen.query_one("#outcome", VerdictLine)
        await until(pilot, lambda: words in outcome.verdict.text, "the refusal")
        assert screen.query_one("#key-name", TextInput).value == "reporting"
        assert not screen.query_one("#key-name", TextInput).disabled

    play(empty_service, scene)
    assert empty_service.describe_key_pairs() == ()


def test_a_long_paste_stays_and_is_judged(empty_service: DemoService) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("c")
        await until_screen(pilot, "CreateKeyPairScreen")
        screen = app_of(pilot).screen
        field = screen.query_one("#key-name", TextInput)
        field.insert_text_at_cursor("x" * 400)
        verdict = screen.query(VerdictLine).first()
        await until(pilot, lambda: "too long by 145" in verdict.verdict.text, "the verdict")
        assert len(field.value) == 400

    play(empty_service, scene)
