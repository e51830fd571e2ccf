"""Reads one line of authorized_keys as sshd reads it: its options, its key, or the exact reason.

sshd says what is wrong with a line in its own log and nowhere else, so whoever wrote it sees only
that no one is let in. What is done here is what OpenSSH 9.2 does in `auth2-pubkeyfile.c`
(`auth_check_authkey_line`), `sshkey.c` (`sshkey_read`, `sshkey_advance_past_options`),
`auth-options.c` (`sshauthopt_parse`, `handle_permit`) and `misc.c` (`opt_dequote`, `a2port`,
`a2tun`, `parse_absolute_time`); the words for people are in sshd(8), AUTHORIZED_KEYS FILE FORMAT.
"""

import re
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from typing import NamedTuple

from core.keys import ssh_types
from core.keys.encoding import strict_base64
from core.keys.encoding.sshwire import Reader, mpint, string

TWO_WAYS = frozenset(
    {
        "agent-forwarding",
        "port-forwarding",
        "pty",
        "touch-required",
        "user-rc",
        "verify-required",
        "x11-forwarding",
    }
)
"""Options that are allowed as they are and forbidden with `no-` before them."""

FLAGS = frozenset({"cert-authority", "restrict", *TWO_WAYS, *(f"no-{name}" for name in TWO_WAYS)})
"""Options without a value."""

VALUED = frozenset(
    {
        "command",
        "environment",
        "expiry-time",
        "from",
        "permitlisten",
        "permitopen",
        "principals",
        "tunnel",
    }
)
"""Options with a value, always in quotes."""

_ONLY_ONCE = frozenset({"command", "from", "principals"})
_MOST_PERMITTED = 4096
_LONGEST_HOST = 1024
_LAST_TUNNEL = 0x7FFFFFFD
_FEWEST_RSA_BITS, _MOST_RSA_BITS = 1024, 16384
_MOST_QUOTED = 40


class Option(NamedTuple):
    """An option of a line: its name in lower case, and its value, unescaped, or None."""

    name: str
    value: str | None


class AuthorizedLineError(ValueError):
    """sshd does not let anyone in by this line; the reason is a clause without a full stop.

    `word` is the option that is to blame, as it stands in the line, or empty.
    """

    def __init__(self, reason: str, word: str = "") -> None:
        super().__init__(reason)
        self.word = word


@dataclass(frozen=True, slots=True)
class AuthorizedLine:
    """What sshd reads in a line that holds a key.

    `algorithm` is the type as it stands in the line, `blob` the key as on the wire, its numbers in
    their shortest form, `comment` what follows. `options_text` is what stands before the type,
    `options` what sshd reads in it. `refusal` says why sshd lets no one in by this line, whoever
    the client is and whatever the time; it is empty where sshd takes the line. An expiry that is
    past is no refusal.
    """

    algorithm: str
    blob: bytes
    comment: str
    options_text: str = ""
    options: tuple[Option, ...] = ()
    refusal: str = ""


def read(line: str) -> AuthorizedLine | None:
    """Return what sshd reads in a line without its line end, or None of a blank or comment.

    Raises:
        AuthorizedLineError: sshd finds no key in it; says what stands there instead.
    """
    text = line.partition("\0")[0].lstrip(" \t")
    if not text.strip(" \t\r\n\v\f") or text.startswith("#"):
        return None
    try:
        return _key_and_comment(text)
    except AuthorizedLineError as error:
        first = error
    end = end_of_options(text)
    if end is None:
        raise AuthorizedLineError("a quote in it is not closed, so sshd sees no key")
    rest = text[end:].lstrip(" \t")
    try:
        found = _key_and_comment(rest)
    except AuthorizedLineError as error:
        # Of a line that begins with a type the first error tells more.
        raise first if _type_of(_word(text)) else error from None
    options: list[Option] = []
    refusal = ""
    try:
        for option in parse_options(text[:end]):
            options.append(option)
    except AuthorizedLineError as error:
        refusal = str(error)
    return AuthorizedLine(
        found.algorithm,
        found.blob,
        found.comment,
        text[:end],
        tuple(options),
        refusal or found.refusal,
    )


# The key --------------------------------------------------------------------------------------


def _key_and_comment(text: str) -> AuthorizedLine:
    """Read what begins with a type (`sshkey_read`)."""
    name = _word(text)
    wanted = _type_of(name)
    rest = text[len(name) :].lstrip(" \t")
    if not wanted:
        raise AuthorizedLineError(
            "no key type stands where sshd looks for one, at the beginning or after one word of"
            " options"
        )
    encoded = _word(rest)
    if not encoded:
        raise AuthorizedLineError("no key follows its type")
    try:
        blob = strict_base64.decode(re.sub(r"[\r\n\v\f]", "", encoded))
    except ValueError:
        raise AuthorizedLineError(
            "the base64 of the key is not whole: it was cut or changed"
        ) from None
    found = ssh_types.name_in(blob)
    if found != wanted:
        raise AuthorizedLineError(f"the line says {name}, but the key in it is of another type")
    if not ssh_types.is_whole(blob):
        raise AuthorizedLineError("the key is not whole: it was cut or changed")
    if found == "ssh-rsa" and min(numbers := _rsa_numbers(blob)) >= 0:
        blob = string(b"ssh-rsa") + mpint(numbers[0]) + mpint(numbers[1])
    comment = rest[len(encoded) :].lstrip(" \t").rstrip("\r\n")
    return AuthorizedLine(name, blob, comment, refusal=_why_not_taken(found, blob))


