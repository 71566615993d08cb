"""setup, serve and web as commands: what they refuse, and what they say."""

from __future__ import annotations

import errno
import io
import os
import signal
import socket
import subprocess
import sys

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from prodintel import first_run
from prodintel.lib import instance, static_files
from prodintel.management.commands import serve, setup
from tests.processes.conftest import ROOT


@pytest.fixture
def quick_setup(data_dir, settings, monkeypatch):
    """Setup without the slow parts, which have tests of their own."""
    settings.CLIP_MODEL = "local-dir:elsewhere"
    settings.STATIC_ROOT = data_dir / "static"
    settings.PRODUCTION = True
    monkeypatch.setattr(static_files, "are_current", lambda: True)
    return data_dir


def no_locks(*_args):
    raise OSError(errno.ENOLCK, "No locks available")


@pytest.mark.django_db
def test_setup_may_run_again_and_again(quick_setup, make_user):
    make_user()
    for _ in range(2):
        output = io.StringIO()
        call_command("setup", stdout=output, skip_checks=True)
        assert output.getvalue() == ""


@pytest.mark.django_db
def test_setup_assembles_the_starter_only_when_it_is_the_model(quick_setup, settings, monkeypatch):
    assembled = []
    monkeypatch.setattr(setup, "assemble", lambda folder, _progress: assembled.append(folder))
    call_command("setup", stdout=io.StringIO(), skip_checks=True)
    settings.CLIP_MODEL = "starter"
    call_command("setup", stdout=io.StringIO(), skip_checks=True)
    assert assembled == [quick_setup / "models" / "starter"]


def test_setup_without_a_database_says_which_setting_to_look_at(quick_setup, monkeypatch):
    def away(_connection):
        raise OperationalError("connection refused")

    monkeypatch.setattr(setup, "MigrationExecutor", away)
    with pytest.raises(CommandError, match="DATABASE_URL"):
        call_command("setup", stdout=io.StringIO(), skip_checks=True)


@pytest.mark.django_db
def test_setup_with_nothing_to_change_runs_beside_the_site(quick_setup, make_user):
    make_user()
    with instance.hold(quick_setup, address="http://localhost:8000/"):
        call_command("setup", stdout=io.StringIO(), skip_checks=True)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("place", "name", "answer"),
    [
        (static_files, "are_current", lambda: False),
        (setup.MigrationExecutor, "migration_plan", lambda *_: [("catalog.0002", False)]),
    ],
    ids=["static files", "database"],
)
def test_setup_changes_nothing_under_a_running_site(quick_setup, monkeypatch, place, name, answer):
    monkeypatch.setattr(place, name, answer)
    monkeypatch.setattr(static_files, "call_command", pytest.fail)
    monkeypatch.setattr(setup, "call_command", pytest.fail)
    with (
        instance.hold(quick_setup, address="http://localhost:8000/"),
        pytest.raises(CommandError) as refusal,
    ):
        call_command("setup", stdout=io.StringIO(), skip_checks=True)
    assert str(refusal.value) == (
        f"The site is running at http://localhost:8000/ (process {os.getpid()}), and this version "
        "has changes to make under it. Stop it, then run this again."
    )


@pytest.mark.django_db
def test_no_site_starts_while_setup_changes_what_it_runs_on(quick_setup, monkeypatch, make_user):
    make_user()
    refused = []

    def start_meanwhile():
        with pytest.raises(CommandError, match="already running"):
            call_command("serve", stdout=io.StringIO(), skip_checks=True)
        refused.append(True)

    monkeypatch.setattr(static_files, "are_current", lambda: False)
    monkeypatch.setattr(static_files, "collect", start_meanwhile)
    call_command("setup", stdout=io.StringIO(), skip_checks=True)
    assert refused == [True]


@pytest.mark.parametrize("command", ["setup", "serve"])
def test_data_folder_without_locks_is_refused_with_what_to_set(quick_setup, monkeypatch, command):
    monkeypatch.setattr(instance.fcntl, "flock", no_locks)
    with pytest.raises(CommandError, match=r"No locks available\. Set PRODINTEL_DATA_DIR"):
        call_command(command, stdout=io.StringIO(), skip_checks=True)


