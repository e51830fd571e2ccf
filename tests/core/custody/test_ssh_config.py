"""What a Host block of a key pair adds to the settings of ssh, and what is said before."""

import os
import stat
from pathlib import Path

import pytest

from core.custody.ssh_folder import ssh_config
from core.custody.ssh_folder.shared_file import Account, SharedFileError
from core.custody.ssh_folder.ssh_config import BlockStanding, HostBlock
from core.model import KeptKeyPair
from core.session import Session
from tests.helpers import Run

KEY = "/home/anna/.ssh/web.pem"
WEB = HostBlock("web", "203.0.113.7", "ec2-user")


@pytest.fixture
def account(tmp_path: Path) -> Account:
    """Return an account whose home is the test's own."""
    home = tmp_path / "home"
    (home / ".ssh").mkdir(0o700, parents=True)
    home.chmod(0o755)
    return Account("ops", os.geteuid(), home)


@pytest.fixture
def key_pair(session: Session) -> KeptKeyPair:
    return session.backend.create_key_pair(key_name="web", key_type="ed25519").key_pair


@pytest.mark.parametrize("folder", ["", ", and its folder,"])
def test_a_file_that_is_missing_is_made_private(
    folder: str, account: Account, key_pair: KeptKeyPair, session: Session
) -> None:
    path = account.ssh_config
    if folder:
        path.parent.rmdir()
    planned = ssh_config.plan(WEB, KEY, account)
    assert planned.standing is BlockStanding.ADDABLE
    assert planned.explanation == f"the file{folder} will be made, for this account alone"
    assert not path.exists()
    ssh_config.add(session, key_pair, planned)
    assert path.read_text() == f"{planned.text}\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert session.journal()[-1].operation == "AddSshHost"


def test_a_block_of_that_name_is_not_added_again(
    account: Account, key_pair: KeptKeyPair, session: Session
) -> None:
    path = account.ssh_config
    path.write_text("# mine\nHost db web\n    User admin\n")
    path.chmod(0o600)
    before = path.stat().st_ino, path.read_bytes()
    planned = ssh_config.plan(WEB, KEY, account)
    assert planned.standing is BlockStanding.PRESENT
    assert planned.explanation == "Host web is there already, in line 2; nothing to add"
    ssh_config.add(session, key_pair, planned)
    assert (path.stat().st_ino, path.read_bytes()) == before
    assert session.journal()[-1].operation == "CreateKeyPair"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"alias": "-oProxyCommand=x"}, "what you type after ssh is letters, digits, dots"),
        ({"alias": "two words"}, "what you type after ssh is letters, digits, dots"),
        ({"host": ""}, "the address of the host is missing"),
        ({"host": "a host"}, "the address is a name such as web.example.com"),
        ({"host": "a\nProxyCommand x"}, "the address is a name such as web.example.com"),
        ({"user": "ec2 user"}, "the user is a login name such as ec2-user"),
        ({"user": '"%r'}, "the user is a login name such as ec2-user"),
    ],
)
def test_a_block_that_ssh_would_read_otherwise_is_refused(
    wrong: dict[str, str], said: str, account: Account, key_pair: KeptKeyPair, session: Session
) -> None:
    planned = ssh_config.plan(WEB._replace(**wrong), KEY, account)
    assert planned.standing is BlockStanding.REFUSED
    assert planned.explanation.startswith(said)
    with pytest.raises(SharedFileError, match=f"^Not added: {said}"):
        ssh_config.add(session, key_pair, planned)
    assert not account.ssh_config.exists()


@pytest.mark.parametrize(
    ("above", "said", "user"),
    [
        ("User admin\n", ("line 1 stands above and wins for it: user admin",), "admin"),
        (
            "Host w?b\n  Port 9\n  User me\n",
            ("line 3 stands above and wins for it: user me",),
            "me",
        ),
        ("Host * !web\n  User admin\n", (), "ec2-user"),
        ("Host db\n  User admin\n", (), "ec2-user"),
        (
            f"Host db\n  IdentityFile {KEY}\n",
            ("the block of line 1 names this key, too",),
            "ec2-user",
        ),
        ("Include config.d/*\n", ("files that it includes were not looked at",), "ec2-user"),
    ],
)
def test_what_stands_above_is_weighed_as_ssh_does(
    above: str,
    said: tuple[str, ...],
    user: str,
    account: Account,
    key_pair: KeptKeyPair,
    session: Session,
    run: Run,
) -> None:
    path = account.ssh_config
    path.write_text(above)
    path.chmod(0o600)
    planned = ssh_config.plan(WEB, KEY, account)
    assert (planned.standing, planned.cautions) == (BlockStanding.ADDABLE, said)
    ssh_config.add(session, key_pair, planned)
    assert path.read_text() == f"{above}\n{planned.text}\n"
    settings = run("ssh", "-G", "-F", path, "web").stdout.decode().splitlines()
    assert {f"user {user}", "hostname 203.0.113.7", f"identityfile {KEY}"} <= {*settings}
