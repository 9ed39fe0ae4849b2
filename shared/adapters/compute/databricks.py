"""Jobs as runs of a Databricks workspace: each try is a one-off run with one task.

A remote id is `<run id>:<job name>`. What must be known of a job besides is a blob of the workspace, so any process
can look after it.
"""

from contextlib import suppress
from datetime import timedelta
from typing import Any

from shared.adapters.compute_connections import ComputeConnections
from shared.adapters.databricks.api import DatabricksApi
from shared.adapters.databricks.code_folder import CodeFolder
from shared.adapters.databricks.connection import Connection
from shared.adapters.databricks.job_record import (
    JobRecord,
    drop_record,
    load_record,
    load_result,
    result_blob,
    store_record,
)
from shared.adapters.databricks.outside_files import content_mark
from shared.adapters.databricks.run_request import name_end, run_request, script_task, settings_of, shown_name, task_of
from shared.adapters.databricks.run_result import output_lines, result_of, state_lines, task_run_of
from shared.adapters.databricks.run_state import RunState, read_state
from shared.adapters.job_log import JobLog
from shared.core import names
from shared.core.compute_targets import ComputeTarget, DatabricksProperties
from shared.core.errors import BackendError, NotFound
from shared.core.jobs import JobOutcome, JobResult, JobSpec, JobState
from shared.ports.compute import Capabilities

_VALIDITY = timedelta(days=3)
"""Of the address to which the launcher writes its result; as the job's other addresses."""
_POLL_SECONDS = 5.0
_EMULATED_POLL_SECONDS = 0.5
_MAX_REMEMBERED = 1000


