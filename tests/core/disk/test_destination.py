import errno
import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from core.disk import destination
from core.disk.destination import PathVerdict, examine, suggest
from core.disk.path_walk import Walk
from core.model import KeyFormat
from tests.each_row import each_row


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a folder with one of everything in it; it is the home and the current folder too."""
    root = tmp_path / "root"
    for name, mode in {
        "": 0o700,
        "private": 0o700,
        "open": 0o755,
        "traversable": 0o711,
        "group-writes": 0o770,
        "all-write": 0o777,
        "sticky": 0o1777,
    }.items():
        (root / name).mkdir()
        (root / name).chmod(mode)
    (root / "taken.pem").touch()
    (root / "twice.pem").touch()
    (root / "twice-2.pem").touch()
    (root / "link.pem").symlink_to("taken.pem")
    (root / "dangling.pem").symlink_to("nothing")
    (root / "folder-link").symlink_to("private")
    (root / "dangling-folder").symlink_to("nowhere")
    (root / "loop").symlink_to("loop")
    (root / "device-link").symlink_to("/dev")
    os.mkfifo(root / "fifo")
    monkeypatch.setenv("HOME", str(root))
    monkeypatch.chdir(root)
    before = tree(root)
    yield root
    assert tree(root) == before  # examining only looks


def tree(root: Path) -> dict[Path, int]:
    return {path: path.lstat().st_mode for path in root.rglob("*")}


FREE, ASKS = PathVerdict.FREE, PathVerdict.ASKS
MISSING, REFUSED = PathVerdict.FOLDER_MISSING, PathVerdict.REFUSED


def test_a_private_key_is_called_pub_after_a_second_yes_only(root: Path) -> None:
    for name, asks in {
        "private/new.pub": True,
        "private/new.PUB": True,
        "private/pub": False,
    }.items():
        found = destination.examine_for_private_key(name)
        assert found.asks is asks, name
        assert (".pub is the ending of public keys" in found.explanation) is asks
        assert not destination.examine(name).asks


@each_row(
    ("text", "verdict", "path", "explanation"),
    [
        ("{root}/private/new.pem", FREE, "private/new.pem", "new file in a folder only you"),
        ("new.pem", FREE, "new.pem", "new file"),
        ("./private/../new.pem", FREE, "new.pem", "new file"),
        ("~/new.pem", FREE, "new.pem", "new file"),
        ("~/private//new.pem", FREE, "private/new.pem", "new file"),
        ("two words.pem", FREE, "two words.pem", "new file"),
        ("-rf", FREE, "-rf", "new file"),
        ("sch\N{LATIN SMALL LETTER U WITH DIAERESIS}ssel", FREE, None, "new file"),
        ("folder-link/new.pem", FREE, "folder-link/new.pem", "new file"),
        ("x" * 255, FREE, "x" * 255, "new file"),
        ("open/new.pem", ASKS, "open/new.pem", "others can list its folder"),
        ("traversable/new.pem", ASKS, "traversable/new.pem", "others can enter its folder"),
        ("private/new.pub", FREE, "private/new.pub", "new file"),
        ("sticky/new.pem", ASKS, "sticky/new.pem", "others can list its folder"),
        ("missing/new.pem", MISSING, "missing/new.pem", "will be made, readable by you alone"),
        ("~/.ssh/new.pem", MISSING, ".ssh/new.pem", "will be made, readable by you alone"),
        ("private/a/b/new.pem", MISSING, "private/a/b/new.pem", "/private/a and "),
        ("all-write/a/new.pem", REFUSED, "all-write/a/new.pem", "others can write in"),
        ("group-writes/new.pem", REFUSED, "group-writes/new.pem", "others can write"),
        ("all-write/new.pem", REFUSED, "all-write/new.pem", "others can write"),
        ("taken.pem", REFUSED, "taken.pem", "none is overwritten; taken-2.pem is free"),
        ("twice.pem", REFUSED, "twice.pem", "none is overwritten; twice-3.pem is free"),
        ("link.pem", REFUSED, "link.pem", "this is a link; a key is never saved through one"),
        (
            "dangling.pem",
            REFUSED,
            "dangling.pem",
            "this is a link; a key is never saved through one",
        ),
        ("loop", REFUSED, "loop", "this is a link; a key is never saved through one"),
        ("fifo", REFUSED, "fifo", "not a regular file"),
        ("/dev/null", REFUSED, "/dev/null", "not a regular file"),
        ("private", REFUSED, "private", "this is a folder; add a file name"),
        ("private/", REFUSED, "private", "this is a folder; add a file name"),
        ("missing/", REFUSED, "missing", "this is a folder; add a file name"),
        (".", REFUSED, "", "this is a folder; add a file name"),
        ("~", REFUSED, "", "this is a folder; add a file name"),
        ("/", REFUSED, "/", "this is a folder; add a file name"),
        ("taken.pem/new.pem", REFUSED, "taken.pem/new.pem", "taken.pem is not a folder"),
        ("taken.pem/a/new.pem", REFUSED, "taken.pem/a/new.pem", "you cannot make one in"),
        ("loop/new.pem", REFUSED, "loop/new.pem", ""),
        ("dangling-folder/new.pem", REFUSED, "dangling-folder/new.pem", "is not a folder"),
        ("dangling-folder/a/new.pem", REFUSED, "dangling-folder/a/new.pem", "cannot make one"),
        (
            "x" * 256,
            REFUSED,
            None,
            "the name xxxxxxxxxxxxxxxxxxxx… is too long: 256 bytes, at most 255",
        ),
        ("ü" * 128, REFUSED, None, "is too long: 256 bytes, at most 255"),
        ("a/" * 2500 + "x", REFUSED, None, "the path is too long: 5,001 bytes, at most 4,095"),
        ("x" * 256 + "/new.pem", REFUSED, None, "is too long: 256 bytes, at most 255"),
        ("missing/" + "x" * 256, REFUSED, None, "is too long: 256 bytes, at most 255"),
        ("/proc/new.pem", REFUSED, None, "/proc is the system's own and keeps no files"),
        ("/proc/missing/new.pem", REFUSED, None, "/proc is the system's own and keeps no files"),
        ("/sys/kernel/new.pem", REFUSED, None, "/sys is the system's own and keeps no files"),
        ("/dev/new.pem", REFUSED, None, "/dev is the system's own and keeps no files"),
        ("device-link/new.pem", REFUSED, None, "/dev is the system's own and keeps no files"),
        ("/dev/shm/new.pem", ASKS, None, "new file"),  # noqa: S108 - nothing is written there
        ("", REFUSED, None, "type the path of a new file"),
        ("   ", REFUSED, None, "type the path of a new file"),
        ("new\n.pem", REFUSED, None, "control characters"),
        ("new\x00.pem", REFUSED, None, "control characters"),
        ("new\x1b[31m.pem", REFUSED, None, "control characters"),
        ("new\udcff.pem", REFUSED, None, "control characters"),
        ("~no-such-user-here/new.pem", REFUSED, None, "there is no such user"),
    ],
)
def test_a_path_is_judged(
    text: str, verdict: PathVerdict, path: str | None, explanation: str, root: Path
) -> None:
    found = examine(text.format(root=root))
    assert (found.verdict, found.usable) == (verdict, verdict is not REFUSED)
    assert explanation in found.explanation
    assert found.explanation.isprintable()
    if path is not None:
        assert found.path == root / path
    if found.path is not None:
        assert found.path.is_absolute()


def test_a_path_that_is_none_has_none(root: Path) -> None:
    for text in ("", "a\nb", "~no-such-user-here/x"):
        assert examine(text).path is None


@pytest.mark.parametrize("name", ["new.pem", "missing/new.pem"])
def test_who_could_replace_a_folder_above_is_said(name: str, root: Path) -> None:
    path = f"private/mine/{name}"
    (root / "private" / "mine").mkdir(0o700)
    (root / "private").chmod(0o777)
    shared = examine(path)
    (root / "private").chmod(0o1777)
    sticky = examine(path)
    (root / "private").chmod(0o700)
    root.chmod(0o770)
    further = examine(path)
    root.chmod(0o700)
    (root / "private" / "mine").rmdir()
    assert shared.verdict is ASKS
    assert f"others can write in {root / 'private'}, and so replace what" in shared.explanation
    assert sticky.verdict is (FREE if name == "new.pem" else MISSING)
    assert further.verdict is ASKS
    assert f"others can write in {root}, and so replace what" in further.explanation


def test_whom_a_folder_above_belongs_to_is_said(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "private" / "mine").mkdir(0o700)
    if os.geteuid() == 0:
        os.chown(root / "private", 12345, -1)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: root.stat().st_uid + 1)
    found = examine("private/mine/new.pem")
    (root / "private" / "mine").rmdir()
    assert found.verdict is ASKS
    assert f"{root / 'private'} belongs to " in found.explanation


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a link away")
@pytest.mark.parametrize("name", ["new.pem", "missing/new.pem"])
def test_whom_a_link_on_the_way_belongs_to_is_said(name: str, root: Path) -> None:
    """Its owner can let it lead elsewhere, be it in a folder in which only owners replace."""
    link, through = root / "sticky" / "link", root / "through"
    link.symlink_to(root / "private")
    through.symlink_to("sticky/link")
    try:
        mine = examine(f"through/{name}")
        os.lchown(link, 12345, 12345)
        theirs = examine(f"through/{name}")
        (root / "private").chmod(0o777)
        link.unlink()
        link.symlink_to(root / "private" / "..")
        above = examine(f"through/{name}")
    finally:
        (root / "private").chmod(0o700)
        link.unlink()
        through.unlink()
    assert mine.verdict is (FREE if name == "new.pem" else MISSING)
    assert theirs.verdict is ASKS
    assert f"the link {link} belongs to user 12345" in theirs.explanation
    assert f"others can write in {root / 'private'}" in above.explanation


def test_a_yes_is_to_the_folder_that_the_path_leads_to(root: Path) -> None:
    (root / "open" / "a").mkdir()
    (root / "open" / "b").mkdir()
    link = root / "link"
    link.symlink_to("open/a")
    first = examine("link/new.pem")
    link.unlink()
    link.symlink_to("open/b")
    second = examine("link/new.pem")
    link.unlink()
    (root / "open" / "a").rmdir()
    (root / "open" / "b").rmdir()
    assert (first.path, first.explanation) == (second.path, second.explanation)
    assert first != second


def test_a_folder_that_is_gone_begins_no_path(root: Path) -> None:
    (root / "gone").mkdir()
    os.chdir(root / "gone")
    (root / "gone").rmdir()
    assert "the folder you started in is gone" in examine("new.pem").explanation
    assert examine("new.pem").verdict is REFUSED
    assert examine("~/new.pem").verdict is FREE


def test_a_letter_that_the_locale_does_not_have_is_refused(root: Path) -> None:
    script = "from core.disk.destination import examine; print(examine(chr(233)).explanation)"
    env = {"PATH": os.environ["PATH"], "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"}
    command = [sys.executable, "-X", "utf8=0", "-c", script]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    assert done.stdout == "your locale has no such letters in names of files\n"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
@pytest.mark.parametrize("name", ["new.pem", "missing/new.pem"])
def test_a_folder_one_cannot_write_in_is_refused(name: str, root: Path) -> None:
    (root / "read-only").mkdir(0o500)
    found = examine(f"read-only/{name}")
    (root / "read-only").rmdir()
    assert found.verdict is REFUSED
    assert "you cannot" in found.explanation


@each_row(
    ("key_name", "suggested"),
    [
        ("web-1", "web-1"),
        ("Web_1.prod", "Web_1.prod"),
        ("../../x", "_.._x"),
        ("-rf", "rf"),
        ("--help", "help"),
        (".", "key-pair"),
        ("..", "key-pair"),
        (".-.-", "key-pair"),
        (".bashrc", "bashrc"),
        ("~x", "_x"),
        ("~", "_"),
        ("a/b", "a_b"),
        ("/etc/passwd", "_etc_passwd"),
        ("two words", "two_words"),
        ("$(id)`id`", "__id__id_"),
        ("a;b&c|d>e<f", "a_b_c_d_e_f"),
        ("*?[a]{b}!", "___a__b__"),
        ("'\"\\#%@:,=+^", "_" * 11),
        ("x" * 255, "x" * 100),
        ("-" + "x" * 254, "x" * 100),
        ("schl\N{LATIN SMALL LETTER U WITH DIAERESIS}ssel", "schl_ssel"),
        ("a\nb\x1b[31m", "a_b__31m"),
        ("", "key-pair"),
    ],
)
@each_row("key_format", KeyFormat)
def test_what_no_file_name_should_hold_is_not_suggested(
    key_name: str, suggested: str, key_format: KeyFormat, root: Path
) -> None:
    text = suggest(key_name, key_format, root)
    assert text == f"~/.ssh/{suggested}.{key_format}"
    found = examine(text)
    assert found.usable
    assert found.path == root / ".ssh" / f"{suggested}.{key_format}"


def test_every_printable_character_of_a_name_gives_a_path_that_can_be_used(root: Path) -> None:
    for code in range(0x20, 0x7F):
        found = examine(suggest(f"{chr(code)}a{chr(code)}", KeyFormat.PEM))
        assert found.usable
        assert found.path is not None
        assert found.path.parent == root / ".ssh"
        assert not found.path.name.startswith(("-", "."))


def test_the_next_free_name_is_suggested(tmp_path: Path) -> None:
    folder = tmp_path / ".ssh"
    assert suggest("web", KeyFormat.PEM, tmp_path) == "~/.ssh/web.pem"
    folder.mkdir()
    (folder / "web.pem").touch()
    (folder / "web-3.pem").touch()
    assert suggest("web", KeyFormat.PEM, tmp_path) == "~/.ssh/web-2.pem"
    (folder / "web-2.pem").symlink_to("nothing")
    assert suggest("web", KeyFormat.PEM, tmp_path) == "~/.ssh/web-4.pem"
    assert suggest("web", KeyFormat.PPK, tmp_path) == "~/.ssh/web.ppk"
    (folder / ("x" * 100 + ".pem")).touch()
    assert suggest("x" * 255, KeyFormat.PEM, tmp_path) == f"~/.ssh/{'x' * 100}-2.pem"


def test_the_home_of_the_person_is_the_one_that_is_looked_into(root: Path) -> None:
    (root / ".ssh").mkdir(0o700)
    (root / ".ssh" / "web.pem").touch()
    assert suggest("web", KeyFormat.PEM) == "~/.ssh/web-2.pem"
    assert stat.S_IMODE((root / ".ssh").stat().st_mode) == 0o700
    (root / ".ssh" / "web.pem").unlink()
    (root / ".ssh").rmdir()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be two accounts")
def test_a_folder_that_another_account_makes_meanwhile_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = os.mkdir

    def another_is_faster(name: str, mode: int, *, dir_fd: int) -> None:
        make(name, mode, dir_fd=dir_fd)
        os.chown(name, 12345, 12345, dir_fd=dir_fd)
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), name)

    monkeypatch.setattr(os, "mkdir", another_is_faster)
    with closing(Walk(tmp_path / "keys" / "new")) as way:
        with pytest.raises(FileExistsError, match=re.escape(str(tmp_path / "keys"))):
            way.make_missing()
        assert way.missing
    assert [each.name for each in tmp_path.rglob("*")] == ["keys"]
