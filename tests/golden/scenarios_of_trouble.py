"""What orchestrations go through when storage is away or refuses, for `record_histories`; see `scenarios`."""

import json

from shared.core import names
from tests.e2e.workspace import ACCOUNT_KEY, Flow, Json
from tests.golden.stage import LIMIT, Stage

NOBODY = "http://127.0.0.1:9/none"
WRONG_KEY = f"{86 * 'A'}=="


def healed(stage: Stage) -> list[str]:
    """A step that needs a datastore which is away for a moment."""
    flow, run_id, store = _before_a_datastore(stage)
    stage.put(store, {**_container(stage, flow), "endpoint": NOBODY})
    _open_gate(stage, flow)
    stage.wait_for("a failure", names.RUN_STEP, f"{run_id}-00001", lambda found: "taskFailed" in json.dumps(found))
    stage.put(store, _container(stage, flow))
    stage.api.wait(run_id, limit=LIMIT).finished()
    return [f"{run_id}-00001"]


def away(stage: Stage) -> list[str]:
    """The orchestration of a step gives up for now: a datastore is away for longer than it tries."""
    flow, run_id, store = _before_a_datastore(stage)
    stage.put(store, {**_container(stage, flow), "endpoint": NOBODY})
    _open_gate(stage, flow)
    stage.wait_for_end(names.RUN_STEP, f"{run_id}-00001")
    return [f"{run_id}-00001"]


def refused(stage: Stage) -> list[str]:
    """A step fails because a datastore refuses its key for good."""
    flow, run_id, store = _before_a_datastore(stage)
    stage.put(store, {**_container(stage, flow), "account_key": WRONG_KEY})
    _open_gate(stage, flow)
    assert stage.api.wait(run_id, limit=LIMIT).statuses() == {"first": "Finished", "second": "Failed"}
    return [f"{run_id}-00001"]


def _before_a_datastore(stage: Stage) -> tuple[Flow, str, str]:
    """A run whose second step reads from a datastore, and waits for the first step."""
    flow = stage.flow()
    store = f"datastores/{flow.name}?overwrite=true"
    stage.put(store, {**_container(stage, flow), "create_if_not_exists": True})
    url = stage.api.post(f"/api/datastores/{flow.name}/uploads", {"paths": ["in/a"]})["urls"]["in/a"]
    assert stage.api.http.put(url, content=b"a", headers={"x-ms-blob-type": "BlockBlob"}).status_code == 201
    first, _ = stage.gated(flow, "first")
    inputs = {"data": {"kind": "data_reference", "datastore": flow.name, "path": "in"}}
    run_id = flow.submit(first, flow.step("second", inputs=inputs, run_after=["first"]))
    flow.wait_for_note("start", "first", limit=LIMIT)
    return flow, run_id, store


def _open_gate(stage: Stage, flow: Flow) -> None:
    (stage.folder / f"{flow.name}.first.gate").touch()


def unprepared_for_now(stage: Stage) -> list[str]:
    """The orchestration of a run gives up for now: a datastore is away for longer than it tries."""
    flow, step, store = _with_results_on_a_datastore(stage)
    stage.put(store, {**_container(stage, flow), "endpoint": NOBODY})
    run_id = flow.submit(step)
    stage.wait_for_end(names.RUN_PIPELINE, run_id)
    return [run_id]


def unprepared(stage: Stage) -> list[str]:
    """A run fails before its first step because a datastore refuses its key for good."""
    flow, step, store = _with_results_on_a_datastore(stage)
    stage.put(store, {**_container(stage, flow), "account_key": WRONG_KEY})
    ended = stage.api.wait(flow.submit(step), limit=LIMIT)
    assert "could not be prepared" in ended.run["error"], ended.run["error"]
    return [ended.run_id]


def _with_results_on_a_datastore(stage: Stage) -> tuple[Flow, Json, str]:
    """A step that has finished once; with so many outputs that the next run begins by listing all of them."""
    flow = stage.flow()
    store = f"datastores/{flow.name}?overwrite=true"
    stage.put(store, {**_container(stage, flow), "create_if_not_exists": True})
    outputs = {f"out{number}": {"datastore": flow.name} for number in range(4)}
    step = flow.step("only", "note()\nfor name in range(4): out(name=f'out{name}')", outputs=outputs)
    flow.run(step, limit=LIMIT).finished()
    return flow, step, store


def _container(stage: Stage, flow: Flow) -> Json:
    """A container of the workspace's own account, as a datastore of another one would be registered."""
    endpoint = f"http://127.0.0.1:{stage.server.facts['blob_port']}/devstoreaccount1"
    place = {"account_name": "devstoreaccount1", "container": flow.name.replace("_", "-"), "endpoint": endpoint}
    return {"type": "azure_blob", **place, "account_key": ACCOUNT_KEY, "skip_validation": True}
