"""Approval: statuses of many products, approved versions, what changed since."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Any, Literal

from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict
from ninja import Router, Schema, Status
from pydantic import Field, model_validator

from catalog import selectors
from catalog.api.errors import Refusal
from catalog.api.jobs import JobOut, accepted
from catalog.api.schemas import Id, Strict
from catalog.approval.content import contents
from catalog.approval.diff import Change, changes
from catalog.browsing import Browse
from catalog.models import Catalog, Product, ProductVersion
from catalog.services.statuses import products_move

router = Router(tags=["approval"])
# What one body may name.
MAX_IDS = 100_000


class VersionOut(Schema):
    number: int
    approved_by: str | None
    approved_at: datetime
    withdrawn: bool = Field(description="The approval was undone; the version before counts again")

    @classmethod
    def of(cls, version: ProductVersion) -> VersionOut:
        return cls(**_about(version))


class VersionContentOut(VersionOut):
    content: dict[str, Any] = Field(
        description="Everything a shopper would see, as it was approved; money as decimal strings"
    )


def _about(version: ProductVersion) -> dict[str, Any]:
    return {
        "number": version.number,
        "approved_by": version.approved_by.get_username() if version.approved_by else None,
        "approved_at": version.approved_at,
        "withdrawn": version.withdrawn_at is not None,
    }


class ChangeOut(Schema):
    part: Literal["product", "variant", "attribute", "photo"]
    name: str = Field(description="Empty for a variant or photo that came or went as a whole")
    id: int | None = Field(None, description="Of the variant or photo, if it is about one")
    locale: str = ""
    before: Any
    after: Any

    @classmethod
    def of(cls, change: Change) -> ChangeOut:
        return cls(
            part=change.part,
            name=change.name,
            id=change.id,
            locale=change.locale,
            before=change.before,
            after=change.after,
        )


class ChangesOut(Schema):
    approved_version: int | None = Field(description="None for a product that was never approved")
    changes: list[ChangeOut]


class StatusesIn(Strict):
    """Products by their ids, or all that a filter finds: {} for all of the catalogue's.

    A filter has the parameters of the product list's addresses, such as
    {"status": "in_review", "category": "clothing", "missing": ["color"]}.
    """

    status: Literal["draft", "in_review", "approved", "archived"]
    ids: list[Id] | None = Field(None, max_length=MAX_IDS)
    filter: dict[str, str | list[str]] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> StatusesIn:
        if (self.ids is None) == (self.filter is None):
            raise ValueError("Give either ids or a filter.")
        return self


class StatusesOut(Schema):
    changed: int = Field(description="How many were moved, or approved anew since they changed")
    left: int = Field(description="How many were not found, or were moved by somebody meanwhile")


@router.post("/catalogs/{slug:slug}/products/status", response={200: StatusesOut, 202: JobOut})
def products_status(request: HttpRequest, slug: str, body: StatusesIn) -> Any:
    """Move many products to a status; reviewers and owners approve. All may be moved or none is.

    More than 500 are moved by a job: 202, see /jobs/{id}.
    """
    catalog = selectors.catalog_for(request.user, slug, selectors.MOVE)
    if body.ids is not None:
        there = selectors.statuses_among(catalog, body.ids)
    else:
        there = selectors.statuses_of(_found(catalog, body.filter or {}))
    present = set(there.values())
    if not present <= selectors.statuses_moved_from(request.user, catalog, body.status):
        raise PermissionDenied(selectors.APPROVERS_ONLY)
    started = products_move(
        catalog=catalog,
        ids=there if body.ids is None else body.ids,
        status=body.status,
        allowed=present,
        actor=request.user,
    )
    if started.job is not None:
        return accepted(started.job)
    return Status(200, StatusesOut(**started.result))


def _found(catalog: Catalog, parameters: dict[str, str | list[str]]) -> QuerySet[Product]:
    address = QueryDict(mutable=True)
    for name, value in parameters.items():
        address.setlist(name, value if isinstance(value, list) else [value])
    browse = Browse.of(address)
    unknown = set(parameters) - {name for name, _ in browse.parameters()}
    if unknown:
        message = f"This filter cannot work: {', '.join(sorted(unknown))}."
        raise ValidationError({"filter": [message]})
    return browse.products(catalog)


@router.get("/products/{int:pk}/versions", response=list[VersionOut])
def versions_list(request: HttpRequest, pk: int) -> Any:
    """The approved versions of a product, the newest first."""
    product = selectors.product_for(request.user, pk)
    return [VersionOut.of(version) for version in selectors.product_versions(product)]


@router.get("/products/{int:pk}/versions/{int:number}", response=VersionContentOut)
def version_get(request: HttpRequest, pk: int, number: int) -> Any:
    """What a product was when it was approved."""
    product = selectors.product_for(request.user, pk)
    version = selectors.product_version(product, number)
    if version is None:
        message = f"This product has no version {number}."
        raise Refusal(HTTPStatus.NOT_FOUND, "not_found", message, {})
    return VersionContentOut(**_about(version), content=version.content)


@router.get("/products/{int:pk}/changes", response=ChangesOut)
def changes_get(request: HttpRequest, pk: int) -> Any:
    """How a product differs from its last approved version; who wrote a value is no difference."""
    product = selectors.product_for(request.user, pk)
    version = selectors.product_version(product)
    if version is None:
        return ChangesOut(approved_version=None, changes=[])
    found = changes(version.content, contents([product.pk])[product.pk])
    return ChangesOut(
        approved_version=version.number, changes=[ChangeOut.of(change) for change in found]
    )
