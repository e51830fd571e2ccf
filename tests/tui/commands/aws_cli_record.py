"""Asks a real AWS CLI all questions, and writes what it says to `tests/vectors/aws_cli.json`.

    AWS_CLI_PYTHON=/some/venv/bin/python python -m tests.tui.commands.aws_cli_record

The environment needs `awscli` 1.46 and nothing else.
"""

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from tests.tui.commands.aws_cli_questions import FILES, PRINTED, REQUESTS

RECORDED = Path(__file__).parents[2] / "vectors" / "aws_cli.json"
VARIABLE = "AWS_CLI_PYTHON"


def asked(python: str) -> dict[str, list[dict[str, Any]]]:
    """Return what the AWS CLI of that Python says to every question."""
    questions: list[dict[str, Any]] = [{"arguments": each, "answer": None} for each in REQUESTS]
    questions += [{"arguments": arguments, "answer": answer} for arguments, answer in PRINTED]
    with tempfile.TemporaryDirectory() as folder:
        for name, data in FILES.items():
            (Path(folder) / name).write_bytes(data)
        done = subprocess.run(
            [python, Path(__file__).with_name("aws_cli.py")],
            input=json.dumps(questions),
            capture_output=True,
            text=True,
            timeout=600,
            cwd=folder,
            env={"PATH": os.environ["PATH"], "HOME": folder, "LC_ALL": "C.UTF-8"},
            check=True,
        )
    answers = json.loads(done.stdout)
    count = len(REQUESTS)
    return {"requests": answers[:count], "printed": answers[count:]}


if __name__ == "__main__":
    RECORDED.write_text(json.dumps(asked(os.environ[VARIABLE]), indent=1) + "\n")
