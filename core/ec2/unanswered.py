"""Defines the errors that stand between a question to EC2 and its answer.

KeyPairsError
├── NotConfirmed
│   ├── NoAnswer          the request may have reached EC2; what came of it is not known
│   │   ├── AnswerTooLong     it was not read to its end
│   │   └── KeyInDoubt        EC2 may have the public half of a key that is kept here
│   ├── NotMade           as far as EC2 shows, CreateKeyPair made no pair
│   ├── PrivateKeyLost    EC2 made the pair, and nobody has its private key
│   ├── GivenUp           a person gave up waiting to hear what CreateKeyPair came to
│   ├── NotKnown          EC2 could not be asked what CreateKeyPair came to
│   ├── NotSeen           whether ImportKeyPair recorded the public half is not known
│   └── NotTakenBack      the pair stands, its private key is gone, and it could not be deleted
├── NameOfAnother         the pair of the name is not the one that was asked for
├── NotReached            the request did not reach EC2
└── CredentialsError      there are no credentials to ask with; names the next step
"""

import shlex
from enum import Enum

from core.errors import KeyPairsError, NoCredentials, NotConfirmed
from core.model import KeptKeyPair


class NoAnswer(NotConfirmed):
    """EC2 may have acted, but its answer was lost on the way, or is not one.

    Args:
        how: what happened, as the end of a sentence.
        doubt: what is therefore not known, likewise.
    """

    def __init__(self, how: str, doubt: str = "") -> None:
        super().__init__(f"EC2 gave no answer: {how}{doubt and f'; {doubt} is not known'}.")
        self.how = how


class AnswerTooLong(NoAnswer):
    """More came than any answer has; it was not read to its end."""

    def __init__(self, mebibytes: int) -> None:
        super().__init__(f"it sent more than {mebibytes} MiB, more than any answer has")


class KeyInDoubt(NoAnswer):
    """EC2 may have the public half or not; the private key is kept, for the next try."""

    def __init__(self, key_name: str, why: str) -> None:
        self.how = why
        KeyPairsError.__init__(
            self,
            f"{why} Whether EC2 has the key pair {key_name} now is not known. Its private key is"
            " kept while the program runs: create it again under this name, and EC2 is asked for"
            " that very key.",
        )
        self.key_name = key_name


class NotReached(KeyPairsError):
    """The request surely did not reach EC2: nothing was changed there.

    Args:
        host: the host that was asked.
        why: what was in the way, as the end of a sentence.
    """

    def __init__(self, host: str, why: str) -> None:
        super().__init__(f"{host} cannot be reached: {why}.")


class NextStep(Enum):
    """What a person can do about credentials that cannot be had."""

    LOG_IN = "log in"
    """Run `command`, which opens a browser or shows a code, and ask again."""

    CHOOSE = "choose a profile"
    """Pick another profile, or make one with `aws configure`."""

    ASK_AGAIN = "ask again"
    """Answer a question anew, or wait for what did not answer."""

    MEND = "mend the configuration"
    """Change a file or a variable that the sentence names."""


class CredentialsError(NoCredentials):
    """There are no credentials to ask EC2 with.

    `next_step` says what helps, and `command` is the program that does it, where there is one.
    """

    def __init__(self, text: str, next_step: NextStep, command: tuple[str, ...] = ()) -> None:
        super().__init__(text)
        self.next_step = next_step
        self.command = command

    @property
    def command_line(self) -> str:
        """The command as it is typed into a shell."""
        return shlex.join(self.command)

    @property
    def login(self) -> str:
        return self.command_line if self.next_step is NextStep.LOG_IN else ""


class NotMade(NotConfirmed):
    """The answer was lost, and EC2 shows no pair of the name: as far as it shows, none was made."""

    def __init__(self, key_name: str, why: str) -> None:
        super().__init__(
            f"{why} EC2 shows no key pair {key_name}, so none was made as far as can be seen."
            " You can try again."
        )
        self.key_name = key_name


class PrivateKeyLost(NotConfirmed):
    """EC2 made the pair, and its private key was lost on the way: nobody has it."""

    def __init__(self, key_pair: KeptKeyPair, why: str) -> None:
        super().__init__(
            f"{why} EC2 made the key pair {key_pair.key_name} ({key_pair.key_pair_id}), but its"
            " private key was lost on the way and nobody has it. Delete the pair by its id, and"
            " create it again."
        )
        self.key_pair = key_pair
        self.how = why


class NameOfAnother(KeyPairsError):
    """The answer was lost, and the pair of that name is not the one that was asked for."""

    def __init__(self, key_pair: KeptKeyPair, why: str) -> None:
        super().__init__(
            f"{why} There is a key pair {key_pair.key_name} ({key_pair.key_pair_id}), but it is"
            " somebody else's. Nothing is done with it; choose another name."
        )
        self.key_pair = key_pair


class NotSeen(NotConfirmed):
    """The answer to ImportKeyPair was lost, and EC2 does not show whether it has the key."""

    def __init__(self, key_name: str, why: str) -> None:
        super().__init__(
            f"{why} Whether EC2 has the key pair {key_name} now is not known; it may show it late."
            " Look for it before you try again."
        )
        self.key_name = key_name
        self.why = why


class GivenUp(NotConfirmed):
    """The answer was lost, and a person gave up waiting to hear what became of the pair."""

    def __init__(self, key_name: str, why: str) -> None:
        super().__init__(
            f"{why} You gave up waiting: whether EC2 made the key pair {key_name} is not known. If"
            " the list shows it, nobody has its private key."
        )
        self.key_name = key_name


class NotTakenBack(NotConfirmed):
    """A private key got nowhere, and its pair, which stands, could not be deleted again."""

    def __init__(self, key_pair: KeptKeyPair, why: str) -> None:
        super().__init__(
            f"The key pair {key_pair.key_name} ({key_pair.key_pair_id}) was created, its private"
            f" key is gone, and it could not be deleted again: {why} Delete it by its id."
        )
        self.key_pair = key_pair


class NotKnown(NotConfirmed):
    """The answer was lost, and EC2 could not be asked what became of the pair either.

    Args:
        key_name: the name of the pair.
        why: the sentence that says how the answer was lost.
        hindrance: the sentence that says why EC2 could not be asked.
    """

    def __init__(self, key_name: str, why: str, hindrance: str) -> None:
        cause = f"{hindrance}".removesuffix(".")
        super().__init__(
            f"{why} Whether there is a key pair {key_name} now is not known, because EC2 cannot be"
            f" asked: {cause}. Look for it before you try again: its private key is lost."
        )
        self.key_name = key_name
