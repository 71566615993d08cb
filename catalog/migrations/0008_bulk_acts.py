from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies: ClassVar = [
        ('catalog', '0007_chosen_fields'),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name='JobStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('product_ids', models.JSONField()),
                ('did', models.JSONField(null=True)),
                ('job', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='catalog.job')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('job', 'number'), name='job_step_once')],
            },
        ),
    ]
