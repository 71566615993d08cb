from django.urls import path, register_converter

from catalog.urls import channels, exports, grid, imports, publishing, uploads
from catalog.views import (
    activity,
    attributes,
    batches,
    bulk,
    catalogs,
    deleted,
    describe,
    describe_runs,
    insights,
    jobs,
    photos,
    product,
    product_parts,
    products,
    review,
    review_grid,
    review_samples,
    search,
    suggestions,
    terms,
    upload,
    versions,
    vocabulary,
)


class FieldConverter:
    """The key of an attribute."""

    regex = "[a-z0-9_-]{1,60}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class ActConverter(FieldConverter):
    """What an act did with an entry of the ledger."""

    regex = "wrote|decided"


register_converter(FieldConverter, "field")
register_converter(ActConverter, "act")

app_name = "catalog"
_product = "c/<slug:slug>/products/<int:pk>/"
_attribute = f"{_product}attributes/<field:field>/"
_suggestion = f"{_product}suggestions/<int:entry>/"
_review = "c/<slug:slug>/review/"
_variant = f"{_product}variants/<int:variant>/"
_term = "c/<slug:slug>/terms/<int:pk>/"
_batch = "c/<slug:slug>/batches/<int:pk>/"
_run = "c/<slug:slug>/describe/<int:run>/"
_placement = f"{_product}photos/<int:placement>/"

