"""Runs EC2's verbs: from the options to a request, and from the answer to what is printed."""

import argparse
import re
import sys

from core.ec2.request_shapes import check
from core.errors import EC2Error
from core.local import quick_look
from core.local.quick_answers import QuickAnswers
from tui.commands.ec2 import answers, output, values
from tui.commands.ec2.refusals import refused, refused_by, say
from tui.commands.ec2.values import ValueProblem
from tui.commands.places import ec2_of, say_where
from tui.commands.statuses import DONE, EC2S, EC2S_IN_WORDS, FAILED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from core.client import Client
    from core.session import Session

    Answer = dict[str, Any]

HANDLES_KEYS = False  # what does sees to it itself
REFUSES: "Mapping[str, str]" = {}

OPERATIONS = {
    "create-key-pair": "CreateKeyPair",
    "import-key-pair": "ImportKeyPair",
    "describe-key-pairs": "DescribeKeyPairs",
    "delete-key-pair": "DeleteKeyPair",
    "create-tags": "CreateTags",
    "delete-tags": "DeleteTags",
    "describe-tags": "DescribeTags",
    "wait": "DescribeKeyPairs",
}
WAITER = "key-pair-exists"
_LOOKING = ("describe-key-pairs", "describe-tags")
_READING = (*_LOOKING, "wait")

_EXAMPLES = {
    "create-key-pair": (
        "--key-name ci --save ~/.ssh/ci.pem",
        "--key-name ci \\\n    --query KeyMaterial --output text > ci.pem",
    ),
    "import-key-pair": (
        "--key-name me \\\n    --public-key-material fileb://~/.ssh/id_ed25519.pub",
        "--key-name me --public-key-material - < me.pub",
    ),
    "describe-key-pairs": (
        "--key-names ci --include-public-key",
        "--filters Name=tag:Env,Values=prod \\\n    --query 'KeyPairs[].KeyName' --output text",
    ),
    "delete-key-pair": ("--key-name ci", "--key-pair-id key-0123456789abcdef0"),
    "create-tags": (
        "--resources ci --tags Key=Env,Value=prod",
        "--resources key-0123456789abcdef0 \\\n    --tags Key=Env,Value=prod Key=Team,Value=web",
    ),
    "delete-tags": (
        "--resources ci --tags Key=Env",
        "--resources ci  (removes all tags)",
    ),
    "describe-tags": ("--filters Name=key,Values=Env", "--max-items 100 --output text"),
    "wait": (
        f"{WAITER} --key-names ci",
        f"{WAITER} --filters \\\n    Name=tag:Env,Values=prod",
    ),
}

