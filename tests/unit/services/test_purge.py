"""What a purge removes and what it leaves, on real storage, with a clock that the test sets."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.adapters import blob_sweeping
from shared.adapters.datastores.azure_blob import AzureBlobDatastore
from shared.adapters.storage.table_runs import _list_rows
from shared.adapters.table_codec import encode
from shared.adapters.tables import TableGateway
from shared.core import names
from shared.core.datasets import Dataset, DatasetDefinition, DatasetSource
from shared.core.definition import PipelineDefinition
from shared.core.errors import Conflict, NotFound, StorageUnavailable
from shared.core.records import OutputRecord, ReuseEntry, RunFilter, RunRecord, StepRecord
from shared.core.retention import Purge, Retention
from shared.core.snapshots import SnapshotFile
from shared.core.status import RunStatus, StepStatus
from shared.services.documents import definition_blob, manifest_blob, snapshot_file_blob, store_definition
from shared.services.maintenance import purge as purging
from shared.services.maintenance.purge import purge, purge_by_timer
from shared.services.maintenance.removal import delete_run
from shared.services.publishing import PublishRequest, publish
from shared.services.snapshots import register_snapshot, store_file
from shared.services.workspace import Workspace
from tests.unit.services.scheduling import World

DAY = timedelta(days=1)
KEEP = Retention(runs=30, reuse=60, audit=30, history=30, unused=7)


class Hub:
    """A task hub that remembers what it was asked to forget."""

    def __init__(self) -> None:
        self.forgotten: list[tuple[datetime, datetime]] = []

    def count_ended(self, before: datetime) -> int:
        del before
        return 3

    def forget_ended(self, since: datetime, before: datetime) -> tuple[int, bool]:
        self.forgotten.append((since, before))
        return 1, len(self.forgotten) > 1


class Place:
    """A workspace whose storage was written just now, and whose clock is set into the future."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.workspace = world.workspace
        self.workspace.retention = KEEP
        self.services = self.workspace.services
        self.hub = Hub()
        self.now = datetime.now(UTC)
        world.clock.time = self.now

    def later(self, days: float) -> None:
        self.world.clock.time += days * DAY

    def purge(self, *, dry_run: bool = False) -> Purge:
        return purge(self.workspace, self.hub, "dry_run" if dry_run else "purge", 1e6)  # type: ignore[arg-type]

    def purge_until(self, phase: str) -> None:
        while purge(self.workspace, self.hub, "purge", 0).phase != phase:  # type: ignore[arg-type]
            pass

    def counts(self, *, dry_run: bool = False) -> dict[str, int]:
        return {sort: each.count for sort, each in self.purge(dry_run=dry_run).removed.items()}

    def snapshot(self, text: str) -> str:
        data = text.encode()
        file = SnapshotFile(path="step.py", sha256=hashlib.sha256(data).hexdigest(), size=len(data))
        store_file(self.workspace, file.sha256, data)
        snapshot_id, missing = register_snapshot(self.workspace, [file])
        assert not missing
        return snapshot_id

    def definition(self, name: str, snapshot: str | None = None, path: str | None = None) -> str:
        step: dict[str, Any] = {"name": "s", "type": "command", "settings": {"command": ["true"]}}
        step |= {"snapshot": snapshot, "outputs": {"out": {"path": path}}}
        document = {"name": name, "steps": [step]}
        return store_definition(self.services.blobs, PipelineDefinition.model_validate(document))

    def run(
        self, number: int, *, ended: bool = True, definition: str | None = None, age: float = 0, **fields: Any
    ) -> RunRecord:
        at = (self.world.clock.time - age * DAY).isoformat()
        run = RunRecord(
            run_id=f"{number:08d}-0000-4000-8000-000000000000",
            experiment=fields.pop("experiment", "exp"),
            pipeline="p",
            created_at=at,
            ended_at=at if ended else None,
            status=RunStatus.FINISHED if ended else RunStatus.RUNNING,
            definition_id=definition or self.definition(f"p{number}"),
            step_count=1,
            **fields,
        )
        assert self.services.runs.create_run(run)
        if ended:
            self.services.runs.update_run(self.services.runs.get_run(run.run_id))  # takes it off the active ones
        return run

    def output(self, run: RunRecord, ordinal: int = 0, name: str = "out", path: str | None = None) -> OutputRecord:
        place = path or names.output_path(run.run_id, ordinal, name)
        self.world.put(place)
        return OutputRecord(
            datastore=names.DEFAULT_DATASTORE,
            path=place,
            digest="d",
            is_file=True,
            file_count=1,
            total_bytes=1,
            files=(),
        )

    def step(self, run: RunRecord, output: OutputRecord | None = None, **fields: Any) -> None:
        row = StepRecord(run_id=run.run_id, ordinal=0, name="s", status=StepStatus.FINISHED, **fields)
        row = row.model_copy(update={"outputs": {} if output is None else {"out": output}})
        self.services.runs.put_steps(run.run_id, [row])
        self.artifact(run)

    def artifact(self, run: RunRecord) -> str:
        name = f"{names.artifact_prefix(run.run_id, 0)}/{names.log_name(1)}"
        self.services.blobs.put(names.ARTIFACT_CONTAINER, name, b"log")
        return name

    def entry(self, run: RunRecord, output: OutputRecord, key: str) -> ReuseEntry:
        return ReuseEntry(
            key=key,
            document={},
            run_id=run.run_id,
            ordinal=0,
            experiment=run.experiment,
            step_name="s",
            finished_at=run.ended_at or "",
            outputs={"out": output},
        )

    def has_run(self, run: RunRecord) -> bool:
        try:
            self.services.runs.get_run(run.run_id)
        except NotFound:
            return False
        return True

    def has_blob(self, name: str, container: str = names.SYSTEM_CONTAINER) -> bool:
        return self.services.blobs.exists(container, name)

    def has_output(self, output: OutputRecord) -> bool:
        return self.has_blob(output.path, names.DEFAULT_DATASTORE_CONTAINER)


