"""What EC2 costs once it was chosen: botocore and a client, memory, and a full Region."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from tests.benchmarks.figures import Figure, Sample, Time, medians
from tests.benchmarks.program import KEYPAIRS, Program
from tests.core.store_records import write_region
from tests.ec2_server import ec2_server, environment

FULL = 5_000
"""What a Region of EC2 takes."""

_TEXTUAL = """
from time import process_time
began = process_time()
import textual.app
textual_took = process_time() - began
"""

_AS_IN_THE_APP = """
import gc
gc.disable()
"""
"""Until the list is on the screen the app collects no garbage."""

_CLIENT = """
import threading
def ask():
    from core.aws.connection import Connection
    from core.ec2.place import Ec2Choice
    Connection(Ec2Choice()).endpoint("us-east-1")
began = process_time()
thread = threading.Thread(target=ask)
thread.start()
thread.join()
"""

_DESCRIBE = """
import sys
from pathlib import Path
from time import process_time
from core.aws.opening import Ec2Account
from core.ec2.authorization import Authorizer
from core.ec2.place import Ec2Choice
account = Ec2Account(Ec2Choice(), Path(sys.argv[1]), lambda region: Authorizer(region, "anna"))
session = account.session("us-east-1")
session.place.ask()
session.backend.describe_key_pairs(filters=[])
began = process_time()
found = session.backend.describe_key_pairs()
"""

_ON_THE_SCREEN = """
import asyncio, sys
from pathlib import Path
from time import process_time
from botocore.parsers import EC2QueryParser
from core.ec2.place import Ec2Choice
from core.settings import open_session
from tui.app import KeyPairsApp
parse, last_byte = EC2QueryParser.parse, []
def and_note(parser, answer, shape):
    if b"DescribeKeyPairsResponse" in answer["body"][:200]:
        last_byte.append(process_time())
    return parse(parser, answer, shape)
EC2QueryParser.parse = and_note
def drawn(app):
    strips = app.screen._compositor.render_strips()
    return "".join(segment.text for strip in strips for segment in strip)
async def run():
    app = KeyPairsApp(open_session(None, Path(sys.argv[1]), ec2=Ec2Choice()))
    async with app.run_test(size=(80, 24)):
        while "pair-1 " not in drawn(app):
            await asyncio.sleep(0.02)
        print(1000 * (process_time() - last_byte[-1]), end=" ")
asyncio.run(run())
began = process_time()
"""

_SAYS = """
took = 1000 * (process_time() - began)
with open("/proc/self/status") as status:
    peak = next(line.split()[1] for line in status if line.startswith("VmHWM:"))
print(took, int(peak) / 1024)
"""


def _said(code: str, variables: dict[str, str], *arguments: str | Path) -> list[float]:
    """Return what a program says: the milliseconds and the megabytes that it took come last."""
    done = subprocess.run(
        [sys.executable, "-c", code + _SAYS, *arguments],
        env={**variables, "PATH": os.environ["PATH"], "PYTHONPATH": os.getcwd()},  # noqa: PTH109 - the source is where the benchmarks are run
        capture_output=True,
        text=True,
        check=True,
    )
    return [float(said) for said in done.stdout.split()]


def _painted(folder: Path, variables: dict[str, str], *options: str) -> Sample:
    """Return what starts the program and waits for its first frame."""

    def sample() -> Time:
        command: list[str | Path] = [KEYPAIRS, "--data-dir", folder / "painted", *options]
        with Program(command, folder, variables) as program:
            return Time(1000 * (program.wait_for("c create") - program.started), 0)

    return sample


def figures(folder: Path, rounds: int) -> Iterator[Figure]:
    """Yield what a start and a client take, and what 5,000 pairs take once they were answered."""
    write_region(folder / "in-ec2", FULL)
    with ec2_server(folder / "in-ec2") as server:
        variables = environment(server, folder)
        alone, with_client, described, shown = [], [], [], []
        for number in range(rounds):
            alone.append(_said(_TEXTUAL, variables))
            with_client.append(_said(_AS_IN_THE_APP + _TEXTUAL + _CLIENT, variables))
            described.append(_said(_DESCRIBE, variables, folder / f"here-{number}"))
            shown.append(_said(_ON_THE_SCREEN, variables, folder / f"shown-{number}"))
        (folder / "painted").mkdir(mode=0o700)
        painted = medians(
            {
                "here": _painted(folder, variables),
                "ec2": _painted(folder, variables, "--ec2"),
            },
            2 * rounds,
        )
    here = painted["here"].wall
    yield Figure("EC2: start to first paint", painted["ec2"].wall, "ms", 1.1, "this machine", here)
    cost, yardstick = (median(each[0] for each in taken) for taken in (with_client, alone))
    yield Figure("EC2: botocore and a client", cost, "ms CPU", 0.7, "import textual.app", yardstick)
    more = median(each[1] for each in with_client) - median(each[1] for each in alone)
    yield Figure("EC2: memory beside Textual", more, "MB", 15.0)
    taken = median(each[0] for each in described)
    yield Figure(f"EC2: {FULL:,} pairs, answer to list", taken, "ms CPU", 2_000.0)
    taken = median(each[0] for each in shown)
    yield Figure(f"EC2: {FULL:,} pairs, last byte to screen", taken, "ms CPU", 2_000.0)
