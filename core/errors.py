"""Defines the errors of EC2's API, of the store, of saving and of the settings.

Others below KeyPairsError stand in the module that they are about, such as AgentError in
`core.custody.agent` and SaveAsks in `core.custody.saving`.

    KeyPairsError
    ├── EC2Error                          code, message and HTTP status as the service gives them
    │   ├── MissingParameter              400
    │   ├── InvalidParameterValue         400
    │   ├── InvalidParameterCombination   400
    │   ├── InvalidID                     400  InvalidID
    │   ├── InvalidKeyFormat              400  InvalidKey.Format
    │   ├── InvalidKeyPairDuplicate       400  InvalidKeyPair.Duplicate
    │   ├── InvalidKeyPairNotFound        400  InvalidKeyPair.NotFound
    │   ├── FilterLimitExceeded           400
    │   ├── KeyPairLimitExceeded          400
    │   ├── TagLimitExceeded              400
    │   ├── UnauthorizedOperation         403
    │   ├── DryRunOperation               412
    │   └── ServiceError                  any other code of EC2's
    ├── StoreError                        a Region's file cannot be read or written
    │   ├── StoreDamaged                  it is not what we wrote; never overwritten
    │   ├── StoreTooNew                   a newer version of the program wrote it
    │   ├── StoreLocked                   another session holds the Region for too long
    │   └── StoreNotConfirmed             written, but the disk did not confirm it
    ├── SaveError                         the private key was not written to a file
    │   └── ProofFailed                   the file does not read back as the key
    │       └── WrongMode                 its mode is not 0600
    ├── NotConfirmed                      it was begun, and nobody knows whether it was done
    ├── NoCredentials                     there is nothing to ask EC2 with
    └── SettingsError                     an option, a variable or a folder is unusable
        ├── NoSuchRegion                  what was named is not a Region
        └── NoRegionChosen                EC2 was chosen, and no Region of it

Codes, texts and statuses are those recorded from the real service where there is a record. No
message ever holds private key material.
"""

TYPE_CHECKING = False
"""What type checkers take for true; a command that only reads has no time for `typing`."""

if TYPE_CHECKING:
    from typing import Self


class KeyPairsError(Exception):
    """The root of this tree; `str()` of it is a sentence for the person at the keyboard."""


