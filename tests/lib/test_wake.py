"""Waking another process on the same machine."""

from __future__ import annotations

import resource
import subprocess
import sys
import threading

import pytest

from prodintel.lib import wake


@pytest.fixture
def listening(tmp_path):
    events = {"embed": threading.Event(), "index": threading.Event()}
    path = wake.address(tmp_path, "worker")
    listener = wake.Listener(path, events)
    listener.start()
    yield path, events
    listener.close()
    assert not listener.is_alive()


def test_message_sets_the_event_of_its_name(listening):
    path, events = listening
    wake.notify(path, "embed")
    assert events["embed"].wait(10)
    assert not events["index"].is_set()


def test_unknown_and_hostile_messages_are_ignored(listening):
    path, events = listening
    for message in ("nothing", "", "x" * 200, "\udcff".encode("utf-8", "surrogatepass").hex()):
        wake.notify(path, message)
    wake.notify(path, "index")
    assert events["index"].wait(10)


def test_nobody_listening_is_no_error(tmp_path):
    wake.notify(tmp_path / "nobody.sock", "embed")


def test_process_that_may_open_no_more_files_fails_nothing(listening):
    path, _ = listening
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, before[1]))
    try:
        wake.notify(path, "embed")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def sockets(path):
    return list(path.parent.glob("*.sock"))


def test_socket_is_for_its_owner_alone(listening):
    path, _ = listening
    (socket,) = sockets(path)
    assert socket.stat().st_mode & 0o077 == 0


def test_all_who_listen_are_told_also_after_one_of_them_has_ended(listening):
    path, events = listening
    second = threading.Event()
    other = wake.Listener(path, {"embed": second})
    other.start()
    wake.notify(path, "embed")
    assert second.wait(10)
    assert events["embed"].wait(10)
    events["embed"].clear()
    other.close()
    wake.notify(path, "embed")
    assert events["embed"].wait(10)


def test_killed_listener_is_told_nothing_more_and_its_socket_goes_away(listening):
    path, events = listening
    program = (
        "import os, signal, sys; from pathlib import Path; from prodintel.lib import wake\n"
        "wake.Listener(Path(sys.argv[1]), {}).start()\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", program, path], check=False)
    assert len(sockets(path)) == 2
    wake.notify(path, "embed")
    assert events["embed"].wait(10)
    assert len(sockets(path)) == 1


def test_listener_that_never_ran_closes(tmp_path):
    path = wake.address(tmp_path, "worker")
    wake.Listener(path, {}).close()
    assert sockets(path) == []


def test_listener_of_a_folder_that_is_just_short_enough_has_a_socket(tmp_path):
    room = wake.LONGEST_PATH - len(str(tmp_path / "run" / "worker")) - 1
    folder = tmp_path / ("x" * room)
    path = wake.address(folder, "worker")
    assert path.parent == folder / "run"
    wake.Listener(path, {}).close()


def test_address_of_a_deep_folder_is_short_enough_for_a_socket(tmp_path):
    deep = tmp_path / ("folder" * 30)
    path = wake.address(deep, "worker")
    assert len(str(path)) <= wake.LONGEST_PATH
    assert path != wake.address(tmp_path / ("other" * 30), "worker")
