"""Published pipelines, their endpoints and drafts, and what runs know of where they come from."""

import json
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.e2e.workspace import Api, Flow, Json, problem

PARAMETERS = {
    "text": {"type": "string", "default": "plain"},
    "count": {"type": "int", "default": 2},
    "rate": {"type": "float", "default": 0.5},
}
SHOW = "note(); out(json.dumps(sys.argv[1:]))"

Publish = Callable[..., Json]


def definition(flow: Flow, **fields: Any) -> Json:
    step = flow.step("show", SHOW, arguments=[{"parameter": name} for name in PARAMETERS])
    return flow.definition(step, parameters=PARAMETERS, **fields)


@pytest.fixture
def publish(flow: Flow, api: Api) -> Publish:
    def publish(**fields: Any) -> Json:
        source = {} if {"definition_id", "run_id"} & fields.keys() else {"definition": definition(flow)}
        return api.post("/api/published-pipelines", {"name": f"P {flow.token}", **source, **fields}, status=201)

    return publish


def of(published: Json) -> str:
    return f"/api/published-pipelines/{published['id']}"


def shown(api: Api, run: Json) -> list[str]:
    """The parameters that the run's script saw."""
    api.wait(run["run_id"]).finished()
    return list(json.loads(api.read_output(run["run_id"], "show")))


def put(api: Api, path: str, body: Json, status: int = 200) -> Json:
    answer = api.http.put(path, json=body)
    assert answer.status_code == status, answer.text
    return dict(answer.json())


def patch(api: Api, path: str, body: Json, status: int = 200) -> Json:
    answer = api.http.patch(path, json=body)
    assert answer.status_code == status, answer.text
    return dict(answer.json())


def test_a_published_pipeline_is_what_was_published(flow: Flow, api: Api, publish: Publish) -> None:
    stored = api.post("/api/definitions", definition(flow), status=201)
    published = publish(description="d", version="7", properties={"git": "abc"}, continue_on_step_failure=True)
    assert published["definition_id"] == stored["definition_id"]
    assert published["status"] == "Active"
    assert {name: each["default"] for name, each in published["parameters"].items()} == {
        "text": "plain",
        "count": 2,
        "rate": 0.5,
    }
    assert (published["step_count"], published["step_names"]) == (1, ["show"])
    assert (published["description"], published["version"]) == ("d", "7")
    assert published["properties"] == {"git": "abc"}
    assert published["created_by"]
    assert published["endpoint"].startswith(f"{api.url}/pipelines/v1.0/subscriptions/")
    assert published["endpoint"].endswith(f"/PipelineRuns/PipelineSubmit/{published['id']}")
    assert api.get(of(published)) == published


def test_a_run_knows_what_it_is_a_run_of(flow: Flow, api: Api, publish: Publish) -> None:
    published = publish(continue_on_step_failure=True)
    body = {
        "experiment_name": flow.name,
        "parameters": {"count": 5},
        "labels": {"a": "b"},
        "properties": {"git": "abc"},
        "description": "mine",
        "run_source": "test",
    }
    run = api.post(f"{of(published)}/submit", body, status=201)
    assert run["published_pipeline_id"] == published["id"]
    assert run["continue_on_step_failure"]
    assert (run["labels"], run["properties"], run["run_source"]) == ({"a": "b"}, {"git": "abc"}, "test")
    assert run["warnings"] == []
    assert shown(api, run) == ["plain", "5", "0.5"]
    other = api.post(f"{of(published)}/submit", {"continue_on_step_failure": False}, status=201)
    assert (other["experiment"], other["continue_on_step_failure"]) == (flow.name, False)
    api.wait(other["run_id"]).finished()
    found = api.get("/api/runs", published_pipeline_id=published["id"])
    assert [each["run_id"] for each in found["value"]] == [other["run_id"], run["run_id"]]
    assert api.get("/api/runs", published_pipeline_id=published["id"], status="Failed")["value"] == []
    resumed = api.post(f"/api/runs/{run['run_id']}/resume", status=201)
    assert (resumed["published_pipeline_id"], resumed["resumed_from"]) == (published["id"], run["run_id"])
    api.wait(resumed["run_id"]).finished()


