"""What tests of several layers share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.test_issuer import TestIssuer


@pytest.fixture
def issuer(tmp_path: Path) -> Iterator[TestIssuer]:
    """A sign-in service with keys of its own."""
    running = TestIssuer(tmp_path)
    running.start()
    yield running
    running.stop()
