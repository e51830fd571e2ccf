"""What sshd reads in a line of authorized_keys, compared with what sshd itself says of each."""

import re
import shlex
from base64 import b64decode, b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.keys.reading import authorized_line
from core.keys.reading.authorized_line import AuthorizedLineError, Option
from core.keys.reading.line_access import why_no_one
from tests.core.sshd import COMMAND, USER
from tests.helpers import SECONDS, Run

TAKEN = [
    "restrict",
    "RESTRICT,No-Pty",
    ",restrict",
    "restrict,",
    ",,",
    "restrict,,pty",
    "pty,pty,no-pty",
    "agent-forwarding,port-forwarding,x11-forwarding,user-rc,touch-required",
    "no-agent-forwarding,no-port-forwarding,no-X11-forwarding,no-user-rc,no-touch-required",
    "verify-required",
    "no-verify-required",
    'command=""',
    'command="echo a b, c=d"',
    r'command="echo \"ssh-rsa AAAA\" x"',
    r'command="a\b"',
    r'command="a\\"b"',
    'command="#"',
    'from="10.0.0.0/8"',
    'from="10.0.0.1/8"',
    'from=""',
    'from="!10.0.0.1"',
    'from="*.example.org,!bad.example.org"',
    'environment="A=b",environment="A=c"',
    'environment="A="',
    'environment="1_x=\x27"',
    'permitopen="localhost:80"',
    'permitopen="[::1]:80"',
    'permitopen="host:*"',
    'permitopen="*:*"',
    'permitopen="host/80"',
    'permitopen=":80"',
    'permitopen="host:http"',
    'permitopen="host: 80"',
    'permitopen="host:+80"',
    'permitopen="a:1",permitopen="b:2"',
    'permitlisten="8080"',
    'permitlisten="*"',
    'permitlisten="localhost:8080"',
    'permitlisten="[::1]:*"',
    'tunnel="0"',
    'tunnel="any"',
    'tunnel="ANY"',
    'tunnel="2147483645"',
    'tunnel=" 3"',
    'expiry-time="20300101"',
    'expiry-time="20300101Z"',
    'expiry-time="203001011200"',
    'expiry-time="20300101120059z"',
    'expiry-time="20300101utc"',
    'expiry-time="20300231"',
    'expiry-time="99991231235961"',
    'expiry-time="20300101",expiry-time="20310101"',
    'principals="a,b"',
    "cert-authority",
    'cert-authority,principals="x"',
]
REFUSED = {
    "quux": "sshd knows no option quux$",
    "restrikt": r"did you mean restrict\?",
    "no-restrict": "knows no option no-restrict",
    "no-cert-authority": "knows no option",
    "restrictx": r"knows no option restrictx; did you mean restrict\?",
    "pty=": "pty takes no value",
    'restrict="yes"': "takes no value",
    "user@example.org": "knows no option user@example.org",
    "root,restrict": "knows no option root",
    "from=10.0.0.1": "from must be in quotes",
    "command=ls": "command must be in quotes",
    "command=": "must be in quotes",
    "command='ls'": "must be in quotes",
    "from": "from needs a value in quotes",
    'command "ls"': "command needs a value in quotes|no key type",
    'command="a"restrict': "knows no option|takes no value|comma",
    'command="a",command="b"': "command stands there more than once",
    'from="a",FROM="b"': "from stands there more than once",
    'principals="a",principals="b"': "more than once",
    'environment="A"': "value of environment is NAME=value",
    'environment="=x"': "value of environment",
    'environment="a-b=x"': "value of environment",
    'permitopen="localhost"': "host:port",
    'permitopen="80"': "host:port",
    'permitopen="localhost:0"': "a port of 1 to 65535",
    'permitopen="localhost:65536"': "a port of 1 to 65535",
    'permitopen="localhost:"': "a port of 1 to 65535",
    'permitopen="localhost:nosuchservice"': "a port of 1 to 65535",
    'permitopen="::1:80"': "a port of",
    'permitopen="[::1"': "the host in it is not valid",
    'permitopen="[::1]"': "a port of 1 to 65535",
    'permitopen="[::1]80"': "the host in it is not valid",
    'permitopen="' + "h" * 1025 + ':80"': "the host in it is not valid",
    'permitlisten="http:"': "a port of",
    'permitlisten=""': "a port of",
    'permitlisten="0"': "a port of",
    'tunnel=""': "tunnel is the number",
    'tunnel="x"': "tunnel is the number",
    'tunnel="-1"': "tunnel is the number",
    'tunnel="2147483646"': "tunnel is the number",
    'expiry-time=""': "expiry-time is YYYYMMDD",
    'expiry-time="soon"': "expiry-time is YYYYMMDD",
    'expiry-time="2030-01-01"': "expiry-time is",
    'expiry-time="20301301"': "expiry-time is",
    'expiry-time="20300132"': "expiry-time is",
    'expiry-time="203001012460"': "expiry-time is",
    'expiry-time="19600101"': "expiry-time is",
    'expiry-time="19700101Z"': "expiry-time is",
    'expiry-time="00010101"': "expiry-time is",
    '"': "a quote in it is not closed",
    'command="ls': "a quote in it is not closed",
    "command=\"ls' x": "a quote in it is not closed",
    r'command="a\b\\"': "a quote in it is not closed",
    r'command="ls\"': "a quote in it is not closed",
    '"restrict"': "knows no option",
    "“restrict”": "knows no option",
    "restrict, pty": "no key type stands",
    "restrict pty": "no key type stands",
    "host.example,10.0.0.1": "knows no option host.example",
    "*": r"knows no option \*",
    "ssh-dss": "knows no option ssh-dss",
    'environment="A=b",quux="c d"': "knows no option quux",
}


