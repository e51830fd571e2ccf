"""Narrows the list by what a person types: parsed once, then matched against thousands of pairs.

    prod                    in the name, the id, a fingerprint or a tag
    web                     up to three characters only in the name or a tag: `db` would be in
                            every third fingerprint
    web*  *-prod-0?         the whole of a name or a tag; * is any run of characters, ? is one;
                            of an id where it begins with `key-`, of a fingerprint as it begins
    iy6sxYfW…               how one of these begins, as a list shows what it cut
    "two words", "a:b"      quotes keep spaces and colons; "" inside them is a quote mark
    name:web*               the whole name; * is any run of characters, ? is one
    id:key-0ab              how the id begins, or a pattern
    fp:SHA256:47DEQ         how a fingerprint begins, in any spelling
    type:rsa                rsa or ed25519
    tag:Env                 has the tag, with any value
    tag:Env=prod            has it with this value; `tag:Env=` with an empty one
    tag-key:Env             has the tag; here a = belongs to the key
    saved:no                yes, no, or imported
    replaced:yes            there is a pair that was made to take its place; or no
    older:90d newer:2w      the age: a number and h, d, w, m (30 days) or y (365 days)

    is:unsaved              the same as saved:no; saved, imported, replaced, or chosen in the list
    -type:rsa -web          a minus before any term: all that it does not find

Terms stand between spaces and all have to hold. Upper and lower case are one everywhere, unlike
in EC2's own filters: a person looks for something, a program asks for it.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from typing import NamedTuple

from core.ec2.filters import wildcard
from core.keys import fingerprint_kinds
from core.model import KeptKeyPair, KeyType, PrivateKeyState

LONGEST = 1_000
"""The most characters that a query may have; more than any name, tag or fingerprint has."""

_SHORTEST = 4
"""The fewest characters of a plain term that are not in hex or base64 by mere chance."""

_ID = "key-"
"""How the ids of all pairs begin."""

_CUT = re.compile(r"(?:[…~]|\.{2,3})\Z")
"""What ends a text that was cut: the ellipsis, `~` for it on a console, or the dots one types."""

_Test = Callable[[KeptKeyPair], bool]


@dataclass(frozen=True, slots=True)
class Searchable:
    """A key pair and the text in which plain terms are looked for.

    `text` is lower-cased: the name, the tags as `key=value`, the id, and every fingerprint in
    every spelling, each on a line of its own. `chosen` is the length of its first part, that which
    people chose: the name and the tags.
    """

    key_pair: KeptKeyPair
    text: str = field(repr=False)
    chosen: int = field(repr=False)


def searchable(key_pair: KeptKeyPair) -> Searchable:
    """Return a key pair with its text; build it once and keep it, because that takes a while."""
    kinds = key_pair.custody.fingerprints
    names = [key_pair.key_name, *(f"{tag.key}={tag.value}" for tag in key_pair.tags)]
    chosen = "\n".join(names).lower()
    lines = [key_pair.key_pair_id, f"{kinds.ssh_sha256}="]
    for prefix, digits in (
        ("SHA1:", kinds.pkcs8_sha1),
        ("MD5:", kinds.spki_md5),
        ("", kinds.ssh_md5),  # has its prefix
    ):
        if digits is not None:
            start, _, rest = f"{prefix}{digits}".partition(":")
            lines += (f"{start}:{rest}", f"{start}:{rest.replace(':', '')}")
    text = "\n".join((chosen, *lines))
    return Searchable(key_pair, text.lower(), len(chosen))


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query; `problems` says in short sentences which terms were left out, and why.

    A term with a problem narrows nothing, so that the list does not go empty while a term is
    still being typed. A problem quotes nothing but ASCII letters of what was typed.
    """

    text: str
    problems: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    """The plain terms, lower-cased."""
    months: tuple[str, ...] = ()
    """The ages in months, as they were typed: an m is minutes elsewhere."""
    _tests: tuple[_Test, ...] = field(default=(), repr=False, compare=False)
    _older: tuple[timedelta, ...] = field(default=(), repr=False, compare=False)
    _newer: tuple[timedelta, ...] = field(default=(), repr=False, compare=False)
    _replaced: tuple[bool, ...] = field(default=(), repr=False, compare=False)
    _chosen: bool = field(default=False, repr=False, compare=False)
    _without: "tuple[Query, ...]" = ()
    """What is not to be found, a query of one term each."""

    @property
    def narrows(self) -> bool:
        """Return whether anything is left out at all: there is a term without a problem."""
        ages = self._older or self._newer
        other = self._replaced or self._chosen or self._without
        return bool(self.words or self._tests or ages or other)

    def fingerprint_kind(self, key_pair: KeptKeyPair) -> str | None:
        """Return in words which fingerprint of a pair was typed in full, or None if none was."""
        return fingerprint_kind(self.text, key_pair)

    def select(
        self, items: Sequence[Searchable], now: datetime, chosen: Collection[str] = ()
    ) -> list[Searchable]:
        """Return those of the items that match, in their order; `now` is aware.

        The items are the whole Region: whether a pair was replaced, another one says. `chosen`
        are the ids of the pairs that the person chose.
        """
        found = list(items)
        for word in self.words:
            if _CUT.search(word):
                found = _beginning_so(word, found)
            elif "*" in word or "?" in word:
                found = _with_wildcards(word, found)
            elif len(word) < _SHORTEST:
                found = [item for item in found if item.text.find(word, 0, item.chosen) >= 0]
            else:
                found = [item for item in found if word in item.text]
        for oldest in self._older:
            limit = _before(now, oldest)
            found = [item for item in found if item.key_pair.create_time < limit]
        for youngest in self._newer:
            limit = _before(now, youngest)
            found = [item for item in found if item.key_pair.create_time >= limit]
        if self._replaced:
            replaced = {item.key_pair.custody.replaces for item in items}
            for wanted in self._replaced:
                found = [i for i in found if (i.key_pair.key_pair_id in replaced) is wanted]
        for test in self._tests:
            found = [item for item in found if test(item.key_pair)]
        if self._chosen:
            found = [item for item in found if item.key_pair.key_pair_id in chosen]
        for query in self._without:
            left_out = set(map(id, query.select(items, now, chosen)))
            found = [item for item in found if id(item) not in left_out]
        return found


