"""Shows everything about a key pair, on one page."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import suppress
from enum import Enum, auto
from functools import partial
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.content import Content
from textual.events import Key
from textual.style import Style
from textual.widget import Widget
from textual.widgets import Static

from core.custody.rotation import NOTHING_REPLACED, Rotation
from core.disk import files
from core.errors import KeyPairsError
from core.model import KeptKeyPair
from core.words.plural import n_of
from tui.actions.keymap import bindings, hints, key_of, reading_hints, wide_hints
from tui.actions.table import Place
from tui.screens.pair import saved_key, usage
from tui.screens.pair.copy_menu import copy_something
from tui.screens.pair_headline import PairHeadline
from tui.screens.placed_screen import (
    PairsBack,
    PairsDeleted,
    PlacedScreen,
    RegionChanged,
    end_before_another,
    refuses_changes,
)
from tui.screens.refusing import say_if_of_list
from tui.widgets.facts import Facts
from tui.widgets.form_field import FormBody
from tui.words import details
from tui.words.details import Part, Section, created
from tui.words.pairs import key_lengths, tag_texts
from tui.words.verdict import Tone, Verdict
from tui.work.exclusive import exclusively, is_busy

if TYPE_CHECKING:
    from core.ec2.place import Ec2Place
    from core.session import Session


class Next(Enum):
    """What is to be done with the pair next, which the list does."""

    TAGS = auto()
    DELETE = auto()
    REPLACE = auto()
    IMPORT_INTO_REGIONS = auto()
    INSTALL = auto()
    FOLLOWING = auto()
    PREVIOUS = auto()
    BRING_BACK = auto()
    UNDO = auto()

    @property
    def changes(self) -> bool:
        """Whether it changes the Region's pairs, or pairs of another one."""
        return self not in (Next.INSTALL, Next.FOLLOWING, Next.PREVIOUS)


class Position(NamedTuple):
    """Where a pair stands among those that the list shows, from 1."""

    number: int = 1
    total: int = 1
    chosen: int = 0
    """How many others are chosen, with which nothing is done from here."""


_TWO_COLUMNS, _BOTH_WIDE = 120, 124
"""Columns of the window from which there are two, and how wide the panel of both is."""


_OF_A_SAVED_KEY: Sequence[str] = ("agent", "save", "public-file", "mode", "ssh-host")
"""What is done with the saved file, and so not with a pair that has none."""