def _damaged(line: str) -> dict[str, str]:
    """Return lines that are spoilt at or behind the type, each with what is said of it."""
    name, encoded = line.split()
    blob = b64decode(encoded)
    return {
        f"{name.upper()} {encoded}": "no key type",
        f"{name}\u00a0{encoded}": "no key type",
        f"user:{line} user": "no key type",
        f'"{line} user"': "no key type",
        f"'{line} user'": "no key type",
        f"- {line}": "knows no option -",
        f"1. {line}": "knows no option 1.",
        f"> {line}": "knows no option >",
        encoded: "no key type",
        f"{encoded} user": "no key type",
        name: "no key",
        f"{name} ": "no key follows",
        f"{name} user@host": "base64",
        f"{name} {encoded[:-8]}": "not whole",
        f"{name} {encoded[:-8]} {encoded[-8:]}": "not whole",
        f"{name} {encoded}=": "base64",
        f"{name} {encoded[:-1]}*": "base64",
        f"{name} {encoded}{line}": "base64",
        f"{name} {b64encode(blob + bytes(3)).decode()}": "not whole",
        f"ssh-dss {encoded}": "another type",
        f"ecdsa-sha2-nistp256 {encoded}": "another type",
        f"{name}-cert-v01@openssh.com {encoded}": "another type",
        f"restrict {name}": "no key",
        f"restrict restrict {line}": "no key type",
    }


def _whole(line: str) -> dict[str, str]:
    """Return lines that sshd takes, each with the comment in it."""
    return {
        line: "",
        f"  \t{line}\t  a  comment ": "a  comment ",
        f"{line} # no comment of ours": "# no comment of ours",
        f"{line}\r": "",
        f"{line} a\r": "a",
        f"{line} {line}": line,
        f"{line} -----BEGIN RSA PRIVATE KEY-----": "-----BEGIN RSA PRIVATE KEY-----",
        f"{line} ü": "ü",
        f"restrict\t{line}": "",
        f'command="x y"  {line} z': "z",
    }


