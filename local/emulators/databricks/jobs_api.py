"""Routes of the Jobs API, as far as one-time runs go; versions 2.1 and 2.2 are answered alike."""

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.emulators.databricks.clusters import Clusters
from local.emulators.databricks.errors import invalid, json_object
from local.emulators.databricks.execution import Execution
from local.emulators.databricks.runs import Runs
from local.emulators.databricks.states import is_over, run_view, task_run_view
from local.emulators.databricks.submission import checked_submission, task_kind
from local.emulators.documents import Document

_OUTPUT_BYTES = 5 * 1024 * 1024
_VERSIONS = ("2.1", "2.2")
_DEFAULT_PAGE, _LONGEST_PAGE = 20, 25


class JobsApi:
    """One-time runs."""

    def __init__(self, runs: Runs, execution: Execution, clusters: Clusters) -> None:
        self._runs = runs
        self._execution = execution
        self._clusters = clusters

    def routes(self) -> list[Route]:
        """What this API answers."""
        return [
            Route(f"/api/{version}/jobs/runs/{name}", endpoint, methods=[method])
            for version in _VERSIONS
            for name, method, endpoint in (
                ("submit", "POST", self._submit),
                ("get", "GET", self._get),
                ("get-output", "GET", self._output),
                ("cancel", "POST", self._cancel),
                ("delete", "POST", self._delete),
                ("list", "GET", self._list),
            )
        ]

    async def _submit(self, request: Request) -> Response:
        body = checked_submission(await json_object(request), self._clusters.exists)
        run, new = await run_in_threadpool(self._runs.submit, body)
        if new:
            self._execution.start(run["run_id"])
        return JSONResponse({"run_id": run["run_id"]})

    async def _get(self, request: Request) -> Response:
        run_id = _run_id(request.query_params.get("run_id"))
        run = self._runs.get(self._runs.parent(run_id))
        base = str(request.base_url)
        if run["run_id"] == run_id:
            return JSONResponse(run_view(run, base))
        return JSONResponse(task_run_view(run, self._runs.task(run_id)[1], base))

    async def _output(self, request: Request) -> Response:
        run, task = self._runs.task(_run_id(request.query_params.get("run_id")))
        metadata = task_run_view(run, task, str(request.base_url))
        return JSONResponse({"metadata": metadata, **await run_in_threadpool(self._printed, task)})

    def _printed(self, task: Document) -> dict[str, Any]:
        """What a task left behind: only scripts and wheels have logs, only notebooks an exit value."""
        end = task["end"] or {}
        said = {name: end[name] for name in ("error", "error_trace") if end.get(name)}
        if task_kind(task["spec"]) == "notebook_task":
            value = end.get("exit_value")
            if end.get("result") != "SUCCESS":
                return said
            result = {} if value is None else {"result": value.encode()[:_OUTPUT_BYTES].decode("utf-8", "ignore")}
            return {"notebook_output": {**result, "truncated": len((value or "").encode()) > _OUTPUT_BYTES}}
        try:
            with self._execution.log_file(task["run_id"]).open("rb") as log:
                size = log.seek(0, 2)
                log.seek(max(0, size - _OUTPUT_BYTES))
                text = log.read().decode("utf-8", "replace")
        except FileNotFoundError:
            return said
        return {**said, "logs": text, "logs_truncated": size > _OUTPUT_BYTES}

    async def _cancel(self, request: Request) -> Response:
        run_id = self._runs.parent(_run_id((await json_object(request)).get("run_id")))
        await run_in_threadpool(self._runs.request_cancel, run_id)
        self._execution.cancel(run_id)
        return JSONResponse({})

    async def _delete(self, request: Request) -> Response:
        run = self._runs.get(_run_id((await json_object(request)).get("run_id")))
        await run_in_threadpool(self._runs.delete, run["run_id"])
        for task in run["tasks"]:
            await run_in_threadpool(self._execution.forget, task["run_id"])
        return JSONResponse({})

    async def _list(self, request: Request) -> Response:
        asked = request.query_params
        start, limit = _page(asked)
        found = [run for run in await run_in_threadpool(self._runs.all) if _is_asked_for(run, asked)]
        with_tasks = asked.get("expand_tasks") == "true"
        page = [run_view(run, str(request.base_url), with_tasks=with_tasks) for run in found[start : start + limit]]
        answer: dict[str, Any] = {"has_more": len(found) > start + limit}
        if page:
            answer["runs"] = page
        if answer["has_more"]:
            answer["next_page_token"] = str(start + limit)
        return JSONResponse(answer)


def _is_asked_for(run: Document, asked: QueryParams) -> bool:
    """Whether a run passes the filters of a listing."""
    started = run["start_time"]
    return not (
        (asked.get("active_only") == "true" and is_over(run))
        or (asked.get("completed_only") == "true" and not is_over(run))
        or ("job_id" in asked and str(run["job_id"]) != asked["job_id"])
        or asked.get("run_type", "SUBMIT_RUN") != "SUBMIT_RUN"
        or started < int(asked.get("start_time_from", "0"))
        or started > int(asked.get("start_time_to", str(started)))
    )


def _page(asked: QueryParams) -> tuple[int, int]:
    if asked.get("active_only") == "true" == asked.get("completed_only"):
        raise invalid("Only one of active_only and completed_only may be true.")
    numbers = ("limit", "offset", "page_token", "start_time_from", "start_time_to")
    wrong = next((name for name in numbers if not asked.get(name, "0").isdecimal()), None)
    if wrong:
        raise invalid(f"{wrong} must be a whole number: {asked[wrong]}")
    limit = int(asked.get("limit", _DEFAULT_PAGE)) or _LONGEST_PAGE
    if limit > _LONGEST_PAGE:
        raise invalid(f"The limit must be at most {_LONGEST_PAGE}.")
    return int(asked.get("page_token", asked.get("offset", "0"))), limit


def _run_id(given: Any) -> int:
    if isinstance(given, int) and not isinstance(given, bool):
        return given
    if isinstance(given, str) and given.isdecimal():
        return int(given)
    raise invalid("Missing or invalid field: run_id" if given is None else f"run_id must be a number: {given}")
