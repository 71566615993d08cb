from __future__ import annotations

import stat

import pytest
from django.contrib.auth import authenticate, get_user_model

from prodintel import first_run


@pytest.fixture
def loads(monkeypatch):
    """How often the demo catalogue was loaded, and for whom."""
    calls: list[tuple[str, str]] = []
    monkeypatch.setattr(
        first_run, "call_command", lambda name, username: calls.append((name, username))
    )
    return calls


@pytest.fixture
def said():
    return []


pytestmark = pytest.mark.django_db


def test_new_site_gets_a_demo_user_who_can_log_in(data_dir, loads, said, rf):
    first_run.ensure_demo(said.append)
    login = first_run.valid_login(data_dir)
    user = authenticate(rf.post("/"), username=login.username, password=login.password)
    assert user.is_superuser
    assert loads == [("load_demo", "demo")]


def test_login_file_is_for_its_owner_alone(data_dir, loads, said):
    first_run.ensure_demo(said.append)
    assert stat.S_IMODE((data_dir / "demo-login").stat().st_mode) == 0o600


def test_second_start_makes_and_loads_nothing(data_dir, loads, said):
    first_run.ensure_demo(said.append)
    first_run.ensure_demo(said.append)
    assert len(loads) == 1
    assert get_user_model().objects.count() == 1


def test_site_with_users_of_its_own_gets_no_demo(data_dir, loads, said, make_user):
    make_user("ada")
    first_run.ensure_demo(said.append)
    assert loads == []
    assert first_run.valid_login(data_dir) is None


def test_production_gets_no_demo_user_and_says_how_to_make_one(data_dir, loads, said, settings):
    settings.PRODUCTION = True
    first_run.ensure_demo(said.append)
    assert not get_user_model().objects.exists()
    assert "createsuperuser" in said[0]


def test_interrupted_loading_is_taken_up_with_the_same_password(data_dir, said, monkeypatch):
    def interrupted(*_args, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr(first_run, "call_command", interrupted)
    with pytest.raises(KeyboardInterrupt):
        first_run.ensure_demo(said.append)
    before = first_run.valid_login(data_dir)
    loaded = []
    monkeypatch.setattr(first_run, "call_command", lambda name, _username: loaded.append(name))
    first_run.ensure_demo(said.append)
    assert loaded == ["load_demo"]
    assert first_run.valid_login(data_dir) == before


def test_login_is_no_longer_told_once_its_password_is_changed(data_dir, loads, said):
    first_run.ensure_demo(said.append)
    user = get_user_model().objects.get()
    user.set_password("another one")
    user.save()
    assert first_run.valid_login(data_dir) is None
    assert first_run.stored_login(data_dir) is not None


def test_cut_short_login_file_is_made_anew(data_dir, loads, said):
    (data_dir / "demo-login").write_text("demo", encoding="ascii")
    first_run.ensure_demo(said.append)
    assert first_run.valid_login(data_dir) is not None