@pytest.fixture
def place(world: World) -> Place:
    return Place(world)


def test_runs_that_expired_go_with_everything_that_was_theirs(place: Place) -> None:
    old = place.run(1, parent_step_run_id="00000009-0000-4000-8000-000000000000-00000")
    output = place.output(old)
    place.step(old, output)
    log = place.artifact(old)
    place.later(31)
    young = place.run(2)
    seen = place.purge(dry_run=True)
    assert seen.removed["runs"].count == 1
    assert seen.removed["outputs"].model_dump() == {"count": 1, "bytes": 1}
    assert place.has_run(old)
    assert place.has_output(output)
    done = place.purge()
    assert {sort: done.removed[sort].count for sort in ("runs", "artifacts", "outputs", "definitions")} == {
        "runs": 1,
        "artifacts": 1,
        "outputs": 1,
        "definitions": 1,
    }
    assert {sort: each for sort, each in seen.removed.items() if sort != "orchestrations"} == {
        sort: each for sort, each in done.removed.items() if sort not in {"orchestrations", "rows"}
    } | {"rows": seen.removed["rows"]}, "a dry run says what a purge does"
    assert not place.has_run(old)
    assert place.has_run(young)
    assert not place.has_output(output)
    assert not place.has_blob(log, names.ARTIFACT_CONTAINER)
    assert not place.has_blob(definition_blob(old.definition_id))
    assert place.has_blob(definition_blob(young.definition_id))
    page = place.services.runs.list_runs(RunFilter(), 50, None)
    assert [run.run_id for run in page.value] == [young.run_id]
    children = RunFilter(parent_step_run_id=old.parent_step_run_id)
    assert place.services.runs.list_runs(children, 50, None).value == []
    assert place.services.blobs.list(names.SYSTEM_CONTAINER, "retired/") == []
    assert place.services.blobs.list(names.SYSTEM_CONTAINER, "purges/") == []


def test_what_somebody_wants_stays(place: Place) -> None:
    kept = place.run(1, labels={"keep": "for the audit"})
    live = place.run(2, ended=False)
    trial = place.run(3, parent_step_run_id=names.step_run_id(live.run_id, 0))
    place.later(400)
    place.purge()
    assert all(map(place.has_run, (kept, live, trial)))
    assert all(place.has_blob(definition_blob(run.definition_id)) for run in (kept, live, trial))


