from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from catalog.services.vocabulary import vocabulary_load
from catalog.vocabulary import DEFAULT, VocabularyFileError


class Command(BaseCommand):
    help = (
        "Bring a vocabulary file into the database. Adds what is missing; what people changed or "
        "removed stays as it is."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--path", type=Path, default=DEFAULT, help="default: the shipped one")

    def handle(self, *, path: Path, **_: Any) -> None:
        try:
            report = vocabulary_load(path=path)
        except VocabularyFileError as error:
            raise CommandError(str(error)) from error
        if not report.added:
            self.stdout.write("The vocabulary has everything of the file already.")
        else:
            self.stdout.write(
                f"Added {report.categories} categories, {report.attributes} attributes and "
                f"{report.terms} values."
            )
        if report.left_out:
            self.stdout.write(f"Left out {report.left_out} that people had removed.")
