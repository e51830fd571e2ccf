"""Shows the private key of a new pair, the one time it exists."""

from collections.abc import Iterator
from enum import Enum, auto
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll

from core.keys import file_formats
from core.model import CreatedKeyPair, FileFormat
from tui import screens
from tui.actions.keymap import bindings, hints
from tui.actions.table import Place
from tui.screens.placed_screen import PlacedScreen
from tui.screens.private_key.key_material_view import KeyMaterialView
from tui.screens.private_key.saved_file import SavedFile
from tui.widgets.facts import Facts
from tui.widgets.verdict_line import VerdictLine
from tui.words import judging
from tui.words.text import short_path
from tui.words.verdict import Tone, Verdict
from tui.work.exclusive import exclusively

if TYPE_CHECKING:
    from core.custody.agent_keys import AddedToAgent
    from core.session import Session
    from tui.screens.private_key.save_key_material import SavedFiles

_UNSAVED = Verdict("Not saved yet, and there is no other copy.", Tone.CAUTION)
_PERHAPS_NO_COPY = Verdict("Not saved yet, and there may be no other copy.", Tone.CAUTION)
_PERHAPS_IN_AGENT = Verdict(
    "Perhaps in the agent, which did not confirm it: ssh-add -l lists its keys.", Tone.CAUTION
)
_SENT = Verdict("Sent to your terminal's clipboard; no file holds it.", Tone.CAUTION)
_FORGOTTEN = Verdict("Not saved, and the agent has forgotten it: no other copy.", Tone.BAD)
_ONLY_IN_AGENT = Verdict(
    "In no file: lost when the agent forgets it or ends, as at logout.", Tone.CAUTION
)


class _Where(Enum):
    """Where the private key is besides here, the best of it."""

    NOWHERE = auto()
    PERHAPS_AGENT = auto()
    AGENT_FOR_A_TIME = auto()
    AGENT = auto()
    FILE = auto()

    @property
    def is_safe(self) -> bool:
        return self in (_Where.AGENT, _Where.FILE)