@pytest.fixture(scope="module")
def keys(run: Run, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return private keys: one of each type that logs in, and the host's."""
    folder = tmp_path_factory.mktemp("keys")
    for name, size in {"ed25519": 256, "rsa": 2048, "ecdsa": 256}.items():
        run("ssh-keygen", "-q", "-t", name, "-b", str(size), "-N", "", "-f", folder / name)
    return {each.name: each for each in folder.iterdir() if not each.suffix}


@pytest.fixture
def refused_by_sshd(
    run: Run, tool: Callable[[str], str], tmp_path: Path, keys: dict[str, Path]
) -> Callable[[list[str], str], set[int]]:
    """Return what gives lines to a real sshd and returns the numbers of those that it refuses.

    One login is enough: sshd looks at every line until one is the client's key, and none is.
    """
    Path("/run/sshd").mkdir(0o755, exist_ok=True)
    listed = tmp_path / "authorized_keys"
    configuration = tmp_path / "sshd_config"
    configuration.write_text(
        f"HostKey {keys['ecdsa']}\nAuthorizedKeysFile {listed}\nPidFile none\nUsePAM no\n"
        "StrictModes no\nPermitRootLogin yes\nPubkeyAcceptedAlgorithms +ssh-dss\n"
    )

    def ask(lines: list[str], client: str) -> set[int]:
        listed.write_text("\n".join(lines) + "\n")
        server = shlex.join([tool("sshd"), "-i", "-e", "-ddd", "-f", str(configuration)])
        options = ["IdentitiesOnly=yes", "IdentityAgent=none", "BatchMode=yes"]
        options += ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null"]
        options += [f"ProxyCommand={server}", f"ConnectTimeout={SECONDS}"]
        spread = [word for option in options for word in ("-o", option)]
        where = ["-i", keys[client], *spread, f"{USER}@sshd", COMMAND]
        log = run("ssh", "-F", "none", *where, status=None).stderr.decode("utf-8", "replace")
        assert f"processed {len(lines)}/{len(lines)} lines" in log, log[-3000:]
        refused, checked = set(), 0
        for said in log.splitlines():
            # A line that does not begin with a key has its options looked at. A word is said if
            # they are bad, or if what follows is no key either; that of a quote names no line.
            if found := re.search(rf"{re.escape(str(listed))}:(\d+): (.*)", said):
                checked = int(found[1])
                if found[2].startswith(("bad key options", "advance")):
                    refused.add(checked)
            elif "invalid key option string" in said:
                refused.add(checked)
        return refused

    return ask


def _refused_by_us(lines: list[str]) -> dict[int, str]:
    found = {}
    for number, line in enumerate(lines, start=1):
        try:
            read = authorized_line.read(line)
        except AuthorizedLineError as error:
            found[number] = str(error)
        else:
            assert read is not None, line
            if read.refusal:
                found[number] = read.refusal
    return found


@pytest.mark.long
@pytest.mark.parametrize("kind", ["ed25519", "rsa"])
def test_each_line_is_judged_as_sshd_judges_it(
    kind: str,
    run: Run,
    tmp_path: Path,
    keys: dict[str, Path],
    refused_by_sshd: Callable[[list[str], str], set[int]],
) -> None:
    other = tmp_path / "other"
    run("ssh-keygen", "-q", "-t", kind, "-N", "", "-f", other)
    line = " ".join(other.with_suffix(".pub").read_text().split()[:2])
    expected = {f"{options} {line} sam": "" for options in TAKEN}
    expected |= dict.fromkeys(_whole(line), "")
    expected |= {f"{options} {line} sam": words for options, words in REFUSED.items()}
    expected |= _damaged(line)
    if kind == "rsa":
        expected |= {line.replace("ssh-rsa", "rsa-sha2-512"): "", **_rsa_of_all_sizes(line)}
    lines = list(expected)
    assert len(lines) > 120
    ours, theirs = _refused_by_us(lines), refused_by_sshd(lines, kind)
    assert {lines[number - 1] for number in ours.keys() ^ theirs} == set()
    wrong = [
        (line, ours.get(number, ""))
        for number, (line, words) in enumerate(expected.items(), start=1)
        if not re.search(words, ours.get(number, "")) or bool(words) != (number in ours)
    ]
    assert wrong == []


def _rsa_of_all_sizes(line: str) -> dict[str, str]:
    """Return lines with numbers of other sizes, which need not be those of a key for this."""
    sizes = {512: "below 1,024", 1016: "below 1,024", 1024: "", 8192: "", 16384: ""}
    return {_rsa_line(size): words for size, words in sizes.items()}


def _rsa_line(bits: int) -> str:
    number = (1 << (bits - 1)) | 1
    fields = (b"ssh-rsa", b"\1\0\1", b"\0" + number.to_bytes(bits // 8))
    blob = b"".join(len(field).to_bytes(4) + field for field in fields)
    return f"ssh-rsa {b64encode(blob).decode()}"


def test_comments_and_blank_lines_hold_nothing() -> None:
    for line in ("", " ", "\t\r", "# ssh-ed25519 AAAA", "  #x"):
        assert authorized_line.read(line) is None, line


@pytest.mark.long
def test_options_and_comment_are_returned_as_sshd_reads_them(keys: dict[str, Path]) -> None:
    line = " ".join(keys["ed25519"].with_suffix(".pub").read_text().split()[:2])
    for whole, comment in _whole(line).items():
        read = authorized_line.read(whole)
        assert read is not None
        assert (read.comment, read.algorithm) == (comment, "ssh-ed25519"), whole
        assert b64encode(read.blob).decode() == line.split()[1]
    read = authorized_line.read(rf'Command="a \"b\" c",no-PTY,from="x" {line}')
    assert read is not None
    assert read.options == (
        Option("command", 'a "b" c'),
        Option("no-pty", None),
        Option("from", "x"),
    )
    assert read.options_text == r'Command="a \"b\" c",no-PTY,from="x"'


def test_the_earliest_expiry_counts(keys: dict[str, Path]) -> None:
    line = " ".join(keys["ed25519"].with_suffix(".pub").read_text().split()[:2])
    read = authorized_line.read(f'expiry-time="20310101Z",expiry-time="20300231Z" {line}')
    assert read is not None
    assert not why_no_one(read, datetime(2030, 3, 2, tzinfo=UTC))
    assert why_no_one(read, datetime(2030, 3, 4, tzinfo=UTC)) == (
        "its expiry-time of 20300231Z is past"
    )
    forever = authorized_line.read(line)
    assert forever is not None
    assert not why_no_one(forever, datetime(9999, 1, 1, tzinfo=UTC))


def test_as_many_places_to_forward_to_as_sshd_takes_and_no_more() -> None:
    most = 'permitopen="a:1",' * 4096
    assert len(list(authorized_line.parse_options(most))) == 4096
    with pytest.raises(AuthorizedLineError, match="there are too many permitopen"):
        list(authorized_line.parse_options(f'{most}permitopen="a:1"'))


@given(st.text(alphabet=st.sampled_from('abno-pty,="\\ \t#restrict@1:/Z')))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        list(authorized_line.parse_options(text))
    except AuthorizedLineError as error:
        assert str(error)
    end = authorized_line.end_of_options(text)
    assert end is None or 0 <= end <= len(text)
