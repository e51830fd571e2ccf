"""Says how a person chose EC2."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Choice:
    """How EC2 was chosen: what is None comes from the AWS variables and files.

    Times are seconds.
    """

    profile: str | None = None
    endpoint_url: str | None = None
    connect_timeout: float = 5.0
    read_timeout: float = 20.0
