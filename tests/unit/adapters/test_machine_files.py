"""What is left on this machine's disk goes once nobody has used it for long."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from runner.cache import SEAL_NS
from shared.adapters.machine_files import DataFolder

NOW = datetime.now(UTC)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    cached = tmp_path / "cache/sha256/aa/aa11"
    cached.parent.mkdir(parents=True)
    cached.write_bytes(b"1234")
    for name in ("over-00000-1", "live-00000-1"):
        (tmp_path / "jobs" / name / "work").mkdir(parents=True)
        (tmp_path / "jobs" / name / "work/file").write_bytes(b"12")
    os.link(cached, tmp_path / "jobs/live-00000-1/work/input")
    os.utime(cached, ns=(cached.stat().st_atime_ns, SEAL_NS))
    return tmp_path


def is_live(job: str) -> bool:
    return job.startswith("live")


def test_nothing_goes_that_was_used_of_late(data: Path) -> None:
    assert DataFolder(data).sweep(NOW - timedelta(days=1), is_live, dry_run=False) == (0, 0)


def test_a_dry_run_counts_what_would_go(data: Path) -> None:
    later = NOW + timedelta(days=1)
    assert DataFolder(data).sweep(later, is_live, dry_run=True) == (2, 6)
    assert DataFolder(data).sweep(later, is_live, dry_run=False) == (2, 6)
    assert not (data / "cache/sha256/aa/aa11").exists()
    assert (data / "jobs/live-00000-1/work/input").read_bytes() == b"1234", "a job keeps its link"
    assert not (data / "jobs/over-00000-1").exists()
    assert DataFolder(data / "nothing").sweep(later, is_live, dry_run=False) == (0, 0)
