"""Builds the virtual environment that everything else runs in, and mends a half-made one.

Run by the Makefile with the machine's own Python, hence the standard library alone:

    python3 -I prodintel/bootstrap.py VENV [requirements-dev.txt]

What is installed is remembered by the digest of the requirements, so that a later start asks no
package index for anything.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent
RUNTIME = "requirements.txt"
# Said to be wanting before anything is downloaded: Debian splits the first two off, and a Python that
# was compiled where SQLite's or OpenSSL's headers were missing has none of the others.
NEEDED_MODULES = ("venv", "ensurepip", "_sqlite3", "_ssl")
# Lies in every environment from before it is made, so that a half-made one is known as ours.
MARK = ".made-by-prodintel"
LACKING_MODULES = """\
{python} lacks what the site needs: {modules}.
  Debian, Ubuntu:  apt-get install python3-venv
  pyenv:           install libsqlite3-dev and libssl-dev, then that Python again
  otherwise:       install Python from python.org or uv, and run `make PYTHON=/path/to/it`
"""
VENV_FAILED = """\
{python} could not make the environment {venv}; its message is above.
  Run the same command again when that is solved, or with another: `make PYTHON=/path/to/it`
"""
NOT_OURS = """\
{venv} {reason}; it is left as it is.
  Name a folder that is an environment or does not exist yet: `make VENV=/path/to/it`
"""
IN_USE = """\
{venv} has to be made again, and the Python that would do it runs from there.
  Run `deactivate`, then the same command again.
"""
INSTALL_FAILED = """\
Installing the Python packages failed; pip's message is above.
  The first run needs the package index and about {gigabytes} GB of disk in {venv}.
  Run the same command again when that is solved: what is already there is kept.
"""
GIGABYTES = 6


class BootstrapError(Exception):
    """The environment cannot be built; the message says what to do."""


def digest(requirements: str) -> str:
    """What an environment was built from: this Python, and the requirements with their includes."""
    state = hashlib.sha256(repr(sys.version_info[:2]).encode())
    names = [RUNTIME] if requirements == RUNTIME else [RUNTIME, requirements]
    for name in names:
        state.update((ROOT / name).read_bytes())
    return state.hexdigest()


def stamp_path(venv: Path, requirements: str) -> Path:
    return venv / f".installed-{Path(requirements).stem}"


def is_sound(venv: Path) -> bool:
    """Whether the environment's Python starts, is of this version, and has what it needs."""
    python = venv / "bin" / "python"
    question = (
        f"import pip, sqlite3, ssl, sys; sys.exit(sys.version_info[:2] != {sys.version_info[:2]!r})"
    )
    try:
        answer = subprocess.run(  # noqa: S603 -- the environment's own interpreter
            [python, "-c", question], capture_output=True, check=False
        )
    except OSError:
        return False
    return answer.returncode == 0


def create(venv: Path) -> None:
    """Make the environment anew. Raises BootstrapError where this Python cannot."""
    missing = [name for name in NEEDED_MODULES if importlib.util.find_spec(name) is None]
    if missing:
        modules = ", ".join(name.lstrip("_") for name in missing)
        raise BootstrapError(LACKING_MODULES.format(python=sys.executable, modules=modules))
    if venv.exists():
        refuse_to_clear(venv)
        say(f"{venv} is incomplete or of another Python; making it again.")
    else:
        say(f"Making {venv} with Python {sys.version.split()[0]}.")
        venv.mkdir(parents=True)
    clear(venv)
    made = subprocess.run(  # noqa: S603 -- our own interpreter
        [sys.executable, "-I", "-m", "venv", venv], check=False
    )
    if made.returncode:
        raise BootstrapError(VENV_FAILED.format(python=sys.executable, venv=venv))


def refuse_to_clear(venv: Path) -> None:
    """Raises BootstrapError unless the folder is an environment, and one that nobody needs."""
    if not venv.is_dir():
        raise BootstrapError(NOT_OURS.format(venv=venv, reason="is no folder"))
    if venv in {ROOT, *ROOT.parents}:
        raise BootstrapError(NOT_OURS.format(venv=venv, reason="holds the site itself"))
    prefix = Path(sys.prefix).resolve()
    if venv in {prefix, *prefix.parents}:
        raise BootstrapError(IN_USE.format(venv=venv))
    is_environment = any((venv / name).is_file() for name in ("pyvenv.cfg", MARK))
    if not is_environment and any(venv.iterdir()):
        raise BootstrapError(NOT_OURS.format(venv=venv, reason="is no Python environment"))


def clear(venv: Path) -> None:
    """Empty the folder, but for the mark: whatever is interrupted, the next start may go on."""
    (venv / MARK).touch()
    for child in venv.iterdir():
        if child.is_dir() and not child.is_symlink():
            shutil.rmtree(child)
        elif child.name != MARK:
            child.unlink()


def install(venv: Path, requirements: str) -> None:
    """Install what `requirements` names. Raises BootstrapError when pip fails."""
    say(f"Installing {requirements}; the first time this takes some minutes.")
    command = [str(venv / "bin" / "python"), "-m", "pip", "install", "--no-input"]
    command += ["--disable-pip-version-check", "-r", str(ROOT / requirements)]
    if subprocess.run(command, check=False).returncode:  # noqa: S603 -- pip, on our own files
        raise BootstrapError(INSTALL_FAILED.format(venv=venv, gigabytes=GIGABYTES))


def ensure(venv: Path, requirements: str = RUNTIME) -> None:
    """Bring the environment to what `requirements` names; does nothing when it is there already."""
    stamp, wanted = stamp_path(venv, requirements), digest(requirements)
    if not is_sound(venv):
        create(venv)
    elif stamp.is_file() and stamp.read_text(encoding="ascii") == wanted:
        return
    for name in (RUNTIME, requirements):
        stamp_path(venv, name).unlink(missing_ok=True)
    install(venv, requirements)
    # The development requirements include the others.
    for name in {RUNTIME, requirements}:
        stamp_path(venv, name).write_text(digest(name), encoding="ascii")


def say(message: str) -> None:
    print(f"prodintel: {message}", flush=True)  # noqa: T201 -- runs before there are logs


def take(file: IO[bytes]) -> None:
    """Lock the file, or wait until whoever holds it is done."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say("Another make is installing; waiting for it.")
        fcntl.flock(file, fcntl.LOCK_EX)
    except OSError as error:
        say(f"This folder cannot be locked ({error.strerror}): run one make at a time.")


def main(arguments: list[str]) -> int:
    # Resolved, so that no detour hides what a folder is or holds.
    venv = Path(arguments[0]).resolve()
    requirements = arguments[1] if len(arguments) > 1 else RUNTIME
    # Two starts at once must not install into one environment. The lock goes with the process, and
    # lies on a file that is there anyway.
    with (ROOT / RUNTIME).open("rb") as file:
        try:
            take(file)
            ensure(venv, requirements)
        except BootstrapError as error:
            sys.stderr.write(f"prodintel: {error}")
            return 1
        except KeyboardInterrupt:
            sys.stderr.write("\nprodintel: stopped; run it again to go on.\n")
            return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
