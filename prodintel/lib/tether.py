"""Runs a script in this process so that it dies when the process that started it does.

    python -m prodintel.lib.tether SCRIPT [ARGUMENT ...]

A supervisor that is killed cannot stop its children, and children that live on hold the port, the
index and the socket that the next start needs. The descriptor named by `PRODINTEL_TETHER` is the
read end of a pipe whose other end only the supervisor holds: it ends with the supervisor, however
that ended. Linux also tells by a signal, which needs no turn of the interpreter.
"""

from __future__ import annotations

import ctypes
import os
import runpy
import signal
import sys
import threading

VARIABLE = "PRODINTEL_TETHER"
PR_SET_PDEATHSIG = 1


def tie(descriptor: int) -> None:
    """End this process, at once and uncaught, when the pipe behind `descriptor` ends."""
    os.set_inheritable(descriptor, False)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)

    def watch() -> None:
        while os.read(descriptor, 64):
            continue
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, name="tether", daemon=True).start()


def main() -> None:
    descriptor = os.environ.pop(VARIABLE, "")
    if descriptor:
        tie(int(descriptor))
    del sys.argv[0]
    runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    main()
