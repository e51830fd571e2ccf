"""What stands in for EC2 may answer anything: it is refused in words, and never kept."""

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from botocore import awsrequest  # type: ignore[import-untyped]  # botocore has no types
from botocore.awsrequest import AWSResponse  # type: ignore[import-untyped]  # likewise
from botocore.httpsession import URLLib3Session  # type: ignore[import-untyped]  # likewise
from botocore.session import Session  # type: ignore[import-untyped]  # likewise

from core.aws.backend import Ec2Backend
from core.aws.bounds.answers import LARGEST
from core.aws.connection import Connection
from core.aws.opted_in import regions
from core.aws.usage import usage
from core.ec2.backend import MadeBy
from core.ec2.place import Ec2Choice
from core.ec2.unanswered import CredentialsError, NoAnswer, PrivateKeyLost
from core.store.access import RegionAccess
from tests.ec2_server import ENDLESS, Ec2Server, Fault
from tests.tui.commands.calling import call

Open = Callable[..., Ec2Backend]
FIRST, SECOND = "key-00000000000000001", "key-00000000000000002"


def item(name: str = "a", key_pair_id: str = FIRST, time: str = "2026-01-01T00:00:00.000Z") -> str:
    return (
        f"<item><keyPairId>{key_pair_id}</keyPairId><keyName>{name}</keyName>"
        f"<keyFingerprint>AAAA</keyFingerprint><createTime>{time}</createTime></item>"
    )


def key_set(*items: str) -> str:
    return f"<keySet>{''.join(items)}</keySet>"


@pytest.mark.parametrize(
    "shown",
    [
        "<item/>",
        "<item><keyName>a</keyName></item>",
        f"<item><keyPairId>{FIRST}</keyPairId></item>",
        item(time="9999-12-31T23:59:59-23:59"),
        item(time="0001-01-01T00:00:00+23:59"),
        item(time="1969-12-31T23:59:59Z"),
    ],
)
def test_what_is_no_pair_is_no_answer_and_is_not_kept(
    shown: str, server: Ec2Server, open_backend: Open, access: RegionAccess
) -> None:
    server.bodies["DescribeKeyPairs"] = key_set(item("b", SECOND), shown)
    backend = open_backend()
    for ask in (
        backend.describe_key_pairs,
        lambda: backend.describe_key_pairs(key_names=["a"]),
        lambda: backend.delete_key_pair(key_name="a"),
    ):
        with pytest.raises(NoAnswer):
            ask()
        assert access.store.read().key_pairs == {}


@pytest.mark.parametrize("ids", [(FIRST, SECOND), (FIRST, FIRST)])
def test_pairs_that_share_a_name_or_an_id_do_not_damage_the_file(
    ids: Sequence[str], server: Ec2Server, open_backend: Open, access: RegionAccess
) -> None:
    server.bodies["DescribeKeyPairs"] = key_set(*(item("a", each) for each in ids))
    for _ in range(2):
        assert open_backend().describe_key_pairs()
        assert len(access.for_region("us-east-1").store.read().key_pairs) <= 1


def test_a_pair_made_anew_elsewhere_a_moment_later_takes_the_place_of_ours(
    server: Ec2Server, open_backend: Open, access: RegionAccess
) -> None:
    ours = open_backend().create_key_pair(key_name="a", key_type="ed25519").key_pair
    theirs = ours.create_time + timedelta(seconds=1)
    server.bodies["DescribeKeyPairs"] = key_set(item("a", SECOND, theirs.isoformat()))
    assert [pair.key_pair_id for pair in open_backend().describe_key_pairs()] == [SECOND]
    kept = access.for_region("us-east-1").store.read()
    assert (kept.names, [*kept.deleted]) == ({"a": SECOND}, [ours.key_pair_id])


