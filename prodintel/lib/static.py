"""How static files are stored for production."""

from __future__ import annotations

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
