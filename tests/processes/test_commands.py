"""setup, serve and web as commands: what they refuse, and what they say."""

from __future__ import annotations

import io
import socket

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from prodintel.lib import instance, static_files
from prodintel.management.commands import serve, setup


@pytest.fixture
def quick_setup(data_dir, settings, monkeypatch):
    """Setup without the slow parts, which have tests of their own."""
    settings.CLIP_MODEL = "local-dir:elsewhere"
    settings.STATIC_ROOT = data_dir / "static"
    settings.PRODUCTION = True
    monkeypatch.setattr(setup, "collect_if_changed", lambda: False)
    return data_dir


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


def test_static_files_are_collected_once_and_again_after_a_change(tmp_path, settings):
    source = tmp_path / "source"
    source.mkdir()
    (source / "a.css").write_text("a {}", encoding="ascii")
    settings.STATICFILES_DIRS = [source]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STATIC_ROOT = tmp_path / "collected"
    assert static_files.collect_if_changed()
    assert not static_files.collect_if_changed()
    (source / "a.css").write_text("a { color: red }", encoding="ascii")
    assert static_files.collect_if_changed()
    assert (tmp_path / "collected" / "a.css").read_text(encoding="ascii") == "a { color: red }"


def test_interrupted_collection_is_done_again(tmp_path, settings, monkeypatch):
    settings.STATICFILES_DIRS = []
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STATIC_ROOT = tmp_path / "collected"
    static_files.collect_if_changed()
    settings.STATICFILES_DIRS = [tmp_path / "more"]
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "b.css").touch()

    def interrupted(*_args, **_options):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(static_files, "call_command", interrupted)
        with pytest.raises(KeyboardInterrupt):
            static_files.collect_if_changed()
    assert static_files.collect_if_changed()


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