def test_new_defaults_make_a_new_definition(api: Api, publish: Publish) -> None:
    plain = publish()
    published = publish(parameters={"count": 9, "rate": 1})
    assert published["definition_id"] != plain["definition_id"]
    assert published["parameters"]["rate"]["default"] == 1.0
    assert shown(api, api.post(f"{of(published)}/submit", {}, status=201)) == ["plain", "9", "1.0"]
    both = {"parameters": {"cuont": 1, "count": "x"}, "name": "n", "definition_id": plain["definition_id"]}
    refused = api.refuse("/api/published-pipelines", both, 422)
    faults = {fault["pointer"]: fault for fault in refused["faults"]}
    assert faults.keys() == {"/parameters/cuont", "/parameters/count"}
    assert faults["/parameters/cuont"]["suggestion"] == "Did you mean `count`?"


def test_a_run_can_be_published_with_its_parameters(flow: Flow, api: Api, publish: Publish) -> None:
    run_id = api.submit(definition(flow), parameters={"text": "mine"}, continue_on_step_failure=True)
    api.wait(run_id).finished()
    published = publish(run_id=run_id, parameters={"count": 3})
    assert published["continue_on_step_failure"]
    assert {name: each["default"] for name, each in published["parameters"].items()} == {
        "text": "mine",
        "count": 3,
        "rate": 0.5,
    }
    assert not publish(run_id=run_id, continue_on_step_failure=False)["continue_on_step_failure"]


def test_what_is_wrong_is_not_published(flow: Flow, api: Api) -> None:
    path = "/api/published-pipelines"
    broken = definition(flow, default_compute_target="nowhere")
    refused = api.refuse(path, {"name": "n", "definition": broken}, 422)
    assert [fault["pointer"] for fault in refused["faults"]] == ["/definition/default_compute_target"]
    assert "exactly one" in api.refuse(path, {"name": "n"}, 422)["faults"][0]["message"]
    api.refuse(path, {"name": " ", "definition": definition(flow)}, 422)
    api.refuse(path, {"name": "n", "definition_id": "0" * 64}, 404)
    api.refuse(path, {"name": "n", "run_id": str(uuid.uuid4())}, 404)
    problem(api.http.get(f"{path}/nothing"), 404)
    api.refuse(f"{path}/nothing/submit", {}, 404)


def test_unknown_and_unfitting_parameters_are_faults(api: Api, publish: Publish) -> None:
    published = publish()
    refused = api.refuse(f"{of(published)}/submit", {"parameters": {"zzz": 1, "count": "three"}}, 422)
    faults = {fault["pointer"]: fault for fault in refused["faults"]}
    assert faults.keys() == {"/parameters/zzz", "/parameters/count"}
    assert all(f"`{name}`" in faults["/parameters/zzz"]["suggestion"] for name in PARAMETERS)
    assert api.get("/api/runs", published_pipeline_id=published["id"])["value"] == []


def test_a_disabled_pipeline_starts_no_runs(api: Api, publish: Publish) -> None:
    published = publish()
    assert put(api, f"{of(published)}/status", {"status": "Disabled"})["status"] == "Disabled"
    refused = api.refuse(f"{of(published)}/submit", {}, 409)
    assert f"PUT {of(published)}/status" in refused["detail"]
    listed = [each["id"] for each in api.get("/api/published-pipelines")["value"]]
    assert published["id"] not in listed
    every = api.get("/api/published-pipelines", active_only=False)["value"]
    assert next(each for each in every if each["id"] == published["id"])["status"] == "Disabled"
    assert put(api, f"{of(published)}/status", {"status": "Active"})["status"] == "Active"
    api.wait(api.post(f"{of(published)}/submit", {}, status=201)["run_id"]).finished()


def test_a_repeated_submit_is_one_run(api: Api, publish: Publish) -> None:
    published = publish()
    key = {"Idempotency-Key": f"key-{uuid.uuid4()}"}
    first = api.post(f"{of(published)}/submit", {}, status=201, headers=key)
    again = api.post(f"{of(published)}/submit", {}, status=200, headers=key)
    assert again["run_id"] == first["run_id"]
    problem(api.http.post(f"{of(publish())}/submit", json={}, headers=key), 409)
    api.wait(first["run_id"]).finished()


