"""Leads from the list to the other screens, and does what came of them.

Each is run as a worker, one at a time; the screens are loaded when they are opened.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from core.checks.agent_stays import stays
from core.checks.deleted import GonePair, gone_pairs
from core.custody.rotation import is_delivered
from core.disk.keys_in_hand import held
from core.ec2.place import REGION_TO_ASK_IN
from core.ec2.regions import is_region
from core.errors import KeyPairsError, NoRegionChosen
from core.model import KeptKeyPair
from core.words.plural import n_of
from tui import screens
from tui.actions.keymap import key_of
from tui.commands.statuses import PEOPLES
from tui.screens.list.bringing_back import bring_back, deleted, successor_name, undo, undo_key
from tui.screens.list.list_actions import refuses, say_over
from tui.screens.list.list_view import ListView
from tui.screens.placed_screen import PlacedScreen, Result
from tui.terminal.logging_in import log_in as run_log_in
from tui.words.details import named_tags
from tui.words.done_elsewhere import of_each
from tui.words.pairs import what_comes_back
from tui.words.place import THIS_MACHINE, place_table
from tui.words.refusals import by_reason
from tui.words.text import named, said_by, short_path
from tui.words.verdict import Tone, Verdict
from tui.work.undo import Deletion, NewPair, TagEdit

if TYPE_CHECKING:
    from core.checks.finding import PairReference
    from core.session import Session
    from tui.screens.look.follow_up import FollowUp

    _Changing = screens.DeleteKeyPairsScreen | screens.EditTagsScreen


async def create_key_pair(view: ListView) -> None:
    """Create a key pair, and stay with its private key until it is safe or given up."""
    await _create(view)


async def replace_key_pair(view: ListView) -> None:
    """Create a pair that takes the place of another, which stays."""
    key_pair = _the_one(view, "pair at a time is replaced")
    if key_pair is not None:
        await _replace(view, key_pair)


def _the_one(view: ListView, what: str) -> KeptKeyPair | None:
    """Return the pair that a key is about that is about one; where several are chosen, say `what`.

    As with the keys that are about several, that is the chosen one, or else that under the cursor.
    """
    affected = view.affected()
    if len(affected) > 1:
        here = "where none is, the one under the cursor"
        view.say(Verdict(f"one {what}, and {len(affected):,} are chosen; {here}", Tone.CAUTION))
        return None
    return next(iter(affected), None)


async def _replace(view: ListView, key_pair: KeptKeyPair) -> bool:
    """Create the pair that takes the place of another, and return whether that was done."""
    try:
        name = await asyncio.to_thread(successor_name, view.session, key_pair)
    except KeyPairsError as error:
        view.say(Verdict(said_by(error), Tone.BAD))
        return False
    return await _create(view, key_pair, name)


async def _create(view: ListView, replacing: KeptKeyPair | None = None, key_name: str = "") -> bool:
    """Create a key pair, stay with its private key, and return whether one was created."""
    form = screens.CreateKeyPairScreen(view.session, replacing, key_name)
    created = await view.open(form)
    if created is None:
        view.session.spare_key.drop()
        if view.session.place is not None:
            # It may stand there with its answer lost.
            view.questions.ask()
        return False
    screen = screens.KeyMaterialScreen(view.session, created)
    view.in_hand = {created.key_pair.key_pair_id: created.key_pair}
    try:
        became = await view.open(screen)
        if form.note is not None:
            (await asyncio.wrap_future(form.note)).forget()
    finally:
        view.in_hand = {}
        created.key_material.wipe()
        # Where the key's own screen could not be opened, the form would hold it for ever.
        view.screen.app.key_holder = None
        if form.note is not None and form.note.done():
            form.note.result().release()
    said = "; ".join(filter(None, (became, screen.how_gone)))
    await view.read(created.key_pair.key_pair_id, said, new=[created.key_pair.key_pair_id])
    now = view.listing.key_pairs
    is_there = created.key_pair.key_pair_id in now
    is_next = is_there and is_delivered(now[created.key_pair.key_pair_id])
    if replacing is not None and replacing.key_pair_id in now and is_next:
        install, old = key_of("key-pair.install"), named(replacing.key_name)
        view.say(f"{said}; next: {install} installs the new key on servers, then {old} can go")
    stay = view.session.in_agent.get(created.key_pair.key_pair_id)
    if is_there and not is_next and stay is not None and stay.ends_with_program:
        view.in_agent_alone[created.key_pair.key_pair_id] = created.key_pair.key_name
    if is_there or not view.unread:
        new = NewPair("new", created.key_pair, is_deleted=not is_there)
        view.undo_history.note_what_stays(view.session, new)
    return True


async def import_key_pair(view: ListView) -> None:
    """Import a public key."""
    await _import(view, screens.ImportKeyPairScreen(view.session))


async def _import(view: ListView, form: PlacedScreen[KeptKeyPair | None]) -> bool:
    """Import by a form, and return whether that is over: it is not where the person went back."""
    if refuses(view, "import_key_pair"):
        return True  # a key that was found elsewhere
    imported = await view.open(form)
    if imported is not None:
        view.undo_history.note_what_stays(view.session, NewPair("imported", imported))
        key_pair_id, said = imported.key_pair_id, f"imported {named(imported.key_name)}"
        await view.read(key_pair_id, said, new=[key_pair_id])
    return imported is not None


async def details(view: ListView) -> None:
    """Show everything about the pair under the cursor, and do there what the list does with it."""
    key_pair, said = view.highlighted, Verdict("")
    while key_pair is not None:
        ids = [pair.key_pair_id for pair in view.shown]
        key_pair_id = key_pair.key_pair_id
        screen = screens.DetailsScreen(
            view.session,
            key_pair,
            view.listing.rotation,
            where=partial(_position, view, key_pair_id),
            undoes=_tagged_with_it(view, key_pair_id),
        )
        screen.say(said)
        chosen = await view.open(screen)
        said = Verdict("")
        # What comes next is about the pair as it was shown last, not as it was at first.
        key_pair = screen.key_pair
        if chosen is not None and screen.has_changed:
            await view.read(key_pair_id, asks_ec2=False)
        match chosen:
            case screens.Next(changes=True) if view.refuses_changes():
                said = view.screen.fact_line.verdict
            case None:
                if screen.has_changed:
                    await view.read(key_pair_id)
                elif view.table.highlighted != key_pair_id:
                    # It was deleted elsewhere and is back: what a key does next is done to it.
                    view.show(key_pair_id)
                return
            case screens.Next.FOLLOWING | screens.Next.PREVIOUS:
                is_next = chosen is screens.Next.FOLLOWING
                key_pair_id = _neighbour(view, ids, key_pair_id, is_next=is_next)
                view.show(key_pair_id)
            case screens.Next.TAGS:
                view.forget_what_was_said()
                await _edit_tags(view, [key_pair], key_of("details.bring-back"))
                said = view.screen.fact_line.verdict
            case screens.Next.UNDO:
                await undo(view)
                said = view.screen.fact_line.verdict
            case screens.Next.DELETE:
                view.forget_what_was_said()
                await _delete(view, [key_pair])
                said = view.screen.fact_line.verdict
            case screens.Next.REPLACE:
                if await _replace(view, key_pair):
                    return
            case screens.Next.IMPORT_INTO_REGIONS:
                said = Verdict(await _import_into_regions(view, [key_pair]))
            case screens.Next.INSTALL:
                said = Verdict(await _install(view, key_pair))
            case screens.Next.BRING_BACK:
                await bring_back(view, key_pair_id)
                said = view.screen.fact_line.verdict
        # Back to where it was asked for, if the pair is still there.
        key_pair = view.listing.key_pairs.get(key_pair_id)


def _neighbour(view: ListView, before: list[str], key_pair_id: str, *, is_next: bool) -> str:
    """Return the id of the pair beside one in the list; at its end the id of that one.

    One that was deleted meanwhile has the neighbours that it had `before`, if they are still there.
    """
    shown = [pair.key_pair_id for pair in view.shown]
    ids = shown if key_pair_id in shown else before
    at = ids.index(key_pair_id) if key_pair_id in ids else len(ids)
    beyond = ids[at + 1 :] if is_next else ids[:at][::-1]
    return next((each for each in beyond if each in view.listing.key_pairs), key_pair_id)


def _position(view: ListView, key_pair_id: str) -> "screens.Position":
    """Return where a pair stands among those that the list shows now."""
    ids = [pair.key_pair_id for pair in view.shown]
    others = len(view.listing.chosen - {key_pair_id})
    if key_pair_id not in ids:
        return screens.Position(chosen=others)
    return screens.Position(ids.index(key_pair_id) + 1, len(ids), others)


def _tagged_with_it(view: ListView, key_pair_id: str) -> int:
    """Return of how many pairs the tags were edited last, where a pair is one of them; else 0."""
    *_, last = [None, *view.undo_history.acts(view.session)]
    ids = [pair.key_pair_id for pair in last.key_pairs] if isinstance(last, TagEdit) else []
    return len(ids) if key_pair_id in ids else 0


async def _open_about_chosen(
    view: ListView, screen: PlacedScreen[Result], affected: Sequence[KeptKeyPair]
) -> Result | None:
    """Open a screen about the chosen pairs; it says where the filter hides others of these."""
    choice = view.choice
    if choice.hidden and affected == view.affected():
        more = choice.words.split(",")[0]
        if choice.shown:
            more = f"{n_of(choice.hidden, 'more is', 'more are')} chosen"
        left = f"hidden by the filter, and left as {'it is' if choice.hidden == 1 else 'they are'}"
        screen.fact_line.rest(Verdict(f"{more}, but {left}", Tone.CAUTION))
    return await view.open(screen)


async def edit_tags(view: ListView) -> None:
    """Edit the tags of the pair, or add tags to the chosen ones."""
    await _edit_tags(view, view.affected())


async def _edit_tags(view: ListView, affected: Sequence[KeptKeyPair], undoing: str = "") -> None:
    """Do that; `undoing` is the key that undoes it where it is not that of the list."""
    if affected:
        screen = screens.EditTagsScreen(view.session, affected, view.listing.tags_in_use())
        saved = await _open_about_chosen(view, screen, affected) or ()
        if not saved:
            await _say_nothing_done(view, affected, screen)
        else:
            tags = {pair.key_pair_id: pair.tags for pair in saved}
            before = [
                pair for pair in screen.before.values() if pair.tags != tags[pair.key_pair_id]
            ]
            view.undo_history.note(view.session, TagEdit(before, tags))
            part = _part_of(saved, affected)
            what = f"tags saved: {part}"
            if len(affected) > 1:
                had = len(saved) - len(before)
                them = "it" if len(screen.set_last) == 1 else "them"
                already = f", {had:,} of which had {them} already" if had else ""
                what = f"{named_tags(screen.set_last)} set on {part}{already}"
            said = f"{what}; {undoing or undo_key()} undoes it"
            await _read_and_say(view, said, saved, affected, screen)


async def delete(view: ListView) -> None:
    """Delete the pair, or the chosen ones."""
    await _delete(view, view.affected())


async def _delete(view: ListView, affected: Sequence[KeptKeyPair]) -> None:
    if affected:
        in_agent = await asyncio.to_thread(stays, view.session)
        in_hand = await asyncio.to_thread(held, view.session.store.folder)
        rotation = view.listing.rotation
        screen = screens.DeleteKeyPairsScreen(view.session, affected, rotation, in_agent, in_hand)
        deleted = await _open_about_chosen(view, screen, affected) or ()
        if not deleted:
            await _say_nothing_done(view, affected, screen)
        else:
            view.undo_history.note(view.session, Deletion(deleted, view.session.now()))
            them = "it" if len(deleted) == 1 else "them"
            whole = view.session.backend.capabilities.brings_back
            back = f"brings {them} back" if whole else f"imports {them} again"
            said = f"deleted {_part_of(deleted, affected)}; {undo_key()} {back}"
            await _read_and_say(view, said, deleted, affected, screen)


async def _read_and_say(
    view: ListView,
    said: str,
    done: Sequence[KeptKeyPair],
    affected: Sequence[KeptKeyPair],
    screen: "_Changing",
) -> None:
    """Show the list again, and what came of many; Escape may have come when all was done."""
    view.is_stopped = False
    await _read_before_it_is_drawn(view, said)
    if _is_all(done, affected):
        say_over(view, said, is_stopped=screen.is_stopped)
    elif why := await _why_not(view, done, affected, screen):
        view.say("; ".join((said, *why)))


_UNDRAWN = 0.5
"""Seconds for which the screen may stay as it is."""


async def _read_before_it_is_drawn(view: ListView, said: str) -> None:
    """Show the list as it is now, and not for a moment as it was; a slow disk is not waited for."""
    reading = asyncio.create_task(view.read(say=said))
    try:
        with view.screen.app.batch_update():
            await asyncio.wait([reading], timeout=_UNDRAWN)
        await reading
    finally:
        reading.cancel()


async def _say_nothing_done(
    view: ListView, affected: Sequence[KeptKeyPair], screen: "_Changing"
) -> None:
    """Say which pairs are gone, where nothing was done to any though it was to be."""
    if screen.has_begun:
        await view.read()
        if why := await _why_not(view, (), affected, screen):
            view.say("; ".join(why))


async def _why_not(
    view: ListView,
    done: Sequence[KeptKeyPair],
    affected: Sequence[KeptKeyPair],
    screen: "_Changing",
) -> list[str]:
    """Return to which of the pairs it was not done and why, in clauses."""
    ids = {pair.key_pair_id for pair in done}
    rest = [pair for pair in affected if pair.key_pair_id not in ids]
    gone = [pair for pair in rest if pair.key_pair_id not in view.listing.key_pairs]
    there = [pair for pair in rest if pair.key_pair_id in view.listing.key_pairs]
    refused = [pair for pair in there if pair.key_pair_id in screen.not_done]
    why = [await asyncio.to_thread(of_each, view.session, gone)] if gone else []
    if refused:
        reasons = by_reason((p.key_name, screen.not_done[p.key_pair_id]) for p in refused)
        why.append(f"not {reasons}")
    if screen.is_stopped and (waiting := len(there) - len(refused)):
        why.append(f"stopped before {waiting:,} more")
    return why


async def import_into_regions(view: ListView) -> None:
    """Import the public half of the pair, or of the chosen ones, into other Regions."""
    affected = view.affected()
    if affected:
        said = await _import_into_regions(view, affected)
        if said:
            view.say(said)


async def _import_into_regions(view: ListView, affected: Sequence[KeptKeyPair]) -> str:
    """Do that, and return what is to be said of it."""
    counts = await asyncio.to_thread(view.session.regions_in_use)
    screen = screens.ImportIntoRegionsScreen(view.session, affected, counts)
    done = await _open_about_chosen(view, screen, affected)
    if done:
        stays = "what was imported into other Regions stays"
        view.undo_history.note_what_stays(view.session, stays)
    what = f"{n_of(len(affected), 'pair')} " if len(affected) > 1 else ""
    return f"imported {what}into {n_of(done, 'Region')}" if done else ""


async def copy(view: ListView) -> None:
    """Send something of the pair to the terminal's clipboard, or the chosen ones' public keys."""
    affected, hidden = view.affected(), view.choice.hidden
    if len(affected) > 1:
        others = n_of(hidden, "more is", "more are")
        more = f"; {others} chosen, but hidden by the filter" if hidden else ""
        await screens.copy_public_keys(view.screen.app, affected, more)
    elif affected:
        await screens.copy_something(view.screen.app, view.session, affected[0])


async def region(view: ListView) -> None:
    """Look at another Region."""
    counts = await asyncio.to_thread(view.session.regions_in_use) if view.loaded else {}
    present = view.session.region
    name = await view.open(screens.PickRegionScreen(view.session, counts, present=present))
    if name is not None and name != view.session.region:
        view.look_at(name)
        await view.read()


async def place(view: ListView) -> None:
    """Turn to this machine, or to EC2 by one of its profiles."""
    places = view.places
    if places is None:
        return
    known = await asyncio.to_thread(places.known)
    heading, items = place_table(known, view.session)
    picked = await view.open(screens.PickScreen("Where the key pairs are", items, heading=heading))
    if picked is None:
        return
    choice = None if picked == THIS_MACHINE else known[int(picked)].choice
    try:
        session = await asyncio.to_thread(places.open, choice)
    except NoRegionChosen:
        to_ask = await asyncio.to_thread(places.open, choice, REGION_TO_ASK_IN)
        in_region = await _in_picked_region(view, to_ask)
        if in_region is None:
            return
        session = in_region
    view.turn_to(session, another_place=True)
    await view.read()


async def log_in(view: ListView) -> None:
    """Run the command that renews a login, and ask EC2 again."""
    error = view.questions.login
    if error is None:
        view.say("there is no login that has expired")
        return
    said = run_log_in(view.screen.app, error.command)
    if said:
        view.say(Verdict(f"not logged in: {said}", Tone.BAD))
    else:
        await view.read()


async def first_region(view: ListView) -> None:
    """Ask for the Region that the program was started without; without one it ends."""
    session = await _in_picked_region(view, view.session)
    if session is None:
        view.screen.app.exit(return_code=PEOPLES.unusable)
        return
    view.turn_to(session, another_place=True)
    await view.read()


async def _in_picked_region(view: ListView, to_ask: "Session") -> "Session | None":
    """Ask in which Region of a place, and return the session of that one, or None."""
    place = to_ask.place
    title = f"In which Region of EC2 {place.profile if place else ''}?"
    # Without an answer of EC2 nobody knows whose account it is, and so what was counted there.
    is_known = place is not None and await asyncio.to_thread(place.remembered) is not None
    counts = await asyncio.to_thread(to_ask.regions_in_use) if is_known else {}
    last = next(iter(counts), view.session.region)
    name = await view.open(screens.PickRegionScreen(to_ask, counts, title, begins_at=last))
    return None if name is None else to_ask.for_region(name)


async def export(view: ListView) -> None:
    """Write the chosen pairs, or those that are shown, to a file."""
    pairs = view.chosen() or view.shown
    if not pairs:
        view.say("there is nothing to export")
        return
    path = await _open_about_chosen(view, screens.ExportScreen(view.session, pairs), pairs)
    if path is not None:
        view.say(f"exported {len(pairs):,} to {short_path(str(path))}")


async def journal(view: ListView) -> None:
    """Show what was done in this Region, and go to the pair of a line, if it is still there."""
    try:
        entries = await asyncio.to_thread(view.session.journal)
    except KeyPairsError as error:
        view.say(Verdict(said_by(error), Tone.BAD))
        return
    region, now = view.session.region, view.session.now().astimezone()
    screen = screens.JournalScreen(region, entries, now)
    while key_pair_id := await view.open(screen):
        if key_pair_id in view.listing.key_pairs:
            await view.go_to(key_pair_id)
            return
        if not await _details_of_deleted(view, key_pair_id):
            return
        screen = screens.JournalScreen(region, entries, now, screen.narrowed)


async def _details_of_deleted(view: ListView, key_pair_id: str) -> bool:
    """Show everything about a deleted pair, which can be brought back from there.

    Returns whether the person went back.
    """
    while True:
        gone = await asyncio.to_thread(gone_pairs, view.session)
        found = next((each for each in gone if each.key_pair.key_pair_id == key_pair_id), None)
        if found is None:
            view.say("that pair is not there any more")
            return False
        said = _said_of(found, back=not view.session.read_only)
        rotation = view.listing.rotation
        screen = screens.DetailsScreen(view.session, found.key_pair, rotation, deleted=said)
        if await view.open(screen) is not screens.Next.BRING_BACK:
            return True
        if await bring_back(view, key_pair_id):
            return False


def _said_of(gone: GonePair, *, back: bool) -> Verdict:
    """Return when and by whom a pair was deleted, and how it comes `back`, if it can."""
    by = f" by {gone.by}" if gone.by else ""
    when = f"{gone.delete_time.astimezone():%Y-%m-%d %H:%M}"
    left = "" if gone.days_left is None else f" within {n_of(gone.days_left, 'day')}"
    comes = what_comes_back(given_up=gone.given_up)
    left = f",{left}" if left and "," in comes else left
    way = f"; {key_of('details.bring-back')} {comes}{left}" if back else ""
    return Verdict(f"deleted {when}{by}{way}", Tone.CAUTION)


async def agent(view: ListView) -> None:
    """Show what the ssh-agent holds, and go to the pair of a key or import it."""
    while not await _follow(view, await view.open(screens.AgentKeysScreen(view.session))):
        pass  # the person went back


async def install(view: ListView) -> None:
    """Install the public key of a pair in authorized_keys."""
    key_pair = _the_one(view, "public key at a time is installed")
    if key_pair is not None:
        view.say(await _install(view, key_pair))


async def _install(view: ListView, key_pair: KeptKeyPair) -> str:
    """Do that, and return what is to be said of it."""
    said = await view.open(screens.InstallPublicKeyScreen(view.session, key_pair))
    if said:
        stays = f"the installed public key of {named(key_pair.key_name)} stays"
        view.undo_history.note_what_stays(view.session, stays)
    return said or ""


async def find(view: ListView) -> None:
    """Say whose a key is, and go to its pair or import it.

    A fingerprint or a public key that the list is filtered by is looked up at once.
    """
    typed = view.filter_bar.text if view.listing.looked_up_elsewhere else ""
    screen = screens.FindScreen(view.session, screens.Asked(typed) if typed else None)
    while not await _follow(view, await view.open(screen)):
        screen = screens.FindScreen(view.session, screen.asked)


def _pair_of(chosen: "PairReference | screens.PairToBringBack") -> "PairReference":
    return chosen.pair if isinstance(chosen, screens.PairToBringBack) else chosen


async def _follow(view: ListView, chosen: "FollowUp | None") -> bool:
    """Go to the pair that was chosen on another screen, or import the key.

    Returns whether that is over: it is not where the person came back from a form.
    """
    if isinstance(chosen, screens.KeyToImport):
        if view.refuses_changes():
            return True
        form = screens.ImportKeyPairScreen(view.session, chosen.key_name, chosen.public_key)
        return await _import(view, form)
    if chosen is not None and not is_region(_pair_of(chosen).region):
        # Of another place, which is chosen by a person alone.
        pair = _pair_of(chosen)
        view.say(f"{named(pair.key_name)} is in {pair.region}; {key_of('list.place')} turns there")
    elif isinstance(chosen, screens.PairToBringBack):
        view.look_at(chosen.pair.region)
        await view.read()
        return view.refuses_changes() or await bring_back(view, chosen.pair.key_pair_id)
    elif chosen is not None:
        view.look_at(chosen.region)
        await view.go_to(chosen.key_pair_id)
    return True


async def check_up(view: ListView) -> None:
    """Look for what is wrong in all Regions, and go to the pair that is picked there."""
    await _follow(view, await view.open(screens.CheckUpScreen(view.session)))


def _part_of(done: Sequence[KeptKeyPair], affected: Sequence[KeptKeyPair]) -> str:
    """Return what something was done to: the name of one pair, or how many of how many."""
    if len(affected) == 1:
        return named(done[0].key_name)
    if len(done) == len(affected):
        return n_of(len(done), "pair")
    return f"{len(done):,} of {n_of(len(affected), 'pair')}"


def _is_all(done: Sequence[KeptKeyPair], affected: Sequence[KeptKeyPair]) -> bool:
    """Return whether something was done to several pairs, and to each of them."""
    return len(done) == len(affected) > 1


FLOWS: Mapping[str, Callable[[ListView], Coroutine[None, None, None]]] = {
    "create_key_pair": create_key_pair,
    "replace_key_pair": replace_key_pair,
    "import_key_pair": import_key_pair,
    "details": details,
    "edit_tags": edit_tags,
    "delete": delete,
    "import_into_regions": import_into_regions,
    "undo": undo,
    "deleted": deleted,
    "copy": copy,
    "region": region,
    "place": place,
    "log_in": log_in,
    "export": export,
    "journal": journal,
    "agent": agent,
    "install": install,
    "find": find,
    "check_up": check_up,
}
"""The actions of the list that lead to another screen, by what the table of actions calls them."""
