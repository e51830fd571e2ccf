"""Judges what was typed into a form, in the words of the person typing.

Whether something is allowed is decided by `core.ec2.validation`, the same functions that the
backend uses; this module only explains it with more help than EC2's own texts give.
"""

import asyncio
import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from core.custody import lifetime
from core.custody.rotation import successor_name
from core.disk.destination import Destination, PathVerdict
from core.ec2 import validation
from core.errors import (
    EC2Error,
    InvalidKeyPairDuplicate,
    KeyPairsError,
    StoreError,
    TagLimitExceeded,
    UnauthorizedOperation,
)
from core.keys import passphrase
from core.keys.passphrase import Strength
from core.model import KeptKeyPair, KeyType, Tag
from core.words.plural import n_of
from tui.actions.keymap import key_in, key_of
from tui.actions.table import Place
from tui.words.text import named, said_by, short_paths, visible
from tui.words.verdict import Tone, Verdict

if TYPE_CHECKING:
    from core.custody.agent import AgentOwner
    from core.custody.agent_keys import AddedToAgent, AgentContents
    from core.custody.authorized_keys import InstallationPlan
    from core.session import Session


_LIKE_A_KEY = re.compile(r"(ssh-(rsa|ed25519)|ecdsa-sha2-\S+) AAAA|-{4,5} ?BEGIN ")

_COUNT = re.compile(r"\A\d+/\d+ · ")
"""How the verdict on a name begins."""

_FEWEST_BITS = 2048
_FEWEST_BITS_OF_OPENSSH = 1024


def refusal(error: KeyPairsError) -> Verdict:
    """Return why something was not done: the code and the text of EC2, or an error of ours.

    The reason in plain words comes before those, unless EC2's text ends with it.
    """
    if isinstance(error, EC2Error):
        by_ec2 = f"{error.code}: {error.message}"
        if not error.reason or error.reason in error.message:
            return Verdict(by_ec2, Tone.BAD)
        return Verdict(f"{short_paths(error.reason).rstrip('.')} ({by_ec2})", Tone.BAD)
    return Verdict(said_by(error), Tone.BAD)


def refusal_of(error: KeyPairsError, key_name: str = "", tags: Sequence[Tag] = ()) -> Verdict:
    """Return why nothing was done with what was typed, first in plain words what is to blame."""
    if isinstance(error, EC2Error) and error.parameter == "key_name":
        why = why_no_name(key_name)
        error.reason = f"the name: {why}" if why else error.reason
    elif isinstance(error, EC2Error) and error.parameter == "tags":
        error.reason = _why_wrong(tags) or error.reason
        if isinstance(error, TagLimitExceeded):
            error.reason = error.reason or f"a pair has at most {validation.MAX_TAGS} tags"
    return refusal(error)


async def explain_taken(session: "Session", error: KeyPairsError, key_name: str) -> None:
    """Put into a refusal who has the name of a new pair, and one that is free, if that is it."""
    if isinstance(error, InvalidKeyPairDuplicate):
        error.reason = f"the name: taken by another pair of {session.region}"
        with suppress(StoreError, UnauthorizedOperation):
            holder = await asyncio.to_thread(session.key_pair_named, key_name)
            taken = await asyncio.to_thread(session.key_names)
            if holder is not None:
                free = successor_name(key_name, taken)
                error.reason = f"the name: taken by {holder.key_pair_id}; free: {free}"


def briefly(said: Verdict) -> Verdict:
    """Return a refusal in our words alone, for where EC2's stand elsewhere in sight."""
    ours = re.fullmatch(r"(?s:(.+?)) \(\w[\w.]+: .*\)", said.text)
    return Verdict(ours[1], said.tone) if ours else said


