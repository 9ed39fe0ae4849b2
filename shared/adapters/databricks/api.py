"""The part of Databricks' REST that Pipeyard uses, call by call."""

import base64
from typing import Any
from urllib.parse import quote

from shared.adapters.databricks.connection import Connection, NotThere
from shared.core.errors import BackendError

_RUNS = "/api/2.2/jobs/runs"
_WORKSPACE = "/api/2.0/workspace"
_LONGEST_PAGE = 24


class DatabricksApi:
    """Calls of one Databricks workspace; every method raises BackendError where it refuses or does not answer."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def submit_run(self, body: dict[str, Any]) -> int:
        """Start a run, or find the one that was started with the same idempotency token."""
        return int(self._post("take the run", f"{_RUNS}/submit", body)["run_id"])

    def run(self, run_id: int) -> dict[str, Any] | None:
        """A run; None where there is none of this id."""
        try:
            return self._get(f"tell of run {run_id}", f"{_RUNS}/get", run_id=run_id)
        except NotThere:
            return None

    def find_run(self, name_end: str) -> int | None:
        """The run under way whose name ends so; None where Databricks knows of none."""
        query: dict[str, Any] = {"active_only": "true", "run_type": "SUBMIT_RUN", "limit": _LONGEST_PAGE}
        while True:
            page = self._get("list its runs", f"{_RUNS}/list", **query)
            for run in page.get("runs") or ():
                if str(run.get("run_name")).endswith(name_end):
                    return int(run["run_id"])
            if not page.get("next_page_token"):
                return None
            query["page_token"] = page["next_page_token"]

    def run_output(self, task_run_id: int) -> dict[str, Any]:
        """What the run of a task left; a run made of tasks has no output of its own."""
        return self._get(f"give the output of run {task_run_id}", f"{_RUNS}/get-output", run_id=task_run_id)

    def cancel_run(self, run_id: int) -> None:
        """Ask for a run's end."""
        self._post(f"cancel run {run_id}", f"{_RUNS}/cancel", {"run_id": run_id})

    def is_cluster_running(self, cluster_id: str) -> bool:
        """Whether a cluster could take work right now."""
        cluster = self._get(f"tell of cluster {cluster_id}", "/api/2.1/clusters/get", cluster_id=cluster_id)
        return cluster.get("state") in {"RUNNING", "RESIZING"}

    def user_name(self) -> str:
        """Whoever the connection belongs to, as their home folder is called."""
        found = self._get("tell who is calling", "/api/2.0/preview/scim/v2/Me")
        return str(found["userName"])

    def make_folder(self, path: str) -> None:
        """Create a folder of the workspace and those above it."""
        self._post(f"make the folder {path}", f"{_WORKSPACE}/mkdirs", {"path": path})

    def put_file(self, path: str, content: bytes) -> None:
        """Create or replace a file of the workspace. It stays a file, whatever it begins with."""
        # As a form: JSON could carry a few megabytes only. RAW: source that looks like a notebook would become one.
        self._connection.call(
            f"take the file {path}",
            "POST",
            f"{_WORKSPACE}/import",
            data={"path": path, "format": "RAW", "overwrite": "true"},
            files={"content": (path.rpartition("/")[2], content)},
        )

    def object_type(self, path: str) -> str | None:
        """What is at a path of the workspace, such as `FILE` or `NOTEBOOK`; None where nothing is."""
        try:
            return str(self._get(f"tell what is at {path}", f"{_WORKSPACE}/get-status", path=path)["object_type"])
        except NotThere:
            return None

    def delete_folder(self, path: str) -> None:
        """Delete a folder of the workspace with everything in it; missing is fine."""
        try:
            self._post(f"delete {path}", f"{_WORKSPACE}/delete", {"path": path, "recursive": True})
        except NotThere:
            return

    def export(self, path: str, format_: str) -> bytes:
        """A notebook or a file of the workspace, in full."""
        answer = self._get(f"export {path}", f"{_WORKSPACE}/export", path=path, format=format_)
        try:
            return base64.b64decode(answer["content"], validate=True)
        except (KeyError, ValueError):
            raise BackendError(f"Databricks exported {path} in a form that cannot be read.") from None

    def volume_file(self, path: str) -> dict[str, Any]:
        """Size and time of a file of a volume."""
        wanted = ["content-length", "last-modified"]
        return self._connection.call(
            f"tell of {path}", "HEAD", f"/api/2.0/fs/files{quote(path)}", response_headers=wanted
        )

    def dbfs_file(self, path: str) -> dict[str, Any]:
        """Size and time of a file of DBFS; the path is without its scheme."""
        return self._get(f"tell of dbfs:{path}", "/api/2.0/dbfs/get-status", path=path)

    def _get(self, doing: str, route: str, **query: Any) -> dict[str, Any]:
        return self._connection.call(doing, "GET", route, query=query)

    def _post(self, doing: str, route: str, body: dict[str, Any]) -> dict[str, Any]:
        return self._connection.call(doing, "POST", route, body=body)
