"""Building the virtual environment, with a real one and requirements that need no index."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from prodintel import bootstrap

ROOT = Path(__file__).parents[2]


@pytest.fixture
def root(tmp_path, monkeypatch) -> Path:
    """A clone whose requirements need no index."""
    (tmp_path / "requirements.txt").write_text("# nothing\n", encoding="ascii")
    (tmp_path / "requirements-dev.txt").write_text("-r requirements.txt\n", encoding="ascii")
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    return tmp_path


@pytest.fixture
def clone(root, monkeypatch) -> Path:
    """The same, with an environment that is as it should be."""
    (root / ".venv").mkdir()
    with monkeypatch.context() as patch:
        patch.setattr(bootstrap, "is_sound", lambda _venv: True)
        patch.setattr(bootstrap, "install", lambda *_: None)
        bootstrap.ensure(root / ".venv")
    monkeypatch.setattr(bootstrap, "is_sound", lambda _venv: True)
    return root


@pytest.fixture
def installs(monkeypatch):
    """What is installed from then on, without installing it."""
    names: list[str] = []
    monkeypatch.setattr(bootstrap, "install", lambda _venv, name: names.append(name))
    return names


def interrupted(*_args):
    raise KeyboardInterrupt


def test_environment_that_is_current_is_left_alone(clone, installs):
    bootstrap.ensure(clone / ".venv")
    assert installs == []


def test_changed_requirements_are_installed_once(clone, installs):
    (clone / "requirements.txt").write_text("# changed\n", encoding="ascii")
    bootstrap.ensure(clone / ".venv")
    bootstrap.ensure(clone / ".venv")
    assert installs == ["requirements.txt"]


def test_development_requirements_cover_the_others(clone, installs):
    (clone / "requirements.txt").write_text("# changed\n", encoding="ascii")
    bootstrap.ensure(clone / ".venv", "requirements-dev.txt")
    bootstrap.ensure(clone / ".venv")
    assert installs == ["requirements-dev.txt"]


def test_interrupted_install_is_taken_up_again(clone, monkeypatch):
    (clone / "requirements.txt").write_text("# changed\n", encoding="ascii")
    with monkeypatch.context() as patch:
        patch.setattr(bootstrap, "install", interrupted)
        with pytest.raises(KeyboardInterrupt):
            bootstrap.ensure(clone / ".venv")
    installed = []
    monkeypatch.setattr(bootstrap, "install", lambda *_: installed.append(True))
    bootstrap.ensure(clone / ".venv")
    assert installed == [True]


def test_half_made_environment_is_made_anew_and_a_failed_install_may_be_repeated(root, capsys):
    (root / ".venv" / "bin").mkdir(parents=True)
    (root / ".venv" / "bin" / "python").symlink_to("/nowhere/python3")
    (root / ".venv" / bootstrap.MARK).touch()
    bootstrap.ensure(root / ".venv")
    assert bootstrap.is_sound(root / ".venv")
    assert "making it again" in capsys.readouterr().out

    # With the real environment at hand: a pip that fails.
    (root / "requirements.txt").write_text("not a requirement\n", encoding="ascii")
    with pytest.raises(bootstrap.BootstrapError, match="Run the same command again"):
        bootstrap.ensure(root / ".venv")
    assert not bootstrap.stamp_path(root / ".venv", "requirements.txt").exists()


@pytest.mark.parametrize(
    ("module", "told"), [("ensurepip", "apt-get install python3-venv"), ("_sqlite3", "sqlite3")]
)
def test_incomplete_python_says_what_it_lacks_before_it_makes_anything(
    root, monkeypatch, module, told
):
    monkeypatch.setattr(bootstrap.importlib.util, "find_spec", lambda name: name != module or None)
    with pytest.raises(bootstrap.BootstrapError, match=told):
        bootstrap.create(root / ".venv")
    assert not (root / ".venv").exists()


@pytest.mark.parametrize("name", ["pyvenv.cfg", bootstrap.MARK])
def test_environment_is_cleared_whole_and_known_as_ours_at_every_moment(root, monkeypatch, name):
    venv = root / ".venv"
    (venv / "lib" / "old").mkdir(parents=True)
    (venv / name).touch()
    monkeypatch.setattr(bootstrap.shutil, "rmtree", interrupted)
    with pytest.raises(KeyboardInterrupt):
        bootstrap.create(venv)
    assert (venv / bootstrap.MARK).exists()
    monkeypatch.undo()
    bootstrap.clear(venv)
    assert [path.name for path in venv.iterdir()] == [bootstrap.MARK]


@pytest.mark.parametrize("content", ["thesis.txt", "bin/python"])
def test_folder_that_is_no_environment_is_refused_and_left_as_it_is(root, content):
    (root / "papers" / content).parent.mkdir(parents=True)
    (root / "papers" / content).write_text("years of work", encoding="ascii")
    with pytest.raises(bootstrap.BootstrapError, match="is no Python environment"):
        bootstrap.create(root / "papers")
    assert (root / "papers" / content).read_text(encoding="ascii") == "years of work"


@pytest.mark.parametrize("place", ["", ".."])
def test_clone_and_what_holds_it_are_never_taken_for_an_environment(root, monkeypatch, place):
    monkeypatch.setattr(bootstrap, "ROOT", root / "clone")
    venv = (root / "clone" / place).resolve()
    (root / "clone").mkdir()
    (venv / "pyvenv.cfg").touch()
    with pytest.raises(bootstrap.BootstrapError, match="holds the site itself"):
        bootstrap.create(venv)
    assert (venv / "pyvenv.cfg").exists()


def test_environment_of_the_running_python_is_not_removed_under_it(root, monkeypatch):
    (root / ".venv").mkdir()
    (root / ".venv" / "pyvenv.cfg").touch()
    monkeypatch.setattr(bootstrap.sys, "prefix", str(root / ".venv"))
    with pytest.raises(bootstrap.BootstrapError, match="deactivate"):
        bootstrap.create(root / ".venv")
    assert (root / ".venv" / "pyvenv.cfg").exists()


def test_file_in_the_environment_s_place_is_left_as_it_is(root):
    (root / ".venv").write_text("a file", encoding="ascii")
    with pytest.raises(bootstrap.BootstrapError, match="is no folder"):
        bootstrap.create(root / ".venv")
    assert (root / ".venv").read_text(encoding="ascii") == "a file"


def test_second_make_says_what_it_waits_for_and_ends_quietly_on_ctrl_c(root, interruptible):
    script = root / "prodintel" / "bootstrap.py"
    script.parent.mkdir()
    shutil.copy(bootstrap.__file__, script)
    with (root / "requirements.txt").open("rb") as first:
        fcntl.flock(first, fcntl.LOCK_EX)
        second = subprocess.Popen(
            [sys.executable, "-I", script, root / ".venv"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert "Another make is installing; waiting" in second.stdout.readline()
        second.send_signal(signal.SIGINT)
        _, errors = second.communicate()
    assert second.returncode == 130
    assert errors == "\nprodintel: stopped; run it again to go on.\n"


def test_folder_that_cannot_be_locked_is_installed_into_nevertheless(clone, monkeypatch, capsys):
    def no_locks(*_args):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(bootstrap.fcntl, "flock", no_locks)
    assert bootstrap.main([str(clone / ".venv")]) == 0
    assert "run one make at a time" in capsys.readouterr().out


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_make_takes_its_environment_from_the_command_line_alone(tmp_path):
    for words, expected in ([], ".venv"), (["VENV=/elsewhere"], "/elsewhere"):
        done = subprocess.run(
            ["make", "--dry-run", "setup", *words],
            cwd=ROOT,
            env={**os.environ, "VENV": str(tmp_path)},
            capture_output=True,
            text=True,
            check=True,
        )
        assert f'prodintel/bootstrap.py "{expected}"' in done.stdout


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_make_without_a_python_says_which_is_needed(tmp_path):
    python = tmp_path / "python3"
    python.write_text("#!/bin/sh\nexit 1\n", encoding="ascii")
    python.chmod(0o755)
    done = subprocess.run(
        ["make", "setup", f"PYTHON={python}", f"VENV={tmp_path / '.venv'}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert f"Python 3.11 or newer is needed and was not found as {python}" in done.stderr
