"""Paths and key names that would do harm, each with what has to come of it.

Every path stands for something a person may type, paste or be tricked into. `build` makes the
folder they are about; `{root}` in a path is that folder, which is the home and the current folder
too. What a path must never do is the same for all: change anything that was there before.
"""

import os
import pwd
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path


class Expected(Enum):
    """What has to come of saving a private key to a path."""

    SAVES = auto()
    """The key is saved at once."""

    ASKS = auto()
    """Nothing is saved before a second yes; with it, the key is saved."""

    REFUSED = auto()
    """The look alone refuses; nothing is written."""

    FAILS = auto()
    """What the look finds hangs on who looks, but the system refuses the file; nothing is left."""


@dataclass(frozen=True, slots=True)
class HostilePath:
    """A path, what has to come of it, and what has to be said, in part.

    `lands` is where the file is expected below the root, if it is. `needs_root` says that only
    root can make the folder it is about.
    """

    name: str
    text: str
    expected: Expected
    says: str = ""
    lands: str | None = None
    needs_root: bool = False


SAVES, ASKS, REFUSED, FAILS = Expected

PATHS = (
    # Links: never written through in the last component, wherever they lead.
    HostilePath("a link to a file", "{root}/link", REFUSED, "a link"),
    HostilePath("a dangling link", "{root}/dangling", REFUSED, "a link"),
    HostilePath("a link to a folder", "{root}/folder-link", REFUSED, "a link"),
    HostilePath("a link to a folder, with a slash", "{root}/folder-link/", REFUSED, "a folder"),
    HostilePath("a link to itself", "{root}/loop", REFUSED, "a link"),
    HostilePath("a link to a device", "{root}/null-link", REFUSED, "a link"),
    HostilePath("below a link to itself", "{root}/loop/new", REFUSED, "Not saved"),
    HostilePath("below a dangling link", "{root}/dangling/new", REFUSED, "is not a folder"),
    HostilePath("below a link to a private folder", "{root}/folder-link/new", SAVES,
                lands="private/new"),
    HostilePath("below a link to an open folder", "{root}/open-link/new", ASKS, "others can list",
                lands="open/new"),
    HostilePath("below a link to a folder all can write", "{root}/all-link/new", REFUSED,
                "others can write"),
    # What is no regular file.
    HostilePath("a fifo", "{root}/fifo", REFUSED, "not a regular file"),
    HostilePath("a socket", "{root}/socket", REFUSED, "not a regular file"),
    HostilePath("the device that takes all", "/dev/null", REFUSED, "not a regular file"),
    HostilePath("the device that is full", "/dev/full", REFUSED, "not a regular file"),
    HostilePath("the terminal", "/dev/tty", REFUSED, "not a regular file"),
    HostilePath("standard output", "/dev/stdout", REFUSED, "a link"),
    HostilePath("a folder", "{root}/private", REFUSED, "this is a folder"),
    HostilePath("a folder, with a slash", "{root}/private/", REFUSED, "this is a folder"),
    HostilePath("a folder that is missing, with a slash", "{root}/no/", REFUSED, "a folder"),
    HostilePath("below a file", "{root}/taken/new", REFUSED, "is not a folder"),
    HostilePath("below a fifo", "{root}/fifo/new", REFUSED, "is not a folder"),
    HostilePath("a process's memory", "/proc/self/mem", REFUSED, "not saved|exists"),
    HostilePath("a new file of the kernel", "/proc/new", FAILS, "Not saved"),
    HostilePath("a new file of a process", "/proc/self/new", FAILS, "Not saved"),
    HostilePath("a file of the kernel", "/sys/kernel/new", FAILS, "Not saved"),
    # What is there already.
    HostilePath("a file", "{root}/taken", REFUSED, "none is overwritten; taken-2 is free"),
    HostilePath("a file, by a detour", "{root}/private/../taken", REFUSED, "none is overwritten"),
    HostilePath("a file, with spaces around", "  {root}/taken  ", REFUSED, "none is overwritten"),
    HostilePath("a file that may not be read", "{root}/locked", REFUSED, "none is overwritten"),
    # Who else can get at it.
    HostilePath("a folder all can write", "{root}/all/new", REFUSED, "others can write"),
    HostilePath("a folder a group can write", "{root}/group/new", REFUSED, "others can write"),
    HostilePath("a new folder where all can write", "{root}/all/a/b/new", REFUSED,
                "others can write"),
    HostilePath("a folder like /tmp", "{root}/sticky/new", ASKS, "others can list its folder",
                lands="sticky/new"),
    HostilePath("a new folder below one like /tmp", "{root}/sticky/a/new", ASKS,
                "sticky/a is missing; it will be made, readable by you alone",
                lands="sticky/a/new"),
    HostilePath("a folder others can list", "{root}/open/new", ASKS, "others can list its folder",
                lands="open/new"),
    HostilePath("a folder a group can list", "{root}/group-lists/new", ASKS, "others can list",
                lands="group-lists/new"),
    HostilePath("a folder others can enter", "{root}/enter/new", ASKS, "others can enter",
                lands="enter/new"),
    HostilePath("a folder of somebody else", "{root}/theirs/new", ASKS, "belongs to {other}",
                lands="theirs/new", needs_root=True),
    HostilePath("a new folder in one of somebody else", "{root}/theirs/a/new", ASKS,
                "belongs to {other}", lands="theirs/a/new", needs_root=True),
    HostilePath("an open folder of somebody else", "{root}/theirs-open/new", ASKS,
                "others can list its folder; .*belongs to {other}", lands="theirs-open/new",
                needs_root=True),
    # Text that is none, or looks like other text.
    HostilePath("nothing", "", REFUSED, "type the path"),
    HostilePath("spaces", "   ", REFUSED, "type the path"),
    HostilePath("a NUL", "{root}/new\0.pem", REFUSED, "control characters"),
    HostilePath("a line break", "{root}/new\n/etc/passwd", REFUSED, "control characters"),
    HostilePath("a carriage return", "{root}/new\r", REFUSED, "control characters"),
    HostilePath("a tab", "{root}/n\tew", REFUSED, "control characters"),
    HostilePath("an escape sequence", "{root}/\x1b]0;title\x07", REFUSED, "control characters"),
    HostilePath("a C1 control", "{root}/\x9b31m", REFUSED, "control characters"),
    HostilePath("a bidi override", "{root}/\u202emep.exe", REFUSED, "control characters"),
    HostilePath("a bidi isolate", "{root}/\u2066mep.exe", REFUSED, "control characters"),
    HostilePath("a zero width space", "{root}/ne\u200bw", REFUSED, "control characters"),
    HostilePath("a no-break space", "{root}/ne\u00a0w", REFUSED, "control characters"),
    HostilePath("a byte that is no text", "{root}/new\udcff", REFUSED, "control characters"),
    HostilePath("another alphabet", "{root}/private/\u043a\u043b\u044e\u0447", SAVES,
                lands="private/\u043a\u043b\u044e\u0447"),
    HostilePath("markup", "{root}/private/[b]new[@click=app.quit]", SAVES,
                lands="private/[b]new[@click=app.quit]"),
    # Homes.
    HostilePath("the own home", "~/private/new", SAVES, lands="private/new"),
    HostilePath("the home itself", "~", REFUSED, "this is a folder"),
    HostilePath("the home of nobody there is", "~no-such-user/new", REFUSED, "no such user"),
    HostilePath("a tilde in the middle", "private/~/new", ASKS,
                "private/~ is missing; it will be made", lands="private/~/new"),
    HostilePath("folders below folders", "private/a/b/new", ASKS,
                r"the folders .*/private/a and .*/private/a/b are missing; they will be made,"
                r" readable by you alone\.$",
                lands="private/a/b/new"),
    HostilePath("a shell's variable", "private/$HOME", REFUSED, "a variable of the shell"),
    HostilePath("a shell's command", "private/$(touch x)", SAVES, lands="private/$(touch x)"),
    # Names that programs take for something else.
    HostilePath("an option", "-rf", SAVES, lands="-rf"),
    HostilePath("an option with two dashes", "--help", SAVES, lands="--help"),
    HostilePath("this folder", ".", REFUSED, "this is a folder"),
    HostilePath("the folder above", "..", REFUSED, "this is a folder"),
    HostilePath("the root folder", "/", REFUSED, "this is a folder"),
    HostilePath("two slashes", "//", REFUSED, "this is a folder"),
    HostilePath("up and down again", "{root}/private/../../{base}/private/new", SAVES,
                lands="private/new"),
    HostilePath("above the root folder", "/../../../../../dev/null", REFUSED, "not a regular file"),
    # Lengths.
    HostilePath("a name of 255 bytes", "private/" + "x" * 255, SAVES, lands="private/" + "x" * 255),
    HostilePath("a name of 256 bytes", "private/" + "x" * 256, REFUSED, "too long"),
    HostilePath("a name of 255 characters but more bytes", "private/" + "\u00fc" * 255, REFUSED,
                "too long"),
    HostilePath("a folder name of 256 bytes", "x" * 256 + "/new", REFUSED, "too long"),
    HostilePath("a path of 5,000 bytes", "a/" * 2500 + "new", REFUSED, "too long"),
)  # fmt: skip


