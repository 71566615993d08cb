"""Products that are there already wait for the vision model like new ones.

In steps, each a transaction: a large catalogue is not held for minutes. Begun anew after it was cut
off, it leaves alone what is there.
"""

from typing import ClassVar

from django.db import migrations

CHUNK = 2000


def make_tasks(apps, schema_editor):
    VisionTask = apps.get_model("catalog", "VisionTask")
    Placement = apps.get_model("catalog", "Placement")
    shown = Placement.objects.filter(deleted_at=None).order_by("product_id").distinct()
    last = 0
    while True:
        some = shown.filter(product_id__gt=last).values_list("product_id", flat=True)[:CHUNK]
        ids = list(some)
        if not ids:
            return
        VisionTask.objects.bulk_create(
            [VisionTask(product_id=pk) for pk in ids], ignore_conflicts=True
        )
        last = ids[-1]


class Migration(migrations.Migration):
    atomic = False
    dependencies: ClassVar = [("catalog", "0003_describing_and_review")]
    operations: ClassVar = [migrations.RunPython(make_tasks, migrations.RunPython.noop)]
