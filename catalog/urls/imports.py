from __future__ import annotations

from django.urls import URLPattern, path

from catalog.views.imports import start

_imports = "c/<slug:slug>/imports/"

urlpatterns: list[URLPattern] = [
    path(_imports, start.imports, name="imports"),
]
