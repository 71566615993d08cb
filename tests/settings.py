"""The product's settings for tests: SQLite, no other service, state in a folder of the run's own.

Nothing of the developer's own configuration reaches the tests: neither `.env` nor the environment.
"""

import ast
import os
import tempfile
from pathlib import Path

# The names are read from the source: importing it would read the very environment to be cleared.
_source = Path(__file__).parents[1] / "prodintel" / "settings.py"
(_class,) = (
    node
    for node in ast.parse(_source.read_text(encoding="utf-8")).body
    if isinstance(node, ast.ClassDef) and node.name == "Settings"
)
_names = {
    node.target.id.upper()
    for node in _class.body
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
}
for _name in list(os.environ):
    if _name.upper().removesuffix("_FILE") in _names:
        del os.environ[_name]
os.environ["PRODINTEL_ENV_FILE"] = os.devnull
os.environ["PRODINTEL_DATA_DIR"] = tempfile.mkdtemp(prefix="prodintel-tests-")
os.environ["SECRET_KEY"] = "only-for-tests-" + "x" * 40
# Several test processes share the cores: threads of their models would only wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from prodintel.settings import *  # noqa: E402, F403 -- reads the environment prepared above
from prodintel.settings import DATA_DIR, DATABASES, STATIC_ROOT, STORAGES  # noqa: E402

# A file and not memory: threads of a test then meet the locking that the product meets.
DATABASES["default"]["TEST"] = {"NAME": str(Path(DATA_DIR) / "test.sqlite3")}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Whitenoise warns of a folder that is not there, and warnings are errors.
STATIC_ROOT.mkdir()
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
