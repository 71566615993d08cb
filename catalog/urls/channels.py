from __future__ import annotations

from django.urls import URLPattern, path

from catalog.views import channels

_channels = "c/<slug:slug>/channels/"

urlpatterns: list[URLPattern] = [
    path(_channels, channels.channels, name="channels"),
    path(f"{_channels}add/", channels.channel_add, name="channel_add"),
    path(f"{_channels}<int:target>/remove/", channels.channel_remove, name="channel_remove"),
    path(f"{_channels}<int:target>/restore/", channels.channel_restore, name="channel_restore"),
]
