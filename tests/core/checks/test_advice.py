"""Every advice with a command in it, run on a real file of the kind that it is given for."""

import os
import re
import shlex
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.checks.look_up import Finder
from core.keys.public_key import PublicKey
from core.keys.reading import import_material, key_file
from tests.core.checks import key_files
from tests.core.checks.key_files import PASSPHRASE, Workshop
from tests.helpers import SECONDS, Run

_TOOLS = r"(?:openssl|puttygen|ssh-keygen|dropbearconvert|\(umask)"


@pytest.fixture(scope="module")
def workshop(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """Return the place where the files are made."""
    return Workshop(tmp_path_factory.mktemp("workshop"), run)


def answered(command: str) -> str:
    """Return a command with the passphrases that a person would be asked for."""
    secret = f"pass:{PASSPHRASE}"
    given = {
        "openssl pkcs12": f" -passout {shlex.quote(secret)}"
        + (" -passin pass:x" if "-passin" not in command else ""),
        "openssl pkey": f" -passin pass:secret -passout {shlex.quote(secret)}",
        "(umask 077 && keytool": " -srcstorepass secret -deststorepass secret -noprompt",
    }
    for tool, options in given.items():
        if command.startswith(tool):
            return f"{command.removesuffix(')')}{options}{')' * command.endswith(')')}"
    if command.startswith("ssh-keygen -p"):
        return f"{command} -P {shlex.quote(PASSPHRASE)} -N {shlex.quote(PASSPHRASE)}"
    if command.startswith("puttygen"):
        new = " --new-passphrase secret" if " -P " in command else ""
        return f"{command} --old-passphrase secret{new}"
    return command


def ran(command: str, folder: Path) -> subprocess.CompletedProcess[bytes]:
    environment = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(folder), "LC_ALL": "C"}
    return subprocess.run(
        ["sh", "-c", f"umask 022; {command}"],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=SECONDS * 3,
        check=False,
    )


def commands_in(note: str) -> list[str]:
    return re.findall(rf"{_TOOLS}.*?(?=; |, so |$)", note)


def still_wrong(folder: Path, command: str) -> str:
    """Run a command on FILE, and return what is wrong with what came of it."""
    done = ran(answered(command), folder)
    if done.returncode != 0:
        return f"{command}: {done.stderr.decode()[-300:]}"
    new = folder / "NEW"
    if not new.exists():
        new = folder / "FILE"
    keys = key_file.read(new.read_bytes())
    if not keys:
        return f"{command}: there is no key in what came of it"
    if any(key.is_private for key in keys) and new.stat().st_mode & 0o077:
        return f"{command}: others can read the private key"
    # What comes out of these is a file of another kind, with an advice of its own.
    if "keytool" in command or "pkcs7" in command:
        return still_wrong_after(folder, new)
    (found,) = Finder([]).look(str(new))
    if found.standing.value not in ("unknown", "needs-passphrase") and "ECDSA" not in found.note:
        return f"{command}: {found.standing} {found.note}"
    return ""


def still_wrong_after(folder: Path, new: Path) -> str:
    (found,) = Finder([]).look(str(new))
    (command,) = commands_in(found.note)
    new.rename(folder / "FILE")
    return still_wrong(folder, command.replace("-nocerts", "-passin pass:secret -nocerts"))


@pytest.mark.long
@pytest.mark.parametrize("kind", [key_files.containers, key_files.locked, key_files.shapes])
def test_every_command_that_is_named_converts_its_file(
    kind: Callable[[Workshop], Iterator[tuple[str, bytes | str, object]]],
    workshop: Workshop,
    tmp_path: Path,
) -> None:
    wrong, seen = [], set()
    for number, (name, data, _) in enumerate(kind(workshop)):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "secret").write_text(PASSPHRASE)
        file = folder / "FILE"
        file.write_bytes(data.encode() if isinstance(data, str) else data)
        file.chmod(0o600)
        for found in Finder([]).look(str(file)):
            for command in commands_in(found.note):
                seen.add(command.split()[0])
                if "PPK, Argon2" in name:
                    continue  # four gigabytes of memory are not tried here either
                if problem := still_wrong(folder, command):
                    wrong.append((name, problem))
    assert not wrong, wrong
    assert seen


