import asyncio
import os
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from textual.events import Paste
from textual.pilot import Pilot

from core.custody import export
from core.custody.proof import prove
from core.disk import files
from core.errors import SaveError
from core.model import FileFormat, KeyType, PrivateKeyState
from tests.demo import DemoSession
from tests.helpers import SIZES, Run
from tests.tui.driving import app_of, drawn, text_of, type_text, until, until_loaded, until_screen
from tui.app import KeyPairsApp
from tui.screens.private_key.key_material import KeyMaterialScreen
from tui.screens.private_key.passphrase_input import PassphraseInput
from tui.screens.private_key.save_key_material import SaveKeyMaterialScreen
from tui.screens.private_key.saved_file import SavedFile
from tui.widgets.choice import Choice
from tui.widgets.fact_line import FactLine
from tui.widgets.path_field import PathField
from tui.widgets.toggle import Toggle
from tui.widgets.verdict_line import VerdictLine
from tui.words.verdict import Tone
from tui.work.brief_message import show_briefly

Scene = Callable[[Pilot[None]], Awaitable[None]]

PHRASE = "clasp yearly gotten pebble"


def play(
    session: DemoSession,
    scene: Scene,
    key_type: KeyType = KeyType.RSA,
    size: tuple[int, int] = (80, 24),
) -> None:
    """Create a pair, open the dialog from the screen of its private key, and go on from there."""
    created = session.backend.create_key_pair(key_name="reporting", key_type=key_type)

    async def run() -> None:
        app = KeyPairsApp(session)
        async with app.run_test(size=size) as pilot:
            await until_loaded(pilot)
            await app.push_screen(KeyMaterialScreen(session, created))
            await open_dialog(pilot)
            await scene(pilot)

    asyncio.run(run())


async def open_dialog(pilot: Pilot[None]) -> None:
    await pilot.press("s")
    await until_screen(pilot, "SaveKeyMaterialScreen")


def dialog(pilot: Pilot[None]) -> SaveKeyMaterialScreen:
    screen = app_of(pilot).screen
    assert isinstance(screen, SaveKeyMaterialScreen)
    return screen


def path_of(pilot: Pilot[None]) -> str:
    return dialog(pilot).query_one(PathField).path


async def write_path(pilot: Pilot[None], path: str) -> None:
    dialog(pilot).query_one(PathField).path = path
    await pilot.pause()


async def choose(pilot: Pilot[None], file_format: FileFormat) -> None:
    choice = dialog(pilot).query_one(Choice)
    choice.focus()
    choice.index = list(FileFormat).index(file_format)
    await pilot.pause()


async def paste_passphrase(pilot: Pilot[None], first: str, again: str) -> None:
    """Put a passphrase and its repetition where they belong; the focus ends in the second."""
    for field, text in zip(dialog(pilot).query(PassphraseInput), (first, again), strict=True):
        field.focus()
        field.clear()
        field.post_message(Paste(text))
    await pilot.pause()


def verdict(pilot: Pilot[None], field: str) -> str:
    """Return what stands below the field with a control of that id."""
    control = dialog(pilot).query_one(f"#{field}")
    form_field = next(widget for widget in control.ancestors if widget.query(VerdictLine))
    return form_field.query_one(VerdictLine).verdict.text


async def until_says(pilot: Pilot[None], field: str, words: str) -> None:
    await until(pilot, lambda: words in verdict(pilot, field), f"{words} below {field}")


async def save(pilot: Pilot[None]) -> list[str]:
    """Press Enter, and return what the key screen says was saved, the newest first."""
    await pilot.press("enter")
    await until_screen(pilot, "KeyMaterialScreen")
    screen = app_of(pilot).screen
    await until(pilot, lambda: bool(screen.query(SavedFile)), "what was saved")
    return [file.query_one(VerdictLine).verdict.text for file in screen.query(SavedFile)]


async def until_said(pilot: Pilot[None], words: str) -> None:
    await until(pilot, lambda: words in " ".join(text_of(pilot, "#fact").split()), words)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.long
