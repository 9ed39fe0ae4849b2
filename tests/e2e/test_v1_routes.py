"""v1's own routes, called as v1's SDK, notebooks, curl, Data Factory and Azure DevOps call them."""

import json
import shutil
import subprocess
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from api.links import WORKSPACE
from tests.e2e.guarded import Guarded
from tests.e2e.scheduling import Scheduling
from tests.e2e.workspace import Api, Flow, Json

BASE = WORKSPACE.format(subscription="0f1e-Id", group="My Group", workspace_name="ws")
PARAMETERS = {
    "text": {"type": "string", "default": "plain"},
    "count": {"type": "int", "default": 2},
    "rate": {"type": "float", "default": 0.5},
    "flag": {"type": "bool", "default": False},
}
SHOW = "print('shown'); out(json.dumps(sys.argv[1:]))"
RUNNING = {"NotStarted", "Running", "Queued", "Unknown"}

Publish = Callable[..., Json]


def definition(flow: Flow, **fields: Any) -> Json:
    arguments = [{"parameter": name} for name in PARAMETERS]
    step = flow.step("show", SHOW, arguments=arguments)
    return flow.definition(step, flow.step("next step", data=["show"]), parameters=PARAMETERS, **fields)


@pytest.fixture
def publish(flow: Flow, api: Api) -> Publish:
    def publish(**fields: Any) -> Json:
        body = {"name": f"P {flow.token}", "definition": definition(flow), **fields}
        return api.post("/api/published-pipelines", body, status=201)

    return publish


@pytest.fixture
def scheduling(flow: Flow) -> Scheduling:
    return Scheduling(flow)


@pytest.fixture
def endpoint(flow: Flow, api: Api, publish: Publish) -> Json:
    body = {"name": f"E {flow.token}", "published_pipeline_id": publish()["id"]}
    return api.post("/api/pipeline-endpoints", body, status=201)


def call(api: Api, method: str, path: str, body: object = None, **options: Any) -> Any:
    """An answer's document; v1's clients take nothing but 200 for success."""
    answer = api.http.request(method, f"{BASE}{path}", json=body, **options)
    assert answer.status_code == 200, answer.text
    return answer.json()


def refusal(answer: httpx.Response, status: int) -> Json:
    """What is wrong, checked for v1's form."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    document = answer.json()
    assert {"operation", "request"} <= document["Correlation"].keys()
    error: Json = document["Error"]
    assert {"Code", "Message", "Target", "Details", "InnerError"} <= error.keys()
    assert error["Code"] == "UserError"
    assert error["Message"]
    return error


def shown(api: Api, run_id: str) -> list[str]:
    """The parameters that the run's script saw."""
    api.wait(run_id).finished()
    return list(json.loads(api.read_output(run_id, "show")))


