"""Shows whose a key is."""

import asyncio
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.events import DescendantFocus, Key
from textual.message import Message
from textual.suggester import SuggestionReady
from textual.widgets import Input, Static

from core.checks.answers import Found, Standing
from core.checks.finding import PairReference
from core.disk import typed_path
from core.errors import KeyPairsError
from core.keys.reading import import_material
from core.secret import Passphrase
from core.words.plural import n_of
from tui.actions.keymap import bindings, hints, key_of
from tui.actions.table import Place
from tui.screens.look.follow_up import FollowUp, KeyToImport, PairToBringBack, name_for
from tui.screens.placed_screen import PlacedScreen, ScreenKind, refuses_changes
from tui.screens.private_key.passphrase_input import PassphraseInput
from tui.widgets.cursor_list import CursorList
from tui.widgets.path_field import PathSuggester
from tui.widgets.pick_list import Item, PickList
from tui.widgets.search_input import SearchInput, type_on
from tui.widgets.text_input import TAKES
from tui.widgets.verdict_line import VerdictLine
from tui.words import judging
from tui.words.look_up import answer, not_looked_up, summed_up
from tui.words.text import short_path, visible
from tui.words.verdict import Tone, Verdict
from tui.work.batches import in_batches, is_running

if TYPE_CHECKING:
    from core.checks.look_up import Ask, Finder
    from core.session import Session

_EMPTY = """\
~/.ssh   whose each key in a folder is
a file   a private key, a .pub, an authorized_keys
a text   a public key, or a fingerprint in any spelling
a name   the pair that has it
agent    what the ssh-agent holds

All Regions are looked through; nothing private is shown. A passphrase is asked for only where \
nothing else tells."""

_NOTHING_TYPED = "type a path, a public key, a fingerprint, a pair's name, or: agent"

AGENT = "agent"
"""What is typed for the keys of the ssh-agent; a file of that name is ./agent."""


class KeyOrPathInput(SearchInput):
    """A field in which a private key that is typed or pasted is neither shown nor kept."""

    class Private(Message):
        """What was typed or pasted is a private key, of which nothing is left; says why."""

        def __init__(self, reason: str) -> None:
            super().__init__()
            self.reason = reason

    def validate_value(self, value: str) -> str:
        """Let no private key become the value."""
        reason = import_material.private_key_refusal(value)
        if reason is None:
            return value
        self.post_message(self.Private(reason))
        return ""


class _WhileTyping(PathSuggester):
    """Suggests how a path goes on, but of what was looked up already.

    Args:
        asked: returns what that is.
    """

    def __init__(self, asked: Callable[[], str | None]) -> None:
        super().__init__()
        self._asked = asked

    async def get_suggestion(self, value: str) -> str | None:
        found = await super().get_suggestion(value)
        return None if value == self._asked() else found


class Asked(NamedTuple):
    """What was looked up last, and the row of the answer under the cursor."""

    text: str = ""
    row: int = 0


