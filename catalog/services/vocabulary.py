"""Writes of the vocabulary: loading a file, saving categories, proposing terms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.text import slugify

from catalog.models import (
    AttributeDefinition,
    AuditEvent,
    Category,
    CurrentAttribute,
    LedgerEntry,
    Product,
    Term,
    TermState,
)
from catalog.services.attribute_values import CATEGORY, CHOICES, COLUMN_FIELDS, term_standing
from catalog.services.audit import audit
from catalog.services.errors import conflict
from catalog.services.locks import lock_row
from catalog.services.reprojecting import projection_renew
from catalog.services.vocabulary_loading import LOADED, SAVED, STEP, Loading, Mode
from catalog.textsearch.documents import text_documents_refresh
from catalog.vocabulary import DEFAULT, SourceVocabulary, read

# What people decide on terms that wait for them, as the audit trail has it.
DECISIONS = frozenset({"term.accept", "term.reject", "term.merge"})
# What of a definition decides which row of the ledger counts, and what filters offer of it.
DECIDING = ("kind", "closed", "machine_may_set", "precedence")


@dataclass(frozen=True)
class LoadReport:
    """What loading a file did; `names` are those of what it added, as the audit trail has them.

    What people removed before was `left_out` again.
    """

    categories: int
    attributes: int
    terms: int
    left_out: int
    changed: int = 0
    conflicts: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    @property
    def added(self) -> int:
        return self.categories + self.attributes + self.terms


def vocabulary_load(
    *, path: Path = DEFAULT, mode: str = Mode.ADD, restore: bool = False, actor: Any = None
) -> LoadReport:
    """Bring a vocabulary file into the database: add what is missing; `mode` says what else.

    What an earlier load brought and a person deleted stays deleted, unless `restore`: the audit
    trail remembers what was added. Raises VocabularyFileError for a file that cannot be read.
    """
    source = read(path)
    return vocabulary_apply(source=source, name=path.name, mode=mode, restore=restore, actor=actor)


@transaction.atomic
def vocabulary_apply(
    *,
    source: SourceVocabulary,
    name: str,
    mode: str = Mode.ADD,
    restore: bool = False,
    actor: Any = None,
) -> LoadReport:
    """Bring what a file says into the database, all or nothing, with one audit event.

    Raises ValidationError where somebody else adds the same at the same time.
    """
    loading = Loading(source, mode=mode, restore=restore)
    report = LoadReport(
        **loading.counts_by_table,
        left_out=len(loading.left_out),
        changed=len(loading.changes),
        conflicts=tuple(loading.conflicts),
        names=tuple(loading.added),
    )
    if not report.added and not report.changed:
        return report
    try:
        with transaction.atomic():
            loading.write()
    except IntegrityError as error:
        raise conflict(
            "", "The vocabulary was changed meanwhile. Look at the preview again."
        ) from error
    _tell(loading, actor)
    AuditEvent.objects.create(
        actor=actor if getattr(actor, "pk", None) else None,
        action=LOADED,
        target_type="vocabulary",
        target_id=None,
        summary=f"{report.added} added, {report.changed} changed from {name}"[:300],
        data={"added": loading.added},
    )
    return report


def _tell(loading: Loading, actor: Any) -> None:
    """What follows for products: what their ledger says may mean something by now."""
    said = LedgerEntry.objects.filter(field__in=loading.fields)
    for field in sorted(said.order_by().values_list("field", flat=True).distinct()):
        projection_renew(field=field, actor=actor)
    if loading.new_paths and LedgerEntry.objects.filter(field=CATEGORY).exists():
        projection_renew(field=CATEGORY, actor=actor)
    relabelled = loading.relabelled
    for start in range(0, len(relabelled), STEP):
        products = Product.objects.filter(category__in=relabelled[start : start + STEP])
        text_documents_refresh(products.values_list("pk", flat=True))


@transaction.atomic
def category_save(
    *,
    actor: Any,
    slug: str,
    labels: Mapping[str, str],
    category: Category | None = None,
    parent: Category | None = None,
    prompts: Iterable[str] = (),
    google_id: str = "",
    shopify_id: str = "",
    position: int = 0,
    offered: bool = True,
) -> Category:
    """Create a category, or change one; the paths below it follow.

    Raises ValidationError keyed by the field: for a slug that is taken or no slug, for a category
    below itself, and for moving or renaming one whose path products already carry.
    """
    slug = slugify(slug)
    if not slug:
        raise conflict("slug", "Give a slug of letters, digits and hyphens.")
    if not labels.get("en"):
        raise conflict("labels", "Give at least an English label.")
    row = category or Category()
    path = f"{parent.path}/{slug}" if parent else slug
    _check_place(row, parent, path)
    old_path = row.path
    row.parent, row.slug, row.path = parent, slug, path
    row.labels = {language: label for language, label in labels.items() if label}
    row.prompts = [prompt.strip() for prompt in prompts if prompt.strip()]
    row.google_id, row.shopify_id = google_id, shopify_id
    row.position, row.offered = position, offered
    row.full_clean()
    row.save()
    if old_path and old_path != path:
        below = list(Category.objects.filter(path__startswith=f"{old_path}/"))
        longest = Category._meta.get_field("path").max_length or 0  # noqa: SLF001 -- public meta
        for child in below:
            child.path = path + child.path[len(old_path) :]
            if len(child.path) > longest:
                raise conflict("slug", f"The path “{child.path}” would be too long.")
        Category.objects.bulk_update(below, ["path"])
    if old_path != path and LedgerEntry.objects.filter(field=CATEGORY, value=[path]).exists():
        # Said of products while there was one of this path before.
        projection_renew(field=CATEGORY, actor=actor)
    audit(actor=actor, action=SAVED, target=row, summary=path)
    return row


def _check_place(row: Category, parent: Category | None, path: str) -> None:
    if Category.objects.filter(path=path).exclude(pk=row.pk).exists():
        raise conflict("slug", f"There is a category “{path}” already.")
    if row.pk is None or row.path == path:
        return
    if parent and (parent.pk == row.pk or parent.path.startswith(f"{row.path}/")):
        raise conflict("parent", "A category cannot stand below itself.")
    # The ledger names categories by path and its rows are never rewritten.
    paths = [
        row.path,
        *Category.objects.filter(path__startswith=f"{row.path}/").values_list("path", flat=True),
    ]
    used = LedgerEntry.objects.filter(
        field=CATEGORY, value__in=[[known] for known in paths]
    ).exists()
    if used or Product.objects.filter(category__path__in=paths).exists():
        raise conflict(
            "slug",
            f"Products carry “{row.path}” or a category below it. Change its labels instead, or "
            "make a new category and move the products there.",
        )


@transaction.atomic
def category_delete(*, category: Category, actor: Any) -> None:
    """Delete a category. Raises ValidationError while something refers to it, and says what to do."""
    _check_unused(category)
    audit(actor=actor, action="category.delete", target=category, summary=category.path)
    category.delete()


def _check_unused(category: Category) -> None:
    path = category.path
    if category.children.exists():
        raise conflict("", f"There are categories below “{path}”. Delete or move them first.")
    current = CurrentAttribute.objects.filter(field=CATEGORY, value=[path])
    if current.exists() or category.products.exists():
        raise conflict(
            "",
            f"Products carry “{path}”. Give them another category first; deleted products count "
            "until they are gone for good.",
        )
    limited = [str(definition.key) for definition in category.attributes.all()]
    limited += [_term_name(term) for term in category.terms.select_related("attribute")]
    if limited:
        # Without any category they would apply everywhere.
        raise conflict(
            "",
            f"Offered in “{path}” alone or among others: {', '.join(sorted(limited))}. Choose other "
            "categories for them first.",
        )


@transaction.atomic
def definition_save(*, definition: AttributeDefinition, actor: Any) -> AttributeDefinition:
    """Save a new or changed attribute definition. Raises ValidationError with messages by field."""
    if definition.key in COLUMN_FIELDS | {CATEGORY}:
        raise conflict("key", f"“{definition.key}” is a field of every product already.")
    before = AttributeDefinition.objects.filter(pk=definition.pk).first()
    definition.full_clean()
    definition.save()
    if before is None or any(getattr(before, n) != getattr(definition, n) for n in DECIDING):
        projection_renew(field=definition.key, actor=actor)
    audit(actor=actor, action="attribute.save", target=definition, summary=definition.key)
    return definition


@transaction.atomic
def definition_delete(*, definition: AttributeDefinition, actor: Any) -> None:
    """Delete an attribute definition with its terms. What products say of it stays in the ledger,
    and leaves the filters.
    """
    audit(actor=actor, action="attribute.delete", target=definition, summary=definition.key)
    definition.delete()
    projection_renew(field=definition.key, actor=actor)


@transaction.atomic
def term_save(*, term: Term, actor: Any, action: str = "term.save") -> Term:
    """Save a new or changed term. Raises ValidationError with messages by field.

    A merged term names another one of its attribute that is not merged itself; other terms name
    none. What was merged into it before follows it.
    """
    target = term.merged_into
    if term.state != TermState.MERGED:
        term.merged_into = None
    elif target is None:
        raise conflict("merged_into", "Choose the term that it was merged into.")
    elif target.pk == term.pk or target.attribute_id != term.attribute_id or target.merged_into:
        raise conflict("merged_into", "Choose another term of this attribute, one that stands.")
    before = Term.objects.filter(pk=term.pk).values_list("state", "merged_into").first()
    term.full_clean()
    term.save()
    if term.state == TermState.MERGED:
        term.aliases.update(merged_into=target)
    if before != (term.state, term.merged_into_id):
        projection_renew(field=term.attribute.key, actor=actor)
    audit(actor=actor, action=action, target=term, summary=_term_name(term))
    return term


@transaction.atomic
def terms_decide(*, terms: Iterable[Term], state: str, actor: Any) -> int:
    """Accept terms (`TermState.ACTIVE`) or reject them; returns how many changed."""
    action = {TermState.ACTIVE: "term.accept", TermState.REJECTED: "term.reject"}[TermState(state)]
    changed = [term for term in terms if term.state != state]
    for term in changed:
        term.state, term.merged_into = TermState(state), None
        term.save(update_fields=["state", "merged_into"])
        audit(actor=actor, action=action, target=term, summary=_term_name(term))
    for field in {term.attribute.key for term in changed}:
        projection_renew(field=field, actor=actor)
    return len(changed)


@transaction.atomic
def terms_reopen(*, terms: Iterable[Term], actor: Any) -> int:
    """Let terms wait for a decision again, whatever was decided; returns how many changed."""
    changed = [term for term in terms if term.state != TermState.PROPOSED]
    for term in changed:
        term.state, term.merged_into = TermState.PROPOSED, None
        term.save(update_fields=["state", "merged_into"])
        audit(actor=actor, action="term.reopen", target=term, summary=_term_name(term))
    for field in {term.attribute.key for term in changed}:
        projection_renew(field=field, actor=actor)
    return len(changed)


@transaction.atomic
def term_decision_undo(*, term: Term, actor: Any) -> None:
    """Let a term wait for a decision again that `actor` made.

    Raises ValidationError when anybody has decided on the term or changed it since.
    """
    lock_row(term)
    term.refresh_from_db()
    events = AuditEvent.objects.filter(target_type="term", target_id=term.pk)
    last = events.order_by("-pk").first()
    if last is None or last.action not in DECISIONS or last.actor_id != actor.pk:
        raise conflict("", "Somebody has changed this value since: look at it again.")
    terms_reopen(terms=[term], actor=actor)


@transaction.atomic
def terms_merge(*, terms: Iterable[Term], into: Term, actor: Any) -> int:
    """Have products say `into` where they say one of these terms; returns how many were merged.

    Raises ValidationError where a term is of another attribute, and when `into` is merged itself.
    """
    merged = 0
    for term in terms:
        if term.pk == into.pk:
            continue
        term.state, term.merged_into = TermState.MERGED, into
        term_save(term=term, actor=actor, action="term.merge")
        merged += 1
    return merged


@transaction.atomic
def categories_offer(*, categories: Iterable[Category], offered: bool, actor: Any) -> int:
    """Let machines and lists choose among these categories and all below them, or stop that.

    Offering one offers what it lies in too. Returns how many changed; products keep what they have.
    """
    roots = sorted({category.path for category in categories})
    wanted: set[int] = set()
    for path in roots:
        branch = Category.objects.filter(Q(path=path) | Q(path__startswith=f"{path}/"))
        wanted.update(branch.exclude(offered=offered).values_list("pk", flat=True))
    if offered:
        steps = [path.split("/") for path in roots]
        above = {"/".join(each[:n]) for each in steps for n in range(1, len(each))}
        hidden = Category.objects.filter(path__in=above, offered=False)
        wanted.update(hidden.values_list("pk", flat=True))
    ids = sorted(wanted)
    for start in range(0, len(ids), STEP):
        Category.objects.filter(pk__in=ids[start : start + STEP]).update(offered=offered)
    if ids:
        AuditEvent.objects.create(
            actor=actor if getattr(actor, "pk", None) else None,
            action="category.offer" if offered else "category.hide",
            target_type="vocabulary",
            target_id=None,
            summary=f"{len(ids)}: {', '.join(roots)}"[:300],
        )
    return len(ids)


@transaction.atomic
def term_delete(*, term: Term, actor: Any) -> None:
    """Delete a term. What products say stays in the ledger, and leaves the filters of a closed list."""
    audit(actor=actor, action="term.delete", target=term, summary=_term_name(term))
    term.delete()
    projection_renew(field=term.attribute.key, actor=actor)


def _term_name(term: Term) -> str:
    return f"{term.attribute.key}: {term.key}"


@transaction.atomic
def term_propose(*, attribute: AttributeDefinition, value: str, language: str = "en") -> Term:
    """The term for a value that an attribute's list may lack: found, or kept as a proposal.

    A value is found by key or by a label in any language, whatever its state; what it was merged
    into is returned in its place. Raises ValidationError for an attribute without a list of values
    and for a value without a letter or digit.
    """
    if attribute.kind not in CHOICES:
        raise ValidationError({attribute.key: ["This attribute has no list of values."]})
    wanted = " ".join(value.split())
    key = slugify(wanted, allow_unicode=True)[:80]
    if not key:
        raise ValidationError({attribute.key: [f"“{value}” is no name for a value."]})
    terms = {term.pk: term for term in attribute.terms.all()}
    for term in terms.values():
        names = {term.key, *(str(label).casefold() for label in term.labels.values())}
        if key in names or wanted.casefold() in names:
            return term_standing(term, terms)
    return Term.objects.create(
        attribute=attribute,
        key=key,
        labels={language: wanted[:80]},
        prompts=[wanted[:80]],
        state=TermState.PROPOSED,
    )
