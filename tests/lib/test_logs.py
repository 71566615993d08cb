"""Logs as they leave a process: one line an event, errors that nobody caught included."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONFIGURED = """
import logging, sys, threading
from prodintel.lib import logs
logs.configure(logs.logging_config(level="info", style=sys.argv[1]))
"""
FAILING = """
def fail():
    password = "hunter" + "2"
    raise ValueError("no such door")
"""


def run(code: str, style: str = "json") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", CONFIGURED + FAILING + code, style],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


LOGGED = "try:\n    fail()\nexcept ValueError:\n    logging.exception('it failed')"
IN_THREAD = "thread = threading.Thread(target=fail, name='porter')\nthread.start()\nthread.join()"
WAYS = pytest.mark.parametrize(
    "code", [LOGGED, "fail()", IN_THREAD], ids=["logged", "uncaught", "in a thread"]
)


@WAYS
def test_error_is_one_line_of_json_with_its_traceback(code):
    (line,) = run(code).stderr.splitlines()
    (error,) = json.loads(line)["exception"]
    assert (error["exc_type"], error["exc_value"]) == ("ValueError", "no such door")
    assert error["frames"][-1]["name"] == "fail"


@WAYS
@pytest.mark.parametrize("style", ["json", "text"])
def test_values_of_local_variables_do_not_reach_the_log(code, style):
    done = run(code, style)
    assert "no such door" in done.stderr
    assert "hunter2" not in done.stderr


def test_uncaught_error_says_its_thread_and_still_fails_the_process():
    assert json.loads(run(IN_THREAD).stderr)["thread"] == "porter"
    assert run("fail()").returncode == 1


def test_uncaught_error_is_a_line_and_a_traceback_for_people():
    first, *rest = run("fail()", "text").stderr.splitlines()
    assert "uncaught error" in first
    assert "ValueError('no such door')" in first
    assert rest[-1] == "ValueError: no such door"


def test_ctrl_c_is_left_to_python():
    done = run("raise KeyboardInterrupt")
    assert "uncaught" not in done.stderr
    assert done.returncode == -signal.SIGINT


def test_exit_of_a_thread_is_no_error():
    done = run("thread = threading.Thread(target=sys.exit)\nthread.start()\nthread.join()")
    assert (done.returncode, done.stderr) == (0, "")


def test_hooks_of_others_are_left_in_their_places():
    mine = "sys.excepthook = lambda *_: print('mine')\n"
    done = run(mine + CONFIGURED + "fail()")
    # Configured twice, and only the first time without another's hook.
    assert (done.stdout, done.stderr) == ("mine\n", "")
