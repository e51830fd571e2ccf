"""Makes everything that is handed out at a release: `python -m release`.

Into `dist/` go the sdist, the wheel that is built from it, and for each architecture of Linux two
archives for hosts that reach no index: all wheels that the program needs, with and without the
extra `ec2`, and `install.sh`. SHA256SUMS names them all. Two runs at the same commit give the
same bytes.
"""

import argparse
import gzip
import hashlib
import io
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
ARCHITECTURES = ("x86_64", "aarch64")
PYTHONS = ("3.11", "3.12", "3.13", "3.14")

VARIANTS = {"": "requirements.lock", "-ec2": "requirements-ec2.lock"}
"""What follows the name of an archive, and the lock of what is in it."""

_GLIBC = "2_17"
"""The oldest C library that the wheels of the locks are made for: that of 2012."""

_TIME = 1_580_601_600
"""What all files are dated: 2020-02-02, as hatchling dates those in the wheel."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Make them, say what is being done, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m release", description=__doc__)
    parser.add_argument("--output", type=Path, default=ROOT / "dist", help="dist/ if left out")
    output: Path = parser.parse_args(arguments).output
    output.mkdir(parents=True, exist_ok=True)
    say("Building the sdist, and the wheel from it")
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(output), str(ROOT)]
    subprocess.run(build, check=True, stdout=subprocess.DEVNULL)
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    wheel = output / f"keypairs-{version}-py3-none-any.whl"
    made = [output / f"keypairs-{version}.tar.gz", wheel]
    for architecture in ARCHITECTURES:
        with tempfile.TemporaryDirectory() as folder:
            pythons = [*_download(architecture, Path(folder))]
            for variant, lock in VARIANTS.items():
                name = f"keypairs{variant}-{version}-linux-{architecture}"
                say(f"Packing {name}.tar.gz, for Python {', '.join(pythons)}")
                wheels = [wheel, *_needed(lock, Path(folder))]
                files = {f"wheels/{path.name}": path.read_bytes() for path in wheels}
                files["requirements.txt"] = _requirements(lock, wheel, variant).encode()
                script = (ROOT / "release" / "install.sh").read_text()
                script = script.replace("@VERSION@", version)
                script = script.replace("@ARCHITECTURE@", architecture)
                script = script.replace("@PYTHONS@", " ".join(pythons))
                files["install.sh"] = script.encode()
                files["LICENSE"] = (ROOT / "LICENSE").read_bytes()
                made.append(output / f"{name}.tar.gz")
                made[-1].write_bytes(_archive(name, files))
    sums = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in made]
    (output / "SHA256SUMS").write_text("".join(sorted(sums, key=lambda line: line.split()[1])))
    say(f"All is in {output}")
    return 0


def say(text: str) -> None:
    """Tell the person who waits what is being done."""
    print(text, flush=True)


def _download(architecture: str, folder: Path) -> Iterator[str]:
    """Fetch the wheels of the largest lock, and yield each Python that all of them exist for."""
    say(f"Fetching wheels for {architecture}")
    for python in PYTHONS:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--only-binary", ":all:", "--require-hashes", "--implementation", "cp"]
        command += ["--python-version", python]
        for platform in (f"manylinux_{_GLIBC}", "manylinux2014"):
            command += ["--platform", f"{platform}_{architecture}"]
        for abi in (f"cp{python.replace('.', '')}", "abi3", "none"):
            command += ["--abi", abi]
        command += ["--requirement", str(ROOT / VARIANTS["-ec2"]), "--dest", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            yield python
        elif "No matching distribution" in done.stderr:
            say(f"  none for Python {python}: {done.stderr.strip().splitlines()[-1]}")
        else:
            raise SystemExit(done.stderr)


def _needed(lock: str, folder: Path) -> list[Path]:
    """Return the wheels of what a lock names, for every Python."""
    lines = (ROOT / lock).read_text().splitlines()
    names = {line.partition("==")[0].replace("-", "_").lower() for line in lines if "==" in line}
    found = [path for path in sorted(folder.iterdir()) if path.name.split("-")[0].lower() in names]
    left = names - {path.name.split("-")[0].lower() for path in found}
    if left:
        raise SystemExit(f"There is no wheel of {', '.join(sorted(left))}.")
    return found


def _requirements(lock: str, wheel: Path, variant: str) -> str:
    """Return what `install.sh` asks pip for: the lock, and the program itself by its hash."""
    extra = f"[{variant.removeprefix('-')}]" if variant else ""
    version = wheel.name.split("-")[1]
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    text = (ROOT / lock).read_text()
    return f"{text}keypairs{extra}=={version} \\\n    --hash=sha256:{digest}\n"


def _archive(name: str, files: dict[str, bytes]) -> bytes:
    """Return a tar archive in gzip that depends on nothing but what is in it."""
    packed = io.BytesIO()
    with (
        gzip.GzipFile(filename="", mode="wb", fileobj=packed, mtime=_TIME) as stream,
        tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for path, data in sorted(files.items()):
            entry = tarfile.TarInfo(f"{name}/{path}")
            entry.size = len(data)
            entry.mtime = _TIME
            entry.mode = 0o755 if path.endswith(".sh") else 0o644
            archive.addfile(entry, io.BytesIO(data))
    return packed.getvalue()


if __name__ == "__main__":
    sys.exit(main())