class DetailsScreen(PlacedScreen[Next | None]):
    """Files, lines to paste, tags; fingerprints with the commands that give them, history.

    Where the window is wide, the latter stand beside the former. It ends with what is to be done
    next, or None.

    Args:
        deleted: what is said of the pair where it is a deleted one, which can be brought back.
        where: returns where it stands in the list, as that is by then.
        undoes: of how many pairs, this one too, this session edited the tags last, if it did; that
            of this pair alone can be undone here.
    """

    CSS_PATH = "details.tcss"
    PLACE = Place.DETAILS
    BINDINGS = bindings(PLACE)
    COMPONENT_CLASSES: ClassVar[set[str]] = {"details--muted"}
    AUTO_FOCUS = "FormBody"
    PANELS: ClassVar[Mapping[int, int]] = {**PlacedScreen.PANELS, _TWO_COLUMNS: _BOTH_WIDE}
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 - as Textual declares it
        (0, "-one-column"),
        (_TWO_COLUMNS, "-two-columns"),
    ]

    def __init__(
        self,
        session: "Session",
        key_pair: KeptKeyPair,
        rotation: Rotation = NOTHING_REPLACED,
        deleted: Verdict | None = None,
        *,
        where: Callable[[], Position] = Position,
        undoes: int = 0,
    ) -> None:
        super().__init__(key_pair.key_name)
        self._undoes = undoes
        self._deleted = deleted
        self._session = session
        self.key_pair = key_pair
        """The pair as it is shown: as this page and other sessions have left it."""
        self._rotation = rotation
        self._where = where
        self._position = where()
        self.has_changed = False
        """Whether something was done here that the list does not know of."""
        self.about = [key_pair]
        self.gone = {key_pair.key_pair_id} if deleted else ()
        when = created(key_pair, session.now(), "%Y-%m-%d %H:%M %Z")
        self._headline = PairHeadline(key_pair, key_pair.key_pair_id, when)
        self._replacements = Facts(details.replacements(key_pair, rotation))
        self._sections = _Sections(session)

    def content(self) -> ComposeResult:
        with _Page(can_focus=True):
            yield self._headline
            yield self._replacements
            with Container(id="columns"):
                yield self._sections.parts[Part.USE]
                yield self._sections.parts[Part.PROOF]
            yield self._sections.parts[Part.MORE]

    def on_mount(self) -> None:
        self._teach()
        if self._session.place is not None:
            self._ask_what_uses_it(self._session.place)
        self._show_page()

    @work(exclusive=True)
    async def _show_page(self) -> None:
        await self._sections.show(self.key_pair, self._rotation)
        self._teach()

    @work(group="usage")
    async def _ask_what_uses_it(self, place: "Ec2Place") -> None:
        name = self.key_pair.key_name
        found = await usage.ask(place, [name])
        self._sections.show_uses(usage.lines(found[name]))

    @on(RegionChanged)
    def _show_as_others_left_it(self, event: RegionChanged) -> None:
        """Show the pair as another session left it: its name, tags, history and all the rest."""
        if self.key_pair.key_pair_id in event.key_pairs:
            now = event.key_pairs[self.key_pair.key_pair_id]
            if now.tags != self.key_pair.tags and self.fact_line.verdict.tone is not Tone.BAD:
                self.fact_line.forget()  # that others changed them is the newer news
            self.key_pair = now
            self._position = self._where()
        self._rotation = event.rotation
        self.about = [self.key_pair]
        self.query_one(FormBody).entitle(self.key_pair.key_name)
        self._headline.show(self.key_pair)
        self._replacements.show(details.replacements(self.key_pair, self._rotation))
        self._teach()
        self._show_page()

    @on(PairsDeleted)
    @on(PairsBack)
    def _take_as_others_left_it(self, event: PairsDeleted | PairsBack) -> None:
        """Take the pair as one that was deleted while it was shown, or is back."""
        self._deleted = event.said if isinstance(event, PairsDeleted) else None
        self.fact_line.rest(Verdict(""))
        self._teach()

    def _teach(self) -> None:
        """Teach what can be done with the pair: once it is deleted, say so, and teach the rest."""
        read_only, mends = self._session.read_only, self._sections.mends_mode
        self.key_hints.mute(*_idle(self.key_pair, mends=mends))
        if self._deleted is None:
            self.key_hints.show((reading_hints if read_only else hints)(Place.DETAILS))
            self.fact_line.teach(*([] if read_only else _also_taught(self.key_pair)))
            if self.fact_line.at_rest.tone is Tone.PLAIN:  # else there is more to be known
                taught = _taught(self.key_pair, self._position, read_only=read_only, mends=mends)
                self.fact_line.rest(Verdict(taught))
            return
        back = (key_of("details.bring-back"), "bring back")
        left = {key_of("details.copy"), key_of("details.back"), hints(Place.DETAILS)[-1][0]}
        others = [hint for hint in hints(Place.DETAILS) if hint[0] in left]
        self.key_hints.show((*([] if read_only else [back]), *others))
        self.fact_line.rest(self._deleted)
        self.fact_line.teach()

    def action_bring_back(self) -> None:
        """Bring the pair back that is shown, if it was deleted; else undo the edit of its tags."""
        if refuses_changes(self):
            return
        if self._deleted is not None:
            self._leave_for(Next.BRING_BACK)
        elif self._undoes == 1:
            self._leave_for(Next.UNDO)
        elif self._undoes:
            pairs, key = n_of(self._undoes, "pair"), key_of("key-pair.undo")
            way = f"{key} in the list undoes that"
            self.say(Verdict(f"tags were just set on {pairs} together: {way}"))
        else:
            key = key_of("details.bring-back")
            ways = f"{key} undoes tags just set on this pair, or brings it back once it is deleted"
            self.say(Verdict(f"nothing to undo here: {ways}"))

    @exclusively
    async def action_copy(self) -> None:
        """Send something of the pair to the terminal's clipboard."""
        await copy_something(self.app, self._session, self.key_pair)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool:
        # What is typed while a dialog is on its way is not meant for this page.
        return not is_busy(self)

    def action_agent(self) -> None:
        """Add the saved private key to the ssh-agent."""
        add = partial(saved_key.add_to_agent, self.app, self._session)
        self._do(add, changes=False, outlives=True)

    def action_save(self) -> None:
        """Save the private key again, in another format or with a passphrase."""
        self._do(partial(saved_key.save_again, self.app, self._session))

    def action_public_file(self) -> None:
        """Write the public key beside the saved file."""
        self._do(partial(saved_key.write_public_key, self.app))

    def action_mode(self) -> None:
        """Give the saved file the mode 0600."""
        self._do(partial(saved_key.make_private, self.app, self._session), outlives=True)

    def action_ssh_host(self) -> None:
        """Add a Host block for the saved key to the ssh configuration."""
        self._do(partial(saved_key.add_ssh_host, self.app, self._session))

    @exclusively
    async def _do(
        self,
        begin: Callable[[KeptKeyPair], Coroutine[None, None, Verdict | None]],
        *,
        changes: bool = True,
        outlives: bool = False,
    ) -> None:
        """Do something with the private key file, say what came of it, and show it.

        Args:
            begin: what is done.
            changes: it is not done read-only.
            outlives: it is done for a deleted pair too. Its file is still there, hosts may still
                take the key, and others may still read it; but nothing new is made of such a pair.
        """
        if changes and refuses_changes(self):
            return
        if self._deleted and not outlives:
            self.say(_not_of_deleted())
            return
        said = await begin(self.key_pair)
        if said is None:
            return
        self.say(said)
        self.has_changed = True
        with suppress(KeyPairsError):
            found = await asyncio.to_thread(self._session.store.read)
            self.key_pair = found.key_pairs.get(self.key_pair.key_pair_id, self.key_pair)
        await self._sections.show(self.key_pair, self._rotation)
        self._teach()

    def action_tags(self) -> None:
        """Edit the tags of the pair."""
        self._leave_for(Next.TAGS)

    def action_delete(self) -> None:
        """Delete the pair."""
        self._leave_for(Next.DELETE)

    def action_replace(self) -> None:
        """Create the pair that replaces this one."""
        self._leave_for(Next.REPLACE)

    def action_import_into_regions(self) -> None:
        """Import the public half of the pair into other Regions."""
        self._leave_for(Next.IMPORT_INTO_REGIONS)

    def action_install(self) -> None:
        """Install the public key in authorized_keys."""
        if self._deleted is not None:
            self._leave_for(Next.INSTALL)  # which says that it is deleted
        else:
            end_before_another(self, Next.INSTALL)

    def action_following(self) -> None:
        """Go to the next pair of the list."""
        if self._position.number < self._position.total:
            end_before_another(self, Next.FOLLOWING)
        else:
            self.say(Verdict("this is the last pair of the list"))

    def action_previous(self) -> None:
        """Go to the pair before."""
        if self._position.number > 1:
            end_before_another(self, Next.PREVIOUS)
        else:
            self.say(Verdict("this is the first pair of the list"))

    def _leave_for(self, change: Next) -> None:
        if refuses_changes(self):
            return
        if self._deleted and change is not Next.BRING_BACK:
            self.say(_not_of_deleted())
        else:
            end_before_another(self, change)


