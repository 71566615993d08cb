"""Products to attributes without a language model: photo vectors, measured colours, the ledger."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

import numpy as np
import structlog
from django.db.models import Exists, OuterRef, Q

from catalog.describe import measured, zero_shot
from catalog.describe.prompts import PromptBank, Vectors
from catalog.describe.vocabulary import Vocabulary, current
from catalog.describe.weighing import Weigher
from catalog.describe.zero_shot import Description, Guess, ZeroShot, product_vector
from catalog.models import (
    DescribeTask,
    Embedding,
    EmbeddingSpace,
    EmbedTask,
    Placement,
    Product,
    Source,
    SpaceState,
)
from catalog.models.photo import SIMILARITY_ROLES, PhotoRole
from catalog.services.attribute_values import CATEGORY
from catalog.services.describing import Described, descriptions_record
from catalog.services.ledger import MachineValue
from prodintel.engine.errors import EngineError, EngineUnavailable
from prodintel.engine.interface import EncoderInfo, Engine
from prodintel.engine.starter import STARTER_NAME
from prodintel.lib.lease import kept_alive
from prodintel.lib.runner import Stopping, never
from prodintel.lib.work import Claim, WorkQuerySet, WorkState

logger = structlog.get_logger(__name__)
BATCH = 64
ENGINE_RETRY = timedelta(seconds=5)
# Products in one transaction: each commit waits for the disk, and each keeps other writers waiting.
GROUP = 8
# The part of the time that describing takes while photos wait for their vectors: being found comes
# before being described.
SHARE_WHILE_EMBEDDING = 0.1

COLOR, PATTERN = "color", "pattern"
CONSIDERED = (CATEGORY, COLOR, *zero_shot.COMPARED)
METHOD = "zero-shot-1"


@dataclass(frozen=True)
class Calibration:
    """How an encoder's answers are read, see ZeroShot."""

    sharpness: float
    compared: tuple[str, ...]


# Fitted on garment photos: 1.5 for classes the starter was not fitted to, 2.5 for those it was. Its
# words for patterns say nothing of a photo (none of the best matches of "striped" had stripes).
STARTER = Calibration(1.75, ("material",))
# What models trained with a logit scale of 100 come to where cosines spread by 0.03.
OPEN_CLIP = Calibration(3.0, zero_shot.COMPARED)


@dataclass
class _Subject:
    """A product and what is known of its photos, main first."""

    product: Product
    placements: list[Placement] = field(default_factory=list)
    vectors: list[np.ndarray] = field(default_factory=list)
    main: list[bool] = field(default_factory=list)


