import gc
import os
import re
import signal
import sys

from core.choices import VARIABLES
from tests.helpers import session_over

# Before anything that imports Textual: it reads these variables once, while it is imported.
# The snapshots' own variable is not Textual's: by it the processes of a run share a folder.
_SET = [
    name
    for name in os.environ
    if (name.startswith("TEXTUAL_") and name != "TEXTUAL_SNAPSHOT_TEMPDIR") or name == "ESCDELAY"
]
# Inside tmux, what is copied would go to the buffers of the person who runs the tests.
for _name in [*_SET, *VARIABLES, "NO_COLOR", "SSH_AUTH_SOCK", "TMUX", "TMUX_PANE"]:
    os.environ.pop(_name, None)

# Nothing that is made while tests are collected is garbage before all are.
gc.disable()

# Without what is kept compiled, each process of a run takes seconds to rewrite the assertions of
# every module, and the programs that tests start by the hundred compile the project each time.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# A background job ignores SIGINT and SIGQUIT, and `nohup` SIGHUP, and every program that a test
# starts would inherit that and never hear them. A handler is not inherited. Workers get one for
# SIGHUP in any case, because they end when the process does that started them.
for _number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGTERM):
    if signal.getsignal(_number) is signal.SIG_IGN or (
        _number is signal.SIGHUP and "PYTEST_XDIST_WORKER" in os.environ
    ):
        signal.signal(_number, lambda *_: None)

import shutil  # noqa: E402 - see above
import subprocess  # noqa: E402 - see above
import tempfile  # noqa: E402 - see above
import time  # noqa: E402 - see above
from collections.abc import Callable, Iterator, Sequence  # noqa: E402 - see above
from datetime import UTC, datetime  # noqa: E402 - see above
from itertools import count, groupby  # noqa: E402 - see above
from pathlib import Path  # noqa: E402 - see above
from typing import TYPE_CHECKING  # noqa: E402 - see above
from unittest import mock  # noqa: E402 - see above

import hypothesis  # noqa: E402 - see above
import pytest  # noqa: E402 - see above

from core.client import Client  # noqa: E402 - see above
from core.clock import now as time_now  # noqa: E402 - see above
from core.local import many  # noqa: E402 - see above
from core.local.backend import new_key_pair_id  # noqa: E402 - see above
from core.session import Session  # noqa: E402 - see above
from core.store.region_store import RegionStore  # noqa: E402 - see above
from tests import rsa_pool  # noqa: E402 - see above
from tests.helpers import SECONDS, Agent, listens  # noqa: E402 - see above

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

if _SET and "textual.constants" in sys.modules:
    # A plugin was faster. What it baked in cannot be taken back.
    raise pytest.UsageError(f"Textual was imported with {', '.join(_SET)} set: unset it first.")

# Only a loss of power shows whether a disk has what was written, and no test takes the power away.
# Waiting for it ten thousand times would show nothing; the programs that tests start do wait.
mock.patch.object(os, "fsync", os.fstat).start()

# On a loaded machine the time of a batch is over when it has hardly begun. Tests that are about
# several end one themselves.
mock.patch.object(many, "MOST_SECONDS", 3600.0).start()

rsa_pool.start()

