"""The run history: what the management API does not say of a job, namely why it failed and where its logs are."""

import re
import secrets
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from local.emulators.azure_ml.calls import WORKSPACE, Call, endpoint, timestamp
from local.emulators.azure_ml.errors import not_found
from local.emulators.azure_ml.job_store import JobStore
from local.emulators.azure_ml.places import JobFolder
from local.emulators.documents import Document

_FROM = re.compile(r"bytes=(\d+)-\Z")


class RunHistory:
    """The history's part of the service."""

    def __init__(self, store: JobStore, folder: Callable[[str], JobFolder]) -> None:
        self._store = store
        self._folder = folder

    @property
    def routes(self) -> list[Route]:
        """All of them."""
        return [
            Route(f"/history/v1.0{WORKSPACE}/runs/{{name}}/details", endpoint(self._details, versioned=False)),
            Route("/logs/{name}/{key}/{path:path}", self._log),
        ]

    def _details(self, call: Call) -> Response:
        job = self._store.read(call.names["name"])
        if job is None:
            raise not_found("Run", call.names["name"])
        base = f"{call.base}/logs/{job['name']}/{job['log_key']}"
        details: dict[str, Any] = {
            "runId": job["name"],
            "target": job["properties"]["computeId"].rpartition("/")[2],
            "status": job["status"],
            "startTimeUtc": _time(job, "started"),
            "endTimeUtc": _time(job, "ended"),
            "error": job["error"],
            "warnings": [],
            "properties": job["properties"].get("properties") or {},
            "logFiles": {path: f"{base}/{path}" for path in self._logs(job["name"])},
            "submittedBy": "emulator",
        }
        return JSONResponse(details)

    def _logs(self, name: str) -> list[str]:
        root = self._folder(name).logs
        return sorted(file.relative_to(root).as_posix() for file in root.rglob("*.txt"))

    def _log(self, request: Request) -> Response:
        """A log file, for whoever has its address, as with a signed one of storage."""
        name, key, path = (request.path_params[part] for part in ("name", "key", "path"))
        job = self._store.read(name)
        if job is None or not secrets.compare_digest(job["log_key"], key) or path not in self._logs(name):
            return PlainTextResponse("There is no such log.", 404)
        content = (self._folder(name).logs / path).read_bytes()
        start = _FROM.match(request.headers.get("range", ""))
        if start is None:
            return Response(content, media_type="text/plain")
        # Readers of a growing log ask for what is new, as storage allows.
        first, total = int(start[1]), len(content)
        if first >= total:
            return Response(status_code=416, headers={"Content-Range": f"bytes */{total}"})
        headers = {"Content-Range": f"bytes {first}-{total - 1}/{total}"}
        return Response(content[first:], 206, headers, media_type="text/plain")


def _time(job: Document, name: str) -> str | None:
    return None if job[name] is None else timestamp(job[name])
