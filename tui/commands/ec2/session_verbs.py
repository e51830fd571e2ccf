"""Asks a session what a verb asks, and makes the change that a verb makes.

It is imported where a quick look at the Region's file does not answer.
"""

import argparse
import re
import sys
from collections.abc import Callable
from typing import Any

from core.checks.deleted import explain
from core.client import Answer, Client, ClientError
from core.ec2.backend import MadeBy
from core.errors import EC2Error, InvalidID, InvalidKeyPairNotFound
from core.process import forbid_dumps
from core.session import Session
from tui.commands.ec2 import answers, delete, output, values
from tui.commands.ec2.refusals import refused, refused_by, say
from tui.commands.places import say_where
from tui.commands.statuses import FAILED
from tui.opening import open_place

_KEY_PAIR_ID = "key-[0-9a-f]{17}"
_READING = ("describe-key-pairs", "describe-tags", "wait")

Search = Callable[[Any], Any]
Read = Callable[[Client, argparse.Namespace, Answer], list[Answer]]


def answered(
    options: argparse.Namespace, request: Answer, search: Search, read: Read
) -> list[Answer] | int:
    """Return what is printed of the answer, in parts, or the exit status where all is said.

    `search` is what --query makes of an answer, and `read` asks what only reads.

    Raises:
        ValueProblem: an option cannot be meant so.
        KeyPairsError: there is no such place, or no session in it.
    """
    session = _session(options)
    refusal = _refused_by_ec2(session, options)
    if refusal is not None:
        return refusal
    client = Client(backend=session.backend)
    try:
        match options.command:
            case "create-key-pair":
                # Imported here: the other verbs need none of it.
                from tui.commands.ec2 import create

                return create.run(session, request, options, search)
            case "wait":
                client.get_waiter("key_pair_exists").wait(**request)
                return []
            case "import-key-pair":
                return [_imported(client, request, options, search)]
            case "delete-key-pair":
                return [_deleted(session, client, request, options, search)]
            case "create-tags" | "delete-tags":
                _try(search, {}, options)
                request["Resources"] = [_id(client, each) for each in request["Resources"]]
                return [_called(client, options.command, request)]
            case _:
                return read(client, options, request)
    except client.exceptions.ClientError as error:
        _explain(session, error)
        return refused(error, _advice(options))
    except client.exceptions.WaiterError as error:
        say(str(error))
        return FAILED
    finally:
        if session.backend.notice:
            say(f"keypairs: {session.backend.notice}")


def _explain(session: Session, error: ClientError) -> None:
    """Give a refusal its reason, where the pair was deleted here."""
    refusal = error.__context__
    if isinstance(refusal, InvalidID | InvalidKeyPairNotFound):
        explain(session, [refusal], was_there=False)


def _session(options: argparse.Namespace) -> Session:
    say_where(options)
    made_by = getattr(options, "made_by", None)
    if made_by is None:
        # As `aws` has it where the key goes to standard output: EC2 makes it.
        kept = getattr(options, "save", None) or getattr(options, "agent", None) is not None
        made_by = "here" if kept else "ec2"
    return open_place(options, read_only=options.read_only, made_by=MadeBy(made_by))


def _refused_by_ec2(session: Session, options: argparse.Namespace) -> int | None:
    """Ask EC2, if it was chosen, who the caller is, and return the status where it refuses that.

    The account of the last time may not be that of today's credentials, and what EC2 says is kept
    under the account. What a session that only reads would refuse is asked nothing.
    """
    if session.place is None or (session.read_only and options.command not in _READING):
        return None
    try:
        session.place.ask()
    except EC2Error as error:
        return refused_by(error, "GetCallerIdentity")
    return None


def _called(client: Client, command: str, request: Answer) -> Answer:
    call: Callable[..., Answer] = getattr(client, command.replace("-", "_"))
    answer = call(**request)
    del answer["ResponseMetadata"]
    return answer


def _id(client: Client, resource: str) -> str:
    """Return the id of a key pair that was named by its name; anything else stays as it is."""
    if re.fullmatch(_KEY_PAIR_ID, resource) or not resource:
        return resource
    try:
        found = client.describe_key_pairs(KeyNames=[resource])["KeyPairs"]
    except client.exceptions.ClientError:
        return resource  # EC2 says what is wrong with it
    for each in found:
        # Some who stand in for EC2 answer with more than was asked for.
        if each["KeyName"] == resource:
            key_pair_id: str = each["KeyPairId"]
            say(f"keypairs: {resource} is {key_pair_id}.")
            return key_pair_id
    return resource


def _try(search: Search, answer: Answer, options: argparse.Namespace) -> None:
    """Try what is printed of an answer, which must not fail once something was done."""
    output.rendered(search(answer), options.output, options.command)


def _imported(
    client: Client,
    request: Answer,
    options: argparse.Namespace,
    search: Search,
) -> Answer:
    # It may be a private key that was given by mistake.
    forbid_dumps()
    _try(search, answers.made_up("ImportKeyPair", request), options)
    return _called(client, options.command, request)


def _advice(options: argparse.Namespace) -> str | None:
    """Return what to do about a refused public key that was likely meant to be a file."""
    given = getattr(options, "PublicKeyMaterial", None)
    if given is not None and values.looks_like_path(given) and not values.is_file(given):
        return f"There is no file {given}."
    return None


def _deleted(
    session: Session,
    client: Client,
    request: Answer,
    options: argparse.Namespace,
    search: Search,
) -> Answer:
    _try(search, answers.EXAMPLES["DeleteKeyPair"], options)
    what = request.get("KeyPairId") or request.get("KeyName")
    may_ask = sys.stdin.isatty() and not options.yes and not request.get("DryRun", False)
    if may_ask:
        request = delete.ask(session, request)
    answer = _called(client, options.command, request)
    if "KeyPairId" not in answer:
        say(f"keypairs: there is no key pair {what}; nothing was deleted.")
    return answer