def test_outputs_stay_where_their_author_put_them(place: Place) -> None:
    old = place.run(1, definition=place.definition("p", path="mine/{run-id}"))
    mine = place.output(old, path=f"mine/{names.step_run_id(old.run_id, 0)}")
    neighbour = place.output(old, name="output")
    place.step(old, mine)
    place.later(31)
    assert "outputs" not in place.counts()
    assert place.has_output(mine)
    assert place.has_output(neighbour), "only what the definition calls an output is the run's"


def test_outputs_stay_as_long_as_something_stands_on_them(place: Place) -> None:
    produced = {number: place.run(number, definition=place.definition("same")) for number in (1, 2, 3, 4, 5)}
    outputs = {number: place.output(run) for number, run in produced.items()}
    for number, run in produced.items():
        place.step(run, outputs[number])
    place.services.reuse.publish(place.entry(produced[1], outputs[1], "sha256:aa"))
    sources = (DatasetSource(datastore=names.DEFAULT_DATASTORE, path=f"{outputs[2].path}"),)
    dataset = Dataset(dataset_id="d", definition=DatasetDefinition(sources=sources), created_at="")
    place.services.catalogue.put(dataset)
    place.later(31)
    reuser = place.run(6, ended=False)
    place.step(reuser, outputs[3], reused=True)
    document = {"datastore": names.DEFAULT_DATASTORE, "path": outputs[4].path}
    named = place.run(7, parameters={"data": document})
    assert place.counts()["outputs"] == 1
    assert [number for number, output in outputs.items() if place.has_output(output)] == [1, 2, 3, 4]
    place.services.catalogue.delete(Dataset, "d")
    place.later(0.1)
    assert place.counts()["outputs"] == 1
    assert not place.has_output(outputs[2])
    assert place.has_run(named)


