"""Building the virtual environment, with a real one and requirements that need no index."""

from __future__ import annotations

import shutil
import subprocess
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

    def interrupted(*_args):
        raise KeyboardInterrupt

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
    bootstrap.ensure(root / ".venv")
    assert bootstrap.is_sound(root / ".venv")
    assert "making it again" in capsys.readouterr().out

    # With the real environment at hand: a pip that fails.
    (root / "requirements.txt").write_text("not a requirement\n", encoding="ascii")
    with pytest.raises(bootstrap.BootstrapError, match="Run the same command again"):
        bootstrap.ensure(root / ".venv")
    assert not bootstrap.stamp_path(root / ".venv", "requirements.txt").exists()


def test_python_without_ensurepip_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(bootstrap.importlib.util, "find_spec", lambda name: name != "ensurepip")
    with pytest.raises(bootstrap.BootstrapError, match="apt-get install python3-venv"):
        bootstrap.create(tmp_path / ".venv")


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
