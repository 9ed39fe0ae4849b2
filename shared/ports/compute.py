"""Places where jobs run."""

from dataclasses import dataclass
from typing import Protocol

from shared.core.jobs import JobSpec, JobState


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a backend can do, as data.

    Attributes:
        derived_ids: The remote id is the job's name, so it is known before the submit.
        poll_seconds: First wait between polls; it grows while a job runs.
    """

    derived_ids: bool
    poll_seconds: float


class ComputeBackend(Protocol):
    """A place where jobs run. Every method is short: nothing here waits for a job.

    A backend itself ends a job that takes longer than its `timeout_seconds`.
    """

    @property
    def capabilities(self) -> Capabilities:
        """What this backend can do."""
        ...

    def submit(self, job: JobSpec) -> str:
        """Start a job and return its remote id. Submitting the same name again returns the same job.

        Raises:
            BackendError: Refused; `retryable` says whether trying again can help.
        """
        ...

    def poll(self, remote_id: str) -> JobState:
        """State of a job. A job that the backend has lost is an ended one with outcome `lost`."""
        ...

    def cancel(self, remote_id: str) -> None:
        """Ask for a job's end. Returns at once; done only when a poll says that the job has ended. Idempotent."""
        ...

    def forget(self, remote_id: str) -> None:
        """Drop whatever the backend keeps about a job whose end is recorded. Idempotent."""
        ...
