"""Undoes what this session did last, and brings back the deleted pairs that a person picks."""

import asyncio
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from core.checks.deleted import gone_pairs
from core.custody import rotation
from core.ec2.unanswered import CredentialsError
from core.errors import InvalidKeyPairDuplicate
from core.model import KeptKeyPair
from core.words.plural import n_of
from tui import screens
from tui.actions.keymap import key_in, key_of
from tui.actions.table import Place
from tui.screens.list.list_actions import say_over
from tui.screens.list.list_view import ListView
from tui.widgets.key_hints import SOON
from tui.words.cells import bar
from tui.words.place import waited_for
from tui.words.text import named, said_by
from tui.words.verdict import Tone, Verdict
from tui.work.login import logged_in
from tui.work.slow_changes import run_change
from tui.work.undo import Act, Deletion, Undone, forget_what_is_back, undo_last, undoable

if TYPE_CHECKING:
    from core.session import Session


async def undo(view: ListView) -> None:
    """Undo what this session deleted or tagged last in this Region.

    Where something else was done later, here or in another session, or where the last cannot come
    back, what is older is undone once the person has read that, by a second press.
    """
    session, acts = view.session, view.undo_history.acts(view.session)
    said = view.screen.fact_line.verdict.text
    stays = view.undo_history.what_stays(session, view.listing.key_pairs)
    newer = (stays if stays != view.passed_over else "") or _done_elsewhere(view)
    await asyncio.to_thread(forget_what_is_back, session, acts)
    older = await asyncio.to_thread(undoable, session, acts)
    question = f"{newer}; {undo_key()} again {older[1].way}" if newer and older else ""
    if older and said and said in (question, view.waits_behind):
        # What stands behind it cannot be undone now, and waits.
        place, _ = older
        waiting, acts[place + 1 :] = acts[place + 1 :], []
        view.passed_over = stays
        await _undo_last(view, acts)
        acts += waiting
        return
    is_blocked = (
        bool(acts)
        and isinstance(acts[-1], Deletion)
        and (older is None or older[0] + 1 < len(acts))
    )
    if is_blocked:
        # Why the last is not back comes first, and is to be read before what is older is undone.
        view.passed_over = stays
        await _undo_last(view, acts)
    elif question:
        view.say(question)
    elif newer and not acts:
        await _say_nothing_to_undo(view)
    elif newer and not older:
        view.passed_over, view.deleted_elsewhere = stays, ""
        view.say(newer)
    else:
        view.passed_over = stays
        await _undo_last(view, acts)


def _done_elsewhere(view: ListView) -> str:
    """Return what undoes the deletion in another session that is being told of, as a clause."""
    if not view.deleted_elsewhere or view.screen.fact_line.said != view.deleted_elsewhere:
        return ""
    return f"what another session deleted, {key_of('list.deleted')} brings back"


async def _undo_last(view: ListView, acts: list[Act], once_more: str = "") -> None:
    """Undo the last of these acts, and say so.

    `once_more` says after a login how it is done, where the key that undoes does not do it.
    """
    view.is_stopped = False
    loop = asyncio.get_running_loop()
    back = key_in(Place.LIST, "show_all")

    def go_on(done: int, of: int) -> bool:
        loop.call_soon_threadsafe(
            view.say, f"{''.join(bar(done, of, 14))}  {done:,} of {of:,} undone; {back} stops"
        )
        return not view.is_stopped

    def undo() -> Undone:
        return undo_last(view.session, acts, go_on)

    many = bool(acts) and len(acts[-1].key_pairs) > 1
    stop = key_of("list.show-all")
    with view.key_hints.stopping(stop, after=SOON) if many else nullcontext():
        undone = await run_change(
            undo, lambda waits: view.say(waits.text), view.key_hints, back, tells=True
        )
    if undone.act is None:
        await _say_nothing_to_undo(view)
        return
    if isinstance(undone.act, Deletion):
        view.undo_history.follow(view.session, undone.act.key_pairs, undone.done)
    # What came back is shown; where only tags are as before, the cursor stays.
    is_back = isinstance(undone.act, Deletion) and undone.done
    first = undone.done[0].key_pair_id if is_back else None
    taken = undone.taken_names
    other = "it back under another name" if taken == 1 else "them back under other names"
    another = f"; {key_of('list.deleted')} brings {other}"
    # What did not come back stays the last of them.
    behind = await asyncio.to_thread(undoable, view.session, acts) if taken else None
    if behind:
        another += f"; {undo_key()} again {behind[1].way}"
    errors = [error for _, error in undone.refused]
    again = ""
    if await logged_in(view.screen, view.session, *errors):
        again = f"; {once_more or f'logged in, now {undo_key()} once more'}"
    said = undone.words + another * bool(taken) + again
    if once_more and not (taken or again):
        # Of what was deleted together a part may be back now, by its list.
        ours = view.undo_history.acts(view.session)
        left = await asyncio.to_thread(undoable, view.session, ours)
        said += f"; {undo_key()} {left[1].way}" if left and isinstance(left[1], Deletion) else ""
    view.waits_behind = said if behind and not again else ""
    is_stopped = view.is_stopped
    await view.read(first, said, new=[pair.key_pair_id for pair in undone.done] if is_back else ())
    if many and not undone.left:
        say_over(view, said, is_stopped=is_stopped)


