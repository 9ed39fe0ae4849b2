"""U-SQL scripts as jobs of Data Lake Analytics. Azure has retired the service: what answers is an emulator of it.

A job's id there is derived from its name here. Whatever else is needed once it runs is kept as a blob.
"""

import uuid
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from shared.adapters.compute_connections import ComputeConnections
from shared.adapters.data_lake_analytics.job_api import DataLakeJobs
from shared.adapters.data_lake_analytics.reports import error_lines, failure, state_lines, statistics_lines
from shared.adapters.job_log import JobLog
from shared.core import names
from shared.core.compute_targets import USQL_JOBS, ComputeTarget
from shared.core.data_lake_analytics import RETIRED, DataLakeAnalyticsSettings
from shared.core.document import Document
from shared.core.errors import BackendError, NotFound
from shared.core.jobs import JobInput, JobOutcome, JobOutput, JobResult, JobSpec, JobState
from shared.core.storage_uris import parse_storage_uri, wasb_uri
from shared.core.wording import listed
from shared.ports.compute import Capabilities

ENDED = "Ended"
OUTCOMES = {"Succeeded": JobOutcome.COMPLETED, "Failed": JobOutcome.FAILED, "Cancelled": JobOutcome.CANCELED}
"""By the `result` of a job whose `state` is Ended. A job in any other state, known or not, is under way."""
_MAX_REMEMBERED = 1000
_NAMESPACE = uuid.UUID("8f0c7c1e-5a0f-4f0e-9a37-6c1c0d0b6a51")


class _Note(Document):
    """What has to be known of a job besides what the service says."""

    script_name: str
    outputs: tuple[str, ...]
    timeout_seconds: float | None


class DataLakeAnalyticsBackend:
    """Jobs of one account.

    Args:
        connections: The emulator's address and the workspace's blobs.
        target: The compute target.

    Raises:
        BackendError: The target is no emulated one.
    """

    def __init__(self, connections: ComputeConnections, target: ComputeTarget) -> None:
        address = connections.emulators.get(USQL_JOBS)
        if address is None or not target.properties.get("emulated"):
            raise BackendError(RETIRED)
        self._jobs = DataLakeJobs(address)
        self._blobs = connections.blobs
        self._logged: dict[str, list[str]] = {}

    @property
    def capabilities(self) -> Capabilities:
        """What this backend can do."""
        return Capabilities(derived_ids=True, poll_seconds=1.0, reports_detail=True, reads_in_place=True, queues=True)

    def submit(self, job: JobSpec) -> str:
        """Start a job; one of the same name is found again.

        Raises:
            BackendError: The script is wrong, an input lies nowhere that U-SQL can read, or the service refuses.
        """
        try:
            settings = DataLakeAnalyticsSettings.model_validate(job.settings)
        except ValidationError as error:
            raise BackendError(f"The settings of step `{job.step_name}` are wrong: {error}") from error
        body = {"name": job.name, "type": "USql", **_tuning(settings)}
        body["properties"] = {"type": "USql", "script": self._script(job, settings)}
        if settings.runtime_version is not None:
            body["properties"]["runtimeVersion"] = settings.runtime_version
        note = _Note(
            script_name=settings.script_name,
            outputs=tuple(output.name for output in job.outputs),
            timeout_seconds=job.timeout_seconds,
        )
        self._blobs.put(names.SYSTEM_CONTAINER, _note_blob(job.name), note.model_dump_json().encode())
        self._jobs.submit(job_id(job.name), body)
        return job.name

    def poll(self, remote_id: str) -> JobState:
        """State of a job; its log follows.

        Raises:
            BackendError: The service does not answer for now.
        """
        try:
            found, now = self._jobs.get(job_id(remote_id))
        except NotFound as error:
            return _ended(JobResult(outcome=JobOutcome.LOST, message=str(error)), "NotFound")
        note = self._note(remote_id)
        state = str(found.get("state"))
        lines = state_lines(found)
        if state != ENDED:
            self._log(remote_id, lines)
            if note.timeout_seconds is not None and _seconds(found, now) > note.timeout_seconds:
                self._jobs.cancel(job_id(remote_id))
            return JobState(detail=state)
        lines += error_lines(found, note.script_name) + statistics_lines(self._jobs.statistics(job_id(remote_id)))
        self._log(remote_id, lines)
        return _ended(_result(found, note, now), str(found.get("result")))

    def cancel(self, remote_id: str) -> None:
        """Ask for a job's end."""
        self._jobs.cancel(job_id(remote_id))

    def forget(self, remote_id: str) -> None:
        """Drop what was noted about a job; the service keeps its own record."""
        self._logged.pop(remote_id, None)
        self._blobs.delete(names.SYSTEM_CONTAINER, [_note_blob(remote_id)])

    def _script(self, job: JobSpec, settings: DataLakeAnalyticsSettings) -> str:
        """The step's script with its values in it.

        Raises:
            BackendError: It is not there, or it is wrong; the text names everything.
        """
        from shared.core.usql.problems import CompileFailed  # noqa: PLC0415 - the grammar takes its time
        from shared.core.usql.service_script import service_script  # noqa: PLC0415 - as above
        from shared.core.usql.step_values import script_text, step_values  # noqa: PLC0415 - as above

        file = next((each for each in job.code if each.path == settings.script_name), None)
        if file is None:
            raise BackendError(f"The script {settings.script_name} is not in the step's source directory.")
        _, container, name = parse_storage_uri(file.url)
        ports = _places(job)
        try:
            text = script_text(self._blobs.get(container, name))
            return service_script(text, step_values(job.environment, ports))
        except CompileFailed as failed:
            said = "\n".join(problem.text(settings.script_name) for problem in failed.problems)
            raise BackendError(said) from failed

    def _note(self, remote_id: str) -> _Note:
        try:
            return _Note.model_validate_json(self._blobs.get(names.SYSTEM_CONTAINER, _note_blob(remote_id)))
        except NotFound as error:
            raise BackendError(f"What was noted about the job {remote_id} is gone: {error}") from error

    def _log(self, remote_id: str, lines: list[str]) -> None:
        if self._logged.get(remote_id) != lines:
            JobLog(self._blobs, remote_id).note(*lines)
            if len(self._logged) >= _MAX_REMEMBERED:  # those of jobs that another process saw to their ends
                self._logged.clear()
            self._logged[remote_id] = lines


