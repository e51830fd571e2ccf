"""What the palette finds: actions by their sentences, by their words, and by letters in order."""

from textual.command import Hit, Hits
from textual.system_commands import SystemCommandsProvider

from tui.keymap import at

_FAR = 1_000
"""More than Textual gives for letters, which may lie anywhere in the sentence."""


class ActionsProvider(SystemCommandsProvider):
    """The app's commands: first those that say what is sought, then those that mean it."""

    async def search(self, query: str) -> Hits:
        """Yield what a query finds."""
        place = getattr(self.screen, "PLACE", None)
        words = {action.help: action.words for action in at(place)} if place else {}
        sought = query.casefold().split()
        matcher = self.matcher(query)
        for name, help_text, callback, _ in self.app.get_system_commands(self.screen):
            score = matcher.match(name)
            if all(part in name.casefold() for part in sought):
                score += 2 * _FAR
            elif all(part in words.get(name, "") for part in sought):
                score += _FAR
            if score > 0:
                yield Hit(score, matcher.highlight(name), callback, help=help_text)
