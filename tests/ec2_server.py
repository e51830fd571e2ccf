"""An EC2 for the tests: our own core behind HTTP on loopback, as faulty as it is told to be.

It speaks the `ec2` protocol (form fields in, XML out) by the service model that botocore brings, so
that botocore, boto3 and the AWS CLI can be pointed at it. `Fault` says what happens to the answer
of an operation after it was acted on. STS's GetCallerIdentity and AssumeRole are answered, too.
"""

import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from core.aws.service_model import installed_model
from core.client import Client, ClientError, ParamValidationError
from core.ec2.regions import REGIONS

ACCOUNT = "123456789012"
ARN = f"arn:aws:iam::{ACCOUNT}:user/anna"

Answer = Mapping[str, Any]


class Fault(Enum):
    """What becomes of an answer once the operation was done."""

    RESET = "the connection is reset"
    CLOSE = "the connection is closed"
    STALL = "nothing comes for longer than is waited for"
    STATUS_500 = "status 500"
    STATUS_503 = "status 503"
    CUT = "the answer ends in its middle"
    RUBBISH = "the answer is not XML"
    PAGE = "the answer is a page of somebody else"
    ENDLESS = "the answer goes on for longer than any answer"
    STOP = "the answer stops in its middle for longer than is waited for"
    BREAK = "the connection is reset in the middle of the answer"
    SHORT = "the connection is closed in the middle of the answer"


LOST = tuple(Fault)

SLOW = (Fault.STALL, Fault.STOP)
"""The faults that are waited for until nobody waits any longer."""

AT_ONCE = tuple(fault for fault in LOST if fault not in SLOW)
"""The faults after which nothing has to be waited for."""

ENDLESS = 160 * 1024 * 1024
"""The bytes of an answer that goes on; it ends, so that it could be read."""


@dataclass
class Ec2Server:
    """What the server does, and what it was asked.

    `faults` are used up one by one by the operations that they are of; `delays` are seconds before
    an answer; `hidden` are seconds for which a new pair is not described yet; `refusals` answer an
    operation with a code and a text, `bodies` with XML. `calls` counts the requests that came in,
    by operation; `asked` has each with its Region. `before` and `after` are called before and after
    an operation is acted on. `sent` counts the bytes of answers that go on for too long.
    """

    client_of: Callable[[str], Client]
    faults: dict[str, list[Fault]] = field(default_factory=dict)
    delays: dict[str, float] = field(default_factory=dict)
    refusals: dict[str, tuple[str, str, int]] = field(default_factory=dict)
    bodies: dict[str, str] = field(default_factory=dict)
    throttled: Counter[str] = field(default_factory=Counter)
    hidden: float = 0.0
    stall: float = 3.0
    instances: list[dict[str, Any]] = field(default_factory=list)
    templates: list[dict[str, Any]] = field(default_factory=list)
    not_opted_in: set[str] = field(default_factory=set)
    before: dict[str, Callable[[], object]] = field(default_factory=dict)
    after: dict[str, Callable[[], object]] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    dry_runs: Counter[str] = field(default_factory=Counter)
    asked: list[tuple[str, str]] = field(default_factory=list)
    clock_skew: timedelta = timedelta()
    sent: int = 0
    url: str = ""
    _born: dict[str, float] = field(default_factory=dict)

    def answer(self, region: str, operation: str, fields: Mapping[str, str]) -> tuple[int, str]:
        """Return the status and the body for a request."""
        if operation in self.before:
            self.before[operation]()
        self.asked.append((region, operation))
        (self.dry_runs if fields.get("DryRun") == "true" else self.calls)[operation] += 1
        if operation in self.refusals:
            code, text, status = self.refusals[operation]
            return status, _error(code, text)
        if operation in self.bodies:
            return 200, _body(operation, self.bodies[operation])
        if self.throttled[operation] > 0:
            self.throttled[operation] -= 1
            return 503, _error("RequestLimitExceeded", "Request limit exceeded.")
        if region in self.not_opted_in:
            text = "AWS was not able to validate the provided access credentials"
            return 401, _error("AuthFailure", text)
        if operation == "GetCallerIdentity":
            return 200, _sts(
                operation, f"<Arn>{ARN}</Arn><UserId>A</UserId><Account>{ACCOUNT}</Account>"
            )
        if operation == "AssumeRole":
            return 200, _sts(operation, _assumed(fields))
        request = _request(operation, fields)
        try:
            found = self._act(region, operation, request)
        except ClientError as error:
            said = error.response["Error"]
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            return status, _error(said["Code"], said["Message"])
        except ParamValidationError as error:
            return 400, _error("InvalidRequest", str(error))
        if operation in self.after:
            self.after[operation]()
        return 200, _response(operation, found)

    def _act(self, region: str, operation: str, request: dict[str, Any]) -> Answer:
        match operation:
            case "DescribeRegions":
                return {"Regions": list(self._regions())}
            case "DescribeInstances":
                wanted = {v for f in request.get("Filters", ()) for v in f["Values"]}
                found = [i for i in self.instances if i.get("KeyName") in wanted or not wanted]
                return {"Reservations": [{"Instances": [each]} for each in found]}
            case "DescribeLaunchTemplateVersions":
                return {"LaunchTemplateVersions": self.templates}
        method = {
            "CreateKeyPair": "create_key_pair",
            "ImportKeyPair": "import_key_pair",
            "DescribeKeyPairs": "describe_key_pairs",
            "DeleteKeyPair": "delete_key_pair",
            "CreateTags": "create_tags",
            "DeleteTags": "delete_tags",
            "DescribeTags": "describe_tags",
        }[operation]
        client = self.client_of(region)
        # An empty list has no field on the wire.
        for member in _LISTS.get(operation, ()):
            request.setdefault(member, [])
        answer = dict(getattr(client, method)(**request))
        if operation in ("CreateKeyPair", "ImportKeyPair"):
            self._born[request["KeyName"]] = time.monotonic()
        if operation == "DescribeKeyPairs" and self.hidden:
            now = time.monotonic()
            late = {n for n, born in self._born.items() if now - born < self.hidden}
            for name in request.get("KeyNames", ()):
                if name in late:
                    raise ClientError(
                        {
                            "Error": {
                                "Code": "InvalidKeyPair.NotFound",
                                "Message": f"The key pair '{name}' does not exist",
                            },
                            "ResponseMetadata": {"HTTPStatusCode": 400},
                        },
                        operation,
                    )
            answer["KeyPairs"] = [p for p in answer["KeyPairs"] if p["KeyName"] not in late]
        return answer

    def _regions(self) -> Iterator[Answer]:
        for name, partition in REGIONS.items():
            if partition.partition == "aws":
                yield {
                    "RegionName": name,
                    "Endpoint": f"ec2.{name}.amazonaws.com",
                    "OptInStatus": "not-opted-in" if name in self.not_opted_in else "opted-in",
                }


