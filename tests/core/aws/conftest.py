from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.aws import connection as connection_module
from core.aws.backend import Ec2Backend
from core.aws.connection import Connection
from core.ec2.authorization import Authorizer
from core.ec2.backend import MadeBy
from core.ec2.place import Ec2Choice
from core.ec2.regions import region
from core.store.access import RegionAccess, open_region
from tests.ec2_server import SLOW, Ec2Server, Fault, ec2_server, environment

REGION = "us-east-1"


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ec2Server]:
    """An EC2 on loopback, named by the AWS variables."""
    with ec2_server(tmp_path / "in-ec2") as running:
        for name, value in environment(running, tmp_path).items():
            monkeypatch.setenv(name, value)
        yield running


@pytest.fixture
def access(tmp_path: Path) -> RegionAccess:
    return open_region(lambda: tmp_path / "here", REGION, Authorizer(region(REGION), "anna"))


@pytest.fixture
def open_backend(
    access: RegionAccess, server: Ec2Server, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Ec2Backend]:
    """Opens a backend that waits for no time between its questions; `anew`, as another session.

    Only where an answer is to stall are answers waited for so shortly that a test can wait, too.
    """

    def open_(
        made_by: MadeBy = MadeBy.HERE, fault: Fault | None = None, *, anew: bool = False
    ) -> Ec2Backend:
        patience = 20.0
        if fault in SLOW:
            patience = 1.5
            server.stall = 2 * patience
            monkeypatch.setattr(connection_module, "CREATE_READ_TIMEOUT", patience)
        connection = Connection(Ec2Choice(read_timeout=patience))
        reached = access.for_region(REGION) if anew else access
        return Ec2Backend(connection, reached, made_by, sleep=lambda _: None)

    return open_
