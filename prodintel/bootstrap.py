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

ROOT = Path(__file__).resolve().parent.parent
RUNTIME = "requirements.txt"
NO_VENV = """\
{python} cannot make virtual environments: its `venv` or `ensurepip` module is missing.
  Debian, Ubuntu:  apt-get install python3-venv
  otherwise:       install Python from python.org, pyenv or uv, and run `make PYTHON=/path/to/it`
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
    """Whether the environment's Python starts, is of this version, and has pip."""
    python = venv / "bin" / "python"
    question = f"import pip, sys; sys.exit(sys.version_info[:2] != {sys.version_info[:2]!r})"
    try:
        answer = subprocess.run(  # noqa: S603 -- the environment's own interpreter
            [python, "-c", question], capture_output=True, check=False
        )
    except OSError:
        return False
    return answer.returncode == 0


def create(venv: Path) -> None:
    """Make the environment anew. Raises BootstrapError where this Python cannot."""
    if not all(importlib.util.find_spec(name) for name in ("venv", "ensurepip")):
        raise BootstrapError(NO_VENV.format(python=sys.executable))
    if venv.exists():
        say(f"{venv} is incomplete or of another Python; making it again.")
        shutil.rmtree(venv)
    else:
        say(f"Making {venv} with Python {sys.version.split()[0]}.")
    made = subprocess.run(  # noqa: S603 -- our own interpreter
        [sys.executable, "-I", "-m", "venv", venv], check=False
    )
    if made.returncode:
        raise BootstrapError(NO_VENV.format(python=sys.executable))


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


def main(arguments: list[str]) -> int:
    venv = Path(arguments[0]).absolute()
    requirements = arguments[1] if len(arguments) > 1 else RUNTIME
    # Two starts at once must not install into one environment. The lock goes with the process, and
    # lies on a file that is there anyway.
    with (ROOT / RUNTIME).open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
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
