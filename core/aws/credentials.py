"""Finds the credentials that EC2 is asked with, and says in a sentence why there are none.

botocore knows every kind: environment, files, SSO, `aws login`, assumed roles, programs, containers
and instances. Three of its habits do not suit a program that has the terminal for itself: it asks
for MFA codes on the terminal, waits for a `credential_process` for ever, and keeps the credentials
of roles to itself where the AWS CLI shares them. Here it is told otherwise; each of the private
parts that this takes has a test.
"""

import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from difflib import get_close_matches
from json import JSONDecodeError
from pathlib import Path
from typing import Any

from botocore import exceptions  # type: ignore[import-untyped]  # botocore has no types
from botocore.credentials import (  # type: ignore[import-untyped]  # likewise
    ProcessProvider,
    ProfileProviderBuilder,
)
from botocore.session import Session  # type: ignore[import-untyped]  # likewise
from botocore.utils import JSONFileCache  # type: ignore[import-untyped]  # likewise

from core.aws.bounds import program
from core.aws.bounds.answers import bound
from core.aws.bounds.program import BoundedProgram, PrintedTooMuch
from core.aws.profiles import profiles
from core.ec2.unanswered import AnswerTooLong, CredentialsError, NextStep

_ROLE_CACHE = Path("~/.aws/cli/cache")
"""Where the AWS CLI keeps the credentials of roles, so that a code is asked for once by both."""

AskCode = Callable[[str], str | None]
"""Asks for the MFA code of a device, given its ARN; None gives up."""


class NoCode(Exception):
    """Nobody gave the MFA code that was asked for."""


class _BoundedProviders(ProfileProviderBuilder):  # type: ignore[misc]  # botocore has no types
    """Builds the providers of the profile that a role is assumed from, with bounded programs."""

    def _create_process_provider(self, profile_name: str) -> ProcessProvider:
        return ProcessProvider(
            profile_name=profile_name,
            load_config=lambda: self._session.full_config,
            popen=BoundedProgram,
        )


def prepare(session: Session, ask_code: AskCode, region: str | None = None) -> None:
    """Have a session ask for codes through `ask_code`, and bound what it waits for.

    Roles are asked for in `region` where the profile names none.

    Raises:
        CredentialsError: the profile or its file is unusable.
    """

    def prompt(question: str) -> str:
        # botocore's question is `Enter MFA code for ARN: `.
        code = ask_code(question.removeprefix("Enter MFA code for ").rstrip(": "))
        if code is None:
            raise NoCode
        return code

    with explained(session):
        # botocore does not know AWS_REGION, and would ask for a role nowhere.
        if region is not None and session.get_config_variable("region") is None:
            session.set_config_variable("region", region)
        chain = session.get_component("credential_provider")
        roles = chain.get_provider("assume-role")
        roles.cache = JSONFileCache(str(_ROLE_CACHE.expanduser()))
        roles._prompter = prompt
        roles._profile_provider_builder = _BoundedProviders(session, cache=roles.cache)
        chain.get_provider("custom-process")._popen = BoundedProgram
        bound(chain.get_provider("container-role")._fetcher._session)
        bound(chain.get_provider("iam-role")._role_fetcher._session)


def find(session: Session) -> str:
    """Find the credentials of a session, and return where they come from, in botocore's words.

    It blocks: it may ask a host, run a program or ask for a code.

    Raises:
        CredentialsError: there are none; says why and what to do.
    """
    with explained(session):
        credentials = session.get_credentials()
        if credentials is None:
            raise exceptions.NoCredentialsError
        credentials.get_frozen_credentials()
    return str(credentials.method)


@contextmanager
def explained(session: Session) -> Iterator[None]:
    """Raise a CredentialsError in place of whatever goes wrong while credentials are sought."""
    error = None
    try:
        yield
    except CredentialsError:
        raise
    # botocore lets through what programs and files do to it: FileNotFoundError, JSONDecodeError,
    # RuntimeError and more.
    except Exception as failure:  # noqa: BLE001 - see above; it is named, never passed over
        error = explanation(failure, _profile(session))
    if error is not None:
        raise error


def _profile(session: Session) -> str:
    return str(session.profile or "default")


