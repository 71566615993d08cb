"""Fields, constraints and querysets. Writes go through `catalog.services`."""

from catalog.models.catalog import ApiToken, AuditEvent, Catalog, Membership, Role
from catalog.models.channels import ChannelTarget, ReadinessCheck, ReadinessGap, ReadinessGtin
from catalog.models.describing import (
    ConfidenceFit,
    DescribeRun,
    DescribeRunState,
    TrialResult,
    Urgency,
    VisionTask,
)
from catalog.models.embedding import (
    DescribeTask,
    Embedding,
    EmbeddingSpace,
    EmbedTask,
    SpaceState,
)
from catalog.models.exporting import ExportProfile
from catalog.models.grid import GridChange, GridColumns, GridEdit
from catalog.models.importing import (
    ColumnMapping,
    ForeignCells,
    Import,
    ImportClaim,
    ImportItem,
    ImportMode,
    ImportPhoto,
    ImportPhotoState,
    ImportProblem,
    ImportState,
    ItemState,
)
from catalog.models.job import Job, JobStep
from catalog.models.ledger import (
    Batch,
    CurrentAttribute,
    CurrentTerm,
    Decision,
    LedgerEntry,
)
from catalog.models.outbox import FileRemoval, IndexChange
from catalog.models.photo import Photo, PhotoRole, Placement
from catalog.models.product import Availability, Condition, Product, ProductStatus, Variant
from catalog.models.publishing import Feed, PhotoPublishing, PublishedPhoto
from catalog.models.review import ReviewSample, ReviewSampleItem, Verdict
from catalog.models.search import SearchPhoto
from catalog.models.sources import Source
from catalog.models.text import CatalogWord, ProductText
from catalog.models.upload import Upload, UploadPart
from catalog.models.version import ProductVersion
from catalog.models.vocabulary import (
    AttributeDefinition,
    AttributeKind,
    Category,
    Term,
    TermState,
    VocabularyImport,
)
from catalog.models.webhooks import Webhook, WebhookDelivery

__all__ = [
    "ApiToken",
    "AttributeDefinition",
    "AttributeKind",
    "AuditEvent",
    "Availability",
    "Batch",
    "Catalog",
    "CatalogWord",
    "Category",
    "ChannelTarget",
    "ColumnMapping",
    "Condition",
    "ConfidenceFit",
    "CurrentAttribute",
    "CurrentTerm",
    "Decision",
    "DescribeRun",
    "DescribeRunState",
    "DescribeTask",
    "EmbedTask",
    "Embedding",
    "EmbeddingSpace",
    "ExportProfile",
    "Feed",
    "FileRemoval",
    "ForeignCells",
    "GridChange",
    "GridColumns",
    "GridEdit",
    "Import",
    "ImportClaim",
    "ImportItem",
    "ImportMode",
    "ImportPhoto",
    "ImportPhotoState",
    "ImportProblem",
    "ImportState",
    "IndexChange",
    "ItemState",
    "Job",
    "JobStep",
    "LedgerEntry",
    "Membership",
    "Photo",
    "PhotoPublishing",
    "PhotoRole",
    "Placement",
    "Product",
    "ProductStatus",
    "ProductText",
    "ProductVersion",
    "PublishedPhoto",
    "ReadinessCheck",
    "ReadinessGap",
    "ReadinessGtin",
    "ReviewSample",
    "ReviewSampleItem",
    "Role",
    "SearchPhoto",
    "Source",
    "SpaceState",
    "Term",
    "TermState",
    "TrialResult",
    "Upload",
    "UploadPart",
    "Urgency",
    "Variant",
    "Verdict",
    "VisionTask",
    "VocabularyImport",
    "Webhook",
    "WebhookDelivery",
]
