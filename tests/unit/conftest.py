"""What tests of several layers share."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.test_issuer import TestIssuer


@pytest.fixture(scope="session")
def issuer_keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with keys: making one takes longer than most tests."""
    folder = tmp_path_factory.mktemp("issuer")
    TestIssuer(folder).rotate()
    return folder


@pytest.fixture
def issuer(tmp_path: Path, issuer_keys: Path) -> Iterator[TestIssuer]:
    """A sign-in service. It may rotate its keys without others noticing."""
    running = TestIssuer(Path(shutil.copytree(issuer_keys, tmp_path, dirs_exist_ok=True)))
    running.start()
    yield running
    running.stop()
