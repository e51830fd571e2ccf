"""Opens a session from options and environment variables: the same for the app and the client."""

import os
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from core import choices
from core.account import user
from core.ec2 import regions
from core.ec2.authorization import ACCOUNT, Authorizer
from core.ec2.backend import MadeBy
from core.errors import SettingsError
from core.local.opening import open_local
from core.session import Session
from core.store import data_dir

if TYPE_CHECKING:
    from core.aws.credentials import AskCode
    from core.ec2.place import Ec2Choice, KnownPlace
    from core.ec2.policy import Policy


def open_session(
    region: str | None = None,
    folder: str | Path | None = None,
    policy: str | Path | None = None,
    *,
    read_only: bool = False,
    environment: Mapping[str, str] = os.environ,
    ec2: "Ec2Choice | None" = None,
    made_by: MadeBy = MadeBy.HERE,
    ask_code: "AskCode" = lambda device: None,
) -> Session:
    """Return the session of a Region; nothing is read but the policy, and nothing is written.

    A folder on a read-only disk gives a session that only reads.

    What is None comes from the environment (`choices.VARIABLES`), and failing that is us-east-1,
    the usual place for data of programs, and the administrator's policy if there is one.

    Where EC2 was chosen, it answers: the Region must be named then, by a variable or the profile
    at least, `made_by` says who makes a new key, and `ask_code` asks for MFA codes.

    Raises:
        SettingsError: there is no such Region, none is named for EC2, the extra `ec2` is not
            installed, or the policy cannot be understood.
        StoreError: the folder is unusable.
    """
    path = data_dir.data_folder(folder, environment)
    if ec2 is None:
        chosen = regions.region(choices.region(region, environment))
    else:
        if find_spec("botocore") is None:
            raise SettingsError("EC2 needs botocore: pip install 'keypairs[ec2]' brings it.")
        from core.aws.opening import Ec2Account, chosen_region

        chosen = chosen_region(ec2, region, environment)
    if not read_only and data_dir.is_on_read_only_disk(path):
        read_only = True
    elif not read_only:
        data_dir.check(path)
    authorizer = Authorizer(
        chosen,
        user(),
        policy=_policy(choices.policy(policy, environment)),
        read_only=read_only,
    )
    if ec2 is None:
        return open_local(path, chosen.name, authorizer)
    account = Ec2Account(ec2, path, authorizer.for_region, made_by, ask_code, environment)
    return account.session(chosen.name)


def known_places(
    ec2: "Ec2Choice",
    folder: str | Path | None = None,
    *,
    environment: Mapping[str, str] = os.environ,
) -> "list[KnownPlace]":
    """Return EC2 as it could be chosen: see `core.aws.opening.known_places`."""
    from core.aws.opening import known_places

    return known_places(ec2, data_dir.data_folder(folder, environment), environment)


def open_to_look(
    folder: str | Path | None = None,
    policy: str | Path | None = None,
    *,
    environment: Mapping[str, str] = os.environ,
) -> Session:
    """Return a session that changes nothing, for what looks at all Regions.

    Which Region is its own makes no difference, so that the person's, which may be none, is not
    asked for. What is wrong with the folder is for the caller to find; but one that was named must
    be there, and only the usual one may still have to come.

    Raises:
        SettingsError: there is no such folder, or the policy cannot be understood.
    """
    path = data_dir.data_folder(folder, environment)
    if path != data_dir.data_folder(environment={}) and not os.path.lexists(path):
        raise SettingsError(f"There is no folder {path}.")
    return open_session(
        choices.DEFAULT_REGION, path, policy, read_only=True, environment=environment
    )


def _policy(named: str | os.PathLike[str] | None) -> "Policy | None":
    # A policy that was named must be there; the administrator's may be missing, but if it is
    # there and cannot be read, that must not open the door.
    system = Path(choices.SYSTEM_POLICY)
    if named is None and _is_absent(system):
        return None
    from core.ec2.policy import Policy

    path = system if named is None else data_dir.expanded(os.fspath(named))
    return Policy.load(path, account=ACCOUNT)


def _is_absent(path: Path) -> bool:
    try:
        path.lstat()
    except FileNotFoundError:
        return True
    except OSError:
        return False  # in a folder that we may not look into, it may be there
    return False
