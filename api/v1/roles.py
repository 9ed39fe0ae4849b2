"""The role that each of v1's routes needs: the same as for doing the same thing by the other routes."""

from api.links import WORKSPACE
from shared.core.identity import Role

_READER = (
    "GET /Pipelines",
    "GET /Pipelines/View",
    "GET /Pipelines/{pipeline_id}",
    "GET /Pipelines/{pipeline_id}/View",
    "GET /PublishedPipelines",
    "GET /PublishedPipelines/{pipeline_id}",
    "GET /Templates",
    "GET /Templates/{pipeline_id}",
    "GET /PipelineEndpoints",
    "GET /PipelineEndpoints/Id/{endpoint_id}",
    "GET /PipelineEndpoints/Name",
    "GET /PipelineEndpoints/{endpoint_id}/pipelines",
    "GET /PipelineRuns/{run_id}",
    "GET /PipelineRuns/Pipeline/{pipeline_id}",
    "GET /PipelineRuns/Schedule/{schedule_id}",
    "GET /PipelineRuns/Schedule/{schedule_id}/Last",
    "GET /PipelineRuns/{run_id}/PipelineRunOutputs/{name}",
    "POST /PipelineRuns/{run_id}/Outputs",
    "POST /PipelineRuns/{run_id}/Graph/AllNodes/Status",
    "POST /PipelineRuns/{run_id}/Graph/AllNodes/StatusCode",
    "POST /PipelineRuns/{run_id}/Graph/Node/Status",
    "POST /PipelineRuns/{run_id}/Graph/Node/StatusCode",
    "POST /PipelineRuns/{run_id}/Graph/Shareable/JobLog",
    "POST /PipelineRuns/{run_id}/Graph/Shareable/STDERR",
    "POST /PipelineRuns/{run_id}/Graph/Shareable/STDOUT",
    "GET /Graphs/{graph_id}",
    "GET /Graphs/{graph_id}/Interface",
    "POST /PipelineDrafts",
    "GET /PipelineDrafts/{draft_id}",
    "GET /Schedules",
    "GET /Schedules/{schedule_id}",
    "GET /Schedules/Pipeline/{pipeline_id}",
    "GET /Schedules/PipelineEndpoint/{endpoint_id}",
    "GET /AzureMLModules",
    "GET /AzureMLModules/{id}",
    "GET /AzureMLModuleVersions",
    "GET /AzureMLModuleVersions/{id}",
    "GET /DataSources/{id}",
    "GET /DataSources/Hash/{id}",
    "GET /DataTypes",
    "GET /GraphDrafts/{id}",
    "GET /Modules/{id}",
    "GET /Modules/Hash/{id}",
    "POST /DataSources",
    "POST /DataTypes",
    "POST /GraphDrafts",
    "POST /Modules",
    "POST /Pipelines/Create",
    "POST /PublishedPipelines/Create",
    "POST /Templates/Create",
    "POST /PipelineRuns/Submit/{id}",
    "POST /PipelineRuns/Unsubmitted/CreationInfoWithGraph",
    "POST /Experiments/Submit/{id}",
    "POST /Experiments/Unsubmitted/CreationInfoWithGraph",
)
"""The last of them are always refused; anybody may read why."""
_CONTRIBUTOR = (
    "POST /PipelineRuns/PipelineSubmit/{pipeline_id}",
    "POST /PipelineRuns/PipelineEndpointSubmit/Id/{endpoint_id}",
    "POST /PipelineRuns/PipelineEndpointSubmit/Id/{endpoint_id}/{version}",
    "POST /PipelineRuns/PipelineEndpointSubmit/Name",
    "POST /PipelineRuns/PipelineDraftSubmit",
    "POST /Experiments/PipelineSubmit/{pipeline_id}",
    "POST /Experiments/PublishedPipelineSubmit/{pipeline_id}",
    "POST /Experiments/TemplateSubmit/{pipeline_id}",
    "PUT /PipelineRuns/{run_id}",
    "DELETE /PipelineRuns/{run_id}/Execution",
    "POST /PipelineDrafts/Create",
    "PUT /PipelineDrafts/{draft_id}",
    "GET /PipelineDrafts/Clone/{draft_id}",
    "GET /PipelineDrafts/ClonePipelineRun/{run_id}",
    "GET /PipelineDrafts/ClonePublished/{pipeline_id}",
)
_PUBLISHER = (
    "PUT /Pipelines/{pipeline_id}/status",
    "PUT /PublishedPipelines/{pipeline_id}/status",
    "PUT /Templates/{pipeline_id}/status",
    "POST /Pipelines/PipelineDraftCreate",
    "POST /PipelineEndpoints/Create",
    "PUT /PipelineEndpoints/{endpoint_id}",
    "POST /Schedules/Create",
    "PUT /Schedules/{schedule_id}",
)
_ADMINISTRATOR = ("DELETE /PipelineDrafts/{draft_id}",)


def _routes(listed: tuple[str, ...], role: Role) -> dict[tuple[str, str], Role]:
    pairs = (each.split(" ", 1) for each in listed)
    return {(method, f"{WORKSPACE}{path}"): role for method, path in pairs}


V1_ROLES = {
    **_routes(_READER, Role.READER),
    **_routes(_CONTRIBUTOR, Role.CONTRIBUTOR),
    **_routes(_PUBLISHER, Role.PUBLISHER),
    **_routes(_ADMINISTRATOR, Role.ADMINISTRATOR),
}