def _rsa_numbers(blob: bytes) -> tuple[int, int]:
    """Return e and n of a whole RSA key, which sshd also takes with zeros in front."""
    reader = Reader(blob)
    reader.string()
    e, n = (int.from_bytes(reader.string(), signed=True) for _ in range(2))
    return e, n


def _word(text: str) -> str:
    return re.split(r"[ \t]", text, maxsplit=1)[0]


def _type_of(name: str) -> str:
    """Return the type of key that a line with this name holds, or nothing for an unknown name."""
    if name in ssh_types.RSA_SIGNATURES:
        return "ssh-rsa"
    return name if ssh_types.certified_type(name) in ssh_types.SSH_TYPES else ""


def _why_not_taken(name: str, blob: bytes) -> str:
    """Return why sshd does not take a whole key of this type, or nothing."""
    if ssh_types.is_certificate(name):
        return "it is a certificate; sshd wants the key that it was made for, or cert-authority"
    known = ssh_types.SSH_TYPES[name]
    if not known.in_openssh:
        return f"OpenSSH has no keys of type {known.usual}"
    if name == "ssh-rsa":
        numbers = _rsa_numbers(blob)
        if min(numbers) < 0:
            return "a number of the key is negative"
        bits = numbers[1].bit_length()
        if bits < _FEWEST_RSA_BITS:
            return f"the RSA key has {bits:,} bits, and OpenSSH takes none below 1,024"
        if bits > _MOST_RSA_BITS:
            return f"the RSA key has {bits:,} bits, and OpenSSH takes none beyond 16,384"
    if name == "ssh-ed25519" and len(blob) != 51:
        return "the ED25519 key is not 32 bytes long"
    return ""


# The options ----------------------------------------------------------------------------------


def end_of_options(text: str) -> int | None:
    r"""Return where the first word ends, in which quotes may hold spaces; None if one stays open.

    `\"` is skipped in and outside of quotes (`sshkey_advance_past_options`).
    """
    quoted = False
    position = 0
    while position < len(text) and (quoted or text[position] not in " \t"):
        if text.startswith('\\"', position):
            position += 1
        elif text[position] == '"':
            quoted = not quoted
        position += 1
    return None if quoted else min(position, len(text))


def parse_options(text: str) -> Iterator[Option]:
    """Yield the options in one word of them, each checked as sshd does before anyone logs in.

    What `from` and `command` hold is looked at only when someone does, so it is not checked here.

    Raises:
        AuthorizedLineError: sshd would refuse the whole line; `word` is where it stopped.
    """
    position = 0
    seen: list[str] = []
    while position < len(text) and text[position] not in " \t":
        option, end = _option_at(text, position)
        if option is not None:
            seen.append(option.name)
            if option.name in _ONLY_ONCE and seen.count(option.name) > 1:
                raise AuthorizedLineError(f"{option.name} stands there more than once", option.name)
            if option.name.startswith("permit") and seen.count(option.name) > _MOST_PERMITTED:
                raise AuthorizedLineError(f"there are too many {option.name}", option.name)
            yield option
        if end >= len(text) or text[end] in " \t":
            return
        if text[end] != "," and option is not None and option.value is not None:
            reason = f"a comma must follow the value of {option.name}"
            raise AuthorizedLineError(reason, option.name)
        if text[end] != ",":
            raise _unknown(text, position)
        position = end + 1  # a key follows in a line, so that sshd takes a last comma as well


def _option_at(text: str, start: int) -> tuple[Option | None, int]:
    """Return the option at a place, and where it ends; None of an empty one, which sshd skips."""
    lowered = text[start : start + 32].lower()
    for name in _IN_ORDER:
        if lowered.startswith(name):
            return Option(name, None), start + len(name)
    for name in VALUED:
        if lowered.startswith(f"{name}="):
            value, end = _dequoted(text, start + len(name) + 1, name)
            if reason := _why_no_value(name, value):
                raise AuthorizedLineError(reason, name)
            return Option(name, value), end
    return None, start


_IN_ORDER = sorted(FLAGS, key=lambda name: (name.startswith("no-"), name))


