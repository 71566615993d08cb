"""Acts on many products that jobs do, in words and as pages show them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from catalog.activity.acts import BulkAct, bulk_acts_of
from catalog.models import Catalog, Job, ProductStatus
from catalog.models.job import (
    DELETE,
    GRID_EDIT,
    GRID_PLAN,
    GRID_UNDO,
    MOVE,
    MOVE_BACK,
    PUBLISH,
    QUEUE,
    RESTORE,
    RETRACT,
    UNDELETE,
    UNPUBLISH,
)
from catalog.services.bulk import LABEL
from catalog.services.bulk_acts import is_undoable, may_act
from catalog.views.http import Request
from catalog.views.words import count_of
from prodintel.lib.work import WorkState

# So long the page where an act was started says that it has ended.
RECENT = timedelta(minutes=15)


def told(kind: str, arguments: Any, result: dict[str, Any]) -> str:
    """What an act did, in words."""
    words = _WORDS[kind](arguments, result)
    return " ".join(filter(None, [words, result.get("why", "")]))


def _moved(arguments: Any, result: dict[str, Any]) -> str:
    label = str(dict(ProductStatus.choices)[arguments["status"]]).lower()
    if result["changed"]:
        words = f"{count_of(result['changed'])} now {label}."
    elif result["left"] or result.get("why"):
        words = "Nothing was changed."
    else:
        words = f"Nothing to change: already {label}."
    if result["left"]:
        words += f" {count_of(result['left'])} left alone: somebody moved them meanwhile."
    return words


def _moved_back(_arguments: Any, result: dict[str, Any]) -> str:
    if result["changed"]:
        words = f"{count_of(result['changed'])} back where they were."
    else:
        words = "Nothing was put back." if result.get("why") else "Nothing to undo."
    if result["left"]:
        words += f" {count_of(result['left'])} moved or approved by somebody since: left alone."
    return words


def _queued(_arguments: Any, result: dict[str, Any]) -> str:
    words = f"{count_of(result['changed'])} queued."
    return f"{words} {count_of(result['left'])} left as they were." if result["left"] else words


def _undone(_arguments: Any, result: dict[str, Any]) -> str:
    return f"Undone: {_values(result)}"


def _restored(_arguments: Any, result: dict[str, Any]) -> str:
    return f"Restored: {_values(result)}"


def _values(result: dict[str, Any]) -> str:
    """How much of an act was undone or restored."""
    words = f"{count_of(result['values'], 'value')}."
    if result["kept"]:
        texts = "1 text was" if result["kept"] == 1 else f"{result['kept']} texts were"
        words += f" {texts} changed by hand since and stays as it is."
    if result["left"]:
        words += f" {count_of(result['left'])} not looked at."
    return words


def _deleted(_arguments: Any, result: dict[str, Any]) -> str:
    words = f"{count_of(result['changed'])} deleted."
    return f"{words} {count_of(result['left'])} deleted already." if result["left"] else words


def _undeleted(_arguments: Any, result: dict[str, Any]) -> str:
    words = f"{count_of(result['changed'])} restored."
    if result["refused"]:
        more = result["refused"] - len(result["why_not"])
        words += f" Not restored: {' '.join(result['why_not'])}"
        words += f" And {count_of(more)} more." if more else ""
    return words


def _published(_arguments: Any, result: dict[str, Any]) -> str:
    if not result["photos"]:
        return "No photo was published: only photos of approved products are, each once."
    words = f"{count_of(result['photos'], 'photo')} of {count_of(result['changed'])} published."
    if result["left"]:
        words += (
            f" {count_of(result['left'])} left: not approved, without photos, or published already."
        )
    return words


def _unpublished(_arguments: Any, result: dict[str, Any]) -> str:
    return f"{count_of(result['changed'], 'address', 'addresses')} revoked."


def _planned(_arguments: Any, result: dict[str, Any]) -> str:
    cells = count_of(result["cells"], "cell")
    return f"{cells} of {count_of(result['products'])} would change. Look at them, then apply it."


def _grid_edited(_arguments: Any, result: dict[str, Any]) -> str:
    words = f"{count_of(result['changed'], 'cell')} of {count_of(result['products'])} changed."
    if result["left"]:
        words += f" {count_of(result['left'], 'cell')} left alone: somebody changed them meanwhile."
    if result["refused"]:
        words += f" {count_of(result['refused'], 'cell')} refused."
    return words


def _grid_undone(_arguments: Any, result: dict[str, Any]) -> str:
    words = f"{count_of(result['changed'], 'cell')} back as before."
    if result["left"]:
        words += f" {count_of(result['left'], 'cell')} changed by somebody since: left alone."
    return words


def _plan_url(job: Job) -> str:
    assert job.catalog is not None
    return reverse("catalog:grid_edit", args=[job.catalog.slug, job.arguments["edit"]])


# What an act of each kind did, in words; and where more is said of one, by its job.
_WORDS: dict[str, Callable[[Any, dict[str, Any]], str]] = {
    MOVE: _moved,
    MOVE_BACK: _moved_back,
    QUEUE: _queued,
    RETRACT: _undone,
    RESTORE: _restored,
    DELETE: _deleted,
    UNDELETE: _undeleted,
    PUBLISH: _published,
    UNPUBLISH: _unpublished,
    GRID_PLAN: _planned,
    GRID_EDIT: _grid_edited,
    GRID_UNDO: _grid_undone,
}
_PAGES: dict[str, Callable[[Job], str]] = {GRID_PLAN: _plan_url, GRID_EDIT: _plan_url}


def register(
    kind: str, words: Callable[[Any, dict[str, Any]], str], page: Callable[[Job], str]
) -> None:
    """Add the words and the page of another app's act. For `AppConfig.ready`."""
    _WORDS[kind], _PAGES[kind] = words, page


