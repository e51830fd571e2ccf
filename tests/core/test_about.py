"""What a report of a fault says of the program, by the notes that installers leave."""

import json
from pathlib import Path

import pytest

from core import about


@pytest.mark.parametrize(
    ("note", "said"),
    [
        (None, ""),
        (
            {"url": "file:///home/my%20keys/keypairs", "dir_info": {}},
            ", from /home/my keys/keypairs",
        ),
        ({"url": "file:///home/keypairs", "dir_info": {"editable": True}}, " (editable)"),
        (
            {"url": "https://example.com/keypairs.whl", "archive_info": {}},
            ", from https://example.com/keypairs.whl",
        ),
    ],
)
def test_where_the_program_is_from_is_said_as_far_as_it_is_noted(
    note: dict[str, object] | None, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = tmp_path / "keypairs-9.8.7.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: keypairs\nVersion: 9.8.7\n")
    if note is not None:
        (installed / "direct_url.json").write_text(json.dumps(note))
    monkeypatch.syspath_prepend(tmp_path)
    assert about.program_version() == "9.8.7"
    assert about.components()["installed"] == f"{Path(about.__file__).parents[1]}{said}"
