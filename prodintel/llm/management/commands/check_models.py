"""manage.py check_models: ask the provider what the account has."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from prodintel.llm import account_models, credentials


class Command(BaseCommand):
    help = "Says what the configured language models can do and whether the account has them."

    def handle(self, *_: Any, **__: Any) -> None:
        active = credentials.current()
        if active is None:
            raise CommandError(credentials.why_none())
        listed = account_models.fetch(active)
        if listed.error:
            raise CommandError(listed.error)
        problems = 0
        for model in account_models.configured_models(listed):
            self.stdout.write(f"{model.setting}={model.facts.id}: {', '.join(model.can)}")
            if model.problem:
                problems += 1
                self.stdout.write(self.style.ERROR(f"  {model.problem}"))
        self.stdout.write("The account has:")
        for name in sorted(listed.ids or ()):
            self.stdout.write(f"  {name}")
        if problems:
            raise CommandError("Not every configured model can be used.")
