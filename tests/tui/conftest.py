import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from textual import _wait
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet
from textual.design import ColorSystem

from tests.demo import DemoSession, deterministic_keys, fill

# After each key Textual's pilot sleeps twice, 20 ms each, to see whether the process is at rest,
# which is the most of what a test takes. To sleep and look costs up to a third of a millisecond
# itself where others use the processor; what a key does takes more.
_wait.SLEEP_GRANULARITY = 0.004
_wait.SLEEP_IDLE = _wait.SLEEP_GRANULARITY / 10

# Each app that a test starts parses the same styles. They are the same as long as the text, where
# it stands and the colours of the theme are.
_parse = Stylesheet._parse_rules
_parsed: dict[object, list[RuleSet]] = {}


def _parse_once(sheet: Stylesheet, css: str, *place: Any, **options: Any) -> list[RuleSet]:
    key = (css, place, *options.items(), *sorted(sheet._variables.items()))
    if key not in _parsed:
        _parsed[key] = _parse(sheet, css, *place, **options)
    return _parsed[key]


mock.patch.object(Stylesheet, "_parse_rules", _parse_once).start()

# It also mixes the colours of some twenty themes, which takes a sixth of its start.
_mix = ColorSystem.generate
_mixed: dict[str, dict[str, str]] = {}


def _mix_once(system: ColorSystem) -> dict[str, str]:
    key = repr(vars(system))
    if key not in _mixed:
        _mixed[key] = _mix(system)
    return dict(_mixed[key])


mock.patch.object(ColorSystem, "generate", _mix_once).start()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    (folder / ".ssh").mkdir(parents=True, mode=0o700)
    monkeypatch.setenv("HOME", str(folder))
    return folder


@pytest.fixture
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def empty_session(home: Path, utc: None) -> Iterator[DemoSession]:
    with deterministic_keys(1):
        yield DemoSession(home / "data")


@pytest.fixture
def demo_session(empty_session: DemoSession, home: Path) -> DemoSession:
    fill(empty_session, home)
    return empty_session