def test_another_name_than_the_plain_one_says_why(empty_session: DemoSession, home: Path) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        assert path_of(pilot) == "~/.ssh/reporting-2.pem"
        await until_says(pilot, "path", "only you can read · reporting.pem is there already")
        await choose(pilot, FileFormat.PPK3)
        await until(pilot, lambda: "there already" not in verdict(pilot, "path"), "a free name")
        assert path_of(pilot) == "~/.ssh/reporting.ppk"
        await choose(pilot, FileFormat.PEM)
        await until_says(pilot, "path", "only you can read · reporting.pem is there already")
        # Of what a person types it is not the reason.
        await write_path(pilot, "~/.ssh/reporting-3.pem")
        await until(pilot, lambda: "there already" not in verdict(pilot, "path"), "no reason")

    (home / ".ssh" / "reporting.pem").touch()
    play(empty_session, scene)


@pytest.mark.long
def test_enter_alone_saves_what_ec2_gives(empty_session: DemoSession, home: Path) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        assert path_of(pilot) == "~/.ssh/reporting.pem"
        assert await save(pilot) == ["Saved to ~/.ssh/reporting.pem, as pem"]

    play(empty_session, scene)
    assert names(home / ".ssh") == ["reporting.pem"]
    [pair] = empty_session.backend.describe_key_pairs()
    assert pair.custody.private_key is PrivateKeyState.SAVED


@pytest.mark.long
def test_how_to_come_to_another_format_is_said_once(empty_session: DemoSession) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        ways = "Format: ← → choose; Also: space switches it"
        for _ in range(3):
            assert "● pem 1/5 " in drawn(pilot)
            assert drawn(pilot).count("→") == 1
            assert f"tab ↑ ↓ move; {ways}" in drawn(pilot)
            await pilot.press("tab")
        # What is known anyway gives way to what is not.
        await pilot.resize_terminal(45, 15)
        await until(pilot, lambda: "tab ↑" not in drawn(pilot), "no room")
        assert ways in drawn(pilot)

    play(empty_session, scene, size=(60, 15))


@pytest.mark.long
def test_any_number_of_files_from_one_reveal(empty_session: DemoSession, home: Path) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        dialog(pilot).query_one(Toggle).focus()
        await pilot.press("space")
        await save(pilot)
        await open_dialog(pilot)
        # The next format is offered, because the first is saved.
        assert path_of(pilot) == "~/.ssh/reporting.ppk"
        await pilot.press("enter")
        await until_screen(pilot, "KeyMaterialScreen")
        await open_dialog(pilot)
        await choose(pilot, FileFormat.PPK3)
        assert path_of(pilot) == "~/.ssh/reporting-2.ppk"
        await paste_passphrase(pilot, PHRASE, PHRASE)
        said = await save(pilot)
        assert said == [
            "Saved to ~/.ssh/reporting-2.ppk, as ppk3, encrypted",
            "Saved to ~/.ssh/reporting.ppk, as ppk2",
            "Saved to ~/.ssh/reporting.pem, as pem",
            "Public key saved to ~/.ssh/reporting.pub",
        ]
        await pilot.press("escape")
        await until_screen(pilot, "KeyPairListScreen")

    play(empty_session, scene)
    [pair] = empty_session.backend.describe_key_pairs()
    assert [Path(path).name for path in pair.custody.saved_to] == [
        "reporting.pem",
        "reporting.ppk",
        "reporting-2.ppk",
    ]
    assert names(home / ".ssh") == sorted(
        [*(Path(p).name for p in pair.custody.saved_to), "reporting.pub"]
    )
    assert "fingerprint equal" in prove(Path(pair.custody.saved_to[1]), pair)
    assert stat.S_IMODE((home / ".ssh" / "reporting.pub").stat().st_mode) == 0o644
    assert PHRASE not in (home / "data" / "us-east-1.json").read_text()


