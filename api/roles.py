"""Who may do what: the role that each route needs, in one table. A role includes the ones before it.

A test compares the table with the application's routes; a route that is missing here is refused.
"""

import re

from api.v1.roles import V1_ROLES
from shared.core.identity import Role

OPEN_PATHS = frozenset({"/health", "/api/openapi.json", "/api/docs"})
"""Answered without a caller: they show nothing of the workspace."""

_READER = (
    ("GET", "/api/definitions/{definition_id}"),
    ("GET", "/api/runs"),
    ("GET", "/api/runs/{run_id}"),
    ("GET", "/api/runs/{run_id}/explain"),
    ("GET", "/api/runs/{run_id}/outputs/{name}"),
    ("GET", "/api/runs/{run_id}/steps"),
    ("GET", "/api/runs/{run_id}/steps/{step}"),
    ("GET", "/api/runs/{run_id}/steps/{step}/files"),
    ("GET", "/api/runs/{run_id}/steps/{step}/files/{path}"),
    ("GET", "/api/runs/{run_id}/steps/{step}/logs"),
    ("GET", "/api/runs/{run_id}/steps/{step}/metrics"),
    ("GET", "/api/runs/{run_id}/steps/{step}/outputs"),
    ("GET", "/api/runs/{run_id}/steps/{step}/outputs/{output}/files/{path}"),
    ("GET", "/api/snapshots/{snapshot_id}"),
    ("GET", "/api/experiments"),
    ("GET", "/api/datastores"),
    ("GET", "/api/datastores/{name}/files"),
    ("POST", "/api/datastores/{name}/downloads"),
    ("GET", "/api/datastores/{name}"),
    ("GET", "/api/published-pipelines"),
    ("GET", "/api/published-pipelines/{published_pipeline_id}"),
    ("GET", "/api/pipeline-endpoints"),
    ("GET", "/api/pipeline-endpoints/{endpoint_id}"),
    ("GET", "/api/pipeline-endpoints/by-name/{name}"),
    ("GET", "/api/pipeline-drafts"),
    ("GET", "/api/pipeline-drafts/{draft_id}"),
    ("GET", "/api/schedules"),
    ("GET", "/api/schedules/{schedule_id}"),
    ("GET", "/api/schedules/{schedule_id}/history"),
    ("GET", "/api/schedules/{schedule_id}/last-run"),
    ("GET", "/api/datasets"),
    ("GET", "/api/datasets/{dataset_id}"),
    ("GET", "/api/datasets/{dataset_id}/files"),
    ("GET", "/api/datasets/{dataset_id}/profile"),
    ("GET", "/api/datasets/by-name/{name}"),
    ("GET", "/api/datasets/by-name/{name}/versions"),
    ("GET", "/api/compute-targets"),
    ("GET", "/api/compute-targets/{name}"),
    ("GET", "/api/compute-targets/{name}/nodes"),
    ("GET", "/api/environments"),
    ("GET", "/api/environments/{name}"),
    ("GET", "/api/modules"),
    ("GET", "/api/modules/{module_id}"),
    ("GET", "/api/modules/by-name/{name}"),
    ("GET", "/api/models"),
    ("GET", "/api/models/{name}"),
    ("GET", "/api/webhooks"),
    ("GET", "/api/webhooks/{webhook_id}"),
    ("GET", "/api/webhooks/{webhook_id}/deliveries"),
    ("GET", "/api/whoami"),
)
_CONTRIBUTOR = (
    ("POST", "/api/validate"),
    ("POST", "/api/definitions"),
    ("POST", "/api/plan"),
    ("POST", "/api/runs"),
    ("POST", "/api/runs/{run_id}/cancel"),
    ("POST", "/api/runs/{run_id}/resume"),
    ("POST", "/api/snapshots"),
    ("PUT", "/api/snapshots/files/{sha256}"),
    ("POST", "/api/datastores/{name}/uploads"),
    ("PATCH", "/api/runs/{run_id}"),
    ("POST", "/api/published-pipelines/{published_pipeline_id}/submit"),
    ("POST", "/api/pipeline-endpoints/{endpoint_id}/submit"),
    ("POST", "/api/pipeline-drafts"),
    ("PATCH", "/api/pipeline-drafts/{draft_id}"),
    ("POST", "/api/pipeline-drafts/{draft_id}/submit"),
    ("POST", "/api/schedules/preview"),
    ("POST", "/api/datasets"),
    ("PATCH", "/api/datasets/{dataset_id}"),
    ("PUT", "/api/datasets/{dataset_id}/profile"),
    ("PUT", "/api/environments/{name}"),
    ("POST", "/api/modules"),
    ("PATCH", "/api/modules/{module_id}"),
    ("POST", "/api/modules/{module_id}/versions"),
    ("POST", "/api/models"),
    ("PATCH", "/api/models/{name}/{version}"),
)
_PUBLISHER = (
    ("POST", "/api/published-pipelines"),
    ("PUT", "/api/published-pipelines/{published_pipeline_id}/status"),
    ("POST", "/api/pipeline-endpoints"),
    ("PATCH", "/api/pipeline-endpoints/{endpoint_id}"),
    ("POST", "/api/pipeline-endpoints/{endpoint_id}/versions"),
    ("POST", "/api/pipeline-endpoints/{endpoint_id}/rollback"),
    ("POST", "/api/pipeline-drafts/{draft_id}/publish"),
    ("POST", "/api/schedules"),
    ("PATCH", "/api/schedules/{schedule_id}"),
)
_ADMINISTRATOR = (
    ("GET", "/api/audit"),
    ("DELETE", "/api/runs/{run_id}"),
    ("GET", "/api/maintenance/purge"),
    ("POST", "/api/maintenance/purge"),
    ("GET", "/api/maintenance/backup"),
    ("POST", "/api/maintenance/restore"),
    ("PUT", "/api/datastores/{name}"),
    ("DELETE", "/api/datastores/{name}"),
    ("PUT", "/api/default-datastore"),
    ("DELETE", "/api/pipeline-drafts/{draft_id}"),
    ("DELETE", "/api/schedules/{schedule_id}"),
    ("DELETE", "/api/datasets/by-name/{name}"),
    ("DELETE", "/api/models/{name}/{version}"),
    ("PUT", "/api/compute-targets/{name}"),
    ("PATCH", "/api/compute-targets/{name}"),
    ("DELETE", "/api/compute-targets/{name}"),
    ("POST", "/api/webhooks"),
    ("PATCH", "/api/webhooks/{webhook_id}"),
    ("DELETE", "/api/webhooks/{webhook_id}"),
    ("POST", "/api/webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver"),
)