def act_label(job: Job) -> str:
    """What the act of a job is called."""
    return f"{job.arguments[LABEL]}, {count_of(job.progress_total)}"


def shown_acts(user: Any, catalog: Catalog, acts: Iterable[BulkAct]) -> list[dict[str, Any]]:
    """For catalog/_bulk_acts.html."""
    return [_shown(user, catalog, act) for act in acts]


def _shown(user: Any, catalog: Catalog, act: BulkAct) -> dict[str, Any]:
    job = act.job
    job.catalog = catalog
    may, args = may_act(user, job), [catalog.slug, job.pk]
    ended = job.state == WorkState.DONE
    undoable = may and is_undoable(job) and not act.undone
    return {
        "job": job,
        "label": act_label(job),
        "by": job.created_by.get_username() if job.created_by else "The system",
        "goes_on": act.goes_on,
        "state": "stopped" if ended and job.result["why"] else job.state,
        "undone": act.undone,
        "words": told(job.kind, job.arguments, job.result) if ended else "",
        "url": _PAGES[job.kind](job) if job.kind in _PAGES else "",
        "error": job.error if job.state == WorkState.FAILED else "",
        "waits": job.error if job.state == WorkState.PENDING else "",
        "stop_url": reverse("catalog:job_stop", args=args) if may and not ended else "",
        "undo_url": reverse("catalog:job_undo", args=args) if undoable else "",
    }


def acts_here(request: Request, catalog: Catalog, page: str = "") -> dict[str, Any]:
    """The context of catalog/_bulk_acts.html on the pages where such acts are started: on the
    product list, or on the `page` of this name.
    """
    acts = [
        act
        for act in bulk_acts_of(catalog, RECENT)
        if act.job.state != WorkState.DONE or act.job.created_by_id == request.user.pk
    ]
    # Of a plan that is carried out only that is told.
    carried_out = {act.job.arguments["edit"] for act in acts if act.job.kind == GRID_EDIT}
    acts = [
        act
        for act in acts
        if act.job.kind != GRID_PLAN or act.job.arguments["edit"] not in carried_out
    ]
    running = [("open", act.job.pk) for act in acts if act.goes_on]
    address = urlencode([*running, *([("from", page)] if page else [])])
    here = reverse("catalog:jobs", args=[catalog.slug])
    return {
        "acts": shown_acts(request.user, catalog, acts),
        "acts_url": f"{here}?{address}" if running else "",
        "from": page,
    }
