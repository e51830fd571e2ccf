"""The house keeps its order: who may import whom, and how large a room or a class may be."""

import ast
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]

# The limits ------------------------------------------------------------------------------------

MOST_MODULES = 14
"""The most modules that a folder may hold, its `__init__` counted."""

MOST_METHODS = 30
"""The most methods of a class: private ones and those inherited from ours counted."""

MOST_IMPORTS_IN_FUNCTIONS = 60


class Door(NamedTuple):
    """A class of imports that stand in functions: what is imported, and why not at the top."""

    why: str
    imported: tuple[str, ...]
    by: tuple[str, ...] = ("",)


DOORS: Mapping[str, Door] = {
    "keys": Door(
        "cryptography and bcrypt take some 70 ms, which looking at key pairs never needs",
        (
            "bcrypt",
            "core.checks.check_up",
            "core.checks.look_up",
            "core.custody.proof",
            "core.keys",
            "core.local.new_pairs",
            "cryptography",
            "zxcvbn",
        ),
    ),
    "the store": Door(
        "it is opened after the first frame, and TinyDB is for changes alone",
        ("core.store.region_store", "core.store.transaction"),
    ),
    "the policy": Door("most sessions have none", ("core.ec2.policy",)),
    "what a list without a filter does not need": Door(
        "the first frame is one", ("core.ec2.filters", "core.query")
    ),
    "the system": Door(
        "they are for one question each, which not every start asks",
        (
            "ctypes",
            "platformdirs",
            "tomllib",
        ),
    ),
    "screens": Door(
        "the first screen is there before those that its keys open, and what they say",
        (
            "core.custody",
            "rich",
            "textual.theme",
            "tui.actions",
            "tui.screens",
            "tui.terminal",
            "tui.words",
        ),
        ("tui.app", "tui.environment", "tui.screens", "tui.terminal", "tui.words", "tui.work"),
    ),
    "a verb that reads": Door(
        "it takes no longer than argparse and json, so what it may never need waits",
        ("difflib", "hashlib"),
        ("core.ec2.regions", "core.store.region_format"),
    ),
    "EC2": Door(
        "botocore is imported in a thread, and only where EC2 was chosen",
        ("botocore", "core.aws", "core.model", "difflib"),
        ("core.aws", "core.settings"),
    ),
    "the command line": Door(
        "--help, a command and the app each load only what is theirs",
        (
            "asyncio",
            "contextlib",
            "core",
            "difflib",
            "importlib.metadata",
            "io",
            "jmespath",
            "orjson",
            "shlex",
            "stat",
            "tui",
        ),
        ("tui.__main__", "tui.commands", "tui.environment", "tui.start"),
    ),
}
"""Why an import may stand in a function. What is not among these stands at the top."""


class Excess(NamedTuple):
    """What is still over a limit, and is to go; never to grow, and to be lowered as it goes."""

    methods: Mapping[str, int]
    modules: Mapping[str, int]
    names: frozenset[str]
    cycles: frozenset[frozenset[str]]


EXCESS = Excess(
    methods={},
    modules={},
    names=frozenset(),
    cycles=frozenset(),
)

BORDERS: Mapping[str, tuple[str, ...]] = {
    "core": ("asyncio", "rich", "textual", "tui"),
    "core.ec2": ("core.aws", "core.local", "core.session", "core.store"),
    "core.keys": ("core.aws", "core.local", "core.session", "core.store"),
    "core.disk": ("core.aws", "core.local", "core.session", "core.store"),
    "core.store": ("core.aws", "core.custody", "core.checks", "core.local", "core.session"),
    "core.local": ("core.aws", "core.custody", "core.checks"),
    "tui": ("botocore", "cryptography", "tinydb"),
    "tui.commands": ("textual",),
    "tui.widgets": ("tui.app", "tui.screens"),
}
"""What a room never imports, in whatever way."""

ONLY: Mapping[str, str] = {"botocore": "core.aws"}
"""What one room alone imports."""

# The source ------------------------------------------------------------------------------------


