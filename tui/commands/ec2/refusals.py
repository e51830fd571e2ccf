"""Says on standard error what was refused or went wrong, in the words of the AWS CLI."""

import sys

from core.errors import EC2Error, KeyPairsError, NoCredentials
from tui.commands.statuses import EC2S, FAILED, REFUSED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from core.client import ClientError

_LONGEST = 2_000


def say(*lines: str) -> None:
    """Print lines on standard error; each stays one line, whatever it quotes."""
    # Imported here: a verb that ends well needs no words.
    from tui.words.text import as_pasted

    try:
        for line in lines:
            print(as_pasted(line[:_LONGEST]), file=sys.stderr)
        sys.stderr.flush()
    except OSError:
        return  # nobody is told where it cannot be written; the status says it, too


def refused(error: "ClientError", advice: str | None = None) -> int:
    """Say why the service refused, or what went wrong with it, and return the exit status.

    One line of advice follows where there is any: `advice`, or what EC2's own words leave out.
    """
    cause = error.__cause__
    if isinstance(cause, KeyPairsError):
        # Imported here: see `say`.
        from tui.commands.wrapping import in_words

        say(f"keypairs: {in_words(cause)}")
        return EC2S.unusable if isinstance(cause, NoCredentials) else FAILED
    say(str(error))
    refusal = error.__context__
    if advice is None and isinstance(refusal, EC2Error) and refusal.reason:
        advice = refusal.reason
    if advice:
        say(f"keypairs: {advice}")
    return REFUSED


def refused_by(error: EC2Error, operation: str) -> int:
    """Say why EC2 refused an operation, as `refused` does, and return the exit status."""
    say(f"An error occurred ({error.code}) when calling the {operation} operation: {error.message}")
    if error.reason:
        say(f"keypairs: {error.reason}")
    return REFUSED
