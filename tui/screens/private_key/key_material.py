"""Shows the private key of a new pair, the one time it exists."""

from collections.abc import Collection, Iterator, Sequence
from enum import Enum, auto
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import VerticalScroll

from core.custody import agent
from core.custody.recipes import ssh_command
from core.disk import destination
from core.errors import KeyPairsError
from core.keys import file_formats
from core.model import CreatedKeyPair, FileFormat
from tui import screens
from tui.actions.keymap import bindings, hints, key_of
from tui.actions.table import Place
from tui.screens.placed_screen import PlacedScreen
from tui.screens.private_key.key_material_view import KeyMaterialView
from tui.screens.private_key.saved_file import SavedFile
from tui.screens.private_key.ways import Way, Ways
from tui.terminal.clipboard import TO_COPY
from tui.widgets.facts import Facts
from tui.widgets.form_field import FormBody
from tui.widgets.verdict_line import VerdictLine
from tui.words import judging
from tui.words.text import ELLIPSIS, named, short_path, short_paths
from tui.words.verdict import Tone, Verdict
from tui.work.exclusive import exclusively
from tui.work.login import logged_in
from tui.work.own_thread import in_own_thread

if TYPE_CHECKING:
    from core.custody.agent_keys import AddedToAgent
    from core.session import Session
    from tui.screens.private_key.save_key_material import SavedFiles

_UNSAVED = Verdict("There is no other copy, and no second chance.", Tone.CAUTION)
_PERHAPS_NOWHERE = Verdict("There is perhaps no other copy.", Tone.CAUTION)
_SENT = Verdict(f"{TO_COPY.capitalize()}; no file holds it.", Tone.CAUTION)
_FORGOTTEN = Verdict("The agent has forgotten it: there is no other copy.", Tone.BAD)
_ONLY_IN_AGENT = Verdict(
    "In no file: lost when the agent forgets it or ends, as at logout.", Tone.CAUTION
)
_PROGRAM_ENDS = "keypairs ends"
_ENDS_WITH_PROGRAM = Verdict(
    f"In no file: lost when {_PROGRAM_ENDS}, for its agent ends with it.", Tone.CAUTION
)


_LOW = 20
"""Rows of a window below which not all facts fit."""

_TITLED = 8
"""Rows of a window below which the box has no title."""

_NOT_FOR_SSH = (FileFormat.PPK2, FileFormat.PPK3)

