import pytest

from shared.adapters.azure_ml.results import merge
from shared.core.jobs import JobArgument, JobOutcome, JobOutput, JobResult, JobSpec, OutputFile, UploadTarget

PLACE = UploadTarget(base_url="http://h/c", query="")
JOB = JobSpec(
    name="n",
    run_id="r",
    step_run_id="r-0",
    compute_target="cpu",
    command=(JobArgument(value="x"),),
    outputs=tuple(JobOutput(name=name, target=PLACE) for name in ("model", "report", "mounted")),
    artifacts=PLACE,
    log_name="log",
    metrics_name="metrics",
)


def part(outcome=JobOutcome.COMPLETED, **fields):
    return JobResult(outcome=outcome, **fields)


def file(path, digest="0"):
    return OutputFile(path=path, sha256=digest * 64, size=1, etag="e")


def test_one_process_speaks_for_itself():
    alone = part(JobOutcome.FAILED, message="no")
    assert merge(JOB, [alone]) is alone
    assert merge(JOB, [None]) is None
    assert merge(JOB, [None, None]) is None


def test_outputs_are_those_of_all_processes():
    first = part(
        outputs={"model": (file("b"), file("same")), "report": ()},
        listed_outputs=("mounted",),
        files=("outputs/a",),
        started_at="2026-01-01T00:00:02",
        ended_at="2026-01-01T00:00:09",
        wall_seconds=7.0,
        cpu_seconds=1.5,
        peak_memory_bytes=10,
        warnings=("odd",),
    )
    second = part(
        outputs={"model": (file("a"), file("same", "1")), "report": ()},
        listed_outputs=("mounted",),
        files=("rank_1/outputs/a",),
        started_at="2026-01-01T00:00:01",
        wall_seconds=6.0,
        cpu_seconds=2.0,
        peak_memory_bytes=20,
    )
    merged = merge(JOB, [first, second])
    assert merged is not None
    assert merged.outcome is JobOutcome.COMPLETED
    assert merged.listed_outputs == ("model", "mounted")
    assert merged.outputs == {"report": ()}
    assert merged.files == ("outputs/a", "rank_1/outputs/a")
    assert (merged.started_at, merged.ended_at) == ("2026-01-01T00:00:01", "2026-01-01T00:00:09")
    assert (merged.wall_seconds, merged.cpu_seconds, merged.peak_memory_bytes) == (7.0, 3.5, 20)
    assert merged.warnings == ("Process 0: odd", "The output report was not written.")


def test_the_files_of_an_output_are_sorted():
    parts = [part(outputs={"model": (file(path),)}) for path in "ba"]
    merged = merge(JOB, parts)
    assert merged is not None
    assert [each.path for each in merged.outputs["model"]] == ["a", "b"]


@pytest.mark.parametrize(
    ("outcomes", "rank", "outcome"),
    [
        (("canceled", "failed"), 1, "failed"),
        (("timed_out", "canceled"), 0, "timed_out"),
        (("completed", "lost", "canceled"), 1, "lost"),
        (("completed", "canceled"), 1, "canceled"),
    ],
)
def test_the_gravest_end_is_the_end_of_all(outcomes, rank, outcome):
    parts = [part(JobOutcome(each), message=f"it {each}") for each in outcomes]
    merged = merge(JOB, parts)
    assert merged is not None
    assert (merged.outcome, merged.message) == (outcome, f"Process {rank}: it {outcome}")


def test_a_process_that_left_nothing_did_not_complete():
    merged = merge(JOB, [part(), None])
    assert merged is not None
    assert (merged.outcome, merged.message) == (JobOutcome.LOST, "Process 1 of the job left no result.")
    failed = merge(JOB, [None, part(JobOutcome.FAILED, message="no")])
    assert failed is not None
    assert failed.outcome is JobOutcome.FAILED
