"""Catalogues and products."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from ninja import File, Form, Router, Status
from ninja.files import UploadedFile

from catalog import selectors
from catalog.api.errors import Refusal
from catalog.api.schemas import CatalogIn, CatalogOut, ProductOut, ProductPage, ProductPatch
from catalog.services import catalogs as catalog_services
from catalog.services import products as services
from catalog.services.ledger import attribute_unlock
from catalog.services.photos import StagedPhoto, photo_stage, safe_name
from catalog.views.http import MAX_DIGITS, read_upload
from catalog.vision.limits import PhotoRejected

router = Router(tags=["catalogue"])
MAX_IMAGES = 8
PAGE = 50
MAX_PAGE = 200


@router.get("/catalogs", response=list[CatalogOut])
def catalogs_list(request: HttpRequest) -> Any:
    """The catalogues that the token's user may see."""
    mine = list(selectors.catalogs_for(request.user))
    roles = selectors.roles_in(request.user, mine)
    return [CatalogOut.of(each, roles.get(each.pk)) for each in mine]


@router.post("/catalogs", response={201: CatalogOut})
def catalogs_create(request: HttpRequest, body: CatalogIn) -> Any:
    """Create a catalogue, owned by the token's user."""
    catalog = catalog_services.catalog_create(
        name=body.name, currency=body.currency, actor=request.user
    )
    return Status(201, CatalogOut.of(catalog, selectors.role_in(request.user, catalog)))


@router.get("/catalogs/{slug:slug}/products", response=ProductPage)
def products_list(request: HttpRequest, slug: str, cursor: str = "", limit: int = PAGE) -> Any:
    """The catalogue's products, newest first; `cursor` is the last answer's `next_cursor`."""
    catalog = selectors.catalog_for(request.user, slug)
    products = selectors.products_in(catalog).order_by("-pk")
    if cursor:
        if not (cursor.isascii() and cursor.isdigit() and len(cursor) <= MAX_DIGITS):
            message = "Use the next_cursor of the last answer."
            raise Refusal(
                HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", message, {"cursor": [message]}
            )
        products = products.filter(pk__lt=int(cursor))
    size = max(1, min(limit, MAX_PAGE))
    found = list(selectors.with_details(products)[: size + 1])
    page = found[:size]
    return ProductPage(
        products=[ProductOut.of(product, request) for product in page],
        next_cursor=str(page[-1].pk) if len(found) > size else None,
    )


@router.post("/catalogs/{slug:slug}/products", response={201: ProductOut, 200: ProductOut})
def products_create(
    request: HttpRequest,
    slug: str,
    image: File[list[UploadedFile]],
    title: Form[str] = "",
    sku: Form[str] = "",
    price: Form[str] = "",
    cost: Form[str] = "",
    currency: Form[str] = "",
    allow_duplicate: Form[bool] = False,  # noqa: FBT002 -- a field of the form
) -> Any:
    """Create a product of 1 to 8 photos; one bad photo refuses them all.

    The same bytes again answer 200 with the product that is there, unless `allow_duplicate`.
    """
    catalog = selectors.catalog_for(request.user, slug, selectors.EDIT)
    if not 1 <= len(image) <= MAX_IMAGES:
        message = f"Send 1 to {MAX_IMAGES} photos in the field “image”."
        raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", message, {"image": [message]})
    fields: dict[str, Any] = {"title": title, "sku": sku}
    fields |= {"price": decimal("price", price), "cost": decimal("cost", cost)}
    if currency:
        fields["currency"] = currency
    created = services.product_create(
        catalog=catalog,
        actor=request.user,
        photos=[_stage(file, among_others=len(image) > 1) for file in image],
        allow_duplicate=allow_duplicate,
        **fields,
    )
    product = selectors.product_for(request.user, created.product.pk)
    status = HTTPStatus.OK if created.duplicate else HTTPStatus.CREATED
    return Status(int(status), ProductOut.of(product, request, duplicate=created.duplicate))


def _stage(file: UploadedFile, *, among_others: bool) -> StagedPhoto:
    data = read_upload(file, settings.MAX_PHOTO_BYTES)
    try:
        return photo_stage(data=data, name=file.name or "")
    except PhotoRejected as error:
        if not among_others:
            raise
        named = f"{safe_name(file.name or 'photo')}: {error.message}"
        raise PhotoRejected(error.code, named) from error


def decimal(name: str, text: str) -> Decimal | None:
    """Money from a form. Raises ValidationError on the field."""
    if not text.strip():
        return None
    try:
        value = Decimal(text.strip())
    except InvalidOperation as error:
        message = f"“{text[:40]}” is not an amount. Write it like 12.50."
        raise ValidationError({name: [message]}) from error
    if not value.is_finite():
        raise ValidationError({name: ["Write the amount like 12.50."]})
    return value


@router.get("/products/{int:pk}", response=ProductOut)
def product_get(request: HttpRequest, pk: int) -> Any:
    return ProductOut.of(selectors.product_for(request.user, pk), request)


@router.patch("/products/{int:pk}", response=ProductOut)
def product_patch(request: HttpRequest, pk: int, body: ProductPatch) -> Any:
    """Change plain fields and attributes, all or nothing. Reviewers may send the status alone."""
    fields = body.model_dump(exclude_unset=True)
    roles = selectors.MOVE if fields.keys() == {"status"} else selectors.EDIT
    product = selectors.product_for(request.user, pk, roles)
    if fields.get("status") == product.status and not selectors.may(
        request.user, product.catalog, selectors.REVIEW
    ):
        # Who sends back what was read does not approve it anew.
        del fields["status"]
    status = fields.get("status")
    if status and not selectors.may_set_status(
        request.user, product.catalog, product.status, status
    ):
        raise PermissionDenied(selectors.APPROVERS_ONLY)
    attributes = fields.pop("attributes", {})
    services.product_update(
        product=product, actor=request.user, fields=fields, attributes=attributes
    )
    return ProductOut.of(selectors.product_for(request.user, pk), request)


@router.delete("/products/{int:pk}", response={204: None})
def product_delete(request: HttpRequest, pk: int) -> Any:
    """Hide the product everywhere, at once. It can be brought back on its pages for 30 days."""
    product = selectors.product_for(request.user, pk, selectors.EDIT)
    services.products_delete(products=[product], actor=request.user)
    return HttpResponse(status=HTTPStatus.NO_CONTENT)


@router.delete("/products/{int:pk}/attributes/{slug:field}/lock", response=ProductOut)
def attribute_lock_delete(request: HttpRequest, pk: int, field: str) -> Any:
    """Take back what people said of the field, so that machines may fill it again."""
    product = selectors.product_for(request.user, pk, selectors.EDIT)
    if not selectors.has_attribute(product, field):
        message = f"There is no attribute “{field}” in the vocabulary."
        raise Refusal(HTTPStatus.NOT_FOUND, "not_found", message, {"field": [message]})
    attribute_unlock(product=product, field=field, actor=request.user)
    return ProductOut.of(selectors.product_for(request.user, pk), request)
