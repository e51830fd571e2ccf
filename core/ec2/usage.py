"""Defines what is known of what uses a key pair in EC2."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Instance:
    """An instance that was launched with a key pair; `name` is that of its `Name` tag, or empty."""

    instance_id: str
    name: str
    state: str


@dataclass(frozen=True, slots=True)
class LaunchTemplate:
    """A launch template whose default or latest version names a key pair."""

    template_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Usage:
    """What uses a key pair; None where the caller may not know, or EC2 did not answer."""

    instances: tuple[Instance, ...] | None
    templates: tuple[LaunchTemplate, ...] | None

    @property
    def is_known(self) -> bool:
        """Whether both are known."""
        return self.instances is not None and self.templates is not None

    @property
    def count(self) -> int:
        """How many of both are known."""
        return len(self.instances or ()) + len(self.templates or ())
