"""Tells what the running program is made of, and where it was installed from."""

import json
import platform
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path
from urllib.parse import unquote, urlsplit

from cryptography.hazmat.bindings._rust import openssl


def program_version() -> str:
    """Return the version of the program, as its metadata has it."""
    return version("keypairs")


def components() -> dict[str, str]:
    """Return the versions that a report of a fault should name, and where the program is.

    OpenSSL is the one that makes the keys: cryptography brings its own, which is not Python's.
    """
    return {
        "Python": f"{platform.python_version()} ({platform.python_implementation()})",
        "Textual": version("textual"),
        "OpenSSL": openssl.openssl_version_text().removeprefix("OpenSSL "),
        "EC2": _botocore(),
        "installed": _place(),
    }


def _botocore() -> str:
    try:
        return f"botocore {version('botocore')}"
    except PackageNotFoundError:
        return "not installed (the extra ec2)"


def _place() -> str:
    """Return the folder of the program, and what it was installed from where pip has noted that.

    The note is that of PEP 610: there is one for a folder or an archive, and none for an index.
    """
    place = str(Path(__file__).parents[1])
    note = distribution("keypairs").read_text("direct_url.json")
    if note is None:
        return place
    source = json.loads(note)
    url = source.get("url", "")
    origin = unquote(urlsplit(url).path) if url.startswith("file:") else url
    if source.get("dir_info", {}).get("editable"):
        return f"{place} (editable)"
    return f"{place}, from {origin}"