class KeyMaterialScreen(PlacedScreen[str]):
    """What was created, its fingerprints, and its private key, hidden until `v`.

    It cannot be left by accident: until the key was saved or an agent holds it, Escape leads to
    a question that only the pair's name answers, and quitting is refused. Where it is in no file
    and an agent holds it for a time, the first of them only says when it will be lost; once the
    agent has forgotten it, all is as before. It ends with what became of the private key, in words.
    """

    CSS_PATH = "key_material.tcss"
    PLACE = Place.KEY_MATERIAL
    BINDINGS = bindings(PLACE)
    AUTO_FOCUS = "KeyMaterialView"
    VERTICAL_BREAKPOINTS = [  # noqa: RUF012 - as Textual declares it
        (0, "-tiny"),
        (8, "-low"),
        (13, "-short"),
        (20, "-tall"),
    ]

    def __init__(self, session: "Session", created: CreatedKeyPair) -> None:
        super().__init__(f"The private key of {created.key_pair.key_name}")
        self._session = session
        self._created = created
        self._view = KeyMaterialView(created.key_material)
        self._state = VerdictLine()
        self._agent = VerdictLine(id="agent")
        self._agent.display = False
        self._saved: list[SavedFiles] = []
        self._added: AddedToAgent | None = None
        self._perhaps_added = False
        self._sent = False
        self._told = False

    @property
    def key_name(self) -> str:
        """The name of the pair."""
        return self._created.key_pair.key_name

    @property
    def holds_key(self) -> bool:
        """Whether leaving now would lose the private key, or lose it later with nothing said."""
        where = self._where
        return not (where.is_safe or (where is _Where.AGENT_FOR_A_TIME and self._told))

    @property
    def _where(self) -> _Where:
        if self._saved:
            return _Where.FILE
        if self._added is None:
            return _Where.PERHAPS_AGENT if self._perhaps_added else _Where.NOWHERE
        if self._added.until is None:
            return _Where.AGENT
        is_kept = self._session.now() < self._added.until
        return _Where.AGENT_FOR_A_TIME if is_kept else _Where.NOWHERE

    def content(self) -> ComposeResult:
        # What finds no room is cut here, and not drawn over the hints.
        with Vertical(id="body"):
            with VerticalScroll(can_focus=False, id="facts"):
                yield Facts(self._facts())
            yield self._view
            with VerticalScroll(can_focus=False, id="state"):
                yield self._state
                yield self._agent

    def _facts(self) -> Iterator[tuple[str, str]]:
        key_pair = self._created.key_pair
        yield "Id", key_pair.key_pair_id
        yield "Type", f"{key_pair.key_type}, as {self._created.key_format}"
        yield "EC2", key_pair.key_fingerprint
        yield "OpenSSH", key_pair.custody.fingerprints.ssh_sha256

    def on_mount(self) -> None:
        self.app.key_holder = self
        self._show_state()
        # For the next pair, while the person is busy with this one.
        self.call_after_refresh(self._session.spare_key.prepare)

    def on_resize(self) -> None:
        self.call_after_refresh(self._make_room)

    def _make_room(self) -> None:
        """Let the box, while the key is hidden, be there only with its whole sentence."""
        body = self.query_one("#body").size
        above, below = self.query_one("#facts"), self.query_one("#state")
        taken = sum(
            each.outer_size.height + each.styles.margin.height
            for each in (above, below)
            if each.display
        )
        self._view.stand_in(body.width - self._view.styles.margin.width, body.height - taken)

    def on_unmount(self) -> None:
        app = self.app
        if app.key_holder is self:
            app.key_holder = None
        # Textual may remember a closed screen for long, as the one that sent the last event.
        del self._created

    def action_toggle_shown(self) -> None:
        """Show or hide the private key."""
        self._view.shown = not self._view.shown
        self._show_hints()

    def _hide(self) -> None:
        self._view.shown = False
        self._show_state()

    def _show_state(self) -> None:
        """Say below the key where it is; what was said of leaving is to be said anew."""
        self._told = False
        if not self._saved:
            self._state.show(self._unsaved())
        self._show_hints()

    def _unsaved(self) -> Verdict:
        match self._where:
            case _Where.AGENT:
                return _ONLY_IN_AGENT
            case _Where.AGENT_FOR_A_TIME:
                text = f"In no file: lost at {self._end}, or when the agent ends."
                return Verdict(text, Tone.CAUTION)
            case _ if self._sent:
                return _SENT
            case _Where.PERHAPS_AGENT:
                return _PERHAPS_NO_COPY
            case _ if self._added is not None:
                return _FORGOTTEN
            case _ if self._created.warning is not None:
                text = f"{_UNSAVED.text} {self._created.warning}"
                return Verdict(text, Tone.CAUTION)
            case _:
                return _UNSAVED

    @property
    def _end(self) -> str:
        """When the agent forgets the key."""
        until = None if self._added is None else self._added.until
        return "" if until is None else judging.moment(until, self._session.now())

    def action_say_how_to_leave(self) -> None:
        """Say what keeps the private key, and what gives it up."""
        key_of = {word: key for key, word in hints(Place.KEY_MATERIAL)}
        save, agent, leave = (key_of[word] for word in ("save", "agent", "leave"))
        text = f"Not saved yet: {save} saves it, {agent} adds it to the agent, {leave} gives it up."
        if self._where is _Where.AGENT_FOR_A_TIME:
            self._told = True
            lost = f"In no file; the agent forgets it at {self._end}"
            text = f"{lost}: {save} saves it, {leave} leaves."
        self._state.show(Verdict(text, Tone.BAD))

    def say_unforeseen(self, said: Verdict) -> None:
        """Say what went wrong that nobody expected; the private key is still here."""
        self._state.show(said)

    def _show_hints(self) -> None:
        self.call_after_refresh(self._make_room)
        self.set_class(self._view.shown, "-shown")
        words = {
            "save": "save another" if self._saved else "save",
            "show": "hide" if self._view.shown else "show",
            "leave": "done" if self._where.is_safe else "leave",
        }
        self.key_hints.show(
            tuple((key, words.get(word, word)) for key, word in hints(Place.KEY_MATERIAL))
        )

    @exclusively
    async def action_save(self) -> None:
        """Save the private key to a file, and again in other formats."""
        self._hide()
        saved = await self.app.push_screen_wait(
            screens.SaveKeyMaterialScreen(self._session, self._created, self._format_to_offer())
        )
        if saved is not None:
            self._saved.append(saved)
            self._show_saved(saved)
            self._show_state()

    def _format_to_offer(self) -> FileFormat:
        """Return the format it was created in, or once that is saved, the next that is not."""
        done = {saved.file_format for saved in self._saved}
        key_type = self._created.key_pair.key_type
        wanted: list[FileFormat] = [file_formats.of_key_format(self._created.key_format)]
        wanted += FileFormat
        possible = (each for each in wanted if file_formats.refusal(each, key_type) is None)
        return next((each for each in possible if each not in done), wanted[0])

    def _show_saved(self, saved: "SavedFiles") -> None:
        """Put what was saved last on top."""
        self._state.display = False
        files = list(_of_saved(saved))
        state = self.query_one("#state", VerticalScroll)
        state.mount(*files, before=0)
        several = len(self.query(SavedFile)) > 1
        self.set_class(several, "-several")
        # Tab leads there once there is more than fits.
        state.can_focus = several
        state.scroll_home(animate=False)

    @exclusively
    async def action_add_to_agent(self) -> None:
        """Add the private key to the ssh-agent."""
        self._hide()
        form = screens.AddToAgentScreen(self._session, self._created)
        added = await self.app.push_screen_wait(form)
        if added is None and form.not_confirmed:
            # It may also be there with another lifetime than the one it was seen with.
            self._added, self._perhaps_added = None, True
            self._agent.show(_PERHAPS_IN_AGENT)
            self._agent.display = True
            self._show_state()
        if added is not None:
            self._added = added
            self._agent.show(judging.of_added_to_agent(added, self._session.now()))
            self._agent.display = True
            self._show_state()
            if added.until is not None:
                left = added.until - self._session.now()
                self.set_timer(max(left.total_seconds(), 0), self._show_state)

    @exclusively
    async def action_copy(self) -> None:
        """Send something of the pair to the terminal's clipboard, the private key only if asked."""
        self._hide()
        if await screens.copy_of_new(self.app, self._created):
            self._sent = True
            self._show_state()

    @exclusively
    async def action_back(self) -> None:
        """Leave; where the private key would be lost, only after a question, or a word of it."""
        if not self.holds_key:
            self.dismiss(self._outcome())
        elif self._where is _Where.AGENT_FOR_A_TIME:
            self.action_say_how_to_leave()
        else:
            self._hide()
            screen = screens.DiscardKeyMaterialScreen(
                self._session,
                self._created.key_pair,
                sent=self._sent,
                perhaps_in_agent=self._where is _Where.PERHAPS_AGENT,
            )
            given_up = await self.app.push_screen_wait(screen)
            if given_up is not None:
                self.dismiss(given_up)

    def action_leave(self) -> None:
        """Leave if the private key is safe; else say what would make it so."""
        if self.holds_key:
            self.action_say_how_to_leave()
        else:
            self.dismiss(self._outcome())

    def _outcome(self) -> str:
        name = self._created.key_pair.key_name
        if self._saved:
            path = short_path(str(self._saved[-1].private.path))
            return f"the private key of {name} was saved to {path}"
        until = f" until {self._end}" if self._end else ""
        return f"the private key of {name} is only in the agent{until}; the pair is marked !"


def _of_saved(saved: "SavedFiles") -> Iterator[SavedFile]:
    private = saved.private
    text = f"Saved to {short_path(str(private.path))}"
    if saved.encrypted:
        text += ", encrypted"
    if private.warning:
        yield SavedFile(Verdict(f"{text}. {private.warning}", Tone.CAUTION), private.proofs)
    else:
        yield SavedFile(Verdict(text, Tone.GOOD), private.proofs)
    if saved.public is not None:
        path = short_path(str(saved.public.path))
        yield SavedFile(Verdict(f"Public key saved to {path}", Tone.GOOD), saved.public.proofs)
    elif saved.failure:
        yield SavedFile(Verdict(f"The public key: {saved.failure}", Tone.BAD))
