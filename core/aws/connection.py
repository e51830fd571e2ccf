"""Calls the operations of EC2 with the credentials that a person chose, in any Region.

Reads are repeated by botocore's standard mode where they fail in passing. CreateKeyPair is sent
once and never again: it has no token by which EC2 could know a repeat, so that a repeat of a call
whose answer was lost is answered `InvalidKeyPair.Duplicate`, and the private key is gone.
"""

import logging
import re
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from botocore import xform_name  # type: ignore[import-untyped]  # botocore has no types
from botocore.config import Config  # type: ignore[import-untyped]  # likewise
from botocore.exceptions import (  # type: ignore[import-untyped]  # likewise
    BotoCoreError,
    ClientError,
)
from botocore.utils import parse_timestamp  # type: ignore[import-untyped]  # likewise

from core.aws import credentials
from core.aws.accounts import without_password
from core.aws.bounds.answers import BoundedSession
from core.aws.credentials import AskCode
from core.aws.errors import translated
from core.aws.service_model import DATA_PATH, ModelLoader
from core.ec2.place import Ec2Choice
from core.ec2.unanswered import CredentialsError, NextStep, NoAnswer

_TRIES = 3
"""How often a call is sent at most that may be repeated."""

_SENT_ONCE = 1
"""Of a call of which a repeat does harm, or could not be told from the first."""

CREATE_READ_TIMEOUT = 60.0
"""Seconds to wait for the answer of CreateKeyPair, which alone holds a private key."""

_LOUD = ("botocore", "urllib3")
"""The packages whose logs can quote answers, and so private keys."""

_ANSWERED: Mapping[str, tuple[str, ...]] = {
    "CreateKeyPair": ("KeyPairId", "KeyName", "KeyFingerprint", "KeyMaterial"),
    "ImportKeyPair": ("KeyPairId", "KeyName", "KeyFingerprint"),
    "DescribeKeyPairs": ("KeyPairs",),
    "DeleteKeyPair": ("Return",),
    "DescribeTags": ("Tags",),
    "DescribeRegions": ("Regions",),
    "DescribeInstances": ("Reservations",),
    "DescribeLaunchTemplateVersions": ("LaunchTemplateVersions",),
    "GetCallerIdentity": ("Account", "Arn"),
}
"""What an answer has in any case: botocore takes any XML for one, the page of a portal too."""

_IN_EACH: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "DescribeKeyPairs": ("KeyPairs", ("KeyPairId", "KeyName")),
    "DescribeTags": ("Tags", ("ResourceId", "Key")),
    "DescribeRegions": ("Regions", ("RegionName",)),
}
"""What each of the things that an answer lists has in any case."""

_AWS_SUFFIXES = (
    ".amazonaws.com",
    ".amazonaws.com.cn",
    ".amazonaws.eu",
    ".api.amazonwebservices.com.cn",
    ".api.amazonwebservices.eu",
    ".api.aws",
    ".c2s.ic.gov",
    ".cloud.adc-e.uk",
    ".csp.hci.ic.gov",
    ".sc2s.sgov.gov",
)
"""The ends of the names of AWS's own hosts, in every partition."""


def _keep_to_themselves() -> None:
    """Have botocore and what it calls log nothing that anybody sees, and warn of nothing.

    At DEBUG they log whole answers, and with a WARNING comes a traceback, which Python prints on
    standard error where nobody takes records.
    """
    for name in _LOUD:
        logger = logging.getLogger(name)
        logger.handlers[:] = [logging.NullHandler()]
        logger.propagate = False
        warnings.filterwarnings("ignore", module=rf"{name}(\.|$)")


_keep_to_themselves()


class Identity(NamedTuple):
    """As whom AWS knows the caller: the account's number, and the ARN of a user or role."""

    account: str
    arn: str

    @property
    def user(self) -> str:
        """The end of the ARN, which names the user, or the role and its session."""
        return self.arn.split(":", 5)[-1].split("/", 1)[-1]