_KEY_PAIR_ID = "key-[0-9a-f]{17}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what a verb takes: its request's members, and what every verb takes."""
    verb = parser.prog.split()[-1]
    examples = "\n".join(f"  keypairs {verb} {example}" for example in _EXAMPLES[verb])
    parser.epilog = f"examples:\n{examples}\n\n{EC2S_IN_WORDS}"
    if verb == "wait":
        parser.add_argument(
            "waiter", choices=[WAITER], help="tries every 5 seconds, 6 times, then gives up"
        )
    values.add_options(parser, OPERATIONS[verb])
    if verb == "create-key-pair":
        # Imported here: the other verbs need none of it.
        from tui.commands.ec2 import create

        create.add_options(parser)
    if verb == "delete-key-pair":
        parser.add_argument("--yes", action="store_true", help="do not ask, on a terminal either")
    if verb == "describe-tags":
        parser.add_argument("--max-items", metavar="NUMBER", type=int, help="the most to print")
        parser.add_argument(
            "--starting-token", metavar="TOKEN", help="where to go on: NextToken of the last answer"
        )
        parser.add_argument("--page-size", metavar="NUMBER", type=int, help=argparse.SUPPRESS)
    parser.add_argument(
        "--cli-input-json", metavar="JSON", help="the request, or file:// and its file; options win"
    )
    parser.add_argument(
        "--generate-cli-skeleton",
        nargs="?",
        const="input",
        choices=["input", "output"],
        help="print an empty request for --cli-input-json (or an answer), and do nothing",
    )
    parser.add_argument(
        "--output", choices=output.FORMATS, default="json", help="json (when left out), text, table"
    )
    parser.add_argument(
        "--query", metavar="JMESPATH", help="print this of the answer: https://jmespath.org"
    )
    for name in ("--no-cli-pager", "--no-paginate"):
        parser.add_argument(name, action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--color", choices=["on", "off", "auto"], help=argparse.SUPPRESS)


def run(options: argparse.Namespace) -> int:
    """Run a verb, and return the exit status."""
    try:
        return _run(options, OPERATIONS[options.command])
    except ValueProblem as problem:
        say(f"{options.command}: {problem}")
        return EC2S.usage


def _run(options: argparse.Namespace, operation: str) -> int:
    search = output.compiled(options.query)
    if options.generate_cli_skeleton == "input":
        _print(options, [search(values.skeleton(operation))], operation)
        return DONE
    request = values.request(operation, options)
    missing = values.missing(operation, request)
    if missing and options.cli_input_json is None:
        options.usage_error(f"the following arguments are required: {', '.join(missing)}")
    problems = check(operation, request)
    if problems:
        say("Parameter validation failed:", *problems)
        return EC2S.usage
    if options.generate_cli_skeleton == "output":
        _print(options, [search(answers.EXAMPLES[operation])], operation)
        return DONE
    return _asked(options, operation, request, search)


def _asked(
    options: argparse.Namespace,
    operation: str,
    request: "Answer",
    search: "Callable[[Any], Any]",
) -> int:
    parts = _looked_up(options, request) if options.command in _LOOKING else None
    if parts is None:
        return _asked_of_session(options, operation, request, search)
    _print(options, [search(part) for part in parts], operation)
    return DONE


def _asked_of_session(
    options: argparse.Namespace,
    operation: str,
    request: "Answer",
    search: "Callable[[Any], Any]",
) -> int:
    # Imported here: most of what only reads is done by now.
    session = _session(options)
    refusal = _refused_by_ec2(session, options)
    if refusal is not None:
        return refusal
    client = _client(session)
    parts: list[Answer] = []
    try:
        match options.command:
            case "create-key-pair":
                from tui.commands.ec2 import create

                return create.run(session, request, options, search)
            case "wait":
                client.get_waiter("key_pair_exists").wait(**request)
            case "import-key-pair":
                parts = [_imported(client, request, options, search)]
            case "delete-key-pair":
                parts = [_deleted(session, client, request, options, search)]
            case "create-tags" | "delete-tags":
                search({})
                request["Resources"] = [_id(client, each) for each in request["Resources"]]
                parts = [_called(client, options.command, request)]
            case _:
                parts = _read(client, options, request)
    except client.exceptions.ClientError as error:
        return refused(error, _advice(options))
    except client.exceptions.WaiterError as error:
        say(str(error))
        return FAILED
    _print(options, [search(part) for part in parts], operation)
    return DONE


def _looked_up(options: argparse.Namespace, request: "Answer") -> "list[Answer] | None":
    """Return what is printed of an answer that needs no session, or None if it needs one."""
    if ec2_of(options) is not None:
        return None
    look = quick_look.of_this_machine(options.data_dir, options.region, options.policy)
    if look is None:
        return None
    try:
        return _read(QuickAnswers(look), options, request)
    except quick_look.NotPlainError:
        return None


def _read(
    client: "Client | QuickAnswers", options: argparse.Namespace, request: "Answer"
) -> "list[Answer]":
    """Return what is printed of the answer to what only reads, in parts."""
    if options.command == "describe-tags":
        # Imported here: the other verbs have no pages.
        from tui.commands.ec2 import paging

        answer = paging.described_tags(client, request, options)
        return paging.as_text_parts(answer) if options.output == "text" else [answer]
    answer = client.describe_key_pairs(**request)
    answer.pop("ResponseMetadata", None)  # which a quick look has not
    for key_pair in answer["KeyPairs"]:
        # As version 2 of the AWS CLI prints it: 2026-09-25T11:05:17.469000+00:00.
        key_pair["CreateTime"] = key_pair["CreateTime"].isoformat()
    return [answer]


def _session(options: argparse.Namespace) -> "Session":
    # Imported here: most of what only reads is done by now.
    from core.ec2.backend import MadeBy
    from tui.opening import open_place

    say_where(options.data_dir)
    made_by = getattr(options, "made_by", None)
    if made_by is None:
        # As `aws` has it where the key goes to standard output: EC2 makes it.
        kept = getattr(options, "save", None) or getattr(options, "agent", None) is not None
        made_by = "here" if kept else "ec2"
    return open_place(options, read_only=options.read_only, made_by=MadeBy(made_by))


def _refused_by_ec2(session: "Session", options: argparse.Namespace) -> int | None:
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


def _client(session: "Session") -> "Client":
    from core.client import Client

    return Client(backend=session.backend)


def _called(client: "Client", command: str, request: "Answer") -> "Answer":
    call: Callable[..., Answer] = getattr(client, command.replace("-", "_"))
    answer = call(**request)
    del answer["ResponseMetadata"]
    return answer


def _print(options: argparse.Namespace, parts: "Sequence[Any]", operation: str) -> None:
    output.write("".join(output.rendered(part, options.output, operation) for part in parts))


def _id(client: "Client", resource: str) -> str:
    """Return the id of a key pair that was named by its name; anything else stays as it is."""
    if re.fullmatch(_KEY_PAIR_ID, resource) or not resource:
        return resource
    try:
        found = client.describe_key_pairs(KeyNames=[resource])["KeyPairs"][0]
    except client.exceptions.ClientError:
        return resource  # EC2 says what is wrong with it
    key_pair_id: str = found["KeyPairId"]
    say(f"keypairs: {resource} is {key_pair_id}.")
    return key_pair_id


def _imported(
    client: "Client",
    request: "Answer",
    options: argparse.Namespace,
    search: "Callable[[Any], Any]",
) -> "Answer":
    # It may be a private key that was given by mistake.
    from core.process import forbid_dumps

    forbid_dumps()
    # What a query makes of the answer must not fail once there is a pair.
    search(answers.made_up("ImportKeyPair", request))
    return _called(client, options.command, request)


def _advice(options: argparse.Namespace) -> str | None:
    """Return what to do about a refused public key that was likely meant to be a file."""
    given = getattr(options, "PublicKeyMaterial", None)
    if given is not None and values.looks_like_path(given) and not values.is_file(given):
        return f"There is no file {given}."
    return None


def _deleted(
    session: "Session",
    client: "Client",
    request: "Answer",
    options: argparse.Namespace,
    search: "Callable[[Any], Any]",
) -> "Answer":
    search(answers.EXAMPLES["DeleteKeyPair"])
    may_ask = sys.stdin.isatty() and not options.yes and not request.get("DryRun", False)
    if may_ask:
        from tui.commands.ec2 import delete

        delete.ask(session, request)
    answer = _called(client, options.command, request)
    if "KeyPairId" not in answer:
        what = request.get("KeyPairId") or request.get("KeyName")
        say(f"keypairs: there is no key pair {what}; nothing was deleted.")
    return answer