_MODEL = installed_model()

_LISTS = {"CreateTags": ("Resources", "Tags"), "DeleteTags": ("Resources",)}
"""The lists that are required; botocore sends nothing where they are empty."""


def _request(operation: str, fields: Mapping[str, str]) -> dict[str, Any]:
    shape = _MODEL["operations"][operation]["input"]["shape"]
    read = _read(shape, dict(fields), "")
    return read if isinstance(read, dict) else {}


def _read(name: str, fields: Mapping[str, str], prefix: str) -> Any:
    shape = _MODEL["shapes"][name]
    kind = shape["type"]
    if kind == "structure":
        found = {}
        for member, reference in shape["members"].items():
            wire = reference.get("queryName")
            if wire is None:
                wire = reference.get("locationName", member)
                wire = wire[0].upper() + wire[1:]
            path = f"{prefix}{wire}"
            if any(key == path or key.startswith(f"{path}.") for key in fields):
                found[member] = _read(reference["shape"], fields, path + _dot(reference["shape"]))
        return found
    if kind == "list":
        base = prefix.rstrip(".")
        inner = shape["member"]["shape"]
        numbers = sorted(
            {
                int(key[len(base) + 1 :].split(".")[0])
                for key in fields
                if key.startswith(f"{base}.")
            }
        )
        return [_read(inner, fields, f"{base}.{number}{_dot(inner)}") for number in numbers]
    text = fields[prefix.rstrip(".")]
    if kind == "boolean":
        return text == "true"
    if kind == "integer":
        return int(text)
    if kind == "blob":
        from base64 import b64decode

        return b64decode(text)
    return text


def _dot(shape: str) -> str:
    return "." if _MODEL["shapes"][shape]["type"] == "structure" else ""


def _response(operation: str, answer: Answer) -> str:
    output = _MODEL["operations"][operation].get("output")
    return _body(operation, _write(output["shape"], answer) if output else "<return>true</return>")


def _body(operation: str, inner: str) -> str:
    namespace = "http://ec2.amazonaws.com/doc/2016-11-15/"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<{operation}Response xmlns="{namespace}"><requestId>0-0</requestId>'
        f"{inner}</{operation}Response>"
    )


def _write(name: str, value: Any) -> str:
    shape = _MODEL["shapes"][name]
    match shape["type"]:
        case "structure":
            return "".join(
                f"<{wire}>{_write(reference['shape'], value[member])}</{wire}>"
                for member, reference in shape["members"].items()
                if member in value
                for wire in [reference.get("locationName", member)]
            )
        case "list":
            wire = shape["member"].get("locationName", "item")
            return "".join(
                f"<{wire}>{_write(shape['member']['shape'], item)}</{wire}>" for item in value
            )
        case "boolean":
            return "true" if value else "false"
        case "timestamp":
            return str(value.isoformat(timespec="milliseconds").replace("+00:00", "Z"))
        case _:
            return escape(str(value))


