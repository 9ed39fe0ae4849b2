"""Places where jobs run, and the services that they are places of."""

from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from shared.core.compute_targets import ComputeTarget, ProvisioningState
from shared.core.jobs import JobSpec, JobState


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a backend can do, as data.

    Attributes:
        derived_ids: The remote id is the job's name, so it is known before the submit.
        poll_seconds: First wait between polls; it grows while a job runs.
        reports_detail: Its words for the state of a job are worth keeping in the step's row.
        reads_in_place: Jobs read inputs and write outputs where they lie, so that only a look afterwards tells whether
            inputs changed and what was written.
        queues: The service keeps jobs for which there is no room yet, so that nobody has to hold them back.
    """

    derived_ids: bool
    poll_seconds: float
    reports_detail: bool = False
    reads_in_place: bool = False
    queues: bool = False


class ComputeBackend(Protocol):
    """The jobs of one compute target. Every method is short: nothing here waits for a job.

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
        """State of a job. A job that the backend has lost is an ended one with outcome `lost`.

        Raises:
            BackendError: The service does not answer for now.
        """
        ...

    def cancel(self, remote_id: str) -> None:
        """Ask for a job's end. Returns at once; done only when a poll says that the job has ended. Idempotent."""
        ...

    def forget(self, remote_id: str) -> None:
        """Drop whatever the backend keeps about a job whose end is recorded. Idempotent."""
        ...


@runtime_checkable
class OutsideFiles(Protocol):
    """A backend whose compute keeps files of its own that jobs read, such as notebooks."""

    def outside_file(self, path: str) -> str:
        """What tells one content of a file from another: a digest, or size and time where that is all there is.

        Raises:
            BackendError: It cannot be told; the sentence says why.
        """
        ...


@runtime_checkable
class FindsJobs(Protocol):
    """A backend whose service gives ids of its own: a job whose submit was never answered has to be looked for."""

    def find(self, job_name: str) -> str | None:
        """Remote id of the job of this name that is under way; None where the service says that there is none.

        Raises:
            BackendError: The service does not tell.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetStatus:
    """What a service says about a compute target.

    Attributes:
        errors: Sentences for the user, with the service's own words.
        details: The status in v1's shape, where the type has one.
        gone: The service does not have it (any more).
    """

    provisioning_state: ProvisioningState
    errors: tuple[str, ...] = ()
    details: dict[str, Any] = field(default_factory=dict)
    gone: bool = False


class ComputeProvisioner(Protocol):
    """What a service does for one compute target besides running its jobs.

    Every method raises a PipeyardError with the service's own words where the service refuses.
    """

    def check(self) -> None:
        """Look whether the target is there and may be used: asked when it is attached."""
        ...

    def apply(self) -> None:
        """Create the target, or change it to what its record says. Returns at once: `status` tells how it goes."""
        ...

    def status(self) -> TargetStatus:
        """What the service says now. A target that is gone has failed, with a sentence."""
        ...

    def nodes(self) -> list[dict[str, Any]]:
        """The nodes with their jobs, in v1's shape."""
        ...

    def remove(self) -> None:
        """Delete what was created, leave what was attached. Returns at once: `status` tells how it goes. Idempotent."""
        ...


class ComputeAccess(Protocol):
    """Knows which backend runs the jobs of which compute target."""

    def offers(self, target: ComputeTarget) -> str | None:
        """Name of the backend that runs a target's jobs; None where nothing here does."""
        ...

    def open(self, target: ComputeTarget) -> ComputeBackend:
        """The backend of a target; nothing is asked of the service yet.

        Raises:
            NotFound: Nothing here runs its jobs, or its secret is gone.
        """
        ...

    def provisioner(self, target: ComputeTarget) -> ComputeProvisioner | None:
        """Who creates and looks after the target; None where there is nothing to look after."""
        ...

    def close(self) -> None:
        """End the jobs that run on this machine; they are taken up again when the workspace starts the next time."""
        ...