def _with_wildcards(word: str, items: Sequence[Searchable]) -> list[Searchable]:
    """Return the items of which a text is as a plain term with wildcards says, or has it in it."""
    matches, is_id = wildcard(word), word.startswith(_ID)
    # By what nobody sees or chose, `*-00*` would find pairs for no reason that shows.
    may_be_hidden = len(word) >= _SHORTEST and word[0] not in "*?"

    def found(item: Searchable) -> bool:
        if word in item.text or any(map(matches, item.text[: item.chosen].split("\n"))):
            return True
        others = item.text[item.chosen + 1 :].split("\n") if may_be_hidden else ()
        return any(matches(line) for line in others if is_id or not line.startswith(_ID))

    return list(filter(found, items))


def _beginning_so(word: str, items: Sequence[Searchable]) -> list[Searchable]:
    """Return the items of which a text begins as a plain term that was cut, or has it in it.

    A fingerprint begins so with its prefix or without, as EC2 shows it.
    """
    start = _CUT.sub("", word)
    is_short = len(start) < _SHORTEST
    if not start:
        return [item for item in items if word in item.text]

    def begins(item: Searchable) -> bool:
        chosen, others = item.text[: item.chosen], item.text[item.chosen :].split("\n")
        if word in item.text or f"\n{start}" in f"\n{chosen}":
            return True
        texts = (text for line in others for text in (line, line.partition(":")[2]))
        return not is_short and any(text.startswith(start) for text in texts)

    return list(filter(begins, items))


def _before(now: datetime, age: timedelta) -> datetime:
    try:
        return now - age
    except OverflowError:  # before the year 1
        return datetime.min.replace(tzinfo=UTC)