class FindScreen(PlacedScreen[FollowUp | None]):
    """A field for a path, a key or a fingerprint, and below it whose each key is.

    Enter looks up what was typed; when that is done, it takes what is under the cursor: it goes to
    the pair, imports the key, or asks for the passphrase that is needed to see the key.

    Args:
        asked: what is looked up at once, where the person comes back.
    """

    CSS_PATH = "find.tcss"
    PLACE = Place.FIND
    KIND = ScreenKind.WORKBENCH
    BINDINGS = bindings(PLACE)
    AUTO_FOCUS = "#thing"

    def __init__(self, session: "Session", asked: Asked | None = None) -> None:
        super().__init__("Whose key is this?")
        self._session = session
        self._first = asked or Asked()
        self._found: list[Found] = []
        self._rows: list[Found] = []
        """What was found, once for each of its pairs: each of them can be gone to."""
        self._looked_up: str | None = None
        self._looked_at = self._links = self._pairs = 0
        self._leads_to = ""
        self._was_emptied = True
        """Whether what was looked up is gone from the field: its answer is no longer shown."""
        self._locked = 0
        self._may_be_passphrase = False
        """Whether what is typed now may be the rest of a passphrase that is asked for no more."""
        self._too_long = Verdict("", Tone.BAD)
        self._thing = KeyOrPathInput(
            "a path, a folder, a public key, a fingerprint, or: agent", id="thing"
        )
        self._thing.suggester = _WhileTyping(lambda: self._looked_up)
        self._status = VerdictLine(id="status")
        self._empty = Static(_EMPTY, markup=False, id="empty")
        self._list = PickList()
        self._answer = Static(markup=False, id="answer")
        self._passphrase = PassphraseInput(id="passphrase")
        self._passphrase_row = Horizontal(
            Static("Passphrase ", markup=False, id="passphrase-label"),
            self._passphrase,
            id="passphrase-row",
        )

    def content(self) -> ComposeResult:
        yield self._thing
        yield self._status
        yield self._empty
        yield self._list
        # A pair may have many tags, and a key many pairs.
        with VerticalScroll(id="about"):
            yield self._answer
        yield self._passphrase_row

    def on_mount(self) -> None:
        self._passphrase_row.display = False
        self._list.display = False
        if self._first.text:
            self._thing.value = self._first.text
            self._look_up(self._first.text)

    @property
    def asked(self) -> Asked:
        """What was looked up last, to come back to."""
        return Asked(self._looked_up or "", self._list.cursor)

    # Looking up ---------------------------------------------------------------------------------

    def on_key(self, event: Key) -> None:
        """Type into the field, wherever the focus is, but not what may be a passphrase still."""
        if self._may_be_passphrase and event.is_printable:
            event.stop()
        else:
            self._may_be_passphrase = False
            type_on(self._thing, event)

    @on(Input.Submitted)
    @on(CursorList.Selected)
    def action_submit(self) -> None:
        """Look up what was typed, or take what is under the cursor if that was done."""
        if self._passphrase.has_focus:
            # While a passphrase is tried, the next is only typed.
            if not self._is_looking:
                self._unlock()
        elif not self._thing.value.strip():
            # What each of them gives stands below the field, but in a low window.
            self._status.show(Verdict(_NOTHING_TYPED, Tone.CAUTION))
        elif self._thing.value != self._looked_up:
            if self._passphrase_row.display:
                self._close_passphrase()
            self._look_up(self._thing.value)
        else:
            self._take()

    @work(exclusive=True, group="look-up")
    async def _look_up(self, text: str) -> None:
        # The answer is to what stands there, and not to how it might go on.
        self._thing.post_message(SuggestionReady(text, ""))
        with self.key_hints.stopping(key_of("find.back"), alone=False):
            await self._show_whose(text)

    async def _show_whose(self, text: str) -> None:
        self._looked_up, self._found, self._looked_at, self._links = text, [], 0, 0
        self._show("looking…")
        try:
            finder = await asyncio.to_thread(self._finder)
            self._pairs = len(finder.pairs)
            self._leads_to = await asyncio.to_thread(_leads_to, text)
            found = finder.in_agent() if text.strip() == AGENT else finder.look(text)
            async for batch in in_batches(found):
                self._looked_at += len(batch)
                self._links += sum(each.is_link for each in batch)
                self._found += [each for each in batch if not each.minor]
                self._show(f"looking… {self._looked_at:,} looked at; {key_of('find.back')} stops")
        except KeyPairsError as error:
            self._looked_up = None  # Enter asks again
            self._hint()
            self._status.show(judging.refusal(error))
            return
        self._show(self._summed_up)
        if text == self._first.text and not self._list.cursor:
            self._list.cursor = self._first.row
        if finder.problems:
            first, *more = finder.problems
            others = f" Nor are those of {n_of(len(more), 'other Region')}."
            self._status.show(Verdict(first + others * bool(more), Tone.CAUTION))
        if [each.standing for each in self._found] == [Standing.LOCKED]:
            # What is typed next may be its passphrase, and the field above would show it.
            self._ask_for_passphrase(self._found[0])

    @property
    def _summed_up(self) -> str:
        return self._leads_to + summed_up(self._found, self._looked_at, self._pairs, self._links)

    def action_back(self) -> None:
        """Stop looking, or go back."""
        if self._passphrase_row.display:
            self._close_passphrase()
            return
        if self._is_looking:
            self.workers.cancel_group(self, "look-up")
            self._show(f"stopped; {self._summed_up}")
        else:
            self.dismiss(None)

    @property
    def _is_looking(self) -> bool:
        return is_running(self, "look-up")

    # What was found -----------------------------------------------------------------------------

    def _show(self, status: str) -> None:
        self._status.show(Verdict(status))
        self._empty.display = self._was_emptied = False
        self._list.display = self._answer.display = True
        folder = _folder(self._looked_up or "")
        region = self._session.region
        self._rows = [row for found in self._found for row in _for_each_pair(found, region)]
        self._list.set_items([_item(each, folder) for each in self._rows], self._list.cursor)
        self._show_answer()

    @property
    def _under_cursor(self) -> Found | None:
        return self._rows[self._list.cursor] if self._rows else None

    @on(CursorList.Highlighted)
    def _show_answer(self) -> None:
        found = self._under_cursor
        back = "" if self._session.read_only else key_of("find.submit")
        text = answer(found, back) if found else ""
        # What the row says already is not said twice.
        is_said = found is not None and text == _WORDS.get(found.standing)
        self._answer.update("" if is_said else text)
        self.query_one("#about", VerticalScroll).scroll_home(animate=False)
        self._hint()

    @on(KeyOrPathInput.Suggests)
    def _teach_to_take(self) -> None:
        """Say how a suggestion is taken, where there is nothing else to say of what is typed."""
        if not self._status.verdict.text:
            self._status.show(Verdict(TAKES))

    def _show_what_can_be_typed(self) -> None:
        """Show below a field that was emptied what can be typed, and else the answer."""
        if self._is_looking:
            return
        if not self._thing.value.strip():
            # What is typed next may begin as that did, and is something else.
            self._was_emptied, self._looked_up, self._found, self._rows = True, None, [], []
        self._empty.display = self._was_emptied
        self._list.display = self._answer.display = not self._was_emptied

    @on(KeyOrPathInput.Private)
    def _refuse_private_key(self, event: KeyOrPathInput.Private) -> None:
        words = f"{event.reason} To look a private key up, give the name of its file."
        self._status.show(Verdict(words, Tone.BAD))

    @on(Input.Changed, "#thing")
    def _say_what_is_shown(self) -> None:
        """Keep the answer to one text from being taken for that to another."""
        self._show_what_can_be_typed()
        if self._found and not (self._is_looking or self._was_emptied):
            stale = self._thing.value != self._looked_up
            words = "looks up what is typed now; this answers what was typed before"
            words = f"{key_of('find.submit')} {words}"
            self._status.show(Verdict(words, Tone.CAUTION) if stale else Verdict(self._summed_up))
        elif not self._is_looking:
            text, status = self._thing.value, self._status.verdict
            is_of_answer = self._was_emptied and status.tone is not Tone.BAD
            if is_of_answer or status.text in (TAKES, _NOTHING_TYPED):
                self._status.show(Verdict(""))
            too_long = (typed_path.begins_like_one(text) and typed_path.too_long(text)) or ""
            # What is said for another reason stays, but no answer to another text.
            is_old = self._status.verdict.tone is Tone.BAD and text not in ("", self._looked_up)
            if too_long or is_old or self._status.verdict == self._too_long:
                self._too_long = Verdict(too_long, Tone.BAD)
                self._status.show(self._too_long)

    @on(DescendantFocus)
    @on(Input.Changed)
    def _hint(self) -> None:
        """Say what Enter does now."""
        (key, word), *others = hints(Place.FIND)
        if self._passphrase.has_focus:
            word = "unlock"
        elif not self._thing.value.strip():
            word = ""
        elif self._thing.value == self._looked_up:
            word = _what_enter_does(self._under_cursor, reads_only=self._session.read_only)
        self.key_hints.show((*([(key, word)] if word else []), *others))

    def _take(self) -> None:
        found = self._under_cursor
        if found is None:
            return
        if found.matches:
            match, pair = found.matches[0], found.matches[0].key_pair
            self.dismiss(PairReference(match.region, pair.key_pair_id, pair.key_name))
        elif (found.deleted or found.public_key is not None) and refuses_changes(self):
            return
        elif found.deleted:
            self.dismiss(PairToBringBack(found.deleted[0]))
        elif found.public_key is not None:
            self.dismiss(KeyToImport(_name_for(found), found.public_key.line))
        elif found.standing is Standing.LOCKED and self._is_looking:
            # Unlocking would end the search without a word.
            stop, unlock = key_of("find.back"), key_of("find.submit")
            words = f"still looking; {stop} stops, then {unlock} unlocks"
            self._status.show(Verdict(words, Tone.CAUTION))
        elif found.standing is Standing.LOCKED:
            self._ask_for_passphrase(found)

    # A passphrase -------------------------------------------------------------------------------

    def _ask_for_passphrase(self, found: Found) -> None:
        self._locked = self._found.index(found)
        self._passphrase_row.display = True
        self._passphrase.focus()
        self._hint()

    def _close_passphrase(self) -> None:
        self._passphrase.clear()
        self._passphrase_row.display = False
        self._thing.focus()
        self._hint()

    @work(exclusive=True, group="look-up")
    async def _unlock(self) -> None:
        """Look a locked file up again, with its passphrase."""
        index = self._locked
        if not self._passphrase.reveal():
            words = f"type its passphrase, or {key_of('find.back')} leaves it locked"
            self._status.show(Verdict(words, Tone.CAUTION))
            return
        try:
            passphrase = Passphrase(self._passphrase.reveal())
        except ValueError as error:
            self._status.show(Verdict(f"the passphrase: {error}", Tone.BAD))
            return
        # The field stays until it did: what is typed next may be another try.
        self._passphrase.clear()
        self._status.show(Verdict("unlocking…"))
        try:
            path = Path(self._found[index].source)
            found = await asyncio.to_thread(self._looked_up_with, passphrase, path)
        finally:
            passphrase.wipe()
        self._found[index : index + 1] = found
        self._show(self._summed_up)
        still_locked = [each for each in found if each.standing is Standing.LOCKED]
        if still_locked and self._passphrase_row.display:
            leave = key_of("find.back")
            words = f"{still_locked[0].note}; try again, or {leave} leaves it locked"
            self._status.show(Verdict(words, Tone.BAD))
        elif self._passphrase_row.display:
            self._close_passphrase()
            # Not the field above, which would show what is still typed as a passphrase.
            self._list.focus()
            self._may_be_passphrase = True

    def _looked_up_with(self, passphrase: Passphrase, path: Path) -> list[Found]:
        return list(self._finder(lambda _: passphrase).in_path(path))

    def _finder(self, ask: "Ask | None" = None) -> "Finder":
        from core.checks import look_up

        return look_up.finder(self._session, ask)


