"""Generated requests against v1's routes: no server error, and every refusal in v1's form."""

from typing import Any

import pytest
import schemathesis
from hypothesis import given, seed, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.schemas import OpenApiSchema

from api.links import WORKSPACE
from api.v1.roles import V1_ROLES
from tests.e2e.test_fuzz import CHECKS, MODES, V1, bounded
from tests.e2e.workspace import Api, Flow, Json

OPERATIONS = sorted((path.removeprefix(WORKSPACE), method) for method, path in V1_ROLES)
EXAMPLES = 8


@pytest.fixture(scope="module")
def description(api: Api) -> OpenApiSchema:
    return schemathesis.openapi.from_url(f"{api.url}/api/openapi.json")


@pytest.fixture(scope="module")
def real(api: Api, tmp_path_factory: pytest.TempPathFactory) -> Json:
    """Path parameters that lead to something."""
    flow = Flow(api, tmp_path_factory.mktemp("fuzz"))
    outputs = {"out": {"step": "only", "output": "out"}}
    run_id = api.submit(flow.definition(flow.step("only"), outputs=outputs))
    ended = api.wait(run_id).finished()
    published = api.post("/api/published-pipelines", {"name": "fuzz", "run_id": run_id}, status=201)["id"]
    body = {"name": flow.name, "published_pipeline_id": published}
    schedule = {
        "name": "fuzz",
        "published_pipeline_id": published,
        "experiment_name": "fuzz",
        "recurrence": {"frequency": "Day", "interval": 1, "start_time": "2099-01-01T00:00:00"},
    }
    return {
        "run_id": run_id,
        "graph_id": ended.run["definition_id"],
        "pipeline_id": published,
        "endpoint_id": api.post("/api/pipeline-endpoints", body, status=201)["id"],
        "draft_id": api.post("/api/pipeline-drafts", {"run_id": run_id}, status=201)["id"],
        "schedule_id": api.post("/api/schedules", schedule, status=201)["id"],
        "name": "out",
        "version": "0",
    }


def test_every_operation_is_fuzzed(api: Api) -> None:
    described = api.get("/api/openapi.json")["paths"]
    operations = {(path, method.upper()) for path, methods in described.items() for method in methods}
    assert {(path.removeprefix(WORKSPACE), method) for path, method in operations if path.startswith(V1)} == set(
        OPERATIONS
    )


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_no_request_breaks_the_service(
    path: str, method: str, description: OpenApiSchema, api: Api, real: Json
) -> None:
    operation = description.find_operation_by_label(f"{method} {WORKSPACE}{path}")
    assert operation is not None
    known = {name: value for name, value in real.items() if f"{{{name}}}" in path}
    known |= {"subscription": "s", "group": "g", "workspace_name": "w"}
    strategies = [operation.as_strategy(mode) for mode in MODES.values()]
    strategies += [operation.as_strategy(mode, path_parameters=known) for mode in MODES.values()]

    @seed(1)
    @settings(bounded, max_examples=EXAMPLES)
    @given(case=st.one_of(strategies))
    def attack(case: schemathesis.Case[Any]) -> None:
        response = case.call(base_url=api.url, allow_redirects=False)
        case.validate_response(response, checks=CHECKS)
        if response.status_code >= 400:
            assert response.headers["content-type"] == ["application/json"], response.status_code
            assert {"Error", "Correlation"} <= response.json().keys()

    attack()
