from __future__ import annotations

import json
import os
import sys

import pytest

from prodintel.lib import sandbox, sandbox_child
from prodintel.lib.sandbox import MEBIBYTE, SandboxError, SandboxLimits, run_module

SMALL = SandboxLimits(
    memory_bytes=400 * MEBIBYTE, cpu_seconds=1, wall_seconds=20, output_bytes=MEBIBYTE
)


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Write a module that the child can import, and give its name."""

    def write(source: str) -> str:
        (tmp_path / "sandboxed_program.py").write_text(source)
        return "sandboxed_program"

    monkeypatch.syspath_prepend(tmp_path)
    return write


def test_input_and_arguments_reach_the_module_and_its_output_comes_back(module):
    name = module(
        "import sys\nsys.stdout.buffer.write(sys.stdin.buffer.read()[::-1] + sys.argv[1].encode())"
    )

    assert run_module(name, b"abc", arguments=["!"], limits=SMALL) == b"cba!"


def test_a_module_that_takes_too_much_memory_is_stopped(module):
    name = module("hoard = bytearray(2_000_000_000)")

    with pytest.raises(SandboxError) as stopped:
        run_module(name, b"", limits=SMALL)

    assert stopped.value.reason == "memory"


def test_a_module_that_computes_for_ever_is_stopped(module):
    name = module("while True: pass")

    with pytest.raises(SandboxError) as stopped:
        run_module(name, b"", limits=SMALL)

    assert stopped.value.reason == "time"


def test_a_module_that_sleeps_for_ever_is_stopped(module):
    name = module("import time\ntime.sleep(3600)")

    with pytest.raises(SandboxError) as stopped:
        run_module(name, b"", limits=SandboxLimits(wall_seconds=0.5))

    assert stopped.value.reason == "time"


def test_a_module_that_writes_without_end_is_stopped(module):
    name = module("import sys\nwhile True: sys.stdout.buffer.write(bytes(65536))")

    with pytest.raises(SandboxError) as stopped:
        run_module(name, b"", limits=SMALL)

    assert stopped.value.reason == "output"


@pytest.mark.parametrize("source", ["raise RuntimeError", "import os; os.abort()", "import os; os._exit(9)"])  # fmt: skip
def test_a_module_that_dies_is_a_crash(module, source):
    name = module(source)

    with pytest.raises(SandboxError) as stopped:
        run_module(name, b"", limits=SMALL)

    assert stopped.value.reason == "crash"


def test_the_next_call_works_after_one_that_died(module):
    with pytest.raises(SandboxError):
        run_module(module("import os; os.abort()"), b"", limits=SMALL)

    name = module("print('alive')")

    assert run_module(name, b"", limits=SMALL) == b"alive\n"


def test_no_secret_of_the_environment_reaches_the_module(module, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "do not tell")
    name = module("import json, os\nprint(json.dumps(dict(os.environ)))")

    environment = json.loads(run_module(name, b"", limits=SMALL))

    assert "SECRET_KEY" not in environment


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_no_open_file_of_ours_reaches_the_module(module, tmp_path):
    name = module("import os\nprint(sorted(os.listdir('/proc/self/fd')))")
    with (tmp_path / "open").open("w") as held:
        os.set_inheritable(held.fileno(), True)
        listed = run_module(name, b"", limits=SMALL)

    # Input, output, errors, and the listing itself.
    assert eval(listed) == ["0", "1", "2", "3"]  # noqa: S307


def test_parent_and_child_agree_on_the_status_that_means_memory():
    assert sandbox.EXIT_MEMORY == sandbox_child.EXIT_MEMORY
