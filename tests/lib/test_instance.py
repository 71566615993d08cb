from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys

import pytest

from prodintel.lib import instance


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(instance, "PORT_PATIENCE", 0)


def test_second_holder_is_refused_and_told_who_the_first_is(tmp_path):
    with (
        instance.hold(tmp_path, address="http://localhost:8000/"),
        pytest.raises(instance.AlreadyRunningError) as refusal,
    ):
        instance.hold(tmp_path, address="http://localhost:9000/")
    assert str(refusal.value) == (
        f"It is already running at http://localhost:8000/ (process {os.getpid()})."
    )


def test_lock_of_a_killed_holder_does_not_block(tmp_path):
    program = (
        "import os, signal, sys; from pathlib import Path; from prodintel.lib import instance\n"
        "lock = instance.hold(Path(sys.argv[1]), address='somewhere')\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False)
    assert (tmp_path / "run" / "serve.lock").stat().st_size > 0
    instance.hold(tmp_path, address="here").close()


def test_lock_is_not_inherited_by_children(tmp_path):
    lock = instance.hold(tmp_path, address="")
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    lock.close()
    instance.hold(tmp_path, address="").close()
    child.communicate(b"\n")


def test_holder_that_has_not_written_its_name_is_still_a_holder(tmp_path):
    with instance.hold(tmp_path, address="") as lock:
        lock.truncate(0)
        with pytest.raises(instance.AlreadyRunningError, match="another process"):
            instance.hold(tmp_path, address="")


def test_folder_without_locks_is_not_taken_for_one_that_is_in_use(tmp_path, monkeypatch):
    def no_locks(*_args):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(instance.fcntl, "flock", no_locks)
    with pytest.raises(instance.CannotLockError, match=r"serve\.lock cannot be locked: No locks"):
        instance.hold(tmp_path, address="")


def test_identity_stays_and_differs_between_data_folders(tmp_path):
    first = instance.identity(tmp_path / "a")
    assert instance.identity(tmp_path / "a") == first
    assert instance.identity(tmp_path / "b") != first


def test_taken_port_is_refused_with_the_setting_to_change():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(instance.PortTakenError, match=f"PORT={port + 1} make run"):
            instance.listen("127.0.0.1", port)


def test_port_is_free_again_at_once_after_a_connection_was_served():
    with instance.listen("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        client = socket.create_connection(("127.0.0.1", port))
        served, _ = listener.accept()
        served.close()
        client.close()
    instance.listen("127.0.0.1", port).close()


def test_foreign_host_is_refused_by_name():
    with pytest.raises(instance.PortTakenError, match=r"HOST is '192\.0\.2\.1'"):
        instance.listen("192.0.2.1", 8000)


def test_host_may_be_ipv6():
    with instance.listen("::1", 0) as listener:
        assert listener.family == socket.AF_INET6