@pytest.mark.long
def test_a_place_that_asks_needs_a_second_enter_for_exactly_that_path(
    empty_session: DemoSession, home: Path
) -> None:
    home.chmod(0o755)

    async def scene(pilot: Pilot[None]) -> None:
        await write_path(pilot, "~/one.pem")
        await until_says(pilot, "path", "others can list its folder")
        assert "press enter again" not in verdict(pilot, "path")
        await pilot.press("enter")
        await until_says(pilot, "path", "press enter again to save here all the same")
        # Another path, or the same after a detour, is asked about anew.
        for keys, path in (
            (["x"], "~/one.pemx"),
            (["backspace"], "~/one.pem"),
            (["x", "backspace"], "~/one.pem"),
        ):
            await pilot.press(*keys)
            await until_says(pilot, "path", "others can list its folder")
            await until(pilot, lambda: "again" not in verdict(pilot, "path"), "the question gone")
            assert path_of(pilot) == path
            await pilot.press("enter")
            await until_says(pilot, "path", "press enter again to save here all the same")
        assert not list(home.glob("one*"))
        assert await save(pilot) == ["Saved to ~/one.pem, as pem"]

    play(empty_session, scene)
    assert [path.name for path in home.glob("one*")] == ["one.pem"]


@pytest.mark.long
def test_enter_does_not_say_yes_to_what_a_place_became(
    empty_session: DemoSession, home: Path
) -> None:
    home.chmod(0o755)

    async def scene(pilot: Pilot[None]) -> None:
        await write_path(pilot, "~/one.pem")
        await pilot.press("enter")
        await until_says(pilot, "path", "list its folder; press enter again")
        home.chmod(0o711)
        await pilot.press("enter")
        await until_says(pilot, "path", "enter its folder; press enter again")
        (home / "one.pem").write_text("theirs")
        await pilot.press("enter")
        await until_says(pilot, "path", "none is overwritten")

    play(empty_session, scene)
    assert (home / "one.pem").read_text() == "theirs"


