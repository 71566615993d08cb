"""Settings from the environment: typed, named in errors, secrets also from files."""

from __future__ import annotations

import os
from typing import Annotated, Literal

import pytest
from pydantic import Field, SecretStr, field_validator
from pydantic_settings import NoDecode

from prodintel.lib.environment import Environment, SettingsError, secret
from prodintel.lib.secret_key import data_dir_secret_key


class Example(Environment):
    port: int = Field(default=8000, ge=1, le=65535)
    mode: Literal["fast", "slow"] = "fast"
    token: SecretStr | None = None
    debug: bool = False
    folder: str = ""
    old_tokens: Annotated[list[SecretStr] | None, NoDecode] = None

    @field_validator("folder")
    @classmethod
    def _is_near(cls, value: str) -> str:
        if ".." in value:
            raise ValueError(f"{value!r} is too far up.")
        return value

    @field_validator("old_tokens", mode="before")
    @classmethod
    def _split(cls, value: str | None) -> list[str] | None:
        return value and [part.strip() for part in value.split(",")]


@pytest.fixture
def read(monkeypatch, tmp_path):
    """Reads the example with these variables and this `.env`."""
    dotenv = tmp_path / ".env"

    def run(text: str = "", **variables: str) -> Example:
        dotenv.write_text(text)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return Example.read(dotenv)

    return run


def test_defaults_hold_where_nothing_is_set(read):
    settings = read()
    assert (settings.port, settings.mode, settings.token) == (8000, "fast", None)


def test_environment_wins_over_the_file(read):
    assert read("PORT=9000\nMODE=slow\n", PORT="9100").port == 9100


def test_file_holds_where_the_environment_is_silent(read):
    assert read("PORT=9000\n").port == 9000


def test_empty_variable_counts_as_unset(read):
    assert read("", PORT="").port == 8000


def test_unknown_variables_are_of_no_interest(read):
    assert read("OTHER=1\n", SOMETHING="2").port == 8000


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT", "many"), ("PORT", "0"), ("PORT", "70000"), ("MODE", "medium"), ("DEBUG", "perhaps")],
)
def test_value_that_does_not_fit_is_named(read, name, value):
    with pytest.raises(SettingsError, match=f"{name}: "):
        read("", **{name: value})


def test_all_that_does_not_fit_is_named_at_once(read):
    with pytest.raises(SettingsError) as caught:
        read("", PORT="x", MODE="y")
    assert "PORT: " in str(caught.value)
    assert "MODE: " in str(caught.value)


def test_message_says_what_would_fit(read):
    with pytest.raises(SettingsError, match="'fast' or 'slow'"):
        read("", MODE="medium")


def test_secret_is_read_from_the_file_that_is_named(read, tmp_path):
    (tmp_path / "token").write_text("s3cret\n")
    assert secret(read("", TOKEN_FILE=str(tmp_path / "token")).token) == "s3cret"


def test_secret_s_file_may_be_named_in_the_dotenv_file(read, tmp_path):
    (tmp_path / "token").write_text("s3cret")
    assert secret(read(f"TOKEN_FILE={tmp_path / 'token'}\n").token) == "s3cret"


def test_secret_itself_wins_over_its_file(read, tmp_path):
    (tmp_path / "token").write_text("from the file")
    settings = read("", TOKEN="direct", TOKEN_FILE=str(tmp_path / "token"))
    assert secret(settings.token) == "direct"


def test_secret_s_file_that_cannot_be_read_is_named(read):
    with pytest.raises(SettingsError, match="TOKEN_FILE names '/nowhere/token'"):
        read("", TOKEN_FILE="/nowhere/token")


@pytest.mark.parametrize("content", ["", " \n"])
def test_empty_file_of_a_secret_is_an_error_and_not_a_secret_that_is_not_set(
    read, tmp_path, content
):
    (tmp_path / "token").write_text(content)
    with pytest.raises(SettingsError, match=r"TOKEN_FILE names '.*token', which is empty"):
        read("", TOKEN_FILE=str(tmp_path / "token"))


def test_secret_s_file_that_is_no_text_is_named(read, tmp_path):
    (tmp_path / "token").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match=r"TOKEN_FILE names .*UTF-8"):
        read("", TOKEN_FILE=str(tmp_path / "token"))


def test_dotenv_file_that_is_no_text_is_named(tmp_path):
    (tmp_path / ".env").write_bytes(b"PORT=9000 # \xff\n")
    with pytest.raises(SettingsError, match=r"\.env cannot be read: it is no UTF-8 text"):
        Example.read(tmp_path / ".env")


def test_message_repeats_a_value_as_it_was_written(read):
    with pytest.raises(SettingsError, match=r"FOLDER: '\.\./shop' is too far up\.$"):
        read("", FOLDER="../shop")


def test_list_of_secrets_may_come_from_a_file_too(read, tmp_path):
    (tmp_path / "old").write_text("one, two\n")
    former = read("", OLD_TOKENS_FILE=str(tmp_path / "old")).old_tokens
    assert [secret(token) for token in former] == ["one", "two"]
    assert "one" not in repr(former)


def test_other_settings_are_not_read_from_files(read, tmp_path):
    (tmp_path / "port").write_text("9000")
    assert read("", PORT_FILE=str(tmp_path / "port")).port == 8000


def test_secrets_are_not_shown(read):
    assert "s3cret" not in repr(read("", TOKEN="s3cret"))


def test_secret_does_not_appear_in_an_error(read):
    with pytest.raises(SettingsError) as caught:
        read("", PORT="hunter2")
    assert "hunter2" not in str(caught.value)


def test_secret_that_is_not_set_is_empty():
    assert secret(None) == ""


def test_secret_key_is_made_once_and_kept(tmp_path):
    key = data_dir_secret_key(tmp_path)
    assert len(key) >= 50
    assert data_dir_secret_key(tmp_path) == key


def test_secret_key_is_readable_by_its_owner_alone(tmp_path):
    data_dir_secret_key(tmp_path)
    assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


def test_empty_secret_key_file_is_replaced(tmp_path):
    (tmp_path / "secret_key").write_text("")
    assert len(data_dir_secret_key(tmp_path)) >= 50


def test_key_that_another_process_made_meanwhile_is_the_one(tmp_path, monkeypatch):
    link = os.link

    def be_slower(draft, path):
        path.write_text("the other one's key")
        link(draft, path)

    monkeypatch.setattr(os, "link", be_slower)
    assert data_dir_secret_key(tmp_path) == "the other one's key"
