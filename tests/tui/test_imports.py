import ast
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

STORE_AND_KEYS = {"bcrypt", "cryptography", "orjson", "tinydb"}
"""What the core alone may use, and only when it is needed."""

NOT_FOR_THE_SCREENS = {
    "core.keys.convert",
    "core.keys.encoding",
    "core.keys.keygen",
    "core.keys.openssh",
    "core.keys.pem",
    "core.keys.pkcs8",
    "core.keys.ppk",
    "core.keys.public_key",
    "core.keys.reading",
    "core.store.region_store",
    "core.store.transaction",
}
"""The parts of the core that make keys and keep records, for which a start has no time."""


def sources(folder: str) -> Sequence[Path]:
    found = sorted((ROOT / folder).rglob("*.py"))
    assert found
    return found


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> Iterator[str]:
    """Yield what a file imports anywhere in it; `from a import b` gives both `a` and `a.b`."""
    for node in ast.walk(ast.parse(path.read_bytes(), str(path))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: a relative import"
            assert node.module is not None
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def reaches(module: str, forbidden: set[str]) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in forbidden)


def crossings(folder: str, forbidden: set[str]) -> Sequence[tuple[str, str]]:
    return [
        (str(path.relative_to(ROOT)), module)
        for path in sources(folder)
        for module in imports(path)
        if reaches(module, forbidden)
    ]


def loaded_after(code: str) -> set[str]:
    """Return the modules that a fresh interpreter has loaded after it ran some code."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport json, sys\nprint(json.dumps([*sys.modules]))"],
        capture_output=True,
        timeout=60,
        check=True,
        cwd=ROOT,
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


def loaded_of(forbidden: set[str], code: str) -> set[str]:
    return {module for module in loaded_after(code) if reaches(module, forbidden)}


def test_the_search_sees_every_form_of_import(tmp_path: Path) -> None:
    path = tmp_path / "sample.py"
    path.write_text(
        "import a.b\ndef f():\n    from c import d as e\nif TYPE_CHECKING:\n    from g.h import i\n"
    )
    assert set(imports(path)) == {"a.b", "c", "c.d", "g.h", "g.h.i"}
    assert reaches("tinydb.storages", {"tinydb"})
    assert not reaches("tinydbx", {"tinydb"})


@pytest.mark.long
def test_the_core_never_names_a_terminal_library() -> None:
    assert crossings("core", {"tui", "textual", "rich"}) == []


@pytest.mark.long
def test_the_whole_core_loads_without_a_terminal_library() -> None:
    modules = [module_of(path) for path in sources("core")]
    loaded = loaded_after(f"import {', '.join(modules)}")
    assert set(modules) <= loaded
    assert {module for module in loaded if reaches(module, {"tui", "textual", "rich"})} == set()


@pytest.mark.long
def test_the_core_has_no_event_loop_of_its_own() -> None:
    assert crossings("core", {"asyncio"}) == []


@pytest.mark.long
def test_the_screens_never_name_the_libraries_of_the_store_and_of_keys() -> None:
    assert crossings("tui", STORE_AND_KEYS | {"botocore"}) == []


def test_widgets_do_not_import_screens() -> None:
    assert crossings("tui/widgets", {"tui.screens", "tui.app"}) == []


@pytest.mark.long
def test_the_app_imports_only_the_first_screen() -> None:
    screens = {
        module for module in imports(ROOT / "tui/app.py") if reaches(module, {"tui.screens"})
    }
    assert screens == {
        "tui.screens",  # which loads the others when they are asked for
        "tui.screens.placed_screen",
        "tui.screens.placed_screen.PlacedScreen",
        "tui.screens.list.key_pair_list",
        "tui.screens.list.key_pair_list.KeyPairListScreen",
    }
    loaded = loaded_of({"tui.screens"}, "import tui.app")
    assert "tui.screens.list.key_pair_list" in loaded
    assert {module for module in loaded if not reaches(module, {"tui.screens.list"})} == {
        "tui.screens",
        "tui.screens.others_changes",  # no screen: what keeps the first one up to date
        "tui.screens.placed_screen",
    }


@pytest.mark.long
def test_the_app_is_there_before_the_store_and_the_key_library() -> None:
    code = "import tui.app"
    assert "textual.app" in loaded_after(code)
    assert loaded_of(STORE_AND_KEYS | NOT_FOR_THE_SCREENS, code) == set()


@pytest.mark.long
def test_the_app_has_no_tls_until_ec2_is_asked() -> None:
    tls = {"ssl", "_ssl"}
    everything = "import tui.start, tui.app\nfrom tui.work import preload\n"
    everything += "preload.load(preload.FOR_A_PRIVATE_KEY)"
    assert loaded_of(tls, everything) == set()
    assert loaded_of(tls, f"{everything}\nimport ssl") == tls


@pytest.mark.long
def test_the_session_is_there_before_the_store_and_the_key_library() -> None:
    code = "import core.settings, core.session"
    assert "core.session" in loaded_after(code)
    assert loaded_of(STORE_AND_KEYS, code) == set()


def test_the_session_of_ec2_is_there_before_botocore_and_what_reads_keys(tmp_path: Path) -> None:
    """The first frame waits for it, and is not to be later than that of this machine."""
    code = (
        "from core.ec2.place import Ec2Choice\nfrom core.settings import open_session\n"
        f"open_session('us-east-1', {str(tmp_path / 'data')!r}, ec2=Ec2Choice())"
    )
    assert "core.aws.opening" in loaded_after(code)
    assert loaded_of(STORE_AND_KEYS | {"botocore", "core.keys", "urllib3"}, code) == set()


def test_the_store_is_opened_without_the_key_library(tmp_path: Path) -> None:
    code = (
        "from core.settings import open_session\n"
        f"open_session(folder={str(tmp_path / 'data')!r}).backend.describe_key_pairs()"
    )
    loaded = loaded_after(code)
    assert "core.store.region_store" in loaded
    assert {module for module in loaded if reaches(module, {"cryptography"})} == set()


@pytest.mark.long
def test_all_screens_together_load_neither_the_store_nor_the_key_library() -> None:
    modules = [module_of(path) for path in sources("tui/screens")]
    assert loaded_of(STORE_AND_KEYS, f"import {', '.join(modules)}") == set()


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_questions_about_the_program_load_nothing_heavy(option: str) -> None:
    code = (
        "import sys\nfrom tui.__main__ import main\n"
        f"try:\n    main([{option!r}])\nexcept SystemExit as end:\n    assert not end.code"
    )
    heavy = {"textual", "rich", "platformdirs", "asyncio"} | STORE_AND_KEYS
    if option == "--version":
        heavy -= {"cryptography"}  # it says which OpenSSL is in that library
    assert loaded_of(heavy, code) == set()
