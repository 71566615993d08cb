"""Machines' values that are there already wait for people to decide on them."""

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    dependencies: ClassVar = [("catalog", "0004_vision_tasks")]
    operations: ClassVar = []
