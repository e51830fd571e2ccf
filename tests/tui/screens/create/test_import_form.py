"""The form that imports a public key."""

import subprocess
import time
from base64 import b64encode
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from rich.text import Text
from textual.events import Key, Paste
from textual.pilot import Pilot

from core.custody.pub_files import LARGEST
from core.custody.rotation import NOTHING_REPLACED
from core.keys.reading import import_material
from tests.demo import DemoSession
from tests.helpers import PUBLIC_KEY
from tests.tui.driving import app_of, drawn, play, until, until_screen
from tui.screens.create.import_key_pair import ImportKeyPairScreen
from tui.screens.create.key_text import KeyText
from tui.screens.placed_screen import RegionChanged
from tui.widgets.text_input import TextInput
from tui.words.verdict import Tone, Verdict

_RSA = b"\0\0\0\x07ssh-rsa\0\0\0\x03\1\0\1\0\0\1\1\0" + b"\xc5" * 256
RSA_KEY = f"ssh-rsa {b64encode(_RSA).decode()}"
"""The public half of one that nobody has, with 2,048 bits."""


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
    # What was judged as the form opened may be said only now: the text has come to the form first.
    await pilot.pause()
    await until(pilot, lambda: judged(screen).text != "…", "the verdict")
    return judged(screen)


def name(screen: ImportKeyPairScreen) -> str:
    return screen.query_one("#key-name", TextInput).value


@pytest.mark.long
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
    empty_session: DemoSession, home: Path, bits: int, words: str | None
) -> None:
    path = home / "old"
    command = ["ssh-keygen", "-q", "-t", "rsa", "-b", str(bits), "-N", "", "-f", str(path)]
    subprocess.run(command, check=True, timeout=60)

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

    play(empty_session, scene)
    assert [pair.key_name for pair in empty_session.backend.describe_key_pairs()] == ["old"]


def typed(screen: ImportKeyPairScreen, text: str) -> None:
    screen.query_one("#key-name", TextInput).value = text