@pytest.mark.long
def test_the_way_out_of_limits_works(workshop: Workshop, tmp_path: Path) -> None:
    """Check the advice for PPKs and OpenSSH files that cost too much on ones that cost little."""
    (tmp_path / "FILE").write_bytes(workshop.ppk("rsa", "version=3,passes=1", encrypted=True))
    (tmp_path / "secret").write_text(PASSPHRASE)
    from core.keys.encoding import argon2

    advice = argon2.obstacle(argon2.Parameters("Argon2id", 2**31, 1, 1, b"x" * 8))
    (command,) = commands_in(advice)
    assert still_wrong(tmp_path, command) == ""
    ed = tmp_path / "FILE"
    ed.write_bytes(workshop.rewritten("ed", "-N", PASSPHRASE, "-a", "1"))
    ed.chmod(0o600)
    (tmp_path / "NEW").unlink()
    assert still_wrong(tmp_path, "ssh-keygen -p -a 16 -f FILE") == ""


@pytest.mark.long
def test_what_an_import_is_told_to_give_is_taken(workshop: Workshop, tmp_path: Path) -> None:
    rsa, ed = workshop.line("rsa"), workshop.line("ed")
    each = workshop
    ed_pem = each.openssl("genpkey", "-algorithm", "ed25519")
    each.keep("new.p8", ed_pem)
    each.run("dropbearconvert", "openssh", "dropbear", each.path("ed"), each.path("dropbear"))
    each.keep("c.pem", each.x509("rsa.pem"))
    spki = ["-pubout", "-in"]
    request = ["req", "-new", "-subj", "/CN=x", "-key"]
    pkcs1 = each.run("ssh-keygen", "-e", "-m", "PEM", "-f", each.path("rsa.pub")).stdout
    der = each.openssl("pkey", "-in", each.path("rsa.pem"), "-outform", "DER")
    files: dict[str, tuple[bytes, str | None]] = {
        "PKCS#1": (each.data("rsa.pem"), rsa),
        "PKCS#8 of RSA": (each.data("rsa.p8"), rsa),
        "PKCS#8 of ED25519": (ed_pem, None),
        "OpenSSH": (each.data("ed"), ed),
        "PPK 2": (each.ppk("rsa", "version=2"), rsa),
        "PPK 3": (each.ppk("ed", "version=3"), ed),
        "ssh.com": (each.puttygen("rsa", "-O", "private-sshcom"), rsa),
        "Dropbear": (each.data("dropbear"), ed),
        "DER": (der, rsa),
        "X.509 of RSA": (each.x509("rsa.pem"), rsa),
        "X.509 of ED25519": (each.x509("new.p8"), None),
        "a request": (each.openssl(*request, each.path("rsa.pem")), rsa),
        "public PEM of RSA": (each.openssl("pkey", *spki, each.path("rsa.pem")), rsa),
        "public PEM of ED25519": (each.openssl("pkey", *spki, each.path("new.p8")), None),
        "public PEM of PKCS#1": (pkcs1, rsa),
    }
    wrong = []
    for number, (name, (data, line)) in enumerate(files.items()):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "FILE").write_bytes(data)
        (folder / "FILE").chmod(0o600)
        reason = import_material.why_not_taken(data)
        quoted = re.findall(
            r"'((?:echo|openssl|puttygen|ssh-keygen|dropbearkey) .*?)'(?= prints|\.)", reason
        )
        if not quoted:
            wrong.append((name, reason))
            continue
        *first, last = reversed(quoted) if "after" in reason else quoted
        for command in first:
            assert ran(command, folder).returncode == 0, (name, command)
        out = ran(last, folder)
        lines = [row for row in out.stdout.decode().splitlines() if row.startswith("ssh-")]
        try:
            key = import_material.read_public_key_material(lines[0])
        except (IndexError, ValueError) as error:
            wrong.append((name, f"{last}: {error} {out.stderr.decode()[-200:]}"))
            continue
        if line is not None and key.line != line:
            wrong.append((name, f"{last}: another key"))
        assert PublicKey.from_line(key.line)
    assert wrong == []
