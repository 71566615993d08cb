"""Questions to the vision model: what is asked of which product, gathered before it is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef

from catalog.describe.photos import Sent, in_order, prepared
from catalog.describe.schema import AnswerSchema, answer_schema
from catalog.describe.vision import digest, input_key, messages_of, tokens_of
from catalog.describe.vocabulary import Vocabulary
from catalog.models import (
    CurrentAttribute,
    DescribeRunState,
    Embedding,
    EmbedTask,
    Placement,
    Product,
    Source,
    VisionTask,
)
from catalog.models.sources import MACHINE_SOURCES
from catalog.services.attribute_values import CATEGORY
from prodintel.lib.work import WorkState
from prodintel.llm.types import Message, ModelFacts

# Runs that somebody ended: their products are described like all others, if they were not yet.
ENDED = frozenset({DescribeRunState.STOPPED, DescribeRunState.DISCARDED})


@dataclass(frozen=True)
class Question:
    """What is to be asked of a product. `photos` are all of its photos, the first `limit` that can
    be opened are sent, without those `given_up`, which could not be embedded: opening one may have
    ended its process. `fields` are those that are asked about, none for all. Without database access
    from here on.
    """

    task: VisionTask
    product: Product
    photos: list[Placement]
    limit: int
    vocabulary: Vocabulary
    input_key: str
    category: str = ""
    category_by: str = ""
    given_up: frozenset[int] = frozenset()
    fields: tuple[str, ...] = ()

    def schema(self, photos: int = 1) -> AnswerSchema:
        """The form for so many photos."""
        return answer_schema(
            self.vocabulary, guess=self.category, photos=photos, fields=self.fields
        )

    @property
    def is_settled(self) -> bool:
        """Whether there is nothing to ask: no product, no photos, it has none of the fields, or the
        answer is known.
        """
        task = self.task
        asked_again = task.forced and not (task.run is not None and task.run.state in ENDED)
        return (
            self.product.deleted_at is not None
            or not self.photos
            or self.schema().is_empty
            or (task.input_key == self.input_key and not asked_again)
        )


@dataclass(frozen=True)
class Prepared:
    """A question as it is sent. `key` is the same whenever the same is asked for one request."""

    question: Question
    photos: list[Sent]
    messages: list[Message]
    schema: AnswerSchema
    tokens: int
    key: str


def questions_of(
    tasks: Sequence[VisionTask], *, facts: ModelFacts, vocabulary: Vocabulary
) -> list[Question]:
    """What to ask of the products of these tasks, in a fixed number of queries."""
    ids = [task.product_id for task in tasks]
    products = Product.objects.select_related("catalog").in_bulk(ids)
    placements: dict[int, list[Placement]] = {pk: [] for pk in ids}
    for placement in Placement.objects.alive().filter(product__in=ids).select_related("photo"):
        placements[placement.product_id].append(placement)
    shown = [each.photo_id for some in placements.values() for each in some]
    opened = Exists(Embedding.objects.filter(photo=OuterRef("photo")))
    failed = EmbedTask.objects.filter(~opened, photo__in=shown, state=WorkState.FAILED)
    given_up = frozenset(failed.order_by().values_list("photo", flat=True))
    said = CurrentAttribute.objects.filter(product__in=ids, variant=None, field=CATEGORY)
    categories = {row.product_id: row for row in said}
    limit = max(facts.images_per_call, 1)
    questions = []
    for task in tasks:
        product = products.get(task.product_id)
        if product is None:
            continue  # purged a moment ago, and its task with it
        photos = in_order(placements[product.pk])
        category = categories.get(product.pk)
        path = category.value[0] if category is not None and category.value else ""
        key = input_key(
            (placement.photo.sha256 for placement in photos[:limit]),
            vocabulary=vocabulary,
            model=facts.id,
            language=product.catalog.language,
        )
        questions.append(
            Question(
                task,
                product,
                photos,
                limit,
                vocabulary,
                key,
                path,
                _given_by(category) if category is not None and path else "",
                given_up.intersection(each.photo_id for each in photos),
                tuple(task.run.fields) if task.run is not None else (),
            )
        )
    return questions


def _given_by(category: CurrentAttribute) -> str:
    if category.source in MACHINE_SOURCES and not category.locked:
        return "machine"
    return "import" if category.source == Source.IMPORT else "person"


def prepare(question: Question) -> Prepared:
    """The question with its photos. Raises NothingToSeeError, StorageUnavailable."""
    whole = [each for each in question.photos if each.photo_id not in question.given_up]
    sent = prepared(whole, question.limit)
    product = question.product
    schema = question.schema(len(sent))
    messages = messages_of(
        product, sent, schema, category=question.category, category_by=question.category_by
    )
    shown = [one.placement.photo.sha256 for one in sent]
    asked = ["describe", product.pk, question.input_key, shown, question.task.nonce]
    if question.fields:
        asked.append(sorted(question.fields))
    if question.fields and CATEGORY not in question.fields:
        # It is taken for granted then, and says which of the fields are asked about.
        asked.append(question.category)
    return Prepared(
        question=question,
        photos=sent,
        messages=messages,
        schema=schema,
        tokens=tokens_of(messages, sent, schema),
        key=digest(*asked),
    )