class TestEndpoints:
    @pytest.fixture
    def endpoint(self, flow: Flow, api: Api, publish: Publish) -> Json:
        body = {"name": f"E {flow.token}", "published_pipeline_id": publish()["id"], "description": "d"}
        return api.post("/api/pipeline-endpoints", body, status=201)

    @staticmethod
    def at(endpoint: Json) -> str:
        return f"/api/pipeline-endpoints/{endpoint['id']}"

    def add(self, api: Api, endpoint: Json, published: Json, **fields: Any) -> Json:
        return api.post(f"{self.at(endpoint)}/versions", {"published_pipeline_id": published["id"], **fields})

    def test_it_has_a_default_version_and_addresses(self, flow: Flow, api: Api, endpoint: Json) -> None:
        assert (endpoint["default_version"], [each["version"] for each in endpoint["versions"]]) == ("0", ["0"])
        head, _, tail = endpoint["endpoint"].partition("Id")
        assert tail == f"/{endpoint['id']}"
        assert head.endswith("/PipelineRuns/PipelineEndpointSubmit/")
        assert "?" not in head
        assert endpoint["swagger_url"] == f"{api.url}/api/openapi.json"
        assert api.get(self.at(endpoint)) == endpoint
        assert api.get(f"/api/pipeline-endpoints/by-name/{endpoint['name']}") == endpoint
        assert endpoint["id"] in [each["id"] for each in api.get("/api/pipeline-endpoints")["value"]]

    def test_addresses_are_those_by_which_the_client_came(self, api: Api, endpoint: Json) -> None:
        headers = {"X-Forwarded-Host": "Pipes.Example.com", "X-Forwarded-Proto": "https"}
        seen = api.http.get(self.at(endpoint), headers=headers).json()["endpoint"]
        assert seen.startswith("https://pipes.example.com/pipelines/v1.0/")
        odd = api.http.get(self.at(endpoint), headers={"X-Forwarded-Host": "a/b?Id", "X-Forwarded-Proto": "ftp"}).json()
        assert odd["endpoint"] == endpoint["endpoint"]

    def test_versions_are_added_and_become_the_default(self, api: Api, endpoint: Json, publish: Publish) -> None:
        first, second = publish(parameters={"count": 11}), publish(parameters={"count": 12})
        assert self.add(api, endpoint, first)["default_version"] == "0"
        changed = self.add(api, endpoint, second, set_default=True)
        assert (changed["default_version"], len(changed["versions"])) == ("2", 3)
        run = api.post(f"{self.at(endpoint)}/submit", {}, status=201)
        assert run["pipeline_endpoint_id"] == endpoint["id"]
        assert run["published_pipeline_id"] == second["id"]
        assert shown(api, run) == ["plain", "12", "0.5"]
        old = api.post(f"{self.at(endpoint)}/submit?version=1", {}, status=201)
        assert shown(api, old) == ["plain", "11", "0.5"]
        unknown = api.refuse(f"{self.at(endpoint)}/submit?version=9", {}, 404)
        assert "`0`, `1` and `2`" in unknown["detail"]
        again = api.refuse(f"{self.at(endpoint)}/versions", {"published_pipeline_id": first["id"]}, 409)
        assert "version `1`" in again["detail"]

    def test_a_rollback_goes_back_through_the_defaults(self, api: Api, endpoint: Json, publish: Publish) -> None:
        for _ in range(2):
            self.add(api, endpoint, publish(), set_default=True)
        path = f"{self.at(endpoint)}/rollback"
        assert api.post(path)["default_version"] == "1"
        assert api.post(path, {})["default_version"] == "0"
        assert "none to go back to" in api.refuse(path, {}, 409)["detail"]
        assert api.post(path, {"to_version": "2"})["default_version"] == "2"
        assert api.post(path, {})["default_version"] == "0"
        assert api.refuse(path, {"to_version": "7"}, 422)["faults"][0]["pointer"] == "/to_version"

    def test_names_are_unique_renames_included(self, flow: Flow, api: Api, endpoint: Json, publish: Publish) -> None:
        body = {"name": endpoint["name"], "published_pipeline_id": publish()["id"]}
        assert "already" in api.refuse("/api/pipeline-endpoints", body, 409)["detail"]
        other = api.post("/api/pipeline-endpoints", {**body, "name": f"F {flow.token}"}, status=201)
        patch(api, self.at(other), {"name": endpoint["name"]}, 409)
        assert patch(api, self.at(other), {"name": f"G {flow.token}", "description": "new"})["description"] == "new"
        assert api.get(f"/api/pipeline-endpoints/by-name/G {flow.token}")["id"] == other["id"]
        problem(api.http.get(f"/api/pipeline-endpoints/by-name/F {flow.token}"), 404)
        third = api.post("/api/pipeline-endpoints", {**body, "name": f"F {flow.token}"}, status=201)
        assert third["id"] not in {other["id"], endpoint["id"]}
        assert patch(api, self.at(third), {"name": f"F {flow.token}"})["name"] == f"F {flow.token}"

    def test_a_disabled_one_starts_no_runs(self, api: Api, endpoint: Json) -> None:
        assert patch(api, self.at(endpoint), {"status": "Disabled"})["status"] == "Disabled"
        assert f"PATCH {self.at(endpoint)}" in api.refuse(f"{self.at(endpoint)}/submit", {}, 409)["detail"]
        assert endpoint["id"] not in [each["id"] for each in api.get("/api/pipeline-endpoints")["value"]]
        patch(api, self.at(endpoint), {"status": "Active"})
        version = endpoint["versions"][0]["published_pipeline_id"]
        put(api, f"/api/published-pipelines/{version}/status", {"status": "Disabled"})
        refused = api.refuse(f"{self.at(endpoint)}/submit", {}, 409)
        assert f"/api/published-pipelines/{version}/status" in refused["detail"]

    def test_a_repeat_is_its_first_run_whatever_the_default_is_by_now(
        self, api: Api, endpoint: Json, publish: Publish
    ) -> None:
        key = {"Idempotency-Key": f"key-{uuid.uuid4()}"}
        first = api.post(f"{self.at(endpoint)}/submit", {}, status=201, headers=key)
        self.add(api, endpoint, publish(parameters={"count": 30}), set_default=True)
        again = api.post(f"{self.at(endpoint)}/submit", {}, status=200, headers=key)
        assert again["run_id"] == first["run_id"]
        api.wait(first["run_id"]).finished()

    def test_changes_at_the_same_time_are_all_kept(self, api: Api, endpoint: Json, publish: Publish) -> None:
        new = [publish(parameters={"count": 20 + number}) for number in range(4)]
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda each: self.add(api, endpoint, each), new))
        versions = {each["version"]: each["published_pipeline_id"] for each in api.get(self.at(endpoint))["versions"]}
        assert sorted(versions) == ["0", "1", "2", "3", "4"]
        assert {each["id"] for each in new} < set(versions.values())


