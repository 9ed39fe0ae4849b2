"""Jobs that go on although their steps have failed: ended at once where that is possible, else asked again later.

A step whose row says `Running` without a remote id may have a job, too: the answer to its submit may have got lost.
"""

from datetime import datetime, timedelta
from typing import ClassVar

from shared.core import names
from shared.core.catalogue import CatalogueRecord
from shared.core.errors import BackendError, NotFound
from shared.core.records import StepRecord
from shared.core.status import StepStatus
from shared.ports.compute import ComputeBackend, FindsJobs
from shared.services.compute_targets import open_backend
from shared.services.observation import compute_call
from shared.services.workspace import Workspace
from shared.telemetry import run_logger

ASKED_EVERY_MINUTES = 10
GIVEN_UP_AFTER = timedelta(days=60)
"""Databricks knows nothing of older runs."""


class LeftJob(CatalogueRecord):
    """A job that may still run, and that nobody could end yet."""

    kind: ClassVar[str] = "left_job"
    label: ClassVar[str] = "left job"

    run_id: str
    ordinal: int
    job_name: str
    since: str

    @property
    def key(self) -> str:
        """Name of the job."""
        return self.job_name


def job_of(row: StepRecord) -> str:
    """Name of the job of a step's present try."""
    return names.job_name(row.run_id, row.ordinal, row.attempt)


def find_job(row: StepRecord, backend: ComputeBackend) -> str | None:
    """The remote id of a try's job, looked for where the answer to its submit got lost; None where there is none.

    Raises:
        BackendError: The service does not tell.
    """
    if row.remote_id is not None or not isinstance(backend, FindsJobs):
        return row.remote_id
    with compute_call("find", row):
        return backend.find(job_of(row))


def let_go(workspace: Workspace, row: StepRecord) -> str:
    """Ask for the end of the job of a step that is about to fail without it, and drop what is kept about it.

    Returns:
        A sentence to go after the step's error, where nobody can do that now; else "".
    """
    if row.status is not StepStatus.RUNNING:
        return ""
    try:
        backend = open_backend(workspace, row)
        remote_id = find_job(row, backend)
        if remote_id is not None:
            with compute_call("cancel", row):
                backend.cancel(remote_id)
            backend.forget(remote_id)
    except (NotFound, BackendError) as error:
        if error.retryable:
            raise
        now = workspace.now().isoformat()
        left = LeftJob(run_id=row.run_id, ordinal=row.ordinal, job_name=job_of(row), since=now)
        workspace.services.catalogue.put(left)
        return f" {_warning(row)}: {error} Its end is asked for again, every {ASKED_EVERY_MINUTES} minutes."
    return ""


def end_left_jobs(workspace: Workspace) -> None:
    """Ask for the end of jobs that were left; one that has ended, or that its service does not know, is left no more.

    Called each minute, and does something in one of ten: while there are none, asking is all that they cost.
    """
    if workspace.now().minute % ASKED_EVERY_MINUTES:
        return
    catalogue = workspace.services.catalogue
    for left in catalogue.all(LeftJob):
        row = workspace.services.runs.get_step(left.run_id, left.ordinal)
        old = workspace.now() - datetime.fromisoformat(left.since) > GIVEN_UP_AFTER
        if old or row is None or _has_ended(workspace, row):
            catalogue.delete(LeftJob, left.key)


def _has_ended(workspace: Workspace, row: StepRecord) -> bool:
    log = run_logger(__name__, run_id=row.run_id, step=row.name, attempt=row.attempt)
    try:
        backend = open_backend(workspace, row)
        remote_id = find_job(row, backend)
        if remote_id is None:
            log.info("no job of it runs any more")
            return True
        if backend.poll(remote_id).result is None:
            with compute_call("cancel", row):
                backend.cancel(remote_id)
            return False
        backend.forget(remote_id)
    except (NotFound, BackendError) as error:
        log.warning("its job may still run, and could not be ended: %s", error)
        return False
    log.info("the job that was left has ended")
    return True


def _warning(row: StepRecord) -> str:
    if row.remote_id is not None:
        return "Its job may still run, since it could not be canceled"
    return (
        "A job of it may run all the same, since an answer may have got lost, and nobody could look for it (on "
        f"compute target `{row.compute_target}`, its name has `{job_of(row)}` in it)"
    )
