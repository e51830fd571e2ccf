"""Opens the other places from within the app: this machine, and EC2 by each profile."""

import argparse
from collections.abc import Callable

from core.ec2.place import Ec2Choice, KnownPlace
from core.session import Session
from core.settings import known_places, open_session

AskCode = Callable[[str], str | None]


class Places:
    """What the options said of all places, and the way to open one.

    Args:
        options: the options of the command line.
        ask_code: asks for the codes of MFA devices.
    """

    def __init__(self, options: argparse.Namespace, ask_code: AskCode) -> None:
        self._options = options
        self._ask_code = ask_code
        usual = Ec2Choice()
        connect, read = options.cli_connect_timeout, options.cli_read_timeout
        self._choice = Ec2Choice(
            None,
            options.endpoint_url,
            usual.connect_timeout if connect is None else connect,
            usual.read_timeout if read is None else read,
        )

    def known(self) -> list[KnownPlace]:
        """Return EC2 as it could be chosen; reads small files."""
        return known_places(self._choice, self._options.data_dir)

    def open(self, choice: Ec2Choice | None, region: str | None = None) -> Session:
        """Return the session of EC2, or of this machine; reads small files.

        Raises:
            NoRegionChosen: neither `region` nor anything else names a Region of EC2.
            SettingsError, StoreError: see `core.settings.open_session`.
        """
        return open_session(
            region or self._options.region,
            self._options.data_dir,
            self._options.policy,
            read_only=self._options.read_only,
            ec2=choice,
            ask_code=self._ask_code,
        )
