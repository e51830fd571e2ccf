"""Asks on a terminal before a key pair is deleted, as the app asks."""

from core.checks.agent_stays import stays
from core.client import Answer
from core.errors import EC2Error, InvalidKeyPairNotFound
from core.model import KeptKeyPair, PrivateKeyState
from core.session import Session
from tui.commands.ec2.refusals import say
from tui.commands.ec2.values import ValueProblem
from tui.typed_line import typed_line
from tui.words.pairs import added_to_agent, is_protected, wants_care


def ask(session: Session, request: Answer) -> Answer:
    """Ask whether a pair is to be deleted, if there is one, and return what is to be requested.

    A pair that may be in use wants its name typed. Requested is the deletion of the pair
    that was shown, by its id: another may have its name once the answer is there.

    Raises:
        ValueProblem: the answer was no, or it was about what is no longer so.
        EC2Error: the pair could be described before the question, and not after it.
    """
    shown = _found(session, request)
    if shown is None:
        return request
    name = shown.key_name
    if why := _why_words(session, shown):
        say(why)
        agrees = _answer(f"Type the name to delete {name}: ") == name
    else:
        agrees = _answer(f"Delete {name}? [y/N] ").lower() in ("y", "yes")
    if not agrees:
        raise ValueProblem("nothing was deleted; --yes deletes without asking")
    _refuse_another(session, request, shown)
    return request | {"KeyPairId": shown.key_pair_id}


def _why_words(session: Session, key_pair: KeptKeyPair) -> str:
    """Return why the name has to be typed, or nothing where a letter is enough."""
    state = key_pair.custody.private_key
    if state is PrivateKeyState.SAVED:
        return f"Its private key was saved to {', '.join(key_pair.custody.saved_to)}."
    if is_protected(key_pair):
        return "A tag protects it."
    if state is PrivateKeyState.UNSAVED and (stay := stays(session).get(key_pair.key_pair_id)):
        return f"Its private key is in no file; it {added_to_agent(stay)}."
    return "It may be in use." if wants_care(key_pair) else ""


def _refuse_another(session: Session, request: Answer, shown: KeptKeyPair) -> None:
    """Refuse what nobody was asked about; that there is none any more is for EC2 to answer."""
    try:
        found = _described(session, request)
    except InvalidKeyPairNotFound:
        return
    if found is None or found == shown:
        return
    if found.key_pair_id != shown.key_pair_id:
        changed = f"{shown.key_pair_id} was deleted and {found.key_name} is {found.key_pair_id}"
    elif found.key_name != shown.key_name:
        changed = f"{shown.key_name} is called {found.key_name} now"
    elif found.custody != shown.custody:
        changed = f"what is known of the private key of {found.key_name} has changed"
    else:
        changed = f"the tags of {found.key_name} have changed"
    raise ValueProblem(
        f"nothing was deleted: since you were asked, {changed}. Look at it, and delete it again"
    )


def _found(session: Session, request: Answer) -> KeptKeyPair | None:
    try:
        return _described(session, request)
    except EC2Error:  # it may not be described, or there is none: deleting says so
        return None


def _described(session: Session, request: Answer) -> KeptKeyPair | None:
    by_id, by_name = request.get("KeyPairId"), request.get("KeyName")
    if by_id:
        found = session.backend.describe_key_pairs(key_pair_ids=[by_id])
        return next((each for each in found if each.key_pair_id == by_id), None)
    found = session.backend.describe_key_pairs(key_names=[by_name]) if by_name else ()
    # Some who stand in for EC2 answer with more than was asked for.
    return next((each for each in found if each.key_name == by_name), None)


def _answer(question: str) -> str:
    say(question)
    return typed_line()
