"""What is handed out at a release: the same bytes every time, and nothing that is not ours."""

import filecmp
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.installed.conftest import MINUTES, ROOT

pytestmark = pytest.mark.installed


def test_a_second_build_gives_the_same_bytes(artefacts: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "release", "--output", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, timeout=2 * MINUTES)
    sums = (tmp_path / "SHA256SUMS").read_text()
    assert sums == (artefacts / "SHA256SUMS").read_text()
    check = ["sha256sum", "--check", "--strict", "SHA256SUMS"]
    done = subprocess.run(check, cwd=artefacts, capture_output=True, text=True, check=True)
    assert done.stdout.count(": OK") == 6
    assert {path.name for path in artefacts.iterdir()} == {
        "SHA256SUMS",
        *(line.split()[1] for line in sums.splitlines()),
    }


def test_the_wheel_holds_one_package(wheel: Path) -> None:
    names = ZipFile(wheel).namelist()
    version = wheel.name.split("-")[1]
    tops = {name.split("/")[0] for name in names}
    assert tops - {f"keypairs-{version}.data"} == {"keypairs", f"keypairs-{version}.dist-info"}
    assert {name.split("/")[1] for name in names if name.startswith("keypairs/")} == {
        *("__init__.py", "py.typed", "core", "tui")
    }
    # Every file of the two rooms is there.
    for room in ("core", "tui"):
        for path in (ROOT / room).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                assert f"keypairs/{path.relative_to(ROOT)}" in names


def test_a_wheel_from_the_checkout_is_that_from_the_sdist(wheel: Path, tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "build",
        "--no-isolation",
        "--wheel",
        "--outdir",
        str(tmp_path),
    ]
    subprocess.run([*command, str(ROOT)], check=True, capture_output=True, timeout=MINUTES)
    made = tmp_path / wheel.name
    assert _digests(made) == _digests(wheel)  # says which file differs
    assert filecmp.cmp(made, wheel, shallow=False)


def _digests(wheel: Path) -> dict[str, str]:
    with ZipFile(wheel) as packed:
        return {name: sha256(packed.read(name)).hexdigest() for name in packed.namelist()}


def test_an_index_would_take_them(artefacts: Path, wheel: Path) -> None:
    [sdist] = [path for path in artefacts.glob("keypairs-*.tar.gz") if "linux" not in path.name]
    command = [sys.executable, "-m", "twine", "check", "--strict", str(wheel), str(sdist)]
    subprocess.run(command, check=True, timeout=MINUTES)


def test_there_is_nothing_odd_in_the_wheel(wheel: Path) -> None:
    lint = Path(sys.executable).with_name("check-wheel-contents")
    done = subprocess.run([lint, wheel], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_archive_with_the_extra_has_botocore_and_the_other_has_not(artefacts: Path) -> None:
    for packed in artefacts.glob("*-linux-*.tar.gz"):
        listed = subprocess.run(["tar", "-tzf", packed], capture_output=True, text=True, check=True)
        assert ("/wheels/botocore-" in listed.stdout) == packed.name.startswith("keypairs-ec2-")
