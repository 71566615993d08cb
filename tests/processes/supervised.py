"""Supervises stand-ins, telling what it reports on standard output, a JSON line each.

supervised.py FOLDER GRACE NAME=MANNER ...
"""

import json
import sys
from pathlib import Path

from prodintel.lib.supervisor import Part, Supervisor

folder, grace, *wanted = sys.argv[1:]
STANDIN = str(Path(__file__).with_name("standin.py"))


def report(event: str, **fields: object) -> None:
    print(json.dumps({"event": event, **fields}), flush=True)  # noqa: T201


parts = []
for text in wanted:
    name, _, manner = text.partition("=")
    script = [STANDIN, str(Path(folder) / "journal"), name, manner]
    # More than any kernel takes: such a child cannot be started at all.
    environment = {"TOO_LARGE": "x" * 8_000_000} if manner == "oversized" else {}
    parts.append(Part(name, script, environment))
Supervisor(parts, folder=Path(__file__).parents[2], report=report, grace=float(grace)).run()
