"""One of everything that orchestrations go through, for `record_histories`. Each scenario says whose histories to keep.

The docstrings say what is special in the histories; what else happens on the way is recorded, too.
"""

from collections.abc import Callable
from typing import Any

from orchestrators.run_pipeline import STEPS_PER_GENERATION
from orchestrators.run_step import POLLS_PER_GENERATION
from shared.core import names
from tests.e2e.test_child_runs import parent, start_children
from tests.e2e.test_hyperdrive import children, sweep
from tests.e2e.workspace import DATASTORE
from tests.golden.scenarios_of_trouble import away, healed, refused, unprepared, unprepared_for_now
from tests.golden.stage import LIMIT, Stage, has_second
from tests.waiting import until


def finished(stage: Stage) -> list[str]:
    """More steps than one generation of `run_pipeline` takes, while a long one is under way."""
    flow = stage.flow()
    long, gate = stage.gated(flow, "long")
    quick = [flow.step(f"s{number}", data=[f"s{number - 1}"] if number % 3 else []) for number in range(10)]
    run_id = flow.submit(long, *quick)
    stage.wait_for_second(names.RUN_PIPELINE, run_id)
    gate.touch()
    return [stage.api.wait(run_id, limit=LIMIT).finished().run_id]


def failed(stage: Stage) -> list[str]:
    """A second try, a failure, a skipped step, and a step that always runs."""
    flow = stage.flow()
    bad = flow.step("bad", "note(); sys.exit(3)", retry={"max_attempts": 2, "delay_seconds": 0})
    below = flow.step("below", data=["bad"])
    last = flow.step("last", always_run=True, run_after=["below"])
    ended = flow.run(bad, below, last, limit=LIMIT)
    assert ended.statuses() == {"bad": "Failed", "below": "Skipped", "last": "Finished"}
    return [ended.run_id]


def resumed(stage: Stage) -> list[str]:
    """What does not depend on a failure goes on; a second run has the results of the first from the start."""
    flow = stage.flow()
    mended = stage.folder / f"{flow.name}.mended"
    script = "note(); out() if os.path.exists(os.environ['MENDED']) else sys.exit(3)"
    bad = flow.step("bad", script, env={"MENDED": str(mended)})
    below = [flow.step("below", data=["bad"]), flow.step("ordered", run_after=["bad"])]
    aside = [flow.step("aside"), flow.step("aside_next", data=["aside"])]
    first = flow.run(bad, *below, *aside, continue_on_step_failure=True, limit=LIMIT)
    assert first.ran == {"bad", "aside", "aside_next"}
    mended.touch()
    second = stage.api.post(f"/api/runs/{first.run_id}/resume", status=201)["run_id"]
    assert stage.api.wait(second, limit=LIMIT).finished().reused == {"aside", "aside_next"}
    return [second, first.run_id]


def canceled(stage: Stage) -> list[str]:
    """A cancel while a generation's worth of steps runs, besides one that ends late and one that has not begun."""
    flow, count = stage.flow(), STEPS_PER_GENERATION + 1
    steps = [flow.step(f"slow{number}", "note(); time.sleep(60)") for number in range(STEPS_PER_GENERATION)]
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); note(); time.sleep(60)"
    steps += [flow.step("deaf", deaf), flow.step("below", data=["deaf"])]
    run_id = flow.submit(*steps, max_parallel_steps=count)
    until(lambda: len(flow.notes()) == count, "the start of all", limit=LIMIT)
    return [stage.cancel(run_id)]


def queued(stage: Stage) -> list[str]:
    """Steps that wait until another run has left the only place of their compute target, and one that is canceled.

    To the first of them comes a hint that is not for it, or for an earlier try.
    """
    flow, target = stage.flow(), "recorded-one"
    stage.put(f"compute-targets/{target}", {"type": "AmlCompute", "properties": {"max_nodes": 1}})
    step, gate = stage.gated(flow, "first", compute_target=target)
    first = flow.submit(step)
    flow.wait_for_note("start", "first", limit=LIMIT)
    second = flow.submit(flow.step("second", compute_target=target))
    third = flow.submit(flow.step("third", compute_target=target))
    for run_id, name in ((second, "second"), (third, "third")):
        stage.api.wait_for_step(run_id, name, ["Queued"], limit=LIMIT)
    stage.hint(f"{second}-00000")
    stage.cancel(third)
    gate.touch()
    for run_id in (first, second):
        stage.api.wait(run_id, limit=LIMIT).finished()
    return [second, third]


def shared(stage: Stage) -> list[str]:
    """A step that waits for the same step of another run, and takes its result."""
    flow = stage.flow()
    step, gate = stage.gated(flow, "only")
    first = flow.submit(step)
    flow.wait_for_note("start", "only", limit=LIMIT)
    second = flow.submit(step)
    stage.api.wait_for_step(second, "only", ["Queued"], limit=LIMIT)
    gate.touch()
    stage.api.wait(first, limit=LIMIT).finished()
    assert stage.api.wait(second, limit=LIMIT).reused == {"only"}
    return [second]


def watched_for_long(stage: Stage) -> list[str]:
    """As many looks at a job as one generation of `run_step` takes, each by a hint. The last hint reaches the next."""
    flow = stage.flow()
    step, gate = stage.gated(flow, "only")
    run_id = flow.submit(step)
    flow.wait_for_note("start", "only", limit=LIMIT)

    def second_after_one_more() -> bool:
        stage.hint(f"{run_id}-00000")
        return has_second(stage.read(names.RUN_STEP, f"{run_id}-00000"))

    until(second_after_one_more, "the second generation", limit=LIMIT, pause=0.2)
    gate.touch()
    return [stage.api.wait(run_id, limit=LIMIT).finished().run_id]


