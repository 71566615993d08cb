from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from catalog.channels.countries import NAMES
from catalog.channels.validating import CHANNELS, feed_problems
from catalog.interchange.records import Problem

SHOWN = 200


class Command(BaseCommand):
    help = (
        "Check a file for Google Merchant (table or XML), Meta or Shopify as the channel would. "
        "Ends with status 1 when the channel would refuse something in it."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--channel", required=True, choices=sorted(CHANNELS))
        parser.add_argument(
            "--country", default="", help="two letters, for what only some countries ask"
        )
        parser.add_argument(
            "--limit", type=int, default=SHOWN, help="how many problems are written out"
        )

    def handle(
        self, *_args: Any, file: Path, channel: str, country: str, limit: int, **_options: Any
    ) -> None:
        code = country.strip().upper()
        if code and code not in NAMES:
            raise CommandError(f"“{country}” is not known as a country: use two letters, as in DE.")
        counts = {"error": 0, "warning": 0}
        try:
            for problem in feed_problems(file, channel, code):
                counts[problem.severity] += 1
                if sum(counts.values()) <= limit:
                    self.stdout.write(_line(problem))
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror or error}.") from error
        said = f"{counts['error']:,} errors, {counts['warning']:,} warnings."
        if counts["error"]:
            raise CommandError(said)
        self.stdout.write(said)


def _line(problem: Problem) -> str:
    where = f"line {problem.row}" if problem.row else "file"
    field = f", {problem.field}" if problem.field else ""
    return f"{problem.severity}: {where}{field}: {problem.message}"
