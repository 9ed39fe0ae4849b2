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
TICK = "tick"
PURGE = "purge"

DELIVER_WEBHOOK = "deliver_webhook"
SEND_WEBHOOK = "send_webhook"
SEND_NOW_EVENT = "send_now"
RUN_TOKEN_KEY = "run-token-key"  # noqa: S105 - a name, not the secret
"""Name of the secret that signs run tokens."""

BLOB_ARRIVED = "blob_arrived"
COLLECT_ARRIVALS = "collect_arrivals"
START_WINDOW = "start_window"

JOB_ENDED_EVENT = "job_ended"
STEP_ENDED_EVENT = "step_ended"
CANCEL_EVENT = "cancel"

CODE_FOLDER = "code"
"""Folder of the system container with the files of snapshots as clusters mount them, a folder for each content."""
CODE_COMPLETE = ".pipeyard/runner.pyz"
"""Name of the file of such a folder that is written last, and renewed whenever a job is about to use it."""
SYSTEM_CONTAINER = "pipeyard"
"""Definitions, snapshots, profiles of datasets and long lists of files."""
ARTIFACT_CONTAINER = "azureml"
"""Logs, metrics and uploaded files of step runs, under v1's `ExperimentRun/dcid.<step run id>/`."""
DEFAULT_DATASTORE = "workspaceblobstore"
DEFAULT_DATASTORE_CONTAINER = "azureml-blobstore"
FILE_DATASTORE = "workspacefilestore"

GUID_PATTERN = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
RUN_ID_PATTERN = GUID_PATTERN
STEP_RUN_ID_PATTERN = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}-\d{5}$"


def collecting_id(schedule_id: str) -> str:
    """Instance id of the orchestration that waits until files have stopped arriving for a schedule."""
    return f"collect-{schedule_id}"


def step_run_id(run_id: str, ordinal: int) -> str:
    """Identifier of a step run, also its orchestration's instance id. `ordinal` counts steps from 0."""
    return f"{run_id}-{ordinal:05d}"


def split_step_run_id(step_run_id_: str) -> tuple[str, int]:
    """Inverse of `step_run_id`."""
    run_id, _, ordinal = step_run_id_.rpartition("-")
    return run_id, int(ordinal)


def delivery_instance(delivery_id: str) -> str:
    """Instance id of the orchestration that delivers a message to a webhook."""
    return f"webhook-{delivery_id}"


def job_name(run_id: str, ordinal: int, attempt: int) -> str:
    """Name under which a try (from 1) is submitted: derived, so that a repeated submit finds the first one."""
    return f"{step_run_id(run_id, ordinal)}-{attempt}"


def split_job_name(name: str) -> tuple[str, int, int]:
    """Inverse of `job_name`: run, ordinal of the step, try."""
    step_run, _, attempt = name.rpartition("-")
    return *split_step_run_id(step_run), int(attempt)


def job_folder(name: str) -> str:
    """Folder of the system container in which a backend keeps what a job needs and leaves behind."""
    return f"jobs/{name}"


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
