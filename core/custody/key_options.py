"""The options before a key in authorized_keys: sshd(8), AUTHORIZED_KEYS FILE FORMAT.

sshd refuses a key whose options it does not know or cannot read, and says so only in its own log:
the person is locked out with a line that looks right. So what cannot be read is not written.
"""

import ipaddress
import os
import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from core.errors import KeyPairsError

PLACEHOLDER = "ADDRESS"
"""What stands for an address until the person puts one there."""

_LONGEST = 4096

_TWO_WAYS = {
    "agent-forwarding",
    "port-forwarding",
    "pty",
    "touch-required",
    "user-rc",
    "x11-forwarding",
}
"""Options that are allowed as they are and forbidden with `no-` before them."""

FLAGS = {"restrict", "verify-required", *_TWO_WAYS} | {f"no-{name}" for name in _TWO_WAYS}
"""Options without a value."""

VALUED = {
    "command",
    "environment",
    "expiry-time",
    "from",
    "permitlisten",
    "permitopen",
    "tunnel",
}
"""Options with a value, always in quotes."""

_OF_AUTHORITIES = {"cert-authority", "principals"}
"""Options of keys that sign certificates; with one of them sshd lets no one in by the key alone."""

_ONLY_ONCE = {"command", "from"}

_OPTION = re.compile(r'([A-Za-z0-9-]+)(?:="((?:\\"|\\(?!")|[^"\\])*)")?')


class OptionsError(KeyPairsError):
    """Options that sshd would refuse, or that would not do what they say; a clause says why."""


def check(text: str) -> None:
    """Raise unless sshd would take these options before a key; none at all is fine.

    Raises:
        OptionsError: says which is wrong.
    """
    if not text.isprintable() or not text.isascii():
        raise OptionsError("only printable ASCII can stand in a line of authorized_keys")
    if len(text) > _LONGEST:
        raise OptionsError(f"too long by {len(text) - _LONGEST} characters")
    seen: set[str] = set()
    for name, value in _parsed(text):
        if name in _ONLY_ONCE and name in seen:
            raise OptionsError(f"{name} may stand there only once")
        seen.add(name)
        _check_option(name, value)


def _parsed(text: str) -> Iterator[tuple[str, str | None]]:
    r"""Yield names, in lower case, and values, in which `\"` stands for a quote."""
    position = 0
    while position < len(text):
        found = _OPTION.match(text, position)
        if found is None:
            raise OptionsError(_why_no_option(text[position:]))
        name, value = found.groups()
        rest = text[found.end() :]
        if rest and not rest.startswith(","):
            raise OptionsError(_why_no_comma(name, rest))
        if rest == ",":
            raise OptionsError("nothing follows the last comma")
        yield name.casefold(), value and value.replace('\\"', '"')
        position = found.end() + 1


def _why_no_option(rest: str) -> str:
    if rest[0] in " \t":
        return "no space may stand outside of quotes; options are separated by commas"
    return f"no option begins with {rest[0]}"


def _why_no_comma(name: str, rest: str) -> str:
    if rest[0] in " \t":
        return "no space may stand outside of quotes; options are separated by commas"
    if not rest.startswith("="):
        return f"a comma must follow {name}"
    if rest.startswith('="'):
        return f"the quotes of {name} are not closed"
    return f'the value of {name} must be in quotes: {name}="…"'


def _check_option(name: str, value: str | None) -> None:
    if name in _OF_AUTHORITIES:
        raise OptionsError(f"{name} is for keys that sign certificates, not for logging in")
    if name in VALUED:
        if value is None:
            raise OptionsError(f'{name} needs a value: {name}="…"')
        if not value.strip():
            raise OptionsError(f"the value of {name} is empty")
        if name == "from":
            _check_from(value)
        if name == "environment" and not re.match(r"[A-Za-z0-9_]+=", value):
            raise OptionsError("the value of environment is NAME=value")
        if name == "expiry-time" and not re.fullmatch(r"[0-9]{8}([0-9]{4}([0-9]{2})?)?Z?", value):
            raise OptionsError("the value of expiry-time is YYYYMMDD, or YYYYMMDDHHMM")
    elif name not in FLAGS:
        known = get_close_matches(name, FLAGS | VALUED, n=1)
        hint = f"; did you mean {known[0]}?" if known else ""
        raise OptionsError(f"sshd knows no option {name}{hint}")
    elif value is not None:
        raise OptionsError(f"{name} takes no value")


def _check_from(value: str) -> None:
    """Check a list of patterns; one network with host bits set makes sshd refuse every address."""
    for pattern in value.split(","):
        bare = pattern.removeprefix("!")
        if not bare or " " in bare:
            raise OptionsError("from is a list of addresses separated by commas, without spaces")
        if bare == PLACEHOLDER:
            raise OptionsError(f"put an address in place of {PLACEHOLDER}, such as 10.0.0.0/8")
        if "/" in bare:
            try:
                ipaddress.ip_network(bare)
            except ValueError:
                raise OptionsError(f"{bare} is no network; host bits must be zero") from None


def toggled(text: str, name: str, value: str | None = None) -> str:
    """Return the options with one added at the end, or taken away where it stands.

    What cannot be read is returned as it is, because it is not known what stands where.
    """
    try:
        present = list(_parsed(text))
    except OptionsError:
        return text
    if any(found == name for found, _ in present):
        kept = [option for option in present if option[0] != name]
    else:
        kept = [*present, (name, value)]
    return ",".join(_written(*option) for option in kept)


def _written(name: str, value: str | None) -> str:
    if value is None:
        return name
    escaped = value.replace('"', '\\"')
    return f'{name}="{escaped}"'


def client_address(environment: Mapping[str, str] = os.environ) -> str:
    """Return the address that the person logged in from, or a placeholder where none is known."""
    words = environment.get("SSH_CONNECTION", "").split()
    try:
        return str(ipaddress.ip_address(words[0]))
    except (IndexError, ValueError):
        return PLACEHOLDER
