"""What running a tool over many products did, in words: for the pages and lists of all such acts."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from catalog.models import Job
from catalog.views.words import count_of


def words(_arguments: Any, result: dict[str, Any]) -> str:
    """What the whole of it did."""
    told = [f"{count_of(result['changed'])} done, {count_of(result['suggested'], 'suggestion')}."]
    if result["failed"]:
        told.append(f"{count_of(result['failed'])} failed.")
    if result["stopped"]:
        told.append(f"{count_of(result['stopped'])} stopped.")
    if result["refused"]:
        told.append(f"{count_of(result['refused'], 'value')} not suggested again, or do not fit.")
    if result["gone"]:
        told.append(f"{count_of(result['gone'])} deleted meanwhile.")
    if result["left"]:
        told.append(f"{count_of(result['left'])} not looked at.")
    return " ".join(told)


def page(job: Job) -> str:
    """The address of the job's own page."""
    assert job.catalog is not None
    return reverse("tools:bulk_run", args=[job.catalog.slug, job.pk])
