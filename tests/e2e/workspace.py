"""Drives a local workspace from outside: its process, its HTTP API, and tiny pipelines whose steps leave notes."""

import contextlib
import hashlib
import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import httpx
import psutil
from azure.storage.blob import BlobServiceClient

from tests.waiting import until

REPOSITORY = Path(__file__).resolve().parents[2]
ACCOUNT_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
DATASTORE = "workspaceblobstore"
RUN_ENDS = frozenset({"Finished", "Failed", "Canceled"})
PROBLEM = "application/problem+json"

Json = dict[str, Any]

LIB = """
import json, os, sys, time

def note(event="start", **more):
    line = {"event": event, "step": os.environ["STEP"], "run": os.environ["AZUREML_RUN_ID"], "pid": os.getpid(),
            "parent": os.getppid(), "time": time.time(), **more}
    file = os.open(os.environ["NOTES"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, (json.dumps(line) + "\\n").encode())
    os.close(file)

def tries():
    with open(os.environ["NOTES"]) as file:
        return sum(json.loads(line)["run"] == os.environ["AZUREML_RUN_ID"] for line in file)

def gate(name="GATE"):
    end = time.time() + 150
    while not os.path.exists(os.environ[name]):
        if time.time() > end:
            sys.exit("nobody opened the gate")
        time.sleep(0.01)

def path(name="out"):
    return os.environ["AZUREML_DATAREFERENCE_" + name]

def out(text="x", name="out"):
    with open(path(name), "w") as file:
        file.write(text)

def read(name):
    with open(path(name)) as file:
        return file.read()
"""
"""What every step's script can import; `NOTES` names a file outside that the steps append to."""


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def processes_of(folder: Path) -> list[psutil.Process]:
    """Every process that works for the workspace of a folder, its jobs included."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            words = [*process.cmdline(), *process.environ().values(), process.cwd()]
            named = any(str(folder) in word for word in words)
            if named and process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


class Server:
    """A local workspace in a process of its own, with its output in a file."""

    def __init__(self, folder: Path, *options: str, environment: Mapping[str, str] | None = None) -> None:
        self._options = options
        self._environment = {**os.environ, **(environment or {})}
        self.data = folder / "data"
        self.output = folder / "output.txt"
        self._process: subprocess.Popen[bytes] | None = None
        self._ports = ("0", "0,0,0")

    @property
    def facts(self) -> Json:
        facts: Json = json.loads((self.data / "workspace.json").read_text(encoding="utf-8"))
        return facts

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None
        return self._process

    def start(self) -> None:
        """Start it, on free ports the first time and on the same ones later: jobs outlive it and know its addresses."""
        port, storage_ports = self._ports
        command = [sys.executable, "-m", "local", "--data", str(self.data)]
        command += ["--port", port, "--azurite-ports", storage_ports, *self._options]
        with self.output.open("ab") as output:
            self._process = subprocess.Popen(
                command,
                cwd=REPOSITORY,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        until(self._is_ready, "the workspace's start", limit=60)
        facts = self.facts
        services = (facts["blob_port"], facts["queue_port"], facts["table_port"])
        self._ports = (facts["url"].rpartition(":")[2], ",".join(map(str, services)))

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _is_ready(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError(f"The workspace ended:\n{self.output.read_text(encoding='utf-8')}")
        with contextlib.suppress(FileNotFoundError):
            return bool(self.facts["pid"] == self.process.pid)
        return False

    def kill(self, *, storage: bool = False) -> None:
        """`kill -9` of the workspace's process and of nothing else, or of its Azurite too."""
        facts = self.facts
        assert facts["pid"] == self.process.pid
        pids = [facts["pid"], facts["azurite_pid"]] if storage else [facts["pid"]]
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        self.process.wait(60)

    def stop(self, limit: float = 60) -> int:
        """Ask it to end; returns its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(limit)

    def close(self) -> None:
        """End whatever is left, however the test went."""
        if self.is_running:
            try:
                self.stop()
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(60)
        for process in processes_of(self.data):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()

    def blobs(self) -> BlobServiceClient:
        """The workspace's storage, past the workspace. Close it."""
        endpoint = f"http://127.0.0.1:{self.facts['blob_port']}/devstoreaccount1"
        connection = f"AccountName=devstoreaccount1;AccountKey={ACCOUNT_KEY};BlobEndpoint={endpoint};"
        return BlobServiceClient.from_connection_string(f"DefaultEndpointsProtocol=http;{connection}")


