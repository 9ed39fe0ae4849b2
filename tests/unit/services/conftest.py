"""The world of schedules."""

from pathlib import Path

import pytest

from tests.unit.services.scheduling import World


@pytest.fixture
def world(storage_account: str, tmp_path: Path) -> World:
    """A workspace with a clock that the test sets."""
    return World(storage_account, tmp_path)