OTHER = next((user for user in pwd.getpwall() if user.pw_uid not in (0, os.geteuid())), None)
"""Somebody else, to whom root can give a folder."""

_FOLDERS = {
    "private": 0o700,
    "open": 0o755,
    "enter": 0o711,
    "group-lists": 0o740,
    "group": 0o770,
    "all": 0o777,
    "sticky": 0o1777,
    "theirs": 0o700,
    "theirs-open": 0o755,
}


def build(root: Path) -> None:
    """Make the folder that the paths are about, in one that exists."""
    root.mkdir()
    root.chmod(0o700)
    for name, mode in _FOLDERS.items():
        (root / name).mkdir()
        (root / name).chmod(mode)
        if name.startswith("theirs") and os.geteuid() == 0 and OTHER is not None:
            os.chown(root / name, OTHER.pw_uid, OTHER.pw_gid)
    (root / "taken").write_text("theirs")
    (root / "locked").write_text("theirs")
    (root / "locked").chmod(0)
    for name, target in {
        "link": "taken",
        "dangling": "nothing",
        "folder-link": "private",
        "open-link": "open",
        "all-link": "all",
        "loop": "loop",
        "null-link": "/dev/null",
    }.items():
        (root / name).symlink_to(target)
    os.mkfifo(root / "fifo")
    os.mknod(root / "socket", 0o140600)


