"""What the application needs from outside, as protocols. Adapters implement them; only `bootstrap` knows which.

All methods are synchronous and may be called from several threads at once. Errors of the outside world arrive as
the classes of `shared.core.errors`: `StorageUnavailable` for anything that waiting may mend.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from shared.core.jobs import JobSpec, JobState
from shared.core.records import ClaimOwner, Experiment, Page, ReuseEntry, RunFilter, RunRecord, StepRecord


class Clock(Protocol):
    """The wall clock."""

    def now(self) -> datetime:
        """Current time, aware, in UTC."""
        ...


class RunStore(Protocol):
    """Rows of runs and their steps. Rows of one run share a partition; lists are newest first."""

    def create_run(self, run: RunRecord) -> bool:
        """Write a new run with its index rows. False, and nothing changed, if the run id exists already."""
        ...

    def get_run(self, run_id: str) -> RunRecord:
        """The run's row.

        Raises:
            NotFound: No such run.
        """
        ...

    def update_run(self, run: RunRecord) -> RunRecord:
        """Replace the row if it still has `run.etag`; index rows follow. Returns the record with its new etag.

        A run that reaches a terminal status leaves the list of active runs.

        Raises:
            Conflict: Somebody changed the row since it was read.
            NotFound: No such run.
        """
        ...

    def list_runs(self, run_filter: RunFilter, page_size: int, continuation_token: str | None) -> Page[RunRecord]:
        """One page, newest first. A page may be shorter than `page_size` and still have a successor.

        Raises:
            InvalidDocument: The token was not made by an earlier page.
        """
        ...

    def list_active_run_ids(self) -> list[str]:
        """Every run that is not in a terminal status, in no particular order."""
        ...

    def put_steps(self, run_id: str, steps: list[StepRecord]) -> None:
        """Write many rows of steps at once, whatever is there; durable when it returns."""
        ...

    def insert_step(self, run_id: str, step: StepRecord) -> StepRecord | None:
        """Write the first row of a step; returns it with its etag. None, and nothing changed, if there is a row."""
        ...

    def replace_step(self, run_id: str, step: StepRecord) -> StepRecord:
        """Replace a row that still has `step.etag`; returns it with its new one.

        Raises:
            Conflict: Somebody changed the row since it was read.
        """
        ...

    def get_step(self, run_id: str, ordinal: int) -> StepRecord | None:
        """A step's row, None while there is none."""
        ...

    def get_steps(self, run_id: str) -> list[StepRecord]:
        """All step rows of a run, by ordinal. Steps that have not begun have no row."""
        ...


class ReuseStore(Protocol):
    """Finished results by reuse key, claims on keys under way, and the latest result per step of an experiment."""

    def find(self, key: str) -> ReuseEntry | None:
        """The finished result for a key; None where there is none (a claim alone is none)."""
        ...

    def claim(self, key: str, owner: ClaimOwner) -> ReuseEntry | ClaimOwner | None:
        """Announce that `owner` is about to produce this key.

        Returns:
            None when the claim is ours (also when it was ours before); the finished entry if there is one; else the
            owner who holds it.
        """
        ...

    def take_over(self, key: str, dead: ClaimOwner, owner: ClaimOwner) -> bool:
        """Replace the claim of an owner who will never finish. False if the row changed meanwhile: look again."""
        ...

    def release(self, key: str, owner: ClaimOwner) -> None:
        """Drop the claim if `owner` still holds it; otherwise do nothing."""
        ...

    def publish(self, entry: ReuseEntry) -> None:
        """Make a result findable by its key: replaces a claim or an older entry."""
        ...

    def set_latest(self, experiment: str, entries: list[ReuseEntry]) -> None:
        """Make these results the latest of their steps (`step_name`) in an experiment."""
        ...

    def forget(self, key: str) -> None:
        """Drop a finished entry that turned out not to be there any more. Missing is fine."""
        ...

    def latest(self, experiment: str) -> dict[str, ReuseEntry]:
        """The latest finished result of every step of an experiment, by step name."""
        ...


class Catalogue(Protocol):
    """Small named things of the workspace."""

    def ensure_experiment(self, name: str, created_at: datetime) -> None:
        """Create the experiment if it does not exist."""
        ...

    def list_experiments(self, page_size: int, continuation_token: str | None) -> Page[Experiment]:
        """One page, by name.

        Raises:
            InvalidDocument: The token was not made by an earlier page.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobInfo:
    """A blob of a listing. `name` is the full name in the container; `md5` is hex, None where storage has none."""

    name: str
    size: int
    etag: str
    md5: str | None


class BlobStore(Protocol):
    """Blobs by container and name. Names are relative POSIX paths that were checked before they come here."""

    def ensure_containers(self, containers: list[str]) -> None:
        """Create containers that do not exist."""
        ...

    def put(self, container: str, name: str, data: bytes, *, content_type: str = "application/octet-stream") -> None:
        """Write a blob, replacing an older one. Storage keeps the MD5 of the content."""
        ...

    def get(self, container: str, name: str) -> bytes:
        """Read a whole blob.

        Raises:
            NotFound: No such blob.
        """
        ...

    def get_range(self, container: str, name: str, offset: int, length: int) -> tuple[bytes, int]:
        """Up to `length` bytes from `offset`, and the blob's size now; no bytes past the end, (b"", 0) if missing."""
        ...

    def exists(self, container: str, name: str) -> bool:
        """Whether the blob is there."""
        ...

    def list(self, container: str, prefix: str) -> list[BlobInfo]:
        """Every blob whose name starts with `prefix`, by name. A missing container has no blobs."""
        ...

    def read_url(self, container: str, name: str, valid_for: timedelta, *, file_name: str | None = None) -> str:
        """A URL that reads this one blob with a plain GET and nothing else. `file_name` suggests a name to browsers."""
        ...

    def write_url(self, container: str, name: str, valid_for: timedelta) -> str:
        """A URL that creates or replaces this one blob with a plain PUT (`x-ms-blob-type: BlockBlob`)."""
        ...

    def upload_target(self, container: str, prefix: str, valid_for: timedelta) -> tuple[str, str]:
        """(base URL of `prefix`, query string) with which a job may create, append to and write blobs."""
        ...

    def read_grant(self, container: str, valid_for: timedelta) -> tuple[str, str]:
        """(base URL of the container, query string) with which a job may read blobs of the container."""
        ...


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


class Engine(Protocol):
    """The orchestration engine as triggers and activities see it."""

    def start_run(self, run_id: str) -> None:
        """Start the run's orchestration under the run's own id; does nothing if it is alive already."""
        ...

    def start_step(self, run_id: str, ordinal: int) -> None:
        """Start the orchestration of one step of a live run again."""
        ...

    def is_alive(self, instance_id: str) -> bool:
        """Whether an orchestration with this id exists and has not ended."""
        ...

    def raise_event(self, instance_id: str, event: str, data: dict[str, str | int]) -> None:
        """Send an event; nothing happens if no such orchestration is alive."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything that the application reaches the outside world with, wired once per process by `bootstrap`."""

    clock: Clock
    runs: RunStore
    reuse: ReuseStore
    catalogue: Catalogue
    blobs: BlobStore
    backends: dict[str, ComputeBackend]
    callback_base_url: str | None