class TestSubmit:
    def test_the_minimal_request_of_the_notebooks(self, flow: Flow, api: Api, publish: Publish) -> None:
        body = {"ExperimentName": flow.name, "RunSource": "SDK", "ParameterAssignments": {"count": 45}}
        answer = httpx.post(publish()["endpoint"], json=body, headers={"Authorization": "Bearer nobody-looks"})
        assert answer.status_code == 200
        run_id = answer.json().get("Id")
        assert shown(api, run_id) == ["plain", "45", "0.5", "False"]
        assert api.run(run_id)["experiment"] == flow.name
        assert api.run(run_id)["run_source"] == "SDK"

    def test_values_are_texts_numbers_or_booleans(self, api: Api, publish: Publish) -> None:
        published = publish()
        path = f"/PipelineRuns/PipelineSubmit/{published['id']}"
        as_texts = {"text": "5", "count": "7", "rate": "1", "flag": "True"}
        as_values = {"text": 5, "count": 7.0, "rate": 1, "flag": True}
        runs = [call(api, "POST", path, {"ParameterAssignments": each}) for each in (as_texts, as_values)]
        assert [shown(api, run["Id"]) for run in runs] == [["5", "7", "1.0", "True"]] * 2
        for run in runs:
            assert run["ParameterAssignments"] == {"text": "5", "count": "7", "rate": "1.0", "flag": "True"}

    def test_what_does_not_fit_is_refused_and_named(self, api: Api, publish: Publish) -> None:
        published = publish()
        body = {"ParameterAssignments": {"count": "three", "rate": [1], "flag": "maybe"}, "ExperimentName": "a b"}
        answer = api.http.post(f"{BASE}/PipelineRuns/PipelineSubmit/{published['id']}", json=body)
        assert refusal(answer, 400)["Details"][0]["Target"] == "/ExperimentName"
        del body["ExperimentName"]
        error = refusal(api.http.post(f"{BASE}/PipelineRuns/PipelineSubmit/{published['id']}", json=body), 400)
        targets = {detail["Target"] for detail in error["Details"]}
        assert targets == {f"/ParameterAssignments/{name}" for name in ("count", "rate", "flag")}
        assert all(target in error["Message"] for target in targets), "clients show nothing but the message"
        assert api.get("/api/runs", published_pipeline_id=published["id"])["value"] == []

    def test_unknown_parameters_are_ignored_with_a_warning(self, api: Api, publish: Publish) -> None:
        path = f"/PipelineRuns/PipelineSubmit/{publish()['id']}"
        run = call(api, "POST", path, {"ParameterAssignments": {"cuont": 3, "rate": None}})
        assert run["HasWarnings"]
        (warning,) = api.run(run["Id"])["warnings"]
        assert "`cuont`" in warning
        assert "`count`" in warning
        assert shown(api, run["Id"])[1:3] == ["2", "0.5"]

    def test_data_factory(self, flow: Flow, api: Api, publish: Publish) -> None:
        body = {
            "ExperimentName": flow.name,
            "ParameterAssignments": {"text": "from ADF", "count": "3"},
            "RunSource": "AzureDataFactory",
            "ContinueRunOnStepFailure": "false",
            "DataPathAssignments": None,
        }
        run = call(api, "POST", f"/PipelineRuns/PipelineSubmit/{publish()['id']}", body)
        assert shown(api, run["Id"]) == ["from ADF", "3", "0.5", "False"]
        assert run["RunSource"] == "AzureDataFactory"

    def test_azure_devops(self, flow: Flow, api: Api, endpoint: Json) -> None:
        body = {
            "ExperimentName": flow.name,
            "RunSource": "PipelineRun",
            "AzDevOpsCallBackInfo": {"planUri": "https://dev.example/p", "jobId": "1", "planId": None},
            "StepTags": {"BuildId": "12"},
            "tags": {"BuildId": 12},
            "Properties": {"azureml.git.branch": "main"},
            "ParameterAssignments": {"text": "devops"},
        }
        headers = {"Content-Type": "application/json-patch+json; charset=utf-8"}
        answer = api.http.post(endpoint["endpoint"], content=json.dumps(body), headers=headers)
        assert answer.status_code == 200, answer.text
        run = api.wait(answer.json()["Id"]).finished().run
        assert (run["labels"], run["properties"]) == ({"BuildId": "12"}, {"azureml.git.branch": "main"})
        assert run["pipeline_endpoint_id"] == endpoint["id"]

    @pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
    def test_curl(self, api: Api, publish: Publish) -> None:
        command = ["curl", "--silent", "--show-error", "--fail", publish()["endpoint"]]
        command += ["-H", "Content-Type: application/json", "-d", '{"ParameterAssignments": {"count": "9"}}']
        answer = subprocess.run(command, capture_output=True, timeout=30, check=True)
        assert shown(api, json.loads(answer.stdout)["Id"])[1] == "9"

    def test_a_form_is_refused_with_advice(self, api: Api, publish: Publish) -> None:
        address = publish()["endpoint"]
        for headers in ({"Content-Type": "application/x-www-form-urlencoded"}, {}):
            answer = api.http.post(address, content=b'{"ExperimentName": "e"}', headers=headers)
            assert "`Content-Type: application/json`" in refusal(answer, 400)["Message"]

    def test_addresses_of_the_first_years(self, flow: Flow, api: Api, publish: Publish) -> None:
        older = BASE.replace("/pipelines/", "/api/")
        path = f"{older}/PipelineRuns/PipelineSubmit/"
        answer = api.http.post(path + publish()["id"], json={"ExperimentName": flow.name})
        assert (answer.status_code, answer.json()["RunHistoryExperimentName"]) == (200, flow.name)
        refusal(api.http.post(f"{path}none", json={}), 404)
        refusal(api.http.delete(f"{older}/Pipelines"), 405)
        run = answer.json()["Id"]
        api.wait(run).finished()
        status = call(api, "POST", f"/Experiments/{run}/Graph/Node/StatusCode", ["show"])
        assert (call(api, "GET", f"/Experiments/{run}")["Id"], status) == (run, "Finished")
        refusal(api.http.delete(f"{older}/Experiments/{run}/Execution"), 409)
        refusal(api.http.get(f"{BASE}/Experiments/none"), 404)

    def test_nothing_has_to_be_sent(self, flow: Flow, api: Api, publish: Publish) -> None:
        path = f"/PipelineRuns/PipelineSubmit/{publish(continue_on_step_failure=True)['id']}"
        run = call(api, "POST", path)
        assert run["RunHistoryExperimentName"] == flow.name
        assert run["ContinueRunOnStepFailure"] is True
        answer = call(api, "POST", f"{path}?parentRunId=some-run", {"ContinueRunOnStepFailure": False})
        assert answer["ContinueRunOnStepFailure"] is False
        assert answer["Properties"] == {"parentRunId": "some-run"}
        for each in (run, answer):
            api.wait(each["Id"]).finished()

    def test_older_addresses(self, flow: Flow, api: Api, publish: Publish) -> None:
        id_ = publish()["id"]
        runs = [
            call(api, "POST", f"/Experiments/PipelineSubmit/{id_}", {"ParameterAssignments": {"count": 3}}),
            call(api, "POST", f"/Experiments/PublishedPipelineSubmit/{id_}?experimentName={flow.name}_x", {"count": 3}),
            call(api, "POST", f"/Experiments/TemplateSubmit/{id_}", {"count": "3"}),
        ]
        assert [shown(api, run["Id"])[1] for run in runs] == ["3"] * 3
        names = [run["RunHistoryExperimentName"] for run in runs]
        assert names == [flow.name, f"{flow.name}_x", flow.name]

    def test_an_endpoint_by_id_version_and_name(self, api: Api, endpoint: Json, publish: Publish) -> None:
        new = publish(parameters={"count": 77})
        path = f"/api/pipeline-endpoints/{endpoint['id']}/versions"
        api.post(path, {"published_pipeline_id": new["id"], "set_default": True})
        url = endpoint["endpoint"]
        by_name = url.split("Id")[0] + f"Name?name={endpoint['name']}"
        expected = {
            url: "77",
            f"{url}/0": "2",
            f"{url}/0?parentRunId=PARENT&pipelineVersion=0": "2",
            f"{url}?pipelineVersion=0": "2",
            by_name: "77",
            f"{by_name}&pipelineVersion=0": "2",
        }
        runs = {
            address: httpx.post(address, json={"ExperimentName": "by_address"}).json()["Id"] for address in expected
        }
        assert {address: shown(api, run_id)[1] for address, run_id in runs.items()} == expected
        assert "no version" in refusal(httpx.post(f"{url}/9", json={}), 404)["Message"]
        error = refusal(api.http.post(f"{BASE}/PipelineRuns/PipelineEndpointSubmit/Name", json={}), 400)
        assert "`name`" in error["Message"]

    def test_disabled_things_start_nothing(self, api: Api, endpoint: Json) -> None:
        pipeline = endpoint["versions"][0]["published_pipeline_id"]
        answer = api.http.put(f"{BASE}/Pipelines/{pipeline}/status", json="Disabled")
        assert answer.json()["EntityStatus"] == "Disabled"
        error = refusal(api.http.post(f"{BASE}/PipelineRuns/PipelineSubmit/{pipeline}", json={}), 409)
        assert "Enable it" in error["Message"]
        assert error["InnerError"]["Code"] == "Conflict"
        assert "Enable it" in refusal(httpx.post(endpoint["endpoint"], json={}), 409)["Message"]
        call(api, "PUT", f"/Pipelines/{pipeline}/status", "0")
        call(api, "PUT", f"/PipelineEndpoints/{endpoint['id']}", {"EntityStatus": "Disabled"})
        assert "is disabled" in refusal(httpx.post(endpoint["endpoint"], json={}), 409)["Message"]

    def test_data_paths_and_datasets(self, flow: Flow, api: Api) -> None:
        folder = f"v1/{flow.token}"
        for name in ("a", "b"):
            api.upload(f"{folder}/{name}/x.txt", name.encode())
        source = {"sources": [{"datastore": "workspaceblobstore", "path": f"{folder}/b/x.txt"}]}
        dataset = api.post("/api/datasets", {"definition": source, "name": f"D{flow.token}"}, status=201)
        default = {"datastore": "workspaceblobstore", "path": f"{folder}/a"}
        step = flow.step(
            "read",
            "out(json.dumps([sorted(os.listdir(path('folder'))), os.path.basename(path('folder'))]))",
            inputs={
                "folder": {"kind": "data_path", "parameter": "where"},
                "data": {"kind": "dataset", "parameter": "what"},
            },
        )
        parameters = {"where": {"type": "data_path", "default": default}, "what": {"type": "dataset"}}
        body = {"name": "data", "definition": flow.definition(step, parameters=parameters)}
        published = api.post("/api/published-pipelines", body, status=201)
        path = f"/PipelineRuns/PipelineSubmit/{published['id']}"
        where = {"DataStoreName": "workspaceblobstore", "RelativePath": f"{folder}/b"}
        by_id = {"SavedDataSetReference": {"Id": dataset["dataset_id"]}}
        by_name = {"DataSetReference": {"Name": dataset["name"], "Version": "1"}}
        runs = [
            call(api, "POST", path, {"DataSetDefinitionValueAssignments": {"what": by_id}}),
            call(
                api,
                "POST",
                path,
                {"DataPathAssignments": {"where": where}, "DataSetDefinitionValueAssignments": {"what": by_name}},
            ),
            call(
                api,
                "POST",
                path,
                {"DataSetDefinitionValueAssignments": {"where": {"LiteralValue": where}, "what": by_id}},
            ),
        ]
        bound = [api.run(run["Id"])["parameters"] for run in runs]
        assert [each["what"] for each in bound] == [{"dataset_id": dataset["dataset_id"]}] * 3
        assert [each["where"]["path"] for each in bound] == [f"{folder}/a", f"{folder}/b", f"{folder}/b"]
        shown_again = call(api, "GET", f"/PipelineRuns/{runs[1]['Id']}")
        assert shown_again["DataPathAssignments"]["where"] == where
        reference = shown_again["DataSetDefinitionValueAssignments"]["what"]["SavedDataSetReference"]
        assert reference["Id"] == dataset["dataset_id"]
        unknown = {"what": {"DataSetReference": {"Name": "nobody's"}}}
        answer = api.http.post(f"{BASE}{path}", json={"DataSetDefinitionValueAssignments": unknown})
        assert refusal(answer, 400)["Target"] == "/DataSetDefinitionValueAssignments/what"
        for run in runs:
            api.wait(run["Id"])


