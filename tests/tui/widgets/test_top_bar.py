"""What the bar at the top leaves out where there is no room for all of it, and in which order."""

import asyncio
import re

import pytest
from textual.app import ComposeResult

from tests.tui.driving import until
from tui.terminal.terminal_app import TerminalApp
from tui.widgets.top_bar import TopBar
from tui.words.place import Whereabouts, city

EVERYTHING = Whereabouts(
    "eu-west-1",
    place="EC2",
    profile="prod",
    city="Ireland",
    host="ec2.example.com",
    caller="123456789012 anna",
    user="ops@bastion-1",
    limits=("policy", "read-only"),
)

GOES = (
    "Ireland",
    "123456789012 anna",
    "ops@bastion-1",
    "policy",
    "prod",
    "keypairs",
    " EC2 ",
)
"""What goes, the first first."""
STAYS = ("ec2.example.com", "eu-west-1", "40 pairs · 3 chosen", "read-only")


class OneBar(TerminalApp):
    """The bar alone."""

    def __init__(self) -> None:
        super().__init__()
        self.whereabouts = EVERYTHING
        self.bar = TopBar()

    def compose(self) -> ComposeResult:
        yield self.bar


def bars(widths: range, title: str = "", place: Whereabouts = EVERYTHING) -> dict[int, str]:
    """Return what the bar shows at each width."""
    found: dict[int, str] = {}

    async def look() -> None:
        app = OneBar()
        async with app.run_test(size=(200, 3)) as pilot:
            app.whereabouts = place
            if title:
                app.bar.entitle(title)
            else:
                app.bar.count("40 pairs", "3 chosen")
            for width in widths:
                await pilot.resize_terminal(width, 3)
                await until(pilot, lambda w=width: app.bar.size.width == w, f"{width} columns")  # type: ignore[misc] # its default
                found[width] = app.bar.render().plain

    asyncio.run(look())
    return found


@pytest.mark.long
def test_one_thing_goes_at_a_time_and_what_matters_never_does() -> None:
    shown = bars(range(60, 161))

    assert {len(bar) - width for width, bar in shown.items()} == {0}
    assert [bar for bar in shown.values() if not all(word in bar for word in STAYS)] == []
    assert all(word in shown[160] for word in GOES)
    # Whoever is there at some width is there at each greater one.
    for number, word in enumerate(reversed(GOES), 1):
        least = min(width for width, bar in shown.items() if word in bar)
        assert all(word in bar for width, bar in shown.items() if width >= least), word
        later = GOES[: len(GOES) - number]
        assert not any(other in shown[least] for other in later[:-1] if other != word), word


@pytest.mark.long
def test_a_title_is_cut_last_of_all_and_with_an_ellipsis() -> None:
    shown = bars(range(40, 101), "Leave without the private key?")

    assert all("› Leave" in bar or "…" in bar for bar in shown.values())
    assert "› Leave without the private key?" in shown[75]
    assert "keypairs" not in shown[60]
    assert "read-only" in shown[60]


@pytest.mark.long
def test_the_host_that_answers_in_awss_place_is_the_last_thing_to_leave() -> None:
    host = "ec2.eu-west-1.example.com:8443"
    here = EVERYTHING._replace(host=host)

    for title in ("", "Leave without the private key?"):
        shown = bars(range(40, 161), title, here)
        assert all(host in bar for width, bar in shown.items() if "EC2" in bar), title
        # Shortened in its middle, of which both ends are left.
        assert all(re.search(r" ec2\.\S*:8443 eu-west-1 ", bar) for bar in shown.values()), title
        assert re.search(r" ec2\.\S+…\S+:8443 ", shown[60])


@pytest.mark.long
def test_without_such_a_host_the_place_stays() -> None:
    shown = bars(range(49, 161), place=EVERYTHING._replace(host=""))

    assert all(" EC2 " in bar and "eu-west-1" in bar for bar in shown.values())


def test_a_city_is_what_stands_in_parentheses() -> None:
    assert city("us-east-1") == "N. Virginia"
    assert city("us-iso-east-1") == "US ISO East"
    assert city("xx-nowhere-9") == ""
