"""How static files are stored for production, and served."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from django.http import HttpRequest, HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.storage import CompressedManifestStaticFilesStorage

# Django's own switch for this (support_js_module_import_aggregation) reads every script, and takes
# the types that htmx's extensions name in their comments for imports of files that do not exist.
OWN_MODULES = "js/*.js"
IMPORT = r"""(?P<matched>import(?s:(?P<import>[\s\{].*?))\s*from\s*['"](?P<url>[./].*?)["']\s*;)"""


class StaticStorage(CompressedManifestStaticFilesStorage):
    """Hashed and compressed files; imports between our ES modules name the hashed files too."""

    patterns = (
        *CompressedManifestStaticFilesStorage.patterns,
        (OWN_MODULES, ((IMPORT, 'import%(import)s from "%(url)s";'),)),
    )


class StaticFilesMiddleware(WhiteNoiseMiddleware):
    """Answers with whole files.

    WhiteNoise answers with a synchronous stream, which Django reads to its end under ASGI all the
    same, and warns of.
    """

    @staticmethod
    def serve(static_file: Any, request: HttpRequest) -> HttpResponse:
        found = static_file.get_response(request.method, request.META)
        body = b""
        if found.file is not None:
            with closing(found.file) as file:
                body = file.read()
        response = HttpResponse(body, status=int(found.status))
        del response["Content-Type"]
        for name, value in found.headers:
            response[name] = value
        return response
