"""Shows what other sessions change in the Region, by itself and within two seconds."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from textual.worker import WorkType

from core.model import KeptKeyPair
from tui.screens.list.list_view import ListView
from tui.screens.placed_screen import PairsBack, PairsDeleted, PlacedScreen, RegionChanged
from tui.words import done_elsewhere
from tui.words.done_elsewhere import Done, of_some
from tui.words.refusals import listed
from tui.words.text import named, visible
from tui.words.verdict import Tone, Verdict
from tui.work.batches import is_running
from tui.work.exclusive import is_busy
from tui.work.file_watch import FileWatch, Status

_GROUP = "show what others changed"


class OthersChanges:
    """Reads the Region again when its file was changed, and says what others did to which pairs.

    What this session does itself is shown by who did it: while that is under way, and for what was
    written by it, nothing is read.
    EC2 is not asked: what another session was told by it is shown.
    """

    def __init__(self, view: ListView) -> None:
        self._view = view
        self._cursor = _Cursor(view)
        self._list = _SaidInList(view)
        self._watch = FileWatch(self._path, self._changed)
        self.begin = self._watch.start
        self.end = self._watch.stop

    def _path(self) -> Path | None:
        """Return the Region's file, once it is known: of EC2, whose account it is may be asked."""
        view, session = self._view, self._view.session
        is_known = view.loaded and (session.place is None or view.questions.is_answered)
        return session.store.path if is_known else None

    def _changed(self, status: Status) -> None:
        view = self._view
        if status is not None and status == view.session.store.written:
            self._watch.take(status)
        elif not (is_busy(view.screen.app.screen) or is_running(view.screen, _GROUP)):
            # Not the coroutine: where the program ends, nobody would wait for it.
            work: WorkType[None] = partial(self._show, status)
            view.screen.run_worker(work, group=_GROUP)

    async def _show(self, status: Status) -> None:
        view, session = self._view, self._view.session
        self._watch.take(status)
        before = {**view.listing.key_pairs, **view.in_hand}
        under_cursor = view.highlighted
        chosen = {*view.listing.chosen}
        await view.read(asks_ec2=False)
        if session is not view.session or view.unread:
            return
        self._cursor.lead_back(under_cursor)
        now = view.listing.key_pairs
        gone = {key: pair for key, pair in before.items() if key not in now}
        tagged = {key for key, pair in before.items() if now.get(key, pair).tags != pair.tags}
        for pair in (pair for key, pair in now.items() if key not in before):
            # It is there again, which this session had deleted.
            view.stop_saying(f"deleted {visible(named(pair.key_name))};")
        await self._list.tell(before, tagged, chosen)
        for screen in view.screen.app.screen_stack:
            if isinstance(screen, PlacedScreen):
                screen.post_message(RegionChanged(now, view.listing.rotation))
                before_it = set(screen.gone)
                affected = [
                    pair
                    for pair in screen.about
                    if pair.key_pair_id in {*gone, *before_it} and pair.key_pair_id not in now
                ]
                screen.gone = {pair.key_pair_id for pair in affected}
                if screen.gone != before_it:
                    await self._say_what_is_gone(screen, affected, before_it)
                elif changed := [pair for pair in screen.about if pair.key_pair_id in tagged]:
                    whose = listed([pair.key_name for pair in changed])
                    before_it_all = [before[pair.key_pair_id] for pair in changed]
                    which = _which_tags(before_it_all, [now[pair.key_pair_id] for pair in changed])
                    text = f"another session changed the tags of {whose}: {which}{screen.if_tagged}"
                    screen.fact_line.rest(Verdict(text, Tone.CAUTION))
                    screen.fact_line.forget_field()  # which is no news

    async def _say_what_is_gone(
        self, screen: PlacedScreen[Any], gone: Sequence[KeptKeyPair], before: Collection[str]
    ) -> None:
        """Say on a screen which of the pairs it is about are deleted, or that none is any more."""
        if gone:
            text = await asyncio.to_thread(of_some, self._view.session, gone)
            said = Verdict(text, Tone.CAUTION)
        else:
            whose = listed([pair.key_name for pair in screen.about if pair.key_pair_id in before])
            said = Verdict(f"another session brought {whose} back")
        screen.how_gone = said.text if gone else ""
        # It is so from now on, and takes no refusal's place.
        screen.fact_line.rest(said)
        if screen.fact_line.verdict.tone is not Tone.BAD:
            screen.say(said)
        screen.post_message(PairsDeleted(said) if gone else PairsBack())


