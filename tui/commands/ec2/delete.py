"""Asks on a terminal before a key pair is deleted, as the app asks."""

from core.client import Answer
from core.errors import EC2Error
from core.model import KeptKeyPair, PrivateKeyState
from core.session import Session
from tui.commands.ec2.refusals import say
from tui.commands.ec2.values import ValueProblem
from tui.typed_line import typed_line


def ask(session: Session, request: Answer) -> None:
    """Ask whether a pair is to be deleted, if there is one.

    A pair whose private key was saved wants its name typed.

    Raises:
        ValueProblem: the answer was no.
    """
    key_pair = _found(session, request)
    if key_pair is None:
        return
    name = key_pair.key_name
    if key_pair.custody.private_key is PrivateKeyState.SAVED:
        say(f"Its private key was saved to {', '.join(key_pair.custody.saved_to)}.")
        agrees = _answer(f"Type the name to delete {name}: ") == name
    else:
        agrees = _answer(f"Delete {name}? [y/N] ").lower() in ("y", "yes")
    if not agrees:
        raise ValueProblem("nothing was deleted; --yes deletes without asking")


def _found(session: Session, request: Answer) -> KeptKeyPair | None:
    by_id, by_name = request.get("KeyPairId"), request.get("KeyName")
    try:
        if by_id:
            return session.backend.describe_key_pairs(key_pair_ids=[by_id])[0]
        return session.backend.describe_key_pairs(key_names=[by_name])[0] if by_name else None
    except EC2Error:  # it may not be described, or there is none: deleting says so
        return None


def _answer(question: str) -> str:
    say(question)
    return typed_line()
