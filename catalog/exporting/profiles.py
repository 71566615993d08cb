"""Saved exports: kept, changed, deleted and brought back; and what they export."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import structlog
from django.core.exceptions import ValidationError
from django.db import DatabaseError, InterfaceError, transaction
from django.db.models import QuerySet
from django.http import QueryDict
from django.template.defaultfilters import filesizeformat

from catalog.exporting.exports import Export
from catalog.exporting.formats import FORMATS
from catalog.models import AuditEvent, Catalog, ExportProfile, Product
from catalog.services.attribute_values import check_text
from catalog.services.audit import audit
from catalog.services.errors import conflict
from catalog.views.choosing import Chosen, chosen_products

logger = structlog.get_logger(__name__)
EXPORTED, BROKEN_OFF, DELETED = "export.make", "export.break_off", "export_profile.delete"
# In a profile's options: which products, as parameters of the product list's or a search's address.
CHOSEN = "chosen"
IN_USE = "A feed gives this export to a platform. Revoke the feed first."
Parameters = Sequence[tuple[str, str]]


def profile_export(profile: ExportProfile, *, base: str = "") -> Export:
    """A saved export, to be made."""
    return Export.of(
        profile.catalog,
        FORMATS[profile.format],
        columns=profile.columns,
        options=profile.options,
        base=base,
    )


def profile_chosen(profile: ExportProfile, user_id: int | None = None) -> Chosen:
    """The products that it is of, before those are left out that are not approved."""
    address = QueryDict(mutable=True)
    for name, value in profile.options.get(CHOSEN, ()):
        address.appendlist(name, value)
    return chosen_products(profile.catalog, address, user_id)


def profile_products(profile: ExportProfile) -> QuerySet[Product]:
    return profile_chosen(profile).products


def profile_stream(profile: ExportProfile, *, base: str = "") -> Iterator[bytes]:
    """The file, in pieces, made as they are asked for."""
    return profile_export(profile, base=base).stream(profile_products(profile))


@transaction.atomic
def export_profile_save(
    *,
    export: Export,
    name: str,
    chosen: Parameters,
    actor: Any,
    profile: ExportProfile | None = None,
) -> ExportProfile:
    """Keep an export to be made again, as a new one or in place of `profile`.

    `chosen` are the parameters that name its products. Raises ValidationError by field.
    """
    check_text("name", name)
    is_new = profile is None
    saved = profile or ExportProfile(
        catalog=export.catalog, created_by=actor if getattr(actor, "pk", None) else None
    )
    saved.name = name.strip()
    saved.format = export.form.name
    saved.columns = list(export.columns)
    saved.options = {**export.said, CHOSEN: [list(pair) for pair in chosen]}
    saved.full_clean()
    saved.save()
    audit(
        actor=actor,
        action="export_profile.create" if is_new else "export_profile.update",
        target=saved,
        catalog=export.catalog,
        summary=saved.name,
    )
    return saved


@transaction.atomic
def export_profile_delete(*, profile: ExportProfile, actor: Any) -> AuditEvent:
    """Delete a saved export; the event brings it back. Raises ValidationError while a feed has it."""
    if profile.feeds.filter(revoked_at=None).exists():
        raise conflict("", IN_USE)
    event = audit(
        actor=actor,
        action=DELETED,
        target=profile,
        catalog=profile.catalog,
        summary=profile.name,
        data={
            "name": profile.name,
            "format": profile.format,
            "columns": profile.columns,
            "options": profile.options,
        },
    )
    profile.delete()
    return event


@transaction.atomic
def export_profile_restore(*, event: AuditEvent, actor: Any) -> ExportProfile:
    """Bring a deleted export back. Raises ValidationError when its name is another's by now."""
    assert event.catalog is not None
    profile = ExportProfile(
        catalog=event.catalog,
        created_by=actor if getattr(actor, "pk", None) else None,
        **{name: event.data[name] for name in ("name", "format", "columns", "options")},
    )
    try:
        profile.full_clean()
    except ValidationError as error:
        message = f"It is back already, or another saved export is called “{profile.name}”."
        raise conflict("", message) from error
    profile.save()
    audit(
        actor=actor,
        action="export_profile.restore",
        target=profile,
        catalog=event.catalog,
        summary=profile.name,
    )
    return profile


@transaction.atomic
def export_note(*, export: Export, count: int, words: str, actor: Any) -> AuditEvent:
    """Note who took what of a catalogue out, and how many products."""
    return audit(
        actor=actor,
        action=EXPORTED,
        target=export.catalog,
        catalog=export.catalog,
        summary=f"{export.form.label}: {count} of {words}",
        data={"format": export.form.name, "products": count, **export.said},
    )


def export_broken_off(*, export: Export, noted: AuditEvent, size: int, actor: Any) -> None:
    """Note that of what was noted only the beginning was taken, at most so many bytes."""
    try:
        audit(
            actor=actor,
            action=BROKEN_OFF,
            target=export.catalog,
            catalog=export.catalog,
            summary=f"{noted.summary}: broken off after {filesizeformat(size)}",
            data={"export": noted.pk, "bytes": size},
        )
    except (DatabaseError, InterfaceError) as error:
        logger.warning("export broken off", export=noted.pk, bytes=size, reason=str(error).strip())


def profiles_of(catalog: Catalog) -> QuerySet[ExportProfile]:
    return ExportProfile.objects.filter(catalog=catalog).select_related("created_by")
