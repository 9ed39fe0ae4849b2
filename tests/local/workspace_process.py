"""Starts `python -m local` on a sample app in a process of its own; always ended by its id."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]

SAMPLE_APP = """
import json
import os
import sys
import time
from datetime import timedelta

import azure.durable_functions as df
import azure.functions as func
from durabletask import task

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)
ticks = []


def answer(value, status=200):
    return func.HttpResponse(json.dumps(value), status_code=status, mimetype="application/json")


@app.route(route="health", methods=["GET"])
def health(req: func.HttpRequest) -> func.HttpResponse:
    return answer({"ok": True})


@app.route(route="{*path}", methods=["GET", "POST", "PUT"])
def everything(req: func.HttpRequest) -> func.HttpResponse:
    return answer({
        "path": req.route_params.get("path"), "method": req.method, "url": req.url, "query": dict(req.params),
        "headers": dict(req.headers), "size": len(req.get_body()),
    })


@app.route(route="items/{id:int}", methods=["GET"])
def item(req: func.HttpRequest) -> func.HttpResponse:
    return answer({"item": req.route_params["id"]})


@app.route(route="nothing", methods=["GET"])
def nothing(req: func.HttpRequest):
    return None


@app.route(route="boom", methods=["GET"])
async def boom(req: func.HttpRequest) -> func.HttpResponse:
    raise RuntimeError("secret detail")


@app.route(route="cookies", methods=["GET"])
def cookies(req: func.HttpRequest) -> func.HttpResponse:
    response = func.HttpResponse("ok", headers={"x-one": "1"})
    response.headers.add_header("Set-Cookie", "a=1; Path=/")
    response.headers.add_header("Set-Cookie", "b=2; Path=/; HttpOnly")
    return response


@app.route(route="settings", methods=["GET"])
def settings(req: func.HttpRequest) -> func.HttpResponse:
    return answer({name: value for name, value in os.environ.items() if name.startswith(("PIPEYARD", "Azure", "TASK"))})


@app.route(route="ticks", methods=["GET"])
def get_ticks(req: func.HttpRequest) -> func.HttpResponse:
    return answer(ticks)


@app.route(route="run/{name}/{id}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def run(req: func.HttpRequest, client: df.DurableFunctionsClient) -> func.HttpResponse:
    instance = await client.schedule_new_orchestration(
        req.route_params["name"], input=req.get_json(), instance_id=req.route_params["id"])
    state = await client.wait_for_orchestration_completion(instance, timeout=30)
    failure = state.failure_details
    return answer({"status": state.runtime_status.name, "output": state.get_output(),
                   "failure": failure and [failure.error_type, failure.message]})


@app.route(route="sync/{name}", methods=["POST"])
@app.durable_client_input(client_name="client")
def run_sync(req: func.HttpRequest, client: df.SyncDurableFunctionsClient) -> func.HttpResponse:
    instance = client.schedule_new_orchestration(req.route_params["name"], input=req.get_json())
    state = client.wait_for_orchestration_completion(instance, timeout=30)
    return answer({"status": state.runtime_status.name, "output": state.get_output()})


@app.orchestration_trigger(context_name="context")
def tree(ctx: task.OrchestrationContext, count):
    leaves = yield task.when_all([ctx.call_sub_orchestrator("leaf", input=n) for n in range(count)])
    return sum(leaves)


@app.orchestration_trigger(context_name="context")
def leaf(ctx: task.OrchestrationContext, n):
    return (yield ctx.call_activity("square", input=n))


@app.orchestration_trigger(context_name="context")
def broken(ctx: task.OrchestrationContext, n):
    try:
        yield ctx.call_activity("fail", input="a: b")
    except task.TaskFailedError as error:
        return [error.details.error_type, error.details.message, "fail" in (error.details.stack_trace or "")]


@app.orchestration_trigger(context_name="context")
def missing(ctx: task.OrchestrationContext, n):
    yield ctx.call_activity("no_such_activity")


@app.orchestration_trigger(context_name="context")
def busy(ctx: task.OrchestrationContext, seconds):
    yield task.when_all([ctx.call_activity("block", input=seconds) for _ in range(100)])


@app.activity_trigger(input_name="n")
def square(n: int) -> int:
    return n * n


@app.activity_trigger(input_name="text")
async def fail(text: str) -> str:
    raise LookupError(text)


@app.activity_trigger(input_name="seconds")
def block(seconds: float) -> str:
    time.sleep(seconds)
    return "ok"


@app.timer_trigger(arg_name="t", schedule="%SAMPLE_SCHEDULE%", run_on_startup=True)
def tick(t: func.TimerRequest) -> None:
    ticks.append(["in", time.time()])
    time.sleep(1.5)
    ticks.append(["out", time.time()])


@app.blob_trigger(arg_name="b", path="inbox/{name}", connection="AzureWebJobsStorage")
def on_blob(b: func.InputStream) -> None:
    print("blob arrived: " + b.name, flush=True)
"""


class WorkspaceProcess:
    """A workspace in its own session, with its output in a file."""

    def __init__(self, folder: Path, *arguments: str, app: str = SAMPLE_APP) -> None:
        (folder / "app").mkdir(parents=True, exist_ok=True)
        (folder / "app" / "function_app.py").write_text(app, encoding="utf-8")
        host = {"version": "2.0", "extensions": {"http": {"routePrefix": ""}}}
        (folder / "app" / "host.json").write_text(json.dumps(host), encoding="utf-8")
        self.data = folder / "data"
        self.log = folder / "output.txt"
        command = [sys.executable, "-m", "local", "--app", str(folder / "app"), "--data", str(self.data)]
        ports = [] if "--port" in arguments else ["--port", "0"]
        ports += [] if "--azurite-ports" in arguments else ["--azurite-ports", "0,0,0"]
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [*command, *ports, *arguments],
                cwd=REPOSITORY,
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                env={**os.environ, "SAMPLE_SCHEDULE": "*/1 * * * * *"},
            )

    @property
    def output(self) -> str:
        return self.log.read_text(encoding="utf-8")

    @property
    def note(self) -> dict[str, Any]:
        note: dict[str, Any] = json.loads((self.data / "workspace.json").read_text(encoding="utf-8"))
        return note

    def ready(self, limit: float = 100) -> "WorkspaceProcess":
        deadline = time.monotonic() + limit
        while not (self.data / "workspace.json").exists() or "Pipeyard is ready at" not in self.output:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"not ready (exit code {self.process.poll()}):\n{self.output}")
            time.sleep(0.05)
        return self

    def stop(self, limit: float = 60) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(limit)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait(5)


def wait_gone(pid: int, limit: float = 60) -> float:
    """Seconds until a process that is not our child has ended."""
    began = time.monotonic()
    try:
        watched = os.pidfd_open(pid)
    except ProcessLookupError:
        return 0.0
    try:
        readable, _, _ = select.select([watched], [], [], limit)
    finally:
        os.close(watched)
    assert readable, f"process {pid} is still there after {limit} s"
    return time.monotonic() - began