class Describer:
    """The describe runner's work. One a worker process; `step` is called by one thread."""

    def __init__(self, engine: Engine, *, owner: str, stopping: Stopping = never) -> None:
        self._stopping = stopping
        self._engine = engine
        self._owner = owner
        self._encoder: EncoderInfo | None = None
        self._bank: PromptBank | None = None
        self._zero_shot: ZeroShot | None = None
        self._claim: Claim[DescribeTask] = Claim()
        self._weigher = Weigher(Source.ZERO_SHOT)
        self._rest_until = 0.0

    def step(self) -> int:
        """Describe one batch; returns how many products were handled, 0 when none could be."""
        # Only a database that failed in the middle of a step leaves a claim open.
        if self._claim:
            DescribeTask.objects.release(self._claim.token)
            self._claim = Claim()
        started = time.monotonic()
        encoder = self._ready_encoder()
        space = _space_of(encoder)
        if encoder is None or space is None:
            return 0
        if started < self._rest_until and _photos_wait(space):
            return 0
        handled = self._batch(encoder, space)
        if _photos_wait(space):
            ended = time.monotonic()
            self._rest_until = ended + (ended - started) * (1 / SHARE_WHILE_EMBEDDING - 1)
        return handled

    def _batch(self, encoder: EncoderInfo, space: EmbeddingSpace) -> int:
        DescribeTask.objects.give_up_exhausted()
        self._claim = describable(space).claim_with_care(owner=self._owner, limit=BATCH)
        if not self._claim:
            return 0
        handled = len(self._claim.rows)
        with kept_alive(DescribeTask.objects.all(), [self._claim.token]):
            if not self._handle(encoder, space):
                handled = 0
        self._claim = Claim()
        return handled

    def _handle(self, encoder: EncoderInfo, space: EmbeddingSpace) -> bool:
        """Describe what is claimed; False when the engine went away."""
        try:
            self._describe(space, self._prepared(encoder))
        except EngineUnavailable as error:
            DescribeTask.objects.release(self._claim.token, error=str(error), delay=ENGINE_RETRY)
            logger.info("describing waits", reason=str(error))
            return False
        except EngineError as error:
            DescribeTask.objects.fail(self._claim.token, self._claim.ids, error=str(error))
            logger.warning("batch not described", reason=str(error))
        return True

    def _ready_encoder(self) -> EncoderInfo | None:
        try:
            return self._engine.info().encoder
        except EngineError:
            # The engine starts, or starts again; its own log says which.
            return None

    def _prepared(self, encoder: EncoderInfo) -> ZeroShot:
        """The vocabulary in this encoder's vectors; texts are encoded once, however often it changes."""
        if self._bank is None or self._encoder != encoder:
            self._encoder, self._zero_shot = encoder, None
            self._bank = PromptBank(partial(self._engine.encode_texts, model=encoder.fingerprint))
        vocabulary = current()
        if self._zero_shot is None or self._zero_shot.vocabulary is not vocabulary:
            read = calibration_of(encoder.model_id)
            self._zero_shot = ZeroShot(
                vocabulary, self._bank, sharpness=read.sharpness, compared=read.compared
            )
        return self._zero_shot

    def _describe(self, space: EmbeddingSpace, describer: ZeroShot) -> None:
        subjects = _subjects([task.product_id for task in self._claim.rows], space)
        seen = [subject for subject in subjects.values() if subject.vectors]
        vectors = [product_vector(np.stack(one.vectors), one.main) for one in seen]
        empty = np.zeros((0, space.dimension), dtype=np.float32)
        descriptions = describer.describe(np.stack(vectors) if vectors else empty)
        by_product = {
            one.product.pk: description for one, description in zip(seen, descriptions, strict=True)
        }
        # In the order of their products, as everybody takes them who takes several at once.
        tasks = sorted(self._claim.rows, key=lambda task: task.product_id)
        for start in range(0, len(tasks), GROUP):
            if self._stopping():
                DescribeTask.objects.release(self._claim.token)
                return
            found: list[Described] = []
            for task in tasks[start : start + GROUP]:
                said = by_product.get(task.product_id, Description(None, {}))
                subject = subjects.get(task.product_id)
                described = self._read(task, subject, said, describer.vocabulary)
                found += [described] if described else []
            self._record(found, space.model_id)

    def _read(
        self,
        task: DescribeTask,
        subject: _Subject | None,
        said: Description,
        vocabulary: Vocabulary,
    ) -> Described | None:
        """What is to be written of a product; None, and the task dealt with, when nothing is."""
        if subject is None or subject.product.deleted_at is not None:
            DescribeTask.objects.complete(self._claim.token, [task.pk])
            return None
        try:
            found = machine_values(said, subject.placements, vocabulary)
            values = self._weigher.calibrated(found)
        except (ValueError, TypeError) as error:
            # A stored measurement that is damaged.
            DescribeTask.objects.fail(self._claim.token, [task.pk], error=str(error))
            logger.warning("product not described", product=task.product_id, reason=str(error))
            return None
        return Described(task, subject.product, values)

    def _record(self, found: Sequence[Described], model: str) -> None:
        outcome = descriptions_record(
            token=self._claim.token,
            descriptions=found,
            considered=CONSIDERED,
            source=Source.ZERO_SHOT,
            model=model,
            prompt_version=METHOD,
        )
        for product, reason in outcome.refused.items():
            # A term that was withdrawn a moment ago.
            logger.warning("product not described", product=product, reason=reason)
        for product in outcome.lost:
            logger.info("description dropped: the claim was lost", product=product)


