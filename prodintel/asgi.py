"""Composition of the ASGI application: HTTP and websockets."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prodintel.settings")
django_application = get_asgi_application()

# What follows imports models, which takes a Django that is set up.
from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.conf import settings  # noqa: E402

from catalog import routing as catalog_routing  # noqa: E402
from prodintel.checks import refuse_unsafe_production  # noqa: E402
from prodintel.lib.body_limit import BodyLimitMiddleware  # noqa: E402
from prodintel.lib.same_origin import SameOriginValidator  # noqa: E402
from tools import routing as tools_routing  # noqa: E402

# Whatever server loads this has run no system checks.
refuse_unsafe_production()

routes = [*catalog_routing.websocket_urlpatterns, *tools_routing.websocket_urlpatterns]
# The origin first: a page of another site learns not even whether a person is logged in.
websockets = SameOriginValidator(
    AuthMiddlewareStack(URLRouter(routes)),
    secure_header=settings.SECURE_PROXY_SSL_HEADER,
)
application = ProtocolTypeRouter(
    {
        "http": BodyLimitMiddleware(django_application, limit=settings.MAX_BODY_BYTES),
        "websocket": websockets,
    }
)
