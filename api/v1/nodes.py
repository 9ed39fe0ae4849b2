"""v1's routes for the nodes of a run: statuses, outputs, logs. Bodies are arrays with one node id."""

from typing import Annotated, Any

from fastapi import APIRouter, Body
from fastapi.responses import PlainTextResponse

from api.dependencies import RunId, WorkspaceDep
from api.v1.node_entities import NodeOutput, TaskStatus, node_id, node_output, ordinal_of, status_code, task_status
from api.v1.wire import Segment
from shared.core import names
from shared.core.errors import NotFound
from shared.core.records import StepRecord
from shared.core.wording import listed, quoted
from shared.services import reading
from shared.services.workspace import Workspace

router = APIRouter(prefix="/PipelineRuns/{run_id}")

NodePath = Annotated[
    list[str], Body(min_length=1, max_length=20, description="The node's id (or its step's name), as only item.")
]
_TEXT: dict[int | str, dict[str, Any]] = {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}
MAX_LOG_BYTES = 16 * 1024 * 1024
"""A longer log is cut here; `/api/runs/{run_id}/steps/{step}/logs` reads it to its end."""


@router.post("/Graph/AllNodes/StatusCode")
async def all_status_codes(workspace: WorkspaceDep, run_id: RunId) -> dict[str, str]:
    """Status by node id."""
    return {node_id(row.ordinal): status_code(row) for row in reading.step_rows(workspace, run_id)}


@router.post("/Graph/AllNodes/Status")
async def all_statuses(workspace: WorkspaceDep, run_id: RunId) -> dict[str, TaskStatus]:
    """More than the status, by node id."""
    run = workspace.services.runs.get_run(run_id)
    return {
        node_id(row.ordinal): task_status(run, row, names.step_run_id(run_id, row.ordinal))
        for row in reading.step_rows(workspace, run_id)
    }


@router.post("/Graph/Node/StatusCode")
async def one_status_code(workspace: WorkspaceDep, run_id: RunId, node: NodePath) -> str:
    """Status of a node."""
    return status_code(_row(workspace, run_id, node))


@router.post("/Graph/Node/Status")
async def one_status(workspace: WorkspaceDep, run_id: RunId, node: NodePath) -> TaskStatus:
    """More than the status of a node."""
    row = _row(workspace, run_id, node)
    return task_status(workspace.services.runs.get_run(run_id), row, names.step_run_id(run_id, row.ordinal))


@router.post("/Outputs")
async def outputs(workspace: WorkspaceDep, run_id: RunId, node: NodePath) -> dict[str, NodeOutput]:
    """Outputs of a node, by their names."""
    return {name: node_output(output) for name, output in _row(workspace, run_id, node).outputs.items()}


@router.get("/PipelineRunOutputs/{name}")
async def pipeline_output(workspace: WorkspaceDep, run_id: RunId, name: Segment) -> NodeOutput:
    """An output of the whole pipeline."""
    context = workspace.context(run_id)
    source = context.definition.outputs.get(name)
    if source is None:
        known = listed([quoted(each) for each in context.definition.outputs], limit=20) or "none"
        raise NotFound(f"The pipeline has no output {quoted(name)}; it has {known}.")
    output = reading.step_row(workspace, run_id, source.step).outputs.get(source.output)
    if output is None:
        raise NotFound(f"Step {quoted(source.step)}, which writes {quoted(name)}, has not finished.")
    return node_output(output)


@router.post("/Graph/Shareable/STDOUT", response_model=None, responses=_TEXT)
@router.post("/Graph/Shareable/STDERR", response_model=None, responses=_TEXT)
@router.post("/Graph/Shareable/JobLog", response_model=None, responses=_TEXT)
async def log(workspace: WorkspaceDep, run_id: RunId, node: NodePath) -> PlainTextResponse:
    """A node's log as text. What the script wrote to its two streams and the runner's own lines are one log."""
    row = _row(workspace, run_id, node)
    pieces: list[str] = []
    offset = 0
    while offset < MAX_LOG_BYTES:
        text, after, complete = reading.read_log(workspace, run_id, row.name, offset, None)
        pieces.append(text)
        if complete or after == offset:
            break
        offset = after
    return PlainTextResponse("".join(pieces))


def _row(workspace: Workspace, run_id: str, node: list[str]) -> StepRecord:
    """The step run of a node. In v1 several ids lead through nested graphs, which there are none of here."""
    context = workspace.context(run_id)
    ordinal = ordinal_of(context, node[-1])
    return reading.step_row(workspace, run_id, context.definition.steps[ordinal].name)
