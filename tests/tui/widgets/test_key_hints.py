"""What the hint bar leaves out where there is no room for all of it."""

from tests.each_row import each_row
from tui.actions.keymap import hints
from tui.actions.table import Place
from tui.widgets.key_hints import fitting

PLACES = [place for place in Place if place is not Place.ANYWHERE]
NARROW = 60 - 2


@each_row("place", PLACES, ids=lambda place: place.name)
def test_the_ways_out_and_to_the_help_stay(place: Place) -> None:
    every = hints(place)
    words = [word for _, word in fitting(every, NARROW)]
    assert words[-1] == "help"
    assert every[0][1] in words
    ways_out = [word for key, word in every if key == "esc"]
    assert ways_out == [word for word in words if word in {"back", "leave", "show all"}]


def test_what_is_left_out_is_left_out_from_the_end_and_whole() -> None:
    every = (("a", "one"), ("b", "two"), ("esc", "back"), ("c", "three"), ("?", "help"))
    assert list(fitting(every, 43)) == list(every)
    assert [key for key, _ in fitting(every, 42)] == ["a", "b", "esc", "?"]
    assert [key for key, _ in fitting(every, 25)] == ["a", "esc", "?"]
    assert [key for key, _ in fitting(every, 17)] == ["esc", "?"]
    assert [key for key, _ in fitting(every, 16)] == ["esc"]
    assert list(fitting(every, 7)) == []
