"""Asks before key pairs are deleted, and deletes them."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult
from textual.content import Content
from textual.events import Key
from textual.timer import Timer
from textual.widgets import Input, Static

from core.checks import deleted
from core.checks.deleted import NOT_THERE
from core.custody.rotation import NOTHING_REPLACED, Rotation
from core.errors import KeyPairsError
from core.model import AgentStay, KeptKeyPair
from core.words.plural import n_of
from tui.actions.keymap import at, bindings, hints, key_in, key_of
from tui.actions.table import Place
from tui.screens.delete import many_to_delete
from tui.screens.delete.question import MOST_NAMED, DeletionQuestion, files_of, has_lost_its_files
from tui.screens.pair import usage
from tui.screens.pair.batch_progress import BatchProgress
from tui.screens.pair_headline import PairHeadline
from tui.screens.placed_screen import PlacedScreen, RegionChanged, Retractable, ScreenKind
from tui.terminal.typing_speed import ALONE
from tui.widgets.facts import Facts
from tui.widgets.form_field import FormBody, FormField, WhatToType
from tui.widgets.search_input import SearchInput
from tui.widgets.text_input import TextInput
from tui.widgets.verdict_line import VerdictLine
from tui.words import judging
from tui.words.details import created
from tui.words.place import waited_for
from tui.words.refusals import by_reason
from tui.words.text import visible
from tui.words.verdict import Tone, Verdict
from tui.work.exclusive import exclusively, is_busy, unless_busy
from tui.work.login import logged_in
from tui.work.slow_changes import run_change

if TYPE_CHECKING:
    from core.ec2.place import Ec2Place
    from core.ec2.usage import Usage
    from core.session import Session

_ONE_TEXT = 1.0
"""Seconds after a key within which an answer may belong to one text with it."""

_DELETING = ("delete", "yes, delete")
"""The words of the keys that delete."""


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
        in_agent: Mapping[str, AgentStay] = MappingProxyType({}),
        in_hand: Collection[str] = (),
    ) -> None:
        self._in_agent, self._in_hand = in_agent, in_hand
        self._question = DeletionQuestion(key_pairs, rotation, (), in_agent, in_hand)
        super().__init__(self._question.title)
        self._session = session
        self.about = key_pairs
        self._deleted: list[KeptKeyPair] = []
        self.not_done: dict[str, KeyPairsError] = {}
        """Why those were not deleted that were refused, by their ids."""
        self.has_begun = False
        """Whether anything was tried."""
        self._delete_time = session.now()
        self.is_stopped = False
        """Whether the person wanted it to stop, which may have been too late."""
        self._none_left = False
        """Whether other sessions have deleted all that was left to delete."""
        self._answer: Timer | None = None
        self._other_key = float("-inf")
        """When a key of a text arrived that was no answer."""
        self._of_answer = Retractable(self)
        self._guarded = self._question.wants_words
        """Whether something has to be typed; what was begun to be typed is not given up for a key.
        """
        self._is_one, self._is_many = len(key_pairs) == 1, len(key_pairs) > MOST_NAMED
        self._list = many_to_delete.NamesToDelete(self._question.items() if self._is_many else ())
        self._list.can_focus = False
        # The arrows look through the list while the field keeps the focus.
        self._typed = SearchInput("", id="typed") if self._is_many else TextInput(id="typed")
        self._asking = session.place is not None
        self._field = FormField("", self._typed, stacked=True)
        self._caution = VerdictLine(id="stranded")
        self._usage = VerdictLine(id="usage")
        self._facts = Facts(id="facts")
        self._answers = WhatToType(id="expected")
        self._files: dict[str, str] = {}
        self._without_file: Sequence[KeptKeyPair] = ()
        self._uses: Mapping[str, Usage] = {}
        self._form = FormBody(can_focus=not self._guarded)
        undo, undone = key_of("key-pair.undo"), session.backend.capabilities.brings_back
        self._progress = BatchProgress(
            self._form,
            self.key_hints,
            title=f"Deleting {n_of(len(key_pairs), 'key pair')}",
            stop=key_of("delete.back"),
            then=f"what is deleted until then, {undo} brings back" if undone else "",
        )

    def content(self) -> ComposeResult:
        with self._form:
            if self._is_one:
                (pair,) = self._question.key_pairs
                # Of one that was made just now another session may have the key in hand.
                when = created(pair, self._session.now(), "%Y-%m-%d")
                yield PairHeadline(pair, pair.key_pair_id, when)
            else:
                yield Static(self._lines, markup=False, id="names")
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
        """Say what deletes, something that has to be typed or a key; or that nothing is left to."""
        self._field.display = self._guarded and not self._none_left
        self._teach()
        if self._none_left:
            self._answers.ask(f"{key_in(Place.DELETE, 'back')} goes back", "")
            return
        expected = self._question.expected
        how, what = ("type", expected) if self._guarded else ("press", key_of("delete.yes"))
        brings_back = self._session.backend.capabilities.brings_back
        way_back = self._question.way_back(brings_back=brings_back)
        # Why a name is typed here, where a key did it for another pair.
        is_of_one = self._guarded and self._question.them == "it"
        before = f"{self._question.why_words} " if is_of_one else ""
        if self._is_many:
            before = f"{'Undo: ' * brings_back}{way_back}.\n"
        self._answers.ask(f"{before}To delete {self._question.them}, {how}", visible(what))
        if self._guarded and not self._typed.has_focus:
            self._typed.focus()
        self._mute_what_waits()

    def on_resize(self) -> None:
        self.call_after_refresh(self._teach)

    def _teach(self) -> None:
        """Teach what deletes when it is typed, and what looks through more names than fit."""
        if is_busy(self):
            return
        delete, *others = hints(Place.DELETE)
        if self._none_left:
            self.key_hints.show((*others,))
        elif self._guarded:
            delete = (key_of("delete.submit"), "delete")
            look = [("↑↓", "look through")] if self._list.max_scroll_y else []
            self.key_hints.show((delete, *look, *others))
        else:
            self.key_hints.show((delete, *others))

    @work(group="usage")
    async def _ask_what_uses_them(self, place: "Ec2Place") -> None:
        """Say what was launched with the pairs; one that is in use takes a word more."""
        names = [pair.key_name for pair in self._question.key_pairs]
        self._uses = await usage.ask(place, names)
        self._asking = False
        self._show_uses()
        if any(each.count for each in self._uses.values()):
            self._ask_about(self._question.key_pairs, self._question.rotation)

    def _show_uses(self) -> None:
        there = {pair.key_name for pair in self._question.key_pairs}
        if uses := {name: each for name, each in self._uses.items() if name in there}:
            self._usage.show(usage.before_deleting(uses))

    @on(RegionChanged)
    def _ask_anew(self, event: RegionChanged) -> None:
        """Ask about the pairs that other sessions have left, as they are now."""
        if is_busy(self):
            return  # what is not there any more is found by what deletes
        there = [event.key_pairs.get(pair.key_pair_id) for pair in self.about]
        self._ask_about([pair for pair in there if pair], event.rotation)

    def _ask_about(self, key_pairs: Sequence[KeptKeyPair], rotation: Rotation) -> None:
        """Ask about those of the pairs that are left; of none, it is not to be answered any more.

        What was typed stays typed, though it may no longer be what is to be typed.
        """
        asked_before = self._question.expected, self._guarded, self._none_left
        self._none_left = not key_pairs
        if key_pairs:
            in_use = [name for name, each in self._uses.items() if each.count]
            self._question = DeletionQuestion(
                key_pairs, rotation, in_use, self._in_agent, self._in_hand
            )
            self._guarded = self._guarded or self._question.wants_words
            self._form.entitle(self._question.title)
            self._progress.border_title = Content(f"Deleting {n_of(len(key_pairs), 'key pair')}")
            if self._is_many:
                self._list.set_items(self._question.items())
                self.query_one("#names", Static).update(self._lines)
            else:
                self._show_consequences()
            self._show_uses()
            self._show_caution()
        self._show_guard()
        if asked_before != (self._question.expected, self._guarded, self._none_left):
            # It was an answer to another question.
            if self._answer:
                self._answer.stop()
            self._answer, self._other_key = None, float("-inf")
            self._field.show(Verdict(""))
            self._of_answer.forget()

    @property
    def _lines(self) -> Content:
        """Which pairs these are: each of a few, of many how many of each kind."""
        if self._is_many:
            return Content("\n").join(many_to_delete.summed_up(self._question.key_pairs))
        return self._question.lines(self._files)

    def _show_consequences(self) -> None:
        """Say what becomes of the private key, of the servers, and how it is undone."""
        if not self._is_one:
            self.query_one("#names", Static).update(self._lines)
        brings_back = self._session.backend.capabilities.brings_back
        self._facts.show(
            (
                *(self._question.about_one(self._files) if self._is_one else ()),
                ("Servers", "authorized_keys are not touched"),
                ("Undo", self._question.way_back(brings_back=brings_back)),
            )
        )

    @work(group="look")
    async def _look_for_files(self) -> None:
        """Say which private key files are there, once that is known: a slow disk takes its time."""
        named, rotation = self._question.named, self._question.rotation
        self._files = await asyncio.to_thread(
            lambda: {pair.key_pair_id: files_of(pair) for pair in named}
        )
        if not self._is_many:
            self._show_consequences()
        replaced = [(pair, rotation.successor(pair)) for pair in named]
        self._without_file = await asyncio.to_thread(
            lambda: [pair for pair, new in replaced if new and has_lost_its_files(new)]
        )
        self._show_caution()

    def _show_caution(self) -> None:
        """Say of which successor nobody can have the private key, or its file is gone, if any."""
        stranded = self._question.stranded
        may_be = {pair.key_pair_id for pair in self._question.strandable}
        affected = stranded or [pair for pair in self._without_file if pair.key_pair_id in may_be]
        self._caution.display = bool(affected)
        if not affected:
            return
        successor = self._question.rotation.successor(affected[0])
        if len(affected) == 1 and successor is not None:
            who, old, s, was, is_ = successor.key_name, affected[0].key_name, "", "was", "is"
        else:
            who, old, s, was, is_ = f"{len(affected)} successors", "these", "s", "were", "are"
        what = (
            f"key{s} of {who} {was} never saved" if stranded else f"key file{s} of {who} {is_} gone"
        )
        text = f"The private {what}: without {old} you may be locked out."
        self._caution.show(Verdict(text, Tone.CAUTION))

    def on_mount(self) -> None:
        if not self._is_many:
            self._show_consequences()
        self._show_caution()
        named, rotation = self._question.named, self._question.rotation
        successors = filter(None, map(rotation.successor, named))
        if any(pair.custody.saved_to for pair in (*named, *successors)):
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
        waits = self._guarded and not self._is_typed
        self.key_hints.mute(*(_DELETING if waits else ()))

    @property
    def _is_typed(self) -> bool:
        return self._question.is_answered_by(self._typed.value)

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
        typing = self.app.typing
        is_of_text = typing.arrived - self._other_key < _ONE_TEXT
        if self._none_left:
            self.action_submit()
        elif is_of_text or typing.is_amid_others or typing.pouring:
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
        is_no_answer = event.is_printable and event.key not in self.active_bindings
        if self._answer:
            self._answer.stop()
            self._doubt()
        elif is_no_answer and not (self._guarded or self.fact_line.said or is_busy(self)):
            self.action_submit()
        self._other_key = self.app.typing.arrived if event.is_printable else float("-inf")

    def _doubt(self) -> None:
        self._answer, self._other_key = None, float("-inf")
        yes = key_of("delete.yes")
        again = f"that {yes} came amid other keys; to delete, press it once more, alone"
        self._of_answer.say(Verdict(again))

    @on(Input.Submitted)
    def action_submit(self) -> None:
        """Delete, once the name is typed; say what deletes, where it is not that."""
        back = key_in(Place.DELETE, "back")
        if self._none_left:
            said = Verdict(f"{self.how_gone or NOT_THERE}; {back} goes back", Tone.CAUTION)
            self._of_answer.say(said)
        elif not self._guarded:
            yes, them = key_of("delete.yes"), self._question.them
            self._of_answer.say(Verdict(f"{yes} deletes {them}; {back} goes back"))
        elif self._is_typed:
            self._begin()
        else:
            wrong = judging.of_what_was_typed(
                self._typed.value, self._question.expected, f"{back} goes back"
            )
            said = Verdict(wrong, Tone.BAD)
            self._field.show(said)
            self._of_answer.say(said)

    @unless_busy
    def _begin(self) -> None:
        if self._asking:
            self._answer = None
            self.say(
                Verdict(
                    f"EC2 has not said yet what uses {self._question.them}; a moment", Tone.CAUTION
                )
            )
            return
        self._answer, self.is_stopped = None, False
        if not self._deleted:
            # One time for all of them: u brings them back together.
            self._delete_time = self._session.now()
        self._delete()

    @exclusively
    async def _delete(self) -> None:
        there = self._question.ids
        left = {pair.key_pair_id: pair for pair in self.about if pair.key_pair_id in there}
        count = len(self._deleted) + len(left)
        self.has_begun = True
        self.not_done.clear()
        refused: dict[str, KeyPairsError] = {}
        batches = self._session.backend.delete_key_pairs(list(left), delete_time=self._delete_time)
        # What was refused, or not reached, can be tried again.
        while len(left) > len(refused) and not self.is_stopped:
            tried = count - len(left) + len(refused)
            present = [*left.values()][len(refused)].key_name
            # What is over at once does not change the form before that goes.
            self.say(Verdict("" if tried else f"deleting {n_of(count, 'key pair')}…"))
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
                    done = "nothing was deleted: "
                    if self._deleted:
                        done = f"deleted {len(self._deleted):,} of {count:,}; then: "
                    text = said.text if count == 1 else done + said.text
                    self.say(Verdict(text, said.tone))
                return
            self._deleted += batch.done
            refused |= {each.name: each.error for each in batch.refused}
            waiting = list(left)[len(left) - batch.left :] if batch.left else []
            left = {each: left[each] for each in (*refused, *waiting)}
            self.about = list(left.values())
        self.not_done |= refused
        if refused:
            self._progress.end()
            if not await logged_in(self, self._session, *refused.values()):
                await asyncio.to_thread(deleted.explain, self._session, refused.values())
                self._say_what_was_refused(refused)
        else:
            self.dismiss(self._deleted)

    def _say_what_was_refused(self, refused: Mapping[str, KeyPairsError]) -> None:
        if self._is_one:
            self.say(judging.refusal(*refused.values()))
            return
        names = {pair.key_pair_id: pair.key_name for pair in self.about}
        why = by_reason((names[key], error) for key, error in refused.items())
        done = (
            f"deleted {len(self._deleted):,}, but not" if self._deleted else "nothing was deleted:"
        )
        self.say(Verdict(f"{done} {why}", Tone.BAD))
