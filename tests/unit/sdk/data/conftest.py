"""Every test has a cache of its own."""

import pytest


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv("PIPEYARD_CACHE", str(tmp_path / "cache"))