class When(Enum):
    """When an import is done."""

    AT_THE_TOP = "at the top"
    IN_A_FUNCTION = "in a function"
    FOR_TYPES = "for types"


class Import(NamedTuple):
    """An import statement's name, which may be a module or a name in one."""

    by: str
    name: str
    when: When
    line: int


@cache
def modules() -> Mapping[str, ast.Module]:
    """Return every module of core and tui, parsed, by its name."""
    found = {}
    for room in ("core", "tui"):
        for path in sorted((ROOT / room).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            found[name] = ast.parse(path.read_bytes(), str(path))
    assert len(found) > 150
    return found


def imports_in(by: str, tree: ast.AST, when: When = When.AT_THE_TOP) -> Iterator[Import]:
    for node in ast.iter_child_nodes(tree):
        match node:
            case ast.Import():
                yield from (Import(by, alias.name, when, node.lineno) for alias in node.names)
            case ast.ImportFrom():
                assert node.level == 0, f"{by}:{node.lineno}: a relative import"
                names = (f"{node.module}.{alias.name}" for alias in node.names)
                yield from (Import(by, name, when, node.lineno) for name in names)
            case ast.If() if ast.unparse(node.test) == "TYPE_CHECKING":
                yield from imports_in(by, node, When.FOR_TYPES)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                yield from imports_in(by, node, When.IN_A_FUNCTION)
            case _:
                yield from imports_in(by, node, when)


@cache
def imports() -> Sequence[Import]:
    return [each for name, tree in modules().items() for each in imports_in(name, tree)]


def module_of(name: str) -> str | None:
    """Return the module of ours that an imported name is, or stands in."""
    if name in modules():
        return name
    parent = name.rpartition(".")[0]
    return parent if parent in modules() else None


def reaches(name: str, rooms: Sequence[str]) -> bool:
    return any(not room or name == room or name.startswith(f"{room}.") for room in rooms)


def graph(*whens: When) -> dict[str, set[str]]:
    edges: dict[str, set[str]] = defaultdict(set)
    for each in imports():
        to = module_of(each.name)
        if each.when in whens and to is not None and to != each.by:
            edges[each.by].add(to)
    return edges


def cycles(edges: Mapping[str, set[str]]) -> frozenset[frozenset[str]]:
    """Return the sets of modules that reach each other."""

    def reached(start: str) -> set[str]:
        seen: set[str] = set()
        pending = [start]
        while pending:
            for to in edges.get(pending.pop(), ()):
                if to not in seen:
                    seen.add(to)
                    pending.append(to)
        return seen

    all_reached = {module: reached(module) for module in edges}
    return frozenset(
        frozenset(other for other in found if module in all_reached.get(other, ()))
        for module, found in all_reached.items()
        if module in found
    )


# The tests -------------------------------------------------------------------------------------


@pytest.mark.long
def test_the_search_sees_every_import_and_every_cycle() -> None:
    source = (
        "import a.b\n"
        "class C:\n    def f(self):\n        if self:\n            from c import d as e, x\n"
        "if TYPE_CHECKING:\n    from g.h import i\n"
        "try:\n    import j\nexcept ImportError:\n    pass\n"
    )
    found = [(each.name, each.when) for each in imports_in("m", ast.parse(source))]
    assert found == [
        ("a.b", When.AT_THE_TOP),
        ("c.d", When.IN_A_FUNCTION),
        ("c.x", When.IN_A_FUNCTION),
        ("g.h.i", When.FOR_TYPES),
        ("j", When.AT_THE_TOP),
    ]
    edges = {"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "d": {"e"}}
    assert cycles(edges) == {frozenset({"b", "c"})}
    assert module_of("core.ec2.regions.region") == "core.ec2.regions"
    assert not reaches("tinydbx", ("tinydb",))


@pytest.mark.long
@pytest.mark.parametrize(
    "whens",
    [
        (When.AT_THE_TOP,),
        (When.AT_THE_TOP, When.IN_A_FUNCTION),
        (When.AT_THE_TOP, When.IN_A_FUNCTION, When.FOR_TYPES),
    ],
    ids=["top", "lazy", "typing"],
)
def test_no_module_leads_back_to_itself(whens: tuple[When, ...]) -> None:
    known = EXCESS.cycles if When.FOR_TYPES in whens else frozenset()
    assert cycles(graph(*whens)) <= known


def test_no_room_imports_what_it_may_not() -> None:
    crossings = [
        f"{each.by}:{each.line} imports {each.name}"
        for each in imports()
        for room, forbidden in BORDERS.items()
        if reaches(each.by, (room,)) and reaches(each.name, forbidden)
    ]
    crossings += [
        f"{each.by}:{each.line} imports {each.name}"
        for each in imports()
        for name, room in ONLY.items()
        if reaches(each.name, (name,)) and not reaches(each.by, (room,))
    ]
    assert crossings == []


def test_the_app_imports_the_first_screen_alone() -> None:
    screens = {module_of(e.name) for e in imports() if e.by == "tui.app"} - {None}
    found = {name for name in screens if name and reaches(name, ("tui.screens",))}
    # The registry of the others, which loads each when it is asked for, and the base of all.
    assert found == {"tui.screens.list.key_pair_list", "tui.screens", "tui.screens.placed_screen"}


def in_functions() -> list[Import]:
    """Return the first name of each import statement that stands in a function."""
    statements = {(e.by, e.line): e for e in reversed(imports()) if e.when is When.IN_A_FUNCTION}
    return [*statements.values()]


def test_an_import_in_a_function_has_a_reason() -> None:
    without = [
        f"{each.by}:{each.line} imports {each.name}"
        for each in in_functions()
        if not any(
            reaches(each.name, door.imported) and reaches(each.by, door.by)
            for door in DOORS.values()
        )
    ]
    assert without == []


def test_few_imports_stand_in_functions() -> None:
    assert len(in_functions()) <= MOST_IMPORTS_IN_FUNCTIONS


def test_no_folder_is_a_heap() -> None:
    counts: Counter[str] = Counter()
    for room in ("core", "tui"):
        counts.update(str(p.parent.relative_to(ROOT)) for p in (ROOT / room).rglob("*.py"))
    assert counts["core/store"] > 5
    heaps = {name: n for name, n in counts.items() if n > EXCESS.modules.get(name, MOST_MODULES)}
    assert heaps == {}


def classes() -> Iterator[tuple[str, ast.ClassDef]]:
    for module, tree in modules().items():
        for node in tree.body:
            if isinstance(node, ast.ClassDef):
                yield module, node


def test_no_class_is_a_heap() -> None:
    bodies = {node.name: node for _, node in classes()}

    def methods(name: str) -> set[str]:
        if name not in bodies:
            return set()
        node = bodies[name]
        own = {n.name for n in node.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)}
        bases = (ast.unparse(base).partition("[")[0] for base in node.bases)
        return own.union(*map(methods, bases))

    sizes = {name: len(methods(name)) for name in bodies}
    assert sizes["LocalBackend"] > 10
    heaps = {name: n for name, n in sizes.items() if n > EXCESS.methods.get(name, MOST_METHODS)}
    assert heaps == {}


def test_no_two_public_classes_share_a_name() -> None:
    counts = Counter(node.name for _, node in classes() if not node.name.startswith("_"))
    assert {name for name, n in counts.items() if n > 1} - EXCESS.names == set()


def test_every_module_says_what_it_does() -> None:
    silent = [name for name, tree in modules().items() if not ast.get_docstring(tree)]
    assert silent == []


def test_what_is_loaded_ahead_is_there_and_stands_in_one_list() -> None:
    from tui.work import preload

    assert {*preload.FOR_A_CHANGE} < {*preload.FOR_A_KEY} < {*preload.FOR_A_PRIVATE_KEY}
    ours = {name for name in preload.FOR_A_PRIVATE_KEY if reaches(name, ("core", "tui"))}
    assert ours - modules().keys() == set()
    preload.load(preload.FOR_A_PRIVATE_KEY)
