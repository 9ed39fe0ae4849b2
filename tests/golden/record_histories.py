"""Records what today's orchestrators do, for `tests/test_histories.py`: `python -m tests.golden.record_histories`.

Run it after `defaultVersion` in host.json was raised. It drives a local workspace of its own through one of everything
and keeps the histories under the present version. Those of earlier versions stay: they say what old runs still need.
"""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from local.host_settings import default_version
from tests.e2e.workspace import DATASTORE, REPOSITORY, Api, Flow, Server, until

HISTORIES = Path(__file__).parent / "histories"


def main() -> None:
    """Record and keep."""
    version = default_version(REPOSITORY)
    assert version is not None, "host.json says no defaultVersion"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        server = Server(folder, "--record-histories", str(folder / "histories"))
        try:
            server.start()
            api = Api(server.facts["url"])
            kept = {scenario.__name__.strip("_"): scenario(api, folder) for scenario in SCENARIOS}
            api.close()
        finally:
            server.close()
        target = HISTORIES / version
        target.mkdir(parents=True, exist_ok=True)
        for old in target.glob("*.json"):
            old.unlink()
        for scenario, instance in kept.items():
            _keep(folder / "histories", target, scenario, instance)
    print(f"{len(list(target.glob('*.json')))} histories of version {version} are in {target}")


def _keep(found: Path, target: Path, scenario: str, instance: str) -> None:
    """Every generation of every orchestration of a scenario, but of those that went alike only the first."""
    paths = sorted(found.glob(f"*{instance}*.json"), key=lambda path: path.stat().st_mtime_ns)
    assert paths, f"{scenario} left no history"
    seen: set[str] = set()
    for number, path in enumerate(paths):
        orchestrator = path.name.partition(".")[0]
        document = json.loads(path.read_text(encoding="utf-8"))
        course = f"{orchestrator} {[[sorted(action) for action in turn['actions']] for turn in document['turns']]}"
        if course in seen:
            continue
        seen.add(course)
        text = json.dumps(document, separators=(",", ":"))
        (target / f"{orchestrator}.{scenario}.{number:02d}.json").write_text(f"{text}\n", encoding="utf-8")


def _finished(api: Api, folder: Path) -> str:
    """More steps than one generation of `run_pipeline` takes."""
    flow = Flow(api, folder)
    steps = [flow.step(f"s{number}", data=[f"s{number - 1}"] if number % 3 else []) for number in range(11)]
    return flow.run(*steps, limit=120).finished().run_id


def _failed(api: Api, folder: Path) -> str:
    """A second try, a failure, a skipped step, and a step that always runs."""
    flow = Flow(api, folder)
    bad = flow.step("bad", "note(); sys.exit(3)", retry={"max_attempts": 2, "delay_seconds": 0})
    below = flow.step("below", data=["bad"])
    last = flow.step("last", always_run=True, run_after=["below"])
    ended = flow.run(bad, below, last, limit=60)
    assert ended.statuses()["below"] == "Skipped"
    return ended.run_id


def _canceled(api: Api, folder: Path) -> str:
    """A cancel while one step runs and another has not begun."""
    flow = Flow(api, folder)
    run_id = flow.submit(flow.step("slow", "note(); time.sleep(60)"), flow.step("below", data=["slow"]))
    flow.wait_for_note("start", "slow")
    api.post(f"/api/runs/{run_id}/cancel", status=202)
    assert api.wait(run_id).status == "Canceled"
    return run_id


def _delivered(api: Api, folder: Path) -> str:
    """A message that nobody takes, and is sent again by hand."""
    flow = Flow(api, folder)
    webhook = {"name": flow.name, "url": "http://127.0.0.1:9/", "pipeline": flow.name}
    webhook_id = api.post("/api/webhooks", webhook, status=201)["id"]
    flow.run(flow.step("only")).finished()

    def deliveries(tries: int) -> Any:
        found = api.get(f"/api/webhooks/{webhook_id}/deliveries")["value"]
        return [each["id"] for each in found if each["attempts"] >= tries]

    (delivery,) = until(lambda: deliveries(1), "the first try")
    api.post(f"/api/webhooks/{webhook_id}/deliveries/{delivery}/redeliver", status=202)
    until(lambda: deliveries(2), "the second try")
    assert api.http.delete(f"/api/webhooks/{webhook_id}").is_success
    return f"webhook-{delivery}"


def _collected(api: Api, folder: Path) -> str:
    """Two files that arrive become one run."""
    flow = Flow(api, folder)
    document = {"name": flow.name, "definition": flow.definition(flow.step("only"))}
    published = api.post("/api/published-pipelines", document, status=201)["id"]
    trigger = {"datastore": DATASTORE, "path": flow.name, "debounce_seconds": 2}
    schedule = {"name": flow.name, "published_pipeline_id": published, "experiment_name": flow.name}
    schedule_id = api.post("/api/schedules", {**schedule, "datastore_trigger": trigger}, status=201)["id"]
    for number in range(2):
        api.upload(f"{flow.name}/{number}.csv", b"x")
    until(lambda: api.get("/api/runs", schedule_id=schedule_id)["value"], "the run", limit=60)
    api.wait(api.get("/api/runs", schedule_id=schedule_id)["value"][0]["run_id"])
    return f"collect-{schedule_id}"


def _queued(api: Api, folder: Path) -> str:
    """A step that waits until another run has left the only place of its compute target."""
    flow, target, gate = Flow(api, folder), "recorded-one", folder / "gate"
    cluster = {"type": "AmlCompute", "properties": {"max_nodes": 1}}
    assert api.http.put(f"/api/compute-targets/{target}", json=cluster).is_success
    first = flow.submit(flow.step("first", "note(); gate()", env={"GATE": str(gate)}, compute_target=target))
    flow.wait_for_note("start", "first")
    second = flow.submit(flow.step("second", compute_target=target))
    api.wait_for_step(second, "second", ["Queued"])
    gate.touch()
    for run_id in (first, second):
        api.wait(run_id, limit=60).finished()
    return second


SCENARIOS: tuple[Callable[[Api, Path], str], ...] = (
    _finished,
    _failed,
    _canceled,
    _delivered,
    _collected,
    _queued,
)

if __name__ == "__main__":
    main()
