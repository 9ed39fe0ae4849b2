"""What the ports RunStore, ReuseStore, Catalogue and BlobStore promise, for every implementation of them."""

import hashlib
import http.client
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from azure.storage.blob import BlobServiceClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.adapters.azure_transport import TransactionCounter
from shared.adapters.storage.blobs import AzureBlobStore
from shared.adapters.storage.table_catalogue import TableCatalogue
from shared.adapters.storage.table_reuse import TableReuseStore
from shared.adapters.storage.table_runs import TableRunStore
from shared.adapters.tables import TableGateway
from shared.core.catalogue import Experiment
from shared.core.errors import Conflict, InvalidDocument, NotFound, TooLarge
from shared.core.records import ClaimOwner, ReuseEntry, RunFilter, RunRecord, StepRecord
from shared.core.status import RunStatus, StepStatus
from shared.ports.blobs import BlobStore
from shared.ports.catalogue import Catalogue
from shared.ports.runs import ReuseStore, RunStore
from tests.fakes.clocks import SystemClock

START = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@dataclass
class Stores:
    runs: RunStore
    reuse: ReuseStore
    catalogue: Catalogue
    blobs: BlobStore


def azure_stores(connection_string: str, counter: TransactionCounter) -> Iterator[Stores]:
    tables = TableGateway.from_connection_string(connection_string, counter)
    blobs = AzureBlobStore.from_connection_string(connection_string, SystemClock(), counter)
    yield Stores(
        runs=TableRunStore(tables), reuse=TableReuseStore(tables), catalogue=TableCatalogue(tables), blobs=blobs
    )
    tables.close()
    blobs.close()


FACTORIES = [pytest.param(azure_stores, id="azure")]


@pytest.fixture
def counter() -> TransactionCounter:
    return TransactionCounter()


@pytest.fixture(params=FACTORIES)
def stores(request: pytest.FixtureRequest, storage_account: str, counter: TransactionCounter) -> Iterator[Stores]:
    yield from request.param(storage_account, counter)


def a_run(run_id: str = "run-1", minute: float = 0, **fields: object) -> RunRecord:
    created_at = (START + timedelta(minutes=minute)).isoformat()
    defaults = {"experiment": "churn", "pipeline": "train", "definition_id": "d" * 64, "step_count": 3}
    return RunRecord.model_validate({"run_id": run_id, "created_at": created_at, **defaults, **fields})


def a_step(ordinal: int, run_id: str = "run-1", **fields: object) -> StepRecord:
    return StepRecord.model_validate({"run_id": run_id, "ordinal": ordinal, "name": f"step {ordinal}", **fields})


def an_entry(key: str, step_name: str = "train", **fields: object) -> ReuseEntry:
    values = {"document": {"a": 1}, "run_id": "run-1", "ordinal": 0, "experiment": "churn", "finished_at": "t"}
    return ReuseEntry.model_validate({"key": key, "step_name": step_name, **values, **fields})


def an_owner(run_id: str = "run-1", ordinal: int = 0, attempt: int = 1) -> ClaimOwner:
    return ClaimOwner(run_id=run_id, ordinal=ordinal, attempt=attempt)


def all_run_ids(runs: RunStore, run_filter: RunFilter, page_size: int) -> list[str]:
    found: list[str] = []
    token = None
    while True:
        page = runs.list_runs(run_filter, page_size, token)
        assert len(page.value) <= page_size
        found += [run.run_id for run in page.value]
        token = page.continuation_token
        if token is None:
            return found


def in_parallel[Result](count: int, work: Callable[[int], Result]) -> list[Result]:
    """Run `work(0..count-1)` in as many threads that start together."""
    barrier = threading.Barrier(count)

    def begin(number: int) -> Result:
        barrier.wait()
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(begin, range(count)))


