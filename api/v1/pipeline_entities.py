"""Published pipelines and endpoints in v1's words."""

from typing import Any

from api.links import Links
from api.v1.assignments import wire_values
from api.v1.submissions import DataPathAssignment, DataSetAssignment
from api.v1.wire import Wire
from shared.core.publishing import PipelineEndpoint, PublishedPipeline


class PipelineEntity(Wire):
    """A published pipeline. Clients submit it to `Url`."""

    id: str
    name: str
    description: str
    version: str
    graph_id: str
    total_run_steps: int
    parameter_assignments: dict[str, str]
    data_path_assignments: dict[str, DataPathAssignment]
    data_set_definition_value_assignments: dict[str, DataSetAssignment]
    url: str
    continue_run_on_step_failure: bool
    properties: dict[str, str]
    entity_status: str
    etag: str | None
    created_date: str
    last_modified_date: str
    tags: dict[str, str] = {}


class PipelineViewEntity(Wire):
    """A published pipeline with its runs. `TotalRuns` counts so far only."""

    pipeline_entity: PipelineEntity
    last_run_id: str | None
    last_run_created_time: str | None
    last_run_status: str | None
    total_runs: int


class PipelineVersionEntity(Wire):
    """A version of an endpoint."""

    version: str
    pipeline_id: str


class PipelineEndpointEntity(Wire):
    """An endpoint. Clients submit its default version to `Url`, and others to that and `/<version>`."""

    id: str
    name: str
    description: str
    default_version: str
    pipeline_version_list: list[PipelineVersionEntity]
    url: str
    swagger_url: str
    entity_status: str
    properties: dict[str, str]
    etag: str | None
    created_date: str
    last_modified_date: str
    tags: dict[str, str] = {}


class EndpointCreation(Wire):
    """What v1's clients send to make an endpoint."""

    name: str | None = None
    description: str | None = None
    pipeline_id: str | None = None
    properties: dict[str, Any] | None = None


class SentVersion(Wire):
    """A version in an update."""

    version: str | int | None = None
    pipeline_id: str


class EndpointUpdate(Wire):
    """What v1's clients send to change an endpoint: only what changes."""

    name: str | None = None
    description: str | None = None
    default_version: str | int | None = None
    pipeline_version_list: list[SentVersion] | None = None
    entity_status: str | int | None = None


def pipeline_entity(links: Links, record: PublishedPipeline) -> PipelineEntity:
    """A published pipeline as v1 shows it."""
    return PipelineEntity(
        id=record.published_pipeline_id,
        name=record.name,
        description=record.description,
        version=record.version,
        graph_id=record.definition_id,
        total_run_steps=record.step_count,
        **wire_values({name: parameter.default for name, parameter in record.parameters.items()}),
        url=links.submit_published(record.published_pipeline_id),
        continue_run_on_step_failure=record.continue_on_step_failure,
        properties=record.properties,
        entity_status=record.status.value,
        etag=record.etag,
        created_date=record.created_at,
        last_modified_date=record.updated_at,
    )


def endpoint_entity(links: Links, record: PipelineEndpoint) -> PipelineEndpointEntity:
    """An endpoint as v1 shows it."""
    versions = [
        PipelineVersionEntity(version=each.version, pipeline_id=each.published_pipeline_id) for each in record.versions
    ]
    return PipelineEndpointEntity(
        id=record.pipeline_endpoint_id,
        name=record.name,
        description=record.description,
        default_version=record.default_version,
        pipeline_version_list=versions,
        url=links.submit_endpoint(record.pipeline_endpoint_id),
        swagger_url=links.description(),
        entity_status=record.status.value,
        properties=record.properties,
        etag=record.etag,
        created_date=record.created_at,
        last_modified_date=record.updated_at,
    )
