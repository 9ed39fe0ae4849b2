"""The table of roles says something about every route, and about no other."""

from api.app import create_app
from api.roles import AUDITED, OPEN_PATHS, ROLES, STARTS_RUNS
from shared.core.identity import Role


def served() -> set[tuple[str, str]]:
    paths = create_app().openapi()["paths"]
    return {(method.upper(), path) for path, methods in paths.items() for method in methods}


def test_every_route_has_a_role_and_no_other_does():
    assert set(ROLES) == {route for route in served() if route[1] not in OPEN_PATHS}


def test_readers_change_nothing_and_deleting_is_for_administrators():
    for (method, path), role in ROLES.items():
        if path.startswith("/api/"):
            assert role is not Role.READER or method == "GET" or path.endswith("/downloads"), path
            assert method != "DELETE" or role is Role.ADMINISTRATOR, path


def test_runs_are_limited_and_recorded_however_they_are_started():
    assert ("POST", "/api/runs") in STARTS_RUNS
    assert ("POST", "/api/published-pipelines/{published_pipeline_id}/submit") in STARTS_RUNS
    assert any(path.endswith("/PipelineRuns/PipelineSubmit/{pipeline_id}") for _, path in STARTS_RUNS)
    assert STARTS_RUNS <= AUDITED
