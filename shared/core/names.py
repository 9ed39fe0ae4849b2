"""Names that more than one module must agree on: functions, events, identifiers, places in storage."""

HTTP_FUNCTION = "http"
JOB_ENDED = "job_ended"
JOB_ENDED_ROUTE = "api/step-runs/{step_run_id}/ended"
RUN_PIPELINE = "run_pipeline"
RUN_STEP = "run_step"
PREPARE_RUN = "prepare_run"
BEGIN_STEP = "begin_step"
CHECK_STEP = "check_step"
CANCEL_STEP = "cancel_step"
FAIL_STEP = "fail_step"
SKIP_STEPS = "skip_steps"
CLOSE_RUN = "close_run"
RECONCILE_RUNS = "reconcile_runs"

JOB_ENDED_EVENT = "job_ended"
STEP_ENDED_EVENT = "step_ended"
CANCEL_EVENT = "cancel"

SYSTEM_CONTAINER = "pipeyard"
"""Definitions, plans, snapshots and large manifests."""
ARTIFACT_CONTAINER = "azureml"
"""Logs, metrics and uploaded files of step runs, under v1's `ExperimentRun/dcid.<step run id>/`."""
DEFAULT_DATASTORE = "workspaceblobstore"
DEFAULT_DATASTORE_CONTAINER = "azureml-blobstore"


def step_run_id(run_id: str, ordinal: int) -> str:
    """Identifier of a step run, also its orchestration's instance id. `ordinal` counts steps from 0."""
    return f"{run_id}-{ordinal:05d}"


def split_step_run_id(step_run_id_: str) -> tuple[str, int]:
    """Inverse of `step_run_id`."""
    run_id, _, ordinal = step_run_id_.rpartition("-")
    return run_id, int(ordinal)


def job_name(run_id: str, ordinal: int, attempt: int) -> str:
    """Name under which a try (from 1) is submitted: derived, so that a repeated submit finds the first one."""
    return f"{step_run_id(run_id, ordinal)}-{attempt}"


def artifact_prefix(run_id: str, ordinal: int) -> str:
    """Folder of a step run in the artifact container (v1's layout)."""
    return f"ExperimentRun/dcid.{step_run_id(run_id, ordinal)}"


def log_name(attempt: int) -> str:
    """File name of a try's log: v1 clients stream names of the form `azureml-logs/NN*.txt`."""
    return "azureml-logs/70_driver_log.txt" if attempt == 1 else f"azureml-logs/70_driver_log_attempt_{attempt}.txt"


def metrics_name(attempt: int) -> str:
    """File name of a try's metrics, one JSON object per line."""
    return f"metrics/attempt_{attempt}.jsonl"


def output_path(run_id: str, ordinal: int, output: str) -> str:
    """Where an output lies on its datastore (v1's layout)."""
    return f"azureml/{step_run_id(run_id, ordinal)}/{output}"