def no_code(device: str) -> None:
    """Answer a question for an MFA code with none."""


class Connection:
    """The account and the host that are asked, and a client for each Region.

    Methods block and may be called from any thread. Credentials are found by the first call.

    Args:
        choice: how EC2 was chosen.
        ask_code: asks for the MFA code of a device; see `core.aws.credentials`.
    """

    def __init__(self, choice: Ec2Choice, ask_code: AskCode = no_code) -> None:
        self._choice = choice
        self._ask_code = ask_code
        self._lock = threading.RLock()
        self._session: Any = None
        self._clients: dict[tuple[str, str, int, bool], Any] = {}
        self.skew: timedelta | None = None
        """How far the service's clock was ahead of ours in its last answer."""

    @property
    def profile(self) -> str:
        """The profile that is used."""
        return str(self._opened().profile or "default")

    def find_credentials(self, region: str | None = None) -> str:
        """Find the credentials, and return where they come from.

        A role is asked for in `region` where the profile names none.

        Raises:
            CredentialsError: there are none.
        """
        with self._lock:
            return credentials.find(self._opened(region))

    def forget_credentials(self) -> None:
        """Look for the credentials anew at the next call, as after a login."""
        with self._lock:
            self._session = None
            self._clients.clear()

    def host(self, region: str) -> str:
        """Return the host that is asked in a Region, with its port where one is given."""
        return _host(self.endpoint(region))

    def endpoint(self, region: str) -> str:
        """Return the URL that is asked in a Region."""
        return str(self._client("ec2", region).meta.endpoint_url)

    def foreign_host(self, region: str) -> str | None:
        """Return the host that is asked in a Region unless it is one of AWS's own."""
        host = self.host(region)
        return None if host.split(":")[0].endswith(_AWS_SUFFIXES) else host

    def is_in_the_clear(self, region: str) -> bool:
        """Return whether answers cross a network unencrypted: http to anything but this machine."""
        parts = urlsplit(self.endpoint(region))
        return parts.scheme == "http" and not _is_loopback(parts.hostname or "")

    def identity(self, region: str) -> Identity:
        """Ask who the caller is (GetCallerIdentity, which needs no permission).

        With an endpoint that was given, that endpoint is asked, and no other.
        """
        answer = self._call(self._client("sts", region), "GetCallerIdentity", {})
        return Identity(str(answer["Account"]), str(answer["Arn"]))

    def call(self, operation: str, region: str, **request: Any) -> Mapping[str, Any]:
        """Call an operation of EC2, and return its answer in boto3's shape.

        Raises:
            EC2Error: the service refused.
            NoAnswer, NotReached, CredentialsError: see `core.aws.errors`.
        """
        return self._call(self._client("ec2", region), operation, request)

    def call_once(self, operation: str, region: str, **request: Any) -> Mapping[str, Any]:
        """Call an operation that is not to be repeated unseen; wait longer for a private key.

        Raises:
            EC2Error, NoAnswer, NotReached, CredentialsError: as `call`.
        """
        patient = operation == "CreateKeyPair"
        client = self._client("ec2", region, tries=_SENT_ONCE, patient=patient)
        return self._call(client, operation, request)

    def _call(self, client: Any, operation: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        method: Callable[..., Mapping[str, Any]] = getattr(client, xform_name(operation))
        host = _host(client.meta.endpoint_url)
        with translated(host, self.profile):
            try:
                answer = method(**request)
            except ClientError as error:
                self._note_clock(error.response)
                raise
        self._note_clock(answer)
        if _is_answer(operation, answer):
            return answer
        raise NoAnswer("what came back is no answer of EC2")

    def _note_clock(self, answer: Mapping[str, Any]) -> None:
        date = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date", "")
        try:
            self.skew = parsedate_to_datetime(date) - datetime.now(UTC)
        except (ValueError, TypeError):  # no date, or one without a time zone
            self.skew = None

    def _client(
        self, service: str, region: str, *, tries: int = _TRIES, patient: bool = False
    ) -> Any:
        with self._lock:
            key = (service, region, tries, patient)
            session = self._opened(region)
            # Each time: they may have to be renewed, and what goes wrong then is no lost answer.
            credentials.find(session)
            if key not in self._clients:
                config = Config(
                    connect_timeout=self._choice.connect_timeout,
                    read_timeout=max(self._choice.read_timeout, CREATE_READ_TIMEOUT)
                    if patient
                    else self._choice.read_timeout,
                    retries={"mode": "standard", "total_max_attempts": tries},
                )
                _check_certificates(session)
                with _settings_explained():
                    client = session.create_client(
                        service,
                        region_name=region,
                        endpoint_url=self._choice.endpoint_url,
                        config=config,
                    )
                    _check_endpoint(client.meta.endpoint_url)
                self._clients[key] = client
            return self._clients[key]

    def _opened(self, region: str | None = None) -> Any:
        with self._lock:
            if self._session is None:
                session = BoundedSession(profile=self._choice.profile)
                session.register_component("data_loader", ModelLoader([str(DATA_PATH)]))
                # What other modes decide is decided here, and `auto` asks an instance first.
                session.set_config_variable("defaults_mode", "legacy")
                # Client-side monitoring would send the texts of errors to a socket.
                session.set_config_variable("csm_enabled", False)
                parsers = session.get_component("response_parser_factory")
                parsers.set_parser_defaults(timestamp_parser=_time)
                credentials.prepare(session, self._ask_code, region)
                self._session = session
            return self._session


def _time(text: str) -> datetime:
    """Return a time of an answer; botocore's own reading takes most of what a long answer takes."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = datetime.min
    return time if time.tzinfo else parse_timestamp(text)


def _is_answer(operation: str, answer: Mapping[str, Any]) -> bool:
    expected = _ANSWERED.get(operation)
    if expected is None:  # one without members
        return "RequestId" in answer.get("ResponseMetadata", {})
    listed, in_each = _IN_EACH.get(operation, ("", ()))
    return all(member in answer for member in expected) and all(
        member in each for each in answer.get(listed, ()) for member in in_each
    )


def _check_certificates(session: Any) -> None:
    """Refuse a file of certificates that is missing; botocore would call it a lost answer."""
    bundle = session.get_config_variable("ca_bundle")
    if bundle and not Path(bundle).exists():
        raise CredentialsError(
            f"{bundle} is missing, the file of certificates that AWS_CA_BUNDLE or ca_bundle names.",
            NextStep.MEND,
        )


def _check_endpoint(url: str) -> None:
    """Refuse what botocore finds out when it sends: that would pass for a lost answer."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:  # its text may quote half of a password
        port = 0
    if parts.scheme not in ("http", "https") or port == 0:
        raise ValueError(f"Invalid endpoint: {url}")


@contextmanager
def _settings_explained() -> Iterator[None]:
    """Raise a CredentialsError in place of what botocore says to settings that it cannot use."""
    try:
        yield
    except BotoCoreError as error:
        raise CredentialsError(
            f"A setting for AWS cannot be used: {_harmless(error)}", NextStep.MEND
        ) from None
    except ValueError as error:
        # botocore names the bad URL, wherever it was given.
        raise CredentialsError(
            f"{_harmless(error)}. An endpoint begins with http:// or https://.", NextStep.MEND
        ) from None


def _harmless(error: Exception) -> str:
    """Return the text of an error without a password in a URL, which may lack its beginning."""
    return re.sub(r"\S*@", "", without_password(str(error)))


def _host(url: str) -> str:
    """Return the host of a URL with its port where one is given, and without a password."""
    return urlsplit(url).netloc.rpartition("@")[2]


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
