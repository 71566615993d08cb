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
    parts.append(Part(name, [STANDIN, str(Path(folder) / "journal"), name, manner]))
Supervisor(parts, folder=Path(__file__).parents[2], report=report, grace=float(grace)).run()
