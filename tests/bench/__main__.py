"""Runs benches by name: `python -m tests.bench ingest search`, as `make bench` does."""

from __future__ import annotations

import subprocess
import sys


def main(names: list[str]) -> int:
    """Each in a process of its own, since each has settings of its own."""
    for name in names or ["ingest", "search"]:
        module, *arguments = name.split(":")
        print(f"\n== {name}", flush=True)
        ended = subprocess.run(
            [sys.executable, "-m", f"tests.bench.{module}", *arguments], check=False
        )
        if ended.returncode:
            return ended.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
