from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from catalog.demo.loading import load_demo


class Command(BaseCommand):
    help = "Create the demo catalogue, owned by a user, or finish one that was cut short."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")

    def handle(self, *_args: Any, username: str, **_options: Any) -> None:
        user = get_user_model().objects.filter(username=username, is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active user “{username}”.")
        catalog = load_demo(actor=user, progress=self._show)
        self.stdout.write(f"Demo catalogue: {catalog.products.count()} products.")

    def _show(self, number: int, total: int) -> None:
        if number == total or number % 20 == 0:
            self.stdout.write(f"  {number} of {total} products")