class DatabricksBackend:
    """Runs jobs in the Databricks workspace behind one compute target."""

    def __init__(self, connections: ComputeConnections, target: ComputeTarget) -> None:
        """Prepare; nothing is asked of Databricks yet."""
        properties = DatabricksProperties.model_validate(target.properties)
        self._blobs = connections.blobs
        self._scheme = properties.uri_scheme or "abfss"
        self._poll_seconds = _EMULATED_POLL_SECONDS if properties.emulated else _POLL_SECONDS
        self._api = DatabricksApi(Connection(connections, target))
        self._code = CodeFolder(self._api, connections.blobs, properties.workspace_folder)
        self._told: dict[str, str] = {}

    @property
    def capabilities(self) -> Capabilities:
        """What this backend can do."""
        return Capabilities(
            derived_ids=False, poll_seconds=self._poll_seconds, reports_detail=True, reads_in_place=True, queues=True
        )

    def check(self) -> None:
        """Ask something that any caller may ask, to find out whether the workspace answers.

        Raises:
            BackendError: It does not, with its words.
        """
        self._api.object_type("/")

    def submit(self, job: JobSpec) -> str:
        """Start a run, or find the one that was started for the same job.

        Raises:
            BackendError: Databricks refuses, or an input has no address that a cluster could read from.
        """
        settings = settings_of(job)
        if settings.permit_cluster_restart is False and settings.existing_cluster_id is not None:
            self._require_running(settings.existing_cluster_id)
        launched = settings.python_script_name is not None
        task = self._script_task(job, settings.python_script_name or "") if launched else task_of(job, self._scheme)
        request = run_request(job, task)
        record = JobRecord(
            what=shown_name(settings),
            outputs=tuple(output.name for output in job.outputs),
            launched=launched,
            timeout_seconds=request.get("timeout_seconds"),
        )
        store_record(self._blobs, job.name, record)
        try:
            return f"{self._api.submit_run(request)}:{job.name}"
        except BackendError as error:
            if not error.retryable:
                self._forget(job.name)
            raise

    def poll(self, remote_id: str) -> JobState:
        """State of a run; the log gets a line whenever it is another one."""
        run_id, job_name = _split(remote_id)
        run = self._api.run(run_id)
        if run is None:
            return _lost(f"Databricks does not know run {run_id} any more.")
        state = read_state(run)
        try:
            record = load_record(self._blobs, job_name)
        except NotFound:
            return self._without_record(remote_id, state)
        if state.outcome is None:
            # A launcher writes the log itself, and two writers would spoil it.
            if not record.launched and self._told.get(job_name) != state.detail:
                JobLog(self._blobs, job_name).note(*state_lines(run, state))
                self._remember(job_name, state.detail)
            return JobState(detail=" ".join(filter(None, (state.detail, run.get("run_page_url")))))
        output = self._output(run)
        left = load_result(self._blobs, job_name) if record.launched else None
        if left is None:
            JobLog(self._blobs, job_name).note(*state_lines(run, state), *output_lines(output))
        return JobState(result=result_of(run, state, record, output, left), detail=state.detail)

    def cancel(self, remote_id: str) -> None:
        """Ask for a run's end. One that has ended or is unknown needs none: the next poll says so."""
        run_id, _ = _split(remote_id)
        try:
            self._api.cancel_run(run_id)
        except BackendError as error:
            if error.retryable:
                raise
            run = self._api.run(run_id)
            if run is not None and read_state(run).outcome is None:
                raise

    def find(self, job_name: str) -> str | None:
        """A run that was started, although the answer never came."""
        run_id = self._api.find_run(name_end(job_name))
        return None if run_id is None else f"{run_id}:{job_name}"

    def forget(self, remote_id: str) -> None:
        """Delete the job's private document; runs themselves stay for Databricks' own pages."""
        self._forget(_split(remote_id)[1])

    def outside_file(self, path: str) -> str:
        """What tells one content of a file or notebook on Databricks from another."""
        return content_mark(self._api, path)

    def _without_record(self, remote_id: str, state: RunState) -> JobState:
        """Nobody can tell any more what such a run has left: it counts as lost once it does no more."""
        if state.outcome is None:
            self.cancel(remote_id)
            return JobState(detail=state.detail)
        return _lost(f"What was remembered of run {_split(remote_id)[0]} is gone.")

    def _script_task(self, job: JobSpec, script: str) -> dict[str, Any]:
        if not any(file.path == script for file in job.code):
            raise BackendError(f"The script {script} is not in the source directory of step `{job.step_name}`.")
        snapshot, launcher, home = self._code.put_snapshot(job.code), self._code.put_launcher(), self._code.home
        prefix = [f"{home}/{launcher}".rpartition("/")[0], snapshot, job.name, script]
        task = script_task(job, self._scheme, f"{home}/{launcher}", prefix, f"{home}/{snapshot}")
        self._code.put_job(job.name, self._private(job))
        return task

    def _private(self, job: JobSpec) -> dict[str, Any]:
        """What the launcher must know and nobody else may."""
        result_url = self._blobs.write_url(names.SYSTEM_CONTAINER, result_blob(job.name), _VALIDITY)
        told = job.model_dump(
            mode="json", include={"environment", "artifacts", "log_name", "metrics_name", "callback_url"}
        )
        ports = [word.input or word.output for word in job.command if word.value is None]
        return {**told, "ports": sorted(set(filter(None, ports))), "result_url": result_url}

    def _forget(self, job_name: str) -> None:
        self._told.pop(job_name, None)
        with suppress(BackendError, NotFound):  # what is left holds addresses and a token that expire
            if load_record(self._blobs, job_name).launched:
                self._code.drop_job(job_name)
            drop_record(self._blobs, job_name)

    def _require_running(self, cluster_id: str) -> None:
        if not self._api.is_cluster_running(cluster_id):
            raise BackendError(
                f"Cluster {cluster_id} is not running, and `permit_cluster_restart` is false: start the cluster, or "
                "allow its start."
            )

    def _output(self, run: dict[str, Any]) -> dict[str, Any]:
        task_run_id = task_run_of(run)
        if task_run_id is None:
            return {}
        try:
            return self._api.run_output(task_run_id)
        except BackendError as error:
            if error.retryable:
                raise
            return {}  # a run whose cluster never started has none

    def _remember(self, job_name: str, told: str) -> None:
        if len(self._told) >= _MAX_REMEMBERED:
            self._told.clear()
        self._told[job_name] = told


def _split(remote_id: str) -> tuple[int, str]:
    run_id, _, job_name = remote_id.partition(":")
    return int(run_id), job_name


def _lost(message: str) -> JobState:
    return JobState(result=JobResult(outcome=JobOutcome.LOST, message=message), detail="not found")
