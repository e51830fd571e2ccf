"""What the hook of the build makes of imports, and that every module is one that it can rewrite."""

from pathlib import Path

import pytest

from hatch_build import problems, rewritten
from tests.each_row import each_row

ROOT = Path(__file__).parents[1]
MODULES = [path for room in ("core", "tui") for path in sorted((ROOT / room).rglob("*.py"))]


@pytest.mark.long
@each_row("path", MODULES, ids=str)
def test_every_import_of_ours_can_be_rewritten(path: Path) -> None:
    assert list(problems(path.read_text())) == []


@pytest.mark.long
@each_row("path", MODULES, ids=str)
def test_a_rewritten_module_is_the_same_but_for_its_imports(path: Path) -> None:
    source = path.read_text()
    again = rewritten(source)
    assert again.replace("keypairs.core", "core").replace("keypairs.tui", "tui") == source


@each_row(
    ("source", "expected"),
    [
        ("from core.model import Tag\n", "from keypairs.core.model import Tag\n"),
        ("from core import errors\n", "from keypairs.core import errors\n"),
        ("if x:\n    from tui.app import (\n        A,\n    )\n", None),
        ("a = 1; from core import b\n", "a = 1; from keypairs.core import b\n"),
        ("if x: from core import b\n", "if x: from keypairs.core import b\n"),
        ("from  core  import b # from core\n", "from  keypairs.core  import b # from core\n"),
        ("try:\n    from core import b\nexcept E as e:\n    raise e from core\n", None),
        ("def f():\n    yield from core\n", "def f():\n    yield from core\n"),
        ("from . import core\n", "from . import core\n"),
        ("from corelib import x\nimport tuition\n", "from corelib import x\nimport tuition\n"),
        ('x = "\u2028"\nfrom core import y\n', 'x = "\u2028"\nfrom keypairs.core import y\n'),
        ('import_module("core.keys")\n', 'import_module("keypairs.core.keys")\n'),
        ("W = ('os', r'tui.app', 'tui.none')\n", "W = ('os', r'keypairs.tui.app', 'tui.none')\n"),
        ('"""Write `from core.client import Client`."""\n', None),
    ],
)
def test_only_imports_of_ours_are_rewritten(source: str, expected: str | None) -> None:
    if expected is None:
        expected = source.replace("    from core import", "    from keypairs.core import")
        expected = expected.replace("    from tui.app", "    from keypairs.tui.app")
    assert rewritten(source) == expected


@each_row(
    ("source", "names"),
    [
        ("import core\n", "import core"),
        ("import os, core.model as m\n", "import core.model"),
        ("def f():\n    import tui.app\n", "import tui.app"),
        ('import_module(f"core.{x}")\n', "'core.'"),
        ('run("from core.client import Client")\n', "from core.client"),
    ],
)
def test_what_cannot_be_rewritten_is_refused_with_its_place(source: str, names: str) -> None:
    with pytest.raises(ValueError, match=f"line [12]: .*{names}"):
        rewritten(source)
