"""Stored records: the rows of runs, step runs and reusable results. Times are ISO 8601 in UTC."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from .bindings import ParameterValue
from .document import Document, Labels
from .jobs import OutputFile
from .status import RunStatus, StepStatus

MAX_INLINE_FILES = 200
"""Outputs with more files keep their list as a blob, so that a row stays far below a table's 1 MiB."""


class Difference(Document):
    """One ingredient of the reuse key that changed.

    Attributes:
        kind: What sort of ingredient, such as `file`, `parameter`, `input`, `argument`, `environment`.
        name: Which one, such as a path or a parameter's name.
        before: The earlier value (shortened), None where it is new.
        after: The present value (shortened), None where it is gone.
    """

    kind: str
    name: str
    before: str | None = None
    after: str | None = None


class Explanation(Document):
    """Why a step ran, will run, was reused or was not run at all.

    Attributes:
        code: Machine-readable cause, such as `changed`, `first_run`, `reused`, `reuse_off`, `outputs_missing`.
        sentence: The same for people.
        differences: Every changed ingredient, where an earlier run was found to compare with.
        compared_with: Step run id of that earlier run.
    """

    code: str
    sentence: str
    differences: tuple[Difference, ...] = ()
    compared_with: str | None = None


class OutputRecord(Document):
    """An output of a finished step run.

    Attributes:
        path: Where it lies on the datastore; the file itself if `is_file`, else the folder.
        digest: Of its content: relative paths and file digests, never the place or time.
        files: The files, None where there are more than `MAX_INLINE_FILES`.
        manifest: Name of the blob with the list of files in that case.
    """

    datastore: str
    path: str
    digest: str
    is_file: bool
    file_count: int
    total_bytes: int
    files: tuple[OutputFile, ...] | None = None
    manifest: str | None = None


class AttemptRecord(Document):
    """One try of a step that has ended."""

    attempt: int
    outcome: str
    message: str = ""
    exit_code: int | None = None
    started_at: str | None = None
    ended_at: str | None = None
    wall_seconds: float | None = None
    cpu_seconds: float | None = None
    peak_memory_bytes: int | None = None


class StepRecord(Document):
    """A step run. Frozen: a change is a new record (`model_copy(update=...)`) that passed the transition table.

    Attributes:
        attempt: The present or last try, from 1; 0 where nothing was tried (reused, skipped).
        failures_counted: Tries that used up the retry budget; a try that the compute lost does not.
        explanation: Why it ran or not.
        key: Reuse key, None before the inputs are known.
        key_document: The ingredients of the key.
        source: Step run id whose outputs these are: its own, or the earlier one that was reused.
        remote_id: The backend's id of the present try.
        detail: The compute service's own word for the state of the present try's job.
        error: One sentence for a step that failed.
        etag: The row's version as read or written; not stored in the row. None: there is no row yet.
    """

    schema_version: Literal[1] = 1
    run_id: str
    ordinal: int
    name: str
    status: StepStatus = StepStatus.NOT_STARTED
    attempt: int = 0
    failures_counted: int = 0
    reused: bool = False
    explanation: Explanation | None = None
    key: str | None = None
    key_document: dict[str, Any] | None = None
    source: str | None = None
    compute_target: str = ""
    backend: str = ""
    remote_id: str | None = None
    detail: str = ""
    queued_at: str | None = None
    started_at: str | None = None
    ended_at: str | None = None
    exit_code: int | None = None
    wall_seconds: float | None = None
    cpu_seconds: float | None = None
    peak_memory_bytes: int | None = None
    outputs: dict[str, OutputRecord] = {}
    files: tuple[str, ...] = ()
    attempts: tuple[AttemptRecord, ...] = ()
    warnings: tuple[str, ...] = ()
    error: str | None = None
    etag: Annotated[str | None, Field(exclude=True)] = None


class RunRecord(Document):
    """A pipeline run.

    Attributes:
        definition_id: Digest of the stored definition.
        parameters: All parameters with their bound values.
        properties: Facts that never change once they are written, such as those of git.
        resumed_from: Run id that this run resumes.
        parent_step_run_id: Step run that started this run (a sweep's trial); when it ends, so must this run.
        published_pipeline_id: The published pipeline that this is a run of.
        pipeline_endpoint_id: The endpoint through which it was submitted.
        schedule_id: The schedule that started it.
        run_source: What the submitter calls itself, free text.
        warnings: Sentences for the user.
        request_digest: Digest of the submit request, to tell a repeated request from a different one.
        etag: The row's version as read; not stored in the row.
    """

    schema_version: Literal[1] = 1
    run_id: str
    experiment: str
    pipeline: str
    description: str = ""
    status: RunStatus = RunStatus.NOT_STARTED
    created_at: str
    started_at: str | None = None
    ended_at: str | None = None
    definition_id: str
    parameters: dict[str, ParameterValue] = {}
    labels: Labels = {}
    step_count: int
    step_counts: dict[str, int] = {}
    continue_on_step_failure: bool = False
    regenerate_outputs: bool = False
    max_parallel_steps: int | None = None
    properties: dict[str, str] = {}
    resumed_from: str | None = None
    parent_step_run_id: str | None = None
    published_pipeline_id: str | None = None
    pipeline_endpoint_id: str | None = None
    schedule_id: str | None = None
    run_source: str = ""
    warnings: tuple[str, ...] = ()
    request_digest: str = ""
    submitted_by: str | None = None
    error: str | None = None
    etag: Annotated[str | None, Field(exclude=True)] = None


class ClaimOwner(Document):
    """Who is producing a reuse key right now."""

    run_id: str
    ordinal: int
    attempt: int


class ReuseEntry(Document):
    """A finished result that later steps with the same key may stand on.

    Attributes:
        document: The ingredients of the key.
        wall_seconds: What the step took: the time that a reuse saves.
    """

    schema_version: Literal[1] = 1
    key: str
    document: dict[str, Any]
    run_id: str
    ordinal: int
    experiment: str
    step_name: str
    finished_at: str
    wall_seconds: float | None = None
    outputs: dict[str, OutputRecord] = {}


class RunFilter(Document):
    """Which runs to list; None means any."""

    experiment: str | None = None
    pipeline: str | None = None
    status: RunStatus | None = None
    published_pipeline_id: str | None = None
    schedule_id: str | None = None
    parent_step_run_id: str | None = None


class Page[Item](BaseModel):
    """One page of a list and the token for the next one, None at the end."""

    model_config = ConfigDict(frozen=True)

    value: list[Item]
    continuation_token: str | None = None

    def shown[Other](self, view: Callable[[Item], Other]) -> "Page[Other]":
        """The same page with every item as `view` shows it."""
        return Page(value=[view(item) for item in self.value], continuation_token=self.continuation_token)

    def only(self, wanted: Callable[[Item], bool]) -> "Page[Item]":
        """The same page without the items that nobody wants: it is short then, and the next one is where it was."""
        return Page(value=[item for item in self.value if wanted(item)], continuation_token=self.continuation_token)