class TestDrafts:
    def draft(self, flow: Flow, api: Api, **fields: Any) -> Json:
        body = {"name": f"D {flow.token}", "experiment_name": flow.name, "definition": definition(flow), **fields}
        return api.post("/api/pipeline-drafts", body, status=201)

    def test_a_draft_is_tried_changed_and_published(self, flow: Flow, api: Api) -> None:
        draft = self.draft(flow, api, parameters={"count": 4}, tags={"team": flow.token})
        path = f"/api/pipeline-drafts/{draft['id']}"
        run = api.post(f"{path}/submit", status=201)
        assert shown(api, run) == ["plain", "4", "0.5"]
        assert (run["experiment"], run["labels"]) == (flow.name, {"team": flow.token})
        assert api.get(path)["last_run_id"] == run["run_id"]
        changed = patch(api, path, {"parameters": {"count": 6}, "experiment_name": f"{flow.name}_2"})
        assert (changed["parameters"], changed["name"]) == ({"count": 6}, draft["name"])
        assert api.post(f"{path}/submit", status=201)["experiment"] == f"{flow.name}_2"
        published = api.post(f"{path}/publish", status=201)
        assert (published["name"], published["parameters"]["count"]["default"]) == (draft["name"], 6)
        found = api.get("/api/pipeline-drafts", tag=f"team:{flow.token}")["value"]
        assert [each["id"] for each in found] == [draft["id"]]
        assert api.http.delete(path).status_code == 204
        problem(api.http.get(path), 404)
        problem(api.http.delete(path), 404)

    def test_drafts_are_made_from_what_there_is(self, flow: Flow, api: Api, publish: Publish) -> None:
        published = publish(parameters={"count": 8}, continue_on_step_failure=True)
        run_id = api.submit(definition(flow), parameters={"count": 5})
        first = self.draft(flow, api, parameters={"text": "t"})
        sources = [
            ({"published_pipeline_id": published["id"]}, "published_pipeline", published["id"], {}),
            ({"run_id": run_id}, "run", run_id, {"text": "plain", "count": 5, "rate": 0.5}),
            ({"draft_id": first["id"]}, "draft", first["id"], {"text": "t"}),
        ]
        for body, kind, id_, parameters in sources:
            draft = api.post("/api/pipeline-drafts", body, status=201)
            assert draft["parent"] == {"kind": kind, "id": id_}
            assert (draft["parameters"], draft["experiment_name"]) == (parameters, flow.name)
            assert draft["continue_on_step_failure"] == (kind == "published_pipeline")
        assert first["parent"] is None
        api.wait(run_id).finished()

    def test_faults_are_named(self, flow: Flow, api: Api) -> None:
        path = "/api/pipeline-drafts"
        assert "exactly one" in api.refuse(path, {"name": "n"}, 422)["faults"][0]["message"]
        body = {"name": "n", "definition": definition(flow), "parameters": {"count": "x"}}
        assert api.refuse(path, body, 422)["faults"][0]["pointer"] == "/parameters/count"
        draft = self.draft(flow, api)
        patch(api, f"{path}/{draft['id']}", {"parameters": {"nope": 1}}, 422)
        problem(api.http.get(path, params={"tag": "nocolon"}), 422)


