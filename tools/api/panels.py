"""Panels of simulated shoppers over the API."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from catalog import selectors as catalog_selectors
from catalog.api.errors import Refusal
from catalog.api.schemas import STORABLE, Strict
from prodintel.llm.types import LanguageModelError
from tools import selectors
from tools.models import Panel, PanelSource
from tools.personas import MOST, Persona
from tools.services.panels import panel_create, panel_delete, panel_update
from tools.suggesting import suggest

router = Router(tags=["tools"])
DEFAULT_COUNT = 6


class PersonaIn(Strict):
    name: str = Field(min_length=1, max_length=60, pattern=STORABLE)
    about: str = Field("", max_length=400, pattern=STORABLE)
    needs: str = Field("", max_length=400, pattern=STORABLE)
    budget: str = Field("", max_length=200, pattern=STORABLE)
    sceptical_of: str = Field("", max_length=300, pattern=STORABLE)

    def persona(self) -> Persona:
        return Persona.model_validate(self.model_dump())


class PanelIn(Strict):
    """Simulated shoppers: written out, or `count` of them suggested for category and audience."""

    name: str = Field(min_length=1, max_length=80, pattern=STORABLE)
    audience: str = Field("", max_length=200, pattern=STORABLE)
    category: str = Field("", max_length=300, pattern=STORABLE)
    personas: list[PersonaIn] | None = Field(None, min_length=1, max_length=MOST)
    suggest: Literal["rules", "model"] = "rules"
    count: int = Field(DEFAULT_COUNT, ge=1, le=MOST)
    seed: int = Field(1, ge=0, le=1_000_000)


class PanelPatch(Strict):
    """What is left out stays as it is."""

    name: str = Field("", min_length=1, max_length=80, pattern=STORABLE)
    audience: str = Field("", max_length=200, pattern=STORABLE)
    category: str = Field("", max_length=300, pattern=STORABLE)
    personas: list[PersonaIn] = Field(default_factory=list, min_length=1, max_length=MOST)


class PanelOut(Schema):
    id: int
    name: str
    audience: str
    category: str
    seed: int
    source: str = Field(description="rules, model or person: who made the shoppers up")
    personas: list[dict[str, Any]]
    created_by: str | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, panel: Panel) -> PanelOut:
        return cls(
            id=panel.pk,
            name=panel.name,
            audience=panel.audience,
            category=panel.category,
            seed=panel.seed,
            source=panel.source,
            personas=panel.personas,
            created_by=panel.created_by.get_username() if panel.created_by else None,
            created_at=panel.created_at,
            updated_at=panel.updated_at,
        )


@router.get("/catalogs/{slug:slug}/panels", response=list[PanelOut])
def panels_list(request: HttpRequest, slug: str) -> Any:
    """The catalogue's panels of simulated shoppers, by name."""
    catalog = catalog_selectors.catalog_for(request.user, slug)
    return [PanelOut.of(panel) for panel in selectors.panels_in(catalog)]


@router.post("/catalogs/{slug:slug}/panels", response={201: PanelOut})
def panel_add(request: HttpRequest, slug: str, body: PanelIn) -> Any:
    """Keep a panel: with your own shoppers, or with suggested ones."""
    catalog = catalog_selectors.catalog_for(request.user, slug, catalog_selectors.EDIT)
    if body.personas is not None:
        people, source = [each.persona() for each in body.personas], PanelSource.PERSON
    else:
        try:
            people, source = suggest(
                catalog,
                category=body.category,
                audience=body.audience,
                count=body.count,
                seed=body.seed,
                by_model=body.suggest == "model",
                user_id=request.user.pk,
            )
        except LanguageModelError as error:
            raise Refusal(HTTPStatus.SERVICE_UNAVAILABLE, error.code, str(error), {}) from error
    panel = panel_create(
        catalog=catalog,
        name=body.name,
        personas=people,
        actor=request.user,
        audience=body.audience,
        category=body.category,
        seed=body.seed,
        source=source,
    )
    return Status(int(HTTPStatus.CREATED), PanelOut.of(panel))


@router.get("/panels/{int:pk}", response=PanelOut)
def panel_get(request: HttpRequest, pk: int) -> Any:
    """A panel with its shoppers."""
    return PanelOut.of(selectors.panel_for(request.user, pk))


@router.patch("/panels/{int:pk}", response=PanelOut)
def panel_change(request: HttpRequest, pk: int, body: PanelPatch) -> Any:
    """Change a panel. Runs that it was asked in keep what their shoppers were."""
    panel = selectors.panel_for(request.user, pk, catalog_selectors.EDIT)
    given = {name: getattr(body, name) for name in body.model_fields_set}
    if "personas" in given:
        given["personas"] = [each.persona() for each in body.personas]
    return PanelOut.of(panel_update(panel=panel, actor=request.user, **given))


@router.delete("/panels/{int:pk}", response={204: None})
def panel_remove(request: HttpRequest, pk: int) -> Any:
    """Remove a panel. Runs that it was asked in stay."""
    panel = selectors.panel_for(request.user, pk, catalog_selectors.EDIT)
    panel_delete(panel=panel, actor=request.user)
    return Status(int(HTTPStatus.NO_CONTENT), None)
