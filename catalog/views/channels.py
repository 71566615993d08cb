"""How a catalogue stands with the channels it is sold in; each count leads to its products."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from catalog import selectors
from catalog.browsing import Browse
from catalog.browsing.readiness import NOT_READY, READY
from catalog.channels.counting import Lack, Readiness, readiness_forget, readiness_of
from catalog.channels.countries import NAMES, guess_country
from catalog.channels.facts import ATTRIBUTE
from catalog.channels.profiles import Profile, profiles
from catalog.channels.requirements import REQUIRED, Requirement
from catalog.channels.targets import target_add, target_label, target_remove
from catalog.describe.fields import choosable
from catalog.models import Catalog, ChannelTarget, ProductStatus
from catalog.services.attribute_values import CATEGORY
from catalog.views.browse import query
from catalog.views.http import Request, done, first_message, refused

WHOLE = 100
LEAST_WIDTH = 1
SECTIONS = ((REQUIRED, "Keeps products out"), ("recommended", "Would help them there"))


def insights_tabs(catalog: Catalog, current: str) -> list[dict[str, Any]]:
    """For components/tabs.html: the pages about a catalogue as a whole."""
    return [
        {
            "label": label,
            "icon": icon,
            "url": reverse(f"catalog:{name}", args=[catalog.slug]),
            "current": name == current,
        }
        for name, label, icon in (
            ("insights", "Catalogue", "chart"),
            ("channels", "Channels", "external"),
        )
    ]


@require_safe
@login_required
def channels(request: Request, slug: str) -> HttpResponseBase:
    catalog = selectors.catalog_for(request.user, slug)
    may_edit = selectors.may(request.user, catalog)
    found = readiness_of(catalog)
    shown = _Shown(catalog, may_edit=may_edit)
    values = {
        "catalog": catalog,
        "may_edit": may_edit,
        "targets": [shown.target(each) for each in found],
        "products": found[0].products if found else 0,
        "waiting": any(each.waiting for each in found),
    }
    if request.htmx and not request.htmx.boosted:
        return render(request, "catalog/_channels.html", values)
    values |= {
        "tabs": insights_tabs(catalog, "channels"),
        "channels": [{"value": p.channel, "label": p.label} for p in profiles().values()],
        "countries": [
            {"value": code, "label": name}
            for code, name in sorted(NAMES.items(), key=lambda pair: pair[1])
        ],
        "country": guess_country(catalog.currency, catalog.language),
        "sources": [_sources(each) for each in _shown_profiles(found)],
    }
    return render(request, "catalog/channels.html", values)


def _shown_profiles(found: list[Readiness]) -> list[Profile]:
    return list({each.profile.channel: each.profile for each in found if each.profile}.values())


def _sources(profile: Profile) -> dict[str, Any]:
    """Where a channel's requirements come from, for the table at the end of the page."""
    return {
        "label": profile.label,
        "oldest": profile.oldest,
        "newest": profile.newest,
        "rows": [
            {
                "title": each.title,
                "required": each.severity == REQUIRED,
                "countries": ", ".join(sorted(each.required_in)),
                "sources": each.source,
                "read": each.read,
                "note": each.note,
            }
            for each in profile.requirements.values()
        ],
    }


class _Shown:
    """Counts as the page shows them, each with its products behind it."""

    def __init__(self, catalog: Catalog, *, may_edit: bool) -> None:
        self._catalog = catalog
        self._products = reverse("catalog:products", args=[catalog.slug])
        self._describe = reverse("catalog:describe", args=[catalog.slug])
        self._describable = frozenset(choosable()) if may_edit else frozenset[str]()
        self._grid = reverse("catalog:grid", args=[catalog.slug]) if may_edit else ""

    def target(self, found: Readiness) -> dict[str, Any]:
        target, known = found.target, found.profile
        here = Browse(channel=(target.channel, target.country))
        ready = replace(here, ready=READY)
        return {
            "target": target,
            "label": target_label(target),
            "found": found,
            "checked": found.products - found.waiting,
            "counts": [
                {
                    "label": "Ready and approved",
                    "value": found.approved,
                    "url": self._url(replace(ready, status=ProductStatus.APPROVED)),
                },
                {"label": "Ready in all", "value": found.ready, "url": self._url(ready)},
                {
                    "label": "Not ready",
                    "value": found.not_ready,
                    "url": self._url(replace(here, ready=NOT_READY)),
                },
            ],
            "sections": [
                {"title": title, "rows": rows}
                for severity, title in SECTIONS
                if (rows := self._rows(found, severity, here))
            ],
            "exports": known.formats if known else (),
        }

    def _rows(self, found: Readiness, severity: str, here: Browse) -> list[dict[str, Any]]:
        lacks = [each for each in found.lacks if each.severity == severity]
        most = max((each.products for each in lacks), default=0)
        return [self._row(each, found, here, most) for each in lacks]

    def _row(self, lack: Lack, found: Readiness, here: Browse, most: int) -> dict[str, Any]:
        known = found.profile.requirements.get(lack.requirement) if found.profile else None
        lacking = replace(here, lacks=lack.requirement)
        return {
            "label": known.title if known else lack.requirement,
            "advice": known.advice if known else "",
            "value": lack.products,
            "width": max(round(lack.products * WHOLE / most), LEAST_WIDTH),
            "url": self._url(lacking),
            "grid_url": f"{self._grid}{query(lacking)}" if self._grid else "",
            "act_url": self._describing(known, lacking),
        }

    def _url(self, browse: Browse) -> str:
        return self._products + query(browse)

    def _describing(self, requirement: Requirement | None, lacking: Browse) -> str:
        """To where these products have the field described, where a machine can do that."""
        for name in requirement.fields if requirement and requirement.rule == "present" else ():
            key = CATEGORY if name == "google_category" else name.removeprefix(ATTRIBUTE)
            if key in self._describable:
                return f"{self._describe}{query(lacking)}&{urlencode({'field': key})}"
        return ""


@require_POST
@login_required
def channel_add(request: Request, slug: str) -> HttpResponseBase:
    catalog = selectors.catalog_for(request.user, slug, selectors.EDIT)
    here = reverse("catalog:channels", args=[catalog.slug])
    try:
        target = target_add(
            catalog=catalog,
            channel=request.POST.get("channel", ""),
            country=request.POST.get("country", ""),
            actor=request.user,
        )
    except ValidationError as error:
        return refused(request, first_message(error), here)
    readiness_forget(catalog)
    return done(request, f"Products are checked for {target_label(target)}, too.", here)


@require_POST
@login_required
def channel_remove(request: Request, slug: str, target: int) -> HttpResponseBase:
    catalog = selectors.catalog_for(request.user, slug, selectors.EDIT)
    found = selectors.channel_target_in(catalog, target)
    target_remove(target=found, actor=request.user)
    readiness_forget(catalog)
    again = reverse("catalog:channel_restore", args=[catalog.slug, found.pk])
    here = reverse("catalog:channels", args=[catalog.slug])
    return done(request, f"{target_label(found)} is removed.", here, undo_url=again)


@require_POST
@login_required
def channel_restore(request: Request, slug: str, target: int) -> HttpResponseBase:
    catalog = selectors.catalog_for(request.user, slug, selectors.EDIT)
    found: ChannelTarget = selectors.channel_target_in(catalog, target, removed=True)
    here = reverse("catalog:channels", args=[catalog.slug])
    try:
        target_add(
            catalog=catalog, channel=found.channel, country=found.country, actor=request.user
        )
    except ValidationError as error:
        return refused(request, first_message(error), here)
    readiness_forget(catalog)
    return done(request, f"{target_label(found)} is back.", here)
