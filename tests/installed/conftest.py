"""What is handed out at a release, made once, and ways to install it without a network."""

import os
import subprocess
import sys
import tarfile
import venv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[2]
MINUTES = 300.0
"""Seconds that an installation may take on a loaded machine."""


@pytest.fixture(scope="session")
def artefacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with everything that `python -m release` makes, or has made before."""
    if made := os.environ.get("KEYPAIRS_ARTEFACTS"):
        return Path(made)
    folder = tmp_path_factory.mktemp("artefacts")
    command = [sys.executable, "-m", "release", "--output", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, timeout=2 * MINUTES)
    return folder


@pytest.fixture(scope="session")
def archive(artefacts: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the unpacked archive for this machine."""
    return _unpacked(artefacts, "keypairs-[0-9]*", tmp_path_factory.mktemp("archive"))


@pytest.fixture(scope="session")
def archive_for_ec2(artefacts: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the unpacked archive for this machine that has the extra `ec2`."""
    return _unpacked(artefacts, "keypairs-ec2-*", tmp_path_factory.mktemp("archive"))


def _unpacked(artefacts: Path, name: str, folder: Path) -> Path:
    [packed] = artefacts.glob(f"{name}-linux-{os.uname().machine}.tar.gz")
    with tarfile.open(packed) as file:
        file.extractall(folder, filter="data")
    [unpacked] = folder.iterdir()
    return unpacked


@pytest.fixture(scope="session")
def wheel(artefacts: Path) -> Path:
    [found] = artefacts.glob("*.whl")
    return found


Offline = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def offline(tool: Callable[[str], str]) -> Offline:
    """Run a program in a network of its own, in which there is nobody else."""
    alone = [tool("unshare"), "--net"]
    if os.geteuid() != 0:
        alone.append("--map-current-user")

    def run(
        command: Sequence[str | Path], env: Mapping[str, str], status: int | None = 0
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [*alone, *command],
            env={"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8", **env},
            capture_output=True,
            text=True,
            timeout=MINUTES,
            check=False,
        )
        assert status is None or done.returncode == status, done
        return done

    return run


@pytest.fixture(scope="session")
def rival(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a wheel of another distribution that has a `core` and a `tui`, too."""
    path = tmp_path_factory.mktemp("rival") / "rival-1.0-py3-none-any.whl"
    info = "rival-1.0.dist-info"
    files = {
        "core/__init__.py": 'raise RuntimeError("the rival was imported")\n',
        "tui/__init__.py": 'raise RuntimeError("the rival was imported")\n',
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: rival\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\n"
        "Tag: py3-none-any\n",
    }
    record = "".join(f"{name},,\n" for name in [*files, f"{info}/RECORD"])
    with ZipFile(path, "w") as packed:
        for name, text in {**files, f"{info}/RECORD": record}.items():
            packed.writestr(name, text)
    return path


@pytest.fixture(scope="session")
def foreign_path(rival: Path) -> Path:
    """Return a folder for PYTHONPATH, in which there are a `core` and a `tui`."""
    folder = rival.parent / "path"
    with ZipFile(rival) as packed:
        packed.extractall(folder)  # noqa: S202 - it was made above
    return folder


class Place:
    """Where a way to install put the program, in a home of its own, before its first start."""

    def __init__(self, home: Path, program: Path, python: Path) -> None:
        self.home = home
        self.program = program
        self.python = python
        [package] = python.parents[1].glob("lib/python3.*/site-packages/keypairs")
        self.not_compiled = {
            path.relative_to(package)
            for path in package.rglob("*.py")
            if not [*path.parent.glob(f"__pycache__/{path.stem}.*.pyc")]
        }
        """The modules of the program whose byte code the first start would have to make."""


Way = Callable[[Path], Place]


@pytest.fixture(scope="session")
def ways(archive: Path, offline: Offline, rival: Path) -> Mapping[str, Way]:
    """Return the ways in that the README names, each a function of an empty home."""
    wheels = archive / "wheels"
    here = Path(sys.executable).parent

    def install_sh(home: Path) -> Place:
        offline(["sh", archive / "install.sh", "--python", sys.executable], {"HOME": str(home)})
        program = home / ".local" / "bin" / "keypairs"
        return Place(home, program, program.resolve().with_name("python"))

    def pip(home: Path) -> Place:
        venv.create(home / "env", with_pip=True)
        python = home / "env" / "bin" / "python"
        find = ["--no-index", "--find-links", wheels]
        install = [python, "-m", "pip", "--isolated", "install", "-q"]
        offline([*install, *find, "keypairs"], {"HOME": str(home)})
        # After ours: what it has of the same names would go over it.
        offline([*install, "--no-index", rival], {"HOME": str(home)})
        offline([python, "-m", "pip", "check"], {"HOME": str(home)})
        return Place(home, home / "env" / "bin" / "keypairs", python)

    def pipx(home: Path) -> Place:
        env = {"HOME": str(home), "PIPX_DEFAULT_PYTHON": sys.executable}
        # For pipx that has uv do the work, which compiles only what it is told to.
        env["UV_COMPILE_BYTECODE"] = "1"
        find = f"--no-index --find-links {wheels}"
        offline([here / "pipx", "install", f"--pip-args={find}", "keypairs"], env)
        program = home / ".local" / "bin" / "keypairs"
        return Place(home, program, program.resolve().with_name("python"))

    def uv(home: Path) -> Place:
        find = ["--offline", "--no-index", "--find-links", wheels]
        command = [here / "uv", "tool", "install", "--compile-bytecode", "--python", sys.executable]
        offline([*command, *find, "keypairs"], {"HOME": str(home)})
        program = home / ".local" / "bin" / "keypairs"
        return Place(home, program, program.resolve().with_name("python"))

    return {"install.sh": install_sh, "pip": pip, "pipx": pipx, "uv": uv}


@pytest.fixture(scope="session", params=["install.sh", "pip", "pipx", "uv"])
def place(
    request: pytest.FixtureRequest,
    ways: Mapping[str, Way],
    tmp_path_factory: pytest.TempPathFactory,
) -> Place:
    """Return the program, installed in each way without a network."""
    return ways[request.param](tmp_path_factory.mktemp("home"))
