"""Step runs: state, logs, metrics, outputs, files."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import RedirectResponse
from pydantic import BaseModel

from api.dependencies import RunId, StepName, WorkspaceDep
from api.views import ListOf, OutputFileView, OutputView, StepView, output_view, step_view
from shared.services import reading
from shared.services.inputs import output_files

router = APIRouter(prefix="/api/runs/{run_id}/steps", tags=["steps"])


class LogChunk(BaseModel):
    """A piece of a log: go on at `next_offset` (bytes) unless `complete`."""

    text: str
    next_offset: int
    complete: bool


class FileView(BaseModel):
    """A file that a script left under `outputs/` or `logs/`."""

    path: str


@router.get("")
async def list_steps(workspace: WorkspaceDep, run_id: RunId) -> ListOf[StepView]:
    """All steps of a run in the definition's order."""
    context = workspace.context(run_id)
    rows = reading.step_rows(workspace, run_id)
    return ListOf(value=[step_view(context.definition, context.graph, row) for row in rows])


@router.get("/{step}")
async def get(workspace: WorkspaceDep, run_id: RunId, step: StepName) -> StepView:
    """A step run."""
    context = workspace.context(run_id)
    return step_view(context.definition, context.graph, reading.step_row(workspace, run_id, step))


@router.get("/{step}/logs")
async def logs(
    workspace: WorkspaceDep,
    run_id: RunId,
    step: StepName,
    offset: Annotated[int, Query(ge=0, le=2**50)] = 0,
    attempt: Annotated[int | None, Query(ge=1, le=1000)] = None,
) -> LogChunk:
    """The log from a byte offset on; grows while the step runs. A reused step shows the log of its source."""
    text, next_offset, complete = reading.read_log(workspace, run_id, step, offset, attempt)
    return LogChunk(text=text, next_offset=next_offset, complete=complete)


@router.get("/{step}/metrics")
async def metrics(workspace: WorkspaceDep, run_id: RunId, step: StepName) -> ListOf[dict[str, Any]]:
    """Metrics in the order in which they were logged."""
    return ListOf(value=reading.read_metrics(workspace, run_id, step))


@router.get("/{step}/outputs")
async def outputs(workspace: WorkspaceDep, run_id: RunId, step: StepName) -> ListOf[OutputView]:
    """The outputs of a finished step with their files."""
    row = reading.step_row(workspace, run_id, step)
    return ListOf(
        value=[
            output_view(
                name,
                output,
                [
                    OutputFileView(path=file.path, size=file.size, sha256=file.sha256, md5=file.md5)
                    for file in output_files(workspace, output)
                ],
            )
            for name, output in row.outputs.items()
        ]
    )


@router.get("/{step}/outputs/{output}/files/{path:path}", status_code=307, response_class=RedirectResponse)
async def output_file(workspace: WorkspaceDep, run_id: RunId, step: StepName, output: str, path: str) -> str:
    """Redirects to a short-lived address of the file's bytes; `path` is empty where the output is one file."""
    return reading.output_file_url(workspace, run_id, step, output, path)


@router.get("/{step}/files")
async def files(workspace: WorkspaceDep, run_id: RunId, step: StepName) -> ListOf[FileView]:
    """Files that the script left under `outputs/` and `logs/`."""
    return ListOf(value=[FileView(path=path) for path in reading.source_row(workspace, run_id, step).files])


@router.get("/{step}/files/{path:path}", status_code=307, response_class=RedirectResponse)
async def file(workspace: WorkspaceDep, run_id: RunId, step: StepName, path: str) -> str:
    """Redirects to a short-lived address of such a file's bytes."""
    return reading.artifact_url(workspace, run_id, step, path)
