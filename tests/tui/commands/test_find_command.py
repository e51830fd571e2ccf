import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from core.local.opening import open_local
from core.model import Tag, TagSpecification
from tests.helpers import PUBLIC_KEY
from tests.tui.commands.calling import call

ROOT = Path(__file__).parents[3]
FINGERPRINT = "SHA256:uD/cUEgNe5PmOWBUh69pdxNoBd7Tir4ottSlQJy62y8"

Output = pytest.CaptureFixture[str]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Return a data folder with the pair `laptop` in eu-west-1."""
    folder = tmp_path / "data"
    session = open_local(folder, "eu-west-1")
    tags = [TagSpecification("key-pair", [Tag("Team", "ci"), Tag("Env", "")])]
    session.backend.import_key_pair(
        key_name="laptop", public_key_material=PUBLIC_KEY, tag_specifications=tags
    )
    return folder


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """Return a folder with a known key, an unknown one and what is no key."""
    folder = tmp_path / "keys"
    folder.mkdir()
    (folder / "a.pub").write_text(f"{PUBLIC_KEY} sam\n")
    (folder / "b.pub").write_text(
        PUBLIC_KEY.replace("PKNhoY", "PKNhoZ").replace("Dp5q", "Dp5r") + "\n"
    )
    (folder / "config").write_text("Host *\n")
    return folder


def test_a_line_for_each_key_says_whose_it_is(data: Path, keys: Path, capsys: Output) -> None:
    assert call("find", keys, "--data-dir", data) == 1
    output = capsys.readouterr()
    known, unknown = output.out.splitlines()
    assert known == (
        f"{keys}/a.pub: laptop in eu-west-1 [Team=ci, Env=] (public key, comment sam; by EC2's"
        " SHA-256)"
    )
    assert unknown.startswith(f"{keys}/b.pub: unknown (ed25519 256 bits SHA256:")
    assert output.err == "keypairs: looked at 3 files; 2 keys, 1 known.\n"


@pytest.mark.parametrize(
    ("things", "status"),
    [
        (["a.pub"], 0),
        (["a.pub", PUBLIC_KEY, FINGERPRINT], 0),
        (["b.pub"], 1),
        (["config"], 1),
        (["a.pub", "missing"], 1),
        ([FINGERPRINT.replace("u", "v")], 1),
        ([], 2),
    ],
)
def test_the_exit_status_tells(
    data: Path, keys: Path, capsys: Output, things: list[str], status: int
) -> None:
    named = [str(keys / thing) if (keys / thing).exists() else thing for thing in things]
    assert call("--data-dir", data, "find", *named) == status, capsys.readouterr()


def test_the_key_of_a_deleted_pair_is_said_to_come_back_with_u(
    data: Path, keys: Path, capsys: Output
) -> None:
    open_local(data, "eu-west-1").backend.delete_key_pair(key_name="laptop")
    assert call("find", keys / "a.pub", "--data-dir", data) == 1
    said = "of the deleted pair laptop in eu-west-1; U in the list there brings it back"
    assert capsys.readouterr().out == f"{keys}/a.pub: {said} (public key, comment sam)\n"
    call("find", keys / "a.pub", "--json", "--data-dir", data)
    (found,) = json.loads(capsys.readouterr().out)["found"]
    assert (found["standing"], found["key_pairs"]) == ("deleted", [])
    (pair,) = found["deleted_key_pairs"]
    assert (pair["region"], pair["key_name"]) == ("eu-west-1", "laptop")


def test_of_a_pair_whose_private_key_was_given_up_the_pair_alone_comes_back(
    data: Path, keys: Path, capsys: Output
) -> None:
    backend = open_local(data, "eu-west-1").backend
    given_up = backend.create_key_pair(key_name="gone", key_type="ed25519").key_pair
    backend.delete_key_pair(key_pair_id=given_up.key_pair_id, given_up=True)
    call("find", given_up.key_fingerprint, "--data-dir", data)
    said = "of the deleted pair gone in eu-west-1; U in the list there brings the pair back"
    assert f"{said}, without its private key (" in capsys.readouterr().out
    (keys / "gone.pub").write_text(given_up.public_key)
    call("find", keys / "gone.pub", "--data-dir", data)
    assert f"{said}, without its private key (" in capsys.readouterr().out


def test_what_is_named_is_answered_even_if_it_is_no_key(
    data: Path, keys: Path, capsys: Output
) -> None:
    assert call("find", keys / "config", "nonsense", "--data-dir", data) == 1
    first, second = capsys.readouterr().out.splitlines()
    assert first == f"{keys}/config: no key"
    no = "there is no such file as nonsense, no pair has that name, and no fingerprint begins so"
    assert second == no
    call("find", keys, "--all", "--data-dir", data)
    assert f"{keys}/config: no key" in capsys.readouterr().out


def test_the_json_document_is_what_the_help_says(data: Path, keys: Path, capsys: Output) -> None:
    assert call("find", keys, "--json", "--data-dir", data) == 1
    document = json.loads(capsys.readouterr().out)
    assert document.keys() == {"version", "found"}
    known, unknown = document["found"]
    (pair,) = known.pop("key_pairs")
    assert known == {
        "source": f"{keys}/a.pub",
        "line": None,
        "standing": "known",
        "kind": "public key",
        "key_type": "ed25519",
        "bits": 256,
        "fingerprint": FINGERPRINT,
        "public_key": PUBLIC_KEY,
        "comment": "sam",
        "note": "",
        "deleted_key_pairs": [],
    }
    assert pair["key_pair_id"].startswith("key-0")
    assert {key: value for key, value in pair.items() if key != "key_pair_id"} == {
        "region": "eu-west-1",
        "key_name": "laptop",
        "tags": [{"key": "Team", "value": "ci"}, {"key": "Env", "value": ""}],
        "key_fingerprint": f"{FINGERPRINT.removeprefix('SHA256:')}=",
        "matched": "EC2's SHA-256",
    }
    assert (unknown["standing"], unknown["key_pairs"]) == ("unknown", [])
    with pytest.raises(SystemExit):
        call("find", "--help")
    text = capsys.readouterr().out
    assert all(word in text for word in [*known, *pair, *document])


def test_names_and_comments_that_talk_to_the_terminal_are_spelled_out(
    data: Path, keys: Path, capsys: Output
) -> None:
    escape = "\x1b]0;owned\x07\u202e[b]"
    (keys / f"{escape}.pub").write_text(f"{PUBLIC_KEY} {escape}\n")
    (keys / os.fsdecode(b"\xff.pub")).write_text(f"{PUBLIC_KEY} x\n")
    call("find", keys, "missing" + escape, "--all", "--data-dir", data)
    output = capsys.readouterr()
    assert not set(escape) & set(output.out + output.err) - set("]0;owned[b")
    assert r"\u{1b}]0;owned\u{7}\u{202e}[b].pub: laptop" in output.out
    call("find", keys, "--json", "--data-dir", data)
    assert capsys.readouterr().out.isascii()


def test_a_region_that_cannot_be_read_is_said(data: Path, keys: Path, capsys: Output) -> None:
    (data / "us-east-1.json").write_bytes(b"{}")
    assert call("find", keys / "a.pub", "--data-dir", data) == 0
    assert "The pairs of us-east-1 are not known" in capsys.readouterr().err


def test_each_pair_of_a_key_says_by_which_of_its_fingerprints(
    data: Path, keys: Path, capsys: Output
) -> None:
    created = open_local(data, "us-east-1").backend.create_key_pair(key_name="one", key_type="rsa")
    ireland = open_local(data, "eu-west-1")
    ireland.backend.import_key_pair(
        key_name="copy", public_key_material=created.key_pair.public_key
    )
    (keys / "one.pem").write_bytes(created.key_material.encode())
    assert call("find", keys / "one.pem", "--data-dir", data) == 0
    assert capsys.readouterr().out.removeprefix(f"{keys}/one.pem: ") == (
        "copy in eu-west-1 by the MD5 EC2 shows for an imported key and one in us-east-1 by EC2's"
        " SHA-1 of the private key (PEM (PKCS#1) private key)\n"
    )


def test_a_folder_without_pairs_is_named(tmp_path: Path, keys: Path, capsys: Output) -> None:
    (tmp_path / "empty").mkdir()
    assert call("find", keys, "--data-dir", tmp_path / "empty") == 1
    said = f"there are no key pairs in {tmp_path}/empty to compare with."
    assert said in capsys.readouterr().err


def test_a_folder_that_is_not_there_is_no_folder_without_pairs(
    tmp_path: Path, keys: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    typo = tmp_path / "typo"
    assert call("find", keys, "--data-dir", typo) == 2
    said = f"keypairs: There is no folder {typo}.\n"
    assert capsys.readouterr() == ("", said)
    monkeypatch.setenv("KEYPAIRS_DATA_DIR", str(typo))
    assert call("find", keys) == 2
    assert capsys.readouterr() == ("", said)
    assert not typo.exists()


def test_where_nothing_may_be_looked_at_nothing_is_called_unknown(
    data: Path, keys: Path, tmp_path: Path, capsys: Output
) -> None:
    policy = tmp_path / "policy.json"
    allow = {"Effect": "Allow", "Action": "ec2:CreateKeyPair", "Resource": "*"}
    policy.write_text(json.dumps({"Version": "2012-10-17", "Statement": allow}))
    assert call("find", keys, "--policy", policy, "--data-dir", data) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert "not known" in output.err


def test_without_an_agent_it_says_so(data: Path, capsys: Output) -> None:
    assert call("find", "--agent", "--data-dir", data) == 2
    assert "SSH_AUTH_SOCK" in capsys.readouterr().err


def encrypted(run: Callable[..., object], folder: Path) -> Path:
    path = folder / "locked.pem"
    make = ["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "sésame"]
    run(*make, "-f", path)
    path.with_name("locked.pem.pub").unlink()
    return path


@pytest.mark.long
def test_a_passphrase_is_asked_for_on_the_terminal_alone(
    data: Path, keys: Path, run: Callable[..., object]
) -> None:
    path = encrypted(run, keys)
    ask: list[str | Path] = [sys.executable, "-m", "tui", "find", path, "--data-dir", data]
    silent = subprocess.run(
        ask,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        cwd=ROOT,
        check=False,
    )
    assert f"{path}: needs passphrase" in silent.stdout
    ours, theirs = pty.openpty()
    try:
        process = subprocess.Popen(
            ask,
            stdin=theirs,
            stdout=subprocess.PIPE,
            stderr=theirs,
            cwd=ROOT,
            start_new_session=True,
        )
        said = b""
        while b"Passphrase of" not in said:
            said += os.read(ours, 1000)
        os.write(ours, "sésame\n".encode())
        out, _ = process.communicate(timeout=60)
    finally:
        os.close(theirs)
        os.close(ours)
    assert out.decode().startswith(f"{path}: unknown (rsa 2048 bits SHA256:")
    assert "sésame" not in out.decode()


@pytest.mark.long
def test_the_search_never_loads_textual(data: Path, keys: Path) -> None:
    code = (
        "import sys\nfrom tui.__main__ import main\n"
        f"status = main(['find', {str(keys)!r}, '--data-dir', {str(data)!r}])\n"
        "assert status == 1 and 'core.checks.look_up' in sys.modules\n"
        "assert not {'textual', 'asyncio'} & sys.modules.keys(), sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], timeout=60, check=True, cwd=ROOT)


@pytest.mark.long
def test_a_reader_that_has_seen_enough_is_no_error(data: Path, keys: Path) -> None:
    for number in range(3_000):
        (keys / f"{number}.pub").write_text(PUBLIC_KEY)
    find: list[str | Path] = [sys.executable, "-m", "tui", "find", keys, "--data-dir", data]
    pipe = subprocess.PIPE
    with subprocess.Popen(find, stdout=pipe, stderr=pipe, cwd=ROOT) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == b""
    assert process.returncode == 141


@pytest.mark.long
@pytest.mark.parametrize(
    "line",
    [
        "cat a.pub | keypairs find -",
        "cat a.pub | keypairs find",
        "keypairs find < a.pub",
        "keypairs find <(cat a.pub)",
        "keypairs find laptop",
        "keypairs find -- - < a.pub",
    ],
)
def test_a_key_may_come_through_a_pipe_or_be_named_by_its_pair(
    line: str, data: Path, keys: Path
) -> None:
    functions = f'keypairs() {{ {sys.executable} -m tui --data-dir {data} "$@"; }}'
    done = subprocess.run(
        ["bash", "-c", f"{functions}; {line}"],
        cwd=keys,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done
    assert "laptop in eu-west-1" in done.stdout


@pytest.mark.long
def test_a_private_key_may_come_through_a_pipe(
    data: Path, tmp_path: Path, run: Callable[..., subprocess.CompletedProcess[bytes]]
) -> None:
    path = tmp_path / "id"
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path)
    session = open_local(data, "eu-west-1")
    public = Path(f"{path}.pub").read_text()
    session.backend.import_key_pair(key_name="piped", public_key_material=public)
    done = subprocess.run(
        [sys.executable, "-m", "tui", "find", "-", "--data-dir", data],
        input=path.read_bytes(),
        cwd=ROOT,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, b"piped in eu-west-1" in done.stdout) == (0, True), done
    assert b"PRIVATE" not in done.stdout + done.stderr


def test_the_name_of_a_deleted_pair_is_said_to_come_back(data: Path, capsys: Output) -> None:
    deleted = open_local(data, "eu-west-1").backend.delete_key_pair(key_name="laptop")
    for thing in ("laptop", deleted or ""):
        assert call("find", thing, "--data-dir", data) == 1
        assert "of the deleted pair laptop in eu-west-1" in capsys.readouterr().out


def test_links_that_were_not_followed_are_counted_and_named(
    data: Path, keys: Path, tmp_path: Path, capsys: Output
) -> None:
    folder = tmp_path / "links"
    folder.mkdir()
    for name in ("a", "b"):
        (folder / name).symlink_to(keys / "a.pub")
    assert call("find", folder, "--data-dir", data) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err == (
        "keypairs: looked at 2 files; no key in them; 2 links not followed; --all names them.\n"
    )
    assert call("find", folder, "--all", "--data-dir", data) == 1
    output = capsys.readouterr()
    assert output.out.splitlines() == [
        f"{folder}/{name}: a link, which is not followed" for name in ("a", "b")
    ]
    assert output.err == "keypairs: looked at 2 files; no key in them; 2 links not followed.\n"


def test_a_file_is_no_data_folder(keys: Path, capsys: Output) -> None:
    assert call("find", keys / "a.pub", "--data-dir", keys / "config") == 2
    assert "is a file, not a data folder" in capsys.readouterr().err


def test_no_status_of_zero_hides_a_line(data: Path, tmp_path: Path, capsys: Output) -> None:
    path = tmp_path / "authorized_keys"
    path.write_text(f"{PUBLIC_KEY} sam\n")
    assert call("find", path, "--data-dir", data) == 0
    path.write_text(f"{PUBLIC_KEY} sam\nssh-ed25519\n")
    capsys.readouterr()
    assert call("find", path, "--data-dir", data) == 1
    assert ":2: no key: no key follows its type" in capsys.readouterr().out.replace("\n    ", " ")