def explanation(failure: Exception, profile: str) -> CredentialsError:
    """Return what went wrong with the credentials of a profile, and the next step."""
    sso = ("aws", "sso", "login", "--profile", profile)
    login = ("aws", "login", "--profile", profile)
    match failure:
        case exceptions.ProfileNotFound():
            return CredentialsError(
                f"There is no profile {_of(failure, 'profile')} in the AWS configuration"
                f"{_nearest(str(failure.kwargs.get('profile', '')))}.",
                NextStep.CHOOSE,
            )
        case exceptions.ConfigParseError() | exceptions.ConfigNotFound():
            return CredentialsError(
                f"{_of(failure, 'path')} cannot be read as an AWS configuration file.",
                NextStep.MEND,
            )
        case exceptions.PartialCredentialsError():
            return CredentialsError(
                f"Half of the credentials is missing: {_of(failure, 'cred_var')},"
                f" sought in {_of(failure, 'provider')}.",
                NextStep.MEND,
            )
        case exceptions.NoCredentialsError():
            return CredentialsError(
                f"No AWS credentials were found: not in the environment, not in profile {profile},"
                " not from a container or an instance. `aws configure` or `aws login` makes some.",
                NextStep.CHOOSE,
                ("aws", "configure", "--profile", profile),
            )
        case exceptions.LoginError():
            return CredentialsError(
                f"The login session of profile {profile} has expired, or never began.",
                NextStep.LOG_IN,
                login,
            )
        case exceptions.MissingDependencyException():
            return CredentialsError(
                f"Profile {profile} logs in by `aws login`, which needs the package awscrt here."
                f" Install it beside botocore, or take the credentials from"
                f" `aws configure export-credentials --profile {profile} --format env`.",
                NextStep.MEND,
            )
        case exceptions.SSOError() | exceptions.TokenRetrievalError():
            return CredentialsError(
                f"The SSO session of profile {profile} has expired, or never began.",
                NextStep.LOG_IN,
                sso,
            )
        case NoCode():
            return CredentialsError(
                f"The role of profile {profile} needs an MFA code, and none was given.",
                NextStep.ASK_AGAIN,
            )
        case subprocess.TimeoutExpired():
            return CredentialsError(
                f"The credential_process of profile {profile} did not answer within"
                f" {program.TIMEOUT:.0f} seconds, and was ended.",
                NextStep.ASK_AGAIN,
            )
        case PrintedTooMuch():
            return CredentialsError(
                f"The credential_process of profile {profile} printed more than"
                f" {program.LARGEST // (1024 * 1024)} MiB, and was ended.",
                NextStep.ASK_AGAIN,
            )
        case exceptions.CredentialRetrievalError():
            provider = _of(failure, "provider")
            if provider == ProcessProvider.METHOD:
                provider = f"the credential_process of profile {profile}"
            return CredentialsError(
                f"No credentials from {provider}: {_of(failure, 'error_msg')}",
                NextStep.ASK_AGAIN,
            )
        case exceptions.ClientError():
            said: Mapping[str, Any] = failure.response.get("Error", {})
            return CredentialsError(
                f"AWS refused the credentials of profile {profile}:"
                f" {said.get('Code', '')}: {said.get('Message', '')}",
                NextStep.ASK_AGAIN,
            )
        case exceptions.InvalidConfigError():
            return CredentialsError(
                f"Profile {profile} is set up wrongly: {_of(failure, 'error_msg')}", NextStep.MEND
            )
        case FileNotFoundError():
            return CredentialsError(
                f"The credentials of profile {profile} need {failure.filename}, which is missing.",
                NextStep.MEND,
            )
        case JSONDecodeError() | UnicodeDecodeError():  # their texts would quote what was read
            return CredentialsError(
                f"What the credential_process of profile {profile} printed is not the JSON that"
                " AWS defines for it.",
                NextStep.MEND,
            )
        case (
            exceptions.InvalidChecksumConfigError()
            | exceptions.InvalidIMDSEndpointError()
            | exceptions.InvalidIMDSEndpointModeError()
            | exceptions.InvalidSTSRegionalEndpointsConfigError()
        ):
            return CredentialsError(f"A setting for AWS cannot be used: {failure}", NextStep.MEND)
        case ValueError():  # of a number or a time
            return CredentialsError(
                f"The credentials of profile {profile} cannot be used: in the AWS variables,"
                " the AWS files or an answer stands text where a number or a time is expected.",
                NextStep.MEND,
            )
        case AnswerTooLong():
            return CredentialsError(
                f"Who gives credentials to profile {profile} sent more than any answer has.",
                NextStep.ASK_AGAIN,
            )
        case (
            exceptions.HTTPClientError()
            | exceptions.EndpointConnectionError()
            | exceptions.ConnectTimeoutError()
            | exceptions.MetadataRetrievalError()
        ):
            return CredentialsError(
                f"Who gives credentials to profile {profile} cannot be reached.",
                NextStep.ASK_AGAIN,
            )
        case _:
            return CredentialsError(
                f"The credentials of profile {profile} cannot be had ({type(failure).__name__}).",
                NextStep.MEND,
            )


def _of(failure: Any, name: str) -> str:
    return str(failure.kwargs.get(name, "?")).strip()


def _nearest(profile: str) -> str:
    near = get_close_matches(profile, profiles(), n=3)
    return f"; nearest: {', '.join(near)}" if near else ""