class _Page(FormBody):
    """What the screen holds, which has the focus and so the keys."""

    def on_key(self, event: Key) -> None:
        """Say so where a key is one of the list's; what was said of the one before is over."""
        if isinstance(self.screen, PlacedScreen):
            self.screen.fact_line.forget()
            say_if_of_list(self.screen, event)


class _Sections:
    """The sections of the page, in the parts of it where they stand."""

    def __init__(self, session: "Session") -> None:
        self._session = session
        self.parts = {part: Vertical(id=part.name.lower()) for part in (Part.USE, Part.PROOF)}
        self.parts[Part.MORE] = Vertical(id="more")
        self._uses: Sequence[str] = [usage.ASKING]
        self._used = Facts()
        self._shown: tuple[list[Section], KeptKeyPair] | None = None
        self._drawing = asyncio.Lock()
        self.mends_mode = False
        """Whether a saved file was seen to have another mode than 0600."""

    async def show(self, key_pair: KeptKeyPair, rotation: Rotation) -> None:
        """Show all there is to know of a pair now, if it is not what is shown."""
        # One after the other: each takes away what the one before it has shown.
        async with self._drawing:
            sections = await asyncio.to_thread(details.sections, self._session, key_pair, rotation)
            saved_to = key_pair.custody.saved_to
            self.mends_mode = await asyncio.to_thread(files.lets_mode_be_mended, saved_to)
            if (sections, key_pair) != self._shown:
                self._shown = None
                await self._draw(sections, key_pair)
                self._shown = sections, key_pair

    async def _draw(self, sections: Sequence[Section], key_pair: KeptKeyPair) -> None:
        screen = self.parts[Part.USE].screen
        shown: dict[Part, list[Widget]] = {part: [] for part in self.parts}
        for part, heading, facts, pasteable, judged in sections:
            if part in shown:
                labelled = any(label for label, _ in facts)
                body = Facts(facts, labelled=labelled, pasteable=pasteable, judged=judged)
                shown[part] += [_heading(heading), body]
        if key_pair.tags:
            muted = screen.get_visual_style("details--muted")
            shown[Part.USE] += [_heading("Tags"), Static(_tags(key_pair, muted), markup=False)]
        if self._session.place is not None:
            self._used = Facts([("", line) for line in self._uses], labelled=False)
            shown[Part.USE] += [_heading("What uses it"), self._used]
        with screen.app.batch_update():
            for part, widgets in shown.items():
                await self.parts[part].remove_children()
                await self.parts[part].mount_all(widgets)

    def show_uses(self, lines: Iterable[str]) -> None:
        """Show what was launched with the pair, now that EC2 has said it."""
        self._uses = [*lines]
        self._used.show([("", line) for line in self._uses])