class TestPipelines:
    def test_pipelines_are_read_under_all_their_names(self, api: Api, publish: Publish) -> None:
        published = publish(description="d", version="3", properties={"a": "b"})
        found = [call(api, "GET", f"/{name}/{published['id']}") for name in NAMES]
        entity = found[0]
        assert found == [entity] * 3
        assert (entity["Id"], entity["Url"]) == (published["id"], published["endpoint"])
        assert (entity["Name"], entity["Version"], entity["EntityStatus"]) == (published["name"], "3", "Active")
        assert entity["ParameterAssignments"]["count"] == "2"
        assert (entity["GraphId"], entity["TotalRunSteps"]) == (published["definition_id"], 2)
        for name in NAMES:
            listed = call(api, "GET", f"/{name}?activeOnly=true")
            assert entity in listed
        call(api, "PUT", f"/Pipelines/{published['id']}/status", "Disabled")
        assert published["id"] not in [each["Id"] for each in call(api, "GET", "/Pipelines")]
        assert published["id"] in [each["Id"] for each in call(api, "GET", "/Pipelines?activeOnly=false")]
        answer = api.http.put(f"{BASE}/Pipelines/{published['id']}/status", json="Broken")
        assert "Active" in refusal(answer, 400)["Message"]

    def test_a_view_shows_the_last_run(self, api: Api, publish: Publish) -> None:
        id_ = publish()["id"]
        empty = call(api, "GET", f"/Pipelines/{id_}/View")
        assert (empty["LastRunId"], empty["TotalRuns"]) == (None, 0)
        run = call(api, "POST", f"/PipelineRuns/PipelineSubmit/{id_}")
        api.wait(run["Id"]).finished()
        view = call(api, "GET", f"/Pipelines/{id_}/View")
        assert (view["LastRunId"], view["LastRunStatus"], view["TotalRuns"]) == (run["Id"], "Finished", 1)
        assert view in call(api, "GET", "/Pipelines/View")

    def test_endpoints(self, flow: Flow, api: Api, publish: Publish) -> None:
        name = f"V {flow.token}"
        refusal(api.http.get(f"{BASE}/PipelineEndpoints/Name", params={"Name": name}), 404)
        first, second = publish(), publish()
        body = {"Name": name, "Description": "d", "PipelineId": first["id"], "Properties": None}
        made = call(api, "POST", "/PipelineEndpoints/Create", body)
        assert made["PipelineVersionList"] == [{"Version": "0", "PipelineId": first["id"]}]
        assert made["Url"].endswith(f"/PipelineEndpointSubmit/Id/{made['Id']}")
        assert call(api, "GET", "/PipelineEndpoints/Name", params={"Name": name}) == made
        assert call(api, "GET", f"/PipelineEndpoints/Id/{made['Id']}") == made
        assert call(api, "GET", "/PipelineEndpoints", headers={"BatchSize": "1"}) == [made]
        path = f"/PipelineEndpoints/{made['Id']}"
        versions = [*made["PipelineVersionList"], {"Version": "1", "PipelineId": second["id"]}]
        changed = call(api, "PUT", path, {"PipelineVersionList": versions, "DefaultVersion": "1"})
        assert (changed["PipelineVersionList"], changed["DefaultVersion"]) == (versions, "1")
        assert call(api, "PUT", path, {"DefaultVersion": "0"})["DefaultVersion"] == "0"
        assert refusal(api.http.put(f"{BASE}{path}", json={"DefaultVersion": "5"}), 400)["Target"] == "/DefaultVersion"
        assert [each["Id"] for each in call(api, "GET", f"{path}/pipelines")] == [first["id"], second["id"]]
        assert "already" in refusal(api.http.post(f"{BASE}/PipelineEndpoints/Create", json=body), 409)["Message"]
        missing = refusal(api.http.post(f"{BASE}/PipelineEndpoints/Create", json={}), 400)
        assert {detail["Target"] for detail in missing["Details"]} == {"/Name", "/PipelineId"}

    def test_drafts(self, flow: Flow, api: Api, publish: Publish) -> None:
        published = publish()
        draft = call(api, "GET", f"/PipelineDrafts/ClonePublished/{published['id']}")
        assert draft["ParentPipelineId"] == published["id"]
        info = {"ExperimentName": flow.name, "ParameterAssignments": {"count": "8"}}
        path = f"/PipelineDrafts/{draft['Id']}"
        draft = call(api, "PUT", path, {"Name": "N", "PipelineSubmissionInfo": info, "tags": {"t": flow.token}})
        assert (draft["Name"], draft["PipelineSubmissionInfo"]["ParameterAssignments"]) == ("N", {"count": "8"})
        assert call(api, "POST", "/PipelineDrafts", {"t": flow.token}) == [draft]
        run = call(api, "POST", "/PipelineRuns/PipelineDraftSubmit", draft)
        assert shown(api, run["Id"])[1] == "8"
        assert call(api, "GET", path)["LastSubmittedPipelineRunId"] == run["Id"]
        made = call(api, "POST", "/Pipelines/PipelineDraftCreate", draft)
        assert (made["Name"], made["ParameterAssignments"]["count"]) == ("N", "8")
        of_run = call(api, "GET", f"/PipelineDrafts/ClonePipelineRun/{run['Id']}")
        assert of_run["ParentPipelineRunId"] == run["Id"]
        assert of_run["PipelineSubmissionInfo"]["ParameterAssignments"]["count"] == "8"
        clone = call(api, "GET", f"/PipelineDrafts/Clone/{draft['Id']}")
        body = {"Name": "C", "GraphDraftId": clone["GraphDraftId"], "PipelineSubmissionInfo": info}
        created = call(api, "POST", "/PipelineDrafts/Create", body)
        assert created["PipelineSubmissionInfo"]["ExperimentName"] == flow.name
        assert created["PipelineSubmissionInfo"]["ParameterAssignments"] == {"count": "8"}
        call(api, "DELETE", path)
        refusal(api.http.get(f"{BASE}{path}"), 404)
        refusal(api.http.post(f"{BASE}/PipelineDrafts/Create", json={"Name": "n"}), 400)

    def test_schedules(self, flow: Flow, api: Api, publish: Publish) -> None:
        id_ = publish()["id"]
        recurrence = {
            "Frequency": "1",
            "Interval": 1,
            "StartTime": "2099-01-05T10:00:00",
            "TimeZone": "Eastern Standard Time",
            "Schedule": {"Hours": [15], "Minutes": [30], "WeekDays": ["Monday", 2]},
        }
        info = {"ExperimentName": flow.name, "ParameterAssignments": {"count": "4"}}
        body = {"Name": "S", "PipelineId": id_, "PipelineSubmissionInfo": info, "Recurrence": recurrence}
        made = call(api, "POST", "/Schedules/Create", {**body, "ScheduleType": "0"})
        assert (made["Recurrence"]["Frequency"], made["ProvisioningStatus"]) == ("Week", "Completed")
        assert made["Recurrence"]["Schedule"]["WeekDays"] == ["Monday", "Wednesday"]
        assert made["PipelineSubmissionInfo"]["ParameterAssignments"] == {"count": "4"}
        path = f"/Schedules/{made['Id']}"
        assert call(api, "GET", path) == made
        assert made in call(api, "GET", "/Schedules?activeOnly=true")
        assert call(api, "GET", f"/Schedules/Pipeline/{id_}") == [made]
        assert call(api, "GET", "/Schedules/PipelineEndpoint/none") == []
        changed = call(api, "PUT", path, {**made, "EntityStatus": "Disabled"})
        assert changed["EntityStatus"] == "Disabled"
        assert call(api, "GET", f"/PipelineRuns/Schedule/{made['Id']}") == []
        last = api.http.get(f"{BASE}/PipelineRuns/Schedule/{made['Id']}/Last")
        assert (last.status_code, last.content) == (204, b"")
        wrong = {**body, "Recurrence": {**recurrence, "Interval": 0}}
        error = refusal(api.http.post(f"{BASE}/Schedules/Create", json=wrong), 400)
        assert error["Target"] == "/Recurrence/Interval"
        wrong = {**body, "Recurrence": {**recurrence, "Schedule": {"Hours": [24]}}}
        error = refusal(api.http.post(f"{BASE}/Schedules/Create", json=wrong), 400)
        assert error["Target"] == "/Recurrence/Schedule/Hours/0"

    def test_runs_of_a_schedule_are_warned_of_unknown_parameters(self, api: Api, scheduling: Scheduling) -> None:
        info = {"ExperimentName": scheduling.flow.name, "ParameterAssignments": {"nobody": 1}}
        body = {"Name": "U", "PipelineId": scheduling.pipeline, "PipelineSubmissionInfo": info}
        recurrence = {"Frequency": "Month", "Interval": 1}
        made = call(api, "POST", "/Schedules/Create", {**body, "Recurrence": recurrence})
        other = call(api, "POST", "/Schedules/Create", {**body, "Recurrence": recurrence})
        call(api, "PUT", f"/Schedules/{made['Id']}", {**made, "Description": "warned all the same"})
        values = {"ParameterAssignments": {"files": "[2]"}}
        call(api, "PUT", f"/Schedules/{other['Id']}", {"PipelineSubmissionInfo": values})
        scheduling.tick()
        (run,) = scheduling.runs(made["Id"])
        assert "`nobody`" in run["warnings"][0]
        (run,) = scheduling.runs(other["Id"])
        assert run["warnings"] == []

    def test_a_change_keeps_what_v1_has_no_words_for(self, flow: Flow, api: Api) -> None:
        parameters = {
            "count": {"type": "int", "default": 2},
            "place": {"type": "data_path", "default": {"datastore": "workspaceblobstore", "path": "x"}},
            "files": {"type": "string", "default": "[]"},
        }
        pipeline = flow.definition(flow.step("show", SHOW), parameters=parameters)
        published = api.post("/api/published-pipelines", {"name": "W", "definition": pipeline}, status=201)
        trigger: Json = {"datastore": "workspaceblobstore", "path": f"{flow.token}/in", "pattern": "*.csv"}
        trigger |= {"include_subfolders": True, "debounce_seconds": 30, "file_list_parameter": "files"}
        values = {"count": 3, "place": {"datastore": "workspaceblobstore", "path": "there"}}
        body = {"name": "W", "published_pipeline_id": published["id"], "experiment_name": flow.name}
        body |= {"parameters": values, "datastore_trigger": trigger, "catch_up": "all"}
        made = api.post("/api/schedules", body, status=201)
        path = f"/Schedules/{made['id']}"

        whole = call(api, "GET", path)
        call(api, "PUT", path, whole)
        assert api.get(f"/api/schedules/{made['id']}") == made
        whole["DataStoreTriggerInfo"]["PollingInterval"] = 7
        call(api, "PUT", path, {**whole, "EntityStatus": "Disabled"})
        now = api.get(f"/api/schedules/{made['id']}")
        assert now["datastore_trigger"] == {**made["datastore_trigger"], "polling_interval_minutes": 7}
        assert (now["status"], now["catch_up"], now["parameters"]) == ("Disabled", "all", values)

        call(api, "PUT", path, {"PipelineSubmissionInfo": {"ExperimentName": "other"}})
        assert api.get(f"/api/schedules/{made['id']}")["parameters"] == values
        call(api, "PUT", path, {"PipelineSubmissionInfo": {"ParameterAssignments": {"count": "4"}}})
        now = api.get(f"/api/schedules/{made['id']}")
        assert (now["experiment_name"], now["parameters"]) == ("other", {**values, "count": 4})
        whole = call(api, "GET", path)
        whole["PipelineSubmissionInfo"]["DataPathAssignments"]["place"]["RelativePath"] = "elsewhere"
        call(api, "PUT", path, whole)
        place = api.get(f"/api/schedules/{made['id']}")["parameters"]["place"]
        assert place == {"datastore": "workspaceblobstore", "path": "elsewhere"}

    def test_a_schedule_that_v1_cannot_show_is_not_changed_either(self, flow: Flow, api: Api, publish: Publish) -> None:
        body = {"name": "C", "published_pipeline_id": publish()["id"], "experiment_name": flow.name}
        made = api.post("/api/schedules", {**body, "cron": {"expression": "0 3 1 1 *"}}, status=201)
        answer = api.http.put(f"{BASE}/Schedules/{made['id']}", json={"EntityStatus": "Disabled"})
        assert "/api/schedules" in refusal(answer, 400)["Message"]
        assert api.get(f"/api/schedules/{made['id']}")["status"] == "Active"
        assert api.http.patch(f"/api/schedules/{made['id']}", json={"status": "Disabled"}).status_code == 200


