"""Typed reading of settings from the environment, `.env` and `*_FILE` secrets."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)


class SettingsError(Exception):
    """A setting has a value that cannot be used; the message names it and says what fits."""


class _SecretFiles(PydanticBaseSettingsSource):
    """`NAME_FILE=/run/secrets/name` as the source of `NAME`, for settings that hold secrets."""

    def _path_variables(self) -> Mapping[str, str]:
        sources = {**_dotenv_values(self.settings_cls), **os.environ}
        return {name.upper(): value for name, value in sources.items() if value}

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        variable = f"{field_name.upper()}_FILE"
        path = self._path_variables().get(variable)
        if path is None or not _is_secret(field):
            return None, field_name, False
        return _read_secret(variable, path), field_name, False

    def __call__(self) -> dict[str, Any]:
        values = {}
        for name, field in self.settings_cls.model_fields.items():
            value, _, _ = self.get_field_value(field, name)
            if value is not None:
                values[name] = value
        return values


def _read_secret(variable: str, path: str) -> str:
    """The secret in the file. An empty one is an error: silently it would count as not set."""
    try:
        text = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no UTF-8 text"
        message = f"{variable} names {path!r}, which cannot be read: {reason}."
        raise SettingsError(message) from error
    if not text:
        raise SettingsError(
            f"{variable} names {path!r}, which is empty. Write the secret into it, or unset "
            f"{variable}."
        )
    return text


def _is_secret(field: FieldInfo) -> bool:
    return "SecretStr" in str(field.annotation)


def _dotenv_values(settings_cls: type[BaseSettings]) -> dict[str, str]:
    source = DotEnvSettingsSource(settings_cls)
    return {name: value for name, value in source.env_vars.items() if value is not None}


class Environment(BaseSettings):
    """Base of a typed settings reader: one field a variable, names in upper case.

    Order of precedence: the process environment, `NAME_FILE` for secrets, `.env`, the default.
    An empty variable counts as unset, as compose files and CI write it.
    """

    model_config = SettingsConfigDict(
        env_ignore_empty=True, extra="ignore", case_sensitive=False, hide_input_in_errors=True
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 -- the hook's signature
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, _SecretFiles(settings_cls), dotenv_settings

    @classmethod
    def read(cls, dotenv: Path | None = None) -> Self:
        """The settings of this process.

        Raises SettingsError naming every variable whose value does not fit, and how.
        """
        cls.model_config["env_file"] = dotenv
        try:
            return cls()
        except ValidationError as error:
            raise SettingsError(_explain(error)) from error
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is no UTF-8 text"
            raise SettingsError(f"{dotenv} cannot be read: {reason}.") from error


def _explain(error: ValidationError) -> str:
    lines = []
    for problem in error.errors(include_url=False, include_input=False):
        name = str(problem["loc"][0]).upper() if problem["loc"] else "Settings"
        message = problem["msg"].removeprefix("Value error, ").removesuffix(".")
        lines.append(f"{name}: {message}.")
    return "Some settings cannot be used.\n  " + "\n  ".join(lines)


def secret(value: SecretStr | None) -> str:
    """The text of a secret setting, or an empty string where it is not set."""
    return value.get_secret_value() if value is not None else ""


__all__ = ["Environment", "SettingsError", "secret"]
