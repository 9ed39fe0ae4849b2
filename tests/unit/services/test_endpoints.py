"""Names of endpoints when their writers are cut off, and defaults to go back to without end."""

from datetime import timedelta

import pytest

from shared.core.errors import Conflict, NotFound
from shared.core.publishing import MAX_DEFAULT_HISTORY, PipelineEndpoint, PipelineEndpointName
from shared.services import endpoints
from shared.services.endpoints import (
    RESERVED_FOR,
    EndpointChanges,
    EndpointRequest,
    add_version,
    create_endpoint,
    get_endpoint,
    get_endpoint_by_name,
    roll_back,
    update_endpoint,
)
from shared.services.publishing import PublishRequest, publish
from tests.unit.services.scheduling import DEFINITION, World


def create(world: World, name: str = "scores") -> PipelineEndpoint:
    request = EndpointRequest(name=name, published_pipeline_id=world.pipeline.published_pipeline_id)
    return create_endpoint(world.workspace, request)


def reserve(world: World, name: str, endpoint_id: str) -> None:
    """What a writer leaves behind that is cut off between its two writes."""
    now = world.clock.time.isoformat()
    record = PipelineEndpointName(name=name, pipeline_endpoint_id=endpoint_id, reserved_at=now)
    world.workspace.services.catalogue.insert(record)


def test_a_name_whose_endpoint_never_came_to_be_is_free_again_after_a_while(world: World):
    reserve(world, "scores", "never-written")
    with pytest.raises(NotFound):
        get_endpoint_by_name(world.workspace, "scores")
    with pytest.raises(Conflict):
        create(world)
    world.clock.time += RESERVED_FOR
    endpoint = create(world)
    assert get_endpoint_by_name(world.workspace, "scores") == endpoint


def test_a_name_that_a_rename_left_behind_is_free_again_after_a_while(world: World):
    endpoint = create(world)
    reserve(world, "new", endpoint.pipeline_endpoint_id)
    with pytest.raises(NotFound):
        get_endpoint_by_name(world.workspace, "new")
    world.clock.time += RESERVED_FOR
    other = create(world, "new")
    assert get_endpoint_by_name(world.workspace, "new") == other
    assert get_endpoint_by_name(world.workspace, "scores") == endpoint


def test_an_interrupted_rename_can_be_repeated_at_once(world: World):
    endpoint = create(world)
    reserve(world, "new", endpoint.pipeline_endpoint_id)
    update_endpoint(world.workspace, endpoint.pipeline_endpoint_id, EndpointChanges(name="new"))
    assert get_endpoint_by_name(world.workspace, "new").pipeline_endpoint_id == endpoint.pipeline_endpoint_id


def test_two_renames_that_cross_leave_the_endpoint_its_name(world: World, monkeypatch):
    endpoint = create(world, "first")
    real = endpoints._release

    def slow(workspace, reserved):
        monkeypatch.undo()
        update_endpoint(workspace, endpoint.pipeline_endpoint_id, EndpointChanges(name="first"))
        real(workspace, reserved)

    monkeypatch.setattr(endpoints, "_release", slow)
    update_endpoint(world.workspace, endpoint.pipeline_endpoint_id, EndpointChanges(name="second"))
    assert get_endpoint_by_name(world.workspace, "first").pipeline_endpoint_id == endpoint.pipeline_endpoint_id


def test_a_rename_that_fails_keeps_both_names_as_they_were(world: World):
    endpoint = create(world)
    changes = EndpointChanges(name="new", default_version="9")
    with pytest.raises(Exception, match="no version"):
        update_endpoint(world.workspace, endpoint.pipeline_endpoint_id, changes)
    assert get_endpoint_by_name(world.workspace, "scores") == endpoint
    assert create(world, "new").name == "new"


def test_a_name_in_use_stays_taken_however_old_it_is(world: World):
    create(world)
    world.clock.time += timedelta(days=400)
    with pytest.raises(Conflict):
        create(world)


def test_the_history_of_defaults_is_bounded(world: World):
    endpoint_id = create(world).pipeline_endpoint_id
    other = publish(world.workspace, PublishRequest.model_validate({"name": "q", "definition": DEFINITION}))
    add_version(world.workspace, endpoint_id, other.published_pipeline_id)
    for number in range(MAX_DEFAULT_HISTORY + 5):
        update_endpoint(world.workspace, endpoint_id, EndpointChanges(default_version=str(1 - number % 2)))
    assert len(get_endpoint(world.workspace, endpoint_id).earlier_defaults) == MAX_DEFAULT_HISTORY
    before = get_endpoint(world.workspace, endpoint_id).default_version
    assert roll_back(world.workspace, endpoint_id).default_version != before
