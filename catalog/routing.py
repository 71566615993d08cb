from django.urls import path

from catalog.consumers import ActivityConsumer

websocket_urlpatterns = [
    path("ws/catalogs/<slug:slug>/activity/", ActivityConsumer.as_asgi()),
]
