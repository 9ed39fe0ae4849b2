"""What a purge must not take while runs, people and other purges go on: on real storage, with a clock that is set."""

import hashlib
from datetime import timedelta
from typing import Any

import pytest

from shared.core import names
from shared.core.datasets import Dataset, DatasetDefinition, DatasetSource
from shared.services.begin import begin_step
from shared.services.documents import manifest_blob, snapshot_file_blob
from shared.services.maintenance.removal import delete_run
from shared.services.results import published_entry
from shared.services.runs import prepare_run
from shared.services.steps import check_step
from shared.services.submission import RunRequest, submit_run
from tests.unit.services.scheduling import DEFINITION, World
from tests.unit.services.test_in_place import MAKE, Service, workspace
from tests.unit.services.test_purge import KEEP, Place

__all__ = ["workspace"]


@pytest.fixture
def place(world: World) -> Place:
    return Place(world)


@pytest.fixture
def service() -> Service:
    return Service()


def test_outputs_of_a_run_that_ended_and_was_deleted_meanwhile_wait_for_the_next_purge(place: Place) -> None:
    """Its result came to be after the results were marked, and whoever reuses it now needs the outputs."""
    live = place.run(1, ended=False)
    place.purge_until("mark_catalogue")
    place.later(0.1)
    run = place.run(2)
    output = place.output(run)
    place.step(run, output)
    place.services.reuse.publish(place.entry(run, output, "sha256:aa"))
    delete_run(place.workspace, run.run_id)
    place.purge()
    assert place.has_output(output), "its result may be reused at any moment"
    place.purge()
    assert place.has_output(output), "it is still a result"
    assert place.has_run(live)


def test_a_result_that_a_purge_has_dropped_is_not_reused_from_memory(world: World, workspace: Any) -> None:
    """Its outputs go some time later, and whoever remembers it from before must not stand on it then."""
    engine: Any = world.engine

    def submit(steps: list[Any]) -> str:
        request = RunRequest.model_validate({"definition": {**DEFINITION, "steps": steps}})
        run_id = submit_run(workspace, engine, request)[0].run_id
        prepare_run(workspace, run_id)
        return run_id

    late = MAKE | {"name": "late", "run_after": ["make"]}
    first = submit([late | {"run_after": []}])
    begin_step(workspace, first, 0)
    world.put(names.output_path(first, 0, "out"))
    assert check_step(workspace, first, 0, canceling=False).status == "Finished"
    row = workspace.services.runs.get_step(first, 0)
    experiment = workspace.services.runs.get_run(first).experiment
    entry = published_entry(experiment, row)
    workspace.services.reuse.set_latest(experiment, [entry])
    second = submit([MAKE, late])
    assert workspace.context(second).latest["late"].key == entry.key
    results, _ = workspace.services.reuse.rows("", 100)
    for each in results:
        workspace.services.reuse.drop(each)
    world.clock.time += timedelta(minutes=20)
    begin_step(workspace, second, 1)
    assert not workspace.services.runs.get_step(second, 1).reused


@pytest.mark.parametrize(
    ("path", "stays"),
    [("**/*.csv", True), ("**", True), ("azure*/**", True), ("*.csv", False), ("other/**", False)],
)
def test_outputs_stay_where_a_dataset_is_a_pattern_of_their_whole_datastore(
    place: Place, *, path: str, stays: bool
) -> None:
    run = place.run(1)
    output = place.output(run)
    delete_run(place.workspace, run.run_id)
    sources = (DatasetSource(datastore=names.DEFAULT_DATASTORE, path=path),)
    elsewhere = (DatasetSource(datastore="lake", path="**"),)
    for number, each in enumerate((sources, elsewhere)):
        definition = DatasetDefinition(sources=each)
        place.services.catalogue.put(Dataset(dataset_id=f"d{number}", definition=definition, created_at=""))
    done = place.purge()
    assert place.has_output(output) is stays
    assert any("names the whole datastore" in note for note in done.notes) is stays


def test_trials_stay_with_a_sweep_that_is_kept(place: Place) -> None:
    kept = place.run(1, labels={"keep": ""})
    sweep = place.run(2, parent_step_run_id=names.step_run_id(kept.run_id, 0))
    trial = place.run(3, parent_step_run_id=names.step_run_id(sweep.run_id, 0))
    place.later(KEEP.runs + 1)
    place.purge()
    assert all(map(place.has_run, (kept, sweep, trial)))


def test_what_somebody_holds_holds_up_nothing_else(place: Place) -> None:
    """A leased blob stands for legal holds and policies: storage refuses to delete it."""
    held, other = place.run(1), place.run(2)
    for run in (held, other):
        place.step(run, place.output(run))
    unused = [place.snapshot(text) for text in ("one", "two")]
    blobs: Any = place.services.blobs
    logs = blobs._container(names.ARTIFACT_CONTAINER).get_blob_client(place.artifact(held))
    manifest = blobs._container(names.SYSTEM_CONTAINER).get_blob_client(manifest_blob(unused[0]))
    leases = [blob.acquire_lease() for blob in (logs, manifest)]
    place.later(KEEP.runs + 1)
    done = place.purge()
    assert done.ended_at is not None
    assert [place.has_run(run) for run in (held, other)] == [True, False]
    assert any(f"Run {held.run_id} could not be removed" in note for note in done.notes)
    assert [place.has_blob(manifest_blob(each)) for each in unused] == [True, False]
    whole = snapshot_file_blob(hashlib.sha256(b"one").hexdigest())
    assert place.has_blob(whole), "who registers the snapshot again is told that it is there"
    for lease in leases:
        lease.release()
    place.purge()
    assert not place.has_run(held)
