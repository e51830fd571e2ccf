"""The create form over EC2: made here, made by EC2, and what became of a lost answer."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from textual.pilot import Pilot

from core.aws import connection as connection_module
from core.aws.new_pairs import lost_answers
from core.ec2.backend import MadeBy
from core.store.journal import Journal
from tests.ec2_server import AT_ONCE, SLOW, Ec2Server, Fault
from tests.helpers import SIZES
from tests.tui.driving import drawn, save, type_text, until, until_list, until_screen
from tests.tui.over_ec2 import Play, first_line, play_over_ec2, server
from tests.tui.test_list_over_ec2 import words
from tui.screens.create.awaited_answer import SENT, WAITED_FOR
from tui.screens.create.tag_rows import TagRows
from tui.widgets.choice import Choice

__all__ = ["play_over_ec2", "server"]

REFUSED = (
    "UnauthorizedOperation",
    "You are not authorized to perform this operation. Encoded authorization failure message: x",
    403,
)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask half a minute's questions in a moment."""
    monkeypatch.setattr(lost_answers, "_PAUSES", (0.01,))
    monkeypatch.setattr(lost_answers, "SETTLES_WITHIN", 0.05)


async def open_form(pilot: Pilot[None], server: Ec2Server, name: str = "ci") -> None:
    await until(pilot, lambda: "No key pairs" in drawn(pilot), "the empty Region")
    await pilot.press("c")
    await until_screen(pilot, "CreateKeyPairScreen")
    await until(pilot, lambda: sum(server.dry_runs.values()) == 2, "the dry runs")
    await type_text(pilot, name)


async def choose_ec2(pilot: Pilot[None]) -> None:
    """Go from the name to who makes the key, and choose EC2."""
    await pilot.press("tab", "tab", "tab", "right")
    await until(pilot, lambda: "EC2 sends the private key once" in words(pilot), "what it means")


def pairs(server: Ec2Server) -> list[str]:
    return [p["KeyName"] for p in server.client_of("us-east-1").describe_key_pairs()["KeyPairs"]]


