"""The checks of `test_fuzz.py` with inputs that coverage guides, for as long as one likes.

    python -m tests.fuzz.guided KIND [options of libFuzzer, such as -max_total_time=600]

It needs Atheris: pip install --require-hashes -r requirements-fuzz.lock. Atheris looks at what a
check has run, and goes on from the inputs that reached something new.
"""

import sys
import tempfile
from pathlib import Path

# Not installed everywhere, and without types.
import atheris  # type: ignore[import-not-found, import-untyped, unused-ignore]
from hypothesis import given, settings

with atheris.instrument_imports(include=["core", "tui"]):
    from tests.fuzz.test_fuzz import made_up


def main() -> None:
    """Run until the time is over or a check fails."""
    kind, *options = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        inputs, check = made_up(kind, Path(folder))
        once = settings(database=None, deadline=None)(given(inputs)(check))
        one_input = once.hypothesis.fuzz_one_input  # type: ignore[attr-defined] # `given` sets it
        atheris.Setup([sys.argv[0], *options], one_input)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
