"""Says whom sshd lets in by a line of authorized_keys: anyone, no one, or some addresses.

What is done here is what OpenSSH 9.2 does once a line has been read: `auth_check_authkey_line` and
`auth_authorise_keyopts` in `auth2-pubkeyfile.c`, `match_host_and_ip` in `match.c` and
`addr_match_list` in `addrmatch.c`.
"""

import re
import socket
from collections.abc import Iterable, Iterator
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import NamedTuple

from core.keys.reading.authorized_line import AuthorizedLine, Option, expiry_time

Network = IPv4Network | IPv6Network

_LONGEST_ADDRESS = 63
_ADDRESS_WITH_WILDCARDS = re.compile(
    r"(?=.*[*?])(?:[0-9.*?]+|[0-9a-f*?]+|[0-9a-f.:*?]*:[0-9a-f.:*?]*)"
)


class _Pattern(NamedTuple):
    """A part of `from`; `network` is None where it is a name or has wildcards."""

    text: str
    negated: bool
    network: Network | None


class _PatternError(ValueError):
    """With such a pattern sshd lets in no one; a clause says why."""


def why_no_one(line: AuthorizedLine, now: datetime) -> str:
    """Return why sshd lets no one in by a line at an aware time, or nothing if it lets in some."""
    return line.refusal or why_no_one_with(line.options, now)


def why_no_one_with(options: Iterable[Option], now: datetime) -> str:
    """Return why sshd lets in no one by a key behind these options, or nothing, as a clause."""
    values = {name: value or "" for name, value in options}
    if "cert-authority" in values:
        return "cert-authority lets in certificates that the key has signed, and not the key"
    if "principals" in values:
        return "principals is for cert-authority, and without it sshd refuses the key"
    for name, value in options:
        if name == "expiry-time" and expiry_time(value or "") < now:
            return f"its expiry-time of {value} is past"
    return why_from_admits_no_one(values["from"]) if "from" in values else ""


def why_from_admits_no_one(value: str) -> str:
    """Return why sshd lets in no client, whatever its address, by this `from`, or nothing."""
    try:
        patterns = list(_patterns(value))
    except _PatternError as error:
        return str(error)
    allowed = [pattern for pattern in patterns if not pattern.negated]
    if not allowed:
        return "from has only negated patterns, which let in no one"
    forbidden = [pattern for pattern in patterns if pattern.negated]
    if all(any(_covers(no, yes) for no in forbidden) for yes in allowed):
        return "from forbids all that it allows, so it lets in no one"
    return ""


def admits(value: str, address: str) -> bool:
    """Return whether this `from` lets in a client at a numeric address.

    The client's name is not looked up, as sshd does not without UseDNS.
    """
    try:
        patterns = list(_patterns(value))
    except _PatternError:
        return False
    matching = [pattern for pattern in patterns if _matches(pattern, address)]
    return bool(matching) and not any(pattern.negated for pattern in matching)


def names(value: str) -> tuple[str, ...]:
    """Return what this `from` allows that can be no address: sshd needs UseDNS to compare it."""
    try:
        return tuple(
            pattern.text
            for pattern in _patterns(value)
            if not (pattern.negated or pattern.network or _may_be_address(pattern.text))
        )
    except _PatternError:
        return ()


def is_network(text: str) -> bool:
    """Return whether a pattern is one of addresses, without wildcards."""
    try:
        return _network(text) is not None
    except _PatternError:
        return True


def allowed_count(value: str) -> int:
    """Return how many patterns of this `from` allow something."""
    return sum(not pattern.startswith("!") for pattern in value.split(","))


def _patterns(value: str) -> Iterator[_Pattern]:
    """Yield the patterns.

    Raises:
        _PatternError: with this one, sshd gives up and lets in no one.
    """
    for part in value.split(","):
        text = part.removeprefix("!")
        if not text:
            raise _PatternError("from has an empty pattern, and then it lets in no one")
        yield _Pattern(text, part.startswith("!"), _network(text))


def _network(text: str) -> Network | None:
    """Return the addresses that a pattern without wildcards means (`addr_pton_cidr`)."""
    host, slash, mask = text.partition("/")
    if not host or len(text.encode()) > _LONGEST_ADDRESS:
        return None
    if slash and not (re.fullmatch("[0-9]{1,9}", mask) and int(mask) <= 128):
        return None
    try:
        found = socket.getaddrinfo(host, None, flags=socket.AI_NUMERICHOST)
        address = ip_address(str(found[0][4][0]))
    except (OSError, ValueError):  # a UnicodeError is a ValueError
        return None
    bits = int(mask) if slash else address.max_prefixlen
    try:
        return ip_network((address, bits))
    except ValueError:
        raise _PatternError(
            f"{text} is no network, because host bits must be zero, and with it from lets in no one"
        ) from None


def _matches(pattern: _Pattern, address: str) -> bool:
    if pattern.network is not None:
        return ip_address(address) in pattern.network
    return bool(_wildcards(pattern.text).fullmatch(address.lower()))


def _wildcards(text: str) -> re.Pattern[str]:
    """Return what `match_pattern` matches: `*` is anything, `?` one character."""
    runs = re.sub(r"\*+", "*", text.lower())
    special = {"*": ".*", "?": "."}
    return re.compile("".join(special.get(c, re.escape(c)) for c in runs), re.DOTALL)


def _may_be_address(text: str) -> bool:
    return bool(_ADDRESS_WITH_WILDCARDS.fullmatch(text.lower()))


def _covers(forbidden: _Pattern, allowed: _Pattern) -> bool:
    """Return whether all that one pattern allows is forbidden by another, as far as that shows."""
    if not forbidden.text.strip("*") or forbidden.text.lower() == allowed.text.lower():
        return True
    match forbidden.network, allowed.network:
        case IPv4Network() as no, IPv4Network() as yes:
            return yes.subnet_of(no)
        case IPv6Network() as no, IPv6Network() as yes:
            return yes.subnet_of(no)
    return False
