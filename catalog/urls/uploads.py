from __future__ import annotations

from django.urls import URLPattern, path

from catalog.views import uploads

urlpatterns: list[URLPattern] = [
    path("c/<slug:slug>/uploads/", uploads.uploads, name="uploads"),
    path("c/<slug:slug>/uploads/<uuid:pk>/", uploads.upload_part, name="upload_part"),
]
