"""Fixtures of the SDK's tests."""

import pytest

from .fake_workspace import URL, FakeWorkspace


@pytest.fixture
def fake(monkeypatch):
    monkeypatch.setenv("PIPEYARD_URL", URL)
    return FakeWorkspace()


@pytest.fixture
def client(fake):
    with fake.client() as client:
        yield client
