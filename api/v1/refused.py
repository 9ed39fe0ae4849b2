"""v1's routes for graphs that were never published, which only its genuine SDK builds: refused with a sentence.

That SDK sends a pipeline as a graph of module documents of its own making. Pipeyard's SDK sends a definition, which
says more (`/api/runs`).
"""

from typing import Annotated

from fastapi import APIRouter, Path

from shared.core.errors import Fault, InvalidDocument

router = APIRouter()

_WRITES = (
    "/PipelineRuns/Unsubmitted/CreationInfoWithGraph",
    "/PipelineRuns/Submit/{id}",
    "/Experiments/Unsubmitted/CreationInfoWithGraph",
    "/Experiments/Submit/{id}",
    "/Pipelines/Create",
    "/PublishedPipelines/Create",
    "/Templates/Create",
    "/GraphDrafts",
    "/Modules",
    "/DataSources",
    "/DataTypes",
)
_READS = (
    "/GraphDrafts/{id}",
    "/Modules/{id}",
    "/Modules/Hash/{id}",
    "/DataSources/{id}",
    "/DataSources/Hash/{id}",
    "/DataTypes",
    "/AzureMLModules",
    "/AzureMLModules/{id}",
    "/AzureMLModuleVersions",
    "/AzureMLModuleVersions/{id}",
)


async def refuse() -> None:
    """Always refused: unpublished graphs of v1's genuine SDK are not offered."""
    message = (
        "Pipeyard does not take pipelines as graphs from the genuine v1 SDK. Build and publish them with the "
        "`pipeyard` SDK, which has the same classes, or POST a definition to /api/runs or /api/published-pipelines; "
        "what is published can be submitted here."
    )
    raise InvalidDocument([Fault(pointer="", message=message)])


async def refuse_one(_id: Annotated[str, Path(alias="id", min_length=1, max_length=255)]) -> None:
    """Always refused: unpublished graphs of v1's genuine SDK are not offered."""
    await refuse()


for _method, _paths in (("POST", _WRITES), ("GET", _READS)):
    for _path in _paths:
        router.add_api_route(_path, refuse_one if "{id}" in _path else refuse, methods=[_method])
