"""Panels of simulated shoppers: kept, changed, removed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from catalog.models import Catalog
from catalog.services.attribute_values import check_text
from catalog.services.audit import audit
from catalog.services.errors import conflict
from catalog.services.locks import lock_row
from tools.kinds.twin_simulator.claims import has_claims
from tools.models import Panel, PanelSource
from tools.personas import Persona

TEXTS = ("name", "audience", "category")
CLAIMS = (
    "What is said of {name} tells how much people buy, which no simulation knows. Say it without."
)
CHANGEABLE = frozenset({*TEXTS, "seed", "personas"})


@transaction.atomic
def panel_create(
    *,
    catalog: Catalog,
    name: str,
    personas: Sequence[Persona],
    actor: Any,
    audience: str = "",
    category: str = "",
    seed: int = 1,
    source: str = PanelSource.PERSON,
) -> Panel:
    """Keep a panel. Raises ValidationError with messages by field."""
    panel = Panel(
        catalog=catalog,
        name=name.strip(),
        audience=audience.strip(),
        category=category.strip(),
        seed=seed,
        personas=[persona.model_dump() for persona in personas],
        source=source,
        created_by=actor if getattr(actor, "pk", None) else None,
    )
    _check(panel)
    panel.save()
    audit(actor=actor, action="panel.create", target=panel, catalog=catalog, summary=panel.name)
    return panel


@transaction.atomic
def panel_update(*, panel: Panel, actor: Any, **fields: Any) -> Panel:
    """Change name, audience, category, seed or personas. Raises ValidationError by field.

    A panel whose shoppers somebody changed is a person's from then on.
    """
    unknown = fields.keys() - CHANGEABLE
    if unknown:
        raise TypeError(f"a panel has no {', '.join(sorted(unknown))} to change")
    lock_row(panel)
    try:
        panel.refresh_from_db()
    except Panel.DoesNotExist as error:
        raise conflict("", "Somebody has deleted this panel.") from error
    before = panel.personas
    for name, value in fields.items():
        if name == "personas":
            value = [persona.model_dump() for persona in value]  # noqa: PLW2901 -- JSON is kept
        setattr(panel, name, value.strip() if name in TEXTS else value)
    if panel.personas != before:
        panel.source = PanelSource.PERSON
    _check(panel)
    panel.save()
    audit(
        actor=actor,
        action="panel.update",
        target=panel,
        catalog=panel.catalog,
        summary=", ".join(sorted(fields)),
    )
    return panel


@transaction.atomic
def panel_delete(*, panel: Panel, actor: Any) -> None:
    """Remove a panel. Runs that it was asked in keep what their shoppers were."""
    audit(
        actor=actor,
        action="panel.delete",
        target=panel,
        catalog=panel.catalog,
        summary=panel.name,
        data={"personas": panel.personas},
    )
    panel.delete()


def _check(panel: Panel) -> None:
    for name in TEXTS:
        check_text(name, getattr(panel, name))
    panel.full_clean()
    for person in panel.personas:
        if any(has_claims(text) for text in person.values()):
            raise ValidationError({"personas": [CLAIMS.format(name=person["name"])]})
