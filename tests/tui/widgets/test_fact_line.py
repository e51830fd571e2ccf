"""The line above the hints: what stands there, for how long, and how it grows."""

import asyncio
from collections.abc import Callable

from textual.app import ComposeResult

from tui.terminal.terminal_app import TerminalApp
from tui.widgets.fact_line import FactLine
from tui.words.verdict import Tone, Verdict

LONG = " ".join(f"word-{number}" for number in range(60))


class OneLine(TerminalApp):
    """The line alone."""

    def __init__(self) -> None:
        super().__init__()
        self.line = FactLine()

    def compose(self) -> ComposeResult:
        yield self.line


def shown(act: Callable[[FactLine], None], size: tuple[int, int] = (80, 24)) -> list[str]:
    """Return the lines that it shows after something was done with it."""
    found: list[str] = []

    async def look() -> None:
        app = OneLine()
        async with app.run_test(size=size) as pilot:
            act(app.line)
            await pilot.pause()
            found.extend(str(app.line.visual).split("\n"))
            assert app.line.size.height == len(found)

    asyncio.run(look())
    return found


def test_the_first_remark_that_fits_is_shown() -> None:
    remarks = ["a" * 90, "b" * 70, "c"]
    assert shown(lambda line: line.about("row", remarks)) == ["b" * 70]


def test_what_is_said_stays_until_the_cursor_is_on_another_row() -> None:
    def same(line: FactLine) -> None:
        line.say(Verdict("deleted ci", Tone.GOOD), "row")
        line.about("row", ["about it"])

    def other(line: FactLine) -> None:
        same(line)
        line.about("next", ["about the next"])

    assert shown(same) == ["✓ deleted ci"]
    assert shown(other) == ["about the next"]


def test_keys_are_taught_behind_what_is_at_rest_but_not_behind_a_caution() -> None:
    def taught(tone: Tone) -> list[str]:
        def act(line: FactLine) -> None:
            line.rest(Verdict("2 of 3", tone))
            line.teach("n replace, I install", "n replace")

        return shown(act)

    assert taught(Tone.PLAIN) == ["2 of 3 · n replace, I install"]
    assert taught(Tone.CAUTION) == ["! 2 of 3"]
    assert taught(Tone.BAD) == ["✗ 2 of 3"]


def test_what_is_said_briefly_hides_the_rest_for_a_moment() -> None:
    def both(line: FactLine) -> None:
        line.rest(Verdict("at rest"))
        line.say_briefly("sent")

    def over(line: FactLine) -> None:
        both(line)
        line.say_briefly("")

    assert shown(both) == ["sent"]
    assert shown(over) == ["at rest"]


def test_it_grows_and_of_a_refusal_nothing_is_lost_while_a_third_of_the_window_has_room() -> None:
    plain = shown(lambda line: line.say(LONG))
    assert len(plain) == 3
    assert plain[-1].endswith("…")

    refused = shown(lambda line: line.say(Verdict(LONG, Tone.BAD)))
    assert " ".join(refused) == f"✗ {LONG}"

    small = shown(lambda line: line.say(Verdict(LONG, Tone.BAD)), (40, 10))
    assert len(small) == 3
    assert small[-1].endswith("…")
    assert len(shown(lambda line: line.say(Verdict(LONG, Tone.BAD)), (20, 5))) == 1


def test_what_came_of_something_is_in_sight_however_long_a_path_or_a_name_is() -> None:
    path = "~/.ssh/" + "x" * 240 + ".pem"
    said = f"the private key of {'y' * 200} was saved to {path}; the pair is marked !"
    lines = shown(lambda line: line.say(said), (60, 15))
    assert " ".join(lines).endswith(".pem; the pair is marked !")
    assert "".join(lines).count("…") == 2