def _why_wrong(tags: Sequence[Tag]) -> str:
    """Return in plain words how many tags are wrong, if several are, and why the first is."""
    wrong = validation.wrong_tags(tags)
    if not wrong:
        return ""
    place, _, message = wrong[0]
    tag, number = tags[place], place + 1
    over_key = len(tag.key) - validation.MAX_TAG_KEY
    over_value = len(tag.value) - validation.MAX_TAG_VALUE
    twice = [other.key for other in tags[:place]]
    if place >= validation.MAX_TAGS:
        why = f"{len(tags)} tags, and a pair has at most {validation.MAX_TAGS}"
    elif not tag.key:
        why = f"tag {number} has no key: type one, or empty its value"
    elif tag.key.startswith(validation.RESERVED_PREFIX):
        why = f"tag {number}: keys that begin with {validation.RESERVED_PREFIX} are for AWS alone"
    elif over_key > 0:
        why = f"tag {number}: its key is too long by {n_of(over_key, 'character')}"
    elif tag.key in twice:
        why = f"tag {number} has the key of tag {twice.index(tag.key) + 1}: {named(tag.key)}"
    elif over_value > 0:
        why = f"tag {number}: its value is too long by {n_of(over_value, 'character')}"
    else:
        why = f"tag {number}: {message}"
    return f"{len(wrong)} tags are wrong; {why}" if len(wrong) > 1 else why


def of_key_name(key_name: str, region: str, holder: KeptKeyPair | None) -> Verdict:
    """Return the verdict on a name for a new pair; `holder` is the pair that has it, if any."""
    if not key_name:
        return Verdict("1 to 255 ASCII characters")
    try:
        validation.check_key_name(key_name)
    except EC2Error as error:
        return Verdict(why_no_name(key_name) or error.message, Tone.BAD)
    if holder is not None:
        return Verdict(f"taken by {holder.key_pair_id}", Tone.BAD)
    if is_like_key(key_name):
        # EC2 takes it; but who pasted a key into the name meant something else.
        return Verdict(
            f"free in {region}, but it looks like a key and not like a name", Tone.CAUTION
        )
    return Verdict(f"free in {region}", Tone.GOOD)


def is_like_key(key_name: str) -> bool:
    """Return whether it begins as a key does; EC2 takes such names."""
    return _LIKE_A_KEY.match(key_name) is not None


async def of_key_name_here(session: "Session", key_name: str) -> Verdict:
    """Return the verdict on a name for a new pair of the service's Region, with its length."""
    try:
        holder = await asyncio.to_thread(session.key_pair_named, key_name)
    except StoreError as error:
        return refusal(error)
    except UnauthorizedOperation:
        judged = of_key_name(key_name, session.region, None)
        if judged.tone is Tone.GOOD:
            judged = Verdict("you may not see whether it is free")
    else:
        judged = of_key_name(key_name, session.region, holder)
    count = f"{len(key_name)}/{validation.MAX_KEY_NAME} · " if key_name else ""
    return Verdict(count + judged.text, judged.tone)


def why_no_name(key_name: str) -> str:
    """Return in plain words why no pair may have this name, or nothing if one may."""
    if not key_name:
        return f"it is empty; type 1 to {validation.MAX_KEY_NAME} ASCII characters"
    over = len(key_name) - validation.MAX_KEY_NAME
    foreign = next((character for character in key_name if not character.isascii()), None)
    if over > 0:
        return f"too long by {n_of(over, 'character')}"
    if foreign is not None:
        return f"{foreign} is not an ASCII character"
    if key_name.startswith(" "):
        return "begins with a space"
    if key_name.endswith(" "):
        return "ends with a space"
    return "" if key_name.isprintable() else "has a control character"


def of_dry_run(answer: EC2Error, verb: str, place: Place, why_refused: str) -> Verdict:
    """Return what came of a dry run: EC2 judges permission alone, and the next Enter all the rest.

    Args:
        answer: EC2's answer that it may be done.
        verb: what is done to the key pair.
        why_refused: for what the form is refused as it stands; empty where nothing is known.
    """
    allowed = f"you may {verb} it ({answer.code}), and {key_in(place, 'submit')} would"
    if why_refused:
        # What there is to do about it stands at the field, and how many characters there are.
        reason = _COUNT.sub("", why_refused).split(". ")[0].rstrip(".")
        return Verdict(f"{allowed} refuse it: {reason}", Tone.CAUTION)
    return Verdict(f"{allowed} {verb} it", Tone.GOOD)


def odd_tags(tags: Sequence[Tag]) -> list[Tag]:
    """Return those that EC2 takes, though who typed `Env=prod` into the key meant another."""
    return [tag for tag in tags if "=" in tag.key and not tag.value]


