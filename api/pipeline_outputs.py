"""Outputs of a run under the names that the pipeline gives them (v1's pipeline outputs)."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel

from api.dependencies import RunId, WorkspaceDep
from api.views import OutputFileView, OutputView, output_view
from shared.services.inputs import output_files
from shared.services.reading import pipeline_output

router = APIRouter(prefix="/api/runs/{run_id}/outputs", tags=["runs"])


class PipelineOutputView(BaseModel):
    """An output of the pipeline: which step's it is, and the output itself."""

    name: str
    step: str
    output: OutputView


@router.get("/{name}")
async def get(
    workspace: WorkspaceDep, run_id: RunId, name: Annotated[str, Path(min_length=1, max_length=128)]
) -> PipelineOutputView:
    """An output of the pipeline, once its step has finished."""
    source, record = pipeline_output(workspace, run_id, name)
    files = [
        OutputFileView(path=file.path, size=file.size, sha256=file.sha256, md5=file.md5)
        for file in output_files(workspace, record)
    ]
    return PipelineOutputView(name=name, step=source.step, output=output_view(source.output, record, files))