def job_id(name: str) -> str:
    """The service's id of a job."""
    return str(uuid.uuid5(_NAMESPACE, name))


def _tuning(settings: DataLakeAnalyticsSettings) -> dict[str, Any]:
    given = {"degreeOfParallelism": settings.degree_of_parallelism, "priority": settings.priority}
    return {key: value for key, value in given.items() if value is not None}


def _note_blob(name: str) -> str:
    return f"{names.job_folder(name)}/job.json"


def _places(job: JobSpec) -> dict[str, str]:
    """Addresses of inputs and outputs by name.

    Raises:
        BackendError: U-SQL cannot get at some of them.
    """
    ports: list[JobInput | JobOutput] = [*job.inputs, *job.outputs]
    if scattered := [port.name for port in ports if port.place is None]:
        which = listed([f"`{name}`" for name in scattered])
        raise BackendError(
            f"Data Lake Analytics reads and writes blobs, each input and output at one place. These are not: {which}. "
            "Their files are chosen from several places, or lie on a share or in a folder: copy them to a blob "
            "datastore first, with a step of type data_transfer."
        )
    return {port.name: wasb_uri(port.place) for port in ports if port.place is not None}


def _result(found: dict[str, Any], note: _Note, now: datetime) -> JobResult:
    outcome = OUTCOMES.get(str(found.get("result")), JobOutcome.LOST)
    message = "" if outcome is not JobOutcome.LOST else "Data Lake Analytics ended the job without a result."
    seconds = _seconds(found, now)
    if outcome is JobOutcome.FAILED:
        is_users, message = failure(found, note.script_name)
        outcome = JobOutcome.FAILED if is_users else JobOutcome.LOST
    elif outcome is JobOutcome.CANCELED and note.timeout_seconds is not None and seconds > note.timeout_seconds:
        outcome, message = JobOutcome.TIMED_OUT, f"The script was ended: no end within {note.timeout_seconds:g} s."
    return JobResult(
        outcome=outcome,
        message=message,
        started_at=found.get("startTime"),
        ended_at=found.get("endTime"),
        wall_seconds=seconds,
        listed_outputs=note.outputs if outcome is JobOutcome.COMPLETED else (),
    )


def _seconds(found: dict[str, Any], now: datetime) -> float:
    """How long a job has run by the service's clock; 0 before it does."""
    if not found.get("startTime"):
        return 0.0
    end = datetime.fromisoformat(found["endTime"]) if found.get("endTime") else now
    return max(0.0, (end - datetime.fromisoformat(found["startTime"])).total_seconds())


def _ended(result: JobResult, detail: str) -> JobState:
    return JobState(result=result, detail=detail)