def test_a_datastore_that_refuses_holds_up_nothing_else(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    run = place.run(1)
    output = place.output(run)
    delete_run(place.workspace, run.run_id)
    real = AzureBlobDatastore.remove
    monkeypatch.setattr(AzureBlobDatastore, "remove", _crash)
    done = place.purge()
    assert done.ended_at is not None
    assert any("could not be removed: The process died here." in note for note in done.notes)
    monkeypatch.setattr(AzureBlobDatastore, "remove", real)
    place.later(0.1)
    assert place.counts()["outputs"] == 1
    assert not place.has_output(output)


def test_results_go_when_nobody_has_stood_on_them_for_long(place: Place) -> None:
    runs = [place.run(number, experiment=f"e{number}") for number in (1, 2)]
    outputs = [place.output(run) for run in runs]
    for run, output, key in zip(runs, outputs, ("sha256:aa", "sha256:bb"), strict=True):
        place.step(run, output)
        place.services.reuse.publish(place.entry(run, output, key))
    place.later(61)
    used = place.entry(runs[1], outputs[1], "sha256:bb")
    place.services.reuse.set_latest("e9", [used.model_copy(update={"finished_at": place.world.clock.time.isoformat()})])
    first = place.counts()
    assert first["results"] == 1
    assert "outputs" not in first, "they wait for whoever saw the result just before"
    assert place.services.reuse.find("sha256:aa") is None
    assert place.services.reuse.find("sha256:bb") is not None
    soon = place.purge()
    assert "outputs" not in soon.removed
    assert any("wait" in note for note in soon.notes)
    place.later(0.1)
    assert place.counts()["outputs"] == 1
    assert [place.has_output(output) for output in outputs] == [False, True]


def test_results_go_when_their_outputs_are_gone(place: Place) -> None:
    run = place.run(1)
    output = place.output(run)
    entry = place.entry(run, output.model_copy(update={"files": None, "manifest": "manifests/none.json"}), "sha256:aa")
    place.services.reuse.publish(entry)
    place.later(1)
    assert "results" not in place.counts()
    place.later(8)
    assert place.counts()["results"] == 1


def test_content_goes_once_nothing_refers_to_it(place: Place) -> None:
    used, unused = place.snapshot("used"), place.snapshot("unused")
    kept = place.definition("kept", used)
    gone = place.definition("gone", unused)
    place.run(1, ended=False, definition=kept)
    assert "definitions" not in place.counts(), "it is young"
    place.later(8)
    fresh = place.snapshot("fresh")
    counts = place.counts(dry_run=True)
    assert (counts["definitions"], counts["snapshots"], counts["snapshot_files"]) == (1, 2, 2)
    blobs = place.services.blobs
    blobs.put(names.SYSTEM_CONTAINER, manifest_blob(fresh), blobs.get(names.SYSTEM_CONTAINER, manifest_blob(fresh)))
    place.purge()
    assert place.has_blob(definition_blob(kept))
    assert not place.has_blob(definition_blob(gone))
    assert place.has_blob(manifest_blob(used))
    assert place.has_blob(snapshot_file_blob(hashlib.sha256(b"used").hexdigest()))
    assert not place.has_blob(manifest_blob(unused))
    assert not place.has_blob(snapshot_file_blob(hashlib.sha256(b"unused").hexdigest()))
    assert place.has_blob(definition_blob(place.world.pipeline.definition_id)), "it is published"


def test_a_run_can_be_deleted_by_hand(place: Place) -> None:
    run, live = place.run(1, labels={"keep": ""}), place.run(2, ended=False)
    output = place.output(run)
    place.step(run, output)
    with pytest.raises(Conflict, match="Cancel it first"):
        delete_run(place.workspace, live.run_id)
    with pytest.raises(Conflict, match="label `keep`"):
        delete_run(place.workspace, run.run_id)
    stored = place.services.runs.get_run(run.run_id)
    place.services.runs.update_run(stored.model_copy(update={"labels": {}}))
    delete_run(place.workspace, run.run_id)
    assert not place.has_run(run)
    with pytest.raises(NotFound):
        delete_run(place.workspace, run.run_id)
    assert place.has_output(output)
    assert place.counts()["outputs"] == 1
    assert not place.has_output(output)


def test_a_deletion_that_was_cut_off_is_finished(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    run = place.run(1)
    place.step(run, place.output(run))
    monkeypatch.setattr(type(place.services.runs), "delete_run", _crash)
    with pytest.raises(StorageUnavailable):
        delete_run(place.workspace, run.run_id)
    monkeypatch.undo()
    assert place.has_run(run)
    place.purge()
    assert not place.has_run(run)
    place.later(0.1)
    assert place.counts()["outputs"] == 1
    assert place.services.blobs.list(names.SYSTEM_CONTAINER, "retired/") == []


def test_a_new_run_of_the_same_id_keeps_its_outputs(place: Place) -> None:
    run = place.run(1)
    delete_run(place.workspace, run.run_id)
    place.later(1)
    again = place.run(1)
    output = place.output(again)
    place.step(again, output)
    assert "outputs" not in place.counts()
    assert place.has_output(output)


def test_rows_and_orchestrations_go_after_their_time(place: Place) -> None:
    blobs = place.services.blobs
    active, over = place.run(1, ended=False), place.run(2)
    for run in (active, over):
        blobs.put(names.SYSTEM_CONTAINER, f"jobs/{names.job_name(run.run_id, 0, 1)}/job.json", b"{}")
    place.later(31)
    counts = place.counts()
    assert counts["job_files"] == 1
    assert place.has_blob(f"jobs/{names.job_name(active.run_id, 0, 1)}/job.json")
    assert counts["orchestrations"] == 2
    assert {before for _, before in place.hub.forgotten} == {place.world.clock.time - 30 * DAY}


def test_code_for_clusters_goes_when_no_job_has_used_it_for_long(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    blobs = place.services.blobs
    for folder in ("used", "unused"):
        for path in ("a.py", names.CODE_COMPLETE):
            blobs.put(names.SYSTEM_CONTAINER, f"code/{folder}/{path}", b"x")
    place.later(31)
    real = blob_sweeping.delete_unchanged
    monkeypatch.setattr(blob_sweeping, "RENEW_AFTER", timedelta(seconds=-1))

    def renewed_first(container: Any, going: Any) -> Any:
        if going and going[0].name.startswith("code/used/"):
            assert blobs.renew(names.SYSTEM_CONTAINER, f"code/used/{names.CODE_COMPLETE}")
        return real(container, going)

    assert place.counts(dry_run=True)["code"] == 4
    monkeypatch.setattr(blob_sweeping, "delete_unchanged", renewed_first)
    assert place.counts()["code"] == 2
    left = [blob.name for blob in blobs.list(names.SYSTEM_CONTAINER, "code/")]
    assert left == [f"code/used/{path}" for path in sorted(["a.py", names.CODE_COMPLETE])]


def test_code_stays_as_long_as_a_job_may_mount_it(place: Place) -> None:
    place.services.blobs.put(names.SYSTEM_CONTAINER, f"code/used/{names.CODE_COMPLETE}", b"x")
    live = place.run(1, ended=False)
    place.later(31)
    assert "code" not in place.counts(), "a job of this run may begin again on another node"
    stored = place.services.runs.get_run(live.run_id)
    place.services.runs.update_run(stored.model_copy(update={"status": RunStatus.FINISHED}))
    assert place.counts()["code"] == 1


def test_what_loses_its_keeper_during_a_purge_waits_whole_for_the_next(place: Place) -> None:
    kept = place.run(1, labels={"keep": ""})
    place.later(31)
    place.purge_until("mark_runs")
    stored = place.services.runs.get_run(kept.run_id)
    place.services.runs.update_run(stored.model_copy(update={"labels": {}}))
    place.purge()
    assert place.has_run(kept)
    assert place.has_blob(definition_blob(kept.definition_id)), "a run that is there can be looked at and resumed"
    place.purge()
    assert not place.has_run(kept)
    assert not place.has_blob(definition_blob(kept.definition_id))


def test_what_is_named_during_a_purge_stays(place: Place) -> None:
    removed = [place.run(number) for number in (1, 2, 3)]
    outputs = [place.output(run) for run in removed]
    for run in removed:
        delete_run(place.workspace, run.run_id)
    place.purge_until("outputs")
    sources = (DatasetSource(datastore=names.DEFAULT_DATASTORE, path=outputs[0].path),)
    dataset = Dataset(dataset_id="d", definition=DatasetDefinition(sources=sources), created_at="")
    place.services.catalogue.put(dataset)
    step = {"name": "s", "type": "command", "settings": {"command": ["true"]}}
    source = {"kind": "data_reference", "datastore": names.DEFAULT_DATASTORE, "path": outputs[1].path}
    document = {"name": "late", "default_compute_target": "local", "steps": [step | {"inputs": {"data": source}}]}
    publish(place.workspace, PublishRequest.model_validate({"name": "late", "definition": document}))
    place.purge()
    assert [place.has_output(output) for output in outputs] == [True, True, False]


@pytest.mark.parametrize("path", ["azureml", "azureml/", "azureml/**/x.csv", "azureml/00000001-*/out"])
def test_all_outputs_stay_where_a_dataset_is_a_pattern_of_them(place: Place, path: str) -> None:
    run = place.run(1)
    output = place.output(run)
    delete_run(place.workspace, run.run_id)
    sources = (DatasetSource(datastore=names.DEFAULT_DATASTORE, path=path),)
    dataset = Dataset(dataset_id="d", definition=DatasetDefinition(sources=sources), created_at="")
    place.services.catalogue.put(dataset)
    place.purge()
    assert place.has_output(output)


def test_a_result_stays_that_a_run_has_reused_of_late(place: Place) -> None:
    first = place.run(1)
    output = place.output(first)
    place.services.reuse.publish(place.entry(first, output, "sha256:aa"))
    place.services.reuse.set_latest("other", [place.entry(first, output, "sha256:aa")])
    place.later(61)
    reuser = place.run(2)
    place.step(reuser, output, reused=True, key="sha256:aa", ended_at=reuser.ended_at)
    place.services.reuse.set_latest("exp", [place.entry(reuser, output, "sha256:bb")])  # another one came after it
    place.purge()
    assert place.services.reuse.find("sha256:aa") is not None
    assert place.services.reuse.latest("other")["s"].key == "sha256:aa"
    place.later(61)
    place.purge()
    assert place.services.reuse.find("sha256:aa") is None
    assert place.services.reuse.latest("other") == {}


def test_what_a_step_under_way_has_started_cannot_be_deleted(place: Place) -> None:
    live = place.run(1, ended=False)
    trial = place.run(2, parent_step_run_id=names.step_run_id(live.run_id, 0))
    with pytest.raises(Conflict, match="its run is under way"):
        delete_run(place.workspace, trial.run_id)
    stored = place.services.runs.get_run(live.run_id)
    place.services.runs.update_run(stored.model_copy(update={"status": RunStatus.FINISHED}))
    delete_run(place.workspace, trial.run_id)
    assert not place.has_run(trial)


def test_outputs_go_although_the_deletion_was_cut_off_at_its_very_end(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = place.run(1)
    output = place.output(run)
    monkeypatch.setattr(Workspace, "forget_run", _crash)
    with pytest.raises(StorageUnavailable):
        delete_run(place.workspace, run.run_id)
    monkeypatch.undo()
    place.workspace._definitions.forget(run.definition_id)
    sources = (DatasetSource(datastore=names.DEFAULT_DATASTORE, path=output.path),)
    dataset = Dataset(dataset_id="d", definition=DatasetDefinition(sources=sources), created_at="")
    place.services.catalogue.put(dataset)
    place.later(8)
    place.purge()
    assert not place.has_blob(definition_blob(run.definition_id)), "it cannot say any more where the outputs are"
    assert place.has_output(output)
    place.services.catalogue.delete(Dataset, "d")
    place.later(0.1)
    place.purge()
    assert not place.has_output(output)


def test_a_deletion_that_was_cut_off_is_given_up_where_the_run_is_to_stay(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = place.run(1)
    monkeypatch.setattr(type(place.services.runs), "delete_run", _crash)
    with pytest.raises(StorageUnavailable):
        delete_run(place.workspace, run.run_id)
    monkeypatch.undo()
    stored = place.services.runs.get_run(run.run_id)
    place.services.runs.update_run(stored.model_copy(update={"labels": {"keep": "it was a mistake"}}))
    place.purge()
    assert place.has_run(run)
    assert place.services.blobs.list(names.SYSTEM_CONTAINER, "retired/") == []


def test_an_empty_page_is_not_the_end_of_the_runs(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The table service may answer with no row and a token; whoever stopped there would not mark what stays."""
    run = place.run(1, ended=False)
    real = TableGateway.page

    def empty_first(gateway: TableGateway, table: str, query: str, size: int, token: str | None) -> Any:
        return ([], "more") if token is None else real(gateway, table, query, size, None)

    monkeypatch.setattr(TableGateway, "page", empty_first)
    found, after = place.services.runs.created_before(place.now + DAY, "", 5)
    assert ([each.run_id for each in found], after) == ([run.run_id], None)


def test_nothing_goes_where_everything_is_kept_for_ever(place: Place) -> None:
    place.workspace.retention = Retention(runs=0, reuse=0, audit=0, history=0, unused=10_000)
    run = place.run(1)
    place.services.reuse.publish(place.entry(run, place.output(run), "sha256:aa"))
    place.later(3000)
    assert place.counts() == {}
    assert place.hub.forgotten == []


def test_the_timer_purges_once_a_day_where_it_is_told_to(place: Place) -> None:
    def tick() -> Purge | None:
        return purge_by_timer(place.workspace, place.hub, 1e6)  # type: ignore[arg-type]

    assert tick() is None
    place.workspace.purges = True
    assert tick() is not None
    place.later(0.5)
    assert tick() is None
    place.later(0.5)
    assert tick() is not None


def test_a_purge_goes_on_after_a_crash_at_any_piece(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every second piece of work is done and then forgotten, as if the process had died before it was written down."""
    snapshot, other = place.snapshot("used"), place.snapshot("unused")
    place.definition("gone", other)
    old = [place.run(number) for number in range(1, 4)]
    outputs = [place.output(run) for run in old]
    for run, output in zip(old, outputs, strict=True):
        place.step(run, output)
    place.services.reuse.publish(place.entry(old[0], outputs[0], "sha256:aa"))
    place.later(31)
    live = place.run(9, ended=False, definition=place.definition("live", snapshot))
    place.step(live, outputs[1], reused=True)
    for phase in list(purging.PHASES):
        monkeypatch.setitem(purging.PHASES, phase, _forgetful(purging.PHASES[phase]))
    crashes, done = 0, None
    while done is None or done.ended_at is None:
        try:
            done = purge(place.workspace, place.hub, "purge", 0)  # type: ignore[arg-type]
        except StorageUnavailable:
            crashes += 1
        assert crashes < 500
    assert crashes >= len(purging.PHASES)
    assert [place.has_run(run) for run in (*old, live)] == [False, False, False, True]
    assert [place.has_output(output) for output in outputs] == [True, True, False]
    assert place.has_blob(manifest_blob(snapshot))
    assert not place.has_blob(manifest_blob(other))


def test_a_purge_whose_marks_are_lost_begins_anew(place: Place) -> None:
    live = place.run(1, ended=False)
    place.later(8)
    while True:
        record = purge(place.workspace, place.hub, "purge", 0)  # type: ignore[arg-type]
        if record.phase == "definitions":
            break
    assert record.marks is not None
    place.services.blobs.delete(names.SYSTEM_CONTAINER, [record.marks])
    again = place.purge()
    assert again.purge_id != record.purge_id
    assert place.has_blob(definition_blob(live.definition_id))


def test_of_two_at_work_on_one_purge_one_gives_way(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    live = place.run(1, ended=False)
    place.later(8)
    real = purging.PHASES["mark_runs"]

    def interrupted(sweep: Any, position: str) -> Any:
        monkeypatch.setitem(purging.PHASES, "mark_runs", real)
        place.purge()
        return real(sweep, position)

    monkeypatch.setitem(purging.PHASES, "mark_runs", interrupted)
    with pytest.raises(Conflict, match="Somebody else"):
        place.purge()
    assert place.has_blob(definition_blob(live.definition_id))
    assert place.purge().ended_at is not None


def test_thousands_of_rows_with_a_crash_in_the_middle(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    definition, at, steps, copies = place.definition("many"), place.now.isoformat(), 20, []
    tables = place.services.runs._tables  # type: ignore[attr-defined]
    for number in range(100):
        run = RunRecord(
            run_id=f"{number:08d}-0000-4000-8000-000000000000",
            experiment="many",
            pipeline="p",
            created_at=at,
            ended_at=at,
            status=RunStatus.FINISHED,
            definition_id=definition,
            step_count=steps,
            labels={"keep": ""} if number % 50 == 49 else {},
        )
        rows = [StepRecord(run_id=run.run_id, ordinal=ordinal, name=f"s{ordinal}") for ordinal in range(steps)]
        own = [encode(run, run.run_id, "run"), *(encode(row, run.run_id, f"step:{row.ordinal:05d}") for row in rows)]
        tables.put("Runs", own)
        copies.append(_list_rows(run))
    for of_one_list in zip(*copies, strict=True):
        tables.put("RunIndex", list(of_one_list))
    place.later(31)
    first = purge(place.workspace, place.hub, "purge", 0)  # type: ignore[arg-type]
    assert (first.phase, first.removed["runs"].count) == ("runs", 20), "it works in pieces"
    monkeypatch.setitem(purging.PHASES, "runs", _forgetful(purging.PHASES["runs"]))
    with pytest.raises(StorageUnavailable):
        place.purge()
    monkeypatch.undo()
    done = place.purge()
    assert done.ended_at is not None
    assert done.removed["runs"].count == 98 - 20, "what went just before the crash was not written down"
    assert done.removed["rows"].count == 78 * (1 + steps + 2)
    assert len(place.services.runs.list_runs(RunFilter(), 200, None).value) == 2
    assert len(tables.query("Runs", "PartitionKey ne ''", ["RowKey"])) == 2 * (1 + steps)
    assert place.has_blob(definition_blob(definition))


def _crash(*_: object) -> int:
    raise StorageUnavailable("The process died here.")


def _forgetful(phase: Callable[..., Any]) -> Callable[..., Any]:
    calls = 0

    def work(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        piece = phase(*arguments)
        if calls % 2:
            raise StorageUnavailable("The process died here.")
        return piece

    return work