_MARKS = {Standing.KNOWN: "✓", Standing.DELETED: "!", Standing.UNKNOWN: "?", Standing.LOCKED: "·"}
_TONES = {
    Standing.KNOWN: Tone.GOOD,
    Standing.DELETED: Tone.CAUTION,
    Standing.UNKNOWN: Tone.CAUTION,
    Standing.LOCKED: Tone.PLAIN,
}
_WORDS = {
    Standing.UNKNOWN: "unknown",
    Standing.LOCKED: "needs its passphrase",
    Standing.HALVES_DISAGREE: "its halves disagree",
    Standing.DAMAGED: "damaged",
    Standing.UNSUPPORTED: "not supported",
    Standing.NO_KEY: "no key",
    Standing.NOT_READ: "not read",
    Standing.UNREADABLE: "cannot be read",
}


def _for_each_pair(found: Found, region: str) -> Iterator[Found]:
    """Yield it once for each pair that has the key, or had it: those of the Region first."""
    for match in sorted(found.matches, key=lambda match: match.region != region):
        yield replace(found, matches=(match,))
    if not found.matches:
        for pair in sorted(found.deleted, key=lambda pair: pair.region != region):
            yield replace(found, deleted=(pair,))
    if not found.matches and not found.deleted:
        yield found


def _item(found: Found, folder: str) -> Item:
    """Return the row of what was found: where at the left, at the right whose, which is one's."""
    where = short_path(found.source.removeprefix(folder)) or "what you typed"
    line = f":{found.line}" if found.line else ""
    # The name of the pair is at the right already.
    named = {match.key_pair.key_name for match in found.matches}
    comment = f"  {found.comment}" if found.comment and found.comment not in named else ""
    text = f"{_MARKS.get(found.standing, '✗')} {where}{line}{comment}"
    pairs = [f"{match.key_pair.key_name} in {match.region}" for match in found.matches]
    deleted = [f"{pair.key_name} in {pair.region}, deleted" for pair in found.deleted]
    whose = "".join(pairs or deleted) or not_looked_up(found) or _WORDS[found.standing]
    tone = _TONES.get(found.standing, Tone.BAD)
    marked = 0 if tone is Tone.PLAIN else 1
    return Item("", visible(text), visible(whose), key_length=marked, tone=tone)


def _folder(text: str) -> str:
    """Return the folder that was typed as the paths of its files begin."""
    try:
        path = Path(typed_path.without_scheme(text.strip())).expanduser()
    except RuntimeError:  # there is no such user
        return ""
    return "" if str(path) == "/" else f"{path}/"


def _leads_to(text: str) -> str:
    """Return what is said of where a relative path leads, if there is something at its end."""
    where = "" if text.strip() == AGENT else typed_path.leads_to(text)
    return f"{short_path(where)}: " if where and os.path.lexists(where) else ""


def _what_enter_does(found: Found | None, *, reads_only: bool) -> str:
    if found is None:
        return ""
    if found.matches:
        return "go to pair"
    if found.standing is Standing.LOCKED:
        return "unlock"
    if reads_only:
        return ""
    if found.deleted:
        return "bring it back"
    return "import" if found.public_key is not None else ""


def _name_for(found: Found) -> str:
    """Return a name to offer for an unknown key: its comment, or what its file is called."""
    return name_for(found.comment or Path(found.source).stem)
