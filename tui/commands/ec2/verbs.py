"""Runs EC2's verbs: from the options to a request, and from the answer to what is printed."""

import argparse

from core.ec2.request_shapes import check
from core.local import quick_look
from core.local.quick_answers import QuickAnswers
from tui.commands.ec2 import output, values
from tui.commands.ec2.refusals import say
from tui.commands.ec2.values import ValueProblem
from tui.commands.places import ec2_of
from tui.commands.statuses import DONE, EC2S, EC2S_IN_WORDS, FAILED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from core.client import Client

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
        # Imported here: hardly anybody asks for one.
        from tui.commands.ec2 import answers

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
        # Imported here: most of what only reads is done by now.
        from tui.commands.ec2 import session_verbs

        answered = session_verbs.answered(options, request, search, _read)
        if isinstance(answered, int):
            return answered
        parts = answered
    try:
        _print(options, [search(part) for part in parts], operation)
    except ValueProblem as problem:
        if options.command in _LOOKING:
            raise
        # It was tried on an answer that was made up, which may not be like this one in everything.
        say(
            f"keypairs: {options.command} was carried out; its answer could not be printed:"
            f" {problem}"
        )
        return FAILED
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


def _print(options: argparse.Namespace, parts: "Sequence[Any]", operation: str) -> None:
    output.write("".join(output.rendered(part, options.output, operation) for part in parts))
