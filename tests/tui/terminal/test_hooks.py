"""Guards every private part of Textual that the terminal's room leans on.

Each fails with a sentence where a new version of Textual has changed it. What would break then is
in the table of `tui.terminal`.
"""

import ast
import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual._styles_cache import StylesCache
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.css.stylesheet import Stylesheet
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Region
from textual.message_pump import MessagePump
from textual.widgets import Input

import tui.terminal
from tui.terminal import unforeseen

FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)
TUI = Path(tui.terminal.__file__).parents[1]


def source_of(function: Callable[..., Any]) -> str:
    return inspect.getsource(function)


def parameters(function: Callable[..., Any]) -> list[str]:
    return list(inspect.signature(function).parameters)


# Each returns what has changed, or nothing.


def dispatching() -> str:
    if parameters(unforeseen.dispatch_of_textual) != ["self", "message"]:
        return "MessagePump._dispatch_message takes something else"
    if "await self._dispatch_message(message)" not in source_of(MessagePump._process_messages_loop):
        return "messages are not handled by MessagePump._dispatch_message any more"
    return ""


def exceptions() -> str:
    if parameters(App._handle_exception) != ["self", "error"]:
        return "App._handle_exception takes something else"
    if "_handle_exception" not in source_of(MessagePump._process_messages_loop):
        return "an error in a handler does not come to App._handle_exception any more"
    return ""


def fatal_errors() -> str:
    if "self._fatal_error()" not in source_of(App._handle_exception):
        return "App._handle_exception reports otherwise than by App._fatal_error"
    return ""


def displaying() -> str:
    source = source_of(App._display)
    if "isinstance(renderable, CompositorUpdate)" not in source:
        return "App._display does not take updates of the compositor any more"
    if "renderable.render_segments(console)" not in source:
        return "App._display renders an update otherwise than by render_segments"
    return ""


def holding_back() -> str:
    if "if self._batch_count:" not in source_of(App._display):
        return "App._display holds updates back otherwise than by _batch_count"
    return ""


def writing() -> str:
    source = source_of(App.copy_to_clipboard)
    if "self._driver.write(" not in source:
        return "App.copy_to_clipboard writes otherwise than by App._driver"
    if "self._clipboard = text" not in source:
        return "App.copy_to_clipboard remembers nothing: the way around it can go"
    return ""


def compositing() -> str:
    chops = ChopsUpdate([{0: None}], [(0, 0, 1)], [[1]])
    layout = LayoutUpdate([], Region(0, 0, 1, 1))
    if not (
        issubclass(ChopsUpdate, CompositorUpdate) and issubclass(LayoutUpdate, CompositorUpdate)
    ):
        return "an update is no CompositorUpdate any more"
    for update, names in ((chops, ("chops", "spans", "chop_ends")), (layout, ("strips", "region"))):
        for name in names:
            if not hasattr(update, name):
                return f"{type(update).__name__} has no {name} any more"
    return ""


def reading() -> str:
    if "self.run_input_thread()" not in source_of(LinuxDriver._run_input_thread):
        return "the input thread does not run LinuxDriver.run_input_thread any more"
    if "XTermParser" not in source_of(LinuxDriver.run_input_thread):
        return "LinuxDriver.run_input_thread reads otherwise: look at what it does, and follow"
    if "self._key_thread.join()" not in source_of(LinuxDriver.disable_input):
        return "LinuxDriver.disable_input does not wait for the input thread any more"
    return ""


def handing_over() -> str:
    if "self.process_message(event)" not in source_of(LinuxDriver.run_input_thread):
        return "events are handed over otherwise than by LinuxDriver.process_message"
    return ""


def application_mode() -> str:
    if "self._run_input_thread" not in source_of(LinuxDriver.start_application_mode):
        return "LinuxDriver.start_application_mode does not start the input thread any more"
    if "?1049l" not in source_of(LinuxDriver.stop_application_mode):
        return "LinuxDriver.stop_application_mode does not leave the other screen any more"
    return ""


def being_continued() -> str:
    if "self.resume_application_mode()" not in source_of(LinuxDriver._sigcont_application):
        return "LinuxDriver._sigcont_application takes the terminal over otherwise"
    source = source_of(LinuxDriver.start_application_mode)
    wanted = ("self.attrs_before = ", "self._key_thread = ", "if self._must_signal_resume:")
    missing = [name for name in wanted if name not in source]
    return f"LinuxDriver.start_application_mode does without {missing}" if missing else ""


def terminal_size() -> str:
    if "self._get_terminal_size()" not in source_of(LinuxDriver.start_application_mode):
        return "LinuxDriver finds the size otherwise than by _get_terminal_size"
    return ""


def driver_fields() -> str:
    source = source_of(Driver.__init__)
    missing = [name for name in ("_app", "_loop") if f"self.{name} = " not in source]
    return f"Driver does not keep {missing} any more" if missing else ""


