"""Products that are there already wait for the vision model like new ones."""

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    dependencies: ClassVar = [("catalog", "0003_describing_and_review")]
    operations: ClassVar = []