def test_only_the_pair_of_the_name_is_deleted_where_another_is_shown(
    server: Ec2Server, open_backend: Open
) -> None:
    server.bodies["DescribeKeyPairs"] = key_set(item("b"))
    assert open_backend().delete_key_pair(key_name="a") is None
    assert server.calls["DeleteKeyPair"] == 0


def test_tags_and_regions_without_names_are_no_answer(
    server: Ec2Server, open_backend: Open
) -> None:
    server.bodies["DescribeTags"] = "<tagSet><item><key>a</key></item></tagSet>"
    with pytest.raises(NoAnswer):
        open_backend().describe_tags()
    server.bodies["DescribeRegions"] = "<regionInfo><item/></regionInfo>"
    with pytest.raises(NoAnswer):
        regions(Connection(Ec2Choice()), "us-east-1")


@pytest.mark.long
@pytest.mark.parametrize("operation", ["DescribeKeyPairs", "DescribeRegions", "GetCallerIdentity"])
def test_no_more_of_an_answer_is_read_than_any_answer_has(
    operation: str, server: Ec2Server, open_backend: Open
) -> None:
    connection = Connection(Ec2Choice())
    ask: Mapping[str, Callable[[], object]] = {
        "DescribeKeyPairs": open_backend().describe_key_pairs,
        "DescribeRegions": lambda: regions(connection, "us-east-1"),
        "GetCallerIdentity": lambda: connection.identity("us-east-1"),
    }
    server.faults[operation] = [Fault.ENDLESS]
    with pytest.raises(NoAnswer, match="it sent more than 64 MiB"):
        ask[operation]()
    # What stands in the buffers of the two sockets is sent, too.
    assert server.sent < 1.5 * LARGEST
    assert server.calls[operation] == 1, "it would be as long again"
    ask[operation]()  # the next answer is read


@pytest.mark.parametrize(
    "fault", [pytest.param(Fault.STOP, marks=pytest.mark.long), Fault.BREAK, Fault.SHORT]
)
def test_a_list_that_ends_in_its_middle_is_asked_for_again(
    fault: Fault, server: Ec2Server, open_backend: Open
) -> None:
    backend = open_backend(fault=fault)
    server.faults["DescribeKeyPairs"] = [fault]
    assert backend.describe_key_pairs() == ()
    assert server.calls["DescribeKeyPairs"] == 2
    server.faults["DescribeKeyPairs"] = [fault] * 3
    why = "longer than is waited for" if fault is Fault.STOP else "the connection broke off"
    with pytest.raises(NoAnswer, match=why):
        backend.describe_key_pairs()


def test_a_page_that_says_who_asks_is_no_answer(server: Ec2Server) -> None:
    server.faults["GetCallerIdentity"] = [Fault.PAGE]
    with pytest.raises(NoAnswer, match="what came back is no answer of EC2"):
        Connection(Ec2Choice()).identity("us-east-1")


@pytest.mark.long
def test_another_client_of_the_process_reads_as_botocore_does(
    server: Ec2Server, open_backend: Open
) -> None:
    assert open_backend().describe_key_pairs() == ()
    assert AWSResponse.__init__.__module__ == "botocore.awsrequest"
    assert awsrequest.AWSResponse is AWSResponse
    for service in ("ec2", "sts"):
        http = Session().create_client(service, region_name="us-east-1")._endpoint.http_session
        assert type(http) is URLLib3Session
        assert "send" not in vars(http), "it is bound, too"
    assert URLLib3Session.send.__module__ == "botocore.httpsession"


def test_of_a_private_key_that_came_with_too_long_an_answer_the_answer_is_lost(
    server: Ec2Server, open_backend: Open
) -> None:
    server.faults["CreateKeyPair"] = [Fault.ENDLESS]
    with pytest.raises(PrivateKeyLost, match="it sent more than 64 MiB"):
        open_backend(MadeBy.EC2).create_key_pair(key_name="ci", key_type="ed25519")
    assert server.calls["CreateKeyPair"] == 1
    assert server.sent < 1.5 * LARGEST