# A slow machine is no failure; what has to be fast is measured elsewhere.
hypothesis.settings.register_profile(
    "keypairs", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("keypairs")

_TOOL_SECONDS = 60
_NUMBERS = count(1)
_SYSTEM_FOLDERS = "/usr/local/sbin:/usr/sbin:/sbin"


@pytest.fixture(scope="session")
def tool() -> Callable[[str], str]:
    """Return the absolute path of a program; without it a test fails in CI and is skipped here."""

    def find(name: str) -> str:
        path = shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:{_SYSTEM_FOLDERS}")
        if path is None:
            (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{name} is not installed")
        return path

    return find


@pytest.fixture(scope="session")
def run(
    tool: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., subprocess.CompletedProcess[bytes]]:
    """Run a program with a time limit, an empty home and no terminal; it must end with `status`."""
    home = tmp_path_factory.mktemp("home")
    environment = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(home), "LC_ALL": "C"}

    def run_tool(
        name: str, *arguments: str | Path, stdin: bytes = b"", status: int | None = 0
    ) -> subprocess.CompletedProcess[bytes]:
        done = subprocess.run(
            [tool(name), *arguments],
            input=stdin,
            capture_output=True,
            timeout=_TOOL_SECONDS,
            env=environment,
            check=False,
        )
        assert status is None or done.returncode == status, (name, arguments, done)
        return done

    return run_tool


@pytest.fixture(scope="session")
def rsa_keys() -> "Sequence[RSAPrivateKey]":
    """Return two RSA keys that the core really makes; once, because each takes a while."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from core.keys import keygen
    from core.model import KeyType

    with mock.patch.object(keygen, "generate_private_key", rsa_pool.made):
        keys = [keygen.generate(KeyType.RSA) for _ in range(2)]
    return [key for key in keys if isinstance(key, RSAPrivateKey)]


@pytest.fixture(autouse=True)
def rsa_pool_from_its_first_key() -> None:
    """Give each test the same RSA keys; see `rsa_pool`."""
    rsa_pool.begin()


@pytest.fixture(scope="session")
def signs_for(
    run: Callable[..., subprocess.CompletedProcess[bytes]], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Path, str], bool]:
    """Return whether ssh-keygen signs with a private key file so that a public key verifies it.

    This is the proof that a private half is right: `ssh-keygen -y` repeats the public half that
    stands in the file.
    """
    folder = tmp_path_factory.mktemp("signatures")

    def sign_and_verify(private_key: Path, public_line: str) -> bool:
        data = b"signed by the test"
        (folder / "signers").write_text(f"tester {public_line}\n")
        # To sign with a PKCS#1 file, ssh-keygen wants the public key beside it.
        Path(f"{private_key}.pub").write_text(f"{public_line}\n")
        sign = ["-f", private_key, "-n", "test"]
        signature = run("ssh-keygen", "-Y", "sign", *sign, stdin=data, status=None)
        (folder / "signature").write_bytes(signature.stdout)
        verify = [
            "-f",
            folder / "signers",
            "-I",
            "tester",
            "-n",
            "test",
            "-s",
            folder / "signature",
        ]
        done = run("ssh-keygen", "-Y", "verify", *verify, stdin=data, status=None)
        return done.returncode == 0 and b'Good "test" signature' in done.stdout

    return sign_and_verify


@pytest.fixture
def tmp_path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an empty folder, made without pytest's look at all others and its link to the last.

    These cost more than most of the tests that ask for a folder.
    """
    name = re.sub(r"\W", "_", request.node.name)[:30]
    folder = tmp_path_factory.getbasetemp() / f"{next(_NUMBERS)}-{name}"
    folder.mkdir(0o700)
    return folder


@pytest.fixture
def fixed_time() -> datetime:
    """Return a time to create key pairs at: pass `now=lambda: fixed_time`."""
    return datetime(2026, 9, 25, 11, 5, 17, 469_000, UTC)


@pytest.fixture
def store(tmp_path: Path) -> RegionStore:
    """Return the store of us-east-1 in a data folder that does not exist yet."""
    return RegionStore(tmp_path / "data", "us-east-1")


@pytest.fixture
def make_session(store: RegionStore) -> Callable[..., Session]:
    """Return a function that makes services over `store`, with a clock or ids of the test's own."""

    def make(
        now: Callable[[], datetime] = time_now,
        new_key_pair_id: Callable[[], str] = new_key_pair_id,
    ) -> Session:
        return session_over(store, now=now, new_key_pair_id=new_key_pair_id)

    return make


@pytest.fixture
def session(make_session: Callable[..., Session]) -> Session:
    """Return a service over `store` with the real clock."""
    return make_session()


@pytest.fixture
def client(session: Session) -> Client:
    """Return a client of `service`, in boto3's call shape."""
    return Client(backend=session.backend)


@pytest.fixture
def umask() -> Iterator[Callable[[int], None]]:
    """Return a function that sets the umask until the end of the test."""
    before = os.umask(0o022)

    def set_umask(mask: int) -> None:
        os.umask(mask)

    yield set_umask
    os.umask(before)


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """Return a folder whose name is short enough for the path of a socket."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


@pytest.fixture
def ssh_agent(
    tool: Callable[[str], str], short_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Agent]:
    """Return an agent that runs until the end of the test, and is that of the session."""
    answer = short_folder / "answer"
    answer.write_text("#!/bin/sh\necho secret\n")
    answer.chmod(0o700)
    found = Agent(short_folder / "agent", answer, tool)
    environment = {name: found.environment[name] for name in ("SSH_ASKPASS", "PATH")}
    process = subprocess.Popen(
        [tool("ssh-agent"), "-D", "-a", found.path],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**environment, "SSH_ASKPASS_REQUIRE": "force"},
    )
    try:
        end = time.monotonic() + SECONDS
        while not listens(found.path):
            assert process.poll() is None
            assert time.monotonic() < end
            time.sleep(0.005)
        monkeypatch.setenv("SSH_AUTH_SOCK", str(found.path))
        yield found
    finally:
        process.terminate()
        process.wait(SECONDS)


_LONGEST_ID = 200


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name a case that is given much text after its argument: names go from process to process."""
    is_much = isinstance(val, (str, bytes)) and len(val) > _LONGEST_ID
    return argname if is_much else None


def pytest_collection_finish() -> None:
    """Let the garbage collector alone with what stays until the end: tests by the thousand."""
    gc.collect()
    gc.freeze()
    gc.enable()
    # Screens leave much behind, and each look at all of it takes a tenth of a second.
    gc.set_threshold(20_000, 20, 20)


_EVERY_PYTHON = {
    *("core/keys/test_file_formats.py", "core/keys/test_ppk.py", "core/keys/test_public.py"),
    *("core/local/test_answers.py", "core/store/test_store.py", "core/test_client.py"),
    *("pty/test_create.py", "pty/test_everyday.py", "pty/test_guard.py"),
    *("tui/commands/test_main.py", "tui/screens/create/test_create_form.py"),
    *("tui/test_imports.py", "tui/test_list.py"),
}
"""The modules that `.ci/run` runs on every Python: one for each room that a version could break."""


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Mark what is run on every Python, and spread what waits over what works."""
    root = Path(__file__).parent
    gone = [name for name in _EVERY_PYTHON if not (root / name).exists()]
    if gone:
        raise pytest.UsageError(f"To be run on every Python, but not there: {gone}")
    everywhere = {root / name for name in _EVERY_PYTHON}
    for item in items:
        if item.path in everywhere:
            item.add_marker("every_python")
    yield
    items[:] = _spread(items, root / "pty")


def _spread(items: Sequence[pytest.Item], waiting: Path) -> list[pytest.Item]:
    """Return the tests with those of one folder evenly between the modules of the others.

    A test that drives a program in a terminal waits for most of its time. If all processes of a run
    came to these at once, as the order of the folders has it, the cores would idle meanwhile.
    """
    slow = [item for item in items if item.path.parent == waiting]
    modules = [[*of] for _, of in groupby(items, key=lambda item: item.path)]
    modules = [of for of in modules if of[0].path.parent != waiting]
    spread: list[pytest.Item] = []
    for number, module in enumerate(modules):
        first, last = (len(slow) * n // len(modules) for n in (number, number + 1))
        spread += [*module, *slow[first:last]]
    return spread or slow
