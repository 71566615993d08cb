from __future__ import annotations

from django.urls import URLPattern, path

from catalog.views.imports import columns, groups, page, start

_imports = "c/<slug:slug>/imports/"
_import = f"{_imports}<int:pk>/"

urlpatterns: list[URLPattern] = [
    path(_imports, start.imports, name="imports"),
    path(_import, page.import_page, name="import"),
    path(f"{_import}columns/", columns.import_columns, name="import_columns"),
    path(f"{_import}photos/", groups.import_groups, name="import_groups"),
    path(f"{_import}photos/<int:photo>.webp", groups.import_photo, name="import_photo"),
    path(f"{_import}report.csv", page.import_report, name="import_report"),
    path(f"{_import}start/", page.import_start, name="import_start"),
    path(f"{_import}stop/", page.import_stop, name="import_stop"),
    path(f"{_import}undo/", page.import_undo, name="import_undo"),
    path(f"{_import}retry-photos/", page.import_retry_photos, name="import_retry_photos"),
    path(f"{_import}delete/", page.import_delete, name="import_delete"),
]