def _which_tags(before: Sequence[KeptKeyPair], now: Sequence[KeptKeyPair]) -> str:
    """Return which tags of some pairs are others now, shortened, and how many more there are."""
    changed: dict[str, None] = {}
    for was, is_ in zip(before, now, strict=True):
        old, new = ({tag.key: tag.value for tag in pair.tags} for pair in (was, is_))
        for key in sorted({*old, *new}):
            if old.get(key) != new.get(key):
                changed[named(f"{key}={new[key]}") if key in new else f"{named(key)} gone"] = None
    return listed([*changed])


class _Cursor:
    """Leads the cursor back to a pair that was deleted under it and is there again.

    Only as long as nobody moved it since: it is where the person left it, and what a key does next
    is done to that pair.
    """

    def __init__(self, view: ListView) -> None:
        self._view = view
        self._went: list[str] = []
        """The ids of the pairs that went from under it, one after the other."""
        self._on: str | None = None
        """The id of the pair on which it was left then."""

    def lead_back(self, before: KeptKeyPair | None) -> None:
        """Do that, after the Region was read again; `before` was under the cursor until then."""
        view, was_on = self._view, before and before.key_pair_id
        if was_on != self._on:
            self._went.clear()
        if was_on and was_on not in view.listing.key_pairs:
            self._went.append(was_on)
        shown = {pair.key_pair_id for pair in view.shown} if self._went else set()
        first = next((i for i, key in enumerate(self._went) if key in shown), None)
        if first is not None:
            view.show(self._went[first])
            del self._went[first:]
        self._on = view.highlighted.key_pair_id if view.highlighted else None


class _SaidInList:
    """What the list says of what other sessions did, one after the other, as long as it is so."""

    def __init__(self, view: ListView) -> None:
        self._view = view
        self._gone: dict[str, KeptKeyPair] = {}
        self._made: dict[str, KeptKeyPair] = {}
        self._tagged: dict[str, KeptKeyPair] = {}
        self._chosen: set[str] = set()
        """The ids of those of the deleted that were chosen."""
        self._text = ""

    async def tell(
        self, before: Mapping[str, KeptKeyPair], tagged: Collection[str], chosen: Collection[str]
    ) -> None:
        """Say what was done to pairs that were shown so `before`, where anything was."""
        view, now = self._view, self._view.listing.key_pairs
        if not self._text or view.screen.fact_line.said != self._text:
            self._gone, self._made, self._tagged = {}, {}, {}
            self._chosen.clear()
        said = (self._gone, self._made, self._tagged)
        gone = {key: pair for key, pair in before.items() if key not in now}
        self._chosen |= gone.keys() & chosen
        # What is there again that was said to be gone, too: who read that must not wonder.
        made = {key: pair for key, pair in now.items() if key not in before}
        self._gone = {key: p for key, p in (self._gone | gone).items() if key not in now}
        self._chosen &= self._gone.keys()
        self._made = {key: now[key] for key in (self._made | made) if key in now}
        self._tagged = {key: now[key] for key in (*self._tagged, *tagged) if key in now}
        if not (gone or made or tagged) and said == (self._gone, self._made, self._tagged):
            return
        if done := await asyncio.to_thread(self._done):
            view.say(done_elsewhere.in_a_line(done))
            self._text = view.screen.fact_line.said
            view.deleted_elsewhere = self._text if self._gone else ""
        else:
            view.stop_saying(self._text)

    def _done(self) -> list[Done]:
        gone = self._gone.items()
        of_kinds = (
            (done_elsewhere.chosen_deleted, [pair for key, pair in gone if key in self._chosen]),
            (done_elsewhere.deleted, [pair for key, pair in gone if key not in self._chosen]),
            (done_elsewhere.made, [*self._made.values()]),
            # Of a pair that is new it is no news.
            (done_elsewhere.tagged, [p for k, p in self._tagged.items() if k not in self._made]),
        )
        return [say(self._view.session, pairs) for say, pairs in of_kinds if pairs]