NAMES = ("Pipelines", "PublishedPipelines", "Templates")


class TestRuns:
    @pytest.fixture
    def ended(self, flow: Flow, api: Api) -> str:
        outputs = {"result": {"step": "show", "output": "out"}}
        body = {"name": "r", "definition": definition(flow, outputs=outputs)}
        published = api.post("/api/published-pipelines", body, status=201)
        run_id: str = call(api, "POST", f"/PipelineRuns/PipelineSubmit/{published['id']}")["Id"]
        api.wait(run_id).finished()
        return run_id

    def test_a_run_and_its_nodes(self, flow: Flow, api: Api, ended: str) -> None:
        path = f"/PipelineRuns/{ended}"
        run = call(api, "GET", path)
        assert (run["Status"]["StatusCode"], run["TotalRunSteps"], run["HasErrors"]) == ("Finished", 2, False)
        assert call(api, "GET", f"/PipelineRuns/Pipeline/{run['PipelineId']}")[0]["Id"] == ended
        graph = call(api, "GET", f"/Graphs/{run['GraphId']}")
        nodes = {node["Comment"]: node["Id"] for node in graph["ModuleNodes"]}
        assert nodes == {"show": "00000000", "next step": "00000001"}
        ends = [(edge["SourceOutputPort"]["NodeId"], edge["DestinationInputPort"]["NodeId"]) for edge in graph["Edges"]]
        assert ends == [(nodes["show"], nodes["next step"]), (nodes["show"], None)]
        codes = call(api, "POST", f"{path}/Graph/AllNodes/StatusCode", [])
        assert codes == {"00000000": "Finished", "00000001": "Finished"}
        assert call(api, "POST", f"{path}/Graph/Node/StatusCode", [nodes["show"]]) == "Finished"
        status = call(api, "POST", f"{path}/Graph/Node/Status", ["next step"])
        assert (status["StatusCode"], status["RunId"]) == ("Finished", f"{ended}-00001")
        assert call(api, "POST", f"{path}/Graph/AllNodes/Status")["00000001"] == status
        outputs = call(api, "POST", f"{path}/Outputs", [nodes["show"]])
        place = outputs["out"]["DataLocation"]["DataReference"]["AzureBlobReference"]
        assert place["AmlDataStoreName"] == "workspaceblobstore"
        assert place["RelativePath"] == f"azureml/{ended}-00000/out"
        assert call(api, "GET", f"{path}/PipelineRunOutputs/result") == outputs["out"]
        assert "`result`" in refusal(api.http.get(f"{BASE}{path}/PipelineRunOutputs/nope"), 404)["Message"]
        for name in ("STDOUT", "STDERR", "JobLog"):
            answer = api.http.post(f"{BASE}{path}/Graph/Shareable/{name}", json=[nodes["show"]])
            assert answer.headers["content-type"].startswith("text/plain")
            assert "shown" in answer.text
        refusal(api.http.post(f"{BASE}{path}/Graph/Node/StatusCode", json=["nobody"]), 404)

    def test_a_pipelines_interface(self, api: Api, ended: str) -> None:
        interface = call(api, "GET", f"/Graphs/{api.run(ended)['definition_id']}/Interface")
        kinds = {each["Name"]: (each["Type"], each["DefaultValue"]) for each in interface["Parameters"]}
        assert kinds["count"] == ("0", "2")
        assert kinds["flag"] == ("2", "False")

    def test_reuse_is_told(self, api: Api, ended: str) -> None:
        again = call(api, "POST", f"/PipelineRuns/PipelineSubmit/{api.run(ended)['published_pipeline_id']}")["Id"]
        api.wait(again).finished()
        status = call(api, "POST", f"/PipelineRuns/{again}/Graph/Node/Status", ["show"])
        assert status["ReuseInfo"]["RunId"] == f"{ended}-00000"

    def test_tags_and_properties(self, api: Api, ended: str) -> None:
        body = {"tags": {"a": "b", "n": 1}, "Properties": {"p": "q"}, "Description": "new"}
        run = call(api, "PUT", f"/PipelineRuns/{ended}", body)
        assert (run["tags"], run["Properties"], run["Description"]) == ({"a": "b", "n": "1"}, {"p": "q"}, "new")
        refusal(api.http.put(f"{BASE}/PipelineRuns/{ended}", json={"Properties": {"p": "other"}}), 400)

    def test_a_run_is_canceled(self, flow: Flow, api: Api, tmp_path: Any) -> None:
        run_id = flow.submit(flow.step("long", "note(); gate()", env={"GATE": str(tmp_path / "never")}))
        flow.wait_for_note("start", "long")
        assert call(api, "GET", f"/PipelineRuns/{run_id}")["Status"]["StatusCode"] == "Running"
        assert call(api, "DELETE", f"/PipelineRuns/{run_id}/Execution")["Status"]["StatusCode"] in RUNNING
        assert api.wait(run_id).status == "Canceled"
        assert call(api, "GET", f"/PipelineRuns/{run_id}")["Status"]["StatusCode"] == "Canceled"
        refusal(api.http.delete(f"{BASE}/PipelineRuns/{run_id}/Execution"), 409)


