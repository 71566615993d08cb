"""Products with their variants, photos and attributes."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet, URLField
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone
from unfold.widgets import UnfoldAdminTextInputWidget, UnfoldAdminURLInputWidget

from catalog import selectors
from catalog.admin import product_filters
from catalog.admin.base import Hidden, ReadOnlyAdmin, ServiceAdmin
from catalog.admin.product_acts import ProductActs
from catalog.admin.product_parts import (
    AttributeInline,
    PlacementInline,
    SuggestionInline,
    VariantInline,
    VersionInline,
    thumbnail,
)
from catalog.forms import TaggedForm
from catalog.models import (
    CurrentAttribute,
    Membership,
    Photo,
    PhotoRole,
    Placement,
    Product,
    ProductStatus,
    ProductVersion,
    Variant,
)
from catalog.services import photos as photo_services
from catalog.services import products as services
from catalog.services import variants as variant_services
from catalog.services.errors import conflict
from catalog.services.ledger import attribute_set
from catalog.services.statuses import products_set_status
from catalog.views.http import first_message


class ProductForm(TaggedForm):
    """A new product may leave its handle to the service."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "tags" in self.fields:
            self.fields["tags"].widget = UnfoldAdminTextInputWidget()
        if not self.instance.pk and "handle" in self.fields:
            self.fields["handle"].required = False


