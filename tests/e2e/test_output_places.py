"""Where outputs go, what becomes of them once the step has finished, and outputs of the pipeline."""

from typing import Any

from tests.e2e.workspace import DATASTORE, Api, Flow, Json, problem

FOLDER = "note(); os.makedirs(path()); open(path() + '/a.csv', 'w').write('x,y')"
TABLE = {"format": {"kind": "delimited"}}


def stored(api: Api, prefix: str) -> set[str]:
    return {file["path"] for file in api.get(f"/api/datastores/{DATASTORE}/files", prefix=prefix)["value"]}


def by_name(api: Api, name: str, **query: Any) -> Json:
    return api.get(f"/api/datasets/by-name/{name}", **query)


def test_a_template_says_where_an_output_goes(flow: Flow, api: Api) -> None:
    template = f"{flow.name}/{{run-id}}/of-{{output-name}}"
    first = flow.step("first", FOLDER, outputs={"out": {"path": template}})
    read = "out(open(path('first') + '/a.csv').read())"
    ended = flow.run(first, flow.step("second", read, data=["first"])).finished()
    place = f"{flow.name}/{ended.run_id}-00000/of-out"
    assert api.outputs(ended.run_id, "first")["out"]["path"] == place
    assert stored(api, flow.name) == {f"{place}/a.csv"}
    assert api.read_output(ended.run_id, "second") == b"x,y"
    assert flow.run(first).finished().reused == {"first"}
    moved = flow.run(flow.step("first", FOLDER, outputs={"out": {"path": f"{template}/deeper"}})).finished()
    assert moved.ran == {"first"}, "somebody will look for it at the new place"
    sentence = moved.steps["first"]["explanation"]["sentence"]
    assert f"output `out`: the default at {template} → the default at {template}/deeper" in sentence


def test_a_fixed_place_holds_the_latest_result(flow: Flow, api: Api) -> None:
    step = flow.step("only", FOLDER, outputs={"out": {"path": f"{flow.name}/latest"}})
    flow.run(step).finished()
    assert flow.run(step).finished().reused == {"only"}
    flow.run(step, regenerate_outputs=True).finished()
    assert stored(api, flow.name) == {f"{flow.name}/latest/a.csv"}
    assert flow.run(step).finished().reused == {"only"}
    api.upload(f"{flow.name}/latest/a.csv", b"altered")
    assert flow.run(step).finished().ran == {"only"}


def test_two_outputs_at_one_place_are_refused(flow: Flow, api: Api) -> None:
    place, own = f"{flow.name}/{{output-name}}", f"{flow.name}/{{run-id}}"
    steps = [flow.step(name, outputs={"out": {"path": place}, "own": {"path": own}}) for name in ("One", "Two")]
    (fault,) = api.refuse("/api/validate", flow.definition(*steps), 422)["faults"]
    assert fault["pointer"] == "/steps/1/outputs/out/path"
    assert "`One`" in fault["message"]
    assert "{run-id}" in fault["suggestion"]


def test_places_that_cannot_be_are_refused(flow: Flow, api: Api) -> None:
    places = ["/up", "../up", "a//b", "{run_id}/x", "a/{output-name", "{run-id}/{output-name}"]
    steps = [flow.step(f"s{at}", outputs={"out": {"path": place}}) for at, place in enumerate(places)]
    refused = api.refuse("/api/validate", flow.definition(*steps), 422)
    assert [fault["pointer"] for fault in refused["faults"]] == [f"/steps/{at}/outputs/out/path" for at in range(5)]
    assert "`{run-id}`" in refused["faults"][3]["suggestion"]


def test_an_output_becomes_a_dataset(flow: Flow, api: Api) -> None:
    name = f"made {flow.token}"
    registration = {"name": name, "description": "made by a step", "tags": {"a": "b"}, "view": TABLE}
    script = "note(os.environ['AZUREML_DATASET_FILE_OUTPUTS'], place=os.environ['out'] == path('out')); " + FOLDER
    step = flow.step("make", script, outputs={"out": {"register_dataset": registration}})
    first = flow.run(step).finished()
    assert [note["place"] for note in flow.notes("out")] == [True]
    made = by_name(api, name)
    assert (made["version"], made["type"], made["description"], made["tags"]) == (
        1,
        "tabular",
        "made by a step",
        {"a": "b"},
    )
    source = {"datastore": DATASTORE, "path": f"azureml/{first.run_id}-00000/out"}
    assert made["definition"]["sources"] == [source]
    assert [file["path"] for file in api.get(f"/api/datasets/{made['dataset_id']}/files")["value"]] == ["a.csv"]

    assert flow.run(step).finished().reused == {"make"}
    assert by_name(api, name) == made, "a reuse of what the latest version is registers nothing"

    again = flow.run(step, regenerate_outputs=True).finished()
    assert by_name(api, name)["version"] == 2
    assert by_name(api, name)["definition"]["sources"][0]["path"].startswith(f"azureml/{again.run_id}")

    other = {"definition": {"sources": [{"datastore": DATASTORE, "path": "elsewhere"}]}, "name": name}
    api.post("/api/datasets", {**other, "create_new_version": True}, status=201)
    last = flow.run(step).finished()
    assert last.reused == {"make"}
    latest = by_name(api, name)
    assert latest["version"] == 4, "after a reuse the latest version is what the step stands on"
    assert latest["definition"]["sources"][0]["path"] == api.outputs(last.run_id, "make")["out"]["path"]

    api.http.delete(f"/api/datasets/by-name/{name}")
    assert flow.run(step).finished().reused == {"make"}
    assert by_name(api, name)["version"] == 1


def test_a_reuse_in_the_middle_of_a_run_registers_too(flow: Flow, api: Api) -> None:
    name = f"late {flow.token}"
    above = flow.step("above", allow_reuse=False)
    step = flow.step("make", FOLDER, data=["above"], outputs={"out": {"register_dataset": {"name": name}}})
    flow.run(above, step).finished()
    api.http.delete(f"/api/datasets/by-name/{name}")
    assert flow.run(above, step).finished().reused == {"make"}
    assert (by_name(api, name)["version"], by_name(api, name)["type"]) == (1, "file")


def test_outputs_of_the_pipeline_have_names_of_their_own(flow: Flow, api: Api) -> None:
    outputs = {"model": {"step": "make", "output": "out"}, "never": {"step": "fail", "output": "out"}}
    pipeline = flow.definition(flow.step("make"), flow.step("fail", "sys.exit(1)"), outputs=outputs)
    ended = api.wait(api.submit(pipeline, continue_on_step_failure=True))
    found = api.get(f"/api/runs/{ended.run_id}/outputs/model")
    assert (found["name"], found["step"], found["output"]["name"]) == ("model", "make", "out")
    assert found["output"] == api.outputs(ended.run_id, "make")["out"]
    missing = problem(api.http.get(f"/api/runs/{ended.run_id}/outputs/never"), 404)
    assert "step `fail`" in missing["detail"]
    assert "Failed" in missing["detail"]
    unknown = problem(api.http.get(f"/api/runs/{ended.run_id}/outputs/other"), 404)
    assert "it has `model`, `never`" in unknown["detail"]