urlpatterns = [
    path("", catalogs.home, name="home"),
    path("catalogs/new/", catalogs.catalog_new, name="catalog_new"),
    path("c/<slug:slug>/", search.search_page, name="search"),
    path("c/<slug:slug>/search-state/", search.search_state, name="search_state"),
    path("c/<slug:slug>/search-photos/", search.search_photo_upload, name="search_photo_upload"),
    path("c/<slug:slug>/search-photos/<uuid:token>", photos.search_photo, name="search_photo"),
    path("c/<slug:slug>/products/", products.products, name="products"),
    path("c/<slug:slug>/products/bulk/", bulk.products_bulk, name="products_bulk"),
    path(
        "c/<slug:slug>/products/status/<int:event>/undo/",
        bulk.products_status_undo,
        name="products_status_undo",
    ),
    path("c/<slug:slug>/products/deleted/", deleted.products_deleted, name="products_deleted"),
    path(
        "c/<slug:slug>/products/deleted/<int:event>/undo/",
        bulk.products_delete_undo,
        name="products_delete_undo",
    ),
    path("c/<slug:slug>/products/restore/", deleted.products_restore, name="products_restore"),
    path(
        "c/<slug:slug>/deleted-photos/<int:placement>.webp",
        deleted.deleted_photo,
        name="deleted_photo",
    ),
    path(_product, product.product_page, name="product"),
    path(f"{_product}state/", product.product_state, name="product_state"),
    path(f"{_product}versions/", versions.product_versions, name="product_versions"),
    path(f"{_product}versions/<int:version>/back/", versions.product_back, name="product_back"),
    path(
        f"{_product}versions/back/<int:event>/undo/",
        versions.product_back_undo,
        name="product_back_undo",
    ),
    path(f"{_product}neighbours/", product.product_neighbours, name="product_neighbours"),
    path(f"{_product}edit/", product.product_edit, name="product_edit"),
    path(f"{_product}delete/", product.product_delete, name="product_delete"),
    path(f"{_product}status/", product.product_status, name="product_status"),
    path(_attribute, attributes.attribute_edit, name="attribute_edit"),
    path(f"{_attribute}unlock/", attributes.attribute_unlock_view, name="attribute_unlock"),
    path(f"{_attribute}undo/", attributes.attribute_undo_view, name="attribute_undo"),
    path(f"{_attribute}history/", suggestions.field_history, name="field_history"),
    path(
        f"{_product}suggestions/accept/", suggestions.suggestions_accept, name="suggestions_accept"
    ),
    path(f"{_suggestion}accept/", suggestions.suggestion_accept, name="suggestion_accept"),
    path(f"{_suggestion}reject/", suggestions.suggestion_reject, name="suggestion_reject"),
    path(f"{_suggestion}undo/", suggestions.suggestion_undo, name="suggestion_undo"),
    path(f"{_suggestion}edit/", suggestions.suggestion_edit, name="suggestion_edit"),
    path(f"{_product}acts/<act:what>/<int:entry>/undo/", suggestions.act_undo, name="act_undo"),
    path(f"{_product}variants/new/", product_parts.variant_new, name="variant_new"),
    path(_variant, product_parts.variant_edit, name="variant_edit"),
    path(f"{_variant}delete/", product_parts.variant_delete, name="variant_delete"),
    path(f"{_variant}restore/", product_parts.variant_restore, name="variant_restore"),
    path(f"{_product}photos/add/", product_parts.photos_add, name="photos_add"),
    path(_placement, product_parts.placement_edit, name="placement_edit"),
    path(f"{_placement}move/", product_parts.placement_move, name="placement_move"),
    path(f"{_placement}delete/", product_parts.placement_delete, name="placement_delete"),
    path(f"{_placement}restore/", product_parts.placement_restore, name="placement_restore"),
    path("c/<slug:slug>/terms/", terms.terms, name="terms"),
    path(f"{_term}accept/", terms.term_accept, name="term_accept"),
    path(f"{_term}map/", terms.term_map, name="term_map"),
    path(f"{_term}reject/", terms.term_reject, name="term_reject"),
    path(f"{_term}undo/", terms.term_undo, name="term_undo"),
    path("c/<slug:slug>/batches/", batches.batches, name="batches"),
    path(_batch, batches.batch, name="batch"),
    path(f"{_batch}undo/", batches.batch_undo, name="batch_undo"),
    path(f"{_batch}restore/", batches.batch_restore_view, name="batch_restore"),
    path("c/<slug:slug>/upload/", upload.upload, name="upload"),
    path(_review, review.review, name="review"),
    path(f"{_review}items/", review.review_items, name="review_items"),
    path(f"{_review}decide/", review.review_decide, name="review_decide"),
    path(f"{_review}<int:pk>/undo/", review.review_undo, name="review_undo"),
    path(f"{_review}attributes/", review_grid.review_picker, name="review_picker"),
    path(f"{_review}grid/", review_grid.review_grid, name="review_grid"),
    path(f"{_review}grid/act/", review_grid.review_grid_act, name="review_grid_act"),
    path(
        f"{_review}batches/<int:pk>/undo/",
        review_grid.review_batch_undo,
        name="review_batch_undo",
    ),
    path(f"{_review}samples/", review_samples.review_samples, name="review_samples"),
    path(f"{_review}samples/draw/", review_samples.review_sample_draw, name="review_sample_draw"),
    path(f"{_review}samples/<int:pk>/", review_samples.review_sample, name="review_sample"),
    path(
        f"{_review}samples/<int:pk>/accept/",
        review_samples.review_sample_accept,
        name="review_sample_accept",
    ),
    path("c/<slug:slug>/insights/", insights.insights, name="insights"),
    path("c/<slug:slug>/jobs/", jobs.jobs, name="jobs"),
    path("c/<slug:slug>/jobs/<int:pk>/stop/", jobs.job_stop, name="job_stop"),
    path("c/<slug:slug>/jobs/<int:pk>/undo/", jobs.job_undo, name="job_undo"),
    path("c/<slug:slug>/activity/", activity.activity, name="activity"),
    path("c/<slug:slug>/activity/retry/", activity.activity_retry, name="activity_retry"),
    path("c/<slug:slug>/activity/drop/", activity.activity_drop, name="activity_drop"),
    path("c/<slug:slug>/activity/pause/", activity.describing_pause_view, name="describing_pause"),
    path(
        "c/<slug:slug>/activity/resume/", activity.describing_resume_view, name="describing_resume"
    ),
    path("c/<slug:slug>/describe/", describe.describe, name="describe"),
    path(_run, describe_runs.describe_run, name="describe_run"),
    path(f"{_run}accept/", describe_runs.describe_run_accept, name="describe_run_accept"),
    path(f"{_run}discard/", describe_runs.describe_run_discard, name="describe_run_discard"),
    path(f"{_run}stop/", describe_runs.describe_run_stop, name="describe_run_stop"),
    path(f"{_run}reopen/", describe_runs.describe_run_reopen, name="describe_run_reopen"),
    path("c/<slug:slug>/settings/", catalogs.settings, name="settings"),
    path("c/<slug:slug>/settings/vocabulary/", vocabulary.vocabulary_page, name="vocabulary"),
    path(
        "c/<slug:slug>/settings/vocabulary/vocabulary.<str:form>",
        vocabulary.vocabulary_export,
        name="vocabulary_export",
    ),
    path("c/<slug:slug>/settings/members/", catalogs.member_set, name="member_set"),
    path(
        "c/<slug:slug>/settings/members/<int:pk>/remove/",
        catalogs.member_remove,
        name="member_remove",
    ),
    path("photos/<int:pk>/<int:width>.webp", photos.photo, name="photo"),
    *imports.urlpatterns,
    *uploads.urlpatterns,
    *exports.urlpatterns,
    *channels.urlpatterns,
    *grid.urlpatterns,
    *publishing.urlpatterns,
]