class EC2Error(KeyPairsError):
    """An error of the EC2 API.

    `message` is the service's own text. `parameter` names the argument that is to blame, in our
    spelling (`key_name`), or is None when no single one is.
    """

    code: str
    status: int = 400
    reason: str = ""
    """What is wrong in plain words, in sentences, where EC2's own text does not say it."""

    def __init__(self, message: str, *, parameter: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.parameter = parameter

    @classmethod
    def answered(cls, message: str, parameter: str | None = None) -> "Self":
        """Return this error with a text that the service gave, whatever ours would be."""
        error = cls.__new__(cls)
        EC2Error.__init__(error, message, parameter=parameter)
        return error


class MissingParameter(EC2Error):
    """A required parameter is absent or empty."""

    code = "MissingParameter"


class InvalidParameterValue(EC2Error):
    """A parameter has a value that the API does not take."""

    code = "InvalidParameterValue"


class InvalidParameterCombination(EC2Error):
    """Two parameters exclude each other."""

    code = "InvalidParameterCombination"


class InvalidID(EC2Error):
    """A resource id given to a tagging operation names nothing."""

    code = "InvalidID"

    def __init__(self, resource_id: str) -> None:
        super().__init__(f"The ID '{resource_id}' is not valid", parameter="resources")


class InvalidKeyFormat(EC2Error):
    """The public key of an import is not one that EC2 takes.

    `reason` says in plain words what is wrong with it; EC2's own text does not.
    """

    code = "InvalidKey.Format"

    def __init__(self, reason: str) -> None:
        super().__init__(
            "Key is not in valid OpenSSH public key format", parameter="public_key_material"
        )
        self.reason = reason


class InvalidKeyPairDuplicate(EC2Error):
    """The key name is taken in this Region."""

    code = "InvalidKeyPair.Duplicate"

    def __init__(self) -> None:
        super().__init__("The keypair already exists", parameter="key_name")


class InvalidKeyPairNotFound(EC2Error):
    """A key name that was asked for does not exist."""

    code = "InvalidKeyPair.NotFound"

    def __init__(self, key_name: str) -> None:
        super().__init__(f"The key pair '{key_name}' does not exist", parameter="key_names")


class FilterLimitExceeded(EC2Error):
    """The filters of one call have too many values, or one that is too long."""

    code = "FilterLimitExceeded"

    def __init__(self, message: str) -> None:
        super().__init__(message, parameter="filters")


class KeyPairLimitExceeded(EC2Error):
    """The Region holds as many key pairs as the quota allows; EC2's text is unknown."""

    code = "KeyPairLimitExceeded"

    def __init__(self, limit: int) -> None:
        super().__init__(f"You have reached the limit of {limit:,} key pairs in this Region.")


class TagLimitExceeded(EC2Error):
    """A resource would carry more than 50 tags; the text is the emulators', EC2's is unknown."""

    code = "TagLimitExceeded"

    def __init__(self) -> None:
        super().__init__(
            "The maximum number of Tags for a resource has been reached.", parameter="tags"
        )


class UnauthorizedOperation(EC2Error):
    """The caller may not do this; `explanation` follows EC2's own sentence.

    `reason` is the end of it: the clause that begins with "because" or "with".
    """

    code = "UnauthorizedOperation"
    status = 403
    reason: str = ""

    def __init__(self, explanation: str, reason: str = "") -> None:
        super().__init__(f"You are not authorized to perform this operation. {explanation}")
        self.reason = reason


class DryRunOperation(EC2Error):
    """The answer of a dry run that would have been allowed."""

    code = "DryRunOperation"
    status = 412

    def __init__(self) -> None:
        super().__init__("Request would have succeeded, but DryRun flag is set.")


class ServiceError(EC2Error):
    """A refusal whose code none of the others has: code, text and status are kept."""

    def __init__(self, code: str, message: str, status: int) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


class StoreError(KeyPairsError):
    """A Region's file could not be read or written.

    What was stored before is untouched, unless it is a StoreNotConfirmed.
    """


class StoreDamaged(StoreError):
    """A Region's file is not one that this program wrote, or was changed since.

    Attributes:
        command: what to type in a shell to go back to the backup, with which the text ends; empty
            where there is none.
    """

    def __init__(self, text: str, command: str = "") -> None:
        super().__init__(f"{text} {command}".rstrip())
        self.command = command


class StoreTooNew(StoreError):
    """A Region's file was written by a newer version of the program."""


class StoreLocked(StoreError):
    """Another session held the Region longer than we wait."""


class StoreNotConfirmed(StoreError):
    """The change is in the file, but the disk did not confirm that it would survive power loss."""


class SaveError(KeyPairsError):
    """The private key was not saved; no partial file is left and the key is still in hand."""


class ProofFailed(SaveError):
    """The file that was written did not read back as the key; it was removed."""


class WrongMode(ProofFailed):
    """The file has another mode than 0600; `problem` says so without the command that mends it."""

    def __init__(self, problem: str, command: str) -> None:
        super().__init__(f"{problem}: {command}")
        self.problem = problem


class NotConfirmed(KeyPairsError):
    """What was begun may have been done or not; its line of the journal stays `begun`."""


class NoCredentials(KeyPairsError):
    """There are no credentials to ask EC2 with; see `core.ec2.unanswered.CredentialsError`."""

    @property
    def login(self) -> str:
        """The command that logs in, as it is typed into a shell, or nothing if that is no help."""
        return ""


class SettingsError(KeyPairsError):
    """An option, an environment variable or a folder makes it impossible to start."""


class NoSuchRegion(SettingsError):
    """A text was given as the name of a Region that does not exist."""


class NoRegionChosen(SettingsError):
    """EC2 was chosen, and nothing names a Region of it; one is never taken for granted."""
