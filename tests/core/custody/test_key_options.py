from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.custody.key_options import (
    PLACEHOLDER,
    OptionsError,
    cautions,
    check,
    client_address,
    toggled,
)
from tests.each_row import each_row

GOOD = [
    "",
    "restrict",
    'restrict,from="10.0.0.0/8"',
    'from="192.0.2.1,*.example.com,!bad.example.com,2001:db8::/32"',
    'FROM="192.0.2.1",No-Pty',
    r'command="echo \"a b\", c"',
    r'command="a\b"',
    'environment="A=b",environment="C=d"',
    'permitopen="localhost:80",permitlisten="8080",tunnel="0",user-rc',
    'expiry-time="20300101",verify-required',
]
BAD = [
    ("restrict ", "no space"),
    ("restrict, pty", "no space"),
    ("restrict,", "an option is missing at a comma"),
    (",restrict", "an option is missing at a comma"),
    ("restrict,,pty", "an option is missing at a comma"),
    ("restrikt", "did you mean restrict?"),
    ("no-restrict", "did you mean"),
    ("quux", "knows no option quux$"),
    ("from", 'from needs a value in quotes: from="…"'),
    ("from=10.0.0.1", "must be in quotes"),
    ('from="10.0.0.1', "quotes of from are not closed"),
    ('command="a\\"', "quotes of command are not closed"),
    ('from="10.0.0.1"restrict', "a comma must follow the value of from"),
    ('from=""', "value of from is empty"),
    ('from="10.0.0.1",from="10.0.0.2"', "more than once"),
    ('From="10.0.0.1",from="10.0.0.2"', "more than once"),
    ('from="10.0.0.1/8"', "host bits must be zero"),
    ('from="a/b"', "is no network"),
    ('from="10.0.0.1, 10.0.0.2"', "without spaces"),
    ('from="10.0.0.1,"', "list of addresses"),
    (f'from="{PLACEHOLDER}"', "put an address in place of"),
    ('restrict="yes"', "takes no value"),
    ("cert-authority", "certificates that the key has signed, and not the key"),
    ('principals="me"', "without it sshd refuses the key"),
    ('environment="A"', "NAME=value"),
    ('expiry-time="soon"', "YYYYMMDD"),
    ('expiry-time="20200101"', "its expiry-time of 20200101 is past"),
    ('expiry-time="20990101",expiry-time="202001010000Z"', "202001010000Z is past"),
    ('from="!10.0.0.1"', "only negated patterns"),
    ('from="!10.0.0.0/8,!*.example.com"', "only negated patterns"),
    ('from="10.0.0.1,!10.0.0.0/8"', "forbids all that it allows"),
    ('from="10.0.0.1,*.example.com,!*"', "forbids all that it allows"),
    ('from="2001:db8::1,!2001:db8::/32"', "forbids all that it allows"),
    ('from="!"', "empty pattern"),
    ('from="10.0.0.1,!10.0.0.1/8"', "host bits must be zero"),
    ('from="10.0.0.0/33"', "is no network"),
    ('permitopen="80"', "the value of permitopen is host:port"),
    ('permitopen="[::1]"', "the value of permitopen is host:port"),
    ('permitlisten="0"', "a port of 1 to 65535"),
    ('tunnel="tun0"', "the value of tunnel is the number of a device, or any"),
    ('environment="A-B=c"', "NAME=value"),
    ("restrict\nssh-rsa AAAA", "only printable ASCII"),
    ("restrict\x1b[2J", "only printable ASCII"),
    ('command="é"', "only printable ASCII"),
    ("pty," * 2000 + "pty", "too long by"),
]


@each_row("text", GOOD)
def test_what_sshd_takes_is_taken(text: str) -> None:
    check(text, datetime(2026, 9, 25, tzinfo=UTC))


@each_row(("text", "words"), BAD, ids=[text[:40] for text, _ in BAD])
def test_what_sshd_would_refuse_is_refused(text: str, words: str) -> None:
    with pytest.raises(OptionsError, match=words.replace("?", r"\?")):
        check(text)


@each_row(
    ("options", "said"),
    [
        ("restrict", ()),
        ('from="10.0.0.0/8,192.0.2.*,2001:db8::/32,*"', ()),
        ('from="*.example.com"', ("by the name *.example.com unless sshd_config says UseDNS yes",)),
        ('from="bastion,web,!10.0.0.1"', ("by the name bastion unless",)),
        ('from="203.0.113.7,*.example.com"', ("*.example.com counts only where",)),
        ('from="203.0.113.0/24,!203.0.113.7"', ("does not let in 203.0.113.7, where you come",)),
        ('from="10.*,cafe.*"', ("cafe.* counts only", "does not let in 203.0.113.7")),
    ],
)
def test_what_is_to_be_known_of_from_is_said(options: str, said: tuple[str, ...]) -> None:
    found = cautions(check(options), "203.0.113.7")
    assert len(found) == len(said)
    assert all(words in each for words, each in zip(said, found, strict=True)), found


@pytest.mark.long
@given(st.text(st.sampled_from('abfromrestrict-=",\\ 1'), max_size=40))
def test_no_text_does_worse_than_being_refused(text: str) -> None:
    try:
        check(text)
    except OptionsError:
        return
    # What was taken is one word for sshd: no space ends it early, and no quote is left open.
    bare = text.replace('\\"', "")
    assert bare.count('"') % 2 == 0
    assert all(" " not in part for part in bare.split('"')[::2])


def test_an_option_is_added_and_taken_away_and_the_others_stay() -> None:
    text = toggled("", "restrict")
    assert text == "restrict"
    text = toggled(text, "from", "10.0.0.1")
    assert text == 'restrict,from="10.0.0.1"'
    text = toggled(r'command="say \"a, b\""', "restrict")
    assert text == r'command="say \"a, b\"",restrict'
    assert toggled(text, "restrict") == r'command="say \"a, b\""'
    assert toggled('from="10.0.0.1",pty', "from", "x") == "pty"


def test_what_cannot_be_read_is_not_touched() -> None:
    assert toggled('from="10', "restrict") == 'from="10'


@each_row(
    ("connection", "address"),
    [
        ("203.0.113.7 50000 10.0.0.1 22", "203.0.113.7"),
        ("2001:db8::7 50000 ::1 22", "2001:db8::7"),
        ("", PLACEHOLDER),
        ('x",command="evil 1 2 3', PLACEHOLDER),
    ],
)
def test_the_address_offered_is_where_the_person_came_from(connection: str, address: str) -> None:
    assert client_address({"SSH_CONNECTION": connection}) == address


def test_on_the_machine_itself_there_is_no_address_to_offer() -> None:
    assert client_address({}) == PLACEHOLDER