def _unknown(text: str, start: int) -> AuthorizedLineError:
    rest = text[start:]
    word = re.split(r'[,= \t"]', rest, maxsplit=1)[0]
    name = word.lower()
    if name in VALUED:
        return AuthorizedLineError(f'the option {name} needs a value in quotes: {name}="…"', word)
    if name in FLAGS:
        return AuthorizedLineError(f"the option {name} takes no value", word)
    shown = "".join(each if each.isprintable() else "?" for each in word or rest)
    if len(shown) > _MOST_QUOTED:
        shown = f"{shown[:_MOST_QUOTED]}…"
    known = get_close_matches(name[:_MOST_QUOTED], FLAGS | VALUED, n=1)
    hint = f"; did you mean {known[0]}?" if known else ""
    return AuthorizedLineError(f"sshd knows no option {shown}{hint}", word)


def _dequoted(text: str, start: int, name: str) -> tuple[str, int]:
    r"""Return the value in quotes at a place, in which `\"` is a quote, and where it ends."""
    if not text.startswith('"', start):
        raise AuthorizedLineError(f'the value of {name} must be in quotes: {name}="…"', name)
    value = []
    position = start + 1
    while position < len(text) and text[position] != '"':
        if text.startswith('\\"', position):
            position += 1
        value.append(text[position])
        position += 1
    if position >= len(text):
        raise AuthorizedLineError(f"the quotes of {name} are not closed", name)
    return "".join(value), position + 1


# Their values ---------------------------------------------------------------------------------


def _why_no_value(name: str, value: str) -> str:
    match name:
        case "environment" if not re.match(r"[A-Za-z0-9_]+=", value):
            return "the value of environment is NAME=value, the name of letters, digits and _"
        case "permitopen":
            return _why_no_permit(name, value, "host:port")
        case "permitlisten":
            return _why_no_permit(
                name, value if ":" in value else f"*:{value}", "port or host:port"
            )
        case "tunnel" if not _is_tunnel(value):
            return "the value of tunnel is the number of a device, or any"
        case "expiry-time":
            try:
                expiry_time(value)
            except ValueError:
                return (
                    "the value of expiry-time is YYYYMMDD or YYYYMMDDHHMM, with Z behind it for UTC"
                )
    return ""


def _why_no_permit(name: str, value: str, form: str) -> str:
    host, port = _host_and_port(value)
    if host is None or len(host.encode()) > _LONGEST_HOST:
        return f"the value of {name} is {form}, and the host in it is not valid"
    if port is None or not (port == "*" or _is_port(port)):
        return f"the value of {name} is {form}, with a port of 1 to 65535 or *"
    return ""


def _host_and_port(value: str) -> tuple[str | None, str | None]:
    """Split as `hpdelim2` does: at the first `:` or `/`, those within brackets not counted."""
    start = 0
    if value.startswith("["):
        start = value.find("]") + 1
        if not start:
            return None, None
        if start == len(value):
            return value, None
        if value[start] not in ":/":
            return None, None
    found = re.compile("[:/]").search(value, start)
    return (value, None) if found is None else (value[: found.start()], value[found.end() :])


def _is_port(text: str) -> bool:
    """Return whether it is the number of a port, or the name of a service of this machine."""
    if _is_number(text):
        return 0 < int(text) <= 65535
    try:
        return bool(text) and socket.getservbyname(text, "tcp") > 0
    except (OSError, ValueError):  # a ValueError: NUL, or what cannot be encoded
        return False


def _is_tunnel(text: str) -> bool:
    return text.lower() == "any" or (_is_number(text) and 0 <= int(text) <= _LAST_TUNNEL)


def _is_number(text: str) -> bool:
    """Return whether `strtonum` takes it, which lets white space and a sign stand in front."""
    return bool(re.fullmatch(r"[ \t\n\v\f\r]*[+-]?[0-9]{1,18}", text))


_TIME = re.compile(r"(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?(Z|UTC)?", re.ASCII | re.IGNORECASE)


def expiry_time(text: str, local: Callable[[datetime], datetime] = datetime.astimezone) -> datetime:
    """Return the aware time that `expiry-time` names; a zone of its own is Z or UTC alone.

    A day that the month does not have is one of the next month, as mktime(3) has it.

    Raises:
        ValueError: sshd would refuse it.
    """
    found = _TIME.fullmatch(text)
    if found is None:
        raise ValueError("no time")
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    if not (1 <= month <= 12 and 1 <= day <= 31 and hour <= 23 and minute <= 59 and second <= 61):
        raise ValueError("no time")
    if year < 1969:  # before which no zone is in 1970 yet
        raise ValueError("before 1970")
    try:
        naive = datetime(year, month, 1) + timedelta(
            days=day - 1, hours=hour, minutes=minute, seconds=second
        )
        aware = naive.replace(tzinfo=UTC) if found[7] else local(naive)
    except OverflowError:  # the last day of the year 9999
        return datetime.max.replace(tzinfo=UTC)
    if aware.timestamp() <= 0:
        raise ValueError("before 1970")
    return aware
