"""Composition of the ASGI application: HTTP and websockets."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prodintel.settings")
application = get_asgi_application()
