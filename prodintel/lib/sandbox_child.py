"""Starts a module under limits; run by `prodintel.lib.sandbox`, by path, in a bare interpreter.

Arguments: JSON with the limits and the import path, the module's name, the module's own arguments.
The limits are set here, before anything but the standard library is imported: setting them between
fork and exec is not safe in a process that has threads.
"""

from __future__ import annotations

import json
import resource
import runpy
import signal
import sys

EXIT_MEMORY = 71


def _limit(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (bound, bound))


def main() -> None:
    instructions = json.loads(sys.argv[1])
    limits = instructions["limits"]
    # Python ignores this signal, and a write beyond the limit would be an ordinary OSError.
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, limits["output_bytes"])
    if sys.platform != "darwin":  # macOS refuses to bound the address space
        _limit(resource.RLIMIT_AS, limits["memory_bytes"])
    seconds = limits["cpu_seconds"]
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 2))
    sys.path.extend(entry for entry in instructions["path"] if entry not in sys.path)
    sys.argv = sys.argv[2:]
    try:
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    except MemoryError:
        sys.exit(EXIT_MEMORY)


if __name__ == "__main__":
    main()