def calibration_of(model_id: str) -> Calibration:
    """How to read the answers of a model; models of unknown make are read like OpenCLIP's."""
    return STARTER if model_id.startswith(STARTER_NAME) else OPEN_CLIP


def describable(space: EmbeddingSpace) -> WorkQuerySet[DescribeTask]:
    """Tasks of products that can be described by now.

    Those are products none of whose photos still waits for a vector in the space (also those that
    have no photo, or none that could be embedded), and deleted ones, for whom nothing is to be done.
    """
    settled = EmbedTask.objects.filter(
        space=space,
        photo=OuterRef("photo_id"),
        state__in=[WorkState.DONE, WorkState.FAILED],
    )
    waiting = Placement.objects.alive().filter(~Exists(settled), product=OuterRef("product_id"))
    tasks: WorkQuerySet[DescribeTask] = DescribeTask.objects.filter(
        Q(product__deleted_at__isnull=False) | ~Exists(waiting)
    )
    return tasks


def machine_values(
    said: Description, placements: Sequence[Placement], vocabulary: Vocabulary
) -> list[MachineValue]:
    """What the ledger is told: the guesses, and colours from the first photo that has any."""
    face = placements[0].photo_id if placements else None
    values = []
    guesses = dict(said.attributes)
    if said.category is not None:
        values.append(_value(CATEGORY, said.category, face))
    path = said.category.value if said.category else ""
    source = next((one.photo for one in placements if one.photo.colors), None)
    if source is not None:
        offered = [term.key for term in vocabulary.terms_of(COLOR, path)]
        found = measured.colours(source.colors, offered)
        if found is not None:
            values.append(MachineValue(COLOR, found[0], found[1], photo_id=source.pk))
        plain = measured.plain(source.colors)
        offered = [term.key for term in vocabulary.terms_of(PATTERN, path)]
        if plain is not None and plain.value in offered:
            guesses.setdefault(PATTERN, plain)
    values += [_value(key, guess, face) for key, guess in guesses.items()]
    return values


def _value(key: str, guess: Guess, photo_id: int | None) -> MachineValue:
    return MachineValue(key, [guess.value], round(guess.confidence, 3), photo_id=photo_id)


def _space_of(encoder: EncoderInfo | None) -> EmbeddingSpace | None:
    """The space whose vectors this encoder's texts can be compared with."""
    if encoder is None:
        return None
    spaces = EmbeddingSpace.objects.defer("background").exclude(state=SpaceState.RETIRED)
    return spaces.filter(fingerprint=encoder.fingerprint).first()


def _photos_wait(space: EmbeddingSpace) -> bool:
    unfinished = [WorkState.PENDING, WorkState.RUNNING]
    return EmbedTask.objects.filter(space=space, state__in=unfinished).exists()


def _subjects(product_ids: Sequence[int], space: EmbeddingSpace) -> dict[int, _Subject]:
    products = Product.objects.in_bulk(product_ids)
    subjects = {pk: _Subject(product) for pk, product in products.items()}
    placements = list(
        Placement.objects.alive()
        .filter(product__in=product_ids, role__in=SIMILARITY_ROLES)
        .select_related("photo")
        .order_by("position", "pk")
    )
    placements.sort(key=lambda placement: placement.role != PhotoRole.MAIN)
    vectors = _vectors([placement.photo_id for placement in placements], space)
    for placement in placements:
        subject = subjects[placement.product_id]
        subject.placements.append(placement)
        vector = vectors.get(placement.photo_id)
        if vector is not None:
            subject.vectors.append(vector)
            subject.main.append(placement.role == PhotoRole.MAIN)
    return subjects


def _vectors(photo_ids: Sequence[int], space: EmbeddingSpace) -> dict[int, Vectors]:
    rows = Embedding.objects.filter(space=space, photo__in=photo_ids)
    return {row.photo_id: row.array for row in rows}