def parse(text: str) -> Query:
    """Return the query that a text is; it never raises.

    Whole lines of `ssh-keygen -l` and `openssl sha1 -c` are taken for the fingerprint in them.
    """
    if len(text) > LONGEST:
        return Query(
            text[:LONGEST], (f"The filter takes at most {LONGEST:,} characters; it is ignored.",)
        )
    words: list[str] = []
    problems: list[str] = []
    tests: list[_Test] = []
    older: list[timedelta] = []
    newer: list[timedelta] = []
    months: list[str] = []
    replaced: list[bool] = []
    chosen = False
    without: list[Query] = []
    for term in _terms(_without_frame(text)):
        try:
            if term.negated:
                query = parse(term.negated)
                problems += query.problems
                months += query.months
                without += [query] if query.narrows else []
                continue
            if not term.closed:
                raise _BadTermError(_UNCLOSED)
            match term.field:
                case None:
                    words.append(term.value.lower())
                case "older":
                    older.append(_age(term))
                case "newer":
                    newer.append(_age(term))
                case "replaced":
                    replaced.append(_yes_or_no(term))
                case "is" if term.value.lower() == "replaced":
                    replaced.append(True)
                case "is" if term.value.lower() == "chosen":
                    chosen = True
                case _:
                    tests.append(_compile(term))
            if term.field in ("older", "newer") and term.value[-1] in "mM":
                months.append(term.value)
        except _BadTermError as problem:
            problems.append(str(problem))
    return Query(
        text,
        tuple(dict.fromkeys(problems)),
        tuple(dict.fromkeys(word for word in words if word)),
        tuple(months),
        tuple(tests),
        tuple(older),
        tuple(newer),
        tuple(replaced),
        chosen,
        tuple(without),
    )


def terms(text: str) -> list[str]:
    """Return the terms of a query as they were typed, each a query of its own."""
    return [found[0] for found in _TERM.finditer(_without_frame(text[:LONGEST]))]


def fingerprint_kind(text: str, key_pair: KeptKeyPair) -> str | None:
    """Return in words which fingerprint of a pair was typed in full, or None if none was.

    `text` is a fingerprint in any spelling, or a whole query with one in it, be it a plain term
    or one of `fp:`. Base64 is compared to the letter here.
    """
    if len(text) > LONGEST:
        return None
    for term in _terms(_without_frame(text)):
        if term.field in (None, "fp") and (kind := fingerprint_kinds.kind_of(term.value, key_pair)):
            return kind
    return None


def has_fingerprint(text: str) -> bool:
    """Return whether a whole fingerprint stands in a text, in any spelling."""
    if len(text) > LONGEST:
        return False
    terms = (term.value for term in _terms(_without_frame(text)) if term.field in (None, "fp"))
    return any(
        spelling.is_whole for spelling in filter(None, map(fingerprint_kinds.spelling, terms))
    )


def has_public_key(text: str) -> bool:
    """Return whether a public key stands in a text, as OpenSSH writes it."""
    return _PUBLIC_KEY.search(text) is not None


def whole_fingerprint(text: str) -> fingerprint_kinds.WholeFingerprint | None:
    """Return what kind of fingerprint the first whole one in a text is, or None."""
    terms = (term.value for term in _terms(_without_frame(text)) if term.field in (None, "fp"))
    return next(filter(None, map(fingerprint_kinds.whole, terms)), None)


def fingerprint_cut_short(text: str) -> fingerprint_kinds.CutShort | None:
    """Return what a text is that is but the start of a fingerprint, or None."""
    if len(text) > LONGEST:
        return None
    terms = [term.value for term in _terms(_without_frame(text)) if term.field in (None, "fp")]
    found = filter(None, map(fingerprint_kinds.cut_short, terms))
    return next((each for each in found if each.is_meant or len(terms) == 1), None)


# Terms ----------------------------------------------------------------------------------------

FIELDS = (
    "type",
    "tag",
    "tag-key",
    "name",
    "id",
    "fp",
    "is",
    "saved",
    "replaced",
    "older",
    "newer",
)
_WORDS: Mapping[str, Sequence[str]] = {
    "type": tuple(KeyType),
    "is": ("unsaved", "saved", "imported", "replaced", "chosen"),
    "saved": ("yes", "no", "imported"),
    "replaced": ("yes", "no"),
}
"""What the fields take that take one of a few words."""

