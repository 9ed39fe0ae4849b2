"""A workspace in memory, behind httpx.MockTransport: as much of docs/http-api.md as the SDK's tests need."""

import hashlib
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import httpx
from pipeyard._client import Client
from pipeyard._config import WorkspaceLocation
from pipeyard._core.snapshots import SnapshotFile, snapshot_digest

URL = "http://workspace.test"
STORAGE = "http://storage.test"


def step_document(run_id: str, ordinal: int, name: str, **changes: Any) -> dict[str, Any]:
    return {
        "step_run_id": f"{run_id}-{ordinal:05d}",
        "run_id": run_id,
        "ordinal": ordinal,
        "name": name,
        "status": "Finished",
        "reused": False,
        "explanation": {"code": "first_run", "sentence": "It never ran before.", "differences": []},
        "wall_seconds": 1.5,
        "error": None,
        **changes,
    }


class FakeWorkspace:
    """State that tests set up and look at.

    A run's `history` is what successive reads answer; the last entry stays. So do the documents of a compute target.
    """

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self.runs: dict[str, dict[str, Any]] = {}
        self.histories: dict[str, list[tuple[str, list[dict[str, Any]]]]] = {}
        self.submitted: dict[str, str] = {}
        self.snapshots: dict[str, list[dict[str, Any]]] = {}
        self.contents: dict[str, bytes] = {}
        self.files: dict[str, bytes] = {}
        self.logs: dict[str, list[tuple[str, bool]]] = {}
        self.metrics: dict[str, list[dict[str, Any]]] = {}
        self.outputs: dict[str, dict[str, dict[str, bytes]]] = {}
        self.targets: dict[str, list[dict[str, Any]]] = {}
        self.plan: list[dict[str, Any]] = []
        self.faults: list[dict[str, Any]] = []
        self.failures: list[httpx.Response | Exception] = []
        self.next_history: list[tuple[str, list[dict[str, Any]]]] = [("Finished", [])]
        self.transport = httpx.MockTransport(self.answer)

    def client(self, sleep: Callable[[float], None] = lambda _: None) -> Client:
        return Client(WorkspaceLocation(url=URL, source="the test"), transport=self.transport, sleep=sleep)

    def add_run(self, run_id: str, history: list[tuple[str, list[dict[str, Any]]]] | None = None) -> str:
        self.histories[run_id] = list(history or self.next_history)
        self.runs[run_id] = {
            "run_id": run_id,
            "experiment": "digits",
            "pipeline": "digits",
            "status": "NotStarted",
            "created_at": "2026-11-23T03:00:00+00:00",
            "started_at": None,
            "ended_at": None,
            "error": None,
        }
        return run_id

    def paths(self, method: str) -> list[str]:
        return [request.url.path for request in self.requests if request.method == method]

    def body(self, index: int = -1) -> Any:
        return json.loads(self.requests[index].content)

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if self.failures:
            failure = self.failures.pop(0)
            if isinstance(failure, Exception):
                raise failure
            return failure
        path = request.url.raw_path.decode().partition("?")[0]
        if request.url.host == "storage.test":
            return self._storage(request, unquote(path.removeprefix("/")))
        for method, pattern, handler in self._routes():
            match = re.fullmatch(pattern, path)
            if method == request.method and match:
                return handler(self, request, *(unquote(group) for group in match.groups()))
        return problem(404, "not_found", f"No route {request.method} {path}.")

    @staticmethod
    def _routes() -> list[tuple[str, str, Callable[..., httpx.Response]]]:
        run, step = r"/api/runs/([^/]+)", r"/api/runs/([^/]+)/steps/([^/]+)"
        return [
            ("GET", r"/api/compute-targets/([^/]+)", FakeWorkspace._target),
            ("POST", "/api/validate", FakeWorkspace._validate),
            ("POST", "/api/plan", lambda self, _: answer({"steps": self.plan})),
            ("POST", "/api/runs", FakeWorkspace._submit),
            ("GET", "/api/runs", FakeWorkspace._list_runs),
            ("GET", run, FakeWorkspace._run),
            ("GET", f"{run}/steps", lambda self, _, run_id: answer({"value": self.histories[run_id][0][1]})),
            ("GET", step, FakeWorkspace._step),
            ("GET", f"{step}/logs", FakeWorkspace._log),
            ("GET", f"{step}/metrics", lambda self, _, __, name: answer({"value": self.metrics.get(name, [])})),
            ("GET", f"{step}/outputs", FakeWorkspace._outputs),
            ("GET", f"{step}/outputs/([^/]+)/files/(.*)", FakeWorkspace._output_file),
            ("GET", f"{run}/explain", FakeWorkspace._explain),
            ("POST", f"{run}/cancel", lambda self, _, run_id: answer(self.runs[run_id], 202)),
            ("POST", f"{run}/resume", lambda self, _, __: answer(self.runs[self.add_run("resumed")], 201)),
            ("POST", "/api/snapshots", FakeWorkspace._snapshot),
            ("PUT", "/api/snapshots/files/([0-9a-f]{64})", FakeWorkspace._snapshot_file),
            ("GET", "/api/experiments", lambda *_: page([{"name": "digits", "created_at": "2026-11-23T03:00:00Z"}])),
            ("GET", "/api/datastores", lambda *_: answer({"value": [DATASTORE]})),
            ("GET", "/api/datastores/([^/]+)/files", FakeWorkspace._list_files),
            ("POST", "/api/datastores/([^/]+)/(?:uploads|downloads)", FakeWorkspace._urls),
        ]

    def _validate(self, _: httpx.Request) -> httpx.Response:
        if self.faults:
            return problem(422, "invalid_document", "The definition has faults.", self.faults)
        return answer({"valid": True, "warnings": ["`alpha` is used nowhere."]})

    def _submit(self, request: httpx.Request) -> httpx.Response:
        if self.faults:
            return problem(422, "invalid_document", "The definition has faults.", self.faults)
        key = request.headers["idempotency-key"]
        known = key in self.submitted
        run_id = self.submitted.setdefault(key, f"run-{len(self.submitted) + 1}")
        if not known:
            self.add_run(run_id)
        return answer(self.runs[run_id], 200 if known else 201)

    def _list_runs(self, request: httpx.Request) -> httpx.Response:
        size, start = int(request.url.params.get("page_size", 50)), int(request.url.params.get("continuation_token", 0))
        newest = list(reversed(self.runs.values()))
        more = start + size < len(newest)
        return page(newest[start : start + size], str(start + size) if more else None)

    def _run(self, _: httpx.Request, run_id: str) -> httpx.Response:
        if run_id not in self.runs:
            return problem(404, "not_found", f"There is no run {run_id}.")
        history = self.histories[run_id]
        if self.runs[run_id]["status"] == history[0][0] and len(history) > 1:
            history.pop(0)
        self.runs[run_id]["status"] = history[0][0]
        return answer(self.runs[run_id])

    def _step(self, _: httpx.Request, run_id: str, name: str) -> httpx.Response:
        return answer(next(step for step in self.histories[run_id][0][1] if step["name"] == name))

    def _target(self, _: httpx.Request, name: str) -> httpx.Response:
        documents = self.targets[name]
        return answer(documents.pop(0) if len(documents) > 1 else documents[0])

    def _log(self, request: httpx.Request, _: str, name: str) -> httpx.Response:
        """Pieces come one by one; `complete` belongs to the piece."""
        offset = int(request.url.params["offset"])
        taken = 0
        pieces = self.logs.get(name, [])
        for text, complete in pieces:
            if taken == offset and text:
                return answer({"text": text, "next_offset": taken + len(text.encode()), "complete": complete})
            taken += len(text.encode())
        return answer({"text": "", "next_offset": offset, "complete": True})

    def _outputs(self, _: httpx.Request, run_id: str, name: str) -> httpx.Response:
        value = [
            {
                "name": output,
                "datastore": "workspaceblobstore",
                "path": f"azureml/{run_id}/{output}",
                "is_file": list(files) == [""],
                "file_count": len(files),
                "total_bytes": sum(map(len, files.values())),
                "files": [
                    {"path": path, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
                    for path, data in files.items()
                ],
            }
            for output, files in self.outputs.get(name, {}).items()
        ]
        return answer({"value": value})

    def _output_file(self, _: httpx.Request, __: str, step: str, output: str, path: str) -> httpx.Response:
        self.files[f"{step}/{output}/{path}"] = self.outputs[step][output][path]
        return httpx.Response(307, headers={"location": f"{STORAGE}/{step}/{output}/{path}?sig=s"})

    def _explain(self, request: httpx.Request, run_id: str) -> httpx.Response:
        wanted = request.url.params.get("step")
        steps = [step for step in self.histories[run_id][0][1] if wanted in {None, step["name"]}]
        return answer(
            {
                "value": [
                    {"step": item["name"], "status": item["status"], "reused": item["reused"], **item["explanation"]}
                    for item in steps
                ]
            }
        )

    def _snapshot(self, request: httpx.Request) -> httpx.Response:
        files = json.loads(request.content)["files"]
        missing = sorted({file["sha256"] for file in files} - set(self.contents))
        digest = snapshot_digest([SnapshotFile(**file) for file in files])
        if not missing:
            self.snapshots[digest] = files
        return answer({"snapshot_id": digest, "missing": missing})

    def _snapshot_file(self, request: httpx.Request, sha256: str) -> httpx.Response:
        assert hashlib.sha256(request.content).hexdigest() == sha256
        self.contents[sha256] = request.content
        return httpx.Response(201)

    def _list_files(self, request: httpx.Request, _: str) -> httpx.Response:
        prefix = request.url.params["prefix"]
        value = [
            {"path": path, "size": len(data), "etag": "1"}
            for path, data in sorted(self.files.items())
            if path.startswith(prefix)
        ]
        return answer({"value": value})

    def _urls(self, request: httpx.Request, _: str) -> httpx.Response:
        paths = json.loads(request.content)["paths"]
        return answer({"urls": {path: f"{STORAGE}/{path}?sig=s" for path in paths}})

    def _storage(self, request: httpx.Request, name: str) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, content=self.files[name]) if name in self.files else httpx.Response(404)
        assert request.headers["x-ms-blob-type"] == "BlockBlob"
        self.files[name] = request.content
        return httpx.Response(201)


DATASTORE = {
    "name": "workspaceblobstore",
    "type": "azure_blob",
    "container": "azureml-blobstore",
    "is_default": True,
}


def answer(document: Any, status: int = 200) -> httpx.Response:
    return httpx.Response(status, json=document)


def page(value: list[dict[str, Any]], token: str | None = None) -> httpx.Response:
    return answer({"value": value, "continuation_token": token})


def problem(status: int, code: str, detail: str, faults: list[dict[str, Any]] | None = None) -> httpx.Response:
    document = {"title": code, "status": status, "detail": detail, "code": code, "faults": faults or []}
    return httpx.Response(status, json=document, headers={"content-type": "application/problem+json"})
