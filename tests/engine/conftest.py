from __future__ import annotations

import pytest

from tests import tiny_model
from tests.engine.running import config_for


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory):
    return tiny_model.build(tmp_path_factory.mktemp("model") / "tiny")


@pytest.fixture
def config(tmp_path):
    return config_for(tmp_path / "data")
