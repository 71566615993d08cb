"""Supervision, by real processes with stand-ins for the parts."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from prodintel.lib import supervisor, tether
from tests.processes.conftest import ROOT, is_alive, wait_until

STANDIN = str(Path(__file__).with_name("standin.py"))


def test_a_killed_part_is_started_again(supervise):
    site = supervise("web=live", "worker=live")
    site.wait_started(2)
    os.kill(site.pids("worker")[0], signal.SIGKILL)
    site.wait_started(3)
    first, second = site.pids("worker")
    assert first != second
    assert is_alive(site.pids("web")[0])


def test_a_part_that_keeps_dying_is_retried_with_growing_delay(supervise):
    site = supervise("worker=die")
    site.wait_started(3)
    _, output, _ = site.end()
    exits = [json.loads(line) for line in output.splitlines() if '"exited"' in line]
    assert [exits[0]["how"], exits[1]["how"]] == ["exit 3", "exit 3"]
    assert [round(exits[0]["again_in_seconds"]), round(exits[1]["again_in_seconds"])] == [1, 2]


def test_a_part_that_cannot_be_started_is_tried_again_while_the_others_go_on(supervise):
    site = supervise("engine=oversized", "web=live")
    site.wait_started(1)
    refusals = [json.loads(site.process.stdout.readline()) for _ in range(3)]
    refusals = [event for event in refusals if event["event"] == "not started"]
    assert [(event["part"], event["reason"]) for event in refusals] == [
        ("engine", os.strerror(errno.E2BIG))
    ] * 2
    assert [round(event["again_in_seconds"]) for event in refusals] == [1, 2]
    assert is_alive(site.pids("web")[0])
    assert site.end()[0] == 0


def test_delay_stops_growing_and_starts_anew_after_a_steady_life(monkeypatch):
    child = supervisor.Child(supervisor.Part("web", [STANDIN]))
    delays = []
    for _ in range(7):
        child.process = subprocess.Popen([sys.executable, "-c", ""])
        child.process.wait()
        child._started = time.monotonic()
        child.reap()
        delays.append(child.delay)
    assert delays == [2, 4, 8, 16, 30, 30, 30]
    child.process = subprocess.Popen([sys.executable, "-c", ""])
    child.process.wait()
    child._started = time.monotonic() - supervisor.STEADY_AFTER
    child.reap()
    assert child.delay == 2


def test_parts_stop_one_after_the_other_in_their_order(supervise):
    site = supervise("web=live", "worker=live", "engine=live")
    site.wait_started(3)
    status, _, errors = site.end(signal.SIGTERM)
    assert [name for _, name, _ in site.journal("stopped")] == ["web", "worker", "engine"]
    assert (status, errors) == (0, "")


def test_ctrl_c_reaches_the_supervisor_alone_and_leaves_no_traceback(supervise):
    site = supervise("web=live", "worker=live")
    site.wait_started(2)
    # A terminal sends it to the whole foreground process group.
    os.killpg(site.process.pid, signal.SIGINT)
    _, errors = site.process.communicate()
    assert (site.process.returncode, errors) == (0, "")
    assert site.journal("interrupted") == []
    assert [name for _, name, _ in site.journal("stopped")] == ["web", "worker"]


@pytest.mark.skipif(shutil.which("nohup") is None, reason="nohup is not installed")
def test_under_nohup_the_end_of_the_terminal_is_ignored(supervise):
    site = supervise("web=live", through=["nohup"])
    site.wait_started(1)
    site.process.send_signal(signal.SIGHUP)
    os.kill(site.pids("web")[0], signal.SIGKILL)
    site.wait_started(2)
    status, output, _ = site.end()
    assert status == 0
    assert [json.loads(line)["event"] for line in output.splitlines()].count("started") == 2


@pytest.mark.skipif(
    signal.getsignal(signal.SIGHUP) == signal.SIG_IGN, reason="the tests run under nohup"
)
def test_the_end_of_the_terminal_ends_the_parts_in_peace(supervise):
    site = supervise("web=live")
    site.wait_started(1)
    assert site.end(signal.SIGHUP)[0] == 0
    assert site.journal("stopped") != []


def test_a_part_that_ignores_the_stop_is_killed(supervise):
    site = supervise("web=stubborn", "worker=live", grace=1)
    site.wait_started(2)
    status, output, _ = site.end()
    (web,) = site.pids("web")
    assert status == 0
    assert {"event": "killed", "part": "web", "pid": web} in map(json.loads, output.splitlines())
    assert not is_alive(web)
    assert [name for _, name, _ in site.journal("stopped")] == ["worker"]


def test_a_second_ctrl_c_does_not_wait_for_the_grace(supervise):
    site = supervise("web=stubborn", grace=100_000)
    site.wait_started(1)
    site.process.send_signal(signal.SIGINT)
    assert json.loads(site.process.stdout.readline())["event"] == "started"
    assert json.loads(site.process.stdout.readline())["event"] == "stopping"
    site.end(signal.SIGINT)
    assert not is_alive(site.pids("web")[0])


def test_a_killed_supervisor_takes_its_children_with_it(supervise):
    site = supervise("web=live", "worker=stubborn")
    site.wait_started(2)
    pids = site.pids("web") + site.pids("worker")
    site.end(signal.SIGKILL)
    wait_until(lambda: not any(map(is_alive, pids)), "the children's end")


def test_a_child_dies_with_the_pipe_where_the_kernel_tells_nothing(tmp_path):
    journal = tmp_path / "journal"
    read_end, write_end = os.pipe()
    # As on a system without prctl, and with a parent that lives on.
    program = "import sys; sys.platform = 'other'; from prodintel.lib import tether; tether.main()"
    child = subprocess.Popen(
        [sys.executable, "-c", program, STANDIN, str(journal), "web", "stubborn"],
        cwd=ROOT,
        env={**os.environ, tether.VARIABLE: str(read_end)},
        pass_fds=[read_end],
    )
    os.close(read_end)
    wait_until(journal.exists, "the child's start")
    assert child.poll() is None
    os.close(write_end)
    assert child.wait() == -signal.SIGKILL


def test_a_script_without_a_supervisor_runs_untethered(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("import sys; print(sys.argv[1:], __name__)", encoding="utf-8")
    command = [sys.executable, "-m", "prodintel.lib.tether", str(script), "one", "two"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "['one', 'two'] __main__\n"


def test_exits_are_told_in_words():
    told = [supervisor.describe_exit(status) for status in (0, 3, -signal.SIGKILL, -250)]
    assert told == ["exit 0", "exit 3", "SIGKILL", "signal 250"]