class TestRunFields:
    def test_labels_and_properties_of_a_run_change(self, flow: Flow, api: Api) -> None:
        run_id = flow.submit(flow.step("only"), labels={"a": "1", "b": "2"}, properties={"git": "abc"}, run_source="CI")
        api.wait(run_id).finished()
        path = f"/api/runs/{run_id}"
        changed = patch(api, path, {"labels": {"a": None, "c": "3"}, "properties": {"more": "x"}, "description": "d"})
        assert changed["labels"] == {"b": "2", "c": "3"}
        assert changed["properties"] == {"git": "abc", "more": "x"}
        assert (changed["description"], changed["run_source"]) == ("d", "CI")
        assert api.run(run_id) == changed
        assert api.get("/api/runs", experiment=flow.name)["value"] == [changed]
        assert patch(api, path, {"properties": {"git": "abc"}}) == changed
        refused = patch(api, path, {"properties": {"git": "other"}}, 422)
        assert refused["faults"][0]["pointer"] == "/properties/git"
        problem(api.http.patch(f"/api/runs/{uuid.uuid4()}", json={}), 404)

    def test_a_child_run_is_listed_below_its_parent(self, flow: Flow, api: Api, tmp_path: Any) -> None:
        gate = tmp_path / "gate"
        parent = flow.submit(flow.step("parent", "note(); gate(); out()", env={"GATE": str(gate)}))
        flow.wait_for_note("start", "parent")
        step_run_id = f"{parent}-00000"
        child = flow.submit(flow.step("child"), parent_step_run_id=step_run_id)
        assert api.run(child)["parent_step_run_id"] == step_run_id
        found = api.get("/api/runs", parent_step_run_id=step_run_id)["value"]
        assert [each["run_id"] for each in found] == [child]
        body = {"definition": flow.definition(flow.step("late")), "parent_step_run_id": f"{parent}-00007"}
        assert api.refuse("/api/runs", body, 422)["faults"][0]["pointer"] == "/parent_step_run_id"
        api.wait(child)
        gate.touch()
        api.wait(parent).finished()
        assert "Finished already" in api.refuse("/api/runs", {**body, "parent_step_run_id": step_run_id}, 409)["detail"]
