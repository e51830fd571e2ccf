"""The form that imports a public key."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.demo import DemoService
from tests.tui.driving import app_of, play, until, until_screen
from tui.screens.import_key_pair import ImportKeyPairScreen
from tui.tone import Tone, Verdict
from tui.widgets.key_text import KeyText
from tui.widgets.text_input import TextInput

PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIIRGSddLuiVl/GOw0Dp5qWTswtUtUBJNpzS8zyLNhoY"


async def open_form(pilot: Pilot[None]) -> ImportKeyPairScreen:
    await pilot.press("i")
    await until_screen(pilot, "ImportKeyPairScreen")
    screen = app_of(pilot).screen
    assert isinstance(screen, ImportKeyPairScreen)
    return screen


def judged(screen: ImportKeyPairScreen) -> Verdict:
    return screen._fields["public_key_material"]._verdict.verdict


async def give(pilot: Pilot[None], screen: ImportKeyPairScreen, text: str) -> Verdict:
    """Put a text into the field of the public key, and return what is said of it."""
    screen._fields["public_key_material"].show(Verdict("…"))
    screen.query_one(KeyText).text = text
    await until(pilot, lambda: judged(screen).text != "…", "the verdict")
    return judged(screen)


def name(screen: ImportKeyPairScreen) -> str:
    return screen.query_one("#key-name", TextInput).value


@pytest.mark.parametrize(
    ("bits", "words"),
    [
        (
            1024,
            "it is weak: NIST has disallowed fewer than 2,048 bits since 2014",
        ),
        (2048, None),
    ],
)
def test_a_short_rsa_key_is_taken_with_a_warning(
    empty_service: DemoService, home: Path, bits: int, words: str | None
) -> None:
    path = home / "old"
    command = ["ssh-keygen", "-q", "-t", "rsa", "-b", str(bits), "-N", "", "-f", str(path)]
    subprocess.run(command, check=True, timeout=30)

    async def scene(pilot: Pilot[None]) -> None:
        screen = await open_form(pilot)
        said = await give(pilot, screen, path.with_suffix(".pub").read_text())
        assert said.text.startswith(f"rsa {bits} bits")
        assert "EC2 will show " in said.text
        assert said.tone is (Tone.CAUTION if words else Tone.GOOD)
        assert ("NIST" in said.text) is bool(words)
        assert words is None or words in said.text
        screen.query_one("#key-name", TextInput).value = "old"
        await pilot.press("enter")
        await until_screen(pilot, "KeyPairListScreen")

    play(empty_service, scene)
    assert [pair.key_name for pair in empty_service.describe_key_pairs()] == ["old"]


def typed(screen: ImportKeyPairScreen, text: str) -> None:
    screen.query_one("#key-name", TextInput).value = text


@pytest.mark.parametrize(
    ("before", "then"),
    [
        pytest.param(lambda screen: None, ["laptop", "laptop", "spare"], id="empty"),
        pytest.param(lambda screen: typed(screen, "mine"), ["mine"] * 3, id="typed"),
    ],
)
def test_the_path_of_a_public_key_offers_its_name(
    empty_service: DemoService,
    home: Path,
    before: Callable[[ImportKeyPairScreen], None],
    then: list[str],
) -> None:
    for stem in ("laptop", "spare"):
        (home / ".ssh" / f"{stem}.pub").write_text(PUBLIC_KEY)
    (home / ".ssh" / "other.pub").write_text("no key")

    async def scene(pilot: Pilot[None]) -> None:
        screen = await open_form(pilot)
        before(screen)
        await pilot.pause()
        names = []
        for stem in ("laptop", "other", "spare"):
            await give(pilot, screen, f"~/.ssh/{stem}.pub")
            await pilot.pause()
            names.append(name(screen))
        assert names == then
        # What was offered and then changed is the person's own.
        typed(screen, "changed")
        await give(pilot, screen, "~/.ssh/laptop.pub")
        assert name(screen) == "changed"

    play(empty_service, scene)


async def until_judged(pilot: Pilot[None], screen: ImportKeyPairScreen, start: str) -> None:
    await until(pilot, lambda: judged(screen).text.startswith(start), start)


def outcome(screen: ImportKeyPairScreen) -> str:
    return screen._outcome.verdict.text


def test_a_picked_file_is_dry_run_and_what_is_typed_goes_to_its_end(
    empty_service: DemoService, home: Path
) -> None:
    (home / ".ssh" / "laptop.pub").write_text(PUBLIC_KEY)

    async def scene(pilot: Pilot[None]) -> None:
        screen = await open_form(pilot)
        await pilot.press("tab", "ctrl+o")
        await until_screen(pilot, "PickScreen")
        await pilot.press("enter")
        await until_screen(pilot, "ImportKeyPairScreen")
        await until_judged(pilot, screen, "ed25519 256 bits")
        await pilot.press("ctrl+d")
        await until(pilot, lambda: outcome(screen).startswith("DryRunOperation"), "the answer")
        assert screen.query_one(KeyText).text == str(home / ".ssh" / "laptop.pub")
        await pilot.press("x")
        assert screen.query_one(KeyText).text.endswith("laptop.pubx")

    play(empty_service, scene)
    assert empty_service.describe_key_pairs() == ()


def test_the_same_key_under_another_name_is_named(empty_service: DemoService) -> None:
    empty_service.import_key_pair(key_name="first", public_key_material=PUBLIC_KEY)

    async def scene(pilot: Pilot[None]) -> None:
        screen = await open_form(pilot)
        said = await give(pilot, screen, f"{PUBLIC_KEY} someone")
        assert said.text.startswith("the same key as first · ed25519 256 bits")
        assert said.tone is Tone.CAUTION
        screen.query_one("#key-name", TextInput).value = "second"
        await pilot.press("enter")
        await until_screen(pilot, "KeyPairListScreen")

    play(empty_service, scene)
    assert [pair.key_name for pair in empty_service.describe_key_pairs()] == ["first", "second"]


def test_the_name_of_a_file_is_a_path_wherever_it_begins(
    empty_service: DemoService, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / ".ssh" / "laptop.pub").write_text(PUBLIC_KEY)
    monkeypatch.chdir(home)

    async def scene(pilot: Pilot[None]) -> None:
        screen = await open_form(pilot)
        said = await give(pilot, screen, ".ssh/laptop.pub")
        assert said.text.startswith("ed25519 256 bits")
        said = await give(pilot, screen, "laptop.pub")
        assert said.text == "cannot be read: No such file or directory"

    play(empty_service, scene)


def test_what_is_wrong_with_a_path_is_said_once_and_beside_it(
    empty_service: DemoService, home: Path
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        screen = await open_form(pilot)
        screen.query_one("#key-name", TextInput).value = "etc"
        said = await give(pilot, screen, str(home))
        await pilot.press("enter")
        await until(pilot, lambda: not screen._body.disabled, "the refusal")
        await until(pilot, lambda: screen.focused is screen.query_one(KeyText), "the focus")
        assert judged(screen) == said
        assert outcome(screen) == ""

    play(empty_service, scene)


def test_a_damaged_region_is_said_once(empty_service: DemoService, home: Path) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        screen = await open_form(pilot)
        (home / "data").mkdir(exist_ok=True)
        (home / "data" / "us-east-1.json").write_text("{")
        screen.query_one("#key-name", TextInput).value = "web"
        field = screen._fields["key_name"]
        await until(pilot, lambda: field.verdict.tone is Tone.BAD, "the verdict")
        await give(pilot, screen, PUBLIC_KEY)
        before = field.verdict
        await pilot.press("enter")
        await pilot.pause(0.1)
        await until(pilot, lambda: not screen._body.disabled, "the refusal")
        assert field.verdict == before
        assert outcome(screen) == ""

    play(empty_service, scene)