_MOST_BASE64 = 28
"""Characters of the public key that are shown."""


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
    and an agent holds it for a time, or until the program ends, the first of them only says when it
    will be lost; once the agent has forgotten it, all is as before. It ends with what became of the
    private key, in words.
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
        self.about = [created.key_pair]
        self._view = KeyMaterialView(created.key_material)
        self._box = VerticalScroll(can_focus=False, id="state")
        self._state = VerdictLine()
        self._ways = Ways(id="ways")
        self._about = Facts(id="facts")
        self._agent = VerdictLine(id="agent")
        self._agent.display = False
        self._saved: list[SavedFiles] = []
        self._added: AddedToAgent | None = None
        self._forgotten: AddedToAgent | None = None
        """What of that its time has run out, by a clock that nobody sets."""
        self._perhaps_added = False
        self._agent_answers = True
        """Whether an agent answered when it was asked last, if it was."""
        self._sent = self._was_shown = False
        self._told = False
        self._deletes_pair = True

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
            ends = self._added.ends_with_program
            return _Where.AGENT_FOR_A_TIME if ends else _Where.AGENT
        is_kept = self._added is not self._forgotten and self._session.now() < self._added.until
        return _Where.AGENT_FOR_A_TIME if is_kept else _Where.NOWHERE

    def content(self) -> ComposeResult:
        with FormBody():
            with self._box:
                yield self._state
                yield self._agent
                yield self._ways
            yield self._view
            yield self._about

    def on_resize(self) -> None:
        self._about.show(self._facts())
        self._show_hints()

    def _facts(self) -> Iterator[tuple[str, str]]:
        """Yield what there is to know of the pair; in a low window what one must know."""
        key_pair = self._created.key_pair
        is_low = self.app.size.height < _LOW
        if self._saved:
            saved = self._saved[-1]
            if saved.file_format not in _NOT_FOR_SSH:
                yield "Log in", short_paths(ssh_command(str(saved.private.path)))
        yield "Id", key_pair.key_pair_id
        if not is_low:
            # In which format it was saved, each file says above.
            made = "" if self._saved else f", made as {self._created.key_format}"
            yield "Type", f"{key_pair.key_type}{made}"
        yield "Fingerprint", key_pair.key_fingerprint
        yield "OpenSSH", key_pair.custody.fingerprints.ssh_sha256
        if not is_low:
            yield "Public key", _abridged(f"{key_pair.public_key} {key_pair.key_name}")

    def on_mount(self) -> None:
        self.app.key_holder = self
        # Who comes back from a shell need not be who left.
        self.app.app_suspend_signal.subscribe(self, lambda _: self._hide())
        self._show_state()
        # For the next pair, while the person is busy with this one.
        self.call_after_refresh(self._session.spare_key.prepare)

    def on_unmount(self) -> None:
        app = self.app
        if app.key_holder is self:
            app.key_holder = None
        app.app_suspend_signal.unsubscribe(self)
        # Textual may remember a closed screen for long, as the one that sent the last event.
        del self._created

    def action_toggle_shown(self) -> None:
        """Show or hide the private key."""
        self._view.display = True  # another try, where it could not be drawn
        self._view.shown = not self._view.shown
        self._was_shown = True
        self._view.focus()
        self._show_hints()

    def _hide(self) -> None:
        self._view.shown = False
        self._show_state()

    def say_unforeseen(self, said: Verdict) -> None:
        """Say what went wrong, and hide the key: what cannot be drawn fails with every frame."""
        if self._view.shown:
            self._hide()
            self._view.display = False
        super().say_unforeseen(said)

    def _show_state(self) -> None:
        """Say below the key where it is; what was said of leaving is to be said anew."""
        self._told = False
        where = self._where
        if not self._saved:
            self._state.show(self._unsaved())
        self._box.border_title = _standing(where, self._end)
        self._box.set_class(where is _Where.FILE, "-saved")
        self._ways.set_class(bool(self._saved or self._added), "-gone")
        self._ways.show(self._what_keeps_it())
        self._about.show(self._facts())
        self.say(Verdict(""))
        self._show_hints()

    def _what_keeps_it(self) -> Sequence[Way]:
        """Return the keys that do something with the private key, and what each of them means."""
        created = self._created
        path = destination.suggest(created.key_pair.key_name, created.key_format)
        agent_means = _why_not_in_agent(answers=self._agent_answers) or "nothing goes to disk"
        return (
            Way(key_of("key-material.save"), "Save to a file", path, ", for you alone"),
            Way(key_of("key-material.agent"), "Add to the ssh-agent", agent_means),
            Way(key_of("key-material.show"), "Show it here", "session recordings keep it"),
            Way(key_of("key-material.copy"), "Copy", "public key, id and more"),
        )

    def _unsaved(self) -> Verdict:
        match self._where:
            case _Where.AGENT | _Where.AGENT_FOR_A_TIME:
                return _ENDS_WITH_PROGRAM if self._end == _PROGRAM_ENDS else _ONLY_IN_AGENT
            case _ if self._sent:
                return _SENT
            case _Where.PERHAPS_AGENT:
                return _PERHAPS_NOWHERE
            case _ if self._added is not None:
                return _FORGOTTEN
            case _ if self._created.warning is not None:
                text = f"{_UNSAVED.text} {self._created.warning}"
                return Verdict(text, Tone.CAUTION)
            case _:
                return _UNSAVED

    @property
    def _end(self) -> str:
        """When the agent forgets the key: a time, or what happens then."""
        if self._added is None:
            return ""
        if self._added.until is not None:
            return judging.moment(self._added.until, self._session.now())
        return _PROGRAM_ENDS if self._added.ends_with_program else ""

    def action_say_how_to_leave(self) -> None:
        """Say what keeps the private key, and what leads away from it."""
        actions = ("key-material.save", "key-material.agent", "key-material.leave")
        save, add, leave = map(key_of, actions)
        no_agent = _why_not_in_agent(answers=self._agent_answers)
        adds = "" if no_agent else f"{add} adds it to the agent, "
        text = f"Not saved yet: {save} saves it, {adds}{leave} asks before it leaves."
        if self._where is _Where.AGENT_FOR_A_TIME:
            self._told = True
            at = "when" if self._end == _PROGRAM_ENDS else "at"
            lost = f"In no file; the agent forgets it {at} {self._end}"
            text = f"{lost}: {save} saves it, {leave} leaves."
        self.say(Verdict(text, Tone.BAD))

    def _show_hints(self) -> None:
        height = self.app.size.height
        unnoted = bool(self._saved) and self._saved[-1].private.warning is not None
        is_said_above = height >= _TITLED and (height >= _LOW or not self._view.shown)
        resting = _resting(self._where, is_said_above, unnoted=unnoted)
        self.fact_line.rest(Verdict(self.how_gone, Tone.CAUTION) if self.how_gone else resting)
        self.set_class(self._view.shown, "-shown")
        # Tab leads there once there is more than fits; a shown key keeps the arrows for itself.
        self._box.can_focus = self.has_class("-several") and not self._view.shown
        words = {
            "save": "save again" if self._saved else "save",
            "show": "hide" if self._view.shown else "show",
            "leave": "done" if self._where.is_safe else "leave",
        }
        # The way on, as long as there is no file.
        go_on = {key_of("key-material.save"): key_of("key-material.go-on")}
        keys = {} if self._saved else go_on
        taught = hints(Place.KEY_MATERIAL)
        self.key_hints.show(tuple((keys.get(k, k), words.get(word, word)) for k, word in taught))
        self.key_hints.mute(*(() if agent.is_named() else ("agent",)))

    def action_go_on(self) -> None:
        """Save the private key; once it is in a file, leave."""
        if self._saved:
            self.action_back()
        else:
            self.action_save()

    @exclusively
    async def action_save(self) -> None:
        """Save the private key to a file, and again in other formats."""
        self._hide()
        to_offer = _format_to_offer(self._created, {each.file_format for each in self._saved})
        saved = await self.app.push_screen_wait(
            screens.SaveKeyMaterialScreen(self._session, self._created, to_offer)
        )
        if saved is not None:
            self._saved.append(saved)
            # In one frame: the title of the box is about what stands in it.
            with self.app.batch_update():
                await self._show_saved(saved)
                self._show_state()

    async def _show_saved(self, saved: "SavedFiles") -> None:
        """Put what was saved last on top."""
        self._state.display = False
        files = list(_of_saved(saved))
        await self._box.mount(*files, before=0)
        self.set_class(len(self.query(SavedFile)) > 1, "-several")
        self._box.scroll_home(animate=False)

    @exclusively
    async def action_add_to_agent(self) -> None:
        """Add the private key to the ssh-agent."""
        self._hide()
        is_saved = bool(self._saved)
        form = screens.AddToAgentScreen(self._session, self._created, is_saved=is_saved)
        added = await self.app.push_screen_wait(form)
        if form.answers is not None:
            self._agent_answers = form.answers
            self._ways.show(self._what_keeps_it())
        if added is None and form.not_confirmed:
            # It may also be there with another lifetime than the one it was seen with.
            self._added, self._perhaps_added = None, True
            again = key_of("key-material.agent")
            words = f"Perhaps in the agent, not confirmed; {again} tries again."
            self._agent.show(Verdict(words, Tone.CAUTION))
            self._agent.display = True
            self._show_state()
        if added is not None:
            self._added = added
            self._agent.show(judging.of_added_to_agent(added, self._session.now()))
            self._agent.display = True
            self._show_state()
            if added.until is not None:

                def note_forgotten() -> None:
                    self._forgotten = added
                    self._show_state()

                left = added.until - self._session.now()
                self.set_timer(max(left.total_seconds(), 0), note_forgotten)

    @exclusively
    async def action_copy(self) -> None:
        """Send something of the pair to the terminal's clipboard, the private key only if asked."""
        self._hide()
        if await screens.copy_of_new(self.app, self._created):
            self._sent = True
            self._show_state()

    @exclusively
    async def action_log_in(self) -> None:
        """Log in to AWS anew, where a login has expired; the private key stays, hidden."""
        self._hide()
        place = self._session.place
        if place is None:
            self.say(Verdict("this machine asks for no login"))
            return
        self.say(Verdict("asking EC2…"))
        try:
            await in_own_thread(place.ask)
        except KeyPairsError as error:
            if not await logged_in(self, self._session, error, said="logged in"):
                self.say(judging.refusal(error))
        else:
            self.say(Verdict("the login is good", Tone.GOOD))

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
                shown=self._was_shown,
                sent=self._sent,
                perhaps_in_agent=self._where is _Where.PERHAPS_AGENT,
                deletes_pair=self._deletes_pair,
            )
            given_up = await self.app.push_screen_wait(screen)
            self._deletes_pair = screen.deletes_pair
            if given_up is not None:
                self.dismiss(given_up)

    def action_leave(self) -> None:
        """Leave if the private key is safe; else say what would make it so."""
        if self.holds_key:
            self.action_say_how_to_leave()
        else:
            self.dismiss(self._outcome())

    def _outcome(self) -> str:
        name = named(self._created.key_pair.key_name)
        if self._saved:
            path = short_path(str(self._saved[-1].private.path))
            return f"the private key of {name} was saved to {path}"
        until = f" until {self._end}" if self._end else ""
        return f"the private key of {name} is only in the agent{until}; the pair is marked !"


