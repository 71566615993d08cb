from __future__ import annotations

from django.urls import path

from catalog.views import exports

_export = "c/<slug:slug>/export/"

urlpatterns = [
    path(_export, exports.exports, name="exports"),
    path(f"{_export}download/", exports.export_download, name="export_download"),
    path(
        f"{_export}saved/<int:pk>/", exports.export_profile_download, name="export_profile_download"
    ),
    path(
        f"{_export}saved/<int:pk>/delete/",
        exports.export_profile_remove,
        name="export_profile_delete",
    ),
    path(
        f"{_export}saved/<int:event>/undo/",
        exports.export_profile_undo,
        name="export_profile_undo",
    ),
]