class DeletedFilter(admin.SimpleListFilter):
    """Products are listed without the deleted ones, or these alone."""

    title = "deleted"
    parameter_name = "deleted"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        del request, model_admin
        return [("yes", "Yes")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        del request
        return queryset.filter(deleted_at__isnull=self.value() != "yes")


def _lists_deleted(request: HttpRequest) -> bool:
    return _is_listing(request) and request.GET.get(DeletedFilter.parameter_name) == "yes"


def _is_listing(request: HttpRequest) -> bool:
    match = request.resolver_match
    return match is not None and match.url_name == "catalog_product_changelist"


@admin.register(Product)
class ProductAdmin(Hidden, ProductActs, ServiceAdmin):
    class Media:
        css = {"all": ["css/admin.css"]}

    form = ProductForm
    formfield_overrides = {
        URLField: {"widget": UnfoldAdminURLInputWidget, "assume_scheme": "https"},
    }
    list_display = ["picture", "title", "catalog", "category", "brand", "status", "updated_at"]
    list_display_links = ["title"]
    list_filter = [
        ("catalog", admin.RelatedOnlyFieldListFilter),
        "status",
        "changed_since_approval",
        ("category", admin.RelatedOnlyFieldListFilter),
        *product_filters.FILTERS,
        DeletedFilter,
    ]
    search_fields = ["title", "handle", "variants__sku", "variants__gtin"]
    list_select_related = ["catalog", "category"]
    list_per_page = 50
    fields = [
        "catalog",
        "title",
        "handle",
        "description",
        "brand",
        "tags",
        "status",
        "product_url",
        "category",
        "created_at",
        "updated_at",
    ]
    readonly_fields = ["category", "created_at", "updated_at"]
    actions = [
        "set_draft",
        "set_in_review",
        "set_approved",
        "set_archived",
        *ProductActs.act_actions,
        "restore",
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Product]:
        rows = super().get_queryset(request)
        if not _is_listing(request):
            rows = rows.filter(deleted_at=None)
        return rows.prefetch_related("placements__photo")

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """What is deleted can be restored, and nothing else."""
        actions = super().get_actions(request)
        deleted = _lists_deleted(request)
        return {name: act for name, act in actions.items() if (name == "restore") == deleted}

    def get_list_display(self, request: HttpRequest) -> list[str]:
        columns = [*super().get_list_display(request)]
        return [*columns[1:], "deleted_at"] if _lists_deleted(request) else columns

    def get_list_display_links(self, request: HttpRequest, list_display: Any) -> Any:
        if _lists_deleted(request):
            return None
        return super().get_list_display_links(request, list_display)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        fields = list(super().get_readonly_fields(request, obj))
        return [*fields, "catalog"] if obj else fields

    def get_inlines(self, request: HttpRequest, obj: Any) -> list:
        del request
        if obj is None:
            return []
        return [VariantInline, AttributeInline, SuggestionInline, PlacementInline, VersionInline]

    @admin.display(description="")
    def picture(self, product: Product) -> str:
        standing = [p for p in product.placements.all() if p.deleted_at is None]
        return thumbnail(standing[0].photo) if standing else ""

    def get_form(
        self,
        request: HttpRequest,
        obj: Product | None = None,
        change: bool = False,  # noqa: FBT001, FBT002 -- Django's signature
        **options: Any,
    ) -> type[ModelForm]:
        form = super().get_form(request, obj, change, **options)
        if obj is not None and "status" in form.base_fields:
            offered = selectors.statuses_for(request.user, obj)
            field = form.base_fields["status"]
            field.choices = [(status.value, status.label) for status in offered]
        return form

    def save_model(self, request: HttpRequest, obj: Product, form: ModelForm, change: bool) -> None:  # noqa: FBT001 -- Django's signature
        if change:
            fields = {name: form.cleaned_data[name] for name in form.changed_data}
            fresh = Product.objects.select_related("catalog").get(pk=obj.pk)
            if "status" in fields:
                self._check_status(request, fresh, fields["status"])
            services.product_update(product=fresh, actor=request.user, fields=fields)
            return
        fields = {name: form.cleaned_data[name] for name in form.cleaned_data if name != "catalog"}
        self._check_status(request, Product(catalog=obj.catalog), fields["status"])
        created = services.product_create(catalog=obj.catalog, actor=request.user, **fields)
        obj.pk = created.product.pk
        obj._state.adding = False  # noqa: SLF001 -- the service saved it

    @staticmethod
    def _check_status(request: HttpRequest, product: Product, status: str) -> None:
        if not selectors.may_set_status(request.user, product.catalog, product.status, status):
            raise conflict("status", selectors.APPROVERS_ONLY)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:  # noqa: FBT001
        del form, change
        if formset.model is ProductVersion:
            formset.new_objects, formset.changed_objects, formset.deleted_objects = [], [], []
            return
        savers = {
            Variant: self._save_variants,
            Placement: self._save_placements,
            CurrentAttribute: self._save_attributes,
        }
        if formset.model not in savers:
            # To look at alone; Django counts the changes of every formset all the same.
            formset.new_objects, formset.changed_objects, formset.deleted_objects = [], [], []
            return
        product = Product.objects.select_related("catalog").get(pk=formset.instance.pk)
        savers[formset.model](request, product, formset)

    def _save_variants(self, request: HttpRequest, product: Product, formset: Any) -> None:
        formset.new_objects, formset.changed_objects, formset.deleted_objects = [], [], []
        # Deleted last: a product keeps one variant, which may be one that was added here.
        for form in sorted(formset.forms, key=lambda form: bool(form.cleaned_data.get("DELETE"))):
            if not form.has_changed():
                continue
            fields = {
                name: form.cleaned_data[name]
                for name in form.changed_data
                if name in variant_services.VARIANT_FIELDS
            }
            stored = Variant.objects.filter(pk=form.instance.pk).first()
            if stored is None:
                variant_services.variant_create(product=product, actor=request.user, **fields)
                formset.new_objects.append(form.instance)
            elif form.cleaned_data.get("DELETE"):
                variant_services.variant_delete(variant=stored, actor=request.user)
                formset.deleted_objects.append(stored)
            else:
                variant_services.variant_update(variant=stored, actor=request.user, **fields)
                formset.changed_objects.append((stored, form.changed_data))

    def _save_placements(self, request: HttpRequest, product: Product, formset: Any) -> None:
        formset.new_objects, formset.changed_objects, formset.deleted_objects = [], [], []
        # A new main photo first: it takes the role from the one before.
        for form in sorted(formset.forms, key=_is_no_main):
            if not form.has_changed():
                continue
            stored = Placement.objects.select_related("product__catalog").get(pk=form.instance.pk)
            if form.cleaned_data.get("DELETE"):
                photo_services.placement_delete(placement=stored, actor=request.user)
                formset.deleted_objects.append(stored)
                continue
            variant = form.cleaned_data["variant"]
            photo_services.placement_update(
                placement=stored,
                actor=request.user,
                role=form.cleaned_data["role"],
                alt_text=form.cleaned_data["alt_text"],
                variant=variant,
                clear_variant=variant is None,
            )
            formset.changed_objects.append((stored, form.changed_data))
        del product

    def _save_attributes(self, request: HttpRequest, product: Product, formset: Any) -> None:
        formset.new_objects, formset.changed_objects, formset.deleted_objects = [], [], []
        now = timezone.now()
        for form in formset.forms:
            if not form.has_changed():
                continue
            attribute_set(
                product=product,
                field=form.cleaned_data["field"],
                value=form.cleaned_data["value"],
                locale=form.instance.locale,
                actor=request.user,
                at=now,
            )
            if form.instance.pk:
                formset.changed_objects.append((form.instance, form.changed_data))
            else:
                formset.new_objects.append(form.instance)

    def delete_model(self, request: HttpRequest, obj: Product) -> None:
        services.products_delete(products=[obj], actor=request.user)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Product]) -> None:
        services.products_delete(products=queryset, actor=request.user)

    def has_status_permission(self, request: HttpRequest) -> bool:
        """Asked for the actions below: reviewers may nothing else here."""
        if not request.user.has_perm("catalog.change_product"):
            return False
        roles = Membership.objects.filter(user=request.user.pk, role__in=selectors.MOVE)
        return request.user.is_superuser or roles.exists()

    def _set_status(self, request: HttpRequest, queryset: QuerySet[Product], status: str) -> None:
        rows = list(queryset.select_related("catalog"))
        moves = {(row.catalog, row.status) for row in rows}
        allowed = {
            (catalog, now)
            for catalog, now in moves
            if selectors.may_set_status(request.user, catalog, now, status)
        }
        chosen = [row for row in rows if (row.catalog, row.status) in allowed]
        if left_out := len(rows) - len(chosen):
            message = f"{left_out} left out. {selectors.APPROVERS_ONLY}"
            self.message_user(request, message, messages.ERROR)
        count = products_set_status(products=chosen, status=status, actor=request.user)
        self.message_user(request, f"{count} products changed.")

    @admin.action(description="Set draft", permissions=["status"])
    def set_draft(self, request: HttpRequest, queryset: QuerySet[Product]) -> None:
        self._set_status(request, queryset, ProductStatus.DRAFT)

    @admin.action(description="Set in review", permissions=["status"])
    def set_in_review(self, request: HttpRequest, queryset: QuerySet[Product]) -> None:
        self._set_status(request, queryset, ProductStatus.IN_REVIEW)

    @admin.action(description="Set approved", permissions=["status"])
    def set_approved(self, request: HttpRequest, queryset: QuerySet[Product]) -> None:
        self._set_status(request, queryset, ProductStatus.APPROVED)

    @admin.action(description="Set archived", permissions=["status"])
    def set_archived(self, request: HttpRequest, queryset: QuerySet[Product]) -> None:
        self._set_status(request, queryset, ProductStatus.ARCHIVED)

    @admin.action(description="Restore", permissions=["change"])
    def restore(self, request: HttpRequest, queryset: QuerySet[Product]) -> None:
        count = 0
        # One by one: a SKU that was given to another product holds no others up.
        for product in self.chosen(request, queryset.deleted()).select_related("catalog"):  # type: ignore[attr-defined]
            try:
                count += len(services.products_restore(products=[product], actor=request.user))
            except ValidationError as error:
                messages.error(request, f"{product}: {first_message(error)}")
        self.message_user(request, f"{count} products restored.")


def _is_no_main(form: ModelForm) -> bool:
    return form.cleaned_data.get("role") != PhotoRole.MAIN


@admin.register(Photo)
class PhotoAdmin(ReadOnlyAdmin):
    list_display = [
        "picture",
        "original_name",
        "catalog",
        "format",
        "width",
        "height",
        "created_at",
    ]
    list_filter = [("catalog", admin.RelatedOnlyFieldListFilter), "format"]
    search_fields = ["original_name", "sha256"]
    exclude = ["file", "working_copy"]

    @admin.display(description="")
    def picture(self, photo: Photo) -> str:
        return thumbnail(photo)
