"""A product taken back to how it was approved, and that undone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from catalog.approval.content import (
    FIELDS,
    VARIANT_FIELDS,
    Content,
    Place,
    attribute_values,
    contents,
)
from catalog.approval.diff import label
from catalog.grid.edits import grid_edit_of, grid_undo
from catalog.models import (
    AuditEvent,
    Batch,
    Photo,
    PhotoRole,
    Placement,
    Product,
    ProductVersion,
    Variant,
)
from catalog.services.attribute_values import CATEGORY
from catalog.services.audit import audit
from catalog.services.batches import batch_retract, batch_start
from catalog.services.bulk import Started
from catalog.services.errors import conflict
from catalog.services.ledger import attribute_set
from catalog.services.locks import lock_row
from catalog.services.photos import (
    photos_place,
    placement_delete,
    placement_restore,
    placement_update,
    placements_reorder,
)
from catalog.services.products import product_update
from catalog.services.variants import variant_delete, variant_restore, variant_update

GO_BACK = "product.go_back"


@dataclass(frozen=True)
class WentBack:
    """What happened: `event` is what undoing takes; `kept` says what could not be brought back."""

    event: AuditEvent
    kept: list[str]


@transaction.atomic
def product_go_back(*, product: Product, version: ProductVersion, actor: Any) -> WentBack:
    """Write what a version holds back to its product, through the services, as one act of `actor`.

    What cannot be brought back (a value that left the vocabulary, a photo that was removed for
    good) stays as it is and is named in what is returned. Raises ValidationError for a deleted
    product.
    """
    lock_row(product)
    if Product.objects.deleted().filter(pk=product.pk).exists():
        raise conflict("", "This product was deleted. Bring it back first.")
    before = contents([product.pk])[product.pk]
    batch = batch_start(
        catalog=product.catalog, label=f"Back to version {version.number} of {product}", actor=actor
    )
    batch.went_back_to = version
    batch.save(update_fields=["went_back_to"])
    writer = _Writer(product, actor)
    writer.fields(before, version.content)
    writer.variants(before, version.content)
    writer.photos(before, version.content)
    # Anew: a variant that is back has its own attributes again.
    writer.attributes(contents([product.pk])[product.pk], version.content, batch)
    event = audit(
        actor=actor,
        action=GO_BACK,
        target=product,
        catalog=product.catalog,
        summary=f"version {version.number}",
        data={
            "version": version.number,
            "batch": batch.pk,
            "before": before,
            "after": contents([product.pk])[product.pk],
            "kept": writer.kept,
        },
    )
    return WentBack(event, writer.kept)


@transaction.atomic
def product_go_back_undo(*, product: Product, event: AuditEvent, actor: Any) -> list[str]:
    """Write back what stood before a product went back; returns what could not be written.

    What somebody changed since is left alone. Raises ValidationError when it is undone already.
    """
    return _undo(product, event, actor)[1]


@transaction.atomic
def batch_undo(*, batch: Batch, actor: Any) -> Started:
    """Undo everything an act did, as `batch_retract`; a product that it took back to a version has
    its texts, variants and photos of before as well, what the grid changed its columns, and of an
    import goes all that it wrote.

    Raises ValidationError when it is undone already, is still being written, or for a deleted
    product.
    """
    if (edit := grid_edit_of(batch.pk)) is not None:
        return grid_undo(edit=edit, actor=actor)
    source = batch.imports.first()
    if source is not None:
        # An import writes more than rows; its own services are above these.
        from catalog.importing.services import import_undo

        import_undo(source=source, actor=actor)
        assert source.job is not None
        return Started(source.job.kind, source.job)
    if batch.went_back_to is None:
        return batch_retract(batch=batch, actor=actor)
    product = Product.objects.alive().filter(pk=batch.went_back_to.product_id).first()
    if product is None:
        raise conflict("", "This product was deleted. Bring it back first.")
    events = AuditEvent.objects.filter(
        action=GO_BACK, target_type="product", target_id=product.pk, data__batch=batch.pk
    )
    undone, kept = _undo(product, events.get(), actor)
    batch.refresh_from_db()
    return Started(undone.kind, result={**undone.result, "kept": len(kept)})


def _undo(product: Product, event: AuditEvent, actor: Any) -> tuple[Started, list[str]]:
    lock_row(product)
    batch = Batch.objects.filter(pk=event.data["batch"]).first()
    if batch is None or batch.retracted_at is not None:
        raise conflict("", "This was undone already.")
    before, after = event.data["before"], event.data["after"]
    now = contents([product.pk])[product.pk]
    writer = _Writer(product, actor)
    writer.fields(now, before, unless_changed_since=after)
    if now["variants"] == after["variants"]:
        writer.variants(now, before)
    elif before["variants"] != after["variants"]:
        writer.kept.append("Variants: somebody changed them since.")
    if now["photos"] == after["photos"]:
        writer.photos(now, before)
    elif before["photos"] != after["photos"]:
        writer.kept.append("Photos: somebody changed them since.")
    return batch_retract(batch=batch, actor=actor), writer.kept


@dataclass
class _Writer:
    """Writes contents to a product, each thing by itself, noting what is refused."""

    product: Product
    actor: Any
    kept: list[str] = field(default_factory=list)

    def _try(self, what: str, write: Callable[[], Any]) -> None:
        try:
            with transaction.atomic():
                write()
        except ValidationError as error:
            self.kept.append(f"{what}: {' '.join(error.messages)}")

    def fields(
        self, now: Content, wanted: Content, unless_changed_since: Content | None = None
    ) -> None:
        for name in FIELDS:
            if name == CATEGORY or now[name] == wanted[name]:
                continue
            title = name.replace("_", " ").capitalize()
            if unless_changed_since is not None and now[name] != unless_changed_since[name]:
                self.kept.append(f"{title}: somebody changed it since.")
                continue
            self._try(title, partial(self._set_field, name, wanted[name]))

    def _set_field(self, name: str, value: Any) -> None:
        # As stored: what was refused a moment ago must not be tried again with this.
        product = Product.objects.select_related("catalog").get(pk=self.product.pk)
        product_update(product=product, actor=self.actor, fields={name: value})

    def variants(self, now: Content, wanted: Content) -> None:
        rows = {row["id"]: row for row in wanted["variants"]}
        extra = [row for row in now["variants"] if row["id"] not in rows]
        there = {row["id"] for row in now["variants"]} & rows.keys()
        # A product keeps one variant: the others go first where one of these stays.
        if there:
            self._delete_variants(extra)
        for pk, row in rows.items():
            if row in now["variants"]:
                continue
            self._try(f"Variant {label('variant', row)}", partial(self._sell, pk, row))
        if not there:
            self._delete_variants(extra)

    def _delete_variants(self, rows: Sequence[dict]) -> None:
        for variant in self._own_variants([row["id"] for row in rows]):
            delete = partial(variant_delete, variant=variant, actor=self.actor)
            self._try(f"Variant {variant}", delete)

    def _own_variants(self, ids: Sequence[int]) -> list[Variant]:
        rows = Variant.objects.filter(product=self.product, pk__in=ids)
        return list(rows.select_related("product__catalog", "catalog").order_by("position", "pk"))

    def _variant(self, pk: int | None) -> Variant | None:
        return next(iter(self._own_variants([pk] if pk else [])), None)

    def _sell(self, pk: int, row: dict) -> None:
        variant = self._variant(pk)
        if variant is None:
            raise conflict("", "it was removed for good.")
        variant_restore(variant=variant, actor=self.actor)
        as_stored = contents([self.product.pk])[self.product.pk]["variants"]
        present = next(each for each in as_stored if each["id"] == pk)
        changes = {name: row[name] for name in VARIANT_FIELDS if row[name] != present[name]}
        if changes:
            variant_update(variant=variant, actor=self.actor, as_it_was=True, **changes)

    def photos(self, now: Content, wanted: Content) -> None:
        if now["photos"] == wanted["photos"]:
            return
        rows = {row["photo"]: row for row in wanted["photos"]}
        for placement in self._placements():
            if placement.photo_id not in rows:
                placement_delete(placement=placement, actor=self.actor)
        for row in rows.values():
            self._try(f"Photo {label('photo', row)}", partial(self._place, row))
        # The main one first: it takes the role from the one that has it.
        for row in sorted(rows.values(), key=lambda row: row["role"] != PhotoRole.MAIN):
            self._try(f"Photo {label('photo', row)}", partial(self._describe, row))
        order = {photo: number for number, photo in enumerate(rows)}
        placed = sorted(self._placements(), key=lambda each: order.get(each.photo_id, len(order)))
        placements_reorder(
            product=self.product, order=[each.pk for each in placed], actor=self.actor
        )

    def _placements(self) -> list[Placement]:
        rows = Placement.objects.alive().filter(product=self.product)
        return list(
            rows.select_related("product__catalog", "photo", "variant").order_by("position", "pk")
        )

    def _place(self, row: dict) -> None:
        if any(each.photo_id == row["photo"] for each in self._placements()):
            return
        removed = Placement.objects.deleted().filter(product=self.product, photo=row["photo"])
        last = removed.select_related("product__catalog").order_by("-deleted_at").first()
        if last is not None:
            placement_restore(placement=last, actor=self.actor)
            return
        photo = Photo.objects.filter(pk=row["photo"], catalog=self.product.catalog).first()
        if photo is None:
            raise conflict("", "it was removed for good.")
        photos_place(product=self.product, photos=[photo], actor=self.actor)

    def _describe(self, row: dict) -> None:
        placement = next((p for p in self._placements() if p.photo_id == row["photo"]), None)
        if placement is None:
            return  # said already
        variant = self._variant(row["variant"])
        wanted = (row["role"], row["alt_text"], variant)
        if (placement.role, placement.alt_text, placement.variant) == wanted:
            return
        placement_update(
            placement=placement,
            actor=self.actor,
            role=row["role"] if row["role"] != placement.role else None,
            alt_text=row["alt_text"],
            variant=variant,
            clear_variant=variant is None,
        )

    def attributes(self, now: Content, wanted: Content, batch: Batch) -> None:
        here, there = attribute_values(now), attribute_values(wanted)
        if now[CATEGORY] != wanted[CATEGORY]:
            self._try("Category", partial(self._say, (None, CATEGORY, ""), wanted[CATEGORY], batch))
        # Those of the product first: what is no variant's own follows from them.
        for place in sorted(here.keys() | there.keys(), key=lambda each: (each[0] or 0, *each[1:])):
            general = (None, *place[1:])
            value = there.get(place, there.get(general)) if place[0] else there.get(place)
            if (place in here) == (place in there) and here.get(place) == there.get(place):
                continue
            title = place[1].replace("_", " ").capitalize()
            self._try(title, partial(self._say, place, value, batch))

    def _say(self, place: Place, value: Any, batch: Batch) -> None:
        variant_id, name, locale = place
        variant = None
        if variant_id is not None:
            variant = self._variant(variant_id)
            if variant is None or variant.deleted_at is not None:
                return  # went with its variant
        attribute_set(
            product=self.product,
            field=name,
            value=value,
            actor=self.actor,
            variant=variant,
            locale=locale,
            batch=batch,
        )