@pytest.mark.long
def test_the_path_follows_the_format_until_a_person_writes_one(
    empty_session: DemoSession, home: Path
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        seen = []
        for file_format in FileFormat:
            await choose(pilot, file_format)
            seen.append(path_of(pilot).removeprefix("~/.ssh/reporting"))
        assert seen == [".pem", ".ppk", ".ppk", ".openssh", ".p8"]
        await write_path(pilot, "~/.ssh/mine.key")
        await choose(pilot, FileFormat.PPK2)
        assert path_of(pilot) == "~/.ssh/mine.key"
        # What is typed by hand stays also where it is what would be suggested.
        await write_path(pilot, "~/.ssh/reporting.ppk")
        await choose(pilot, FileFormat.OPENSSH)
        assert path_of(pilot) == "~/.ssh/reporting.ppk"

    play(empty_session, scene)


@pytest.mark.long
def test_an_ending_of_another_format_than_the_chosen_one_gets_a_caution(
    empty_session: DemoSession, home: Path
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await choose(pilot, FileFormat.PPK2)
        assert "but the file is" not in verdict(pilot, "file-format")
        await write_path(pilot, "~/.ssh/again.pem")
        said = "the path ends in .pem, but the file is ppk2"
        await until_says(pilot, "file-format", f"{said}; PPK version 2")
        assert dialog(pilot)._format.verdict.tone is Tone.CAUTION
        await until(pilot, lambda: f"! {said}" in " ".join(drawn(pilot).split()), "all of it")
        for path, file_format in (
            ("~/.ssh/again.PEM", FileFormat.PEM),
            ("~/.ssh/again.ppk", FileFormat.PPK3),
            ("~/.ssh/again.pem", FileFormat.OPENSSH),
            ("~/.ssh/again.key", FileFormat.PPK2),
        ):
            await write_path(pilot, path)
            await choose(pilot, file_format)
            assert dialog(pilot)._format.verdict.tone is Tone.PLAIN, path
        # It is a word and no refusal.
        await write_path(pilot, "~/.ssh/again.pem")
        await save(pilot)

    play(empty_session, scene, size=(60, 15))
    assert (home / ".ssh" / "again.pem").read_bytes().startswith(b"PuTTY-User-Key-File-2")


@pytest.mark.long
def test_a_passphrase_must_be_the_same_twice(empty_session: DemoSession, home: Path) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await choose(pilot, FileFormat.OPENSSH)
        await paste_passphrase(pilot, "wrong horse", "wrong house")
        await until_says(pilot, "passphrases", "the two differ")
        await pilot.press("enter")
        await pilot.pause()
        focused = dialog(pilot).focused
        assert focused is not None
        assert focused.id == "again"
        fields = dialog(pilot).query(PassphraseInput)
        assert [field.reveal() for field in fields] == ["wrong horse", ""]
        assert "the two differ: type it again" in verdict(pilot, "passphrases")
        await pilot.press("enter")
        await until(
            pilot,
            lambda: verdict(pilot, "passphrases") == "type it again at the right",
            "only what is to be done",
        )
        for first, again, says in (
            ("", "wrong horse", "type the passphrase at the left too"),
            ("wrong horse", "wrong", "the two differ: type it again at the right"),
        ):
            await paste_passphrase(pilot, first, again)
            await pilot.press("enter")
            await until_says(pilot, "passphrases", says)
        assert names(home / ".ssh") == []
        # A right beginning is not lost.
        assert [field.reveal() for field in fields] == ["wrong horse", "wrong"]
        await type_text(pilot, " hor")
        # Before Enter, too.
        await until_says(pilot, "passphrases", "; the two differ so far")
        await type_text(pilot, "se")
        await until_says(pilot, "passphrases", "; the two are the same")
        assert await save(pilot) == ["Saved to ~/.ssh/reporting.openssh, as openssh, encrypted"]
        assert [field.reveal() for field in fields] == ["", ""]

    play(empty_session, scene)
    assert b"OPENSSH" in (home / ".ssh" / "reporting.openssh").read_bytes()


@pytest.mark.long
def test_its_strength_is_said_while_it_is_typed(empty_session: DemoSession) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await choose(pilot, FileFormat.PPK3)
        assert "the file is not encrypted" in verdict(pilot, "passphrases")
        for phrase, words in {
            "password": "weak, an estimated 2 bits (a common word); now type it again at the right",
            "clasp yearly gotten": "fair, an estimated",
            f"{PHRASE} sadden hubcap": "strong, an estimated",
        }.items():
            await paste_passphrase(pilot, phrase, "")
            await until_says(pilot, "passphrases", words)
            assert phrase not in verdict(pilot, "passphrases")

    play(empty_session, scene)


@pytest.mark.long
@pytest.mark.parametrize("file_format", [FileFormat.PEM, FileFormat.PPK2])
def test_a_format_that_takes_no_passphrase_has_no_fields_for_one_and_keeps_what_was_typed(
    empty_session: DemoSession, home: Path, file_format: FileFormat
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await choose(pilot, file_format)
        assert verdict(pilot, "file-format").endswith(
            "gets no passphrase here: ppk3, openssh and pkcs8 do"
        )
        fields = dialog(pilot).query(PassphraseInput)
        assert [field.region.height for field in fields] == [0, 0]
        await pilot.press("tab")
        focused = dialog(pilot).focused
        assert focused is not None
        assert focused.id == "public-key"
        await choose(pilot, FileFormat.PPK3)
        assert "no passphrase" not in verdict(pilot, "file-format")
        assert [field.region.height for field in fields] == [1, 1]
        await paste_passphrase(pilot, PHRASE, PHRASE)
        await choose(pilot, file_format)
        await choose(pilot, FileFormat.OPENSSH)
        assert [field.reveal() for field in fields] == [PHRASE, PHRASE]
        # A file is not left unencrypted in silence, where a passphrase was typed.
        await choose(pilot, file_format)
        for _ in range(2):
            await pilot.press("enter")
            await until_said(
                pilot, f"{file_format.value} gets no passphrase here: the file would not"
            )
            assert names(home / ".ssh") == []
            await write_path(pilot, f"{path_of(pilot)}x")
        await pilot.press("enter")
        await until_said(pilot, "enter again saves it so")
        assert "encrypted" not in (await save(pilot))[0]

    play(empty_session, scene)
    assert len(names(home / ".ssh")) == 1


@pytest.mark.long
def test_a_pkcs8_takes_a_passphrase(empty_session: DemoSession, home: Path, run: Run) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await choose(pilot, FileFormat.PKCS8)
        await paste_passphrase(pilot, PHRASE, PHRASE)
        assert await save(pilot) == ["Saved to ~/.ssh/reporting.p8, as pkcs8, encrypted"]

    play(empty_session, scene)
    path = home / ".ssh" / "reporting.p8"
    assert b"BEGIN ENCRYPTED PRIVATE KEY" in path.read_bytes()
    run("openssl", "pkey", "-in", path, "-check", "-noout", "-passin", f"pass:{PHRASE}")
    [pair] = empty_session.backend.describe_key_pairs()
    shown = run("ssh-keygen", "-y", "-P", PHRASE, "-f", path).stdout.decode().split()
    assert " ".join(shown[:2]) == pair.public_key


@pytest.mark.long
def test_no_format_can_be_chosen_that_would_be_refused(
    empty_session: DemoSession, home: Path
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        dialog(pilot).query_one(Choice).focus()
        assert "pkcs8" not in drawn(pilot)
        await pilot.press("left")
        await until(pilot, lambda: "● openssh" in drawn(pilot), "the last")
        assert await save(pilot) == ["Saved to ~/.ssh/reporting.openssh, as openssh"]

    play(empty_session, scene, KeyType.ED25519, (60, 15))
    assert names(home / ".ssh") == ["reporting.openssh"]


@pytest.mark.long
def test_a_file_in_a_format_that_is_not_written_is_saved_again_in_another(
    empty_session: DemoSession,
) -> None:
    created = empty_session.backend.create_key_pair(key_name="web", key_type="ed25519")

    async def scene(pilot: Pilot[None]) -> None:
        form = SaveKeyMaterialScreen(empty_session, created, FileFormat.PKCS8)
        await app_of(pilot).push_screen(form)
        assert "● pem" in drawn(pilot)
        assert path_of(pilot) == "~/.ssh/web.pem"

    play(empty_session, scene)


@pytest.mark.long
def test_a_public_key_beside_no_path_has_no_name(empty_session: DemoSession) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        for path, label in {
            "~/.ssh/x.pem": "[ ] public key as ~/.ssh/x.pub",
            "": "[ ] public key too",
            "~/.ssh/": "[ ] public key too",
            "~/.ssh/y.pem": "[ ] public key as ~/.ssh/y.pub",
            "~/.ssh": "[ ] public key too",
        }.items():
            await write_path(pilot, path)
            shown = f"{label}  "
            await until(pilot, lambda s=shown: s in drawn(pilot), label)  # type: ignore[misc] # its default

    play(empty_session, scene)


@pytest.mark.long
def test_a_public_key_that_cannot_be_saved_takes_nothing_back(
    empty_session: DemoSession, home: Path
) -> None:
    (home / ".ssh" / "reporting.pub").write_text("theirs")

    async def scene(pilot: Pilot[None]) -> None:
        dialog(pilot).query_one(Toggle).focus()
        await pilot.press("space")
        await until_says(pilot, "public-key", "there is such a file, and none is overwritten")
        said = await save(pilot)
        assert said[0] == "Saved to ~/.ssh/reporting.pem, as pem"
        assert said[1].startswith(
            "The public key: Not saved: there is such a file, and none is overwritten"
        )
        await pilot.press("escape")
        await until_screen(pilot, "KeyPairListScreen")

    play(empty_session, scene)
    assert (home / ".ssh" / "reporting.pub").read_text() == "theirs"
    assert names(home / ".ssh") == ["reporting.pem", "reporting.pub"]


@pytest.mark.long
def test_a_failed_save_loses_nothing_that_was_typed(
    empty_session: DemoSession, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, data: bytes, **_: object) -> None:
        raise OSError(28, "No space left on device")

    async def scene(pilot: Pilot[None]) -> None:
        await choose(pilot, FileFormat.PPK3)
        await paste_passphrase(pilot, PHRASE, PHRASE)
        with monkeypatch.context() as patched:
            patched.setattr(files, "create_private_file", full)
            await pilot.press("enter")
            await until_says(pilot, "path", "No space left on device")
        assert app_of(pilot).screen_stack[-2].holds_key  # type: ignore[attr-defined]  # it does
        assert await save(pilot) == ["Saved to ~/.ssh/reporting.ppk, as ppk3, encrypted"]

    play(empty_session, scene)


@pytest.mark.long
def test_what_is_changed_while_it_saves_does_not_count(
    empty_session: DemoSession, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_private_file = files.create_private_file
    begun, go_on = Event(), Event()

    def slow(path: Path, data: bytes, **options: Any) -> os.stat_result:
        begun.set()
        assert go_on.wait(60)
        return create_private_file(path, data, **options)

    monkeypatch.setattr(files, "create_private_file", slow)

    async def scene(pilot: Pilot[None]) -> None:
        screen = dialog(pilot)
        await pilot.press("enter")
        await until(pilot, begun.is_set, "the save to begin")
        screen._wants_public.value = True
        await pilot.pause()
        go_on.set()
        await until_screen(pilot, "KeyMaterialScreen")

    play(empty_session, scene)
    assert sorted(path.name for path in (home / ".ssh").iterdir()) == ["reporting.pem"]


@pytest.mark.long
def test_a_second_enter_while_it_saves_changes_nothing(
    empty_session: DemoSession, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_private_file = files.create_private_file
    begun, go_on = Event(), Event()
    calls: list[Path] = []

    def slow(path: Path, data: bytes, **options: Any) -> os.stat_result:
        calls.append(path)
        begun.set()
        assert go_on.wait(60)
        return create_private_file(path, data, **options)

    monkeypatch.setattr(files, "create_private_file", slow)

    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("enter")
        await until(pilot, begun.is_set, "the save to begin")
        await pilot.press("enter", "escape")
        assert isinstance(app_of(pilot).screen, SaveKeyMaterialScreen)
        go_on.set()
        await until_screen(pilot, "KeyMaterialScreen")
        screen = app_of(pilot).screen
        assert isinstance(screen, KeyMaterialScreen)
        await until(pilot, lambda: bool(screen.query(SavedFile)), "what was saved")
        assert not screen.holds_key

    play(empty_session, scene)
    assert len(calls) == 1


@pytest.mark.long
def test_a_passphrase_is_on_no_screen_in_no_message_and_not_left_behind(
    empty_session: DemoSession,
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        screen = dialog(pilot)
        await choose(pilot, FileFormat.PPK3)
        await paste_passphrase(pilot, "c2VjcmV0", "c2VjcmV0")
        rendered = "".join(
            segment.text for strip in screen._compositor.render_strips() for segment in strip
        )
        assert "•" * 8 in rendered
        assert "c2VjcmV0" not in rendered
        for field in screen.query(PassphraseInput):
            shown = (repr(field), repr(PassphraseInput.Changed(field)), repr(field._reactives))
            assert not any("c2VjcmV0" in text for text in shown)
        field = screen.query_one("#passphrase", PassphraseInput)
        field.focus()
        await pilot.press("backspace", "X", "space")
        assert field.reveal() == "c2VjcmVX "
        await paste_passphrase(pilot, "two words\n", "")
        assert "more than one line" not in drawn(pilot)
        await paste_passphrase(pilot, "two words\nand a line", "")
        assert field.reveal() == "two words"
        assert "more than one line was pasted; the first alone was taken" in drawn(pilot)
        # Nothing of it can be copied out, by the keys that copy elsewhere.
        await pilot.press("ctrl+a", "ctrl+c", "ctrl+x")
        assert app_of(pilot).clipboard == ""
        fields = list(screen.query(PassphraseInput))
        await pilot.press("escape", "escape")
        await until_screen(pilot, "KeyMaterialScreen")
        assert [field.reveal() for field in fields] == ["", ""]

    play(empty_session, scene)


@pytest.mark.long
@pytest.mark.parametrize("size", [(80, 24), (60, 15)])
def test_every_field_is_reached_by_tab_and_is_on_the_screen(
    empty_session: DemoSession, size: tuple[int, int]
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await choose(pilot, FileFormat.PPK3)
        order = []
        for _ in range(5):
            focused = dialog(pilot).focused
            assert focused is not None
            order.append(focused.id)
            assert focused.region.bottom <= size[1] - 1
            await pilot.press("tab")
        assert order == ["file-format", "passphrase", "again", "public-key", "path"]

    play(empty_session, scene, size=size)


@pytest.mark.long
def test_the_list_is_exported_without_a_question_to_a_name_that_is_free(
    demo_session: DemoSession, home: Path
) -> None:
    home.chmod(0o755)

    async def run() -> None:
        async with KeyPairsApp(demo_session).run_test(size=(80, 24)) as pilot:
            await until_loaded(pilot)
            for _ in range(2):
                await pilot.press("e")
                await until_screen(pilot, "ExportScreen")
                await pilot.press("enter")
                await until_screen(pilot, "KeyPairListScreen")

    asyncio.run(run())
    first, second = home / "key-pairs-us-east-1.json", home / "key-pairs-us-east-1-2.json"
    assert first.read_bytes() == second.read_bytes() != b""


def test_an_export_that_fails_keeps_the_path(
    demo_session: DemoSession, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise SaveError("Not saved: no.")

    monkeypatch.setattr(export, "export", refuse)

    async def run() -> None:
        async with KeyPairsApp(demo_session).run_test(size=(80, 24)) as pilot:
            await until_loaded(pilot)
            await pilot.press("e")
            await until_screen(pilot, "ExportScreen")
            await pilot.press("enter")
            screen = app_of(pilot).screen
            line = screen.query_one(VerdictLine)
            await until(pilot, lambda: "Not saved: no." in line.verdict.text, "the failure")
            assert screen.query_one(PathField).path == "~/key-pairs-us-east-1.json"

    asyncio.run(run())


@pytest.mark.long
def test_a_path_without_end_leaves_the_rest_of_the_form_in_sight(
    empty_session: DemoSession,
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await write_path(pilot, "~/" + "x" * 5_000 + "/web.pem")
        toggle = dialog(pilot).query_one(Toggle)
        await until(pilot, lambda: "web.pub" in drawn(pilot), "the end of the path")
        assert toggle.size.height == 3

    play(empty_session, scene)


@pytest.mark.long
def test_the_right_arrow_completes_the_path_folder_by_folder(
    empty_session: DemoSession, home: Path
) -> None:
    (home / ".ssh" / "old").mkdir()

    async def scene(pilot: Pilot[None]) -> None:
        field = dialog(pilot).query_one(PathField)
        await pilot.press("ctrl+u")
        await type_text(pilot, "~/.s")
        for path in ("~/.ssh/", "~/.ssh/old/"):
            await until(pilot, lambda path=path: field._input._suggestion == path, path)  # type: ignore[misc] # mypy cannot infer the default
            await pilot.press("right")
            assert field.path == path

    play(empty_session, scene, KeyType.ED25519)


@pytest.mark.long
@SIZES
def test_letters_typed_on_a_choice_go_nowhere_where_a_passphrase_is_typed(
    empty_session: DemoSession, size: tuple[int, int]
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        def says(words: str) -> Callable[[], bool]:
            line = dialog(pilot).query_one(FactLine)
            return lambda: str(line.visual) == words

        box, again = dialog(pilot).query_one(Toggle), dialog(pilot).query(PassphraseInput)[1]
        choice = dialog(pilot).query_one(Choice)
        dialog(pilot).set_focus(box)
        await pilot.press("s")
        way = "space switches it; ↑ leads to Path"
        await until(pilot, says(way), way)
        await choose(pilot, FileFormat.OPENSSH)
        await until(pilot, lambda: again in dialog(pilot).focus_chain, "a format that is encrypted")
        for widget, way in (
            (box, "space switches it; ↑ leads to Passphrase"),
            (choice, "← → choose; ↑ leads to Path; tab leads to Passphrase"),
        ):
            show_briefly(pilot.app, "")
            dialog(pilot).set_focus(widget)
            await pilot.press("s", "1")
            await until(pilot, says(way), way)
            show_briefly(pilot.app, "")
            widget.post_message(Paste("23"))
            await until(pilot, says(way), way)
            assert widget.has_focus
        assert not any(field.reveal() for field in dialog(pilot).query(PassphraseInput))
        assert path_of(pilot) == "~/.ssh/reporting.openssh"

    play(empty_session, scene, size=size)
