"""The list over EC2: what it said last, then its answer, and what is said where none comes."""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from botocore import utils as botocore_utils  # type: ignore[import-untyped]  # it has no types
from botocore.parsers import EC2QueryParser  # type: ignore[import-untyped]  # likewise
from textual.pilot import Pilot

from core.ec2.place import Ec2Choice
from core.settings import open_session
from core.store.region_store import RegionStore
from tests.core.store_records import write_region
from tests.ec2_server import ACCOUNT, Ec2Server
from tests.tui.driving import (
    app_of,
    create,
    drawn,
    press_alone,
    save,
    text_of,
    type_text,
    until,
    until_list,
    until_screen,
)
from tests.tui.over_ec2 import Play, first_line, play_over_ec2, server
from tui.app import KeyPairsApp, ask_code
from tui.screens.list import ec2_questions
from tui.screens.list.bringing_back import bring_back
from tui.screens.list.key_pair_list import KeyPairListScreen
from tui.screens.list.key_pair_table import KeyPairTable
from tui.widgets.fact_line import FactLine
from tui.widgets.pick_list import PickList
from tui.words.text import short_path
from tui.work import file_watch
from tui.work.batches import is_running

__all__ = ["play_over_ec2", "server"]


def add(server: Ec2Server, *names: str) -> None:
    """Create pairs in EC2 behind the app's back."""
    for name in names:
        server.client_of("us-east-1").create_key_pair(KeyName=name, KeyType="ed25519")


def words(pilot: Pilot[None]) -> str:
    """Return what is on the screen, wherever its lines end."""
    return " ".join(drawn(pilot).replace("│", " ").split())


def seen_before(home: Path) -> None:
    """Have EC2's pairs on this machine, as another session of the program leaves them."""
    open_session(None, home / "data", ec2=Ec2Choice()).backend.describe_key_pairs()


def test_the_top_line_says_whose_pairs_these_are_and_who_answers(
    play_over_ec2: Play, server: Ec2Server
) -> None:
    add(server, "ci")
    host = server.url.removeprefix("http://")

    async def scene(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "1 pair " in first_line(pilot), "the pair")
        assert f" EC2 default  {host} us-east-1 " in first_line(pilot)
        assert "   1 pair " in first_line(pilot)
        assert first_line(pilot).endswith(f"{ACCOUNT} anna")

    play_over_ec2(scene)


@pytest.mark.long
def test_what_another_session_was_told_by_ec2_is_shown_and_ec2_is_not_asked(
    play_over_ec2: Play, server: Ec2Server, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_watch, "SECONDS", 0.02)
    add(server, "ci")

    async def scene(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "1 pair " in first_line(pilot), "the pair")
        await until(pilot, lambda: "as of" not in drawn(pilot), "the answer")
        add(server, "new")
        asked = server.calls["DescribeKeyPairs"]
        await asyncio.to_thread(seen_before, home)
        await until(pilot, lambda: "2 pairs" in first_line(pilot), "the other one")
        # Once, by the other session.
        assert server.calls["DescribeKeyPairs"] == asked + 1

    play_over_ec2(scene)


