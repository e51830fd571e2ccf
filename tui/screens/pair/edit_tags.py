"""Edits the tags of one pair, or adds tags to several."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input, Static

from core.checks import deleted
from core.checks.deleted import NOT_THERE
from core.ec2.backend import Refusal, Retagged
from core.errors import InvalidID, KeyPairsError, UnauthorizedOperation
from core.model import KeptKeyPair, Tag
from core.words.plural import n_of
from tui.actions.keymap import bindings, hints, key_in, key_of
from tui.actions.table import Place
from tui.screens.create.discarding import may_discard, may_take_tags
from tui.screens.create.tag_rows import TagRows
from tui.screens.delete.many_to_delete import ALWAYS_TYPED_FROM
from tui.screens.pair.batch_progress import BatchProgress
from tui.screens.pair.overwriting import lost_of_others, pairs_overwritten, values_of
from tui.screens.placed_screen import PlacedScreen, RegionChanged, Retractable
from tui.widgets.facts import Facts
from tui.widgets.form_field import FormBody, FormField, WhatToType
from tui.widgets.text_input import TextInput
from tui.words import judging
from tui.words.place import waited_for
from tui.words.refusals import by_reason, listed
from tui.words.text import ELLIPSIS
from tui.words.verdict import Tone, Verdict
from tui.work.exclusive import exclusively, is_busy, unless_busy
from tui.work.login import logged_in
from tui.work.slow_changes import Result, run_change

if TYPE_CHECKING:
    from core.session import Session

_MOST_NAMED, _NAME_AT_MOST = 5, 40
"""As many of several pairs are named as do not push the form out of sight."""


def _named(key_pairs: Sequence[KeptKeyPair]) -> str:
    """Return the names of some pairs, and how many more there are; nothing is made visible yet."""
    # To name the last one takes no more room than to count it.
    count = _MOST_NAMED if len(key_pairs) > _MOST_NAMED + 1 else len(key_pairs)
    names, more = [pair.key_name for pair in key_pairs[:count]], len(key_pairs) - count
    short = (n if len(n) <= _NAME_AT_MOST else n[: _NAME_AT_MOST - 1] + ELLIPSIS for n in names)
    return ", ".join(short) + f" and {more:,} more" * bool(more)


def _way_out() -> str:
    return f"{key_in(Place.TAGS, 'back')} goes back"


def _changed_by_both(keys: Iterable[str]) -> str:
    """Return that one has changed tags too that another session has, and what Enter does then."""
    asks = f"{key_of('tags.submit')} asks before it overwrites theirs"
    return f"; you changed {listed([*keys])} too: {asks}"


def _title(key_pairs: Sequence[KeptKeyPair]) -> str:
    return f"Add tags to {n_of(len(key_pairs), 'key pair')}"


def _adding(key_pairs: Sequence[KeptKeyPair]) -> str:
    return f"Adding tags to {n_of(len(key_pairs), 'key pair')}"


class EditTagsScreen(PlacedScreen[Sequence[KeptKeyPair]]):
    """The tags of one pair, to change as they stand, or tags to add to several.

    What would overwrite the value of a tag of some of several is red, and from ten pairs on it has
    to be typed.

    Ends with the pairs for which it was saved, as they are now. What other pairs carry is suggested
    while typing: the right arrow takes a suggestion, Tab never does.
    """

    CSS_PATH = "edit_tags.tcss"
    PLACE = Place.TAGS
    BINDINGS = bindings(PLACE)
    AUTO_FOCUS = "#spare TextInput"

    def __init__(
        self,
        session: "Session",
        key_pairs: Sequence[KeptKeyPair],
        in_use: Mapping[str, Sequence[str]],
    ) -> None:
        alone = key_pairs[0] if len(key_pairs) == 1 else None
        self._title = f"Tags of {alone.key_name}" if alone else _title(key_pairs)
        super().__init__(self._title)
        self._session = session
        self._key_pairs = self.about = key_pairs
        enter = key_of("tags.submit")
        self.if_tagged = (
            f"; {enter} saves only the rows you changed, theirs stay"
            if alone
            else f"; {enter} only adds yours to what is there"
        )
        self._none_left = False
        """Whether other sessions have deleted all for which there was something to save."""
        self.not_done: dict[str, KeyPairsError] = {}
        """Why it was not saved for those that were refused, by their ids."""
        self.set_last: Sequence[Tag] = ()
        """The tags that were to be set when it was saved last."""
        self.has_begun = False
        """Whether anything was tried."""
        self.before: dict[str, KeptKeyPair] = {}
        """Those that were saved, by their ids, as they were just before."""
        self._agreed: Mapping[str, str | None] = {}
        self._asked = Retractable(self)
        self._alone = alone
        self._tags = TagRows(self._alone.tags if self._alone else (), in_use, spare=True)
        self._first_tags = self._tags.tags
        self._field = FormField("Tags", self._tags)
        self._saved: dict[str, KeptKeyPair] = {}
        self.is_stopped = False
        """Whether the person wanted it to stop, which may have been too late."""
        self._values = {} if alone else values_of(key_pairs)
        self._typed = TextInput(id="typed")
        self._to_type = WhatToType()
        self._guard = FormField("", self._typed, stacked=True)
        self._form = FormBody(
            submits="save", lacks=lambda: self._none_left or self._unchanged or self._untyped
        )
        self._progress = BatchProgress(
            self._form,
            self.key_hints,
            title=_adding(key_pairs),
            stop=key_of("tags.back"),
            then=f"what is saved until then, {key_of('key-pair.undo')} undoes",
        )

    def content(self) -> ComposeResult:
        remark = "A tag whose key a pair has already is overwritten there."
        with self._form:
            if not self._alone:
                yield Facts([("Pairs", _named(self._key_pairs))], id="pairs")
                yield Static(remark, markup=False, id="remark")
            yield self._field
            yield self._to_type
            yield self._guard
        yield self._progress

    def on_mount(self) -> None:
        if not self._alone:
            # What a pair carries is taken away nowhere here.
            word = dict(hints(self.PLACE))[key_of("tags.remove")]
            taught = ((k, "remove row" if w == word else w) for k, w in hints(self.PLACE))
            self.key_hints.show(tuple(taught))
        self._to_type.display = self._guard.display = False
        self._judge()

    @on(RegionChanged)
    def _follow(self, event: RegionChanged) -> None:
        """Be about the pairs that other sessions have left, as they are now."""
        if is_busy(self):
            return  # what is not there any more is found by what saves
        expected, lost = self._expected, self._agreed
        present = [event.key_pairs.get(pair.key_pair_id) for pair in self.about]
        there = [pair for pair in present if pair]
        self._be_about(there)
        if self._alone:
            # Of a pair that is gone nothing is asked, and if it comes back, anew.
            now = there[0].tags if there else self._alone.tags
            lost = lost_of_others(self._tags.tags, self._alone.tags, now)
        if (expected, self._agreed) != (self._expected, lost):
            # It was asked about what they had set before.
            self._agreed = {}
            self._asked.forget()
        rests = self.fact_line.at_rest
        if self._alone and lost and rests.text.endswith(self.if_tagged):
            text = rests.text.removesuffix(self.if_tagged) + _changed_by_both(lost)
            self.fact_line.rest(rests._replace(text=text))

    def _be_about(self, key_pairs: Sequence[KeptKeyPair]) -> None:
        """Be about these of the pairs; of none, the form stays, but nothing can be saved."""
        self._none_left = not key_pairs
        if key_pairs and not self._alone:
            self._key_pairs, self._title = key_pairs, _title(key_pairs)
            self._values = values_of(key_pairs)
            self.query_one("#pairs", Facts).show([("Pairs", _named(key_pairs))])
            self._progress.border_title = Content(_adding(key_pairs))
        self._judge_tags()

    @on(TagRows.Changed)
    def _judge(self) -> None:
        self._judge_tags()
        self.say(Verdict(""))

    def _judge_tags(self) -> None:
        judged = judging.of_tags(self._tags.tags, self.PLACE, all_of_them=bool(self._alone))
        self._field.show(judged, *self._tags.wrong_inputs)
        if not self._alone:
            self._warn(judged)
        self._form.mute_what_waits()

    @on(Input.Changed, "#typed")
    def _take_what_was_typed(self) -> None:
        self._asked.forget()  # it may be right now
        self._form.mute_what_waits()

    @property
    def _unchanged(self) -> bool:
        """Whether there is nothing to save."""
        return self._tags.tags == self._first_tags

    @property
    def _untyped(self) -> bool:
        """Whether what has to be typed first is not."""
        return self._expected not in ("", self._typed.value.replace(",", ""))

    @property
    def _overwritten(self) -> int:
        """Of how many pairs a value would be overwritten by what stands there now."""
        return pairs_overwritten(self._tags.tags, self._values)

    @property
    def _expected(self) -> str:
        """What has to be typed before that, if anything."""
        count = self._overwritten
        return f"overwrite {count}" if count >= ALWAYS_TYPED_FROM else ""

    def _warn(self, judged: Verdict) -> None:
        """Turn red where something would be overwritten, and say what has to be typed for that."""
        count = self._overwritten
        self.set_class(bool(count), "-danger")
        pairs = n_of(len(self._key_pairs), "key pair")
        some = f"{count:,} of " * (count < len(self._key_pairs))
        self._form.entitle(f"Overwrite tags of {some}{pairs}" if count else self._title)
        if count and judged.tone is not Tone.BAD:
            of = f"overwrites what {count:,} of {n_of(len(self._key_pairs), 'pair')} have there"
            self._field.show(Verdict(f"{of}; {key_of('key-pair.undo')} undoes it", Tone.CAUTION))
        expected = self._expected
        self._to_type.display = self._guard.display = bool(expected)
        self._to_type.ask("To overwrite them, type", expected)

    async def action_add_tag(self) -> None:
        """Add an empty tag and go to it."""
        await self._tags.add()

    async def action_remove_tag(self) -> None:
        """Remove a tag."""
        if not self._tags.remove_row():
            await self._tags.add()

    def action_back(self) -> None:
        """Go back, or stop before the next batch, and give up waiting for another session.

        Where something was typed that nobody saved, ask once.
        """
        if is_busy(self):
            self.is_stopped = True
            self._session.give_up_waiting()
        elif self._saved or self._unchanged or self._none_left or may_discard(self):
            self.dismiss([*self._saved.values()])

    @on(Input.Submitted)
    @unless_busy
    def action_submit(self) -> None:
        """Save the tags, once what has to be typed is."""
        back = _way_out()
        if self._none_left:
            self.say(Verdict(f"{self.how_gone or NOT_THERE}; {back}", Tone.CAUTION))
        elif self._unchanged:
            self.say(Verdict(f"there is nothing to save; {back}"))
        elif self._untyped:
            self._typed.focus()
            wrong = judging.of_what_was_typed(self._typed.value, self._expected, back)
            self._asked.say(Verdict(wrong, Tone.CAUTION))
        elif may_take_tags(self, self._tags, "save", self._first_tags):
            self.is_stopped, self.has_begun = False, True
            self.set_last = self._tags.tags
            self._save(self.set_last)

    @exclusively
    async def _save(self, tags: Sequence[Tag]) -> None:
        try:
            if self._alone and await self._asks_about_what_others_set(self._alone, tags):
                return
            if self._alone:
                # As long as one may not look, it was as it is shown.
                as_shown = Retagged(self._alone, replace(self._alone, tags=tuple(tags)))
                set_ = await self._run_change(partial(self._set, self._alone, tags)) or as_shown
                self.before[self._alone.key_pair_id] = set_.before
                self.dismiss([set_.after])
            elif not (refused := await self._add_to_several(tags)):
                self.dismiss([*self._saved.values()])
            else:
                await self._go_on_without(refused)
        except KeyPairsError as error:
            self._progress.end()
            if not await logged_in(self, self._session, error):
                await asyncio.to_thread(deleted.explain, self._session, [error])
                self._show(self._halfway(judging.refusal_of(error, tags=tags)))

    async def _go_on_without(self, refused: Sequence[Refusal]) -> None:
        """Be about those for which it can be tried again; where there are none, it is over."""
        errors = [each.error for each in refused]
        await asyncio.to_thread(deleted.explain, self._session, errors)
        self.not_done = {each.name: each.error for each in refused}
        # EC2 refuses others together with the one that it names.
        gone = {
            key
            for key, error in self.not_done.items()
            if isinstance(error, InvalidID) and f"'{key}'" in error.message
        }
        left = [pair for pair in self._key_pairs if pair.key_pair_id not in self._saved]
        again = [pair for pair in left if pair.key_pair_id not in gone]
        if self._saved and gone == self.not_done.keys():
            self.dismiss([*self._saved.values()])
            return
        names = {pair.key_pair_id: pair.key_name for pair in left}
        why = by_reason((names[each.name], each.error) for each in refused)
        self.about = left
        self._be_about(again)
        done = f"saved for {len(self._saved):,}, but not" if self._saved else "nothing was saved:"
        said = f"{done} {why}; {_way_out()}"
        self._show(Verdict(said, Tone.BAD))

    def _present(self, key_pair: KeptKeyPair) -> KeptKeyPair:
        """Return a pair as it is now, if it is there and one may look; blocks."""
        with suppress(UnauthorizedOperation):
            self._session.access.authorize("DescribeKeyPairs")
            return self._session.store.read().key_pairs.get(key_pair.key_pair_id, key_pair)
        return key_pair

    async def _asks_about_what_others_set(self, key_pair: KeptKeyPair, tags: Sequence[Tag]) -> bool:
        """Ask once before a value goes that another session set since the form was opened.

        Not where the tags are refused anyway.
        """
        if self._tags.wrong_inputs:
            return False
        present = await asyncio.to_thread(self._present, key_pair)
        lost = lost_of_others(tags, key_pair.tags, present.tags)
        if not lost or lost == self._agreed:
            return False
        self._agreed = lost
        made = ", ".join(f"{k} gone" if v is None else f"{k}={v}" for k, v in lost.items())
        again = f"{key_of('tags.submit')} again overwrites what another session changed meanwhile"
        said = Verdict(f"{again}: {made}", Tone.CAUTION)
        self._show(said)
        self._asked.say(said)
        return True

    def _halfway(self, said: Verdict) -> Verdict:
        """Return what went wrong, with how many were saved before it, where there are several."""
        if self._alone:
            return said
        count = len({pair.key_pair_id for pair in self._key_pairs} | self._saved.keys())
        done = "nothing was saved: "
        if self._saved:
            done = f"saved {len(self._saved):,} of {count:,}; then: "
        return Verdict(done + said.text, said.tone)

    async def _add_to_several(self, tags: Sequence[Tag]) -> Sequence[Refusal]:
        """Add tags to every pair, in batches, and return what was refused."""
        ids = [key_pair.key_pair_id for key_pair in self._key_pairs]
        batches = self._session.backend.tag_key_pairs(ids, tags)
        refused: list[Refusal] = []
        left = len(ids)
        while left and not self.is_stopped:
            # What is over at once does not change the form before that goes.
            done = len(ids) - left
            self.say(Verdict("" if done else f"saving 1 of {len(ids):,}…"))
            if done:
                self._progress.step(done, len(ids), self._key_pairs[done].key_name)
            else:
                self._progress.begin()
            batch = await self._run_change(partial(next, batches))
            self._saved |= {key_pair.key_pair_id: key_pair for key_pair in batch.done}
            # Tried once more, a pair was before as it was before the first time.
            self.before = {pair.key_pair_id: pair for pair in batch.before} | self.before
            refused += batch.refused
            left = batch.left
        return refused

    async def _run_change(self, call: Callable[[], Result]) -> Result:
        back = key_in(self.PLACE, "back")
        return await run_change(call, self.say, self.key_hints, back, waited_for(self._session))

    def _show(self, verdict: Verdict) -> None:
        self._progress.end()
        self.say(verdict)
        if wrong := self._tags.wrong_inputs:
            wrong[0].focus()

    def _set(self, key_pair: KeptKeyPair, tags: Sequence[Tag]) -> Retagged | None:
        return self._session.backend.set_tags(
            key_pair_id=key_pair.key_pair_id, tags=tags, shown=key_pair.tags
        )
