from __future__ import annotations

from argparse import BooleanOptionalAction
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from catalog.models import VocabularyImport
from catalog.services.vocabulary import vocabulary_load
from catalog.services.vocabulary_imports import (
    Taking,
    import_plan,
    vocabulary_import_apply,
    vocabulary_import_bring,
    vocabulary_import_choose,
)
from catalog.services.vocabulary_loading import Loading, Mode
from catalog.views.http import first_message
from catalog.vocabulary import DEFAULT, VocabularyFileError
from catalog.vocabulary.brought import MAX_UNPACKED, SHOPIFY, Brought
from catalog.vocabulary.shopify import Taxonomy
from catalog.vocabulary.shopify_mapping import ALL_LEVELS, Choices

SHOWN = 20


class Command(BaseCommand):
    help = (
        "Bring a vocabulary file into the database. Adds what is missing (of the shipped one, "
        "Google's and Shopify's ids, too); what people changed or removed stays as it is, unless "
        "--mode or --restore say otherwise. Takes TOML or JSON of this site, files of Shopify's "
        "taxonomy, and Google's taxonomy with ids."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="*", type=Path, help="default: the shipped vocabulary")
        parser.add_argument("--path", type=Path, help="the same as naming one file")
        parser.add_argument("--mode", choices=Mode.values, help="how much of what is there changes")
        parser.add_argument(
            "--restore", action="store_true", help="bring back what people removed, too"
        )
        parser.add_argument("--preview", action="store_true", help="say what it would do, only")
        parser.add_argument(
            "--language", default="en", help="of files whose name or folder says none"
        )
        shopify = parser.add_argument_group("of Shopify's taxonomy")
        shopify.add_argument(
            "--branches",
            nargs="*",
            default=[],
            metavar="ID",
            help="take these and all below, such as aa or hg-3; “all” for everything; without it "
            "only what is here already gets labels",
        )
        shopify.add_argument("--levels", type=int, default=ALL_LEVELS, help="1: verticals only")
        shopify.add_argument("--attributes", action=BooleanOptionalAction, default=True)
        shopify.add_argument("--extended", action=BooleanOptionalAction, default=False)
        shopify.add_argument(
            "--offered",
            action=BooleanOptionalAction,
            default=False,
            help="let machines choose the new categories at once",
        )

    def handle(self, *, files: list[Path], path: Path | None, **options: Any) -> None:
        chosen = [*files, *([path] if path else [])]
        try:
            if chosen:
                self._bring(chosen, options)
            else:
                self._load(options)
        except VocabularyFileError as error:
            raise CommandError(str(error)) from error
        except ValidationError as error:
            raise CommandError(first_message(error)) from error

    def _load(self, options: dict[str, Any]) -> None:
        report = vocabulary_load(
            path=DEFAULT, mode=options["mode"] or Mode.IDS, restore=options["restore"]
        )
        counts = [report.categories, report.attributes, report.terms]
        self._say(counts, report.changed, report.left_out)

    def _bring(self, paths: list[Path], options: dict[str, Any]) -> None:
        row = vocabulary_import_bring(
            files=[(str(path), _read(path)) for path in paths],
            language=options["language"],
            actor=None,
        )
        try:
            vocabulary_import_choose(row=row, taking=self._taking(row, options))
            if options["preview"]:
                self._preview(import_plan(row)[1])
                return
            row = vocabulary_import_apply(row=row, actor=None)
            counts = [row.report[name] for name in ("categories", "attributes", "terms")]
            self._say(counts, row.report["changed"], row.report["left_out"])
        finally:
            if row.applied_at is None:
                VocabularyImport.objects.filter(pk=row.pk, applied_at=None).delete()

    def _taking(self, row: VocabularyImport, options: dict[str, Any]) -> Taking:
        usual = Taking.of(row.choices)
        branches = tuple(options["branches"])
        if branches == ("all",):
            branches = tuple(Taxonomy.of(_content(row)).roots) if row.kind == SHOPIFY else ()
        return Taking(
            mode=options["mode"] or usual.mode,
            restore=options["restore"],
            shopify=Choices(
                branches=branches,
                levels=options["levels"],
                attributes=options["attributes"],
                extended=options["extended"],
                offered=options["offered"],
            ),
        )

    def _say(self, counts: list[int], changed: int, left_out: int) -> None:
        if not any(counts) and not changed:
            self.stdout.write("The vocabulary has everything of the file already.")
        elif any(counts):
            self.stdout.write(
                f"Added {counts[0]} categories, {counts[1]} attributes and {counts[2]} values."
            )
        if changed:
            self.stdout.write(f"Changed {changed} that were there.")
        if left_out:
            self.stdout.write(f"Left out {left_out} that people had removed.")

    def _preview(self, plan: Loading) -> None:
        self.stdout.write(
            f"{len(plan.added)} would be added, {len(plan.changes)} changed, {plan.same} stay."
        )
        lines = [f"+ {name}" for name in plan.added]
        lines += [f"~ {each.name}: {', '.join(each.after)}" for each in plan.changes]
        lines += [f"! {sentence}" for sentence in plan.conflicts]
        for line in lines[:SHOWN]:
            self.stdout.write(line)
        if len(lines) > SHOWN:
            self.stdout.write(f"... and {len(lines) - SHOWN} more.")


def _content(row: VocabularyImport) -> Any:
    return Brought.unpacked(bytes(row.content)).data


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_UNPACKED)
    except FileNotFoundError as error:
        raise VocabularyFileError(f"There is no vocabulary file {path}.") from error
    except OSError as error:
        raise VocabularyFileError(f"{path} cannot be read: {error.strerror}.") from error