def parsing() -> str:
    known = {"last_x", "last_y", "mouse_pixels", "terminal_size", "terminal_pixel_size"}
    knows = {name for name in vars(XTermParser()) if not name.startswith("_")}
    if knows != known:
        return f"XTermParser knows of the terminal {sorted(knows)}: copy that as well"
    return ""


def drawing_fields() -> str:
    if not isinstance(vars(Input).get("_value"), property):
        return "Input._value is not what an Input draws any more"
    if "self._value" not in source_of(Input.render_line):
        return "Input.render_line draws something else than Input._value"
    if parameters(Input._position_to_cell) != ["self", "position"]:
        return "Input._position_to_cell takes something else"
    return ""


def parse_cache() -> str:
    if "self._parse_cache[cache_key] = rules" not in inspect.getsource(Stylesheet):
        return "Stylesheet does not keep what it parsed in _parse_cache any more"
    if "stylesheet.parse()" not in source_of(Stylesheet.reparse):
        return "Stylesheet.reparse does more than parse in a style sheet of its own"
    return ""


def borders() -> str:
    if not hasattr(StylesCache.get_inner_outer, "cache_clear"):
        return "StylesCache.get_inner_outer remembers nothing any more: there is nothing to forget"
    return ""


GUARDS: dict[str, Callable[[], str]] = {
    "MessagePump._dispatch_message": dispatching,
    "App._handle_exception": exceptions,
    "App._fatal_error": fatal_errors,
    "App._display": displaying,
    "App._batch_count": holding_back,
    "App._driver": writing,
    "textual._compositor": compositing,
    "LinuxDriver.run_input_thread": reading,
    "LinuxDriver.process_message": handing_over,
    "LinuxDriver.start_application_mode": application_mode,
    "LinuxDriver.stop_application_mode": application_mode,
    "LinuxDriver._sigcont_application": being_continued,
    "LinuxDriver._key_thread": being_continued,
    "LinuxDriver._must_signal_resume": being_continued,
    "LinuxDriver._get_terminal_size": terminal_size,
    "Driver._app": driver_fields,
    "Driver._loop": driver_fields,
    "textual._xterm_parser": parsing,
    "Input._value": drawing_fields,
    "Input._position_to_cell": drawing_fields,
    "Stylesheet._parse_cache": parse_cache,
    "textual._styles_cache": borders,
}


@pytest.mark.parametrize("hook", GUARDS)
def test_a_private_part_of_textual_is_what_it_was(hook: str) -> None:
    assert not (changed := GUARDS[hook]()), f"{changed} (see tui/terminal/__init__.py)"


def test_every_hook_in_the_table_has_its_guard_and_the_other_way_round() -> None:
    table = tui.terminal.__doc__ or ""
    heads = [line.partition(" (")[0] for line in table.splitlines() if line.startswith("`")]
    listed = {name.strip("`") for head in heads for name in head.split(", ")}
    assert listed == set(GUARDS)


# No other room ---------------------------------------------------------------------------------


def modules() -> Iterator[tuple[Path, ast.Module]]:
    for path in TUI.rglob("*.py"):
        if "terminal" not in path.relative_to(TUI).parts:
            yield path.relative_to(TUI), ast.parse(path.read_text())


@pytest.mark.long
def test_no_other_room_imports_a_private_part_of_textual() -> None:
    found = [
        f"{path}: {name}"
        for path, module in modules()
        for node in ast.walk(module)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [f"{node.module}.{each.name}" for each in node.names]
            if isinstance(node, ast.ImportFrom)
            else [each.name for each in node.names]
        )
        if name.startswith(("textual", "rich")) and "._" in name
    ]
    assert found == []


@pytest.mark.long
def test_no_other_room_overrides_a_private_name_of_textual() -> None:
    """But for the handlers that run beside those of the base class."""
    import importlib

    found = []
    for path, module in modules():
        name = ".".join(("tui", *path.with_suffix("").parts))
        if path.name in ("__main__.py",) or "commands" in path.parts:
            continue
        loaded = importlib.import_module(name.removesuffix(".__init__"))
        for node in module.body:
            if not isinstance(node, ast.ClassDef):
                continue
            kind = getattr(loaded, node.name)
            bases = [base for base in kind.__mro__ if base.__module__.startswith("textual")]
            own = [each.name for each in node.body if isinstance(each, FUNCTION)]
            own += [
                name.id
                for each in node.body
                if isinstance(each, ast.Assign | ast.AnnAssign)
                for name in ast.walk(each)
                if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)
            ]
            found += [
                f"{kind.__name__}.{each}"
                for each in own
                if re.match("_(?!_|on_)", each) and any(each in vars(base) for base in bases)
            ]
    assert found == []