def hinted_too_often(stage: Stage) -> list[str]:
    """Hints come faster than the service answers, so a generation of `run_step` ends late; then comes a cancel."""
    flow, target = stage.flow(), "recorded-slow"
    size = {"vm_size": "STANDARD_D2_V2", "min_nodes": 0, "max_nodes": 1, "emulated": True}
    stage.put(f"compute-targets/{target}", {"type": "AmlCompute", "properties": size})
    step, _ = stage.gated(flow, "only", compute_target=target)
    run_id = flow.submit(step)
    flow.wait_for_note("start", "only", limit=LIMIT)
    switches = f"{stage.server.facts['emulators']['azure_ml']}/_emulator/faults"
    assert stage.api.http.put(switches, json={"latency_seconds": 0.2}).is_success
    for _ in range(POLLS_PER_GENERATION + 2):
        stage.hint(f"{run_id}-00000")
    stage.wait_for_second(names.RUN_STEP, f"{run_id}-00000")
    return [stage.cancel(run_id)]


def swept(stage: Stage) -> list[str]:
    """A sweep and its trials."""
    space = {"kind": "grid", "space": {"--x": ["choice", [[0, 2]]]}}
    flow = stage.flow()
    run_id = flow.run(sweep(flow, settings={"sampling": space}), limit=LIMIT).finished().run_id
    return [run_id, *_below(stage, run_id)]


def sweep_canceled(stage: Stage) -> list[str]:
    """A sweep that takes its trials along."""
    flow = stage.flow()
    run_id = flow.submit(sweep(flow, env={"GATE": str(stage.folder / "never")}))
    until(lambda: 1 in [note["x"] for note in flow.notes("start")], "the trial that waits", limit=LIMIT)
    return [stage.cancel(run_id), *_below(stage, run_id)]


def left_behind(stage: Stage) -> list[str]:
    """A step whose job has ended before the runs that it started: they are told to end, and waited for."""
    flow, gate = stage.flow(), stage.folder / "left-behind"
    run_id = flow.submit(parent(flow, "note(); gate(); out()", gate))
    below = start_children(flow, run_id, stage.folder / "never")
    gate.touch()
    assert stage.api.wait(run_id, limit=LIMIT).status == "Finished"
    return [run_id, *below]


def _below(stage: Stage, run_id: str) -> list[str]:
    return [run["run_id"] for run in children(stage.api, run_id).values()]


def delivered(stage: Stage) -> list[str]:
    """A message that nobody takes, is tried again, sent again by hand, and dropped when its webhook is deleted."""
    flow, api = stage.flow(), stage.api
    webhook = {"name": flow.name, "url": "http://127.0.0.1:9/", "pipeline": flow.name}
    webhook_id = api.post("/api/webhooks", webhook, status=201)["id"]
    run_id = flow.run(flow.step("only"), limit=LIMIT).finished().run_id

    def deliveries(tries: int) -> Any:
        found = api.get(f"/api/webhooks/{webhook_id}/deliveries")["value"]
        return [each["id"] for each in found if each["attempts"] >= tries]

    (delivery,) = until(lambda: deliveries(3), "the tries", limit=LIMIT)
    api.post(f"/api/webhooks/{webhook_id}/deliveries/{delivery}/redeliver", status=202)
    until(lambda: deliveries(4), "the try by hand", limit=LIMIT)
    assert api.http.delete(f"/api/webhooks/{webhook_id}").is_success
    instance = names.delivery_instance(delivery)
    stage.wait_for_end(names.DELIVER_WEBHOOK, instance)
    return [run_id, instance]


def collected(stage: Stage) -> list[str]:
    """Files that keep arriving for longer than one generation of `collect_arrivals` looks for them.

    Their paths are so long that no run takes all that have arrived, so there is always something left to do.
    """
    flow, api = stage.flow(), stage.api
    document = {"name": flow.name, "definition": flow.definition(flow.step("only"))}
    published = api.post("/api/published-pipelines", document, status=201)["id"]
    trigger = {"datastore": DATASTORE, "path": flow.name, "debounce_seconds": 1}
    schedule = {"name": flow.name, "published_pipeline_id": published, "experiment_name": flow.name}
    schedule_id = api.post("/api/schedules", {**schedule, "datastore_trigger": trigger}, status=201)["id"]
    instance, number = names.collecting_id(schedule_id), 0

    def second_after_one_more() -> bool:
        nonlocal number
        number += 1
        api.upload(f"{flow.name}/{900 * 'x'}{number}.csv", b"x")
        return has_second(stage.read(names.COLLECT_ARRIVALS, instance))

    until(second_after_one_more, "the second generation", limit=LIMIT, pause=0.05)
    stage.wait_for_end(names.COLLECT_ARRIVALS, instance)
    return [instance]


SCENARIOS: tuple[Callable[[Stage], list[str]], ...] = (
    finished,
    failed,
    resumed,
    canceled,
    queued,
    shared,
    watched_for_long,
    hinted_too_often,
    swept,
    sweep_canceled,
    left_behind,
    delivered,
    collected,
    healed,
    away,
    refused,
    unprepared_for_now,
    unprepared,
)