@pytest.mark.long
@SIZES
def test_made_here_is_the_default_and_the_form_says_what_differs(
    size: tuple[int, int], play_over_ec2: Play, server: Ec2Server
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await open_form(pilot, server)
        screen = pilot.app.screen
        said = " ".join(field.verdict.text for field in screen._fields.values())  # type: ignore[attr-defined] # ours
        assert "MD5 of the public key" in said
        assert "ec2:ImportKeyPair" in said
        assert "Windows passwords need it as a pem, not encrypted" in said
        await pilot.press("tab", "right")
        said = " ".join(field.verdict.text for field in screen._fields.values())  # type: ignore[attr-defined] # ours
        assert "same fingerprint either way" in said
        await pilot.press("enter")
        await until_screen(pilot, "KeyMaterialScreen")

    play_over_ec2(scene, size)
    assert server.calls["CreateKeyPair"] == 0
    assert server.calls["ImportKeyPair"] == 1


@pytest.mark.long
def test_made_here_the_key_is_in_hand_in_every_mode(play_over_ec2: Play, server: Ec2Server) -> None:
    names = {f"ci{number}": fault for number, fault in enumerate(AT_ONCE)}

    async def scene(pilot: Pilot[None]) -> None:
        await open_form(pilot, server, "")
        for name, fault in names.items():
            server.faults["ImportKeyPair"] = [fault]
            await type_text(pilot, name)
            await pilot.press("tab", "right", "enter")
            await until_screen(pilot, "KeyMaterialScreen")
            assert server.faults["ImportKeyPair"] == []
            await save(pilot)
            await pilot.press("escape")
            await until_list(pilot)
            await pilot.press("c")
            await until_screen(pilot, "CreateKeyPairScreen")

    play_over_ec2(scene)
    assert sorted(pairs(server)) == [*names]


@pytest.mark.long
def test_made_here_the_key_is_in_hand_after_an_answer_that_never_came(
    play_over_ec2: Play, server: Ec2Server
) -> None:
    server.faults["ImportKeyPair"] = [Fault.STALL]
    server.stall = 2.0

    async def scene(pilot: Pilot[None]) -> None:
        await open_form(pilot, server)
        await pilot.press("tab", "right", "enter")
        await until_screen(pilot, "KeyMaterialScreen")
        await save(pilot)

    play_over_ec2(scene, read_timeout=0.5)
    assert pairs(server) == ["ci"]


@pytest.mark.long
@SIZES
def test_made_by_ec2_is_called_once_and_the_key_is_in_hand(
    size: tuple[int, int], play_over_ec2: Play, server: Ec2Server, home: Path
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await open_form(pilot, server)
        await choose_ec2(pilot)
        await pilot.press("enter")
        await until_screen(pilot, "KeyMaterialScreen")
        await save(pilot)

    play_over_ec2(scene, size)
    assert server.calls["CreateKeyPair"] == 1
    assert server.calls["ImportKeyPair"] == 0
    assert (home / ".ssh" / "ci.pem").read_text().startswith("-----BEGIN RSA PRIVATE KEY")


@pytest.mark.long
@pytest.mark.parametrize(
    "faults",
    [
        pytest.param(AT_ONCE[:1], id="one"),
        pytest.param(AT_ONCE[1:], id="the others"),
        pytest.param(SLOW, id="slow"),
    ],
)
def test_a_lost_answer_is_one_call_and_an_orphan_that_can_be_deleted_by_its_name_typed(
    faults: Sequence[Fault],
    play_over_ec2: Play,
    server: Ec2Server,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server.stall = 6.0
    if faults is SLOW:
        # Long enough for the server to make the next key on a loaded machine.
        monkeypatch.setattr(connection_module, "CREATE_READ_TIMEOUT", 3.0)

    async def scene(pilot: Pilot[None]) -> None:
        await open_form(pilot, server)
        await choose_ec2(pilot)
        for number, fault in enumerate(faults, 1):
            server.faults["CreateKeyPair"] = [fault]
            await pilot.press("enter")
            await until_screen(pilot, "LostPrivateKeyScreen")
            assert server.calls["CreateKeyPair"] == number, fault
            (orphan,) = server.client_of("us-east-1").describe_key_pairs()["KeyPairs"]
            assert orphan["KeyPairId"] in words(pilot)
            await pilot.press("enter")
            await until(pilot, lambda: "type ci first" in drawn(pilot), "the refusal")
            await type_text(pilot, "ci")
            await pilot.press("enter")
            await until_screen(pilot, "CreateKeyPairScreen")
            await until(pilot, lambda: "creates ci again" in words(pilot), "what came of it")
            assert pairs(server) == [], fault
        await pilot.press("enter")
        await until_screen(pilot, "KeyMaterialScreen")

    play_over_ec2(scene, read_timeout=3.0 if faults is SLOW else 20.0)
    assert server.calls["CreateKeyPair"] == len(faults) + 1
    assert pairs(server) == ["ci"]


@pytest.mark.long
def test_an_orphan_that_is_kept_stands_and_is_named(play_over_ec2: Play, server: Ec2Server) -> None:
    server.faults["CreateKeyPair"] = [Fault.RESET]

    async def scene(pilot: Pilot[None]) -> None:
        await open_form(pilot, server)
        await choose_ec2(pilot)
        await pilot.press("enter")
        await until_screen(pilot, "LostPrivateKeyScreen")
        await pilot.press("escape")
        await until_screen(pilot, "CreateKeyPairScreen")
        await until(pilot, lambda: "nobody has it" in words(pilot), "what stands there")
        # The form is as it was.
        assert "ci" in drawn(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: "1 pair " in first_line(pilot), "the pair in the list")

    play_over_ec2(scene)
    assert server.calls["DeleteKeyPair"] == 0
    assert pairs(server) == ["ci"]


@pytest.mark.long
def test_what_ec2_did_not_make_and_what_is_somebody_elses_is_said(
    play_over_ec2: Play, server: Ec2Server
) -> None:
    server.refusals["CreateKeyPair"] = ("InternalError", "An internal error", 500)

    async def scene(pilot: Pilot[None]) -> None:
        server.refusals.clear()
        await open_form(pilot, server)
        server.refusals["CreateKeyPair"] = ("InternalError", "An internal error", 500)
        await choose_ec2(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: "none was made" in words(pilot), "that none was made")
        assert server.calls["CreateKeyPair"] == 1
        # Somebody makes one of another kind, after the look whether the name is free.
        theirs = server.client_of("us-east-1")
        looked = iter((False, True))

        def later(region: str) -> object:
            if next(looked, False):
                theirs.create_key_pair(KeyName="ci", KeyType="ed25519")
            return theirs

        server.client_of = later  # type: ignore[assignment] # acts, then answers
        await pilot.press("enter")
        await until(pilot, lambda: "somebody else's" in words(pilot), "whose it is")

    play_over_ec2(scene)
    assert server.calls["CreateKeyPair"] == 2
    assert server.calls["DeleteKeyPair"] == 0
    assert pairs(server) == ["ci"]


@pytest.mark.long
@pytest.mark.parametrize("refused", [*MadeBy])
def test_a_way_that_is_refused_cannot_be_chosen_and_its_reason_is_said(
    refused: MadeBy, play_over_ec2: Play, server: Ec2Server
) -> None:
    operation = {MadeBy.HERE: "ImportKeyPair", MadeBy.EC2: "CreateKeyPair"}[refused]
    server.refusals[operation] = REFUSED

    async def scene(pilot: Pilot[None]) -> None:
        await open_form(pilot, server)
        choice = pilot.app.screen.query_one("#made-by")
        field = pilot.app.screen._fields["made_by"]  # type: ignore[attr-defined] # ours
        await until(pilot, lambda: "is refused" in field.verdict.text, "the reason")
        assert f"ec2:{operation}" in field.verdict.text
        assert "Encoded" not in field.verdict.text
        other = next(way for way in MadeBy if way is not refused)
        choice.focus()
        for _ in range(3):
            assert choice.value == other.value  # type: ignore[attr-defined] # a Choice
            await pilot.press("right")

    play_over_ec2(scene)


@pytest.mark.long
def test_what_is_allowed_is_asked_anew_for_another_name(
    play_over_ec2: Play, server: Ec2Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer, asked = server.answer, []

    def by_name(region: str, operation: str, fields: Mapping[str, str]) -> tuple[int, str]:
        if operation == "ImportKeyPair":
            asked.append(fields["KeyName"])
            server.refusals = {operation: REFUSED} if fields["KeyName"] == "prod" else {}
        return answer(region, operation, fields)

    monkeypatch.setattr(server, "answer", by_name)

    async def scene(pilot: Pilot[None]) -> None:
        await open_form(pilot, server, "prod")
        choice = pilot.app.screen.query_one("#made-by", Choice)
        await until(pilot, lambda: choice.value == MadeBy.EC2.value, "the other way")
        assert "is refused" in words(pilot)
        # Once the typing rests, not for each letter.
        assert asked == ["-", "prod"]
        await type_text(pilot, "-2")
        await until(pilot, lambda: choice.value == MadeBy.HERE.value, "what was chosen before")
        assert "is refused" not in words(pilot)
        assert asked == ["-", "prod", "prod-2"]
        # Tags are part of the question, the way is not.
        await pilot.press("tab", "tab", "tab", "right", "left")
        await pilot.app.screen.query_one("#tags", TagRows).add()
        await pilot.pause()
        await type_text(pilot, "Env")
        await until(pilot, lambda: len(asked) == 4, "the question with a tag")

    play_over_ec2(scene)
    assert server.calls["ImportKeyPair"] == 0
    assert sum(server.dry_runs.values()) == 8


@pytest.mark.long
def test_what_is_not_known_to_be_refused_stays_free(play_over_ec2: Play, server: Ec2Server) -> None:
    server.refusals["CreateKeyPair"] = ("InternalError", "An internal error", 500)

    async def scene(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "No key pairs" in drawn(pilot), "the empty Region")
        await pilot.press("c")
        await until_screen(pilot, "CreateKeyPairScreen")
        await until(pilot, lambda: server.dry_runs["CreateKeyPair"] > 0, "the dry run")
        await choose_ec2(pilot)

    play_over_ec2(scene)


@pytest.mark.long
def test_a_key_that_would_cross_in_the_clear_takes_a_second_yes(
    play_over_ec2: Play, server: Ec2Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection_module, "_is_loopback", lambda host: False)

    async def scene(pilot: Pilot[None]) -> None:
        await open_form(pilot, server)
        await choose_ec2(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: "cross the network unencrypted" in words(pilot), "the question")
        assert server.calls["CreateKeyPair"] == 0
        # A change takes the first yes back.
        await pilot.press("shift+tab", "right", "enter")
        await until(pilot, lambda: "cross the network unencrypted" in words(pilot), "once more")
        assert server.calls["CreateKeyPair"] == 0
        await pilot.press("enter")
        await until_screen(pilot, "KeyMaterialScreen")

    play_over_ec2(scene)
    assert server.calls["CreateKeyPair"] == 1


@pytest.mark.long
def test_made_here_asks_nothing_twice(
    play_over_ec2: Play, server: Ec2Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection_module, "_is_loopback", lambda host: False)

    async def scene(pilot: Pilot[None]) -> None:
        await open_form(pilot, server)
        await pilot.press("enter")
        await until_screen(pilot, "KeyMaterialScreen")

    play_over_ec2(scene)


@pytest.mark.long
def test_where_the_key_could_not_be_saved_is_said_before_there_is_one(
    play_over_ec2: Play, server: Ec2Server, home: Path
) -> None:
    (home / ".ssh").rmdir()
    (home / ".ssh").write_text("a file")

    async def scene(pilot: Pilot[None]) -> None:
        await open_form(pilot, server)
        await choose_ec2(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: "could not be saved" in words(pilot), "the question")
        assert server.calls["CreateKeyPair"] == 0

    play_over_ec2(scene)


@pytest.mark.long
def test_escape_gives_up_the_questions_and_not_the_answer_that_holds_the_key(
    play_over_ec2: Play, server: Ec2Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lost_answers, "_PAUSES", (20.0,))
    monkeypatch.setattr(lost_answers, "SETTLES_WITHIN", 60.0)
    server.delays["CreateKeyPair"] = 1.0

    async def scene(pilot: Pilot[None]) -> None:
        await open_form(pilot, server)
        await choose_ec2(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: server.calls["CreateKeyPair"] == 1, "the call")
        await pilot.press("escape")
        await until(pilot, lambda: WAITED_FOR.text[:40] in words(pilot), "the caution")
        await until_screen(pilot, "KeyMaterialScreen")

    play_over_ec2(scene)


@pytest.mark.long
def test_escape_ends_the_questions_after_a_lost_answer(
    play_over_ec2: Play, server: Ec2Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lost_answers, "_PAUSES", (20.0,))
    monkeypatch.setattr(lost_answers, "SETTLES_WITHIN", 60.0)
    server.faults["CreateKeyPair"] = [Fault.RESET]
    server.hidden = 90.0

    async def scene(pilot: Pilot[None]) -> None:
        await open_form(pilot, server)
        await choose_ec2(pilot)
        asked = server.calls["DescribeKeyPairs"]
        await pilot.press("enter")
        await until(pilot, lambda: server.calls["DescribeKeyPairs"] == asked + 2, "the question")
        await pilot.press("escape")
        await until(pilot, lambda: "You gave up waiting" in words(pilot), "what is known")

    play_over_ec2(scene)


@pytest.mark.long
def test_a_pair_that_ec2_shows_after_that_may_be_the_one_whose_answer_was_lost(
    play_over_ec2: Play, server: Ec2Server, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lost_answers, "SETTLES_WITHIN", 0.0)
    server.faults["CreateKeyPair"] = [Fault.RESET]
    server.hidden = 600.0

    async def scene(pilot: Pilot[None]) -> None:
        await open_form(pilot, server)
        await choose_ec2(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: "none was made as far as can be seen" in words(pilot), "doubt")
        server.hidden = 0.0
        await pilot.press("escape")
        await until_list(pilot)
        await pilot.press("R")
        await until(pilot, lambda: "1 pair " in first_line(pilot), "the pair")
        (journal,) = (home / "data" / "ec2").glob("*/journal.jsonl")
        (entry,) = Journal(journal.parent).read()
        lost = f"may be the pair whose answer was lost at {entry.time:%H:%M}"
        # That EC2 answered stands in its place until one comes back to the list.
        await until(pilot, lambda: "EC2 answered at" in words(pilot), "the answer")
        await pilot.press("enter")
        await until_screen(pilot, "DetailsScreen")
        await pilot.press("escape")
        await until(pilot, lambda: lost in words(pilot), "whose it may be")
        assert "not made with keypairs" not in words(pilot)
        await pilot.press("d")
        await until_screen(pilot, "DeleteKeyPairsScreen")
        await until(pilot, lambda: "type ci" in words(pilot), "what is to be typed")
        assert lost in words(pilot)

    play_over_ec2(scene)


@pytest.mark.long
def test_made_here_a_key_in_doubt_is_kept_for_the_next_try(
    play_over_ec2: Play, server: Ec2Server
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await open_form(pilot, server)
        server.faults["ImportKeyPair"] = [Fault.RESET] * 40
        server.refusals["DescribeKeyPairs"] = ("InternalError", "An internal error", 500)
        await pilot.press("tab", "right", "enter")
        await until(pilot, lambda: "is kept while the program runs" in words(pilot), "the doubt")
        (there,) = pairs_with_keys(server)
        server.faults.clear()
        server.refusals.clear()
        await pilot.press("enter")
        await until_screen(pilot, "KeyMaterialScreen")
        assert pairs_with_keys(server) == [there]

    play_over_ec2(scene)


def pairs_with_keys(server: Ec2Server) -> list[str]:
    found = server.client_of("us-east-1").describe_key_pairs(IncludePublicKey=True)["KeyPairs"]
    return [f"{pair['KeyPairId']} {pair['PublicKey']}" for pair in found]


@pytest.mark.long
@pytest.mark.parametrize("way", MadeBy)
def test_nobody_quits_while_the_answer_decides_over_a_private_key(
    way: MadeBy, play_over_ec2: Play, server: Ec2Server
) -> None:
    operation = "CreateKeyPair" if way is MadeBy.EC2 else "ImportKeyPair"
    waited_for = WAITED_FOR if way is MadeBy.EC2 else SENT
    server.delays[operation] = 2.0

    async def scene(pilot: Pilot[None]) -> None:
        await open_form(pilot, server)
        if way is MadeBy.EC2:
            await choose_ec2(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: server.calls[operation] == 1, "the call")
        await pilot.press("ctrl+q")
        await until(pilot, lambda: waited_for.text[:30] in words(pilot), "why it does not end")
        await until_screen(pilot, "KeyMaterialScreen")
        await save(pilot)

    play_over_ec2(scene)
