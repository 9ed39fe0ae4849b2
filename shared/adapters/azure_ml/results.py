"""The results of the processes of one job as one result."""

from collections import Counter
from collections.abc import Sequence

from shared.core.jobs import JobOutcome, JobResult, JobSpec, OutputFile

_GRAVEST = (
    JobOutcome.FAILED,
    JobOutcome.TIMED_OUT,
    JobOutcome.LOST,
    JobOutcome.INTERRUPTED,
    JobOutcome.CANCELED,
    JobOutcome.COMPLETED,
)
"""When one process fails the others are ended: the failure is the reason, their end is not."""


def merge(job: JobSpec, parts: Sequence[JobResult | None]) -> JobResult | None:
    """One result of what every process has left; None where none has left anything.

    A process without a result has not completed, so the whole has not.
    """
    found = [(rank, part) for rank, part in enumerate(parts) if part is not None]
    if not found or len(parts) == 1:
        return found[0][1] if found else None
    rank, decisive = min(found, key=lambda item: _GRAVEST.index(item[1].outcome))
    results = [part for _, part in found]
    merged = decisive.model_copy(
        update={
            "message": f"Process {rank}: {decisive.message}" if decisive.message else "",
            "started_at": min((part.started_at for part in results if part.started_at), default=None),
            "ended_at": max((part.ended_at for part in results if part.ended_at), default=None),
            "wall_seconds": max((part.wall_seconds for part in results if part.wall_seconds), default=None),
            "cpu_seconds": sum(part.cpu_seconds or 0.0 for part in results),
            "peak_memory_bytes": max((part.peak_memory_bytes or 0 for part in results), default=None),
            "files": tuple(name for part in results for name in part.files),
            "warnings": tuple(f"Process {rank}: {text}" for rank, part in found for text in part.warnings),
        }
    )
    if decisive.outcome is not JobOutcome.COMPLETED:
        return merged
    if len(found) < len(parts):
        missing = next(rank for rank, part in enumerate(parts) if part is None)
        message = f"Process {missing} of the job left no result."
        return JobResult(outcome=JobOutcome.LOST, message=message)
    return _with_outputs(job, merged, results)


def _with_outputs(job: JobSpec, merged: JobResult, results: Sequence[JobResult]) -> JobResult:
    outputs: dict[str, tuple[OutputFile, ...]] = {}
    listed = set(merged.listed_outputs)
    warnings = list(merged.warnings)
    for name in (output.name for output in job.outputs if output.name not in listed):
        files = [file for part in results for file in part.outputs.get(name, ())]
        if any(count > 1 for count in Counter(file.path for file in files).values()):
            listed.add(name)  # one file was overwritten by another: only its place knows which
            continue
        if not files:
            warnings.append(f"The output {name} was not written.")
        outputs[name] = tuple(sorted(files, key=lambda file: file.path))
    return merged.model_copy(
        update={"outputs": outputs, "listed_outputs": tuple(sorted(listed)), "warnings": tuple(warnings)}
    )
