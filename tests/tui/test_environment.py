"""What the app learns from the variables of the environment before Textual is imported."""

from tests.each_row import each_row
from tui.environment import prepare

THEMES: list[tuple[dict[str, str], str | None, str | None]] = [
    ({"TERM": "linux"}, None, "ansi-dark"),
    ({"TERM": "linux"}, "textual-light", "ansi-dark"),
    ({"TERM": "linux"}, "ansi-light", "ansi-light"),
    ({"TERM": "vt220"}, "nord", "ansi-dark"),
    ({"TERM": "xterm-256color"}, "nord", "nord"),
    ({"TERM": "xterm-256color", "NO_COLOR": "1"}, "nord", "ansi-dark"),
    ({"TERM": "xterm-256color"}, None, None),
]


@each_row("environment, chosen, taken", THEMES, ids=str)
def test_a_terminal_of_few_colours_takes_a_theme_of_few(
    environment: dict[str, str], chosen: str | None, taken: str | None
) -> None:
    prepare(environment, chosen)
    assert environment.get("TEXTUAL_THEME") == taken


COLOURS: list[tuple[dict[str, str], str | None]] = [
    ({"TERM": "screen"}, "256"),
    ({"TERM": "tmux"}, "256"),
    ({"TERM": "xterm"}, "256"),
    ({"TERM": "xterm", "COLORTERM": "truecolor"}, None),
    ({"TERM": "xterm", "TEXTUAL_COLOR_SYSTEM": "standard"}, "standard"),
    ({"TERM": "tmux-256color"}, None),
    ({"TERM": "linux"}, None),
]


@each_row("environment, colours", COLOURS, ids=str)
def test_tmux_and_xterm_have_256_colours(environment: dict[str, str], colours: str | None) -> None:
    prepare(environment, None)
    assert environment.get("TEXTUAL_COLOR_SYSTEM") == colours
