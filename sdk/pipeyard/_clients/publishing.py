"""Routes of published pipelines, pipeline endpoints and drafts, one method each."""

import uuid
from collections.abc import Iterator, Mapping
from typing import Any, cast

from pipeyard import _wire
from pipeyard._clients._paging import pages, part
from pipeyard._http import HttpSession

type Json = dict[str, Any]
PUBLISHED = "/api/published-pipelines"
ENDPOINTS = "/api/pipeline-endpoints"
DRAFTS = "/api/pipeline-drafts"


class PublishingClient:
    """What is kept to be started later."""

    def __init__(self, http: HttpSession) -> None:
        self._http = http

    def publish(self, body: Mapping[str, Any]) -> Json:
        """Publish a definition, or what a run ran."""
        return cast("Json", self._http.post(PUBLISHED, body))

    def get_published(self, published_id: str) -> Json:
        """A published pipeline."""
        return cast("Json", self._http.get(f"{PUBLISHED}/{part(published_id)}"))

    def list_published(self, *, active_only: bool) -> Iterator[Json]:
        """Published pipelines, newest first."""
        return pages(self._http, PUBLISHED, {"active_only": _flag(active_only)})

    def set_published_status(self, published_id: str, status: str) -> Json:
        """Enable or disable a published pipeline."""
        route = f"{PUBLISHED}/{part(published_id)}/status"
        return cast("Json", self._http.send("PUT", route, json={"status": status}).json())

    def submit_published(self, published_id: str, body: Mapping[str, Any]) -> _wire.RunDocument:
        """Start a published pipeline."""
        return self._submit(f"{PUBLISHED}/{part(published_id)}/submit", body)

    def create_endpoint(self, body: Mapping[str, Any]) -> Json:
        """Create an endpoint."""
        return cast("Json", self._http.post(ENDPOINTS, body))

    def get_endpoint(self, endpoint_id: str) -> Json:
        """An endpoint by id."""
        return cast("Json", self._http.get(f"{ENDPOINTS}/{part(endpoint_id)}"))

    def get_endpoint_by_name(self, name: str) -> Json:
        """An endpoint by name."""
        return cast("Json", self._http.get(f"{ENDPOINTS}/by-name/{part(name)}"))

    def list_endpoints(self, *, active_only: bool) -> Iterator[Json]:
        """Endpoints, newest first."""
        return pages(self._http, ENDPOINTS, {"active_only": _flag(active_only)})

    def change_endpoint(self, endpoint_id: str, changes: Mapping[str, Any]) -> Json:
        """Change an endpoint."""
        return cast("Json", self._http.send("PATCH", f"{ENDPOINTS}/{part(endpoint_id)}", json=changes).json())

    def add_version(self, endpoint_id: str, published_id: str, *, set_default: bool) -> Json:
        """Add a version to an endpoint."""
        body = {"published_pipeline_id": published_id, "set_default": set_default}
        return cast("Json", self._http.post(f"{ENDPOINTS}/{part(endpoint_id)}/versions", body))

    def rollback(self, endpoint_id: str, to_version: str | None) -> Json:
        """Make an earlier version the default again."""
        body = {} if to_version is None else {"to_version": to_version}
        return cast("Json", self._http.post(f"{ENDPOINTS}/{part(endpoint_id)}/rollback", body))

    def submit_endpoint(self, endpoint_id: str, version: str | None, body: Mapping[str, Any]) -> _wire.RunDocument:
        """Start a version of an endpoint, the default one unless another is named."""
        query = "" if version is None else f"?version={part(version)}"
        return self._submit(f"{ENDPOINTS}/{part(endpoint_id)}/submit{query}", body)

    def create_draft(self, body: Mapping[str, Any]) -> Json:
        """Create a draft."""
        return cast("Json", self._http.post(DRAFTS, body))

    def get_draft(self, draft_id: str) -> Json:
        """A draft."""
        return cast("Json", self._http.get(f"{DRAFTS}/{part(draft_id)}"))

    def list_drafts(self, tag: str | None = None) -> Iterator[Json]:
        """Drafts, newest first."""
        return pages(self._http, DRAFTS, {"tag": tag})

    def change_draft(self, draft_id: str, changes: Mapping[str, Any]) -> Json:
        """Change a draft."""
        return cast("Json", self._http.send("PATCH", f"{DRAFTS}/{part(draft_id)}", json=changes).json())

    def delete_draft(self, draft_id: str) -> None:
        """Delete a draft."""
        self._http.send("DELETE", f"{DRAFTS}/{part(draft_id)}")

    def submit_draft(self, draft_id: str) -> _wire.RunDocument:
        """Start a draft."""
        return self._submit(f"{DRAFTS}/{part(draft_id)}/submit", {})

    def publish_draft(self, draft_id: str) -> Json:
        """Publish a draft."""
        return cast("Json", self._http.post(f"{DRAFTS}/{part(draft_id)}/publish", {}))

    def change_run(self, run_id: str, changes: Mapping[str, Any]) -> _wire.RunDocument:
        """Change labels, properties or the description of a run."""
        answer = self._http.send("PATCH", f"/api/runs/{part(run_id)}", json=changes).json()
        return cast("_wire.RunDocument", answer)

    def list_runs(self, **query: str) -> Iterator[_wire.RunDocument]:
        """Runs, newest first, by the fields that the route knows."""
        return cast("Iterator[_wire.RunDocument]", pages(self._http, "/api/runs", query))

    def get_definition(self, definition_id: str) -> _wire.Definition:
        """A stored definition."""
        return cast("_wire.Definition", self._http.get(f"/api/definitions/{part(definition_id)}"))

    def list_run_files(self, run_id: str, step: str) -> list[str]:
        """Files that a step left below `outputs/` and `logs/`."""
        route = f"/api/runs/{part(run_id)}/steps/{part(step)}/files"
        return [item["path"] for item in self._http.get(route)["value"]]

    def run_file_url(self, run_id: str, step: str, path: str) -> str:
        """A short-lived address of such a file."""
        route = f"/api/runs/{part(run_id)}/steps/{part(step)}/files/"
        return self._http.redirect_of(route + "/".join(map(part, path.split("/"))))

    def _submit(self, route: str, body: Mapping[str, Any]) -> _wire.RunDocument:
        answer = self._http.post(route, body, headers={"Idempotency-Key": str(uuid.uuid4())})
        return cast("_wire.RunDocument", answer)


def _flag(value: bool) -> str:  # noqa: FBT001  (a value, not a switch)
    return "true" if value else "false"