def _why_not_in_agent(*, answers: bool) -> str:
    """Return why no agent can be given the key, if that is known; `answers` unless one did not."""
    if not agent.is_named():
        return "no agent runs here"
    return "" if answers else "no agent answers"


def _standing(where: _Where, end: str) -> str:
    """Return how it stands with the private key, in a few words; `end` is when an agent forgets."""
    match where:
        case _Where.FILE:
            return "Saved"
        case _Where.AGENT:
            return "Only in the agent"
        case _Where.AGENT_FOR_A_TIME:
            return f"Only in the agent until {end}"
        case _:
            return "Not saved"


def _resting(where: _Where, is_said_above: bool, *, unnoted: bool) -> Verdict:
    """Return what stands in the fact line as long as there is nothing else to say.

    `is_said_above` tells whether a box says already that the key is not saved, `unnoted` whether
    it says what went wrong besides the file.
    """
    leave = key_of("key-material.leave")
    if where is _Where.FILE:
        back = f"{leave} goes back to the list; after that the key is not shown again."
        if unnoted:
            return Verdict(f"Saved, but heed what stands above. {back}", Tone.CAUTION)
        return Verdict(f"Saved. {back}", Tone.GOOD)
    leaves = "goes back to the list" if where.is_safe else "asks before it leaves"
    enter = key_of("key-material.go-on")
    if is_said_above:
        return Verdict(f"{enter} asks where to save it; {leave} {leaves}.", Tone.CAUTION)
    return Verdict(f"Not saved: {enter} asks where; {leave} {leaves}.", Tone.CAUTION)


