"""The shapes that travel over HTTP (docs/http-api.md), as types only: nothing is checked when the program runs.

The SDK reads what it needs by these names and ignores what it does not know, so an older SDK keeps working with a
newer workspace. Times are ISO 8601 in UTC.
"""

from typing import Any, NotRequired, Required, TypedDict

Definition = dict[str, Any]
"""A pipeline definition document (docs/definition.md)."""
Scalar = str | bool | int | float


class RunRequest(TypedDict, total=False):
    """Body of a submit and of a plan."""

    definition: Definition
    definition_id: str
    experiment_name: str
    description: str
    parameters: dict[str, Scalar]
    labels: dict[str, str]
    continue_on_step_failure: bool
    regenerate_outputs: bool
    max_parallel_steps: int


class RunDocument(TypedDict, total=False):
    """A pipeline run."""

    run_id: Required[str]
    experiment: Required[str]
    pipeline: Required[str]
    status: Required[str]
    description: str
    created_at: str
    started_at: str | None
    ended_at: str | None
    definition_id: str
    parameters: dict[str, Scalar]
    labels: dict[str, str]
    step_count: int
    step_counts: dict[str, int]
    continue_on_step_failure: bool
    regenerate_outputs: bool
    max_parallel_steps: int | None
    resumed_from: str | None
    submitted_by: str | None
    error: str | None


class DifferenceDocument(TypedDict):
    """One ingredient of the reuse key that changed; `before` or `after` is None where it is new or gone."""

    kind: str
    name: str
    before: str | None
    after: str | None


class ExplanationDocument(TypedDict, total=False):
    """Why a step ran, will run, was reused or was not run at all."""

    code: Required[str]
    sentence: Required[str]
    differences: list[DifferenceDocument]
    compared_with: str | None


class StepRunDocument(TypedDict, total=False):
    """A step run."""

    step_run_id: Required[str]
    run_id: Required[str]
    name: Required[str]
    status: Required[str]
    ordinal: int
    type: str
    attempt: int
    detail: str
    reused: bool
    source: str | None
    explanation: ExplanationDocument | None
    depends_on: list[str]
    compute_target: str
    started_at: str | None
    ended_at: str | None
    exit_code: int | None
    wall_seconds: float | None
    cpu_seconds: float | None
    peak_memory_bytes: int | None
    attempts: list[dict[str, Any]]
    warnings: list[str]
    error: str | None
    labels: dict[str, str]


class StepExplanation(TypedDict, total=False):
    """One row of `explain`."""

    step: Required[str]
    status: Required[str]
    reused: bool
    code: str | None
    sentence: str | None
    differences: list[DifferenceDocument]
    compared_with: str | None


class PlannedStep(TypedDict, total=False):
    """One row of `plan`; `action` is `run`, `reuse` or `blocked`."""

    name: Required[str]
    action: Required[str]
    explanation: ExplanationDocument | None
    source: str | None
    saves_seconds: float | None


class LogPage(TypedDict):
    """A piece of a log; `next_offset` counts bytes."""

    text: str
    next_offset: int
    complete: bool


class MetricDocument(TypedDict, total=False):
    """One logged value."""

    name: Required[str]
    value: Required[Any]
    kind: str
    step: int | None
    time: str


class FileDocument(TypedDict):
    """A file of an output; `path` is "" where the output is one single file."""

    path: str
    size: int
    sha256: str | None
    md5: NotRequired[str | None]


class OutputDocument(TypedDict, total=False):
    """An output of a finished step run."""

    name: Required[str]
    datastore: Required[str]
    path: Required[str]
    digest: str
    is_file: bool
    file_count: int
    total_bytes: int
    files: list[FileDocument]


class SnapshotAnswer(TypedDict):
    """What a workspace still lacks of a snapshot; nothing missing means that it is registered."""

    snapshot_id: str
    missing: list[str]


class DatastoreDocument(TypedDict):
    """A datastore."""

    name: str
    type: str
    is_default: bool
    account_name: str | None
    container: str | None
    endpoint: str | None
    path: str | None
    description: str
    credential: str
    created_at: str | None


class StoredFile(TypedDict):
    """A file on a datastore."""

    path: str
    size: int
    etag: str


class ExperimentDocument(TypedDict):
    """An experiment."""

    name: str
    created_at: str


class RunPage(TypedDict):
    """One page of runs, newest first; the token leads to the next page, None at the end."""

    value: list[RunDocument]
    continuation_token: str | None
