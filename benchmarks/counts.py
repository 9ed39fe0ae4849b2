"""What a month's bill is made of: requests to storage and invocations of functions, counted on a local workspace.

`sdk/pipeyard/_cost/measured.toml` keeps these numbers for the cost model (docs/cost.md). Two pipelines of different
size tell what a run costs and what each step adds; a step that takes longer tells what each look at its job adds;
ticks by hand tell what the timers cost while nothing runs.
"""

import re
import statistics
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks._client import Client
from benchmarks._pipelines import SCRIPT, SCRIPT_NAME, chain, definition
from local.demo_workspace import running_workspace

SMALL, LARGE = 8, 24
TICKS = 3
REMEMBERED_SECONDS = 10.5
"""A little longer than the webhooks are remembered; ticks of a minute never profit from that."""
LONG_SECONDS = 60
SETTLED_LOOKS, COUNTED_LOOKS = 5, 1
"""On one machine looks are 2, 3, 4.5, ... seconds apart: the sixth comes 15 seconds after the one before."""
LONG_SCRIPT = f"import sys, time\ntime.sleep({LONG_SECONDS})\nopen(sys.argv[1], 'w').write(sys.argv[2])\n"
LIMIT_SECONDS = 120
KINDS = (
    *("http", "job_ended", "activities", "turns"),
    *("table", "blob_write", "blob_list", "blob_read", "blob_other"),
)
ORCHESTRATORS = ("run_pipeline", "run_step")
OWN_POLLS = re.compile(r"GET /devstoreaccount1/Catalogue\(\)\S*%27schedule%27")
"""What this machine's stand-in for Event Grid asks every second; in Azure nobody does."""
TIMERS = re.compile(r"GET /devstoreaccount1/(RunIndex\(\)\S*%27active%27|Catalogue\(\)\S*%27webhook%27)")
"""The reconciler's questions, which may fall into any count. The end of a run asks the second one, too, but seldom."""
REQUEST = re.compile(r'"(\w+) (/devstoreaccount1/(\S*)) HTTP/1\.1"')


def run() -> dict[str, Any]:
    """Count everything; progress goes to stderr."""
    with tempfile.TemporaryDirectory(prefix="pipeyard-bench-") as folder:
        requests = Path(folder, "requests.log")
        with running_workspace(Path(folder, "data"), {"PIPEYARD_AZURITE_LOG": str(requests)}) as url:
            result = Counts(Client(url), requests).all()
    for name, value in result.items():
        print(f"{name:36} {value}", file=sys.stderr)
    return result


def kind_of(method: str, path: str) -> str:
    """How Azure bills a request: `table`, or of blobs `blob_write`, `blob_list`, `blob_read`, `blob_other`, `free`."""
    name = path.removeprefix("/devstoreaccount1/")
    if name[:1].isupper() or name.startswith("$batch"):
        return "table"
    if "comp=list" in name:
        return "blob_list"
    if method == "PUT":
        return "blob_other" if re.search(r"comp=(metadata|properties|lease|tags)", name) else "blob_write"
    return {"GET": "blob_read", "DELETE": "free"}.get(method, "blob_other")


