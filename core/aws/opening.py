"""Puts together the sessions in which EC2 answers, one for each Region of an account.

Nothing here imports botocore before the first question, because the first frame of the app, and
the list that was seen last, do not wait for it.
"""

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from core.aws import accounts, profiles
from core.aws.bounds.patience import Patience
from core.ec2 import regions
from core.ec2.authorization import Authorizer
from core.ec2.backend import MadeBy
from core.ec2.place import PROFILE_VARIABLES, Ec2Choice, Ec2Facts, Ec2Place, KnownPlace
from core.ec2.regions import Region
from core.ec2.unanswered import NoAnswer
from core.errors import EC2Error, NoRegionChosen
from core.local.opening import session_of
from core.local.spare_key import SpareKey
from core.model import KeyType
from core.session import Session
from core.store.access import open_region

if TYPE_CHECKING:
    from core.aws.backend import Ec2Backend
    from core.aws.connection import Connection
    from core.ec2.usage import Usage
    from core.keys.keygen import PrivateKey

_DECIDING = ("AWS_ACCESS_KEY_ID", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_EC2")
"""The variables that lead to another account or host than the profile does."""

AskCode = Callable[[str], str | None]
"""Asks for the MFA code of a device, given its ARN; None gives up."""


def chosen_region(
    choice: Ec2Choice, named: str | None, environment: Mapping[str, str] = os.environ
) -> Region:
    """Return the Region of that name, else the one that a variable or the profile names.

    Raises:
        NoRegionChosen: none is named; it is never guessed.
        NoSuchRegion: there is none of that name.
    """
    named = named or profiles.region(_profile(choice, environment), environment)
    if not named:
        raise NoRegionChosen(
            "No Region is chosen: give --region, set AWS_REGION, or `region` in the profile."
        )
    return regions.region(named)


def known_places(
    choice: Ec2Choice, data_dir: Path, environment: Mapping[str, str] = os.environ
) -> list[KnownPlace]:
    """Return EC2 as it could be chosen: by what the environment holds, and by each profile.

    `choice` says which host is asked and how long. Small files are read, and nothing is asked.
    """
    names: list[str | None] = [*profiles.profiles(environment)]
    if "AWS_ACCESS_KEY_ID" in environment or not names:
        names.insert(0, None)
    found = []
    for name in names:
        each = choice._replace(profile=name)
        account = Ec2Account(each, data_dir, _nobody, environment=environment)
        profile = _profile(each, environment)
        region = profiles.region(profile, environment)
        found.append(KnownPlace(each, profile, region, account.remembered()))
    return found


class _Asking(NamedTuple):
    """What asks EC2, and so needs botocore."""

    connection: "type[Connection]"
    backend: "type[Ec2Backend]"
    regions: "Callable[[Connection, str], Mapping[str, bool]]"
    usages: "Callable[[Connection, str, Sequence[str]], Mapping[str, Usage]]"
    why_refused: "Callable[[Connection, str, EC2Error], str]"


def _asking() -> _Asking:
    """Return what asks EC2; the first call imports botocore, which takes some 150 ms."""
    from core.aws import backend, connection, opted_in, usage

    return _Asking(
        connection.Connection,
        backend.Ec2Backend,
        opted_in.regions,
        usage.usages,
        opted_in.why_refused,
    )


def _nobody(region: Region) -> Authorizer:
    return Authorizer(region, "", read_only=True)


def _profile(choice: Ec2Choice, environment: Mapping[str, str]) -> str:
    named = (choice.profile, *map(environment.get, PROFILE_VARIABLES))
    return next(filter(None, named), "default")


class Ec2Account:
    """One account of EC2, asked with the credentials that a person chose.

    Args:
        choice: how EC2 was chosen.
        data_dir: the data folder; what EC2 said last is kept below it.
        authorizer_of: who may do what from here, for each Region.
        made_by: who makes a new key.
        ask_code: asks for MFA codes.
        environment: the variables that lead to a profile, an account or a host.
    """

    def __init__(
        self,
        choice: Ec2Choice,
        data_dir: Path,
        authorizer_of: Callable[[Region], Authorizer],
        made_by: MadeBy = MadeBy.HERE,
        ask_code: AskCode = lambda device: None,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self._choice = choice
        self._data_dir = data_dir
        self._authorizer_of = authorizer_of
        self._made_by = made_by
        self._ask_code = ask_code
        self._environment = environment
        self._profile = _profile(choice, environment)
        self._lock = threading.RLock()
        self._connection: Connection | None = None
        self._folder_name: str | None = None

    def session(self, name: str) -> Session:
        """Return the session of a Region; nothing is asked and nothing is read yet.

        Raises:
            SettingsError: there is no such Region.
        """
        region = regions.region(name)

        access = open_region(
            lambda: self._folder(region.name), region.name, self._authorizer_of(region)
        )

        def backend_by(made_by: MadeBy) -> "Ec2Backend":
            return _asking().backend(self.connection(), access, made_by, spare_key, patience)

        def make_spare_key() -> "PrivateKey | None":
            if self._made_by is MadeBy.EC2 or access.authorizer.read_only:
                return None
            from core.keys import keygen

            return keygen.generate(KeyType.RSA)

        spare_key = SpareKey(make_spare_key)
        patience = Patience()
        place = Ec2Place(
            choice=self._choice,
            profile=self._profile,
            ask=lambda: self.facts(region.name),
            remembered=self.remembered,
            forget_credentials=lambda: self.connection().forget_credentials(),
            backend_by=backend_by,
            is_in_the_clear=lambda: self.connection().is_in_the_clear(region.name),
            give_up_waiting=patience.give_up,
            usages=lambda key_names: self.usages(region.name, key_names),
            regions=lambda: self.regions(region.name),
            find_credentials=lambda: self.connection().find_credentials(region.name),
            skew=lambda: self.connection().skew,
        )
        open_backend = partial(backend_by, self._made_by)
        return Session(open_backend, access, spare_key, self.session, place, self._to_look_at)

    def _to_look_at(self, name: str) -> Session:
        """Return the session of a Region that answers what EC2 said last, and asks nothing."""
        return session_of(self.session(name).access)

    def connection(self) -> "Connection":
        """Return the connection; the first call imports botocore, which takes some 150 ms."""
        with self._lock:
            if self._connection is None:
                self._connection = _asking().connection(self._choice, self._ask_code)
            return self._connection

    def facts(self, region: str) -> Ec2Facts:
        """Ask EC2 who the caller is, and note the account for the next time.

        Raises:
            CredentialsError, EC2Error, NoAnswer, NotReached: see `core.aws.errors`.
        """
        connection = self.connection()
        try:
            identity = connection.identity(region)
        except EC2Error as error:
            raise self._explained(error, region) from None
        host = connection.foreign_host(region)
        try:
            name = accounts.folder_name(identity.account, host)
        except ValueError:
            raise NoAnswer("it named no account that could be one") from None
        with self._lock:
            self._folder_name = name
        accounts.remember(self._data_dir, self._asked(), name)
        return Ec2Facts(identity.account, identity.user, host, connection.is_in_the_clear(region))

    def usages(self, region: str, key_names: Sequence[str]) -> "Mapping[str, Usage]":
        """Ask what was launched with the pairs of these names in a Region.

        Raises:
            CredentialsError: there is nothing to ask with.
        """
        return _asking().usages(self.connection(), region, key_names)

    def regions(self, region: str) -> Mapping[str, bool]:
        """Ask which Regions the account's partition has, and which of them are enabled.

        Raises:
            CredentialsError, EC2Error, NoAnswer, NotReached: see `core.aws.errors`.
        """
        return _asking().regions(self.connection(), region)

    def _explained(self, error: EC2Error, region: str) -> EC2Error:
        error.reason = error.reason or _asking().why_refused(self.connection(), region, error)
        return error

    def remembered(self) -> Ec2Facts | None:
        """Return the account and the host of the last time, or None; EC2 is not asked."""
        with self._lock:
            name = self._folder_name or accounts.remembered(self._data_dir, self._asked())
        if name is None:
            return None
        account, _, host = name.partition("@")
        return Ec2Facts(account, host=host or None)

    def _asked(self) -> str:
        """Return what decides which account is asked, as far as it is not in the AWS files."""
        variables = (self._environment.get(name, "") for name in _DECIDING)
        return " ".join(filter(None, (self._profile, self._choice.endpoint_url, *variables)))

    def _folder(self, region: str) -> Path:
        """Return the folder of the account: the one of the last time, else EC2 is asked."""
        with self._lock:
            name = self._folder_name or accounts.remembered(self._data_dir, self._asked())
        if name is None:
            self.facts(region)
            name = self._folder_name
        return self._data_dir / "ec2" / (name or "")
