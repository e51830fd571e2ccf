"""Puts together a session in which this machine answers."""

from collections.abc import Callable
from pathlib import Path

from core.ec2.authorization import Authorizer
from core.ec2.regions import region
from core.local.backend import LocalBackend, new_key_pair_id
from core.session import Session
from core.store.access import RegionAccess, open_region


def open_local(data_dir: Path, name: str, authorizer: Authorizer | None = None) -> Session:
    """Return the session of a Region whose file is in `data_dir`; nothing is read yet.

    Without an authorizer everything is allowed that the files allow.

    Raises:
        SettingsError: there is no such Region.
    """
    authorizer = authorizer or Authorizer(region(name), "nobody")
    return session_of(open_region(lambda: data_dir, name, authorizer))


def session_of(
    access: RegionAccess, new_key_pair_id: Callable[[], str] = new_key_pair_id
) -> Session:
    """Return the session over a Region's file; `new_key_pair_id` is for tests to fix."""
    backend = LocalBackend(access, new_key_pair_id)
    return Session(
        lambda: backend,
        access,
        backend.spare_key,
        lambda name: session_of(access.for_region(name), new_key_pair_id),
    )
