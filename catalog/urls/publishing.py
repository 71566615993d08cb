from __future__ import annotations

from django.urls import URLPattern, path, register_converter

from catalog.views import feeds, polled, published, publishing, webhooks


class TokenConverter:
    """The unguessable part of a public address."""

    regex = "[A-Za-z0-9_-]{20,64}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class ExtensionConverter(TokenConverter):
    regex = "[a-z]{2,5}"


register_converter(TokenConverter, "token")
register_converter(ExtensionConverter, "extension")

_published = "c/<slug:slug>/published/"
_feed = "c/<slug:slug>/feeds/<int:pk>/"
_webhook = "c/<slug:slug>/webhooks/<int:pk>/"

urlpatterns: list[URLPattern] = [
    path("p/<token:token>.jpg", published.published_photo, name="published_photo"),
    path("feeds/<token:token>.<extension:extension>", polled.feed, name="feed"),
    path(_published, publishing.published, name="published"),
    path(f"{_published}publish/", publishing.publish_all, name="publish_all"),
    path(f"{_published}publish/<int:event>/undo/", publishing.publish_undo, name="publish_undo"),
    path(f"{_published}end/", publishing.publish_end, name="publish_end"),
    path(f"{_published}revoke/", publishing.revoke_all, name="revoke_all"),
    path(f"{_published}<int:pk>/revoke/", publishing.revoke_one, name="revoke_one"),
    path(
        "c/<slug:slug>/products/<int:pk>/photos/publish/",
        publishing.product_publish,
        name="product_publish",
    ),
    path("c/<slug:slug>/feeds/", feeds.feeds, name="feeds"),
    path(f"{_feed}rotate/", feeds.feed_rotate_view, name="feed_rotate"),
    path(f"{_feed}revoke/", feeds.feed_revoke_view, name="feed_revoke"),
    path("c/<slug:slug>/webhooks/", webhooks.webhooks, name="webhooks"),
    path(_webhook, webhooks.webhook, name="webhook"),
    path(f"{_webhook}log/", webhooks.webhook_log, name="webhook_log"),
    path(f"{_webhook}rotate/", webhooks.webhook_rotate, name="webhook_rotate"),
    path(f"{_webhook}turn/", webhooks.webhook_turn, name="webhook_turn"),
    path(f"{_webhook}ping/", webhooks.webhook_ping, name="webhook_ping"),
    path(f"{_webhook}delete/", webhooks.webhook_delete, name="webhook_delete"),
    path(
        f"{_webhook}deliveries/<int:delivery>/retry/",
        webhooks.delivery_retry,
        name="delivery_retry",
    ),
]
