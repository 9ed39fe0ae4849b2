"""The plan says before what explain says after, and writes nothing.

The reuse matrix compares the two case by case.
"""

from pathlib import Path

from tests.e2e.workspace import DATASTORE, Api, Flow, Json, problem


def actions(api: Api, definition: Json, **request: object) -> dict[str, str]:
    planned = api.post("/api/plan", {"definition": definition, **request})["steps"]
    return {step["name"]: step["action"] for step in planned}


def chain(flow: Flow, script: str = "note(); out()") -> Json:
    return flow.definition(
        flow.step("last", data=["middle"]),
        flow.step("middle", script, data=["first"]),
        flow.step("first"),
        flow.step("aside"),
    )


def test_a_plan_of_a_first_run(flow: Flow, api: Api) -> None:
    definition = chain(flow)
    steps = api.post("/api/plan", {"definition": definition})["steps"]
    assert [step["name"] for step in steps] == ["last", "middle", "first", "aside"], "the order of the definition"
    planned = {step["name"]: step for step in steps}
    assert {name: step["action"] for name, step in planned.items()} == {
        "last": "blocked",
        "middle": "blocked",
        "first": "run",
        "aside": "run",
    }
    assert planned["first"]["explanation"]["code"] == "first_run"
    assert flow.name in planned["first"]["explanation"]["sentence"]
    assert "`first`" in planned["middle"]["explanation"]["sentence"]
    ended = api.wait(api.submit(definition)).finished()
    assert len(ended.ran) == 4
    assert ended.steps["first"]["explanation"] == planned["first"]["explanation"]


def test_a_plan_of_an_unchanged_run_says_what_is_saved(flow: Flow, api: Api) -> None:
    definition = flow.definition(flow.step("slow", "time.sleep(0.3); out()"), flow.step("next", data=["slow"]))
    first = api.wait(api.submit(definition)).finished()
    planned = api.post("/api/plan", {"definition": definition})["steps"]
    assert [step["action"] for step in planned] == ["reuse", "reuse"]
    assert planned[0]["source"] == first.steps["slow"]["step_run_id"]
    assert planned[0]["saves_seconds"] == first.steps["slow"]["wall_seconds"] >= 0.3
    assert api.wait(api.submit(definition)).finished().ran == set()


def test_a_plan_of_a_changed_script(flow: Flow, api: Api) -> None:
    api.wait(api.submit(chain(flow))).finished()
    changed = chain(flow, "note(); out('other')")
    assert actions(api, changed) == {"last": "blocked", "middle": "run", "first": "reuse", "aside": "reuse"}
    ended = api.wait(api.submit(changed)).finished()
    assert ended.ran == {"middle", "last"}
    assert actions(api, changed) == dict.fromkeys(("last", "middle", "first", "aside"), "reuse")


def test_a_plan_with_new_outputs_asked_for(flow: Flow, api: Api) -> None:
    definition = chain(flow)
    api.wait(api.submit(definition)).finished()
    assert set(actions(api, definition, regenerate_outputs=True).values()) == {"run"}


def test_a_plan_whose_input_is_not_there(flow: Flow, api: Api) -> None:
    inputs = {"raw": {"kind": "data_reference", "datastore": DATASTORE, "path": f"{flow.name}/absent"}}
    definition = flow.definition(flow.step("load", inputs=inputs), flow.step("next", data=["load"]))
    load, following = api.post("/api/plan", {"definition": definition})["steps"]
    assert load["action"] == "run"
    assert load["explanation"]["code"] == "input_missing"
    assert f"{flow.name}/absent" in load["explanation"]["sentence"]
    assert following["action"] == "blocked"


def test_a_plan_writes_nothing(flow: Flow, api: Api, tmp_path: Path) -> None:
    runs = api.newest_runs()
    files = api.get(f"/api/datastores/{DATASTORE}/files", prefix=flow.name)["value"]
    definition = chain(flow)
    for _ in range(2):
        assert len(actions(api, definition)) == 4
    assert api.newest_runs() == runs
    assert api.get("/api/runs", experiment=flow.name)["value"] == []
    experiments = [each["name"] for each in api.get("/api/experiments", page_size=200)["value"]]
    assert flow.name not in experiments
    assert api.get(f"/api/datastores/{DATASTORE}/files", prefix=flow.name)["value"] == files
    assert flow.starts() == {}


def test_a_plan_refuses_what_a_submit_refuses(flow: Flow, api: Api) -> None:
    body = {"definition": flow.definition(flow.step("only", data=["nobody"])), "parameters": {}}
    assert api.refuse("/api/plan", body, 422)["faults"] == api.refuse("/api/runs", body, 422)["faults"]


def test_explain_speaks_about_every_step_that_has_begun(flow: Flow, api: Api) -> None:
    ended = flow.run(flow.step("good"), flow.step("bad", "sys.exit(1)"), flow.step("below", data=["bad"]))
    explained = {each["step"]: each for each in api.get(f"/api/runs/{ended.run_id}/explain")["value"]}
    assert {name: (each["status"], each["code"]) for name, each in explained.items()} == {
        "good": ("Finished", "first_run"),
        "bad": ("Failed", "first_run"),
        "below": ("Skipped", "skipped"),
    }
    for name, each in explained.items():
        own = {key: each[key] for key in ("code", "sentence", "differences", "compared_with")}
        assert own == ended.steps[name]["explanation"]
    assert api.explain(ended.run_id, "bad") == explained["bad"]
    refused = problem(api.http.get(f"/api/runs/{ended.run_id}/explain", params={"step": "belo"}), 404)
    assert "`below`" in refused["detail"]
