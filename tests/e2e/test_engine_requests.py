"""Submitting: parameters, repeated requests, stored definitions, reuse switches."""

import json
import uuid
from typing import Any

import pytest

from tests.e2e.workspace import Api, Flow, Json, problem

TYPES = {
    "name": {"type": "string", "default": "plain"},
    "count": {"type": "int", "default": 2},
    "learning_rate": {"type": "float", "default": 0.5},
    "flag": {"type": "bool", "default": False},
    "needed": {"type": "string"},
}


def parametrised(flow: Flow) -> Json:
    script = "out(json.dumps(sys.argv[1:]))"
    arguments = [{"parameter": name} for name in TYPES]
    return flow.definition(flow.step("show", script, arguments=arguments), parameters=TYPES)


@pytest.mark.parametrize(
    ("given", "seen"),
    [
        ({"needed": "n"}, ["plain", "2", "0.5", "False", "n"]),
        (
            {"needed": "", "name": "ü x", "count": -7, "learning_rate": 1, "flag": True},
            ["ü x", "-7", "1.0", "True", ""],
        ),
    ],
)
def test_parameters(flow: Flow, api: Api, given: dict[str, Any], seen: list[str]) -> None:
    ended = api.wait(api.submit(parametrised(flow), parameters=given)).finished()
    assert json.loads(api.read_output(ended.run_id, "show")) == seen
    assert ended.run["parameters"].keys() == TYPES.keys()
    assert {name: ended.run["parameters"][name] for name in given} == given


def test_wrong_parameters_are_all_named_at_once(flow: Flow, api: Api) -> None:
    before = api.newest_runs()
    given = {"learnin_rate": 0.1, "count": "three", "flag": 1, "name": None}
    refused = api.refuse("/api/runs", {"definition": parametrised(flow), "parameters": given}, 422)
    faults = {fault["pointer"]: fault for fault in refused["faults"]}
    assert faults.keys() == {
        "/parameters/learnin_rate",
        "/parameters/count",
        "/parameters/flag",
        "/parameters/name",
        "/parameters/needed",
    }
    assert faults["/parameters/learnin_rate"]["suggestion"] == "Did you mean `learning_rate`?"
    assert "needs a value" in faults["/parameters/needed"]["message"]
    assert api.newest_runs() == before


def test_the_same_idempotency_key_is_the_same_run(flow: Flow, api: Api) -> None:
    body = {"definition": flow.definition(flow.step("only"))}
    key = {"Idempotency-Key": f"key-{uuid.uuid4()}"}
    first = api.post("/api/runs", body, status=201, headers=key)
    second = api.post("/api/runs", body, status=200, headers=key)
    assert second["run_id"] == first["run_id"]
    ended = api.wait(first["run_id"]).finished()
    assert api.post("/api/runs", body, status=200, headers=key) == ended.run
    other = {**body, "labels": {"another": "request"}}
    refused = problem(api.http.post("/api/runs", json=other, headers=key), 409)
    assert first["run_id"] in refused["detail"]
    assert [run["run_id"] for run in api.get("/api/runs", experiment=flow.name)["value"]] == [first["run_id"]]
    assert flow.starts() == {"only": 1}


def test_a_stored_definition_can_be_run_by_its_id(flow: Flow, api: Api) -> None:
    definition = flow.definition(flow.step("only"))
    stored = api.post("/api/definitions", definition, status=201)
    turned = dict(reversed(definition.items()))
    assert api.post("/api/definitions", turned, status=201) == stored
    ended = api.wait(api.post("/api/runs", stored, status=201)["run_id"]).finished()
    assert ended.run["definition_id"] == stored["definition_id"]
    again = api.wait(api.submit(definition)).finished()
    assert again.run["definition_id"] == stored["definition_id"]
    assert again.reused == {"only"}
    kept = api.get(f"/api/definitions/{stored['definition_id']}")
    assert kept["name"] == flow.name
    assert api.post("/api/validate", kept) == {"valid": True, "warnings": []}


def test_regenerate_outputs_runs_everything(flow: Flow) -> None:
    steps = [flow.step("first"), flow.step("second", data=["first"])]
    flow.run(*steps).finished()
    again = flow.run(*steps, regenerate_outputs=True).finished()
    assert again.ran == {"first", "second"}
    assert {step["explanation"]["code"] for step in again.steps.values()} == {"regenerate"}
    assert "regenerate_outputs" in again.steps["first"]["explanation"]["sentence"]
    assert flow.run(*steps).finished().reused == {"first", "second"}
    assert flow.starts() == {"first": 2, "second": 2}


def test_a_step_that_does_not_allow_reuse_runs_every_time(flow: Flow) -> None:
    steps = [flow.step("fresh", allow_reuse=False), flow.step("next", data=["fresh"])]
    flow.run(*steps).finished()
    again = flow.run(*steps).finished()
    assert again.ran == {"fresh"}, "its output has the same bytes, so nothing below it has to run"
    assert again.reused == {"next"}
    assert again.steps["fresh"]["explanation"]["code"] == "reuse_off"
    assert "allow_reuse" in again.steps["fresh"]["explanation"]["sentence"]
    allowed = flow.run(flow.step("fresh"), flow.step("next", data=["fresh"])).finished()
    assert allowed.reused == {"fresh", "next"}, "switching reuse on again finds the earlier result"


def test_runs_are_listed_page_by_page_newest_first(flow: Flow, api: Api) -> None:
    step = flow.step("only")
    ids = [flow.submit(step) for _ in range(5)]
    for run_id in ids:
        api.wait(run_id).finished()
    seen: list[str] = []
    token: dict[str, str] = {}
    for _ in range(5):
        page = api.get("/api/runs", experiment=flow.name, page_size=2, **token)
        assert len(page["value"]) <= 2
        seen += [run["run_id"] for run in page["value"]]
        if page["continuation_token"] is None:
            break
        token = {"continuation_token": page["continuation_token"]}
    assert seen == ids[::-1]


def test_a_run_belongs_to_its_experiment(flow: Flow, api: Api) -> None:
    name = f"{flow.name}_experiment"
    ended = flow.run(flow.step("only"), experiment_name=name).finished()
    assert ended.run["experiment"] == name
    experiments: list[str] = []
    page = api.get("/api/experiments", page_size=200)
    experiments += [each["name"] for each in page["value"]]
    while page["continuation_token"]:
        page = api.get("/api/experiments", page_size=200, continuation_token=page["continuation_token"])
        experiments += [each["name"] for each in page["value"]]
    assert name in experiments
    assert flow.name not in experiments
