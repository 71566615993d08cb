"""What must not be deleted, by whatever way it is tried."""

from __future__ import annotations

from typing import Any

from django.db.models import Model, ProtectedError, QuerySet
from django.db.models.signals import post_delete
from django.dispatch import receiver

from catalog.models import Catalog, Membership, Role
from catalog.services.catalogs import KEEP_AN_OWNER, without_owners
from catalog.services.locks import lock_row


@receiver(post_delete, sender=Membership)
def catalogue_keeps_an_owner(instance: Membership, origin: Model | QuerySet, **_: Any) -> None:
    """Refuse, with all that is deleted at the same time: the user, or several."""
    goes_itself = (origin.model if isinstance(origin, QuerySet) else type(origin)) is Catalog
    if instance.role != Role.OWNER or goes_itself:
        return
    # Two owners who leave at once do so one after the other.
    lock_row(Catalog(pk=instance.catalog_id))
    left = without_owners(Catalog.objects.filter(pk=instance.catalog_id))
    if left:
        raise ProtectedError(f"{left[0]}: {KEEP_AN_OWNER}", set(left))