def test_ctrl_c_ends_a_command_without_a_traceback(tmp_path, interruptible):
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "prodintel.settings",
        "PRODINTEL_DATA_DIR": str(tmp_path),
    }
    with (instance.run_folder(tmp_path) / "setup.lock").open("w") as other:
        instance.lock(other, wait=False)
        waiting = subprocess.Popen(
            [sys.executable, "manage.py", "setup"],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert "Another setup of this data folder is running" in waiting.stdout.readline()
        waiting.send_signal(signal.SIGINT)
        _, errors = waiting.communicate()
    assert waiting.returncode == 130
    assert errors == "\nprodintel: stopped; run it again to go on.\n"


def test_static_files_are_collected_once_and_again_after_a_change(tmp_path, settings):
    source = tmp_path / "source"
    source.mkdir()
    (source / "a.css").write_text("a {}", encoding="ascii")
    settings.STATICFILES_DIRS = [source]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STATIC_ROOT = tmp_path / "collected"
    assert not static_files.are_current()
    static_files.collect()
    assert static_files.are_current()
    (source / "a.css").write_text("a { color: red }", encoding="ascii")
    assert not static_files.are_current()
    static_files.collect()
    assert (tmp_path / "collected" / "a.css").read_text(encoding="ascii") == "a { color: red }"


def test_interrupted_collection_is_done_again(tmp_path, settings, monkeypatch):
    settings.STATICFILES_DIRS = []
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STATIC_ROOT = tmp_path / "collected"
    static_files.collect()
    settings.STATICFILES_DIRS = [tmp_path / "more"]
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "b.css").touch()

    def interrupted(*_args, **_options):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(static_files, "call_command", interrupted)
        with pytest.raises(KeyboardInterrupt):
            static_files.collect()
    assert not static_files.are_current()


def test_serve_refuses_a_second_site_on_the_same_data(data_dir):
    with (
        instance.hold(data_dir, address="http://localhost:8000/"),
        pytest.raises(CommandError, match="already running at http://localhost:8000/"),
    ):
        call_command("serve", stdout=io.StringIO(), skip_checks=True)


def test_serve_refuses_a_taken_port_before_it_starts_anything(data_dir, settings, monkeypatch):
    monkeypatch.setattr(instance, "PORT_PATIENCE", 0)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        settings.PORT = other.getsockname()[1]
        with pytest.raises(CommandError, match="Set PORT"):
            call_command("serve", stdout=io.StringIO(), skip_checks=True)


@pytest.mark.django_db
def test_serve_refuses_a_database_that_is_not_up_to_date(data_dir, settings, monkeypatch):
    settings.PORT = 0
    monkeypatch.setattr(
        serve.MigrationExecutor, "migration_plan", lambda *_: [("catalog.0002", False)]
    )
    with pytest.raises(CommandError, match=r"manage\.py setup"):
        call_command("serve", stdout=io.StringIO(), skip_checks=True)


@pytest.mark.django_db
@pytest.mark.parametrize("production", [False, True])
def test_first_login_is_shown_until_the_site_is_in_production(
    data_dir, settings, make_user, production
):
    login = first_run._new_login(data_dir)
    user = make_user(login.username)
    user.set_password(login.password)
    user.save()
    settings.PRODUCTION = production
    output = io.StringIO()
    serve.Command(stdout=output)._greet("http://localhost:8000/")
    assert "http://localhost:8000/" in output.getvalue()
    assert (login.password in output.getvalue()) is not production


@pytest.mark.parametrize("text", ["", "web,cron", "all"])
def test_unknown_parts_are_refused(text):
    with pytest.raises(CommandError, match="--parts takes some of web,worker,engine"):
        serve.parts_from(text)


def test_parts_keep_the_order_in_which_they_stop():
    assert serve.parts_from("engine, web") == ["web", "engine"]


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000/"),
        ("0.0.0.0", "http://localhost:8000/"),  # noqa: S104 -- shown, not listened on
        ("::", "http://localhost:8000/"),
        ("::1", "http://[::1]:8000/"),
        ("shop.example", "http://shop.example:8000/"),
    ],
)
def test_printed_address_is_one_that_a_browser_can_open(host, address):
    assert serve.address_of(host, 8000) == address
