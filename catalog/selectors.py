"""Every read, and the one place that says who may see what.

A stranger to a catalogue gets Http404, as if it did not exist; a member whose role does not allow
an act gets PermissionDenied.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Count, Exists, OuterRef, Prefetch, QuerySet, Subquery
from django.http import Http404

from catalog.models import (
    ApiToken,
    AttributeDefinition,
    Batch,
    Catalog,
    Category,
    ChannelTarget,
    DescribeRun,
    EmbeddingSpace,
    Job,
    LedgerEntry,
    Membership,
    Photo,
    Placement,
    Product,
    ProductStatus,
    ProductVersion,
    Role,
    Variant,
)
from catalog.models.job import BULK
from catalog.models.outbox import CHUNK
from catalog.services.attribute_values import CATEGORY
from catalog.services.catalogs import token_digest

# A reviewer decides on values and approves, and does not edit; an editor edits, and does not
# approve. Each capability therefore names its roles.
VIEW = frozenset(Role)
EDIT = frozenset({Role.OWNER, Role.EDITOR})
REVIEW = frozenset({Role.OWNER, Role.REVIEWER})
MANAGE = frozenset({Role.OWNER})
MOVE = EDIT | REVIEW  # to some status at least: see `may_set_status`

READ_ONLY = "Your role in this catalogue does not allow that. Ask one of its owners."
APPROVERS_ONLY = (
    "Only reviewers and owners approve products and take an approval back. Editors move them "
    "between draft, in review and archived."
)


def catalogs_for(user: Any) -> QuerySet[Catalog]:
    """The catalogues that `user` may see, by name."""
    if not getattr(user, "is_active", False):
        return Catalog.objects.none()
    alive = Catalog.objects.alive().order_by("name", "pk")
    if user.is_superuser:
        return alive
    return alive.filter(memberships__user=user)


def role_in(user: Any, catalog: Catalog) -> str | None:
    """The role of `user` in `catalog`; superusers are owners everywhere; None for strangers."""
    if not getattr(user, "is_active", False):
        return None
    if user.is_superuser:
        return Role.OWNER
    membership = Membership.objects.filter(user=user, catalog=catalog).first()
    return membership.role if membership else None


def roles_in(user: Any, catalogs: list[Catalog]) -> dict[int, str]:
    """As `role_in`, of many catalogues in one query: by id, without those of strangers."""
    if not getattr(user, "is_active", False):
        return {}
    if user.is_superuser:
        return {catalog.pk: Role.OWNER for catalog in catalogs}
    memberships = Membership.objects.filter(user=user, catalog__in=catalogs)
    return dict(memberships.values_list("catalog_id", "role"))


def may(user: object, catalog: Catalog, roles: frozenset = EDIT) -> bool:
    return role_in(user, catalog) in roles


def may_set_status(user: object, catalog: Catalog, old: str, new: str) -> bool:
    """Whether `user` may move a product of the catalogue from one status to another.

    Approving, also what is approved already and has changed, and taking an approval back are a
    reviewer's; the other moves an editor's too.
    """
    return _moves(role_in(user, catalog), old, new)


def statuses_for(user: object, product: Product) -> list[ProductStatus]:
    """The statuses that `user` may give the product, its own among them; none to readers."""
    role = role_in(user, product.catalog)
    return [
        status
        for status in ProductStatus
        if _moves(role, product.status, status) or (role in MOVE and status == product.status)
    ]


def statuses_moved_from(user: object, catalog: Catalog, new: str) -> frozenset[str]:
    """From which statuses `user` may move products of the catalogue to `new`."""
    role = role_in(user, catalog)
    return frozenset(old for old in ProductStatus if _moves(role, old, new))


def _moves(role: str | None, old: str, new: str) -> bool:
    return role in (REVIEW if ProductStatus.APPROVED in {old, new} else MOVE)


def _allow(user: object, catalog: Catalog, roles: frozenset) -> None:
    role = role_in(user, catalog)
    if role is None:
        raise Http404
    if role not in roles:
        raise PermissionDenied(READ_ONLY)


def catalog_for(user: object, slug: str, roles: frozenset = VIEW) -> Catalog:
    """The catalogue named `slug`. Raises Http404 to strangers, PermissionDenied to wrong roles."""
    catalog = Catalog.objects.alive().filter(slug=slug).first()
    if catalog is None:
        raise Http404
    _allow(user, catalog, roles)
    return catalog


def products_in(catalog: Catalog) -> QuerySet[Product]:
    """The catalogue's products that are not deleted, newest first."""
    return Product.objects.alive().filter(catalog=catalog).order_by("-created_at", "-pk")


def statuses_of(products: QuerySet[Product]) -> dict[int, str]:
    """The status of each of these products, by its id."""
    return dict(products.order_by().values_list("pk", "status"))


def statuses_among(catalog: Catalog, ids: Iterable[int]) -> dict[int, str]:
    """As `statuses_of`, of the catalogue's products among any number of `ids`."""
    found: dict[int, str] = {}
    wanted = list(ids)
    for start in range(0, len(wanted), CHUNK):
        some = wanted[start : start + CHUNK]
        found |= statuses_of(products_in(catalog).filter(pk__in=some))
    return found


