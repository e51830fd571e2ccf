"""Checks the options that a person puts before a key in authorized_keys, and edits them.

sshd refuses a key whose options it does not know or cannot read, and says so only in its own log:
the person is locked out with a line that looks right. So what sshd would not take is not written,
nor what lets in no one. The rules are those of `core.keys.reading`; here stands what is wrong only
for someone who types it now.
"""

import ipaddress
import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime

from core.errors import KeyPairsError
from core.keys.reading import authorized_line, line_access
from core.keys.reading.authorized_line import AuthorizedLineError, Option

PLACEHOLDER = "ADDRESS"
"""What stands for an address until the person puts one there."""

_LONGEST = 4096


class OptionsError(KeyPairsError):
    """Options that sshd would refuse, or that would not do what they say; a clause says why."""


def check(text: str, now: datetime | None = None) -> tuple[Option, ...]:
    """Return the options before a key, if sshd takes them and lets in anyone by them.

    `now` is an aware time, the present one if it is not given. No text at all is no options.

    Raises:
        OptionsError: says which is wrong.
    """
    if not text.isprintable() or not text.isascii():
        raise OptionsError("only printable ASCII can stand in a line of authorized_keys")
    if len(text) > _LONGEST:
        raise OptionsError(f"too long by {len(text) - _LONGEST} characters")
    if authorized_line.end_of_options(text) not in (None, len(text)):
        raise OptionsError("no space may stand outside of quotes; options are separated by commas")
    try:
        options = tuple(authorized_line.parse_options(text))
    except AuthorizedLineError as error:
        raise OptionsError(str(error)) from error
    if text and "" in _outside_quotes(text).split(","):
        # sshd skips it; but something was to stand there.
        raise OptionsError("an option is missing at a comma")
    for option in options:
        _check_value(option)
    reason = line_access.why_no_one_with(options, now or datetime.now(UTC))
    if reason:
        raise OptionsError(reason)
    return options


def cautions(options: tuple[Option, ...], client: str = PLACEHOLDER) -> tuple[str, ...]:
    """Return what should be known of options that sshd takes, as clauses.

    `client` is the address that the person comes from, as `client_address` returns it.
    """
    found = []
    for name, value in options:
        if name == "from" and value is not None:
            found += _cautions_of_from(value, client)
    return tuple(found)


def _cautions_of_from(value: str, client: str) -> list[str]:
    names = line_access.names(value)
    if len(names) == line_access.allowed_count(value):
        return [f"sshd lets no one in by the name {names[0]} unless sshd_config says UseDNS yes"]
    found = [f"{names[0]} counts only where sshd_config says UseDNS yes"] if names else []
    if client != PLACEHOLDER and not line_access.admits(value, client):
        found.append(f"from does not let in {client}, where you come from")
    return found


def _outside_quotes(text: str) -> str:
    r"""Return options with each value in quotes as a single `"`."""
    return re.sub(r'"(?:\\"|[^"])*"', '"', text)


def _check_value(option: Option) -> None:
    name, value = option
    if value is None:
        return
    if not value.strip():
        raise OptionsError(f"the value of {name} is empty")
    if name == "from":
        for pattern in value.split(","):
            if not pattern or " " in pattern:
                raise OptionsError(
                    "from is a list of addresses separated by commas, without spaces"
                )
            if pattern.removeprefix("!") == PLACEHOLDER:
                raise OptionsError(f"put an address in place of {PLACEHOLDER}, such as 10.0.0.0/8")
            if "/" in pattern and not line_access.is_network(pattern.removeprefix("!")):
                raise OptionsError(f"{pattern} is no network, such as 10.0.0.0/8")


def toggled(text: str, name: str, value: str | None = None) -> str:
    """Return the options with one added at the end, or taken away where it stands.

    What cannot be read is returned as it is, because it is not known what stands where.
    """
    try:
        present = list(authorized_line.parse_options(text))
    except AuthorizedLineError:
        return text
    if any(option.name == name for option in present):
        kept = [option for option in present if option.name != name]
    else:
        kept = [*present, Option(name, value)]
    return ",".join(_written(option) for option in kept)


def _written(option: Option) -> str:
    if option.value is None:
        return option.name
    escaped = option.value.replace('"', '\\"')
    return f'{option.name}="{escaped}"'


def client_address(environment: Mapping[str, str] = os.environ) -> str:
    """Return the address that the person logged in from, or a placeholder where none is known."""
    words = environment.get("SSH_CONNECTION", "").split()
    try:
        return str(ipaddress.ip_address(words[0]))
    except (IndexError, ValueError):
        return PLACEHOLDER
