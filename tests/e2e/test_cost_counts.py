"""The cost model's counts are still true: a real workspace, counted the way `./dev bench counts` does."""

from pathlib import Path

import pytest
from pipeyard._cost.measured import load_measured

from benchmarks._client import Client
from benchmarks._pipelines import SCRIPT, SCRIPT_NAME
from benchmarks.counts import Counts, kind_of
from local.demo_workspace import running_workspace


@pytest.fixture(scope="module")
def counts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("counted")
    log = Path(folder, "requests.log")
    with running_workspace(folder / "data", {"PIPEYARD_AZURITE_LOG": str(log)}) as url:
        client = Client(url)
        yield Counts(client, log)
        client.http.close()


def test_runs_and_steps_take_what_the_model_says(counts):
    found = counts.of_runs(counts.client.snapshot(SCRIPT_NAME, SCRIPT), 2, 6)
    known = load_measured()
    for name, value in found.items():
        leeway = (2 if name.startswith("run_") else 0.5) + 0.1 * known[name]
        assert value == pytest.approx(known[name], abs=leeway), name


def test_ticks_take_what_the_model_says(counts):
    known = load_measured()
    assert 2 <= counts.tick("tick", 3, 0) <= known["tick_table"]
    assert counts.tick("purge", 3, 0) == known["purge_table"]


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("GET", "/devstoreaccount1/Runs()?$filter=x", "table"),
        ("POST", "/devstoreaccount1/$batch", "table"),
        ("DELETE", "/devstoreaccount1/RunIndex(PartitionKey='active',RowKey='1')", "table"),
        ("PUT", "/devstoreaccount1/azureml-blobstore/azureml/1/out", "blob_write"),
        ("PUT", "/devstoreaccount1/pipeyard/a?comp=block&blockid=1", "blob_write"),
        ("PUT", "/devstoreaccount1/pipeyard/a?comp=lease", "blob_other"),
        ("GET", "/devstoreaccount1/pipeyard?restype=container&comp=list&prefix=a", "blob_list"),
        ("GET", "/devstoreaccount1/pipeyard/definitions/1.json", "blob_read"),
        ("HEAD", "/devstoreaccount1/pipeyard/definitions/1.json", "blob_other"),
        ("DELETE", "/devstoreaccount1/pipeyard/a", "free"),
    ],
)
def test_requests_are_told_apart_as_they_are_billed(method, path, kind):
    assert kind_of(method, path) == kind