def deleted_products_in(catalog: Catalog) -> QuerySet[Product]:
    """The catalogue's deleted products that can be brought back, the last deleted first."""
    return Product.objects.deleted().filter(catalog=catalog).order_by("-deleted_at", "-pk")


def product_counts(catalogs: list[Catalog]) -> dict[int, int]:
    """How many products each catalogue has, by its id; without those that have none."""
    alive = Product.objects.alive().filter(catalog__in=catalogs).order_by()
    return dict(alive.values_list("catalog_id").annotate(Count("pk")))


def newest_products(catalogs: list[Catalog], count: int) -> dict[int, list[Product]]:
    """The newest products of each catalogue by its id, with details, in a fixed number of queries."""
    newest = Product.objects.alive().filter(catalog=OuterRef("pk")).order_by("-created_at", "-pk")
    places = {f"newest_{n}": Subquery(newest.values("pk")[n : n + 1]) for n in range(count)}
    chosen = Catalog.objects.filter(pk__in=[catalog.pk for catalog in catalogs]).order_by()
    ids = {
        pk: [each for each in found if each is not None]
        for pk, *found in chosen.annotate(**places).values_list("pk", *places)
    }
    wanted = Product.objects.filter(pk__in=[pk for found in ids.values() for pk in found])
    products = {product.pk: product for product in with_details(wanted)}
    return {
        catalog.pk: [products[pk] for pk in ids.get(catalog.pk, []) if pk in products]
        for catalog in catalogs
    }


def with_details(products: QuerySet[Product]) -> QuerySet[Product]:
    """What a card or an API object of a product shows, in a fixed number of queries."""
    placements = Placement.objects.alive().select_related("photo", "variant")
    versions = ProductVersion.objects.standing().filter(product=OuterRef("pk"))
    last = Subquery(versions.order_by("-number").values("number")[:1])
    return (
        products.annotate(approved_version=last)
        .select_related("category", "catalog", "describe_task", "vision_task")
        .prefetch_related(
            Prefetch("variants", Variant.objects.alive().order_by("position", "pk")),
            Prefetch("placements", placements.order_by("position", "pk")),
            # Without the background samples: megabytes that no page shows.
            Prefetch(
                "placements__photo__embed_tasks__space", EmbeddingSpace.objects.defer("background")
            ),
            "current_attributes",
        )
    )


def product_for(
    user: object, pk: int, roles: frozenset = VIEW, *, deleted: bool = False
) -> Product:
    """A product by id with its details; `deleted` also finds one that can be brought back."""
    living = {} if deleted else {"deleted_at": None}
    products = Product.objects.filter(pk=pk, catalog__deleted_at__isnull=True, **living)
    product = with_details(products).first()
    if product is None:
        raise Http404
    _allow(user, product.catalog, roles)
    return product


def photo_for(user: object, pk: int, roles: frozenset = VIEW) -> Photo:
    """A photo by id. Strangers get Http404, as do photos that stand on nothing any more."""
    photo = (
        Photo.objects.filter(pk=pk, catalog__deleted_at__isnull=True)
        .select_related("catalog")
        .first()
    )
    if photo is None:
        raise Http404
    _allow(user, photo.catalog, roles)
    if not photo.placements.filter(deleted_at__isnull=True, product__deleted_at__isnull=True):
        raise Http404
    return photo


def photos_for(user: object, ids: Collection[int]) -> dict[int, Photo]:
    """Those of the photos that the user may see and that stand on something, by their ids."""
    photos = Photo.objects.filter(
        pk__in=ids,
        catalog__in=catalogs_for(user),
        placements__deleted_at__isnull=True,
        placements__product__deleted_at__isnull=True,
    )
    return {photo.pk: photo for photo in photos.distinct()}


def describe_run_in(catalog: Catalog, pk: int) -> DescribeRun:
    """A run of descriptions of the catalogue. Raises Http404 when there is none."""
    runs = DescribeRun.objects.filter(catalog=catalog).select_related("batch", "created_by")
    run = runs.filter(pk=pk).first()
    if run is None:
        raise Http404
    return run


def describe_run_for(user: object, pk: int, roles: frozenset = VIEW) -> DescribeRun:
    """A run of descriptions by id. Raises Http404 to strangers, PermissionDenied to wrong roles."""
    runs = DescribeRun.objects.filter(catalog__deleted_at__isnull=True)
    run = runs.select_related("catalog", "batch", "created_by").filter(pk=pk).first()
    if run is None:
        raise Http404
    _allow(user, run.catalog, roles)
    return run


def bulk_job_in(catalog: Catalog, pk: int) -> Job:
    """An act on many products of the catalogue. Raises Http404 when there is none."""
    jobs = Job.objects.filter(catalog=catalog, kind__in=BULK)
    job: Job | None = jobs.select_related("catalog", "created_by").filter(pk=pk).first()
    if job is None:
        raise Http404
    return job


