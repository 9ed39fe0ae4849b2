"""The log that the workspace writes for a job elsewhere."""

from shared.adapters.job_log import JobLog
from shared.core import names
from tests.contract.emulated import JobStorage


def test_what_a_launcher_sent_before_it_was_killed_is_kept_though_it_ends_within_a_character(storage_account):
    storage = JobStorage(storage_account)
    job = storage.job("")
    run_id, ordinal, _ = names.split_job_name(job.name)
    name = f"{names.artifact_prefix(run_id, ordinal)}/{job.log_name}"
    storage.blobs.put(names.ARTIFACT_CONTAINER, name, "größer".encode()[:3])
    log = JobLog(storage.blobs, job.name)
    log.note("The cluster is gone.")
    assert storage.log(job) == "gr\ufffd\nThe cluster is gone.\n"
    log.note("The cluster is gone.", "The end.")
    assert storage.log(job) == "gr\ufffd\nThe cluster is gone.\nThe end.\n"