def of_tags(tags: Sequence[Tag], place: Place, *, all_of_them: bool = True) -> Verdict:
    """Return the verdict on the tags of a pair: how many are wrong, and the first that is.

    `place` is where they are edited; its keys are named. Where they are not `all_of_them`, since
    others stay beside them, they are not counted.
    """
    count = f"{len(tags)} of {validation.MAX_TAGS}"
    add, remove = key_in(place, "add_tag"), key_in(place, "remove_tag")
    if why := _why_wrong(tags):
        return Verdict(f"{why}; {remove} there removes it", Tone.BAD)
    if not tags:
        return Verdict(f"{add} adds one")
    if odd := odd_tags(tags):
        number = tags.index(odd[0]) + 1
        return Verdict(f"tag {number}: all of it is the key; tab to the value", Tone.CAUTION)
    counted = f"{count}; " if all_of_them else ""
    return Verdict(f"{counted}{add} adds one, {remove} removes this one")


def of_public_key(key_type: KeyType, bits: int, fingerprint: str) -> Verdict:
    """Return what is to be imported; `fingerprint` is the one that EC2 will show.

    Sources: NIST SP 800-131A, which disallows RSA below 2,048 bits after 2013; OpenSSH takes none
    below 1,024 (ssh-keygen: `Invalid key length`).
    """
    shown = f"EC2 will show {fingerprint}"
    if key_type is not KeyType.RSA or bits >= _FEWEST_BITS:
        return Verdict(f"{key_type} {bits} bits; {shown}", Tone.GOOD)
    if bits < _FEWEST_BITS_OF_OPENSSH:
        weak = "EC2 takes it, but OpenSSH does not: fewer than 1,024 bits"
    else:
        weak = "EC2 takes it, but it is weak: NIST has disallowed fewer than 2,048 bits since 2014"
    return Verdict(f"{key_type} {bits} bits. {weak}. {shown}", Tone.CAUTION)


def of_known_key(holders: Sequence[KeptKeyPair], judged: Verdict) -> Verdict:
    """Return the verdict on a public key, with a caution where pairs of the Region have it."""
    if not holders:
        return judged
    name, more = holders[0].key_name, len(holders) - 1
    others = f" and {more} more" if more else ""
    return Verdict(f"the same key as {named(name)}{others} · {judged.text}", Tone.CAUTION)


def of_destination(destination: Destination) -> Verdict:
    """Return the verdict on a path for the private key."""
    tone = {
        PathVerdict.FREE: Tone.GOOD,
        PathVerdict.ASKS: Tone.CAUTION,
        PathVerdict.FOLDER_MISSING: Tone.CAUTION,
        PathVerdict.REFUSED: Tone.BAD,
    }[destination.verdict]
    return Verdict(short_paths(destination.explanation), tone)


def of_agent(found: "AgentContents") -> Verdict:
    """Return which agent it is, and how many keys it holds."""
    count = len(found.keys)
    held = f"the agent at {found.path} holds {n_of(count, 'key')}"
    if found.owner is not None:
        return Verdict(
            f"{held}; it belongs to {found.owner.name}, who can log in with every key in it",
            Tone.CAUTION,
        )
    if found.forwarded:
        return Verdict(
            f"{held}; it is forwarded by sshd, so a key goes to the machine you came from",
            Tone.CAUTION,
        )
    if found.ends_with_program:
        return Verdict(f"{held}; it ends with keypairs, and its keys with it", Tone.CAUTION)
    return Verdict(held)


def of_key_in_agent(found: "AgentContents", key_pair: KeptKeyPair, now: datetime) -> Verdict | None:
    """Return that an agent holds a key already, and what adding it again does, if it does."""
    held = [key for key in found.keys if key.identity.public_key == key_pair.public_key]
    if not held:
        return None
    until = f" until {moment(held[0].until, now)}" if held[0].until else ""
    again = "adding it again sets its time and use anew"
    return Verdict(f"the agent holds this key{until}; {again}")


def of_lifetime(text: str, now: datetime) -> Verdict:
    """Return the verdict on how long an agent is to keep a key; `now` is an aware time."""
    try:
        kept = lifetime.parse(text)
    except lifetime.LifetimeError as error:
        return Verdict(str(error), Tone.BAD)
    if kept is None:
        return Verdict("empty: as long as the agent runs; or a time: 8h, 30m, 1h30m")
    # A number alone counts seconds, as ssh-add has it: spelled out, for hours may be meant.
    return Verdict(f"{lifetime.span(kept)}, until {moment(now + kept, now)}", Tone.GOOD)


