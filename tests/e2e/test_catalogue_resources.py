"""Environments, modules and models: kept under names, in versions."""

from tests.e2e.workspace import DATASTORE, Api, Flow, Json, problem


def test_an_environment_gets_a_version_where_it_differs(api: Api, flow: Flow) -> None:
    address = f"/api/environments/{flow.name}"

    def put(document: Json, status: int) -> Json:
        answer = api.http.put(address, json={"document": document})
        assert answer.status_code == status, answer.text
        return dict(answer.json())

    problem(api.http.get(address), 404)
    first = put({"python": {"version": "3.13"}}, 201)
    assert put({"python": {"version": "3.13"}}, 200) == first
    second = put({"python": {"version": "3.12"}}, 201)
    assert (first["version"], second["version"]) == (1, 2)
    assert api.get(address) == second
    assert api.get(address, version=1) == first
    assert "no version 3" in problem(api.http.get(address, params={"version": 3}), 404)["detail"]
    assert [each for each in api.get("/api/environments")["value"] if each["name"] == flow.name] == [second]


def test_versions_of_a_model_count_up(api: Api, flow: Flow) -> None:
    body = {"name": flow.name, "datastore": DATASTORE, "path": "models/m.pkl", "properties": {"git": "abc"}}
    first = api.post("/api/models", body, status=201)
    second = api.post("/api/models", {**body, "framework": "sklearn"}, status=201)
    assert (first["id"], second["id"], second["framework"]) == (f"{flow.name}:1", f"{flow.name}:2", "sklearn")
    assert [each["version"] for each in api.get("/api/models", name=flow.name)["value"]] == [2, 1]
    page = api.get("/api/models", name=flow.name, page_size=1)
    rest = api.get("/api/models", name=flow.name, page_size=1, continuation_token=page["continuation_token"])
    assert [each["version"] for each in [*page["value"], *rest["value"]]] == [2, 1]
    address = f"/api/models/{flow.name}"
    assert api.get(address) == second
    assert api.get(address, version=1) == first
    changed = api.http.patch(f"{address}/1", json={"tags": {"a": "b"}, "properties": {"more": "x"}}).json()
    assert (changed["tags"], changed["properties"]) == ({"a": "b"}, {"git": "abc", "more": "x"})
    refused = problem(api.http.patch(f"{address}/1", json={"properties": {"git": "other"}}), 422)
    assert [fault["pointer"] for fault in refused["faults"]] == ["/properties/git"]
    assert api.http.delete(f"{address}/2").status_code == 204
    assert api.get(address)["version"] == 1
    api.refuse("/api/models", {**body, "path": "../up"}, 422)
    assert "`nowhere`" in api.refuse("/api/models", {**body, "datastore": "nowhere"}, 404)["detail"]


def test_a_module_has_versions_that_its_author_names(api: Api, flow: Flow) -> None:
    module = api.post("/api/modules", {"name": flow.name, "description": "d"}, status=201)
    assert (module["status"], module["default_version"], module["versions"]) == ("Active", None, [])
    assert "exists already" in api.refuse("/api/modules", {"name": flow.name}, 409)["detail"]
    address = f"/api/modules/{module['id']}"
    step = {"type": "python_script", "settings": {"script_name": "a.py"}}
    api.post(f"{address}/versions", {"step": step}, status=201)
    module = api.post(f"{address}/versions", {"step": step, "version": "v2", "is_default": True}, status=201)
    assert [each["version"] for each in module["versions"]] == ["1", "v2"]
    assert module["default_version"] == "v2"
    assert module["versions"][0]["step"] == step
    assert "never change" in api.refuse(f"{address}/versions", {"step": step, "version": "v2"}, 409)["detail"]
    change = {"name": f"{flow.name} 2", "default_version": "1", "version_statuses": {"v2": "Disabled"}}
    changed = api.http.patch(address, json=change).json()
    assert (changed["name"], changed["default_version"]) == (f"{flow.name} 2", "1")
    assert [each["status"] for each in changed["versions"]] == ["Active", "Disabled"]
    assert api.get(f"/api/modules/by-name/{flow.name} 2") == changed == api.get(address)
    problem(api.http.get(f"/api/modules/by-name/{flow.name}"), 404)
    assert changed in api.get("/api/modules")["value"]
    wrong = {"default_version": "3", "version_statuses": {"4": "Disabled"}}
    refused = problem(api.http.patch(address, json=wrong), 422)
    assert {fault["pointer"] for fault in refused["faults"]} == {"/default_version", "/version_statuses/4"}
