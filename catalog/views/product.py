"""A product's page, its own fields, its deletion."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog import selectors
from catalog.forms import ProductForm
from catalog.models import AttributeDefinition, Placement, Product, ProductStatus, Variant
from catalog.provenance import cannot_tell
from catalog.publishing.reading import publishing_state
from catalog.search import neighbours
from catalog.services import products as services
from catalog.services.attribute_values import CATEGORY
from catalog.services.statuses import MOVED, products_move
from catalog.views import present, provenance
from catalog.views.bulk import undo_url
from catalog.views.deleted import removed_parts
from catalog.views.history import history
from catalog.views.http import Request, done, first_message, refused
from catalog.views.product_channels import product_channels
from catalog.views.products import restore_url
from catalog.views.upload import ACCEPT
from catalog.views.versions import approval, approved_fact

NEIGHBOURS = 8
UNFINISHED = frozenset({"pending", "running"})
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
    labels = present.Labels(product.catalog.language)
    values = {
        **_state_values(request, product, labels),
        "photos": [_photo(placement) for placement in product.placements.all()],
        "missing": _missing(product, labels),
        "price": present.price_text(product.variants.all()),
        "facts": _facts(product),
        "approval": approval(request.user, product, labels),
        "history": history(product, labels, selectors.role_in(request.user, product.catalog)),
        "statuses": _statuses(request, product),
        "accept": ACCEPT,
        "publishing": publishing_state(product),
        **_sold(product),
    }
    values["channels"] = product_channels(product, may_edit=values["may_edit"])
    if values["may_edit"]:
        values["removed"] = removed_parts(product)
    return render(request, "catalog/product.html", values)


def _state_values(request: Request, product: Product, labels: present.Labels) -> dict[str, Any]:
    """What the live part of the page shows: where the ingest stands, attributes and suggestions."""
    states = present.states(product)
    return {
        **trust_values(request, product, labels),
        "catalog": product.catalog,
        "product": product,
        "states": states,
        "unfinished": bool(UNFINISHED & set(states.values())),
    }


def trust_values(request: Request, product: Product, labels: present.Labels) -> dict[str, Any]:
    """The product's values, what stands behind them, and what machines suggest."""
    role = selectors.role_in(request.user, product.catalog)
    return {
        "catalog": product.catalog,
        "product": product,
        "title": product.title or "Untitled product",
        "attributes": present.attributes(
            product, labels, provenance.behind(request.user, product, labels)
        ),
        "suggestions": provenance.suggestions(product, labels, role),
        "cannot_tell": cannot_tell(product),
        "may_edit": role in selectors.EDIT,
    }


def _statuses(request: Request, product: Product) -> list[dict[str, str]]:
    """The statuses to choose from, the product's own among them; none where there is no choice."""
    open_to = selectors.statuses_for(request.user, product)
    offered = [{"value": status.value, "label": str(status.label)} for status in open_to]
    return offered if len(offered) > 1 else []


def _photo(placement: Placement) -> dict[str, Any]:
    """A photo for the gallery and for the list in which photos are managed."""
    where = [placement.product.catalog.slug, placement.product_id, placement.pk]
    return {
        **present.image(placement, GALLERY_WIDTHS),
        "described": bool(placement.alt_text),
        "variant": placement.variant,
        "edit_url": reverse("catalog:placement_edit", args=where),
        "move_url": reverse("catalog:placement_move", args=where),
        "delete_url": reverse("catalog:placement_delete", args=where),
    }


def _missing(product: Product, labels: present.Labels) -> list[dict[str, str]]:
    """Attributes of the vocabulary that the product could have and has no value for."""
    known = {row.field for row in product.current_attributes.all() if row.variant_id is None}
    # Of a product that is of no category yet, what those may have that it could be of.
    here = Q(categories__offered=True)
    if product.category is not None:
        here = Q(categories__path__in=present.category_paths(product))
    fitting = AttributeDefinition.objects.filter(Q(categories=None) | here).distinct()
    fields = [{"field": CATEGORY, "label": "Category"}] if CATEGORY not in known else []
    return fields + [
        {"field": key, "label": labels.field(key)}
        for key in fitting.values_list("key", flat=True)
        if key not in known
    ]


def _facts(product: Product) -> list[dict[str, Any]]:
    facts: list[dict[str, Any]] = [
        {"label": "Brand", "value": product.brand},
        {"label": "Tags", "value": ", ".join(product.tags)},
    ]
    if product.product_url:
        shop = {"label": "In the shop", "value": product.product_url, "url": product.product_url}
        facts.append(shop)
    approved = approved_fact(product)
    return [
        *facts,
        {"label": "Handle", "value": product.handle},
        {"label": "Added", "value": present.day(product.created_at)},
        *([approved] if approved else []),
    ]


def _sold(product: Product) -> dict[str, Any]:
    """The variants as rows of a table, or the fields of the only one as facts (`only`)."""
    variants = list(product.variants.all())
    if len(variants) != 1 or variants[0].options:
        return {"variants": [variant_row(variant) for variant in variants]}
    only = variants[0]
    row = variant_row(only)
    facts = [
        {"label": "SKU", "value": only.sku},
        {"label": "Price", "value": row["price"]},
        {"label": "Cost", "value": row["cost"]},
        {"label": "GTIN", "value": only.gtin},
        {"label": "Availability", "value": only.get_availability_display()},
    ]
    return {"only": only, "only_facts": facts, "compare_at": row["compare_at_price"]}


def variant_row(variant: Variant) -> dict[str, Any]:
    """A variant for the table on the page."""
    return {
        "variant": variant,
        "price": present.amount(variant.price, variant.currency),
        "compare_at_price": present.amount(variant.compare_at_price, variant.currency),
        "cost": present.amount(variant.cost, variant.currency),
    }


@require_safe
@login_required
def product_state(request: Request, slug: str, pk: int) -> HttpResponseBase:
    """Where the product's ingest stands; the fragment asks again by itself until it is done."""
    product = product_in(request, slug, pk)
    values = {
        **_state_values(request, product, present.Labels(product.catalog.language)),
        "polled": True,
    }
    response = render(request, "catalog/_product_state.html", values)
    if not values["unfinished"]:
        # The neighbours of the page wait for this.
        response["HX-Trigger"] = "searchable"
    return response


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
    product = product_in(request, slug, pk, selectors.MOVE)
    status = request.POST.get("status", "")
    here = product.get_absolute_url()
    if not selectors.may_set_status(request.user, product.catalog, product.status, status):
        return refused(request, selectors.APPROVERS_ONLY, here)
    try:
        moved = products_move(
            catalog=product.catalog,
            ids=[product.pk],
            status=status,
            allowed={product.status},
            actor=request.user,
        ).result
    except ValidationError as error:
        return refused(request, first_message(error), here)
    if moved["left"]:
        return refused(request, MOVED, here)
    label = str(dict(ProductStatus.choices)[status]).lower()
    if moved["event"] is None:
        return done(request, f"It is {label} already.", here)
    words = "Approved again." if product.status == status else f"Now {label}."
    return done(request, words, here, undo_url=undo_url(product.catalog, moved["event"]))
