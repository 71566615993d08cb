"""Runs a module of ours on untrusted bytes in a subprocess with hard limits.

The child has bounded memory, processor time and output, no core dump, no inherited files, almost no
environment, and imports only what its module imports. A fresh child for every call: what one input
does to it cannot reach the next.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

MEBIBYTE = 1024 * 1024
_LAUNCHER = Path(__file__).with_name("sandbox_child.py")
# The dynamic loader may need these to start Python at all; nothing else of ours is passed on.
_KEPT_ENVIRONMENT = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")
# Each child may take its whole memory limit, so no more of them at once than processors.
_SLOTS = threading.BoundedSemaphore(max(2, min(os.cpu_count() or 2, 8)))
EXIT_MEMORY = 71


@dataclass(frozen=True)
class SandboxLimits:
    """Bounds of one call: bytes and seconds. `wall_seconds` counts from the start of the child."""

    memory_bytes: int = 1024 * MEBIBYTE
    cpu_seconds: int = 20
    wall_seconds: float = 45
    output_bytes: int = 128 * MEBIBYTE


class SandboxError(Exception):
    """The child did not finish: it hit a limit (`memory`, `time`, `output`) or died (`crash`)."""

    def __init__(self, reason: Literal["memory", "time", "output", "crash"], message: str) -> None:
        super().__init__(message)
        self.reason = reason


def run_module(
    module: str,
    payload: bytes,
    *,
    arguments: Sequence[str] = (),
    limits: SandboxLimits | None = None,
) -> bytes:
    """Run `module` as a program, `payload` on its standard input, and return its standard output.

    Raises: SandboxError.
    """
    bounds = limits or SandboxLimits()
    instructions = json.dumps(
        {"limits": asdict(bounds), "path": [str(Path(entry).resolve()) for entry in sys.path]}
    )
    command = [sys.executable, "-I", "-S", str(_LAUNCHER), instructions, module, *arguments]
    environment = {key: os.environ[key] for key in _KEPT_ENVIRONMENT if key in os.environ}
    # One arena keeps the address space that is counted close to the memory that is used.
    environment |= {"MALLOC_ARENA_MAX": "1", "LC_ALL": "C.UTF-8"}
    # Files, not pipes: a child that writes without end fills its own limit, not our memory.
    with _SLOTS, tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as result:
        given.write(payload)
        given.seek(0)
        child = subprocess.Popen(  # noqa: S603 - our own interpreter and launcher
            command,
            stdin=given,
            stdout=result,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env=environment,
            start_new_session=True,
        )
        try:
            status = child.wait(bounds.wall_seconds)
        except subprocess.TimeoutExpired as error:
            raise SandboxError(
                "time", f"{module} took longer than {bounds.wall_seconds} s"
            ) from error
        finally:
            if child.poll() is None:
                child.kill()
                child.wait()
        _check(module, status)
        result.seek(0)
        return result.read()


def _check(module: str, status: int) -> None:
    if status == 0:
        return
    if status == EXIT_MEMORY:
        raise SandboxError("memory", f"{module} needed more memory than it may use")
    if status == -signal.SIGXCPU:
        raise SandboxError("time", f"{module} needed more processor time than it may use")
    if status == -signal.SIGXFSZ:
        raise SandboxError("output", f"{module} wrote more than it may")
    raise SandboxError("crash", f"{module} ended with status {status}")