class Counts:
    """Counts on one workspace."""

    def __init__(self, client: Client, requests: Path) -> None:
        self.client = client
        self._requests = requests
        self._salt = str(time.time())

    def all(self) -> dict[str, float]:
        """Everything, by the names of `measured.toml`."""
        snapshot = self.client.snapshot(SCRIPT_NAME, SCRIPT)
        counts = self.of_runs(snapshot, SMALL, LARGE)
        return counts | self._look() | self._request() | self._idle()

    def of_runs(self, snapshot: str, small: int, large: int) -> dict[str, float]:
        """What a run takes and what each step adds, of a pipeline with few steps and one with more, each run twice.

        A run before them makes what there is once: the experiment, and results to look for.
        """
        self.client.run(definition(chain(small), snapshot, 1, "warm"))
        first, first_again = self._pipeline(snapshot, small), self._pipeline(snapshot, small)
        second, second_again = self._pipeline(snapshot, large), self._pipeline(snapshot, large)
        found: dict[str, float] = {}
        for kind in KINDS:
            each = (second[kind] - first[kind]) / (large - small)
            each_again = (second_again[kind] - first_again[kind]) / (large - small)
            found[f"step_run_{kind}"], found[f"step_reused_{kind}"] = round(each, 2), round(each_again, 2)
            found[f"run_{kind}"] = round(max(first[kind] - each * small, first_again[kind] - each_again * small), 2)
        return found

    def _pipeline(self, snapshot: str, steps: int) -> Counter[str]:
        """One step after the other: the ends of parallel ones may share a turn of an orchestrator, and cost less."""
        return self._run(definition(chain(steps), snapshot, 1, f"{steps}-{self._salt}"))

    def _run(self, pipeline: dict[str, Any]) -> Counter[str]:
        """Requests and invocations of one run, from its submit to its end, with no request of the waiting."""
        start, before = self._size(), self.client.invocations()
        answer = self.client.http.post("/api/runs", json={"definition": pipeline}).raise_for_status().json()
        last = f"DELETE /devstoreaccount1/RunIndex(PartitionKey='active',RowKey='{answer['run_id']}')"
        deadline = time.monotonic() + LIMIT_SECONDS
        while last not in self._text(start):
            if time.monotonic() > deadline:
                raise RuntimeError(f"run {answer['run_id']} did not end")
            time.sleep(0.1)
        time.sleep(0.5)  # the orchestration's own end
        counts, after = self._counted(start), self.client.invocations()
        for name in after:
            counts[_function_kind(name)] += after[name] - before[name]
        return counts

    def _look(self) -> dict[str, float]:
        """What each look at a job that still runs adds, once looks are further apart than records are remembered."""
        snapshot = self.client.snapshot(SCRIPT_NAME, LONG_SCRIPT)
        pipeline = definition([[]], snapshot, 1, f"long-{self._salt}")
        before = self.client.invocations()["check_step"]
        self._post("/api/runs", {"definition": pipeline})
        first = self._until_looks(before + SETTLED_LOOKS)
        start = self._size()
        last = self._until_looks(before + SETTLED_LOOKS + COUNTED_LOOKS)
        turns = sum(last[name] - first[name] for name in ORCHESTRATORS)
        return {"look_table": self._counted(start)["table"] / COUNTED_LOOKS, "look_turns": turns / COUNTED_LOOKS}

    def _until_looks(self, looks: int) -> Counter[str]:
        """Invocations at the moment when a job has been looked at so often, and all that follows a look is done."""
        deadline = time.monotonic() + LIMIT_SECONDS
        while self.client.invocations()["check_step"] < looks:
            if time.monotonic() > deadline:
                raise RuntimeError("nobody looked at the job")
            time.sleep(0.1)
        time.sleep(1)
        return Counter(self.client.invocations())

    def _request(self) -> dict[str, float]:
        """A question for the status of a run, which is what somebody who waits for it asks."""
        run_id = self.client.http.get("/api/runs").raise_for_status().json()["value"][0]["run_id"]
        start = self._size()
        for _ in range(TICKS):
            self.client.http.get(f"/api/runs/{run_id}").raise_for_status()
        return {"request_table": round(self._counted(start)["table"] / TICKS)}

    def _single(self, script: str) -> Counter[str]:
        snapshot = self.client.snapshot(SCRIPT_NAME, script)
        return self._run(definition([[]], snapshot, 1, f"single-{self._salt}"))

    def _idle(self) -> dict[str, float]:
        """Requests of one tick of each timer: nothing planned, one schedule by time, one that waits for files."""
        found = {f"{name}_table": self.tick(name) for name in ("tick", "purge")}
        snapshot = self.client.snapshot(SCRIPT_NAME, SCRIPT)
        body = {"name": "counts", "definition": definition([[]], snapshot, 1, "published")}
        published = self._post("/api/published-pipelines", body)["id"]
        schedule = {"name": "by time", "published_pipeline_id": published, "experiment_name": "counts"}
        self._post("/api/schedules", {**schedule, "cron": {"expression": "0 0 1 1 *"}})
        by_time = self.tick("tick")
        trigger = {"datastore": "workspaceblobstore", "path": "watched", "polling_interval_minutes": 1000}
        self._post("/api/schedules", {**schedule, "name": "by files", "datastore_trigger": trigger})
        self.client.http.post("/admin/functions/tick").raise_for_status()
        found["schedule_tick_table"] = by_time - found["tick_table"]
        found["watched_tick_table"] = self.tick("tick") - by_time
        return found

    def tick(self, function: str, times: int = TICKS, pause: float = REMEMBERED_SECONDS) -> float:
        """Table requests of one tick when nothing is remembered of the one before.

        The median of some: a tick of the workspace's own may fall into one. The tick has the query of all
        schedules in it, which `OWN_POLLS` takes for this machine's own.
        """
        found = []
        for _ in range(times):
            time.sleep(pause)
            start = self._size()
            self.client.http.post(f"/admin/functions/{function}").raise_for_status()
            found.append(self._counted(start, timers=True)["table"])
        return statistics.median(found) + (1 if function == "tick" else 0)

    def _counted(self, start: int, *, timers: bool = False) -> Counter[str]:
        counts: Counter[str] = Counter()
        for line in self._text(start).splitlines():
            found = REQUEST.search(line)
            if found and not OWN_POLLS.search(line) and (timers or not TIMERS.search(line)):
                counts[kind_of(found[1], found[2])] += 1
        return counts

    def _text(self, start: int) -> str:
        with self._requests.open(errors="replace") as log:
            log.seek(start)
            return log.read()

    def _size(self) -> int:
        return self._requests.stat().st_size

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = self.client.http.post(path, json=body).raise_for_status().json()
        return answer


def _function_kind(name: str) -> str:
    if name in {"tick", "purge", "blob_arrived"}:
        return "timers"
    if name in {"http", "job_ended"}:
        return name
    return "turns" if name in ORCHESTRATORS else "activities"