class TestErrors:
    @pytest.mark.parametrize(
        ("method", "path", "status"),
        [
            ("GET", "/PipelineRuns/not-a-guid", 400),
            ("GET", "/PipelineRuns/00000000-0000-0000-0000-000000000000", 404),
            ("GET", "/Pipelines/none", 404),
            ("GET", "/NoSuchThing", 404),
            ("DELETE", "/Pipelines", 405),
            ("POST", "/PipelineRuns/PipelineSubmit/none", 404),
            ("GET", "/Pipelines?activeOnly=perhaps", 400),
            ("GET", "/Pipelines/%ff", 400),
        ],
    )
    def test_everything_is_refused_in_v1s_form(self, api: Api, method: str, path: str, status: int) -> None:
        refusal(api.http.request(method, f"{BASE}{path}"), status)

    def test_a_body_that_is_no_json(self, api: Api, publish: Publish) -> None:
        path = f"{BASE}/PipelineRuns/PipelineSubmit/{publish()['id']}"
        answer = api.http.post(path, content="{", headers={"Content-Type": "application/json"})
        assert "not valid JSON" in refusal(answer, 400)["Message"]
        assert refusal(api.http.post(path, json=[1]), 400)

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("POST", "/PipelineRuns/Unsubmitted/CreationInfoWithGraph"),
            ("POST", "/Experiments/Submit/some-run"),
            ("POST", "/Pipelines/Create"),
            ("POST", "/Modules"),
            ("GET", "/Modules/Hash/abc"),
            ("GET", "/DataTypes"),
        ],
    )
    def test_unpublished_graphs_are_refused_with_advice(self, api: Api, method: str, path: str) -> None:
        error = refusal(api.http.request(method, f"{BASE}{path}", json={} if method == "POST" else None), 400)
        assert "`pipeyard` SDK" in error["Message"]

    def test_sign_in_is_refused_in_v1s_form(self, guarded: Guarded) -> None:
        path = f"{BASE}/PipelineRuns/PipelineSubmit/none"
        nobody = httpx.post(guarded.facts["url"] + path, json={})
        assert refusal(nobody, 401)["InnerError"]["Code"] == "NotAuthenticated"
        assert nobody.headers["www-authenticate"].startswith("Bearer")
        reader = guarded.caller("rita", "Reader")
        assert "Contributor" in refusal(reader.http.post(path, json={}), 403)["Message"]
        refusal(guarded.caller("carl").http.post(path, json={}), 404)

    def test_other_routes_keep_their_form(self, api: Api) -> None:
        assert api.http.get("/api/nothing").headers["content-type"] == "application/problem+json"