def bulk_job_for(user: object, pk: int) -> Job:
    """An act on many products by the id of its job. Raises Http404 to strangers."""
    job = Job.objects.filter(pk=pk, catalog__deleted_at__isnull=True).first()
    if job is None or job.catalog is None:
        raise Http404
    _allow(user, job.catalog, VIEW)
    return bulk_job_in(job.catalog, pk)


def undoable(user: Any, catalog: Catalog, batches: Iterable[Batch]) -> set[int]:
    """The ids of those of the catalogue's acts that `user` may undo and restore as a whole.

    What an act wrote is an editor's to take back, what it only decided a reviewer's, or an editor's
    whose own act it is.
    """
    role = role_in(user, catalog)
    rows = {batch.pk: batch for batch in batches}
    said = LedgerEntry.objects.filter(batch=OuterRef("pk"))
    described = DescribeRun.objects.filter(batch=OuterRef("pk"))
    writes = Batch.objects.filter(Exists(said) | Exists(described), pk__in=rows.keys())
    wrote = set(writes.values_list("pk", flat=True))
    wrote |= {pk for pk, batch in rows.items() if batch.went_back_to_id is not None}

    def may_undo(pk: int) -> bool:
        if pk in wrote:
            return role in EDIT
        return role in REVIEW or (role in EDIT and rows[pk].created_by_id == user.pk)

    return {pk for pk in rows if may_undo(pk)}


def check_undo(user: object, batch: Batch) -> None:
    """Raises Http404 to strangers of its catalogue, PermissionDenied to who may not undo an act."""
    _allow(user, batch.catalog, VIEW)
    if not undoable(user, batch.catalog, [batch]):
        raise PermissionDenied(READ_ONLY)


def has_attribute(product: Product, field: str) -> bool:
    """Whether a product can have, or has, a value of this attribute."""
    return (
        field == CATEGORY
        or AttributeDefinition.objects.filter(key=field).exists()
        or product.current_attributes.filter(field=field).exists()
    )


def products_by_category(catalog: Catalog) -> dict[str, int]:
    """How many products of the catalogue are right in each category, by its path."""
    carried = products_in(catalog).exclude(category=None).order_by()
    return dict(carried.values_list("category__path").annotate(Count("pk")))


VOCABULARY_PERMISSIONS = tuple(
    f"catalog.{act}_{name}"
    for act in ("add", "change")
    for name in ("category", "attributedefinition", "term")
)


def may_edit_vocabulary(user: Any) -> bool:
    """Whether `user` may do all that a file of a vocabulary does: Django's permissions rule here."""
    staff = getattr(user, "is_active", False) and user.is_staff
    return bool(staff) and user.has_perms(VOCABULARY_PERMISSIONS)


def categories_to_choose(catalog: Catalog, also: str = "") -> dict[str, Category]:
    """The categories that are offered, that the catalogue's products have, and the one at the path
    `also`, each with what it lies in; by path.
    """
    rows = Category.objects.order_by("position", "path")
    nodes = {row.path: row for row in rows.filter(offered=True)}
    offered = {path for path in nodes if all(each in nodes for each in _trail(path))}
    used = Category.objects.filter(products__catalog=catalog).values_list("path", flat=True)
    wanted = {each for path in {*used, also} for each in _trail(path)} - offered
    there = {row.path: row for row in rows.filter(path__in=wanted)} if wanted else {}
    return {path: nodes[path] for path in nodes if path in offered} | there


def _trail(path: str) -> list[str]:
    """The path and all above it, from the root."""
    steps = path.split("/") if path else []
    return ["/".join(steps[: n + 1]) for n in range(len(steps))]


def products_by_ids(catalog: Catalog, ids: list[int]) -> list[Product]:
    """The catalogue's products among `ids`, in that order, with details."""
    found = {p.pk: p for p in with_details(products_in(catalog).filter(pk__in=ids))}
    return [found[pk] for pk in ids if pk in found]


def token_user(text: str) -> object | None:
    """The active user whose unrevoked API token this is, or None."""
    token = (
        ApiToken.objects.filter(digest=token_digest(text), revoked_at=None, user__is_active=True)
        .select_related("user")
        .first()
    )
    return token.user if token else None


def product_version(product: Product, number: int | None = None) -> ProductVersion | None:
    """A version of the product by its number; without one, the last that it was approved as."""
    versions = ProductVersion.objects.filter(product=product).select_related("approved_by")
    if number is not None:
        return versions.filter(number=number).first()
    return versions.standing().order_by("-number").first()


def product_versions(product: Product) -> QuerySet[ProductVersion]:
    """All its versions, also withdrawn ones, the newest first, without what they hold."""
    versions = ProductVersion.objects.filter(product=product).select_related("approved_by")
    return versions.defer("content").order_by("-number")


def channel_target_in(catalog: Catalog, pk: int, *, removed: bool = False) -> ChannelTarget:
    """A channel that the catalogue is sold in, or was. Raises Http404 when there is none."""
    targets = ChannelTarget.objects.filter(catalog=catalog, removed_at__isnull=not removed)
    target = targets.filter(pk=pk).first()
    if target is None:
        raise Http404
    return target