@pytest.mark.long
def test_nothing_is_changed_before_it_is_known_who_asks(
    play_over_ec2: Play, server: Ec2Server, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(server, "ci")
    seen_before(home)
    told, answer = threading.Event(), server.answer

    def answer_late(region: str, operation: str, fields: dict[str, str]) -> tuple[int, str]:
        assert operation != "GetCallerIdentity" or told.wait(60)
        return answer(region, operation, fields)

    monkeypatch.setattr(server, "answer", answer_late)
    unknown = "EC2 has not said yet whose pairs these are; R asks again"

    async def scene(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "1 pair" in drawn(pilot), "what was seen last")
        for key in "cidtu":
            await pilot.press(key)
            await until(pilot, lambda: unknown in words(pilot), "why not")
            screen = app_of(pilot).screen
            assert isinstance(screen, KeyPairListScreen)
            screen.view.stop_saying(unknown)
        await pilot.press("enter")
        await until_screen(pilot, "DetailsScreen")
        await pilot.press("d")
        await until(pilot, lambda: unknown in words(pilot), "why not")
        await until_screen(pilot, "DetailsScreen")
        told.set()
        await pilot.press("escape")
        await until_screen(pilot, "KeyPairListScreen")
        await until(pilot, lambda: "as of " not in drawn(pilot), "the answer")
        await pilot.press("c")
        await until_screen(pilot, "CreateKeyPairScreen")

    play_over_ec2(scene)


@pytest.mark.long
def test_what_ec2_said_last_is_there_while_it_does_not_answer(
    play_over_ec2: Play, server: Ec2Server, home: Path
) -> None:
    add(server, "ci", "web")
    seen_before(home)
    add(server, "new")
    answered = threading.Event()
    act = server.client_of

    def held_back(region: str) -> object:
        assert answered.wait(30)
        return act(region)

    server.client_of = held_back  # type: ignore[assignment] # waits, then answers

    async def scene(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "2 pairs" in drawn(pilot), "what was seen last")
        assert "as of " in first_line(pilot)
        assert "asking EC2…" in words(pilot)
        # Typing waits for nobody.
        await pilot.press("slash")
        await type_text(pilot, "ci")
        await until(pilot, lambda: "1 of 2" in drawn(pilot), "the filter")
        answered.set()
        await until(pilot, lambda: "1 of 3" in drawn(pilot), "the answer")
        assert "as of " not in drawn(pilot)

    play_over_ec2(scene)


@pytest.mark.long
def test_a_long_answer_is_read_once_and_only_the_rows_that_are_seen_are_drawn(
    play_over_ec2: Play, server: Ec2Server, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count, counted = 1_000, Counter[str]()
    (home / "in-ec2").mkdir(exist_ok=True)
    write_region(home / "in-ec2", count)

    def counting(name: str, call: Callable[..., object]) -> Callable[..., object]:
        def counted_call(*arguments: object, **named: object) -> object:
            counted[name] += 1
            return call(*arguments, **named)

        return counted_call

    for owner, method in (
        (EC2QueryParser, "_parse_body_as_xml"),
        (botocore_utils, "_parse_timestamp_with_tzinfo"),
        (KeyPairTable, "row"),
        (RegionStore, "_commit"),
    ):
        monkeypatch.setattr(owner, method, counting(method, getattr(owner, method)))

    async def scene(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "1,000 pairs" in first_line(pilot), "the answer")
        await until(pilot, lambda: "pair-10" in drawn(pilot), "the rows")

    play_over_ec2(scene)
    assert server.calls == Counter(GetCallerIdentity=1, DescribeKeyPairs=1)
    assert counted["_parse_body_as_xml"] == 1
    # Which takes longer than all the rest.
    assert counted["_parse_timestamp_with_tzinfo"] == 0
    assert counted["_commit"] == 1
    # A screen has 24 of them, and is drawn a few times until all is there.
    assert 0 < counted["row"] < 200


@pytest.mark.long
def test_the_key_and_the_focus_ask_again(play_over_ec2: Play, server: Ec2Server) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "No key pairs in us-east-1" in drawn(pilot), "the empty Region")
        add(server, "one")
        await pilot.press("R")
        await until(pilot, lambda: "1 pair " in first_line(pilot), "the first")
        add(server, "two")
        pilot.app.on_app_focus()  # type: ignore[attr-defined] # ours
        await until(pilot, lambda: "2 pairs" in first_line(pilot), "the second")

    play_over_ec2(scene)


@pytest.mark.long
@pytest.mark.parametrize("size", [(80, 24), (60, 15)])
def test_a_new_pair_is_shown_at_once_and_asked_for_until_ec2_shows_it(
    size: tuple[int, int],
    play_over_ec2: Play,
    server: Ec2Server,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ec2_questions, "_PAUSES", (0.05,))

    async def scene(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "No key pairs" in drawn(pilot), "the empty Region")
        server.hidden = 60.0
        await create(pilot, "ci")
        await save(pilot)
        asked = server.calls["DescribeKeyPairs"]
        await pilot.press("q")
        await until_screen(pilot, "KeyPairListScreen")
        await until(pilot, lambda: "1 pair" in first_line(pilot), "the new pair")
        await until(pilot, lambda: server.calls["DescribeKeyPairs"] > asked + 1, "more questions")
        assert "ci " in drawn(pilot)
        server.hidden = 0.0
        screen = pilot.app.screen
        await until(
            pilot,
            lambda: not is_running(screen, ec2_questions._GROUP),
            "the end of the questions",
        )
        assert "ci " in drawn(pilot)

    play_over_ec2(scene, size)


@pytest.mark.long
def test_without_an_answer_it_is_taught_what_can_be_done(
    play_over_ec2: Play, server: Ec2Server
) -> None:
    server.refusals["DescribeKeyPairs"] = ("UnauthorizedOperation", "You are not authorized.", 403)

    async def scene(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "R asks again" in words(pilot), "the refusal")
        assert "this machine" not in first_line(pilot)
        taught = " R ask again   P place   r Region   q leave "
        assert drawn(pilot).splitlines()[-1].startswith(taught)
        await pilot.press("c")
        # What EC2 said stays where it stands.
        assert "You are not authorized" in words(pilot)
        assert text_of(pilot, "#fact").startswith(
            "✗ EC2 has not answered yet: first do what stands"
        )
        await pilot.press("r")
        await until_screen(pilot, "PickRegionScreen")
        picked = app_of(pilot).screen.query_one(PickList).picked
        assert picked is not None and picked.value == "us-east-1"
        # How many there are nobody knows.
        assert "–" not in drawn(pilot) and "Pairs" not in drawn(pilot)

    play_over_ec2(scene)


@pytest.mark.long
def test_what_ec2_refuses_is_said_and_asked_again(
    play_over_ec2: Play, server: Ec2Server, home: Path
) -> None:
    refusal = ("UnauthorizedOperation", "You are not authorized\u202e.", 403)
    server.refusals["DescribeKeyPairs"] = refusal

    async def scene(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "R asks again" in words(pilot), "the refusal")
        assert "authorized" in words(pilot), drawn(pilot)
        assert "\u202e" not in drawn(pilot)
        # Nothing can be done to pairs that nobody knows; and nothing breaks.
        for key in ("c", "D", "u", "J", "e"):
            await pilot.press(key)
            await pilot.pause()
            assert "EC2 has not answered yet" in words(pilot)
        del server.refusals["DescribeKeyPairs"]
        add(server, "ci")
        await pilot.press("R")
        await until(pilot, lambda: "1 pair " in first_line(pilot), "the pair")
        # The list stays while the next question is refused.
        server.refusals["DescribeKeyPairs"] = refusal
        await pilot.press("R")
        await until(pilot, lambda: "R asks again" in words(pilot), "the second refusal")
        assert "1 pair " in first_line(pilot)

    play_over_ec2(scene)


@pytest.mark.long
def test_another_account_than_the_last_time_is_not_mixed_with_it(
    play_over_ec2: Play, server: Ec2Server, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(server, "theirs")
    monkeypatch.setattr("tests.ec2_server.ACCOUNT", "111111111111")
    seen_before(home)
    monkeypatch.setattr("tests.ec2_server.ACCOUNT", ACCOUNT)
    (pair,) = server.client_of("us-east-1").describe_key_pairs()["KeyPairs"]
    server.client_of("us-east-1").delete_key_pair(KeyPairId=pair["KeyPairId"])
    add(server, "ours")

    async def scene(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "ours " in drawn(pilot), "the pair of this account")
        assert ACCOUNT in first_line(pilot)

    play_over_ec2(scene)
    (file,) = (home / "data" / "ec2").glob("111111111111*/us-east-1.json")
    assert b"ours" not in file.read_bytes()
    assert b'"theirs"' in file.read_bytes()


def mirror_of(home: Path) -> Path:
    """Return the file of what EC2 said last."""
    (path,) = (home / "data" / "ec2").glob("*/us-east-1.json")
    return path


@pytest.mark.long
@pytest.mark.parametrize("size", [(80, 24), (60, 15)])
def test_a_damaged_file_of_what_ec2_said_last_is_put_aside_and_ec2_is_asked(
    size: tuple[int, int], play_over_ec2: Play, server: Ec2Server, home: Path
) -> None:
    add(server, "ci", "web")
    seen_before(home)
    path = mirror_of(home)
    path.with_name(f"{path.name}.bak").unlink(missing_ok=True)
    path.write_bytes(b"rubbish")

    async def scene(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "2 pairs" in first_line(pilot), "EC2's answer")
        await until(pilot, lambda: "was damaged" in words(pilot), "what was found")
        (aside,) = path.parent.glob("*.damaged-*")
        assert aside.read_bytes() == b"rubbish"
        said = app_of(pilot).screen.query_one("#fact", FactLine).said
        assert short_path(str(path)) in said
        assert aside.name in said
        assert "".join(drawn(pilot).split()).count(aside.name[-16:]) == 1
        await pilot.press("down", "up")
        remark = "where its private key is, is not known"
        await until(pilot, lambda: remark in words(pilot), "what is not known")
        # What may have been saved is deleted like what was: its name is typed.
        await pilot.press("d")
        await until_screen(pilot, "DeleteKeyPairsScreen")
        await until(pilot, lambda: "type ci" in words(pilot), "what is to be typed")

    play_over_ec2(scene, size)


@pytest.mark.long
def test_a_damaged_file_is_named_while_ec2_does_not_answer(
    play_over_ec2: Play, server: Ec2Server, home: Path
) -> None:
    add(server, "ci")
    seen_before(home)
    path = mirror_of(home)
    path.write_bytes(b"rubbish")
    server.refusals["DescribeKeyPairs"] = ("UnauthorizedOperation", "You may not.", 403)

    async def scene(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "You may not." in words(pilot), "the refusal")
        assert "us-east-1.jsonisdamaged" in words(pilot).replace(" ", "")
        assert path.read_bytes() == b"rubbish"
        server.refusals.clear()
        await pilot.press("R")
        await until(pilot, lambda: "1 pair " in first_line(pilot), "the answer")

    play_over_ec2(scene)


@pytest.mark.long
def test_find_and_check_up_ask_ec2_nothing(play_over_ec2: Play, server: Ec2Server) -> None:
    add(server, "ci")

    async def scene(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "1 pair " in first_line(pilot), "the pair")
        server.refusals["DescribeKeyPairs"] = ("InternalError", "no", 400)
        asked = server.calls["DescribeKeyPairs"]
        await pilot.press("D")
        await until_screen(pilot, "CheckUpScreen")
        await until(pilot, lambda: "in 1 Region" in drawn(pilot), "the end of the check-up")
        await pilot.press("escape")
        await until_list(pilot)
        await pilot.press("r")
        await until_screen(pilot, "PickRegionScreen")
        (here,) = (line.split() for line in drawn(pilot).splitlines()[1:] if "us-east-1" in line)
        assert here[here.index("us-east-1") + 1 :][:3] == ["N.", "Virginia", "1"]
        assert server.calls["DescribeKeyPairs"] == asked

    play_over_ec2(scene)


@pytest.mark.long
def test_the_question_before_deleting_says_that_ec2_deletes_for_good(
    play_over_ec2: Play, server: Ec2Server
) -> None:
    add(server, "ci")

    def tags() -> list[str]:
        (pair,) = server.client_of("us-east-1").describe_key_pairs()["KeyPairs"]
        return [tag["Key"] for tag in pair["Tags"]]

    async def scene(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "1 pair " in first_line(pilot), "the pair")
        await pilot.press("t")
        await until_screen(pilot, "EditTagsScreen")
        await type_text(pilot, "New")
        await pilot.press("tab", "enter")
        await until(pilot, lambda: "tags saved" in words(pilot), "the tag")
        await pilot.press("d")
        await until_screen(pilot, "DeleteKeyPairsScreen")
        assert "EC2 deletes for good: pressing u only imports the public half" in words(pilot)
        await press_alone(pilot, "y")
        await until_screen(pilot, "KeyPairListScreen")
        await until(pilot, lambda: "u imports it again" in words(pilot), "what u does")
        await pilot.press("u")
        await until(pilot, lambda: "brought ci back" in words(pilot), "the pair")
        assert "1 pair " in first_line(pilot)
        # It has another id now, and what was done to its tags is undone all the same.
        assert tags() == ["New"]
        await pilot.press("u")
        await until(pilot, lambda: "the tags of ci are as before" in words(pilot), "the tags")
        assert tags() == []

    play_over_ec2(scene)
    assert (server.calls["DeleteKeyPair"], server.calls["ImportKeyPair"]) == (1, 1)


ROLE = """[profile base]
region = us-east-1
[profile role]
role_arn = arn:aws:iam::1:role/r
source_profile = base
mfa_serial = arn:aws:iam::1:mfa/anna
region = us-east-1
"""


@pytest.mark.long
def test_the_code_of_a_device_is_asked_for_in_the_app(
    server: Ec2Server, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(server, "ci")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    (home / "config").write_text(ROLE)
    (home / "credentials").write_text("[base]\naws_access_key_id=A\naws_secret_access_key=s\n")
    app: KeyPairsApp

    def ask(device: str) -> str | None:
        return ask_code(app, device)

    app = KeyPairsApp(open_session(None, home / "data", ec2=Ec2Choice("role"), ask_code=ask))

    async def run() -> None:
        async with app.run_test(size=(60, 15)) as pilot:
            await until_screen(pilot, "MfaCodeScreen")
            assert "arn:aws:iam::1:mfa/anna" in drawn(pilot)
            await pilot.press("escape")
            await until(pilot, lambda: "none was given" in words(pilot), "what that leads to")
            await pilot.press("R")
            await until_screen(pilot, "MfaCodeScreen")
            await type_text(pilot, "12345")
            await pilot.press("enter")
            await until(pilot, lambda: "six digits" in drawn(pilot), "the refusal")
            await pilot.press("6", "enter")
            await until(pilot, lambda: "1 pair" in first_line(pilot), "the pair")

    asyncio.run(run())
    assert server.calls["AssumeRole"] == 1


@pytest.mark.long
def test_an_expired_login_names_the_command_and_the_next_question_looks_anew(
    play_over_ec2: Play, server: Ec2Server, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(server, "ci")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    (home / "config").write_text(
        "[default]\nsso_session = w\nsso_account_id = 1\nsso_role_name = r\nregion = us-east-1\n"
        "[sso-session w]\nsso_start_url = https://example.awsapps.com/start\n"
        "sso_region = us-east-1\n"
    )
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    async def scene(pilot: Pilot[None]) -> None:
        command = "l runs `aws sso login --profile default`; R asks again."
        await until(pilot, lambda: command in words(pilot), "the command")
        (home / "config").write_text("")
        (home / "credentials").write_text(
            "[default]\naws_access_key_id=A\naws_secret_access_key=s\n"
        )
        await pilot.press("R")
        await until(pilot, lambda: "1 pair " in first_line(pilot), "the pair")

    play_over_ec2(scene)


@pytest.mark.long
def test_a_pair_that_another_session_brought_back_is_back_though_with_another_id(
    play_over_ec2: Play, server: Ec2Server, home: Path
) -> None:
    add(server, "ci")
    other = open_session(None, home / "data", ec2=Ec2Choice()).backend
    (pair,) = other.describe_key_pairs()
    other.delete_key_pair(key_pair_id=pair.key_pair_id)
    other.restore_key_pair(pair.key_pair_id)

    async def scene(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "1 pair" in first_line(pilot), "the pair")
        # As from details that are still open.
        screen = pilot.app.screen
        assert isinstance(screen, KeyPairListScreen)
        await bring_back(screen.view, pair.key_pair_id)
        await until(pilot, lambda: "it is back already" in words(pilot), "what became of it")
        assert server.calls["ImportKeyPair"] == 1

    play_over_ec2(scene)