async def _say_nothing_to_undo(view: ListView) -> None:
    session, history = view.session, view.undo_history
    said = "this session has nothing to undo"
    stays = history.what_stays(session, view.listing.key_pairs)
    if elsewhere := history.elsewhere(session):
        # What can be undone at all is what was asked for: all else can wait.
        if elsewhere.parent == session.store.folder:
            turn, here, there = key_of("list.region"), f"in {session.region}", elsewhere.stem
        else:
            turn, here, there = key_of("list.place"), "here", "another place"
        said += f" {here}, but in {there}: {turn} turns there"
    elif stays:
        said += f"; {stays}"
    elif gone := await asyncio.to_thread(gone_pairs, session):
        by = f", the last by {gone[0].by}" if gone[0].by else ""
        said += f"; {key_of('list.deleted')} lists {n_of(len(gone), 'deleted pair')}{by}"
    view.say(said)


async def deleted(view: ListView) -> None:
    """Show the deleted pairs, and bring one back."""
    while True:
        gone = await asyncio.to_thread(gone_pairs, view.session)
        now = view.session.now().astimezone()
        read = partial(gone_pairs, view.session)
        screen = screens.DeletedKeyPairsScreen(view.session.region, gone, now, read)
        ids = await view.open(screen)
        if not ids or view.refuses_changes():
            return
        if len(ids) > 1:
            # These are not what this session did last, which is what the key that undoes is about.
            await _undo_last(view, [Deletion(screen.key_pairs(ids))], once_more=_listed_once_more())
            return
        if await bring_back(view, ids[0]):
            return


async def bring_back(view: ListView, key_pair_id: str) -> bool:
    """Bring one deleted pair back, under another name if need be, and return whether that is over.

    It is not where another name was to be typed, and was not.
    """
    session = view.session
    gone = await asyncio.to_thread(gone_pairs, session)
    found = next((each for each in gone if each.key_pair.key_pair_id == key_pair_id), None)
    if found is None:
        await view.go_to(key_pair_id)
        # EC2's come back with another id, and nothing else keeps one from it there.
        brings_back = session.backend.capabilities.brings_back
        there = key_pair_id in view.listing.key_pairs or not brings_back
        view.say("it is back already" if there else "it cannot be brought back any more")
        return True
    before, lost = found.key_pair, found.given_up
    back = key_in(Place.LIST, "show_all")
    brought: KeptKeyPair | None
    try:
        restore = partial(session.backend.restore_key_pair, key_pair_id)
        brought = await run_change(
            restore,
            lambda waits: view.say(waits.text),
            view.key_hints,
            back,
            waited_for(session),
        )
    except InvalidKeyPairDuplicate:
        name = await asyncio.to_thread(successor_name, session, before)
        brought = await view.open(screens.BringBackAsScreen(session, before, name, given_up=lost))
        if brought is None:
            return False
    except CredentialsError as error:
        if not await logged_in(view.screen, session, error, said=_listed_once_more()):
            view.say(Verdict(said_by(error), Tone.BAD))
        return True
    was_named = replace(brought, key_name=before.key_name)
    view.undo_history.follow(session, [before], [was_named])
    renamed = f" as {named(brought.key_name)}" if brought.key_name != before.key_name else ""
    await view.go_to(brought.key_pair_id)
    without = ", without its private key" * lost
    view.say(f"brought {named(before.key_name)} back{renamed}{without}")
    return True


def _listed_once_more() -> str:
    """Return what follows a login without which a deleted pair could not be brought back."""
    deleted_pairs = key_of("list.deleted")
    return (
        f"logged in: {deleted_pairs} lists them again; {undo_key()} undoes only what you did here"
    )


def undo_key() -> str:
    """Return the key that undoes."""
    return key_of("key-pair.undo")


def successor_name(session: "Session", key_pair: KeptKeyPair) -> str:
    """Return a free name for a pair that takes another's place."""
    is_successor = key_pair.custody.replaces is not None
    return rotation.successor_name(
        key_pair.key_name, session.key_names(), is_successor=is_successor
    )