_MAY_BE_CUT = ("name", "id", "fp", "tag", "tag-key")
"""The fields that take a text which lists show, and may have cut."""

_UNCLOSED = 'Close the quotes with ".'
_SHOWN = 20

# The quoted part always ends in one of its two ways, so nothing is ever tried twice.
_TERM = re.compile(r'(?:[^\s"]|"(?:[^"]|"")*+(?:"|\Z))+')
_PUBLIC_KEY = re.compile(r"(?:^|\s)ssh-(?:rsa|ed25519)\s+AAAA[0-9A-Za-z+/]{20}")
_QUOTED = re.compile(r'"((?:[^"]|"")*+)("|\Z)')
# Two hexadecimal digits before a colon are a fingerprint's; names of digests have digits.
_FIELD = re.compile(r"(?![0-9A-Fa-f]{2}:)([A-Za-z][A-Za-z-]*):")
_FRAMED = (
    re.compile(r"\s*[0-9]+ ((?:SHA256|MD5):[^\s\"]+) .*\((?:RSA|ED25519)\)\s*"),  # ssh-keygen -l
    re.compile(r"\s*(?:MD5|SHA-?1)?\(stdin\)= ([0-9A-Fa-f:]+)\s*"),  # openssl md5 -c, sha1 -c
)


class _BadTermError(ValueError):
    """A term cannot be meant so; `str()` of it says what is possible."""


class _Term(NamedTuple):
    field: str | None
    value: str
    closed: bool
    negated: str = ""
    """The term behind a minus, as it was typed; all else is empty then."""


def _without_frame(text: str) -> str:
    for framed in _FRAMED:
        if found := framed.fullmatch(text):
            return found[1]
    return text


def _terms(text: str) -> Iterator[_Term]:
    for match in _TERM.finditer(text):
        if match[0].startswith("-"):
            # A minus alone is on the way to a term; two of them stand for themselves.
            if match[0] == "-":
                continue
            if match[0][1] != "-":
                yield _Term(None, "", closed=True, negated=match[0][1:])
                continue
        name = _FIELD.match(match[0])
        raw = match[0][name.end() :] if name else match[0]
        yield _Term(name[1].lower() if name else None, _unquoted(raw), _is_closed(raw))


def _compile(term: _Term) -> _Test:
    compiler = _COMPILERS.get(term.field or "")
    if compiler is None:
        raise _BadTermError(_unknown_field(term.field or ""))
    value = term.value.lower()
    if term.field in _MAY_BE_CUT and (start := _CUT.sub("", value)):
        # What is given for `fp` is the start anyway.
        value = start if term.field == "fp" else f"{start}*" if start != value else value
    return compiler(value)


def _unknown_field(name: str) -> str:
    # With less alike, `created` would be taken for `replaced`.
    guess = get_close_matches(name, FIELDS, n=1, cutoff=0.7)
    shown = name if len(name) <= _SHOWN else f"{name[:_SHOWN]}..."
    other = f"did you mean {guess[0]}:?" if guess else f"use {', '.join(FIELDS)}."
    return f'No field is called {shown}; {other} For the text itself use "quotes".'


class Completion(NamedTuple):
    """How a query may go on."""

    shown: str
    """What was typed and what follows it, to be drawn."""
    taken: str
    """The query that it makes, with quotes where they belong."""


