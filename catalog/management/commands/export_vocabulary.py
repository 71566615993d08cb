from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from catalog.vocabulary.writing import as_json, as_toml, vocabulary_data


class Command(BaseCommand):
    help = "Write the whole vocabulary as a file that load_vocabulary takes back."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--output", type=Path, help="a file; default: standard output")
        parser.add_argument("--format", choices=["toml", "json"], default="toml")

    def handle(self, *, output: Path | None, format: str, **_: Any) -> None:  # noqa: A002 -- the option's name
        text = (as_json if format == "json" else as_toml)(vocabulary_data())
        if output is None:
            self.stdout.write(text, ending="")
            return
        try:
            output.write_text(text, encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{output} cannot be written: {error.strerror}.") from error
        self.stdout.write(f"Written to {output}.")
