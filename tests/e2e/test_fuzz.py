"""Requests that nobody thought of: generated from the API's own description, and broken definitions.

Nothing may answer with a server error, every refusal is a problem document, and every answer keeps to the description.
"""

import copy
import json
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance
from schemathesis.specs.openapi.schemas import OpenApiSchema

from api.roles import ROLES
from tests.e2e.workspace import PROBLEM, Api, Flow, Json

V1 = "/pipelines/"
"""Their errors have another form: test_fuzz_v1 has them."""
OPERATIONS = sorted(f"{method} {path}" for method, path in (*ROLES, ("GET", "/health")) if V1 not in path)
CHECKS: Any = [not_a_server_error, response_schema_conformance]
MODES = {"right": GenerationMode.POSITIVE, "wrong": GenerationMode.NEGATIVE}
EXAMPLES = 15
bounded = settings(
    max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


@pytest.fixture(scope="module")
def description(api: Api) -> OpenApiSchema:
    return schemathesis.openapi.from_url(f"{api.url}/api/openapi.json")


@pytest.fixture(scope="module")
def real(api: Api, tmp_path_factory: pytest.TempPathFactory) -> Json:
    """Path parameters that lead to something."""
    flow = Flow(api, tmp_path_factory.mktemp("fuzz"))
    script = "print('log'); out(); open('outputs/a.txt', 'w').write('a')"
    run_id = flow.run(flow.step("only", script)).finished().run_id
    published = api.post("/api/published-pipelines", {"name": "fuzz", "run_id": run_id}, status=201)["id"]
    body = {"name": flow.name, "published_pipeline_id": published}
    sources = [{"datastore": "workspaceblobstore", "path": f"azureml/{run_id}-00000/out"}]
    named = {"name": "workspaceblobstore"}  # the datastore's name serves for the others, too
    api.http.put("/api/compute-targets/workspaceblobstore", json={"type": "AmlCompute", "properties": {"max_nodes": 1}})
    api.post("/api/models", {**named, **sources[0]}, status=201)
    dataset = api.post("/api/datasets", {"definition": {"sources": sources}, **named}, status=201)
    return {
        "dataset_id": dataset["dataset_id"],
        "module_id": api.post("/api/modules", named, status=201)["id"],
        "version": 1,
        "run_id": run_id,
        "published_pipeline_id": published,
        "endpoint_id": api.post("/api/pipeline-endpoints", body, status=201)["id"],
        "draft_id": api.post("/api/pipeline-drafts", {"run_id": run_id}, status=201)["id"],
        "step": "only",
        "output": "out",
        "name": "workspaceblobstore",
    }


def test_the_description_names_the_form_of_refusals(api: Api) -> None:
    for path, operations in api.get("/api/openapi.json")["paths"].items():
        for method, operation in operations.items():
            for status, response in operation["responses"].items():
                if status.startswith("4"):
                    form = "application/json" if path.startswith(V1) else PROBLEM
                    assert list(response["content"]) == [form], f"{method} {path} {status}"


@pytest.mark.parametrize("label", OPERATIONS)
def test_no_request_breaks_the_service(label: str, description: OpenApiSchema, api: Api, real: Json) -> None:
    operation = description.find_operation_by_label(label)
    assert operation is not None
    known = {name: value for name, value in real.items() if f"{{{name}}}" in label}
    strategies = [operation.as_strategy(mode) for mode in MODES.values()]
    strategies += [operation.as_strategy(mode, path_parameters=known) for mode in MODES.values() if known]

    @seed(1)
    @settings(bounded)
    @given(case=st.one_of(strategies))
    def attack(case: schemathesis.Case[Any]) -> None:
        response = case.call(base_url=api.url, allow_redirects=False)
        case.validate_response(response, checks=CHECKS)
        if response.status_code >= 400:
            assert response.headers["content-type"] == [PROBLEM], response.status_code
            assert response.json()["status"] == response.status_code

    attack()


def places(value: Any, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of everything in a document."""
    found = [above]
    if isinstance(value, dict):
        found += [place for key, each in value.items() for place in places(each, (*above, key))]
    elif isinstance(value, list):
        found += [place for at, each in enumerate(value) for place in places(each, (*above, at))]
    return found


NESTED = st.recursive(
    st.none() | st.text(max_size=5),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text(max_size=5), each, max_size=3),
    max_leaves=5,
)
JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.sampled_from(["", "..", "\x00", "\ud800", "a" * 40_000, 10**400, -1, [], {}, [[]], {"": ""}, {"kind": {}}]),
    NESTED,
)


def test_no_definition_breaks_the_service(flow: Flow, api: Api) -> None:
    inputs = {
        "raw": {"kind": "data_reference", "datastore": "workspaceblobstore", "path": "a/b"},
        "rate": {"kind": "parameter", "parameter": "alpha"},
        "fixed": {"kind": "literal", "value": 1},
    }
    good = flow.definition(
        flow.step("first", inputs=inputs, arguments=["a", {"input": "raw"}, {"output": "out"}, {"parameter": "alpha"}]),
        flow.step("second", data=["first"], run_after=["first"], retry={"max_attempts": 2}, timeout_seconds=5),
        parameters={"alpha": {"type": "float", "default": 0.5}},
        labels={"team": "a"},
        max_parallel_steps=3,
    )
    api.post("/api/validate", good)
    before = api.newest_runs()
    harm = st.lists(
        st.tuples(st.sampled_from(places(good)[1:]), st.sampled_from(["put", "drop", "add"]), JUNK),
        min_size=1,
        max_size=4,
    )

    @seed(2)
    @settings(bounded, max_examples=150)
    @given(harms=harm)
    def attack(harms: list[tuple[tuple[Any, ...], str, Any]]) -> None:
        document = copy.deepcopy(good)
        for place, way, junk in harms:
            damage(document, place, way, junk)
        body = json.dumps({"definition": document})
        answer = api.http.post("/api/plan", content=body, headers={"content-type": "application/json"})
        if answer.status_code != 200:
            assert answer.status_code == 422, answer.text
            assert answer.headers["content-type"] == PROBLEM
            assert answer.json()["faults"] or answer.json()["code"] == "invalid_text"

    attack()
    assert api.newest_runs() == before


def damage(document: Any, place: tuple[Any, ...], way: str, junk: Any) -> None:
    """Change one place of a document, if an earlier damage has left it there."""
    *path, last = place
    try:
        for key in path:
            document = document[key]
        if way == "put":
            document[last] = junk
        elif way == "drop":
            del document[last]
        elif isinstance(document[last], list):
            document[last].append(junk)
        else:
            document[last][str(junk)[:50]] = junk
    except (KeyError, IndexError, TypeError):
        return
