"""Review by sample: draw, judge in the queue, see the precision, accept the rest."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from catalog import review_samples as reads
from catalog import reviews, selectors
from catalog.models import Batch, Catalog, Category, Job, ReviewSample
from catalog.models.job import ACCEPT_REST
from catalog.precision import Precision
from catalog.reviews import BAND_LABELS, Narrowed
from catalog.services.review_samples import SIZE, sample_accept_rest, sample_draw
from catalog.views.http import Request, done, first_message, refused
from catalog.views.review import opened, rights, trail
from catalog.views.review_items import Vocabulary
from prodintel.lib.work import WorkState

SHOWN_SAMPLES = 50


@require_safe
@login_required
def review_samples(request: Request, slug: str) -> HttpResponseBase:
    """The samples that were drawn, and a form to draw another."""
    catalog = opened(request, slug)
    vocabulary = Vocabulary(catalog.language)
    narrowed = Narrowed.of(request.GET)
    samples = ReviewSample.objects.filter(catalog=catalog).select_related("created_by", "batch")
    values = {
        "catalog": catalog,
        "breadcrumbs": trail(slug, ("By sample", "")),
        "size": SIZE,
        "samples": [
            {
                "sample": sample,
                "field": vocabulary.field(sample.field),
                "category": _where(sample, vocabulary),
                "standing": reads.standing(sample),
            }
            for sample in samples[:SHOWN_SAMPLES]
        ],
        "fields": [
            {"value": field, "label": f"{vocabulary.field(field)} ({count:,} open)"}
            for field, count in reviews.open_by_field(catalog)
        ],
        "categories": [
            {"value": "", "label": "All categories"},
            *(
                {"value": path, "label": vocabulary.trail(path)}
                for path in sorted(vocabulary.categories)
            ),
        ],
        "narrowed": narrowed,
        "open_here": reviews.left(catalog, narrowed) if narrowed.field else 0,
        **rights(request, catalog),
    }
    return render(request, "catalog/review_samples.html", values)


def _where(sample: ReviewSample, vocabulary: Vocabulary) -> str:
    return vocabulary.trail(sample.category_path) if sample.category_path else "All categories"


@require_POST
@login_required
def review_sample_draw(request: Request, slug: str) -> HttpResponseBase:
    """Draw a sample and begin to judge it."""
    catalog = selectors.catalog_for(request.user, slug, selectors.REVIEW)
    narrowed = Narrowed.of(request.POST)
    here = reverse("catalog:review_samples", args=[slug])
    category = None
    if narrowed.category:
        category = Category.objects.filter(path=narrowed.category).first()
        if category is None:
            return refused(request, "There is no such category.", here)
    try:
        sample = sample_draw(
            catalog=catalog, field=narrowed.field, category=category, actor=request.user
        )
    except ValidationError as error:
        return refused(request, first_message(error), here)
    return redirect(f"{reverse('catalog:review', args=[slug])}?{urlencode({'sample': sample.pk})}")


def sample_of(catalog: Catalog, pk: int) -> ReviewSample:
    """A sample of the catalogue. Raises Http404."""
    samples = ReviewSample.objects.select_related("catalog", "category", "batch")
    sample = samples.filter(catalog=catalog, pk=pk).first()
    if sample is None:
        raise Http404
    return sample


@require_safe
@login_required
def review_sample(request: Request, slug: str, pk: int) -> HttpResponseBase:
    """How right the sample found the machine to be, and what is to become of the rest."""
    catalog = opened(request, slug)
    sample = sample_of(catalog, pk)
    vocabulary = Vocabulary(catalog.language)
    standing = reads.standing(sample)
    rest = reads.rest(sample).count()
    values = {
        "catalog": catalog,
        "breadcrumbs": trail(
            slug,
            ("By sample", "catalog:review_samples"),
            (vocabulary.field(sample.field), ""),
        ),
        "sample": sample,
        "standing": standing,
        "interval": _interval(standing.precision),
        "field_label": vocabulary.field(sample.field),
        "where": _where(sample, vocabulary),
        "rest": rest,
        "wrong": standing.precision.wrong_among(rest),
        "bands": [
            {
                "value": band,
                "label": BAND_LABELS[band],
                "standing": part,
                "count": count,
                "wrong": part.precision.wrong_among(count),
            }
            for band, part, count in reads.by_band(sample)
        ],
        "judge_url": f"{reverse('catalog:review', args=[slug])}?{urlencode({'sample': pk})}",
        "accepted": accepted_rest(sample),
        **rights(request, catalog),
    }
    template = "catalog/_review_rest.html" if request.htmx else "catalog/review_sample.html"
    return render(request, template, values)


def _interval(precision: Precision) -> dict[str, int]:
    """The interval as a bar of 1,000 units."""
    low, high = precision.interval
    share = precision.share or 0
    return {
        "left": round(low * 1000),
        "width": max(round((high - low) * 1000), 2),
        "share": min(round(share * 1000), 996),
    }


def accepted_rest(sample: ReviewSample) -> dict[str, Any] | None:
    """The batch that accepted the rest, and how far it has come; None where nobody accepted it."""
    batch: Batch | None = sample.batch
    if batch is None or batch.retracted_at is not None:
        return None
    job = Job.objects.filter(kind=ACCEPT_REST, arguments__batch=batch.pk).first()
    running = job is not None and job.state in {WorkState.PENDING, WorkState.RUNNING}
    return {
        "batch": batch,
        "count": batch.decisions.count(),
        "job": job,
        "running": running,
        "failed": job is not None and job.state == WorkState.FAILED,
    }


@require_POST
@login_required
def review_sample_accept(request: Request, slug: str, pk: int) -> HttpResponseBase:
    """Accept what the sample speaks for, all of it or what is as certain as one band."""
    catalog = selectors.catalog_for(request.user, slug, selectors.REVIEW)
    sample = sample_of(catalog, pk)
    here = reverse("catalog:review_sample", args=[slug, pk])
    band = request.POST.get("band", "")
    if band and band not in BAND_LABELS:
        return refused(request, "Choose how certain the suggestions are to be.", here)
    try:
        batch = sample_accept_rest(sample=sample, actor=request.user, band=band)
    except ValidationError as error:
        return refused(request, first_message(error), here)
    undo = reverse("catalog:review_batch_undo", args=[slug, batch.pk])
    return done(request, "Accepted as one batch.", here, undo_url=f"{undo}?sample={pk}")