def _format_to_offer(created: CreatedKeyPair, done: Collection[FileFormat]) -> FileFormat:
    """Return the format it was created in, or once that is saved, the next that is not."""
    wanted: list[FileFormat] = [file_formats.of_key_format(created.key_format)]
    wanted += FileFormat
    key_type = created.key_pair.key_type
    possible = (each for each in wanted if file_formats.refusal(each, key_type) is None)
    return next((each for each in possible if each not in done), wanted[0])


def _abridged(public_key: str) -> str:
    """Return a public key with the middle of its base64 left out."""
    algorithm, _, rest = public_key.partition(" ")
    body, _, comment = rest.partition(" ")
    shown = body if len(body) <= _MOST_BASE64 else f"{body[:_MOST_BASE64]}{ELLIPSIS}"
    return f"{algorithm} {shown} {comment}"


def _of_saved(saved: "SavedFiles") -> Iterator[SavedFile]:
    private = saved.private
    text = f"Saved to {short_path(str(private.path))}, as {saved.file_format}"
    if saved.encrypted:
        text += ", encrypted"
    if private.warning:
        warning = short_paths(private.warning)
        yield SavedFile(Verdict(f"{text}. {warning}", Tone.CAUTION), private.proofs)
    else:
        yield SavedFile(Verdict(text, Tone.GOOD), private.proofs)
    if saved.public is not None:
        path = short_path(str(saved.public.path))
        yield SavedFile(Verdict(f"Public key saved to {path}", Tone.GOOD), saved.public.proofs)
    elif saved.failure:
        yield SavedFile(Verdict(f"The public key: {saved.failure}", Tone.BAD))
