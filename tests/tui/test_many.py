"""What the screens do to many pairs: progress, stopping, and pairs that are refused."""

import re
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from textual.events import Key
from textual.pilot import Pilot
from textual.widgets import Static

from core.ec2 import validation
from core.ec2.authorization import Authorizer
from core.ec2.backend import Batch
from core.ec2.policy import Policy
from core.ec2.regions import region
from core.errors import UnauthorizedOperation
from core.local import many
from core.model import Tag, TagSelector
from tests.demo import DemoSession
from tests.tui.driving import (
    app_of,
    drawn,
    play,
    press_alone,
    text_of,
    type_text,
    until,
    until_list,
    until_screen,
)
from tui.screens.list.filter.field import FilterInput
from tui.screens.pair import edit_tags
from tui.widgets.fact_line import FactLine
from tui.widgets.key_hints import KeyHints
from tui.widgets.verdict_line import VerdictLine
from tui.work.exclusive import is_busy

NAMES = ("a", "b", "c", "d", "e")


@pytest.fixture
def five(empty_session: DemoSession) -> DemoSession:
    """Return a session over five pairs, a to e."""
    for name in NAMES:
        empty_session.backend.create_key_pair(key_name=name, key_type="ed25519")
    return empty_session


def names(session: DemoSession) -> list[str]:
    return sorted(pair.key_name for pair in session.backend.describe_key_pairs())