def completion(
    text: str, tags_in_use: Callable[[], Mapping[str, Sequence[str]]]
) -> Completion | None:
    """Return how the last term of a query goes on: a field, or a value; None if nothing fits.

    What was typed stays as it is in front, unless quotes have to stand round all of the value.
    `tags_in_use` gives the tag keys that may be suggested, and the values of each; it is called
    only where a tag is typed.
    """
    *_, last = [None, *_TERM.finditer(text[: LONGEST + 1])]
    if last is None or last.end() != len(text):
        return None  # the next term is not begun yet
    term = last[0].removeprefix("-")
    name = _FIELD.match(term)
    raw = term[name.end() :] if name else term
    typed = _unquoted(raw)
    is_open = not _is_closed(raw)
    if not (name or typed):
        return None
    for value in _values(name[1].lower() if name else None, tags_in_use):
        if len(value) > len(typed) and value.lower().startswith(typed.lower()):
            rest = value[len(typed) :]
            shown = text + rest + '"' * is_open
            if '"' in rest or (re.search(r"\s", rest) and not is_open):
                doubled = value.replace('"', '""')
                return Completion(shown, f'{text.removesuffix(raw)}"{doubled}"')
            return Completion(shown, shown)
    return None


class Unfinished(NamedTuple):
    """Why a term narrows nothing while the query is typed, and what finds that which begins so.

    The latter is empty where nothing does.
    """

    why: str
    pattern: str = ""


def unfinished(term: str, key_pairs: Iterable[KeptKeyPair], *, is_last: bool) -> Unfinished | None:
    """Return why a term narrows nothing while the query is typed, or None if it does narrow.

    It finds no pair itself, but is the start of a tag or a name that one has; or it is the last,
    and the start of a field that is not to be found.
    """
    bare = term[1:] if term.startswith("-") and not term.startswith("--") else term
    read = next(_terms(bare), None)
    if read is None or not read.closed:
        return None
    if read.field in _IN_USE and read.value:
        kind, texts = _IN_USE[read.field]
        pairs, start = [*key_pairs], read.value.lower()
        if any(test(pair) for test in parse(bare)._tests for pair in pairs):
            return None
        if any(text.lower().startswith(start) for pair in pairs for text in texts(pair)):
            wants_value = read.field == "tag" and read.value.endswith("=")
            why = "wants a value" if wants_value else f"is no {kind} in use"
            return Unfinished(f"{bare} {why}", f"{bare}*")
    is_on_the_way = is_last and bare != term and read.field is None and '"' not in bare
    fields = (each for each in FIELDS if f"{each}:".startswith(bare.lower()))
    grown = next(fields, "") if is_on_the_way else ""
    return Unfinished(f"{term} may become -{grown}:") if grown else None


def _unquoted(raw: str) -> str:
    return _QUOTED.sub(lambda quoted: quoted[1].replace('""', '"'), raw)


def _is_closed(raw: str) -> bool:
    return all(quoted[2] for quoted in _QUOTED.finditer(raw))


_IN_USE: Mapping[str | None, tuple[str, Callable[[KeptKeyPair], Iterable[str]]]] = {
    "tag": ("tag", lambda pair: (f"{tag.key}={tag.value}" for tag in pair.tags)),
    "tag-key": ("tag", lambda pair: (tag.key for tag in pair.tags)),
    "name": ("name", lambda pair: (pair.key_name,)),
}
"""The fields of which the whole has to be typed, what that is called, and what pairs have there."""


def _values(
    name: str | None, tags_in_use: Callable[[], Mapping[str, Sequence[str]]]
) -> Iterator[str]:
    """Yield what a field may take; where there is none yet, the fields."""
    if name is None:
        yield from (f"{each}:" for each in FIELDS)
    elif name in _WORDS:
        yield from _WORDS[name]
    elif name in ("tag", "tag-key"):
        for key, values in tags_in_use().items():
            yield key
            if name == "tag":
                yield from (f"{key}={value}" for value in values)


# Values ---------------------------------------------------------------------------------------


def _type(value: str) -> _Test:
    if value not in [*KeyType]:
        raise _BadTermError("type: takes rsa or ed25519.")
    return lambda pair: pair.key_type == value


_IS = {
    "saved": PrivateKeyState.SAVED,
    "unsaved": PrivateKeyState.UNSAVED,
    "imported": PrivateKeyState.IMPORTED,
}


def _is(value: str) -> _Test:
    if value not in _IS:
        raise _BadTermError("is: takes unsaved, saved, imported, replaced or chosen.")
    state = _IS[value]
    return lambda pair: pair.custody.private_key is state


