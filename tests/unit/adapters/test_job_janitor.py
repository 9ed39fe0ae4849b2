"""Directories of local jobs go some time after they were marked, whatever a script left in them."""

import os

from shared.adapters.job_janitor import JobJanitor


def job(jobs, name):
    closed = jobs / name / "work" / "closed"
    closed.mkdir(parents=True)
    (closed / "file").write_text("x")
    closed.chmod(0o500)
    return jobs / name


def test_only_marked_jobs_go_and_only_after_their_time(tmp_path):
    janitor = JobJanitor(tmp_path)
    marked, unmarked = job(tmp_path, "run-00000-1"), job(tmp_path, "run-00001-1")
    janitor.mark(marked)
    janitor.mark(tmp_path / "nobody-00000-1")
    janitor.sweep()
    assert marked.exists()
    janitor.sweep(keep_seconds=0)
    assert not marked.exists()
    assert unmarked.exists()


def test_files_that_the_cache_shares_keep_their_mode(tmp_path):
    cached = tmp_path / "cached"
    cached.write_text("x")
    cached.chmod(0o444)
    jobs = tmp_path / "jobs"
    os.link(cached, job(jobs, "run-00000-1") / "input")
    janitor = JobJanitor(jobs)
    janitor.mark(jobs / "run-00000-1")
    janitor.sweep(keep_seconds=0)
    assert not (jobs / "run-00000-1").exists()
    assert cached.stat().st_mode & 0o777 == 0o444