class Steps:
    """Lets a batch of one pair go on only when it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._allowed = threading.Semaphore(0)
        self.waiting = 0
        monkeypatch.setattr(many, "MOST_SECONDS", -1)
        real: Callable[..., Iterator[Batch]] = many.in_batches

        def in_batches(*given: Any) -> Iterator[Batch]:
            batches, left = real(*given), 1
            while left:
                self.waiting += 1
                assert self._allowed.acquire(timeout=60)
                batch = next(batches)
                left = batch.left
                yield batch

        monkeypatch.setattr(many, "in_batches", in_batches)

    def go_on(self) -> None:
        self._allowed.release()


def verdicts(pilot: Pilot[None]) -> list[str]:
    screen = app_of(pilot).screen
    lines = [*screen.query(VerdictLine), *screen.query(FactLine)]
    return [line.verdict.text for line in lines]


def hints(pilot: Pilot[None]) -> str:
    return "   ".join(" ".join(hint) for hint in app_of(pilot).screen.query_one(KeyHints).shown)


async def choose_all_and(pilot: Pilot[None], key: str, screen: str) -> None:
    await pilot.press("asterisk", key)
    await until_screen(pilot, screen)


@pytest.mark.long
def test_deleting_says_how_far_it_is_and_escape_stops_it(
    five: DemoSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = Steps(monkeypatch)

    async def scene(pilot: Pilot[None]) -> None:
        await choose_all_and(pilot, "d", "DeleteKeyPairsScreen")
        await press_alone(pilot, "y")
        await until(pilot, lambda: steps.waiting == 1, "the first batch")
        assert "deleting 5 key pairs…" in verdicts(pilot)
        # What is over at once nobody stops, and is not told of a key that does.
        await until(pilot, lambda: hints(pilot) == "esc stop   f1 help", "the key that stops")
        steps.go_on()
        await until(pilot, lambda: "█░" in drawn(pilot), "the bar")
        assert steps.waiting == 2
        steps.go_on()
        await until(pilot, lambda: "  2 of 5" in drawn(pilot), "the second step")
        assert " c " in drawn(pilot) and "esc stops before the next one" in drawn(pilot)
        assert drawn(pilot).splitlines()[-1].split() == ["esc", "stop", "f1", "help"]
        await until(pilot, lambda: steps.waiting == 3, "the third batch")
        await pilot.press("escape")
        steps.go_on()
        await until_screen(pilot, "KeyPairListScreen")
        said = "deleted 3 of 5 pairs; u brings them back; stopped before 2 more"
        await until(pilot, lambda: text_of(pilot, "#fact") == said, said)
        assert len(names(five)) == 2
        # And undoing it is as one, with its own progress and its own stop.
        await pilot.press("u")
        await until(pilot, lambda: steps.waiting == 4, "the first to come back")
        steps.go_on()
        progress = "████░░░░░░░░░░  1 of 3 undone; esc stops"
        await until(pilot, lambda: text_of(pilot, "#fact") == progress, progress)
        await until(pilot, lambda: hints(pilot) == "esc stop", "the key that stops")
        await pilot.press("escape")
        steps.go_on()
        said = "brought 2 pairs back; stopped before 1 more"
        await until(pilot, lambda: text_of(pilot, "#fact") == said, said)
        assert "stop" not in hints(pilot)
        await pilot.press("u")
        steps.go_on()
        await until(pilot, lambda: text_of(pilot, "#fact").endswith(" back"), "the last")
        assert names(five) == list(NAMES)

    play(five, scene)


@pytest.mark.long
def test_copying_shows_counts_and_a_stop_says_what_was_not_copied(
    five: DemoSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = Steps(monkeypatch)

    async def scene(pilot: Pilot[None]) -> None:
        await choose_all_and(pilot, "C", "ImportIntoRegionsScreen")
        await type_text(pilot, "ireland")
        await pilot.press("space", "enter")
        for number in (1, 2):
            await until(pilot, lambda n=number: steps.waiting == n, "a batch")  # type: ignore[misc]  # mypy cannot infer the default
            assert hints(pilot) == "esc stop   f1 help"
            steps.go_on()
        await until(pilot, lambda: steps.waiting == 3, "the third batch")
        # While all is well, nothing says that it is not.
        shown = drawn(pilot)
        assert re.search(r"\*… +eu-west-1 .* 2 imported", shown)
        assert "✗" not in shown
        assert "eu-west-1: 2 imported; 3 not yet" in verdicts(pilot)
        await pilot.press("escape")
        steps.go_on()
        said = "stopped, 0 of 1 done: 3 of 5 imported, 2 not; enter goes on"
        await until(pilot, lambda: any(v.startswith(said) for v in verdicts(pilot)), said)
        assert hints(pilot).startswith("enter import")
        assert "✗" not in drawn(pilot)

    play(five, scene)
    assert len(five.for_region("eu-west-1").backend.describe_key_pairs()) == 3


@pytest.mark.long
@pytest.mark.parametrize("early", [True, False], ids=["during the last batch", "on the list"])
def test_escape_that_comes_too_late_is_answered(
    five: DemoSession, monkeypatch: pytest.MonkeyPatch, early: bool
) -> None:
    steps = Steps(monkeypatch)
    monkeypatch.setattr("tui.screens.list.list_actions.monotonic", lambda: 0.0)

    async def through(pilot: Pilot[None], first: int, said: str) -> None:
        """Go through five batches, and press Escape amid the last or behind it."""
        for batch in range(first, first + 5):
            await until(pilot, lambda: steps.waiting == batch, "a batch")  # noqa: B023 - waited for at once
            if early and batch == first + 4:
                await pilot.press("escape")
            steps.go_on()
        await until_screen(pilot, "KeyPairListScreen")
        if not early:
            await until(pilot, lambda: text_of(pilot, "#fact") == said, said)
            # It was on its way before that was to be seen.
            escape = Key("escape", None).set_sender(app_of(pilot))
            escape.time = -1.0
            app_of(pilot).post_message(escape)
        late = f"{said}; esc came too late to stop it"
        await until(pilot, lambda: text_of(pilot, "#fact") == late, late)

    async def scene(pilot: Pilot[None]) -> None:
        await choose_all_and(pilot, "d", "DeleteKeyPairsScreen")
        await press_alone(pilot, "y")
        await through(pilot, 1, "deleted 5 pairs; u brings them back")
        assert names(five) == []
        await until(pilot, lambda: not is_busy(app_of(pilot).screen), "the end of it")
        await pilot.press("u")
        await through(pilot, 6, "brought 5 pairs back")
        assert len(names(five)) == 5

    play(five, scene, (100, 24))


@pytest.mark.long
def test_where_nothing_was_saved_or_deleted_it_says_that(
    five: DemoSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene(pilot: Pilot[None]) -> None:
        await choose_all_and(pilot, "t", "EditTagsScreen")
        assert "ctrl+r remove row" in hints(pilot)
        await type_text(pilot, "aws:foo")
        await pilot.press("enter")
        await until(pilot, lambda: said_in(pilot).startswith("✗ nothing was saved: "), "it")
        await pilot.press("escape", "escape")  # the first asks
        await until_list(pilot)
        await pilot.press("k", "d")
        await until_screen(pilot, "DeleteKeyPairsScreen")
        refusal = UnauthorizedOperation("no")
        monkeypatch.setattr(five.backend, "delete_key_pairs", lambda *_, **__: _raising(refusal))
        await press_alone(pilot, "y")
        await until(pilot, lambda: said_in(pilot).startswith("✗ nothing was deleted: "), "it")
        await pilot.press("escape")
        await until_screen(pilot, "KeyPairListScreen")
        await until(pilot, lambda: not is_busy(app_of(pilot).screen), "that keys are heard")
        # The form of one pair removes what the pair carries.
        await pilot.press("escape", "t")
        await until_screen(pilot, "EditTagsScreen")
        assert "ctrl+r remove tag" in hints(pilot)

    play(five, scene)


def flat(pilot: Pilot[None]) -> str:
    """Return what is on the screen in one line, for what may be broken across lines."""
    return " ".join(drawn(pilot).split())


def said_in(pilot: Pilot[None]) -> str:
    return text_of(pilot, "#fact")


def _raising(error: Exception | None) -> Iterator[Batch]:
    if error is not None:
        raise error
    yield from ()


@pytest.mark.long
def test_after_a_second_try_all_the_tags_are_undone_that_were_saved(five: DemoSession) -> None:
    crowded = five.key_pair_named("d")
    assert crowded is not None
    full = [Tag(f"k{number}") for number in range(validation.MAX_TAGS)]
    five.backend.create_tags(resources=[crowded.key_pair_id], tags=full)

    def tagged() -> str:
        pairs = five.backend.describe_key_pairs()
        return "".join(sorted(pair.key_name for pair in pairs if Tag("Env") in pair.tags))

    async def scene(pilot: Pilot[None]) -> None:
        await choose_all_and(pilot, "t", "EditTagsScreen")
        await type_text(pilot, "Env")
        await pilot.press("tab", "enter")
        await until(pilot, lambda: "Add tags to 1 key pair " in drawn(pilot), "what is left")
        assert tagged() == "abce"
        keys = [TagSelector("k0")]
        five.backend.delete_tags(resources=[crowded.key_pair_id], tags=keys)
        await pilot.press("enter")
        await until_screen(pilot, "KeyPairListScreen")
        said = "Env set on 5 pairs; u undoes it"
        await until(pilot, lambda: text_of(pilot, "#fact") == said, said)
        assert tagged() == "abcde"
        await until(pilot, lambda: not is_busy(app_of(pilot).screen), "that keys are heard")
        await pilot.press("u")
        said = "the tags of 5 pairs are as before"
        await until(pilot, lambda: text_of(pilot, "#fact") == said, said)
        assert tagged() == ""

    play(five, scene)


@pytest.mark.long
def test_an_escape_after_it_was_said_was_meant_to_stop_nothing(
    five: DemoSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.screens.list.list_actions.monotonic", lambda: 0.0)

    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("slash")
        await until(pilot, lambda: isinstance(app_of(pilot).focused, FilterInput), "the filter")
        await type_text(pilot, "-name:e")
        await pilot.press("enter")
        await until(pilot, lambda: "4 of 5 match" in drawn(pilot), "the filter's effect")
        await choose_all_and(pilot, "t", "EditTagsScreen")
        await type_text(pilot, "Env")
        await pilot.press("tab", "enter")
        await until_screen(pilot, "KeyPairListScreen")
        said = "Env set on 4 pairs; u undoes it"
        await until(pilot, lambda: text_of(pilot, "#fact") == said, said)
        await until(pilot, lambda: not is_busy(app_of(pilot).screen), "the end of it")
        await pilot.press("escape")
        await until(pilot, lambda: "4 of 5 match" not in drawn(pilot), "all pairs")
        assert text_of(pilot, "#fact") == said

    play(five, scene)


@pytest.mark.long
def test_one_that_may_not_be_deleted_is_named_and_the_others_go(five: DemoSession) -> None:
    allow = '{"Effect": "Allow", "Action": "*", "Resource": "*"}'
    deny = (
        allow.replace("Allow", "Deny")
        .replace('"Resource": "*"', '"Resource": "arn:aws:ec2:*:key-pair/c"')
        .replace('"Action": "*"', '"Action": "ec2:DeleteKeyPair"')
    )
    document = f'{{"Version": "2012-10-17", "Statement": [{allow}, {deny}]}}'
    policy = Policy.parse(document, source="p")
    five.access.authorizer = Authorizer(region("us-east-1"), "ops", policy=policy)

    async def scene(pilot: Pilot[None]) -> None:
        await choose_all_and(pilot, "d", "DeleteKeyPairsScreen")
        await press_alone(pilot, "y")
        said = "deleted 4, but not c: not allowed, with an explicit deny"
        await until(pilot, lambda: any(said in text for text in verdicts(pilot)), said)
        assert names(five) == ["c"]
        await pilot.press("escape")
        await until_screen(pilot, "KeyPairListScreen")
        await until(pilot, lambda: "deleted 4 of 5 pairs" in text_of(pilot, "#fact"), "the remark")

    play(five, scene)


@pytest.mark.long
def test_one_that_cannot_have_the_tags_is_named_and_the_others_have_them(
    five: DemoSession,
) -> None:
    crowded = five.key_pair_named("d")
    assert crowded is not None
    full = [Tag(f"k{number}") for number in range(validation.MAX_TAGS)]
    five.backend.create_tags(resources=[crowded.key_pair_id], tags=full)

    async def scene(pilot: Pilot[None]) -> None:
        await choose_all_and(pilot, "t", "EditTagsScreen")
        await type_text(pilot, "Env")
        await pilot.press("tab", "enter")
        said = "saved for 4, but not d: "
        await until(pilot, lambda: any(said in text for text in verdicts(pilot)), said)
        assert any("; esc goes back" in text for text in verdicts(pilot))
        # What is left is that one.
        await until(pilot, lambda: "Add tags to 1 key pair " in drawn(pilot), "the title")
        assert "Pairs        d " in drawn(pilot)
        await pilot.press("escape")
        await until_screen(pilot, "KeyPairListScreen")
        remark = app_of(pilot).screen.query_one("#fact", Static)
        saved = "Env set on 4 of 5 pairs; u undoes it; not d: "
        await until(pilot, lambda: str(remark.visual).startswith(saved), saved)

    play(five, scene)
    tagged = [p.key_name for p in five.backend.describe_key_pairs() if Tag("Env") in p.tags]
    assert sorted(tagged) == ["a", "b", "c", "e"]


@pytest.mark.long
def test_overwriting_the_tags_of_many_looks_like_danger_and_has_to_be_typed(
    five: DemoSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edit_tags, "ALWAYS_TYPED_FROM", 4)
    ids = {pair.key_name: pair.key_pair_id for pair in five.backend.describe_key_pairs()}
    five.backend.create_tags(resources=[ids[name] for name in "abcd"], tags=[Tag("Env", "old")])

    async def scene(pilot: Pilot[None]) -> None:
        await choose_all_and(pilot, "t", "EditTagsScreen")
        screen = app_of(pilot).screen
        await type_text(pilot, "Env")
        await pilot.press("tab")
        await type_text(pilot, "old")
        await until(pilot, lambda: not screen.has_class("-danger"), "that nothing is lost")
        assert "type overwrite" not in drawn(pilot)
        await pilot.press("2")
        await until(pilot, lambda: "overwrites what 4 of 5 pairs have there" in drawn(pilot), "it")
        assert screen.has_class("-danger") and "Overwrite tags of 4 of 5 key pairs" in drawn(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: "To overwrite them, type overwrite 4" in drawn(pilot), "why not")
        assert {tag for pair in five.backend.describe_key_pairs() for tag in pair.tags} == {
            Tag("Env", "old")
        }
        await type_text(pilot, "overwrite 4")
        await pilot.press("enter")
        await until_screen(pilot, "KeyPairListScreen")

    play(five, scene)
    assert {pair.tags for pair in five.backend.describe_key_pairs()} == {(Tag("Env", "old2"),)}


@pytest.mark.long
def test_the_public_keys_of_the_chosen_are_copied_one_a_line(five: DemoSession) -> None:
    pairs = {pair.key_name: pair for pair in five.backend.describe_key_pairs()}

    async def scene(pilot: Pilot[None]) -> None:
        await pilot.press("space", "space", "space", "y")
        given = "one a line: given to your terminal to copy; your terminal does not say whether"
        said = f"3 public keys, {given} it worked"
        await until(pilot, lambda: said in flat(pilot), said)
        lines = [f"{pairs[name].public_key} {name}\n" for name in NAMES[:3]]
        assert app_of(pilot).clipboard == "".join(lines)
        await pilot.press("slash", *"-a", "enter", "y")
        said = f"2 public keys, {given} it worked; 1 more is chosen, but hidden"
        await until(pilot, lambda: said in flat(pilot), said)
        assert app_of(pilot).clipboard == "".join(lines[1:])
        await pilot.press("t")
        await until_screen(pilot, "EditTagsScreen")
        await until(pilot, lambda: "1 more is chosen, but hidden" in drawn(pilot), "that")
        await pilot.press("escape")
        # Of one alone there is more to copy than its public key, and it is the chosen one.
        await pilot.press("slash", "ctrl+u", *"name:c", "enter", "y")
        await until_screen(pilot, "PickScreen")
        assert "Copy from c" in drawn(pilot)

    play(five, scene, (120, 24))


@pytest.mark.long
def test_the_form_names_the_pairs_that_get_tags_and_saves_nothing_where_nothing_was_typed(
    five: DemoSession,
) -> None:
    for name in ("f", "g"):
        five.backend.create_key_pair(key_name=name, key_type="ed25519")

    async def scene(pilot: Pilot[None]) -> None:
        await choose_all_and(pilot, "t", "EditTagsScreen")
        assert "Pairs        a, b, c, d, e and 2 more" in drawn(pilot)
        assert app_of(pilot).screen.query_one(KeyHints).muted == {"save"}
        await pilot.press("enter")
        nothing = "there is nothing to save; esc goes back"
        await until(pilot, lambda: text_of(pilot, "#fact") == nothing, nothing)
        await type_text(pilot, "Env")
        assert app_of(pilot).screen.query_one(KeyHints).muted == set()
        await pilot.press("ctrl+u", "escape")
        await until_screen(pilot, "KeyPairListScreen")
        # Nothing was tagged, and so there is nothing of it to undo.
        await pilot.press("u")
        await until(pilot, lambda: "nothing" in text_of(pilot, "#fact"), "that there is nothing")

    play(five, scene)


@pytest.mark.long
def test_enter_says_what_has_to_be_typed_before_tags_of_many_are_overwritten(
    empty_session: DemoSession,
) -> None:
    for number in range(10):
        name = f"pair-{number}"
        made = empty_session.backend.create_key_pair(key_name=name, key_type="ed25519").key_pair
        empty_session.backend.create_tags(resources=[made.key_pair_id], tags=[Tag("Env", "x")])

    async def scene(pilot: Pilot[None]) -> None:
        await choose_all_and(pilot, "t", "EditTagsScreen")
        await type_text(pilot, "Env")
        for typed, said in (("", "type overwrite 10 first"), ("over", "this is not it")):
            await type_text(pilot, typed)
            assert app_of(pilot).screen.query_one(KeyHints).muted == {"save"}
            await pilot.press("enter")
            await until(pilot, lambda said=said: said in text_of(pilot, "#fact"), said)  # type: ignore[misc]  # the default binds what the loop has
        await type_text(pilot, "write 10")
        await until(
            pilot, lambda: not app_of(pilot).screen.query_one(KeyHints).muted, "the key to save"
        )
        # What was wrong with what stood there before is said no longer.
        assert "overwrite" not in text_of(pilot, "#fact")

    play(empty_session, scene)
