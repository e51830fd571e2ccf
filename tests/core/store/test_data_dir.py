import errno
import os
import re
from pathlib import Path

import pytest

from core.disk import doubtful, mounts
from core.errors import StoreError
from core.store import data_dir
from tests.core.disk.faults import FailAt

OTHER = 12345


@pytest.fixture
def above(tmp_path: Path) -> Path:
    """Return a folder of this account alone, with a data folder in it."""
    above = tmp_path / "above"
    (above / "data").mkdir(parents=True)
    above.chmod(0o755)
    (above / "data").chmod(0o700)
    return above


def give(path: Path, owner: int) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    os.lchown(path, owner, -1)


def test_a_folder_below_one_that_is_safe_has_no_problem(above: Path) -> None:
    for mode in (0o755, 0o700, 0o1777, 0o1770):
        above.chmod(mode)
        for name in ("data", "missing", "missing/below"):
            assert data_dir.problem(above / name) is None, (oct(mode), name)


def test_what_others_could_put_in_its_place_is_refused(above: Path) -> None:
    for mode in (0o777, 0o757, 0o707):
        above.chmod(mode)
        for name in ("data", "missing", "missing/below"):
            said = data_dir.problem(above / name)
            assert said is not None, (oct(mode), name)
            assert f"others can write in {above}" in said
            with pytest.raises(StoreError, match="could be replaced by another folder"):
                data_dir.check(above / name)


def test_whose_a_folder_above_is_counts(above: Path) -> None:
    assert not doubtful.is_doubtful(str(above / "data"))
    give(above, OTHER)
    assert doubtful.is_doubtful(str(above / "data"))
    for name in ("data", "missing"):
        assert f"{above} belongs to user {OTHER}" in (data_dir.problem(above / name) or "")


def test_whose_a_link_on_the_way_is_counts(above: Path) -> None:
    sticky = above / "sticky"
    sticky.mkdir()
    sticky.chmod(0o1777)
    link = sticky / "link"
    link.symlink_to(above / "data")
    assert data_dir.problem(link) is None
    give(link, OTHER)
    assert f"the link {link} belongs to user {OTHER}" in (data_dir.problem(link) or "")


def test_a_group_that_is_the_accounts_own_may_write_above(
    above: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import grp
    import pwd

    above.chmod(0o775)
    own = above.stat().st_gid
    account = pwd.struct_passwd(("ops", "x", os.geteuid(), own, "", "/", "/bin/sh"))
    monkeypatch.setattr(pwd, "getpwuid", lambda _: account)
    for group, allowed in (
        (("ops", "x", own, []), True),
        (("ops", "x", own, ["ops"]), True),
        (("ops", "x", own, ["ops", "mallory"]), False),
        (("staff", "x", own, []), False),
    ):
        monkeypatch.setattr(grp, "getgrgid", lambda _, group=group: grp.struct_group(group))
        assert (data_dir.problem(above / "data") is None) is allowed, group
    above.chmod(0o777)
    assert data_dir.problem(above / "data") is not None


def test_what_is_no_folder_is_said_to_be_none(above: Path) -> None:
    (above / "file").touch()
    (above / "dangling").symlink_to("nowhere")
    (above / "loop").symlink_to("loop")
    for name, said in {
        "file": "is not a folder",
        "file/below": "cannot make the folder",
        "dangling": "is not a folder",
        "loop": "cannot be looked at",
        "loop/below": "cannot be looked at",
        "x" * 300: "cannot be looked at (File name too long)",
    }.items():
        problem = data_dir.problem(above / name) or ""
        assert said in problem, name
        assert problem.endswith("; choose another with --data-dir"), name


def test_a_disk_that_does_not_answer_is_said_not_to(
    above: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = above / "link"
    link.symlink_to("data")
    said = f"Cannot look at {link}: {os.strerror(errno.EIO)}. Nothing was changed."
    with monkeypatch.context() as patched:
        FailAt(patched, "readlink", 1, errno.EIO)
        with pytest.raises(StoreError, match=re.escape(said)):
            data_dir.problem(link)
    assert data_dir.problem(link) is None


def test_a_network_file_system_is_said_and_what_it_means(
    above: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = above / "mountinfo"
    table.write_text(
        f"1 1 0:1 / / rw - ext4 /dev/x rw\n2 1 0:2 / {above}/data rw - nfs4 host:/ rw\n"
    )
    monkeypatch.setattr(mounts, "MOUNTINFO", table)
    said = mounts.network_note(above / "data" / "missing")
    assert said is not None
    assert "(nfs4)" in said
    assert "refused" in said
    assert mounts.network_note(above / "elsewhere") is None


def test_a_folder_that_nobody_can_make_is_refused_and_one_that_can_be_is_not_made(
    above: Path,
) -> None:
    if not Path("/proc/self").is_dir():
        pytest.skip("there is no /proc")
    # Root may try it, and is refused by /proc; nobody else may write there.
    why = "The folder /proc/x/data cannot be made|You cannot make the folder /proc/x/data"
    with pytest.raises(StoreError, match=why):
        data_dir.check(Path("/proc/x/data"))
    data_dir.check(above / "missing" / "below")
    assert sorted(path.name for path in above.iterdir()) == ["data"]


def test_a_folder_that_another_session_makes_meanwhile_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, remove = tmp_path / "data", Path.rmdir

    def made_by_another(probe: Path) -> None:
        folder.mkdir(0o700, exist_ok=True)
        remove(probe)

    monkeypatch.setattr(Path, "rmdir", made_by_another)
    data_dir.check(folder)
    assert [each.name for each in tmp_path.iterdir()] == ["data"]