def test_no_more_is_read_of_who_gives_a_role(
    server: Ec2Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    (tmp_path / "config").write_text(
        "[profile base]\naws_access_key_id = A\naws_secret_access_key = s\n"
        "[profile r]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = base\n"
    )
    server.faults["AssumeRole"] = [Fault.ENDLESS]
    with pytest.raises(CredentialsError, match="sent more than any answer has"):
        Connection(Ec2Choice("r")).find_credentials("us-east-1")
    assert server.sent < 1.5 * LARGEST


@pytest.mark.parametrize(
    ("variable", "disabled"),
    [
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "true"),
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", "false"),
    ],
)
def test_no_more_is_read_of_who_gives_credentials(
    variable: str, disabled: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = 0

    class Container(BaseHTTPRequestHandler):
        """Gives the credentials of a container or an instance, and does not end."""

        def do_PUT(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            nonlocal sent
            self.send_response(200)
            self.end_headers()
            with suppress(OSError):
                for _ in range(0, ENDLESS, 2**16):
                    self.wfile.write(b" " * 2**16)
                    sent += 2**16

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Container) as container:
        thread = threading.Thread(target=container.handle_request)
        thread.start()
        url = f"http://127.0.0.1:{container.server_address[1]}/"
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", disabled)
        monkeypatch.setenv(variable, url)
        with pytest.raises(CredentialsError, match="sent more than any answer has"):
            Connection(Ec2Choice()).find_credentials()
        thread.join()
    assert sent < 1.5 * LARGEST


def test_pages_without_an_end_are_not_followed(
    server: Ec2Server, open_backend: Open, capsys: pytest.CaptureFixture[str]
) -> None:
    server.bodies["DescribeTags"] = "<tagSet/><nextToken>again</nextToken>"
    assert call("describe-tags", "--ec2", "--region", "us-east-1") == 255
    assert "what came back has no last page" in capsys.readouterr().err
    assert server.calls["DescribeTags"] == 2
    server.bodies["DescribeInstances"] = "<reservationSet/><nextToken>again</nextToken>"
    assert usage(Connection(Ec2Choice()), "us-east-1", "ci").instances is None
    server.bodies["DescribeInstances"] = (
        "<reservationSet><item><instancesSet><item><keyName>ci</keyName></item></instancesSet>"
        "</item></reservationSet>"
    )
    assert usage(Connection(Ec2Choice()), "us-east-1", "ci").instances is not None


def test_a_pair_that_ec2_shows_again_long_after_it_was_deleted_is_there_with_its_custody(
    server: Ec2Server, open_backend: Open, access: RegionAccess
) -> None:
    backend = open_backend()
    pair = backend.create_key_pair(key_name="a", key_type="ed25519").key_pair
    backend.delete_key_pair(key_name="a")
    shown = item("a", pair.key_pair_id, pair.create_time.isoformat())
    server.bodies["DescribeKeyPairs"] = key_set(shown)
    assert backend.describe_key_pairs() == (), "EC2 may show it for a moment"
    now = access.now
    access.now = lambda: now() + timedelta(minutes=5)
    (again,) = backend.describe_key_pairs()
    assert (again.key_pair_id, again.custody) == (pair.key_pair_id, pair.custody)
    assert backend.deleted_key_pairs() == ()


def test_instances_of_another_pair_or_of_none_are_not_told_of_this_one(server: Ec2Server) -> None:
    instances = "<item><instanceId>i-0</instanceId></item>" + "".join(
        f"<item><instanceId>i-{name}</instanceId><keyName>{name}</keyName></item>"
        for name in ("other", "ci")
    )
    server.bodies["DescribeInstances"] = (
        f"<reservationSet><item><instancesSet>{instances}</instancesSet></item></reservationSet>"
    )
    found = usage(Connection(Ec2Choice()), "us-east-1", "ci").instances
    assert [each.instance_id for each in found or ()] == ["i-ci"]
