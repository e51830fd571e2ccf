"""What becomes of extended attributes where the system, or the file system, has none."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.disk import attributes
from tests.core.disk.faults import refused

NOTE = "user.note"


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[int, int]]:
    """Return two open files, the old and the new one, each with a note of its own."""
    with (tmp_path / "old").open("wb") as old, (tmp_path / "new").open("wb") as new:
        try:
            for file, value in ((old, b"old"), (new, b"new")):
                os.setxattr(file.fileno(), NOTE, value)
        except (AttributeError, OSError) as error:
            pytest.skip(f"a file can have no attribute here: {error}")
        yield old.fileno(), new.fileno()


def test_an_attribute_that_is_there_already_is_not_set(
    two: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some are the system's to give and nobody else's to set, such as the labels of SELinux."""
    old, new = two
    attributes.copy(old, new)
    assert os.getxattr(new, NOTE) == b"old"
    monkeypatch.setattr(os, "setxattr", refused(errno.EPERM))
    attributes.copy(old, new)
    assert os.getxattr(new, NOTE) == b"old"


@pytest.mark.parametrize("number", [errno.EOPNOTSUPP, errno.ENOSYS])
def test_where_the_file_system_has_no_attributes_there_are_none_to_keep(
    number: int, two: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(os, "listxattr", refused(number))
        attributes.copy(*two)
    assert os.getxattr(two[1], NOTE) == b"new"


def test_where_the_system_has_no_attributes_there_are_none_to_keep(
    two: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.delattr(os, "listxattr")
        attributes.copy(*two)
    assert os.getxattr(two[1], NOTE) == b"new"


def test_attributes_that_cannot_be_looked_at_are_an_error(
    two: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "listxattr", refused(errno.EIO))
    with pytest.raises(OSError, match=os.strerror(errno.EIO)):
        attributes.copy(*two)
