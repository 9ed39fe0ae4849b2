"""Routes of the jobs."""

import secrets
import time
from http import HTTPStatus
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.emulators.azure_ml.calls import PROVIDER, WORKSPACE, Call, endpoint, resource
from local.emulators.azure_ml.contract import CommandJob, Envelope
from local.emulators.azure_ml.errors import Refusal, not_found
from local.emulators.azure_ml.job_checks import JobChecks
from local.emulators.azure_ml.job_queue import JobQueue
from local.emulators.azure_ml.job_store import TERMINAL, JobStore
from local.emulators.azure_ml.places import artifact_uri
from local.emulators.documents import Document

_CANCELING = f"{WORKSPACE.partition(PROVIDER)[0]}{PROVIDER}/locations/{{location}}/mfeOperationResults/jc:{{name}}"
_PAGE = 20


class Jobs:
    """The jobs' part of the service.

    Args:
        store: What there is.
        queue: Runs what is new.
        checks: Says what can be taken.
    """

    def __init__(self, store: JobStore, queue: JobQueue, checks: JobChecks) -> None:
        self._store = store
        self._queue = queue
        self._checks = checks

    @property
    def routes(self) -> list[Route]:
        """All of them."""
        one = f"{WORKSPACE}/jobs/{{name}}"
        return [
            Route(f"{WORKSPACE}/jobs", endpoint(self._list)),
            Route(one, endpoint(self._put), methods=["PUT"]),
            Route(one, endpoint(self._get)),
            Route(one, endpoint(self._delete), methods=["DELETE"]),
            Route(f"{one}/cancel", endpoint(self._cancel), methods=["POST"]),
            Route(_CANCELING, endpoint(self._canceling)),
        ]

    def _put(self, call: Call) -> Response:
        name, asked = call.names["name"], call.body(Envelope[CommandJob]).properties
        kept = self._store.read(name)
        if kept is not None:
            return JSONResponse(_shown(call, self._store.set_tags(name, asked.tags or {})))
        self._checks.check(call, asked)
        job: Document = {
            "name": name,
            "workspace": call.workspace,
            "properties": asked.document(),
            "status": "NotStarted",
            "error": None,
            "created": time.time(),
            "started": None,
            "ended": None,
            "log_key": secrets.token_urlsafe(16),
        }
        if not self._store.add(name, job):  # another call was faster
            return JSONResponse(_shown(call, self._store.set_tags(name, asked.tags or {})))
        self._queue.run(name)
        return JSONResponse(_shown(call, job), HTTPStatus.CREATED)

    def _get(self, call: Call) -> Response:
        return JSONResponse(_shown(call, self._found(call)))

    def _list(self, call: Call) -> Response:
        jobs = [job for job in self._store.newest_first() if _fits(call, job["properties"])]
        skip = call.query.get("$skip", "0")
        if not skip.isdecimal():
            raise Refusal("$skip must be a number.")
        end, link = int(skip) + _PAGE, None
        if end < len(jobs):
            others = {name: value for name, value in call.query.items() if name not in {"$skip", "api-version"}}
            link = call.address(f"{call.workspace}/jobs", **others, **{"$skip": str(end)})
        return JSONResponse({"value": [_shown(call, job) for job in jobs[int(skip) : end]], "nextLink": link})

    def _delete(self, call: Call) -> Response:
        job = self._store.read(call.names["name"])
        if job is None:
            return Response(status_code=HTTPStatus.NO_CONTENT)
        if job["status"] not in TERMINAL:
            raise Refusal(f"The job {job['name']} is {job['status']}; cancel it before it is deleted.")
        self._queue.forget(job["name"])
        return Response(status_code=HTTPStatus.OK)

    def _cancel(self, call: Call) -> Response:
        job = self._found(call)
        if job["status"] in TERMINAL:
            return Response(status_code=HTTPStatus.OK)
        self._queue.cancel(job["name"])
        return self._still_canceling(call)

    def _canceling(self, call: Call) -> Response:
        job = self._store.read(call.names["name"])
        if job is None or job["status"] in TERMINAL:
            return Response(status_code=HTTPStatus.OK)
        return self._still_canceling(call)

    def _still_canceling(self, call: Call) -> Response:
        address = call.address(_CANCELING.format(**{"location": "local", **call.names}))
        return Response(status_code=HTTPStatus.ACCEPTED, headers={"Location": address, "Retry-After": "1"})

    def _found(self, call: Call) -> Document:
        job = self._store.read(call.names["name"])
        if job is None:
            raise not_found("Run", call.names["name"])
        return job


def _fits(call: Call, properties: dict[str, Any]) -> bool:
    kind, tag = call.query.get("jobType"), call.query.get("tag")
    return (kind is None or properties["jobType"] == kind) and (tag is None or tag in (properties.get("tags") or {}))


def _shown(call: Call, job: Document) -> dict[str, Any]:
    name, kept = job["name"], job["properties"]
    default = {"jobOutputType": "uri_folder", "mode": "ReadWriteMount", "uri": artifact_uri(name)}
    properties = {
        **kept,
        "displayName": kept.get("displayName") or name,
        "experimentName": kept.get("experimentName") or "Default",
        "tags": kept.get("tags") or {},
        "properties": kept.get("properties") or {},
        "status": job["status"],
        "outputs": {**(kept.get("outputs") or {}), "default": default},
        "services": {
            "Tracking": {"jobServiceType": "Tracking", "endpoint": f"azureml:{call.base}/mlflow/v1.0{call.workspace}"}
        },
    }
    return resource(call, "jobs", f"jobs/{name}", job["created"], properties)