class TestRuns:
    def test_created_run_is_read_back_equal(self, stores: Stores):
        run = a_run(parameters={"alpha": 0.1, "flag": True, "text": "naïve 🎉"}, labels={"who": "o'hara"})
        assert stores.runs.create_run(run)
        stored = stores.runs.get_run("run-1")
        assert stored.etag
        assert stored.model_copy(update={"etag": None}) == run

    def test_second_creation_is_refused_and_changes_nothing(self, stores: Stores):
        stores.runs.create_run(a_run())
        assert not stores.runs.create_run(a_run(pipeline="other"))
        assert stores.runs.get_run("run-1").pipeline == "train"
        assert [run.pipeline for run in stores.runs.list_runs(RunFilter(), 10, None).value] == ["train"]

    def test_of_many_creations_at_once_one_wins(self, stores: Stores):
        outcomes = in_parallel(12, lambda number: stores.runs.create_run(a_run(pipeline=f"p{number}")))
        assert outcomes.count(True) == 1
        assert stores.runs.get_run("run-1").pipeline == f"p{outcomes.index(True)}"

    @pytest.mark.parametrize("run_id", ["nothing", "a/b", "a#b?c", "x" * 2000, "o'hara", "%41"])
    def test_unknown_run_is_not_found(self, stores: Stores, run_id: str):
        with pytest.raises(NotFound):
            stores.runs.get_run(run_id)
        assert stores.runs.get_steps(run_id) == []
        assert stores.runs.get_step(run_id, 0) is None

    def test_update_returns_the_etag_of_the_stored_row(self, stores: Stores):
        stores.runs.create_run(a_run())
        read = stores.runs.get_run("run-1")
        updated = stores.runs.update_run(read.model_copy(update={"status": RunStatus.RUNNING}))
        assert updated.etag != read.etag
        assert stores.runs.get_run("run-1") == updated

    def test_update_with_a_stale_etag_is_a_conflict(self, stores: Stores):
        stores.runs.create_run(a_run())
        read = stores.runs.get_run("run-1")
        stores.runs.update_run(read.model_copy(update={"status": RunStatus.RUNNING}))
        with pytest.raises(Conflict):
            stores.runs.update_run(read.model_copy(update={"status": RunStatus.FAILED}))
        assert stores.runs.get_run("run-1").status == RunStatus.RUNNING

    def test_update_of_a_record_that_was_never_read_is_a_conflict(self, stores: Stores):
        stores.runs.create_run(a_run())
        with pytest.raises(Conflict):
            stores.runs.update_run(a_run())

    def test_update_of_an_unknown_run_is_not_found(self, stores: Stores):
        stores.runs.create_run(a_run())
        etag = stores.runs.get_run("run-1").etag
        with pytest.raises(NotFound):
            stores.runs.update_run(a_run("run-2", etag=etag))

    def test_lists_follow_updates(self, stores: Stores):
        stores.runs.create_run(a_run())
        stores.runs.update_run(stores.runs.get_run("run-1").model_copy(update={"status": RunStatus.RUNNING}))
        for run_filter in (RunFilter(), RunFilter(experiment="churn"), RunFilter(status=RunStatus.RUNNING)):
            assert [run.status for run in stores.runs.list_runs(run_filter, 10, None).value] == [RunStatus.RUNNING]
        assert stores.runs.list_runs(RunFilter(status=RunStatus.NOT_STARTED), 10, None).value == []

    def test_active_runs_are_those_not_terminal(self, stores: Stores):
        assert stores.runs.list_active_run_ids() == []
        for number in range(3):
            stores.runs.create_run(a_run(f"run-{number}"))
        for status in (RunStatus.RUNNING, RunStatus.FINISHED):
            stores.runs.update_run(stores.runs.get_run("run-1").model_copy(update={"status": status}))
        assert sorted(stores.runs.list_active_run_ids()) == ["run-0", "run-2"]

    def test_last_of_racing_updates_is_the_one_that_lists_show(self, stores: Stores):
        for round_ in range(5):
            run_id = f"run-{round_}"
            stores.runs.create_run(a_run(run_id, round_))

            def update(number: int, run_id: str = run_id) -> None:
                while True:
                    read = stores.runs.get_run(run_id)
                    try:
                        stores.runs.update_run(read.model_copy(update={"error": f"{number}"}))
                    except Conflict:
                        continue
                    return

            in_parallel(4, update)
            truth = stores.runs.get_run(run_id).error
            assert stores.runs.list_runs(RunFilter(), 1, None).value[0].error == truth

    def test_filters_combine_and_quotes_are_harmless(self, stores: Stores):
        pipelines = ["plain", "o'hara", "' or '1' eq '1", "a@b c", "50%"]
        for number, pipeline in enumerate(pipelines):
            for experiment in ("churn", "fraud"):
                stores.runs.create_run(
                    a_run(f"{experiment}-{number}", number, pipeline=pipeline, experiment=experiment)
                )
        for number, pipeline in enumerate(pipelines):
            run_filter = RunFilter(pipeline=pipeline, experiment="fraud", status=RunStatus.NOT_STARTED)
            assert all_run_ids(stores.runs, run_filter, 3) == [f"fraud-{number}"]
            assert set(all_run_ids(stores.runs, RunFilter(pipeline=pipeline), 3)) == {
                f"churn-{number}",
                f"fraud-{number}",
            }
        assert stores.runs.list_runs(RunFilter(experiment="' or '1' eq '1"), 5, None).value == []
        assert stores.runs.list_runs(RunFilter(pipeline="nothing"), 5, None).value == []

    @settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        minutes=st.lists(st.floats(-1e6, 1e6, allow_nan=False), max_size=12),
        page_size=st.integers(1, 5),
        column=st.sampled_from(["experiment", "pipeline"]),
    )
    def test_pages_join_to_the_whole_list_newest_first(
        self, stores: Stores, minutes: list[float], page_size: int, column: str
    ):
        mark = f"e{uuid.uuid4().hex}"
        runs = {f"{mark}-{number}": minute for number, minute in enumerate(minutes)}
        for run_id, minute in runs.items():
            stores.runs.create_run(a_run(run_id, minute, experiment=mark, pipeline=mark))
        run_filter = RunFilter.model_validate({column: mark})
        found = all_run_ids(stores.runs, run_filter, page_size)
        assert sorted(found) == sorted(runs)
        created = [datetime.fromisoformat(a_run(run_id, runs[run_id]).created_at) for run_id in found]
        assert created == sorted(created, reverse=True)

    def test_run_that_appears_while_paging_does_not_disturb_later_pages(self, stores: Stores):
        for number in range(4):
            stores.runs.create_run(a_run(f"run-{number}", number))
        first = stores.runs.list_runs(RunFilter(), 2, None)
        stores.runs.create_run(a_run("run-late", 99))
        second = stores.runs.list_runs(RunFilter(), 2, first.continuation_token)
        assert [run.run_id for run in [*first.value, *second.value]] == ["run-3", "run-2", "run-1", "run-0"]

    @pytest.mark.parametrize("token", ["", "!", "e30", "bnVsbA", "eyJ2IjoxfQ", "é", "A" * 5000, "W10="])
    def test_bad_token_is_an_invalid_document(self, stores: Stores, token: str):
        stores.runs.create_run(a_run())
        with pytest.raises(InvalidDocument) as caught:
            stores.runs.list_runs(RunFilter(), 5, token)
        assert caught.value.faults[0].suggestion

    def test_token_of_another_filter_is_an_invalid_document(self, stores: Stores):
        for number in range(3):
            stores.runs.create_run(a_run(f"run-{number}", number))
        token = stores.runs.list_runs(RunFilter(), 1, None).continuation_token
        assert token
        with pytest.raises(InvalidDocument):
            stores.runs.list_runs(RunFilter(experiment="churn"), 1, token)

    def test_big_run_survives(self, stores: Stores):
        run = a_run(parameters={f"p{number}": "ä\\\"'x" * 1000 for number in range(15)}, description="y" * 100_000)
        stores.runs.create_run(run)
        assert stores.runs.list_runs(RunFilter(), 5, None).value == [run]
        assert stores.runs.get_run("run-1").parameters == run.parameters

    def test_a_run_that_cannot_be_kept_leaves_nothing_behind(self, stores: Stores):
        with pytest.raises(TooLarge):
            stores.runs.create_run(a_run(description="x" * 600_000))
        assert stores.runs.list_active_run_ids() == []

    def test_a_run_that_never_came_to_be_is_forgotten_in_time(self, stores: Stores, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(TableGateway, "insert", lambda *_: (_ for _ in ()).throw(RuntimeError("ended here")))
        with pytest.raises(RuntimeError):
            stores.runs.create_run(a_run())
        monkeypatch.undo()
        stores.runs.forget_creation("run-1", START - HOUR)
        assert stores.runs.list_active_run_ids() == ["run-1"], "it may be on its way"
        stores.runs.forget_creation("run-1", START + HOUR)
        assert stores.runs.list_active_run_ids() == []
        stores.runs.forget_creation("run-1", START + HOUR)

    def test_run_beyond_the_limit_is_too_large(self, stores: Stores):
        with pytest.raises(TooLarge, match="run-1"):
            stores.runs.create_run(a_run(description="x" * 1_000_000))
        with pytest.raises(NotFound):
            stores.runs.get_run("run-1")


def unversioned(steps):
    """Steps without their etags, which only storage knows."""
    assert all(step.etag for step in steps)
    return [step.model_copy(update={"etag": None}) for step in steps]


class TestSteps:
    def test_the_first_row_of_a_step_is_written_once(self, stores: Stores):
        outcomes = in_parallel(8, lambda number: stores.runs.insert_step("run-1", a_step(3, error=f"by {number}")))
        written = [step for step in outcomes if step is not None]
        assert len(written) == 1
        assert stores.runs.get_step("run-1", 3) == written[0]

    def test_a_step_is_replaced_only_as_it_was_read(self, stores: Stores):
        first = stores.runs.insert_step("run-1", a_step(3))
        assert first is not None
        second = stores.runs.replace_step("run-1", first.model_copy(update={"error": "second"}))
        with pytest.raises(Conflict):
            stores.runs.replace_step("run-1", first.model_copy(update={"error": "late"}))
        with pytest.raises(Conflict):
            stores.runs.replace_step("run-1", a_step(3))
        assert stores.runs.get_step("run-1", 3) == second
        assert second.error == "second"

    def test_steps_are_replaced_and_read_in_order(self, stores: Stores):
        stores.runs.create_run(a_run())
        stores.runs.put_steps("run-1", [a_step(ordinal) for ordinal in (7, 0, 1200, 3)])
        stores.runs.put_steps("run-1", [a_step(3, status=StepStatus.RUNNING)])
        stores.runs.put_steps("run-1", [])
        assert [step.ordinal for step in stores.runs.get_steps("run-1")] == [0, 3, 7, 1200]
        assert unversioned([stores.runs.get_step("run-1", 3)]) == [a_step(3, status=StepStatus.RUNNING)]
        assert stores.runs.get_step("run-1", 4) is None

    def test_steps_of_runs_do_not_mix(self, stores: Stores):
        for run_id in ("run-1", "run-10", "Run-1"):
            stores.runs.put_steps(run_id, [a_step(0, run_id)])
        assert unversioned(stores.runs.get_steps("run-1")) == [a_step(0)]

    def test_many_threads_write_rows_of_one_run(self, stores: Stores):
        stores.runs.put_steps("run-1", [a_step(9999)])

        def write(number: int) -> None:
            for ordinal in range(number, 300, 16):
                stores.runs.put_steps("run-1", [a_step(ordinal, error=f"by {number}")])
                written = stores.runs.get_step("run-1", ordinal) if ordinal % 50 == 0 else None
                assert written is None or written.error == f"by {number}"

        in_parallel(16, write)
        steps = stores.runs.get_steps("run-1")
        assert [step.ordinal for step in steps] == [*range(300), 9999]
        assert all(step.error == f"by {step.ordinal % 16}" for step in steps[:-1])

    def test_one_call_carries_hundreds_of_steps_in_few_transactions(self, stores: Stores, counter: TransactionCounter):
        steps = [a_step(ordinal) for ordinal in range(1101)]
        stores.runs.put_steps("run-1", steps[:1])
        counter.reset()
        stores.runs.put_steps("run-1", steps)
        assert counter.by_kind["table.batch"] + counter.by_kind["table.put"] == 12
        assert unversioned(stores.runs.get_steps("run-1")) == steps

    def test_the_same_step_from_many_threads_ends_as_one_of_them(self, stores: Stores):
        in_parallel(16, lambda number: stores.runs.put_steps("run-1", [a_step(0, error=str(number)), a_step(number)]))
        assert len(stores.runs.get_steps("run-1")) == 16

    def test_big_steps_survive_together(self, stores: Stores):
        steps = [a_step(ordinal, key_document={"text": "é" * 30_000 + "x" * 20_000}) for ordinal in range(20)]
        stores.runs.put_steps("run-1", steps)
        assert unversioned(stores.runs.get_steps("run-1")) == steps

    def test_step_beyond_the_limit_is_too_large(self, stores: Stores):
        with pytest.raises(TooLarge, match="step:00001"):
            stores.runs.put_steps("run-1", [a_step(0), a_step(1, error="x" * 1_000_000)])


class TestReuse:
    KEY = "ab" * 32

    def test_claim_hides_nothing_and_is_kept_by_its_step(self, stores: Stores):
        assert stores.reuse.find(self.KEY) is None
        assert stores.reuse.claim(self.KEY, an_owner()) is None
        assert stores.reuse.find(self.KEY) is None
        assert stores.reuse.claim(self.KEY, an_owner()) is None
        assert stores.reuse.claim(self.KEY, an_owner(attempt=2)) is None
        assert stores.reuse.claim(self.KEY, an_owner("run-2")) == an_owner(attempt=2)

    def test_of_twenty_claims_at_once_one_wins(self, stores: Stores):
        outcomes = in_parallel(20, lambda number: stores.reuse.claim(self.KEY, an_owner(f"run-{number}")))
        winners = [number for number, outcome in enumerate(outcomes) if outcome is None]
        assert len(winners) == 1
        assert set(map(repr, outcomes)) == {"None", repr(an_owner(f"run-{winners[0]}"))}

    def test_take_over_replaces_exactly_the_dead_owner(self, stores: Stores):
        stores.reuse.claim(self.KEY, an_owner("dead"))
        assert not stores.reuse.take_over(self.KEY, an_owner("other"), an_owner("heir"))
        takers = in_parallel(
            8, lambda number: stores.reuse.take_over(self.KEY, an_owner("dead"), an_owner(f"heir-{number}"))
        )
        assert takers.count(True) == 1
        assert stores.reuse.claim(self.KEY, an_owner("late")) == an_owner(f"heir-{takers.index(True)}")

    def test_take_over_of_nothing_or_of_a_result_fails(self, stores: Stores):
        assert not stores.reuse.take_over(self.KEY, an_owner("dead"), an_owner())
        stores.reuse.publish(an_entry(self.KEY))
        assert not stores.reuse.take_over(self.KEY, an_owner("dead"), an_owner())
        assert stores.reuse.find(self.KEY) == an_entry(self.KEY)

    def test_release_is_for_the_owner_alone(self, stores: Stores):
        stores.reuse.release(self.KEY, an_owner())
        stores.reuse.claim(self.KEY, an_owner(attempt=2))
        stores.reuse.release(self.KEY, an_owner("run-2", attempt=2))
        stores.reuse.release(self.KEY, an_owner(ordinal=1, attempt=2))
        stores.reuse.release(self.KEY, an_owner(attempt=1))
        assert stores.reuse.claim(self.KEY, an_owner("run-2")) == an_owner(attempt=2)
        stores.reuse.release(self.KEY, an_owner(attempt=2))
        assert stores.reuse.claim(self.KEY, an_owner("run-2")) is None

    def test_published_result_answers_claims_and_outlives_a_release(self, stores: Stores):
        stores.reuse.claim(self.KEY, an_owner())
        stores.reuse.publish(an_entry(self.KEY))
        stores.reuse.release(self.KEY, an_owner())
        assert stores.reuse.claim(self.KEY, an_owner("run-2")) == an_entry(self.KEY)
        stores.reuse.publish(an_entry(self.KEY, run_id="run-9"))
        found = stores.reuse.find(self.KEY)
        assert found is not None
        assert found.run_id == "run-9"

    def test_forget_drops_results_and_not_claims(self, stores: Stores):
        stores.reuse.forget(self.KEY)
        stores.reuse.claim(self.KEY, an_owner())
        stores.reuse.forget(self.KEY)
        assert stores.reuse.claim(self.KEY, an_owner("run-2")) == an_owner()
        stores.reuse.publish(an_entry(self.KEY))
        stores.reuse.forget(self.KEY)
        assert stores.reuse.find(self.KEY) is None
        assert stores.reuse.claim(self.KEY, an_owner("run-2")) is None

    def test_latest_is_by_step_of_the_experiment(self, stores: Stores):
        names = ["train", "o'hara", "a/b#c?d", "50% off", "schön", "train "]
        for number, name in enumerate(names):
            stores.reuse.set_latest("churn", [an_entry(f"{number}0", name, run_id="old")])
            stores.reuse.set_latest("churn", [an_entry(f"{number}1", name, run_id="new")])
        stores.reuse.set_latest("fraud", [an_entry("99", "train", experiment="fraud")])
        latest = stores.reuse.latest("churn")
        assert {name: (entry.key, entry.run_id) for name, entry in latest.items()} == {
            name: (f"{number}1", "new") for number, name in enumerate(names)
        }
        assert stores.reuse.latest("nothing") == {}

    def test_results_published_at_once_are_all_found(self, stores: Stores):
        in_parallel(24, lambda number: stores.reuse.publish(an_entry(f"{number:02d}", f"step {number}")))
        assert all(stores.reuse.find(f"{number:02d}") for number in range(24))

    def test_latest_results_of_a_large_run_are_set_together(self, stores: Stores):
        stores.reuse.set_latest("churn", [an_entry(f"{number:03d}", f"step {number}") for number in range(250)])
        assert len(stores.reuse.latest("churn")) == 250
        stores.reuse.set_latest("churn", [])
        assert len(stores.reuse.latest("churn")) == 250

    def test_big_entry_survives(self, stores: Stores):
        entry = an_entry(self.KEY, document={"text": "z" * 200_000})
        stores.reuse.publish(entry)
        assert stores.reuse.find(self.KEY) == entry


class TestCatalogue:
    def test_records_are_kept_once_and_listed_by_key(self, stores: Stores):
        assert stores.catalogue.page(Experiment, 5, None).value == []
        written = [stores.catalogue.insert(an_experiment(name)) for name in ("churn", "Fraud", "a_b-c")]
        with pytest.raises(Conflict, match="The experiment `churn` exists already"):
            stores.catalogue.insert(an_experiment("churn", START + HOUR))
        first = stores.catalogue.page(Experiment, 2, None)
        rest = stores.catalogue.page(Experiment, 2, first.continuation_token)
        assert [experiment.name for experiment in [*first.value, *rest.value]] == ["Fraud", "a_b-c", "churn"]
        assert rest.value[-1] == written[0]
        assert stores.catalogue.all(Experiment) == [*first.value, *rest.value]

    def test_a_missing_record_is_named(self, stores: Stores):
        assert stores.catalogue.find(Experiment, "churn") is None
        with pytest.raises(NotFound, match="There is no experiment `churn`"):
            stores.catalogue.get(Experiment, "churn")
        stores.catalogue.delete(Experiment, "churn")

    def test_a_record_is_replaced_only_as_it_was_read(self, stores: Stores):
        first = stores.catalogue.insert(an_experiment("churn"))
        second = stores.catalogue.replace(first.model_copy(update={"created_at": "later"}))
        assert stores.catalogue.get(Experiment, "churn") == second
        assert second.created_at == "later"
        with pytest.raises(Conflict):
            stores.catalogue.replace(first)
        assert stores.catalogue.put(an_experiment("churn")) == stores.catalogue.get(Experiment, "churn")
        stores.catalogue.delete(Experiment, "churn")
        assert stores.catalogue.find(Experiment, "churn") is None

    def test_a_prefix_selects(self, stores: Stores):
        for name in ("a/1", "a/2", "a0", "a", "b"):
            stores.catalogue.insert(an_experiment(name))
        assert [found.name for found in stores.catalogue.all(Experiment, prefix="a/")] == ["a/1", "a/2"]
        page = stores.catalogue.page(Experiment, 1, None, prefix="a/")
        rest = stores.catalogue.page(Experiment, 5, page.continuation_token, prefix="a/")
        assert [found.name for found in (*page.value, *rest.value)] == ["a/1", "a/2"]

    def test_bad_token_is_an_invalid_document(self, stores: Stores):
        with pytest.raises(InvalidDocument):
            stores.catalogue.page(Experiment, 2, "nonsense")


def an_experiment(name: str, created_at: datetime = START) -> Experiment:
    return Experiment(name=name, created_at=created_at.isoformat())


NAMES = ["a.txt", "deep/er/b c.txt", "späße+&%41#?.bin", "quo'te.txt", "a~b=c,d;e@f!"]


def request(method: str, url: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes, dict[str, str]]:
    parts = urlsplit(url)
    assert parts.hostname
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=20)
    try:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, f"{parts.path}?{parts.query}", body, sent)
        response = connection.getresponse()
        return response.status, response.read(), {name.lower(): value for name, value in response.getheaders()}
    finally:
        connection.close()