class Api:
    """The HTTP API, as any client would use it."""

    def __init__(self, url: str, *, token: str | None = None) -> None:
        self.url = url
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self.http = httpx.Client(base_url=url, timeout=30, headers=headers)
        self._snapshots: dict[tuple[tuple[str, bytes], ...], str] = {}

    def close(self) -> None:
        self.http.close()

    def get(self, path: str, **query: Any) -> Json:
        answer = self.http.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def post(self, path: str, body: object = None, *, status: int = 200, headers: dict[str, str] | None = None) -> Json:
        answer = self.http.post(path, json=body, headers=headers)
        assert answer.status_code == status, f"{answer.status_code}: {answer.text[:3000]}"
        return dict(answer.json())

    def refuse(self, path: str, body: object, status: int) -> Json:
        """Post what must be refused; returns the problem."""
        return problem(self.http.post(path, json=body), status)

    def snapshot(self, files: Mapping[str, bytes]) -> str:
        """Register a snapshot, sending what is missing."""
        known = tuple(sorted(files.items()))
        if known not in self._snapshots:
            by_digest = {hashlib.sha256(data).hexdigest(): data for data in files.values()}
            body = {
                "files": [
                    {"path": path, "sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
                    for path, data in files.items()
                ]
            }
            for sha256 in self.post("/api/snapshots", body)["missing"]:
                assert self.http.put(f"/api/snapshots/files/{sha256}", content=by_digest[sha256]).status_code == 201
            answer = self.post("/api/snapshots", body)
            assert answer["missing"] == []
            self._snapshots[known] = answer["snapshot_id"]
        return self._snapshots[known]

    def upload(self, path: str, data: bytes) -> None:
        """Put a file on the datastore the way clients do."""
        url = self.post(f"/api/datastores/{DATASTORE}/uploads", {"paths": [path]})["urls"][path]
        answer = httpx.put(url, content=data, headers={"x-ms-blob-type": "BlockBlob"})
        assert answer.status_code == 201, answer.text

    def submit(self, definition: Json, **request: Any) -> str:
        """Start a run; returns its id."""
        run_id: str = self.post("/api/runs", {"definition": definition, **request}, status=201)["run_id"]
        return run_id

    def run(self, run_id: str) -> Json:
        return self.get(f"/api/runs/{run_id}")

    def steps(self, run_id: str) -> dict[str, Json]:
        """Step runs by name."""
        return {step["name"]: step for step in self.get(f"/api/runs/{run_id}/steps")["value"]}

    def step(self, run_id: str, name: str) -> Json:
        return self.get(f"/api/runs/{run_id}/steps/{name}")

    def wait(self, run_id: str, *, limit: float = 100) -> "Ended":
        """Wait for the run's end."""
        until(lambda: self.run(run_id)["status"] in RUN_ENDS, f"the end of run {run_id}", limit=limit)
        return Ended(self.run(run_id), self.steps(run_id))

    def wait_for_step(self, run_id: str, name: str, statuses: Iterable[str], *, limit: float = 100) -> Json:
        wanted = frozenset(statuses)
        until(lambda: self.step(run_id, name)["status"] in wanted, f"step {name} to be {sorted(wanted)}", limit=limit)
        return self.step(run_id, name)

    def log(self, run_id: str, step: str, **query: Any) -> str:
        """All of the log that there is now."""
        pieces, offset = [], 0
        for _ in range(1000):
            chunk = self.get(f"/api/runs/{run_id}/steps/{step}/logs", offset=offset, **query)
            pieces.append(chunk["text"])
            if chunk["complete"] or chunk["next_offset"] == offset:
                return "".join(pieces)
            offset = chunk["next_offset"]
        raise AssertionError("the log has no end")

    def outputs(self, run_id: str, step: str) -> dict[str, Json]:
        return {each["name"]: each for each in self.get(f"/api/runs/{run_id}/steps/{step}/outputs")["value"]}

    def read_output(self, run_id: str, step: str, output: str = "out", path: str = "") -> bytes:
        """The bytes of an output's file."""
        return self.follow(f"/api/runs/{run_id}/steps/{step}/outputs/{output}/files/{path}")

    def follow(self, path: str) -> bytes:
        """The bytes behind a redirect."""
        answer = self.http.get(path)
        assert answer.status_code == 307, answer.text
        found = httpx.get(answer.headers["location"])
        assert found.status_code == 200, found.text
        return found.content

    def explain(self, run_id: str, step: str) -> Json:
        value = self.get(f"/api/runs/{run_id}/explain", step=step)["value"]
        assert len(value) == 1
        return dict(value[0])

    def newest_runs(self) -> list[str]:
        return [run["run_id"] for run in self.get("/api/runs", page_size=10)["value"]]


def problem(answer: httpx.Response, status: int) -> Json:
    """The problem document of a refusal, checked for its form."""
    assert answer.status_code == status, f"{answer.status_code}: {answer.text[:3000]}"
    assert answer.headers["content-type"].startswith(PROBLEM), answer.headers["content-type"]
    found: Json = answer.json()
    assert found["status"] == status
    assert {"type", "title", "detail", "code"} <= found.keys()
    assert found["detail"]
    return found


class Ended:
    """A run that is over, with its step runs by name."""

    def __init__(self, run: Json, steps: dict[str, Json]) -> None:
        self.run = run
        self.steps = steps
        self.run_id: str = run["run_id"]
        self.status: str = run["status"]

    def finished(self) -> "Ended":
        """The same, once it is sure that all went well."""
        assert self.status == "Finished", self.run["error"]
        assert {step["status"] for step in self.steps.values()} == {"Finished"}
        return self

    @property
    def ran(self) -> set[str]:
        """Steps that were executed by this run."""
        return {name for name, step in self.steps.items() if step["attempt"] > 0}

    @property
    def reused(self) -> set[str]:
        return {name for name, step in self.steps.items() if step["reused"]}

    def statuses(self) -> dict[str, str]:
        return {name: step["status"] for name, step in self.steps.items()}


class Flow:
    """A pipeline in the making. No other test's steps have the same reuse keys, and its experiment is its own."""

    def __init__(self, api: Api, folder: Path) -> None:
        self.api = api
        self.token = uuid.uuid4().hex[:12]
        self.name = f"flow_{self.token}"
        self.notes_file = folder / f"{self.name}.jsonl"
        self.notes_file.touch()

    def step(
        self,
        name: str,
        script: str = "note(); out()",
        *,
        data: Iterable[str] = (),
        env: Mapping[str, str] | None = None,
        files: Mapping[str, str] | None = None,
        **fields: Any,
    ) -> Json:
        """A step that runs a script; `data` names steps whose output `out` becomes an input of that name."""
        texts = {"step.py": f"from lib import *\n{script}\n", "lib.py": LIB, **(files or {})}
        inputs = {each: {"kind": "pipeline_data", "step": each, "output": "out"} for each in data}
        return {
            "name": name,
            "settings": {"script_name": "step.py"},
            "snapshot": self.api.snapshot({path: text.encode() for path, text in texts.items()}),
            "inputs": {**inputs, **fields.pop("inputs", {})},
            "outputs": {"out": {}},
            "environment_variables": {"NOTES": str(self.notes_file), "STEP": name, **(env or {})},
            "version": self.token,
            **fields,
        }

    def definition(self, *steps: Json, **fields: Any) -> Json:
        return {"name": self.name, "steps": list(steps), **fields}

    def submit(self, *steps: Json, **request: Any) -> str:
        return self.api.submit(self.definition(*steps), **request)

    def run(self, *steps: Json, limit: float = 100, **request: Any) -> Ended:
        """Run to the end."""
        return self.api.wait(self.submit(*steps, **request), limit=limit)

    def notes(self, event: str | None = None, step: str | None = None) -> list[Json]:
        """What the steps' scripts wrote down, in order."""
        lines = [json.loads(line) for line in self.notes_file.read_text(encoding="utf-8").splitlines()]
        return [line for line in lines if event in (None, line["event"]) and step in (None, line["step"])]

    def wait_for_note(self, event: str, step: str, *, count: int = 1, limit: float = 100) -> Json:
        """The last of so many notes."""
        until(lambda: len(self.notes(event, step)) >= count, f"note {event} of {step}", limit=limit, pause=0.02)
        return self.notes(event, step)[count - 1]

    def starts(self) -> dict[str, int]:
        """How often each step's script really ran."""
        counts: dict[str, int] = {}
        for line in self.notes("start"):
            counts[line["step"]] = counts.get(line["step"], 0) + 1
        return counts
