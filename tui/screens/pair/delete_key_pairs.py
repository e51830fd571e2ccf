"""Asks before key pairs are deleted, and deletes them."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult
from textual.content import Content
from textual.events import Key
from textual.timer import Timer
from textual.widgets import Input, Static

from core.checks import deleted
from core.custody.rotation import NOTHING_REPLACED, Rotation, is_delivered
from core.disk import files
from core.errors import KeyPairsError
from core.model import KeptKeyPair, PrivateKeyState
from core.words.plural import n_of
from tui.actions.keymap import at, bindings, hints, key_in, key_of
from tui.actions.table import Place
from tui.screens.pair import many_to_delete, usage
from tui.screens.pair.batch_progress import BatchProgress
from tui.screens.pair_headline import PairHeadline
from tui.screens.placed_screen import PlacedScreen, ScreenKind
from tui.terminal.typing_speed import ALONE
from tui.widgets.facts import Facts
from tui.widgets.form_field import FormBody, FormField
from tui.widgets.search_input import SearchInput
from tui.widgets.text_input import TextInput
from tui.widgets.verdict_line import VerdictLine
from tui.words import judging
from tui.words.pairs import of_elsewhere
from tui.words.place import waited_for
from tui.words.refusals import by_reason
from tui.words.text import short_path, visible
from tui.words.verdict import Tone, Verdict
from tui.work.exclusive import exclusively, is_busy, unless_busy
from tui.work.login import logged_in
from tui.work.slow_changes import run_change

if TYPE_CHECKING:
    from core.ec2.place import Ec2Place
    from core.session import Session

_MOST_NAMED = many_to_delete.ALWAYS_TYPED_FROM - 1
"""Of more there is a list, which is looked through from the field where something is typed."""

_IN_USE = "used"


class DeleteKeyPairsScreen(PlacedScreen[Sequence[KeptKeyPair]]):
    """Asks, deletes in batches, and ends with the pairs that were deleted.

    Where a private key was saved, or a tag says `protected`, something has to be typed: the name
    of the pair, or for several `delete` and their number. Elsewhere `y` is enough. Where a pair
    was replaced, its successor is named; while nobody has the private key of that, the word
    `anyway` has to be typed as well, and where its files are gone, that is said. In EC2 it is asked
    what was launched with the pairs; those in use take the word `used` as well.
    """

    CSS_PATH = "delete_key_pairs.tcss"
    PLACE = Place.DELETE
    KIND = ScreenKind.DIALOG
    IS_DANGEROUS = True
    BINDINGS = bindings(PLACE)
    VERTICAL_BREAKPOINTS = [  # noqa: RUF012 - as Textual declares it
        (0, "-tiny"),
        (13, "-short"),
        (20, "-tall"),
    ]

    def __init__(
        self,
        session: "Session",
        key_pairs: Sequence[KeptKeyPair],
        rotation: Rotation = NOTHING_REPLACED,
    ) -> None:
        count = len(key_pairs)
        super().__init__(f"Delete {'this key pair' if count == 1 else f'these {count} key pairs'}?")
        self._session = session
        self._key_pairs = key_pairs
        self._rotation = rotation
        self._left = self.about = key_pairs
        self._deleted: list[KeptKeyPair] = []
        self._delete_time = session.now()
        self.is_stopped = False
        """Whether the person wanted it to stop, which may have been too late."""
        self._answer: Timer | None = None
        self._amid = False
        self._stranded = [pair for pair in key_pairs if _is_stranded(pair, rotation)]
        self._guarded = (
            bool(self._stranded)
            or count >= many_to_delete.ALWAYS_TYPED_FROM
            or any(map(many_to_delete.wants_care, key_pairs))
        )
        self._expected = key_pairs[0].key_name if count == 1 else f"delete {count}"
        if self._stranded:
            self._expected += " anyway"
        self._is_many = count > _MOST_NAMED
        listed = sorted(key_pairs, key=lambda pair: not _is_stranded(pair, rotation))
        self._named = listed[:_MOST_NAMED]
        fates = [_fate(pair, rotation) for pair in listed]
        items = many_to_delete.items(listed, fates) if self._is_many else ()
        self._list = many_to_delete.NamesToDelete(items)
        self._list.can_focus = False
        # The arrows look through the list while the field keeps the focus.
        self._typed = SearchInput("", id="typed") if self._is_many else TextInput(id="typed")
        self._asking = session.place is not None
        self._field = FormField("", self._typed, stacked=True)
        self._caution = VerdictLine(id="stranded")
        self._usage = VerdictLine(id="usage")
        self._facts = Facts(id="facts")
        self._answers = Static(markup=False, id="expected")
        self._files: dict[str, str] = {}
        self._form = FormBody(can_focus=not self._guarded)
        undo, undone = key_of("key-pair.undo"), session.backend.capabilities.brings_back
        self._progress = BatchProgress(
            self._form,
            self.key_hints,
            title=f"Deleting {n_of(count, 'key pair')}",
            stop=key_of("delete.back"),
            then=f"what is deleted until then, {undo} brings back" if undone else "",
        )

    def content(self) -> ComposeResult:
        with self._form:
            if len(self._key_pairs) == 1:
                pair = self._key_pairs[0]
                created = f"{pair.create_time.astimezone():%Y-%m-%d}"
                yield PairHeadline(pair, pair.key_pair_id, f"created {created}")
            else:
                yield Static(self._lines(), markup=False, id="names")
            if self._is_many:
                yield Static("All of them, to look through", markup=False, id="through")
                yield self._list
                yield self._usage
            else:
                # Where there is room for little more than the names, it is seen before the rest.
                yield self._usage
                yield self._facts
            yield self._caution
            yield self._answers
            yield self._field
        yield self._progress

    def _show_guard(self) -> None:
        """Say what deletes: something that has to be typed, or a key."""
        self._field.display = self._guarded
        how, what = ("type", self._expected) if self._guarded else ("press", key_of("delete.yes"))
        them = "it" if len(self._key_pairs) == 1 else "them"
        self._answers.update(
            Content.assemble(
                f"{'Undo: ' * self._brings_back}{self._way_back}. " * self._is_many,
                f"To delete {them}, {how} ",
                (visible(what), "bold"),
            )
        )
        if self._guarded:
            self._teach()
            self._typed.focus()
        self._mute_what_waits()

    def on_resize(self) -> None:
        self.call_after_refresh(self._teach)

    def _teach(self) -> None:
        """Teach what deletes when it is typed, and what looks through more names than fit."""
        if self._guarded and not is_busy(self):
            delete = (key_of("delete.submit"), "delete")
            look = [("↑↓", "look through")] if self._list.max_scroll_y else []
            self.key_hints.show((delete, *look, *hints(Place.DELETE)[1:]))

    @work(group="usage")
    async def _ask_what_uses_them(self, place: "Ec2Place") -> None:
        """Say what was launched with the pairs; one that is in use takes a word more."""
        names = [pair.key_name for pair in self._key_pairs]
        found = await usage.ask(place, names)
        self._usage.show(usage.before_deleting(found))
        self._asking = False
        if any(each.count for each in found.values()):
            self._guarded = True
            self._expected += f" {_IN_USE}"
            self._show_guard()

    def _lines(self) -> Content:
        """Return which pairs these are: each of a few, of many how many of each kind."""
        if self._is_many:
            return Content("\n").join(many_to_delete.summed_up(self._key_pairs))
        lines: list[Content] = []
        for key_pair in self._named:
            fate = visible(f" · {_what_is_lost(key_pair, self._files)}")
            lines.append(Content.assemble((visible(key_pair.key_name), "bold"), fate))
            if successor := self._rotation.successor(key_pair):
                text = visible(f"  replaced by {successor.key_name} · {_where(successor)}")
                lines.append(Content(text))
        return Content("\n").join(lines)

    def _show_consequences(self) -> None:
        """Say what becomes of the private key, of the servers, and how it is undone."""
        if len(self._key_pairs) > 1:
            self.query_one("#names", Static).update(self._lines())
        self._facts.show(self._consequences())

    def _consequences(self) -> Iterator[tuple[str, str]]:
        if len(self._key_pairs) == 1:
            key_pair = self._key_pairs[0]
            yield "Private key", _what_is_lost(key_pair, self._files)
            if successor := self._rotation.successor(key_pair):
                yield "Replaced by", f"{successor.key_name} · {_where(successor)}"
        yield "Servers", "authorized_keys are not touched"
        yield "Undo", self._way_back

    @property
    def _way_back(self) -> str:
        undo = key_of("key-pair.undo")
        if self._brings_back:
            return f"{undo} in this session, {key_of('list.deleted')} within 30 days"
        them, ids = ("it", "a new id") if len(self._key_pairs) == 1 else ("them", "new ids")
        return (
            f"EC2 deletes for good: pressing {undo} only imports the public half of {them} again,"
            f" with {ids}"
        )

    @property
    def _brings_back(self) -> bool:
        return self._session.backend.capabilities.brings_back

    @work(group="look")
    async def _look_for_files(self) -> None:
        """Say which private key files are there, once that is known: a slow disk takes its time."""
        named = self._named
        self._files = await asyncio.to_thread(
            lambda: {pair.key_pair_id: _files_of(pair) for pair in named}
        )
        if not self._is_many:
            self._show_consequences()
        replaced = [(pair, self._rotation.successor(pair)) for pair in named]
        without_file = await asyncio.to_thread(
            lambda: [pair for pair, new in replaced if new and _has_lost_its_files(new)]
        )
        self._show_caution(without_file)

    def _show_caution(self, without_file: Sequence[KeptKeyPair] = ()) -> None:
        """Say of which successor nobody can have the private key, or its file is gone, if any."""
        affected = self._stranded or without_file
        self._caution.display = bool(affected)
        if not affected:
            return
        what = "private key" if self._stranded else "private key file"
        how = "was never saved" if self._stranded else "is gone"
        successor = self._rotation.successor(affected[0])
        if len(affected) == 1 and successor is not None:
            who, old = successor.key_name, affected[0].key_name
        else:
            who, old = f"{len(affected)} successors", "these"
        text = f"The {what} of {who} {how}: without {old} you may be locked out."
        self._caution.show(Verdict(text, Tone.CAUTION))

    def on_mount(self) -> None:
        if not self._is_many:
            self._show_consequences()
        self._show_caution()
        successors = filter(None, map(self._rotation.successor, self._named))
        if any(pair.custody.saved_to for pair in (*self._named, *successors)):
            self._look_for_files()
        self._show_guard()
        self._usage.display = self._session.place is not None
        if self._session.place is not None:
            self._usage.show(Verdict(f"In use: {usage.ASKING}"))
            self._ask_what_uses_them(self._session.place)

    @on(Input.Changed)
    def _forget_refusal(self) -> None:
        self._field.show(Verdict(""))
        self.say(Verdict(""))
        self._mute_what_waits()

    def _mute_what_waits(self) -> None:
        """Mute the key that deletes for as long as the name is not typed."""
        self.key_hints.mute(*(() if self._is_typed or not self._guarded else ("delete",)))

    @property
    def _is_typed(self) -> bool:
        # What the screen asks for must do, also where the name itself cannot be typed.
        return self._typed.value in (self._expected, visible(self._expected))

    def action_back(self) -> None:
        """Go back, or stop before the next one, and give up waiting for another session."""
        if is_busy(self):
            self.is_stopped = True
            self._session.give_up_waiting()
        else:
            self.dismiss(self._deleted)

    def action_yes(self) -> None:
        """Delete, where no name has to be typed, if this stands alone and is not part of a text."""
        if self._guarded or self._answer or is_busy(self):
            return
        if self._amid or self.app.typing.is_amid_others or self.app.typing.pouring:
            self._doubt()
        else:
            self._answer = self.set_timer(ALONE, self._begin_or_doubt)

    def _begin_or_doubt(self) -> None:
        """Delete, unless keys have arrived behind the answer that were not handed over yet."""
        if self.app.typing.more_wait():
            self._doubt()
        else:
            self._begin()

    def on_key(self, event: Key) -> None:
        """Doubt a `y` with other keys before it or close behind it: what is pasted holds many."""
        if event.key in at(Place.DELETE)[0].key.split(","):
            return
        if self._answer:
            self._answer.stop()
            self._doubt()
        self._amid = event.is_printable

    def _doubt(self) -> None:
        self._answer, self._amid = None, False
        yes = key_of("delete.yes")
        self.say(Verdict(f"that {yes} came amid other keys; to delete, press it once more, alone"))

    @on(Input.Submitted)
    def action_submit(self) -> None:
        """Delete, once the name is typed; say what deletes, where it is not that."""
        back = key_in(Place.DELETE, "back")
        if not self._guarded:
            them = "it" if len(self._key_pairs) == 1 else "them"
            self.say(Verdict(f"{key_of('delete.yes')} deletes {them}; {back} goes back"))
        elif self._is_typed:
            self._begin()
        else:
            wrong = judging.of_what_was_typed(
                self._typed.value, self._expected, f"{back} goes back"
            )
            said = Verdict(wrong, Tone.BAD)
            self._field.show(said)
            self.say(said)

    @unless_busy
    def _begin(self) -> None:
        if self._asking:
            self._answer = None
            self.say(Verdict("EC2 has not said yet what uses it; a moment", Tone.CAUTION))
            return
        self._answer, self.is_stopped = None, False
        if len(self._left) == len(self._key_pairs):
            # One time for all of them: u brings them back together.
            self._delete_time = self._session.now()
        self._delete()

    @exclusively
    async def _delete(self) -> None:
        count, left = len(self._key_pairs), {pair.key_pair_id: pair for pair in self._left}
        refused: dict[str, KeyPairsError] = {}
        batches = self._session.backend.delete_key_pairs(list(left), delete_time=self._delete_time)
        # What was refused, or not reached, can be tried again.
        while len(left) > len(refused) and not self.is_stopped:
            tried = count - len(left) + len(refused)
            present = [*left.values()][len(refused)].key_name
            # What is over at once does not change the form before that goes.
            self.say(Verdict("" if tried else f"deleting 1 of {count:,}…"))
            if tried:
                self._progress.step(tried, count, present)
            elif count > 1:
                self._progress.begin()
            try:
                batch = await run_change(
                    partial(next, batches),
                    self.say,
                    self.key_hints,
                    key_in(self.PLACE, "back"),
                    waited_for(self._session),
                )
            except KeyPairsError as error:
                self._progress.end()
                if not await logged_in(self, self._session, error):
                    await asyncio.to_thread(deleted.explain, self._session, [error])
                    said = judging.refusal(error)
                    done = f"deleted {count - len(self._left):,} of {count:,}; then: "
                    text = said.text if count == 1 else done + said.text
                    self.say(Verdict(text, said.tone))
                return
            self._deleted += batch.done
            refused |= {each.name: each.error for each in batch.refused}
            waiting = list(left)[len(left) - batch.left :] if batch.left else []
            left = {each: left[each] for each in (*refused, *waiting)}
            self._left = self.about = list(left.values())
        if refused:
            self._progress.end()
            if not await logged_in(self, self._session, *refused.values()):
                await asyncio.to_thread(deleted.explain, self._session, refused.values())
                self._say_what_was_refused(refused)
        else:
            self.dismiss(self._deleted)

    def _say_what_was_refused(self, refused: Mapping[str, KeyPairsError]) -> None:
        if len(self._key_pairs) == 1:
            self.say(judging.refusal(*refused.values()))
            return
        names = {pair.key_pair_id: pair.key_name for pair in self._key_pairs}
        why = by_reason((names[key], error) for key, error in refused.items())
        done = len(self._key_pairs) - len(self._left)
        self.say(Verdict(f"deleted {done:,}, but not {why}", Tone.BAD))


def _what_is_lost(key_pair: KeptKeyPair, files: Mapping[str, str]) -> str:
    match key_pair.custody.private_key:
        case PrivateKeyState.SAVED:
            return files.get(key_pair.key_pair_id, _saved_to(key_pair))
        case PrivateKeyState.UNSAVED:
            return "never saved; an agent may still hold it"
        case PrivateKeyState.IMPORTED:
            return "imported: it was never here"
        case PrivateKeyState.ELSEWHERE:
            return of_elsewhere(key_pair.custody)[-1]


def _is_stranded(key_pair: KeptKeyPair, rotation: Rotation) -> bool:
    """Return whether nobody can have the private key of the pair that replaces this one."""
    successor = rotation.successor(key_pair)
    return successor is not None and not is_delivered(successor)


def _fate(key_pair: KeptKeyPair, rotation: Rotation) -> str:
    """Return what is to be known of one of many: its successor, or its private key file."""
    if successor := rotation.successor(key_pair):
        return f"replaced by {successor.key_name}, {_where(successor)}"
    return _saved_to(key_pair) if key_pair.custody.saved_to else ""


def _saved_to(key_pair: KeptKeyPair) -> str:
    return f"was saved to {short_path(key_pair.custody.saved_to[-1])}"


def _where(successor: KeptKeyPair) -> str:
    if successor.custody.saved_to:
        return _saved_to(successor)
    return "delivered" if is_delivered(successor) else "never saved"


def _files_of(key_pair: KeptKeyPair) -> str:
    """Return what becomes of the private key files of a pair, in words; blocks."""
    paths = key_pair.custody.saved_to
    try:
        there = len(files.present(paths))
    except OSError as error:
        return f"its file cannot be looked at: {error.strerror}"
    if len(paths) == 1:
        return f"{short_path(paths[0])} {'stays where it is' if there else 'is gone'}"
    if there == len(paths):
        return f"its {there} files stay where they are"
    if not there:
        return "its files are gone"
    return f"{there} of its {len(paths)} files stay{'s' * (there == 1)}; the rest is gone"


def _has_lost_its_files(key_pair: KeptKeyPair) -> bool:
    """Return whether no file to which a private key was saved is there any more; blocks."""
    try:
        return bool(key_pair.custody.saved_to) and not files.present(key_pair.custody.saved_to)
    except OSError:
        return False  # it is not known
