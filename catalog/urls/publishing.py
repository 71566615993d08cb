from __future__ import annotations

from django.urls import URLPattern, path, register_converter

from catalog.views import published


class TokenConverter:
    """The unguessable part of a public address."""

    regex = "[A-Za-z0-9_-]{20,64}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(TokenConverter, "token")

urlpatterns: list[URLPattern] = [
    path("p/<token:token>.jpg", published.published_photo, name="published_photo"),
]