def put(url: str, body: bytes) -> tuple[int, dict[str, str]]:
    status, _, headers = request("PUT", url, body, x_ms_blob_type="BlockBlob")
    return status, headers


class TestBlobs:
    @pytest.fixture
    def blobs(self, stores: Stores) -> BlobStore:
        stores.blobs.ensure_containers(["data", "other"])
        stores.blobs.ensure_containers(["data"])
        return stores.blobs

    @pytest.mark.parametrize("name", NAMES)
    def test_blob_is_replaced_and_read_back(self, blobs: BlobStore, name: str):
        assert not blobs.exists("data", name)
        blobs.put("data", name, b"first")
        blobs.put("data", name, b"", content_type="text/plain")
        assert blobs.get("data", name) == b""
        blobs.put("data", name, b"second" * 100_000)
        assert blobs.get("data", name) == b"second" * 100_000
        assert blobs.exists("data", name)

    def test_missing_blob_is_not_found(self, blobs: BlobStore):
        with pytest.raises(NotFound, match="nothing in container data"):
            blobs.get("data", "nothing")
        with pytest.raises(NotFound):
            blobs.get("no-container", "nothing")
        assert not blobs.exists("no-container", "nothing")
        assert blobs.get_range("data", "nothing", 0, 10) == (b"", 0)
        assert blobs.get_range("no-container", "nothing", 5, 10) == (b"", 0)

    @pytest.mark.parametrize("name", NAMES)
    def test_a_blob_is_copied_whole_and_stays(self, blobs: BlobStore, name: str):
        blobs.put("data", name, b"content" * 100_000)
        blobs.copy("data", name, f"copies/{name}")
        assert blobs.get("data", f"copies/{name}") == blobs.get("data", name)
        (copied,) = blobs.list("data", "copies/")
        assert copied.md5 == hashlib.md5(b"content" * 100_000).hexdigest()
        with pytest.raises(NotFound):
            blobs.copy("data", "nothing", "copies/nothing")

    def test_many_blobs_are_deleted_and_missing_ones_are_fine(self, blobs: BlobStore):
        names = [f"many/{number:04d}" for number in range(300)]
        for name in [*names[::2], *NAMES]:
            blobs.put("data", name, b"x")
        blobs.put("data", "other", b"y")
        blobs.delete("data", names)
        blobs.delete("data", [*names, *NAMES])
        blobs.delete("data", [])
        assert [blob.name for blob in blobs.list("data", "")] == ["other"]

    def test_list_has_names_sizes_and_digests_in_order(self, blobs: BlobStore):
        for name in ["b/2", "b/10", "a/1", "b", "B/x"]:
            blobs.put("data", name, name.encode())
        found = blobs.list("data", "b/")
        assert [info.name for info in found] == ["b/10", "b/2"]
        assert [info.size for info in found] == [4, 3]
        assert [info.md5 for info in found] == [hashlib.md5(info.name.encode()).hexdigest() for info in found]
        assert len(blobs.list("data", "")) == 5
        assert blobs.list("data", "c") == []
        assert blobs.list("no-container", "") == []

    def test_etag_of_a_list_is_the_one_that_a_put_answers_with(self, blobs: BlobStore):
        status, headers = put(blobs.write_url("data", "x", HOUR), b"content")
        assert status == 201
        assert [info.etag for info in blobs.list("data", "")] == [headers["etag"].strip('"')]

    def test_ranges_follow_a_blob_that_grows(self, blobs: BlobStore, storage_account: str):
        with BlobServiceClient.from_connection_string(storage_account) as service:
            log = service.get_blob_client("data", "log.txt")
            log.create_append_blob()
            assert blobs.get_range("data", "log.txt", 0, 10) == (b"", 0)
            log.append_block(b"hello ")
            assert blobs.get_range("data", "log.txt", 0, 100) == (b"hello ", 6)
            assert blobs.get_range("data", "log.txt", 6, 100) == (b"", 6)
            log.append_block(b"world")
            assert blobs.get_range("data", "log.txt", 6, 3) == (b"wor", 11)
            assert blobs.get_range("data", "log.txt", 9, 100) == (b"ld", 11)
            assert blobs.get_range("data", "log.txt", 50, 100) == (b"", 11)
            assert blobs.get_range("data", "log.txt", 0, 0) == (b"", 11)

    @pytest.mark.parametrize("name", NAMES)
    def test_read_url_reads_this_blob_and_nothing_else(self, blobs: BlobStore, name: str):
        blobs.put("data", name, b"content")
        blobs.put("data", "secret", b"secret")
        url = blobs.read_url("data", name, HOUR)
        assert request("GET", url)[:2] == (200, b"content")
        assert put(url, b"changed")[0] == 403
        assert request("DELETE", url)[0] == 403
        other = urlsplit(blobs.read_url("data", "secret", HOUR))._replace(query=urlsplit(url).query)
        assert request("GET", other.geturl())[0] == 403

    def test_read_url_names_the_download(self, blobs: BlobStore):
        blobs.put("data", "x", b"content")
        _, _, headers = request("GET", blobs.read_url("data", "x", HOUR, file_name='mö "d".csv'))
        assert headers["content-disposition"] == "attachment; filename*=UTF-8''m%C3%B6%20%22d%22.csv"

    @pytest.mark.parametrize("name", NAMES)
    def test_write_url_writes_this_blob_and_does_not_read(self, blobs: BlobStore, name: str):
        url = blobs.write_url("data", name, HOUR)
        assert put(url, b"one")[0] == 201
        assert put(url, b"two")[0] == 201
        assert blobs.get("data", name) == b"two"
        assert request("GET", url)[0] == 403
        assert request("DELETE", url)[0] == 403
        assert (
            put(blobs.read_url("data", "elsewhere", HOUR).partition("?")[0] + "?" + urlsplit(url).query, b"x")[0] == 403
        )

    def test_upload_target_writes_and_appends_and_does_not_read(self, blobs: BlobStore):
        base, query = blobs.upload_target("data", "runs/run 1", HOUR)
        assert base.endswith("/data/runs/run%201")
        assert put(f"{base}/out.txt?{query}", b"result")[0] == 201
        assert request("PUT", f"{base}/log.txt?{query}", b"", x_ms_blob_type="AppendBlob")[0] == 201
        for _ in range(2):
            assert request("PUT", f"{base}/log.txt?comp=appendblock&{query}", b"line\n")[0] == 201
        assert blobs.get("data", "runs/run 1/log.txt") == b"line\nline\n"
        assert request("GET", f"{base}/out.txt?{query}")[0] == 403
        assert request("DELETE", f"{base}/out.txt?{query}")[0] == 403
        container = base.removesuffix("/runs/run%201")
        assert request("GET", f"{container}?restype=container&comp=list&{query}")[0] == 403
        assert put(f"{container.removesuffix('data')}other/x?{query}", b"x")[0] == 403

    def test_read_grant_reads_and_does_not_write(self, blobs: BlobStore):
        blobs.put("data", "deep/x y", b"content")
        base, query = blobs.read_grant("data", HOUR)
        assert request("GET", f"{base}/deep/x%20y?{query}")[:2] == (200, b"content")
        assert put(f"{base}/z?{query}", b"x")[0] == 403
        assert request("GET", f"{base}?restype=container&comp=list&{query}")[0] == 403

    def test_urls_end(self, blobs: BlobStore):
        blobs.put("data", "x", b"content")
        assert request("GET", blobs.read_url("data", "x", timedelta(seconds=-30)))[0] == 403