@pytest.mark.long
@pytest.mark.parametrize(
    ("before", "then"),
    [
        pytest.param(lambda screen: None, ["laptop", "laptop", "spare"], id="empty"),
        pytest.param(lambda screen: typed(screen, "mine"), ["mine"] * 3, id="typed"),
    ],
)
def test_the_path_of_a_public_key_offers_its_name(
    empty_session: DemoSession,
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

    play(empty_session, scene)


async def until_judged(pilot: Pilot[None], screen: ImportKeyPairScreen, start: str) -> None:
    await until(pilot, lambda: judged(screen).text.startswith(start), start)


def outcome(screen: ImportKeyPairScreen) -> str:
    return screen.fact_line.verdict.text


@pytest.mark.long
def test_a_picked_file_is_dry_run_and_what_is_typed_goes_to_its_end(
    empty_session: DemoSession, home: Path
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
        allowed = "you may import it (DryRunOperation)"
        await until(pilot, lambda: allowed in outcome(screen), "the answer")
        assert screen.query_one(KeyText).text == "~/.ssh/laptop.pub"
        await pilot.press("x")
        assert screen.query_one(KeyText).text.endswith("laptop.pubx")

    play(empty_session, scene)
    assert empty_session.backend.describe_key_pairs() == ()


@pytest.mark.long
def test_a_dry_run_asks_whatever_the_key_is_and_says_what_enter_would_refuse(
    empty_session: DemoSession, home: Path
) -> None:
    (home / ".ssh" / "private").write_text("-----BEGIN OPENSSH PRIVATE KEY-----\nabc")
    (home / ".ssh" / "binary.pub").write_bytes(b"\xff\0")

    async def scene(pilot: Pilot[None]) -> None:
        screen = await open_form(pilot)
        screen.query_one("#key-name", TextInput).value = "web"
        for text, refusal in {
            "": "the public key is empty",
            "xx": "This is not a public key",
            "nope.pub": "nope.pub cannot be read: No such file or directory",
            "~/.ssh": "cannot be read: not a regular file",
            "~/.ssh/private": "This is a private key",
            "~/.ssh/binary.pub": "It is not a public key file",
            "'~/.ssh/x.pub'": "the path without them",
            PUBLIC_KEY[:60]: "The key is damaged: a field is longer than what is left",
        }.items():
            screen.say(Verdict(""))
            # At once: what is said of it is waited for.
            screen.query_one(KeyText).text = text
            screen.action_dry_run()
            await until(pilot, lambda: outcome(screen).startswith("you may"), "the answer")
            both = "you may import it (DryRunOperation), and enter would refuse it: "
            assert outcome(screen).startswith(both)
            assert outcome(screen).endswith(refusal)
        # Of a name the reason is told, not how long it is.
        screen.query_one("#key-name", TextInput).value = "é"
        await until(pilot, lambda: outcome(screen) == "", "that it is over")
        screen.action_dry_run()
        await until(pilot, lambda: outcome(screen).startswith("you may"), "the answer")
        assert outcome(screen) == f"{both}é is not an ASCII character"

    play(empty_session, scene)


@pytest.mark.long
def test_on_the_way_to_a_pub_file_the_private_key_beside_it_is_no_alarm(
    empty_session: DemoSession, home: Path
) -> None:
    (home / ".ssh" / "id").write_text("-----BEGIN OPENSSH PRIVATE KEY-----\nabc")

    async def scene(pilot: Pilot[None]) -> None:
        screen = await open_form(pilot)
        said = await give(pilot, screen, "~/.ssh/id")
        assert (said.tone, said.text[:21]) == (Tone.BAD, "This is a private key")
        (home / ".ssh" / "id.pub").write_text(PUBLIC_KEY)
        for text, tone, words in (
            ("~/.ssh/i", Tone.BAD, "cannot be read"),
            (
                "~/.ssh/id",
                Tone.CAUTION,
                "this is no public key; the file ~/.ssh/id.pub beside it may hold one",
            ),
            ("~/.ssh/id.pub", Tone.GOOD, "ed25519"),
        ):
            said = await give(pilot, screen, text)
            assert said.tone is tone
            assert words in said.text

    play(empty_session, scene)


@pytest.mark.long
def test_the_same_key_under_another_name_is_named(empty_session: DemoSession) -> None:
    empty_session.backend.import_key_pair(key_name="first", public_key_material=PUBLIC_KEY)

    async def scene(pilot: Pilot[None]) -> None:
        screen = await open_form(pilot)
        said = await give(pilot, screen, f"{PUBLIC_KEY} someone")
        assert said.text.startswith("the same key as first · ed25519 256 bits")
        assert said.tone is Tone.CAUTION
        screen.query_one("#key-name", TextInput).value = "second"
        await pilot.press("enter")
        await until_screen(pilot, "KeyPairListScreen")

    play(empty_session, scene)
    assert [pair.key_name for pair in empty_session.backend.describe_key_pairs()] == [
        "first",
        "second",
    ]


@pytest.mark.long
def test_the_name_of_a_file_is_a_path_wherever_it_begins(
    empty_session: DemoSession, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / ".ssh" / "laptop.pub").write_text(PUBLIC_KEY)
    monkeypatch.chdir(home)

    async def scene(pilot: Pilot[None]) -> None:
        screen = await open_form(pilot)
        said = await give(pilot, screen, ".ssh/laptop.pub")
        assert said.text.startswith("ed25519 256 bits")
        assert said.text.endswith("; from ~/.ssh/laptop.pub")
        said = await give(pilot, screen, "laptop.pub")
        assert said.text == "~/laptop.pub cannot be read: No such file or directory"

    play(empty_session, scene)


@pytest.mark.long
def test_a_relative_path_is_read_as_people_type_it_and_a_key_is_never_taken_for_one(
    empty_session: DemoSession, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "my keys" / "prod").mkdir(parents=True)
    for path in (".ssh/bob.pem", "my keys/prod/x.pub", "my keys/prod/bob", "copy.pem"):
        (home / path).write_text(PUBLIC_KEY)
    monkeypatch.chdir(home)

    async def scene(pilot: Pilot[None]) -> None:
        screen = await open_form(pilot)
        for path in (".ssh/bob.pem", "my keys/prod/x.pub", "my keys/prod/bob", "copy.pem"):
            said = await give(pilot, screen, path)
            assert said.text.startswith("ed25519 256 bits")
            assert said.text.endswith(f"; from ~/{path}")
            await until(pilot, lambda path=path: name(screen) == Path(path).stem, "the name")  # type: ignore[misc] # its default
        for text, words in {
            "..": "cannot be read: not a regular file",
            ".ssh/nobody": "~/.ssh/nobody cannot be read: No such file or directory",
            'my keys/"prod"/x.pub': "quotes",
            "my keys\\prod": "type / between folders",
            "~nobody-of-that-name/x": "there is no such user",
            "nothing.pem": "This is not a public key.",
            "https://example.org/x": "This is not a public key.",
            f"{PUBLIC_KEY[:60]} me/you": "The key is damaged",
            f'from="10.0.0.0/8" {PUBLIC_KEY}': "Something stands before the key type",
            f"256 SHA256:{'a/' * 21}b me (ED25519)": "This is not a public key.",
        }.items():
            assert words in (await give(pilot, screen, text)).text
        field = screen.query_one(KeyText)
        field.focus()
        field.text = "my k"
        field.move_cursor(field.document.end)
        await until(pilot, lambda: field.suggestion == "eys/", "how it goes on")

    play(empty_session, scene)


@pytest.mark.long
def test_a_path_is_completed_and_one_of_a_shell_is_named_as_what_it_is(
    empty_session: DemoSession, home: Path
) -> None:
    (home / ".ssh" / "laptop.pub").write_text(PUBLIC_KEY)
    (home / ".ssh" / "laptop").touch()  # the private key, which is not for this form

    async def scene(pilot: Pilot[None]) -> None:
        screen = await open_form(pilot)
        field = screen.query_one(KeyText)

        def suggests(whole: str) -> bool:
            return field.text + field.suggestion == whole

        field.focus()
        field.text = "fileb://~/.s"
        field.move_cursor(field.document.end)
        for whole in ("fileb://~/.ssh/", "fileb://~/.ssh/laptop.pub"):
            if not field.suggestion:
                await pilot.press(*("l" if whole.endswith("pub") else ""))
            await until(pilot, partial(suggests, whole), whole)
            await pilot.press("right")
            assert field.text == whole
        await until(pilot, lambda: judged(screen).text.startswith("ed25519 256 bits"), "the key")
        await pilot.press("left")
        assert field.suggestion == ""
        shells = {
            "'~/.ssh/laptop.pub'": "quotes",
            "~/my\\ keys/id.pub": "type the character behind it",
            "my\\ keys/id.pub": "type the character behind it",
            "$HOME/.ssh/laptop.pub": "variable of the shell",
            "C:\\keys\\laptop.pub": "path of Windows",
        }
        said = {text: (await give(pilot, screen, text)).text for text in shells}
        assert [text for text, words in shells.items() if words not in said[text]] == []
        (home / 'it\'s "mine".pub').write_text(PUBLIC_KEY)
        for text in (f'{home}/it\'s "mine".pub', f"{PUBLIC_KEY} sam's\\ key in /tmp/$HOME/x.pub"):
            assert (await give(pilot, screen, text)).text.startswith("ed25519 256 bits")

    play(empty_session, scene)


@pytest.mark.long
def test_what_is_wrong_with_a_path_is_said_beside_it_and_above_the_hints(
    empty_session: DemoSession, home: Path
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        screen = await open_form(pilot)
        screen.query_one("#key-name", TextInput).value = "etc"
        said = await give(pilot, screen, str(home))
        await pilot.press("enter")
        await until(pilot, lambda: not screen._body.disabled, "the refusal")
        await until(pilot, lambda: screen.focused is screen.query_one(KeyText), "the focus")
        assert judged(screen) == said
        assert outcome(screen) == said.text

    play(empty_session, scene)


@pytest.mark.long
def test_in_a_low_window_a_refusal_is_said_once_in_full_and_stays_in_sight(
    empty_session: DemoSession,
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        screen = await open_form(pilot)
        await give(pilot, screen, RSA_KEY)
        await pilot.press("enter")
        await until(pilot, lambda: bool(outcome(screen)), "the refusal")
        await until(pilot, lambda: not screen._body.disabled, "the end of it")
        ours = "the name: it is empty; type 1 to 255 ASCII characters"
        assert outcome(screen) == ours
        by_ec2 = "MissingParameter: The request must contain the parameter KeyName"
        assert screen._fields["key_name"].verdict.text == f"{ours} ({by_ec2})"
        assert drawn(pilot).count("MissingParameter") == 1
        # What takes the room of the field below does not push its verdict out of sight.
        screen.query_one("#key-name", TextInput).value = "web"
        said = await give(pilot, screen, RSA_KEY[:-4])
        await pilot.press("enter")
        await until(pilot, lambda: "InvalidKey.Format" in drawn(pilot), "the refusal")
        await until(pilot, lambda: screen.focused is screen.query_one(KeyText), "the focus")
        shown = screen._fields["public_key_material"]
        await until(
            pilot, lambda: screen._body.region.contains_region(shown.region), "the field in sight"
        )
        assert said.text.startswith("The key is damaged")
        assert " format) " in drawn(pilot)

    play(empty_session, scene, (60, 15))


@pytest.mark.long
def test_a_change_of_another_session_does_not_cover_a_refusal(empty_session: DemoSession) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        screen = await open_form(pilot)
        await give(pilot, screen, RSA_KEY)
        await pilot.press("enter")
        await until(pilot, lambda: "MissingParameter" in drawn(pilot), "the refusal")
        await until(pilot, lambda: not screen._body.disabled, "the end of it")
        # On a slow host it comes before the name was judged for the first time.
        screen._name_judged = None
        screen.post_message(RegionChanged({}, NOTHING_REPLACED))
        await until(pilot, lambda: screen._name_judged is not None, "the judging")
        await pilot.pause()
        assert "MissingParameter" in screen._fields["key_name"].verdict.text

    play(empty_session, scene)


@pytest.mark.long
def test_a_key_that_takes_several_rows_is_one_line_to_the_keys_that_delete(
    empty_session: DemoSession,
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        screen = await open_form(pilot)
        field = screen.query_one(KeyText)
        await give(pilot, screen, RSA_KEY)
        field.focus()
        field.move_cursor((0, 300))
        await pilot.press("ctrl+k")
        assert field.text == RSA_KEY[:300]
        await pilot.press("ctrl+u")
        assert field.text == ""
        # Of several lines, only the one that the cursor is on; then the lines are joined.
        field.text = "one\ntwo\nthree"
        field.move_cursor((1, 2))
        await pilot.press("ctrl+u")
        assert field.text == "one\no\nthree"
        await pilot.press("ctrl+k", "ctrl+k")
        assert field.text == "one\nthree"
        await pilot.press("ctrl+u")
        assert field.text == "onethree"
        # From the end all of it goes, and a whole key takes the place of what was pasted before.
        wrapped = "\n".join(RSA_KEY[n : n + 60] for n in range(0, len(RSA_KEY), 60))
        for empties in (True, False):
            await give(pilot, screen, wrapped)
            field.move_cursor(field.document.end)
            if empties:
                await pilot.press("ctrl+u")
                assert field.text == ""
            await paste(pilot, f"{RSA_KEY}\n")
            await until(pilot, lambda: field.text.strip() == RSA_KEY, "the key alone")
            field.select_all()

    play(empty_session, scene, (60, 15))


@pytest.mark.long
def test_what_was_left_empty_is_said_in_plain_words_before_those_of_ec2(
    empty_session: DemoSession,
) -> None:
    async def refused(pilot: Pilot[None], screen: ImportKeyPairScreen, field: str) -> str:
        await pilot.press("enter")
        await until(pilot, lambda: bool(outcome(screen)), "the refusal")
        await until(pilot, lambda: not screen._body.disabled, "the end of it")
        assert screen.focused is screen._fields[field].control
        return outcome(screen)

    async def scene(pilot: Pilot[None]) -> None:
        screen = await open_form(pilot)
        # The texts of EC2 are those of tests/core/local/test_answers.py.
        by_ec2 = "MissingParameter: The request must contain the parameter"
        said = await refused(pilot, screen, "key_name")
        assert said.endswith(f"({by_ec2} KeyName)")
        screen.query_one("#key-name", TextInput).value = "web"
        await until(pilot, lambda: not outcome(screen), "the form")
        said = await refused(pilot, screen, "public_key_material")
        assert said == f"The public key is empty ({by_ec2} PublicKeyMaterial)"

    play(empty_session, scene)


@pytest.mark.long
@pytest.mark.parametrize("pasted", [PUBLIC_KEY, "-----BEGIN OPENSSH PRIVATE KEY-----"])
def test_a_key_that_was_pasted_as_the_name_is_noticed(
    empty_session: DemoSession, pasted: str
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        screen = await open_form(pilot)
        field = screen._fields["key_name"]
        screen.query_one("#key-name", TextInput).value = pasted
        await until(pilot, lambda: field.verdict.tone is Tone.CAUTION, "the caution")
        assert "looks like a key and not like a name" in field.verdict.text
        screen.query_one("#key-name", TextInput).value = "ssh-rsa AAA"
        await until(pilot, lambda: field.verdict.tone is Tone.GOOD, "a name of EC2's")

    play(empty_session, scene)


@pytest.mark.long
def test_a_damaged_region_is_said_beside_the_name_and_above_the_hints(
    empty_session: DemoSession, home: Path
) -> None:
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
        assert outcome(screen) == before.text

    play(empty_session, scene)


# A private key given by mistake --------------------------------------------------------------

SAID = "This is a private key. Nothing of it was kept."


def private_key(form: str) -> str:
    """Return an RSA key as people have it at hand; DER as base64 without its armour."""
    command = ["openssl", "genrsa", *(["-traditional"] if form == "PKCS#1" else []), "2048"]
    done = subprocess.run(command, check=True, timeout=60, capture_output=True, text=True)
    lines = done.stdout.splitlines(keepends=True)
    return "".join(lines[1:-1] if form == "bare" else lines)


async def paste(pilot: Pilot[None], text: str) -> Paste:
    event = Paste(text)
    app_of(pilot).post_message(event)
    await pilot.pause()
    return event


def history(field: KeyText) -> str:
    stacks = (field.history._undo_stack, field.history._redo_stack)
    return "".join(edit.text for stack in stacks for batch in stack for edit in batch)


@pytest.mark.long
@pytest.mark.parametrize(
    ("form", "before"), [("PKCS#1", "what was typed"), ("PKCS#8", ""), ("bare", "what was typed")]
)
def test_a_pasted_private_key_is_refused_whole_and_nothing_else_is_lost(
    empty_session: DemoSession, form: str, before: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pem = private_key(form)
    secret = pem.splitlines()[5]
    shown: list[str] = []
    get_line = KeyText.get_line

    def note(field: KeyText, index: int) -> Text:
        line = get_line(field, index)
        shown.append(line.plain)
        return line

    monkeypatch.setattr(KeyText, "get_line", note)

    async def scene(pilot: Pilot[None]) -> None:
        screen = await open_form(pilot)
        field = screen.query_one(KeyText)
        typed(screen, "mine")
        field.focus()
        if before:
            await paste(pilot, before)
            await until_judged(pilot, screen, "This is not a public key")
        event = await paste(pilot, pem)
        await until_judged(pilot, screen, SAID)
        await pilot.pause(0.1)
        assert judged(screen).text.startswith(SAID)
        assert judged(screen).tone is Tone.BAD
        assert field.text == before
        assert name(screen) == "mine"
        assert event.text == ""
        assert secret not in history(field)
        assert secret not in drawn(pilot)
        # What is given next is judged as ever.
        field.load_text("")
        await paste(pilot, PUBLIC_KEY)
        await until_judged(pilot, screen, "ed25519 256 bits")

    play(empty_session, scene)
    assert not any(secret in line for line in shown)


def key_of_character(character: str) -> Key:
    return Key("enter", "\r") if character == "\n" else Key(character, character)


@pytest.mark.long
@pytest.mark.parametrize("form", ["PKCS#1", "PKCS#8"])
def test_a_private_key_that_is_poured_in_as_keys_leaves_nothing(
    empty_session: DemoSession, form: str
) -> None:
    pem = private_key(form)

    async def scene(pilot: Pilot[None]) -> None:
        screen = await open_form(pilot)
        field = screen.query_one(KeyText)
        typed(screen, "mine")
        field.focus()
        await pilot.pause()
        for character in pem:
            app_of(pilot).post_message(key_of_character(character))
        await until_judged(pilot, screen, SAID)
        await pilot.pause(0.5)
        assert judged(screen).text.startswith(SAID)
        assert field.text == history(field) == ""
        # The Enter at the end of a line has asked for nothing.
        assert outcome(screen) == ""
        # Then the person types, and is heard.
        await pilot.pause(1.1)
        await pilot.press("x")
        assert field.text == "x"

    play(empty_session, scene)
    assert empty_session.backend.describe_key_pairs() == ()


@pytest.mark.long
def test_what_becomes_a_private_key_only_in_the_field_is_cleared_and_cannot_be_undone(
    empty_session: DemoSession,
) -> None:
    start, mark, rest = private_key("PKCS#1").partition("PRIVATE KEY-----\n")
    rest = rest.partition("-----END")[0]  # with its last line it is a private key by itself
    secret = rest.splitlines()[5]

    async def scene(pilot: Pilot[None]) -> None:
        screen = await open_form(pilot)
        field = screen.query_one(KeyText)
        field.focus()
        await paste(pilot, start)
        await until_judged(pilot, screen, "This is a PEM block")
        assert field.text == start
        await paste(pilot, mark + rest)
        await until_judged(pilot, screen, SAID)
        await pilot.pause(0.1)
        assert judged(screen).text.startswith(SAID)
        assert field.text == history(field) == ""
        field.undo()
        field.redo()
        assert field.text == ""
        assert secret not in drawn(pilot)

    play(empty_session, scene)


@pytest.mark.long
def test_a_path_stays_one_whatever_the_file_is_called_or_holds(
    empty_session: DemoSession, home: Path
) -> None:
    path = home / ".ssh" / "PuTTY-User-Key-File-3.pub"
    path.write_text(private_key("PKCS#1"))

    async def scene(pilot: Pilot[None]) -> None:
        screen = await open_form(pilot)
        field = screen.query_one(KeyText)
        field.focus()
        await paste(pilot, str(path))
        await until_judged(pilot, screen, SAID)
        assert field.text == str(path)
        await pilot.press("x")
        assert field.text == f"{path}x"
        # Behind the word of a path it is a private key all the same.
        field.load_text("")
        await paste(pilot, f"/x\n{path.read_text()}")
        await until_judged(pilot, screen, SAID)
        assert field.text == ""

    play(empty_session, scene)


def test_the_largest_paste_is_judged_at_once() -> None:
    assert import_material.private_key_refusal("x") is None  # loads what is needed
    for text in ("-" * LARGEST, ("-----BEGIN " + "A" * 40) * (LARGEST // 51), "MIIE" * 16384):
        start = time.thread_time()
        assert import_material.private_key_refusal(text) is None
        assert time.thread_time() - start < 0.2


@pytest.mark.long
def test_a_path_that_was_typed_as_the_name_is_noticed(empty_session: DemoSession) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        screen = await open_form(pilot)
        field = screen._fields["key_name"]
        words = "this looks like a path: the public key's field is below"
        for path in ("~/.ssh/web.pub", "./web", "/home/web"):
            screen.query_one("#key-name", TextInput).value = path
            await until(pilot, lambda: field.verdict == Verdict(words, Tone.CAUTION), path)
            screen.query_one("#key-name", TextInput).value = "web"
            await until(pilot, lambda: "free in" in field.verdict.text, "a name")

    play(empty_session, scene)


@pytest.mark.long
def test_a_fingerprint_is_parted_behind_a_colon(empty_session: DemoSession) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        screen = await open_form(pilot)
        said = (await give(pilot, screen, RSA_KEY)).text
        fingerprint = said.rpartition(" ")[2]
        assert fingerprint.count(":") > 10
        shown = [line.strip() for line in drawn(pilot).split("\n")]
        at = next(i for i, line in enumerate(shown) if "EC2 will show" in line)
        first = shown[at].rpartition(" ")[2]
        assert first.endswith(":")
        assert first + shown[at + 1] == fingerprint

    play(empty_session, scene, (60, 15))
