"""Products that are approved already have their present state as the approved one."""

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    dependencies: ClassVar = [("catalog", "0005_awaits_review")]
    operations: ClassVar = []
