"""The palette: actions found by their sentences, by their words, and by letters in order."""

from collections.abc import Iterator

from textual.app import ComposeResult, SystemCommand
from textual.command import CommandList, CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.widgets.option_list import Option

from tui.actions.keymap import at, hints
from tui.actions.table import Place
from tui.widgets.key_hints import KeyHints
from tui.widgets.top_line import TopLine

_FAR = 1_000
"""More than Textual gives for letters, which may lie anywhere in the sentence."""

_KEY_WIDTH = 8


class Palette(CommandPalette):
    """Textual's palette, which looks as the other screens do and says at once that nothing matches.

    Args:
        title: what is to be picked.
        providers: what finds it, if not the app's own.
    """

    CSS_PATH = "palette.tcss"

    def __init__(self, title: str, providers: list[type[Provider]] | None = None) -> None:
        super().__init__(providers, placeholder="type to narrow the list")
        self._title = title

    def compose(self) -> ComposeResult:
        yield TopLine(self._title)
        yield from super().compose()
        bar = KeyHints(Place.PICK)
        bar.show(hints(Place.PICK)[:2])
        yield bar

    def _start_no_matches_countdown(self, search_value: str) -> None:
        nothing = Option("Nothing matches.", disabled=True, id=self._NO_MATCHES)
        self.query_one(CommandList).clear_options().add_option(nothing)
        self._list_visible = True


class ActionsProvider(Provider):
    """The app's commands: first those that say what is sought, then those that mean it."""

    def _commands(self) -> Iterator[SystemCommand]:
        yield from self.app.get_system_commands(self.screen)

    async def discover(self) -> Hits:
        """Yield all commands."""
        for name, key, callback, _ in self._commands():
            yield DiscoveryHit(_line(key, Content(name)), callback, text=name)

    async def search(self, query: str) -> Hits:
        """Yield what a query finds."""
        place = getattr(self.screen, "PLACE", None)
        words = {action.help: action.words for action in at(place)} if place else {}
        sought = query.casefold().split()
        matcher = self.matcher(query)
        for name, key, callback, _ in self._commands():
            score = matcher.match(name)
            if all(part in name.casefold() for part in sought):
                score += 2 * _FAR
            elif all(part in words.get(name, "") for part in sought):
                score += _FAR
            if score > 0:
                line = _line(key, matcher.highlight(name))
                yield Hit(score, line, callback, text=name)


def _line(key: str, name: Content) -> Content:
    return Content(f"{key:<{_KEY_WIDTH}} ") + name
