"""Composition of the ASGI application: HTTP and websockets."""

import os

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prodintel.settings")
django_application = get_asgi_application()

from django.conf import settings  # noqa: E402 -- only readable once Django is set up

from catalog.routing import websocket_urlpatterns  # noqa: E402 -- likewise
from prodintel.lib.body_limit import BodyLimitMiddleware  # noqa: E402

application = ProtocolTypeRouter(
    {
        "http": BodyLimitMiddleware(django_application, limit=settings.MAX_BODY_BYTES),
        "websocket": AllowedHostsOriginValidator(
            AuthMiddlewareStack(URLRouter(websocket_urlpatterns))
        ),
    }
)
