"""Jobs on clusters of Azure Machine Learning. On a node, the runner does what it does on any machine.

All state is with the service and in the blobs below `jobs/<name>/`, so any process can take over. The service knows
whether a job goes on; how its script ended is known by the result that the runner leaves.
"""

import time

from shared.adapters.azure_ml.assets import Assets, job_path
from shared.adapters.azure_ml.connection import cluster_name, connect
from shared.adapters.azure_ml.endings import Endings
from shared.adapters.azure_ml.job_body import command_job
from shared.adapters.azure_ml.job_folder import SILENCE_SECONDS, JobFolder
from shared.adapters.azure_ml.run_history import RunHistory
from shared.adapters.azure_ml.states import Phase, phase_of
from shared.adapters.compute_connections import ComputeConnections
from shared.core.compute_targets import ComputeTarget
from shared.core.errors import BackendError, Conflict, NotFound
from shared.core.jobs import JobOutcome, JobResult, JobSpec, JobState
from shared.ports.compute import Capabilities

_POLL_SECONDS = 10.0
_EMULATED_POLL_SECONDS = 1.0


class AzureMlBackend:
    """The jobs of one cluster."""

    def __init__(self, connections: ComputeConnections, target: ComputeTarget) -> None:
        self._target = target
        self._blobs = connections.blobs
        self._client = connect(connections, target)
        self._assets = Assets(self._client, connections.blobs)
        self._endings = Endings(connections.blobs, RunHistory(self._client))

    @property
    def capabilities(self) -> Capabilities:
        """What this backend can do."""
        seconds = _EMULATED_POLL_SECONDS if self._client.emulated else _POLL_SECONDS
        return Capabilities(
            derived_ids=True, poll_seconds=seconds, reports_detail=True, reads_in_place=True, queues=True
        )

    def submit(self, job: JobSpec) -> str:
        """Start a job unless it has been started before. The service takes each name once.

        Raises:
            BackendError: The service or storage refused.
        """
        folder = JobFolder(self._blobs, job.name)
        if folder.is_canceled():
            return job.name
        folder.write(job, self._assets.place(folder.document_name))
        try:
            try:
                self._put(job, folder)
            except NotFound:  # not of the job: something that it names is missing, perhaps since somebody deleted it
                self._assets.forget()
                self._put(job, folder)
        except NotFound as error:
            raise BackendError(str(error)) from error
        if folder.is_canceled():  # noted while the job was on its way: whoever did so may not have found it
            self.cancel(job.name)
        return job.name

    def poll(self, remote_id: str) -> JobState:
        """State of a job, as the service and the runner tell it."""
        try:
            found = self._client.get(job_path(remote_id)).json
        except NotFound:
            return self._missing(remote_id)
        status = str((found or {}).get("properties", {}).get("status") or "Unknown")
        phase = phase_of(status)
        if phase is Phase.UNDER_WAY:
            return JobState(detail=status)
        if phase is Phase.QUIET:
            return self._quiet(remote_id, status)
        return JobState(result=self._endings.result(remote_id, phase), detail=status)

    def cancel(self, remote_id: str) -> None:
        """Ask for a job's end; one that the service does not know yet will not be submitted any more."""
        JobFolder(self._blobs, remote_id).note_cancel()
        try:
            self._client.post(f"{job_path(remote_id)}/cancel")
        except NotFound:
            return
        except (BackendError, Conflict) as error:
            if error.retryable or phase_of(self.poll(remote_id).detail) in {Phase.UNDER_WAY, Phase.QUIET}:
                # A state that forbids it passes.
                raise BackendError(str(error), retryable=error.retryable or isinstance(error, Conflict)) from error

    def forget(self, remote_id: str) -> None:
        """Remove the job's blobs. The service keeps its own record of the job."""
        JobFolder(self._blobs, remote_id).delete()

    def close(self) -> None:
        """Close the connections; jobs go on."""
        self._client.close()

    def _put(self, job: JobSpec, folder: JobFolder) -> None:
        properties = command_job(
            job,
            compute_id=f"{self._client.workspace_id}/computes/{cluster_name(self._target)}",
            code_id=self._assets.code(job.code),
            environment_id=self._assets.environment(job.software),
            document=self._assets.place(folder.document_name),
            identity_client_id=self._target.properties.get("identity_client_id"),
        )
        try:
            self._client.put(job_path(job.name), {"properties": properties})
        except (BackendError, Conflict) as refused:
            # A job that is there already, its answer having been lost, can only be refused: little of it may change.
            if refused.retryable or not self._is_there(job.name):
                raise BackendError(str(refused), retryable=refused.retryable) from refused

    def _is_there(self, name: str) -> bool:
        try:
            self._client.get(job_path(name))
        except (BackendError, NotFound) as error:
            if error.retryable:
                raise
            return False
        return True

    def _missing(self, name: str) -> JobState:
        if JobFolder(self._blobs, name).is_canceled():
            result = JobResult(outcome=JobOutcome.CANCELED, message="The job was canceled before it started.")
        else:
            message = f"Azure Machine Learning does not know the job {name} (any more)."
            result = JobResult(outcome=JobOutcome.LOST, message=message)
        return JobState(result=result, detail=result.outcome)

    def _quiet(self, name: str, status: str) -> JobState:
        folder = JobFolder(self._blobs, name)
        seconds = folder.silence(time.time())
        if seconds < SILENCE_SECONDS:
            return JobState(detail=status)
        folder.note_given_up()  # should nobody get to record it now: soon the service will call the job canceled
        try:
            self._client.post(f"{job_path(name)}/cancel")
        except (BackendError, Conflict, NotFound) as error:
            if error.retryable:
                raise
        message = f"Azure Machine Learning has called the job {status} for {seconds / 60:.0f} minutes; it was given up."
        return JobState(result=JobResult(outcome=JobOutcome.LOST, message=message), detail=status)