def _tags(key_pair: KeptKeyPair, muted: Style) -> Content:
    """Return the tags, one a line, their keys muted."""
    texts = zip(tag_texts(key_pair), key_lengths(key_pair), strict=True)
    return Content("\n").join(
        Content.styled(text[:key], muted) + Content(text[key:]) for text, key in texts
    )


def _idle(key_pair: KeptKeyPair, *, mends: bool) -> list[str]:
    """Return the words of the keys that do nothing, as a pair has no saved file, or a good one."""
    idle = _OF_A_SAVED_KEY
    if key_pair.custody.saved_to:
        idle = () if mends else ("mode",)
    keys = {key_of(f"details.{name}") for name in idle}
    return [word for key, word in wide_hints(Place.DETAILS) if key in keys]


def _taught(key_pair: KeptKeyPair, position: Position, *, read_only: bool, mends: bool) -> str:
    """Return where the pair stands in the list, and keys that the hint bar has no room for."""
    taught = []
    if position.chosen:
        taught.append(f"about this pair, not the {n_of(position.chosen, 'other')} chosen")
    if position.total > 1:
        following, previous = key_of("details.following"), key_of("details.previous")
        taught.append(f"{position.number:,} of {position.total:,}")
        if not read_only:  # whose hints have room for these keys
            taught.append(f"{following} next, {previous} previous")
    if key_pair.custody.saved_to and not read_only:
        keys = {"agent": "agent", "save": "save again", "mode": "mode", "ssh-host": "Host block"}
        if not mends:
            del keys["mode"]
        taught.append(", ".join(f"{key_of(f'details.{name}')} {keys[name]}" for name in keys))
    return " · ".join(taught)


def _also_taught(key_pair: KeptKeyPair) -> list[str]:
    """Return other keys that the hint bar has no room for: the most used, then fewer of them."""
    keys = ["replace", "install", "import-into-regions"]
    words = ["replace", "install", "into other Regions"]
    if key_pair.custody.saved_to:
        keys.append("public-file")
        words.append(".pub file")
    taught = [f"{key_of(f'details.{key}')} {word}" for key, word in zip(keys, words, strict=True)]
    return [", ".join(taught[:most]) for most in range(len(taught), 0, -1)]


def _not_of_deleted() -> Verdict:
    """Return why something is not done for a deleted pair, and the way on."""
    back = key_of("details.bring-back")
    return Verdict(f"this pair is deleted; {back} brings it back", Tone.CAUTION)


def _heading(text: str) -> Static:
    return Static(text, markup=False, classes="heading")
