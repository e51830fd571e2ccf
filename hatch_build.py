"""Builds a wheel that holds one package: `keypairs.core` and `keypairs.tui`.

In the repository, in an editable install and in the tests the packages are `core` and `tui`. Both
names are anybody's: a second distribution with a `core` would overwrite ours, and a `core` on
PYTHONPATH would hide it. So the wheel gets copies in which every import is rewritten.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PACKAGE = "keypairs"
ROOMS = ("core", "tui")

_INIT = '"""Creates and keeps SSH key pairs as Amazon EC2 does: `keypairs.core.client.Client`."""\n'
_SHARED = {
    "keypairs.1": "share/man/man1/keypairs.1",
    "keypairs.bash": "share/bash-completion/completions/keypairs",
    "_keypairs": "share/zsh/site-functions/_keypairs",
    "keypairs.fish": "share/fish/vendor_completions.d/keypairs.fish",
}
"""What else a wheel brings, and where below the prefix man and the shells look for it."""

_STATEMENT = re.compile(r"\b(?:from|import)\s+(?:core|tui)\b")
_MODULE = re.compile(r"""r?(["'])(?P<name>(?:core|tui)(?:\.\w+)+)\1""")
_ROOT = Path(__file__).parent


def rewritten(source: str) -> str:
    """Return the source of a module with the names of our modules as names below `keypairs`.

    These are the names that statements import from, and the texts that are the whole name of a
    module, as of those that are loaded ahead by `import_module`.

    Raises:
        ValueError: there is something that would still mean `core` or `tui`; the message says what
            and in which line.
    """
    wrong = list(problems(source))
    if wrong:
        raise ValueError("; ".join(wrong))
    lines = io.StringIO(source).readlines()  # as tokenize splits them
    # From the end, so that no place moves before it was used.
    for line, column in sorted(_places(source), reverse=True):
        text = lines[line - 1]
        lines[line - 1] = f"{text[:column]}{PACKAGE}.{text[column:]}"
    return "".join(lines)


def problems(source: str) -> Iterator[str]:
    """Yield what in a module cannot be rewritten, each with its line.

    `import core.x` binds a name that the rest of the module uses, and a text that holds a statement
    may be run anywhere. Import by `from core.x import y`.
    """
    tree = ast.parse(source)
    docstrings = {id(node) for node in _docstrings(tree)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                if name.name.partition(".")[0] in ROOMS:
                    yield f"line {node.lineno}: import {name.name}: use from ... import ..."
        elif isinstance(node, ast.Constant) and id(node) not in docstrings:
            if isinstance(node.value, str) and _STATEMENT.search(node.value):
                yield f"line {node.lineno}: {node.value!r} imports in a text"
        elif isinstance(node, ast.JoinedStr):
            first = node.values[0] if node.values else None
            text = first.value if isinstance(first, ast.Constant) else None
            if isinstance(text, str) and text.startswith(tuple(f"{room}." for room in ROOMS)):
                yield f"line {node.lineno}: {text!r} begins the name of a module in a text"


def _docstrings(tree: ast.Module) -> Iterator[ast.Constant]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value


def _places(source: str) -> Iterator[tuple[int, int]]:
    """Yield line and column of each name of a module of ours that is to be rewritten."""
    before = None
    start = True
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type in (tokenize.COMMENT, tokenize.NL):
            continue
        if before == "from" and token.type == tokenize.NAME and token.string in ROOMS:
            yield token.start
        if token.type == tokenize.STRING:
            text = _MODULE.fullmatch(token.string)
            if text and _is_module(text["name"]):
                line, column = token.start
                yield line, column + text.start("name")
        # A `from` that begins a statement, and not the one of `yield from` or `raise ... from`.
        before = token.string if start else None
        start = token.type in (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT) or (
            token.string in (";", ":")
        )


def _is_module(name: str) -> bool:
    path = _ROOT / name.replace(".", "/")
    return path.with_suffix(".py").is_file() or path.is_dir()


class OnePackage(BuildHookInterface):  # type: ignore[type-arg]  # its configuration is its own
    """The hook that hatchling calls, with "standard" or "editable" for the kind of wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Lay the files of the wheel out in a folder of their own, and the command in them."""
        if version == "editable":
            return
        self._folder = Path(mkdtemp(prefix=f"{PACKAGE}-wheel-"))
        target = self._folder / PACKAGE
        for file in self._sources():
            copy = target / file.relative_to(self.root)
            copy.parent.mkdir(parents=True, exist_ok=True)
            if file.suffix == ".py":
                try:
                    copy.write_text(rewritten(file.read_text("utf-8")), "utf-8")
                except ValueError as error:
                    raise ValueError(f"{file}: {error}") from None
            else:
                copy.write_bytes(file.read_bytes())
        (target / "__init__.py").write_text(_INIT)
        (target / "py.typed").touch()
        build_data["force_include"][str(target)] = PACKAGE
        generated = Path(self.root) / "tui" / "commands" / "generated"
        for name, place in _SHARED.items():
            build_data["shared_data"][str(generated / name)] = place
        scripts = self.metadata.core.scripts
        scripts.update({name: f"{PACKAGE}.{place}" for name, place in scripts.items()})

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Take the folder away."""
        if version != "editable":
            from shutil import rmtree

            rmtree(self._folder)

    def _sources(self) -> Iterator[Path]:
        for room in ROOMS:
            for file in sorted((Path(self.root) / room).rglob("*")):
                if file.is_file() and "__pycache__" not in file.parts:
                    yield file
