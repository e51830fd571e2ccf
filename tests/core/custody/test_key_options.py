import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.custody.key_options import PLACEHOLDER, OptionsError, check, client_address, toggled
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
    ("restrict,", "nothing follows"),
    (",restrict", "no option begins with ,"),
    ("restrict,,pty", "no option begins with ,"),
    ("restrikt", "did you mean restrict?"),
    ("no-restrict", "did you mean"),
    ("quux", "knows no option quux$"),
    ("from", 'from needs a value: from="…"'),
    ("from=10.0.0.1", "must be in quotes"),
    ('from="10.0.0.1', "quotes of from are not closed"),
    ('command="a\\"', "quotes of command are not closed"),
    ('from="10.0.0.1"restrict', "a comma must follow from"),
    ('from=""', "value of from is empty"),
    ('from="10.0.0.1",from="10.0.0.2"', "only once"),
    ('From="10.0.0.1",from="10.0.0.2"', "only once"),
    ('from="10.0.0.1/8"', "host bits must be zero"),
    ('from="a/b"', "is no network"),
    ('from="10.0.0.1, 10.0.0.2"', "without spaces"),
    ('from="10.0.0.1,"', "list of addresses"),
    (f'from="{PLACEHOLDER}"', "put an address in place of"),
    ('restrict="yes"', "takes no value"),
    ("cert-authority", "not for logging in"),
    ('principals="me"', "not for logging in"),
    ('environment="A"', "NAME=value"),
    ('expiry-time="soon"', "YYYYMMDD"),
    ("restrict\nssh-rsa AAAA", "only printable ASCII"),
    ("restrict\x1b[2J", "only printable ASCII"),
    ('command="é"', "only printable ASCII"),
    ("pty," * 2000 + "pty", "too long by"),
]


@each_row("text", GOOD)
def test_what_sshd_takes_is_taken(text: str) -> None:
    check(text)


@each_row(("text", "words"), BAD, ids=[text[:40] for text, _ in BAD])
def test_what_sshd_would_refuse_is_refused(text: str, words: str) -> None:
    with pytest.raises(OptionsError, match=words.replace("?", r"\?")):
        check(text)


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