_SAVED = {
    "yes": PrivateKeyState.SAVED,
    "no": PrivateKeyState.UNSAVED,
    "imported": PrivateKeyState.IMPORTED,
}


def _saved(value: str) -> _Test:
    if value not in _SAVED:
        raise _BadTermError("saved: takes yes, no or imported.")
    state = _SAVED[value]
    return lambda pair: pair.custody.private_key is state


def _name(value: str) -> _Test:
    if not value:
        raise _BadTermError("name: takes a whole name, or a pattern as in name:web*.")
    matches = wildcard(value)
    return lambda pair: matches(pair.key_name.lower())


def _id(value: str) -> _Test:
    if not value:
        raise _BadTermError("id: takes the start of an id, as in id:key-0ab.")
    if "*" in value or "?" in value:
        matches = wildcard(value)
        return lambda pair: matches(pair.key_pair_id.lower())
    return lambda pair: pair.key_pair_id.lower().startswith(value)


def _tag(value: str) -> _Test:
    if not value:
        raise _BadTermError("tag: takes a key, or a key and a value as in tag:Env=prod.")
    if "=" not in value:
        return _tag_key(value)
    # Key and value are matched as one text, because a key may have a = of its own.
    matches = wildcard(value)
    return lambda pair: any(matches(f"{tag.key}={tag.value}".lower()) for tag in pair.tags)


def _tag_key(value: str) -> _Test:
    if not value:
        raise _BadTermError("tag-key: takes a key, as in tag-key:Env; a = belongs to the key.")
    matches = wildcard(value)
    return lambda pair: any(matches(tag.key.lower()) for tag in pair.tags)


_UNITS = {"h": 1, "d": 24, "w": 7 * 24, "m": 30 * 24, "y": 365 * 24}
_AGE = re.compile(r"([0-9]{1,6})([hdwmy])")


def age(text: str) -> timedelta | None:
    """Return the age that is written as a number and h, d, w, m or y, or None if it is not."""
    found = _AGE.fullmatch(text.lower())
    return timedelta(hours=int(found[1]) * _UNITS[found[2]]) if found else None


def _age(term: _Term) -> timedelta:
    found = age(term.value)
    if found is None:
        raise _BadTermError(
            f"{term.field}: takes a number and h, d, w, m or y, as in {term.field}:90d."
        )
    return found


def _yes_or_no(term: _Term) -> bool:
    if term.value.lower() not in ("yes", "no"):
        raise _BadTermError(f"{term.field}: takes yes or no.")
    return term.value.lower() == "yes"


def _fingerprint(value: str) -> _Test:
    start = fingerprint_kinds.spelling(value)
    is_half_a_prefix = len(value) > 1 and any(
        each.startswith(value) for each in fingerprint_kinds.PREFIXES
    )
    if start is None or is_half_a_prefix:
        raise _BadTermError("fp: takes the start of a fingerprint: hex, MD5:, SHA1: or SHA256:.")
    sha1, md5 = start.sha1, start.md5
    ssh_md5 = None if md5 is None else f"md5:{md5}"
    ssh_sha256 = None if start.sha256 is None else f"sha256:{start.sha256}".lower()

    def matches(pair: KeptKeyPair) -> bool:
        kinds = pair.custody.fingerprints
        return (
            (sha1 is not None and (kinds.pkcs8_sha1 or "").lower().startswith(sha1))
            or (md5 is not None and (kinds.spki_md5 or "").lower().startswith(md5))
            or (ssh_md5 is not None and kinds.ssh_md5.lower().startswith(ssh_md5))
            or (ssh_sha256 is not None and kinds.ssh_sha256.lower().startswith(ssh_sha256))
        )

    return matches


_COMPILERS: dict[str, Callable[[str], _Test]] = {
    "type": _type,
    "tag": _tag,
    "tag-key": _tag_key,
    "name": _name,
    "id": _id,
    "fp": _fingerprint,
    "saved": _saved,
    "is": _is,
}
