"""Catalogues, their members, and tokens of the API."""

from __future__ import annotations

import hashlib
import itertools
import secrets
from collections.abc import Collection
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.text import slugify

from catalog.models import ApiToken, Catalog, Membership, Role
from catalog.models.catalog import KEEP_DELETED
from catalog.services.attribute_values import check_text
from catalog.services.audit import audit
from catalog.services.errors import conflict
from catalog.services.locks import lock_row

TOKEN_PREFIX = "pit_"  # noqa: S105 -- what every token starts with, so that scanners know one
TOKEN_SHOWN = 10
KEEP_AN_OWNER = "A catalogue keeps at least one owner: make somebody else one first."


@transaction.atomic
def catalog_create(
    *, name: str, actor: Any, slug: str = "", currency: str = "EUR", language: str = "en"
) -> Catalog:
    """Create a catalogue that `actor` owns. Raises ValidationError with messages by field."""
    for field, text in (("name", name), ("slug", slug)):
        check_text(field, text)
    name = name.strip()
    catalog = Catalog(name=name, currency=currency.upper(), language=language)
    catalog.full_clean(exclude=["slug"])
    _save_with_slug(catalog, slugify(slug or name)[:70] or "catalogue")
    if getattr(actor, "pk", None):
        Membership.objects.create(user=actor, catalog=catalog, role=Role.OWNER)
    audit(actor=actor, action="catalog.create", target=catalog, catalog=catalog, summary=name)
    return catalog


def _save_with_slug(catalog: Catalog, stem: str) -> None:
    """Save a new catalogue under the first address of this stem that is free."""
    for number in itertools.count(1):
        catalog.slug = stem if number == 1 else f"{stem}-{number}"
        if Catalog.objects.filter(slug=catalog.slug).exists():
            continue
        try:
            with transaction.atomic():
                catalog.save()
        except IntegrityError:
            # Somebody took the address since it was looked for: the next one, then.
            if not Catalog.objects.filter(slug=catalog.slug).exists():
                raise
            continue
        return


@transaction.atomic
def catalog_update(*, catalog: Catalog, actor: Any, **fields: Any) -> Catalog:
    """Change name, currency, language or brand voice. Raises ValidationError by field."""
    for name, value in fields.items():
        check_text(name, value)
        setattr(catalog, name, value)
    catalog.full_clean()
    catalog.save(update_fields=list(fields))
    audit(
        actor=actor,
        action="catalog.update",
        target=catalog,
        catalog=catalog,
        summary=", ".join(sorted(fields)),
    )
    return catalog


@transaction.atomic
def catalog_delete(*, catalog: Catalog, actor: Any) -> None:
    """Hide a catalogue from everybody; it can be brought back in the admin for 30 days."""
    catalog.deleted_at = timezone.now()
    catalog.save(update_fields=["deleted_at"])
    audit(actor=actor, action="catalog.delete", target=catalog, catalog=catalog)


@transaction.atomic
def catalog_restore(*, catalog: Catalog, actor: Any) -> None:
    """Bring a deleted catalogue back. Raises ValidationError after the days it is kept for."""
    lock_row(catalog)
    catalog.refresh_from_db(fields=["deleted_at"])
    # It goes bit by bit, so one that the purge may have begun with must not come back.
    if catalog.deleted_at is not None and catalog.deleted_at < timezone.now() - KEEP_DELETED:
        days = KEEP_DELETED.days
        raise conflict("", f"It was deleted more than {days} days ago and is being removed.")
    catalog.deleted_at = None
    catalog.save(update_fields=["deleted_at"])
    audit(actor=actor, action="catalog.restore", target=catalog, catalog=catalog)


@transaction.atomic
def membership_set(*, catalog: Catalog, user: Any, role: str, actor: Any) -> Membership:
    """Make somebody a member, or change the role. The last owner keeps the role."""
    if role not in Role.values:
        raise conflict("role", f"Choose one of {', '.join(Role.values)}.")
    lock_row(catalog)
    if role != Role.OWNER:
        _keep_an_owner(catalog, user)
    membership, _ = Membership.objects.update_or_create(
        catalog=catalog, user=user, defaults={"role": role}
    )
    audit(
        actor=actor,
        action="member.set",
        target=membership,
        catalog=catalog,
        summary=f"{user}: {role}",
    )
    return membership


@transaction.atomic
def membership_remove(*, catalog: Catalog, user: Any, actor: Any) -> None:
    """End a membership. Raises ValidationError for the last owner's."""
    lock_row(catalog)
    _keep_an_owner(catalog, user)
    audit(actor=actor, action="member.remove", target=catalog, catalog=catalog, summary=str(user))
    Membership.objects.filter(catalog=catalog, user=user).delete()


def _keep_an_owner(catalog: Catalog, user: Any) -> None:
    owners = Membership.objects.filter(catalog=catalog, role=Role.OWNER)
    if owners.filter(user=user).exists() and not owners.exclude(user=user).exists():
        raise conflict("role", KEEP_AN_OWNER)


def without_owners(catalogs: QuerySet[Catalog], *, but_for: Collection[Any] = ()) -> list[Catalog]:
    """Those of the catalogues that nobody owns, these people aside."""
    owned = Membership.objects.filter(role=Role.OWNER).exclude(user__in=but_for)
    alive = catalogs.filter(deleted_at=None)
    return list(alive.exclude(pk__in=owned.values("catalog")).order_by("name", "pk"))


def token_create(*, user: Any, label: str = "", actor: Any = None) -> tuple[ApiToken, str]:
    """Make an API token; the second value is the token itself, which is not kept."""
    text = TOKEN_PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        token = ApiToken.objects.create(
            user=user, label=label[:80], digest=token_digest(text), prefix=text[:TOKEN_SHOWN]
        )
        audit(actor=actor or user, action="token.create", target=token, summary=str(user))
    return token, text


@transaction.atomic
def token_revoke(*, token: ApiToken, actor: Any) -> None:
    """Make a token useless from now on."""
    token.revoked_at = timezone.now()
    token.save(update_fields=["revoked_at"])
    audit(actor=actor, action="token.revoke", target=token, summary=str(token.user))


def token_digest(text: str) -> str:
    """What is kept of a token. A plain hash is enough for 256 random bits."""
    return hashlib.sha256(text.encode()).hexdigest()
