"""A product's page, its own fields, its deletion."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog import selectors
from catalog.forms import ProductForm
from catalog.models import AuditEvent, Product
from catalog.renditions import WIDTHS
from catalog.search import neighbours
from catalog.services import products as services
from catalog.services.attribute_values import CATEGORY
from catalog.views import present
from catalog.views.http import Request, done, first_message, refused
from catalog.views.products import restore_url

NEIGHBOURS = 8
HISTORY_SHOWN = 30
GALLERY_WIDTHS = (480, 960, 1600)


def product_in(
    request: HttpRequest, slug: str, pk: int, roles: frozenset = selectors.VIEW
) -> Product:
    """The product of the address. Raises Http404 when it is not in the address's catalogue."""
    product = selectors.product_for(request.user, pk, roles)
    if product.catalog.slug != slug:
        raise Http404
    return product


@require_safe
@login_required
def product_page(request: Request, slug: str, pk: int) -> HttpResponseBase:
    product = product_in(request, slug, pk)
    labels = present.Labels()
    values = {
        "catalog": product.catalog,
        "product": product,
        "title": product.title or "Untitled product",
        "photos": [
            present.image(placement, GALLERY_WIDTHS) for placement in product.placements.all()
        ],
        "placements": product.placements.all(),
        "attributes": present.attributes(product, labels),
        "missing": _missing(product, labels),
        "variants": [variant_row(variant) for variant in product.variants.all()],
        "price": present.price_text(product.variants.all()),
        "facts": _facts(product),
        "states": present.states(product),
        "history": _history(product),
        "may_edit": selectors.may(request.user, product.catalog),
        "thumbnail_width": WIDTHS[0],
    }
    return render(request, "catalog/product.html", values)


def _missing(product: Product, labels: present.Labels) -> list[dict[str, str]]:
    """Attributes of the vocabulary that the product has no value for."""
    known = {row.field for row in product.current_attributes.all() if row.variant_id is None}
    fields = [{"field": CATEGORY, "label": "Category"}] if CATEGORY not in known else []
    return fields + [
        {"field": key, "label": definition.label()}
        for key, definition in labels.definitions.items()
        if key not in known
    ]


def variant_row(variant: Any) -> dict[str, Any]:
    """A variant for the table on the page."""
    return {
        "variant": variant,
        "options": variant.options,
        "price": present.amount(variant.price, variant.currency),
        "compare_at_price": present.amount(variant.compare_at_price, variant.currency),
        "cost": present.amount(variant.cost, variant.currency),
    }


def _facts(product: Product) -> list[dict[str, Any]]:
    variants = list(product.variants.all())
    facts: list[dict[str, Any]] = [
        {"label": "Brand", "value": product.brand},
        {"label": "Tags", "value": ", ".join(product.tags)},
        {"label": "Handle", "value": product.handle},
    ]
    if len(variants) == 1:
        only = variants[0]
        facts[:0] = [
            {"label": "SKU", "value": only.sku},
            {"label": "Price", "value": present.amount(only.price, only.currency)},
            {"label": "Cost", "value": present.amount(only.cost, only.currency)},
            {"label": "GTIN", "value": only.gtin},
        ]
    if product.product_url:
        facts.append(
            {"label": "In the shop", "value": product.product_url, "url": product.product_url}
        )
    return facts


def _history(product: Product) -> list[AuditEvent]:
    events = AuditEvent.objects.filter(target_type="product", target_id=product.pk)
    return list(events.select_related("actor")[:HISTORY_SHOWN])


@require_safe
@login_required
def product_state(request: Request, slug: str, pk: int) -> HttpResponseBase:
    """Where the product's ingest stands; the fragment asks again by itself until it is done."""
    product = product_in(request, slug, pk)
    labels = present.Labels()
    values = {
        "catalog": product.catalog,
        "product": product,
        "states": present.states(product),
        "attributes": present.attributes(product, labels),
        "may_edit": selectors.may(request.user, product.catalog),
        "polled": True,
    }
    return render(request, "catalog/_product_state.html", values)


@require_safe
@login_required
def product_neighbours(request: Request, slug: str, pk: int) -> HttpResponseBase:
    """The products that look most like this one."""
    product = product_in(request, slug, pk)
    result = neighbours(product, limit=NEIGHBOURS)
    cards = [present.card(hit.product) for hit in result.hits]
    values = {"catalog": product.catalog, "product": product, "cards": cards, "result": result}
    return render(request, "catalog/_product_neighbours.html", values)


@require_http_methods(["GET", "POST"])
@login_required
def product_edit(request: Request, slug: str, pk: int) -> HttpResponseBase:
    """The product's own fields as a form."""
    product = product_in(request, slug, pk, selectors.EDIT)
    form = ProductForm(request.POST or None, instance=product)
    status = HTTPStatus.OK
    if request.method == "POST":
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if form.is_valid():
            try:
                services.product_update(
                    product=product, actor=request.user, fields=form.cleaned_data
                )
            except ValidationError as error:
                form.add_error(None, first_message(error))
            else:
                return done(request, "Saved.", product.get_absolute_url())
    values = {"catalog": product.catalog, "product": product, "form": form}
    return render(request, "catalog/product_edit.html", values, status=status)


@require_POST
@login_required
def product_delete(request: Request, slug: str, pk: int) -> HttpResponseBase:
    product = product_in(request, slug, pk, selectors.EDIT)
    deleted = services.products_delete(products=[product], actor=request.user)
    return done(
        request,
        f"{product} deleted.",
        reverse("catalog:products", args=[slug]),
        undo_url=restore_url(product.catalog, deleted),
    )


@require_POST
@login_required
def product_status(request: Request, slug: str, pk: int) -> HttpResponseBase:
    product = product_in(request, slug, pk, selectors.EDIT)
    try:
        services.products_set_status(
            products=[product], status=request.POST.get("status", ""), actor=request.user
        )
    except ValidationError as error:
        return refused(request, first_message(error), product.get_absolute_url())
    message = f"Now {product.get_status_display().lower()}."
    return done(request, message, product.get_absolute_url())