ROLES: dict[tuple[str, str], Role] = {
    **dict.fromkeys(_READER, Role.READER),
    **dict.fromkeys(_CONTRIBUTOR, Role.CONTRIBUTOR),
    **dict.fromkeys(_PUBLISHER, Role.PUBLISHER),
    **dict.fromkeys(_ADMINISTRATOR, Role.ADMINISTRATOR),
    **V1_ROLES,
}
"""Role by method and path template, as OpenAPI writes the path."""

_STARTS = re.compile(r"/api/runs|.*/(submit|resume)|.*[a-z]Submit(/.*)?")
STARTS_RUNS = frozenset(
    (method, path)
    for (method, path), role in ROLES.items()
    if method == "POST" and role is Role.CONTRIBUTOR and _STARTS.fullmatch(path)
)
"""Routes whose requests count against the limits of runs."""

_NOT_AUDITED = frozenset(
    {
        ("GET", "/api/audit"),
        ("GET", "/api/maintenance/purge"),
        ("POST", "/api/validate"),
        ("POST", "/api/plan"),
        ("POST", "/api/definitions"),
        ("POST", "/api/snapshots"),
        ("PUT", "/api/snapshots/files/{sha256}"),
        ("POST", "/api/datastores/{name}/uploads"),
        ("POST", "/api/schedules/preview"),
        ("PUT", "/api/datasets/{dataset_id}/profile"),
    }
)
AUDITED = frozenset(route for route, role in ROLES.items() if role is not Role.READER) - _NOT_AUDITED
"""Routes that change something that somebody may ask about later."""
