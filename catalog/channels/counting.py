"""How many products of a catalogue are ready for its channels, and what keeps the others out."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q

from catalog import selectors
from catalog.browsing.readiness import KEEPS_OUT, sellable
from catalog.channels.profiles import Profile, profile
from catalog.channels.requirements import RECOMMENDED
from catalog.channels.targets import targets_of
from catalog.models import Catalog, ChannelTarget, ProductStatus, ReadinessCheck, ReadinessGap
from prodintel.lib.optional_cache import CACHE

KEPT_SECONDS = 5


@dataclass(frozen=True)
class Lack:
    """How many products lack a requirement; `severity` is the stricter where it differs."""

    requirement: str
    severity: str
    products: int


@dataclass(frozen=True)
class Readiness:
    """How a catalogue stands with one channel and country.

    `products` are those that are neither deleted nor archived; `waiting` those of them that are
    still to be checked, which are not `ready`. `approved` are ready and as they were approved.
    """

    target: ChannelTarget
    products: int
    waiting: int
    ready: int
    approved: int
    lacks: tuple[Lack, ...]

    @property
    def profile(self) -> Profile | None:
        return profile(self.target.channel)

    @property
    def not_approved(self) -> int:
        """Ready, and yet to be approved."""
        return self.ready - self.approved

    @property
    def not_ready(self) -> int:
        return self.products - self.waiting - self.ready


def readiness_of(catalog: Catalog) -> list[Readiness]:
    """How the catalogue stands with its channels; some seconds old."""
    key = f"readiness:{catalog.pk}"
    return CACHE.get_or_make(key, lambda: count(catalog), KEPT_SECONDS)


def readiness_forget(catalog: Catalog) -> None:
    """Count anew at the next look."""
    CACHE.delete(f"readiness:{catalog.pk}")


def count(catalog: Catalog) -> list[Readiness]:
    """As `readiness_of`, counted now, in three queries a target."""
    products = sellable(selectors.products_in(catalog)).order_by().count()
    return [_count(target, products) for target in targets_of(catalog)]


def _count(target: ChannelTarget, products: int) -> Readiness:
    alive = Q(product__deleted_at=None) & ~Q(product__status=ProductStatus.ARCHIVED)
    checks = ReadinessCheck.objects.filter(alive, catalog=target.catalog_id, stale=False)
    gaps = ReadinessGap.objects.filter(alive, target=target)
    known = Q(product__readiness__stale=False)
    if target.marked_through is not None:
        # Checked against the other targets, and not yet against this one.
        checks = checks.filter(product__lte=target.marked_through)
        known &= Q(product__lte=target.marked_through)
    # What goes out is the approved version, which lacks what was added since, too.
    unchanged = Q(
        product__status=ProductStatus.APPROVED,
        product__changed_since_approval=False,
        product__added_since_approval=False,
    )
    checked = checks.aggregate(all=Count("pk"), approved=Count("pk", filter=unchanged))
    kept_out = gaps.filter(known, severity=KEEPS_OUT).aggregate(
        all=Count("product", distinct=True),
        approved=Count("product", distinct=True, filter=unchanged),
    )
    rows = gaps.order_by().values_list("requirement", "severity").annotate(number=Count("pk"))
    lacks = [Lack(*row) for row in rows]
    lacks.sort(key=lambda lack: (lack.severity == RECOMMENDED, -lack.products, lack.requirement))
    return Readiness(
        target=target,
        products=products,
        waiting=products - checked["all"],
        ready=checked["all"] - kept_out["all"],
        approved=checked["approved"] - kept_out["approved"],
        lacks=tuple(lacks),
    )
