"""The end of a try: turn the job's result into rows, and make a finished result findable, last of all."""

from typing import Any

from shared.core import names
from shared.core.definition import RetryPolicy
from shared.core.jobs import JobOutcome, JobResult, OutputFile
from shared.core.output_places import output_place
from shared.core.records import MAX_INLINE_FILES, AttemptRecord, ClaimOwner, OutputRecord, ReuseEntry, StepRecord
from shared.core.reuse import content_digest
from shared.core.status import StepStatus, step_may_become
from shared.services.datastores import open_datastore
from shared.services.documents import store_output_files
from shared.services.jobs import output_datastore
from shared.services.output_registration import register_outputs
from shared.services.workspace import RunContext, Workspace

MAX_LOSSES = 5
"""Tries that the compute may lose before the step fails: a machine that goes down each time is no bad luck."""

_LOSS_DELAY_SECONDS = 15.0
"""Pause after the second loss; it grows. Whatever ends job after job, such as a quota, needs some time to pass."""
_LOST = frozenset({JobOutcome.LOST, JobOutcome.INTERRUPTED})


def retry_delay(policy: RetryPolicy, failures: int) -> float | None:
    """Seconds before the next try after that many failures, None where there is no next try."""
    if failures >= policy.max_attempts:
        return None
    return float(min(policy.max_delay_seconds, policy.delay_seconds * policy.backoff ** (failures - 1)))


def next_try_delay(context: RunContext, row: StepRecord, result: JobResult, *, canceling: bool) -> float | None:
    """Seconds until the next try after a try that ended like this; None where the step ends with it."""
    if result.outcome is JobOutcome.COMPLETED or canceling or result.outcome is JobOutcome.CANCELED:
        return None
    if result.outcome in _LOST:
        losses = row.attempt - row.failures_counted
        if losses >= MAX_LOSSES:
            return None
        return 0.0 if losses == 1 else _LOSS_DELAY_SECONDS * 4 ** (losses - 2)
    return retry_delay(context.step(row.ordinal).retry, row.failures_counted + 1)


def publish_result(
    workspace: Workspace, context: RunContext, row: StepRecord, result: JobResult, *, canceling: bool
) -> tuple[StepRecord, float]:
    """Record how a try ended. Returns the row and, if the step is to be tried again, the seconds to wait first."""
    row = _with_measurements(row, result)
    if result.outcome is JobOutcome.COMPLETED:
        return _finish(workspace, context, row, result), 0.0
    if canceling or result.outcome is JobOutcome.CANCELED:
        return record_end(workspace, context, row, StepStatus.CANCELED), 0.0
    delay = next_try_delay(context, row, result, canceling=canceling)
    if result.outcome not in _LOST:
        row = row.model_copy(update={"failures_counted": row.failures_counted + 1})
    if delay is None:
        return record_end(workspace, context, row, StepStatus.FAILED, error=_failure(row, result)), 0.0
    row = row.model_copy(
        update={"status": StepStatus.QUEUED, "remote_id": None, "detail": "", "queued_at": workspace.now().isoformat()}
    )
    return workspace.record(context, row), delay


def _failure(row: StepRecord, result: JobResult) -> str:
    tries = f" (try {row.attempt})" if row.attempt > 1 else ""
    message = result.message.removesuffix(".")  # most of them are whole sentences already
    return f"{message}{tries}. Its log says more." if message else f"The try {result.outcome}{tries}."


def _with_measurements(row: StepRecord, result: JobResult) -> StepRecord:
    measured: dict[str, Any] = {
        "exit_code": result.exit_code,
        "wall_seconds": result.wall_seconds,
        "cpu_seconds": result.cpu_seconds,
        "peak_memory_bytes": result.peak_memory_bytes,
    }
    attempt = AttemptRecord(
        attempt=row.attempt,
        outcome=result.outcome.value,
        message=result.message,
        started_at=result.started_at,
        ended_at=result.ended_at,
        **measured,
    )
    return row.model_copy(
        update={
            **measured,
            "attempts": (*row.attempts, attempt),
            "files": result.files,
            "warnings": (*row.warnings, *result.warnings),
        }
    )


def _finish(workspace: Workspace, context: RunContext, row: StepRecord, result: JobResult) -> StepRecord:
    outputs = {
        name: _output(workspace, context, row.ordinal, name, _files(workspace, context, row.ordinal, name, result))
        for name in context.step(row.ordinal).outputs
    }
    # Before the row: a row that has ended is never looked at again.
    warnings = register_outputs(workspace, context, row.ordinal, outputs)
    row = row.model_copy(update={"outputs": outputs, "warnings": (*row.warnings, *warnings)})
    row = record_end(workspace, context, row, StepStatus.FINISHED)
    if row.key is not None:  # else nobody knows what it was made from
        workspace.services.reuse.publish(published_entry(context.run.experiment, row))
    return row


def published_entry(experiment: str, row: StepRecord) -> ReuseEntry:
    """The reuse entry of a step that finished."""
    run_id, ordinal = names.split_step_run_id(row.source or names.step_run_id(row.run_id, row.ordinal))
    return ReuseEntry(
        key=row.key or "",
        document=row.key_document or {},
        run_id=run_id,
        ordinal=ordinal,
        experiment=experiment,
        step_name=row.name,
        finished_at=row.ended_at or "",
        wall_seconds=row.wall_seconds,
        outputs=dict(row.outputs),
    )


def _files(
    workspace: Workspace, context: RunContext, ordinal: int, name: str, result: JobResult
) -> tuple[OutputFile, ...]:
    """The files of an output: as the compute tells, or as they lie there."""
    if name not in result.listed_outputs:
        return result.outputs.get(name, ())
    datastore = open_datastore(workspace, output_datastore(context, context.step(ordinal), name))
    path = output_place(context.step(ordinal).outputs[name], context.run.run_id, ordinal, name)
    found = [blob for blob in datastore.list(path) if blob.name == path or blob.name.startswith(f"{path}/")]
    return tuple(
        OutputFile(
            path=blob.name[len(path) + 1 :],
            md5=blob.md5,
            version=None if blob.md5 else f"{datastore.place}/{blob.name}:{blob.etag}",
            size=blob.size,
            etag=blob.etag,
        )
        for blob in found
    )


def _output(
    workspace: Workspace, context: RunContext, ordinal: int, name: str, files: tuple[OutputFile, ...]
) -> OutputRecord:
    digest = content_digest((file.path, file.digest) for file in files)
    few = len(files) <= MAX_INLINE_FILES
    return OutputRecord(
        datastore=output_datastore(context, context.step(ordinal), name),
        path=output_place(context.step(ordinal).outputs[name], context.run.run_id, ordinal, name),
        digest=digest,
        is_file=len(files) == 1 and files[0].path == "",
        file_count=len(files),
        total_bytes=sum(file.size for file in files),
        files=files if few else None,
        manifest=None if few else store_output_files(workspace.services.blobs, digest, files),
    )


def record_end(
    workspace: Workspace, context: RunContext, row: StepRecord, status: StepStatus, *, error: str | None = None
) -> StepRecord:
    """Write a step's final row; a claim on its key is dropped unless the result is about to be published."""
    if not step_may_become(row.status, status):
        return row
    ended = row.model_copy(
        update={"status": status, "detail": "", "ended_at": workspace.now().isoformat(), "error": error}
    )
    ended = workspace.record(context, ended)
    if status is not StepStatus.FINISHED and ended.key is not None:
        owner = ClaimOwner(run_id=row.run_id, ordinal=row.ordinal, attempt=row.attempt)
        workspace.services.reuse.release(ended.key, owner)
    return ended
