"""Machines' values that are there already wait for people to decide on them.

Which of them do follows from the ledger, the vocabulary and the products' columns, by rules that
stand in the services. So each field is left to a job that projects it anew, in steps that can be
interrupted: it begins as soon as a worker runs, and however many products there are, migrating takes
no longer.
"""

from typing import ClassVar

from django.db import migrations

MACHINES = ("vision-llm", "zero-shot")


def renew(apps, schema_editor) -> None:
    LedgerEntry = apps.get_model("catalog", "LedgerEntry")
    Job = apps.get_model("catalog", "Job")
    said = LedgerEntry.objects.filter(source__in=MACHINES, retracted_at=None)
    fields = said.order_by("field").values_list("field", flat=True).distinct()
    Job.objects.bulk_create(
        Job(kind="reproject", arguments={"field": field}) for field in fields
    )


class Migration(migrations.Migration):
    dependencies: ClassVar = [("catalog", "0004_vision_tasks")]
    operations: ClassVar = [migrations.RunPython(renew, migrations.RunPython.noop)]