def of_added_to_agent(added: "AddedToAgent", now: datetime) -> Verdict:
    """Return what was seen of a private key that was added to the agent; `now` is aware."""
    text = "In the agent" if added.owner is None else f"In the agent of {added.owner.name}"
    if added.until is not None:
        if added.lifetime is not None and added.lifetime < _SOON:
            text += f" for {lifetime.span(added.lifetime)},"
        text += f" until {moment(added.until, now)}"
    if added.confirm:
        text += ", asking each time"
    if added.forwarded:
        text += ", on the machine you came from"
    if added.ends_with_program:
        text += "; the agent ends with keypairs"
    if added.warning:
        return Verdict(f"{text}. {added.warning}", Tone.CAUTION)
    is_good = added.owner is None and not added.ends_with_program
    return Verdict(text, Tone.GOOD if is_good else Tone.CAUTION)


def of_agent_of_another(owner: "AgentOwner") -> Verdict:
    """Return the question whether another account's agent is to get the key."""
    return Verdict(
        f"the agent belongs to {owner.name}, who can log in with every key in it;"
        f" press {key_of('add-to-agent.submit')} again to add this one",
        Tone.CAUTION,
    )


_SOON = timedelta(hours=1)
"""Of a time within it the seconds matter."""


def moment(time: datetime, now: datetime) -> str:
    """Return a time in the person's own zone, with its day if that is another than today.

    Where it is less than an hour away, with its seconds.
    """
    local = time.astimezone()
    day = "" if local.date() == now.astimezone().date() else f"{local:%Y-%m-%d} "
    return f"{day}{local:%H:%M:%S}" if abs(time - now) < _SOON else f"{day}{local:%H:%M}"


def of_plan(plan: "InstallationPlan") -> Verdict:
    """Return the verdict on a line for authorized_keys."""
    from core.custody.authorized_keys import Addition

    tone = {
        Addition.ADDABLE: Tone.GOOD,
        Addition.NEW_FILE: Tone.GOOD,
        Addition.PRESENT: Tone.CAUTION,
        Addition.REFUSED: Tone.BAD,
    }[plan.addition]
    text = "; ".join([plan.explanation, *plan.cautions])
    return Verdict(short_paths(text), Tone.CAUTION if plan.cautions else tone)


def of_another_home(plan: "InstallationPlan", *, asked: bool) -> Verdict:
    """Return the caution, or the question, about a file that is not where HOME would have it."""
    if asked:
        return Verdict(f"press {key_of('install.submit')} again to write {plan.path}", Tone.CAUTION)
    return Verdict(f"HOME is {Path.home()}, but sshd reads {plan.path}", Tone.CAUTION)


_STRENGTHS = {
    Strength.WEAK: Tone.CAUTION,
    Strength.FAIR: Tone.PLAIN,
    Strength.STRONG: Tone.GOOD,
}


def of_passphrase(first: str, again: str, not_as: str = "") -> Verdict:
    """Return the verdict on a passphrase while it is typed twice; it quotes nothing of it.

    `not_as` says what it means to leave it empty where the key is encrypted elsewhere.
    """
    if not first and not again and not_as:
        return Verdict(f"left empty, {not_as}", Tone.CAUTION)
    if not first and not again:
        return Verdict("left empty, the file is not encrypted")
    if not first:
        return Verdict("type it at the left too", Tone.BAD)
    problem = passphrase.problem(first)
    if problem is not None:
        return Verdict(problem, Tone.BAD)
    if not first.startswith(again):
        return Verdict("the two differ", Tone.BAD)
    estimate = passphrase.estimate(first)
    if again:
        twice = "the two are the same" if first == again else "the two differ so far"
    else:
        twice = "now type it again at the right"
    if estimate is None:
        return Verdict(f"its strength cannot be estimated: zxcvbn is gone; {twice}", Tone.CAUTION)
    remark = f" ({estimate.remark})" if estimate.remark else ""
    words = f"{estimate.strength.value}, an estimated {estimate.bits} bits{remark}; {twice}"
    return Verdict(words, _STRENGTHS[estimate.strength])


def of_what_was_typed(typed: str, expected: str, otherwise: str) -> str:
    """Return what to say where not that was typed which has to be, and what there is to do else."""
    wrong = "this is not it: " if typed else ""
    return f"{wrong}type {visible(expected)}{' first' * (not typed)}; {otherwise}"