NAMES = {
    "../../x": "_.._x",
    "..": "key-pair",
    ".": "key-pair",
    "": "key-pair",
    "-": "key-pair",
    ".-.-": "key-pair",
    "-rf": "rf",
    "--help": "help",
    "-oProxyCommand=x": "oProxyCommand_x",
    ".bashrc": "bashrc",
    ".ssh": "ssh",
    "~": "_",
    "~root": "_root",
    "/": "_",
    "/etc/passwd": "_etc_passwd",
    "a/b": "a_b",
    "a\\b": "a_b",
    "$(reboot)": "__reboot_",
    "`reboot`": "_reboot_",
    "a;b&c|d>e<f": "a_b_c_d_e_f",
    "*?[x]{y}!": "___x__y__",
    "two words": "two_words",
    " spaces ": "_spaces_",
    "%h%p": "_h_p",
    "a\nb": "a_b",
    "a\x1b[31m": "a__31m",
    "a\0b": "a_b",
    "\u202eexe": "_exe",
    "\u00fcber": "_ber",
    "x" * 255: "x" * 100,
    "-" + "x" * 254: "x" * 100,
    "." * 255: "key-pair",
    "\u9470" * 255: "_" * 100,
}
"""Key names, and what the name of the file is made of that is offered for each."""