def _error(code: str, text: str) -> str:
    return (
        f"<Response><Errors><Error><Code>{code}</Code><Message>{escape(text)}</Message></Error>"
        "</Errors><RequestID>0-0</RequestID></Response>"
    )


def _sts(operation: str, inner: str) -> str:
    return (
        f'<{operation}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
        f"<{operation}Result>{inner}</{operation}Result></{operation}Response>"
    )


def _assumed(fields: Mapping[str, str]) -> str:
    until = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    code = fields.get("TokenCode", "")
    return (
        f"<Credentials><AccessKeyId>ASIA{code}</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
        f"<SessionToken>t</SessionToken><Expiration>{until}</Expiration></Credentials>"
        "<AssumedRoleUser><Arn>arn:aws:sts::1:assumed-role/r/s</Arn>"
        "<AssumedRoleId>A:s</AssumedRoleId></AssumedRoleUser>"
    )


class _Handler(BaseHTTPRequestHandler):
    """Reads a request, has it answered, and sends the answer or what its fault makes of it."""

    ec2: Ec2Server
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        size = int(self.headers.get("Content-Length", 0))
        fields = dict(parse_qsl(self.rfile.read(size).decode(), keep_blank_values=True))
        operation = fields.pop("Action")
        fields.pop("Version", None)
        scope = self.headers.get("Authorization", "").partition("Credential=")[2].split("/")
        region = scope[2] if len(scope) > 2 else "us-east-1"
        status, body = self.ec2.answer(region, operation, fields)
        time.sleep(self.ec2.delays.get(operation, 0))
        waiting = self.ec2.faults.get(operation)
        fault = waiting.pop(0) if waiting and fields.get("DryRun") != "true" else None
        self._send(status, body.encode(), fault)

    def _send(self, status: int, body: bytes, fault: Fault | None) -> None:
        match fault:
            case Fault.RESET:
                self._reset()
                return
            case Fault.CLOSE:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            case Fault.STALL:
                time.sleep(self.ec2.stall)
                self.close_connection = True
                return
            case Fault.STATUS_500:
                status, body = 500, _error("InternalError", "An internal error").encode()
            case Fault.STATUS_503:
                status, body = 503, _error("Unavailable", "The service is unavailable").encode()
            case Fault.RUBBISH:
                body = b"<html>" + body
            case Fault.PAGE:
                body = b"<html><body>Log in to the network</body></html>"
            case Fault.CUT:
                body = body[: len(body) * 2 // 3]
            case Fault.ENDLESS:
                self._send_and_go_on(status, body)
                return
        self.send_response(status)
        self.send_header("Content-Type", "text/xml;charset=UTF-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if fault in (Fault.STOP, Fault.BREAK, Fault.SHORT):
            self.wfile.write(body[: len(body) * 2 // 3])
            if fault is Fault.SHORT:
                self.close_connection = True
                return
            # Without a pause the reset would take along what was sent.
            time.sleep(self.ec2.stall if fault is Fault.STOP else 0.2)
            self._reset()
            return
        self.wfile.write(body)

    def _reset(self) -> None:
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close_connection = True
        self.connection.close()

    def _send_and_go_on(self, status: int, body: bytes) -> None:
        """Send an answer with spaces behind it, which belong to any XML."""
        self.close_connection = True
        self.send_response(status)
        self.send_header("Content-Type", "text/xml;charset=UTF-8")
        self.end_headers()
        spaces = b" " * 2**16
        with suppress(OSError):
            self.wfile.write(body)
            for _ in range(0, ENDLESS, len(spaces)):
                self.wfile.write(spaces)
                self.ec2.sent += len(spaces)

    def date_time_string(self, timestamp: float | None = None) -> str:
        now = time.time() if timestamp is None else timestamp
        return super().date_time_string(int(now + self.ec2.clock_skew.total_seconds()))

    def log_message(self, format: str, *args: Any) -> None:
        pass


class _Threads(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: the client went away, as it does where the answer is slow."""


@contextmanager
def ec2_server(folder: Path) -> Iterator[Ec2Server]:
    """Run a server whose Regions are kept in a folder; its `url` is where it listens."""
    clients: dict[str, Client] = {}
    lock = threading.Lock()

    def client_of(region: str) -> Client:
        with lock:
            if region not in clients:
                clients[region] = Client(region, folder)
            return clients[region]

    ec2 = Ec2Server(client_of)
    handler = type("Handler", (_Handler,), {"ec2": ec2})
    server = _Threads(("127.0.0.1", 0), handler)
    ec2.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield ec2
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def environment(server: Ec2Server, home: Path) -> dict[str, str]:
    """Return the AWS variables by which a program asks this server."""
    return {
        "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "example",
        "AWS_ENDPOINT_URL": server.url,
        "AWS_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": str(home / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(home / "credentials"),
        "HOME": str(home),
    }
