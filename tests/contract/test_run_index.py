"""What the RunStore promises of lists by what runs came from, for every implementation of it."""

import itertools

import pytest

from shared.adapters.azure_transport import TransactionCounter
from shared.core.records import RunFilter, RunRecord
from shared.core.status import RunStatus
from tests.contract.test_stores import Stores, a_run, all_run_ids, counter, stores

__all__ = ["counter", "stores"]

FIELDS = {
    "experiment": ("churn", "other"),
    "published_pipeline_id": ("p1", "p2"),
    "schedule_id": ("s1", None),
    "parent_step_run_id": ("run-00001", None),
}


def of(run_filter: RunFilter, runs: list[RunRecord]) -> list[str]:
    """The answer by plain looking, newest first."""
    wanted = {name: value for name, value in run_filter.model_dump().items() if value is not None}
    return [run.run_id for run in reversed(runs) if all(getattr(run, name) == wanted[name] for name in wanted)]


def test_every_combination_of_filters_finds_what_it_says(stores: Stores):
    runs = []
    for number, values in enumerate(itertools.product(*FIELDS.values())):
        run = a_run(f"run-{number}", number, **dict(zip(FIELDS, values, strict=True)))
        assert stores.runs.create_run(run)
        runs.append(run)
    for values in itertools.product(*((None, each[0]) for each in FIELDS.values())):
        run_filter = RunFilter.model_validate(dict(zip(FIELDS, values, strict=True)))
        assert all_run_ids(stores.runs, run_filter, 50) == of(run_filter, runs), run_filter


@pytest.mark.parametrize(
    "run_filter",
    [
        RunFilter(published_pipeline_id="p"),
        RunFilter(schedule_id="s"),
        RunFilter(parent_step_run_id="r-00000"),
        RunFilter(published_pipeline_id="p", schedule_id="s", parent_step_run_id="r-00000"),
    ],
)
def test_a_list_by_origin_is_one_request_and_newest_first(
    stores: Stores, counter: TransactionCounter, run_filter: RunFilter
):
    for number in range(3):
        fields = {"published_pipeline_id": "p", "schedule_id": "s", "parent_step_run_id": "r-00000"}
        stores.runs.create_run(a_run(f"run-{number}", number, **fields))
        stores.runs.create_run(a_run(f"foreign-{number}", number + 0.5))
    before = counter.total
    page = stores.runs.list_runs(run_filter, 10, None)
    assert counter.total == before + 1
    assert [run.run_id for run in page.value] == ["run-2", "run-1", "run-0"]


def test_lists_by_origin_follow_updates_and_have_pages(stores: Stores):
    for number in range(5):
        stores.runs.create_run(a_run(f"run-{number}", number, published_pipeline_id="p/1"))
    read = stores.runs.get_run("run-3")
    stores.runs.update_run(read.model_copy(update={"status": RunStatus.RUNNING}))
    running = RunFilter(published_pipeline_id="p/1", status=RunStatus.RUNNING)
    assert all_run_ids(stores.runs, running, 2) == ["run-3"]
    assert all_run_ids(stores.runs, RunFilter(published_pipeline_id="p/1"), 2) == [f"run-{n}" for n in (4, 3, 2, 1, 0)]


def test_a_run_that_came_from_nothing_costs_no_more_than_before(stores: Stores, counter: TransactionCounter):
    stores.runs.create_run(a_run("first"))
    before = counter.total
    stores.runs.create_run(a_run("plain", 1))
    assert counter.total == before + 4, "the mark, the run, the list of all and that of the experiment"
    stores.runs.create_run(a_run("published", 2, published_pipeline_id="p"))
    assert counter.total == before + 9
