"""What may be imported where. The layers themselves are checked by `lint-imports`."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Each vendor's library has one place that may use it; that of HTTP, two.
HOMES = {
    "torch": "prodintel/engine/",
    "torchvision": "prodintel/engine/",
    "open_clip": "prodintel/engine/",
    "timm": "prodintel/engine/",
    "transformers": "prodintel/engine/",
    "qdrant_edge": "prodintel/engine/shard.py",
    "qdrant_client": "catalog/index/server.py",
    "boto3": "catalog/storage.py",
    "botocore": "catalog/storage.py",
    "groq": "prodintel/llm/adapter.py",
    "httpx": ("prodintel/llm/adapter.py", "prodintel/lib/remote_fetch.py"),
}
# Modules of models, which only code that has loaded torch already imports.
MODELS = ("prodintel/engine/starter/", "prodintel/engine/fitting/")


def product_files() -> list[Path]:
    packages = ("prodintel", "catalog", "tools")
    return sorted(file for name in packages for file in (ROOT / name).rglob("*.py"))


def imports(tree: ast.AST, *, functions: bool = True) -> Iterator[str]:
    """Top-level names of what is imported; `functions` says whether inside functions counts."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]
        elif not functions and _is_not_run_at_import(node):
            continue
        else:
            yield from imports(node, functions=functions)


def _is_not_run_at_import(node: ast.AST) -> bool:
    if isinstance(node, ast.If):
        return "TYPE_CHECKING" in ast.dump(node.test)
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)


def test_vendor_library_is_imported_in_its_one_place():
    strays = [
        f"{path}: {name}"
        for path in (str(file.relative_to(ROOT)) for file in product_files())
        for name in imports(ast.parse((ROOT / path).read_text(encoding="utf-8")))
        if name in HOMES and not path.startswith(HOMES[name])
    ]
    assert strays == []


def test_vendor_library_is_imported_inside_functions_only():
    eager = [
        f"{path}: {name}"
        for path in (str(file.relative_to(ROOT)) for file in product_files())
        if not path.startswith(MODELS)
        for name in imports(ast.parse((ROOT / path).read_text(encoding="utf-8")), functions=False)
        if name in HOMES
    ]
    assert eager == []


def test_the_site_loads_no_vendor_library(tmp_path):
    program = (
        "import django; django.setup()\n"
        "import prodintel.urls, prodintel.asgi, prodintel.management.commands.web, prodintel.web\n"
        "from django.urls import get_resolver; get_resolver().url_patterns; import sys\n"
        f"print(*sorted(set(sys.modules) & {set(HOMES)!r}))"
    )
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "prodintel.settings",
        "PRODINTEL_DATA_DIR": str(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr
