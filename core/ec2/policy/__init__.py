"""Evaluates an IAM identity policy offline by AWS's rules.

The grammar is closed: a document with anything unknown in it is refused as a whole, its place
named, for the statement that would be skipped may be the one that denies. The same goes for what
would forbid something by a resource or a condition key that no request here has. The names in
quotes in these modules are pages of the IAM User Guide. Where those leave a comparison undefined -
one value is asked for and the request has several, or a value is no number or date - an Allow
does not apply and a Deny does.

    document        from text to statements
    statements      requests, and what judges them
    operators       of conditions
    patterns        wildcards, variables, ARNs, actions
    vocabulary      the actions, resources and condition keys that requests have here
"""

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from core.ec2.policy import document
from core.ec2.policy.document import PolicyError as PolicyError
from core.ec2.policy.statements import Decision as Decision
from core.ec2.policy.statements import Effect, Statement, by_name
from core.ec2.policy.statements import Request as Request

MAX_SIZE = 1024 * 1024
"""More bytes than any policy has."""


@dataclass(frozen=True, slots=True)
class Policy:
    """An identity policy of which every part was understood."""

    statements: tuple[Statement, ...]

    @classmethod
    def load(cls, path: Path, *, account: str | None = None) -> Self:
        """Read the policy in a regular file of at most 1 MiB in UTF-8.

        Raises:
            PolicyError: it cannot be read, or not be understood (see `parse`).
        """
        return cls.parse(_read(path), source=str(path), account=account)

    @classmethod
    def parse(cls, text: str, *, source: str, account: str | None = None) -> Self:
        """Understand a document ("Grammar"); `source` names it in errors.

        `account` has the key pairs that it is about: an ARN that asks for another is refused.

        Raises:
            PolicyError: something in it is unknown, or can apply to no request here.
        """
        return cls(document.statements(text, source, account))

    def evaluate(self, request: Request) -> Decision:
        """Judge a request: a Deny beats every Allow, and silence denies ("Evaluation logic")."""
        context = by_name(request.context)
        effects = {each.effect for each in self.statements if each.applies(request, context)}
        if Effect.DENY in effects:
            return Decision.EXPLICIT_DENY
        return Decision.ALLOWED if Effect.ALLOW in effects else Decision.IMPLICIT_DENY

    def reason_against(
        self, action: str, resource: str, context: Mapping[str, str | tuple[str, ...]]
    ) -> str | None:
        """Return why a request is not allowed, as EC2 ends its sentence about it, or None."""
        decision = self.evaluate(Request(action, resource, context))
        if decision is Decision.ALLOWED:
            return None
        if decision is Decision.EXPLICIT_DENY:
            return "with an explicit deny in an identity-based policy"
        return f"because no identity-based policy allows the {action} action"


def _read(path: Path) -> str:
    def without_waiting(name: str, flags: int) -> int:
        # Opening a pipe that nobody writes to would otherwise wait for ever.
        return os.open(name, flags | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)

    try:
        with open(path, "rb", opener=without_waiting) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise PolicyError(f"{path}: not a regular file")
            content = file.read(MAX_SIZE + 1)
    except (OSError, ValueError) as error:  # ValueError: a path that no file can have
        reason = error.strerror if isinstance(error, OSError) else error
        raise PolicyError(f"{path}: cannot be read: {reason}") from error
    if len(content) > MAX_SIZE:
        raise PolicyError(f"{path}: larger than 1 MiB")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise PolicyError(f"{path}: not UTF-8 at byte {error.start}") from error
