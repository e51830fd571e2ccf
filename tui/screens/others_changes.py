"""Shows what other sessions change in the Region, by itself and within two seconds."""

import asyncio
from collections.abc import Collection, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.worker import WorkType

from core.checks.deleted import deletion
from core.model import KeptKeyPair
from core.words.plural import n_of
from tui.screens.list.list_view import ListView
from tui.screens.placed_screen import PairsBack, PairsDeleted, PlacedScreen, RegionChanged
from tui.words.refusals import listed
from tui.words.text import visible
from tui.words.verdict import Tone, Verdict
from tui.work.batches import is_running
from tui.work.exclusive import is_busy
from tui.work.file_watch import FileWatch, Status

if TYPE_CHECKING:
    from core.session import Session

_GROUP = "show what others changed"


class OthersChanges:
    """Reads the Region again when its file was changed, and says which pairs in sight are deleted.

    What this session does itself is shown by who did it: while that is under way, and for what was
    written by it, nothing is read.
    EC2 is not asked: what another session was told by it is shown.
    """

    def __init__(self, view: ListView) -> None:
        self._view = view
        self._cursor = _Cursor(view)
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
        before, under_cursor = view.listing.key_pairs, view.highlighted
        await view.read(asks_ec2=False)
        if session is not view.session or view.unread:
            return
        self._cursor.lead_back(under_cursor)
        now = view.listing.key_pairs
        gone = {key: pair for key, pair in before.items() if key not in now}
        tagged = {key for key, pair in before.items() if now.get(key, pair).tags != pair.tags}
        for pair in (pair for key, pair in now.items() if key not in before):
            name = visible(pair.key_name)
            # It is there again: by whom it was deleted is no longer how it stands.
            view.stop_saying(f"{name} was deleted ")
            view.stop_saying(f"deleted {name};")
        if under_cursor is not None and under_cursor.key_pair_id in gone:
            view.say((await _deleted(session, [under_cursor])).text)
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
                elif names := [
                    pair.key_name for pair in screen.about if pair.key_pair_id in tagged
                ]:
                    whose = listed(names)
                    said = Verdict(f"another session changed the tags of {whose}", Tone.CAUTION)
                    screen.fact_line.rest(said)

    async def _say_what_is_gone(
        self, screen: PlacedScreen[Any], gone: Sequence[KeptKeyPair], before: Collection[str]
    ) -> None:
        """Say on a screen which of the pairs it is about are deleted, or that none is any more."""
        if gone:
            said = await _deleted(self._view.session, gone)
        else:
            whose = listed([pair.key_name for pair in screen.about if pair.key_pair_id in before])
            said = Verdict(f"another session brought {whose} back")
        # It is so from now on, and takes no refusal's place.
        screen.fact_line.rest(said)
        if screen.fact_line.verdict.tone is not Tone.BAD:
            screen.say(said)
        screen.post_message(PairsDeleted(said) if gone else PairsBack())


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


async def _deleted(session: "Session", key_pairs: Sequence[KeptKeyPair]) -> Verdict:
    """Return in words which pairs were deleted, when and by whom, as far as it is known."""
    entry = await asyncio.to_thread(deletion, session, key_pairs[0].key_pair_id)
    name = key_pairs[0].key_name
    what = f"{name} was" if len(key_pairs) == 1 else f"{n_of(len(key_pairs), 'pair')} of these were"
    how = f"by {entry.user} at {entry.time.astimezone():%H:%M}" if entry else "by another session"
    return Verdict(f"{what} deleted {how}", Tone.CAUTION)
